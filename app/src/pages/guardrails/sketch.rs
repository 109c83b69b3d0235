//! What a text of guardrails comes to, as their page and their editor show it: its rules in words, its mistakes, how its tests end.

use crate::components::{
    badge::{Badge, Tone},
    icon::Icon,
    note::Id,
    review::Gaps,
    words::{capital, marked, number, said, so_many},
};
use domain::views::guardrails::{GuardrailSketch, GuardrailView, TestView, TextFault};
use leptos::prelude::*;

/// Rules, each as people read it.
#[component]
pub fn Rules(
    /// The rules; nothing is shown where there are none.
    of: Vec<GuardrailView>,
) -> impl IntoView {
    (!of.is_empty()).then(|| {
        let rules = of.into_iter().map(|rule| view! { <Rule rule /> }).collect_view();
        view! { <ul class="rows tight">{rules}</ul> }
    })
}

#[component]
fn Rule(rule: GuardrailView) -> impl IntoView {
    let GuardrailView { id, says, forbids, demands } = rule;
    let (tone, icon, label) =
        if forbids { (Tone::Bad, Icon::Cross, "Forbids") } else { (Tone::Good, Icon::Check, "Permits") };
    let demands = (!demands.is_empty())
        .then(|| view! { <p class="small">{said(&format!("it demands: {}", demands.join("; ")))}</p> });
    view! {
        <li>
            <div>
                <p>
                    <strong>{said(&says)}</strong>
                </p>
                {demands}
                <p class="meta">
                    <Id of=id />
                </p>
            </div>
            <div class="side">
                <Badge tone icon label />
            </div>
        </li>
    }
    .into_any()
}

/// A text as it is written.
#[component]
pub fn Source(
    /// The text.
    text: String,
) -> impl IntoView {
    // What scrolls can be reached by the keyboard.
    view! {
        <pre tabindex="0">
            <code>{text}</code>
        </pre>
    }
    .into_any()
}

/// What is wrong with a text, what else keeps it from being published, and how its tests end.
#[component]
pub fn Outcome(
    /// What it comes to.
    sketch: GuardrailSketch,
    /// Whether each mistake leads to its line, as it does where the text can be edited.
    #[prop(optional)]
    linked: bool,
) -> impl IntoView {
    let GuardrailSketch { rule_faults, test_faults, tests, gaps, .. } = sketch;
    let mistakes: Vec<_> =
        mistakes("rules", rule_faults, linked).chain(mistakes("tests", test_faults, linked)).collect();
    view! {
        {(!mistakes.is_empty())
            .then(|| {
                view! {
                    <h3>"Mistakes"</h3>
                    <ul class="checks">{mistakes}</ul>
                }
            })}
        <Gaps of=gaps />
        <Tests tests linked />
    }
    .into_any()
}

fn mistakes(text: &'static str, faults: Vec<TextFault>, linked: bool) -> impl Iterator<Item = AnyView> {
    faults.into_iter().map(move |TextFault { line, says }| {
        view! {
            <li data-tone="bad">
                {Icon::Cross.svg()} <span>
                    <span class="vh">"Mistake: "</span>
                    {place(text, line, linked)}
                    ": "
                    {marked(&says)}
                </span>
            </li>
        }
        .into_any()
    })
}

/// Where something stands: `Rules, line 12`.
fn place(text: &'static str, line: Option<usize>, linked: bool) -> AnyView {
    let says = match line {
        Some(line) => format!("{}, line {line}", capital(text)),
        None => capital(text),
    };
    if linked {
        let line = line.map(|line| line.to_string());
        view! { <a href=format!("#{text}") data-line=line>{says}</a> }.into_any()
    } else {
        says.into_any()
    }
}

#[component]
fn Tests(tests: Vec<TestView>, linked: bool) -> impl IntoView {
    (!tests.is_empty()).then(|| {
        let held = tests.iter().filter(|test| test.failures.is_empty()).count();
        let title = tally(held, tests.len());
        let tests = tests.into_iter().map(|test| view! { <Test test linked /> }).collect_view();
        view! {
            <h3>{title}</h3>
            <ul class="checks">{tests}</ul>
        }
    })
}

fn tally(held: usize, all: usize) -> String {
    match (held, all) {
        (1, 1) => "The test holds".to_owned(),
        (0, _) => "No test holds".to_owned(),
        (held, all) if held == all => format!("All {} tests hold", number(all)),
        (held, all) => format!("{} of {} hold", capital(&number(held)), so_many(all, "test", "tests")),
    }
}

#[component]
fn Test(test: TestView, linked: bool) -> impl IntoView {
    let TestView { says, line, failures } = test;
    let (tone, icon, heard) =
        if failures.is_empty() { (Tone::Good, Icon::Check, "Holds: ") } else { (Tone::Bad, Icon::Cross, "Fails: ") };
    let failures = failures
        .into_iter()
        .map(|why| view! { <span class="way">{place("tests", Some(line), linked)} ": " {marked(&why)}</span> })
        .collect_view();
    view! {
        <li data-tone=tone.word()>
            {icon.svg()} <span>
                <span class="vh">{heard}</span>
                {said(&says)}
                {failures}
            </span>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_tallied_as_one_says_it() {
        for (held, all, says) in [
            (1, 1, "The test holds"),
            (0, 1, "No test holds"),
            (8, 8, "All eight tests hold"),
            (7, 8, "Seven of eight tests hold"),
        ] {
            assert_eq!(tally(held, all), says);
        }
    }
}
