//! A passkey in software: what a browser and its authenticator would answer together (Web Authentication, Level 3), for tests that want
//! signatures and no browser. The stories in the browser have a real one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ciborium::Value as Cbor;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING as ALGORITHM, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The domain of the portal in these tests.
pub const DOMAIN: &str = "localhost";
/// Where the portal is in these tests.
pub const ORIGIN: &str = "http://localhost:8080";

/// A passkey whose user is always there and verified.
pub struct SoftPasskey {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    /// Its signature counter; one that is 0 stays 0, as those of synced passkeys do.
    pub counter: u32,
}

impl SoftPasskey {
    /// A new one.
    pub fn made() -> Self {
        let chance = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ALGORITHM, &chance).expect("a key can be made");
        let key = EcdsaKeyPair::from_pkcs8(&ALGORITHM, made.as_ref(), &chance).expect("it is a key");
        let id = hash(key.public_key().as_ref()).to_vec();
        Self { key, id, counter: 1 }
    }

    /// What the browser sends when this passkey is registered with these options.
    pub fn registers(&self, options: &str) -> String {
        let client = collected("webauthn.create", options);
        let mut data = self.data(0b0100_0101);
        // Of no known make.
        data.extend([0_u8; 16]);
        data.extend(u16::try_from(self.id.len()).expect("it is short").to_be_bytes());
        data.extend(&self.id);
        ciborium::into_writer(&self.public_key(), &mut data).expect("it can be written");
        let object = Cbor::Map(vec![
            (Cbor::from("fmt"), Cbor::from("none")),
            (Cbor::from("attStmt"), Cbor::Map(Vec::new())),
            (Cbor::from("authData"), Cbor::from(data)),
        ]);
        let mut attestation = Vec::new();
        ciborium::into_writer(&object, &mut attestation).expect("it can be written");
        self.sends(&json!({
            "attestationObject": BASE64.encode(attestation),
            "clientDataJSON": BASE64.encode(client),
        }))
    }

    /// What the browser sends when this passkey signs what these options ask for.
    pub fn signs(&mut self, options: &str) -> String {
        if self.counter > 0 {
            self.counter += 1;
        }
        let client = collected("webauthn.get", options);
        let data = self.data(0b0000_0101);
        let signed = [data.as_slice(), &hash(client.as_bytes())].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("it can sign");
        self.sends(&json!({
            "authenticatorData": BASE64.encode(data),
            "clientDataJSON": BASE64.encode(client),
            "signature": BASE64.encode(signature.as_ref()),
            "userHandle": null,
        }))
    }

    /// What the authenticator says of itself (section 6.1).
    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = hash(DOMAIN.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Its public key as COSE (RFC 9052), which is where the point begins with 4, for uncompressed.
    fn public_key(&self) -> Cbor {
        let point = self.key.public_key().as_ref();
        let pair = |label: i64, value: Cbor| (Cbor::from(label), value);
        Cbor::Map(vec![
            pair(1, Cbor::from(2)),
            pair(3, Cbor::from(-7)),
            pair(-1, Cbor::from(1)),
            pair(-2, Cbor::from(point[1..33].to_vec())),
            pair(-3, Cbor::from(point[33..65].to_vec())),
        ])
    }

    fn sends(&self, response: &Value) -> String {
        let id = BASE64.encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response })
            .to_string()
    }
}

/// What the browser collects (section 5.8.1).
fn collected(kind: &str, options: &str) -> String {
    let options: Value = serde_json::from_str(options).expect("options are JSON");
    json!({ "type": kind, "challenge": options["challenge"], "origin": ORIGIN, "crossOrigin": false }).to_string()
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
