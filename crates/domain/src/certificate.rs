//! Certificates as data: kind, number, scope, validity, and how far each was checked.

use serde::{Deserialize, Serialize};

use crate::{
    code::{CertificateKindCode, GradeCode},
    time::Day,
};

/// A kind of certificate in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateKind {
    /// Its code.
    pub code: CertificateKindCode,
    /// English name.
    pub name: String,
    /// What it proves.
    pub proves: String,
    /// The shape of its number as a regular expression; empty where it is free text.
    pub id_pattern: String,
    /// A number of that shape.
    pub example: String,
    /// Where to look it up.
    pub register: String,
    /// What gives a forgery away.
    pub red_flags: String,
    /// Where the facts come from.
    pub source: String,
    /// Whether such a paper runs out: `Some(true)` always, `Some(false)` never, `None` either.
    pub expires: Option<bool>,
}

/// How far a certificate was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStatus {
    /// Asked for, expected later.
    Applied,
    /// Under test, expected later.
    InTesting,
    /// The firm says so.
    Claimed,
    /// The paper is on file; the highest a firm can set.
    Documented,
    /// Somebody of a cluster or the operator read it.
    Checked,
    /// The issuer or the register confirmed it.
    Confirmed,
    /// Found wrong.
    Rejected,
    /// Ran out.
    Expired,
}

impl CertificateStatus {
    /// All of them, in the order of the ladder.
    pub const ALL: [CertificateStatus; 8] = [
        Self::Applied,
        Self::InTesting,
        Self::Claimed,
        Self::Documented,
        Self::Checked,
        Self::Confirmed,
        Self::Rejected,
        Self::Expired,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::InTesting => "in_testing",
            Self::Claimed => "claimed",
            Self::Documented => "documented",
            Self::Checked => "checked",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether the paper is still expected.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Applied | Self::InTesting)
    }

    /// The nearest that an owner can state in its place.
    pub fn as_stated(self) -> Self {
        match self {
            Self::Applied | Self::InTesting | Self::Claimed | Self::Documented => self,
            Self::Checked | Self::Confirmed | Self::Rejected | Self::Expired => Self::Documented,
        }
    }

    /// Whether the paper counts as held.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Claimed | Self::Documented | Self::Checked | Self::Confirmed)
    }
}

/// A certificate of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its kind.
    pub kind: CertificateKindCode,
    /// How far it was checked.
    pub status: CertificateStatus,
    /// The number on it.
    pub number: Option<String>,
    /// The notified body's number, four digits.
    pub notified_body: Option<String>,
    /// The grades it covers; all of the offer's where empty.
    pub grades: Vec<GradeCode>,
    /// First day it holds.
    pub valid_from: Option<Day>,
    /// Last day it holds; that day counts.
    pub valid_until: Option<Day>,
    /// When a pending one is expected.
    pub expected_on: Option<Day>,
}

/// Puts what others found of a certificate back where its owner states the same paper again: a status that he
/// cannot set he cannot take back either.
pub fn keep_findings(before: &[Certificate], stated: &mut [Certificate]) {
    for certificate in stated {
        let same = |old: &&Certificate| {
            old.status != old.status.as_stated() && Certificate { status: old.status, ..certificate.clone() } == **old
        };
        if let Some(old) = before.iter().find(same) {
            certificate.status = old.status;
        }
    }
}

impl Certificate {
    /// Whether it holds on every day of a span.
    pub fn holds_over(&self, from: Day, until: Day) -> bool {
        self.valid_from.is_none_or(|d| d <= from) && self.valid_until.is_none_or(|d| until <= d)
    }
}
