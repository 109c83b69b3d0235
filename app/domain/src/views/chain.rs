//! What hangs on an identity that is not a person (R35): who answers for it, what it holds, and where.

use crate::identity::Kind;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

view! {
    /// What hangs on an identity that is not a person.
    Chain {
        /// Its name.
        name: String,
        /// Its kind.
        kind: Kind,
        /// What it is for.
        purpose: Option<String>,
        /// Who answers for it, and who should and has left.
        owners: Vec<Answering>,
        /// The newest of what it holds now, is being given or is losing.
        holds: Vec<Holding>,
        /// How much of that there is in all.
        holds_in_all: u32,
        /// Its accounts.
        accounts: Vec<AccountOn>,
        /// The newest decisions on what was asked for it, but for the request that is looked at.
        decided: Vec<Decided>,
    }

    /// Somebody who answers for it.
    Answering {
        /// Their name.
        name: String,
        /// Since when they do not any more, as they have left.
        left_at: Option<DateTime<Utc>>,
        /// The first of the other identities they answer for.
        others: Vec<String>,
        /// Whether they answer for more than those.
        others_cut: bool,
    }

    /// A bundle it holds.
    Holding {
        /// The bundle's name.
        bundle: String,
        /// The systems it reaches by it.
        systems: Vec<String>,
        /// Until when, once it is there.
        until: Option<DateTime<Utc>>,
        /// Where it stands: `opening`, `active`, `ending`.
        state: String,
    }

    /// An account of its own.
    AccountOn {
        /// On which system.
        system: String,
        /// The target's name for it.
        name: String,
    }

    /// A decision on something that was asked for it.
    Decided {
        /// Who decided.
        by: String,
        /// On which bundle.
        bundle: String,
        /// Whether they said yes.
        yes: bool,
        /// When.
        at: DateTime<Utc>,
    }
}
