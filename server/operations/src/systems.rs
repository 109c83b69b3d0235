//! Who decides about a system and what guards it: the catalogue or an admin proposes, another admin confirms; until then all stands as it
//! stood.

use crate::{
    Error, Portal,
    acts::tell_people,
    bundles::known_keys,
    catalogue::{Keys, Resolve as _, Sort},
    editing,
    facts::{in_portal, is_founding},
    hands::Handed,
    pages::remark_views,
    requests::prose,
};
use domain::{
    Actor, Refusal,
    authority::Authority,
    ids::{GroupId, IdentityId},
    resource::{Guards, OwnersProposal, Stewards, System},
    review::Remark,
    stepup::{Confirmed, Verified},
    text::{Prose, and},
    views::{Change, Named, OwnersForm, OwnersView, RemarkView, editor::Values},
};
use std::collections::BTreeSet;
use store::Tx;

impl Portal {
    /// Proposes other people to decide about a system: the form names `owners`, `backup_owners` and the group that is the `fallback`.
    pub async fn propose_owners(&self, actor: &Actor, key: &str, people: &Values, comment: &str) -> Result<(), Error> {
        let comment = prose("comment", comment)?;
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, now).await?.admin()?;
            let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
            let stewards = named_in(&mut tx, people).await?;
            let change = system.propose_people(actor, stewards, now)?;
            self.save(&mut tx, &change).await?;
            let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
            if let Some(words) = self.words(comment.as_str()) {
                let change = system.comment_on_owners(actor, system.proposals, words, now)?;
                self.save(&mut tx, &change).await?;
            }
            let says = format!("{actor} wants other people to decide about {}", system.spec.name);
            let admins = tx.admins().await?.into_iter().map(|(admin, _)| admin);
            let told = concerned(&system).into_iter().chain(admins).collect();
            tell_people(self, &mut tx, actor, &told, &says, &path(&system)).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Writes on what is proposed for a system.
    pub async fn comment_on_owners(&self, actor: &Actor, key: &str, number: u32, text: &str) -> Result<(), Error> {
        self.answer_owners(actor, key, number, text, Answered::Comment).await
    }

    /// Does not confirm what is proposed for a system, and says why.
    pub async fn reject_owners(&self, actor: &Actor, key: &str, number: u32, text: &str) -> Result<(), Error> {
        self.answer_owners(actor, key, number, text, Answered::SendBack).await
    }

    /// Takes back what one proposed for a system.
    pub async fn take_back_owners(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.answer_owners(actor, key, number, "", Answered::TakeBack).await
    }

    async fn answer_owners(
        &self,
        actor: &Actor,
        key: &str,
        number: u32,
        text: &str,
        how: Answered,
    ) -> Result<(), Error> {
        let text = prose("comment", text)?;
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let authority = in_portal(&mut tx, actor, now).await?;
            authority.admin()?;
            let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
            let words = |text: &Prose| self.words(text.as_str()).ok_or(Refusal::Missing("comment"));
            let (change, did) = match how {
                Answered::Comment => {
                    (system.comment_on_owners(actor, number, words(&text)?, now)?, "wrote on what is proposed for")
                }
                Answered::SendBack => {
                    authority.not_barred(now)?;
                    (system.reject_owners(actor, number, words(&text)?, now)?, "sent back what was proposed for")
                }
                Answered::TakeBack => {
                    (system.take_back_owners(actor, number, now)?, "took back what they had proposed for")
                }
            };
            self.save(&mut tx, &change).await?;
            let mut told = concerned(&system);
            told.extend(system.remarks.iter().filter(|it| it.number == number).filter_map(|it| it.by.person()));
            let says = format!("{actor} {did} {}", system.spec.name);
            tell_people(self, &mut tx, actor, &told, &says, &path(&system)).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Makes it so as was proposed for a system.
    pub async fn confirm_owners(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.confirm_owners_in(&mut tx, actor, key, number, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it.
    pub(crate) async fn confirm_owners_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        key: &str,
        number: u32,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let now = self.now();
        let authority = in_portal(tx, actor, now).await?;
        authority.admin()?;
        let known = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
        // Decisions on its requests that are being taken right now come before this, or after it.
        tx.touch_system(known.id).await?;
        let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
        let founding = is_founding(tx).await?;
        let others: BTreeSet<_> = system.proposed.as_ref().and_then(|it| it.by.person()).into_iter().collect();
        let confirmed = self.as_admin(tx, actor, founding, others.clone(), verified).await?;
        if let Some(refusal) = self.gains(tx, actor, &system, founding).await? {
            return Err(refusal.into());
        }
        let change = system.confirm_owners(&authority, number, founding, confirmed, now)?;
        self.save(tx, &change).await?;
        // Who lost a part no longer decides; who gained one does not decide on what is open already, nor who proposed it on what it moved.
        self.reroute_but(tx, &others).await?;
        let says = format!("{actor} confirmed what was proposed for {}", system.spec.name);
        tell_people(self, tx, actor, &concerned(&system), &says, &path(&system)).await
    }

    /// Why the actor does not confirm what is proposed: they would come to decide, as fewer are left before them.
    async fn gains(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        system: &System,
        founding: bool,
    ) -> Result<Option<Refusal>, Error> {
        let Some(proposed) = system.proposed.as_ref().filter(|_| !founding) else { return Ok(None) };
        let name = Box::pin(self.gained_by_owners(tx, actor, system, &proposed.stewards)).await?;
        Ok(name.map(|name| Refusal::GainsByIt { name }))
    }

    /// What is proposed for a system, line by line, with the doors the reader has.
    pub(crate) async fn owners_view(
        &self,
        tx: &mut Tx,
        authority: &Authority,
        system: &System,
    ) -> Result<Option<OwnersView>, Error> {
        let Some(proposed) = &system.proposed else { return Ok(None) };
        let (actor, is_admin, founding) = (authority.actor(), authority.is_admin(), is_founding(tx).await?);
        let own = proposed.by.is_one_with(actor);
        // Asked as the act itself would ask; nothing is saved.
        let tried = system.confirm_owners(authority, proposed.number, founding, Confirmed::UNASKED, self.now());
        let mut no = tried.err();
        if no.is_none() && is_admin {
            let others = proposed.by.person().into_iter().collect();
            no = self.apart(tx, actor, founding, others).await?;
        }
        if no.is_none() && is_admin {
            no = self.gains(tx, actor, system, founding).await?;
        }
        let handed = self.handed_by(tx, system.id, &proposed.stewards).await?;
        let (stopped, others): (Vec<_>, Vec<_>) = handed.iter().filter(|it| it.waits()).partition(|it| it.stops());
        Ok(Some(OwnersView {
            number: proposed.number,
            by: proposed.by.to_string(),
            at: proposed.at,
            changes: changes(tx, system, proposed).await?,
            hands: others.into_iter().map(named).collect(),
            stops: stopped.into_iter().map(named).collect(),
            may_confirm: is_admin && no.is_none(),
            may_reject: is_admin && !own,
            may_take_back: is_admin && own,
            may_comment: is_admin,
            why_not: no.map(|no| no.to_string()).filter(|_| is_admin),
        }))
    }

    /// What was said of the proposal that waits for a system, or of the last one, where that was sent back.
    pub(crate) async fn owners_remarks(&self, tx: &mut Tx, system: &System) -> Result<Vec<RemarkView>, Error> {
        let last: Vec<&Remark> = system.remarks.iter().filter(|it| it.number == system.proposals).collect();
        if system.proposed.is_none() && last.iter().all(|it| !it.sends_back) {
            return Ok(Vec::new());
        }
        remark_views(tx, last.into_iter()).await
    }

    /// The form in which an admin proposes other people; none while something is proposed.
    pub(crate) async fn owners_form(
        &self,
        tx: &mut Tx,
        authority: &Authority,
        system: &System,
    ) -> Result<Option<OwnersForm>, Error> {
        if !authority.is_admin() || system.proposed.is_some() {
            return Ok(None);
        }
        let spec = &system.spec;
        Ok(Some(OwnersForm {
            owners: picked(tx, &spec.owners).await?,
            backup_owners: picked(tx, &spec.backup_owners).await?,
            fallback: tx.group(spec.fallback).await?.map(|it| it.spec.key.to_string()).unwrap_or_default(),
            people: editing::people(tx).await?,
            groups: editing::groups(tx).await?,
        }))
    }
}

/// What an admin says to a proposal short of confirming it.
#[derive(Clone, Copy)]
enum Answered {
    Comment,
    SendBack,
    TakeBack,
}

/// Everybody who decides, who would, and who proposed it.
fn concerned(system: &System) -> BTreeSet<IdentityId> {
    let (spec, proposed) = (&system.spec, system.proposed.as_ref());
    let held = spec.owners.iter().chain(&spec.backup_owners);
    let wanted = proposed.into_iter().flat_map(|it| it.stewards.owners.iter().chain(&it.stewards.backup_owners));
    held.chain(wanted).copied().chain(proposed.and_then(|it| it.by.person())).collect()
}

fn path(system: &System) -> String {
    format!("/systems/{}", system.spec.key)
}

fn named(handed: &Handed) -> Named {
    Named { id: handed.before.id.to_string(), name: handed.before.sentence() }
}

/// These people by key, as a form holds them.
async fn picked(tx: &mut Tx, people: &BTreeSet<IdentityId>) -> Result<Vec<Named>, Error> {
    let mut picked = Vec::new();
    for id in people {
        let known = tx.identity(*id).await?;
        picked.extend(known.map(|it| Named { id: it.spec.key.to_string(), name: it.spec.name }));
    }
    Ok(picked)
}

/// The people and the group that a form names by their keys.
async fn named_in(tx: &mut Tx, form: &Values) -> Result<Stewards, Error> {
    let keys = known_keys(tx).await?;
    let mut wrong = Vec::new();
    let owners = people_in(tx, &keys, form, "owners", &mut wrong).await?;
    let backup_owners = people_in(tx, &keys, form, "backup_owners", &mut wrong).await?;
    let fallback = group_in(tx, &keys, form, &mut wrong).await?;
    if owners.is_empty() && wrong.is_empty() {
        wrong.push("name at least one owner".to_owned());
    }
    match fallback {
        Some(fallback) if wrong.is_empty() => Ok(Stewards::people(owners, backup_owners, fallback)),
        Some(_) | None => Err(Refusal::Form(wrong).into()),
    }
}

/// What stands in a field: keys, several of them perhaps between commas.
fn written<'a>(form: &'a Values, field: &str) -> impl Iterator<Item = &'a str> {
    let held = form.get(field).map(Vec::as_slice).unwrap_or_default();
    held.iter().flat_map(|it| it.split([',', ' '])).filter(|it| !it.is_empty())
}

async fn people_in(
    tx: &mut Tx,
    keys: &Keys,
    form: &Values,
    field: &str,
    wrong: &mut Vec<String>,
) -> Result<BTreeSet<IdentityId>, Error> {
    let mut people = BTreeSet::new();
    for key in written(form, field) {
        match tx.identity_by_key(key).await? {
            Some(it) if it.is_active() && it.spec.kind.is_person() => {
                people.insert(it.id);
            }
            Some(it) if it.is_active() => wrong.push(format!("`{}` is not a person: an owner is", it.spec.key)),
            Some(it) => wrong.push(format!("{} has left", it.spec.name)),
            None => wrong.push(unknown(keys, Sort::Identity, key)),
        }
    }
    Ok(people)
}

async fn group_in(tx: &mut Tx, keys: &Keys, form: &Values, wrong: &mut Vec<String>) -> Result<Option<GroupId>, Error> {
    let Some(key) = written(form, "fallback").next() else {
        wrong.push("name the group that decides when no owner may".to_owned());
        return Ok(None);
    };
    let group = tx.group_by_key(key).await?.map(|it| it.id);
    if group.is_none() {
        wrong.push(unknown(keys, Sort::Group, key));
    }
    Ok(group)
}

fn unknown(keys: &Keys, sort: Sort, key: &str) -> String {
    let got: String = key.chars().take(80).collect();
    let meant = keys.near(sort, key).map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
    format!("there is no {sort} `{got}`{meant}")
}

/// What would change, line by line.
pub(crate) async fn changes(tx: &mut Tx, system: &System, proposed: &OwnersProposal) -> Result<Vec<Change>, Error> {
    let (held, wanted) = (&system.spec, &proposed.stewards);
    let mut changes = Vec::new();
    let mut differs = |what: &str, before: String, after: String| {
        if before != after {
            changes.push(Change { what: what.to_owned(), before, after });
        }
    };
    for (what, before, after) in
        [("owners", &held.owners, &wanted.owners), ("backup owners", &held.backup_owners, &wanted.backup_owners)]
    {
        differs(what, names(tx, before).await?, names(tx, after).await?);
    }
    let (before, after) = (group(tx, held.fallback).await?, group(tx, wanted.fallback).await?);
    differs("when none of them may decide", before, after);
    if let Some(sensitivity) = wanted.sensitivity {
        differs("sensitivity", held.sensitivity.word().to_owned(), sensitivity.word().to_owned());
    }
    let Some(Guards { environment, data_class, external, privileged }) = &wanted.guards else { return Ok(changes) };
    differs("environment", held.environment.word().to_owned(), environment.word().to_owned());
    differs("data", held.data_class.word().to_owned(), data_class.word().to_owned());
    let reach = |external: bool| if external { "beyond the company" } else { "within the company" }.to_owned();
    differs("reach", reach(held.external), reach(*external));
    let weight = |privileged: bool| if privileged { "privileged" } else { "not privileged" }.to_owned();
    for (id, privileged) in privileged {
        if let Some(right) = held.entitlements.get(id) {
            differs(&format!("“{}”", right.name), weight(right.privileged), weight(*privileged));
        }
    }
    Ok(changes)
}

/// The names of these people, as one says them.
pub(crate) async fn names(tx: &mut Tx, people: &BTreeSet<IdentityId>) -> Result<String, Error> {
    Ok(and(&tx.names(people, false).await?.into_values().collect::<Vec<_>>()))
}

async fn group(tx: &mut Tx, id: GroupId) -> Result<String, Error> {
    Ok(tx.group(id).await?.map_or_else(|| "a group that is gone".to_owned(), |it| it.spec.name))
}
