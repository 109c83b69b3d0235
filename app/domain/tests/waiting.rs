//! Requests that wait: when they are looked at, who comes in after a time, and that what was written before any of it reads as it was.

mod world;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor,
    bundle::{Source, Stage},
    event::Transition,
    facts::Facts,
    guardrail::Unguarded,
    ids::{ApprovalId, IdentityId, RequestId},
    minutes::Minutes,
    request::{Asked, Request},
    ruling::{StageRuling, Via},
};
use std::collections::BTreeSet;
use uuid::Uuid;
use world::{ADA, BEA, FALLBACK, FAY, FINN, OLOF, ORDERS, minutes, orders, ordinary, set, stage};

fn escalating(after: Option<Minutes>) -> Stage {
    Stage { escalates_after: after, ..stage("Owner", 1, Source::Owners) }
}

fn asked(change: &Transition) -> Request {
    change.request().cloned().expect("it is a request")
}

/// Ada asks for two days' waiting, under one stage; changed before it is asked.
fn waiting(stage: Stage, change: impl Fn(&mut Facts)) -> (Request, DateTime<Utc>) {
    let (ask, mut facts) = ordinary();
    facts.bundle.spec.stages = vec![stage];
    change(&mut facts);
    let now = facts.at;
    let asked_for = Asked {
        id: RequestId(Uuid::from_u128(100)),
        approval: ApprovalId(Uuid::from_u128(101)),
        ask,
        justification: None,
        facts,
        form: String::new(),
        verified: None,
    };
    let actor = Actor::Person { id: ADA, name: "Ada".to_owned() };
    let change = Request::ask(&actor, asked_for, &Unguarded, minutes(600), now).expect("she may ask");
    (asked(&change), now)
}

fn may(request: &Request) -> BTreeSet<IdentityId> {
    request.may_decide_now()
}

/// What says nothing of escalating is written as it always was, and what was written before reads back.
#[test]
fn a_stage_that_does_not_escalate_is_written_as_before() {
    let plain = serde_json::to_value(escalating(None)).expect("it has JSON");
    assert_eq!(plain.as_object().map(serde_json::Map::len), Some(4), "{plain}");
    assert_eq!(serde_json::from_value::<Stage>(plain).expect("it reads back"), escalating(None));
    let (request, _) = waiting(escalating(None), |_| {});
    let ruled = serde_json::to_value(&request.ruling.stages[0]).expect("it has JSON");
    assert_eq!(ruled.as_object().map(serde_json::Map::len), Some(7), "{ruled}");
    let read: StageRuling = serde_json::from_value(ruled).expect("it reads back");
    assert_eq!(read, request.ruling.stages[0]);
}

/// The look that is due comes no later than anything that is to happen.
#[test]
fn it_is_looked_at_for_each_reminder_for_its_escalation_and_for_its_end() {
    let hours = TimeDelta::hours;
    let (request, now) = waiting(escalating(None), |_| {});
    let next = |after: TimeDelta| request.next_moment(now + after).map(|at| at - now);
    assert_eq!([hours(0), hours(23)].map(next), [Some(hours(24)); 2], "half of two days");
    assert_eq!([hours(24), hours(35)].map(next), [Some(hours(36)); 2], "three quarters");
    assert_eq!([hours(36), hours(60)].map(next), [Some(hours(48)); 2], "its end");
    let late = |after: TimeDelta| request.reminder(now + after).map(|it| it.late);
    assert_eq!([23, 24, 35, 36].map(hours).map(late), [None, Some(false), Some(false), Some(true)]);

    let (request, now) = waiting(escalating(Some(minutes(300))), |_| {});
    assert_eq!(request.next_moment(now), Some(now + hours(5)));
    assert_eq!(request.next_moment(now + hours(9)), Some(now + hours(5)), "what was missed is due at once");
    let change = request.escalate(now + hours(9)).expect("no rule says no").expect("it is due");
    assert_eq!(asked(&change).next_moment(now + hours(9)), Some(now + hours(24)));
}

/// R14, R31: the ladder is climbed by one step, past rungs on which nobody new stands, and never leaves it.
#[test]
fn those_who_stand_in_come_in_one_rung_after_a_time() {
    let four = Some(minutes(240));
    let (request, now) = waiting(escalating(four), |_| {});
    let soon = now + TimeDelta::minutes(239);
    assert_eq!(request.escalate(soon), Ok(None), "there is time");
    assert_eq!(request.next_in_line(), Some((&Via::BackupOwner { system: ORDERS }, set([BEA]))));
    let due = now + TimeDelta::minutes(240);
    let after = asked(&request.escalate(due).expect("no rule says no").expect("it is due"));
    assert_eq!((may(&request), may(&after)), (set([OLOF]), set([OLOF, BEA])));
    assert_eq!((after.held_since(OLOF), after.held_since(BEA)), (Some(now), Some(due)));
    assert_eq!(after.escalate(due + TimeDelta::days(1)), Ok(None), "once");
    assert_eq!(after.next_in_line(), Some((&Via::Fallback { group: FALLBACK }, set([FAY, FINN]))));

    let (request, _) = waiting(escalating(four), |facts| orders(facts).backup_owners = set([OLOF, ADA]));
    let after = asked(&request.escalate(due).expect("no rule says no").expect("it is due"));
    assert_eq!(may(&after), set([OLOF, FAY, FINN]), "Olof is in already, and it is Ada's own");

    let nobody = |facts: &mut Facts| {
        orders(facts).backup_owners = set([OLOF]);
        facts.groups.remove(&FALLBACK);
    };
    let (request, now) = waiting(escalating(four), nobody);
    assert_eq!((request.escalates_at(), request.escalate(due)), (None, Ok(None)), "there is nobody else");
    assert_eq!(request.next_moment(now), Some(now + TimeDelta::hours(24)));
}

/// Without a word of the bundle nobody else comes in; nor once its time is over.
#[test]
fn nobody_comes_in_where_the_bundle_does_not_say_so() {
    let (request, now) = waiting(escalating(None), |_| {});
    assert_eq!(request.escalate(now + TimeDelta::hours(47)), Ok(None));
    assert!(!request.is_next_in_line(BEA, now + TimeDelta::hours(35)));
    assert!(request.is_next_in_line(BEA, now + TimeDelta::hours(36)), "she is told, and may look");
    assert!(!request.is_next_in_line(FAY, now + TimeDelta::hours(36)));
    let (request, now) = waiting(escalating(Some(minutes(240))), |_| {});
    assert_eq!(request.escalate(now + TimeDelta::hours(48)), Ok(None), "it has expired");
    let gaps = |after| {
        let (_, mut facts) = ordinary();
        facts.bundle.spec.stages = vec![escalating(Some(minutes(after)))];
        facts.bundle.spec.gaps().iter().filter(|gap| gap.contains("escalates")).count()
    };
    assert_eq!((gaps(2879), gaps(2880)), (0, 1), "what comes after its end is no promise");
}

/// R30: by whose word the backup is gone, they do not come in where a stage escalates past it.
#[test]
fn nobody_comes_in_by_their_own_word() {
    for (after, out, may_then) in [(Some(minutes(240)), set([FAY]), set([OLOF, FINN])), (None, set([]), set([OLOF]))] {
        let (request, now) = waiting(escalating(after), |_| {});
        let mut today = request.facts.clone();
        today.people.remove(&BEA);
        let change =
            request.reroute(&today, &set([FAY]), now).expect("no rule says no").expect("the ladder is shorter");
        let request = asked(&change);
        assert_eq!(request.kept_out, out, "only where it makes a difference");
        let change = request.escalate(now + TimeDelta::minutes(240)).expect("no rule says no");
        assert_eq!(may(&change.map_or(request, |change| asked(&change))), may_then);
    }
}
