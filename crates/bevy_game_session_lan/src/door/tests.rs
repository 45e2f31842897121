//! The door's messages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use game_session_protocol::{ErrorCode, Password, SessionKey};
use proptest::prelude::*;

use super::frames;
use super::head::{Head, Pattern};
use super::noise;
use super::words::{Answer, Ask, Refusal, to_json};
use crate::id::{GameMark, HostId};
use crate::identity::PlayerKey;

fn key(byte: u8) -> SessionKey {
    SessionKey::new([byte; 32]).unwrap()
}

#[test]
fn both_ends_agree_with_the_same_key_and_without_one() {
    for key in [None, Some(key(1))] {
        let (begun, first) = noise::begin(key.as_ref(), b"open").unwrap();
        let (mut host, second) = noise::answer(key.as_ref(), b"open", &first).unwrap();
        let mut client = begun.finish(&second).unwrap();
        let sealed = client.seal(b"a seat, please").unwrap();
        assert_eq!(host.open(&sealed).unwrap(), b"a seat, please");
        assert!(host.open(&sealed).is_err(), "said again it is not heard");
    }
}

#[test]
fn another_key_and_changed_open_bytes_fail_the_handshake() {
    let (_, first) = noise::begin(Some(&key(1)), b"open").unwrap();
    assert!(noise::answer(Some(&key(2)), b"open", &first).is_err());
    assert!(noise::answer(Some(&key(1)), b"changed", &first).is_err());
    let (begun, first) = noise::begin(None, b"open").unwrap();
    let (_, second) = noise::answer(None, b"changed", &first).unwrap();
    assert!(begun.finish(&second).is_err());
}

#[test]
fn a_host_that_does_not_know_the_code_is_found_out() {
    let (begun, first) = noise::begin(Some(&key(1)), b"open").unwrap();
    // It can make a key of its own and answer, but not with the code's.
    let (_, second) = noise::begin(Some(&key(3)), b"open").unwrap();
    assert!(begun.finish(&second).is_err());
    assert!(noise::answer(Some(&key(3)), b"open", &first).is_err());
}

#[tokio::test]
async fn a_message_longer_than_allowed_is_not_read() {
    let mut stream = &[0xff, 0xff, 0, 0][..];
    assert!(frames::read(&mut stream).await.is_err());
    let mut cut = &[0, 9, 1, 2][..];
    assert!(frames::read(&mut cut).await.is_err());
    let mut written = Vec::new();
    frames::write(&mut written, b"hello").await.unwrap();
    assert_eq!(frames::read(&mut &written[..]).await.unwrap(), b"hello");
}

#[test]
fn the_words_of_the_door_have_a_fixed_form() {
    let player = PlayerKey([0xab; 32]);
    let seat = Ask::Seat {
        player,
        build: "dev".parse().unwrap(),
        password: Some(Password::new("sesame")),
    };
    let json = format!(
        r#"{{"seat":{{"player":"{}","build":"dev","password":"sesame"}}}}"#,
        "ab".repeat(32)
    );
    assert_eq!(String::from_utf8(to_json(&seat)).unwrap(), json);
    let refused = Answer::Refused(Refusal {
        code: ErrorCode::SessionFull,
        message: "no".into(),
        retry_after_ms: None,
    });
    let json = br#"{"refused":{"code":"session_full","message":"no"}}"#;
    assert_eq!(to_json(&refused), json);
    assert_eq!(serde_json::from_slice::<Answer>(json).unwrap(), refused);
}

proptest! {
    #[test]
    fn the_open_bytes_are_read_as_they_were_written(game: [u8; 8], host: [u8; 16], number: u32, key in 0..3_usize, rest: Vec<u8>) {
        let pattern = [Pattern::Open, Pattern::Password, Pattern::Code][key];
        let head = Head { pattern, game: GameMark(game), host: HostId(host), number };
        let mut message = head.encode().to_vec();
        message.extend(&rest);
        let (open, read, noise) = Head::split(&message).unwrap();
        prop_assert_eq!((&open[..], read, noise), (&head.encode()[..], head, &rest[..]));
    }

    #[test]
    fn nothing_a_stranger_sends_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Head::split(&bytes);
        let _ = noise::answer(None, b"", &bytes);
        let _ = noise::answer(Some(&key(1)), b"", &bytes);
        let _ = serde_json::from_slice::<Ask>(&bytes);
    }
}
