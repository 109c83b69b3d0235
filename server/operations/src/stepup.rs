//! Step-up: an act that wants one is kept, stated in words, confirmed by password, one-time code or passkey, and then done in the same
//! commit in which the proof is used up. A form survives its step-up, as what was sent is kept here until then.

pub(crate) mod codes;
pub(crate) mod passkeys;

use crate::{Error, Portal, acts, delegations, ids::hashed, people::OF_ACCOUNT, replay::progress, systems::changes};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authenticator::{Failure, Means, Used},
    bundle::Bundle,
    exception,
    guardrail::GuardrailSet,
    identity::Identity,
    ids::{AuthenticatorId, IdentityId, PendingId, RequestId},
    replay::Progress,
    ruling::judge,
    stepup::{Act, FORMAT, Proof, Statement, Strength, Verified, digest},
    views::{Asking, authenticators::ConfirmPage},
};
use serde::{Deserialize, Serialize};
use store::{Counted, ReplayOf, Try, Tx};

/// How long an act waits to be confirmed.
pub(crate) const WAITS: TimeDelta = TimeDelta::minutes(10);
/// How many acts of one person may wait at once.
const MOST_WAITING: i64 = 20;

/// An act as it was sent, to be done once it is confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Wanted {
    /// Asking for a bundle.
    Ask(Asking),
    /// Saying yes to a request.
    Approve {
        /// Which.
        request: RequestId,
        /// The terms that were looked at.
        version: u32,
        /// A shorter time, or nothing.
        shorter: String,
        /// What one writes, or nothing.
        comment: String,
    },
    /// Publishing a version of a bundle.
    Publish {
        /// The bundle's key.
        key: String,
        /// The draft that was looked at.
        number: u32,
    },
    /// Publishing a version of the guardrails.
    PublishGuardrails {
        /// The draft that was looked at.
        number: u32,
    },
    /// Confirming that a bundle leaves the catalogue.
    Retire {
        /// The bundle's key.
        key: String,
        /// The version that is published.
        number: u32,
    },
    /// Confirming who owns a sensitive system.
    ConfirmOwners {
        /// The system's key.
        key: String,
        /// The proposal that was looked at.
        number: u32,
    },
    /// Confirming who is in a group that decides.
    ConfirmMembers {
        /// The group's key.
        key: String,
        /// The proposal that was looked at.
        number: u32,
    },
    /// Saying that somebody has left.
    MarkLeft {
        /// Who.
        identity: IdentityId,
    },
    /// Confirming, as a second admin, that somebody has left.
    ConfirmLeft {
        /// Who.
        identity: IdentityId,
    },
    /// Saying that somebody who had left is back.
    MarkReturned {
        /// Who.
        identity: IdentityId,
    },
    /// Adding an authenticator of one's own.
    AddAuthenticator {
        /// A one-time code or a passkey.
        kind: Strength,
        /// How it will be called.
        name: String,
    },
    /// Calling one otherwise.
    RenameAuthenticator {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: String,
    },
    /// Removing one.
    RemoveAuthenticator {
        /// Which.
        authenticator: AuthenticatorId,
    },
    /// Making new recovery codes.
    RenewRecoveryCodes,
    /// Letting another decide in one's place.
    Delegate {
        /// Their sign-in name.
        to: String,
        /// The first day.
        from: String,
        /// The last day.
        until: String,
    },
    /// Asking, as an admin, that somebody's authenticators be reset.
    AskReset {
        /// Whose.
        identity: IdentityId,
    },
    /// Confirming, as a second admin, that somebody's authenticators are reset.
    ResetAuthenticators {
        /// Whose.
        identity: IdentityId,
    },
}

/// How somebody answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With the password.
    Password(String),
    /// With a one-time code or a recovery code.
    Code(String),
    /// With a passkey: what the browser was given by it, as JSON.
    Passkey(String),
}

/// What waits, as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) enum Pending {
    /// An act that is to be confirmed.
    Act(Box<Waiting>),
    /// An authenticator that is being added, once the step-up has gone through.
    Enrolment(Box<crate::authenticators::Enrolment>),
}

/// An act that is to be confirmed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    wanted: Wanted,
    needed: Strength,
    says: String,
    statement: String,
    back: String,
    expires_at: DateTime<Utc>,
}

/// A proof that was right.
struct Proven {
    verified: Verified,
    used: Used,
    /// The try that it was counted as.
    counted: Try,
}

impl Portal {
    /// Keeps an act that wants a step-up, and says under which id it is confirmed. `back` is the page it was sent from.
    pub async fn begin_step_up(&self, actor: &Actor, wanted: &Wanted, back: &str) -> Result<PendingId, Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let who = person(&mut tx, actor).await?;
            who.not_locked(now)?;
            let (needed, does, says) = self.stated(&mut tx, actor, &who, wanted).await?;
            who.can_show(needed, now)?;
            if tx.count_pending(who.id, now).await? >= MOST_WAITING {
                return Err(Refusal::TooMany("a few minutes".to_owned()).into());
            }
            let statement =
                Statement { format: FORMAT, nonce: self.token(), by: who.id, at: now, says: says.clone(), does };
            let statement = statement.canonical().map_err(|why| Error::Unready(why.to_string()))?;
            let expires_at = now + WAITS;
            let back = back.to_owned();
            let waiting = Waiting { wanted: wanted.clone(), needed, says, statement, back, expires_at };
            let id = self.keep_pending(&mut tx, who.id, &Pending::Act(Box::new(waiting)), expires_at).await?;
            tx.commit().await?;
            Ok(id)
        })
        .await
    }

    pub(crate) async fn keep_pending(
        &self,
        tx: &mut Tx,
        whose: IdentityId,
        pending: &Pending,
        expires_at: DateTime<Utc>,
    ) -> Result<PendingId, Error> {
        let id = PendingId(self.new_id());
        let body = serde_json::to_string(pending).map_err(|why| Error::Unready(why.to_string()))?;
        tx.keep_pending(id, whose, &body, expires_at).await?;
        Ok(id)
    }

    pub(crate) async fn pending(&self, tx: &mut Tx, id: PendingId, whose: IdentityId) -> Result<Pending, Error> {
        let body = tx.pending(id, whose, self.now()).await?.ok_or(Refusal::NothingToConfirm)?;
        serde_json::from_str(&body).map_err(|why| Error::Unready(why.to_string()))
    }

    async fn waiting(&self, tx: &mut Tx, id: PendingId, whose: IdentityId) -> Result<Waiting, Error> {
        match self.pending(tx, id, whose).await? {
            Pending::Act(waiting) => Ok(*waiting),
            Pending::Enrolment(_) => Err(Refusal::NothingToConfirm.into()),
        }
    }

    /// What is stated by an act, and how surely. Judged again when it is done.
    #[expect(clippy::too_many_lines, reason = "one arm an act")]
    async fn stated(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        who: &Identity,
        wanted: &Wanted,
    ) -> Result<(Strength, Act, String), Error> {
        let strongest = who.strongest(self.now());
        Ok(match wanted {
            Wanted::Ask(asking) => {
                let guardrails = self.guardrails(tx).await?;
                let asked = self.asked(tx, actor, asking, guardrails.as_ref(), false).await?;
                let ruling = judge(&asked.ask, &asked.facts, guardrails.as_ref());
                let spec = &asked.facts.bundle.spec;
                let whom = if asked.ask.subject == who.id {
                    String::new()
                } else {
                    format!(" for {}", asked.facts.subject.name)
                };
                let exception = exception::stated(&asked.ask, &asked.facts);
                let says = format!("I ask for “{}”{whom}, for {}{exception}", spec.name, asked.ask.minutes);
                (ruling.asker_step_up(spec.step_up).unwrap_or(Strength::SignIn), asked.act(), says)
            }
            Wanted::Approve { request, version, shorter, .. } => {
                self.stated_yes(tx, actor, *request, *version, shorter).await?
            }
            Wanted::Publish { key, number } => {
                let bundle = self.bundle_of_admin(tx, actor, key).await?;
                let draft = bundle.draft.as_ref().ok_or(Refusal::NoDraft)?;
                if draft.number != *number {
                    return Err(Refusal::DraftChanged { number: draft.number }.into());
                }
                let short = digest(&draft.spec).chars().take(8).collect::<String>();
                let says = format!("I publish version {number} of “{}”, text {short}", draft.spec.name);
                (strongest, bundle.publication_act(draft), says)
            }
            Wanted::PublishGuardrails { number } => {
                crate::facts::in_portal(tx, actor, self.now()).await?.admin()?;
                let draft = tx.guardrails().await?.and_then(|set| set.draft).ok_or(Refusal::NoDraft)?;
                if draft.number != *number {
                    return Err(Refusal::DraftChanged { number: draft.number }.into());
                }
                let short = digest(&draft.spec).chars().take(8).collect::<String>();
                let says = format!("I publish version {number} of the guardrails, text {short}");
                (strongest, GuardrailSet::publication_act(&draft), says)
            }
            Wanted::Retire { key, number } => {
                let bundle = self.bundle_of_admin(tx, actor, key).await?;
                let proposed = bundle.expect_retiring(*number)?;
                let says = format!("I take “{}” out of the catalogue, as {} proposed", bundle.name(), proposed.by);
                (strongest, bundle.retirement_act(proposed), says)
            }
            Wanted::ConfirmOwners { key, number } => {
                crate::facts::in_portal(tx, actor, self.now()).await?.admin()?;
                let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
                let proposed = system.expect_proposed(*number)?;
                let changes = changes(tx, &system, proposed).await?;
                let changes: Vec<_> = changes.into_iter().map(|it| format!("{}: {}", it.what, it.after)).collect();
                let says = format!("I confirm for {}: {}", system.spec.name, changes.join("; "));
                (strongest, system.confirmation_act(proposed), says)
            }
            Wanted::ConfirmMembers { key, number } => {
                crate::facts::in_portal(tx, actor, self.now()).await?.admin()?;
                let group = tx.group_by_key(key).await?.ok_or(Error::NotFound)?;
                let proposed = group.expect_proposed(*number)?;
                let says = format!("I confirm proposal {number} of who is in {}", group.spec.name);
                (strongest, group.confirmation_act(proposed), says)
            }
            Wanted::MarkLeft { identity } => {
                let name = self.name_for_admin(tx, actor, *identity).await?;
                (strongest, Act::MarkLeft { identity: *identity }, format!("I say that {name} has left"))
            }
            Wanted::ConfirmLeft { identity } => {
                let name = self.name_for_admin(tx, actor, *identity).await?;
                (strongest, Act::ConfirmLeft { identity: *identity }, format!("I confirm that {name} has left"))
            }
            Wanted::MarkReturned { identity } => {
                let name = self.name_for_admin(tx, actor, *identity).await?;
                (strongest, Act::MarkReturned { identity: *identity }, format!("I say that {name} is back"))
            }
            Wanted::AddAuthenticator { kind, name } => {
                let name = who.free_name(name)?;
                let says = match kind {
                    Strength::Passkey => format!("I add the passkey “{name}” as mine"),
                    Strength::Code => format!("I add the authenticator app “{name}” as mine"),
                    Strength::SignIn => return Err(Refusal::NotAllowed("a password is not added this way").into()),
                };
                (strongest, Act::AddAuthenticator { kind: *kind, name }, says)
            }
            Wanted::RenameAuthenticator { authenticator, name } => {
                let known = who.authenticators.get(authenticator).ok_or(Refusal::NoSuchAuthenticator)?;
                let name = who.free_name(name)?;
                let says = format!("I call “{}”, which is mine, “{name}” from now on", known.name);
                (strongest, Act::RenameAuthenticator { authenticator: *authenticator, name }, says)
            }
            Wanted::RemoveAuthenticator { authenticator } => {
                let known = who.authenticators.get(authenticator).ok_or(Refusal::NoSuchAuthenticator)?;
                let says = format!("I remove “{}”, which is mine", known.name);
                (strongest, Act::RemoveAuthenticator { authenticator: *authenticator }, says)
            }
            Wanted::RenewRecoveryCodes => {
                who.has_app()?;
                let says = "I make new recovery codes, and the old ones stop working".to_owned();
                (strongest, Act::RenewRecoveryCodes, says)
            }
            Wanted::Delegate { to, from, until } => {
                // The answer tells who there is.
                self.paced(actor)?;
                let (to, wanted) = delegations::wanted(tx, to, from, until).await?;
                who.may_delegate(actor, &to, wanted, self.now())?;
                let says = format!("I let {} decide in my place {}", to.spec.name, delegations::days(wanted));
                (strongest, wanted.act(), says)
            }
            Wanted::AskReset { identity } => {
                let whose = self.to_reset(tx, actor, *identity).await?;
                let says = format!("I ask that every passkey and authenticator app of {} be removed", whose.spec.name);
                (strongest, Act::AskReset { identity: whose.id }, says)
            }
            Wanted::ResetAuthenticators { identity } => {
                let whose = self.to_reset(tx, actor, *identity).await?;
                let asked = whose.reset.as_ref().ok_or(Refusal::NoReset)?;
                let says = format!(
                    "I remove every passkey and authenticator app of {}, as {} asked",
                    whose.spec.name, asked.by
                );
                (strongest, Act::ResetAuthenticators { identity: whose.id, asked: asked.event }, says)
            }
        })
    }

    async fn to_reset(&self, tx: &mut Tx, actor: &Actor, whose: IdentityId) -> Result<Identity, Error> {
        crate::facts::in_portal(tx, actor, self.now()).await?.admin()?;
        tx.identity(whose).await?.ok_or(Error::NotFound)
    }

    /// What is stated by a yes to a request, to the terms that were looked at.
    async fn stated_yes(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: RequestId,
        version: u32,
        shorter: &str,
    ) -> Result<(Strength, Act, String), Error> {
        let request = tx.request(id).await?.ok_or(Error::NotFound)?;
        let authority = crate::facts::over(tx, actor, &request, self.now()).await?;
        if !authority.may_see() {
            return Err(Error::NotFound);
        }
        request.open(self.now())?;
        let for_whom = request.stands_in_for(&authority, self.now());
        let (stage, ruling) = request.current_stage().filter(|_| request.terms == version).ok_or(Refusal::StalePage)?;
        let minutes = match shorter.trim() {
            "" => request.minutes,
            text => text.parse().map_err(Refusal::from)?,
        };
        let short = digest(&request.ruling).chars().take(8).collect::<String>();
        let (what, whom) = (&request.facts.bundle.spec.name, &request.facts.subject.name);
        let i = for_whom.as_ref().map_or_else(|| "I".to_owned(), |(_, lender)| format!("I, {actor} for {lender},"));
        let exception = exception::stated(&request.ask, &request.facts);
        let says = format!("{i} approve “{what}” for {whom}, for {minutes}{exception}, by ruling {short}");
        let act = request.approval_act(stage, minutes, for_whom.map(|(id, _)| id));
        Ok((ruling.step_up.unwrap_or(Strength::SignIn), act, says))
    }

    async fn bundle_of_admin(&self, tx: &mut Tx, actor: &Actor, key: &str) -> Result<Bundle, Error> {
        crate::facts::in_portal(tx, actor, self.now()).await?.admin()?;
        tx.bundle_by_key(key).await?.ok_or(Error::NotFound)
    }

    async fn name_for_admin(&self, tx: &mut Tx, actor: &Actor, id: IdentityId) -> Result<String, Error> {
        crate::facts::in_portal(tx, actor, self.now()).await?.admin()?;
        Ok(tx.identity(id).await?.ok_or(Error::NotFound)?.spec.name)
    }

    /// What is to be confirmed, and by what it can be.
    pub async fn confirm_page(&self, actor: &Actor, id: PendingId) -> Result<ConfirmPage, Error> {
        let mut tx = self.store().read().await?;
        let who = person(&mut tx, actor).await?;
        let Waiting { needed, says, statement, back, expires_at, .. } =
            self.waiting(&mut tx, id, who.id).await.map_err(|error| match error {
                Error::Refused(Refusal::NothingToConfirm) => Error::NotFound,
                other => other,
            })?;
        let now = self.now();
        let passkey = match self.passkeys() {
            Some(passkeys) => passkeys.ask(&who, &statement, needed, now)?,
            None => None,
        };
        let code = who.sure_enough(needed, now).any(|a| a.means.strength() == Strength::Code);
        Ok(ConfirmPage { id, says, needed, passkey, code, password: needed == Strength::SignIn, back, expires_at })
    }

    /// Confirms an act and does it, in one commit. Gives the page that shows what came of it.
    pub async fn confirm(&self, actor: &Actor, id: PendingId, answer: &Answer) -> Result<String, Error> {
        let (waiting, who) = {
            let mut tx = self.store().read().await?;
            let who = person(&mut tx, actor).await?;
            (self.waiting(&mut tx, id, who.id).await?, who)
        };
        self.caught_up(actor, &waiting.wanted).await?;
        let proven = self.proven(actor, &who, &waiting, answer).await?;
        let done = self.retrying(|| self.confirm_once(actor, id, &waiting.wanted, &proven)).await;
        match &done {
            // A copy's counter, or a code that was used before: as good as a failure.
            Err(Error::Refused(no @ (Refusal::UsedCode | Refusal::ClonedPasskey))) => {
                self.failed(actor, &who, strength(answer), failure(no)).await?;
            }
            Err(Error::Refused(_)) => {
                // The act was refused, but the proof was seen: it does not count again, and nothing is forgotten by it.
                let spent = self.retrying(|| self.use_up(actor, &proven)).await;
                if let Err(error) = spent {
                    tracing::warn!(%error, "a proof could not be used up");
                }
            }
            Ok(_)
            | Err(Error::NotFound | Error::Conflict | Error::Store(_) | Error::Connector(_) | Error::Unready(_)) => {}
        }
        done
    }

    /// Judges again, before a proof is looked at, what was asked since the replay of what is to be published: a proof counts once, and is
    /// not used up by what a later try would do.
    async fn caught_up(&self, actor: &Actor, wanted: &Wanted) -> Result<(), Error> {
        let Some((of, number)) = self.publishes(actor, wanted).await? else { return Ok(()) };
        self.catch_up_alone(of).await?;
        let mut tx = self.store().read().await?;
        match progress(&mut tx, of, number).await? {
            (unfinished @ Progress::Running { .. }, _) => Ok(unfinished.expect_finished()?),
            // What was never replayed, or need not be, is refused or not by the act itself.
            (Progress::NotBegun | Progress::Finished, _) => Ok(()),
        }
    }

    /// Whose draft an act publishes, and which.
    async fn publishes(&self, actor: &Actor, wanted: &Wanted) -> Result<Option<(ReplayOf, u32)>, Error> {
        match wanted {
            Wanted::Publish { key, number } => {
                let mut tx = self.store().read().await?;
                let bundle = self.bundle_of_admin(&mut tx, actor, key).await?;
                Ok(Some((ReplayOf::Bundle(bundle.id), *number)))
            }
            Wanted::PublishGuardrails { number } => {
                let mut tx = self.store().read().await?;
                crate::facts::in_portal(&mut tx, actor, self.now()).await?.admin()?;
                Ok(Some((ReplayOf::Guardrails, *number)))
            }
            Wanted::Ask(_)
            | Wanted::Approve { .. }
            | Wanted::Retire { .. }
            | Wanted::ConfirmOwners { .. }
            | Wanted::ConfirmMembers { .. }
            | Wanted::MarkLeft { .. }
            | Wanted::ConfirmLeft { .. }
            | Wanted::MarkReturned { .. }
            | Wanted::AddAuthenticator { .. }
            | Wanted::RenameAuthenticator { .. }
            | Wanted::RemoveAuthenticator { .. }
            | Wanted::RenewRecoveryCodes
            | Wanted::Delegate { .. }
            | Wanted::AskReset { .. }
            | Wanted::ResetAuthenticators { .. } => Ok(None),
        }
    }

    async fn confirm_once(
        &self,
        actor: &Actor,
        id: PendingId,
        wanted: &Wanted,
        proven: &Proven,
    ) -> Result<String, Error> {
        let mut tx = self.store().write().await?;
        let by = actor.person().ok_or(Error::NotFound)?;
        if !tx.take_pending(id, by).await? {
            return Err(Refusal::NothingToConfirm.into());
        }
        // An authenticator may confirm its own removal: it is used while it is still there. All else locks its rows in its own order first.
        let last = matches!(wanted, Wanted::RemoveAuthenticator { .. });
        if last {
            self.spend(&mut tx, actor, proven).await?;
        }
        let lead = self.perform(&mut tx, actor, wanted, &proven.verified).await?;
        if !last {
            self.spend(&mut tx, actor, proven).await?;
        }
        self.commit(tx).await?;
        Ok(lead)
    }

    /// Uses the proof up with the act it was for. Tries are forgotten only where what they tried is no stronger than what was shown: who
    /// knows a password does not go on guessing codes by it.
    async fn spend(&self, tx: &mut Tx, actor: &Actor, proven: &Proven) -> Result<(), Error> {
        let who = person(tx, actor).await?;
        self.save(tx, &who.step_up(actor, proven.used.clone(), self.now())?).await?;
        for strength in Strength::ALL.into_iter().filter(|strength| *strength <= proven.verified.strength()) {
            tx.forget_tries(&throttle(&who, strength)).await?;
        }
        Ok(())
    }

    /// Uses the proof up without the act. Only its own try is taken back.
    async fn use_up(&self, actor: &Actor, proven: &Proven) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        let who = person(&mut tx, actor).await?;
        self.save(&mut tx, &who.spend_proof(actor, proven.used.clone(), self.now())?).await?;
        tx.take_back_try(&proven.counted).await?;
        self.commit(tx).await
    }

    async fn perform(&self, tx: &mut Tx, actor: &Actor, wanted: &Wanted, verified: &Verified) -> Result<String, Error> {
        let verified = verified.clone();
        Ok(match wanted {
            Wanted::Ask(asking) => format!("/requests/{}", self.ask_in(tx, actor, asking, Some(verified)).await?),
            Wanted::Approve { request, version, shorter, comment } => {
                self.approve_in(tx, actor, *request, (*version, shorter, comment), Some(verified)).await?;
                format!("/requests/{request}")
            }
            Wanted::Publish { key, number } => {
                self.publish_in(tx, actor, key, *number, Some(verified)).await?;
                format!("/bundles/{key}")
            }
            Wanted::PublishGuardrails { number } => {
                self.publish_guardrails_in(tx, actor, *number, Some(verified)).await?;
                "/guardrails".to_owned()
            }
            Wanted::Retire { key, number } => {
                self.confirm_retirement_in(tx, actor, key, *number, Some(verified)).await?;
                format!("/bundles/{key}")
            }
            Wanted::ConfirmOwners { key, number } => {
                self.confirm_owners_in(tx, actor, key, *number, Some(verified)).await?;
                format!("/systems/{key}")
            }
            Wanted::ConfirmMembers { key, number } => {
                self.confirm_members_in(tx, actor, key, *number, Some(verified)).await?;
                format!("/groups/{key}")
            }
            Wanted::MarkLeft { identity } => self.mark_left_in(tx, actor, *identity, Some(verified)).await?,
            Wanted::ConfirmLeft { identity } => self.confirm_left_in(tx, actor, *identity, Some(verified)).await?,
            Wanted::MarkReturned { identity } => self.mark_returned_in(tx, actor, *identity, Some(verified)).await?,
            Wanted::AddAuthenticator { kind, name } => {
                let id = self.begin_enrolment(tx, actor, *kind, name, verified).await?;
                format!("/authenticators/add/{id}")
            }
            Wanted::RenameAuthenticator { authenticator, name } => {
                self.rename_authenticator_in(tx, actor, *authenticator, name, Some(verified)).await?;
                "/authenticators".to_owned()
            }
            Wanted::RemoveAuthenticator { authenticator } => {
                self.remove_authenticator_in(tx, actor, *authenticator, verified).await?;
                "/authenticators".to_owned()
            }
            Wanted::RenewRecoveryCodes => {
                let id = self.begin_new_codes(tx, actor, verified).await?;
                format!("/authenticators/add/{id}")
            }
            Wanted::Delegate { to, from, until } => {
                self.delegate_in(tx, actor, (to, from, until), verified).await?;
                "/delegation".to_owned()
            }
            Wanted::AskReset { identity } => {
                let key = self.ask_reset_in(tx, actor, *identity, Some(verified)).await?;
                format!("/identities/{key}")
            }
            Wanted::ResetAuthenticators { identity } => {
                let key = self.reset_authenticators_in(tx, actor, *identity, verified).await?;
                format!("/identities/{key}")
            }
        })
    }

    /// Checks an answer against what waits. What does not fit is an event, and is counted.
    async fn proven(&self, actor: &Actor, who: &Identity, waiting: &Waiting, answer: &Answer) -> Result<Proven, Error> {
        let now = self.now();
        who.not_locked(now)?;
        let (tried, needed) = (strength(answer), waiting.needed);
        if tried < needed {
            // Not looked at: whether a password is right is not to be learned here, and nothing is to be forgotten by it.
            self.failed(actor, who, tried, Failure::TooWeak).await?;
            return Err(Refusal::StepUp { needed }.into());
        }
        let throttle = throttle(who, tried);
        let counted = self.retrying(|| self.count_step_up(&throttle)).await?;
        let checked = match answer {
            Answer::Password(password) => self.check_password_of(who, password).await,
            Answer::Code(code) => self.check_code(who, code, needed).await,
            Answer::Passkey(assertion) => match self.passkeys() {
                Some(passkeys) => passkeys.check(who, &waiting.statement, assertion, needed, now),
                None => Err(Refusal::NoSuchAuthenticator.into()),
            },
        };
        match checked {
            Ok((proof, used)) => {
                let counts = who.counts(&used, now);
                let verified = Verified { statement: waiting.statement.clone(), proof, counts };
                Ok(Proven { verified, used, counted })
            }
            Err(Error::Refused(refusal)) => {
                self.failed(actor, who, tried, failure(&refusal)).await?;
                Err(refusal.into())
            }
            Err(other) => Err(other),
        }
    }

    /// Counts a try before its answer is known, so that many at once are many.
    async fn count_step_up(&self, throttle: &str) -> Result<Try, Error> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        match tx.count_try(throttle, OF_ACCOUNT, now).await? {
            Counted::Try(counted) => {
                tx.commit().await?;
                Ok(counted)
            }
            Counted::Blocked { until } => Err(Refusal::Locked { until }.into()),
        }
    }

    async fn check_password_of(&self, who: &Identity, password: &str) -> Result<(Proof, Used), Error> {
        const WRONG: Refusal = Refusal::StepUpFailed { left: "type your password once more" };
        let kept = self.store().read().await?.password(who.id).await?;
        let kept = kept.filter(|kept| who.has_password(&hashed(kept))).ok_or(WRONG)?;
        if self.fits(password, &kept).await? { Ok((Proof::SignIn {}, Used::Password {})) } else { Err(WRONG.into()) }
    }

    /// Checks a one-time code or a recovery code, by what counts for as much as is needed.
    async fn check_code(&self, who: &Identity, code: &str, needed: Strength) -> Result<(Proof, Used), Error> {
        let now = self.now();
        if let Some(code) = codes::recovery(code) {
            let used = Used::RecoveryCode { code: code.clone() };
            if !who.recovery_codes.contains(&code) || who.counts(&used, now) < needed {
                return Err(Refusal::StepUpFailed { left: "each recovery code counts once: type another" }.into());
            }
            return Ok((Proof::RecoveryCode {}, used));
        }
        let key = self.setup().secrets_key.as_ref().ok_or(Refusal::NoSecretsKey)?;
        let mut failed = Error::from(Refusal::NoSuchAuthenticator);
        for app in who.sure_enough(needed, now) {
            let Means::Code { sealed: kept, .. } = &app.means else { continue };
            let sealed = self.store().read().await?.sealed(app.id).await?;
            // A secret that no event put there opens nothing.
            let Some(sealed) = sealed.filter(|sealed| hashed(sealed) == *kept) else { continue };
            match codes::check(&key.open(app.id, &sealed)?, code, now) {
                Ok(step) => {
                    let authenticator = app.id;
                    return Ok((Proof::Code { authenticator }, Used::Code { authenticator, step }));
                }
                Err(why) => failed = why,
            }
        }
        Err(failed)
    }

    /// Writes down that a step-up failed; one too many, or a copied passkey, is told to the person and to the admins.
    async fn failed(&self, actor: &Actor, who: &Identity, tried: Strength, why: Failure) -> Result<(), Error> {
        let cloned = why == Failure::Copied;
        tracing::warn!(who = %who.spec.key, with = tried.key(), ?why, "a step-up failed");
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            let who = person(&mut tx, actor).await?;
            let change = who.fail_step_up(actor, tried, why, self.now())?;
            self.save(&mut tx, &change).await?;
            let locked = change.identity().is_some_and(|now| now.locked_until != who.locked_until);
            if locked || cloned {
                acts::tell_of_step_up(self, &mut tx, &who, cloned).await?;
            }
            self.commit(tx).await
        })
        .await
    }
}

fn strength(answer: &Answer) -> Strength {
    match answer {
        Answer::Password(_) => Strength::SignIn,
        Answer::Code(_) => Strength::Code,
        Answer::Passkey(_) => Strength::Passkey,
    }
}

fn failure(refusal: &Refusal) -> Failure {
    if *refusal == Refusal::ClonedPasskey {
        Failure::Copied
    } else if *refusal == Refusal::UsedCode {
        Failure::UsedBefore
    } else {
        Failure::Wrong
    }
}

/// What tries of one strength are counted against.
fn throttle(who: &Identity, strength: Strength) -> String {
    format!("step-up/{}/{}", who.id, strength.key())
}

/// The person who acts, as they stand now.
pub(crate) async fn person(tx: &mut Tx, actor: &Actor) -> Result<Identity, Error> {
    let id = actor.person().ok_or(Refusal::NotAllowed("only a person confirms what they do"))?;
    let who = tx.identity(id).await?.ok_or(Error::NotFound)?;
    if who.may_act() {
        Ok(who)
    } else {
        Err(Refusal::NotAllowed("who has left, or is said to have, may do nothing here").into())
    }
}
