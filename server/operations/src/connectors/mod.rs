//! What reaches target systems: one file a kind. A connector looks, gives and takes; it decides nothing and remembers nothing.

pub mod directory;
pub mod manual;
pub mod postgres;

use async_trait::async_trait;

/// One right of one account on one target, in the target's own names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The account.
    pub account: String,
    /// The right.
    pub entitlement: String,
}

/// What a look at the target found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The right is not there.
    Absent,
    /// The right is there.
    Present {
        /// Whether it stands in the way we would give it, or by another way.
        directly: bool,
        /// By which way, where that can be said.
        detail: Option<String>,
    },
}

impl Seen {
    /// Whether the right is there.
    pub fn is_present(&self) -> bool {
        matches!(self, Self::Present { .. })
    }
}

/// How far a change got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It was made; a look will tell.
    Done,
    /// A person must act first.
    Waiting,
}

/// A target did not do what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// Something is set wrong: what, and what would be right.
    #[error("{0}")]
    Settings(String),
    /// The target did not answer.
    #[error("{0}")]
    Unreachable(String),
    /// The target said no; names the privilege that is missing.
    #[error("{0}")]
    Denied(String),
    /// There is no such account or right there.
    #[error("{0}")]
    Missing(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Reaches one target system.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Whether the right is there.
    async fn look(&self, right: &Right) -> Result<Seen, ConnectorError>;
    /// Makes the right be there; to do so twice changes nothing.
    async fn give(&self, right: &Right) -> Result<Progress, ConnectorError>;
    /// Makes the right be gone, for sessions that are open too; to do so twice changes nothing. Called only for rights that the record
    /// says were given by us.
    async fn take(&self, right: &Right) -> Result<Progress, ConnectorError>;
    /// What the target is and what may be done there; an error when it lacks what giving and taking need. Changes nothing.
    async fn health(&self) -> Result<String, ConnectorError>;
}
