//! Step-ups and authenticators, as pages show them.

use crate::{
    ids::{AuthenticatorId, PendingId},
    stepup::Strength,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the page shows where an act is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmPage {
    /// Which act.
    pub id: PendingId,
    /// What one states by it.
    pub says: String,
    /// How surely one must show who one is.
    pub needed: Strength,
    /// What a browser needs to ask a passkey, as JSON, where one will do.
    pub passkey: Option<String>,
    /// Whether a one-time code will do.
    pub code: bool,
    /// Whether the password will do.
    pub password: bool,
    /// The page one comes from.
    pub back: String,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
}

/// What the page shows where an authenticator is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolPage {
    /// Which one.
    pub id: PendingId,
    /// How it will be called.
    pub name: String,
    /// What is added.
    pub what: Enrolling,
    /// New recovery codes, to be kept now: they are not shown again.
    pub codes: Vec<String>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
}

/// What is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enrolling {
    /// An authenticator app.
    App {
        /// Its secret for typing.
        secret: String,
        /// Its secret as a link that apps open.
        url: String,
        /// The same as a picture, in SVG.
        picture: String,
    },
    /// A passkey.
    Passkey {
        /// What a browser needs to make one, as JSON.
        options: String,
    },
    /// Recovery codes alone.
    Codes,
}

/// What the page of one's own authenticators shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticatorsPage {
    /// What one has.
    pub mine: Vec<AuthenticatorView>,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
    /// Whether one-time codes can be set up here.
    pub apps: bool,
    /// Where passkeys work: scheme, host and port; nothing where they cannot.
    pub passkeys_at: Option<String>,
    /// With what one adds another, which then counts for no more than that for a day; nothing where it counts fully at once.
    pub adds_with: Option<Strength>,
    /// Until when no step-up counts.
    pub locked_until: Option<DateTime<Utc>>,
    /// Until when one decides nothing.
    pub barred_until: Option<DateTime<Utc>>,
    /// Who asked for a reset, and when.
    pub reset: Option<(String, DateTime<Utc>)>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticatorView {
    /// Its id.
    pub id: AuthenticatorId,
    /// How its owner calls it.
    pub name: String,
    /// What kind it is.
    pub kind: Strength,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// When it was last used.
    pub used_at: Option<DateTime<Utc>>,
    /// For no more than what it counts, and until when, where it was added by less than it is.
    pub young: Option<(Strength, DateTime<Utc>)>,
}

/// What an admin sees of somebody's authenticators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetView {
    /// How many there are.
    pub count: usize,
    /// Who asked for a reset, and when.
    pub asked: Option<(String, DateTime<Utc>)>,
    /// Whether the reader may ask for one.
    pub may_ask: bool,
    /// Whether the reader may confirm it.
    pub may_confirm: bool,
    /// Whether the reader may refuse it.
    pub may_refuse: bool,
    /// Until when the person decides nothing.
    pub barred_until: Option<DateTime<Utc>>,
}
