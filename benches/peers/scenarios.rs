//! The list that every side runs: short boots of the stub image, as a project of seatrial and as JSON for the others.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

/// Port on which the stub listens.
pub const PORT: u16 = 5001;
/// Label by which containers of the sides that are not seatrial are found.
pub const LABEL: &str = "seatrial-bench-peers";
/// The project's one app: the stub needs none.
const NO_APP: &str = "The stub needs no app.\n";

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
    let contract = include_str!("../../fixtures/contracts/stub.yaml");
    let image = format!("version: 1\nwhy: The stub.\ncontract: stub\nsource: {{ reference: \"{image}\" }}\n");
    put(folder, "fixtures/contracts/stub.yaml", contract)?;
    put(folder, "fixtures/images/stub/image.yaml", &image)?;
    put(folder, "fixtures/apps/empty/README", NO_APP)?;
    for Scenario {
        name,
        script,
        number,
        log,
    } in list
    {
        let text = format!(
            "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\nenv: {{ STUB_SCRIPT: \"{script}\" }}\n\
             expect:\n  ready: {{ within: 60s }}\n  \
             score: {{ send: {{ boat: {number} }}, json: {{ boat: {number} }} }}\n  log: [\"{log}\"]\n"
        );
        put(folder, &format!("scenarios/boats/{name}.yaml"), &text)?;
    }
    Ok(())
}

fn put(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    let parent = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}
