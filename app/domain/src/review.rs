//! Four eyes: what a new version of something that governs others goes through before it counts. It is written as a draft, looked at by
//! somebody else, and published under the number that was looked at.

use crate::{
    actor::Actor,
    event::Stamp,
    ids::IdentityId,
    refusal::Refusal,
    replay::{Found, Progress},
    text::TextRef,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a draft stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum DraftState {
    /// It is being written.
    Draft,
    /// Another admin looks at it.
    InReview {
        /// Since when.
        since: DateTime<Utc>,
        /// Who submitted it.
        by: Actor,
    },
}

/// A version that waits to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft<S> {
    /// Which version it will be.
    pub number: u32,
    /// What it says.
    pub spec: S,
    /// Who wrote it as it stands.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// Everybody who wrote any part of it or submitted it, each once: none of them publishes it.
    pub authors: Vec<Actor>,
    /// Where it stands.
    pub state: DraftState,
}

impl<S> Draft<S> {
    /// A version as it was just written; who wrote on the one it replaces wrote some of it.
    pub(crate) fn written(replaced: Option<Self>, number: u32, spec: S, stamp: &Stamp) -> Self {
        let by = stamp.actor.clone();
        let authors = replaced.map(|draft| draft.authors).unwrap_or_default();
        let mut draft = Self { number, spec, by: by.clone(), at: stamp.at, authors, state: DraftState::Draft };
        draft.stands_for_it(&by);
        draft
    }

    /// Another admin looks at it from now on. Who submits what others wrote stands for it too, and does not publish it.
    pub(crate) fn submitted(&mut self, stamp: &Stamp) {
        self.stands_for_it(&stamp.actor);
        self.state = DraftState::InReview { since: stamp.at, by: stamp.actor.clone() };
    }

    fn stands_for_it(&mut self, who: &Actor) {
        if !self.is_by(who) {
            self.authors.push(who.clone());
        }
    }

    /// The same as the version that counts now.
    pub(crate) fn published(self, stamp: &Stamp) -> Published<S> {
        let (number, spec, drafted_by) = (self.number, self.spec, self.by);
        Published { number, spec, drafted_by, by: stamp.actor.clone(), at: stamp.at }
    }

    /// Whether this actor wrote any part of it.
    pub fn is_by(&self, actor: &Actor) -> bool {
        self.authors.iter().any(|author| author.is_one_with(actor))
    }

    /// Whether another admin looks at it.
    pub fn is_in_review(&self) -> bool {
        match self.state {
            DraftState::Draft => false,
            DraftState::InReview { .. } => true,
        }
    }

    /// The people who wrote it.
    pub fn people(&self) -> BTreeSet<IdentityId> {
        self.authors.iter().filter_map(Actor::person).collect()
    }

    /// Their names, as one says them.
    pub fn written_by(&self) -> String {
        crate::text::and(&self.authors.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// Whether this actor may submit it and take it back: who wrote it, or anybody where no person did.
    pub fn is_stood_for_by(&self, actor: &Actor) -> bool {
        self.is_by(actor) || self.people().is_empty()
    }

    pub(crate) fn expect_author(&self, actor: &Actor) -> Result<(), Refusal> {
        if self.is_stood_for_by(actor) { Ok(()) } else { Err(Refusal::NotItsAuthor { by: self.written_by() }) }
    }

    pub(crate) fn expect_other(&self, actor: &Actor) -> Result<(), Refusal> {
        if self.is_by(actor) { Err(Refusal::OwnReview) } else { Ok(()) }
    }
}

/// Something a reviewer or an author wrote on a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// On which version.
    pub number: u32,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: TextRef,
    /// Whether the draft was sent back with it.
    pub sends_back: bool,
}

/// A published version, and who stood for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published<S> {
    /// Which version.
    pub number: u32,
    /// What it says.
    pub spec: S,
    /// Who wrote it.
    pub drafted_by: Actor,
    /// Who published it.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// What stands around a draft that is to be published.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// Whether the portal is in founding mode.
    pub founding: bool,
    /// Why the draft may not be published, from itself and the facts around it.
    pub gaps: &'a [String],
    /// How far its replay has come.
    pub replay: Progress,
    /// What the replay found, where it is finished.
    pub found: Option<Found>,
}

impl Around<'_> {
    /// Whether this actor may publish the draft: an admin does who wrote no part of it, once it was reviewed and its replay is finished;
    /// in founding mode the founder may at once. Gives whether one person both wrote and published it, and what its replay found.
    pub(crate) fn allows<S>(self, draft: &Draft<S>, actor: &Actor) -> Result<(bool, Option<Found>), Refusal> {
        let alone = draft.is_by(actor);
        if !self.founding {
            if alone {
                return Err(Refusal::OwnDraft);
            }
            expect_review(Some(draft), draft.number)?;
        }
        if !self.gaps.is_empty() {
            return Err(Refusal::NotPublishable { gaps: self.gaps.to_vec() });
        }
        if !self.founding {
            self.replay.expect_finished()?;
        }
        Ok((alone, self.found))
    }
}

impl Remark {
    /// What was just written.
    pub(crate) fn made(number: u32, text: &TextRef, sends_back: bool, stamp: &Stamp) -> Self {
        Self { number, by: stamp.actor.clone(), at: stamp.at, text: text.clone(), sends_back }
    }
}

/// The draft that was looked at, if it is still the one that waits.
pub(crate) fn expect_draft<S>(draft: Option<&Draft<S>>, number: u32) -> Result<&Draft<S>, Refusal> {
    match draft {
        None => Err(Refusal::NoDraft),
        Some(draft) if draft.number != number => Err(Refusal::DraftChanged { number: draft.number }),
        Some(draft) => Ok(draft),
    }
}

/// The same, where another admin looks at it.
pub(crate) fn expect_review<S>(draft: Option<&Draft<S>>, number: u32) -> Result<&Draft<S>, Refusal> {
    let draft = expect_draft(draft, number)?;
    if draft.is_in_review() { Ok(draft) } else { Err(Refusal::NotInReview { number }) }
}
