//! The session service over real sockets, against a server that misbehaves as a test says.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bevy_game_session_client::{HttpSessionService, HttpSettings};
use futures_lite::future::{block_on, poll_once, zip};
use game_session_protocol::*;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::common::{game_session, seat};
use super::http_server::{Reply, Server, guest, guest_with_secret, response, script};

pub(super) fn service(server: &Server) -> HttpSessionService {
    HttpSettings::new(&server.url)
        .answer_limit(Duration::from_mins(1))
        .connect()
        .unwrap()
}

pub(super) fn request() -> CreateGameSession {
    CreateGameSession {
        idempotency_key: "click-1".parse().unwrap(),
        name: "Friday".into(),
        max_players: 4,
        build: "dev".parse().unwrap(),
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
        latencies: game_session_protocol::Latencies::default(),
    }
}

fn find(service: &HttpSessionService) -> Result<GameSessionPage, ServiceError> {
    block_on(service.find(FindGameSessions::default()))
}

fn page() -> String {
    let page = GameSessionPage {
        game_sessions: vec![game_session("found")],
        next_page: None,
    };
    serde_json::to_string(&page).unwrap()
}

pub(super) fn seated() -> String {
    serde_json::to_string(&seat("Friday")).unwrap()
}

pub(super) const PLACING: &str = r#"{"id":"gs-Friday","step":"activating"}"#;

fn refusal(code: &str) -> String {
    format!(r#"{{"code":"{code}","message":"because","request_id":"r-1"}}"#)
}

#[track_caller]
fn protocol_error(answer: Result<GameSessionPage, ServiceError>) -> String {
    match answer {
        Err(ServiceError::Protocol { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_search_carries_the_players_token_and_reads_the_page() {
    let server = script(vec![Reply::Json(200, page())]);
    let query = FindGameSessions {
        limit: Some(3),
        ..FindGameSessions::default()
    };
    let found = block_on(service(&server).find(query)).unwrap();
    assert_eq!(found.game_sessions, [game_session("found")]);
    let request = server.next();
    assert_eq!(request.line, "GET /v1/game-sessions?limit=3");
    assert_eq!(request.headers["authorization"], "Bearer token-1");
}

#[test]
fn a_backend_that_is_down_is_unreachable() {
    let free = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = find(&HttpSessionService::new(url.clone()).unwrap()).unwrap_err();
    assert!(
        matches!(&error, ServiceError::Unreachable { service, .. } if service.starts_with(&url)),
        "{error:?}"
    );
}

#[test]
fn html_in_place_of_json_is_named() {
    let html = "<!doctype html><title>hotel wifi</title>";
    let server = script(vec![Reply::Json(200, html.into()), Reply::Json(502, html.into())]);
    let service = service(&server);
    assert_eq!(
        protocol_error(find(&service)),
        "GET /v1/game-sessions: status 200, HTML in place of JSON"
    );
    assert_eq!(
        protocol_error(find(&service)),
        "GET /v1/game-sessions: status 502, HTML in place of JSON"
    );
}

#[test]
fn junk_and_wrong_types_are_named_and_never_panic() {
    for junk in [
        "",
        "null",
        "{}",
        "[1]",
        r#"{"game_sessions":7}"#,
        "\u{0}\u{1}",
        r#"{"game_sessions":[{"id":""}]}"#,
    ] {
        let server = script(vec![Reply::Json(200, junk.into())]);
        let what = protocol_error(find(&service(&server)));
        assert!(
            what.starts_with("GET /v1/game-sessions: status 200, "),
            "{junk:?}: {what}"
        );
    }
}

#[test]
fn a_seat_with_a_missing_a_zero_or_an_impossible_port_is_named() {
    for (address, named) in [
        ("127.0.0.1", "address"),
        ("127.0.0.1:0", "port 0"),
        ("127.0.0.1:70000", "address"),
    ] {
        let body = seated().replace("127.0.0.1:7777", address);
        let server = script(vec![Reply::Json(201, body)]);
        let join = JoinGameSession::new("gs-1".parse().unwrap(), "dev".parse().unwrap());
        let answer = block_on(service(&server).join(join, Progress::ignored()));
        let Err(ServiceError::Protocol { what }) = answer else {
            panic!("{answer:?}")
        };
        assert!(what.contains("status 201") && what.contains(named), "{what}");
    }
}

#[test]
fn an_answer_that_was_changed_on_its_way_is_read_or_named_and_never_panics() {
    let changes = (0..page().len(), any::<u8>(), any::<bool>());
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let answered = TestRunner::new_with_rng(config, random).run(&changes, |(at, byte, is_cut)| {
        let mut body = page().into_bytes();
        body[at] = byte;
        body.truncate(if is_cut { at + 1 } else { body.len() });
        let mut answer = format!(
            "HTTP/1.1 200 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        answer.extend(body);
        let server = script(vec![Reply::Raw(answer)]);
        let found = find(&service(&server));
        prop_assert!(matches!(found, Ok(_) | Err(ServiceError::Protocol { .. })), "{found:?}");
        Ok(())
    });
    answered.unwrap();
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    let mut endless = b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n".to_vec();
    endless.resize(16 * 1024 * 1024, b' ');
    let server = script(vec![Reply::Raw(endless)]);
    assert_eq!(
        protocol_error(find(&service(&server))),
        "GET /v1/game-sessions: an answer of more than 64 KiB"
    );
}

#[test]
fn an_answer_over_the_limit_is_refused() {
    let server = script(vec![Reply::Json(200, " ".repeat(64 * 1024 + 1))]);
    assert_eq!(
        protocol_error(find(&service(&server))),
        "GET /v1/game-sessions: an answer of more than 64 KiB"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let server = script(vec![Reply::Raw(response(302, "location: http://127.0.0.1:1/\r\n", ""))]);
    assert_eq!(
        protocol_error(find(&service(&server))),
        "GET /v1/game-sessions: status 302, a redirect"
    );
}

#[test]
fn a_slow_answer_times_out() {
    let server = script(vec![Reply::Never]);
    let limit = Duration::from_millis(300);
    let impatient = HttpSettings::new(&server.url).answer_limit(limit).connect().unwrap();
    assert_eq!(find(&impatient), Err(ServiceError::TimedOut { after: limit }));
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let whole = response(200, "", &page());
    for k in (0..whole.len()).step_by(23) {
        let server = script(vec![Reply::Raw(whole[..k].to_vec()), Reply::Json(200, page())]);
        assert!(find(&service(&server)).is_ok(), "cut after {k} bytes");
    }
}

#[test]
fn a_backend_that_always_breaks_off_is_asked_four_times() {
    let server = script((0..9).map(|_| Reply::Raw(vec![])).collect());
    assert!(matches!(find(&service(&server)), Err(ServiceError::Unreachable { .. })));
    let asked = server.seen().into_iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!(asked, 4);
}

#[test]
fn a_deadline_that_cuts_off_a_row_of_lost_tries_says_unreachable() {
    let server = script(vec![Reply::Raw(vec![]), Reply::Never]);
    let limit = Duration::from_secs(3);
    let service = HttpSettings::new(&server.url).answer_limit(limit).connect().unwrap();
    assert!(matches!(find(&service), Err(ServiceError::Unreachable { .. })));
}

#[test]
fn a_try_that_took_long_to_be_lost_is_not_begun_again_with_less_time_left() {
    let server = Server::start(|request| {
        if request.line == "POST /v1/guests" {
            return guest("token-1");
        }
        std::thread::sleep(Duration::from_millis(1500));
        Reply::Raw(vec![])
    });
    let limit = Duration::from_millis(2900);
    let service = HttpSettings::new(&server.url).answer_limit(limit).connect().unwrap();
    assert!(matches!(find(&service), Err(ServiceError::Unreachable { .. })));
    assert_eq!(server.seen(), ["POST /v1/guests", "GET /v1/game-sessions"]);
}

#[test]
fn limits_of_for_ever_are_no_panic() {
    let server = script(vec![Reply::Json(200, page()), Reply::Json(201, seated())]);
    let settings = HttpSettings::new(&server.url).answer_limit(Duration::MAX);
    let service = settings.placing_limit(Duration::MAX).connect().unwrap();
    assert!(find(&service).is_ok());
    assert!(block_on(service.create(request(), Progress::ignored())).is_ok());
}

#[test]
fn a_short_throttle_is_waited_for_and_a_long_one_is_told() {
    let busy = |header: &str| Reply::Raw(response(429, header, &refusal("throttled")));
    let server = script(vec![
        busy("retry-after: 0\r\n"),
        Reply::Json(200, page()),
        busy("retry-after: 60\r\n"),
    ]);
    let service = service(&server);
    assert!(find(&service).is_ok());
    let Err(ServiceError::Refused { code, retry_after, .. }) = find(&service) else {
        panic!()
    };
    assert_eq!(
        (code, retry_after),
        (ErrorCode::Throttled, Some(Duration::from_mins(1)))
    );
}

#[test]
fn a_refusal_keeps_its_code_and_is_not_repeated() {
    let server = script(vec![Reply::Json(503, refusal("no_capacity"))]);
    let error = block_on(service(&server).create(request(), Progress::ignored())).unwrap_err();
    assert_eq!(error, ServiceError::refused(ErrorCode::NoCapacity, "because"));
    assert_eq!(server.seen().len(), 2, "the identity and the request");
}

#[test]
fn a_create_is_placed_then_waited_for_and_tells_its_steps() {
    let server = script(vec![
        Reply::Json(202, PLACING.into()),
        Reply::Json(202, PLACING.into()),
        Reply::Json(200, seated()),
    ]);
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = steps.clone();
    let progress = Progress::new(move |step| told.lock().unwrap().push(step));
    let got = block_on(service(&server).create(request(), progress)).unwrap();
    assert_eq!(got, seat("Friday"));
    let create = server.next();
    assert_eq!(create.line, "POST /v1/game-sessions?wait=0");
    assert_eq!(create.headers["idempotency-key"], "click-1");
    assert!(create.body.contains(r#""name":"Friday""#) && !create.body.contains("click-1"));
    assert_eq!(server.next().line, "GET /v1/game-sessions/gs-Friday/seat?wait=20");
    let mut steps = steps.lock().unwrap().clone();
    steps.dedup();
    assert_eq!(
        steps,
        [ProgressStep::Placing, ProgressStep::Activating, ProgressStep::Ticket]
    );
}

#[test]
fn a_create_that_broke_off_is_repeated_with_the_same_key() {
    let server = script(vec![Reply::Raw(b"HTTP/1.1 2".to_vec()), Reply::Json(201, seated())]);
    assert!(block_on(service(&server).create(request(), Progress::ignored())).is_ok());
    assert_eq!(
        server.next().headers["idempotency-key"],
        server.next().headers["idempotency-key"]
    );
}

#[test]
fn many_requests_share_one_identity() {
    let server = Server::start(|request| match request.line.as_str() {
        "POST /v1/guests" => guest("token-1"),
        _ => Reply::Json(200, page()),
    });
    let service = service(&server);
    let one = service.find(FindGameSessions::default());
    let two = service.find(FindGameSessions::default());
    let (one, two) = block_on(zip(one, two));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(
        server.seen().iter().filter(|line| *line == "POST /v1/guests").count(),
        1
    );
}

#[test]
fn an_identity_that_is_no_longer_known_is_renewed_once() {
    let tokens = Mutex::new(["token-1", "token-2", "token-3"].into_iter());
    let server = Server::start(move |request| {
        if request.line == "POST /v1/guests" {
            return guest(tokens.lock().unwrap().next().unwrap_or("token-9"));
        }
        match request.headers["authorization"].as_str() {
            "Bearer token-1" => Reply::Json(401, refusal("unauthorized")),
            _ => Reply::Json(200, page()),
        }
    });
    assert!(find(&service(&server)).is_ok());
    let guests = server
        .seen()
        .into_iter()
        .filter(|line| line == "POST /v1/guests")
        .count();
    assert_eq!(guests, 2);
}

#[test]
fn a_player_whose_access_token_ended_stays_the_same_player() {
    let server = Server::start(|request| match request.line.as_str() {
        "POST /v1/guests" => guest_with_secret("token-1"),
        "POST /v1/guests/refresh" => guest_with_secret("token-2"),
        _ if request.headers["authorization"] == "Bearer token-1" => Reply::Json(401, refusal("unauthorized")),
        _ => Reply::Json(200, page()),
    });
    assert!(find(&service(&server)).is_ok());
    let asked: Vec<_> = server
        .seen()
        .into_iter()
        .filter(|line| line.starts_with("POST"))
        .collect();
    assert_eq!(asked, ["POST /v1/guests", "POST /v1/guests/refresh"]);
}

#[test]
fn a_player_whose_secret_is_refused_goes_on_as_a_new_guest() {
    let tokens = Mutex::new(["token-1", "token-2"].into_iter());
    let server = Server::start(move |request| match request.line.as_str() {
        "POST /v1/guests" => guest_with_secret(tokens.lock().unwrap().next().unwrap_or("token-9")),
        "POST /v1/guests/refresh" => Reply::Json(401, refusal("unauthorized")),
        _ if request.headers["authorization"] == "Bearer token-1" => Reply::Json(401, refusal("unauthorized")),
        _ => Reply::Json(200, page()),
    });
    assert!(find(&service(&server)).is_ok());
}

#[test]
fn join_update_end_and_leave_use_their_routes() {
    let described = serde_json::to_string(&game_session("Friday")).unwrap();
    let server = script(vec![
        Reply::Json(200, seated()),
        Reply::Json(200, described),
        Reply::Raw(response(204, "", "")),
    ]);
    let service = service(&server);
    let id: GameSessionId = "gs-Friday".parse().unwrap();
    let join = JoinGameSession {
        id: id.clone(),
        build: "dev".parse().unwrap(),
        password: None,
    };
    block_on(service.join(join, Progress::ignored())).unwrap();
    let update = UpdateGameSession {
        id: id.clone(),
        name: None,
        max_players: Some(6),
        policy: None,
        properties: GameProperties::new(),
    };
    block_on(service.update(update)).unwrap();
    block_on(service.end(EndGameSession { id: id.clone() })).unwrap();
    block_on(service.leave(LeaveGameSession { id })).unwrap();
    assert_eq!(server.next().line, "POST /v1/game-sessions/gs-Friday/player-sessions");
    let update = server.next();
    assert_eq!(
        (update.line.as_str(), update.body.as_str()),
        ("PATCH /v1/game-sessions/gs-Friday", r#"{"max_players":6}"#)
    );
    assert_eq!(server.next().line, "DELETE /v1/game-sessions/gs-Friday");
}

#[test]
fn a_future_that_outlives_its_service_ends_with_an_error() {
    let server = script(vec![Reply::Never]);
    let service = HttpSessionService::new(server.url.clone()).unwrap();
    let mut search = service.find(FindGameSessions::default());
    assert!(block_on(poll_once(&mut search)).is_none());
    server.next();
    drop(service);
    assert!(matches!(block_on(search), Err(ServiceError::Unreachable { .. })));
}

#[test]
fn nothing_secret_is_shown() {
    let server = script(vec![Reply::Json(200, page())]);
    let service = service(&server);
    find(&service).unwrap();
    assert!(!format!("{service:?}").contains("token"));
    assert!(HttpSessionService::new("http://192.0.2.1/").is_err());
}
