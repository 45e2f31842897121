//! The door: whether a ticket is good, judged without asking anybody.
//!
//! A ticket is good when its MAC was made with this session's key, its build is this session's and it is at most 45 s
//! old. Its age is judged on the backend's clock, known from the newest good ticket and the time that passed here
//! since. A seat that was taken up and freed is used up: no ticket of it counts any more.

use std::collections::HashSet;
use std::time::Duration;

use game_session_protocol::ticket::TICKET_LIFE_MS;
use game_session_protocol::{PlayerSessionId, RefusalCode, TicketClaims, TicketStamp};

use crate::session::HostedSession;

#[derive(Debug, Default)]
pub(super) struct Door {
    /// The backend's time at some time here.
    backend_time: Option<(u64, Duration)>,
    used: HashSet<PlayerSessionId>,
}

impl Door {
    /// What a good ticket says.
    pub(super) fn check(
        &mut self,
        stamp: &TicketStamp,
        session: &HostedSession,
        now: Duration,
    ) -> Result<TicketClaims, RefusalCode> {
        let claims = TicketClaims::open(session.key(), stamp).map_err(|_| RefusalCode::WrongTicket)?;
        let backend_now = self.learn(claims.issued_at_ms, now);
        if claims.build != *session.build() {
            Err(RefusalCode::WrongBuild)
        } else if backend_now - claims.issued_at_ms > TICKET_LIFE_MS {
            Err(RefusalCode::Expired)
        } else {
            Ok(claims)
        }
    }

    pub(super) fn use_up(&mut self, id: PlayerSessionId) {
        self.used.insert(id);
    }

    pub(super) fn is_used_up(&self, id: &PlayerSessionId) -> bool {
        self.used.contains(id)
    }

    /// The backend's time, at least that of the newest ticket.
    fn learn(&mut self, issued_at_ms: u64, now: Duration) -> u64 {
        let known = self.backend_time.map_or(0, |(ms, at)| {
            let passed = now.saturating_sub(at).as_millis();
            ms.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
        });
        if issued_at_ms > known {
            self.backend_time = Some((issued_at_ms, now));
        }
        known.max(issued_at_ms)
    }
}
