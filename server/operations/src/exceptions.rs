//! Exceptions, looked back at: when the access of one has ended its review is owed, by people who had no part in it.

use crate::{Error, Portal, acts::tell_once, lines::written, pages::request_card, requests::prose};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor,
    exception::REVIEWED_WITHIN,
    facts::Facts,
    grant::{Grant, State},
    ids::{IdentityId, RequestId, StreamId, SystemId},
    request::Request,
    views::{ReviewRow, ReviewView},
};
use std::collections::BTreeSet;
use store::Tx;

/// How many owed reviews are read at once, to find those that somebody owes.
const LOOKED_THROUGH: i64 = 200;
/// How long it takes at most until it is noticed that an end goes on.
const AGAIN: TimeDelta = TimeDelta::hours(1);

impl Portal {
    /// Reviews an exception whose access has ended; that closes it.
    pub async fn review_exception(&self, actor: &Actor, id: RequestId, text: &str) -> Result<(), Error> {
        let text = prose("review", text)?;
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let (request, authority) = self.to_decide(&mut tx, actor, id, now).await?;
            let grant = tx.grant_of(id).await?;
            let (today, hands) = self.looked_back_by(&mut tx, &request).await?;
            let text = self.words(text.as_str());
            let change = request
                .reviewed(&authority, grant.as_ref(), &today, &hands, text, now)
                .inspect_err(|no| tracing::warn!(request = %id, %actor, "a review was refused: {no}"))?;
            self.save(&mut tx, &change).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Looks at an exception that was granted: once its access has ended those who owe its review are told, and the admins when nobody
    /// has done it in time. Gives when to look again.
    pub(crate) async fn tend_exception(&self, tx: &mut Tx, request: &Request) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.now();
        if !request.owes_review() {
            return Ok(None);
        }
        let Some(grant) = tx.grant_of(request.id).await? else { return Ok(None) };
        let called = format!("{} for {}", request.facts.bundle.spec.name, request.facts.subject.name);
        let Some(due) = request.review_due(&grant) else {
            // An end that nobody brings about must not hide what is owed once it has come.
            if let State::Ending { since, .. } = &grant.state
                && *since + REVIEWED_WITHIN <= now
            {
                let by = since.format("%-d %B");
                let says = format!("{called}, an exception, is being taken away since {by}: its review waits for that");
                self.tell_admins_of_review(tx, &says, &format!("/requests/{}#ending", request.id)).await?;
            }
            return Ok(Some(grant.needs_until().filter(|at| *at > now).unwrap_or(now + AGAIN)));
        };
        let by = due.format("%-d %B");
        let says = format!("{called} was an exception and has ended: yours to review until {by}");
        let owed_by = self.owed_by(tx, request).await?;
        tell_once(self, tx, &owed_by, &says, &format!("/requests/{}#exception", request.id), None).await?;
        if now < due {
            return Ok(Some(due));
        }
        let says = format!("the review of {called}, an exception, was due on {by} and nobody has done it");
        self.tell_admins_of_review(tx, &says, &format!("/requests/{}#overdue", request.id)).await?;
        Ok(None)
    }

    async fn tell_admins_of_review(&self, tx: &mut Tx, says: &str, path: &str) -> Result<(), Error> {
        let admins = tx.admins().await?.into_iter().map(|(admin, _)| admin).collect();
        tell_once(self, tx, &admins, says, path, None).await
    }

    /// What tells who looks back at an exception: today's facts, and who made its access by hand or took it away.
    async fn looked_back_by(&self, tx: &mut Tx, request: &Request) -> Result<(Facts, BTreeSet<IdentityId>), Error> {
        let guardrails = self.guardrails(tx).await?;
        let today = self.todays_facts(tx, request, guardrails.as_ref()).await?;
        let mut hands = BTreeSet::new();
        for event in tx.events_named(StreamId(request.id.0), "attested").await? {
            hands.extend(event.envelope()?.actor.person());
        }
        Ok((today, hands))
    }

    async fn owed_by(&self, tx: &mut Tx, request: &Request) -> Result<BTreeSet<IdentityId>, Error> {
        let (today, hands) = self.looked_back_by(tx, request).await?;
        Ok(request.reviewers(&today, &hands))
    }

    /// The reviews that somebody owes, the oldest first.
    pub(crate) async fn reviews_of(&self, tx: &mut Tx, me: IdentityId) -> Result<Vec<ReviewRow>, Error> {
        let (now, mut mine) = (self.now(), Vec::new());
        let mut page = tx.owed_reviews(RequestId(uuid::Uuid::nil()), LOOKED_THROUGH).await?;
        // Mostly none is owed by anybody, and nothing more is read.
        if page.is_empty() {
            return Ok(mine);
        }
        let (owns, backs_up) = tx.owned_by(me).await?;
        let groups = tx.groups_of(me, now).await?;
        let falls = tx.systems_that_fall_to(&groups).await?;
        if owns.is_empty() && backs_up.is_empty() && falls.is_empty() {
            return Ok(mine);
        }
        let looks_after = |id: &SystemId| owns.contains(id) || backs_up.contains(id) || falls.contains(id);
        while let Some((last, _)) = page.last() {
            let from = last.id;
            for (request, grant) in page {
                let Some(due) = request.review_due(&grant) else { continue };
                if !request.facts.systems.keys().any(looks_after) {
                    continue;
                }
                if self.owed_by(tx, &request).await?.contains(&me) {
                    mine.push(ReviewRow { card: request_card(&request), due, overdue: due <= now });
                }
            }
            page = tx.owed_reviews(from, LOOKED_THROUGH).await?;
        }
        Ok(mine)
    }

    /// How it stands with the review of an exception that was granted.
    pub(crate) async fn review_view(
        &self,
        tx: &mut Tx,
        request: &Request,
        grant: Option<&Grant>,
        me: IdentityId,
    ) -> Result<Option<ReviewView>, Error> {
        if let Some(review) = &request.review {
            let text = written(tx, &review.text).await?;
            let done = Some((review.name.clone(), review.at, text));
            return Ok(Some(ReviewView { done, due: None, overdue: false, owed_by: Vec::new(), mine: false }));
        }
        if !request.owes_review() {
            return Ok(None);
        }
        let due = grant.and_then(|grant| request.review_due(grant));
        let owed_by = self.owed_by(tx, request).await?;
        let mine = due.is_some() && owed_by.contains(&me);
        let overdue = due.is_some_and(|due| due <= self.now());
        let owed_by = tx.names(&owed_by, true).await?.into_values().collect();
        Ok(Some(ReviewView { done: None, due, overdue, owed_by, mine }))
    }
}
