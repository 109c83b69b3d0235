//! Getting in: passwords, one-time links, founding mode, sign-in under throttles.

use crate::{
    Error, Portal, acts,
    facts::{in_portal, reading},
    ids::hashed,
};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    identity::{Identity, PortalRole},
    ids::{GrantId, IdentityId, InvitationId},
    views::{Banners, Invitation, Named, Shell},
};
use std::net::{IpAddr, Ipv6Addr};
use store::{Budget, Counted, Frame, Try, Tx};
use uuid::Uuid;

/// Somebody whose password was right.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub identity: IdentityId,
    /// Their name.
    pub name: String,
}

/// How far the first admin has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdmin {
    /// Nobody was given a link yet.
    Nobody,
    /// Somebody was given a link, and still no admin can sign in.
    Invited,
    /// There is an admin who can sign in.
    CanSignIn,
}

/// A try to sign in that was counted.
struct Counting {
    /// Who they say they are and what their password is kept as, where there is somebody whose password may be looked at now.
    whom: Option<(Identity, String)>,
    /// What it was counted against, and is forgotten when it was right.
    of_account: [String; 2],
    /// What is taken back when it was right.
    of_address: Try,
}

/// How long a one-time link works.
const LINK_WORKS_FOR: TimeDelta = TimeDelta::hours(24);
/// Wrong passwords against one account, before it has to wait.
pub(crate) const OF_ACCOUNT: Budget = Budget { free: 5, remembered: TimeDelta::days(1) };
/// Wrong passwords from one address, before it has to wait. What a whole office mistypes is soon forgotten.
const OF_ADDRESS: Budget = Budget { free: 20, remembered: TimeDelta::hours(1) };
/// The shortest password (OWASP ASVS 5.0, 6.2.1 asks for 8 and recommends 15).
const SHORTEST_PASSWORD: usize = 12;
/// The longest password; more would only make hashing slow.
const LONGEST_PASSWORD: usize = 256;

/// argon2id with 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str, salt: [u8; 32]) -> Result<String, Error> {
    let failed = |why: &dyn std::fmt::Display| Error::Unready(format!("the password could not be hashed: {why}"));
    let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt[..16]).map_err(|why| failed(&why))?;
    Ok(hash.to_string())
}

/// Whether a password fits, and whether its hash is weaker than what we make now.
fn verify(password: &str, kept: &str) -> (bool, bool) {
    let Ok(parsed) = PasswordHash::new(kept) else { return (false, false) };
    let fits = argon2().verify_password(password.as_bytes(), &parsed).is_ok();
    let now = argon2();
    let weaker = Params::try_from(&parsed).map_or(true, |p| {
        p.m_cost() < now.params().m_cost() || p.t_cost() < now.params().t_cost() || p.p_cost() < now.params().p_cost()
    });
    (fits, weaker)
}

/// What counts as one address for guessing: of IPv6 the /64 that one customer has, of IPv4 the whole.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(six)) => format!("{}/64", Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        Ok(IpAddr::V4(four)) => four.to_string(),
        Err(_) => address.to_owned(),
    }
}

impl Portal {
    /// Checks a name and password. An unknown name costs the same time and gets the same words; tries are counted against the account
    /// and against the address.
    pub async fn sign_in(&self, name: &str, password: &str, address: &str, agent: &str) -> Result<SignedIn, Error> {
        let name = name.trim().to_lowercase();
        let counting = self.retrying(|| self.count_try(&name, address)).await?;
        let kept = match &counting.whom {
            Some((_, kept)) => kept.clone(),
            None => self.decoy_hash().await?,
        };
        let (fits, weaker) = self.verify_password(password, &kept).await?;
        let Some((identity, _)) = counting.whom.as_ref().filter(|_| fits) else {
            tracing::warn!(address, agent, "a sign-in failed");
            return Err(Refusal::SignIn.into());
        };
        let stronger = if weaker { Some(self.hash_password(password).await?) } else { None };
        self.retrying(|| self.let_in(&counting, identity, &kept, stronger.as_deref())).await?;
        tracing::info!(who = %identity.spec.key, address, agent, "signed in");
        Ok(SignedIn { identity: identity.id, name: identity.spec.name.clone() })
    }

    /// Counts a try before the answer is known, so that many tries at once are many tries.
    async fn count_try(&self, name: &str, address: &str) -> Result<Counting, Error> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        // Whoever it is, the same questions are asked: a name that is known takes no longer.
        let by_key = tx.identity_by_key(name).await?;
        let by_email = tx.identity_by_email(name).await?;
        let identity = by_key.or(by_email).filter(|i| i.may_act() && i.spec.kind.is_person());
        let kept = tx.password(identity.as_ref().map_or(IdentityId(Uuid::nil()), |i| i.id)).await?;
        // A hash that no event put there opens nothing.
        let kept = kept.filter(|kept| identity.as_ref().is_some_and(|i| i.has_password(&hashed(kept))));

        let typed = hashed(name);
        let who = identity.as_ref().map_or_else(|| typed.clone(), |i| i.id.to_string());
        let of_account = [format!("name/{typed}"), format!("who/{who}")];
        let counted = tx.count_try(&of_account[0], OF_ACCOUNT, now).await?;
        may_try(counted, now, address)?;
        // Key and email of a person are one account. That it is blocked by tries under the other name is not said, as that would tell
        // who is known here: it is as if the password were wrong.
        let whom = match tx.count_try(&of_account[1], OF_ACCOUNT, now).await? {
            Counted::Try(_) => identity.zip(kept),
            Counted::Blocked { .. } => None,
        };
        let counted = tx.count_try(&format!("address/{}", network(address)), OF_ADDRESS, now).await?;
        let of_address = may_try(counted, now, address)?;
        tx.commit().await?;
        Ok(Counting { whom, of_account, of_address })
    }

    async fn let_in(
        &self,
        counting: &Counting,
        who: &Identity,
        kept: &str,
        stronger: Option<&str>,
    ) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        for key in &counting.of_account {
            tx.forget_tries(key).await?;
        }
        // Whoever has a password of their own may not use it to go on guessing those of others.
        tx.take_back_try(&counting.of_address).await?;
        if let Some(stronger) = stronger {
            tx.touch_identity(who.id).await?;
            // Not over a password that was set meanwhile.
            if let Some(current) = tx.identity(who.id).await?.filter(|it| it.has_password(&hashed(kept))) {
                let change = current.rehash_password(hashed(stronger), self.now())?;
                self.save(&mut tx, &change).await?;
                tx.save_password(who.id, stronger, self.now()).await?;
            }
        }
        self.leave_founding_mode(&mut tx, who).await?;
        self.commit(tx).await
    }

    /// Founding mode ends for good when a second admin signs in: from then on there are four eyes.
    async fn leave_founding_mode(&self, tx: &mut Tx, who: &Identity) -> Result<(), Error> {
        if !who.has(PortalRole::Admin) {
            return Ok(());
        }
        tx.mark_signed_in(who.id, self.now()).await?;
        if tx.portal().await?.is_none_or(|portal| !portal.is_founding()) {
            return Ok(());
        }
        // Of two admins in one moment the second waits here, and then sees the first.
        tx.touch_portal().await?;
        let Some(portal) = tx.portal().await? else { return Ok(()) };
        if tx.count_admins_signed_in().await? >= 2 {
            let actor = Actor::Person { id: who.id, name: who.spec.name.clone() };
            let because = format!("{} is the second admin to sign in", who.spec.name);
            if let Some(change) = portal.end_founding(&actor, &because, self.now())? {
                self.save(tx, &change).await?;
            }
        }
        Ok(())
    }

    async fn decoy_hash(&self) -> Result<String, Error> {
        let hash = self.decoy().get_or_try_init(|| async { self.hash_password(&self.token()).await }).await?;
        Ok(hash.clone())
    }

    async fn hash_password(&self, password: &str) -> Result<String, Error> {
        let (password, salt) = (password.to_owned(), self.setup().ids.secret());
        self.hashing_away(move || hash(&password, salt)).await?
    }

    async fn verify_password(&self, password: &str, kept: &str) -> Result<(bool, bool), Error> {
        let (password, kept) = (password.chars().take(LONGEST_PASSWORD + 1).collect::<String>(), kept.to_owned());
        self.hashing_away(move || verify(&password, &kept)).await
    }

    /// Whether a password fits what is kept.
    pub(crate) async fn fits(&self, password: &str, kept: &str) -> Result<bool, Error> {
        Ok(self.verify_password(password, kept).await?.0)
    }

    /// Hashing takes time and memory: off the async threads, and at most a few at once.
    async fn hashing_away<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let closed = |_| Error::Unready("the portal is stopping".to_owned());
        let _room = self.hashing().acquire().await.map_err(closed)?;
        tokio::task::spawn_blocking(work).await.map_err(|why| Error::Unready(format!("hashing failed: {why}")))
    }

    /// Whom a one-time link is for.
    pub async fn invitation(&self, token: &str) -> Result<Named, Error> {
        let mut tx = self.store().read().await?;
        let open = tx.invitation(&hashed(token), self.now()).await?.ok_or(Refusal::DeadLink)?;
        let identity = tx.identity(open.identity).await?.ok_or(Refusal::DeadLink)?;
        Ok(Named { id: identity.spec.key.to_string(), name: identity.spec.name })
    }

    /// Sets a password through a one-time link, which is used up by it. Every session of the person ends.
    pub async fn set_password(&self, token: &str, password: &str) -> Result<SignedIn, Error> {
        self.invitation(token).await?;
        check_password(password)?;
        let kept = self.hash_password(password).await?;
        self.retrying(|| self.use_link(token, password, &kept)).await
    }

    async fn use_link(&self, token: &str, password: &str, kept: &str) -> Result<SignedIn, Error> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        let open = tx.invitation(&hashed(token), now).await?.ok_or(Refusal::DeadLink)?;
        let identity = tx.identity(open.identity).await?.ok_or(Refusal::DeadLink)?;
        if password.to_lowercase().contains(identity.spec.key.as_str()) {
            return Err(Refusal::Password("choose a password that does not hold your own name".to_owned()).into());
        }
        if !tx.use_invitation(open.id, now).await? {
            return Err(Refusal::DeadLink.into());
        }
        let actor = Actor::Person { id: identity.id, name: identity.spec.name.clone() };
        let change = identity.set_password(&actor, hashed(kept), now)?;
        self.save(&mut tx, &change).await?;
        tx.save_password(identity.id, kept, now).await?;
        tx.end_sessions_of(identity.id).await?;
        self.tell_that_none_decides(&mut tx, &identity, "as your password is new").await?;
        self.leave_founding_mode(&mut tx, &identity).await?;
        self.commit(tx).await?;
        Ok(SignedIn { identity: identity.id, name: identity.spec.name })
    }

    /// Issues a one-time link, shown once; earlier links of the same person stop working. Whoever sees it can become that person, so
    /// for somebody who has a password only the command line makes one.
    pub async fn invite(&self, actor: &Actor, id: IdentityId) -> Result<Invitation, Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            if *actor != Actor::Operator {
                let authority = in_portal(&mut tx, actor, now).await?;
                authority.admin()?;
                authority.not_barred(now)?;
            }
            let mut identity = tx.identity(id).await?.ok_or(Error::NotFound)?;
            if *actor == Actor::Operator && identity.departure.is_some() {
                // Whoever has the command line knows better than an admin who says that they have left.
                self.stays(&mut tx, actor, &identity).await?;
                identity = tx.identity(id).await?.ok_or(Error::NotFound)?;
            }
            if *actor != Actor::Operator
                && let Some(refusal) = why_no_link(&identity)
            {
                return Err(refusal.into());
            }
            let invitation = self.issue(&mut tx, actor, &identity, now).await?;
            self.commit(tx).await?;
            Ok(invitation)
        })
        .await
    }

    async fn issue(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        identity: &Identity,
        now: DateTime<Utc>,
    ) -> Result<Invitation, Error> {
        let (id, token, expires_at) = (InvitationId(self.new_id()), self.token(), now + LINK_WORKS_FOR);
        let change = identity.invite(actor, expires_at, now)?;
        self.save(tx, &change).await?;
        tx.save_invitation(id, &hashed(&token), identity.id, expires_at, now).await?;
        acts::tell_of_link(self, tx, actor, identity).await?;
        let (key, name) = (identity.spec.key.to_string(), identity.spec.name.clone());
        Ok(Invitation { id, key, name, path: format!("/welcome/{token}"), expires_at })
    }

    /// Issues a one-time link for the person with this key.
    pub async fn invite_by_key(&self, actor: &Actor, key: &str) -> Result<Invitation, Error> {
        let found = self.store().read().await?.identity_by_key(key).await?.ok_or(Error::NotFound)?;
        self.invite(actor, found.id).await
    }

    /// How far the first admin has come.
    pub async fn first_admin(&self) -> Result<FirstAdmin, Error> {
        let mut tx = self.store().read().await?;
        Ok(if tx.admins().await?.iter().any(|(_, signs_in)| *signs_in) {
            FirstAdmin::CanSignIn
        } else if tx.has_invitations().await? {
            FirstAdmin::Invited
        } else {
            FirstAdmin::Nobody
        })
    }

    /// A set-up link for the first admin: the first one in the catalogue, or a founder made for the purpose. `None` once an admin can
    /// sign in.
    pub async fn set_up_link(&self, actor: &Actor) -> Result<Option<Invitation>, Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("only the command line makes a set-up link").into());
        }
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let admins = tx.admins().await?;
            if admins.iter().any(|(_, signs_in)| *signs_in) {
                return Ok(None);
            }
            let founder = match admins.first() {
                Some((id, _)) => *id,
                None => self.make_founder(&mut tx, actor, now).await?,
            };
            let identity = tx.identity(founder).await?.ok_or(Error::NotFound)?;
            let invitation = self.issue(&mut tx, actor, &identity, now).await?;
            self.commit(tx).await?;
            Ok(Some(invitation))
        })
        .await
    }

    /// A new admin, under a key that is free: whoever was the founder before has left, or is no admin any more.
    async fn make_founder(&self, tx: &mut Tx, actor: &Actor, now: DateTime<Utc>) -> Result<IdentityId, Error> {
        let mut key = "founder".to_owned();
        let mut nth = 1;
        while tx.identity_by_key(&key).await?.is_some() {
            nth += 1;
            key = format!("founder-{nth}");
        }
        let key = key.parse().map_err(|why| Error::Unready(format!("{why}")))?;
        let id = IdentityId(self.new_id());
        let spec = domain::identity::IdentitySpec {
            key,
            kind: domain::identity::Kind::Person,
            name: "Founder".to_owned(),
            email: None,
            title: Some("Sets up Sallyport".to_owned()),
            department: None,
            manager: None,
            purpose: None,
            owners: std::collections::BTreeSet::new(),
            roles: [PortalRole::Admin].into(),
            accounts: std::collections::BTreeMap::new(),
        };
        let change = Identity::define(id, actor, spec, now)?;
        self.save(tx, &change).await?;
        Ok(id)
    }

    /// Ends every session of the actor.
    pub async fn sign_out_everywhere(&self, actor: &Actor) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            let who = actor.person().ok_or(Error::NotFound)?;
            let identity = tx.identity(who).await?.ok_or(Error::NotFound)?;
            let change = identity.sign_out_everywhere(actor, self.now())?;
            self.save(&mut tx, &change).await?;
            tx.end_sessions_of(who).await?;
            self.commit(tx).await
        })
        .await
    }

    /// What every page says of the portal itself; whoever comes may know.
    pub async fn banners(&self) -> Result<Banners, Error> {
        Ok(banners(self.store().read().await?.portal().await?.as_ref()))
    }

    /// What every page's frame shows.
    pub async fn shell(&self, actor: &Actor) -> Result<Shell, Error> {
        let who = actor.person().ok_or(Error::NotFound)?;
        let Frame { who, portal, waiting } = self.store().frame(who, self.now()).await?;
        let Identity { id, spec, .. } = reading(actor, who)?;
        let mut to_decide = waiting.to_decide;
        if waiting.stands_in {
            to_decide += self.count_lent(&mut self.store().read().await?, actor, id, to_decide).await?;
        }
        Ok(Shell {
            changes: waiting.changes,
            me: id,
            to_decide,
            tasks: waiting.tasks,
            notices: waiting.notices,
            banners: banners(portal.as_ref()),
            name: spec.name,
            key: spec.key.to_string(),
            roles: spec.roles.into_iter().collect(),
        })
    }

    /// Makes this a demo for good: everybody who can sign in gets one known password, and founding mode ends with an event that says so.
    pub async fn make_demo(&self, actor: &Actor, password: &str) -> Result<(), Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("only the command line makes a demo").into());
        }
        let kept = self.hash_password(password).await?;
        let now = self.now();
        let mut tx = self.store().write().await?;
        let mut from = store::FIRST.to_owned();
        loop {
            let page = tx.identities("", &from, 200).await?;
            let Some(last) = page.last() else { break };
            from.clone_from(&last.cursor);
            for listed in page {
                let identity = listed.it;
                if identity.spec.kind.is_person() && identity.may_act() && identity.password_set_at.is_none() {
                    let change = identity.set_password(actor, hashed(&kept), now)?;
                    self.save(&mut tx, &change).await?;
                    tx.save_password(identity.id, &kept, now).await?;
                }
            }
        }
        if let Some(portal) = tx.portal().await? {
            let change = portal.make_demo(actor, now)?;
            self.save(&mut tx, &change).await?;
        }
        if let Some(portal) = tx.portal().await?
            && let Some(change) = portal.end_founding(actor, "this is a demo with two admins", now)?
        {
            self.save(&mut tx, &change).await?;
        }
        self.commit(tx).await
    }

    /// The actor behind a key, for seeding the demo.
    pub async fn actor_by_key(&self, key: &str) -> Result<Actor, Error> {
        let found = self.store().read().await?.identity_by_key(key).await?.ok_or(Error::NotFound)?;
        Ok(Actor::Person { id: found.id, name: found.spec.name })
    }

    /// The grant that followed from a request, for seeding the demo and for tests.
    pub async fn grant_of(&self, request: domain::ids::RequestId) -> Result<Option<GrantId>, Error> {
        Ok(self.store().read().await?.grant_of(request).await?.map(|g| g.id))
    }
}

fn banners(portal: Option<&domain::portal::Portal>) -> Banners {
    let founding = portal.is_none_or(domain::portal::Portal::is_founding);
    Banners { founding, demo: portal.is_some_and(domain::portal::Portal::is_demo) }
}

/// Why an admin cannot make a link for this person: they have a password, and a link would be a way to become them.
pub(crate) fn why_no_link(identity: &Identity) -> Option<Refusal> {
    let spec = &identity.spec;
    (identity.is_active() && identity.password_set_at.is_some())
        .then(|| Refusal::HasAPassword { name: spec.name.clone(), key: spec.key.to_string() })
}

/// The try that was counted, or for how long none may be made.
fn may_try(counted: Counted, now: DateTime<Utc>, address: &str) -> Result<Try, Refusal> {
    match counted {
        Counted::Try(it) => Ok(it),
        Counted::Blocked { until } => {
            tracing::warn!(address, "a sign-in was turned away: too many tries");
            Err(Refusal::TooMany(wait((until - now).num_seconds().max(1))))
        }
    }
}

/// How long to wait, in words.
pub(crate) fn wait(seconds: i64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        ..60 => format!("{seconds} seconds"),
        60 => "1 minute".to_owned(),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

fn check_password(password: &str) -> Result<(), Error> {
    let length = password.chars().count();
    let says = if length < SHORTEST_PASSWORD {
        format!("a password has at least {SHORTEST_PASSWORD} characters; this has {length}")
    } else if length > LONGEST_PASSWORD {
        format!("a password has at most {LONGEST_PASSWORD} characters; this has {length}")
    } else if password.chars().all(|c| password.starts_with(c)) {
        "choose a password that is not one character again and again".to_owned()
    } else if ["password", "sallyport", "123456789", "qwertyuiop", "letmein"]
        .iter()
        .any(|w| password.to_lowercase().contains(w))
    {
        "choose a password that is harder to guess: a few words that do not belong together do well".to_owned()
    } else {
        return Ok(());
    };
    Err(Refusal::Password(says).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_a_weaker_one_is_noticed() {
        let kept = hash("correct horse battery", [7; 32]).unwrap();
        assert_eq!(verify("correct horse battery", &kept), (true, false));
        assert_eq!(verify("correct horse batterY", &kept), (false, false));
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let kept = weak.hash_password_with_salt(b"correct horse battery", b"0123456789abcdef").unwrap().to_string();
        assert_eq!(verify("correct horse battery", &kept), (true, true));
    }

    /// ASVS 6.3.1: whoever has a whole IPv6 network has one address.
    #[test]
    fn addresses_of_one_network_count_as_one() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }
}
