//! A project on disk: what is found, what is selected, and that problems of all files come together.

use std::fs;
use std::path::{Path, PathBuf};

use seatrial_spec::{Project, Selection};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn ids(start: &Path, selection: &Selection) -> Vec<String> {
    let (plan, _) = Project::find(start).unwrap().load(selection).unwrap();
    plan.cases.into_iter().map(|case| case.id).collect()
}

#[test]
fn a_plain_selection_leaves_nightly_out_and_a_named_path_does_not() {
    let storm = [
        "open-sea/storm@demo+dynamic",
        "open-sea/storm@demo+preinstalled",
        "open-sea/storm@demo-next+dynamic",
        "open-sea/storm@demo-next+preinstalled",
    ];
    let root = tests();
    assert_eq!(ids(&root, &Selection::default()), ["harbour/calm@none"]);
    let all = Selection {
        all: true,
        ..Selection::default()
    };
    assert_eq!(ids(&root, &all).len(), 5);
    let here = Selection {
        paths: vec!["open-sea".into(), "open-sea/storm.yaml".into()],
        ..Selection::default()
    };
    assert_eq!(ids(&root.join("scenarios"), &here), storm);
}

#[test]
fn filters_and_tags_both_must_match() {
    let selection = |filters: &[&str], tags: &[&str]| Selection {
        filters: filters.iter().map(|it| (*it).to_owned()).collect(),
        tags: tags.iter().map(|it| (*it).to_owned()).collect(),
        all: true,
        ..Selection::default()
    };
    let count = |filters: &[&str], tags: &[&str]| ids(&tests(), &selection(filters, tags)).len();
    assert_eq!(count(&["*+dynamic"], &[]), 2);
    assert_eq!(count(&["demo-next", "calm"], &[]), 3);
    assert_eq!(count(&["calm"], &["weather"]), 0);
    assert_eq!(count(&[], &["weather", "other"]), 4);
}

#[test]
fn many_files_keep_their_order_and_all_their_problems_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let calm = fs::read_to_string(tests().join("scenarios/harbour/calm.yaml")).unwrap();
    let names: Vec<String> = (100..300).map(|number| format!("calm-{number}")).collect();
    let write = |name: &str, text: &str| fs::write(folder.path().join(format!("{name}.yaml")), text).unwrap();
    names.iter().for_each(|name| write(name, &calm));
    let selection = Selection {
        paths: vec![folder.path().to_owned()],
        ..Selection::default()
    };
    let read = ids(&tests(), &selection);
    let read: Vec<&str> = read.iter().filter_map(|id| id.split(['/', '@']).nth(1)).collect();
    assert_eq!(read, names);

    let wrong = [&names[20], &names[150]];
    wrong
        .iter()
        .for_each(|name| write(name, &calm.replace("version: 1", "version: 2")));
    let problems = Project::open(&tests()).unwrap().load(&selection).unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| problem.at.as_ref().unwrap().file.file_stem().unwrap())
        .collect();
    assert_eq!(told, wrong.map(|name| name.as_str()));
}

#[test]
fn a_path_that_is_not_there_is_a_problem() {
    let selection = Selection {
        paths: vec!["scenarios/harbor".into()],
        ..Selection::default()
    };
    let problems = Project::open(&tests()).unwrap().load(&selection).unwrap_err();
    let [problem] = problems.iter().collect::<Vec<_>>()[..] else {
        panic!("{problems}")
    };
    assert!(
        problem.what.starts_with("the path scenarios/harbor cannot be read"),
        "{problem}"
    );
}

#[test]
fn problems_of_all_files_come_together() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("fixtures/contracts/sea.yaml", "version: 1\nwhy: Lacks the rest.\n");
    write(
        "fixtures/images/boat/image.yaml",
        "version: 1\nwhy: Floats.\ncontract: see\nsource: { dockerfile: { context: ., debian: bookworm }, reference: x }\n",
    );
    write("fixtures/apps/sail/main.py", "");
    let good = "version: 1\nwhy: Floats.\nimage: boat\napp: sail\nexpect: { ready: { within: 1s } }\n";
    write("scenarios/harbour/good.yaml", good);
    write("scenarios/harbour/sinks.yaml", &good.replace("sail", "sial"));
    write("scenarios/harbour/Shouts.yaml", good);
    write("scenarios/harbour/short.yml", good);
    write("scenarios/alone.yaml", &good.replace("1s", "1"));
    let problems = Project::open(folder.path())
        .unwrap()
        .load(&Selection::default())
        .unwrap_err();
    let told: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.at.as_ref().unwrap(), problem.what))
        .collect();
    assert_eq!(
        told,
        [
            "fixtures/contracts/sea.yaml:1:1: missing key `app_root`",
            "fixtures/contracts/sea.yaml:1:1: missing key `entry`",
            "fixtures/contracts/sea.yaml:1:1: missing key `probe`",
            "fixtures/images/boat/image.yaml:4:1: `source` must have exactly one key, found 2",
            "scenarios/alone.yaml:1:1: this scenario belongs to no group",
            "scenarios/alone.yaml:5:28: `1` has no unit",
            "scenarios/harbour/Shouts.yaml:1:1: `Shouts` cannot name a scenario or a group",
            "scenarios/harbour/short.yml:1:1: scenario files end in `.yaml`",
            "scenarios/harbour/sinks.yaml:4:6: unknown app `sial`",
        ]
    );
}

#[test]
fn a_file_elsewhere_is_named_after_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Odd. Name/calm.yaml");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::copy(tests().join("scenarios/harbour/calm.yaml"), &file).unwrap();
    let selection = Selection {
        paths: vec![file],
        ..Selection::default()
    };
    assert_eq!(ids(&tests(), &selection), ["odd--name/calm@none"]);
}

#[test]
fn a_place_leads_back_to_its_line() {
    let project = Project::find(&tests().join("scenarios/harbour")).unwrap();
    let selection = Selection {
        filters: vec!["calm".to_owned()],
        ..Selection::default()
    };
    let (plan, scenarios) = project.load(&selection).unwrap();
    assert_eq!(scenarios.len(), 2);
    let (_, at) = plan.cases[0].expect.ready.as_ref().unwrap();
    assert_eq!(at.to_string(), "scenarios/harbour/calm.yaml:5:11");
    assert_eq!(project.source_line(at), "expect: { ready: { within: 60s } }");
}

#[test]
fn a_universe_with_problems_is_not_an_unknown_one() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("fixtures/packages")).unwrap();
    fs::create_dir_all(root.join("scenarios/harbour")).unwrap();
    for part in ["apps", "contracts", "images"] {
        std::os::unix::fs::symlink(tests().join("fixtures").join(part), root.join("fixtures").join(part)).unwrap();
    }
    let universe = "version: 1\nwhy: Sinks.\nprojects: { acme: [{ version: one }] }\n";
    fs::write(root.join("fixtures/packages/leaky.yaml"), universe).unwrap();
    let scenario = "version: 1\nwhy: Floats.\nimage: demo\napp: demo\nreplicas: 2\nindex:\n  packages: [leaky]\n  script:\n    \
                    - { name: release, do: { publish: { project: acme, version: 1.0.0 } } }\nexpect:\n  \
                    ready: { within: 60s }\n  replicas: { drift: { in: [acme], since: release } }\n";
    fs::write(root.join("scenarios/harbour/calm.yaml"), scenario).unwrap();
    let problems = Project::open(root).unwrap().load(&Selection::default()).unwrap_err();
    let told: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(told, ["`one` is not a version"]);
}

#[test]
fn a_reader_stands_in_for_an_interpreter_and_never_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let contracts = folder.path().join("fixtures/contracts");
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    fs::create_dir_all(&contracts).unwrap();
    let slim = fs::read_to_string(tests().join("fixtures/contracts/slim.yaml")).unwrap();
    fs::write(contracts.join("slim.yaml"), &slim).unwrap();
    fs::write(
        contracts.join("both.yaml"),
        format!("{slim}python: [/usr/bin/python3]\n"),
    )
    .unwrap();
    fs::write(contracts.join("odd.yaml"), slim.replace("/bin/slim", "slim")).unwrap();
    let project = Project::open(folder.path()).unwrap();
    assert_eq!(project.contracts()["slim"].reader, ["/bin/slim", "manifest"]);
    let told: Vec<&str> = project.problems().iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "`python` and `reader` exclude one another",
            "the path `slim` is relative"
        ]
    );
}

#[test]
fn a_contract_says_where_pip_keeps_its_cache() {
    let folder = tempfile::tempdir().unwrap();
    let contracts = folder.path().join("fixtures/contracts");
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    fs::create_dir_all(&contracts).unwrap();
    let demo = fs::read_to_string(tests().join("fixtures/contracts/demo.yaml")).unwrap();
    fs::write(contracts.join("demo.yaml"), &demo).unwrap();
    let odd = demo.replace("PIP_CACHE_DIR, path: /tmp/", "PIP_INDEX_URL, path: ");
    fs::write(contracts.join("odd.yaml"), odd).unwrap();
    let project = Project::open(folder.path()).unwrap();
    let cache = project.contracts()["demo"].pip_cache.clone().unwrap();
    assert_eq!(
        (cache.variable.as_str(), cache.path.as_str()),
        ("PIP_CACHE_DIR", "/tmp/pip-cache")
    );
    let told: Vec<&str> = project.problems().iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "the path `pip-cache` is relative",
            "`PIP_INDEX_URL` is already set by `dynamic`"
        ]
    );
}

/// Quadratic checks would show here: this takes a fraction of a second, even without optimisation.
#[test]
fn ten_thousand_projects_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    fs::create_dir_all(folder.path().join("fixtures/packages")).unwrap();
    let mut text = "version: 1\nwhy: Large.\nprojects:\n".to_owned();
    for number in 0..10_000 {
        let next = (number + 1) % 10_000;
        text.push_str(&format!(
            "  project-{number}: [{{ version: 1.0.0 }}, {{ version: 1.1.0, requires: [\"project-{next}>=1\"] }}]\n"
        ));
    }
    fs::write(folder.path().join("fixtures/packages/large.yaml"), text).unwrap();
    let project = Project::open(folder.path()).unwrap();
    assert!(project.problems().is_empty(), "{}", project.problems());
    assert_eq!(project.universes()["large"].projects.len(), 10_000);
}
