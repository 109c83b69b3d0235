//! Asking for access: one page, with what would be ruled beside it.

pub mod api;

use crate::{
    components::{
        acts::Hidden,
        field::{Area, Errors, Field, Line, Wrong},
        icon::Icon,
        note::{Crumb, Stopped},
        ruling::Ruling,
        time::{short, usually},
        words::{capital, full, said},
    },
    fault::{Fault, Flash, Kept},
    frame::page,
};
use api::Fields;
use domain::{
    condition::Asks,
    minutes::Minutes,
    views::{AskForm, Named, RulingView},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

const SENT_TO: [&str; 2] = ["/api/requests/ask", "/api/requests/check"];

/// The rules that speak of a field, with the field's name and id.
const FIELDS: [(&str, &str, &str); 5] = [
    ("duration", "duration", "duration"),
    ("justification", "justification", "why"),
    ("work-item", "work_item", "work-item"),
    ("", "link", "link"),
    ("", "subject", "whom"),
];

/// The page of asking for a bundle.
#[component]
pub fn Ask() -> impl IntoView {
    let bundle = super::named("bundle");
    let continues = use_query_map().get_untracked().get("continues");
    let flash = Flash::of(&SENT_TO);
    let kept = flash.clone();
    let load = async move {
        // An id that is none names no grant: the form is then a plain one.
        let form = api::form(bundle, continues.and_then(|id| id.parse().ok())).await?;
        let fields = filled(&form, &kept);
        let ruling = api::preview(fields.clone()).await;
        Ok((form, fields, ruling))
    };
    page(load, |(form, fields, ruling)| view! { <Draw form fields ruling flash /> })
}

/// What the form holds at first: what was kept, else what it offers.
fn filled(form: &AskForm, flash: &Flash) -> Fields {
    let of = |name| flash.value(name);
    let first = |subject: &Named| subject.id.clone();
    Fields {
        bundle: form.bundle.key.clone(),
        subject: of("subject").or_else(|| form.subjects.first().map(first)).unwrap_or_default(),
        duration: of("duration").unwrap_or_else(|| form.bundle.default.short()),
        length: of("length").unwrap_or_default(),
        unit: of("unit").unwrap_or_else(|| "h".to_owned()),
        justification: of("justification").unwrap_or_default(),
        work_item: of("work_item").unwrap_or_default(),
        link: of("link").unwrap_or_default(),
        continues: form.continues.map(|id| id.to_string()).unwrap_or_default(),
        exception: of("exception").unwrap_or_default(),
    }
}

/// What is wrong with which field: what was refused, or, when only checked, what the rules say.
fn wrong(flash: &Flash, ruling: &Result<RulingView, Fault>) -> Vec<(&'static str, &'static str, String)> {
    let named = |field: &str| FIELDS.into_iter().find(|(_, name, _)| *name == field);
    let ruled = |rule: &str| FIELDS.into_iter().find(|(known, _, _)| *known == rule);
    let told = |(field, says): (&str, &str)| named(field).map(|(_, name, id)| (name, id, says.to_owned()));
    let refused = flash.field().and_then(told);
    if flash.is_empty() {
        return Vec::new();
    }
    match ruling {
        Ok(ruling) => {
            let failed = ruling.checks.iter().filter(|check| !check.passed);
            let others =
                failed.filter_map(|check| ruled(&check.rule).map(|(_, name, id)| (name, id, check.says.clone())));
            let first = refused.as_ref().map(|(name, _, _)| *name);
            refused.clone().into_iter().chain(others.filter(|(name, _, _)| Some(*name) != first)).collect()
        }
        Err(_) if refused.is_some() => refused.into_iter().collect(),
        Err(fault) => fault.field().and_then(told).into_iter().collect(),
    }
}

#[component]
fn Draw(form: AskForm, fields: Fields, ruling: Result<RulingView, Fault>, flash: Flash) -> impl IntoView {
    let wrong = wrong(&flash, &ruling);
    let kept = |name: &str, value: &str| Kept {
        value: Some(value.to_owned()),
        error: wrong.iter().find(|(field, _, _)| *field == name).map(|(_, _, says)| says.clone()),
    };
    let title = match wrong.len() {
        1 => "One thing to put right".to_owned(),
        n => format!("{} things to put right", capital(&crate::components::words::number(n))),
    };
    let summary = wrong.iter().map(|(_, id, says)| (Some((*id).to_owned()), capital(says))).collect::<Vec<_>>();
    let untold = summary.is_empty();
    let extends = form.continues.is_some();
    let reason = form.asks.iter().find_map(|asks| match asks {
        Asks::Reason { at_least, hint } => Some((*at_least, hint.clone())),
        Asks::WorkItem { .. } => None,
    });
    let work_item = form.asks.iter().find_map(|asks| match asks {
        Asks::WorkItem { hint } => Some(hint.clone()),
        Asks::Reason { .. } => None,
    });
    let bundle = form.bundle.clone();
    let act = if extends { "Ask to extend" } else { "Ask for access" };
    view! {
        <Title text=format!("Ask for {}", bundle.name) />
        <Crumb to="/catalogue" name="Catalogue" />
        <h1 class="sentence">
            {if extends { "Extend " } else { "Ask for " }} <strong>{bundle.name.clone()}</strong>
        </h1>
        <p class="lead">
            {full(&bundle.says)} " Up to " {short(bundle.longest)} " at a time. "
            {bundle.usual_minutes.map(|minutes| full(&usually(minutes)))}
        </p>
        {extends
            .then(|| {
                view! { <p class="hint">"An extension is a new request, decided anew. If it is approved in time there is no gap."</p> }
            })}
        <form class="ask" method="post" action="/api/requests/ask" data-panel="/api/requests/panel">
            <div class="form">
                <Hidden of=vec![("bundle", bundle.key.clone()), ("continues", fields.continues.clone())] />
                <Errors title of=summary />
                {untold.then(|| view! { <Stopped acts=SENT_TO.to_vec() /> })}
                <Subjects subjects=form.subjects chosen=fields.subject.clone() kept=kept("subject", "") />
                <Durations
                    longest=bundle.longest
                    default=bundle.default
                    fields=fields.clone()
                    error=kept("duration", "").error
                />
                <Area
                    name="justification"
                    id="why"
                    label="Why"
                    hint=why_hint(reason.as_ref())
                    kept=kept("justification", &fields.justification)
                    rows=4
                    required=reason.as_ref().is_some_and(|(at_least, _)| *at_least > 0)
                    optional=reason.is_none()
                />
                <Line
                    name="work_item"
                    id="work-item"
                    label="Work item"
                    hint=work_item.clone().flatten().map_or_else(
                        || "A change, incident or task it belongs to".to_owned(),
                        |hint| capital(&hint),
                    )
                    kept=kept("work_item", &fields.work_item)
                    class="short"
                    most=100
                    required=work_item.is_some()
                    optional=work_item.is_none()
                />
                <Area
                    name="link"
                    label="Links"
                    hint="Pages that say more, one a line, five at the most"
                    kept=kept("link", &fields.link)
                    rows=2
                    most=2600
                    optional=true
                />
            </div>
            <Panel ruling />
            <div class="acts">
                <button class="button primary" type="submit">
                    {act}
                </button>
                <button class="button plain-only" type="submit" formaction="/api/requests/check" formnovalidate>
                    "Check first"
                </button>
            </div>
        </form>
    }
    .into_any()
}

fn why_hint(reason: Option<&(u32, Option<String>)>) -> String {
    let reads = "Whoever decides reads this";
    match reason {
        Some((at_least, Some(hint))) => format!("{}. {reads}; at least {at_least} characters.", capital(hint)),
        Some((at_least, None)) => format!("What you will do, and for whom. {reads}; at least {at_least} characters."),
        None => format!("What you will do, and for whom. {reads}."),
    }
}

#[component]
fn Subjects(subjects: Vec<Named>, chosen: String, kept: Kept) -> impl IntoView {
    let options = subjects
        .into_iter()
        .map(|subject| {
            view! { <option value=subject.id.clone() selected=subject.id == chosen>{subject.name}</option> }
        })
        .collect_view();
    view! {
        <Field id="whom" label="For whom" hint=None error=kept.error>
            <select id="whom" name="subject">
                {options}
            </select>
        </Field>
    }
    .into_any()
}

#[component]
fn Durations(longest: Minutes, default: Minutes, fields: Fields, error: Option<String>) -> impl IntoView {
    let offered = offered(longest, default);
    let known = offered.iter().any(|minutes| minutes.short() == fields.duration);
    let other = !known;
    // What was typed as a whole (`90m`) is taken apart for the two fields.
    let (length, unit) = if fields.duration == "other" {
        (fields.length, fields.unit)
    } else if other {
        let at = fields.duration.find(|c: char| !c.is_ascii_digit()).unwrap_or(fields.duration.len());
        let (length, unit) = fields.duration.split_at(at);
        (length.to_owned(), unit.trim().to_owned())
    } else {
        (String::new(), "h".to_owned())
    };
    let wrong = error.is_some();
    let pills = offered
        .into_iter()
        .enumerate()
        .map(|(at, minutes)| {
            let value = minutes.short();
            let checked = value == fields.duration;
            view! {
                <label>
                    <input id=(at == 0).then_some("duration") type="radio" name="duration" value=value checked=checked />
                    {short(minutes)}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class=if wrong { "field bad" } else { "field" } aria-describedby=wrong.then_some("duration-error")>
            <legend>"For how long"</legend>
            {error.map(|error| view! { <Wrong id="duration" error /> })}
            <div class="pills">
                {pills} <label>
                    <input type="radio" name="duration" value="other" checked=other />
                    "Another"
                </label>
            </div>
            <div class="pair other">
                <div class="field">
                    <label for="length">"Length"</label>
                    <input
                        id="length"
                        name="length"
                        inputmode="numeric"
                        autocomplete="off"
                        maxlength="20"
                        value=length
                        aria-invalid=(wrong && other).then_some("true")
                    />
                </div>
                <div class="field">
                    <label for="unit">"Unit"</label>
                    <select id="unit" name="unit">
                        {[("m", "minutes"), ("h", "hours"), ("d", "days")]
                            .map(|(value, name)| {
                                view! {
                                    <option value=value selected=value == unit>
                                        {name}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </div>
            </div>
        </fieldset>
    }
    .into_any()
}

/// The lengths one can pick without typing: a few round ones, what the bundle offers, and the longest.
fn offered(longest: Minutes, default: Minutes) -> Vec<Minutes> {
    const ROUND: [u32; 9] = [30, 60, 2 * 60, 4 * 60, 8 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 30 * 24 * 60];
    const MOST: usize = 5;
    let mut offered =
        ROUND.into_iter().filter_map(|m| Minutes::new(m).ok()).filter(|m| *m < longest).collect::<Vec<_>>();
    offered.push(longest);
    offered.retain(|minutes| *minutes != default);
    // The nearest to what the bundle offers stay.
    offered.sort_by_key(|minutes| minutes.get().max(default.get()) * 10 / minutes.get().min(default.get()));
    offered.truncate(MOST - 1);
    offered.push(default);
    offered.sort();
    offered
}

/// The panel beside the form: what would be ruled, or why that cannot be said yet.
#[component]
pub fn Panel(
    /// What is ruled, or what is wrong with the fields.
    ruling: Result<RulingView, Fault>,
) -> impl IntoView {
    match ruling {
        Ok(ruling) => view! { <Ruling ruling /> }.into_any(),
        Err(fault) => view! {
            <aside class="panel ruling" id="ruling" data-tone="wait" aria-labelledby="ruling-title">
                <h2 class="verdict" id="ruling-title">
                    {Icon::Warn.svg()}
                    <span role="status">"This cannot be ruled on yet"</span>
                </h2>
                <p>{said(&fault.says())}</p>
            </aside>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(text: &str) -> Minutes {
        text.parse().unwrap_or_else(|_| Minutes::hours(1))
    }

    #[test]
    fn offers_few_lengths_and_always_the_bundles_own() {
        for (longest, default) in [("8h", "4h"), ("1h", "1h"), ("90d", "30d"), ("45m", "15m"), ("366d", "1m")] {
            let (longest, default) = (minutes(longest), minutes(default));
            let offered = offered(longest, default);
            assert!(offered.contains(&default), "{offered:?}");
            assert!(offered.len() <= 5 && offered.iter().all(|m| *m <= longest), "{offered:?}");
            assert!(offered.is_sorted(), "{offered:?}");
        }
    }

    #[test]
    fn a_typed_length_is_what_is_asked_for() {
        let fields = Fields {
            duration: "other".to_owned(),
            length: " 90 ".to_owned(),
            unit: "m".to_owned(),
            ..Fields::default()
        };
        assert_eq!(domain::views::Asking::from(fields).duration, "90m");
    }
}
