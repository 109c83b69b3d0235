//! What pages show of what is stale or missing.

use serde::{Deserialize, Serialize};

/// How soon something is to be mended, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Something does not hold as it should.
    Now,
    /// It holds by a thread.
    Soon,
    /// It holds, and is good to know.
    InTime,
}

view! {
    /// Something that is stale or missing.
    FindingRow {
        /// What it is about.
        name: String,
        /// Where it is mended: a path in the portal.
        path: String,
        /// What was found, in one sentence.
        says: String,
        /// How soon it is to be mended.
        weight: Weight,
    }

    /// What was found under one heading.
    FindingsUnder {
        /// The heading.
        title: String,
        /// What was looked for.
        looked_for: String,
        /// What was found, the most pressing first; of each sort only so many.
        items: Vec<FindingRow>,
        /// How many more were counted.
        more: u32,
        /// Whether there are even more than that, as counting ends somewhere.
        beyond: bool,
    }

    /// What is stale or missing in the portal.
    FindingsPage {
        /// Heading by heading.
        headings: Vec<FindingsUnder>,
    }
}
