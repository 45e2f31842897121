//! The life of a server process: start, activation, policies, end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bevy_app::AppExit;
use bevy_game_session_server::*;
use common::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::host::SecretText;
use game_session_protocol::in_memory::{GameSessionStatus, InMemoryOrchestrator, ProcessStatus, SeatStatus};
use game_session_protocol::*;

#[test]
fn a_process_without_a_port_is_not_offered() {
    let mut server = server();
    server.frames_for(Duration::from_secs(1));
    assert_eq!(server.process_status(), ProcessStatus::Started);
    assert_eq!(server.state(), ServerSessionState::Offline);
    assert!(server.heard().is_empty());
}

#[test]
fn a_process_with_a_port_is_offered_and_beats_every_frame() {
    let mut server = server();
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    let before = server.orchestrator.snapshot().processes[0].clone();
    server.frames_for(FRAME * 10);
    let after = server.orchestrator.snapshot().processes[0].clone();
    assert_eq!((after.status, after.port), (ProcessStatus::Ready, 7777));
    assert_eq!(after.beats, before.beats + 10);
}

#[test]
fn a_game_session_is_hosted_and_activated_in_the_frame_it_comes() {
    let mut server = server();
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    let alice = server.orchestrator.service("alice".parse().unwrap());
    let mut seat = alice.create(draft("Friday", 3), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    server.frame();
    assert_eq!(server.session().status, GameSessionStatus::Active);
    let hosted = server.app.world().resource::<HostedSession>();
    assert_eq!(
        (hosted.name(), hosted.max_players(), hosted.owner().as_str()),
        ("Friday", 3, "alice")
    );
    assert_eq!(server.heard(), ["started Friday"]);
}

#[test]
fn a_game_session_waits_for_the_game_when_it_activates_by_itself() {
    let mut server = server_with(ServerPolicies::default().manual_activation());
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    let mut seat = server
        .orchestrator
        .service("alice".parse().unwrap())
        .create(draft("Friday", 3), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    server.frames_for(Duration::from_secs(5));
    assert_eq!(server.state(), ServerSessionState::Activating);
    assert_eq!(server.session().status, GameSessionStatus::Activating);
    server.command(|commands| commands.activate_session());
    server.until("active", |server| server.state() == ServerSessionState::Active);
    assert!(block_on(poll_once(&mut seat)).unwrap().is_ok());
}

#[test]
fn a_game_session_without_session_data_is_not_activated() {
    for text in ["", "{}", "not json", r#"{"version":9}"#] {
        let mut server = server();
        server.orchestrator.replace_next_session_data(text);
        server.app.insert_resource(ListenPort(7777));
        server.until("ready", |server| server.state() == ServerSessionState::Ready);
        let mut seat = server
            .orchestrator
            .service("alice".parse().unwrap())
            .create(draft("Friday", 3), Progress::ignored());
        assert!(block_on(poll_once(&mut seat)).is_none());
        server.until("left", |server| server.exit().is_some());
        assert!(block_on(seat).is_err());
        assert!(!server.app.world().contains_resource::<HostedSession>());
        assert!(
            server.heard()[0].starts_with("failed: a game session that cannot be hosted"),
            "{:?}",
            server.heard()
        );
        assert_eq!(server.process_status(), ProcessStatus::Ended);
        assert_ne!(server.exit(), Some(AppExit::Success));
    }
}

#[test]
fn an_activation_that_is_refused_ends_the_game_session() {
    let mut server = server();
    server.orchestrator.refuse_next_activation(HostError::Refused {
        action: "activate",
        message: "too late".into(),
    });
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    let mut seat = server
        .orchestrator
        .service("alice".parse().unwrap())
        .create(draft("Friday", 3), Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    server.until("left", |server| server.exit().is_some());
    assert!(block_on(seat).is_err());
    assert_eq!(server.process_status(), ProcessStatus::Ended);
}

#[test]
fn the_game_hears_of_a_changed_description() {
    let (mut server, seat) = server().with_session(2);
    let change = UpdateGameSession {
        id: seat.game_session.id,
        name: Some("Sunday".into()),
        max_players: None,
        policy: None,
        properties: GameProperties::new(),
    };
    block_on(server.orchestrator.service("alice".parse().unwrap()).update(change)).unwrap();
    server.frame();
    assert_eq!(server.heard(), ["started Friday", "updated Sunday"]);
}

#[test]
fn closing_keeps_new_players_out_until_it_is_opened() {
    let (mut server, _seat) = server().with_session(4);
    server.command(|commands| commands.close_session());
    server.frame();
    assert_eq!(server.session().policy, PlayerSessionPolicy::DenyAll);
    server.command(|commands| commands.open_session());
    server.frame();
    assert_eq!(server.session().policy, PlayerSessionPolicy::AcceptAll);
}

#[test]
fn of_closing_and_opening_the_later_one_counts_even_when_the_earlier_one_is_repeated() {
    let (mut server, _seat) = server().with_session(4);
    server.orchestrator.refuse_next_policy(unavailable());
    server.command(|commands| commands.close_session());
    server.frame();
    // before the first one is asked again
    server.command(|commands| commands.open_session());
    server.frame();
    server.frames_for(Duration::from_secs(2));
    assert_eq!(server.session().policy, PlayerSessionPolicy::AcceptAll);
}

#[test]
fn an_end_frees_all_seats_and_leaves() {
    let (mut server, alice) = server().with_session(4);
    let bob = server.join("bob", &alice.game_session);
    server.enter(&alice);
    server.enter(&bob);
    server.command(|commands| commands.end_session());
    server.frame();
    assert_eq!(
        server.seat_status(&alice),
        SeatStatus::Active,
        "there is a frame for goodbyes"
    );
    server.until("left", |server| server.exit().is_some());
    assert_eq!(server.exit(), Some(AppExit::Success));
    assert_eq!(
        (server.seat_status(&alice), server.seat_status(&bob)),
        (SeatStatus::Completed, SeatStatus::Completed)
    );
    assert_eq!(server.process_status(), ProcessStatus::Ended);
    assert!(!server.app.world().contains_resource::<HostedSession>());
    assert_eq!(server.heard(), ["started Friday", "ending SessionEnded"]);
}

#[test]
fn an_end_waits_for_goodbyes_but_not_for_ever() {
    let (mut server, alice) = server().with_session(4);
    server.enter(&alice);
    let hold = server.app.world().resource::<Goodbyes>().hold();
    server.command(|commands| commands.end_session());
    server.frames_for(Duration::from_millis(200));
    assert_eq!(server.seat_status(&alice), SeatStatus::Active);
    drop(hold);
    server.frames_for(FRAME * 2);
    assert_eq!(server.seat_status(&alice), SeatStatus::Completed);
}

#[test]
fn a_goodbye_that_is_never_finished_delays_the_end_by_250_ms() {
    let (mut server, alice) = server().with_session(4);
    server.enter(&alice);
    let _hold = server.app.world().resource::<Goodbyes>().hold();
    server.command(|commands| commands.end_session());
    server.frames_for(Duration::from_millis(200));
    assert_eq!(server.seat_status(&alice), SeatStatus::Active);
    server.frames_for(Duration::from_millis(80));
    assert_eq!(server.seat_status(&alice), SeatStatus::Completed);
}

#[test]
fn the_owners_end_ends_the_process() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    block_on(
        server
            .orchestrator
            .service("alice".parse().unwrap())
            .end(EndGameSession {
                id: seat.game_session.id.clone(),
            }),
    )
    .unwrap();
    server.until("left", |server| server.exit().is_some());
    assert_eq!(server.exit(), Some(AppExit::Success));
    assert_eq!(server.session().status, GameSessionStatus::Terminated);
    assert!(server.app.world().get::<AcceptedPlayer>(player).is_none());
}

#[test]
fn nobody_came_ends_the_game_session_after_a_minute() {
    let (mut server, _seat) = server().with_session(2);
    server.frames_for(Duration::from_secs(59));
    assert_eq!(server.state(), ServerSessionState::Active);
    server.frames_for(Duration::from_secs(2));
    assert_eq!(server.exit(), Some(AppExit::Success));
}

#[test]
fn an_emptied_game_session_ends_after_the_time_of_its_policy() {
    let policies = ServerPolicies::default().end_when_empty(Duration::from_secs(5));
    for (policies, ends) in [(policies, true), (ServerPolicies::default(), false)] {
        let (mut server, seat) = server_with(policies).with_session(2);
        let player = server.enter(&seat);
        server.frames_for(Duration::from_secs(70));
        assert_eq!(server.exit(), None, "a player is in");
        server.app.world_mut().despawn(player);
        server.frames_for(Duration::from_millis(4900));
        assert_eq!(server.exit(), None);
        server.frames_for(Duration::from_millis(300));
        assert_eq!(server.exit().is_some(), ends);
    }
}

#[test]
fn a_dedicated_servers_game_session_that_everybody_left_ends_after_5_minutes_unless_it_may_stay() {
    for (orchestrator, policies, ends) in [
        (InMemoryOrchestrator::new(), ServerPolicies::default(), true),
        (
            InMemoryOrchestrator::new(),
            ServerPolicies::default().stay_when_empty(),
            false,
        ),
        (
            InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions),
            ServerPolicies::default(),
            false,
        ),
    ] {
        let (mut server, seat) = Server::new(orchestrator, |plugin| plugin.policies(policies)).with_session(2);
        let player = server.enter(&seat);
        server.app.world_mut().despawn(player);
        server.frames_for(Duration::from_secs(299));
        assert_eq!(server.state(), ServerSessionState::Active);
        server.frames_for(Duration::from_secs(2));
        assert_eq!(server.state() != ServerSessionState::Active, ends);
    }
}

#[test]
fn for_ever_may_be_said_as_the_longest_duration() {
    let for_ever = Duration::MAX;
    let policies = ServerPolicies::default()
        .end_when_empty(for_ever)
        .end_when_nobody_came(for_ever)
        .grace_period(for_ever)
        .play_on_until_shutdown(Duration::ZERO)
        .end_at_age(for_ever);
    let (mut server, seat) = Server::new(InMemoryOrchestrator::new(), |plugin| {
        plugin.policies(policies).goodbye_time(for_ever)
    })
    .with_session(2);
    let player = server.enter(&seat);
    server.frames_for(Duration::from_secs(1));
    server.command(|commands| commands.shut_down_server(Some(for_ever)));
    server.frames_for(Duration::from_secs(1));
    assert_eq!(server.state(), ServerSessionState::Active);
    server.app.world_mut().despawn(player);
    server.until("left", |server| server.exit().is_some());
}

#[test]
fn a_game_session_ends_at_its_maximum_age() {
    let (mut server, seat) = server_with(ServerPolicies::default().end_at_age(Duration::from_secs(90))).with_session(2);
    server.enter(&seat);
    server.frames_for(Duration::from_secs(89));
    assert_eq!(server.state(), ServerSessionState::Active);
    server.frames_for(Duration::from_secs(2));
    assert_eq!(server.exit(), Some(AppExit::Success));
}

#[test]
fn a_shutdown_ends_before_its_deadline_even_when_the_orchestrator_is_silent() {
    let (mut server, seat) = server().with_session(2);
    server.enter(&seat);
    let _hold = server.app.world().resource::<Goodbyes>().hold();
    server.orchestrator.hold_hosts();
    server
        .orchestrator
        .request_shutdown(server.process, Some(Duration::from_secs(2)));
    server.frames_for(Duration::from_millis(1990));
    assert!(server.exit().is_some());
    assert_eq!(server.heard()[1..3], ["shutdown in Some(2s)", "ending ShuttingDown"]);
    assert_eq!(server.process_status(), ProcessStatus::Ended);
}

#[test]
fn a_shutdown_of_a_ready_process_is_immediate() {
    let mut server = server();
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    server.orchestrator.request_shutdown(server.process, None);
    server.frames_for(FRAME * 3);
    assert_eq!(server.exit(), Some(AppExit::Success));
    assert_eq!(server.process_status(), ProcessStatus::Ended);
}

#[test]
fn a_lost_orchestrator_ends_the_game_session_and_the_process_honestly() {
    let (mut server, seat) = server().with_session(2);
    server.enter(&seat);
    server.orchestrator.lose_connection(server.process);
    server.until("left", |server| server.exit().is_some());
    assert_ne!(server.exit(), Some(AppExit::Success));
    assert!(server.heard()[1].starts_with("failed: "));
    assert_eq!(server.heard()[2], "ending ShuttingDown");
}

#[test]
fn a_process_of_many_sessions_hosts_one_after_another() {
    let (mut server, first) = listening_for_many().with_session(2);
    let player = server.enter(&first);
    server.command(|commands| commands.end_session());
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    assert_eq!(server.exit(), None);
    assert_eq!(server.process_status(), ProcessStatus::Ready);
    server.app.world_mut().despawn(player);
    let second = server.create("bob", "Saturday", 2);
    server.enter(&second);
    assert_eq!(server.seat_status(&first), SeatStatus::Completed);
    assert_eq!(server.seat_status(&second), SeatStatus::Active);
    assert_eq!(server.app.world().resource::<HostedSession>().name(), "Saturday");
    assert_eq!(
        server.heard(),
        ["started Friday", "ending SessionEnded", "started Saturday"]
    );
}

#[test]
fn a_player_of_the_session_before_does_not_touch_the_next_one() {
    let (mut server, first) = listening_for_many().with_session(2);
    let id = server.knock(&first);
    let kept = server.decision(id).unwrap();
    server.command(|commands| commands.end_session());
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    server.create("bob", "Saturday", 2);
    drop(kept);
    server.frames_for(Duration::from_secs(1));
    assert_eq!(
        server.heard(),
        ["started Friday", "ending SessionEnded", "started Saturday"]
    );
    assert_eq!(server.state(), ServerSessionState::Active);
}

#[test]
fn the_owners_end_leaves_a_process_of_many_sessions_ready() {
    let (mut server, seat) = listening_for_many().with_session(2);
    let alice = server.orchestrator.service("alice".parse().unwrap());
    block_on(alice.end(EndGameSession {
        id: seat.game_session.id,
    }))
    .unwrap();
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    assert_eq!(server.session().status, GameSessionStatus::Terminated);
}

#[test]
fn a_command_that_does_not_fit_is_answered_by_a_failure() {
    let mut server = server();
    server.command(|commands| commands.end_session());
    server.frame();
    assert_eq!(
        server.heard(),
        ["failed: ending the game session is not possible while the server is Offline"]
    );
}

#[test]
fn a_process_that_cannot_be_offered_exits_with_a_failure() {
    let mut server = Server::new(InMemoryOrchestrator::new(), |plugin| plugin);
    server.app.insert_resource(ListenPort(0));
    server.until("left", |server| server.exit().is_some());
    assert_ne!(server.exit(), Some(AppExit::Success));
    assert!(
        server.heard()[0].contains("the port must be 1 to 60000"),
        "{:?}",
        server.heard()
    );
}

#[test]
fn a_matchmakers_pushes_are_heard_and_its_data_is_there() {
    let (mut server, _) = server().with_session(2);
    let (id, process) = (server.session().id, server.process);
    let hosted = server.app.world().resource::<HostedSession>();
    assert_eq!(hosted.matchmaker_data(), None);
    let key = hosted.key().clone();
    let session = HostedGameSession {
        id,
        name: hosted.name().to_owned(),
        max_players: 2,
        properties: hosted.properties().clone(),
        public_address: hosted.public_address(),
        matchmaker_data: Some(r#"{"teams":[]}"#.into()),
        session_data: SecretText::default(),
    };
    for event in [
        HostEvent::GameSessionUpdated(session),
        HostEvent::BackfillEnded {
            ticket_id: "backfill-1".into(),
            outcome: BackfillOutcome::TimedOut,
        },
    ] {
        server.orchestrator.send_event(process, event);
    }
    server.frame();
    assert_eq!(
        server.heard()[1..],
        ["updated Friday", "backfill backfill-1 ended: nobody was found in time"]
    );
    let hosted = server.app.world().resource::<HostedSession>();
    assert_eq!(hosted.matchmaker_data(), Some(r#"{"teams":[]}"#));
    assert_eq!(*hosted.key(), key, "what is secret stays as it was");
}

#[test]
fn the_orchestrator_hears_which_logs_to_keep() {
    let mut server = Server::new(InMemoryOrchestrator::new(), |plugin| {
        plugin
            .log_path("/local/game/logs/server.log")
            .log_path("/local/game/logs/chat.log")
    });
    server.app.insert_resource(ListenPort(7777));
    server.until("ready", |server| server.state() == ServerSessionState::Ready);
    let process = &server.orchestrator.snapshot().processes[0];
    assert_eq!(
        process.log_paths,
        ["/local/game/logs/server.log", "/local/game/logs/chat.log"]
    );
}
