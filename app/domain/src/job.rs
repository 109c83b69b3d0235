//! What must follow a change: small, repeatable looks at one thing. A job says *look at this*, never *do that*.

use crate::ids::{BundleId, EntitlementId, GrantId, RequestId, SystemId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is to be looked at. Two jobs with one key never run at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "look_at")]
pub enum JobKey {
    /// A request: has it waited too long, is it to be granted?
    Request {
        /// Which.
        id: RequestId,
    },
    /// A grant: is it over, has it lapsed?
    Grant {
        /// Which.
        id: GrantId,
    },
    /// One right of one account on one system: does any live grant need it, and is it so in the target?
    Right(RightKey),
    /// The requests that wait: may somebody not decide any more, as they have lost a right in the portal's own directory?
    Deciders {},
    /// The replay of a bundle's draft: are there recorded requests that it was not judged on yet?
    Replay {
        /// Of which bundle.
        bundle: BundleId,
    },
    /// The replay of the guardrails' draft.
    GuardrailReplay {},
}

impl JobKey {
    /// Whether the look takes something away whenever it does anything: a grant's own look ends it.
    pub fn takes_away(&self) -> bool {
        match self {
            Self::Grant { .. } => true,
            Self::Request { .. }
            | Self::Right(_)
            | Self::Deciders {}
            | Self::Replay { .. }
            | Self::GuardrailReplay {} => false,
        }
    }
}

/// One right of one account on one system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RightKey {
    /// The system.
    pub system: SystemId,
    /// The right.
    pub entitlement: EntitlementId,
    /// The account, by the target's own name.
    pub account: String,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { id } => write!(f, "request/{id}"),
            Self::Grant { id } => write!(f, "grant/{id}"),
            Self::Right(right) => write!(f, "right/{}/{}/{}", right.system, right.entitlement, right.account),
            Self::Deciders {} => f.write_str("deciders"),
            Self::Replay { bundle } => write!(f, "replay/{bundle}"),
            Self::GuardrailReplay {} => f.write_str("replay/guardrails"),
        }
    }
}

/// A look that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// At what.
    pub key: JobKey,
    /// When.
    pub due_at: DateTime<Utc>,
    /// Whether something is to be taken away: those go before all others.
    pub takes_away: bool,
}

impl Job {
    /// A look that is due at a time.
    pub fn at(key: JobKey, due_at: DateTime<Utc>) -> Self {
        Self { takes_away: key.takes_away(), key, due_at }
    }

    /// A look that will take something away.
    pub fn taking_away(key: JobKey, due_at: DateTime<Utc>) -> Self {
        Self { key, due_at, takes_away: true }
    }
}
