//! Leaving and coming back: nobody comes to decide by their own word that others are gone, and everything follows in one commit.

use crate::{
    delegation::lets,
    on_both,
    people::{is_let_in, notices, uses},
    review::{governed, sensitive},
    stepup::{confirmed, password, with_app},
    world::{COMPANY, On, PASSWORD, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    authenticator::BARRED_FOR,
    guardrail::GuardrailText,
    ids::IdentityId,
    request::State,
    views::{IdentityPage, editor::BundleEditor, guardrails::GuardrailEditor},
};
use operations::{Error, Wanted, guardrails::GuardrailAct};

on_both! {
    marking_somebody_left_wants_a_step_up_and_is_told
    nobody_comes_to_decide_by_saying_that_others_have_left
    who_would_decide_later_does_not_say_it_alone_either
    nor_does_who_would_decide_in_anothers_place
    an_admin_leaves_by_the_word_of_two_and_is_signed_out_at_once
    who_decides_about_a_sensitive_system_leaves_by_the_word_of_two
    what_the_leaver_asked_or_would_get_is_stopped_and_told
    the_command_line_says_it_alone_and_every_admin_hears_of_it
    who_comes_back_is_let_in_as_somebody_who_is_new
    who_is_barred_decides_nothing_about_what_others_do
}

/// A system of Olga's alone, which Astrid backs up.
const LONE: &str = r#"
[[system]]
key = "lone-desk"
name = "Lone desk"
says = "Owned by one, and backed up by an admin"
environment = "staging"
sensitivity = "low"
data_class = "internal"
owners = ["olga.owner"]
backup_owners = ["astrid.nyberg"]
fallback = "life-fallback"
connector = "directory"

  [[system.entitlement]]
  key = "x"
  name = "Right X"
  says = "Do X"
  native = "life-x"

[[bundle]]
key = "lone-one"
name = "By the lone owner"
says = "Right X, by the yes of its only owner"
entitlements = ["lone-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

/// A world with that system, in which two admins and Olga have signed in.
async fn lone(on: On) -> (World, Actor, Actor) {
    let world = World::on(on).await;
    world.import(LONE).await;
    for key in ["astrid.nyberg", "tomas.ferreira", "olga.owner"] {
        is_let_in(&world, key).await;
    }
    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    (world, astrid, tomas)
}

async fn says_left(world: &World, actor: &Actor, id: IdentityId) -> Result<(), Error> {
    let done = world.portal.mark_left(actor, id).await;
    world.confirming(actor, done, Wanted::MarkLeft { identity: id }).await
}

async fn confirms_left(world: &World, actor: &Actor, id: IdentityId) -> Result<(), Error> {
    let done = world.portal.confirm_left(actor, id).await;
    world.confirming(actor, done, Wanted::ConfirmLeft { identity: id }).await
}

async fn page(world: &World, actor: &Actor, key: &str) -> IdentityPage {
    world.portal.identity(actor, key).await.expect("an admin sees it")
}

async fn signs_in(world: &World, key: &str) -> Result<(), Error> {
    world.portal.sign_in(key, PASSWORD, "192.0.2.7", "test").await.map(|_| ())
}

fn is(done: &Result<(), Error>, what: impl Fn(&Refusal) -> bool) -> bool {
    matches!(done, Err(Error::Refused(refusal)) if what(refusal))
}

/// R36, R46: it is an act like another that moves a boundary.
async fn marking_somebody_left_wants_a_step_up_and_is_told(on: On) {
    let (world, astrid, _, _) = governed(on).await;
    let bo = world.id("bo.asker").await;
    let bare = world.portal.mark_left(&astrid, bo).await;
    assert!(is(&bare, |no| matches!(no, Refusal::StepUp { .. })), "{bare:?}");
    assert!(!page(&world, &astrid, "bo.asker").await.row.left);
    let own = world.portal.mark_left(&astrid, world.id("astrid.nyberg").await).await;
    assert!(is(&own, |no| matches!(no, Refusal::NotAllowed(_))), "{own:?}");
    says_left(&world, &astrid, bo).await.expect("nobody decides more by it");
    let seen = page(&world, &astrid, "bo.asker").await;
    assert!(seen.row.left && seen.departure.is_none() && seen.may_return && !seen.may_leave, "{seen:?}");
    assert!(seen.lines.iter().any(|line| line.what == "said that they left, with a fresh sign-in"), "{:?}", seen.lines);
    assert_eq!(notices(&world, "tomas.ferreira").await[0], "Astrid Nyberg says that Bo Asker has left");
    let again = says_left(&world, &astrid, bo).await;
    assert!(is(&again, |no| matches!(no, Refusal::AlreadyLeft { .. })), "{again:?}");
    world.is_sound().await;
}

/// R30, R31: departure is no way into a stage, neither by one admin nor with another's help.
async fn nobody_comes_to_decide_by_saying_that_others_have_left(on: On) {
    let (world, astrid, tomas) = lone(on).await;
    let olga = world.id("olga.owner").await;
    let id = world.ask("ann.asker", "lone-one", "2h").await;
    signs_in(&world, "olga.owner").await.expect("she has a password");

    says_left(&world, &astrid, olga).await.expect("she may say it");
    let request = world.request(id).await;
    assert_eq!(request.may_decide_now(), [olga].into(), "nothing has moved yet");
    let early = world.approve("astrid.nyberg", id).await;
    assert!(is(&early, |no| matches!(no, Refusal::NotADecider { .. })), "{early:?}");
    let out = signs_in(&world, "olga.owner").await;
    assert!(is(&out, |no| *no == Refusal::SignIn), "{out:?}");
    let acts = world.approve("olga.owner", id).await;
    assert!(is(&acts, |no| matches!(no, Refusal::NotAllowed(_))), "{acts:?}");

    let own = confirms_left(&world, &astrid, olga).await;
    assert!(is(&own, |no| *no == Refusal::OwnProposal), "{own:?}");
    let twice = says_left(&world, &tomas, olga).await;
    assert!(is(&twice, |no| matches!(no, Refusal::DepartureProposed { .. })), "{twice:?}");
    let hers = page(&world, &astrid, "olga.owner").await.departure.expect("it waits");
    assert!(hers.own && !hers.may_confirm && hers.why_not.is_some_and(|why| why.contains("you proposed this")));
    let his = page(&world, &tomas, "olga.owner").await.departure.expect("it waits");
    assert!(!his.own && his.may_confirm && his.may_take_back, "{his:?}");
    let bare = world.portal.confirm_left(&tomas, olga).await;
    assert!(is(&bare, |no| matches!(no, Refusal::StepUp { .. })), "{bare:?}");
    confirms_left(&world, &tomas, olga).await.expect("he decides nothing more by it");

    let request = world.request(id).await;
    let fallback = [world.id("fay.fallback").await, world.id("finn.fallback").await];
    assert_eq!(request.may_decide_now(), fallback.into(), "the backup owner said it, so others decide");
    let late = world.approve("astrid.nyberg", id).await;
    assert!(is(&late, |no| *no == Refusal::MovedIt), "{late:?}");
    let acts = world.portal.request(&astrid, id).await.expect("she owns what it reaches").acts;
    assert_eq!((acts.decide, acts.why_not_decide), (false, Some(Refusal::MovedIt.to_string())));
    world.approve("finn.fallback", id).await.expect("he had no part in it");
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");

    // What is asked from now on she decides: two have said that its owner is gone.
    let later = world.ask("bo.asker", "lone-one", "2h").await;
    world.approve("astrid.nyberg", later).await.expect("she backs it up");
    world.is_sound().await;
}

/// R30: not even where nothing waits yet, and not by who stands behind a group.
async fn who_would_decide_later_does_not_say_it_alone_either(on: On) {
    let (world, astrid, tomas) = lone(on).await;
    let olga = world.id("olga.owner").await;
    says_left(&world, &astrid, olga).await.expect("she may say it");
    let seen = page(&world, &astrid, "olga.owner").await;
    assert!(!seen.row.left && seen.departure.is_some() && !seen.may_leave && !seen.may_invite, "{seen:?}");
    world.portal.keep_leaver(&astrid, olga).await.expect("she thinks again");
    signs_in(&world, "olga.owner").await.expect("she may again");
    let gone = confirms_left(&world, &tomas, olga).await;
    assert!(is(&gone, |no| *no == Refusal::NothingProposed), "{gone:?}");
    // He comes to decide nothing, so his word is enough.
    says_left(&world, &tomas, olga).await.expect("he may");
    assert!(page(&world, &tomas, "olga.owner").await.row.left);
    world.is_sound().await;
}

/// R30, R31: the two count as one person, from whichever day on.
async fn nor_does_who_would_decide_in_anothers_place(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    is_let_in(&world, "bea.backup").await;
    let later = ("2026-03-09", "2026-03-14");
    lets(&world, "bea.backup", "astrid.nyberg", later).await.expect("she may");
    let [olga, otto] = [world.id("olga.owner").await, world.id("otto.owner").await];
    says_left(&world, &astrid, olga).await.expect("she may say it");
    let seen = page(&world, &astrid, "olga.owner").await;
    assert!(!seen.row.left && seen.departure.is_some(), "where two are needed Bea would be one of them: {seen:?}");
    world.portal.keep_leaver(&tomas, olga).await.expect("he knows better");

    world.import(&sensitive()).await;
    says_left(&world, &tomas, otto).await.expect("he may say it");
    let gains = confirms_left(&world, &astrid, otto).await;
    assert!(is(&gains, |no| matches!(no, Refusal::GainsByIt { .. })), "she does not confirm it either: {gains:?}");
    let hers = page(&world, &astrid, "otto.owner").await.departure.expect("it waits");
    assert!(!hers.may_confirm && hers.why_not.is_some_and(|why| why.contains("you would decide about")));
    confirms_left(&world, &ada, otto).await.expect("she decides in nobody's place");
    // Whoever lends is gone by it, and lends nothing.
    let bea = world.id("bea.backup").await;
    says_left(&world, &tomas, bea).await.expect("he may say it");
    confirms_left(&world, &astrid, bea).await.expect("nobody is left in whose place she would decide");
    world.is_sound().await;
}

/// R30: no admin gets rid of another alone; and who is said to have left is out at once, until it is settled.
async fn an_admin_leaves_by_the_word_of_two_and_is_signed_out_at_once(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    let id = world.id("ada.admin").await;
    says_left(&world, &astrid, id).await.expect("she may say it");
    assert!(!page(&world, &tomas, "ada.admin").await.row.left);
    let told = notices(&world, "tomas.ferreira").await;
    assert_eq!(told[0], "Astrid Nyberg says that Ada Admin has left: another admin confirms it");
    let out = signs_in(&world, "ada.admin").await;
    assert!(is(&out, |no| *no == Refusal::SignIn), "{out:?}");
    let acts = world.portal.keep_leaver(&ada, id).await;
    assert!(is(&acts, |no| matches!(no, Refusal::NotAllowed(_))), "not even to take it back: {acts:?}");
    world.portal.keep_leaver(&tomas, id).await.expect("he knows better");
    signs_in(&world, "ada.admin").await.expect("she belongs");

    says_left(&world, &astrid, id).await.expect("she may say it again");
    confirms_left(&world, &tomas, id).await.expect("he is the second");
    let seen = page(&world, &tomas, "ada.admin").await;
    assert!(seen.row.left, "{seen:?}");
    let says = "confirmed that they left, as Astrid Nyberg had said, with a fresh sign-in";
    assert!(seen.lines.iter().any(|line| line.what == says), "{:?}", seen.lines);
    world.is_sound().await;
}

async fn who_decides_about_a_sensitive_system_leaves_by_the_word_of_two(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    world.import(&sensitive()).await;
    let bea = world.id("bea.backup").await;
    says_left(&world, &astrid, bea).await.expect("she may say it");
    assert!(!page(&world, &astrid, "bea.backup").await.row.left, "she backs up a sensitive system");
    confirms_left(&world, &tomas, bea).await.expect("he is the second");
    assert!(page(&world, &astrid, "bea.backup").await.row.left);
    world.is_sound().await;
}

/// R46: nobody decides on what can lead nowhere, nor waits for it.
async fn what_the_leaver_asked_or_would_get_is_stopped_and_told(on: On) {
    let (world, astrid, _, _) = governed(on).await;
    let waits = world.ask("ann.asker", "life-two", "2h").await;
    world.approve("olga.owner", waits).await.expect("an owner decides");
    let approved = world.ask("ann.asker", "life-check", "2h").await;
    world.approve("otto.owner", approved).await.expect("an owner decides");
    let other = world.ask("bo.asker", "life-one", "2h").await;
    says_left(&world, &astrid, world.id("ann.asker").await).await.expect("nobody decides more by it");
    for id in [waits, approved] {
        let State::Stopped { why, .. } = world.request(id).await.state else { panic!("it is stopped") };
        assert_eq!(why, "Ann Asker has left");
    }
    assert!(world.request(other).await.state.is_open(), "it is another's");
    let told = notices(&world, "otto.owner").await;
    assert!(told.contains(&"Two of the owners for Ann Asker was stopped: Ann Asker has left".to_owned()), "{told:?}");
    assert!(notices(&world, "olga.owner").await.iter().any(|says| says.contains("was stopped")), "she had decided");
    world.run_jobs().await;
    assert!(world.read().await.grant_of(approved).await.expect("it can be read").is_none());
    let late = world.approve("otto.owner", waits).await;
    assert!(is(&late, |no| matches!(no, Refusal::AlreadyOver { what: "stopped", .. })), "{late:?}");
    world.is_sound().await;
}

/// R2, R46: the catalogue says it alone, as nobody could hold off who loads it; and nobody says it in silence.
async fn the_command_line_says_it_alone_and_every_admin_hears_of_it(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let left = |name: &str| COMPANY.replace(&format!("name = \"{name}\""), &format!("name = \"{name}\"\nleft = true"));
    let waits = world.ask("bo.asker", "life-one", "2h").await;
    world.import(&left("Bo Asker")).await;
    for admin in ["astrid.nyberg", "tomas.ferreira", "ada.admin"] {
        assert_eq!(notices(&world, admin).await[0], "the command line says that Bo Asker has left");
    }
    assert!(matches!(world.request(waits).await.state, State::Stopped { .. }));

    // It settles what two admins have not, either way.
    let ada = world.id("ada.admin").await;
    says_left(&world, &astrid, ada).await.expect("she may say it");
    let link = world.portal.invite_by_key(&Actor::Operator, "ada.admin").await.expect("the command line knows better");
    uses(&world.portal, &link).await.expect("the link is new");
    assert!(page(&world, &tomas, "ada.admin").await.departure.is_none());
    says_left(&world, &astrid, ada).await.expect("she may say it again");
    let gone = "[[person]]\nkey = \"ada.admin\"\nname = \"Ada Admin\"\nroles = [\"admin\"]\nleft = true\n";
    world.import(gone).await;
    let seen = page(&world, &tomas, "ada.admin").await;
    assert!(seen.row.left && seen.departure.is_none(), "{seen:?}");
    world.is_sound().await;
}

/// R46: coming back is being let in anew: nothing of what one had opens anything.
async fn who_comes_back_is_let_in_as_somebody_who_is_new(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let bo = world.id("bo.asker").await;
    is_let_in(&world, "bo.asker").await;
    with_app(&world, &world.actor("bo.asker").await, &password()).await;
    let grant = world.granted("bo.asker", "life-one", "2h", &["olga.owner"]).await;
    let early = world.portal.mark_returned(&astrid, bo).await;
    assert!(is(&early, |no| matches!(no, Refusal::NotLeft { .. })), "{early:?}");
    says_left(&world, &astrid, bo).await.expect("nobody decides more by it");
    world.run_jobs().await;

    let bare = world.portal.mark_returned(&tomas, bo).await;
    assert!(is(&bare, |no| matches!(no, Refusal::StepUp { .. })), "{bare:?}");
    world.confirming(&tomas, bare, Wanted::MarkReturned { identity: bo }).await.expect("he may say it");
    assert_eq!(notices(&world, "astrid.nyberg").await[0], "Tomás Ferreira says that Bo Asker is back");
    let old = signs_in(&world, "bo.asker").await;
    assert!(is(&old, |no| *no == Refusal::SignIn), "the old password opens nothing: {old:?}");
    assert_eq!(world.grant(grant).await.state.word(), "ended", "nothing of what he had");
    let link = world.portal.invite(&tomas, bo).await.expect("he has no password");
    uses(&world.portal, &link).await.expect("the link is new");
    signs_in(&world, "bo.asker").await.expect("he is in");
    assert!(world.portal.authenticators(&world.actor("bo.asker").await).await.expect("his").mine.is_empty());
    world.ask("bo.asker", "life-one", "1h").await;
    world.is_sound().await;
}

/// A reset bars from deciding about what others wrote, proposed or said, and from letting others in.
async fn who_is_barred_decides_nothing_about_what_others_do(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    with_app(&world, &ada, &password()).await;
    let whose = world.id("ada.admin").await;
    world.import(&sensitive()).await;
    let owners = sensitive().replacen("owners = [\"olga.owner\", \"otto.owner\"]", "owners = [\"olga.owner\"]", 1);
    world.import(&owners).await;
    let fallback = "members = [\"fay.fallback\", \"finn.fallback\"]";
    world.import(&owners.replace(fallback, "members = [\"fay.fallback\"]")).await;
    let BundleEditor { text, after, .. } = world.portal.bundle_editor(&astrid, "life-one").await.expect("she edits");
    world.portal.draft_bundle(&astrid, &text.replace("8h", "6h"), after).await.expect("she writes it");
    let number = after + 1;
    world.portal.submit_draft(&astrid, "life-one", number).await.expect("it is hers");
    world.portal.retire_bundle(&astrid, "life-two").await.expect("she may propose it");
    let GuardrailEditor { rules, tests, after, .. } = world.portal.guardrail_editor(&astrid).await.expect("she edits");
    let law = GuardrailText { rules: format!("{rules}// a word\n"), tests };
    world.portal.draft_guardrails(&astrid, &law, after).await.expect("she writes it");
    let law = after + 1;
    world.portal.change_guardrails(&astrid, law, GuardrailAct::Submit).await.expect("it is hers");
    let olga = world.id("olga.owner").await;
    says_left(&world, &astrid, olga).await.expect("she may say it");

    let asked = world.portal.ask_reset(&astrid, whose).await;
    world.confirming(&astrid, asked, Wanted::AskReset { identity: whose }).await.expect("she may ask");
    confirmed(&world, &tomas, &Wanted::ResetAuthenticators { identity: whose }, &password()).await.expect("the second");
    let bo = world.id("bo.asker").await;
    let decisions = [
        world.portal.send_draft_back(&ada, "life-one", number, "no").await,
        world.portal.discard_draft(&ada, "life-one", number).await,
        world.portal.keep_bundle(&ada, "life-two", 1).await,
        world.portal.change_guardrails(&ada, law, GuardrailAct::SendBack("no")).await,
        world.portal.change_guardrails(&ada, law, GuardrailAct::Discard).await,
        world.portal.reject_owners(&ada, "life-desk", 1, "no").await,
        world.portal.reject_members(&ada, "life-fallback", 1, "no").await,
        world.portal.keep_leaver(&ada, olga).await,
        world.portal.mark_left(&ada, bo).await,
        world.portal.mark_returned(&ada, bo).await,
        world.portal.invite(&ada, bo).await.map(|_| ()),
    ];
    for (turn, done) in decisions.iter().enumerate() {
        assert!(is(done, |no| matches!(no, Refusal::Barred { .. })), "{turn}: {done:?}");
    }
    world.portal.comment_on_draft(&ada, "life-one", number, "a word").await.expect("that decides nothing");
    world.portal.comment_on_owners(&ada, "life-desk", 1, "a word").await.expect("nor does that");
    world.portal.change_guardrails(&ada, law, GuardrailAct::Comment("a word")).await.expect("nor that");
    world.pass(BARRED_FOR + TimeDelta::seconds(1)).await;
    world.portal.reject_owners(&ada, "life-desk", 1, "no").await.expect("a day has passed");
    world.portal.keep_leaver(&ada, olga).await.expect("a day has passed");
    world.is_sound().await;
}
