//! The answering side of discovery: what a host does with a datagram.
//!
//! Rules: a query of the wrong size or layout, of another game, or of a source that asks too often gets no answer. Listed
//! game sessions answer everybody, private ones only who names the host or the code. Who speaks another version hears that
//! there is a listed game session, and nothing of it. No answer is larger than its query.
//! For some seconds after the end of its game session a host says that it is gone.

use std::net::IpAddr;
use std::time::Duration;

use super::wire::{Query, Reply, Wanted, query_of_another_version};
use crate::counters::LanCounters;
use crate::id::{GameMark, HostId};
use crate::limit::{Limits, Rate};

/// A searching client asks about twenty times in its first second, over each of its interfaces.
const EACH_SOURCE: Rate = Rate {
    burst: 128,
    per_second: 32,
};
const ALL_SOURCES: Rate = Rate {
    burst: 1024,
    per_second: 512,
};
/// How long a host says that its game session is gone.
const FAREWELL: Duration = Duration::from_secs(10);

/// What is to be seen of the game session.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) revision: u32,
    pub(crate) parts: Vec<Vec<u8>>,
    pub(crate) listed: bool,
    pub(crate) tag: Option<[u8; 8]>,
}

/// The answering side.
#[derive(Debug)]
pub(crate) struct Responder {
    game: GameMark,
    host: HostId,
    limits: Limits,
    shown: Option<Shown>,
    last: Option<(Shown, Duration)>,
    pub(crate) counters: LanCounters,
}

impl Responder {
    pub(crate) fn new(game: GameMark, host: HostId) -> Self {
        Self {
            game,
            host,
            limits: Limits::new(EACH_SOURCE, ALL_SOURCES),
            shown: None,
            last: None,
            counters: LanCounters::default(),
        }
    }

    /// What is shown from now on.
    pub(crate) fn show(&mut self, shown: Option<Shown>, now: Duration) {
        if let Some(last) = std::mem::replace(&mut self.shown, shown) {
            self.last = Some((last, now));
        }
    }

    /// The answer to a datagram, if it gets one.
    pub(crate) fn handle_datagram(&mut self, from: IpAddr, datagram: &[u8], now: Duration) -> Option<Vec<u8>> {
        let query = Query::decode(datagram);
        let other = query_of_another_version(datagram);
        let Some(game) = query.map(|query| query.game).or(other.map(|(game, _)| game)) else {
            self.counters.datagrams_malformed += 1;
            return None;
        };
        if game != self.game {
            self.counters.queries_of_other_games += 1;
            return None;
        }
        if !self.limits.allow(from, now) {
            self.counters.queries_throttled += 1;
            return None;
        }
        let reply = match (query, other) {
            (Some(query), _) => self.answer(query, now)?,
            (None, other) => self.sign_of_life(other?.1)?,
        };
        let reply = reply.encode();
        self.counters.queries_answered += 1;
        (reply.len() <= datagram.len()).then_some(reply)
    }

    /// For who speaks another version: of it only what is the same in all versions is read.
    fn sign_of_life(&self, nonce: [u8; 8]) -> Option<Reply> {
        let shown = self.shown.as_ref().filter(|shown| shown.listed)?;
        Some(Reply {
            nonce,
            host: self.host,
            revision: shown.revision,
            part: 0,
            parts: 0,
            body: Vec::new(),
        })
    }

    fn answer(&self, query: Query, now: Duration) -> Option<Reply> {
        let asked = |shown: &Shown| match query.wanted {
            Wanted::Any => shown.listed,
            Wanted::Host(host) => host == self.host,
            Wanted::Code(tag) => shown.tag == Some(tag),
        };
        let (revision, part, parts, body) = match (&self.shown, &self.last) {
            (Some(shown), _) if asked(shown) => {
                let body = shown.parts.get(usize::from(query.part))?.clone();
                let parts = u8::try_from(shown.parts.len()).ok()?;
                (shown.revision, query.part, parts, body)
            }
            (None, Some((last, since))) if asked(last) && now < *since + FAREWELL => {
                (last.revision.wrapping_add(1), 0, 0, Vec::new())
            }
            _ => return None,
        };
        Some(Reply {
            nonce: query.nonce,
            host: self.host,
            revision,
            part,
            parts,
            body,
        })
    }
}
