//! A request from near by: its sentence, the form for deciding, what to weigh, and what lies behind it. The page of a request and the
//! inbox are made of these.

use super::{
    acts::Hidden,
    badge::{Badge, State, Tone},
    cards::is_reader,
    field::{Area, Errors, Wrong},
    icon::Icon,
    note::{Fold, Id, Note, Stopped},
    ruling::{Checks, Guarded, Held, Stages},
    time::{Moment, When, short},
    trouble::Trouble,
    words::{Names, capital, full, said, so_many},
};
use crate::fault::Flash;
use domain::{
    minutes::Minutes,
    text::and,
    views::{AssignmentView, Context, Delta, GrantCard, Pathway, Reachable, RequestPage, ReviewView},
};
use leptos::{either::Either, prelude::*};

const DECISIONS: [&str; 2] = ["/api/requests/approve", "/api/requests/deny"];
const SENT_TO: [&str; 3] = ["/api/requests/approve", "/api/requests/deny", "/api/requests/comment"];

/// Where a request stands, in its own word or its grant's.
pub fn state(page: &RequestPage) -> String {
    page.grant.as_ref().map_or_else(|| page.card.state.clone(), |grant| grant.state.clone())
}

/// Who asks for what, for how long, and what came of it.
#[component]
pub fn Sentence(
    /// The request.
    page: RequestPage,
) -> impl IntoView {
    let RequestPage { card, grant, minutes, .. } = page;
    if let Some(GrantCard { until, subject, .. }) = grant.filter(|grant| grant.state == "active") {
        let (who, has) = if is_reader(&subject) { ("You".to_owned(), "have") } else { (subject, "has") };
        let ends = until.map(|at| view! { "; it ends " <strong><When at /></strong> });
        return view! { <strong>{who}</strong> {format!(" {has} ")} <strong>{card.bundle}</strong> {ends} "." }
            .into_any();
    }
    let mine = is_reader(&card.asker);
    let open = card.state == "waiting";
    let verb = match (mine, open) {
        (_, false) => "asked for",
        (true, true) => "ask for",
        (false, true) => "asks for",
    };
    let other = (card.subject != card.asker).then(|| view! { ", for " <strong>{card.subject}</strong> });
    let came_of_it = match card.state.as_str() {
        "refused" => Some(", and it was refused"),
        "denied" => Some(", and it was denied"),
        "withdrawn" => Some(", and took it back"),
        "expired" => Some(", and nobody answered in time"),
        "lapsed" => Some(", and it was not there in time"),
        "stopped" => Some(", and it was stopped"),
        _ => None,
    };
    view! {
        <strong>{if mine { "You".to_owned() } else { card.asker }}</strong>
        {format!(" {verb} ")}
        <strong>{card.bundle}</strong>
        " for "
        <strong>{minutes.to_string()}</strong>
        {other}
        {came_of_it}
        "."
    }
    .into_any()
}

/// That it is an exception, and from what.
#[component]
pub fn Excepted(
    /// The request.
    page: RequestPage,
    /// The level of its heading.
    #[prop(default = 2)]
    level: u8,
) -> impl IntoView {
    let RequestPage { card, .. } = page;
    (!card.excepted.is_empty()).then(|| {
        let names: Vec<_> = card.excepted.iter().map(|name| format!("“{name}”")).collect();
        let who = if is_reader(&card.subject) { "You".to_owned() } else { card.subject };
        view! {
            <Note tone=Tone::Wait>
                <Heading level id="excepted" text="An exception from separation of duties" />
                <p>
                    {format!(
                        "{who} held {} when it was asked, which must not be in the same hands as “{}”. It takes two people from different sides, and a review by somebody else once the access has ended.",
                        and(&names),
                        card.bundle,
                    )}
                </p>
            </Note>
        }
    })
}

/// How it stands with the review of an exception, and the form for whoever owes it.
#[component]
pub fn Reviewed(
    /// The request.
    page: RequestPage,
) -> impl IntoView {
    const TO: &str = "/api/requests/review";
    let RequestPage { card, review, .. } = page;
    let flash = Flash::of(&[TO]);
    let untold = flash.kept("review").error.is_none();
    review.map(|ReviewView { done, due, overdue, owed_by, mine }| {
        view! {
            <section aria-labelledby="review-title" id="exception">
                <h2 id="review-title">"Review"</h2>
                {untold.then(|| view! { <Stopped acts=vec![TO] /> })}
                {match (done, due) {
                    (Some((by, at, text)), _) => {
                        view! {
                            <p>{by} " reviewed it " <When at /> "."</p>
                            <blockquote class="quote">{text}</blockquote>
                        }
                            .into_any()
                    }
                    (None, Some(_)) if owed_by.is_empty() => {
                        view! { <p id="overdue">"Nobody is left who may review it: an admin names another owner."</p> }
                            .into_any()
                    }
                    (None, Some(at)) => {
                        let due = if overdue { ", and was due " } else { ", and due " };
                        view! { <p id="overdue">"Owed by " <Names of=owed_by /> {due} <When at /> "."</p> }.into_any()
                    }
                    (None, None) => {
                        view! {
                            <p>"It is reviewed once the access has ended, by somebody who had no part in it."</p>
                        }
                            .into_any()
                    }
                }}
                {mine
                    .then(|| {
                        view! {
                            <form class="form" method="post" action=TO>
                                <Hidden of=vec![("request", card.id.to_string())] />
                                <Area
                                    name="review"
                                    label="What you found"
                                    hint="Was it needed, was it used as it was meant to be, and should it happen again?"
                                    kept=flash.kept("review")
                                    rows=3
                                    required=true
                                />
                                <div class="acts">
                                    <button class="button primary" type="submit">
                                        "Close the review"
                                    </button>
                                </div>
                            </form>
                        }
                    })}
            </section>
        }
    })
}

/// The form in which one decides.
#[component]
pub fn Decide(
    /// The request.
    page: RequestPage,
    /// The level of its heading.
    #[prop(default = 2)]
    level: u8,
) -> impl IntoView {
    let RequestPage { card, version, minutes, ruling, acts, .. } = page;
    let confirms = ruling.stages.into_iter().find(|stage| stage.current).and_then(|stage| stage.confirms);
    let flash = Flash::of(&SENT_TO);
    let first_name = card.asker.split_whitespace().next().unwrap_or_default().to_owned();
    let (summary, shorter_wrong) = match flash.field() {
        Some(("comment", says)) => (vec![(Some("comment".to_owned()), capital(says))], None),
        Some((_, says)) => (vec![(Some("shorter".to_owned()), capital(says))], Some(says.to_owned())),
        None => (Vec::new(), None),
    };
    let untold = summary.is_empty();
    let chosen = flash.value("shorter").unwrap_or_default();
    view! {
        <section class="decide" aria-labelledby="decide-title">
            <Heading level id="decide-title" text="Your decision" />
            {acts
                .in_place_of
                .map(|whom| {
                    view! {
                        <p>
                            "You decide in the place of " <strong>{whom}</strong>
                            ": it is one yes, or one no, of you both."
                        </p>
                    }
                })}
            <form class="form" method="post" action="/api/requests/approve">
                <Hidden of=vec![("request", card.id.to_string()), ("version", version.to_string())] />
                <Errors title="One thing to put right" of=summary />
                {untold.then(|| view! { <Stopped acts=SENT_TO.to_vec() /> })}
                <Shorter minutes chosen error=shorter_wrong />
                <Area
                    name="comment"
                    label="Comment"
                    hint=format!("Needed when you deny: {first_name} reads it, and learns what would pass.")
                    kept=flash.kept("comment")
                    rows=2
                />
                {confirms
                    .map(|with| {
                        view! { <p class="hint">{format!("A yes is confirmed with {with}, on the next page.")}</p> }
                    })}
                <div class="acts">
                    <button class="button primary" type="submit" aria-keyshortcuts="a">
                        "Approve"
                    </button>
                    <button class="button danger" type="submit" formaction="/api/requests/deny" aria-keyshortcuts="d">
                        "Deny"
                    </button>
                    <button class="button quiet" type="submit" formaction="/api/requests/comment">
                        "Only comment"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// What became of a decision that came too late, and what was written in it.
#[component]
pub fn TooLate() -> impl IntoView {
    let flash = Flash::of(&DECISIONS);
    let written = flash.value("comment").filter(|text| !text.trim().is_empty());
    flash.trouble().is_some().then(|| {
        view! {
            <Stopped acts=DECISIONS.to_vec() />
            {written
                .map(|text| {
                    view! {
                        <p>"What you wrote is kept here:"</p>
                        <blockquote class="quote">{text}</blockquote>
                    }
                })}
        }
    })
}

/// A heading of the second level, or of the third where the part stands in another.
#[component]
pub(super) fn Heading(level: u8, id: &'static str, text: &'static str) -> impl IntoView {
    if level == 2 {
        Either::Left(view! { <h2 id=id>{text}</h2> })
    } else {
        Either::Right(view! { <h3 id=id>{text}</h3> })
    }
}

#[component]
fn Shorter(minutes: Minutes, chosen: String, error: Option<String>) -> impl IntoView {
    const ROUND: [u32; 8] = [7 * 24 * 60, 3 * 24 * 60, 24 * 60, 8 * 60, 4 * 60, 2 * 60, 60, 30];
    let wrong = error.is_some();
    let pills = ROUND
        .into_iter()
        .filter_map(|m| Minutes::new(m).ok())
        .filter(|shorter| *shorter < minutes)
        .take(3)
        .map(|shorter| {
            let value = shorter.short();
            let checked = value == chosen;
            view! {
                <label>
                    <input type="radio" name="shorter" value=value checked=checked />
                    {short(shorter)}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class=if wrong { "field bad" } else { "field" } aria-describedby=wrong.then_some("shorter-error")>
            <legend>"For how long"</legend>
            {error.map(|error| view! { <Wrong id="shorter" error /> })}
            <div class="pills">
                <label>
                    <input id="shorter" type="radio" name="shorter" value="" checked=chosen.is_empty() />
                    {short(minutes)}
                    ", as asked"
                </label>
                {pills}
            </div>
        </fieldset>
    }
    .into_any()
}

/// What to know before deciding: what becomes reachable, what conflicts, what was before, who else has it.
#[component]
pub fn Weigh(
    /// What is known.
    context: Context,
    /// The level of its heading.
    #[prop(default = 2)]
    level: u8,
) -> impl IntoView {
    let Context { earlier, others, others_in_all, delta, holds, conflicts, chain: _ } = context;
    view! {
        <section aria-labelledby="weigh">
            <Heading level id="weigh" text="What to weigh" />
            <dl class="facts">
                <dt>"Becomes reachable"</dt>
                <dd>
                    <Reach delta />
                </dd>
                <dt>"Conflicts"</dt>
                <dd>
                    <Conflicts conflicts />
                </dd>
                <dt>"Earlier"</dt>
                <dd>
                    <Earlier earlier />
                </dd>
                <dt>"Who else"</dt>
                <dd>
                    <Others others in_all=others_in_all />
                </dd>
                <dt>"Holds too"</dt>
                <dd>
                    {if holds.is_empty() {
                        Either::Left("Nothing else now")
                    } else {
                        Either::Right(view! { <Names of=holds /> })
                    }}
                </dd>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Reach(delta: Delta) -> impl IntoView {
    let Delta { gains, has, pathways, cut } = delta;
    let nothing = gains.is_empty() && pathways.is_empty();
    let any = !gains.is_empty() || !has.is_empty();
    let gains = gains.into_iter().map(|right| view! { <OneRight right gained=true /> }).collect_view();
    let has = has.into_iter().map(|right| view! { <OneRight right gained=false /> }).collect_view();
    let opens = (!pathways.is_empty()).then(|| ways(&pathways));
    view! {
        {nothing.then(|| view! { <p>"Nothing beyond what they can reach today"</p> })}
        {any.then(|| view! { <ul class="reach">{gains} {has}</ul> })}
        {opens
            .map(|opens| {
                view! {
                    <p class="hint">"And what opens by it:"</p>
                    {opens}
                }
            })}
        {cut.then(|| view! { <p class="hint">"More opens than is listed here."</p> })}
    }
    .into_any()
}

/// One right that is asked for: whether it is gained, why it is privileged, and whether it stands whatever is decided.
#[component]
fn OneRight(right: Reachable, gained: bool) -> impl IntoView {
    let Reachable { system, right, privileged, standing } = right;
    let (tone, icon, already) = match (gained, standing && privileged.is_some()) {
        (true, _) => (Tone::Wait, Icon::Plus, ""),
        (false, true) => (Tone::Bad, Icon::Warn, ", already"),
        (false, false) => (Tone::None, Icon::Check, ", already"),
    };
    let privileged = privileged.map(|why| format!("Privileged: {}", full(&why)));
    let stands = standing.then(|| "Standing: no request gave it, and it does not end by itself.".to_owned());
    let notes = [privileged, stands].into_iter().flatten().map(|says| view! { <span class="hint">{says}</span> });
    view! {
        <li data-tone=tone.word()>
            {icon.svg()} <span>{format!("{right} on {system}{already}")} {notes.collect_view()}</span>
        </li>
    }
    .into_any()
}

/// The ways of one depth, each with those that follow from it inside it.
fn ways(of: &[Pathway]) -> AnyView {
    let mut lines = Vec::new();
    let mut rest = of;
    while let Some((first, after)) = rest.split_first() {
        let follow = after.iter().take_while(|way| way.depth > first.depth).count();
        let (under, others) = after.split_at(follow);
        let under = (!under.is_empty()).then(|| ways(under));
        lines.push(view! { <li>{full(&first.says)} {under}</li> });
        rest = others;
    }
    view! { <ul class="opens">{lines}</ul> }.into_any()
}

#[component]
fn Conflicts(conflicts: Vec<String>) -> impl IntoView {
    if conflicts.is_empty() {
        return "None: nothing that they hold or have asked for rules it out".into_any();
    }
    let line = |text: String| {
        view! { <li data-tone=Tone::Bad.word()>{Icon::Warn.svg()} <span>{full(&text)}</span></li> }
    };
    view! { <ul class="reach">{conflicts.into_iter().map(line).collect_view()}</ul> }.into_any()
}

#[component]
fn Earlier(earlier: Vec<GrantCard>) -> impl IntoView {
    let Some(last) = earlier.first().cloned() else { return "Never had it".into_any() };
    let times = so_many(earlier.len(), "time", "times");
    view! {
        "Had it "
        {times}
        ", last "
        <a href=format!("/requests/{}", last.request)>
            {match last.since {
                Some(at) => Either::Left(view! { <When at /> }),
                None => Either::Right("here"),
            }}
        </a>
    }
    .into_any()
}

#[component]
fn Others(others: Vec<String>, in_all: u32) -> impl IntoView {
    let in_all = in_all as usize;
    match in_all {
        0 => "Nobody has it now".into_any(),
        1 => view! { <Names of=others /> " has it now" }.into_any(),
        _ => view! { <Names of=others in_all /> " have it now" }.into_any(),
    }
}

/// What the rules said, then and at the moment of granting.
#[component]
pub fn Behind(
    /// The request.
    page: RequestPage,
) -> impl IntoView {
    let RequestPage { card, ruling, second, bundle_version, engine, .. } = page;
    let conditions = so_many(ruling.checks.len(), "condition", "conditions");
    let notes = [("Privileged: ", ruling.privileged), ("Not at once: ", ruling.not_automatic)]
        .into_iter()
        .filter(|(_, why)| !why.is_empty())
        .map(|(what, why)| view! { <p class="hint">{said(&format!("{what}{}", why.join("; ")))}</p> })
        .collect_view();
    view! {
        <section aria-label="Behind it" id="behind" data-live="">
            <Fold title="How it was ruled" aside=format!("{conditions}, bundle version {bundle_version}")>
                <Checks checks=ruling.checks />
                {notes}
                <p class="hint">
                    "Ruled " <When at=card.asked_at /> {format!(" by bundle version {bundle_version} and engine {engine}.")}
                </p>
            </Fold>
            {second
                .map(|second| {
                    view! {
                        <Fold title="Ruled again at the moment of granting">
                            <Checks checks=second.checks />
                            {second
                                .guardrails
                                .map(|verdict| view! { <dl class="facts"><Guarded verdict /></dl> })}
                        </Fold>
                    }
                })}
        </section>
    }
    .into_any()
}

/// What is approved beside what was seen in the target.
#[component]
pub fn Ledgers(
    /// The rights.
    assignments: Vec<AssignmentView>,
) -> impl IntoView {
    let none = assignments.is_empty();
    let rows = assignments.into_iter().map(|right| view! { <Ledger right /> }).collect_view();
    view! {
        <section aria-labelledby="ledgers" id="there" data-live="" hidden=none>
            <h2 id="ledgers">"What is approved, and what is there"</h2>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Right"</th>
                        <th scope="col">"Account"</th>
                        <th scope="col">"Approved"</th>
                        <th scope="col">"There"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

#[component]
fn Ledger(right: AssignmentView) -> impl IntoView {
    let (tone, icon, says) = match (right.seen, right.approved, right.found_before) {
        (None, _, _) => (Tone::None, Icon::Clock, "Not looked yet"),
        (Some(true), false, true) => (Tone::Wait, Icon::Warn, "There before us"),
        (Some(true), true, _) => (Tone::Good, Icon::Check, "Seen"),
        (Some(false), false, _) => (Tone::None, Icon::Check, "Seen gone"),
        (Some(true), false, false) => (Tone::Bad, Icon::Warn, "Still there"),
        (Some(false), true, _) => (Tone::Bad, Icon::Warn, "Not there"),
    };
    view! {
        <tr>
            <th scope="row">
                {right.entitlement} <span class="soft">" on " {right.system}</span>
                {right.trouble.map(|of| view! { <Trouble of /> })}
            </th>
            <td data-label="Account">
                <code>{right.account}</code>
                " "
                <span class="soft">"as " <code>{right.native}</code></span>
            </td>
            <td data-label="Approved">{if right.approved { "Yes" } else { "No" }}</td>
            <td data-label="There">
                <Badge tone icon label=says />
                {right.seen_at.map(|at| view! { " " <span class="soft small"><When at /></span> })}
            </td>
        </tr>
    }
    .into_any()
}

/// Who has agreed and who is asked, or that nobody was.
#[component]
pub fn Approvals(
    /// The request.
    page: RequestPage,
    /// The level of its heading.
    #[prop(default = 2)]
    level: u8,
) -> impl IntoView {
    let RequestPage { ruling, .. } = page;
    let none = match page.card.state.as_str() {
        "refused" => "Nobody was asked; a rule refused it.",
        _ => "Nobody had to agree: it is low-risk, and can be taken back at once.",
    };
    view! {
        <section id="approvals" data-live="" aria-labelledby="approvals-title">
            <Heading level id="approvals-title" text="Approvals" />
            {if ruling.stages.is_empty() || page.card.state == "refused" {
                Either::Left(view! { <p class="soft">{none}</p> })
            } else {
                Either::Right(view! { <Stages stages=ruling.stages /> })
            }}
        </section>
    }
    .into_any()
}

/// The ids and hashes, for those who want proof.
#[component]
pub fn Proof(
    /// The request.
    page: RequestPage,
) -> impl IntoView {
    let RequestPage { card, head, events, ruling, .. } = page;
    view! {
        <section id="record" data-live="">
            <h2>"Record"</h2>
            <dl class="facts">
                <dt>"Request"</dt>
                <dd>
                    <Id of=card.id.to_string() />
                </dd>
                <dt>"Asked"</dt>
                <dd>
                    <Moment at=card.asked_at />
                </dd>
                <dt>"Chain"</dt>
                <dd>
                    {capital(&so_many(events as usize, "event", "events"))} ", the newest " <Id of=head />
                </dd>
                {ruling.guardrails.map(|verdict| view! { <Guarded verdict /> })}
            </dl>
        </section>
    }
    .into_any()
}

/// Where it stands, and in one sentence what happens next.
#[component]
pub fn Standing(
    /// The request.
    page: RequestPage,
) -> impl IntoView {
    let held = page.ruling.stages.iter().find_map(|stage| stage.holding.clone());
    view! {
        <p class="standing">
            <State word=state(&page) />
            " "
            <span>{said(&page.standing)} {held.map(|held| view! { " " <Held held /> })}</span>
        </p>
        {page.because.map(|because| view! { <Note tone=Tone::Info><p>{said(&because)}</p></Note> })}
    }
    .into_any()
}
