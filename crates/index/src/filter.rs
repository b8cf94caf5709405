//! A query's filters, made ready to ask a million offers.

use std::{cell::Cell, collections::BTreeSet};

use domain::{
    certificate::CertificateStatus,
    code::{GradeCode, ProductCode},
    geo::Place,
    organisation::Verification,
    time::Day,
};

use crate::{
    answer::FIGURES,
    intern::NONE,
    places::{COARSE, Regions},
    query::{CapacityQuery, Certified, Freshness, Level},
    reader::Sees,
    shard::{Traits, transfer_bit},
    store::Index,
};

/// Filters that facets leave out, as bits; all others are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Part {
    Other = 1,
    Grade = 1 << 1,
    Region = 1 << 2,
    Cluster = 1 << 3,
    Papers = 1 << 4,
    Verification = 1 << 5,
}

/// An offer as filters see it.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) product: u32,
    pub(crate) traits: &'a Traits,
    /// Where it is made.
    pub(crate) region: u32,
    pub(crate) sees: Sees,
}

impl Seen<'_> {
    /// Its region as finely as the reader knows it.
    pub(crate) fn region(&self, regions: &Regions) -> u32 {
        if self.sees.exact() { self.region } else { regions.at_level(self.region, COARSE) }
    }
}

/// What of a product is wanted beside the grades that are asked for.
enum Wanted {
    Nothing,
    /// By number of a set of grades whether it holds one.
    Sets(Vec<bool>),
    /// Whatever grade, and none.
    All,
}

impl Wanted {
    fn of(index: &Index, query: &CapacityQuery, product: &ProductCode) -> Self {
        let named = query.substitutes.iter().filter(|(of, _)| of == product).map(|(_, grade)| grade.as_ref());
        let named: Option<BTreeSet<&GradeCode>> = named.collect();
        match named {
            None => Self::All,
            Some(grades) if grades.is_empty() => Self::Nothing,
            Some(grades) => {
                let any = |set: &std::sync::Arc<[GradeCode]>| set.iter().any(|grade| grades.contains(grade));
                Self::Sets(index.grades.items().iter().map(any).collect())
            }
        }
    }
}

/// The filters but for the products.
pub(crate) struct Filter<'a> {
    index: &'a Index,
    query: &'a CapacityQuery,
    on: Day,
    span: (Day, Day),
    /// By number of a set of grades whether one of them is wanted.
    grades: Option<Vec<bool>>,
    /// By number of a product what is wanted of it beside that.
    substitutes: Vec<Wanted>,
    regions: Option<Vec<bool>>,
    near: Option<(Place, Vec<Cell<Option<bool>>>)>,
    clusters: Option<Vec<u32>>,
    /// By number of a set of features what was found.
    features: Vec<Cell<Option<bool>>>,
    kinds: Option<(Vec<u32>, CertificateStatus)>,
    transfers: u32,
}

impl<'a> Filter<'a> {
    pub(crate) fn new(index: &'a Index, query: &'a CapacityQuery) -> Self {
        let grades = query.grades.as_ref().map(|wanted| {
            let any = |set: &std::sync::Arc<[_]>| set.iter().any(|grade| wanted.contains(grade));
            index.grades.items().iter().map(any).collect()
        });
        let clusters = query.clusters.as_ref();
        // Of a kind that nobody has no number tells.
        let kinds = query.papers.as_ref().map(|demand| {
            let numbers = demand.kinds.iter().map(|kind| index.papers.kinds.find(kind).unwrap_or(NONE)).collect();
            (numbers, demand.least)
        });
        Self {
            index,
            query,
            on: query.weeks.on(),
            span: query.weeks.span(),
            grades,
            substitutes: index.products.items().iter().map(|code| Wanted::of(index, query, code)).collect(),
            regions: query.regions.as_ref().map(|wanted| index.regions.within(wanted)),
            near: query.near.map(|near| (Place::new(near.point), vec![Cell::new(None); index.regions.len()])),
            clusters: clusters.map(|ids| ids.iter().filter_map(|id| index.parties.find(*id)).collect()),
            features: vec![Cell::new(None); if query.features.is_empty() { 0 } else { index.features.items().len() }],
            kinds,
            transfers: query.transfers.iter().fold(0, |bits, transfer| bits | transfer_bit(*transfer)),
        }
    }

    /// Whether of a product a set of grades holds one that is wanted.
    pub(crate) fn wants_grades(&self, product: u32, set: u32) -> bool {
        let wants = |wanted: &Vec<bool>| wanted.get(set as usize).copied().unwrap_or(false);
        self.grades.as_ref().is_none_or(wants)
            || match self.substitutes.get(product as usize) {
                Some(Wanted::Sets(wanted)) => wants(wanted),
                Some(Wanted::All) => true,
                Some(Wanted::Nothing) | None => false,
            }
    }

    /// Whether offers of a product count whatever grades they hold.
    pub(crate) fn wants_any_grade(&self, product: u32) -> bool {
        self.grades.is_none() || matches!(self.substitutes.get(product as usize), Some(Wanted::All))
    }

    /// Whether it matters what an offer has capacity of.
    pub(crate) fn asks_level(&self) -> bool {
        !self.query.levels.is_empty()
    }

    /// Whether an offer has some of what is asked for, by what it has by the end of the period.
    pub(crate) fn wants_level(&self, [running, maximum, convertible, ..]: &[i64; FIGURES]) -> bool {
        let has = |level: &Level| match level {
            Level::Running => *running > 0,
            Level::Maximum => *maximum > 0,
            Level::Convertible => *convertible > 0,
        };
        self.query.levels.is_empty() || self.query.levels.iter().any(has)
    }

    /// Whether a region lies in one that is wanted.
    pub(crate) fn wants_region(&self, region: u32) -> bool {
        self.regions.as_ref().is_none_or(|wanted| wanted.get(region as usize).copied().unwrap_or(false))
    }

    /// Whether an offer passes what stands in its row itself; asked first, since the rest lies elsewhere. A coarser region
    /// is wanted only where all inside it are.
    #[inline]
    pub(crate) fn may_pass(&self, product: u32, traits: &Traits) -> bool {
        self.wants_region(traits.origin.region()) && self.wants_grades(product, traits.grades)
    }

    /// Whether it passes every filter.
    #[inline]
    pub(crate) fn passes(&self, offer: &Seen<'_>) -> bool {
        self.wants_grades(offer.product, offer.traits.grades)
            && self.wants_region(offer.region(&self.index.regions))
            && self.vouched(offer)
            && self.in_cluster(offer)
            && self.other(offer)
            && self.has_papers(offer)
    }

    /// The filters it does not pass, as bits of [`Part`].
    pub(crate) fn failed(&self, offer: &Seen<'_>) -> u8 {
        let parts = [
            (Part::Grade, self.wants_grades(offer.product, offer.traits.grades)),
            (Part::Region, self.wants_region(offer.region(&self.index.regions))),
            (Part::Verification, self.vouched(offer)),
            (Part::Cluster, self.in_cluster(offer)),
            (Part::Other, self.other(offer)),
            (Part::Papers, self.has_papers(offer)),
        ];
        parts.into_iter().filter(|(_, passed)| !passed).fold(0, |bits, (part, _)| bits | part as u8)
    }

    fn vouched(&self, offer: &Seen<'_>) -> bool {
        let least = self.query.verification;
        least == Verification::None || offer.traits.vouched() >= least
    }

    fn in_cluster(&self, offer: &Seen<'_>) -> bool {
        let clusters = || self.index.parties.clusters_of(offer.traits.origin.clusters).iter();
        let member = |wanted: &Vec<u32>| clusters().any(|cluster| wanted.contains(cluster));
        self.clusters.as_ref().is_none_or(|wanted| offer.sees.named() && member(wanted))
    }

    fn other(&self, offer: &Seen<'_>) -> bool {
        let (query, traits) = (self.query, offer.traits);
        let fresh = match query.freshness {
            Freshness::Any => true,
            Freshness::FreshOnly => self.index.fresh_until(traits) >= self.on,
        };
        let certified = match query.certified {
            Certified::Any => true,
            Certified::Checked => self.index.papers.certified(traits.papers, self.on, self.index.mode()),
        };
        fresh
            && certified
            && query.min_order_at_most.is_none_or(|most| traits.min_order <= most)
            && query.lead_days_at_most.is_none_or(|most| traits.lead_days <= most)
            && (self.transfers == 0 || traits.transfers_by(self.transfers))
            && self.has_features(traits.features)
            && self.is_near(offer)
    }

    fn has_features(&self, set: u32) -> bool {
        let Some(known) = self.features.get(set as usize) else { return self.query.features.is_empty() };
        if let Some(found) = known.get() {
            return found;
        }
        let stated = self.index.features.get(set);
        let meets = |requirement: &domain::feature::Requirement| {
            let value = stated.and_then(|set| set.iter().find(|(code, _)| *code == requirement.feature));
            requirement.met_by(value.map(|(_, value)| value))
        };
        let found = self.query.features.iter().all(meets);
        known.set(Some(found));
        found
    }

    fn is_near(&self, offer: &Seen<'_>) -> bool {
        let Some(((middle, known), near)) = self.near.as_ref().zip(self.query.near) else { return true };
        let within = |place: Place| middle.distance_km(&place) <= near.km;
        if offer.sees.exact()
            && let Some(place) = self.index.parties.place(offer.traits.site)
        {
            return within(place);
        }
        let region = offer.region(&self.index.regions);
        let Some(cell) = known.get(region as usize) else { return false };
        if let Some(found) = cell.get() {
            return found;
        }
        let found = self.index.regions.spot(region).is_some_and(within);
        cell.set(Some(found));
        found
    }

    fn has_papers(&self, offer: &Seen<'_>) -> bool {
        let Some((kinds, least)) = &self.kinds else { return true };
        let papers = self.index.papers.get(offer.traits.papers);
        let holds = |kind: &u32| {
            let of_kind = papers.iter().filter(|paper| paper.kind == *kind);
            of_kind.into_iter().any(|p| p.holds(*least, self.span, self.index.mode()) && self.covers(p.grades, offer))
        };
        kinds.iter().all(holds)
    }

    /// Whether a certificate for some grades covers one that the offer holds and that is asked for.
    fn covers(&self, covered: u32, offer: &Seen<'_>) -> bool {
        let held = self.index.grades.get(offer.traits.grades);
        let (Some(covered), Some(held)) = (self.index.grades.get(covered), held) else {
            // It covers all of them.
            return covered == NONE;
        };
        let any = self.wants_any_grade(offer.product);
        let code = self.index.products.get(offer.product);
        let named = |grade: &GradeCode| {
            code.is_some_and(|code| self.query.substitutes.contains(&(code.clone(), Some(grade.clone()))))
        };
        let asked = |grade| self.query.grades.as_ref().is_some_and(|wanted| wanted.contains(grade));
        let wanted = |grade| any || asked(grade) || named(grade);
        held.iter().any(|grade| covered.contains(grade) && wanted(grade))
    }
}
