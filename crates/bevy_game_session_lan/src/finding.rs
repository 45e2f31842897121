//! Searches: when a page of them is full enough to be shown.
//!
//! The first page is given as soon as somebody was heard and a few milliseconds passed for the others; as long as the
//! search's first second runs there is a next page, which waits for who answers later. A page's name is the time at which
//! the second ends and the place in the order of finding from which on it lists.

use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    ErrorCode, FindGameSessions, GameSession, GameSessionId, GameSessionOrder, GameSessionPage, QuickJoin, ServiceError,
};
use tokio::time::{sleep, timeout};

use crate::books::refused;
use crate::id::HostId;
use crate::query::search::{Found, MOST_HOSTS};
use crate::query::wire::Wanted;
use crate::shared::Shared;

/// How long a search waits for answers.
pub(crate) const WINDOW: Duration = Duration::from_secs(1);
/// How long it waits for others once somebody answered.
const SETTLE: Duration = Duration::from_millis(3);

pub(crate) async fn find(shared: Arc<Shared>, query: FindGameSessions) -> Result<GameSessionPage, ServiceError> {
    let began = begin(&shared, Wanted::Any);
    let now = shared.clock.now();
    let page = match &query.page {
        None => Page {
            until: now + WINDOW,
            from: 0,
        },
        Some(page) => Page::read(page).ok_or_else(|| refused(ErrorCode::InvalidRequest))?,
    };
    let until = page.until.min(now + WINDOW);
    let heard_since = if query.page.is_none() { began } else { Duration::ZERO };
    let wait = async {
        let fits = |found: &Found| found.order >= page.from && fits(&query, found);
        wait_for(&shared, |found| {
            found.iter().any(|found| found.heard >= heard_since && fits(found))
        })
        .await;
        sleep(SETTLE).await;
    };
    let _nobody = timeout(until.saturating_sub(now), wait).await;
    Ok(page_of(&shared, &query, page))
}

/// Starts the search or lets it go on. The answer is since when hosts count as heard for it.
pub(crate) fn begin(shared: &Shared, wanted: Wanted) -> Duration {
    let began = shared.search().begin(wanted, shared.clock.now());
    shared.search_wanted.notify_one();
    if shared.config.dns_sd {
        shared.browse_wanted.notify_one();
    }
    began
}

/// Waits until the list is as wanted.
async fn wait_for(shared: &Shared, wanted: impl Fn(&[Found]) -> bool) {
    loop {
        let changed = shared.found_changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if wanted(&shared.found()) {
            return;
        }
        changed.await;
    }
}

fn page_of(shared: &Shared, query: &FindGameSessions, page: Page) -> GameSessionPage {
    let limit = query.limit.map_or(MOST_HOSTS, |limit| usize::from(limit.max(1)));
    let all = shared.found();
    let mut fitting: Vec<_> = all
        .iter()
        .filter(|found| found.order >= page.from && fits(query, found))
        .collect();
    let more = fitting.len() > limit;
    fitting.truncate(limit);
    let last = if more { fitting.last().copied() } else { all.last() };
    let seen = last.map(|last| last.order + 1);
    let next = Page {
        until: page.until,
        from: seen.unwrap_or(0).max(page.from),
    };
    let running = shared.clock.now() < page.until;
    let mut game_sessions: Vec<_> = fitting.into_iter().map(|found| found.game_session.clone()).collect();
    sort(&mut game_sessions, query.sort.unwrap_or_default());
    GameSessionPage {
        game_sessions,
        next_page: (more || running).then(|| next.to_text()),
    }
}

fn fits(query: &FindGameSessions, found: &Found) -> bool {
    crate::books::is_listed(&found.description)
        && query
            .build
            .as_ref()
            .is_none_or(|build| found.game_session.build == *build)
        && query
            .properties
            .iter()
            .all(|(key, value)| found.game_session.properties.get(key) == Some(value))
}

/// They come in the order in which they were found, which is the nearest to their age that can be known.
fn sort(game_sessions: &mut [GameSession], order: GameSessionOrder) {
    match order {
        GameSessionOrder::Oldest => {}
        GameSessionOrder::MostPlayers => game_sessions.sort_by_key(|found| std::cmp::Reverse(found.current_players)),
        GameSessionOrder::FewestPlayers => game_sessions.sort_by_key(|found| found.current_players),
        GameSessionOrder::Name => game_sessions.sort_by(|one, other| one.name.cmp(&other.name)),
        _ => game_sessions.reverse(),
    }
}

/// Where a search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    until: Duration,
    from: u64,
}

impl Page {
    fn to_text(self) -> String {
        format!("{}-{}", self.until.as_micros(), self.from)
    }

    fn read(text: &str) -> Option<Self> {
        let (until, from) = text.split_once('-')?;
        Some(Self {
            until: Duration::from_micros(until.parse().ok()?),
            from: from.parse().ok()?,
        })
    }
}

/// A host, from memory or found now.
pub(crate) async fn host(shared: &Shared, host: HostId) -> Option<Found> {
    let here = |found: &Found| found.host == host;
    if let Some(found) = shared.found().into_iter().find(here) {
        return Some(found);
    }
    let began = begin(shared, Wanted::Host(host));
    located(shared, |found| here(found) && found.heard >= began).await
}

/// The host of a game session, from memory or found now.
pub(crate) async fn locate(shared: &Shared, host: HostId, number: u32) -> Result<Found, ServiceError> {
    let here = |found: &Found| found.host == host;
    if let Some(found) = shared.found().into_iter().find(here)
        && found.description.number == number
    {
        return Ok(found);
    }
    let began = begin(shared, Wanted::Host(host));
    let found = located(shared, |found| here(found) && found.heard >= began).await;
    match found {
        Some(found) if found.description.number == number => Ok(found),
        Some(found) if found.description.number > number => Err(refused(ErrorCode::SessionEnded)),
        _ => Err(refused(ErrorCode::NotFound)),
    }
}

/// The game sessions that a quick join may take, looked for until one is there and for no longer than `most`.
pub(crate) async fn find_fitting(shared: &Shared, wish: &QuickJoin, most: Duration) -> Vec<Found> {
    let began = begin(shared, Wanted::Any);
    let query = FindGameSessions {
        build: Some(wish.build.clone()),
        properties: wish.properties.clone(),
        ..FindGameSessions::default()
    };
    let suits = |found: &Found| {
        fits(&query, found)
            && found.heard >= began
            && found.host != shared.host
            && found.game_session.is_joinable_by(&wish.build)
            && !found.game_session.locked
    };
    let wait = async {
        wait_for(shared, |found| found.iter().any(suits)).await;
        sleep(SETTLE).await;
    };
    let _nobody = timeout(most, wait).await;
    shared.found().into_iter().filter(suits).collect()
}

async fn located(shared: &Shared, wanted: impl Fn(&Found) -> bool) -> Option<Found> {
    let _nobody = timeout(WINDOW, wait_for(shared, |found| found.iter().any(&wanted))).await;
    shared.found().into_iter().find(wanted)
}

/// The round trip of discovery to a game session's host.
pub(crate) async fn round_trip(shared: &Shared, id: &GameSessionId) -> Option<Duration> {
    let (host, number) = HostId::of_session(id)?;
    if host == shared.host {
        return Some(Duration::ZERO);
    }
    locate(shared, host, number).await.ok().map(|found| found.round_trip)
}
