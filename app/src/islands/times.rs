//! Turns the server's UTC into the reader's own hours, and into "in 3 h" that keeps counting.

use super::browser::{all_of, on};
use crate::components::time::relative;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::Element;

const EVERY: Duration = Duration::from_secs(15);

/// Tells every time of the page, now and as it passes.
pub fn start() {
    tell();
    set_interval(tell, EVERY);
    // A page that comes back from the browser's memory shows what was true when it was left.
    on(&window(), "pageshow", |_| tell());
}

/// Tells every time of the page.
pub fn tell() {
    let now = seconds(js_sys::Date::now());
    for time in all_of(&document(), "time[datetime]") {
        tell_one(&time, now);
    }
    for bar in all_of(&document(), "progress[data-until]") {
        fill(&bar, now);
    }
}

fn tell_one(time: &Element, now: i64) {
    let Some(stamp) = time.get_attribute("datetime") else { return };
    let date = js_sys::Date::new(&JsValue::from_str(&stamp));
    let at = seconds(date.get_time());
    let told = if time.has_attribute("data-relative") { relative(at - now) } else { None };
    let told = told.unwrap_or_else(|| local(&date, "short"));
    if time.text_content().as_deref() != Some(told.as_str()) {
        time.set_text_content(Some(&told));
    }
    if !time.has_attribute("data-told") {
        let exact = format!("{}; {}", local(&date, "medium"), time.get_attribute("title").unwrap_or_default());
        // Both fail only for attributes without a name.
        let _ = time.set_attribute("title", &exact);
        let _ = time.set_attribute("data-told", "");
    }
}

fn fill(bar: &Element, now: i64) {
    let Some(until) = bar.get_attribute("data-until") else { return };
    let left = seconds(js_sys::Date::new(&JsValue::from_str(&until)).get_time()) - now;
    // Both fail only for attributes without a name.
    let _ = bar.set_attribute("value", &left.max(0).to_string());
    let _ = bar.remove_attribute("hidden");
}

/// A moment by the reader's own clock and calendar.
fn local(date: &js_sys::Date, time: &str) -> String {
    let style = js_sys::Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", time)] {
        // Fails only for frozen objects.
        let _ = js_sys::Reflect::set(&style, &name.into(), &value.into());
    }
    date.to_locale_string("en-GB", &style).into()
}

#[expect(clippy::cast_possible_truncation, reason = "dates are far from the limits of whole numbers")]
fn seconds(milliseconds: f64) -> i64 {
    (milliseconds / 1000.0) as i64
}
