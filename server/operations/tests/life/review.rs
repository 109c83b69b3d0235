//! Four eyes on the boundary itself: a bundle's draft is reviewed and replayed before it is published, and nobody comes to decide about a
//! sensitive system behind its owners' backs.

use crate::{
    guardrails::reviewed,
    on_both,
    people::{is_let_in, notices, uses},
    stepup::{begun, code, is, password, with_app},
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    bundle::Bundle,
    views::{BundlePage, editor::BundleEditor},
};
use operations::{Answer, Clock as _, Error, Wanted};

on_both! {
    nobody_publishes_what_they_wrote_any_part_of
    a_draft_that_changed_after_its_review_is_reviewed_anew
    a_draft_is_sent_back_with_a_comment_edited_and_published
    a_draft_is_taken_back_and_thrown_away
    who_an_admin_let_in_is_no_second_pair_of_eyes_for_a_day
    who_an_admin_let_in_gets_nothing_by_that_admin_for_a_day
    nobody_publishes_before_the_replay_of_that_very_draft_is_finished
    the_replay_says_what_the_draft_would_have_changed
    a_replay_that_was_cut_off_goes_on_where_it_was
    no_confirmation_is_used_up_while_a_replay_is_far_behind
    publishing_widens_no_live_grant
    a_bundle_is_retired_by_two
    a_changed_catalogue_makes_a_draft_in_review
    owners_of_a_sensitive_system_change_when_an_admin_confirms_it
    an_owner_change_is_no_way_into_a_stage
}

const KEY: &str = "life-one";

/// A world in which the two admins of the demo and a third have signed in, so that founding mode is over.
pub async fn governed(on: On) -> (World, Actor, Actor, Actor) {
    let world = World::on(on).await;
    world.import("[[person]]\nkey = \"ada.admin\"\nname = \"Ada Admin\"\nroles = [\"admin\"]\n").await;
    for admin in ["astrid.nyberg", "tomas.ferreira", "ada.admin"] {
        is_let_in(&world, admin).await;
    }
    let astrid = world.actor("astrid.nyberg").await;
    let tomas = world.actor("tomas.ferreira").await;
    let ada = world.actor("ada.admin").await;
    (world, astrid, tomas, ada)
}

async fn page(world: &World, actor: &Actor) -> BundlePage {
    world.portal.bundle(actor, KEY).await.expect("an admin sees it")
}

async fn bundle(world: &World) -> Bundle {
    world.read().await.bundle_by_key(KEY).await.expect("it can be read").expect("it is there")
}

/// Somebody writes a new version in which one text stands for another. Gives its number.
async fn writes(world: &World, actor: &Actor, from: &str, to: &str) -> u32 {
    let BundleEditor { text, after, .. } = world.portal.bundle_editor(actor, KEY).await.expect("an admin edits");
    let changed = text.replace(from, to);
    assert_ne!(changed, text, "`{from}` does not stand in it");
    world.portal.draft_bundle(actor, &changed, after).await.expect("an admin may write it");
    bundle(world).await.draft.expect("it was written").number
}

async fn submits(world: &World, actor: &Actor, number: u32) {
    world.portal.submit_draft(actor, KEY, number).await.expect("it is theirs");
}

async fn publishes(world: &World, actor: &Actor, number: u32) -> Result<(), Error> {
    let done = world.portal.publish_bundle(actor, KEY, number).await;
    world.confirming(actor, done, Wanted::Publish { key: KEY.to_owned(), number }).await
}

pub async fn confirms_owners(world: &World, actor: &Actor, number: u32) {
    let done = world.portal.confirm_owners(actor, "life-desk", number).await;
    let wanted = Wanted::ConfirmOwners { key: "life-desk".to_owned(), number };
    world.confirming(actor, done, wanted).await.expect("they gain nothing by it");
}

/// R5, R13: neither who began it nor who went on with it, and only once it was reviewed.
async fn nobody_publishes_what_they_wrote_any_part_of(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    let first = writes(&world, &astrid, "by the yes of one owner", "by the yes of any owner").await;
    let number = writes(&world, &tomas, "by the yes of any owner", "when any owner says yes").await;
    assert_eq!(number, first + 1);
    let refused = world.portal.submit_draft(&ada, KEY, number).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotItsAuthor { .. }))), "{refused:?}");
    submits(&world, &tomas, number).await;
    world.run_jobs().await;
    assert!(notices(&world, "ada.admin").await.iter().any(|says| says.contains("reviewed")), "she is asked to look");
    for author in [&astrid, &tomas] {
        let refused = publishes(&world, author, number).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OwnDraft))), "{refused:?}");
        let page = page(&world, author).await;
        assert!(!page.may_publish && !page.acts.send_back && page.acts.withdraw, "{page:?}");
    }
    let seen = page(&world, &ada).await;
    assert!(seen.may_publish && seen.acts.send_back && !seen.acts.withdraw && !seen.acts.submit, "{seen:?}");
    publishes(&world, &ada, number).await.expect("she wrote none of it");
    assert!(notices(&world, "astrid.nyberg").await.iter().any(|says| says.contains("published version")));
    assert_eq!(bundle(&world).await.published.map(|it| it.number), Some(number));
    world.is_sound().await;
}

/// R13: what is published is what was reviewed.
async fn a_draft_that_changed_after_its_review_is_reviewed_anew(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let seen = writes(&world, &astrid, "8h", "6h").await;
    submits(&world, &astrid, seen).await;
    world.run_jobs().await;
    let newer = writes(&world, &astrid, "6h", "3d").await;
    let refused = publishes(&world, &tomas, seen).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::DraftChanged { number })) if number == newer), "{refused:?}");
    let refused = publishes(&world, &tomas, newer).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotInReview { .. }))), "{refused:?}");
    submits(&world, &astrid, newer).await;
    let refused = publishes(&world, &tomas, newer).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotReplayed { .. }))), "the old replay is void: {refused:?}");
    world.run_jobs().await;
    publishes(&world, &tomas, newer).await.expect("it was reviewed anew");
    world.is_sound().await;
}

/// L3: two people talk about it before it holds.
async fn a_draft_is_sent_back_with_a_comment_edited_and_published(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let first = writes(&world, &astrid, "8h", "3d").await;
    submits(&world, &astrid, first).await;
    let silent = world.portal.send_draft_back(&tomas, KEY, first, " ").await;
    assert!(matches!(silent, Err(Error::Refused(Refusal::Missing("comment")))), "{silent:?}");
    let own = world.portal.send_draft_back(&astrid, KEY, first, "no").await;
    assert!(matches!(own, Err(Error::Refused(Refusal::OwnReview))), "{own:?}");
    world.portal.comment_on_draft(&tomas, KEY, first, "who needs three days?").await.expect("he may write");
    world.portal.send_draft_back(&tomas, KEY, first, "a day is enough").await.expect("he may");
    let told = notices(&world, "astrid.nyberg").await;
    assert!(told.iter().any(|says| says.contains("wrote on")) && told.iter().any(|says| says.contains("back to you")));
    assert!(!bundle(&world).await.draft.expect("it is still there").is_in_review());

    let second = writes(&world, &astrid, "3d", "1d").await;
    submits(&world, &astrid, second).await;
    world.run_jobs().await;
    let seen = page(&world, &tomas).await;
    let said: Vec<_> = seen.remarks.iter().map(|it| (it.number, it.text.as_str(), it.sends_back)).collect();
    assert_eq!(said, [(first, "who needs three days?", false), (first, "a day is enough", true)]);
    publishes(&world, &tomas, second).await.expect("it is as he wants it");
    assert!(page(&world, &tomas).await.remarks.is_empty(), "what was said belongs to what was published");
    world.is_sound().await;
}

/// L3: who wrote it may think again.
async fn a_draft_is_taken_back_and_thrown_away(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let number = writes(&world, &astrid, "8h", "6h").await;
    submits(&world, &astrid, number).await;
    let twice = world.portal.submit_draft(&astrid, KEY, number).await;
    assert!(matches!(twice, Err(Error::Refused(Refusal::AlreadyInReview { .. }))), "{twice:?}");
    let refused = world.portal.withdraw_draft(&tomas, KEY, number).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotItsAuthor { .. }))), "{refused:?}");
    world.portal.withdraw_draft(&astrid, KEY, number).await.expect("it is hers");
    world.run_jobs().await;
    let refused = publishes(&world, &tomas, number).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotInReview { .. }))), "{refused:?}");
    world.portal.discard_draft(&astrid, KEY, number).await.expect("it is hers");
    let refused = publishes(&world, &tomas, number).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NoDraft))), "{refused:?}");
    world.is_sound().await;
}

/// L1: the replay is a gate.
async fn nobody_publishes_before_the_replay_of_that_very_draft_is_finished(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    world.ask("ann.asker", KEY, "2h").await;
    world.ask("bo.asker", KEY, "2h").await;
    let number = writes(&world, &astrid, "8h", "6h").await;
    submits(&world, &astrid, number).await;
    let refused = publishes(&world, &tomas, number).await.expect_err("nothing was judged again yet");
    assert_eq!(refused.to_string(), "the replay is not finished: 0 of 2 recorded requests are judged again");
    let seen = page(&world, &tomas).await;
    assert!(!seen.may_publish && seen.why_not.is_some_and(|why| why.contains("0 of 2")));
    let replay = seen.replay.expect("it has begun");
    assert_eq!((replay.finished, replay.done, replay.total), (false, 0, 2));
    world.run_jobs().await;
    assert!(page(&world, &tomas).await.may_publish);
    publishes(&world, &tomas, number).await.expect("all of it was judged again");
    world.is_sound().await;
}

/// L1: what the draft would have changed, case by case.
async fn the_replay_says_what_the_draft_would_have_changed(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let long = world.ask("ann.asker", KEY, "8h").await;
    world.ask("bo.asker", KEY, "2h").await;
    let number = writes(&world, &astrid, "longest = \"8h\"", "longest = \"4h\"").await;
    submits(&world, &astrid, number).await;
    world.run_jobs().await;
    let replay = page(&world, &tomas).await.replay.expect("it is finished");
    assert_eq!(replay.sentence, "Of 2 recorded requests, 1 would be refused now.");
    let [refused] = &replay.sorts[..] else { panic!("one sort: {replay:?}") };
    let [case] = &refused.cases[..] else { panic!("one case: {replay:?}") };
    assert_eq!((refused.count, case.request, case.subject.as_str()), (1, long, "Ann Asker"));
    assert_eq!(case.says, "8 hours is longer than the 4 hours allowed");
    world.is_sound().await;
}

/// L1: what is done is not done twice, and nothing is left out.
async fn a_replay_that_was_cut_off_goes_on_where_it_was(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    for _ in 0..130 {
        let id = world.ask("ann.asker", KEY, "2h").await;
        world.portal.withdraw(&world.actor("ann.asker").await, id).await.expect("it is hers");
    }
    world.run_jobs().await;
    let number = writes(&world, &astrid, "8h", "6h").await;
    submits(&world, &astrid, number).await;
    assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1);
    let so_far = page(&world, &tomas).await.replay.expect("it runs");
    assert_eq!((so_far.finished, so_far.done, so_far.total), (false, 100, 130));
    let other = world.replica().await;
    while other.run_due_jobs(64).await.expect("jobs can be claimed") > 0 {}
    other.close().await;
    let replay = page(&world, &tomas).await.replay.expect("it is finished");
    assert_eq!((replay.finished, replay.done, replay.total), (true, 130, 130));
    assert_eq!(replay.sentence, "Of 130 recorded requests, none would be decided otherwise.");
    world.is_sound().await;
}

/// L1, R36: a proof counts once, and so what was asked meanwhile is judged again before it is looked at.
async fn no_confirmation_is_used_up_while_a_replay_is_far_behind(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let (secret, _) = with_app(&world, &tomas, &password()).await;
    let number = writes(&world, &astrid, "8h", "6h").await;
    submits(&world, &astrid, number).await;
    let rule = "@id(\"a\") @says(\"b\") forbid (principal, action, resource) when { context.minutes > 100000 };";
    let law = reviewed(&world, rule).await;
    let bundle = begun(&world, &tomas, &Wanted::Publish { key: KEY.to_owned(), number }).await;
    let guardrails = begun(&world, &tomas, &Wanted::PublishGuardrails { number: law }).await;
    // One more than is caught up with at once; all but the first are refused, which is on record as well.
    for _ in 0..301 {
        world.ask("ann.asker", KEY, "2h").await;
    }

    let shown = Answer::Code(code(&secret, world.clock.now()));
    for pending in [bundle, guardrails] {
        let early = world.portal.confirm(&tomas, pending, &shown).await;
        assert!(is(&early, |no| matches!(no, Refusal::NotReplayed { .. })), "{early:?}");
    }
    world.run_jobs().await;
    world.portal.confirm(&tomas, bundle, &shown).await.expect("the very code that was not looked at");
    let used = world.portal.confirm(&tomas, guardrails, &shown).await;
    assert!(is(&used, |no| *no == Refusal::UsedCode), "{used:?}");
    world.clock.advance(TimeDelta::seconds(30));
    let next = Answer::Code(code(&secret, world.clock.now()));
    world.portal.confirm(&tomas, guardrails, &next).await.expect("it has caught up");
    world.is_sound().await;
}

/// R5: live grants keep the version they were granted under.
async fn publishing_widens_no_live_grant(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let grant = world.granted("ann.asker", KEY, "2h", &["olga.owner"]).await;
    let before = world.grant(grant).await;
    let number = writes(&world, &astrid, "\"life-desk/x\"", "\"life-desk/x\", \"life-desk/y\"").await;
    submits(&world, &astrid, number).await;
    world.run_jobs().await;
    publishes(&world, &tomas, number).await.expect("he wrote none of it");
    world.run_jobs().await;
    assert_eq!(world.grant(grant).await, before);
    assert!(world.is_in("ann.asker", "life-x").await && !world.is_in("ann.asker", "life-y").await);
    world.is_sound().await;
}

/// R5: what opens a door is closed by two as well.
async fn a_bundle_is_retired_by_two(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let published = bundle(&world).await.published.expect("it is published").number;
    world.portal.retire_bundle(&astrid, KEY).await.expect("she may propose it");
    let twice = world.portal.retire_bundle(&tomas, KEY).await;
    assert!(matches!(twice, Err(Error::Refused(Refusal::RetirementProposed { .. }))), "{twice:?}");
    let own = world.portal.confirm_retirement(&astrid, KEY, published).await;
    assert!(matches!(own, Err(Error::Refused(Refusal::OwnProposal))), "{own:?}");
    assert!(bundle(&world).await.open_version().is_some(), "it can still be asked for");
    world.portal.keep_bundle(&astrid, KEY, published).await.expect("she thinks again");
    let gone = world.portal.confirm_retirement(&tomas, KEY, published).await;
    assert!(matches!(gone, Err(Error::Refused(Refusal::NothingProposed))), "{gone:?}");
    world.portal.retire_bundle(&astrid, KEY).await.expect("she may propose it again");
    let done = world.portal.confirm_retirement(&tomas, KEY, published).await;
    let wanted = Wanted::Retire { key: KEY.to_owned(), number: published };
    world.confirming(&tomas, done, wanted).await.expect("he is somebody else");
    assert!(bundle(&world).await.open_version().is_none());
    world.is_sound().await;
}

/// R13: what comes from the command line is reviewed as well.
async fn a_changed_catalogue_makes_a_draft_in_review(on: On) {
    let (world, _, tomas, _) = governed(on).await;
    let changed = COMPANY.replace("by the yes of one owner", "by the yes of any owner");
    let done = world.import(&changed).await;
    assert!(done.lines.iter().any(|line| line.contains("life-one is in review as draft 2")), "{:?}", done.lines);
    assert_eq!(world.import(&changed).await.lines, Vec::<String>::new(), "twice is once");
    world.run_jobs().await;
    assert_eq!(bundle(&world).await.published.map(|it| it.number), Some(1), "nothing has changed yet");
    publishes(&world, &tomas, 2).await.expect("the command line wrote it");
    world.is_sound().await;
}

/// The small company, with a sensitive desk.
pub fn sensitive() -> String {
    COMPANY.replacen("sensitivity = \"low\"", "sensitivity = \"high\"", 1)
}

/// The same, with other owners of the desk.
fn with_owners(owners: &str) -> String {
    sensitive().replacen("owners = [\"olga.owner\", \"otto.owner\"]", &format!("owners = [{owners}]"), 1)
}

/// R13: until an admin confirms it, the old owners stand.
async fn owners_of_a_sensitive_system_change_when_an_admin_confirms_it(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    world.import(&sensitive()).await;
    let done = world.import(&with_owners("\"bo.asker\"")).await;
    assert!(done.lines.iter().any(|line| line.contains("life-desk is sensitive")), "{:?}", done.lines);
    assert_eq!(world.import(&with_owners("\"bo.asker\"")).await.lines, Vec::<String>::new(), "twice is once");
    let seen = world.portal.system(&astrid, "life-desk", "").await.expect("an admin sees it");
    let mut owners = seen.row.owners;
    owners.sort_unstable();
    assert_eq!(owners, ["Olga Owner", "Otto Owner"]);
    let proposal = seen.proposal.expect("it waits");
    assert!(proposal.number == 1 && proposal.may_confirm && proposal.may_reject, "{proposal:?}");
    let stranger = world.portal.confirm_owners(&world.actor("bo.asker").await, "life-desk", 1).await;
    assert!(matches!(stranger, Err(Error::Refused(Refusal::NotAllowed(_)))), "{stranger:?}");
    let silent = world.portal.reject_owners(&astrid, "life-desk", 1, " ").await;
    assert!(matches!(silent, Err(Error::Refused(Refusal::Missing("comment")))), "{silent:?}");
    world.portal.reject_owners(&astrid, "life-desk", 1, "Bo is on leave").await.expect("she may");
    assert!(notices(&world, "olga.owner").await.iter().any(|says| says.contains("sent back what was proposed")));
    let late = world.portal.confirm_owners(&tomas, "life-desk", 1).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::NothingProposed))), "{late:?}");

    world.import(&with_owners("\"bo.asker\"")).await;
    let back = world.import(&sensitive()).await;
    assert!(back.lines.iter().any(|line| line.contains("taken back")), "{:?}", back.lines);
    world.import(&with_owners("\"bo.asker\"")).await;
    confirms_owners(&world, &tomas, 3).await;
    let seen = world.portal.system(&astrid, "life-desk", "").await.expect("an admin sees it");
    assert!(seen.row.owners == ["Bo Asker"] && seen.proposal.is_none(), "{seen:?}");
    assert_eq!(world.import(&with_owners("\"bo.asker\"")).await.lines, Vec::<String>::new(), "it is as the file says");
    // Nor does one make it less sensitive first.
    world.import(&with_owners("\"bo.asker\"").replacen("sensitivity = \"high\"", "sensitivity = \"low\"", 1)).await;
    let seen = world.portal.system(&astrid, "life-desk", "").await.expect("an admin sees it");
    assert!(seen.row.sensitivity == "high" && seen.proposal.is_some(), "{seen:?}");
    world.is_sound().await;
}

/// R13, R30: an admin who makes themselves an owner decides nothing by it, and does not confirm it.
async fn an_owner_change_is_no_way_into_a_stage(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    world.import(&sensitive()).await;
    let id = world.ask("ann.asker", KEY, "2h").await;
    world.import(&with_owners("\"astrid.nyberg\", \"olga.owner\"")).await;
    let early = world.approve("astrid.nyberg", id).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotADecider { .. }))), "{early:?}");
    let own = world.portal.confirm_owners(&astrid, "life-desk", 1).await;
    assert!(matches!(own, Err(Error::Refused(Refusal::GainsByIt { .. }))), "{own:?}");
    confirms_owners(&world, &tomas, 1).await;
    let late = world.approve("astrid.nyberg", id).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::NotADecider { .. }))), "it was asked before: {late:?}");
    let lost = world.approve("otto.owner", id).await;
    assert!(lost.is_err(), "he owns it no longer: {lost:?}");
    world.approve("olga.owner", id).await.expect("she still owns it");
    world.is_sound().await;
}

/// R13, R30: a one-time link can be used by whoever made it, so the two who used and made it count as one person for a day.
async fn who_an_admin_let_in_is_no_second_pair_of_eyes_for_a_day(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    for key in ["second.self", "third.self", "fourth.self"] {
        world.import(&format!("[[person]]\nkey = \"{key}\"\nname = \"{key}\"\nroles = [\"admin\"]\n")).await;
    }
    let [second, third, fourth] =
        [world.actor("second.self").await, world.actor("third.self").await, world.actor("fourth.self").await];
    for (by, whom) in [(&astrid, "second.self"), (&second, "third.self"), (&astrid, "fourth.self")] {
        let link = world.portal.invite(by, world.id(whom).await).await.expect("there is no password yet");
        uses(&world.portal, &link).await.expect("the link is new");
    }
    let number = writes(&world, &astrid, "8h", "6h").await;
    submits(&world, &astrid, number).await;
    world.run_jobs().await;

    let seen = page(&world, &second).await;
    assert!(!seen.may_publish && seen.why_not.is_some_and(|why| why.contains("count as one person")));
    assert!(page(&world, &tomas).await.may_publish, "another admin may");
    // Neither one, nor the one whom that one let in.
    for other in [&second, &third, &fourth] {
        let refused = publishes(&world, other, number).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::MaybeOne))), "{refused:?}");
    }
    // Nor do two who were let in by the same hand serve each other.
    world.portal.withdraw_draft(&astrid, KEY, number).await.expect("it is hers");
    world.portal.discard_draft(&astrid, KEY, number).await.expect("an admin may");
    let number = writes(&world, &third, "8h", "6h").await;
    submits(&world, &third, number).await;
    world.run_jobs().await;
    let refused = publishes(&world, &fourth, number).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::MaybeOne))), "{refused:?}");

    world.pass(TimeDelta::hours(24)).await;
    publishes(&world, &second, number).await.expect("a day was long enough to notice");
    world.is_sound().await;
}

async fn who_an_admin_let_in_gets_nothing_by_that_admin_for_a_day(on: On) {
    let world = World::on(on).await;
    world.import("[[person]]\nkey = \"olga.owner\"\nname = \"Olga Owner\"\nroles = [\"admin\"]\n").await;
    let olga = world.actor("olga.owner").await;
    let link = world.portal.invite(&olga, world.id("ann.asker").await).await.expect("there is no password yet");
    uses(&world.portal, &link).await.expect("the link is new");
    let id = world.ask("ann.asker", KEY, "2h").await;
    let refused = world.approve("olga.owner", id).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::MaybeOne))), "{refused:?}");
    let page = world.portal.request(&olga, id).await.expect("she owns the system");
    assert!(!page.acts.decide && page.acts.why_not_decide.is_some_and(|why| why.contains("count as one person")));
    world.approve("otto.owner", id).await.expect("another owner may");
    world.is_sound().await;
}
