//! How often a password may be tried, by account: whoever guesses from a thousand addresses is as slow as from
//! one (field case AUT-08). An account that does not exist is counted as one that does.
//!
//! Whoever signed in from an address before has a count of his own there, so that those who guess elsewhere do
//! not keep him out. Each process counts for itself.

use std::{
    fmt,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use domain::{digest::Digest, email::EmailAddress};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use crate::error::AppError;

/// Tries at once.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// The time after which there is another.
const AGAIN: Duration = Duration::from_secs(30);
/// Mails at once that somebody else may have sent to an address.
const MAILS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
/// The time after which there is another.
const MAIL_AGAIN: Duration = Duration::from_secs(600);
/// Tries after which accounts that are not tried any more are forgotten.
const TIDY_EVERY: u32 = 10_000;

type Buckets = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

/// Who tried how often.
pub(crate) struct Guesses {
    by_account: Buckets,
    by_known_address: Buckets,
    mails: Buckets,
    tries: AtomicU32,
}

impl fmt::Debug for Guesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guesses")
    }
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            by_account: buckets(BURST, AGAIN),
            by_known_address: buckets(BURST, AGAIN),
            mails: buckets(MAILS, MAIL_AGAIN),
            tries: AtomicU32::new(0),
        }
    }
}

fn buckets(burst: NonZeroU32, again: Duration) -> Buckets {
    let quota = Quota::with_period(again).unwrap_or_else(|| Quota::per_minute(NonZeroU32::MIN));
    RateLimiter::dashmap(quota.allow_burst(burst))
}

impl Guesses {
    /// Counts a try.
    ///
    /// # Errors
    /// `TooOften` with the seconds to wait.
    pub(crate) fn count(&self, account: &EmailAddress) -> Result<(), AppError> {
        if self.tries.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.by_account.retain_recent();
            self.by_known_address.retain_recent();
            self.mails.retain_recent();
        }
        take(&self.by_account, key(account, ""))
    }

    /// Counts a try from an address that the account was signed in from before.
    ///
    /// # Errors
    /// As [`Guesses::count`].
    pub(crate) fn count_known(&self, account: &EmailAddress, origin: &str) -> Result<(), AppError> {
        take(&self.by_known_address, key(account, origin))
    }

    /// Whether one more mail may go to an address because somebody typed it.
    pub(crate) fn may_mail(&self, account: &EmailAddress) -> bool {
        take(&self.mails, key(account, "")).is_ok()
    }
}

/// No address stays in memory.
fn key(account: &EmailAddress, origin: &str) -> String {
    Digest::of_bytes(format!("{}\n{origin}", account.as_str()).as_bytes()).to_string()
}

fn take(buckets: &Buckets, key: String) -> Result<(), AppError> {
    buckets.check_key(&key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1);
        let detail = "this account was tried too often; wait, or set another password by a mailed link";
        AppError::TooOften { detail, wait }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aut_08_an_account_is_tried_ten_times_and_its_owner_has_tries_left() {
        let guesses = Guesses::default();
        let ann = EmailAddress::parse("", "ann@example.org").unwrap();
        let bob = EmailAddress::parse("", "bob@example.org").unwrap();
        let let_in = (0..200).filter(|_| guesses.count(&ann).is_ok()).count();
        assert_eq!(let_in, 10);
        assert!(matches!(guesses.count(&ann), Err(AppError::TooOften { wait: 1..=31, .. })));
        assert!(guesses.count(&bob).is_ok() && guesses.count_known(&ann, "home").is_ok());
        assert_eq!((0..9).filter(|_| guesses.may_mail(&ann)).count(), 3);
    }
}
