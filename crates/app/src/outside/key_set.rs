//! The keys that an issuer publishes (RFC 7517), as far as a token may be signed with them. What a key is for is said
//! by the key; a token has no say in it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde_json::Value;

use super::SourceError;

/// The most keys of a set.
const MOST_KEYS: usize = 100;
/// The bytes of an RSA modulus, from 2048 to 4096 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// The bytes of an Ed25519 key.
const ED25519: usize = 32;

/// A key that tokens may be signed with.
#[derive(Clone)]
pub(super) struct PublicKey {
    kid: String,
    /// The one algorithm it is for.
    pub(super) algorithm: Algorithm,
    /// The key.
    pub(super) verifying: DecodingKey,
}

/// The usable keys of a set.
pub struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// Reads a set. Keys for something else, of other kinds or without a `kid` are passed over.
    ///
    /// # Errors
    /// `Malformed` or `TooLarge`. A set without a usable key is one: whoever publishes it takes all back.
    pub fn parse(bytes: &[u8]) -> Result<Self, SourceError> {
        let set: Value = serde_json::from_slice(bytes).map_err(|_| SourceError::Malformed)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(SourceError::Malformed)?;
        if keys.len() > MOST_KEYS {
            return Err(SourceError::TooLarge);
        }
        // One that cannot be read is no reason to do without the others.
        let keys: Vec<PublicKey> = keys.iter().filter_map(usable).collect();
        Ok(Self(keys))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The key of an identifier that is for an algorithm.
    pub(super) fn find(&self, kid: &str, algorithm: Algorithm) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.kid == kid && key.algorithm == algorithm)
    }
}

fn usable(key: &Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|list| list.contains(&KeyOperations::Verify));
    let algorithm = algorithm(&jwk).filter(|_| signs && verifies)?;
    let kid = common.key_id.clone()?;
    Some(PublicKey { kid, algorithm, verifying: DecodingKey::from_jwk(&jwk).ok()? })
}

/// What a key is for: what it says, where that fits its kind. An RSA key that says nothing is for RS256.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let of_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            let length = URL_SAFE_NO_PAD.decode(&pair.x).ok()?.len();
            (length == ED25519).then_some(&[Algorithm::EdDSA])?
        }
        AlgorithmParameters::EllipticCurve(point) => match point.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::RSA(rsa) => MODULUS.contains(&bytes(&rsa.n)?).then_some(&[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ])?,
        // A secret is no public key: whoever knows it signs.
        _ => return None,
    };
    match jwk.common.key_algorithm {
        None => of_kind.first().copied(),
        Some(KeyAlgorithm::UNKNOWN_ALGORITHM) => None,
        Some(named) => Algorithm::try_from(named).ok().filter(|named| of_kind.contains(named)),
    }
}

/// How many bytes a text in base64url stands for, without noughts before them.
fn bytes(text: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.iter().skip_while(|byte| **byte == 0).count())
}
