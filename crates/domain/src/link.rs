//! Links that work once, and the mails that carry them.

use crate::{
    ids::{CallId, MailId, OrganisationId, PersonId},
    time::Instant,
};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkPurpose {
    /// Whoever opens it becomes the first person who runs the service.
    Setup,
    /// The person proves an address and sets a password.
    Password,
    /// The person confirms or refuses what a cluster entered for the person's organisation.
    Entry,
}

impl LinkPurpose {
    /// All of them.
    pub const ALL: [LinkPurpose; 3] = [Self::Setup, Self::Password, Self::Entry];

    /// The name in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Password => "password",
            Self::Entry => "entry",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// A link that works once. Its token is known to whom it was sent alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// For whom.
    pub person: Option<PersonId>,
    /// The organisation whose role the person takes by opening it.
    pub organisation: Option<OrganisationId>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailKind {
    /// Somebody asked for an account with this address: prove it and set a password.
    Welcome,
    /// Somebody asked for an account with this address, and there is one.
    Known,
    /// Somebody asked for another password.
    Reset,
    /// An organisation gave a role to somebody who has no account yet.
    Invitation,
    /// An organisation gave a role to somebody who has an account.
    Role,
    /// The password was changed.
    Changed,
    /// Somebody asks to act for an organisation.
    Access,
    /// A cluster entered the person's organisation: what was entered, and a link that confirms or refuses it.
    Entry,
    /// An organisation asks to join a cluster.
    Joining,
    /// A claim to an organisation was granted.
    Granted,
    /// Something happened to matches of an organisation.
    Match,
    /// Goods that an organisation took or awaits were recalled.
    Recall,
    /// The person's organisation is asked to answer a call.
    Call,
    /// It has not answered it yet.
    CallReminder,
    /// The figures of offers stop being fresh in a few days.
    Due,
    /// The figures of offers are no longer fresh.
    Stale,
    /// Offers are out of the market since nobody confirmed them.
    Suspended,
    /// An offer that a match draws on is no longer kept up: stale, suspended or over.
    Lapsed,
    /// A reviewer decided about a record of the organisation; `record` is the review.
    Reviewed,
    /// A reviewer looked at a certificate; `record` is its offer.
    Certificate,
    /// A body granted that a need is critical, or no longer does; `record` is the need.
    Urgency,
    /// What a match rests on no longer holds; `record` is the match.
    Risk,
    /// What an alert waits for is so; `record` is the alert.
    Alert,
}

impl MailKind {
    /// All of them.
    pub const ALL: [MailKind; 23] = [
        Self::Welcome,
        Self::Known,
        Self::Reset,
        Self::Invitation,
        Self::Role,
        Self::Changed,
        Self::Access,
        Self::Entry,
        Self::Joining,
        Self::Granted,
        Self::Match,
        Self::Recall,
        Self::Call,
        Self::CallReminder,
        Self::Due,
        Self::Stale,
        Self::Suspended,
        Self::Lapsed,
        Self::Reviewed,
        Self::Certificate,
        Self::Urgency,
        Self::Risk,
        Self::Alert,
    ];

    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::Known => "known",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
            Self::Role => "role",
            Self::Changed => "changed",
            Self::Access => "access",
            Self::Entry => "entry",
            Self::Joining => "joining",
            Self::Granted => "granted",
            Self::Match => "match",
            Self::Recall => "recall",
            Self::Call => "call",
            Self::CallReminder => "call_reminder",
            Self::Due => "due",
            Self::Stale => "stale",
            Self::Suspended => "suspended",
            Self::Lapsed => "lapsed",
            Self::Reviewed => "reviewed",
            Self::Certificate => "certificate",
            Self::Urgency => "urgency",
            Self::Risk => "risk",
            Self::Alert => "alert",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A mail that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// To whom.
    pub person: PersonId,
    /// The organisation it speaks of.
    pub organisation: Option<OrganisationId>,
    /// The person it speaks of, where that is another.
    pub about: Option<PersonId>,
    /// The call it speaks of, where it speaks of one.
    pub call: Option<CallId>,
    /// The record it speaks of, by its id: of which kind, the kind of the mail says.
    pub record: Option<uuid::Uuid>,
    /// When it was queued.
    pub created_at: Instant,
}
