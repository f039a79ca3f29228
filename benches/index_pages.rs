//! What a project page of a universe costs its client: warm, asked for the first time, and asked for by 16 at once.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use seatrial_benches::{Bare, Bench, Client, Goal, HTML, JSON, Pair, Pairs, Side, Stand, request};
use seatrial_index::{Kind, Project, Release, Universe};
use serde_json::Value;

/// Projects of the universe whose pages are asked for the first time.
const PROJECTS: usize = 10_000;
/// Clients at once.
const CROWD: usize = 16;
/// Pages that each of them asks for in a round.
const EACH: usize = 50;
/// The issue's: a page of a universe.
const GOAL: Goal = Goal::Time(Duration::from_micros(300));

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::begin("index_pages", env!("CARGO_TARGET_TMPDIR"))?;
    let mut criterion = bench.criterion();
    let stand = Stand::new(&bench.folder().join("cache"))?;
    let world = stand.world(Universe::new(vec![project("few", 2), project("many", 50)]))?;
    anyhow::ensure!(stand.wait(world.make_ready())?, "the universe is not all there is");
    let token = stand.token(&world);

    let page = |project: &str, form: &str| -> anyhow::Result<(Vec<u8>, [SocketAddr; 2])> {
        let path = format!("/{token}/simple/{project}/");
        let asked = request(&path, form);
        let mut client = Client::connect(stand.address())?;
        let page = client.get(&asked)?;
        check(page, form, project)?;
        let mut bare = Bare::default();
        bare.add(&path, form, page);
        Ok((asked, [stand.address(), bare.serve()?]))
    };
    for (name, project, form) in [
        ("json of 4 files", "few", JSON),
        ("html of 4 files", "few", HTML),
        ("json of 100 files", "many", JSON),
        ("html of 100 files", "many", HTML),
    ] {
        let (asked, servers) = page(project, form)?;
        warm(&mut criterion, &mut bench, name, &asked, servers)?;
    }
    let (asked, servers) = page("few", JSON)?;
    crowd(&mut criterion, &mut bench, &asked, servers)?;
    first(&mut criterion, &mut bench, &stand)?;
    criterion.final_summary();
    Ok(())
}

/// A project whose releases have two files each.
fn project(name: &str, releases: usize) -> Project {
    let wheel = Kind::Wheel {
        tag: "py3-none-any".into(),
        build: None,
    };
    let release = |number| Release {
        version: format!("1.{number}.0"),
        requires_python: Some(">=3.8".into()),
        files: vec![wheel.clone(), Kind::Sdist],
        ..Release::default()
    };
    Project {
        name: name.into(),
        releases: (0..releases).map(release).collect(),
    }
}

/// That a page is one, of this project, in this form.
fn check(page: &[u8], form: &str, project: &str) -> anyhow::Result<()> {
    let text = std::str::from_utf8(page)?;
    let wheel = format!("{project}-1.0.0-py3-none-any.whl");
    anyhow::ensure!(text.contains(&wheel), "{wheel} is not on the page of {project}: {text}");
    if form == JSON {
        let page: Value = serde_json::from_str(text)?;
        anyhow::ensure!(page["name"] == project, "this is not the page of {project}: {text}");
    } else {
        anyhow::ensure!(text.starts_with("<!DOCTYPE html>"), "this is no HTML: {text}");
    }
    Ok(())
}

/// One client, a page that was asked for before, against the same bytes from a bare server.
fn warm(
    criterion: &mut Criterion,
    bench: &mut Bench,
    name: &'static str,
    asked: &[u8],
    [index, bare]: [SocketAddr; 2],
) -> anyhow::Result<()> {
    let mut pairs = Pairs::new(name, ["index", "bare"]);
    let (mut index, mut bare) = (Client::connect(index)?, Client::connect(bare)?);
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let mut sum = Duration::ZERO;
            for _ in 0..rounds {
                let pair = Pair::time(bench.lots(), |side| match side {
                    Side::Tried => get(&mut index, asked),
                    Side::Yardstick => get(&mut bare, asked),
                });
                let pair = pair.expect("both servers answer");
                sum += pair.tried;
                pairs.add(pair);
            }
            sum
        });
    });
    bench.report(&pairs, Some(GOAL))
}

fn get(client: &mut Client, asked: &[u8]) -> std::io::Result<Duration> {
    let begun = Instant::now();
    std::hint::black_box(client.get(asked)?);
    Ok(begun.elapsed())
}

/// The first request for a project of a large universe, which makes its file, against the next one for the same page.
fn first(criterion: &mut Criterion, bench: &mut Bench, stand: &Stand) -> anyhow::Result<()> {
    let projects: Vec<Project> = (0..PROJECTS)
        .map(|number| Project {
            name: format!("p{number}"),
            releases: vec![Release {
                version: "1.0".into(),
                ..Release::default()
            }],
        })
        .collect();
    let unasked = || -> anyhow::Result<_> {
        // A universe shares its files with its clones, so each round of projects takes a new one.
        let token = stand.token(&stand.world(Universe::new(projects.clone()))?);
        Ok((0..PROJECTS).map(move |number| request(&format!("/{token}/simple/p{number}/"), JSON)))
    };
    let mut client = Client::connect(stand.address())?;
    let mut left = unasked()?;
    let mut pairs = Pairs::new("first of 10000 projects", ["first", "next"]);
    criterion.bench_function("first of 10000 projects", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut sum = Duration::ZERO;
            for _ in 0..rounds {
                let asked = left.next().unwrap_or_else(|| {
                    left = unasked().expect("the index takes another universe");
                    left.next().expect("there are projects")
                });
                let first = get(&mut client, &asked).expect("the index answers");
                let next = get(&mut client, &asked).expect("the index answers again");
                pairs.add(Pair::of(Side::Tried, first, next));
                sum += first;
            }
            sum
        });
    });
    bench.report(&pairs, None)
}

/// Many clients at once, each with a connection of its own, through the index and at a bare server.
fn crowd(
    criterion: &mut Criterion,
    bench: &mut Bench,
    asked: &[u8],
    [index, bare]: [SocketAddr; 2],
) -> anyhow::Result<()> {
    let clients = |address| {
        (0..CROWD)
            .map(move |_| Client::connect(address))
            .collect::<Result<Vec<_>, _>>()
    };
    let (mut through_index, mut at_bare) = (clients(index)?, clients(bare)?);
    let mut pairs = Pairs::new("16 clients at once", ["index", "bare"]);
    let pages = (CROWD * EACH) as u64;
    let mut group = criterion.benchmark_group("16 clients at once");
    group.throughput(Throughput::Elements(pages));
    group.bench_function("50 pages each", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut sum = Duration::ZERO;
            for _ in 0..rounds {
                let pair = Pair::time(bench.lots(), |side| match side {
                    Side::Tried => get_all(&mut through_index, asked),
                    Side::Yardstick => get_all(&mut at_bare, asked),
                });
                let pair = pair.expect("both servers answer everybody");
                sum += pair.tried;
                pairs.add(pair);
            }
            sum
        });
    });
    group.finish();
    bench.report(&pairs, None)
}

/// From the moment when all may begin to the last page of the last client.
fn get_all(clients: &mut [Client], asked: &[u8]) -> std::io::Result<Duration> {
    let line = Barrier::new(clients.len() + 1);
    thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                let line = &line;
                scope.spawn(move || {
                    line.wait();
                    (0..EACH).try_for_each(|_| get(client, asked).map(drop))
                })
            })
            .collect();
        line.wait();
        let begun = Instant::now();
        for client in running {
            client.join().expect("a client does not panic")?;
        }
        Ok(begun.elapsed())
    })
}
