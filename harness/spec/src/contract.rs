//! The checked meaning of a contract file: how one image family is extended, where it listens, what its end means.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::scenario::Method;

/// What stands for the address of a second index in [`Contract::index_env`].
pub(crate) const EXTRA_INDEX: &str = "{extra_index}";

/// How a family of images behaves, as data (`fixtures/contracts/NAME.yaml`).
#[derive(Clone, Debug)]
pub struct Contract {
    /// From the file name.
    pub name: String,
    /// The file, relative to the project root.
    pub file: PathBuf,
    /// Where the app folder is mounted, absolute in the container.
    pub app_root: String,
    /// Variable naming the entry script, and the script's default.
    pub entry_variable: String,
    /// Default entry script, relative to the app root.
    pub entry_default: String,
    /// Where it listens and what it answers.
    pub probe: Probe,
    /// Candidates for the interpreter, `$NAME` expanded from the container's environment; the first that exists is
    /// used. Empty: the image has no Python, manifests are not observed.
    pub python: Vec<String>,
    /// Program in the image, absolute, and its arguments, which prints the image's own manifest; not together with
    /// `python`. Empty: none.
    pub reader: Vec<String>,
    /// Text in the command line of the server process, to find its environment and user.
    pub server_process: Option<String>,
    /// Directories that the server itself appends to `sys.path`, `{app_root}` and `{entry_dir}` expanded.
    pub path_appended: Vec<String>,
    /// Variables that point pip at seatrial's index; `{index}`, `{index_host}` and `{extra_index}` are to be expanded. One
    /// whose value holds `{extra_index}` is only set where the scenario has `index.extra`.
    pub index_env: BTreeMap<String, String>,
    /// Extension by pip at boot.
    pub dynamic: Option<MethodContract>,
    /// Where pip's cache lies when it is to outlive a container; `None`: not known.
    pub pip_cache: Option<PipCache>,
    /// Extension by a mounted tree.
    pub preinstalled: Option<MethodContract>,
    /// User that a derived image must end with; `None`: derived images are not supported.
    pub dockerfile_user: Option<String>,
    /// Log lines that mark phases.
    pub marks: Marks,
    /// Inner exit codes and what each means.
    pub exit_codes: BTreeMap<i64, String>,
}

impl Contract {
    /// Whether pip can be given a second index.
    #[must_use]
    pub fn takes_extra_index(&self) -> bool {
        self.index_env.values().any(|value| value.contains(EXTRA_INDEX))
    }

    /// Whether the family can be extended by this method; `none` is always possible.
    #[must_use]
    pub fn supports(&self, method: Method) -> bool {
        match method {
            Method::None => true,
            Method::Dynamic => self.dynamic.is_some(),
            Method::Preinstalled => self.preinstalled.is_some(),
            Method::Dockerfile => self.dockerfile_user.is_some(),
        }
    }

    /// The environment variable that switches this method on, where there is one.
    #[must_use]
    pub fn variable_of(&self, method: Method) -> Option<&str> {
        let method = match method {
            Method::None | Method::Dockerfile => None,
            Method::Dynamic => self.dynamic.as_ref(),
            Method::Preinstalled => self.preinstalled.as_ref(),
        };
        method.map(|method| method.variable.as_str())
    }
}

/// The one route that says it is alive and the one that scores.
#[derive(Clone, Debug)]
pub struct Probe {
    /// TCP port in the container.
    pub port: u16,
    /// Path of the health route.
    pub health: String,
    /// Path of the score route.
    pub score: String,
    /// An accepted request without answer for this long counts as hanging.
    pub hanging_after: Duration,
}

/// How one extension method is switched on.
#[derive(Clone, Debug)]
pub struct MethodContract {
    /// Environment variable that switches it on.
    pub variable: String,
    /// Default path (file for dynamic, directory for preinstalled), relative to the entry script's directory.
    pub path: String,
}

/// Where pip keeps what it has fetched and built, for a folder that is mounted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipCache {
    /// Environment variable that names the folder.
    pub variable: String,
    /// The folder, absolute in the container.
    pub path: String,
}

/// A stamp that a log line carries. A line's own stamp is nearer to what it tells of than its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampForm {
    /// RFC 3339 at the line's start, with `.` or `,` before the fraction.
    Rfc3339,
    /// `YYYY-MM-DD HH:MM:SS,mmm` at the line's start, as Python's `logging` writes it, in UTC: exact to the millisecond.
    AsctimeUtc,
    /// CLOCK_MONOTONIC in nanoseconds, an integer right after the mark's text. Host and container must share a kernel.
    Monotonic,
}

/// Text fragments of log lines that mark an instant, and the one that tells the inner exit code.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Stamps that lines may carry, tried in this order; a line without any counts from its arrival.
    pub stamps: Vec<StampForm>,
    /// First instruction of the container's first process.
    pub first_instruction: Option<String>,
    /// pip is about to run.
    pub install_begin: Option<String>,
    /// pip has fetched everything and begins to unpack.
    pub unpack_begin: Option<String>,
    /// pip says that everything is installed.
    pub unpack_end: Option<String>,
    /// The first line after pip (a server start line counts when this is absent).
    pub install_end: Option<String>,
    /// The server process is about to be executed.
    pub server_start: Option<String>,
    /// The server says it is listening.
    pub listen: Option<String>,
    /// User's init() begins.
    pub init_begin: Option<String>,
    /// User's init() has ended.
    pub init_end: Option<String>,
    /// The container itself says that it serves.
    pub ready: Option<String>,
    /// Text directly before the inner exit code, which is the integer that follows it.
    pub inner_exit: Option<String>,
}
