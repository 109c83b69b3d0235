//! The lives of authenticators: added and removed by the person, reset by two admins. Every one is an event in the identity's stream.

use crate::{
    Error, Portal, acts,
    facts::{in_portal, is_founding},
    ids::hashed,
    stepup::{Pending, WAITS, codes, person},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authenticator::{Means, NewAuthenticator, YOUNG_FOR},
    event::Transition,
    identity::Identity,
    ids::{AuthenticatorId, IdentityId, PendingId},
    stepup::{Act, Confirmed, Strength, Verified},
    views::authenticators::{AuthenticatorView, AuthenticatorsPage, EnrolPage, Enrolling, ResetView},
};
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::Tx;

/// An authenticator that is being added; its step-up has gone through.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    name: String,
    verified: Verified,
    expires_at: DateTime<Utc>,
    what: Adding,
}

#[derive(Clone, Serialize, Deserialize)]
enum Adding {
    /// An app: its secret and the recovery codes that come with it, sealed.
    App { id: AuthenticatorId, sealed: String, codes: Option<String> },
    /// A passkey: what the browser needs, and what checks its answer.
    Passkey { id: AuthenticatorId, options: String, state: String },
    /// Recovery codes alone, sealed.
    Codes { id: AuthenticatorId, codes: String },
}

impl Portal {
    /// The reader's authenticators.
    pub async fn authenticators(&self, actor: &Actor) -> Result<AuthenticatorsPage, Error> {
        let now = self.now();
        let mut tx = self.store().read().await?;
        let who = person(&mut tx, actor).await?;
        let waits = young_for(&mut tx).await? > TimeDelta::zero() && !who.is_first(now);
        let running = |until: Option<DateTime<Utc>>| until.filter(|until| *until > now);
        let mut mine: Vec<_> = who
            .authenticators
            .values()
            .map(|a| AuthenticatorView {
                id: a.id,
                name: a.name.clone(),
                kind: a.means.strength(),
                added_at: a.added_at,
                used_at: a.used_at,
                young: a.young.filter(|young| now < young.until).map(|young| (young.counts, young.until)),
            })
            .collect();
        mine.sort_by_key(|a| a.added_at);
        Ok(AuthenticatorsPage {
            mine,
            recovery_codes: who.recovery_codes.len(),
            apps: self.setup().secrets_key.is_some(),
            passkeys_at: self.setup().relying_party.as_ref().map(|party| party.origin.clone()),
            adds_with: waits.then(|| who.strongest(now)),
            locked_until: running(who.locked_until),
            barred_until: running(who.barred_until),
            reset: who.reset.as_ref().map(|asked| (asked.by.to_string(), asked.at)),
        })
    }

    pub(crate) async fn begin_enrolment(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        kind: Strength,
        name: &str,
        verified: Verified,
    ) -> Result<PendingId, Error> {
        let who = person(tx, actor).await?;
        let (id, name) = (AuthenticatorId(self.new_id()), who.free_name(name)?);
        verified.vouches(who.strongest(self.now()), who.id, &Act::AddAuthenticator { kind, name: name.clone() })?;
        let what = match kind {
            Strength::SignIn => return Err(Refusal::NotAllowed("a password is not added this way").into()),
            Strength::Passkey => {
                let passkeys = self.passkeys().ok_or(Refusal::NoSuchAuthenticator)?;
                let (options, state) = passkeys.offer(&who)?;
                Adding::Passkey { id, options, state }
            }
            Strength::Code => {
                // RFC 4226, section 4: 160 bits are recommended.
                let secret = self.setup().ids.secret();
                let sealed = self.sealed(id, &secret[..20])?;
                let codes = if who.recovery_codes.is_empty() { Some(self.sealed_codes(id)?) } else { None };
                Adding::App { id, sealed, codes }
            }
        };
        self.keep_enrolment(tx, &who, name, verified, what).await
    }

    pub(crate) async fn begin_new_codes(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        verified: Verified,
    ) -> Result<PendingId, Error> {
        let who = person(tx, actor).await?;
        verified.vouches(who.strongest(self.now()), who.id, &Act::RenewRecoveryCodes)?;
        let id = AuthenticatorId(self.new_id());
        let what = Adding::Codes { id, codes: self.sealed_codes(id)? };
        self.keep_enrolment(tx, &who, "Recovery codes".to_owned(), verified, what).await
    }

    async fn keep_enrolment(
        &self,
        tx: &mut Tx,
        who: &Identity,
        name: String,
        verified: Verified,
        what: Adding,
    ) -> Result<PendingId, Error> {
        let expires_at = self.now() + WAITS;
        let enrolment = Pending::Enrolment(Box::new(Enrolment { name, verified, expires_at, what }));
        self.keep_pending(tx, who.id, &enrolment, expires_at).await
    }

    async fn enrolment(&self, tx: &mut Tx, id: PendingId, whose: IdentityId) -> Result<Enrolment, Error> {
        match self.pending(tx, id, whose).await? {
            Pending::Enrolment(enrolment) => Ok(*enrolment),
            Pending::Act(_) => Err(Refusal::NothingToConfirm.into()),
        }
    }

    /// What is needed to add it.
    pub async fn enrol_page(&self, actor: &Actor, id: PendingId) -> Result<EnrolPage, Error> {
        let mut tx = self.store().read().await?;
        let who = person(&mut tx, actor).await?;
        let Enrolment { name, expires_at, what, .. } =
            self.enrolment(&mut tx, id, who.id).await.map_err(|error| match error {
                Error::Refused(Refusal::NothingToConfirm) => Error::NotFound,
                other => other,
            })?;
        let (what, codes) = match what {
            Adding::Passkey { options, .. } => (Enrolling::Passkey { options }, Vec::new()),
            Adding::Codes { id, codes } => (Enrolling::Codes, self.opened_codes(id, &codes)?),
            Adding::App { id, sealed, codes } => {
                let (url, secret) = codes::for_app(&self.opened(id, &sealed)?, who.spec.key.as_str())?;
                let codes = codes.map(|codes| self.opened_codes(id, &codes)).transpose()?;
                (Enrolling::App { secret, picture: picture(&url)?, url }, codes.unwrap_or_default())
            }
        };
        Ok(EnrolPage { id, name, what, codes, expires_at })
    }

    /// Adds it: `answer` is the first code of an app, or what the browser was given by a passkey; nothing for recovery codes.
    pub async fn finish_enrolment(&self, actor: &Actor, id: PendingId, answer: &str) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let who = person(&mut tx, actor).await?;
            let Enrolment { name, verified, what, .. } = self.enrolment(&mut tx, id, who.id).await?;
            let young_for = young_for(&mut tx).await?;
            let change = match what {
                Adding::Passkey { id, state, .. } => {
                    let passkeys = self.passkeys().ok_or(Refusal::NoSuchAuthenticator)?;
                    let means = passkeys.register(&state, answer)?;
                    if let Means::Passkey { credential, .. } = &means
                        && !tx.keep_authenticator(id, who.id, Some(credential), None).await?
                    {
                        return Err(Refusal::StepUpFailed { left: "this passkey is known here already" }.into());
                    }
                    let new = NewAuthenticator { id, name: &name, means, recovery: BTreeSet::new() };
                    who.add_authenticator(actor, new, verified, young_for, now)?
                }
                Adding::App { id, sealed, codes } => {
                    let step = codes::check(&self.opened(id, &sealed)?, answer, now)?;
                    tx.keep_authenticator(id, who.id, None, Some(&sealed)).await?;
                    let codes = codes.map(|codes| self.opened_codes(id, &codes)).transpose()?;
                    let means = Means::Code { sealed: hashed(&sealed), step };
                    let new = NewAuthenticator { id, name: &name, means, recovery: kept(codes) };
                    who.add_authenticator(actor, new, verified, young_for, now)?
                }
                Adding::Codes { id, codes } => {
                    let codes = self.opened_codes(id, &codes)?;
                    who.renew_recovery_codes(actor, kept(Some(codes)), verified, young_for, now)?
                }
            };
            if !tx.take_pending(id, who.id).await? {
                return Err(Refusal::NothingToConfirm.into());
            }
            self.save(&mut tx, &change).await?;
            self.tell_of_new(&mut tx, actor, &who, &name, &change).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Tells of what was added: the person in any case, and where it was added by less than it is the other admins too, as it may have been
    /// somebody else.
    async fn tell_of_new(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        who: &Identity,
        name: &str,
        change: &Transition,
    ) -> Result<(), Error> {
        let young = change.identity().and_then(|now| {
            let added = now.authenticators.values().find(|a| !who.authenticators.contains_key(&a.id));
            added.map_or(now.young_codes, |a| a.young)
        });
        let mine = format!("“{name}” was added to your passkeys and codes");
        acts::tell_of_authenticator(self, tx, who, &mine).await?;
        let Some(young) = young.filter(|young| self.now() < young.until) else { return Ok(()) };
        let says = format!(
            "“{name}” was added to the passkeys and codes of {}, with no more than {}: it counts for no more until {}",
            who.spec.name,
            young.counts.word(),
            young.until.format("%-d %B %Y at %H:%M UTC")
        );
        acts::tell_admins(self, tx, actor, &says, &format!("/identities/{}", who.spec.key)).await
    }

    /// Calls an authenticator otherwise.
    pub async fn rename_authenticator(&self, actor: &Actor, id: AuthenticatorId, name: &str) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.rename_authenticator_in(&mut tx, actor, id, name, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it. Founding mode asks for no step-up.
    pub(crate) async fn rename_authenticator_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: AuthenticatorId,
        name: &str,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let who = person(tx, actor).await?;
        let founding = is_founding(tx).await?;
        let confirmed = Confirmed { needed: (!founding).then(|| who.strongest(self.now())), verified };
        let Some(change) = who.rename_authenticator(actor, id, name, confirmed, self.now())? else { return Ok(()) };
        self.save(tx, &change).await
    }

    pub(crate) async fn remove_authenticator_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: AuthenticatorId,
        verified: Verified,
    ) -> Result<(), Error> {
        let who = person(tx, actor).await?;
        let change = who.remove_authenticator(actor, id, verified, self.now())?;
        self.save(tx, &change).await?;
        tx.drop_authenticator(id).await?;
        acts::tell_of_authenticator(self, tx, &who, "one of your passkeys and codes was removed").await
    }

    /// An admin asks that somebody's authenticators be reset; another admin confirms it.
    pub async fn ask_reset(&self, actor: &Actor, whose: IdentityId) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.ask_reset_in(&mut tx, actor, whose, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it. Gives whose key it is.
    pub(crate) async fn ask_reset_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        whose: IdentityId,
        verified: Option<Verified>,
    ) -> Result<String, Error> {
        in_portal(tx, actor, self.now()).await?.admin()?;
        let who = tx.identity(whose).await?.ok_or(Error::NotFound)?;
        let founding = is_founding(tx).await?;
        let confirmed = self.as_admin(tx, actor, founding, BTreeSet::new(), verified).await?;
        let change = who.ask_reset(actor, confirmed, self.now())?;
        self.save(tx, &change).await?;
        acts::tell_of_reset(self, tx, actor, &who, true).await?;
        Ok(who.spec.key.to_string())
    }

    /// Takes back that wish: an admin, or the person.
    pub async fn refuse_reset(&self, actor: &Actor, whose: IdentityId) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let authority = in_portal(&mut tx, actor, now).await?;
            if !actor.is(whose) {
                authority.admin()?;
                authority.not_barred(now)?;
            }
            let who = tx.identity(whose).await?.ok_or(Error::NotFound)?;
            let change = who.refuse_reset(actor, now)?;
            self.save(&mut tx, &change).await?;
            acts::tell_of_reset(self, &mut tx, actor, &who, false).await?;
            self.commit(tx).await
        })
        .await
    }

    pub(crate) async fn reset_authenticators_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        whose: IdentityId,
        verified: Verified,
    ) -> Result<String, Error> {
        let authority = in_portal(tx, actor, self.now()).await?;
        authority.admin()?;
        authority.not_barred(self.now())?;
        let needed = person(tx, actor).await?.strongest(self.now());
        let who = tx.identity(whose).await?.ok_or(Error::NotFound)?;
        let others = who.reset.as_ref().and_then(|it| it.by.person()).into_iter().collect();
        if let Some(refusal) = self.apart(tx, actor, false, others).await? {
            return Err(refusal.into());
        }
        let change = who.reset(actor, needed, verified, self.now())?;
        self.save(tx, &change).await?;
        tx.drop_authenticators_of(whose).await?;
        tx.end_sessions_of(whose).await?;
        let says = "two admins reset your passkeys and codes: add new ones; for a day you decide nothing";
        acts::tell_of_authenticator(self, tx, &who, says).await?;
        self.tell_that_none_decides(tx, &who, "as your passkeys and codes were reset").await?;
        Ok(who.spec.key.to_string())
    }

    fn sealed(&self, id: AuthenticatorId, secret: &[u8]) -> Result<String, Error> {
        let key = self.setup().secrets_key.as_ref().ok_or(Refusal::NoSecretsKey)?;
        key.seal(id, self.setup().ids.secret(), secret)
    }

    fn opened(&self, id: AuthenticatorId, sealed: &str) -> Result<Vec<u8>, Error> {
        self.setup().secrets_key.as_ref().ok_or(Refusal::NoSecretsKey)?.open(id, sealed)
    }

    fn sealed_codes(&self, id: AuthenticatorId) -> Result<String, Error> {
        let codes = codes::recovery_codes(|| self.setup().ids.secret());
        self.sealed(id, codes.join("\n").as_bytes())
    }

    fn opened_codes(&self, id: AuthenticatorId, sealed: &str) -> Result<Vec<String>, Error> {
        let text = self.opened(id, sealed)?;
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }
}

/// For how long an authenticator that is added by less than it is counts for no more than that, here.
async fn young_for(tx: &mut Tx) -> Result<TimeDelta, Error> {
    Ok(tx.portal().await?.map_or(YOUNG_FOR, |portal| portal.young_for()))
}

/// What is kept of recovery codes.
fn kept(codes: Option<Vec<String>>) -> BTreeSet<String> {
    codes.into_iter().flatten().filter_map(|code| codes::recovery(&code)).collect()
}

/// A link as a QR code, in SVG: black on white whatever the theme, as cameras want it.
fn picture(url: &str) -> Result<String, Error> {
    let code = QrCode::new(url).map_err(|why| Error::Unready(format!("no QR code can be drawn: {why}")))?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    // It stands in a page, where an XML declaration does not belong.
    Ok(drawn.find("<svg").map_or_else(String::new, |at| drawn[at..].to_owned()))
}

/// What a reader may do about somebody's authenticators.
pub(crate) fn reset_view(reader: &Actor, admin: bool, who: &Identity, now: DateTime<Utc>) -> Option<ResetView> {
    let own = reader.is(who.id);
    let asked = who.reset.as_ref();
    let view = ResetView {
        count: who.authenticators.len(),
        asked: asked.map(|asked| (asked.by.to_string(), asked.at)),
        may_ask: admin && !own && asked.is_none() && !who.authenticators.is_empty(),
        may_confirm: admin && !own && asked.is_some_and(|asked| !asked.by.is_one_with(reader)),
        may_refuse: (admin || own) && asked.is_some(),
        barred_until: who.barred_until.filter(|until| *until > now),
    };
    (admin || own).then_some(view)
}
