//! Passkeys (Web Authentication, Level 3), through `webauthn-rs`. An assertion's challenge is the hash of the statement it confirms:
//! `webauthn-rs` draws challenges itself and has no setter, so its state, which can be written out, gets ours put in its place. All the
//! checks of section 7.2 stay the library's own; a later version that names the field otherwise makes every assertion fail, never pass.

use crate::Error;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use ciborium::Value as Cbor;
use domain::{
    Refusal,
    authenticator::{Means, Used},
    identity::Identity,
    ids::AuthenticatorId,
    stepup::{Proof, Strength, challenge},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use webauthn_rs::prelude::{
    COSEAlgorithm, COSEKeyType, ECDSACurve, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Who a passkey is for: the portal, as browsers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// Its domain (the relying party's id).
    pub id: String,
    /// Scheme, host and port.
    pub origin: String,
}

/// What registers and checks passkeys.
pub(crate) struct Passkeys {
    webauthn: Webauthn,
}

const AGAIN: Refusal = Refusal::StepUpFailed { left: "try it once more, with the passkey that belongs to you here" };

impl Passkeys {
    pub fn open(party: &RelyingParty) -> Result<Self, Error> {
        let wrong = |why: &dyn std::fmt::Display| Error::Unready(format!("passkeys cannot be used: {why}"));
        let origin = Url::parse(&party.origin).map_err(|why| wrong(&why))?;
        let builder = WebauthnBuilder::new(&party.id, &origin).map_err(|why| wrong(&why))?;
        Ok(Self { webauthn: builder.rp_name("Sallyport").build().map_err(|why| wrong(&why))? })
    }

    /// What a browser needs to make a passkey, and what is kept until it has.
    pub fn offer(&self, who: &Identity) -> Result<(String, String), Error> {
        let known = who.authenticators.values().filter_map(|a| match &a.means {
            Means::Passkey { credential, .. } => BASE64.decode(credential).ok(),
            Means::Code { .. } => None,
        });
        let (options, state) = self
            .webauthn
            .start_passkey_registration(who.id.0, who.spec.key.as_str(), &who.spec.name, Some(known.collect()))
            .map_err(|why| Error::Unready(format!("no passkey can be made: {why}")))?;
        Ok((written(&options.public_key)?, written(&state)?))
    }

    /// The passkey that a browser made.
    pub fn register(&self, state: &str, credential: &str) -> Result<Means, Error> {
        let state: PasskeyRegistration = read(state)?;
        let made: RegisterPublicKeyCredential = serde_json::from_str(credential).map_err(|_| AGAIN)?;
        let passkey = self.webauthn.finish_passkey_registration(&made, &state).map_err(|why| {
            tracing::warn!(%why, "a passkey was not registered");
            AGAIN
        })?;
        let public_key = cose(&passkey)
            .ok_or(Refusal::StepUpFailed { left: "keys of this kind are not known here: use another authenticator" })?;
        Ok(Means::Passkey {
            credential: BASE64.encode(passkey.cred_id()),
            public_key: BASE64.encode(public_key),
            registered: written(&passkey)?,
            counter: 0,
        })
    }

    /// What a browser needs to have the statement signed; `None` when the person has no passkey that counts for as much as is needed.
    pub fn ask(
        &self,
        who: &Identity,
        statement: &str,
        needed: Strength,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, Error> {
        let passkeys = passkeys(who, needed, now)?;
        if passkeys.is_empty() {
            return Ok(None);
        }
        let (mut options, _) = self
            .webauthn
            .start_passkey_authentication(&passkeys)
            .map_err(|why| Error::Unready(format!("no passkey can be asked: {why}")))?;
        options.public_key.challenge = challenge(statement).to_vec();
        written(&options.public_key).map(Some)
    }

    /// Checks what a browser sent, against the statement, by the passkeys that count for as much as is needed.
    pub fn check(
        &self,
        who: &Identity,
        statement: &str,
        assertion: &str,
        needed: Strength,
        now: DateTime<Utc>,
    ) -> Result<(Proof, Used), Error> {
        let sent: PublicKeyCredential = serde_json::from_str(assertion).map_err(|_| AGAIN)?;
        let passkeys = passkeys(who, needed, now)?;
        if passkeys.is_empty() {
            return Err(Refusal::NoSuchAuthenticator.into());
        }
        let (_, state) = self
            .webauthn
            .start_passkey_authentication(&passkeys)
            .map_err(|why| Error::Unready(format!("no passkey can be checked: {why}")))?;
        let state = with_challenge(&state, &challenge(statement))?;
        let result = self.webauthn.finish_passkey_authentication(&sent, &state).map_err(|why| {
            tracing::warn!(who = %who.spec.key, %why, "a passkey's signature was refused");
            if matches!(why, WebauthnError::CredentialPossibleCompromise) { Refusal::ClonedPasskey } else { AGAIN }
        })?;
        if !result.user_verified() {
            return Err(AGAIN.into());
        }
        let (authenticator, credential, public_key) = known(who, result.cred_id()).ok_or(AGAIN)?;
        let raw = &sent.response;
        let proof = Proof::Passkey {
            authenticator,
            credential,
            public_key,
            authenticator_data: BASE64.encode(&raw.authenticator_data),
            client_data: BASE64.encode(&raw.client_data_json),
            signature: BASE64.encode(&raw.signature),
        };
        Ok((proof, Used::Passkey { authenticator, counter: result.counter() }))
    }
}

fn known(who: &Identity, credential: &[u8]) -> Option<(AuthenticatorId, String, String)> {
    let sought = BASE64.encode(credential);
    who.authenticators.values().find_map(|a| match &a.means {
        Means::Passkey { credential, public_key, .. } if *credential == sought => {
            Some((a.id, credential.clone(), public_key.clone()))
        }
        Means::Passkey { .. } | Means::Code { .. } => None,
    })
}

/// Whether a proof shows that the registered passkey signed the statement: checked once more, with nothing but what stands in events.
///
/// # Errors
/// What it does not show.
pub(crate) fn signed(statement: &str, proof: &Proof, means: &Means) -> Result<(), &'static str> {
    const OTHER: &str = "the passkey that signed it is not as it was registered";
    const NOT_THIS: &str = "the passkey did not sign what was stated for it";
    let Proof::Passkey { credential, public_key, authenticator_data, client_data, signature, .. } = proof else {
        return Ok(());
    };
    let Means::Passkey { credential: known, public_key: key, registered, .. } = means else { return Err(OTHER) };
    let passkey: Passkey = serde_json::from_str(registered).map_err(|_| OTHER)?;
    let registered = cose(&passkey).map(|key| BASE64.encode(key));
    if credential != known || public_key != key || registered.as_ref() != Some(key) {
        return Err(OTHER);
    }
    let bytes = |text: &str| BASE64.decode(text).map_err(|_| NOT_THIS);
    let (mut signed, client, signature) = (bytes(authenticator_data)?, bytes(client_data)?, bytes(signature)?);
    let said: Value = serde_json::from_slice(&client).map_err(|_| NOT_THIS)?;
    let is_this = said["type"] == "webauthn.get" && said["challenge"] == BASE64.encode(challenge(statement));
    // Web Authentication, section 6.1: bit 0 says that somebody was there, bit 2 that it was verified who.
    let was_verified = signed.get(32).is_some_and(|flags| flags & 0b101 == 0b101);
    // The same section: what is signed is this, followed by the hash of what the browser collected.
    signed.extend(<[u8; 32]>::from(Sha256::digest(&client)));
    let fits = passkey.get_public_key().verify_signature(&signature, &signed);
    if is_this && was_verified && matches!(fits, Ok(true)) { Ok(()) } else { Err(NOT_THIS) }
}

/// The person's passkeys that count for as much as is needed, as they were registered, each with the counter it has come to.
fn passkeys(who: &Identity, needed: Strength, now: DateTime<Utc>) -> Result<Vec<Passkey>, Error> {
    who.sure_enough(needed, now)
        .filter_map(|a| match &a.means {
            Means::Passkey { registered, counter, .. } => Some((registered, *counter)),
            Means::Code { .. } => None,
        })
        .map(|(registered, counter)| {
            let mut passkey: Value = read(registered)?;
            let at = passkey.pointer_mut("/cred/counter").ok_or_else(|| odd("its counter is missing"))?;
            *at = Value::from(counter);
            serde_json::from_value(passkey).map_err(|why| odd(&why))
        })
        .collect()
}

fn with_challenge(state: &PasskeyAuthentication, challenge: &[u8]) -> Result<PasskeyAuthentication, Error> {
    let mut state = serde_json::to_value(state).map_err(|why| odd(&why))?;
    let at = state.pointer_mut("/ast/challenge").ok_or_else(|| odd("it has no challenge"))?;
    *at = Value::from(BASE64.encode(challenge));
    serde_json::from_value(state).map_err(|why| odd(&why))
}

/// A public key in its COSE form (RFC 9052, section 7), so that others can check signatures with it.
fn cose(passkey: &Passkey) -> Option<Vec<u8>> {
    let key = passkey.get_public_key();
    let algorithm = match key.type_ {
        COSEAlgorithm::ES256 => -7,
        COSEAlgorithm::RS256 => -257,
        _ => return None,
    };
    let pair = |label: i64, value: Cbor| (Cbor::from(label), value);
    let mut map = match &key.key {
        COSEKeyType::EC_EC2(ec) if ec.curve == ECDSACurve::SECP256R1 => vec![
            pair(1, Cbor::from(2)),
            pair(-1, Cbor::from(1)),
            pair(-2, Cbor::from(ec.x.clone())),
            pair(-3, Cbor::from(ec.y.clone())),
        ],
        COSEKeyType::RSA(rsa) => {
            vec![pair(1, Cbor::from(3)), pair(-1, Cbor::from(rsa.n.clone())), pair(-2, Cbor::from(rsa.e.to_vec()))]
        }
        _ => return None,
    };
    map.insert(1, pair(3, Cbor::from(algorithm)));
    let mut bytes = Vec::new();
    ciborium::into_writer(&Cbor::Map(map), &mut bytes).ok()?;
    Some(bytes)
}

fn written<T: serde::Serialize>(it: &T) -> Result<String, Error> {
    serde_json::to_string(it).map_err(|why| odd(&why))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|why| odd(&why))
}

fn odd(why: impl std::fmt::Display) -> Error {
    Error::Unready(format!("what is kept of a passkey cannot be read: {why}"))
}
