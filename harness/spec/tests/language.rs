//! The scenario language by example: `accept/` holds what is read and as what, `reject/` what is refused and how.
//!
//! Universes likewise: those of `fixtures/packages/` are read, those of `reject-universes/` are not.
//! Each `NAME.yaml` is one test and has its `NAME.out` beside it. `SEATRIAL_UPDATE=1` writes the `.out` files anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use seatrial_spec::{
    At, Behind, Budget, Case, Event, Expected, Project, Restart, Sampling, Scenario, Selection, UniverseProject,
};

/// One test for each file of a folder, and one that finds files without a test.
macro_rules! cases {
    ($module:ident in $folder:literal, $check:ident, [$($name:ident: $file:literal),* $(,)?]) => {
        mod $module {
            const FOLDER: &str = $folder;

            $(#[test]
            fn $name() {
                super::$check(FOLDER, $file);
            })*

            #[test]
            fn every_file_has_its_test() {
                super::complete(FOLDER, &[$($file),*]);
            }
        }
    };
}

cases!(accept in "accept", is_accepted, [
    budgets_alone: "budgets-alone",
    every_key: "every-key",
    index_alone: "index-alone",
    moving_index: "moving-index",
    replicas: "replicas",
    samples_and_budgets: "samples-and-budgets",
    smallest: "smallest",
    triggers_that_come: "triggers-that-come",
    two_axes: "two-axes",
    windows_line_ends: "windows-line-ends",
]);

cases!(reject in "reject", is_rejected, [
    anchors_and_tags: "anchors-and-tags",
    app_by_absolute_path: "app-by-absolute-path",
    bad_constraint: "bad-constraint",
    bad_instant: "bad-instant",
    bad_requirement: "bad-requirement",
    boot_undecided: "boot-undecided",
    budget_for_nothing: "budget-for-nothing",
    budget_of_a_refusal: "budget-of-a-refusal",
    budget_shape: "budget-shape",
    budget_unseen: "budget-unseen",
    caches_empty: "caches-empty",
    constraint_for_nothing: "constraint-for-nothing",
    drift: "drift",
    drift_shape: "drift-shape",
    duplicate_key: "duplicate-key",
    empty_expect: "empty-expect",
    empty_file: "empty-file",
    empty_index: "empty-index",
    empty_json: "empty-json",
    empty_why: "empty-why",
    ends_before_it_begins: "ends-before-it-begins",
    ends_of_nothing: "ends-of-nothing",
    entry_script_missing: "entry-script-missing",
    environment_number: "environment-number",
    event_after_as_of: "event-after-as-of",
    event_for_nothing: "event-for-nothing",
    event_names: "event-names",
    event_on_what_is_gone: "event-on-what-is-gone",
    exception_for_nothing: "exception-for-nothing",
    exception_for_other_caches: "exception-for-other-caches",
    exception_without_case: "exception-without-case",
    fault_for_no_file: "fault-for-no-file",
    fault_without_requests: "fault-without-requests",
    faults_without_effect: "faults-without-effect",
    five_departures: "five-departures",
    five_problems: "five-problems",
    format_version: "format-version",
    image_and_images: "image-and-images",
    index_unseen: "index-unseen",
    inline_projects: "inline-projects",
    install_unseen: "install-unseen",
    key_that_is_a_list: "key-that-is-a-list",
    list_instead_of_mapping: "list-instead-of-mapping",
    method_not_in_contract: "method-not-in-contract",
    missing_unit: "missing-unit",
    never_ready: "never-ready",
    never_without_dynamic: "never-without-dynamic",
    no_image: "no-image",
    not_a_fault: "not-a-fault",
    not_yaml: "not-yaml",
    nothing_carries: "nothing-carries",
    nothing_to_carry: "nothing-to-carry",
    nothing_to_count: "nothing-to-count",
    one_replica: "one-replica",
    one_wave: "one-wave",
    package_names: "package-names",
    paths_that_leave: "paths-that-leave",
    published_twice: "published-twice",
    ratio_of_a_refusal: "ratio-of-a-refusal",
    ratio_without_a_side: "ratio-without-a-side",
    ready_and_refuses: "ready-and-refuses",
    ready_and_refuses_of_one: "ready-and-refuses-of-one",
    refuses_with_200: "refuses-with-200",
    refuses_yet_healthy: "refuses-yet-healthy",
    replica_out_of_range: "replica-out-of-range",
    replicas_unseen: "replicas-unseen",
    request_for_nothing: "request-for-nothing",
    samples_shape: "samples-shape",
    samples_that_cannot_be_repeated: "samples-that-cannot-be-repeated",
    samples_without_effect: "samples-without-effect",
    script_shape: "script-shape",
    script_without_universe: "script-without-universe",
    since_what_explains_nothing: "since-what-explains-nothing",
    tab_indentation: "tab-indentation",
    too_late: "too-late",
    too_late_for_one_case: "too-late-for-one-case",
    too_many_replicas: "too-many-replicas",
    two_documents: "two-documents",
    universes_that_clash: "universes-that-clash",
    unknown_image: "unknown-image",
    unknown_key: "unknown-key",
    unknown_method: "unknown-method",
    unknown_origin: "unknown-origin",
    unknown_unit: "unknown-unit",
    unknown_universe: "unknown-universe",
    unobservable: "unobservable",
    variables_set_twice: "variables-set-twice",
    version_as_number: "version-as-number",
    warm_for_nothing: "warm-for-nothing",
    warm_where_nothing_installs: "warm-where-nothing-installs",
    wrong_type: "wrong-type",
    yanked_twice: "yanked-twice",
]);

cases!(universes in "fixtures/packages", is_a_universe, [
    coast: "coast",
    islands: "islands",
]);

cases!(reject_universes in "reject-universes", is_no_universe, [
    expected: "expected",
    expected_files: "expected-files",
    files: "files",
    instants: "instants",
    modules: "modules",
    names: "names",
    requires: "requires",
    scripts: "scripts",
    shape: "shape",
    versions: "versions",
]);

fn is_accepted(folder: &str, name: &str) {
    let file = tests().join(folder).join(name).with_extension("yaml");
    match project().load(&only(&file)) {
        Ok((plan, _)) => {
            let told: String = plan.cases.iter().map(tell).collect();
            compare(&file, &told);
        }
        Err(problems) => panic!("{problems}"),
    }
}

fn is_rejected(folder: &str, name: &str) {
    let file = tests().join(folder).join(name).with_extension("yaml");
    match project().load(&only(&file)) {
        Ok((plan, _)) => panic!("accepted, with {} cases", plan.cases.len()),
        Err(problems) => compare(&file, &format!("{problems}\n")),
    }
}

fn is_a_universe(folder: &str, name: &str) {
    let file = tests().join(folder).join(name).with_extension("yaml");
    let project = project();
    assert!(project.problems().is_empty(), "{}", project.problems());
    let universe = &project.universes()[name];
    let mut told = String::new();
    for project in &universe.projects {
        writeln!(told, "{} ({})", project.name, project.normalised()).unwrap();
        for release in &project.releases {
            writeln!(told, "  {:?}\n  {release:?}", release.file_names(&project.name)).unwrap();
        }
    }
    for expected in &universe.expected {
        let Expected {
            requires,
            resolution,
            files,
            why,
            at,
        } = expected;
        writeln!(
            told,
            "{}:{} {requires:?}: {resolution:?}, files {files:?}, because: {why}",
            at.line, at.column
        )
        .unwrap();
    }
    compare(&file, &told);
}

/// A project of its own, since a universe with problems is one of every scenario of its project.
fn is_no_universe(folder: &str, name: &str) {
    let file = tests().join(folder).join(name).with_extension("yaml");
    let root = tempfile::tempdir().unwrap();
    let packages = root.path().join("fixtures/packages");
    std::fs::create_dir_all(&packages).unwrap();
    std::fs::create_dir(root.path().join("scenarios")).unwrap();
    std::fs::copy(&file, packages.join(name).with_extension("yaml")).unwrap();
    let project = Project::open(root.path()).unwrap();
    assert!(!project.problems().is_empty(), "accepted");
    compare(&file, &format!("{}\n", project.problems()));
}

/// A case as text: what it runs, how the index moves, and every expectation with its place.
fn tell(case: &Case) -> String {
    let mut text = tell_course(&case.scenario);
    let line = |text: &mut String, at: &At, what: &dyn std::fmt::Debug| {
        writeln!(text, "  {}:{} {what:?}", at.line, at.column).unwrap();
    };
    let expect = &case.expect;
    expect.ready.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.refuses.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.packages.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.score.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.user.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.health.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.log.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.index_asked.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.index_at_most.iter().for_each(|(it, at)| line(&mut text, at, it));
    expect.replicas.iter().for_each(|(it, at)| line(&mut text, at, it));
    for (budget, at) in &expect.budget {
        line(&mut text, at, budget);
        if let Budget::Ratio { to, .. } = budget {
            writeln!(text, "      against {:?}", case.peer(*to)).unwrap();
        }
    }
    for why in &case.because {
        writeln!(text, "  because: {why}").unwrap();
    }
    format!("{} on {} by {}\n{text}", case.id, case.image, case.method)
}

/// What a scenario says about its replicas and its index; nothing when it says nothing.
fn tell_course(scenario: &Scenario) -> String {
    let mut text = String::new();
    for constraint in &scenario.extend.constraints {
        writeln!(text, "  constraint: {constraint}").unwrap();
    }
    if scenario.replicas.count > 1 {
        writeln!(
            text,
            "  {} replicas, {:?}",
            scenario.replicas.count, scenario.replicas.start
        )
        .unwrap();
    }
    for Restart { replica, recreated, at } in &scenario.replicas.restarts {
        let how = if *recreated { "recreated" } else { "restarted" };
        writeln!(text, "  {}:{} replica {replica} {how}", at.line, at.column).unwrap();
    }
    if scenario.is_timed() {
        let Sampling { warm_up, samples, .. } = scenario.sampling;
        writeln!(text, "  timed, {warm_up} boots and then {samples}").unwrap();
    }
    for (name, side) in ["main", "extra"].into_iter().zip(scenario.index.sides()) {
        if side.projects.is_empty() && side.script.is_empty() && side.upstream == Behind::Live {
            continue;
        }
        let versions = |project: &UniverseProject| {
            let versions: Vec<&str> = project
                .releases
                .iter()
                .map(|release| release.version.as_str())
                .collect();
            format!("{} {versions:?}", project.name)
        };
        let projects: Vec<String> = side.projects.iter().map(versions).collect();
        writeln!(text, "  {name} index: {}; {:?}", projects.join(", "), side.upstream).unwrap();
        for Event {
            name,
            when,
            action,
            only,
            lasts,
            times,
            at,
        } in &side.script
        {
            writeln!(text, "  {}:{} {name}: {when:?}, {action:?}", at.line, at.column).unwrap();
            if action.is_fault() {
                writeln!(text, "      {only:?}, lasts {lasts:?}, times {times:?}").unwrap();
            }
        }
    }
    text
}

fn compare(file: &Path, actual: &str) {
    let expected = file.with_extension("out");
    if std::env::var_os("SEATRIAL_UPDATE").is_some() {
        std::fs::write(&expected, actual).unwrap();
    }
    let accepted = std::fs::read_to_string(&expected).unwrap_or_default();
    assert!(accepted == actual, "{} differs; found:\n{actual}", expected.display());
}

fn complete(folder: &str, tested: &[&str]) {
    let tested: BTreeSet<String> = tested.iter().map(|name| (*name).to_owned()).collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(tests().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        found.insert(stem);
    }
    assert_eq!(found, tested);
}

fn only(file: &Path) -> Selection {
    Selection {
        paths: vec![file.to_owned()],
        ..Selection::default()
    }
}

fn project() -> Project {
    Project::open(&tests()).unwrap()
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}
