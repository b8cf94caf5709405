//! Offers that one change would make eligible.

use std::collections::BinaryHeap;

use domain::{
    code::CertificateKindCode,
    eligibility::{self, Pair, Predicate, Reason, ask, first_orderable},
    feature::Demand,
    ids::OfferId,
    need::NeedTerms,
    time::Day,
};

use super::{answer::Change, asking::At, funnel::place, row::RowPair, verdict::Why};
use crate::reader::Sees;

/// By how much, from how far a region in kilometres, which offer; the smallest change first.
type Key = (i64, u32, OfferId);

/// An offer that is near, and the day on which it would be in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Near {
    key: Key,
    pub(crate) product: u32,
    pub(crate) row: u32,
    pub(crate) due: Day,
}

/// The nearest of each predicate.
pub(crate) struct Nearest {
    most: usize,
    heaps: Vec<BinaryHeap<Near>>,
}

/// What would have to give way.
enum Relaxed {
    /// A predicate, by so much of its own measure.
    Predicate(i64),
    /// The due date.
    Due(Day),
}

impl Nearest {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, heaps: vec![BinaryHeap::new(); Predicate::ALL.len()] }
    }

    /// Takes an offer that fails at a predicate, if it is near enough.
    #[inline]
    pub(crate) fn offer(&mut self, pair: &RowPair<'_, '_, '_>, predicate: Predicate, why: Why) {
        if self.most == 0 {
            return;
        }
        let Some(relaxed) = relaxed(pair, predicate, why) else { return };
        let due = pair.at.due;
        let (amount, at) = match relaxed {
            Relaxed::Predicate(amount) => (amount, At { due, besides: Some(predicate) }),
            Relaxed::Due(later) => (i64::from(later.since(due)), At { due: later, besides: None }),
        };
        let (most, Some(heap)) = (self.most, self.heaps.get_mut(place(predicate))) else { return };
        let worst = heap.peek().filter(|_| heap.len() == most).map(|worst| worst.key);
        if worst.is_some_and(|(worst, _, _)| worst < amount) {
            return;
        }
        let km = pair.locality.km.unwrap_or(u32::MAX);
        if worst.is_some_and(|(least, far, _)| (least, far) < (amount, km)) {
            return;
        }
        let Some(id) = pair.shelf.shard.ids.get(pair.row as usize).copied() else { return };
        let key = (amount, km, id);
        if worst.is_some_and(|worst| worst < key) {
            return;
        }
        let changed = RowPair { at, ..*pair };
        if ask(&changed, &pair.asking.question(at.due, at.besides)).is_err() {
            return;
        }
        heap.push(Near { key, product: pair.shelf.product, row: pair.row, due: at.due });
        if heap.len() > most {
            heap.pop();
        }
    }

    /// All of them, by predicate, the smallest change first.
    pub(crate) fn all(self) -> impl Iterator<Item = (Predicate, Near)> {
        let lists = Predicate::ALL.into_iter().zip(self.heaps);
        lists.flat_map(|(predicate, heap)| heap.into_sorted_vec().into_iter().map(move |near| (predicate, near)))
    }
}

/// What would have to give way for an offer; nothing where nobody can change it, or by no amount.
#[inline]
fn relaxed(pair: &RowPair<'_, '_, '_>, predicate: Predicate, why: Why) -> Option<Relaxed> {
    let terms = &pair.asking.query.need.terms;
    match predicate {
        Predicate::Grade
        | Predicate::Features
        | Predicate::Certificates
        | Predicate::Transfer
        | Predicate::SourceRegion
        | Predicate::DeliveryRegion
        | Predicate::Verification => Some(Relaxed::Predicate(0)),
        Predicate::Distance => {
            let (buyer, supplier) = farther(pair)?;
            Some(Relaxed::Predicate(buyer.max(supplier).into()))
        }
        Predicate::Window | Predicate::LeadTime | Predicate::TransitTime => {
            in_time(pair).filter(|due| *due > pair.at.due).map(Relaxed::Due)
        }
        Predicate::MinimumOrder => Some(Relaxed::Predicate(pair.traits.min_order - pair.asking.query.site_demand)),
        Predicate::PriceCap if why == Why::of(&Reason::PriceAboveCap) => {
            let (price, cap) = (pair.own_price()?, terms.price_cap?);
            Some(Relaxed::Predicate(price.micros - cap.micros))
        }
        Predicate::Published
        | Predicate::Fresh
        | Predicate::Quarantine
        | Predicate::Product
        | Predicate::Producing
        | Predicate::Border
        | Predicate::Visibility
        | Predicate::PriceCap
        | Predicate::SelfSupply
        | Predicate::Refusal => None,
    }
}

/// How much farther than each side allows.
fn farther(pair: &RowPair<'_, '_, '_>) -> Option<(u32, u32)> {
    let (km, (buyer, supplier)) = (pair.distance_km()?, pair.farthest());
    let beyond = |most: Option<u32>| most.map_or(0, |most| km.saturating_sub(most));
    Some((beyond(buyer), beyond(supplier)))
}

/// The first due date on which something that can be ordered exists early enough to travel.
fn in_time(pair: &RowPair<'_, '_, '_>) -> Option<Day> {
    let first = first_orderable(pair.first_day(), pair.first_stock_day(), pair.orderable_from())?;
    let parameters = pair.asking.parameters();
    let transit = &parameters.transit;
    let days = if parameters.without_predicates.contains(&Predicate::TransitTime) {
        0
    } else {
        transit.days(pair.distance_km().unwrap_or(transit.unknown_km))
    };
    Some(first.max(pair.asking.query.day).plus(days))
}

/// Why an offer fails at a predicate, and what would have to change, in full.
pub(crate) fn change(
    pair: &RowPair<'_, '_, '_>,
    predicate: Predicate,
    due: Day,
    sees: Sees,
) -> Option<(Reason, Change)> {
    let (asking, shelf, traits, at) = (pair.asking, pair.shelf, pair.traits, pair.at);
    let (index, wants) = (asking.index, &asking.query.need.terms);
    let region = || index.regions.code(pair.region_for(sees)).cloned();
    let alone = |kind: &CertificateKindCode| NeedTerms { certificates: vec![kind.clone()], ..wants.clone() };
    match predicate {
        Predicate::Grade => {
            let grades = index.wordings.get(traits.wording).map_or(Vec::new(), |wording| wording.grades.to_vec());
            let reason = asking.rules.standing(shelf.code, &grades, asking.need).err()?;
            Some((reason, Change::AcceptGrade(shelf.code.clone(), grades)))
        }
        Predicate::Features => {
            let reason = asking.features_in_full(traits).err()?;
            let required = wants.requirements.iter().filter(|r| r.demand == Demand::Required);
            let stated = asking.stated(traits.features);
            let unmet = required.filter(|r| {
                let one = NeedTerms { requirements: vec![(*r).clone()], ..wants.clone() };
                eligibility::features(stated, &one, None).is_err()
            });
            let unmet: Vec<_> = unmet.map(|r| r.feature.clone()).collect();
            let change = if unmet.is_empty() { Change::OtherSize } else { Change::WithoutFeatures(unmet) };
            Some((reason, change))
        }
        Predicate::Certificates => {
            let reason = asking.certificates_in_full(shelf, traits, at, wants).err()?.into();
            let fails =
                |kind: &&CertificateKindCode| asking.certificates_in_full(shelf, traits, at, &alone(kind)).is_err();
            let kinds = wants.certificates.iter().filter(fails).cloned().collect();
            Some((reason, Change::Certificates(kinds)))
        }
        Predicate::Verification => {
            let (vouched, demanded) = pair.verification();
            if vouched < demanded {
                return Some((Reason::SupplierUnverified, Change::Verification(vouched)));
            }
            let reason = asking.checked_in_full(shelf, traits, at, wants).err()?.into();
            let fails = |kind: &&CertificateKindCode| asking.checked_in_full(shelf, traits, at, &alone(kind)).is_err();
            Some((reason, Change::Unchecked(wants.certificates.iter().filter(fails).cloned().collect())))
        }
        Predicate::Transfer => Some((Reason::TransferNotOffered, Change::Transfer(traits.transfers().collect()))),
        Predicate::SourceRegion => Some((Reason::SourceRegionExcluded, Change::TakeFrom(region()))),
        Predicate::DeliveryRegion => {
            let of_need = asking.need.region().cloned();
            Some((Reason::DeliveryRegionExcluded, Change::DeliverTo(of_need)))
        }
        Predicate::Distance => match farther(pair)? {
            (0, supplier) => Some((Reason::TooFarForSupplier, Change::FartherForSupplier(supplier))),
            (buyer, _) => Some((Reason::TooFarForBuyer, Change::FartherForBuyer(buyer))),
        },
        Predicate::Window => Some((Reason::NothingByDueDate, Change::Later(due.since(at.due)))),
        Predicate::LeadTime => Some((Reason::LeadTimeTooLong, Change::Later(due.since(at.due)))),
        Predicate::TransitTime => Some((Reason::TransitTooLong, Change::Later(due.since(at.due)))),
        Predicate::MinimumOrder => Some((Reason::BelowMinimumOrder, Change::OrderAtLeast(traits.min_order))),
        Predicate::PriceCap => Some((Reason::PriceAboveCap, Change::CapAt(pair.own_price()?))),
        Predicate::Published
        | Predicate::Fresh
        | Predicate::Quarantine
        | Predicate::Product
        | Predicate::Producing
        | Predicate::Border
        | Predicate::Visibility
        | Predicate::SelfSupply
        | Predicate::Refusal => None,
    }
}
