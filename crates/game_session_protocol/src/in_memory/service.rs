//! The in-memory orchestrator as one player sees it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::shared::Shared;
use super::world::{Draft, World};
use crate::error::ServiceError;
use crate::game_session::{GameSession, GameSessionPage, Seat};
use crate::ids::{BuildId, GameSessionId, IdempotencyKey, PlayerId};
use crate::progress::{Progress, ProgressStep};
use crate::requests::{
    CreateGameSession, EndGameSession, FindGameSessions, JoinByCode, JoinCode, JoinGameSession, LeaveGameSession,
    Password, QuickJoin, UpdateGameSession,
};
use crate::service::{BoxedFuture, SessionService};

/// The in-memory orchestrator as one player sees it. Cheap to clone.
#[derive(Clone)]
pub struct InMemoryService {
    shared: Arc<Shared>,
    player: PlayerId,
}

impl InMemoryService {
    pub(super) fn new(shared: Arc<Shared>, player: PlayerId) -> Self {
        Self { shared, player }
    }

    /// For whom it speaks.
    pub fn player(&self) -> &PlayerId {
        &self.player
    }

    fn seat(&self, wish: Wish, build: BuildId, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        Box::pin(SeatFuture {
            shared: self.shared.clone(),
            player: self.player.clone(),
            build,
            progress,
            stage: Stage::Asked(wish),
            made: None,
            joined: None,
        })
    }

    /// An answer that is made at once and given when answers are not held.
    fn answer<T: Send + Unpin + 'static>(
        &self,
        make: impl FnOnce(&mut World, &PlayerId) -> Result<T, ServiceError> + Send + 'static,
    ) -> BoxedFuture<Result<T, ServiceError>> {
        let (shared, player) = (self.shared.clone(), self.player.clone());
        let (mut make, mut answer) = (Some(make), None);
        Box::pin(std::future::poll_fn(move |cx| {
            if let Some(make) = make.take() {
                answer = Some(shared.with(|world| match world.faults.service.pop_front() {
                    Some(error) => Err(error),
                    None => make(world, &player),
                }));
            }
            shared.look(|world| {
                if world.faults.clients_held {
                    world.waiting.add(cx);
                    Poll::Pending
                } else {
                    Poll::Ready(answer.take().expect("a future is not polled after it is done"))
                }
            })
        }))
    }
}

impl SessionService for InMemoryService {
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let build = request.build.clone();
        let (click, draft) = Draft::of(request);
        self.seat(Wish::New(click, draft), build, progress)
    }

    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        self.answer(move |world, _| world.find(&query))
    }

    fn join(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.seat(Wish::This(request.id, request.password), request.build, progress)
    }

    fn quick_join(&self, request: QuickJoin, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let build = request.build.clone();
        let (click, draft) = Draft::of(request.into_create());
        self.seat(Wish::Any(click, draft), build, progress)
    }

    fn join_by_code(&self, request: JoinByCode, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.seat(
            Wish::Behind(request.join_code, request.password),
            request.build,
            progress,
        )
    }

    fn join_code(&self, id: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        self.answer(move |world, player| world.join_code(player, &id))
    }

    /// What a test [said](super::InMemoryOrchestrator::set_ping).
    fn ping(&self, game_session: &GameSession) -> BoxedFuture<Option<Duration>> {
        let ping = self.shared.look(|world| world.pings.get(&game_session.id).copied());
        Box::pin(std::future::ready(ping))
    }

    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        self.answer(move |world, player| world.update(player, request))
    }

    fn leave(&self, request: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.answer(move |world, player| world.leave(player, &request.id))
    }

    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.answer(move |world, player| world.end(player, &request.id))
    }
}

/// Which game session a player wants.
enum Wish {
    New(IdempotencyKey, Draft),
    Any(IdempotencyKey, Draft),
    This(GameSessionId, Option<Password>),
    Behind(String, Option<Password>),
}

enum Stage {
    Asked(Wish),
    Placed(GameSessionId),
    Answered(Result<Seat, ServiceError>),
    Done,
}

/// A request for a seat: placed, then waiting for the activation, then reserved. Dropping it undoes what it did.
struct SeatFuture {
    shared: Arc<Shared>,
    player: PlayerId,
    build: BuildId,
    progress: Progress,
    stage: Stage,
    made: Option<GameSessionId>,
    joined: Option<GameSessionId>,
}

impl Future for SeatFuture {
    type Output = Result<Seat, ServiceError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let shared = this.shared.clone();
        if let Stage::Asked(_) = this.stage {
            this.progress.report(ProgressStep::Placing);
            if shared.with(|world| this.ask(world)) {
                this.progress.report(ProgressStep::Activating);
            }
        }
        if let Stage::Placed(id) = &this.stage {
            let id = id.clone();
            let seat = shared.look(|world| {
                let had = world
                    .session(&id)
                    .is_some_and(|session| session.seats.of(&this.player).is_some());
                let seat = world.seat(&this.player, &id, &this.build);
                if let Ok(None) = seat {
                    world.waiting.add(cx);
                }
                seat.map(|seat| seat.map(|seat| (seat, had)))
            });
            this.stage = match seat {
                Ok(None) => return Poll::Pending,
                Ok(Some((seat, had))) => {
                    this.joined = (!had).then_some(id);
                    this.progress.report(ProgressStep::Ticket);
                    Stage::Answered(Ok(seat))
                }
                Err(error) => Stage::Answered(Err(error)),
            };
        }
        let held = shared.look(|world| {
            if world.faults.clients_held {
                world.waiting.add(cx);
            }
            world.faults.clients_held
        });
        if held {
            return Poll::Pending;
        }
        match std::mem::replace(&mut this.stage, Stage::Done) {
            Stage::Answered(answer) => {
                (this.made, this.joined) = (None, None);
                Poll::Ready(answer)
            }
            _ => Poll::Pending,
        }
    }
}

impl SeatFuture {
    /// Finds or places the game session. True when one must be waited for.
    fn ask(&mut self, world: &mut World) -> bool {
        let Stage::Asked(wish) = std::mem::replace(&mut self.stage, Stage::Done) else {
            return false;
        };
        let known = world.sessions.len();
        let placed = match (world.faults.service.pop_front(), wish) {
            (Some(error), _) => Err(error),
            (None, Wish::This(id, password)) => world.unlock(&self.player, &id, password.as_ref()).map(|()| id),
            (None, Wish::Behind(code, password)) => world.behind(&code).and_then(|id| {
                world.unlock(&self.player, &id, password.as_ref())?;
                Ok(id)
            }),
            (None, Wish::New(key, draft)) => world.place(&self.player, &key, draft),
            (None, Wish::Any(key, draft)) => match world.fitting(&draft) {
                Some(id) => Ok(id),
                None => world.place(&self.player, &key, draft),
            },
        };
        match placed {
            Ok(id) => {
                self.made = (world.sessions.len() > known).then(|| id.clone());
                self.stage = Stage::Placed(id);
                self.made.is_some()
            }
            Err(error) => {
                self.stage = Stage::Answered(Err(error));
                false
            }
        }
    }
}

impl Drop for SeatFuture {
    fn drop(&mut self) {
        if self.made.is_some() || self.joined.is_some() {
            self.shared.with(|world| {
                if let Some(session) = self.joined.as_ref().and_then(|id| world.session(id)) {
                    session.seats.give_up(&self.player);
                }
                if let Some(id) = &self.made {
                    world.terminate(id);
                }
            });
        }
    }
}
