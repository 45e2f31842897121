//! Who may enter: checks tickets at the door and asks the orchestrator about the seat.

mod decision;
mod door;
mod newest;
mod seat;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bevy_ecs::resource::Resource;
use game_session_protocol::{HostError, PlayerSessionId, RefusalCode, SessionHost, TicketStamp};

use crate::call::Call;
use crate::session::HostedSession;
use crate::wakeup::ServerWaker;
pub use decision::{AdmissionId, Decided, Decision, LocalPlayer};
use door::Door;
use newest::NewestTicket;
pub use seat::AcceptedPlayer;
use seat::{Holder, Renewal, SeatLedger};

/// How long a player waits for the orchestrator's word, and how long freeing a seat is tried.
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
    freeing: Vec<Call>,
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
            freeing: Vec::new(),
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

    fn free(&mut self, seat: PlayerSessionId) {
        let host = self.host.clone();
        self.freeing.push(Call::new(self.now + ANSWER_TIME, move || {
            host.remove_player(seat.clone())
        }));
    }

    /// Polls what the orchestrator was asked.
    pub(crate) fn drive(&mut self, now: Duration, cx: &mut Context<'_>) {
        self.now = now;
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            let answer = waiting.call.poll(now, cx);
            let is_late = now >= waiting.forget_at;
            match answer {
                Poll::Ready(answer) => {
                    let waiting = self.waiting.swap_remove(index);
                    self.answered(waiting, answer);
                }
                Poll::Pending if is_late && waiting.player.is_some() => {
                    waiting.call.stop_repeating();
                    waiting.forget_at = now + LATE_TIME;
                    if let Some(id) = waiting.player.take() {
                        self.refuse(id, RefusalCode::Unavailable);
                    }
                    index += 1;
                }
                Poll::Pending if is_late => {
                    let waiting = self.waiting.swap_remove(index);
                    self.free(waiting.seat); // it may have been taken up for all we know
                }
                Poll::Pending => index += 1,
            }
        }
        self.let_return();
        if self.ledger.has_freed() {
            for seat in self.ledger.take_freed() {
                self.free(seat);
            }
        }
        self.freeing.retain_mut(|call| match call.poll(now, cx) {
            Poll::Pending => !call.is_overdue(now),
            Poll::Ready(answer) => {
                if let Err(error) = answer {
                    tracing::debug!(%error, "a seat could not be freed");
                }
                false
            }
        });
    }

    fn answered(&mut self, waiting: Waiting, answer: Result<(), HostError>) {
        let Waiting {
            seat,
            newest,
            call,
            player,
            ..
        } = waiting;
        match (answer, player) {
            (Ok(()), Some(id)) => {
                self.door.use_up(seat.clone());
                self.someone_came = true;
                let decision = Decision::Admitted(self.ledger.take(seat, newest));
                self.decided.push_back(Decided { id, decision });
            }
            (Ok(()), None) => {
                self.door.use_up(seat.clone());
                self.free(seat);
            }
            (Err(error), player) => {
                tracing::debug!(%error, "the orchestrator did not let a player in");
                if call.was_repeated() || error.is_retryable() {
                    self.free(seat); // a question whose answer was lost may have taken the seat up
                }
                if let Some(id) = player {
                    self.refuse(id, refusal(&error));
                }
            }
        }
    }

    /// A game session begins: players may come.
    pub(crate) fn open(&mut self) {
        self.ledger.begin_session();
        self.door = Door::default();
        self.freeing.clear();
        self.someone_came = false;
        self.is_open = true;
    }

    /// Nobody comes in any more; who waits is told so.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
        let mut refused = Vec::new();
        self.waiting.retain_mut(|waiting| {
            refused.extend(waiting.player.take());
            waiting.call.stop_repeating();
            waiting.forget_at = self.now + LATE_TIME;
            waiting.call.was_asked()
        });
        refused.extend(self.returning.drain(..).map(|(id, ..)| id));
        for id in refused {
            self.refuse(id, RefusalCode::Closed);
        }
        for decided in std::mem::take(&mut self.decided) {
            match decided.decision {
                Decision::Refused(_) => self.decided.push_back(decided),
                Decision::Admitted(_) | Decision::Returned(_) => self.refuse(decided.id, RefusalCode::Closed),
            }
        }
    }

    /// The game session is over at the orchestrator: there is nothing left to free.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
        self.returning.clear();
        self.freeing.clear();
        self.ledger.begin_session();
    }

    pub(crate) fn take_rejected(&mut self) -> Vec<RefusalCode> {
        std::mem::take(&mut self.rejected)
    }

    /// Whether the orchestrator is asked about any seat, or one became free.
    pub(crate) fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
            || !self.freeing.is_empty()
            || !self.returning.is_empty()
            || !self.rejected.is_empty()
            || self.ledger.has_freed()
            || self.ledger.taken() > 0
    }

    /// Whether seats are still being taken up or freed.
    pub(crate) fn is_settling(&self) -> bool {
        !self.waiting.is_empty() || !self.freeing.is_empty() || self.ledger.has_freed()
    }

    /// Whether no player is in and nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.ledger.taken() == 0 && self.waiting.is_empty()
    }

    pub(crate) fn someone_came(&self) -> bool {
        self.someone_came
    }
}

fn refusal(error: &HostError) -> RefusalCode {
    match error {
        HostError::Refused { .. } => RefusalCode::NotReserved,
        HostError::WrongState { .. } => RefusalCode::Closed,
        _ => RefusalCode::Unavailable,
    }
}
