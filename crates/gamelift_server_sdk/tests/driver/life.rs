//! Connecting, living, ending.

use std::future::poll_fn;

use futures_util::SinkExt;
use gamelift_server_sdk::{
    Error, Event, GameLiftServer, ProcessParameters, ServerParameters,
    proto::message::{Push, RefreshConnection, Reply, Request, TerminateProcess},
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Message,
    http::StatusCode,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::service::{GAME, LIMIT, Service, event, game_session};

#[tokio::test]
async fn a_process_lives_its_whole_life() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    assert!(
        line.query
            .contains("Authorization=hush%2F%2B%3D&ComputeId=host-1&FleetId=fleet-1&IdempotencyToken=")
    );
    assert!(line.query.contains("pID=proc-1&sdkLanguage=Rust&sdkVersion=5."));

    line.push(game_session()).await;
    let Event::StartGameSession(session) = event(&server).await else {
        panic!("another event")
    };
    assert_eq!((session.id(), session.name(), session.max_players()), (GAME, "room", 4));
    assert_eq!(session.game_session_data(), "hush");
    assert!(!format!("{session:?}").contains("hush"));
    assert_eq!(server.game_session_id().as_deref(), Some(GAME));

    let (activated, _) = tokio::join!(server.activate_game_session(), line.answer("ActivateGameSession"));
    activated.unwrap();
    let (accepted, _) = tokio::join!(
        server.accept_player_session("psess-1"),
        line.answer("AcceptPlayerSession")
    );
    accepted.unwrap();
    let (removed, _) = tokio::join!(
        server.remove_player_session("psess-1"),
        line.answer("RemovePlayerSession")
    );
    removed.unwrap();

    assert_eq!(server.termination_time(), Err(Error::TerminationTimeNotSet));
    line.push(Push::TerminateProcess(TerminateProcess {
        termination_time: Some(1_700_000_000_000),
    }))
    .await;
    let Event::ProcessTerminate { termination_time } = event(&server).await else {
        panic!("another event")
    };
    assert_eq!(Some(server.termination_time().unwrap()), termination_time);

    let (ended, _) = tokio::join!(server.process_ending(), line.answer("TerminateServerProcess"));
    ended.unwrap();
    let (destroyed, message) = tokio::join!(server.destroy(), line.message());
    destroyed.unwrap();
    let Some(Message::Close(Some(frame))) = message else {
        panic!("no close frame: {message:?}")
    };
    assert_eq!(frame.code, CloseCode::Normal);
    server.destroy().await.unwrap();
    assert_eq!(server.process_ending().await, Err(Error::Ended));
    assert_eq!(server.next_event().await, None);
}

#[tokio::test]
async fn http_403_is_an_error_that_names_all_but_the_token() {
    let service = Service::start().await;
    let (server, ()) = tokio::join!(
        GameLiftServer::init(service.parameters()),
        service.refuse(StatusCode::FORBIDDEN)
    );
    let error = server.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        matches!(
            error,
            Error::Connect {
                http_status: Some(403),
                ..
            }
        ),
        "{shown}"
    );
    assert!(shown.contains("fleet-1") && shown.contains("host-1") && shown.contains("token is wrong or expired"));
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn nobody_listening_is_an_error_with_the_address() {
    let service = Service::start().await;
    let parameters = service.parameters();
    let url = service.url();
    drop(service);
    let error = timeout(LIMIT, GameLiftServer::init(parameters))
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Connect {
            attempts: 1,
            http_status: None,
            ..
        }
    ));
    assert!(error.to_string().contains(&url) && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn tls_to_a_service_without_it_is_an_error_and_no_panic() {
    let service = Service::start().await;
    let parameters = service
        .parameters()
        .websocket_url(service.url().replace("ws://", "wss://"));
    let answer = async {
        let (mut stream, _) = service.listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        stream
    };
    let (server, _stream) = tokio::join!(timeout(LIMIT, GameLiftServer::init(parameters)), answer);
    assert!(matches!(server.unwrap(), Err(Error::Connect { .. })));
}

#[tokio::test]
async fn init_twice_already_initialized() {
    let service = Service::start().await;
    let (server, _line) = service.connected().await;
    let again = GameLiftServer::init(service.parameters()).await;
    assert_eq!(
        again.unwrap_err(),
        Error::AlreadyInitialized {
            process_id: "proc-1".into()
        }
    );
    server.destroy().await.unwrap();
    let (again, _line) = tokio::join!(GameLiftServer::init(service.parameters()), service.accept());
    again.unwrap();
}

#[tokio::test]
async fn binary_frame_ignored() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    line.websocket
        .send(Message::binary(game_session().encode()))
        .await
        .unwrap();
    line.push(Push::TerminateProcess(TerminateProcess::default())).await;
    assert_eq!(event(&server).await, Event::ProcessTerminate { termination_time: None });
}

#[tokio::test]
async fn ping_answered() {
    let service = Service::start().await;
    let (_server, mut line) = service.ready().await;
    line.websocket.send(Message::Ping("now".into())).await.unwrap();
    assert_eq!(line.message().await.unwrap(), Message::Pong("now".into()));
}

#[tokio::test]
async fn a_dropped_connection_is_opened_again_and_no_call_is_lost() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    line.push(game_session()).await;
    event(&server).await;
    let (accepted, ()) = tokio::join!(server.accept_player_session("psess-1"), async {
        let first = line.request().await;
        drop(line);
        let mut line = service.accept().await;
        assert_eq!(line.request().await, first, "the same request id on the new connection");
        line.send(Reply::success("AcceptPlayerSession", &first.request_id).encode())
            .await;
    });
    accepted.unwrap();
}

#[tokio::test]
async fn a_close_with_1011_is_followed_by_a_new_connection() {
    let service = Service::start().await;
    let (_server, mut line) = service.ready().await;
    let frame = CloseFrame {
        code: CloseCode::Error,
        reason: "".into(),
    };
    line.websocket.close(Some(frame)).await.unwrap();
    service.accept().await;
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection_and_not_the_process() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    // The other side may hang up before it has read everything.
    let _ = line.websocket.send(Message::text("x".repeat(600 * 1024))).await;
    let mut line = service.accept().await;
    line.push(game_session()).await;
    assert!(matches!(event(&server).await, Event::StartGameSession(_)));
}

#[tokio::test]
async fn a_refresh_moves_to_the_new_address_and_says_goodbye_to_the_old() {
    let (service, other) = (Service::start().await, Service::start().await);
    let (server, mut line) = service.ready().await;
    let refresh = RefreshConnection {
        refresh_connection_endpoint: other.url(),
        auth_token: "hush2".into(),
    };
    line.push(Push::RefreshConnection(refresh)).await;
    let mut new = other.accept().await;
    assert!(new.query.contains("Authorization=hush2&"));
    assert!(matches!(line.message().await, Some(Message::Close(_))));
    new.push(game_session()).await;
    assert!(matches!(event(&server).await, Event::StartGameSession(_)));
    let (activated, _) = tokio::join!(server.activate_game_session(), new.answer("ActivateGameSession"));
    activated.unwrap();
}

#[tokio::test]
async fn the_health_check_of_the_game_is_what_the_heartbeat_says() {
    for healthy in [true, false] {
        let service = Service::start().await;
        let (server, mut line) = service.connected().await;
        server.set_health_check(move || healthy);
        let (_, request) = tokio::join!(server.process_ready(ProcessParameters::new(7777)), async {
            line.answer("ActivateServerProcess").await;
            line.request().await.request
        });
        let Request::HeartbeatServerProcess(heartbeat) = request else {
            panic!("another request")
        };
        assert_eq!(heartbeat.health_status, healthy);
    }
}

#[tokio::test]
async fn a_health_check_that_panics_is_unhealthy() {
    let service = Service::start().await;
    let (server, mut line) = service.connected().await;
    server.set_health_check(|| std::panic::resume_unwind(Box::new("on purpose")));
    let (_, request) = tokio::join!(server.process_ready(ProcessParameters::new(7777)), async {
        line.answer("ActivateServerProcess").await;
        line.request().await.request
    });
    let Request::HeartbeatServerProcess(heartbeat) = request else {
        panic!("another request")
    };
    assert!(!heartbeat.health_status);
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let service = Service::start().await;
    let (server, mut line) = service.connected().await;
    let clone = server.clone();
    drop(server);
    drop(clone);
    assert!(matches!(line.message().await, Some(Message::Close(_))));
}

#[tokio::test]
async fn a_call_nobody_waits_for_any_more_is_made_all_the_same() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    line.push(game_session()).await;
    event(&server).await;
    let mut call = Box::pin(server.accept_player_session("psess-1"));
    poll_fn(|cx| {
        assert!(call.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(call);
    line.answer("AcceptPlayerSession").await;
    let (removed, _) = tokio::join!(
        server.remove_player_session("psess-1"),
        line.answer("RemovePlayerSession")
    );
    removed.unwrap();
}

#[test]
fn the_handle_works_on_any_executor() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (server, line) = runtime.block_on(async {
        let service = Service::start().await;
        service.ready().await
    });
    let answering = runtime.spawn(async move {
        let mut line = line;
        line.push(game_session()).await;
        line.answer("ActivateGameSession").await;
        line.answer("TerminateServerProcess").await;
        line
    });
    futures_lite::future::block_on(async {
        assert!(matches!(server.next_event().await, Some(Event::StartGameSession(_))));
        server.activate_game_session().await.unwrap();
        server.shutdown().await.unwrap();
    });
    runtime.block_on(answering).unwrap();
}

#[test]
fn init_outside_a_runtime_is_an_error() {
    let result = futures_lite::future::block_on(GameLiftServer::init(ServerParameters::from_env()));
    assert_eq!(result.unwrap_err(), Error::NoRuntime);
}
