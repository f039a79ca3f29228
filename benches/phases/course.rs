//! The boot that is delayed: its contract with every mark, its script, and where each delay is put.

use std::fmt::Write as _;

/// Injected delays, milliseconds.
pub const DELAYS: [u64; 3] = [50, 200, 1_000];
/// The boot without a delay.
pub const BASE: &str = "phases/base";

/// The parts of the boot in order. `boot` is not among them: the engine tells of a start after the first instruction.
/// Nor is byte-compiling apart from unpacking: the stub compiles nothing.
pub const PARTS: [&str; 13] = [
    "create",
    "start",
    "launch",
    "install_resolve",
    "install_download",
    "install_unpack_compile",
    "install_rest",
    "server",
    "import",
    "init",
    "serve",
    "first_response",
    "residue",
];

/// A contract with every mark.
pub const CONTRACT: &str = include_str!("../../fixtures/stub/every-mark.yaml");

/// Steps of the script: how long each takes, milliseconds, and what it ends with. The stub's own `install` asks the index
/// for a page and a wheel, and unpacks it.
const STEPS: [(&str, u64, &str); 8] = [
    (
        "launch",
        40,
        "log Installing Python packages; install; log Installing collected packages: acme",
    ),
    ("install_unpack_compile", 80, "log Successfully installed acme-1.0.0"),
    ("install_rest", 30, "log Checking the packages; log Starting the server"),
    ("server", 90, "answer 502; listen"),
    ("import", 60, "log init begins"),
    ("init", 30, "log init has ended"),
    ("serve", 10, "answer 200"),
    ("first_response", 0, "forever"),
];

/// Names of all scenarios, with the step that is delayed in each and by how much; the one without a delay first.
pub fn scenarios(delays: &[u64]) -> Vec<(String, &'static str, u64)> {
    let steps = PARTS.iter().filter(|part| **part != "residue");
    let delayed = steps.flat_map(|step| delays.iter().map(move |delay| (name(step, *delay), *step, *delay)));
    [(BASE.to_owned(), "nothing", 0)].into_iter().chain(delayed).collect()
}

/// The name of the scenario that delays a step.
pub fn name(step: &str, delay: u64) -> String {
    format!("phases/{}-{delay}", step.replace('_', "-"))
}

/// A scenario whose boot is late in one step. Delays of `create` and `start` are the relay's.
pub fn scenario(step: &str, delay: u64) -> String {
    let of = |name: &str| if name == step { delay } else { 0 };
    let mut script = format!("score {}ms", of("first_response"));
    for (name, usual, then) in STEPS {
        // The scored request comes after the script: what delays it stands at the beginning.
        let wait = if name == "first_response" { 0 } else { usual + of(name) };
        write!(script, "; wait {wait}ms; {then}").expect("a string takes all");
    }
    let fault = match step {
        "install_resolve" => Some("pages"),
        "install_download" => Some("files"),
        _ => None,
    };
    let events = fault.map_or_else(String::new, |what| {
        format!("  script: [{{ name: late, do: {{ delay: {delay}ms }}, only: {{ what: {what} }} }}]\n")
    });
    format!(
        "version: 1\nwhy: To see where a delay lands.\nimage: stub\napp: empty\ntags: [timed]\n\
         extend: {{ requirements: [acme], via: [dynamic] }}\n\
         index:\n  projects: {{ acme: [{{ version: 1.0.0 }}] }}\n{events}\
         env: {{ STUB_SCRIPT: \"{script}\" }}\nexpect:\n  ready: {{ within: 60s }}\n  score: {{ send: {{}} }}\n"
    )
}

/// A part's name as the head of a narrow column.
pub fn short(part: &str) -> &str {
    let part = part.strip_prefix("install_").unwrap_or(part);
    part.get(..7).unwrap_or(part)
}
