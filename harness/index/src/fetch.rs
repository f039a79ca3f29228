//! Asking the upstream index: project pages, bounded in size, and files as streams.

use std::error::Error as _;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::{Certificate, Client, Response, Url, header};

use crate::error::{IndexError, Refusal};
use crate::upstream::{Upstream, strip_credentials};

/// The largest project pages of today are about a third of this.
const MAX_PAGE_BYTES: usize = 64 << 20;

const ACCEPT_PAGE: &str = "application/vnd.pypi.simple.v1+json, \
                           application/vnd.pypi.simple.v1+html; q=0.2, text/html; q=0.1";

const CONNECT_DEADLINE: Duration = Duration::from_secs(15);
/// How long upstream may stay silent within an answer.
const SILENCE_DEADLINE: Duration = Duration::from_secs(60);

/// A project page as it was sent.
#[derive(Debug)]
pub(crate) struct RawPage {
    /// Where it was found in the end, without credentials: the base of its relative links.
    pub address: Url,
    /// Media type, in lower case.
    pub media_type: String,
    pub body: Vec<u8>,
}

/// The HTTP client of one upstream.
///
/// It trusts what the platform trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured) and the bundle of the
/// upstream, and goes through the proxies that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name. It does
/// not read proxies from pip's configuration.
#[derive(Debug)]
pub(crate) struct Fetcher {
    upstream: Upstream,
    client: Client,
}

impl Fetcher {
    pub(crate) fn new(upstream: Upstream) -> Result<Fetcher, IndexError> {
        // The process may have a provider already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("seatrial/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_DEADLINE)
            .read_timeout(SILENCE_DEADLINE);
        if let Some(bundle) = upstream.certificates() {
            let unreadable = |reason: String| IndexError::Certificates {
                path: bundle.to_owned(),
                reason,
            };
            let pem = std::fs::read(bundle).map_err(|error| unreadable(error.to_string()))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(reason(error)))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder
            .build()
            .map_err(|error| IndexError::Client { reason: reason(error) })?;
        Ok(Fetcher { upstream, client })
    }

    /// The page of a project, its name in normal form; `None` when upstream does not have it.
    pub(crate) async fn page(&self, project: &str) -> Result<Option<RawPage>, Refusal> {
        let failed = |reason| Refusal::page_of(project, reason);
        let address = self.upstream.authorise(&self.upstream.page_address(project));
        let answer = self
            .client
            .get(address)
            .header(header::ACCEPT, ACCEPT_PAGE)
            .send()
            .await;
        let mut answer = answer.map_err(|error| failed(reason(error)))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
            status => return Err(failed(format!("it answered {status}"))),
        }
        let media_type = header_text(&answer, &header::CONTENT_TYPE).to_ascii_lowercase();
        let mut address = answer.url().clone();
        strip_credentials(&mut address);

        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(reason(error)))? {
            if body.len() + chunk.len() > MAX_PAGE_BYTES {
                return Err(failed(format!("the page is larger than {} MiB", MAX_PAGE_BYTES >> 20)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(RawPage {
            address,
            media_type,
            body,
        }))
    }

    /// Begins the download of a file that a page has announced.
    pub(crate) async fn file(&self, filename: &str, address: &Url) -> Result<Response, Refusal> {
        let answer = self.client.get(self.upstream.authorise(address)).send().await;
        let answer = answer.map_err(|error| file_failed(filename, reason(error)))?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            status => Err(file_failed(filename, format!("it answered {status}"))),
        }
    }
}

pub(crate) fn file_failed(filename: &str, reason: String) -> Refusal {
    Refusal::Upstream {
        what: format!("the file `{filename}`"),
        reason,
    }
}

fn header_text<'a>(answer: &'a Response, name: &header::HeaderName) -> &'a str {
    answer
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An error with its causes, without the URL, which may hold a secret in its query.
pub(crate) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
