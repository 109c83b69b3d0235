//! Passkeys on both databases, by one in software: each signature is for one act, once, and counts for no more than what added the passkey.
//! That browsers do the same is tried in the stories.

use crate::{
    on_both,
    people::{is_let_in, notices},
    soft::SoftPasskey,
    stepup::{begun, confirmed, is, password, sure, with_app, yes},
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    authenticator::{FIRST_WITHIN, YOUNG_FOR},
    event::Event,
    identity::IdentityEvent,
    ids::{PendingId, StreamId},
    stepup::{Proof, Strength},
    views::authenticators::{EnrolPage, Enrolling},
};
use operations::{Answer, Clock as _, Wanted};

on_both! {
    an_owner_approves_with_a_passkey
    what_was_signed_for_one_act_does_for_no_other
    the_counter_goes_on_with_a_refused_act_and_the_act_is_not_said_to_be_done
    a_counter_that_stays_0_stays_usable
    a_copy_is_said_to_be_a_copy
    a_passkey_that_a_password_added_is_a_day_later_a_passkey
    with_an_app_a_code_makes_no_passkey_on_the_same_day
}

/// Adds a passkey.
pub async fn with_passkey(world: &World, actor: &Actor, answer: &Answer) -> SoftPasskey {
    with_this(world, actor, answer, SoftPasskey::made()).await
}

async fn with_this(world: &World, actor: &Actor, answer: &Answer, key: SoftPasskey) -> SoftPasskey {
    let wanted = Wanted::AddAuthenticator { kind: Strength::Passkey, name: "Laptop".to_owned() };
    let lead = confirmed(world, actor, &wanted, answer).await.expect("they may add one");
    let id: PendingId = lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads to where it is added");
    let EnrolPage { what, .. } = world.portal.enrol_page(actor, id).await.expect("it is theirs");
    let Enrolling::Passkey { options } = what else { panic!("a passkey was wanted") };
    world.portal.finish_enrolment(actor, id, &key.registers(&options)).await.expect("it is a passkey");
    key
}

/// What this passkey answers for an act that waits.
pub async fn signed(world: &World, actor: &Actor, id: PendingId, key: &mut SoftPasskey) -> Answer {
    let page = world.portal.confirm_page(actor, id).await.expect("it is theirs");
    Answer::Passkey(key.signs(&page.passkey.expect("a passkey will do")))
}

/// The newest failure of Olga's, as its event says it.
async fn failure(world: &World) -> String {
    let olga = world.id("olga.owner").await;
    let events = world.read().await.events(StreamId(olga.0), 1, 1000).await.expect("they can be read");
    let said = events.iter().rev().find_map(|event| {
        let event = event.envelope().expect("it can be read").event;
        let Event::Identity(IdentityEvent::StepUpFailed { why, .. }) = event else { return None };
        serde_json::to_value(why).ok()
    });
    said.and_then(|why| why.as_str().map(str::to_owned)).expect("something failed")
}

/// R36: and whoever checks the trail checks the signature.
async fn an_owner_approves_with_a_passkey(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask("ann.asker", "life-key", "2h").await;
    let none = world.portal.begin_step_up(&olga, &yes(&world, id).await, "/").await;
    assert!(is(&none, |no| *no == Refusal::NoAuthenticator { needed: Strength::Passkey }), "{none:?}");
    let mut key = with_passkey(&world, &olga, &password()).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    let weak = world.portal.confirm(&olga, waits, &password()).await;
    assert!(is(&weak, |no| *no == Refusal::StepUp { needed: Strength::Passkey }), "{weak:?}");
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("it is hers to decide");
    let verified = world.request(id).await.decisions[0].verified.clone().expect("it says how");
    assert_eq!(verified.strength(), Strength::Passkey);
    assert!(matches!(verified.proof, Proof::Passkey { .. }));
    world.is_sound().await;
}

/// R29: two decisions of one person, and the signature over one of them.
async fn what_was_signed_for_one_act_does_for_no_other(on: On) {
    let (world, olga, _) = sure(on).await;
    let (one, other) = (world.ask("ann.asker", "life-key", "2h").await, world.ask("bo.asker", "life-key", "2h").await);
    let mut key = with_passkey(&world, &olga, &password()).await;
    let first = begun(&world, &olga, &yes(&world, one).await).await;
    let second = begun(&world, &olga, &yes(&world, other).await).await;
    let answer = signed(&world, &olga, first, &mut key).await;
    let wrong = world.portal.confirm(&olga, second, &answer).await;
    assert!(is(&wrong, |no| matches!(no, Refusal::StepUpFailed { .. })), "{wrong:?}");
    assert_eq!(failure(&world).await, "wrong");
    assert_eq!(world.request(other).await.state.word(), "waiting");
    world.portal.confirm(&olga, first, &answer).await.expect("it was signed for this");
    let answer = signed(&world, &olga, second, &mut key).await;
    world.portal.confirm(&olga, second, &answer).await.expect("it was signed for this");
    world.is_sound().await;
}

/// R29: the step-up is rolled back with the act that was refused; that it was used is written down by itself.
async fn the_counter_goes_on_with_a_refused_act_and_the_act_is_not_said_to_be_done(on: On) {
    let (world, olga, ann) = sure(on).await;
    let id = world.ask("ann.asker", "life-key", "2h").await;
    let mut key = with_passkey(&world, &olga, &password()).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.withdraw(&ann, id).await.expect("it is hers");
    let before = world.happened("olga.owner").await.len();
    let over = world.portal.confirm(&olga, waits, &answer).await;
    assert!(is(&over, |no| matches!(no, Refusal::AlreadyOver { .. })), "{over:?}");
    assert_eq!(world.happened("olga.owner").await[before..], ["proof_spent"]);
    let again = world.portal.confirm(&olga, waits, &answer).await;
    assert!(is(&again, |no| *no == Refusal::ClonedPasskey), "what it signed does not count twice: {again:?}");

    let other = world.ask("bo.asker", "life-key", "2h").await;
    let waits = begun(&world, &olga, &yes(&world, other).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("its counter has risen");
    assert!(world.happened("olga.owner").await.ends_with(&["stepped_up".to_owned()]));
    world.is_sound().await;
}

/// Web Authentication, section 6.1.1: a synced passkey counts nothing.
async fn a_counter_that_stays_0_stays_usable(on: On) {
    let (world, olga, _) = sure(on).await;
    let (one, other) = (world.ask("ann.asker", "life-key", "2h").await, world.ask("bo.asker", "life-key", "2h").await);
    let mut synced = SoftPasskey::made();
    synced.counter = 0;
    let mut key = with_this(&world, &olga, &password(), synced).await;
    for id in [one, other] {
        let waits = begun(&world, &olga, &yes(&world, id).await).await;
        let answer = signed(&world, &olga, waits, &mut key).await;
        world.portal.confirm(&olga, waits, &answer).await.expect("0 says nothing");
    }
    world.is_sound().await;
}

/// Web Authentication, section 7.2, step 22.
async fn a_copy_is_said_to_be_a_copy(on: On) {
    let (world, olga, _) = sure(on).await;
    let (one, other) = (world.ask("ann.asker", "life-key", "2h").await, world.ask("bo.asker", "life-key", "2h").await);
    let mut key = with_passkey(&world, &olga, &password()).await;
    let waits = begun(&world, &olga, &yes(&world, one).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("it is hers to decide");
    // The copy was made before that.
    key.counter = 1;
    let waits = begun(&world, &olga, &yes(&world, other).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    let copy = world.portal.confirm(&olga, waits, &answer).await;
    assert!(is(&copy, |no| *no == Refusal::ClonedPasskey), "{copy:?}");
    assert_eq!(failure(&world).await, "copied");
    let page = world.portal.identity(&olga, "olga.owner").await.expect("she sees herself");
    let says = "tried to confirm an act with a copy of a passkey: its counter had gone back";
    assert!(page.lines.iter().any(|line| line.what == says), "{:?}", page.lines);
    for who in ["olga.owner", "astrid.nyberg"] {
        let told = notices(&world, who).await;
        assert!(told.iter().any(|says| says.contains("used a copy of")), "{who}: {told:?}");
    }
    world.is_sound().await;
}

/// Otherwise a stolen password would be as much as a passkey, a minute after it was stolen.
async fn a_passkey_that_a_password_added_is_a_day_later_a_passkey(on: On) {
    let (world, olga, _) = sure(on).await;
    world.pass(FIRST_WITHIN).await;
    let id = world.ask("ann.asker", "life-key", "2h").await;
    let mut key = with_passkey(&world, &olga, &password()).await;
    let until = world.clock.now() + YOUNG_FOR;
    let early = world.portal.begin_step_up(&olga, &yes(&world, id).await, "/").await;
    let due = |no: &Refusal| matches!(no, Refusal::TooYoung { name, from, .. } if name == "Laptop" && *from == until);
    assert!(is(&early, due), "{early:?}");

    // Used where a password is enough, it counts for no more than that: neither does what it adds.
    let second = Wanted::AddAuthenticator { kind: Strength::Passkey, name: "Tablet".to_owned() };
    let waits = begun(&world, &olga, &second).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    let lead = world.portal.confirm(&olga, waits, &answer).await.expect("it is as good as the password");
    let adding: PendingId = lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads on");
    let EnrolPage { what, .. } = world.portal.enrol_page(&olga, adding).await.expect("it is hers");
    let Enrolling::Passkey { options } = what else { panic!("a passkey was wanted") };
    let tablet = SoftPasskey::made();
    world.portal.finish_enrolment(&olga, adding, &tablet.registers(&options)).await.expect("it is a passkey");
    let mine = world.portal.authenticators(&olga).await.expect("hers").mine;
    let young: Vec<_> = mine.iter().map(|it| it.young).collect();
    assert_eq!(young, [Some((Strength::SignIn, until)); 2]);

    world.pass(YOUNG_FOR).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("a day has passed");
    world.is_sound().await;
}

/// One phished code must not be a passkey; with the passkey one has, a second one counts at once.
async fn with_an_app_a_code_makes_no_passkey_on_the_same_day(on: On) {
    let (world, olga, _) = sure(on).await;
    is_let_in(&world, "astrid.nyberg").await;
    let (_, codes) = with_app(&world, &olga, &password()).await;
    let mut key = with_passkey(&world, &olga, &Answer::Code(codes[0].clone())).await;
    let until = world.clock.now() + YOUNG_FOR;
    let mine = world.portal.authenticators(&olga).await.expect("hers");
    let young: Vec<_> = mine.mine.iter().map(|it| it.young).collect();
    assert_eq!(young, [None, Some((Strength::Code, until))]);
    assert_eq!(mine.adds_with, Some(Strength::Code));
    let id = world.ask("ann.asker", "life-key", "2h").await;
    let early = world.portal.begin_step_up(&olga, &yes(&world, id).await, "/").await;
    assert!(is(&early, |no| matches!(no, Refusal::TooYoung { by: Strength::Code, .. })), "{early:?}");
    // It does where a code does.
    let coded = world.ask_surely("bo.asker", "life-code").await;
    let waits = begun(&world, &olga, &yes(&world, coded).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("it is as good as a code");
    let verified = world.request(coded).await.decisions[0].verified.clone().expect("it says how");
    assert_eq!(verified.counts, Strength::Code);
    assert!(
        notices(&world, "astrid.nyberg").await.iter().any(|told| told.contains("with no more than a one-time code"))
    );
    world.pass(YOUNG_FOR + TimeDelta::seconds(1)).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("a day has passed");
    world.is_sound().await;
}
