//! One question to the backend and its answer, as this crate sees them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use game_session_protocol::{FindGameSessions, GameSessionId, IdempotencyKey, ServiceError, routes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::link::Method;

/// One question to the backend. All are idempotent: by their method, or by their key.
pub(super) struct Question {
    pub(super) method: Method,
    route: &'static str,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) body: Option<Vec<u8>>,
    /// How long the backend was asked to hold the answer back.
    pub(super) held: Duration,
    was_sent: AtomicBool,
}

impl Question {
    pub(super) fn new(method: Method, route: &'static str) -> Self {
        let (query, held) = (Vec::new(), Duration::ZERO);
        Self {
            method,
            route,
            path: route.to_owned(),
            query,
            key: None,
            body: None,
            held,
            was_sent: AtomicBool::new(false),
        }
    }

    pub(super) fn id(mut self, id: &GameSessionId) -> Self {
        self.path = routes::with_id(self.route, id);
        self
    }

    pub(super) fn queries(mut self, query: Vec<(String, String)>) -> Self {
        self.query = query;
        self
    }

    pub(super) fn wait(mut self, seconds: u64) -> Self {
        self.query.push((routes::WAIT.to_owned(), seconds.to_string()));
        self.held = Duration::from_secs(seconds);
        self
    }

    pub(super) fn key(mut self, key: &IdempotencyKey) -> Self {
        self.key = Some(key.clone());
        self
    }

    pub(super) fn body(mut self, body: &impl Serialize) -> Result<Self, ServiceError> {
        let json = serde_json::to_vec(body).map_err(|error| protocol(self.name(), &error.to_string()))?;
        self.body = Some(json);
        Ok(self)
    }

    /// Notes that it may have arrived.
    pub(super) fn note_sent(&self) {
        self.was_sent.store(true, Ordering::Relaxed);
    }

    /// Whether it may have been done although the error came in place of an answer.
    pub(super) fn may_be_done(&self, error: &ServiceError) -> bool {
        self.was_sent.load(Ordering::Relaxed) && !matches!(error, ServiceError::Refused { .. })
    }

    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.name(), self.route)
    }
}

/// A yes of the backend, not yet read.
pub(super) struct Reply {
    pub(super) question: String,
    pub(super) status: u16,
    /// By which the backend's log knows the game session.
    pub(super) trace: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// Reads the body.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ServiceError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if looks_like_html(&self.body) {
                "HTML in place of JSON".to_owned()
            } else {
                error.to_string()
            };
            self.is_wrong(&what)
        })
    }

    /// An answer that cannot be.
    pub(super) fn is_wrong(&self, what: &str) -> ServiceError {
        protocol(self.question.clone(), &format!("status {}, {what}", self.status))
    }
}

/// A search as the query of an address.
pub(super) fn query_of(search: &FindGameSessions) -> Vec<(String, String)> {
    let mut query = Vec::new();
    if let Some(build) = &search.build {
        query.push(("build".to_owned(), build.to_string()));
    }
    query.extend(
        search
            .properties
            .iter()
            .map(|(key, value)| (format!("property.{key}"), value.clone())),
    );
    if let Some(limit) = search.limit {
        query.push(("limit".to_owned(), limit.to_string()));
    }
    if let Some(page) = &search.page {
        query.push(("page".to_owned(), page.clone()));
    }
    if let Some(sort) = search.sort {
        query.push(("sort".to_owned(), sort.to_string()));
    }
    query
}

pub(super) fn protocol(question: String, what: &str) -> ServiceError {
    ServiceError::Protocol {
        what: format!("{question}: {what}"),
    }
}

pub(super) fn looks_like_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use game_session_protocol::GameSessionOrder;

    use super::*;

    #[test]
    fn a_search_becomes_a_query() {
        let search = FindGameSessions {
            build: Some("1.0".parse().unwrap()),
            properties: [("map".to_owned(), "moon & stars".to_owned())].into(),
            limit: Some(5),
            page: None,
            sort: Some(GameSessionOrder::Name),
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            query_of(&search),
            [
                pair("build", "1.0"),
                pair("property.map", "moon & stars"),
                pair("limit", "5"),
                pair("sort", "name")
            ]
        );
    }
}
