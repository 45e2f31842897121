//! The process that hosts: what it is told, and what it says.

use std::net::{IpAddr, SocketAddr};

use game_session_protocol::{
    ErrorCode, GameSessionId, HostError, HostEvent, PlayerSessionId, PlayerSessionPolicy, ServiceError,
};

use super::{Books, Session, Status, refused};

/// The most events that wait for the game; no order of calls makes more that matter.
const MOST_EVENTS: usize = 64;

/// The process that hosts: this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// No server plugin has the host's handle, or it left.
    Absent,
    /// One has it, and is not ready yet.
    Expected,
    /// It waits for a game session, or has one.
    Ready(Place),
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
    /// family, which it does on all interfaces.
    pub(crate) fn reached_by(self, came_by: IpAddr) -> SocketAddr {
        let came_by = came_by.to_canonical();
        if came_by.is_ipv4() == self.game.is_ipv4() {
            SocketAddr::new(came_by, self.game.port())
        } else {
            self.game
        }
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

    pub(crate) fn next_event(&mut self) -> Option<HostEvent> {
        self.events.pop_front()
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match (self.process, &self.session) {
            (Process::Ready(_), None) => Readiness::Free,
            (Process::Ready(_), Some(session)) if session.status == Status::Ending => Readiness::Soon,
            (Process::Expected, _) => Readiness::Soon,
            _ => Readiness::No,
        }
    }

    /// The port of the door, once there is one.
    pub(crate) fn door(&self) -> Option<u16> {
        match self.process {
            Process::Ready(place) => Some(place.door),
            Process::Absent | Process::Expected => None,
        }
    }

    /// A server plugin has the handle now.
    pub(crate) fn expect_process(&mut self) {
        if self.process == Process::Absent {
            self.process = Process::Expected;
        }
    }

    /// Whether [`Self::ready`] would work.
    pub(crate) fn may_be_ready(&self) -> Result<(), HostError> {
        match self.process {
            Process::Expected => Ok(()),
            Process::Ready(_) => Err(wrong("being ready", "the process was ready before")),
            Process::Absent => Err(wrong("being ready", "the process has left")),
        }
    }

    pub(crate) fn ready(&mut self, place: Place) -> Result<(), HostError> {
        self.may_be_ready()?;
        self.process = Process::Ready(place);
        Ok(())
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

    /// The process leaves, politely or not.
    pub(crate) fn leave(&mut self) {
        self.finish();
        self.events.clear();
        self.process = Process::Absent;
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
