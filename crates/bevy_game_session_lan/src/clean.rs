//! Text of strangers, made fit to be shown.

/// The most characters of a name that is shown.
const LONGEST: usize = 64;

/// The text without control characters, without marks that turn the direction of writing or cannot be seen, cut to 64
/// characters; `?` when nothing is left.
pub(crate) fn clean(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .take(LONGEST)
        .collect();
    let kept = kept.trim();
    if kept.is_empty() {
        "?".to_owned()
    } else {
        kept.to_owned()
    }
}

/// Unicode's format characters that a name has no use for, and its separators of lines.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_keeps_its_letters_and_loses_what_could_deceive() {
        assert_eq!(clean("Zoë's\u{7} ga\u{202e}me\n"), "Zoë's game");
        assert_eq!(clean("\u{200b}\r\n"), "?");
    }

    proptest! {
        #[test]
        fn a_cleaned_name_is_short_and_stays_as_it_is(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!((1..=LONGEST).contains(&once.chars().count()));
            prop_assert!(!once.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
