//! One subscriber: takes its deliveries one after another, and tries again what fails.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    PlacementEvent, Retries, State, Subscription, http,
    signature::Signer,
    sns::{Kind, Letter},
};
use crate::model::timestamp::Timestamp;

/// Something for a subscriber.
pub(super) enum Delivery {
    /// The question whether it wants to be one, with the token of the answer.
    Confirmation(String),
    Event(Arc<PlacementEvent>),
}

/// One subscriber.
pub(super) struct Subscriber {
    pub(super) id: String,
    pub(super) subscription: Subscription,
    pub(super) own: String,
    pub(super) signer: Option<Arc<Signer>>,
    pub(super) retries: Retries,
    pub(super) state: Arc<Mutex<State>>,
}

/// What is posted.
struct Post {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Subscriber {
    pub(super) async fn run(self, mut deliveries: mpsc::Receiver<Delivery>) {
        while let Some(delivery) = deliveries.recv().await {
            match self.post(delivery) {
                Ok(post) => self.deliver(&post).await,
                Err(error) => tracing::error!(%error, "a placement event cannot be written"),
            }
        }
    }

    async fn deliver(&self, post: &Post) {
        let (Subscription::Sns { endpoint, .. } | Subscription::EventBridge { endpoint }) = &self.subscription;
        let mut pauses = self.retries.0.iter();
        loop {
            let error = match http::post(endpoint, &post.headers, &post.body).await {
                Ok(()) => return self.count(|state| state.delivered += 1),
                Err(error) => error,
            };
            let Some(pause) = pauses.next() else {
                tracing::warn!(endpoint, %error, "a placement event was given up");
                return self.count(|state| state.given_up += 1);
            };
            tracing::debug!(endpoint, %error, ?pause, "a placement event is sent again");
            self.count(|state| state.retried += 1);
            tokio::time::sleep(*pause).await;
        }
    }

    fn count(&self, count: impl FnOnce(&mut State)) {
        count(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn post(&self, delivery: Delivery) -> io::Result<Post> {
        let (topic, signer) = match (&self.subscription, &self.signer, &delivery) {
            (Subscription::Sns { topic_arn, .. }, Some(signer), _) => (topic_arn, signer),
            (_, _, Delivery::Event(event)) => {
                return Ok(Post {
                    headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
                    body: serde_json::to_vec(&**event)?,
                });
            }
            (_, _, Delivery::Confirmation(_)) => return Err(io::Error::other("a rule's target confirms nothing")),
        };
        let (message_id, timestamp) = (Uuid::new_v4().to_string(), Timestamp::from(SystemTime::now()).as_iso());
        let letter = Letter {
            topic,
            message_id: &message_id,
            timestamp: &timestamp,
            own: &self.own,
        };
        let (kind, body) = match delivery {
            Delivery::Confirmation(token) => (Kind::SubscriptionConfirmation, letter.confirmation(&token, signer)?),
            Delivery::Event(event) => {
                let message = serde_json::to_string(&*event)?;
                (Kind::Notification, letter.notification(message, &self.id, signer)?)
            }
        };
        let mut headers = vec![
            ("content-type", "text/plain; charset=UTF-8".to_owned()),
            ("user-agent", "Amazon Simple Notification Service Agent".to_owned()),
            ("x-amz-sns-message-type", kind.word().to_owned()),
            ("x-amz-sns-message-id", message_id),
            ("x-amz-sns-topic-arn", topic.clone()),
        ];
        if kind == Kind::Notification {
            headers.push(("x-amz-sns-subscription-arn", self.id.clone()));
        }
        Ok(Post {
            headers,
            body: serde_json::to_vec(&body)?,
        })
    }
}
