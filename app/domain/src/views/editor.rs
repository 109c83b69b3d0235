//! What the editor of a bundle shows.

use super::Change;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a form holds: what stands in each field, by the field's name in the whole form (`stage.0.need`). A field of one value has one.
pub type Values = BTreeMap<String, Vec<String>>;

/// The field of a form that says which conditions are set.
pub const WITH: &str = "with";

/// The most stages that a form can hold.
pub const STAGES: usize = 16;

view! {
    /// The editor of a bundle.
    BundleEditor {
        /// The bundle's key; empty for a new one.
        key: String,
        /// Its name; empty for a new one.
        name: String,
        /// How many versions there were when the form was drawn.
        after: u32,
        /// What stands in the form.
        values: Values,
        /// The same as it is written in the catalogue.
        text: String,
        /// What can be given, by system.
        systems: Vec<SystemChoice>,
        /// The groups.
        groups: Vec<Choice>,
        /// The people.
        people: Vec<Choice>,
        /// The other bundles.
        bundles: Vec<Choice>,
        /// The time zones.
        zones: Vec<String>,
    }

    /// A system, with what it can give.
    SystemChoice {
        /// Its name.
        name: String,
        /// Where it stands and how sensitive it is.
        says: String,
        /// What it can give.
        rights: Vec<Choice>,
    }

    /// Something that can be picked.
    Choice {
        /// What is written for it.
        value: String,
        /// Its name.
        name: String,
        /// What it is, or what it confers.
        says: String,
    }

    /// What the form would make, before it is saved.
    BundleSketch {
        /// The bundle as a sentence, where nothing in the form is wrong.
        sentence: Option<String>,
        /// What is wrong with which field.
        faults: Vec<FieldFault>,
        /// Why it could not be published as it stands.
        gaps: Vec<String>,
        /// The version that it is compared with; none for a new bundle.
        against: Option<u32>,
        /// What differs.
        diff: Vec<Change>,
    }

    /// Something wrong in a form.
    FieldFault {
        /// The field's name in the whole form; empty where it is about the whole.
        field: String,
        /// What is wrong and what would be right.
        says: String,
    }
}
