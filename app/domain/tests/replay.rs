//! What a draft would have changed for a recorded request: tables on the small world of `world`. Where the record is not enough the answer
//! is that it cannot be told.

mod world;

use domain::{
    bundle::{BundleSpec, Source, Stage},
    condition::Condition,
    facts::{Ask, Facts, Held, Reason},
    guardrail::Unguarded,
    identity::Kind,
    ids::{GroupId, IdentityId, RequestId},
    replay::{Case, Draft, Effect, Missing, Progress, Replayed, Sort, replay},
    ruling::judge,
    stepup::Strength,
};
use uuid::Uuid;
use world::{
    BOARD, COUNT, FALLBACK, GIL, GUS, OLOF, OTHER, READ, at, for_robot, minutes, ordinary, set, stage, with_stock,
};

const ELSEWHERE: GroupId = GroupId(Uuid::from_u128(99));
const SOMEBODY: IdentityId = IdentityId(Uuid::from_u128(98));

/// Makes the facts different, or the draft.
type Change<T> = fn(&mut T);

/// Everything that the draft would have changed, once it says something else than the version of then.
fn effects(ask: &Ask, facts: &Facts, change: Change<BundleSpec>) -> Vec<Effect> {
    let mut draft = facts.bundle.spec.clone();
    change(&mut draft);
    let draft = Draft::Bundle { bundle: facts.bundle.bundle, spec: &draft, published: Some(&facts.bundle.spec) };
    replay(ask, facts, &judge(ask, facts, &Unguarded), &Unguarded, draft).expect("it is a request of this bundle")
}

/// The weightiest of them.
fn effect(ask: &Ask, facts: &Facts, change: Change<BundleSpec>) -> Option<Effect> {
    effects(ask, facts, change).into_iter().next()
}

/// The same for the ordinary request, in a version of then that says something else.
fn effect_of(then: Change<Facts>, change: Change<BundleSpec>) -> Option<Effect> {
    let (ask, mut facts) = ordinary();
    then(&mut facts);
    effect(&ask, &facts, change)
}

fn untold(missing: Missing) -> Effect {
    Effect::CannotTell { missing }
}

fn people<const N: usize>(people: [IdentityId; N]) -> Source {
    Source::People { people: set(people) }
}

fn askers<const N: usize>(groups: [GroupId; N]) -> Condition {
    Condition::Askers { groups: set(groups), kinds: set([]) }
}

fn pattern(pattern: &str) -> Condition {
    Condition::Justification { at_least: 10, pattern: Some(pattern.to_owned()), hint: None }
}

/// L1: a draft that says the same, or only other words, changes nothing.
#[test]
fn what_says_the_same_changes_nothing() {
    assert_eq!(effect_of(|_| (), |_| ()), None);
    assert_eq!(effect_of(|_| (), |draft| draft.says = "Look at orders".to_owned()), None);
    assert_eq!(effect_of(|_| (), |draft| draft.longest = minutes(480)), None, "as long as was asked for");
    let refused = effect_of(|then| then.published = false, |draft| draft.longest = minutes(60));
    assert_eq!(refused, None, "refused then, and for more reasons now");
}

/// L1: the outcome moves.
#[test]
fn says_what_becomes_of_the_outcome() {
    let shorter = effect_of(|_| (), |draft| draft.longest = minutes(60));
    assert_eq!(
        shorter,
        Some(Effect::NewlyRefused { by: vec!["8 hours is longer than the 1 hour allowed".to_owned()] })
    );
    let longer = effect_of(|then| then.bundle.spec.longest = minutes(60), |draft| draft.longest = minutes(1440));
    assert_eq!(longer, Some(Effect::NewlyAllowed));
    assert_eq!(effect_of(|_| (), |draft| draft.automatic = true), Some(Effect::NewlyAutomatic));
    let asked = effect_of(|then| then.bundle.spec.automatic = true, |draft| draft.automatic = false);
    assert_eq!(asked, Some(Effect::NoLongerAutomatic));
    let held: Change<Facts> = |then| {
        then.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    };
    let conflict: Change<BundleSpec> = |draft| draft.conditions.push(Condition::Incompatible { bundles: set([OTHER]) });
    assert!(matches!(effect_of(held, conflict), Some(Effect::NewlyRefused { .. })), "all that is held is on record");
    assert_eq!(effect_of(|_| (), conflict), None);
}

/// L1: as long as people decide, how many and who.
#[test]
fn says_what_becomes_of_the_approvers() {
    let two: Change<BundleSpec> = |draft| draft.stages = vec![stage("Owners", 2, Source::Owners)];
    assert_eq!(effect_of(|_| (), two), Some(Effect::MoreApprovals { before: 1, after: 2 }));
    let fewer = effect_of(
        |then| then.bundle.spec.stages = vec![stage("Owners", 2, Source::Owners)],
        |draft| draft.stages = vec![stage("Owner", 1, Source::Owners)],
    );
    assert_eq!(fewer, Some(Effect::FewerApprovals { before: 2, after: 1 }));
    let lost = effect_of(
        |then| then.bundle.spec.stages = vec![stage("Board", 1, Source::Group { group: BOARD })],
        |draft| draft.stages = vec![stage("Gus", 1, people([GUS]))],
    );
    assert_eq!(lost, Some(Effect::LostApprover { stages: vec!["Board".to_owned()], people: set([GIL]) }));
    let new = effect_of(
        |then| then.bundle.spec.stages = vec![stage("Gus", 1, people([GUS]))],
        |draft| draft.stages = vec![stage("Both", 1, people([GUS, GIL]))],
    );
    assert_eq!(new, Some(Effect::NewApprover { stages: vec!["Both".to_owned()], people: set([GIL]) }));
    let fallback =
        effect_of(|_| (), |draft| draft.stages = vec![stage("Fallback", 1, Source::Group { group: FALLBACK })]);
    assert_eq!(fallback, Some(Effect::LostApprover { stages: vec!["Owner".to_owned()], people: set([OLOF]) }));
    let less = effect_of(with_stock, |draft| {
        draft.entitlements.remove(&COUNT);
    });
    assert_eq!(
        less,
        Some(Effect::FewerApprovals { before: 2, after: 1 }),
        "the owners of stock are not asked any more"
    );
}

/// L1: what the record does not hold is never guessed.
#[test]
fn says_which_fact_was_not_recorded() {
    let by_board: Change<BundleSpec> = |draft| draft.stages = vec![stage("Board", 1, Source::Group { group: BOARD })];
    assert_eq!(
        effect_of(|_| (), by_board),
        Some(untold(Missing::Members { group: BOARD })),
        "only its name was recorded"
    );
    let elsewhere: Change<BundleSpec> =
        |draft| draft.stages = vec![stage("Others", 1, Source::Group { group: ELSEWHERE })];
    assert_eq!(effect_of(|_| (), elsewhere), Some(untold(Missing::Members { group: ELSEWHERE })));
    let named: Change<BundleSpec> = |draft| draft.stages = vec![stage("Named", 1, people([GUS, SOMEBODY]))];
    assert_eq!(effect_of(|_| (), named), Some(untold(Missing::Person { person: SOMEBODY })));
    let more: Change<BundleSpec> = |draft| {
        draft.entitlements.insert(COUNT);
    };
    assert_eq!(effect_of(|_| (), more), Some(untold(Missing::Entitlement { entitlement: COUNT })));

    let asking: Change<BundleSpec> = |draft| draft.conditions = vec![askers([BOARD, ELSEWHERE])];
    assert_eq!(effect_of(|then| then.schema = 1, asking), Some(untold(Missing::Asker { group: BOARD })));
    let asked = effect_of(|_| (), asking);
    assert!(matches!(asked, Some(Effect::NewlyRefused { .. })), "every group they were in is on record: {asked:?}");
    let of_the_board: Change<Facts> = |then| {
        then.bundle.spec.conditions = vec![askers([BOARD])];
        then.subject.groups = set([BOARD]);
    };
    assert_eq!(effect_of(of_the_board, asking), None, "one group that they were in is enough");
    let (ask, facts) = for_robot();
    let of_people = effect(&ask, &facts, |draft| {
        draft.conditions = vec![Condition::Askers { groups: set([ELSEWHERE]), kinds: set([Kind::Person]) }];
    });
    assert!(
        matches!(of_people, Some(Effect::NewlyRefused { .. })),
        "of another kind, whatever the group: {of_people:?}"
    );

    let privileged: Change<Facts> = |then| {
        then.bundle.spec.conditions = vec![askers([BOARD])];
        then.subject.groups = set([BOARD]);
        let read = then.entitlements.get_mut(&READ).expect("it is there");
        read.joins = set([BOARD]);
        read.privileged = Some("read makes one a member of a group that a bundle relies on".to_owned());
    };
    let open: Change<BundleSpec> = |draft| draft.conditions.clear();
    assert_eq!(effect_of(privileged, open), Some(untold(Missing::Privilege { entitlement: READ })));

    let (ask, facts) = ordinary();
    let mut ruling = judge(&ask, &facts, &Unguarded);
    ruling.engine += 1;
    let draft = Draft::Bundle { bundle: facts.bundle.bundle, spec: &facts.bundle.spec, published: None };
    let effects = replay(&ask, &facts, &ruling, &Unguarded, draft);
    assert_eq!(effects, Some(vec![untold(Missing::Rules)]));
}

/// R15: what joins a group that the draft comes to rely on is privileged by it.
#[test]
fn a_group_that_the_draft_relies_on_makes_its_right_privileged() {
    let joins: Change<Facts> = |then| {
        then.entitlements.get_mut(&READ).expect("it is there").joins = set([FALLBACK]);
    };
    let relies: Change<BundleSpec> = |draft| {
        draft.automatic = true;
        draft.stages = vec![stage("Owner", 1, Source::Owners), stage("Fallback", 1, Source::Group { group: FALLBACK })];
    };
    let effect = effect_of(joins, relies);
    assert!(!matches!(effect, Some(Effect::NewlyAutomatic) | None), "never automatic: {effect:?}");
}

/// L1: of a reason only its length is a fact, and whether it fitted the pattern of then.
#[test]
fn the_words_of_a_reason_are_not_recorded() {
    let (ask, mut facts) = ordinary();
    facts.bundle.spec.conditions = vec![pattern("CASE-[0-9]+")];
    let misfit = Ask { reason: Reason { length: 30, fits: false }, ..ask.clone() };
    let other: Change<BundleSpec> = |draft| draft.conditions = vec![pattern("INC-[0-9]+")];
    assert_eq!(effect(&ask, &facts, other), Some(untold(Missing::Reason)));
    assert_eq!(effect(&misfit, &facts, other), Some(untold(Missing::Reason)));
    let none: Change<BundleSpec> = |draft| draft.conditions.clear();
    assert_eq!(effect(&ask, &facts, none), None);
    assert_eq!(effect(&misfit, &facts, none), Some(Effect::NewlyAllowed), "there is none to fit any more");
    let longer: Change<BundleSpec> = |draft| {
        draft.conditions =
            vec![Condition::Justification { at_least: 40, pattern: Some("CASE-[0-9]+".to_owned()), hint: None }];
    };
    assert!(matches!(effect(&ask, &facts, longer), Some(Effect::NewlyRefused { .. })), "its length is a fact");
}

/// Who decides does not matter where another rule says no for certain.
#[test]
fn an_unknown_decider_hides_no_certain_refusal() {
    let effect = effect_of(
        |_| (),
        |draft| {
            draft.longest = minutes(60);
            draft.stages = vec![stage("Others", 1, Source::Group { group: ELSEWHERE })];
        },
    );
    assert!(matches!(effect, Some(Effect::NewlyRefused { .. })), "{effect:?}");
}

/// L1: the result opens with one sentence, and keeps only so many cases.
#[test]
fn the_result_is_a_sentence_and_its_first_cases() {
    let case = |_: &Effect| Case {
        request: RequestId(Uuid::from_u128(100)),
        subject: "Ada".to_owned(),
        asked_at: at("2026-03-11T09:00:00Z"),
        says: "nothing that matters".to_owned(),
    };
    let mut found = Replayed::default();
    assert_eq!(found.sentence(), "Nobody has ever asked for what it is about, so there is nothing to judge again.");
    found.note(&[], case);
    assert_eq!(found.sentence(), "Of the one recorded request, none would be decided otherwise.");
    for _ in 0..3 {
        found.note(&[Effect::NewlyRefused { by: Vec::new() }], case);
    }
    found.note(&[Effect::NewlyAutomatic], case);
    for _ in 0..4 {
        found.note(&[Effect::CannotTell { missing: Missing::Reason }], case);
    }
    assert_eq!(
        found.sentence(),
        "Of 9 recorded requests, 1 would be automatic, 3 would be refused now; for 4 it cannot be told."
    );
    for _ in 0..300 {
        found.note(&[Effect::NewlyAllowed], case);
    }
    let allowed = found.sorts.get(&Sort::NewlyAllowed).expect("there are some");
    assert_eq!((allowed.count as usize, allowed.first.len()), (300, Replayed::KEPT));
    let kept = serde_json::to_string(&found).expect("it has JSON");
    assert_eq!(serde_json::from_str::<Replayed>(&kept).expect("its JSON can be read"), found);
    assert!(Progress::Finished.expect_finished().is_ok());
    let no = Progress::Running { done: 40, total: 212 }.expect_finished().expect_err("it runs");
    assert_eq!(no.to_string(), "the replay is not finished: 40 of 212 recorded requests are judged again");
    assert!(Progress::NotBegun.expect_finished().is_err());
}

/// L1: one difference hides no other.
#[test]
fn everything_that_would_have_changed_is_said() {
    let (ask, mut facts) = ordinary();
    let sure = |strength| Stage { step_up: strength, ..stage("Owners", 2, Source::Group { group: BOARD }) };
    facts.bundle.spec.stages = vec![sure(Some(Strength::Passkey))];
    let found = effects(&ask, &facts, |draft| {
        draft.stages = vec![stage("Owner", 1, Source::Owners)];
    });
    let kinds: Vec<_> = found.iter().map(Effect::sort).collect();
    assert_eq!(kinds, [Sort::FewerApprovals, Sort::LostApprover, Sort::NewApprover], "{found:?}");
    let weaker = effects(&ask, &facts, |draft| draft.stages.iter_mut().for_each(|stage| stage.step_up = None));
    assert_eq!(weaker, [Effect::WeakerStepUp { stages: vec!["Owners".to_owned()] }]);
}

/// L1: what a draft does not go together with, and the groups it relies on, bear on the requests of other bundles.
#[test]
fn a_draft_bears_on_requests_of_other_bundles() {
    let (ask, mut facts) = ordinary();
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    let (published, mut draft) = (facts.bundle.spec.clone(), facts.bundle.spec.clone());
    let ruling = judge(&ask, &facts, &Unguarded);
    let of = |draft: &BundleSpec| {
        let draft = Draft::Bundle { bundle: OTHER, spec: draft, published: Some(&published) };
        replay(&ask, &facts, &ruling, &Unguarded, draft)
    };
    assert_eq!(of(&draft), None, "it has no bearing on it");
    draft.conditions.push(Condition::Incompatible { bundles: set([facts.bundle.bundle]) });
    let effects = of(&draft).expect("it does not go together with what is held");
    assert!(matches!(effects.as_slice(), [Effect::NewlyRefused { .. }]), "{effects:?}");
}
