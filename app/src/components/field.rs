//! The fields of a form: a label, a hint, what is wrong, and the control, tied together for those who hear the page.

use super::words::said;
use crate::fault::Kept;
use leptos::{either::Either, prelude::*};

/// One line of text.
#[component]
pub fn Line(
    /// The form's name for it.
    name: &'static str,
    /// What stands before it.
    #[prop(into)]
    label: String,
    /// Its id, where the name is not enough.
    #[prop(optional)]
    id: Option<&'static str>,
    /// What to write.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: Option<String>,
    /// What it is refilled with.
    #[prop(optional)]
    kept: Kept,
    /// `text`, `password`, `email`, `url`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in by itself.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// An example in it.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// The most characters.
    #[prop(default = 200)]
    most: u32,
    /// The fewest characters.
    #[prop(optional)]
    fewest: Option<u32>,
    /// Whether it must be filled in.
    #[prop(optional)]
    required: bool,
    /// Whether the label says that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// How it looks: `short`.
    #[prop(optional)]
    class: Option<&'static str>,
    /// Whether the cursor is in it when the page opens.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name);
    let described = described(id, hint.is_some(), kept.error.is_some());
    let invalid = kept.error.is_some().then_some("true");
    view! {
        <Field id label hint error=kept.error.clone() optional>
            <input
                id=id
                name=name
                type=kind
                class=class
                value=kept.value.or(value)
                autocomplete=autocomplete
                placeholder=placeholder
                maxlength=most
                minlength=fewest
                required=required
                autofocus=autofocus
                aria-describedby=described
                aria-invalid=invalid
            />
        </Field>
    }
    .into_any()
}

/// Several lines of text.
#[component]
pub fn Area(
    /// The form's name for it.
    name: &'static str,
    /// What stands before it.
    #[prop(into)]
    label: String,
    /// Its id, where the name is not enough.
    #[prop(optional)]
    id: Option<&'static str>,
    /// What to write.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: Option<String>,
    /// What it is refilled with.
    #[prop(optional)]
    kept: Kept,
    /// How many lines are seen at once.
    #[prop(default = 3)]
    rows: u32,
    /// The most characters.
    #[prop(default = 2000)]
    most: u32,
    /// Whether it must be filled in.
    #[prop(optional)]
    required: bool,
    /// Whether the label says that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Whether it holds code, which nothing should correct.
    #[prop(optional)]
    code: bool,
    /// Whether its lines are numbered, where scripts run, and never wrapped.
    #[prop(optional)]
    numbered: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name);
    let described = described(id, hint.is_some(), kept.error.is_some());
    let invalid = kept.error.is_some().then_some("true");
    // A browser drops the first line break inside a textarea, so one is given to be dropped.
    let text = kept.value.or(value).map(|text| format!("\n{text}"));
    let area = view! {
        <textarea
            id=id
            name=name
            rows=rows
            class=code.then_some("code")
            maxlength=most
            required=required
            spellcheck=code.then_some("false")
            wrap=numbered.then_some("off")
            aria-describedby=described
            aria-invalid=invalid
        >
            {text}
        </textarea>
    };
    view! {
        <Field id label hint error=kept.error.clone() optional>
            {if numbered {
                Either::Left(
                    view! {
                        <div class="numbered">
                            <pre data-numbers="" aria-hidden="true"></pre>
                            {area}
                        </div>
                    },
                )
            } else {
                Either::Right(area)
            }}
        </Field>
    }
    .into_any()
}

/// What stands around any control.
#[component]
pub fn Field(
    /// The control's id.
    #[prop(into)]
    id: String,
    /// What stands before it.
    #[prop(into)]
    label: String,
    /// What to write.
    #[prop(optional_no_strip)]
    hint: Option<String>,
    /// What is wrong.
    #[prop(optional_no_strip)]
    error: Option<String>,
    /// Whether the label says that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// The control.
    children: Children,
) -> impl IntoView {
    let class = if error.is_some() { "field bad" } else { "field" };
    view! {
        <div class=class>
            <label for=id.clone()>
                {label} {optional.then(|| view! { <span class="optional">" (optional)"</span> })}
            </label>
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            {error.map(|error| view! { <Wrong id=id.clone() error /> })} {children()}
        </div>
    }
    .into_any()
}

/// What is wrong with a field.
#[component]
pub fn Wrong(
    /// The field's id.
    #[prop(into)]
    id: String,
    /// What is wrong.
    error: String,
) -> impl IntoView {
    view! {
        <p class="error" id=format!("{id}-error")>
            <span class="vh">"Error: "</span>
            {error.lines().map(said).collect_view()}
        </p>
    }
    .into_any()
}

/// The ids of what describes a control, for those who hear the page.
pub fn described(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (true, true) => Some(format!("{id}-hint {id}-error")),
    }
}

/// What is wrong with the whole form, first in it, each line leading to its field.
#[component]
pub fn Errors(
    /// What it is called.
    #[prop(into)]
    title: String,
    /// What is wrong: the field's id, where it is about one, and the sentence.
    of: Vec<(Option<String>, String)>,
) -> impl IntoView {
    (!of.is_empty()).then(|| {
        let lines = of
            .into_iter()
            .map(|(id, says)| match id {
                Some(id) => view! { <li><a href=format!("#{id}")>{said(&says)}</a></li> }.into_any(),
                None => view! { <li>{said(&says)}</li> }.into_any(),
            })
            .collect_view();
        view! {
            <div class="errors" role="alert" tabindex="-1" aria-labelledby="errors-title">
                <h2 id="errors-title">{title}</h2>
                <ul>{lines}</ul>
            </div>
        }
    })
}
