//! Deciding in another's place: what they could decide at that moment, within its days, and never as a second person.

use crate::{
    on_both,
    people::{is_let_in, notices},
    races::{at_once, clear, rounds},
    reminders, review,
    stepup::{code, confirmed, is, password, sure, with_app, yes},
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{Refusal, authenticator::BARRED_FOR, stepup::Strength, views::RequestCard};
use operations::{Answer, Clock as _, Error, Wanted};

on_both! {
    who_is_let_decides_in_anothers_place_and_the_decision_says_so
    nobody_decides_in_anothers_place_outside_of_its_days
    a_delegation_that_cannot_be_is_refused
    nobody_decides_on_their_own_in_anothers_place
    the_two_count_as_one_person
    who_loses_authority_lends_none
    what_was_lent_is_not_lent_on
    what_a_password_lends_decides_nothing_that_wants_more
    who_decides_by_their_own_right_uses_no_other
    what_waits_for_two_who_let_one_decide_is_listed_once_and_whole
    what_cannot_be_decided_in_anothers_place_is_not_listed
    what_is_counted_is_what_is_listed
    who_is_let_hears_of_what_is_theirs_to_decide
    who_is_let_by_somebody_who_comes_in_hears_of_it_then
    it_ends_when_one_says_so_or_the_other_leaves
    it_ends_with_a_reset_and_with_a_new_password
    a_yes_in_anothers_place_and_its_end_in_one_moment_leave_no_yes_after_it
}

/// The first two weeks of the tests' time.
pub const NOW: (&str, &str) = ("2026-03-02", "2026-03-14");

/// Somebody with a password lets another decide in their place.
pub async fn lets(world: &World, who: &str, to: &str, (from, until): (&str, &str)) -> Result<(), Error> {
    let (to, from, until) = (to.to_owned(), from.to_owned(), until.to_owned());
    let (actor, wanted) = (world.actor(who).await, Wanted::Delegate { to, from, until });
    let id = world.portal.begin_step_up(&actor, &wanted, "/delegation").await?;
    world.portal.confirm(&actor, id, &password()).await.map(|_| ())
}

/// R30, R31, R36: it is on the decision, in the statement, in the trail and in the inbox for whom it was.
async fn who_is_let_decides_in_anothers_place_and_the_decision_says_so(on: On) {
    let (world, olga, _) = sure(on).await;
    is_let_in(&world, "hal.hand").await;
    let hal = world.actor("hal.hand").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    let told = notices(&world, "hal.hand").await;
    assert_eq!(told[0], "Olga Owner lets you decide in their place from 2 March 2026 to 14 March 2026");
    assert!(notices(&world, "olga.owner").await[0].starts_with("Hal Hand decides in your place"));
    assert_eq!(world.portal.delegation(&hal).await.expect("his own").lent[0].name, "Olga Owner");

    let id = world.ask("ann.asker", "life-sure", "2h").await;
    let inbox = world.portal.inbox(&hal, "").await.expect("his own").items;
    assert!(matches!(&inbox[..], [card] if card.id == id && card.for_whom.as_deref() == Some("Olga Owner")));
    assert_eq!(world.portal.shell(&hal).await.expect("his own").to_decide, 1);
    assert_eq!(world.portal.home(&hal).await.expect("his own").to_decide, 1);
    let hers = world.portal.inbox(&olga, "").await.expect("her own").items;
    assert!(hers.iter().any(|card| card.id == id && card.for_whom.is_none()), "it is hers as well");
    let page = world.portal.request(&hal, id).await.expect("he may decide");
    assert!(page.acts.decide && page.acts.in_place_of.as_deref() == Some("Olga Owner"), "{:?}", page.acts);

    let bare = world.approve("hal.hand", id).await;
    assert!(is(&bare, |no| matches!(no, Refusal::StepUp { .. })), "the step-up is his own: {bare:?}");
    confirmed(&world, &hal, &yes(&world, id).await, &password()).await.expect("he decides for her");
    let decision = world.request(id).await.decisions.pop().expect("it was decided");
    assert_eq!((Some(decision.by), decision.for_whom), (hal.person(), olga.person()));
    assert_eq!(decision.name, "Hal Hand for Olga Owner");
    let stated = decision.verified.expect("it says how").stated().expect("it can be read");
    assert!(stated.says.starts_with("I, Hal Hand for Olga Owner, approve"), "{}", stated.says);
    let page = world.portal.request(&olga, id).await.expect("she sees it");
    assert!(page.lines.items.iter().any(|line| line.who == "Hal Hand for Olga Owner"), "{:?}", page.lines);
    assert!(notices(&world, "olga.owner").await.iter().any(|says| says.ends_with("in your place")));
    assert!(world.portal.inbox(&hal, "").await.expect("his own").items.is_empty());
    world.run_jobs().await;
    world.is_sound().await;
}

async fn nobody_decides_in_anothers_place_outside_of_its_days(on: On) {
    let (world, _, _) = sure(on).await;
    lets(&world, "olga.owner", "hal.hand", ("2026-03-04", "2026-03-05")).await.expect("she may");
    let first = world.ask("ann.asker", "life-one", "1h").await;
    let second = world.ask("bo.asker", "life-one", "1h").await;
    let hal = world.actor("hal.hand").await;
    let early = world.approve("hal.hand", first).await;
    assert!(matches!(early, Err(Error::NotFound)), "{early:?}");
    assert!(world.portal.inbox(&hal, "").await.expect("his own").items.is_empty());
    // The 4th of March, at nine.
    world.pass(TimeDelta::days(2)).await;
    world.approve("hal.hand", first).await.expect("it has begun");
    // The 6th, at midnight.
    world.pass(TimeDelta::hours(39)).await;
    let late = world.approve("hal.hand", second).await;
    assert!(matches!(late, Err(Error::NotFound)), "{late:?}");
    assert_eq!(world.portal.shell(&hal).await.expect("his own").to_decide, 0);
    lets(&world, "olga.owner", "hal.hand", ("2026-03-06", "2026-03-06")).await.expect("the other is over");
    world.approve("hal.hand", second).await.expect("for this day");
    world.run_jobs().await;
    world.is_sound().await;
}

async fn a_delegation_that_cannot_be_is_refused(on: On) {
    let (world, _, _) = sure(on).await;
    for (to, from, until) in [
        ("no.body", "2026-03-02", "2026-03-03"),
        ("svc.invoice-runner", "2026-03-02", "2026-03-03"),
        ("olga.owner", "2026-03-02", "2026-03-03"),
        ("hal.hand", "2026-03-01", "2026-03-03"),
        ("hal.hand", "2026-03-03", "2026-03-02"),
        ("hal.hand", "2026-03-02", "2026-04-02"),
        ("hal.hand", "2028-03-02", "2028-03-03"),
        ("hal.hand", "soon", "2026-03-03"),
        ("hal.hand", "", ""),
        ("", "2026-03-02", "2026-03-03"),
    ] {
        let done = lets(&world, "olga.owner", to, (from, until)).await;
        assert!(matches!(done, Err(Error::Refused(_))), "{to} from {from} until {until}: {done:?}");
    }
    for (from, until, says) in [
        ("2026-03-01", "2026-03-03", "the first day is over: it begins today at the earliest"),
        ("2028-03-02", "2028-03-03", "the first day is more than a year away"),
        ("2026-03-03", "2026-03-02", "the last day comes before the first"),
        ("2026-03-02", "2026-04-02", "the last day comes too late: it lasts for 31 days at the most"),
        ("soon", "2026-03-03", "the first day is not a day: write it like 2026-12-31"),
        ("2026-03-02", "2026-02-30", "the last day is not a day: write it like 2026-12-31"),
        ("", "2026-03-03", "fill in the first day"),
        ("2026-03-02", " ", "fill in the last day"),
    ] {
        let no = lets(&world, "olga.owner", "hal.hand", (from, until)).await.expect_err("it cannot be");
        assert_eq!(no.to_string(), says);
    }
    lets(&world, "olga.owner", "hal.hand", ("2026-03-02", "2026-04-01")).await.expect("31 days");
    let two = lets(&world, "olga.owner", "hedda.hand", NOW).await;
    assert!(is(&two, |no| matches!(no, Refusal::NotAllowed(_))), "{two:?}");
    world.is_sound().await;
}

/// R30: what is one's own is decided by others, in whosever place.
async fn nobody_decides_on_their_own_in_anothers_place(on: On) {
    let (world, _, ann) = sure(on).await;
    lets(&world, "olga.owner", "ann.asker", NOW).await.expect("she may");
    let own = world.ask("ann.asker", "life-one", "1h").await;
    let bos = world.ask("bo.asker", "life-one", "1h").await;
    let refused = world.approve("ann.asker", own).await;
    assert!(is(&refused, |no| *no == Refusal::OwnRequest), "{refused:?}");
    let inbox = world.portal.inbox(&ann, "").await.expect("her own").items;
    assert!(matches!(&inbox[..], [card] if card.id == bos), "{inbox:?}");
    world.approve("ann.asker", bos).await.expect("it is Bo's");
    world.run_jobs().await;
    world.is_sound().await;
}

/// R31: whoever decides in another's place uses both of them up.
async fn the_two_count_as_one_person(on: On) {
    let (world, _, _) = sure(on).await;
    is_let_in(&world, "otto.owner").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    lets(&world, "otto.owner", "hal.hand", NOW).await.expect("he may");
    let id = world.ask("ann.asker", "life-two", "1h").await;
    world.approve("hal.hand", id).await.expect("for one of them");
    assert_eq!(world.request(id).await.state.word(), "waiting");
    let again = world.approve("hal.hand", id).await;
    assert!(is(&again, |no| *no == Refusal::DecidedAlready), "not for the other one too: {again:?}");
    let whom = world.request(id).await.decisions[0].for_whom.expect("it says for whom");
    let (spent, left) =
        if whom == world.id("olga.owner").await { ("olga.owner", "otto.owner") } else { ("otto.owner", "olga.owner") };
    let also = world.approve(spent, id).await;
    assert!(is(&also, |no| *no == Refusal::DecidedAlready), "{also:?}");
    assert_eq!(world.request(id).await.may_decide_now(), [world.id(left).await].into());
    world.approve(left, id).await.expect("the second of two");
    assert_eq!(world.request(id).await.state.word(), "approved");

    let other = world.ask("bo.asker", "life-two", "1h").await;
    world.approve("olga.owner", other).await.expect("by herself");
    world.approve("hal.hand", other).await.expect("for Otto, who has not decided");
    let request = world.request(other).await;
    assert_eq!(request.decisions[1].for_whom, Some(world.id("otto.owner").await));
    world.run_jobs().await;
    world.is_sound().await;
}

/// R31, L13: it lends what there is at that moment.
async fn who_loses_authority_lends_none(on: On) {
    let (world, _, _) = sure(on).await;
    is_let_in(&world, "otto.owner").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    lets(&world, "otto.owner", "hedda.hand", NOW).await.expect("he may");
    let anns = world.ask("ann.asker", "life-one", "1h").await;
    let bos = world.ask("bo.asker", "life-one", "1h").await;
    let owners = "owners = [\"olga.owner\", \"otto.owner\"]";
    world.import(&COMPANY.replace(owners, "owners = [\"otto.owner\"]")).await;
    let refused = world.approve("hal.hand", anns).await;
    assert!(refused.is_err(), "she owns nothing any more: {refused:?}");
    world.approve("hedda.hand", anns).await.expect("Otto still does");

    world.portal.mark_left(&world.actor("astrid.nyberg").await, world.id("otto.owner").await).await.expect("she may");
    let refused = world.approve("hedda.hand", bos).await;
    assert!(refused.is_err(), "he has left: {refused:?}");
    assert_eq!(world.request(bos).await.decisions.len(), 0);
    world.run_jobs().await;
    world.is_sound().await;
}

/// R31: no chains.
async fn what_was_lent_is_not_lent_on(on: On) {
    let (world, _, _) = sure(on).await;
    is_let_in(&world, "hal.hand").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    lets(&world, "hal.hand", "hedda.hand", NOW).await.expect("he may, though he decides little");
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let refused = world.approve("hedda.hand", id).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(world.portal.shell(&world.actor("hedda.hand").await).await.expect("her own").to_decide, 0);
    world.is_sound().await;
}

/// R36: it lends what she could decide herself, and with a password alone she could not decide this.
async fn what_a_password_lends_decides_nothing_that_wants_more(on: On) {
    let (world, olga, _) = sure(on).await;
    is_let_in(&world, "hal.hand").await;
    let hal = world.actor("hal.hand").await;
    with_app(&world, &hal, &password()).await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    let id = world.ask_surely("ann.asker", "life-code").await;
    let weak = world.approve("hal.hand", id).await;
    assert!(is(&weak, |no| matches!(no, Refusal::NotADecider { why } if why.contains("with less"))), "{weak:?}");
    assert!(!world.portal.request(&hal, id).await.expect("he sees it").acts.decide);

    let (secret, _) = with_app(&world, &olga, &password()).await;
    world.portal.end_delegation(&olga).await.expect("it is hers");
    let (from, until) = (NOW.0.to_owned(), NOW.1.to_owned());
    let wanted = Wanted::Delegate { to: "hal.hand".to_owned(), from, until };
    let now = code(&secret, world.clock.now());
    confirmed(&world, &olga, &wanted, &Answer::Code(now)).await.expect("as surely as the bundle wants it");
    let bare = world.approve("hal.hand", id).await;
    assert!(is(&bare, |no| *no == Refusal::StepUp { needed: Strength::Code }), "his own is still wanted: {bare:?}");
    assert!(world.portal.request(&hal, id).await.expect("he sees it").acts.decide);
    world.is_sound().await;
}

async fn who_decides_by_their_own_right_uses_no_other(on: On) {
    let (world, _, _) = sure(on).await;
    lets(&world, "olga.owner", "otto.owner", NOW).await.expect("she may");
    let id = world.ask("ann.asker", "life-two", "1h").await;
    let otto = world.actor("otto.owner").await;
    assert_eq!(world.portal.shell(&otto).await.expect("his own").to_decide, 1, "it waits for him once");
    world.approve("otto.owner", id).await.expect("he is an owner");
    assert_eq!(world.request(id).await.decisions[0].for_whom, None);
    let again = world.approve("otto.owner", id).await;
    assert!(is(&again, |no| *no == Refusal::DecidedAlready), "nor for her as well: {again:?}");
    world.approve("olga.owner", id).await.expect("she still decides");
    assert_eq!(world.request(id).await.state.word(), "approved");
    world.run_jobs().await;
    world.is_sound().await;
}

/// Everything on the pages of an inbox.
async fn inbox(world: &World, who: &str) -> Vec<RequestCard> {
    let (actor, mut from, mut found) = (world.actor(who).await, String::new(), Vec::new());
    loop {
        let page = world.portal.inbox(&actor, &from).await.expect("their own");
        found.extend(page.items);
        let Some(next) = page.next else { return found };
        from = next;
    }
}

async fn what_waits_for_two_who_let_one_decide_is_listed_once_and_whole(on: On) {
    let (world, _, _) = sure(on).await;
    is_let_in(&world, "otto.owner").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    lets(&world, "otto.owner", "hal.hand", NOW).await.expect("he may");
    let bundle = |n: usize| {
        format!(
            "[[bundle]]\nkey = \"life-many-{n}\"\nname = \"Many {n}\"\nsays = \"Right X\"\n\
             entitlements = [\"life-desk/x\"]\nlongest = \"8h\"\ndefault = \"4h\"\n\
             askers = {{ groups = [\"life-askers\"], kinds = [\"person\"] }}\n\
             [[bundle.stage]]\nname = \"Owner\"\nneed = 1\nfrom = {{ owners = true }}\n"
        )
    };
    world.import(&(0..12).map(bundle).collect::<String>()).await;
    let mut asked = Vec::new();
    for n in 0..12 {
        for who in ["ann.asker", "bo.asker"] {
            asked.push(world.ask(who, &format!("life-many-{n}"), "1h").await);
        }
    }
    let mut listed: Vec<_> = inbox(&world, "hal.hand").await.iter().map(|card| card.id).collect();
    listed.sort_unstable();
    asked.sort_unstable();
    assert_eq!(listed, asked);
    assert_eq!(world.portal.shell(&world.actor("hal.hand").await).await.expect("his own").to_decide, 24);
}

/// What a person may not open does not stand in their inbox either.
async fn what_cannot_be_decided_in_anothers_place_is_not_listed(on: On) {
    let (world, olga, _) = sure(on).await;
    is_let_in(&world, "otto.owner").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    lets(&world, "otto.owner", "olga.owner", NOW).await.expect("he may");
    let id = world.ask("ann.asker", "life-two", "1h").await;
    world.approve("hal.hand", id).await.expect("in her place");
    assert_eq!(world.request(id).await.decisions[0].for_whom, olga.person());
    assert_eq!(inbox(&world, "olga.owner").await, Vec::new(), "she has decided, and decides for nobody any more");
    world.approve("otto.owner", id).await.expect("the second of two");
    world.run_jobs().await;
    world.is_sound().await;
}

/// A bundle that is decided first by an owner and then from a seat, which is Hal's.
const STAGES: &str = r#"
[[bundle]]
key = "life-stages"
name = "Owner, then seat"
says = "Right Y, by the yes of an owner and then from a seat"
entitlements = ["life-desk/y"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

  [[bundle.stage]]
  name = "Seat"
  need = 1
  from = { group = "life-seat" }
"#;

/// The number beside the inbox is that of the lines in it.
async fn what_is_counted_is_what_is_listed(on: On) {
    let (world, olga, _) = sure(on).await;
    world.import(STAGES).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    world.import(&review::sensitive()).await;
    let counted = async |who: &str| {
        let count = world.portal.shell(&world.actor(who).await).await.expect("their own").to_decide;
        assert_eq!(usize::try_from(count).ok(), Some(inbox(&world, who).await.len()), "{who}");
        count
    };
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    let id = world.ask("ann.asker", "life-one", "1h").await;
    assert_eq!(counted("hal.hand").await, 1);
    world.ask("ann.asker", "life-stages", "1h").await;
    assert_eq!(counted("hal.hand").await, 1, "his own part in the other comes later");
    assert_eq!((counted("olga.owner").await, counted("bo.asker").await), (2, 0));

    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    let identity = world.id("olga.owner").await;
    let said = world.portal.mark_left(&astrid, identity).await;
    world.confirming(&astrid, said, Wanted::MarkLeft { identity }).await.expect("it waits for another admin");
    assert_eq!(counted("hal.hand").await, 0, "who is said to have left lends nothing");
    world.portal.keep_leaver(&tomas, identity).await.expect("he knows better");
    assert_eq!(counted("hal.hand").await, 1);
    world.approve("hal.hand", id).await.expect("in her place");
    assert_eq!(world.request(id).await.decisions[0].for_whom, olga.person());
    assert_eq!(counted("hal.hand").await, 0);
    world.is_sound().await;
}

/// What somebody was told that is theirs to decide, the newest first.
async fn told_to_decide(world: &World, who: &str) -> Vec<String> {
    notices(world, who).await.into_iter().filter(|says| says.contains("yours to decide")).collect()
}

/// R14: whoever decides in another's place hears of it as the other does, save who has a part in it or has decided.
async fn who_is_let_hears_of_what_is_theirs_to_decide(on: On) {
    let (world, _, _) = sure(on).await;
    is_let_in(&world, "otto.owner").await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    lets(&world, "otto.owner", "ann.asker", NOW).await.expect("he may");
    let anns = world.ask("ann.asker", "life-one", "1h").await;
    let asked = "Ann Asker asks for One of the owners: yours to decide";
    assert_eq!(told_to_decide(&world, "olga.owner").await, [asked]);
    assert_eq!(told_to_decide(&world, "hal.hand").await, [format!("{asked} in the place of Olga Owner")]);
    assert_eq!(told_to_decide(&world, "ann.asker").await, Vec::<String>::new(), "it is her own");

    let bos = world.ask("bo.asker", "life-two", "1h").await;
    assert_eq!(told_to_decide(&world, "ann.asker").await.len(), 1);
    world.approve("hal.hand", bos).await.expect("in her place");
    let now = "Two of the owners for Bo Asker is yours to decide now";
    assert_eq!(told_to_decide(&world, "ann.asker").await[0], format!("{now} in the place of Otto Owner"));
    assert_eq!(told_to_decide(&world, "otto.owner").await[0], now);
    assert_eq!(told_to_decide(&world, "hal.hand").await.len(), 2, "he has decided");

    // Half of its seven days, and then three quarters.
    world.pass(TimeDelta::hours(84)).await;
    let half = "One of the owners for Ann Asker is yours to decide in the place of Olga Owner until 9 March, \
                09:00 UTC: half of its time is over";
    let reminded = told_to_decide(&world, "hal.hand").await;
    assert_eq!((reminded.len(), reminded[0].as_str()), (3, half));
    let hers = told_to_decide(&world, "ann.asker").await;
    assert!(hers[0].starts_with("Two of the owners for Bo Asker is yours to decide in the place of Otto Owner until"));
    assert_eq!(hers.len(), 3, "of her own she hears nothing: {hers:?}");
    world.portal.end_delegation(&world.actor("olga.owner").await).await.expect("it is hers");
    world.pass(TimeDelta::hours(42)).await;
    assert_eq!(told_to_decide(&world, "hal.hand").await.len(), 3, "he decides for nobody any more");
    world.approve("olga.owner", anns).await.expect("by herself");
    world.is_sound().await;
}

/// R14: not before, and not before its first day either.
async fn who_is_let_by_somebody_who_comes_in_hears_of_it_then(on: On) {
    let (world, _, _) = sure(on).await;
    world.import(reminders::BUNDLES).await;
    is_let_in(&world, "bea.backup").await;
    lets(&world, "bea.backup", "hedda.hand", NOW).await.expect("she may");
    lets(&world, "olga.owner", "hal.hand", ("2026-03-04", "2026-03-05")).await.expect("she may");
    world.ask("ann.asker", "life-pace", "1h").await;
    assert_eq!(told_to_decide(&world, "hedda.hand").await, Vec::<String>::new());
    world.pass(TimeDelta::days(1)).await;
    let says = "Decided in a day for Ann Asker is yours to decide too now in the place of Bea Backup, \
                as nobody had in time";
    assert_eq!(told_to_decide(&world, "hedda.hand").await, [says]);
    assert_eq!(told_to_decide(&world, "hal.hand").await, Vec::<String>::new());
    // The 4th of March, at nine: half of its four days are over.
    world.pass(TimeDelta::days(1)).await;
    let reminded = told_to_decide(&world, "hal.hand").await;
    assert!(matches!(&reminded[..], [one] if one.ends_with("half of its time is over")), "{reminded:?}");
    world.is_sound().await;
}

async fn it_ends_when_one_says_so_or_the_other_leaves(on: On) {
    let (world, olga, _) = sure(on).await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let not_his = world.portal.end_delegation(&world.actor("hal.hand").await).await;
    assert!(is(&not_his, |no| matches!(no, Refusal::NotAllowed(_))), "he has made none: {not_his:?}");
    world.portal.end_delegation(&olga).await.expect("it is hers");
    let refused = world.approve("hal.hand", id).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert!(notices(&world, "hal.hand").await[0].starts_with("Olga Owner decides by themselves again"));

    lets(&world, "olga.owner", "hedda.hand", NOW).await.expect("another one");
    world.portal.mark_left(&world.actor("astrid.nyberg").await, world.id("hedda.hand").await).await.expect("she may");
    assert_eq!(world.portal.delegation(&olga).await.expect("her own").mine, None);
    assert_eq!(
        notices(&world, "olga.owner").await[0],
        "Hedda Hand has left, and so nobody decides in your place any more"
    );
    let happened = world.happened("olga.owner").await;
    let ours: Vec<_> = happened.iter().filter(|name| name.starts_with("delegation")).collect();
    assert_eq!(ours, ["delegation_made", "delegation_ended", "delegation_made", "delegation_ended"]);
    world.run_jobs().await;
    world.is_sound().await;
}

/// Who made it may not have been her: it does not come back once she decides again.
async fn it_ends_with_a_reset_and_with_a_new_password(on: On) {
    let (world, olga, _) = sure(on).await;
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
    is_let_in(&world, "olga.owner").await;
    assert_eq!(world.portal.delegation(&olga).await.expect("her own").mine, None);
    let told = notices(&world, "hal.hand").await;
    assert!(told[0].starts_with("Olga Owner decides by themselves again"), "{told:?}");

    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    lets(&world, "olga.owner", "hal.hand", NOW).await.expect("another one");
    with_app(&world, &olga, &password()).await;
    let identity = world.id("olga.owner").await;
    confirmed(&world, &astrid, &Wanted::AskReset { identity }, &password()).await.expect("she may ask");
    confirmed(&world, &tomas, &Wanted::ResetAuthenticators { identity }, &password()).await.expect("he is the second");
    let told = notices(&world, "olga.owner").await;
    assert!(told.contains(&"nobody decides in your place any more, as your passkeys and codes were reset".to_owned()));
    world.pass(BARRED_FOR).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let refused = world.approve("hal.hand", id).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    world.approve("olga.owner", id).await.expect("she decides again");
    world.run_jobs().await;
    world.is_sound().await;
}

/// R31: of the two one goes first, and afterwards nothing is decided in her place.
async fn a_yes_in_anothers_place_and_its_end_in_one_moment_leave_no_yes_after_it(on: On) {
    let (world, olga, _) = sure(on).await;
    let hal = world.actor("hal.hand").await;
    for _ in 0..rounds() {
        lets(&world, "olga.owner", "hal.hand", NOW).await.expect("she may");
        let id = world.ask("ann.asker", "life-one", "1h").await;
        let [one, other] = [world.replica().await, world.replica().await];
        let (by, whose) = (hal.clone(), olga.clone());
        let (yes, end) = Box::pin(at_once(
            async move {
                let done = one.approve(&by, id, 1, "", "").await;
                one.close().await;
                done
            },
            async move {
                let done = other.end_delegation(&whose).await;
                other.close().await;
                done
            },
        ))
        .await;
        assert!(end.is_ok(), "{end:?}");
        let decisions = world.request(id).await.decisions;
        if yes.is_ok() {
            assert!(matches!(&decisions[..], [it] if it.for_whom == olga.person()), "{decisions:?}");
        } else {
            assert!(matches!(yes, Err(Error::NotFound)), "{yes:?}");
            assert!(decisions.is_empty(), "{decisions:?}");
        }
        assert!(world.approve("hal.hand", id).await.is_err(), "it has ended");
        clear(&world, id).await;
    }
    world.is_sound().await;
}
