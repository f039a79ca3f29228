//! A value that many may ask for and one fetches: those who ask meanwhile wait for the same attempt and share its end.
//!
//! A success is kept; a failure is not, so the next to ask tries anew. The attempt runs on its own: a client that gives
//! up (pip does after 15 silent seconds) leaves it running, and finds its result when it asks again.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::error::Refusal;

type Attempt<T> = Shared<BoxFuture<'static, Result<T, Refusal>>>;

/// Cheap to clone; clones share the value.
#[derive(Clone)]
pub(crate) struct SingleFlight<T>(Arc<Mutex<State<T>>>);

enum State<T> {
    Empty,
    Flying(Attempt<T>),
    Landed(T),
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        SingleFlight(Arc::new(Mutex::new(State::Empty)))
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// The value: kept, on its way, or fetched now by `fetch`.
    pub(crate) async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, Refusal>> + Send + 'static,
    {
        let attempt = {
            let mut state = self.lock();
            match &*state {
                State::Landed(value) => return Ok(value.clone()),
                State::Flying(attempt) => attempt.clone(),
                State::Empty => {
                    let attempt = self.take_off(fetch());
                    *state = State::Flying(attempt.clone());
                    attempt
                }
            }
        };
        attempt.await
    }

    /// Drops a kept value, so that the next to ask fetches it.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        if matches!(*state, State::Landed(_)) {
            *state = State::Empty;
        }
    }

    /// The kept value, where there is one.
    #[cfg(test)]
    pub(crate) fn landed(&self) -> Option<T> {
        match &*self.lock() {
            State::Landed(value) => Some(value.clone()),
            State::Empty | State::Flying(_) => None,
        }
    }

    fn take_off(&self, fetch: impl Future<Output = Result<T, Refusal>> + Send + 'static) -> Attempt<T> {
        let flight = self.clone();
        let task = tokio::spawn(async move {
            let result = fetch.await;
            *flight.lock() = match &result {
                Ok(value) => State::Landed(value.clone()),
                Err(_) => State::Empty,
            };
            result
        });
        // The task ends otherwise only when the runtime goes down.
        task.map(|joined| joined.unwrap_or(Err(Refusal::Stopping)))
            .boxed()
            .shared()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().expect("nothing panics while holding this lock")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_crowd_fetches_once_and_a_failure_is_tried_anew() {
        let flight = SingleFlight::<u8>::default();
        let attempts = Arc::new(AtomicUsize::new(0));
        let ask = |result: Result<u8, Refusal>| {
            let attempts = attempts.clone();
            flight.get(move || async move {
                attempts.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                result
            })
        };
        let (first, second) = tokio::join!(ask(Err(Refusal::Stopping)), ask(Ok(1)));
        assert!(
            first.is_err() && second.is_err(),
            "both share the failure of one attempt"
        );
        assert_eq!(attempts.load(Ordering::SeqCst), 1);

        assert_eq!(ask(Ok(2)).await.unwrap(), 2);
        assert_eq!(ask(Ok(3)).await.unwrap(), 2);
        assert_eq!(attempts.load(Ordering::SeqCst), 2);
        flight.forget();
        assert_eq!(ask(Ok(4)).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn an_attempt_outlives_the_client_that_began_it() {
        let flight = SingleFlight::<u8>::default();
        let (finish, finished) = tokio::sync::oneshot::channel();
        let impatient = flight.get(|| async { Ok(finished.await.expect("the test sends")) });
        tokio::select! {
            biased;
            _ = impatient => panic!("nothing was sent yet"),
            () = std::future::ready(()) => {}
        }
        finish.send(7).unwrap();
        assert_eq!(flight.get(|| async { Ok(0) }).await.unwrap(), 7);
    }
}
