//! Each condition as a small form. The compiler asks for one where a condition is added.

use super::{Condition, DAY_NAMES, DAYS};
use crate::{
    form::{Field, Form, Input},
    identity::Kind,
    resource::{Environment, Sensitivity},
    text::Prose,
};

const HINT: u32 = 200;

const PATTERN: Field = Field {
    name: "pattern",
    label: "Must match",
    hint: "A regular expression, like ^CHG-[0-9]+$; empty asks for nothing more",
    required: false,
    input: Input::Pattern,
};

const ASKERS: Form = Form {
    key: "askers",
    title: "Who may ask",
    says: "Members of one of these groups, of one of these kinds; at least one of the two is named.",
    fields: &[
        Field {
            name: "groups",
            label: "In one of these groups",
            hint: "Empty means any group",
            required: false,
            input: Input::Groups,
        },
        Field {
            name: "kinds",
            label: "Of these kinds",
            hint: "",
            required: false,
            input: Input::Any(|| Kind::ALL.into_iter().map(|kind| (kind.key(), kind.plural())).collect()),
        },
    ],
};

const JUSTIFICATION: Form = Form {
    key: "justification",
    title: "A reason",
    says: "Whoever asks says why, in words.",
    fields: &[
        Field {
            name: "at_least",
            label: "At least so many characters",
            hint: "",
            required: true,
            #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
            input: Input::Number { least: 1, most: Prose::MOST as u32 },
        },
        PATTERN,
        Field {
            name: "hint",
            label: "What to write",
            hint: "As one says it: name the case it is for",
            required: false,
            input: Input::Line { most: HINT },
        },
    ],
};

const WORK_ITEM: Form = Form {
    key: "work_item",
    title: "A work item",
    says: "It belongs to a change, an incident or a task.",
    fields: &[
        PATTERN,
        Field {
            name: "hint",
            label: "What to write",
            hint: "As one says it: a change number, like CHG-1042",
            required: false,
            input: Input::Line { most: HINT },
        },
    ],
};

const HOURS: Form = Form {
    key: "hours",
    title: "Hours",
    says: "Only at these hours of these days.",
    fields: &[
        Field {
            name: "days",
            label: "On these days",
            hint: "",
            required: true,
            input: Input::Any(|| DAYS.into_iter().zip(DAY_NAMES).map(|((word, _), name)| (word, name)).collect()),
        },
        Field { name: "from", label: "From", hint: "", required: true, input: Input::Time },
        Field { name: "to", label: "Until", hint: "", required: true, input: Input::Time },
        Field {
            name: "zone",
            label: "Time zone",
            hint: "A continent and a city, like Europe/Stockholm",
            required: true,
            input: Input::Zone,
        },
    ],
};

const ENVIRONMENTS: Form = Form {
    key: "environments",
    title: "Environments",
    says: "Only for systems that stand there; a system that moves takes the bundle out of reach.",
    fields: &[Field {
        name: "",
        label: "Only in",
        hint: "",
        required: true,
        input: Input::Any(|| Environment::ALL.iter().map(|it| (it.word(), it.word())).collect()),
    }],
};

const SENSITIVITY: Form = Form {
    key: "sensitivity_at_most",
    title: "Sensitivity",
    says: "Only for systems up to this sensitivity.",
    fields: &[Field {
        name: "",
        label: "Up to",
        hint: "",
        required: true,
        input: Input::One(|| Sensitivity::ALL.iter().map(|it| (it.word(), it.word())).collect()),
    }],
};

const INCOMPATIBLE: Form = Form {
    key: "incompatible",
    title: "Never in the same hands",
    says: "Not while the same identity holds, or waits for, one of these bundles.",
    fields: &[Field { name: "", label: "Not together with", hint: "", required: true, input: Input::Bundles }],
};

impl Condition {
    /// Every condition as a form, in the order in which people read them.
    pub const FORMS: [Form; 7] = [ASKERS, JUSTIFICATION, WORK_ITEM, HOURS, ENVIRONMENTS, SENSITIVITY, INCOMPATIBLE];

    /// The condition as a form.
    pub fn form(&self) -> Form {
        match self {
            Self::Askers { .. } => ASKERS,
            Self::Justification { .. } => JUSTIFICATION,
            Self::WorkItem { .. } => WORK_ITEM,
            Self::Hours { .. } => HOURS,
            Self::Environments { .. } => ENVIRONMENTS,
            Self::SensitivityAtMost { .. } => SENSITIVITY,
            Self::Incompatible { .. } => INCOMPATIBLE,
        }
    }
}
