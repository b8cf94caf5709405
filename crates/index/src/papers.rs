//! Certificates of offers, as far as questions about capacity ask of them.

use std::sync::Arc;

use domain::{
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, GradeCode},
    mode::MarketMode,
    time::Day,
};

use crate::intern::{Interner, NONE};

/// A certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Paper {
    pub(crate) kind: u32,
    pub(crate) status: CertificateStatus,
    /// The number of the set of grades it covers; none where it covers all.
    pub(crate) grades: u32,
    from: Day,
    until: Day,
    /// Whether it rests on a derogation, which counts in an emergency alone.
    derogation: bool,
    /// Whether a reviewer must look at it before it counts.
    doubtful: bool,
}

impl Paper {
    /// Whether it is held on every day of a span, checked at least so far.
    pub(crate) fn holds(&self, least: CertificateStatus, (from, until): (Day, Day), mode: MarketMode) -> bool {
        let permitted = !self.derogation || mode.permits_derogations();
        let counts = permitted && !self.doubtful && self.status.is_held() && self.status >= least;
        counts && self.from <= from && until <= self.until
    }
}

/// Sets that many offers share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Papers {
    pub(crate) kinds: Interner<CertificateKindCode>,
    sets: Interner<Arc<[Paper]>>,
}

impl Papers {
    pub(crate) fn enter(&mut self, certificates: &[Certificate], mut grades: impl FnMut(&[GradeCode]) -> u32) -> u32 {
        let mut paper = |c: &Certificate| Paper {
            kind: self.kinds.intern(&c.kind),
            status: c.status,
            grades: if c.grades.is_empty() { NONE } else { grades(&c.grades) },
            from: c.valid_from.unwrap_or(Day::MIN),
            until: c.last_day().unwrap_or(Day::MAX),
            derogation: c.derogation.is_some(),
            doubtful: c.doubt.is_some(),
        };
        let mut set: Vec<Paper> = certificates.iter().map(&mut paper).collect();
        set.sort_unstable();
        set.dedup();
        self.sets.intern(&Arc::from(set))
    }

    pub(crate) fn get(&self, set: u32) -> &[Paper] {
        self.sets.get(set).map_or(&[], |papers| papers)
    }

    /// Whether at least one certificate of a set is checked or better and holds on a day.
    pub(crate) fn certified(&self, set: u32, on: Day, mode: MarketMode) -> bool {
        self.get(set).iter().any(|paper| paper.holds(CertificateStatus::Checked, (on, on), mode))
    }

    pub(crate) fn shrink(&mut self) {
        self.kinds.shrink();
        self.sets.shrink();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.kinds.bytes(|kind| kind.as_str().len() + 16) + self.sets.bytes(|set| size_of_val(&**set) + 16)
    }
}
