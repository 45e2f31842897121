//! The game session that this process hosts, and the phase it is in.

use std::net::SocketAddr;

use bevy_ecs::resource::Resource;
use bevy_state::state::States;
use game_session_protocol::session_data::SessionDataError;
use game_session_protocol::{
    BuildId, GameProperties, GameSessionData, GameSessionId, HostedGameSession, PlayerId, Privacy, SessionKey,
};

/// Where the server is in its life, for run conditions.
#[derive(States, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ServerSessionState {
    /// Not known to the orchestrator: not yet, or no more.
    #[default]
    Offline,
    /// Waits for a game session.
    Ready,
    /// Has a game session and loads it.
    Activating,
    /// Players may come.
    Active,
    /// Says goodbye, frees the seats and leaves.
    Ending,
}

/// The game session that this process hosts. Exists from its start to its end.
#[derive(Resource, Debug, Clone)]
pub struct HostedSession {
    session: HostedGameSession,
    secret: GameSessionData,
}

impl HostedSession {
    pub(crate) fn new(session: HostedGameSession) -> Result<Self, SessionDataError> {
        let secret = GameSessionData::parse(session.session_data.expose())?;
        Ok(Self { session, secret })
    }

    /// Takes the new description of the same game session; what the backend said privately stays.
    pub(crate) fn update(&mut self, session: HostedGameSession) {
        self.session = HostedGameSession {
            session_data: self.session.session_data.clone(),
            ..session
        };
    }

    /// The orchestrator's id of it.
    pub fn id(&self) -> &GameSessionId {
        &self.session.id
    }

    /// The name its owner gave it.
    pub fn name(&self) -> &str {
        &self.session.name
    }

    /// Seats in all.
    pub fn max_players(&self) -> u16 {
        self.session.max_players
    }

    /// What the game says about it.
    pub fn properties(&self) -> &GameProperties {
        &self.session.properties
    }

    /// Where clients reach it, if the orchestrator says so.
    pub fn public_address(&self) -> Option<SocketAddr> {
        self.session.public_address
    }

    /// What a matchmaker says about the players, in its own format; on GameLift JSON. A
    /// [`GameSessionUpdated`](crate::GameSessionUpdated) tells that it may have changed.
    pub fn matchmaker_data(&self) -> Option<&str> {
        self.session.matchmaker_data.as_deref()
    }

    /// Its secret key, for the transport. Do not print or keep it.
    pub fn key(&self) -> &SessionKey {
        &self.secret.key
    }

    /// The build that its players run.
    pub fn build(&self) -> &BuildId {
        &self.secret.build
    }

    /// Who made it.
    pub fn owner(&self) -> &PlayerId {
        &self.secret.owner
    }

    /// Whether others find it.
    pub fn privacy(&self) -> Privacy {
        self.secret.privacy
    }

    /// Follows the click that made it through every log.
    pub fn trace_id(&self) -> &str {
        &self.secret.trace_id
    }
}
