//! How often a password may be tried, by account: whoever guesses from a thousand addresses is as slow as from
//! one (field case AUT-08). An account that does not exist is counted as one that does.
//!
//! Mails that somebody has sent to an address by typing it are counted as well, and so are the invitations of an
//! organisation, so that nobody floods a stranger, or strangers, with mails of ours.
//!
//! Whoever signed in from an address before has a count of his own there, so that those who guess elsewhere do
//! not keep him out. Each process counts for itself.

use std::{
    fmt,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use domain::{digest::Digest, email::EmailAddress, ids::OrganisationId};
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
/// Invitations at once of an organisation.
const INVITATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// The time after which there is another.
const INVITE_AGAIN: Duration = Duration::from_secs(180);
/// Firms at once that a cluster enters, each of which gets a mail.
const ENTRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(499);
/// The time after which there is another.
const ENTER_AGAIN: Duration = Duration::from_secs(20);
/// The time after which a cluster is told again that one organisation asks to join.
const TELL_AGAIN: Duration = Duration::from_secs(86_400);
/// Tries after which accounts that are not tried any more are forgotten.
const TIDY_EVERY: u32 = 10_000;

type Buckets = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

/// Who tried how often.
pub(crate) struct Guesses {
    by_account: Buckets,
    by_known_address: Buckets,
    mails: Buckets,
    invitations: Buckets,
    entries: Buckets,
    joining: Buckets,
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
            invitations: buckets(INVITATIONS, INVITE_AGAIN),
            entries: buckets(ENTRIES, ENTER_AGAIN),
            joining: buckets(NonZeroU32::MIN, TELL_AGAIN),
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
        self.take(&self.by_account, key(account, "")).map_err(too_often(GUESSED))
    }

    /// Counts a try from an address that the account was signed in from before.
    ///
    /// # Errors
    /// As [`Guesses::count`].
    pub(crate) fn count_known(&self, account: &EmailAddress, origin: &str) -> Result<(), AppError> {
        self.take(&self.by_known_address, key(account, origin)).map_err(too_often(GUESSED))
    }

    /// Whether one more mail may go to an address because somebody typed it.
    pub(crate) fn may_mail(&self, account: &EmailAddress) -> bool {
        self.take(&self.mails, key(account, "")).is_ok()
    }

    /// Counts an invitation: of an organisation, where one sends it, and to an address.
    ///
    /// # Errors
    /// `TooOften` with the seconds to wait.
    pub(crate) fn count_invitation(&self, by: Option<OrganisationId>, to: &EmailAddress) -> Result<(), AppError> {
        if let Some(by) = by {
            self.take(&self.invitations, by.to_string()).map_err(too_often(INVITED))?;
        }
        self.take(&self.mails, key(to, "")).map_err(too_often(MAILED))
    }

    /// Counts a firm that a verified cluster enters, whose signatory gets a mail.
    ///
    /// # Errors
    /// As [`Guesses::count_invitation`].
    pub(crate) fn count_entry(&self, by: OrganisationId, to: &EmailAddress) -> Result<(), AppError> {
        self.take(&self.entries, by.to_string()).map_err(too_often(ENTERED))?;
        self.take(&self.mails, key(to, "")).map_err(too_often(MAILED))
    }

    /// Whether the admins of a cluster get a mail because an organisation asks to join: once a day about each, and as
    /// many as an organisation may invite.
    pub(crate) fn may_tell_of_joining(&self, member: OrganisationId, cluster: OrganisationId) -> bool {
        self.take(&self.joining, format!("{member} {cluster}")).is_ok()
            && self.take(&self.invitations, format!("joining {cluster}")).is_ok()
    }

    /// Takes one of a bucket, or answers the seconds until there is one.
    fn take(&self, buckets: &Buckets, key: String) -> Result<(), u64> {
        if self.tries.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            for buckets in
                [&self.by_account, &self.by_known_address, &self.mails, &self.invitations, &self.entries, &self.joining]
            {
                buckets.retain_recent();
            }
        }
        let now = DefaultClock::default().now();
        buckets.check_key(&key).map_err(|until| until.wait_time_from(now).as_secs().saturating_add(1))
    }
}

const GUESSED: &str = "this account was tried too often; wait, or set another password by a mailed link";
const INVITED: &str = "the organisation invited many people at once; wait before it invites another";
const ENTERED: &str = "the cluster entered many firms at once; wait before it enters another";
const MAILED: &str = "that address got several mails because somebody typed it; wait before it gets another";

fn too_often(detail: &'static str) -> impl Fn(u64) -> AppError {
    move |wait| AppError::TooOften { detail, wait }
}

/// No address stays in memory.
fn key(account: &EmailAddress, origin: &str) -> String {
    Digest::of_bytes(format!("{}\n{origin}", account.as_str()).as_bytes()).to_string()
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
    }

    #[test]
    fn strangers_are_not_flooded() {
        let guesses = Guesses::default();
        let address = |n: usize| EmailAddress::parse("", &format!("p{n}@example.org")).unwrap();
        assert_eq!((0..9).filter(|_| guesses.may_mail(&address(0))).count(), 3);
        assert!(matches!(guesses.count_invitation(None, &address(0)), Err(AppError::TooOften { wait: 2..=601, .. })));
        let by = Some(OrganisationId(uuid::Uuid::from_u128(1)));
        assert_eq!((1..99).filter(|n| guesses.count_invitation(by, &address(*n)).is_ok()).count(), 20);
        let other = Some(OrganisationId(uuid::Uuid::from_u128(2)));
        assert!(guesses.count_invitation(other, &address(100)).is_ok());
    }
}
