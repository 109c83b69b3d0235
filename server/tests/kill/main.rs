//! L14: the real portal is killed at random moments (SIGKILL, nothing is finished) while people ask, owners decide and access comes and
//! goes in a real target. It is started again each time. Afterwards nothing that was answered is lost, nothing is doubled, nothing is
//! stuck, no right stands in the target that the record does not know, and `verify` agrees.
//!
//! `cargo xtask test --long` does it with five hundred requests and thirty kills.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use domain::grant::{Grant, State as Access};
use domain::ids::{IdentityId, RequestId};
use domain::request::{Request, State};
use futures::future::join_all;
use tokio::time::{Instant, sleep};
use world::{On, Person, World, chance};

/// How much happens.
struct Scale {
    people: usize,
    bundles: usize,
    kills: usize,
}

fn scale() -> Scale {
    if std::env::var_os("SALLYPORT_TEST_LONG").is_some_and(|v| v == "1") {
        Scale { people: 25, bundles: 20, kills: 30 }
    } else {
        Scale { people: 5, bundles: 4, kills: 3 }
    }
}

/// Longer than nothing moves while it goes on: a worker that was killed holds its job for a minute and a half, then another takes it up.
const STUCK_AFTER: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_stuck_on_sqlite() {
    lives_through_kills(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_stuck_on_postgres() {
    lives_through_kills(On::Postgres).await;
}

async fn lives_through_kills(on: On) {
    let scale = scale();
    let world = Arc::new(World::new(on, scale.people, scale.bundles).await);
    let mut people = Vec::new();
    for n in 0..scale.people {
        people.push(world.sign_in(&format!("asker{n}")).await);
    }
    let owners = [world.sign_in("olga").await, world.sign_in("otto").await];

    let asking = tokio::spawn(everybody_asks(Arc::clone(&world), people.clone(), scale.bundles));
    let deciding = owners.map(|owner| tokio::spawn(decides(Arc::clone(&world), owner)));
    let leaving = tokio::spawn(gives_back(Arc::clone(&world), people));

    for _ in 0..scale.kills {
        sleep(Duration::from_millis(300 + chance(1500))).await;
        world.kill();
        is_known(&world).await;
        world.start().await;
    }
    let answered = asking.await.expect("the askers do not panic");
    settle(&world, scale.people * scale.bundles).await;
    for task in deciding {
        task.abort();
    }
    leaving.abort();

    let requests: BTreeMap<RequestId, Request> =
        world.rows::<Request>("requests").await.into_iter().map(|it| (it.id, it)).collect();
    let lost: Vec<_> = answered.iter().filter(|id| !requests.contains_key(id)).collect();
    assert!(lost.is_empty(), "answered, and not there: {lost:?}");
    assert!(answered.len() > scale.people, "the portal was up now and then: {}", answered.len());

    let mut approved: BTreeMap<_, u32> = BTreeMap::new();
    for request in requests.values().filter(|it| matches!(it.state, State::Granted { .. })) {
        *approved.entry((request.ask.subject, request.bundle())).or_default() += 1;
    }
    assert_eq!(approved.len(), scale.people * scale.bundles, "everybody got everything they asked for");
    assert!(approved.values().all(|n| *n == 1), "somebody got something twice: {approved:?}");

    assert_eq!(world.in_target().await, has_in_record(&world, &["active"]).await, "the target is what the record says");
    let mut findings = Vec::new();
    world.portal.verify(&mut |_| (), &mut |finding| findings.push(finding)).await.expect("it can be checked");
    assert!(findings.is_empty(), "{findings:?}");
    world.kill();
    world.portal.close().await;
}

/// Each of the people asks for each of the bundles, four at a time; gives the requests whose asking was answered.
async fn everybody_asks(world: Arc<World>, people: Vec<Person>, bundles: usize) -> BTreeSet<RequestId> {
    let rows = people.into_iter().flat_map(|person| (0..4).map(move |row| (person.clone(), row)));
    let asked = join_all(rows.map(|(person, row)| {
        let world = Arc::clone(&world);
        async move {
            let mut answered = Vec::new();
            for bundle in (row..bundles).step_by(4) {
                let key = format!("kill{bundle}");
                let fields = [
                    ("bundle", key.as_str()),
                    ("subject", &person.id.to_string()),
                    ("duration", "8h"),
                    ("justification", "to see what stays when the power goes"),
                ];
                let answer = world.act(&person, "/api/requests/ask", &fields, "text/html").await;
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
                let id = answer.location.strip_prefix("/requests/").and_then(|id| id.parse().ok());
                answered.push(id.unwrap_or_else(|| panic!("it leads to the request: {}", answer.location)));
            }
            answered
        }
    }))
    .await;
    asked.into_iter().flatten().collect()
}

/// An owner says yes to whatever waits, until told to stop.
async fn decides(world: Arc<World>, owner: Person) {
    loop {
        let waits = world.rows::<Request>("requests where state = 'waiting'").await;
        for request in waits.into_iter().filter(|it| it.decisions.iter().all(|d| d.by != owner.id)) {
            let fields = [("request", request.id.to_string()), ("version", request.terms.to_string())];
            let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = world.act(&owner, "/api/requests/approve", &fields, "application/json").await;
            // Too late is an answer as well: the other owner was faster, or the answer to the first try got lost.
            let fine = answer.status.is_success() || answer.status.is_client_error();
            assert!(fine, "{}: {}", answer.status, answer.body);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Whether this is one of the grants that are given back: two of five, by chance, always the same ones.
fn is_given_back(grant: &Grant) -> bool {
    grant.request.0.as_u128() % 5 < 2
}

/// The people give some of their access back, until told to stop.
async fn gives_back(world: Arc<World>, people: Vec<Person>) {
    let people: BTreeMap<IdentityId, Person> = people.into_iter().map(|person| (person.id, person)).collect();
    loop {
        for grant in world.rows::<Grant>("grants where state = 'active'").await.iter().filter(|it| is_given_back(it)) {
            let id = grant.id.to_string();
            world.act(&people[&grant.subject], "/api/grants/give-back", &[("grant", &id)], "application/json").await;
        }
        sleep(Duration::from_millis(300)).await;
    }
}

/// At no moment does somebody have a right in the target without a grant that is opening, active or ending.
async fn is_known(world: &World) {
    let known = has_in_record(world, &["opening", "active", "ending"]).await;
    let unknown: Vec<_> = world.in_target().await.difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "rights that nothing in the record speaks of: {unknown:?}");
}

/// Who has what, account and role, by the grants in these states.
async fn has_in_record(world: &World, states: &[&str]) -> BTreeSet<(String, String)> {
    let grants = world.rows::<Grant>("grants").await;
    let wanted = grants.into_iter().filter(|it| states.contains(&it.state.word()));
    wanted.flat_map(|grant| grant.assignments).map(|it| (it.account, it.native)).collect()
}

/// Waits until everything that was begun has come to its end.
async fn settle(world: &World, due: usize) {
    let mut moved = Instant::now();
    let mut before = None;
    loop {
        let requests = world.rows::<Request>("requests where state in ('waiting', 'approved')").await;
        let grants = world.rows::<Grant>("grants").await;
        let moving = |it: &&Grant| match it.state {
            Access::Opening { .. } | Access::Ending { .. } => true,
            Access::Active { .. } => is_given_back(it),
            Access::Ended { .. } => false,
        };
        let stuck: Vec<_> = grants.iter().filter(moving).map(|it| (it.id, it.state.word())).collect();
        if requests.is_empty() && stuck.is_empty() && grants.len() == due {
            return;
        }
        let now = Some((requests.len(), grants.len(), stuck.len()));
        if now != before {
            (moved, before) = (Instant::now(), now);
        }
        assert!(
            moved.elapsed() < STUCK_AFTER,
            "stuck: {} requests wait, {} of {due} grants, of them {stuck:?}",
            requests.len(),
            grants.len()
        );
        sleep(Duration::from_millis(500)).await;
    }
}
