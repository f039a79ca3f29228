//! A record of 40 cases shown on a terminal and as JUnit XML.

use std::time::Instant;

use anyhow::ensure;
use criterion::Criterion;
use seatrial_benches::Bench;
use seatrial_record::render::{Style, junit, terminal};
use seatrial_record::{CaseRecord, RunRecord};

use crate::literal;

const CASES: usize = 40;

pub fn measure(bench: &Bench, criterion: &mut Criterion) -> anyhow::Result<()> {
    let record = record();
    type View = fn(&RunRecord) -> String;
    let views: [(&str, View); 2] = [
        ("40 cases on a terminal", |record| terminal(record, Style::default())),
        ("40 cases as junit", junit),
    ];
    for (name, view) in views {
        let text = view(&record);
        let shown = (0..CASES).all(|number| text.contains(&format!("case-{number}")));
        ensure!(shown, "a case is missing among {name}:\n{text}");
        bench.time_alone(criterion, name, None, || {
            let begun = Instant::now();
            let shown = view(std::hint::black_box(&record));
            let taken = begun.elapsed();
            assert!(shown == text, "the same record gives the same bytes");
            taken
        })?;
    }
    Ok(())
}

/// Cases that pass by three methods, and one in ten that fails.
fn record() -> RunRecord {
    let methods = ["none", "dynamic", "dockerfile"];
    let mut record = literal::passing();
    record.cases = (0..CASES)
        .map(|number| match number % 10 {
            9 => CaseRecord {
                id: format!("bench/case-{number}@dynamic"),
                ..literal::overridden()
            },
            _ => literal::served(
                &format!("bench/case-{number}"),
                methods[number % 3],
                2_000_000_000 + number as u64,
            ),
        })
        .collect();
    record.planned = record.cases.iter().map(|case| case.id.clone()).collect();
    record
}
