//! When which replicas of a case start: together, staggered, or in waves.

use std::ops::Range;
use std::time::Duration;

use seatrial_spec::Start;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Replicas that start together, and when their turn comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    pub replicas: Range<usize>,
    pub turn: Turn,
}

impl Wave {
    /// One replica, at once.
    pub fn one(replica: usize) -> Wave {
        Wave {
            replicas: replica..replica + 1,
            turn: Turn::After(Duration::ZERO),
        }
    }
}

/// When a wave may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// That long after the case began.
    After(Duration),
    /// When every replica of the wave before is ready or has ended, and that long after the wave before began.
    Settled(Duration),
}

/// The waves of a case with so many replicas, in the order in which they start.
pub fn waves(start: &Start, count: usize) -> Vec<Wave> {
    match start {
        Start::Together => vec![Wave {
            replicas: 0..count,
            turn: Turn::After(Duration::ZERO),
        }],
        Start::Staggered(apart) => (0..count)
            .map(|number| Wave {
                replicas: number..number + 1,
                turn: Turn::After(*apart * number as u32),
            })
            .collect(),
        Start::Waves { of, every } => (0..count)
            .step_by(*of)
            .map(|first| Wave {
                replicas: first..count.min(first + of),
                turn: match first {
                    0 => Turn::After(Duration::ZERO),
                    _ => Turn::Settled(every.unwrap_or_default()),
                },
            })
            .collect(),
    }
}

/// How far one wave has got, told to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    pub begun: Option<Instant>,
    pub settled: bool,
}

impl Turn {
    /// Waits for the turn of a wave. `zero` is the instant at which the case began, `before` the wave before.
    pub async fn wait(self, zero: Instant, mut before: watch::Receiver<Progress>) {
        match self {
            Turn::After(time) => sleep_until(zero + time).await,
            Turn::Settled(apart) => {
                // The sender lives as long as the case; without it nobody would wait here.
                let Ok(progress) = before
                    .wait_for(|progress| progress.settled)
                    .await
                    .map(|progress| *progress)
                else {
                    return;
                };
                if let Some(begun) = progress.begun {
                    sleep_until(begun + apart).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn every_replica_has_one_wave() {
        let numbers = |start: Start| {
            let all = waves(&start, 5);
            all.iter().flat_map(|wave| wave.replicas.clone()).collect::<Vec<_>>()
        };
        let in_pairs = Start::Waves { of: 2, every: None };
        for start in [Start::Together, Start::Staggered(S), in_pairs] {
            assert_eq!(numbers(start), [0, 1, 2, 3, 4]);
        }
        let last = waves(&Start::Waves { of: 2, every: Some(S) }, 5).pop().unwrap();
        assert_eq!((last.replicas, last.turn), (4..5, Turn::Settled(S)));
        let last = waves(&Start::Staggered(S), 3).pop().unwrap();
        assert_eq!((last.replicas, last.turn), (2..3, Turn::After(2 * S)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wave_waits_for_the_one_before_and_for_its_time() {
        let zero = Instant::now();
        let (tell, told) = watch::channel(Progress::default());
        let waiting = tokio::spawn(Turn::Settled(10 * S).wait(zero, told.clone()));
        tell.send_replace(Progress {
            begun: Some(zero),
            settled: false,
        });
        tokio::time::sleep(20 * S).await;
        assert!(!waiting.is_finished(), "the wave before has not settled");
        tell.send_replace(Progress {
            begun: Some(zero + 15 * S),
            settled: true,
        });
        waiting.await.unwrap();
        assert_eq!(Instant::now(), zero + 25 * S);
        Turn::After(30 * S).wait(zero, told).await;
        assert_eq!(Instant::now(), zero + 30 * S);
    }
}
