//! The checked meaning of one scenario file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::budget::Budget;
use crate::index::IndexSetup;
use crate::replicas::{Replicas, ReplicasExpect};
use crate::sampling::{Caches, Sampling};
use crate::wire::{MethodWord, OriginWord};

/// A place in a file, for messages at load time and at run time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The file, relative to the project root where it lies below it.
    pub file: PathBuf,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// How extra Python packages reach the image (design.md, Words: extension method).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The image as it is.
    None,
    /// pip installs a requirements file at boot.
    Dynamic,
    /// A mounted site-packages directory goes first on the path.
    Preinstalled,
    /// A derived image with the packages built in.
    Dockerfile,
}

impl Method {
    /// Every method, in the order of their usual listing.
    pub const ALL: [Self; 4] = [Self::None, Self::Dynamic, Self::Preinstalled, Self::Dockerfile];

    /// The word that scenarios, case ids and records use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dynamic => "dynamic",
            Self::Preinstalled => "preinstalled",
            Self::Dockerfile => "dockerfile",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<MethodWord> for Method {
    fn from(word: MethodWord) -> Self {
        match word {
            MethodWord::None => Self::None,
            MethodWord::Dynamic => Self::Dynamic,
            MethodWord::Preinstalled => Self::Preinstalled,
            MethodWord::Dockerfile => Self::Dockerfile,
        }
    }
}

/// One scenario: one YAML file, named after its path below `scenarios/`.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `group/name`, from the path.
    pub name: String,
    /// The file it was read from, relative to the project root.
    pub file: PathBuf,
    /// Why the expectations are right; printed when one fails.
    pub why: String,
    /// Free words for `--tag`; `nightly` keeps a scenario out of a plain `run`.
    pub tags: Vec<String>,
    /// Names of the images it runs on (an axis).
    pub images: Vec<String>,
    /// The app folder, absolute.
    pub app: PathBuf,
    /// Entry script relative to the app root; `None` leaves the contract's default.
    pub entry: Option<String>,
    /// Extra environment of the container, as given (also variables of the contract, for odd cases).
    pub env: BTreeMap<String, String>,
    /// What is added and by which methods.
    pub extend: Extend,
    /// How many containers of each case are started, and how.
    pub replicas: Replicas,
    /// How often each case is booted, with which caches.
    pub sampling: Sampling,
    /// What the package index has and how it moves.
    pub index: IndexSetup,
    /// Expectations of every variant.
    pub expect: Expect,
    /// Departures from `expect` for some variants, each with its reason; later ones win.
    pub except: Vec<Exception>,
}

/// Tag of scenarios whose cases run alone.
const TIMED: &str = "timed";

impl Scenario {
    /// Whether it is about time, so that its cases must have the machine to themselves: by its tag, its `samples` or
    /// `caches`, or a budget.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        let mut expects = std::iter::once(&self.expect).chain(self.except.iter().map(|exception| &exception.expect));
        self.tags.iter().any(|tag| tag == TIMED)
            || self.sampling != Sampling::default()
            || expects.any(|expect| !expect.budget.is_empty())
    }
}

/// The packages added and the methods that carry them.
#[derive(Clone, Debug)]
pub struct Extend {
    /// Requirement lines as pip reads them, in order.
    pub requirements: Vec<String>,
    /// Lines of a constraints file beside the requirements, which pip is given by `-c`; empty: no such file.
    pub constraints: Vec<String>,
    /// The methods, one case each, in file order.
    pub via: Vec<Method>,
    /// Where the requirements file is put, relative to the entry script's directory; `None`: the contract's default.
    pub requirements_file: Option<String>,
    /// Where the tree is mounted, relative to the entry script's directory; `None`: the contract's default.
    pub directory: Option<String>,
    /// How the tree of `preinstalled` is made.
    pub tree: PreinstalledTree,
}

/// How the tree for [`Method::Preinstalled`] is made.
#[derive(Clone, Debug, Default)]
pub struct PreinstalledTree {
    /// Image whose Python builds the tree; `None`: the image that runs it.
    pub built_with: Option<String>,
    /// Requirement lists laid one after another by `pip install --target` into one folder, after
    /// `requirements`; empty: a venv's site-packages from `requirements` alone, as documented.
    pub then: Vec<Vec<String>>,
}

/// A departure from the common expectations for some variants.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Methods it applies to; empty: all.
    pub via: Vec<Method>,
    /// Images it applies to; empty: all.
    pub images: Vec<String>,
    /// States of the caches it applies to; empty: all.
    pub caches: Vec<Caches>,
    /// Why these differ; printed when one of them fails.
    pub why: String,
    /// The keys given here replace those of `Scenario::expect`.
    pub expect: Expect,
    /// Where it stands.
    pub at: At,
}

/// The expectation keys, for naming one of them.
pub type ExpectKey = &'static str;

/// What a case must show. Every part carries its place in the file. At least one part is set.
///
/// `ready` and `refuses` stand together only when each names its own replicas. All else is of the replicas that are to be
/// ready.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// Serves within a time.
    pub ready: Option<(ReadyExpect, At)>,
    /// Refuses to boot.
    pub refuses: Option<(RefusesExpect, At)>,
    /// Package versions and origins, as an import yields them.
    pub packages: Vec<(PackageExpect, At)>,
    /// One scored request.
    pub score: Option<(ScoreExpect, At)>,
    /// User of the server process.
    pub user: Option<(UserExpect, At)>,
    /// Health transitions that must be seen in this order; others may lie between. Words:
    /// `refused`, `hanging`, `closed`, or a status number as text.
    pub health: Option<(Vec<String>, At)>,
    /// Text that one log line must hold, each.
    pub log: Vec<(String, At)>,
    /// Whether the replica may / must have asked the index.
    pub index_asked: Option<(bool, At)>,
    /// Most requests to the index that any one replica may have made in one life.
    pub index_at_most: Option<(u64, At)>,
    /// What the replicas have in common, or do not.
    pub replicas: Option<(ReplicasExpect, At)>,
    /// What the boots may cost, in file order.
    pub budget: Vec<(Budget, At)>,
}

impl Expect {
    /// Whether no replica serves, so that nothing shows what needs a server.
    pub(crate) fn serves_nowhere(&self) -> bool {
        self.refuses.is_some() && self.ready.is_none()
    }
}

/// Serves within a time.
#[derive(Clone, Debug)]
pub struct ReadyExpect {
    /// From the create request to the first 200 on the health route.
    pub within: Duration,
    /// So many of all replicas suffice, each in all its lives; `None`: each one must.
    pub at_least: Option<usize>,
    /// The replicas that must, from 0; empty: all.
    pub replicas: Vec<usize>,
}

impl ReadyExpect {
    /// Whether it and `refuses` are of different replicas, each of which it names.
    pub(crate) fn stands_beside(&self, refuses: &RefusesExpect) -> bool {
        let (ready, refuses) = (&self.replicas, &refuses.replicas);
        !ready.is_empty() && !refuses.is_empty() && !ready.iter().any(|replica| refuses.contains(replica))
    }
}

/// Refuses to boot: the container ends by itself and was never ready.
#[derive(Clone, Debug)]
pub struct RefusesExpect {
    /// Deadline for the container's end, from the create request.
    pub within: Duration,
    /// Exit code of the server or its launcher inside the container, as the contract's log line tells it.
    pub inner: Option<i64>,
    /// Exit code of the container.
    pub container: Option<i64>,
    /// Text that one log line must hold.
    pub log: Option<String>,
    /// The replicas that must, from 0; empty: all.
    pub replicas: Vec<usize>,
    /// Name of the fault that stood in the way.
    pub since: Option<String>,
}

/// What one package must be.
#[derive(Clone, Debug)]
pub struct PackageExpect {
    /// Project name, normalised (PEP 503).
    pub project: String,
    /// Module to import; `None`: found from the distribution's own metadata.
    pub import: Option<String>,
    /// Version that the import yields.
    pub version: Option<String>,
    /// Where the imported file came from.
    pub origin: Option<Origin>,
    /// Number of distributions of this project on the path.
    pub copies: Option<usize>,
    /// `true`: no such module may be importable.
    pub absent: bool,
}

/// Where an imported package came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Part of the image under test.
    Image,
    /// Installed at boot.
    Installed,
    /// From the mounted directory.
    Mounted,
    /// From the user site.
    UserSite,
    /// Built into the derived image.
    Derived,
    /// Any of the four above that is not `Image`.
    User,
}

impl From<OriginWord> for Origin {
    fn from(word: OriginWord) -> Self {
        match word {
            OriginWord::Image => Self::Image,
            OriginWord::Installed => Self::Installed,
            OriginWord::Mounted => Self::Mounted,
            OriginWord::UserSite => Self::UserSite,
            OriginWord::Derived => Self::Derived,
            OriginWord::User => Self::User,
        }
    }
}

/// One request to the score route and its answer.
#[derive(Clone, Debug)]
pub struct ScoreExpect {
    /// JSON body that is sent.
    pub send: serde_json::Value,
    /// Status of the answer.
    pub status: u16,
    /// JSON of the answer; an object matches when every key named here matches.
    pub json: Option<serde_json::Value>,
}

/// User of the server process.
#[derive(Clone, Debug)]
pub struct UserExpect {
    /// Numeric user id.
    pub uid: u32,
}
