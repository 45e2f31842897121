//! Calls become requests, if the phase and the rules allow it.

use std::time::Duration;

use super::{Call, CallId, Core, Phase};
use crate::{
    Error,
    proto::{
        calls::Pending,
        message::{
            AcceptPlayerSession, ActivateGameSession, GetComputeCertificate, HeartbeatServerProcess,
            RemovePlayerSession, Request, TerminateServerProcess, UpdatePlayerSessionCreationPolicy,
        },
        validate::validate,
    },
};

impl Core {
    pub(super) fn start_call(&mut self, call: CallId, what: Call, now: Duration) -> Result<(), Error> {
        let request = self.request(what)?;
        validate(&request)?;
        if self.calls.len() >= self.config.max_calls {
            return Err(Error::Busy);
        }
        let (before, repeatable) = (self.phase, self.is_repeatable(&request));
        let next = match &request {
            Request::ActivateServerProcess(_) => Phase::Activating,
            Request::TerminateServerProcess(_) => Phase::Ending,
            _ => before,
        };
        self.enqueue(Some(call), &request, repeatable, now)?;
        self.phase = next;
        if next == Phase::Ending {
            self.health.stop();
        }
        Ok(())
    }

    /// What is sent for a call, if the phase allows it.
    fn request(&self, what: Call) -> Result<Request, Error> {
        let phase = self.phase;
        match what {
            Call::ProcessEnding => match phase {
                Phase::Starting => Err(Error::NotReady {
                    action: "TerminateServerProcess",
                }),
                Phase::Destroyed => Err(Error::Ended),
                _ => Ok(TerminateServerProcess {}.into()),
            },
            Call::ProcessReady(ready) => match phase {
                Phase::Starting => Err(Error::NotReady {
                    action: "ActivateServerProcess",
                }),
                Phase::Initialized => Ok(ready.into()),
                Phase::Activating | Phase::Ready => Err(Error::AlreadyReady),
                Phase::Ending | Phase::Ended | Phase::Destroyed => Err(Error::Ended),
            },
            what => {
                let request = self.request_of_ready_process(what)?;
                match phase {
                    Phase::Ready => Ok(request),
                    Phase::Ending | Phase::Ended | Phase::Destroyed => Err(Error::Ended),
                    Phase::Starting | Phase::Initialized | Phase::Activating => Err(Error::NotReady {
                        action: request.action(),
                    }),
                }
            }
        }
    }

    fn request_of_ready_process(&self, what: Call) -> Result<Request, Error> {
        let ready = self.phase == Phase::Ready;
        let session = |action: &'static str| match &self.game_session_id {
            Some(id) => Ok(id.clone()),
            None if ready => Err(Error::NoGameSession { action }),
            None => Ok(String::new()),
        };
        Ok(match what {
            Call::ActivateGameSession => ActivateGameSession {
                game_session_id: session("ActivateGameSession")?,
            }
            .into(),
            Call::AcceptPlayerSession(player_session_id) => AcceptPlayerSession {
                game_session_id: session("AcceptPlayerSession")?,
                player_session_id,
            }
            .into(),
            Call::RemovePlayerSession(player_session_id) => RemovePlayerSession {
                game_session_id: session("RemovePlayerSession")?,
                player_session_id,
            }
            .into(),
            Call::UpdatePlayerSessionCreationPolicy(player_session_policy) => UpdatePlayerSessionCreationPolicy {
                game_session_id: session("UpdatePlayerSessionCreationPolicy")?,
                player_session_policy,
            }
            .into(),
            Call::DescribePlayerSessions(describe) => describe.into(),
            Call::StartMatchBackfill(start) => start.into(),
            Call::StopMatchBackfill(stop) => stop.into(),
            Call::GetComputeCertificate => GetComputeCertificate {}.into(),
            Call::GetFleetRoleCredentials(get) => get.into(),
            Call::ProcessReady(_) | Call::ProcessEnding | Call::Destroy => return Err(Error::Ended),
        })
    }

    /// The service remembers request ids and repeats its reply. Only a backfill without a ticket id of its own would
    /// leave two tickets behind if it did not.
    #[expect(clippy::unused_self, reason = "a rule of the machine")]
    fn is_repeatable(&self, request: &Request) -> bool {
        !matches!(request, Request::StartMatchBackfill(start) if start.ticket_id.is_empty())
    }

    fn enqueue(
        &mut self,
        call: Option<CallId>,
        request: &Request,
        repeatable: bool,
        now: Duration,
    ) -> Result<(), Error> {
        let request_id = self.random.uuid();
        let text = request.encode(&request_id);
        if text.len() > self.config.max_request_bytes {
            let reason = format!("it has more than {} bytes", self.config.max_request_bytes);
            return Err(Error::Validation {
                field: "request",
                reason,
            });
        }
        let deadline = now + self.config.call_timeout;
        let action = request.action();
        self.calls.push(Pending {
            call,
            action,
            request_id,
            text,
            repeatable,
            sent_on: None,
            deadline,
        });
        Ok(())
    }

    pub(super) fn heartbeat(&mut self, healthy: bool, now: Duration) {
        let request = HeartbeatServerProcess { health_status: healthy }.into();
        if let Err(error) = self.enqueue(None, &request, true, now) {
            tracing::warn!(%error, "a heartbeat cannot be sent");
        }
    }
}
