//! Fills the index's cache before a dynamic boot is timed, so that no boot pays for the upstream's weather.

use std::fs;
use std::time::Duration;

use seatrial_engine::{Engine, Mount, TaskSpec};

use super::named::NamedImage;
use super::{Added, pip_variables};
use crate::cache;
use crate::interpreter;
use crate::requirements::CONSTRAINTS;
use crate::session::Session;
use crate::stage::{open_to_all, write_open};

/// File that says the work of a folder was done in this run.
const DONE: &str = "done";
const DEADLINE: Duration = Duration::from_secs(900);

/// Asks the index, by the image's own pip, for everything that the requirements lead to. Requirements that cannot be
/// met are the case's business, not ours: their failure is not an error here. An image without pip warms nothing.
pub async fn warm_index(session: &Session<impl Engine>, image: &NamedImage, added: Added<'_>) -> anyhow::Result<()> {
    if image.contract.python.is_empty() {
        return Ok(());
    }
    let text = added.requirements.text();
    let constraints = added.requirements.constraints_text().unwrap_or_default();
    let inputs = [image.info.id.as_str(), &text, &constraints, added.identity];
    let name = format!("warm-{}", cache::digest(inputs.map(str::as_bytes)));
    let _turn = session.turns.of(&name).await;
    let work = session.folder.path().join(name);
    if work.join(DONE).exists() {
        return Ok(());
    }
    let done = work.join(DONE);
    fs::create_dir_all(&work)?;
    open_to_all(&work)?;
    write_open(&work.join("requirements.txt"), &text)?;
    write_open(&work.join(CONSTRAINTS), &constraints)?;
    let script = interpreter::choose(&image.contract.python)
        + "exec \"$python\" -m pip download --no-cache-dir -d /tmp/warm -r /seatrial/requirements.txt";
    let task = TaskSpec {
        image: image.info.id.clone(),
        command: ["sh", "-c", &script].map(String::from).into(),
        env: pip_variables(added.index),
        user: None,
        mounts: vec![Mount {
            source: work,
            target: "/seatrial".into(),
            read_only: true,
        }],
        host_network: true,
        deadline: DEADLINE,
    };
    let output = session.engine.task(&session.owner, task).await?;
    tracing::debug!(code = output.code, "index warmed for {}", image.name);
    fs::write(done, "")?;
    Ok(())
}
