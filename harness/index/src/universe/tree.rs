//! What lies in the files of a release: the tree of an unpacked wheel, but for its RECORD.

use std::fmt::Write as _;
use std::io::Read;

use super::definition::Contents;
use super::edition::Edition;
use super::metadata;
use super::padding::Padding;

/// A file below the root of a distribution.
pub(super) struct Member {
    /// With `/` between its parts.
    pub path: String,
    pub content: Content,
}

/// Text is kept, padding is made as it is read.
pub(super) enum Content {
    Text(String),
    Padding(Padding),
}

impl Content {
    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Content::Text(text) => text.len() as u64,
            Content::Padding(padding) => padding.size(),
        }
    }

    pub(super) fn reader(&self) -> Box<dyn Read + '_> {
        match self {
            Content::Text(text) => Box::new(text.as_bytes()),
            Content::Padding(padding) => Box::new(padding.clone()),
        }
    }
}

impl Member {
    pub(super) fn text(path: String, text: String) -> Member {
        Member {
            path,
            content: Content::Text(text),
        }
    }
}

/// The members of a wheel with this tag and build number, modules first, both parts sorted by path. The modules take
/// `filename` for the file that they came in.
pub(super) fn wheel(edition: &Edition, filename: &str, tag: &str, build: Option<u32>) -> Vec<Member> {
    let mut members = modules(edition, filename);
    members.sort_by(|one, other| one.path.cmp(&other.path));

    let dist_info = edition.dist_info();
    let mut say = |name: &str, text| members.push(Member::text(format!("{dist_info}/{name}"), text));
    say("METADATA", metadata::core(edition));
    say("WHEEL", metadata::wheel(tag, build));
    let scripts = &edition.release.contents.scripts;
    if !scripts.is_empty() {
        say("entry_points.txt", metadata::entry_points(scripts));
    }
    members
}

/// The path of the largest of these members that is no metadata, the first of several: what one looks at who asks whether
/// two installations are the same.
pub(super) fn heart(members: &[Member]) -> &str {
    let modules = members.iter().filter(|member| !member.path.contains(".dist-info/"));
    // The last of several is taken, so they are told in reverse.
    let largest = modules.rev().max_by_key(|member| member.content.size());
    &largest.expect("there is at least one module").path
}

fn modules(edition: &Edition, filename: &str) -> Vec<Member> {
    let Contents { size, count, .. } = edition.release.contents;
    let init = init(edition, filename);
    let names = edition.modules();
    let mut members: Vec<Member> = names
        .iter()
        .map(|name| Member::text(format!("{name}/__init__.py"), init.clone()))
        .collect();
    let first = &names[0];
    members.extend((1..=count).map(|number| {
        let path = format!("{first}/part_{number:06}.py");
        Member::text(path, format!("NUMBER = {number}\n"))
    }));
    if size > 0 {
        members.push(Member {
            path: format!("{first}/padding.bin"),
            content: Content::Padding(Padding::of(&edition.stem(), size)),
        });
    }
    members
}

/// The source of a module, for Python 3.6 and later.
fn init(edition: &Edition, filename: &str) -> String {
    let Contents {
        raises, import_cost, ..
    } = &edition.release.contents;
    let mut source = format!(
        "\"\"\"Made up by seatrial.\"\"\"\n\n\
         __version__ = {}\n__build__ = {}\n\n\n\
         def main():\n    print({}, __version__, __build__)\n",
        literal(&edition.version),
        literal(filename),
        literal(&edition.project),
    );
    let mut go_on = |lines: std::fmt::Arguments| {
        write!(source, "\n\n{lines}").expect("writing to a String does not fail");
    };
    if let Some(cost) = import_cost {
        go_on(format_args!(
            "import time\n\n_end = time.perf_counter() + {:?}\nwhile time.perf_counter() < _end:\n    pass\n",
            cost.as_secs_f64()
        ));
    }
    if let Some(text) = raises {
        go_on(format_args!("raise RuntimeError({})\n", literal(text)));
    }
    source
}

/// A text as a Python literal: every JSON string is one.
fn literal(text: &str) -> String {
    serde_json::to_string(text).expect("text always makes a JSON string")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::universe::Release;

    fn members(contents: Contents) -> Vec<Member> {
        let release = Release {
            version: "1.0".into(),
            contents,
            ..Release::default()
        };
        let edition = Edition::new("Acme", "acme", release);
        wheel(&edition, "acme.whl", "py3-none-any", None)
    }

    #[test]
    fn the_first_module_holds_what_is_asked_for() {
        let members = members(Contents {
            modules: vec!["zinc".into(), "dataclasses".into()],
            size: 3,
            count: 2,
            scripts: BTreeMap::from([("acme".into(), "zinc:main".into())]),
            ..Contents::default()
        });
        let paths: Vec<&str> = members.iter().map(|member| member.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "dataclasses/__init__.py",
                "zinc/__init__.py",
                "zinc/padding.bin",
                "zinc/part_000001.py",
                "zinc/part_000002.py",
                "acme-1.0.dist-info/METADATA",
                "acme-1.0.dist-info/WHEEL",
                "acme-1.0.dist-info/entry_points.txt",
            ]
        );
        assert_eq!(members[2].content.size(), 3);
    }

    #[test]
    fn a_module_tells_its_origin_and_then_does_what_it_must() {
        let members = members(Contents {
            raises: Some("no \"such\"\ndevice".into()),
            import_cost: Some(Duration::from_millis(200)),
            ..Contents::default()
        });
        let Content::Text(source) = &members[0].content else {
            panic!("a module is text");
        };
        let expected = r#""""Made up by seatrial."""

__version__ = "1.0"
__build__ = "acme.whl"


def main():
    print("Acme", __version__, __build__)


import time

_end = time.perf_counter() + 0.2
while time.perf_counter() < _end:
    pass


raise RuntimeError("no \"such\"\ndevice")
"#;
        assert_eq!(source, expected);
    }
}
