//! What pages show of how people decide.

use super::Page;
use serde::{Deserialize, Serialize};

view! {
    /// How somebody decides, over a while.
    SignalsView {
        /// For how many days back it is counted.
        days: u32,
        /// How many decisions there are.
        decisions: u32,
        /// How many of them were a yes.
        yes: u32,
        /// How many of a hundred were.
        share: u32,
        /// How long they usually took, in words.
        takes: String,
        /// The most that were a yes in a row.
        streak: u32,
        /// How many were taken within ten seconds of another.
        in_one_go: u32,
        /// Whether there are many, and not one was a no.
        always_yes: bool,
    }

    /// Somebody who decides, in the list of them.
    SignalRow {
        /// Their key.
        key: String,
        /// Their name.
        name: String,
        /// How they decide.
        signals: SignalsView,
    }

    /// The list of those who decide.
    SignalsPage {
        /// For how many days back it is counted.
        days: u32,
        /// How many decided.
        people: u32,
        /// How many of them never said no, over many decisions.
        always_yes: u32,
        /// Who, those first whom there is most reason to look at.
        list: Page<SignalRow>,
    }
}
