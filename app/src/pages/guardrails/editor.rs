//! The editor of the guardrails: rules and tests as text, and beside them what they come to, while one writes.

use super::{
    api,
    sketch::{Outcome, Rules, Source},
};
use crate::{
    components::{
        acts::Hidden,
        badge::Tone,
        field::{Area, Errors},
        icon::Icon,
        note::{Crumb, Fold, Note, Stopped},
        words::{capital, so_many},
    },
    fault::{Fault, Flash},
    frame::page,
};
use domain::{
    guardrail::LONGEST,
    views::guardrails::{GuardrailEditor, GuardrailSketch},
};
use leptos::prelude::*;
use leptos_meta::Title;

const SAVE: &str = "/api/guardrails/edit";
const SENT_TO: [&str; 2] = [SAVE, "/api/guardrails/check"];

/// The editor of the guardrails.
#[component]
pub fn EditGuardrails() -> impl IntoView {
    let flash = Flash::of(&SENT_TO);
    let kept = flash.clone();
    let load = async move {
        let mut editor = api::editor().await?;
        editor.rules = kept.value("rules").unwrap_or(editor.rules);
        editor.tests = kept.value("tests").unwrap_or(editor.tests);
        let sketch = api::sketch(editor.rules.clone(), editor.tests.clone()).await?;
        Ok::<_, Fault>((editor, sketch))
    };
    page(load, |(editor, sketch)| view! { <Draw editor sketch flash /> })
}

#[component]
fn Draw(editor: GuardrailEditor, sketch: GuardrailSketch, flash: Flash) -> impl IntoView {
    let GuardrailEditor { after, starting, rules, tests, words } = editor;
    let summary: Vec<_> =
        flash.field().map(|(field, says)| (Some(field.to_owned()), capital(says))).into_iter().collect();
    let untold = summary.is_empty();
    let most = u32::try_from(LONGEST).unwrap_or(u32::MAX);
    view! {
        <Title text="Edit the guardrails" />
        <Crumb to="/guardrails" name="Guardrails" />
        <h1 class="sentence">"Edit the " <strong>"guardrails"</strong></h1>
        <p class="lead">
            "What you save is a draft. Another admin looks at it and publishes it; until then what is published counts."
        </p>
        {(starting && flash.is_empty())
            .then(|| {
                view! {
                    <Note tone=Tone::Info>
                        <p>"Nothing was written yet. This is a set worth beginning with: keep what fits."</p>
                    </Note>
                }
            })}
        <form class="ask guarded" method="post" action=SAVE data-panel="/api/guardrails/panel">
            <div class="form">
                <Hidden of=vec![("after", after.to_string())] />
                <Errors title="One thing to put right" of=summary />
                {untold.then(|| view! { <Stopped acts=SENT_TO.to_vec() /> })}
                <Area
                    name="rules"
                    label="The rules, in Cedar"
                    hint="Above each rule stand its name, its sentence and what it demands"
                    value=rules
                    kept=flash.kept("rules")
                    rows=24
                    most=most
                    required=true
                    code=true
                    numbered=true
                />
                <Area
                    name="tests"
                    label="Their tests, in TOML"
                    hint="Made-up asks, and what must come of each; what a test leaves out is harmless"
                    value=tests
                    kept=flash.kept("tests")
                    rows=16
                    most=most
                    code=true
                    numbered=true
                />
            </div>
            <Panel sketch />
            <div class="acts">
                <button class="button primary" type="submit">
                    "Save as a draft"
                </button>
                <button class="button plain-only" type="submit" formaction="/api/guardrails/check" formnovalidate>
                    "Check first"
                </button>
            </div>
        </form>
        <section aria-label="Words">
            <Fold title="What rules can speak of">
                <Source text=words />
            </Fold>
        </section>
    }
    .into_any()
}

/// The panel beside the text: whether it can be published, what is wrong with it, how its tests end, and its rules in words.
#[component]
pub fn Panel(
    /// What the text comes to.
    sketch: GuardrailSketch,
) -> impl IntoView {
    let mistakes = sketch.rule_faults.len() + sketch.test_faults.len();
    let holds = sketch.gaps.is_empty() && sketch.tests.iter().all(|test| test.failures.is_empty());
    let (tone, icon, verdict) = match (mistakes, holds) {
        (0, true) => (Tone::Good, Icon::Check, "It can be saved and reviewed".to_owned()),
        (0, false) => (Tone::Wait, Icon::Warn, "It can be saved, and not yet published".to_owned()),
        (n, _) => {
            let mistakes = capital(&so_many(n, "mistake", "mistakes"));
            (Tone::Bad, Icon::Cross, format!("{mistakes}: it can be saved, and not published"))
        }
    };
    let rules = sketch.rules.clone();
    view! {
        // It may scroll by itself, so the keyboard reaches it.
        <aside class="panel ruling" id="ruling" data-tone=tone.word() tabindex="0" aria-labelledby="ruling-title">
            <h2 class="verdict" id="ruling-title">
                {icon.svg()}
                <span role="status">{verdict}</span>
            </h2>
            <Outcome sketch linked=true />
            {(!rules.is_empty())
                .then(|| {
                    view! {
                        <h3>"The rules"</h3>
                        <Rules of=rules />
                    }
                })}
        </aside>
    }
    .into_any()
}
