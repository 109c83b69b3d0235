//! Guardrails in Cedar: the organisation's own rules above every bundle. Here they are compiled and asked; what else is done with them,
//! writing, reviewing and publishing, is in `acts`.

mod acts;
mod check;
mod depth;
mod shown;
mod tests;
mod told;
mod words;

pub use acts::GuardrailAct;
pub use check::Mistake;
pub use tests::Outcome;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Effect, Policy, PolicySet};
use domain::{
    facts::{Ask, Facts},
    guardrail::{Demands, GuardrailText, Guardrails, RuleDemands, Verdict},
    text::Key,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// The version of the words that guardrails are written in (`words.cedarschema`).
pub const SCHEMA: u32 = 1;

/// The words themselves, as the portal shows them beside the editor.
pub const SCHEMA_TEXT: &str = include_str!("words.cedarschema");

/// A set of rules worth beginning with.
pub const STARTING_RULES: &str = include_str!("starting.cedar");

/// The tests of [`STARTING_RULES`].
pub const STARTING_TESTS: &str = include_str!("starting-tests.toml");

/// Where the rules stand in a catalogue.
pub const RULES_FILE: &str = "guardrails/rules.cedar";

/// Where their tests do.
pub const TESTS_FILE: &str = "guardrails/tests.toml";

/// The name under which guardrails that cannot be worked out at all stand among the errors.
const WHOLE: &str = "guardrails";

/// What asks the rules.
static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(Authorizer::new);

/// One version of the guardrails, ready to be asked.
#[derive(Debug)]
pub struct Compiled {
    number: u32,
    /// What cannot be read lets nothing pass.
    rules: Result<Rules, String>,
}

/// Rules that were read.
#[derive(Debug)]
pub(crate) struct Rules {
    policies: PolicySet,
    /// Each rule by its id.
    known: BTreeMap<String, Rule>,
    /// Every group that a rule demands an approval of.
    deciding: BTreeSet<Key>,
    /// Every group that the rules name at all.
    named: BTreeSet<Key>,
}

/// What is annotated on one rule.
#[derive(Debug)]
struct Rule {
    /// Where it begins in the text.
    place: usize,
    says: String,
    demands: RuleDemands,
}

impl Compiled {
    /// Reads a version that was published. What was published could be read then; what cannot be read any more lets nothing pass.
    pub fn published(number: u32, text: &str) -> Self {
        let rules = check::read(text).map_err(|mistakes| {
            tracing::error!(number, "the guardrails cannot be read, and so nothing is granted");
            mistakes.first().map_or_else(String::new, ToString::to_string)
        });
        Self { number, rules }
    }

    fn verdict(&self, allows: bool) -> Verdict {
        Verdict {
            number: self.number,
            engine: engine(),
            schema: SCHEMA,
            allows,
            rules: BTreeMap::new(),
            demands: Demands::default(),
            errors: BTreeMap::new(),
        }
    }

    fn broken(&self, why: String) -> Verdict {
        Verdict { errors: BTreeMap::from([(WHOLE.to_owned(), why)]), ..self.verdict(false) }
    }
}

/// The engine and its version, as a verdict keeps it.
pub fn engine() -> String {
    format!("cedar {}", cedar_policy::get_sdk_version())
}

/// Everything wrong with a version as a catalogue brings it, each mistake with its file and line.
pub(crate) fn mistakes(text: &GuardrailText) -> Vec<String> {
    let placed = |file: &str, it: &Mistake| match it.line {
        Some(line) => format!("{file}:{line}: {}", it.says),
        None => format!("{file}: {}", it.says),
    };
    let rules = match check::read(&text.rules) {
        Ok(rules) => Compiled { number: 0, rules: Ok(rules) },
        Err(wrong) => return wrong.iter().map(|it| placed(RULES_FILE, it)).collect(),
    };
    match tests::run(&rules, &text.tests) {
        Err(wrong) => wrong.iter().map(|it| placed(TESTS_FILE, it)).collect(),
        Ok(outcomes) => {
            let failed = outcomes.iter().filter(|it| !it.failures.is_empty());
            failed
                .map(|it| format!("{TESTS_FILE}:{}: “{}” fails: {}", it.line, it.says, it.failures.join("; ")))
                .collect()
        }
    }
}

impl Guardrails for Compiled {
    fn ask(&self, ask: &Ask, facts: &Facts) -> Option<Verdict> {
        let rules = match &self.rules {
            Ok(rules) => rules,
            Err(why) => return Some(self.broken(why.clone())),
        };
        let (request, entities) = match words::asked(ask, facts) {
            Ok(asked) => asked,
            Err(why) => return Some(self.broken(why)),
        };
        let response = AUTHORIZER.is_authorized(&request, &rules.policies, &entities);
        // Cedar passes over a rule that fails: a `forbid` among them would let through what it forbids. So one failure refuses.
        let errors: BTreeMap<String, String> = response.diagnostics().errors().map(failure).collect();
        let allows = errors.is_empty() && response.decision() == Decision::Allow;
        let mut verdict = Verdict { errors, ..self.verdict(allows) };
        // Cedar names the rules in no order; ours are in that of their ids.
        let reasons: BTreeSet<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        for (id, rule) in reasons.iter().filter_map(|id| rules.known.get_key_value(id)) {
            verdict.rules.insert(id.clone(), rule.says.clone());
            if allows {
                verdict.demands.and(id, rule.demands.clone());
            }
        }
        Some(verdict)
    }

    fn deciding_groups(&self) -> BTreeSet<Key> {
        self.rules.as_ref().map(|rules| rules.deciding.clone()).unwrap_or_default()
    }

    fn named_groups(&self) -> BTreeSet<Key> {
        self.rules.as_ref().map(|rules| rules.named.clone()).unwrap_or_default()
    }

    fn most_approvals(&self) -> u8 {
        self.rules.as_ref().map(Rules::most_approvals).unwrap_or_default()
    }
}

impl Rules {
    fn new(policies: PolicySet, known: BTreeMap<String, Rule>) -> Self {
        let deciding: BTreeSet<Key> = known.values().flat_map(|rule| rule.demands.groups.iter().cloned()).collect();
        let literals = policies.policies().flat_map(Policy::entity_literals);
        let groups = literals.filter(|it| it.type_name().to_string() == "Group");
        let conditions = groups.filter_map(|it| it.id().unescaped().parse().ok());
        let named = conditions.chain(deciding.iter().cloned()).collect();
        Self { policies, known, deciding, named }
    }

    fn most_approvals(&self) -> u8 {
        self.known.values().filter_map(|rule| rule.demands.approvals).max().unwrap_or(0)
    }

    fn permits_anything(&self) -> bool {
        self.policies.policies().any(|policy| policy.effect() == Effect::Permit)
    }
}

fn failure(error: &AuthorizationError) -> (String, String) {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    (error.policy_id().to_string(), error.inner().to_string())
}
