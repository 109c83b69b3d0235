//! Judging recorded rulings once more, by the rules, the guardrails and the facts of then: the same input must give the same ruling, to
//! the byte (R11).

use crate::{Error, Portal};
use domain::{
    Actor, Refusal,
    event::{Envelope, Event, Record, ThingKind},
    facts::{Ask, Facts},
    guardrail::GuardrailSet,
    ids::{RequestId, StreamId},
    request::RequestEvent,
    ruling::{Ruling, judge_as},
};
use std::fmt;
use store::{EventRow, Tx};

/// How many events are read at a time.
const AT_A_TIME: i64 = 500;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejudged {
    /// How many rulings were made again.
    pub rulings: u64,
    /// How many of them were made by another version of the policy engine, and came to the same.
    pub by_another_engine: u64,
    /// How many came to something else, or could not be made again.
    pub unlike: u64,
}

/// A ruling that did not come to the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// Of which request.
    pub request: StreamId,
    /// In which of its events.
    pub seq: u32,
    /// What is other than it was.
    pub says: String,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} event {}: {}", self.request, self.seq, self.says)
    }
}

impl Portal {
    /// Makes every recorded ruling again, or those of one request, and hands out those that come to something else. `progress` hears how
    /// many were made so far.
    pub async fn rejudge(
        &self,
        actor: &Actor,
        only: Option<RequestId>,
        hand: &mut (dyn FnMut(Unlike) + Send),
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Rejudged, Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("rulings are made again on the command line").into());
        }
        let mut done = Rejudged::default();
        let mut tx = self.store().read().await?;
        let mut from = (only.map_or(GuardrailSet::STREAM, |id| StreamId(id.0)), 0);
        let mut row = None;
        loop {
            let page = match only {
                Some(_) => tx.events(from.0, from.1 + 1, AT_A_TIME).await?.into_iter().map(|it| (from.0, it)).collect(),
                None => tx.request_events(from.0, from.1, AT_A_TIME).await?,
            };
            let Some((stream, last)) = page.last() else { return Ok(done) };
            from = (*stream, last.seq);
            for (stream, event) in page {
                self.rejudge_event(&mut tx, stream, &event, &mut row, &mut done, hand).await?;
            }
            progress(done.rulings);
        }
    }

    async fn rejudge_event(
        &self,
        tx: &mut Tx,
        stream: StreamId,
        event: &EventRow,
        row: &mut Option<Record>,
        done: &mut Rejudged,
        hand: &mut (dyn FnMut(Unlike) + Send),
    ) -> Result<(), Error> {
        let envelope = event.envelope()?;
        if envelope.thing != ThingKind::Request {
            return Ok(());
        }
        let before = row.take().filter(|it| it.thing() == envelope.changed());
        if let Some((ask, facts, ruling)) = recorded(&envelope, before.as_ref()) {
            done.rulings += 1;
            if let Some(says) = self.unlike(tx, &ask, facts, ruling, done).await? {
                done.unlike += 1;
                hand(Unlike { request: stream, seq: event.seq, says });
            }
        }
        // What is broken is told by `verify`; here it only has no rulings to make again.
        *row = Record::apply(before, envelope.changed(), &envelope.event, &envelope.stamp()).ok();
        Ok(())
    }

    /// What is other than it was, once a ruling is made again.
    async fn unlike(
        &self,
        tx: &mut Tx,
        ask: &Ask,
        facts: &Facts,
        ruling: &Ruling,
        done: &mut Rejudged,
    ) -> Result<Option<String>, Error> {
        let guardrails = match self.guardrails_of(tx, ruling).await {
            Ok(guardrails) => guardrails,
            Err(Error::Unready(why)) => return Ok(Some(why)),
            Err(other) => return Err(other),
        };
        let Some(mut again) = judge_as(ruling.engine, ask, facts, guardrails.as_ref()) else {
            return Ok(Some(format!(
                "it was made by version {} of the rules, which this program does not know",
                ruling.engine
            )));
        };
        // Which version of the policy engine it was is no part of what it says.
        if let (Some(then), Some(now)) = (&ruling.guardrails, &mut again.guardrails)
            && then.engine != now.engine
        {
            now.engine.clone_from(&then.engine);
            done.by_another_engine += 1;
        }
        // What is equal is written in the same bytes.
        if again == *ruling {
            return Ok(None);
        }
        let outcome = if again.outcome == ruling.outcome { "other reasons or approvers" } else { "another outcome" };
        Ok(Some(format!("made again it comes to {outcome}")))
    }
}

/// The ruling that an event holds, with what it was made from.
fn recorded<'a>(envelope: &'a Envelope, before: Option<&Record>) -> Option<(Ask, &'a Facts, &'a Ruling)> {
    let Event::Request(event) = &envelope.event else { return None };
    let later = |facts: &'a Facts, ruling: &'a Ruling| {
        let Some(Record::Request(request)) = before else { return None };
        // At the moment of granting the time counts that was approved.
        Some((Ask { minutes: request.minutes, ..request.ask.clone() }, facts, ruling))
    };
    match event.as_ref() {
        RequestEvent::Asked { ask, facts, ruling, .. } => Some((ask.clone(), facts, ruling)),
        RequestEvent::SentBack { ruling, facts, .. }
        | RequestEvent::Granted { ruling, facts, .. }
        | RequestEvent::Stopped { ruling: Some(ruling), facts: Some(facts), .. } => later(facts, ruling),
        RequestEvent::Stopped { .. }
        | RequestEvent::Approved { .. }
        | RequestEvent::Denied { .. }
        | RequestEvent::Withdrawn {}
        | RequestEvent::Commented { .. }
        | RequestEvent::Rerouted { .. }
        | RequestEvent::Escalated { .. }
        | RequestEvent::RequestExpired {}
        | RequestEvent::ApprovalLapsed {}
        | RequestEvent::ExceptionReviewed { .. } => None,
    }
}
