//! What disturbs the machine from outside seatrial: processors kept busy, storage kept busy.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Intervals of a hog, milliseconds.
const INTERVALS: std::ops::Range<u64> = 50..1_000;
/// Between two looks at whether it is its time.
const LOOK: Duration = Duration::from_millis(2);
/// Bytes of one write to storage.
const PIECE: usize = 4 << 20;

/// Threads of this process, which to seatrial are those of somebody else. They end when it is dropped.
pub struct Hog {
    ends: Arc<AtomicBool>,
    /// Whether it disturbs now.
    on: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Hog {
    /// Burns one processor at intervals drawn from a seed, half of the time.
    pub fn at_random(seed: u64) -> Hog {
        let mut lots = fastrand::Rng::with_seed(seed);
        let mut until = Instant::now();
        let mut busy = false;
        Hog::of(1, true, move || {
            if Instant::now() >= until {
                busy = !busy;
                until = Instant::now() + Duration::from_millis(lots.u64(INTERVALS));
            }
            if busy { burn() } else { thread::sleep(LOOK) }
        })
    }

    /// Burns every processor twice over while it is on.
    pub fn of_processors() -> Hog {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Hog::of(2 * processors, false, burn)
    }

    /// Writes to storage in this folder and waits for it while it is on.
    pub fn of_storage(folder: &Path) -> std::io::Result<Hog> {
        let file = Arc::new(tempfile::tempfile_in(folder)?);
        Ok(Hog::of(2, false, move || {
            // A full disk disturbs no more, which the figures show.
            let _ = write(&file);
        }))
    }

    fn of(threads: usize, on: bool, disturb: impl FnMut() + Clone + Send + 'static) -> Hog {
        let (ends, on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(on)));
        let run = |mut disturb: Box<dyn FnMut() + Send>| {
            let (ends, on) = (Arc::clone(&ends), Arc::clone(&on));
            thread::spawn(move || {
                while !ends.load(Ordering::Relaxed) {
                    if on.load(Ordering::Relaxed) {
                        disturb();
                    } else {
                        thread::sleep(LOOK);
                    }
                }
            })
        };
        let threads = (0..threads).map(|_| run(Box::new(disturb.clone()))).collect();
        Hog { ends, on, threads }
    }

    /// Begins or ends to disturb.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Keeps a processor busy until the next look.
fn burn() {
    let until = Instant::now() + LOOK;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

fn write(mut file: &File) -> std::io::Result<()> {
    file.rewind()?;
    file.write_all(&vec![7; PIECE])?;
    file.sync_all()
}
