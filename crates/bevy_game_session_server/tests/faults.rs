//! The faults that a server process must survive, one test each, named after what goes wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bevy_app::AppExit;
use bevy_game_session_server::*;
use common::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::host::SecretText;
use game_session_protocol::in_memory::{GameSessionStatus, ProcessStatus, SeatStatus};
use game_session_protocol::*;

/// A server that waits for a game session, and a player who asked for one.
fn asked(policies: ServerPolicies) -> (Server, BoxedFuture<Result<Seat, ServiceError>>) {
    let mut server = server_with(policies);
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    let alice = server.orchestrator.service("alice".parse().unwrap());
    let mut seat = alice.create(draft("Friday", 2), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    (server, seat)
}

fn code(answer: Result<Seat, ServiceError>) -> Option<ErrorCode> {
    answer.unwrap_err().code().cloned()
}

#[test]
fn activate_game_session_is_never_called() {
    let (mut server, seat) = asked(ServerPolicies::default().manual_activation());
    server.frames_for(Duration::from_secs(1));
    assert_eq!(server.state(), ServerSessionState::Activating);
    server.orchestrator.advance(Duration::from_secs(61));
    assert_eq!(code(block_on(seat)), Some(ErrorCode::ActivationFailed));
    server.until("left", |server| server.exit().is_some());
    assert_eq!(server.process_status(), ProcessStatus::Ended);
}

#[test]
fn the_server_process_crashes_before_active() {
    let (mut server, seat) = asked(ServerPolicies::default().manual_activation());
    server.frame();
    server.orchestrator.crash_host(server.process);
    assert_eq!(code(block_on(seat)), Some(ErrorCode::ActivationFailed));
    server.until("left", |server| server.exit().is_some());
    assert_ne!(server.exit(), Some(AppExit::Success));
    assert!(!server.app.world().contains_resource::<HostedSession>());
}

#[test]
fn the_server_process_crashes_after_active_with_players() {
    let (mut server, seat) = server().with_session(2);
    server.enter(&seat);
    let orchestrator = server.orchestrator.clone();
    drop(server);
    let now = orchestrator.snapshot();
    assert_eq!(now.processes[0].status, ProcessStatus::Crashed);
    assert_eq!(now.game_sessions[0].status, GameSessionStatus::Error);
    assert_eq!(now.seat(&seat.player_session_id).unwrap().status, SeatStatus::Completed);
}

#[test]
fn process_terminate_with_a_deadline_of_0_s_1_s_120_s_or_none() {
    let within = |seconds| Some(Duration::from_secs(seconds));
    for time_left in [within(0), within(1), within(120), None] {
        let (mut server, seat) = server().with_session(2);
        server.enter(&seat);
        let _never_done = server.app.world().resource::<Goodbyes>().hold();
        server.orchestrator.request_shutdown(server.process, time_left);
        server.frame();
        assert_eq!(
            server.heard()[1..],
            [format!("shutdown in {time_left:?}"), "ending ShuttingDown".into()],
            "the players hear it at once"
        );
        let late = server.knock_of("bob", &seat.game_session);
        assert!(
            late.is_none_or(|id| server.decision(id).is_err()),
            "nobody comes in any more"
        );
        let limit = time_left.unwrap_or(Duration::from_secs(15)).max(FRAME * 5);
        server.frames_for(limit.min(Duration::from_secs(15)));
        assert_eq!(server.exit(), Some(AppExit::Success), "{time_left:?}");
        assert_eq!(server.process_status(), ProcessStatus::Ended);
        assert_eq!(server.seat_status(&seat), SeatStatus::Completed);
    }
}

#[test]
fn a_shutdown_with_time_left_closes_and_lets_the_players_finish_when_the_game_wants_it() {
    let spare = Duration::from_secs(15);
    let shut_down = |time_left| {
        let policies = ServerPolicies::default().play_on_until_shutdown(spare);
        let (mut server, seat) = server_with(policies).with_session(2);
        let player = server.enter(&seat);
        server.orchestrator.request_shutdown(server.process, time_left);
        server.frames_for(FRAME * 3);
        (server, player)
    };
    let play_on = || {
        let (server, player) = shut_down(Some(Duration::from_mins(2)));
        assert_eq!(server.state(), ServerSessionState::Active);
        assert_eq!(
            server.session().policy,
            PlayerSessionPolicy::DenyAll,
            "nobody joins any more"
        );
        assert_eq!(server.heard()[1..], ["shutdown in Some(120s)"]);
        (server, player)
    };
    // nothing happens: it ends in time for the goodbyes
    let (mut server, _) = play_on();
    server.frames_for(Duration::from_secs(104));
    assert_eq!(server.state(), ServerSessionState::Active);
    server.frames_for(Duration::from_secs(2));
    assert_eq!(server.heard()[2..], ["ending ShuttingDown"]);
    server.until("left", |server| server.exit().is_some());
    // the game says that the match is over
    let (mut server, _) = play_on();
    server.command(|commands| commands.end_session());
    server.frames_for(Duration::from_secs(1));
    assert_eq!(server.exit(), Some(AppExit::Success));
    // all have left
    let (mut server, player) = play_on();
    server.app.world_mut().despawn(player);
    server.frames_for(Duration::from_secs(1));
    assert_eq!(server.exit(), Some(AppExit::Success));
    // a second notice leaves less time, and so do those without any
    let (mut server, _) = play_on();
    server.orchestrator.request_shutdown(server.process, Some(spare));
    server.frames_for(FRAME * 3);
    assert_ne!(server.state(), ServerSessionState::Active);
    for time_left in [Some(spare), None] {
        assert_ne!(shut_down(time_left).0.state(), ServerSessionState::Active);
    }
}

#[test]
fn a_host_of_many_sessions_that_cannot_host_tells_it_and_goes_on() {
    let error = || HostError::Settings {
        message: "no port".into(),
    };
    let told = |server: &Server| server.heard().iter().filter(|heard| heard.contains("no port")).count();
    let (mut server, seat) = listening_for_many().with_session(2);
    server.command(|commands| commands.fail_server(error()));
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    assert_eq!(server.seat_status(&seat), SeatStatus::TimedOut);
    server.command(|commands| commands.fail_server(error()));
    server.frames_for(Duration::from_secs(20));
    assert_eq!((server.exit(), told(&server)), (None, 2));
    server.create("bob", "Saturday", 2);
}

#[test]
fn a_host_of_many_sessions_that_is_not_taken_as_ready_is_offered_again() {
    let mut server = listening_for_many();
    server.app.insert_resource(ListenPort(0));
    server.frames_for(Duration::from_secs(9));
    assert_eq!(server.state(), ServerSessionState::Offline);
    assert_eq!(server.heard().len(), 1, "{:?}", server.heard());
    server.frames_for(Duration::from_secs(3));
    assert_eq!(server.heard().len(), 2, "with pauses: {:?}", server.heard());
    // another port is offered at once
    server.app.insert_resource(ListenPort(7777));
    server.frames_for(FRAME * 3);
    assert_eq!((server.state(), server.exit()), (ServerSessionState::Ready, None));
}

#[test]
fn a_player_session_is_expired_reused_forged_or_of_another_game_session() {
    let (mut server, first) = listening_for_many().with_session(4);
    let own_key = server.app.world().resource::<HostedSession>().key().clone();
    let stamp = |key: &SessionKey, seat: &str, now| {
        let claims = TicketClaims {
            player_session_id: seat.parse().unwrap(),
            build: "dev".parse().unwrap(),
            issued_at_ms: now,
        };
        claims.seal(key, [9; 16])
    };
    let now = server.orchestrator.now_ms();
    // forged: no such seat, and a key of somebody's own
    let id = server.knock_with(&stamp(&own_key, "psess-77", now));
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::NotReserved);
    let id = server.knock_with(&stamp(&SessionKey::random(), first.player_session_id.as_str(), now));
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::WrongTicket);
    // expired at 60 s: the seat lapsed at the orchestrator
    let late = server.join("bob", &first.game_session);
    server.orchestrator.advance(Duration::from_mins(1));
    let id = server.knock(&late);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::NotReserved);
    // reused: it was taken up and freed
    let used = server.join("carol", &first.game_session);
    let player = server.enter(&used);
    server.app.world_mut().despawn(player);
    server.until("freed", |server| server.seat_status(&used) == SeatStatus::Completed);
    let id = server.knock(&used);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Used);
    // of another game session
    server.command(|commands| commands.end_session());
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    server.create("alice", "Saturday", 4);
    let id = server.knock(&first);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::WrongTicket);
}

#[test]
fn two_joins_race_for_the_last_slot() {
    let (mut server, alice) = server().with_session(2);
    server.enter(&alice);
    let join = |player: &str| {
        let service = server.orchestrator.service(player.parse().unwrap());
        service.join(join_request(&alice.game_session), Progress::ignored())
    };
    let answers = [block_on(join("bob")), block_on(join("carol"))];
    let seats: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .cloned()
        .collect();
    assert_eq!(seats.len(), 1, "exactly one wins");
    server.enter(&seats[0]);
    assert_eq!(server.orchestrator.snapshot().seats_that_are(SeatStatus::Active), 2);
}

#[test]
fn a_client_is_killed_while_reserved() {
    let (mut server, alice) = server().with_session(2);
    server.enter(&alice);
    let bob = server.join("bob", &alice.game_session);
    server.frames_for(Duration::from_secs(2));
    server.orchestrator.advance(Duration::from_mins(1));
    assert_eq!(server.seat_status(&bob), SeatStatus::TimedOut, "dropped from the books");
    let id = server.knock(&bob);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::NotReserved);
    let carol = server.join("carol", &alice.game_session);
    server.enter(&carol);
}

#[test]
fn the_clocks_of_backend_and_server_differ_by_5_minutes() {
    for skew in [-300_000_i64, 300_000] {
        let (mut server, seat) = server().with_session(4);
        let key = server.app.world().resource::<HostedSession>().key().clone();
        let issued = server.orchestrator.now_ms().saturating_add_signed(skew);
        let stamp = |issued_at_ms, nonce| {
            let claims = TicketClaims {
                player_session_id: seat.player_session_id.clone(),
                build: "dev".parse().unwrap(),
                issued_at_ms,
            };
            claims.seal(&key, [nonce; 16])
        };
        let id = server.knock_with(&stamp(issued, 1));
        let player = server.decision(id).unwrap();
        server.app.world_mut().spawn(player);
        // from now on the backend's clock is known, whatever this machine's own says
        let id = server.knock_with(&stamp(issued - 45_001, 2));
        assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Expired);
    }
}

#[test]
fn the_server_is_suspended_for_30_s_and_accepts_no_expired_ticket_after_it() {
    let (mut server, old) = server().with_session(4);
    let bob = server.join("bob", &old.game_session);
    server.enter(&bob);
    // the backend's clock goes on, this process's own does not
    server.orchestrator.advance(Duration::from_secs(46));
    let carol = server.join("carol", &old.game_session);
    server.enter(&carol);
    let id = server.knock(&old);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Expired);
}

#[test]
fn the_orchestrator_is_lost_while_a_player_is_absent() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    server.command(|commands| commands.player_lost(player));
    server.orchestrator.lose_connection(server.process);
    server.until("left", |server| server.exit().is_some());
    assert!(server.app.world().get::<AcceptedPlayer>(player).is_none());
}

/// The game session that the server hosts, as the orchestrator sent it, or another one under this id.
fn placed(server: &Server, id: &GameSessionId) -> HostedGameSession {
    let hosted = server.app.world().resource::<HostedSession>();
    HostedGameSession {
        id: id.clone(),
        name: hosted.name().to_owned(),
        max_players: hosted.max_players(),
        properties: hosted.properties().clone(),
        public_address: hosted.public_address(),
        matchmaker_data: None,
        session_data: SecretText::new("{}"),
    }
}

#[test]
fn a_duplicate_or_late_create_game_session_or_one_for_another_process_is_ignored_and_logged_once() {
    let (mut server, seat) = listening_for_many().with_session(2);
    let player = server.enter(&seat);
    let first = server.app.world().resource::<HostedSession>().id().clone();
    let again = placed(&server, &first);
    let stray = placed(&server, &"gs-of-another-process".parse().unwrap());
    let process = server.process;
    let send = |server: &mut Server, session: &HostedGameSession| {
        let event = HostEvent::GameSessionStarted(session.clone());
        server.orchestrator.send_event(process, event);
        server.frames_for(FRAME * 3);
    };
    let before = server.heard();
    let ((), logged) = said::Said::during(|| {
        send(&mut server, &again);
        send(&mut server, &stray);
        server
            .orchestrator
            .send_event(process, HostEvent::GameSessionUpdated(stray.clone()));
        server.frames_for(FRAME * 3);
    });
    assert_eq!(server.heard(), before, "the game hears nothing of it");
    assert_eq!(server.state(), ServerSessionState::Active);
    assert!(server.app.world().get::<AcceptedPlayer>(player).is_some());
    assert_eq!(*server.app.world().resource::<HostedSession>().id(), first);
    assert_eq!(logged.len(), 1, "{logged:?}");
    // late: the game session is over, and the process waits for the next one
    server.command(|commands| commands.end_session());
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    send(&mut server, &again);
    assert_eq!(server.state(), ServerSessionState::Ready);
    assert!(!server.app.world().contains_resource::<HostedSession>());
    let next = server.create("bob", "Saturday", 2);
    send(&mut server, &again);
    server.enter(&next);
}

#[test]
fn a_late_create_game_session_does_not_start_a_second_one_in_the_life_of_a_process() {
    let (mut server, _) = server().with_session(2);
    let late = placed(&server, &"gs-second".parse().unwrap());
    server.command(|commands| commands.end_session());
    server.frame();
    let event = HostEvent::GameSessionStarted(late);
    server.orchestrator.send_event(server.process, event);
    server.until("left", |server| server.exit().is_some());
    assert_eq!(server.exit(), Some(AppExit::Success));
    assert_eq!(
        server
            .heard()
            .iter()
            .filter(|heard| heard.starts_with("started"))
            .count(),
        1
    );
}

#[test]
fn a_process_that_cannot_host_leaves_with_a_failure_and_its_reason() {
    let no_port = HostError::Settings {
        message: "no port".into(),
    };
    // never offered, waiting, and in a game session
    let offline = server();
    let mut ready = server();
    ready.app.insert_resource(ListenPort(7777));
    ready.until("ready", |server| server.state() == ServerSessionState::Ready);
    let (active, _) = server().with_session(2);
    for mut server in [offline, ready, active] {
        let error = no_port.clone();
        server.command(|commands| commands.fail_server(error));
        server.until("left", |server| server.exit().is_some());
        assert_eq!(server.exit(), Some(AppExit::error()));
        assert!(
            server.heard().iter().any(|heard| heard.contains("no port")),
            "{:?}",
            server.heard()
        );
    }
}
