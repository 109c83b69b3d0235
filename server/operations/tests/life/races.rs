//! Races: two acts in one moment. Whatever comes first, the state is one of the right ones and the trail is sound.

use crate::{
    on_both,
    people::is_let_in,
    stepup::{self, begun, code, password, sure, with_app},
    world::{On, PASSWORD, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    grant::{State as GrantState, Why},
    ids::{PendingId, RequestId},
    job::{Job, JobKey},
    minutes::Minutes,
    request::State,
    views::editor::{BundleEditor, Values},
};
use operations::{Answer, Clock, Error, Import, Portal, Wanted};

on_both! {
    of_two_approvers_where_one_is_enough_exactly_one_wins_and_the_other_is_told
    of_two_approvers_where_two_are_needed_both_count_once
    one_approver_twice_in_one_moment_counts_once
    a_yes_and_a_no_in_one_moment_are_one_decision
    a_yes_and_a_withdrawal_in_one_moment_are_one_end
    a_yes_and_the_approvers_removal_in_one_moment_leave_no_yes_after_it
    a_yes_and_a_change_of_owners_by_import_in_one_moment_leave_no_yes_after_it
    publishing_and_editing_in_one_moment_publishes_what_was_reviewed
    of_two_incompatible_asks_in_one_moment_at_most_one_is_not_refused
    a_double_click_asks_once
    of_two_attestations_one_counts
    a_worker_on_each_replica_opens_one_grant
    giving_back_and_revoking_in_one_moment_end_it_once
    a_grants_end_and_the_granting_of_its_renewal_in_one_moment_leave_one_grant
    the_end_of_one_grant_while_another_of_its_right_begins_leaves_that_right
    the_end_of_one_grant_while_another_of_its_right_is_looked_at_leaves_that_right
    one_act_confirmed_twice_in_one_moment_is_done_once
    one_code_for_two_acts_in_one_moment_counts_once
    one_recovery_code_for_two_acts_in_one_moment_counts_once
}

/// Whether there is time for much more than is looked at every day.
pub fn is_long() -> bool {
    std::env::var_os("SALLYPORT_TEST_LONG").is_some_and(|v| v == "1")
}

/// How often each race is run.
pub fn rounds() -> usize {
    if is_long() { 200 } else { 5 }
}

/// Looks at the whole trail after each of the first rounds, then after every twentieth: it grows with each.
async fn stays_sound(world: &World, round: usize) {
    if round < 5 || (round + 1).is_multiple_of(20) {
        world.is_sound().await;
    }
}

/// What came of an act.
pub type Outcome = Result<(), Error>;

/// Runs two acts at once, each on a thread of its own.
pub fn at_once<A, B, X, Y>(a: A, b: B) -> impl Future<Output = (X, Y)>
where
    A: Future<Output = X> + Send + 'static,
    B: Future<Output = Y> + Send + 'static,
    X: Send + 'static,
    Y: Send + 'static,
{
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let other = std::sync::Arc::clone(&start);
    let a = tokio::spawn(async move {
        start.wait().await;
        a.await
    });
    let b = tokio::spawn(async move {
        other.wait().await;
        b.await
    });
    async { (a.await.expect("it does not panic"), b.await.expect("it does not panic")) }
}

/// A worker on a replica of its own, until nothing is due.
pub async fn works(portal: Portal) -> Outcome {
    while portal.run_due_jobs(4).await? > 0 {}
    portal.close().await;
    Ok(())
}

/// A yes, from a replica of its own, to the request's first terms.
async fn yes(world: &World, who: &str, id: RequestId) -> impl Future<Output = Outcome> + Send + 'static {
    let (portal, actor) = (world.replica().await, world.actor(who).await);
    async move {
        let done = portal.approve(&actor, id, 1, "", "").await;
        portal.close().await;
        done
    }
}

/// Ends whatever came of a request, so that the next round begins afresh.
pub async fn clear(world: &World, id: RequestId) {
    world.run_jobs().await;
    let grant = world.read().await.grant_of(id).await.expect("it can be read");
    if let Some(grant) = grant.filter(|g| g.needs_its_rights(world.clock.now())) {
        let subject = Actor::Person { id: grant.subject, name: "who has it".to_owned() };
        world.portal.give_back(&subject, grant.id).await.expect("it is theirs");
    } else if world.request(id).await.state.is_open() {
        let asker = Actor::Person { id: world.request(id).await.ask.asker, name: "who asked".to_owned() };
        world.portal.withdraw(&asker, id).await.expect("it is theirs");
    }
    world.pass(TimeDelta::seconds(1)).await;
}

fn says_over(outcome: &Outcome, what_: &str, by_: &str, world: &World) -> bool {
    let now = world.clock.now();
    matches!(outcome, Err(Error::Refused(Refusal::AlreadyOver { what, by, at })) if *what == what_ && by == by_ && *at == now)
}

/// R29, R31: one approval, given once; who comes second is told who and when.
async fn of_two_approvers_where_one_is_enough_exactly_one_wins_and_the_other_is_told(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-one", "1h").await;
        let (olga, otto) = at_once(yes(&world, "olga.owner", id).await, yes(&world, "otto.owner", id).await).await;
        match (&olga, &otto) {
            (Ok(()), late) => assert!(says_over(late, "approved", "Olga Owner", &world), "{late:?}"),
            (late, Ok(())) => assert!(says_over(late, "approved", "Otto Owner", &world), "{late:?}"),
            neither => panic!("somebody wins: {neither:?}"),
        }
        let request = world.request(id).await;
        assert_eq!(request.decisions.len(), 1);
        assert!(matches!(request.state, State::Approved { .. }));
        world.run_jobs().await;
        assert_eq!(world.grant_of(id).await.state.word(), "active");
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R36: two of two, in one moment: both count, each once.
async fn of_two_approvers_where_two_are_needed_both_count_once(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-two", "1h").await;
        let (olga, otto) = at_once(yes(&world, "olga.owner", id).await, yes(&world, "otto.owner", id).await).await;
        assert!(olga.is_ok() && otto.is_ok(), "{olga:?} {otto:?}");
        let request = world.request(id).await;
        let mut by: Vec<_> = request.decisions.iter().map(|d| d.name.as_str()).collect();
        by.sort_unstable();
        assert_eq!(by, ["Olga Owner", "Otto Owner"]);
        assert!(matches!(request.state, State::Approved { .. }));
        world.run_jobs().await;
        assert_eq!(world.grant_of(id).await.state.word(), "active");
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R30: one person is never two approvers, however fast they click.
async fn one_approver_twice_in_one_moment_counts_once(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-two", "1h").await;
        let (a, b) = at_once(yes(&world, "olga.owner", id).await, yes(&world, "olga.owner", id).await).await;
        let ((Ok(()), Err(late)) | (Err(late), Ok(()))) = (a, b) else { panic!("exactly one counts") };
        assert!(matches!(late, Error::Refused(Refusal::DecidedAlready)), "{late:?}");
        let request = world.request(id).await;
        assert_eq!(request.decisions.len(), 1);
        assert!(matches!(request.state, State::Waiting { .. }));
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R29: decided stays decided.
async fn a_yes_and_a_no_in_one_moment_are_one_decision(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-one", "1h").await;
        let (portal, otto) = (world.replica().await, world.actor("otto.owner").await);
        let no = async move {
            let done = portal.deny(&otto, id, 1, "not while stock is counted").await;
            portal.close().await;
            done
        };
        let (yes, no) = at_once(yes(&world, "olga.owner", id).await, no).await;
        let request = world.request(id).await;
        assert_eq!(request.decisions.len(), 1);
        match (&yes, &no) {
            (Ok(()), late) => {
                assert!(says_over(late, "approved", "Olga Owner", &world), "{late:?}");
                assert!(matches!(request.state, State::Approved { .. }));
            }
            (late, Ok(())) => {
                assert!(says_over(late, "denied", "Otto Owner", &world), "{late:?}");
                assert!(matches!(request.state, State::Denied { .. }));
            }
            neither => panic!("somebody decides: {neither:?}"),
        }
        world.run_jobs().await;
        assert_eq!(world.read().await.grant_of(id).await.expect("it can be read").is_some(), yes.is_ok());
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R29: what was taken back is not given, whoever was faster.
async fn a_yes_and_a_withdrawal_in_one_moment_are_one_end(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-one", "1h").await;
        let (portal, ann) = (world.replica().await, world.actor("ann.asker").await);
        let back = async move {
            let done = portal.withdraw(&ann, id).await;
            portal.close().await;
            done
        };
        let (yes, back) = at_once(yes(&world, "olga.owner", id).await, back).await;
        let request = world.request(id).await;
        match (&yes, &back) {
            // Approved, and taken back before anything was given.
            (Ok(()), Ok(())) => {
                assert!(matches!(request.state, State::Withdrawn { .. }));
                assert_eq!(request.decisions.len(), 1);
            }
            (late, Ok(())) => {
                assert!(says_over(late, "withdrawn", "Ann Asker", &world), "{late:?}");
                assert!(matches!(request.state, State::Withdrawn { .. }));
                assert!(request.decisions.is_empty());
            }
            neither => panic!("one of the two is done: {neither:?}"),
        }
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R31: authority is checked when it is used: no yes stands after the removal of who gave it, save one that came before.
async fn a_yes_and_the_approvers_removal_in_one_moment_leave_no_yes_after_it(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let leaver = format!("leaver{round}");
        world.import(&system_of_a_leaver(&leaver)).await;
        let id = world.ask("ann.asker", &format!("{leaver}.bundle"), "1h").await;
        let who = world.id(&leaver).await;
        let (portal, admin) = (world.replica().await, world.actor("astrid.nyberg").await);
        let removal = async move {
            let done = portal.mark_left(&admin, who).await;
            portal.close().await;
            done
        };
        let (yes, removal) = Box::pin(at_once(yes(&world, &leaver, id).await, removal)).await;
        assert!(removal.is_ok(), "{removal:?}");
        let request = world.request(id).await;
        let events = world.told(id).await;
        if yes.is_ok() {
            assert!(matches!(request.state, State::Approved { .. }));
            assert_eq!(events, ["asked", "approved", "rerouted"]);
            let kept_out = [world.id("astrid.nyberg").await].into();
            assert_eq!(request.kept_out, kept_out, "should it come back, it is not for who removed the approver");
        } else {
            assert!(matches!(yes, Err(Error::Refused(_))), "{yes:?}");
            assert!(matches!(request.state, State::Waiting { .. }));
            assert_eq!(events, ["asked", "rerouted"]);
            assert!(request.decisions.is_empty());
            assert_eq!(request.may_decide_now(), [world.id("bea.backup").await].into(), "the backup steps in");
        }
        let again = world.approve(&leaver, id).await;
        assert!(matches!(again, Err(Error::Refused(_))), "who has left decides nothing: {again:?}");
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

fn system_of_a_leaver(leaver: &str) -> String {
    format!(
        r#"
        [[person]]
        key = "{leaver}"
        name = "{leaver}"
        email = "{leaver}@tidewater.example"
        department = "Life"

        [[system]]
        key = "{leaver}.system"
        name = "{leaver} system"
        says = "Owned by somebody who leaves"
        environment = "staging"
        sensitivity = "low"
        data_class = "internal"
        owners = ["{leaver}"]
        backup_owners = ["bea.backup"]
        fallback = "life-fallback"
        connector = "directory"

          [[system.entitlement]]
          key = "x"
          name = "Right X"
          says = "Do X"
          native = "life-x"

        [[bundle]]
        key = "{leaver}.bundle"
        name = "{leaver} bundle"
        says = "Decided by somebody who leaves"
        entitlements = ["{leaver}.system/x"]
        longest = "8h"
        default = "4h"
        askers = {{ groups = ["life-askers"], kinds = ["person"] }}

          [[bundle.stage]]
          name = "Owner"
          need = 1
          from = {{ owners = true }}
        "#
    )
}

/// Separation of duties holds in one moment too.
async fn of_two_incompatible_asks_in_one_moment_at_most_one_is_not_refused(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let mut acts = Vec::new();
        for bundle in ["life-enter", "life-check"] {
            let (portal, ann) = (world.replica().await, world.actor("ann.asker").await);
            let asking = world.asking("ann.asker", bundle, "1h").await;
            acts.push(async move {
                let done = portal.ask(&ann, &asking).await;
                portal.close().await;
                done
            });
        }
        let (Some(b), Some(a)) = (acts.pop(), acts.pop()) else { panic!("two acts") };
        let (a, b) = at_once(a, b).await;
        let (a, b) = (a.expect("a refused ask is a record"), b.expect("a refused ask is a record"));
        let (first, second) = (world.request(a).await, world.request(b).await);
        let mut words = [first.state.word(), second.state.word()];
        words.sort_unstable();
        assert_eq!(words, ["refused", "waiting"]);
        let refused = if first.state.word() == "refused" { &first } else { &second };
        let failed: Vec<_> = refused.ruling.failures().map(|c| c.rule.clone()).collect();
        assert_eq!(failed, ["incompatible"]);
        stays_sound(&world, round).await;
        clear(&world, a).await;
        clear(&world, b).await;
    }
}

/// R29: the same ask in the same moment is one request; the other is refused, and says why.
async fn a_double_click_asks_once(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let asking = world.asking("ann.asker", "life-one", "1h").await;
        let mut acts = Vec::new();
        for _ in 0..2 {
            let (portal, ann, asking) = (world.replica().await, world.actor("ann.asker").await, asking.clone());
            acts.push(async move {
                let done = portal.ask(&ann, &asking).await;
                portal.close().await;
                done
            });
        }
        let (Some(b), Some(a)) = (acts.pop(), acts.pop()) else { panic!("two acts") };
        let (a, b) = at_once(a, b).await;
        let (a, b) = (a.expect("a refused ask is a record"), b.expect("a refused ask is a record"));
        let (first, second) = (world.request(a).await, world.request(b).await);
        let mut words = [first.state.word(), second.state.word()];
        words.sort_unstable();
        assert_eq!(words, ["refused", "waiting"]);
        let refused = if first.state.word() == "refused" { &first } else { &second };
        let failed: Vec<_> = refused.ruling.failures().map(|c| c.rule.clone()).collect();
        assert_eq!(failed, ["one-grant"]);
        stays_sound(&world, round).await;
        clear(&world, a).await;
        clear(&world, b).await;
    }
}

/// R30: a task is done once, by one person.
async fn of_two_attestations_one_counts(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-manual", "1h").await;
        world.approve("otto.owner", id).await.expect("an owner decides");
        world.run_jobs().await;
        for takes_away in [false, true] {
            let [(task, away, false)] = world.tasks("hal.hand").await[..] else { panic!("one task") };
            assert_eq!(away, takes_away);
            let mut acts = Vec::new();
            for who in ["hal.hand", "hedda.hand"] {
                let (portal, who) = (world.replica().await, world.actor(who).await);
                acts.push(async move {
                    let done = portal.attest(&who, task).await;
                    portal.close().await;
                    done
                });
            }
            let (Some(b), Some(a)) = (acts.pop(), acts.pop()) else { panic!("two acts") };
            let ((Ok(()), Err(late)) | (Err(late), Ok(()))) = at_once(a, b).await else { panic!("exactly one counts") };
            assert!(matches!(late, Error::Refused(Refusal::TaskDone)), "{late:?}");
            world.run_jobs().await;
            let word = if takes_away { "ended" } else { "active" };
            assert_eq!(world.grant_of(id).await.state.word(), word);
            stays_sound(&world, round).await;
            if !takes_away {
                world.pass(TimeDelta::hours(1)).await;
            }
        }
        assert_eq!(world.told(id).await.iter().filter(|e| *e == "attested").count(), 2);
    }
}

/// R29: two workers on two replicas open one grant from one approval.
async fn a_worker_on_each_replica_opens_one_grant(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-one", "1h").await;
        world.approve("olga.owner", id).await.expect("an owner decides");
        let (a, b) = at_once(works(world.replica().await), works(world.replica().await)).await;
        assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
        world.run_jobs().await;
        assert_eq!(world.grant_of(id).await.state.word(), "active");
        let told = world.told(id).await;
        for once in ["granted", "grant_opened", "grant_active"] {
            assert_eq!(told.iter().filter(|e| *e == once).count(), 1, "{once} in {told:?}");
        }
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R40: access ends once, by one of the two, and the other is told.
async fn giving_back_and_revoking_in_one_moment_end_it_once(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let grant = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
        let (one, other) = (world.replica().await, world.replica().await);
        let (ann, otto) = (world.actor("ann.asker").await, world.actor("otto.owner").await);
        let back = async move {
            let done = one.give_back(&ann, grant).await;
            one.close().await;
            done
        };
        let revoked = async move {
            let done = other.revoke(&otto, grant).await;
            other.close().await;
            done
        };
        let ((Ok(()), Err(late)) | (Err(late), Ok(()))) = at_once(back, revoked).await else {
            panic!("exactly one ends it")
        };
        assert!(matches!(late, Error::Refused(Refusal::GrantOver { .. })), "{late:?}");
        world.run_jobs().await;
        let ended = world.grant(grant).await;
        assert_eq!(ended.state.word(), "ended");
        assert_eq!(world.told(ended.request).await.iter().filter(|e| *e == "grant_ending").count(), 1);
        assert!(!world.is_in("ann.asker", "life-x").await);
        stays_sound(&world, round).await;
        world.pass(TimeDelta::seconds(1)).await;
    }
}

/// R39, R42: the old grant's time is over in the very moment in which its renewal is granted: there is one grant, from that moment on.
async fn a_grants_end_and_the_granting_of_its_renewal_in_one_moment_leave_one_grant(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let old = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
        world.pass(TimeDelta::minutes(50)).await;
        let renewal = world.renew("ann.asker", "life-one", "1h", old).await;
        world.approve("otto.owner", renewal).await.expect("an owner decides");
        world.clock.advance(TimeDelta::minutes(10));
        let (a, b) = at_once(works(world.replica().await), works(world.replica().await)).await;
        assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
        world.run_jobs().await;

        let (now, new) = (world.clock.now(), world.grant_of(renewal).await);
        assert_eq!(new.state, GrantState::Active { since: now, until: now + TimeDelta::hours(1) }, "not a moment late");
        assert!(!new.assignments[0].found_before, "it stood there by a grant of ours");
        assert_eq!(world.live_grants("ann.asker").await, [new.id]);
        assert!(world.is_in("ann.asker", "life-x").await);
        match world.grant(old).await.state {
            GrantState::Ended { why: Why::Expired {}, .. } => {}
            GrantState::Ended { why: Why::Continued { by }, .. } => assert_eq!(by, new.id),
            other => panic!("its time was over: {other:?}"),
        }
        let told = world.told(renewal).await;
        for once in ["granted", "grant_opened", "grant_active"] {
            assert_eq!(told.iter().filter(|e| *e == once).count(), 1, "{once} in {told:?}");
        }
        stays_sound(&world, round).await;
        clear(&world, renewal).await;
        assert!(!world.is_in("ann.asker", "life-x").await);
    }
}

/// R39, R69: one of two grants that share a right ends while a worker makes the other: the right is there for the one that lives.
async fn the_end_of_one_grant_while_another_of_its_right_begins_leaves_that_right(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let ends = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
        let id = world.ask("ann.asker", "life-two", "1h").await;
        for owner in ["olga.owner", "otto.owner"] {
            world.approve(owner, id).await.expect("an owner decides");
        }
        assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the request opens its grant");
        let (worker, other, ann) = (world.replica().await, world.replica().await, world.actor("ann.asker").await);
        let ending = async move {
            other.give_back(&ann, ends).await?;
            works(other).await
        };
        let (looked, ended) = at_once(works(worker), ending).await;
        assert!(looked.is_ok() && ended.is_ok(), "{looked:?} {ended:?}");
        world.run_jobs().await;
        let lives = world.grant_of(id).await;
        assert!(matches!(world.grant(ends).await.state, GrantState::Ended { why: Why::GivenBack {}, .. }));
        assert_eq!(lives.state.word(), "active");
        assert!(lives.assignments[0].is_present() && !lives.assignments[0].found_before);
        assert!(world.is_in("ann.asker", "life-x").await);
        stays_sound(&world, round).await;
        clear(&world, id).await;
        assert!(!world.is_in("ann.asker", "life-x").await, "and it is gone with the last of them");
    }
}

/// R39, R69: the same while the right is only looked at again: the one that lives has it at every moment.
async fn the_end_of_one_grant_while_another_of_its_right_is_looked_at_leaves_that_right(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let ends = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
        let lives = world.granted("ann.asker", "life-two", "1h", &["olga.owner", "otto.owner"]).await;
        let mut tx = world.store.write().await.expect("the database answers");
        let look = JobKey::Right(world.grant(lives).await.assignments[0].right());
        tx.enqueue(&Job::at(look, world.clock.now())).await.expect("it can be asked for");
        tx.commit().await.expect("it can be committed");
        let (worker, other, otto) = (world.replica().await, world.replica().await, world.actor("otto.owner").await);
        let ending = async move {
            other.revoke(&otto, ends).await?;
            works(other).await
        };
        let race = tokio::spawn(at_once(works(worker), ending));
        while !race.is_finished() {
            assert!(world.is_in("ann.asker", "life-x").await, "there is no gap");
        }
        let (looked, ended) = race.await.expect("it does not panic");
        assert!(looked.is_ok() && ended.is_ok(), "{looked:?} {ended:?}");
        world.run_jobs().await;
        assert!(matches!(world.grant(ends).await.state, GrantState::Ended { why: Why::Revoked {}, .. }));
        assert_eq!(world.live_grants("ann.asker").await, [lives]);
        assert!(world.is_in("ann.asker", "life-x").await);
        stays_sound(&world, round).await;
        clear(&world, world.grant(lives).await.request).await;
        assert!(!world.is_in("ann.asker", "life-x").await, "and it is gone with the last of them");
    }
}

/// R31: the same when the catalogue makes somebody else the owner.
async fn a_yes_and_a_change_of_owners_by_import_in_one_moment_leave_no_yes_after_it(on: On) {
    let world = World::on(on).await;
    for round in 0..rounds() {
        let leaver = format!("former{round}");
        let before = system_of_a_leaver(&leaver);
        world.import(&before).await;
        let id = world.ask("ann.asker", &format!("{leaver}.bundle"), "1h").await;
        let after = before.replace(&format!("owners = [\"{leaver}\"]"), "owners = [\"otto.owner\"]");
        assert_ne!(before, after, "the leaver owns the system");
        let portal = world.replica().await;
        let change = async move {
            let files = [("more.toml".to_owned(), after)];
            let done = portal.import_files(&Actor::Operator, &files, Import::default()).await;
            portal.close().await;
            done
        };
        let (yes, change) = Box::pin(at_once(yes(&world, &leaver, id).await, change)).await;
        assert!(change.is_ok(), "{change:?}");
        let request = world.request(id).await;
        if yes.is_ok() {
            assert!(matches!(request.state, State::Approved { .. }));
        } else {
            // Who has no part in it any more does not even find it.
            assert!(matches!(yes, Err(Error::Refused(_) | Error::NotFound)), "{yes:?}");
            assert!(matches!(request.state, State::Waiting { .. }));
            assert!(request.decisions.is_empty());
            let deciders = request.may_decide_now();
            assert!(!deciders.contains(&world.id(&leaver).await), "who owns it no more decides no more");
            assert!(!deciders.contains(&world.id("otto.owner").await), "nor does who came to own it (R28)");
            let late = world.approve(&leaver, id).await;
            assert!(matches!(late, Err(Error::NotFound)), "{late:?}");
        }
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// R13: whatever comes first, nothing is published that nobody reviewed.
async fn publishing_and_editing_in_one_moment_publishes_what_was_reviewed(on: On) {
    let world = World::on(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    let key = || "life-one".to_owned();
    let longest = |values: &mut Values, hours: usize| values.insert("longest".to_owned(), vec![format!("{hours}h")]);
    for round in 0..rounds() {
        let BundleEditor { after, mut values, .. } = world.portal.bundle_editor(&astrid, &key()).await.expect("edits");
        longest(&mut values, 10 + 2 * round);
        world.portal.edit_bundle(&astrid, &key(), after, &values).await.expect("she is an admin");
        let number = after + 1;
        world.portal.submit_draft(&astrid, &key(), number).await.expect("it is hers");
        world.run_jobs().await;
        let wanted = Wanted::Publish { key: key(), number };
        let id = world.portal.begin_step_up(&tomas, &wanted, "/").await.expect("he may publish");
        let (publisher, editor) = (world.replica().await, world.replica().await);
        let (him, her) = (tomas.clone(), astrid.clone());
        let publishes = async move {
            let done = publisher.confirm(&him, id, &Answer::Password(PASSWORD.to_owned())).await;
            publisher.close().await;
            done
        };
        longest(&mut values, 11 + 2 * round);
        let edits = async move {
            let done = editor.edit_bundle(&her, "life-one", number, &values).await;
            editor.close().await;
            done
        };
        let (published, edited) = Box::pin(at_once(publishes, edits)).await;
        assert!(edited.is_ok(), "{edited:?}");
        let bundle = world.read().await.bundle_by_key("life-one").await.expect("it is read").expect("it is there");
        assert_eq!(bundle.draft.map(|it| it.number), Some(number + 1), "what she wrote waits");
        let holds = bundle.published.expect("something was published before");
        if published.is_ok() {
            assert_eq!((holds.number, holds.spec.longest), (number, minutes(10 + 2 * round)));
        } else {
            assert!(matches!(published, Err(Error::Refused(Refusal::DraftChanged { .. }))), "{published:?}");
            assert!(holds.number < number, "nothing that nobody reviewed");
        }
        // What was not confirmed waits for a while, and not many may at once.
        world.pass(TimeDelta::minutes(15)).await;
        stays_sound(&world, round).await;
    }
}

fn minutes(hours: usize) -> Minutes {
    format!("{hours}h").parse().expect("a length of time")
}

/// What comes of two confirmations in one moment, each on a replica of its own.
async fn both_confirmed(
    world: &World,
    who: &Actor,
    (one, other): (PendingId, PendingId),
    answer: &Answer,
) -> (Result<String, Error>, Result<String, Error>) {
    let mut acts = Vec::new();
    for id in [one, other] {
        let (portal, who, answer) = (world.replica().await, who.clone(), answer.clone());
        acts.push(async move {
            let done = portal.confirm(&who, id, &answer).await;
            portal.close().await;
            done
        });
    }
    let (Some(b), Some(a)) = (acts.pop(), acts.pop()) else { panic!("two acts") };
    Box::pin(at_once(a, b)).await
}

/// R29: a second click confirms nothing.
async fn one_act_confirmed_twice_in_one_moment_is_done_once(on: On) {
    let (world, olga, _) = sure(on).await;
    for round in 0..rounds() {
        let id = world.ask("ann.asker", "life-sure", "1h").await;
        let waits = begun(&world, &olga, &stepup::yes(&world, id).await).await;
        let done = both_confirmed(&world, &olga, (waits, waits), &password()).await;
        let ((Ok(_), Err(late)) | (Err(late), Ok(_))) = &done else { panic!("exactly one is done: {done:?}") };
        assert!(matches!(late, Error::Refused(Refusal::NothingToConfirm)), "{late:?}");
        assert_eq!(world.request(id).await.decisions.len(), 1);
        stays_sound(&world, round).await;
        clear(&world, id).await;
    }
}

/// Two names for Olga's app, each waiting to be confirmed.
async fn two_names(world: &World, olga: &Actor, round: usize) -> (PendingId, PendingId) {
    let authenticator = world.portal.authenticators(olga).await.expect("hers").mine[0].id;
    let named = |name: String| Wanted::RenameAuthenticator { authenticator, name };
    let one = begun(world, olga, &named(format!("Phone {round}"))).await;
    (one, begun(world, olga, &named(format!("Old phone {round}"))).await)
}

/// RFC 6238, section 5.2: a code is used up by what it confirms, also where both ask in one moment.
async fn one_code_for_two_acts_in_one_moment_counts_once(on: On) {
    let (world, olga, _) = sure(on).await;
    let (secret, _) = with_app(&world, &olga, &password()).await;
    for round in 0..rounds() {
        let names = two_names(&world, &olga, round).await;
        let answer = Answer::Code(code(&secret, world.clock.now()));
        let done = both_confirmed(&world, &olga, names, &answer).await;
        let ((Ok(_), Err(late)) | (Err(late), Ok(_))) = &done else { panic!("exactly one counts: {done:?}") };
        assert!(matches!(late, Error::Refused(Refusal::UsedCode)), "{late:?}");
        stays_sound(&world, round).await;
        // Until the next code, and until what is left of this round has lapsed.
        world.pass(TimeDelta::minutes(11)).await;
    }
}

/// Each recovery code counts once, also where both ask in one moment.
async fn one_recovery_code_for_two_acts_in_one_moment_counts_once(on: On) {
    let (world, olga, _) = sure(on).await;
    let (_, codes) = with_app(&world, &olga, &password()).await;
    for (round, recovery) in codes.into_iter().enumerate().take(rounds()) {
        let names = two_names(&world, &olga, round).await;
        let done = both_confirmed(&world, &olga, names, &Answer::Code(recovery)).await;
        let ((Ok(_), Err(late)) | (Err(late), Ok(_))) = &done else { panic!("exactly one counts: {done:?}") };
        // Who comes a little later finds it gone before it is used.
        assert!(matches!(late, Error::Refused(Refusal::UsedCode | Refusal::StepUpFailed { .. })), "{late:?}");
        let left = world.portal.authenticators(&olga).await.expect("hers").recovery_codes;
        assert_eq!(left, 9 - round);
        stays_sound(&world, round).await;
        world.pass(TimeDelta::minutes(11)).await;
    }
}
