//! Keeps the page as it is on the server: when something has changed, asks for the page again and puts in what is new. Never touches
//! what somebody is writing in or looking through.

use super::{
    browser::{all, all_of, get, on, one, parsed, property},
    times,
};
use leptos::{prelude::*, task::spawn_local};
use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, EventSource};

// Many changes at once are one change to the reader.
const REST: Duration = Duration::from_millis(700);

#[derive(Default)]
struct Live {
    /// The parts as the server last sent them, by id.
    sent: HashMap<String, String>,
    /// Whether the page is being asked for, or will be in a moment.
    busy: bool,
    /// Whether something has changed that is not shown yet.
    stale: bool,
}

type Shared = Rc<RefCell<Live>>;

/// Begins to listen, on pages that have something to keep up to date.
pub fn start() {
    let sent: HashMap<_, _> =
        all_of(&document(), "[data-live][id]").into_iter().map(|part| (part.id(), said(&part))).collect();
    if sent.is_empty() {
        return;
    }
    // What happened between the reading of the page and now is heard too.
    let since = one::<Element>("#main[data-changes]").and_then(|main| main.get_attribute("data-changes"));
    let events = since.map_or_else(|| "/events".to_owned(), |since| format!("/events?since={since}"));
    let Ok(events) = EventSource::new(&events) else { return };
    let live: Shared = Rc::new(RefCell::new(Live { sent, ..Live::default() }));
    let heard = live.clone();
    on(&events, "changed", move |_| {
        heard.borrow_mut().stale = true;
        freshen(&heard);
    });
    // What could not be shown while it was in use is shown when it no longer is.
    for event in ["visibilitychange", "focusout"] {
        let live = live.clone();
        on(&document(), event, move |_| freshen(&live));
    }
}

fn freshen(live: &Shared) {
    {
        let mut now = live.borrow_mut();
        if now.busy || !now.stale || document().hidden() {
            return;
        }
        now.busy = true;
    }
    let live = live.clone();
    set_timeout(
        move || {
            spawn_local(async move {
                live.borrow_mut().stale = false;
                let whole = show_again(&live).await;
                let mut now = live.borrow_mut();
                now.busy = false;
                now.stale |= !whole;
            });
        },
        REST,
    );
}

/// Asks for the page and puts in what is new. False when a part had to be left as it was.
async fn show_again(live: &Shared) -> bool {
    let here = location().href().unwrap_or_default();
    let Some(answer) = get(&here).await else { return false };
    if !answer.ok || answer.url.split('#').next() != here.split('#').next() {
        // Signed out, or gone: what is on the screen stays, and the next click says why.
        return true;
    }
    let Some(fresh) = parsed(&answer.text) else { return true };
    let mut whole = true;
    for part in all_of(&fresh, "[data-live][id]") {
        let (id, text) = (part.id(), said(&part));
        if live.borrow().sent.get(&id) == Some(&text) {
            continue;
        }
        let Some(old) = document().get_element_by_id(&id) else { continue };
        if in_use(&old) {
            whole = false;
            continue;
        }
        keep_open(&old, &part);
        if old.replace_with_with_node_1(&part).is_ok() {
            live.borrow_mut().sent.insert(id, text);
        }
    }
    document().set_title(&fresh.title());
    times::tell();
    whole
}

/// What a part says, but for how long ago something was or is to be: that passes by itself, and makes nothing new.
fn said(part: &Element) -> String {
    let copy = part.clone_node_with_deep(true).ok().and_then(|copy| copy.dyn_into::<Element>().ok());
    copy.map_or_else(
        || part.outer_html(),
        |copy| {
            for time in all(&copy, "time[data-relative]") {
                time.set_text_content(None);
            }
            copy.outer_html()
        },
    )
}

/// Whether somebody is in it: the cursor, something typed, or an open menu.
fn in_use(part: &Element) -> bool {
    document().active_element().is_some_and(|active| part.contains(Some(&active)))
        || part.matches(":popover-open").unwrap_or(false)
        || all(part, "input, textarea, option").iter().any(|control| is_changed(control))
}

fn is_changed(control: &JsValue) -> bool {
    [("value", "defaultValue"), ("checked", "defaultChecked")].into_iter().any(|(now, first)| {
        let first = property(control, first);
        !first.is_undefined() && property(control, now) != first
    })
}

/// What was opened stays open.
fn keep_open(old: &Element, new: &Element) {
    let (old, new) = (all(old, "details"), all(new, "details"));
    if old.len() == new.len() {
        for (_, new) in old.iter().zip(&new).filter(|(old, _)| old.has_attribute("open")) {
            // Fails only for attributes without a name.
            let _ = new.set_attribute("open", "");
        }
    }
}
