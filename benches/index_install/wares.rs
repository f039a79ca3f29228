//! What is installed: nine projects, about the shape of a web framework and its server with what both require.

use seatrial_index::{Contents, Project, Release, Universe};

/// What the installer is asked for; the other seven follow.
pub const WANTED: [&str; 2] = ["frigate", "gunner"];

/// Name, requirements, modules, bytes of padding.
type Ware = (&'static str, &'static [&'static str], u32, u64);

/// Sizes between 0.1 and 1 MB, 100 to 300 modules.
const WARES: [Ware; 9] = [
    (
        "frigate",
        &["keel>=3", "jib>=3", "locker", "helm>=8", "lantern>=1.9"],
        180,
        400_000,
    ),
    ("keel", &["marline>=2"], 300, 1_000_000),
    ("jib", &["marline>=2"], 220, 700_000),
    ("marline", &[], 100, 100_000),
    ("locker", &[], 100, 120_000),
    ("helm", &[], 160, 500_000),
    ("lantern", &[], 110, 150_000),
    ("gunner", &["tackle"], 280, 800_000),
    ("tackle", &[], 140, 300_000),
];

/// The nine projects, each with an older release that nobody should take.
pub fn universe() -> Universe {
    let project = |(name, requires, count, size): Ware| {
        let release = |version: &str| Release {
            version: version.into(),
            requires: requires.iter().map(|text| (*text).into()).collect(),
            requires_python: Some(">=3.8".into()),
            contents: Contents {
                count,
                size,
                ..Contents::default()
            },
            ..Release::default()
        };
        Project {
            name: name.into(),
            releases: vec![release("8.9.0"), release("9.0.1")],
        }
    };
    Universe::new(WARES.into_iter().map(project).collect())
}

/// The names of the nine.
pub fn projects() -> impl Iterator<Item = &'static str> {
    WARES.into_iter().map(|(name, ..)| name)
}

/// The metadata folders that an installation leaves, sorted.
pub fn installed() -> Vec<String> {
    let mut folders: Vec<String> = projects().map(|name| format!("{name}-9.0.1.dist-info")).collect();
    folders.sort();
    folders
}
