//! Whatever people do, in whatever order and at whatever time, these hold: random acts on one request and the grant that follows.

mod people;
mod world;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authority::{Authority, AuthorityFacts},
    bundle::{Source, Stage},
    delegation::Delegation,
    event::{Envelope, Event, NO_PREV, Record, Thing, Transition, hash},
    facts::Facts,
    grant::{Fulfilled, Grant, Leaving, State as GrantState},
    guardrail::Unguarded,
    ids::{ApprovalId, EventId, GrantId, GroupId, IdentityId, RequestId, TextId},
    minutes::Minutes,
    request::{Approval, Asked, Decision, Request, RequestEvent, State},
    ruling::{Outcome, StageRuling},
    stepup::{self, Strength},
    text::Words,
};
use people::{People, Shown, actor, written_name};
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;
use world::{
    ADA, BEA, BOARD, COUNT, FALLBACK, FAY, MAYA, ORDERS, PEOPLE, READ, STOCK, at, for_robot, minutes, orders, ordinary,
    privileged, set, stage, with_stock,
};

const REQUEST: RequestId = RequestId(Uuid::from_u128(100));
const APPROVAL_HOLDS: u32 = 600;

/// How a life begins.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, drawn by chance")]
#[derive(Clone, Debug)]
struct Birth {
    robot: bool,
    second_system: bool,
    privileged: bool,
    automatic: bool,
    stages: Vec<(u8, u8, Option<Strength>, Option<u32>)>,
    owners: BTreeSet<usize>,
    backups: BTreeSet<usize>,
    fallback: BTreeSet<usize>,
    board: BTreeSet<usize>,
    minutes: u32,
}

/// How an approver shows who they are for a yes.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// As surely as is wanted, for this very yes.
    AsWanted,
    /// Not at all.
    Nothing,
    /// By this, whatever is wanted.
    By(Strength),
    /// As surely as is wanted, but somebody else did.
    Anothers,
    /// As surely as is wanted, but for a longer time than what is approved now.
    ForLonger,
    /// As surely as is wanted, but for other terms.
    ForOtherTerms,
    /// As surely as is wanted, but in another's place than they decide.
    InAnothersPlace,
    /// As surely as is wanted, with what one had once.
    WithWhatIsGone,
}

/// Something somebody does, or that happens.
#[derive(Clone, Debug)]
enum Act {
    Wait(u32),
    Approve { by: usize, shorter: Option<u32>, stale: bool, shows: Shows },
    Deny { by: usize, says: bool },
    Withdraw { by: usize },
    Comment { by: usize },
    Leave { who: usize },
    SayLeft { by: usize, who: usize, sensitive: bool },
    ConfirmLeft { by: usize, who: usize },
    Stay { by: usize, who: usize },
    ComeBack { by: usize, who: usize },
    OwnersChange { owners: BTreeSet<usize> },
    JoinOrQuit { who: usize, fallback: bool },
    ManagerChange { who: usize },
    AnswerForRobot { who: usize },
    NoLongerAnswer { who: usize },
    Reset { by: usize, second: usize, who: usize },
    LetIn { by: usize, who: usize },
    AddAuthenticator { who: usize, passkey: bool },
    RemoveAuthenticator { who: usize },
    FailToShow { who: usize, times: u32 },
    Delegate { who: usize, to: usize, from: u32, days: u32 },
    EndDelegation { who: usize },
    Privilege { stock: bool },
    Reclassify,
    Unpublish,
    Expire,
    Escalate,
    Settle,
    Open,
    LookBefore { right: usize, there: bool },
    See { right: usize, present: bool },
    Trouble { right: usize },
    SeeAll,
    Activate,
    Tend,
    GiveBack { by: usize },
    Revoke { by: usize },
    EndForLeaver,
    LeaveThere { right: usize, why: Leaving },
    Finish,
}

fn births() -> impl Strategy<Value = Birth> {
    let some = |least: usize| prop::collection::btree_set(0..PEOPLE.len(), least..4);
    (
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        prop::collection::vec((0_u8..4, 1_u8..3, prop::option::of(strengths()), prop::option::of(1_u32..2000)), 0..3),
        (some(0), some(0), some(2), some(1)),
        1_u32..300,
    )
        .prop_map(
            |((robot, second_system, privileged, automatic), stages, (owners, backups, fallback, board), minutes)| {
                Birth { robot, second_system, privileged, automatic, stages, owners, backups, fallback, board, minutes }
            },
        )
}

fn strengths() -> impl Strategy<Value = Strength> {
    prop::sample::select(Strength::ALL.to_vec())
}

fn shows() -> impl Strategy<Value = Shows> {
    prop_oneof![
        30 => Just(Shows::AsWanted),
        1 => Just(Shows::Nothing),
        3 => strengths().prop_map(Shows::By),
        1 => Just(Shows::Anothers),
        1 => Just(Shows::ForLonger),
        1 => Just(Shows::ForOtherTerms),
        1 => Just(Shows::InAnothersPlace),
        3 => Just(Shows::WithWhatIsGone),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        3 => (1_u32..900).prop_map(Act::Wait),
        40 => (who.clone(), prop::option::weighted(0.2, 1_u32..400), prop::bool::weighted(0.05), shows())
            .prop_map(|(by, shorter, stale, shows)| Act::Approve { by, shorter, stale, shows }),
        1 => (who.clone(), any::<bool>()).prop_map(|(by, says)| Act::Deny { by, says }),
        1 => who.clone().prop_map(|by| Act::Withdraw { by }),
        2 => who.clone().prop_map(|by| Act::Comment { by }),
        1 => who.clone().prop_map(|who| Act::Leave { who }),
        3 => (who.clone(), who.clone(), any::<bool>())
            .prop_map(|(by, who, sensitive)| Act::SayLeft { by, who, sensitive }),
        2 => (who.clone(), who.clone()).prop_map(|(by, who)| Act::ConfirmLeft { by, who }),
        1 => (who.clone(), who.clone()).prop_map(|(by, who)| Act::Stay { by, who }),
        2 => (who.clone(), who.clone()).prop_map(|(by, who)| Act::ComeBack { by, who }),
        2 => prop::collection::btree_set(who.clone(), 0..4).prop_map(|owners| Act::OwnersChange { owners }),
        3 => (who.clone(), any::<bool>()).prop_map(|(who, fallback)| Act::JoinOrQuit { who, fallback }),
        1 => who.clone().prop_map(|who| Act::ManagerChange { who }),
        1 => who.clone().prop_map(|who| Act::AnswerForRobot { who }),
        2 => who.clone().prop_map(|who| Act::NoLongerAnswer { who }),
        4 => (who.clone(), who.clone(), who.clone()).prop_map(|(by, second, who)| Act::Reset { by, second, who }),
        2 => (who.clone(), who.clone()).prop_map(|(by, who)| Act::LetIn { by, who }),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, passkey)| Act::AddAuthenticator { who, passkey }),
        3 => who.clone().prop_map(|who| Act::RemoveAuthenticator { who }),
        2 => (who.clone(), 1_u32..7).prop_map(|(who, times)| Act::FailToShow { who, times }),
        8 => (who.clone(), who.clone(), 0_u32..3, 1_u32..6)
            .prop_map(|(who, to, from, days)| Act::Delegate { who, to, from: from.saturating_sub(1), days }),
        1 => who.clone().prop_map(|who| Act::EndDelegation { who }),
        3 => any::<bool>().prop_map(|stock| Act::Privilege { stock }),
        1 => Just(Act::Reclassify),
        1 => Just(Act::Unpublish),
        2 => Just(Act::Expire),
        4 => Just(Act::Escalate),
        8 => Just(Act::Settle),
        8 => Just(Act::Open),
        3 => (0..2_usize, any::<bool>()).prop_map(|(right, there)| Act::LookBefore { right, there }),
        5 => (0..2_usize, any::<bool>()).prop_map(|(right, present)| Act::See { right, present }),
        1 => (0..2_usize).prop_map(|right| Act::Trouble { right }),
        5 => Just(Act::SeeAll),
        8 => Just(Act::Activate),
        3 => Just(Act::Tend),
        2 => who.clone().prop_map(|by| Act::GiveBack { by }),
        2 => who.prop_map(|by| Act::Revoke { by }),
        1 => Just(Act::EndForLeaver),
        2 => (0..2_usize, prop::sample::select(vec![Leaving::ThereBefore, Leaving::StillNeeded, Leaving::NeverGiven]))
            .prop_map(|(right, why)| Act::LeaveThere { right, why }),
        4 => Just(Act::Finish),
    ]
}

fn person(index: usize) -> IdentityId {
    PEOPLE[index].0
}

fn crowd(indices: &BTreeSet<usize>) -> BTreeSet<IdentityId> {
    indices.iter().map(|index| person(*index)).collect()
}

/// The whole small world of one request.
struct Life {
    now: DateTime<Utc>,
    /// What the catalogue says, whoever has left.
    said: Facts,
    /// The facts that are read from that today.
    today: Facts,
    people: People,
    request: Option<Request>,
    grant: Option<Grant>,
    chain: Vec<Vec<u8>>,
    next_id: u128,
    /// By whose word others decide on the request than did.
    movers: BTreeSet<IdentityId>,
}

impl Life {
    fn begin(birth: &Birth) -> Self {
        let (mut ask, mut facts) = if birth.robot { for_robot() } else { ordinary() };
        if birth.second_system {
            with_stock(&mut facts);
        }
        if birth.privileged {
            privileged(&mut facts);
        }
        ask.minutes = minutes(birth.minutes);
        facts.bundle.spec.automatic = birth.automatic;
        facts.bundle.spec.stages = birth
            .stages
            .iter()
            .enumerate()
            .map(|(at, (from, need, step_up, escalates))| {
                let from = match from {
                    0 => Source::Owners,
                    1 => Source::Group { group: BOARD },
                    2 => Source::People { people: set([ADA, MAYA, BEA, FAY]) },
                    _ => Source::Manager,
                };
                let escalates_after = escalates.map(minutes);
                Stage { step_up: *step_up, escalates_after, ..stage(&format!("Stage {at}"), *need, from) }
            })
            .collect();
        orders(&mut facts).owners = crowd(&birth.owners);
        orders(&mut facts).backup_owners = crowd(&birth.backups);
        for (group, members) in [(FALLBACK, &birth.fallback), (BOARD, &birth.board)] {
            if let Some(group) = facts.groups.get_mut(&group) {
                group.members = crowd(members);
            }
        }
        let now = facts.at;
        let mut life = Self {
            now,
            said: facts.clone(),
            today: Facts { asked_already: true, ..facts.clone() },
            people: People::begin(now),
            request: None,
            grant: None,
            chain: Vec::new(),
            next_id: 1000,
            movers: BTreeSet::new(),
        };
        let asked = Asked {
            id: REQUEST,
            approval: ApprovalId(life.id()),
            ask,
            justification: Some(life.words()),
            facts,
            form: String::new(),
            verified: None,
        };
        let stranger = Request::ask(&actor(MAYA), asked.clone(), &Unguarded, minutes(APPROVAL_HOLDS), now);
        assert!(matches!(stranger, Err(Refusal::NotAllowed(_))), "one asks in one's own name");
        let change = Request::ask(&actor(ADA), asked, &Unguarded, minutes(APPROVAL_HOLDS), now)
            .expect("asking is always recorded");
        life.commit(&change);
        life
    }

    fn id(&mut self) -> Uuid {
        self.next_id += 1;
        Uuid::from_u128(self.next_id)
    }

    fn words(&mut self) -> Words {
        Words { id: TextId(self.id()), salt: "salt".to_owned(), text: "some words".to_owned() }
    }

    fn request(&self) -> &Request {
        self.request.as_ref().expect("a life begins with a request")
    }

    /// Whether a request is somebody's own: who asked, who would get it, and who answers for that, then or now. Told apart from how the
    /// product finds it.
    fn is_own(&self, request: &Request, who: IdentityId) -> bool {
        who == request.ask.asker
            || who == request.ask.subject
            || request.facts.subject.owners.contains(&who)
            || self.today.subject.owners.contains(&who)
    }

    /// How somebody shows who they are for a yes to what they look at.
    fn shown(&mut self, by: IdentityId, shorter: Option<u32>, shows: Shows) -> Option<Shown> {
        let request = self.request();
        let (stage, ruling) = request.current_stage()?;
        let minutes = shorter.map_or(request.minutes, minutes);
        let wanted = match shows {
            Shows::Nothing => return None,
            Shows::By(strength) => strength,
            Shows::AsWanted
            | Shows::Anothers
            | Shows::ForLonger
            | Shows::ForOtherTerms
            | Shows::InAnothersPlace
            | Shows::WithWhatIsGone => ruling.step_up?,
        };
        let authority = self.authority(by).ok();
        let for_whom = authority.and_then(|it| request.stands_in_for(&it, self.now)).map(|(whom, _)| whom);
        let mut does = request.approval_act(stage, minutes, for_whom);
        if let stepup::Act::Approve { terms, minutes: stated, for_whom, .. } = &mut does {
            match shows {
                Shows::ForLonger => *stated = self::minutes(minutes.get() + 1),
                Shows::ForOtherTerms => *terms += 1,
                Shows::InAnothersPlace => *for_whom = if for_whom.is_some() { None } else { Some(BEA) },
                Shows::AsWanted | Shows::Nothing | Shows::By(_) | Shows::Anothers | Shows::WithWhatIsGone => {}
            }
        }
        let by =
            if matches!(shows, Shows::Anothers) { PEOPLE.iter().map(|(id, _)| *id).find(|id| *id != by)? } else { by };
        let with = if matches!(shows, Shows::WithWhatIsGone) {
            self.people.had(by, wanted)?
        } else {
            self.people.has(by, wanted)?
        };
        Some(self.people.shows(by, does, with, self.now))
    }

    /// What somebody may do today, as the store would read it.
    fn authority(&self, id: IdentityId) -> Result<Authority, Refusal> {
        let lenders = self.people.lenders(id, self.now);
        let facts = AuthorityFacts {
            next_in_line: self.request().is_next_in_line(id, self.now),
            lenders: lenders.into_iter().map(|lender| self.authority_facts(lender)).collect(),
            ..self.authority_facts(id)
        };
        Authority::over(&actor(id), self.request(), facts)
    }

    fn authority_facts(&self, id: IdentityId) -> AuthorityFacts {
        let owning = |of: fn(&domain::facts::SystemFacts) -> &BTreeSet<IdentityId>| {
            self.said.systems.iter().filter(|(_, s)| of(s).contains(&id)).map(|(system, _)| *system).collect()
        };
        let mine = self.people.origins(id, self.now);
        let others = self.request().parties().into_iter().filter(|other| *other != id);
        AuthorityFacts {
            maybe_one_with: others
                .filter(|other| is_somebody(*other) && !self.people.origins(*other, self.now).is_disjoint(&mine))
                .collect(),
            identity: Some(self.people.row(id).clone()),
            groups: self.said.groups.iter().filter(|(_, g)| g.members.contains(&id)).map(|(group, _)| *group).collect(),
            owns: owning(|s| &s.owners),
            backs_up: owning(|s| &s.backup_owners),
            subject_owners: self.said.subject.owners.clone(),
            subject_managers: self.said.managers.clone(),
            ..AuthorityFacts::default()
        }
    }

    /// Whether this person belongs to those whom the stage asks, or who step in, today. Told apart from how the product finds it.
    fn could_decide(&self, id: IdentityId, stage: &StageRuling) -> bool {
        let first_hand = match &stage.from {
            Source::Owners => false,
            Source::Group { group } => self.said.groups[group].members.contains(&id),
            Source::People { people } => people.contains(&id),
            Source::Manager => self.said.managers.contains(&id),
        };
        let steps_in = self.said.systems.values().any(|s| {
            s.owners.contains(&id)
                || s.backup_owners.contains(&id)
                || self.said.groups[&s.fallback].members.contains(&id)
        });
        self.people.is_in(id) && (first_hand || steps_in)
    }

    /// Writes a change down as the store would, and looks at all that must hold.
    fn commit(&mut self, change: &Transition) {
        let thing = change.thing();
        let held = self.replayed(thing);
        assert_eq!(change.before(), held.as_ref().map(Record::version), "a change is made to the newest row");
        let prev = self.chain.last().map_or_else(|| NO_PREV.to_owned(), |bytes| hash(bytes));
        let seq = u32::try_from(self.chain.len()).expect("few events") + 1;
        assert_eq!(change.event().name(), written_name(change.event()));
        let envelope = change.envelope(EventId(self.id()), seq, &prev, false);
        assert_eq!(envelope.stream.0, REQUEST.0, "a grant's events stand in its request's stream (R41)");
        let bytes = envelope.bytes().expect("an envelope has bytes");
        assert_eq!(Envelope::read(&bytes).expect("what was kept can be read"), envelope);
        self.chain.push(bytes);
        assert_eq!(self.replayed(thing).as_ref(), Some(change.after()), "replaying the events gives the state");
        let json = change.after().to_json().expect("a row has JSON");
        assert_eq!(Record::from_json(thing.kind, &json).expect("a row's JSON can be read"), *change.after());

        match change.event() {
            Event::Request(event) => {
                if let (Some(before), Some(after)) = (self.request.clone(), change.request()) {
                    stays_decided(&before, after);
                    if let RequestEvent::Approved { decision, .. } | RequestEvent::Denied { decision } = event.as_ref()
                    {
                        self.decides_rightly(&before, decision);
                    }
                }
                if let RequestEvent::Granted { ruling, .. } = event.as_ref() {
                    let needed = if ruling.privileged.is_empty() { 0 } else { 2 };
                    let request = self.request();
                    let is_sound = |it: &&Decision| it.approves && !it.people().any(|who| self.is_own(request, who));
                    let sound = request.decisions.iter().filter(is_sound).count();
                    assert!(sound >= needed, "privileged access has two approvers (R15)");
                    let asked: u8 = ruling.stages.iter().map(|s| s.need).sum();
                    assert!(sound >= usize::from(asked), "nobody's yes to what is their own today counts (R7, R30)");
                    assert_ne!(ruling.outcome, Outcome::Refused, "what policy refuses now is not granted (R7)");
                }
                self.request = change.request().cloned();
            }
            Event::Grant(_) => {
                if let (Some(before), Some(after)) = (&self.grant, change.grant()) {
                    ends_only_once(before, after);
                }
                self.grant = change.grant().cloned();
            }
            Event::Portal(_)
            | Event::Identity(_)
            | Event::Group(_)
            | Event::System(_)
            | Event::Bundle(_)
            | Event::Guardrail(_) => {
                panic!("an act on a request changes requests and grants only")
            }
        }
    }

    fn decides_rightly(&self, before: &Request, decision: &Decision) {
        let by = decision.by;
        // All of it holds of whoever decides, and of whoever lets them.
        for who in decision.people() {
            let own = self.is_own(before, who);
            assert!(!own, "nobody decides on their own, nor on what has become or was their own (R30)");
            let decided = || before.decisions.iter().flat_map(Decision::people);
            assert!(decided().all(|other| other != who), "one person counts once, in whosever place");
            assert!(!self.people.is_barred(who, self.now), "who was reset decides nothing");
            assert!(!self.movers.contains(&who), "nobody decides what they moved by saying who has left");
            let others = [before.ask.asker, before.ask.subject].into_iter().chain(decided());
            for other in others.chain(self.movers.iter().copied()) {
                assert!(!self.people.count_as_one(who, other, self.now), "one person with two accounts counts once");
            }
        }
        let stage = &before.ruling.stages[decision.stage];
        if decision.approves {
            confirms_this(before, stage, decision);
        }
        if let Some(shown) = &decision.verified {
            self.people.may_show(by, &shown.proof, self.now);
        }
        if let Some(whom) = decision.for_whom {
            let shown = self.people.lends(whom, by, self.now).expect("they let them decide now");
            assert!(stage.step_up.is_none_or(|wanted| wanted <= shown), "a password lends no more than it does");
            assert!(!stage.alone && whom != by, "who is asked in person decides in person");
        }
        let whose = decision.for_whom.unwrap_or(by);
        assert!(self.could_decide(whose, stage), "{} has the authority today for {stage:?}", decision.name);
    }

    /// The row that the kept events lead to; refuses a gap between versions.
    fn replayed(&self, thing: Thing) -> Option<Record> {
        let mut row = None;
        let mut prev = NO_PREV.to_owned();
        for (at, bytes) in self.chain.iter().enumerate() {
            let kept = Envelope::read(bytes).expect("what was kept can be read");
            assert_eq!((kept.seq as usize, &kept.prev), (at + 1, &prev), "the chain has no gap");
            prev = hash(bytes);
            if kept.changed() == thing {
                let version = row.as_ref().map_or(0, Record::version);
                assert_eq!(kept.version, version + 1, "versions have no gaps");
                row = Some(Record::apply(row, thing, &kept.event, &kept.stamp()).expect("events fit their row"));
            }
        }
        row
    }

    fn commit_if(&mut self, change: Result<Option<Transition>, Refusal>) {
        match change {
            Ok(Some(change)) => self.commit(&change),
            Ok(None) => {}
            Err(no) => assert!(!matches!(no, Refusal::Inconsistent(_)), "{no}"),
        }
    }

    /// What the catalogue says, without those who have left.
    fn read(&self) -> Facts {
        let mut today = self.said.clone();
        let belongs = |id: &IdentityId| !self.people.is_gone(*id);
        today.people.retain(|id, _| belongs(id));
        today.subject.active &= belongs(&today.subject.id);
        today.asker.active &= belongs(&today.asker.id);
        today.subject.owners.retain(belongs);
        for system in today.systems.values_mut() {
            system.owners.retain(belongs);
            system.backup_owners.retain(belongs);
        }
        for group in today.groups.values_mut() {
            group.members.retain(belongs);
        }
        today
    }

    fn facts_changed(&mut self) {
        self.moved_by(&BTreeSet::new());
    }

    /// The facts have changed, by the word of these.
    fn moved_by(&mut self, said_by: &BTreeSet<IdentityId>) {
        self.today = self.read();
        let change = self.request().reroute(&self.today, said_by, self.now);
        let before = self.request().clone();
        self.commit_if(change);
        let after = self.request();
        for (had, has) in before.ruling.stages.iter().zip(&after.ruling.stages) {
            let all = |s: &StageRuling| s.ladder.iter().flat_map(|r| r.people.iter().copied()).collect::<BTreeSet<_>>();
            assert!(all(has).is_subset(&all(had)), "rerouting admits nobody new");
            assert_eq!(had.need, has.need, "rerouting asks for no fewer");
        }
        assert_eq!(before.ruling.stages.len(), after.ruling.stages.len());
        let asked = |request: &Request| request.ruling.stages.iter().map(StageRuling::eligible).collect::<Vec<_>>();
        if asked(&before) != asked(after) {
            self.movers.extend(said_by);
        }
    }

    /// Somebody has left, by the word of these.
    fn has_left(&mut self, who: IdentityId, said_by: Option<BTreeSet<IdentityId>>) {
        let Some(said_by) = said_by else { return };
        let (asker, subject) = (self.request().ask.asker, self.request().ask.subject);
        if [asker, subject].contains(&who) {
            let change = self.request().stop_as_left(&Actor::Operator, who, self.now);
            self.commit_if(change);
            assert!(!self.request().state.is_open(), "what was asked by or for who has left goes no further");
        }
        self.moved_by(&said_by);
    }

    /// Others may decide as well, and nobody but those who could have when it was asked.
    fn escalates(&mut self) {
        let before = self.request().clone();
        let change = before.escalate(self.now);
        self.commit_if(change);
        let after = self.request();
        assert_eq!(before.ruling.stages.len(), after.ruling.stages.len());
        for (had, has) in before.ruling.stages.iter().zip(&after.ruling.stages) {
            assert_eq!((&had.ladder, had.need), (&has.ladder, has.need), "nobody comes onto a ladder");
            assert!(had.eligible().is_subset(&has.eligible()), "nobody is taken out");
            let (ask, owners) = (&before.ask, &before.facts.subject.owners);
            let is_own = |by: &IdentityId| *by == ask.asker || *by == ask.subject || owners.contains(by);
            assert!(!has.eligible().iter().any(is_own), "nobody decides on their own");
            assert!(has.eligible().is_disjoint(&before.kept_out), "nobody decides what they moved");
        }
        assert_eq!(after.escalate(self.now), Ok(None), "it escalates once");
        assert!(after.next_moment(self.now) >= before.next_moment(self.now), "no look comes sooner by it");
    }

    fn does(&mut self, act: &Act) {
        let now = self.now;
        match act {
            Act::Wait(n) => self.now = now + TimeDelta::minutes(i64::from(*n)),
            Act::Approve { .. } | Act::Deny { .. } | Act::Withdraw { .. } | Act::Comment { .. } => self.says(act),
            Act::Leave { .. }
            | Act::SayLeft { .. }
            | Act::ConfirmLeft { .. }
            | Act::Stay { .. }
            | Act::ComeBack { .. }
            | Act::Reset { .. }
            | Act::LetIn { .. }
            | Act::AddAuthenticator { .. }
            | Act::RemoveAuthenticator { .. }
            | Act::FailToShow { .. }
            | Act::Delegate { .. }
            | Act::EndDelegation { .. } => self.happens_to_people(act),
            Act::OwnersChange { owners } => {
                orders(&mut self.said).owners = crowd(owners);
                self.facts_changed();
            }
            Act::JoinOrQuit { who, fallback } => {
                let group: GroupId = if *fallback { FALLBACK } else { BOARD };
                if let Some(group) = self.said.groups.get_mut(&group)
                    && !group.members.remove(&person(*who))
                {
                    group.members.insert(person(*who));
                }
                self.facts_changed();
            }
            Act::ManagerChange { who } => {
                self.said.managers = [person(*who)].into();
                self.facts_changed();
            }
            Act::AnswerForRobot { who } => {
                if !self.said.subject.kind.is_person() {
                    self.said.subject.owners.insert(person(*who));
                    self.facts_changed();
                }
            }
            Act::NoLongerAnswer { who } => {
                self.said.subject.owners.remove(&person(*who));
                self.facts_changed();
            }
            Act::Privilege { stock } => {
                if let Some(right) = self.said.entitlements.get_mut(if *stock { &COUNT } else { &READ }) {
                    right.privileged =
                        if right.privileged.is_some() { None } else { Some("it reaches more now".to_owned()) };
                }
                self.facts_changed();
            }
            Act::Reclassify => {
                orders(&mut self.said).external ^= true;
                self.facts_changed();
            }
            Act::Unpublish => {
                self.said.published = false;
                self.today = self.read();
            }
            Act::Expire => {
                let change = self.request().expire(now);
                self.commit_if(change);
            }
            Act::Escalate => self.escalates(),
            Act::Settle => {
                let grant = GrantId(self.id());
                let change = self.request().settle(self.today.clone(), &Unguarded, grant, now);
                self.commit_if(change);
            }
            Act::Open => {
                if self.grant.is_none() {
                    let lapses_at = now + minutes(APPROVAL_HOLDS).delta();
                    let change = Grant::open(self.request(), &self.request().facts, lapses_at, now).map(Some);
                    self.commit_if(change);
                }
            }
            Act::LookBefore { .. }
            | Act::See { .. }
            | Act::Trouble { .. }
            | Act::SeeAll
            | Act::Activate
            | Act::Tend
            | Act::GiveBack { .. }
            | Act::Revoke { .. }
            | Act::EndForLeaver
            | Act::LeaveThere { .. }
            | Act::Finish => self.does_to_grant(act),
        }
    }

    fn happens_to_people(&mut self, act: &Act) {
        let now = self.now;
        match act {
            Act::Leave { who } => {
                let said_by = self.people.leaves(person(*who), now);
                self.has_left(person(*who), said_by);
            }
            Act::SayLeft { by, who, sensitive } => {
                let said_by = self.people.says_left(person(*by), person(*who), *sensitive, now);
                self.has_left(person(*who), said_by);
            }
            Act::ConfirmLeft { by, who } => {
                let said_by = self.people.confirms_left(person(*by), person(*who), now);
                self.has_left(person(*who), said_by);
            }
            Act::Stay { by, who } => self.people.stays(person(*by), person(*who), now),
            Act::ComeBack { by, who } if self.people.comes_back(person(*by), person(*who), now) => {
                self.facts_changed();
            }
            Act::Reset { by, second, who } => self.people.resets(person(*by), person(*second), person(*who), now),
            Act::LetIn { by, who } => self.people.lets_in(person(*by), person(*who), now),
            Act::AddAuthenticator { who, passkey } => self.people.adds(person(*who), *passkey, now),
            Act::RemoveAuthenticator { who } => self.people.removes(person(*who), now),
            Act::FailToShow { who, times } => self.people.fails(person(*who), *times, now),
            Act::Delegate { who, to, from, days } => {
                let from = now + TimeDelta::days(i64::from(*from));
                let until = from + TimeDelta::days(i64::from(*days));
                let wanted = Delegation { to: person(*to), from, until, shown: None };
                self.people.delegates(person(*who), wanted, now);
            }
            Act::EndDelegation { who } => self.people.ends_delegation(person(*who), now),
            _ => {}
        }
    }

    fn says(&mut self, act: &Act) {
        let now = self.now;
        let (by, words) = match act {
            Act::Approve { by, .. } | Act::Deny { by, .. } | Act::Withdraw { by } | Act::Comment { by } => {
                (person(*by), self.words())
            }
            _ => return,
        };
        let approval = ApprovalId(self.id());
        let shown = match act {
            Act::Approve { shorter, shows, .. } => self.shown(by, *shorter, *shows),
            _ => None,
        };
        let (verified, used) = shown.map(|Shown { verified, used }| (verified, used)).unzip();
        let request = self.request();
        let change = self.authority(by).and_then(|authority| match act {
            Act::Approve { shorter, stale, .. } => {
                let terms = request.terms + u32::from(*stale);
                let yes = Approval { approval, minutes: shorter.map(minutes), comment: None, verified };
                request.approve(&authority, terms, yes, minutes(APPROVAL_HOLDS), now)
            }
            Act::Deny { says, .. } => request.deny(&authority, says.then_some(words), now),
            Act::Withdraw { .. } => request.withdraw(&authority, now),
            _ => request.comment(&authority, words, now),
        });
        if self.is_own(request, by) && matches!(act, Act::Approve { .. } | Act::Deny { .. }) {
            assert!(change.is_err(), "nobody decides on their own (R30)");
        }
        if !self.people.is_in(by) {
            assert!(change.is_err(), "who has left, or is said to have, does nothing");
        }
        if matches!(act, Act::Approve { stale: true, .. } | Act::Deny { says: false, .. }) {
            assert!(change.is_err(), "a page out of date, or a no without a reason, decides nothing");
        }
        // What was shown is used up in the same commit: without the one there is not the other.
        let spent = match (&used, &change) {
            (Some(used), Ok(_)) => {
                let Some(spent) = self.people.step_up(by, used, now) else { return };
                Some(spent)
            }
            (Some(_), Err(_)) | (None, _) => None,
        };
        self.commit_if(change.map(Some));
        if let (Some(spent), Some(used)) = (spent, &used) {
            self.people.stepped_up(by, used, spent);
        }
    }

    fn does_to_grant(&mut self, act: &Act) {
        let now = self.now;
        let Some(grant) = self.grant.clone() else { return };
        let right = |at: usize| grant.assignments[at % grant.assignments.len()].right();
        match act {
            Act::LookBefore { right: at, there } => {
                let unknown =
                    matches!(grant.assignments[at % grant.assignments.len()].fulfilled, Fulfilled::Unknown {});
                if unknown {
                    self.commit_if(grant.looked_before(&right(*at), *there, now).map(Some));
                }
            }
            Act::See { right: at, present } => self.commit_if(grant.seen(&right(*at), *present, now)),
            Act::Trouble { right: at } => self.commit_if(grant.trouble(&right(*at), "the target is down", now)),
            Act::SeeAll => {
                for a in &grant.assignments {
                    let change = self.grant.as_ref().map_or(Ok(None), |g| g.seen(&a.right(), true, now));
                    self.commit_if(change);
                }
            }
            Act::Activate => self.commit_if(grant.activate(now)),
            Act::Tend => self.commit_if(grant.tend(now)),
            Act::GiveBack { by } => {
                let change = self.authority(person(*by)).and_then(|authority| grant.give_back(&authority, now));
                self.commit_if(change.map(Some));
            }
            Act::Revoke { by } => {
                let change = self.authority(person(*by)).and_then(|authority| grant.revoke(&authority, now));
                self.commit_if(change.map(Some));
            }
            Act::EndForLeaver => self.commit_if(grant.end_for_leaver(&Actor::System, now).map(Some)),
            Act::LeaveThere { right: at, why } => self.commit_if(grant.leave(&right(*at), *why, now)),
            Act::Finish => self.commit_if(grant.finish(now)),
            _ => {}
        }
    }

    /// One act after the other, and what must hold after each.
    fn goes_on(&mut self, acts: &[Act]) {
        for act in acts {
            self.does(act);
            self.holds();
        }
    }

    /// What must hold at every moment.
    fn holds(&self) {
        let request = self.request();
        let approvers = approvers(request);
        match &request.state {
            State::Approved { .. } | State::Granted { .. } => {
                assert!(request.ruling.outcome != Outcome::Refused);
                let mut distinct = BTreeSet::new();
                for (at, stage) in request.ruling.stages.iter().enumerate() {
                    let yes = || request.decisions.iter().filter(move |d| d.approves && d.stage == at);
                    assert!(yes().count() >= usize::from(stage.need), "enough approvers in {}", stage.name);
                    let mut used = yes().flat_map(Decision::people);
                    assert!(used.all(|id| distinct.insert(id)), "nobody counts twice, in whosever place");
                }
                let asked = request.ruling.outcome == Outcome::NeedsApproval;
                assert!(!asked || !approvers.is_empty(), "somebody approved");
                assert!(request.ruling.privileged.is_empty() || approvers.len() >= 2, "privileged takes two (R15)");
            }
            State::Waiting { .. } => {
                assert!(
                    !request.may_decide_now().is_empty(),
                    "while it waits, somebody may decide: {:?}",
                    request.ruling.stages
                );
            }
            State::Refused { .. } => assert!(request.decisions.is_empty()),
            State::Denied { .. }
            | State::Withdrawn { .. }
            | State::Expired { .. }
            | State::Lapsed { .. }
            | State::Stopped { .. } => {}
        }
        assert!(request.minutes <= request.ask.minutes, "an approval never lengthens the time");
        let Some(grant) = &self.grant else { return };
        let State::Granted { approval, grant: id, .. } = request.state else { panic!("a grant without an approval") };
        assert_eq!((grant.approval, grant.id), (approval, id), "a grant uses its approval, once (R29)");
        let granted = grant.assignments.iter().map(|a| a.entitlement).collect::<Vec<_>>();
        let approved = request.facts.bundle.spec.entitlements.iter().copied().collect::<Vec<_>>();
        assert_eq!(granted, approved, "granted is exactly what was approved (R16)");
        assert!(grant.assignments.iter().all(|a| [ORDERS, STOCK].contains(&a.system)));
        assert_eq!(grant.minutes, request.minutes);
        let end = match &grant.state {
            GrantState::Opening { lapses_at, .. } => *lapses_at,
            GrantState::Active { since, until } => {
                assert_eq!(*until, *since + grant.minutes.delta());
                *until
            }
            GrantState::Ending { since, .. } => *since,
            GrantState::Ended { at, .. } => *at,
        };
        let over = matches!(grant.state, GrantState::Ended { .. });
        assert!(
            !over || grant.assignments.iter().all(|a| a.settled),
            "no grant is closed over a right that is not settled"
        );
        for later in [end, end + TimeDelta::minutes(1), at("2999-01-01T00:00:00Z")] {
            assert!(!grant.needs_its_rights(later), "no grant needs its rights after its end");
        }
    }
}

/// Whether it is one of the people; the robot is not.
fn is_somebody(id: IdentityId) -> bool {
    PEOPLE.iter().any(|(known, _)| *known == id)
}

/// A yes in a stage that wants to be sure is confirmed by who says it, for this very request, at least as surely as is wanted.
fn confirms_this(before: &Request, stage: &StageRuling, decision: &Decision) {
    let Some(wanted) = stage.step_up else { return };
    let shown = decision.verified.as_ref().expect("a yes that wants a step-up has one");
    assert!(shown.strength() >= wanted, "{:?} is weaker than {wanted:?}", shown.proof);
    let stated: serde_json::Value = serde_json::from_str(&shown.statement).expect("a statement is JSON");
    let minutes = decision.minutes.unwrap_or(before.minutes).get();
    assert_eq!(stated["by"], serde_json::json!(decision.by), "they confirmed it themselves");
    assert_eq!(stated["does"]["request"], serde_json::json!(REQUEST));
    assert_eq!(stated["does"]["terms"], serde_json::json!(before.terms));
    assert_eq!(stated["does"]["minutes"], serde_json::json!(minutes));
    assert_eq!(stated["does"]["stage"], serde_json::json!(decision.stage));
    assert_eq!(stated["does"]["for_whom"], serde_json::json!(decision.for_whom), "they said in whose place");
}

fn approvers(request: &Request) -> BTreeSet<IdentityId> {
    request.decisions.iter().filter(|d| d.approves).map(|d| d.by).collect()
}

fn stays_decided(before: &Request, after: &Request) {
    match &before.state {
        State::Waiting { .. } => {}
        State::Approved { approval, .. } => match &after.state {
            State::Approved { approval: kept, .. } | State::Granted { approval: kept, .. } => {
                assert_eq!(approval, kept);
            }
            State::Waiting { .. } | State::Lapsed { .. } | State::Stopped { .. } | State::Withdrawn { .. } => {}
            State::Refused { .. } | State::Denied { .. } | State::Expired { .. } => {
                panic!("approved became {}", after.state.word())
            }
        },
        State::Refused { .. }
        | State::Granted { .. }
        | State::Denied { .. }
        | State::Withdrawn { .. }
        | State::Expired { .. }
        | State::Lapsed { .. }
        | State::Stopped { .. } => {
            assert_eq!(before.state, after.state, "decided stays decided");
            assert_eq!(before.decisions, after.decisions, "decided stays decided");
        }
    }
    assert_eq!((&before.ask, &before.facts), (&after.ask, &after.facts), "what it was decided on is frozen");
    assert!(after.decisions.starts_with(&before.decisions), "no decision is taken back");
    if let (State::Approved { lapses_at, .. }, State::Granted { at, .. }) = (&before.state, &after.state) {
        assert!(at < lapses_at, "a lapsed approval opens nothing");
    }
}

fn ends_only_once(before: &Grant, after: &Grant) {
    let order = |grant: &Grant| match grant.state {
        GrantState::Opening { .. } => 0,
        GrantState::Active { .. } => 1,
        GrantState::Ending { .. } => 2,
        GrantState::Ended { .. } => 3,
    };
    assert!(order(before) <= order(after), "a grant never comes back");
    if let (GrantState::Opening { lapses_at, .. }, GrantState::Active { since, .. }) = (&before.state, &after.state) {
        assert!(since < lapses_at, "what lapsed does not begin");
    }
    let right = |grant: &Grant| grant.assignments.iter().map(domain::grant::Assignment::right).collect::<Vec<_>>();
    assert_eq!(right(before), right(after), "rights never grow");
    assert_eq!(before.minutes, after.minutes);
}

fn cases() -> u32 {
    if std::env::var_os("SALLYPORT_TEST_LONG").is_some() { 256 } else { 64 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_these_hold(birth in births(), acts in prop::collection::vec(acts(), 1..80)) {
        let mut life = Life::begin(&birth);
        life.holds();
        life.goes_on(&acts);
    }
}

/// A privileged right of Olof's system, and one of Gus's.
fn of_two_owners() -> Birth {
    Birth {
        robot: false,
        second_system: true,
        privileged: true,
        automatic: false,
        stages: Vec::new(),
        owners: set([2]),
        backups: set([3]),
        fallback: set([4, 5]),
        board: set([6, 7]),
        minutes: 60,
    }
}

fn yes(by: usize) -> Act {
    Act::Approve { by, shorter: None, stale: false, shows: Shows::AsWanted }
}

/// A right that was left where it was, and is looked at for the first time when all is over.
#[test]
fn a_right_stays_settled_after_the_end() {
    let birth = Birth { robot: true, second_system: false, privileged: false, automatic: true, ..of_two_owners() };
    let mut life = Life::begin(&birth);
    let acts = [
        Act::Settle,
        Act::Open,
        Act::GiveBack { by: 8 },
        Act::LeaveThere { right: 0, why: Leaving::ThereBefore },
        Act::Finish,
        Act::See { right: 0, present: false },
    ];
    life.goes_on(&acts);
    assert!(life.grant.as_ref().is_some_and(domain::grant::Grant::has_ended), "it came to its end");
}

/// And only if somebody decides in another's place on the way.
#[test]
fn a_life_can_be_decided_in_anothers_place() {
    let mut life = Life::begin(&of_two_owners());
    let acts = [Act::Delegate { who: 2, to: 8, from: 0, days: 3 }, yes(8), yes(8), yes(2), yes(6)];
    life.goes_on(&acts);
    let request = life.request();
    let decided: Vec<_> = request.decisions.iter().map(|it| (it.by, it.for_whom)).collect();
    assert_eq!(decided, [(person(8), Some(person(2))), (person(6), None)]);
    assert_eq!(request.state.word(), "approved");
}

/// The model is worth something only if lives get as far as an end.
#[test]
fn a_life_can_go_all_the_way() {
    let mut life = Life::begin(&of_two_owners());
    let acts = [
        yes(2),
        yes(6),
        Act::Settle,
        Act::Open,
        Act::SeeAll,
        Act::Activate,
        Act::Wait(61),
        Act::Tend,
        Act::See { right: 0, present: false },
        Act::Finish,
        Act::See { right: 1, present: false },
        Act::Finish,
    ];
    life.goes_on(&acts);
    let ended = life.grant.as_ref().map(|g| g.state.word());
    assert_eq!(ended, Some("ended"), "{:?}", life.request().state);
    assert_eq!(life.grant.map(|g| g.minutes), Minutes::new(60).ok());
}
