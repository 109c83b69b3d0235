//! Moments and lengths of time. The server knows neither the reader's clock nor their zone, so it writes UTC; the browser turns that into
//! the reader's own hours, and into "in 3 h" where a sentence wants it.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::minutes::Minutes;
use leptos::prelude::*;

/// A moment, told from now: "in 3 h".
#[component]
pub fn When(
    /// Which.
    at: DateTime<Utc>,
) -> impl IntoView {
    view! {
        <time datetime=stamp(at) title=exact(at) data-relative="">
            {plain(at)}
        </time>
    }
    .into_any()
}

/// A moment, told by the clock and the calendar.
#[component]
pub fn Moment(
    /// Which.
    at: DateTime<Utc>,
) -> impl IntoView {
    view! {
        <time datetime=stamp(at) title=exact(at)>
            {plain(at)}
        </time>
    }
    .into_any()
}

/// How much is left of something, as a bar that the browser keeps up to date.
#[component]
pub fn Left(
    /// Since when.
    from: DateTime<Utc>,
    /// Until when.
    until: DateTime<Utc>,
) -> impl IntoView {
    let most = (until - from).num_seconds().max(1);
    view! { <progress max=most value=most data-until=stamp(until) aria-label="Time left" hidden></progress> }
}

/// The moment as machines read it.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn exact(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn plain(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

/// A length of time in short: `1 day 4 h`, `30 min`.
pub fn short(minutes: Minutes) -> String {
    let (days, hours, rest) = (minutes.get() / 1440, minutes.get() % 1440 / 60, minutes.get() % 60);
    [(days, if days == 1 { "day" } else { "days" }), (hours, "h"), (rest, "min")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// How long an answer usually takes.
pub fn usually(minutes: u32) -> String {
    match Minutes::new(minutes) {
        Ok(minutes) => format!("usually answered in {minutes}"),
        Err(_) => "usually answered at once".to_owned(),
    }
}
