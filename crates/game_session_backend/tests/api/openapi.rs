//! The description of the API: generated from the routes, on file, and served.

use std::path::Path;

use serde_json::Value;

use crate::support::Harness;

#[test]
fn the_description_on_file_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let generated = game_session_backend::openapi_json();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let on_file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        on_file == generated,
        "openapi.json is out of date: run the tests with UPDATE_GOLDEN=1 and look at the change"
    );
}

#[tokio::test]
async fn the_description_is_served_as_it_is() {
    let answer = Harness::new()
        .anonymous()
        .send("GET", "/v1/openapi.json", None, None)
        .await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        String::from_utf8(answer.body).unwrap(),
        game_session_backend::openapi_json()
    );
}

#[test]
fn every_route_is_described_with_its_refusal_and_its_bearer_token() {
    let api: Value = serde_json::from_str(&game_session_backend::openapi_json()).unwrap();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let open = ["/v1/guests", "/v1/guests/refresh", "/.well-known/jwks.json"];
    let mut operations = 0;
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            assert_eq!(
                operation["responses"]["default"]["$ref"], "#/components/responses/Refusal",
                "{method} {path}"
            );
            assert_eq!(
                operation.get("security").is_none(),
                open.contains(&path.as_str()),
                "{method} {path}"
            );
        }
    }
    assert_eq!(operations, 12);
    let text = api.to_string();
    for (at, start) in text.match_indices("#/components/schemas/") {
        let name = text[at + start.len()..].split('"').next().unwrap();
        assert!(
            api["components"]["schemas"].get(name).is_some(),
            "{name} is referred to and not described"
        );
    }
}
