//! The keys that sign tokens and seal what leaves the service and comes back (ADR 0010).
//!
//! Three files of the data folder: the one that signs; the one that will sign after it, published beforehand so
//! that every process and every reader knows it in time; and the one before, until its last token has expired.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ids::Ids;

/// The file of the key that signs.
pub const KEY_FILE: &str = "signing-key.pem";
/// The file of the key that signs next.
pub const NEXT_FILE: &str = "signing-key.next.pem";
/// The file of the key that signed before.
pub const PREVIOUS_FILE: &str = "signing-key.previous.pem";

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

/// One key pair.
#[derive(Clone)]
struct Pair {
    signing: EncodingKey,
    verifying: DecodingKey,
    published: Jwk,
    kid: String,
    sealing: [u8; 32],
}

/// The keys that sign and seal. Nothing prints them.
#[derive(Clone)]
pub struct SigningKeys {
    current: Pair,
    /// The next and the one before, where there are any: they sign nothing, and what they signed is taken.
    others: Vec<Pair>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").field("kid", &self.current.kid).finish_non_exhaustive()
    }
}

impl SigningKeys {
    /// The keys of a data folder; made on first use, in files only their owner may read.
    pub fn open(folder: &Path, ids: &Ids) -> Result<Self, KeyError> {
        let current = Pair::open(&folder.join(KEY_FILE), ids)?;
        let next = Pair::open(&folder.join(NEXT_FILE), ids)?;
        let previous = Pair::read(&folder.join(PREVIOUS_FILE))?;
        Ok(Self { current, others: [Some(next), previous].into_iter().flatten().collect() })
    }

    /// The identifier of the key of a data folder that signs, after all its files were read; `None` where there is
    /// none yet. Unlike [`Self::open`] it makes no file.
    pub fn look(folder: &Path) -> Result<Option<String>, KeyError> {
        let current = Pair::read(&folder.join(KEY_FILE))?;
        for file in [NEXT_FILE, PREVIOUS_FILE] {
            Pair::read(&folder.join(file))?;
        }
        Ok(current.map(|pair| pair.kid))
    }

    /// The key of a 32-byte secret alone; `None` only if the crypto library refuses it.
    pub fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        Some(Self { current: Pair::of(secret)?, others: Vec::new() })
    }

    /// Lets the next key sign from now on, makes another next one, and keeps the present one for what it signed.
    /// Processes that run know the new key already. Answers the identifier of the key that signs.
    pub fn rotate(folder: &Path, ids: &Ids) -> Result<String, KeyError> {
        let keys = Self::open(folder, ids)?;
        let [current, next, previous] = [KEY_FILE, NEXT_FILE, PREVIOUS_FILE].map(|file| folder.join(file));
        let at = |path: &Path| {
            let file = path.display().to_string();
            move |source| KeyError::File { file, source }
        };
        // In this order no moment, and no crash, leaves a folder without the key that signed last.
        let text = fs::read_to_string(&current).map_err(at(&current))?;
        match fs::remove_file(&previous) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(&previous)(e)),
            Ok(()) | Err(_) => {}
        }
        write_private(&previous, &text).map_err(at(&previous))?;
        fs::rename(&next, &current).map_err(at(&next))?;
        let rotated = Self::open(folder, ids)?;
        debug_assert!(keys.others.iter().any(|pair| pair.kid == rotated.current.kid), "the next key signs");
        Ok(rotated.current.kid)
    }

    /// The identifier of the key that signs.
    pub fn kid(&self) -> &str {
        &self.current.kid
    }

    /// The key that signs.
    pub(crate) fn signing(&self) -> &EncodingKey {
        &self.current.signing
    }

    /// The key of an identifier.
    pub(crate) fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.pairs().find(|pair| pair.kid == kid).map(|pair| &pair.verifying)
    }

    /// The public halves, as others may know them (RFC 7517).
    pub fn published(&self) -> JwkSet {
        JwkSet { keys: self.pairs().map(|pair| pair.published.clone()).collect() }
    }

    /// A seal over bytes that leave the service and come back, such as cursors (HMAC-SHA-256, cut
    /// to 16 bytes).
    pub fn seal(&self, message: &[u8]) -> [u8; 16] {
        self.current.seal(message)
    }

    /// Whether bytes are the seal of a message, by any of the keys.
    pub fn is_seal(&self, message: &[u8], seal: &[u8]) -> bool {
        self.pairs().any(|pair| bool::from(pair.seal(message).as_slice().ct_eq(seal)))
    }

    /// Bytes that leave the service and come back, sealed, and so that nobody else reads them: what is short is added
    /// bit by bit to a stream that only the key makes of the seal. Equal bytes look equal; begin with what differs.
    pub fn hide(&self, context: &[u8], bytes: &[u8]) -> Vec<u8> {
        self.current.hide(context, bytes)
    }

    /// What was hidden in the same context, by any of the keys.
    pub fn reveal(&self, context: &[u8], hidden: &[u8]) -> Option<Vec<u8>> {
        self.pairs().find_map(|pair| pair.reveal(context, hidden))
    }

    fn pairs(&self) -> impl Iterator<Item = &Pair> {
        std::iter::once(&self.current).chain(&self.others)
    }
}

impl Pair {
    fn of(secret: &[u8; 32]) -> Option<Self> {
        let der: Vec<u8> = PKCS8_PREFIX.iter().chain(secret).copied().collect();
        let signing = EncodingKey::from_ed_der(&der);
        let mut published = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).ok()?;
        let verifying = DecodingKey::from_jwk(&published).ok()?;
        let kid = hex(&Sha256::digest(verifying.try_get_as_bytes().ok()?)[..8]);
        published.common.key_id = Some(kid.clone());
        published.common.public_key_use = Some(PublicKeyUse::Signature);
        let sealing = Sha256::new().chain_update(b"muster cursor seal").chain_update(secret).finalize().into();
        Some(Self { signing, verifying, published, kid, sealing })
    }

    /// The key of a file; made where there is none.
    fn open(path: &Path, ids: &Ids) -> Result<Self, KeyError> {
        if let Some(pair) = Self::read(path)? {
            return Ok(pair);
        }
        let file = path.display().to_string();
        let mut secret = [0; 32];
        ids.fill(&mut secret);
        match write_private(path, &pem_of(&secret)) {
            Ok(()) => Self::of(&secret).ok_or(KeyError::Malformed { file }),
            // Another process was first: its key is the one.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Self::open(path, ids),
            Err(source) => Err(KeyError::File { file, source }),
        }
    }

    fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let file = path.display().to_string();
        let at = |source| KeyError::File { file: file.clone(), source };
        match fs::read_to_string(path) {
            Ok(_) if is_exposed(path).map_err(at)? => Err(KeyError::Exposed { file }),
            Ok(pem) => secret_of(&pem).and_then(|s| Self::of(&s)).map(Some).ok_or(KeyError::Malformed { file }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(at(e)),
        }
    }

    fn hide(&self, context: &[u8], bytes: &[u8]) -> Vec<u8> {
        let seal = self.seal(&in_context(context, bytes));
        let mut hidden = self.masked(&seal, bytes);
        hidden.extend_from_slice(&seal);
        hidden
    }

    fn reveal(&self, context: &[u8], hidden: &[u8]) -> Option<Vec<u8>> {
        let (masked, seal) = hidden.split_at_checked(hidden.len().checked_sub(16)?)?;
        let bytes = self.masked(seal, masked);
        bool::from(self.seal(&in_context(context, &bytes)).as_slice().ct_eq(seal)).then_some(bytes)
    }

    /// Bytes under a stream of a seal; doing it twice undoes it.
    fn masked(&self, seal: &[u8], bytes: &[u8]) -> Vec<u8> {
        let block = |number: usize| self.seal(&[b"mask", seal, &number.to_be_bytes()].concat());
        let masks = bytes.chunks(16).enumerate().flat_map(|(number, part)| block(number).into_iter().take(part.len()));
        bytes.iter().zip(masks).map(|(byte, mask)| byte ^ mask).collect()
    }

    fn seal(&self, message: &[u8]) -> [u8; 16] {
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

/// The context's length stands first, so that no two pairs of context and bytes look alike, and a word before it, so
/// that none looks like a mask.
fn in_context(context: &[u8], bytes: &[u8]) -> Vec<u8> {
    [b"hide".as_slice(), &context.len().to_be_bytes(), context, bytes].concat()
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
