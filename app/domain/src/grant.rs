//! The life of a grant and its assignments: what is approved beside what was seen in the target (R69).

use crate::{
    actor::Actor,
    authority::Authority,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    facts::Facts,
    ids::{ApprovalId, BundleId, EntitlementId, GrantId, IdentityId, RequestId, SystemId},
    job::{Job, JobKey, RightKey},
    minutes::Minutes,
    refusal::Refusal,
    request::{Request, State as RequestState},
    resource::ConnectorKind,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Why a grant ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "because")]
pub enum Why {
    /// Its time is over.
    Expired {},
    /// Who had it gave it back.
    GivenBack {},
    /// An owner or an admin took it away.
    Revoked {},
    /// Who had it left the company.
    Left {},
    /// Another grant takes its place without a gap.
    Continued {
        /// Which.
        by: GrantId,
    },
    /// It was not there in time.
    Lapsed {},
}

impl Why {
    /// In words, after `ended`.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Expired {} => "its time was over",
            Self::GivenBack {} => "given back",
            Self::Revoked {} => "revoked",
            Self::Left {} => "left the company",
            Self::Continued { .. } => "continued by another grant",
            Self::Lapsed {} => "the access was not there in time",
        }
    }
}

/// Where a grant stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum State {
    /// The access is being made.
    Opening {
        /// Since when.
        since: DateTime<Utc>,
        /// Until when it must be there.
        lapses_at: DateTime<Utc>,
    },
    /// The access is there.
    Active {
        /// Since when; the clock runs from here.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The access is being taken away.
    Ending {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        why: Why,
        /// By whom.
        by: Actor,
    },
    /// The access is gone.
    Ended {
        /// Since when.
        at: DateTime<Utc>,
        /// Why.
        why: Why,
    },
}

impl State {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opening { .. } => "opening",
            Self::Active { .. } => "active",
            Self::Ending { .. } => "ending",
            Self::Ended { .. } => "ended",
        }
    }
}

/// What was last seen in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Fulfilled {
    /// Nobody has looked yet.
    Unknown {},
    /// The right is not there.
    Absent {
        /// When that was seen.
        at: DateTime<Utc>,
    },
    /// The right is there.
    Present {
        /// When that was seen.
        at: DateTime<Utc>,
    },
}

impl Fulfilled {
    /// Whether the right was there when somebody looked last, and when that was; `None` before the first look.
    pub fn seen(&self) -> Option<(bool, DateTime<Utc>)> {
        match *self {
            Self::Unknown {} => None,
            Self::Absent { at } => Some((false, at)),
            Self::Present { at } => Some((true, at)),
        }
    }

    /// Whether the right is there, where that is known.
    pub fn present(&self) -> Option<bool> {
        self.seen().map(|(present, _)| present)
    }
}

/// What went wrong last, for the owner to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When it began.
    pub at: DateTime<Utc>,
    /// What the target said.
    pub says: String,
}

/// One right of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// On which system.
    pub system: SystemId,
    /// Which right.
    pub entitlement: EntitlementId,
    /// Of which account, by the target's own name.
    pub account: String,
    /// The right by the target's own name.
    pub native: String,
    /// Whether the right was there before any grant of ours; then it is a finding, and stays at the end.
    pub found_before: bool,
    /// What was last seen in the target.
    pub fulfilled: Fulfilled,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
    /// Whether it came to its end: since the grant began to end, a look of its own has seen it gone, or left it there for a reason.
    pub settled: bool,
}

/// Why a right is left as it is when its grant ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaving {
    /// It stood there before us, by no grant of ours.
    ThereBefore,
    /// Another grant needs it.
    StillNeeded,
    /// It was never given by this grant.
    NeverGiven,
}

impl Assignment {
    /// The key under which the target is looked at.
    pub fn right(&self) -> RightKey {
        RightKey { system: self.system, entitlement: self.entitlement, account: self.account.clone() }
    }

    /// Whether the right was seen there.
    pub fn is_present(&self) -> bool {
        matches!(self.fulfilled, Fulfilled::Present { .. })
    }
}

/// A grant: one approval, used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// How often it has changed.
    pub version: u32,
    /// The request that led to it.
    pub request: RequestId,
    /// The approval it used up.
    pub approval: ApprovalId,
    /// Who has the access.
    pub subject: IdentityId,
    /// By which bundle.
    pub bundle: BundleId,
    /// For how long, once it is there.
    pub minutes: Minutes,
    /// The grant it continues.
    pub continues: Option<GrantId>,
    /// Where it stands.
    pub state: State,
    /// Its rights: exactly those approved (R16).
    pub assignments: Vec<Assignment>,
}

/// What can happen to a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum GrantEvent {
    /// It was opened from an approval.
    GrantOpened {
        /// From which request.
        request: RequestId,
        /// By which approval.
        approval: ApprovalId,
        /// For whom.
        subject: IdentityId,
        /// By which bundle.
        bundle: BundleId,
        /// For how long.
        minutes: Minutes,
        /// In place of which grant.
        continues: Option<GrantId>,
        /// Until when it must be there.
        lapses_at: DateTime<Utc>,
        /// The rights, account by account.
        rights: Vec<Assignment>,
    },
    /// The target was looked at before anything was changed.
    LookedBefore {
        /// At which right.
        right: RightKey,
        /// Whether it stood there already, by no grant of ours.
        was_there: bool,
    },
    /// The right was seen in the target.
    SeenPresent {
        /// Which.
        right: RightKey,
    },
    /// The right was seen to be gone.
    SeenAbsent {
        /// Which.
        right: RightKey,
    },
    /// The right is left as it is, though the grant ends.
    LeftThere {
        /// Which.
        right: RightKey,
        /// Why.
        why: Leaving,
    },
    /// An operator says that they made the target so.
    Attested {
        /// Which right.
        right: RightKey,
        /// Whether it is there now.
        present: bool,
    },
    /// The target could not be made so.
    Troubled {
        /// Which right.
        right: RightKey,
        /// What it said.
        says: String,
    },
    /// All of it is there; the clock runs.
    GrantActive {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It is to end.
    GrantEnding {
        /// Why.
        why: Why,
    },
    /// All of it is gone.
    GrantEnded {},
}

impl Grant {
    /// Opens a grant from a request that was just settled, with one assignment for each entitlement of the frozen bundle version,
    /// on the accounts of today, by which it was judged again. It must be there before the approval would have lapsed.
    pub fn open(
        request: &Request,
        today: &Facts,
        lapses_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let RequestState::Granted { approval, grant: id, .. } = request.state else {
            return Err(Refusal::NotAllowed("a grant needs an approved request"));
        };
        let mut rights = Vec::new();
        for entitlement in &request.facts.bundle.spec.entitlements {
            let Some(facts) = today.entitlements.get(entitlement) else {
                return Err(Refusal::NotAllowed("the bundle names an entitlement that the ruling did not know"));
            };
            let directory = today.systems.get(&facts.system).is_some_and(|s| s.connector == ConnectorKind::Directory);
            let account = match today.subject.accounts.get(&facts.system) {
                _ if directory => request.ask.subject.to_string(),
                Some(account) => account.clone(),
                None => return Err(Refusal::NotAllowed("there is no account to give the right to")),
            };
            rights.push(Assignment {
                system: facts.system,
                entitlement: *entitlement,
                account,
                native: facts.native.clone(),
                found_before: false,
                fulfilled: Fulfilled::Unknown {},
                trouble: None,
                settled: false,
            });
        }
        let jobs = rights
            .iter()
            .map(|a| Job::at(JobKey::Right(a.right()), now))
            .chain([Job::at(JobKey::Grant { id }, lapses_at)])
            .collect::<Vec<_>>();
        let event = GrantEvent::GrantOpened {
            request: request.id,
            approval,
            subject: request.ask.subject,
            bundle: request.bundle(),
            minutes: request.minutes,
            continues: request.ask.continues,
            lapses_at,
            rights,
        };
        Ok(Transition::first(Record::grant_id(id, request.id), &Actor::System, event, now)?.with_jobs(jobs))
    }

    /// What the first look found, before anything was changed. A right that stood there by no grant of ours is a finding and will stay.
    pub fn looked_before(&self, right: &RightKey, was_there: bool, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.change(&Actor::System, GrantEvent::LookedBefore { right: right.clone(), was_there }, now)
    }

    /// What a look found after the target was made so; `None` when that is known already. Once the grant is ending, a right that is
    /// seen to be gone is settled by it.
    pub fn seen(&self, right: &RightKey, present: bool, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        let known = self.assignments.iter().find(|a| a.right() == *right);
        let Some(known) = known else { return Ok(None) };
        let same = known.fulfilled.present() == Some(present);
        let settles = self.is_ending() && !present && !known.settled;
        if same && known.trouble.is_none() && !settles {
            return Ok(None);
        }
        let right = right.clone();
        let event = if present { GrantEvent::SeenPresent { right } } else { GrantEvent::SeenAbsent { right } };
        self.change(&Actor::System, event, now).map(Some)
    }

    /// A right of a grant that is ending is left as it is; `None` when that is settled already.
    pub fn leave(&self, right: &RightKey, why: Leaving, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        if !self.is_ending() || self.assignments.iter().any(|a| a.right() == *right && a.settled) {
            return Ok(None);
        }
        self.change(&Actor::System, GrantEvent::LeftThere { right: right.clone(), why }, now).map(Some)
    }

    /// An operator attests what they did in a target that is changed by hand.
    pub fn attested(
        &self,
        actor: &Actor,
        right: &RightKey,
        present: bool,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.change(actor, GrantEvent::Attested { right: right.clone(), present }, now)
    }

    /// The target could not be made so; `None` when the same was said before.
    pub fn trouble(&self, right: &RightKey, says: &str, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        let known = self.assignments.iter().find(|a| a.right() == *right);
        let Some(known) = known else { return Ok(None) };
        if known.trouble.as_ref().is_some_and(|t| t.says == says) {
            return Ok(None);
        }
        let event = GrantEvent::Troubled { right: right.clone(), says: says.chars().take(500).collect() };
        self.change(&Actor::System, event, now).map(Some)
    }

    /// Starts the clock once every right was seen there; `None` before, and once it was too late.
    pub fn activate(&self, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        let State::Opening { lapses_at, .. } = self.state else { return Ok(None) };
        if lapses_at <= now || !self.assignments.iter().all(Assignment::is_present) {
            return Ok(None);
        }
        let until = now + self.minutes.delta();
        let change = self.change(&Actor::System, GrantEvent::GrantActive { until }, now)?;
        let look_at = change.grant().and_then(Self::ends_soon_at).unwrap_or(until);
        Ok(Some(change.with_jobs([Job::at(JobKey::Grant { id: self.id }, look_at)])))
    }

    /// What the clock demands: the end of its time, or of the time it had to be there. `None` while there is time.
    pub fn tend(&self, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        match self.state {
            State::Opening { lapses_at, .. } if lapses_at <= now => {
                self.begin_end(&Actor::System, Why::Lapsed {}, now).map(Some)
            }
            State::Active { until, .. } if until <= now => {
                self.begin_end(&Actor::System, Why::Expired {}, now).map(Some)
            }
            State::Opening { .. } | State::Active { .. } | State::Ending { .. } | State::Ended { .. } => Ok(None),
        }
    }

    /// Who has it gives it back.
    pub fn give_back(&self, authority: &Authority, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if !authority.may_give_back() {
            return Err(Refusal::NotAllowed("only who has the access, or answers for it, may give it back"));
        }
        self.begin_end(authority.actor(), Why::GivenBack {}, now)
    }

    /// An owner or an admin takes it away.
    pub fn revoke(&self, authority: &Authority, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if !authority.may_revoke() {
            return Err(Refusal::NotAllowed("only an owner of the system or an admin may revoke access"));
        }
        self.begin_end(authority.actor(), Why::Revoked {}, now)
    }

    /// Who had it left.
    pub fn end_for_leaver(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.begin_end(actor, Why::Left {}, now)
    }

    /// Another grant has taken its place.
    pub fn continue_by(&self, other: GrantId, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.begin_end(&Actor::System, Why::Continued { by: other }, now)
    }

    fn begin_end(&self, actor: &Actor, why: Why, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        match self.state {
            State::Opening { .. } | State::Active { .. } => {}
            State::Ending { .. } | State::Ended { .. } => return Err(Refusal::GrantOver { state: self.state.word() }),
        }
        let jobs = self.assignments.iter().map(|a| Job::taking_away(JobKey::Right(a.right()), now)).collect::<Vec<_>>();
        Ok(self.change(actor, GrantEvent::GrantEnding { why }, now)?.with_jobs(jobs))
    }

    /// Whether this grant needs its rights in the target now.
    pub fn needs_its_rights(&self, now: DateTime<Utc>) -> bool {
        self.needs_until().is_some_and(|until| now < until)
    }

    /// Closes the grant once every right is settled; `None` while one is not.
    pub fn finish(&self, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        if !self.is_ending() || !self.assignments.iter().all(|a| a.settled) {
            return Ok(None);
        }
        self.change(&Actor::System, GrantEvent::GrantEnded {}, now).map(Some)
    }

    /// Whether it has ended: every right is settled.
    pub fn has_ended(&self) -> bool {
        match self.state {
            State::Ended { .. } => true,
            State::Opening { .. } | State::Active { .. } | State::Ending { .. } => false,
        }
    }

    /// Whether the access is being taken away.
    pub fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending { .. })
    }

    /// Whether its access is there: while it is active, and while it ends for as long as a right was last seen there.
    pub fn is_there(&self) -> bool {
        match self.state {
            State::Active { .. } => true,
            State::Ending { .. } => self.assignments.iter().any(Assignment::is_present),
            State::Opening { .. } | State::Ended { .. } => false,
        }
    }

    /// Whether its end is near: within a day, or within the last quarter of its time where that is shorter.
    pub fn is_expiring(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            State::Active { since, until } => until - now <= ((until - since) / 4).min(TimeDelta::hours(24)),
            State::Opening { .. } | State::Ending { .. } | State::Ended { .. } => false,
        }
    }

    /// Until when it lasts, while it is active.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        match self.state {
            State::Active { until, .. } => Some(until),
            State::Opening { .. } | State::Ending { .. } | State::Ended { .. } => None,
        }
    }

    /// From when on its end is near, while it is active: an hour before, or a quarter of its time where that is less.
    pub fn ends_soon_at(&self) -> Option<DateTime<Utc>> {
        self.until().map(|until| until - (self.minutes.delta() / 4).min(TimeDelta::hours(1)))
    }

    /// Until when it needs its rights, if nothing else ends it: the end of its time, or of the time in which it must be there.
    pub fn needs_until(&self) -> Option<DateTime<Utc>> {
        match self.state {
            State::Opening { lapses_at, .. } => Some(lapses_at),
            State::Active { until, .. } => Some(until),
            State::Ending { .. } | State::Ended { .. } => None,
        }
    }

    fn change(&self, actor: &Actor, event: GrantEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::Grant(Box::new(self.clone())), actor, event, now)
    }

    pub(crate) fn apply(
        before: Option<Self>,
        id: GrantId,
        event: &GrantEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let (mut grant, event) = match (before, event) {
            (
                None,
                GrantEvent::GrantOpened { request, approval, subject, bundle, minutes, continues, lapses_at, rights },
            ) => {
                return Ok(Self {
                    id,
                    version: stamp.version,
                    request: *request,
                    approval: *approval,
                    subject: *subject,
                    bundle: *bundle,
                    minutes: *minutes,
                    continues: *continues,
                    state: State::Opening { since: stamp.at, lapses_at: *lapses_at },
                    assignments: rights.clone(),
                });
            }
            (None, _) => return Err(Inconsistent::NotBegun),
            (Some(grant), event) => (grant, event),
        };
        grant.version = stamp.version;
        let at = stamp.at;
        let wrong = |state: &State, event: &str| {
            Err(Inconsistent::OutOfTurn { state: state.word().to_owned(), event: event.to_owned() })
        };
        match event {
            GrantEvent::GrantOpened { .. } => return Err(Inconsistent::BegunTwice),
            GrantEvent::LookedBefore { right, was_there } => {
                for a in grant.assignments.iter_mut().filter(|a| a.right() == *right) {
                    a.found_before = *was_there;
                    a.fulfilled = if *was_there { Fulfilled::Present { at } } else { Fulfilled::Absent { at } };
                }
            }
            GrantEvent::SeenPresent { right } | GrantEvent::Attested { right, present: true } => {
                for a in grant.assignments.iter_mut().filter(|a| a.right() == *right) {
                    a.fulfilled = Fulfilled::Present { at };
                    a.trouble = None;
                }
            }
            GrantEvent::SeenAbsent { right } => {
                let ending = grant.is_ending();
                for a in grant.assignments.iter_mut().filter(|a| a.right() == *right) {
                    a.fulfilled = Fulfilled::Absent { at };
                    a.trouble = None;
                    // What is settled stays so, even where somebody looks once more after the end.
                    a.settled |= ending;
                }
            }
            GrantEvent::Attested { right, present: false } => {
                for a in grant.assignments.iter_mut().filter(|a| a.right() == *right) {
                    a.fulfilled = Fulfilled::Absent { at };
                    a.trouble = None;
                }
            }
            GrantEvent::LeftThere { right, .. } => {
                if !grant.is_ending() {
                    return wrong(&grant.state, "left_there");
                }
                for a in grant.assignments.iter_mut().filter(|a| a.right() == *right) {
                    a.trouble = None;
                    a.settled = true;
                }
            }
            GrantEvent::Troubled { right, says } => {
                for a in grant.assignments.iter_mut().filter(|a| a.right() == *right) {
                    a.trouble = Some(Trouble { at, says: says.clone() });
                }
            }
            GrantEvent::GrantActive { until } => match grant.state {
                State::Opening { .. } => grant.state = State::Active { since: at, until: *until },
                State::Active { .. } | State::Ending { .. } | State::Ended { .. } => {
                    return wrong(&grant.state, "grant_active");
                }
            },
            GrantEvent::GrantEnding { why } => match grant.state {
                State::Opening { .. } | State::Active { .. } => {
                    grant.state = State::Ending { since: at, why: why.clone(), by: stamp.actor.clone() };
                }
                State::Ending { .. } | State::Ended { .. } => return wrong(&grant.state, "grant_ending"),
            },
            GrantEvent::GrantEnded {} => {
                let State::Ending { why, .. } = &grant.state else { return wrong(&grant.state, "grant_ended") };
                if !grant.assignments.iter().all(|a| a.settled) {
                    return wrong(&grant.state, "grant_ended");
                }
                grant.state = State::Ended { at, why: why.clone() };
            }
        }
        Ok(grant)
    }
}

impl From<GrantEvent> for Event {
    fn from(event: GrantEvent) -> Self {
        Self::Grant(Box::new(event))
    }
}
