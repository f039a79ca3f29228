//! Installed sets compared: no false drift, every true one, whatever the order of the replicas.

use std::collections::BTreeMap;

use proptest::prelude::*;
use seatrial_record::{Beginning, Beside, Contents, Difference, Distribution, Manifest, Origin, differences};

type Files = BTreeMap<String, BTreeMap<String, String>>;

fn distribution(project: &str, version: &str, digest: &str) -> Distribution {
    Distribution {
        project: project.into(),
        version: version.into(),
        location: "/opt/env/lib/python3.11/site-packages".into(),
        origin: Origin::Installed,
        shadowed: false,
        digest: Some(digest.into()),
    }
}

/// A set of `count` projects with digests that depend on the seed.
fn manifest(count: usize, seed: u64) -> Manifest {
    Manifest {
        distributions: (0..count as u64)
            .map(|at| {
                distribution(
                    &format!("project-{at}"),
                    "1.0.0",
                    &format!("{:016x}", seed.wrapping_mul(at + 1)),
                )
            })
            .collect(),
        beside: vec![Beside {
            location: "/var/azureml-app".into(),
            digest: format!("{seed:016x}"),
        }],
        ..Manifest::default()
    }
}

/// What the reader of one replica brings of a set that is the same on all: the file system of each lists the copies of one
/// project in one directory in an order of its own, and where directories lie is not the same either. Byte-compiled files
/// differ between replicas too, but no digest and no listing ever holds any: the reader leaves them out.
fn read_on(replica: usize, count: usize, seed: u64) -> Manifest {
    let mut read = manifest(count, seed);
    let mut copies: Vec<_> = (0..count)
        .filter(|at| at % 3 == 0)
        .flat_map(|at| ["0.9.0", "1.0.0", "1.1.0"].map(|version| (at, version)))
        .map(|(at, version)| distribution(&format!("twice-{at}"), version, &format!("{:016x}", seed ^ at as u64)))
        .collect();
    for project in copies.chunks_mut(3) {
        project.rotate_left(replica % 3);
        project[1..].iter_mut().for_each(|copy| copy.shadowed = true);
    }
    read.distributions.extend(copies);
    for found in &mut read.distributions {
        found.location = format!("/replica-{replica}/site-packages");
    }
    read.beside.push(Beside {
        location: "/opt/apps".into(),
        digest: format!("{:016x}", !seed),
    });
    read.beside.rotate_left(replica % 2);
    for (at, beside) in read.beside.iter_mut().enumerate() {
        beside.location = format!("/replica-{replica}/{at}");
    }
    read
}

fn compared(manifests: &[Manifest]) -> Vec<Difference> {
    let files = vec![Files::new(); manifests.len()];
    let contents: Vec<_> = manifests.iter().zip(&files).enumerate().map(contents).collect();
    differences(&contents)
}

fn contents<'a>((replica, (manifest, files)): (usize, (&'a Manifest, &'a Files))) -> Contents<'a> {
    Contents {
        replica,
        life: 0,
        began: Beginning::Launched,
        manifest,
        files,
    }
}

/// Replicas of each kind.
fn groups(difference: &Difference) -> Vec<Vec<usize>> {
    let kinds = difference.kinds.iter();
    kinds
        .map(|kind| kind.replicas.iter().map(|who| who.replica).collect())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn sets_read_by_themselves_do_not_differ_and_a_changed_one_does(
        count in 1_usize..60,
        seed: u64,
        replicas in 2_usize..8,
        changed: prop::sample::Index,
        odd: prop::sample::Index,
    ) {
        let mut manifests: Vec<_> = (0..replicas).map(|replica| read_on(replica, count, seed)).collect();
        prop_assert_eq!(compared(&manifests), []);

        let distributions = &mut manifests[odd.index(replicas)].distributions;
        let at = changed.index(distributions.len());
        let found = &mut distributions[at];
        found.digest = Some("changed".into());
        let project = found.project.clone();
        let found = compared(&manifests);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].project.as_ref(), Some(&project));
    }
}

#[test]
fn one_digest_of_a_hundred_replicas_is_found_and_named() {
    for odd in 0..100 {
        let mut manifests = vec![manifest(60, 7); 100];
        let changed = &mut manifests[odd].distributions[odd % 60];
        changed.digest = Some("0".repeat(16));
        let project = changed.project.clone();

        let found = compared(&manifests);
        assert_eq!(found.len(), 1, "replica {odd}");
        assert_eq!(found[0].project.as_ref(), Some(&project));
        let rest: Vec<_> = (0..100).filter(|replica| *replica != odd).collect();
        assert_eq!(groups(&found[0]), [rest, vec![odd]]);
        assert_eq!(found[0].kinds[1].digest, "00000000");
    }
}

proptest! {
    #[test]
    fn the_order_of_the_replicas_does_not_matter(
        held in prop::collection::vec(0_u64..4, 2..20).prop_flat_map(|held| {
            let order: Vec<_> = (0..held.len()).collect();
            (Just(held), Just(order).prop_shuffle())
        })
    ) {
        let (held, order) = held;
        let manifests: Vec<_> = held.iter().map(|seed| manifest(3, *seed)).collect();
        let files = Files::new();
        let in_order = |order: &[usize]| {
            let contents: Vec<_> = order.iter().map(|at| contents((*at, (&manifests[*at], &files)))).collect();
            differences(&contents)
        };
        let sorted: Vec<_> = (0..held.len()).collect();
        let found = in_order(&sorted);
        prop_assert_eq!(&found, &in_order(&order));

        let alike = |one: usize, other: usize| held[one] == held[other];
        for difference in &found {
            let groups = groups(difference);
            prop_assert!(groups.windows(2).all(|pair| pair[0].len() >= pair[1].len()), "the largest is first");
            prop_assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), held.len());
            for group in &groups {
                prop_assert!(group.iter().all(|at| alike(*at, group[0])));
            }
        }
        prop_assert_eq!(found.is_empty(), held.iter().all(|seed| *seed == held[0]));
    }
}

#[test]
fn places_do_not_count_and_copies_do() {
    let one = manifest(2, 7);
    let mut moved = one.clone();
    moved.distributions[0].location = "/home/user/.local".into();
    moved.beside[0].location = "/elsewhere".into();
    assert_eq!(compared(&[one.clone(), moved]), []);

    let mut twice = one.clone();
    let mut copy = twice.distributions[0].clone();
    copy.shadowed = true;
    twice.distributions.push(copy);
    let found = compared(&[one.clone(), twice]);
    assert_eq!(found[0].kinds[1].versions, ["1.0.0", "1.0.0"]);

    let mut first = one.clone();
    let mut elsewhere = first.distributions[0].clone();
    (elsewhere.location, elsewhere.version) = ("/mounted".into(), "0.9.0".into());
    first.distributions.insert(0, elsewhere.clone());
    let mut last = one.clone();
    last.distributions.push(elsewhere);
    let found = compared(&[first, last]);
    assert_eq!(
        found[0].kinds[0].versions,
        ["0.9.0", "1.0.0"],
        "the order of the path counts"
    );

    let mut unknown = one.clone();
    unknown.distributions[1].digest = None;
    assert_eq!(compared(&[one, unknown])[0].project.as_deref(), Some("project-1"));
}

#[test]
fn a_project_that_is_not_everywhere_and_files_of_no_project_are_told_apart() {
    let one = manifest(2, 7);
    let mut fewer = one.clone();
    fewer.distributions.pop();
    fewer.beside.clear();
    let found = compared(&[one.clone(), one, fewer]);
    let projects: Vec<_> = found.iter().map(|found| found.project.as_deref()).collect();
    assert_eq!(projects, [Some("project-1"), None]);
    assert_eq!(found[0].kinds[1].versions, Vec::<String>::new());
    assert_eq!(found[1].kinds[1].digest, "");
}

#[test]
fn files_are_listed_where_they_are_known() {
    let one = manifest(1, 7);
    let mut other = one.clone();
    other.distributions[0].digest = Some("0".repeat(16));
    let listing = |own: &str| -> Files {
        let same = (0..3).map(|at| (format!("same/{at}.py"), "1".repeat(64)));
        let differing = (0..24).map(|at| (format!("data/{at:02}.bin"), own.repeat(64)));
        BTreeMap::from([("project-0".into(), same.chain(differing).collect())])
    };
    let (known, changed, unknown) = (listing("2"), listing("3"), Files::new());
    let compare = |other_files| {
        let contents = [contents((0, (&one, &known))), contents((1, (&other, other_files)))];
        differences(&contents).remove(0)
    };

    let both = compare(&changed);
    assert_eq!((both.files.len(), both.more_files), (20, 4));
    assert_eq!(both.files[0].path, "data/00.bin");
    assert_eq!(
        both.files[0].digests,
        [Some("22222222".into()), Some("33333333".into())]
    );

    let one_side = compare(&unknown);
    assert_eq!((one_side.files.len(), one_side.more_files), (0, 0));
}

#[test]
fn digests_are_cut_behind_the_name_of_their_algorithm() {
    let (one, other) = (manifest(1, 7), manifest(1, 8));
    let listing = |digest: &str| -> Files {
        let file = ("acme.py".to_owned(), digest.to_owned());
        BTreeMap::from([("project-0".into(), BTreeMap::from([file]))])
    };
    let shown = |of_one: &str, of_other: &str| {
        let (files, others) = (listing(of_one), listing(of_other));
        let contents = [contents((0, (&one, &files))), contents((1, (&other, &others)))];
        let found = differences(&contents).remove(0);
        found.files[0]
            .digests
            .iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(shown("sha256=47DEQpj8HBSa", "sha256=RBNvo1WzZ4oR"), "47DEQpj8 RBNvo1Wz");
    assert_eq!(shown("47DEQpj8HBSa", "RBNvo1WzZ4oR"), "47DEQpj8 RBNvo1Wz");
    assert_eq!(shown("size=1048576123", "size=1048577123"), "10485761 10485771");
}
