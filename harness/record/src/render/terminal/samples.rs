//! Cases that were booted several times: how long until they serve, and how sure that is.

use super::page::{Page, Tone};
use crate::middle::Middle;
use crate::numbers::{counted, duration};
use crate::run::{CaseRecord, RunRecord};
use crate::sample::Sample;

/// Shows a line for each case that was sampled, in plan order; nothing when none was.
pub(super) fn show(page: &mut Page, record: &RunRecord) {
    let sampled: Vec<&CaseRecord> = record
        .outcomes()
        .filter_map(|(_, _, case)| case.filter(|case| !case.samples.is_empty()))
        .collect();
    if sampled.is_empty() {
        return;
    }
    page.line(&[(Tone::Strong, "time to ready over several boots")]);
    for case in sampled {
        page.line(&[(Tone::Plain, &format!("  {}", case.id))]);
        page.paragraph("", 4, Tone::Plain, &told(case));
    }
    page.gap();
}

fn told(case: &CaseRecord) -> String {
    let ready: Vec<f64> = case
        .counted_samples()
        .filter_map(Sample::ready_ns)
        .map(|ns| ns as f64)
        .collect();
    let failed = case.counted_samples().count() - ready.len();
    let mut told = match ready.is_empty() {
        true => "no boot was ready".to_owned(),
        false => {
            let middle = Middle::of(ready);
            let span = middle.span(duration).map(|span| format!(", all {span}"));
            middle.told(duration) + &span.unwrap_or_default()
        }
    };
    if failed > 0 {
        told += &format!("; {} not ready", counted(failed, "boot"));
    }
    let held: u64 = case.counted_samples().map(|sample| sample.held_back_ns).sum();
    if held > 0 {
        told += &format!("; held back {} in all by other work on the machine", duration(held));
    }
    told
}
