//! The page of one project, as data: read from either form that an upstream sends, written in either form that a client
//! accepts. Links leave pointing at this index, relative to the page, so that one page serves every token.

mod html;
mod json;
mod link;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::body::Bytes;
use jiff::Timestamp;
use reqwest::Url;

use crate::deliver::entity_tag;
use crate::digest::Sha256;
use crate::names;
use crate::negotiate::Form;

pub(crate) use link::Link;

/// Algorithm name to hexadecimal digest.
pub(crate) type Hashes = BTreeMap<String, String>;

/// A bound on memory against upstreams that list the same file over and over; far from what real pages list.
const MAX_FILES: usize = 200_000;

/// Bytes; the longest that servers take in a request.
const MAX_ADDRESS: usize = 8 << 10;

/// Algorithms whose hashes HTML may bear (PEP 503, Python's `hashlib.algorithms_guaranteed`), those of today's clients
/// first.
const HTML_HASHES: [&str; 6] = ["sha256", "sha512", "sha384", "sha224", "sha1", "md5"];

/// A project page: what the simple API says about one project.
#[derive(Debug)]
pub(crate) struct Page {
    /// Normal form of the name.
    pub project: String,
    /// All versions, where they are known (PEP 700).
    pub versions: Option<Vec<String>>,
    pub files: Vec<PageFile>,
    /// Each form once it was asked for.
    written: [OnceLock<Written>; Form::COUNT],
}

/// A page in one form.
#[derive(Debug)]
pub(crate) struct Written {
    pub body: Bytes,
    /// Its entity tag.
    pub tag: String,
}

/// One file of a project page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PageFile {
    /// Plain file name, checked.
    pub filename: String,
    /// Where upstream serves it; `None` for a file of a universe.
    pub upstream: Option<Link>,
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

impl Page {
    pub(crate) fn new(project: &str, versions: Option<Vec<String>>, files: Vec<PageFile>) -> Page {
        Page {
            project: project.to_owned(),
            versions,
            files,
            written: Default::default(),
        }
    }

    /// The page as a client gets it.
    pub(crate) fn written(&self, form: Form) -> &Written {
        self.written[form as usize].get_or_init(|| {
            let text = match form {
                Form::Json => json::write(self),
                Form::Html | Form::PlainHtml => html::write(self),
            };
            Written::new(text)
        })
    }
}

impl Written {
    pub(crate) fn new(text: String) -> Written {
        Written {
            tag: entity_tag(Sha256::of(text.as_bytes()).as_str()),
            body: text.into(),
        }
    }
}

impl PageFile {
    /// The digest that the file must have, where upstream gives one.
    pub(crate) fn sha256(&self) -> Option<Sha256> {
        sha256_in(&self.hashes)
    }

    /// When it was uploaded, where upstream tells.
    pub(crate) fn uploaded(&self) -> Option<Timestamp> {
        self.upload_time.as_deref()?.parse().ok()
    }

    /// What stands for the file in links of this index: its digest, or that of its address when upstream gives none.
    pub(crate) fn key(&self) -> String {
        self.sha256().map_or_else(
            || {
                let url = self.upstream.as_ref().map(Link::url);
                let url = url.as_ref().map_or("", Url::as_str);
                format!("url-{}", Sha256::of(url.as_bytes()))
            },
            |digest| digest.to_string(),
        )
    }

    /// The link to this file on this index, relative to its page.
    fn link(&self) -> String {
        format!("../../files/{}/{}", self.key(), names::escape(&self.filename))
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
    if address.as_str().len() > MAX_ADDRESS {
        return Err(format!(
            "the address where it was found is longer than {MAX_ADDRESS} bytes"
        ));
    }
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
    for file in &mut page.files {
        // Without the hash that it claims it could not be verified.
        file.core_metadata.take_if(|hashes| is_malformed(hashes));
    }
    Ok(page)
}

/// The list of all projects (PEP 503, 691), for an index that can list them.
pub(crate) fn list<'a>(projects: impl Iterator<Item = &'a str>, form: Form) -> Written {
    Written::new(match form {
        Form::Json => json::list(projects),
        Form::Html | Form::PlainHtml => html::list(projects),
    })
}

fn is_usable(project: &str, file: &PageFile) -> bool {
    let reason = if !names::is_plain_file_name(&file.filename) {
        "its name is not a plain file name"
    } else if !file
        .upstream
        .as_ref()
        .is_some_and(|link| matches!(link.url().scheme(), "http" | "https"))
    {
        "its link is not http or https"
    } else if is_malformed(&file.hashes) {
        "one of its hashes is none"
    } else {
        return true;
    };
    tracing::warn!(project, file = ?file.filename, "left out a file of an upstream page: {reason}");
    false
}

fn is_malformed(hashes: &Hashes) -> bool {
    let is_hexadecimal = |digest: &String| !digest.is_empty() && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    !hashes.values().all(is_hexadecimal) || hashes.contains_key("sha256") && sha256_in(hashes).is_none()
}

/// The one hash for which HTML has room (PEP 503): the first that every client knows.
pub(crate) fn told_in_html(hashes: &Hashes) -> Option<(&'static str, &str)> {
    let known = HTML_HASHES.into_iter();
    known.flat_map(|name| Some((name, hashes.get(name)?.as_str()))).next()
}

/// Refuses pages without measure.
fn check_number(files: usize) -> Result<(), String> {
    if files > MAX_FILES {
        return Err(format!("the page lists more than {MAX_FILES} files"));
    }
    Ok(())
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
            from_json.files[0].upstream.as_ref().unwrap().url().path(),
            "/root/files/acme-1.0%2Bx-py3-none-any.whl"
        );
        assert_eq!(from_json.files[0].filename, "acme-1.0+x-py3-none-any.whl");
    }

    #[test]
    fn files_that_could_escape_are_left_out() {
        let json = r#"{"meta": {"api-version": "1.1"}, "files": [
            {"filename": "../../etc/passwd", "url": "a.whl", "hashes": {}},
            {"filename": "a-1.whl", "url": "file:///etc/passwd", "hashes": {}},
            {"filename": "a-1.whl", "url": "a-1.whl", "hashes": {"sha256": "../../x"}},
            {"filename": "a-1.whl", "url": "a-1.whl", "hashes": {"md5": "0&sha256=1"}},
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
    fn pages_without_measure_are_refused() {
        let address = Url::parse(ADDRESS).unwrap();
        let most = "<a href=a.whl>".repeat(MAX_FILES);
        assert_eq!(
            read("acme", "text/html", &address, most.as_bytes())
                .unwrap()
                .files
                .len(),
            MAX_FILES
        );
        let refused = read("acme", "text/html", &address, (most + "<a href=a.whl>").as_bytes()).unwrap_err();
        assert!(refused.contains("more than 200000 files"), "{refused}");
        let file = r#"{"filename": "a.whl", "url": "a.whl", "hashes": {}},"#.repeat(MAX_FILES + 1);
        let json = format!(
            r#"{{"meta": {{"api-version": "1.0"}}, "files": [{}]}}"#,
            file.trim_end_matches(',')
        );
        let refused = read("acme", "application/json", &address, json.as_bytes()).unwrap_err();
        assert!(refused.contains("more than 200000 files"), "{refused}");
    }

    /// Joined with the page's address each link would be eight kilobytes.
    #[test]
    fn a_long_address_costs_its_memory_once() {
        let address = |length: usize| Url::parse(&format!("http://h/{}/", "x".repeat(length))).unwrap();
        let html = "<a href=a.whl>".repeat(20_000);
        let file = r#"{"filename": "a.whl", "url": "a.whl", "hashes": {}},"#.repeat(20_000);
        let json = format!(
            r#"{{"meta": {{"api-version": "1.0"}}, "files": [{}]}}"#,
            file.trim_end_matches(',')
        );
        for (media_type, body) in [("text/html", html), ("application/json", json)] {
            let page = read("acme", media_type, &address(8_000), body.as_bytes()).unwrap();
            let links: Vec<&Link> = page.files.iter().filter_map(|file| file.upstream.as_ref()).collect();
            assert_eq!(links.len(), 20_000);
            assert!(links.iter().all(|link| link.length() == "a.whl".len()));
            assert!(links[0].url().as_str().len() > 8_000);

            let refused = read("acme", media_type, &address(MAX_ADDRESS), body.as_bytes()).unwrap_err();
            assert!(refused.contains("longer than 8192 bytes"), "{refused}");
        }
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
