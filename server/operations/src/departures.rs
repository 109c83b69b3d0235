//! People who leave, and who come back: an admin says so, a second one confirms it where that moves who decides, and everything follows in
//! the same commit.

use crate::{
    Error, Portal,
    acts::{tell_admins, tell_people},
    facts::{in_portal, is_founding},
};
use domain::{
    Actor,
    departure::{Around, Departure},
    identity::Identity,
    ids::IdentityId,
    resource::Sensitivity,
    stepup::{Confirmed, Verified},
    views::DepartureView,
};
use std::collections::BTreeSet;
use store::Tx;

impl Portal {
    /// Says that somebody has left. Where that takes a second admin it waits for one; until then they may only not sign in.
    pub async fn mark_left(&self, actor: &Actor, id: IdentityId) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.mark_left_in(&mut tx, actor, id, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it. Gives the page that shows it.
    pub(crate) async fn mark_left_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: IdentityId,
        verified: Option<Verified>,
    ) -> Result<String, Error> {
        in_portal(tx, actor, self.now()).await?.admin()?;
        let who = tx.identity(id).await?.ok_or(Error::NotFound)?;
        let around = self.around_departure(tx, actor, &who).await?;
        let confirmed = self.as_admin(tx, actor, around.founding, BTreeSet::new(), verified).await?;
        let change = who.leave(actor, &around, confirmed, self.now())?;
        self.save(tx, &change).await?;
        let name = &who.spec.name;
        if change.identity().is_some_and(Identity::is_active) {
            tx.end_sessions_of(id).await?;
            let says = format!("{actor} says that {name} has left: another admin confirms it");
            tell_admins(self, tx, actor, &says, &path(&who)).await?;
        } else {
            self.departs(tx, actor, &who, None).await?;
        }
        Ok(path(&who))
    }

    /// Confirms, as a second admin, that somebody has left.
    pub async fn confirm_left(&self, actor: &Actor, id: IdentityId) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.confirm_left_in(&mut tx, actor, id, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it. Gives the page that shows it.
    pub(crate) async fn confirm_left_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: IdentityId,
        verified: Option<Verified>,
    ) -> Result<String, Error> {
        in_portal(tx, actor, self.now()).await?.admin()?;
        let who = tx.identity(id).await?.ok_or(Error::NotFound)?;
        let around = self.around_departure(tx, actor, &who).await?;
        let said_by = who.departure.as_ref().and_then(|it| it.by.person());
        let others = said_by.into_iter().collect();
        let confirmed = self.as_admin(tx, actor, around.founding, others, verified).await?;
        let change = who.confirm_departure(actor, &around, confirmed, self.now())?;
        self.save(tx, &change).await?;
        self.departs(tx, actor, &who, said_by).await?;
        Ok(path(&who))
    }

    /// Takes back that somebody has left, or does not confirm it: they may sign in again.
    pub async fn keep_leaver(&self, actor: &Actor, id: IdentityId) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            let authority = in_portal(&mut tx, actor, self.now()).await?;
            authority.admin()?;
            let who = tx.identity(id).await?.ok_or(Error::NotFound)?;
            if who.departure.as_ref().is_some_and(|said| !said.by.is_one_with(actor)) {
                authority.not_barred(self.now())?;
            }
            self.stays(&mut tx, actor, &who).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Somebody stays after all, and hears of it as the admins do.
    pub(crate) async fn stays(&self, tx: &mut Tx, actor: &Actor, who: &Identity) -> Result<(), Error> {
        let change = who.stay(actor, self.now())?;
        self.save(tx, &change).await?;
        let says = format!("{actor} says that {} has not left", who.spec.name);
        tell_admins(self, tx, actor, &says, &path(who)).await?;
        let says = "it was said that you had left, and that was taken back: you were signed out meanwhile";
        tell_people(self, tx, actor, &[who.id].into(), says, &path(who)).await
    }

    /// Says that somebody who had left is back. They are let in as somebody who is new.
    pub async fn mark_returned(&self, actor: &Actor, id: IdentityId) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.mark_returned_in(&mut tx, actor, id, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it. Gives the page that shows it.
    pub(crate) async fn mark_returned_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: IdentityId,
        verified: Option<Verified>,
    ) -> Result<String, Error> {
        in_portal(tx, actor, self.now()).await?.admin()?;
        let who = tx.identity(id).await?.ok_or(Error::NotFound)?;
        let founding = is_founding(tx).await?;
        let confirmed = self.as_admin(tx, actor, founding, BTreeSet::new(), verified).await?;
        let change = who.come_back(actor, confirmed, self.now())?;
        self.save(tx, &change).await?;
        tx.drop_password(id).await?;
        tx.drop_authenticators_of(id).await?;
        tx.void_invitations(id, self.now()).await?;
        let says = format!("{actor} says that {} is back", who.spec.name);
        tell_admins(self, tx, actor, &says, &path(&who)).await?;
        Ok(path(&who))
    }

    /// What an admin's word that somebody has left would move.
    async fn around_departure(&self, tx: &mut Tx, actor: &Actor, who: &Identity) -> Result<Around, Error> {
        if is_founding(tx).await? {
            return Ok(Around { founding: true, ..Around::default() });
        }
        let (owns, backs_up) = tx.owned_by(who.id).await?;
        let mut sensitive = false;
        for id in owns.union(&backs_up) {
            sensitive |= tx.system(*id).await?.is_some_and(|system| system.spec.sensitivity >= Sensitivity::High);
        }
        let gains = Box::pin(self.gained_by_departure(tx, actor, who)).await?;
        Ok(Around { founding: false, sensitive, gains })
    }

    /// Somebody has left by an admin's word: all that follows, with others in the place of who said so.
    async fn departs(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        who: &Identity,
        said_by: Option<IdentityId>,
    ) -> Result<(), Error> {
        self.follow_departure(tx, actor, who).await?;
        let said_by = actor.person().into_iter().chain(said_by).collect();
        self.reroute_but(tx, &said_by).await?;
        let says = format!("{actor} says that {} has left", who.spec.name);
        tell_admins(self, tx, actor, &says, &path(who)).await
    }

    /// What follows from leaving: sessions, links and grants end, and what was asked by them or for them is stopped. Gives how many grants
    /// it ends.
    pub(crate) async fn follow_departure(&self, tx: &mut Tx, actor: &Actor, who: &Identity) -> Result<u32, Error> {
        let now = self.now();
        tx.end_sessions_of(who.id).await?;
        tx.void_invitations(who.id, now).await?;
        self.stop_requests(tx, actor, who.id).await?;
        self.end_delegations_to(tx, who).await?;
        let mut ended = 0;
        for grant in tx.live_grants_of(who.id).await? {
            if grant.needs_its_rights(now) {
                let change = grant.end_for_leaver(actor, now)?;
                self.save(tx, &change).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// Stops what somebody asked or would get, and tells who would have decided it.
    async fn stop_requests(&self, tx: &mut Tx, actor: &Actor, leaver: IdentityId) -> Result<(), Error> {
        for request in tx.open_requests_of(leaver, "", i64::MAX).await? {
            let Some(change) = request.stop_as_left(actor, leaver, self.now())? else { continue };
            self.save(tx, &change).await?;
            let (facts, ask) = (&request.facts, &request.ask);
            let mut told = request.may_decide_now();
            told.extend(request.decided_by());
            told.insert(ask.asker);
            if facts.subject.kind.is_person() {
                told.insert(ask.subject);
            }
            told.remove(&leaver);
            let (what, whom) = (&facts.bundle.spec.name, &facts.subject.name);
            let gone = if leaver == ask.subject { whom } else { &facts.asker.name };
            let says = format!("{what} for {whom} was stopped: {gone} has left");
            tell_people(self, tx, actor, &told, &says, &format!("/requests/{}", request.id)).await?;
        }
        Ok(())
    }

    /// What a reader may do about somebody who is said to have left.
    pub(crate) async fn departure_view(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        admin: bool,
        who: &Identity,
    ) -> Result<Option<DepartureView>, Error> {
        let Some(Departure { by, at }) = &who.departure else { return Ok(None) };
        let mut no = None;
        if admin {
            // Asked as the act itself would ask; nothing is saved.
            let around = self.around_departure(tx, actor, who).await?;
            let others = by.person().into_iter().collect();
            let tried = who.confirm_departure(actor, &around, Confirmed::UNASKED, self.now());
            no = tried.err().or(self.apart(tx, actor, around.founding, others).await?);
        }
        Ok(Some(DepartureView {
            by: by.to_string(),
            at: *at,
            may_confirm: admin && no.is_none(),
            may_take_back: admin,
            own: by.is_one_with(actor),
            why_not: no.map(|no| no.to_string()),
        }))
    }
}

fn path(who: &Identity) -> String {
    format!("/identities/{}", who.spec.key)
}
