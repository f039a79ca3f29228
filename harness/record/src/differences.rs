//! Do N replicas end up the same? Their installed sets compared by project, version and file digest, and who differs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifest::{Distribution, Manifest};
use crate::replica::{Beginning, ReplicaLife, named};

/// Files listed per difference; those beyond are counted.
const LISTED: usize = 20;

/// Subjects named in one place before the rest is only counted.
const NAMED: usize = 5;

/// Characters kept of a digest: enough to tell kinds apart, short enough for a cell.
const DIGEST: usize = 8;

/// The key under which [`Contents::files`] holds files that no distribution owns.
const UNOWNED: &str = "";

/// Digests of files by path below their location.
type Files = BTreeMap<String, String>;

/// What was read inside one life of a replica.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// Number of the replica within its group, from 0.
    pub replica: usize,
    /// Number of the life, from 0.
    pub life: usize,
    /// How it began.
    pub began: Beginning,
    /// The installed set.
    pub manifest: &'a Manifest,
    /// Digests of single files: by project, `""` for files that no distribution owns, then by path below their
    /// location. A project without an entry has files that are not known one by one.
    pub files: &'a BTreeMap<String, BTreeMap<String, String>>,
}

impl Contents<'_> {
    fn who(&self) -> ReplicaLife {
        ReplicaLife {
            replica: self.replica,
            life: self.life,
            began: self.began,
        }
    }
}

/// One project, or the files that no distribution owns, that is not the same on all replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The project, normalised; absent for files that no distribution owns.
    pub project: Option<String>,
    /// What the replicas hold of it: the largest group first, of equal ones that with the lowest replica.
    pub kinds: Vec<Kind>,
    /// Files that differ between kinds, at most 20, by path. Empty when they are not known one by one.
    pub files: Vec<FileDifference>,
    /// Files that differ beyond those.
    pub more_files: usize,
}

/// Replicas that hold the same of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Which, in order.
    pub replicas: Vec<ReplicaLife>,
    /// Versions of its copies in the order of the path, those of one directory sorted; empty: not installed.
    pub versions: Vec<String>,
    /// Start of the digest of each copy, joined by `+`; empty where it is not known.
    pub digest: String,
}

/// One file that is not the same in all kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDifference {
    /// Path below the directory that holds the project.
    pub path: String,
    /// Start of its digest in each kind; absent where there is no such file, or none is known.
    pub digests: Vec<Option<String>>,
}

/// One copy of a project as it counts: where it lies does not, and which shadows which is told by their order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Held<'a> {
    version: &'a str,
    digest: Option<&'a str>,
}

/// All that counts of a manifest: by project the copies in the order of the path, and the files that nothing owns.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct State<'a> {
    projects: BTreeMap<&'a str, Vec<Held<'a>>>,
    unowned: Vec<Held<'a>>,
}

impl<'a> State<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for copy in &manifest.distributions {
            found.entry(copy.project.as_str()).or_default().push(copy);
        }
        let projects = found.into_iter().map(|(project, copies)| (project, held(&copies)));
        let mut unowned: Vec<_> = manifest.beside.iter().map(|files| files.digest.as_str()).collect();
        unowned.sort_unstable();
        let unowned = unowned.into_iter().map(|digest| Held {
            version: "",
            digest: Some(digest),
        });
        Self {
            projects: projects.collect(),
            unowned: unowned.collect(),
        }
    }

    fn copies(&self, project: Option<&str>) -> &[Held<'a>] {
        match project {
            Some(project) => self.projects.get(project).map_or(&[], Vec::as_slice),
            None => &self.unowned,
        }
    }
}

/// The copies of one project in the order of the path. In which order those of one directory are found is the file
/// system's affair, so they are sorted.
fn held<'a>(copies: &[&'a Distribution]) -> Vec<Held<'a>> {
    let directories = copies.chunk_by(|one, next| one.location == next.location);
    let sorted = directories.flat_map(|copies| {
        let mut held: Vec<_> = copies
            .iter()
            .map(|copy| Held {
                version: &copy.version,
                digest: copy.digest.as_deref(),
            })
            .collect();
        held.sort();
        held
    });
    sorted.collect()
}

/// In what the installed sets differ, by project; files that no distribution owns come last. Empty: they are identical.
///
/// Two sets are the same when they hold the same projects in the same copies: versions, digests, and which one shadows
/// which. The order of `seen` does not matter.
pub fn differences(seen: &[Contents<'_>]) -> Vec<Difference> {
    // Replicas are nearly always alike: grouped by the whole set first, only the few that differ are looked into.
    let mut alike = BTreeMap::<State<'_>, Vec<&Contents<'_>>>::new();
    for contents in seen {
        alike.entry(State::of(contents.manifest)).or_default().push(contents);
    }
    if alike.len() < 2 {
        return Vec::new();
    }
    let projects: BTreeSet<_> = alike.keys().flat_map(|state| state.projects.keys().copied()).collect();
    projects
        .into_iter()
        .map(Some)
        .chain([None])
        .filter_map(|project| difference(project, &alike))
        .collect()
}

/// What one project is on each replica; nothing when it is the same on all.
fn difference(project: Option<&str>, alike: &BTreeMap<State<'_>, Vec<&Contents<'_>>>) -> Option<Difference> {
    let mut by_copies = BTreeMap::<_, Vec<&Contents<'_>>>::new();
    for (state, seen) in alike {
        by_copies.entry(state.copies(project)).or_default().extend(seen);
    }
    if by_copies.len() < 2 {
        return None;
    }
    let mut groups: Vec<_> = by_copies.into_iter().collect();
    groups
        .iter_mut()
        .for_each(|(_, seen)| seen.sort_by_key(|contents| contents.who()));
    groups.sort_by_key(|(_, seen)| (std::cmp::Reverse(seen.len()), seen[0].who()));

    let (files, more_files) = files(project, &groups);
    let kinds = groups.into_iter().map(|(copies, seen)| Kind {
        replicas: seen.iter().map(|contents| contents.who()).collect(),
        versions: match project {
            Some(_) => copies.iter().map(|copy| copy.version.to_owned()).collect(),
            None => Vec::new(),
        },
        digest: digest(copies),
    });
    Some(Difference {
        project: project.map(str::to_owned),
        kinds: kinds.collect(),
        files,
        more_files,
    })
}

fn digest(copies: &[Held<'_>]) -> String {
    let starts: Vec<_> = copies
        .iter()
        .map(|copy| start(copy.digest.unwrap_or_default()))
        .collect();
    starts.join("+")
}

/// The first characters of a digest, behind the name of its algorithm where that stands in front (`sha256=`).
fn start(digest: &str) -> String {
    let hash = match digest.split_once('=') {
        Some((_, hash)) if !hash.is_empty() => hash,
        _ => digest,
    };
    hash.chars().take(DIGEST).collect()
}

/// The files that differ between those kinds that hold the project and whose files are known, and how many more do.
fn files(project: Option<&str>, groups: &[(&[Held<'_>], Vec<&Contents<'_>>)]) -> (Vec<FileDifference>, usize) {
    let key = project.unwrap_or(UNOWNED);
    let known: Vec<Option<&Files>> = groups
        .iter()
        .map(|(copies, seen)| match copies {
            [] => None,
            _ => seen.iter().find_map(|contents| contents.files.get(key)),
        })
        .collect();
    let paths: BTreeSet<_> = known.iter().flatten().flat_map(|files| files.keys()).collect();
    let mut differing = paths.into_iter().filter(|path| {
        let mut digests = known.iter().flatten().map(|files| files.get(*path));
        let first = digests.next();
        digests.any(|digest| Some(digest) != first)
    });
    let listed = differing.by_ref().take(LISTED).map(|path| FileDifference {
        path: path.clone(),
        digests: known
            .iter()
            .map(|files| files.and_then(|files| files.get(path)).map(|digest| start(digest)))
            .collect(),
    });
    (listed.collect(), differing.count())
}

/// What differs, in a few words: `acme, bolt`, and from the sixth on `... and 3 more`.
pub(crate) fn subjects(differences: &[&Difference]) -> String {
    let named: Vec<_> = differences.iter().take(NAMED).map(|found| found.subject()).collect();
    match differences.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

impl Difference {
    /// The project, or what else differs, in words.
    pub(crate) fn subject(&self) -> &str {
        self.project.as_deref().unwrap_or("files of no project")
    }

    /// Whether every kind holds the same versions, so that only their files tell them apart.
    pub(crate) fn same_versions(&self) -> bool {
        self.kinds.windows(2).all(|pair| pair[0].versions == pair[1].versions)
    }

    /// The versions that one of its kinds holds.
    pub(crate) fn versions(&self, kind: &Kind) -> String {
        match (&self.project, kind.versions.as_slice()) {
            (Some(_), []) => "absent".to_owned(),
            (Some(_), versions) => versions.join(" + "),
            (None, _) if kind.digest.is_empty() => "none".to_owned(),
            (None, _) => "files".to_owned(),
        }
    }

    /// What one of its kinds holds: the versions, and the start of the digest where the versions do not tell.
    pub(crate) fn holding(&self, kind: &Kind) -> String {
        let versions = self.versions(kind);
        let mut alike = self.kinds.iter().filter(|other| self.versions(other) == versions);
        if alike.nth(1).is_none() || kind.digest.is_empty() {
            return versions;
        }
        format!("{versions} {}", kind.digest)
    }

    /// The kind that a life of a replica belongs to.
    pub(crate) fn kind_of(&self, who: ReplicaLife) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.replicas.contains(&who))
    }
}

/// `acme: 1.0.0 on replicas 0 and 1; 2.0.0 on replica 2`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.kinds.iter();
        let told: Vec<_> = kinds
            .map(|kind| format!("{} on {}", self.holding(kind), named(&kind.replicas)))
            .collect();
        write!(f, "{}: {}", self.subject(), told.join("; "))
    }
}
