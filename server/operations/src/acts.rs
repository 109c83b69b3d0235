//! Telling people what an act means for them: a notice each, in the act's own commit.

use crate::{Error, Portal, delegations::StandIn};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    grant::Grant,
    identity::Identity,
    ids::{IdentityId, NoticeId},
    request::{Request, State},
};
use std::collections::BTreeSet;
use store::Tx;

/// What people are owed a word about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owed {
    /// It was asked.
    Asked,
    /// Somebody approved.
    Approved,
    /// Somebody denied.
    Denied,
    /// Somebody wrote.
    Commented,
    /// Other people decide now.
    Rerouted,
    /// Its time had come.
    Over,
}

/// Who is told what.
type Told = Vec<(BTreeSet<IdentityId>, String)>;

/// Tells everybody whom a change of a request concerns, save who made it.
pub(crate) async fn tell(portal: &Portal, tx: &mut Tx, by: &Actor, request: &Request, owed: Owed) -> Result<(), Error> {
    let what = &request.facts.bundle.spec.name;
    let for_whom = &request.facts.subject.name;
    let mine = whose(request);
    let deciders = request.may_decide_now();
    let (mut told, path) = (Told::default(), format!("/requests/{}", request.id));
    if let (Owed::Approved | Owed::Denied, Some(whom)) = (owed, request.decisions.last().and_then(|d| d.for_whom)) {
        let did = if owed == Owed::Approved { "approved" } else { "denied" };
        let says = format!("{by} {did} {what} for {for_whom} in your place");
        told.push(([whom].into(), says));
    }
    let (people, says) = match (&request.state, owed) {
        (_, Owed::Commented) => {
            let mut all = mine.clone();
            all.extend(&deciders);
            all.extend(request.decided_by());
            (all, format!("{by} wrote on {what} for {for_whom}"))
        }
        (State::Waiting { .. }, Owed::Asked | Owed::Rerouted | Owed::Over) => {
            let says = format!("{} asks for {what}: yours to decide", request.facts.asker.name);
            told.extend(stand_ins(portal, tx, request, &says).await?);
            (deciders.clone(), says)
        }
        (State::Waiting { .. }, Owed::Approved) => {
            let says = format!("{what} for {for_whom} is yours to decide now");
            told.push((deciders, says.clone()));
            told.extend(stand_ins(portal, tx, request, &says).await?);
            (mine.clone(), format!("{by} approved {what}; the next stage decides now"))
        }
        (State::Approved { .. }, Owed::Asked) => {
            (request.ruling.told.clone(), format!("{for_whom} gets {what} by policy alone; you own what it reaches"))
        }
        (State::Approved { .. }, Owed::Approved) => (mine.clone(), format!("{by} approved {what} for {for_whom}")),
        (State::Denied { .. }, Owed::Denied) => (mine.clone(), format!("{by} denied {what} for {for_whom}")),
        (State::Expired { .. }, _) => (mine.clone(), format!("nobody decided on {what} for {for_whom} in time")),
        (State::Lapsed { .. }, _) => {
            (mine.clone(), format!("the approval of {what} for {for_whom} lapsed: the access was not there in time"))
        }
        (State::Stopped { why, .. }, _) => (mine.clone(), format!("{what} for {for_whom} was stopped: {why}")),
        (
            State::Refused { .. }
            | State::Waiting { .. }
            | State::Approved { .. }
            | State::Granted { .. }
            | State::Denied { .. }
            | State::Withdrawn { .. },
            Owed::Asked | Owed::Approved | Owed::Denied | Owed::Rerouted | Owed::Over,
        ) => return tell_all(portal, tx, by, &told, &path).await,
    };
    told.push((people, says));
    tell_all(portal, tx, by, &told, &path).await
}

/// Whose request it is: who asked, and the person who would get it.
pub(crate) fn whose(request: &Request) -> BTreeSet<IdentityId> {
    let subject = request.facts.subject.kind.is_person().then_some(request.ask.subject);
    [request.ask.asker].into_iter().chain(subject).collect()
}

/// Tells of a request that was taken back, as it stood before: whose it is, who was to decide now, and who had decided.
pub(crate) async fn tell_of_withdrawal(
    portal: &Portal,
    tx: &mut Tx,
    by: &Actor,
    before: &Request,
) -> Result<(), Error> {
    let people = whose(before).into_iter().chain(before.may_decide_now()).chain(before.decided_by()).collect();
    let says = format!("{by} took back {} for {}", before.facts.bundle.spec.name, before.facts.subject.name);
    tell_people(portal, tx, by, &people, &says, &format!("/requests/{}", before.id)).await
}

/// Tells these people, once, that access ends soon. It leads to what they can do about it, by which it is also known that they were told.
pub(crate) async fn tell_of_end(
    portal: &Portal,
    tx: &mut Tx,
    grant: &Grant,
    people: &BTreeSet<IdentityId>,
    says: &str,
) -> Result<(), Error> {
    tell_once(portal, tx, people, says, &format!("/requests/{}#acts", grant.request), None).await
}

/// Tells these people something, save those who were told before what leads there too, or only since a moment.
pub(crate) async fn tell_once(
    portal: &Portal,
    tx: &mut Tx,
    people: &BTreeSet<IdentityId>,
    says: &str,
    path: &str,
    since: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let mut untold = Vec::new();
    for who in people {
        // A look that comes twice, or after a restart, finds the notice of the first.
        let was_told = match since {
            Some(since) => tx.was_told_since(*who, path, since).await?,
            None => tx.was_told(*who, path).await?,
        };
        untold.extend((!was_told).then_some((*who, says)));
    }
    notify(portal, tx, untold, path).await
}

/// Tells everybody whom a change of a grant concerns.
pub(crate) async fn tell_of_grant(
    portal: &Portal,
    tx: &mut Tx,
    by: &Actor,
    grant: &Grant,
    people: &BTreeSet<IdentityId>,
    says: &str,
) -> Result<(), Error> {
    tell_people(portal, tx, by, people, says, &format!("/requests/{}", grant.request)).await
}

/// Tells of a one-time link, which is a way in: every other admin, and whose way it is where they can sign in.
pub(crate) async fn tell_of_link(portal: &Portal, tx: &mut Tx, by: &Actor, whose: &Identity) -> Result<(), Error> {
    let path = format!("/identities/{}", whose.spec.key);
    let says = format!("{by} made a one-time link with which {} can set a password", whose.spec.name);
    let admins = admins_but(tx, whose).await?;
    tell_people(portal, tx, by, &admins, &says, &path).await?;
    if whose.password_set_at.is_some() {
        let says = format!(
            "{by} made a one-time link with which your password can be set anew: tell an admin if you asked for none"
        );
        notify(portal, tx, vec![(whose.id, says.as_str())], &path).await?;
    }
    Ok(())
}

/// Tells somebody what happened to their authenticators, in case it was not them.
pub(crate) async fn tell_of_authenticator(
    portal: &Portal,
    tx: &mut Tx,
    whose: &Identity,
    says: &str,
) -> Result<(), Error> {
    let says = format!("{says}: tell an admin if that was not you");
    notify(portal, tx, vec![(whose.id, says.as_str())], "/authenticators").await
}

/// Tells the person and the other admins that a reset was asked for, or that it was refused.
pub(crate) async fn tell_of_reset(
    portal: &Portal,
    tx: &mut Tx,
    by: &Actor,
    whose: &Identity,
    asks: bool,
) -> Result<(), Error> {
    let does = if asks { "asks to reset" } else { "refused to reset" };
    let name = &whose.spec.name;
    let (says, path) =
        (format!("{by} {does} the passkeys and codes of {name}"), format!("/identities/{}", whose.spec.key));
    let admins = admins_but(tx, whose).await?;
    tell_people(portal, tx, by, &admins, &says, &path).await?;
    if by.is(whose.id) {
        return Ok(());
    }
    tell_of_authenticator(portal, tx, whose, &format!("{by} {does} your passkeys and codes")).await
}

/// Tells the person and the admins that too many step-ups failed, or that there is a copy of a passkey.
pub(crate) async fn tell_of_step_up(portal: &Portal, tx: &mut Tx, whose: &Identity, cloned: bool) -> Result<(), Error> {
    let name = &whose.spec.name;
    let (mine, theirs) = if cloned {
        ("somebody used a copy of one of your passkeys", format!("somebody used a copy of a passkey of {name}"))
    } else {
        ("too many step-ups in your name failed", format!("too many step-ups of {name} failed"))
    };
    let path = format!("/identities/{}", whose.spec.key);
    let admins = admins_but(tx, whose).await?;
    notify(portal, tx, admins.into_iter().map(|who| (who, theirs.as_str())).collect(), &path).await?;
    tell_of_authenticator(portal, tx, whose, mine).await
}

/// Tells these people something that one page shows, save who did it.
pub(crate) async fn tell_people(
    portal: &Portal,
    tx: &mut Tx,
    by: &Actor,
    people: &BTreeSet<IdentityId>,
    says: &str,
    path: &str,
) -> Result<(), Error> {
    notify(portal, tx, all_but(by, people, says).collect(), path).await
}

/// Tells every admin something that one page shows, save who did it.
pub(crate) async fn tell_admins(portal: &Portal, tx: &mut Tx, by: &Actor, says: &str, path: &str) -> Result<(), Error> {
    let admins = admins(tx).await?;
    tell_people(portal, tx, by, &admins, says, path).await
}

/// Those who may decide a request in another's place, and what each is told: in whose.
async fn stand_ins(portal: &Portal, tx: &mut Tx, request: &Request, says: &str) -> Result<Told, Error> {
    let found = Box::pin(portal.stand_ins(tx, request)).await?;
    let told = |StandIn { who, name, .. }| ([who].into(), format!("{says} in the place of {name}"));
    Ok(found.into_iter().map(told).collect())
}

/// Tells people what one page shows, save who did it.
async fn tell_all(portal: &Portal, tx: &mut Tx, by: &Actor, told: &Told, path: &str) -> Result<(), Error> {
    notify(portal, tx, told.iter().flat_map(|(people, says)| all_but(by, people, says)).collect(), path).await
}

/// Each of these people save who did it, with what they are told.
fn all_but<'a>(
    by: &'a Actor,
    people: &'a BTreeSet<IdentityId>,
    says: &'a str,
) -> impl Iterator<Item = (IdentityId, &'a str)> {
    people.iter().filter(|who| !by.is(**who)).map(move |who| (*who, says))
}

async fn admins(tx: &mut Tx) -> Result<BTreeSet<IdentityId>, Error> {
    Ok(tx.admins().await?.into_iter().map(|(admin, _)| admin).collect())
}

/// Every admin, save one whom something is about.
async fn admins_but(tx: &mut Tx, whom: &Identity) -> Result<BTreeSet<IdentityId>, Error> {
    let mut admins = admins(tx).await?;
    admins.remove(&whom.id);
    Ok(admins)
}

/// One notice for each of these people, with what it says.
async fn notify(portal: &Portal, tx: &mut Tx, told: Vec<(IdentityId, &str)>, path: &str) -> Result<(), Error> {
    let told: Vec<_> = told.into_iter().map(|(who, says)| (NoticeId(portal.new_id()), who, says)).collect();
    Ok(tx.notify(&told, portal.now(), path).await?)
}
