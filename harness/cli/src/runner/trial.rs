//! The steps of one boot of a case: its replicas are launched, watched, read, started again, and ended.

use std::net::SocketAddr;
use std::ops::Range;

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt as _, stream};
use seatrial_engine::{Engine, LaunchSpec, Network, Replica, ReplicaSpec};
use seatrial_record::{Beginning, ReplicaLife};
use seatrial_spec::{Case, Restart};
use tokio::sync::watch;
use tokio::time::Instant;

use super::case_error;
use super::fleet::{Progress, Wave, waves};
use super::inside::{self, Files};
use super::layout::{Layout, Places};
use super::life::{Life, Watching, unborn};
use super::prepare::Ready;
use super::roster::Roster;
use crate::course;
use crate::session::Session;
use crate::worlds::IndexUrls;

/// Replicas that are read, and those that are removed, at a time.
const AT_ONCE: usize = 8;

/// What every step of a case needs.
pub struct Trial<'a, E> {
    pub session: &'a Session<E>,
    pub network: &'a Network,
    pub ready: &'a Ready,
    /// Number of this boot within its case.
    pub iteration: usize,
    /// Where containers find the index.
    pub address: SocketAddr,
    /// By replica.
    pub tokens: Vec<Vec<(&'static str, String)>>,
    pub places: Places,
    pub watching: Watching<'a>,
}

impl<E: Engine> Trial<'_, E> {
    /// Starts every replica in its turn, and watches until all are ready, have ended, or their time is up.
    pub async fn boot(&self, zero: Instant, layouts: &[Layout]) -> Roster<E::Replica> {
        let replicas = &self.watching.case.scenario.replicas;
        let waves = waves(&replicas.start, replicas.count);
        let progress: Vec<_> = waves.iter().map(|_| watch::channel(Progress::default()).0).collect();
        let booting = waves.into_iter().enumerate().map(|(at, wave)| {
            let before = progress[at.saturating_sub(1)].subscribe();
            let own = &progress[at];
            async move {
                wave.turn.wait(zero, before).await;
                let begun = Some(Instant::now());
                own.send_replace(Progress { begun, settled: false });
                let booted = self
                    .launch(&wave, &layouts[wave.replicas.clone()], 0, Beginning::Launched)
                    .await;
                own.send_replace(Progress { begun, settled: true });
                booted
            }
        });
        let mut roster = Roster::default();
        join_all(booting)
            .await
            .into_iter()
            .for_each(|booted| roster.take_in(booted));
        roster
    }

    /// Launches replicas and watches each from its start until it is ready, has ended, or its time is up.
    async fn launch(&self, wave: &Wave, layouts: &[Layout], life: usize, began: Beginning) -> Roster<E::Replica> {
        let who = |replica| ReplicaLife { replica, life, began };
        let mut roster = Roster::default();
        let Session { engine, owner, .. } = self.session;
        let mut launching = match engine.launch(owner, self.network, self.spec(wave, layouts)).await {
            Ok(launching) => launching.fuse(),
            Err(error) => {
                let error = case_error(error.into());
                let none = wave.replicas.clone().map(|replica| unborn(who(replica), error.clone()));
                roster.observations.extend(none);
                return roster;
            }
        };
        let mut booting = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some((replica, launched)) = launching.next() => match launched {
                    Ok(container) => booting.push(self.settle(Life::begin(&self.watching, who(replica), container, 0))),
                    Err(error) => roster.observations.push(unborn(who(replica), case_error(error.into()))),
                },
                Some(life) = booting.next() => roster.admit(life),
                else => break,
            }
        }
        drop(booting);
        roster
    }

    async fn settle(&self, mut life: Life<E::Replica>) -> Life<E::Replica> {
        if let Err(error) = life.settle(&self.watching).await {
            life.seen.error = Some(case_error(error));
        }
        life
    }

    /// Reads the facts of every life that can be asked and was not yet.
    pub async fn read(&self, roster: &mut Roster<E::Replica>) {
        let Roster { lives, files, .. } = roster;
        let unread = lives.iter_mut().filter(|life| !files.contains_key(&life.who));
        let read: Vec<_> = stream::iter(unread)
            .map(|life| async move {
                let read = inside::read(life, &self.watching, self.ready, &self.places).await;
                let files = read.unwrap_or_else(|error| {
                    life.seen.error.get_or_insert(case_error(error));
                    Files::default()
                });
                (life.who, files)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        files.extend(read);
    }

    /// Ends a life of one replica and begins its next.
    pub async fn restart(&self, restart: &Restart, roster: &mut Roster<E::Replica>) {
        let of_it = |life: &Life<E::Replica>| life.who.replica == restart.replica;
        let Some(at) = roster.lives.iter().position(of_it) else {
            // It never began, and that has been noted.
            return;
        };
        let old = roster.lives.remove(at);
        let (life, log_before) = (old.who.life + 1, old.log_before);
        let began = match restart.recreated {
            true => Beginning::Recreated,
            false => Beginning::Restarted,
        };
        let who = ReplicaLife { life, began, ..old.who };
        let (mut container, over) = old.finish().await;
        let log_before = log_before + over.log.bytes;
        roster.observations.push(over);
        if restart.recreated {
            remove(container).await;
            let wave = Wave::one(restart.replica);
            match lay_out(
                self.session,
                self.watching.case,
                self.ready,
                self.iteration,
                wave.replicas.clone(),
                life,
            )
            .await
            {
                Ok(layouts) => roster.take_in(self.launch(&wave, &layouts, life, began).await),
                Err(error) => roster.observations.push(unborn(who, case_error(error))),
            }
        } else {
            match container.restart().await {
                Ok(()) => {
                    let life = Life::begin(&self.watching, who, container, log_before);
                    let life = self.settle(life).await;
                    roster.admit(life);
                }
                Err(error) => {
                    roster.observations.push(unborn(who, case_error(error.into())));
                    remove(container).await;
                }
            }
        }
        self.read(roster).await;
    }

    /// Ends every life and removes its container.
    pub async fn finish(&self, roster: &mut Roster<E::Replica>) {
        let ended: Vec<_> = stream::iter(std::mem::take(&mut roster.lives))
            .map(|life| async {
                let (container, observation) = life.finish().await;
                remove(container).await;
                observation
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        roster.observations.extend(ended);
    }

    fn spec(&self, wave: &Wave, layouts: &[Layout]) -> LaunchSpec {
        let Watching { case, contract, .. } = &self.watching;
        let replica = |(number, layout): (usize, &Layout)| {
            let url = |name: &str| {
                let token = self.tokens[number].iter().find(|(index, _)| *index == name);
                token.map(|(_, token)| self.session.index.url(self.address, token))
            };
            let urls = IndexUrls {
                main: url("main").unwrap_or_default(),
                extra: url("extra"),
            };
            ReplicaSpec {
                number,
                env: layout.environment(case, contract, &urls, &self.address.ip().to_string()),
                mounts: layout.mounts(contract, self.ready),
            }
        };
        LaunchSpec {
            image: self.ready.derived.as_ref().unwrap_or(&self.ready.image.info).id.clone(),
            replicas: wave.replicas.clone().zip(layouts).map(replica).collect(),
            ports: vec![contract.probe.port],
            case: case.id.clone(),
        }
    }

    /// Notes on every observation when its life began and what it asked of the index. A replica keeps its tokens for all
    /// its lives; what it asked belongs to the life in which it did.
    pub fn note_index(&self, roster: &mut Roster<E::Replica>, zero: Instant) {
        for observation in &mut roster.observations {
            let who = observation.who();
            let Some(&from) = roster.begun.get(&who) else { continue };
            let lives = || roster.begun.iter().filter(|(other, _)| other.replica == who.replica);
            let until = lives()
                .find(|(other, _)| other.life == who.life + 1)
                .map(|(_, begun)| *begun);
            let only = lives().count() == 1;
            observation.launched_ns = from.saturating_duration_since(zero).as_nanos() as u64;
            observation.index = Some(course::asked(
                &self.session.index,
                &self.tokens[who.replica],
                from,
                until,
                only,
            ));
        }
    }
}

/// A container that cannot be removed is no fact of the case; the run's own clean-up, or the next start, removes it.
async fn remove(container: impl Replica) {
    if let Err(error) = container.remove().await {
        tracing::warn!("a container of a case that has ended stays for the clean-up: {error}");
    }
}

/// Makes the app folders of replicas, off the threads that watch other cases.
pub async fn lay_out(
    session: &Session<impl Engine>,
    case: &Case,
    ready: &Ready,
    iteration: usize,
    replicas: Range<usize>,
    life: usize,
) -> anyhow::Result<Vec<Layout>> {
    let folder = session.folder.path().to_owned();
    let (case, ready) = (case.clone(), ready.clone());
    let make = move |replica| Layout::make(&folder, &case, &ready, (iteration, replica, life));
    tokio::task::spawn_blocking(|| replicas.map(make).collect()).await?
}
