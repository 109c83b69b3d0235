//! Wakes the page in the browser. Everything that moves is an island of `app`.

// The islands are found by their exported names, so the crate must be linked although nothing here calls it.
use app as _;

/// Called once by the page's own script, before it wakes the islands.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
