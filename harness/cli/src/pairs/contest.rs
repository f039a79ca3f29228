//! One case on both sides: its pairs of boots, until there are enough.

use seatrial_engine::Engine;
use seatrial_record::CaseError;
use seatrial_record::Sample;
use seatrial_record::comparison::{
    BootPair, ComparedCase, ComparedSide, Comparison, Decision, ImageReference, Rule, Side,
};
use tokio::time::Instant;

use super::Until;
use super::sides::PreparedPair;
use crate::runner::{Boot, Event, PreparedCase, Reporter, Seen, Setting, boot, case_error, sample, shuffled};

/// A case on both sides, and how far it has come.
pub struct Contest {
    pair: PreparedPair,
    until: Until,
    /// Pairs made, the warm-up among them.
    made: usize,
    over: bool,
}

impl Contest {
    /// None made yet; over at once when a side could not be had.
    pub fn of(pair: PreparedPair, until: Until) -> Contest {
        let over = pair.old.ready.is_err() || pair.new.ready.is_err();
        Contest {
            pair,
            until,
            made: 0,
            over,
        }
    }

    /// Whether another pair is wanted.
    pub fn goes_on(&self) -> bool {
        !self.over
    }

    /// What is recorded of it before its first pair.
    pub fn case(&self) -> ComparedCase {
        ComparedCase {
            name: self.pair.name.clone(),
            old: side(&self.pair.old),
            new: side(&self.pair.new),
            pairs: vec![],
        }
    }

    /// Boots both sides, one right after the other, in an order drawn from the seed. The first pair only warms up.
    pub async fn pair<E: Engine>(&mut self, setting: &Setting<'_, E>, seed: u64) -> BootPair {
        let number = self.made;
        self.made += 1;
        let order = shuffled(vec![Side::Old, Side::New], seed);
        let mut booted = Vec::new();
        for side in order {
            let prepared = match side {
                Side::Old => &self.pair.old,
                Side::New => &self.pair.new,
            };
            booted.push((side, boot_once(setting, prepared, number).await));
        }
        let first = booted[0].0;
        booted.sort_by_key(|(side, _)| *side == Side::New);
        let [old, new] = <[_; 2]>::try_from(booted)
            .expect("a pair has two sides")
            .map(|(_, sample)| sample);
        BootPair { first, old, new }
    }

    /// Learns whether the pairs of `case` so far are enough, and tells of them.
    pub fn take_in(&mut self, case: &ComparedCase, rule: &Rule, reporter: &dyn Reporter) {
        let measured = case.measured();
        let obstacle = case.obstacle();
        let decided = match self.until {
            Until::Decided { .. } => rule.decide(&measured),
            Until::Made(_) => None,
        };
        let (Until::Decided { most } | Until::Made(most)) = self.until;
        self.over = obstacle.is_some() || decided.is_some() || measured.len() >= most;
        let ended = match (&obstacle, &decided) {
            (Some(obstacle), _) => Some(format!("incomparable: {}", obstacle.why())),
            (None, Some(Decision { change, .. })) => Some(change.word().to_owned()),
            (None, None) if self.over => Some("all pairs made".to_owned()),
            (None, None) => None,
        };
        // Of a long series nobody asks for the ratio, and it would take longer and longer to say.
        let ratio = matches!(self.until, Until::Decided { .. })
            .then(|| Comparison::of(&measured, rule).ratio)
            .flatten();
        reporter.on_event(&Event::PairMade {
            name: &case.name,
            number: measured.len(),
            most,
            all_made: matches!(self.until, Until::Made(_)),
            ratio: ratio.map(|ratio| ratio.value),
            ended: ended.as_deref(),
        });
    }
}

async fn boot_once<E: Engine>(setting: &Setting<'_, E>, prepared: &PreparedCase, number: usize) -> Sample {
    let intended = Instant::now();
    let once = Boot {
        iteration: number,
        timed: true,
        facts: false,
    };
    let seen = match &prepared.ready {
        Ok(ready) => boot(setting, &prepared.case, ready, once).await.map_err(case_error),
        Err(error) => Err(error.clone()),
    };
    let seen = seen.unwrap_or_else(|error: CaseError| Seen {
        error: Some(error),
        ..Seen::default()
    });
    Sample {
        iteration: number,
        warm_up: number == 0,
        ..sample(&seen, intended, setting.begun)
    }
}

fn side(prepared: &PreparedCase) -> ComparedSide {
    let image = |ready: &crate::runner::Ready| {
        let info = ready.derived.as_ref().unwrap_or(&ready.image.info);
        ImageReference {
            reference: info.reference.clone(),
            id: info.id.clone(),
        }
    };
    ComparedSide {
        image: prepared.ready.as_ref().ok().map(image),
        error: prepared.ready.as_ref().err().cloned(),
    }
}
