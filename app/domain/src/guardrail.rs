//! Guardrails: the organisation's own rules above every bundle. Here stand what they answer and how a new version of them comes to count;
//! the language they are written in is known to whoever implements [`Guardrails`].

use crate::{
    actor::Actor,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    facts::{Ask, Facts},
    ids::StreamId,
    job::{Job, JobKey},
    refusal::Refusal,
    replay::Found,
    review::{Around, Draft, DraftState, Published, Remark, expect_draft, expect_review},
    ruling::count,
    stepup::{Act, Confirmed, Strength, Verified, digest},
    text::{Key, TextRef, Words},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The most bytes the text of guardrails, or of their tests, may have.
pub const LONGEST: usize = 64 * 1024;

/// Whom a ruling asks about the rules above its bundle. The same ask and the same facts always get the same answer (R11).
pub trait Guardrails: Send + Sync {
    /// What they say; `None` where none were ever published.
    fn ask(&self, ask: &Ask, facts: &Facts) -> Option<Verdict>;

    /// The groups whose approval they may demand: who is in them is among the facts.
    fn deciding_groups(&self) -> BTreeSet<Key>;

    /// Every group they name at all: to be in one is a privilege (R15).
    fn named_groups(&self) -> BTreeSet<Key>;

    /// The most distinct approvers that they may demand.
    fn most_approvals(&self) -> u8;
}

/// Where no guardrails were ever published.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unguarded;

impl Guardrails for Unguarded {
    fn ask(&self, _: &Ask, _: &Facts) -> Option<Verdict> {
        None
    }

    fn deciding_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn named_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn most_approvals(&self) -> u8 {
        0
    }
}

/// What guardrails say about one ask, as its ruling keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which version of them.
    pub number: u32,
    /// By which engine, and which version of it: `cedar 4.14.1`.
    pub engine: String,
    /// The version of the words they are written in: which entities there are and what is known of them.
    pub schema: u32,
    /// Whether they let it pass.
    pub allows: bool,
    /// The rules that made it so, by their ids in order: those that forbid, or all that permit.
    pub rules: BTreeMap<String, String>,
    /// What they demand of an approval.
    pub demands: Demands,
    /// The rules that could not be worked out, and why; one is enough to refuse.
    pub errors: BTreeMap<String, String>,
}

/// What guardrails demand: all that every rule demands which permits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demands {
    /// At least so many distinct approvers, and by which rule; where it is not 0 it is never automatic.
    pub approvals: Option<Demand<u8>>,
    /// Groups of which somebody must approve, and by which rule.
    pub groups: BTreeMap<Key, String>,
    /// How surely each approver shows who they are.
    pub step_up: Option<Demand<Strength>>,
    /// How surely the asker does.
    pub asker_step_up: Option<Demand<Strength>>,
}

/// What is demanded, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand<T> {
    /// What.
    pub least: T,
    /// The rule's id.
    pub by: String,
}

impl Demands {
    /// Demands this as well: of two like demands the stronger counts.
    pub fn and(&mut self, rule: &str, other: RuleDemands) {
        let RuleDemands { approvals, groups, step_up, asker_step_up } = other;
        stronger(&mut self.approvals, approvals, rule);
        stronger(&mut self.step_up, step_up, rule);
        stronger(&mut self.asker_step_up, asker_step_up, rule);
        for group in groups {
            self.groups.entry(group).or_insert_with(|| rule.to_owned());
        }
    }

    /// Each in a few words; `called` says how a group is called.
    pub fn in_words(&self, called: impl Fn(&Key) -> String) -> Vec<String> {
        let all = RuleDemands {
            approvals: self.approvals.as_ref().map(|it| it.least),
            groups: self.groups.keys().cloned().collect(),
            step_up: self.step_up.as_ref().map(|it| it.least),
            asker_step_up: self.asker_step_up.as_ref().map(|it| it.least),
        };
        all.in_words(called)
    }

    /// The rules for which a person must decide.
    pub fn deciding(&self) -> BTreeSet<&str> {
        let approvals = self.approvals.iter().filter(|it| it.least > 0).map(|it| it.by.as_str());
        approvals.chain(self.groups.values().map(String::as_str)).collect()
    }
}

fn stronger<T: Ord>(held: &mut Option<Demand<T>>, least: Option<T>, rule: &str) {
    if let Some(least) = least
        && held.as_ref().is_none_or(|held| held.least < least)
    {
        *held = Some(Demand { least, by: rule.to_owned() });
    }
}

/// What one rule demands where it permits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleDemands {
    /// At least so many distinct approvers.
    pub approvals: Option<u8>,
    /// Groups of which somebody must approve.
    pub groups: BTreeSet<Key>,
    /// How surely each approver shows who they are.
    pub step_up: Option<Strength>,
    /// How surely the asker does.
    pub asker_step_up: Option<Strength>,
}

impl RuleDemands {
    /// Each in a few words; `called` says how a group is called.
    pub fn in_words(&self, called: impl Fn(&Key) -> String) -> Vec<String> {
        let Self { approvals, groups, step_up, asker_step_up } = self;
        let mut words = Vec::new();
        words.extend(approvals.map(|n| match n {
            1 => "one approver".to_owned(),
            n => format!("{} distinct approvers", count(n)),
        }));
        words.extend(groups.iter().map(|group| format!("somebody of {} approves", called(group))));
        words.extend(step_up.map(|it| format!("each approver confirms with {}", it.word())));
        words.extend(asker_step_up.map(|it| format!("the asker confirms with {}", it.word())));
        words
    }
}

/// One version of the guardrails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardrailText {
    /// The rules.
    pub rules: String,
    /// Their tests.
    pub tests: String,
}

/// The organisation's guardrails: at most one version counts, at most one is a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardrailSet {
    /// How often the row has changed.
    pub version: u32,
    /// How many versions there are.
    pub versions: u32,
    /// What counts now.
    pub published: Option<Published<GuardrailText>>,
    /// What waits for a second pair of eyes.
    pub draft: Option<Draft<GuardrailText>>,
    /// What was written on its drafts.
    pub remarks: Vec<Remark>,
}

/// What can happen to the guardrails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum GuardrailEvent {
    /// A new version was written.
    GuardrailsDrafted {
        /// Which.
        number: u32,
        /// What it says.
        spec: GuardrailText,
    },
    /// A draft was submitted for review.
    GuardrailsSubmitted {
        /// Which.
        number: u32,
    },
    /// A draft was taken back from review.
    GuardrailsWithdrawn {
        /// Which.
        number: u32,
    },
    /// Somebody wrote on a draft.
    GuardrailsCommented {
        /// On which.
        number: u32,
        /// What.
        text: TextRef,
    },
    /// A reviewer wants something else, and says what.
    GuardrailsSentBack {
        /// Which.
        number: u32,
        /// Why.
        text: TextRef,
    },
    /// A draft was thrown away.
    GuardrailsDiscarded {
        /// Which.
        number: u32,
    },
    /// A version was published: it counts from now on.
    GuardrailsPublished {
        /// Which.
        number: u32,
        /// Whether one person both wrote and published it, as only founding mode allows.
        alone: bool,
        /// How the actor showed who they are, for this very act; founding mode asks for nothing.
        verified: Option<Verified>,
        /// What its replay had found; founding mode waits for none.
        replayed: Option<Found>,
    },
}

impl GuardrailSet {
    /// Where its events stand, and its id: there is one for the whole portal.
    pub const STREAM: StreamId = StreamId(Uuid::from_u128(2));

    /// The first version ever, as a draft.
    pub fn draft_new(actor: &Actor, spec: GuardrailText, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::first(Record::guardrails_id(), actor, GuardrailEvent::GuardrailsDrafted { number: 1, spec }, now)
    }

    /// A new version, as a draft; it takes the place of a draft that was not published. `None` when it says nothing new. Who began from
    /// a version (`after` is how many there were) does not write over what somebody else wrote meanwhile.
    pub fn draft(
        &self,
        actor: &Actor,
        spec: GuardrailText,
        after: Option<u32>,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if self.newest() == Some(&spec) {
            return Ok(None);
        }
        if after.is_some_and(|after| after != self.versions) {
            return Err(Refusal::WrittenMeanwhile { number: self.versions });
        }
        let number = self.versions.saturating_add(1);
        self.change(actor, GuardrailEvent::GuardrailsDrafted { number, spec }, now).map(Some)
    }

    /// Gives the draft to another admin to look at; who wrote it does. Its replay begins.
    pub fn submit(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let draft = expect_draft(self.draft.as_ref(), number)?;
        draft.expect_author(actor)?;
        if draft.is_in_review() {
            return Err(Refusal::AlreadyInReview { number });
        }
        let change = self.change(actor, GuardrailEvent::GuardrailsSubmitted { number }, now)?;
        Ok(change.with_jobs([Job::at(JobKey::GuardrailReplay {}, now)]))
    }

    /// Takes the draft back from review, to write on; who wrote it does.
    pub fn withdraw(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        expect_review(self.draft.as_ref(), number)?.expect_author(actor)?;
        self.change(actor, GuardrailEvent::GuardrailsWithdrawn { number }, now)
    }

    /// Writes on the draft.
    pub fn comment(&self, actor: &Actor, number: u32, text: Words, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        expect_draft(self.draft.as_ref(), number)?;
        let event = GuardrailEvent::GuardrailsCommented { number, text: text.reference() };
        Ok(self.change(actor, event, now)?.with_words([text]))
    }

    /// Gives the draft back to who wrote it, and says why.
    pub fn send_back(&self, actor: &Actor, number: u32, why: Words, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        expect_review(self.draft.as_ref(), number)?.expect_other(actor)?;
        let event = GuardrailEvent::GuardrailsSentBack { number, text: why.reference() };
        Ok(self.change(actor, event, now)?.with_words([why]))
    }

    /// Throws the draft away.
    pub fn discard(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        expect_draft(self.draft.as_ref(), number)?;
        self.change(actor, GuardrailEvent::GuardrailsDiscarded { number }, now)
    }

    /// Publishes the draft that was reviewed, as [`crate::bundle::Bundle::publish`] does with a bundle's.
    pub fn publish(
        &self,
        actor: &Actor,
        number: u32,
        around: Around<'_>,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let draft = expect_draft(self.draft.as_ref(), number)?;
        let (alone, replayed) = around.allows(draft, actor)?;
        let verified = confirmed.of(actor, &Self::publication_act(draft))?;
        self.change(actor, GuardrailEvent::GuardrailsPublished { number, alone, verified, replayed }, now)
    }

    /// Publishing this draft, as a step-up confirms it.
    pub fn publication_act(draft: &Draft<GuardrailText>) -> Act {
        Act::PublishGuardrails { number: draft.number, spec: digest(&draft.spec) }
    }

    /// What its newest version says, published or not.
    pub fn newest(&self) -> Option<&GuardrailText> {
        self.draft.as_ref().map(|draft| &draft.spec).or(self.published.as_ref().map(|published| &published.spec))
    }

    /// Whether something was written on the draft that waits, or on one that became it.
    pub fn is_current(&self, remark: &Remark) -> bool {
        self.draft.is_some() && self.published.as_ref().is_none_or(|it| remark.number > it.number)
    }

    fn change(&self, actor: &Actor, event: GuardrailEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::GuardrailSet(Box::new(self.clone())), actor, event, now)
    }

    pub(crate) fn apply(before: Option<Self>, event: &GuardrailEvent, stamp: &Stamp) -> Result<Self, Inconsistent> {
        let mut set = match (before, event) {
            (Some(set), _) => set,
            (None, GuardrailEvent::GuardrailsDrafted { .. }) => {
                Self { version: 0, versions: 0, published: None, draft: None, remarks: Vec::new() }
            }
            (None, _) => return Err(Inconsistent::NotBegun),
        };
        set.version = stamp.version;
        let out_of_turn =
            |event: &str| Inconsistent::OutOfTurn { state: "no such draft".to_owned(), event: event.to_owned() };
        match event {
            GuardrailEvent::GuardrailsDrafted { number, spec } => {
                set.versions = *number;
                set.draft = Some(Draft::written(set.draft.take(), *number, spec.clone(), stamp));
            }
            GuardrailEvent::GuardrailsSubmitted { number } => {
                let draft = set.draft_to_change(*number).ok_or_else(|| out_of_turn("guardrails_submitted"))?;
                draft.submitted(stamp);
            }
            GuardrailEvent::GuardrailsWithdrawn { number } => {
                let draft = set.draft_to_change(*number).ok_or_else(|| out_of_turn("guardrails_withdrawn"))?;
                draft.state = DraftState::Draft;
            }
            GuardrailEvent::GuardrailsCommented { number, text } => {
                set.remarks.push(Remark::made(*number, text, false, stamp));
            }
            GuardrailEvent::GuardrailsSentBack { number, text } => {
                let draft = set.draft_to_change(*number).ok_or_else(|| out_of_turn("guardrails_sent_back"))?;
                draft.state = DraftState::Draft;
                set.remarks.push(Remark::made(*number, text, true, stamp));
            }
            GuardrailEvent::GuardrailsDiscarded { .. } => set.draft = None,
            GuardrailEvent::GuardrailsPublished { number, .. } => {
                let draft = set.draft.take().filter(|draft| draft.number == *number);
                let draft = draft.ok_or_else(|| out_of_turn("guardrails_published"))?;
                set.published = Some(draft.published(stamp));
            }
        }
        Ok(set)
    }

    fn draft_to_change(&mut self, number: u32) -> Option<&mut Draft<GuardrailText>> {
        self.draft.as_mut().filter(|draft| draft.number == number)
    }
}

impl From<GuardrailEvent> for Event {
    fn from(event: GuardrailEvent) -> Self {
        Self::Guardrail(Box::new(event))
    }
}
