//! The in-memory orchestrator as one server process sees it.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::shared::Shared;
use super::snapshot::{GameSessionStatus, ProcessNumber, ProcessStatus};
use super::world::{Session, World, lost};
use crate::error::HostError;
use crate::game_session::PlayerSessionPolicy;
use crate::host::{HostEvent, HostLifetime, ReadyProcess, SessionHost};
use crate::ids::{GameSessionId, PlayerSessionId};
use crate::service::BoxedFuture;

/// The in-memory orchestrator as one server process sees it. Dropping it without
/// [`shut_down`](SessionHost::shut_down) is a crash.
pub struct InMemoryHost {
    shared: Arc<Shared>,
    number: ProcessNumber,
}

impl InMemoryHost {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let number = shared.with(World::add_process);
        Self { shared, number }
    }

    /// Which process this is, for the fault controls and the snapshot.
    pub fn process(&self) -> ProcessNumber {
        self.number
    }

    /// An answer that is made at once and given when answers are not held.
    fn answer(
        &self,
        action: &'static str,
        make: impl FnOnce(&mut World, ProcessNumber) -> Result<(), HostError> + Send + 'static,
    ) -> BoxedFuture<Result<(), HostError>> {
        let (shared, number) = (self.shared.clone(), self.number);
        let (mut make, mut answer) = (Some(make), None);
        Box::pin(std::future::poll_fn(move |cx| {
            if let Some(make) = make.take() {
                answer = Some(shared.with(|world| match world.process(number).status {
                    ProcessStatus::CutOff | ProcessStatus::Crashed => Err(HostError::Unavailable {
                        action,
                        message: "the connection is lost".into(),
                    }),
                    _ => make(world, number),
                }));
            }
            shared.look(|world| {
                if world.faults.hosts_held {
                    world.waiting.add(cx);
                    Poll::Pending
                } else {
                    Poll::Ready(answer.take().expect("a future is not polled after it is done"))
                }
            })
        }))
    }
}

impl SessionHost for InMemoryHost {
    fn lifetime(&self) -> HostLifetime {
        self.shared.look(|world| world.settings.lifetime)
    }

    fn ready(&self, process: ReadyProcess) -> BoxedFuture<Result<(), HostError>> {
        self.answer("be ready", move |world, number| {
            if !(1..=60_000).contains(&process.port) {
                return Err(HostError::Settings {
                    message: "the port must be 1 to 60000".into(),
                });
            }
            let known = world.process(number);
            if known.status != ProcessStatus::Started {
                return Err(wrong("being ready", "the process was ready before"));
            }
            (known.status, known.port) = (ProcessStatus::Ready, process.port);
            known.log_paths = process.log_paths;
            Ok(())
        })
    }

    fn poll_event(&self, cx: &mut Context<'_>) -> Poll<HostEvent> {
        self.shared.look(|world| {
            let process = world.process(self.number);
            if let Some(event) = process.events.pop_front() {
                return Poll::Ready(event);
            }
            process.waker = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    fn activate(&self, id: GameSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.answer("activate the game session", move |world, number| {
            if let Some(error) = world.faults.activate.pop_front() {
                return Err(error);
            }
            let session = hosted(world, number, "activating")?;
            if session.id != id || session.status != GameSessionStatus::Activating {
                return Err(wrong(
                    "activating",
                    "another game session is here, or this one is active or over already",
                ));
            }
            session.status = GameSessionStatus::Active;
            Ok(())
        })
    }

    fn accept_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.answer("accept a player", move |world, number| {
            if let Some(error) = world.faults.accept.pop_front() {
                return Err(error);
            }
            let session = hosted(world, number, "accepting a player")?;
            if session.status == GameSessionStatus::Active {
                session.seats.accept(&id)
            } else {
                Err(wrong("accepting a player", "the game session is not active"))
            }
        })
    }

    fn remove_player(&self, id: PlayerSessionId) -> BoxedFuture<Result<(), HostError>> {
        self.answer("remove a player", move |world, number| {
            if let Some(error) = world.faults.remove.pop_front() {
                return Err(error);
            }
            hosted(world, number, "removing a player")?.seats.remove(&id)
        })
    }

    fn set_policy(&self, policy: PlayerSessionPolicy) -> BoxedFuture<Result<(), HostError>> {
        self.answer("open or close the game session", move |world, number| {
            if let Some(error) = world.faults.policy.pop_front() {
                return Err(error);
            }
            hosted(world, number, "opening or closing")?.policy = policy;
            Ok(())
        })
    }

    fn end_session(&self) -> BoxedFuture<Result<(), HostError>> {
        self.answer("end the game session", |world, number| {
            hosted(world, number, "ending the game session")?;
            world.finish_session_of(number, GameSessionStatus::Terminated);
            world.process(number).status = match world.settings.lifetime {
                HostLifetime::OneSession => ProcessStatus::Finished,
                HostLifetime::ManySessions => ProcessStatus::Ready,
            };
            Ok(())
        })
    }

    fn shut_down(&self) -> BoxedFuture<Result<(), HostError>> {
        self.answer("shut down", |world, number| {
            world.finish_session_of(number, GameSessionStatus::Terminated);
            let process = world.process(number);
            process.status = ProcessStatus::Ended;
            process.events.clear();
            Ok(())
        })
    }

    fn beat(&self) {
        self.shared.look(|world| world.process(self.number).beats += 1);
    }
}

impl Drop for InMemoryHost {
    fn drop(&mut self) {
        self.shared.with(|world| world.crash(self.number));
    }
}

fn hosted<'a>(
    world: &'a mut World,
    process: ProcessNumber,
    action: &'static str,
) -> Result<&'a mut Session, HostError> {
    match world.process(process).status {
        ProcessStatus::CutOff => Err(lost()),
        ProcessStatus::Hosting => world
            .session_of(process)
            .ok_or_else(|| wrong(action, "the process has no game session")),
        _ => Err(wrong(action, "the process has no game session")),
    }
}

fn wrong(action: &'static str, message: &str) -> HostError {
    HostError::WrongState {
        action,
        message: message.into(),
    }
}
