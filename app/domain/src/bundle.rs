//! Access bundles: what can be asked for, under which conditions, and who decides. A bundle's versions never change once written.

mod form;

use crate::{
    actor::Actor,
    condition::Condition,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{BundleId, EntitlementId, GroupId, IdentityId},
    job::{Job, JobKey},
    minutes::Minutes,
    refusal::Refusal,
    replay::Found,
    review::{Around, Draft, DraftState, Published, Remark, expect_draft, expect_review},
    stepup::{Act, Confirmed, Strength, Verified, digest},
    text::{Key, TextRef, Words},
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
    /// How long it waits before those who stand in for them may decide as well; `None` leaves it to them while there are enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalates_after: Option<Minutes>,
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

/// Somebody wants the bundle out of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retiring {
    /// The version that is published.
    pub number: u32,
    /// Who.
    pub by: Actor,
    /// Since when.
    pub at: DateTime<Utc>,
    /// The number of the event that says so.
    pub event: u32,
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
    pub published: Option<Published<BundleSpec>>,
    /// What waits for a second pair of eyes.
    pub draft: Option<Draft<BundleSpec>>,
    /// What was written on its drafts.
    pub remarks: Vec<Remark>,
    /// Who wants it out of the catalogue, where that is not confirmed yet.
    pub retiring: Option<Retiring>,
    /// Whether it can no longer be asked for.
    pub retired_at: Option<DateTime<Utc>>,
}

/// What can happen to a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum BundleEvent {
    /// A new version was written.
    BundleDrafted {
        /// Which.
        number: u32,
        /// What it says.
        spec: BundleSpec,
    },
    /// A draft was submitted for review.
    DraftSubmitted {
        /// Which.
        number: u32,
    },
    /// A draft was taken back from review.
    DraftWithdrawn {
        /// Which.
        number: u32,
    },
    /// Somebody wrote on a draft.
    DraftCommented {
        /// On which.
        number: u32,
        /// What.
        text: TextRef,
    },
    /// A reviewer wants something else, and says what.
    DraftSentBack {
        /// Which.
        number: u32,
        /// Why.
        text: TextRef,
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
        /// How the actor showed who they are, for this very act; founding mode asks for nothing.
        verified: Option<Verified>,
        /// What its replay had found; founding mode waits for none.
        replayed: Option<Found>,
    },
    /// Somebody wants the bundle out of the catalogue.
    RetirementProposed {
        /// The version that is published.
        number: u32,
    },
    /// It stays in the catalogue after all.
    RetirementDropped {
        /// The version that is published.
        number: u32,
    },
    /// The bundle can no longer be asked for.
    BundleRetired {
        /// Whether one person both proposed and confirmed it, as only founding mode allows.
        alone: bool,
        /// How the actor showed who they are, for this very act; founding mode asks for nothing.
        verified: Option<Verified>,
    },
}

impl Bundle {
    /// A new bundle, as a draft.
    pub fn draft_new(id: BundleId, actor: &Actor, spec: BundleSpec, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::first(Record::bundle_id(id), actor, BundleEvent::BundleDrafted { number: 1, spec }, now)
    }

    /// A new version, as a draft; it takes the place of a draft that was not published. `None` when it says nothing new. Who began from
    /// a version (`after` is how many there were) does not write over what somebody else wrote meanwhile.
    pub fn draft(
        &self,
        actor: &Actor,
        spec: BundleSpec,
        after: Option<u32>,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if spec.key != self.key {
            return Err(Refusal::KeyChanged { key: self.key.to_string() });
        }
        if self.newest() == Some(&spec) && self.retired_at.is_none() {
            return Ok(None);
        }
        if after.is_some_and(|after| after != self.versions) {
            return Err(Refusal::WrittenMeanwhile { number: self.versions });
        }
        let number = self.versions.saturating_add(1);
        self.change(actor, BundleEvent::BundleDrafted { number, spec }, now).map(Some)
    }

    /// Gives the draft to another admin to look at; who wrote it does. Its replay begins.
    pub fn submit(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let draft = expect_draft(self.draft.as_ref(), number)?;
        draft.expect_author(actor)?;
        if draft.is_in_review() {
            return Err(Refusal::AlreadyInReview { number });
        }
        let change = self.change(actor, BundleEvent::DraftSubmitted { number }, now)?;
        Ok(change.with_jobs([Job::at(JobKey::Replay { bundle: self.id }, now)]))
    }

    /// Takes the draft back from review, to write on; who wrote it does.
    pub fn withdraw(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let draft = expect_review(self.draft.as_ref(), number)?;
        draft.expect_author(actor)?;
        self.change(actor, BundleEvent::DraftWithdrawn { number }, now)
    }

    /// Writes on the draft.
    pub fn comment(&self, actor: &Actor, number: u32, text: Words, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        expect_draft(self.draft.as_ref(), number)?;
        let event = BundleEvent::DraftCommented { number, text: text.reference() };
        Ok(self.change(actor, event, now)?.with_words([text]))
    }

    /// Gives the draft back to who wrote it, and says why.
    pub fn send_back(&self, actor: &Actor, number: u32, why: Words, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let draft = expect_review(self.draft.as_ref(), number)?;
        draft.expect_other(actor)?;
        let event = BundleEvent::DraftSentBack { number, text: why.reference() };
        Ok(self.change(actor, event, now)?.with_words([why]))
    }

    /// Throws the draft away.
    pub fn discard(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let draft = expect_draft(self.draft.as_ref(), number)?;
        self.change(actor, BundleEvent::DraftDiscarded { number: draft.number }, now)
    }

    /// Publishes the draft that was reviewed. An admin does it who wrote no part of it, once its replay is finished; in founding mode the
    /// founder may at once, and the event says so.
    pub fn publish(
        &self,
        actor: &Actor,
        number: u32,
        around: Around<'_>,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let draft = expect_draft(self.draft.as_ref(), number)?;
        let (alone, found) = around.allows(draft, actor)?;
        let verified = confirmed.of(actor, &self.publication_act(draft))?;
        self.change(actor, BundleEvent::BundlePublished { number, alone, verified, replayed: found }, now)
    }

    /// Wants the bundle out of the catalogue; another admin confirms it.
    pub fn propose_retirement(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let number = self.expect_published()?;
        if let Some(retiring) = &self.retiring {
            return Err(Refusal::RetirementProposed { by: retiring.by.to_string() });
        }
        self.change(actor, BundleEvent::RetirementProposed { number }, now)
    }

    /// Lets the bundle stay in the catalogue after all.
    pub fn drop_retirement(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.expect_retiring(number)?;
        self.change(actor, BundleEvent::RetirementDropped { number }, now)
    }

    /// Takes the bundle out of the catalogue, as was proposed; live grants run on to their end. A second admin does it; in founding
    /// mode the founder may, and the event says so.
    pub fn confirm_retirement(
        &self,
        actor: &Actor,
        number: u32,
        founding: bool,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let retiring = self.expect_retiring(number)?;
        let alone = retiring.by.is_one_with(actor);
        if alone && !founding {
            return Err(Refusal::OwnProposal);
        }
        let verified = confirmed.of(actor, &self.retirement_act(retiring))?;
        self.change(actor, BundleEvent::BundleRetired { alone, verified }, now)
    }

    /// Taking it out of the catalogue as was proposed, as a step-up confirms it.
    pub fn retirement_act(&self, proposed: &Retiring) -> Act {
        Act::Retire { bundle: self.id, number: proposed.number, proposed: proposed.event }
    }

    /// Publishing a draft of it, as a step-up confirms it.
    pub fn publication_act(&self, draft: &Draft<BundleSpec>) -> Act {
        Act::Publish { bundle: self.id, number: draft.number, spec: digest(&draft.spec) }
    }

    /// The version that can be asked for now.
    pub fn open_version(&self) -> Option<BundleVersion> {
        let published = self.published.as_ref().filter(|_| self.retired_at.is_none())?;
        Some(BundleVersion { bundle: self.id, number: published.number, spec: published.spec.clone() })
    }

    /// The bundles that must not be in the same hands as this one, by the words of its published version.
    pub fn rules_out(&self) -> BTreeSet<BundleId> {
        self.published.as_ref().map(|it| it.spec.incompatible()).unwrap_or_default()
    }

    /// What its newest version says, published or not.
    pub fn newest(&self) -> Option<&BundleSpec> {
        self.draft.as_ref().map(|draft| &draft.spec).or(self.published.as_ref().map(|published| &published.spec))
    }

    /// Its name, by its newest version.
    pub fn name(&self) -> &str {
        let newest = self.published.as_ref().map(|p| &p.spec).or(self.draft.as_ref().map(|d| &d.spec));
        newest.map_or(self.key.as_str(), |spec| spec.name.as_str())
    }

    /// Whether something was written on the draft that waits, or on one that became it.
    pub fn is_current(&self, remark: &Remark) -> bool {
        self.draft.is_some() && self.published.as_ref().is_none_or(|it| remark.number > it.number)
    }

    fn expect_published(&self) -> Result<u32, Refusal> {
        let published = self.published.as_ref().filter(|_| self.retired_at.is_none());
        published.map(|it| it.number).ok_or_else(|| Refusal::NotPublished { name: self.name().to_owned() })
    }

    /// The proposal to take this version out of the catalogue, where it still waits.
    ///
    /// # Errors
    /// [`Refusal::NothingProposed`].
    pub fn expect_retiring(&self, number: u32) -> Result<&Retiring, Refusal> {
        self.retiring.as_ref().filter(|it| it.number == number).ok_or(Refusal::NothingProposed)
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
                remarks: Vec::new(),
                retiring: None,
                retired_at: None,
            },
            (None, _) => return Err(Inconsistent::NotBegun),
        };
        bundle.version = stamp.version;
        let out_of_turn = |state: &str, event: &str| {
            Err(Inconsistent::OutOfTurn { state: state.to_owned(), event: event.to_owned() })
        };
        match event {
            BundleEvent::BundleDrafted { number, spec } => {
                bundle.versions = *number;
                bundle.draft = Some(Draft::written(bundle.draft.take(), *number, spec.clone(), stamp));
            }
            BundleEvent::DraftSubmitted { number } => {
                let Some(draft) = bundle.draft_to_change(*number) else {
                    return out_of_turn("no such draft", "draft_submitted");
                };
                draft.submitted(stamp);
            }
            BundleEvent::DraftWithdrawn { number } => {
                let Some(draft) = bundle.draft_to_change(*number) else {
                    return out_of_turn("no such draft", "draft_withdrawn");
                };
                draft.state = DraftState::Draft;
            }
            BundleEvent::DraftCommented { number, text } => {
                bundle.remarks.push(Remark::made(*number, text, false, stamp));
            }
            BundleEvent::DraftSentBack { number, text } => {
                let Some(draft) = bundle.draft_to_change(*number) else {
                    return out_of_turn("no such draft", "draft_sent_back");
                };
                draft.state = DraftState::Draft;
                bundle.remarks.push(Remark::made(*number, text, true, stamp));
            }
            BundleEvent::DraftDiscarded { .. } => bundle.draft = None,
            BundleEvent::BundlePublished { number, .. } => {
                let Some(draft) = bundle.draft.take().filter(|d| d.number == *number) else {
                    return out_of_turn("no such draft", "bundle_published");
                };
                bundle.published = Some(draft.published(stamp));
                bundle.retiring = None;
                bundle.retired_at = None;
            }
            BundleEvent::RetirementProposed { number } => {
                let (by, at, event) = (stamp.actor.clone(), stamp.at, stamp.version);
                bundle.retiring = Some(Retiring { number: *number, by, at, event });
            }
            BundleEvent::RetirementDropped { .. } => bundle.retiring = None,
            BundleEvent::BundleRetired { .. } => {
                bundle.retiring = None;
                bundle.retired_at = Some(stamp.at);
            }
        }
        Ok(bundle)
    }

    fn draft_to_change(&mut self, number: u32) -> Option<&mut Draft<BundleSpec>> {
        self.draft.as_mut().filter(|draft| draft.number == number)
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
            if let Some(after) = stage.escalates_after.filter(|after| *after >= self.waits) {
                gaps.push(format!(
                    "stage “{}” escalates after {after}, and a request waits {}",
                    stage.name, self.waits
                ));
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

    /// The people that its stages name.
    pub fn named_people(&self) -> BTreeSet<IdentityId> {
        let named = self.stages.iter().filter_map(|stage| match &stage.from {
            Source::People { people } => Some(people),
            Source::Owners | Source::Group { .. } | Source::Manager => None,
        });
        named.flatten().copied().collect()
    }

    /// The bundles that must not be in the same hands, by this one's own words (separation of duties).
    pub fn incompatible(&self) -> BTreeSet<BundleId> {
        let named = self.conditions.iter().flat_map(|condition| match condition {
            Condition::Incompatible { bundles } => bundles.iter().copied().collect(),
            Condition::Askers { .. }
            | Condition::Justification { .. }
            | Condition::WorkItem { .. }
            | Condition::Hours { .. }
            | Condition::Environments { .. }
            | Condition::SensitivityAtMost { .. } => Vec::new(),
        });
        named.collect()
    }
}

impl From<BundleEvent> for Event {
    fn from(event: BundleEvent) -> Self {
        Self::Bundle(Box::new(event))
    }
}
