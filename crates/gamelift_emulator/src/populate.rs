//! Very many game sessions at once, for a bench: made by the calls and frames that make one, without their sockets.

use gamelift_server_sdk::proto::message::{
    ActivateGameSession, ActivateServerProcess, HeartbeatServerProcess, Request,
};
use serde_json::{Value, json};

use crate::{
    api::{codec::Codec, dispatch::dispatch},
    emulator::Emulator,
    error::EmulatorError,
    model::{error::ApiError, timestamp::Timestamp},
    world::{Handshake, World},
};

impl Emulator {
    /// Makes one active game session for each body of a `CreateGameSession` call, with so many reserved seats. They stay
    /// only while the configured times let a process be without a socket.
    ///
    /// # Errors
    /// When a call is refused.
    #[doc(hidden)]
    pub fn populate(&self, calls: impl IntoIterator<Item = (String, usize)>) -> Result<(), EmulatorError> {
        let environment = self.server_environment("populate");
        let token = environment
            .into_iter()
            .find(|(name, _)| name == "GAMELIFT_SDK_AUTH_TOKEN");
        let token = token.map(|(_, token)| token).unwrap_or_default();
        let fleet_id = self.fleet_id();
        for (number, (call, seats)) in calls.into_iter().enumerate() {
            let handshake = Handshake {
                process_id: format!("populate-{number}"),
                fleet_id: fleet_id.clone(),
                compute_name: crate::emulator::LOCAL_COMPUTE.into(),
                tokens: vec![token.clone()],
                ..Handshake::default()
            };
            self.act(|world, now| one(world, handshake, &call, seats, now))
                .map_err(|error| EmulatorError::Seed(error.to_string()))?;
        }
        Ok(())
    }
}

fn one(world: &mut World, handshake: Handshake, call: &str, seats: usize, now: Timestamp) -> Result<(), ApiError> {
    let socket = world
        .connect(handshake, now)
        .map_err(|refused| ApiError::invalid(refused.to_string()))?;
    let ready = ActivateServerProcess {
        port: 7777,
        ..ActivateServerProcess::default()
    };
    let healthy = HeartbeatServerProcess { health_status: true };
    world.handle_frame(socket, &Request::from(ready).encode("1"), now);
    world.handle_frame(socket, &Request::from(healthy).encode("2"), now);
    let body = Codec::Json.decode(call.as_bytes())?;
    let made = dispatch(world, "CreateGameSession", body, now, Codec::Json)?;
    let made = Codec::Json.decode(&made)?;
    let arn = made["GameSession"]["GameSessionId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let activate = ActivateGameSession {
        game_session_id: arn.clone(),
    };
    world.handle_frame(socket, &Request::from(activate).encode("3"), now);
    let players: Vec<Value> = (0..seats).map(|seat| json!(format!("player-{seat}"))).collect();
    if !players.is_empty() {
        let reserve = json!({"GameSessionId": arn, "PlayerIds": players});
        dispatch(world, "CreatePlayerSessions", reserve, now, Codec::Json)?;
    }
    world.disconnect(socket, now);
    Ok(())
}
