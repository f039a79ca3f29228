//! What reading and digesting the installed set of a real image costs, against `pip freeze` in the same container.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use seatrial_benches::{Bench, Goal, Pair, Pairs, Program, Side};
use seatrial_engine::{Docker, Engine as _, Owner, TaskSpec};
use serde::Deserialize;
use tokio::runtime::Runtime;

/// The reader that runs in every container, and a main of its own.
const READER: &str = concat!(
    include_str!("../../harness/cli/src/observe/digests.py"),
    "\n\n",
    include_str!("reader.py")
);
const TIMER: &str = include_str!("timer.py");
/// The issue's.
const GOAL: Goal = Goal::Ratio(1.0 / 20.0);
/// A pair takes a second; no container is waited for any longer.
const DEADLINE: Duration = Duration::from_secs(600);

/// What the timer prints.
#[derive(Deserialize)]
struct Timed {
    /// Nanoseconds of each run, in order.
    times: Vec<u64>,
    /// Output by command.
    printed: BTreeMap<String, String>,
}

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("digest", env!("CARGO_TARGET_TMPDIR"))?;
    if std::env::var("SEATRIAL_TEST_ENGINE").is_ok_and(|value| value == "none") {
        println!("digest: left out, because SEATRIAL_TEST_ENGINE=none");
        return Ok(());
    }
    let order: Vec<[Side; 2]> = (0..bench.pairs()).map(|_| Side::drawn(bench.lots())).collect();
    let image = Program::build(env!("CARGO_TARGET_TMPDIR"))?.image("azureml")?;
    let timed = Runtime::new()?.block_on(time(&image, &order))?;
    check(&timed.printed)?;

    let mut pairs = Pairs::new("digest", ["digest", "freeze"]);
    ensure!(
        timed.times.len() == 2 * order.len(),
        "{} runs were timed",
        timed.times.len()
    );
    for ([first, _], times) in order.iter().zip(timed.times.chunks(2)) {
        let [one, other] = [times[0], times[1]].map(Duration::from_nanos);
        pairs.add(Pair::of(*first, one, other));
    }
    bench.report(&pairs, Some(GOAL))
}

/// Runs the timer in a container of the image.
async fn time(image: &str, order: &[[Side; 2]]) -> anyhow::Result<Timed> {
    let docker = Docker::connect().await.map_err(|error| {
        let hint = error
            .hint()
            .unwrap_or("SEATRIAL_TEST_ENGINE=none leaves it out")
            .to_owned();
        anyhow::Error::new(error).context(format!("this bench needs Docker; {hint}"))
    })?;
    let words = order.iter().flatten().map(|side| match side {
        Side::Tried => "digest",
        Side::Yardstick => "freeze",
    });
    let command = ["python", "-c", TIMER, READER].into_iter().chain(words);
    let task = TaskSpec {
        image: image.to_owned(),
        command: command.map(str::to_owned).collect(),
        env: BTreeMap::new(),
        user: None,
        mounts: Vec::new(),
        host_network: false,
        deadline: DEADLINE,
    };
    let owner = Owner::this_process(format!("bench-digest-{}", std::process::id()));
    let output = docker.task(&owner, task).await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.code == 0, "the timer ended with {}:\n{complaint}", output.code);
    serde_json::from_slice(&output.stdout).context("the timer's answer is not understood")
}

/// That the digests are those of the files themselves, and that every project that pip lists has one.
fn check(printed: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let digests = &printed["digest"];
    ensure!(
        *digests == printed["bytes"],
        "the files differ from what RECORD says of them:\n{}",
        printed["bytes"]
    );
    let known: Vec<String> = digests
        .lines()
        .filter_map(|line| Some(normalised(line.split_once(' ')?.1.split_once('-')?.0)))
        .collect();
    let frozen = printed["freeze"].lines().filter_map(|line| line.split_once("=="));
    let frozen: Vec<String> = frozen.map(|(project, _)| normalised(project)).collect();
    let missing: Vec<&String> = frozen.iter().filter(|project| !known.contains(project)).collect();
    ensure!(
        missing.is_empty() && frozen.len() > 20,
        "of {frozen:?} there is no digest of {missing:?}"
    );
    Ok(())
}

fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}
