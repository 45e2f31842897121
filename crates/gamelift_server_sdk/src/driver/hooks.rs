//! What the game answers when it is asked, on threads that nobody waits for.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::proto::{Authorization, Secret};

pub(crate) type HealthCheck = Arc<dyn Fn() -> bool + Send + Sync>;
pub(crate) type TokenRenewal = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

#[derive(Default)]
struct Set {
    health: Option<HealthCheck>,
    renewal: Option<TokenRenewal>,
}

/// What the game set; all clones are the same.
#[derive(Clone, Default)]
pub(super) struct Hooks(Arc<Mutex<Set>>);

impl Hooks {
    pub(super) fn set_health_check(&self, check: HealthCheck) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).health = Some(check);
    }

    pub(super) fn set_token_renewal(&self, renewal: TokenRenewal) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).renewal = Some(renewal);
    }

    pub(super) fn health(&self) -> Option<HealthCheck> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).health.clone()
    }

    pub(super) fn renewal(&self) -> Option<TokenRenewal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).renewal.clone()
    }
}

/// What was said in answer.
pub(super) enum Said {
    Health(u64, bool),
    /// `None` when there is nothing new.
    Authorization(Option<Authorization>),
}

/// Asks on a thread of its own: it may take its time, hang, or panic, which says `otherwise`. Returns whether it asks.
pub(super) fn ask(
    said: mpsc::Sender<Said>,
    name: &str,
    question: impl FnOnce() -> Said + Send + 'static,
    otherwise: Said,
) -> bool {
    let work = move || {
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(question)).unwrap_or(otherwise);
        // Fails only when the task is gone.
        let _ = said.blocking_send(answer);
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    if let Err(error) = &thread {
        tracing::warn!(%error, "no thread can be started to ask the game");
    }
    thread.is_ok()
}
