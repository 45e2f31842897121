//! The life of a server process: one state machine, fed and obeyed by `drive.rs`.
//!
//! Offline, connecting, ready; then for each game session: loading, activating, active, ending. An end goes through
//! its steps in order and each has a deadline: goodbyes (a whole frame at least, when players are in), the seats, the
//! orchestrator's word. A process of one session leaves after it. A shutdown ends the same way from any phase; a lost
//! connection too, but without a word to the orchestrator. What does not fit the phase is answered by a failure.

mod ending;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{GameSessionId, GoodbyeCode, HostError, HostEvent, HostLifetime, HostedGameSession};

use crate::error::SessionServerError;
use crate::policy::ServerPolicies;
use crate::session::{HostedSession, ServerSessionState};
use ending::{End, STEP_TIME, Step, Then};
pub(crate) use words::{Command, Input, Moment, Output, Question, Tick};

/// How long connecting and activating may take.
const START_TIME: Duration = Duration::from_secs(30);

pub(crate) struct Life {
    phase: Phase,
    lifetime: HostLifetime,
    policies: ServerPolicies,
    goodbye_time: Duration,
    session: Option<GameSessionId>,
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
            (Phase::Offline, Input::Port(port)) => {
                self.phase = Phase::Connecting;
                self.put(Output::Ask(Question::Ready(port), now + START_TIME));
            }
            (Phase::Connecting, Input::Done(Question::Ready(_), Ok(()))) => self.phase = Phase::Ready,
            (Phase::Connecting, Input::Done(Question::Ready(_), Err(error))) => {
                self.fail(error);
                self.vanish();
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
            (_, Input::Event(HostEvent::GameSessionStarted(_))) => self.wrong_state("hosting another game session"),

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
            Input::Event(HostEvent::GameSessionEndRequested) | Input::Command(Command::End) => {
                self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
            }
            Input::Event(HostEvent::ShutdownRequested { time_left }) => {
                self.put(Output::ShutdownRequested(time_left));
                self.end(now, GoodbyeCode::ShuttingDown, Then::Leave, time_left);
            }
            Input::Event(HostEvent::Lost(error)) => {
                self.fail(error.into());
                self.end(now, GoodbyeCode::ShuttingDown, Then::Vanish, None);
            }
            Input::Command(Command::SetPolicy(policy)) => {
                self.put(Output::Ask(Question::SetPolicy(policy), now + STEP_TIME));
            }
            Input::Command(Command::Activate | Command::ShutDown { .. }) => self.wrong_state("activating"),
            Input::Done(Question::SetPolicy(_), Err(error)) => self.put(Output::Failed(error)),
            Input::Tick(tick) => self.apply_policies(now, tick),
            Input::Event(_) => self.wrong_state("following the orchestrator's event"),
            Input::Done(..) | Input::Port(_) => {}
        }
    }

    fn start(&mut self, now: Duration, session: HostedGameSession) {
        self.session = Some(session.id.clone());
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
        let is_over = |from: Duration, limit: Option<Duration>| limit.is_some_and(|limit| now >= from + limit);
        let empty_since = tick.is_empty.then(|| empty_since.unwrap_or(now));
        self.phase = Phase::Active { since, empty_since };
        let why = if is_over(since, self.policies.maximum_age) {
            "it reached its maximum age"
        } else if !tick.someone_came && tick.is_empty && is_over(since, self.policies.nobody_came_in) {
            "nobody came"
        } else if tick.someone_came && empty_since.is_some_and(|from| is_over(from, self.policies.empty_for)) {
            "everybody left"
        } else {
            return;
        };
        tracing::info!(why, "the game session ends by policy");
        self.end(now, GoodbyeCode::SessionEnded, Then::NextSession, None);
    }

    fn end(&mut self, now: Duration, reason: GoodbyeCode, then: Then, time_left: Option<Duration>) {
        let then = match self.lifetime {
            HostLifetime::OneSession => then.max(Then::Leave),
            HostLifetime::ManySessions => then,
        };
        let end = self.plan(now, then, time_left);
        self.phase = Phase::Ending {
            step: Step::Goodbyes { frames: 0 },
            end,
        };
        tracing::info!(%reason, "ending");
        self.put(Output::Ending(reason));
    }

    fn plan(&self, now: Duration, then: Then, time_left: Option<Duration>) -> End {
        End::new(now, then, self.goodbye_time, time_left)
    }

    fn hurry(&mut self, now: Duration, step: Step, end: End, then: Then, time_left: Option<Duration>) {
        let merged = end.sooner_of(self.plan(now, then, time_left));
        self.phase = Phase::Ending { step, end: merged };
        if step == Step::Closing && end.then != merged.then {
            self.ask_to_close(merged); // what was asked before is not enough any more
        }
    }

    fn go_on_ending(&mut self, now: Duration, step: Step, end: End, tick: Tick) {
        let step = match (step, tick.moment) {
            (Step::Goodbyes { .. }, _) if tick.is_empty || now >= end.goodbyes_by => self.free_seats(),
            (Step::Goodbyes { frames }, Moment::Poll) => Step::Goodbyes { frames: frames + 1 },
            (Step::Goodbyes { frames: 1.. }, Moment::Flush) if !tick.goodbyes_held => self.free_seats(),
            (Step::Seats, _) if !tick.seats_settling || end.then == Then::Vanish || now >= end.seats_by => {
                self.phase = Phase::Ending {
                    step: Step::Closing,
                    end,
                };
                return self.ask_to_close(end);
            }
            (step, _) => step,
        };
        self.phase = Phase::Ending { step, end };
    }

    fn free_seats(&mut self) -> Step {
        self.put(Output::FreeSeats);
        Step::Seats
    }

    fn ask_to_close(&mut self, end: End) {
        match end.then {
            Then::NextSession => self.put(Output::Ask(Question::EndSession, end.closed_by)),
            Then::Leave => self.put(Output::Ask(Question::ShutDown, end.closed_by)),
            Then::Vanish => {
                self.gone();
                self.vanish();
            }
        }
    }

    fn closed(&mut self, end: End, answer: Result<(), SessionServerError>) {
        self.gone();
        match (end.then, answer) {
            (Then::NextSession, answer) => {
                self.phase = Phase::Ready;
                // the orchestrator may have ended it by itself
                if let Err(error) = answer
                    && !matches!(error, SessionServerError::Host(HostError::WrongState { .. }))
                {
                    self.put(Output::Failed(error));
                }
            }
            (Then::Leave | Then::Vanish, answer) => {
                if let Err(error) = answer {
                    self.fail(error);
                }
                self.phase = Phase::Gone;
                self.put(Output::Exit { success: !self.failed });
            }
        }
    }

    /// There is no game session any more.
    fn gone(&mut self) {
        if self.session.take().is_some() {
            self.put(Output::SessionGone);
        }
    }

    /// There is no orchestrator any more. A dedicated process has nothing left to do then.
    fn vanish(&mut self) {
        self.phase = Phase::Gone;
        if self.lifetime == HostLifetime::OneSession {
            self.put(Output::Exit { success: false });
        }
    }

    fn fail(&mut self, error: SessionServerError) {
        self.failed = true;
        self.put(Output::Failed(error));
    }

    fn wrong_state(&mut self, what: &'static str) {
        let state = self.state();
        self.put(Output::Failed(SessionServerError::WrongState { what, state }));
    }

    fn put(&mut self, output: Output) {
        self.outputs.push_back(output);
    }
}
