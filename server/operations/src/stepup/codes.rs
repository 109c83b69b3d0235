//! One-time codes (RFC 6238) and recovery codes, and the key under which an app's secret is sealed at rest.

use crate::{Error, ids::hashed};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use chrono::{DateTime, Utc};
use domain::{Refusal, authenticator::RECOVERY_CODES, ids::AuthenticatorId};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Totp};

/// The key under which secrets are sealed; never shown.
#[derive(Clone)]
pub struct SecretsKey([u8; 32]);

impl SecretsKey {
    /// The key from 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Which key it is, without telling it.
    fn name(&self) -> String {
        hex::encode(&Sha256::digest([b"sallyport secrets key".as_slice(), self.0.as_slice()].concat())[..4])
    }

    /// Seals a secret for its authenticator alone: XChaCha20-Poly1305, with the authenticator's id as associated data.
    pub(crate) fn seal(&self, id: AuthenticatorId, nonce: [u8; 32], secret: &[u8]) -> Result<String, Error> {
        let nonce = &nonce[..24];
        let sealed = XChaCha20Poly1305::new(&self.0.into())
            .encrypt(XNonce::from_slice(nonce), Payload { msg: secret, aad: id.0.as_bytes() })
            .map_err(|_| Error::Unready("a secret could not be sealed".to_owned()))?;
        Ok(format!("{}.{}.{}", self.name(), BASE64.encode(nonce), BASE64.encode(sealed)))
    }

    /// Opens what was sealed.
    pub(crate) fn open(&self, id: AuthenticatorId, sealed: &str) -> Result<Vec<u8>, Error> {
        let mut parts = sealed.splitn(3, '.');
        let (name, nonce, text) = (parts.next(), parts.next(), parts.next());
        if name != Some(self.name().as_str()) {
            return Err(Error::Unready("this secret was sealed under another `secrets_key`: set that one".to_owned()));
        }
        let broken = || Error::Unready("a sealed secret is not as it was kept".to_owned());
        let bytes = |part: Option<&str>| part.and_then(|part| BASE64.decode(part).ok()).ok_or_else(broken);
        let nonce: [u8; 24] = bytes(nonce)?.try_into().map_err(|_| broken())?;
        XChaCha20Poly1305::new(&self.0.into())
            .decrypt(XNonce::from_slice(&nonce), Payload { msg: &bytes(text)?, aad: id.0.as_bytes() })
            .map_err(|_| broken())
    }
}

impl std::fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretsKey({})", self.name())
    }
}

/// What an authenticator app is told: SHA-1, six digits, 30 seconds, as every app knows them.
fn totp(secret: &[u8], account: &str) -> Result<Totp, Error> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(account)
        .with_issuer(Some("Sallyport"))
        .with_skew(1)
        .build()
        .map_err(|why| Error::Unready(format!("no one-time codes can be made: {why}")))
}

/// The link that an app reads, and the same secret for typing, in groups of four.
pub(crate) fn for_app(secret: &[u8], account: &str) -> Result<(String, String), Error> {
    let totp = totp(secret, account)?;
    let url = totp.to_url().map_err(|why| Error::Unready(format!("no one-time codes can be made: {why}")))?;
    let typed = domain::text::in_groups(&totp.secret().to_base32(), 4);
    Ok((url, typed))
}

/// The time step of a code, one step early or late allowed (RFC 6238, section 5.2).
pub(crate) fn check(secret: &[u8], code: &str, now: DateTime<Utc>) -> Result<u64, Error> {
    const WRONG: Refusal = Refusal::StepUpFailed { left: "type the six digits that your app shows now" };
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let time = u64::try_from(now.timestamp()).unwrap_or(0);
    Ok(totp(secret, "check")?.check(&digits, time).ok_or(WRONG)?)
}

/// New recovery codes: 128 bits each, as hexadecimal digits in groups of four (NIST SP 800-63B, on look-up secrets: from 112 bits on, a
/// hash of them needs no salt).
pub(crate) fn recovery_codes(mut draw: impl FnMut() -> [u8; 32]) -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| domain::text::in_groups(&hex::encode(&draw()[..16]), 4)).collect()
}

/// Whether it is written like a recovery code rather than like a one-time code, and what is kept of it.
pub(crate) fn recovery(code: &str) -> Option<String> {
    let plain: String = code.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
    (plain.len() == 32).then(|| hashed(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_secret_opens_under_its_own_key_and_for_its_own_authenticator_alone() {
        let (key, other) = (SecretsKey::new([7; 32]), SecretsKey::new([8; 32]));
        let (mine, yours) = (AuthenticatorId(Uuid::from_u128(1)), AuthenticatorId(Uuid::from_u128(2)));
        let sealed = key.seal(mine, [3; 32], b"twenty secret bytes!").unwrap();
        assert_eq!(key.open(mine, &sealed).unwrap(), b"twenty secret bytes!");
        assert!(key.open(yours, &sealed).is_err());
        assert!(other.open(mine, &sealed).is_err());
        let mut bent = sealed.clone().into_bytes();
        let last = bent.len() - 1;
        bent[last] = if bent[last] == b'A' { b'B' } else { b'A' };
        assert!(key.open(mine, &String::from_utf8(bent).unwrap()).is_err());
        assert!(!sealed.contains("secret") && !format!("{key:?}").contains("7, 7"));
    }

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard_and_one_step_of_skew_is_allowed() {
        let secret = b"12345678901234567890";
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(check(secret, "287 082", at(59)).unwrap(), 1);
        assert_eq!(check(secret, "081804", at(1_111_111_109)).unwrap(), 37_037_036);
        assert_eq!(check(secret, "081804", at(1_111_111_109 + 30)).unwrap(), 37_037_036);
        assert!(check(secret, "081804", at(1_111_111_109 + 60 + 30)).is_err());
        assert!(check(secret, "", at(59)).is_err() && check(secret, "28708", at(59)).is_err());
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let codes = recovery_codes(|| [0xab; 32]);
        assert_eq!((codes.len(), codes[0].as_str()), (RECOVERY_CODES, "abab abab abab abab abab abab abab abab"));
        assert_eq!(recovery("ABAB-abababab abab ABABABAB-abab abab"), recovery(&codes[0]));
        assert!(recovery(&codes[0]).is_some());
        for no_such in ["123 456", "abab abab abab abab", ""] {
            assert_eq!(recovery(no_such), None, "{no_such}");
        }
    }
}
