//! What all parts of one LAN share: the state machines under their locks, and who is told of changes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use game_session_protocol::{GameSessionId, HostEvent};
use tokio::sync::Notify;

use crate::announce::DnsSd;
use crate::bad_network::Fate;
use crate::books::{Books, Handle, is_listed};
use crate::clock::Clock;
use crate::config::LanConfig;
use crate::counters::LanCounters;
use crate::door::knock::Opener;
use crate::door::tries::Tries;
use crate::id::{GameMark, HostId};
use crate::net::Scope;
use crate::query::responder::{Responder, Shown};
use crate::query::search::{Found, Search};

/// The shared state. No lock is held while another is taken, but for the books' before the responder's.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) config: LanConfig,
    pub(crate) game: GameMark,
    pub(crate) host: HostId,
    pub(crate) dns_sd: DnsSd,
    /// The books changed.
    pub(crate) books_changed: Notify,
    /// The books changed in what others see.
    pub(crate) seen_changed: Notify,
    /// Something was found.
    pub(crate) found_changed: Notify,
    /// The search has something to send.
    pub(crate) search_wanted: Notify,
    /// Somebody looks for announcements.
    pub(crate) browse_wanted: Notify,
    books: Mutex<Books>,
    responder: Mutex<Responder>,
    search: Mutex<Search>,
    tries: Mutex<Tries>,
    fate: Mutex<Fate>,
    counters: Mutex<LanCounters>,
    event_wakers: Mutex<HashMap<Handle, Waker>>,
    openers: Mutex<VecDeque<(GameSessionId, Opener)>>,
}

/// Of so many game sessions it is remembered what opened them.
const MOST_OPENERS: usize = 16;

impl Shared {
    pub(crate) fn new(config: LanConfig) -> Arc<Self> {
        let (game, host) = (GameMark::of(&config.game), HostId::random());
        let owner = config.identity.key_for(host).player_id();
        Arc::new(Self {
            clock: Clock::start(),
            game,
            host,
            dns_sd: DnsSd::default(),
            books_changed: Notify::new(),
            seen_changed: Notify::new(),
            found_changed: Notify::new(),
            search_wanted: Notify::new(),
            browse_wanted: Notify::new(),
            books: Mutex::new(Books::new(host, owner)),
            responder: Mutex::new(Responder::new(game, host)),
            search: Mutex::new(Search::new(game, config.direct.clone(), config.group.is_some())),
            tries: Mutex::default(),
            fate: Mutex::new(Fate::new(config.bad_network)),
            counters: Mutex::default(),
            event_wakers: Mutex::default(),
            openers: Mutex::default(),
            config,
        })
    }

    pub(crate) fn scope(&self) -> Scope {
        if self.config.loopback {
            Scope::Loopback
        } else {
            Scope::Network
        }
    }

    /// Acts on the books with the time of day, and tells of what changed.
    pub(crate) fn with_books<T>(&self, act: impl FnOnce(&mut Books, u64) -> T) -> T {
        let now_ms = self.clock.unix_ms();
        let mut books = locked(&self.books);
        books.advance(now_ms);
        let before = books.revision();
        let answer = act(&mut books, now_ms);
        let changed = books.revision() != before;
        if changed {
            let shown = books.description().map(|(description, tag)| Shown {
                revision: books.revision(),
                parts: description.parts(),
                listed: is_listed(&description),
                tag,
            });
            locked(&self.responder).show(shown, self.clock.now());
        }
        drop(books);
        if changed {
            self.seen_changed.notify_one();
        }
        self.books_changed.notify_waiters();
        let wakers = std::mem::take(&mut *locked(&self.event_wakers));
        wakers.into_values().for_each(Waker::wake);
        answer
    }

    /// Looks at the books; changes nothing that anybody waits for.
    pub(crate) fn look_at_books<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&locked(&self.books))
    }

    pub(crate) fn poll_event(&self, handle: Handle, cx: &mut Context<'_>) -> Poll<HostEvent> {
        // The waker first: what is queued after the look wakes it.
        locked(&self.event_wakers).insert(handle, cx.waker().clone());
        let event = locked(&self.books).next_event(handle);
        event.map_or(Poll::Pending, Poll::Ready)
    }

    pub(crate) fn responder(&self) -> MutexGuard<'_, Responder> {
        locked(&self.responder)
    }

    pub(crate) fn search(&self) -> MutexGuard<'_, Search> {
        locked(&self.search)
    }

    pub(crate) fn tries(&self) -> MutexGuard<'_, Tries> {
        locked(&self.tries)
    }

    pub(crate) fn fate(&self) -> MutexGuard<'_, Fate> {
        locked(&self.fate)
    }

    pub(crate) fn found(&self) -> Vec<Found> {
        self.search().found(self.clock.now())
    }

    /// What opened the door of a game session before.
    pub(crate) fn known_opener(&self, id: &GameSessionId) -> Option<Opener> {
        let openers = locked(&self.openers);
        openers
            .iter()
            .find(|(of, _)| of == id)
            .map(|(_, opener)| opener.clone())
    }

    pub(crate) fn remember_opener(&self, id: GameSessionId, opener: Opener) {
        let mut openers = locked(&self.openers);
        openers.retain(|(of, _)| *of != id);
        openers.truncate(MOST_OPENERS - 1);
        openers.push_front((id, opener));
    }

    pub(crate) fn count(&self, add: impl FnOnce(&mut LanCounters)) {
        add(&mut locked(&self.counters));
    }

    pub(crate) fn counters(&self) -> LanCounters {
        let own = *locked(&self.counters);
        own + self.responder().counters + self.search().counters
    }
}

/// The state machines hold no invariant across a panic that they would not hold anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
