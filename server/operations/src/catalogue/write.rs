//! What the portal remembers, as the text that reads back to the same.

use super::{
    File,
    keys::Naming,
    read::{NON_HUMAN, ROLES, WAITS},
};
use chrono::{NaiveTime, Timelike};
use domain::{
    bundle::{BundleSpec, Source, Stage},
    condition::{Condition, DAYS},
    group::GroupSpec,
    identity::{IdentitySpec, Standing},
    ids::{BundleId, EntitlementId, GroupId, IdentityId, SystemId},
    resource::{Entitlement, SystemSpec},
    text::Key,
};
use std::{
    collections::BTreeSet,
    fmt::{Display, Write},
};

/// The widest a line may become before a list is broken up, one item a line.
const WIDE: usize = 120;

/// What is to be written: all of it, in any order.
#[derive(Clone, Debug, Default)]
pub struct Contents<'a> {
    /// People and services, each with whether it still belongs.
    pub identities: Vec<(&'a IdentitySpec, Standing)>,
    /// The groups.
    pub groups: Vec<&'a GroupSpec>,
    /// The systems, each with its entitlements.
    pub systems: Vec<&'a SystemSpec>,
    /// The bundles.
    pub bundles: Vec<&'a BundleSpec>,
}

/// The files of a catalogue, which [`super::read`] reads back to the same. An id that nobody can name is written as it is; no id is a
/// key, so reading tells of it instead of losing it.
pub fn write(contents: &Contents<'_>, names: &dyn Naming) -> Vec<File> {
    let mut identities = contents.identities.clone();
    identities.sort_by(|(a, _), (b, _)| a.key.cmp(&b.key));
    let (people, services) = identities.into_iter().partition::<Vec<_>, _>(|(spec, _)| spec.kind.is_person());
    let groups = sorted(&contents.groups, |spec| &spec.key);
    let systems = sorted(&contents.systems, |spec| &spec.key);
    let bundles = sorted(&contents.bundles, |spec| &spec.key);
    let file = |name: &str, says: &str, stanzas: Vec<String>| File {
        name: name.to_owned(),
        text: format!("# {says}\n\n{}", stanzas.join("\n")),
    };
    vec![
        file(
            "people.toml",
            "The people.",
            people.into_iter().map(|(spec, standing)| person_text(spec, standing, names)).collect(),
        ),
        file(
            "services.toml",
            "Identities that are not people.",
            services.into_iter().map(|(spec, standing)| service_text(spec, standing, names)).collect(),
        ),
        file("groups.toml", "The groups.", groups.into_iter().map(|spec| group_text(spec, names)).collect()),
        file(
            "systems.toml",
            "The systems, and the rights each can give.",
            systems.into_iter().map(|spec| system_text(spec, names)).collect(),
        ),
        file(
            "bundles.toml",
            "What may be asked for.",
            bundles.into_iter().map(|spec| bundle_text(spec, names)).collect(),
        ),
    ]
}

fn sorted<'a, T>(specs: &[&'a T], key: impl Fn(&T) -> &Key) -> Vec<&'a T> {
    let mut specs = specs.to_vec();
    specs.sort_by(|a, b| key(a).cmp(key(b)));
    specs
}

fn person_text(spec: &IdentitySpec, standing: Standing, names: &dyn Naming) -> String {
    let mut text = Text::under("[[person]]");
    text.set("key", quoted(spec.key.as_str()));
    text.set("name", quoted(&spec.name));
    text.maybe("email", spec.email.as_deref().map(quoted));
    text.maybe("title", spec.title.as_deref().map(quoted));
    text.maybe("department", spec.department.as_deref().map(quoted));
    text.maybe("manager", spec.manager.map(|id| identity(id, names)));
    if !spec.roles.is_empty() {
        text.list("roles", ROLES.iter().filter(|(_, role)| spec.roles.contains(role)).map(|(word, _)| quoted(word)));
    }
    accounts_and_standing(text, spec, standing, names)
}

fn service_text(spec: &IdentitySpec, standing: Standing, names: &dyn Naming) -> String {
    let mut text = Text::under("[[service]]");
    text.set("key", quoted(spec.key.as_str()));
    text.set("name", quoted(&spec.name));
    text.set("kind", quoted(spec.kind.key()));
    text.maybe("purpose", spec.purpose.as_deref().map(quoted));
    text.list("owners", identities(&spec.owners, names));
    accounts_and_standing(text, spec, standing, names)
}

fn accounts_and_standing(mut text: Text, spec: &IdentitySpec, standing: Standing, names: &dyn Naming) -> String {
    if !spec.accounts.is_empty() {
        let mut accounts = spec
            .accounts
            .iter()
            .map(|(id, account)| format!("{} = {}", system_field(*id, names), quoted(account)))
            .collect::<Vec<_>>();
        accounts.sort();
        text.set("accounts", braced(&accounts));
    }
    match standing {
        Standing::Active => {}
        Standing::Left { .. } => text.set("left", "true"),
    }
    text.0
}

fn group_text(spec: &GroupSpec, names: &dyn Naming) -> String {
    let mut text = Text::under("[[group]]");
    text.set("key", quoted(spec.key.as_str()));
    text.set("name", quoted(&spec.name));
    text.set("says", quoted(&spec.says));
    text.list("members", identities(&spec.members, names));
    if !spec.groups.is_empty() {
        text.list("groups", groups(&spec.groups, names));
    }
    text.0
}

fn system_text(spec: &SystemSpec, names: &dyn Naming) -> String {
    let mut text = Text::under("[[system]]");
    text.set("key", quoted(spec.key.as_str()));
    text.set("name", quoted(&spec.name));
    text.set("says", quoted(&spec.says));
    text.set("environment", quoted(spec.environment.word()));
    text.set("sensitivity", quoted(spec.sensitivity.word()));
    text.set("data_class", quoted(spec.data_class.word()));
    text.only("external", spec.external);
    text.list("owners", identities(&spec.owners, names));
    if !spec.backup_owners.is_empty() {
        text.list("backup_owners", identities(&spec.backup_owners, names));
    }
    text.set("fallback", group(spec.fallback, names));
    text.set("connector", quoted(spec.connector.word()));
    if !spec.settings.is_empty() {
        let settings = spec
            .settings
            .iter()
            .map(|(name, value)| format!("{} = {}", field(name), quoted(value)))
            .collect::<Vec<_>>();
        text.set("settings", braced(&settings));
    }
    text.maybe("operators", spec.operators.map(|id| group(id, names)));
    let mut entitlements = spec.entitlements.values().collect::<Vec<_>>();
    entitlements.sort_by(|a, b| a.key.cmp(&b.key));
    for entitlement in entitlements {
        text.below(&entitlement_text(entitlement));
    }
    text.0
}

fn entitlement_text(entitlement: &Entitlement) -> Text {
    let mut text = Text::under("[[system.entitlement]]");
    text.set("key", quoted(entitlement.key.as_str()));
    text.set("name", quoted(&entitlement.name));
    text.set("says", quoted(&entitlement.says));
    text.set("native", quoted(&entitlement.native));
    text.only("privileged", entitlement.privileged);
    text
}

/// One bundle, as a file would have it.
pub fn bundle_text(spec: &BundleSpec, names: &dyn Naming) -> String {
    let mut text = Text::under("[[bundle]]");
    text.set("key", quoted(spec.key.as_str()));
    text.set("name", quoted(&spec.name));
    text.set("says", quoted(&spec.says));
    if !spec.tags.is_empty() {
        text.list("tags", spec.tags.iter().map(|tag| quoted(tag)));
    }
    text.list("entitlements", in_order(spec.entitlements.iter().map(|id| entitlement(*id, names))));
    text.set("longest", quoted(&spec.longest.short()));
    text.set("default", quoted(&spec.default.short()));
    if spec.non_human_longest != spec.longest.min(NON_HUMAN) {
        text.set("non_human_longest", quoted(&spec.non_human_longest.short()));
    }
    if spec.waits != WAITS {
        text.set("waits", quoted(&spec.waits.short()));
    }
    for condition in &spec.conditions {
        condition_text(&mut text, condition, names);
    }
    text.only("automatic", spec.automatic);
    if let Some(strength) = spec.step_up {
        text.set("step_up", quoted(strength.key()));
    }
    for stage in &spec.stages {
        text.below(&stage_text(stage, names));
    }
    text.0
}

fn condition_text(text: &mut Text, condition: &Condition, names: &dyn Naming) {
    match condition {
        Condition::Askers { groups: of, kinds } => {
            let groups = (!of.is_empty()).then(|| format!("groups = [{}]", joined(groups(of, names))));
            let kinds = (!kinds.is_empty())
                .then(|| format!("kinds = [{}]", joined(kinds.iter().map(|kind| quoted(kind.key())))));
            text.set("askers", braced(&groups.into_iter().chain(kinds).collect::<Vec<_>>()));
        }
        Condition::Justification { at_least, pattern, hint } => {
            let fields = [format!("at_least = {at_least}")]
                .into_iter()
                .chain(pattern_and_hint(pattern.as_deref(), hint.as_deref()));
            text.set("justification", braced(&fields.collect::<Vec<_>>()));
        }
        Condition::WorkItem { pattern, hint } => {
            text.set("work_item", braced(&pattern_and_hint(pattern.as_deref(), hint.as_deref()).collect::<Vec<_>>()));
        }
        Condition::Hours { days, from, to, zone } => {
            let days =
                days.iter().flat_map(|day| DAYS.iter().filter(move |(_, of)| of == day)).map(|(word, _)| quoted(word));
            let fields = [
                format!("days = [{}]", joined(days)),
                format!("from = {}", quoted(&time(*from))),
                format!("to = {}", quoted(&time(*to))),
                format!("zone = {}", quoted(zone.name())),
            ];
            text.set("hours", braced(&fields));
        }
        Condition::Environments { only } => {
            text.list("environments", only.iter().map(|it| quoted(it.word())));
        }
        Condition::SensitivityAtMost { most } => {
            text.set("sensitivity_at_most", quoted(most.word()));
        }
        Condition::Incompatible { bundles } => {
            text.list("incompatible", in_order(bundles.iter().map(|id| bundle(*id, names))));
        }
    }
}

fn pattern_and_hint(pattern: Option<&str>, hint: Option<&str>) -> impl Iterator<Item = String> {
    let pattern = pattern.map(|text| format!("pattern = {}", quoted(text)));
    let hint = hint.map(|text| format!("hint = {}", quoted(text)));
    pattern.into_iter().chain(hint)
}

fn time(time: NaiveTime) -> String {
    time.format(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

fn stage_text(stage: &Stage, names: &dyn Naming) -> Text {
    let mut text = Text::under("[[bundle.stage]]");
    text.set("name", quoted(&stage.name));
    text.set("need", stage.need);
    let from = match &stage.from {
        Source::Owners => "owners = true".to_owned(),
        Source::Manager => "manager = true".to_owned(),
        Source::Group { group: id } => format!("group = {}", group(*id, names)),
        Source::People { people } => format!("people = [{}]", joined(identities(people, names))),
    };
    text.set("from", braced(&[from]));
    if let Some(strength) = stage.step_up {
        text.set("step_up", quoted(strength.key()));
    }
    text.maybe("escalates_after", stage.escalates_after.map(|after| quoted(&after.short())));
    text
}

fn identity(id: IdentityId, names: &dyn Naming) -> String {
    named(id, names.identity_key(id))
}

fn identities(ids: &BTreeSet<IdentityId>, names: &dyn Naming) -> Vec<String> {
    in_order(ids.iter().map(|id| identity(*id, names)))
}

fn group(id: GroupId, names: &dyn Naming) -> String {
    named(id, names.group_key(id))
}

fn groups(ids: &BTreeSet<GroupId>, names: &dyn Naming) -> Vec<String> {
    in_order(ids.iter().map(|id| group(*id, names)))
}

fn bundle(id: BundleId, names: &dyn Naming) -> String {
    named(id, names.bundle_key(id))
}

fn entitlement(id: EntitlementId, names: &dyn Naming) -> String {
    names
        .entitlement_key(id)
        .map_or_else(|| quoted(&id.to_string()), |(system, key)| quoted(&format!("{system}/{key}")))
}

fn system_field(id: SystemId, names: &dyn Naming) -> String {
    names.system_key(id).map_or_else(|| quoted(&id.to_string()), |key| field(key.as_str()))
}

fn named(id: impl Display, key: Option<Key>) -> String {
    key.map_or_else(|| quoted(&id.to_string()), |key| quoted(key.as_str()))
}

fn in_order(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut items = items.collect::<Vec<_>>();
    items.sort();
    items
}

fn joined(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

fn braced(fields: &[String]) -> String {
    if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A name on the left of `=`.
fn field(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { name.to_owned() } else { quoted(name) }
}

/// A table being written.
struct Text(String);

impl Text {
    fn under(header: &str) -> Self {
        Self(format!("{header}\n"))
    }

    fn set(&mut self, name: &str, value: impl Display) {
        // Writing into a text cannot fail.
        let _ = writeln!(self.0, "{name} = {value}");
    }

    fn maybe(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// A field that is either true or absent.
    fn only(&mut self, name: &str, holds: bool) {
        if holds {
            self.set(name, true);
        }
    }

    fn list(&mut self, name: &str, items: impl IntoIterator<Item = String>) {
        let items = items.into_iter().collect::<Vec<_>>();
        let line = items.join(", ");
        if name.len() + line.chars().count() + " = []".len() <= WIDE {
            self.set(name, format_args!("[{line}]"));
        } else {
            self.set(name, format_args!("[\n  {},\n]", items.join(",\n  ")));
        }
    }

    fn below(&mut self, table: &Self) {
        self.0.push('\n');
        for line in table.0.lines() {
            let _ = writeln!(self.0, "  {line}");
        }
    }
}
