//! What a case is expected to show, each with its place in the file; stored in the record so that it can be judged again.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::index::MAIN;
use crate::manifest::Origin;
use crate::numbers;
use crate::observation::HealthState;
use crate::replica::numbered;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// File, relative to the project root.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// The line itself, as it stood when the run was made.
    pub snippet: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One expectation of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What must hold.
    pub check: Check,
    /// Where it is written.
    pub place: Place,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// First 200 within a time, nanoseconds from the create (or restart) request.
    Ready {
        /// The time allowed.
        within_ns: u64,
        /// So many replicas suffice, each in all its lives; absent: every one.
        #[serde(default)]
        at_least: Option<usize>,
        /// The replicas concerned; empty: all.
        #[serde(default)]
        replicas: Vec<usize>,
    },
    /// The container ends by itself and was never ready.
    Refuses {
        /// The time allowed.
        within_ns: u64,
        /// Exit code inside.
        inner: Option<i64>,
        /// Exit code of the container.
        container: Option<i64>,
        /// Text that one log line holds.
        log: Option<String>,
        /// The replicas concerned; empty: all.
        #[serde(default)]
        replicas: Vec<usize>,
        /// Name of the event that stood in the way; absent: any, or none.
        #[serde(default)]
        since: Option<String>,
    },
    /// An import of a project yields this.
    Package {
        /// Project name, normalised.
        project: String,
        /// Version imported.
        version: Option<String>,
        /// Allowed origins; empty: any.
        origins: Vec<Origin>,
        /// Number of distributions of the project on the path.
        copies: Option<usize>,
        /// Not importable at all.
        absent: bool,
    },
    /// The scored request is answered like this.
    Score {
        /// Status.
        status: u16,
        /// JSON; an object matches when every key named here matches.
        json: Option<serde_json::Value>,
    },
    /// User id of the server process.
    User {
        /// Numeric.
        uid: u32,
    },
    /// Health transitions in this order, others may lie between.
    Health {
        /// The states.
        states: Vec<HealthState>,
    },
    /// One log line holds this text.
    Log {
        /// The text.
        text: String,
    },
    /// The index was asked, or was not.
    IndexAsked {
        /// Which.
        asked: bool,
    },
    /// No replica asks the index more often in one life.
    IndexRequests {
        /// Requests allowed.
        at_most: u64,
    },
    /// All installed sets that were read are the same, and that of every life that is to be ready was read.
    Identical,
    /// The installed sets that were read differ like this.
    Drift {
        /// The projects that differ, exactly these; normalised.
        projects: Vec<String>,
        /// The replicas that are not in the largest group, exactly these; empty: any.
        #[serde(default)]
        odd: Vec<usize>,
        /// Name of the event that explains it; absent: any, or none.
        #[serde(default)]
        since: Option<String>,
    },
    /// An event of the index's script happens.
    Event {
        /// Its name.
        name: String,
        /// The index that it moves: `main` or `extra`.
        index: String,
        /// Whether it must have changed an answer.
        #[serde(default)]
        hits: bool,
    },
    /// A time of the case, the median over its boots, is below a limit.
    TimeBudget {
        /// Which.
        figure: TimeFigure,
        /// The limit, nanoseconds.
        below_ns: u64,
    },
    /// The peak memory of the container is below a limit: in the boot whose facts were read (of several replicas, or lives, the
    /// median), not in samples.
    MemoryBudget {
        /// The limit, bytes.
        below_bytes: u64,
    },
    /// The time to ready is at most so many times that of another case of the run.
    RatioBudget {
        /// Id of the other case.
        to: String,
        /// So many times.
        at_most: f64,
    },
}

/// A time that a budget limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TimeFigure {
    /// From the create request to ready.
    Ready,
    /// CPU time of the container until it is ready, user and system; of samples only.
    Cpu,
    /// One part of the time to ready, by its name in [`breakdown`](crate::breakdown).
    Part(String),
}

impl fmt::Display for TimeFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("time to ready"),
            Self::Cpu => f.write_str("CPU time"),
            Self::Part(name) => write!(f, "time of `{name}`"),
        }
    }
}

impl Check {
    /// The key of the scenario file that this check comes from, for lists and reports.
    pub fn subject(&self) -> String {
        match self {
            Self::Ready { .. } => "ready".into(),
            Self::Refuses { .. } => "refuses".into(),
            Self::Package { project, .. } => format!("packages.{project}"),
            Self::Score { .. } => "score".into(),
            Self::User { .. } => "user".into(),
            Self::Health { .. } => "health".into(),
            Self::Log { .. } => "log".into(),
            Self::IndexAsked { .. } => "index_asked".into(),
            Self::IndexRequests { .. } => "index_at_most".into(),
            Self::Identical => "replicas.identical".into(),
            Self::Drift { .. } => "replicas.drift".into(),
            Self::Event { name, .. } => format!("script.{name}"),
            Self::TimeBudget { figure, .. } => match figure {
                TimeFigure::Ready => "budget.ready".into(),
                TimeFigure::Cpu => "budget.cpu".into(),
                TimeFigure::Part(name) => format!("budget.{name}"),
            },
            Self::MemoryBudget { .. } => "budget.memory".into(),
            Self::RatioBudget { .. } => "budget.ratio".into(),
        }
    }

    /// Whether it limits what boots cost, which is no functional fact.
    pub fn is_budget(&self) -> bool {
        matches!(
            self,
            Self::TimeBudget { .. } | Self::MemoryBudget { .. } | Self::RatioBudget { .. }
        )
    }
}

/// What must hold, in words.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready {
                within_ns,
                at_least,
                replicas,
            } => {
                write!(f, "ready within {}", numbers::limit(*within_ns))?;
                if let Some(enough) = at_least {
                    write!(f, ", at least {enough} of the replicas")?;
                }
                only(replicas, f)
            }
            Self::Refuses {
                within_ns,
                inner,
                container,
                log,
                replicas,
                since,
            } => {
                write!(f, "ends by itself within {}, never ready", numbers::limit(*within_ns))?;
                if let Some(inner) = inner {
                    write!(f, ", inner exit code {inner}")?;
                }
                if let Some(container) = container {
                    write!(f, ", container exit code {container}")?;
                }
                if let Some(log) = log {
                    write!(f, ", a log line with {log:?}")?;
                }
                if let Some(event) = since {
                    write!(f, ", since `{event}`")?;
                }
                only(replicas, f)
            }
            Self::Package {
                project, absent: true, ..
            } => write!(f, "{project} cannot be imported"),
            Self::Package {
                project,
                version,
                origins,
                copies,
                absent: false,
            } => {
                f.write_str(project)?;
                if let Some(version) = version {
                    write!(f, " {version}")?;
                }
                if !origins.is_empty() {
                    let names: Vec<_> = origins.iter().map(Origin::to_string).collect();
                    write!(f, ", origin {}", names.join(" or "))?;
                }
                if let Some(copies) = copies {
                    write!(f, ", {} on the path", copies_of(*copies))?;
                }
                Ok(())
            }
            Self::Score { status, json } => {
                write!(f, "status {status}")?;
                if let Some(json) = json {
                    write!(f, ", JSON with {json}")?;
                }
                Ok(())
            }
            Self::User { uid } => write!(f, "user id {uid}"),
            Self::Health { states } => {
                let names: Vec<_> = states.iter().map(HealthState::to_string).collect();
                f.write_str(&names.join(", then "))
            }
            Self::Log { text } => write!(f, "a log line with {text:?}"),
            Self::IndexAsked { asked: true } => f.write_str("the index is asked"),
            Self::IndexAsked { asked: false } => f.write_str("the index is not asked"),
            Self::IndexRequests { at_most } => write!(f, "at most {at_most} requests to the index"),
            Self::Identical => f.write_str("the same installed set on every replica"),
            Self::Drift { projects, odd, since } => {
                write!(f, "drift in {}", projects.join(", "))?;
                if !odd.is_empty() {
                    write!(f, ", odd: {}", numbered(odd))?;
                }
                if let Some(event) = since {
                    write!(f, ", since `{event}`")?;
                }
                Ok(())
            }
            Self::Event { name, index, hits } => {
                write!(f, "the event `{name}`")?;
                if index != MAIN {
                    write!(f, " of the {index} index")?;
                }
                f.write_str(" happens")?;
                f.write_str(if *hits { " and changes an answer" } else { "" })
            }
            Self::TimeBudget { figure, below_ns } => {
                write!(f, "median {figure} below {}", numbers::limit(*below_ns))
            }
            Self::MemoryBudget { below_bytes } => {
                write!(
                    f,
                    "median peak memory below {}, of the boots whose facts are read",
                    numbers::bytes(*below_bytes)
                )
            }
            Self::RatioBudget { to, at_most } => write!(f, "at most {at_most}x the time to ready of {to}"),
        }
    }
}

/// The replicas concerned, when they are not all.
fn only(replicas: &[usize], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if replicas.is_empty() {
        return Ok(());
    }
    write!(f, ", on {}", numbered(replicas))
}

/// A number of distributions in words.
pub(crate) fn copies_of(count: usize) -> String {
    match count {
        1 => "1 copy".into(),
        count => format!("{count} copies"),
    }
}
