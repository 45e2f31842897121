//! The twelve requests of a server process. Each is answered exactly once, and a repeated one with the same answer.

use gamelift_server_sdk::proto::message::{
    ComputeCertificate, DecodeError, FleetRoleCredentials, PlayerSessions, Reply, Request, RequestFrame,
};

use super::{
    Outgoing, World,
    keys::{ProcessKey, SocketId},
    processes::EndReason,
};
use crate::model::timestamp::Timestamp;

/// Replies per process that are remembered.
const MAX_REPLIES: usize = 256;

/// A request that succeeded, with its result.
pub(super) enum Answer {
    Done,
    PlayerSessions(PlayerSessions),
    Certificate(ComputeCertificate),
    Credentials(FleetRoleCredentials),
}

/// A request that did not succeed.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    message: String,
}

pub(super) type Answered = Result<Answer, Failure>;

impl Failure {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
        }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: 404,
            message: message.into(),
        }
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self {
            status: 409,
            message: message.into(),
        }
    }
}

impl World {
    /// Takes one text frame of a process. What is no request is ignored.
    pub(crate) fn handle_frame(&mut self, socket: SocketId, text: &str, now: Timestamp) {
        let Some(process) = self.sockets.get(&socket).map(|socket| socket.process) else {
            return;
        };
        let (request_id, action, request) = match RequestFrame::decode(text) {
            Ok(frame) => (frame.request_id, frame.request.action().to_owned(), Ok(frame.request)),
            Err(DecodeError::UnknownAction { action, request_id }) => {
                let failure = Failure::bad_request("the action is not known");
                (request_id, action, Err(failure))
            }
            Err(DecodeError::BadField {
                action,
                request_id,
                reason,
            }) => (request_id, action, Err(Failure::bad_request(reason))),
            Err(_) => return,
        };
        if request_id.is_empty() {
            return;
        }
        let repeated = self.processes.get(&process).and_then(|process| {
            process
                .replies
                .iter()
                .find(|reply| reply.request_id == request_id)
                .cloned()
        });
        if let Some(reply) = repeated {
            self.outbox.push_back(Outgoing::Reply(socket, reply));
            return;
        }
        // The reply goes out before anything that the request sets off.
        let place = self.outbox.len();
        let answered = request.and_then(|request| self.answer(socket, process, request, now));
        let reply = reply(&action, &request_id, answered);
        self.remember(socket, reply.clone());
        self.outbox.insert(place, Outgoing::Reply(socket, reply));
    }

    fn answer(&mut self, socket: SocketId, process: ProcessKey, request: Request, now: Timestamp) -> Answered {
        match request {
            Request::ActivateServerProcess(request) => self.process_ready(socket, process, &request, now),
            Request::HeartbeatServerProcess(request) => self.heartbeat(process, request.health_status, now),
            Request::ActivateGameSession(request) => self.activate_game_session(process, &request.game_session_id, now),
            Request::AcceptPlayerSession(request) => {
                self.accept_player_session(process, &request.game_session_id, &request.player_session_id)
            }
            Request::RemovePlayerSession(request) => {
                self.remove_player_session(process, &request.game_session_id, &request.player_session_id, now)
            }
            Request::UpdatePlayerSessionCreationPolicy(request) => {
                self.update_creation_policy(process, &request.game_session_id, &request.player_session_policy)
            }
            Request::TerminateServerProcess(_) => {
                self.end_process(process, EndReason::ProcessEnding, now);
                Ok(Answer::Done)
            }
            Request::DescribePlayerSessions(request) => self.describe_player_sessions_of_process(process, request),
            Request::GetComputeCertificate(_) => self.compute_certificate(process),
            // The empty key says: this is no managed fleet.
            Request::GetFleetRoleCredentials(_) => Ok(Answer::Credentials(FleetRoleCredentials::default())),
            Request::StartMatchBackfill(_) | Request::StopMatchBackfill(_) => {
                Err(Failure::bad_request("matchmaking is not emulated"))
            }
            _ => Err(Failure::bad_request("the emulator does not know this action yet")),
        }
    }

    fn compute_certificate(&mut self, process: ProcessKey) -> Answered {
        let name = self.process(process)?.name.clone();
        let compute = self.find_compute(&name.fleet_id, &name.compute_name);
        Ok(Answer::Certificate(ComputeCertificate {
            certificate_path: compute
                .and_then(|compute| compute.certificate_path.clone())
                .unwrap_or_default(),
            compute_name: name.compute_name,
        }))
    }

    fn remember(&mut self, socket: SocketId, reply: Reply) {
        // Asked again: a restarted process has become another one by its request.
        let process = self.sockets.get(&socket).map(|socket| socket.process);
        let Some(process) = process.and_then(|key| self.processes.get_mut(&key)) else {
            return;
        };
        if process.replies.len() >= MAX_REPLIES {
            process.replies.pop_front();
        }
        process.replies.push_back(reply);
    }
}

fn reply(action: &str, request_id: &str, answered: Answered) -> Reply {
    match answered {
        Ok(Answer::Done) => Reply::success(action, request_id),
        Ok(Answer::PlayerSessions(result)) => Reply::with_result(action, request_id, &result),
        Ok(Answer::Certificate(result)) => Reply::with_result(action, request_id, &result),
        Ok(Answer::Credentials(result)) => Reply::with_result(action, request_id, &result),
        Err(failure) => Reply::failure(action, request_id, failure.status, &failure.message),
    }
}
