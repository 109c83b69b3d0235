//! Moments and lengths of time. The server does not know the reader's zone, so it writes UTC, and "in 3 h" where a sentence wants it; the
//! browser turns that into the reader's own hours, and keeps it true.

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
            {from_now(at)}
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

/// What time it is on the page, by the portal's clock.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub DateTime<Utc>);

/// A moment told from now; so nothing moves on the page when the browser tells it by its own clock.
fn from_now(at: DateTime<Utc>) -> String {
    let told = use_context::<Now>().and_then(|Now(now)| relative((at - now).num_seconds()));
    told.unwrap_or_else(|| plain(at))
}

/// A span from now as one says it; nothing for spans so long that only a date helps.
pub fn relative(seconds: i64) -> Option<String> {
    let (minutes, ahead) = (seconds.unsigned_abs() / 60, seconds > 0);
    let span = match minutes {
        0 if ahead => return Some("in less than a minute".to_owned()),
        0 => return Some("just now".to_owned()),
        1..60 => format!("{minutes} min"),
        60..1440 if minutes % 60 == 0 || minutes >= 600 => format!("{} h", minutes / 60),
        60..1440 => format!("{} h {} min", minutes / 60, minutes % 60),
        1440..2880 => "1 day".to_owned(),
        2880..20160 => format!("{} days", minutes / 1440),
        _ => return None,
    };
    Some(if ahead { format!("in {span}") } else { format!("{span} ago") })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_spans_as_people_do() {
        for (seconds, says) in [
            (5, "in less than a minute"),
            (-5, "just now"),
            (-60, "1 min ago"),
            (90 * 60, "in 1 h 30 min"),
            (3 * 3600, "in 3 h"),
            (-13 * 3600 - 120, "13 h ago"),
            (30 * 3600, "in 1 day"),
            (-5 * 86400, "5 days ago"),
        ] {
            assert_eq!(relative(seconds).as_deref(), Some(says), "{seconds}");
        }
        assert_eq!(relative(30 * 86400), None);
    }
}
