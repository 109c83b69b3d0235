//! Getting in: whom a link is for, how often one may guess, and the first admins.

use crate::{
    on_both,
    races::{at_once, rounds},
    world::{On, PASSWORD, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    views::{Invitation, editor::BundleEditor},
};
use operations::{Error, FirstAdmin, Portal, SignedIn, Wanted};

on_both! {
    an_admin_makes_links_for_those_without_a_password_and_all_hear_of_it
    tries_of_one_moment_are_counted_one_by_one
    the_key_and_the_email_of_a_person_are_one_budget
    a_right_sign_in_leaves_an_address_as_it_was_and_an_hour_forgets
    when_the_founder_has_left_there_is_a_new_one
    two_admins_in_one_moment_end_founding_mode
    of_two_replicas_that_found_the_portal_both_start
    nobody_publishes_their_own_draft_under_another_name
}

/// The person of a link chooses the password of these tests.
pub async fn uses(portal: &Portal, link: &Invitation) -> Result<SignedIn, Error> {
    let token = link.path.strip_prefix("/welcome/").expect("a link");
    portal.set_password(token, PASSWORD).await
}

/// A link that the command line makes.
async fn link(world: &World, key: &str) -> Invitation {
    world.portal.invite_by_key(&Actor::Operator, key).await.expect("the command line may")
}

/// Lets somebody in for the first time.
pub async fn is_let_in(world: &World, key: &str) {
    uses(&world.portal, &link(world, key).await).await.expect("the link is new");
}

async fn try_as(world: &World, name: &str, password: &str) -> Result<SignedIn, Error> {
    world.portal.sign_in(name, password, "192.0.2.7", "test").await
}

fn was_looked_at(outcome: &Result<SignedIn, Error>) -> bool {
    matches!(outcome, Err(Error::Refused(Refusal::SignIn)))
}

fn must_wait(outcome: &Result<SignedIn, Error>) -> bool {
    matches!(outcome, Err(Error::Refused(Refusal::TooMany(_))))
}

/// What somebody was told, the newest first.
pub async fn notices(world: &World, key: &str) -> Vec<String> {
    let list = world.portal.notices(&world.actor(key).await, "").await.expect("they can be read");
    list.items.into_iter().map(|notice| notice.says).collect()
}

/// Whoever sees a link can become its person, so no admin has one to somebody who can sign in; and every link is told.
async fn an_admin_makes_links_for_those_without_a_password_and_all_hear_of_it(on: On) {
    let world = World::on(on).await;
    let astrid = world.actor("astrid.nyberg").await;
    let ann = world.id("ann.asker").await;
    let first = world.portal.invite(&astrid, ann).await.expect("she has no password yet");
    assert_eq!(first.key, "ann.asker");
    let told = |by: &Actor| format!("{by} made a one-time link with which Ann Asker can set a password");
    assert_eq!(notices(&world, "tomas.ferreira").await, [told(&astrid)]);
    assert_eq!(notices(&world, "astrid.nyberg").await, Vec::<String>::new(), "she knows");
    uses(&world.portal, &first).await.expect("the link is new");

    let again = world.portal.invite(&astrid, ann).await;
    assert!(matches!(again, Err(Error::Refused(Refusal::HasAPassword { .. }))), "{again:?}");
    let page = world.portal.identity(&astrid, "ann.asker").await.expect("an admin sees her");
    assert!(!page.may_invite, "{page:?}");
    assert!(page.why_no_link.is_some_and(|why| why.contains("sallyport admin invite ann.asker")));
    try_as(&world, "ann.asker", PASSWORD).await.expect("her password is what it was");
    assert_eq!(notices(&world, "ann.asker").await, Vec::<String>::new());

    let other = link(&world, "ann.asker").await;
    assert_eq!(notices(&world, "astrid.nyberg").await, [told(&Actor::Operator)]);
    assert_eq!(notices(&world, "tomas.ferreira").await, [told(&Actor::Operator), told(&astrid)]);
    let hers = notices(&world, "ann.asker").await;
    assert!(hers.len() == 1 && hers[0].contains("your password can be set anew"), "{hers:?}");
    uses(&world.portal, &other).await.expect("the link is new");
    world.is_sound().await;
}

/// ASVS 6.3.1: whoever tries many at once is not given more tries by it.
async fn tries_of_one_moment_are_counted_one_by_one(on: On) {
    let world = World::on(on).await;
    is_let_in(&world, "ann.asker").await;
    let mut tries = Vec::new();
    for n in 0..16 {
        let portal = world.portal.clone();
        let password = format!("{n} red bicycles");
        tries.push(tokio::spawn(async move { portal.sign_in("ann.asker", &password, "192.0.2.7", "test").await }));
    }
    let (mut looked_at, mut waits) = (0, 0);
    for one in tries {
        let outcome = one.await.expect("it does not panic");
        looked_at += usize::from(was_looked_at(&outcome));
        waits += usize::from(must_wait(&outcome));
    }
    assert_eq!((looked_at, waits), (6, 10), "five are free, and the sixth blocks those after it");
}

/// Another name for the same person is not another budget; and who guesses is not told that it is the same person.
async fn the_key_and_the_email_of_a_person_are_one_budget(on: On) {
    let world = World::on(on).await;
    is_let_in(&world, "ann.asker").await;
    let (key, email) = ("ann.asker", "Ann.Asker@tidewater.example");
    for name in [key, email, key, email, key, email] {
        let outcome = try_as(&world, name, "a red bicycle").await;
        assert!(was_looked_at(&outcome), "{outcome:?}");
    }
    for name in [key, email] {
        let early = try_as(&world, name, PASSWORD).await;
        assert!(was_looked_at(&early), "the right password waits too, and hears what a wrong one does: {early:?}");
    }
    world.clock.advance(TimeDelta::seconds(2));
    for name in [email, key] {
        try_as(&world, name, PASSWORD).await.expect("the pause is over");
    }
}

/// An address is shared by many: what is right does not count, and what is wrong counts for an hour.
async fn a_right_sign_in_leaves_an_address_as_it_was_and_an_hour_forgets(on: On) {
    let world = World::on(on).await;
    is_let_in(&world, "ann.asker").await;
    for n in 0..20 {
        let outcome = try_as(&world, &format!("nobody.{n}"), "a red bicycle").await;
        assert!(was_looked_at(&outcome), "{n}: {outcome:?}");
    }
    for _ in 0..3 {
        try_as(&world, "ann.asker", PASSWORD).await.expect("it neither counts nor blocks");
    }
    let last = try_as(&world, "nobody.20", "a red bicycle").await;
    assert!(was_looked_at(&last), "{last:?}");
    for (name, password) in [("nobody.21", "a red bicycle"), ("ann.asker", PASSWORD)] {
        let blocked = try_as(&world, name, password).await;
        assert!(must_wait(&blocked), "those before are not forgotten by what was right: {blocked:?}");
    }

    world.clock.advance(TimeDelta::minutes(59));
    try_as(&world, "ann.asker", PASSWORD).await.expect("the pause is over");
    world.clock.advance(TimeDelta::minutes(1));
    for n in 30..51 {
        let outcome = try_as(&world, &format!("nobody.{n}"), "a red bicycle").await;
        assert!(was_looked_at(&outcome), "an hour after the first all are forgotten, {n}: {outcome:?}");
    }
}

/// A portal whose only admin has left can be set up again.
async fn when_the_founder_has_left_there_is_a_new_one(on: On) {
    let world = World::empty(on).await;
    let so_far = async || world.portal.first_admin().await.expect("it can be read");
    let set_up_link = async || world.portal.set_up_link(&Actor::Operator).await.expect("it can be made");
    assert_eq!(so_far().await, FirstAdmin::Nobody);
    let refused = world.portal.set_up_link(&Actor::System).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotAllowed(_)))), "{refused:?}");
    let first = set_up_link().await.expect("there is no admin");
    assert_eq!((first.key.as_str(), so_far().await), ("founder", FirstAdmin::Invited));
    uses(&world.portal, &first).await.expect("the link is new");
    assert_eq!((set_up_link().await, so_far().await), (None, FirstAdmin::CanSignIn));

    world.import("[[person]]\nkey = \"founder\"\nname = \"Founder\"\nleft = true\n").await;
    assert_eq!(so_far().await, FirstAdmin::Invited);
    for _ in 0..2 {
        assert_eq!(set_up_link().await.expect("there is no admin").key, "founder-2");
    }
    let second = set_up_link().await.expect("there is no admin");
    uses(&world.portal, &second).await.expect("the link is new");
    assert_eq!(so_far().await, FirstAdmin::CanSignIn);
    world.is_sound().await;
}

/// Founding mode ends with the second admin, also when both are the second.
async fn two_admins_in_one_moment_end_founding_mode(on: On) {
    let admin = |key: &str| format!("[[person]]\nkey = \"{key}\"\nname = \"{key}\"\nroles = [\"admin\"]\n\n");
    for _ in 0..rounds().min(20) {
        let world = World::empty(on).await;
        world.import(&(admin("ada") + &admin("ben"))).await;
        let (ada, ben) = (link(&world, "ada").await, link(&world, "ben").await);
        let (one, other) = (world.replica().await, world.replica().await);
        let comes = |portal: Portal, link: Invitation| async move {
            let done = uses(&portal, &link).await;
            portal.close().await;
            done
        };
        let (ada, ben) = at_once(comes(one, ada), comes(other, ben)).await;
        assert!(ada.is_ok() && ben.is_ok(), "{ada:?} {ben:?}");
        let portal = world.read().await.portal().await.expect("it can be read").expect("it is founded");
        assert!(!portal.is_founding(), "there are two");
        world.is_sound().await;
    }
}

/// A replica that comes second finds the portal founded, and does not fail for it.
async fn of_two_replicas_that_found_the_portal_both_start(on: On) {
    for _ in 0..rounds().min(20) {
        let world = World::unfounded(on).await;
        let (one, other) = (world.replica().await, world.replica().await);
        let founds = |portal: Portal| async move {
            let done = portal.migrate().await;
            portal.close().await;
            done
        };
        let (one, other) = at_once(founds(one), founds(other)).await;
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert!(world.read().await.portal().await.expect("it can be read").is_some());
        world.is_sound().await;
    }
}

/// Four eyes are those of two people, whatever they are called.
async fn nobody_publishes_their_own_draft_under_another_name(on: On) {
    let world = World::on(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let astrid = world.actor("astrid.nyberg").await;
    let renamed = Actor::Person { id: world.id("astrid.nyberg").await, name: "Astrid Berg".to_owned() };
    let BundleEditor { text, after, .. } =
        world.portal.bundle_editor(&astrid, "life-one").await.expect("an admin edits");
    let more = text.replace("by the yes of one owner", "by the yes of any owner");
    assert_ne!(more, text);
    world.portal.draft_bundle(&astrid, &more, after).await.expect("an admin writes it");
    for own in [&astrid, &renamed] {
        let page = world.portal.bundle(own, "life-one").await.expect("an admin sees it");
        assert!(page.row.draft == Some(2) && !page.may_publish && page.why_not.is_some(), "{page:?}");
        let refused = world.portal.publish_bundle(own, "life-one", 2).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OwnDraft))), "{refused:?}");
    }
    let tomas = world.actor("tomas.ferreira").await;
    let unseen = world.portal.publish_bundle(&tomas, "life-one", 2).await;
    assert!(matches!(unseen, Err(Error::Refused(Refusal::NotInReview { number: 2 }))), "{unseen:?}");
    world.portal.submit_draft(&renamed, "life-one", 2).await.expect("it is hers, under any name");
    world.run_jobs().await;
    let done = world.portal.publish_bundle(&tomas, "life-one", 2).await;
    let wanted = Wanted::Publish { key: "life-one".to_owned(), number: 2 };
    world.confirming(&tomas, done, wanted).await.expect("he is somebody else");
    world.is_sound().await;
}
