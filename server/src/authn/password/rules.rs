//! What a new password must be: long enough, and not among those that are tried first. No rule about which kinds of characters it
//! holds, and no date at which it has to be another one: both make people write worse ones.

use std::{collections::HashSet, sync::LazyLock};

use super::{LONGEST, PasswordError, SHORTEST};

/// The words that common and leaked passwords are made of, one a line: names, places, games, keyboard walks.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| include_str!("common_words.txt").lines().collect());

/// The rows on which fingers walk.
const ROWS: [&str; 8] =
    ["1234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "azertyuiop", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"];
/// Fewer different characters than this are one pattern.
const FEWEST_KINDS: usize = 5;
/// Words shorter than this say nothing about a place.
const SHORTEST_WORD: usize = 3;

/// Whether `password` may be the password of `username`. `site` are the words of this place.
pub(super) fn check(password: &str, username: &str, site: &[String]) -> Result<(), PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let folded = password.to_lowercase();
    if is_pattern(&folded) {
        return Err(PasswordError::Pattern);
    }
    let own: Vec<String> = words_of(username).into_iter().chain([username.to_lowercase()]).chain(site.iter().cloned()).collect();
    let known = |word: &str| COMMON.contains(word) || own.iter().any(|own| own == word);
    // Digits and signs at the ends are what everybody adds, and signs in the middle are letters in disguise.
    let core = folded.trim_matches(|c: char| !c.is_alphabetic());
    let spellings = [folded.clone(), undisguised(&folded), core.to_owned(), undisguised(core)];
    if spellings.iter().any(|spelling| is_few_words(spelling, &known)) { Err(PasswordError::Common) } else { Ok(()) }
}

/// The words in an address or a name.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
    words.filter(|word| word.len() >= SHORTEST_WORD && !matches!(word.as_str(), "https" | "http")).collect()
}

/// Whether all its letters are one or two known words.
fn is_few_words(text: &str, known: &impl Fn(&str) -> bool) -> bool {
    let mut count = 0;
    for piece in text.split(|c: char| !c.is_alphabetic()).filter(|piece| !piece.is_empty()) {
        let two = || piece.char_indices().skip(1).any(|(at, _)| known(&piece[..at]) && known(&piece[at..]));
        count += match () {
            () if known(piece) => 1,
            () if two() => 2,
            () => return false,
        };
    }
    (1..=2).contains(&count)
}

/// `p@ssw0rd` as `password`.
fn undisguised(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    };
    text.chars().map(letter).collect()
}

/// Whether it is something short over and over, or steps along a row of the keyboard or the alphabet.
fn is_pattern(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    let kinds: HashSet<char> = chars.iter().copied().collect();
    if kinds.len() < FEWEST_KINDS {
        return true;
    }
    let repeats = |length: usize| chars.iter().zip(chars.iter().skip(length)).all(|(a, b)| a == b);
    if (1..SHORTEST).any(|length| chars.len() >= 2 * length && repeats(length)) {
        return true;
    }
    let steps = chars.iter().zip(chars.iter().skip(1)).filter(|(a, b)| is_step(**a, **b)).count();
    // Of what is no step, two jumps and what surrounds them may be in it: `abcdef123456`, `qwertyasdfgh1`.
    steps + 4 > chars.len()
}

/// Whether `b` is the same as `a`, or stands beside it.
fn is_step(a: char, b: char) -> bool {
    let beside = |row: &str| row.contains(&format!("{a}{b}")) || row.contains(&format!("{b}{a}"));
    u32::from(a).abs_diff(u32::from(b)) <= 1 || ROWS.iter().any(|row| beside(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_ana(password: &str) -> Result<(), PasswordError> {
        check(password, "ana.lovelace", &words_of("https://engines.example.org"))
    }

    #[test]
    fn a_few_words_are_good() {
        for good in ["correct horse battery", "another horse battery", "three boats on a hill", "xkWq81!pzLr0", "πολύ καλό κρυφό", "dontmindthe7rain"]
        {
            assert_eq!(of_ana(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn length_counts_characters_below_and_bytes_above() {
        assert_eq!(of_ana("elevenchars"), Err(PasswordError::TooShort));
        assert_eq!(of_ana(&"ab cd ef gh ".repeat(30)), Err(PasswordError::TooLong));
    }

    #[test]
    fn what_everybody_tries_first_is_refused_however_it_is_dressed_up() {
        for bad in [
            "Password1234",
            "P@ssw0rd!2026",
            "password-password",
            "AdminPassword!",
            "iloveyou-2024!!",
            "Welcome2Docker",
            "dragon & monkey",
            "1qaz2wsx3edc",
            "changeme-changeme",
            "LetMeIn!LetMeIn!",
        ] {
            assert!(matches!(of_ana(bad), Err(PasswordError::Common | PasswordError::Pattern)), "{bad}: {:?}", of_ana(bad));
        }
    }

    #[test]
    fn one_s_own_name_and_the_place_s_are_refused() {
        for bad in ["ana.lovelace", "Lovelace-1815-1852", "pilothouse-2026", "Pilothouse!admin", "engines.example1"] {
            assert_eq!(of_ana(bad), Err(PasswordError::Common), "{bad}");
        }
        assert_eq!(check("Lovelace-1815-1852", "bob", &[]), Ok(()));
    }

    #[test]
    fn patterns_are_refused() {
        for bad in [
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "123456789012",
            "abcdefghijkl",
            "qwertyuiop12",
            "zyxwvutsrqpo",
            "hunter7hunter7",
            "111222333444555",
            "asdfghjkl;12",
        ] {
            assert_eq!(of_ana(bad), Err(PasswordError::Pattern), "{bad}");
        }
    }

    #[test]
    fn the_list_is_in_its_one_spelling() {
        let text = include_str!("common_words.txt");
        assert!(text.len() < 60_000 && COMMON.len() > 2_000, "{} bytes, {} words", text.len(), COMMON.len());
        assert!(COMMON.iter().all(|word| word.len() >= 3 && word.bytes().all(|b| b.is_ascii_lowercase())));
    }
}
