//! What must hold whatever a client or an upstream sends: proptest and the fuzz targets in `fuzz/` try to break it.
//!
//! A function that returns has found nothing; what is broken, it panics about.

use std::sync::Arc;

use reqwest::Url;

use crate::deliver::{self, Asked};
use crate::log;
use crate::names;
use crate::negotiate::{self, Form};
use crate::simple::{self, Link, Page, PageFile};

/// Lengths of the addresses at which a page is found: short, long, and longer than any that is taken.
const ADDRESSES: [usize; 3] = [0, 8_000, 9_000];

/// Reads bytes as an upstream's page in either form, found at addresses of any length, and what came of it once more after
/// each form was written.
pub fn page(bytes: &[u8]) {
    for length in ADDRESSES {
        let address = format!("http://upstream.invalid/{}/simple/acme/", "x".repeat(length));
        let address = Url::parse(&address).expect("this is a URL");
        for form in [Form::Json, Form::Html] {
            if let Ok(page) = simple::read("acme", form.media_type(), &address, bytes) {
                assert_ne!(length, 9_000, "a page is taken from an address without measure");
                page.files.iter().for_each(usable);
                bounded(&page, bytes.len());
                rewritten(&page, &address);
            }
        }
    }
}

/// Links take no more memory than the page that they stand on, whatever its address: each byte of it is three at most, once
/// what is no UTF-8 has been replaced.
fn bounded(page: &Page, size: usize) {
    let links = page.files.iter().filter_map(|file| file.upstream.as_ref());
    let length: usize = links.map(Link::length).sum();
    assert!(length <= 3 * size, "{length} bytes of links on a page of {size}");
}

fn usable(file: &PageFile) {
    assert!(names::is_plain_file_name(&file.filename), "{:?}", file.filename);
    let url = file
        .upstream
        .as_ref()
        .expect("a file of an upstream has an address")
        .url();
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert_eq!(file.hashes.contains_key("sha256"), file.sha256().is_some(), "{file:?}");
    assert!(!file.key().contains(['/', '.', '%']), "{}", file.key());
}

/// Both forms of a page say of each file what the page says.
pub(crate) fn rewritten(page: &Page, address: &Url) {
    for form in [Form::Json, Form::Html, Form::PlainHtml] {
        let body = &page.written(form).body;
        let again = simple::read("acme", form.media_type(), address, body).expect("our own pages can be read");
        // Who reads HTML has nothing but the name to tell files from other links.
        let told = |file: &&PageFile| form == Form::Json || names::is_distribution(&file.filename);
        let expected: Vec<PageFile> = page
            .files
            .iter()
            .filter(told)
            .map(|file| sent(file, form, address))
            .collect();
        assert_eq!(again.files, expected, "{}", String::from_utf8_lossy(body));
    }
}

/// A file as it stands on our page in this form.
fn sent(file: &PageFile, form: Form, address: &Url) -> PageFile {
    let link = format!("../../files/{}/{}", file.key(), names::escape(&file.filename));
    let mut sent = PageFile {
        upstream: Some(Link::new(&Arc::new(address.clone()), &link).expect("our links can be joined")),
        ..file.clone()
    };
    if form != Form::Json {
        (sent.size, sent.upload_time) = (None, None);
        let told = simple::told_in_html(&sent.hashes);
        sent.hashes = told
            .map(|(name, digest)| (name.to_owned(), digest.to_owned()))
            .into_iter()
            .collect();
        if let Some(hashes) = &mut sent.core_metadata {
            hashes.retain(|algorithm, _| algorithm == "sha256");
        }
    }
    sent
}

/// Takes a text for the name of a project, of a file, for a path, and for the headers that are read here.
pub fn names(text: &str) {
    let is_normal = |name: String| assert_eq!(names::normalise(&name).as_deref(), Some(name.as_str()));
    names::normalise(text).into_iter().for_each(is_normal);
    names::project_of(text).into_iter().for_each(is_normal);

    let escaped = names::escape(text);
    assert_eq!(names::unescape(&escaped), text);
    assert!(
        escaped.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'),
        "{escaped}"
    );
    // HTTP allows a path to hold any UTF-8 as it is.
    let names = [text, &escaped].map(|name| {
        [
            format!("/simple/{name}/"),
            format!("/files/key/{name}"),
            name.to_owned(),
        ]
    });
    for path in names.as_flattened() {
        let (log::Asked::Project(name) | log::Asked::File(name) | log::Asked::Metadata(name) | log::Asked::Other(name)) =
            log::Asked::from_path(path);
        assert!(!name.contains(char::is_control), "{name:?}");
        assert!(name.chars().count() <= 255 + ".metadata".len(), "{name:?}");
    }

    negotiate::choose(Some(text));
    let size = text.len() as u64;
    match deliver::parse_range(text, size) {
        Asked::Part(part) => assert!(part.start < part.end && part.end <= size, "{part:?} of {size}"),
        Asked::Whole | Asked::Nothing => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::simple::Hashes;

    fn digest() -> impl Strategy<Value = String> {
        "[0-9a-fA-F]{64}"
    }

    fn hashes() -> impl Strategy<Value = Hashes> {
        let one = |name: &'static str, digest: String| Hashes::from([(name.to_owned(), digest)]);
        prop_oneof![
            3 => digest().prop_map(move |digest| one("sha256", digest)),
            1 => "[0-9a-f]{32}".prop_map(move |digest| one("md5", digest)),
            1 => "[0-9a-f]{8}".prop_map(move |digest| one("unheard-of", digest)),
            1 => (digest(), digest()).prop_map(|(one, other)| {
                [("sha256".to_owned(), one), ("blake2b".to_owned(), other)].into()
            }),
            1 => Just(Hashes::new()),
        ]
    }

    fn filename() -> impl Strategy<Value = String> {
        let ending = prop_oneof![Just(".whl"), Just(".tar.gz"), Just(".exe"), Just(".whl.metadata")];
        let name = (r#"[^\p{Cc}/\\.][^\p{Cc}/\\]{0,30}"#, ending).prop_map(|(start, ending)| start + ending);
        name.prop_filter("it is a file name", |name| names::is_plain_file_name(name))
    }

    /// Texts as people write them where they may write what they like.
    fn reason() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            r#"(broken|"|'|<|>|&|&amp;|&lt;|&#|;|\u{1F4A5}| |\n|-->|</a>){0,12}"#
        ]
    }

    fn python() -> impl Strategy<Value = String> {
        r"((>=|<=|>|<|==|!=|~=) ?[23]\.[0-9]{1,2}(\.\*)?(, ?)?){0,3}"
    }

    fn file() -> impl Strategy<Value = PageFile> {
        let metadata = option::of(prop_oneof![
            Just(Hashes::new()),
            digest().prop_map(|digest| Hashes::from([("sha256".to_owned(), digest)])),
        ]);
        let words = (
            option::of(python()),
            option::of(reason()),
            option::of(any::<u64>()),
            option::of(reason()),
        );
        (filename(), hashes(), metadata, words).prop_map(|(filename, hashes, core_metadata, words)| PageFile {
            filename,
            upstream: None,
            hashes,
            requires_python: words.0,
            yanked: words.1,
            core_metadata,
            size: words.2,
            upload_time: words.3,
        })
    }

    /// Something like HTML: what a page is made of in any order, and anything between.
    fn sloppy_html() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            r#"<a href=["']?[a-z./%]{0,9}(\.\.|%2f|%5c|%00|%1b)?[a-z]{0,3}\.(whl|zip)(#sha256=[0-9a-f]{64})?["']?>?"#,
            r#"<(a|A|base|meta|!--|/a|!doctype)?"#,
            r#"( |/|\n)(href|HREF|data-yanked|data-core-metadata|name|content)?( ?= ?)?"#,
            r#"["'>=&;#/.%]{1,3}"#,
            r"(https?:|file:|data:|//)?[a-z./%\\]{0,9}(\.\.|%2f|%5c|%00|%2e)?[a-z]{0,3}\.(whl|zip|tar\.gz)",
            r"(#sha256=|sha256=)[0-9a-f]{0,64}",
        ];
        vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(files in vec(file(), 0..4), versions in option::of(vec(".*", 0..3))) {
            let address = Url::parse("http://index.invalid/token/simple/acme/").unwrap();
            rewritten(&Page::new("acme", versions, files), &address);
        }

        #[test]
        fn no_page_makes_a_reader_panic_or_yields_a_file_that_could_escape(html in sloppy_html()) {
            page(html.as_bytes());
        }

        #[test]
        fn nor_does_anything_in_json(
            name in any::<String>(),
            url in r#"(https?:|file:|//|\.\./)?[a-z./%"\\]{0,20}"#,
            digest in r"[0-9a-f]{64}|.{0,9}",
            value in prop_oneof![Just("true"), Just("null"), Just("\"\""), Just("{}"), Just("{\"sha256\": \"..\"}")],
        ) {
            let file = serde_json::json!({ "filename": name, "url": url, "hashes": { "sha256": digest } });
            let file = file.to_string().replacen('{', &format!("{{\"core-metadata\": {value}, \"yanked\": {value},"), 1);
            page(format!("{{\"meta\": {{\"api-version\": \"1.0\"}}, \"files\": [{file}]}}").as_bytes());
        }

        #[test]
        fn no_name_path_or_header_does_harm(text in any::<String>(), header in r"(bytes=|\*/\*|text/html|;|,|q=|-|[0-9]| ){0,12}") {
            names(&text);
            names(&header);
        }
    }
}
