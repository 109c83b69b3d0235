//! How fast the portal's parts are by themselves, on what is recorded. Everything but signing in is one task, which does one thing after
//! another: so it is a rate of one core, and on Postgres what the server does for it comes on top.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::Actor;
use domain::bundle::BundleSpec;
use domain::guardrail::{Guardrails, Unguarded};
use domain::ids::RequestId;
use domain::minutes::Minutes;
use domain::replay::{Case, Draft, Replayed, replay};
use domain::request::Request;
use domain::ruling::judge;
use operations::guardrails::Compiled;
use operations::{Portal, Progress, Rejudged, Unlike};
use serde_json::{Value, json};
use server::demo::PASSWORD;
use store::Store;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::example::newest;

/// Fifty rules as an organisation might write them; most asks pass.
pub const GUARDRAILS: &str = include_str!("guardrails.cedar");

/// From how many recorded requests, the newest first, facts are taken for rulings.
const FACTS: i64 = 1_000;
/// How often each is ruled on, after once to warm up.
const ROUNDS: usize = 5;
/// How many recorded requests are replayed at the most,
const REPLAYED: usize = 100_000;
/// and how many of them are in memory at once.
const IN_MEMORY: i64 = 1_000;
/// How long people sign in,
const SIGNING_IN: Duration = Duration::from_secs(5);
/// how many take turns,
const PEOPLE: i64 = 1_000;
/// and how many try at once for each password that may be hashed at once: enough that hashing never waits for the database.
const AT_ONCE: usize = 2;

/// All rates, as they are printed.
pub async fn measure(portal: &Portal, store: &Store, hashing_at_once: usize) -> Result<Value> {
    let recorded = newest(&mut store.read().await?, FACTS).await?;
    ensure!(!recorded.is_empty(), "nobody has asked for anything yet: fill the database with `sallyport bench-data`");
    let guardrails = guardrails(&recorded)?;
    let (unguarded, guarded) = (ruling(&recorded, &Unguarded), ruling(&recorded, &guardrails));
    drop(recorded);
    Ok(json!({
        "ruling_us_p50": unguarded,
        "ruling_50_guardrails_us_p50": guarded,
        "replay_per_second": replays(store).await?,
        "rejudge_per_second": rejudged(portal).await?,
        "verify_events_per_second": verified(portal).await?,
        "sign_ins_per_second": sign_ins(portal, store, hashing_at_once).await?,
    }))
}

/// The fifty rules, which must all be in force: what cannot be read or worked out is quick to refuse everything.
pub fn guardrails(recorded: &[Request]) -> Result<Compiled> {
    let compiled = Compiled::published(1, GUARDRAILS);
    for request in recorded {
        let verdict = compiled.ask(&request.ask, &request.facts).context("the fifty guardrails say nothing")?;
        let wrong = verdict.errors.first_key_value().map(|(rule, why)| format!("`{rule}`: {why}"));
        ensure!(wrong.is_none(), "the fifty guardrails cannot be used: {}", wrong.unwrap_or_default());
    }
    Ok(compiled)
}

/// How long a ruling takes in the middle of them all, in microseconds.
fn ruling(recorded: &[Request], guardrails: &dyn Guardrails) -> f64 {
    let mut took = Vec::new();
    for round in 0..=ROUNDS {
        for request in recorded {
            let begins = Instant::now();
            let ruling = black_box(judge(black_box(&request.ask), black_box(&request.facts), guardrails));
            let ends = begins.elapsed();
            drop(ruling);
            if round > 0 {
                took.push(ends);
            }
        }
    }
    took.sort_unstable();
    took.get(took.len() / 2).map_or(0.0, |middle| middle.as_secs_f64() * 1e6)
}

/// How many recorded requests are judged again in a second, each under a draft of its own bundle, and what changes is noted. Reading them
/// is not counted.
async fn replays(store: &Store) -> Result<f64> {
    let published = store.read().await?.guardrails().await?.and_then(|set| set.published);
    let published = published.map(|it| (it.number, Compiled::published(it.number, &it.spec.rules)));
    let mut found = Replayed::default();
    let (mut took, mut done, mut from) = (Duration::ZERO, 0_u32, RequestId(Uuid::nil()));
    for _ in 0..REPLAYED.div_ceil(usize::try_from(IN_MEMORY)?) {
        let page = store.read().await?.recorded_requests(from, IN_MEMORY).await?;
        let Some(last) = page.last() else { break };
        from = last.id;
        let drafts: Vec<_> = page.iter().map(|request| shorter(&request.facts.bundle.spec)).collect();
        let begins = Instant::now();
        for (request, spec) in page.iter().zip(&drafts) {
            let then: &dyn Guardrails = match (&request.ruling.guardrails, &published) {
                (None, _) => &Unguarded,
                (Some(verdict), Some((number, compiled))) if verdict.number == *number => compiled,
                // What was judged by earlier ones is left out.
                (Some(_), _) => continue,
            };
            let bundle = &request.facts.bundle;
            let draft = Draft::Bundle { bundle: bundle.bundle, spec, published: Some(&bundle.spec) };
            if let Some(effects) = replay(&request.ask, &request.facts, &request.ruling, then, draft) {
                found.note(&effects, |_| case(request));
                done += 1;
            }
        }
        took += begins.elapsed();
    }
    black_box(found);
    ensure!(done > 0, "no recorded request can be replayed");
    Ok(f64::from(done) / took.as_secs_f64())
}

/// A draft by which a bundle can be had for half the time.
fn shorter(spec: &BundleSpec) -> BundleSpec {
    let longest = Minutes::new(spec.longest.get() / 2).unwrap_or(spec.longest);
    BundleSpec { longest, default: spec.default.min(longest), ..spec.clone() }
}

fn case(request: &Request) -> Case {
    Case {
        request: request.id,
        subject: request.facts.subject.name.clone(),
        asked_at: request.asked_at,
        says: "it would be had for a shorter time".to_owned(),
    }
}

/// How many recorded rulings `sallyport rejudge --all` makes again in a second.
async fn rejudged(portal: &Portal) -> Result<f64> {
    let begins = Instant::now();
    let mut hear = |unlike: Unlike| eprintln!("{unlike}");
    let Rejudged { rulings, by_another_engine: _, unlike } =
        portal.rejudge(&Actor::Operator, None, &mut hear, &mut |_| ()).await?;
    ensure!(unlike == 0, "{unlike} of {rulings} rulings came to something else");
    Ok(f64::from(u32::try_from(rulings)?) / begins.elapsed().as_secs_f64())
}

/// How many events `sallyport verify` checks in a second.
async fn verified(portal: &Portal) -> Result<f64> {
    let begins = Instant::now();
    let mut events = 0;
    let mut progress = |progress: Progress| events = progress.events;
    // A look may be overdue where no worker ran for a while: that is said, and no reason to measure nothing.
    portal.verify(&mut progress, &mut |finding| eprintln!("{finding}")).await?;
    Ok(f64::from(u32::try_from(events)?) / begins.elapsed().as_secs_f64())
}

/// How many people sign in in a second, as many at once as may be; nothing where their passwords are not known.
async fn sign_ins(portal: &Portal, store: &Store, hashing_at_once: usize) -> Result<Option<f64>> {
    if !portal.is_demo().await? {
        return Ok(None);
    }
    let tasks = hashing_at_once * AT_ONCE;
    let names = names(store).await?;
    ensure!(names.len() >= tasks, "too few people can sign in");
    let begins = Instant::now();
    let mut signing = JoinSet::new();
    for nth in 0..tasks {
        let portal = portal.clone();
        let names: Vec<_> = names.iter().skip(nth).step_by(tasks).cloned().collect();
        signing.spawn(async move {
            let mut done = 0_u32;
            // Nobody from two places at once, and each task from a place of its own: none of them is throttled.
            let address = format!("127.0.1.{nth}");
            for name in names.iter().cycle().take_while(|_| begins.elapsed() < SIGNING_IN) {
                portal.sign_in(name, PASSWORD, &address, "floors").await?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0_u32;
    while let Some(task) = signing.join_next().await {
        done += task??;
    }
    Ok(Some(f64::from(done) / begins.elapsed().as_secs_f64()))
}

/// Those who can sign in and have no duty in the portal, by their keys.
async fn names(store: &Store) -> Result<Vec<String>> {
    let found = store.read().await?.identities("", store::FIRST, PEOPLE).await?;
    let people = found.into_iter().map(|listed| listed.it);
    let plain = people.filter(|it| it.may_act() && it.password_set_at.is_some() && it.spec.roles.is_empty());
    Ok(plain.map(|it| it.spec.key.to_string()).collect())
}
