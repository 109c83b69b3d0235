//! Reading guardrails: syntax, types, and the annotations that carry each rule's name, sentence and demands. Every mistake is found, with
//! its line.

use super::{Rule, Rules, depth, words};
use cedar_policy::{Effect, Policy, PolicyId, PolicySet, ValidationMode, Validator};
use domain::{
    guardrail::{LONGEST, RuleDemands},
    stepup::Strength,
    text::Key,
};
use miette::Diagnostic;
use std::{collections::BTreeMap, fmt};

/// What may be annotated on a rule, and what it means.
const ANNOTATIONS: [(&str, &str); 6] = [
    ("id", "the rule's name"),
    ("says", "its sentence"),
    ("approvals", "at least so many distinct approvers"),
    ("approved_by", "groups of which somebody must approve, parted by commas"),
    ("requires", "how surely each approver shows who they are: sign-in, code or passkey"),
    ("asker_requires", "how surely the asker does"),
];

/// The most approvers a rule may demand.
const MOST_APPROVALS: u8 = 5;

/// Something wrong with the text of guardrails or of their tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// In which line, where that is known; the first is 1.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub says: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.says),
            None => f.write_str(&self.says),
        }
    }
}

impl Mistake {
    pub(super) fn of(says: impl Into<String>) -> Self {
        Self { line: None, says: says.into() }
    }

    fn at(text: &str, offset: usize, says: impl Into<String>) -> Self {
        let line = text.get(..offset).map(|before| before.matches('\n').count() + 1);
        Self { line, says: says.into() }
    }

    /// What the policy engine found, with the line it points at.
    fn found(text: &str, error: &dyn Diagnostic) -> Self {
        let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
        let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
        let whole = format!("{error}{help}");
        // The engine numbers the rules; the line says better which one is meant.
        let numbered = whole.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, "));
        let says = numbered.map_or(whole.as_str(), |(_, says)| says);
        match offset {
            Some(offset) => Self::at(text, offset, says),
            None => Self::of(says),
        }
    }
}

/// The first character that cannot be seen. Who reviews a text reads what they see, and the engine reads what is there: it ends a comment
/// at a lone `\r`, too.
pub(super) fn unseen(text: &str) -> Option<Mistake> {
    let text = text.replace("\r\n", "\n");
    text.split('\n').zip(1..).find_map(|(row, line)| {
        let (c, place) = row.chars().zip(1_usize..).find(|(c, _)| is_unseen(*c))?;
        let says = format!("character {place} of this line (U+{:04X}) cannot be seen: remove it", u32::from(c));
        Some(Mistake { line: Some(line), says })
    })
}

/// Whether it is a control character besides the tab, turns the direction of a line, or has no width.
fn is_unseen(c: char) -> bool {
    let formats = matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    );
    formats || (c.is_control() && c != '\t')
}

/// Reads the rules.
pub(super) fn read(text: &str) -> Result<Rules, Vec<Mistake>> {
    if text.len() > LONGEST {
        return Err(vec![Mistake::of(format!("the rules have {} bytes; at most {LONGEST} are allowed", text.len()))]);
    }
    if let Some(mistake) = unseen(text).or_else(|| depth::too_deep(text)) {
        return Err(vec![mistake]);
    }
    let parsed: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors.iter().map(|it| Mistake::found(text, it)).collect::<Vec<_>>()
    })?;
    let mut mistakes = Vec::new();
    if parsed.templates().next().is_some() {
        mistakes.push(Mistake::of("a rule has `?principal` or `?resource` in it: templates are not for guardrails"));
    }
    let mut policies = PolicySet::new();
    let mut known = BTreeMap::new();
    for (place, policy) in in_order(text, &parsed) {
        let at = |says: String| Mistake::at(text, place, says);
        let id = match id(&policy) {
            Ok(id) => id,
            Err(says) => {
                mistakes.push(at(says));
                continue;
            }
        };
        match rule(place, &id, &policy) {
            Ok(rule) if known.contains_key(&id) => {
                mistakes.push(at(format!("`{id}` is the name of two rules (“{}”): give each its own", rule.says)));
            }
            Ok(rule) => {
                if let Err(why) = policies.add(policy.new_id(PolicyId::new(&id))) {
                    mistakes.push(at(why.to_string()));
                }
                known.insert(id, rule);
            }
            Err(wrong) => mistakes.extend(wrong.into_iter().map(at)),
        }
    }
    match words::SCHEMA.as_ref() {
        Err(why) => mistakes.push(Mistake::of(format!("the words of guardrails cannot be read: {why}"))),
        Ok(schema) => {
            let result = Validator::new(schema.clone()).validate(&parsed, ValidationMode::Strict);
            mistakes.extend(result.validation_errors().map(|it| Mistake::found(text, it)));
            mistakes.extend(result.validation_warnings().map(|it| Mistake::found(text, it)));
        }
    }
    let rules = Rules::new(policies, known);
    if mistakes.is_empty() && !rules.permits_anything() {
        mistakes.push(Mistake::of("no rule permits anything, and so nothing would ever be granted: begin with `permit (principal, action, resource);`"));
    }
    mistakes.sort_by_key(|it| (it.line.is_none(), it.line));
    if mistakes.is_empty() { Ok(rules) } else { Err(mistakes) }
}

/// The policies in the order of the text, each with where it begins.
fn in_order(text: &str, parsed: &PolicySet) -> Vec<(usize, Policy)> {
    // The parser names them `policy0`, `policy1` and so on.
    let number = |policy: &Policy| policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(0);
    let mut policies: Vec<_> = parsed.policies().cloned().collect();
    policies.sort_by_key(number);
    let mut from = 0;
    let placed = policies.into_iter().map(|policy| {
        let written = policy.to_string();
        let begins = text.get(from..).and_then(|rest| rest.find(written.trim())).map_or(from, |found| from + found);
        from = begins + written.trim().len().min(text.len().saturating_sub(begins));
        (begins, policy)
    });
    placed.collect()
}

fn id(policy: &Policy) -> Result<String, String> {
    let id = policy.annotation("id").unwrap_or_default();
    if id.is_empty() {
        return Err("this rule has no name: write `@id(\"what-it-is-called\")` above it".to_owned());
    }
    id.parse::<Key>().map(|key| key.to_string()).map_err(|why| why.to_string())
}

fn rule(place: usize, id: &str, policy: &Policy) -> Result<Rule, Vec<String>> {
    let mut wrong = Vec::new();
    for (name, _) in policy.annotations() {
        if !ANNOTATIONS.iter().any(|(known, _)| *known == name) {
            let known: Vec<_> = ANNOTATIONS.iter().map(|(known, _)| format!("@{known}")).collect();
            wrong.push(format!("`{id}`: `@{name}` means nothing here; there are {}", known.join(", ")));
        }
    }
    let says = policy.annotation("says").unwrap_or_default().trim().to_owned();
    if says.is_empty() {
        wrong.push(format!("`{id}` says nothing: write `@says(\"…\")`, the sentence that people read"));
    }
    let demands = demands(id, policy, &mut wrong);
    if policy.effect() == Effect::Forbid && demands != RuleDemands::default() {
        wrong.push(format!("`{id}` forbids, and so what it demands would never count: put demands on a `permit`"));
    }
    if wrong.is_empty() { Ok(Rule { place, says, demands }) } else { Err(wrong) }
}

fn demands(id: &str, policy: &Policy, wrong: &mut Vec<String>) -> RuleDemands {
    let approvals = policy.annotation("approvals").map(|text| match text.parse::<u8>() {
        Ok(n) if (1..=MOST_APPROVALS).contains(&n) => Ok(n),
        Ok(_) | Err(_) => Err(format!("`{id}`: `@approvals(\"{text}\")` must be a number from 1 to {MOST_APPROVALS}")),
    });
    let mut groups = std::collections::BTreeSet::new();
    for name in policy.annotation("approved_by").into_iter().flat_map(|text| text.split(',')) {
        match name.trim().parse::<Key>() {
            Ok(group) => {
                groups.insert(group);
            }
            Err(why) => wrong.push(format!("`{id}`: in `@approved_by` {why}")),
        }
    }
    let strength = |name: &str| {
        policy
            .annotation(name)
            .map(|text| text.parse::<Strength>().map_err(|why| format!("`{id}`: in `@{name}` {why}")))
    };
    let (step_up, asker_step_up) = (strength("requires"), strength("asker_requires"));
    RuleDemands {
        approvals: told(approvals, wrong),
        groups,
        step_up: told(step_up, wrong),
        asker_step_up: told(asker_step_up, wrong),
    }
}

fn told<T>(read: Option<Result<T, String>>, wrong: &mut Vec<String>) -> Option<T> {
    match read? {
        Ok(it) => Some(it),
        Err(says) => {
            wrong.push(says);
            None
        }
    }
}
