//! A bundle's own fields, and those of a stage. What is asked by its conditions, each of them says itself.

use super::BundleSpec;
use crate::{
    form::{Field, Form, Input},
    stepup::Strength,
};

const STRENGTHS: Input = Input::One(|| Strength::ALL.into_iter().map(|it| (it.key(), it.word())).collect());

const KEY: Field = Field {
    name: "key",
    label: "Key",
    hint: "How the catalogue and the trail name it, like orders-read; it never changes",
    required: true,
    input: Input::Key,
};

const ABOUT: [Field; 3] = [
    Field {
        name: "name",
        label: "Name",
        hint: "As people search for it: Orders database, read",
        required: true,
        input: Input::Line { most: 120 },
    },
    Field {
        name: "says",
        label: "What one can do with it",
        hint: "In one sentence, as a person would say it",
        required: true,
        input: Input::Line { most: 300 },
    },
    Field {
        name: "tags",
        label: "Words to find it by",
        hint: "With commas between them",
        required: false,
        input: Input::Tags,
    },
];

const RIGHTS: Field = Field {
    name: "entitlements",
    label: "What it gives",
    hint: "At least one; everything named here is given together and ends together",
    required: true,
    input: Input::Rights,
};

const SPANS: [Field; 4] = [
    Field { name: "longest", label: "For at most", hint: "30m, 8h or 2d", required: true, input: Input::Span },
    Field {
        name: "default",
        label: "The form offers",
        hint: "Not longer than the most",
        required: true,
        input: Input::Span,
    },
    Field {
        name: "non_human_longest",
        label: "Machines, for at most",
        hint: "Empty means 24h, or the most where that is shorter",
        required: false,
        input: Input::Span,
    },
    Field {
        name: "waits",
        label: "A request waits",
        hint: "Then it expires; empty means 7d",
        required: false,
        input: Input::Span,
    },
];

const ASKER: Field = Field {
    name: "step_up",
    label: "The asker confirms with",
    hint: "For every single ask",
    required: false,
    input: STRENGTHS,
};

const AUTOMATIC: Field = Field {
    name: "automatic",
    label: "Give it at once, by policy alone, where it is low-risk and can be taken back",
    hint: "Otherwise the stages decide",
    required: false,
    input: Input::Yes,
};

const STAGE: Form = Form {
    key: "stage",
    title: "Stage",
    says: "So many of these people, distinct from those of the other stages.",
    fields: &[
        Field {
            name: "name",
            label: "Its name",
            hint: "Owner, Manager, Security",
            required: true,
            input: Input::Line { most: 120 },
        },
        Field {
            name: "need",
            label: "How many approve",
            hint: "",
            required: true,
            input: Input::Number { least: 1, most: 255 },
        },
        Field {
            name: "from",
            label: "Who decides",
            hint: "",
            required: true,
            input: Input::One(|| {
                vec![
                    ("owners", "owners of each system"),
                    ("manager", "the manager"),
                    ("group", "a group"),
                    ("people", "named people"),
                ]
            }),
        },
        Field { name: "group", label: "Which group", hint: "", required: false, input: Input::Group },
        Field { name: "people", label: "Which people", hint: "", required: false, input: Input::People },
        Field { name: "step_up", label: "Each confirms with", hint: "", required: false, input: STRENGTHS },
        Field {
            name: "escalates_after",
            label: "Who stands in may decide too after",
            hint: "4h or 1d; empty means only when too few others can",
            required: false,
            input: Input::Span,
        },
    ],
};

impl BundleSpec {
    /// The field of its key.
    pub const KEY: Field = KEY;
    /// What it is.
    pub const ABOUT: [Field; 3] = ABOUT;
    /// What it confers.
    pub const RIGHTS: Field = RIGHTS;
    /// How long.
    pub const SPANS: [Field; 4] = SPANS;
    /// How the asker shows who they are.
    pub const ASKER: Field = ASKER;
    /// Whether policy alone may grant it.
    pub const AUTOMATIC: Field = AUTOMATIC;
    /// A stage of approval.
    pub const STAGE: Form = STAGE;

    /// Every field of its own, in the order in which people read them.
    pub fn own_fields() -> Vec<Field> {
        [vec![KEY], ABOUT.to_vec(), vec![RIGHTS], SPANS.to_vec(), vec![ASKER, AUTOMATIC]].concat()
    }
}
