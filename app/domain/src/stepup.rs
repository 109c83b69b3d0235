//! Step-up: proving once more who one is, for one act and no other. What is about to be done is written out as a [`Statement`]; the hash
//! of its canonical form is the very challenge that a passkey signs, so that anyone can check later whose authenticator signed what.

use crate::{
    actor::Actor,
    ids::{AuthenticatorId, BundleId, GroupId, IdentityId, RequestId, SystemId},
    minutes::Minutes,
    refusal::Refusal,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::str::FromStr;

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
    /// Taking a bundle out of the catalogue.
    Retire {
        /// The bundle.
        bundle: BundleId,
        /// The version that is published.
        number: u32,
    },
    /// Changing who decides about a system, or what guards it.
    ConfirmOwners {
        /// The system.
        system: SystemId,
        /// Which proposal.
        number: u32,
    },
    /// Changing who is in a group that decides.
    ConfirmMembers {
        /// The group.
        group: GroupId,
        /// Which proposal.
        number: u32,
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
    /// Adding an authenticator of one's own.
    AddAuthenticator {
        /// What kind.
        kind: Strength,
        /// How it will be called.
        name: String,
    },
    /// Removing an authenticator of one's own.
    RemoveAuthenticator {
        /// Which.
        authenticator: AuthenticatorId,
    },
    /// Making new recovery codes; the old ones stop working.
    RenewRecoveryCodes,
    /// Removing every authenticator of somebody who has lost theirs, as another admin asked.
    ResetAuthenticators {
        /// Whose.
        identity: IdentityId,
    },
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
        let bytes = serde_json_canonicalizer::to_vec(self)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The challenge that belongs to the canonical form of a statement: its SHA-256.
pub fn challenge(statement: &str) -> [u8; 32] {
    Sha256::digest(statement.as_bytes()).into()
}

/// SHA-256, in hexadecimal, of something in its canonical form (RFC 8785).
pub fn digest<T: Serialize>(of: &T) -> String {
    // What cannot be written as JSON has no digest, and then nothing vouches for it.
    serde_json_canonicalizer::to_vec(of).map_or_else(|_| String::new(), |bytes| hex::encode(Sha256::digest(&bytes)))
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
}

impl Verified {
    /// Whether it vouches for this act by this person, as surely as is needed.
    ///
    /// # Errors
    /// [`Refusal::StepUp`] when more is needed, [`Refusal::StalePage`] when it was another act that was confirmed.
    pub fn vouches(&self, needed: Strength, by: IdentityId, act: &Act) -> Result<(), Refusal> {
        if self.proof.strength() < needed {
            return Err(Refusal::StepUp { needed });
        }
        let stated: Statement = serde_json::from_str(&self.statement).map_err(|_| Refusal::StalePage)?;
        if stated.by == by && stated.does == *act { Ok(()) } else { Err(Refusal::StalePage) }
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
