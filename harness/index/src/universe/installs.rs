//! What real pip and the host's Python make of the files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use super::{Contents, Kind, Project, Release, Universe};

/// Makes a universe of one release `Acme.Tools` 1.0 and lets pip install it from a folder, below `folder/target`.
fn install(folder: &Path, kind: Kind, contents: Contents) {
    let release = Release {
        version: "1.0".into(),
        files: vec![kind],
        contents,
        ..Release::default()
    };
    let name = "Acme.Tools".into();
    let universe = Universe::new(vec![Project {
        name,
        releases: vec![release],
    }]);
    let wheels = folder.join("wheels");
    universe.write_to(&wheels).unwrap();
    let mut pip = Command::new("python3");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().starts_with("PIP_") {
            pip.env_remove(name);
        }
    }
    let output = pip
        .args([
            "-m",
            "pip",
            "--isolated",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "install",
        ])
        .args(["--no-index", "acme-tools", "--find-links"])
        .arg(&wheels)
        .arg("--target")
        .arg(folder.join("target"))
        .output()
        .expect("python3 is on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn wheel(tag: &str) -> Kind {
    Kind::Wheel {
        tag: tag.into(),
        build: None,
    }
}

/// Runs Python with what was installed on its path.
fn python(folder: &Path, arguments: &[&str]) -> Output {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder.join("target")).current_dir(folder);
    python.args(arguments).output().expect("python3 is on the PATH")
}

/// What a program that must not fail prints.
fn prints(folder: &Path, arguments: &[&str]) -> String {
    let output = python(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn a_wheel_and_a_source_distribution_install_the_same_but_for_their_names() {
    for (kind, filename) in [
        (wheel("py2.py3-none-any"), "acme_tools-1.0-py2.py3-none-any.whl"),
        (Kind::Sdist, "acme_tools-1.0.tar.gz"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let contents = Contents {
            modules: vec!["acme".into(), "dataclasses".into()],
            size: 1_000,
            count: 2,
            scripts: BTreeMap::from([("acme".into(), "acme:main".into())]),
            ..Contents::default()
        };
        install(folder.path(), kind, contents);
        assert_eq!(
            prints(folder.path(), &["target/bin/acme"]),
            format!("Acme.Tools 1.0 {filename}")
        );
        let look = "import acme.part_000002 as part, dataclasses, importlib.metadata as metadata; \
                    files = metadata.files('acme-tools'); \
                    broken = [f for f in files if '..' not in f.parts and not f.locate().is_file()]; \
                    print(part.NUMBER, dataclasses.__version__, metadata.version('acme-tools'), broken, \
                    [f.size for f in files if f.name == 'padding.bin'])";
        assert_eq!(prints(folder.path(), &["-c", look]), "2 1.0 1.0 [] [1000]");
    }
}

#[test]
fn an_import_raises_what_it_is_told_to_and_takes_its_time_before() {
    let folder = tempfile::tempdir().unwrap();
    let contents = Contents {
        raises: Some("no such \"device\": \u{e9}\n\\".into()),
        import_cost: Some(Duration::from_millis(200)),
        ..Contents::default()
    };
    install(folder.path(), wheel("py3-none-any"), contents);
    let look = "import time; start = time.perf_counter()\ntry: import acme_tools\nexcept RuntimeError as error: \
                print(ascii(str(error)), time.perf_counter() - start >= 0.2)";
    assert_eq!(
        prints(folder.path(), &["-c", look]),
        r#"'no such "device": \xe9\n\\' True"#
    );
}
