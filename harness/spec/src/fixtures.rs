//! What scenarios refer to: the images, contracts, universes and apps of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::check;
use crate::contract::Contract;
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::image::{Image, ImageSource};
use crate::source::Source;
use crate::universe::Universe;

/// Everything below `fixtures/` that files name.
#[derive(Debug)]
pub(crate) struct Fixtures {
    /// Images whose files hold, by name.
    pub images: BTreeMap<String, Image>,
    /// Contracts whose files hold, by name.
    pub contracts: BTreeMap<String, Contract>,
    /// Universes whose files hold, by name.
    pub universes: BTreeMap<String, Universe>,
    /// Names of all universes, those with problems included.
    pub universe_names: Vec<String>,
    /// Names of all images, those with problems included: a broken image is not an unknown one.
    pub image_names: Vec<String>,
    /// Names of all apps.
    pub app_names: Vec<String>,
    /// The folder of the apps, absolute.
    pub apps: PathBuf,
    /// Everything wrong with these files.
    pub problems: Problems,
}

impl Fixtures {
    /// Reads `fixtures/` below the root; folders that are absent hold nothing.
    pub fn load(root: &Path) -> Self {
        let mut problems = Problems::default();
        let (contract_names, contracts) = one_per_file(root, "fixtures/contracts", check::contract, &mut problems);
        let (universe_names, universes) = one_per_file(root, "fixtures/packages", check::universe, &mut problems);
        let mut images = BTreeMap::new();
        let mut image_names = Vec::new();
        for (name, folder) in entries(&root.join("fixtures/images")) {
            let file = folder.join("image.yaml");
            if !file.is_file() {
                continue;
            }
            image_names.push(name.clone());
            let image = files::read(root, &file)
                .and_then(|source| check::image(root, &folder, &name, &source, &contract_names));
            match image {
                Ok(image) => {
                    images.insert(name, image);
                }
                Err(found) => problems.extend(found),
            }
        }
        problems.extend(bases(&images, &image_names));
        let apps = root.join("fixtures/apps");
        let app_names = entries(&apps)
            .into_iter()
            .filter(|(_, path)| path.is_dir())
            .map(|(name, _)| name)
            .collect();
        Self {
            images,
            contracts,
            universes,
            universe_names,
            image_names,
            app_names,
            apps,
            problems,
        }
    }

    /// The contract of an image, unless one of the two has problems of its own.
    pub fn contract_of(&self, image: &str) -> Option<&Contract> {
        self.contracts.get(&self.images.get(image)?.contract)
    }
}

/// What the YAML files of a folder hold: the names of all, and by name those without problems.
fn one_per_file<T>(
    root: &Path,
    folder: &str,
    check: fn(&str, &Source) -> Result<T, Problems>,
    problems: &mut Problems,
) -> (Vec<String>, BTreeMap<String, T>) {
    let mut names = Vec::new();
    let mut checked = BTreeMap::new();
    for (file, path) in entries(&root.join(folder)) {
        let Some(name) = file.strip_suffix(".yaml") else {
            continue;
        };
        names.push(name.to_owned());
        match files::read(root, &path).and_then(|source| check(name, &source)) {
            Ok(it) => {
                checked.insert(name.to_owned(), it);
            }
            Err(found) => problems.extend(found),
        }
    }
    (names, checked)
}

/// Images built on an image that is not there, or that is built on another in its turn: one step is enough to say what
/// an image lacks or adds, and no circle can arise.
fn bases(images: &BTreeMap<String, Image>, names: &[String]) -> Problems {
    let mut problems = Problems::default();
    for image in images.values() {
        let ImageSource::OnImage { image: base, .. } = &image.source else {
            continue;
        };
        let file = image.file.display();
        if !names.contains(base) {
            let problem = Problem::new(format!("{file}: unknown image `{base}` in `on_image`"));
            problems.push(problem.choices(base, names.iter().map(String::as_str)));
        } else if matches!(
            images.get(base).map(|base| &base.source),
            Some(ImageSource::OnImage { .. })
        ) {
            let problem = Problem::new(format!("{file}: `{base}` is itself built on another image"));
            problems.push(problem.expected("expected an image built from a Dockerfile over Debian, or a reference"));
        }
    }
    problems
}

/// Names and paths in a folder, sorted, hidden ones left out.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    files::list(folder)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name, path))
        })
        .collect()
}
