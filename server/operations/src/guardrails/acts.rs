//! What is done with guardrails: asked for by rulings, written as drafts, tested, reviewed, replayed and published under four eyes.

use super::{Compiled, shown::Gaps as _};
use crate::{
    Error, Portal,
    acts::{tell_admins, tell_people},
    facts::{in_portal, is_founding},
    replay::progress,
    requests::prose,
};
use domain::{
    Actor, Refusal,
    event::Event,
    guardrail::{GuardrailEvent, GuardrailSet, GuardrailText, Guardrails, LONGEST, Unguarded},
    replay::Progress,
    review::{Around, Draft},
    ruling::Ruling,
    stepup::{Confirmed, Verified},
    text::{Prose, line},
};
use std::sync::Arc;
use store::{ReplayOf, Tx};

/// Where people look at guardrails.
const PATH: &str = "/guardrails";

/// What an admin does to the draft of the guardrails.
#[derive(Clone, Copy, Debug)]
pub enum GuardrailAct<'a> {
    /// Gives it to the other admins to look at, and begins its replay.
    Submit,
    /// Takes it back from review.
    Withdraw,
    /// Writes on it.
    Comment(&'a str),
    /// Gives it back to who wrote it, and says why.
    SendBack(&'a str),
    /// Throws it away.
    Discard,
}

impl GuardrailAct<'_> {
    /// Whether it decides about what others wrote; who is barred does not.
    fn decides(self) -> bool {
        match self {
            Self::SendBack(_) | Self::Discard => true,
            Self::Submit | Self::Withdraw | Self::Comment(_) => false,
        }
    }
}

impl Portal {
    /// The guardrails that count now, ready to be asked.
    pub(crate) async fn guardrails(&self, tx: &mut Tx) -> Result<Arc<dyn Guardrails>, Error> {
        match tx.guardrails_number().await? {
            Some(number) => self.guardrails_numbered(tx, Some(number)).await,
            None => Ok(Arc::new(Unguarded)),
        }
    }

    /// The guardrails that a ruling was made by.
    pub(crate) async fn guardrails_of(&self, tx: &mut Tx, ruling: &Ruling) -> Result<Arc<dyn Guardrails>, Error> {
        self.guardrails_numbered(tx, ruling.guardrails.as_ref().map(|verdict| verdict.number)).await
    }

    /// One version of the guardrails; none where there were none. What a version says never changes, so each is read once.
    async fn guardrails_numbered(&self, tx: &mut Tx, number: Option<u32>) -> Result<Arc<dyn Guardrails>, Error> {
        let Some(number) = number else { return Ok(Arc::new(Unguarded)) };
        if let Some(known) = self.compiled(number) {
            return Ok(known);
        }
        let text = written(tx, number).await?.ok_or_else(|| {
            Error::Unready(format!(
                "version {number} of the guardrails is not in the trail: `sallyport verify` says more"
            ))
        })?;
        let compiled = Arc::new(Compiled::published(number, &text.rules));
        self.keep_compiled(number, &compiled);
        Ok(compiled)
    }

    /// Tells the admins and the log that a rule could not be worked out; a ruling was refused for it.
    pub(crate) async fn note_failing_guardrails(&self, tx: &mut Tx, ruling: &Ruling) -> Result<(), Error> {
        let Some(verdict) = ruling.guardrails.as_ref().filter(|verdict| !verdict.errors.is_empty()) else {
            return Ok(());
        };
        for (id, why) in &verdict.errors {
            tracing::error!(guardrail = %id, version = verdict.number, "a guardrail could not be worked out: {why}");
            let says = format!("the guardrail `{id}` could not be worked out, and a request was refused for it: {why}");
            tell_admins(self, tx, &Actor::System, &says, PATH).await?;
        }
        Ok(())
    }

    /// Writes a new version of the guardrails, as a draft; mistakes may stand in a draft, and keep it from being published. `after` is how
    /// many versions there were when one began.
    pub async fn draft_guardrails(&self, actor: &Actor, text: &GuardrailText, after: u32) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, now).await?.admin()?;
            let text = typed(text)?;
            let change = match tx.guardrails().await? {
                None if after > 0 => return Err(Refusal::WrittenMeanwhile { number: 0 }.into()),
                None => Some(GuardrailSet::draft_new(actor, text, now)?),
                Some(set) => set.draft(actor, text, Some(after), now)?,
            };
            if let Some(change) = change {
                self.save(&mut tx, &change).await?;
                self.commit(tx).await?;
            }
            Ok(())
        })
        .await
    }

    /// Does something to the draft that was looked at.
    pub async fn change_guardrails(&self, actor: &Actor, number: u32, act: GuardrailAct<'_>) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let authority = in_portal(&mut tx, actor, now).await?;
            authority.admin()?;
            if act.decides() {
                authority.not_barred(now)?;
            }
            let set = tx.guardrails().await?.ok_or(Error::NotFound)?;
            let words = |text: &str| -> Result<_, Error> {
                let text: Prose = prose("comment", text)?;
                Ok(self.words(text.as_str()).ok_or(Refusal::Missing("comment"))?)
            };
            let change = match act {
                GuardrailAct::Submit => set.submit(actor, number, now)?,
                GuardrailAct::Withdraw => set.withdraw(actor, number, now)?,
                GuardrailAct::Comment(text) => set.comment(actor, number, words(text)?, now)?,
                GuardrailAct::SendBack(text) => set.send_back(actor, number, words(text)?, now)?,
                GuardrailAct::Discard => set.discard(actor, number, now)?,
            };
            self.save(&mut tx, &change).await?;
            if let GuardrailAct::Submit = act {
                tx.begin_replay(ReplayOf::Guardrails, number, now).await?;
            }
            self.tell_of_guardrails(&mut tx, actor, &set, number, act).await?;
            self.commit(tx).await
        })
        .await
    }

    async fn tell_of_guardrails(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        set: &GuardrailSet,
        number: u32,
        act: GuardrailAct<'_>,
    ) -> Result<(), Error> {
        let mut authors = set.draft.as_ref().map(Draft::people).unwrap_or_default();
        let says = match act {
            GuardrailAct::Submit => {
                let says = format!("{actor} wants version {number} of the guardrails reviewed");
                return tell_admins(self, tx, actor, &says, PATH).await;
            }
            GuardrailAct::Withdraw => return Ok(()),
            GuardrailAct::Comment(_) => {
                // Who wrote on this draft before hears of the answer.
                let on_it = set.remarks.iter().filter(|remark| set.is_current(remark));
                authors.extend(on_it.filter_map(|remark| remark.by.person()));
                format!("{actor} wrote on draft {number} of the guardrails")
            }
            GuardrailAct::SendBack(_) => format!("{actor} sent draft {number} of the guardrails back to you"),
            GuardrailAct::Discard => format!("{actor} threw away draft {number} of the guardrails"),
        };
        tell_people(self, tx, actor, &authors, &says, PATH).await
    }

    /// Publishes the draft that was reviewed: from now on it is asked about every request, and again at the moment of granting.
    pub async fn publish_guardrails(&self, actor: &Actor, number: u32) -> Result<(), Error> {
        let done = self
            .retrying(|| async {
                let mut tx = self.store().write().await?;
                self.publish_guardrails_in(&mut tx, actor, number, None).await?;
                self.commit(tx).await
            })
            .await;
        if let Err(Error::Refused(Refusal::NotReplayed { .. })) = &done {
            self.catch_up_alone(ReplayOf::Guardrails).await?;
        }
        done
    }

    /// The same, within an act that commits it.
    pub(crate) async fn publish_guardrails_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        number: u32,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let now = self.now();
        in_portal(tx, actor, now).await?.admin()?;
        let set = tx.guardrails().await?.ok_or(Error::NotFound)?;
        let founding = is_founding(tx).await?;
        let gaps = self.gaps_of(tx, &set).await?;
        self.catch_up(tx, ReplayOf::Guardrails).await?;
        let (replay, found) = progress(tx, ReplayOf::Guardrails, number).await?;
        let authors = set.draft.as_ref().map(Draft::people).unwrap_or_default();
        let confirmed = self.as_admin(tx, actor, founding, authors.clone(), verified).await?;
        let change = set.publish(actor, number, Around { founding, gaps: &gaps, replay, found }, confirmed, now)?;
        self.save(tx, &change).await?;
        let says = format!("{actor} published version {number} of the guardrails");
        tell_people(self, tx, actor, &authors, &says, PATH).await
    }

    /// Why the draft could not be published, as far as its text goes.
    async fn gaps_of(&self, tx: &mut Tx, set: &GuardrailSet) -> Result<Vec<String>, Error> {
        match &set.draft {
            Some(draft) => Ok(self.sketch(tx, &draft.spec).await?.all()),
            None => Ok(Vec::new()),
        }
    }

    /// The guardrails that a catalogue brings: published at once in founding mode, else a draft in review. Gives whether they are new.
    pub(crate) async fn bring_guardrails(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        text: GuardrailText,
        founding: bool,
    ) -> Result<bool, Error> {
        let now = self.now();
        let change = match tx.guardrails().await? {
            None => Some(GuardrailSet::draft_new(actor, text, now)?),
            Some(set) => set.draft(actor, text, None, now)?,
        };
        let Some(change) = change else { return Ok(false) };
        self.save(tx, &change).await?;
        let set = tx.guardrails().await?.ok_or(Error::NotFound)?;
        let number = set.versions;
        if founding {
            let gaps = self.gaps_of(tx, &set).await?;
            let around = Around { founding, gaps: &gaps, replay: Progress::NotBegun, found: None };
            let change = set.publish(actor, number, around, Confirmed::UNASKED, now)?;
            self.save(tx, &change).await?;
        } else {
            let change = set.submit(actor, number, now)?;
            self.save(tx, &change).await?;
            tx.begin_replay(ReplayOf::Guardrails, number, now).await?;
            self.tell_of_guardrails(tx, actor, &set, number, GuardrailAct::Submit).await?;
        }
        Ok(true)
    }
}

/// What somebody typed, with line breaks of one kind: browsers send two characters for each. What cannot be seen is not kept, as a text is
/// published by who has read it.
fn typed(text: &GuardrailText) -> Result<GuardrailText, Refusal> {
    let one = |field: &'static str, text: &str| {
        let text = text.replace("\r\n", "\n");
        line(&text, LONGEST, true).map(|()| text).map_err(|bad| Refusal::Text { field, bad })
    };
    Ok(GuardrailText { rules: one("rules", &text.rules)?, tests: one("tests", &text.tests)? })
}

/// What one version says, from the chain that it was written in.
pub(super) async fn written(tx: &mut Tx, number: u32) -> Result<Option<GuardrailText>, Error> {
    let mut from = 1;
    loop {
        let page = tx.events(GuardrailSet::STREAM, from, 100).await?;
        let Some(last) = page.last() else { return Ok(None) };
        from = last.seq + 1;
        for event in &page {
            if let Event::Guardrail(event) = event.envelope()?.event
                && let GuardrailEvent::GuardrailsDrafted { number: found, spec } = *event
                && found == number
            {
                return Ok(Some(spec));
            }
        }
    }
}
