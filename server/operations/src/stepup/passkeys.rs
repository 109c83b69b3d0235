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

#[cfg(test)]
#[path = "../../tests/life/soft.rs"]
mod soft;

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

#[cfg(test)]
mod tests {
    use super::{
        soft::{DOMAIN, ORIGIN, SoftPasskey},
        *,
    };
    use chrono::TimeDelta;
    use domain::{
        Actor,
        authenticator::NewAuthenticator,
        event::Transition,
        identity::{IdentitySpec, Kind},
        ids::IdentityId,
        stepup::{Act, FORMAT, Statement, Verified},
    };
    use std::collections::{BTreeMap, BTreeSet};
    use uuid::Uuid;

    const ANN: IdentityId = IdentityId(Uuid::from_u128(1));
    const LAPTOP: AuthenticatorId = AuthenticatorId(Uuid::from_u128(2));

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_442_000, 0).unwrap()
    }

    fn passkeys() -> Passkeys {
        Passkeys::open(&RelyingParty { id: DOMAIN.to_owned(), origin: ORIGIN.to_owned() }).unwrap()
    }

    fn after(change: Result<Transition, Refusal>) -> Identity {
        change.unwrap().identity().cloned().unwrap()
    }

    fn actor() -> Actor {
        Actor::Person { id: ANN, name: "Ann Asker".to_owned() }
    }

    fn ann() -> Identity {
        let spec = IdentitySpec {
            key: "ann.asker".parse().unwrap(),
            kind: Kind::Person,
            name: "Ann Asker".to_owned(),
            email: None,
            title: None,
            department: None,
            manager: None,
            purpose: None,
            owners: BTreeSet::new(),
            roles: BTreeSet::new(),
            accounts: BTreeMap::new(),
        };
        after(Identity::define(ANN, &Actor::Operator, spec, now()))
    }

    /// Ann with this passkey.
    fn with(key: &SoftPasskey) -> Identity {
        let (options, state) = passkeys().offer(&ann()).unwrap();
        let means = passkeys().register(&state, &key.registers(&options)).unwrap();
        let new = NewAuthenticator { id: LAPTOP, name: "Laptop", means, recovery: BTreeSet::new() };
        let does = Act::AddAuthenticator { kind: Strength::Passkey, name: "Laptop".to_owned() };
        let (proof, counts) = (Proof::SignIn {}, Strength::SignIn);
        let verified = Verified { statement: stated(does), proof, counts };
        after(ann().add_authenticator(&actor(), new, verified, TimeDelta::zero(), now()))
    }

    fn stated(does: Act) -> String {
        let says = "I do it".to_owned();
        let nonce = "00".repeat(32);
        Statement { format: FORMAT, nonce, by: ANN, at: now(), says, does }.canonical().unwrap()
    }

    fn asked(who: &Identity, statement: &str) -> String {
        passkeys().ask(who, statement, Strength::Passkey, now()).unwrap().unwrap()
    }

    fn checked(who: &Identity, statement: &str, assertion: &str) -> Result<(Proof, Used), Error> {
        passkeys().check(who, statement, assertion, Strength::Passkey, now())
    }

    /// The places where what is ours is put in the place of the library's. Should a version of it call them otherwise, this says so before
    /// every passkey is refused.
    #[test]
    fn the_state_of_the_library_has_the_places_that_are_written_over() {
        let who = with(&SoftPasskey::made());
        let known = super::passkeys(&who, Strength::Passkey, now()).unwrap();
        let (options, state) = passkeys().webauthn.start_passkey_authentication(&known).unwrap();
        let drawn = BASE64.encode(&options.public_key.challenge);
        let written = serde_json::to_value(&state).unwrap();
        assert_eq!(written.pointer("/ast/challenge"), Some(&Value::from(drawn)));
        let changed = serde_json::to_value(with_challenge(&state, &[7; 32]).unwrap()).unwrap();
        assert_eq!(changed.pointer("/ast/challenge"), Some(&Value::from(BASE64.encode([7; 32]))));
        let passkey = serde_json::to_value(&known[0]).unwrap();
        assert_eq!(passkey.pointer("/cred/counter"), Some(&Value::from(0)));
    }

    #[test]
    fn what_was_signed_for_one_statement_is_signed_for_no_other() {
        let mut key = SoftPasskey::made();
        let who = with(&key);
        let (one, other) =
            (stated(Act::RenewRecoveryCodes), stated(Act::RemoveAuthenticator { authenticator: LAPTOP }));
        let assertion = key.signs(&asked(&who, &one));
        assert!(checked(&who, &other, &assertion).is_err());
        let (proof, used) = checked(&who, &one, &assertion).unwrap();
        assert_eq!(used, Used::Passkey { authenticator: LAPTOP, counter: 2 });

        // And so it is for whoever checks it later.
        let means = &who.authenticators[&LAPTOP].means;
        assert_eq!(signed(&one, &proof, means), Ok(()));
        assert!(signed(&other, &proof, means).is_err());
        let others = with(&SoftPasskey::made());
        assert!(signed(&one, &proof, &others.authenticators[&LAPTOP].means).is_err());
        let Proof::Passkey { signature, authenticator, credential, public_key, authenticator_data, client_data } =
            proof
        else {
            panic!("a passkey was used")
        };
        let unverified = BASE64.encode({
            let mut data = BASE64.decode(&authenticator_data).unwrap();
            data[32] = 0b001;
            data
        });
        for authenticator_data in [unverified, String::new(), "?".to_owned()] {
            let (credential, public_key) = (credential.clone(), public_key.clone());
            let (client_data, signature) = (client_data.clone(), signature.clone());
            let bent =
                Proof::Passkey { authenticator, credential, public_key, authenticator_data, client_data, signature };
            assert!(signed(&one, &bent, means).is_err(), "{bent:?}");
        }
    }

    #[test]
    fn a_counter_that_goes_back_is_a_copy_and_one_that_stays_0_says_nothing() {
        let statement = stated(Act::RenewRecoveryCodes);
        let mut key = SoftPasskey::made();
        let who = with(&key);
        let assertion = key.signs(&asked(&who, &statement));
        let (_, used) = checked(&who, &statement, &assertion).unwrap();
        let who = after(who.step_up(&actor(), used, now()));
        let again = checked(&who, &statement, &assertion);
        assert!(matches!(again, Err(Error::Refused(Refusal::ClonedPasskey))), "{again:?}");

        let mut synced = SoftPasskey::made();
        synced.counter = 0;
        let mut who = with(&synced);
        for _ in 0..3 {
            let assertion = synced.signs(&asked(&who, &statement));
            let (_, used) = checked(&who, &statement, &assertion).unwrap();
            assert_eq!(used, Used::Passkey { authenticator: LAPTOP, counter: 0 });
            who = after(who.step_up(&actor(), used, now()));
        }
    }
}
