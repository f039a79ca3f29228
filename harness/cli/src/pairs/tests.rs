//! Whole comparisons on the stub engine in paused time.

use std::sync::Mutex;
use std::time::Duration;

use seatrial_engine::{Delays, Left, StubEngine};
use seatrial_record::ExitCode;
use seatrial_record::comparison::{
    Change, ComparisonRecord, Doubt, LeftOut, Rule, SUITE_ERROR, Side, Sides, series_of, windows,
};
use seatrial_spec::Method;
use tokio::sync::watch;

use super::sides::CasePair;
use super::{Matched, Means, Task, Until, images, methods, run, themselves};
use crate::runner::tests::bench::{Bench, IMAGE, ms};
use crate::runner::{Event, Reporter};
use crate::signals::Cancel;
use crate::store::{Store, Stored, read_any};

const READY: &str = "  ready: { within: 30s }\n";
const MOST: Until = Until::Decided { most: 60 };

/// An engine whose calls take up to 40 ms longer or shorter each time.
fn noisy() -> Bench {
    let delays = Delays {
        create: ms(300),
        start: ms(700),
        boot: Duration::ZERO,
    };
    let engine = StubEngine::new().with_image(IMAGE).with_delays(delays);
    Bench::on(engine.with_latency(5, ms(40)))
}

fn serves(bench: &Bench, name: &str, after: Duration) {
    let script = format!("log hello; wait {}ms; listen; answer 200; forever", after.as_millis());
    bench.scenario(name, &script, "", READY);
}

/// Pairs of two scenarios, as if a case had become the other.
fn between(bench: &Bench, couples: &[(&str, &str)]) -> Matched {
    let (_, plan) = bench.plan();
    let case = |id: &str, side: Side| {
        let mut case = plan.cases.iter().find(|case| case.id == id).unwrap().clone();
        case.id = format!("{id} ({})", side.word());
        case
    };
    let pairs = couples.iter().map(|(old, new)| CasePair {
        name: (*new).to_owned(),
        old: case(old, Side::Old),
        new: case(new, Side::New),
    });
    Matched {
        pairs: pairs.collect(),
        left_out: vec![],
    }
}

/// What happened, in order; and when to stop.
struct Heard {
    told: Mutex<Vec<(String, usize, Option<String>)>>,
    /// Asked to stop after so many pairs.
    stop: (usize, watch::Sender<bool>),
}

impl Reporter for Heard {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::PairMade {
            name, number, ended, ..
        } = event
        {
            let heard = ((*name).to_owned(), *number, ended.map(str::to_owned));
            self.told.lock().unwrap().push(heard);
            if self.stop.0 == *number {
                self.stop.1.send(true).unwrap();
            }
        }
    }
}

async fn compare(bench: &Bench, sides: Sides, matched: Matched, until: Until) -> (ComparisonRecord, Heard) {
    interrupted(bench, sides, matched, until, usize::MAX).await
}

/// A comparison that is interrupted after so many pairs.
async fn interrupted(
    bench: &Bench,
    sides: Sides,
    matched: Matched,
    until: Until,
    after: usize,
) -> (ComparisonRecord, Heard) {
    let (session, number) = bench.session().await;
    let (project, _) = bench.plan();
    let (cancel, stop) = Cancel::by_hand();
    let heard = Heard {
        told: Mutex::default(),
        stop: (after, stop),
    };
    let store = Store::create(bench.path().join(format!("out-{number}"))).unwrap();
    let means = Means {
        session: &session,
        project: &project,
        store: &store,
        cancel: &cancel,
        reporter: &heard,
    };
    let task = Task {
        sides,
        rule: Rule::default().among(matched.pairs.len(), SUITE_ERROR),
        matched,
        until,
    };
    let record = run(&means, task, bench.orders(7, 1), |_| None).await.unwrap();
    session.close().await.unwrap();
    let Stored::Comparison(stored) = read_any(store.folder()).unwrap() else {
        panic!("a comparison was stored");
    };
    assert_eq!(*stored, record, "the record on disk is the one that is shown");
    (record, heard)
}

fn two_methods() -> Sides {
    Sides::Methods {
        old: "none".into(),
        new: "dynamic".into(),
    }
}

fn changes(record: &ComparisonRecord) -> Vec<Change> {
    record.suite().members.into_iter().map(|member| member.change).collect()
}

#[tokio::test(start_paused = true)]
async fn a_slower_side_regressed_in_the_part_that_took_longer() {
    let bench = noisy();
    serves(&bench, "group/fast", ms(1000));
    serves(&bench, "group/slow", ms(1500));
    let matched = between(&bench, &[("group/fast@none", "group/slow@none")]);
    let (record, heard) = compare(&bench, two_methods(), matched, MOST).await;
    assert_eq!(changes(&record), [Change::Regressed]);
    assert_eq!(record.exit_code(), ExitCode::Regressed);

    let comparison = record.cases[0].comparison(&record.rule);
    assert_eq!(comparison.pairs, 15, "the first look that spends error");
    let moved: Vec<_> = comparison.parts.iter().filter(|part| part.explains).collect();
    assert!(moved.len() == 1 && moved[0].name == "launch", "{:?}", comparison.parts);

    let pairs = &record.cases[0].pairs;
    assert_eq!(pairs.len(), 16, "one warms up");
    assert!(pairs[0].old.warm_up && pairs[0].new.warm_up && !pairs[1].old.warm_up);
    let firsts: Vec<Side> = pairs.iter().map(|pair| pair.first).collect();
    assert!(firsts.contains(&Side::Old) && firsts.contains(&Side::New), "{firsts:?}");
    for pair in pairs {
        let old_first = pair.old.began_ns < pair.new.began_ns;
        assert_eq!(old_first, pair.first == Side::Old);
    }
    let told = heard.told.into_inner().unwrap();
    assert_eq!(told[0], ("group/slow@none".to_owned(), 0, None));
    assert_eq!(
        told[15],
        ("group/slow@none".to_owned(), 15, Some("regressed".to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn cases_are_interleaved_and_a_decided_one_gets_no_more_pairs() {
    let bench = noisy();
    serves(&bench, "group/fast", ms(1000));
    serves(&bench, "group/same", ms(1000));
    serves(&bench, "group/slow", ms(1500));
    serves(&bench, "group/quick", ms(400));
    let couples = [
        ("group/fast@none", "group/slow@none"),
        ("group/fast@none", "group/same@none"),
        ("group/fast@none", "group/quick@none"),
    ];
    let (record, heard) = compare(&bench, two_methods(), between(&bench, &couples), MOST).await;
    assert_eq!(
        changes(&record),
        [Change::Regressed, Change::Unchanged, Change::Improved]
    );
    let told = heard.told.into_inner().unwrap();
    for round in told.chunks(3).take(10) {
        assert!(round.iter().all(|(_, number, _)| *number == round[0].1), "{told:?}");
    }
    let ended: Vec<_> = told.iter().filter(|(.., ended)| ended.is_some()).collect();
    assert_eq!(ended.len(), 3);
    assert_eq!(
        ended[0].0, "group/same@none",
        "decided first: it needs no more than ten"
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_against_itself_is_no_alarm_and_the_cap_ends_it() {
    let bench = noisy();
    serves(&bench, "group/serves", ms(1000));
    bench.scenario("group/ends", "exit 3", "", "  refuses: { within: 30s, container: 3 }\n");
    let (_, plan) = bench.plan();
    let sides = Sides::Images {
        image: "stub".into(),
        old: "stub".into(),
        new: IMAGE.into(),
    };
    let (record, _) = compare(&bench, sides.clone(), images(&plan, "stub"), MOST).await;
    assert_eq!(changes(&record), [Change::Unchanged]);
    assert_eq!(record.exit_code(), ExitCode::Expected);
    assert!(record.cases[0].same_image() && record.finished);
    let left_out = LeftOut {
        case: "group/ends@none".into(),
        why: "it is not expected to become ready".into(),
    };
    assert_eq!(record.left_out, [left_out]);

    let (record, _) = compare(&bench, sides, images(&plan, "stub"), Until::Decided { most: 4 }).await;
    assert_eq!(changes(&record), [Change::Inconclusive(Doubt::EndedEarly)]);
    assert_eq!(
        (record.cases[0].pairs.len(), record.exit_code()),
        (5, ExitCode::Expected)
    );
}

#[tokio::test(start_paused = true)]
async fn a_side_that_never_is_ready_is_incomparable_and_keeps_no_other_from_its_end() {
    let bench = noisy();
    serves(&bench, "group/serves", ms(1000));
    serves(&bench, "group/same", ms(1000));
    bench.scenario("group/ends", "exit 3", "", READY);
    let couples = [
        ("group/serves@none", "group/ends@none"),
        ("group/serves@none", "group/same@none"),
    ];
    let (record, _) = compare(&bench, two_methods(), between(&bench, &couples), MOST).await;
    let [Change::Incomparable(why), Change::Unchanged] = &changes(&record)[..] else {
        panic!("{:?}", changes(&record));
    };
    assert_eq!(why, "the new side ended by itself before it was ready in the warm-up");
    assert_eq!(record.cases[0].pairs.len(), 1);
    assert_eq!(record.exit_code(), ExitCode::ExpectationFailed);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_cannot_be_launched_is_exit_3() {
    let bench = Bench::on(StubEngine::new().with_image(IMAGE).with_failing(0, "no room"));
    serves(&bench, "group/serves", ms(1000));
    let (_, plan) = bench.plan();
    let (record, _) = compare(&bench, Sides::Same, themselves(&plan), Until::Made(3)).await;
    assert_eq!(record.exit_code(), ExitCode::CouldNotRun);
    let Change::Incomparable(why) = &changes(&record)[0] else {
        panic!("{:?}", changes(&record));
    };
    assert!(
        why.contains("could not run in the warm-up") && why.contains("no room"),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_series_is_made_whatever_it_shows() {
    let bench = noisy();
    serves(&bench, "group/serves", ms(1000));
    let (_, plan) = bench.plan();
    let pairs = series_of(3, &Rule::default());
    let (record, _) = compare(&bench, Sides::Same, themselves(&plan), Until::Made(pairs)).await;
    assert_eq!((pairs, record.cases[0].pairs.len()), (70, 71));
    assert_eq!(windows(&record.cases[0].measured(), &record.rule).len(), 3);
    assert_eq!(record.exit_code(), ExitCode::Expected);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_keeps_the_pairs_that_were_made() {
    let bench = noisy();
    serves(&bench, "group/serves", ms(1000));
    let (_, plan) = bench.plan();
    let (record, _) = interrupted(&bench, Sides::Same, themselves(&plan), Until::Made(9), 3).await;
    assert_eq!(
        (record.cases[0].pairs.len(), record.exit_code()),
        (4, ExitCode::Interrupted)
    );
    assert_eq!(
        (record.interrupted.as_deref(), record.finished),
        (Some("SIGINT"), false)
    );
    assert_eq!(bench.left(), Left::default());
}

#[test]
fn methods_meet_their_peers() {
    let bench = Bench::new();
    let extended = "extend: { requirements: [six], via: [none, dynamic] }\n";
    bench.scenario("group/both", "forever", extended, READY);
    serves(&bench, "group/alone", ms(10));
    let several = format!("{extended}replicas: 2\n");
    bench.scenario("group/several", "forever", &several, READY);
    let (_, plan) = bench.plan();
    let matched = methods(&plan, Method::None, Method::Dynamic);
    let names: Vec<_> = matched.pairs.iter().map(|pair| pair.name.as_str()).collect();
    assert_eq!(names, ["group/both@dynamic against none"]);
    let [old, new] = [&matched.pairs[0].old, &matched.pairs[0].new].map(|case| (case.method, case.id.as_str()));
    assert_eq!(old, (Method::None, "group/both@none (old)"));
    assert_eq!(new, (Method::Dynamic, "group/both@dynamic (new)"));
    let left: Vec<_> = matched.left_out.iter().map(|left| left.case.as_str()).collect();
    assert_eq!(left, ["group/alone@none", "group/several@none"]);
}
