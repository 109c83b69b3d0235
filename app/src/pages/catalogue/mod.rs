//! The catalogue: find by what one wants to do, or by system.

pub mod api;

use crate::{
    components::{
        cards::BundleRow,
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::Empty,
        words::{capital, number, so_many},
    },
    frame::page,
};
use domain::views::{BundleCard, Named, Page};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The catalogue.
#[component]
pub fn Catalogue() -> impl IntoView {
    let asked = asked();
    let Asked { q, system, after, .. } = asked.clone();
    page(api::catalogue(q, system, after), |(found, systems)| view! { <Draw asked found systems /> })
}

#[component]
fn Draw(asked: Asked, found: Page<BundleCard>, systems: Vec<Named>) -> impl IntoView {
    let Page { items, next } = found;
    let may = |card: &&BundleCard| card.why_not.is_none() || !card.others.is_empty();
    let (shown, mine) = (items.len(), items.iter().filter(may).count());
    let system = asked.system.clone();
    let options = systems
        .into_iter()
        .map(|one| view! { <option value=one.id.clone() selected=one.id == system>{one.name}</option> })
        .collect_view();
    view! {
        <Title text="Catalogue" />
        <h1 class="sentence">
            <Sentence q=asked.q.clone() shown mine whole=next.is_none() && asked.after.is_empty() />
        </h1>
        <Search to="/catalogue" label="What you want to do" value=asked.q.clone()>
            <div class="field">
                <label for="system">"System"</label>
                <select id="system" name="system">
                    <option value="">"Any"</option>
                    {options}
                </select>
            </div>
        </Search>
        <section aria-label="Bundles">
            {if items.is_empty() {
                Either::Left(view! { <Nothing /> })
            } else {
                Either::Right(
                    view! { <ul class="rows">{items.into_iter().map(|card| view! { <BundleRow card /> }).collect_view()}</ul> },
                )
            }} <Pager asked shown next />
        </section>
    }
    .into_any()
}

#[component]
fn Sentence(q: String, shown: usize, mine: usize, whole: bool) -> impl IntoView {
    let matching = (!q.is_empty()).then(|| format!(" match “{q}”"));
    let may = (mine < shown).then(|| view! { "; you may ask for " <strong>{number(mine)}</strong> " of them" });
    match (shown, whole) {
        (0, _) if q.is_empty() => view! { <strong>"Nothing"</strong> " can be asked for here yet." }.into_any(),
        (0, _) => view! { <strong>"Nothing"</strong> {format!(" matches “{q}”.")} }.into_any(),
        (1, true) => {
            let says = if q.is_empty() { " is in the catalogue".to_owned() } else { format!(" matches “{q}”") };
            view! { <strong>"One bundle"</strong> {says} {may} "." }.into_any()
        }
        (_, true) => {
            let says = matching.unwrap_or_else(|| " are in the catalogue".to_owned());
            view! { <strong>{capital(&so_many(shown, "bundle", "bundles"))}</strong> {says} {may} "." }.into_any()
        }
        (_, false) => {
            let says = matching.map(|matching| format!(" that{matching}"));
            view! { "Here are " <strong>{so_many(shown, "bundle", "bundles")}</strong> {says} " of the catalogue" {may} "." }
                .into_any()
        }
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Empty icon=Icon::Search title="No such bundle">
            <p>"Try the name of a system, or what you want to do: “read”, “restart”, “refund”."</p>
            <p class="acts">
                <a class="button" href="/catalogue">
                    "Show everything"
                </a>
            </p>
        </Empty>
    }
    .into_any()
}
