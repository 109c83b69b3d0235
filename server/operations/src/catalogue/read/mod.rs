//! What each table of the catalogue may say: this file tells the tables apart, its children read one sort each.
//!
//! What cannot be read stands as something empty, so that the rest of its stanza can still be checked; a catalogue with any mistake in
//! it is never handed out.

mod bundles;
mod people;
mod systems;

use super::{
    File, Mistake, Place, Stanza,
    draft::{BundleDraft, GroupDraft, IdentityDraft, SystemDraft},
    field::{Page, Value, shown},
    near::nearest,
    syntax,
};
use bundles::bundle;
use domain::{
    identity::PortalRole,
    minutes::Minutes,
    text::{Key, or},
};
use people::{group, person, service};
use std::{cell::RefCell, sync::Arc};
use systems::system;
use toml::de::{DeTable, DeValue};

/// How long a request waits where the bundle does not say.
pub(super) const WAITS: Minutes = Minutes::hours(7 * 24);

/// The longest a non-human identity has a bundle where the bundle does not say.
pub(super) const NON_HUMAN: Minutes = Minutes::hours(24);

/// The words for roles.
pub(super) const ROLES: [(&str, PortalRole); 2] = [("admin", PortalRole::Admin), ("auditor", PortalRole::Auditor)];

/// The most characters a name may have.
const NAME: usize = 120;
/// The most characters a sentence may have.
const SAYS: usize = 300;

/// The tables a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Person,
    Service,
    Group,
    System,
    Bundle,
}

impl Table {
    const ALL: [Self; 5] = [Self::Person, Self::Service, Self::Group, Self::System, Self::Bundle];

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::Group => "group",
            Self::System => "system",
            Self::Bundle => "bundle",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Person => "[[person]]",
            Self::Service => "[[service]]",
            Self::Group => "[[group]]",
            Self::System => "[[system]]",
            Self::Bundle => "[[bundle]]",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Person => "a person",
            Self::Service => "a service",
            Self::Group => "a group",
            Self::System => "a system",
            Self::Bundle => "a bundle",
        }
    }
}

/// A key that a stanza gives itself.
pub(super) struct Given {
    pub(super) table: Table,
    pub(super) key: Key,
    pub(super) at: Place,
}

/// Everything the files say, before it is known whether it fits together.
#[derive(Default)]
pub(super) struct Found {
    /// Every key there is, also of stanzas that could not be read to the end.
    pub(super) keys: Vec<Given>,
    pub(super) identities: Vec<Stanza<IdentityDraft>>,
    pub(super) groups: Vec<Stanza<GroupDraft>>,
    pub(super) systems: Vec<Stanza<SystemDraft>>,
    pub(super) bundles: Vec<Stanza<BundleDraft>>,
}

/// Reads a file, and adds what it says to what was found.
pub(super) fn file(file: &File, mistakes: &RefCell<Vec<Mistake>>, found: &mut Found) {
    let name = Arc::from(file.name.as_str());
    let lines = syntax::lines(&file.text);
    let page = Page { file: &name, lines: &lines, base: 0, mistakes };
    let parsed = syntax::parse(&file.text, &lines);
    let before = mistakes.borrow().len();
    for (offset, says) in parsed.faults {
        page.mistake(offset, says);
    }
    for (base, table) in &parsed.tables {
        document(Page { base: *base, ..page }, table, found);
    }
    if mistakes.borrow().len() == before {
        for (offset, says) in parsed.otherwise {
            page.mistake(offset, says);
        }
    }
}

fn document(page: Page<'_>, document: &DeTable<'_>, found: &mut Found) {
    for (name, value) in document {
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == name.get_ref()) else {
            page.mistake(name.span().start, unknown_table(name.get_ref(), value.get_ref()));
            continue;
        };
        for mut fields in Value::new(page, table.name(), table.header(), value).tables(table.one()) {
            let at = fields.place();
            let key = fields.must("key", "\"a-key.of-its-own\"", |v| v.key());
            found.keys.extend(key.iter().map(|key| Given { table, key: key.clone(), at: at.clone() }));
            match table {
                Table::Person => found.identities.extend(person(fields, key).map(|it| Stanza { at, it })),
                Table::Service => found.identities.extend(service(fields, key).map(|it| Stanza { at, it })),
                Table::Group => found.groups.extend(group(fields, key).map(|it| Stanza { at, it })),
                Table::System => found.systems.extend(system(fields, key).map(|it| Stanza { at, it })),
                Table::Bundle => found.bundles.extend(bundle(fields, key).map(|it| Stanza { at, it })),
            }
        }
    }
}

fn unknown_table(name: &str, value: &DeValue<'_>) -> String {
    let headers = or(&Table::ALL.map(|table| table.header().to_owned()));
    let shown = shown(name);
    match (name, value) {
        ("entitlement", _) => "an entitlement stands below its system: write [[system.entitlement]]".to_owned(),
        ("stage", _) => "a stage stands below its bundle: write [[bundle.stage]]".to_owned(),
        (_, DeValue::Table(_) | DeValue::Array(_)) => match nearest(name, Table::ALL.map(Table::name)) {
            Some(near) => format!("there is no table `{shown}`: did you mean [[{near}]]?"),
            None => format!("there is no table `{shown}`: write {headers}"),
        },
        (
            _,
            DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_),
        ) => {
            format!("`{shown}` stands in no table: put it below {headers}")
        }
    }
}
