//! The ways into game sessions of others, and of this process.

use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    BuildId, ErrorCode, GameSessionId, JoinByCode, JoinGameSession, Password, Progress, ProgressStep, QuickJoin, Seat,
    ServiceError,
};

use crate::books::refused;
use crate::creating::{create, own_caller, slowly, stretched_code};
use crate::door::head::{ANY, Pattern};
use crate::door::knock::Opener;
use crate::door::words::{Answer, Ask};
use crate::entering::{Entered, enter_by_key, enter_openly};
use crate::finding::{self, find_fitting};
use crate::id::HostId;
use crate::query::description::OF_ANOTHER_VERSION;
use crate::query::wire::Wanted;
use crate::seat::checked;
use crate::secret::{Lock, key_of_password, normal_code};
use crate::shared::Shared;

/// How long a quick join looks for others before it hosts itself.
pub(crate) const QUICK_LOOK: Duration = Duration::from_millis(300);

fn parsed(id: &GameSessionId) -> Result<(HostId, u32), ServiceError> {
    HostId::of_session(id).ok_or_else(|| refused(ErrorCode::NotFound))
}

pub(crate) async fn join(
    shared: Arc<Shared>,
    request: JoinGameSession,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    progress.report(ProgressStep::Placing);
    let (host, number) = parsed(&request.id)?;
    if host == shared.host {
        let caller = own_caller(&shared, request.build);
        let given = shared.with_books(|books, now_ms| books.seat(now_ms, number, &caller))?;
        progress.report(ProgressStep::Ticket);
        return given
            .map(|given| given.seat)
            .ok_or_else(|| refused(ErrorCode::NotFound));
    }
    if number == OF_ANOTHER_VERSION {
        return Err(refused(ErrorCode::VersionMismatch));
    }
    let opener = match (shared.known_opener(&request.id), request.password.clone()) {
        (Some(known), _) => Some(known),
        (None, Some(password)) => Some(opener_of(&shared, host, number, password).await?),
        (None, None) => None,
    };
    let build = request.build;
    let Some(opener) = opener else {
        let entered = enter_openly(&shared, host, number, &seat_for(&shared, host, &build, None)).await?;
        return seat(entered, Some(number), &progress);
    };
    let password = request.password;
    let ask = |host| seat_for(&shared, host, &build, said_inside(&opener, password.as_ref()));
    let entered = enter_by_key(&shared, Wanted::Host(host), number, &opener, ask).await?;
    let seat = seat(entered, Some(number), &progress)?;
    shared.remember_opener(request.id, opener);
    Ok(seat)
}

/// What the player knows, as the key of the door: which of the two it is only the host can say, and a lie about it opens
/// nothing.
async fn opener_of(shared: &Shared, host: HostId, number: u32, secret: Password) -> Result<Opener, ServiceError> {
    let found = finding::host(shared, host).await;
    let found = found.ok_or_else(|| refused(ErrorCode::NotFound))?;
    if found.description.lock == Lock::Code {
        let code = normal_code(secret.expose()).ok_or_else(|| refused(ErrorCode::WrongPassword))?;
        return Ok(Opener::Code(stretched_code(shared, code).await?.key));
    }
    let key = slowly(move || key_of_password(host, number, secret.expose())).await?;
    Ok(Opener::Password(key))
}

/// The password is said to who has proven the code, besides; as the key of the door it proves itself.
fn said_inside(opener: &Opener, password: Option<&Password>) -> Option<Password> {
    password.filter(|_| opener.pattern() == Pattern::Code).cloned()
}

fn seat_for(shared: &Shared, host: HostId, build: &BuildId, password: Option<Password>) -> Ask {
    Ask::Seat {
        player: shared.config.identity.key_for(host),
        build: build.clone(),
        password,
    }
}

fn seat(mut entered: Entered, number: Option<u32>, progress: &Progress) -> Result<Seat, ServiceError> {
    let Answer::Seat(seat) = std::mem::replace(&mut entered.answer, Answer::Left) else {
        return Err(unexpected());
    };
    let seat = checked(*seat, &entered, number)?;
    progress.report(ProgressStep::Ticket);
    Ok(seat)
}

fn unexpected() -> ServiceError {
    ServiceError::Protocol {
        what: "the host answered another question".into(),
    }
}

pub(crate) async fn join_by_code(
    shared: Arc<Shared>,
    request: JoinByCode,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    progress.report(ProgressStep::Placing);
    let code = normal_code(&request.join_code).ok_or_else(|| refused(ErrorCode::NotFound))?;
    let keys = stretched_code(&shared, code).await?;
    let own = shared.look_at_books(|books| books.behind(keys.tag));
    if let Some(number) = own {
        let request = JoinGameSession::new(shared.host.session(number), request.build);
        return join(shared, request, progress).await;
    }
    let opener = Opener::Code(keys.key);
    let ask = |host| {
        seat_for(
            &shared,
            host,
            &request.build,
            said_inside(&opener, request.password.as_ref()),
        )
    };
    let entered = enter_by_key(&shared, Wanted::Code(keys.tag), ANY, &opener, ask).await?;
    let seat = seat(entered, None, &progress)?;
    shared.remember_opener(seat.game_session.id.clone(), opener);
    Ok(seat)
}

pub(crate) async fn quick_join(
    shared: Arc<Shared>,
    request: QuickJoin,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    progress.report(ProgressStep::Placing);
    let mut fitting = find_fitting(&shared, &request, QUICK_LOOK).await;
    fitting.sort_by_key(|found| std::cmp::Reverse(found.game_session.current_players));
    for found in fitting {
        let join_it = JoinGameSession::new(found.game_session.id, request.build.clone());
        if let Ok(seat) = join(shared.clone(), join_it, Progress::ignored()).await {
            progress.report(ProgressStep::Ticket);
            return Ok(seat);
        }
    }
    create(shared, request.into_create(), progress).await
}

pub(crate) async fn leave(shared: Arc<Shared>, id: GameSessionId) -> Result<(), ServiceError> {
    let (host, number) = parsed(&id)?;
    let player = shared.config.identity.key_for(host);
    if host == shared.host {
        return shared.with_books(|books, _| books.give_up(&player.player_id(), number));
    }
    match ask(&shared, host, number, &id, &Ask::Leave { player }).await? {
        Answer::Left => Ok(()),
        _ => Err(unexpected()),
    }
}

pub(crate) async fn join_code(shared: Arc<Shared>, id: GameSessionId) -> Result<String, ServiceError> {
    let (host, number) = parsed(&id)?;
    let player = shared.config.identity.key_for(host);
    if host == shared.host {
        return shared.with_books(|books, _| books.code(&player.player_id(), number));
    }
    match ask(&shared, host, number, &id, &Ask::Code { player }).await? {
        Answer::Code(code) => normal_code(&code).ok_or_else(unexpected),
        _ => Err(unexpected()),
    }
}

/// Asks a host where this player has a seat.
async fn ask(
    shared: &Arc<Shared>,
    host: HostId,
    number: u32,
    id: &GameSessionId,
    ask: &Ask,
) -> Result<Answer, ServiceError> {
    let entered = match shared.known_opener(id) {
        Some(opener) => enter_by_key(shared, Wanted::Host(host), number, &opener, |_| ask.clone()).await?,
        None => enter_openly(shared, host, number, ask).await?,
    };
    Ok(entered.answer)
}
