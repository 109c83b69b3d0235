//! The portal itself: whether it is still being founded.

use crate::{
    actor::Actor,
    authenticator::YOUNG_FOR,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    refusal::Refusal,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The portal itself. Until a second admin has signed in it is in *founding mode*, where one person may do what later takes two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// How often it has changed.
    pub version: u32,
    /// When founding mode began.
    pub founded_at: DateTime<Utc>,
    /// When founding mode ended, for good.
    pub founding_ended_at: Option<DateTime<Utc>>,
    /// When it became a demo, where everybody's password is known; it then stays on its machine for good.
    pub demo_since: Option<DateTime<Utc>>,
}

/// What can happen to the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum PortalEvent {
    /// The portal started for the first time.
    PortalFounded {},
    /// A second admin has signed in; from now on four eyes see every change of a bundle.
    FoundingEnded {
        /// Why.
        because: String,
    },
    /// Everybody got the same, known password: this is a demo, and never anything else.
    DemoMade {},
    /// A catalogue was loaded.
    CatalogueImported {
        /// How many things were new.
        created: u32,
        /// How many were changed.
        changed: u32,
        /// How many left.
        left: u32,
        /// How many grants were ended by it.
        ended: u32,
    },
}

impl Portal {
    /// The portal's first start.
    pub fn found(actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::first(Record::portal_id(), actor, PortalEvent::PortalFounded {}, now)
    }

    /// Whether the portal is still being founded.
    pub fn is_founding(&self) -> bool {
        self.founding_ended_at.is_none()
    }

    /// Whether it is a demo, with known passwords.
    pub fn is_demo(&self) -> bool {
        self.demo_since.is_some()
    }

    /// For how long an authenticator that was added by less than it is counts for no more than that. In a demo not at all: everybody knows
    /// everybody's password, so there is nothing that it could protect.
    pub fn young_for(&self) -> TimeDelta {
        if self.is_demo() { TimeDelta::zero() } else { YOUNG_FOR }
    }

    /// Makes it a demo for good.
    pub fn make_demo(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.change(actor, PortalEvent::DemoMade {}, now)
    }

    /// Ends founding mode for good; `None` when it already ended.
    pub fn end_founding(
        &self,
        actor: &Actor,
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if !self.is_founding() {
            return Ok(None);
        }
        self.change(actor, PortalEvent::FoundingEnded { because: because.to_owned() }, now).map(Some)
    }

    /// Notes that a catalogue was loaded.
    pub fn note_import(
        &self,
        actor: &Actor,
        created: u32,
        changed: u32,
        left: u32,
        ended: u32,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.change(actor, PortalEvent::CatalogueImported { created, changed, left, ended }, now)
    }

    fn change(&self, actor: &Actor, event: PortalEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::Portal(Box::new(self.clone())), actor, event, now)
    }

    pub(crate) fn apply(before: Option<Self>, event: &PortalEvent, stamp: &Stamp) -> Result<Self, Inconsistent> {
        match (before, event) {
            (None, PortalEvent::PortalFounded {}) => {
                Ok(Self { version: stamp.version, founded_at: stamp.at, founding_ended_at: None, demo_since: None })
            }
            (None, _) => Err(Inconsistent::NotBegun),
            (Some(mut portal), event) => {
                portal.version = stamp.version;
                match event {
                    PortalEvent::PortalFounded {} => return Err(Inconsistent::BegunTwice),
                    PortalEvent::FoundingEnded { .. } => portal.founding_ended_at = Some(stamp.at),
                    PortalEvent::DemoMade {} => portal.demo_since = Some(stamp.at),
                    PortalEvent::CatalogueImported { .. } => {}
                }
                Ok(portal)
            }
        }
    }
}

impl From<PortalEvent> for Event {
    fn from(event: PortalEvent) -> Self {
        Self::Portal(event)
    }
}
