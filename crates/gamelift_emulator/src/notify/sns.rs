//! The messages of SNS, and the text of each that is signed.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::signature::Signer;

/// The type of a message, as its header and its body say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SubscriptionConfirmation,
    Notification,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::SubscriptionConfirmation => "SubscriptionConfirmation",
            Self::Notification => "Notification",
        }
    }

    /// The members that are signed, in this order.
    const fn signed(self) -> &'static [&'static str] {
        match self {
            Self::Notification => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            Self::SubscriptionConfirmation => &[
                "Message",
                "MessageId",
                "SubscribeURL",
                "Timestamp",
                "Token",
                "TopicArn",
                "Type",
            ],
        }
    }
}

/// What every message says.
pub(super) struct Letter<'a> {
    pub(super) topic: &'a str,
    pub(super) message_id: &'a str,
    pub(super) timestamp: &'a str,
    /// The emulator's own endpoint.
    pub(super) own: &'a str,
}

impl Letter<'_> {
    /// Asks a subscriber to confirm.
    pub(super) fn confirmation(&self, token: &str, signer: &Signer) -> io::Result<Value> {
        let text = format!(
            "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the SubscribeURL included in this message.",
            self.topic
        );
        let url = format!(
            "{}/?Action=ConfirmSubscription&TopicArn={}&Token={token}",
            self.own, self.topic
        );
        let more = [("Message", text), ("Token", token.to_owned()), ("SubscribeURL", url)];
        self.signed(Kind::SubscriptionConfirmation, &more, signer)
    }

    /// Tells of an event.
    pub(super) fn notification(&self, message: String, subscription: &str, signer: &Signer) -> io::Result<Value> {
        let url = format!("{}/?Action=Unsubscribe&SubscriptionArn={subscription}", self.own);
        let more = [("Message", message), ("UnsubscribeURL", url)];
        self.signed(Kind::Notification, &more, signer)
    }

    fn signed(&self, kind: Kind, more: &[(&str, String)], signer: &Signer) -> io::Result<Value> {
        let mut body = Map::new();
        body.insert("Type".into(), json!(kind.word()));
        body.insert("MessageId".into(), json!(self.message_id));
        body.insert("TopicArn".into(), json!(self.topic));
        body.insert("Timestamp".into(), json!(self.timestamp));
        for (name, value) in more {
            body.insert((*name).into(), json!(value));
        }
        let signature = signer.sign(&text_to_sign(kind, &body))?;
        body.insert("SignatureVersion".into(), json!("2"));
        body.insert("Signature".into(), json!(STANDARD.encode(signature)));
        let certificate = format!("{}/_emulator/sns.pem", self.own);
        body.insert("SigningCertURL".into(), json!(certificate));
        Ok(Value::Object(body))
    }
}

/// Names and values of the signed members, each on a line of its own; one that a message does not have is left out.
fn text_to_sign(kind: Kind, body: &Map<String, Value>) -> String {
    let mut text = String::new();
    for name in kind.signed() {
        if let Some(value) = body.get(*name).and_then(Value::as_str) {
            text.extend([name, "\n", value, "\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_signed_text_has_each_member_and_its_value_on_a_line_and_no_subject_when_there_is_none() {
        let body = json!({
            "Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": "hello", "Timestamp": "now",
            "UnsubscribeURL": "not signed", "SignatureVersion": "2",
        });
        let text = text_to_sign(Kind::Notification, body.as_object().unwrap());
        let expected = "Message\nhello\nMessageId\nm\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(text, expected);
    }
}
