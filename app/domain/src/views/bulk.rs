//! Saying yes to several requests at once: what is sent, and what came of each.

use crate::ids::RequestId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A request that is said yes to, and the version of its terms that was shown: `id:terms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Chosen {
    /// Which.
    pub request: RequestId,
    /// The version of the terms that was shown; a yes to older ones is refused.
    pub terms: u32,
}

/// The text names no request with its terms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a request with the version of its terms: write id:terms")]
pub struct NotChosen(pub String);

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.request, self.terms)
    }
}

impl FromStr for Chosen {
    type Err = NotChosen;

    fn from_str(text: &str) -> Result<Self, NotChosen> {
        let wrong = || NotChosen(text.chars().take(60).collect());
        let (request, terms) = text.split_once(':').ok_or_else(wrong)?;
        let (request, terms) = request.parse::<RequestId>().ok().zip(terms.parse::<u32>().ok()).ok_or_else(wrong)?;
        Ok(Self { request, terms })
    }
}

impl TryFrom<String> for Chosen {
    type Error = NotChosen;

    fn try_from(text: String) -> Result<Self, NotChosen> {
        text.parse()
    }
}

impl From<Chosen> for String {
    fn from(chosen: Chosen) -> Self {
        chosen.to_string()
    }
}

view! {
    /// What came of a yes to one of several requests.
    Answered {
        /// Which.
        request: RequestId,
        /// What it asks, in one sentence, where it was not approved and is the reader's to see.
        what: Option<String>,
        /// Why it was not approved; `None` when it was.
        why_not: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_names_a_request_and_its_terms() {
        let id = "019b0000-0000-7000-8000-000000000001";
        let chosen: Chosen = format!("{id}:3").parse().unwrap();
        assert_eq!((chosen.request.to_string().as_str(), chosen.terms), (id, 3));
        assert_eq!(chosen.to_string(), format!("{id}:3"));
        for text in ["", ":", id, "nonsense:1", &format!("{id}:"), &format!("{id}:-1"), &format!("{id}:1:1")] {
            assert!(text.parse::<Chosen>().is_err(), "{text}");
        }
    }
}
