//! What guardrails demand, when it is asked and again when it is granted: nobody stands in for whom they name, a yes that does not hold
//! any more is never counted, and nobody decides what they moved.

mod world;

use domain::{
    Actor,
    bundle::{Source, Stage},
    event::Transition,
    facts::{Ask, Facts},
    guardrail::{Demand, Demands, Guardrails, Unguarded, Verdict},
    ids::{ApprovalId, GrantId, IdentityId, RequestId},
    request::{Asked, Decision, Request, State},
    ruling::{Outcome, Via, judge},
    stepup::Strength,
    text::Key,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};
use uuid::Uuid;
use world::{ADA, BEA, BOARD, FALLBACK, FAY, FINN, GIL, GUS, OLOF, minutes, orders, ordinary, set, stage};

/// One rule, and what it demands.
struct Wants(Demands);

impl Guardrails for Wants {
    fn ask(&self, _: &Ask, _: &Facts) -> Option<Verdict> {
        let rules = BTreeMap::from([("rule".to_owned(), "as it says".to_owned())]);
        let (demands, errors) = (self.0.clone(), BTreeMap::new());
        Some(Verdict { number: 1, engine: "made up".to_owned(), schema: 1, allows: true, rules, demands, errors })
    }

    fn deciding_groups(&self) -> BTreeSet<Key> {
        self.0.groups.keys().cloned().collect()
    }

    fn named_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn most_approvals(&self) -> u8 {
        self.0.approvals.as_ref().map_or(0, |it| it.least)
    }
}

fn demand<T>(least: T) -> Demand<T> {
    Demand { least, by: "rule".to_owned() }
}

fn the_board() -> Wants {
    let board = "board".parse().expect("a key");
    Wants(Demands { groups: BTreeMap::from([(board, "rule".to_owned())]), ..Demands::default() })
}

fn with_board(stages: Vec<Stage>) -> (Ask, Facts) {
    let (ask, mut facts) = ordinary();
    facts.bundle.spec.stages = stages;
    facts.groups.get_mut(&BOARD).expect("it is there").key = Some("board".parse().expect("a key"));
    (ask, facts)
}

/// Ada asks under these stages, before there was any guardrail.
fn asked(stages: Vec<Stage>) -> Request {
    let (ask, facts) = with_board(stages);
    let now = facts.at;
    let asked = Asked {
        id: RequestId(Uuid::from_u128(100)),
        approval: ApprovalId(Uuid::from_u128(101)),
        ask,
        justification: None,
        facts,
        form: String::new(),
        verified: None,
    };
    let actor = Actor::Person { id: ADA, name: "Ada".to_owned() };
    after(&Request::ask(&actor, asked, &Unguarded, minutes(600), now).expect("she may ask"))
}

fn after(change: &Transition) -> Request {
    change.request().cloned().expect("it is a request")
}

/// The same with all these yeses, approved.
fn approved(mut request: Request, yeses: &[(usize, IdentityId)]) -> Request {
    let at = request.facts.at;
    request.decisions.extend(yeses.iter().map(|(stage, by)| Decision {
        stage: *stage,
        by: *by,
        name: String::new(),
        approves: true,
        minutes: None,
        comment: None,
        at,
        via: Via::Named,
        verified: None,
        since: None,
        for_whom: None,
    }));
    assert_eq!(request.remaining(), [], "they are enough");
    let approval = ApprovalId(Uuid::from_u128(101));
    request.state = State::Approved { at, approval, lapses_at: at + minutes(600).delta() };
    request
}

fn settled(request: &Request, today: Facts, guardrails: &dyn Guardrails) -> Request {
    let grant = GrantId(Uuid::from_u128(102));
    let now = today.at;
    after(&request.settle(today, guardrails, grant, now).expect("no rule says no").expect("it is to be settled"))
}

/// How many are asked in each stage that came on top, and for whom.
fn added(request: &Request, before: usize) -> Vec<(u8, Option<usize>)> {
    request.ruling.stages[before..].iter().map(|stage| (stage.need, stage.replaces)).collect()
}

/// R15: of a group that a guardrail names somebody approves, or nobody does: no backup, no fallback group, no climbing.
#[test]
fn nobody_stands_in_for_whom_a_guardrail_names() {
    let climbing = Stage { escalates_after: Some(minutes(60)), ..stage("Board", 1, Source::Group { group: BOARD }) };
    for stages in [Vec::new(), vec![climbing]] {
        let (ask, mut facts) = with_board(stages);
        let ruling = judge(&ask, &facts, &the_board());
        let board: Vec<_> =
            ruling.stages.iter().filter(|it| it.from == Source::Group { group: BOARD }).cloned().collect();
        assert_eq!(board.len(), 1, "once: {board:?}");
        assert_eq!((board[0].eligible(), board[0].ladder.len()), (set([GUS, GIL]), 1));
        assert_eq!((board[0].alone, board[0].escalates_after), (true, None));
        facts.groups.get_mut(&BOARD).expect("it is there").members = set([ADA]);
        let ruling = judge(&ask, &facts, &the_board());
        assert_eq!(ruling.outcome, Outcome::Refused);
        assert!(ruling.failures().any(|check| check.says.contains("nobody may stand in")), "{:?}", ruling.checks);
        assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::NeedsApproval, "without it others would do");
    }
}

/// R7: a yes from who may stand in for the board is none of the board's, when a guardrail asks for the board at granting.
#[test]
fn who_stood_in_before_is_not_who_is_named_now() {
    let group = Source::Group { group: BOARD };
    let request = approved(asked(vec![stage("Board", 1, group)]), &[(0, GUS)]);
    let today = request.facts.clone();
    let back = settled(&request, today.clone(), &the_board());
    assert_eq!(added(&back, 1), [(1, None)]);
    assert_eq!(back.may_decide_now(), set([GIL]), "another of the board");
    assert!(matches!(settled(&request, today.clone(), &Unguarded).state, State::Granted { .. }));
    let mut of_the_board = request;
    of_the_board.decisions[0].via = Via::Group { group: BOARD };
    assert!(matches!(settled(&of_the_board, today.clone(), &the_board()).state, State::Granted { .. }), "he is of it");
    let mut weak = the_board();
    weak.0.step_up = Some(demand(Strength::Code));
    let back = settled(&of_the_board, today, &weak);
    assert_eq!(added(&back, 1), [(1, Some(0))], "once more, and surer");
    assert_eq!(back.deciders(), set([GUS, GIL]), "by the board alone");
}

/// R7: two tightenings on one request: whatever yes does not hold is redone, each of them, also what was redone before.
#[test]
fn every_yes_that_does_not_hold_is_redone() {
    let people = Source::People { people: set([OLOF, BEA, FINN, FAY, GUS, GIL]) };
    let request = approved(asked(vec![stage("Two", 2, people)]), &[(0, OLOF), (0, BEA)]);
    let mut today = request.facts.clone();
    today.subject.owners = set([OLOF]);
    let back = settled(&request, today.clone(), &Unguarded);
    assert_eq!(added(&back, 1), [(1, Some(0))], "Olof's");
    let again = approved(back, &[(1, FINN)]);
    let passkeys = Wants(Demands { step_up: Some(demand(Strength::Passkey)), ..Demands::default() });
    let back = settled(&again, today, &passkeys);
    assert_eq!(added(&back, 2), [(1, Some(0)), (1, Some(1))], "Bea's and Finn's: neither showed a passkey");
}

/// R7: what a bundle calls its stages changes nothing of it.
#[test]
fn no_name_of_a_stage_keeps_a_yes_from_being_redone() {
    let people = || Source::People { people: set([OLOF, BEA, FINN]) };
    let stages = vec![stage("Owner", 1, people()), stage("Owner, again", 1, people())];
    let request = approved(asked(stages), &[(0, OLOF), (1, BEA)]);
    let mut today = request.facts.clone();
    today.subject.owners = set([OLOF]);
    assert_eq!(added(&settled(&request, today, &Unguarded), 2), [(1, Some(0))]);
}

/// R7: who makes up for a lost yes is no further approver.
#[test]
fn a_yes_in_place_of_another_counts_once() {
    let mut request = asked(vec![stage("Owner", 1, Source::Owners)]);
    request = approved(request, &[(0, OLOF)]);
    let mut today = request.facts.clone();
    today.subject.owners = set([OLOF]);
    let again = approved(settled(&request, today.clone(), &Unguarded), &[(1, BEA)]);
    let two = Wants(Demands { approvals: Some(demand(2)), ..Demands::default() });
    assert_eq!(added(&settled(&again, today, &two), 2), [(1, None)], "one yes holds, and two are wanted");
}

/// R7: what is demanded of who asked cannot be made up by others; it is asked again.
#[test]
fn who_asked_too_weakly_asks_again() {
    let request = approved(asked(Vec::new()), &[(0, OLOF)]);
    let passkey = Wants(Demands { asker_step_up: Some(demand(Strength::Passkey)), ..Demands::default() });
    let stopped = settled(&request, request.facts.clone(), &passkey);
    let State::Stopped { why, .. } = stopped.state else { panic!("it stops: {:?}", stopped.state) };
    assert!(why.contains("ask again"), "{why}");
}

/// R30: also while a request waits for its hours, by whose word others would decide it decides nothing of it later.
#[test]
fn who_moves_what_is_approved_does_not_decide_it_when_it_comes_back() {
    let request = approved(asked(Vec::new()), &[(0, OLOF)]);
    let mut today = request.facts.clone();
    assert_eq!(request.reroute(&today, &set([BEA]), today.at), Ok(None), "nothing moves");
    orders(&mut today).owners = set([]);
    today.people.remove(&OLOF);
    let moved = after(&request.reroute(&today, &set([BEA]), today.at).expect("no rule says no").expect("it moves"));
    assert_eq!((moved.kept_out.clone(), &moved.state), (set([BEA]), &request.state));
    assert_eq!(moved.reroute(&today, &set([FINN]), today.at), Ok(None), "what has moved already moves no more");
    let two = Wants(Demands { approvals: Some(demand(2)), ..Demands::default() });
    let back = settled(&moved, today, &two);
    assert!(!back.deciders().contains(&BEA), "{:?}", back.ruling.stages);
    assert!(matches!(back.state, State::Waiting { .. }), "{:?}", back.state);
}

/// R14: who was in another fallback group than the one of then stands in for nobody.
#[test]
fn another_fallback_group_decides_nothing_that_is_open() {
    let request = approved(asked(Vec::new()), &[(0, OLOF)]);
    let mut today = request.facts.clone();
    orders(&mut today).fallback = BOARD;
    orders(&mut today).backup_owners = set([]);
    let two = Wants(Demands { approvals: Some(demand(2)), ..Demands::default() });
    let stopped = settled(&request, today, &two);
    assert!(matches!(stopped.state, State::Stopped { .. }), "{:?}", stopped.ruling.stages);
    assert!(request.facts.groups.contains_key(&FALLBACK));
}

/// Says no to everything, and counts how often it is asked.
struct Never(AtomicUsize);

impl Guardrails for Never {
    fn ask(&self, _: &Ask, _: &Facts) -> Option<Verdict> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let rules = BTreeMap::from([("never".to_owned(), "never".to_owned())]);
        let (demands, errors) = (Demands::default(), BTreeMap::new());
        Some(Verdict { number: 1, engine: "made up".to_owned(), schema: 1, allows: false, rules, demands, errors })
    }

    fn deciding_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn named_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn most_approvals(&self) -> u8 {
        0
    }
}

/// L9: looking for a way in where there is none ends soon, whatever is asked.
#[test]
fn the_nearest_way_is_not_looked_for_without_end() {
    let (mut ask, facts) = ordinary();
    ask.minutes = minutes(43_000);
    let never = Never(AtomicUsize::new(0));
    assert_eq!(domain::nearest::nearest(&ask, &facts, &never), []);
    let asked = never.0.into_inner();
    assert!((100..=321).contains(&asked), "asked {asked} times");
}
