//! The nearest way in: the smallest changes of an ask under which it would not be refused, found by asking the same rules again (L9). What
//! is not among the facts is never tried, so that no answer tells what the asker may not know.

use crate::{
    condition::Condition,
    exception,
    facts::{Ask, Evidence, Facts, Reason},
    guardrail::Guardrails,
    ids::BundleId,
    minutes::Minutes,
    ruling::{Outcome, Ruling, judge},
    text::and,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{cell::Cell, collections::BTreeSet};

/// At most so many ways are given.
const MOST: usize = 3;

/// The lengths of time that are tried, the longest first, in minutes.
const LENGTHS: [u32; 14] = [43_200, 20_160, 10_080, 7_200, 2_880, 1_440, 720, 480, 240, 120, 60, 30, 15, 5];

/// So far ahead an hour is looked for in which it may be asked, and in such steps: where the bundle says its hours, and where it does not.
const AHEAD: TimeDelta = TimeDelta::days(8);
const STEP: TimeDelta = TimeDelta::minutes(30);
const STEP_UNSAID: TimeDelta = TimeDelta::hours(1);

/// At most so many rulings are made to find the ways: whoever asks may make the portal think only so long.
const RULINGS: usize = 320;

/// One thing that is done differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is asked for a shorter time.
    Shorter(Minutes),
    /// It names a work item.
    WorkItem {
        /// Which, where the bundle gives an example that fits.
        example: Option<String>,
    },
    /// It says why, as the bundle wants it said.
    Reason,
    /// It says why at some length, as it is an exception.
    LongerReason {
        /// In so many characters.
        least: u32,
        /// And as the bundle wants it said.
        as_wanted: bool,
    },
    /// It is asked at another time.
    At(DateTime<Utc>),
    /// What does not go together with it is given back, or withdrawn, first.
    GiveBack(BTreeSet<BundleId>),
    /// It is asked for as an exception, and so with a reason and for no longer than an exception lasts.
    Exception,
}

/// Changes that are enough together, and what comes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What is done differently.
    pub changes: Vec<Change>,
    /// The ask as it would be.
    pub ask: Ask,
    /// The facts as they would be.
    pub facts: Facts,
    /// What policy would say.
    pub ruling: Ruling,
}

impl Way {
    /// The way in one part of a sentence: `ask for 4 hours or less and name a work item, like CHG-1042`.
    pub fn says(&self) -> String {
        let parts: Vec<_> = self.changes.iter().map(|change| change.says(&self.facts)).collect();
        and(&parts)
    }
}

impl Change {
    fn says(&self, facts: &Facts) -> String {
        match self {
            Self::Shorter(most) => format!("ask for {most} or less"),
            Self::WorkItem { example: Some(example) } => format!("name the work item it is for, like {example}"),
            Self::WorkItem { example: None } => "name the work item it is for".to_owned(),
            Self::Reason => "say why, as the bundle wants it said".to_owned(),
            Self::LongerReason { least, as_wanted } => {
                let wanted = if *as_wanted { " as the bundle wants it said," } else { "" };
                format!("say why{wanted} in at least {least} characters, as it is an exception")
            }
            Self::At(at) => {
                let zone = facts.bundle.spec.conditions.iter().find_map(|condition| match condition {
                    Condition::Hours { zone, .. } => Some(*zone),
                    Condition::Askers { .. }
                    | Condition::Justification { .. }
                    | Condition::WorkItem { .. }
                    | Condition::Environments { .. }
                    | Condition::SensitivityAtMost { .. }
                    | Condition::Incompatible { .. } => None,
                });
                let zone = zone.unwrap_or(chrono_tz::UTC);
                format!("ask from {} ({})", at.with_timezone(&zone).format("%A %H:%M"), zone.name())
            }
            Self::GiveBack(bundles) => {
                let name = |id: &BundleId| facts.bundles.get(id).cloned().unwrap_or_else(|| "what you hold".to_owned());
                let names: Vec<_> = bundles.iter().map(|id| format!("“{}”", name(id))).collect();
                format!("give {} back first", and(&names))
            }
            Self::Exception => "ask as an exception, which two approve and others review".to_owned(),
        }
    }
}

/// The kinds of changes, each a bit of a set that is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reason,
    WorkItem,
    Shorter,
    GiveBack,
    Exception,
    At,
}

/// The kinds in the order they are tried: what costs the asker least comes first.
const KINDS: [Kind; 6] = [Kind::Reason, Kind::WorkItem, Kind::Shorter, Kind::GiveBack, Kind::Exception, Kind::At];

/// The nearest ways in for an ask that is refused; none where it is not, or where no change of the ask is enough.
pub fn nearest(ask: &Ask, facts: &Facts, guardrails: &dyn Guardrails) -> Vec<Way> {
    let left = Cell::new(RULINGS);
    let passes = |ask: &Ask, facts: &Facts| {
        left.set(left.get().checked_sub(1)?);
        let ruling = judge(ask, facts, guardrails);
        (ruling.outcome != Outcome::Refused).then_some(ruling)
    };
    let refused = judge(ask, facts, guardrails);
    let kinds = bearing(&refused);
    let mut enough: Vec<u8> = Vec::new();
    let mut ways = Vec::new();
    let mut sets: Vec<u8> = (1..1 << kinds.len()).collect();
    // The hours are tried last, as they take the most rulings.
    let waits = |set: u8| kinds.iter().enumerate().any(|(bit, kind)| set & (1 << bit) != 0 && *kind == Kind::At);
    sets.sort_by_key(|set| (waits(*set), set.count_ones(), *set));
    for set in sets {
        // What holds a way that is enough without the rest is no nearer one.
        if enough.iter().any(|way| way & set == *way) {
            continue;
        }
        let tried = kinds.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, kind)| *kind);
        if let Some(way) = found(ask, facts, &tried.collect::<Vec<_>>(), &passes) {
            enough.push(set);
            ways.push(way);
        }
        if ways.len() == MOST {
            break;
        }
    }
    ways
}

/// The kinds of changes that bear on what says no; none where something says no that no change of the ask can help.
fn bearing(refused: &Ruling) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for check in refused.failures() {
        match check.rule.as_str() {
            "justification" => kinds.push(Kind::Reason),
            "work-item" => kinds.push(Kind::WorkItem),
            "duration" => kinds.push(Kind::Shorter),
            "incompatible" => kinds.push(Kind::GiveBack),
            "hours" => kinds.push(Kind::At),
            // What a guardrail looks at is its own affair.
            "guardrails" => kinds.extend(KINDS.into_iter().filter(|kind| *kind != Kind::Exception)),
            _ => return Vec::new(),
        }
    }
    // An exception is one from separation of duties alone.
    if kinds.iter().all(|kind| *kind == Kind::GiveBack) && !kinds.is_empty() {
        kinds.push(Kind::Exception);
    }
    KINDS.into_iter().filter(|kind| kinds.contains(kind)).collect()
}

/// The ask with these kinds of changes, if they are enough together.
fn found(ask: &Ask, facts: &Facts, kinds: &[Kind], passes: &dyn Fn(&Ask, &Facts) -> Option<Ruling>) -> Option<Way> {
    let (mut ask, mut facts) = (ask.clone(), facts.clone());
    let mut changes = Vec::new();
    let has = |kind| kinds.contains(&kind);
    if has(Kind::Reason) {
        changes.push(with_reason(&mut ask, &facts)?);
    }
    if has(Kind::WorkItem) {
        changes.push(with_work_item(&mut ask, &mut facts)?);
    }
    if has(Kind::GiveBack) {
        changes.push(without_conflicts(&mut facts)?);
    }
    if has(Kind::Exception) {
        changes.push(as_exception(&mut ask, &facts)?);
    }
    let lengths: Vec<Minutes> = if has(Kind::Shorter) { shorter(&ask, &facts) } else { vec![ask.minutes] };
    let shortest = *lengths.last()?;
    if has(Kind::At) {
        let at = opening(&Ask { minutes: shortest, ..ask.clone() }, &facts, passes)?;
        facts.at = at;
        changes.push(Change::At(at));
    }
    let asked_for = |minutes: Minutes| Ask { minutes, ..ask.clone() };
    let (minutes, ruling) = lengths.into_iter().find_map(|it| Some((it, passes(&asked_for(it), &facts)?)))?;
    if has(Kind::Shorter) {
        changes.insert(0, Change::Shorter(minutes));
    }
    Some(Way { changes, ask: asked_for(minutes), facts, ruling })
}

/// The lengths of time below the one that was asked for, the longest first; the bundle's own limits among them.
fn shorter(ask: &Ask, facts: &Facts) -> Vec<Minutes> {
    let spec = &facts.bundle.spec;
    let limits = [spec.longest, spec.non_human_longest, spec.default];
    let mut lengths: Vec<_> = LENGTHS.into_iter().filter_map(|it| Minutes::new(it).ok()).chain(limits).collect();
    lengths.retain(|it| *it < ask.minutes);
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    lengths.dedup();
    lengths
}

fn with_reason(ask: &mut Ask, facts: &Facts) -> Option<Change> {
    let wanted = facts.bundle.spec.conditions.iter().filter_map(|condition| match condition {
        Condition::Justification { at_least, .. } => Some(*at_least),
        Condition::Askers { .. }
        | Condition::WorkItem { .. }
        | Condition::Hours { .. }
        | Condition::Environments { .. }
        | Condition::SensitivityAtMost { .. }
        | Condition::Incompatible { .. } => None,
    });
    let by_bundle = wanted.max();
    let excepted = ask.exception.as_ref().map(|_| exception::LEAST_REASON);
    let least = by_bundle.max(excepted)?;
    let Reason { length, fits } = ask.reason;
    if fits && length >= least {
        return None;
    }
    ask.reason = Reason { length: length.max(least), fits: true };
    // What the bundle wants longer still is the bundle's to say.
    match excepted.filter(|it| length < *it && by_bundle < excepted) {
        Some(least) => Some(Change::LongerReason { least, as_wanted: !fits }),
        None => Some(Change::Reason),
    }
}

/// Names a work item: the bundle's own example, or, where it gives none, one that is taken to fit.
fn with_work_item(ask: &mut Ask, facts: &mut Facts) -> Option<Change> {
    let fits = |facts: &Facts, ask: &Ask| {
        let wants = facts.bundle.spec.conditions.iter().filter(|it| matches!(it, Condition::WorkItem { .. }));
        wants.map(|it| it.check(ask, facts)).all(|check| check.passed)
    };
    let named = ask.evidence.iter().any(|it| matches!(it, Evidence::WorkItem { .. }));
    if named && fits(facts, ask) {
        return None;
    }
    ask.evidence.retain(|it| !matches!(it, Evidence::WorkItem { .. }));
    let hints = facts.bundle.spec.conditions.iter().filter_map(|condition| match condition {
        Condition::WorkItem { hint, .. } => hint.clone(),
        Condition::Askers { .. }
        | Condition::Justification { .. }
        | Condition::Hours { .. }
        | Condition::Environments { .. }
        | Condition::SensitivityAtMost { .. }
        | Condition::Incompatible { .. } => None,
    });
    let words: Vec<String> = hints.flat_map(|hint| words_of(&hint)).collect();
    let with = |reference: &str| {
        let mut with = ask.clone();
        with.evidence.push(Evidence::WorkItem { reference: reference.to_owned() });
        with
    };
    let example =
        words.into_iter().filter(|word| word.chars().any(|c| c.is_ascii_digit())).find(|it| fits(facts, &with(it)));
    if let Some(example) = example {
        *ask = with(&example);
        return Some(Change::WorkItem { example: Some(example) });
    }
    *ask = with("1");
    for condition in &mut facts.bundle.spec.conditions {
        if let Condition::WorkItem { pattern, .. } = condition {
            *pattern = None;
        }
    }
    Some(Change::WorkItem { example: None })
}

fn words_of(hint: &str) -> Vec<String> {
    let of_a_reference = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '#' | '/');
    hint.split_whitespace().map(|word| word.trim_matches(|c: char| !of_a_reference(c)).to_owned()).collect()
}

fn without_conflicts(facts: &mut Facts) -> Option<Change> {
    let mut out = facts.bundle.spec.incompatible();
    out.extend(&facts.conflicts);
    let held: BTreeSet<_> = facts.held.keys().copied().filter(|id| out.contains(id)).collect();
    if held.is_empty() {
        return None;
    }
    for id in &held {
        if let Some(held) = facts.held.remove(id) {
            facts.bundles.insert(*id, held.name);
        }
        facts.conflicts.remove(id);
    }
    Some(Change::GiveBack(held))
}

fn as_exception(ask: &mut Ask, facts: &Facts) -> Option<Change> {
    let from = exception::beside(facts);
    if ask.exception.is_some() || from.is_empty() {
        return None;
    }
    ask.exception = Some(from);
    ask.reason.length = ask.reason.length.max(exception::LEAST_REASON);
    ask.minutes = ask.minutes.min(exception::longest());
    Some(Change::Exception)
}

/// The next time at which it passes.
fn opening(ask: &Ask, facts: &Facts, passes: &dyn Fn(&Ask, &Facts) -> Option<Ruling>) -> Option<DateTime<Utc>> {
    let hours = || facts.bundle.spec.conditions.iter().filter(|it| matches!(it, Condition::Hours { .. }));
    let step = if hours().next().is_some() { STEP } else { STEP_UNSAID };
    let begin = facts.at.timestamp() - facts.at.timestamp().rem_euclid(step.num_seconds());
    let begin = DateTime::from_timestamp(begin, 0)? + step;
    let mut then = facts.clone();
    let mut at = begin;
    while at < begin + AHEAD {
        then.at = at;
        // Whether it is one of the bundle's own hours costs next to nothing.
        let open = hours().all(|it| it.check(ask, &then).passed);
        if open && passes(ask, &then).is_some() {
            return Some(at);
        }
        at += step;
    }
    None
}
