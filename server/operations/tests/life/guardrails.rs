//! Guardrails: the rules above every bundle, asked when something is asked for and again at the moment of granting; written, tested,
//! reviewed and published under four eyes.

use crate::{
    on_both,
    people::is_let_in,
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{
    Actor, Refusal,
    guardrail::GuardrailText,
    ids::StreamId,
    request::{Request, State},
    ruling::{Outcome, judge_as},
    stepup::Strength,
};
use operations::{
    Error, Import, Wanted,
    guardrails::{GuardrailAct, RULES_FILE, STARTING_RULES, STARTING_TESTS, TESTS_FILE},
};

on_both! {
    without_guardrails_nothing_is_asked
    a_rule_that_forbids_refuses_in_its_own_words
    what_rules_demand_is_added_to_what_the_bundle_demands
    a_demand_for_a_person_is_never_automatic
    a_rule_that_fails_refuses_and_the_admins_hear_of_it
    stronger_rules_at_the_moment_of_granting_send_it_back
    weaker_proof_than_is_demanded_now_is_not_enough
    a_rule_that_forbids_at_the_moment_of_granting_stops_it
    what_cannot_be_read_or_fails_its_tests_is_not_published
    guardrails_are_published_by_another_admin_after_their_replay
    the_replay_names_the_cases_a_draft_would_refuse
    who_would_join_a_group_that_rules_name_needs_two
    every_ruling_made_again_comes_to_the_same
    a_catalogue_brings_guardrails_as_a_draft
    two_drafts_at_once_do_not_write_over_each_other
    a_ruling_says_which_guardrails_judged_and_what_they_demand
    a_text_is_kept_as_it_was_typed_and_hides_nothing
}

const BASE: &str = "@id(\"base\") @says(\"what its bundle allows\") permit (principal, action, resource);\n";
const TEST: &str = "[[test]]\nsays = \"an ordinary ask passes\"\nexpect = { allowed = true }\n";

fn text(rules: &str) -> GuardrailText {
    GuardrailText { rules: format!("{BASE}{rules}"), tests: TEST.to_owned() }
}

/// Two admins, beyond founding mode.
async fn admins(world: &World) -> (Actor, Actor) {
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(world, admin).await;
    }
    (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await)
}

/// Publishes these rules the way two admins do.
pub async fn publish(world: &World, rules: &str) {
    let number = reviewed(world, rules).await;
    published(world, number).await;
}

/// A draft with these rules, replayed and ready to be published. Gives its number.
pub async fn reviewed(world: &World, rules: &str) -> u32 {
    let astrid = world.actor("astrid.nyberg").await;
    let number = draft(world, &astrid, rules).await;
    world.portal.change_guardrails(&astrid, number, GuardrailAct::Submit).await.expect("she wrote it");
    world.run_jobs().await;
    number
}

async fn published(world: &World, number: u32) {
    let tomas = world.actor("tomas.ferreira").await;
    let done = world.portal.publish_guardrails(&tomas, number).await;
    let done = world.confirming(&tomas, done, Wanted::PublishGuardrails { number }).await;
    done.expect("another admin publishes it");
}

pub async fn draft(world: &World, by: &Actor, rules: &str) -> u32 {
    let after = world.portal.guardrail_editor(by).await.expect("an admin edits").after;
    world.portal.draft_guardrails(by, &text(rules), after).await.expect("a draft may be written");
    after + 1
}

/// A world beyond founding mode, with these rules.
async fn ruled(on: On, rules: &str) -> World {
    let world = World::on(on).await;
    admins(&world).await;
    publish(&world, rules).await;
    world
}

/// Which version counts.
async fn counts(world: &World) -> Option<u32> {
    world.read().await.guardrails_number().await.expect("it can be read")
}

fn says_no(request: &Request) -> Vec<&str> {
    request.ruling.failures().map(|check| check.says.as_str()).collect()
}

/// R11: where there are no guardrails a ruling says nothing of them, and is what it always was.
async fn without_guardrails_nothing_is_asked(on: On) {
    let world = World::empty(on).await;
    world.import(COMPANY).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    assert_eq!(world.request(id).await.ruling.guardrails, None);
}

/// R1, R2: what a guardrail forbids is refused, by the guardrail's sentence, whatever the bundle says.
async fn a_rule_that_forbids_refuses_in_its_own_words(on: On) {
    let rule = "@id(\"short\") @says(\"nobody has the desk for more than an hour\")
        forbid (principal, action, resource in System::\"life-desk\") when { context.minutes > 60 };";
    let world = ruled(on, rule).await;
    let long = world.request(world.ask("ann.asker", "life-one", "2h").await).await;
    assert!(matches!(long.state, State::Refused { .. }));
    assert_eq!(says_no(&long), ["nobody has the desk for more than an hour"]);
    let verdict = long.ruling.guardrails.expect("it was asked");
    assert_eq!(verdict.rules.keys().collect::<Vec<_>>(), ["short"], "the rule that decided is named (R12)");
    let short = world.request(world.ask("ann.asker", "life-one", "1h").await).await;
    assert!(matches!(short.state, State::Waiting { .. }));
    world.is_sound().await;
}

/// R8, R14: approvals, groups and strength are demanded by rules over all bundles; the union counts.
async fn what_rules_demand_is_added_to_what_the_bundle_demands(on: On) {
    let rules = "@id(\"two\") @says(\"two people\") @approvals(\"2\") permit (principal, action, resource);
        @id(\"one\") @says(\"one person\") @approvals(\"1\") @requires(\"passkey\") permit (principal, action, resource);
        @id(\"board\") @says(\"the fallback too\") @approved_by(\"life-fallback\") @requires(\"sign-in\")
          permit (principal, action, resource) when { principal in Group::\"life-askers\" };";
    let world = ruled(on, rules).await;
    let request = world.request(world.ask("ann.asker", "life-one", "2h").await).await;
    let needed: u8 = request.ruling.stages.iter().map(|stage| stage.need).sum();
    assert_eq!(needed, 2, "the owner, and one of the group, are two");
    assert_eq!(request.ruling.stages[1].name, "Life, fallback");
    assert!(request.ruling.stages.iter().all(|stage| stage.step_up == Some(Strength::Passkey)), "the strongest counts");
    let verdict = request.ruling.guardrails.expect("they were asked");
    assert_eq!(
        verdict.rules.keys().collect::<Vec<_>>(),
        ["base", "board", "one", "two"],
        "in the order of their names"
    );
}

/// R9: what a rule wants a person to decide is not given by policy alone.
async fn a_demand_for_a_person_is_never_automatic(on: On) {
    let rule = "@id(\"asked\") @says(\"a person decides\") @approvals(\"1\") permit (principal, action, resource);";
    let world = ruled(on, rule).await;
    let request = world.request(world.ask("ann.asker", "life-auto", "1h").await).await;
    assert_eq!(request.ruling.outcome, Outcome::NeedsApproval);
    assert_eq!(request.ruling.not_automatic, ["a person decides"]);
}

/// A rule may be typed right and still fail when it is worked out. Cedar would pass over it, a `forbid` too; here it refuses.
async fn a_rule_that_fails_refuses_and_the_admins_hear_of_it(on: On) {
    let rule = "@id(\"overflows\") @says(\"it never comes to this\")
        forbid (principal, action, resource) when { context.minutes * 9223372036854775807 > 0 };";
    let world = World::on(on).await;
    let (astrid, _) = admins(&world).await;
    let number = draft(&world, &astrid, rule).await;
    let page = world.portal.guardrail_page(&astrid).await.expect("an admin reads");
    let draft = page.draft.expect("it was just written");
    assert!(draft.sketch.rule_faults.is_empty(), "its types are right: {:?}", draft.sketch.rule_faults);
    assert!(!draft.sketch.tests[0].failures.is_empty(), "its tests find it");

    // Tests that expect it let it through: what happens then is what is looked at here.
    let failing = GuardrailText {
        rules: format!("{BASE}{rule}"),
        tests: "[[test]]\nsays = \"it fails\"\nexpect = { allowed = false, fails = true }\n".to_owned(),
    };
    world.portal.draft_guardrails(&astrid, &failing, number).await.expect("a draft may be written");
    let number = number + 1;
    world.portal.change_guardrails(&astrid, number, GuardrailAct::Submit).await.expect("she wrote it");
    world.run_jobs().await;
    let tomas = world.actor("tomas.ferreira").await;
    let done = world.portal.publish_guardrails(&tomas, number).await;
    world.confirming(&tomas, done, Wanted::PublishGuardrails { number }).await.expect("its tests hold");

    let request = world.request(world.ask("ann.asker", "life-one", "2h").await).await;
    assert!(matches!(request.state, State::Refused { .. }));
    assert!(says_no(&request)[0].contains("cannot be worked out"), "{:?}", says_no(&request));
    let told = world.portal.notices(&tomas, "").await.expect("they can be read").items;
    assert!(told.iter().any(|notice| notice.says.contains("`overflows` could not be worked out")), "{told:?}");
    world.is_sound().await;
}

/// R7: stronger demands at the moment of granting wait for those who come on top.
async fn stronger_rules_at_the_moment_of_granting_send_it_back(on: On) {
    let world = World::on(on).await;
    admins(&world).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    assert!(matches!(world.request(id).await.state, State::Granted { .. }), "one was enough");

    let two = "@id(\"two\") @says(\"two people\") @approvals(\"2\") permit (principal, action, resource);";
    let number = reviewed(&world, two).await;
    let id = world.ask("bo.asker", "life-one", "2h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    // Between the last yes and the grant the rules become stronger.
    published(&world, number).await;
    world.run_jobs().await;
    let request = world.request(id).await;
    assert!(matches!(request.state, State::Waiting { .. }), "{:?}", request.state);
    assert_eq!(request.terms, 2, "whoever decided on the page of before decided on something else");
    let again = world.portal.approve(&world.actor("olga.owner").await, id, 2, "", "").await;
    assert!(matches!(again, Err(Error::Refused(_))), "nobody is two people: {again:?}");
    let otto = world.actor("otto.owner").await;
    world.portal.approve(&otto, id, 2, "", "").await.expect("another owner decides");
    world.run_jobs().await;
    assert!(matches!(world.request(id).await.state, State::Granted { .. }));
    world.is_sound().await;
}

/// R7, R36: a yes that was given with less than is demanded now is given again.
async fn weaker_proof_than_is_demanded_now_is_not_enough(on: On) {
    let world = World::on(on).await;
    admins(&world).await;
    let rule = "@id(\"sure\") @says(\"surely\") @requires(\"sign-in\") permit (principal, action, resource);";
    let number = reviewed(&world, rule).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    published(&world, number).await;
    world.run_jobs().await;
    let request = world.request(id).await;
    assert!(matches!(request.state, State::Waiting { .. }), "{:?}", request.state);
    let again = request.ruling.stages.last().expect("it came on top");
    assert_eq!((again.name.as_str(), again.step_up), ("Owner, again", Some(Strength::SignIn)));
    world.is_sound().await;
}

/// R7: what is forbidden at the moment of granting is not granted, and says why.
async fn a_rule_that_forbids_at_the_moment_of_granting_stops_it(on: On) {
    let world = World::on(on).await;
    admins(&world).await;
    let rule =
        "@id(\"closed\") @says(\"the desk is closed\") forbid (principal, action, resource in System::\"life-desk\");";
    let number = reviewed(&world, rule).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    published(&world, number).await;
    world.run_jobs().await;
    let State::Stopped { why, .. } = world.request(id).await.state else { panic!("it must not be granted") };
    assert_eq!(why, "the desk is closed");
    assert!(!world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// Every mistake has its line, and none is published.
async fn what_cannot_be_read_or_fails_its_tests_is_not_published(on: On) {
    let world = World::on(on).await;
    let (astrid, tomas) = admins(&world).await;
    let cases = [
        ("permit (principal, action, resource", "rules"),
        ("forbid (principal, action, resource) when { context.minuts > 1 };", "minuts"),
        (
            "@id(\"a\") @says(\"b\") forbid (principal, action, resource) when { principal.kind == Kind::\"persn\" };",
            "persn",
        ),
        (
            "@id(\"a\") @says(\"b\") forbid (principal, action, resource) when { context.workItem == \"x\" };",
            "workItem",
        ),
        ("forbid (principal, action, resource) when { context.minutes > 1 };", "has no name"),
        ("@id(\"a\") forbid (principal, action, resource) when { context.minutes > 1 };", "says nothing"),
        ("@id(\"base\") @says(\"twice\") permit (principal, action, resource);", "two rules"),
        (
            "@id(\"a\") @says(\"b\") @approvals(\"2\") forbid (principal, action, resource) when { context.minutes > 1 };",
            "would never count",
        ),
        ("@id(\"a\") @says(\"b\") @approvals(\"0\") permit (principal, action, resource);", "from 1 to 5"),
        ("@id(\"a\") @says(\"b\") @requires(\"stamp\") permit (principal, action, resource);", "not a strength"),
        ("@id(\"a\") @says(\"b\") @require(\"code\") permit (principal, action, resource);", "means nothing here"),
        (
            "@id(\"a\") @says(\"b\") @approved_by(\"nobody-knows\") permit (principal, action, resource);",
            "no such group",
        ),
        ("@id(\"a\") @says(\"b\") permit (principal == ?principal, action, resource);", "templates"),
        ("@id(\"all\") @says(\"nothing\") forbid (principal, action, resource);", "fails"),
    ];
    for (rule, wrong) in cases {
        let number = draft(&world, &astrid, rule).await;
        world.portal.change_guardrails(&astrid, number, GuardrailAct::Submit).await.expect("she wrote it");
        world.run_jobs().await;
        let refused = world.portal.publish_guardrails(&tomas, number).await;
        let Err(Error::Refused(Refusal::NotPublishable { gaps })) = refused else { panic!("{rule}: {refused:?}") };
        assert!(gaps.iter().any(|gap| gap.contains(wrong)), "{rule}: {gaps:?}");
        let page = world.portal.guardrail_page(&astrid).await.expect("an admin reads");
        let sketch = page.draft.expect("it is there").sketch;
        assert!(sketch.rule_faults.iter().all(|fault| fault.line != Some(1)), "the first line is right: {sketch:?}");
    }
    let untested = GuardrailText { rules: BASE.to_owned(), tests: String::new() };
    let sketch = world.portal.sketch_guardrails(&astrid, &untested).await.expect("an admin may");
    assert_eq!(sketch.gaps, ["no test stands beside the rules: write at least one"]);
    let silent = GuardrailText { rules: String::new(), tests: TEST.to_owned() };
    let sketch = world.portal.sketch_guardrails(&astrid, &silent).await.expect("an admin may");
    assert!(sketch.rule_faults[0].says.contains("nothing would ever be granted"), "{sketch:?}");
    let start = GuardrailText { rules: STARTING_RULES.to_owned(), tests: STARTING_TESTS.to_owned() };
    let sketch = world.portal.sketch_guardrails(&astrid, &start).await.expect("an admin may");
    assert!(sketch.rule_faults.is_empty() && sketch.gaps.is_empty(), "{sketch:?}");
    assert!(sketch.tests.iter().all(|test| test.failures.is_empty()), "{sketch:?}");
}

/// L15, R13: the organisation's law is moved by two, and never before it was replayed.
async fn guardrails_are_published_by_another_admin_after_their_replay(on: On) {
    let world = World::on(on).await;
    let (astrid, tomas) = admins(&world).await;
    let ann = world.actor("ann.asker").await;
    let refused = world.portal.draft_guardrails(&ann, &text(""), 0).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotAllowed(_)))), "{refused:?}");
    assert!(world.portal.guardrail_page(&ann).await.is_err());

    let rule = "@id(\"a\") @says(\"b\") forbid (principal, action, resource) when { context.minutes > 100000 };";
    let number = draft(&world, &astrid, rule).await;
    let early = world.portal.publish_guardrails(&tomas, number).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotInReview { .. }))), "{early:?}");
    let other = world.portal.change_guardrails(&tomas, number, GuardrailAct::Submit).await;
    assert!(matches!(other, Err(Error::Refused(Refusal::NotItsAuthor { .. }))), "{other:?}");
    world.portal.change_guardrails(&astrid, number, GuardrailAct::Submit).await.expect("she wrote it");
    let unreplayed = world.portal.publish_guardrails(&tomas, number).await;
    assert!(matches!(unreplayed, Err(Error::Refused(Refusal::NotReplayed { .. }))), "{unreplayed:?}");
    world.run_jobs().await;
    let own = world.portal.publish_guardrails(&astrid, number).await;
    assert!(matches!(own, Err(Error::Refused(Refusal::OwnDraft))), "{own:?}");

    world.portal.change_guardrails(&tomas, number, GuardrailAct::SendBack("name the number")).await.expect("he reads");
    let sent = world.portal.publish_guardrails(&tomas, number).await;
    assert!(matches!(sent, Err(Error::Refused(Refusal::NotInReview { .. }))), "{sent:?}");
    let page = world.portal.guardrail_page(&tomas).await.expect("an admin reads");
    assert_eq!(page.remarks.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["name the number"]);
    world.portal.change_guardrails(&astrid, number, GuardrailAct::Submit).await.expect("once more");
    world.run_jobs().await;
    let unconfirmed = world.portal.publish_guardrails(&tomas, number).await;
    assert!(matches!(unconfirmed, Err(Error::Refused(Refusal::StepUp { .. }))), "{unconfirmed:?}");
    let done = world.confirming(&tomas, unconfirmed, Wanted::PublishGuardrails { number }).await;
    done.expect("another admin publishes it");
    assert_eq!(counts(&world).await, Some(number));
    world.is_sound().await;
}

/// L1: a draft is run over what is recorded, with the facts of then, and its cases are named.
async fn the_replay_names_the_cases_a_draft_would_refuse(on: On) {
    let world = World::on(on).await;
    let (astrid, _) = admins(&world).await;
    let long = world.ask("ann.asker", "life-one", "4h").await;
    world.ask("bo.asker", "life-auto", "1h").await;
    let rules = "@id(\"short\") @says(\"two hours are enough\") forbid (principal, action, resource) when { context.minutes > 120 };
        @id(\"asked\") @says(\"a person decides\") @approvals(\"1\") permit (principal, action, resource);";
    let number = draft(&world, &astrid, rules).await;
    world.portal.change_guardrails(&astrid, number, GuardrailAct::Submit).await.expect("she wrote it");
    world.run_jobs().await;
    let page = world.portal.guardrail_page(&astrid).await.expect("an admin reads");
    let replay = page.draft.and_then(|draft| draft.replay).expect("it began");
    assert!(replay.finished);
    let titles: Vec<_> = replay.sorts.iter().map(|sort| (sort.title.as_str(), sort.count)).collect();
    assert_eq!(titles, [("Newly refused", 1), ("No longer automatic", 1)]);
    assert_eq!(replay.sorts[0].cases[0].request, long);
    assert_eq!(replay.sorts[0].cases[0].says, "two hours are enough");

    // What is asked after the replay finished is judged before it is published.
    world.ask("bo.asker", "life-one", "5h").await;
    let tomas = world.actor("tomas.ferreira").await;
    let done = world.portal.publish_guardrails(&tomas, number).await;
    world.confirming(&tomas, done, Wanted::PublishGuardrails { number }).await.expect("another admin publishes it");
    let lines = world.portal.guardrail_page(&astrid).await.expect("an admin reads").lines;
    let published = lines.iter().find(|line| line.what.starts_with("published")).expect("it stands in the trail");
    assert!(published.what.contains("2 would be refused now"), "{}", published.what);
}

/// R15: membership of a group that guardrails name is a privilege, whatever the catalogue calls it.
async fn who_would_join_a_group_that_rules_name_needs_two(on: On) {
    let rule = "@id(\"x\") @says(\"not without X\") forbid (principal, action, resource in System::\"life-hand\")
        unless { principal in Group::\"life-x\" };";
    let world = ruled(on, rule).await;
    let request = world.request(world.ask("ann.asker", "life-one", "2h").await).await;
    let why = request.ruling.privileged.values().next().expect("it opens what the rule closes");
    assert!(why.contains("the guardrails name"), "{why}");
    assert_eq!(request.ruling.stages.iter().map(|stage| stage.need).sum::<u8>(), 2);
}

/// R11: the same facts, the same rules, the same ruling, byte for byte; and a changed one is found.
async fn every_ruling_made_again_comes_to_the_same(on: On) {
    let world = World::on(on).await;
    admins(&world).await;
    let first = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    publish(&world, "@id(\"two\") @says(\"two people\") @approvals(\"2\") permit (principal, action, resource);").await;
    world.portal.give_back(&world.actor("ann.asker").await, first).await.expect("it is hers");
    world.run_jobs().await;
    world.granted("ann.asker", "life-one", "1h", &["olga.owner", "otto.owner"]).await;
    world.ask("bo.asker", "life-auto", "1h").await;
    world.run_jobs().await;
    let mut unlike = Vec::new();
    let done = world
        .portal
        .rejudge(&Actor::Operator, None, &mut |it| unlike.push(it.to_string()), &mut |_| ())
        .await
        .expect("an operator may");
    assert_eq!(unlike, Vec::<String>::new());
    assert_eq!((done.unlike, done.by_another_engine), (0, 0));
    assert!(done.rulings >= 5, "each ask, and each moment of granting: {}", done.rulings);

    let id = world.ask("ann.asker", "life-xy", "1h").await;
    let request = world.request(id).await;
    assert!(judge_as(99, &request.ask, &request.facts, &domain::guardrail::Unguarded).is_none(), "no such rules");
    let events = world.read().await.events(StreamId(id.0), 1, 1).await.expect("they can be read");
    let bytes = String::from_utf8(events[0].bytes.clone()).expect("it is JSON");
    let other = bytes.replace("\"outcome\":\"needs-approval\"", "\"outcome\":\"automatic\"");
    let (stream, other) = (world.literal(id.0), world.bytes(other.as_bytes()));
    world.tamper(&[format!("update events set bytes = {other} where stream_id = {stream} and seq = 1")]).await;
    let done = world
        .portal
        .rejudge(&Actor::Operator, Some(id), &mut |it| unlike.push(it.to_string()), &mut |_| ())
        .await
        .expect("an operator may");
    assert_eq!((done.rulings, done.unlike), (1, 1), "{unlike:?}");
}

/// A catalogue never moves the organisation's law by itself; and what is wrong in it is told with its file and line.
async fn a_catalogue_brings_guardrails_as_a_draft(on: On) {
    let world = World::on(on).await;
    let (astrid, _) = admins(&world).await;
    let files = |rules: &str, tests: &str| {
        vec![(RULES_FILE.to_owned(), rules.to_owned()), (TESTS_FILE.to_owned(), tests.to_owned())]
    };
    let wrong = world.portal.import_files(&Actor::Operator, &files("permit (principal", TEST), Import::default()).await;
    let Err(Error::Refused(Refusal::Catalogue(mistakes))) = wrong else { panic!("{wrong:?}") };
    assert!(mistakes[0].starts_with("guardrails/rules.cedar:1: "), "{mistakes:?}");
    let failing = "[[test]]\nsays = \"no\"\nexpect = { allowed = false }\n";
    let wrong = world.portal.import_files(&Actor::Operator, &files(BASE, failing), Import::default()).await;
    let Err(Error::Refused(Refusal::Catalogue(mistakes))) = wrong else { panic!("{wrong:?}") };
    assert!(mistakes[0].starts_with("guardrails/tests.toml:1: “no” fails"), "{mistakes:?}");
    for (hidden, place) in [
        (files(&format!("{BASE}// \u{202E}\n"), TEST), "guardrails/rules.cedar:2: "),
        (files(BASE, &format!("{TEST}# \u{202E}\n")), "guardrails/tests.toml:4: "),
    ] {
        let wrong = world.portal.import_files(&Actor::Operator, &hidden, Import::default()).await;
        let Err(Error::Refused(Refusal::Catalogue(mistakes))) = wrong else { panic!("{wrong:?}") };
        assert!(mistakes[0].starts_with(place) && mistakes[0].contains("(U+202E)"), "{mistakes:?}");
    }

    let before = counts(&world).await;
    let done = world.portal.import_files(&Actor::Operator, &files(BASE, TEST), Import::default()).await;
    assert_eq!(done.expect("it is right").lines, ["~ guardrails: a draft in review"]);
    assert_eq!(counts(&world).await, before, "what counts is what was reviewed");
    let page = world.portal.guardrail_page(&astrid).await.expect("an admin reads");
    assert!(page.draft.expect("it waits").submitted.is_some());
    let again = world.portal.import_files(&Actor::Operator, &files(BASE, TEST), Import::default()).await;
    assert_eq!(again.expect("it is right").lines, Vec::<String>::new(), "twice changes nothing");
}

/// L14: who began from an older version is told, and writes over nothing.
async fn two_drafts_at_once_do_not_write_over_each_other(on: On) {
    let world = World::on(on).await;
    let (astrid, tomas) = admins(&world).await;
    let after = world.portal.guardrail_editor(&tomas).await.expect("an admin edits").after;
    draft(&world, &astrid, "").await;
    let rule = "@id(\"a\") @says(\"b\") forbid (principal, action, resource) when { context.minutes > 9 };";
    let refused = world.portal.draft_guardrails(&tomas, &text(rule), after).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::WrittenMeanwhile { .. }))), "{refused:?}");
    world.clock.advance(TimeDelta::minutes(1));
    world.is_sound().await;
}

/// R12, R22: what is shown of a ruling names the version, the engine and the rules that had a part, and their demands in words.
async fn a_ruling_says_which_guardrails_judged_and_what_they_demand(on: On) {
    let rule = "@id(\"two\") @says(\"two people decide\") @approvals(\"2\") @approved_by(\"life-fallback\")
        @asker_requires(\"sign-in\") permit (principal, action, resource);";
    let world = ruled(on, rule).await;
    let asking = world.asking("ann.asker", "life-one", "2h").await;
    let ruling = world.portal.preview(&world.actor("ann.asker").await, &asking).await.expect("she may ask");
    assert_eq!(ruling.confirms.as_deref(), Some("a fresh sign-in"), "the bundle itself wants nothing");
    let verdict = ruling.guardrails.expect("they were asked");
    assert_eq!(Some(verdict.number), counts(&world).await);
    assert!(verdict.engine.starts_with("cedar "), "{}", verdict.engine);
    assert_eq!(verdict.rules, ["what its bundle allows", "two people decide"]);
    assert_eq!(
        verdict.demands,
        ["two distinct approvers", "somebody of Life, fallback approves", "the asker confirms with a fresh sign-in"]
    );
}

/// A browser sends each line break as two characters, which is no new version; and nobody reviews what they cannot see.
async fn a_text_is_kept_as_it_was_typed_and_hides_nothing(on: On) {
    let world = ruled(on, "").await;
    let (astrid, after) = (world.actor("astrid.nyberg").await, counts(&world).await.expect("they were published"));
    let typed = text("");
    let sent = GuardrailText { rules: typed.rules.replace('\n', "\r\n"), tests: typed.tests.replace('\n', "\r\n") };
    world.portal.draft_guardrails(&astrid, &sent, after).await.expect("it says nothing new");
    let page = world.portal.guardrail_page(&astrid).await.expect("an admin reads");
    assert_eq!((page.draft, page.text), (None, Some(typed.rules)));
    for hidden in ['\0', '\u{202E}'] {
        let refused = world.portal.draft_guardrails(&astrid, &text(&format!("// {hidden}\n")), after).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::Text { field: "rules", .. }))), "{refused:?}");
    }
    for hidden in ['\0', '\r', '\u{200B}', '\u{202E}'] {
        let rules = text(&format!("// {hidden} after it\n"));
        let sketch = world.portal.sketch_guardrails(&astrid, &rules).await.expect("an admin may");
        let lines: Vec<_> = sketch.rule_faults.iter().map(|it| it.line).collect();
        assert_eq!(lines, [Some(2)], "{hidden:?}");
        let tests = GuardrailText { tests: format!("{TEST}# {hidden} after it\n"), ..text("") };
        let sketch = world.portal.sketch_guardrails(&astrid, &tests).await.expect("an admin may");
        let lines: Vec<_> = sketch.test_faults.iter().map(|it| it.line).collect();
        assert_eq!(lines, [Some(4)], "{hidden:?}");
    }
    let sketch = world.portal.sketch_guardrails(&astrid, &sent).await.expect("an admin may");
    assert!(sketch.rule_faults.is_empty() && sketch.test_faults.is_empty(), "a pair is one line break");
}
