//! What can be asked for: the catalogue, the form, and for whom the reader could ask, so far as that can be said beforehand.

use super::{limit, listed, usual};
use crate::{Error, Portal, bundles::Names, facts::ruled_out_by};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    bundle::{Bundle, BundleVersion},
    condition::Condition,
    identity::{Identity, Kind},
    ids::{BundleId, GrantId, GroupId, IdentityId, SystemId},
    resource::ConnectorKind,
    text::or,
    views::{AskForm, BundleCard, Named, Page},
};
use std::collections::{BTreeMap, BTreeSet};
use store::Tx;

/// What is known of somebody before anything is asked for them.
struct Standpoint {
    who: Identity,
    groups: BTreeSet<GroupId>,
    /// The bundles they have to do with: the name, and where it stands.
    standings: BTreeMap<BundleId, (String, String)>,
    /// What must not come into the same hands as one of those, by its words.
    ruled_out: BTreeMap<BundleId, BundleId>,
}

/// A bundle with all it takes to say who may ask for it.
struct Offer {
    version: BundleVersion,
    names: Names,
    /// The systems on which one needs an account, by name.
    accounts: BTreeMap<SystemId, String>,
}

impl Portal {
    /// The bundles that can be asked for.
    pub async fn catalogue(
        &self,
        actor: &Actor,
        q: &str,
        system: &str,
        after: &str,
    ) -> Result<Page<BundleCard>, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let system = match system.trim() {
            "" => None,
            key => Some(tx.system_by_key(key).await?.ok_or(Error::NotFound)?.id),
        };
        let (bundles, next) = listed(tx.catalogue(q, system, after, limit()).await?);
        let (me, others) = standpoints(&mut tx, me, self.now()).await?;
        let mut items = Vec::new();
        for bundle in &bundles {
            let offer = Offer::read(&mut tx, bundle).await?;
            items.push(offer.card(&mut tx, &me, &others).await?);
        }
        Ok(Page { items, next })
    }

    /// The systems, for choosing one.
    pub async fn systems_for_filter(&self, actor: &Actor) -> Result<Vec<Named>, Error> {
        let mut tx = self.store().read().await?;
        self.reader(&mut tx, actor).await?;
        let systems = tx.systems("", store::FIRST, 200).await?;
        Ok(systems.into_iter().map(|s| Named { id: s.it.spec.key.to_string(), name: s.it.spec.name }).collect())
    }

    /// What the reader could ask for now, of the first page of the catalogue.
    pub(super) async fn eligible(&self, tx: &mut Tx, me: IdentityId) -> Result<Vec<BundleCard>, Error> {
        let me = tx.identity(me).await?.ok_or(Error::NotFound)?;
        let me = Standpoint::read(tx, me, self.now()).await?;
        let (bundles, _) = listed(tx.catalogue("", None, store::FIRST, limit()).await?);
        let mut cards = Vec::new();
        for bundle in &bundles {
            let offer = Offer::read(tx, bundle).await?;
            if me.may_ask(&offer) {
                cards.push(offer.card(tx, &me, &[]).await?);
            }
        }
        Ok(cards)
    }

    /// The form for asking.
    pub async fn ask_form(&self, actor: &Actor, key: &str, continues: Option<GrantId>) -> Result<AskForm, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
        let offer = Offer::read(&mut tx, &bundle).await?;
        let (me, others) = standpoints(&mut tx, me, self.now()).await?;
        let mut subjects: Vec<&Standpoint> = [&me].into_iter().chain(&others).collect();
        if let Some(id) = continues {
            let grant = tx.grant(id).await?.filter(|g| g.bundle == bundle.id).ok_or(Error::NotFound)?;
            subjects.retain(|it| it.who.id == grant.subject);
            if subjects.is_empty() {
                return Err(Error::NotFound);
            }
        } else {
            // Those come first for whom it can be asked now, then those it is meant for; the reader before others.
            subjects.sort_by_key(|it| (!it.may_ask(&offer), !offer.is_for(it.who.spec.kind)));
        }
        let named = |it: &Standpoint| {
            let name = &it.who.spec.name;
            let name = if it.who.id == me.who.id { format!("{name} (me)") } else { name.clone() };
            Named { id: it.who.id.to_string(), name }
        };
        let spec = &offer.version.spec;
        Ok(AskForm {
            subjects: subjects.into_iter().map(named).collect(),
            asks: spec.conditions.iter().filter_map(Condition::asks).collect(),
            continues,
            conditions: offer.names.conditions(spec),
            bundle: offer.card(&mut tx, &me, &others).await?,
        })
    }
}

/// The reader, and everybody they answer for.
async fn standpoints(tx: &mut Tx, me: IdentityId, now: DateTime<Utc>) -> Result<(Standpoint, Vec<Standpoint>), Error> {
    let mut others = Vec::new();
    for (id, ..) in tx.answered_for_by(me).await? {
        if let Some(other) = tx.identity(id).await? {
            others.push(Standpoint::read(tx, other, now).await?);
        }
    }
    let me = tx.identity(me).await?.ok_or(Error::NotFound)?;
    Ok((Standpoint::read(tx, me, now).await?, others))
}

impl Offer {
    async fn read(tx: &mut Tx, bundle: &Bundle) -> Result<Self, Error> {
        let version = bundle.open_version().ok_or(Error::NotFound)?;
        let names = Names::read(tx, &version.spec).await?;
        let mut accounts = BTreeMap::new();
        for (system, name, _) in names.rights.values() {
            // The portal's own directory knows every identity.
            let known = tx.system(*system).await?.is_some_and(|s| s.spec.connector == ConnectorKind::Directory);
            if !known {
                accounts.insert(*system, name.clone());
            }
        }
        Ok(Self { version, names, accounts })
    }

    /// Whether it is meant for identities of this kind.
    fn is_for(&self, kind: Kind) -> bool {
        self.version.spec.conditions.iter().all(|condition| match condition {
            Condition::Askers { kinds, .. } => kinds.is_empty() || kinds.contains(&kind),
            Condition::Justification { .. }
            | Condition::WorkItem { .. }
            | Condition::Hours { .. }
            | Condition::Environments { .. }
            | Condition::SensitivityAtMost { .. }
            | Condition::Incompatible { .. } => true,
        })
    }

    async fn card(&self, tx: &mut Tx, me: &Standpoint, others: &[Standpoint]) -> Result<BundleCard, Error> {
        let (id, spec) = (self.version.bundle, &self.version.spec);
        let may = |it: &&Standpoint| !me.may_ask(self) && it.may_ask(self);
        Ok(BundleCard {
            id,
            key: spec.key.to_string(),
            name: spec.name.clone(),
            says: spec.says.clone(),
            inside: self.names.inside(),
            systems: self.names.systems(),
            longest: spec.longest,
            default: spec.default,
            approval: self.names.approval(spec),
            usual_minutes: usual(&tx.recent_waits(id, 9).await?),
            why_not: me.why_not(self),
            standing: me.standings.get(&id).map(|(_, state)| state.clone()),
            others: others.iter().filter(may).map(|it| it.who.spec.name.clone()).collect(),
        })
    }
}

impl Standpoint {
    async fn read(tx: &mut Tx, who: Identity, now: DateTime<Utc>) -> Result<Self, Error> {
        let groups = tx.groups_of(who.id, now).await?;
        let standings = tx.standings_of(who.id).await?;
        let mut ruled_out = BTreeMap::new();
        for by in standings.keys() {
            ruled_out.extend(ruled_out_by(tx, *by).await?.into_iter().map(|out| (out, *by)));
        }
        Ok(Self { who, groups, standings, ruled_out })
    }

    /// Whether it could be asked for now, so far as that can be said before asking.
    fn may_ask(&self, offer: &Offer) -> bool {
        !self.standings.contains_key(&offer.version.bundle) && self.why_not(offer).is_none()
    }

    /// Why they cannot have it, told to themselves, so far as that can be said before asking.
    fn why_not(&self, offer: &Offer) -> Option<String> {
        for condition in &offer.version.spec.conditions {
            match condition {
                Condition::Askers { groups, kinds } => {
                    if !kinds.is_empty() && !kinds.contains(&self.who.spec.kind) {
                        let kinds: Vec<_> = kinds.iter().map(|k| k.plural().to_owned()).collect();
                        return Some(format!("This is for {}.", or(&kinds)));
                    }
                    if !groups.is_empty() && groups.is_disjoint(&self.groups) {
                        let groups: Vec<_> = groups.iter().map(|g| offer.names.group(*g)).collect();
                        return Some(format!("You are not in {}.", or(&groups)));
                    }
                }
                Condition::Incompatible { .. }
                | Condition::Justification { .. }
                | Condition::WorkItem { .. }
                | Condition::Hours { .. }
                | Condition::Environments { .. }
                | Condition::SensitivityAtMost { .. } => {}
            }
        }
        let missing = offer.accounts.iter().find(|(system, _)| !self.who.accounts.contains_key(system));
        self.clash(offer).or_else(|| missing.map(|(_, name)| format!("You have no account on {name}.")))
    }

    /// What they have to do with that must not be in the same hands, by the words of either.
    fn clash(&self, offer: &Offer) -> Option<String> {
        let out = offer.version.spec.incompatible();
        let named = self.standings.keys().find(|id| out.contains(id));
        let (name, state) = self.standings.get(named.or(self.ruled_out.get(&offer.version.bundle))?)?;
        let has = match state.as_str() {
            "active" => format!("You hold {name}"),
            "ending" => format!("{name} is only being taken back from you"),
            "waiting" => format!("You have asked for {name}"),
            _ => format!("{name} is being made for you"),
        };
        Some(format!("{has}; the two must not be in the same hands."))
    }
}
