//! Turns the machine: orchestrator and world in, calls and events out. Twice a frame, when there is something to do.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bevy_app::AppExit;
use bevy_ecs::prelude::*;
use bevy_state::state::NextState;
use bevy_time::{Real, Time};
use game_session_protocol::{ReadyProcess, SessionHost};

use crate::admission::{AcceptedPlayer, Admissions};
use crate::call::Call;
use crate::error::SessionServerError;
use crate::events::{
    BackfillEnded, GameSessionStarted, GameSessionUpdated, HostFailed, PlayerRejected, SessionEnding,
    ShutdownRequested, say,
};
use crate::goodbye::Goodbyes;
use crate::life::{Command, Input, Life, Moment, Output, Question, Tick};
use crate::plugin::ListenPort;
use crate::session::{HostedSession, ServerSessionState};
use crate::wakeup::ServerWaker;

/// The most events of the orchestrator that one frame takes.
const MOST_EVENTS: usize = 64;

/// The orchestrator's host handle, and where this process is with it.
#[derive(Resource)]
pub(crate) struct HostLink {
    host: Arc<dyn SessionHost>,
    waker: ServerWaker,
    life: Life,
    log_paths: Vec<String>,
    commands: Vec<Command>,
    calls: Vec<(Question, Call)>,
    shown: ServerSessionState,
}

impl HostLink {
    pub(crate) fn new(host: Arc<dyn SessionHost>, waker: ServerWaker, life: Life, log_paths: Vec<String>) -> Self {
        let shown = life.state();
        Self {
            host,
            waker,
            life,
            log_paths,
            commands: Vec::new(),
            calls: Vec::new(),
            shown,
        }
    }

    pub(crate) fn ask(&mut self, command: Command) {
        self.commands.push(command);
        self.waker.wake();
    }

    /// Where the process is in its life, as of now.
    pub(crate) fn state(&self) -> ServerSessionState {
        self.life.state()
    }

    /// Whether nothing happens without the orchestrator.
    pub(crate) fn is_idle(&self) -> bool {
        self.life.is_idle() && self.commands.is_empty() && self.calls.is_empty()
    }

    fn call(&self, question: &Question, until: Duration) -> Call {
        let host = self.host.clone();
        match question.clone() {
            Question::Ready(port) => {
                let process = ReadyProcess {
                    port,
                    log_paths: self.log_paths.clone(),
                };
                Call::new(until, move || host.ready(process.clone()))
            }
            Question::Activate(id) => Call::new(until, move || host.activate(id.clone())),
            Question::SetPolicy(policy) => Call::new(until, move || host.set_policy(policy)),
            Question::EndSession => Call::new(until, move || host.end_session()),
            Question::ShutDown => Call::new(until, move || host.shut_down()),
        }
    }

    /// Feeds the answers that have come.
    fn take_answers(&mut self, now: Duration, cx: &mut Context<'_>) {
        let mut index = 0;
        while let Some((question, call)) = self.calls.get_mut(index) {
            let answer = match call.poll(now, cx) {
                Poll::Ready(answer) => answer.map_err(SessionServerError::from),
                Poll::Pending if call.is_overdue(now) => Err(SessionServerError::TimedOut { action: name(question) }),
                Poll::Pending => {
                    index += 1;
                    continue;
                }
            };
            let (question, _) = self.calls.remove(index);
            self.life.handle(now, Input::Done(question, answer));
        }
    }

    /// Feeds the events that have come, in their order.
    fn take_events(&mut self, now: Duration, cx: &mut Context<'_>) {
        for _ in 0..MOST_EVENTS {
            if !self.life.listens() {
                return;
            }
            match self.host.poll_event(cx) {
                Poll::Ready(event) => self.life.handle(now, Input::Event(event)),
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref(); // there may be more
    }

    /// One turn; what the world must be told comes back.
    fn turn(
        &mut self,
        now: Duration,
        port: Option<u16>,
        admissions: &mut Admissions,
        moment: Moment,
        held: bool,
    ) -> Vec<Output> {
        let mut told = Vec::new();
        let waker = self.waker.for_polling();
        let cx = &mut Context::from_waker(&waker);
        if moment == Moment::Poll {
            self.waker.take_news();
        }
        admissions.drive(now, cx);
        self.life.handle(
            now,
            Input::Tick(Tick {
                moment,
                is_empty: admissions.is_empty(),
                someone_came: admissions.someone_came(),
                seats_settling: admissions.is_settling(),
                goodbyes_held: held,
            }),
        );
        if let Some(port) = port.filter(|_| self.life.is_offline()) {
            self.life.handle(now, Input::Port(port));
        }
        self.take_answers(now, cx);
        if moment == Moment::Poll {
            self.take_events(now, cx);
        }
        for command in std::mem::take(&mut self.commands) {
            self.life.handle(now, Input::Command(command));
        }
        self.obey(now, admissions, &mut told);
        // what is asked goes out in the same frame, but not before the world has heard of what led to it
        if moment == Moment::Flush {
            self.take_answers(now, cx);
            admissions.drive(now, cx);
            self.obey(now, admissions, &mut told);
        }
        told
    }

    /// Does what the machine says, as far as it does not concern the world.
    fn obey(&mut self, now: Duration, admissions: &mut Admissions, told: &mut Vec<Output>) {
        while let Some(output) = self.life.poll_output() {
            match &output {
                Output::Ask(question, until) => {
                    // of two wishes the later one counts, also when the earlier one is still repeated
                    if let Question::SetPolicy(_) = question {
                        self.calls.retain(|(asked, _)| !matches!(asked, Question::SetPolicy(_)));
                    }
                    let call = self.call(question, (*until).max(now));
                    self.calls.push((question.clone(), call));
                    continue;
                }
                Output::Started(_) => admissions.open(),
                Output::Ending(_) => admissions.close(),
                Output::SessionGone => admissions.forget(),
                _ => {}
            }
            told.push(output);
        }
    }
}

/// Whether a turn would do anything.
pub(crate) fn has_something_to_do(
    link: Res<HostLink>,
    admissions: Res<Admissions>,
    port: Option<Res<ListenPort>>,
) -> bool {
    link.waker.has_news() || !link.is_idle() || admissions.is_busy() || (link.life.is_offline() && port.is_some())
}

/// The host is told every frame that the loop turns.
pub(crate) fn beat(link: Res<HostLink>) {
    link.host.beat();
}

pub(crate) fn host_listens(link: Res<HostLink>) -> bool {
    link.life.listens()
}

pub(crate) fn poll_host(world: &mut World) {
    turn(world, Moment::Poll);
}

pub(crate) fn flush_host(world: &mut World) {
    turn(world, Moment::Flush);
}

fn turn(world: &mut World, moment: Moment) {
    let now = world.resource::<Time<Real>>().elapsed();
    let port = world.get_resource::<ListenPort>().map(|port| port.0);
    let goodbyes_held = world.resource::<Goodbyes>().are_held();
    let (told, rejected) = world.resource_scope(|world, mut link: Mut<HostLink>| {
        let mut admissions = world.resource_mut::<Admissions>();
        let told = link.turn(now, port, &mut admissions, moment, goodbyes_held);
        (told, admissions.take_rejected())
    });
    show_state(world);
    for output in told {
        tell(world, output);
    }
    for reason in rejected {
        say(world, PlayerRejected { reason });
    }
}

fn show_state(world: &mut World) {
    let mut link = world.resource_mut::<HostLink>();
    let state = link.life.state();
    if link.shown != state {
        link.shown = state;
        // a loop that parks now would show it late
        link.waker.wake();
        tracing::info!(?state, "server");
        world.resource_mut::<NextState<ServerSessionState>>().set(state);
    }
}

/// Tells the world, and whoever listens in it.
fn tell(world: &mut World, output: Output) {
    match output {
        Output::Started(session) => {
            let started = GameSessionStarted {
                id: session.id().clone(),
                name: session.name().to_owned(),
            };
            world.insert_resource(session);
            say(world, started);
        }
        Output::Updated(session) => {
            let id = session.id.clone();
            if let Some(mut hosted) = world.get_resource_mut::<HostedSession>() {
                hosted.update(session);
                say(world, GameSessionUpdated { id });
            }
        }
        Output::BackfillEnded(ticket_id, outcome) => say(world, BackfillEnded { ticket_id, outcome }),
        Output::ShutdownRequested(time_left) => say(world, ShutdownRequested { time_left }),
        Output::Ending(reason) => say(world, SessionEnding { reason }),
        Output::FreeSeats => free_all_seats(world),
        Output::SessionGone => {
            world.remove_resource::<HostedSession>();
        }
        Output::Failed(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the orchestrator and the server disagree"
            );
            say(world, HostFailed { error });
        }
        Output::Exit { success } => {
            world.write_message(if success { AppExit::Success } else { AppExit::error() });
        }
        Output::Ask(..) => {}
    }
}

fn free_all_seats(world: &mut World) {
    let mut seats = world.query_filtered::<Entity, With<AcceptedPlayer>>();
    let players: Vec<Entity> = seats.iter(world).collect();
    for player in players {
        world.entity_mut(player).remove::<AcceptedPlayer>();
    }
}

fn name(question: &Question) -> &'static str {
    match question {
        Question::Ready(_) => "take the process as ready",
        Question::Activate(_) => "activate the game session",
        Question::SetPolicy(_) => "open or close the game session",
        Question::EndSession => "end the game session",
        Question::ShutDown => "let the process leave",
    }
}
