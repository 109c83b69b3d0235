//! Requests that wait: those who decide are reminded, those who could step in next hear of it, and where the bundle says so they decide too.

use crate::{
    Error, Portal,
    acts::{tell_once, tell_people, whose},
    delegations::StandIn,
    rulings::{called, some},
};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    request::{Reminder, Request, State},
};
use std::collections::BTreeSet;
use store::Tx;

impl Portal {
    /// Looks at a request that waits: lets others decide too where that is due, and reminds. Gives when to look again.
    pub(crate) async fn tend_waiting(&self, tx: &mut Tx, request: &Request) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.now();
        let escalated = match request.escalate(now)? {
            Some(change) => {
                self.save(tx, &change).await?;
                change.request().cloned()
            }
            None => None,
        };
        if let Some(after) = &escalated {
            self.tell_of_escalation(tx, request, after).await?;
        }
        let request = escalated.as_ref().unwrap_or(request);
        if let Some(reminder) = request.reminder(now) {
            self.remind(tx, request, reminder).await?;
        }
        Ok(request.next_moment(now))
    }

    async fn tell_of_escalation(&self, tx: &mut Tx, before: &Request, after: &Request) -> Result<(), Error> {
        let (what, whom) = (&after.facts.bundle.spec.name, &after.facts.subject.name);
        let new: BTreeSet<_> = after.may_decide_now().difference(&before.may_decide_now()).copied().collect();
        let says = |place: &str| format!("{what} for {whom} is yours to decide too now{place}, as nobody had in time");
        tell_people(self, tx, &Actor::System, &new, &says(""), &page(after)).await?;
        for StandIn { who, whom, name } in Box::pin(self.stand_ins(tx, after)).await? {
            if !new.contains(&whom) {
                continue;
            }
            let says = says(&format!(" in the place of {name}"));
            tell_people(self, tx, &Actor::System, &[who].into(), &says, &page(after)).await?;
        }
        let who = before.next_in_line().map(|(via, _)| called(via, &after.facts)).unwrap_or_default();
        let says = format!("nobody had decided on {what} for {whom} in time: {who} may decide too now");
        tell_people(self, tx, &Actor::System, &whose(after), &says, &page(after)).await
    }

    async fn remind(&self, tx: &mut Tx, request: &Request, reminder: Reminder) -> Result<(), Error> {
        let State::Waiting { until } = request.state else { return Ok(()) };
        let (what, whom) = (&request.facts.bundle.spec.name, &request.facts.subject.name);
        let until = until.format("%-d %B, %H:%M UTC").to_string();
        let passed = if reminder.late { "three quarters" } else { "half" };
        let says = |place: &str| {
            format!("{what} for {whom} is yours to decide{place} until {until}: {passed} of its time is over")
        };
        let (page, since) = (page(request), Some(reminder.at));
        let deciders = request.may_decide_now();
        tell_once(self, tx, &deciders, &says(""), &page, since).await?;
        for StandIn { who, name, .. } in Box::pin(self.stand_ins(tx, request)).await? {
            let says = says(&format!(" in the place of {name}"));
            tell_once(self, tx, &[who].into(), &says, &page, since).await?;
        }
        let Some((_, next)) = request.next_in_line().filter(|_| reminder.late) else { return Ok(()) };
        let names: Vec<_> = deciders.iter().map(|id| request.facts.name(*id)).collect();
        let names = some(&names);
        let says =
            format!("{what} for {whom} waits for {names} until {until}: see that somebody decides, as their stand-in");
        tell_once(self, tx, &next, &says, &page, since).await
    }
}

fn page(request: &Request) -> String {
    format!("/requests/{}", request.id)
}
