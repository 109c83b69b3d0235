//! What the rules say: the verdict, each condition with its sentence, and who decides.

use super::{
    badge::Tone,
    cards::is_reader,
    icon::Icon,
    time::{Moment, When},
    words::{Names, capital, full, marked, number, said},
};
use domain::{
    exception::{self, LEAST_REASON},
    ruling::{Check, Outcome},
    views::{HoldingView, RulingView, StageView, VerdictView},
};
use leptos::prelude::*;

/// How a ruling is shown before one asks.
fn verdict(ruling: &RulingView) -> (&'static str, Tone, Icon) {
    // What is not written yet is no refusal to speak of.
    let only_unwritten = ruling
        .checks
        .iter()
        .filter(|check| !check.passed)
        .all(|check| matches!(check.rule.as_str(), "justification" | "work-item"));
    match ruling.outcome {
        Outcome::Refused if only_unwritten => ("A little more is needed", Tone::Wait, Icon::Note),
        Outcome::Refused => ("This would be refused", Tone::Bad, Icon::Cross),
        Outcome::Automatic => ("You would have it at once", Tone::Good, Icon::Bolt),
        Outcome::NeedsApproval => ("You may ask for this", Tone::Good, Icon::Check),
    }
}

/// The panel beside the form for asking.
#[component]
pub fn Ruling(
    /// What is ruled.
    ruling: RulingView,
) -> impl IntoView {
    let (says, tone, icon) = verdict(&ruling);
    view! {
        <aside class="panel ruling" id="ruling" data-tone=tone.word() aria-labelledby="ruling-title">
            <h2 class="verdict" id="ruling-title">
                {icon.svg()}
                <span role="status">{says}</span>
            </h2>
            <Path ruling />
        </aside>
    }
    .into_any()
}

/// What stands under the verdict.
#[component]
fn Path(
    /// What is ruled.
    ruling: RulingView,
) -> impl IntoView {
    let RulingView {
        outcome,
        checks,
        stages,
        next,
        not_automatic,
        privileged,
        confirms,
        unfinished,
        instead,
        guardrails,
        exception,
    } = ruling;
    let demands = guardrails.map(|verdict| verdict.demands).unwrap_or_default();
    view! {
        {(!next.is_empty()).then(|| view! { <p>{said(&next)}</p> })}
        {(!instead.is_empty())
            .then(|| {
                let links = instead
                    .into_iter()
                    .map(|bundle| view! { <li><a href=format!("/ask/{}", bundle.id)>{bundle.name}</a></li> })
                    .collect_view();
                view! {
                    <h3>"What covers the need as well"</h3>
                    <ul class="instead">{links}</ul>
                }
            })}
        {exception.map(|asked| view! { <AsException asked /> })}
        <h3>"Conditions"</h3>
        <Checks checks />
        {(!stages.is_empty() && outcome != Outcome::Refused)
            .then(|| {
                view! {
                    <h3>"Who decides"</h3>
                    <Stages stages />
                }
            })}
        {confirms
            .map(|with| view! { <p class="hint">{format!("You confirm it with {with}, for this very request.")}</p> })}
        {because("Two people must agree, because", &privileged)}
        {because("Not at once, because", &not_automatic)}
        {because("The guardrails demand:", &demands)}
        {(outcome == Outcome::Refused && !unfinished)
            .then(|| view! { <p class="hint">"A refused request is kept with its reasons, like any other."</p> })}
    }
    .into_any()
}

/// The tick by which it is asked for as an exception; part of the form that the panel stands in.
#[component]
fn AsException(asked: bool) -> impl IntoView {
    view! {
        <label class="check">
            <input
                id="exception"
                type="checkbox"
                name="exception"
                value="yes"
                checked=asked
                aria-describedby="exception-hint"
            />
            "Ask as an exception"
        </label>
        <p class="hint" id="exception-hint">
            {format!(
                "For {} at most, and say why in {LEAST_REASON} characters or more. Two people must agree, and it is reviewed once it has ended.",
                exception::longest(),
            )}
        </p>
    }
    .into_any()
}

fn because(what: &str, why: &[String]) -> Option<impl IntoView + use<>> {
    (!why.is_empty()).then(|| view! { <p class="hint">{said(&format!("{what} {}", why.join("; ")))}</p> })
}

/// Every condition, met or not.
#[component]
pub fn Checks(
    /// Every rule tried.
    checks: Vec<Check>,
) -> impl IntoView {
    let lines = checks
        .into_iter()
        .map(|check| {
            let (tone, icon, heard) = if check.passed {
                (Tone::Good, Icon::Check, "Holds: ")
            } else {
                (Tone::Bad, Icon::Cross, "Does not hold: ")
            };
            view! {
                <li data-tone=tone.word()>
                    {icon.svg()}
                    <span>
                        <span class="vh">{heard}</span>
                        {said(&check.says)}
                        {check.instead.map(|way| view! { <span class="way">{said(&way)}</span> })}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="checks">{lines}</ul> }
}

/// The stages, in sequence: who has agreed, who is asked now, who comes later.
#[component]
pub fn Stages(
    /// Who must agree.
    stages: Vec<StageView>,
) -> impl IntoView {
    let stages = stages.into_iter().map(|stage| view! { <Stage stage /> }).collect_view();
    view! { <ol class="stages">{stages}</ol> }
}

#[component]
fn Stage(stage: StageView) -> impl IntoView {
    let StageView { name, need, people, done, current, stands_in, confirms, holding } = stage;
    let need = usize::from(need);
    let full_up = done.len() >= need;
    let tone = if full_up {
        Some(Tone::Good.word())
    } else if current {
        Some(Tone::Wait.word())
    } else {
        None
    };
    let given = done
        .into_iter()
        .map(|(name, at)| {
            view! {
                <span>{name} " agreed"</span>
                <span class="soft small">
                    <When at />
                </span>
            }
        })
        .collect_view();
    let of = (people.len() > need).then(|| format!("{} of ", capital(&number(need))));
    view! {
        <li data-tone=tone>
            <strong>{name}</strong>
            {given}
            {(!full_up).then(|| view! { <span>{of} <Names of=people /></span> })}
            {confirms
                .filter(|_| !full_up)
                .map(|with| view! { <span class="soft small">{full(&format!("each confirms with {with}"))}</span> })}
            {stands_in.map(|why| view! { <span class="soft small">{full(&why)}</span> })}
            {holding
                .map(|held| {
                    view! {
                        <span class="soft small">
                            <Held held />
                        </span>
                    }
                })}
        </li>
    }
    .into_any()
}

/// Who has had a stage since when, and who comes in beside them.
#[component]
pub fn Held(
    /// By whom it is held.
    held: HoldingView,
) -> impl IntoView {
    let HoldingView { who, since, beside } = held;
    let has = match who.as_slice() {
        [one] if is_reader(one) => "You have had it since ".to_owned(),
        [one] => format!("{one} has had it since "),
        _ => "They have had it since ".to_owned(),
    };
    let beside = beside.into_iter().map(|(says, at)| view! { "; " {marked(&says)} " " <Moment at /> }).collect_view();
    view! {
        {has}
        <Moment at=since />
        {beside}
        "."
    }
    .into_any()
}

/// Which guardrails judged, as one of the facts: their version and engine, the rules that had a part, and what they demand.
#[component]
pub fn Guarded(
    /// What they said.
    verdict: VerdictView,
) -> impl IntoView {
    let VerdictView { number, engine, rules, demands } = verdict;
    let rules = rules.into_iter().map(|says| view! { <li>{said(&says)}</li> }).collect::<Vec<_>>();
    view! {
        <dt>"Guardrails"</dt>
        <dd>
            {format!("Version {number}, {engine}")}
            {(!rules.is_empty()).then(|| view! { <ul class="small soft">{rules}</ul> })}
            {because("They demand:", &demands)}
        </dd>
    }
    .into_any()
}
