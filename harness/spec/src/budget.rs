//! The checked meaning of budgets: what the boots of a case may cost.

use std::fmt;
use std::time::Duration;

use crate::scenario::Method;

/// A limit on a figure of a case. Judged is the median over its boots.
#[derive(Clone, Debug, PartialEq)]
pub enum Budget {
    /// From the create request to ready takes less than this.
    Ready(Duration),
    /// One part of that takes less than this.
    Part(Part, Duration),
    /// The container uses less CPU time until it is ready, user and system; of samples only.
    Cpu(Duration),
    /// The container's memory peaks below so many bytes.
    Memory(u64),
    /// The time to ready is at most so many times that of another method in the same run.
    Ratio {
        /// The method whose cases are judged.
        of: Method,
        /// The method that they are compared with.
        to: Method,
        /// So many times as long; above zero.
        at_most: f64,
    },
}

impl Budget {
    /// Whether cases of this method have what is limited.
    pub(crate) fn concerns(&self, method: Method) -> bool {
        match self {
            Self::Part(part, _) => !part.installs() || method == Method::Dynamic,
            Self::Ratio { of, .. } => *of == method,
            Self::Ready(_) | Self::Cpu(_) | Self::Memory(_) => true,
        }
    }
}

/// A part of the time from the create request to ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Until the container is created.
    Create,
    /// Until it is started.
    Start,
    /// Until the first line of its log.
    Boot,
    /// pip at boot.
    Install,
    /// The launcher's own work: from the first line of the log until it installs or starts its server, and again from the end of
    /// pip.
    Launch,
    /// Until the server listens.
    Server,
    /// Until the user's init begins.
    Import,
    /// The user's init.
    Init,
    /// From the end of init, or the server's word that it is ready, until it is.
    Serve,
}

impl Part {
    /// Every part, in the order in which they usually come.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Start,
        Self::Boot,
        Self::Install,
        Self::Launch,
        Self::Server,
        Self::Import,
        Self::Init,
        Self::Serve,
    ];

    /// The word that scenarios and records use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Start => "start",
            Self::Boot => "boot",
            Self::Install => "install",
            Self::Launch => "launch",
            Self::Server => "server",
            Self::Import => "import",
            Self::Init => "init",
            Self::Serve => "serve",
        }
    }

    /// Whether only an installation at boot gives rise to it.
    pub(crate) fn installs(self) -> bool {
        self == Self::Install
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
