//! The way through a host's door.
//!
//! Who answers a search may be anybody, and may say anything of the door. So who was told a code or a password, or came in
//! before, asks with that key at every address that answers, until somebody proves to know it too. Only who knows nothing
//! goes in openly, to the address that answered first.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{ErrorCode, ServiceError};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::books::refused;
use crate::door::head::{Head, Pattern};
use crate::door::knock::{Failed, Opener, knock};
use crate::door::words::{Answer, Ask};
use crate::finding::{WINDOW, begin, locate};
use crate::id::HostId;
use crate::query::search::Found;
use crate::query::wire::Wanted;
use crate::secret::Lock;
use crate::shared::Shared;

/// How long a host that is known is waited for at further addresses.
const OTHER_ADDRESSES: Duration = Duration::from_millis(300);
/// The most addresses that are asked for one answer.
const MOST_DOORS: usize = 64;

/// An answer, and where it came from.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) answer: Answer,
    pub(crate) host: HostId,
    /// The address that answered.
    pub(crate) door: SocketAddr,
    /// All addresses of the host that were asked.
    pub(crate) doors: Vec<SocketAddr>,
}

/// Asks a host that opens to everyone.
pub(crate) async fn enter_openly(
    shared: &Shared,
    host: HostId,
    number: u32,
    ask: &Ask,
) -> Result<Entered, ServiceError> {
    let found = locate(shared, host, number).await?;
    if found.description.lock != Lock::Open {
        return Err(refused(ErrorCode::WrongPassword));
    }
    let head = Head {
        pattern: Pattern::Open,
        game: shared.game,
        host,
        number,
    };
    let (answer, door) = knock(&found.doors, head, None, ask).await?;
    Ok(Entered {
        answer,
        host,
        door,
        doors: found.doors,
    })
}

/// Asks whoever is wanted and knows the key.
pub(crate) async fn enter_by_key(
    shared: &Arc<Shared>,
    wanted: Wanted,
    number: u32,
    opener: &Opener,
    ask: impl Fn(HostId) -> Ask,
) -> Result<Entered, ServiceError> {
    let began = begin(shared, wanted);
    let is_wanted = |found: &Found| match wanted {
        Wanted::Any => false,
        Wanted::Host(host) => found.host == host,
        Wanted::Code(tag) => found.tags.contains(&tag) && found.heard >= began,
    };
    let start = shared.clock.now();
    let mut knocks = Knocks::default();
    let mut last = refused(ErrorCode::NotFound);
    loop {
        let changed = shared.found_changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        for found in shared.found().into_iter().filter(is_wanted) {
            let head = Head {
                pattern: opener.pattern(),
                game: shared.game,
                host: found.host,
                number,
            };
            knocks.at(&found, head, opener, &ask);
        }
        let for_others = match wanted {
            Wanted::Host(_) if !knocks.asked.is_empty() => OTHER_ADDRESSES,
            _ => WINDOW,
        };
        let left = (start + for_others).saturating_sub(shared.clock.now());
        if left.is_zero() && knocks.running.is_empty() {
            return Err(last);
        }
        tokio::select! {
            Some(done) = knocks.running.join_next() => match done {
                Ok((Ok((answer, door)), host)) => {
                    let doors = knocks.doors_of(host);
                    return Ok(Entered { answer, host, door, doors });
                }
                Ok((Err(Failed { proven: true, error }), _)) => return Err(error),
                Ok((Err(Failed { error, .. }), host)) => {
                    knocks.busy.remove(&host);
                    last = error;
                }
                Err(_it_panicked) => {}
            },
            () = &mut changed => {}
            () = sleep(left), if !left.is_zero() => {}
        }
    }
}

/// Who is asked now, one address of each host at a time, and who was asked.
#[derive(Default)]
struct Knocks {
    running: JoinSet<(Result<(Answer, SocketAddr), Failed>, HostId)>,
    busy: HashSet<HostId>,
    asked: HashSet<(HostId, SocketAddr)>,
}

impl Knocks {
    /// Knocks at the addresses of a host that were not asked before, unless it is asked already.
    fn at(&mut self, found: &Found, head: Head, opener: &Opener, ask: &impl Fn(HostId) -> Ask) {
        let host = found.host;
        let room = MOST_DOORS.saturating_sub(self.asked.len());
        let is_new = |door: &&SocketAddr| !self.asked.contains(&(host, **door));
        let doors: Vec<_> = found.doors.iter().filter(is_new).take(room).copied().collect();
        if doors.is_empty() || !self.busy.insert(host) {
            return;
        }
        self.asked.extend(doors.iter().map(|door| (host, *door)));
        let (opener, ask) = (opener.clone(), ask(host));
        self.running
            .spawn(async move { (knock(&doors, head, Some(&opener), &ask).await, host) });
    }

    fn doors_of(&self, host: HostId) -> Vec<SocketAddr> {
        let of_it = self.asked.iter().filter(|(of, _)| *of == host);
        of_it.map(|(_, door)| *door).collect()
    }
}
