//! Picking some out of many by their keys: what is picked, each to be taken away, and a line to add more.

use domain::views::{Named, editor::Choice};
use leptos::prelude::*;

/// What is picked, and the line under it.
#[component]
pub fn Picks(
    /// The id of the line.
    #[prop(into)]
    id: String,
    /// The form's name for it.
    #[prop(into)]
    name: String,
    /// What the line is, for those who only hear it.
    #[prop(into)]
    label: String,
    /// What is picked: key and name.
    picked: Vec<Named>,
    /// The id of the list to pick from.
    list: &'static str,
) -> impl IntoView {
    let any = !picked.is_empty();
    let line = name.clone();
    let picked = picked
        .into_iter()
        .map(|one| {
            view! {
                <label>
                    <input type="checkbox" name=name.clone() value=one.id checked=true />
                    {one.name}
                </label>
            }
        })
        .collect::<Vec<_>>();
    view! {
        {any.then(|| view! { <div class="pills">{picked}</div> })}
        <input
            id=id
            name=line
            list=list
            autocomplete="off"
            spellcheck="false"
            maxlength="2000"
            placeholder="Add: type to search, commas between several"
            aria-label=label
        />
    }
    .into_any()
}

/// What there is to pick from.
#[component]
pub fn Choices(
    /// Its id, by which a line finds it.
    id: &'static str,
    /// All of it.
    of: Vec<Choice>,
) -> impl IntoView {
    let options = of
        .into_iter()
        .map(|Choice { value, name, says }| {
            let label = if says.is_empty() { name } else { format!("{name}: {says}") };
            view! { <option value=value>{label}</option> }
        })
        .collect_view();
    view! { <datalist id=id>{options}</datalist> }.into_any()
}

/// What was picked in a field, several perhaps on one line, under the names by which it is known.
pub fn picked(held: &[String], choices: &[Choice]) -> Vec<Named> {
    let keys = held.iter().flat_map(|it| it.split([',', ' '])).filter(|it| !it.is_empty());
    keys.map(|key| {
        let known = choices.iter().find(|choice| choice.value == key);
        let name = known.map_or_else(|| key.to_owned(), |choice| choice.name.clone());
        Named { id: key.to_owned(), name }
    })
    .collect()
}
