//! A state: always a word, an icon and a tone together. Also the numbers that stand beside a word.

use super::icon::Icon;
use leptos::prelude::*;

/// What a thing feels like; the style gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It is well.
    Good,
    /// Somebody or something is waited for.
    Wait,
    /// It went wrong, or a rule said no.
    Bad,
    /// Something to know.
    Info,
    /// It is over, or says nothing either way.
    None,
}

impl Tone {
    /// The word of the attribute `data-tone`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
            Self::Info => "info",
            Self::None => "none",
        }
    }
}

/// How the state with this word is shown.
pub fn shown(word: &str) -> (&str, Tone, Icon) {
    match word {
        "waiting" => ("Waiting for approval", Tone::Wait, Icon::Clock),
        "approved" => ("Approved", Tone::Info, Icon::Check),
        "opening" => ("Being made", Tone::Info, Icon::Ask),
        "granted" => ("Granted", Tone::Good, Icon::Check),
        "active" => ("Active", Tone::Good, Icon::Check),
        "ending" => ("Being taken back", Tone::Wait, Icon::Out),
        "ended" => ("Ended", Tone::None, Icon::End),
        "refused" => ("Refused", Tone::Bad, Icon::Cross),
        "denied" => ("Denied", Tone::Bad, Icon::Cross),
        "stopped" => ("Stopped", Tone::Bad, Icon::Cross),
        "withdrawn" => ("Withdrawn", Tone::None, Icon::Back),
        "expired" => ("Expired unanswered", Tone::None, Icon::Clock),
        "lapsed" => ("Lapsed", Tone::None, Icon::Clock),
        other => (other, Tone::None, Icon::Info),
    }
}

/// The state of a request or a grant, by its word.
#[component]
pub fn State(
    /// Its word.
    #[prop(into)]
    word: String,
) -> impl IntoView {
    let (label, tone, icon) = shown(&word);
    view! { <Badge tone icon label=label.to_owned() /> }
}

/// Any state.
#[component]
pub fn Badge(
    /// How it feels.
    tone: Tone,
    /// Its picture.
    icon: Icon,
    /// Its word.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <span class="state" data-tone=tone.word()>
            {icon.svg()}
            {label}
        </span>
    }
    .into_any()
}

/// A number beside a word; nothing when it is 0.
#[component]
pub fn Count(
    /// How many.
    of: u32,
    /// Of what, for those who only hear it: `waiting`.
    what: &'static str,
    /// Whether it is only information.
    #[prop(optional)]
    quiet: bool,
) -> impl IntoView {
    (of > 0).then(|| {
        view! {
            <span class=if quiet { "count quiet" } else { "count" }>
                {of} <span class="vh">{format!(" {what}")}</span>
            </span>
        }
    })
}
