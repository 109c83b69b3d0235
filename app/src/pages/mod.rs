//! The pages. Each folder holds a page and, in `api.rs`, its server functions; a page never reaches into another.

pub mod access;
pub mod ask;
pub mod authenticators;
pub mod bundles;
pub mod catalogue;
pub mod confirm;
pub mod delegation;
pub mod editor;
pub mod findings;
pub mod groups;
pub mod guardrails;
pub mod home;
pub mod identities;
pub mod inbox;
pub mod missing;
pub mod notices;
pub mod requests;
pub mod sessions;
pub mod sign_in;
pub mod signals;
pub mod systems;
pub mod tasks;
pub mod trail;
pub mod welcome;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// What the address names: the part of the path with this name.
pub fn named(part: &str) -> String {
    use_params_map().get_untracked().get(part).unwrap_or_default()
}
