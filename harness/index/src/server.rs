//! The server: tokens, listeners and routes.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{self, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cache::Cache;
use crate::catalogue::Catalogue;
use crate::deliver::{deliver, entity_tag, has_already};
use crate::digest::Sha256;
use crate::error::{IndexError, Refusal};
use crate::fetch::Fetcher;
use crate::log::{Account, Request, Served};
use crate::names::normalise;
use crate::upstream::Upstream;
use crate::{negotiate, simple};

/// How long [`Index::shutdown`] waits for answers under way.
const FAREWELL: Duration = Duration::from_secs(5);

/// What an index needs to start.
#[derive(Clone, Debug)]
pub struct IndexConfig {
    /// Folder for downloaded files, made when missing; several processes may share it.
    pub cache: PathBuf,
    /// The index to stand in front of.
    pub upstream: Upstream,
}

/// A running package index. Dropping it closes its listeners.
pub struct Index {
    router: Router,
    accounts: Accounts,
    doors: tokio::sync::Mutex<BTreeMap<IpAddr, Door>>,
    stop: watch::Sender<bool>,
}

/// One address that is listened on.
struct Door {
    address: SocketAddr,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Index {
    /// Prepares cache and upstream client. Nothing listens, and nothing is asked of upstream, before it is needed.
    ///
    /// # Errors
    /// When the cache folder cannot be used, or TLS cannot be prepared.
    pub fn start(config: IndexConfig) -> Result<Index, IndexError> {
        let cache = Cache::open(&config.cache).map_err(|source| IndexError::Cache {
            path: config.cache.clone(),
            source,
        })?;
        let fetcher = Fetcher::new(config.upstream)?;
        let (stop, stopping) = watch::channel(false);
        let accounts = Accounts::default();
        let router = routes(Catalogue::new(fetcher, cache, stopping), accounts.clone());
        Ok(Index {
            router,
            accounts,
            doors: Default::default(),
            stop,
        })
    }

    /// Listens on an address of this host, on a port that the system chooses, and nowhere else. Asked again for the
    /// same address, it returns the same port.
    ///
    /// # Errors
    /// When the address does not belong to this host or has no free port.
    pub async fn listen(&self, ip: IpAddr) -> Result<SocketAddr, IndexError> {
        let mut doors = self.doors.lock().await;
        if let Some(door) = doors.get(&ip) {
            return Ok(door.address);
        }
        let failed = |source| IndexError::Listen { ip, source };
        let listener = TcpListener::bind((ip, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let listener = listener.tap_io(|connection| {
            // Only latency is lost where this fails.
            let _ = connection.set_nodelay(true);
        });
        let mut stopping = self.stop.subscribe();
        let told_to_stop = async move {
            // An error means that the index was dropped, which is to stop as well.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let serving = axum::serve(listener, self.router.clone()).with_graceful_shutdown(told_to_stop);
        doors.insert(
            ip,
            Door {
                address,
                serving: tokio::spawn(serving.into_future()),
            },
        );
        Ok(address)
    }

    /// Issues an unguessable token, under which the requests of `name`, a replica or an image build, are logged.
    #[must_use]
    pub fn issue_token(&self, name: &str) -> String {
        let token = random_token();
        tracing::debug!(name, token, "issued a token");
        self.accounts.lock().insert(token.clone(), Account::default());
        token
    }

    /// The index URL to give to pip, for a client that reaches this index at `address`.
    #[must_use]
    pub fn url(&self, address: SocketAddr, token: &str) -> String {
        format!("http://{address}/{token}/simple/")
    }

    /// The finished requests of a token in the order of their end, the first 10,000 of them; none for an unknown token.
    #[must_use]
    pub fn requests(&self, token: &str) -> Vec<Request> {
        self.accounts
            .find(token)
            .map(|account| account.requests())
            .unwrap_or_default()
    }

    /// The sum of a token's finished requests, all of them.
    #[must_use]
    pub fn served(&self, token: &str) -> Served {
        self.accounts
            .find(token)
            .map(|account| account.served())
            .unwrap_or_default()
    }

    /// Stops listening, breaks off downloads, and lets answers under way end for at most five seconds.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        let doors = std::mem::take(&mut *self.doors.lock().await);
        let farewell = async {
            for door in doors.into_values() {
                if let Ok(Err(error)) = door.serving.await {
                    tracing::warn!(address = %door.address, "the index stopped listening early: {error}");
                }
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("the index left clients behind that did not take their answer within {FAREWELL:?}");
        }
    }
}

/// 128 bits from the operating system, in hexadecimal.
fn random_token() -> String {
    let mut bits = [0; 16];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source.fill(&mut bits).expect("the operating system gives random bytes");
    bits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The logs by token.
#[derive(Clone, Default)]
struct Accounts(Arc<Mutex<HashMap<String, Account>>>);

impl Accounts {
    fn find(&self, token: &str) -> Option<Account> {
        self.lock().get(token).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().expect("nothing panics while holding this lock")
    }
}

fn routes(catalogue: Catalogue, accounts: Accounts) -> Router {
    Router::new()
        .route("/{token}/simple/", get(async || Refusal::NoListing))
        .route("/{token}/simple/{project}", get(redirect_to_page))
        .route("/{token}/simple/{project}/", get(project_page))
        .route("/{token}/files/{key}/{filename}", get(file))
        .fallback(async || Refusal::NoSuchPath)
        .layer(middleware::from_fn_with_state(accounts, admit))
        .with_state(catalogue)
}

/// Lets in who has a token, and follows the answer into the log of that token.
async fn admit(State(accounts): State<Accounts>, request: extract::Request, next: Next) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let (token, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let Some(account) = accounts.find(token) else {
        tracing::warn!("refused a request without a token of this index");
        return Refusal::UnknownToken.into_response();
    };
    let recording = account.begin(request.method(), rest);
    recording.follow(next.run(request).await)
}

async fn redirect_to_page(Path((token, project)): Path<(String, String)>) -> Result<Response, Refusal> {
    let normal = normalise(&project).ok_or(Refusal::BadProject(project))?;
    let page = format!("/{token}/simple/{normal}/");
    Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, page)]).into_response())
}

async fn project_page(
    State(catalogue): State<Catalogue>,
    Path((token, project)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Refusal> {
    if normalise(&project).as_ref() != Some(&project) {
        return redirect_to_page(Path((token, project))).await;
    }
    let accept = asked.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let form = negotiate::choose(accept).ok_or(Refusal::NotAcceptable)?;
    let page = simple::write(&*catalogue.page(&project).await?, form, &token);
    let tag = entity_tag(Sha256::of(page.as_bytes()).as_str());
    let headers = [
        (header::CONTENT_TYPE, form.media_type().to_owned()),
        (header::VARY, "Accept".to_owned()),
        // Ask every time: the request belongs in the log even when the page has not changed.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    if has_already(&asked, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, page).into_response())
}

async fn file(
    State(catalogue): State<Catalogue>,
    Path((_, key, filename)): Path<(String, String, String)>,
    asked: HeaderMap,
) -> Result<Response, Refusal> {
    let (cached, file) = catalogue.file(&key, &filename).await?;
    deliver(&cached, file, &asked)
        .await
        .map_err(|error| Refusal::Cache(error.to_string()))
}
