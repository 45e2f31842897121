//! The twelve requests of a server process. Each is answered exactly once, and a repeated one with the same answer.

use std::time::Duration;

use gamelift_server_sdk::proto::message::{
    ComputeCertificate, DecodeError, FleetRoleCredentials, GetFleetRoleCredentials, PlayerSessions, Reply, Request,
    RequestFrame,
};

use super::{
    Outgoing, World,
    chronicle::{About, Level, cut},
    keys::{ProcessKey, SocketId},
    processes::EndReason,
};
use crate::model::timestamp::Timestamp;

/// Replies per process that are remembered.
const MAX_REPLIES: usize = 256;

/// The status of a request that came too soon.
const TOO_MANY: u16 = 429;

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

/// A request as it came.
struct Frame {
    request_id: String,
    action: String,
    request: Result<Request, Failure>,
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

    /// Says that a request came too soon.
    fn too_many() -> Self {
        Self {
            status: TOO_MANY,
            message: "Rate exceeded".into(),
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
        let frame = match read(text) {
            Ok(frame) => frame,
            Err(why) => return self.ignored_frame(socket, why, text.len(), now),
        };
        let proves = frame.request.as_ref().is_ok_and(is_of_a_ready_process);
        match self.answered_before(process, &frame.request_id) {
            Some(reply) => self.outbox.push_back(Outgoing::Reply(socket, reply)),
            None => self.answer_first(socket, process, frame, now),
        }
        if proves {
            self.prove(socket);
        }
    }

    /// Says that a frame was ignored. Never what is in it: that may be a secret.
    pub(crate) fn ignored_frame(&mut self, socket: SocketId, why: &str, length: usize, now: Timestamp) {
        let process = self.sockets.get(&socket).map(|socket| socket.process);
        let name = process
            .and_then(|key| self.processes.get(&key))
            .map(|process| &process.name);
        let Some(id) = name.map(|name| name.process_id.clone()) else {
            return;
        };
        let ignored = format!("sent {length} bytes that are ignored: {why}");
        self.tell(now, (Level::Warn, About::Process), &id, ignored);
    }

    /// The reply to a request that was answered before.
    fn answered_before(&self, process: ProcessKey, request_id: &str) -> Option<Reply> {
        let replies = &self.processes.get(&process)?.replies;
        replies.iter().find(|reply| reply.request_id == request_id).cloned()
    }

    fn answer_first(&mut self, socket: SocketId, process: ProcessKey, frame: Frame, now: Timestamp) {
        let Frame {
            request_id,
            action,
            request,
        } = frame;
        let request = request.and_then(|request| {
            let who = process.0.to_string();
            if self.settings.throttled && !self.turns.allows_request(&who, &request, now) {
                return Err(Failure::too_many());
            }
            Ok(request)
        });
        // The reply goes out before anything that the request sets off.
        let place = self.outbox.len();
        let answered = request.and_then(|request| self.answer(socket, process, request, now));
        if let Err(failure) = &answered {
            self.tell_refusal(process, &action, &failure.message, now);
        }
        let too_soon = matches!(&answered, Err(failure) if failure.status == TOO_MANY);
        let reply = reply(&action, &request_id, answered);
        if !too_soon {
            // what came too soon may be sent again
            self.remember(socket, reply.clone());
        }
        self.outbox.insert(place, Outgoing::Reply(socket, reply));
    }

    fn answer(&mut self, socket: SocketId, process: ProcessKey, request: Request, now: Timestamp) -> Answered {
        match request {
            Request::ActivateServerProcess(request) => self.process_ready(socket, process, &request, now),
            Request::HeartbeatServerProcess(request) => self.heartbeat(process, request.health_status, now),
            Request::ActivateGameSession(request) => self.activate_game_session(process, &request.game_session_id, now),
            Request::AcceptPlayerSession(request) => {
                self.accept_player_session(process, &request.game_session_id, &request.player_session_id, now)
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
            Request::GetFleetRoleCredentials(request) => self.role_credentials(process, &request, now),
            Request::StartMatchBackfill(_) => Err(Failure::bad_request("matchmaking is not emulated")),
            Request::StopMatchBackfill(_) => Err(Failure::not_found(
                "there is no such ticket: matchmaking is not emulated",
            )),
            _ => Err(Failure::bad_request("the emulator does not know this action yet")),
        }
    }

    fn tell_refusal(&mut self, process: ProcessKey, action: &str, message: &str, now: Timestamp) {
        let Some(id) = self
            .processes
            .get(&process)
            .map(|process| process.name.process_id.clone())
        else {
            return;
        };
        let refused = format!("{} refused: {}", cut(action), cut(message));
        self.tell(now, (Level::Warn, About::Process), &id, refused);
    }

    /// On an Anywhere fleet the empty key says: there is no role here. A managed fleet's process gets made-up ones.
    fn role_credentials(&mut self, process: ProcessKey, request: &GetFleetRoleCredentials, now: Timestamp) -> Answered {
        if !request.role_arn.starts_with("arn:") || request.role_arn.len() > 256 {
            return Err(Failure::bad_request("RoleArn must be an ARN of at most 256 characters"));
        }
        let fleet_id = self.process(process)?.name.fleet_id.clone();
        if !self.settings.managed_fleet || fleet_id != self.settings.fleet_id {
            return Ok(Answer::Credentials(FleetRoleCredentials::default()));
        }
        let role = request.role_arn.rsplit('/').next().unwrap_or_default().to_owned();
        let name = &request.role_session_name;
        let account = self.settings.account.clone();
        let expiration = now + Duration::from_hours(1);
        Ok(Answer::Credentials(FleetRoleCredentials {
            assumed_role_user_arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
            assumed_role_id: format!("AROAEMULATED:{name}"),
            access_key_id: "ASIAEMULATED".into(),
            secret_access_key: self.new_id("").into(),
            session_token: self.new_id("").into(),
            expiration: i64::try_from(expiration.as_millis()).unwrap_or(i64::MAX),
        }))
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

/// Reads a request: one that cannot be carried out has its failure; or says why it cannot even be answered.
fn read(text: &str) -> Result<Frame, &'static str> {
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
        Err(_) => return Err("no JSON object"),
    };
    if request_id.is_empty() {
        return Err("no RequestId to answer to");
    }
    Ok(Frame {
        request_id,
        action,
        request,
    })
}

/// Whether SDKs send this only after `ProcessReady`, and take messages by then.
const fn is_of_a_ready_process(request: &Request) -> bool {
    matches!(
        request,
        Request::HeartbeatServerProcess(_)
            | Request::ActivateGameSession(_)
            | Request::AcceptPlayerSession(_)
            | Request::RemovePlayerSession(_)
            | Request::UpdatePlayerSessionCreationPolicy(_)
    )
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
