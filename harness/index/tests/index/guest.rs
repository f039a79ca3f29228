//! A client that sees one world of an index, and what worlds are made of in these tests.

use std::path::PathBuf;

use reqwest::header::{self, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};
use seatrial_index::{
    Action, Behind, Event, Fault, FaultKind, Index, IndexConfig, Kind, Only, Project, Release, Script, Source, Stage,
    Trigger, Universe, World, WorldConfig,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::fake_upstream::{JSON, LOCALHOST, files_below};

/// A replica, or any other client, in a world.
pub struct Guest {
    pub token: String,
    root: Url,
    client: Client,
}

impl Guest {
    /// Replica `number` of a world.
    pub async fn of(index: &Index, world: &World, number: usize) -> Guest {
        Guest::with(index, index.issue_token_in(world, number)).await
    }

    /// Whoever has this token.
    pub async fn with(index: &Index, token: String) -> Guest {
        let address = index.listen(LOCALHOST).await.unwrap();
        let root = Url::parse(&format!("http://{address}/{token}/")).unwrap();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Guest { token, root, client }
    }

    /// Sends a request with these headers, following no redirect.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = self.client.request(method, self.root.join(path).unwrap());
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, &[]).await
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().as_u16()
    }

    pub async fn html(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// A page in JSON, its path below `simple/`.
    pub async fn json(&self, path: &str) -> Value {
        let path = format!("simple/{path}");
        let answer = self.ask(Method::GET, &path, &[(header::ACCEPT, JSON)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], JSON);
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// The file names on the page of a project; none where it has no page.
    pub async fn files(&self, project: &str) -> Vec<String> {
        match self.status(&format!("simple/{project}/")).await {
            404 => Vec::new(),
            _ => self.links(project).await.into_iter().map(|(name, _)| name).collect(),
        }
    }

    /// The file names on the page of a project, each with the path of its link behind a token.
    pub async fn links(&self, project: &str) -> Vec<(String, String)> {
        let page = self.json(&format!("{project}/")).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let files = page["files"].as_array().unwrap().iter();
        files
            .map(|file| {
                let link = text(&file["url"]);
                (text(&file["filename"]), link.strip_prefix("../../").unwrap().to_owned())
            })
            .collect()
    }

    /// The path of the link to one file on the page of a project.
    pub async fn link(&self, project: &str, filename: &str) -> String {
        let links = self.links(project).await;
        let link = links.into_iter().find(|(name, _)| name == filename);
        link.unwrap_or_else(|| panic!("{filename} is not on the page of {project}"))
            .1
    }
}

/// An index before nothing.
pub struct Alone {
    pub index: Index,
    folder: TempDir,
}

impl Alone {
    pub fn new() -> Alone {
        // An index before an upstream does so itself; reqwest makes no client without it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let index = Index::start(IndexConfig {
            cache: folder.path().to_owned(),
            source: Source::Nothing,
        });
        Alone {
            index: index.unwrap(),
            folder,
        }
    }

    /// A world of `acme` 1.0 and 2.0 and `bolt` 1.0, in which this happens.
    pub fn world(&self, events: Vec<Event>) -> World {
        let universe = Universe::new(vec![project("acme", &["1.0", "2.0"]), project("bolt", &["1.0"])]);
        self.index.world(alone(universe, events)).unwrap()
    }

    /// As [`Alone::world`], with one replica that looks at it.
    pub async fn guest(&self, events: Vec<Event>) -> (World, Guest) {
        let world = self.world(events);
        let guest = Guest::of(&self.index, &world, 0).await;
        (world, guest)
    }

    /// All files in the cache, partial ones included.
    pub fn cached(&self) -> Vec<PathBuf> {
        files_below(self.folder.path())
    }
}

/// A world of a universe and nothing else, in which this happens.
pub fn alone(universe: Universe, events: Vec<Event>) -> WorldConfig {
    WorldConfig {
        universe,
        behind: Behind::Nothing,
        script: Script(events),
        seed: 7,
    }
}

/// A project of these releases, each one wheel `py3-none-any`.
pub fn project(name: &str, versions: &[&str]) -> Project {
    let releases = versions.iter().map(|version| Release {
        version: (*version).to_owned(),
        ..Release::default()
    });
    Project {
        name: name.to_owned(),
        releases: releases.collect(),
    }
}

pub fn wheel(tag: &str) -> Kind {
    Kind::Wheel {
        tag: tag.to_owned(),
        build: None,
    }
}

pub fn event(name: &str, when: Trigger, action: Action) -> Event {
    Event {
        name: name.to_owned(),
        when,
        action,
    }
}

/// When all these replicas are ready.
pub fn ready(replicas: &[usize]) -> Trigger {
    Trigger::Reached {
        stage: Stage::Ready,
        replicas: replicas.to_vec(),
    }
}

/// `acme` 2.0 appears.
pub fn publish(when: Trigger) -> Event {
    let (project, version) = ("acme".to_owned(), "2.0".to_owned());
    event("release", when, Action::Publish { project, version })
}

/// A fault of every answer, without an end.
pub fn fault(kind: FaultKind) -> Fault {
    Fault {
        kind,
        only: Only::default(),
        lasts: None,
        times: None,
    }
}

/// A fault that is there from the start, under the name `fault`.
pub fn from_start(fault: Fault) -> Event {
    event("fault", Trigger::Start, Action::Fault(fault))
}
