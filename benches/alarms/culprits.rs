//! Machine or program, over comparisons of which it is known.

use anyhow::ensure;
use seatrial_benches::{Bench, Call, Relay, Stubs};
use seatrial_record::comparison::{Comparison, Culprit, Rule};

use super::disturb::Hog;
use super::series::{Series, Variant};
use super::windows::{told, verdict, windows};

/// What is compared with the usual start, and who slows it down.
const LABELLED: [(&str, Culprit); 4] = [
    ("processors", Culprit::Machine),
    ("storage", Culprit::Machine),
    ("work", Culprit::Program),
    ("sleep", Culprit::ProgramWaiting),
];
/// By how much of a usual start the program is slowed down.
const SLOWER: f64 = 0.3;
/// Comparisons of each label.
const CASES: usize = 50;
/// The issue's.
const RIGHT: f64 = 0.95;
/// What a comparison may say, in the order of columns; the last is that it finds no change, or no cause.
const SAID: [Option<Culprit>; 5] = [
    Some(Culprit::Machine),
    Some(Culprit::Program),
    Some(Culprit::ProgramWaiting),
    Some(Culprit::Undecided),
    None,
];

/// Records starts of which some are disturbed, and prints who is said to have done it.
pub fn measure(bench: &mut Bench, stubs: &Stubs, rounds: usize) -> anyhow::Result<()> {
    let rounds = rounds.max(2);
    let usual = Series::usual(bench, stubs)?.mul_f64(SLOWER);
    let variants = [
        Variant::usual("usual"),
        Variant::usual("processors"),
        Variant::usual("storage"),
        Variant::working("work", usual),
        Variant::sleeping("sleep", usual),
    ];
    let relay = Relay::start(disturbing(bench)?)?;
    let series = Series::record(bench, stubs, &variants, rounds, Some(&relay.host()))?;
    series.keep(bench, "culprits")?;
    let busy = |name: &str| {
        let busy = series.of(name).iter().filter_map(|start| start.machine);
        busy.map(|machine| machine.busy_ns as f64 / machine.wall_ns as f64)
            .sum::<f64>()
    };
    ensure!(
        bench.is_measuring() || busy("processors") > busy("sleep"),
        "the hog was not there"
    );
    if bench.is_measuring() {
        table(&series);
    }
    Ok(())
}

/// Disturbs the machine from the create call of a container that is to be disturbed until its end.
fn disturbing(bench: &Bench) -> anyhow::Result<impl FnMut(Call<'_>) + Send + use<>> {
    let hogs = [
        ("-processors-", Hog::of_processors()),
        ("-storage-", Hog::of_storage(bench.folder())?),
    ];
    Ok(move |call: Call<'_>| match call {
        Call::Create(name) => hogs.iter().for_each(|(word, hog)| hog.switch(name.contains(word))),
        Call::Start => {}
        Call::End => hogs.iter().for_each(|(_, hog)| hog.switch(false)),
    })
}

fn table(series: &Series) {
    println!("culprits: rows are what slowed the start down, columns who is said to have done it");
    let heads = ["machine", "program", "waiting", "undecided", "no change"];
    println!(
        "  {:<12}{:>8}{}",
        "",
        "ratio",
        heads.map(|head| format!("{head:>11}")).concat()
    );
    let [mut right, mut found, mut all] = [0; 3];
    for (name, culprit) in LABELLED {
        let pairs = series.pairs("usual", name);
        let every = (pairs.len() / CASES).max(1);
        let compared: Vec<Comparison> = windows(&pairs)
            .step_by(every)
            .take(CASES)
            .map(|window| Comparison::of(&window, &Rule::default()))
            .collect();
        let said = |comparison: &Comparison| comparison.cause.as_ref().map(|cause| cause.culprit);
        let count = |culprit| compared.iter().filter(|one| said(one) == culprit).count();
        let ratio = compared
            .first()
            .and_then(|one| one.ratio)
            .map_or(f64::NAN, |ratio| ratio.value);
        let cells = SAID.map(|culprit| format!("{:>11}", count(culprit)));
        println!("  {name:<12}{ratio:>8.2}{}", cells.concat());
        right += count(Some(culprit));
        found += compared.len() - count(None);
        all += compared.len();
    }
    let goal = |low: f64, high: f64| verdict(low >= RIGHT, high < RIGHT, format!(">= {:.0} %", RIGHT * 100.0));
    println!("  right  {}", told(right, all, goal));
    println!("  right where a change was found  {}", told(right, found, goal));
}
