//! Ctrl-K goes anywhere: to the pages of the menu, and to whatever the reader may see, by what it is called.

use super::browser::{all, all_of, on, one, post, property};
use crate::components::list::encoded;
use leptos::{prelude::*, task::spawn_local};
use std::{cell::Cell, rc::Rc, time::Duration};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlInputElement, KeyboardEvent};

const PAUSE: Duration = Duration::from_millis(150);

#[derive(Clone)]
struct Palette {
    dialog: HtmlDialogElement,
    input: HtmlInputElement,
    list: Element,
    newest: Rc<Cell<u32>>,
}

struct Place {
    to: String,
    name: String,
    kind: String,
}

/// Listens for Ctrl-K, on pages that have the palette.
pub fn start() {
    let (Some(dialog), Some(input), Some(list)) = (one("#palette"), one("#palette input"), one("#places")) else {
        return;
    };
    let palette = Palette { dialog, input, list, newest: Rc::default() };
    let p = palette.clone();
    on(&document(), "keydown", move |event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        if (key.ctrl_key() || key.meta_key()) && key.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            p.open();
        }
    });
    let p = palette.clone();
    on(&palette.input, "input", move |_| p.search());
    let p = palette.clone();
    on(&palette.input, "keydown", move |event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        match key.key().as_str() {
            "ArrowDown" => p.step(1),
            "ArrowUp" => p.step(-1),
            "Enter" => p.go(None),
            _ => return,
        }
        event.prevent_default();
    });
    let p = palette.clone();
    on(&palette.list, "click", move |event| {
        let option = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        p.go(option.and_then(|option| option.closest("[role=option]").ok()?));
    });
}

impl Palette {
    fn open(&self) {
        if self.dialog.open() || self.dialog.show_modal().is_err() {
            return;
        }
        self.input.set_value("");
        self.search();
    }

    /// Shows the pages that fit at once, and all else when it is found.
    fn search(&self) {
        let q = self.input.value().trim().to_lowercase();
        let mut places = pages();
        places.retain(|place| place.name.to_lowercase().contains(&q));
        self.show(&places);
        let turn = self.newest.get().wrapping_add(1);
        self.newest.set(turn);
        if q.is_empty() {
            return;
        }
        let palette = self.clone();
        set_timeout(
            move || {
                if palette.newest.get() == turn {
                    spawn_local(async move {
                        places.extend(found(&q).await);
                        if palette.newest.get() == turn {
                            palette.show(&places);
                        }
                    });
                }
            },
            PAUSE,
        );
    }

    fn show(&self, places: &[Place]) {
        self.list.set_text_content(None);
        for (at, place) in places.iter().enumerate() {
            // Making elements fails only for names that are none.
            let (Ok(option), Ok(kind)) = (document().create_element("li"), document().create_element("span")) else {
                return;
            };
            for (name, value) in [("role", "option"), ("id", &format!("place-{at}")), ("data-to", &place.to)] {
                let _ = option.set_attribute(name, value);
            }
            option.set_text_content(Some(&format!("{} ", place.name)));
            kind.set_class_name("soft");
            kind.set_text_content(Some(&place.kind));
            let _ = option.append_child(&kind);
            let _ = self.list.append_child(&option);
        }
        self.choose(0);
    }

    fn choose(&self, chosen: usize) {
        for (at, option) in all(&self.list, "[role=option]").iter().enumerate() {
            // Fails only for attributes without a name.
            let _ = option.set_attribute("aria-selected", if at == chosen { "true" } else { "false" });
            if at == chosen {
                let _ = self.input.set_attribute("aria-activedescendant", &option.id());
                option.scroll_into_view_with_bool(false);
            }
        }
    }

    fn step(&self, by: isize) {
        let options = all(&self.list, "[role=option]");
        let here = options.iter().position(is_chosen).unwrap_or(0);
        if let Some(next) = here.checked_add_signed(by).filter(|next| *next < options.len()) {
            self.choose(next);
        }
    }

    fn go(&self, option: Option<Element>) {
        let option = option.or_else(|| all(&self.list, "[role=option]").into_iter().find(is_chosen));
        if let Some(to) = option.and_then(|option| option.get_attribute("data-to")) {
            // Fails only for addresses that are none.
            let _ = location().assign(&to);
        }
    }
}

fn is_chosen(option: &Element) -> bool {
    option.get_attribute("aria-selected").as_deref() == Some("true")
}

/// The pages of the menu, as it names them.
fn pages() -> Vec<Place> {
    all_of(&document(), "#nav a, .account a")
        .iter()
        .filter_map(|link| {
            let name = link.first_child()?.text_content()?.trim().to_owned();
            Some(Place { to: link.get_attribute("href")?, name, kind: "page".to_owned() })
        })
        .collect()
}

async fn found(q: &str) -> Vec<Place> {
    let answer = post("/api/places", &format!("q={}", encoded(q))).await.filter(|answer| answer.ok);
    let Some(found) = answer.and_then(|answer| js_sys::JSON::parse(&answer.text).ok()) else { return Vec::new() };
    js_sys::Array::from(&found)
        .iter()
        .filter_map(|found| {
            let text = |name| property(&found, name).as_string();
            Some(Place { to: text("path")?, name: text("name")?, kind: text("kind")? })
        })
        .collect()
}
