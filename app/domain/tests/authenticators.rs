//! The life of a person's authenticators by the rules alone: added, used, failed, called otherwise, removed and reset.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authenticator::{
        BARRED_FOR, FAILURES, FIRST_WITHIN, Failure, LOCKED_FOR, Means, NewAuthenticator, Used, YOUNG_FOR, Young,
    },
    event::Transition,
    identity::{Identity, IdentitySpec, Kind},
    ids::{AuthenticatorId, IdentityId},
    stepup::{Act, Confirmed, FORMAT, Proof, Statement, Strength, Verified},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const ANN: IdentityId = IdentityId(Uuid::from_u128(1));
const ADA: IdentityId = IdentityId(Uuid::from_u128(2));
const BEN: IdentityId = IdentityId(Uuid::from_u128(3));
const PHONE: AuthenticatorId = AuthenticatorId(Uuid::from_u128(11));
const LAPTOP: AuthenticatorId = AuthenticatorId(Uuid::from_u128(12));
const TABLET: AuthenticatorId = AuthenticatorId(Uuid::from_u128(13));

fn begins() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

fn actor(id: IdentityId) -> Actor {
    Actor::Person { id, name: "Somebody".to_owned() }
}

fn after(change: Result<Transition, Refusal>) -> Identity {
    change.expect("they may").identity().cloned().expect("it is about an identity")
}

/// Ann, who set her password by a one-time link when all this begins.
fn ann() -> Identity {
    let spec = IdentitySpec {
        key: "ann.asker".parse().expect("a key"),
        kind: Kind::Person,
        name: "Ann Asker".to_owned(),
        email: None,
        title: None,
        department: None,
        manager: None,
        purpose: None,
        owners: BTreeSet::new(),
        roles: BTreeSet::new(),
        accounts: BTreeMap::new(),
    };
    let known = after(Identity::define(ANN, &Actor::Operator, spec, begins()));
    after(known.set_password(&actor(ANN), "a digest".to_owned(), begins()))
}

/// That somebody stated this, shown as surely as that.
fn shown(by: IdentityId, does: Act, counts: Strength) -> Verified {
    let proof = match counts {
        Strength::SignIn => Proof::SignIn {},
        Strength::Code => Proof::Code { authenticator: PHONE },
        Strength::Passkey => Proof::Passkey {
            authenticator: LAPTOP,
            credential: String::new(),
            public_key: String::new(),
            authenticator_data: String::new(),
            client_data: String::new(),
            signature: String::new(),
        },
    };
    let statement =
        Statement { format: FORMAT, nonce: "00".repeat(32), by, at: begins(), says: "I do it".to_owned(), does };
    Verified { statement: statement.canonical().expect("it has a canonical form"), proof, counts }
}

fn app() -> Means {
    Means::Code { sealed: "a hash".to_owned(), step: 100 }
}

fn passkey() -> Means {
    Means::Passkey {
        credential: "an id".to_owned(),
        public_key: "a key".to_owned(),
        registered: "all of it".to_owned(),
        counter: 0,
    }
}

fn adds(
    who: &Identity,
    (id, means): (AuthenticatorId, Means),
    with: Strength,
    now: DateTime<Utc>,
) -> Result<Transition, Refusal> {
    let name = format!("number {}", who.authenticators.len() + 1);
    let does = Act::AddAuthenticator { kind: means.strength(), name: name.clone() };
    let recovery = if means.strength() == Strength::Code {
        BTreeSet::from(["one".to_owned(), "two".to_owned()])
    } else {
        BTreeSet::new()
    };
    let new = NewAuthenticator { id, name: &name, means, recovery };
    who.add_authenticator(&actor(ANN), new, shown(ANN, does, with), YOUNG_FOR, now)
}

fn used_code(step: u64) -> Used {
    Used::Code { authenticator: PHONE, step }
}

fn used_passkey(counter: u32) -> Used {
    Used::Passkey { authenticator: LAPTOP, counter }
}

#[test]
fn the_first_one_right_after_the_link_counts_at_once_and_one_later_waits_a_day() {
    let last = begins() + FIRST_WITHIN - TimeDelta::seconds(1);
    let first = after(adds(&ann(), (LAPTOP, passkey()), Strength::SignIn, last));
    assert_eq!(first.authenticators[&LAPTOP].young, None);
    assert_eq!(first.strongest(last), Strength::Passkey);

    let late = begins() + FIRST_WITHIN;
    let waits = after(adds(&ann(), (LAPTOP, passkey()), Strength::SignIn, late));
    let young = Young { counts: Strength::SignIn, until: late + YOUNG_FOR };
    assert_eq!(waits.authenticators[&LAPTOP].young, Some(young));
    let last = young.until - TimeDelta::microseconds(1);
    assert_eq!((waits.strongest(last), waits.strongest(young.until)), (Strength::SignIn, Strength::Passkey));
    assert_eq!(waits.sure_enough(Strength::Passkey, last).count(), 0);
    assert_eq!(waits.sure_enough(Strength::SignIn, last).count(), 1);
    assert_eq!(waits.counts(&used_passkey(1), last), Strength::SignIn);
}

#[test]
fn who_has_none_and_who_has_one_that_is_too_young_hear_which_it_is() {
    let now = begins() + TimeDelta::hours(2);
    let none = ann().can_show(Strength::Passkey, now);
    assert_eq!(none, Err(Refusal::NoAuthenticator { needed: Strength::Passkey }));
    let young = after(adds(&ann(), (LAPTOP, passkey()), Strength::SignIn, now));
    let says = young.can_show(Strength::Passkey, now).expect_err("it is too young").to_string();
    assert_eq!(
        says,
        "this wants a passkey, and “number 1” was added with no more than a fresh sign-in less than a day ago: it counts as \
         a passkey from 3 March 2026 at 11:00 UTC"
    );
    assert_eq!(young.can_show(Strength::SignIn, now), Ok(()));
    assert_eq!(young.can_show(Strength::Passkey, now + YOUNG_FOR), Ok(()));
}

/// Otherwise a young one would only have to be used to be rid of its youth.
#[test]
fn what_a_young_one_adds_is_as_young() {
    let now = begins() + TimeDelta::hours(2);
    let young = after(adds(&ann(), (LAPTOP, passkey()), Strength::SignIn, now));
    let later = now + TimeDelta::hours(20);
    let does = Act::AddAuthenticator { kind: Strength::Passkey, name: "number 2".to_owned() };
    let by_the_young =
        Verified { counts: young.counts(&used_passkey(1), later), ..shown(ANN, does, Strength::Passkey) };
    let new = NewAuthenticator { id: TABLET, name: "number 2", means: passkey(), recovery: BTreeSet::new() };
    let both = after(young.add_authenticator(&actor(ANN), new, by_the_young, YOUNG_FOR, later));
    let until = later + YOUNG_FOR;
    assert_eq!(both.authenticators[&TABLET].young, Some(Young { counts: Strength::SignIn, until }));
}

#[test]
fn with_an_app_one_code_makes_no_passkey_on_the_same_day() {
    let now = begins() + TimeDelta::minutes(5);
    let first = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let weak = adds(&first, (LAPTOP, passkey()), Strength::SignIn, now);
    assert_eq!(weak, Err(Refusal::StepUp { needed: Strength::Code }), "not even within the first hour");
    let both = after(adds(&first, (LAPTOP, passkey()), Strength::Code, now));
    assert_eq!((both.strongest(now), both.strongest(now + YOUNG_FOR)), (Strength::Code, Strength::Passkey));
    assert_eq!(both.authenticators[&PHONE].young, None);
    let third = after(adds(&both, (TABLET, app()), Strength::Code, now));
    assert_eq!(third.authenticators[&TABLET].young, None, "a code adds what gives codes");
}

#[test]
fn recovery_codes_are_as_young_as_what_made_them() {
    let now = begins() + TimeDelta::hours(2);
    let one = Used::RecoveryCode { code: "one".to_owned() };
    let young = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    assert_eq!(young.counts(&one, now), Strength::SignIn);
    // A minute before the app is of age, by no more than the password.
    let late = now + YOUNG_FOR - TimeDelta::minutes(1);
    let renewal = shown(ANN, Act::RenewRecoveryCodes, Strength::SignIn);
    let codes = BTreeSet::from(["three".to_owned()]);
    let renewed = after(young.renew_recovery_codes(&actor(ANN), codes, renewal, YOUNG_FOR, late));
    let three = Used::RecoveryCode { code: "three".to_owned() };
    let of_age = now + YOUNG_FOR;
    assert_eq!(renewed.strongest(of_age), Strength::Code, "the app is of age");
    assert_eq!(renewed.counts(&three, of_age), Strength::SignIn, "the codes are not");
    assert_eq!(renewed.counts(&three, late + YOUNG_FOR), Strength::Code);
}

#[test]
fn where_everybody_knows_the_password_nothing_is_young() {
    let now = begins() + TimeDelta::hours(2);
    let does = Act::AddAuthenticator { kind: Strength::Passkey, name: "Laptop".to_owned() };
    let new = NewAuthenticator { id: LAPTOP, name: "Laptop", means: passkey(), recovery: BTreeSet::new() };
    let proof = shown(ANN, does, Strength::SignIn);
    let demo = after(ann().add_authenticator(&actor(ANN), new, proof, TimeDelta::zero(), now));
    assert_eq!((demo.authenticators[&LAPTOP].young, demo.strongest(now)), (None, Strength::Passkey));
}

/// RFC 6238, section 5.2; Web Authentication, section 7.2, step 22.
#[test]
fn what_was_used_does_not_count_again() {
    let now = begins();
    let first = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let who = after(adds(&first, (LAPTOP, passkey()), Strength::Code, now));
    let uses = |who: &Identity, used: Used| who.step_up(&actor(ANN), used, now);
    for (used, says) in [
        (used_code(100), Refusal::UsedCode),
        (used_code(99), Refusal::UsedCode),
        (Used::RecoveryCode { code: "three".to_owned() }, Refusal::UsedCode),
        (Used::Code { authenticator: LAPTOP, step: 101 }, Refusal::NoSuchAuthenticator),
        (Used::Passkey { authenticator: PHONE, counter: 1 }, Refusal::NoSuchAuthenticator),
        (Used::Code { authenticator: TABLET, step: 101 }, Refusal::NoSuchAuthenticator),
    ] {
        assert_eq!(uses(&who, used.clone()), Err(says), "{used:?}");
    }
    let who = after(uses(&who, used_code(101)));
    assert_eq!(uses(&who, used_code(101)), Err(Refusal::UsedCode));
    let one = Used::RecoveryCode { code: "one".to_owned() };
    let who = after(uses(&who, one.clone()));
    assert_eq!(uses(&who, one), Err(Refusal::UsedCode));
    assert_eq!(who.recovery_codes, BTreeSet::from(["two".to_owned()]));

    // A counter that stays 0 says nothing, however often; once it has risen it must rise.
    let who = after(uses(&after(uses(&who, used_passkey(0))), used_passkey(0)));
    let who = after(uses(&who, used_passkey(5)));
    for counter in [5, 4, 0] {
        assert_eq!(uses(&who, used_passkey(counter)), Err(Refusal::ClonedPasskey), "{counter}");
    }
    assert_eq!(who.authenticators[&LAPTOP].used_at, Some(now));
}

/// Where the act was refused, what was shown for it is used up all the same.
#[test]
fn what_was_shown_for_a_refused_act_does_not_count_again_and_makes_nothing_good() {
    let now = begins();
    let who = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let failed = after(who.fail_step_up(&actor(ANN), Strength::SignIn, Failure::Wrong, now));
    let spent = failed.spend_proof(&actor(ANN), used_code(101), now).expect("it is right");
    assert_eq!(spent.event().name(), "proof_spent");
    let spent = after(Ok(spent));
    assert_eq!(spent.failed_step_ups, BTreeMap::from([(Strength::SignIn, 1)]));
    assert_eq!(spent.step_up(&actor(ANN), used_code(101), now), Err(Refusal::UsedCode));
    assert_eq!(spent.spend_proof(&actor(ANN), used_code(101), now), Err(Refusal::UsedCode));
}

fn fails(who: &Identity, tried: Strength, times: u32, now: DateTime<Utc>) -> Identity {
    (0..times).fold(who.clone(), |who, _| after(who.fail_step_up(&actor(ANN), tried, Failure::Wrong, now)))
}

#[test]
fn a_success_makes_good_for_what_is_no_stronger() {
    let now = begins();
    let who = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let who = after(adds(&who, (LAPTOP, passkey()), Strength::Code, now));
    let failed = Strength::ALL.into_iter().fold(who, |who, tried| fails(&who, tried, 1, now));
    let left = |used: Used, at: DateTime<Utc>| -> Vec<Strength> {
        after(failed.step_up(&actor(ANN), used, at)).failed_step_ups.into_keys().collect()
    };
    assert_eq!(left(Used::Password {}, now), [Strength::Code, Strength::Passkey]);
    assert_eq!(left(used_code(101), now), [Strength::Passkey]);
    assert_eq!(left(Used::RecoveryCode { code: "one".to_owned() }, now), [Strength::Passkey]);
    assert_eq!(left(used_passkey(1), now), [Strength::Passkey], "it is young, and counts as the code that added it");
    assert_eq!(left(used_passkey(1), now + YOUNG_FOR), Vec::<Strength>::new());
}

#[test]
fn too_many_failures_lock_whatever_was_right_between_them() {
    let now = begins();
    let who = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let guessed = fails(&who, Strength::Code, FAILURES - 1, now);
    let password = after(guessed.step_up(&actor(ANN), Used::Password {}, now));
    assert_eq!(password.not_locked(now), Ok(()));
    let locked = fails(&password, Strength::Code, 1, now);
    let until = now + LOCKED_FOR;
    assert_eq!(locked.not_locked(now), Err(Refusal::Locked { until }));
    assert_eq!(locked.step_up(&actor(ANN), used_code(101), now), Err(Refusal::Locked { until }));
    assert_eq!(locked.not_locked(until), Ok(()));
    let mixed = fails(&fails(&who, Strength::SignIn, 2, now), Strength::Passkey, FAILURES - 2, now);
    assert_eq!(mixed.not_locked(now), Err(Refusal::Locked { until }), "whatever they were tried with");
    let made_good = fails(&after(guessed.step_up(&actor(ANN), used_code(101), now)), Strength::Code, 1, now);
    assert_eq!(made_good.not_locked(now), Ok(()));
}

#[test]
fn an_authenticator_goes_by_what_one_has() {
    let now = begins();
    let first = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let removes = |who: &Identity, id: AuthenticatorId, by: IdentityId, with: Strength| {
        let proof = shown(ANN, Act::RemoveAuthenticator { authenticator: id }, with);
        who.remove_authenticator(&actor(by), id, proof, now)
    };
    let weak = removes(&first, PHONE, ANN, Strength::SignIn);
    assert_eq!(weak, Err(Refusal::StepUp { needed: Strength::Code }));
    assert_eq!(removes(&first, LAPTOP, ANN, Strength::Code), Err(Refusal::NoSuchAuthenticator));
    assert!(matches!(removes(&first, PHONE, ADA, Strength::Code), Err(Refusal::NotAllowed(_))));
    let gone = after(removes(&first, PHONE, ANN, Strength::Code));
    assert!(gone.authenticators.is_empty() && gone.recovery_codes.is_empty());

    // One that somebody added with a stolen password is removed with that password, while it is young.
    let late = begins() + TimeDelta::hours(2);
    let added = after(adds(&ann(), (LAPTOP, passkey()), Strength::SignIn, late));
    let proof = shown(ANN, Act::RemoveAuthenticator { authenticator: LAPTOP }, Strength::SignIn);
    let without = after(added.remove_authenticator(&actor(ANN), LAPTOP, proof.clone(), late));
    assert!(without.authenticators.is_empty());
    let too_late = added.remove_authenticator(&actor(ANN), LAPTOP, proof, late + YOUNG_FOR);
    assert_eq!(too_late, Err(Refusal::StepUp { needed: Strength::Passkey }));
}

#[test]
fn a_new_name_is_confirmed_by_what_one_has() {
    let now = begins();
    let first = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    let renames =
        |name: &str, confirmed: Confirmed| first.rename_authenticator(&actor(ANN), PHONE, name, confirmed, now);
    let by = |name: &str, counts: Strength| {
        let does = Act::RenameAuthenticator { authenticator: PHONE, name: name.to_owned() };
        Confirmed { needed: Some(Strength::Code), verified: Some(shown(ANN, does, counts)) }
    };
    let bare = renames("Old phone", Confirmed { needed: Some(Strength::Code), verified: None });
    assert_eq!(bare, Err(Refusal::StepUp { needed: Strength::Code }));
    assert_eq!(
        renames("Old phone", by("Old phone", Strength::SignIn)),
        Err(Refusal::StepUp { needed: Strength::Code })
    );
    assert_eq!(renames("Old phone", by("New phone", Strength::Code)), Err(Refusal::StalePage));
    assert_eq!(renames(" number 1 ", Confirmed::UNASKED), Ok(None), "it is called so");
    let called = renames("Old phone", by("Old phone", Strength::Code)).expect("they may").expect("it is new");
    assert_eq!(after(Ok(called)).authenticators[&PHONE].name, "Old phone");
    assert!(renames("Old phone", Confirmed::UNASKED).is_ok_and(|it| it.is_some()), "founding mode asks nothing");
}

/// Two admins, neither of them the person; and what answers one wish does not answer the next.
#[test]
fn a_reset_takes_two_admins_and_answers_the_wish_it_was_stated_for() {
    let now = begins();
    let asks = |who: &Identity, by: IdentityId, verified: Option<Verified>| {
        who.ask_reset(&actor(by), Confirmed { needed: Some(Strength::SignIn), verified }, now)
    };
    let wish = || Some(shown(ADA, Act::AskReset { identity: ANN }, Strength::SignIn));
    assert!(matches!(asks(&ann(), ADA, wish()), Err(Refusal::NothingToReset { .. })));
    let who = after(adds(&ann(), (PHONE, app()), Strength::SignIn, now));
    assert_eq!(asks(&who, ANN, wish()), Err(Refusal::NotTheSecondAdmin));
    assert_eq!(asks(&who, ADA, None), Err(Refusal::StepUp { needed: Strength::SignIn }));
    assert_eq!(asks(&who, BEN, wish()), Err(Refusal::StalePage), "Ada stated it");
    let asked = after(asks(&who, ADA, wish()));
    let first = asked.reset.as_ref().expect("it was asked").event;
    assert_eq!(first, asked.version);

    let confirms = |who: &Identity, by: IdentityId, asked: u32| {
        let proof = shown(by, Act::ResetAuthenticators { identity: ANN, asked }, Strength::SignIn);
        who.reset(&actor(by), Strength::SignIn, proof, now)
    };
    for nobody in [ADA, ANN] {
        assert_eq!(confirms(&asked, nobody, first), Err(Refusal::NotTheSecondAdmin));
    }
    let refused = after(asked.refuse_reset(&actor(ANN), now));
    assert_eq!(confirms(&refused, BEN, first), Err(Refusal::NoReset));
    let again = after(asks(&refused, ADA, wish()));
    assert_eq!(confirms(&again, BEN, first), Err(Refusal::StalePage), "that was stated for the wish before");
    let second = again.reset.as_ref().expect("it was asked again").event;
    let reset = after(confirms(&again, BEN, second));
    assert!(reset.authenticators.is_empty() && reset.recovery_codes.is_empty() && reset.reset.is_none());
    assert_eq!(reset.not_barred(now), Err(Refusal::Barred { until: now + BARRED_FOR }));
    assert_eq!(reset.not_barred(now + BARRED_FOR), Ok(()));
}
