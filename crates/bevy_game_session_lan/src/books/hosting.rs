//! The process that hosts: what it is told, and what it says.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use game_session_protocol::{
    ErrorCode, GameSessionId, HostError, HostEvent, PlayerSessionId, PlayerSessionPolicy, ServiceError,
};

use super::{Books, Session, Status, refused};
use crate::address::needs_interface;

/// The most events that wait for the game; no order of calls makes more that matter.
const MOST_EVENTS: usize = 64;

/// One handle of a server plugin. Each acts for itself only: what an old one does after another has come changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Handle(u64);

/// The process that hosts: this one, with the handles that its server plugins have.
#[derive(Debug, Default)]
pub(super) struct Process {
    made: u64,
    /// Those that are not ready yet.
    expected: BTreeSet<Handle>,
    /// The one that waits for a game session, or has one.
    ready: Option<(Handle, Place)>,
}

impl Process {
    pub(super) fn place(&self) -> Option<Place> {
        self.ready.map(|(_, place)| place)
    }
}

/// Where the process is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the transport takes itself to be.
    pub(crate) game: SocketAddr,
    /// The TCP port of the door.
    pub(crate) door: u16,
}

impl Place {
    /// Where the game is sent to by who came in by this address of ours: there, if the transport listens in the same
    /// family, which it does on all interfaces. Never to a link-local address of IPv6: a ticket keeps no interface. `None`
    /// when no address is left that leads here.
    pub(crate) fn reached_by(self, came_by: IpAddr) -> Option<SocketAddr> {
        let came_by = came_by.to_canonical();
        if came_by.is_ipv4() == self.game.is_ipv4() && !needs_interface(came_by) {
            return Some(SocketAddr::new(came_by, self.game.port()));
        }
        let own = self.game.ip();
        let leads_here = !needs_interface(own) && (came_by.is_loopback() || !own.is_loopback());
        leads_here.then_some(self.game)
    }
}

/// Whether a game session can be placed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can.
    Free,
    /// It will be possible soon, if all goes well.
    Soon,
    /// Not without somebody doing something.
    No,
}

impl Books {
    pub(super) fn tell(&mut self, event: HostEvent) {
        if let (HostEvent::GameSessionUpdated(_), Some(HostEvent::GameSessionUpdated(_))) = (&event, self.events.back())
        {
            self.events.pop_back();
        }
        if self.events.len() < MOST_EVENTS {
            self.events.push_back(event);
        }
    }

    /// The next event for the handle that is ready.
    pub(crate) fn next_event(&mut self, handle: Handle) -> Option<HostEvent> {
        self.must_be_ready(handle, "listening").ok()?;
        self.events.pop_front()
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match (self.process.place(), &self.session) {
            (Some(_), None) => Readiness::Free,
            (Some(_), Some(session)) if session.status == Status::Ending => Readiness::Soon,
            (None, _) if !self.process.expected.is_empty() => Readiness::Soon,
            _ => Readiness::No,
        }
    }

    /// The port of the door, once there is one.
    pub(crate) fn door(&self) -> Option<u16> {
        self.process.place().map(|place| place.door)
    }

    /// A server plugin has a handle now.
    pub(crate) fn expect_process(&mut self) -> Handle {
        self.process.made += 1;
        let handle = Handle(self.process.made);
        self.process.expected.insert(handle);
        handle
    }

    /// Whether [`Self::ready`] would work.
    pub(crate) fn may_be_ready(&self, handle: Handle) -> Result<(), HostError> {
        match self.process.ready {
            Some((ready, _)) if ready == handle => Err(wrong("being ready", "the process was ready before")),
            Some(_) => Err(wrong(
                "being ready",
                "another host of the same Lan is ready: drop it first",
            )),
            None if self.process.expected.contains(&handle) => Ok(()),
            None => Err(wrong("being ready", "the process has left")),
        }
    }

    pub(crate) fn ready(&mut self, handle: Handle, place: Place) -> Result<(), HostError> {
        self.may_be_ready(handle)?;
        self.process.expected.remove(&handle);
        self.process.ready = Some((handle, place));
        Ok(())
    }

    /// Whether the handle is the one that hosts.
    pub(crate) fn must_be_ready(&self, handle: Handle, action: &'static str) -> Result<(), HostError> {
        match self.process.ready {
            Some((ready, _)) if ready == handle => Ok(()),
            _ => Err(wrong(action, "this host of the Lan is not ready, or has left")),
        }
    }

    fn hosted(&mut self, action: &'static str) -> Result<&mut Session, HostError> {
        self.session
            .as_mut()
            .ok_or_else(|| wrong(action, "the process has no game session"))
    }

    pub(crate) fn activate(&mut self, id: &GameSessionId) -> Result<(), HostError> {
        let host = self.host;
        let session = self.hosted("activating")?;
        if host.session(session.number) != *id || session.status != Status::Activating {
            return Err(wrong(
                "activating",
                "another game session is here, or this one is active or over already",
            ));
        }
        session.status = Status::Active;
        self.changed();
        Ok(())
    }

    pub(crate) fn accept_player(&mut self, id: &PlayerSessionId) -> Result<(), HostError> {
        let session = self.hosted("accepting a player")?;
        if session.status == Status::Active {
            session.seats.accept(id)
        } else {
            Err(wrong("accepting a player", "the game session is not active"))
        }
    }

    pub(crate) fn remove_player(&mut self, id: &PlayerSessionId) -> Result<(), HostError> {
        self.hosted("removing a player")?.seats.remove(id)?;
        self.changed();
        Ok(())
    }

    pub(crate) fn set_policy(&mut self, policy: PlayerSessionPolicy) -> Result<(), HostError> {
        self.hosted("opening or closing")?.policy = policy;
        self.changed();
        Ok(())
    }

    pub(crate) fn end_session(&mut self) -> Result<(), HostError> {
        self.hosted("ending the game session")?;
        self.finish();
        Ok(())
    }

    /// A handle leaves, politely or not. Only the one that is ready takes its game session along.
    pub(crate) fn leave(&mut self, handle: Handle) {
        self.process.expected.remove(&handle);
        if self.process.ready.is_some_and(|(ready, _)| ready == handle) {
            self.process.ready = None;
            self.finish();
            self.events.clear();
        }
    }

    fn finish(&mut self) {
        if let Some(session) = self.session.take() {
            let unfinished = session.failed || session.status == Status::Activating;
            let why = if unfinished {
                ErrorCode::ActivationFailed
            } else {
                ErrorCode::SessionEnded
            };
            self.past.add(session.number, why);
            self.changed();
        }
    }

    /// Whether a game session is loading or active.
    pub(crate) fn standing(&self, number: u32) -> Result<Standing, ServiceError> {
        let here = self.session.as_ref().filter(|session| session.number == number);
        let session = here.ok_or_else(|| self.past.why(number, self.newest))?;
        match session.status {
            Status::Activating => Ok(Standing::Loading),
            Status::Active => Ok(Standing::Active),
            Status::Ending if session.failed => Err(refused(ErrorCode::ActivationFailed)),
            Status::Ending => Err(refused(ErrorCode::SessionEnded)),
        }
    }
}

/// How far a game session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The game loads it.
    Loading,
    /// Players may come.
    Active,
}

fn wrong(action: &'static str, message: &str) -> HostError {
    HostError::WrongState {
        action,
        message: message.into(),
    }
}
