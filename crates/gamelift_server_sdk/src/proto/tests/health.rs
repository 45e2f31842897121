//! Heartbeats on a simulated clock.

use super::*;

/// Ready, with all requests answered for this long.
fn run(world: &mut World, seconds: u64) {
    let mut answered = world.sent.len();
    for _ in 0..seconds {
        world.advance(secs(1));
        while answered < world.sent.len() {
            let frame = world.requests().swap_remove(answered);
            answered += 1;
            world.reply(&Reply::success(frame.request.action(), &frame.request_id));
        }
    }
}

fn fresh(health: Option<bool>) -> World {
    let mut world = World::connected();
    world.health = health;
    world.call(ready(7777));
    world.answer_all();
    world
}

#[test]
fn first_heartbeat_immediately() {
    assert_eq!(fresh(Some(true)).heartbeats(), [(Duration::ZERO, true)]);
}

#[test]
fn interval_within_50_70s() {
    let mut world = fresh(Some(true));
    run(&mut world, 6000);
    let beats = world.heartbeats();
    let gaps: Vec<Duration> = beats
        .windows(2)
        .map(|pair| pair[1].0.checked_sub(pair[0].0).unwrap())
        .collect();
    assert!((85..=120).contains(&beats.len()), "{}", beats.len());
    assert!(gaps.iter().all(|gap| (secs(50)..=secs(70)).contains(gap)), "{gaps:?}");
    assert!(
        gaps.iter().any(|gap| *gap < secs(57)) && gaps.iter().any(|gap| *gap > secs(63)),
        "there is jitter"
    );
}

#[test]
fn callback_false_sent() {
    assert_eq!(fresh(Some(false)).heartbeats(), [(Duration::ZERO, false)]);
}

#[test]
fn callback_over_50s_sends_false() {
    let mut world = fresh(None);
    run(&mut world, 49);
    assert!(world.heartbeats().is_empty());
    run(&mut world, 200);
    let beats = world.heartbeats();
    assert!(
        beats.len() >= 3 && beats.iter().all(|(_, healthy)| !healthy),
        "{beats:?}"
    );
    assert_eq!(beats[0].0, secs(50));
    assert_eq!(world.asked.len(), 1);
    world.core.handle_health(1, true, world.now);
    world.health = Some(true);
    world.forget();
    run(&mut world, 70);
    assert!(world.heartbeats().iter().all(|(_, healthy)| *healthy) && !world.heartbeats().is_empty());
}

#[test]
fn stops_after_process_ending() {
    let mut world = World::ready();
    world.call(Call::ProcessEnding);
    world.answer_all();
    world.forget();
    world.advance(secs(600));
    assert!(world.sent.is_empty() && world.asked.is_empty());
}

#[test]
fn heartbeats_do_not_pause_in_an_outage_and_a_lost_one_is_made_up() {
    let mut world = World::ready();
    let socket = world.socket();
    world.close(socket, None);
    world.refuse_again(12, None);
    assert!(
        world.asked.len() >= 5,
        "the game is asked as ever: {}",
        world.asked.len()
    );
    assert!(world.sent.is_empty());
    world.accept();
    world.advance(secs(1));
    assert!(!world.heartbeats().is_empty(), "the service hears at once that we live");
}

#[test]
fn a_heartbeat_that_fails_does_not_stop_the_next() {
    let mut world = World::ready();
    world.advance(secs(70));
    world.answer_last(r#"{"RequestId":"ID","StatusCode":500}"#);
    let before = world.heartbeats().len();
    world.advance(secs(70));
    assert!(world.heartbeats().len() > before);
}
