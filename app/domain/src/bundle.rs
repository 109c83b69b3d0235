//! Access bundles: what can be asked for, under which conditions, and who decides. A bundle's versions never change once written.

use crate::{
    actor::Actor,
    condition::Condition,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{BundleId, EntitlementId, GroupId, IdentityId},
    minutes::Minutes,
    refusal::Refusal,
    stepup::Strength,
    text::Key,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// From whom a stage's approvals come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum Source {
    /// The owners of each system in the bundle.
    Owners,
    /// The members of a group.
    Group {
        /// Which.
        group: GroupId,
    },
    /// Named people.
    People {
        /// Who.
        people: BTreeSet<IdentityId>,
    },
    /// The manager of the person it is for; for a non-human identity, the managers of its owners.
    Manager,
}

/// One stage of approval: so many of these people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How many distinct people must approve.
    pub need: u8,
    /// Who they are.
    pub from: Source,
    /// How surely each shows who they are, for this very decision; `None` asks no more than being signed in.
    pub step_up: Option<Strength>,
}

/// Everything one version of a bundle says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleSpec {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// What one can do with it, in one sentence.
    pub says: String,
    /// Words to find it by.
    pub tags: BTreeSet<String>,
    /// What it confers.
    pub entitlements: BTreeSet<EntitlementId>,
    /// The longest it can be had for.
    pub longest: Minutes,
    /// What the form offers.
    pub default: Minutes,
    /// The longest a non-human identity can have it for.
    pub non_human_longest: Minutes,
    /// How long a request waits for a decision.
    pub waits: Minutes,
    /// Whether it is granted without a person's decision when it is low-risk and reversible (R9).
    pub automatic: bool,
    /// What must be so.
    pub conditions: Vec<Condition>,
    /// Who decides, in sequence.
    pub stages: Vec<Stage>,
    /// How surely the asker shows who they are, for this very ask; `None` asks no more than being signed in.
    pub step_up: Option<Strength>,
}

/// One version of a bundle, as a request freezes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleVersion {
    /// Which bundle.
    pub bundle: BundleId,
    /// Which version; the first is 1.
    pub number: u32,
    /// What it says.
    pub spec: BundleSpec,
}

/// A version that waits to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Which version it will be.
    pub number: u32,
    /// What it says.
    pub spec: BundleSpec,
    /// Who wrote it.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// A published version, and who stood for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Which version.
    pub number: u32,
    /// What it says.
    pub spec: BundleSpec,
    /// Who wrote it.
    pub drafted_by: Actor,
    /// Who published it.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// A bundle: at most one version is published, at most one is a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Its id.
    pub id: BundleId,
    /// How often the row has changed.
    pub version: u32,
    /// Its key, which never changes.
    pub key: Key,
    /// How many versions there are.
    pub versions: u32,
    /// What can be asked for now.
    pub published: Option<Published>,
    /// What waits for a second pair of eyes.
    pub draft: Option<Draft>,
    /// Whether it can no longer be asked for.
    pub retired_at: Option<DateTime<Utc>>,
}

/// What can happen to a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum BundleEvent {
    /// A new version was written.
    BundleDrafted {
        /// Which.
        number: u32,
        /// What it says.
        spec: BundleSpec,
    },
    /// A draft was thrown away.
    DraftDiscarded {
        /// Which.
        number: u32,
    },
    /// A version was published.
    BundlePublished {
        /// Which.
        number: u32,
        /// Whether one person both wrote and published it, as only founding mode allows.
        alone: bool,
    },
    /// The bundle can no longer be asked for.
    BundleRetired {},
}

impl Bundle {
    /// A new bundle, as a draft.
    pub fn draft_new(id: BundleId, actor: &Actor, spec: BundleSpec, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::first(Record::bundle_id(id), actor, BundleEvent::BundleDrafted { number: 1, spec }, now)
    }

    /// A new version, as a draft; it takes the place of a draft that was not published. `None` when it says nothing new.
    pub fn draft(&self, actor: &Actor, spec: BundleSpec, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        if spec.key != self.key {
            return Err(Refusal::KeyChanged { key: self.key.to_string() });
        }
        let newest = self.draft.as_ref().map(|d| &d.spec).or(self.published.as_ref().map(|p| &p.spec));
        if newest == Some(&spec) && self.retired_at.is_none() {
            return Ok(None);
        }
        let number = self.versions.saturating_add(1);
        self.change(actor, BundleEvent::BundleDrafted { number, spec }, now).map(Some)
    }

    /// Throws the draft away.
    pub fn discard(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let draft = self.expect_draft(number)?;
        self.change(actor, BundleEvent::DraftDiscarded { number: draft.number }, now)
    }

    /// Publishes the draft that was looked at. A second admin does it; in founding mode the founder may, and the event says so.
    /// `gaps` says why the draft may not be published, as [`BundleSpec::gaps`] and the facts around it find.
    pub fn publish(
        &self,
        actor: &Actor,
        number: u32,
        founding: bool,
        gaps: &[String],
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let draft = self.expect_draft(number)?;
        if !gaps.is_empty() {
            return Err(Refusal::NotPublishable { gaps: gaps.to_vec() });
        }
        let alone = draft.by.is_one_with(actor);
        if alone && !founding {
            return Err(Refusal::OwnDraft);
        }
        self.change(actor, BundleEvent::BundlePublished { number, alone }, now)
    }

    /// Takes the bundle out of the catalogue; live grants run on to their end.
    pub fn retire(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if self.retired_at.is_some() || self.published.is_none() {
            return Err(Refusal::NotPublished { name: self.name().to_owned() });
        }
        self.change(actor, BundleEvent::BundleRetired {}, now)
    }

    /// The version that can be asked for now.
    pub fn open_version(&self) -> Option<BundleVersion> {
        let published = self.published.as_ref().filter(|_| self.retired_at.is_none())?;
        Some(BundleVersion { bundle: self.id, number: published.number, spec: published.spec.clone() })
    }

    /// Its name, by its newest version.
    pub fn name(&self) -> &str {
        let newest = self.published.as_ref().map(|p| &p.spec).or(self.draft.as_ref().map(|d| &d.spec));
        newest.map_or(self.key.as_str(), |spec| spec.name.as_str())
    }

    fn expect_draft(&self, number: u32) -> Result<&Draft, Refusal> {
        match &self.draft {
            None => Err(Refusal::NoDraft),
            Some(draft) if draft.number != number => Err(Refusal::DraftChanged { number: draft.number }),
            Some(draft) => Ok(draft),
        }
    }

    fn change(&self, actor: &Actor, event: BundleEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::Bundle(Box::new(self.clone())), actor, event, now)
    }

    pub(crate) fn apply(
        before: Option<Self>,
        id: BundleId,
        event: &BundleEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let mut bundle = match (before, event) {
            (Some(bundle), _) => bundle,
            (None, BundleEvent::BundleDrafted { spec, .. }) => Self {
                id,
                version: 0,
                key: spec.key.clone(),
                versions: 0,
                published: None,
                draft: None,
                retired_at: None,
            },
            (None, _) => return Err(Inconsistent::NotBegun),
        };
        bundle.version = stamp.version;
        match event {
            BundleEvent::BundleDrafted { number, spec } => {
                bundle.versions = *number;
                bundle.draft =
                    Some(Draft { number: *number, spec: spec.clone(), by: stamp.actor.clone(), at: stamp.at });
            }
            BundleEvent::DraftDiscarded { .. } => bundle.draft = None,
            BundleEvent::BundlePublished { number, .. } => {
                let Some(draft) = bundle.draft.take().filter(|d| d.number == *number) else {
                    return Err(Inconsistent::OutOfTurn {
                        state: "no such draft".to_owned(),
                        event: "bundle_published".to_owned(),
                    });
                };
                bundle.published = Some(Published {
                    number: *number,
                    spec: draft.spec,
                    drafted_by: draft.by,
                    by: stamp.actor.clone(),
                    at: stamp.at,
                });
                bundle.retired_at = None;
            }
            BundleEvent::BundleRetired {} => bundle.retired_at = Some(stamp.at),
        }
        Ok(bundle)
    }
}

impl BundleSpec {
    /// Why this version may not be published, so far as it can be seen from itself (R5): no scope, no way to end, nobody to decide.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.entitlements.is_empty() {
            gaps.push("it confers nothing: name at least one entitlement".to_owned());
        }
        if self.default > self.longest {
            gaps.push(format!("the default of {} is longer than the longest, {}", self.default, self.longest));
        }
        if self.non_human_longest > self.longest {
            gaps.push(format!(
                "non-human identities may have it for {}, longer than people, {}",
                self.non_human_longest, self.longest
            ));
        }
        if self.conditions.iter().all(|c| !matches!(c, Condition::Askers { .. })) {
            gaps.push("anyone at all could ask: say which groups or kinds of identity may".to_owned());
        }
        if !self.automatic && self.stages.is_empty() {
            gaps.push("nobody decides: add a stage, or make it automatic".to_owned());
        }
        for stage in &self.stages {
            if stage.need == 0 {
                gaps.push(format!("stage “{}” needs nobody: ask for at least one", stage.name));
            }
            if let Source::People { people } = &stage.from
                && people.len() < usize::from(stage.need)
            {
                gaps.push(format!("stage “{}” needs {} of {} named people", stage.name, stage.need, people.len()));
            }
        }
        for condition in &self.conditions {
            gaps.extend(condition.gaps());
        }
        gaps
    }

    /// Every group the bundle's stages and conditions refer to; membership of such a group is a privilege (R15).
    pub fn groups(&self) -> BTreeSet<GroupId> {
        let stages = self.stages.iter().filter_map(|stage| match &stage.from {
            Source::Group { group } => Some(*group),
            Source::Owners | Source::People { .. } | Source::Manager => None,
        });
        let askers = self.conditions.iter().flat_map(|condition| match condition {
            Condition::Askers { groups, .. } => groups.iter().copied().collect(),
            Condition::Justification { .. }
            | Condition::WorkItem { .. }
            | Condition::Hours { .. }
            | Condition::Environments { .. }
            | Condition::SensitivityAtMost { .. }
            | Condition::Incompatible { .. } => Vec::new(),
        });
        stages.chain(askers).collect()
    }
}

impl From<BundleEvent> for Event {
    fn from(event: BundleEvent) -> Self {
        Self::Bundle(Box::new(event))
    }
}
