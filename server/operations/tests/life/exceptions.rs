//! Exceptions from separation of duties: asked for as such, decided by two from different sides, short, and looked back at.

use crate::{
    on_both,
    people::is_let_in,
    races::{at_once, clear, rounds},
    stepup::{begun, is, password, yes},
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    ids::RequestId,
    request::{RequestKind, State},
    ruling::Outcome,
    views::Asking,
};
use operations::{Error, Wanted};

on_both! {
    an_exception_is_refused_without_being_asked_for_as_one_and_takes_two_from_different_sides
    an_exception_says_why_and_is_one_from_something
    what_is_stated_of_an_exception_says_that_it_is_one
    what_came_up_since_stops_an_exception_at_the_moment_of_granting
    the_renewal_of_an_exception_is_one_again
    an_exception_is_reviewed_once_by_somebody_who_had_no_part_in_it
    a_review_that_nobody_does_in_time_is_told_to_the_admins_once
    who_owes_a_review_sees_what_it_is_of
    who_made_it_by_hand_does_not_review_it
    an_end_that_nobody_brings_about_hides_no_review
    of_two_incompatible_exceptions_in_one_moment_one_is_not_refused
    of_two_incompatible_automatic_asks_in_one_moment_one_is_not_refused
}

/// Two bundles that must not be in the same hands, each by policy alone; and a third beside `life-enter` and `life-check`.
const MORE: &str = r#"
[[bundle]]
key = "life-auto-a"
name = "At once, A"
says = "Right X at once"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
automatic = true
incompatible = ["life-auto-b"]

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

[[bundle]]
key = "life-auto-b"
name = "At once, B"
says = "Right Y at once"
entitlements = ["life-desk/y"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
automatic = true

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

[[bundle]]
key = "life-third"
name = "A third"
says = "Right X, never together with either"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
automatic = true
incompatible = ["life-enter", "life-check"]

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

/// A right that must not be in the same hands as the right to check, asked for and decided by those who show who they are.
const SWORN: &str = r#"
[[bundle]]
key = "life-sworn"
name = "Enter, sworn"
says = "Right X, never together with the right to check"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
step_up = "sign-in"
incompatible = ["life-check"]

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
  step_up = "sign-in"
"#;

/// A right that is made by hand, and must not be in the same hands as the right to check.
const BY_HAND: &str = r#"
[[bundle]]
key = "life-by-hand"
name = "Enter by hand"
says = "Right Z, never together with the right to check"
entitlements = ["life-hand/z"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
incompatible = ["life-check"]

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

async fn as_exception(world: &World, bundle: &str, duration: &str) -> Asking {
    Asking { exception: "yes".to_owned(), ..world.asking("ann.asker", bundle, duration).await }
}

async fn ask(world: &World, bundle: &str, duration: &str) -> RequestId {
    let asking = as_exception(world, bundle, duration).await;
    world.portal.ask(&world.actor("ann.asker").await, &asking).await.expect("it is a record")
}

/// Ann holds the right to check, and has the right to enter beside it, for an hour.
async fn granted(world: &World) -> RequestId {
    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;
    let id = ask(world, "life-enter", "1h").await;
    world.approve("olga.owner", id).await.expect("she owns the desk");
    world.approve("fay.fallback", id).await.expect("she is in the fallback group");
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    id
}

/// R6, R26: separation of duties says no, unless it is asked for as an exception; then an owner and the fallback group decide.
async fn an_exception_is_refused_without_being_asked_for_as_one_and_takes_two_from_different_sides(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    world.import(&format!("{COMPANY}{MORE}")).await;
    let before = world.portal.preview(&ann, &world.asking("ann.asker", "life-enter", "1h").await).await;
    assert_eq!(before.expect("it is worked out").exception, None, "there is nothing to be excepted from");
    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;

    let plain = world.asking("ann.asker", "life-enter", "1h").await;
    let shown = world.portal.preview(&ann, &plain).await.expect("it is worked out");
    assert_eq!((shown.outcome, shown.exception), (Outcome::Refused, Some(false)));
    assert!(shown.next.contains("give “Check” back first; or ask as an exception"), "{}", shown.next);
    let refused = world.ask("ann.asker", "life-enter", "1h").await;
    assert!(matches!(world.request(refused).await.state, State::Refused { .. }));
    let too_long = world.portal.preview(&ann, &world.asking("ann.asker", "life-enter", "3d").await).await;
    assert_eq!(too_long.expect("it is worked out").exception, None, "something else says no too");

    // By policy alone it never is, whatever the bundle would like.
    let asking = as_exception(&world, "life-third", "1h").await;
    let shown = world.portal.preview(&ann, &asking).await.expect("it is worked out");
    assert_eq!((shown.outcome, shown.exception), (Outcome::NeedsApproval, Some(true)));

    let id = ask(&world, "life-enter", "1h").await;
    let request = world.request(id).await;
    assert!(matches!(&request.kind, RequestKind::Exception { from } if from.len() == 1), "{:?}", request.kind);
    assert_eq!(request.excepted(), ["Check"]);
    world.approve("olga.owner", id).await.expect("she owns the desk");
    assert!(world.approve("otto.owner", id).await.is_err(), "a second owner is from the same side");
    assert!(matches!(world.request(id).await.state, State::Waiting { .. }));
    world.approve("finn.fallback", id).await.expect("he is in the fallback group");
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    world.is_sound().await;
    let mut unlike = Vec::new();
    world
        .portal
        .rejudge(&Actor::Operator, None, &mut |it| unlike.push(it.to_string()), &mut |_| ())
        .await
        .expect("they can be made again");
    assert_eq!(unlike, Vec::<String>::new());
}

/// R37: never exempt from saying why; and where nothing stands against it, it is no exception.
async fn an_exception_says_why_and_is_one_from_something(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    let from_nothing = ask(&world, "life-enter", "1h").await;
    let request = world.request(from_nothing).await;
    let failed: Vec<_> = request.ruling.failures().map(|check| check.rule.clone()).collect();
    assert_eq!(failed, ["exception"]);

    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;
    let short = Asking { justification: "a word".to_owned(), ..as_exception(&world, "life-enter", "1h").await };
    let done = world.portal.ask(&ann, &short).await;
    assert!(is(&done, |no| matches!(no, Refusal::Unwritten { field: "justification", .. })), "{done:?}");
    let shown = world.portal.preview(&ann, &short).await.expect("it is worked out");
    let says = "The nearest way in: say why in at least 40 characters, as it is an exception.";
    assert!(shown.next.ends_with(says), "{}", shown.next);
    world.is_sound().await;
}

/// R36, R37: whoever shows who they are for it has read that it is an exception, and beside what.
async fn what_is_stated_of_an_exception_says_that_it_is_one(on: On) {
    let world = World::on(on).await;
    world.import(&format!("{COMPANY}{SWORN}")).await;
    for who in ["ann.asker", "olga.owner"] {
        is_let_in(&world, who).await;
    }
    let [ann, olga] = [world.actor("ann.asker").await, world.actor("olga.owner").await];
    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;
    let asks = Wanted::Ask(as_exception(&world, "life-sworn", "1h").await);
    let pending = begun(&world, &ann, &asks).await;
    let says = world.portal.confirm_page(&ann, pending).await.expect("it is hers").says;
    assert_eq!(says, "I ask for “Enter, sworn”, for 1 hour, as an exception beside “Check”");
    let lead = world.portal.confirm(&ann, pending, &password()).await.expect("she may ask");
    let id: RequestId = lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads to the request");

    let pending = begun(&world, &olga, &yes(&world, id).await).await;
    let says = world.portal.confirm_page(&olga, pending).await.expect("it is hers").says;
    assert!(says.contains("for Ann Asker, for 1 hour, as an exception beside “Check”, by ruling"), "{says}");
    world.portal.confirm(&olga, pending, &password()).await.expect("she owns the desk");
    assert_eq!(world.request(id).await.decisions.len(), 1);
    world.is_sound().await;
}

/// R7: an exception is one from what it names, and from nothing that has come up since.
async fn what_came_up_since_stops_an_exception_at_the_moment_of_granting(on: On) {
    let world = World::on(on).await;
    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;
    world.granted("ann.asker", "life-auto", "4h", &[]).await;
    let id = ask(&world, "life-enter", "1h").await;
    world.approve("olga.owner", id).await.expect("she owns the desk");
    let alone = "says = \"Right Y, with nobody in the way\"\n";
    assert!(COMPANY.contains(alone));
    world.import(&COMPANY.replace(alone, &format!("{alone}incompatible = [\"life-enter\"]\n"))).await;
    world.approve("fay.fallback", id).await.expect("she is in the fallback group");
    world.run_jobs().await;
    let State::Stopped { why, .. } = world.request(id).await.state else { panic!("it is stopped") };
    assert!(why.contains("“By policy alone”, which must not be in the same hands"), "{why}");
    world.is_sound().await;
}

/// R42: it is asked for anew, and is an exception once more, ticked or not.
async fn the_renewal_of_an_exception_is_one_again(on: On) {
    let world = World::on(on).await;
    let id = granted(&world).await;
    let grant = world.grant_of(id).await.id;
    let again = world.request(world.renew("ann.asker", "life-enter", "1h", grant).await).await;
    assert!(matches!(again.kind, RequestKind::Exception { .. }), "{:?}", again.kind);
    assert_eq!(again.ask.continues, Some(grant));
    assert!(matches!(again.state, State::Waiting { .. }));
}

/// R37, R66: once the access has ended its review is owed, by an owner who neither asked nor decided.
async fn an_exception_is_reviewed_once_by_somebody_who_had_no_part_in_it(on: On) {
    let world = World::on(on).await;
    let id = granted(&world).await;
    let [ann, olga, otto] =
        [world.actor("ann.asker").await, world.actor("olga.owner").await, world.actor("otto.owner").await];
    let owed = async |who: &Actor| world.portal.home(who).await.expect("it is their page").reviews.len();
    assert_eq!(owed(&otto).await, 0, "the access is there yet");
    let early = world.portal.review_exception(&otto, id, "as it was meant to be").await;
    assert!(is(&early, |no| matches!(no, Refusal::NotAllowed(_))), "{early:?}");

    world.pass(TimeDelta::minutes(61)).await;
    assert_eq!(world.grant_of(id).await.state.word(), "ended");
    assert_eq!([owed(&ann).await, owed(&olga).await, owed(&otto).await], [0, 0, 1]);
    for who in [&ann, &olga, &world.actor("fay.fallback").await] {
        let done = world.portal.review_exception(who, id, "as it was meant to be").await;
        assert!(is(&done, |no| matches!(no, Refusal::NotAllowed(_))), "{done:?}");
    }
    let stranger = world.actor("lena.fischer").await;
    let done = world.portal.review_exception(&stranger, id, "as it was meant to be").await;
    assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
    let page = world.portal.request(&otto, id).await.expect("he owns the desk");
    assert!(page.review.is_some_and(|review| review.mine && !review.overdue && review.owed_by == ["Otto Owner"]));
    let empty = world.portal.review_exception(&otto, id, " ").await;
    assert!(is(&empty, |no| matches!(no, Refusal::Missing("review"))), "{empty:?}");

    world.portal.review_exception(&otto, id, "as it was meant to be").await.expect("he owes it");
    assert_eq!(owed(&otto).await, 0);
    let twice = world.portal.review_exception(&otto, id, "once more").await;
    assert!(is(&twice, |no| matches!(no, Refusal::AlreadyOver { what: "reviewed", .. })), "{twice:?}");
    assert_eq!(world.told(id).await.last().map(String::as_str), Some("exception_reviewed"));
    world.pass(TimeDelta::days(8)).await;
    world.is_sound().await;
}

/// R66: it has a due date, and what is overdue is told; it blocks nothing yet.
async fn a_review_that_nobody_does_in_time_is_told_to_the_admins_once(on: On) {
    let world = World::on(on).await;
    let id = granted(&world).await;
    let told = async |who: &str, path: String| {
        let notices = world.portal.notices(&world.actor(who).await, "").await.expect("they are theirs");
        notices.items.iter().filter(|notice| notice.path == path).count()
    };
    world.pass(TimeDelta::minutes(61)).await;
    assert_eq!(told("otto.owner", format!("/requests/{id}#exception")).await, 1);
    assert_eq!(told("astrid.nyberg", format!("/requests/{id}#overdue")).await, 0);
    for _ in 0..3 {
        world.pass(TimeDelta::days(4)).await;
    }
    assert_eq!(told("otto.owner", format!("/requests/{id}#exception")).await, 1);
    assert_eq!(told("astrid.nyberg", format!("/requests/{id}#overdue")).await, 1);
    let home = world.portal.home(&world.actor("otto.owner").await).await.expect("it is his page");
    assert!(matches!(&home.reviews[..], [row] if row.overdue && row.card.id == id));
    world.is_sound().await;
}

/// R66: also who had nothing to do with it when it was asked.
async fn who_owes_a_review_sees_what_it_is_of(on: On) {
    let world = World::on(on).await;
    let id = granted(&world).await;
    world.pass(TimeDelta::minutes(61)).await;
    let hedda = world.actor("hedda.hand").await;
    assert!(matches!(world.portal.request(&hedda, id).await, Err(Error::NotFound)), "she owes nothing yet");
    let moved = [
        ("owners = [\"olga.owner\", \"otto.owner\"]", "owners = [\"olga.owner\"]"),
        ("backup_owners = [\"bea.backup\"]", "backup_owners = [\"fay.fallback\"]"),
        ("members = [\"fay.fallback\", \"finn.fallback\"]", "members = [\"fay.fallback\", \"hedda.hand\"]"),
    ];
    let company = moved.iter().fold(COMPANY.to_owned(), |text, (before, after)| {
        assert!(text.contains(before), "{before}");
        text.replace(before, after)
    });
    // The owner and who backs her up decided on it, and so it falls to the fallback group of today.
    world.import(&company).await;
    assert_eq!(world.portal.home(&hedda).await.expect("it is her page").reviews.len(), 1);
    let page = world.portal.request(&hedda, id).await.expect("she owes it");
    assert!(page.review.is_some_and(|review| review.mine));
    world.portal.review_exception(&hedda, id, "as it was meant to be").await.expect("she owes it");
    world.portal.request(&hedda, id).await.expect("she wrote what it says");
    world.is_sound().await;
}

/// Ann holds the right to check, and had one beside it that Olga made by hand and somebody is to take away by hand.
async fn made_by_hand(world: &World) -> RequestId {
    world.import(&format!("{COMPANY}{BY_HAND}")).await;
    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;
    let id = ask(world, "life-by-hand", "1h").await;
    world.approve("otto.owner", id).await.expect("he owns what it reaches");
    world.approve("fay.fallback", id).await.expect("she is in the fallback group");
    world.run_jobs().await;
    attests(world, "olga.owner").await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    world.pass(TimeDelta::minutes(61)).await;
    id
}

/// R66: the admins hear, once, of an end that does not come.
async fn an_end_that_nobody_brings_about_hides_no_review(on: On) {
    let world = World::on(on).await;
    let id = made_by_hand(&world).await;
    for _ in 0..3 {
        world.pass(TimeDelta::days(4)).await;
    }
    assert_eq!(world.grant_of(id).await.state.word(), "ending");
    let notices = world.portal.notices(&world.actor("astrid.nyberg").await, "").await.expect("they are hers");
    let path = format!("/requests/{id}#ending");
    assert_eq!(notices.items.iter().filter(|notice| notice.path == path).count(), 1);
    attests(&world, "hal.hand").await;
    let bea = world.actor("bea.backup").await;
    assert_eq!(world.portal.home(&bea).await.expect("it is her page").reviews.len(), 1);
    world.is_sound().await;
}

/// R30, R37: who attested that it was made had a part in it.
async fn who_made_it_by_hand_does_not_review_it(on: On) {
    let world = World::on(on).await;
    let id = made_by_hand(&world).await;
    attests(&world, "hal.hand").await;
    assert_eq!(world.grant_of(id).await.state.word(), "ended");

    let olga = world.actor("olga.owner").await;
    assert!(world.portal.home(&olga).await.expect("it is her page").reviews.is_empty());
    let done = world.portal.review_exception(&olga, id, "as it was meant to be").await;
    assert!(is(&done, |no| matches!(no, Refusal::NotAllowed(_))), "{done:?}");
    let bea = world.actor("bea.backup").await;
    world.portal.review_exception(&bea, id, "as it was meant to be").await.expect("no owner is left without a part");
    world.is_sound().await;
}

/// An operator says that what they see first is done.
async fn attests(world: &World, who: &str) {
    let (task, ..) = world.tasks(who).await[0];
    world.portal.attest(&world.actor(who).await, task).await.expect("they had no part in it");
    world.run_jobs().await;
}

/// Asks for both in one moment, each from a replica of its own.
async fn both(world: &World, [a, b]: [Asking; 2]) -> [RequestId; 2] {
    let ann = world.actor("ann.asker").await;
    let [one, other] = [world.replica().await, world.replica().await];
    let by = ann.clone();
    let (a, b) = at_once(
        async move {
            let done = one.ask(&ann, &a).await;
            one.close().await;
            done
        },
        async move {
            let done = other.ask(&by, &b).await;
            other.close().await;
            done
        },
    )
    .await;
    [a.expect("a refused ask is a record"), b.expect("a refused ask is a record")]
}

async fn states(world: &World, ids: [RequestId; 2]) -> [&'static str; 2] {
    let [a, b] = ids;
    let mut words = [world.request(a).await.state.word(), world.request(b).await.state.word()];
    words.sort_unstable();
    words
}

/// What is only asked for is no part of an exception: of two that exclude each other one goes first, and the other hears no.
async fn of_two_incompatible_exceptions_in_one_moment_one_is_not_refused(on: On) {
    let world = World::on(on).await;
    world.import(&format!("{COMPANY}{MORE}")).await;
    world.granted("ann.asker", "life-check", "8h", &["olga.owner"]).await;
    for _ in 0..rounds() {
        let asks = [as_exception(&world, "life-enter", "1h").await, as_exception(&world, "life-third", "1h").await];
        let ids = both(&world, asks).await;
        assert_eq!(states(&world, ids).await, ["refused", "waiting"]);
        for id in ids {
            clear(&world, id).await;
        }
    }
    world.is_sound().await;
}

/// Separation of duties holds in one moment where nobody decides, too.
async fn of_two_incompatible_automatic_asks_in_one_moment_one_is_not_refused(on: On) {
    let world = World::on(on).await;
    world.import(&format!("{COMPANY}{MORE}")).await;
    for _ in 0..rounds() {
        let a = world.asking("ann.asker", "life-auto-a", "1h").await;
        let b = world.asking("ann.asker", "life-auto-b", "1h").await;
        let ids = both(&world, [a, b]).await;
        assert_eq!(states(&world, ids).await, ["approved", "refused"]);
        for id in ids {
            clear(&world, id).await;
        }
    }
    world.is_sound().await;
}
