//! Certificates as data: kind, number, scope, validity, and how far each was checked.

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use crate::{
    code::{CertificateKindCode, GradeCode, RegionCode},
    ids::{CertificateId, OfferId, derived},
    time::Day,
};

mod check;
mod doubt;

pub(crate) use check::stated;
pub use doubt::{Doubt, body_number, number_key};

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

impl CertificateKind {
    /// Whether a number has the shape that numbers of this kind have.
    pub fn takes(&self, number: &str) -> bool {
        self.id_pattern.is_empty() || Regex::new(&self.id_pattern).is_ok_and(|pattern| pattern.is_match(number))
    }

    /// Whether the number on such a paper is that of a notified body, which many papers share.
    pub fn is_numbered_by_body(&self) -> bool {
        self.id_pattern == r"^\d{4}$"
    }

    /// Whether such a paper is itself a derogation, so that it must say of which authority, where and until when.
    pub fn is_derogation(&self) -> bool {
        self.code.as_str().ends_with("-derogation")
    }
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

/// As what the holder of a certificate stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderRole {
    /// It makes the goods.
    Manufacturer,
    /// It brings them into the Union.
    Importer,
}

impl HolderRole {
    /// All of them.
    pub const ALL: [HolderRole; 2] = [Self::Manufacturer, Self::Importer];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manufacturer => "manufacturer",
            Self::Importer => "importer",
        }
    }
}

/// Modules of conformity assessment: Decision No 768/2008/EC, Annex II.
pub const MODULES: [&str; 16] =
    ["A", "A1", "A2", "B", "C", "C1", "C2", "D", "D1", "E", "E1", "F", "F1", "G", "H", "H1"];

/// Leave of an authority to let goods without the usual papers into its territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derogation {
    /// Who gave it.
    pub authority: String,
    /// Its number.
    pub number: String,
    /// Where it holds; never empty.
    pub territory: Vec<RegionCode>,
    /// Its last day, which counts.
    pub until: Day,
}

/// On whose word a certificate is more, or less, than its owner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// A cluster, of its members' certificates.
    Cluster,
    /// An authority that the operator vouches for.
    Authority,
    /// Whoever runs the service.
    Operator,
}

impl Reviewer {
    /// All of them.
    pub const ALL: [Reviewer; 3] = [Self::Cluster, Self::Authority, Self::Operator];

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reviewer| reviewer.as_str() == name)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Authority => "authority",
            Self::Operator => "operator",
        }
    }

    /// Whether it may find this of a certificate: a cluster checks, and the others confirm as well.
    pub fn may_find(self, status: CertificateStatus) -> bool {
        match status {
            CertificateStatus::Checked | CertificateStatus::Rejected => true,
            CertificateStatus::Confirmed => self != Self::Cluster,
            CertificateStatus::Applied
            | CertificateStatus::InTesting
            | CertificateStatus::Claimed
            | CertificateStatus::Documented
            | CertificateStatus::Expired => false,
        }
    }

    /// Whether its finding may stand in place of another's: what an authority or the operator found, no cluster undoes.
    pub fn outranks(self, other: Reviewer) -> bool {
        self != Self::Cluster || other == Self::Cluster
    }
}

/// What a reviewer found of a certificate; its status says what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Who looked.
    pub by: Reviewer,
    /// When.
    pub on: Day,
    /// What there is to say.
    pub note: String,
}

/// A certificate of an offer. What is absent is left out of the JSON, so that terms and snapshots of before there were
/// such fields keep their bytes and hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its id; `None` before it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CertificateId>,
    /// Its kind.
    pub kind: CertificateKindCode,
    /// How far it was checked; whether it ran out is told by [`Certificate::status_on`].
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
    /// In whose name it is, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// As what the holder stands in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_role: Option<HolderRole>,
    /// The module of conformity assessment, one of [`MODULES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Models or lots it covers; all goods of the offer where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Where it holds; everywhere where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub territory: Vec<RegionCode>,
    /// The derogation that it is, or rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derogation: Option<Derogation>,
    /// What a reviewer found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Why a reviewer must look at it before it counts, if one must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

impl Certificate {
    /// A certificate of which nothing more is known.
    pub fn new(kind: CertificateKindCode, status: CertificateStatus) -> Self {
        Self {
            id: None,
            kind,
            status,
            number: None,
            notified_body: None,
            grades: Vec::new(),
            valid_from: None,
            valid_until: None,
            expected_on: None,
            holder: None,
            holder_role: None,
            module: None,
            models: Vec::new(),
            territory: Vec::new(),
            derogation: None,
            finding: None,
            doubt: None,
        }
    }

    /// The id of a certificate that was stored before certificates had ids: it follows from the offer and from the
    /// place in its list.
    pub fn id_of_place(offer: OfferId, place: usize) -> CertificateId {
        CertificateId(derived(&format!("certificate {offer} {place}")))
    }

    /// Its id, as the certificate at a place of an offer's list.
    pub fn id_at(&self, offer: OfferId, place: usize) -> CertificateId {
        self.id.unwrap_or_else(|| Self::id_of_place(offer, place))
    }

    /// Whether it holds on every day of a span.
    pub fn holds_over(&self, from: Day, until: Day) -> bool {
        let granted = self.derogation.as_ref().is_none_or(|d| until <= d.until);
        granted && self.valid_from.is_none_or(|d| d <= from) && self.valid_until.is_none_or(|d| until <= d)
    }

    /// The last day it counts, where there is one.
    pub fn last_day(&self) -> Option<Day> {
        let derogation = self.derogation.as_ref().map(|d| d.until);
        self.valid_until.into_iter().chain(derogation).min()
    }

    /// How it stands on a day: one that was held and whose last day is over is expired.
    pub fn status_on(&self, day: Day) -> CertificateStatus {
        let over = self.last_day().is_some_and(|last| last < day);
        if over && self.status.is_held() { CertificateStatus::Expired } else { self.status }
    }

    /// As its owner states it: without what others found, and with no id.
    pub fn as_stated(&self) -> Self {
        Self { id: None, status: self.status.as_stated(), finding: None, doubt: None, ..self.clone() }
    }

    /// Lets it wait for a reviewer, for this reason too.
    pub fn add_doubt(&mut self, doubt: &Doubt) {
        let reason = doubt.reason();
        match &mut self.doubt {
            Some(said) if said.contains(&reason) => {}
            Some(said) => said.push_str(&format!("; {reason}")),
            None => self.doubt = Some(reason),
        }
    }

    /// Follows whether evidence of it is filed: a paper that the firm claims is documented by that, and by nothing else.
    pub fn follow_evidence(&mut self, filed: bool) {
        self.status = match (self.status, filed) {
            (CertificateStatus::Claimed, true) => CertificateStatus::Documented,
            (CertificateStatus::Documented, false) => CertificateStatus::Claimed,
            (status, _) => status,
        };
    }

    /// Whether it is the same paper, whatever else is said of it.
    fn is_paper(&self, other: &Self) -> bool {
        (&self.kind, &self.number, &self.notified_body) == (&other.kind, &other.number, &other.notified_body)
    }
}

/// Gives ids to the certificates of an offer that have none: they were stored before certificates had any.
pub fn number(offer: OfferId, certificates: &mut [Certificate]) {
    for (place, certificate) in certificates.iter_mut().enumerate() {
        certificate.id = Some(certificate.id_at(offer, place));
    }
}

/// Gives the certificates that an owner states ids, and answers the places of those that are new or say something
/// else than before, so that they must be looked into.
///
/// A paper that was there keeps its id; and where all is said of it that was said before, what others found of it: a
/// status that he cannot set he cannot take back either. One that was rejected does not count again by being changed.
pub fn recognise(
    before: &[Certificate],
    stated: &mut [Certificate],
    mut next: impl FnMut() -> CertificateId,
) -> Vec<usize> {
    let mut left: Vec<&Certificate> = before.iter().collect();
    let same = |old: &Certificate, new: &Certificate| Certificate { status: new.status, ..old.as_stated() } == *new;
    let mut changed = Vec::new();
    for (at, certificate) in stated.iter_mut().enumerate() {
        (certificate.id, certificate.finding) = (None, None);
        let bare = Certificate { doubt: None, ..certificate.clone() };
        let Some(known) = left.iter().position(|old| same(old, &bare)) else { continue };
        let old = left.remove(known);
        (certificate.id, certificate.doubt) = (old.id, old.doubt.clone());
        if old.status != old.status.as_stated() {
            (certificate.status, certificate.finding) = (old.status, old.finding.clone());
        }
        if old.status != certificate.status {
            changed.push(at);
        }
    }
    for (at, certificate) in stated.iter_mut().enumerate().filter(|(_, certificate)| certificate.id.is_none()) {
        let known = left.iter().position(|old| old.is_paper(certificate)).map(|at| left.remove(at));
        if known.is_some_and(|old| old.status == CertificateStatus::Rejected) {
            certificate.add_doubt(&Doubt::RejectedBefore);
        }
        certificate.id = Some(known.and_then(|old| old.id).unwrap_or_else(&mut next));
        changed.push(at);
    }
    changed
}
