//! What people type: keys, reasons, comments. Parsed once at the edge and trusted inside; free text is kept apart from the trail so
//! that it can be erased.

use crate::ids::TextId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// The name a thing has in the catalogue: `orders-read`, `maya.lindqvist`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

/// The text cannot be a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key: start with a letter, then letters a–z, digits, `.`, `-` or `_`, at most 80 in all")]
pub struct NotKey(pub String);

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = NotKey;
    fn from_str(text: &str) -> Result<Self, NotKey> {
        let fits = text.len() <= 80
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotKey(text.chars().take(80).collect())) }
    }
}

impl TryFrom<String> for Key {
    type Error = NotKey;
    fn try_from(text: String) -> Result<Self, NotKey> {
        text.parse()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0
    }
}

/// The text cannot be kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// It is longer than there is room for.
    #[error("may have at most {most} characters; this has {has}")]
    TooLong {
        /// The limit.
        most: usize,
        /// What came.
        has: usize,
    },
    /// It holds characters that no keyboard types.
    #[error("holds a control character (U+{0:04X}) at position {1}; remove it")]
    Control(u32, usize),
}

/// Free text somebody wrote: trimmed, at most [`Prose::MOST`] characters, line breaks allowed, no other control characters.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Prose(String);

impl Prose {
    /// The most characters there may be.
    pub const MOST: usize = 2000;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Prose {
    type Err = BadText;
    fn from_str(text: &str) -> Result<Self, BadText> {
        let text = text.trim().replace("\r\n", "\n");
        line(&text, Self::MOST, true)?;
        Ok(Self(text))
    }
}

/// Checks one line of text (a name, a reference): at most `most` characters and no control characters, save line breaks and tabs where
/// `breaks` allows them.
pub fn line(text: &str, most: usize, breaks: bool) -> Result<(), BadText> {
    let has = text.chars().count();
    if has > most {
        return Err(BadText::TooLong { most, has });
    }
    let odd = |c: char| c.is_control() && !(breaks && matches!(c, '\n' | '\t'));
    // Bidirectional overrides can make a sentence read as its opposite.
    let turning = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    match text.chars().enumerate().find(|(_, c)| odd(*c) || turning(*c)) {
        Some((at, c)) => Err(BadText::Control(c as u32, at + 1)),
        None => Ok(()),
    }
}

/// Free text with the salt that hides it: what is stored beside the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Its row.
    pub id: TextId,
    /// 32 random bytes, in hexadecimal.
    pub salt: String,
    /// The text.
    pub text: String,
}

/// What the trail holds of a free text: where it is, and the salted hash that shows it unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRef {
    /// Its row.
    pub id: TextId,
    /// SHA-256 of salt, a zero byte and text, in hexadecimal.
    pub digest: String,
}

impl Words {
    /// The reference that goes into the trail.
    pub fn reference(&self) -> TextRef {
        TextRef { id: self.id, digest: digest(&self.salt, &self.text) }
    }
}

/// SHA-256 of salt, a zero byte and text, in hexadecimal.
pub fn digest(salt: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(salt.as_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    hex::encode(hash.finalize())
}

/// Names as one says them: `a`, `a and b`, `a, b and c`.
pub fn and(names: &[String]) -> String {
    joined(names, "and")
}

/// Names as one says them: `a`, `a or b`, `a, b or c`.
pub fn or(names: &[String]) -> String {
    joined(names, "or")
}

/// A long code in groups, for people who read it and type it.
pub fn in_groups(code: &str, of: usize) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(of.max(1)).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn joined(names: &[String], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_text_that_hides_something() {
        assert_eq!("a\u{0}b".parse::<Prose>(), Err(BadText::Control(0, 2)));
        assert_eq!("a\u{202E}b".parse::<Prose>(), Err(BadText::Control(0x202E, 2)));
        assert!("two\nlines".parse::<Prose>().is_ok());
        assert_eq!("x".repeat(2001).parse::<Prose>(), Err(BadText::TooLong { most: 2000, has: 2001 }));
    }

    #[test]
    fn keys_are_plain() {
        for good in ["a", "orders-read", "maya.lindqvist", "a_1"] {
            assert!(good.parse::<Key>().is_ok(), "{good}");
        }
        for bad in ["", "1a", "A", "a b", "å", "../x", "-a"] {
            assert!(bad.parse::<Key>().is_err(), "{bad}");
        }
    }
}
