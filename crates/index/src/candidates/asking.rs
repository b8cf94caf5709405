//! A need as the columns are asked about it: what many offers have in common is judged once, by the domain's own functions,
//! and looked up for each of them.

use std::{cell::OnceCell, collections::BTreeSet};

use domain::{
    capacity::CapacityKind,
    catalogue::BorderRule,
    code::{CertificateKindCode, ProductCode},
    eligibility::{
        self, Lack, NeedView, Paper, Predicate, Question, Reason, Rules, Standing, border, features, missed,
    },
    geo::Precision,
    need::{Instalment, NeedTerms},
    parameters::Parameters,
    time::Day,
};

use super::{
    query::CandidateQuery,
    verdict::{Found, Trust, Verdict, lacks},
};
use crate::{
    intern::NONE,
    shard::{Flag, Shard, Traits, transfer_bit},
    store::Index,
};

/// An instalment of a need, with what was found so far.
pub(crate) struct Asking<'q, 'n> {
    pub(crate) index: &'q Index,
    pub(crate) query: &'q CandidateQuery<'q>,
    pub(crate) rules: &'q Rules<'q>,
    pub(crate) need: &'q NeedView<'n>,
    pub(crate) instalment: &'q Instalment,
    pub(crate) kind: CapacityKind,
    /// The buyer's number, and its clusters.
    pub(crate) buyer: u32,
    clusters: Vec<u32>,
    pub(crate) country: u32,
    pub(crate) transfers: u32,
    /// Whether a trial makes other curves of profiles.
    pub(crate) reshaped: bool,
    /// Whether a trial lets offers pass of which nothing exists in time.
    pub(crate) untimely: bool,
    /// Whether a trial leaves the lead time out.
    at_once: bool,
    /// Whether a trial leaves the certificates out.
    papers_off: bool,
    /// Demanded kinds of certificates with their numbers and their bits.
    kinds: Vec<(&'q CertificateKindCode, u32, u32)>,
    features: Found<Verdict>,
    missed: Found<u16>,
    /// By region, as it is and as strangers know it.
    taken_from: [Found<Verdict>; 2],
    delivered: Found<Verdict>,
    /// Kilometres and one.
    km: Found<u32>,
    /// By set of clusters whether whoever is in it shares one with the buyer, or is a member of it.
    shared: Vec<bool>,
}

/// A product's offers as they are asked.
pub(crate) struct Shelf<'q> {
    pub(crate) product: u32,
    pub(crate) code: &'q ProductCode,
    pub(crate) shard: &'q Shard,
    pub(crate) is_product: bool,
    grades: Found<Verdict>,
    papers: Found<Trust>,
    /// By country the border rules on what leaves it, and what they say of an offer without authorisations.
    leaving: Vec<OnceCell<Vec<&'q BorderRule>>>,
    border: Found<Verdict>,
}

impl<'q, 'n> Asking<'q, 'n> {
    pub(crate) fn new(
        (index, query): (&'q Index, &'q CandidateQuery<'q>),
        (rules, need): (&'q Rules<'q>, &'q NeedView<'n>),
        instalment: &'q Instalment,
    ) -> Self {
        let wants = &query.need.terms;
        let off = |predicate| query.parameters.without_predicates.contains(&predicate);
        let number = |kind| index.papers.kinds.find(kind).unwrap_or(NONE);
        let regions = || Found::new(index.regions.len());
        let buyer = index.parties.find(query.need.organisation).unwrap_or(NONE);
        let of_buyer = query.organisation.clusters.iter();
        let clusters: Vec<u32> = of_buyer.filter_map(|cluster| index.parties.find(*cluster)).collect();
        let mut shared = vec![false; index.parties.cluster_sets()];
        for set in clusters.iter().chain([&buyer]).flat_map(|cluster| index.parties.sets_with(*cluster)) {
            shared.get_mut(*set as usize).into_iter().for_each(|shared| *shared = true);
        }
        Self {
            index,
            query,
            rules,
            need,
            instalment,
            kind: query.parameters.capacity,
            buyer,
            clusters,
            country: index.regions.countries.find(need.country()).unwrap_or(NONE),
            transfers: wants.transfers.iter().fold(0, |bits, transfer| bits | transfer_bit(*transfer)),
            reshaped: off(Predicate::Window) || off(Predicate::Producing),
            untimely: [Predicate::Producing, Predicate::Window, Predicate::LeadTime, Predicate::TransitTime]
                .into_iter()
                .any(off),
            at_once: off(Predicate::LeadTime),
            papers_off: off(Predicate::Certificates),
            kinds: wants.certificates.iter().map(|kind| (kind, number(kind), index.papers.kind_bit(kind))).collect(),
            features: Found::new(index.features.items().len()),
            missed: Found::new(index.features.items().len()),
            taken_from: [regions(), regions()],
            delivered: Found::new(index.wordings.items().len()),
            km: Found::new(index.regions.len()),
            shared,
        }
    }

    /// A product's offers; nothing of a product that is not there.
    pub(crate) fn shelf(&self, product: u32) -> Option<Shelf<'q>> {
        let index = self.index;
        let (code, countries) = (index.products.get(product)?, index.regions.countries.items().len());
        let wanted = &self.query.need.terms.product;
        Some(Shelf {
            product,
            code,
            shard: index.shard(product)?,
            is_product: code == wanted || self.query.catalogue.stand_ins(wanted).contains(code),
            grades: Found::new(index.grades.items().len()),
            papers: Found::new(index.papers.len()),
            leaving: vec![OnceCell::new(); countries],
            border: Found::new(countries),
        })
    }

    /// As [`Rules::orderable_from`].
    #[inline]
    pub(crate) fn orderable_from(&self, lead_days: u16) -> Day {
        self.query.day.plus(if self.at_once { 0 } else { i32::from(lead_days) })
    }

    pub(crate) fn parameters(&self) -> &'q Parameters {
        self.query.parameters
    }

    /// What is asked, for what is due on a day.
    pub(crate) fn question(&self, due: Day, besides: Option<Predicate>) -> Question<'q> {
        Question { parameters: self.query.parameters, besides, day: self.query.day, due }
    }

    pub(crate) fn stand(&self, shelf: &Shelf<'q>, traits: &Traits) -> Verdict {
        shelf.grades.get(traits.grades, || {
            let grades = self.index.grades.get(traits.grades).map_or(&[][..], |set| set);
            Verdict::of(self.rules.standing(shelf.code, grades, self.need).map(|standing| match standing {
                Standing::Same | Standing::Satisfies { .. } => false,
                Standing::Substitute { .. } => true,
            }))
        })
    }

    pub(crate) fn stated(&self, set: u32) -> &'q eligibility::Stated {
        self.index.features.get(set).map_or(&[], |set| set)
    }

    pub(crate) fn features(&self, traits: &Traits) -> Verdict {
        self.features.get(traits.features, || Verdict::of(self.features_in_full(traits).map(|()| false)))
    }

    /// As [`Self::features`], with what is missing.
    pub(crate) fn features_in_full(&self, traits: &Traits) -> Result<(), Reason> {
        features(self.stated(traits.features), &self.query.need.terms, self.instalment.size.as_deref())
    }

    pub(crate) fn missed(&self, traits: &Traits) -> i64 {
        let missed = || missed(self.stated(traits.features), &self.query.need.terms);
        let found = self.missed.get(traits.features, || u16::try_from(missed() + 1).unwrap_or(u16::MAX));
        if found == u16::MAX { missed() } else { i64::from(found) - 1 }
    }

    /// Looks at what lies elsewhere of some rows, so that it is near when the rows are asked: one look need not wait for
    /// another.
    #[inline]
    pub(crate) fn fetch(&self, rows: &[Traits]) {
        if let Some((_, _, bit)) = self.kinds.first() {
            let named = rows.iter().filter(|traits| traits.kinds & bit != 0);
            let first = |traits: &Traits| self.index.papers.get(traits.papers).first().map_or(0, |paper| paper.kind);
            std::hint::black_box(named.fold(0, |seen, traits| seen ^ first(traits)));
        }
    }

    /// What its certificates are worth. Most offers could begin at once and are asked for what the instalment asks for:
    /// these are looked up; the others are judged one by one.
    #[inline]
    pub(crate) fn trust(&self, shelf: &Shelf<'q>, traits: &Traits, at: At) -> Trust {
        let Some((first, _, bit)) = self.kinds.first() else {
            return Trust { held: Verdict::PASSED, checked: Verdict::PASSED };
        };
        // Whoever leaves the predicate out asks how the others are checked.
        if traits.kinds & bit == 0 && !self.papers_off && at.besides != Some(Predicate::Certificates) {
            let none = eligibility::certificates(&self.query.need.terms, (at.due, at.due), |_| std::iter::empty());
            debug_assert_eq!(none, Err(Lack::Missing(first)));
            return Trust { held: lacks(none), checked: Verdict::PASSED };
        }
        let (day, due) = (self.query.day, self.instalment.due);
        let graded = traits.is(Flag::GradedPapers) && at.besides == Some(Predicate::Grade);
        let usual = at.due == due && traits.from <= day && !graded;
        let judge = || self.judge_papers(shelf, traits, at);
        if usual { shelf.papers.get(traits.papers, judge) } else { judge() }
    }

    fn judge_papers(&self, shelf: &Shelf<'q>, traits: &Traits, at: At) -> Trust {
        let wants = &self.query.need.terms;
        let held = lacks(self.certificates_in_full(shelf, traits, at, wants));
        let checked = lacks(self.checked_in_full(shelf, traits, at, wants).map(|()| false));
        Trust { held, checked }
    }

    /// Whether certificates hold of the kinds that some wants demand.
    pub(crate) fn certificates_in_full<'w>(
        &self,
        shelf: &Shelf<'q>,
        traits: &Traits,
        at: At,
        wants: &'w NeedTerms,
    ) -> Result<bool, Lack<'w>> {
        let of_kind = |kind| self.of_kind(shelf, traits, at, kind);
        eligibility::certificates(wants, self.span(traits, at), of_kind)
    }

    /// Whether those that hold are checked as far as some wants demand.
    pub(crate) fn checked_in_full<'w>(
        &self,
        shelf: &Shelf<'q>,
        traits: &Traits,
        at: At,
        wants: &'w NeedTerms,
    ) -> Result<(), Lack<'w>> {
        let of_kind = |kind| self.of_kind(shelf, traits, at, kind);
        eligibility::checked(wants, self.span(traits, at), of_kind)
    }

    fn span(&self, traits: &Traits, at: At) -> (Day, Day) {
        eligibility::papers_span(traits.from, self.query.day, at.due)
    }

    /// The certificates of a kind that count, and cover a grade which may be delivered for the need.
    fn of_kind<'k>(
        &'k self,
        shelf: &'k Shelf<'q>,
        traits: &'k Traits,
        at: At,
        kind: &CertificateKindCode,
    ) -> impl Iterator<Item = Paper> + use<'k, 'q, 'n> {
        let number = self.kinds.iter().find(|(known, ..)| *known == kind).map_or(NONE, |(_, number, _)| *number);
        let (index, need) = (self.index, self.need);
        let reached = move |territory| need.is_reached_by(index.papers.territory(territory));
        let permits = index.mode().permits_derogations();
        let own = index.papers.restricted_to(traits.papers).and_then(|set| index.grades.get(set));
        let serves = move |grade| at.besides == Some(Predicate::Grade) || self.rules.serves((shelf.code, grade), need);
        let covers = move |set: u32| match (index.grades.get(set), own) {
            (Some(covered), Some(own)) => own.iter().any(|grade| covered.contains(grade) && serves(grade)),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let counts = move |paper: &&crate::papers::Paper| {
            !paper.doubtful
                && (paper.territory == NONE || reached(paper.territory))
                && (paper.derogation == NONE || permits && reached(paper.derogation))
        };
        let papers = index.papers.get(traits.papers).iter().filter(move |paper| paper.kind == number);
        papers.filter(counts).filter(move |paper| covers(paper.grades)).map(|paper| paper.facts)
    }

    #[inline]
    pub(crate) fn is_taken_from(&self, region: u32, known: Precision) -> bool {
        if self.query.need.terms.regions.is_empty() {
            return true;
        }
        let of = match known {
            Precision::Exact => &self.taken_from[0],
            Precision::Region | Precision::Unknown => &self.taken_from[1],
        };
        let judge = || {
            let lineage = self.rules.lineage(self.index.regions.code(region), known);
            if self.need.takes_from(&lineage, known) { Verdict::PASSED } else { Verdict::BARELY }
        };
        of.get(region, judge) == Verdict::PASSED
    }

    #[inline]
    pub(crate) fn is_delivered_to(&self, traits: &Traits) -> bool {
        if traits.is(Flag::Everywhere) {
            return true;
        }
        let judge = || {
            let regions = self.index.wordings.get(traits.wording).map_or(&[][..], |wording| &wording.regions);
            if self.need.lies_within(regions, self.rules) { Verdict::PASSED } else { Verdict::BARELY }
        };
        self.delivered.get(traits.wording, judge) == Verdict::PASSED
    }

    /// The country that goods of an offer leave.
    #[inline]
    pub(crate) fn country_of(&self, traits: &Traits, region: u32) -> u32 {
        self.index.regions.country(region).unwrap_or_else(|| self.index.parties.country(traits.organisation))
    }

    /// What border rules say of an offer without authorisations that leaves a country.
    pub(crate) fn border(&self, shelf: &Shelf<'q>, country: u32) -> Verdict {
        shelf.border.get(country, || self.border_with(shelf, country, &BTreeSet::new()))
    }

    /// What they say of one that has some.
    pub(crate) fn border_with(&self, shelf: &Shelf<'q>, country: u32, authorisations: &BTreeSet<String>) -> Verdict {
        if country == self.country {
            return Verdict::PASSED;
        }
        let Some((code, cell)) = self.index.regions.countries.get(country).zip(shelf.leaving.get(country as usize))
        else {
            return Verdict::PASSED;
        };
        let leaving = cell.get_or_init(|| self.rules.leaving(code, shelf.code));
        Verdict::of(border(leaving, code, authorisations, self.need).map(|()| false))
    }

    /// Kilometres from the point of a region.
    pub(crate) fn km_of(&self, region: u32) -> Option<u32> {
        let here = self.need.place()?;
        let km = || self.index.regions.place(region).map_or(u32::MAX, |place| place.distance_km(&here) + 1);
        let km = self.km.get(region, km);
        (km != u32::MAX).then(|| km - 1)
    }

    /// Kilometres from where an offer is made, where buyers may know that exactly and it is stated.
    #[inline]
    pub(crate) fn exact_km(&self, traits: &Traits) -> Option<u32> {
        let place = self.index.parties.place(traits.site)?;
        Some(place.distance_km(&self.need.place()?))
    }

    #[inline]
    pub(crate) fn share_a_cluster(&self, traits: &Traits) -> bool {
        self.shared.get(traits.origin.clusters as usize).copied().unwrap_or(false)
            || self.clusters.contains(&traits.organisation)
    }
}

/// For what is due when, and with which predicate left out beside those of the parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) due: Day,
    pub(crate) besides: Option<Predicate>,
}

impl At {
    /// As the instalment asks.
    pub(crate) fn plain(instalment: &Instalment) -> Self {
        Self { due: instalment.due, besides: None }
    }
}
