//! What the handle does beyond one request and its reply.

use std::process::ExitCode;

use futures_util::StreamExt;
use gamelift_server_sdk::{
    DescribePlayerSessions, Error, Event, FleetRoleCredentials, GameLiftServer, GetFleetRoleCredentials, PlayerSession,
    PlayerSessions, ProcessParameters,
    proto::message::{Push, Reply, Request, TerminateProcess},
};
use tokio::net::TcpStream;

use super::service::{GAME, Line, Service, event, game_session};

fn page(seats: &[&str], next_token: &str) -> PlayerSessions {
    let seat = |id: &&str| PlayerSession {
        player_session_id: (*id).to_owned(),
        ..PlayerSession::default()
    };
    PlayerSessions {
        next_token: next_token.to_owned(),
        player_sessions: seats.iter().map(seat).collect(),
    }
}

fn all_of_the_game() -> DescribePlayerSessions {
    DescribePlayerSessions {
        game_session_id: Some(GAME.into()),
        limit: Some(2),
        ..DescribePlayerSessions::default()
    }
}

/// Answers with this page and returns the token with which it was asked for.
async fn answer_page(line: &mut Line<TcpStream>, page: PlayerSessions) -> Option<String> {
    match line.answer_with("DescribePlayerSessions", &page).await {
        Request::DescribePlayerSessions(describe) => describe.next_token,
        other => panic!("another request: {other:?}"),
    }
}

#[tokio::test]
async fn describe_paging() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    let all = server
        .player_sessions(all_of_the_game())
        .map(|seat| seat.unwrap().player_session_id)
        .collect::<Vec<_>>();
    let (seats, tokens) = tokio::join!(all, async {
        [
            answer_page(&mut line, page(&["a", "b"], "t1")).await,
            answer_page(&mut line, page(&[], "t2")).await,
            answer_page(&mut line, page(&["c"], "")).await,
        ]
    });
    assert_eq!(seats, ["a", "b", "c"]);
    assert_eq!(tokens, [None, Some("t1".to_owned()), Some("t2".to_owned())]);
}

#[tokio::test]
async fn paging_ends_at_an_error_and_at_a_page_that_leads_to_itself() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    let mut seats = server.player_sessions(all_of_the_game());
    let (first, _) = tokio::join!(seats.next(), answer_page(&mut line, page(&["a"], "t1")));
    assert_eq!(first.unwrap().unwrap().player_session_id, "a");
    let (second, _) = tokio::join!(seats.next(), answer_page(&mut line, page(&["b"], "t1")));
    assert!(matches!(second, Some(Err(Error::BadReply { .. }))));
    assert!(seats.next().await.is_none());

    let mut seats = server.player_sessions(DescribePlayerSessions::default());
    assert!(matches!(
        seats.next().await,
        Some(Err(Error::Validation { field: "id", .. }))
    ));
    assert!(seats.next().await.is_none());
}

#[tokio::test]
async fn no_callback_true() {
    let service = Service::start().await;
    let (server, mut line) = service.connected().await;
    let (_, request) = tokio::join!(server.process_ready(ProcessParameters::new(7777)), async {
        line.answer("ActivateServerProcess").await;
        line.request().await.request
    });
    assert!(matches!(request, Request::HeartbeatServerProcess(heartbeat) if heartbeat.health_status));
}

#[tokio::test]
async fn termination_time_before_is_error() {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    assert_eq!(server.termination_time(), Err(Error::TerminationTimeNotSet));
    line.push(Push::TerminateProcess(TerminateProcess::default())).await;
    event(&server).await;
    assert_eq!(
        server.termination_time(),
        Err(Error::TerminationTimeNotSet),
        "it came without a time"
    );
}

/// A server that only listens; the service ends it and answers its ending with this status.
async fn end_by_default(status: u16) -> (ExitCode, u32) {
    let service = Service::start().await;
    let (server, mut line) = service.ready().await;
    let mut heard = 0;
    let listen = server.run_until_terminated(async |event| {
        assert!(matches!(event, Event::StartGameSession(_)));
        heard += 1;
    });
    let (code, ()) = tokio::join!(listen, async {
        line.push(game_session()).await;
        line.push(Push::TerminateProcess(TerminateProcess::default())).await;
        let frame = line.request().await;
        let reply = Reply::failure(frame.request.action(), &frame.request_id, status, "no");
        line.send(reply.encode()).await;
    });
    assert_eq!(server.activate_game_session().await, Err(Error::Ended));
    (code, heard)
}

#[tokio::test]
async fn default_terminate_handler_exits_0() {
    assert_eq!(end_by_default(200).await, (ExitCode::SUCCESS, 1));
}

#[tokio::test]
async fn default_terminate_handler_exits_nonzero_on_failure() {
    assert_eq!(end_by_default(500).await, (ExitCode::FAILURE, 1));
}

#[tokio::test]
async fn a_line_destroyed_by_someone_else_exits_nonzero() {
    let service = Service::start().await;
    let (server, _line) = service.ready().await;
    let (code, destroyed) = tokio::join!(server.run_until_terminated(async |_| {}), server.destroy());
    assert_eq!((code, destroyed), (ExitCode::FAILURE, Ok(())));
}

#[tokio::test]
async fn default_session_name_cut_to_64() {
    let service = Service::start().await;
    let parameters = service.parameters().fleet_id("f".repeat(60)).host_id("host/1");
    let (server, mut line) = tokio::join!(GameLiftServer::init(parameters), service.accept());
    let server = server.unwrap();
    let (ready, ()) = tokio::join!(server.process_ready(ProcessParameters::new(7777)), async {
        line.answer("ActivateServerProcess").await;
        line.answer("HeartbeatServerProcess").await;
    });
    ready.unwrap();
    let asked = server.fleet_role_credentials(GetFleetRoleCredentials {
        role_arn: "arn:aws:iam::123456789012:role/x".into(),
        role_session_name: String::new(),
    });
    let answer = FleetRoleCredentials::default();
    let (result, request) = tokio::join!(asked, line.answer_with("GetFleetRoleCredentials", &answer));
    assert_eq!(result, Err(Error::NotManagedFleet));
    let Request::GetFleetRoleCredentials(get) = request else {
        panic!("another request")
    };
    assert_eq!(get.role_session_name, format!("{}-hos", "f".repeat(60)));
}

#[tokio::test]
async fn containers_are_listed_in_containers_only() {
    let service = Service::start().await;
    let (server, _line) = service.connected().await;
    // This test process is in no container of GameLift.
    let result = server.containers_network().await;
    assert!(
        matches!(result, Err(Error::UnsupportedComputeType { .. })),
        "{result:?}"
    );
}
