//! Certificates of offers, as far as questions ask of them.

use std::sync::Arc;

use domain::{
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, GradeCode, RegionCode},
    eligibility,
    mode::MarketMode,
    time::Day,
};

use crate::intern::{Interner, NONE};

/// A certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Paper {
    pub(crate) kind: u32,
    /// The number of the set of grades it covers; none where it covers all.
    pub(crate) grades: u32,
    /// The number of the territory where it holds; none where it holds everywhere.
    pub(crate) territory: u32,
    /// The number of the territory of the derogation it rests on, which counts in an emergency alone.
    pub(crate) derogation: u32,
    pub(crate) facts: eligibility::Paper,
    /// Whether a reviewer must look at it before it counts.
    pub(crate) doubtful: bool,
}

impl Paper {
    /// Whether it is held on every day of a span, checked at least so far.
    pub(crate) fn holds(&self, least: CertificateStatus, span: (Day, Day), mode: MarketMode) -> bool {
        let permitted = self.derogation == NONE || mode.permits_derogations();
        permitted && !self.doubtful && self.facts.status >= least && self.facts.holds(span)
    }
}

/// Certificates of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Set {
    papers: Arc<[Paper]>,
    /// The number of the offer's own set of grades, where a certificate is for some of them alone.
    grades: u32,
}

/// Sets that many offers share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Papers {
    pub(crate) kinds: Interner<CertificateKindCode>,
    sets: Interner<Set>,
    territories: Interner<Arc<[RegionCode]>>,
}

impl Papers {
    /// The number of the certificates of an offer that holds a set of grades.
    pub(crate) fn enter(
        &mut self,
        certificates: &[Certificate],
        own: u32,
        mut grades: impl FnMut(&[GradeCode]) -> u32,
    ) -> u32 {
        let territories = &mut self.territories;
        let mut territory = |codes: &[RegionCode]| territories.intern(&Arc::from(codes));
        let mut paper = |c: &Certificate| Paper {
            kind: self.kinds.intern(&c.kind),
            grades: if c.grades.is_empty() { NONE } else { grades(&c.grades) },
            territory: if c.territory.is_empty() { NONE } else { territory(&c.territory) },
            derogation: c.derogation.as_ref().map_or(NONE, |derogation| territory(&derogation.territory)),
            facts: eligibility::Paper::of(c),
            doubtful: c.doubt.is_some(),
        };
        let mut set: Vec<Paper> = certificates.iter().map(&mut paper).collect();
        set.sort_unstable();
        set.dedup();
        let grades = if set.iter().any(|paper| paper.grades != NONE) { own } else { NONE };
        self.sets.intern(&Set { papers: Arc::from(set), grades })
    }

    /// The bit of a kind; kinds that came late share one.
    pub(crate) fn kind_bit(&self, kind: &CertificateKindCode) -> u32 {
        self.kinds.find(kind).map_or(0, |number| 1 << number.min(u32::BITS - 1))
    }

    pub(crate) fn get(&self, set: u32) -> &[Paper] {
        self.sets.get(set).map_or(&[], |set| &set.papers)
    }

    /// The number of the offer's own set of grades, where a certificate of a set is for some of them alone.
    pub(crate) fn restricted_to(&self, set: u32) -> Option<u32> {
        self.sets.get(set).map(|set| set.grades).filter(|grades| *grades != NONE)
    }

    /// How many sets there are.
    pub(crate) fn len(&self) -> usize {
        self.sets.items().len()
    }

    pub(crate) fn territory(&self, number: u32) -> &[RegionCode] {
        self.territories.get(number).map_or(&[], |codes| codes)
    }

    /// Whether at least one certificate of a set is checked or better and holds on a day.
    pub(crate) fn certified(&self, set: u32, on: Day, mode: MarketMode) -> bool {
        self.get(set).iter().any(|paper| paper.holds(CertificateStatus::Checked, (on, on), mode))
    }

    /// Numbers sets anew in the order of rows, and lays them down in it, so that rows that lie together find theirs together.
    /// Sets of no row go.
    pub(crate) fn arrange<'r>(&mut self, rows: impl Iterator<Item = &'r mut u32>) {
        let before = std::mem::take(&mut self.sets);
        let mut numbers = vec![NONE; before.items().len()];
        for set in rows {
            let Some((number, held)) = numbers.get_mut(*set as usize).zip(before.get(*set)) else { continue };
            if *number == NONE {
                *number = self.sets.intern(&Set { papers: Arc::from(&*held.papers), grades: held.grades });
            }
            *set = *number;
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.kinds.shrink();
        self.sets.shrink();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.kinds.bytes(|kind| kind.as_str().len() + 16)
            + self.territories.bytes(|codes| size_of_val(&**codes) + 16)
            + self.sets.bytes(|set| size_of_val(&*set.papers) + 16)
    }
}
