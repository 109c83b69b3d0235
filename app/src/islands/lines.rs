//! Texts whose lines are numbered: the numbers stand beside the text and move with it, and whatever names a line leads to it.

use super::browser::{all_of, on, one};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

/// Numbers every text that has a place for numbers before it, and listens for links to a line.
pub fn start() {
    for numbers in all_of(&document(), "[data-numbers]") {
        let text = numbers.next_element_sibling().and_then(|text| text.dyn_into::<HtmlTextAreaElement>().ok());
        let Some(text) = text else { continue };
        number(&numbers, &text);
        let (beside, typed) = (numbers.clone(), text.clone());
        on(&text, "input", move |_| number(&beside, &typed));
        let scrolled = text.clone();
        on(&text, "scroll", move |_| numbers.set_scroll_top(scrolled.scroll_top()));
    }
    on(&document(), "click", |event| {
        let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let link = clicked.and_then(|clicked| clicked.closest("a[data-line]").ok()?);
        if link.is_some_and(|link| select(&link).is_some()) {
            event.prevent_default();
        }
    });
}

fn number(numbers: &Element, text: &HtmlTextAreaElement) {
    let lines = text.value().split('\n').count();
    let known = lines.to_string();
    if numbers.get_attribute("data-numbers").as_ref() != Some(&known) {
        let all: Vec<_> = (1..=lines).map(|line| line.to_string()).collect();
        numbers.set_text_content(Some(&all.join("\n")));
        // Fails only for attributes without a name.
        let _ = numbers.set_attribute("data-numbers", &known);
    }
    numbers.set_scroll_top(text.scroll_top());
}

/// Selects the line that a link names; `None` where there is no such line.
fn select(link: &Element) -> Option<()> {
    let before = link.get_attribute("data-line")?.parse::<usize>().ok()?.checked_sub(1)?;
    // What leads to a part of the page by its id selects it as well.
    let text = one::<HtmlTextAreaElement>(&link.get_attribute("href")?)?;
    let written = text.value();
    let sought = written.split('\n').nth(before)?;
    let start = written.split_inclusive('\n').take(before).map(units).sum::<u32>();
    // A page without focus is still a page.
    let _ = text.focus();
    text.set_selection_range(start, start.saturating_add(units(sought))).ok()?;
    // No line is wrapped, so all are of one height.
    let all = i32::try_from(written.split('\n').count()).ok()?;
    let height = text.scroll_height() / all.max(1);
    let above = i32::try_from(before).ok()?.saturating_mul(height);
    text.set_scroll_top(above.saturating_sub(text.client_height() / 2));
    Some(())
}

/// So long is a text to a browser, which counts in units of UTF-16.
fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}
