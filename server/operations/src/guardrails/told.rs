//! What was asked of the guardrails about one request, written out for Cedar's own tools: whoever doubts a ruling asks them.

use super::{SCHEMA_TEXT, words};
use crate::{Error, Portal};
use domain::{Actor, Refusal, guardrail::GuardrailSet, ids::RequestId};
use serde_json::{Value, json};

impl Portal {
    /// The rules, the words, the entities and the request to Cedar of one request's ruling, and what Cedar answered: as
    /// `cedar authorize` and Cedar's other bindings take them.
    pub async fn told_to_cedar(&self, actor: &Actor, id: RequestId) -> Result<Value, Error> {
        if *actor != Actor::Operator {
            return Err(
                Refusal::NotAllowed("what was asked of the guardrails is written out on the command line").into()
            );
        }
        let mut tx = self.store().read().await?;
        let request = tx.request(id).await?.ok_or(Error::NotFound)?;
        let Some(verdict) = &request.ruling.guardrails else {
            return Err(Error::Unready("there were no guardrails when this was asked".to_owned()));
        };
        let text = super::acts::written(&mut tx, verdict.number).await?.ok_or_else(|| {
            Error::Unready(format!(
                "version {} of the guardrails is not in the chain {}",
                verdict.number,
                GuardrailSet::STREAM
            ))
        })?;
        let unready = |why: String| Error::Unready(format!("it cannot be written out: {why}"));
        let (asked, entities) = words::asked(&request.ask, &request.facts).map_err(unready)?;
        let entities = entities.to_json_value().map_err(|why| unready(why.to_string()))?;
        let context = asked.context().map(cedar_policy::Context::to_json_value).transpose();
        let context = context.map_err(|why| unready(why.to_string()))?;
        let uid = |of: Option<&cedar_policy::EntityUid>| {
            of.map(|it| json!({ "type": it.type_name().to_string(), "id": it.id().unescaped() }))
        };
        Ok(json!({
            "policies": text.rules,
            "schema": SCHEMA_TEXT,
            "entities": entities,
            "request": {
                "principal": uid(asked.principal()),
                "action": uid(asked.action()),
                "resource": uid(asked.resource()),
                "context": context,
            },
            "answer": { "allows": verdict.allows, "rules": verdict.rules, "errors": verdict.errors },
        }))
    }
}
