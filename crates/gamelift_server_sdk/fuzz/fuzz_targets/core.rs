//! Histories of any kind: the machine never panics, every call ends exactly once, nothing is left at the end.
#![no_main]

use std::{collections::HashMap, time::Duration};

use gamelift_server_sdk::proto::{
    Authorization, Call, CallId, Config, ConnectFailure, Core, Handshake, Output, SocketId, Transmit,
    message::{ActivateServerProcess, Reply, RequestFrame},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<(u8, u8, &str)>| {
    let mut config = Config::new(Handshake {
        endpoint: "ws://service:1/".parse().expect("it is an endpoint"),
        process_id: "proc-1".into(),
        host_id: "host-1".into(),
        fleet_id: "fleet-1".into(),
        authorization: Authorization::Token("token".into()),
    });
    config.max_calls = 8;
    let mut now = Duration::ZERO;
    let mut core = Core::new(config, now, 7);
    let mut ended: HashMap<CallId, u32> = HashMap::new();
    let (mut calls, mut newest, mut sent) = (0_u64, 0_u64, Vec::<(SocketId, String)>::new());
    for (what, detail, text) in steps.into_iter().take(200) {
        let socket = SocketId(u64::from(detail % 4) + newest.saturating_sub(2));
        match what % 10 {
            0 => core.handle_connected(SocketId(newest), now),
            1 => {
                let http_status = (detail % 3 == 0).then_some(400 + u16::from(detail) % 20);
                let failure = ConnectFailure {
                    http_status,
                    cause: "no".into(),
                };
                core.handle_connect_failed(SocketId(newest), failure, now);
            }
            2 => core.handle_closed(socket, (detail % 2 == 0).then_some(1000 + u16::from(detail)), now),
            3 => {
                calls += 1;
                let call = match detail % 6 {
                    0 => Call::ProcessReady(ActivateServerProcess {
                        port: 7777,
                        ..ActivateServerProcess::default()
                    }),
                    1 => Call::ActivateGameSession,
                    2 => Call::AcceptPlayerSession(text.to_owned()),
                    3 => Call::GetComputeCertificate,
                    4 => Call::ProcessEnding,
                    _ => Call::RemovePlayerSession(text.to_owned()),
                };
                core.handle_call(CallId(calls), call, now);
            }
            4 => {
                now += Duration::from_millis(u64::from(detail) * 150);
                while let Some(at) = core.poll_timeout().filter(|at| *at <= now) {
                    let _ = at;
                    core.handle_timeout(now);
                    while core.poll_transmit().is_some_and(|transmit| {
                        note(transmit, &mut newest, &mut sent);
                        true
                    }) {}
                }
            }
            5 | 6 => {
                if let Some((socket, request)) = sent.get(usize::from(detail) % sent.len().max(1)) {
                    if let Ok(frame) = RequestFrame::decode(request) {
                        let reply = Reply::success(frame.request.action(), &frame.request_id);
                        core.handle_text(*socket, &reply.encode(), now);
                    }
                }
            }
            7 => core.handle_health(u64::from(detail % 4), detail > 127, now),
            8 => core.handle_token(text.into(), now),
            _ => core.handle_text(socket, text, now),
        }
        settle(&mut core, &mut ended, &mut newest, &mut sent);
    }
    core.handle_abandoned(now);
    settle(&mut core, &mut ended, &mut newest, &mut sent);
    assert!(core.is_finished() && core.poll_timeout().is_none());
    for call in 1..=calls {
        assert_eq!(ended.get(&CallId(call)), Some(&1), "call {call}");
    }
});

fn settle(
    core: &mut Core,
    ended: &mut HashMap<CallId, u32>,
    newest: &mut u64,
    sent: &mut Vec<(SocketId, String)>,
) {
    while let Some(output) = core.poll_event() {
        if let Output::Done { call, .. } = output {
            *ended.entry(call).or_default() += 1;
        }
    }
    while let Some(transmit) = core.poll_transmit() {
        note(transmit, newest, sent);
    }
}

fn note(transmit: Transmit, newest: &mut u64, sent: &mut Vec<(SocketId, String)>) {
    match transmit {
        Transmit::Connect { socket, .. } => *newest = socket.0,
        Transmit::Send { socket, text } => sent.push((socket, text)),
        _ => {}
    }
}
