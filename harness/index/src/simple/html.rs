//! The HTML form of a project page (PEP 503, 592, 629, 658): a small reader that looks only at tags, and a writer.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use reqwest::Url;

use super::{HTML_HASHES, Hashes, Link, MAX_ADDRESS, Page, PageFile, check_number, check_version, told_in_html};
use crate::names;

/// Attributes of a tag; further ones are passed over.
const MAX_ATTRIBUTES: usize = 64;

/// Bytes; `#x10FFFF` with some zeros before it.
const LONGEST_ENTITY: usize = 16;

pub(super) fn read(project: &str, address: &Url, html: &str) -> Result<Page, String> {
    let mut base = Arc::new(address.clone());
    let mut files = Vec::new();
    for tag in Tags(html) {
        match tag.name.as_str() {
            "meta" if tag.attribute("name") == Some("pypi:repository-version") => {
                check_version(tag.attribute("content").unwrap_or_default())?;
            }
            "base" => {
                let href = tag.attribute("href").and_then(|href| address.join(href).ok());
                if let Some(href) = href.filter(|href| href.as_str().len() <= MAX_ADDRESS) {
                    base = Arc::new(href);
                }
            }
            "a" => {
                files.extend(read_anchor(&tag, &base));
                check_number(files.len())?;
            }
            _ => {}
        }
    }
    Ok(Page::new(project, None, files))
}

/// The file behind an anchor; `None` for anchors that lead elsewhere, such as a link to the home page.
fn read_anchor(anchor: &Tag, base: &Arc<Url>) -> Option<PageFile> {
    let href = clean(anchor.attribute("href")?);
    let (href, fragment) = href.split_once('#').unwrap_or((&href, ""));
    let link = Link::new(base, href)?;
    let filename = names::unescape(link.url().path_segments()?.next_back()?);
    if !names::is_distribution(&filename) {
        return None;
    }
    let metadata = anchor
        .attribute("data-core-metadata")
        .or_else(|| anchor.attribute("data-dist-info-metadata"));
    Some(PageFile {
        filename,
        upstream: Some(link),
        hashes: read_hash(fragment),
        requires_python: anchor.attribute("data-requires-python").map(str::to_owned),
        yanked: anchor.attribute("data-yanked").map(str::to_owned),
        core_metadata: metadata.filter(|value| *value != "false").map(read_hash),
        size: None,
        upload_time: None,
    })
}

/// A link without what URL parsers leave out: blanks around it, tabs and line ends within (WHATWG URL, 4.4).
fn clean(href: &str) -> Cow<'_, str> {
    let href = href.trim_matches(|c: char| c <= ' ');
    match href.contains(['\t', '\n', '\r']) {
        true => href.replace(['\t', '\n', '\r'], "").into(),
        false => href.into(),
    }
}

/// `sha256=abc` as hashes; anything else, such as `true` or `egg=name`, gives none.
fn read_hash(text: &str) -> Hashes {
    text.split('&')
        .filter_map(|part| part.split_once('='))
        .filter(|(algorithm, _)| HTML_HASHES.contains(algorithm))
        .map(|(algorithm, digest)| (algorithm.to_owned(), digest.to_owned()))
        .collect()
}

pub(super) fn write(page: &Page) -> String {
    let mut html = head(&format!("Links for {}", page.project));
    for file in &page.files {
        write_anchor(&mut html, file);
    }
    html + FOOT
}

pub(super) fn list<'a>(projects: impl Iterator<Item = &'a str>) -> String {
    let anchors = projects.map(|name| format!("<a href=\"{name}/\">{name}</a><br>\n"));
    head("Projects") + &anchors.collect::<String>() + FOOT
}

fn head(title: &str) -> String {
    let title = escape_text(title);
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta name=\"pypi:repository-version\" content=\"1.0\">\n\
         <title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )
}

const FOOT: &str = "</body>\n</html>\n";

fn write_anchor(html: &mut String, file: &PageFile) {
    html.push_str("<a");
    let mut attribute = |name: &str, value: &str| {
        write!(html, " {name}=\"{}\"", escape_text(value)).expect("writing to a String does not fail");
    };
    let hash = told_in_html(&file.hashes);
    let fragment = hash
        .map(|(algorithm, digest)| format!("#{algorithm}={digest}"))
        .unwrap_or_default();
    attribute("href", &(file.link() + &fragment));
    if let Some(python) = &file.requires_python {
        attribute("data-requires-python", python);
    }
    if let Some(reason) = &file.yanked {
        attribute("data-yanked", reason);
    }
    if let Some(hashes) = &file.core_metadata {
        let value = hashes
            .get("sha256")
            .map_or("true".to_owned(), |digest| format!("sha256={digest}"));
        attribute("data-dist-info-metadata", &value);
        attribute("data-core-metadata", &value);
    }
    writeln!(html, ">{}</a><br>", escape_text(&file.filename)).expect("writing to a String does not fail");
}

/// A start tag: lower-case name, and attributes with their entities resolved.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The start tags of a document, in order; text, comments, end tags and declarations are passed over.
struct Tags<'a>(&'a str);

impl Iterator for Tags<'_> {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
        loop {
            let (_, rest) = self.0.split_once('<')?;
            self.0 = rest;
            if let Some(comment) = rest.strip_prefix("!--") {
                self.0 = comment.split_once("-->").map_or("", |(_, after)| after);
            } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return Some(self.read_tag());
            }
        }
    }
}

impl Tags<'_> {
    /// Reads from behind `<` to behind `>`; a tag that the document breaks off ends with it.
    fn read_tag(&mut self) -> Tag {
        let name = self
            .take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/'))
            .to_ascii_lowercase();
        let mut attributes = Vec::new();
        loop {
            self.take_while(|c| c.is_whitespace() || c == '/');
            let Some(next) = self.0.chars().next() else { break };
            if next == '>' {
                self.0 = &self.0[1..];
                break;
            }
            // A stray `=` where a name should begin belongs to the name, as the HTML standard has it.
            let first = &self.0[..next.len_utf8()];
            self.0 = &self.0[next.len_utf8()..];
            let key = self.take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/' | '='));
            let attribute = (format!("{first}{key}").to_ascii_lowercase(), self.read_value());
            if attributes.len() < MAX_ATTRIBUTES {
                attributes.push(attribute);
            }
        }
        Tag { name, attributes }
    }

    /// The value behind an attribute's name, empty when there is none.
    fn read_value(&mut self) -> String {
        self.take_while(char::is_whitespace);
        let Some(rest) = self.0.strip_prefix('=') else {
            return String::new();
        };
        self.0 = rest;
        self.take_while(char::is_whitespace);
        match self.0.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let (value, rest) = self.0[1..].split_once(quote).unwrap_or((&self.0[1..], ""));
                self.0 = rest;
                resolve_entities(value)
            }
            _ => resolve_entities(self.take_while(|c| !c.is_whitespace() && c != '>')),
        }
    }
}

impl<'a> Tags<'a> {
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !belongs(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }
}

/// Resolves the entities that index pages use; unknown ones stay as they are.
fn resolve_entities(text: &str) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        resolved.push_str(before);
        // A text of nothing but `&` must not be searched to its end for each of them.
        let end = after.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';');
        let entity = end.and_then(|end| Some((entity(&after[..end])?, &after[end + 1..])));
        match entity {
            Some((character, tail)) => {
                resolved.push(character);
                rest = tail;
            }
            None => {
                resolved.push('&');
                rest = after;
            }
        }
    }
    resolved + rest
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// Text made safe between tags and inside double quotes.
fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(html: &str) -> Vec<PageFile> {
        read(
            "acme",
            &Url::parse("http://upstream.invalid/simple/acme/").unwrap(),
            html,
        )
        .unwrap()
        .files
    }

    fn path(file: &PageFile) -> String {
        file.upstream.as_ref().unwrap().url().path().to_owned()
    }

    #[test]
    fn sloppy_pages_are_read_like_browsers_read_them() {
        let html = "<BASE HREF=/pool/><A\n rel = \"internal\" HREF = acme-1.tar.gz#md5=00 data-yanked>x</A>\
                    <a href='acme-2.zip'data-requires-python='&gt;=3'>y</a><a>no link</a>\
                    <a href=' acme-4.whl#sha2\n56=ab\t\n'>z</a><a href=\"acme-3.whl";
        let files = files(html);
        let paths: Vec<String> = files.iter().map(path).collect();
        assert_eq!(
            paths,
            [
                "/pool/acme-1.tar.gz",
                "/pool/acme-2.zip",
                "/pool/acme-4.whl",
                "/pool/acme-3.whl"
            ]
        );
        assert_eq!(files[0].yanked.as_deref(), Some(""));
        assert_eq!(files[0].hashes["md5"], "00");
        assert_eq!(files[1].requires_python.as_deref(), Some(">=3"));
        assert_eq!(files[2].hashes["sha256"], "ab");
    }

    #[test]
    fn any_bytes_end() {
        for html in [
            "<",
            "<a",
            "<a ",
            "<a =",
            "<a href",
            "<a href=",
            "<a href='",
            "<!--",
            "<a \u{e9}=\u{e9}",
            "</",
            "a<b<c>",
        ] {
            assert_eq!(files(html), [], "{html:?}");
        }
    }

    #[test]
    fn what_would_cost_memory_without_measure_is_passed_over() {
        let crowded = |attributes: usize| format!("<a{} href=acme-1.whl>", " x".repeat(attributes));
        assert_eq!(files(&crowded(MAX_ATTRIBUTES - 1)).len(), 1);
        assert_eq!(files(&crowded(MAX_ATTRIBUTES)).len(), 0);

        let based = |length: usize| format!("<base href='/{}/'><a href=acme-1.whl>", "x".repeat(length));
        let length = |html: &str| path(&files(html)[0]).len();
        assert!(length(&based(MAX_ADDRESS / 2)) > MAX_ADDRESS / 2);
        assert_eq!(length(&based(MAX_ADDRESS)), "/simple/acme/acme-1.whl".len());
    }

    #[test]
    fn entities_are_resolved_once() {
        let nothing_but = "&".repeat(1 << 18);
        assert_eq!(
            resolve_entities(&nothing_but),
            nothing_but,
            "and does not take for ever"
        );
        assert_eq!(
            resolve_entities("&#x0010FFFF; &#x110000; &#xD800;"),
            "\u{10ffff} &#x110000; &#xD800;"
        );
        assert_eq!(
            resolve_entities("&amp;lt; &#62;&#x3E; &nbsp; & &"),
            "&lt; >> &nbsp; & &"
        );
    }
}
