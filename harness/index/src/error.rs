//! What can go wrong: before the index serves ([`IndexError`]), and when it must refuse a client ([`Refusal`]).

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why the index cannot start, listen or find its upstream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The cache folder cannot be made or read.
    #[error("cannot use `{}` as the package cache: {source}; name a folder that can be written", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error(
        "the package index cannot listen on {address}: {source}; the address must belong to this host, its port be free"
    )]
    Listen {
        /// The address asked for; port 0 is any.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// None of the three places names an upstream.
    #[error(
        "no package index found upstream; looked, in this order, at\n  \
         1. the variable PIP_INDEX_URL: not set\n  \
         2. index-url in `python3 -m pip config list`: {config}\n  \
         3. the default in `python3 -m pip install --help`: {help}\n\
         set PIP_INDEX_URL to the simple API of an index that this host can reach"
    )]
    NoUpstream {
        /// Why pip's configuration gave none.
        config: String,
        /// Why pip's help gave none.
        help: String,
    },
    /// The upstream is named, but cannot be used. The URL itself is left out: it may hold a password.
    #[error(
        "the upstream package index named by {origin} cannot be used: {reason}; expected http(s)://HOST/PATH, the root of a simple API"
    )]
    UpstreamUrl {
        /// Who named it.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The certificates that pip is told to trust cannot be read.
    #[error("cannot read the certificates in `{}` (PIP_CERT, or cert in pip's configuration): {reason}; expected a PEM bundle", path.display())]
    Certificates {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The lock cannot be used.
    #[error("cannot use `{}` as the lock of an index: {reason}; {remedy}", path.display())]
    Lock {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do about it, which is not the same for who writes a lock and who reads one.
        remedy: &'static str,
    },
    /// The moment to travel to is none.
    #[error("`{text}` is not a moment: {reason}; expected RFC 3339, as in 2024-05-01T00:00:00Z")]
    AsOf {
        /// As it was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client cannot be made; most often the host has no trusted certificates.
    #[error("cannot prepare TLS for the upstream package index: {reason}; set SSL_CERT_FILE to a PEM bundle")]
    Client {
        /// What the client said.
        reason: String,
    },
}

/// Why a client does not get what it asked for. The text is the body of the answer, so it says what to do next.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the first part of this path is not a token of this index; use an index URL that this run of seatrial issued"
    )]
    UnknownToken,
    #[error("this index does not list all projects; ask for one by name: simple/PROJECT/")]
    NoListing,
    #[error("nothing is served here; this index serves simple/PROJECT/ and the files that its pages link to")]
    NoSuchPath,
    #[error(
        "`{}` is not a project name: expected letters, digits, `-`, `_` and `.`, first and last a letter or digit",
        .0.escape_debug()
    )]
    BadProject(String),
    #[error("this index has no project `{0}`")]
    NoSuchProject(String),
    #[error("the lock does not hold {0}; record it again with `--record-index`")]
    NotInLock(String),
    #[error(
        "`{0}` cannot be shown as of a date: its page does not tell the upload time of every file; \
         expected an upstream that serves PEP 700 JSON"
    )]
    NoUploadTimes(String),
    #[error(
        "no page of this index has announced a file `{}` under this link; ask for its project page first",
        .0.escape_debug()
    )]
    NotAnnounced(String),
    #[error(
        "none of the accepted types can be served; \
         expected application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html or text/html"
    )]
    NotAcceptable,
    #[error("this index remembers {0} projects at most in one run, and that many have been asked for")]
    TooManyProjects(usize),
    #[error("upstream failed for {what}: {reason}; check that this host reaches its package index")]
    Upstream { what: String, reason: String },
    #[error(
        "`{filename}` from upstream is not the file its page promises: \
         expected sha256 {expected}, got {actual}; nothing was kept"
    )]
    WrongHash {
        filename: String,
        expected: String,
        actual: String,
    },
    #[error("the package cache failed: {0}; check space and rights of the cache folder, then ask again")]
    Cache(String),
    #[error("the lock `{}` failed: {reason}; check space and rights of its folder, then ask again", lock.display())]
    Lock { lock: PathBuf, reason: String },
    #[error(
        "the universe's file `{filename}` cannot be made: {reason}; \
         a big one is kept in the package cache: check space and rights of its folder, then ask again"
    )]
    NotMade { filename: String, reason: String },
    #[error("the index is shutting down")]
    Stopping,
}

impl Refusal {
    /// The page of a project could not be had.
    pub(crate) fn page_of(project: &str, reason: String) -> Refusal {
        Refusal::Upstream {
            what: format!("the page of `{project}`"),
            reason,
        }
    }

    pub(crate) fn cache(error: std::io::Error) -> Refusal {
        Refusal::Cache(error.to_string())
    }

    /// A file of a universe could not be made.
    pub(crate) fn not_made(filename: &str, error: std::io::Error) -> Refusal {
        Refusal::NotMade {
            filename: filename.to_owned(),
            reason: error.to_string(),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Refusal::UnknownToken => StatusCode::FORBIDDEN,
            Refusal::BadProject(_) => StatusCode::BAD_REQUEST,
            Refusal::NoListing | Refusal::NoSuchPath | Refusal::NoSuchProject(_) | Refusal::NotAnnounced(_) => {
                StatusCode::NOT_FOUND
            }
            Refusal::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Refusal::Upstream { .. } | Refusal::WrongHash { .. } | Refusal::NoUploadTimes(_) => StatusCode::BAD_GATEWAY,
            // Not a status that clients ask again for: the lock will not hold it then either.
            Refusal::NotInLock(_) => StatusCode::FAILED_DEPENDENCY,
            Refusal::Cache(_) | Refusal::Lock { .. } | Refusal::NotMade { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::TooManyProjects(_) | Refusal::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = format!("seatrial index: {self}\n");
        (
            self.status(),
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            body,
        )
            .into_response()
    }
}
