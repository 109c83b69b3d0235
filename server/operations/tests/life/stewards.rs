//! Who decides about a system, what guards it, and who is in a group that decides: proposed by the catalogue or in the browser, and
//! confirmed by an admin who comes to decide nothing by it.

use crate::{
    delegation::{NOW, lets},
    guardrails::publish,
    on_both,
    people::{is_let_in, notices},
    review::{confirms_owners, governed, sensitive},
    world::{COMPANY, On, World},
};
use domain::{
    Actor, Refusal,
    resource::{DataClass, Environment, Sensitivity, System},
    views::{SystemPage, editor::Values},
};
use operations::{Error, Wanted};

on_both! {
    an_admin_proposes_owners_another_sends_back_and_confirms
    what_waits_changes_hands_or_stops_and_what_is_approved_does_neither
    who_is_written_wrong_is_told_and_nothing_is_proposed
    an_import_leaves_alone_what_an_admin_proposed
    who_backs_a_system_up_does_not_confirm_that_its_owners_go
    as_many_owners_count_as_the_guardrails_may_ask_for
    what_guards_a_system_is_lowered_by_two_and_raised_by_one
    a_lower_sensitivity_takes_two_wherever_it_stands
    who_is_in_a_group_that_decides_changes_by_two
    who_is_in_a_group_that_the_guardrails_ask_changes_by_two
    who_has_left_goes_from_a_group_at_once
    who_joins_a_group_that_decides_does_not_confirm_it
    nor_does_who_decides_in_the_place_of_somebody_who_gains_by_it
}

fn people(owners: &[&str], backup_owners: &[&str], fallback: &str) -> Values {
    let held = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let fields = [("owners", held(owners)), ("backup_owners", held(backup_owners)), ("fallback", held(&[fallback]))];
    fields.into_iter().map(|(name, held)| (name.to_owned(), held)).collect()
}

async fn page(world: &World, actor: &Actor) -> SystemPage {
    world.portal.system(actor, "life-desk", "").await.expect("an admin sees it")
}

async fn desk(world: &World) -> System {
    world.read().await.system_by_key("life-desk").await.expect("it can be read").expect("it is there")
}

async fn confirms_members(world: &World, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
    let done = world.portal.confirm_members(actor, key, number).await;
    world.confirming(actor, done, Wanted::ConfirmMembers { key: key.to_owned(), number }).await
}

fn is(done: &Result<(), Error>, what: impl Fn(&Refusal) -> bool) -> bool {
    matches!(done, Err(Error::Refused(refusal)) if what(refusal))
}

/// R13, R30: owners go the same way as bundles: proposed, talked about, sent back, and confirmed by another.
async fn an_admin_proposes_owners_another_sends_back_and_confirms(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    let wanted = people(&["olga.owner", "bo.asker"], &["bea.backup"], "life-fallback");
    let form = page(&world, &astrid).await.propose.expect("nothing is proposed");
    let mut now: Vec<_> = form.owners.iter().map(|it| it.id.as_str()).collect();
    now.sort_unstable();
    assert_eq!((now, form.fallback.as_str()), (vec!["olga.owner", "otto.owner"], "life-fallback"));
    let same = people(&["olga.owner", "otto.owner"], &["bea.backup"], "life-fallback");
    let nothing = world.portal.propose_owners(&astrid, "life-desk", &same, "").await;
    assert!(is(&nothing, |no| *no == Refusal::NothingNew), "{nothing:?}");
    let stranger = world.portal.propose_owners(&world.actor("olga.owner").await, "life-desk", &wanted, "").await;
    assert!(is(&stranger, |no| matches!(no, Refusal::NotAllowed(_))), "{stranger:?}");

    world.portal.propose_owners(&astrid, "life-desk", &wanted, "Otto moves on").await.expect("she may");
    let hers = page(&world, &astrid).await;
    let proposal = hers.proposal.expect("it waits");
    assert!(hers.propose.is_none() && proposal.may_take_back && !proposal.may_confirm && !proposal.may_reject);
    let his = page(&world, &tomas).await.proposal.expect("it waits");
    assert!(his.may_confirm && his.may_reject && his.may_comment && !his.may_take_back, "{his:?}");
    assert_eq!(his.hands.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), [id.to_string()], "Otto would lose it");
    let changes: Vec<_> = his.changes.iter().map(|it| (it.what.as_str(), it.after.as_str())).collect();
    assert_eq!(changes, [("owners", "Bo Asker and Olga Owner")]);
    for key in ["tomas.ferreira", "otto.owner", "bo.asker"] {
        assert_eq!(
            notices(&world, key).await[0],
            "Astrid Nyberg wants other people to decide about Life desk",
            "{key}"
        );
    }
    let second = world.portal.propose_owners(&tomas, "life-desk", &wanted, "").await;
    assert!(is(&second, |no| matches!(no, Refusal::ProposalWaits { .. })), "{second:?}");
    let own = world.portal.reject_owners(&astrid, "life-desk", 1, "no").await;
    assert!(is(&own, |no| *no == Refusal::TakeItBack), "{own:?}");
    world.portal.comment_on_owners(&tomas, "life-desk", 1, "who is Bo?").await.expect("he may write");
    world.portal.reject_owners(&tomas, "life-desk", 1, "Bo only asks").await.expect("he may");
    assert_eq!(notices(&world, "astrid.nyberg").await[0], "Tomás Ferreira sent back what was proposed for Life desk");
    assert_eq!(notices(&world, "olga.owner").await[0], "Tomás Ferreira sent back what was proposed for Life desk");
    let seen = page(&world, &astrid).await;
    let said: Vec<_> = seen.remarks.iter().map(|it| (it.text.as_str(), it.sends_back)).collect();
    assert_eq!(said, [("Otto moves on", false), ("who is Bo?", false), ("Bo only asks", true)]);

    let wanted = people(&["olga.owner, hal.hand"], &["bea.backup"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &wanted, "").await.expect("she may");
    let other = world.portal.take_back_owners(&tomas, "life-desk", 2).await;
    assert!(is(&other, |no| matches!(no, Refusal::NotItsProposer { .. })), "{other:?}");
    world.portal.take_back_owners(&astrid, "life-desk", 2).await.expect("it is hers");
    world.portal.propose_owners(&astrid, "life-desk", &wanted, "").await.expect("she may");
    let alone = world.portal.confirm_owners(&astrid, "life-desk", 3).await;
    assert!(is(&alone, |no| *no == Refusal::OwnProposal), "{alone:?}");
    confirms_owners(&world, &tomas, 3).await;
    let mut owners = page(&world, &astrid).await.row.owners;
    owners.sort_unstable();
    assert_eq!(owners, ["Hal Hand", "Olga Owner"]);
    let lost = world.approve("otto.owner", id).await;
    assert!(lost.is_err(), "he owns it no longer: {lost:?}");
    let new = world.approve("hal.hand", id).await;
    assert!(is(&new, |no| matches!(no, Refusal::NotADecider { .. })), "it was asked before: {new:?}");
    world.approve("olga.owner", id).await.expect("she still owns it");
    world.is_sound().await;
}

/// L13: who confirms it reads what becomes of the open requests.
async fn what_waits_changes_hands_or_stops_and_what_is_approved_does_neither(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let waits = world.ask("ann.asker", "life-one", "2h").await;
    let approved = world.ask("bo.asker", "life-one", "2h").await;
    world.approve("otto.owner", approved).await.expect("an owner decides");
    let becomes = async || {
        let seen = page(&world, &tomas).await.proposal.expect("it waits");
        [seen.hands, seen.stops].map(|of| of.into_iter().map(|it| it.id).collect::<Vec<_>>())
    };
    let fewer = people(&["olga.owner"], &["bea.backup"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &fewer, "").await.expect("she may");
    assert_eq!(becomes().await, [vec![waits.to_string()], vec![]], "Otto would lose what waits");
    world.portal.take_back_owners(&astrid, "life-desk", 1).await.expect("it is hers");

    // Of those who were asked nobody is left.
    let others = people(&["hal.hand"], &[], "life-operators");
    world.portal.propose_owners(&astrid, "life-desk", &others, "").await.expect("she may");
    assert_eq!(becomes().await, [vec![], vec![waits.to_string()]]);
    confirms_owners(&world, &tomas, 2).await;
    assert_eq!(world.request(waits).await.state.word(), "stopped");
    assert_eq!(world.request(approved).await.state.word(), "approved");
    world.is_sound().await;
}

async fn who_is_written_wrong_is_told_and_nothing_is_proposed(on: On) {
    let (world, astrid, _, _) = governed(on).await;
    world.import(&COMPANY.replace("name = \"Hedda Hand\"", "name = \"Hedda Hand\"\nleft = true")).await;
    let wrong = people(&["olga.ownr", "hedda.hand", "build-pipeline"], &[], "life-falback");
    let refused = world.portal.propose_owners(&astrid, "life-desk", &wrong, "").await;
    let Err(Error::Refused(Refusal::Form(told))) = refused else { panic!("{refused:?}") };
    assert!(told.iter().any(|says| says.contains("did you mean `olga.owner`?")), "{told:?}");
    assert!(told.iter().any(|says| says == "Hedda Hand has left"), "{told:?}");
    assert!(told.iter().any(|says| says.contains("there is no group `life-falback`")), "{told:?}");
    let nobody = world.portal.propose_owners(&astrid, "life-desk", &people(&[], &[], "life-fallback"), "").await;
    assert!(is(&nobody, |no| *no == Refusal::Form(vec!["name at least one owner".to_owned()])), "{nobody:?}");
    assert!(desk(&world).await.proposed.is_none());
    world.is_sound().await;
}

/// A catalogue that is loaded every night does not undo what is being talked about.
async fn an_import_leaves_alone_what_an_admin_proposed(on: On) {
    let (world, astrid, _, _) = governed(on).await;
    let wanted = people(&["olga.owner"], &["bea.backup"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &wanted, "").await.expect("she may");
    assert_eq!(world.import(COMPANY).await.lines, Vec::<String>::new());
    assert!(desk(&world).await.proposed.is_some());
    // What it raises meanwhile is not lowered again by who confirms the people.
    world.import(&sensitive()).await;
    let tomas = world.actor("tomas.ferreira").await;
    confirms_owners(&world, &tomas, 1).await;
    let desk = desk(&world).await;
    assert_eq!((desk.spec.sensitivity, desk.spec.owners.len()), (Sensitivity::High, 1));
    world.is_sound().await;
}

/// R30: taking the owners away is a way into a stage too.
async fn who_backs_a_system_up_does_not_confirm_that_its_owners_go(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    let both = people(&["olga.owner", "otto.owner"], &["ada.admin"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &both, "").await.expect("she may");
    confirms_owners(&world, &tomas, 1).await;
    let fewer = people(&["olga.owner"], &["ada.admin"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &fewer, "").await.expect("she may");
    let gains = world.portal.confirm_owners(&ada, "life-desk", 2).await;
    assert!(
        is(&gains, |no| matches!(no, Refusal::GainsByIt { .. })),
        "two may be needed, and she is the next: {gains:?}"
    );
    let seen = page(&world, &ada).await.proposal.expect("it waits");
    assert!(!seen.may_confirm && seen.why_not.is_some_and(|why| why.contains("you would decide about")));
    confirms_owners(&world, &tomas, 2).await;

    // Nor does she come to decide what waits by what she proposes and another confirms.
    let id = world.ask("ann.asker", "life-one", "2h").await;
    let handed = people(&["hal.hand"], &["ada.admin"], "life-fallback");
    world.portal.propose_owners(&ada, "life-desk", &handed, "").await.expect("she may");
    confirms_owners(&world, &tomas, 3).await;
    let fallback = [world.id("fay.fallback").await, world.id("finn.fallback").await];
    assert_eq!(world.request(id).await.may_decide_now(), fallback.into(), "Hal is new, and Ada proposed it");
    let moved = world.approve("ada.admin", id).await;
    assert!(is(&moved, |no| *no == Refusal::MovedIt), "{moved:?}");
    world.is_sound().await;
}

/// The small company, with a desk that is guarded as closely as can be.
fn guarded() -> String {
    COMPANY
        .replacen("environment = \"staging\"", "environment = \"production\"", 1)
        .replacen("data_class = \"internal\"", "data_class = \"restricted\"\nexternal = true", 1)
        .replacen("native = \"life-x\"", "native = \"life-x\"\n  privileged = true", 1)
}

/// R8, R30: where the guardrails may want three owners, the third who goes lets a backup owner in.
async fn as_many_owners_count_as_the_guardrails_may_ask_for(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    let rule = "@id(\"three\") @says(\"three people\") @approvals(\"3\") permit (principal, action, resource);";
    publish(&world, rule).await;
    let three = people(&["olga.owner", "otto.owner", "hal.hand"], &["ada.admin"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &three, "").await.expect("she may");
    confirms_owners(&world, &tomas, 1).await;
    let two = people(&["olga.owner", "otto.owner"], &["ada.admin"], "life-fallback");
    world.portal.propose_owners(&astrid, "life-desk", &two, "").await.expect("she may");
    let gains = world.portal.confirm_owners(&ada, "life-desk", 2).await;
    assert!(is(&gains, |no| matches!(no, Refusal::GainsByIt { .. })), "three may be needed: {gains:?}");
    confirms_owners(&world, &tomas, 2).await;
    world.is_sound().await;
}

/// R9, R13: a catalogue raises what guards a system, and lowers nothing alone.
async fn what_guards_a_system_is_lowered_by_two_and_raised_by_one(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    assert_eq!(world.import(&guarded()).await.changed, 1, "raised at once");
    let is_guarded = |it: &System| {
        let spec = &it.spec;
        let privileged = spec.entitlements.values().any(|right| right.native == "life-x" && right.privileged);
        spec.environment == Environment::Production
            && spec.data_class == DataClass::Restricted
            && spec.external
            && privileged
    };
    assert!(is_guarded(&desk(&world).await));

    let done = world.import(COMPANY).await;
    assert_eq!(done.lines, ["  system life-desk would be guarded less: that changes when an admin confirms it"]);
    assert_eq!(world.import(COMPANY).await.lines, Vec::<String>::new(), "twice is once");
    assert!(is_guarded(&desk(&world).await), "nothing has changed yet");
    let told = notices(&world, "tomas.ferreira").await;
    assert_eq!(told[0], "the command line wants less to guard Life desk: an admin confirms it");
    let proposal = page(&world, &astrid).await.proposal.expect("it waits");
    let changes: Vec<_> =
        proposal.changes.iter().map(|it| (it.what.as_str(), it.before.as_str(), it.after.as_str())).collect();
    assert_eq!(
        changes,
        [
            ("environment", "production", "staging"),
            ("data", "restricted", "internal"),
            ("reach", "beyond the company", "within the company"),
            ("“Right X”", "privileged", "not privileged"),
        ]
    );
    let id = world.ask("ann.asker", "life-one", "2h").await;
    assert_eq!(world.request(id).await.ruling.stages.len(), 2, "privileged takes two (R15)");
    confirms_owners(&world, &tomas, 1).await;
    assert!(!is_guarded(&desk(&world).await));
    assert_eq!(world.import(COMPANY).await.lines, Vec::<String>::new(), "it is as the file says");
    world.is_sound().await;
}

async fn a_lower_sensitivity_takes_two_wherever_it_stands(on: On) {
    let (world, _, tomas, _) = governed(on).await;
    let medium = COMPANY.replacen("sensitivity = \"low\"", "sensitivity = \"medium\"", 1);
    world.import(&medium).await;
    // Others may own it at once, as it is not of high sensitivity; less guarded it is not.
    let others = COMPANY.replacen("owners = [\"olga.owner\", \"otto.owner\"]", "owners = [\"olga.owner\"]", 1);
    world.import(&others).await;
    let held = desk(&world).await;
    assert_eq!((held.spec.sensitivity, held.spec.owners.len()), (Sensitivity::Medium, 1));
    assert!(held.proposed.is_some());
    let back = world.import(&medium.replacen("\"olga.owner\", \"otto.owner\"", "\"olga.owner\"", 1)).await;
    assert!(back.lines.iter().any(|line| line.contains("taken back")), "{:?}", back.lines);
    world.import(&others).await;
    confirms_owners(&world, &tomas, 2).await;
    assert_eq!(desk(&world).await.spec.sensitivity, Sensitivity::Low);
    world.is_sound().await;
}

/// The small company, with other people in its fallback group.
fn falling_back_on(members: &str) -> String {
    let before = "members = [\"fay.fallback\", \"finn.fallback\"]";
    assert!(COMPANY.contains(before));
    COMPANY.replace(before, &format!("members = [{members}]"))
}

/// R13, R15: who decides by being in a group decides once an admin has confirmed it.
async fn who_is_in_a_group_that_decides_changes_by_two(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    let more = falling_back_on("\"fay.fallback\", \"hal.hand\"");
    let done = world.import(&more).await;
    let line = "  group life-fallback decides: who is in it changes when an admin confirms it";
    assert_eq!(done.lines, [line]);
    assert_eq!(world.import(&more).await.lines, Vec::<String>::new(), "twice is once");
    assert!(world.is_in("finn.fallback", "life-fallback").await && !world.is_in("hal.hand", "life-fallback").await);
    let seen = world.portal.group(&tomas, "life-fallback").await.expect("an admin sees it").proposal.expect("it waits");
    let changes: Vec<_> = seen.changes.iter().map(|it| (it.before.as_str(), it.after.as_str())).collect();
    assert_eq!((changes, seen.may_confirm, seen.may_reject), (vec![("Finn Fallback", "Hal Hand")], true, true));
    let silent = world.portal.reject_members(&tomas, "life-fallback", 1, "").await;
    assert!(is(&silent, |no| *no == Refusal::Missing("comment")), "{silent:?}");
    world.portal.reject_members(&tomas, "life-fallback", 1, "Finn stays").await.expect("he may");
    assert!(notices(&world, "astrid.nyberg").await[0].contains("sent back who was to be in Life, fallback"));
    let seen = world.portal.group(&astrid, "life-fallback").await.expect("an admin sees it");
    assert!(seen.proposal.is_none() && seen.remarks.iter().any(|it| it.text == "Finn stays"), "{seen:?}");

    world.import(&more).await;
    confirms_members(&world, &tomas, "life-fallback", 2).await.expect("he is in neither");
    assert!(!world.is_in("finn.fallback", "life-fallback").await && world.is_in("hal.hand", "life-fallback").await);
    assert_eq!(world.import(&more).await.lines, Vec::<String>::new(), "it is as the file says");

    // A group that only asks changes at once.
    let asks = more.replace("members = [\"ann.asker\", \"bo.asker\"]", "members = [\"ann.asker\", \"otto.owner\"]");
    world.import(&asks).await;
    assert!(world.is_in("otto.owner", "life-askers").await && !world.is_in("bo.asker", "life-askers").await);
    let back = world.import(&falling_back_on("\"fay.fallback\"")).await;
    assert!(back.lines.iter().any(|it| it == line), "{:?}", back.lines);
    let back = world.import(&more).await;
    assert!(back.lines.iter().any(|it| it.contains("keeps who is in it")), "{:?}", back.lines);
    world.is_sound().await;
}

/// R8, R13: a group that no bundle names decides as well once the guardrails demand its yes.
async fn who_is_in_a_group_that_the_guardrails_ask_changes_by_two(on: On) {
    let (world, _, tomas, _) = governed(on).await;
    let before = "members = [\"hal.hand\", \"hedda.hand\", \"olga.owner\", \"ann.asker\"]";
    assert!(COMPANY.contains(before));
    let with = |members: &str| COMPANY.replace(before, &format!("members = [{members}]"));
    world.import(&with("\"hal.hand\", \"hedda.hand\"")).await;
    assert!(!world.is_in("ann.asker", "life-operators").await, "who only works by hand changes at once");

    let rule = "@id(\"hands\") @says(\"the operators agree\") @approved_by(\"life-operators\")
        permit (principal, action, resource);";
    publish(&world, rule).await;
    let more = with("\"hal.hand\", \"hedda.hand\", \"bo.asker\"");
    let done = world.import(&more).await;
    assert_eq!(done.lines, ["  group life-operators decides: who is in it changes when an admin confirms it"]);
    assert!(!world.is_in("bo.asker", "life-operators").await);
    let bare = world.portal.confirm_members(&tomas, "life-operators", 1).await;
    assert!(is(&bare, |no| matches!(no, Refusal::StepUp { .. })), "{bare:?}");
    confirms_members(&world, &tomas, "life-operators", 1).await.expect("he is not in it");
    assert!(world.is_in("bo.asker", "life-operators").await);
    world.is_sound().await;
}

/// R46: whoever has left decides nothing anyway.
async fn who_has_left_goes_from_a_group_at_once(on: On) {
    let (world, _, _, _) = governed(on).await;
    let gone = falling_back_on("\"fay.fallback\"")
        .replace("name = \"Finn Fallback\"", "name = \"Finn Fallback\"\nleft = true");
    let done = world.import(&gone).await;
    assert!(!done.lines.iter().any(|line| line.contains("decides")), "{:?}", done.lines);
    assert!(!world.is_in("finn.fallback", "life-fallback").await);
    world.is_sound().await;
}

/// R30: nobody comes to decide by what they confirm.
async fn who_joins_a_group_that_decides_does_not_confirm_it(on: On) {
    let (world, astrid, tomas, _) = governed(on).await;
    world.import(&falling_back_on("\"fay.fallback\", \"finn.fallback\", \"astrid.nyberg\"")).await;
    let joins = confirms_members(&world, &astrid, "life-fallback", 1).await;
    assert!(is(&joins, |no| matches!(no, Refusal::GainsByIt { .. })), "{joins:?}");
    let seen =
        world.portal.group(&astrid, "life-fallback").await.expect("an admin sees it").proposal.expect("it waits");
    assert!(!seen.may_confirm && seen.why_not.is_some_and(|why| why.contains("you would decide about")));
    let stranger = world.portal.confirm_members(&world.actor("olga.owner").await, "life-fallback", 1).await;
    assert!(is(&stranger, |no| matches!(no, Refusal::NotAllowed(_))), "{stranger:?}");
    confirms_members(&world, &tomas, "life-fallback", 1).await.expect("he is not in it");
    assert!(world.is_in("astrid.nyberg", "life-fallback").await);
    world.is_sound().await;
}

/// R30, R31: the two count as one person, whatever lets one of them in.
async fn nor_does_who_decides_in_the_place_of_somebody_who_gains_by_it(on: On) {
    let (world, astrid, tomas, ada) = governed(on).await;
    is_let_in(&world, "bea.backup").await;
    lets(&world, "bea.backup", "ada.admin", NOW).await.expect("she may");
    world.import(&falling_back_on("\"fay.fallback\", \"finn.fallback\", \"bea.backup\"")).await;
    let joins = confirms_members(&world, &ada, "life-fallback", 1).await;
    assert!(is(&joins, |no| matches!(no, Refusal::GainsByIt { .. })), "{joins:?}");
    let seen = world.portal.group(&ada, "life-fallback").await.expect("an admin sees it").proposal.expect("it waits");
    assert!(!seen.may_confirm && seen.why_not.is_some_and(|why| why.contains("you would decide about")));
    confirms_members(&world, &tomas, "life-fallback", 1).await.expect("he decides in nobody's place");

    // Two may be needed, and Bea is the next; and then she becomes an owner herself.
    let moves: [(u32, &[&str], &[&str]); 2] =
        [(1, &["olga.owner"], &["bea.backup"]), (2, &["olga.owner", "bea.backup"], &[])];
    for (number, owners, backups) in moves {
        let wanted = people(owners, backups, "life-fallback");
        world.portal.propose_owners(&astrid, "life-desk", &wanted, "").await.expect("she may");
        let gains = world.portal.confirm_owners(&ada, "life-desk", number).await;
        assert!(is(&gains, |no| matches!(no, Refusal::GainsByIt { .. })), "{number}: {gains:?}");
        let seen = page(&world, &ada).await.proposal.expect("it waits");
        assert!(!seen.may_confirm && seen.why_not.is_some_and(|why| why.contains("you would decide about")));
        confirms_owners(&world, &tomas, number).await;
    }
    world.is_sound().await;
}
