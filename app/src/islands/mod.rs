//! What moves in the browser. Pages are whole without any of it; each part below finds what it knows in the page and makes it better.

mod browser;
mod copy;
mod forms;
mod keys;
mod lines;
mod live;
mod palette;
mod panel;
mod passkeys;
mod times;

use leptos::prelude::*;

/// Wakes every part once the page is there.
#[island]
pub fn Alive() -> impl IntoView {
    Effect::new(|_| {
        // First, because it remembers the page as the server sent it.
        live::start();
        times::start();
        forms::start();
        panel::start();
        lines::start();
        palette::start();
        keys::start();
        copy::start();
        passkeys::start();
    });
}
