//! A release together with the names that its files and their members bear.

use std::str::FromStr as _;

use pep440_rs::Version;

use super::definition::{Kind, Release};

/// A release under its names in normal form.
#[derive(Debug)]
pub(super) struct Edition {
    /// Name of the project as it is written.
    pub project: String,
    /// In normal form.
    pub version: String,
    /// Name of the project as file names and modules take it.
    module: String,
    pub release: Release,
}

impl Edition {
    /// Names a release of a project, whose normal form is `normal`.
    ///
    /// # Panics
    /// When the version, the tag of a wheel or a module is not one.
    pub(super) fn new(project: &str, normal: &str, release: Release) -> Edition {
        let version = Version::from_str(&release.version)
            .unwrap_or_else(|error| panic!("`{}` is not a version of {project}: {error}", release.version));
        for kind in &release.files {
            assert!(is_kind(kind), "{kind:?} of {project} is not a kind of file");
        }
        for module in &release.contents.modules {
            assert!(is_word(module), "`{module}` of {project} is not a module");
        }
        Edition {
            project: project.to_owned(),
            version: version.to_string(),
            module: normal.replace('-', "_"),
            release,
        }
    }

    /// What its files are, in order.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        if self.release.files.is_empty() {
            let tag = "py3-none-any".to_owned();
            return vec![Kind::Wheel { tag, build: None }];
        }
        self.release.files.clone()
    }

    /// Name and version as file names begin with them: `acme_tools-1.0`.
    pub(super) fn stem(&self) -> String {
        format!("{}-{}", self.module, self.version)
    }

    /// The name of one of its files (PEP 427, PEP 625).
    pub(super) fn filename(&self, kind: &Kind) -> String {
        let stem = self.stem();
        match kind {
            Kind::Wheel { tag, build: None } => format!("{stem}-{tag}.whl"),
            Kind::Wheel {
                tag,
                build: Some(build),
            } => format!("{stem}-{build}-{tag}.whl"),
            Kind::Sdist => format!("{stem}.tar.gz"),
        }
    }

    /// The folder of metadata in a wheel.
    pub(super) fn dist_info(&self) -> String {
        format!("{}.dist-info", self.stem())
    }

    /// Its top-level modules, never none.
    pub(super) fn modules(&self) -> &[String] {
        match &self.release.contents.modules[..] {
            [] => std::slice::from_ref(&self.module),
            modules => modules,
        }
    }
}

/// A tag of a wheel has three parts, each of words joined by dots.
fn is_kind(kind: &Kind) -> bool {
    let Kind::Wheel { tag, .. } = kind else { return true };
    tag.split('-').count() == 3 && tag.split(['-', '.']).all(is_word)
}

/// Nothing that could lead out of a folder. Whether Python can import it is for the caller to know.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::universe::Contents;

    fn edition(version: &str) -> Edition {
        let release = Release {
            version: version.into(),
            ..Release::default()
        };
        Edition::new("Acme.Tools", "acme-tools", release)
    }

    fn wheel(tag: &str, build: Option<u32>) -> Kind {
        Kind::Wheel { tag: tag.into(), build }
    }

    #[test]
    fn file_names_take_the_normal_forms() {
        for (version, normal) in [
            ("1.0.0", "1.0.0"),
            ("v1.0-RC.1", "1.0rc1"),
            ("1.0-2", "1.0.post2"),
            ("1!2.0+Cpu-1", "1!2.0+cpu.1"),
        ] {
            let edition = edition(version);
            assert_eq!(edition.filename(&Kind::Sdist), format!("acme_tools-{normal}.tar.gz"));
            let plain = format!("acme_tools-{normal}-py3-none-any.whl");
            assert_eq!(edition.filename(&edition.kinds()[0]), plain);
            let tag = "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64";
            let built = format!("acme_tools-{normal}-7-{tag}.whl");
            assert_eq!(edition.filename(&wheel(tag, Some(7))), built);
        }
        assert_eq!(edition("1").modules(), ["acme_tools"]);
    }

    #[test]
    #[should_panic(expected = "`../x` of acme is not a module")]
    fn no_module_leads_out_of_its_folder() {
        let release = Release {
            version: "1".into(),
            contents: Contents {
                modules: vec!["../x".into()],
                ..Contents::default()
            },
            ..Release::default()
        };
        Edition::new("acme", "acme", release);
    }

    #[test]
    fn only_tags_pass_as_tags() {
        assert!(is_kind(&wheel("py2.py3-none-any", None)));
        for tag in [
            "",
            "py3",
            "py3-none",
            "py3-none-any-x",
            "py3-none-",
            "py3-none-../x",
            "py3-none-a..b",
        ] {
            assert!(!is_kind(&wheel(tag, None)), "{tag}");
        }
    }
}
