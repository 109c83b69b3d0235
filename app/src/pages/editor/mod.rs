//! The editor of a bundle: a form drawn from the bundle's conditions, and beside it the bundle as a sentence that rewrites itself.

pub mod api;
mod sheet;

use crate::{
    components::{
        acts::{Hidden, More},
        diff::Differences,
        field::{Area, Errors},
        icon::Icon,
        note::{Crumb, Stopped},
        picks::Choices,
        words::{capital, full, number, said},
    },
    fault::{Fault, Flash},
    frame::page,
};
use domain::{
    bundle::BundleSpec,
    condition::Condition,
    form::Form,
    views::editor::{BundleEditor, BundleSketch, FieldFault, STAGES, WITH},
};
use leptos::prelude::*;
use leptos_meta::Title;
use sheet::{Sheet, id, name};

const SAVE: &str = "/api/bundles/edit";
const SENT_TO: [&str; 2] = [SAVE, "/api/bundles/check"];
const DRAFT: &str = "/api/bundles/draft";

/// The editor of a bundle, or of a new one.
#[component]
pub fn Editor() -> impl IntoView {
    let key = super::named("key");
    let flash = Flash::of(&SENT_TO);
    let kept = flash.clone();
    let load = async move {
        let mut editor = api::editor(key.clone()).await?;
        if !kept.is_empty() {
            editor.values = sheet::kept(&kept.fields);
        }
        let sketch = api::sketch(key, editor.values.clone()).await?;
        Ok::<_, Fault>((editor, sketch))
    };
    page(load, |(editor, sketch)| view! { <Draw editor sketch flash /> })
}

#[component]
fn Draw(editor: BundleEditor, sketch: BundleSketch, flash: Flash) -> impl IntoView {
    // A form that nobody has sent yet is not told what it lacks; the panel says it beside.
    let faults = if flash.is_empty() { Vec::new() } else { sketch.faults.clone() };
    let summary: Vec<_> = faults.iter().map(|FieldFault { field, says }| (place(field), capital(says))).collect();
    let untold = summary.is_empty();
    let is_new = editor.key.is_empty();
    let (key, title, after, text) = (editor.key.clone(), editor.name.clone(), editor.after, editor.text.clone());
    let lists = view! {
        <Choices id="groups" of=editor.groups.clone() />
        <Choices id="people" of=editor.people.clone() />
        <Choices id="bundles" of=editor.bundles.clone() />
        <datalist id="zones">{editor.zones.iter().map(|zone| view! { <option value=zone.clone() /> }).collect_view()}</datalist>
    };
    let sheet = Sheet { values: editor.values.clone(), faults, editor };
    let hidden = || vec![("bundle", key.clone()), ("after", after.to_string())];
    let open = !Flash::of(&[DRAFT]).is_empty();
    view! {
        <Title text=if is_new { "Write a bundle".to_owned() } else { format!("Edit {title}") } />
        {if is_new {
            view! {
                <Crumb to="/bundles" name="Bundles" />
                <h1 class="sentence">
                    "Write a " <strong>"new bundle"</strong>
                </h1>
            }
                .into_any()
        } else {
            view! {
                <Crumb to=format!("/bundles/{key}") name=title.clone() />
                <h1 class="sentence">
                    "Edit " <strong>{title.clone()}</strong>
                </h1>
            }
                .into_any()
        }}
        <p class="lead">
            "What you save is a draft. Another admin looks at it and publishes it; until then what is published holds, and what people hold keeps the version it was granted under."
        </p>
        <form class="ask editor" method="post" action=SAVE data-panel="/api/bundles/panel">
            <div class="form">
                <Hidden of=hidden() />
                <Errors title=to_put_right(summary.len()) of=summary />
                {untold.then(|| view! { <Stopped acts=SENT_TO.to_vec() /> })}
                {about(&sheet, is_new)}
                {spans(&sheet)}
                {conditions(&sheet)}
                {deciding(&sheet)}
            </div>
            <Panel sketch />
            <div class="acts">
                <button class="button primary" type="submit">
                    "Save as a draft"
                </button>
                <button class="button plain-only" type="submit" formaction="/api/bundles/check" formnovalidate>
                    "Check first"
                </button>
            </div>
        </form>
        {lists}
        <section class="apart" aria-label="As text">
            <More label="Write it as text instead" open>
                <AsText text after />
            </More>
        </section>
    }
    .into_any()
}

/// Where a fault's field is on the page.
fn place(field: &str) -> Option<String> {
    (!field.is_empty()).then(|| id(field))
}

fn to_put_right(many: usize) -> String {
    match many {
        1 => "One thing to put right".to_owned(),
        n => format!("{} things to put right", capital(&number(n))),
    }
}

fn about(sheet: &Sheet, is_new: bool) -> AnyView {
    let own = |field: &domain::form::Field| sheet.draw(field.name, field);
    view! {
        <fieldset class="part">
            <legend>"What it is"</legend>
            {is_new.then(|| own(&BundleSpec::KEY))}
            {BundleSpec::ABOUT.iter().map(own).collect_view()}
            {own(&BundleSpec::RIGHTS)}
        </fieldset>
    }
    .into_any()
}

fn spans(sheet: &Sheet) -> AnyView {
    view! {
        <fieldset class="part">
            <legend>"For how long"</legend>
            <div class="fours">
                {BundleSpec::SPANS.iter().map(|field| sheet.draw(field.name, field)).collect_view()}
            </div>
        </fieldset>
    }
    .into_any()
}

fn conditions(sheet: &Sheet) -> AnyView {
    let conditions = Condition::FORMS
        .iter()
        .map(|form| {
            let Form { key, title, says, fields } = *form;
            let set = sheet.held(WITH).iter().any(|it| it == key);
            let error = sheet.error(key).filter(|_| fields.iter().all(|field| !field.name.is_empty()));
            let fields = fields.iter().map(|field| sheet.draw(&form.path(field), field)).collect_view();
            view! {
                <fieldset class="option">
                    <legend class="vh">{title}</legend>
                    <label class="check">
                        <input class="switch" type="checkbox" name=name(WITH) value=key checked=set />
                        <span>
                            <strong>{title}</strong>
                            <span class="hint">{says}</span>
                        </span>
                    </label>
                    <div class="within" id=id(key)>
                        {error.map(|error| view! { <crate::components::field::Wrong id=id(key) error /> })}
                        {fields}
                    </div>
                </fieldset>
            }
        })
        .collect_view();
    view! {
        <fieldset class="part">
            <legend>"Who may ask, and what it takes"</legend>
            {conditions} {sheet.draw(BundleSpec::ASKER.name, &BundleSpec::ASKER)}
        </fieldset>
    }
    .into_any()
}

fn deciding(sheet: &Sheet) -> AnyView {
    let set = |turn: usize| !sheet.held(&format!("{}.{turn}.{WITH}", BundleSpec::STAGE.key)).is_empty();
    let last = (0..STAGES).rev().find(|turn| set(*turn)).map_or(0, |turn| turn + 1);
    // A few empty ones are ready: the page shows the next as soon as the one before is set.
    let slots = (0..(last + 3).min(STAGES)).map(|turn| stage(sheet, turn, set(turn))).collect_view();
    view! {
        <fieldset class="part">
            <legend>"Who decides"</legend>
            {sheet.draw(BundleSpec::AUTOMATIC.name, &BundleSpec::AUTOMATIC)} {slots}
        </fieldset>
    }
    .into_any()
}

fn stage(sheet: &Sheet, turn: usize, set: bool) -> AnyView {
    let at = format!("{}.{turn}", BundleSpec::STAGE.key);
    let title = format!("Stage {}", turn + 1);
    let error = sheet.error(&at);
    let fields = BundleSpec::STAGE
        .fields
        .iter()
        .map(|field| {
            let drawn = sheet.draw(&format!("{at}.{}", field.name), field);
            view! { <div class=format!("of-{}", field.name)>{drawn}</div> }
        })
        .collect_view();
    view! {
        <fieldset class="option stage">
            <legend class="vh">{title.clone()}</legend>
            <label class="check">
                <input class="switch" type="checkbox" name=name(&format!("{at}.{WITH}")) value="true" checked=set />
                <span>
                    <strong>{title}</strong>
                    <span class="hint">{BundleSpec::STAGE.says}</span>
                </span>
            </label>
            <div class="within" id=id(&at)>
                {error.map(|error| view! { <crate::components::field::Wrong id=id(&at) error /> })}
                {fields}
            </div>
        </fieldset>
    }
    .into_any()
}

/// The panel beside the form: the bundle as a sentence, what is wrong with it, and what differs.
#[component]
pub fn Panel(
    /// What the form would make.
    sketch: BundleSketch,
) -> impl IntoView {
    let BundleSketch { sentence, faults, gaps, against, diff } = sketch;
    let (tone, icon, verdict) = match (faults.len(), gaps.len()) {
        (0, 0) => ("good", Icon::Check, "It can be saved and reviewed".to_owned()),
        (0, _) => ("wait", Icon::Warn, "It can be saved, and not yet published".to_owned()),
        (n, _) => ("wait", Icon::Warn, to_put_right(n)),
    };
    let faults = faults
        .into_iter()
        .map(|FieldFault { field, says }| match place(&field) {
            Some(place) => view! { <li><a href=format!("#{place}")>{said(&says)}</a></li> }.into_any(),
            None => view! { <li>{said(&says)}</li> }.into_any(),
        })
        .collect::<Vec<_>>();
    let gaps = gaps.into_iter().map(|says| view! { <li>{said(&says)}</li> }).collect::<Vec<_>>();
    let compared = against.filter(|_| sentence.is_some()).map(|version| {
        if diff.is_empty() {
            view! { <p class="hint">{format!("It says what version {version} says.")}</p> }.into_any()
        } else {
            view! {
                <h3>{format!("Against version {version}")}</h3>
                <Differences of=diff label="What you change" />
            }
            .into_any()
        }
    });
    view! {
        <aside class="panel ruling" id="ruling" data-tone=tone aria-labelledby="ruling-title">
            <h2 class="verdict" id="ruling-title">
                {icon.svg()}
                <span role="status">{verdict}</span>
            </h2>
            {sentence.map(|says| view! { <p>{full(&says)}</p> })}
            {(!faults.is_empty()).then(|| view! { <ul class="plain">{faults}</ul> })}
            {(!gaps.is_empty()).then(|| view! { <ul class="plain">{gaps}</ul> })}
            {compared}
        </aside>
    }
    .into_any()
}

#[component]
fn AsText(text: String, after: u32) -> impl IntoView {
    let flash = Flash::of(&[DRAFT]);
    let summary: Vec<_> = flash.field().map(|(_, says)| (Some("text".to_owned()), capital(says))).into_iter().collect();
    let untold = summary.is_empty();
    view! {
        <form class="form" method="post" action=DRAFT>
            <Hidden of=vec![("after", after.to_string())] />
            <Errors title="Something to put right" of=summary />
            {untold.then(|| view! { <Stopped acts=vec![DRAFT] /> })}
            <Area
                name="text"
                label="As it is written in the catalogue"
                value=text
                kept=flash.kept("text")
                rows=22
                most=20_000
                required=true
                code=true
            />
            <div class="acts">
                <button class="button" type="submit">
                    "Save the text as a draft"
                </button>
            </div>
        </form>
    }
    .into_any()
}
