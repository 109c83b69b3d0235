//! Judging a recorded request again with a draft in the place of what it was judged by: what the draft, of a bundle or of the guardrails,
//! would have changed. Only what was recorded then counts; where that is not enough, it says so and guesses nothing.

use crate::{
    bundle::{BundleSpec, Source},
    condition::Condition,
    facts::{Ask, Facts, Reason, SCHEMA},
    guardrail::Guardrails,
    ids::{BundleId, EntitlementId, GroupId, IdentityId, RequestId},
    refusal::Refusal,
    ruling::{Outcome, Ruling, StageRuling, judge, judge_as},
    text::Key,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A fact that was not recorded, and that the draft needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The rules themselves were others then.
    Rules,
    /// The words of the reason: only whether they fitted the pattern of then.
    Reason,
    /// Whether the subject was in a group.
    Asker {
        /// Which.
        group: GroupId,
    },
    /// Who was in a group that is to decide.
    Members {
        /// Which.
        group: GroupId,
    },
    /// Who was in a group whose approval the guardrails demand.
    Demanded {
        /// Which.
        group: Key,
    },
    /// Whether somebody who is to decide belonged to the company.
    Person {
        /// Who.
        person: IdentityId,
    },
    /// What a right was, and where.
    Entitlement {
        /// Which.
        entitlement: EntitlementId,
    },
    /// Whether a right was privileged for another reason too.
    Privilege {
        /// Which.
        entitlement: EntitlementId,
    },
}

/// What a draft would have changed for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It would be refused now.
    NewlyRefused {
        /// What the rules that say no say.
        by: Vec<String>,
    },
    /// It was refused, and people would decide on it now.
    NewlyAllowed,
    /// Nobody would have to approve it any more.
    NewlyAutomatic,
    /// People would have to approve it.
    NoLongerAutomatic,
    /// Fewer people would have to approve it.
    FewerApprovals {
        /// How many had to.
        before: u32,
        /// How many would.
        after: u32,
    },
    /// More people would have to approve it.
    MoreApprovals {
        /// How many had to.
        before: u32,
        /// How many would.
        after: u32,
    },
    /// Some who could approve it may not any more.
    LostApprover {
        /// In which stages they could.
        stages: Vec<String>,
        /// Who.
        people: BTreeSet<IdentityId>,
    },
    /// Some may approve it who could not.
    NewApprover {
        /// In which stages they may.
        stages: Vec<String>,
        /// Who.
        people: BTreeSet<IdentityId>,
    },
    /// Who approves it would show less surely who they are.
    WeakerStepUp {
        /// In which stages.
        stages: Vec<String>,
    },
    /// Who approves it would show more surely who they are.
    StrongerStepUp {
        /// In which stages.
        stages: Vec<String>,
    },
    /// What was recorded is not enough to say.
    CannotTell {
        /// What was not.
        missing: Missing,
    },
}

/// The kinds of effects that are worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// It would be automatic.
    NewlyAutomatic,
    /// It would not be refused.
    NewlyAllowed,
    /// Fewer would have to approve it.
    FewerApprovals,
    /// Others may approve it.
    NewApprover,
    /// Its approvers would show less surely who they are.
    WeakerStepUp,
    /// It would be refused.
    NewlyRefused,
    /// It would not be automatic.
    NoLongerAutomatic,
    /// More would have to approve it.
    MoreApprovals,
    /// Some may not approve it any more.
    LostApprover,
    /// Its approvers would show more surely who they are.
    StrongerStepUp,
    /// It cannot be told.
    CannotTell,
}

impl Sort {
    /// Its name, as a heading says it.
    pub fn title(self) -> &'static str {
        match self {
            Self::NewlyAutomatic => "Newly automatic",
            Self::NewlyAllowed => "No longer refused",
            Self::FewerApprovals => "Fewer approvals",
            Self::NewApprover => "New approvers",
            Self::WeakerStepUp => "Confirmed less surely",
            Self::NewlyRefused => "Newly refused",
            Self::NoLongerAutomatic => "No longer automatic",
            Self::MoreApprovals => "More approvals",
            Self::LostApprover => "Lost approvers",
            Self::StrongerStepUp => "Confirmed more surely",
            Self::CannotTell => "It cannot be told",
        }
    }

    /// What would become of requests of this sort, after their number: `3 would be refused now`.
    fn would(self) -> &'static str {
        match self {
            Self::NewlyAutomatic => "would be automatic",
            Self::NewlyAllowed => "would not be refused any more",
            Self::FewerApprovals => "would need fewer approvals",
            Self::NewApprover => "would gain an approver",
            Self::WeakerStepUp => "would be confirmed less surely",
            Self::NewlyRefused => "would be refused now",
            Self::NoLongerAutomatic => "would not be automatic any more",
            Self::MoreApprovals => "would need more approvals",
            Self::LostApprover => "would lose an approver",
            Self::StrongerStepUp => "would be confirmed more surely",
            Self::CannotTell => "cannot be told",
        }
    }
}

impl Effect {
    /// Of which sort it is.
    pub fn sort(&self) -> Sort {
        match self {
            Self::NewlyRefused { .. } => Sort::NewlyRefused,
            Self::NewlyAllowed => Sort::NewlyAllowed,
            Self::NewlyAutomatic => Sort::NewlyAutomatic,
            Self::NoLongerAutomatic => Sort::NoLongerAutomatic,
            Self::FewerApprovals { .. } => Sort::FewerApprovals,
            Self::MoreApprovals { .. } => Sort::MoreApprovals,
            Self::LostApprover { .. } => Sort::LostApprover,
            Self::NewApprover { .. } => Sort::NewApprover,
            Self::WeakerStepUp { .. } => Sort::WeakerStepUp,
            Self::StrongerStepUp { .. } => Sort::StrongerStepUp,
            Self::CannotTell { .. } => Sort::CannotTell,
        }
    }
}

/// One request that a draft would have changed something for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Which.
    pub request: RequestId,
    /// For whom it was.
    pub subject: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// What would have changed, in one sentence.
    pub says: String,
}

/// The cases of one sort.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cases {
    /// How many there are.
    pub count: u32,
    /// The first of them.
    pub first: Vec<Case>,
}

/// What a finished replay had found, as the publication that it was looked at for keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many requests were judged again.
    pub requests: u32,
    /// For how many of them something would have changed, by its sort.
    pub changed: BTreeMap<Sort, u32>,
}

/// What a replay has found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// How many requests were judged again.
    pub requests: u32,
    /// What was found, by its sort.
    pub sorts: BTreeMap<Sort, Cases>,
}

impl Replayed {
    /// So many cases of each sort are kept; beyond that they are only counted.
    pub const KEPT: usize = 200;

    /// Counts one request, and keeps it as a case of everything that would have changed for it.
    pub fn note(&mut self, effects: &[Effect], case: impl Fn(&Effect) -> Case) {
        self.requests = self.requests.saturating_add(1);
        for effect in effects {
            let cases = self.sorts.entry(effect.sort()).or_default();
            cases.count = cases.count.saturating_add(1);
            if cases.first.len() < Self::KEPT {
                cases.first.push(case(effect));
            }
        }
    }

    /// How many of each sort there are.
    pub fn found(&self) -> Found {
        let changed = self.sorts.iter().map(|(sort, cases)| (*sort, cases.count)).collect();
        Found { requests: self.requests, changed }
    }

    /// What it comes to, in one sentence.
    pub fn sentence(&self) -> String {
        self.found().sentence()
    }
}

impl Found {
    /// What it comes to, in one sentence.
    pub fn sentence(&self) -> String {
        if self.requests == 0 {
            return "Nobody has ever asked for what it is about, so there is nothing to judge again.".to_owned();
        }
        let of = match self.requests {
            1 => "Of the one recorded request".to_owned(),
            n => format!("Of {n} recorded requests"),
        };
        let changed = self.changed.iter().filter(|(sort, _)| **sort != Sort::CannotTell);
        let changed: Vec<_> = changed.map(|(sort, count)| format!("{count} {}", sort.would())).collect();
        let changed =
            if changed.is_empty() { "none would be decided otherwise".to_owned() } else { changed.join(", ") };
        let untold = self.changed.get(&Sort::CannotTell);
        let untold = untold.map(|count| format!("; for {count} it cannot be told")).unwrap_or_default();
        format!("{of}, {changed}{untold}.")
    }
}

/// How far the replay of one draft is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has not begun, or it was one of another draft.
    NotBegun,
    /// It goes through the recorded requests.
    Running {
        /// So many were judged again.
        done: u32,
        /// Of so many.
        total: u32,
    },
    /// Every recorded request was judged again.
    Finished,
}

impl Progress {
    /// How far it is, as part of a sentence.
    pub fn says(self) -> String {
        match self {
            Self::NotBegun => "the replay of this draft has not begun".to_owned(),
            Self::Running { done, total } => {
                format!("the replay is not finished: {done} of {total} recorded requests are judged again")
            }
            Self::Finished => "the replay is finished".to_owned(),
        }
    }

    /// Refuses all but a finished one: nobody publishes what they could not see the effect of.
    pub fn expect_finished(self) -> Result<(), Refusal> {
        match self {
            Self::Finished => Ok(()),
            Self::NotBegun | Self::Running { .. } => Err(Refusal::NotReplayed { says: self.says() }),
        }
    }
}

/// What is put in the place of what counted then.
#[derive(Clone, Copy)]
pub enum Draft<'a> {
    /// A bundle's draft.
    Bundle {
        /// Of which bundle.
        bundle: BundleId,
        /// What it says.
        spec: &'a BundleSpec,
        /// What is published, if anything is.
        published: Option<&'a BundleSpec>,
    },
    /// The guardrails' draft.
    Guardrails(&'a dyn Guardrails),
}

/// What a draft would have changed for a request, by what was recorded when it was asked; `then` are the guardrails it was judged by.
/// `None` when the draft has no bearing on it at all.
pub fn replay(
    ask: &Ask,
    facts: &Facts,
    ruling: &Ruling,
    then: &dyn Guardrails,
    draft: Draft<'_>,
) -> Option<Vec<Effect>> {
    let untold = |missing| Some(vec![Effect::CannotTell { missing }]);
    let changed = match draft {
        Draft::Bundle { bundle, spec, .. } if bundle == facts.bundle.bundle => under(ask, facts, spec),
        Draft::Bundle { bundle, spec, published } => beside(ask, facts, bundle, spec, published).transpose()?,
        Draft::Guardrails(_) if facts.schema < SCHEMA => Err(Missing::Rules),
        Draft::Guardrails(_) => Ok((ask.clone(), facts.clone())),
    };
    // The recorded stages are rerouted when somebody loses authority; what policy said at first is made again from the same facts.
    let Some(before) = judge_as(ruling.engine, ask, facts, then).filter(|it| it.outcome == ruling.outcome) else {
        return untold(Missing::Rules);
    };
    let (ask, changed) = match changed {
        Ok(changed) => changed,
        Err(missing) => return untold(missing),
    };
    let (after, unknown) = match draft {
        Draft::Bundle { bundle, spec, .. } if bundle == facts.bundle.bundle => {
            (judge(&ask, &changed, then), unknown_decider(facts, spec))
        }
        Draft::Bundle { .. } => (judge(&ask, &changed, then), None),
        Draft::Guardrails(draft) => {
            let after = judge(&ask, &changed, draft);
            let unknown = unknown_demanded(facts, then, &after);
            (after, unknown)
        }
    };
    // Who decides does not matter where nobody is asked, or where another rule says no.
    let decided = after.outcome == Outcome::Automatic || after.failures().any(|check| check.rule != "deciders");
    match unknown {
        Some(missing) if !decided => untold(missing),
        Some(_) | None => Some(compare(&before, &after)),
    }
}

/// The ask and its facts as they would have been under the draft, or what is missing for that.
fn under(ask: &Ask, facts: &Facts, draft: &BundleSpec) -> Result<(Ask, Facts), Missing> {
    let (mut ask, mut facts) = (ask.clone(), facts.clone());
    let then = std::mem::replace(&mut facts.bundle.spec, draft.clone());
    if let Some(entitlement) = draft.entitlements.iter().find(|id| !facts.entitlements.contains_key(id)) {
        return Err(Missing::Entitlement { entitlement: *entitlement });
    }
    facts.entitlements.retain(|id, _| draft.entitlements.contains(id));
    let reached: BTreeSet<_> = facts.entitlements.values().map(|right| right.system).collect();
    facts.systems.retain(|id, _| reached.contains(id));
    derive_privileges(&mut facts, &then, draft)?;
    ask.reason.fits = fits(ask.reason, &then, draft).ok_or(Missing::Reason)?;
    if let Some(group) = unknown_asker(&facts, &then, draft) {
        return Err(Missing::Asker { group });
    }
    Ok((ask, facts))
}

/// The same for a request of another bundle, which the draft reaches by what it does not go together with, and by the groups it relies on
/// (R15); `None` when it does not.
fn beside(
    ask: &Ask,
    facts: &Facts,
    bundle: BundleId,
    draft: &BundleSpec,
    published: Option<&BundleSpec>,
) -> Result<Option<(Ask, Facts)>, Missing> {
    let mut changed = facts.clone();
    if facts.held.contains_key(&bundle) {
        if draft.incompatible().contains(&facts.bundle.bundle) {
            changed.conflicts.insert(bundle);
        } else {
            changed.conflicts.remove(&bundle);
        }
    }
    if let Some(published) = published {
        derive_privileges(&mut changed, published, draft)?;
    }
    Ok((changed != *facts).then(|| (ask.clone(), changed)))
}

/// R15: membership of a group that the draft relies on is a privilege; of one that it no longer relies on it may still be one.
fn derive_privileges(facts: &mut Facts, then: &BundleSpec, draft: &BundleSpec) -> Result<(), Missing> {
    let (before, after) = (then.groups(), draft.groups());
    for (id, right) in &mut facts.entitlements {
        if right.joins.iter().any(|group| after.contains(group)) {
            if right.privileged.is_none() {
                let why = format!("{} makes one a member of a group that the bundle relies on", right.name);
                right.privileged = Some(why);
            }
        } else if right.privileged.is_some() && right.joins.iter().any(|group| before.contains(group)) {
            return Err(Missing::Privilege { entitlement: *id });
        }
    }
    Ok(())
}

/// Whether the reason fits the draft's patterns, as far as that is known without its words.
fn fits(reason: Reason, then: &BundleSpec, draft: &BundleSpec) -> Option<bool> {
    let (before, after) = (patterns(then), patterns(draft));
    if after.is_empty() {
        return Some(true);
    }
    (after == before || (reason.fits && after.is_subset(&before))).then_some(reason.fits)
}

fn patterns(spec: &BundleSpec) -> BTreeSet<&str> {
    let patterns = spec.conditions.iter().filter_map(|condition| match condition {
        Condition::Justification { pattern, .. } => pattern.as_deref(),
        Condition::Askers { .. }
        | Condition::WorkItem { .. }
        | Condition::Hours { .. }
        | Condition::Environments { .. }
        | Condition::SensitivityAtMost { .. }
        | Condition::Incompatible { .. } => None,
    });
    patterns.collect()
}

/// A group that decides whether the subject may ask, and of which nobody looked whether they were in it.
fn unknown_asker(facts: &Facts, then: &BundleSpec, draft: &BundleSpec) -> Option<GroupId> {
    // Later schemas hold every group that the subject was in.
    if facts.schema >= SCHEMA {
        return None;
    }
    let looked_at = then.groups();
    let subject = &facts.subject;
    draft.conditions.iter().find_map(|condition| match condition {
        Condition::Askers { groups, kinds } => {
            let of_a_kind = kinds.is_empty() || kinds.contains(&subject.kind);
            if !of_a_kind || groups.iter().any(|group| subject.groups.contains(group)) {
                return None;
            }
            groups.iter().find(|group| !looked_at.contains(group)).copied()
        }
        Condition::Justification { .. }
        | Condition::WorkItem { .. }
        | Condition::Hours { .. }
        | Condition::Environments { .. }
        | Condition::SensitivityAtMost { .. }
        | Condition::Incompatible { .. } => None,
    })
}

/// Somebody who is to decide and of whom it was not recorded whether they could. `facts` are those of then.
fn unknown_decider(facts: &Facts, draft: &BundleSpec) -> Option<Missing> {
    let stages = &facts.bundle.spec.stages;
    // A group that only asks was recorded by its name alone.
    let group_is_known = |group: &GroupId| {
        stages.iter().any(|stage| stage.from == Source::Group { group: *group })
            || facts.systems.values().any(|system| system.fallback == *group)
    };
    // Everybody whom the facts mention was looked up; who is not among the people had left.
    let person_is_known = |person: &IdentityId| {
        facts.people.contains_key(person)
            || facts.managers.contains(person)
            || [facts.subject.id, facts.asker.id].contains(person)
            || stages.iter().any(|stage| match &stage.from {
                Source::People { people } => people.contains(person),
                Source::Owners | Source::Group { .. } | Source::Manager => false,
            })
    };
    draft.stages.iter().find_map(|stage| match &stage.from {
        Source::Owners | Source::Manager => None,
        Source::Group { group } => (!group_is_known(group)).then_some(Missing::Members { group: *group }),
        Source::People { people } => {
            people.iter().find(|person| !person_is_known(person)).map(|person| Missing::Person { person: *person })
        }
    })
}

/// A group whose approval the draft demands, and of which it was not recorded who was in it.
fn unknown_demanded(facts: &Facts, then: &dyn Guardrails, after: &Ruling) -> Option<Missing> {
    let demanded = after.guardrails.as_ref()?.demands.groups.keys();
    let known = then.deciding_groups();
    let is_known = |key: &Key| {
        known.contains(key)
            || facts.group_by_key(key).is_some_and(|group| {
                facts.bundle.spec.stages.iter().any(|stage| stage.from == Source::Group { group })
                    || facts.systems.values().any(|system| system.fallback == group)
            })
    };
    demanded.into_iter().find(|key| !is_known(key)).map(|group| Missing::Demanded { group: group.clone() })
}

/// The differences between two rulings.
fn compare(before: &Ruling, after: &Ruling) -> Vec<Effect> {
    use Outcome::{Automatic, NeedsApproval, Refused};
    match (before.outcome, after.outcome) {
        (Refused, Refused) | (Automatic, Automatic) => Vec::new(),
        (Automatic | NeedsApproval, Refused) => {
            vec![Effect::NewlyRefused { by: after.failures().map(|check| check.says.clone()).collect() }]
        }
        (Refused | NeedsApproval, Automatic) => vec![Effect::NewlyAutomatic],
        (Refused, NeedsApproval) => vec![Effect::NewlyAllowed],
        (Automatic, NeedsApproval) => vec![Effect::NoLongerAutomatic],
        (NeedsApproval, NeedsApproval) => compare_stages(&before.stages, &after.stages),
    }
}

fn compare_stages(before: &[StageRuling], after: &[StageRuling]) -> Vec<Effect> {
    let needed = |stages: &[StageRuling]| stages.iter().map(|stage| u32::from(stage.need)).sum::<u32>();
    let (had, has) = (needed(before), needed(after));
    let mut effects = Vec::new();
    if has < had {
        effects.push(Effect::FewerApprovals { before: had, after: has });
    }
    if has > had {
        effects.push(Effect::MoreApprovals { before: had, after: has });
    }
    let (stages, people) = beyond(before, after);
    if !people.is_empty() {
        effects.push(Effect::LostApprover { stages, people });
    }
    let (stages, people) = beyond(after, before);
    if !people.is_empty() {
        effects.push(Effect::NewApprover { stages, people });
    }
    // Stages of the same people are compared; those that came or went are more or fewer approvals.
    let pairs = || before.iter().filter_map(|was| Some((was, after.iter().find(|is| is.asks_the_same(was))?)));
    let named = |differs: fn(&StageRuling, &StageRuling) -> bool| -> Vec<String> {
        pairs().filter(|(was, is)| differs(was, is)).map(|(_, is)| is.name.clone()).collect()
    };
    let (weaker, stronger) = (named(|was, is| is.step_up < was.step_up), named(|was, is| is.step_up > was.step_up));
    effects.extend((!weaker.is_empty()).then_some(Effect::WeakerStepUp { stages: weaker }));
    effects.extend((!stronger.is_empty()).then_some(Effect::StrongerStepUp { stages: stronger }));
    effects
}

/// Who may decide some of these stages and none of the others, and which.
fn beyond(these: &[StageRuling], others: &[StageRuling]) -> (Vec<String>, BTreeSet<IdentityId>) {
    let elsewhere: BTreeSet<_> = others.iter().flat_map(StageRuling::eligible).collect();
    let mut stages = Vec::new();
    let mut people = BTreeSet::new();
    for stage in these {
        let only_here: BTreeSet<_> = stage.eligible().difference(&elsewhere).copied().collect();
        if !only_here.is_empty() {
            stages.push(stage.name.clone());
            people.extend(only_here);
        }
    }
    (stages, people)
}
