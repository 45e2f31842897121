//! The dashboard's page is for a browser that opens it, and for no other page; its stream tells what changes.

use gamelift_emulator::{Emulator, Fault};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::process::{LIMIT, Process, emulator};

async fn status(emulator: &Emulator, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Client::new().get(format!("{}{path}", emulator.endpoint()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn the_page_is_given_to_who_opens_it_and_to_no_other_page() {
    let emulator = emulator().await;
    let page = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    for site in ["none", "same-origin", "cross-site"] {
        let headers = [&page[..], &[("sec-fetch-site", site)]].concat();
        assert_eq!(status(&emulator, "/", &headers).await, 200, "{site}");
    }
    for (site, mode, dest) in [
        ("cross-site", "navigate", "iframe"),
        ("cross-site", "no-cors", "script"),
        ("same-site", "cors", "empty"),
    ] {
        let headers = [
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", dest),
        ];
        assert_eq!(status(&emulator, "/", &headers).await, 403, "{site} {mode} {dest}");
    }
    let script = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "script")];
    assert_eq!(status(&emulator, "/_emulator/dashboard/app.js", &script).await, 403);
    assert_eq!(status(&emulator, "/", &[("origin", "http://evil.example")]).await, 403);
    assert_eq!(status(&emulator, "/", &[("host", "evil.example")]).await, 403);
}

#[tokio::test]
async fn the_page_carries_the_secret_of_the_run_and_allows_nothing_from_elsewhere() {
    let emulator = emulator().await;
    let page = reqwest::get(emulator.endpoint()).await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
    assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin");
    let text = page.text().await.unwrap();
    assert_eq!(text.matches(&emulator.control_secret()).count(), 1);
    for file in text.split('"').filter(|text| text.starts_with("/_emulator/")) {
        assert_eq!(status(&emulator, file, &[]).await, 200, "{file}");
    }
}

#[tokio::test]
async fn the_stream_needs_the_secret_and_tells_every_change_once() {
    let emulator = emulator().await;
    let url = format!("{}/_emulator/watch", emulator.endpoint());
    let ask = json!({"table": "processes"});
    let without = Client::new().post(&url).json(&ask).send().await.unwrap();
    assert_eq!(without.status(), 401);
    let mut stream = Client::new()
        .post(&url)
        .bearer_auth(emulator.control_secret())
        .json(&ask)
        .send()
        .await
        .unwrap();
    let mut seen = String::new();
    let _process = Process::healthy(&emulator, "watched", 7777).await;
    let (mut free, mut lines) = (false, Vec::new());
    while !free {
        let chunk = timeout(LIMIT, stream.chunk()).await.unwrap().unwrap();
        seen.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        while let Some((line, rest)) = seen.split_once('\n') {
            if !line.is_empty() {
                let told: Value = serde_json::from_str(line).unwrap();
                lines.extend(
                    told["lines"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|line| line["number"].as_u64().unwrap()),
                );
                free = told["page"]["rows"][0]["status"] == "FREE";
            }
            seen = rest.to_owned();
        }
    }
    let told_once: Vec<u64> = (0..lines.len() as u64).collect();
    assert_eq!(lines, told_once, "the log has no gap and tells nothing twice");
}

#[tokio::test]
async fn a_binary_frame_is_in_the_log_without_what_is_in_it() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    process.send_binary("unspeakable").await;
    process.ping().await;
    let watch = Client::new()
        .post(format!("{}/_emulator/watch", emulator.endpoint()))
        .bearer_auth(emulator.control_secret())
        .json(&json!({"table": "processes"}));
    let mut stream = watch.send().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("11 bytes that are ignored: a binary frame") {
        let chunk = timeout(LIMIT, stream.chunk()).await.unwrap().unwrap();
        seen.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
    }
    assert!(!seen.contains("unspeakable"), "{seen}");
}

#[tokio::test]
async fn a_question_that_is_none_is_refused() {
    let emulator = emulator().await;
    let refused = Client::new()
        .post(format!("{}/_emulator/watch", emulator.endpoint()))
        .bearer_auth(emulator.control_secret())
        .json(&json!({"table": "secrets"}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn late_pings_are_among_the_faults_until_all_is_cleared() {
    let emulator = emulator().await;
    let faults = |emulator: &Emulator| {
        let watch = Client::new()
            .post(format!("{}/_emulator/watch", emulator.endpoint()))
            .bearer_auth(emulator.control_secret());
        async move {
            let mut stream = watch.json(&json!({})).send().await.unwrap();
            let mut seen = Vec::new();
            while !seen.contains(&b'\n') {
                seen.extend(timeout(LIMIT, stream.chunk()).await.unwrap().unwrap().unwrap());
            }
            let told: Value = serde_json::from_slice(&seen).unwrap();
            told["faults"].clone()
        }
    };
    let late = Fault::DelayPings {
        location: None,
        millis: 70,
    };
    emulator.inject(late).unwrap();
    let told = json!([{"location": "custom-local", "delay_millis": 70}]);
    assert_eq!(faults(&emulator).await, told);
    emulator.inject(Fault::Clear).unwrap();
    assert_eq!(faults(&emulator).await, json!([]));
}
