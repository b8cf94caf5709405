//! Predicates on certificates, over whatever keeps them.

use super::Reason;
use crate::{
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, CountryCode, RegionCode},
    need::NeedTerms,
    time::Day,
};

/// What the predicates ask of a certificate that counts for a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Paper {
    /// How far it was checked.
    pub status: CertificateStatus,
    /// The first day it holds; the first of all days where it says none.
    pub from: Day,
    /// The last day it holds, a derogation that it rests on included; the last of all days where it says none.
    pub until: Day,
    /// When a pending one is expected; the first of all days where nobody says.
    pub expected_on: Day,
}

impl Paper {
    /// Of a certificate.
    pub fn of(certificate: &Certificate) -> Self {
        Self {
            status: certificate.status,
            from: certificate.valid_from.unwrap_or(Day::MIN),
            until: certificate.last_day().unwrap_or(Day::MAX),
            expected_on: certificate.expected_on.unwrap_or(Day::MIN),
        }
    }

    /// Whether it is held and holds on every day of a span.
    pub fn holds(&self, (start, due): (Day, Day)) -> bool {
        self.status.is_held() && self.from <= start && due <= self.until
    }
}

/// What a demanded kind of certificates lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack<'k> {
    /// None is there that covers the grade.
    Missing(&'k CertificateKindCode),
    /// It is only applied for or in testing.
    Pending(&'k CertificateKindCode),
    /// It does not hold from production to delivery.
    Expired(&'k CertificateKindCode),
    /// It is not checked as far as demanded.
    Unchecked(&'k CertificateKindCode),
}

impl From<Lack<'_>> for Reason {
    fn from(lack: Lack<'_>) -> Self {
        match lack {
            Lack::Missing(kind) => Self::CertificateMissing(kind.clone()),
            Lack::Pending(kind) => Self::CertificatePending(kind.clone()),
            Lack::Expired(kind) => Self::CertificateExpired(kind.clone()),
            Lack::Unchecked(kind) => Self::CertificateUnchecked(kind.clone()),
        }
    }
}

/// The days that certificates must cover: from production, which begins with the offer's window but not before the day of
/// the decision, to delivery.
#[inline]
pub fn papers_span(from: Day, day: Day, due: Day) -> (Day, Day) {
    (from.max(day).min(due), due)
}

/// Whether a territory reaches the place that goods go to, by its country and the regions around it.
pub(super) fn reaches(territory: &[RegionCode], country: &CountryCode, lineage: &[&RegionCode]) -> bool {
    territory.iter().any(|code| code.as_str() == country.as_str() || lineage.contains(&code))
}

/// Whether the pair rests on a pending certificate, given those of each kind that count and cover a grade to deliver.
///
/// # Errors
/// The first demanded kind that fails.
#[inline]
pub fn certificates<'w, I: Iterator<Item = Paper>>(
    wants: &'w NeedTerms,
    span: (Day, Day),
    of_kind: impl Fn(&'w CertificateKindCode) -> I,
) -> Result<bool, Lack<'w>> {
    let mut pending = false;
    for kind in &wants.certificates {
        let (mut held, mut in_time, mut over, mut awaited) = (false, false, false, false);
        for paper in of_kind(kind) {
            held |= paper.holds(span);
            in_time |= paper.status.is_pending() && paper.expected_on <= span.1;
            over |= paper.status.is_held() || paper.status == CertificateStatus::Expired;
            awaited |= paper.status.is_pending();
        }
        if held {
            continue;
        }
        if in_time && wants.accept_pending {
            pending = true;
            continue;
        }
        return Err(if in_time {
            Lack::Pending(kind)
        } else if over {
            Lack::Expired(kind)
        } else if awaited {
            Lack::Pending(kind)
        } else {
            Lack::Missing(kind)
        });
    }
    Ok(pending)
}

/// Whether the papers are checked as far as demanded, given those of each kind that count and cover a grade to deliver. Only
/// one that holds for the pair counts: one that ran out, or is of another grade, lends its status to no other.
///
/// # Errors
/// The first demanded kind of which the best that holds is not checked so far.
#[inline]
pub fn checked<'w, I: Iterator<Item = Paper>>(
    wants: &'w NeedTerms,
    span: (Day, Day),
    of_kind: impl Fn(&'w CertificateKindCode) -> I,
) -> Result<(), Lack<'w>> {
    if wants.certificate_status <= CertificateStatus::Claimed {
        // Every certificate that counts is at least claimed.
        return Ok(());
    }
    for kind in &wants.certificates {
        let held = of_kind(kind).filter(|paper| paper.holds(span));
        // Where none holds, a pending one passed because the buyer accepts pending ones.
        let best = held.map(|paper| paper.status).max();
        if best.is_some_and(|status| status < wants.certificate_status) {
            return Err(Lack::Unchecked(kind));
        }
    }
    Ok(())
}
