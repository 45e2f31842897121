//! Golden JSON of every reply.

use serde::{Serialize, de::DeserializeOwned};

use super::super::*;

/// Encodes to exactly this text, and reads back as the same reply with the same result.
fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(action: &str, result: T, text: &str) {
    let reply = Reply::with_result(action, "r-1", &result);
    assert_eq!(reply.encode(), text);
    let FromService::Reply(read) = FromService::decode(text).unwrap() else {
        panic!("a push")
    };
    assert_eq!(read.result::<T>().unwrap(), result);
    assert_eq!(read, reply);
}

/// The twelve requests.
const ACTIONS: [&str; 12] = [
    "ActivateServerProcess",
    "HeartbeatServerProcess",
    "ActivateGameSession",
    "AcceptPlayerSession",
    "RemovePlayerSession",
    "UpdatePlayerSessionCreationPolicy",
    "TerminateServerProcess",
    "DescribePlayerSessions",
    "StartMatchBackfill",
    "StopMatchBackfill",
    "GetComputeCertificate",
    "GetFleetRoleCredentials",
];

#[test]
fn bare_replies_and_failures_of_all_actions_are_golden() {
    for action in ACTIONS {
        let text = format!(r#"{{"Action":"{action}","RequestId":"r-1","StatusCode":200}}"#);
        let reply = Reply::success(action, "r-1");
        assert_eq!(reply.encode(), text);
        assert_eq!(FromService::decode(&text), Ok(FromService::Reply(reply)));
        let text = format!(
            r#"{{"Action":"{action}","RequestId":"r-1","StatusCode":400,"ErrorMessage":"player session is not RESERVED"}}"#
        );
        let reply = Reply::failure(action, "r-1", 400, "player session is not RESERVED");
        assert_eq!(reply.encode(), text);
        assert_eq!(FromService::decode(&text), Ok(FromService::Reply(reply)));
    }
}

#[test]
fn replies_with_results_are_golden() {
    golden(
        "StartMatchBackfill",
        StartedMatchBackfill {
            ticket_id: "ticket-1".into(),
        },
        r#"{"Action":"StartMatchBackfill","RequestId":"r-1","StatusCode":200,"TicketId":"ticket-1"}"#,
    );
    golden(
        "GetComputeCertificate",
        ComputeCertificate {
            certificate_path: "/c.pem".into(),
            compute_name: "host-1".into(),
        },
        r#"{"Action":"GetComputeCertificate","RequestId":"r-1","StatusCode":200,"CertificatePath":"/c.pem","ComputeName":"host-1"}"#,
    );
    let credentials = FleetRoleCredentials {
        assumed_role_user_arn: "arn:u".into(),
        assumed_role_id: "id".into(),
        access_key_id: "AK".into(),
        secret_access_key: "sk".into(),
        session_token: "st".into(),
        expiration: 1_795_346_111_632,
    };
    golden(
        "GetFleetRoleCredentials",
        credentials,
        r#"{"Action":"GetFleetRoleCredentials","RequestId":"r-1","StatusCode":200,"AccessKeyId":"AK","AssumedRoleId":"id","AssumedRoleUserArn":"arn:u","Expiration":1795346111632,"SecretAccessKey":"sk","SessionToken":"st"}"#,
    );
    golden(
        "GetFleetRoleCredentials",
        FleetRoleCredentials::default(),
        r#"{"Action":"GetFleetRoleCredentials","RequestId":"r-1","StatusCode":200,"AccessKeyId":"","AssumedRoleId":"","AssumedRoleUserArn":"","Expiration":0,"SecretAccessKey":"","SessionToken":""}"#,
    );
    let seat = PlayerSession {
        player_id: "p1".into(),
        player_session_id: "psess-1".into(),
        game_session_id: "arn:g".into(),
        fleet_id: "fleet-1".into(),
        player_data: "d".into(),
        ip_address: "127.0.0.1".into(),
        port: 7777,
        creation_time: 1_700_000_000_123,
        termination_time: 0,
        dns_name: String::new(),
        status: PlayerSessionStatus::Active,
    };
    golden(
        "DescribePlayerSessions",
        PlayerSessions {
            next_token: "more".into(),
            player_sessions: vec![seat],
        },
        r#"{"Action":"DescribePlayerSessions","RequestId":"r-1","StatusCode":200,"NextToken":"more","PlayerSessions":[{"CreationTime":1700000000123,"DnsName":"","FleetId":"fleet-1","GameSessionId":"arn:g","IpAddress":"127.0.0.1","PlayerData":"d","PlayerId":"p1","PlayerSessionId":"psess-1","Port":7777,"Status":"ACTIVE","TerminationTime":0}]}"#,
    );
}
