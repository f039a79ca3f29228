//! One invocation of a bench target: whether it measures or only checks, its seed, how often, and where its files go.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use criterion::Criterion;

use crate::pairs::{Goal, Pair, Pairs, Side};
use crate::series::Series;

/// Variable with the seed of all that is left to chance.
const SEED: &str = "SEATRIAL_BENCH_SEED";
/// Variable with the number of pairs of each comparison whose target counts them.
const PAIRS: &str = "SEATRIAL_BENCH_PAIRS";
/// Pairs where the variable does not say: enough for a 95 % interval that leaves six out on either side.
const USUAL_PAIRS: usize = 24;

/// One invocation.
#[derive(Debug)]
pub struct Bench {
    name: &'static str,
    measuring: bool,
    /// As many as the variable says.
    pairs: Option<usize>,
    lots: fastrand::Rng,
    folder: PathBuf,
}

impl Bench {
    /// Begins the invocation of a target that keeps its files in `folder`, and says what decides its figures.
    ///
    /// `cargo bench` measures. Anything else, such as `cargo test --benches`, runs everything once and checks it.
    ///
    /// # Errors
    /// When a variable does not hold, or the folder cannot be made.
    pub fn begin(name: &'static str, folder: &str) -> anyhow::Result<Bench> {
        let arguments: Vec<String> = std::env::args().collect();
        let is_there = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let measuring = is_there("--bench") && !is_there("--test");
        let folder = Path::new(folder).join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let seed = variable(SEED)?.unwrap_or_else(seed_of_now);
        let pairs = variable(PAIRS)?;
        if measuring {
            let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
            let load = load.split(' ').next().filter(|load| !load.is_empty());
            println!(
                "{name}: {SEED}={seed} draws the same orders again; {} processors, load {} before it began",
                std::thread::available_parallelism().map_or(1, usize::from),
                load.unwrap_or("unknown")
            );
        } else {
            println!("{name}: checked, not measured; {SEED}={seed}");
        }
        Ok(Bench {
            name,
            measuring,
            pairs,
            lots: fastrand::Rng::with_seed(seed),
            folder,
        })
    }

    /// criterion as these targets use it. It neither keeps a run to compare the next one with, which would judge a timing
    /// against a stored number, nor draws.
    #[must_use]
    pub fn criterion(&self) -> Criterion {
        // The arguments name a baseline even when nobody gave one, so they come first.
        let criterion = Criterion::default().configure_from_args().without_plots();
        criterion.retain_baseline("none".to_owned(), false)
    }

    /// Whether figures are wanted, rather than one run of everything to see that it holds.
    #[must_use]
    pub fn is_measuring(&self) -> bool {
        self.measuring
    }

    /// How many pairs a comparison is to have, where the target counts them; one when nothing is measured.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs_or(USUAL_PAIRS)
    }

    /// The same for a comparison that takes another number of pairs where the variable does not say.
    #[must_use]
    pub fn pairs_or(&self, usual: usize) -> usize {
        match self.measuring {
            true => self.pairs.unwrap_or(usual),
            false => 1,
        }
    }

    /// What chance decides.
    pub fn lots(&mut self) -> &mut fastrand::Rng {
        &mut self.lots
    }

    /// The folder of this target's files, below cargo's target folder. It stays from one invocation to the next.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Times `count` pairs, after one of which nothing is kept: both sides then find warm file caches.
    ///
    /// # Errors
    /// Those of `time`, which times the side that it is told.
    pub fn fill(
        &mut self,
        pairs: &mut Pairs,
        count: usize,
        mut time: impl FnMut(Side) -> anyhow::Result<Duration>,
    ) -> anyhow::Result<()> {
        if self.measuring {
            Pair::time(&mut self.lots, &mut time)?;
        }
        for _ in 0..count {
            pairs.add(Pair::time(&mut self.lots, &mut time)?);
        }
        Ok(())
    }

    /// Prints a comparison and keeps its raw samples, when measuring and when there are any.
    ///
    /// # Errors
    /// When the samples cannot be written.
    pub fn report(&self, pairs: &Pairs, goal: Option<Goal>) -> anyhow::Result<()> {
        if !self.measuring || pairs.is_empty() {
            return Ok(());
        }
        print!("{pairs}");
        if let Some(goal) = goal {
            println!("  goal   {goal}: {}", pairs.verdict(goal));
        }
        self.keep(pairs.name, &pairs.columns(), pairs.rows())
    }

    /// Times one thing again and again under criterion, by the time that `once` returns, then prints its figure and keeps
    /// the raw samples. When nothing is measured it is done once.
    ///
    /// # Errors
    /// When the samples cannot be written.
    pub fn time_alone(
        &self,
        criterion: &mut Criterion,
        name: &'static str,
        goal: Option<Duration>,
        mut once: impl FnMut() -> Duration,
    ) -> anyhow::Result<()> {
        let mut series = Series::new(name);
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut sum = Duration::ZERO;
                for _ in 0..rounds {
                    let taken = once();
                    series.add(taken);
                    sum += taken;
                }
                sum
            });
        });
        self.report_series(&series, goal)
    }

    /// Prints a series and keeps its raw samples, when measuring and when there are any.
    ///
    /// # Errors
    /// When the samples cannot be written.
    pub fn report_series(&self, series: &Series, goal: Option<Duration>) -> anyhow::Result<()> {
        if !self.measuring || series.is_empty() {
            return Ok(());
        }
        print!("{series}");
        if let Some(goal) = goal {
            let verdict = series.figure().verdict(goal.as_secs_f64());
            println!("  goal   {}: {verdict}", Goal::Time(goal));
        }
        self.keep(series.name, &["ns".to_owned()], series.rows())
    }

    /// Writes raw samples as `NAME.csv` into the target's folder, spaces of the name as `-`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep<const WIDTH: usize>(
        &self,
        name: &str,
        columns: &[String; WIDTH],
        rows: impl Iterator<Item = [String; WIDTH]>,
    ) -> anyhow::Result<()> {
        let path = self.folder.join(format!("{}.csv", name.replace(' ', "-")));
        let mut text = columns.join(",") + "\n";
        for row in rows {
            text += &(row.join(",") + "\n");
        }
        let written = fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write the samples of {} to `{}`", self.name, path.display()))?;
        println!("  samples {}", path.display());
        Ok(())
    }
}

/// The number that a variable holds, if it is set.
fn variable<N: FromStr>(name: &str) -> anyhow::Result<Option<N>> {
    let Some(text) = std::env::var_os(name) else {
        return Ok(None);
    };
    let text = text.to_string_lossy();
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => anyhow::bail!("{name} is `{text}`; give it a whole number, or leave it unset"),
    }
}

fn seed_of_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Short enough to be typed again.
    u64::from(now.subsec_micros())
}
