//! A hundred projects of a universe made into wheels, and written down.

use std::fs;
use std::time::Instant;

use anyhow::ensure;
use criterion::Criterion;
use seatrial_benches::Bench;
use seatrial_index::{Contents, Project, Release, Universe};

const PROJECTS: usize = 100;

pub fn measure(bench: &Bench, criterion: &mut Criterion) -> anyhow::Result<()> {
    let projects: Vec<Project> = (0..PROJECTS)
        .map(|number| Project {
            name: format!("p{number}"),
            releases: vec![Release {
                version: "1.0".into(),
                requires: vec!["p0>=1".into()],
                contents: Contents {
                    size: 20_000,
                    count: 10,
                    ..Contents::default()
                },
                ..Release::default()
            }],
        })
        .collect();
    let folder = tempfile::tempdir_in(bench.folder())?;
    let make = || {
        let begun = Instant::now();
        // A universe keeps what it has made, so each time takes a new one.
        let universe = Universe::new(projects.clone());
        let made = universe.write_to(folder.path())?;
        let taken = begun.elapsed();
        let bytes: Vec<Vec<u8>> = made.iter().map(fs::read).collect::<Result<_, _>>()?;
        let whole = bytes
            .iter()
            .all(|wheel| wheel.len() > 20_000 && wheel.starts_with(b"PK"));
        ensure!(
            made.len() == PROJECTS && whole,
            "{} wheels were made, or one is none",
            made.len()
        );
        fs::remove_dir_all(folder.path())?;
        Ok(taken)
    };
    bench.time_alone(criterion, "100 wheels of 20 kB", None, || {
        make().expect("wheels can be made")
    })
}
