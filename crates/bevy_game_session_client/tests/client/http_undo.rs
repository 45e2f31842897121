//! What a request left behind at the backend that nobody waits for any more, or whose answer was lost.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use bevy_game_session_client::HttpSettings;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::*;

use super::http::{PLACING, request, seated, service};
use super::http_server::{Reply, Server, guest, response, script};

/// A server that answers the create when the test says, and everything else at once.
fn gated() -> (Server, std::sync::mpsc::Sender<()>) {
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::start(move |request| match request.line.as_str() {
        "POST /v1/guests" => guest("token-1"),
        "POST /v1/game-sessions?wait=0" => {
            let _ = gate.lock().unwrap().recv();
            Reply::Json(202, PLACING.into())
        }
        line if line.starts_with("DELETE") => Reply::Raw(response(204, "", "")),
        _ => Reply::Never,
    });
    (server, open)
}

#[test]
fn a_create_that_is_dropped_on_its_way_ends_what_it_made() {
    let (server, open) = gated();
    let service = service(&server);
    let create = service.create(request(), Progress::ignored());
    assert!(server.next().line.starts_with("POST"));
    drop(create);
    open.send(()).unwrap();
    assert_eq!(server.next().line, "DELETE /v1/game-sessions/gs-Friday");
}

#[test]
fn a_create_that_is_dropped_while_it_waits_ends_what_it_made_also_when_the_service_goes() {
    let (server, open) = gated();
    let service = service(&server);
    let create = service.create(request(), Progress::ignored());
    open.send(()).unwrap();
    server.next();
    assert!(server.next().line.starts_with("GET"));
    drop(create);
    drop(service);
    assert_eq!(server.next().line, "DELETE /v1/game-sessions/gs-Friday");
}

#[test]
fn a_seat_that_came_but_was_never_read_is_ended() {
    let server = Server::start(|request| match request.line.as_str() {
        "POST /v1/guests" => guest("token-1"),
        line if line.starts_with("DELETE") => Reply::Raw(response(204, "", "")),
        _ => Reply::Json(201, seated()),
    });
    let service = service(&server);
    let (told, ticket) = channel();
    let told = Mutex::new(told);
    let progress = Progress::new(move |step| {
        if step == ProgressStep::Ticket {
            let _ = told.lock().unwrap().send(());
        }
    });
    let create = service.create(request(), progress);
    ticket.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(create);
    server.next();
    assert_eq!(server.next().line, "DELETE /v1/game-sessions/gs-Friday");
}

#[test]
fn a_create_that_takes_too_long_times_out_and_is_ended() {
    let (server, open) = gated();
    open.send(()).unwrap();
    let service = HttpSettings::new(&server.url)
        .placing_limit(Duration::from_millis(1200))
        .connect()
        .unwrap();
    let error = block_on(service.create(request(), Progress::ignored())).unwrap_err();
    assert_eq!(
        error,
        ServiceError::TimedOut {
            after: Duration::from_millis(1200)
        }
    );
    let ended = (0..5)
        .map(|_| server.next().line)
        .any(|line| line.starts_with("DELETE"));
    assert!(ended);
}

/// The next request that ends a game session.
fn next_delete(server: &Server) -> String {
    loop {
        let line = server.next().line;
        if line.starts_with("DELETE") {
            return line;
        }
    }
}

#[test]
fn a_create_whose_answer_was_lost_or_cannot_be_read_is_ended() {
    let lost = || Reply::Raw(vec![]);
    let eight_lost = (0..8).map(|_| lost()).collect();
    let no_port = seated().replace("127.0.0.1:7777", "127.0.0.1:0");
    let unreadable = vec![Reply::Json(201, "<html>".into()), Reply::Json(201, no_port)];
    for mut replies in [eight_lost, unreadable] {
        replies.extend([Reply::Json(202, PLACING.into()), Reply::Raw(response(204, "", ""))]);
        let server = script(replies);
        let service = service(&server);
        assert!(block_on(service.create(request(), Progress::ignored())).is_err());
        assert_eq!(next_delete(&server), "DELETE /v1/game-sessions/gs-Friday");
    }
}

#[test]
fn an_end_that_is_dropped_still_reaches_the_backend() {
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::start(move |request| match request.line.as_str() {
        "POST /v1/guests" => {
            let _ = gate.lock().unwrap().recv();
            guest("token-1")
        }
        _ => Reply::Raw(response(204, "", "")),
    });
    let service = service(&server);
    let id = "gs-Friday".parse().unwrap();
    let mut end = service.end(EndGameSession { id });
    assert!(block_on(poll_once(&mut end)).is_none());
    drop(end);
    open.send(()).unwrap();
    drop(service);
    assert_eq!(server.next().line, "DELETE /v1/game-sessions/gs-Friday");
}
