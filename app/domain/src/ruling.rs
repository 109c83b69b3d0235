//! The policy decision: `judge` turns what is asked and the facts into a [`Ruling`], with its whole path. The same input gives the same
//! ruling, always (R11): it reads no clock, no table, no chance.

use crate::{
    bundle::{Source, Stage},
    exception,
    facts::{Ask, Facts},
    guardrail::{Guardrails, Verdict},
    ids::{EntitlementId, GroupId, IdentityId, SystemId},
    minutes::Minutes,
    resource::{Environment, Sensitivity},
    stepup::Strength,
    text::{and, or},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of these rules; a ruling says by which it was made.
pub const ENGINE: u32 = 2;

/// The first version knew no guardrails; without any it comes to the same.
const FIRST_ENGINE: u32 = 1;

/// The rules about what is written in the form.
const UNWRITTEN: [&str; 2] = ["justification", "work-item"];

/// What the ruling comes to (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No.
    Refused,
    /// Yes, at once; the owners are told.
    Automatic,
    /// Yes, when these people agree.
    NeedsApproval,
}

/// One rule that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The rule's name.
    pub rule: String,
    /// Whether it is met.
    pub passed: bool,
    /// Its sentence.
    pub says: String,
    /// What would meet it, where that can be said.
    pub instead: Option<String>,
}

impl Check {
    pub(crate) fn new(rule: &str, passed: bool, says: String) -> Self {
        Self { rule: rule.to_owned(), passed, says, instead: None }
    }

    /// Adds the nearest way in, if the rule said no.
    pub(crate) fn or_else(mut self, instead: impl FnOnce() -> String) -> Self {
        if !self.passed {
            self.instead = Some(instead());
        }
        self
    }
}

/// Why certain people may decide a stage; looked at again when they do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "via")]
pub enum Via {
    /// They own the system.
    Owner {
        /// Which.
        system: SystemId,
    },
    /// They are its backup owners.
    BackupOwner {
        /// Which.
        system: SystemId,
    },
    /// They are in the group the stage names.
    Group {
        /// Which.
        group: GroupId,
    },
    /// They are in the system's fallback group.
    Fallback {
        /// Which.
        group: GroupId,
    },
    /// The stage names them.
    Named,
    /// They manage the subject, or an owner of it.
    Manager,
}

/// People who may decide for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The reason.
    pub via: Via,
    /// The people, without those who may not decide this request.
    pub people: BTreeSet<IdentityId>,
}

/// That more of a stage's ladder is in use than it takes, as those who were asked first did not decide in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Since when.
    pub at: DateTime<Utc>,
    /// How many rungs were in use before.
    pub from: usize,
}

/// A stage as it stands for this request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRuling {
    /// Its name.
    pub name: String,
    /// How many distinct people must approve.
    pub need: u8,
    /// The system whose owners decide, where the stage asks owners.
    pub system: Option<SystemId>,
    /// Where its people come from.
    pub from: Source,
    /// Whether nobody stands in for its people: what a guardrail wants of them, nobody else's yes is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// The stage some of whose yeses it asks for once more, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<usize>,
    /// How surely each must show who they are, for this very decision (R3, R36).
    pub step_up: Option<Strength>,
    /// Who may decide: first hand, then as backup, then as fallback.
    pub ladder: Vec<Rung>,
    /// How many rungs are in use: just as many as it takes, until it escalates.
    pub rungs: usize,
    /// How long it waits before the next rung may decide as well; `None` leaves it to those whom it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalates_after: Option<Minutes>,
    /// That the next rung may decide as well by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<Escalation>,
}

impl StageRuling {
    /// Everybody who may decide this stage.
    pub fn eligible(&self) -> BTreeSet<IdentityId> {
        self.ladder.iter().take(self.rungs).flat_map(|r| r.people.iter().copied()).collect()
    }

    /// Why this person may decide, if they may.
    pub fn via(&self, id: IdentityId) -> Option<&Via> {
        self.ladder.iter().take(self.rungs).find(|r| r.people.contains(&id)).map(|r| &r.via)
    }

    /// The first rung that is not in use and on which somebody stands who would come in anew, and who would; save those who are out.
    pub(crate) fn next_rung(&self, out: &BTreeSet<IdentityId>) -> Option<(usize, BTreeSet<IdentityId>)> {
        let known = self.eligible();
        self.ladder.iter().enumerate().skip(self.rungs).find_map(|(rung, it)| {
            let new: BTreeSet<_> =
                it.people.iter().filter(|id| !known.contains(id) && !out.contains(id)).copied().collect();
            (!new.is_empty()).then_some((rung, new))
        })
    }

    /// Everybody who may decide this stage now, or once it has waited too long.
    pub(crate) fn reached(&self) -> BTreeSet<IdentityId> {
        let escalates = self.escalates_after.is_some() && self.escalated.is_none();
        let next = escalates.then(|| self.next_rung(&BTreeSet::new())).flatten();
        self.eligible().into_iter().chain(next.into_iter().flat_map(|(_, new)| new)).collect()
    }

    /// Brings more of its ladder into use, once, as it waited too long; false where that cannot be.
    pub(crate) fn climbs(&mut self, rungs: usize, at: DateTime<Utc>) -> bool {
        let can = self.escalated.is_none() && self.rungs < rungs && rungs <= self.ladder.len();
        if can {
            self.escalated = Some(Escalation { at, from: self.rungs });
            self.rungs = rungs;
        }
        can
    }

    /// Whether two stages ask the same of the same kind of people.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.from == other.from && self.system == other.system
    }

    /// Whether a yes here is all that the other stage asks of whoever gives it.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.asks_the_same(other) && (self.alone || !other.alone)
    }
}

/// The policy decision with its whole path (R12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// By which version of these rules.
    pub engine: u32,
    /// What it comes to.
    pub outcome: Outcome,
    /// Every rule tried, in order.
    pub checks: Vec<Check>,
    /// Who must agree, in sequence.
    pub stages: Vec<StageRuling>,
    /// How long the access would last.
    pub minutes: Minutes,
    /// Why it is privileged, if anything in it is.
    pub privileged: BTreeMap<EntitlementId, String>,
    /// Why it is not automatic although the bundle would like it to be.
    pub not_automatic: Vec<String>,
    /// Who is told of an automatic grant.
    pub told: BTreeSet<IdentityId>,
    /// What the guardrails said; `None` where none were ever published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrails: Option<Verdict>,
}

impl Ruling {
    /// The rules that said no.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|c| !c.passed)
    }

    /// The rules that only what is written in the form does not meet, where no other rule says no: then it is not refused but unfinished.
    pub fn only_unwritten(&self) -> Option<&Check> {
        let mut failures = self.failures().peekable();
        let first = failures.peek().copied()?;
        failures.all(|c| UNWRITTEN.contains(&c.rule.as_str())).then_some(first)
    }

    /// How surely the asker shows who they are for this ask, by the bundle and by the guardrails.
    pub fn asker_step_up(&self, bundle: Option<Strength>) -> Option<Strength> {
        let demanded = self.guardrails.as_ref().and_then(|it| it.demands.asker_step_up.as_ref());
        bundle.max(demanded.map(|it| it.least))
    }

    /// Whether nothing but the hour stands in the way; then waiting helps.
    pub fn waits_only_for_its_hours(&self) -> bool {
        let mut failures = self.failures().peekable();
        failures.peek().is_some() && failures.all(|c| c.rule == "hours")
    }
}

/// Who may never decide: the subject, who asked, and who answers for a non-human subject (R30).
pub fn excluded(ask: &Ask, facts: &Facts) -> BTreeSet<IdentityId> {
    let mut excluded = facts.subject.owners.clone();
    excluded.insert(ask.subject);
    excluded.insert(ask.asker);
    excluded
}

/// Whether one may ask for another (R25), and in which capacity.
pub fn may_ask_for(
    asker: IdentityId,
    subject: IdentityId,
    manager: Option<IdentityId>,
    owners: &BTreeSet<IdentityId>,
) -> Option<&'static str> {
    if asker == subject {
        Some("for oneself")
    } else if manager == Some(asker) {
        Some("as their manager")
    } else if owners.contains(&asker) {
        Some("as its owner")
    } else {
        None
    }
}

/// Takes the decision, by the rules of today.
pub fn judge(ask: &Ask, facts: &Facts, guardrails: &dyn Guardrails) -> Ruling {
    decide(ENGINE, ask, facts, guardrails)
}

/// Takes a decision once more by the version of the rules that took it; `None` where this program does not know that version.
pub fn judge_as(engine: u32, ask: &Ask, facts: &Facts, guardrails: &dyn Guardrails) -> Option<Ruling> {
    (FIRST_ENGINE..=ENGINE).contains(&engine).then(|| decide(engine, ask, facts, guardrails))
}

fn decide(engine: u32, ask: &Ask, facts: &Facts, guardrails: &dyn Guardrails) -> Ruling {
    let spec = &facts.bundle.spec;
    let verdict = guardrails.ask(ask, facts);
    let mut checks = vec![check_open(facts), check_people(ask, facts), check_duration(ask, facts)];
    checks.extend(spec.conditions.iter().map(|condition| condition.check(ask, facts)));
    // The first version of the rules asked the fallback group for what nobody owned.
    checks.extend((engine > FIRST_ENGINE && !facts.asked_already).then(|| check_owned(facts)).flatten());
    checks.extend(check_conflicts(ask, facts));
    checks.extend(exception::checks(ask));
    checks.push(check_once(ask, facts));
    checks.extend(check_accounts(facts));
    checks.extend(verdict.iter().flat_map(|verdict| check_guardrails(verdict, facts)));

    let privileged: BTreeMap<_, _> =
        facts.entitlements.iter().filter_map(|(id, e)| e.privileged.clone().map(|why| (*id, why))).collect();
    let not_automatic =
        if spec.automatic { not_low_risk(ask, facts, &privileged, verdict.as_ref()) } else { Vec::new() };
    let automatic = spec.automatic && not_automatic.is_empty();

    let wanted = || demanded(ask, facts, !privileged.is_empty(), verdict.as_ref());
    let (stages, check) = if automatic { (Vec::new(), None) } else { resolve(ask, facts, wanted()) };
    checks.extend(check);

    let outcome = match (checks.iter().all(|c| c.passed), automatic) {
        (false, _) => Outcome::Refused,
        (true, true) => Outcome::Automatic,
        (true, false) => Outcome::NeedsApproval,
    };
    let told = if automatic {
        facts.systems.values().flat_map(|s| s.owners.iter().copied()).collect()
    } else {
        BTreeSet::new()
    };
    let guardrails = verdict;
    Ruling { engine, outcome, checks, stages, minutes: ask.minutes, privileged, not_automatic, told, guardrails }
}

/// What the guardrails say, each rule that says no in its own sentence.
fn check_guardrails(verdict: &Verdict, facts: &Facts) -> Vec<Check> {
    let rule = "guardrails";
    if !verdict.errors.is_empty() {
        let says = "a guardrail cannot be worked out for this, and so nothing is granted; the admins know".to_owned();
        return vec![Check::new(rule, false, says)];
    }
    if !verdict.allows {
        let no: Vec<_> = verdict.rules.values().map(|says| Check::new(rule, false, says.clone())).collect();
        let silent = || Check::new(rule, false, "no guardrail permits this".to_owned());
        return if no.is_empty() { vec![silent()] } else { no };
    }
    let unknown = verdict.demands.groups.keys().find(|group| facts.group_by_key(group).is_none());
    match unknown {
        Some(group) => {
            vec![Check::new(rule, false, format!("`{group}` must approve this, and there is no such group"))]
        }
        None => vec![Check::new(rule, true, format!("within the guardrails (version {})", verdict.number))],
    }
}

fn check_open(facts: &Facts) -> Check {
    let name = &facts.bundle.spec.name;
    let says = if facts.published {
        format!("“{name}” is in the catalogue")
    } else {
        format!("“{name}” cannot be asked for in this version any more")
    };
    Check::new("published", facts.published, says)
}

fn check_people(ask: &Ask, facts: &Facts) -> Check {
    let (subject, asker) = (&facts.subject, &facts.asker);
    if !subject.active {
        return Check::new("belongs", false, format!("{} has left", subject.name));
    }
    if !asker.active {
        return Check::new("belongs", false, format!("{} has left", asker.name));
    }
    match may_ask_for(ask.asker, ask.subject, subject.manager, &subject.owners) {
        Some("for oneself") => Check::new("may-ask-for", true, format!("{} asks for themselves", asker.name)),
        Some(how) => Check::new("may-ask-for", true, format!("{} asks for {} {how}", asker.name, subject.name)),
        None => Check::new(
            "may-ask-for",
            false,
            format!("{} may not ask for {}: only the person, their manager or an owner may", asker.name, subject.name),
        ),
    }
}

fn check_duration(ask: &Ask, facts: &Facts) -> Check {
    let spec = &facts.bundle.spec;
    let (longest, who) = if facts.subject.kind.is_person() {
        (spec.longest, "")
    } else {
        (spec.non_human_longest.min(spec.longest), " for a non-human identity")
    };
    let (longest, who) = if ask.exception.is_some() && exception::longest() < longest {
        (exception::longest(), " for an exception")
    } else {
        (longest, who)
    };
    if ask.minutes > longest {
        Check::new("duration", false, format!("{} is longer than the {longest} allowed{who}", ask.minutes))
            .or_else(|| format!("ask for {longest} or less"))
    } else {
        Check::new("duration", true, format!("ends by itself after {}, within the {longest} allowed{who}", ask.minutes))
    }
}

/// What nobody owns any more is out of the catalogue; what was asked before goes to the fallback group (L13).
fn check_owned(facts: &Facts) -> Option<Check> {
    let names: Vec<_> = facts.unowned().map(|system| system.name.clone()).collect();
    let says = format!("nobody owns {} any more, and so it cannot be asked for", and(&names));
    let check = || Check::new("owned", false, says).or_else(|| "ask an admin to name an owner".to_owned());
    (!names.is_empty()).then(check)
}

/// Separation of duties counts from both sides: what is held may say no as well.
fn check_conflicts(ask: &Ask, facts: &Facts) -> Option<Check> {
    let held = match exception::clash(ask, facts, &facts.conflicts) {
        (Some(held), _) => held,
        (None, excepted) => return excepted.map(|held| exception::passes(facts, held)),
    };
    let says = format!("{} has “{}”, which must not be in the same hands", facts.subject.name, held.name);
    Some(Check::new("incompatible", false, says).or_else(|| "give it back first".to_owned()))
}

fn check_once(ask: &Ask, facts: &Facts) -> Check {
    match facts.held.get(&facts.bundle.bundle) {
        None if ask.continues.is_some() => Check::new("one-grant", true, "continues a live grant".to_owned()),
        None => Check::new("one-grant", true, "is not held or asked for already".to_owned()),
        Some(held) if held.live => {
            Check::new("one-grant", false, format!("{} already has “{}”", facts.subject.name, held.name))
                .or_else(|| "extend the grant instead".to_owned())
        }
        Some(held) => {
            Check::new("one-grant", false, format!("{} already waits for “{}”", facts.subject.name, held.name))
                .or_else(|| "withdraw that request first".to_owned())
        }
    }
}

fn check_accounts(facts: &Facts) -> Vec<Check> {
    facts
        .systems
        .iter()
        .filter_map(|(id, system)| match system.connector {
            // The portal's own directory knows every identity.
            crate::resource::ConnectorKind::Directory => None,
            crate::resource::ConnectorKind::Manual | crate::resource::ConnectorKind::Postgres => {
                let name = &facts.subject.name;
                Some(match facts.subject.accounts.get(id) {
                    Some(account) => Check::new("account", true, format!("{name} is `{account}` on {}", system.name)),
                    None => Check::new("account", false, format!("{name} has no account on {}", system.name))
                        .or_else(|| format!("ask {} for an account first", or_owners(facts, system))),
                })
            }
        })
        .collect()
}

fn or_owners(facts: &Facts, system: &crate::facts::SystemFacts) -> String {
    let names = system.owners.iter().map(|id| facts.name(*id)).collect::<Vec<_>>();
    if names.is_empty() { "its owner".to_owned() } else { or(&names) }
}

/// Why access is not low-risk and reversible (R9).
fn not_low_risk(
    ask: &Ask,
    facts: &Facts,
    privileged: &BTreeMap<EntitlementId, String>,
    verdict: Option<&Verdict>,
) -> Vec<String> {
    let mut why = privileged.values().cloned().collect::<Vec<_>>();
    if let Some(verdict) = verdict {
        let rules = verdict.demands.deciding().into_iter().filter_map(|id| verdict.rules.get(id));
        why.extend(rules.cloned());
    }
    for system in facts.systems.values() {
        if system.environment == Environment::Production {
            why.push(format!("{} is production", system.name));
        }
        if system.sensitivity > Sensitivity::Low {
            why.push(format!("{} is of {} sensitivity", system.name, system.sensitivity.word()));
        }
        if system.external {
            why.push(format!("{} reaches beyond the company", system.name));
        }
        if !system.connector.revokes_by_itself() {
            why.push(format!("access to {} is taken away by hand", system.name));
        }
    }
    why.extend(ask.exception.as_ref().map(|_| "it is asked for as an exception".to_owned()));
    why
}

/// Turns the bundle's stages into the people who may decide them, and says where nobody can.
fn resolve(ask: &Ask, facts: &Facts, demanded: Vec<Wanted>) -> (Vec<StageRuling>, Option<Check>) {
    let ladders = Ladders::of(ask, facts);
    let mut stages = demanded
        .into_iter()
        .map(|wanted| StageRuling {
            ladder: ladders.ladder(&wanted.stage.from, wanted.system, wanted.alone),
            name: wanted.stage.name,
            need: wanted.stage.need,
            system: wanted.system,
            from: wanted.stage.from,
            alone: wanted.alone,
            replaces: None,
            step_up: wanted.stage.step_up,
            rungs: 0,
            escalates_after: wanted.stage.escalates_after,
            escalated: None,
        })
        .collect::<Vec<_>>();
    let check = match settle(&mut stages, &Given::default()) {
        Ok(()) => Check::new("deciders", true, who_decides(&stages, facts)),
        Err(gap) => {
            let names = ladders
                .excluded
                .iter()
                .filter(|id| facts.people.contains_key(id))
                .map(|id| facts.name(*id))
                .collect::<Vec<_>>();
            Check::new("deciders", false, format!("{gap}; {} may not decide on this", and(&names)))
                .or_else(|| "ask an admin to name owners or a fallback group with enough people".to_owned())
        }
    };
    (stages, Some(check))
}

/// Who may decide a stage by the facts of today, whether or not policy would still ask for it.
pub(crate) fn may_today(stage: &StageRuling, ask: &Ask, today: &Facts) -> Vec<Rung> {
    Ladders::of(ask, today).ladder(&stage.from, stage.system, stage.alone)
}

/// The group that has its own part in an exception, and so stands in for nobody there: two from different sides decide.
fn excepting(ask: &Ask, facts: &Facts) -> Option<GroupId> {
    facts.weightiest().filter(|_| ask.exception.is_some()).map(|(_, weightiest)| weightiest.fallback)
}

/// A stage before it is known who decides it.
struct Wanted {
    stage: Stage,
    /// The system whose owners decide, or stand in.
    system: Option<SystemId>,
    /// Whether nobody stands in.
    alone: bool,
}

impl Wanted {
    fn new(stage: Stage, system: Option<SystemId>) -> Self {
        Self { stage, system, alone: false }
    }
}

/// The bundle's stages, owners' stages once for each system with owners of its own, the groups and the number of approvers that guardrails
/// demand, the fallback group where it is an exception, and a second approver where it is one or the access is privileged.
fn demanded(ask: &Ask, facts: &Facts, privileged: bool, verdict: Option<&Verdict>) -> Vec<Wanted> {
    let owners =
        Stage { name: "Owner".to_owned(), need: 1, from: Source::Owners, step_up: None, escalates_after: None };
    let stages =
        if facts.bundle.spec.stages.is_empty() { std::slice::from_ref(&owners) } else { &facts.bundle.spec.stages };
    let mut demanded = Vec::new();
    for stage in stages {
        match stage.from {
            Source::Owners => {
                let mut seen = BTreeSet::new();
                for (id, system) in &facts.systems {
                    if seen.insert((&system.owners, &system.backup_owners, system.fallback)) {
                        let name = if facts.systems.len() > 1 {
                            format!("{}, {}", stage.name, system.name)
                        } else {
                            stage.name.clone()
                        };
                        demanded.push(Wanted::new(Stage { name, ..stage.clone() }, Some(*id)));
                    }
                }
            }
            Source::Group { .. } | Source::People { .. } | Source::Manager => {
                demanded.push(Wanted::new(stage.clone(), None));
            }
        }
    }
    let demands = verdict.map(|verdict| &verdict.demands);
    let named = demands.iter().flat_map(|it| it.groups.keys()).filter_map(|key| facts.group_by_key(key));
    let named = named.map(|group| (group, facts.group(group)));
    let named = named.chain(excepting(ask, facts).map(|group| (group, "Exception".to_owned())));
    for (group, name) in named {
        let from = Source::Group { group };
        let mut there = false;
        for wanted in demanded.iter_mut().filter(|it| it.stage.from == from) {
            there = true;
            wanted.alone = true;
            wanted.stage.escalates_after = None;
        }
        if !there {
            let stage = Stage { name, need: 1, from, step_up: None, escalates_after: None };
            demanded.push(Wanted { stage, system: None, alone: true });
        }
    }
    let two = privileged || ask.exception.is_some();
    let least = demands.and_then(|it| it.approvals.as_ref()).map_or(0, |it| it.least).max(if two { 2 } else { 0 });
    let total = demanded.iter().fold(0_u8, |sum, it| sum.saturating_add(it.stage.need));
    let need = least.saturating_sub(total);
    if need > 0 {
        // Further ones show who they are as surely as the first.
        let step_up = demanded.iter().filter_map(|it| it.stage.step_up).max();
        let name = if least == 2 { "Second approver" } else { "Further approvers" }.to_owned();
        let further = Stage { name, need, from: Source::Owners, step_up, escalates_after: None };
        demanded.push(Wanted::new(further, facts.weightiest().map(|(id, _)| *id)));
    }
    let step_up = demands.and_then(|it| it.step_up.as_ref()).map(|it| it.least);
    for wanted in &mut demanded {
        wanted.stage.step_up = wanted.stage.step_up.max(step_up);
    }
    demanded
}

/// What the ladders of all stages of one ask have in common.
struct Ladders<'a> {
    facts: &'a Facts,
    /// Who decides nothing about it.
    excluded: BTreeSet<IdentityId>,
    /// The groups one joins by the access.
    joined: BTreeSet<GroupId>,
    /// The group that has a part of its own, and so stands in for nobody.
    apart: Option<GroupId>,
}

impl<'a> Ladders<'a> {
    fn of(ask: &Ask, facts: &'a Facts) -> Self {
        let joined = facts.entitlements.values().flat_map(|e| e.joins.iter().copied()).collect();
        Self { facts, excluded: excluded(ask, facts), joined, apart: excepting(ask, facts) }
    }

    fn allowed(&self, people: &BTreeSet<IdentityId>) -> BTreeSet<IdentityId> {
        let known = |id: &&IdentityId| self.facts.people.contains_key(id) && !self.excluded.contains(id);
        people.iter().filter(known).copied().collect()
    }

    /// R15: a group never decides on who joins it.
    fn members(&self, group: GroupId) -> BTreeSet<IdentityId> {
        match self.facts.groups.get(&group) {
            Some(known) if !self.joined.contains(&group) => self.allowed(&known.members),
            Some(_) | None => BTreeSet::new(),
        }
    }

    /// Who might decide what is asked of these people: first hand, then, unless they are asked alone, who stands in for them.
    fn ladder(&self, from: &Source, system: Option<SystemId>, alone: bool) -> Vec<Rung> {
        let facts = self.facts;
        let mut ladder = Vec::new();
        match from {
            Source::Owners => {}
            Source::Group { group } => {
                ladder.push(Rung { via: Via::Group { group: *group }, people: self.members(*group) });
            }
            Source::People { people } => ladder.push(Rung { via: Via::Named, people: self.allowed(people) }),
            Source::Manager => ladder.push(Rung { via: Via::Manager, people: self.allowed(&facts.managers) }),
        }
        let stands_in = system.and_then(|id| facts.systems.get_key_value(&id)).or_else(|| facts.weightiest());
        if let Some((id, system)) = stands_in.filter(|_| !alone) {
            if *from == Source::Owners {
                ladder.push(Rung { via: Via::Owner { system: *id }, people: self.allowed(&system.owners) });
            }
            let backups = self.allowed(&system.backup_owners);
            ladder.push(Rung { via: Via::BackupOwner { system: *id }, people: backups });
            if self.apart != Some(system.fallback) {
                let people = self.members(system.fallback);
                ladder.push(Rung { via: Via::Fallback { group: system.fallback }, people });
            }
        }
        ladder
    }
}

/// What has been given already: how many have approved each stage, and everybody whom that uses up. Whoever decides in another's place uses
/// both of them up, and is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    counts: BTreeMap<usize, usize>,
    people: BTreeSet<IdentityId>,
}

impl Given {
    /// Counts one more who has approved a stage.
    pub(crate) fn add(&mut self, stage: usize, people: impl IntoIterator<Item = IdentityId>) {
        let people: BTreeSet<_> = people.into_iter().collect();
        // INVARIANT: nobody counts twice, whether they act or another does in their place.
        if people.is_disjoint(&self.people) {
            let count = self.counts.entry(stage).or_default();
            *count = count.saturating_add(1);
        }
        self.people.extend(people);
    }

    /// How many have approved a stage.
    pub(crate) fn count(&self, stage: usize) -> usize {
        self.counts.get(&stage).copied().unwrap_or_default()
    }

    /// Everybody who is used up.
    pub(crate) fn people(&self) -> &BTreeSet<IdentityId> {
        &self.people
    }
}

/// Uses just as many rungs as it takes for every stage to find enough people, and for all stages together to find distinct ones.
/// `given` holds who has already approved which stage. Says which stage cannot be decided, if one cannot.
pub(crate) fn settle(stages: &mut [StageRuling], given: &Given) -> Result<(), String> {
    for (at, stage) in stages.iter_mut().enumerate() {
        let need = usize::from(stage.need).saturating_sub(given.count(at));
        stage.rungs = stage.rungs.clamp(1, stage.ladder.len().max(1));
        while stage.eligible().len() < need && stage.rungs < stage.ladder.len() {
            stage.rungs += 1;
        }
        if stage.eligible().len() < need {
            return Err(gap(stage, stage.eligible().len()));
        }
    }
    while let Err(short) = distinct(stages, given) {
        // Widen the stage that came up short, else the nearest one that can still be widened.
        let widen =
            (short..stages.len()).chain(0..short).find(|at| stages.get(*at).is_some_and(|s| s.rungs < s.ladder.len()));
        match widen.and_then(|at| stages.get_mut(at)) {
            Some(stage) => stage.rungs += 1,
            None => return Err(stages.get(short).map_or_else(String::new, |stage| gap(stage, 0))),
        }
    }
    Ok(())
}

fn gap(stage: &StageRuling, found: usize) -> String {
    let falls_back = stage.ladder.iter().any(|rung| matches!(rung.via, Via::Fallback { .. }));
    let where_from = match (stage.alone, falls_back) {
        (true, _) => "and nobody may stand in",
        (false, true) => "even among backup owners and the fallback group",
        (false, false) => "even among backup owners",
    };
    format!("stage “{}” needs {} who may decide and finds {found}, {where_from}", stage.name, stage.need)
}

/// Whether distinct people can be found for all that is still needed: a bipartite matching by augmenting paths. Gives the stage that
/// comes up short.
pub(crate) fn distinct(stages: &[StageRuling], given: &Given) -> Result<(), usize> {
    let mut slots = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let open = usize::from(stage.need).saturating_sub(given.count(at));
        let people: Vec<_> = stage.eligible().difference(given.people()).copied().collect();
        slots.extend(std::iter::repeat_n((at, people), open));
    }
    let mut taken: BTreeMap<IdentityId, usize> = BTreeMap::new();
    for (slot, (at, _)) in slots.iter().enumerate() {
        if !seat(slot, &slots, &mut taken, &mut BTreeSet::new()) {
            return Err(*at);
        }
    }
    Ok(())
}

fn seat(
    slot: usize,
    slots: &[(usize, Vec<IdentityId>)],
    taken: &mut BTreeMap<IdentityId, usize>,
    tried: &mut BTreeSet<IdentityId>,
) -> bool {
    let Some((_, people)) = slots.get(slot) else { return false };
    for person in people {
        if !tried.insert(*person) {
            continue;
        }
        let free = match taken.get(person).copied() {
            None => true,
            Some(other) => seat(other, slots, taken, tried),
        };
        if free {
            taken.insert(*person, slot);
            return true;
        }
    }
    false
}

fn who_decides(stages: &[StageRuling], facts: &Facts) -> String {
    let parts = stages
        .iter()
        .map(|stage| {
            let eligible = stage.eligible();
            let names = eligible.iter().take(4).map(|id| facts.name(*id)).collect::<Vec<_>>();
            let more = eligible.len().saturating_sub(names.len());
            let names = if more > 0 { format!("{} and {more} more", names.join(", ")) } else { or(&names) };
            if eligible.len() == usize::from(stage.need) { names } else { format!("{} of {names}", count(stage.need)) }
        })
        .collect::<Vec<_>>();
    format!("decided by {}", parts.join(", then "))
}

/// Small numbers in words.
pub fn count(n: u8) -> String {
    match n {
        1 => "one".to_owned(),
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        n => n.to_string(),
    }
}
