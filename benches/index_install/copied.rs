//! The index's pages and files from a bare server: what an installer itself takes over HTTP, when the index takes nothing.

use anyhow::Context as _;
use seatrial_benches::{Bare, Client, JSON, Stand, request};
use serde_json::Value;

use crate::wares;

/// Copies all that a client with this token could ask for; returns the index URL of the copy.
pub fn serve(stand: &Stand, token: &str) -> anyhow::Result<String> {
    let mut client = Client::connect(stand.address())?;
    let mut bare = Bare::default();
    for project in wares::projects() {
        let page = client
            .get(&request(&format!("/{token}/simple/{project}/"), JSON))?
            .to_vec();
        bare.add(&format!("/copy/simple/{project}/"), JSON, &page);
        let page: Value = serde_json::from_slice(&page)?;
        let files = page["files"]
            .as_array()
            .with_context(|| format!("no files are listed: {page}"))?;
        for file in files {
            let link = file["url"].as_str().and_then(|link| link.strip_prefix("../../"));
            let link = link.with_context(|| format!("this link does not lead into the index: {file}"))?;
            for link in [link.to_owned(), format!("{link}.metadata")] {
                let body = client.get(&request(&format!("/{token}/{link}"), "*/*"))?;
                bare.add(&format!("/copy/{link}"), "application/octet-stream", body);
            }
        }
    }
    Ok(format!("http://{}/copy/simple/", bare.serve()?))
}
