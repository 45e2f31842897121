//! Asks the backend: with the player's identity, again where that is the same as once, and judges the answer.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::requests::{RefreshGuest, RefreshToken};
use game_session_protocol::{
    AccessToken, BoxedFuture, ErrorBody, ErrorCode, GameSessionId, GuestIdentity, ServiceError, routes,
};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::identity::Identity;
use super::link::{CONNECT_LIMIT, Incoming, LONGEST_ANSWER, Link, LinkError, Method, Outgoing};
use super::question::{Question, Reply, looks_like_html, protocol};

/// How often a request goes out at most.
const TRIES: u32 = 4;
/// The pause after the first try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause that the backend may ask for. If it asks for more, the game hears of it.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// For what has to be undone in the background.
pub(super) const UNDO_LIMIT: Duration = Duration::from_secs(10);

/// The backend, for one player.
pub(super) struct Backend {
    link: Link,
    identity: Identity,
    answer: Duration,
}

impl Backend {
    pub(super) fn new(link: Link, identity: Identity, answer: Duration) -> Self {
        Self { link, identity, answer }
    }

    /// Renews the access token in the background, for ever.
    pub(super) async fn keep_fresh(self: Arc<Self>) {
        let backend = self.clone();
        let renew = move |secret| -> BoxedFuture<Result<GuestIdentity, ServiceError>> {
            let backend = backend.clone();
            Box::pin(async move {
                let limit = backend.answer;
                backend.identify(Some(secret), Instant::now() + limit, limit).await
            })
        };
        self.identity.keep_fresh(renew).await;
    }

    pub(super) fn address(&self) -> &str {
        self.link.address()
    }

    /// Makes sure that there is an identity.
    pub(super) async fn know_player(&self, deadline: Instant, limit: Duration) -> Result<AccessToken, ServiceError> {
        self.identity
            .token(async |secret| self.identify(secret, deadline, limit).await)
            .await
    }

    /// Asks, within a limit from now.
    pub(super) async fn ask(&self, question: &Question, limit: Duration) -> Result<Reply, ServiceError> {
        self.ask_until(question, Instant::now() + limit, limit).await
    }

    /// Asks, within a deadline that is so long after its begin.
    pub(super) async fn ask_until(
        &self,
        question: &Question,
        deadline: Instant,
        limit: Duration,
    ) -> Result<Reply, ServiceError> {
        let token = self.know_player(deadline, limit).await?;
        match self.try_all(question, Some(&token), deadline, limit).await {
            Err(error) if error.code() == Some(&ErrorCode::Unauthorized) => {
                debug!("the backend refused the access token: renewing it");
                self.identity.forget(&token).await;
                let token = self.know_player(deadline, limit).await?;
                self.try_all(question, Some(&token), deadline, limit).await
            }
            answer => answer,
        }
    }

    /// Ends a game session.
    pub(super) async fn end(&self, id: &GameSessionId, limit: Duration) -> Result<(), ServiceError> {
        self.ask(&Question::new(Method::Delete, routes::GAME_SESSION).id(id), limit)
            .await
            .map(drop)
    }

    /// Asks what must arrive, for as long as that is worth while: a network that comes back by then is enough.
    pub(super) async fn insist<T>(
        &self,
        question: &Question,
        read: impl Fn(&Reply) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let deadline = Instant::now() + UNDO_LIMIT;
        loop {
            let answer = self.ask_until(question, deadline, UNDO_LIMIT).await;
            let error = match answer.and_then(|reply| read(&reply)) {
                Err(error) if !matches!(error, ServiceError::Refused { .. }) => error,
                answer => return answer,
            };
            if Instant::now() + LONGEST_PAUSE >= deadline {
                return Err(error);
            }
            sleep(jittered(LONGEST_PAUSE)).await;
        }
    }

    /// Ends a game session that nobody waits for any more.
    pub(super) async fn undo(&self, id: &GameSessionId) {
        let question = Question::new(Method::Delete, routes::GAME_SESSION).id(id);
        match self.insist(&question, |_| Ok(())).await {
            Ok(()) => debug!(game_session = %id, "a game session that nobody waits for was ended"),
            Err(error) => debug!(game_session = %id, %error, "a game session that nobody waits for could not be ended"),
        }
    }

    /// The same player as before where the backend still knows it, else a new guest.
    async fn identify(
        &self,
        secret: Option<RefreshToken>,
        deadline: Instant,
        limit: Duration,
    ) -> Result<GuestIdentity, ServiceError> {
        if let Some(refresh_token) = secret {
            let question = Question::new(Method::Post, routes::GUEST_REFRESH).body(&RefreshGuest { refresh_token })?;
            match self.try_all(&question, None, deadline, limit).await {
                Err(error) if error.code() == Some(&ErrorCode::Unauthorized) => {
                    warn!("the backend no longer knows this player: it goes on as a new one");
                }
                answer => return answer?.read(),
            }
        }
        self.new_guest(deadline, limit).await
    }

    /// Two guests made by mistake hurt nobody, so this is repeated too.
    async fn new_guest(&self, deadline: Instant, limit: Duration) -> Result<GuestIdentity, ServiceError> {
        self.try_all(&Question::new(Method::Post, routes::GUESTS), None, deadline, limit)
            .await?
            .read()
    }

    async fn try_all(
        &self,
        question: &Question,
        token: Option<&AccessToken>,
        deadline: Instant,
        limit: Duration,
    ) -> Result<Reply, ServiceError> {
        let late = ServiceError::TimedOut { after: limit };
        let mut lost = None;
        for done in 1.. {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let outgoing = Outgoing {
                method: question.method,
                path: &question.path,
                query: &question.query,
                token: token.map(AccessToken::expose),
                key: question.key.as_ref(),
                body: question.body.as_deref(),
                limit: left.min(question.held + self.answer),
            };
            let asked = Instant::now();
            let answer = self.link.send(outgoing).await;
            if !matches!(answer, Err(LinkError::Lost { was_sent: false, .. })) {
                question.note_sent();
            }
            let is_lost = matches!(answer, Err(LinkError::Lost { .. }));
            debug!(
                question = question.name(),
                status = answer.as_ref().ok().map(|answer| answer.status),
                ms = asked.elapsed().as_millis(),
                "asked"
            );
            let (error, pause) = match self.judge(question, answer, limit) {
                // A deadline that cuts off a row of lost tries says less than they do.
                Judged::Final(Err(error)) if error == late => return Err(lost.unwrap_or(late)),
                Judged::Final(answer) => return answer,
                Judged::Again(error, pause) => (error, pause),
            };
            let pause = pause.unwrap_or_else(|| jittered(FIRST_PAUSE * 2u32.pow(done - 1)));
            // A try that took long to be lost is not begun again when there is less time left than that.
            let needed = pause + asked.elapsed().min(CONNECT_LIMIT);
            if done == TRIES || pause > LONGEST_PAUSE || Instant::now() + needed >= deadline {
                return Err(error);
            }
            lost = is_lost.then_some(error);
            sleep(pause).await;
        }
        Err(lost.unwrap_or(late))
    }

    fn judge(&self, question: &Question, answer: Result<Incoming, LinkError>, limit: Duration) -> Judged {
        let Incoming {
            status,
            retry_after,
            trace,
            body,
        } = match answer {
            Ok(incoming) => incoming,
            Err(LinkError::Lost { reason, .. }) => {
                let service = self.link.address().to_owned();
                return Judged::Again(ServiceError::Unreachable { service, reason }, None);
            }
            Err(LinkError::TimedOut) => return Judged::Final(Err(ServiceError::TimedOut { after: limit })),
            Err(LinkError::TooLong) => {
                let what = format!("an answer of more than {} KiB", LONGEST_ANSWER / 1024);
                return Judged::Final(Err(protocol(question.name(), &what)));
            }
        };
        if (200..300).contains(&status) {
            return Judged::Final(Ok(Reply {
                question: question.name(),
                status,
                trace,
                body,
            }));
        }
        let Ok(ErrorBody {
            code,
            message,
            request_id,
        }) = serde_json::from_slice(&body)
        else {
            let kind = match status {
                300..400 => "a redirect",
                _ if looks_like_html(&body) => "HTML in place of JSON",
                _ => "no error of this API",
            };
            let error = protocol(question.name(), &format!("status {status}, {kind}"));
            return if matches!(status, 429 | 503) {
                Judged::Again(error, retry_after)
            } else {
                Judged::Final(Err(error))
            };
        };
        debug!(%code, request_id, "the backend refused");
        let again = matches!(code, ErrorCode::Throttled | ErrorCode::Unavailable);
        let error = ServiceError::Refused {
            code,
            message,
            retry_after,
        };
        if again {
            Judged::Again(error, retry_after)
        } else {
            Judged::Final(Err(error))
        }
    }
}

/// What an answer is worth.
enum Judged {
    Final(Result<Reply, ServiceError>),
    /// It may pass: the error if it does not, and the pause that the backend asked for.
    Again(ServiceError, Option<Duration>),
}

/// Half of it up to all of it, so that many clients do not come back at the same moment.
fn jittered(pause: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(()) % 1000).unwrap_or_default();
    pause / 2 + pause / 2 * random / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_half_to_all_of_its_length() {
        let pause = Duration::from_millis(400);
        for _ in 0..100 {
            assert!((pause / 2..=pause).contains(&jittered(pause)));
        }
    }
}
