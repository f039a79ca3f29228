//! Interrupts: the first asks for an orderly end, the second hurries it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::Context as _;
use seatrial_record::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;

/// Told to everything that waits: stop waiting and let go.
#[derive(Clone)]
pub struct Cancel {
    stopped: watch::Receiver<bool>,
    by: Arc<AtomicU8>,
}

impl Cancel {
    /// Listens for SIGINT and SIGTERM. A second signal ends the process at once; what is then left is
    /// swept by the next start (or `seatrial gc`).
    ///
    /// # Errors
    /// When the operating system grants no listener: exit 3.
    pub fn on_signals() -> Result<Cancel, Failure> {
        let listen = |kind| {
            signal(kind)
                .context("cannot listen for signals")
                .map_err(Failure::could_not_run)
        };
        let mut interrupts = listen(SignalKind::interrupt())?;
        let mut terminations = listen(SignalKind::terminate())?;
        let (stop, stopped) = watch::channel(false);
        let by = Arc::new(AtomicU8::new(0));
        let told = Arc::clone(&by);
        tokio::spawn(async move {
            let mut first = true;
            loop {
                let code = tokio::select! {
                    _ = interrupts.recv() => ExitCode::Interrupted,
                    _ = terminations.recv() => ExitCode::Terminated,
                };
                if !first {
                    eprintln!("seatrial: hurried; the next run or `seatrial gc` removes what is left");
                    std::process::exit(i32::from(code as u8));
                }
                first = false;
                eprintln!("seatrial: stopping and cleaning up; once more to hurry");
                told.store(code as u8, Ordering::SeqCst);
                let _ = stop.send(true);
            }
        });
        Ok(Cancel { stopped, by })
    }

    /// One that an interrupt cancels once `true` is sent.
    #[cfg(test)]
    pub fn by_hand() -> (Cancel, watch::Sender<bool>) {
        let (stop, stopped) = watch::channel(false);
        let by = Arc::new(AtomicU8::new(ExitCode::Interrupted as u8));
        (Cancel { stopped, by }, stop)
    }

    /// Resolves when a signal has come; never otherwise.
    pub async fn cancelled(&self) {
        let mut stopped = self.stopped.clone();
        if stopped.wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The exit code that the signal calls for.
    pub fn exit_code(&self) -> ExitCode {
        match self.signal() {
            Some("SIGTERM") => ExitCode::Terminated,
            _ => ExitCode::Interrupted,
        }
    }

    /// Which signal came, by name.
    pub fn signal(&self) -> Option<&'static str> {
        match self.by.load(Ordering::SeqCst) {
            code if code == ExitCode::Interrupted as u8 => Some("SIGINT"),
            code if code == ExitCode::Terminated as u8 => Some("SIGTERM"),
            _ => None,
        }
    }
}
