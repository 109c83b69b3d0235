//! The editor of bundles: a form filled from a version, what it would make while one edits, and saving it as a draft.

use crate::{
    Error, Portal,
    bundles::{Names, known_keys, mistakes_in, text},
    catalogue::{self, Keys, Resolve},
    facts::{Conferring, entitlement_facts, in_portal},
    memberships::{Power, powers},
};
use domain::{
    Actor, Refusal,
    bundle::{Bundle, BundleSpec},
    facts::EntitlementFacts,
    form::Input,
    identity::Kind,
    ids::BundleId,
    resource::ConnectorKind,
    text::{Key, and},
    views::{
        Change,
        editor::{BundleEditor, BundleSketch, Choice, FieldFault, SystemChoice, Values},
    },
};
use std::collections::BTreeSet;
use store::Tx;

/// So many of each are offered to pick from; any other is written by its key.
const OFFERED: i64 = 500;

/// A new bundle as the editor begins it.
const NEW: &str = r#"[[bundle]]
key = ""
name = ""
says = ""
entitlements = []
longest = "8h"
default = "4h"
askers = { kinds = ["person"] }
justification = { at_least = 20 }
[[bundle.stage]]
name = "Owner"
need = 1
from = { owners = true }
"#;

impl Portal {
    /// The editor: of the bundle with this key, or of a new one where it is empty.
    pub async fn bundle_editor(&self, actor: &Actor, key: &str) -> Result<BundleEditor, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.admin()?;
        let keys = known_keys(&mut tx).await?;
        let bundle = edited(&mut tx, key).await?;
        let written = match &bundle {
            Some(bundle) => text(bundle.newest().ok_or(Error::NotFound)?, &keys),
            None => NEW.to_owned(),
        };
        let guardrails = self.guardrails(&mut tx).await?;
        Ok(BundleEditor {
            key: key.to_owned(),
            name: bundle.as_ref().map(|it| it.name().to_owned()).unwrap_or_default(),
            after: bundle.as_ref().map_or(0, |it| it.versions),
            values: catalogue::values(&written),
            text: written,
            systems: systems(&mut tx, &guardrails.named_groups(), &guardrails.deciding_groups()).await?,
            groups: groups(&mut tx).await?,
            people: people(&mut tx).await?,
            bundles: bundles(&mut tx, key).await?,
            zones: chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name().to_owned()).collect(),
        })
    }

    /// What the form would make; saves nothing.
    pub async fn sketch_bundle(&self, actor: &Actor, key: &str, values: &Values) -> Result<BundleSketch, Error> {
        self.paced(actor)?;
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.admin()?;
        let mut keys = known_keys(&mut tx).await?;
        let bundle = edited(&mut tx, key).await?;
        let newest = bundle.as_ref().and_then(Bundle::newest);
        let against = bundle.as_ref().map(|it| it.versions);
        let id = bundle.as_ref().map_or_else(|| BundleId(self.new_id()), |it| it.id);
        let spec = match read_form(&mut keys, bundle.as_ref(), id, values) {
            Ok(spec) => spec,
            Err(faults) => {
                return Ok(BundleSketch { sentence: None, faults, gaps: Vec::new(), against, diff: Vec::new() });
            }
        };
        let sentence = Names::read(&mut tx, &[&spec]).await?.sentence(&spec);
        let diff = match newest {
            Some(newest) => differences(&mut tx, &keys, Some(newest), &spec).await?,
            None => Vec::new(),
        };
        let gaps = self.gaps(&mut tx, &spec).await?;
        Ok(BundleSketch { sentence: Some(sentence), faults: Vec::new(), gaps, against, diff })
    }

    /// Saves the form as a draft: of the bundle with this key, or of a new one where it is empty. `after` is how many versions there were
    /// when one began. Gives the bundle's key.
    pub async fn edit_bundle(&self, actor: &Actor, key: &str, after: u32, values: &Values) -> Result<String, Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, self.now()).await?.admin()?;
            let mut keys = known_keys(&mut tx).await?;
            let bundle = edited(&mut tx, key).await?;
            let id = bundle.as_ref().map_or_else(|| BundleId(self.new_id()), |it| it.id);
            let spec = read_form(&mut keys, bundle.as_ref(), id, values)
                .map_err(|faults| Refusal::Form(faults.into_iter().map(|fault| fault.says).collect()))?;
            self.save_draft(tx, actor, bundle.as_ref(), id, spec, after).await
        })
        .await
    }

    /// Writes a new version of a bundle, as a draft, from the text of the catalogue. `after` is how many versions there were when one
    /// began. Gives its key.
    pub async fn draft_bundle(&self, actor: &Actor, text: &str, after: u32) -> Result<String, Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, self.now()).await?.admin()?;
            let draft = catalogue::read_bundle(text).map_err(|mistakes| mistakes_in(&mistakes))?;
            let mut keys = known_keys(&mut tx).await?;
            let known = tx.bundle_by_key(draft.key.as_str()).await?;
            let id = known.as_ref().map_or_else(|| BundleId(self.new_id()), |it| it.id);
            keys.add_bundle(draft.key.clone(), id);
            let spec = draft.resolve(&keys).map_err(|mistakes| mistakes_in(&mistakes))?;
            self.save_draft(tx, actor, known.as_ref(), id, spec, after).await
        })
        .await
    }

    async fn save_draft(
        &self,
        mut tx: Tx,
        actor: &Actor,
        known: Option<&Bundle>,
        id: BundleId,
        spec: BundleSpec,
        after: u32,
    ) -> Result<String, Error> {
        let now = self.now();
        let key = spec.key.to_string();
        let change = match known {
            None => Some(Bundle::draft_new(id, actor, spec, now)?),
            Some(bundle) => bundle.draft(actor, spec, Some(after), now)?,
        };
        if let Some(change) = change {
            self.save(&mut tx, &change).await?;
            self.commit(tx).await?;
        }
        Ok(key)
    }
}

/// The bundle that is edited; none where a new one is written.
async fn edited(tx: &mut Tx, key: &str) -> Result<Option<Bundle>, Error> {
    if key.is_empty() {
        return Ok(None);
    }
    tx.bundle_by_key(key).await?.ok_or(Error::NotFound).map(Some)
}

/// What a form says, with ids for keys, or what is wrong with which field.
fn read_form(
    keys: &mut Keys,
    bundle: Option<&Bundle>,
    id: BundleId,
    values: &Values,
) -> Result<BundleSpec, Vec<FieldFault>> {
    let written = catalogue::Written::of(values, bundle.map(|it| it.key.as_str()));
    let draft = written.read()?;
    if bundle.is_none() && keys.bundle(&draft.key).is_some() {
        let says = format!("there is a bundle `{}` already: choose another key, or edit that one", draft.key);
        return Err(vec![FieldFault { field: BundleSpec::KEY.name.to_owned(), says }]);
    }
    keys.add_bundle(draft.key.clone(), id);
    draft.resolve(keys).map_err(|mistakes| written.faults(&mistakes))
}

/// What differs between two versions, field by field, in the words of the form.
pub(crate) async fn differences(
    tx: &mut Tx,
    keys: &Keys,
    before: Option<&BundleSpec>,
    after: &BundleSpec,
) -> Result<Vec<Change>, Error> {
    let old = before.map(|spec| catalogue::values(&text(spec, keys))).unwrap_or_default();
    let new = catalogue::values(&text(after, keys));
    let both: Vec<_> = before.into_iter().chain([after]).collect();
    let names = Names::read(tx, &both).await?;
    // The form of both has the stages of either.
    let all: Values = old.iter().chain(&new).map(|(name, held)| (name.clone(), held.clone())).collect();
    let said = |values: &Values, path: &str, input| {
        let held = values.get(path).map(Vec::as_slice).unwrap_or_default();
        let held: Vec<_> = held.iter().map(|value| called(value, input, keys, &names)).collect();
        held.join(", ")
    };
    let changed = catalogue::fields(&all).into_iter().filter(|(path, ..)| old.get(path) != new.get(path));
    Ok(changed
        .map(|(path, what, input)| Change { what, before: said(&old, &path, input), after: said(&new, &path, input) })
        .filter(|change| change.before != change.after)
        .collect())
}

/// What stands in a field, as people call it.
fn called(value: &str, input: Input, keys: &Keys, names: &Names) -> String {
    let key = || value.parse::<Key>().ok();
    let name = match input {
        Input::One(_) | Input::Any(_) => {
            input.words().into_iter().find(|(word, _)| *word == value).map(|(_, name)| name.to_owned())
        }
        Input::Yes => Some("yes".to_owned()),
        Input::Group | Input::Groups => key().and_then(|key| keys.group(&key)).map(|id| names.group(id)),
        Input::Bundles => key().and_then(|key| keys.bundle(&key)).map(|id| names.bundle(id)),
        Input::People => key().and_then(|key| keys.identity(&key)).and_then(|id| names.people.get(&id).cloned()),
        Input::Rights => value
            .split_once('/')
            .and_then(|(system, right)| keys.entitlement(&system.parse().ok()?, &right.parse().ok()?))
            .and_then(|id| names.rights.get(&id))
            .map(ToString::to_string),
        Input::Line { .. }
        | Input::Pattern
        | Input::Key
        | Input::Span
        | Input::Number { .. }
        | Input::Time
        | Input::Zone
        | Input::Tags => None,
    };
    name.unwrap_or_else(|| value.to_owned())
}

async fn systems(tx: &mut Tx, guarding: &BTreeSet<Key>, demanded: &BTreeSet<Key>) -> Result<Vec<SystemChoice>, Error> {
    let mut choices = Vec::new();
    for system in tx.systems("", "", OFFERED).await?.into_iter().map(|listed| listed.it) {
        let spec = &system.spec;
        let directory = spec.connector == ConnectorKind::Directory;
        let all = spec.entitlements.iter();
        let all: Vec<_> = all.map(|(id, right)| Conferring { id: *id, system: &system, right, directory }).collect();
        let facts = entitlement_facts(tx, &all, guarding).await?;
        let mut rights = Vec::new();
        for it in &all {
            let Some(facts) = facts.get(&it.id) else { continue };
            let says = confers(tx, it, facts, demanded).await?;
            rights.push(Choice { value: format!("{}/{}", spec.key, it.right.key), name: it.right.name.clone(), says });
        }
        let says = format!("{}, {} sensitivity", spec.environment.word(), spec.sensitivity.word());
        choices.push(SystemChoice { rights, says, name: system.spec.name });
    }
    Ok(choices)
}

/// What a right confers: what it says, what the system calls it, which groups one joins by it and what they may do, and whether it is
/// privileged, by its name or by what is derived (R15).
async fn confers(
    tx: &mut Tx,
    it: &Conferring<'_>,
    facts: &EntitlementFacts,
    demanded: &BTreeSet<Key>,
) -> Result<String, Error> {
    let right = it.right;
    let mut parts = vec![right.says.clone(), format!("{} in the system", right.native)];
    if right.privileged {
        parts.push("privileged".to_owned());
    }
    if !it.directory {
        return Ok(parts.join("; "));
    }
    for id in &facts.joins {
        let Some(group) = tx.group(*id).await? else { continue };
        let may: Vec<_> = powers(tx, *id, demanded).await?.iter().map(Power::says).collect();
        let which = if may.is_empty() { String::new() } else { format!(", which {}", and(&may)) };
        parts.push(format!("makes one a member of {}{which}", group.spec.name));
    }
    if facts.privileged.is_some() && !right.privileged {
        parts.push("and so is privileged".to_owned());
    }
    Ok(parts.join("; "))
}

/// The groups, for picking some.
pub(crate) async fn groups(tx: &mut Tx) -> Result<Vec<Choice>, Error> {
    let groups = tx.groups("", "", OFFERED).await?.into_iter().map(|listed| listed.it.spec);
    Ok(groups.map(|spec| Choice { value: spec.key.to_string(), name: spec.name, says: spec.says }).collect())
}

/// The people, for picking some.
pub(crate) async fn people(tx: &mut Tx) -> Result<Vec<Choice>, Error> {
    let people = tx.identities("", "", OFFERED).await?.into_iter().map(|listed| listed.it);
    Ok(people
        .filter(|it| it.spec.kind == Kind::Person && it.is_active())
        .map(|it| Choice {
            value: it.spec.key.to_string(),
            name: it.spec.name,
            says: it.spec.department.unwrap_or_default(),
        })
        .collect())
}

async fn bundles(tx: &mut Tx, but: &str) -> Result<Vec<Choice>, Error> {
    let bundles = tx.bundles("", "", OFFERED).await?.into_iter().map(|listed| listed.it);
    Ok(bundles
        .filter(|it| it.key.as_str() != but)
        .map(|it| Choice { value: it.key.to_string(), name: it.name().to_owned(), says: String::new() })
        .collect())
}
