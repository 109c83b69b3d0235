//! What is written down. A [`Transition`] is the only way a governed row changes: it holds the row as it will be and the event that
//! makes it so, and it is made only in this crate. The row is always the fold of its events, so replaying them gives the row again.

use crate::{
    actor::Actor,
    bundle::{Bundle, BundleEvent},
    canonical::canonical,
    grant::{Grant, GrantEvent},
    group::{Group, GroupEvent},
    guardrail::{GuardrailEvent, GuardrailSet},
    identity::{Identity, IdentityEvent},
    ids::{BundleId, EventId, GrantId, GroupId, IdentityId, RequestId, StreamId, SystemId},
    job::Job,
    portal::{Portal, PortalEvent},
    refusal::Refusal,
    request::{Request, RequestEvent},
    resource::{System, SystemEvent},
    text::Words,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The version of the hashed form of an event.
pub const FORMAT: u32 = 1;

/// What `prev` is in the first event of a stream: 32 zero bytes, in hexadecimal.
pub const NO_PREV: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The kinds of governed rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThingKind {
    /// The portal itself.
    Portal,
    /// A person or a non-human identity.
    Identity,
    /// A group.
    Group,
    /// A system.
    System,
    /// A bundle.
    Bundle,
    /// The guardrails.
    Guardrails,
    /// A request.
    Request,
    /// A grant; its events stand in its request's stream.
    Grant,
}

impl ThingKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Portal,
        Self::Identity,
        Self::Group,
        Self::System,
        Self::Bundle,
        Self::Guardrails,
        Self::Request,
        Self::Grant,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Identity => "identity",
            Self::Group => "group",
            Self::System => "system",
            Self::Bundle => "bundle",
            Self::Guardrails => "guardrails",
            Self::Request => "request",
            Self::Grant => "grant",
        }
    }
}

/// Which governed row, and in which stream its events stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    /// Its kind.
    pub kind: ThingKind,
    /// Its id.
    pub id: Uuid,
    /// Where its events stand.
    pub stream: StreamId,
}

/// A governed row, whatever its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The portal itself.
    Portal(Box<Portal>),
    /// A person or a non-human identity.
    Identity(Box<Identity>),
    /// A group.
    Group(Box<Group>),
    /// A system.
    System(Box<System>),
    /// A bundle.
    Bundle(Box<Bundle>),
    /// The guardrails.
    GuardrailSet(Box<GuardrailSet>),
    /// A request.
    Request(Box<Request>),
    /// A grant.
    Grant(Box<Grant>),
}

/// What happened to a governed row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// To the portal.
    Portal(PortalEvent),
    /// To an identity.
    Identity(IdentityEvent),
    /// To a group.
    Group(GroupEvent),
    /// To a system.
    System(SystemEvent),
    /// To a bundle.
    Bundle(Box<BundleEvent>),
    /// To the guardrails.
    Guardrail(Box<GuardrailEvent>),
    /// To a request.
    Request(Box<RequestEvent>),
    /// To a grant.
    Grant(Box<GrantEvent>),
}

/// Who, when, and the row's version after it: what an event needs to become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// The row's version after it; the first is 1.
    pub version: u32,
}

/// An event does not fit the row it is said to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// The first event is missing.
    #[error("its first event is missing")]
    NotBegun,
    /// It begins twice.
    #[error("it begins twice")]
    BegunTwice,
    /// The event is of another kind of row.
    #[error("the event belongs to another kind of row")]
    OtherKind,
    /// The versions leave a gap.
    #[error("version {found} follows version {before}")]
    Gap {
        /// The version before.
        before: u32,
        /// The version that came.
        found: u32,
    },
    /// The event cannot follow this state.
    #[error("`{event}` cannot follow `{state}`")]
    OutOfTurn {
        /// The state before.
        state: String,
        /// What came.
        event: String,
    },
}

impl Record {
    pub(crate) fn portal_id() -> Thing {
        let id = Uuid::from_u128(1);
        Thing { kind: ThingKind::Portal, id, stream: StreamId(id) }
    }

    pub(crate) fn identity_id(id: IdentityId) -> Thing {
        Thing { kind: ThingKind::Identity, id: id.0, stream: StreamId(id.0) }
    }

    pub(crate) fn group_id(id: GroupId) -> Thing {
        Thing { kind: ThingKind::Group, id: id.0, stream: StreamId(id.0) }
    }

    pub(crate) fn system_id(id: SystemId) -> Thing {
        Thing { kind: ThingKind::System, id: id.0, stream: StreamId(id.0) }
    }

    pub(crate) fn bundle_id(id: BundleId) -> Thing {
        Thing { kind: ThingKind::Bundle, id: id.0, stream: StreamId(id.0) }
    }

    /// There is one set of guardrails.
    pub(crate) fn guardrails_id() -> Thing {
        let stream = GuardrailSet::STREAM;
        Thing { kind: ThingKind::Guardrails, id: stream.0, stream }
    }

    pub(crate) fn request_id(id: RequestId) -> Thing {
        Thing { kind: ThingKind::Request, id: id.0, stream: StreamId(id.0) }
    }

    /// A grant's events stand in the stream of the request that led to it (R41).
    pub(crate) fn grant_id(id: GrantId, request: RequestId) -> Thing {
        Thing { kind: ThingKind::Grant, id: id.0, stream: StreamId(request.0) }
    }

    /// Which row this is.
    pub fn thing(&self) -> Thing {
        match self {
            Self::Portal(_) => Self::portal_id(),
            Self::Identity(it) => Self::identity_id(it.id),
            Self::Group(it) => Self::group_id(it.id),
            Self::System(it) => Self::system_id(it.id),
            Self::Bundle(it) => Self::bundle_id(it.id),
            Self::GuardrailSet(_) => Self::guardrails_id(),
            Self::Request(it) => Self::request_id(it.id),
            Self::Grant(it) => Self::grant_id(it.id, it.request),
        }
    }

    /// How often it has changed.
    pub fn version(&self) -> u32 {
        match self {
            Self::Portal(it) => it.version,
            Self::Identity(it) => it.version,
            Self::Group(it) => it.version,
            Self::System(it) => it.version,
            Self::Bundle(it) => it.version,
            Self::GuardrailSet(it) => it.version,
            Self::Request(it) => it.version,
            Self::Grant(it) => it.version,
        }
    }

    /// The row as JSON, as it is kept beside its searchable columns.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Portal(it) => serde_json::to_string(it),
            Self::Identity(it) => serde_json::to_string(it),
            Self::Group(it) => serde_json::to_string(it),
            Self::System(it) => serde_json::to_string(it),
            Self::Bundle(it) => serde_json::to_string(it),
            Self::GuardrailSet(it) => serde_json::to_string(it),
            Self::Request(it) => serde_json::to_string(it),
            Self::Grant(it) => serde_json::to_string(it),
        }
    }

    /// The row from its JSON.
    pub fn from_json(kind: ThingKind, json: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            ThingKind::Portal => Self::Portal(serde_json::from_str(json)?),
            ThingKind::Identity => Self::Identity(serde_json::from_str(json)?),
            ThingKind::Group => Self::Group(serde_json::from_str(json)?),
            ThingKind::System => Self::System(serde_json::from_str(json)?),
            ThingKind::Bundle => Self::Bundle(serde_json::from_str(json)?),
            ThingKind::Guardrails => Self::GuardrailSet(serde_json::from_str(json)?),
            ThingKind::Request => Self::Request(serde_json::from_str(json)?),
            ThingKind::Grant => Self::Grant(serde_json::from_str(json)?),
        })
    }

    /// The row after an event. This is how rows come to be, when they are first written and when they are checked.
    pub fn apply(before: Option<Self>, thing: Thing, event: &Event, stamp: &Stamp) -> Result<Self, Inconsistent> {
        let held = before.as_ref().map_or(0, Self::version);
        if stamp.version != held.saturating_add(1) {
            return Err(Inconsistent::Gap { before: held, found: stamp.version });
        }
        match (event, before) {
            (Event::Portal(event), None) => Portal::apply(None, event, stamp).map(Self::from),
            (Event::Portal(event), Some(Self::Portal(it))) => Portal::apply(Some(*it), event, stamp).map(Self::from),
            (Event::Identity(event), None) => Identity::apply(None, IdentityId(thing.id), event, stamp).map(Self::from),
            (Event::Identity(event), Some(Self::Identity(it))) => {
                Identity::apply(Some(*it), IdentityId(thing.id), event, stamp).map(Self::from)
            }
            (Event::Group(event), None) => Group::apply(None, GroupId(thing.id), event, stamp).map(Self::from),
            (Event::Group(event), Some(Self::Group(it))) => {
                Group::apply(Some(*it), GroupId(thing.id), event, stamp).map(Self::from)
            }
            (Event::System(event), None) => System::apply(None, SystemId(thing.id), event, stamp).map(Self::from),
            (Event::System(event), Some(Self::System(it))) => {
                System::apply(Some(*it), SystemId(thing.id), event, stamp).map(Self::from)
            }
            (Event::Bundle(event), None) => Bundle::apply(None, BundleId(thing.id), event, stamp).map(Self::from),
            (Event::Bundle(event), Some(Self::Bundle(it))) => {
                Bundle::apply(Some(*it), BundleId(thing.id), event, stamp).map(Self::from)
            }
            (Event::Guardrail(event), None) => GuardrailSet::apply(None, event, stamp).map(Self::from),
            (Event::Guardrail(event), Some(Self::GuardrailSet(it))) => {
                GuardrailSet::apply(Some(*it), event, stamp).map(Self::from)
            }
            (Event::Request(event), None) => Request::apply(None, RequestId(thing.id), event, stamp).map(Self::from),
            (Event::Request(event), Some(Self::Request(it))) => {
                Request::apply(Some(*it), RequestId(thing.id), event, stamp).map(Self::from)
            }
            (Event::Grant(event), None) => Grant::apply(None, GrantId(thing.id), event, stamp).map(Self::from),
            (Event::Grant(event), Some(Self::Grant(it))) => {
                Grant::apply(Some(*it), GrantId(thing.id), event, stamp).map(Self::from)
            }
            (
                Event::Portal(_)
                | Event::Identity(_)
                | Event::Group(_)
                | Event::System(_)
                | Event::Bundle(_)
                | Event::Guardrail(_)
                | Event::Request(_)
                | Event::Grant(_),
                Some(_),
            ) => Err(Inconsistent::OtherKind),
        }
    }
}

macro_rules! record_from {
    ($($ty:ident),*) => {$(
        impl From<$ty> for Record {
            fn from(it: $ty) -> Self {
                Self::$ty(Box::new(it))
            }
        }
    )*};
}
record_from!(Portal, Identity, Group, System, Bundle, GuardrailSet, Request, Grant);

impl Event {
    /// What happened, in one word with underscores: `request_approved`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Portal(event) => event.into(),
            Self::Identity(event) => event.into(),
            Self::Group(event) => event.into(),
            Self::System(event) => event.into(),
            Self::Bundle(event) => (&**event).into(),
            Self::Guardrail(event) => (&**event).into(),
            Self::Request(event) => (&**event).into(),
            Self::Grant(event) => (&**event).into(),
        }
    }
}

/// A change of one governed row together with its trace. Its fields are private and it is made only in this crate: a change without a
/// trace does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    thing: Thing,
    before: Option<u32>,
    after: Record,
    event: Event,
    stamp: Stamp,
    words: Vec<Words>,
    jobs: Vec<Job>,
}

impl Transition {
    pub(crate) fn first(
        thing: Thing,
        actor: &Actor,
        event: impl Into<Event>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        Self::make(thing, None, actor, event.into(), now)
    }

    pub(crate) fn next(
        before: Record,
        actor: &Actor,
        event: impl Into<Event>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        Self::make(before.thing(), Some(before), actor, event.into(), now)
    }

    fn make(
        thing: Thing,
        before: Option<Record>,
        actor: &Actor,
        event: Event,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let version = before.as_ref().map(Record::version);
        let stamp = Stamp { actor: actor.clone(), at: now, version: version.unwrap_or(0).saturating_add(1) };
        let after = Record::apply(before, thing, &event, &stamp).map_err(Refusal::Inconsistent)?;
        Ok(Self { thing, before: version, after, event, stamp, words: Vec::new(), jobs: Vec::new() })
    }

    pub(crate) fn with_words(mut self, words: impl IntoIterator<Item = Words>) -> Self {
        self.words.extend(words);
        self
    }

    pub(crate) fn with_jobs(mut self, jobs: impl IntoIterator<Item = Job>) -> Self {
        self.jobs.extend(jobs);
        self
    }

    /// Which row changes.
    pub fn thing(&self) -> Thing {
        self.thing
    }

    /// The version the row must have now; `None` when it must not exist yet.
    pub fn before(&self) -> Option<u32> {
        self.before
    }

    /// The row as it will be.
    pub fn after(&self) -> &Record {
        &self.after
    }

    /// What happened.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Who did it, and when.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Free texts to keep beside the trail.
    pub fn words(&self) -> &[Words] {
        &self.words
    }

    /// The looks that must follow.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The request as it will be, if it is one.
    pub fn request(&self) -> Option<&Request> {
        if let Record::Request(it) = &self.after { Some(it) } else { None }
    }

    /// The identity as it will be, if it is one.
    pub fn identity(&self) -> Option<&Identity> {
        if let Record::Identity(it) = &self.after { Some(it) } else { None }
    }

    /// The grant as it will be, if it is one.
    pub fn grant(&self) -> Option<&Grant> {
        if let Record::Grant(it) = &self.after { Some(it) } else { None }
    }

    /// The event in its place in the chain.
    pub fn envelope(&self, id: EventId, seq: u32, prev: &str, founding: bool) -> Envelope {
        Envelope {
            format: FORMAT,
            id,
            stream: self.thing.stream,
            seq,
            prev: prev.to_owned(),
            at: self.stamp.at,
            actor: self.stamp.actor.clone(),
            founding,
            thing: self.thing.kind,
            thing_id: self.thing.id,
            version: self.stamp.version,
            event: self.event.clone(),
        }
    }
}

/// An event in its place in the chain, as it is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The version of this form.
    pub format: u32,
    /// The event's id.
    pub id: EventId,
    /// The chain it stands in.
    pub stream: StreamId,
    /// Its place there; the first is 1.
    pub seq: u32,
    /// The hash of the one before, in hexadecimal.
    pub prev: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// Whether the portal was in founding mode.
    pub founding: bool,
    /// Which kind of row it changed.
    pub thing: ThingKind,
    /// Which row.
    pub thing_id: Uuid,
    /// The row's version after it.
    pub version: u32,
    /// What happened.
    pub event: Event,
}

impl Envelope {
    /// The bytes that are hashed and kept: canonical JSON (RFC 8785).
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        canonical(self)
    }

    /// Reads what was kept.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Which row it changed.
    pub fn changed(&self) -> Thing {
        Thing { kind: self.thing, id: self.thing_id, stream: self.stream }
    }

    /// What [`Record::apply`] needs beside the event.
    pub fn stamp(&self) -> Stamp {
        Stamp { actor: self.actor.clone(), at: self.at, version: self.version }
    }
}

/// SHA-256 of an event's bytes, in hexadecimal; the next event holds it as `prev`.
pub fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use strum::VariantNames;

    /// An event of a name that there is not is refused with all the names that there are.
    fn is_named_as_it_is_written<E: DeserializeOwned + VariantNames>() {
        let refused = serde_json::from_value::<E>(serde_json::json!({ "type": "?" })).err().expect("there is no `?`");
        let names: Vec<_> = E::VARIANTS.iter().map(|name| format!("`{name}`")).collect();
        assert_eq!(refused.to_string(), format!("unknown variant `?`, expected one of {}", names.join(", ")));
    }

    #[test]
    fn every_event_is_named_as_it_is_written() {
        is_named_as_it_is_written::<PortalEvent>();
        is_named_as_it_is_written::<IdentityEvent>();
        is_named_as_it_is_written::<GroupEvent>();
        is_named_as_it_is_written::<SystemEvent>();
        is_named_as_it_is_written::<BundleEvent>();
        is_named_as_it_is_written::<GuardrailEvent>();
        is_named_as_it_is_written::<RequestEvent>();
        is_named_as_it_is_written::<GrantEvent>();
    }
}
