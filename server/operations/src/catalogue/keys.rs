//! Which key stands for which id: asked when drafts become the portal's own words, and when those become text again.

use super::{Catalogue, near};
use domain::{
    ids::{BundleId, EntitlementId, GroupId, IdentityId, SystemId},
    text::Key,
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};
use uuid::Uuid;

/// The sorts of things that have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A person or a non-human identity.
    Identity,
    /// A group.
    Group,
    /// A system.
    System,
    /// An entitlement, as `system/entitlement`.
    Entitlement,
    /// A bundle.
    Bundle,
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "person or service",
            Self::Group => "group",
            Self::System => "system",
            Self::Entitlement => "entitlement",
            Self::Bundle => "bundle",
        })
    }
}

/// Who knows the id behind a key.
pub trait Resolve {
    /// The person or service with this key.
    fn identity(&self, key: &Key) -> Option<IdentityId>;
    /// The group with this key.
    fn group(&self, key: &Key) -> Option<GroupId>;
    /// The system with this key.
    fn system(&self, key: &Key) -> Option<SystemId>;
    /// The entitlement with this key on the system with that one.
    fn entitlement(&self, system: &Key, key: &Key) -> Option<EntitlementId>;
    /// The bundle with this key.
    fn bundle(&self, key: &Key) -> Option<BundleId>;
    /// A known key of this sort that was probably meant by an unknown one; for the message only.
    fn near(&self, _sort: Sort, _key: &str) -> Option<String> {
        None
    }
}

/// Who knows the key behind an id.
pub trait Naming {
    /// The key of a person or service.
    fn identity_key(&self, id: IdentityId) -> Option<Key>;
    /// The key of a group.
    fn group_key(&self, id: GroupId) -> Option<Key>;
    /// The key of a system.
    fn system_key(&self, id: SystemId) -> Option<Key>;
    /// The keys of an entitlement: its system's, and its own.
    fn entitlement_key(&self, id: EntitlementId) -> Option<(Key, Key)>;
    /// The key of a bundle.
    fn bundle_key(&self, id: BundleId) -> Option<Key>;
}

/// Keys and ids, both ways: filled from what the portal knows, then with new ids for what a catalogue adds.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    identities: Pairs<Key, IdentityId>,
    groups: Pairs<Key, GroupId>,
    systems: Pairs<Key, SystemId>,
    entitlements: Pairs<(Key, Key), EntitlementId>,
    bundles: Pairs<Key, BundleId>,
}

impl Keys {
    /// Takes note of a person or service.
    pub fn add_identity(&mut self, key: Key, id: IdentityId) {
        self.identities.add(key, id);
    }

    /// Takes note of a group.
    pub fn add_group(&mut self, key: Key, id: GroupId) {
        self.groups.add(key, id);
    }

    /// Takes note of a system; its entitlements are added one by one.
    pub fn add_system(&mut self, key: Key, id: SystemId) {
        self.systems.add(key, id);
    }

    /// Takes note of an entitlement of a system.
    pub fn add_entitlement(&mut self, system: Key, key: Key, id: EntitlementId) {
        self.entitlements.add((system, key), id);
    }

    /// Takes note of a bundle.
    pub fn add_bundle(&mut self, key: Key, id: BundleId) {
        self.bundles.add(key, id);
    }

    /// Gives an id to everything the catalogue defines that has none yet.
    pub fn allot(&mut self, catalogue: &Catalogue, mut next: impl FnMut() -> Uuid) {
        for key in catalogue.people_and_services.keys() {
            self.identities.allot(key.clone(), || IdentityId(next()));
        }
        for key in catalogue.groups.keys() {
            self.groups.allot(key.clone(), || GroupId(next()));
        }
        for (system, stanza) in &catalogue.systems {
            self.systems.allot(system.clone(), || SystemId(next()));
            for key in stanza.it.entitlements.keys() {
                self.entitlements.allot((system.clone(), key.clone()), || EntitlementId(next()));
            }
        }
        for key in catalogue.bundles.keys() {
            self.bundles.allot(key.clone(), || BundleId(next()));
        }
    }
}

impl Resolve for Keys {
    fn identity(&self, key: &Key) -> Option<IdentityId> {
        self.identities.ids.get(key).copied()
    }

    fn group(&self, key: &Key) -> Option<GroupId> {
        self.groups.ids.get(key).copied()
    }

    fn system(&self, key: &Key) -> Option<SystemId> {
        self.systems.ids.get(key).copied()
    }

    fn entitlement(&self, system: &Key, key: &Key) -> Option<EntitlementId> {
        self.entitlements.ids.get(&(system.clone(), key.clone())).copied()
    }

    fn bundle(&self, key: &Key) -> Option<BundleId> {
        self.bundles.ids.get(key).copied()
    }

    fn near(&self, sort: Sort, key: &str) -> Option<String> {
        let plain = |keys: &mut dyn Iterator<Item = &Key>| near::nearest(key, keys.map(Key::as_str)).map(str::to_owned);
        match sort {
            Sort::Identity => plain(&mut self.identities.ids.keys()),
            Sort::Group => plain(&mut self.groups.ids.keys()),
            Sort::System => plain(&mut self.systems.ids.keys()),
            Sort::Bundle => plain(&mut self.bundles.ids.keys()),
            Sort::Entitlement => {
                let all =
                    self.entitlements.ids.keys().map(|(system, key)| format!("{system}/{key}")).collect::<Vec<_>>();
                near::nearest(key, all.iter().map(String::as_str)).map(str::to_owned)
            }
        }
    }
}

impl Naming for Keys {
    fn identity_key(&self, id: IdentityId) -> Option<Key> {
        self.identities.keys.get(&id).cloned()
    }

    fn group_key(&self, id: GroupId) -> Option<Key> {
        self.groups.keys.get(&id).cloned()
    }

    fn system_key(&self, id: SystemId) -> Option<Key> {
        self.systems.keys.get(&id).cloned()
    }

    fn entitlement_key(&self, id: EntitlementId) -> Option<(Key, Key)> {
        self.entitlements.keys.get(&id).cloned()
    }

    fn bundle_key(&self, id: BundleId) -> Option<Key> {
        self.bundles.keys.get(&id).cloned()
    }
}

#[derive(Clone, Debug)]
struct Pairs<K, I> {
    ids: BTreeMap<K, I>,
    keys: BTreeMap<I, K>,
}

impl<K, I> Default for Pairs<K, I> {
    fn default() -> Self {
        Self { ids: BTreeMap::new(), keys: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, I: Ord + Copy> Pairs<K, I> {
    fn add(&mut self, key: K, id: I) {
        self.keys.insert(id, key.clone());
        self.ids.insert(key, id);
    }

    fn allot(&mut self, key: K, next: impl FnOnce() -> I) {
        if let Entry::Vacant(free) = self.ids.entry(key.clone()) {
            let id = *free.insert(next());
            self.keys.insert(id, key);
        }
    }
}
