//! What can be asked for: the catalogue, the form, and for whom the reader could ask, so far as that can be said beforehand.

use super::{limit, listed};
use crate::{Error, Portal, bundles::Names, facts::reader};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    bundle::{Bundle, BundleVersion},
    condition::Condition,
    identity::{Identity, Kind},
    ids::{BundleId, GrantId, GroupId},
    text::or,
    views::{AskForm, BundleCard, Named, Page},
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Tx, Wait};

/// By how many of the last that were granted it is told how long one usually waits.
const LAST: i64 = 9;
/// How many systems one can choose from.
const MOST_SYSTEMS: i64 = 200;

/// What is known of somebody before anything is asked for them.
struct Standpoint {
    who: Identity,
    groups: BTreeSet<GroupId>,
    /// The bundles they have to do with: the name, and where it stands.
    standings: BTreeMap<BundleId, (String, String)>,
    /// What must not come into the same hands as one of those, by its words.
    ruled_out: BTreeMap<BundleId, BundleId>,
}

/// Bundles with all it takes to say who may ask for them, read at once.
struct Offers {
    versions: Vec<BundleVersion>,
    names: Names,
    /// How long one usually waits for each.
    usual: BTreeMap<BundleId, u32>,
}

/// One of them.
#[derive(Clone, Copy)]
struct Offer<'a> {
    version: &'a BundleVersion,
    among: &'a Offers,
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
        let me = reader(&mut tx, actor).await?;
        let system = match system.trim() {
            "" => None,
            key => Some(tx.system_by_key(key).await?.ok_or(Error::NotFound)?.id),
        };
        let (bundles, next) = listed(tx.catalogue(q, system, after, limit()).await?);
        let (me, others) = standpoints(&mut tx, me, self.now()).await?;
        let offers = Offers::read(&mut tx, &bundles).await?;
        Ok(Page { items: offers.each().map(|it| it.card(&me, &others)).collect(), next })
    }

    /// The systems, for choosing one.
    pub async fn systems_for_filter(&self, actor: &Actor) -> Result<Vec<Named>, Error> {
        let mut tx = self.store().read().await?;
        reader(&mut tx, actor).await?;
        let systems = tx.system_names(MOST_SYSTEMS).await?;
        Ok(systems.into_iter().map(|(key, name)| Named { id: key, name }).collect())
    }

    /// What the reader could ask for now, of the first page of the catalogue.
    pub(super) async fn eligible(&self, tx: &mut Tx, me: Identity) -> Result<Vec<BundleCard>, Error> {
        let me = Standpoint::read(tx, me, self.now()).await?;
        let (bundles, _) = listed(tx.catalogue("", None, store::FIRST, limit()).await?);
        let offers = Offers::read(tx, &bundles).await?;
        Ok(offers.each().filter(|it| me.may_ask(*it)).map(|it| it.card(&me, &[])).collect())
    }

    /// The form for asking.
    pub async fn ask_form(&self, actor: &Actor, key: &str, continues: Option<GrantId>) -> Result<AskForm, Error> {
        let mut tx = self.store().read().await?;
        let me = reader(&mut tx, actor).await?;
        let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
        let offers = Offers::read(&mut tx, std::slice::from_ref(&bundle)).await?;
        let offer = offers.each().next().ok_or(Error::NotFound)?;
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
            subjects.sort_by_key(|it| (!it.may_ask(offer), !offer.is_for(it.who.spec.kind)));
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
            conditions: offers.names.conditions(spec),
            bundle: offer.card(&me, &others),
        })
    }
}

/// How long people usually waited for these bundles, in minutes: the median.
pub(super) async fn usual_minutes(tx: &mut Tx, bundles: &BTreeSet<BundleId>) -> Result<BTreeMap<BundleId, u32>, Error> {
    let median = |waits: Vec<Wait>| {
        let mut minutes: Vec<_> =
            waits.iter().map(|(asked, decided)| (*decided - *asked).num_minutes().max(1)).collect();
        minutes.sort_unstable();
        minutes.get(minutes.len() / 2).and_then(|it| u32::try_from(*it).ok())
    };
    let waits = tx.recent_waits(bundles, LAST).await?;
    Ok(waits.into_iter().filter_map(|(id, waits)| Some((id, median(waits)?))).collect())
}

/// The reader, and everybody they answer for.
async fn standpoints(tx: &mut Tx, me: Identity, now: DateTime<Utc>) -> Result<(Standpoint, Vec<Standpoint>), Error> {
    let answered_for: Vec<_> = tx.answered_for_by(me.id).await?.into_iter().map(|(id, ..)| id).collect();
    let mut read = tx.identities_among(&answered_for.iter().copied().collect()).await?;
    let mut others = Vec::new();
    for id in answered_for {
        if let Some(other) = read.remove(&id) {
            others.push(Standpoint::read(tx, other, now).await?);
        }
    }
    Ok((Standpoint::read(tx, me, now).await?, others))
}

impl Offers {
    /// Those of these bundles that can be asked for.
    async fn read(tx: &mut Tx, bundles: &[Bundle]) -> Result<Self, Error> {
        let versions: Vec<_> = bundles.iter().filter_map(Bundle::open_version).collect();
        let specs: Vec<_> = versions.iter().map(|it| &it.spec).collect();
        let names = Names::read(tx, &specs).await?;
        let usual = usual_minutes(tx, &versions.iter().map(|it| it.bundle).collect()).await?;
        Ok(Self { versions, names, usual })
    }

    fn each(&self) -> impl Iterator<Item = Offer<'_>> {
        self.versions.iter().map(|version| Offer { version, among: self })
    }
}

impl Offer<'_> {
    /// Whether it is meant for identities of this kind.
    fn is_for(self, kind: Kind) -> bool {
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

    fn card(self, me: &Standpoint, others: &[Standpoint]) -> BundleCard {
        let (id, spec, names) = (self.version.bundle, &self.version.spec, &self.among.names);
        let may = |it: &&Standpoint| !me.may_ask(self) && it.may_ask(self);
        BundleCard {
            id,
            key: spec.key.to_string(),
            name: spec.name.clone(),
            says: spec.says.clone(),
            inside: names.inside(spec),
            systems: names.systems(spec),
            longest: spec.longest,
            default: spec.default,
            approval: names.approval(spec),
            usual_minutes: self.among.usual.get(&id).copied(),
            why_not: me.why_not(self),
            standing: me.standings.get(&id).map(|(_, state)| state.clone()),
            others: others.iter().filter(may).map(|it| it.who.spec.name.clone()).collect(),
        }
    }
}

impl Standpoint {
    async fn read(tx: &mut Tx, who: Identity, now: DateTime<Utc>) -> Result<Self, Error> {
        let groups = tx.groups_of(who.id, now).await?;
        let standings = tx.standings_of(who.id).await?;
        let mut ruled_out = BTreeMap::new();
        for (by, out) in tx.ruled_out_by(&standings.keys().copied().collect()).await? {
            ruled_out.extend(out.into_iter().map(|out| (out, by)));
        }
        Ok(Self { who, groups, standings, ruled_out })
    }

    /// Whether it could be asked for now, so far as that can be said before asking.
    fn may_ask(&self, offer: Offer<'_>) -> bool {
        !self.standings.contains_key(&offer.version.bundle) && self.why_not(offer).is_none()
    }

    /// Why they cannot have it, told to themselves, so far as that can be said before asking.
    fn why_not(&self, offer: Offer<'_>) -> Option<String> {
        for condition in &offer.version.spec.conditions {
            match condition {
                Condition::Askers { groups, kinds } => {
                    if !kinds.is_empty() && !kinds.contains(&self.who.spec.kind) {
                        let kinds: Vec<_> = kinds.iter().map(|k| k.plural().to_owned()).collect();
                        return Some(format!("This is for {}.", or(&kinds)));
                    }
                    if !groups.is_empty() && groups.is_disjoint(&self.groups) {
                        let groups: Vec<_> = groups.iter().map(|g| offer.among.names.group(*g)).collect();
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
        // The portal's own directory knows every identity.
        let mut accounts = offer.among.names.rights(&offer.version.spec).filter(|right| !right.directory);
        let missing = accounts.find(|right| !self.who.accounts.contains_key(&right.system));
        self.clash(offer).or_else(|| missing.map(|right| format!("You have no account on {}.", right.on)))
    }

    /// What they have to do with that must not be in the same hands, by the words of either.
    fn clash(&self, offer: Offer<'_>) -> Option<String> {
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
