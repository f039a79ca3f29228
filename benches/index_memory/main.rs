//! What serving a large file of a universe takes: memory of the serving process and throughput, with one client and with
//! eight at once.

mod server;

use std::path::Path;
use std::thread;
use std::time::Instant;

use seatrial_benches::{Bench, Client, Figure, FirstFile, request};
use sha2::{Digest as _, Sha256};

use server::{Memory, PROJECT, SERVE, Server};

/// Bytes of the file when measuring, but for its few other members.
const SIZE: u64 = 500_000_000;
/// The same when only checking: still far above what may stay in memory.
const SMALL: u64 = 64 << 20;
/// The most that the process may grow, MiB: less than any file that it could have taken in whole.
const FLAT: f64 = 32.0;
/// Clients at once.
const CROWDS: [usize; 2] = [1, 8];

/// The file read whole by so many at once.
struct Reading {
    clients: usize,
    seconds: f64,
    bytes: u64,
    /// When the process had served nothing yet.
    idle: Memory,
    before: Memory,
    after: Memory,
}

impl Reading {
    /// MiB that the process took at the peak beyond what it takes idle.
    fn growth(&self) -> f64 {
        mib(self.after.peak.saturating_sub(self.idle.now))
    }

    fn row(&self) -> [String; 6] {
        let [before, peak, after] = [self.before.now, self.after.peak, self.after.now].map(|kib| kib.to_string());
        let seconds = format!("{:.6}", self.seconds);
        [
            self.clients.to_string(),
            self.bytes.to_string(),
            seconds,
            before,
            peak,
            after,
        ]
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, cache, size] = arguments.as_slice()
        && word == SERVE
    {
        return server::serve(Path::new(cache), size.parse()?);
    }

    let mut bench = Bench::begin("index_memory", env!("CARGO_TARGET_TMPDIR"))?;
    let cache = tempfile::tempdir_in(bench.folder())?;
    let server = Server::start(cache.path(), if bench.is_measuring() { SIZE } else { SMALL })?;
    let idle = server.memory()?;
    let file = make(&server, idle)?;

    let mut order: Vec<usize> = CROWDS.repeat(bench.pairs());
    bench.lots().shuffle(&mut order);
    let readings = order.into_iter().map(|clients| read(&server, idle, &file, clients));
    let readings = readings.collect::<anyhow::Result<Vec<Reading>>>()?;
    for reading in &readings {
        let (clients, growth) = (reading.clients, reading.growth());
        anyhow::ensure!(
            growth < FLAT,
            "serving {} bytes to {clients} at once took {growth:.1} MiB; below {FLAT} MiB it counts as flat",
            file.size
        );
    }
    if bench.is_measuring() {
        tell(&readings);
        let columns = ["clients", "bytes", "seconds", "before_kib", "peak_kib", "after_kib"].map(str::to_owned);
        bench.keep("readings", &columns, readings.iter().map(Reading::row))?;
    }
    Ok(())
}

/// Has the file made, and reads it once to see that it is what the page promises.
fn make(server: &Server, idle: Memory) -> anyhow::Result<FirstFile> {
    let mut client = Client::connect(server.address)?;
    let begun = Instant::now();
    let file = FirstFile::of(&mut client, &server.token, PROJECT)?;
    let seconds = begun.elapsed().as_secs_f64();
    let growth = mib(server.memory()?.peak.saturating_sub(idle.now));
    println!(
        "index_memory: {} bytes were made in {seconds:.1} s by a process of {:.1} MiB, with {growth:.1} MiB more",
        file.size,
        mib(idle.now)
    );

    let mut hasher = Sha256::new();
    let length = client.pour(&request(&file.path, "*/*"), |piece| hasher.update(piece))?;
    let digest: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    anyhow::ensure!(
        (length, &digest) == (file.size, &file.sha256),
        "{length} bytes with the sha256 {digest} came, promised was {file:?}"
    );
    Ok(file)
}

/// So many clients read the whole file at once.
fn read(server: &Server, idle: Memory, file: &FirstFile, clients: usize) -> anyhow::Result<Reading> {
    server.forget_peak()?;
    let before = server.memory()?;
    let asked = request(&file.path, "*/*");
    let begun = Instant::now();
    let bytes = thread::scope(|scope| {
        let reading: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| Client::connect(server.address)?.pour(&asked, |_| ())))
            .collect();
        let lengths = reading
            .into_iter()
            .map(|client| client.join().expect("a client does not panic"));
        lengths.sum::<std::io::Result<u64>>()
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    anyhow::ensure!(bytes == file.size * clients as u64, "{bytes} bytes came");
    Ok(Reading {
        clients,
        seconds,
        bytes,
        idle,
        before,
        after: server.memory()?,
    })
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn tell(readings: &[Reading]) {
    for clients in CROWDS {
        let of_it = || readings.iter().filter(move |reading| reading.clients == clients);
        let rate = Figure::of(of_it().map(|reading| reading.bytes as f64 / 1e6 / reading.seconds));
        let most = of_it().map(Reading::growth).fold(0.0, f64::max);
        println!("{clients} at once, {} times", rate.count);
        println!("  MB/s in all  {}", rate.told(|rate| format!("{rate:.0}")));
        println!("  at most {most:.1} MiB beyond idle");
    }
}
