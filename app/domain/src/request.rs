//! The life of a request: asked, ruled on, decided, granted. Every act says yes with a [`Transition`] or no with a [`Refusal`].

use crate::{
    actor::Actor,
    authority::Authority,
    bundle::BundleVersion,
    delegation::Delegation,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    exception::Review,
    facts::{Ask, Facts},
    guardrail::Guardrails,
    ids::{ApprovalId, BundleId, GrantId, IdentityId, RequestId},
    job::{Job, JobKey},
    minutes::Minutes,
    refusal::Refusal,
    resource::{Environment, Sensitivity},
    ruling::{self, Given, Outcome, Ruling, StageRuling, Via, judge},
    stepup::{Act, Verified, demand, digest},
    text::{TextRef, Words, and},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What kind of request it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum RequestKind {
    /// The ordinary one.
    Standard,
    /// It continues a live grant: a new decision, never a silent extension (R42).
    Renewal {
        /// Which grant.
        of: GrantId,
    },
    /// An exception from separation of duties, or the renewal of one: for a short time, and reviewed afterwards (R26, R37).
    Exception {
        /// What it stands beside.
        from: BTreeSet<BundleId>,
    },
}

impl RequestKind {
    fn of(ask: &Ask) -> Self {
        match (&ask.exception, ask.continues) {
            (Some(from), _) => Self::Exception { from: from.clone() },
            (None, Some(of)) => Self::Renewal { of },
            (None, None) => Self::Standard,
        }
    }
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum State {
    /// Policy said no.
    Refused {
        /// When.
        at: DateTime<Utc>,
    },
    /// It waits for people.
    Waiting {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Everybody agreed; the access is not there yet.
    Approved {
        /// When.
        at: DateTime<Utc>,
        /// The approval may be used once, for one grant (R29).
        approval: ApprovalId,
        /// Until when the approval holds.
        lapses_at: DateTime<Utc>,
    },
    /// A grant was opened from it; the rest is the grant's life.
    Granted {
        /// When.
        at: DateTime<Utc>,
        /// The approval it used up.
        approval: ApprovalId,
        /// The grant.
        grant: GrantId,
    },
    /// Somebody who may decide said no.
    Denied {
        /// When.
        at: DateTime<Utc>,
        /// Who.
        by: Actor,
    },
    /// Who asked took it back.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
        /// Who.
        by: Actor,
    },
    /// Nobody decided in time.
    Expired {
        /// When.
        at: DateTime<Utc>,
    },
    /// The access was not there in time.
    Lapsed {
        /// When.
        at: DateTime<Utc>,
    },
    /// Judged again, policy said no; or nobody may decide any more.
    Stopped {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        why: String,
    },
}

impl State {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Waiting { .. } => "waiting",
            Self::Approved { .. } => "approved",
            Self::Granted { .. } => "granted",
            Self::Denied { .. } => "denied",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::Lapsed { .. } => "lapsed",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// The approval it carries, if any; a grant needs one.
    pub fn approval(&self) -> Option<ApprovalId> {
        match self {
            Self::Approved { approval, .. } | Self::Granted { approval, .. } => Some(*approval),
            Self::Refused { .. }
            | Self::Waiting { .. }
            | Self::Denied { .. }
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Lapsed { .. }
            | Self::Stopped { .. } => None,
        }
    }

    /// Whether it may still lead to a grant.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Approved { .. })
    }
}

/// One person's yes or no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// In which stage; the first is 0.
    pub stage: usize,
    /// Who.
    pub by: IdentityId,
    /// Their name then.
    pub name: String,
    /// Whether it was a yes.
    pub approves: bool,
    /// A shorter time, where one was set.
    pub minutes: Option<Minutes>,
    /// What they wrote.
    pub comment: Option<TextRef>,
    /// When.
    pub at: DateTime<Utc>,
    /// By what right.
    pub via: Via,
    /// How they showed who they are, for this very decision, where that was asked.
    pub verified: Option<Verified>,
    /// Since when it was theirs to decide; of what was decided before this was written down, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// In whose place, where it was not by their own right; then both have decided, and count as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_whom: Option<IdentityId>,
}

impl Decision {
    /// Everybody whom it uses up: who decided, and in whose place.
    pub fn people(&self) -> impl Iterator<Item = IdentityId> + use<> {
        [Some(self.by), self.for_whom].into_iter().flatten()
    }
}

/// Who decides in the current stage, and by whose right.
struct Decider {
    stage: usize,
    by: IdentityId,
    via: Via,
    since: Option<DateTime<Utc>>,
    /// In whose place, and their name, where it is not by their own right.
    for_whom: Option<(IdentityId, String)>,
}

impl Decider {
    /// What they decide.
    fn decides(self, actor: &Actor, approves: bool, now: DateTime<Utc>) -> Decision {
        let name = match &self.for_whom {
            Some((_, whom)) => format!("{actor} for {whom}"),
            None => actor.to_string(),
        };
        Decision {
            stage: self.stage,
            by: self.by,
            name,
            approves,
            minutes: None,
            comment: None,
            at: now,
            via: self.via,
            verified: None,
            since: self.since,
            for_whom: self.for_whom.map(|(id, _)| id),
        }
    }
}

fn unasked() -> Refusal {
    Refusal::NotADecider { why: "you were not among those asked when it was made".to_owned() }
}

/// A word to those who decide, as a request has waited long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// When it is due.
    pub at: DateTime<Utc>,
    /// Whether three quarters of its time are over, and not only half of it: then those hear of it too who could step in next.
    pub late: bool,
}

/// Something somebody wrote on a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: TextRef,
}

/// An access request, with everything it was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// How often it has changed.
    pub version: u32,
    /// What kind it is.
    pub kind: RequestKind,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// What was asked.
    pub ask: Ask,
    /// Why, in words that can be erased.
    pub justification: Option<TextRef>,
    /// The facts the ruling was made from, frozen.
    pub facts: Facts,
    /// The ruling, frozen; its stages may be rerouted when somebody loses authority, and climb their ladder where the bundle says so, but
    /// nobody ever comes onto a ladder.
    pub ruling: Ruling,
    /// Who decided what.
    pub decisions: Vec<Decision>,
    /// For how long it is approved: what was asked, or less.
    pub minutes: Minutes,
    /// Where it stands.
    pub state: State,
    /// The ruling at the moment of granting (R7).
    pub second_ruling: Option<Ruling>,
    /// What was written on it.
    pub comments: Vec<Comment>,
    /// The version of what is being decided: rises when the time or what is asked for changes, so that nobody agrees to a page that is
    /// out of date; a comment, another person's plain yes, or other people deciding does not raise it.
    pub terms: u32,
    /// Who never decides on it, as by their word others do than did.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept_out: BTreeSet<IdentityId>,
    /// How the asker showed who they are, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// What was found when an exception was looked back at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// What can happen to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "few are alive at once; on wasm32 it is small enough, so `expect` would fail"
)]
pub enum RequestEvent {
    /// It was asked, and ruled on in the same moment.
    Asked {
        /// What.
        ask: Ask,
        /// Why.
        justification: Option<TextRef>,
        /// From which facts.
        facts: Facts,
        /// What policy said.
        ruling: Ruling,
        /// The approval, when policy alone gives it.
        approval: Option<ApprovalId>,
        /// Until when such an approval holds.
        lapses_at: DateTime<Utc>,
        /// How the asker showed who they are, for this very ask, where that was asked.
        verified: Option<Verified>,
    },
    /// One person said yes.
    Approved {
        /// The decision.
        decision: Decision,
        /// The approval, when this was the last yes it took.
        approval: Option<ApprovalId>,
        /// Until when the approval holds.
        lapses_at: DateTime<Utc>,
    },
    /// One person said no, and that ends it.
    Denied {
        /// The decision.
        decision: Decision,
    },
    /// It was taken back.
    Withdrawn {},
    /// Somebody wrote on it.
    Commented {
        /// What.
        text: TextRef,
    },
    /// Somebody who might have decided no longer can; others step in. What is not said is not written either, so that older events read
    /// and hash as they did.
    Rerouted {
        /// The stages as they are now.
        stages: Vec<StageRuling>,
        /// By whose word that is so; they never decide on it.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        kept_out: BTreeSet<IdentityId>,
    },
    /// Those who were asked first did not decide in time; the next ones on the ladder may as well.
    Escalated {
        /// In which stage; the first is 0.
        stage: usize,
        /// How many rungs of its ladder are in use now.
        rungs: usize,
    },
    /// Nobody decided in time.
    RequestExpired {},
    /// The access was not there in time.
    ApprovalLapsed {},
    /// Judged again at the moment of granting: more is asked now.
    SentBack {
        /// What policy says now.
        ruling: Ruling,
        /// From which facts.
        facts: Facts,
        /// The stages that came on top.
        added: Vec<StageRuling>,
        /// Until when it waits.
        until: DateTime<Utc>,
    },
    /// It cannot go on: policy says no now, or nobody is left to decide.
    Stopped {
        /// Why.
        why: String,
        /// What policy says now, where it was asked.
        ruling: Option<Ruling>,
        /// From which facts.
        facts: Option<Facts>,
    },
    /// Judged again, and a grant was opened.
    Granted {
        /// What policy says now.
        ruling: Ruling,
        /// From which facts.
        facts: Facts,
        /// The grant.
        grant: GrantId,
    },
    /// Somebody who had no part in an exception looked back at it, after its access had ended.
    ExceptionReviewed {
        /// Who.
        by: IdentityId,
        /// What they found.
        text: TextRef,
    },
}

/// What a person asks for, with what it needs to become a request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request's id.
    pub id: RequestId,
    /// The approval's id, in case policy alone gives it.
    pub approval: ApprovalId,
    /// What is asked.
    pub ask: Ask,
    /// Why.
    pub justification: Option<Words>,
    /// The facts.
    pub facts: Facts,
    /// SHA-256 of all that was written in the form, in hexadecimal.
    pub form: String,
    /// How the asker showed who they are.
    pub verified: Option<Verified>,
}

impl Asked {
    /// The act, as a step-up confirms it.
    pub fn act(&self) -> Act {
        let BundleVersion { bundle, number, .. } = &self.facts.bundle;
        Act::Ask {
            bundle: *bundle,
            number: *number,
            subject: self.ask.subject,
            minutes: self.ask.minutes,
            form: self.form.clone(),
            beside: self.ask.exception.clone(),
        }
    }
}

/// A person's yes, with what it needs.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The approval's id, in case this is the last yes it takes.
    pub approval: ApprovalId,
    /// A shorter time.
    pub minutes: Option<Minutes>,
    /// What they write.
    pub comment: Option<Words>,
    /// How they showed who they are.
    pub verified: Option<Verified>,
}

impl Request {
    /// Asks: policy rules at once, and the request begins refused, waiting or approved. A refused ask is a record too.
    pub fn ask(
        actor: &Actor,
        asked: Asked,
        guardrails: &dyn Guardrails,
        lapses_after: Minutes,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        if !actor.is(asked.ask.asker) {
            return Err(Refusal::NotAllowed("one asks in one's own name"));
        }
        let ruling = judge(&asked.ask, &asked.facts, guardrails);
        if let Some(check) = ruling.only_unwritten() {
            let wants = check.instead.as_ref().map_or_else(String::new, |instead| format!(": {instead}"));
            let field = if check.rule == "work-item" { "work item" } else { "justification" };
            return Err(Refusal::Unwritten { field, says: format!("{}{wants}", check.says) });
        }
        // What policy refuses is written down as it is; nobody has to prove anything for a no.
        if ruling.outcome != Outcome::Refused {
            let needed = ruling.asker_step_up(asked.facts.bundle.spec.step_up);
            demand(needed, asked.verified.as_ref(), asked.ask.asker, &asked.act())?;
        }
        let event = RequestEvent::Asked {
            verified: asked.verified,
            justification: asked.justification.as_ref().map(Words::reference),
            approval: (ruling.outcome == Outcome::Automatic).then_some(asked.approval),
            lapses_at: now + lapses_after.delta(),
            ask: asked.ask,
            facts: asked.facts,
            ruling,
        };
        let change =
            Transition::first(Record::request_id(asked.id), actor, event, now)?.with_words(asked.justification);
        Ok(followed_up(change, now))
    }

    /// One person's yes to the `terms` they were shown. The last yes it takes approves the request.
    pub fn approve(
        &self,
        authority: &Authority,
        terms: u32,
        approval: Approval,
        lapses_after: Minutes,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let decider = self.decider(authority, now)?;
        if terms != self.terms {
            return Err(Refusal::StalePage);
        }
        if let Some(minutes) = approval.minutes
            && minutes > self.minutes
        {
            return Err(Refusal::Longer { most: self.minutes.to_string() });
        }
        let needed = self.ruling.stages.get(decider.stage).and_then(|s| s.step_up);
        let for_whom = decider.for_whom.as_ref().map(|(id, _)| *id);
        let act = self.approval_act(decider.stage, approval.minutes.unwrap_or(self.minutes), for_whom);
        demand(needed, approval.verified.as_ref(), decider.by, &act)?;
        let decision = Decision {
            minutes: approval.minutes,
            comment: approval.comment.as_ref().map(Words::reference),
            verified: approval.verified,
            ..decider.decides(authority.actor(), true, now)
        };
        let last = self.remaining().iter().map(|(_, open)| usize::from(*open)).sum::<usize>() == 1;
        let event = RequestEvent::Approved {
            decision,
            approval: last.then_some(approval.approval),
            lapses_at: now + lapses_after.delta(),
        };
        let change = self.change(authority.actor(), event, now)?.with_words(approval.comment);
        Ok(followed_up(change, now))
    }

    /// A yes to its present terms in this stage, by one's own right or in another's place, as a step-up confirms it.
    pub fn approval_act(&self, stage: usize, minutes: Minutes, for_whom: Option<IdentityId>) -> Act {
        Act::Approve { request: self.id, terms: self.terms, stage, minutes, ruling: digest(&self.ruling), for_whom }
    }

    /// One person's no; it ends the request, and says why.
    pub fn deny(
        &self,
        authority: &Authority,
        comment: Option<Words>,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let decider = self.decider(authority, now)?;
        let Some(comment) = comment else { return Err(Refusal::NoReason) };
        let decision =
            Decision { comment: Some(comment.reference()), ..decider.decides(authority.actor(), false, now) };
        Ok(self.change(authority.actor(), RequestEvent::Denied { decision }, now)?.with_words([comment]))
    }

    /// Takes the request back.
    pub fn withdraw(&self, authority: &Authority, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if !authority.asked() && !authority.is_subject() && !authority.answers_for_subject() {
            return Err(Refusal::NotAllowed("only who asked for it, or would get it, may withdraw it"));
        }
        // Approved and not granted yet, it waits for its hours or for a worker: there is still something to take back.
        if !matches!(self.state, State::Approved { .. }) {
            self.open(now)?;
        }
        self.change(authority.actor(), RequestEvent::Withdrawn {}, now)
    }

    /// Writes on the request.
    pub fn comment(&self, authority: &Authority, text: Words, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if !authority.may_see() || authority.only_reads() {
            return Err(Refusal::NotAllowed("only those who take part may write here"));
        }
        Ok(self.change(authority.actor(), RequestEvent::Commented { text: text.reference() }, now)?.with_words([text]))
    }

    /// Nobody decided in time; `None` while there is time.
    pub fn expire(&self, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        match &self.state {
            State::Waiting { until } if *until <= now => {
                self.change(&Actor::System, RequestEvent::RequestExpired {}, now).map(Some)
            }
            State::Approved { lapses_at, .. } if *lapses_at <= now => {
                self.change(&Actor::System, RequestEvent::ApprovalLapsed {}, now).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Who asked, or would get it, has left: it goes no further. `None` when it is over already.
    pub fn stop_as_left(
        &self,
        actor: &Actor,
        who: IdentityId,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if !self.state.is_open() {
            return Ok(None);
        }
        let name = if self.ask.subject == who { &self.facts.subject.name } else { &self.facts.asker.name };
        let event = RequestEvent::Stopped { why: format!("{name} has left"), ruling: None, facts: None };
        self.change(actor, event, now).map(Some)
    }

    /// Somebody lost authority, or somebody's manager changed: who may decide is worked out again from today's facts, never admitting
    /// anyone who could not have decided when it was asked. By whose word (`said_by`) others decide, they never do themselves. `None` when
    /// nothing changes; the request stops when nobody is left.
    pub fn reroute(
        &self,
        today: &Facts,
        said_by: &BTreeSet<IdentityId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if !self.state.is_open() {
            return Ok(None);
        }
        let routed = self.routed(today, &BTreeSet::new());
        if routed.as_ref() == Ok(&self.ruling.stages) {
            return Ok(None);
        }
        let who = |stages: &[StageRuling]| stages.iter().map(|s| (s.eligible(), s.reached())).collect::<Vec<_>>();
        let moved = routed.as_ref().is_ok_and(|stages| who(stages) != who(&self.ruling.stages));
        let kept_out = if moved { said_by.clone() } else { BTreeSet::new() };
        let routed = if kept_out.is_empty() { routed } else { self.routed(today, &kept_out) };
        let event = match routed {
            Ok(stages) => RequestEvent::Rerouted { stages, kept_out },
            Err(gap) => RequestEvent::Stopped { why: gap, ruling: None, facts: None },
        };
        let change = self.change(&Actor::System, event, now)?;
        Ok(Some(followed_up(change, now)))
    }

    /// Its stages by today's facts and without these people, or which of them nobody is left for.
    fn routed(&self, today: &Facts, without: &BTreeSet<IdentityId>) -> Result<Vec<StageRuling>, String> {
        let mut stages = self.ruling.stages.clone();
        for stage in &mut stages {
            let now_may = ruling::may_today(stage, &self.ask, today);
            for rung in &mut stage.ladder {
                let same = now_may.iter().find(|r| r.via == rung.via);
                rung.people.retain(|id| !without.contains(id) && same.is_some_and(|r| r.people.contains(id)));
            }
        }
        ruling::settle(&mut stages, &self.given())?;
        Ok(stages)
    }

    /// Those who were asked first did not decide in the time that the bundle gives them: the next rung of their stage's ladder may decide
    /// as well. Nobody comes in by it who could not have decided when it was asked. `None` while there is time, and where nobody is next.
    pub fn escalate(&self, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        let due = self.open(now).is_ok() && self.escalates_at().is_some_and(|at| at <= now);
        let Some((stage, rung, _)) = self.next_up().filter(|_| due) else { return Ok(None) };
        let event = RequestEvent::Escalated { stage, rungs: rung.saturating_add(1) };
        self.change(&Actor::System, event, now).map(Some)
    }

    /// The moment of granting: judged again, by the frozen bundle version and today's facts (R7). Weaker or equal demands lead to a
    /// grant, stronger ones back to waiting, a refusal stops it. `None` while only the hour stands in the way,
    /// and once the approval has lapsed.
    pub fn settle(
        &self,
        today: Facts,
        guardrails: &dyn Guardrails,
        grant: GrantId,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        let State::Approved { lapses_at, .. } = self.state else { return Ok(None) };
        if lapses_at <= now {
            return Ok(None);
        }
        let second = judge(&self.as_approved(), &today, guardrails);
        if second.outcome == Outcome::Refused {
            if second.waits_only_for_its_hours() {
                return Ok(None);
            }
            let why = second.failures().map(|c| c.says.clone()).collect::<Vec<_>>().join("; ");
            let event = RequestEvent::Stopped { why, ruling: Some(second), facts: Some(today) };
            return self.change(&Actor::System, event, now).map(Some);
        }
        if let Some(why) = self.moved(&today).or_else(|| self.asked_too_weakly(&second)) {
            let event = RequestEvent::Stopped { why, ruling: Some(second), facts: Some(today) };
            return self.change(&Actor::System, event, now).map(Some);
        }
        let mut added = [self.unmet(&second), self.unsound(&today, &second)].concat();
        // Whoever answered for it when it was asked does not decide on it later, whatever has become of that.
        let own = ruling::excluded(&self.ask, &self.facts);
        for stage in &mut added {
            self.as_asked(stage);
            for rung in &mut stage.ladder {
                rung.people.retain(|id| !self.kept_out.contains(id) && !own.contains(id));
            }
        }
        if added.is_empty() {
            let event = RequestEvent::Granted { ruling: second, facts: today, grant };
            return self.change(&Actor::System, event, now).map(Some);
        }
        let asked = self.ruling.stages.len();
        let mut stages = [self.ruling.stages.as_slice(), added.as_slice()].concat();
        if let Err(gap) = ruling::settle(&mut stages, &self.given()) {
            let event = RequestEvent::Stopped { why: gap, ruling: Some(second), facts: Some(today) };
            return self.change(&Actor::System, event, now).map(Some);
        }
        let added = stages.split_off(asked);
        let until = now + self.facts.bundle.spec.waits.delta();
        let event = RequestEvent::SentBack { ruling: second, facts: today, added, until };
        let change = self.change(&Actor::System, event, now)?;
        Ok(Some(followed_up(change, now)))
    }

    /// What is asked, for as long as it was approved.
    fn as_approved(&self) -> Ask {
        Ask { minutes: self.minutes, ..self.ask.clone() }
    }

    /// The hours it waits for, in words, where by the facts of today nothing else keeps it from being granted.
    pub fn awaits_hours(&self, today: &Facts, guardrails: &dyn Guardrails) -> Option<String> {
        let State::Approved { .. } = self.state else { return None };
        let ask = self.as_approved();
        if !judge(&ask, today, guardrails).waits_only_for_its_hours() {
            return None;
        }
        let closed = today.bundle.spec.conditions.iter().filter(|condition| !condition.check(&ask, today).passed);
        Some(and(&closed.map(|condition| condition.says(today)).collect::<Vec<_>>()))
    }

    /// Whether it is production, privileged or highly sensitive, and so to be looked at before what is not.
    pub fn is_weighty(&self) -> bool {
        !self.ruling.privileged.is_empty()
            || self
                .facts
                .systems
                .values()
                .any(|s| s.environment == Environment::Production || s.sensitivity == Sensitivity::High)
    }

    /// What was approved is what is given: an account or a right that is another one today stops the request.
    fn moved(&self, today: &Facts) -> Option<String> {
        let renamed = self.facts.entitlements.iter().any(|(id, then)| {
            today.entitlements.get(id).is_none_or(|now| now.native != then.native || now.system != then.system)
        });
        let other = self.facts.subject.accounts.iter().any(|(id, then)| {
            self.facts.systems.contains_key(id) && today.subject.accounts.get(id).is_some_and(|now| now != then)
        });
        match (renamed, other) {
            (true, _) => {
                Some("a right of it is called otherwise in its system since it was approved: ask again".to_owned())
            }
            (false, true) => {
                Some(format!("{} has another account since it was approved: ask again", today.subject.name))
            }
            (false, false) => None,
        }
    }

    /// Who asked would have to show more surely today who they are than they did: nobody else can do that for them.
    fn asked_too_weakly(&self, second: &Ruling) -> Option<String> {
        let wanted = second.asker_step_up(self.facts.bundle.spec.step_up)?;
        let shown = self.verified.as_ref().map(|it| it.counts);
        let grew = Some(wanted) > self.ruling.asker_step_up(self.facts.bundle.spec.step_up);
        (grew && Some(wanted) > shown).then(|| {
            format!("{} would have to confirm it with {} by now: ask again", self.facts.asker.name, wanted.word())
        })
    }

    /// The stages where a yes does not hold today: somebody may not decide on it any more, as it has become their own, or showed less
    /// surely who they are than is demanded now. Others decide in their place.
    fn unsound(&self, today: &Facts, second: &Ruling) -> Vec<StageRuling> {
        let own = ruling::excluded(&self.ask, today);
        let redone = self.ruling.stages.iter().enumerate().filter_map(|(at, stage)| {
            let same = || second.stages.iter().filter(|now| now.asks_the_same(stage));
            let now = same().filter_map(|now| now.step_up).max();
            let like = StageRuling { alone: stage.alone || same().any(|now| now.alone), ..stage.clone() };
            let given = self.decisions.iter().filter(|it| it.approves && it.stage == at);
            let lost = given.filter(|it| {
                it.people().any(|who| own.contains(&who)) || it.verified.as_ref().map(|it| it.counts) < now
            });
            let again = self.ruling.stages.iter().filter(|later| later.replaces == Some(at));
            let redone_already = again.fold(0, |sum, later| sum + usize::from(later.need));
            let need = u8::try_from(lost.count().saturating_sub(redone_already)).ok().filter(|need| *need > 0)?;
            let step_up = stage.step_up.max(now);
            let ladder = ruling::may_today(&like, &self.ask, today);
            let (name, replaces) = (format!("{}, again", stage.name), Some(at));
            Some(StageRuling { name, need, ladder, replaces, rungs: 1, step_up, escalated: None, ..like })
        });
        redone.collect()
    }

    /// What policy asks for now beyond what was asked for before: new stages whole, larger ones for as many people as they grew by.
    fn unmet(&self, second: &Ruling) -> Vec<StageRuling> {
        // A stage that asks for lost yeses once more only makes up for them.
        let need = |stages: &[StageRuling], like: &StageRuling| -> u8 {
            let alike = stages.iter().filter(|it| it.covers(like) && it.replaces.is_none());
            alike.fold(0, |sum, it| sum.saturating_add(it.need))
        };
        let mut added: Vec<StageRuling> = Vec::new();
        for stage in &second.stages {
            let had = need(&self.ruling.stages, stage).saturating_add(need(&added, stage));
            let had = had.saturating_add(self.given_by_themselves(stage));
            let more = need(&second.stages, stage).saturating_sub(had).min(stage.need);
            if more > 0 {
                added.push(StageRuling { need: more, ..stage.clone() });
            }
        }
        added
    }

    /// How many of the group that is asked alone now said yes as the group, where others might have stood in for them.
    fn given_by_themselves(&self, like: &StageRuling) -> u8 {
        let stands_in = |at: usize| {
            self.ruling
                .stages
                .get(at)
                .is_some_and(|it| it.asks_the_same(like) && !it.covers(like) && it.replaces.is_none())
        };
        let given = self.decisions.iter().filter(|it| it.approves && stands_in(it.stage));
        let by_themselves = given.filter(|it| it.for_whom.is_none() && matches!(it.via, Via::Group { .. }));
        u8::try_from(by_themselves.count()).unwrap_or(u8::MAX)
    }

    /// A stage that came on top, without those who had no such part when it was asked: who becomes an owner decides nothing that is open
    /// already. Of a group that no stage drew on then nobody knows who was in it.
    fn as_asked(&self, stage: &mut StageRuling) {
        let then = ruling::may_today(stage, &self.ask, &self.facts);
        for rung in &mut stage.ladder {
            match then.iter().find(|it| it.via == rung.via) {
                Some(ruling::Rung { via: Via::Group { .. } | Via::Fallback { .. }, people }) if people.is_empty() => {}
                Some(then) => rung.people.retain(|id| then.people.contains(id)),
                // Nobody stood in like this then.
                None => rung.people.clear(),
            }
        }
    }

    /// Whether it may still be decided, and if not, who was faster.
    pub fn open(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        let over = |what, by: String, at| Err(Refusal::AlreadyOver { what, by, at });
        match &self.state {
            State::Waiting { until } if *until <= now => over("expired", Actor::System.to_string(), *until),
            State::Waiting { .. } => Ok(()),
            State::Refused { at } => over("refused", "policy".to_owned(), *at),
            State::Approved { at, .. } | State::Granted { at, .. } => {
                let by = self.decisions.last().map_or_else(|| "policy".to_owned(), |d| d.name.clone());
                over("approved", by, self.decisions.last().map_or(*at, |d| d.at))
            }
            State::Denied { at, by } => over("denied", by.to_string(), *at),
            State::Withdrawn { at, by } => over("withdrawn", by.to_string(), *at),
            State::Expired { at } => over("expired", Actor::System.to_string(), *at),
            State::Lapsed { at } => over("lapsed", Actor::System.to_string(), *at),
            State::Stopped { at, .. } => over("stopped", Actor::System.to_string(), *at),
        }
    }

    /// When somebody decided on it last.
    pub fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.decisions.iter().map(|decision| decision.at).max()
    }

    /// Everybody whom the decisions on it use up, in their order: who decided, and in whose place.
    pub fn decided_by(&self) -> impl Iterator<Item = IdentityId> {
        self.decisions.iter().flat_map(Decision::people)
    }

    /// Whether this person has decided on it, or another in their place.
    pub fn has_decided(&self, who: IdentityId) -> bool {
        self.decided_by().any(|decided| decided == who)
    }

    /// How many have approved which stage, and who is used up by it.
    fn given(&self) -> Given {
        let mut given = Given::default();
        for decision in self.decisions.iter().filter(|d| d.approves) {
            given.add(decision.stage, decision.people());
        }
        given
    }

    /// The stages that are not full, and how many people each still needs.
    pub fn remaining(&self) -> Vec<(usize, u8)> {
        let given = self.given();
        self.ruling
            .stages
            .iter()
            .enumerate()
            .filter_map(|(at, stage)| {
                let open = usize::from(stage.need).saturating_sub(given.count(at));
                u8::try_from(open).ok().filter(|open| *open > 0).map(|open| (at, open))
            })
            .collect()
    }

    /// The stage that decides now: stages go in sequence.
    pub fn current_stage(&self) -> Option<(usize, &StageRuling)> {
        if !matches!(self.state, State::Waiting { .. }) {
            return None;
        }
        let (at, _) = self.remaining().first().copied()?;
        self.ruling.stages.get(at).map(|stage| (at, stage))
    }

    /// Who may decide now: eligible in the current stage, and has not approved any other. Those who are needed later are held back when
    /// too few distinct people would remain.
    pub fn may_decide_now(&self) -> BTreeSet<IdentityId> {
        let Some((at, stage)) = self.current_stage() else { return BTreeSet::new() };
        let given = self.given();
        stage
            .eligible()
            .difference(given.people())
            .copied()
            .filter(|id| {
                let mut with = given.clone();
                with.add(at, [*id]);
                ruling::distinct(&self.ruling.stages, &with).is_ok()
            })
            .collect()
    }

    /// Since when the stage that decides now has it: since it was asked or sent back, or since the stage before it was full.
    pub fn stage_since(&self) -> Option<DateTime<Utc>> {
        let State::Waiting { until } = self.state else { return None };
        let (at, _) = self.current_stage()?;
        let waits = until - self.facts.bundle.spec.waits.delta();
        let before = self.decisions.iter().filter(|d| d.approves && d.stage != at).map(|d| d.at).max();
        Some(before.map_or(waits, |before| before.max(waits)))
    }

    /// Since when it is this person's to decide, among those who may now: since their stage has it, or since it was escalated to them.
    pub fn held_since(&self, who: IdentityId) -> Option<DateTime<Utc>> {
        let (_, stage) = self.current_stage()?;
        let was_asked_first = |from: usize| stage.ladder.iter().take(from).any(|rung| rung.people.contains(&who));
        match &stage.escalated {
            Some(escalation) if !was_asked_first(escalation.from) => Some(escalation.at),
            Some(_) | None => self.stage_since(),
        }
    }

    /// When those who decide are reminded while it waits: after half of its time, and after three quarters of it.
    pub fn reminders(&self) -> Option<[Reminder; 2]> {
        let State::Waiting { until } = self.state else { return None };
        let quarter = self.facts.bundle.spec.waits.delta() / 4;
        Some([Reminder { at: until - quarter * 2, late: false }, Reminder { at: until - quarter, late: true }])
    }

    /// The newest reminder that is due.
    pub fn reminder(&self, now: DateTime<Utc>) -> Option<Reminder> {
        self.reminders()?.into_iter().rev().find(|reminder| reminder.at <= now)
    }

    /// When the next rung may decide as well, where the bundle says so and somebody is on it; `None` once it does.
    pub fn escalates_at(&self) -> Option<DateTime<Utc>> {
        let State::Waiting { until } = self.state else { return None };
        let (_, stage) = self.current_stage()?;
        let after = stage.escalates_after.filter(|_| stage.escalated.is_none())?;
        self.next_up()?;
        Some(self.stage_since()? + after.delta()).filter(|at| *at < until)
    }

    /// By what right those come in who could step in next, and who they are.
    pub fn next_in_line(&self) -> Option<(&Via, BTreeSet<IdentityId>)> {
        let (at, rung, people) = self.next_up()?;
        let rung = self.ruling.stages.get(at)?.ladder.get(rung)?;
        Some((&rung.via, people))
    }

    /// Whether this person could step in next, and has been told so.
    pub fn is_next_in_line(&self, who: IdentityId, now: DateTime<Utc>) -> bool {
        self.reminder(now).is_some_and(|reminder| reminder.late)
            && self.next_in_line().is_some_and(|(_, people)| people.contains(&who))
    }

    /// When it is to be looked at next while it waits: for a reminder, for others to decide as well, or for its end.
    pub fn next_moment(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let State::Waiting { until } = self.state else { return None };
        let reminders = self.reminders().into_iter().flatten().map(|reminder| reminder.at).filter(|at| *at > now);
        Some(reminders.chain(self.escalates_at()).fold(until, Ord::min))
    }

    /// The stage that decides now, the first rung of its ladder on which somebody stands who would come in anew, and who would.
    fn next_up(&self) -> Option<(usize, usize, BTreeSet<IdentityId>)> {
        let (at, stage) = self.current_stage()?;
        let out: BTreeSet<_> = self.decided_by().chain(self.kept_out.iter().copied()).collect();
        stage.next_rung(&out).map(|(rung, new)| (at, rung, new))
    }

    /// Who decides, and by whose right: whoever was asked by their own, anybody else in the place of one who lets them. All that holds for
    /// a decision holds for both.
    fn decider(&self, authority: &Authority, now: DateTime<Utc>) -> Result<Decider, Refusal> {
        let Some(by) = authority.actor().person() else {
            return Err(Refusal::NotAllowed("only a person decides"));
        };
        self.uninvolved(authority, by)?;
        if self.asks(by) {
            self.undecided(authority, by, now)?;
            let (stage, via) = self.right_of(authority, by)?;
            return Ok(Decider { stage, by, via, since: self.held_since(by), for_whom: None });
        }
        let mut no = None;
        for (lender, delegation) in authority.lenders(now) {
            match self.decider_for(authority, by, lender, delegation, now) {
                Ok(decider) => return Ok(decider),
                Err(why) => no = no.or(Some(why)),
            }
        }
        Err(no.unwrap_or_else(unasked))
    }

    /// Whether somebody decides in another's place: neither has a part in it, and the other could decide now by their own right.
    fn decider_for(
        &self,
        authority: &Authority,
        by: IdentityId,
        lender: &Authority,
        delegation: Delegation,
        now: DateTime<Utc>,
    ) -> Result<Decider, Refusal> {
        let name = lender.actor().to_string();
        let lends_nothing = || Refusal::NotADecider { why: format!("neither may {name}, for whom you decide") };
        let whom = lender.actor().person().ok_or_else(lends_nothing)?;
        if !self.asks(whom) {
            return Err(unasked());
        }
        // Who owned the subject when it was asked could never have been asked, and so needs a word of its own here.
        if ruling::excluded(&self.ask, &self.facts).contains(&by) {
            return Err(Refusal::OwnRequest);
        }
        self.undecided(authority, by, now)?;
        self.uninvolved(lender, whom).and_then(|()| self.undecided(lender, whom, now)).map_err(|_| lends_nothing())?;
        let (stage, via) = self.right_of(lender, whom).map_err(|_| lends_nothing())?;
        if self.in_person() {
            return Err(Refusal::NotADecider { why: format!("{name} is asked in person, and nobody stands in") });
        }
        // Otherwise a password would do for what wants a passkey, as soon as somebody else has one.
        let wanted = self.ruling.stages.get(stage).and_then(|it| it.step_up);
        if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) > delegation.shown) {
            let why = format!("it wants {}, and {name} let you decide with less", wanted.word());
            return Err(Refusal::NotADecider { why });
        }
        let since = self.held_since(whom).map(|since| since.max(delegation.from));
        Ok(Decider { stage, by, via, since, for_whom: Some((whom, name)) })
    }

    /// Whether the stage that decides now wants those whom it names themselves, and nobody in their place.
    pub fn in_person(&self) -> bool {
        self.current_stage().is_some_and(|(_, stage)| stage.alone)
    }

    /// In whose place the actor would decide now, where it would not be by their own right.
    pub fn stands_in_for(&self, authority: &Authority, now: DateTime<Utc>) -> Option<(IdentityId, String)> {
        self.decider(authority, now).ok()?.for_whom
    }

    /// Whether this person was asked, in whichever stage.
    pub fn asks(&self, who: IdentityId) -> bool {
        self.ruling.stages.iter().any(|s| s.via(who).is_some())
    }

    /// Refuses whose own it is, and who moved it.
    fn uninvolved(&self, authority: &Authority, who: IdentityId) -> Result<(), Refusal> {
        if authority.is_subject() || authority.asked() || authority.answers_for_subject() {
            return Err(Refusal::OwnRequest);
        }
        if self.kept_out.contains(&who) {
            return Err(Refusal::MovedIt);
        }
        Ok(())
    }

    /// Refuses who decides nothing now, or may be one with somebody who has a part in it; what is over; and who decided already.
    fn undecided(&self, authority: &Authority, who: IdentityId, now: DateTime<Utc>) -> Result<(), Refusal> {
        authority.not_barred(now)?;
        authority.apart_from(self.parties())?;
        self.open(now)?;
        if self.has_decided(who) {
            return Err(Refusal::DecidedAlready);
        }
        Ok(())
    }

    /// The stage that decides now, and by what right this person decides in it today.
    fn right_of(&self, authority: &Authority, who: IdentityId) -> Result<(usize, Via), Refusal> {
        let Some((at, stage)) = self.current_stage() else { return Err(Refusal::StalePage) };
        let Some(via) = stage.via(who) else {
            return Err(Refusal::NotADecider { why: format!("it is at stage “{}” now", stage.name) });
        };
        if !authority.still_has(via) {
            return Err(Refusal::NotADecider {
                why: "you no longer have the authority you had when it was made".to_owned(),
            });
        }
        if !self.may_decide_now().contains(&who) {
            return Err(Refusal::NotADecider {
                why: "you are needed for a later stage, where nobody else can decide".to_owned(),
            });
        }
        Ok((at, via.clone()))
    }

    /// Whose part in it is not an approver's to take: who asked, whom it is for, who decided already, and who never does.
    pub fn parties(&self) -> BTreeSet<IdentityId> {
        let moved = self.kept_out.iter().copied();
        [self.ask.asker, self.ask.subject].into_iter().chain(self.decided_by()).chain(moved).collect()
    }

    /// Everybody who may decide on it, in whichever stage, while it is open.
    pub fn deciders(&self) -> BTreeSet<IdentityId> {
        let stages = self.ruling.stages.iter().filter(|_| self.state.is_open());
        stages.flat_map(StageRuling::eligible).collect()
    }

    /// The same, with those who come in once a stage has waited too long.
    pub fn deciders_in_time(&self) -> BTreeSet<IdentityId> {
        let stages = self.ruling.stages.iter().filter(|_| self.state.is_open());
        stages.flat_map(StageRuling::reached).collect()
    }

    /// What it is for, and for whom, in one sentence.
    pub fn sentence(&self) -> String {
        let facts = &self.facts;
        let what = &facts.bundle.spec.name;
        if self.ask.asker == self.ask.subject {
            format!("{} asks for {what} for {}", facts.asker.name, self.ask.minutes)
        } else {
            format!("{} asks for {what} for {}, for {}", facts.asker.name, facts.subject.name, self.ask.minutes)
        }
    }

    /// The bundle it asks for.
    pub fn bundle(&self) -> BundleId {
        self.facts.bundle.bundle
    }

    pub(crate) fn change(&self, actor: &Actor, event: RequestEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::Request(Box::new(self.clone())), actor, event, now)
    }

    fn begun(id: RequestId, event: &RequestEvent, stamp: &Stamp) -> Result<Self, Inconsistent> {
        let RequestEvent::Asked { ask, justification, facts, ruling, approval, lapses_at, verified } = event else {
            return Err(Inconsistent::NotBegun);
        };
        let state = match (ruling.outcome, approval) {
            (Outcome::Automatic, Some(approval)) => {
                State::Approved { at: stamp.at, approval: *approval, lapses_at: *lapses_at }
            }
            (Outcome::NeedsApproval, None) => State::Waiting { until: stamp.at + facts.bundle.spec.waits.delta() },
            (Outcome::Refused, None) => State::Refused { at: stamp.at },
            (Outcome::Automatic, None) | (Outcome::NeedsApproval | Outcome::Refused, Some(_)) => {
                return Err(Inconsistent::OutOfTurn { state: "new".to_owned(), event: "asked".to_owned() });
            }
        };
        Ok(Self {
            id,
            version: stamp.version,
            kind: RequestKind::of(ask),
            asked_at: stamp.at,
            minutes: ask.minutes,
            ask: ask.clone(),
            justification: justification.clone(),
            facts: facts.clone(),
            ruling: ruling.clone(),
            decisions: Vec::new(),
            state,
            second_ruling: None,
            comments: Vec::new(),
            terms: 1,
            kept_out: BTreeSet::new(),
            verified: verified.clone(),
            review: None,
        })
    }

    pub(crate) fn apply(
        before: Option<Self>,
        id: RequestId,
        event: &RequestEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let Some(mut request) = before else { return Self::begun(id, event, stamp) };
        request.version = stamp.version;
        let at = stamp.at;
        let wrong = |request: &Self, event: &str| {
            Err(Inconsistent::OutOfTurn { state: request.state.word().to_owned(), event: event.to_owned() })
        };
        match event {
            RequestEvent::Asked { .. } => return Err(Inconsistent::BegunTwice),
            RequestEvent::Commented { text } => {
                request.comments.push(Comment { by: stamp.actor.clone(), at, text: text.clone() });
            }
            RequestEvent::Approved { decision, approval, lapses_at } => {
                let State::Waiting { .. } = request.state else { return wrong(&request, "approved") };
                if let Some(minutes) = decision.minutes.filter(|m| *m < request.minutes) {
                    request.minutes = minutes;
                    request.terms = request.terms.saturating_add(1);
                }
                request.decisions.push(decision.clone());
                match (approval, request.remaining().is_empty()) {
                    (Some(approval), true) => {
                        request.state = State::Approved { at, approval: *approval, lapses_at: *lapses_at };
                    }
                    (None, false) => {}
                    (Some(_), false) | (None, true) => return wrong(&request, "approved"),
                }
            }
            RequestEvent::Denied { decision } => {
                let State::Waiting { .. } = request.state else { return wrong(&request, "denied") };
                request.decisions.push(decision.clone());
                request.state = State::Denied { at, by: stamp.actor.clone() };
            }
            RequestEvent::Withdrawn {} => {
                if !request.state.is_open() {
                    return wrong(&request, "withdrawn");
                }
                request.state = State::Withdrawn { at, by: stamp.actor.clone() };
            }
            RequestEvent::Rerouted { stages, kept_out } => {
                if !request.state.is_open() {
                    return wrong(&request, "rerouted");
                }
                request.ruling.stages.clone_from(stages);
                request.kept_out.extend(kept_out);
            }
            RequestEvent::Escalated { stage, rungs } => {
                let State::Waiting { .. } = request.state else { return wrong(&request, "escalated") };
                let climbed = request.ruling.stages.get_mut(*stage).is_some_and(|stage| stage.climbs(*rungs, at));
                if !climbed {
                    return wrong(&request, "escalated");
                }
            }
            RequestEvent::RequestExpired {} => {
                let State::Waiting { .. } = request.state else { return wrong(&request, "request_expired") };
                request.state = State::Expired { at };
            }
            RequestEvent::ApprovalLapsed {} => {
                let State::Approved { .. } = request.state else { return wrong(&request, "approval_lapsed") };
                request.state = State::Lapsed { at };
            }
            RequestEvent::SentBack { ruling, added, until, .. } => {
                let State::Approved { .. } = request.state else { return wrong(&request, "sent_back") };
                request.second_ruling = Some(ruling.clone());
                request.ruling.stages.extend(added.iter().cloned());
                request.terms = request.terms.saturating_add(1);
                request.state = State::Waiting { until: *until };
            }
            RequestEvent::Stopped { why, ruling, .. } => {
                if !request.state.is_open() {
                    return wrong(&request, "stopped");
                }
                if ruling.is_some() {
                    request.second_ruling.clone_from(ruling);
                }
                request.state = State::Stopped { at, why: why.clone() };
            }
            RequestEvent::Granted { ruling, grant, .. } => {
                let State::Approved { approval, .. } = request.state else { return wrong(&request, "granted") };
                request.second_ruling = Some(ruling.clone());
                request.state = State::Granted { at, approval, grant: *grant };
            }
            RequestEvent::ExceptionReviewed { by, text } => {
                if !request.owes_review() || !stamp.actor.is(*by) {
                    return wrong(&request, "exception_reviewed");
                }
                request.review = Some(Review { by: *by, name: stamp.actor.to_string(), at, text: text.clone() });
            }
        }
        Ok(request)
    }
}

/// A change of a request with the look that must follow while it is open.
fn followed_up(change: Transition, now: DateTime<Utc>) -> Transition {
    let job = change.request().and_then(|request| {
        let due = match request.state {
            State::Waiting { .. } => request.next_moment(now),
            State::Approved { .. } => Some(now),
            State::Refused { .. }
            | State::Granted { .. }
            | State::Denied { .. }
            | State::Withdrawn { .. }
            | State::Expired { .. }
            | State::Lapsed { .. }
            | State::Stopped { .. } => None,
        };
        Some(Job::at(JobKey::Request { id: request.id }, due?))
    });
    change.with_jobs(job)
}

impl From<RequestEvent> for Event {
    fn from(event: RequestEvent) -> Self {
        Self::Request(Box::new(event))
    }
}
