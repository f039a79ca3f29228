//! `seatrial compare`: two images, or two methods, by pairs of boots.

use std::path::Path;

use seatrial_record::comparison::{Calibration, ComparisonRecord, HostClass, Rule, SUITE_ERROR, Sides};
use seatrial_record::render;
use seatrial_spec::Project;

use super::run::{check_name, nothing_selected, print, style};
use super::{plan, project, runtime};
use crate::args::{CompareArgs, Format, LockArgs, PairingArgs, ProjectArgs};
use crate::baselines::Baselines;
use crate::failure::{Ended, Failure};
use crate::host;
use crate::machine::{Gate, Meter, PageCache};
use crate::pairs::{self, Matched, Means, Task, Until};
use crate::progress::Progress;
use crate::runner::{Instead, Orders};
use crate::session::{IndexSource, Session};
use crate::signals::Cancel;
use crate::store::Store;

/// Compares the selected cases, prints what each came to, and ends with the comparison's exit code.
pub fn run(project_args: &ProjectArgs, args: &CompareArgs) -> Ended {
    let project = project(project_args)?;
    let plan = plan(&project, &args.select)?;
    let (sides, matched) = match (&args.image, &args.old, &args.new, args.methods) {
        (Some(image), Some(old), Some(new), _) => {
            check_name(&project, image)?;
            let [image, old, new] = [image, old, new].map(String::clone);
            let matched = pairs::images(&plan, &image);
            (Sides::Images { image, old, new }, matched)
        }
        (.., Some((old, new))) => {
            let matched = pairs::methods(&plan, old, new);
            let [old, new] = [old, new].map(|method| method.to_string());
            (Sides::Methods { old, new }, matched)
        }
        // clap asks for one of the two.
        _ => return Err(Failure::usage(anyhow::anyhow!("name two images or two methods"))),
    };
    if matched.pairs.is_empty() {
        return Err(nothing_left(&matched));
    }
    let rule = Rule::default().among(matched.pairs.len(), SUITE_ERROR);
    let most = args.pairs.map_or(rule.most_pairs(), usize::from).min(rule.most_pairs());
    let task = Task {
        sides,
        matched,
        rule,
        until: Until::Decided { most },
    };
    let baselines = Baselines::of(&project);
    let known = |host: &HostClass| baselines.calibration(host);
    let (record, store) = make(&project, task, &args.pairing, &args.lock, known)?;
    show(&record, args.pairing.format.format, store.folder())?;
    Ok(record.exit_code())
}

/// Makes the pairs of a task on this host's engine.
pub(super) fn make(
    project: &Project,
    task: Task,
    args: &PairingArgs,
    lock: &LockArgs,
    known: impl FnOnce(&HostClass) -> Option<Calibration>,
) -> Result<(ComparisonRecord, Store), Failure> {
    let started = jiff::Timestamp::now();
    let id = host::run_id(started);
    let folder = args.out.clone();
    let folder = folder.unwrap_or_else(|| project.root().join("reports/runs").join(&id));
    let store = Store::create(folder).map_err(Failure::could_not_run)?;
    let orders = Orders {
        instead: Default::default(),
        seed: args.seed.unwrap_or_else(host::seed),
        sampling: Instead::default(),
        gate: Gate::new(Meter::here(), args.quiet_gate.0),
        page_cache: PageCache::here(),
        jobs: host::jobs(),
        started,
    };
    let source = IndexSource::of(lock);
    let record = runtime()?.block_on(async {
        let cancel = Cancel::on_signals()?;
        let session = Session::open(id, &source).await?;
        let progress = Progress::on_stderr();
        let means = Means {
            session: &session,
            project,
            store: &store,
            cancel: &cancel,
            reporter: &progress,
        };
        let made = pairs::run(&means, task, orders, known).await;
        // The record stands whether or not the clean-up held; what is left is swept by the next start.
        if let Err(failure) = session.close().await {
            eprintln!("seatrial: clean-up: {failure}");
        }
        made
    })?;
    Ok((record, store))
}

/// Prints a comparison and says where its file is.
pub(super) fn show(record: &ComparisonRecord, format: Format, folder: &Path) -> Result<(), Failure> {
    print(&match format {
        Format::Text => render::compared(record, style()),
        Format::Json => record.to_json(),
    })?;
    eprintln!("seatrial: every boot is in {}", folder.display());
    Ok(())
}

/// Nothing that was selected can be compared: exit 7, with why.
pub(super) fn nothing_left(matched: &Matched) -> Failure {
    let why: Vec<_> = matched
        .left_out
        .iter()
        .map(|left| format!("{}: {}", left.case, left.why))
        .collect();
    match why.as_slice() {
        [] => nothing_selected(),
        _ => {
            let error = anyhow::anyhow!("none of the selected cases can be compared\n  {}", why.join("\n  "));
            Failure {
                error,
                ..nothing_selected()
            }
        }
    }
}
