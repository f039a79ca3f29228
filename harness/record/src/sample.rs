//! Repeated boots of one case: what each took, and what else went on on the machine meanwhile.
//!
//! Nothing is dropped for its value: a sample that failed is kept with its error, a warm-up as a warm-up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observation::{Phase, PhaseInstant};
use crate::run::CaseError;

/// One timed boot of a case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sample {
    /// Number within its case, from 0, warm-ups included.
    pub iteration: usize,
    /// Whether it only warmed up: no figure counts it.
    pub warm_up: bool,
    /// When its turn came, on the run's clock, nanoseconds.
    pub intended_ns: u64,
    /// Its create request on the run's clock, nanoseconds; later than intended by what held it back.
    pub began_ns: u64,
    /// How long of that it was held back because something else used the processors, nanoseconds.
    pub held_back_ns: u64,
    /// Instants of phases, in order of time, since its create request.
    pub phases: Vec<PhaseInstant>,
    /// How much earlier than seen it may have been ready, nanoseconds: as in
    /// [`Observation::ready_gap_ns`](crate::Observation::ready_gap_ns).
    pub ready_gap_ns: Option<u64>,
    /// CPU time of the container until it was ready, user and system, nanoseconds.
    pub cpu_ns: Option<u64>,
    /// What the whole machine did from its create request until it was ready.
    pub machine: Option<MachineLoad>,
    /// Why it has no figures, when it has none.
    pub error: Option<CaseError>,
}

impl Sample {
    /// Instant at which a phase was first reached, nanoseconds since its create request.
    pub fn instant(&self, phase: Phase) -> Option<u64> {
        let reached = self.phases.iter().filter(|seen| seen.phase == phase);
        reached.map(|seen| seen.at_ns).min()
    }

    /// Time from the create request to ready, nanoseconds.
    pub fn ready_ns(&self) -> Option<u64> {
        self.instant(Phase::Ready)
    }
}

/// Work and waiting of the whole machine during a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MachineLoad {
    /// Length of the span, nanoseconds.
    pub wall_ns: u64,
    /// CPU time that all processors together were busy, nanoseconds.
    pub busy_ns: u64,
    /// How much of it was seatrial's own process, nanoseconds.
    pub own_ns: u64,
    /// Time in which some task waited for a processor, nanoseconds (`some` of /proc/pressure/cpu); absent where the kernel does
    /// not tell.
    pub cpu_pressure_ns: Option<u64>,
    /// The same for storage (/proc/pressure/io).
    pub io_pressure_ns: Option<u64>,
    /// The same for memory (/proc/pressure/memory).
    pub memory_pressure_ns: Option<u64>,
}
