//! Guardrails as pages show them: the rules in words, a draft beside what counts, and what a text comes to while one writes it.

use super::{Compiled, Mistake, Rules, SCHEMA_TEXT, STARTING_RULES, STARTING_TESTS, check, tests};
use crate::{
    Error, Portal,
    facts::{in_portal, is_founding},
    lines::lines,
    pages::{may_publish, remark_views},
    replay::{reached, shown},
};
use cedar_policy::Effect;
use domain::{
    Actor,
    guardrail::{GuardrailSet, GuardrailText},
    review::{Around, Draft, DraftState},
    stepup::Confirmed,
    views::{
        Change,
        guardrails::{
            GuardrailDraft, GuardrailEditor, GuardrailPage, GuardrailSketch, GuardrailView, TestView, TextFault,
        },
    },
};
use std::collections::BTreeMap;
use store::{ReplayOf, Tx};

impl Portal {
    /// The guardrails: what counts, and the draft that waits.
    pub async fn guardrail_page(&self, actor: &Actor) -> Result<GuardrailPage, Error> {
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, self.now()).await?;
        authority.reader()?;
        let set = tx.guardrails().await?;
        let published = set.as_ref().and_then(|set| set.published.as_ref());
        let draft = match &set {
            Some(set) => self.guardrail_draft(&mut tx, actor, authority.is_admin(), set).await?,
            None => None,
        };
        let remarks = match &set {
            Some(set) => remark_views(&mut tx, set.remarks.iter().filter(|it| set.is_current(it))).await?,
            None => Vec::new(),
        };
        let newest = tx.events_about(GuardrailSet::STREAM.0, "", 50).await?;
        let lines = lines(&mut tx, &newest).await?;
        Ok(GuardrailPage {
            published: published.map(|it| (it.number, it.by.to_string(), it.at)),
            rules: published.and_then(|it| check::read(&it.spec.rules).ok()).map(|it| it.shown()).unwrap_or_default(),
            text: published.map(|it| it.spec.rules.clone()),
            draft,
            remarks,
            may_edit: authority.is_admin(),
            lines,
        })
    }

    async fn guardrail_draft(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        is_admin: bool,
        set: &GuardrailSet,
    ) -> Result<Option<GuardrailDraft>, Error> {
        let Some(draft) = &set.draft else { return Ok(None) };
        let founding = is_founding(tx).await?;
        let sketch = self.sketch(tx, &draft.spec).await?;
        let gaps = sketch.all();
        let row = tx.replay(ReplayOf::Guardrails).await?;
        let (replay, found) = reached(row.as_ref(), draft.number);
        // Asked as the act itself would ask; nothing is saved.
        let around = Around { founding, gaps: &gaps, replay, found };
        let one = self.apart(tx, actor, founding, draft.people()).await?;
        let publishing = set.publish(actor, draft.number, around, Confirmed::UNASKED, self.now());
        let (may_publish, why_not) = may_publish(publishing.err().or(one), is_admin);
        let (mine, in_review) = (is_admin && draft.is_stood_for_by(actor), draft.is_in_review());
        Ok(Some(GuardrailDraft {
            number: draft.number,
            by: draft.written_by(),
            submitted: match &draft.state {
                DraftState::Draft => None,
                DraftState::InReview { since, by } => Some((by.to_string(), *since)),
            },
            diff: differences(set.published.as_ref().map(|it| &it.spec), draft),
            sketch,
            replay: row.and_then(|row| shown(row, draft.number)),
            may_publish,
            why_not,
            submit: mine && !in_review && !founding,
            withdraw: mine && in_review,
            comment: is_admin,
            send_back: is_admin && in_review && !draft.is_by(actor),
            discard: is_admin,
        }))
    }

    /// The editor, with the newest version in it, or with the set that is worth beginning with.
    pub async fn guardrail_editor(&self, actor: &Actor) -> Result<GuardrailEditor, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.admin()?;
        let set = tx.guardrails().await?;
        let newest = set.as_ref().and_then(GuardrailSet::newest).cloned();
        let starting = newest.is_none();
        let GuardrailText { rules, tests } = newest
            .unwrap_or_else(|| GuardrailText { rules: STARTING_RULES.to_owned(), tests: STARTING_TESTS.to_owned() });
        let after = set.map_or(0, |set| set.versions);
        Ok(GuardrailEditor { after, starting, rules, tests, words: SCHEMA_TEXT.to_owned() })
    }

    /// What a text comes to: its rules in words, every mistake with its line, and how its tests end. Saves nothing.
    pub async fn sketch_guardrails(&self, actor: &Actor, text: &GuardrailText) -> Result<GuardrailSketch, Error> {
        self.paced(actor)?;
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.admin()?;
        self.sketch(&mut tx, text).await
    }

    /// The same, for whoever asks.
    pub(super) async fn sketch(&self, tx: &mut Tx, text: &GuardrailText) -> Result<GuardrailSketch, Error> {
        let mut sketch = GuardrailSketch {
            rules: Vec::new(),
            rule_faults: Vec::new(),
            test_faults: Vec::new(),
            tests: Vec::new(),
            gaps: Vec::new(),
        };
        let text = text.clone();
        let read = move || {
            check::read(&text.rules).map(|rules| {
                let (shown, groups) = (rules.shown(), rules.deciding.clone());
                (shown, groups, tests::run(&Compiled { number: 0, rules: Ok(rules) }, &text.tests))
            })
        };
        // A long text takes its time: off the async threads.
        let read = tokio::task::spawn_blocking(read).await;
        let (shown, groups, ended) = match read.map_err(|why| Error::Unready(format!("reading failed: {why}")))? {
            Ok(read) => read,
            Err(mistakes) => {
                sketch.rule_faults = faults(mistakes);
                return Ok(sketch);
            }
        };
        sketch.rules = shown;
        for group in groups {
            match tx.group_by_key(group.as_str()).await? {
                None => sketch.gaps.push(format!("`{group}` must approve, and there is no such group")),
                Some(known) if tx.people_in(known.id, self.now(), 1).await?.is_empty() => {
                    sketch.gaps.push(format!("`{group}` must approve, and nobody is in it"));
                }
                Some(_) => {}
            }
        }
        match ended {
            Err(mistakes) => sketch.test_faults = faults(mistakes),
            Ok(outcomes) => {
                if outcomes.is_empty() {
                    sketch.gaps.push("no test stands beside the rules: write at least one".to_owned());
                }
                let ended = |it: tests::Outcome| TestView { says: it.says, line: it.line, failures: it.failures };
                sketch.tests = outcomes.into_iter().map(ended).collect();
            }
        }
        Ok(sketch)
    }
}

fn faults(mistakes: Vec<Mistake>) -> Vec<TextFault> {
    mistakes.into_iter().map(|it| TextFault { line: it.line, says: it.says }).collect()
}

impl Rules {
    /// Each rule in words, in the order of the text.
    fn shown(&self) -> Vec<GuardrailView> {
        let shown = |policy: &cedar_policy::Policy| {
            let id = policy.id().to_string();
            let rule = self.known.get(&id)?;
            let forbids = policy.effect() == Effect::Forbid;
            let demands = rule.demands.in_words(|group| format!("`{group}`"));
            Some((rule.place, GuardrailView { id, says: rule.says.clone(), forbids, demands }))
        };
        let mut rules: Vec<_> = self.policies.policies().filter_map(shown).collect();
        rules.sort_by_key(|(place, _)| *place);
        rules.into_iter().map(|(_, rule)| rule).collect()
    }
}

/// What a draft changes, rule by rule, and that its tests are others.
fn differences(before: Option<&GuardrailText>, draft: &Draft<GuardrailText>) -> Vec<Change> {
    let rules = |text: &str| -> BTreeMap<String, String> {
        let Ok(rules) = check::read(text) else { return BTreeMap::new() };
        rules.policies.policies().map(|policy| (policy.id().to_string(), policy.to_string())).collect()
    };
    let (was, is) = (before.map(|it| rules(&it.rules)).unwrap_or_default(), rules(&draft.spec.rules));
    let names: std::collections::BTreeSet<_> = was.keys().chain(is.keys()).collect();
    let mut changes: Vec<_> = names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
        .map(|name| {
            let text = |of: &BTreeMap<String, String>| of.get(name).cloned().unwrap_or_default();
            Change { what: name.clone(), before: text(&was), after: text(&is) }
        })
        .collect();
    if before.is_some_and(|it| it.tests != draft.spec.tests) {
        let (before, after) = (String::new(), "others than those of the version that counts".to_owned());
        changes.push(Change { what: "tests".to_owned(), before, after });
    }
    changes
}

/// Every reason why a sketch cannot be published.
pub(super) trait Gaps {
    /// All of them, in one list.
    fn all(&self) -> Vec<String>;
}

impl Gaps for GuardrailSketch {
    fn all(&self) -> Vec<String> {
        let placed = |what: &str, it: &TextFault| match it.line {
            Some(line) => format!("{what}, line {line}: {}", it.says),
            None => format!("{what}: {}", it.says),
        };
        let rules = self.rule_faults.iter().map(|it| placed("rules", it));
        let tests = self.test_faults.iter().map(|it| placed("tests", it));
        let failed = self.tests.iter().filter(|it| !it.failures.is_empty());
        let failed = failed.map(|it| format!("test “{}” fails: {}", it.says, it.failures.join("; ")));
        rules.chain(tests).chain(failed).chain(self.gaps.iter().cloned()).collect()
    }
}
