//! Step-up, with the password and with one-time codes as `oathtool` makes them: for one act, once, and never around anybody's eyes.
//! Passkeys have their own tests.

use crate::{
    on_both,
    people::{is_let_in, notices},
    world::{COMPANY, On, PASSWORD, World},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authenticator::{BARRED_FOR, FAILURES, FIRST_WITHIN, LOCKED_FOR, YOUNG_FOR},
    ids::{AuthenticatorId, PendingId, RequestId},
    stepup::{Statement, Strength},
    views::authenticators::{EnrolPage, Enrolling},
};
use operations::{Answer, Clock as _, Error, Wanted};
use std::process::Command;

on_both! {
    a_decision_that_wants_a_step_up_is_taken_by_none_without
    what_was_confirmed_is_what_is_done_and_once
    an_ask_that_wants_a_step_up_is_kept_until_then
    what_is_unwritten_comes_back_to_the_form_and_is_no_request
    a_code_counts_once_and_one_step_of_skew_is_allowed
    each_recovery_code_counts_once
    codes_are_taken_one_step_around_now
    a_weaker_proof_does_not_do_for_a_stronger_demand
    too_many_failures_lock_and_are_told
    a_right_password_makes_no_wrong_codes_good
    what_is_weaker_than_asked_is_a_failure_and_is_not_looked_at
    what_was_shown_for_a_refused_act_is_used_up_and_makes_nothing_good
    nobody_confirms_what_is_anothers
    two_admins_reset_and_the_person_decides_nothing_for_a_day
    what_confirmed_one_wish_for_a_reset_confirms_no_other
    an_authenticator_is_added_by_what_one_has
    a_new_name_is_confirmed_by_what_one_has
    an_app_that_a_password_added_is_a_day_later_an_app
    what_moves_owners_says_who_they_are
}

/// Bundles whose decisions want a step-up.
pub const BUNDLES: &str = r#"
[[bundle]]
key = "life-sure"
name = "Surely"
says = "Right X, by an owner who shows who they are"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
  step_up = "sign-in"

[[bundle]]
key = "life-code"
name = "By code"
says = "Right X, by an owner with a one-time code"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
justification = { at_least = 20 }
step_up = "sign-in"

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
  step_up = "code"

[[bundle]]
key = "life-key"
name = "By passkey"
says = "Right X, by an owner with a passkey"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
  step_up = "passkey"
"#;

/// A world with those bundles, Olga, who decides, and Ann, who asks.
pub async fn sure(on: On) -> (World, Actor, Actor) {
    let world = World::on(on).await;
    world.import(BUNDLES).await;
    is_let_in(&world, "olga.owner").await;
    is_let_in(&world, "ann.asker").await;
    let (olga, ann) = (world.actor("olga.owner").await, world.actor("ann.asker").await);
    (world, olga, ann)
}

/// The right password.
pub fn password() -> Answer {
    Answer::Password(PASSWORD.to_owned())
}

/// A yes to a request as it stands.
pub async fn yes(world: &World, id: RequestId) -> Wanted {
    let version = world.request(id).await.terms;
    Wanted::Approve { request: id, version, shorter: String::new(), comment: "as agreed".to_owned() }
}

/// An act that waits to be confirmed.
pub async fn begun(world: &World, actor: &Actor, wanted: &Wanted) -> PendingId {
    world.portal.begin_step_up(actor, wanted, "/inbox").await.expect("it may be confirmed")
}

/// What came of an act that was confirmed like this.
pub async fn confirmed(world: &World, actor: &Actor, wanted: &Wanted, answer: &Answer) -> Result<String, Error> {
    world.portal.confirm(actor, begun(world, actor, wanted).await, answer).await
}

/// What an app would show for this secret: `oathtool` is not ours, and knows RFC 6238.
pub fn code(secret: &str, at: DateTime<Utc>) -> String {
    let made = Command::new("oathtool")
        .args(["--totp", "--base32", "--now", &at.format("%Y-%m-%d %H:%M:%S UTC").to_string(), secret])
        .output()
        .expect("oathtool is installed: `cargo xtask test` does it");
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).expect("digits").trim().to_owned()
}

/// Adds an authenticator app. Gives its secret and the recovery codes.
pub async fn with_app(world: &World, actor: &Actor, answer: &Answer) -> (String, Vec<String>) {
    let wanted = Wanted::AddAuthenticator { kind: Strength::Code, name: "Phone".to_owned() };
    let lead = confirmed(world, actor, &wanted, answer).await.expect("they may add one");
    let (id, secret, codes) = adding(world, actor, &lead).await;
    let first = code(&secret, world.clock.now());
    world.portal.finish_enrolment(actor, id, &first).await.expect("the code is right");
    // The code that added it has been used.
    world.pass(TimeDelta::seconds(30)).await;
    (secret, codes)
}

async fn adding(world: &World, actor: &Actor, lead: &str) -> (PendingId, String, Vec<String>) {
    let id: PendingId = lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads to where it is added");
    let EnrolPage { what, codes, .. } = world.portal.enrol_page(actor, id).await.expect("it is theirs");
    let Enrolling::App { secret, url, picture } = what else { panic!("an app was wanted") };
    let secret = secret.replace(' ', "");
    assert!(url.starts_with("otpauth://totp/") && url.contains(&secret) && picture.starts_with("<svg"), "{url}");
    (id, secret, codes)
}

/// Whether something was refused like this.
pub fn is(done: &Result<impl std::fmt::Debug, Error>, what: impl Fn(&Refusal) -> bool) -> bool {
    matches!(done, Err(Error::Refused(refusal)) if what(refusal))
}

/// R36: signed in is not enough where the stage says so, and the event says how it was shown.
async fn a_decision_that_wants_a_step_up_is_taken_by_none_without(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask("ann.asker", "life-sure", "2h").await;
    let bare = world.approve("olga.owner", id).await;
    assert!(is(&bare, |no| *no == Refusal::StepUp { needed: Strength::SignIn }), "{bare:?}");
    let wrong = confirmed(&world, &olga, &yes(&world, id).await, &Answer::Password("not hers at all".to_owned())).await;
    assert!(is(&wrong, |no| matches!(no, Refusal::StepUpFailed { .. })), "{wrong:?}");
    assert_eq!(world.request(id).await.state.word(), "waiting");
    let lead = confirmed(&world, &olga, &yes(&world, id).await, &password()).await.expect("it is hers to decide");
    assert_eq!(lead, format!("/requests/{id}"));
    let decision = world.request(id).await.decisions.pop().expect("it was decided");
    let verified = decision.verified.expect("it says how");
    assert_eq!(verified.proof.strength(), Strength::SignIn);
    let statement: Statement = serde_json::from_str(&verified.statement).expect("it can be read");
    assert!(statement.says.contains("Surely") && statement.says.contains("Ann Asker"), "{}", statement.says);
    assert_eq!(statement.canonical().expect("it can be written"), verified.statement, "RFC 8785");
    assert!(decision.comment.is_some(), "what was written survived");
    world.is_sound().await;
}

/// L15, R29: the act and its confirmation are one: no other terms, no second time, and not when it is late.
async fn what_was_confirmed_is_what_is_done_and_once(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask("ann.asker", "life-sure", "2h").await;
    let wanted = yes(&world, id).await;
    let (one, other) = (begun(&world, &olga, &wanted).await, begun(&world, &olga, &wanted).await);
    world.portal.confirm(&olga, one, &password()).await.expect("once");
    let twice = world.portal.confirm(&olga, one, &password()).await;
    assert!(is(&twice, |no| *no == Refusal::NothingToConfirm), "{twice:?}");
    let again = world.portal.confirm(&olga, other, &password()).await;
    assert!(again.is_err(), "it is decided: {again:?}");
    assert_eq!(world.request(id).await.decisions.len(), 1);

    let late = world.ask("bo.asker", "life-sure", "2h").await;
    let waits = begun(&world, &olga, &yes(&world, late).await).await;
    world.pass(TimeDelta::minutes(11)).await;
    let done = world.portal.confirm(&olga, waits, &password()).await;
    assert!(is(&done, |no| *no == Refusal::NothingToConfirm), "{done:?}");
    let stale = Wanted::Approve { request: late, version: 7, shorter: String::new(), comment: String::new() };
    let stale = world.portal.begin_step_up(&olga, &stale, "/").await;
    assert!(is(&stale, |no| *no == Refusal::StalePage), "{stale:?}");
    world.is_sound().await;
}

async fn an_ask_that_wants_a_step_up_is_kept_until_then(on: On) {
    let (world, _, ann) = sure(on).await;
    let asking = world.asking("ann.asker", "life-code", "2h").await;
    let bare = world.portal.ask(&ann, &asking).await;
    assert!(is(&bare, |no| *no == Refusal::StepUp { needed: Strength::SignIn }), "{bare:?}");
    let lead = confirmed(&world, &ann, &Wanted::Ask(asking), &password()).await.expect("she may ask");
    let id: RequestId = lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads to the request");
    assert_eq!(world.request(id).await.state.word(), "waiting");
    world.is_sound().await;
}

async fn what_is_unwritten_comes_back_to_the_form_and_is_no_request(on: On) {
    let (world, _, ann) = sure(on).await;
    let asking = domain::views::Asking {
        justification: "help".to_owned(),
        ..world.asking("ann.asker", "life-code", "2h").await
    };
    let done = world.portal.ask(&ann, &asking).await;
    assert!(is(&done, |no| matches!(no, Refusal::Unwritten { field: "justification", .. })), "{done:?}");
    let long = domain::views::Asking { duration: "9h".to_owned(), ..asking };
    let refused = world.portal.ask(&ann, &long).await.expect("what policy refuses is a record");
    assert_eq!(world.request(refused).await.state.word(), "refused");
}

/// Another name for one's only authenticator, as an act that wants what one has.
async fn renaming(world: &World, actor: &Actor, name: &str) -> Wanted {
    let mine = world.portal.authenticators(actor).await.expect("theirs").mine;
    Wanted::RenameAuthenticator { authenticator: mine[0].id, name: name.to_owned() }
}

/// RFC 6238, section 5.2: one step for a slow hand or a clock that is off, and no more.
async fn codes_are_taken_one_step_around_now(on: On) {
    let (world, olga, _) = sure(on).await;
    let (secret, _) = with_app(&world, &olga, &password()).await;
    // So that no code around now was used when the app was added.
    world.pass(TimeDelta::seconds(60)).await;
    let now = world.clock.now();
    for (seconds, fits) in [(-60, false), (60, false), (-30, true), (0, true), (30, true)] {
        let wanted = renaming(&world, &olga, &format!("Phone {seconds}")).await;
        let answer = Answer::Code(code(&secret, now + TimeDelta::seconds(seconds)));
        let done = confirmed(&world, &olga, &wanted, &answer).await;
        assert_eq!(done.is_ok(), fits, "{seconds}: {done:?}");
        assert!(fits || is(&done, |no| matches!(no, Refusal::StepUpFailed { .. })), "{seconds}: {done:?}");
    }
    world.is_sound().await;
}

/// RFC 6238, section 5.2.
async fn a_code_counts_once_and_one_step_of_skew_is_allowed(on: On) {
    let (world, olga, _) = sure(on).await;
    let (secret, _) = with_app(&world, &olga, &password()).await;
    let now = world.clock.now();
    let asked = ["ann.asker", "bo.asker"];
    let mut ids = Vec::new();
    for who in asked {
        ids.push(world.ask_surely(who, "life-code").await);
    }
    let good = code(&secret, now);
    confirmed(&world, &olga, &yes(&world, ids[0]).await, &Answer::Code(good.clone())).await.expect("it is the code");
    let twice = confirmed(&world, &olga, &yes(&world, ids[1]).await, &Answer::Code(good)).await;
    assert!(is(&twice, |no| *no == Refusal::UsedCode), "{twice:?}");
    let early = code(&secret, now + TimeDelta::seconds(60));
    let early = confirmed(&world, &olga, &yes(&world, ids[1]).await, &Answer::Code(early)).await;
    assert!(is(&early, |no| matches!(no, Refusal::StepUpFailed { .. })), "two steps: {early:?}");
    let next = code(&secret, now + TimeDelta::seconds(30));
    confirmed(&world, &olga, &yes(&world, ids[1]).await, &Answer::Code(next)).await.expect("one step early");
    world.is_sound().await;
}

async fn each_recovery_code_counts_once(on: On) {
    let (world, olga, _) = sure(on).await;
    let (_, codes) = with_app(&world, &olga, &password()).await;
    assert_eq!(codes.len(), 10);
    let (one, two) =
        (world.ask_surely("ann.asker", "life-code").await, world.ask_surely("bo.asker", "life-code").await);
    let recovery = Answer::Code(codes[3].to_uppercase());
    confirmed(&world, &olga, &yes(&world, one).await, &recovery).await.expect("it stands in for the app");
    let twice = confirmed(&world, &olga, &yes(&world, two).await, &recovery).await;
    assert!(is(&twice, |no| matches!(no, Refusal::StepUpFailed { .. })), "{twice:?}");
    assert_eq!(world.portal.authenticators(&olga).await.expect("hers").recovery_codes, 9);
    let lead =
        confirmed(&world, &olga, &Wanted::RenewRecoveryCodes, &Answer::Code(codes[4].clone())).await.expect("hers");
    let id: PendingId = lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads to the new ones");
    let new = world.portal.enrol_page(&olga, id).await.expect("hers").codes;
    world.portal.finish_enrolment(&olga, id, "").await.expect("she has kept them");
    let old = confirmed(&world, &olga, &yes(&world, two).await, &Answer::Code(codes[5].clone())).await;
    assert!(old.is_err(), "the old ones are gone: {old:?}");
    confirmed(&world, &olga, &yes(&world, two).await, &Answer::Code(new[0].clone())).await.expect("a new one");
    world.is_sound().await;
}

async fn a_weaker_proof_does_not_do_for_a_stronger_demand(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask_surely("ann.asker", "life-code").await;
    let none = world.portal.begin_step_up(&olga, &yes(&world, id).await, "/").await;
    assert!(is(&none, |no| *no == Refusal::NoAuthenticator { needed: Strength::Code }), "{none:?}");
    with_app(&world, &olga, &password()).await;
    let weak = confirmed(&world, &olga, &yes(&world, id).await, &password()).await;
    assert!(is(&weak, |no| *no == Refusal::StepUp { needed: Strength::Code }), "{weak:?}");
    assert_eq!(world.request(id).await.state.word(), "waiting");
    world.is_sound().await;
}

async fn too_many_failures_lock_and_are_told(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask("ann.asker", "life-sure", "2h").await;
    for _ in 0..FAILURES {
        let wrong =
            confirmed(&world, &olga, &yes(&world, id).await, &Answer::Password("a wild guess".to_owned())).await;
        assert!(is(&wrong, |no| matches!(no, Refusal::StepUpFailed { .. })), "{wrong:?}");
    }
    let locked = world.portal.begin_step_up(&olga, &yes(&world, id).await, "/").await;
    assert!(is(&locked, |no| matches!(no, Refusal::Locked { .. })), "{locked:?}");
    for who in ["olga.owner", "astrid.nyberg"] {
        let told = notices(&world, who).await;
        assert!(told.iter().any(|says| says.contains("too many step-ups")), "{who}: {told:?}");
    }
    world.pass(LOCKED_FOR + TimeDelta::seconds(1)).await;
    confirmed(&world, &olga, &yes(&world, id).await, &password()).await.expect("it counts again");
    world.is_sound().await;
}

/// Types wrong codes for a yes to this request.
async fn guesses(world: &World, actor: &Actor, id: RequestId, times: u32) {
    for _ in 0..times {
        let wrong = confirmed(world, actor, &yes(world, id).await, &Answer::Code("000000".to_owned())).await;
        assert!(is(&wrong, |no| matches!(no, Refusal::StepUpFailed { .. })), "{wrong:?}");
    }
}

async fn failures(world: &World) -> usize {
    world.happened("olga.owner").await.iter().filter(|name| *name == "step_up_failed").count()
}

/// Whoever knows the password does not go on guessing codes by it: neither the chain forgets them, nor the throttle.
async fn a_right_password_makes_no_wrong_codes_good(on: On) {
    let (world, olga, _) = sure(on).await;
    with_app(&world, &olga, &password()).await;
    let id = world.ask_surely("ann.asker", "life-code").await;
    let plain = world.ask("bo.asker", "life-sure", "2h").await;
    guesses(&world, &olga, id, FAILURES - 1).await;
    confirmed(&world, &olga, &yes(&world, plain).await, &password()).await.expect("the password is enough for this");
    guesses(&world, &olga, id, 1).await;
    let locked = world.portal.begin_step_up(&olga, &yes(&world, id).await, "/").await;
    assert!(is(&locked, |no| matches!(no, Refusal::Locked { .. })), "{locked:?}");
    assert_eq!(failures(&world).await, 5, "the chain holds every one");

    // When that is over the pauses between wrong codes are as long as before, whatever else is right.
    world.pass(LOCKED_FOR + TimeDelta::seconds(1)).await;
    let other = world.ask("ann.asker", "life-sure", "2h").await;
    confirmed(&world, &olga, &yes(&world, other).await, &password()).await.expect("it counts again");
    guesses(&world, &olga, id, 1).await;
    let pause = confirmed(&world, &olga, &yes(&world, id).await, &Answer::Code("000000".to_owned())).await;
    assert!(is(&pause, |no| matches!(no, Refusal::Locked { .. })), "{pause:?}");
    world.is_sound().await;
}

/// The right password says nothing where a code is asked, and a wrong one is not told from it.
async fn what_is_weaker_than_asked_is_a_failure_and_is_not_looked_at(on: On) {
    let (world, olga, _) = sure(on).await;
    let (secret, codes) = with_app(&world, &olga, &password()).await;
    let id = world.ask_surely("ann.asker", "life-code").await;
    for weak in [password(), Answer::Password("not hers at all".to_owned())] {
        let refused = confirmed(&world, &olga, &yes(&world, id).await, &weak).await;
        assert!(is(&refused, |no| *no == Refusal::StepUp { needed: Strength::Code }), "{refused:?}");
    }
    assert_eq!(failures(&world).await, 2);
    // A recovery code is a code, and makes both good.
    let wanted = renaming(&world, &olga, "Old phone").await;
    confirmed(&world, &olga, &wanted, &Answer::Code(codes[0].clone())).await.expect("it stands in for the app");
    guesses(&world, &olga, id, FAILURES - 1).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    let weak = world.portal.confirm(&olga, waits, &password()).await;
    assert!(is(&weak, |no| *no == Refusal::StepUp { needed: Strength::Code }), "{weak:?}");
    let late = world.portal.confirm(&olga, waits, &Answer::Code(code(&secret, world.clock.now()))).await;
    assert!(is(&late, |no| matches!(no, Refusal::Locked { .. })), "it was the fifth: {late:?}");
    assert_eq!(failures(&world).await, 7);
    assert_eq!(world.request(id).await.state.word(), "waiting");
    world.is_sound().await;
}

/// R29: a proof counts once, also where the act it was for was refused.
async fn what_was_shown_for_a_refused_act_is_used_up_and_makes_nothing_good(on: On) {
    let (world, olga, ann) = sure(on).await;
    let (secret, _) = with_app(&world, &olga, &password()).await;
    let id = world.ask_surely("ann.asker", "life-code").await;
    guesses(&world, &olga, id, 2).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    world.portal.withdraw(&ann, id).await.expect("it is hers");
    let good = Answer::Code(code(&secret, world.clock.now()));
    let before = world.happened("olga.owner").await.len();
    let over = world.portal.confirm(&olga, waits, &good).await;
    assert!(is(&over, |no| matches!(no, Refusal::AlreadyOver { .. })), "{over:?}");
    let happened = world.happened("olga.owner").await;
    assert_eq!(happened[before..], ["proof_spent"], "and nothing that says that an act was confirmed");
    let page = world.portal.identity(&olga, "olga.owner").await.expect("she sees herself");
    let says = "showed who they are with a one-time code, but the act was refused";
    assert!(page.lines.iter().any(|line| line.what == says), "{:?}", page.lines);

    let again = confirmed(&world, &olga, &renaming(&world, &olga, "Old phone").await, &good).await;
    assert!(is(&again, |no| *no == Refusal::UsedCode), "{again:?}");
    let other = world.ask_surely("bo.asker", "life-code").await;
    guesses(&world, &olga, other, 2).await;
    let locked = world.portal.begin_step_up(&olga, &yes(&world, other).await, "/").await;
    assert!(is(&locked, |no| matches!(no, Refusal::Locked { .. })), "two, a used one and two: {locked:?}");
    world.is_sound().await;
}

async fn nobody_confirms_what_is_anothers(on: On) {
    let (world, olga, ann) = sure(on).await;
    let id = world.ask("bo.asker", "life-sure", "2h").await;
    let hers = begun(&world, &olga, &yes(&world, id).await).await;
    assert!(matches!(world.portal.confirm_page(&ann, hers).await, Err(Error::NotFound)));
    let stolen = world.portal.confirm(&ann, hers, &password()).await;
    assert!(is(&stolen, |no| *no == Refusal::NothingToConfirm), "{stolen:?}");
    let unseen = world.portal.begin_step_up(&ann, &yes(&world, id).await, "/").await;
    assert!(unseen.is_err(), "{unseen:?}");
    assert_eq!(world.request(id).await.state.word(), "waiting");
}

/// A reset takes two admins, neither of them the person, and bars from deciding for a day.
async fn two_admins_reset_and_the_person_decides_nothing_for_a_day(on: On) {
    let (world, olga, _) = sure(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    let whose = world.id("olga.owner").await;
    let nothing = world.portal.ask_reset(&astrid, whose).await;
    assert!(is(&nothing, |no| matches!(no, Refusal::NothingToReset { .. })), "{nothing:?}");
    with_app(&world, &olga, &password()).await;
    let stranger = world.portal.ask_reset(&olga, world.id("astrid.nyberg").await).await;
    assert!(stranger.is_err(), "{stranger:?}");
    let bare = world.portal.ask_reset(&astrid, whose).await;
    assert!(is(&bare, |no| *no == Refusal::StepUp { needed: Strength::SignIn }), "{bare:?}");
    world.confirming(&astrid, bare, Wanted::AskReset { identity: whose }).await.expect("she may ask");
    let told = notices(&world, "olga.owner").await;
    assert!(told.iter().any(|says| says.contains("Astrid Nyberg asks to reset your passkeys")), "{told:?}");
    let wanted = Wanted::ResetAuthenticators { identity: whose };
    let own = confirmed(&world, &astrid, &wanted, &password()).await;
    assert!(is(&own, |no| *no == Refusal::NotTheSecondAdmin), "{own:?}");
    confirmed(&world, &tomas, &wanted, &password()).await.expect("he is the second");
    assert!(world.portal.authenticators(&olga).await.expect("hers").mine.is_empty());
    let id = world.ask("ann.asker", "life-one", "2h").await;
    let barred = world.approve("olga.owner", id).await;
    assert!(is(&barred, |no| matches!(no, Refusal::Barred { .. })), "{barred:?}");
    world.pass(BARRED_FOR).await;
    world.approve("olga.owner", id).await.expect("a day has passed");
    world.is_sound().await;
}

/// L15: refused and asked again, it is another wish; what was stated for the first one is not what is done.
async fn what_confirmed_one_wish_for_a_reset_confirms_no_other(on: On) {
    let (world, olga, _) = sure(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    with_app(&world, &olga, &password()).await;
    let whose = world.id("olga.owner").await;
    let (asks, wanted) = (Wanted::AskReset { identity: whose }, Wanted::ResetAuthenticators { identity: whose });
    confirmed(&world, &astrid, &asks, &password()).await.expect("she may ask");
    let waits = begun(&world, &tomas, &wanted).await;
    world.portal.refuse_reset(&olga, whose).await.expect("she has lost nothing");
    confirmed(&world, &astrid, &asks, &password()).await.expect("she may ask again");
    let old = world.portal.confirm(&tomas, waits, &password()).await;
    assert!(is(&old, |no| *no == Refusal::StalePage), "{old:?}");
    assert_eq!(world.portal.authenticators(&olga).await.expect("hers").mine.len(), 1);
    confirmed(&world, &tomas, &wanted, &password()).await.expect("he states it for this wish");
    world.is_sound().await;
}

/// A session left open renames nothing, so that nobody removes the wrong one later.
async fn a_new_name_is_confirmed_by_what_one_has(on: On) {
    let (world, olga, _) = sure(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let (secret, _) = with_app(&world, &olga, &password()).await;
    let phone = world.portal.authenticators(&olga).await.expect("hers").mine[0].id;
    let bare = world.portal.rename_authenticator(&olga, phone, "Old phone").await;
    assert!(is(&bare, |no| *no == Refusal::StepUp { needed: Strength::Code }), "{bare:?}");
    world.portal.rename_authenticator(&olga, phone, " Phone ").await.expect("it is called so");
    let good = Answer::Code(code(&secret, world.clock.now()));
    let lead = confirmed(&world, &olga, &renaming(&world, &olga, "Old phone").await, &good).await.expect("it is hers");
    assert_eq!(lead, "/authenticators");
    assert_eq!(world.portal.authenticators(&olga).await.expect("hers").mine[0].name, "Old phone");
    world.is_sound().await;
}

/// Otherwise a stolen password would be as much as an app, a minute after it was stolen.
async fn an_app_that_a_password_added_is_a_day_later_an_app(on: On) {
    let (world, olga, _) = sure(on).await;
    is_let_in(&world, "astrid.nyberg").await;
    let page = world.portal.authenticators(&olga).await.expect("hers");
    assert_eq!(page.adds_with, None, "she has just come in by her link");
    world.pass(FIRST_WITHIN).await;
    let page = world.portal.authenticators(&olga).await.expect("hers");
    assert_eq!(page.adds_with, Some(Strength::SignIn));
    let (_, codes) = with_app(&world, &olga, &password()).await;
    let until = world.clock.now() - TimeDelta::seconds(30) + YOUNG_FOR;
    let page = world.portal.authenticators(&olga).await.expect("hers");
    assert_eq!(page.mine[0].young, Some((Strength::SignIn, until)));
    let says = "“Phone” was added to the passkeys and codes of Olga Owner, with no more than a fresh sign-in";
    let told = notices(&world, "astrid.nyberg").await;
    assert!(told.iter().any(|told| told.starts_with(says)), "{told:?}");

    let id = world.ask_surely("ann.asker", "life-code").await;
    let wanted = yes(&world, id).await;
    let early = world.portal.begin_step_up(&olga, &wanted, "/").await;
    let due = |no: &Refusal| matches!(no, Refusal::TooYoung { name, from, .. } if name == "Phone" && *from == until);
    assert!(is(&early, due), "{early:?}");
    // Nor does it keep out who has nothing but the password: it may be somebody else's.
    let phone = page.mine[0].id;
    let wanted_gone = Wanted::RemoveAuthenticator { authenticator: phone };
    let page = world.portal.confirm_page(&olga, begun(&world, &olga, &wanted_gone).await).await.expect("hers");
    assert!(page.needed == Strength::SignIn && page.password && page.code, "{page:?}");
    world.pass(YOUNG_FOR).await;
    let again = world.ask_surely("bo.asker", "life-code").await;
    let done = confirmed(&world, &olga, &yes(&world, again).await, &Answer::Code(codes[0].clone())).await;
    done.expect("a day has passed");
    world.is_sound().await;
}

/// What one states names whom it lets decide, and is about them alone.
async fn what_moves_owners_says_who_they_are(on: On) {
    let (world, ..) = sure(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let sensitive = COMPANY.replacen("sensitivity = \"low\"", "sensitivity = \"high\"", 1);
    world.import(&sensitive).await;
    let others = sensitive.replacen("owners = [\"olga.owner\", \"otto.owner\"]", "owners = [\"bo.asker\"]", 1);
    assert_ne!(others, sensitive);
    world.import(&others).await;
    let tomas = world.actor("tomas.ferreira").await;
    let wanted = Wanted::ConfirmOwners { key: "life-desk".to_owned(), number: 1 };
    let page = world.portal.confirm_page(&tomas, begun(&world, &tomas, &wanted).await).await.expect("he may");
    assert_eq!(page.says, "I confirm for Life desk: owners: Bo Asker");
    confirmed(&world, &tomas, &wanted, &password()).await.expect("he gains nothing by it");
    world.is_sound().await;
}

/// A stolen password adds nothing beside an app.
async fn an_authenticator_is_added_by_what_one_has(on: On) {
    let (world, olga, _) = sure(on).await;
    let (secret, _) = with_app(&world, &olga, &password()).await;
    let wanted = Wanted::AddAuthenticator { kind: Strength::Code, name: "Another".to_owned() };
    let weak = confirmed(&world, &olga, &wanted, &password()).await;
    assert!(is(&weak, |no| *no == Refusal::StepUp { needed: Strength::Code }), "{weak:?}");
    let good = Answer::Code(code(&secret, world.clock.now()));
    let lead = confirmed(&world, &olga, &wanted, &good).await.expect("it is the code");
    let (id, new, _) = adding(&world, &olga, &lead).await;
    let wrong = world.portal.finish_enrolment(&olga, id, "000000").await;
    assert!(wrong.is_err(), "{wrong:?}");
    world.portal.finish_enrolment(&olga, id, &code(&new, world.clock.now())).await.expect("the code is right");
    let mine = world.portal.authenticators(&olga).await.expect("hers").mine;
    assert_eq!(mine.len(), 2);
    let taken = Wanted::AddAuthenticator { kind: Strength::Code, name: "Phone".to_owned() };
    let taken = world.portal.begin_step_up(&olga, &taken, "/").await;
    assert!(is(&taken, |no| matches!(no, Refusal::NameTaken { .. })), "{taken:?}");
    let gone: AuthenticatorId = mine[0].id;
    world.pass(TimeDelta::seconds(30)).await;
    let good = Answer::Code(code(&secret, world.clock.now()));
    confirmed(&world, &olga, &Wanted::RemoveAuthenticator { authenticator: gone }, &good).await.expect("hers");
    assert_eq!(world.portal.authenticators(&olga).await.expect("hers").mine.len(), 1);
    world.is_sound().await;
}
