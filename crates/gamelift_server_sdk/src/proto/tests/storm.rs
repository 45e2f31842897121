//! A hostile service: it cuts, doubles, reorders and delays frames, and drops the connection wherever it likes. Whatever
//! it does: no panic, every call ends exactly once and in time, no push that arrived whole is lost, doubled or moved,
//! heartbeats never pause, and at the end nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::proto::message::{FromService, UpdateGameSession};

/// How many histories the ordinary run plays; `GAMELIFT_STORM_HISTORIES` sets another number and
/// `GAMELIFT_STORM_SEED` the first seed.
const HISTORIES: u64 = 1000;

/// What happened in all histories, to see that they are about something.
#[derive(Default, Debug)]
struct Tally {
    told: u64,
    done: u64,
    lost_connections: u64,
    cut_frames: u64,
    doubled_replies: u64,
    refreshes: u64,
    heartbeats: u64,
}

struct Storm {
    world: World,
    dice: Random,
    calls: Vec<(CallId, Duration)>,
    /// When each call ended.
    ended: BTreeMap<CallId, Duration>,
    seen_outputs: usize,
    /// Replies and pushes that the service has not let go yet.
    delayed: Vec<(SocketId, String)>,
    answered: BTreeSet<String>,
    /// The pushes that arrived whole, while they counted.
    expected: Vec<u32>,
    pushed: u32,
    ready_calls: BTreeSet<CallId>,
    ready_since: Option<Duration>,
    ending: Option<(CallId, Duration)>,
    ended_well: bool,
    tally: Tally,
}

impl Storm {
    fn new(seed: u64) -> Self {
        Self {
            world: World::with(|_| {}, u128::from(seed)),
            dice: Random::new(u128::from(seed)),
            calls: Vec::new(),
            ended: BTreeMap::new(),
            seen_outputs: 0,
            delayed: Vec::new(),
            answered: BTreeSet::new(),
            expected: Vec::new(),
            pushed: 0,
            ready_calls: BTreeSet::new(),
            ready_since: None,
            ending: None,
            ended_well: false,
            tally: Tally::default(),
        }
    }

    fn roll(&mut self, sides: usize) -> usize {
        let number = self
            .dice
            .around(Duration::ZERO, Duration::from_millis(1 << 20))
            .as_millis();
        usize::try_from(number).unwrap() % sides
    }

    fn call(&mut self, call: Call) {
        let is_ready = matches!(call, Call::ProcessReady(_));
        let is_ending = matches!(call, Call::ProcessEnding);
        let id = self.world.call(call);
        if is_ready {
            self.ready_calls.insert(id);
        }
        if is_ending {
            self.ending = Some((id, self.world.now));
        }
        self.calls.push((id, self.world.now));
        self.note();
    }

    /// Looks at what is new.
    fn note(&mut self) {
        let new = self.world.outputs.iter().zip(&self.world.told_at);
        for (output, at) in new.skip(self.seen_outputs) {
            if let Output::Done { call, result } = output {
                assert_eq!(self.ended.insert(*call, *at), None, "{call:?} ended twice");
                self.tally.done += u64::from(result.is_ok());
                if self.ready_calls.contains(call) && result.is_ok() {
                    self.ready_since = Some(*at);
                }
                self.ended_well |= result.is_ok() && self.ending.is_some_and(|(ending, _)| ending == *call);
            }
        }
        self.seen_outputs = self.world.outputs.len();
    }

    fn current_or_any(&mut self) -> SocketId {
        let any = self.roll(self.world.connects.len());
        let any = self.world.connects[any].0;
        self.world
            .core
            .link()
            .current
            .filter(|_| self.roll(4) > 0)
            .unwrap_or(any)
    }

    /// A frame arrives, perhaps only its start.
    fn deliver(&mut self, socket: SocketId, text: &str) {
        let mut cut = text.len();
        if self.roll(4) == 0 {
            cut = self.roll(text.len() + 1);
        }
        self.tally.cut_frames += u64::from(cut < text.len());
        // From ready, or an ending without it, until the service has taken the ending.
        let alive = (self.ready_since.is_some() || self.ending.is_some()) && !self.ended_well;
        let counts = alive && self.world.core.link().knows(socket);
        if cut == text.len()
            && counts
            && let Ok(FromService::Push(Push::UpdateGameSession(update))) = FromService::decode(text)
        {
            self.expected.push(update.backfill_ticket_id.parse().unwrap());
        }
        self.world.text_on(socket, &text[..cut]);
        self.note();
    }

    fn step(&mut self) {
        if self.world.core.link().current.is_none() && self.roll(3) == 0 {
            // Not all is lost all of the time.
            self.world.advance(secs(8));
            self.world
                .core
                .handle_connected(self.world.last_connect(), self.world.now);
            self.world.pump();
            if let Some(socket) = self.world.core.link().current
                && let Some((_, _, text)) = self.world.sent.last().cloned()
                && self.roll(2) == 0
            {
                let frame = RequestFrame::decode(&text).unwrap();
                let reply = Reply::success(frame.request.action(), &frame.request_id);
                self.answered.insert(frame.request_id);
                self.world.text_on(socket, &reply.encode());
            }
            self.note();
        }
        match self.roll(16) {
            0 | 1 => {
                self.world
                    .core
                    .handle_connected(self.world.last_connect(), self.world.now);
                self.world.pump();
            }
            2 => {
                let status = [None, Some(503), Some(403)][self.roll(3)];
                // A refused first connect is final, which is another story.
                let first = self.calls.is_empty() || self.ready_since.is_none();
                self.world.refuse(status.filter(|status| !first || *status == 503));
            }
            3 => {
                let socket = self.current_or_any();
                self.tally.lost_connections += u64::from(self.world.core.link().current == Some(socket));
                let code = [None, Some(1000), Some(1001), Some(1011), Some(4000)][self.roll(5)];
                self.world.close(socket, code);
            }
            4..=6 => self.call(accept("psess-1")),
            7 => {
                let by = Duration::from_millis(u64::try_from(self.roll(30_000)).unwrap());
                self.world.advance(by);
            }
            8..=10 if !self.world.sent.is_empty() => {
                // Any request, also one answered before; on its own connection or another.
                let at = self.roll(self.world.sent.len());
                let (own, _, text) = self.world.sent[at].clone();
                let frame = RequestFrame::decode(&text).unwrap();
                let socket = if self.roll(4) == 0 { self.current_or_any() } else { own };
                let reply = Reply::success(frame.request.action(), &frame.request_id).encode();
                self.tally.doubled_replies += u64::from(!self.answered.insert(frame.request_id));
                if self.roll(3) == 0 {
                    self.delayed.push((socket, reply));
                } else {
                    self.deliver(socket, &reply);
                }
            }
            11 => {
                let socket = self.current_or_any();
                self.tally.refreshes += 1;
                self.deliver(socket, &refresh("ws://other:2").encode());
            }
            12 | 13 => {
                self.pushed += 1;
                let update = UpdateGameSession {
                    backfill_ticket_id: self.pushed.to_string(),
                    ..UpdateGameSession::default()
                };
                let socket = self.current_or_any();
                self.deliver(socket, &Push::UpdateGameSession(update).encode());
            }
            14 if !self.delayed.is_empty() => {
                let at = self.roll(self.delayed.len());
                let (socket, text) = self.delayed.swap_remove(at);
                self.deliver(socket, &text);
            }
            15 if self.ready_since.is_none() && self.ending.is_none() => self.call(ready(7777)),
            _ => {
                let socket = self.current_or_any();
                self.deliver(socket, &game_session(GAME).encode());
            }
        }
        self.note();
    }

    fn check(&self) {
        let timeout = secs(20);
        for (call, at) in &self.calls {
            let ended = self.ended.get(call).unwrap_or_else(|| panic!("{call:?} never ended"));
            assert!(
                *ended <= *at + timeout,
                "{call:?} was made at {at:?} and ended at {ended:?}"
            );
        }
        let told: Vec<u32> = self
            .world
            .events()
            .iter()
            .filter_map(|event| match event {
                Event::UpdateGameSession(update) => Some(update.backfill_ticket_id().parse().unwrap()),
                _ => None,
            })
            .collect();
        assert_eq!(told, self.expected, "what arrived whole is told once, in that order");
        let inits = self
            .world
            .outputs
            .iter()
            .filter(|output| matches!(output, Output::Initialized(_)));
        assert!(inits.count() <= 1);
        if let Some(since) = self.ready_since {
            // The game is asked from ready to ending, whatever the connection does.
            let end = self.ending.map_or(self.world.now, |(_, at)| at);
            let asked = self.world.asked.iter().map(|(_, at)| *at);
            let times: Vec<Duration> = std::iter::once(since).chain(asked).chain([end]).collect();
            for pair in times.windows(2) {
                let gap = pair[1].saturating_sub(pair[0]);
                assert!(gap <= secs(70), "nobody asked the game for {gap:?}");
            }
        }
        assert!(self.world.core.is_finished());
        assert_eq!(self.world.core.poll_timeout(), None, "nothing is left to wait for");
        assert!(self.world.core.link().current.is_none());
    }
}

fn play(seed: u64) -> Tally {
    let mut storm = Storm::new(seed);
    // Half of the histories start before anything is connected, half in the middle of a good life.
    if seed.is_multiple_of(2) {
        storm.world.accept();
        storm.call(ready(7777));
        storm.world.answer_all();
        storm.note();
    } else {
        storm.call(ready(7777));
    }
    for _ in 0..120 {
        storm.step();
    }
    storm.call(Call::ProcessEnding);
    for _ in 0..10 {
        storm.step();
    }
    storm.world.advance(secs(20));
    storm.call(Call::Destroy);
    storm.note();
    storm.check();
    storm.tally.told = storm.expected.len() as u64;
    storm.tally.heartbeats = storm.world.heartbeats().len() as u64;
    storm.tally
}

#[test]
fn every_call_ends_once_and_pushes_stay_in_order_whatever_the_service_does() {
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let histories = variable("GAMELIFT_STORM_HISTORIES").unwrap_or(HISTORIES);
    let first = variable("GAMELIFT_STORM_SEED").unwrap_or(0);
    let mut all = Tally::default();
    for seed in first..first + histories {
        let tally = std::panic::catch_unwind(|| play(seed)).unwrap_or_else(|error| {
            eprintln!("the history that failed: GAMELIFT_STORM_SEED={seed} GAMELIFT_STORM_HISTORIES=1");
            std::panic::resume_unwind(error)
        });
        all.told += tally.told;
        all.done += tally.done;
        all.lost_connections += tally.lost_connections;
        all.cut_frames += tally.cut_frames;
        all.doubled_replies += tally.doubled_replies;
        all.refreshes += tally.refreshes;
        all.heartbeats += tally.heartbeats;
    }
    let each = [
        all.told,
        all.done,
        all.lost_connections,
        all.cut_frames,
        all.doubled_replies,
        all.refreshes,
        all.heartbeats,
    ];
    assert!(
        histories < 100 || each.iter().all(|count| *count > histories),
        "the histories are about something: {all:?}"
    );
}

/// A life of which every frame is delivered, with the connection dropped before step `drop_at`; returns the number of
/// steps. The service remembers replies by request id, as the real one does.
fn good_life(drop_at: Option<usize>, code: Option<u16>) -> usize {
    let mut world = World::connected();
    let mut calls = Vec::new();
    let script: [&dyn Fn(&mut World) -> Option<CallId>; 11] = [
        &|world| Some(world.call(ready(7777))),
        &|world| {
            world.push(&game_session(GAME));
            None
        },
        &|world| Some(world.call(Call::ActivateGameSession)),
        &|world| Some(world.call(accept("psess-1"))),
        &|world| Some(world.call(accept("psess-2"))),
        &|world| {
            world.push(&refresh("ws://other:2"));
            world.accept();
            None
        },
        &|world| Some(world.call(Call::RemovePlayerSession("psess-1".into()))),
        &|world| {
            world.text(r#"{"Action":"UpdateGameSession","BackfillTicketId":"t-1"}"#);
            None
        },
        &|world| Some(world.call(Call::GetComputeCertificate)),
        &|world| {
            world.text(r#"{"Action":"TerminateProcess"}"#);
            None
        },
        &|world| Some(world.call(Call::ProcessEnding)),
    ];
    let mut answered = 0;
    let mut at = 0;
    for step in script {
        calls.extend(step(&mut world));
        // Twice: between the request and its reply, and after the reply.
        for _ in 0..2 {
            if drop_at == Some(at) && world.core.link().current.is_some() {
                let socket = world.socket();
                world.close(socket, code);
                world.advance(secs(4));
                let connects = world.connects.last().unwrap().0;
                if !world.core.link().knows(connects) && calls.len() < 8 {
                    world.accept();
                }
            }
            at += 1;
            while answered < world.sent.len() {
                let frame = world.requests().swap_remove(answered);
                answered += 1;
                let reply = Reply::success(frame.request.action(), &frame.request_id);
                if world.core.link().current.is_some() {
                    world.reply(&reply);
                }
            }
        }
    }
    for call in &calls {
        assert!(
            world.result(*call).is_ok(),
            "dropped at {drop_at:?}: {:?}",
            world.result(*call)
        );
    }
    let events = world.events();
    assert!(
        matches!(
            &events[..],
            [
                Event::StartGameSession(_),
                Event::UpdateGameSession(_),
                Event::ProcessTerminate { .. }
            ]
        ),
        "dropped at {drop_at:?}: {events:?}"
    );
    at
}

#[test]
fn a_life_goes_on_wherever_the_connection_is_dropped() {
    let steps = good_life(None, None);
    assert_eq!(steps, 22);
    for code in [None, Some(1000), Some(1001), Some(1011)] {
        for step in 0..steps {
            good_life(Some(step), code);
        }
    }
}

#[test]
fn a_frame_cut_at_any_byte_is_ignored_and_the_whole_one_still_counts() {
    let session = game_session(GAME).encode();
    let update = r#"{"Action":"UpdateGameSession","GameSession":{"Name":"caf\u00e9 \"é\"","GameProperties":{"a":"b"}},"UpdateReason":"NEW"}"#;
    let terminate = r#"{"Action":"TerminateProcess","TerminationTime":1795342818136}"#;
    for text in [session.as_str(), update, terminate, &refresh("ws://other:2").encode()] {
        let mut world = World::ready();
        let cuts: Vec<usize> = (0..text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for at in &cuts {
            world.text(&text[..*at]);
        }
        assert!(world.events().is_empty() && world.connects.is_empty());
        assert_eq!(world.core.ignored_frames(), cuts.len() as u64);
        world.text(text);
        assert_eq!(world.events().len() + world.connects.len(), 1, "{text}");
    }
    let mut world = World::hosting();
    let call = world.call(accept("psess-1"));
    let id = world.requests()[0].request_id.clone();
    let reply = Reply::failure("AcceptPlayerSession", &id, 404, "not \u{e9} here").encode();
    for at in (0..reply.len()).filter(|at| reply.is_char_boundary(*at)) {
        world.text(&reply[..at]);
    }
    assert!(world.results(call).is_empty());
    world.text(&reply);
    assert!(world.result(call).is_err());
}
