//! What the audit log tells: who did what to which record, on whose behalf.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{AuditId, MandateId, OrganisationId, PersonId},
    time::Instant,
};

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Instant,
    /// As whom.
    pub acting: Acting,
    /// Who, where it was a person; the name stands in the table of people alone, where it can be erased.
    pub person: Option<PersonId>,
    /// By what.
    pub credential: CredentialKind,
    /// Which credential, where there are several of the kind.
    pub credential_id: Option<Uuid>,
    /// Under which mandate, where it was done for another organisation.
    pub mandate: Option<MandateId>,
    /// What was done.
    pub act: Act,
    /// To what kind of record.
    pub record: RecordKind,
    /// To which record.
    pub record_id: Uuid,
    /// Whose record it is; nobody's own where `None`.
    pub owner: Option<OrganisationId>,
    /// What changed, field by field. Of free text it is told only that it changed, so that no person is.
    pub changes: Vec<Change>,
}

/// As whom something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// As the operator.
    Operator,
    /// As an organisation.
    Organisation(OrganisationId),
    /// As nobody but the person who did it.
    Person,
}

impl Acting {
    /// The organisation, where it was one.
    pub fn organisation(self) -> Option<OrganisationId> {
        match self {
            Self::Organisation(id) => Some(id),
            Self::Operator | Self::Person => None,
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Organisation(_) => "organisation",
            Self::Person => "person",
        }
    }
}

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The field.
    pub field: String,
    /// What it was; `None` where it was not there.
    pub from: Option<String>,
    /// What it is; `None` where it is no longer there.
    pub to: Option<String>,
}

impl Change {
    /// A field that was set.
    pub fn to(field: &str, to: impl ToString) -> Self {
        Self { field: field.to_owned(), from: None, to: Some(to.to_string()) }
    }

    /// A field that went from one value to another.
    pub fn of(field: &str, from: impl ToString, to: impl ToString) -> Self {
        Self { field: field.to_owned(), from: Some(from.to_string()), to: Some(to.to_string()) }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of])* $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire and in the table.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// From its name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == name)
            }
        }
    };
}

words! {
    /// By what somebody acted.
    CredentialKind {
        /// The machine that the service runs on.
        CommandLine "command_line",
        /// A session that a person signed in to.
        Session "session",
        /// A link that was mailed to a person.
        Link "link",
        /// Nothing.
        Nothing "nothing",
        /// The key of a machine.
        ApiKey "api_key",
        /// The token of an outside issuer.
        OutsideToken "outside_token",
    }
}

words! {
    /// What was done.
    Act {
        /// Made.
        Create "create",
        /// Changed by its owner, or by a file that came again.
        Update "update",
        /// A draft or a paused offer was put into the market, or a draft of a need.
        Publish "publish",
        /// An offer was taken out of the market for a while.
        Pause "pause",
        /// An offer was taken out of the market.
        Withdraw "withdraw",
        /// The conversion of a site was decided.
        Convert "convert",
        /// An offer was taken out of the market since nobody confirmed it.
        Suspend "suspend",
        /// The window of an offer, or the last due day of a need, was over.
        Expire "expire",
        /// A need or a cluster was closed.
        Close "close",
        /// Somebody vouched for an organisation or a member, or no longer does.
        Verify "verify",
        /// An organisation became part of another that it was a duplicate of.
        Merge "merge",
        /// A key was revoked.
        Revoke "revoke",
        /// A run was queued.
        Start "start",
        /// A run was cancelled.
        Cancel "cancel",
        /// A person asked for an account.
        Register "register",
        /// A person proved an address and set the first password, or another after the old one was lost.
        Set "set",
        /// Somebody asked to act for an organisation.
        Ask "ask",
        /// A role was given, or a claim granted.
        Grant "grant",
        /// A role was taken by whom it was given to, or a member by its cluster.
        Accept "accept",
        /// A session, a membership or a mandate ended.
        End "end",
        /// A link for another password was asked for.
        Reset "reset",
        /// All that was signed in ended, since a refresh token came twice.
        Reuse "reuse",
        /// A role was taken away, or a member removed from a cluster.
        Remove "remove",
        /// Personal data were erased.
        Erase "erase",
        /// Somebody asked to join a cluster.
        Request "request",
        /// A cluster entered a firm that has no account.
        Enter "enter",
        /// An organisation stood by what others entered for it, or an owner by the figures of an offer.
        Confirm "confirm",
        /// Somebody did not take what was asked for or entered.
        Refuse "refuse",
        /// An offer was put to a need, or the legs of a chain to their sides, and holds.
        Propose "propose",
        /// Legs were put to the open steps of a chain.
        Hold "hold",
        /// The legs of a chain were let go by its lead.
        Dissolve "dissolve",
        /// A side of a match said no.
        Decline "decline",
        /// Goods of a match left the supplier.
        Ship "ship",
        /// Goods of a match were checked at goods-in.
        Receive "receive",
        /// A sample was asked for, or judged.
        Sample "sample",
        /// Goods were recalled.
        Recall "recall",
        /// A reviewer let a record through that waited for one.
        Release "release",
        /// Somebody looked at a certificate and said what it is worth.
        Review "review",
        /// A file or an alert was deleted.
        Delete "delete",
        /// What an open match rests on no longer holds.
        Endanger "endanger",
        /// What an open match rests on holds again.
        Secure "secure",
        /// Whose an offer or a need is, or how to reach him, was shown to somebody else; or a call was opened.
        Open "open",
        /// Organisations were invited to answer a call.
        Invite "invite",
        /// Those who have not answered a call were reminded.
        Remind "remind",
    }
}

words! {
    /// A kind of record.
    RecordKind {
        /// An organisation.
        Organisation "organisation",
        /// A site.
        Site "site",
        /// What a site can do, by its site.
        Abilities "abilities",
        /// A production line.
        Line "line",
        /// An offer.
        Offer "offer",
        /// A need.
        Need "need",
        /// A match.
        Match "match",
        /// A chain of matches.
        Chain "chain",
        /// A message between the sides of a match.
        MatchMessage "match_message",
        /// A run of the engine.
        Run "match_run",
        /// When runs begin of themselves.
        RunSchedule "run_schedule",
        /// A key of a machine.
        ApiKey "api_key",
        /// A person.
        Person "person",
        /// A password.
        Password "password",
        /// A role of a person in an organisation.
        Role "role",
        /// A session of a person.
        Session "session",
        /// An import of a file.
        Import "import",
        /// A membership in a cluster, by its member.
        Membership "membership",
        /// A mandate.
        Mandate "mandate",
        /// A claim to an organisation.
        Claim "claim",
        /// A call.
        Call "call",
        /// An answer to a call.
        CallAnswer "call_answer",
        /// The market: the mode that it runs in.
        Market "market",
        /// A certificate of an offer.
        Certificate "certificate",
        /// An evidence file of a certificate.
        Evidence "evidence",
        /// A review of a record that waits for one.
        Review "review",
        /// A saved question that tells when its threshold is met.
        Alert "alert",
    }
}
