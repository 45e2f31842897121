//! What the routes do not say of themselves: the API's name, how callers prove themselves, and refusals.

use game_session_protocol::{ErrorBody, ErrorCode};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, PathItem, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

/// The finished description as JSON.
pub(super) fn finish(mut api: OpenApi) -> String {
    api.info = InfoBuilder::new()
        .title("game_session_backend")
        .version("1")
        .description(Some(
            "Create, find, join and end multiplayer game sessions. Every refusal is `{code, message, request_id}`.",
        ))
        .build();
    let components = api.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components
        .schemas
        .insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components
        .schemas
        .insert(ErrorCode::name().into_owned(), ErrorCode::schema());
    let body = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name(ErrorBody::name()))))
        .build();
    let refusal = ResponseBuilder::new()
        .description("a refusal; its code says why")
        .content("application/json", body)
        .build();
    components.responses.insert("Refusal".to_owned(), refusal.into());
    for item in api.paths.paths.values_mut() {
        let PathItem {
            get,
            post,
            patch,
            delete,
            ..
        } = item;
        for operation in [get, post, patch, delete].into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    meaning(status).clone_into(&mut response.description);
                }
            }
            let refusal = RefOr::Ref(Ref::from_response_name("Refusal"));
            operation.responses.responses.insert("default".to_owned(), refusal);
        }
    }
    let mut text = api.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// What a success means, where its route does not say.
fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "made",
        "202" => "not yet: ask for the seat again",
        "204" => "done",
        _ => "the answer",
    }
}
