//! Finding the index that pip on this host would use, so that no address stands in this program.

use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::{self, Either};
use tokio::process::Command;

use crate::error::IndexError;
use crate::upstream::Upstream;

/// pip answers in about a second; a host that swaps may need many.
const PIP_DEADLINE: Duration = Duration::from_secs(60);

pub(crate) async fn upstream() -> Result<Upstream, IndexError> {
    search(|name| std::env::var(name).ok(), ask_pip).await
}

/// Looks in the three places, with the environment and pip as given.
async fn search<Answer: Future<Output = Result<String, String>>>(
    variable: impl Fn(&str) -> Option<String>,
    ask_pip: impl Fn(&'static [&'static str]) -> Answer,
) -> Result<Upstream, IndexError> {
    let variable = |name| variable(name).filter(|value| !value.trim().is_empty());
    let config = async {
        let listing = ask_pip(&["config", "list"]).await;
        listing.map(|listing| Config::parse(&listing))
    };
    let (url, bundle) = (variable("PIP_INDEX_URL"), variable("PIP_CERT"));
    let (upstream, config) = match url {
        Some(url) => {
            let config = match bundle {
                Some(_) => Ok(Config::default()),
                None => config.await,
            };
            (Upstream::named_by("the variable PIP_INDEX_URL", &url)?, config)
        }
        None => configured_or_default(config, ask_pip(&["install", "--help"])).await?,
    };
    let bundle = bundle.or_else(|| config.ok()?.cert);
    Ok(match bundle {
        Some(bundle) => upstream.trusting(bundle.into()),
        None => upstream,
    })
}

/// Asks for pip's configuration and its help at the same time, because each takes pip long, and gives the help up as soon as
/// the configuration names an index.
async fn configured_or_default(
    config: impl Future<Output = Result<Config, String>>,
    help: impl Future<Output = Result<String, String>>,
) -> Result<(Upstream, Result<Config, String>), IndexError> {
    let (config, help) = (pin!(config), pin!(help));
    let (config, help) = match future::select(config, help).await {
        Either::Left((config, help)) => (config, Either::Left(help)),
        Either::Right((help, config)) => (config.await, Either::Right(future::ready(help))),
    };
    if let Ok(Config {
        index_url: Some(url), ..
    }) = &config
    {
        return Ok((Upstream::named_by("pip's configuration", url)?, config));
    }
    let default = |help: String| default_in_help(&help).ok_or("it states no default index".to_owned());
    match help.await.and_then(default) {
        Ok(url) => Ok((Upstream::named_by("pip's own default", &url)?, config)),
        Err(help) => {
            let config = config.err().unwrap_or("not set".to_owned());
            Err(IndexError::NoUpstream { config, help })
        }
    }
}

/// Runs `python3 -m pip` and returns what it prints; the error is a reason in words.
async fn ask_pip(arguments: &'static [&'static str]) -> Result<String, String> {
    let command = format!("python3 -m pip {}", arguments.join(" "));
    let run = Command::new("python3")
        .args(["-m", "pip", "--disable-pip-version-check"])
        .args(arguments)
        // Wide enough that pip does not break an address in two.
        .env("COLUMNS", "1000")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PIP_DEADLINE, run)
        .await
        .map_err(|_| format!("`{command}` did not end within {} s", PIP_DEADLINE.as_secs()))?
        .map_err(|error| format!("`{command}` cannot be started: {error}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let last_line = complaint.lines().next_back().unwrap_or("no message");
        return Err(format!("`{command}` failed ({}): {last_line}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The two settings of pip's configuration that matter here.
#[derive(Debug, Default, PartialEq)]
struct Config {
    index_url: Option<String>,
    cert: Option<String>,
}

impl Config {
    /// Reads `pip config list`: lines of `section.key='value'`. The section `install` counts before `global`.
    fn parse(listing: &str) -> Config {
        let find = |key: &str| {
            ["install", "global"].iter().find_map(|section| {
                let start = format!("{section}.{key}=");
                let value = listing.lines().find_map(|line| line.strip_prefix(&start))?;
                let value = value.trim().trim_matches(['\'', '"']).trim();
                (!value.is_empty()).then(|| value.to_owned())
            })
        };
        Config {
            index_url: find("index-url"),
            cert: find("cert"),
        }
    }
}

/// The `(default URL)` behind `--index-url`; whitespace inside is the work of line breaks.
fn default_in_help(help: &str) -> Option<String> {
    let (_, about_index) = help.split_once(" --index-url <url>")?;
    let (_, default) = about_index.split_once("(default")?;
    let (url, _) = default.split_once(')')?;
    let url: String = url.split_whitespace().collect();
    (!url.is_empty()).then_some(url)
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::*;

    const HELP: &str = "  -i, --index-url <url>       Base URL of the Python Package Index (default\n      \
                        https://default.invalid/simple). This should point to\n  --extra-index-url <url> (default x)";

    async fn found(
        variables: &[(&str, &str)],
        config: Result<&str, &str>,
        help: Result<&str, &str>,
    ) -> Result<Upstream, IndexError> {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let ask = |arguments: &'static [&'static str]| {
            let answer = if arguments[0] == "config" { config } else { help };
            ready(answer.map(str::to_owned).map_err(str::to_owned))
        };
        search(variable, ask).await
    }

    #[tokio::test]
    async fn the_variable_goes_before_the_configuration_and_that_before_the_default() {
        let variable = [("PIP_INDEX_URL", "http://variable.invalid/simple")];
        let config =
            "global.index-url='http://global.invalid/simple'\ninstall.index-url='http://install.invalid/simple'";
        let host = async |variables: &[(&str, &str)], config| {
            found(variables, Ok(config), Ok(HELP)).await.unwrap().url().to_owned()
        };
        assert_eq!(host(&variable, config).await, "http://variable.invalid/simple/");
        assert_eq!(
            host(&[("PIP_INDEX_URL", " ")], config).await,
            "http://install.invalid/simple/"
        );
        assert_eq!(host(&[], ":env:.cert='/x'").await, "https://default.invalid/simple/");
    }

    #[tokio::test]
    async fn the_certificates_of_pip_are_trusted() {
        let config = Ok("global.cert='/etc/own.pem'");
        let from_config = found(&[], config, Ok(HELP)).await.unwrap();
        assert_eq!(from_config.certificates().unwrap().to_str(), Some("/etc/own.pem"));
        let from_variable = found(&[("PIP_CERT", "/etc/other.pem")], config, Ok(HELP))
            .await
            .unwrap();
        assert_eq!(from_variable.certificates().unwrap().to_str(), Some("/etc/other.pem"));
    }

    #[tokio::test]
    async fn pip_is_asked_no_more_than_is_needed_and_never_waited_for_in_vain() {
        let both = |name: &str| Some(format!("http://{name}.invalid/simple"));
        let asked = |_: &'static [&'static str]| -> Ready<_> { panic!("both variables are set") };
        assert!(search(both, asked).await.is_ok());

        let hanging_help = |arguments: &'static [&'static str]| async {
            match arguments[0] {
                "config" => Ok("global.index-url='http://global.invalid/simple'".to_owned()),
                _ => std::future::pending().await,
            }
        };
        let found = search(|_| None, hanging_help).await.unwrap();
        assert_eq!(found.url(), "http://global.invalid/simple/");
    }

    #[tokio::test]
    async fn when_nothing_is_found_all_three_places_are_named() {
        let missing = found(&[], Err("no python3 here"), Err("no python3 there"))
            .await
            .unwrap_err()
            .to_string();
        for expected in [
            "PIP_INDEX_URL",
            "pip config list",
            "no python3 here",
            "pip install --help",
            "no python3 there",
        ] {
            assert!(missing.contains(expected), "{missing}");
        }
    }
}
