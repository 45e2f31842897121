//! Web pages cannot reach the emulator, and a process needs its token.

use reqwest::{Client, header};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

use crate::process::{Process, emulator, query, status};

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused() {
    let emulator = emulator().await;
    for (name, value) in [
        (header::HOST, "evil.example".to_owned()),
        (header::HOST, "localhost:1".to_owned()),
        (header::ORIGIN, "http://evil.example".to_owned()),
        (header::ORIGIN, "null".to_owned()),
    ] {
        let call = Client::new()
            .post(emulator.endpoint())
            .header("X-Amz-Target", "GameLift.ListFleets")
            .header(&name, &value)
            .body("{}");
        assert_eq!(call.send().await.unwrap().status(), 403, "{name}: {value}");
    }
    assert!(emulator.calls().is_empty());
}

#[tokio::test]
async fn a_websocket_from_a_foreign_page_is_refused_even_with_a_good_token() {
    let emulator = emulator().await;
    let query = query(&emulator.server_environment("p"), "t");
    let mut request = format!("{}/?{query}", emulator.websocket_url())
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("origin", "http://evil.example".parse().unwrap());
    assert_eq!(status(connect_async(request).await.unwrap_err()), 403);
}

#[tokio::test]
async fn a_wrong_token_is_forbidden() {
    let emulator = emulator().await;
    let good = query(&emulator.server_environment("p"), "t");
    let refuse = async |query: String| match Process::connect_with(&emulator, &query).await {
        Ok(_) => panic!("let in with {query}"),
        Err(refused) => status(refused),
    };
    assert_eq!(refuse(good.replace("Authorization=", "Authorization=x")).await, 403);
    assert_eq!(refuse("pID=p&FleetId=fleet-local&ComputeId=local".into()).await, 403);
    assert_eq!(refuse(good.replace("ComputeId=local", "ComputeId=other")).await, 403);
    assert_eq!(
        refuse(good.replace("FleetId=fleet-local", "FleetId=fleet-other")).await,
        403
    );
    assert_eq!(refuse(good.replace("pID=p", "pID=")).await, 400);
    assert!(emulator.snapshot().processes.is_empty());
}

#[tokio::test]
async fn two_emulators_do_not_take_each_others_tokens() {
    let (one, other) = (emulator().await, emulator().await);
    let query = query(&one.server_environment("p"), "t");
    let Err(refused) = Process::connect_with(&other, &query).await else {
        panic!("let in");
    };
    assert_eq!(status(refused), 403);
}
