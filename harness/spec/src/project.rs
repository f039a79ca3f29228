//! A project: the folder that holds `scenarios/` and `fixtures/`, and the way from its files to a plan.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsStr;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crate::check::{self, is_name};
use crate::contract::Contract;
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::fixtures::Fixtures;
use crate::image::Image;
use crate::plan::{self, Plan};
use crate::scenario::{At, Scenario};
use crate::select::Selection;
use crate::universe::Universe;

/// Folder of the scenarios, by which a project is recognised.
const SCENARIOS: &str = "scenarios";

/// Scenario files that are worth a thread of their own.
const FEWEST_FOR_A_THREAD: usize = 16;

/// A project on disk. Its images, contracts and universes are read once, when it is opened.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    /// Paths of a [`Selection`] count from here.
    start: PathBuf,
    fixtures: Fixtures,
}

impl Project {
    /// Finds the project that `start` lies in: the nearest folder upward that holds `scenarios/`. Paths of a
    /// selection count from `start`, which is usually the current directory.
    ///
    /// # Errors
    /// No such folder. Problems in images, contracts and universes do not fail here, see [`Project::problems`].
    pub fn find(start: &Path) -> Result<Self, Problems> {
        let absent =
            |what: String| Problem::new(what).help("change into the folder of a project, or into one below it");
        let start = start
            .canonicalize()
            .map_err(|error| absent(format!("the folder {} cannot be read: {error}", start.display())))?;
        let root = start
            .ancestors()
            .find(|folder| folder.join(SCENARIOS).is_dir())
            .ok_or_else(|| {
                absent(format!(
                    "no folder from {} upward holds `{SCENARIOS}/`",
                    start.display()
                ))
            })?
            .to_owned();
        let fixtures = Fixtures::load(&root);
        Ok(Self { root, start, fixtures })
    }

    /// Opens the project in `root`; paths of a selection count from there.
    ///
    /// # Errors
    /// The folder holds no `scenarios/`.
    pub fn open(root: &Path) -> Result<Self, Problems> {
        if !root.join(SCENARIOS).is_dir() {
            let what = format!("the folder {} holds no `{SCENARIOS}/`", root.display());
            return Err(Problem::new(what).into());
        }
        Self::find(root)
    }

    /// The folder of the project, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The images whose files hold, by name.
    #[must_use]
    pub fn images(&self) -> &BTreeMap<String, Image> {
        &self.fixtures.images
    }

    /// The contracts whose files hold, by name.
    #[must_use]
    pub fn contracts(&self) -> &BTreeMap<String, Contract> {
        &self.fixtures.contracts
    }

    /// The package universes whose files hold, by name.
    #[must_use]
    pub fn universes(&self) -> &BTreeMap<String, Universe> {
        &self.fixtures.universes
    }

    /// What is wrong with image, contract and universe files; [`Project::load`] reports it together with the scenarios.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.fixtures.problems
    }

    /// Reads the scenarios of the selected paths and makes the plan of the selected cases. The list holds every
    /// scenario that was read, those without a selected case included.
    ///
    /// An empty plan is no error here: the caller knows what was asked for.
    ///
    /// # Errors
    /// Every problem of every file, images, contracts and universes included, and paths that do not exist.
    pub fn load(&self, selection: &Selection) -> Result<(Plan, Vec<Arc<Scenario>>), Problems> {
        let mut problems = self.fixtures.problems.clone();
        let mut scenarios = Vec::new();
        let mut files_by_name: BTreeMap<String, PathBuf> = BTreeMap::new();
        let files = self.files(&selection.paths, &mut problems);
        for read in self.scenarios(&files) {
            match read {
                Ok(scenario) => match files_by_name.entry(scenario.name.clone()) {
                    Entry::Occupied(earlier) => problems.push(Problem::new(format!(
                        "{} and {} are both named `{}`",
                        earlier.get().display(),
                        scenario.file.display(),
                        scenario.name
                    ))),
                    Entry::Vacant(free) => {
                        free.insert(scenario.file.clone());
                        scenarios.push(scenario);
                    }
                },
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems.sorted());
        }
        let cases = scenarios.iter().flat_map(plan::cases);
        let plan = Plan::of(cases.filter(|case| selection.takes(case)).collect());
        Ok((plan, scenarios))
    }

    /// The line that a place points at, as the file holds it now; empty when it is gone.
    #[must_use]
    pub fn source_line(&self, at: &At) -> String {
        files::read(&self.root, &self.root.join(&at.file))
            .map(|source| source.line(at.line).to_owned())
            .unwrap_or_default()
    }

    /// The scenario files that the paths name, each once, in order.
    fn files(&self, paths: &[PathBuf], problems: &mut Problems) -> Vec<PathBuf> {
        let everything = [self.root.join(SCENARIOS)];
        let paths = if paths.is_empty() { &everything } else { paths };
        let mut files: Vec<PathBuf> = Vec::new();
        for path in paths {
            let absolute = self.start.join(path);
            let found = match absolute.canonicalize() {
                Ok(folder) if folder.is_dir() => files::yaml_below(&folder),
                Ok(file) => Ok(vec![file]),
                Err(error) => Err(error),
            };
            match found {
                Ok(found) => files.extend(found),
                Err(error) => problems.push(
                    Problem::new(format!("the path {} cannot be read: {error}", path.display())).help(format!(
                        "name a file or folder; paths count from {}",
                        self.start.display()
                    )),
                ),
            }
        }
        files.sort();
        files.dedup();
        files
    }

    /// What comes of each file, in their order. All processors read.
    fn scenarios(&self, files: &[PathBuf]) -> Vec<Result<Arc<Scenario>, Problems>> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let share = files.len().div_ceil(processors).max(FEWEST_FOR_A_THREAD);
        thread::scope(|scope| {
            let read = |files: &[PathBuf]| files.iter().map(|path| self.scenario(path)).collect::<Vec<_>>();
            let threads: Vec<_> = files
                .chunks(share)
                .map(|files| scope.spawn(move || read(files)))
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined
                .flat_map(|read| read.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }

    fn scenario(&self, path: &Path) -> Result<Arc<Scenario>, Problems> {
        let source = files::read(&self.root, path)?;
        let folder = path.parent().unwrap_or(&self.root);
        let named = self.name(path, &source.file);
        let name = named.as_deref().unwrap_or_default();
        let scenario = check::scenario(name, folder, &source, &self.fixtures);
        // A file under a wrong name is read all the same, so that its other problems come with it.
        match (named, scenario) {
            (Ok(_), scenario) => scenario,
            (Err(problems), Ok(_)) => Err(problems),
            (Err(mut problems), Err(others)) => {
                problems.extend(others);
                Err(problems)
            }
        }
    }

    /// `group/name` from the path below `scenarios/`; elsewhere the folder that holds the file is the group.
    fn name(&self, path: &Path, file: &Path) -> Result<String, Problems> {
        if path.extension().is_none_or(|end| end != "yaml") {
            return Err(Problem::of_file(file, "scenario files end in `.yaml`")
                .help("rename the file")
                .into());
        }
        let stem = path.with_extension("");
        let words: Vec<String> = match stem.strip_prefix(self.root.join(SCENARIOS)) {
            Ok(below) => below.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
            Err(_) => {
                let word = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
                let group = word(path.parent().and_then(Path::file_name));
                vec![foreign_group(&group), word(stem.file_name())]
            }
        };
        if words.len() < 2 {
            let problem = Problem::of_file(file, "this scenario belongs to no group");
            let help = format!("move it into a folder of `{SCENARIOS}/`, which names its group");
            return Err(problem.help(help).into());
        }
        if let Some(word) = words.iter().find(|word| !is_name(word)) {
            return Err(
                Problem::of_file(file, format!("`{word}` cannot name a scenario or a group"))
                    .expected("expected lower-case letters, digits and `-`")
                    .into(),
            );
        }
        Ok(words.join("/"))
    }
}

/// The group of a file outside `scenarios/`: its folder may have any name, temporary ones included.
fn foreign_group(folder: &str) -> String {
    let letters = folder.chars().map(|c| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    });
    match letters.collect::<String>().trim_matches('-') {
        "" => "elsewhere".to_owned(),
        group => group.to_owned(),
    }
}
