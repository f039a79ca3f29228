//! Whose version wins: what an import of a project really yields.

use super::fate::fate;
use super::verdict::Seen;
use crate::expectation::copies_of;
use crate::manifest::{Distribution, Import, Origin};
use crate::observation::Observation;

/// What one package must be.
pub(super) struct Wanted<'a> {
    /// Project name, normalised.
    pub(super) project: &'a str,
    /// Version imported.
    pub(super) version: Option<&'a str>,
    /// Allowed origins; empty: any.
    pub(super) origins: &'a [Origin],
    /// Number of distributions on the path.
    pub(super) copies: Option<usize>,
}

/// The project is importable, in this version, from there, in so many copies.
pub(super) fn present(wanted: &Wanted<'_>, seen: &Observation) -> Seen {
    let Some(import) = import_of(wanted.project, seen) else {
        return unread(seen);
    };
    if let Some(error) = &import.error {
        return Seen::compared(false, format!("{} cannot be imported", wanted.project))
            .with([format!("import error: {error}")])
            .with(copies(wanted.project, seen));
    }
    let unknown = [
        (
            wanted.version.is_some() && import.version.is_none(),
            "the imported module does not tell its version",
        ),
        (
            !wanted.origins.is_empty() && import.origin.is_none(),
            "where the imported file came from is not known",
        ),
        (
            wanted.copies.is_some() && seen.manifest.is_none(),
            "the installed set was not read",
        ),
    ];
    if let Some((_, reason)) = unknown.iter().find(|(missing, _)| *missing) {
        return Seen::nothing(reason)
            .with(file(import))
            .with(seen.manifest_error.clone());
    }
    let on_path = seen
        .manifest
        .as_ref()
        .map(|manifest| manifest.copies(wanted.project).count());
    let holds = wanted
        .version
        .is_none_or(|version| import.version.as_deref() == Some(version))
        && (wanted.origins.is_empty() || import.origin.is_some_and(|origin| wanted.origins.contains(&origin)))
        && (wanted.copies.is_none() || wanted.copies == on_path);

    let mut actual = wanted.project.to_owned();
    if let Some(version) = &import.version {
        actual += &format!(" {version}");
    }
    if let Some(origin) = import.origin {
        actual += &format!(", origin {origin}");
    }
    if let (Some(_), Some(count)) = (wanted.copies, on_path) {
        actual += &format!(", {} on the path", copies_of(count));
    }
    Seen::compared(holds, actual)
        .with(file(import))
        .explained(copies(wanted.project, seen))
}

/// The project is not importable at all.
pub(super) fn absent(project: &str, seen: &Observation) -> Seen {
    match import_of(project, seen) {
        None => unread(seen),
        Some(Import { error: Some(error), .. }) => {
            Seen::compared(true, format!("{project} cannot be imported")).with([format!("import error: {error}")])
        }
        Some(Import {
            file: None,
            version: None,
            ..
        }) => Seen::compared(true, format!("{project} cannot be imported: it has no module")),
        Some(import) => {
            let version = import.version.as_deref().unwrap_or("of unknown version");
            Seen::compared(false, format!("{project} {version} is imported"))
                .with(file(import))
                .with(copies(project, seen))
        }
    }
}

fn import_of<'a>(project: &str, seen: &'a Observation) -> Option<&'a Import> {
    seen.imports.iter().find(|import| import.project == project)
}

/// The imports were not read: the manifest's own error is the best reason, the fate of the replica the next.
fn unread(seen: &Observation) -> Seen {
    Seen::nothing(match &seen.manifest_error {
        Some(error) => format!("the packages could not be read: {error}"),
        None => format!("the packages were not read; {}", fate(seen)),
    })
}

fn file(import: &Import) -> Option<String> {
    import.file.as_ref().map(|file| format!("imported file: {file}"))
}

/// Every distribution of the project on the path.
fn copies(project: &str, seen: &Observation) -> Vec<String> {
    let Some(manifest) = &seen.manifest else {
        return Vec::new();
    };
    let describe = |found: &Distribution| {
        let shadowed = if found.shadowed { ", shadowed" } else { "" };
        format!(
            "on the path: {} {} in {} ({}{shadowed})",
            found.project, found.version, found.location, found.origin
        )
    };
    manifest.copies(project).map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectation::Check;
    use crate::judge::trial::one;
    use crate::judge::{Finding, Verdict};
    use crate::manifest::Manifest;

    fn seen(copies: &[(&str, Origin, bool)]) -> Observation {
        let distributions = copies
            .iter()
            .map(|(version, origin, shadowed)| Distribution {
                project: "numpy".into(),
                version: (*version).into(),
                location: format!("/{origin}"),
                origin: *origin,
                shadowed: *shadowed,
                digest: None,
            })
            .collect();
        let import = Import {
            project: "numpy".into(),
            module: Some("numpy".into()),
            version: Some(copies[0].0.into()),
            file: Some("/x/numpy/__init__.py".into()),
            origin: Some(copies[0].1),
            error: None,
        };
        Observation {
            imports: vec![import],
            manifest: Some(Manifest {
                distributions,
                ..Manifest::default()
            }),
            ..Observation::default()
        }
    }

    fn numpy(version: &str, origins: &[Origin], copies: Option<usize>, absent: bool, seen: &Observation) -> Verdict {
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        let check = Check::Package {
            project: "numpy".into(),
            version,
            origins: origins.into(),
            copies,
            absent,
        };
        one(check, seen)
    }

    #[test]
    fn version_origin_and_copies_must_all_hold() {
        let overridden = seen(&[("1.25.2", Origin::Mounted, false), ("1.26.4", Origin::Image, true)]);
        let user = [Origin::Installed, Origin::Mounted];
        assert!(numpy("1.25.2", &user, Some(2), false, &overridden).passed());
        assert!(!numpy("1.25.3", &user, Some(2), false, &overridden).passed());
        assert!(!numpy("1.25.2", &[Origin::Image], Some(2), false, &overridden).passed());

        let copies = numpy("1.25.2", &user, Some(1), false, &overridden);
        assert_eq!(
            copies.expected,
            "numpy 1.25.2, origin installed or mounted, 1 copy on the path"
        );
        assert_eq!(copies.actual, "numpy 1.25.2, origin mounted, 2 copies on the path");
        assert_eq!(
            copies.detail,
            [
                "imported file: /x/numpy/__init__.py",
                "on the path: numpy 1.25.2 in /mounted (mounted)",
                "on the path: numpy 1.26.4 in /image (image, shadowed)",
            ]
        );
    }

    #[test]
    fn what_was_not_read_never_passes() {
        let nothing = Observation {
            manifest_error: Some("no python".into()),
            ..Observation::default()
        };
        for absent in [false, true] {
            let verdict = numpy("", &[], None, absent, &nothing);
            assert_eq!(verdict.finding, Finding::NotObserved);
            assert_eq!(
                verdict.actual,
                "not observed: the packages could not be read: no python"
            );
        }
        let mut nameless = seen(&[("1.25.2", Origin::Mounted, false)]);
        nameless.imports[0].version = None;
        assert_eq!(
            numpy("1.25.2", &[], None, false, &nameless).finding,
            Finding::NotObserved
        );
    }

    #[test]
    fn absent_means_not_importable() {
        let there = seen(&[("1.25.2", Origin::Mounted, false)]);
        assert_eq!(numpy("", &[], None, true, &there).actual, "numpy 1.25.2 is imported");

        let mut broken = there;
        broken.imports[0].error = Some("No module named numpy".into());
        assert!(numpy("", &[], None, true, &broken).passed());
        assert!(!numpy("1.25.2", &[], None, false, &broken).passed());
    }
}
