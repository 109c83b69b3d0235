//! What hangs on an identity that is not a person: who answers for it, what it holds and where. The picture is for the eye alone, and says
//! nothing that does not stand beside it in words.

use super::{
    badge::Tone,
    icon::Icon,
    request::Heading,
    time::{Moment, When},
    words::{full, so_many},
};
use domain::views::chain::{AccountOn, Answering, Chain, Decided, Holding};
use leptos::{either::Either, prelude::*};

/// What hangs on it, in words and as a picture.
#[component]
pub fn DependencyChain(
    /// What is known of it.
    chain: Chain,
    /// The level of its heading.
    #[prop(default = 2)]
    level: u8,
) -> impl IntoView {
    let nodes = drawn(&chain);
    let Chain { name, kind, purpose, owners, holds, holds_in_all, accounts, decided } = chain;
    let purpose = purpose.map(|purpose| full(&purpose)).unwrap_or_default();
    let in_all = holds_in_all as usize;
    view! {
        <section class="chain" aria-labelledby="chain-title">
            <Heading level id="chain-title" text="What hangs on it" />
            <p>
                <strong>{name}</strong>
                {format!(", {}. {purpose}", kind.singular())}
            </p>
            <Picture nodes />
            <dl class="facts">
                <dt>"Answers for it"</dt>
                <dd>
                    <Owners owners />
                </dd>
                <dt>"Holds now"</dt>
                <dd>
                    <Held holds in_all />
                </dd>
                <dt>"Accounts"</dt>
                <dd>
                    <Accounts accounts />
                </dd>
                <dt>"Decided last"</dt>
                <dd>
                    <Decisions decided />
                </dd>
            </dl>
        </section>
    }
    .into_any()
}

/// Whether nobody answers for it: nobody was named, or all who were have left.
fn unanswered(owners: &[Answering]) -> bool {
    owners.iter().all(|owner| owner.left_at.is_some())
}

#[component]
fn Owners(owners: Vec<Answering>) -> impl IntoView {
    let nobody = unanswered(&owners).then(|| {
        view! {
            <li data-tone=Tone::Bad.word()>
                {Icon::Warn.svg()} <span>"Nobody answers for it: all who should have left."</span>
            </li>
        }
    });
    let owners = owners.into_iter().map(|owner| view! { <Owner owner /> }).collect_view();
    view! { <ul class="reach">{nobody} {owners}</ul> }.into_any()
}

#[component]
fn Owner(owner: Answering) -> impl IntoView {
    let Answering { name, left_at, others, others_cut } = owner;
    let (tone, icon) = match left_at {
        Some(_) => (Tone::Wait, Icon::Out),
        None => (Tone::None, Icon::Check),
    };
    let others = (!others.is_empty()).then(|| {
        let more = if others_cut { " and others" } else { "" };
        view! { <span class="hint">{format!("Also for {}{more}.", others.join(", "))}</span> }
    });
    view! {
        <li data-tone=tone.word()>
            {icon.svg()}
            <span>
                <strong>{name}</strong>
                {left_at.map(|at| view! { " has left, " <When at /> })}
                {others}
            </span>
        </li>
    }
    .into_any()
}

#[component]
fn Held(holds: Vec<Holding>, in_all: usize) -> impl IntoView {
    if holds.is_empty() {
        return "Nothing".into_any();
    }
    let more = in_all.saturating_sub(holds.len());
    let holds = holds.into_iter().map(|holding| view! { <OneHeld holding /> }).collect_view();
    view! {
        <ul class="reach">{holds}</ul>
        {(more > 0).then(|| view! { <p class="hint">{format!("And {} more.", so_many(more, "bundle", "bundles"))}</p> })}
    }
    .into_any()
}

#[component]
fn OneHeld(holding: Holding) -> impl IntoView {
    let Holding { bundle, systems, until, state } = holding;
    let stands = match (until, state.as_str()) {
        (Some(at), _) => Either::Left(view! { "until " <Moment at /> }),
        (None, "opening") => Either::Right("being made"),
        (None, _) => Either::Right("being taken away"),
    };
    view! {
        <li data-tone=Tone::None.word()>
            {Icon::Key.svg()}
            <span>
                <strong>{bundle}</strong>
                {format!(" on {}, ", systems.join(", "))}
                {stands}
            </span>
        </li>
    }
    .into_any()
}

#[component]
fn Accounts(accounts: Vec<AccountOn>) -> impl IntoView {
    if accounts.is_empty() {
        return "None".into_any();
    }
    let lines = accounts
        .into_iter()
        .map(|AccountOn { system, name }| {
            view! {
                <li>
                    <code>{name}</code>
                    {format!(" on {system}")}
                </li>
            }
        })
        .collect_view();
    view! { <ul>{lines}</ul> }.into_any()
}

#[component]
fn Decisions(decided: Vec<Decided>) -> impl IntoView {
    if decided.is_empty() {
        return "Nobody has decided for it before".into_any();
    }
    let lines = decided
        .into_iter()
        .map(|Decided { by, bundle, yes, at }| {
            let said = if yes { " said yes to " } else { " said no to " };
            view! {
                <li>
                    <strong>{by}</strong>
                    {format!("{said}{bundle}, ")}
                    <When at />
                </li>
            }
        })
        .collect_view();
    view! { <ul>{lines}</ul> }.into_any()
}

/// What a line of the picture stands for; the style draws each in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Owner,
    Gone,
    Other,
    Itself,
    Held,
    System,
}

impl Sort {
    fn class(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Gone => "gone",
            Self::Other => "other",
            Self::Itself => "itself",
            Self::Held => "held",
            Self::System => "system",
        }
    }
}

/// A line of the picture: how far it stands to the right, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    sort: Sort,
    depth: usize,
    says: String,
}

/// How many others of one owner, and how many bundles and accounts, find room in the picture.
const ROOM: usize = 4;

/// The lines of the picture: who answers for it, itself, and below it what it holds and where.
fn drawn(chain: &Chain) -> Vec<Node> {
    let node = |sort, depth, says: &str| Node { sort, depth, says: says.to_owned() };
    let mut nodes = Vec::new();
    for owner in &chain.owners {
        let sort = if owner.left_at.is_some() { Sort::Gone } else { Sort::Owner };
        nodes.push(node(sort, 0, &owner.name));
        nodes.extend(owner.others.iter().take(ROOM).map(|other| node(Sort::Other, 1, other)));
    }
    if unanswered(&chain.owners) {
        nodes.push(node(Sort::Gone, 0, "Nobody answers for it"));
    }
    nodes.push(node(Sort::Itself, 0, &chain.name));
    for holding in chain.holds.iter().take(ROOM) {
        nodes.push(node(Sort::Held, 1, &holding.bundle));
        nodes.extend(holding.systems.iter().map(|system| node(Sort::System, 2, system)));
    }
    let reached = |system: &String| chain.holds.iter().take(ROOM).any(|holding| holding.systems.contains(system));
    for account in chain.accounts.iter().filter(|account| !reached(&account.system)).take(ROOM) {
        nodes.push(node(Sort::System, 1, &format!("{} on {}", account.name, account.system)));
    }
    nodes
}

/// The picture is as wide as the narrowest window has room for.
const WIDE: usize = 288;
const LINE: usize = 24;
const STEP: usize = 24;

fn across(depth: usize) -> usize {
    10 + depth * STEP
}

fn down(line: usize) -> usize {
    14 + line * LINE
}

/// As much of a text as finds room behind its mark.
fn fitting(says: &str, depth: usize) -> String {
    let room = (WIDE - across(depth) - 14) / 7;
    if says.chars().count() <= room {
        return says.to_owned();
    }
    let cut: String = says.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// One stroke for all links: each line is linked to the last before it that stands further left, or on its own first column to the one
/// before it there.
fn links(nodes: &[Node]) -> String {
    let mut strokes = Vec::new();
    for (line, node) in nodes.iter().enumerate() {
        let column = node.depth.saturating_sub(1);
        let before = nodes.iter().take(line).rposition(|other| other.depth == column);
        let Some(before) = before else { continue };
        let (left, top, bottom) = (across(column), down(before) + 7, down(line));
        strokes.push(match node.depth {
            0 => format!("M{left} {top}V{}", bottom - 7),
            depth => format!("M{left} {top}V{bottom}H{}", across(depth) - 7),
        });
    }
    strokes.concat()
}

#[component]
fn Picture(nodes: Vec<Node>) -> impl IntoView {
    let strokes = links(&nodes);
    let high = down(nodes.len().saturating_sub(1)) + 14;
    let marks = nodes
        .into_iter()
        .enumerate()
        .map(|(line, Node { sort, depth, says })| {
            let (x, y) = (across(depth), down(line));
            view! {
                <g class=sort.class()>
                    <circle cx=x.to_string() cy=y.to_string() r="5"></circle>
                    <text x=(x + 12).to_string() y=(y + 5).to_string()>
                        {fitting(&says, depth)}
                    </text>
                </g>
            }
        })
        .collect_view();
    view! {
        <svg class="picture" viewBox=format!("0 0 {WIDE} {high}") font-size="13" aria-hidden="true">
            <path class="link" d=strokes></path>
            {marks}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::identity::Kind;

    fn chain() -> Chain {
        let owner = |name: &str, others: &[&str]| Answering {
            name: name.to_owned(),
            left_at: None,
            others: others.iter().map(|it| (*it).to_owned()).collect(),
            others_cut: false,
        };
        let account = |system: &str| AccountOn { system: system.to_owned(), name: "svc".to_owned() };
        Chain {
            name: "Invoice runner".to_owned(),
            kind: Kind::ServiceAccount,
            purpose: None,
            owners: vec![owner("Maya", &["Care assistant"]), owner("Ola", &[])],
            holds: vec![Holding {
                bundle: "Orders".to_owned(),
                systems: vec!["Orders database".to_owned()],
                until: None,
                state: "opening".to_owned(),
            }],
            holds_in_all: 1,
            accounts: vec![account("Orders database"), account("Payments")],
            decided: Vec::new(),
        }
    }

    #[test]
    fn the_picture_leads_from_who_answers_to_what_is_reached() {
        let nodes = drawn(&chain());
        let lines: Vec<_> = nodes.iter().map(|node| (node.sort, node.depth, node.says.as_str())).collect();
        assert_eq!(
            lines,
            [
                (Sort::Owner, 0, "Maya"),
                (Sort::Other, 1, "Care assistant"),
                (Sort::Owner, 0, "Ola"),
                (Sort::Itself, 0, "Invoice runner"),
                (Sort::Held, 1, "Orders"),
                (Sort::System, 2, "Orders database"),
                (Sort::System, 1, "svc on Payments"),
            ]
        );
        assert!(links(&nodes).starts_with("M10 21V38H27M10 21V55M10 69V79"), "{}", links(&nodes));
    }

    #[test]
    fn an_identity_that_nobody_answers_for_says_so_in_its_picture() {
        let nodes = drawn(&Chain { owners: Vec::new(), ..chain() });
        assert_eq!((nodes[0].sort, nodes[0].says.as_str()), (Sort::Gone, "Nobody answers for it"));
    }

    #[test]
    fn what_finds_no_room_is_cut() {
        let long = "Orders database, read by a scheduled job";
        assert_eq!(fitting("short", 1), "short");
        let cut = fitting(long, 1);
        assert!(cut.ends_with('…') && cut.chars().count() <= 34, "{cut}");
    }
}
