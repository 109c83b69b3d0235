//! Buttons that copy something. They show themselves only where the browser lets a page copy.

use super::browser::{all_of, on, one, property};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Shows the buttons and listens to them.
pub fn start() {
    if property(&window().navigator(), "clipboard").is_undefined() {
        return;
    }
    for button in all_of(&document(), "button[data-copy]") {
        // Fails only for attributes without a name.
        let _ = button.remove_attribute("hidden");
        on(&button.clone(), "click", move |_| copy(&button));
    }
}

fn copy(button: &Element) {
    let Some(text) = button.get_attribute("data-copy").and_then(|what| one::<HtmlElement>(&what)?.text_content())
    else {
        return;
    };
    // If it is refused, the text is still there to be selected.
    let _ = window().navigator().clipboard().write_text(text.trim());
    if let Some(button) = button.dyn_ref::<HtmlElement>() {
        button.set_text_content(Some("Copied"));
    }
}
