//! Passwords: judged by how soon they are guessed, kept as argon2id hashes, compared in the same time whether
//! there is an account or not.

use std::{fmt, sync::Arc, thread, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use domain::violation::Violations;
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

use crate::{
    App,
    error::{AppError, AppResult},
    ids::Ids,
};

/// The fewest characters of a password.
pub const SHORTEST: usize = 12;
/// The most characters of a password.
pub const LONGEST: usize = 256;

/// Memory in KiB, passes, lanes (OWASP's first choice for argon2id).
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// The hash of no password at all: what a password is compared with where there is no account.
const OF_NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gYWNjb3VudCBoZXJl$\
    EpRBu981HsBKSi8bClNpi7/6YK5fN2XHtHMertpxze4";
/// How long a hash waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where passwords are hashed: as many at once as there are cores, since each takes 19 MiB and a core.
pub(crate) struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashing")
    }
}

impl Hashing {
    /// Works on a thread of its own, in turn.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> AppResult<T> {
        let turn = timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(AppError::Overloaded { detail: "too many people sign in at once; try again" });
        };
        spawn_blocking(work).await.map_err(AppError::internal)
    }
}

/// Judges a new password; `about` is what others know of the person.
///
/// # Errors
/// One violation at `pointer`: `too_short`, `too_long` or `weak`.
pub fn check(pointer: &str, password: &SecretString, about: &[&str]) -> Result<(), Violations> {
    let text = normal(password);
    let length = text.chars().count();
    if length < SHORTEST {
        let detail = format!("has {length} characters; take at least {SHORTEST}, such as four words");
        return Err(Violations::one(pointer, "too_short", detail));
    }
    if length > LONGEST {
        let detail = format!("has {length} characters; take at most {LONGEST}");
        return Err(Violations::one(pointer, "too_long", detail));
    }
    let judged = zxcvbn(&text, about);
    if judged.score() < Score::Three {
        let detail = "is among those that are guessed first; take four words that have nothing to do with you";
        return Err(Violations::one(pointer, "weak", detail));
    }
    Ok(())
}

/// The hash of a password, in the form of PHC.
///
/// # Errors
/// `Overloaded` when too many wait.
pub(crate) async fn hash(app: &App, password: &SecretString) -> AppResult<String> {
    let (text, salt) = (normal(password), salt(&app.ids)?);
    let hash = app.passwords.run(move || {
        let hash = hasher()?.hash_password(text.as_bytes(), &salt)?;
        Ok::<_, argon2::password_hash::Error>(hash.to_string())
    });
    hash.await?.map_err(AppError::internal)
}

/// Whether a password is the one of a hash. Without a hash it is not, and takes as long to find that out.
///
/// # Errors
/// `Overloaded` when too many wait.
pub(crate) async fn is_right(app: &App, password: &SecretString, hash: Option<String>) -> AppResult<bool> {
    let text = normal(password);
    let known = hash.is_some();
    let hash = hash.unwrap_or_else(|| OF_NOBODY.to_owned());
    let same = app.passwords.run(move || {
        let parsed = PasswordHash::new(&hash)?;
        hasher()?.verify_password(text.as_bytes(), &parsed)
    });
    match same.await? {
        Ok(()) => Ok(known),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(AppError::internal(error)),
    }
}

fn hasher() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let (memory, passes, lanes) = COST;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, lanes, None)?))
}

fn salt(ids: &Ids) -> AppResult<SaltString> {
    let mut bytes = [0; 16];
    ids.fill(&mut bytes);
    SaltString::encode_b64(&bytes).map_err(AppError::internal)
}

/// The same letters typed on another keyboard are the same password.
fn normal(password: &SecretString) -> String {
    password.expose_secret().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), String> {
        let about = ["ann@example.org", "Ann Example"];
        check("/password", &SecretString::from(password), &about).map_err(|v| v.to_string())
    }

    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        for (password, word) in [
            ("hunter2", "at least 12"),
            ("password1234", "guessed first"),
            ("aaaaaaaaaaaaaaaa", "guessed first"),
            ("ann@example.org", "guessed first"),
            (&"x".repeat(257), "at most 256"),
        ] {
            let fault = judged(password).unwrap_err();
            assert!(fault.contains(word) && !fault.contains(password), "{password}: {fault}");
        }
        assert_eq!(judged("correct horse battery staple"), Ok(()));
        assert_eq!(judged("gelbe Ziegel über dem Fluß"), Ok(()));
    }

    #[test]
    fn nobody_has_a_hash_of_the_same_cost() {
        let parsed = PasswordHash::new(OF_NOBODY).unwrap();
        let of = Params::try_from(&parsed).unwrap();
        assert_eq!((of.m_cost(), of.t_cost(), of.p_cost()), COST);
        assert_eq!(parsed.hash.unwrap().len(), 32);
    }
}
