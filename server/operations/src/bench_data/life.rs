//! The life of one request that was made up, from the ask to the end of its access. Every step is the domain's own act, with the authority
//! of whoever takes it; only who, what and when are made up.

use super::known::{Company, Holding, Moment, Somebody};
use crate::ids::{Ids, token};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Refusal,
    event::Transition,
    facts::{Ask, Evidence, Facts, Reason},
    grant::{Assignment, Grant, State as GrantState},
    guardrail::Unguarded,
    ids::{ApprovalId, EventId, GrantId, IdentityId, RequestId, TextId},
    job::{Job, RightKey},
    minutes::Minutes,
    request::{Approval, Asked, Request, State},
    text::Words,
};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};

/// Nothing begins so shortly before the end that what follows on its heels would come after it.
pub(super) const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// How long a worker takes to see that something is to be done.
const WAKES_AFTER: TimeDelta = TimeDelta::seconds(2);
/// How long it takes to look at a target.
const LOOKS_FOR: TimeDelta = TimeDelta::seconds(1);

const REASONS: [&str; 8] = [
    "To find out why a customer was charged twice",
    "To finish what my team has promised for this month",
    "To see whether last night's run is complete",
    "To stand in for a colleague who is away",
    "To answer what the auditors asked us",
    "To move the rest of the old entries over",
    "To try the change before it reaches customers",
    "To put right what an import left half done",
];
const YES: [&str; 4] =
    ["Fine, for as long as it takes.", "Agreed with your lead.", "Please tell us what you found.", "Go ahead."];
const NO: [&str; 4] = [
    "The reports answer this already.",
    "Ask again with a narrower need, please.",
    "This belongs to another team.",
    "Not in the week of the closing.",
];

/// What is to become of a request, as far as those who decide have a say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Everybody agrees.
    Granted,
    /// Somebody says no.
    Denied,
    /// Who asked takes it back.
    Withdrawn,
    /// Nobody decides in time.
    Expired,
    /// Nobody has decided yet.
    Open,
}

/// What somebody asks for, and what is to become of it.
pub(super) struct Wish<'a> {
    /// Who, for themselves.
    pub who: &'a Somebody,
    /// What they have.
    pub held: &'a [Holding],
    /// Which bundle, by its place.
    pub offer: usize,
    /// For how long.
    pub minutes: Minutes,
    /// When.
    pub at: DateTime<Utc>,
    /// What is to become of it.
    pub fate: Fate,
}

/// All that happened to one request and its grant.
pub(super) struct Life {
    /// Every change, in order.
    pub changes: Vec<(EventId, Transition)>,
    /// The looks that are still to come.
    pub due: Vec<Job>,
    /// What became of it: the word of the grant's state, or of the request's where there is none.
    pub became: &'static str,
    /// Until when who asked waits for an answer.
    pub waits_until: DateTime<Utc>,
    /// What they have by it.
    pub holds: Option<Holding>,
}

/// Tells the life of a request.
pub(super) struct Teller<'a> {
    company: &'a Company,
    ids: &'a dyn Ids,
    chance: &'a mut StdRng,
    lapses_after: Minutes,
    /// Nothing happens later.
    end: DateTime<Utc>,
    wish: Wish<'a>,
    changes: Vec<(EventId, Transition)>,
    due: Vec<Job>,
    in_force_until: DateTime<Utc>,
}

impl<'a> Teller<'a> {
    /// Tells what becomes of a wish until the end of the history.
    pub fn new(
        company: &'a Company,
        ids: &'a dyn Ids,
        chance: &'a mut StdRng,
        lapses_after: Minutes,
        end: DateTime<Utc>,
        wish: Wish<'a>,
    ) -> Self {
        let in_force_until = DateTime::<Utc>::MAX_UTC;
        Self { company, ids, chance, lapses_after, end, wish, changes: Vec::new(), due: Vec::new(), in_force_until }
    }

    /// All of it.
    pub fn tell(mut self) -> Result<Life, Refusal> {
        let mut request = self.ask()?;
        if let State::Waiting { until } = request.state {
            request = match self.wish.fate {
                Fate::Granted => self.agree(request)?,
                Fate::Denied => self.deny(request)?,
                Fate::Withdrawn => self.withdraw(request)?,
                Fate::Expired => self.expire(request, until)?,
                Fate::Open => request,
            };
        }
        let (request, grant) = self.grant(request)?;
        Ok(self.whole(&request, grant.as_ref()))
    }

    fn ask(&mut self) -> Result<Request, Refusal> {
        let (at, who) = (self.wish.at, self.wish.who.identity.id);
        let case = self.chance.random_range(10_000..100_000);
        let reason = REASONS.choose(self.chance).copied().unwrap_or_default();
        let reason = self.words(format!("{reason}: CASE-{case}"), at);
        let has_change = self.chance.random_ratio(1, 3);
        let evidence = has_change.then(|| Evidence::WorkItem { reference: format!("CHG-{case}") });
        let length = u32::try_from(reason.text.chars().count()).unwrap_or(u32::MAX);
        let ask = Ask {
            asker: who,
            subject: who,
            minutes: self.wish.minutes,
            reason: Reason { length, fits: true },
            evidence: evidence.into_iter().collect(),
            continues: None,
            exception: None,
        };
        let asked = Asked {
            id: RequestId(self.ids.next(at)),
            approval: ApprovalId(self.ids.next(at)),
            ask,
            justification: Some(reason),
            facts: self.facts(at, false),
            form: String::new(),
            verified: None,
        };
        let change = Request::ask(&self.wish.who.actor, asked, &Unguarded, self.lapses_after, at)?;
        self.noted(change)
    }

    fn agree(&mut self, mut request: Request) -> Result<Request, Refusal> {
        let mut at = self.wish.at;
        while let State::Waiting { .. } = request.state {
            at += self.pause();
            let Some(by) = self.decider(&request).filter(|_| !self.is_past(at)) else { break };
            let comments = self.chance.random_ratio(1, 4);
            let comment = if comments { Some(self.one_of(&YES, at)) } else { None };
            let shortens = self.chance.random_ratio(1, 12);
            let minutes = if shortens { Minutes::new(request.minutes.get() / 2).ok() } else { None };
            let authority = self.company.authority(by, &request)?;
            let approval = Approval { approval: ApprovalId(self.ids.next(at)), minutes, comment, verified: None };
            let change = request.approve(&authority, request.terms, approval, self.lapses_after, at)?;
            request = self.noted(change)?;
        }
        Ok(request)
    }

    fn deny(&mut self, request: Request) -> Result<Request, Refusal> {
        let at = self.wish.at + self.pause();
        let Some(by) = self.decider(&request).filter(|_| !self.is_past(at)) else { return Ok(request) };
        let why = self.one_of(&NO, at);
        let authority = self.company.authority(by, &request)?;
        let change = request.deny(&authority, Some(why), at)?;
        self.noted(change)
    }

    fn withdraw(&mut self, request: Request) -> Result<Request, Refusal> {
        let at = self.wish.at + self.pause();
        if self.is_past(at) {
            return Ok(request);
        }
        let authority = self.company.authority(self.wish.who.identity.id, &request)?;
        let change = request.withdraw(&authority, at)?;
        self.noted(change)
    }

    fn expire(&mut self, request: Request, until: DateTime<Utc>) -> Result<Request, Refusal> {
        let at = until + WAKES_AFTER;
        if self.is_past(at) {
            return Ok(request);
        }
        match request.expire(at)? {
            Some(change) => self.noted(change),
            None => Ok(request),
        }
    }

    /// Where it is approved, a worker judges it again, opens the grant and gives it.
    fn grant(&mut self, request: Request) -> Result<(Request, Option<Grant>), Refusal> {
        let State::Approved { at, lapses_at, .. } = request.state else { return Ok((request, None)) };
        let at = at + WAKES_AFTER;
        let today = self.facts(at, true);
        let id = GrantId(self.ids.next(at));
        let Some(change) = request.settle(today.clone(), &Unguarded, id, at)? else { return Ok((request, None)) };
        let request = self.noted(change)?;
        let State::Granted { .. } = request.state else { return Ok((request, None)) };
        let opened = Grant::open(&request, &today, lapses_at, at)?;
        let grant = self.noted_grant(opened)?;
        let grant = self.give(grant, at + LOOKS_FOR)?;
        let grant = self.take(&request, grant)?;
        Ok((request, Some(grant)))
    }

    /// What the looks at the portal's own directory find: who is in a group follows from the grant itself, so nobody was in it before it,
    /// and somebody is as soon as it was looked at.
    fn give(&mut self, mut grant: Grant, at: DateTime<Utc>) -> Result<Grant, Refusal> {
        for right in rights(&grant) {
            let change = grant.looked_before(&right, false, at)?;
            grant = self.noted_grant(change)?;
            if let Some(change) = grant.seen(&right, true, at)? {
                grant = self.noted_grant(change)?;
            }
        }
        match grant.activate(at)? {
            Some(change) => self.noted_grant(change),
            None => Ok(grant),
        }
    }

    /// Mostly its time runs out; sometimes it is given back, or taken away by an owner.
    fn take(&mut self, request: &Request, grant: Grant) -> Result<Grant, Refusal> {
        let GrantState::Active { since, until } = grant.state else { return Ok(grant) };
        self.in_force_until = until;
        let how = self.chance.random_range(0..100);
        let early = since + TimeDelta::minutes(self.chance.random_range(0..i64::from(grant.minutes.get())));
        let at = if how < 18 { early } else { until + WAKES_AFTER };
        if self.is_past(at) {
            return Ok(grant);
        }
        let owner = request.facts.systems.values().find_map(|system| system.owners.first().copied());
        let change = match (how, owner) {
            (0..15, _) => {
                let authority = self.company.authority(request.ask.subject, request)?;
                Some(grant.give_back(&authority, at)?)
            }
            (15..18, Some(owner)) => Some(grant.revoke(&self.company.authority(owner, request)?, at)?),
            (_, _) => grant.tend(at)?,
        };
        let Some(change) = change else { return Ok(grant) };
        let mut grant = self.noted_grant(change)?;
        self.in_force_until = until.min(at);
        let at = at + LOOKS_FOR;
        for right in rights(&grant) {
            if let Some(change) = grant.seen(&right, false, at)? {
                grant = self.noted_grant(change)?;
            }
        }
        match grant.finish(at)? {
            Some(change) => self.noted_grant(change),
            None => Ok(grant),
        }
    }

    fn whole(self, request: &Request, grant: Option<&Grant>) -> Life {
        let is_live = |grant: &Grant| !matches!(grant.state, GrantState::Ended { .. });
        let goes_on = request.state.is_open() || grant.is_some_and(is_live);
        let waits_until = match &request.state {
            State::Waiting { .. } | State::Approved { .. } => DateTime::<Utc>::MAX_UTC,
            // The grant is there as soon as it was looked at.
            State::Granted { at, .. } => *at + LOOKS_FOR,
            State::Refused { at }
            | State::Denied { at, .. }
            | State::Withdrawn { at, .. }
            | State::Expired { at }
            | State::Lapsed { at }
            | State::Stopped { at, .. } => *at,
        };
        let holds = grant.map(|grant| {
            let until = match grant.state {
                GrantState::Ended { at, .. } => at,
                GrantState::Opening { .. } | GrantState::Active { .. } | GrantState::Ending { .. } => {
                    DateTime::<Utc>::MAX_UTC
                }
            };
            Holding { offer: self.wish.offer, until, in_force_until: self.in_force_until }
        });
        Life {
            changes: self.changes,
            due: if goes_on { self.due } else { Vec::new() },
            became: grant.map_or(request.state.word(), |grant| grant.state.word()),
            waits_until,
            holds,
        }
    }

    /// Notes a change; of the looks that were to follow those of the last change count that asked for any.
    fn note(&mut self, change: Transition) {
        if !change.jobs().is_empty() {
            self.due = change.jobs().to_vec();
        }
        self.changes.push((EventId(self.ids.next(change.stamp().at)), change));
    }

    fn noted(&mut self, change: Transition) -> Result<Request, Refusal> {
        let after = change.request().cloned();
        self.note(change);
        after.ok_or(Refusal::NotAllowed("a request becomes nothing else"))
    }

    fn noted_grant(&mut self, change: Transition) -> Result<Grant, Refusal> {
        let after = change.grant().cloned();
        self.note(change);
        after.ok_or(Refusal::NotAllowed("a grant becomes nothing else"))
    }

    fn facts(&self, at: DateTime<Utc>, asked_already: bool) -> Facts {
        let Wish { who, held, offer, .. } = self.wish;
        self.company.facts(&Moment { offer, who, held, at, asked_already })
    }

    fn is_past(&self, at: DateTime<Utc>) -> bool {
        at + MARGIN > self.end
    }

    /// How long people take: mostly some hours, at most two thirds of a day.
    fn pause(&mut self) -> TimeDelta {
        let most = self.chance.random_range(10..16 * 60);
        TimeDelta::minutes(self.chance.random_range(2..=most))
    }

    /// One of those who may decide now.
    fn decider(&mut self, request: &Request) -> Option<IdentityId> {
        let who: Vec<_> = request.may_decide_now().into_iter().collect();
        who.choose(self.chance).copied()
    }

    fn one_of(&mut self, texts: &[&str], at: DateTime<Utc>) -> Words {
        let text = texts.choose(self.chance).copied().unwrap_or_default();
        self.words(text.to_owned(), at)
    }

    fn words(&self, text: String, at: DateTime<Utc>) -> Words {
        Words { id: TextId(self.ids.next(at)), salt: token(self.ids), text }
    }
}

fn rights(grant: &Grant) -> Vec<RightKey> {
    grant.assignments.iter().map(Assignment::right).collect()
}
