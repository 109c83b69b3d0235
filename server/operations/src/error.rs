//! What an operation answers when it does not do what was asked.

use crate::connectors::ConnectorError;
use domain::Refusal;

/// What an operation answers when it does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the actor may not know of it.
    #[error("there is no such thing here, or it is not yours to see")]
    NotFound,
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Somebody else was faster, again and again.
    #[error("too many people did this at once: try again")]
    Conflict,
    /// The memory failed.
    #[error(transparent)]
    Store(store::Error),
    /// A target failed.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// The portal cannot serve now.
    #[error("{0}")]
    Unready(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Conflict => Self::Conflict,
            other => Self::Store(other),
        }
    }
}
