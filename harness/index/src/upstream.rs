//! Which package index stands behind this one: its address, the credentials for it, and the certificates to trust.

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::Url;

use crate::discover;
use crate::error::IndexError;

/// The package index that ours stands in front of.
///
/// Credentials in its URL are used and never shown: neither `Debug`, `Display` nor [`Upstream::url`] has them.
#[derive(Clone)]
pub struct Upstream {
    /// Without credentials, ending in `/`.
    root: Url,
    credentials: Option<Credentials>,
    certificates: Option<PathBuf>,
}

/// User name and password as they stood in the URL, percent-encoded.
#[derive(Clone)]
struct Credentials {
    user: String,
    password: Option<String>,
}

impl Upstream {
    /// Finds the index that pip on this host would use: the variable `PIP_INDEX_URL`, else pip's configuration, else
    /// the default that pip's help states. `PIP_CERT`, or `cert` in pip's configuration, is trusted besides the
    /// platform's certificates.
    ///
    /// Only the first index counts: `PIP_EXTRA_INDEX_URL` and `PIP_FIND_LINKS` are not asked. Starts `python3` from
    /// the `PATH`.
    ///
    /// # Errors
    /// When none of the three names an index, or what they name cannot be used.
    pub async fn discover() -> Result<Upstream, IndexError> {
        discover::upstream().await
    }

    /// An index by the root of its simple API, `http(s)://[USER:PASSWORD@]HOST/PATH`.
    ///
    /// # Errors
    /// When the text is not such a URL.
    pub fn at(url: &str) -> Result<Upstream, IndexError> {
        Upstream::named_by("the caller", url)
    }

    /// As [`Upstream::at`], with the place to name when the URL does not hold.
    pub(crate) fn named_by(origin: &str, url: &str) -> Result<Upstream, IndexError> {
        let unusable = |reason: String| IndexError::UpstreamUrl {
            origin: origin.to_owned(),
            reason,
        };
        let mut root = Url::parse(url.trim()).map_err(|error| unusable(error.to_string()))?;
        if !matches!(root.scheme(), "http" | "https") {
            return Err(unusable(format!("its scheme is `{}`", root.scheme())));
        }
        let credentials = (!root.username().is_empty() || root.password().is_some()).then(|| Credentials {
            user: root.username().to_owned(),
            password: root.password().map(str::to_owned),
        });
        let path = format!("{}/", root.path().trim_end_matches('/'));
        root.set_path(&path);
        root.set_query(None);
        root.set_fragment(None);
        strip_credentials(&mut root);
        Ok(Upstream {
            root,
            credentials,
            certificates: None,
        })
    }

    /// Trusts the certificates of a PEM bundle besides the platform's.
    #[must_use]
    pub fn trusting(mut self, bundle: PathBuf) -> Upstream {
        self.certificates = Some(bundle);
        self
    }

    /// The root of the simple API, without credentials, ending in `/`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.root.as_str()
    }

    pub(crate) fn certificates(&self) -> Option<&Path> {
        self.certificates.as_deref()
    }

    /// Where the page of a project is, its name in normal form.
    pub(crate) fn page_address(&self, project: &str) -> Url {
        let mut address = self.root.clone();
        address.set_path(&format!("{}{project}/", self.root.path()));
        address
    }

    /// An address with the credentials put in, when it belongs to this index and not to another host.
    pub(crate) fn authorise(&self, address: &Url) -> Url {
        let mut address = address.clone();
        if let Some(credentials) = &self.credentials
            && address.origin() == self.root.origin()
        {
            // Neither fails on http and https, the only schemes that get here.
            let _ = address.set_username(&credentials.user);
            let _ = address.set_password(credentials.password.as_deref());
        }
        address
    }
}

/// Takes user name and password out of an address.
pub(crate) fn strip_credentials(address: &mut Url) {
    // Neither fails on http and https; an address of another scheme is refused before it is used.
    let _ = address.set_username("");
    let _ = address.set_password(None);
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.root.as_str())
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Upstream")
            .field("root", &self.root.as_str())
            .field("credentials", &self.credentials.as_ref().map(|_| "hidden"))
            .field("certificates", &self.certificates)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_used_for_this_host_alone_and_never_shown() {
        let upstream = Upstream::at("https://me:s3%40cret@index.invalid/root/simple").unwrap();
        assert_eq!(upstream.url(), "https://index.invalid/root/simple/");
        assert!(!format!("{upstream} {upstream:?}").contains("s3"));

        let page = upstream.page_address("six");
        assert_eq!(page.as_str(), "https://index.invalid/root/simple/six/");
        assert_eq!(upstream.authorise(&page).password(), Some("s3%40cret"));
        let elsewhere = Url::parse("https://files.invalid/six.whl").unwrap();
        assert_eq!(upstream.authorise(&elsewhere), elsewhere);
    }

    #[test]
    fn what_is_no_index_is_refused_without_repeating_it() {
        for url in [
            "",
            "index.invalid/simple",
            "file:///srv/simple",
            "ftp://me:s3cret@index.invalid/",
        ] {
            let refused = Upstream::at(url).unwrap_err().to_string();
            assert!(
                refused.contains("http(s)://HOST/PATH") && !refused.contains("s3cret"),
                "{refused}"
            );
        }
    }
}
