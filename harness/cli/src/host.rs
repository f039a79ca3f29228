//! Facts of the host that timings depend on, and the ids of a run.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use seatrial_engine::{EngineFacts, Network};
use seatrial_record::HostFacts;

/// Host and engine, as the record keeps them; what the host does not tell is empty or 0.
pub fn facts(engine: &EngineFacts, network: Option<&Network>) -> HostFacts {
    HostFacts {
        kernel: engine.kernel.clone(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu: cpu_model().unwrap_or_default(),
        cpus: std::thread::available_parallelism().map_or(0, usize::from),
        memory_bytes: memory_bytes().unwrap_or_default(),
        engine: engine.version.clone(),
        storage_driver: engine.storage_driver.clone(),
        cgroup: engine.cgroup.clone(),
        isolated: network.is_some_and(|network| network.internal),
    }
}

/// A run id that sorts by time and differs between two runs started at once: `20261123-104500-1f3a`.
pub fn run_id(now: jiff::Timestamp) -> String {
    let time = now.strftime("%Y%m%d-%H%M%S");
    format!("{time}-{:04x}", (nanos() ^ u64::from(std::process::id()) << 4) & 0xffff)
}

/// A seed for the order of cases, when none is given.
pub fn seed() -> u64 {
    nanos() % 1_000_000
}

/// How much is done at once when nobody says. A case waits more than it works, so that processors have time for two; beyond a few
/// in flight memory and the engine set the bound.
pub fn jobs() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (2 * processors).min(4)
}

fn nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}

fn cpu_model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
