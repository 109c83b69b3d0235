//! There is no page at this address.

use crate::{
    fault::Fault,
    frame::{Stop, page},
};
use leptos::prelude::*;

/// Says so, in the frame, with the right status.
#[component]
pub fn Missing() -> impl IntoView {
    page(async { Ok(Fault::NotFound.told()) }, |fault| view! { <Stop fault /> })
}
