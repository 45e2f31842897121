//! What the patterns of the service model mean, as functions: the same answers without an engine for patterns.

pub(super) fn is_anything(_: &str) -> bool {
    true
}

pub(super) fn is_not_blank(text: &str) -> bool {
    !text.trim().is_empty()
}

pub(super) fn is_queue_name_or_arn(text: &str) -> bool {
    let name = arn_resource(text).and_then(|resource| resource.strip_prefix("gamesessionqueue/"));
    is_word(name.unwrap_or(text))
}

pub(super) fn is_topic_arn(text: &str) -> bool {
    let name = text.strip_suffix(".fifo").unwrap_or(text);
    name.is_empty() || is_of(name, b":_-")
}

pub(super) fn is_player_session_id(text: &str) -> bool {
    text.strip_prefix("psess-").is_some_and(is_solid)
}

pub(super) fn is_ip_address(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
}

/// Whether the text has letters and no space: `\S+`.
fn is_solid(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn is_fleet_id(text: &str) -> bool {
    text.split_once("fleet-")
        .is_some_and(|(prefix, rest)| prefix.bytes().all(|byte| byte.is_ascii_lowercase()) && is_word(rest))
}

pub(super) fn is_fleet_id_or_arn(text: &str) -> bool {
    is_fleet_id(text)
        || arn_resource(text).is_some_and(|resource| {
            resource
                .split_once("fleet/")
                .is_some_and(|(prefix, id)| prefix.bytes().all(|byte| byte.is_ascii_lowercase()) && is_fleet_id(id))
        })
}

pub(super) fn is_compute_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((name, part)) => is_word(name) && is_word(part),
        None => is_word(text),
    }
}

pub(super) fn is_compute_name_or_arn(text: &str) -> bool {
    is_compute_name(text)
        || arn_resource(text)
            .and_then(|resource| resource.strip_prefix("compute/"))
            .is_some_and(is_compute_name)
}

pub(super) fn is_custom_location(text: &str) -> bool {
    text.strip_prefix("custom-").is_some_and(is_word)
}

pub(super) fn is_custom_location_or_arn(text: &str) -> bool {
    is_custom_location(text)
        || arn_resource(text)
            .and_then(|resource| resource.strip_prefix("location/"))
            .and_then(|name| name.strip_prefix("custom-"))
            .is_some_and(is_solid)
}

/// Whether the text is an id with this prefix, or the ARN of one.
pub(super) fn is_id_or_arn(text: &str, prefix: &str, kind: &str) -> bool {
    let id = arn_resource(text).and_then(|resource| resource.strip_prefix(kind));
    id.unwrap_or(text).strip_prefix(prefix).is_some_and(is_solid)
}

/// Whether the text has letters, and all of them are letters or digits or among these.
pub(super) fn is_of(text: &str, others: &[u8]) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

/// What follows the last colon of an ARN.
fn arn_resource(text: &str) -> Option<&str> {
    text.strip_prefix("arn:")?
        .rsplit_once(':')
        .map(|(_, resource)| resource)
}

pub(super) fn is_cost(text: &str) -> bool {
    let digits = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}
