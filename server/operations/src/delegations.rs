//! Letting another decide in one's place: who, from which day to which, and ending it. What it lets them decide is told by the domain, from
//! what the person may decide themselves at that moment.

use crate::{Error, Portal, acts::tell_people, facts::over, stepup::person};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    delegation::{Delegation, FIRST_DAY, LAST_DAY},
    identity::Identity,
    ids::IdentityId,
    request::Request,
    stepup::Verified,
    views::delegation::{DelegationPage, DelegationView},
};
use std::collections::BTreeSet;
use store::Tx;

/// Where it is read and ended.
const PAGE: &str = "/delegation";

/// Somebody who may decide a request in another's place.
pub(crate) struct StandIn {
    /// Who.
    pub who: IdentityId,
    /// In whose place.
    pub whom: IdentityId,
    /// The name of the other.
    pub name: String,
}

impl Portal {
    /// Who decides in the reader's place, and in whose place the reader does.
    pub async fn delegation(&self, actor: &Actor) -> Result<DelegationPage, Error> {
        let now = self.now();
        let mut tx = self.store().read().await?;
        let me = person(&mut tx, actor).await?;
        let mine = match me.open_delegation(now) {
            Some(it) => tx.identity(it.to).await?.map(|to| view(&to, it, now)),
            None => None,
        };
        let mut lent = Vec::new();
        for id in tx.delegators_of(me.id, now).await? {
            let lender = tx.identity(id).await?.filter(Identity::may_act);
            lent.extend(lender.and_then(|it| Some(view(&it, it.open_delegation(now)?, now))));
        }
        Ok(DelegationPage { mine, lent, today: now.date_naive().to_string() })
    }

    /// Lets another decide in one's place, within an act that commits it. Both are told.
    pub(crate) async fn delegate_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        (to, from, until): (&str, &str, &str),
        verified: Verified,
    ) -> Result<(), Error> {
        let me = person(tx, actor).await?;
        let (to, wanted) = wanted(tx, to, from, until).await?;
        // Neither leaves while it is made.
        for id in BTreeSet::from([me.id, to.id]) {
            tx.touch_identity(id).await?;
        }
        let me = person(tx, actor).await?;
        let to = tx.identity(to.id).await?.ok_or(Error::NotFound)?;
        self.save(tx, &me.delegate(actor, &to, wanted, verified, self.now())?).await?;
        let days = days(wanted);
        let says = format!("{} lets you decide in their place {days}", me.spec.name);
        tell_people(self, tx, &Actor::System, &[to.id].into(), &says, PAGE).await?;
        let name = &to.spec.name;
        let says = format!("{name} decides in your place {days}: end it and tell an admin if that was not you");
        tell_people(self, tx, &Actor::System, &[me.id].into(), &says, PAGE).await
    }

    /// Decides by oneself again. Both are told.
    pub async fn end_delegation(&self, actor: &Actor) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let me = person(&mut tx, actor).await?;
            self.save(&mut tx, &me.end_delegation(actor, now)?).await?;
            self.tell_that_none_decides(&mut tx, &me, "as you ended it").await?;
            self.commit(tx).await
        })
        .await
    }

    /// Who may decide a request in another's place now: by the same word by which it stands in their inbox.
    pub(crate) async fn stand_ins(&self, tx: &mut Tx, request: &Request) -> Result<Vec<StandIn>, Error> {
        let now = self.now();
        let mut found = Vec::new();
        for who in tx.delegates_on(request.id, now).await? {
            let Some(it) = tx.identity(who).await?.filter(Identity::may_act) else { continue };
            let who_acts = Actor::Person { id: who, name: it.spec.name };
            let authority = Box::pin(over(tx, &who_acts, request, now)).await?;
            found.extend(request.stands_in_for(&authority, now).map(|(whom, name)| StandIn { who, whom, name }));
        }
        Ok(found)
    }

    /// Tells both that somebody, who stands here as they were, decides by themselves again.
    pub(crate) async fn tell_that_none_decides(&self, tx: &mut Tx, before: &Identity, why: &str) -> Result<(), Error> {
        let Some(ended) = before.open_delegation(self.now()) else { return Ok(()) };
        let says = format!("{} decides by themselves again, and you no longer in their place", before.spec.name);
        tell_people(self, tx, &Actor::System, &[ended.to].into(), &says, PAGE).await?;
        let says = format!("nobody decides in your place any more, {why}");
        tell_people(self, tx, &Actor::System, &[before.id].into(), &says, PAGE).await
    }

    /// Whoever had named a leaver decides by themselves again, and hears of it.
    pub(crate) async fn end_delegations_to(&self, tx: &mut Tx, leaver: &Identity) -> Result<(), Error> {
        let now = self.now();
        for id in tx.delegators_of(leaver.id, now).await? {
            let Some(lender) = tx.identity(id).await? else { continue };
            self.save(tx, &lender.end_delegation(&Actor::System, now)?).await?;
            let says = format!("{} has left, and so nobody decides in your place any more", leaver.spec.name);
            tell_people(self, tx, &Actor::System, &[id].into(), &says, PAGE).await?;
        }
        Ok(())
    }
}

/// Who is meant, and for which days, as it was written in the form.
pub(crate) async fn wanted(tx: &mut Tx, to: &str, from: &str, until: &str) -> Result<(Identity, Delegation), Error> {
    let to = to.trim();
    if to.is_empty() {
        return Err(Refusal::Missing("sign-in name").into());
    }
    // One answer for all who cannot: who else there is does not show.
    let who = tx.identity_by_key(to).await?.filter(|it| it.spec.kind.is_person() && it.may_act());
    let who = who.ok_or_else(|| Refusal::NotA {
        field: "sign-in name of somebody who can decide for you",
        got: to.chars().take(80).collect(),
    })?;
    let (from, last) = (day(FIRST_DAY, from)?, day(LAST_DAY, until)?);
    let until = last.checked_add_signed(TimeDelta::days(1)).ok_or(not_a_day(LAST_DAY))?;
    let wanted = Delegation { to: who.id, from, until, shown: None };
    Ok((who, wanted))
}

/// The days of a delegation, as part of a sentence; they are whole, by UTC.
pub(crate) fn days(of: Delegation) -> String {
    let (first, last) = (of.from.date_naive(), (of.until - TimeDelta::days(1)).date_naive());
    let says = |day: NaiveDate| day.format("%-d %B %Y").to_string();
    if first == last { format!("on {}", says(first)) } else { format!("from {} to {}", says(first), says(last)) }
}

fn view(whom: &Identity, it: Delegation, now: DateTime<Utc>) -> DelegationView {
    DelegationView { name: whom.spec.name.clone(), from: it.from, until: it.until, begun: it.from <= now }
}

/// The beginning of the day that is written in a field.
fn day(field: &'static str, text: &str) -> Result<DateTime<Utc>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Missing(field));
    }
    let day = text.parse::<NaiveDate>().map_err(|_| not_a_day(field))?;
    Ok(day.and_time(NaiveTime::MIN).and_utc())
}

const fn not_a_day(field: &'static str) -> Refusal {
    Refusal::WrongDay { field, wrong: "is not a day: write it like 2026-12-31" }
}
