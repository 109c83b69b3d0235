//! What was written on something that waits for another admin, and the form to write on it or send it back.

use super::{acts::Hidden, field::Area, note::stopped, time::When, words::capital};
use crate::fault::Flash;
use domain::views::RemarkView;
use leptos::prelude::*;

/// What was said, oldest first.
#[component]
pub fn Remarks(
    /// All of it.
    remarks: Vec<RemarkView>,
    /// On what: `draft`.
    on: &'static str,
) -> impl IntoView {
    let remarks = remarks
        .into_iter()
        .map(|remark| {
            let RemarkView { number, by, at, text, sends_back } = remark;
            let did = if sends_back { "sent back" } else { "wrote on" };
            view! {
                <li>
                    <div>
                        <p>
                            <strong>{capital(&by)}</strong>
                            {format!(" {did} {on} {number}")}
                        </p>
                        <blockquote>{text}</blockquote>
                        <p class="meta">
                            <When at />
                        </p>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="said">
            <h2 id="said">"What was said about it"</h2>
            <ul class="rows tight">{remarks}</ul>
        </section>
    }
    .into_any()
}

/// Writes on it, or sends it back with what was written.
#[component]
pub fn Answer(
    /// What goes along unseen.
    with: Vec<(&'static str, String)>,
    /// Where a comment is sent, where the reader may write one.
    comment: Option<String>,
    /// Where it is sent back, where the reader may.
    send_back: Option<String>,
) -> impl IntoView {
    let acts: Vec<&str> = [&comment, &send_back].into_iter().flatten().map(String::as_str).collect();
    let to = acts.first().copied().unwrap_or_default().to_owned();
    let flash = Flash::of(&acts);
    let untold = flash.kept("comment").error.is_none();
    view! {
        <form class="form" method="post" action=to>
            <Hidden of=with />
            {untold.then(|| stopped(&flash))}
            <Area name="comment" label="What you say to it" kept=flash.kept("comment") rows=2 required=true />
            <div class="acts">
                {comment
                    .map(|_| {
                        view! {
                            <button class="button" type="submit">
                                "Comment"
                            </button>
                        }
                    })}
                {send_back
                    .map(|to| {
                        view! {
                            <button class="button" type="submit" formaction=to>
                                "Send it back"
                            </button>
                        }
                    })}
            </div>
        </form>
    }
    .into_any()
}
