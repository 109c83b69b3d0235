//! Groups of identities, nested or not. Who joins for a while does so by a grant and is not written here.

use crate::{
    actor::Actor,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{GroupId, IdentityId},
    refusal::Refusal,
    text::Key,
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

/// A group of identities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// How often it has changed.
    pub version: u32,
    /// What the catalogue says of it.
    pub spec: GroupSpec,
}

/// What can happen to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum GroupEvent {
    /// The catalogue says something new of it.
    GroupDefined {
        /// All it says.
        spec: GroupSpec,
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
        Transition::next(Record::Group(Box::new(self.clone())), actor, GroupEvent::GroupDefined { spec }, now).map(Some)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every kind of row is applied alike")]
    pub(crate) fn apply(
        _before: Option<Self>,
        id: GroupId,
        event: &GroupEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let GroupEvent::GroupDefined { spec } = event;
        Ok(Self { id, version: stamp.version, spec: spec.clone() })
    }
}

impl From<GroupEvent> for Event {
    fn from(event: GroupEvent) -> Self {
        Self::Group(event)
    }
}
