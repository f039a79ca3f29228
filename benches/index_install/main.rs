//! What the index adds to an installation: the same wheels through it, from a local folder and from a bare server, by pip
//! and by uv, alone and with 16 at once.

mod copied;
mod installers;
mod wares;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use seatrial_benches::{Bench, Goal, Pairs, Side, Stand};
use seatrial_index::{Asked, World};
use tempfile::TempDir;

use installers::{Installer, Installers, Shelf};

/// Installers at once.
const CROWD: usize = 16;
/// The issue's.
const GOAL: Goal = Goal::Ratio(1.05);

/// What every installation of this invocation shares.
struct Yard<'a> {
    stand: &'a Stand,
    world: &'a World,
    installers: Installers,
    /// Where each gets a folder of its own.
    work: &'a Path,
}

/// One comparison: installing through the index against installing from another shelf.
struct Comparison<'a> {
    name: &'static str,
    installer: Installer,
    /// Its name, and where its wheels come from.
    yardstick: (&'static str, &'a Shelf),
    /// So many install at once.
    crowd: usize,
}

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("index_install", env!("CARGO_TARGET_TMPDIR"))?;
    let work = tempfile::tempdir_in(bench.folder())?;
    let wheels = work.path().join("wheels");
    wares::universe().write_to(&wheels)?;
    let stand = Stand::new(&work.path().join("cache"))?;
    let world = stand.world(wares::universe())?;
    stand.wait(world.make_ready())?;
    let yard = Yard {
        stand: &stand,
        world: &world,
        installers: stand.wait(Installers::prepare(bench.folder()))?,
        work: work.path(),
    };

    let folder = ("folder", &Shelf::Folder(wheels));
    let bare = ("bare", &Shelf::Index(copied::serve(&stand, &stand.token(&world))?));
    let plain = Installer::Pip { compile: false };
    for (name, installer, yardstick, crowd) in [
        ("pip not compiled", plain, folder, 1),
        ("pip compiled", Installer::Pip { compile: true }, folder, 1),
        ("uv cold", Installer::Uv, folder, 1),
        ("pip not compiled over HTTP", plain, bare, 1),
        ("uv cold over HTTP", Installer::Uv, bare, 1),
        ("pip 16 at once", plain, folder, CROWD),
    ] {
        let comparison = Comparison {
            name,
            installer,
            yardstick,
            crowd,
        };
        comparison.run(&mut bench, &yard)?;
    }
    Ok(())
}

impl Comparison<'_> {
    fn run(&self, bench: &mut Bench, yard: &Yard<'_>) -> anyhow::Result<()> {
        let (yardstick, shelf) = self.yardstick;
        // A round of a crowd lasts as long as ten others.
        let count = if self.crowd > 1 {
            bench.pairs().div_ceil(2)
        } else {
            bench.pairs()
        };
        let mut pairs = Pairs::new(self.name, ["index", yardstick]);
        bench.fill(&mut pairs, count, |side| {
            let round = match side {
                Side::Tried => Round::through_index(yard, self.crowd)?,
                Side::Yardstick => Round::from(yard, shelf, self.crowd)?,
            };
            let taken = round.install(yard, self.installer)?;
            round.check(yard)?;
            Ok(taken)
        })?;
        bench.report(&pairs, Some(GOAL))
    }
}

/// Installers that start at the same moment, each with a folder and, at the index, a token of its own.
struct Round {
    folders: Vec<TempDir>,
    /// Of the index; none when the wheels come from elsewhere.
    tokens: Vec<String>,
    shelves: Vec<Shelf>,
}

impl Round {
    fn through_index(yard: &Yard<'_>, crowd: usize) -> anyhow::Result<Round> {
        let tokens: Vec<String> = (0..crowd).map(|_| yard.stand.token(yard.world)).collect();
        let shelves = tokens.iter().map(|token| Shelf::Index(yard.stand.url(token)));
        Ok(Round {
            folders: folders(yard, crowd)?,
            shelves: shelves.collect(),
            tokens,
        })
    }

    fn from(yard: &Yard<'_>, shelf: &Shelf, crowd: usize) -> anyhow::Result<Round> {
        Ok(Round {
            folders: folders(yard, crowd)?,
            shelves: vec![shelf.clone(); crowd],
            tokens: Vec::new(),
        })
    }

    /// From before the first one starts to the end of the last.
    fn install(&self, yard: &Yard<'_>, installer: Installer) -> anyhow::Result<Duration> {
        let all = self.folders.iter().zip(&self.shelves);
        let all = all.map(|(folder, shelf)| yard.installers.install(installer, shelf, folder.path()));
        let begun = Instant::now();
        yard.stand.wait(try_join_all(all))?;
        Ok(begun.elapsed())
    }

    /// That each has the nine projects from where it should.
    fn check(&self, yard: &Yard<'_>) -> anyhow::Result<()> {
        for folder in &self.folders {
            let tree = folder.path().join("tree");
            let entries = fs::read_dir(&tree).with_context(|| format!("nothing is in {}", tree.display()))?;
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            let mut found = names.collect::<std::io::Result<Vec<String>>>()?;
            found.retain(|name| name.ends_with(".dist-info"));
            found.sort();
            let expected = wares::installed();
            anyhow::ensure!(found == expected, "{found:?} was installed, expected was {expected:?}");
        }
        for token in &self.tokens {
            let requests = yard.stand.requests(token);
            let files = requests
                .iter()
                .filter(|request| matches!(request.what, Asked::File(_)))
                .count();
            let expected = wares::installed().len();
            anyhow::ensure!(
                files >= expected,
                "the index was asked for {files} files instead of {expected}"
            );
        }
        Ok(())
    }
}

fn folders(yard: &Yard<'_>, crowd: usize) -> std::io::Result<Vec<TempDir>> {
    (0..crowd).map(|_| tempfile::tempdir_in(yard.work)).collect()
}
