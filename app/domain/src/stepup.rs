//! Step-up: proving once more who one is, for one act and no other. What is about to be done is written out as a [`Statement`]; the hash
//! of its canonical form is the very challenge that a passkey signs, so that anyone can check later whose authenticator signed what.

use crate::{
    actor::Actor,
    canonical::canonical,
    ids::{AuthenticatorId, BundleId, GroupId, IdentityId, RequestId, SystemId},
    minutes::Minutes,
    refusal::Refusal,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, str::FromStr};

/// The version of the canonical form of a statement.
pub const FORMAT: u32 = 1;

/// How surely somebody has shown who they are; what is stronger serves for what is weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The password, typed again for this act.
    SignIn,
    /// A one-time code (RFC 6238) or a recovery code.
    Code,
    /// A passkey's signature over this act (Web Authentication, Level 3), with user verification.
    Passkey,
}

impl Strength {
    /// Every strength, the weakest first.
    pub const ALL: [Self; 3] = [Self::SignIn, Self::Code, Self::Passkey];

    /// Its name in the catalogue.
    pub fn key(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Code => "code",
            Self::Passkey => "passkey",
        }
    }

    /// Its name in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignIn => "a fresh sign-in",
            Self::Code => "a one-time code",
            Self::Passkey => "a passkey",
        }
    }
}

impl FromStr for Strength {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|strength| strength.key() == text)
            .ok_or_else(|| format!("`{text}` is not a strength: write sign-in, code or passkey"))
    }
}

/// An act that is confirmed by a step-up, with everything that makes it this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "act")]
pub enum Act {
    /// Asking for a bundle.
    Ask {
        /// The bundle.
        bundle: BundleId,
        /// The version of it that was shown.
        number: u32,
        /// For whom.
        subject: IdentityId,
        /// For how long.
        minutes: Minutes,
        /// SHA-256 of all that was written in the form, in hexadecimal.
        form: String,
        /// What it stands beside, where it is asked for as an exception.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside: Option<BTreeSet<BundleId>>,
    },
    /// Saying yes to a request.
    Approve {
        /// Which.
        request: RequestId,
        /// The version of its terms.
        terms: u32,
        /// In which stage.
        stage: usize,
        /// For how long.
        minutes: Minutes,
        /// SHA-256 of the ruling in its canonical form, in hexadecimal.
        ruling: String,
        /// In whose place, where it is not by one's own right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_whom: Option<IdentityId>,
    },
    /// Publishing a version of a bundle.
    Publish {
        /// The bundle.
        bundle: BundleId,
        /// The version.
        number: u32,
        /// SHA-256 of what it says in its canonical form, in hexadecimal.
        spec: String,
    },
    /// Publishing a version of the guardrails.
    PublishGuardrails {
        /// The version.
        number: u32,
        /// SHA-256 of what it says in its canonical form, in hexadecimal.
        spec: String,
    },
    /// Taking a bundle out of the catalogue.
    Retire {
        /// The bundle.
        bundle: BundleId,
        /// The version that is published.
        number: u32,
        /// The number of the event that proposed it: what answers one proposal does not answer the next.
        proposed: u32,
    },
    /// Changing who decides about a system, or what guards it.
    ConfirmOwners {
        /// The system.
        system: SystemId,
        /// Which proposal.
        number: u32,
        /// SHA-256 of who is proposed in its canonical form, in hexadecimal.
        stewards: String,
    },
    /// Changing who is in a group that decides.
    ConfirmMembers {
        /// The group.
        group: GroupId,
        /// Which proposal.
        number: u32,
        /// SHA-256 of who is proposed in its canonical form, in hexadecimal.
        members: String,
    },
    /// Saying that somebody has left.
    MarkLeft {
        /// Who.
        identity: IdentityId,
    },
    /// Confirming that, as another admin said it.
    ConfirmLeft {
        /// Who.
        identity: IdentityId,
    },
    /// Saying that somebody who had left is back.
    MarkReturned {
        /// Who.
        identity: IdentityId,
    },
    /// Adding an authenticator of one's own. Which passkey it will be cannot be stated: its key is made only after this was confirmed.
    AddAuthenticator {
        /// What kind.
        kind: Strength,
        /// How it will be called.
        name: String,
    },
    /// Calling an authenticator of one's own otherwise.
    RenameAuthenticator {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: String,
    },
    /// Removing an authenticator of one's own.
    RemoveAuthenticator {
        /// Which.
        authenticator: AuthenticatorId,
    },
    /// Making new recovery codes; the old ones stop working.
    RenewRecoveryCodes,
    /// Letting another decide in one's place.
    Delegate {
        /// Who.
        to: IdentityId,
        /// From when.
        from: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Asking that every authenticator of somebody be removed who has lost theirs.
    AskReset {
        /// Whose.
        identity: IdentityId,
    },
    /// Removing every authenticator of somebody who has lost theirs, as another admin asked.
    ResetAuthenticators {
        /// Whose.
        identity: IdentityId,
        /// The number of the event that asked for it: what answers one wish does not answer the next.
        asked: u32,
    },
}

impl Act {
    /// Whether all that makes it this act is in it: what could not be written out has an empty [`digest`].
    fn is_whole(&self) -> bool {
        match self {
            Self::Ask { form: digest, .. }
            | Self::Approve { ruling: digest, .. }
            | Self::Publish { spec: digest, .. }
            | Self::PublishGuardrails { spec: digest, .. }
            | Self::ConfirmMembers { members: digest, .. }
            | Self::ConfirmOwners { stewards: digest, .. } => !digest.is_empty(),
            Self::Retire { .. }
            | Self::MarkLeft { .. }
            | Self::ConfirmLeft { .. }
            | Self::MarkReturned { .. }
            | Self::AddAuthenticator { .. }
            | Self::RenameAuthenticator { .. }
            | Self::RemoveAuthenticator { .. }
            | Self::RenewRecoveryCodes
            | Self::Delegate { .. }
            | Self::AskReset { .. }
            | Self::ResetAuthenticators { .. } => true,
        }
    }
}

/// What somebody states by a step-up. Its canonical form (RFC 8785) is kept in the event, and its SHA-256 is what a passkey signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The version of this form.
    pub format: u32,
    /// 32 random bytes in hexadecimal: no two statements are the same.
    pub nonce: String,
    /// Who states it.
    pub by: IdentityId,
    /// When it was written out.
    pub at: DateTime<Utc>,
    /// The sentence that the person read.
    pub says: String,
    /// The act.
    pub does: Act,
}

impl Statement {
    /// The text that is hashed and kept.
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        let bytes = canonical(self)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The challenge that belongs to the canonical form of a statement: its SHA-256.
pub fn challenge(statement: &str) -> [u8; 32] {
    Sha256::digest(statement.as_bytes()).into()
}

/// SHA-256, in hexadecimal, of something in its canonical form (RFC 8785); empty where it has none, and then nothing vouches for it.
pub fn digest<T: Serialize>(of: &T) -> String {
    canonical(of).map_or_else(|_| String::new(), |bytes| hex::encode(Sha256::digest(&bytes)))
}

/// How it was shown. What is binary stands in base64url without padding (RFC 4648, section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "with")]
pub enum Proof {
    /// The password was typed again. It leaves nothing that others could check.
    SignIn {},
    /// A one-time code was typed. It leaves nothing that others could check.
    Code {
        /// The authenticator.
        authenticator: AuthenticatorId,
    },
    /// A recovery code was typed; it is used up. It leaves nothing that others could check.
    RecoveryCode {},
    /// A passkey signed the statement's hash: anyone can check it with what stands here.
    Passkey {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The credential's id.
        credential: String,
        /// Its public key, as COSE (RFC 9052).
        public_key: String,
        /// What the authenticator said of itself (Web Authentication, section 6.1).
        authenticator_data: String,
        /// What the browser collected (section 5.8.1), exactly as it was hashed.
        client_data: String,
        /// The signature over both.
        signature: String,
    },
}

impl Proof {
    /// How sure it makes us.
    pub fn strength(&self) -> Strength {
        match self {
            Self::SignIn {} => Strength::SignIn,
            Self::Code { .. } | Self::RecoveryCode {} => Strength::Code,
            Self::Passkey { .. } => Strength::Passkey,
        }
    }

    /// How, in a few words.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SignIn {} => "a fresh sign-in",
            Self::Code { .. } => "a one-time code",
            Self::RecoveryCode {} => "a recovery code",
            Self::Passkey { .. } => "a passkey",
        }
    }
}

/// A statement, and how its author showed who they are. It is made where the proof was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The statement in its canonical form.
    pub statement: String,
    /// The proof.
    pub proof: Proof,
    /// As how strong it counted: while an authenticator is young, as no more than what it was added with.
    pub counts: Strength,
}

impl Verified {
    /// How sure it makes us.
    pub fn strength(&self) -> Strength {
        self.counts.min(self.proof.strength())
    }

    /// What was stated.
    ///
    /// # Errors
    /// When it is no statement.
    pub fn stated(&self) -> Result<Statement, serde_json::Error> {
        serde_json::from_str(&self.statement)
    }

    /// Whether it vouches for this act by this person, as surely as is needed.
    ///
    /// # Errors
    /// [`Refusal::StepUp`] when more is needed, [`Refusal::StalePage`] when it was another act that was confirmed.
    pub fn vouches(&self, needed: Strength, by: IdentityId, act: &Act) -> Result<(), Refusal> {
        if self.strength() < needed {
            return Err(Refusal::StepUp { needed });
        }
        let stated = self.stated().map_err(|_| Refusal::StalePage)?;
        let is_this = act.is_whole() && stated.by == by && stated.does == *act;
        if is_this { Ok(()) } else { Err(Refusal::StalePage) }
    }
}

/// What an act wants by way of a step-up, and what it has.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// How surely the actor must have shown who they are; `None` asks no more than being signed in.
    pub needed: Option<Strength>,
    /// How they did.
    pub verified: Option<Verified>,
}

impl Confirmed {
    /// Where nothing is asked: in founding mode, and where it is only looked whether all else would allow the act.
    pub const UNASKED: Self = Self { needed: None, verified: None };

    /// What is kept of it, if it does for this act by this actor.
    ///
    /// # Errors
    /// As [`demand`] says.
    pub fn of(self, actor: &Actor, act: &Act) -> Result<Option<Verified>, Refusal> {
        match actor.person() {
            Some(by) => demand(self.needed, self.verified.as_ref(), by, act)?,
            None if self.needed.is_some() => return Err(Refusal::NotAllowed("only a person confirms what they do")),
            None => {}
        }
        Ok(self.verified)
    }
}

/// Refuses an act that wants a step-up and has none, or one for something else.
///
/// # Errors
/// [`Refusal::StepUp`] and [`Refusal::StalePage`], as [`Verified::vouches`] says.
pub fn demand(needed: Option<Strength>, verified: Option<&Verified>, by: IdentityId, act: &Act) -> Result<(), Refusal> {
    match (needed, verified) {
        (None, None) => Ok(()),
        (Some(needed), None) => Err(Refusal::StepUp { needed }),
        // What was not demanded must still be true where it is kept.
        (needed, Some(verified)) => verified.vouches(needed.unwrap_or(Strength::SignIn), by, act),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    const ANN: IdentityId = IdentityId(Uuid::from_u128(1));

    fn stated(does: Act, counts: Strength) -> Verified {
        let at = DateTime::from_timestamp(1_772_442_000, 0).unwrap();
        let statement =
            Statement { format: FORMAT, nonce: "00".repeat(32), by: ANN, at, says: "I do".to_owned(), does };
        let authenticator = AuthenticatorId(Uuid::from_u128(7));
        Verified { statement: statement.canonical().unwrap(), proof: Proof::Code { authenticator }, counts }
    }

    #[test]
    fn nothing_vouches_for_what_cannot_be_written_out() {
        let nameless = BTreeMap::from([((1, 2), 3)]);
        assert_eq!(digest(&nameless), "", "a map without names for its keys is no JSON");
        let act = |spec| Act::Publish { bundle: BundleId(Uuid::from_u128(2)), number: 3, spec };
        let empty = stated(act(digest(&nameless)), Strength::Code);
        assert_eq!(empty.vouches(Strength::SignIn, ANN, &act(String::new())), Err(Refusal::StalePage));
        let spec = digest(&"what it says");
        let whole = stated(act(spec.clone()), Strength::Code);
        assert_eq!(whole.vouches(Strength::Code, ANN, &act(spec)), Ok(()));
    }

    #[test]
    fn a_proof_vouches_for_no_more_than_it_counts_for() {
        for (counts, needed, does) in [
            (Strength::Code, Strength::Code, true),
            (Strength::SignIn, Strength::SignIn, true),
            (Strength::SignIn, Strength::Code, false),
            // Whatever somebody wrote beside it, a code is no passkey.
            (Strength::Passkey, Strength::Passkey, false),
        ] {
            let said = stated(Act::RenewRecoveryCodes, counts).vouches(needed, ANN, &Act::RenewRecoveryCodes);
            assert_eq!(said.is_ok(), does, "{counts:?} for {needed:?}: {said:?}");
        }
    }

    #[test]
    fn what_answers_one_wish_does_not_answer_the_next() {
        let act = |asked| Act::ResetAuthenticators { identity: IdentityId(Uuid::from_u128(3)), asked };
        let old = stated(act(4), Strength::Code);
        assert_eq!(old.vouches(Strength::Code, ANN, &act(4)), Ok(()));
        assert_eq!(old.vouches(Strength::Code, ANN, &act(6)), Err(Refusal::StalePage));
        assert_eq!(old.vouches(Strength::Code, IdentityId(Uuid::from_u128(9)), &act(4)), Err(Refusal::StalePage));
    }
}
