//! Asking, deciding, withdrawing, writing on a request.

use crate::{
    Error, Portal,
    acts::{Owed, tell, tell_of_withdrawal},
    facts::{About, Footing, delegators, facts, in_portal, over, reader},
    rulings::ways,
};
use chrono::{DateTime, Utc};
use domain::{
    Actor, Refusal,
    authority::Authority,
    condition::Condition,
    exception,
    facts::{Ask, Evidence, Facts, Reason},
    grant::Grant,
    guardrail::Guardrails,
    identity::Identity,
    ids::{ApprovalId, GrantId, IdentityId, RequestId},
    minutes::Minutes,
    nearest::nearest,
    request::{Approval, Asked, Request, State},
    ruling::{Outcome, Ruling, judge, may_ask_for},
    stepup::{Verified, digest},
    text::{Prose, line},
    views::{
        Asking, Named,
        bulk::{Answered, Chosen},
    },
};
use std::collections::BTreeSet;
use store::Tx;

/// The most links one ask may carry.
const MOST_LINKS: usize = 5;
/// The most characters a link may have.
const LONGEST_LINK: usize = 500;
/// How many requests somebody may say yes to at once.
const MOST_AT_ONCE: usize = 50;
/// How many other bundles are looked at for one that covers the need as well.
const MOST_INSTEAD: usize = 8;

/// An ask as it was parsed, with the facts to judge it by.
pub(crate) struct Prepared {
    pub ask: Ask,
    pub facts: Facts,
    pub reason: Prose,
}

/// A ruling that nobody has asked for yet.
pub(crate) struct Previewed {
    pub ruling: Ruling,
    pub facts: Facts,
    /// The nearest ways in, in words, where it is refused.
    pub ways: Vec<String>,
    /// Other bundles that cover the need, where no way leads into this one.
    pub instead: Vec<Named>,
    /// Whether it is asked for as an exception, where it is or could be.
    pub exception: Option<bool>,
}

impl Portal {
    /// Asks for a bundle. Policy rules at once; a refused ask is a record too, and its page says why.
    pub async fn ask(&self, actor: &Actor, asking: &Asking) -> Result<RequestId, Error> {
        self.retrying(|| self.ask_once(actor, asking)).await
    }

    async fn ask_once(&self, actor: &Actor, asking: &Asking) -> Result<RequestId, Error> {
        let mut tx = self.store().write().await?;
        let id = self.ask_in(&mut tx, actor, asking, None).await?;
        self.commit(tx).await?;
        Ok(id)
    }

    /// Asks within a transaction, confirmed by a step-up or not.
    pub(crate) async fn ask_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        asking: &Asking,
        verified: Option<Verified>,
    ) -> Result<RequestId, Error> {
        let guardrails = self.guardrails(tx).await?;
        let asked = Asked { verified, ..self.asked(tx, actor, asking, guardrails.as_ref(), true).await? };
        let id = asked.id;
        let change = Request::ask(actor, asked, guardrails.as_ref(), self.setup().approval_lapse, self.now())?;
        self.save(tx, &change).await?;
        if let Some(request) = change.request() {
            self.note_failing_guardrails(tx, &request.ruling).await?;
            tell(self, tx, actor, request, Owed::Asked).await?;
            if request.state.word() == "refused" {
                tracing::info!(request = %id, "policy refused a request");
            }
        }
        Ok(id)
    }

    /// What is asked, with the facts of now.
    pub(crate) async fn asked(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        asking: &Asking,
        guardrails: &dyn Guardrails,
        lock: bool,
    ) -> Result<Asked, Error> {
        let Prepared { ask, facts, reason } = self.prepare(tx, actor, asking, guardrails, lock).await?;
        Ok(Asked {
            id: RequestId(self.new_id()),
            approval: ApprovalId(self.new_id()),
            ask,
            justification: self.words(reason.as_str()),
            facts,
            form: digest(asking),
            verified: None,
        })
    }

    /// The ruling an ask would get, without asking: the same operation, saving nothing. Where it is refused, with the nearest ways in.
    pub(crate) async fn preview_ruling(&self, actor: &Actor, asking: &Asking) -> Result<Previewed, Error> {
        self.paced(actor)?;
        let mut tx = self.store().read().await?;
        let guardrails = self.guardrails(&mut tx).await?;
        let Prepared { ask, facts, .. } = self.prepare(&mut tx, actor, asking, guardrails.as_ref(), false).await?;
        let ruling = judge(&ask, &facts, guardrails.as_ref());
        let refused = ruling.outcome == Outcome::Refused;
        let ways = if refused { ways(&ask, &facts, guardrails.as_ref()) } else { Vec::new() };
        let instead = if refused && ways.is_empty() && ruling.only_unwritten().is_none() {
            self.instead(&mut tx, actor, asking, &facts, guardrails.as_ref()).await?
        } else {
            Vec::new()
        };
        let asked = ask.exception.is_some();
        let exception = (asked || exception::is_open_to(&ruling, &facts)).then_some(asked);
        Ok(Previewed { ruling, facts, ways, instead, exception })
    }

    /// Other bundles that give all of it and that the same ask, or a near one, would not be refused; each is in the catalogue, for
    /// everybody to see.
    async fn instead(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        asking: &Asking,
        facts: &Facts,
        guardrails: &dyn Guardrails,
    ) -> Result<Vec<Named>, Error> {
        let wanted = &facts.bundle.spec.entitlements;
        let Some(first) = wanted.first() else { return Ok(Vec::new()) };
        let mut instead = Vec::new();
        for (key, name) in tx.bundles_conferring(*first).await?.into_iter().take(MOST_INSTEAD) {
            let other = tx.bundle_by_key(&key).await?.and_then(|bundle| bundle.open_version());
            let Some(other) = other.filter(|it| it.bundle != facts.bundle.bundle) else { continue };
            if !wanted.is_subset(&other.spec.entitlements) {
                continue;
            }
            let asking = Asking { bundle: key.clone(), ..asking.clone() };
            let Prepared { ask, facts, .. } = self.prepare(tx, actor, &asking, guardrails, false).await?;
            let passes = judge(&ask, &facts, guardrails).outcome != Outcome::Refused;
            if passes || !nearest(&ask, &facts, guardrails).is_empty() {
                instead.push(Named { id: key, name });
            }
        }
        Ok(instead)
    }

    async fn prepare(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        asking: &Asking,
        guardrails: &dyn Guardrails,
        lock: bool,
    ) -> Result<Prepared, Error> {
        let now = self.now();
        if actor.person().is_none() {
            return Err(Refusal::NotAllowed("only a person asks").into());
        }
        let mut asker = reader(tx, actor).await?;
        let mut subject = self.subject(tx, &asker, &asking.subject).await?;
        if lock {
            // The subject's row is bumped first: two asks that judge the same person go one after the other.
            subject = tx.touch_identity(subject.id).await?.ok_or(Error::NotFound)?;
            if asker.id == subject.id {
                asker.clone_from(&subject);
            }
        }
        let minutes: Minutes = asking.duration.parse().map_err(Refusal::from)?;
        let reason: Prose =
            asking.justification.parse().map_err(|bad| Refusal::Text { field: "justification", bad })?;
        let evidence = evidence(asking)?;
        let continues = match asking.continues.trim() {
            "" => None,
            id => Some(self.continued(tx, subject.id, id).await?),
        };
        let bundle = tx.bundle_by_key(asking.bundle.trim()).await?.ok_or(Error::NotFound)?;
        let version = bundle.open_version().ok_or(Error::NotFound)?;
        if let Some(continued) = &continues
            && continued.bundle != bundle.id
        {
            return Err(Refusal::NotA {
                field: "grant of this bundle",
                got: asking.continues.chars().take(40).collect(),
            }
            .into());
        }
        let was_exception = match &continues {
            Some(grant) => tx.request(grant.request).await?.is_some_and(|request| request.ask.exception.is_some()),
            None => false,
        };
        let continues = continues.map(|grant| grant.id);
        let about = About {
            bundle: &version,
            published: true,
            subject: &subject,
            asker: &asker,
            continues,
            this: None,
            guardrails,
        };
        let facts = facts(tx, &about, now).await?;
        let fits = version.spec.conditions.iter().all(|c: &Condition| c.fits(reason.as_str()));
        let length = u32::try_from(reason.as_str().chars().count()).unwrap_or(u32::MAX);
        let beside = exception::beside(&facts);
        let excepted = match asking.exception.trim() {
            // The renewal of an exception is one again, for as long as there is something that it is one from.
            "" => was_exception && !beside.is_empty(),
            "yes" => true,
            other => return Err(Refusal::NotA { field: "yes", got: other.chars().take(40).collect() }.into()),
        };
        let exception = excepted.then_some(beside);
        let ask = Ask {
            asker: asker.id,
            subject: subject.id,
            minutes,
            reason: Reason { length, fits },
            evidence,
            continues,
            exception,
        };
        Ok(Prepared { ask, facts, reason })
    }

    /// For whom it is: somebody the asker may ask for, and nobody else is admitted to exist.
    async fn subject(&self, tx: &mut Tx, asker: &Identity, id: &str) -> Result<Identity, Error> {
        const NOT_YOURS: Refusal =
            Refusal::NotAllowed("you can ask for yourself, for people you manage and for identities you own");
        if id.trim().is_empty() {
            return Err(Refusal::Missing("person or identity it is for").into());
        }
        let id: IdentityId = id.trim().parse().map_err(|_| NOT_YOURS)?;
        if may_ask_for(asker.id, id, None, &BTreeSet::new()).is_some() {
            return Ok(asker.clone());
        }
        let subject = tx.identity(id).await?.ok_or(NOT_YOURS)?;
        if may_ask_for(asker.id, id, subject.spec.manager, &subject.spec.owners).is_none() {
            tracing::warn!(asker = %asker.id, subject = %id, "an ask for somebody else's identity was refused");
            return Err(NOT_YOURS.into());
        }
        Ok(subject)
    }

    async fn continued(&self, tx: &mut Tx, subject: IdentityId, id: &str) -> Result<Grant, Error> {
        let id: GrantId = id.parse().map_err(|_| Error::NotFound)?;
        let grant = tx.grant(id).await?.filter(|g| g.subject == subject).ok_or(Error::NotFound)?;
        if !grant.needs_its_rights(self.now()) {
            return Err(Refusal::NotLive { state: grant.state.word() }.into());
        }
        Ok(grant)
    }

    /// Says yes to a request, to the terms that were shown, perhaps for less time. The last yes it takes approves it.
    pub async fn approve(
        &self,
        actor: &Actor,
        id: RequestId,
        version: u32,
        shorter: &str,
        comment: &str,
    ) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.approve_in(&mut tx, actor, id, (version, shorter, comment), None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Says yes within a transaction, confirmed by a step-up or not: to these terms, for a shorter time or not, with a comment or none.
    pub(crate) async fn approve_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: RequestId,
        (version, shorter, comment): (u32, &str, &str),
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let minutes = match shorter.trim() {
            "" => None,
            text => Some(text.parse::<Minutes>().map_err(Refusal::from)?),
        };
        let comment = self.words(prose("comment", comment)?.as_str());
        let now = self.now();
        let (request, authority) = self.to_decide(tx, actor, id, now).await?;
        let approval = Approval { approval: ApprovalId(self.new_id()), minutes, comment, verified };
        let change = request
            .approve(&authority, version, approval, self.setup().approval_lapse, now)
            .inspect_err(|no| tracing::warn!(request = %id, %actor, "a decision was refused: {no}"))?;
        self.save(tx, &change).await?;
        if let Some(request) = change.request() {
            tell(self, tx, actor, request, Owed::Approved).await?;
        }
        Ok(())
    }

    /// Says yes to several requests: to each as [`Portal::approve`] does, by itself, in the order they were chosen. What becomes of one
    /// leaves the others as they are.
    pub async fn approve_many(&self, actor: &Actor, chosen: &[Chosen], comment: &str) -> Result<Vec<Answered>, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?;
        drop(tx);
        if chosen.is_empty() {
            return Err(Refusal::Form(vec!["choose at least one request".to_owned()]).into());
        }
        if chosen.len() > MOST_AT_ONCE {
            let says = format!("choose at most {MOST_AT_ONCE} requests at once; these are {}", chosen.len());
            return Err(Refusal::Form(vec![says]).into());
        }
        prose("comment", comment)?;
        let mut answers = Vec::new();
        for Chosen { request, terms } in chosen {
            let done = match self.fits_a_list(actor, *request).await {
                Ok(()) => self.approve(actor, *request, *terms, "", comment).await,
                Err(no) => Err(no),
            };
            answers.push(self.answer(actor, *request, done).await);
        }
        Ok(answers)
    }

    /// What hangs on an identity that is not a person stands beside its request and not in a list; it is looked at first (R35).
    async fn fits_a_list(&self, actor: &Actor, id: RequestId) -> Result<(), Error> {
        let mut tx = self.store().read().await?;
        let Some(request) = tx.request(id).await? else { return Ok(()) };
        if request.facts.subject.kind.is_person() || !over(&mut tx, actor, &request, self.now()).await?.may_see() {
            return Ok(());
        }
        Err(Refusal::NotAllowed("it is for an identity that is not a person: open it, and see what hangs on it").into())
    }

    async fn answer(&self, actor: &Actor, request: RequestId, done: Result<(), Error>) -> Answered {
        let why_not = match done {
            Ok(()) => return Answered { request, what: None, why_not: None },
            Err(Error::Refused(Refusal::StepUp { needed })) => format!("wants {}: open it", needed.word()),
            Err(no @ (Error::Refused(_) | Error::NotFound | Error::Conflict)) => no.to_string(),
            Err(error @ (Error::Store(_) | Error::Connector(_) | Error::Unready(_))) => {
                tracing::error!(%request, %error, "one of several approvals failed");
                "something went wrong on our side: look whether it is approved".to_owned()
            }
        };
        // What it is called is a kindness; that it was not approved is said without it too.
        let what = self.in_words(actor, request).await.unwrap_or_default();
        Answered { request, what, why_not: Some(why_not) }
    }

    /// What a request asks, in one sentence; `None` where that is not the actor's to see.
    async fn in_words(&self, actor: &Actor, id: RequestId) -> Result<Option<String>, Error> {
        let mut tx = self.store().read().await?;
        let Some(request) = tx.request(id).await? else { return Ok(None) };
        let may_see = over(&mut tx, actor, &request, self.now()).await?.may_see();
        Ok(may_see.then(|| request.sentence()))
    }

    /// Says no to a request, and why; that ends it.
    pub async fn deny(&self, actor: &Actor, id: RequestId, _version: u32, comment: &str) -> Result<(), Error> {
        let comment = prose("comment", comment)?;
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let (request, authority) = self.to_decide(&mut tx, actor, id, now).await?;
            let change = request
                .deny(&authority, self.words(comment.as_str()), now)
                .inspect_err(|no| tracing::warn!(request = %id, %actor, "a decision was refused: {no}"))?;
            self.save(&mut tx, &change).await?;
            if let Some(request) = change.request() {
                tell(self, &mut tx, actor, request, Owed::Denied).await?;
            }
            self.commit(tx).await
        })
        .await
    }

    /// A request that the actor may see, and what they may do with it, while the transaction holds, in one fixed order, the rows a decision
    /// judges: the subject, the approver and those in whose place they may decide, then the systems. Whoever takes authority away bumps the
    /// same rows, so one of the two goes first.
    pub(crate) async fn to_decide(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: RequestId,
        now: DateTime<Utc>,
    ) -> Result<(Request, Authority), Error> {
        let mut request = tx.request(id).await?.ok_or(Error::NotFound)?;
        let lenders = delegators(tx, actor, now).await?;
        let parties = [Some(request.ask.subject), actor.person()].into_iter().flatten();
        let people: BTreeSet<_> = parties.chain(lenders.iter().copied()).collect();
        for person in people {
            tx.touch_identity(person).await?;
        }
        for system in request.facts.systems.keys() {
            tx.touch_system(*system).await?;
        }
        if !tx.is_of_one_moment() {
            if delegators(tx, actor, now).await? != lenders {
                // Somebody has let them decide meanwhile, whose row is not held: all of it once more.
                return Err(Error::Conflict);
            }
            request = tx.request(id).await?.ok_or(Error::NotFound)?;
        }
        let authority = Footing::among(tx, actor, &lenders, now).await?.over(tx, actor, &request, now).await?;
        if authority.may_see() { Ok((request, authority)) } else { Err(Error::NotFound) }
    }

    /// Takes a request back.
    pub async fn withdraw(&self, actor: &Actor, id: RequestId) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let request = tx.request(id).await?.ok_or(Error::NotFound)?;
            let authority = over(&mut tx, actor, &request, now).await?;
            if !authority.may_see() {
                return Err(Error::NotFound);
            }
            let change = request.withdraw(&authority, now)?;
            self.save(&mut tx, &change).await?;
            tell_of_withdrawal(self, &mut tx, actor, &request).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Writes on a request.
    pub async fn comment(&self, actor: &Actor, id: RequestId, text: &str) -> Result<(), Error> {
        let text = prose("comment", text)?;
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let request = tx.request(id).await?.ok_or(Error::NotFound)?;
            let authority = over(&mut tx, actor, &request, now).await?;
            if !authority.may_see() {
                return Err(Error::NotFound);
            }
            let words = self.words(text.as_str()).ok_or(Refusal::Missing("comment"))?;
            let change = request.comment(&authority, words, now)?;
            self.save(&mut tx, &change).await?;
            if let Some(request) = change.request() {
                tell(self, &mut tx, actor, request, Owed::Commented).await?;
            }
            self.commit(tx).await
        })
        .await
    }

    /// Looks at a request because its time has come: reminds of it, expires or lapses it, or judges it again and opens a grant (R7). Gives
    /// when to look again.
    pub(crate) async fn tend_request(
        &self,
        tx: &mut Tx,
        id: RequestId,
    ) -> Result<Option<chrono::DateTime<chrono::Utc>>, Error> {
        let now = self.now();
        let Some(mut request) = tx.request(id).await? else { return Ok(None) };
        tx.touch_identity(request.ask.subject).await?;
        if !tx.is_of_one_moment() {
            let Some(again) = tx.request(id).await? else { return Ok(None) };
            request = again;
        }
        if let Some(change) = request.expire(now)? {
            self.save(tx, &change).await?;
            if let Some(request) = change.request() {
                tell(self, tx, &Actor::System, request, Owed::Over).await?;
            }
            return Ok(None);
        }
        match &request.state {
            State::Waiting { .. } => self.tend_waiting(tx, &request).await,
            State::Approved { lapses_at, .. } => {
                let lapses_at = *lapses_at;
                let guardrails = self.guardrails(tx).await?;
                let today = self.todays_facts(tx, &request, guardrails.as_ref()).await?;
                let grant = GrantId(self.new_id());
                let Some(change) = request.settle(today.clone(), guardrails.as_ref(), grant, now)? else {
                    // Only the hour stands in the way: look again soon, and give up when the approval lapses.
                    return Ok(Some((now + chrono::TimeDelta::minutes(5)).min(lapses_at)));
                };
                self.save(tx, &change).await?;
                if let Some(request) = change.request() {
                    if let Some(second) = &request.second_ruling {
                        self.note_failing_guardrails(tx, second).await?;
                    }
                    tell(self, tx, &Actor::System, request, Owed::Over).await?;
                    if let State::Granted { .. } = request.state {
                        let opened = Grant::open(request, &today, lapses_at, now)?;
                        self.save(tx, &opened).await?;
                        return Ok(request.owes_review().then_some(lapses_at));
                    }
                }
                Ok(None)
            }
            State::Granted { .. } => self.tend_exception(tx, &request).await,
            State::Refused { .. }
            | State::Denied { .. }
            | State::Withdrawn { .. }
            | State::Expired { .. }
            | State::Lapsed { .. }
            | State::Stopped { .. } => Ok(None),
        }
    }

    /// Today's facts about a request, by its frozen bundle version.
    pub(crate) async fn todays_facts(
        &self,
        tx: &mut Tx,
        request: &Request,
        guardrails: &dyn Guardrails,
    ) -> Result<Facts, Error> {
        let open = tx.bundle(request.bundle()).await?.is_some_and(|b| b.retired_at.is_none() && b.published.is_some());
        let Ask { subject, asker, .. } = request.ask;
        let parties = tx.identities_among(&[subject, asker].into()).await?;
        let about = About {
            bundle: &request.facts.bundle,
            published: open,
            subject: parties.get(&subject).ok_or(Error::NotFound)?,
            asker: parties.get(&asker).ok_or(Error::NotFound)?,
            continues: request.ask.continues,
            this: Some(request),
            guardrails,
        };
        facts(tx, &about, self.now()).await
    }

    /// Works out again who may decide the requests that wait, after authority has changed.
    pub(crate) async fn reroute(&self, tx: &mut Tx) -> Result<u32, Error> {
        self.reroute_but(tx, &BTreeSet::new()).await
    }

    /// The same after somebody's word has changed it, who never decide what they moved.
    pub(crate) async fn reroute_but(&self, tx: &mut Tx, said_by: &BTreeSet<IdentityId>) -> Result<u32, Error> {
        let mut changed = 0;
        let mut from = RequestId(uuid::Uuid::nil());
        let guardrails = self.guardrails(tx).await?;
        loop {
            let open = tx.open_requests(from, 100).await?;
            let Some(last) = open.last() else { return Ok(changed) };
            from = last.id;
            for request in open {
                let today = self.todays_facts(tx, &request, guardrails.as_ref()).await?;
                if let Some(change) = request.reroute(&today, said_by, self.now())? {
                    self.save(tx, &change).await?;
                    changed += 1;
                    if let Some(request) = change.request() {
                        tell(self, tx, &Actor::System, request, Owed::Rerouted).await?;
                    }
                }
            }
        }
    }
}

pub(crate) fn prose(field: &'static str, text: &str) -> Result<Prose, Error> {
    Ok(text.parse().map_err(|bad| Refusal::Text { field, bad })?)
}

fn evidence(asking: &Asking) -> Result<Vec<Evidence>, Error> {
    let mut evidence = Vec::new();
    let reference = asking.work_item.trim();
    if !reference.is_empty() {
        line(reference, 100, false).map_err(|bad| Refusal::Text { field: "work item", bad })?;
        evidence.push(Evidence::WorkItem { reference: reference.to_owned() });
    }
    evidence.extend(links(&asking.link)?);
    Ok(evidence)
}

/// One link a line; lines without anything on them count for nothing.
fn links(text: &str) -> Result<Vec<Evidence>, Refusal> {
    let mut links = Vec::new();
    let numbered = (1..).zip(text.lines().map(str::trim)).filter(|(_, url)| !url.is_empty());
    for (at, url) in numbered {
        if links.len() == MOST_LINKS {
            return Err(Refusal::ManyLinks { line: at, most: MOST_LINKS });
        }
        line(url, LONGEST_LINK, false).map_err(|bad| Refusal::BadLink { line: at, bad })?;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace)) {
            return Err(Refusal::NotALink { line: at, got: url.chars().take(80).collect() });
        }
        links.push(Evidence::Link { url: url.to_owned() });
    }
    Ok(links)
}
