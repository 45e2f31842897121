//! A server app on a GameLift socket that the test plays itself: what the service hears, and what it may push.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_server::*;
use bevy_state::app::StatesPlugin;
use bevy_time::TimePlugin;
use common::Heard;
use futures_util::{SinkExt as _, StreamExt as _};
use game_session_protocol::*;
use gamelift_server_sdk::proto::message::{
    CreateGameSession as Placed, Push, Reply, Request, RequestFrame, UpdateGameSession, UpdateReason,
    UpdatedGameSession,
};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

const LIMIT: Duration = Duration::from_secs(30);

/// The service's end: it answers every request, passes it on, and pushes when the game session is activated.
struct Service {
    url: String,
    heard: Receiver<Request>,
    _runtime: tokio::runtime::Runtime,
}

impl Service {
    /// A service that sends these texts once the process is ready.
    fn start(pushes: Vec<String>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (tell, heard) = channel();
        runtime.spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut websocket = accept_async(stream).await.unwrap();
            let mut pushes = Some(pushes);
            while let Some(Ok(message)) = websocket.next().await {
                let Message::Text(text) = message else { continue };
                let frame = RequestFrame::decode(&text).unwrap();
                let action = frame.request.action();
                let reply = Reply::success(action, &frame.request_id).encode();
                websocket.send(Message::text(reply)).await.unwrap();
                let is_ready = action == "ActivateServerProcess";
                if tell.send(frame.request).is_err() {
                    return;
                }
                for push in pushes.take_if(|_| is_ready).into_iter().flatten() {
                    websocket.send(Message::text(push)).await.unwrap();
                }
            }
        });
        Self {
            url,
            heard,
            _runtime: runtime,
        }
    }

    fn host(&self) -> GameLiftHost {
        let variables = [
            ("GAMELIFT_SDK_WEBSOCKET_URL", self.url.as_str()),
            ("GAMELIFT_SDK_PROCESS_ID", "process-1"),
            ("GAMELIFT_SDK_HOST_ID", "host-1"),
            ("GAMELIFT_SDK_FLEET_ID", "fleet-1"),
            ("GAMELIFT_SDK_AUTH_TOKEN", "hush"),
        ];
        GameLiftHost::from_variables(variables).unwrap()
    }

    /// The next request of this kind, while the app turns.
    fn request(&self, app: &mut App, action: &str) -> Request {
        let end = Instant::now() + LIMIT;
        loop {
            app.update();
            match self.heard.try_recv() {
                Ok(request) if request.action() == action => return request,
                _ => std::thread::yield_now(),
            }
            assert!(Instant::now() < end, "{action} was not asked in time");
        }
    }
}

fn app(host: GameLiftHost, set: impl FnOnce(SessionServerPlugin) -> SessionServerPlugin) -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, set(SessionServerPlugin::new(host))))
        .insert_resource(ListenPort(7777))
        .init_resource::<Heard>()
        .add_observer(|e: On<GameSessionStarted>, mut heard: ResMut<Heard>| heard.0.push(format!("started {}", e.name)))
        .add_observer(
            |_: On<GameSessionUpdated>, session: Res<HostedSession>, mut heard: ResMut<Heard>| {
                heard.0.push(format!("matched {:?}", session.matchmaker_data()));
            },
        )
        .add_observer(|e: On<BackfillEnded>, mut heard: ResMut<Heard>| {
            heard.0.push(format!("{} {:?}", e.ticket_id, e.outcome));
        })
        .add_observer(|e: On<HostFailed>, mut heard: ResMut<Heard>| heard.0.push(format!("failed: {}", e.error)));
    app.finish();
    app.cleanup();
    app
}

fn placed(id: &str, name: &str) -> String {
    let data = GameSessionData {
        version: 1,
        key_id: "k1".into(),
        token: "t-1".into(),
        key: SessionKey::random(),
        owner: "alice".parse().unwrap(),
        build: "dev".parse().unwrap(),
        privacy: Privacy::Listed,
        trace_id: "trace-1".into(),
    };
    let placed = Placed {
        game_session_id: id.into(),
        game_session_name: name.into(),
        maximum_player_session_count: 2,
        port: 7777,
        ip_address: "127.0.0.1".into(),
        game_session_data: data.to_json().into(),
        ..Placed::default()
    };
    Push::CreateGameSession(placed).encode()
}

fn update(reason: UpdateReason, ticket: &str, matchmaker_data: &str) -> String {
    let game_session = UpdatedGameSession {
        game_session_id: "gs-1".into(),
        name: "Friday".into(),
        maximum_player_session_count: 2,
        matchmaker_data: matchmaker_data.into(),
        ..UpdatedGameSession::default()
    };
    let update = UpdateGameSession {
        game_session,
        update_reason: reason,
        backfill_ticket_id: ticket.into(),
    };
    Push::UpdateGameSession(update).encode()
}

#[test]
fn backfill_pushes_reach_the_game_and_a_session_that_comes_twice_does_not() {
    let service = Service::start(vec![
        placed("gs-1", "Friday"),
        placed("gs-1", "Friday"),
        placed("gs-2", "Saturday"),
        update(UpdateReason::MatchmakingDataUpdated, "b-1", r#"{"teams":[]}"#),
        update(UpdateReason::BackfillFailed, "b-1", ""),
        update(UpdateReason::BackfillTimedOut, "b-2", ""),
        update(UpdateReason::BackfillCancelled, "b-3", ""),
    ]);
    let mut app = app(service.host(), |plugin| plugin);
    service.request(&mut app, "ActivateGameSession");
    let end = Instant::now() + LIMIT;
    while app.world().resource::<Heard>().0.len() < 5 {
        assert!(Instant::now() < end, "{:?}", app.world().resource::<Heard>().0);
        app.update();
        std::thread::yield_now();
    }
    assert_eq!(
        app.world().resource::<Heard>().0,
        [
            "started Friday",
            r#"matched Some("{\"teams\":[]}")"#,
            "b-1 Failed",
            "b-2 TimedOut",
            "b-3 Cancelled"
        ]
    );
}

#[test]
fn the_service_hears_port_and_log_paths_and_that_the_loop_turns() {
    let service = Service::start(vec![]);
    let mut app = app(service.host(), |plugin| plugin.log_path("/local/game/logs"));
    let Request::ActivateServerProcess(ready) = service.request(&mut app, "ActivateServerProcess") else {
        unreachable!()
    };
    assert_eq!(
        (ready.port, ready.log_paths),
        (7777, vec!["/local/game/logs".to_owned()])
    );
    let Request::HeartbeatServerProcess(beat) = service.request(&mut app, "HeartbeatServerProcess") else {
        unreachable!()
    };
    assert!(beat.health_status);
}

#[test]
fn a_loop_that_stands_still_is_told_as_unhealthy_while_the_connection_lives() {
    let service = Service::start(vec![]);
    // without any patience every loop stands still
    let mut app = app(service.host().frozen_after(Duration::ZERO), |plugin| plugin);
    let Request::HeartbeatServerProcess(beat) = service.request(&mut app, "HeartbeatServerProcess") else {
        unreachable!()
    };
    assert!(!beat.health_status);
}
