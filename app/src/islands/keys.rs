//! The inbox by keyboard: `j` and `k` move, `a` and `d` lead to the decision, `?` lists the keys.

use super::browser::{all_of, on, one, property};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, KeyboardEvent};

/// Listens for keys, on pages that know some.
pub fn start() {
    let Some(list) = one::<HtmlDialogElement>("dialog#keys") else { return };
    on(&document(), "keydown", move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        if is_typing(event) {
            return;
        }
        let done = match event.key().as_str() {
            "j" => step(1),
            "k" => step(-1),
            "a" => focus("[aria-keyshortcuts=a]"),
            "d" => deny(),
            "?" => list.show_modal().is_ok(),
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    });
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let into_field = event.target().and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|target| {
        target.matches("input:not([type=radio], [type=checkbox]), textarea, select").unwrap_or(false)
    });
    into_field || event.ctrl_key() || event.meta_key() || event.alt_key() || one::<Element>("dialog[open]").is_some()
}

/// Opens the request before or after the one that is open.
fn step(by: isize) -> bool {
    let places = all_of(&document(), ".picks a");
    let here = places.iter().position(|place| place.has_attribute("aria-current"));
    let next = match here {
        Some(here) => here.checked_add_signed(by),
        None => Some(0),
    };
    match next.and_then(|next| places.get(next)).and_then(|place| place.dyn_ref::<HtmlElement>()) {
        Some(place) => {
            place.click();
            true
        }
        None => false,
    }
}

fn focus(selector: &str) -> bool {
    one::<HtmlElement>(selector).is_some_and(|target| target.focus().is_ok())
}

/// A denial carries a reason: first to the comment, then to the button.
fn deny() -> bool {
    let unsaid = one::<Element>("#comment")
        .is_some_and(|field| property(&field, "value").as_string().is_none_or(|text| text.trim().is_empty()));
    focus(if unsaid { "#comment" } else { "[aria-keyshortcuts=d]" })
}
