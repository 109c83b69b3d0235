//! Who is in a group that decides: the catalogue proposes, an admin confirms; until then those decide who did.

use crate::{
    Error, Portal,
    acts::tell_admins,
    facts::in_portal,
    hands::{One, admitted},
    pages::remark_views,
    requests::prose,
    systems::names,
};
use domain::{
    Actor, Refusal,
    authority::Authority,
    bundle::Source,
    condition::Condition,
    group::{Group, Members, MembersProposal},
    ids::{GroupId, IdentityId},
    stepup::{Confirmed, Verified},
    text::{Key, and},
    views::{Change, MembersView, RemarkView},
};
use std::collections::BTreeSet;
use store::{Tx, Use};

impl Portal {
    /// Lets those be in a group who were proposed.
    pub async fn confirm_members(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.confirm_members_in(&mut tx, actor, key, number, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it.
    pub(crate) async fn confirm_members_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        key: &str,
        number: u32,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let now = self.now();
        in_portal(tx, actor, now).await?.admin()?;
        let group = tx.group_by_key(key).await?.ok_or(Error::NotFound)?;
        let others: BTreeSet<_> = group.proposed.as_ref().and_then(|it| it.by.person()).into_iter().collect();
        let confirmed = self.as_admin(tx, actor, false, others.clone(), verified).await?;
        let ones = self.ones(tx, actor).await?;
        let change = group.confirm_members(actor, number, gained_by_joining(&ones, &group), confirmed, now)?;
        for who in moved(&group) {
            // Whoever gains or loses authority by it is serialised with the decisions they may be taking right now.
            tx.touch_identity(who).await?;
        }
        self.save(tx, &change).await?;
        // With fewer before them others may step in: looked at once it is so, and undone with the act where the actor would.
        let handed = self.handed_over(tx, |_| true, |_| ()).await?;
        if let Some(name) = admitted(&handed, &ones) {
            return Err(Refusal::GainsByIt { name }.into());
        }
        let said_by = actor.person().into_iter().chain(others).collect();
        self.reroute_but(tx, &said_by).await?;
        let says = format!("{actor} confirmed who is in {}", group.spec.name);
        tell_admins(self, tx, actor, &says, &path(&group)).await
    }

    /// Leaves in a group who is in it now, and says why.
    pub async fn reject_members(&self, actor: &Actor, key: &str, number: u32, text: &str) -> Result<(), Error> {
        let text = prose("comment", text)?;
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let authority = in_portal(&mut tx, actor, now).await?;
            authority.admin()?;
            authority.not_barred(now)?;
            let group = tx.group_by_key(key).await?.ok_or(Error::NotFound)?;
            let why = self.words(text.as_str()).ok_or(Refusal::Missing("comment"))?;
            let change = group.reject_members(actor, number, why, now)?;
            self.save(&mut tx, &change).await?;
            let says = format!("{actor} sent back who was to be in {}", group.spec.name);
            tell_admins(self, &mut tx, actor, &says, &path(&group)).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Who is proposed for a group, with the doors the reader has.
    pub(crate) async fn members_view(
        &self,
        tx: &mut Tx,
        authority: &Authority,
        group: &Group,
    ) -> Result<Option<MembersView>, Error> {
        let Some(proposed) = group.proposed.as_ref().filter(|_| authority.reader().is_ok()) else { return Ok(None) };
        let (actor, is_admin) = (authority.actor(), authority.is_admin());
        // Asked as the act itself would ask; nothing is saved.
        let gains = gained_by_joining(&self.ones(tx, actor).await?, group);
        let tried = group.confirm_members(actor, proposed.number, gains, Confirmed::UNASKED, self.now());
        let no = tried.err();
        Ok(Some(MembersView {
            number: proposed.number,
            by: proposed.by.to_string(),
            at: proposed.at,
            changes: changes(tx, group, proposed).await?,
            may_confirm: is_admin && no.is_none(),
            may_reject: is_admin && !proposed.by.is_one_with(actor),
            why_not: no.map(|no| no.to_string()).filter(|_| is_admin),
        }))
    }

    /// Why the last proposal for a group was sent back, where it was and nothing is proposed anew.
    pub(crate) async fn members_remarks(&self, tx: &mut Tx, group: &Group) -> Result<Vec<RemarkView>, Error> {
        let last = group.remarks.iter().filter(|it| it.number == group.proposals && group.proposed.is_none());
        remark_views(tx, last).await
    }
}

/// Something that one may do by being in a group, and with what.
pub(crate) enum Power {
    /// Decides a stage of a bundle.
    Decide(String),
    /// May ask for a bundle.
    Ask(String),
    /// Decides about a system when no owner may.
    StandIn(String),
    /// Sets up by hand what a system cannot.
    Operate(String),
    /// Approves whatever the guardrails demand its yes for.
    Approve,
}

impl Power {
    /// In words, of who has it.
    pub fn says(&self) -> String {
        match self {
            Self::Decide(bundle) => format!("decides a stage of “{bundle}”"),
            Self::Ask(bundle) => format!("may ask for “{bundle}”"),
            Self::StandIn(system) => format!("decides about “{system}” when no owner may"),
            Self::Operate(system) => format!("sets up access to “{system}” by hand"),
            Self::Approve => "approves what the guardrails send to it".to_owned(),
        }
    }

    /// Whether anything is decided by it.
    pub fn decides(&self) -> bool {
        match self {
            Self::Decide(_) | Self::StandIn(_) | Self::Approve => true,
            Self::Ask(_) | Self::Operate(_) => false,
        }
    }
}

/// What one may do by being in this very group, where the guardrails may demand the yes of these.
pub(crate) async fn powers(tx: &mut Tx, group: GroupId, demanded: &BTreeSet<Key>) -> Result<Vec<Power>, Error> {
    let mut powers = Vec::new();
    for Use { key, name, bundle } in tx.uses_of_group(group).await? {
        if bundle {
            let Some(open) = tx.bundle_by_key(&key).await?.and_then(|bundle| bundle.open_version()) else { continue };
            let asks = |it: &Condition| matches!(it, Condition::Askers { groups, .. } if groups.contains(&group));
            if open.spec.stages.iter().any(|stage| stage.from == Source::Group { group }) {
                powers.push(Power::Decide(name.clone()));
            }
            if open.spec.conditions.iter().any(asks) {
                powers.push(Power::Ask(name));
            }
        } else if let Some(system) = tx.system_by_key(&key).await? {
            if system.spec.fallback == group {
                powers.push(Power::StandIn(name.clone()));
            }
            if system.spec.operators == Some(group) {
                powers.push(Power::Operate(name));
            }
        }
    }
    if !demanded.is_empty() && tx.group(group).await?.is_some_and(|it| demanded.contains(&it.spec.key)) {
        powers.push(Power::Approve);
    }
    Ok(powers)
}

/// Whether a group decides anything, itself or as a part of another, where the guardrails may demand the yes of these.
pub(crate) async fn decides(tx: &mut Tx, group: GroupId, demanded: &BTreeSet<Key>) -> Result<bool, Error> {
    for id in tx.joins(group).await? {
        if powers(tx, id, demanded).await?.iter().any(Power::decides) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What one of these would come to decide by being in a group from then on; its name stands for all that it decides.
fn gained_by_joining(ones: &[One], group: &Group) -> Option<String> {
    let Members { members, groups } = &group.proposed.as_ref()?.members;
    let joins = |one: &One| {
        let is_named = members.contains(&one.who) || !groups.is_disjoint(&one.groups);
        is_named && !one.groups.contains(&group.id)
    };
    ones.iter().any(joins).then(|| group.spec.name.clone())
}

/// Who comes or goes by what is proposed.
fn moved(group: &Group) -> BTreeSet<IdentityId> {
    let wanted = group.proposed.as_ref().map(|it| &it.members.members);
    wanted.map(|wanted| group.spec.members.symmetric_difference(wanted).copied().collect()).unwrap_or_default()
}

fn path(group: &Group) -> String {
    format!("/groups/{}", group.spec.key)
}

/// Who would come and who would go.
async fn changes(tx: &mut Tx, group: &Group, proposed: &MembersProposal) -> Result<Vec<Change>, Error> {
    let (held, Members { members, groups }) = (&group.spec, &proposed.members);
    let people = (names(tx, &(&held.members - members)).await?, names(tx, &(members - &held.members)).await?);
    let within = (nested(tx, &(&held.groups - groups)).await?, nested(tx, &(groups - &held.groups)).await?);
    let changes = [("members", people), ("groups in it", within)].map(|(what, (before, after))| Change {
        what: what.to_owned(),
        before,
        after,
    });
    Ok(changes.into_iter().filter(|it| it.before != it.after).collect())
}

async fn nested(tx: &mut Tx, groups: &BTreeSet<GroupId>) -> Result<String, Error> {
    let mut names = Vec::new();
    for id in groups {
        names.extend(tx.group(*id).await?.map(|it| it.spec.name));
    }
    Ok(and(&names))
}
