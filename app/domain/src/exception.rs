//! Exceptions from separation of duties: asked for by name, for a short time, approved by two from different sources, and reviewed by
//! somebody who had no part in it once the access has ended.

use crate::{
    authority::Authority,
    event::Transition,
    facts::{Ask, Facts, Held},
    grant::{Grant, State as GrantState},
    ids::{BundleId, GroupId, IdentityId},
    minutes::Minutes,
    refusal::Refusal,
    request::{Request, RequestEvent, State},
    ruling::{self, Check, Ruling},
    text::{TextRef, Words, and},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The fewest characters in which it is said why.
pub const LEAST_REASON: u32 = 40;

/// So long after the access has ended its review is due.
pub const REVIEWED_WITHIN: TimeDelta = TimeDelta::days(7);

/// The rules that an ask may still fail when it could be one for an exception: separation of duties, and what is yet to be written.
const OPEN: [&str; 3] = ["incompatible", "justification", "work-item"];

/// The longest that an exception lasts, whatever its bundle allows.
pub fn longest() -> Minutes {
    Minutes::hours(7 * 24)
}

/// What somebody who had no part in an exception found when they looked back at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who.
    pub by: IdentityId,
    /// Their name then.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What they wrote.
    pub text: TextRef,
}

/// What an exception is asked for from: what the subject holds that must not be in the same hands, by the words of either. What is only
/// asked for is no part of it; that is withdrawn, or waited for.
pub fn beside(facts: &Facts) -> BTreeSet<BundleId> {
    let out = facts.bundle.spec.incompatible();
    let held = facts.held.iter().filter(|(_, held)| held.live).map(|(id, _)| *id);
    held.filter(|id| out.contains(id) || facts.conflicts.contains(id)).collect()
}

/// The names of what an ask is an exception from; none where it is an ordinary one.
fn excepted(ask: &Ask, facts: &Facts) -> Vec<String> {
    let name = |id: &BundleId| match facts.held.get(id) {
        Some(held) => held.name.clone(),
        None => "a bundle that is gone".to_owned(),
    };
    ask.exception.iter().flatten().map(name).collect()
}

/// That it is asked for as an exception, and beside what, as part of what one states; nothing where it is an ordinary ask.
pub fn stated(ask: &Ask, facts: &Facts) -> String {
    let names: Vec<_> = excepted(ask, facts).iter().map(|name| format!("“{name}”")).collect();
    match (&ask.exception, names.as_slice()) {
        (None, _) => String::new(),
        (Some(_), []) => ", as an exception".to_owned(),
        (Some(_), names) => format!(", as an exception beside {}", and(names)),
    }
}

/// Whether it could be asked for as an exception: nothing but separation of duties says no, save what is yet to be written.
pub fn is_open_to(ruling: &Ruling, facts: &Facts) -> bool {
    let mut failures = ruling.failures().peekable();
    failures.peek().is_some() && failures.all(|check| OPEN.contains(&check.rule.as_str())) && !beside(facts).is_empty()
}

/// What of these is held or waited for, though it must not be in the same hands: the first that stands in the way; else, as the second, the
/// first that does not, as the exception names it and it is held.
pub(crate) fn clash<'a>(
    ask: &Ask,
    facts: &'a Facts,
    bundles: &BTreeSet<BundleId>,
) -> (Option<&'a Held>, Option<&'a Held>) {
    let covers = |id, held: &Held| held.live && ask.exception.as_ref().is_some_and(|from| from.contains(id));
    let clashes = || bundles.iter().filter_map(|id| Some((id, facts.held.get(id)?)));
    let stands = clashes().find(|(id, held)| !covers(*id, held)).map(|(_, held)| held);
    (stands, clashes().next().map(|(_, held)| held))
}

/// That separation of duties lets it pass, as it is asked for as an exception.
pub(crate) fn passes(facts: &Facts, held: &Held) -> Check {
    let what = &facts.bundle.spec.name;
    Check::new("incompatible", true, format!("“{what}” is asked for as an exception beside “{}”", held.name))
}

/// What is asked of an exception itself: that there is something it is one from, and that it says why.
pub(crate) fn checks(ask: &Ask) -> Vec<Check> {
    let Some(from) = &ask.exception else { return Vec::new() };
    let length = ask.reason.length;
    let enough = length >= LEAST_REASON;
    let why = if enough {
        "says why an exception is needed".to_owned()
    } else {
        format!("say why in at least {LEAST_REASON} characters, as it is an exception; there are {length}")
    };
    let why = Check::new("justification", enough, why).or_else(|| "say why the two are needed together".to_owned());
    let nothing = || Check::new("exception", false, "nothing that is held stands against it".to_owned());
    let nothing = from.is_empty().then(|| nothing().or_else(|| "ask without an exception".to_owned()));
    nothing.into_iter().chain([why]).collect()
}

impl Request {
    /// Whether it was granted as an exception and nobody has reviewed it yet; the review is due once the access has ended.
    pub fn owes_review(&self) -> bool {
        let granted = matches!(self.state, State::Granted { .. });
        granted && self.ask.exception.is_some() && self.review.is_none()
    }

    /// Until when it is to be reviewed, where its access has ended and nobody has.
    pub fn review_due(&self, grant: &Grant) -> Option<DateTime<Utc>> {
        match grant.state {
            GrantState::Ended { at, .. } => {
                (self.owes_review() && grant.request == self.id).then_some(at + REVIEWED_WITHIN)
            }
            GrantState::Opening { .. } | GrantState::Active { .. } | GrantState::Ending { .. } => None,
        }
    }

    /// The names of what it is an exception from; none where it is an ordinary request.
    pub fn excepted(&self) -> Vec<String> {
        excepted(&self.ask, &self.facts)
    }

    /// Who owes the review, by the facts of today: the owners of what it reaches, save who asked, had it, decided on it or made it so by
    /// hand (`hands`); where none of them is left, those who back them up, and then the fallback groups.
    pub fn reviewers(&self, today: &Facts, hands: &BTreeSet<IdentityId>) -> BTreeSet<IdentityId> {
        let mut part = self.parties();
        part.extend(hands);
        part.extend(ruling::excluded(&self.ask, &self.facts));
        part.extend(ruling::excluded(&self.ask, today));
        let members = |group: &GroupId| today.groups.get(group).map(|it| it.members.clone()).unwrap_or_default();
        let systems = || today.systems.values();
        let owners: BTreeSet<_> = systems().flat_map(|it| it.owners.iter().copied()).collect();
        let backups: BTreeSet<_> = systems().flat_map(|it| it.backup_owners.iter().copied()).collect();
        let fallback: BTreeSet<_> = systems().flat_map(|it| members(&it.fallback)).collect();
        let ranks = [owners, backups, fallback].into_iter();
        let mut left = ranks.map(|rank| rank.difference(&part).copied().collect::<BTreeSet<_>>());
        left.find(|left| !left.is_empty()).unwrap_or_default()
    }

    /// Somebody who owes it reviews the exception, once its access has ended.
    pub fn reviewed(
        &self,
        authority: &Authority,
        grant: Option<&Grant>,
        today: &Facts,
        hands: &BTreeSet<IdentityId>,
        text: Option<Words>,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let Some(by) = authority.actor().person() else { return Err(Refusal::NotAllowed("only a person reviews")) };
        if self.ask.exception.is_none() {
            return Err(Refusal::NotAllowed("only an exception is reviewed afterwards"));
        }
        if !self.reviewers(today, hands).contains(&by) {
            let who = "an exception is reviewed by those who own what it reaches and had no part in it";
            return Err(Refusal::NotAllowed(who));
        }
        authority.not_barred(now)?;
        authority.apart_from(self.parties())?;
        if let Some(review) = &self.review {
            return Err(Refusal::AlreadyOver { what: "reviewed", by: review.name.clone(), at: review.at });
        }
        if grant.and_then(|grant| self.review_due(grant)).is_none() {
            return Err(Refusal::NotAllowed("an exception is reviewed once its access has ended"));
        }
        let Some(text) = text else { return Err(Refusal::Missing("review")) };
        let event = RequestEvent::ExceptionReviewed { by, text: text.reference() };
        Ok(self.change(authority.actor(), event, now)?.with_words([text]))
    }
}
