//! Connections lost, refused, doubted and replaced.

use super::*;

#[test]
fn abnormal_close_reconnects() {
    for code in [None, Some(1006), Some(1011), Some(1012), Some(4000)] {
        let mut world = World::connected();
        let socket = world.socket();
        world.close(socket, code);
        let [first, second] = &world.connects[..] else {
            panic!("{code:?}: {:?}", world.connects)
        };
        assert_eq!((first.1, &first.2, &first.3), (second.1, &second.2, &second.3));
    }
}

#[test]
fn a_close_with_any_code_is_followed_by_a_new_connection() {
    for code in (0..5000).chain([u16::MAX]) {
        let mut world = World::connected();
        let socket = world.socket();
        world.close(socket, Some(code));
        world.advance(secs(4));
        assert_eq!(world.connects.len(), 2, "{code}");
    }
}

/// Official SDKs are meant to stay away for good, which makes them deaf. Ours comes back, after the first wait.
#[test]
fn close_1000_and_1001_do_not_make_the_process_deaf() {
    for code in [1000, 1001] {
        let mut world = World::ready();
        let socket = world.socket();
        world.close(socket, Some(code));
        assert!(world.connects.is_empty());
        world.advance(secs(4));
        assert_eq!(world.connects.len(), 1);
    }
}

#[test]
fn reconnect_waits_4_8_16_32_32_32_32() {
    let mut world = World::ready();
    let socket = world.socket();
    world.close(socket, None);
    world.refuse_again(8, None);
    let at: Vec<Duration> = world.connects.iter().map(|(_, at, ..)| *at).collect();
    let waits: Vec<u64> = at
        .windows(2)
        .map(|pair| pair[1].checked_sub(pair[0]).unwrap().as_secs())
        .collect();
    assert_eq!(waits, [4, 8, 16, 32, 32, 32, 32, 32]);
}

#[test]
fn a_long_outage_is_told_once_and_the_attempts_go_on() {
    let mut world = World::ready();
    let socket = world.socket();
    world.close(socket, None);
    world.refuse_again(30, Some(503));
    let [
        Event::ConnectionLost(Error::Connect {
            attempts: 8,
            http_status: Some(503),
            next_wait: Some(_),
            ..
        }),
    ] = &world.events()[..]
    else {
        panic!("{:?}", world.events());
    };
    assert_eq!(world.connects.len(), 31);
    let shown = match &world.events()[0] {
        Event::ConnectionLost(error) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        shown,
        "cannot connect to ws://service:1/ for fleet fleet-1, compute host-1, after 8 attempt(s): no; \
         it is tried again in 32s"
    );
    world.accept();
    assert!(!world.core.is_finished());
}

#[test]
fn only_one_reconnect_in_flight() {
    let mut world = World::ready();
    let socket = world.socket();
    world.close(socket, None);
    world.close(socket, None);
    world.advance(secs(10));
    assert_eq!(world.connects.len(), 1);
}

#[test]
fn an_attempt_without_an_answer_is_given_up_after_20s() {
    let mut world = World::new();
    world.advance(secs(24));
    assert_eq!(world.closed, [SocketId(1)]);
    assert_eq!(world.connects.len(), 2);
    world.core.handle_connected(SocketId(1), world.now);
    world.pump();
    assert!(world.outputs.is_empty(), "an attempt given up does not count");
    world.accept();
    assert_eq!(world.outputs, [Output::Initialized(Ok(()))]);
}

#[test]
fn a_connection_that_is_lost_again_and_again_is_not_retried_in_a_busy_loop() {
    let mut world = World::ready();
    for _ in 0..100 {
        if world.core.link().current.is_some() {
            let socket = world.socket();
            world.close(socket, None);
        }
        if world
            .connects
            .last()
            .is_some_and(|(socket, ..)| !world.core.link().knows(*socket))
        {
            let socket = world.last_connect();
            world.core.handle_connected(socket, world.now);
            world.pump();
        }
        world.advance(secs(1));
    }
    assert!(world.connects.len() < 12, "{} attempts in 100 s", world.connects.len());
}

#[test]
fn request_during_outage_waits_then_goes() {
    let mut world = World::hosting();
    let sent = world.call(accept("psess-1"));
    let socket = world.socket();
    world.close(socket, None);
    let unsent = world.call(accept("psess-2"));
    assert_eq!(world.sent.len(), 1);
    world.accept();
    let ids: Vec<String> = world.requests().into_iter().map(|frame| frame.request_id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(
        ids[0], ids[1],
        "what was sent goes again with the same RequestId, first"
    );
    world.answer_all();
    assert!(world.result(sent).is_ok() && world.result(unsent).is_ok());
}

#[test]
fn request_during_a_long_outage_times_out() {
    let mut world = World::hosting();
    let socket = world.socket();
    world.close(socket, None);
    let call = world.call(accept("psess-1"));
    world.refuse(None);
    world.advance(secs(20));
    let error = world.result(call).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.is_retryable());
    world.accept();
    assert!(
        !world.actions().contains(&"AcceptPlayerSession"),
        "a call that has ended is not sent any more"
    );
}

#[test]
fn no_reactivation_after_reconnect() {
    let mut world = World::ready();
    let socket = world.socket();
    world.close(socket, None);
    world.accept();
    world.advance(secs(5));
    assert!(!world.actions().contains(&"ActivateServerProcess"));
}

#[test]
fn two_timeouts_reconnect() {
    let mut world = World::hosting();
    let old = world.socket();
    world.call(accept("psess-1"));
    world.advance(secs(20));
    assert!(world.connects.is_empty(), "one missing reply is not enough");
    world.call(accept("psess-2"));
    world.advance(secs(15));
    let third = world.call(accept("psess-3"));
    world.advance(secs(5));
    assert_eq!(world.connects.len(), 1);
    assert!(world.closed.is_empty());
    let new = world.accept();
    assert_eq!(world.closed, [old]);
    let (socket, _, text) = world.sent.last().unwrap();
    assert!(
        *socket == new && text.contains("psess-3"),
        "what waits goes again on the new connection"
    );
    world.answer_last(r#"{"RequestId":"ID","StatusCode":200}"#);
    assert!(world.result(third).is_ok());
}

#[test]
fn inbound_frame_resets_counter() {
    let mut world = World::hosting();
    for round in 0..3 {
        world.call(accept("psess-1"));
        world.advance(secs(20));
        let socket = world.socket();
        if round % 2 == 0 {
            world.core.handle_activity(socket, world.now);
            world.pump();
        } else {
            world.text(r#"{"Action":"Dance"}"#);
        }
    }
    assert!(world.connects.is_empty());
}

#[test]
fn a_frame_on_a_doubted_connection_takes_the_doubt_away() {
    let mut world = World::hosting();
    for _ in 0..2 {
        world.call(accept("psess-1"));
        world.advance(secs(20));
    }
    let attempt = world.last_connect();
    world.text(r#"{"Action":"Dance"}"#);
    assert_eq!(world.closed, [attempt]);
    let call = world.call(accept("psess-2"));
    world.answer_last(r#"{"RequestId":"ID","StatusCode":200}"#);
    assert!(world.result(call).is_ok());
}

#[test]
fn refresh_opens_new_then_closes_old() {
    let mut world = World::hosting();
    let old = world.socket();
    world.push(&refresh("ws://other:2/x"));
    let (_, _, endpoint, token) = world.connects[0].clone();
    assert_eq!(endpoint, "ws://other:2/x");
    assert!(world.closed.is_empty());
    let during = world.call(accept("psess-1"));
    assert_eq!(world.sent[0].0, old, "no call waits for a refresh");
    let new = world.accept();
    assert!(world.closed.is_empty(), "a reply is still on its way on the old one");
    world.call(accept("psess-2"));
    assert_eq!(world.sent[1].0, new);
    let id = world.requests()[0].request_id.clone();
    world.text_on(old, &Reply::success("AcceptPlayerSession", &id).encode());
    assert!(world.result(during).is_ok());
    assert_eq!(world.closed, [old]);
    world.close(new, None);
    let again = world.connects.last().unwrap();
    assert_eq!(
        (&again.2, &again.3),
        (&endpoint, &token),
        "a reconnect goes to the refreshed address"
    );
}

#[test]
fn refresh_drops_a_silent_old_connection_after_5s_and_repeats_what_waited() {
    let mut world = World::hosting();
    let old = world.socket();
    let call = world.call(accept("psess-1"));
    world.push(&refresh("ws://other:2"));
    let new = world.accept();
    world.advance(secs(5));
    assert_eq!(world.closed, [old]);
    assert_eq!(world.sent.last().unwrap().0, new);
    world.answer_last(r#"{"RequestId":"ID","StatusCode":200}"#);
    assert!(world.result(call).is_ok());
}

#[test]
fn refresh_during_100_requests_loses_none() {
    let mut world = World::hosting();
    let old = world.socket();
    let mut calls: Vec<CallId> = (0..50)
        .map(|seat| world.call(accept(&format!("psess-{seat}"))))
        .collect();
    world.push(&refresh("ws://other:2"));
    calls.extend((50..75).map(|seat| world.call(accept(&format!("psess-{seat}")))));
    world.accept();
    calls.extend((75..100).map(|seat| world.call(accept(&format!("psess-{seat}")))));
    for (socket, _, text) in world.sent.clone() {
        let id = RequestFrame::decode(&text).unwrap().request_id;
        world.text_on(socket, &Reply::success("AcceptPlayerSession", &id).encode());
    }
    assert!(calls.iter().all(|call| world.result(*call).is_ok()));
    assert_eq!(world.sent.len(), 100);
    assert_eq!(world.closed, [old]);
}

#[test]
fn refresh_failure_keeps_old() {
    let mut world = World::hosting();
    let old = world.socket();
    world.push(&refresh("ws://dead:2"));
    world.refuse(None);
    world.advance(secs(10));
    assert_eq!((world.socket(), world.connects.len()), (old, 1));
    world.push(&refresh("ws://alive:2"));
    let new = world.accept();
    assert_eq!(world.socket(), new);
}

#[test]
fn old_connection_lost_while_the_refresh_fails_goes_back_to_the_old_address() {
    let mut world = World::hosting();
    let old = world.socket();
    world.push(&refresh("ws://dead:2"));
    world.close(old, None);
    assert_eq!(world.connects.len(), 1);
    world.refuse(None);
    assert_eq!(world.connects[1].2, "ws://service:1/");
    world.accept();
}

#[test]
fn refreshes_that_make_no_sense_leave_the_connection_alone() {
    let mut world = World::hosting();
    for endpoint in ["", "http://x", "nonsense", "ws://"] {
        world.push(&refresh(endpoint));
    }
    world.text(r#"{"Action":"RefreshConnection","RefreshConnectionEndpoint":"ws://x:1"}"#);
    assert!(world.connects.is_empty());
    let mut world = World::with(
        |config| config.handshake.endpoint = "wss://service:1".parse().unwrap(),
        7,
    );
    world.accept();
    world.push(&refresh("ws://plain:1"));
    assert_eq!(
        world.connects.len(),
        1,
        "a token is not sent in the clear after it was sent encrypted"
    );
}

#[test]
fn an_encrypted_connection_is_refreshed_to_its_own_host_and_to_those_of_gamelift_only() {
    let secure_at = |first: &str| {
        let mut world = World::with(|config| config.handshake.endpoint = first.parse().unwrap(), 7);
        world.accept();
        world
    };
    let secure = || secure_at("wss://service:1");
    for endpoint in [
        "wss://other:1",
        "wss://127.0.0.1:1",
        "wss://service.example:1",
        "wss://evilamazongamelift.com",
        "wss://amazongamelift.com.example",
        "wss://169.254.169.254",
    ] {
        let mut world = secure();
        world.push(&refresh(endpoint));
        assert_eq!(world.connects.len(), 1, "{endpoint}");
    }
    for endpoint in [
        "wss://service:2/x",
        "wss://SERVICE:1",
        "wss://us-west-2.api.amazongamelift.com",
        "wss://cn-north-1.api.amazongamelift.com.cn",
    ] {
        let mut world = secure();
        world.push(&refresh(endpoint));
        assert_eq!(world.connects.len(), 2, "{endpoint}");
        // what counts is where it began
        world.accept();
        world.push(&refresh("wss://service:3"));
        assert_eq!(world.connects.len(), 3, "{endpoint}");
    }
    // an emulator on this machine, by whichever of its names
    let mut world = secure_at("wss://localhost:1");
    world.push(&refresh("wss://127.0.0.1:1"));
    assert_eq!(world.connects.len(), 2);
}

#[test]
fn frames_of_a_connection_that_is_gone_do_not_count() {
    let mut world = World::hosting();
    let call = world.call(accept("psess-1"));
    let old = world.socket();
    let id = world.requests()[0].request_id.clone();
    world.close(old, None);
    world.text_on(old, &Reply::success("AcceptPlayerSession", &id).encode());
    assert!(world.results(call).is_empty());
}

#[test]
fn a_refused_reconnect_asks_for_a_new_token_and_uses_it_at_once() {
    let mut world = World::ready();
    let socket = world.socket();
    world.close(socket, None);
    world.refuse(Some(403));
    assert_eq!(world.renewals, 1);
    world.core.handle_token("token-2".into(), world.now);
    world.pump();
    let [refused, renewed] = &world.connects[..] else {
        panic!("{:?}", world.connects)
    };
    assert_eq!(refused.1, renewed.1, "without waiting");
    assert_ne!(refused.3, renewed.3, "a new identity");
    world.accept();
}

#[test]
fn a_new_token_does_not_disturb_a_good_connection() {
    let mut world = World::ready();
    world.core.handle_token("token-2".into(), world.now);
    world.pump();
    assert!(world.connects.is_empty() && world.closed.is_empty());
}
