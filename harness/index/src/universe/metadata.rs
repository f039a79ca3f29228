//! What a wheel says about itself: METADATA, WHEEL and entry_points.txt.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::definition::Release;
use super::edition::Edition;

/// The core metadata 2.1, which every client understands (PEP 566). A source distribution has it as PKG-INFO.
pub(super) fn core(edition: &Edition) -> String {
    let Release {
        requires,
        extras,
        requires_python,
        ..
    } = &edition.release;
    let mut text = format!(
        "Metadata-Version: 2.1\nName: {}\nVersion: {}\nSummary: Made up by seatrial\n",
        edition.project, edition.version
    );
    let mut say = |field: &str, value: &str| {
        writeln!(text, "{field}: {value}").expect("writing to a String does not fail");
    };
    if let Some(requires_python) = requires_python {
        say("Requires-Python", requires_python);
    }
    for requirement in requires {
        say("Requires-Dist", requirement);
    }
    for (extra, requires) in extras {
        say("Provides-Extra", extra);
        for requirement in requires {
            say("Requires-Dist", &only_with(extra, requirement));
        }
    }
    text
}

/// A requirement that holds only when an extra is asked for, besides the marker that it has.
fn only_with(extra: &str, requirement: &str) -> String {
    // A URL may hold a semicolon; only one behind a space begins a marker there (PEP 508).
    let is_url = requirement.split(';').next().is_some_and(|start| start.contains('@'));
    let separator = if is_url { " ;" } else { ";" };
    match requirement.split_once(separator) {
        Some((wanted, marker)) => format!("{} ; ({}) and extra == \"{extra}\"", wanted.trim_end(), marker.trim()),
        None => format!("{} ; extra == \"{extra}\"", requirement.trim_end()),
    }
}

/// The file WHEEL of a wheel with this tag and build number (PEP 427).
pub(super) fn wheel(tag: &str, build: Option<u32>) -> String {
    let is_pure = tag.ends_with("-none-any");
    let mut text = format!("Wheel-Version: 1.0\nGenerator: seatrial\nRoot-Is-Purelib: {is_pure}\n");
    for tag in expand(tag) {
        writeln!(text, "Tag: {tag}").expect("writing to a String does not fail");
    }
    if let Some(build) = build {
        writeln!(text, "Build: {build}").expect("writing to a String does not fail");
    }
    text
}

/// The single tags that a compressed set stands for, as PEP 425 has it.
fn expand(tag: &str) -> Vec<String> {
    tag.split('-').fold(vec![String::new()], |known, part| {
        let longer = |start: &String, choice| match start.as_str() {
            "" => String::from(choice),
            start => format!("{start}-{choice}"),
        };
        known
            .iter()
            .flat_map(|start| part.split('.').map(move |choice| longer(start, choice)))
            .collect()
    })
}

/// The commands that an installer makes.
pub(super) fn entry_points(scripts: &BTreeMap<String, String>) -> String {
    let mut text = "[console_scripts]\n".to_owned();
    for (name, target) in scripts {
        writeln!(text, "{name} = {target}").expect("writing to a String does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_tells_requirements_and_extras() {
        let release = Release {
            version: "1.0".into(),
            requires: vec!["bolt>=1".into()],
            extras: BTreeMap::from([("fast".into(), vec!["nitro".into(), "oil; os_name == 'nt'".into()])]),
            requires_python: Some(">=3.8".into()),
            ..Release::default()
        };
        let expected = "Metadata-Version: 2.1\nName: Acme\nVersion: 1.0\nSummary: Made up by seatrial\n\
                        Requires-Python: >=3.8\nRequires-Dist: bolt>=1\nProvides-Extra: fast\n\
                        Requires-Dist: nitro ; extra == \"fast\"\n\
                        Requires-Dist: oil ; (os_name == 'nt') and extra == \"fast\"\n";
        assert_eq!(core(&Edition::new("Acme", "acme", release)), expected);
    }

    #[test]
    fn an_extra_is_added_to_the_marker_that_is_there() {
        for (requirement, expected) in [
            ("a>1;x=='1' or y", "a>1 ; (x=='1' or y) and extra == \"e\""),
            ("a @ http://h/a;b.whl", "a @ http://h/a;b.whl ; extra == \"e\""),
            (
                "a @ http://h/a;b.whl ; x",
                "a @ http://h/a;b.whl ; (x) and extra == \"e\"",
            ),
        ] {
            assert_eq!(only_with("e", requirement), expected);
        }
    }

    #[test]
    fn compressed_tags_are_written_out() {
        let text = wheel("py2.py3-none-any", Some(3));
        assert!(text.ends_with("Root-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\nBuild: 3\n"));
        let platform = wheel("cp311-abi3.cp311-linux_x86_64", None);
        assert!(platform.ends_with("false\nTag: cp311-abi3-linux_x86_64\nTag: cp311-cp311-linux_x86_64\n"));
    }
}
