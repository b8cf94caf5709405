//! Which remedies are worth a solve: they follow from the reasons for which offers fail what is short.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    capacity::CapacityKind,
    code::CertificateKindCode,
    eligibility::{NeedView, OfferView, Reason, Rules, SiteDemands},
    ids::InstalmentId,
    need::Need,
};

use super::{CertificateLack, InQuestion, Relaxation, Remedy};
use crate::explain::available;

/// Days by which due dates are moved.
const LATER: [u16; 2] = [7, 14];
/// Instalments that estimates look at, the shortest supplied first. What is told is solved over all of them.
const LOOKED_AT: usize = 200;

/// A remedy with what it could do at best.
pub(super) struct Candidate {
    pub remedy: Remedy,
    /// Offers that may serve none of what is short, and then could.
    pub opens: u32,
    /// Base units that could be added in time if nobody else wanted them. Where that is none, it can still help in
    /// roundabout ways: by serving others, so that what they have is free.
    pub supply: i64,
}

/// What is short, with the offers that could have to do with it.
struct Planner<'p> {
    rules: &'p Rules<'p>,
    demands: SiteDemands,
    /// The needs with the instalments that are short.
    short: Vec<(&'p Need, BTreeSet<InstalmentId>)>,
    offers: Vec<OfferView<'p>>,
    uncovered: i64,
}

/// Who could serve what is short.
#[derive(Default)]
struct Reach {
    /// The most that each offer has for any of it, by its place; offers that may serve nothing are not in it.
    units: BTreeMap<usize, i64>,
    /// Pairs of an offer and an instalment.
    pairs: usize,
}

/// Lists what could help with what is short, what could bring most first.
pub(super) fn candidates(rules: &Rules<'_>, question: &InQuestion) -> Vec<Candidate> {
    let planner = Planner::new(rules, question);
    let views = planner.views(planner.short.iter().map(|(need, _)| *need));
    let mut failing: BTreeMap<Reason, BTreeSet<usize>> = BTreeMap::new();
    let now = planner.reach(rules, &views, &planner.offers, |at, reason| {
        failing.entry(reason).or_default().insert(at);
    });
    let weighed = planner.remedies(&failing, &now).into_iter().map(|remedy| {
        let (opens, supply) = planner.weigh(&remedy, &views, &now);
        Candidate { remedy, opens, supply }
    });
    let mut found: Vec<Candidate> = weighed.collect();
    found.sort_by_cached_key(|c| {
        (std::cmp::Reverse(c.supply), c.remedy.offer().is_some(), c.remedy.kind(), c.remedy.offer())
    });
    found
}

impl<'p> Planner<'p> {
    fn new(rules: &'p Rules<'p>, question: &InQuestion) -> Self {
        let mut largest: Vec<(InstalmentId, i64)> = question.short.iter().map(|(id, units)| (*id, *units)).collect();
        largest.sort_by_key(|(id, units)| (std::cmp::Reverse(*units), *id));
        largest.truncate(LOOKED_AT);
        let looked_at: BTreeSet<InstalmentId> = largest.into_iter().map(|(id, _)| id).collect();
        let short_of = |need: &'p Need| {
            let ids: BTreeSet<_> = need.instalments.iter().map(|i| i.id).filter(|id| looked_at.contains(id)).collect();
            (!ids.is_empty()).then_some((need, ids))
        };
        let demands = rules.site_demands();
        let mut short: Vec<_> = rules.market.needs.iter().filter_map(short_of).collect();
        // So that each has a view.
        short.retain(|(need, _)| rules.need_view(need, &demands).is_some());
        let products: BTreeSet<_> = short
            .iter()
            .map(|(need, _)| &need.terms.product)
            .flat_map(|product| std::iter::once(product).chain(rules.catalogue.stand_ins(product)))
            .collect();
        let of_it = rules.market.offers.iter().filter(|offer| products.contains(&offer.terms.product));
        Self {
            rules,
            demands,
            short,
            offers: of_it.filter_map(|offer| rules.offer_view(offer)).collect(),
            uncovered: question.short.values().copied().fold(0, i64::saturating_add),
        }
    }

    fn views<'n>(&'n self, needs: impl Iterator<Item = &'n Need>) -> Vec<NeedView<'n>> {
        needs.filter_map(|need| self.rules.need_view(need, &self.demands)).collect()
    }

    fn reach<'o>(
        &self,
        rules: &Rules<'_>,
        needs: &[NeedView<'_>],
        offers: impl IntoIterator<Item = &'o OfferView<'o>>,
        mut fails: impl FnMut(usize, Reason),
    ) -> Reach {
        let mut found = Reach::default();
        for (at, offer) in offers.into_iter().enumerate() {
            for (need, (_, short)) in needs.iter().zip(&self.short) {
                for instalment in need.need.instalments.iter().filter(|i| short.contains(&i.id)) {
                    match rules.judge(offer, need, instalment) {
                        Ok(how) => {
                            let units = found.units.entry(at).or_default();
                            *units = (*units).max(available(rules, offer, &how));
                            found.pairs += 1;
                        }
                        Err(reason) => fails(at, reason),
                    }
                }
            }
        }
        found
    }

    /// How many offers a remedy opens, and what it could add at best.
    fn weigh(&self, remedy: &Remedy, views: &[NeedView<'_>], now: &Reach) -> (u32, i64) {
        let rules = *self.rules;
        let quiet = |_: usize, _: Reason| {};
        let then = match remedy {
            Remedy::Relax { rule } => {
                let mut relaxed: Vec<Need> = self.short.iter().map(|(need, _)| (*need).clone()).collect();
                relaxed.iter_mut().for_each(|need| rule.relax(need));
                self.reach(&rules, &self.views(relaxed.iter()), &self.offers, quiet)
            }
            Remedy::LiftBorder { .. } => {
                let Some(catalogue) = remedy.catalogue(rules.catalogue) else { return (0, 0) };
                let rules = Rules { catalogue: &catalogue, ..rules };
                let offers: Vec<_> = self.offers.iter().filter_map(|view| rules.offer_view(view.offer)).collect();
                self.reach(&rules, views, &offers, quiet)
            }
            _ => {
                let Some(at) = self.offers.iter().position(|view| Some(view.offer.id) == remedy.offer()) else {
                    return (0, 0);
                };
                let (mut offer, mut organisation) =
                    (self.offers[at].offer.clone(), self.offers[at].organisation.clone());
                remedy.edit(&mut offer, rules.market.day);
                remedy.vouch(&mut organisation);
                let Some(mut view) = rules.offer_view(&offer) else { return (0, 0) };
                view.organisation = &organisation;
                let (one, others) = (self.reach(&rules, views, [&view], quiet), now.pairs - self.pairs_of(at, views));
                Reach { units: one.units.into_values().map(|units| (at, units)).collect(), pairs: others + one.pairs }
            }
        };
        let opens = then.units.keys().filter(|at| !now.units.contains_key(at)).count();
        let before = |at: &usize| now.units.get(at).copied().unwrap_or(0);
        let added = then.units.iter().map(|(at, units)| (units - before(at)).max(0)).fold(0, i64::saturating_add);
        // Who may serve more of what is short has no unit more for it, and can still help.
        let wider = if then.pairs > now.pairs { then.units.values().copied().fold(0, i64::saturating_add) } else { 0 };
        let supply = if added > 0 { added } else { wider };
        (u32::try_from(opens).unwrap_or(u32::MAX), supply.min(self.uncovered))
    }

    /// Pairs of an offer as it is.
    fn pairs_of(&self, at: usize, views: &[NeedView<'_>]) -> usize {
        self.reach(self.rules, views, [&self.offers[at]], |_, _| {}).pairs
    }

    /// What could help, each once: what would let offers in that fail, then what would get more out of those that serve.
    fn remedies(&self, failing: &BTreeMap<Reason, BTreeSet<usize>>, now: &Reach) -> Vec<Remedy> {
        let mut found: Vec<Remedy> = Vec::new();
        let mut add = |remedy: Remedy| {
            if !found.contains(&remedy) {
                found.push(remedy);
            }
        };
        for (reason, offers) in failing {
            self.for_reason(reason, offers).into_iter().for_each(&mut add);
        }
        for (at, view) in self.offers.iter().enumerate() {
            let (offer, profile) = (view.offer.id, &view.offer.terms.profile);
            if let Some(conversion) = profile.convertible.as_ref().filter(|c| c.decided_on.is_none()) {
                add(Remedy::Convert { offer, days: conversion.days });
            }
            let at_full_stretch = self.rules.parameters.capacity == CapacityKind::Maximum;
            if !at_full_stretch && now.units.contains_key(&at) && profile.curve(CapacityKind::Maximum) != view.curve {
                add(Remedy::FullStretch { offer });
            }
        }
        if !self.short.is_empty() {
            LATER.into_iter().for_each(|days| add(Remedy::Relax { rule: Relaxation::Later { days } }));
        }
        if self.short.iter().any(|(need, _)| need.terms.max_suppliers.is_some()) {
            add(Remedy::Relax { rule: Relaxation::MoreSuppliers });
        }
        found
    }

    fn for_reason(&self, reason: &Reason, offers: &BTreeSet<usize>) -> Vec<Remedy> {
        let relax = |rule| vec![Remedy::Relax { rule }];
        let each = |make: &dyn Fn(&OfferView<'_>) -> Remedy| offers.iter().map(|at| make(&self.offers[*at])).collect();
        let certificate = |kind: &CertificateKindCode, lack: CertificateLack| -> Vec<Remedy> {
            each(&|view| Remedy::Certificate { offer: view.offer.id, certificate: kind.clone(), lack })
        };
        let without = |kind: &CertificateKindCode| Relaxation::WithoutCertificate { certificate: kind.clone() };
        match reason {
            Reason::OfferSuspended => each(&|view| Remedy::Confirm { offer: view.offer.id }),
            Reason::OfferQuarantined => each(&|view| Remedy::Review { offer: view.offer.id }),
            Reason::InputMissing => each(&|view| Remedy::BringInputs { offer: view.offer.id }),
            Reason::GradeTooLow => self.grades(offers),
            Reason::SubstitutionNotAccepted => self.substitutes(offers),
            Reason::FeatureMissing(feature) => relax(Relaxation::PreferFeature { feature: feature.clone() }),
            Reason::CertificateMissing(kind) => {
                [relax(without(kind)), certificate(kind, CertificateLack::Missing)].concat()
            }
            Reason::CertificatePending(kind) => {
                let rules = [relax(Relaxation::AcceptPending), relax(without(kind))].concat();
                [rules, certificate(kind, CertificateLack::Pending)].concat()
            }
            Reason::CertificateExpired(kind) => {
                [relax(without(kind)), certificate(kind, CertificateLack::Expired)].concat()
            }
            Reason::CertificateUnchecked(kind) => {
                [relax(Relaxation::UncheckedCertificates), certificate(kind, CertificateLack::Unchecked)].concat()
            }
            Reason::TransferNotOffered => {
                let offered = offers.iter().flat_map(|at| &self.offers[*at].offer.terms.transfers);
                let offered: BTreeSet<_> = offered.copied().collect();
                offered.into_iter().flat_map(|transfer| relax(Relaxation::AcceptTransfer { transfer })).collect()
            }
            Reason::SourceRegionExcluded | Reason::TooFarForBuyer => relax(Relaxation::AnyOrigin),
            Reason::DeliveryRegionExcluded | Reason::TooFarForSupplier => {
                each(&|view| Remedy::DeliverFarther { offer: view.offer.id })
            }
            // Either side may have set the limit that needs a place.
            Reason::PlaceUnknown => {
                let supplier: Vec<Remedy> = each(&|view| Remedy::DeliverFarther { offer: view.offer.id });
                [relax(Relaxation::AnyOrigin), supplier].concat()
            }
            Reason::BorderClosed | Reason::ExportAuthorisationMissing => {
                let rules = &self.rules.catalogue.parts().border_rules;
                rules.iter().map(|rule| Remedy::LiftBorder { rule: rule.code.clone() }).collect()
            }
            Reason::NotVisibleToBuyer => each(&|view| Remedy::OpenToMarket { offer: view.offer.id }),
            Reason::SupplierUnverified => {
                let verify: Vec<Remedy> = each(&|view| Remedy::Verify { offer: view.offer.id });
                [relax(Relaxation::UnverifiedSuppliers), verify].concat()
            }
            Reason::BelowMinimumOrder => each(&|view| Remedy::SmallOrders { offer: view.offer.id }),
            Reason::PriceAboveCap | Reason::CurrencyDiffers => relax(Relaxation::NoPriceCap),
            // A conversion is looked for at every offer; time is for all needs alike. The rest is nobody's to mend:
            // the owner took the offer out, it is over or another product, or the two sides want nothing of each other.
            Reason::ConversionUndecided
            | Reason::NothingByDueDate
            | Reason::LeadTimeTooLong
            | Reason::TransitTooLong
            | Reason::NotPublished
            | Reason::OfferExpired
            | Reason::OtherProduct
            | Reason::SizeMissing
            | Reason::SameOrganisation
            | Reason::Refused => Vec::new(),
        }
    }

    fn grades(&self, failing: &BTreeSet<usize>) -> Vec<Remedy> {
        let asked: BTreeSet<_> = self.short.iter().map(|(need, _)| &need.terms.product).collect();
        let terms = failing.iter().map(|at| &self.offers[*at].offer.terms);
        let of_it = terms.filter(|terms| asked.contains(&terms.product));
        let grades: BTreeSet<_> = of_it.flat_map(|terms| terms.grades.iter().cloned()).collect();
        grades.into_iter().map(|grade| Remedy::Relax { rule: Relaxation::AcceptGrade { grade } }).collect()
    }

    fn substitutes(&self, failing: &BTreeSet<usize>) -> Vec<Remedy> {
        let mut sides = BTreeSet::new();
        for terms in failing.iter().map(|at| &self.offers[*at].offer.terms) {
            sides.extend(terms.grades.iter().map(|grade| (terms.product.clone(), Some(grade.clone()))));
            if terms.grades.is_empty() {
                sides.insert((terms.product.clone(), None));
            }
        }
        let rule = |(product, grade)| Relaxation::AcceptSubstitute { product, grade };
        sides.into_iter().map(|side| Remedy::Relax { rule: rule(side) }).collect()
    }
}
