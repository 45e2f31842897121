//! The one lock around the world, and who waits for it to change.

use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};

use super::world::World;

/// The shared state. Wakers are called after the lock is free.
pub(super) struct Shared {
    world: Mutex<World>,
}

/// The futures that wait for a change.
#[derive(Default)]
pub(super) struct Waiting(Vec<Waker>);

impl Waiting {
    /// Wakes this task at the next change.
    pub(super) fn add(&mut self, cx: &Context<'_>) {
        if !self.0.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.0.push(cx.waker().clone());
        }
    }
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            world: Mutex::new(World::new()),
        }
    }

    /// Runs `act` on the world and wakes who waits.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = act(&mut world);
        let woken = std::mem::take(&mut world.waiting.0);
        drop(world);
        woken.into_iter().for_each(Waker::wake);
        answer
    }

    /// Runs `look`, which changes nothing that anybody waits for.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
