//! A hostile service: whatever it does, every call ends exactly once, pushes stay in order, and nothing panics.

use super::*;
use crate::proto::message::UpdateGameSession;

/// How many histories the ordinary run plays; `GAMELIFT_STORM_HISTORIES` sets another number.
const HISTORIES: u128 = 1000;

/// Returns how many events were told and how many calls succeeded.
fn play(seed: u128) -> (usize, usize) {
    let mut dice = Random::new(seed);
    let mut roll = |sides: u64| {
        u64::try_from(dice.around(Duration::ZERO, Duration::from_millis(1 << 20)).as_millis()).unwrap() % sides
    };
    let mut world = World::with(|_| {}, seed);
    let mut calls = Vec::new();
    let mut pushed = 0_u32;
    // Half of the histories start before anything is connected, half in the middle of a good life.
    if roll(2) == 0 {
        world.accept();
        calls.push(world.call(ready(7777)));
        world.answer_all();
    }
    for _ in 0..120 {
        let sockets: Vec<SocketId> = world.connects.iter().map(|(socket, ..)| *socket).collect();
        let any = sockets[usize::try_from(roll(sockets.len() as u64)).unwrap()];
        let some_socket = world.core.link().current.filter(|_| roll(4) > 0).unwrap_or(any);
        match roll(14) {
            0 | 1 => {
                world.core.handle_connected(world.last_connect(), world.now);
                world.pump();
            }
            2 => world.refuse(if roll(8) == 0 { Some(503) } else { None }),
            3 => world.close(some_socket, if roll(2) == 0 { None } else { Some(1001) }),
            4 => calls.push(world.call(ready(7777))),
            5 | 6 => calls.push(world.call(accept("psess-1"))),
            7 => world.advance(Duration::from_millis(roll(30_000))),
            8..=10 if !world.sent.is_empty() => {
                let at = usize::try_from(roll(world.sent.len() as u64)).unwrap();
                let (socket, _, text) = world.sent[at].clone();
                let frame = RequestFrame::decode(&text).unwrap();
                let reply = Reply::success(frame.request.action(), &frame.request_id).encode();
                let cut = usize::try_from(roll(reply.len() as u64 * 4)).unwrap().min(reply.len());
                world.text_on(socket, &reply[..cut]);
            }
            11 => world.text_on(some_socket, &refresh("ws://other:2").encode()),
            12 => {
                pushed += 1;
                let update = UpdateGameSession {
                    backfill_ticket_id: pushed.to_string(),
                    ..UpdateGameSession::default()
                };
                world.text_on(some_socket, &Push::UpdateGameSession(update).encode());
            }
            _ => world.text_on(some_socket, &game_session(GAME).encode()),
        }
    }
    calls.push(world.call(Call::ProcessEnding));
    if roll(2) == 0 {
        calls.push(world.call(Call::Destroy));
    }
    world.advance(secs(60));
    for call in calls {
        assert_eq!(world.results(call).len(), 1, "seed {seed}: {call:?}");
    }
    let tickets: Vec<u32> = world
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::UpdateGameSession(update) => Some(update.backfill_ticket_id().parse().unwrap()),
            _ => None,
        })
        .collect();
    assert!(tickets.is_sorted(), "seed {seed}: {tickets:?}");
    let inits = world
        .outputs
        .iter()
        .filter(|output| matches!(output, Output::Initialized(_)))
        .count();
    assert!(inits <= 1, "seed {seed}");
    let done = world
        .outputs
        .iter()
        .filter(|output| matches!(output, Output::Done { result: Ok(_), .. }))
        .count();
    (tickets.len(), done)
}

#[test]
fn every_call_ends_once_and_pushes_stay_in_order_whatever_the_service_does() {
    let histories = std::env::var("GAMELIFT_STORM_HISTORIES")
        .ok()
        .and_then(|text| text.parse().ok());
    let (mut told, mut done) = (0, 0);
    let histories = histories.unwrap_or(HISTORIES);
    for seed in 0..histories {
        let (events, calls) = play(seed);
        told += events as u128;
        done += calls as u128;
    }
    assert!(
        told > histories && done > histories,
        "the histories are about something: {told} events, {done} calls"
    );
}
