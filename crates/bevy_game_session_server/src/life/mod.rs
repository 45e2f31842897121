//! The life of a server process: one state machine, fed and obeyed by `drive.rs`.
//!
//! Offline, connecting, ready; then for each game session: loading, activating, active, ending. An end goes through
//! its steps in order and each has a deadline: goodbyes (a whole frame at least, when players are in), the seats, the
//! orchestrator's word. A process of one session leaves after it. A shutdown ends the same way from any phase, at once or,
//! when the game wants it, once the players have finished; a lost connection too, but without a word to the orchestrator. A command that does not fit the phase is answered by a
//! failure; an event that does not fit is ignored.

mod ending;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    GameSessionId, GoodbyeCode, HostEvent, HostLifetime, HostedGameSession, PlayerSessionPolicy,
};

use crate::error::SessionServerError;
use crate::policy::ServerPolicies;
use crate::session::{HostedSession, ServerSessionState};
use ending::{End, STEP_TIME, Step, Then};
pub(crate) use words::{Command, Input, Moment, Output, Question, Tick};

/// How long connecting and activating may take.
const START_TIME: Duration = Duration::from_secs(30);
/// A process of many sessions that was not taken as ready is offered again after so long.
const OFFER_PAUSE: Duration = Duration::from_secs(10);
/// So many game sessions of the past are remembered.
const MOST_HOSTED: usize = 16;

pub(crate) struct Life {
    phase: Phase,
    lifetime: HostLifetime,
    policies: ServerPolicies,
    goodbye_time: Duration,
    session: Option<GameSessionId>,
    /// The latest game sessions, this one too: what comes again of them is late.
    hosted: VecDeque<GameSessionId>,
    /// The port that the orchestrator would not take, and when it is offered again.
    refused: Option<(u16, Duration)>,
    /// When the process must be gone, while players may still finish.
    gone_by: Option<Duration>,
    ignored: u32,
    failed: bool,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy)]
enum Phase {
    Offline,
    Connecting,
    Ready,
    Loading,
    Activating,
    Active {
        since: Duration,
        empty_since: Option<Duration>,
    },
    Ending {
        step: Step,
        end: End,
    },
    Gone,
}

impl Life {
    pub(crate) fn new(lifetime: HostLifetime, policies: ServerPolicies, goodbye_time: Duration) -> Self {
        Self {
            phase: Phase::Offline,
            lifetime,
            policies,
            goodbye_time,
            session: None,
            hosted: VecDeque::new(),
            refused: None,
            gone_by: None,
            ignored: 0,
            failed: false,
            outputs: VecDeque::new(),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn state(&self) -> ServerSessionState {
        match self.phase {
            Phase::Offline | Phase::Connecting | Phase::Gone => ServerSessionState::Offline,
            Phase::Ready => ServerSessionState::Ready,
            Phase::Loading | Phase::Activating => ServerSessionState::Activating,
            Phase::Active { .. } => ServerSessionState::Active,
            Phase::Ending { .. } => ServerSessionState::Ending,
        }
    }

    /// Whether it wants a port.
    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.phase, Phase::Offline)
    }

    /// Whether nothing happens without the orchestrator: the loop may park.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Offline | Phase::Ready | Phase::Gone)
    }

    /// Whether the orchestrator may send events.
    pub(crate) fn listens(&self) -> bool {
        !matches!(self.phase, Phase::Offline | Phase::Gone)
    }

    pub(crate) fn handle(&mut self, now: Duration, input: Input) {
        // who asks for the shutdown makes no difference
        let input = match input {
            Input::Command(Command::ShutDown { time_left }) => Input::Event(HostEvent::ShutdownRequested { time_left }),
            input => input,
        };
        match (self.phase, input) {
            (Phase::Offline, Input::Port(port)) => self.offer(now, port),
            (Phase::Connecting, Input::Done(Question::Ready(_), Ok(()))) => self.phase = Phase::Ready,
            (Phase::Connecting, Input::Done(Question::Ready(port), Err(error))) => self.not_taken(now, port, error),
            (_, Input::Event(HostEvent::GameSessionStarted(session))) if self.hosted.contains(&session.id) => {
                self.ignore("a game session that was hosted here before");
            }
            (Phase::Connecting | Phase::Ready, Input::Event(HostEvent::GameSessionStarted(session))) => {
                self.start(now, session);
            }
            // the answer to the end of the session before is overtaken by the next one
            (
                Phase::Ending {
                    step: Step::Closing,
                    end,
                },
                Input::Event(HostEvent::GameSessionStarted(session)),
            ) if end.then == Then::NextSession => {
                self.closed(end, Ok(()));
                self.start(now, session);
            }
            (_, Input::Event(HostEvent::GameSessionStarted(_))) => self.ignore("a game session that fits nowhere"),

            (Phase::Loading, Input::Command(Command::Activate)) => self.activate(now),
            (Phase::Activating, Input::Done(Question::Activate(_), Ok(()))) => {
                self.phase = Phase::Active {
                    since: now,
                    empty_since: None,
                };
            }
            (Phase::Activating, Input::Done(Question::Activate(_), Err(error))) => {
                self.fail(error);
                self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
            }
            (Phase::Loading | Phase::Activating | Phase::Active { .. }, input) => self.in_session(now, input),

            (Phase::Ending { step, end }, Input::Tick(tick)) => self.go_on_ending(now, step, end, tick),
            (
                Phase::Ending {
                    step: Step::Closing,
                    end,
                },
                Input::Done(Question::EndSession | Question::ShutDown, answer),
            ) => self.closed(end, answer),
            (Phase::Ending { step, end }, Input::Event(HostEvent::ShutdownRequested { time_left })) => {
                self.put(Output::ShutdownRequested(time_left));
                self.hurry(now, step, end, Then::Leave, time_left);
            }
            (Phase::Ending { step, end }, Input::Event(HostEvent::Lost(error))) => {
                self.fail(error.into());
                self.hurry(now, step, end, Then::Vanish, None);
            }

            (Phase::Gone | Phase::Offline, Input::Event(HostEvent::ShutdownRequested { time_left })) => {
                self.put(Output::ShutdownRequested(time_left));
                self.phase = Phase::Gone;
                self.put(Output::Exit { success: !self.failed });
            }
            (Phase::Connecting | Phase::Ready, Input::Event(HostEvent::ShutdownRequested { time_left })) => {
                self.put(Output::ShutdownRequested(time_left));
                self.end(now, GoodbyeCode::ShuttingDown, Then::Leave, time_left);
            }
            (Phase::Connecting | Phase::Ready, Input::Event(HostEvent::Lost(error))) => {
                self.fail(error.into());
                self.vanish();
            }

            (Phase::Offline, Input::Command(Command::Fail(error))) => {
                self.fail(error.into());
                if self.lifetime == HostLifetime::OneSession {
                    self.vanish();
                }
            }
            // a listen server's app goes on: what cannot be hosted now may be later
            (Phase::Connecting | Phase::Ready, Input::Command(Command::Fail(error))) => {
                self.fail(error.into());
                if self.lifetime == HostLifetime::OneSession {
                    self.end(now, GoodbyeCode::ShuttingDown, Then::Leave, None);
                }
            }
            (Phase::Ending { .. }, Input::Command(Command::Fail(error))) => self.fail(error.into()),

            (Phase::Ending { .. }, Input::Command(Command::End)) => {}
            (_, Input::Command(Command::Activate)) => self.wrong_state("activating"),
            (_, Input::Command(Command::End)) => self.wrong_state("ending the game session"),
            (_, Input::Command(Command::SetPolicy(_))) => self.wrong_state("opening or closing the game session"),
            // answers that came too late, news of a game session that just ended, and a machine that rests
            (_, _) => {}
        }
    }

    /// All that may happen while there is a game session that does not end yet.
    fn in_session(&mut self, now: Duration, input: Input) {
        match input {
            Input::Event(HostEvent::GameSessionUpdated(session)) if self.session.as_ref() == Some(&session.id) => {
                self.put(Output::Updated(session));
            }
            Input::Event(HostEvent::BackfillEnded { ticket_id, outcome }) => {
                self.put(Output::BackfillEnded(ticket_id, outcome));
            }
            Input::Event(HostEvent::GameSessionEndRequested) | Input::Command(Command::End) => {
                self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
            }
            Input::Event(HostEvent::ShutdownRequested { time_left }) => {
                self.put(Output::ShutdownRequested(time_left));
                self.shut_down(now, time_left);
            }
            Input::Event(HostEvent::Lost(error)) => {
                self.fail(error.into());
                self.end(now, GoodbyeCode::ShuttingDown, Then::Vanish, None);
            }
            Input::Command(Command::Fail(error)) => {
                self.fail(error.into());
                self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
            }
            Input::Command(Command::SetPolicy(policy)) => {
                self.put(Output::Ask(Question::SetPolicy(policy), now + STEP_TIME));
            }
            Input::Command(Command::Activate | Command::ShutDown { .. }) => self.wrong_state("activating"),
            Input::Done(Question::SetPolicy(_), Err(error)) => self.put(Output::Failed(error)),
            Input::Tick(tick) => self.apply_policies(now, tick),
            Input::Event(_) => self.ignore("an event that fits no game session here"),
            Input::Done(..) | Input::Port(_) => {}
        }
    }

    fn offer(&mut self, now: Duration, port: u16) {
        let may_be_taken = |(refused, again_at)| port != refused || now >= again_at;
        if self.refused.is_none_or(may_be_taken) {
            self.phase = Phase::Connecting;
            self.put(Output::Ask(Question::Ready(port), now + START_TIME));
        }
    }

    /// A dedicated process has nothing left to do then; one of many sessions is offered again.
    fn not_taken(&mut self, now: Duration, port: u16, error: SessionServerError) {
        self.fail(error);
        match self.lifetime {
            HostLifetime::OneSession => self.vanish(),
            HostLifetime::ManySessions => {
                self.refused = Some((port, now + OFFER_PAUSE));
                self.phase = Phase::Offline;
            }
        }
    }

    /// Ends at once, or lets those who are in finish when there is time and the game wants it.
    fn shut_down(&mut self, now: Duration, time_left: Option<Duration>) {
        let spared = self.policies.spared_for_the_end.zip(time_left);
        if let Some((spared, left)) = spared
            && left > spared
            && matches!(self.phase, Phase::Active { .. })
        {
            let gone_by = now.saturating_add(left);
            self.gone_by = Some(self.gone_by.map_or(gone_by, |before| before.min(gone_by)));
            let closed = Question::SetPolicy(PlayerSessionPolicy::DenyAll);
            self.put(Output::Ask(closed, now + STEP_TIME));
        } else {
            self.end(now, GoodbyeCode::ShuttingDown, Then::Leave, time_left);
        }
    }

    fn start(&mut self, now: Duration, session: HostedGameSession) {
        self.session = Some(session.id.clone());
        self.hosted.truncate(MOST_HOSTED - 1);
        self.hosted.push_front(session.id.clone());
        self.failed = false;
        match HostedSession::new(session) {
            Ok(hosted) => {
                tracing::info!(game_session = %hosted.id(), trace_id = hosted.trace_id(), "game session started");
                self.phase = Phase::Loading;
                self.put(Output::Started(hosted));
                if self.policies.auto_activate {
                    self.activate(now);
                }
            }
            Err(error) => {
                self.fail(SessionServerError::SessionData(Arc::new(error)));
                self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
            }
        }
    }

    fn activate(&mut self, now: Duration) {
        if let Some(id) = self.session.clone() {
            self.phase = Phase::Activating;
            self.put(Output::Ask(Question::Activate(id), now + START_TIME));
        }
    }

    fn apply_policies(&mut self, now: Duration, tick: Tick) {
        let Phase::Active { since, empty_since } = self.phase else {
            return;
        };
        let is_over =
            |from: Duration, limit: Option<Duration>| limit.is_some_and(|limit| now.saturating_sub(from) >= limit);
        let empty_since = tick.is_empty.then(|| empty_since.unwrap_or(now));
        self.phase = Phase::Active { since, empty_since };
        if let (Some(gone_by), Some(spared)) = (self.gone_by, self.policies.spared_for_the_end)
            && (tick.is_empty || gone_by.saturating_sub(now) <= spared)
        {
            return self.end(now, GoodbyeCode::ShuttingDown, Then::Leave, None);
        }
        let why = if is_over(since, self.policies.maximum_age) {
            "it reached its maximum age"
        } else if !tick.someone_came && tick.is_empty && is_over(since, self.policies.nobody_came_in) {
            "nobody came"
        } else if tick.someone_came
            && empty_since.is_some_and(|from| is_over(from, self.policies.empty_for(self.lifetime)))
        {
            "everybody left"
        } else {
            return;
        };
        tracing::info!(why, "the game session ends by policy");
        self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
    }

    fn fail(&mut self, error: SessionServerError) {
        self.failed = true;
        self.put(Output::Failed(error));
    }

    fn wrong_state(&mut self, what: &'static str) {
        let state = self.state();
        self.put(Output::Failed(SessionServerError::WrongState { what, state }));
    }

    /// What the orchestrator says twice, too late or to the wrong process changes nothing, and is logged once.
    fn ignore(&mut self, what: &'static str) {
        if self.ignored == 0 {
            tracing::warn!(state = ?self.state(), "{what} was ignored; what else is ignored is logged as debug");
        } else {
            tracing::debug!(state = ?self.state(), "{what} was ignored");
        }
        self.ignored = self.ignored.saturating_add(1);
    }

    fn put(&mut self, output: Output) {
        self.outputs.push_back(output);
    }
}
