//! Four eyes, on a page: the version that waits, what may be done with it, what was said about it, and what it would have changed. The
//! pages of a bundle and of the guardrails are made of these.

use super::{
    acts::Act,
    badge::Tone,
    icon::Icon,
    note::{Fold, Note},
    remarks::Answer,
    time::{Moment, When},
    words::{capital, said, so_many},
};
use chrono::{DateTime, Utc};
use domain::views::{ReplayCase, ReplaySort, ReplayView};
use leptos::prelude::*;

/// What one can do with a version that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftAct {
    /// Publish it.
    Publish,
    /// Give it to another admin to look at.
    Submit,
    /// Take it back from them.
    Withdraw,
    /// Throw it away.
    Discard,
    /// Write on it.
    Comment,
    /// Give it back to who wrote it.
    SendBack,
}

impl DraftAct {
    /// Every one of them.
    pub const ALL: [Self; 6] =
        [Self::Publish, Self::Submit, Self::Withdraw, Self::Discard, Self::Comment, Self::SendBack];

    /// Those that are allowed, in the order in which they are shown.
    pub fn allowed(all: [(Self, bool); 6]) -> Vec<Self> {
        all.into_iter().filter_map(|(act, may)| may.then_some(act)).collect()
    }

    /// The last part of where it is sent.
    pub fn path(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Submit => "submit",
            Self::Withdraw => "withdraw",
            Self::Discard => "discard",
            Self::Comment => "comment",
            Self::SendBack => "send-back",
        }
    }
}

/// A version that is written and not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Which it will be.
    pub number: u32,
    /// Everybody who wrote some of it.
    pub by: String,
    /// Who submitted it for review, and when.
    pub submitted: Option<(String, DateTime<Utc>)>,
    /// What the reader may do with it.
    pub acts: Vec<DraftAct>,
    /// Why the reader may not publish it, where an admin wonders.
    pub why_not: Option<String>,
}

/// A version that waits: who wrote it, what it says and would change, and what the reader may do with it.
#[component]
pub fn Waiting(
    /// What is known of it.
    version: Version,
    /// The path above all that is done with it: `/api/bundles`.
    to: &'static str,
    /// What says which version is meant.
    with: Vec<(&'static str, String)>,
    /// What follows from publishing it.
    hint: &'static str,
    /// What it says and would change.
    children: Children,
) -> impl IntoView {
    let Version { number, by, submitted, acts, why_not } = version;
    let may = |act: DraftAct| acts.contains(&act);
    let (publish, comment, send_back) = (may(DraftAct::Publish), may(DraftAct::Comment), may(DraftAct::SendBack));
    let button = |act: &DraftAct| {
        let (label, class) = match act {
            DraftAct::Publish => (format!("Publish version {number}"), "button primary"),
            DraftAct::Submit if publish => ("Submit it for review".to_owned(), "button"),
            DraftAct::Submit => ("Submit it for review".to_owned(), "button primary"),
            DraftAct::Withdraw => ("Take it back from review".to_owned(), "button"),
            DraftAct::Discard => ("Throw the draft away".to_owned(), "button danger"),
            // They go with what is written, in the form below.
            DraftAct::Comment | DraftAct::SendBack => return None,
        };
        Some(view! { <Act to=format!("{to}/{}", act.path()) with=with.clone() label class=class /> })
    };
    let buttons = acts.iter().filter_map(button).collect_view();
    view! {
        <section class="decide" aria-labelledby="draft">
            <h2 id="draft">
                {if submitted.is_some() {
                    format!("{} wrote version {number} and wants it reviewed", capital(&by))
                } else {
                    format!("{} writes version {number}", capital(&by))
                }}
            </h2>
            {submitted
                .map(|(who, at)| {
                    view! {
                        <p class="meta">
                            <span>{format!("submitted by {who}")}</span>
                            <When at />
                        </p>
                    }
                })}
            {children()}
            <p class="hint">{hint}</p>
            {why_not.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
            <div class="acts">{buttons}</div>
            {comment.then(|| {
                let path = |act: DraftAct| format!("{to}/{}", act.path());
                let (comment, send_back) = (path(DraftAct::Comment), send_back.then(|| path(DraftAct::SendBack)));
                view! { <Answer with comment=Some(comment) send_back /> }
            })}
        </section>
    }
    .into_any()
}

/// Why a version cannot be published, each reason a line.
#[component]
pub fn Gaps(
    /// The reasons; nothing is shown where there are none.
    of: Vec<String>,
) -> impl IntoView {
    (!of.is_empty()).then(|| {
        let gaps = of
            .into_iter()
            .map(|gap| {
                view! {
                    <li data-tone="bad">
                        {Icon::Cross.svg()} <span>
                            <span class="vh">"Does not hold: "</span>
                            {said(&gap)}
                        </span>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="checks">{gaps}</ul> }
    })
}

/// What a version would have changed for the requests on record.
#[component]
pub fn Replay(
    /// What was found.
    replay: ReplayView,
) -> impl IntoView {
    let ReplayView { finished, done, total, sentence, sorts } = replay;
    let (value, most) = (i64::from(done), i64::from(total.max(1)));
    let sorts = sorts.into_iter().map(|sort| view! { <Sort sort /> }).collect_view();
    view! {
        <section aria-labelledby="replayed">
            <h2 id="replayed">"What it would have changed"</h2>
            <p>{sentence}</p>
            {(!finished).then(|| view! { <progress max=most value=value aria-label="Requests judged again"></progress> })}
            {sorts}
        </section>
    }
    .into_any()
}

#[component]
fn Sort(sort: ReplaySort) -> impl IntoView {
    let ReplaySort { title, count, cases } = sort;
    let more = (count as usize).saturating_sub(cases.len());
    let cases = cases
        .into_iter()
        .map(|case| {
            let ReplayCase { request, subject, asked_at, says } = case;
            view! {
                <li>
                    <div>
                        <h3>
                            <a href=format!("/requests/{request}")>{format!("For {subject}")}</a>
                        </h3>
                        <p>{said(&says)}</p>
                        <p class="meta">
                            <span>"asked " <Moment at=asked_at /></span>
                        </p>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! {
        <Fold title aside=so_many(count as usize, "request", "requests")>
            <ul class="rows tight">{cases}</ul>
            {(more > 0).then(|| view! { <p class="hint">{format!("And {more} more, which are only counted.")}</p> })}
        </Fold>
    }
    .into_any()
}
