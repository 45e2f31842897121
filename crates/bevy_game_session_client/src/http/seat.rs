//! How a seat is had: placed, waited for, and undone when nobody wants it any more.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    CreateGameSession, ErrorCode, GameSessionId, JoinByCode, JoinGameSession, Placing, Progress, ProgressStep,
    QuickJoin, Seat, ServiceError, routes,
};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tracing::info;

use super::ask::{Backend, UNDO_LIMIT};
use super::link::Method;
use super::question::{Question, Reply};

/// How long the backend is asked to hold an answer back.
const WAIT_SECONDS: u64 = 20;
/// A backend that does not hold answers back is not asked more often than this.
const CALMEST: Duration = Duration::from_millis(250);

/// Makes a game session and waits for the seat. When nobody waits for the answer any more, or no seat comes, the game
/// session is ended.
pub(super) async fn create(
    backend: Arc<Backend>,
    request: CreateGameSession,
    progress: Progress,
    deadline: Instant,
    limit: Duration,
    mut tell: oneshot::Sender<Result<Seat, ServiceError>>,
) {
    progress.report(ProgressStep::Placing);
    let known = tokio::select! {
        biased;
        () = tell.closed() => return,
        known = backend.know_player(deadline, limit) => known,
    };
    let question = known.and_then(|_| create_question(&request));
    let question = match question {
        Ok(question) => question,
        Err(error) => return drop(tell.send(Err(error))),
    };
    let mut posted = pin!(backend.ask_until(&question, deadline, limit));
    let placed = tokio::select! {
        biased;
        () = tell.closed() => {
            // It is on its way: only its answer says what must be ended.
            match timeout(UNDO_LIMIT, posted).await {
                Ok(Ok(reply)) => undo_placed(&backend, &reply).await,
                Ok(Err(error)) if question.may_be_done(&error) => undo_lost(&backend, &question).await,
                _ => {}
            }
            return;
        }
        reply = &mut posted => reply,
    };
    let placed = match placed.and_then(|reply| Placed::read(&reply)) {
        Ok(placed) => placed,
        Err(error) => {
            let may_be_done = question.may_be_done(&error);
            drop(tell.send(Err(error)));
            if may_be_done {
                undo_lost(&backend, &question).await;
            }
            return;
        }
    };
    let id = placed.id().clone();
    let seat = tokio::select! {
        biased;
        () = tell.closed() => return backend.undo(&id).await,
        seat = seat_of(&backend, placed, &progress, deadline, limit) => seat,
    };
    let must_end = seat.as_ref().is_err_and(|error| !is_over(error));
    let unheard = tell.send(seat).is_err_and(|seat| seat.is_ok());
    if must_end || unheard {
        backend.undo(&id).await;
    }
}

/// Takes a seat in a game session.
pub(super) async fn join(
    backend: &Backend,
    request: &JoinGameSession,
    progress: &Progress,
    limit: Duration,
) -> Result<Seat, ServiceError> {
    let deadline = Instant::now() + limit;
    progress.report(ProgressStep::Placing);
    let question = Question::new(Method::Post, routes::PLAYER_SESSIONS)
        .id(&request.id)
        .body(request)?;
    let placed = Placed::read(&backend.ask_until(&question, deadline, limit).await?)?;
    seat_of(backend, placed, progress, deadline, limit).await
}

/// Takes the seat in the game session behind a code.
pub(super) async fn join_by_code(
    backend: &Backend,
    request: &JoinByCode,
    progress: &Progress,
    limit: Duration,
) -> Result<Seat, ServiceError> {
    let deadline = Instant::now() + limit;
    progress.report(ProgressStep::Placing);
    let question = Question::new(Method::Post, routes::JOIN_BY_CODE).body(request)?;
    let placed = Placed::read(&backend.ask_until(&question, deadline, limit).await?)?;
    seat_of(backend, placed, progress, deadline, limit).await
}

/// A fresh ticket for the seat that the player has, or had. No password is asked for.
pub(super) async fn rejoin(
    backend: &Backend,
    id: &GameSessionId,
    progress: &Progress,
    limit: Duration,
) -> Result<Seat, ServiceError> {
    let deadline = Instant::now() + limit;
    progress.report(ProgressStep::Placing);
    let question = Question::new(Method::Get, routes::SEAT).id(id).wait(0);
    let placed = Placed::read(&backend.ask_until(&question, deadline, limit).await?)?;
    seat_of(backend, placed, progress, deadline, limit).await
}

/// Takes a seat in any fitting game session.
pub(super) async fn quick_join(
    backend: &Backend,
    request: &QuickJoin,
    progress: &Progress,
    limit: Duration,
) -> Result<Seat, ServiceError> {
    let deadline = Instant::now() + limit;
    progress.report(ProgressStep::Placing);
    let question = Question::new(Method::Post, routes::QUICK_JOIN)
        .key(&request.idempotency_key)
        .wait(0)
        .body(request)?;
    let placed = Placed::read(&backend.ask_until(&question, deadline, limit).await?)?;
    seat_of(backend, placed, progress, deadline, limit).await
}

/// What a request for a seat came to.
enum Placed {
    Seated(Box<Seat>),
    Placing(Placing),
}

impl Placed {
    fn read(reply: &Reply) -> Result<Self, ServiceError> {
        let placed = Self::parse(reply)?;
        if let Self::Seated(seat) = &placed {
            if seat.address.port() == 0 {
                return Err(reply.is_wrong("a seat at port 0"));
            }
            let trace_id = reply.trace.as_deref().unwrap_or("unknown");
            info!(game_session = %seat.game_session.id, trace_id, "the backend gave a seat");
        }
        Ok(placed)
    }

    fn parse(reply: &Reply) -> Result<Self, ServiceError> {
        if reply.status == 202 {
            return reply.read().map(Self::Placing);
        }
        reply.read().map(Self::Seated)
    }

    fn id(&self) -> &GameSessionId {
        match self {
            Self::Seated(seat) => &seat.game_session.id,
            Self::Placing(placing) => &placing.id,
        }
    }
}

fn create_question(request: &CreateGameSession) -> Result<Question, ServiceError> {
    Question::new(Method::Post, routes::GAME_SESSIONS)
        .key(&request.idempotency_key)
        .wait(0)
        .body(request)
}

async fn undo_placed(backend: &Backend, reply: &Reply) {
    if let Ok(placed) = Placed::parse(reply) {
        backend.undo(placed.id()).await;
    }
}

/// Ends what a create may have made whose answer was lost: only the answer to the same question says what.
async fn undo_lost(backend: &Backend, question: &Question) {
    if let Ok(placed) = backend.insist(question, Placed::parse).await {
        backend.undo(placed.id()).await;
    }
}

/// The seat, waited for as long as it takes.
async fn seat_of(
    backend: &Backend,
    mut placed: Placed,
    progress: &Progress,
    deadline: Instant,
    limit: Duration,
) -> Result<Seat, ServiceError> {
    loop {
        let placing = match placed {
            Placed::Seated(seat) => {
                progress.report(ProgressStep::Ticket);
                return Ok(*seat);
            }
            Placed::Placing(placing) => placing,
        };
        progress.report(placing.step);
        let asked = Instant::now();
        let left = deadline.saturating_duration_since(asked).as_secs();
        let question = Question::new(Method::Get, routes::SEAT)
            .id(&placing.id)
            .wait(left.saturating_sub(1).min(WAIT_SECONDS));
        placed = Placed::read(&backend.ask_until(&question, deadline, limit).await?)?;
        if matches!(placed, Placed::Placing(_)) {
            sleep(CALMEST.saturating_sub(asked.elapsed())).await;
        }
    }
}

/// Whether the error says that there is nothing left to end.
fn is_over(error: &ServiceError) -> bool {
    matches!(
        error.code(),
        Some(ErrorCode::ActivationFailed | ErrorCode::SessionEnded | ErrorCode::NotFound)
    )
}
