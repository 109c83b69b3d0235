//! Groups of identities, nested or not. Who joins for a while does so by a grant and is not written here. Who is in a group that decides
//! changes when an admin confirms it.

use crate::{
    actor::Actor,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{GroupId, IdentityId},
    refusal::Refusal,
    review::Remark,
    stepup::{Act, Confirmed, Verified, digest},
    text::{Key, TextRef, Words},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the catalogue says of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSpec {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// Who is in it, in one sentence.
    pub says: String,
    /// Its standing members.
    pub members: BTreeSet<IdentityId>,
    /// Groups whose members are members here too.
    pub groups: BTreeSet<GroupId>,
}

/// Who is in a group: what is not changed by one where the group decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Its standing members.
    pub members: BTreeSet<IdentityId>,
    /// Groups whose members are members here too.
    pub groups: BTreeSet<GroupId>,
}

impl Members {
    /// Those of a group, as the catalogue says.
    pub fn of(spec: &GroupSpec) -> Self {
        Self { members: spec.members.clone(), groups: spec.groups.clone() }
    }

    /// The same group with these in the place of its own.
    fn over(&self, spec: GroupSpec) -> GroupSpec {
        GroupSpec { members: self.members.clone(), groups: self.groups.clone(), ..spec }
    }
}

/// Others are to be in a group that decides; until an admin confirms it the old ones are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersProposal {
    /// Which proposal; the first of a group is 1.
    pub number: u32,
    /// What is proposed.
    pub members: Members,
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// A group of identities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// How often it has changed.
    pub version: u32,
    /// What the catalogue says of it.
    pub spec: GroupSpec,
    /// Who is to be in it, where that is not confirmed yet.
    pub proposed: Option<MembersProposal>,
    /// How many such proposals there were.
    #[serde(default)]
    pub proposals: u32,
    /// Why proposals were sent back.
    #[serde(default)]
    pub remarks: Vec<Remark>,
}

/// What can happen to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum GroupEvent {
    /// The catalogue says something new of it.
    GroupDefined {
        /// All it says.
        spec: GroupSpec,
    },
    /// Others are to be in it.
    MembersProposed {
        /// Which proposal.
        number: u32,
        /// Who.
        members: Members,
    },
    /// They are from now on.
    MembersConfirmed {
        /// Which proposal.
        number: u32,
        /// How the admin showed who they are, for this very act.
        verified: Option<Verified>,
    },
    /// An admin does not confirm it, and says why.
    MembersRejected {
        /// Which proposal.
        number: u32,
        /// Why.
        text: TextRef,
    },
    /// Whoever proposed it no longer does.
    MembersTakenBack {
        /// Which proposal.
        number: u32,
    },
}

impl Group {
    /// A new group.
    pub fn define(id: GroupId, actor: &Actor, spec: GroupSpec, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::first(Record::group_id(id), actor, GroupEvent::GroupDefined { spec }, now)
    }

    /// Makes it what the catalogue says now; `None` when it says nothing new.
    pub fn redefine(&self, actor: &Actor, spec: GroupSpec, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        if self.spec == spec {
            return Ok(None);
        }
        self.change(actor, GroupEvent::GroupDefined { spec }, now).map(Some)
    }

    /// Parts what the catalogue says now of a group that decides into what holds at once and what an admin must confirm first: others in
    /// it. Those of `gone`, who have left, are let go of at once.
    pub fn part(&self, spec: GroupSpec, gone: &BTreeSet<IdentityId>) -> (GroupSpec, Option<Members>) {
        let (mut held, wanted) = (Members::of(&self.spec), Members::of(&spec));
        held.members.retain(|id| wanted.members.contains(id) || !gone.contains(id));
        if held == wanted { (spec, None) } else { (held.over(spec), Some(wanted)) }
    }

    /// Proposes others to be in it; `None` when just that is proposed already.
    pub fn propose_members(
        &self,
        actor: &Actor,
        members: Members,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if self.proposed.as_ref().is_some_and(|it| it.members == members) {
            return Ok(None);
        }
        let number = self.proposals.saturating_add(1);
        self.change(actor, GroupEvent::MembersProposed { number, members }, now).map(Some)
    }

    /// Lets those be in it who were proposed. An admin confirms it who did not propose it, and comes to decide nothing by it (`gains`).
    pub fn confirm_members(
        &self,
        actor: &Actor,
        number: u32,
        gains: Option<String>,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        if self.expect_proposed(number)?.by.is_one_with(actor) {
            return Err(Refusal::OwnProposal);
        }
        if let Some(name) = gains {
            return Err(Refusal::GainsByIt { name });
        }
        let verified = confirmed.of(actor, &self.confirmation_act(self.expect_proposed(number)?))?;
        self.change(actor, GroupEvent::MembersConfirmed { number, verified }, now)
    }

    /// Leaves in it who is in it now, and says why.
    pub fn reject_members(
        &self,
        actor: &Actor,
        number: u32,
        why: Words,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        if self.expect_proposed(number)?.by.is_one_with(actor) {
            return Err(Refusal::TakeItBack);
        }
        let event = GroupEvent::MembersRejected { number, text: why.reference() };
        Ok(self.change(actor, event, now)?.with_words([why]))
    }

    /// Whoever proposed others to be in it takes that back.
    pub fn take_back_members(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let by = &self.expect_proposed(number)?.by;
        if !by.is_one_with(actor) {
            return Err(Refusal::NotItsProposer { by: by.to_string() });
        }
        self.change(actor, GroupEvent::MembersTakenBack { number }, now)
    }

    /// Confirming who is proposed, as a step-up confirms it.
    pub fn confirmation_act(&self, proposed: &MembersProposal) -> Act {
        Act::ConfirmMembers { group: self.id, number: proposed.number, members: digest(&proposed.members) }
    }

    /// What was looked at, if it still is what is proposed.
    pub fn expect_proposed(&self, number: u32) -> Result<&MembersProposal, Refusal> {
        self.proposed.as_ref().filter(|it| it.number == number).ok_or(Refusal::NothingProposed)
    }

    fn change(&self, actor: &Actor, event: GroupEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::Group(Box::new(self.clone())), actor, event, now)
    }

    pub(crate) fn apply(
        before: Option<Self>,
        id: GroupId,
        event: &GroupEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let mut group = match (before, event) {
            (Some(group), _) => group,
            (None, GroupEvent::GroupDefined { spec }) => {
                Self { id, version: 0, spec: spec.clone(), proposed: None, proposals: 0, remarks: Vec::new() }
            }
            (None, _) => return Err(Inconsistent::NotBegun),
        };
        group.version = stamp.version;
        match event {
            GroupEvent::GroupDefined { spec } => group.spec.clone_from(spec),
            GroupEvent::MembersProposed { number, members } => {
                let (number, by, members) = (*number, stamp.actor.clone(), members.clone());
                group.proposals = number;
                group.proposed = Some(MembersProposal { number, members, by, at: stamp.at });
            }
            GroupEvent::MembersConfirmed { number, .. } => {
                let Some(proposed) = group.proposed.take().filter(|it| it.number == *number) else {
                    return Err(Inconsistent::OutOfTurn {
                        state: "no such proposal".to_owned(),
                        event: "members_confirmed".to_owned(),
                    });
                };
                group.spec = proposed.members.over(group.spec);
            }
            GroupEvent::MembersRejected { number, text } => {
                group.proposed = None;
                let (by, text) = (stamp.actor.clone(), text.clone());
                group.remarks.push(Remark { number: *number, by, at: stamp.at, text, sends_back: true });
            }
            GroupEvent::MembersTakenBack { .. } => group.proposed = None,
        }
        Ok(group)
    }
}

impl From<GroupEvent> for Event {
    fn from(event: GroupEvent) -> Self {
        Self::Group(event)
    }
}
