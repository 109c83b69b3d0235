//! The live panel: while one fills in a form, what stands beside it shows what would be ruled, or what a bundle would say. The server
//! draws it, so that there is one way of drawing it.

use super::browser::{on, one, parsed, post};
use leptos::{prelude::*, task::spawn_local};
use std::{cell::Cell, rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, UrlSearchParams};

const PAUSE: Duration = Duration::from_millis(250);

/// Watches the form that has a panel, if this page has one. The form says where the panel is drawn.
pub fn start() {
    let (Some(form), Some(panel)) = (one::<HtmlFormElement>("form[data-panel]"), one::<Element>("#ruling")) else {
        return;
    };
    let newest = Rc::new(Cell::new(0_u32));
    on(&form.clone(), "input", move |_| {
        let turn = newest.get().wrapping_add(1);
        newest.set(turn);
        let (form, panel, newest) = (form.clone(), panel.clone(), newest.clone());
        set_timeout(
            move || {
                if newest.get() == turn {
                    spawn_local(async move {
                        let Some(fresh) = ask(&form).await else { return };
                        // Somebody typed on while we asked: a newer answer is on its way.
                        if newest.get() == turn {
                            show(&panel, &fresh);
                        }
                    });
                }
            },
            PAUSE,
        );
    });
}

/// The panel as the server draws it for what the form holds now.
async fn ask(form: &HtmlFormElement) -> Option<Element> {
    let fields = FormData::new_with_form(form).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    let answer = post(&form.get_attribute("data-panel")?, &String::from(fields.to_string())).await?;
    let drawn = js_sys::JSON::parse(&answer.text).ok()?.as_string()?;
    parsed(&drawn)?.get_element_by_id("ruling")
}

fn show(panel: &Element, fresh: &Element) {
    let (Some(title), Some(fresh_title)) = (panel.first_element_child(), fresh.first_element_child()) else { return };
    // Fails only for attributes without a name.
    let _ = panel.set_attribute("data-tone", &fresh.get_attribute("data-tone").unwrap_or_default());
    // The heading's text stays where it is, so that those who only hear the page hear it change.
    if let (Some(picture), Some(text)) = (title.first_element_child(), title.last_element_child()) {
        let says = fresh_title.last_element_child().and_then(|text| text.text_content());
        if text.text_content() != says {
            text.set_text_content(says.as_deref());
        }
        if let Some(fresh_picture) = fresh_title.first_element_child() {
            let _ = picture.replace_with_with_node_1(&fresh_picture);
        }
    }
    let focused = document().active_element().filter(|it| panel.contains(Some(it.as_ref()))).map(|it| it.id());
    while let Some(rest) = title.next_element_sibling() {
        rest.remove();
    }
    while let Some(next) = fresh_title.next_element_sibling() {
        // Moves it from there to here.
        if panel.append_child(&next).is_err() {
            return;
        }
    }
    // What had the focus was drawn anew; it has it still.
    if let Some(again) = focused.and_then(|id| document().get_element_by_id(&id)) {
        let _ = again.unchecked_into::<HtmlElement>().focus();
    }
}
