//! An installation at boot in its own parts: from the installer's log, what the index was asked, and the times of files.

use super::cut::named_spans;
use super::spans::{Span, common, length, union, within};
use super::{INSTALL, Part, whole};
use crate::index::{Asked, IndexUse};
use crate::observation::{InstallFacts, Observation, Phase};

/// The parts of the installation, which sum to the part `install` of [`super::breakdown`]; none where there was none.
///
/// The installer's word that it now unpacks (phase `unpack_begin`) halves it. In the first half `install_download` is
/// while the index was sending a file or its metadata, and `install_resolve` the rest, the installer's own start and the
/// building of wheels from sources included. From there to its word that all is installed (`unpack_end`),
/// `install_compile` is, of each distribution, from its last unpacked file to its last compiled one, and
/// `install_unpack` the rest, the removal of what is replaced included. `install_rest` follows: the installer's end.
///
/// Without `unpack_begin` the first half ends with the last answer of the index. Without the requests, or the times of
/// files, a half is not divided: `install_resolve_download`, `install_unpack_compile`. Parts of no length are left out.
pub fn install_parts(seen: &Observation) -> Vec<Part> {
    let Some(end) = whole(seen) else { return Vec::new() };
    let spans: Vec<Span> = named_spans(&seen.phases, seen.began, end)
        .into_iter()
        .filter_map(|(name, span)| (name == INSTALL).then_some(span))
        .collect();
    let (Some(&(from, _)), Some(&(_, to))) = (spans.first(), spans.last()) else {
        return Vec::new();
    };
    let answers = seen.index.as_ref().map(answers);
    let last_answer = || within(answers.as_deref()?, from, to).last().map(|span| span.1);
    let unpacks = seen.instant(Phase::UnpackBegin).map(|at| at.clamp(from, to));
    let fetched = unpacks.or_else(last_answer).unwrap_or(from);
    let written = match unpacks {
        Some(from) => seen.instant(Phase::UnpackEnd).unwrap_or(to).clamp(from, to),
        None => fetched,
    };
    let downloads = seen.index.as_ref().map(downloads);
    let compiles = seen.install.as_ref().and_then(compiles);

    let mut parts = Vec::new();
    let mut add = |name, ns| {
        if ns > 0 {
            parts.push(Part { name, ns });
        }
    };
    let first_half = within(&spans, from, fetched);
    match downloads.map(|downloads| common(&first_half, &downloads)) {
        Some(download) => {
            add("install_resolve", length(&first_half) - download);
            add("install_download", download);
        }
        None => add("install_resolve_download", length(&first_half)),
    }
    let second_half = within(&spans, fetched, written);
    match compiles.map(|compiles| common(&second_half, &compiles)) {
        Some(compile) => {
            add("install_unpack", length(&second_half) - compile);
            add("install_compile", compile);
        }
        None => add("install_unpack_compile", length(&second_half)),
    }
    add("install_rest", length(&within(&spans, written, to)));
    parts
}

/// When the index was answering.
fn answers(used: &IndexUse) -> Vec<Span> {
    union(
        used.log
            .iter()
            .map(|asked| (asked.at_ns, asked.at_ns.saturating_add(asked.took_ns))),
    )
}

/// When it was sending a file or its metadata.
fn downloads(used: &IndexUse) -> Vec<Span> {
    let of_file = used
        .log
        .iter()
        .filter(|asked| matches!(asked.what, Asked::File { .. } | Asked::Metadata { .. }));
    union(of_file.map(|asked| (asked.at_ns, asked.at_ns.saturating_add(asked.took_ns))))
}

/// When something was compiled; `None` when the times of no file are known.
fn compiles(facts: &InstallFacts) -> Option<Vec<Span>> {
    let spans = facts
        .distributions
        .iter()
        .filter_map(|dist| Some((dist.unpacked_ns, dist.compiled_ns?)));
    (!facts.distributions.is_empty()).then(|| union(spans))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexRequest;
    use crate::observation::{InstalledFiles, PhaseInstant};

    fn asked(what: Asked, at_ns: u64, took_ns: u64) -> IndexRequest {
        IndexRequest {
            at_ns,
            took_ns,
            what,
            ..IndexRequest::default()
        }
    }

    fn file(at_ns: u64, took_ns: u64) -> IndexRequest {
        let (project, name) = (None, "acme-1-py3-none-any.whl".into());
        asked(Asked::File { project, name }, at_ns, took_ns)
    }

    fn files(unpacked_ns: u64, compiled_ns: Option<u64>) -> InstalledFiles {
        InstalledFiles {
            project: "acme".into(),
            unpacked_ns,
            compiled_ns,
        }
    }

    fn installed() -> Observation {
        let instants = [
            (Phase::Created, 10),
            (Phase::Started, 20),
            (Phase::InstallBegin, 100),
            (Phase::UnpackBegin, 500),
            (Phase::UnpackEnd, 900),
            (Phase::InstallEnd, 1_000),
            (Phase::Ready, 1_500),
        ];
        let page = Asked::Page { project: "acme".into() };
        Observation {
            phases: instants.map(|(phase, at_ns)| PhaseInstant { phase, at_ns }).into(),
            index: Some(IndexUse {
                log: vec![asked(page, 150, 50), file(210, 100), file(250, 90), file(490, 60)],
                ..IndexUse::default()
            }),
            install: Some(InstallFacts {
                distributions: vec![files(600, Some(650)), files(700, None), files(800, Some(890))],
            }),
            ..Observation::default()
        }
    }

    fn parts(seen: &Observation) -> Vec<(&'static str, u64)> {
        install_parts(seen).iter().map(|part| (part.name, part.ns)).collect()
    }

    #[test]
    fn halves_are_divided_by_what_the_index_and_the_files_tell() {
        let seen = installed();
        assert_eq!(
            parts(&seen),
            [
                ("install_resolve", 260),
                ("install_download", 140),
                ("install_unpack", 260),
                ("install_compile", 140),
                ("install_rest", 100)
            ]
        );
    }

    #[test]
    fn what_was_not_observed_leaves_a_half_undivided() {
        let mut seen = installed();
        (seen.index, seen.install) = (None, None);
        assert_eq!(
            parts(&seen),
            [
                ("install_resolve_download", 400),
                ("install_unpack_compile", 400),
                ("install_rest", 100)
            ]
        );
    }

    #[test]
    fn an_installer_that_never_unpacks_has_no_second_half() {
        let mut seen = installed();
        seen.phases
            .retain(|instant| !matches!(instant.phase, Phase::UnpackBegin | Phase::UnpackEnd));
        assert_eq!(
            parts(&seen),
            [
                ("install_resolve", 260),
                ("install_download", 190),
                ("install_rest", 450)
            ]
        );
        seen.index = Some(IndexUse::default());
        assert_eq!(parts(&seen), [("install_rest", 900)]);
        seen.phases.retain(|instant| instant.phase != Phase::InstallBegin);
        assert_eq!(parts(&seen), []);
    }

    #[test]
    fn the_parts_sum_to_the_installation_whatever_contradicts() {
        for phase in [
            Phase::UnpackBegin,
            Phase::UnpackEnd,
            Phase::InstallEnd,
            Phase::InstallBegin,
        ] {
            for at_ns in [0, 50, 450, 950, 1_200, 2_000] {
                let mut seen = installed();
                let moved = seen.phases.iter_mut().find(|instant| instant.phase == phase);
                moved.unwrap().at_ns = at_ns;
                let whole = super::super::breakdown(&seen);
                let whole = whole.iter().find(|part| part.name == INSTALL).map_or(0, |part| part.ns);
                let sum: u64 = install_parts(&seen).iter().map(|part| part.ns).sum();
                assert_eq!(sum, whole, "{phase:?} at {at_ns}");
            }
        }
    }
}
