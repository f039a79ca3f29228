//! The page of one project, as data: read from either form that an upstream sends, written in either form that a client
//! accepts. Links leave pointing at this index.

mod html;
mod json;

use std::collections::BTreeMap;

use reqwest::Url;

use crate::digest::Sha256;
use crate::names;
use crate::negotiate::Form;

/// Algorithm name to hexadecimal digest.
type Hashes = BTreeMap<String, String>;

/// A project page: what the simple API says about one project.
#[derive(Debug)]
pub(crate) struct Page {
    /// Normal form of the name.
    pub project: String,
    /// All versions, where upstream lists them (PEP 700).
    pub versions: Option<Vec<String>>,
    pub files: Vec<PageFile>,
}

/// One file of a project page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PageFile {
    /// Plain file name, checked.
    pub filename: String,
    /// Where upstream serves it.
    pub url: Url,
    /// All hashes that upstream gives; `sha256` is well-formed when present.
    pub hashes: Hashes,
    pub requires_python: Option<String>,
    /// The reason, empty when none is given; `None` for a file that is not yanked (PEP 592).
    pub yanked: Option<String>,
    /// Hashes of the separate metadata file, empty when it exists without hash (PEP 658, 714).
    pub core_metadata: Option<Hashes>,
    /// Bytes.
    pub size: Option<u64>,
    /// As upstream writes it, ISO 8601.
    pub upload_time: Option<String>,
}

impl PageFile {
    /// The digest that the file must have, where upstream gives one.
    pub(crate) fn sha256(&self) -> Option<Sha256> {
        sha256_in(&self.hashes)
    }

    /// What stands for the file in links of this index: its digest, or that of its address when upstream gives none.
    pub(crate) fn key(&self) -> String {
        match self.sha256() {
            Some(digest) => digest.to_string(),
            None => format!("url-{}", Sha256::of(self.url.as_str().as_bytes())),
        }
    }

    /// The link to this file on this index, relative to its root.
    fn link(&self, token: &str) -> String {
        format!("/{token}/files/{}/{}", self.key(), names::escape(&self.filename))
    }
}

/// The sha256 among hashes, when there is one.
pub(crate) fn sha256_in(hashes: &Hashes) -> Option<Sha256> {
    hashes.get("sha256").and_then(|digest| Sha256::parse(digest))
}

/// Reads an upstream page by its media type. Files with unusable names or links are left out with a warning.
///
/// `address` is where the page was found in the end, the base of its relative links. The error is a reason in words.
pub(crate) fn read(project: &str, media_type: &str, address: &Url, body: &[u8]) -> Result<Page, String> {
    let mut page = match media_type.split(';').next().unwrap_or_default().trim() {
        "application/vnd.pypi.simple.v1+json" | "application/json" => json::read(project, address, body)?,
        "application/vnd.pypi.simple.v1+html" | "text/html" => {
            html::read(project, address, &String::from_utf8_lossy(body))?
        }
        other => {
            return Err(format!(
                "the page is of type `{other}`, expected a simple API page in JSON or HTML"
            ));
        }
    };
    page.files.retain(|file| is_usable(project, file));
    Ok(page)
}

/// Writes a page for a client, its links under that client's token.
pub(crate) fn write(page: &Page, form: Form, token: &str) -> String {
    match form {
        Form::Json => json::write(page, token),
        Form::Html | Form::PlainHtml => html::write(page, token),
    }
}

fn is_usable(project: &str, file: &PageFile) -> bool {
    let malformed = file.hashes.contains_key("sha256") && file.sha256().is_none();
    let reason = if !names::is_plain_file_name(&file.filename) {
        "its name is not a plain file name"
    } else if !matches!(file.url.scheme(), "http" | "https") {
        "its link is not http or https"
    } else if malformed {
        "its sha256 is not one"
    } else {
        return true;
    };
    tracing::warn!(project, file = ?file.filename, "left out a file of an upstream page: {reason}");
    false
}

/// Refuses pages of another major version, as PEP 629 demands.
fn check_version(version: &str) -> Result<(), String> {
    match version.split('.').next() {
        Some("1") => Ok(()),
        _ => Err(format!("the page is of simple API version `{version}`, expected 1.x")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "http://upstream.invalid/root/simple/acme/";

    fn read_both(json: &str, html: &str) -> (Page, Page) {
        let address = Url::parse(ADDRESS).unwrap();
        let from_json = read("acme", "application/vnd.pypi.simple.v1+json", &address, json.as_bytes());
        let from_html = read("acme", "text/html; charset=utf-8", &address, html.as_bytes());
        (from_json.unwrap(), from_html.unwrap())
    }

    #[test]
    fn both_forms_say_the_same() {
        let digest = "a".repeat(64);
        let json = format!(
            r#"{{"meta": {{"api-version": "1.0"}}, "name": "acme", "files": [{{
                "filename": "acme-1.0+x-py3-none-any.whl", "url": "../../files/acme-1.0%2Bx-py3-none-any.whl",
                "hashes": {{"sha256": "{digest}"}}, "requires-python": ">=3.8,<4", "yanked": "broken & gone",
                "core-metadata": {{"sha256": "{digest}"}}}}]}}"#
        );
        let html = format!(
            r#"<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"></head><body>
            <!-- <a href="commented-1.0.tar.gz">commented-1.0.tar.gz</a> -->
            <a class=x href='../../files/acme-1.0%2Bx-py3-none-any.whl#sha256={digest}' data-requires-python="&gt;=3.8,&lt;4"
               data-yanked="broken &amp; gone" data-dist-info-metadata="sha256={digest}">acme</a>
            <a href="/elsewhere/">not a file</a></body></html>"#
        );
        let (from_json, from_html) = read_both(&json, &html);
        assert_eq!(from_json.files, from_html.files);
        assert_eq!(
            from_json.files[0].url.path(),
            "/root/files/acme-1.0%2Bx-py3-none-any.whl"
        );
        assert_eq!(from_json.files[0].filename, "acme-1.0+x-py3-none-any.whl");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let original = PageFile {
            filename: "acme-1.0+x-py3-none-any.whl".into(),
            url: Url::parse("http://upstream.invalid/acme").unwrap(),
            hashes: Hashes::from([("sha256".into(), "b".repeat(64))]),
            requires_python: Some(">=3.8, !=3.9.*, <\"4\"".into()),
            yanked: Some(String::new()),
            core_metadata: Some(Hashes::new()),
            size: None,
            upload_time: None,
        };
        let page = Page {
            project: "acme".into(),
            versions: None,
            files: vec![original.clone()],
        };
        let (from_json, from_html) = read_both(&write(&page, Form::Json, "T"), &write(&page, Form::Html, "T"));
        let link = format!(
            "http://upstream.invalid/T/files/{}/acme-1.0%2Bx-py3-none-any.whl",
            "b".repeat(64)
        );
        let expected = PageFile {
            url: Url::parse(&link).unwrap(),
            ..original
        };
        assert_eq!(from_json.files, from_html.files);
        assert_eq!(from_html.files, [expected]);
    }

    #[test]
    fn files_that_could_escape_are_left_out() {
        let json = r#"{"meta": {"api-version": "1.1"}, "files": [
            {"filename": "../../etc/passwd", "url": "a.whl", "hashes": {}},
            {"filename": "a-1.whl", "url": "file:///etc/passwd", "hashes": {}},
            {"filename": "a-1.whl", "url": "a-1.whl", "hashes": {"sha256": "../../x"}},
            {"filename": "a-1.whl", "url": "a-1.whl", "hashes": {"md5": "0"}}]}"#;
        let (page, from_html) = read_both(
            json,
            r#"<a href="x/..%2f..%2fa.whl">a</a><a href="ftp://h/a.whl">a</a>"#,
        );
        assert_eq!(page.files.len(), 1);
        assert!(page.files[0].key().starts_with("url-"));
        assert_eq!(from_html.files, []);
    }

    #[test]
    fn pages_of_another_kind_are_refused() {
        let address = Url::parse(ADDRESS).unwrap();
        let newer = br#"{"meta": {"api-version": "2.0"}, "files": []}"#;
        let refused = read("acme", "application/vnd.pypi.simple.v1+json", &address, newer).unwrap_err();
        assert!(refused.contains("`2.0`"), "{refused}");
        let refused = read("acme", "image/png", &address, b"").unwrap_err();
        assert!(refused.contains("`image/png`"), "{refused}");
    }
}
