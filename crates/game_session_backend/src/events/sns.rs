//! Messages that SNS posts to a plain server. Nothing in one is believed before its signature was checked, and nothing is
//! fetched but from SNS itself.

use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::routing::post;
use game_session_protocol::ErrorCode;
use tokio::time::timeout;

use super::certificates::{Certificates, FetchError};
use super::signature::Letter;
use super::{EventError, PlacementEvent, handle, millis_of};
use crate::placing::PlacementEvents;
use crate::problem::Problem;
use crate::state::AppState;

/// Where SNS posts to.
const PATH: &str = "/v1/events/sns";
/// SNS's longest message, and what is around it.
const MOST_BYTES: usize = 320 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// SNS tries for an hour; what is much older is a repetition by somebody else.
const OLDEST: Duration = Duration::from_hours(24);
/// Clocks differ by less.
const SKEW: Duration = Duration::from_mins(15);

/// Who may send messages, and where their certificates are.
pub(crate) struct Sns {
    topic: Topic,
    /// The emulator's, on this machine.
    own_certificate: Option<String>,
    certificates: Certificates,
}

/// A topic's ARN, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    arn: String,
    /// Where SNS of its region is.
    host: String,
}

impl Topic {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`, also of AWS in China; `None` for anything else.
    pub(crate) fn of_arn(arn: &str) -> Option<Self> {
        let parts: Vec<_> = arn.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts.as_slice() else {
            return None;
        };
        let domain = match *partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return None,
        };
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let is_region = region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let fits = is_word(region) && is_region && is_word(account) && is_word(name);
        fits.then(|| Self {
            arn: arn.to_owned(),
            host: format!("sns.{region}.{domain}"),
        })
    }

    /// Whether an address is of SNS in the topic's region, by https and without anything that leads elsewhere.
    fn has(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else { return false };
        let authority = uri.authority().map(axum::http::uri::Authority::as_str);
        uri.scheme_str() == Some("https") && authority == Some(self.host.as_str())
    }
}

impl Sns {
    /// `None` where events do not come over HTTP.
    pub(crate) fn of(events: &PlacementEvents) -> Option<Self> {
        Some(Self {
            topic: Topic::of_arn(events.topic.as_deref()?)?,
            own_certificate: events.certificate.clone(),
            certificates: Certificates::new(),
        })
    }

    fn may_sign(&self, url: &str) -> bool {
        if let Some(own) = &self.own_certificate {
            return own == url;
        }
        let path = url.parse::<Uri>().ok().filter(|uri| uri.query().is_none());
        self.topic.has(url) && path.is_some_and(|uri| uri.path().strip_suffix(".pem").is_some())
    }

    fn may_confirm(&self, url: &str) -> bool {
        let origin = |url: &str| {
            let uri = url.parse::<Uri>().ok()?;
            Some((uri.scheme_str()?.to_owned(), uri.authority()?.to_string()))
        };
        match &self.own_certificate {
            Some(own) => origin(own).is_some() && origin(own) == origin(url),
            None => self.topic.has(url),
        }
    }

    /// Whether SNS wrote this for our topic, not long ago.
    async fn check(&self, letter: &Letter, now_ms: u64) -> Result<(), Problem> {
        if letter.topic_arn != self.topic.arn {
            return Err(refused("it is for another topic"));
        }
        let age_ms = millis_of(&letter.timestamp).map(|at| {
            let skew = u64::try_from(SKEW.as_millis()).unwrap_or(u64::MAX);
            (now_ms.saturating_sub(at), at > now_ms.saturating_add(skew))
        });
        let oldest = OLDEST.as_millis();
        if age_ms.is_none_or(|(age, early)| early || u128::from(age) > oldest) {
            return Err(refused("its time is not near"));
        }
        if !self.may_sign(&letter.certificate_url) {
            return Err(refused("its certificate is not of SNS"));
        }
        let key = self.certificates.key(&letter.certificate_url, now_ms / 1000).await;
        let key = key.map_err(|error| match error {
            FetchError::NotGood => refused("its certificate is not good"),
            FetchError::TooMuch | FetchError::Unreachable => Problem::unavailable(Duration::from_secs(5)),
        })?;
        if letter.is_signed_by(&key) {
            Ok(())
        } else {
            Err(refused("its signature is wrong"))
        }
    }
}

/// The route, where a topic is configured. It is not part of the API of clients, so it is not described.
pub(crate) fn routes(app: &AppState) -> Router<AppState> {
    match app.0.sns {
        Some(_) => Router::new().route(PATH, post(receive)),
        None => Router::new(),
    }
}

async fn receive(State(state): State<AppState>, request: Request) -> Result<StatusCode, Problem> {
    let sns = state.0.sns.as_ref().ok_or_else(Problem::not_found)?;
    let body = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), MOST_BYTES)).await;
    let body = body
        .map_err(|_| Problem::new(ErrorCode::TimedOut, "the body did not come in time"))?
        .map_err(|_| Problem::new(ErrorCode::TooLarge, "the body is too large or broke off"))?;
    let letter: Letter = serde_json::from_slice(&body).map_err(|_| Problem::invalid("this is no message of SNS"))?;
    sns.check(&letter, state.0.clock.now_ms()).await?;
    match letter.kind.as_str() {
        "Notification" => notified(&state, &letter).await?,
        "SubscriptionConfirmation" => confirm(sns, &letter).await?,
        "UnsubscribeConfirmation" => tracing::warn!("the subscription to placement events was ended"),
        _ => return Err(Problem::invalid("this kind of message is not known")),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn notified(state: &AppState, letter: &Letter) -> Result<(), Problem> {
    let taken = match PlacementEvent::parse(&letter.message) {
        Ok(event) => handle(state, event).await.map(drop),
        Err(error) => Err(error),
    };
    match taken {
        Err(EventError::Unavailable(_)) => Err(Problem::unavailable(Duration::from_secs(5))),
        Err(error) => {
            // It is signed and ours all the same: to send it again would change nothing.
            tracing::debug!(%error, "a message of the topic is skipped");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn confirm(sns: &Sns, letter: &Letter) -> Result<(), Problem> {
    let url = letter.subscribe_url.as_deref().filter(|url| sns.may_confirm(url));
    let url = url.ok_or_else(|| refused("its address is not of SNS"))?;
    let confirmed = sns.certificates.fetch(url).await;
    confirmed.map_err(|_| Problem::unavailable(Duration::from_secs(5)))?;
    tracing::info!("the subscription to placement events is confirmed");
    Ok(())
}

fn refused(why: &'static str) -> Problem {
    tracing::warn!(why, "a message that claims to be of SNS is refused");
    Problem::new(ErrorCode::Forbidden, "this message is not believed")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-west-2:123456789012:placements";

    #[test]
    fn certificates_and_confirmations_are_fetched_from_sns_of_the_topics_region_only() {
        let sns = Sns::of(&PlacementEvents::sns(TOPIC)).unwrap();
        assert!(sns.may_sign("https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0.pem"));
        assert!(sns.may_confirm("https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=x"));
        for url in [
            "http://sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.eu-west-1.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.us-west-2.amazonaws.com/x.pem",
            "https://sns.us-west-2.amazonaws.com@evil.example/x.pem",
            "https://sns.us-west-2.amazonaws.com:8443/x.pem",
            "https://bucket.s3.amazonaws.com/x.pem",
            "http://127.0.0.1/x.pem",
            "file:///etc/passwd.pem",
            "",
        ] {
            assert!(!sns.may_sign(url) && !sns.may_confirm(url), "{url}");
        }
        assert!(!sns.may_sign("https://sns.us-west-2.amazonaws.com/x.pem?y=.pem"));
        assert!(!sns.may_sign("https://sns.us-west-2.amazonaws.com/x"));
        let china = Topic::of_arn("arn:aws-cn:sns:cn-north-1:1:x").unwrap();
        assert!(china.has("https://sns.cn-north-1.amazonaws.com.cn/x.pem"));
    }

    #[test]
    fn an_emulators_certificate_is_the_one_that_was_named_and_no_other() {
        let events = PlacementEvents::sns(TOPIC).certificate_url("http://127.0.0.1:9870/_emulator/sns.pem");
        let sns = Sns::of(&events).unwrap();
        assert!(sns.may_sign("http://127.0.0.1:9870/_emulator/sns.pem"));
        assert!(sns.may_confirm("http://127.0.0.1:9870/?Action=ConfirmSubscription"));
        for url in [
            "http://127.0.0.1:9871/_emulator/sns.pem",
            "https://127.0.0.1:9870/_emulator/sns.pem",
            "https://sns.us-west-2.amazonaws.com/x.pem",
        ] {
            assert!(!sns.may_sign(url) && !sns.may_confirm(url), "{url}");
        }
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for arn in [
            "",
            "placements",
            "arn:aws:sqs:us-west-2:1:x",
            "arn:aws:sns:us-west-2:1:x:y",
            "arn:aws:sns::1:x",
            "arn:aws:sns:evil.example/:1:x",
            "arn:evil:sns:us-west-2:1:x",
        ] {
            assert_eq!(Topic::of_arn(arn), None, "{arn}");
        }
    }
}
