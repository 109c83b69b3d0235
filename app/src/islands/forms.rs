//! Small kindnesses of forms: what went wrong is where the cursor is, and a double click sends once.

use super::browser::{all_of, on, one};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Watches every form of the page.
pub fn start() {
    if let Some(errors) = one::<HtmlElement>(".errors") {
        // A page without focus is still a page.
        let _ = errors.focus();
    }
    on(&document(), "submit", |event| {
        let Some(form) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let leads_elsewhere = form.get_attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        if event.default_prevented() || !leads_elsewhere {
            return;
        }
        if form.has_attribute("data-sent") {
            event.prevent_default();
        } else {
            // Fails only for attributes without a name.
            let _ = form.set_attribute("data-sent", "");
        }
    });
    // Back from the next page, the form may be sent again.
    on(&window(), "pageshow", |_| {
        for form in all_of(&document(), "form[data-sent]") {
            // Fails only for attributes without a name.
            let _ = form.remove_attribute("data-sent");
        }
    });
}
