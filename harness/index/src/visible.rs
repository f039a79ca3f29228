//! What of a project of a universe can be seen after some events, and the page that shows it.

use std::collections::HashSet;

use crate::cache::Cache;
use crate::error::Refusal;
use crate::script::Action;
use crate::simple::{Hashes, Page, PageFile};
use crate::universe::{Distribution, Made, Release, Shelf};

/// A file that can be seen.
pub(crate) struct Visible<'a> {
    release: &'a Release,
    pub file: &'a Distribution,
    /// The reason, when its release is yanked.
    yanked: Option<String>,
}

/// The files of a project that can be seen, in the order of its definition. `script` has every action about the project,
/// `happened` those that have happened, in their order: what the script publishes or adds is not there before.
pub(crate) fn files<'a>(shelf: &'a Shelf, script: &[Action], happened: &[Action]) -> Vec<Visible<'a>> {
    let mut hidden = Hidden::default();
    for action in script {
        hidden.hold_back(action);
    }
    let mut yanked: Vec<Option<String>> = shelf
        .releases
        .iter()
        .map(|stock| stock.release().yanked.clone())
        .collect();
    for action in happened {
        hidden.apply(action, shelf);
        if let Action::Yank { version, reason, .. } = action {
            let of_it = shelf
                .releases
                .iter()
                .position(|stock| stock.release().version == *version);
            if let Some(at) = of_it {
                yanked[at] = Some(reason.clone());
            }
        }
    }
    let releases = shelf.releases.iter().zip(yanked);
    releases
        .filter(|(stock, _)| !hidden.versions.contains(&stock.release().version))
        .flat_map(|(stock, yanked)| {
            let release = stock.release();
            stock.files.iter().map(move |file| Visible {
                release,
                file,
                yanked: yanked.clone(),
            })
        })
        .filter(|visible| !hidden.files.contains(visible.file.filename()))
        .collect()
}

/// Whether a page that shows the one looks like a page that shows the other.
pub(crate) fn same(one: &[Visible<'_>], other: &[Visible<'_>]) -> bool {
    let looks_like =
        |(one, other): (&Visible<'_>, &Visible<'_>)| std::ptr::eq(one.file, other.file) && one.yanked == other.yanked;
    one.len() == other.len() && one.iter().zip(other).all(looks_like)
}

/// What cannot be seen.
#[derive(Default)]
struct Hidden {
    versions: HashSet<String>,
    files: HashSet<String>,
}

impl Hidden {
    fn hold_back(&mut self, action: &Action) {
        match action {
            Action::Publish { version, .. } => drop(self.versions.insert(version.clone())),
            Action::Add { file, .. } => drop(self.files.insert(file.clone())),
            _ => {}
        }
    }

    fn apply(&mut self, action: &Action, shelf: &Shelf) {
        match action {
            Action::Publish { version, .. } => drop(self.versions.remove(version)),
            Action::Add { file, .. } => drop(self.files.remove(file)),
            Action::Delete {
                version: Some(version), ..
            } => drop(self.versions.insert(version.clone())),
            Action::Delete { version: None, .. } => {
                let all = shelf.releases.iter().map(|stock| stock.release().version.clone());
                self.versions.extend(all);
            }
            Action::Yank { .. } | Action::Fault(_) | Action::End(_) => {}
        }
    }
}

/// The page that shows these files; those that were never asked for are made now.
pub(crate) async fn page(project: &str, files: &[Visible<'_>], cache: &Cache) -> Result<Page, Refusal> {
    let mut listed = Vec::with_capacity(files.len());
    let mut versions: Vec<String> = Vec::new();
    for visible in files {
        listed.push(entry(visible, &*visible.file.made(cache).await?));
        if !versions.contains(&visible.release.version) {
            versions.push(visible.release.version.clone());
        }
    }
    Ok(Page::new(project, Some(versions), listed))
}

fn entry(visible: &Visible<'_>, made: &Made) -> PageFile {
    let hashes = |digest: &crate::digest::Sha256| Hashes::from([("sha256".to_owned(), digest.to_string())]);
    PageFile {
        filename: visible.file.filename().to_owned(),
        upstream: None,
        hashes: hashes(&made.digest),
        requires_python: visible.release.requires_python.clone(),
        yanked: visible.yanked.clone(),
        core_metadata: made.metadata.as_ref().map(|metadata| hashes(&metadata.digest)),
        size: Some(made.size),
        upload_time: Some(visible.release.upload_time().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::universe::{Kind, Project, Universe};

    fn universe() -> Universe {
        let wheel = |tag: &str| Kind::Wheel {
            tag: tag.into(),
            build: None,
        };
        let release = |version: &str, yanked: Option<&str>| Release {
            version: version.into(),
            files: vec![wheel("py3-none-any"), wheel("cp311-cp311-linux_x86_64")],
            yanked: yanked.map(str::to_owned),
            ..Release::default()
        };
        Universe::new(vec![Project {
            name: "acme".into(),
            releases: vec![release("1.0", None), release("2.0", Some("broken"))],
        }])
    }

    fn publish(version: &str) -> Action {
        Action::Publish {
            project: "acme".into(),
            version: version.into(),
        }
    }

    /// Versions seen, each with `!` when yanked and the number of its files.
    fn seen(script: &[Action], happened: &[Action]) -> Vec<String> {
        let universe = universe();
        let mut seen: Vec<(String, usize)> = Vec::new();
        for visible in files(universe.project("acme").unwrap(), script, happened) {
            let mark = visible.yanked.map(|reason| format!("!{reason}")).unwrap_or_default();
            let version = format!("{}{mark}", visible.release.version);
            match seen.iter_mut().find(|(known, _)| *known == version) {
                Some((_, count)) => *count += 1,
                None => seen.push((version, 1)),
            }
        }
        seen.into_iter()
            .map(|(version, count)| format!("{version}:{count}"))
            .collect()
    }

    #[test]
    fn what_the_script_brings_is_not_there_before() {
        assert_eq!(seen(&[], &[]), ["1.0:2", "2.0!broken:2"]);
        let script = [publish("2.0")];
        assert_eq!(seen(&script, &[]), ["1.0:2"]);
        assert_eq!(seen(&script, &script), ["1.0:2", "2.0!broken:2"]);

        let script = [Action::Add {
            project: "acme".into(),
            version: "1.0".into(),
            file: "acme-1.0-cp311-cp311-linux_x86_64.whl".into(),
        }];
        assert_eq!(seen(&script, &[]), ["1.0:1", "2.0!broken:2"]);
        assert_eq!(seen(&script, &script), ["1.0:2", "2.0!broken:2"]);
    }

    #[test]
    fn pages_look_alike_by_what_they_show_and_not_by_what_led_there() {
        let universe = universe();
        let shelf = universe.project("acme").unwrap();
        let yank = |reason: &str| Action::Yank {
            project: "acme".into(),
            version: "2.0".into(),
            reason: reason.into(),
        };
        let seen = |happened: &[Action]| files(shelf, &[], happened);
        let delete = Action::Delete {
            project: "acme".into(),
            version: Some("1.0".into()),
        };
        for (happened, is_same) in [
            (vec![], true),
            (vec![yank("broken")], true),
            (vec![delete.clone(), publish("1.0")], true),
            (vec![yank("worse")], false),
            (vec![delete], false),
        ] {
            assert_eq!(same(&seen(&[]), &seen(&happened)), is_same, "{happened:?}");
        }
    }

    #[test]
    fn yanks_and_deletions_count_in_the_order_in_which_they_happen() {
        let yank = Action::Yank {
            project: "acme".into(),
            version: "1.0".into(),
            reason: "wrong".into(),
        };
        let delete = |version: Option<&str>| Action::Delete {
            project: "acme".into(),
            version: version.map(str::to_owned),
        };
        let script = [yank];
        assert_eq!(seen(&script, &[]), ["1.0:2", "2.0!broken:2"]);
        assert_eq!(seen(&script, &script), ["1.0!wrong:2", "2.0!broken:2"]);
        let back = [delete(Some("1.0")), publish("1.0")];
        assert_eq!(seen(&back, &back[..1]), ["2.0!broken:2"]);
        assert_eq!(seen(&back, &back), ["1.0:2", "2.0!broken:2"]);
        let anew = [delete(None), publish("1.0")];
        assert_eq!(seen(&anew, &anew[..1]), [""; 0]);
        assert_eq!(seen(&anew, &anew), ["1.0:2"]);
    }
}
