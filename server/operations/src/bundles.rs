//! Bundles under four eyes: a new version is a draft, another admin publishes it. In founding mode the founder may, and the event says so.

use crate::{
    Error, Portal,
    catalogue::{self, Naming},
    facts::in_portal,
};
use domain::{
    Actor, Refusal,
    bundle::{Bundle, BundleSpec, Source},
    facts::MOST_MEMBERS,
    ids::{BundleId, EntitlementId, GroupId, IdentityId, SystemId},
    text::Key,
};
use store::{CatalogueKeys, Tx};

impl Portal {
    /// Writes a new version of a bundle, as a draft, from the text of the catalogue. Gives its key.
    pub async fn draft_bundle(&self, actor: &Actor, text: &str) -> Result<String, Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, now).await?.admin()?;
            let draft = catalogue::read_bundle(text).map_err(|mistakes| mistakes_in(&mistakes))?;
            let mut keys = known_keys(&mut tx).await?;
            let known = tx.bundle_by_key(draft.key.as_str()).await?;
            let id = known.as_ref().map_or_else(|| BundleId(self.new_id()), |b| b.id);
            keys.add_bundle(draft.key.clone(), id);
            let spec = draft.resolve(&keys).map_err(|mistakes| mistakes_in(&mistakes))?;
            let key = spec.key.to_string();
            let change = match &known {
                None => Some(Bundle::draft_new(id, actor, spec, now)?),
                Some(bundle) => bundle.draft(actor, spec, now)?,
            };
            if let Some(change) = change {
                self.save(&mut tx, &change).await?;
                self.commit(tx).await?;
            }
            Ok(key)
        })
        .await
    }

    /// Publishes the draft that was looked at.
    pub async fn publish_bundle(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::Publish(number)).await
    }

    /// Throws the draft away that was looked at.
    pub async fn discard_draft(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::Discard(number)).await
    }

    /// Takes a bundle out of the catalogue; live grants run on to their end.
    pub async fn retire_bundle(&self, actor: &Actor, key: &str) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::Retire).await
    }

    async fn change_bundle(&self, actor: &Actor, key: &str, act: BundleAct) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, now).await?.admin()?;
            let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
            let change = match act {
                BundleAct::Publish(number) => {
                    let founding = tx.portal().await?.is_some_and(|p| p.is_founding());
                    let gaps = match &bundle.draft {
                        Some(draft) => self.gaps(&mut tx, &draft.spec).await?,
                        None => Vec::new(),
                    };
                    bundle.publish(actor, number, founding, &gaps, now)?
                }
                BundleAct::Discard(number) => bundle.discard(actor, number, now)?,
                BundleAct::Retire => bundle.retire(actor, now)?,
            };
            self.save(&mut tx, &change).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Why a version may not be published, from itself and from the facts around it: no scope, no living owner, nobody to decide (R5).
    pub(crate) async fn gaps(&self, tx: &mut Tx, spec: &BundleSpec) -> Result<Vec<String>, Error> {
        let mut gaps = spec.gaps();
        let mut systems = std::collections::BTreeMap::new();
        for id in &spec.entitlements {
            let Some(right) = tx.entitlement(*id).await? else {
                gaps.push("it names an entitlement that no system has".to_owned());
                continue;
            };
            if let Some(system) = tx.system(right.system).await? {
                systems.insert(right.system, system);
            }
        }
        for system in systems.values() {
            let owners = system.spec.owners.union(&system.spec.backup_owners).copied().collect();
            if tx.names(&owners, true).await?.is_empty() {
                gaps.push(format!("{} has no living owner", system.spec.name));
            }
        }
        for stage in &spec.stages {
            if let Source::Group { group } = &stage.from {
                let limit = i64::try_from(MOST_MEMBERS + 1).unwrap_or(i64::MAX);
                let members = tx.people_in(*group, self.now(), limit).await?.len();
                if members < usize::from(stage.need) {
                    gaps.push(format!("stage “{}” needs {} and its group has {members}", stage.name, stage.need));
                }
                if members > MOST_MEMBERS {
                    gaps.push(format!("the group of stage “{}” has more than {MOST_MEMBERS} people", stage.name));
                }
            }
        }
        Ok(gaps)
    }
}

/// What an admin does to a bundle that is there.
#[derive(Clone, Copy)]
enum BundleAct {
    Publish(u32),
    Discard(u32),
    Retire,
}

/// Every mistake of a catalogue as one refusal.
pub(crate) fn mistakes_in(mistakes: &[catalogue::Mistake]) -> Error {
    Refusal::Catalogue(mistakes.iter().map(ToString::to_string).collect()).into()
}

/// Every key the portal knows, both ways.
pub(crate) async fn known_keys(tx: &mut Tx) -> Result<catalogue::Keys, Error> {
    let CatalogueKeys { identities, groups, systems, bundles, entitlements } = tx.keys().await?;
    let mut keys = catalogue::Keys::default();
    let key = |text: String| -> Result<Key, Error> {
        text.parse().map_err(|why: domain::text::NotKey| Error::Unready(why.to_string()))
    };
    for (text, id) in identities {
        keys.add_identity(key(text)?, id);
    }
    for (text, id) in groups {
        keys.add_group(key(text)?, id);
    }
    for (text, id) in systems {
        keys.add_system(key(text)?, id);
    }
    for ((system, text), id) in entitlements {
        keys.add_entitlement(key(system)?, key(text)?, id);
    }
    for (text, id) in bundles {
        keys.add_bundle(key(text)?, id);
    }
    Ok(keys)
}

/// The names a bundle's sentence needs, read once.
pub(crate) struct Names {
    pub groups: std::collections::BTreeMap<GroupId, String>,
    pub bundles: std::collections::BTreeMap<BundleId, String>,
    pub people: std::collections::BTreeMap<IdentityId, String>,
    pub rights: std::collections::BTreeMap<EntitlementId, (SystemId, String, String)>,
}

impl Names {
    pub async fn read(tx: &mut Tx, spec: &BundleSpec) -> Result<Self, Error> {
        let mut names = Self {
            groups: std::collections::BTreeMap::new(),
            bundles: std::collections::BTreeMap::new(),
            people: std::collections::BTreeMap::new(),
            rights: std::collections::BTreeMap::new(),
        };
        for id in spec.groups() {
            if let Some(group) = tx.group(id).await? {
                names.groups.insert(id, group.spec.name);
            }
        }
        for condition in &spec.conditions {
            if let domain::condition::Condition::Incompatible { bundles } = condition {
                for id in bundles {
                    if let Some(bundle) = tx.bundle(*id).await? {
                        names.bundles.insert(*id, bundle.name().to_owned());
                    }
                }
            }
        }
        for stage in &spec.stages {
            if let Source::People { people } = &stage.from {
                names.people.extend(tx.names(people, false).await?);
            }
        }
        for id in &spec.entitlements {
            if let Some(right) = tx.entitlement(*id).await?
                && let Some(system) = tx.system(right.system).await?
                && let Some(it) = system.spec.entitlements.get(id)
            {
                names.rights.insert(*id, (right.system, system.spec.name.clone(), it.name.clone()));
            }
        }
        Ok(names)
    }

    pub fn group(&self, id: GroupId) -> String {
        self.groups.get(&id).cloned().unwrap_or_else(|| "a group that is gone".to_owned())
    }

    pub fn bundle(&self, id: BundleId) -> String {
        self.bundles.get(&id).cloned().unwrap_or_else(|| "a bundle that is gone".to_owned())
    }

    /// What is inside, as people read it.
    pub fn inside(&self) -> Vec<String> {
        self.rights.values().map(|(_, system, right)| format!("{system}: {right}")).collect()
    }

    /// The systems it reaches.
    pub fn systems(&self) -> Vec<String> {
        let all: std::collections::BTreeSet<_> = self.rights.values().map(|(_, system, _)| system.clone()).collect();
        all.into_iter().collect()
    }

    /// Who approves, in a few words.
    pub fn approval(&self, spec: &BundleSpec) -> String {
        if spec.automatic {
            return "at once, by policy".to_owned();
        }
        let stages = spec.stages.iter().map(|stage| {
            let n = domain::ruling::count(stage.need);
            match &stage.from {
                Source::Owners if stage.need == 1 => "an owner".to_owned(),
                Source::Owners => format!("{n} owners"),
                Source::Group { group } => format!("{n} of {}", self.group(*group)),
                Source::People { people } => {
                    let names: Vec<_> = people.iter().filter_map(|p| self.people.get(p).cloned()).collect();
                    if people.len() == usize::from(stage.need) {
                        domain::text::and(&names)
                    } else {
                        format!("{n} of {}", domain::text::or(&names))
                    }
                }
                Source::Manager => "the manager".to_owned(),
            }
        });
        let stages: Vec<_> = stages.collect();
        if stages.is_empty() { "an owner".to_owned() } else { stages.join(", then ") }
    }

    /// The bundle as a sentence.
    pub fn sentence(&self, spec: &BundleSpec) -> String {
        let conditions: Vec<_> =
            spec.conditions.iter().map(|c| c.sentence(&|g| self.group(g), &|b| self.bundle(b))).collect();
        let (who, rest): (Vec<_>, Vec<_>) = conditions.into_iter().partition(|c| c.starts_with("open to"));
        let who = who.first().map_or_else(|| "Nobody".to_owned(), |w| capital(w.trim_start_matches("open to ")));
        let needs = if rest.is_empty() { String::new() } else { format!(" It wants {}.", domain::text::and(&rest)) };
        let approval = if spec.automatic {
            "at once, by policy alone".to_owned()
        } else {
            format!("with approval by {}", self.approval(spec))
        };
        format!("{who} may have {} for up to {}, {approval}.{needs}", domain::text::and(&self.inside()), spec.longest)
    }

    /// The conditions in words.
    pub fn conditions(&self, spec: &BundleSpec) -> Vec<String> {
        spec.conditions.iter().map(|c| c.sentence(&|g| self.group(g), &|b| self.bundle(b))).collect()
    }
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The text of a bundle as it is written in the catalogue.
pub(crate) fn text(spec: &BundleSpec, names: &dyn Naming) -> String {
    catalogue::bundle_text(spec, names)
}
