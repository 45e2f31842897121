//! Frames of any content: decoding never panics, and what was understood survives the wire.
#![no_main]

use gamelift_server_sdk::{
    MatchmakerData,
    proto::message::{
        ComputeCertificate, FleetRoleCredentials, FromService, PlayerSessions, RequestFrame, StartedMatchBackfill,
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(frame) = RequestFrame::decode(text) {
        let again = frame.request.encode(&frame.request_id);
        assert_eq!(RequestFrame::decode(&again).as_ref(), Ok(&frame), "{again}");
    }
    match FromService::decode(text) {
        Ok(FromService::Reply(reply)) => {
            let _ = reply.result::<PlayerSessions>();
            let _ = reply.result::<FleetRoleCredentials>();
            let _ = reply.result::<ComputeCertificate>();
            let _ = reply.result::<StartedMatchBackfill>();
            let again = reply.encode();
            assert_eq!(FromService::decode(&again), Ok(FromService::Reply(reply)), "{again}");
        }
        Ok(FromService::Push(push)) => {
            let again = push.encode();
            assert_eq!(FromService::decode(&again), Ok(FromService::Push(push)), "{again}");
        }
        _ => {}
    }
    let _ = MatchmakerData::parse(text);
});
