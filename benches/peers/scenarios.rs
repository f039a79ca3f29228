//! The list that every side runs: short boots of the stub image, as a project of seatrial and as JSON for the others.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use seatrial_benches::STUB_CONTRACT;
use serde_json::json;

/// Port on which the stub listens.
pub const PORT: u16 = 5001;
/// Label by which containers of the sides that are not seatrial are found.
pub const LABEL: &str = "seatrial-bench-peers";

/// One scenario: a boot, one scored request, one line of the log.
pub struct Scenario {
    /// Unique in the list.
    pub name: String,
    /// What the stub does.
    pub script: String,
    number: usize,
    log: String,
}

/// So many scenarios, whose app is ready 190 to 210 ms after its first instruction, 200 ms on average over every five.
pub fn list(count: usize) -> Vec<Scenario> {
    let scenario = |number: usize| {
        let log = format!("boat {number} casts off");
        Scenario {
            name: format!("boat-{number}"),
            script: format!(
                "log {log}; wait {}ms; listen; answer 200; forever",
                190 + number % 5 * 5
            ),
            number,
            log,
        }
    };
    (0..count).map(scenario).collect()
}

/// Writes the list as JSON, with the image and the run by which its containers are labelled.
pub fn write_json(list: &[Scenario], image: &str, run: &str, path: &Path) -> anyhow::Result<()> {
    let scenario = |scenario: &Scenario| {
        json!({
            "name": scenario.name,
            "script": scenario.script,
            "send": { "boat": scenario.number },
            "log": scenario.log,
        })
    };
    let scenarios: Vec<_> = list.iter().map(scenario).collect();
    let text = json!({ "image": image, "port": PORT, "label": LABEL, "run": run, "scenarios": scenarios });
    fs::write(path, text.to_string()).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes the list as a project of seatrial, a scenario per file, on the image as it is.
pub fn write_project(list: &[Scenario], image: &str, folder: &Path) -> anyhow::Result<()> {
    let file = |scenario: &Scenario| {
        let Scenario {
            name,
            script,
            number,
            log,
        } = scenario;
        let text = format!(
            "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\nenv: {{ STUB_SCRIPT: \"{script}\" }}\n\
             expect:\n  ready: {{ within: 60s }}\n  \
             score: {{ send: {{ boat: {number} }}, json: {{ boat: {number} }} }}\n  log: [\"{log}\"]\n"
        );
        (format!("scenarios/boats/{name}.yaml"), text)
    };
    let files: Vec<_> = list.iter().map(file).collect();
    seatrial_benches::write_project(folder, STUB_CONTRACT, image, &files)
}
