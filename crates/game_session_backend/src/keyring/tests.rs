//! The keyring's promises.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn ring() -> Keyring {
    format!(
        "# active first\nk2:{}\nk1:{}",
        STANDARD.encode([2; 32]),
        STANDARD.encode([1; 32])
    )
    .parse()
    .unwrap()
}

fn player(text: &str) -> PlayerId {
    text.parse().unwrap()
}

#[test]
fn one_click_always_has_one_token_that_fits_gamelift() {
    let click = "click-1".parse().unwrap();
    let token = ring().session_token(&player("ann"), &click);
    assert_eq!(token, ring().session_token(&player("ann"), &click));
    assert_eq!(SessionToken::parse(token.as_str()), Some(token.clone()));
    assert!(token.as_str().starts_with("k2-") && token.as_str().len() <= 48);
    let longest = format!("{}:{}", "a".repeat(8), STANDARD.encode([3; 32]))
        .parse::<Keyring>()
        .unwrap();
    assert_eq!(longest.session_token(&player("ann"), &click).as_str().len(), 48);
}

#[test]
fn players_and_clicks_never_share_a_token() {
    let of = |name: &str, click: &str| ring().session_token(&player(name), &click.parse().unwrap());
    assert_ne!(of("ann", "1"), of("bob", "1"));
    assert_ne!(of("ann", "1"), of("ann", "2"));
    assert_ne!(of("ann", "12"), of("ann1", "2"), "the border between the parts counts");
}

#[test]
fn a_key_that_was_rotated_out_of_first_place_still_reads_its_tokens() {
    let old: Keyring = format!("k1:{}", STANDARD.encode([1; 32])).parse().unwrap();
    let token = old.session_token(&player("ann"), &"1".parse().unwrap());
    assert_eq!(ring().session_key(&token), old.session_key(&token));
    assert!(old.session_key(&token).is_some());
    let stranger = Keyring::random();
    assert_eq!(stranger.session_key(&token), None);
}

#[test]
fn an_unusable_ring_is_refused_without_showing_its_secrets() {
    let zero = format!("k1:{}", STANDARD.encode([0; 32]));
    for (text, number) in [("k1:short", 1), ("K1:AAAA", 1), (zero.as_str(), 1)] {
        let error = text.parse::<Keyring>().unwrap_err();
        assert!(
            matches!(error, KeyringError::Malformed { number: n } if n == number),
            "{text}"
        );
        assert!(!error.to_string().contains("short"));
    }
    assert!(matches!("# nothing\n".parse::<Keyring>(), Err(KeyringError::Empty)));
    let twice = format!("k1:{0},k1:{0}", STANDARD.encode([1; 32]));
    assert!(matches!(
        twice.parse::<Keyring>(),
        Err(KeyringError::Duplicate { number: 2 })
    ));
    assert_eq!(format!("{:?}", ring()), "Keyring(k2, k1)");
}

#[test]
fn a_new_key_is_a_ring() {
    let ring: Keyring = Keyring::new_key_text("k1").parse().unwrap();
    assert!(ring.is_lasting());
    assert!(!Keyring::random().is_lasting());
}
