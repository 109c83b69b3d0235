//! The page of a request: where it stands, what one can do now, and everything that happened, on two tracks.

pub mod api;

use crate::{
    components::{
        acts::{Act, Hidden, More},
        badge::Tone,
        chain::DependencyChain,
        field::Area,
        list::{Asked, Outside, Pager, asked},
        note::{Crumb, Note, Stopped},
        request::{Approvals, Behind, Decide, Excepted, Ledgers, Proof, Reviewed, Sentence, Standing, TooLate, Weigh},
        time::{When, short},
        timeline::{Next, Timeline},
        words::{Names, said},
    },
    fault::{Fault, Flash},
    frame::page,
};
use domain::views::{Acts, GrantCard, Page, RequestPage};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The page of a request.
#[component]
pub fn Request() -> impl IntoView {
    let (asked, id) = (asked(), super::named("id"));
    let after = asked.after.clone();
    let load = async move {
        // An id that is none names nothing.
        let id = id.parse().map_err(|_| Fault::NotFound.told())?;
        api::request(id, after).await
    };
    page(load, |request| view! { <Draw asked request /> })
}

#[component]
fn Draw(asked: Asked, request: RequestPage) -> impl IntoView {
    let (up, up_name) = if request.acts.decide { ("/inbox", "Inbox") } else { ("/access", "My access") };
    let title = request.card.sentence.clone();
    let decide = request.acts.decide.then(|| request.clone());
    let context = request.context.clone().filter(|_| request.acts.decide);
    // It is looked at before one decides (R35).
    let chain = context.as_ref().and_then(|context| context.chain.clone());
    let assignments = request.assignments.clone();
    let Page { items: lines, next } = request.lines.clone();
    let shown = lines.len();
    // What comes next stands at the end of the story, and so on its last page.
    let coming = next.is_none().then(|| request.clone());
    view! {
        <Title text=title />
        <Crumb to=up name=up_name />
        <div id="head" data-live="">
            <h1 class="sentence">
                <Sentence page=request.clone() />
            </h1>
            <Standing page=request.clone() />
        </div>
        <Excepted page=request.clone() />
        <Do request=request.clone() />
        <div class="beside">
            <div>
                {chain.map(|chain| view! { <DependencyChain chain /> })}
                {decide.map(|page| view! { <Decide page /> })}
                {context.map(|context| view! { <Weigh context /> })}
                <section aria-labelledby="story-title" id="story" data-live="">
                    <h2 id="story-title">"What happened"</h2>
                    <Timeline lines>{coming.map(|request| view! { <Coming request /> })}</Timeline>
                    <Pager asked shown next />
                </section>
                <Reviewed page=request.clone() />
                <Ledgers assignments />
                <Behind page=request.clone() />
            </div>
            <aside aria-label="About this request">
                <AskedFor request=request.clone() />
                <Approvals page=request.clone() />
                <Proof page=request />
            </aside>
        </div>
    }
    .into_any()
}

/// What the reader may do now, and no other.
#[component]
fn Do(request: RequestPage) -> impl IntoView {
    const SENT_TO: [&str; 3] = ["/api/requests/withdraw", "/api/grants/give-back", "/api/grants/revoke"];
    let RequestPage { acts, card, grant, .. } = request;
    let Acts { decide, withdraw, comment, give_back, extend, revoke, why_not_decide, in_place_of: _ } = acts;
    let id = card.id.to_string();
    let grant = grant.map(|grant| grant.id.to_string());
    let of_grant = move || grant.iter().map(|grant| ("grant", grant.clone())).collect::<Vec<_>>();
    let writes = comment && !decide;
    let any = withdraw || writes || give_back || extend || revoke;
    let too_late = (!decide).then(|| view! { <TooLate /> });
    let continues = of_grant().first().map(|(_, grant)| format!("?continues={grant}")).unwrap_or_default();
    view! {
        <Stopped acts=SENT_TO.to_vec() />
        {too_late}
        {why_not_decide.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
        <div class="acts standing" id="acts" data-live="" hidden=!any>
                        {withdraw
                            .then(|| view! { <Act to="/api/requests/withdraw" with=vec![("request", id.clone())] label="Withdraw it" /> })}
                        {give_back.then(|| view! { <Act to="/api/grants/give-back" with=of_grant() label="Give it back now" /> })}
                        {extend
                            .then(|| {
                                view! {
                                    <a class="button quiet" href=format!("/ask/{}{continues}", card.bundle_key)>
                                        "Extend"
                                    </a>
                                }
                            })}
                        {revoke.then(|| view! { <Revoke with=of_grant() subject=card.subject.clone() bundle=card.bundle.clone() /> })}
                        {writes.then(|| view! { <Comment id /> })}
                    </div>
    }
    .into_any()
}

#[component]
fn Revoke(with: Vec<(&'static str, String)>, subject: String, bundle: String) -> impl IntoView {
    view! {
        <More label="Take it away">
            <form class="form" method="post" action="/api/grants/revoke">
                <Hidden of=with />
                <p>
                    <strong>{subject}</strong>
                    " loses "
                    <strong>{bundle}</strong>
                    " at once, and is told so. Open sessions on the system end."
                </p>
                <div class="acts">
                    <button class="button danger" type="submit">
                        "Take it away now"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}

#[component]
fn Comment(id: String) -> impl IntoView {
    let flash = Flash::of(&["/api/requests/comment"]);
    let open = !flash.is_empty();
    let untold = flash.kept("comment").error.is_none();
    view! {
        <More label="Comment" open>
            <form class="form" method="post" action="/api/requests/comment">
                <Hidden of=vec![("request", id)] />
                {untold.then(|| view! { <Stopped acts=vec!["/api/requests/comment"] /> })}
                <Area name="comment" label="Comment" kept=flash.kept("comment") rows=2 required=true />
                <div class="acts">
                    <button class="button" type="submit">
                        "Comment"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}

/// The line of the timeline that has not happened yet.
#[component]
fn Coming(request: RequestPage) -> impl IntoView {
    let RequestPage { card, grant, .. } = request;
    if let Some(GrantCard { state, until: Some(at), .. }) = grant
        && state == "active"
    {
        return view! {
            <Next decided=false>
                <p>"The access is taken back"</p>
                <p class="meta">
                    <span>"Next"</span>
                    <When at />
                </p>
            </Next>
        }
        .into_any();
    }
    if card.state != "waiting" {
        return ().into_any();
    }
    let one_of = if card.waits_on.len() > 1 { "One of " } else { "" };
    view! {
        <Next decided=true>
            <p>{one_of} <Names of=card.waits_on /> " decides"</p>
            <p class="meta">
                <span>"Next"</span>
                {card.until.map(|at| view! { <span>"expires unanswered " <When at /></span> })}
            </p>
        </Next>
    }
    .into_any()
}

#[component]
fn AskedFor(request: RequestPage) -> impl IntoView {
    let RequestPage {
        card, justification, erased, work_items, links, bundle_version, minutes, continues, grant, ..
    } = request;
    let inside = grant.map(|grant| grant.inside).unwrap_or_default();
    let asked = (card.minutes != minutes).then(|| format!(" of {} asked", short(card.minutes)));
    view! {
        <section>
            <h2>"Asked for"</h2>
            <dl class="facts">
                <dt>"Bundle"</dt>
                <dd>
                    <a href=format!("/ask/{}", card.bundle_key)>{card.bundle}</a>
                    " "
                    <span class="soft">{format!("version {bundle_version}")}</span>
                </dd>
                <dt>"For"</dt>
                <dd>{card.subject.clone()}</dd>
                {(card.asker != card.subject)
                    .then(|| {
                        view! {
                            <dt>"Asked by"</dt>
                            <dd>{card.asker}</dd>
                        }
                    })}
                {(!inside.is_empty())
                    .then(|| {
                        view! {
                            <dt>"Inside"</dt>
                            <dd>{inside.join("; ")}</dd>
                        }
                    })}
                <dt>"Length"</dt>
                <dd>{short(minutes)} {asked.map(|asked| view! { <span class="soft">{asked}</span> })}</dd>
                <dt>"Why"</dt>
                <dd>
                    {match (justification, erased) {
                        (Some(why), _) => Either::Left(why),
                        (None, true) => Either::Right(view! { <span class="soft">"Erased"</span> }),
                        (None, false) => Either::Right(view! { <span class="soft">"Nothing was written"</span> }),
                    }}
                </dd>
                {(!work_items.is_empty())
                    .then(|| {
                        view! {
                            <dt>"Work item"</dt>
                            <dd>{work_items.join(", ")}</dd>
                        }
                    })}
                {links
                    .into_iter()
                    .map(|to| {
                        view! {
                            <dt>"Link"</dt>
                            <dd>
                                <Outside to />
                            </dd>
                        }
                    })
                    .collect_view()}
                {continues
                    .map(|id| {
                        view! {
                            <dt>"Continues"</dt>
                            <dd>
                                <a href=format!("/requests/{id}")>"an earlier request"</a>
                            </dd>
                        }
                    })}
            </dl>
        </section>
    }
    .into_any()
}
