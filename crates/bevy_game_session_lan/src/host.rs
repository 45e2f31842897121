//! The LAN as the server plugin sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use game_session_protocol::{
    BoxedFuture, GameSessionId, HostError, HostEvent, HostLifetime, PlayerSessionId, PlayerSessionPolicy, ReadyProcess,
    SessionHost,
};

use crate::books::{Books, Handle, Place};
use crate::door;
use crate::net::{DoorSockets, own_address};
use crate::runtime::{AbortOnDrop, Runtime};
use crate::shared::Shared;
use crate::tasks;

/// The LAN as the server plugin of this process sees it: one game session after another. Dropping it without
/// [`shut_down`](SessionHost::shut_down) ends its game session too; that of another `LanHost` goes on.
pub struct LanHost {
    handle: Handle,
    shared: Arc<Shared>,
    open: Arc<Mutex<Vec<AbortOnDrop>>>,
    runtime: Arc<Runtime>,
}

impl LanHost {
    pub(crate) fn new(shared: Arc<Shared>, runtime: Arc<Runtime>) -> Self {
        let handle = shared.with_books(|books, _| books.expect_process());
        Self {
            handle,
            shared,
            open: Arc::default(),
            runtime,
        }
    }

    /// An answer of the books, made at the first poll.
    fn answer(
        &self,
        make: impl FnOnce(&mut Books) -> Result<(), HostError> + Send + 'static,
    ) -> BoxedFuture<Result<(), HostError>> {
        let (shared, handle) = (self.shared.clone(), self.handle);
        Box::pin(async move {
            shared.with_books(|books, _| {
                books.must_be_ready(handle, "hosting")?;
                make(books)
            })
        })
    }
}

impl SessionHost for LanHost {
    fn lifetime(&self) -> HostLifetime {
        HostLifetime::ManySessions
    }

    fn ready(&self, process: ReadyProcess) -> BoxedFuture<Result<(), HostError>> {
        let (shared, runtime, open) = (self.shared.clone(), self.runtime.clone(), self.open.clone());
        let handle = self.handle;
        let (at_work, gone) = (runtime.clone(), || {
            Err(unavailable("the thread for the network is gone"))
        });
        let work = async move { be_ready(handle, process.port, &shared, &runtime, &open) };
        at_work.ask(work, gone)
    }

    fn poll_event(&self, cx: &mut Context<'_>) -> Poll<HostEvent> {
        self.shared.poll_event(self.handle, cx)
    }

    fn activate(&self, id: GameSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.answer(move |books| books.activate(&id))
    }

    fn accept_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.answer(move |books| books.accept_player(&id))
    }

    fn remove_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.answer(move |books| books.remove_player(&id))
    }

    fn set_policy(&self, policy: PlayerSessionPolicy) -> BoxedFuture<Result<(), HostError>> {
        self.answer(move |books| books.set_policy(policy))
    }

    fn end_session(&self) -> BoxedFuture<Result<(), HostError>> {
        self.answer(Books::end_session)
    }

    fn shut_down(&self) -> BoxedFuture<Result<(), HostError>> {
        let (shared, open, handle) = (self.shared.clone(), self.open.clone(), self.handle);
        Box::pin(async move {
            shared.with_books(|books, _| books.leave(handle));
            open.lock().unwrap_or_else(PoisonError::into_inner).clear();
            Ok(())
        })
    }

    fn beat(&self) {}
}

impl Drop for LanHost {
    fn drop(&mut self) {
        self.shared.with_books(|books, _| books.leave(self.handle));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Opens the door and lets the process be found. Runs on the thread of the sockets.
fn be_ready(
    handle: Handle,
    port: u16,
    shared: &Arc<Shared>,
    runtime: &Arc<Runtime>,
    open: &Mutex<Vec<AbortOnDrop>>,
) -> Result<(), HostError> {
    if port == 0 {
        return Err(HostError::Settings {
            message: "the transport's port must be known: 1 to 65535".into(),
        });
    }
    shared.look_at_books(|books| books.may_be_ready(handle))?;
    let sockets = DoorSockets::open(shared.config.ports.clone(), shared.scope())
        .map_err(|error| unavailable(&format!("no port for its door could be opened ({error})")))?;
    let place = Place {
        game: (own_address(shared.scope()), port).into(),
        door: sockets.port,
    };
    shared.with_books(|books, _| books.ready(handle, place))?;
    let udp: Vec<_> = sockets.udp.into_iter().map(Arc::new).collect();
    let mut running = vec![
        runtime.spawn(door::host::listen(sockets.tcp, shared.clone())),
        runtime.spawn(tasks::keep_books(shared.clone())),
    ];
    running.extend(
        udp.iter()
            .map(|socket| runtime.spawn(tasks::answer(socket.clone(), shared.clone()))),
    );
    if let Some(group) = shared.config.group {
        running.push(runtime.spawn(tasks::answer_group(group, udp, shared.clone())));
    }
    let running = running.into_iter().map(AbortOnDrop);
    open.lock().unwrap_or_else(PoisonError::into_inner).extend(running);
    tracing::info!(door = place.door, game = %place.game, "ready to host on the LAN");
    Ok(())
}

fn unavailable(message: &str) -> HostError {
    HostError::Unavailable {
        action: "be ready",
        message: message.into(),
    }
}
