//! What the page shows of who decides in whose place.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

view! {
    /// The reader's page.
    DelegationPage {
        /// Who decides in the reader's place.
        mine: Option<DelegationView>,
        /// In whose place the reader decides.
        lent: Vec<DelegationView>,
        /// Today, as a form wants it.
        today: String,
    }

    /// That one decides in another's place.
    DelegationView {
        /// The other's name.
        name: String,
        /// From when.
        from: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
        /// Whether it has begun.
        begun: bool,
    }
}
