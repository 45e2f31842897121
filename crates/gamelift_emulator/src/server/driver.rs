//! Drives the world: one lock around it, frames out to the sockets in the order the world made them, timers on time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, mpsc, watch};

use super::clock::Clock;
use crate::{
    faults::Faults,
    keep::{self, Broken, Keeper},
    model::timestamp::Timestamp,
    notify::Notifier,
    world::{Handshake, Outgoing, Refused, SocketId, World},
};

/// Frames that may wait for one socket; a process that reads slower than this loses the socket.
const MAX_WAITING_FRAMES: usize = 256;
/// Calls that are remembered.
const MAX_CALLS: usize = 100_000;

/// What a socket's task is told.
#[derive(Debug)]
pub(crate) enum Signal {
    /// To send.
    Frame(String),
    /// To be there and neither listen nor answer.
    HalfOpen,
    /// To be gone without a word.
    Cut,
}

/// The world and what moves it.
pub(crate) struct Driver {
    clock: Clock,
    inside: Mutex<Inside>,
    calls: Mutex<VecDeque<String>>,
    faults: Mutex<Faults>,
    earlier_timer: Notify,
    changes: watch::Sender<u64>,
    /// Writes what changes, if the world is kept on disk.
    keeper: Option<Keeper>,
    /// Tells those outside of placements.
    pub(crate) notifier: Arc<Notifier>,
}

struct Inside {
    world: World,
    sockets: HashMap<SocketId, mpsc::Sender<Signal>>,
    /// When the timer task will wake up by itself.
    planned: Option<Timestamp>,
    /// How much time the machine slept through, as far as the world knows.
    slept: Duration,
}

impl Driver {
    /// A world whose time does not begin before a moment, and which a keeper keeps if there is one.
    pub(crate) fn start<E>(
        not_before: Option<Timestamp>,
        keeper: Option<Keeper>,
        notifier: Arc<Notifier>,
        make_world: impl FnOnce(Timestamp) -> Result<World, E>,
    ) -> Result<Self, E> {
        let clock = Clock::start(not_before.unwrap_or_default());
        let mut world = make_world(clock.now())?;
        if keeper.is_some() {
            world.watch_changes();
        }
        let inside = Inside {
            world,
            sockets: HashMap::new(),
            planned: None,
            slept: Duration::ZERO,
        };
        Ok(Self {
            clock,
            keeper,
            notifier,
            inside: Mutex::new(inside),
            calls: Mutex::new(VecDeque::new()),
            faults: Mutex::new(Faults::default()),
            earlier_timer: Notify::new(),
            changes: watch::Sender::new(0),
        })
    }

    /// Waits until everything so far is on disk, if it is kept there.
    pub(crate) async fn settled(&self) -> Result<(), Broken> {
        match &self.keeper {
            Some(keeper) => keeper.settled().await,
            None => Ok(()),
        }
    }

    /// The same, where nothing can be awaited.
    pub(crate) fn settle(&self) -> Result<(), Broken> {
        self.keeper.as_ref().map_or(Ok(()), Keeper::settle)
    }

    /// Does something to the world, after everything that was due before.
    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut World, Timestamp) -> R) -> R {
        let mut inside = self.lock();
        let now = self.wake(&mut inside);
        let result = inside.step(now, self.keeper.as_ref(), &self.notifier, act);
        let next = inside.world.poll_timeout();
        if next.is_some_and(|next| inside.planned.is_none_or(|planned| next < planned)) {
            inside.planned = next;
            self.earlier_timer.notify_one();
        }
        drop(inside);
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// The time, after the world was told if the machine slept meanwhile.
    fn wake(&self, inside: &mut Inside) -> Timestamp {
        let now = self.clock.now();
        let slept = self.clock.slept();
        if slept > inside.slept {
            inside.slept = slept;
            inside.world.slept(now);
            self.earlier_timer.notify_one();
        }
        now
    }

    /// The time of the one clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Looks at the world.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.lock().world)
    }

    /// Sees a new number after every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Opens a socket in the world; the receiver yields its frames.
    pub(crate) fn connect(&self, handshake: Handshake) -> Result<(SocketId, mpsc::Receiver<Signal>), Refused> {
        let (sender, receiver) = mpsc::channel(MAX_WAITING_FRAMES);
        let socket = {
            let mut inside = self.lock();
            let now = self.wake(&mut inside);
            inside.world.handle_timeout(now);
            let socket = inside.world.connect(handshake, now)?;
            inside.sockets.insert(socket, sender);
            socket
        };
        self.act(|_, _| ());
        Ok((socket, receiver))
    }

    /// Breaks the connections of these sockets, as a network would.
    pub(crate) fn cut(&self, sockets: &[SocketId]) {
        let mut inside = self.lock();
        for socket in sockets {
            if let Some(sender) = inside.sockets.remove(socket) {
                // A full queue ends the socket too, because its sender is dropped here.
                drop(sender.try_send(Signal::Cut));
            }
        }
    }

    /// Makes these sockets deaf and dumb, as behind a network that lost its way back.
    pub(crate) fn half_open(&self, sockets: &[SocketId]) {
        let inside = self.lock();
        for sender in sockets.iter().filter_map(|socket| inside.sockets.get(socket)) {
            drop(sender.try_send(Signal::HalfOpen));
        }
    }

    pub(crate) fn disconnect(&self, socket: SocketId) {
        self.lock().sockets.remove(&socket);
        self.act(|world, now| world.disconnect(socket, now));
    }

    /// Runs timers; never returns.
    pub(crate) async fn run_timers(&self) {
        loop {
            let next = {
                let mut inside = self.lock();
                inside.planned = inside.world.poll_timeout();
                inside.planned
            };
            match next {
                Some(moment) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(self.clock.instant_of(moment)) => self.act(|_, _| ()),
                        () = self.earlier_timer.notified() => {}
                    }
                }
                None => self.earlier_timer.notified().await,
            }
        }
    }

    pub(crate) fn record_call(&self, operation: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MAX_CALLS {
            calls.pop_front();
        }
        calls.push_back(operation.to_owned());
    }

    /// The fault rules for AWS calls.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().cloned().collect()
    }

    pub(crate) fn reset_calls(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn step<R>(
        &mut self,
        now: Timestamp,
        keeper: Option<&Keeper>,
        notifier: &Arc<Notifier>,
        act: impl FnOnce(&mut World, Timestamp) -> R,
    ) -> R {
        self.world.handle_timeout(now);
        let result = act(&mut self.world, now);
        if self.world.poll_timeout().is_some_and(|due| due <= now) {
            self.world.handle_timeout(now);
        }
        let mut waiting = Vec::new();
        while let Some(outgoing) = self.world.poll_outgoing() {
            let (socket, frame) = match outgoing {
                Outgoing::Reply(socket, reply) => (socket, reply.encode()),
                Outgoing::Push(socket, push) => (socket, push.encode()),
            };
            if keeper.is_some() {
                if let Some(sender) = self.sockets.get(&socket) {
                    waiting.push(keep::frame(socket, sender.clone(), Signal::Frame(frame)));
                }
                continue;
            }
            let sent = self
                .sockets
                .get(&socket)
                .map(|sender| sender.try_send(Signal::Frame(frame)));
            if matches!(sent, Some(Err(_))) {
                // Without a sender the socket's task ends and reports the loss.
                self.sockets.remove(&socket);
            }
        }
        while let Some(notice) = self.world.poll_notice() {
            let notice = Arc::new(notice);
            if keeper.is_some() {
                let notifier = Arc::clone(notifier);
                waiting.push(keep::notice(move || notifier.tell(&notice)));
            } else {
                notifier.tell(&notice);
            }
        }
        if let Some(keeper) = keeper {
            keeper.submit(self.world.take_changes(now), waiting);
            for socket in keeper.take_deaf() {
                self.sockets.remove(&socket);
            }
        }
        result
    }
}
