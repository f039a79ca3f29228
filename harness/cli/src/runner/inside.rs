//! The facts of a replica that can only be had from it: the scored answer, what is installed, what it used. Read when
//! nothing is timed any more.

use std::collections::BTreeMap;

use seatrial_engine::Replica;
use seatrial_record::{Observation, Phase, Resources};
use seatrial_spec::Method;
use tokio::time::Instant;

use super::layout::Places;
use super::life::{Life, Watching};
use super::prepare::Ready;
use crate::observe::manifest::{self, Question, Wanted};
use crate::observe::origins::{Origins, Read};
use crate::observe::{score, written};

/// Digests of single files by project and path, where they were read one by one.
pub type Files = BTreeMap<String, BTreeMap<String, String>>;

/// Reads everything that a life has to show. One that is not ready, or ends meanwhile, shows less.
pub async fn read<R: Replica>(
    life: &mut Life<R>,
    watching: &Watching<'_>,
    ready: &Ready,
    places: &Places,
) -> anyhow::Result<Files> {
    let mut files = Files::default();
    if life.ready.is_some() {
        let ended = {
            let Life {
                replica, seen, zero, ..
            } = &mut *life;
            let asking = async {
                ask(replica, watching, *zero, seen).await;
                files = read_installed(replica, watching, ready, places, *zero, seen).await;
            };
            tokio::select! {
                () = asking => None,
                ended = replica.ended() => Some(ended?),
            }
        };
        life.ended = ended;
    }
    if life.ended.is_none() {
        // A side figure: without it the rest of the case still stands.
        life.seen.resources = life.replica.usage().await.ok().map(|usage| Resources {
            peak_memory_bytes: usage.peak_memory_bytes,
            cpu_ns: usage.cpu_ns,
        });
    }
    Ok(files)
}

/// Sends the one scored request, if the case has one.
async fn ask(replica: &impl Replica, watching: &Watching<'_>, zero: Instant, seen: &mut Observation) {
    let probe = &watching.contract.probe;
    let Some((wanted, _)) = &watching.case.expect.score else {
        return;
    };
    let answer = score(replica, probe, &wanted.send).await;
    if answer.status.is_some() {
        seen.phases.push(seatrial_record::PhaseInstant {
            phase: Phase::FirstResponse,
            at_ns: zero.elapsed().as_nanos() as u64,
        });
    }
    seen.score = Some(answer);
}

/// Reads the installed set of the running server, if its contract says how.
async fn read_installed(
    replica: &impl Replica,
    watching: &Watching<'_>,
    ready: &Ready,
    places: &Places,
    zero: Instant,
    seen: &mut Observation,
) -> Files {
    let contract = watching.contract;
    let Some(own) = &ready.image.manifest else {
        return Files::default();
    };
    let imports: Vec<Wanted> = watching
        .case
        .expect
        .packages
        .iter()
        .map(|(package, _)| Wanted {
            project: package.project.clone(),
            import: package.import.clone(),
        })
        .collect();
    let question = Question {
        running: true,
        imports: &imports,
        entry_dir: &places.entry_dir,
        image: Some(own),
        mount: places.mount.as_deref(),
        written: watching.case.method == Method::Dynamic,
    };
    let Some(argv) = manifest::command(contract, &question) else {
        return Files::default();
    };
    let read = match replica.exec(manifest::exec(argv)).await {
        Ok(output) => manifest::parse(&output),
        Err(error) => Err(error.into()),
    };
    match read {
        Ok(raw) => {
            let origins = Origins {
                image: Some(own),
                mount: places.mount.clone(),
                derived: ready.derived.is_some(),
            };
            let Read {
                manifest,
                imports,
                uid,
                files,
                written,
            } = origins.classify(raw);
            if watching.case.method == Method::Dynamic {
                seen.install = Some(written::since(zero, written));
            }
            seen.uid = uid;
            seen.manifest = Some(manifest);
            seen.imports = imports;
            files
        }
        Err(error) => {
            seen.manifest_error = Some(format!("{error:#}"));
            Files::default()
        }
    }
}
