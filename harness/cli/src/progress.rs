//! Live progress on stderr: a line per event in a pipe, a moving line at a terminal.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use seatrial_record::{CaseRecord, HealthState, Outcome};

use crate::runner::{Event, Reporter};

/// Listens to a run and shows it on stderr.
pub struct Progress {
    /// The moving line; hidden where stderr is no terminal or `CI` is set.
    bar: ProgressBar,
    cases: Mutex<usize>,
}

impl Progress {
    /// As stderr allows.
    pub fn on_stderr() -> Progress {
        let moving = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let bar = if moving {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
            .expect("the template is a constant that indicatif accepts");
        bar.set_style(style);
        if moving {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Progress {
            bar,
            cases: Mutex::new(0),
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    fn cases(&self) -> usize {
        *self.cases.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Reporter for Progress {
    fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::RunStarted { cases } => {
                *self.cases.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = *cases;
                self.bar.set_message(format!("getting {cases} cases ready"));
            }
            Event::Preparing { what } => {
                self.say(&format!("seatrial: {what}"));
                self.bar.set_message((*what).to_owned());
            }
            Event::CaseStarted { id } => self.bar.set_message(format!("{id}: booting")),
            Event::BootStarted {
                id,
                number,
                of,
                warm_up,
            } => {
                let which = if *warm_up { "warm-up " } else { "" };
                self.bar.set_message(format!("{id} {which}{number} of {of}: booting"));
            }
            Event::Unquiet { share, waited } => self.say(&format!(
                "seatrial: others used {:.0} % of the processors after {} s of waiting: timed boots go on regardless, and the \
                 record says how long each was held back",
                share * 100.0,
                waited.as_secs()
            )),
            Event::Health {
                id,
                replica,
                state,
                after,
            } => {
                let which = replica.map(|number| format!(" replica {number}")).unwrap_or_default();
                let (state, after) = (health_words(*state), after.as_secs_f64());
                self.bar.set_message(format!("{id}{which}: {state} since {after:.1} s"));
            }
            Event::CaseFinished { case, done } => {
                self.say(&finished_line(case, *done, self.cases()));
            }
            Event::PairMade {
                name,
                number,
                most,
                all_made,
                ratio,
                ended,
            } => {
                let of = match all_made {
                    true => most.to_string(),
                    false => format!("at most {most}"),
                };
                self.say(&pair_line(name, (*number, &of), *ratio, *ended));
            }
            Event::RunFinished => self.bar.finish_and_clear(),
        }
    }
}

fn finished_line(case: &CaseRecord, done: usize, cases: usize) -> String {
    let word = match case.outcome() {
        Outcome::Passed => "passed ",
        Outcome::Failed => "FAILED ",
        Outcome::Errored => "ERRORED",
        Outcome::Skipped => "skipped",
    };
    let width = cases.to_string().len();
    format!("[{done:>width$}/{cases}] {word} {}", case.id)
}

fn pair_line(name: &str, (number, of): (usize, &str), ratio: Option<f64>, ended: Option<&str>) -> String {
    let which = match number {
        0 => "warm-up".to_owned(),
        _ => format!("pair {number} of {of}"),
    };
    let ratio = ratio.map(|ratio| format!(", new / old {ratio:.3}")).unwrap_or_default();
    let ended = ended.map(|ended| format!(": {ended}")).unwrap_or_default();
    format!("{name}: {which}{ratio}{ended}")
}

fn health_words(state: HealthState) -> String {
    match state {
        HealthState::Refused => "connection refused".into(),
        HealthState::Closed => "connection closed".into(),
        HealthState::Hanging => "hanging".into(),
        HealthState::Status(status) => format!("answers {status}"),
    }
}
