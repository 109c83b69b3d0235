//! Bundles under four eyes: a new version is a draft, its author submits it, and another admin looks at it and at its replay, and publishes
//! it. In founding mode the founder may alone, and the event says so.

use crate::{
    Error, Portal,
    acts::{tell_admins, tell_people},
    catalogue::{self, Naming},
    facts::{in_portal, is_founding, maybe_one_with},
    replay::progress,
    requests::prose,
};
use domain::{
    Actor, Refusal,
    bundle::{Bundle, BundleSpec, Source, Stage},
    condition::Condition,
    facts::MOST_MEMBERS,
    ids::{BundleId, EntitlementId, GroupId, IdentityId},
    review::{Around, Draft},
    stepup::{Confirmed, Verified},
    text::{Key, Prose},
};
use std::collections::{BTreeMap, BTreeSet};
use store::{CatalogueKeys, ReplayOf, Right, Tx};

impl Portal {
    /// Gives the draft to the other admins to look at, and begins its replay.
    pub async fn submit_draft(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::Submit(number)).await
    }

    /// Takes the draft back from review.
    pub async fn withdraw_draft(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::Withdraw(number)).await
    }

    /// Writes on the draft.
    pub async fn comment_on_draft(&self, actor: &Actor, key: &str, number: u32, text: &str) -> Result<(), Error> {
        let text = prose("comment", text)?;
        self.change_bundle(actor, key, BundleAct::Comment(number, &text)).await
    }

    /// Gives the draft back to who wrote it, and says why.
    pub async fn send_draft_back(&self, actor: &Actor, key: &str, number: u32, text: &str) -> Result<(), Error> {
        let text = prose("comment", text)?;
        self.change_bundle(actor, key, BundleAct::SendBack(number, &text)).await
    }

    /// Throws the draft away that was looked at.
    pub async fn discard_draft(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::Discard(number)).await
    }

    /// Wants a bundle out of the catalogue.
    pub async fn retire_bundle(&self, actor: &Actor, key: &str) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::ProposeRetirement).await
    }

    /// Lets a bundle stay in the catalogue that somebody wanted out.
    pub async fn keep_bundle(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.change_bundle(actor, key, BundleAct::DropRetirement(number)).await
    }

    /// Publishes the draft that was reviewed.
    pub async fn publish_bundle(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        let done = self
            .retrying(|| async {
                let mut tx = self.store().write().await?;
                self.publish_in(&mut tx, actor, key, number, None).await?;
                self.commit(tx).await
            })
            .await;
        if let Err(Error::Refused(Refusal::NotReplayed { .. })) = &done {
            let bundle = self.store().read().await?.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
            self.catch_up_alone(ReplayOf::Bundle(bundle.id)).await?;
        }
        done
    }

    /// The same, within an act that commits it.
    pub(crate) async fn publish_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        key: &str,
        number: u32,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let now = self.now();
        in_portal(tx, actor, now).await?.admin()?;
        let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
        let founding = is_founding(tx).await?;
        let gaps = match &bundle.draft {
            Some(draft) => self.gaps(tx, &draft.spec).await?,
            None => Vec::new(),
        };
        self.catch_up(tx, ReplayOf::Bundle(bundle.id)).await?;
        let (replay, found) = progress(tx, ReplayOf::Bundle(bundle.id), number).await?;
        let authors = bundle.draft.as_ref().map(Draft::people).unwrap_or_default();
        let confirmed = self.as_admin(tx, actor, founding, authors.clone(), verified).await?;
        let change = bundle.publish(actor, number, Around { founding, gaps: &gaps, replay, found }, confirmed, now)?;
        self.save(tx, &change).await?;
        let says = format!("{actor} published version {number} of {}", bundle.name());
        tell_people(self, tx, actor, &authors, &says, &path(&bundle)).await
    }

    /// Takes a bundle out of the catalogue, as was proposed; live grants run on to their end.
    pub async fn confirm_retirement(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.confirm_retirement_in(&mut tx, actor, key, number, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it.
    pub(crate) async fn confirm_retirement_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        key: &str,
        number: u32,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let now = self.now();
        in_portal(tx, actor, now).await?.admin()?;
        let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
        let founding = is_founding(tx).await?;
        let proposer: BTreeSet<_> = bundle.retiring.as_ref().and_then(|it| it.by.person()).into_iter().collect();
        let confirmed = self.as_admin(tx, actor, founding, proposer.clone(), verified).await?;
        let change = bundle.confirm_retirement(actor, number, founding, confirmed, now)?;
        self.save(tx, &change).await?;
        let says = format!("{actor} took {} out of the catalogue, as you proposed", bundle.name());
        tell_people(self, tx, actor, &proposer, &says, &path(&bundle)).await
    }

    /// What confirms an act of an admin: the strongest they have, so that a stolen password alone moves no boundary. While there is but
    /// one admin nothing is asked, as for everything else under four eyes. `others` are those who began what the actor finishes.
    pub(crate) async fn as_admin(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        founding: bool,
        others: BTreeSet<IdentityId>,
        verified: Option<Verified>,
    ) -> Result<Confirmed, Error> {
        let who = match actor.person() {
            Some(id) => tx.identity(id).await?,
            None => None,
        };
        if let Some(who) = &who {
            who.not_barred(self.now())?;
        }
        if let Some(refusal) = self.apart(tx, actor, founding, others).await? {
            return Err(refusal.into());
        }
        Ok(Confirmed { needed: who.filter(|_| !founding).map(|who| who.strongest(self.now())), verified })
    }

    /// Why the actor does not finish what these began: they may all be one person.
    pub(crate) async fn apart(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        founding: bool,
        others: BTreeSet<IdentityId>,
    ) -> Result<Option<Refusal>, Error> {
        let me = match actor.person() {
            Some(id) if !founding => tx.identity(id).await?,
            Some(_) | None => None,
        };
        let Some(me) = me else { return Ok(None) };
        let ones = maybe_one_with(tx, &me, others, self.now()).await?;
        Ok((!ones.is_empty()).then_some(Refusal::MaybeOne))
    }

    async fn change_bundle(&self, actor: &Actor, key: &str, act: BundleAct<'_>) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let authority = in_portal(&mut tx, actor, now).await?;
            authority.admin()?;
            if act.decides() {
                authority.not_barred(now)?;
            }
            let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
            let words = |text: &Prose| self.words(text.as_str()).ok_or(Refusal::Missing("comment"));
            let change = match act {
                BundleAct::Submit(number) => bundle.submit(actor, number, now)?,
                BundleAct::Withdraw(number) => bundle.withdraw(actor, number, now)?,
                BundleAct::Comment(number, text) => bundle.comment(actor, number, words(text)?, now)?,
                BundleAct::SendBack(number, text) => bundle.send_back(actor, number, words(text)?, now)?,
                BundleAct::Discard(number) => bundle.discard(actor, number, now)?,
                BundleAct::ProposeRetirement => bundle.propose_retirement(actor, now)?,
                BundleAct::DropRetirement(number) => bundle.drop_retirement(actor, number, now)?,
            };
            self.save(&mut tx, &change).await?;
            if let BundleAct::Submit(number) = act {
                tx.begin_replay(ReplayOf::Bundle(bundle.id), number, now).await?;
            }
            self.tell_of_bundle(&mut tx, actor, &bundle, act).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Submits the draft that a catalogue brought, in the import's own commit.
    pub(crate) async fn submit_in(&self, tx: &mut Tx, actor: &Actor, bundle: &Bundle) -> Result<(), Error> {
        let now = self.now();
        let change = bundle.submit(actor, bundle.versions, now)?;
        self.save(tx, &change).await?;
        tx.begin_replay(ReplayOf::Bundle(bundle.id), bundle.versions, now).await?;
        self.tell_of_bundle(tx, actor, bundle, BundleAct::Submit(bundle.versions)).await
    }

    /// Tells of an act whom it concerns: the other admins of what waits for them, who wrote a draft of what others think of it.
    async fn tell_of_bundle(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        bundle: &Bundle,
        act: BundleAct<'_>,
    ) -> Result<(), Error> {
        let (name, path) = (bundle.name(), path(bundle));
        let mut authors = bundle.draft.as_ref().map(Draft::people).unwrap_or_default();
        match act {
            BundleAct::Submit(number) => {
                let says = format!("{actor} wants version {number} of {name} reviewed");
                tell_admins(self, tx, actor, &says, &path).await
            }
            BundleAct::Comment(number, _) => {
                // Who wrote on this draft before hears of the answer.
                let on_it = bundle.remarks.iter().filter(|remark| bundle.is_current(remark));
                authors.extend(on_it.filter_map(|remark| remark.by.person()));
                let says = format!("{actor} wrote on draft {number} of {name}");
                tell_people(self, tx, actor, &authors, &says, &path).await
            }
            BundleAct::SendBack(number, _) => {
                let says = format!("{actor} sent draft {number} of {name} back to you");
                tell_people(self, tx, actor, &authors, &says, &path).await
            }
            BundleAct::Discard(number) => {
                let says = format!("{actor} threw away draft {number} of {name}");
                tell_people(self, tx, actor, &authors, &says, &path).await
            }
            BundleAct::ProposeRetirement => {
                let says = format!("{actor} wants {name} out of the catalogue: another admin confirms it");
                tell_admins(self, tx, actor, &says, &path).await
            }
            BundleAct::DropRetirement(_) => {
                let proposer = bundle.retiring.as_ref().and_then(|it| it.by.person()).into_iter().collect();
                let says = format!("{actor} lets {name} stay in the catalogue");
                tell_people(self, tx, actor, &proposer, &says, &path).await
            }
            BundleAct::Withdraw(_) => Ok(()),
        }
    }

    /// Why a version may not be published, from itself and from the facts around it: no scope, no living owner, nobody to decide (R5).
    pub(crate) async fn gaps(&self, tx: &mut Tx, spec: &BundleSpec) -> Result<Vec<String>, Error> {
        let mut gaps = spec.gaps();
        let rights = tx.entitlements(&spec.entitlements).await?;
        for _ in spec.entitlements.iter().filter(|id| !rights.contains_key(id)) {
            gaps.push("it names an entitlement that no system has".to_owned());
        }
        let systems = tx.systems_among(&rights.values().map(|right| right.system).collect()).await?;
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
enum BundleAct<'a> {
    Submit(u32),
    Withdraw(u32),
    Comment(u32, &'a Prose),
    SendBack(u32, &'a Prose),
    Discard(u32),
    ProposeRetirement,
    DropRetirement(u32),
}

impl BundleAct<'_> {
    /// Whether it decides about what others wrote or proposed; who is barred does not.
    fn decides(self) -> bool {
        match self {
            Self::SendBack(..) | Self::Discard(_) | Self::DropRetirement(_) => true,
            Self::Submit(_) | Self::Withdraw(_) | Self::Comment(..) | Self::ProposeRetirement => false,
        }
    }
}

fn path(bundle: &Bundle) -> String {
    format!("/bundles/{}", bundle.key)
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

/// The names that the sentences of some bundles need, read once.
#[derive(Default)]
pub(crate) struct Names {
    pub groups: BTreeMap<GroupId, String>,
    pub bundles: BTreeMap<BundleId, String>,
    pub people: BTreeMap<IdentityId, String>,
    pub rights: BTreeMap<EntitlementId, Right>,
}

impl Names {
    /// Those of these bundles.
    pub async fn read(tx: &mut Tx, specs: &[&BundleSpec]) -> Result<Self, Error> {
        let (mut groups, mut bundles, mut people) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut entitlements = BTreeSet::new();
        for spec in specs {
            groups.extend(spec.groups());
            bundles.extend(spec.incompatible());
            people.extend(spec.named_people());
            entitlements.extend(&spec.entitlements);
        }
        Ok(Self {
            groups: tx.group_names(&groups).await?.into_iter().map(|(id, (_, name))| (id, name)).collect(),
            bundles: tx.bundle_names(&bundles).await?,
            people: tx.names(&people, false).await?,
            rights: tx.entitlements(&entitlements).await?,
        })
    }

    pub fn group(&self, id: GroupId) -> String {
        self.groups.get(&id).cloned().unwrap_or_else(|| "a group that is gone".to_owned())
    }

    pub fn bundle(&self, id: BundleId) -> String {
        self.bundles.get(&id).cloned().unwrap_or_else(|| "a bundle that is gone".to_owned())
    }

    /// What a bundle confers.
    pub fn rights<'a>(&'a self, spec: &'a BundleSpec) -> impl Iterator<Item = &'a Right> {
        spec.entitlements.iter().filter_map(|id| self.rights.get(id))
    }

    /// What is inside a bundle, as people read it.
    pub fn inside(&self, spec: &BundleSpec) -> Vec<String> {
        self.rights(spec).map(ToString::to_string).collect()
    }

    /// The systems it reaches.
    pub fn systems(&self, spec: &BundleSpec) -> Vec<String> {
        let all: BTreeSet<_> = self.rights(spec).map(|right| &right.on).collect();
        all.into_iter().cloned().collect()
    }

    /// Who approves, in a few words.
    pub fn approval(&self, spec: &BundleSpec) -> String {
        if spec.automatic {
            return "at once, by policy".to_owned();
        }
        let stages = spec.stages.iter().map(|stage| {
            let with = stage.step_up.map(|strength| format!(" with {}", strength.word())).unwrap_or_default();
            let later = stage.escalates_after.map(|after| format!(" (after {after} also by who stands in)"));
            format!("{}{with}{}", self.source(stage), later.unwrap_or_default())
        });
        let stages: Vec<_> = stages.collect();
        if stages.is_empty() { "an owner".to_owned() } else { stages.join(", then ") }
    }

    fn source(&self, stage: &Stage) -> String {
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
    }

    /// The bundle as a sentence.
    pub fn sentence(&self, spec: &BundleSpec) -> String {
        let said = |condition: &Condition| condition.sentence(&|g| self.group(g), &|b| self.bundle(b));
        let is_who = |condition: &&Condition| matches!(condition, Condition::Askers { .. });
        let who = spec.conditions.iter().find(is_who).map(said);
        let who = who.map_or_else(|| "Nobody".to_owned(), |who| capital(who.trim_start_matches("open to ")));
        let (wants, holds): (Vec<_>, Vec<_>) =
            spec.conditions.iter().filter(|it| !is_who(it)).partition(|it| it.asks().is_some());
        let told = |verb: &str, of: Vec<&Condition>| match of.as_slice() {
            [] => String::new(),
            some => format!(" It {verb} {}.", domain::text::and(&some.iter().map(|it| said(it)).collect::<Vec<_>>())),
        };
        let needs = told("wants", wants) + &told("holds", holds);
        let approval = if spec.automatic {
            "at once, by policy alone".to_owned()
        } else {
            format!("with approval by {}", self.approval(spec))
        };
        let confirms = spec.step_up.map(|strength| format!(" Whoever asks confirms it with {}.", strength.word()));
        let (inside, confirms) = (domain::text::and(&self.inside(spec)), confirms.unwrap_or_default());
        format!("{who} may have {inside} for up to {}, {approval}.{needs}{confirms}", spec.longest)
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
