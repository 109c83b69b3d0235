//! Rulings and stages as pages show them.

use crate::{Error, Portal};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    facts::{Ask, Facts},
    guardrail::{Guardrails, Verdict},
    minutes::Minutes,
    nearest::{Way, nearest},
    request::{Request, State},
    ruling::{Outcome, Ruling, StageRuling, Via},
    text::{Key, or},
    views::{Asking, HoldingView, RulingView, StageView, VerdictView},
};
use std::collections::BTreeMap;

impl Portal {
    /// The ruling an ask would get, saving nothing.
    pub async fn preview(&self, actor: &Actor, asking: &Asking) -> Result<RulingView, Error> {
        let previewed = self.preview_ruling(actor, asking).await?;
        let shown = view(&previewed.ruling, &previewed.facts, None, &previewed.ways);
        Ok(RulingView { instead: previewed.instead, exception: previewed.exception, ..shown })
    }
}

/// The nearest ways in, in words (L9).
pub(crate) fn ways(ask: &Ask, facts: &Facts, guardrails: &dyn Guardrails) -> Vec<String> {
    nearest(ask, facts, guardrails).iter().map(Way::says).collect()
}

/// A ruling as a page shows it; with the request's own progress where there is one.
pub(crate) fn view(ruling: &Ruling, facts: &Facts, request: Option<&Request>, ways: &[String]) -> RulingView {
    let current = request.and_then(Request::current_stage).map(|(at, _)| at);
    let stages = ruling
        .stages
        .iter()
        .enumerate()
        .map(|(at, stage)| StageView {
            name: stage.name.clone(),
            need: stage.need,
            people: stage.eligible().into_iter().map(|id| facts.name(id)).collect(),
            done: request
                .map(|r| {
                    r.decisions.iter().filter(|d| d.approves && d.stage == at).map(|d| (d.name.clone(), d.at)).collect()
                })
                .unwrap_or_default(),
            current: current == Some(at),
            // Who came in by an escalation is named beside who holds it.
            stands_in: stage.ladder.iter().take(first_hand(stage)).next_back().and_then(|rung| match &rung.via {
                Via::BackupOwner { .. } => Some("backup owners step in".to_owned()),
                Via::Fallback { group } => Some(format!("{} steps in", facts.group(*group))),
                Via::Owner { .. } | Via::Group { .. } | Via::Named | Via::Manager => None,
            }),
            confirms: stage.step_up.map(|strength| strength.word().to_owned()),
            holding: None,
        })
        .collect();
    RulingView {
        outcome: ruling.outcome,
        checks: ruling.checks.clone(),
        stages,
        next: next(ruling, facts, ways),
        instead: Vec::new(),
        exception: None,
        not_automatic: ruling.not_automatic.clone(),
        privileged: ruling.privileged.values().cloned().collect(),
        confirms: ruling.asker_step_up(facts.bundle.spec.step_up).map(|strength| strength.word().to_owned()),
        unfinished: ruling.only_unwritten().is_some(),
        guardrails: ruling.guardrails.as_ref().map(|verdict| verdict_view(verdict, facts)),
    }
}

fn verdict_view(verdict: &Verdict, facts: &Facts) -> VerdictView {
    let called = |key: &Key| facts.group_by_key(key).map_or_else(|| format!("`{key}`"), |id| facts.group(id));
    VerdictView {
        number: verdict.number,
        engine: verdict.engine.clone(),
        rules: verdict.rules.values().cloned().collect(),
        demands: verdict.demands.in_words(called),
    }
}

/// The ruling of a request as it stands now: also who holds it, and who comes in beside them.
pub(crate) fn view_now(request: &Request, now: DateTime<Utc>, ways: &[String]) -> RulingView {
    let mut view = view(&request.ruling, &request.facts, Some(request), ways);
    for stage in view.stages.iter_mut().filter(|stage| stage.current) {
        stage.holding = holding(request, now);
    }
    view
}

/// How many rungs of a stage were in use before it was escalated.
fn first_hand(stage: &StageRuling) -> usize {
    stage.escalated.as_ref().map_or(stage.rungs, |escalation| escalation.from)
}

/// Who holds the stage that decides now: those who have had it longest, then those who came in, then those who will.
fn holding(request: &Request, now: DateTime<Utc>) -> Option<HoldingView> {
    let mut held: BTreeMap<DateTime<Utc>, Vec<String>> = BTreeMap::new();
    for id in request.may_decide_now() {
        held.entry(request.held_since(id)?).or_default().push(request.facts.name(id));
    }
    let (since, who) = held.pop_first()?;
    let mut beside: Vec<_> =
        held.into_iter().map(|(at, names)| (format!("{} may decide too since", some(&names)), at)).collect();
    if let Some((via, _)) = request.next_in_line() {
        let next = called(via, &request.facts);
        let told = request.reminders().map(|[_, late]| late.at);
        beside.extend(match (request.escalates_at(), told) {
            (Some(at), _) => Some((format!("{next} may decide too from"), at)),
            (None, Some(at)) if at > now => Some((format!("{next} will hear of it on"), at)),
            (None, Some(at)) => Some((format!("{next} heard of it on"), at)),
            (None, None) => None,
        });
    }
    Some(HoldingView { who, since, beside })
}

/// Those who may decide for this reason, as one calls them together.
pub(crate) fn called(via: &Via, facts: &Facts) -> String {
    match via {
        Via::Owner { .. } => "the owners".to_owned(),
        Via::BackupOwner { .. } => "the backup owners".to_owned(),
        Via::Group { group } | Via::Fallback { group } => facts.group(*group),
        Via::Named => "those whom the bundle names".to_owned(),
        Via::Manager => "the manager".to_owned(),
    }
}

/// What happens next, in one sentence.
fn next(ruling: &Ruling, facts: &Facts, ways: &[String]) -> String {
    match ruling.outcome {
        Outcome::Refused => {
            // Where no change of the ask itself is enough, what would help is to be done elsewhere.
            let elsewhere: Vec<_> = ruling.failures().filter_map(|check| check.instead.clone()).collect();
            match (ways, elsewhere.as_slice()) {
                ([], []) => "Policy does not allow this.".to_owned(),
                ([], elsewhere) => {
                    format!("Policy does not allow this as it stands. The nearest way in: {}.", elsewhere.join("; "))
                }
                (ways, _) => {
                    format!("Policy does not allow this as it stands. The nearest way in: {}.", ways.join("; or "))
                }
            }
        }
        Outcome::Automatic => {
            let told: Vec<_> = ruling.told.iter().map(|id| facts.name(*id)).collect();
            if told.is_empty() {
                format!("You get it at once, for {}, by policy alone.", ruling.minutes)
            } else {
                format!(
                    "You get it at once, for {}, by policy alone; {} will know.",
                    ruling.minutes,
                    domain::text::and(&told)
                )
            }
        }
        Outcome::NeedsApproval => {
            let first =
                ruling.stages.first().map(|s| s.eligible().into_iter().map(|id| facts.name(id)).collect::<Vec<_>>());
            let first = first.unwrap_or_default();
            let more = ruling.stages.len().saturating_sub(1);
            let then = match more {
                0 => String::new(),
                1 => ", then one more stage".to_owned(),
                n => format!(", then {n} more stages"),
            };
            format!("{} will be asked{then}; the clock starts when the access is there.", some(&first))
        }
    }
}

/// A few names, and how many more.
pub(crate) fn some(names: &[String]) -> String {
    if names.len() <= 3 {
        return or(names);
    }
    let shown = names.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
    format!("{shown} or one of {} others", names.len() - 2)
}

/// Where a request stands, in one sentence: what happens next and who holds it. While it waits for people with how many minutes an
/// answer usually takes, and once they agreed with the hours it waits for.
pub(crate) fn standing(
    request: &Request,
    grant: Option<&domain::grant::Grant>,
    usually: Option<u32>,
    hours: Option<&str>,
) -> String {
    use domain::grant::State as G;
    match (&request.state, grant.map(|g| &g.state)) {
        (State::Refused { .. }, _) => "Policy did not allow it; nobody was asked.".to_owned(),
        (State::Waiting { .. }, _) => {
            let names: Vec<_> = request.may_decide_now().into_iter().map(|id| request.facts.name(id)).collect();
            let need = request.remaining().first().map_or(1, |(_, n)| *n);
            let stages = request.ruling.stages.len();
            let at = request.current_stage().map_or(0, |(at, _)| at) + 1;
            let stage = if stages > 1 { format!(" This is stage {at} of {stages}.") } else { String::new() };
            let usually = usually.and_then(|n| Minutes::new(n).ok());
            let usually = usually.map_or_else(String::new, |n| format!(", usually answered in {n}"));
            if need > 1 {
                format!("Waiting for {} of {}{usually}.{stage}", domain::ruling::count(need), some(&names))
            } else {
                format!("Waiting for {}{usually}.{stage}", some(&names))
            }
        }
        (State::Approved { .. }, _) => hours.map_or_else(
            || "Approved. The access is about to be made.".to_owned(),
            |hours| format!("Approved. It is made when its hours begin: {hours}."),
        ),
        (State::Denied { by, .. }, _) => format!("{by} denied it."),
        (State::Withdrawn { by, .. }, _) => format!("{by} took it back."),
        (State::Expired { .. }, _) => "Nobody decided in time, so it expired.".to_owned(),
        (State::Lapsed { .. }, _) => "The access was not there in time, so the approval lapsed.".to_owned(),
        (State::Stopped { .. }, _) => "It was stopped before any access was made.".to_owned(),
        (State::Granted { .. }, Some(G::Opening { .. })) => {
            let troubled = grant.is_some_and(|g| g.assignments.iter().any(|a| a.trouble.is_some()));
            if troubled {
                "Approved, but the access is not there yet: a target does not do as it should. It is tried again."
                    .to_owned()
            } else {
                "Approved. The access is being made; its clock starts when it is there.".to_owned()
            }
        }
        (State::Granted { .. }, Some(G::Active { .. })) => "The access is there, and ends by itself.".to_owned(),
        (State::Granted { .. }, Some(G::Ending { .. })) => "The access is being taken away.".to_owned(),
        (State::Granted { .. }, Some(G::Ended { why, .. })) => format!("The access is gone: {}.", why.words()),
        (State::Granted { .. }, None) => "Approved and granted.".to_owned(),
    }
}
