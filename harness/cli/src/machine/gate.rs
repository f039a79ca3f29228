//! Holds a timed boot back while something else uses the processors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Meter;

/// How long the machine is watched before it is called quiet or not.
const WINDOW: Duration = Duration::from_millis(100);
/// Share of all processors that others may use while a boot is timed.
const QUIET_BELOW: f64 = 0.10;

/// Lets a timed boot begin when others use little of the machine, or when waiting for that has taken too long.
pub struct Gate {
    meter: Meter,
    /// How long one boot is held back at most; `None`: not at all.
    patience: Option<Duration>,
    told: AtomicBool,
}

/// What the gate did to one boot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// How long it was held back.
    pub back: Duration,
    /// Share of the processors that others used when it was let go although they were not quiet; told once per gate.
    pub unquiet: Option<f64>,
}

impl Gate {
    /// A gate that holds a boot back for so long at most; `None`: it stands open.
    pub fn new(meter: Meter, patience: Option<Duration>) -> Gate {
        Gate {
            meter,
            patience,
            told: AtomicBool::new(false),
        }
    }

    /// What it reads the machine with.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Waits, window by window, for one in which others used little. A first window that was quiet holds nothing back.
    pub async fn wait(&self) -> Held {
        let (Some(patience), Some(mut earlier)) = (self.patience, self.meter.read()) else {
            return Held::default();
        };
        let mut held = Held::default();
        let begun = Instant::now();
        loop {
            sleep(WINDOW).await;
            let Some(later) = self.meter.read() else {
                return held;
            };
            let share = later.foreign_share(&earlier);
            if share < QUIET_BELOW {
                return held;
            }
            held.back = begun.elapsed();
            if held.back >= patience {
                let first = !self.told.swap(true, Ordering::Relaxed);
                held.unquiet = first.then_some(share);
                return held;
            }
            earlier = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::Moment;
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A machine of one processor that others keep busy until some time after its making.
    fn busy_for(time: Duration) -> Meter {
        let begun = Instant::now();
        Meter::scripted(move || {
            let age = begun.elapsed();
            Some(Moment {
                at: Instant::now(),
                busy: age.min(time),
                all: age,
                own: Duration::ZERO,
                pressure: [None; 3],
            })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_boot_waits_for_the_first_quiet_window() {
        let gate = Gate::new(busy_for(250 * MS), Some(30_000 * MS));
        let begun = Instant::now();
        let held = gate.wait().await;
        assert_eq!((held.back, held.unquiet), (300 * MS, None));
        assert_eq!(begun.elapsed(), 400 * MS);
        assert_eq!(gate.wait().await, Held::default(), "quiet from the first window on");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_is_told_once() {
        let gate = Gate::new(busy_for(Duration::from_secs(3600)), Some(1000 * MS));
        let told = [gate.wait().await, gate.wait().await];
        assert!(told.iter().all(|held| held.back == 1000 * MS));
        assert_eq!(told.map(|held| held.unquiet), [Some(1.0), None]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_gate_and_a_machine_that_does_not_tell_hold_nothing_back() {
        let begun = Instant::now();
        let asked = std::sync::Arc::new(Mutex::new(0));
        let counting = std::sync::Arc::clone(&asked);
        let mute = Meter::scripted(move || {
            *counting.lock().unwrap() += 1;
            None
        });
        assert_eq!(Gate::new(mute, Some(1000 * MS)).wait().await, Held::default());
        assert_eq!(*asked.lock().unwrap(), 1);
        let open = Gate::new(busy_for(Duration::from_secs(3600)), None);
        assert_eq!(open.wait().await, Held::default());
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
