//! The scenario language by example: `accept/` holds what is read and as what, `reject/` what is refused and how.
//!
//! Each `NAME.yaml` is one test and has its `NAME.out` beside it. `SEATRIAL_UPDATE=1` writes the `.out` files anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use seatrial_spec::{At, Case, Project, Selection};

/// One test for each file of a folder, and one that finds files without a test.
macro_rules! cases {
    ($folder:ident, $check:ident, [$($name:ident: $file:literal),* $(,)?]) => {
        mod $folder {
            const FOLDER: &str = stringify!($folder);

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

cases!(accept, is_accepted, [
    every_key: "every-key",
    smallest: "smallest",
    two_axes: "two-axes",
    windows_line_ends: "windows-line-ends",
]);

cases!(reject, is_rejected, [
    anchors_and_tags: "anchors-and-tags",
    app_by_absolute_path: "app-by-absolute-path",
    bad_requirement: "bad-requirement",
    boot_undecided: "boot-undecided",
    duplicate_key: "duplicate-key",
    empty_expect: "empty-expect",
    empty_file: "empty-file",
    empty_json: "empty-json",
    empty_why: "empty-why",
    entry_script_missing: "entry-script-missing",
    environment_number: "environment-number",
    exception_for_nothing: "exception-for-nothing",
    exception_without_case: "exception-without-case",
    five_departures: "five-departures",
    five_problems: "five-problems",
    format_version: "format-version",
    image_and_images: "image-and-images",
    key_that_is_a_list: "key-that-is-a-list",
    list_instead_of_mapping: "list-instead-of-mapping",
    method_not_in_contract: "method-not-in-contract",
    missing_unit: "missing-unit",
    no_image: "no-image",
    not_yaml: "not-yaml",
    nothing_carries: "nothing-carries",
    nothing_to_carry: "nothing-to-carry",
    package_names: "package-names",
    paths_that_leave: "paths-that-leave",
    ready_and_refuses: "ready-and-refuses",
    refuses_with_200: "refuses-with-200",
    refuses_yet_healthy: "refuses-yet-healthy",
    tab_indentation: "tab-indentation",
    two_documents: "two-documents",
    unknown_image: "unknown-image",
    unknown_key: "unknown-key",
    unknown_method: "unknown-method",
    unknown_origin: "unknown-origin",
    unknown_unit: "unknown-unit",
    unobservable: "unobservable",
    variables_set_twice: "variables-set-twice",
    version_as_number: "version-as-number",
    wrong_type: "wrong-type",
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

/// A case as text: what it runs, and every expectation with its place.
fn tell(case: &Case) -> String {
    let mut text = String::new();
    let mut line = |at: &At, what: &dyn std::fmt::Debug| {
        writeln!(text, "  {}:{} {what:?}", at.line, at.column).unwrap();
    };
    let expect = &case.expect;
    expect.ready.iter().for_each(|(it, at)| line(at, it));
    expect.refuses.iter().for_each(|(it, at)| line(at, it));
    expect.packages.iter().for_each(|(it, at)| line(at, it));
    expect.score.iter().for_each(|(it, at)| line(at, it));
    expect.user.iter().for_each(|(it, at)| line(at, it));
    expect.health.iter().for_each(|(it, at)| line(at, it));
    expect.log.iter().for_each(|(it, at)| line(at, it));
    expect.index_asked.iter().for_each(|(it, at)| line(at, it));
    for why in &case.because {
        writeln!(text, "  because: {why}").unwrap();
    }
    format!("{} on {} by {}\n{text}", case.id, case.image, case.method)
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
