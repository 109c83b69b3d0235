//! Every condition a bundle may set: what it asks of the form, how it is checked, how it is explained. To add one, add it here.

mod form;

use crate::{
    exception,
    facts::{Ask, Evidence, Facts},
    identity::Kind,
    ids::{BundleId, GroupId},
    resource::{Environment, Sensitivity},
    ruling::Check,
    text::or,
};
use chrono::{Datelike, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something that must be so before a bundle is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "condition")]
pub enum Condition {
    /// Who may ask: members of one of these groups (anyone, where none is named), of one of these kinds.
    Askers {
        /// The groups.
        groups: BTreeSet<GroupId>,
        /// The kinds of identity.
        kinds: BTreeSet<Kind>,
    },
    /// A reason in words.
    Justification {
        /// At least so many characters.
        at_least: u32,
        /// A regular expression it must match.
        pattern: Option<String>,
        /// What to do, as one says it: `name the case it is for`.
        hint: Option<String>,
    },
    /// A change, incident or task it belongs to.
    WorkItem {
        /// A regular expression its reference must match.
        pattern: Option<String>,
        /// What to write, in words.
        hint: Option<String>,
    },
    /// Only at these hours of these days.
    Hours {
        /// The days.
        days: Vec<Weekday>,
        /// From when.
        from: NaiveTime,
        /// Until when, not included.
        to: NaiveTime,
        /// Whose hours: an IANA time zone.
        zone: chrono_tz::Tz,
    },
    /// Only on systems of these environments.
    Environments {
        /// Which.
        only: BTreeSet<Environment>,
    },
    /// Only on systems up to this sensitivity.
    SensitivityAtMost {
        /// Up to which.
        most: Sensitivity,
    },
    /// Not while holding, or waiting for, one of these bundles (separation of duties).
    Incompatible {
        /// Which.
        bundles: BTreeSet<BundleId>,
    },
}

/// A field a condition wants in the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asks {
    /// A reason of at least so many characters.
    Reason {
        /// How many.
        at_least: u32,
        /// What to write.
        hint: Option<String>,
    },
    /// A work item.
    WorkItem {
        /// What to write.
        hint: Option<String>,
    },
}

/// The days as people write them in the catalogue.
pub const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// The same days as one says them.
pub const DAY_NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The most characters a pattern may have.
pub const LONGEST_PATTERN: usize = 200;

impl Condition {
    /// The rule's name in a ruling.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Askers { .. } => "askers",
            Self::Justification { .. } => "justification",
            Self::WorkItem { .. } => "work-item",
            Self::Hours { .. } => "hours",
            Self::Environments { .. } => "environments",
            Self::SensitivityAtMost { .. } => "sensitivity",
            Self::Incompatible { .. } => "incompatible",
        }
    }

    /// What it wants in the form, if anything.
    pub fn asks(&self) -> Option<Asks> {
        match self {
            Self::Justification { at_least, hint, .. } => {
                Some(Asks::Reason { at_least: *at_least, hint: hint.clone() })
            }
            Self::WorkItem { hint, .. } => Some(Asks::WorkItem { hint: hint.clone() }),
            Self::Askers { .. }
            | Self::Hours { .. }
            | Self::Environments { .. }
            | Self::SensitivityAtMost { .. }
            | Self::Incompatible { .. } => None,
        }
    }

    /// Why it cannot be published as it stands.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        match self {
            Self::Askers { groups, kinds } => {
                if groups.is_empty() && kinds.is_empty() {
                    gaps.push("anyone at all could ask: say which groups or kinds of identity may".to_owned());
                }
            }
            Self::Justification { pattern, .. } | Self::WorkItem { pattern, .. } => {
                if let Some(pattern) = pattern
                    && let Err(why) = compiled(pattern)
                {
                    gaps.push(why);
                }
            }
            Self::Hours { days, from, to, .. } => {
                if days.is_empty() {
                    gaps.push("no day is open: name at least one".to_owned());
                }
                if from >= to {
                    gaps.push(format!("the hours from {from} to {to} are never: begin before the end"));
                }
            }
            Self::Environments { only } => {
                if only.is_empty() {
                    gaps.push("no environment is allowed: name at least one".to_owned());
                }
            }
            Self::SensitivityAtMost { .. } | Self::Incompatible { .. } => {}
        }
        gaps
    }

    /// Whether it is met, and the sentence that says so.
    pub fn check(&self, ask: &Ask, facts: &Facts) -> Check {
        match self {
            Self::Askers { groups, kinds } => self.check_askers(groups, kinds, facts),
            Self::Justification { at_least, pattern, hint } => {
                let wants = || match (hint, pattern) {
                    (Some(hint), _) => hint.clone(),
                    (None, Some(pattern)) => format!("write something that matches `{pattern}`"),
                    (None, None) => "say what it is for".to_owned(),
                };
                let short = ask.reason.length < *at_least;
                Check::new(
                    self.rule(),
                    !short && ask.reason.fits,
                    if short {
                        format!("say why in at least {at_least} characters; there are {}", ask.reason.length)
                    } else if ask.reason.fits {
                        "says why".to_owned()
                    } else {
                        "the reason does not name what it must".to_owned()
                    },
                )
                .or_else(wants)
            }
            Self::WorkItem { pattern, hint } => {
                let wants = hint.clone().unwrap_or_else(|| "a work item".to_owned());
                let item = ask.evidence.iter().find_map(|e| match e {
                    Evidence::WorkItem { reference } => Some(reference.as_str()),
                    Evidence::Link { .. } => None,
                });
                let (fits, says) = match item {
                    None => (false, format!("needs {wants}")),
                    Some(item) if matches(pattern.as_deref(), item) => (true, format!("belongs to {item}")),
                    Some(item) => (false, format!("`{item}` is not what is wanted: {wants}")),
                };
                Check::new(self.rule(), fits, says).or_else(|| format!("add {wants}"))
            }
            Self::Hours { days, from, to, zone } => {
                let there = facts.at.with_timezone(zone);
                let open = days.contains(&there.weekday()) && (*from..*to).contains(&there.time());
                let hours = self.says(facts);
                Check::new(
                    self.rule(),
                    open,
                    if open { format!("within its hours: {hours}") } else { format!("outside its hours: {hours}") },
                )
                .or_else(|| format!("ask {hours}"))
            }
            Self::Environments { only } => {
                let outside = named(facts, |s| !only.contains(&s.environment));
                Check::new(
                    self.rule(),
                    outside.is_empty(),
                    if outside.is_empty() {
                        self.says(facts)
                    } else {
                        format!("{} {} elsewhere: {}", crate::text::and(&outside), stands(&outside), self.says(facts))
                    },
                )
            }
            Self::SensitivityAtMost { most } => {
                let above = named(facts, |s| s.sensitivity > *most);
                Check::new(
                    self.rule(),
                    above.is_empty(),
                    if above.is_empty() {
                        self.says(facts)
                    } else {
                        format!("{} is more sensitive than {}", crate::text::and(&above), most.word())
                    },
                )
            }
            Self::Incompatible { bundles } => match exception::clash(ask, facts, bundles) {
                (None, Some(held)) => exception::passes(facts, held),
                (None, None) => Check::new(self.rule(), true, "nothing that conflicts is held or waiting".to_owned()),
                (Some(held), _) => {
                    let has = if held.live { "holds" } else { "has asked for" };
                    Check::new(
                        self.rule(),
                        false,
                        format!("{} {has} “{}”, which must not be in the same hands", facts.subject.name, held.name),
                    )
                    .or_else(|| {
                        let act = if held.live { "give it back" } else { "withdraw it" };
                        format!("{act} first")
                    })
                }
            },
        }
    }

    fn check_askers(&self, groups: &BTreeSet<GroupId>, kinds: &BTreeSet<Kind>, facts: &Facts) -> Check {
        let subject = &facts.subject;
        let kind_fits = kinds.is_empty() || kinds.contains(&subject.kind);
        let group = groups.iter().find(|g| subject.groups.contains(g));
        let says = match (kind_fits, groups.is_empty(), group) {
            (false, _, _) => {
                let allowed = kinds.iter().map(|k| k.plural().to_owned()).collect::<Vec<_>>();
                format!("{} is a {}; this is for {}", subject.name, subject.kind.singular(), or(&allowed))
            }
            (true, true, _) => format!("open to {}", Self::kinds_say(kinds)),
            (true, false, Some(group)) => format!("{} is in {}", subject.name, facts.group(*group)),
            (true, false, None) => {
                let wanted = groups.iter().map(|g| facts.group(*g)).collect::<Vec<_>>();
                format!("{} is not in {}", subject.name, or(&wanted))
            }
        };
        Check::new(self.rule(), kind_fits && (groups.is_empty() || group.is_some()), says)
    }

    fn kinds_say(kinds: &BTreeSet<Kind>) -> String {
        if kinds.is_empty() {
            return "everyone".to_owned();
        }
        crate::text::and(&kinds.iter().map(|k| k.plural().to_owned()).collect::<Vec<_>>())
    }

    /// The condition as part of a sentence, for the page of a bundle.
    pub fn says(&self, facts: &Facts) -> String {
        let bundle =
            |id: &BundleId| facts.bundles.get(id).cloned().unwrap_or_else(|| "a bundle that is gone".to_owned());
        self.sentence(&|group| facts.group(group), &|id| bundle(&id))
    }

    /// The condition as part of a sentence, with the names of groups and bundles as the caller knows them.
    pub fn sentence(&self, group: &dyn Fn(GroupId) -> String, bundle: &dyn Fn(BundleId) -> String) -> String {
        match self {
            Self::Askers { groups, kinds } => {
                let names = groups.iter().map(|g| group(*g)).collect::<Vec<_>>();
                if names.is_empty() {
                    format!("open to {}", Self::kinds_say(kinds))
                } else if kinds.is_empty() {
                    format!("open to {}", or(&names))
                } else {
                    format!("open to {} in {}", Self::kinds_say(kinds), or(&names))
                }
            }
            Self::Justification { at_least, hint, .. } => hint
                .clone()
                .map_or_else(|| format!("a reason of at least {at_least} characters"), |h| format!("a reason: {h}")),
            Self::WorkItem { hint, .. } => hint.clone().unwrap_or_else(|| "a work item".to_owned()),
            Self::Hours { days, from, to, zone } => {
                let open = DAYS.iter().zip(DAY_NAMES).filter(|((_, day), _)| days.contains(day));
                let names = open.map(|(_, name)| name.to_owned()).collect::<Vec<_>>();
                let weekend = [Weekday::Sat, Weekday::Sun];
                let days = match names.len() {
                    7 => "every day".to_owned(),
                    5 if !weekend.iter().any(|day| days.contains(day)) => "on weekdays".to_owned(),
                    _ => format!("on {}", crate::text::and(&names)),
                };
                format!("{days} from {} to {} ({})", from.format("%H:%M"), to.format("%H:%M"), zone.name())
            }
            Self::Environments { only } => {
                format!("only in {}", or(&only.iter().map(|e| e.word().to_owned()).collect::<Vec<_>>()))
            }
            Self::SensitivityAtMost { most } => format!("only up to {} sensitivity", most.word()),
            Self::Incompatible { bundles } => {
                let names = bundles.iter().map(|b| format!("“{}”", bundle(*b))).collect::<Vec<_>>();
                format!("not together with {}", or(&names))
            }
        }
    }

    /// Whether a reason fits this condition's pattern; true where there is none.
    pub fn fits(&self, reason: &str) -> bool {
        match self {
            Self::Justification { pattern, .. } => matches(pattern.as_deref(), reason),
            Self::Askers { .. }
            | Self::WorkItem { .. }
            | Self::Hours { .. }
            | Self::Environments { .. }
            | Self::SensitivityAtMost { .. }
            | Self::Incompatible { .. } => true,
        }
    }
}

fn named(facts: &Facts, wanted: impl Fn(&crate::facts::SystemFacts) -> bool) -> Vec<String> {
    facts.systems.values().filter(|s| wanted(s)).map(|s| s.name.clone()).collect()
}

fn stands(names: &[String]) -> &'static str {
    if names.len() == 1 { "stands" } else { "stand" }
}

fn compiled(pattern: &str) -> Result<regex_lite::Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("the pattern has {} characters; at most {LONGEST_PATTERN} are allowed", pattern.len()));
    }
    regex_lite::Regex::new(pattern).map_err(|why| format!("`{pattern}` is not a regular expression: {why}"))
}

/// Whether a text matches; a pattern that does not compile matches nothing, so that a mistake never opens a door.
fn matches(pattern: Option<&str>, text: &str) -> bool {
    pattern.is_none_or(|pattern| compiled(pattern).is_ok_and(|re| re.is_match(text)))
}
