//! The host's side of the door.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use game_session_protocol::{ErrorCode, ServiceError, SessionKey};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::frames;
use super::head::{ANY, Head, Pattern};
use super::noise::{self, Channel};
use super::words::{Answer, Ask, Refusal, to_json};
use crate::books::{Caller, Doorplate, Given, refused};
use crate::limit::network_of;
use crate::secret::Lock;
use crate::shared::Shared;

/// How long one visit may take.
const VISIT: Duration = Duration::from_secs(5);
/// How many may be at the door at once, and how many of one address.
const MOST_AT_ONCE: usize = 64;
const MOST_OF_ONE: usize = 8;

/// Who is at the door now.
#[derive(Default)]
struct Visitors(Mutex<HashMap<IpAddr, usize>>);

/// Leaves when dropped.
struct Visit {
    visitors: Arc<Visitors>,
    from: IpAddr,
}

impl Visitors {
    fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Visit> {
        let from = network_of(from);
        let mut here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = here.get(&from).copied().unwrap_or(0);
        if own >= MOST_OF_ONE || here.values().sum::<usize>() >= MOST_AT_ONCE {
            return None;
        }
        here.insert(from, own + 1);
        Some(Visit {
            visitors: self.clone(),
            from,
        })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut here = self.visitors.0.lock().unwrap_or_else(PoisonError::into_inner);
        match here.get_mut(&self.from) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                here.remove(&self.from);
            }
        }
    }
}

/// Lets visitors in until dropped.
pub(crate) async fn listen(listeners: Vec<TcpListener>, shared: Arc<Shared>) {
    let visitors = Arc::new(Visitors::default());
    let mut all = tokio::task::JoinSet::new();
    for listener in listeners {
        all.spawn(listen_at(listener, shared.clone(), visitors.clone()));
    }
    while all.join_next().await.is_some() {}
}

async fn listen_at(listener: TcpListener, shared: Arc<Shared>, visitors: Arc<Visitors>) {
    let mut visits = tokio::task::JoinSet::new();
    loop {
        while visits.try_join_next().is_some() {}
        let Ok((stream, from)) = listener.accept().await else {
            // Out of descriptors, most likely: others may free some.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Some(visit) = visitors.enter(from.ip()) else {
            shared.count(|counters| counters.door_busy += 1);
            continue;
        };
        let shared = shared.clone();
        visits.spawn(async move {
            let _visit = visit;
            match timeout(VISIT, receive(stream, from, &shared)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => shared.count(|counters| counters.door_malformed += 1),
                Err(_) => shared.count(|counters| counters.door_busy += 1),
            }
        });
    }
}

/// One visit. An error is a visitor that does not speak as the module says.
async fn receive(mut stream: TcpStream, from: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let came_by = stream.local_addr()?.ip().to_canonical();
    let first = frames::read(&mut stream).await?;
    let (open, head, noise) = Head::split(&first).ok_or(io::ErrorKind::InvalidData)?;
    let (key, number) = match key_for(head, from.ip(), shared) {
        Ok(key) => key,
        Err(error) => return refuse(&mut stream, error).await,
    };
    let Ok((mut channel, second)) = noise::answer(key.as_ref(), open, noise) else {
        if key.is_none() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        shared.count(|counters| counters.door_wrong_key += 1);
        return refuse(&mut stream, refused(ErrorCode::WrongPassword)).await;
    };
    let mut reply = vec![0];
    reply.extend(second);
    frames::write(&mut stream, &reply).await?;
    let asked = channel
        .open(&frames::read(&mut stream).await?)
        .map_err(|_| io::ErrorKind::InvalidData)?;
    let visitor = Visitor {
        number,
        from,
        came_by,
        pattern: head.pattern,
    };
    answer(
        &mut stream,
        &mut channel,
        serde_json::from_slice(&asked)?,
        visitor,
        shared,
    )
    .await
}

/// The key of the door that the visitor means, and the number of the game session behind it.
fn key_for(head: Head, from: IpAddr, shared: &Shared) -> Result<(Option<SessionKey>, u32), ServiceError> {
    if head.game != shared.game || head.host != shared.host {
        return Err(refused(ErrorCode::NotFound));
    }
    let by_code_alone = head.pattern == Pattern::Code && head.number == ANY;
    let number = (!by_code_alone).then_some(head.number);
    let Doorplate { number, secrets } = shared.with_books(|books, _| books.doorplate(number))?;
    let key = match head.pattern {
        Pattern::Open if secrets.lock == Lock::Open => return Ok((None, number)),
        Pattern::Open => None,
        Pattern::Password => secrets.password_key,
        Pattern::Code => secrets.code_keys.map(|keys| keys.key),
    };
    let key = key.ok_or_else(|| refused(ErrorCode::WrongPassword))?;
    let may = shared.tries().may_try(from, shared.clock.now());
    may.map_err(|wait| {
        shared.count(|counters| counters.door_slowed += 1);
        slowed(wait)
    })?;
    Ok((Some(key), number))
}

fn slowed(wait: Duration) -> ServiceError {
    ServiceError::Refused {
        code: ErrorCode::Throttled,
        message: "too many tries from this address: wait a moment".into(),
        retry_after: Some(wait),
    }
}

async fn refuse(stream: &mut TcpStream, error: ServiceError) -> io::Result<()> {
    let mut reply = vec![1];
    reply.extend(to_json(&Refusal::from(error)));
    frames::write(stream, &reply).await
}

struct Visitor {
    number: u32,
    from: SocketAddr,
    came_by: IpAddr,
    pattern: Pattern,
}

async fn answer(
    stream: &mut TcpStream,
    channel: &mut Channel,
    ask: Ask,
    visitor: Visitor,
    shared: &Arc<Shared>,
) -> io::Result<()> {
    let number = visitor.number;
    let (answer, given_to) = match ask {
        Ask::Seat {
            player,
            build,
            password,
        } => {
            let caller = Caller {
                player: player.player_id(),
                build,
                password,
                proved_password: visitor.pattern == Pattern::Password,
                from: Some(network_of(visitor.from.ip())),
                came_by: visitor.came_by,
            };
            match seat(number, &caller, shared) {
                Ok(given) => (
                    Answer::Seat(Box::new(given.seat)),
                    given.is_new.then_some(caller.player),
                ),
                Err(error) => (Answer::Refused(error.into()), None),
            }
        }
        Ask::Leave { player } => {
            let left = shared.with_books(|books, _| books.give_up(&player.player_id(), number));
            (
                left.map_or_else(|error| Answer::Refused(error.into()), |()| Answer::Left),
                None,
            )
        }
        Ask::Code { player } => {
            let code = shared.with_books(|books, _| books.code(&player.player_id(), number));
            (
                code.map_or_else(|error| Answer::Refused(error.into()), Answer::Code),
                None,
            )
        }
    };
    let wrong_password = matches!(&answer, Answer::Refused(refusal) if refusal.code == ErrorCode::WrongPassword);
    if wrong_password {
        shared.count(|counters| counters.door_wrong_key += 1);
    } else if visitor.pattern != Pattern::Open {
        shared.tries().was_right(visitor.from.ip());
    }
    // Undone unless the visitor confirms.
    let mut unconfirmed = given_to.map(|player| Unconfirmed {
        player,
        number,
        confirmed: false,
        shared: shared.clone(),
    });
    let sealed = channel
        .seal(&to_json(&answer))
        .map_err(|_| io::ErrorKind::InvalidData)?;
    frames::write(stream, &sealed).await?;
    if let Some(unconfirmed) = &mut unconfirmed {
        let confirmed = frames::read(stream).await?;
        channel.open(&confirmed).map_err(|_| io::ErrorKind::InvalidData)?;
        shared.count(|counters| counters.door_seats += 1);
        unconfirmed.confirmed = true;
    }
    Ok(())
}

fn seat(number: u32, caller: &Caller, shared: &Shared) -> Result<Given, ServiceError> {
    let given = shared.with_books(|books, now_ms| books.seat(now_ms, number, caller))?;
    given.ok_or_else(|| refused(ErrorCode::NotFound))
}

/// A seat that is given up again unless its player confirms to have got it.
struct Unconfirmed {
    player: game_session_protocol::PlayerId,
    number: u32,
    confirmed: bool,
    shared: Arc<Shared>,
}

impl Drop for Unconfirmed {
    fn drop(&mut self) {
        if !self.confirmed {
            let _over_already = self
                .shared
                .with_books(|books, _| books.give_up(&self.player, self.number));
        }
    }
}
