//! Who signed a message of SNS: RSA over the members that are signed, under the key of SNS's certificate.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use x509_parser::pem::parse_x509_pem;
use x509_parser::time::ASN1Time;

/// A message of SNS.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Letter {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) message_id: String,
    pub(super) topic_arn: String,
    pub(super) message: String,
    pub(super) timestamp: String,
    pub(super) subject: Option<String>,
    pub(super) token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    pub(super) subscribe_url: Option<String>,
    pub(super) signature_version: String,
    pub(super) signature: String,
    #[serde(rename = "SigningCertURL")]
    pub(super) certificate_url: String,
}

impl Letter {
    /// The signed members, each name and value on a line of its own; one that a message does not have is left out.
    fn signed_text(&self) -> String {
        let (id, message) = (Some(&self.message_id), Some(&self.message));
        let (time, topic, kind) = (Some(&self.timestamp), Some(&self.topic_arn), Some(&self.kind));
        let members = if self.kind == "Notification" {
            vec![
                ("Message", message),
                ("MessageId", id),
                ("Subject", self.subject.as_ref()),
                ("Timestamp", time),
                ("TopicArn", topic),
                ("Type", kind),
            ]
        } else {
            vec![
                ("Message", message),
                ("MessageId", id),
                ("SubscribeURL", self.subscribe_url.as_ref()),
                ("Timestamp", time),
                ("Token", self.token.as_ref()),
                ("TopicArn", topic),
                ("Type", kind),
            ]
        };
        let mut text = String::new();
        for (name, value) in members {
            if let Some(value) = value {
                text.extend([name, "\n", value.as_str(), "\n"]);
            }
        }
        text
    }

    /// Whether the owner of this key signed it, in version 1 (SHA-1) or 2 (SHA-256).
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        let algorithm = match self.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let Ok(signature) = STANDARD.decode(&self.signature) else {
            return false;
        };
        let key = UnparsedPublicKey::new(algorithm, &key.0);
        key.verify(self.signed_text().as_bytes(), &signature).is_ok()
    }
}

/// The RSA key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// The key of a certificate that is good at this time, seconds since the Unix epoch.
    pub(super) fn of_certificate(pem: &[u8], now: u64) -> Option<Self> {
        let (_, pem) = parse_x509_pem(pem).ok()?;
        let certificate = pem.parse_x509().ok()?;
        let now = ASN1Time::from_timestamp(now.try_into().ok()?).ok()?;
        let is_good = certificate.validity().is_valid_at(now);
        is_good.then(|| Self(certificate.public_key().subject_public_key.data.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const CERTIFICATE: &[u8] = include_bytes!("../../tests/sns/certificate.pem");
    /// A time at which the certificate is good.
    const NOW: u64 = 1_900_000_000;

    /// Messages that OpenSSL signed, in each version and of each kind.
    fn letters() -> [Letter; 3] {
        [
            include_str!("../../tests/sns/version_1.json"),
            include_str!("../../tests/sns/version_2.json"),
            include_str!("../../tests/sns/confirmation.json"),
        ]
        .map(|text| serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_was_signed_in_either_version_is_known_and_nothing_in_it_can_be_changed() {
        let key = PublicKey::of_certificate(CERTIFICATE, NOW).unwrap();
        let changes: [fn(&mut Letter); 8] = [
            |it| it.message.push('x'),
            |it| it.message_id.push('x'),
            |it| it.topic_arn.push('x'),
            |it| it.timestamp.push('x'),
            |it| it.subject = Some("another".to_owned()),
            |it| it.signature_version = if it.signature_version == "1" { "2" } else { "1" }.to_owned(),
            |it| it.signature_version = "3".to_owned(),
            |it| it.signature = STANDARD.encode([7; 256]),
        ];
        for letter in letters() {
            assert!(letter.is_signed_by(&key), "{letter:?}");
            for (number, change) in changes.iter().enumerate() {
                let mut forged = letter.clone();
                change(&mut forged);
                // A confirmation has no subject to sign.
                let harmless = number == 4 && letter.kind != "Notification";
                assert_eq!(forged.is_signed_by(&key), harmless, "change {number} of {letter:?}");
            }
        }
        let mut confirmation = letters()[2].clone();
        confirmation.subscribe_url = Some("https://sns.us-west-2.amazonaws.com/?Action=x".to_owned());
        assert!(!confirmation.is_signed_by(&key));
    }

    #[test]
    fn a_certificate_is_good_in_its_time_only_and_junk_is_none() {
        assert_eq!(PublicKey::of_certificate(CERTIFICATE, 0), None);
        for junk in [&b""[..], b"-----BEGIN CERTIFICATE-----", &CERTIFICATE[..200]] {
            assert_eq!(PublicKey::of_certificate(junk, NOW), None);
        }
        let wrong = rcgen::generate_simple_self_signed(["sns.amazonaws.com".to_owned()]).unwrap();
        let key = PublicKey::of_certificate(wrong.cert.pem().as_bytes(), NOW);
        assert!(key.is_none_or(|key| !letters()[1].is_signed_by(&key)));
    }
}
