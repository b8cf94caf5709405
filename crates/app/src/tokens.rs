//! Bearer tokens: JWTs signed with EdDSA by a key of the data folder (ADR 0010, RFC 9068).
//!
//! Every claim is required and typed before it is compared, and times are compared here with the
//! injected clock: a token whose `exp` is a word never reaches a comparison (field case AUT-01).

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use domain::{
    ids::OrganisationId,
    time::{Clock, Instant},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ids::Ids, policy::Actor};

/// The `typ` of an access token (RFC 9068).
pub const TYPE: &str = "at+jwt";
/// The `iss` of tokens that this service issues.
pub const ISSUER: &str = "muster";
/// The `aud` of tokens that this service takes.
pub const AUDIENCE: &str = "muster-api";
/// Seconds that clocks may differ.
pub const LEEWAY_SECONDS: i64 = 30;
/// The longest life of a token, in seconds: 366 days.
pub const LONGEST_SECONDS: i64 = 366 * 86_400;
/// The key's file in the data folder.
pub const KEY_FILE: &str = "signing-key.pem";

/// DER of an Ed25519 private key before its 32 bytes (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("{file}: {source}")]
    File {
        /// Its path.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no Ed25519 private key.
    #[error("{file} is no Ed25519 private key in PEM; restore it from a backup, or remove it to void all tokens")]
    Malformed {
        /// Its path.
        file: String,
    },
    /// Others may read it.
    #[error("{file} may be read by others; run `chmod 600 {file}`")]
    Exposed {
        /// Its path.
        file: String,
    },
}

/// Why a token is not accepted; said to the caller in one word, so that it helps nobody to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not signed by this service, or not shaped as its tokens are.
    #[error("the token is malformed or was not issued by this service")]
    Malformed,
    /// Its time is over.
    #[error("the token has expired; ask the operator for a new one")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
}

/// The claims of a token; each is required, and nothing else is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org: Option<OrganisationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<bool>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The key that signs tokens and seals cursors.
#[derive(Clone)]
pub struct TokenKeys {
    signing: EncodingKey,
    verifying: DecodingKey,
    kid: String,
    sealing: [u8; 32],
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl TokenKeys {
    /// The key of a data folder; made on first use, in a file only its owner may read.
    pub fn open(folder: &Path, ids: &Ids) -> Result<Self, KeyError> {
        let path = folder.join(KEY_FILE);
        let file = path.display().to_string();
        let at = |source| KeyError::File { file: file.clone(), source };
        match fs::read_to_string(&path) {
            Ok(pem) if is_exposed(&path).map_err(at)? => {
                drop(pem);
                Err(KeyError::Exposed { file })
            }
            Ok(pem) => secret_of(&pem).and_then(|s| Self::from_secret(&s)).ok_or(KeyError::Malformed { file }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let mut secret = [0; 32];
                ids.fill(&mut secret);
                match write_private(&path, &pem_of(&secret)) {
                    Ok(()) => Self::from_secret(&secret).ok_or(KeyError::Malformed { file }),
                    // Another process was first: its key is the one.
                    Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Self::open(folder, ids),
                    Err(e) => Err(at(e)),
                }
            }
            Err(e) => Err(at(e)),
        }
    }

    /// The keys of a 32-byte secret; `None` only if the crypto library refuses it.
    pub fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        let der: Vec<u8> = PKCS8_PREFIX.iter().chain(secret).copied().collect();
        let signing = EncodingKey::from_ed_der(&der);
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).ok()?;
        let verifying = DecodingKey::from_jwk(&jwk).ok()?;
        let public = verifying.try_get_as_bytes().ok()?;
        let kid = hex(&Sha256::digest(public)[..8]);
        let sealing = Sha256::new().chain_update(b"muster cursor seal").chain_update(secret).finalize().into();
        Some(Self { signing, verifying, kid, sealing })
    }

    /// A token for an actor, valid from now for so many seconds (1 to [`LONGEST_SECONDS`]).
    pub fn issue(&self, actor: Actor, seconds: i64, clock: &dyn Clock, ids: &Ids) -> Option<String> {
        let now = clock.now();
        let iat = now.micros().div_euclid(1_000_000);
        let (sub, org, operator) = match actor {
            Actor::Operator => ("operator".to_owned(), None, Some(true)),
            Actor::Organisation(id) => (id.to_string(), Some(id), None),
        };
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub,
            jti: ids.next(now).to_string(),
            org,
            operator,
            iat,
            nbf: iat,
            exp: iat + seconds.clamp(1, LONGEST_SECONDS),
        };
        self.sign(&claims)
    }

    /// Signs any claims at all; tests use it to forge what [`Self::verify`] must refuse.
    pub fn sign(&self, claims: &impl Serialize) -> Option<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.into());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.signing).ok()
    }

    /// Who a token speaks for.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Actor, TokenError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Types, times, issuer and audience are checked below, strictly and by our own clock.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let token =
            jsonwebtoken::decode::<Claims>(token, &self.verifying, &validation).map_err(|_| TokenError::Malformed)?;
        if token.header.typ.as_deref() != Some(TYPE) || token.header.kid.as_deref() != Some(self.kid.as_str()) {
            return Err(TokenError::Malformed);
        }
        let claims = token.claims;
        let actor = match (claims.org, claims.operator) {
            (Some(id), None) if claims.sub == id.to_string() => Actor::Organisation(id),
            (None, Some(true)) if claims.sub == "operator" => Actor::Operator,
            (_, _) => return Err(TokenError::Malformed),
        };
        let plausible = claims.iat >= 0 && claims.nbf >= claims.iat && claims.exp > claims.nbf;
        let short = claims.exp.checked_sub(claims.nbf).is_some_and(|s| s <= LONGEST_SECONDS);
        if claims.iss != ISSUER || claims.aud != AUDIENCE || !plausible || !short {
            return Err(TokenError::Malformed);
        }
        let now = now.micros().div_euclid(1_000_000);
        if now - LEEWAY_SECONDS >= claims.exp {
            return Err(TokenError::Expired);
        }
        if now + LEEWAY_SECONDS < claims.nbf {
            return Err(TokenError::NotYet);
        }
        Ok(actor)
    }

    /// A seal over bytes that leave the service and come back, such as cursors (HMAC-SHA-256, cut
    /// to 16 bytes).
    pub fn seal(&self, message: &[u8]) -> [u8; 16] {
        let pad = |byte: u8| {
            let mut block = [byte; 64];
            block.iter_mut().zip(self.sealing).for_each(|(b, k)| *b ^= k);
            block
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
        let mut seal = [0; 16];
        seal.copy_from_slice(&outer[..16]);
        seal
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn pem_of(secret: &[u8; 32]) -> String {
    let der: Vec<u8> = PKCS8_PREFIX.iter().chain(secret).copied().collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der))
}

fn secret_of(pem: &str) -> Option<[u8; 32]> {
    let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    let text: String = body.split_whitespace().collect();
    let der = BASE64.decode(text).ok()?;
    der.strip_prefix(PKCS8_PREFIX.as_slice())?.try_into().ok()
}

#[cfg(unix)]
fn is_exposed(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Writes a file that did not exist: whole, or not at all, and never readable by others.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("pem.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // A link fails where the name exists already; a rename would replace another's key.
        fs::hard_link(&draft, path)
    });
    let removed = fs::remove_file(&draft);
    written.and(removed)
}

#[cfg(test)]
mod tests;
