//! Placement events, delivered as Amazon SNS and Amazon `EventBridge` deliver them to HTTP endpoints.
//!
//! A topic's subscriber is first asked to confirm, and hears nothing before it has; a rule's target hears at once. Every
//! subscriber has a queue of its own, with a bound; a delivery that fails is tried again, later each time, and then
//! given up.

mod event;
mod http;
mod signature;
mod sns;
mod subscriber;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::Uri;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

pub(crate) use self::event::PlacementEvent;
use self::{
    signature::Signer,
    subscriber::{Delivery, Subscriber},
};
use crate::error::EmulatorError;

/// Subscribers at most.
const MAX_SUBSCRIBERS: usize = 64;
/// Events that wait for one subscriber.
const MAX_WAITING: usize = 1_000;

/// Who is told of placement events. As a body of `POST /_emulator/subscriptions`: `{"protocol": "sns", ...}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Subscription {
    /// A subscriber of an SNS topic: it hears of placements in queues whose `NotificationTarget` is the topic.
    Sns {
        /// The ARN of the topic, such as `arn:aws:sns:us-west-2:123456789012:placements`.
        topic_arn: String,
        /// Where to POST: an `http://` URL.
        endpoint: String,
    },
    /// A target of an `EventBridge` rule on `aws.gamelift`: it hears of every placement.
    EventBridge {
        /// Where to POST: an `http://` URL.
        endpoint: String,
    },
}

impl Subscription {
    pub(crate) fn check(&self) -> Result<(), EmulatorError> {
        let bad = |what: &str| Err(EmulatorError::Subscription(what.to_owned()));
        let (Self::Sns { endpoint, .. } | Self::EventBridge { endpoint }) = self;
        let is_http = endpoint
            .parse::<Uri>()
            .is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
        if !is_http {
            return bad("the endpoint must be a URL that begins with http://");
        }
        match self {
            Self::Sns { topic_arn, .. }
                if !topic_arn.starts_with("arn:aws:sns:")
                    || topic_arn.len() > 300
                    || topic_arn.contains(char::is_control) =>
            {
                bad("topic_arn must be an ARN such as arn:aws:sns:us-west-2:123456789012:placements")
            }
            _ => Ok(()),
        }
    }
}

/// How long to wait before each further try.
#[derive(Clone, Debug)]
pub(crate) struct Retries(pub(crate) Vec<Duration>);

impl Retries {
    /// A fifth of a second, then twice as long each time.
    pub(crate) fn quick() -> Self {
        Self((0..5).map(|doubled| Duration::from_millis(200 << doubled)).collect())
    }

    /// What SNS does unless told otherwise: three more times, 20 seconds apart.
    pub(crate) fn realistic() -> Self {
        Self(vec![Duration::from_secs(20); 3])
    }
}

/// What is known of a subscriber.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct State {
    confirmed: bool,
    delivered: u64,
    retried: u64,
    given_up: u64,
    dropped: u64,
}

struct Entry {
    subscription: Subscription,
    token: String,
    queue: mpsc::Sender<Delivery>,
    state: Arc<Mutex<State>>,
}

/// All who are told of placement events.
pub(crate) struct Notifier {
    endpoint: String,
    retries: Retries,
    stop: watch::Receiver<bool>,
    entries: Mutex<BTreeMap<String, Entry>>,
    signer: Mutex<Option<Arc<Signer>>>,
}

impl Notifier {
    /// `endpoint` is the emulator's own, for the URLs in messages.
    pub(crate) fn new(endpoint: String, retries: Retries, stop: watch::Receiver<bool>) -> Self {
        Self {
            endpoint,
            retries,
            stop,
            entries: Mutex::new(BTreeMap::new()),
            signer: Mutex::new(None),
        }
    }

    /// Adds a subscriber; its id. The same one again is the one there is, which is asked again if it has not confirmed.
    pub(crate) fn subscribe(&self, subscription: Subscription) -> Result<String, EmulatorError> {
        subscription.check()?;
        let signer = match &subscription {
            Subscription::Sns { .. } => Some(self.signer()?),
            Subscription::EventBridge { .. } => None,
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((id, entry)) = entries.iter().find(|(_, entry)| entry.subscription == subscription) {
            let confirmed = entry.state.lock().unwrap_or_else(PoisonError::into_inner).confirmed;
            if !confirmed {
                drop(entry.queue.try_send(Delivery::Confirmation(entry.token.clone())));
            }
            return Ok(id.clone());
        }
        if entries.len() >= MAX_SUBSCRIBERS {
            return Err(EmulatorError::Subscription("there are too many subscribers".to_owned()));
        }
        let id = match &subscription {
            Subscription::Sns { topic_arn, .. } => format!("{topic_arn}:{}", Uuid::new_v4()),
            Subscription::EventBridge { .. } => format!("rule/{}", Uuid::new_v4()),
        };
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let (queue, deliveries) = mpsc::channel(MAX_WAITING);
        let state = Arc::new(Mutex::new(State {
            confirmed: signer.is_none(),
            ..State::default()
        }));
        let subscriber = Subscriber {
            id: id.clone(),
            subscription: subscription.clone(),
            own: self.endpoint.clone(),
            signer,
            retries: self.retries.clone(),
            state: Arc::clone(&state),
        };
        if let Subscription::Sns { .. } = &subscription {
            drop(queue.try_send(Delivery::Confirmation(token.clone())));
        }
        let mut stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = subscriber.run(deliveries) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
        let entry = Entry {
            subscription,
            token,
            queue,
            state,
        };
        entries.insert(id.clone(), entry);
        Ok(id)
    }

    /// Tells everybody whom the event is for.
    pub(crate) fn tell(&self, event: &Arc<PlacementEvent>) {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries.values() {
            let mut state = entry.state.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted = match &entry.subscription {
                Subscription::Sns { topic_arn, .. } => {
                    state.confirmed && event.topic.as_deref() == Some(topic_arn.as_str())
                }
                Subscription::EventBridge { .. } => true,
            };
            if wanted && entry.queue.try_send(Delivery::Event(Arc::clone(event))).is_err() {
                state.dropped += 1;
                tracing::warn!("a placement event was dropped: its subscriber is too slow");
            }
        }
    }

    /// A subscriber followed its `SubscribeURL`; its subscription's ARN.
    pub(crate) fn confirm(&self, topic: &str, token: &str) -> Option<String> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, entry) = entries.iter().find(|(_, entry)| entry.token == token)?;
        match &entry.subscription {
            Subscription::Sns { topic_arn, .. } if topic_arn == topic => {}
            _ => return None,
        }
        entry.state.lock().unwrap_or_else(PoisonError::into_inner).confirmed = true;
        Some(id.clone())
    }

    /// A subscriber wants to hear no more; whether it was one.
    pub(crate) fn unsubscribe(&self, id: &str) -> bool {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(id).is_some()
    }

    /// Who is told, and how it goes.
    pub(crate) fn states(&self) -> Vec<serde_json::Value> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let states = entries.iter().map(|(id, entry)| {
            let state = entry.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
            serde_json::json!({"id": id, "subscription": entry.subscription, "state": state})
        });
        states.collect()
    }

    /// The certificate that messages are signed under, as PEM.
    pub(crate) fn certificate(&self) -> Option<String> {
        let signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        signer.as_ref().map(|signer| signer.certificate().to_owned())
    }

    /// The key is made when the first topic has a subscriber: that takes a while.
    fn signer(&self) -> Result<Arc<Signer>, EmulatorError> {
        let mut signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = &*signer {
            return Ok(Arc::clone(signer));
        }
        let made = Arc::new(Signer::new().map_err(EmulatorError::Certificate)?);
        *signer = Some(Arc::clone(&made));
        Ok(made)
    }
}
