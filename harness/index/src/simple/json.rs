//! The JSON form of a project page (PEP 691, 700, 714).

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Hashes, Link, Page, PageFile, check_number, check_version};

/// A page as upstream writes it. Unknown keys are ignored, as PEP 691 demands.
#[derive(Deserialize)]
struct WirePage {
    meta: WireMeta,
    versions: Option<Vec<String>>,
    files: Vec<WireFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireMeta {
    api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireFile {
    filename: String,
    url: String,
    hashes: Hashes,
    requires_python: Option<String>,
    /// A boolean, or the reason.
    #[serde(default)]
    yanked: Value,
    /// A boolean, or hashes.
    #[serde(default)]
    core_metadata: Value,
    /// The older name of `core_metadata`, which still counts where the newer is absent.
    #[serde(default)]
    dist_info_metadata: Value,
    size: Option<u64>,
    upload_time: Option<String>,
}

pub(super) fn read(project: &str, address: &Url, body: &[u8]) -> Result<Page, String> {
    let wire: WirePage =
        serde_json::from_slice(body).map_err(|error| format!("the page is not as PEP 691 says: {error}"))?;
    check_version(&wire.meta.api_version)?;
    check_number(wire.files.len())?;
    let base = Arc::new(address.clone());
    // A link that is no URL makes that file unusable, not the page.
    let files = wire.files.into_iter().filter_map(|file| file.check(&base)).collect();
    Ok(Page::new(project, wire.versions, files))
}

impl WireFile {
    fn check(self, base: &Arc<Url>) -> Option<PageFile> {
        let metadata = if self.core_metadata.is_null() {
            self.dist_info_metadata
        } else {
            self.core_metadata
        };
        Some(PageFile {
            upstream: Some(Link::new(base, &self.url)?),
            filename: self.filename,
            hashes: self.hashes,
            requires_python: self.requires_python,
            yanked: match self.yanked {
                Value::Bool(true) => Some(String::new()),
                Value::String(reason) => Some(reason),
                _ => None,
            },
            core_metadata: match metadata {
                Value::Bool(true) => Some(Hashes::new()),
                Value::Object(hashes) => Some(hash_values(hashes)),
                _ => None,
            },
            size: self.size,
            upload_time: self.upload_time,
        })
    }
}

fn hash_values(object: Map<String, Value>) -> Hashes {
    let text = |(algorithm, digest): (String, Value)| Some((algorithm, digest.as_str()?.to_owned()));
    object.into_iter().filter_map(text).collect()
}

pub(super) fn write(page: &Page) -> String {
    // Version 1.1 promises versions, and the size of every file.
    let versions = page
        .versions
        .as_ref()
        .filter(|_| page.files.iter().all(|file| file.size.is_some()));
    let files: Vec<Value> = page.files.iter().map(write_file).collect();
    let mut document = json!({
        "meta": { "api-version": if versions.is_some() { "1.1" } else { "1.0" } },
        "name": page.project,
        "files": files,
    });
    if let Some(versions) = versions {
        document["versions"] = json!(versions);
    }
    document.to_string()
}

pub(super) fn list<'a>(projects: impl Iterator<Item = &'a str>) -> String {
    let projects: Vec<Value> = projects.map(|name| json!({ "name": name })).collect();
    json!({ "meta": { "api-version": "1.1" }, "projects": projects }).to_string()
}

fn write_file(file: &PageFile) -> Value {
    let mut entry = json!({
        "filename": file.filename,
        "url": file.link(),
        "hashes": file.hashes,
        "requires-python": file.requires_python,
        "yanked": match file.yanked.as_deref() {
            None => json!(false),
            Some("") => json!(true),
            Some(reason) => json!(reason),
        },
    });
    if let Some(hashes) = &file.core_metadata {
        let metadata = if hashes.is_empty() { json!(true) } else { json!(hashes) };
        // Not under its older name: pip 22.3 to 23.0 ends with a TypeError on hashes there, which is why PEP 714 renamed it.
        entry["core-metadata"] = metadata;
    }
    if let Some(size) = file.size {
        entry["size"] = json!(size);
    }
    if let Some(time) = &file.upload_time {
        entry["upload-time"] = json!(time);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_version_is_claimed_only_when_its_promises_hold() {
        let address = Url::parse("http://upstream.invalid/acme/").unwrap();
        let page_with = |size: &str| {
            let body = format!(
                r#"{{"meta": {{"api-version": "1.4"}}, "versions": ["1"], "files": [
                    {{"filename": "acme-1.tar.gz", "url": "acme-1.tar.gz", "hashes": {{}}, "size": {size}}}]}}"#
            );
            let written = write(&read("acme", &address, body.as_bytes()).unwrap());
            serde_json::from_str::<Value>(&written).unwrap()
        };
        assert_eq!(page_with("12")["meta"]["api-version"], "1.1");
        assert_eq!(page_with("12")["files"][0]["size"], 12);
        assert_eq!(page_with("null")["meta"]["api-version"], "1.0");
        assert_eq!(page_with("null").get("versions"), None);
    }
}
