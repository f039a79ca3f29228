//! The index as its owner holds it: worlds, tokens, listeners.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;

use crate::cache::Cache;
use crate::catalogue::Catalogue;
use crate::digest::Sha256;
use crate::error::IndexError;
use crate::listener::{self, Door, Host, Patience};
use crate::log::{Account, Request, Served};
use crate::refused::Refused;
use crate::routes;
use crate::supply::{Source, Supply};
use crate::world::{World, WorldConfig};

/// How long [`Index::shutdown`] waits for answers under way, a little longer than each listener does.
const FAREWELL: Duration = Duration::from_secs(6);
/// Hexadecimal digits of a token.
const TOKEN_DIGITS: usize = 32;

/// What an index needs to start.
#[derive(Clone, Debug)]
pub struct IndexConfig {
    /// Folder for downloaded files, made when missing; several processes may share it.
    pub cache: PathBuf,
    /// What stands behind this index.
    pub source: Source,
}

/// A running package index. Dropping it closes its listeners.
pub struct Index {
    host: Host,
    guests: Guests,
    catalogue: Catalogue,
    /// The world of whoever has none of their own: the upstream as it is.
    plain: World,
    lock_digest: Option<String>,
    records: bool,
    /// From which tokens follow that are issued again.
    secret: String,
    doors: tokio::sync::Mutex<Vec<Door>>,
    stop: watch::Sender<bool>,
}

impl Index {
    /// Prepares cache and upstream client. Nothing listens, and nothing is asked of upstream or looked for, before it is needed.
    ///
    /// # Errors
    /// When the cache folder or the lock cannot be used, or TLS cannot be prepared.
    pub fn start(config: IndexConfig) -> Result<Index, IndexError> {
        let cache = Cache::open(&config.cache).map_err(|source| IndexError::Cache {
            path: config.cache.clone(),
            source,
        })?;
        let supply = Supply::open(config.source)?;
        let lock_digest = supply.replayed().map(|lock| lock.digest().to_string());
        let records = supply.records();
        let (stop, stopping) = watch::channel(false);
        let (guests, refused) = <(Guests, Refused)>::default();
        let catalogue = Catalogue::new(supply, cache, stopping);
        let plain = World::new(catalogue.clone(), WorldConfig::default())?;
        let host = Host {
            router: routes::router(guests.clone(), refused.clone(), stop.subscribe()),
            refused,
            patience: Patience::default(),
        };
        Ok(Index {
            host,
            guests,
            catalogue,
            plain,
            lock_digest,
            records,
            secret: random_token(),
            doors: Default::default(),
            stop,
        })
    }

    /// Sets how long clients are waited for. Addresses that are listened on already keep what they have.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Index {
        self.host.patience = patience;
        self
    }

    /// The sha256, in hexadecimal, of what the lock says that is replayed, whatever the layout of its text; it was read when
    /// the index started. `None` where none is replayed.
    #[must_use]
    pub fn lock_digest(&self) -> Option<String> {
        self.lock_digest.clone()
    }

    /// Finds the upstream of [`Source::Discovered`], once in the life of the index. A request that needs the upstream does so
    /// too, but its client, which may be any pip, gets no more than a status out of a failure.
    ///
    /// # Errors
    /// As [`Upstream::discover`](crate::Upstream::discover), the same for all who ask.
    pub async fn find_upstream(&self) -> Result<(), Arc<IndexError>> {
        self.catalogue.find_upstream().await
    }

    /// Whether all that is asked of upstream is kept in a lock.
    #[must_use]
    pub fn records(&self) -> bool {
        self.records
    }

    /// A world of its own: what the clients of one case are to see, and how it moves.
    ///
    /// # Errors
    /// When the moment that it is to be shown as of is none.
    pub fn world(&self, config: WorldConfig) -> Result<World, IndexError> {
        World::new(self.catalogue.clone(), config)
    }

    /// Listens on an address of this host, on a port that the system chooses, and nowhere else. Asked again for the
    /// same address, it returns the same port.
    ///
    /// # Errors
    /// When the address does not belong to this host or has no free port.
    pub async fn listen(&self, ip: IpAddr) -> Result<SocketAddr, IndexError> {
        self.listen_at(SocketAddr::new(ip, 0)).await
    }

    /// As [`Index::listen`], on a port of the caller's choice; 0 stands for any.
    ///
    /// # Errors
    /// When the address does not belong to this host or the port is taken.
    pub async fn listen_at(&self, address: SocketAddr) -> Result<SocketAddr, IndexError> {
        let mut doors = self.doors.lock().await;
        let is_it = |known: SocketAddr| known.ip() == address.ip() && [0, known.port()].contains(&address.port());
        if let Some(door) = doors.iter().find(|door| is_it(door.address)) {
            return Ok(door.address);
        }
        let door = listener::open(address, self.host.clone(), self.stop.subscribe())
            .await
            .map_err(|source| IndexError::Listen { address, source })?;
        let address = door.address;
        doors.push(door);
        Ok(address)
    }

    /// Issues an unguessable token, under which the requests of `name`, an image build or a helper, are logged.
    #[must_use]
    pub fn issue_token(&self, name: &str) -> String {
        self.admit(name, self.plain.clone(), None)
    }

    /// As [`Index::issue_token`], for one who sees a world of its own without being a replica there.
    #[must_use]
    pub fn issue_token_for(&self, name: &str, world: &World) -> String {
        self.admit(name, world.clone(), None)
    }

    /// Issues an unguessable token to a replica of a case, which sees that case's world.
    #[must_use]
    pub fn issue_token_in(&self, world: &World, replica: usize) -> String {
        self.admit(&format!("replica {replica}"), world.clone(), Some(replica))
    }

    /// As [`Index::issue_token_in`], with the same token for the same `who` as long as this index lives, so that a client
    /// which keeps answers by their URL finds them again. Its log begins anew: whoever had it should have been forgotten.
    #[must_use]
    pub fn issue_token_again(&self, world: &World, replica: usize, who: &str) -> String {
        let digest = Sha256::of(format!("{} {who}", self.secret).as_bytes());
        let token = digest.as_str()[..TOKEN_DIGITS].to_owned();
        self.admit_with(token, who, world.clone(), Some(replica))
    }

    /// Takes tokens back, and lets go of their logs and, once nobody else holds them, of their worlds. Who comes with such a
    /// token from now on gets 403; answers under way end as they would have. A token that is unknown changes nothing.
    pub fn forget(&self, tokens: &[String]) {
        self.guests.forget(tokens);
    }

    /// The index URL to give to pip, for a client that reaches this index at `address`.
    #[must_use]
    pub fn url(&self, address: SocketAddr, token: &str) -> String {
        format!("http://{address}/{token}/simple/")
    }

    /// The finished requests of a token in the order of their end, the first 10,000 of them; none for a token that is
    /// unknown or was forgotten.
    #[must_use]
    pub fn requests(&self, token: &str) -> Vec<Request> {
        self.guests
            .find(token)
            .map(|guest| guest.account.requests())
            .unwrap_or_default()
    }

    /// The sum of a token's finished requests, all of them; nothing for a token that is unknown or was forgotten.
    #[must_use]
    pub fn served(&self, token: &str) -> Served {
        self.guests
            .find(token)
            .map(|guest| guest.account.served())
            .unwrap_or_default()
    }

    /// How many requests were turned away, because they had no token of this index or were none at all.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.host.refused.total()
    }

    /// Stops listening, breaks off downloads, and lets answers under way end for at most five seconds.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        let doors = std::mem::take(&mut *self.doors.lock().await);
        let farewell = async {
            for door in doors {
                if let Err(error) = door.accepting.await {
                    tracing::warn!(address = %door.address, "the index stopped listening early: {error}");
                }
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("the index did not end within {FAREWELL:?}");
        }
    }

    fn admit(&self, name: &str, world: World, replica: Option<usize>) -> String {
        self.admit_with(random_token(), name, world, replica)
    }

    fn admit_with(&self, token: String, name: &str, world: World, replica: Option<usize>) -> String {
        tracing::debug!(name, token, "issued a token");
        let guest = Guest {
            world,
            replica,
            account: Account::default(),
        };
        self.guests.lock().insert(token.clone(), guest);
        token
    }
}

/// 128 bits from the operating system, in hexadecimal.
fn random_token() -> String {
    let mut bits = [0; TOKEN_DIGITS / 2];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source.fill(&mut bits).expect("the operating system gives random bytes");
    bits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who has a token: what it sees, which replica it is, and its log.
#[derive(Clone)]
pub(crate) struct Guest {
    pub world: World,
    pub replica: Option<usize>,
    pub account: Account,
}

/// The guests by token.
#[derive(Clone, Default)]
pub(crate) struct Guests(Arc<Mutex<HashMap<String, Guest>>>);

impl Guests {
    pub(crate) fn find(&self, token: &str) -> Option<Guest> {
        self.lock().get(token).cloned()
    }

    fn forget(&self, tokens: &[String]) {
        // Let go of behind the lock: a world may be large.
        let forgotten: Vec<Guest> = {
            let mut guests = self.lock();
            tokens.iter().filter_map(|token| guests.remove(token)).collect()
        };
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Guest>> {
        self.0.lock().expect("nothing panics while holding this lock")
    }
}
