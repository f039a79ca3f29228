//! The Debian base image of the stand-ins: present locally, else pulled, else bootstrapped and imported; said aloud.

use std::time::Duration;

use anyhow::Context as _;
use seatrial_engine::{Engine, ImageInfo};
use tokio::time::timeout;

use super::bootstrap;
use crate::session::Session;

/// A registry that does not answer within this long counts as not there.
const PULL_PATIENCE: Duration = Duration::from_secs(120);

/// The base image of a Debian suite.
pub async fn base(
    session: &Session<impl Engine>,
    suite: &str,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<ImageInfo> {
    let published = format!("debian:{suite}-slim");
    let bootstrapped = format!("seatrial/base:{suite}");
    let _turn = session.turns.of(&bootstrapped).await;
    for reference in [&published, &bootstrapped] {
        if let Some(image) = session.engine.image(reference).await? {
            say(&format!("base image: {reference}, present locally"));
            return Ok(image);
        }
    }
    let not_pulled = match timeout(PULL_PATIENCE, session.engine.pull(&published)).await {
        Ok(Ok(image)) => {
            say(&format!("base image: {published}, pulled"));
            return Ok(image);
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PULL_PATIENCE.as_secs()),
    };
    say(&format!(
        "base image: {published} cannot be pulled; bootstrapping {suite} with mmdebstrap"
    ));
    let archive = session.folder.path().join(format!("base-{suite}.tar"));
    bootstrap::debian(session, suite, &archive).await.with_context(|| {
        format!(
            "no base image for Debian {suite}; three ways were tried:\n  \
             1. {published} or {bootstrapped} present locally: neither is (docker pull, docker load)\n  \
             2. pulling {published}: {not_pulled} (needs a registry)\n  \
             3. mmdebstrap from this host's Debian mirror (needs a Debian host with apt and perl)"
        )
    })?;
    let image = session.engine.import(&archive, &bootstrapped).await?;
    std::fs::remove_file(&archive)?;
    say(&format!("base image: {bootstrapped}, bootstrapped and imported"));
    Ok(image)
}
