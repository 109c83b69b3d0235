//! One id type per kind of thing, so that a request's id cannot be handed where a person's is meant.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A person or a non-human identity.
    IdentityId,
    /// A group of identities.
    GroupId,
    /// A target system.
    SystemId,
    /// One right that a target system can give.
    EntitlementId,
    /// An access bundle, whatever its version.
    BundleId,
    /// An access request.
    RequestId,
    /// The approval of one request; a grant refers to it, once.
    ApprovalId,
    /// A grant.
    GrantId,
    /// An event of the trail.
    EventId,
    /// A free text that can be erased.
    TextId,
    /// A chain of events.
    StreamId,
    /// A task for the operators of a system.
    TaskId,
    /// A notice to one person.
    NoticeId,
    /// A one-time link that lets somebody set a password.
    InvitationId,
    /// A passkey or an authenticator app of a person.
    AuthenticatorId,
    /// An act that waits for its step-up, or an authenticator that is being added.
    PendingId,
    /// A signed-in browser, as its owner sees it in the list of sessions.
    SessionId,
}
