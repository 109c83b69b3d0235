//! What can go wrong, as far as the browser may know, and what is kept of a form for the page that comes after it.

use crate::components::words::capital;
use domain::views::bulk::Answered;
use leptos::{
    prelude::*,
    server_fn::{
        codec::JsonEncoding,
        error::{FromServerFnError, ServerFnErrorErr},
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// What went wrong, in people's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// There is no such thing, or the reader may not know that there is.
    NotFound,
    /// A rule said no.
    Refused {
        /// The rule's sentence.
        says: String,
        /// Whether it is about who asks, rather than about what was asked.
        about_actor: bool,
        /// Whether somebody else was faster.
        race: bool,
    },
    /// A rule said no to what is in one field of a form.
    Field {
        /// The field's name in the form.
        name: String,
        /// The rule's sentence.
        says: String,
    },
    /// It was done too often in too short a time.
    TooMany {
        /// The rule's sentence.
        says: String,
    },
    /// Nobody is signed in.
    SignIn,
    /// Two acts met; trying again may help.
    Conflict,
    /// The portal cannot answer now.
    Unready,
    /// What was sent cannot be read.
    Garbled,
    /// The mistake is ours.
    Ours,
    /// Nothing is wrong: the form is only to be shown again as it is, with its ruling.
    Kept,
}

/// Hears of every fault before it is sent: the server sets the status and remembers the form. In the browser nobody listens.
#[derive(Clone)]
pub struct OnFault(pub Arc<dyn Fn(&Fault) + Send + Sync>);

impl Fault {
    /// Passes the fault on, and tells whoever listens.
    #[must_use]
    pub fn told(self) -> Self {
        if let Some(OnFault(hear)) = use_context() {
            hear(&self);
        }
        self
    }

    /// The status of a response that carries it.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Refused { about_actor: true, .. } => 403,
            Self::Refused { race: true, .. } | Self::Conflict => 409,
            Self::Refused { .. } | Self::Field { .. } => 422,
            Self::TooMany { .. } => 429,
            Self::SignIn => 401,
            Self::Unready => 503,
            Self::Garbled => 400,
            Self::Ours => 500,
            Self::Kept => 200,
        }
    }

    /// The field it is about and the rule's sentence, where it is about a field.
    pub fn field(&self) -> Option<(&str, &str)> {
        let Self::Field { name, says } = self else { return None };
        Some((name, says))
    }

    /// What happened, in one line.
    pub fn says(&self) -> String {
        match self {
            Self::NotFound => "There is nothing here that you may see".to_owned(),
            Self::Refused { says, .. } | Self::Field { says, .. } | Self::TooMany { says } => capital(says),
            Self::SignIn => "You are not signed in any more".to_owned(),
            Self::Conflict => {
                "Somebody else changed this at the same moment, and nothing of yours was saved".to_owned()
            }
            Self::Unready => "Sallyport cannot answer just now".to_owned(),
            Self::Garbled => "Something in what was sent could not be read, and nothing was changed".to_owned(),
            Self::Ours => "Something went wrong on our side, and nothing of yours was saved".to_owned(),
            Self::Kept => "Here is what would be ruled".to_owned(),
        }
    }

    /// What one can do about it, where that is not in the sentence already.
    pub fn then(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => {
                Some("It may have been moved, or it was never yours to look at. Try the search, or go back.")
            }
            Self::SignIn => Some("Sign in, and send it once more; what you wrote is still here."),
            Self::Conflict => Some("Look at it as it is now, then try again."),
            Self::Unready => Some("Wait a moment and load the page again."),
            Self::Garbled => Some("Load the page again and fill it in once more."),
            Self::Ours => Some("It has been written down. Try again; if it stays, tell an admin when it happened."),
            Self::Refused { .. } | Self::Field { .. } | Self::TooMany { .. } | Self::Kept => None,
        }
    }
}

impl FromServerFnError for Fault {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let fault = match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Garbled
            }
            ServerFnErrorErr::Request(_) => Self::Unready,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => Self::Ours,
        };
        fault.told()
    }
}

/// What a refused form held, and why it was refused, or what came of one that was sent for several; kept for the session until its page is
/// shown again. Never a password or a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Where the form was sent: `/api/requests/ask`.
    pub act: String,
    /// What was wrong.
    pub fault: Option<Fault>,
    /// What it held, by the fields' names; several values where several were picked.
    pub fields: BTreeMap<String, Vec<String>>,
    /// What came of it, one by one.
    #[serde(default)]
    pub answers: Vec<Answered>,
}

/// What one field is refilled with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What was typed.
    pub value: Option<String>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Flash {
    /// What was kept of the form that is sent to one of these, or nothing.
    pub fn of(acts: &[&str]) -> Self {
        use_context::<Self>().filter(|flash| acts.contains(&flash.act.as_str())).unwrap_or_default()
    }

    /// Whether anything was kept.
    pub fn is_empty(&self) -> bool {
        self.act.is_empty()
    }

    /// What was typed into a field.
    pub fn value(&self, name: &str) -> Option<String> {
        self.fields.get(name)?.last().cloned()
    }

    /// Every value of a field of which several can be picked.
    pub fn values(&self, name: &str) -> &[String] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a field is refilled with.
    pub fn kept(&self, name: &str) -> Kept {
        Kept { value: self.value(name), error: self.error(name) }
    }

    /// The fault, if it is one to be told.
    pub fn trouble(&self) -> Option<&Fault> {
        self.fault.as_ref().filter(|fault| **fault != Fault::Kept)
    }

    /// The field at fault and what is wrong with it, where it is about one.
    pub fn field(&self) -> Option<(&str, &str)> {
        self.fault.as_ref().and_then(Fault::field)
    }

    fn error(&self, name: &str) -> Option<String> {
        self.field().filter(|(field, _)| *field == name).map(|(_, says)| says.to_owned())
    }
}
