//! The people of a life: rows that real transitions change, and beside them what the test keeps of them by itself, so that it never asks
//! the product what must hold.

use super::world::PEOPLE;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authenticator::{FAILURES, Failure, Means, NewAuthenticator, Used},
    delegation::Delegation,
    departure::Around,
    event::{Envelope, Event, NO_PREV, Record, Transition},
    identity::{Identity, IdentitySpec, Kind, LetIn, PortalRole},
    ids::{AuthenticatorId, EventId, IdentityId},
    stepup::{self, Confirmed, Proof, Statement, Strength, Verified},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What somebody shows for an act, and what that uses up.
pub struct Shown {
    pub verified: Verified,
    pub used: Used,
}

/// With what somebody shows who they are: an authenticator, or the password.
pub type With = (Option<AuthenticatorId>, Strength);

/// Everybody.
#[derive(Default)]
pub struct People {
    rows: BTreeMap<IdentityId, Identity>,
    /// The authenticators that are registered now, by whose they are.
    registered: BTreeMap<IdentityId, BTreeMap<AuthenticatorId, Strength>>,
    /// Those that were, and are not.
    removed: BTreeMap<IdentityId, Vec<(AuthenticatorId, Strength)>>,
    failures: BTreeMap<IdentityId, u32>,
    locked: BTreeMap<IdentityId, DateTime<Utc>>,
    barred: BTreeMap<IdentityId, DateTime<Utc>>,
    let_in: BTreeMap<IdentityId, LetIn>,
    /// Whom each lets decide in their place, and how surely they said so.
    lent: BTreeMap<IdentityId, (Delegation, Strength)>,
    gone: BTreeSet<IdentityId>,
    said_to_be_gone: BTreeSet<IdentityId>,
    made: u32,
}

pub fn actor(id: IdentityId) -> Actor {
    let name = PEOPLE.iter().find(|(known, _)| *known == id).map_or("nobody", |(_, name)| *name);
    Actor::Person { id, name: name.to_owned() }
}

impl People {
    /// Everybody belongs, with an app and a passkey.
    pub fn begin(now: DateTime<Utc>) -> Self {
        let mut people = Self::default();
        for (id, name) in PEOPLE {
            let spec = IdentitySpec {
                key: name.to_lowercase().parse().expect("a key"),
                kind: Kind::Person,
                name: name.to_owned(),
                email: None,
                title: None,
                department: None,
                manager: None,
                purpose: None,
                owners: BTreeSet::new(),
                // The worst case: an approver of one's own who is an admin besides.
                roles: if name == "Ada" { [PortalRole::Admin].into() } else { BTreeSet::new() },
                accounts: BTreeMap::new(),
            };
            assert!(people.commit(Identity::define(id, &Actor::Operator, spec, now)));
            people.adds(id, false, now);
            people.adds(id, true, now);
        }
        people
    }

    pub fn row(&self, id: IdentityId) -> &Identity {
        &self.rows[&id]
    }

    pub fn is_gone(&self, id: IdentityId) -> bool {
        self.gone.contains(&id)
    }

    /// Whether somebody may sign in.
    pub fn is_in(&self, id: IdentityId) -> bool {
        !self.gone.contains(&id) && !self.said_to_be_gone.contains(&id)
    }

    pub fn is_barred(&self, id: IdentityId, now: DateTime<Utc>) -> bool {
        self.barred.get(&id).is_some_and(|until| now < *until)
    }

    /// Whether the two count as one person now: each who let in another less than a day ago counts as one with them, and so on. Told apart
    /// from how the product finds it.
    pub fn count_as_one(&self, a: IdentityId, b: IdentityId, now: DateTime<Utc>) -> bool {
        let young = |it: &LetIn| (now - it.at).num_minutes() < 24 * 60;
        let links: Vec<_> = self.let_in.iter().filter(|(_, it)| young(it)).map(|(new, it)| (*new, it.by)).collect();
        let mut reached = BTreeSet::from([a]);
        for _ in &links {
            for (new, old) in &links {
                if reached.contains(new) || reached.contains(old) {
                    reached.extend([*new, *old]);
                }
            }
        }
        reached.contains(&b)
    }

    /// Whoever could use somebody's account, as the store would find them.
    pub fn origins(&self, who: IdentityId, now: DateTime<Utc>) -> BTreeSet<IdentityId> {
        let mut found = BTreeSet::from([who]);
        let mut newest = who;
        while let Some(by) = self.row(newest).let_in_lately(now)
            && found.insert(by)
        {
            newest = by;
        }
        found
    }

    /// Asserts that what was shown is something that may be shown now: an authenticator that is registered, by somebody who is not locked.
    pub fn may_show(&self, who: IdentityId, proof: &Proof, now: DateTime<Utc>) {
        assert!(self.locked.get(&who).is_none_or(|until| *until <= now), "who failed too often confirms nothing");
        let (id, strength) = match proof {
            Proof::SignIn {} => return,
            Proof::Code { authenticator } => (authenticator, Strength::Code),
            Proof::Passkey { authenticator, .. } => (authenticator, Strength::Passkey),
            Proof::RecoveryCode {} => panic!("nobody here has recovery codes"),
        };
        let registered = self.registered.get(&who).and_then(|mine| mine.get(id));
        assert_eq!(registered, Some(&strength), "a proof is of an authenticator that is registered now");
    }

    /// What somebody has that is as sure as is wanted.
    pub fn has(&self, who: IdentityId, wanted: Strength) -> Option<With> {
        if wanted == Strength::SignIn {
            return Some((None, Strength::SignIn));
        }
        let mut mine = self.row(who).authenticators.values().map(|it| (Some(it.id), it.means.strength()));
        mine.find(|(_, strength)| *strength >= wanted)
    }

    /// What somebody had that was as sure as is wanted, and has no more.
    pub fn had(&self, who: IdentityId, wanted: Strength) -> Option<With> {
        let gone = self.removed.get(&who)?.iter().find(|(_, strength)| *strength >= wanted)?;
        Some((Some(gone.0), gone.1))
    }

    /// Shows who one is for an act.
    pub fn shows(&mut self, by: IdentityId, does: stepup::Act, with: With, now: DateTime<Utc>) -> Shown {
        self.made += 1;
        let (proof, used) = match with {
            (None, _) | (Some(_), Strength::SignIn) => (Proof::SignIn {}, Used::Password {}),
            (Some(authenticator), Strength::Code) => {
                (Proof::Code { authenticator }, Used::Code { authenticator, step: u64::from(self.made) })
            }
            (Some(authenticator), Strength::Passkey) => {
                let proof = Proof::Passkey {
                    authenticator,
                    credential: String::new(),
                    public_key: String::new(),
                    authenticator_data: String::new(),
                    client_data: String::new(),
                    signature: String::new(),
                };
                (proof, Used::Passkey { authenticator, counter: 0 })
            }
        };
        let says = "I do it".to_owned();
        let statement = Statement { format: stepup::FORMAT, nonce: "00".repeat(32), by, at: now, says, does };
        let (statement, counts) = (statement.canonical().expect("it has a canonical form"), proof.strength());
        Shown { verified: Verified { statement, proof, counts }, used }
    }

    /// Shows who one is as surely as one can.
    fn shows_surely(&mut self, by: IdentityId, does: stepup::Act, now: DateTime<Utc>) -> Verified {
        let with = self.has(by, self.row(by).strongest(now)).expect("whoever is sure of something has it");
        self.shows(by, does, with, now).verified
    }

    /// What was shown is used up, as it is in the commit of its act; `None` where that is refused, and then the act is too.
    pub fn step_up(&self, by: IdentityId, used: &Used, now: DateTime<Utc>) -> Option<Transition> {
        self.row(by).step_up(&actor(by), used.clone(), now).ok()
    }

    pub fn stepped_up(&mut self, by: IdentityId, used: &Used, change: Transition) {
        assert!(self.commit(Ok(change)));
        // Only what is as strong as what failed makes good for it.
        if !matches!(used, Used::Password {}) {
            self.failures.remove(&by);
        }
        self.locked.remove(&by);
    }

    /// Fails to show who one is, so many times.
    pub fn fails(&mut self, who: IdentityId, times: u32, now: DateTime<Utc>) {
        for _ in 0..times {
            if self.locked.get(&who).is_some_and(|until| now < *until) {
                return;
            }
            let change = self.row(who).fail_step_up(&actor(who), Strength::Code, Failure::Wrong, now);
            assert!(self.commit(change));
            let failures = self.failures.entry(who).or_default();
            *failures += 1;
            if *failures >= FAILURES {
                *failures = 0;
                self.locked.insert(who, now + TimeDelta::minutes(15));
            }
        }
    }

    pub fn adds(&mut self, who: IdentityId, passkey: bool, now: DateTime<Utc>) {
        if !self.is_in(who) {
            return;
        }
        self.made += 1;
        let (id, name) = (AuthenticatorId(Uuid::from_u128(u128::from(self.made))), format!("number {}", self.made));
        let means = if passkey {
            let (credential, public_key, registered) = (name.clone(), String::new(), String::new());
            Means::Passkey { credential, public_key, registered, counter: 0 }
        } else {
            Means::Code { sealed: String::new(), step: 0 }
        };
        let strength = means.strength();
        let act = stepup::Act::AddAuthenticator { kind: strength, name: name.clone() };
        let verified = self.shows_surely(who, act, now);
        let new = NewAuthenticator { id, name: &name, means, recovery: BTreeSet::new() };
        let change = self.row(who).add_authenticator(&actor(who), new, verified, TimeDelta::zero(), now);
        if self.commit(change) {
            self.registered.entry(who).or_default().insert(id, strength);
        }
    }

    pub fn removes(&mut self, who: IdentityId, now: DateTime<Utc>) {
        let first = self.registered.get(&who).and_then(|mine| mine.keys().next().copied());
        let Some(id) = first.filter(|_| self.is_in(who)) else { return };
        let verified = self.shows_surely(who, stepup::Act::RemoveAuthenticator { authenticator: id }, now);
        let change = self.row(who).remove_authenticator(&actor(who), id, verified, now);
        assert!(self.commit(change), "one's own authenticator can be removed");
        let strength = self.registered.entry(who).or_default().remove(&id).expect("it was registered");
        self.removed.entry(who).or_default().push((id, strength));
    }

    /// One admin asks for it and another confirms it, if they are two and neither is that person.
    pub fn resets(&mut self, by: IdentityId, second: IdentityId, who: IdentityId, now: DateTime<Utc>) {
        let asked = self.row(who).ask_reset(&actor(by), Confirmed::UNASKED, now);
        if !self.commit(asked) {
            return;
        }
        let needed = self.row(second).strongest(now);
        let asked = self.row(who).reset.as_ref().map_or(0, |asked| asked.event);
        let verified = self.shows_surely(second, stepup::Act::ResetAuthenticators { identity: who, asked }, now);
        let change = self.row(who).reset(&actor(second), needed, verified, now);
        let done = self.commit(change);
        assert_eq!(done, by != second && second != who && by != who, "a reset takes two others");
        if done {
            self.lose_all(who);
            self.lent.remove(&who);
            self.barred.insert(who, now + TimeDelta::days(1));
        } else {
            let refused = self.row(who).refuse_reset(&actor(who), now);
            assert!(self.commit(refused));
        }
    }

    fn lose_all(&mut self, who: IdentityId) {
        let lost = self.registered.remove(&who).unwrap_or_default();
        self.removed.entry(who).or_default().extend(lost);
    }

    /// Somebody makes a link with which another sets a password.
    pub fn lets_in(&mut self, by: IdentityId, who: IdentityId, now: DateTime<Utc>) {
        let invited = self.row(who).invite(&actor(by), now + TimeDelta::days(1), now);
        assert_eq!(self.commit(invited), self.is_in(who), "who has left, or is said to have, is let in by nobody");
        if self.is_in(who) {
            let set = self.row(who).set_password(&actor(who), "a digest".to_owned(), now);
            assert!(self.commit(set));
            self.let_in.insert(who, LetIn { by, at: now });
            self.lent.remove(&who);
        }
    }

    /// Somebody lets another decide in their place.
    pub fn delegates(&mut self, who: IdentityId, wanted: Delegation, now: DateTime<Utc>) {
        if !self.is_in(who) {
            return;
        }
        let verified = self.shows_surely(who, wanted.act(), now);
        let shown = verified.strength();
        let change = self.row(who).delegate(&actor(who), self.row(wanted.to), wanted, verified, now);
        let barred = self.is_barred(who, now);
        let other = self.lent.get(&who).is_some_and(|(it, _)| now < it.until);
        let done = self.commit(change);
        assert_eq!(done, who != wanted.to && self.is_in(wanted.to) && !barred && !other, "one at a time, and another");
        if done {
            self.lent.insert(who, (wanted, shown));
        }
    }

    /// Somebody decides by themselves again.
    pub fn ends_delegation(&mut self, who: IdentityId, now: DateTime<Utc>) {
        let change = self.row(who).end_delegation(&actor(who), now);
        let ended = self.lent.remove(&who).is_some_and(|(it, _)| now < it.until);
        assert_eq!(self.commit(change), ended);
    }

    /// How surely somebody said that this one decides in their place now, if they did.
    pub fn lends(&self, whose: IdentityId, to: IdentityId, now: DateTime<Utc>) -> Option<Strength> {
        let (it, shown) = self.lent.get(&whose)?;
        (it.to == to && it.from <= now && now < it.until).then_some(*shown)
    }

    /// In whose place somebody may decide, as the store would find them.
    pub fn lenders(&self, to: IdentityId, now: DateTime<Utc>) -> Vec<IdentityId> {
        let lets = |row: &&Identity| row.delegation.is_some_and(|it| it.lets(to, now));
        self.rows.values().filter(lets).map(|row| row.id).collect()
    }

    /// An admin says that somebody has left. Gives by whose word they are gone, where they are.
    pub fn says_left(
        &mut self,
        by: IdentityId,
        who: IdentityId,
        sensitive: bool,
        now: DateTime<Utc>,
    ) -> Option<BTreeSet<IdentityId>> {
        let around = Around { sensitive, ..Around::default() };
        let change = self.row(who).leave(&actor(by), &around, Confirmed::UNASKED, now);
        let may = by != who && self.is_in(who);
        assert_eq!(self.commit(change), may, "nobody says it of themselves, nor what is said already");
        let at_once = may && !sensitive && !self.row(who).spec.roles.contains(&PortalRole::Admin);
        assert_eq!(self.row(who).is_active(), !(self.is_gone(who) || at_once), "an admin goes by the word of two");
        if at_once {
            return Some(self.goes(who, [by].into()));
        }
        if may {
            self.said_to_be_gone.insert(who);
        }
        None
    }

    /// Another admin confirms it. Gives by whose word they are gone, where they are.
    pub fn confirms_left(
        &mut self,
        by: IdentityId,
        who: IdentityId,
        now: DateTime<Utc>,
    ) -> Option<BTreeSet<IdentityId>> {
        let said_by = self.row(who).departure.as_ref().and_then(|said| said.by.person());
        let change = self.row(who).confirm_departure(&actor(by), &Around::default(), Confirmed::UNASKED, now);
        let may = self.said_to_be_gone.contains(&who) && by != who && said_by != Some(by);
        assert_eq!(self.commit(change), may, "it takes two, and neither is the one who leaves");
        may.then(|| self.goes(who, said_by.into_iter().chain([by]).collect()))
    }

    /// The command line says it.
    pub fn leaves(&mut self, who: IdentityId, now: DateTime<Utc>) -> Option<BTreeSet<IdentityId>> {
        let change = self.row(who).leave_by_import(&Actor::Operator, now);
        self.commit(change).then(|| self.goes(who, BTreeSet::new()))
    }

    fn goes(&mut self, who: IdentityId, said_by: BTreeSet<IdentityId>) -> BTreeSet<IdentityId> {
        self.said_to_be_gone.remove(&who);
        self.lent.remove(&who);
        self.gone.insert(who);
        said_by
    }

    pub fn stays(&mut self, by: IdentityId, who: IdentityId, now: DateTime<Utc>) {
        let change = self.row(who).stay(&actor(by), now);
        assert_eq!(self.commit(change), self.said_to_be_gone.remove(&who));
    }

    /// Whether somebody who was gone is back.
    pub fn comes_back(&mut self, by: IdentityId, who: IdentityId, now: DateTime<Utc>) -> bool {
        let change = self.row(who).come_back(&actor(by), Confirmed::UNASKED, now);
        let done = self.commit(change);
        assert_eq!(done, self.gone.remove(&who));
        if done {
            self.lose_all(who);
            self.let_in.remove(&who);
            self.failures.remove(&who);
            self.locked.remove(&who);
        }
        done
    }

    /// Writes a change of somebody down as the store would; false where a rule said no.
    fn commit(&mut self, change: Result<Transition, Refusal>) -> bool {
        let change = match change {
            Ok(change) => change,
            Err(no) => {
                assert!(!matches!(no, Refusal::Inconsistent(_)), "{no}");
                return false;
            }
        };
        let after = change.identity().expect("it is somebody's").clone();
        let held = self.rows.get(&after.id).map(|row| row.version);
        assert_eq!(change.before(), held, "a change is made to the newest row");
        assert_eq!(change.event().name(), written_name(change.event()));
        let envelope = change.envelope(EventId(Uuid::nil()), 1, NO_PREV, false);
        let bytes = envelope.bytes().expect("an envelope has bytes");
        assert_eq!(Envelope::read(&bytes).expect("what was kept can be read"), envelope);
        let json = change.after().to_json().expect("a row has JSON");
        let read = Record::from_json(change.thing().kind, &json).expect("a row's JSON can be read");
        assert_eq!(read, *change.after());
        self.rows.insert(after.id, after);
        true
    }
}

/// The name of what happened, as it is written.
pub fn written_name(event: &Event) -> String {
    let value = serde_json::to_value(event).expect("an event has JSON");
    let inner = value.as_object().and_then(|outer| outer.values().next()).expect("it is of one kind");
    inner["type"].as_str().expect("it has a name").to_owned()
}
