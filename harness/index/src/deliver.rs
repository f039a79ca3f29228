//! Sending a file: whole or one range of it, from memory or from disk in pieces, or not at all when the client has it
//! already.

use std::io::{self, SeekFrom};
use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::digest::Sha256;
use crate::error::Refusal;
use crate::spoil::Heart;

/// Memory that one response holds at a time.
const PIECE: u64 = 64 << 10;

/// A file that can be sent.
pub(crate) struct Found {
    pub digest: Sha256,
    /// Bytes.
    pub size: u64,
    /// Where one changed bit does harm; `None`: wherever.
    pub heart: Option<u64>,
    pub content: Content,
}

/// Where the bytes of a file are.
pub(crate) enum Content {
    Memory(Bytes),
    Disk(File),
}

impl Found {
    /// Answers a request for the file, with regard to `If-None-Match`, `Range` and `If-Range`.
    ///
    /// Of several ranges none is honoured: the whole file is sent, as RFC 9110 allows.
    pub(crate) async fn deliver(self, asked: &HeaderMap) -> Result<Response, Refusal> {
        deliver(self, asked).await.map_err(Refusal::cache)
    }
}

async fn deliver(found: Found, asked: &HeaderMap) -> io::Result<Response> {
    let tag = entity_tag(found.digest.as_str());
    if has_already(asked, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let size = found.size;
    let is_current = asked
        .get(header::IF_RANGE)
        .is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let (status, part, content_range) = match text(asked, &header::RANGE)
        .filter(|_| is_current)
        .map(|range| parse_range(range, size))
    {
        None | Some(Asked::Whole) => (StatusCode::OK, 0..size, None),
        Some(Asked::Part(part)) => {
            let content_range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            (StatusCode::PARTIAL_CONTENT, part, Some(content_range))
        }
        Some(Asked::Nothing) => {
            let content_range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, content_range).into_response());
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, (part.end - part.start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
        // What lies under a digest never changes.
        (header::CACHE_CONTROL, "max-age=31536000, immutable".to_owned()),
    ];
    let heart = found.heart.filter(|at| part.contains(at)).map(|at| at - part.start);
    let body = match found.content {
        Content::Memory(bytes) => Body::from(bytes.slice(part.start as usize..part.end as usize)),
        Content::Disk(file) => read_in_pieces(file, part).await?,
    };
    let mut response = (status, headers, body).into_response();
    if let Some(heart) = heart {
        response.extensions_mut().insert(Heart(heart));
    }
    if let Some(content_range) = content_range {
        let value = content_range
            .try_into()
            .expect("digits and ASCII punctuation make a header value");
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}

/// A strong entity tag, which names one sequence of bytes.
pub(crate) fn entity_tag(digest: &str) -> String {
    format!("\"{digest}\"")
}

/// Whether the client says that it has what the tag names.
pub(crate) fn has_already(asked: &HeaderMap, tag: &str) -> bool {
    let known = text(asked, &header::IF_NONE_MATCH).unwrap_or_default();
    known
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn read_in_pieces(mut file: File, part: Range<u64>) -> io::Result<Body> {
    file.seek(SeekFrom::Start(part.start)).await?;
    let left = part.end - part.start;
    let pieces = stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; left.min(PIECE) as usize];
        // A file shorter than promised is an error here, which breaks the connection: no client takes it for whole.
        file.read_exact(&mut piece).await?;
        let left = left - piece.len() as u64;
        Ok::<_, io::Error>(Some((Bytes::from(piece), (file, left))))
    });
    Ok(Body::from_stream(pieces))
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    Whole,
    Part(Range<u64>),
    /// A range that lies outside the file.
    Nothing,
}

/// Reads `bytes=first-last`, `bytes=first-` and `bytes=-length`; anything else asks for the whole.
pub(crate) fn parse_range(range: &str, size: u64) -> Asked {
    let number = |text: &str| {
        let digits = text.trim();
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok())?
    };
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(length)) if first.trim().is_empty() => size.saturating_sub(length)..size,
        _ => return Asked::Whole,
    };
    if part.is_empty() {
        Asked::Nothing
    } else {
        Asked::Part(part)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Asked, parse_range};

    proptest! {
        /// Byte by byte, as RFC 9110 section 14.1.2 defines what a range selects.
        #[test]
        fn a_range_selects_what_it_says(first in 0..20_u64, last in 0..20_u64, size in 0..16_u64) {
            let part = |is_selected: &dyn Fn(u64) -> bool| {
                let selected: Vec<u64> = (0..size).filter(|byte| is_selected(*byte)).collect();
                match (selected.first(), selected.last()) {
                    (Some(first), Some(last)) => Asked::Part(*first..last + 1),
                    _ => Asked::Nothing,
                }
            };
            let between = if first <= last { part(&|byte| (first..=last).contains(&byte)) } else { Asked::Whole };
            prop_assert_eq!(parse_range(&format!("bytes={first}-{last}"), size), between);
            prop_assert_eq!(parse_range(&format!("bytes={first}-"), size), part(&|byte| byte >= first));
            prop_assert_eq!(parse_range(&format!("bytes=-{last}"), size), part(&|byte| byte + last >= size));
        }
    }

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=8-", 8..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=5-99", 5..10),
            ("bytes=0-18446744073709551615", 0..10),
        ] {
            assert_eq!(parse_range(range, 10), Asked::Part(part), "{range}");
        }
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(parse_range(range, 10), Asked::Nothing, "{range}");
        }
        for range in [
            "",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=0-1,4-5",
            "lines=0-1",
            "bytes=x-1",
            "bytes=1-x",
            "bytes=+1-2",
        ] {
            assert_eq!(parse_range(range, 10), Asked::Whole, "{range}");
        }
    }
}
