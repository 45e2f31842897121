//! Who may enter: checks tickets at the door and asks the orchestrator about the seat.

mod course;
mod decision;
mod door;
mod freeing;
mod newest;
mod seat;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::resource::Resource;
use game_session_protocol::{PlayerSessionId, RefusalCode, SessionHost, TicketStamp};

use crate::call::Call;
use crate::session::HostedSession;
use crate::wakeup::ServerWaker;
pub use decision::{AdmissionId, Decided, Decision, LocalPlayer};
use door::Door;
use freeing::Freeing;
use newest::NewestTicket;
pub use seat::AcceptedPlayer;
use seat::{Holder, Renewal, SeatLedger};

/// How long a player waits for the orchestrator's word, and how long it may take to answer that a seat is free.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// How long an answer that nobody waits for any more is still listened for, so that its seat is freed.
const LATE_TIME: Duration = Duration::from_secs(30);
/// The most players that may wait at the door.
const MOST_WAITING: usize = 256;

/// Who may enter. A transport asks with [`Self::request`] when a connection shows its ticket, and looks for decisions
/// with [`Self::take_decided`] every frame, after [`SessionServerSystems::Poll`](crate::SessionServerSystems::Poll).
#[derive(Resource)]
pub struct Admissions {
    host: Arc<dyn SessionHost>,
    ledger: Arc<SeatLedger>,
    door: Door,
    is_open: bool,
    now: Duration,
    next_id: u64,
    waiting: Vec<Waiting>,
    freeing: Freeing,
    /// Who takes over a seat whose entity is about to be spawned, and until when it waits for that.
    returning: Vec<(AdmissionId, PlayerSessionId, Duration)>,
    decided: VecDeque<Decided>,
    rejected: Vec<RefusalCode>,
    someone_came: bool,
}

/// A seat that the orchestrator is asked about.
struct Waiting {
    seat: PlayerSessionId,
    newest: NewestTicket,
    call: Call,
    /// Who waits; nobody when the connection went away or the time was over.
    player: Option<AdmissionId>,
    forget_at: Duration,
}

impl Admissions {
    pub(crate) fn new(host: Arc<dyn SessionHost>, waker: ServerWaker) -> Self {
        Self {
            host,
            ledger: SeatLedger::new(waker),
            door: Door::default(),
            is_open: false,
            now: Duration::ZERO,
            next_id: 0,
            waiting: Vec::new(),
            freeing: Freeing::default(),
            returning: Vec::new(),
            decided: VecDeque::new(),
            rejected: Vec::new(),
            someone_came: false,
        }
    }

    /// Asks to let in the connection that showed this ticket. The decision comes within about ten seconds, at once
    /// when the ticket is not good, or when it is a newer one of a player who is in.
    pub fn request(&mut self, stamp: &TicketStamp, session: &HostedSession) -> AdmissionId {
        let id = self.next_id();
        if !self.is_open {
            self.refuse(id, RefusalCode::Closed);
            return id;
        }
        match self.door.check(stamp, session, self.now) {
            Ok(claims) => {
                let ticket = NewestTicket::new(claims.issued_at_ms, stamp.client_id);
                self.find_seat(id, claims.player_session_id, ticket);
            }
            Err(reason) => self.refuse(id, reason),
        }
        id
    }

    /// Asks to let in the player of this app itself. There is no ticket to check, because nobody else can ask here; the
    /// orchestrator is asked as ever. Give the entity [`LocalPlayer`] too.
    pub fn request_local(&mut self, seat: PlayerSessionId) -> AdmissionId {
        let id = self.next_id();
        if self.is_open {
            self.find_seat(id, seat, NewestTicket::none());
        } else {
            self.refuse(id, RefusalCode::Closed);
        }
        id
    }

    /// The decisions since the last call, in their order.
    pub fn take_decided(&mut self) -> Vec<Decided> {
        self.decided.drain(..).collect()
    }

    /// The decision on one request, if it is there.
    pub fn take_decision(&mut self, id: AdmissionId) -> Option<Decision> {
        let at = self.decided.iter().position(|decided| decided.id == id)?;
        self.decided.remove(at).map(|decided| decided.decision)
    }

    /// Whether [`Self::take_decided`] has something, for a run condition.
    pub fn has_decided(&self) -> bool {
        !self.decided.is_empty()
    }

    /// Forgets a request whose connection went away. If the orchestrator lets the player in later, the seat is freed.
    pub fn cancel(&mut self, id: AdmissionId) {
        self.waiting
            .retain(|waiting| waiting.player != Some(id) || waiting.call.was_asked());
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.player == Some(id)) {
            waiting.player = None;
            waiting.call.stop_repeating();
            waiting.forget_at = self.now + LATE_TIME;
        }
        self.returning.retain(|(returning, ..)| *returning != id);
        self.decided.retain(|decided| decided.id != id);
    }

    /// Frees the seat of a player who was let in and never got an entity. Dropping does the same.
    pub fn release(&mut self, player: AcceptedPlayer) {
        drop(player);
    }

    fn next_id(&mut self) -> AdmissionId {
        let id = AdmissionId(self.next_id);
        self.next_id += 1;
        id
    }

    /// A newer ticket of a taken seat takes it over; of a free one the orchestrator is asked.
    fn find_seat(&mut self, id: AdmissionId, seat: PlayerSessionId, ticket: NewestTicket) {
        match self.ledger.renew(&seat, &ticket) {
            Renewal::Newer => {
                let overtaken = |waiting: &(AdmissionId, PlayerSessionId, Duration)| waiting.1 == seat;
                if let Some(at) = self.returning.iter().position(overtaken) {
                    let (before, ..) = self.returning.swap_remove(at);
                    self.refuse(before, RefusalCode::Used);
                }
                self.returning.push((id, seat, self.now + ANSWER_TIME));
                self.let_return();
            }
            Renewal::NotTaken if !self.door.is_used_up(&seat) => self.ask(id, seat, ticket),
            Renewal::NotTaken | Renewal::Stale => self.refuse(id, RefusalCode::Used),
        }
    }

    /// Decides on those who take a seat over, as soon as the entity on it is known.
    fn let_return(&mut self) {
        let mut index = 0;
        while let Some((id, seat, until)) = self.returning.get(index) {
            let (id, is_late) = (*id, self.now >= *until);
            match self.ledger.holder(seat) {
                Holder::On(entity) => {
                    let decision = Decision::Returned(entity);
                    self.decided.push_back(Decided { id, decision });
                }
                Holder::Unspawned if !is_late => {
                    index += 1;
                    continue;
                }
                Holder::Unspawned => self.refuse(id, RefusalCode::Unavailable),
                Holder::Nobody => self.refuse(id, RefusalCode::Used),
            }
            self.returning.swap_remove(index);
        }
    }

    fn ask(&mut self, id: AdmissionId, seat: PlayerSessionId, ticket: NewestTicket) {
        // the same seat again while the orchestrator is still asked: only a newer ticket, or one whose connection is
        // gone, may take the answer over
        if let Some(known) = self.waiting.iter_mut().find(|waiting| waiting.seat == seat) {
            let is_newer = known.newest.renew(&ticket);
            let before = match known.player {
                Some(_) if !is_newer => Some(id),
                before => {
                    known.player = Some(id);
                    known.forget_at = self.now + ANSWER_TIME;
                    known.call.repeat_until(known.forget_at);
                    before
                }
            };
            if let Some(refused) = before {
                self.refuse(refused, RefusalCode::Used);
            }
            return;
        }
        if self.waiting.len() >= MOST_WAITING {
            self.refuse(id, RefusalCode::Unavailable);
            return;
        }
        let (host, asked) = (self.host.clone(), seat.clone());
        let forget_at = self.now + ANSWER_TIME;
        let call = Call::new(forget_at, move || host.accept_player(asked.clone()));
        self.waiting.push(Waiting {
            seat,
            newest: ticket,
            call,
            player: Some(id),
            forget_at,
        });
    }

    fn refuse(&mut self, id: AdmissionId, reason: RefusalCode) {
        tracing::debug!(%reason, "a player was turned away");
        self.rejected.push(reason);
        let decision = Decision::Refused(reason);
        self.decided.push_back(Decided { id, decision });
    }
}
