//! The predicates in their order and the cost of what passes, over whatever keeps offers and needs.
//!
//! Order, trials and cost stand here once. A [`Pair`] answers what they ask: [views](super::OfferView) of the domain's own
//! records do, and so does a market in columns, which looks the answers up.

use super::{CostTerms, Predicate, Reason};
use crate::{offer::OfferState, organisation::Verification, parameters::Parameters, price::Price, time::Day};

/// Under which parameters, on which day and for which due date a pair is judged.
#[derive(Debug, Clone, Copy)]
pub struct Question<'p> {
    /// The parameters, with the predicates that a trial leaves out.
    pub parameters: &'p Parameters,
    /// A predicate that is left out beside those.
    pub besides: Option<Predicate>,
    /// The day of the decision.
    pub day: Day,
    /// When the goods are due.
    pub due: Day,
}

impl Question<'_> {
    /// Whether a predicate is left out.
    #[inline]
    pub fn leaves_out(&self, predicate: Predicate) -> bool {
        self.besides == Some(predicate) || self.parameters.without_predicates.contains(&predicate)
    }
}

/// How an offer stands by itself on the day of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// Its state.
    pub state: OfferState,
    /// Whether its window is over.
    pub over: bool,
    /// Whether it was unconfirmed too long.
    pub suspended: bool,
    /// Whether it waits for a reviewer.
    pub quarantined: bool,
}

impl Listing {
    /// The first predicate before the product that fails, with the reason; a trial may leave it out.
    #[inline(always)]
    pub(super) fn fault(self, leaves_out: impl Fn(Predicate) -> bool) -> Option<(Predicate, Reason)> {
        let published = match self.state {
            OfferState::Published | OfferState::Expired => true,
            OfferState::Draft | OfferState::Paused | OfferState::Withdrawn => false,
        };
        if published && !self.over && !self.suspended && !self.quarantined {
            return None;
        }
        let faults = [
            (!published, Predicate::Published, Reason::NotPublished),
            (self.over, Predicate::Fresh, Reason::OfferExpired),
            (self.suspended, Predicate::Fresh, Reason::OfferSuspended),
            (self.quarantined, Predicate::Quarantine, Reason::OfferQuarantined),
        ];
        let fault = faults.into_iter().find(|(fails, predicate, _)| *fails && !leaves_out(*predicate));
        fault.map(|(_, predicate, reason)| (predicate, reason))
    }
}

/// What the predicates ask of an offer and a need.
///
/// Answers are of the parameters of the [`Question`] that goes with it, a predicate left out beside them included.
pub trait Pair {
    /// How the grade stands where it passes.
    type Stand: Copy;
    /// Why a predicate fails.
    type Why;

    /// A reason as this pair tells it.
    fn because(&self, reason: Reason) -> Self::Why;
    /// How the offer stands by itself.
    fn listing(&self) -> Listing;
    /// Whether it is the product, or one that a rule lets stand for it.
    fn is_product(&self) -> bool;
    /// Whether only an undecided conversion could make it.
    fn is_only_convertible(&self) -> bool;
    /// Whether its output lacks what others would have to bring, so that only what lies ready counts.
    fn is_incomplete(&self) -> bool;
    /// The standing of the very grade.
    fn same(&self) -> Self::Stand;
    /// How its grades stand.
    fn stand(&self) -> Result<Self::Stand, Self::Why>;
    /// Whether a standing is a substitution.
    fn is_substitute(stand: Self::Stand) -> bool;
    /// Whether required features are met.
    fn features(&self) -> Result<(), Self::Why>;
    /// How many preferred features it lacks.
    fn missed(&self) -> i64;
    /// Whether demanded certificates hold, and if so whether it rests on a pending one.
    fn certificates(&self) -> Result<bool, Self::Why>;
    /// Whether those that hold are checked as far as demanded.
    fn checked(&self) -> Result<(), Self::Why>;
    /// Whether it changes hands as asked.
    fn is_transferred(&self) -> bool;
    /// Whether the buyer takes goods from there.
    fn is_taken_from(&self) -> bool;
    /// Whether the supplier delivers there.
    fn is_delivered_to(&self) -> bool;
    /// Whether no border rule is in the way.
    fn border(&self) -> Result<(), Self::Why>;
    /// Whether two countries are involved.
    fn is_abroad(&self) -> bool;
    /// The kilometres between the places where both are known.
    fn distance_km(&self) -> Option<u32>;
    /// The farthest that the buyer and that the supplier allows, in kilometres.
    fn farthest(&self) -> (Option<u32>, Option<u32>);
    /// Whether the owner lets this buyer be matched.
    fn is_visible(&self) -> bool;
    /// Whether both share a cluster.
    fn share_a_cluster(&self) -> bool;
    /// Who vouched for the supplier, and who must have.
    fn verification(&self) -> (Verification, Verification);
    /// The first day by which anything exists.
    fn first_day(&self) -> Option<Day>;
    /// The first day by which stock exists.
    fn first_stock_day(&self) -> Option<Day>;
    /// The first day at which output of an order placed on the day of the decision counts.
    fn orderable_from(&self) -> Day;
    /// Whether the buyer's site asks for at least the smallest order.
    fn is_large_enough(&self) -> bool;
    /// The price, and the cap.
    fn price(&self) -> (Option<Price>, Option<Price>);
    /// Whether buyer and supplier are one organisation.
    fn is_own(&self) -> bool;
    /// Whether one side refused the other.
    fn is_refused(&self) -> bool;
    /// Whether the figures are no longer fresh.
    fn is_stale(&self) -> bool;
}

/// What the predicates found on the way of a pair that passed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Findings<S> {
    /// How the grade stands.
    pub stand: S,
    /// The kilometres between the places where both are known.
    pub distance_km: Option<u32>,
    /// Days of transit.
    pub transit_days: i32,
    /// By when the goods must exist.
    pub cutoff: Day,
    /// Whether output cannot be ordered in time, so that only stock counts.
    pub stock_only: bool,
    /// Whether it rests on a pending certificate.
    pub pending: bool,
}

/// Whether a distance is within what either side allows; an unknown one is where neither limits it.
#[inline(always)]
fn distance(km: Option<u32>, (buyer, supplier): (Option<u32>, Option<u32>)) -> Result<(), Reason> {
    match km {
        Some(km) if buyer.is_some_and(|most| most < km) => Err(Reason::TooFarForBuyer),
        Some(km) if supplier.is_some_and(|most| most < km) => Err(Reason::TooFarForSupplier),
        None if buyer.is_some() || supplier.is_some() => Err(Reason::PlaceUnknown),
        Some(_) | None => Ok(()),
    }
}

/// The first day on which an order could be cut off and draw on anything: stock, or output outside the lead time.
pub fn first_orderable(first: Option<Day>, first_stock: Option<Day>, orderable_from: Day) -> Option<Day> {
    let stock = first_stock.filter(|day| *day < orderable_from);
    stock.or(first.map(|day| day.max(orderable_from)))
}

/// Asks the predicates in the order of [`Predicate::ALL`]: what was found, or the first that fails and why.
///
/// # Errors
/// The first predicate that fails and is not left out.
#[inline(always)]
pub fn ask<P: Pair>(pair: &P, question: &Question<'_>) -> Result<Findings<P::Stand>, (Predicate, P::Why)> {
    let fail = |predicate: Predicate, why: P::Why| {
        if question.leaves_out(predicate) { Ok(()) } else { Err((predicate, why)) }
    };
    let due = question.due;
    if let Some((predicate, reason)) = pair.listing().fault(|predicate| question.leaves_out(predicate)) {
        return Err((predicate, pair.because(reason)));
    }
    if !pair.is_product() {
        fail(Predicate::Product, pair.because(Reason::OtherProduct))?;
    }
    if pair.is_only_convertible() {
        fail(Predicate::Producing, pair.because(Reason::ConversionUndecided))?;
    }
    if pair.is_incomplete() && pair.first_stock_day().is_none() {
        fail(Predicate::Producing, pair.because(Reason::InputMissing))?;
    }
    let mut stand = pair.same();
    match pair.stand() {
        Ok(found) => stand = found,
        Err(why) => fail(Predicate::Grade, why)?,
    }
    pair.features().or_else(|why| fail(Predicate::Features, why))?;
    let mut pending = false;
    match pair.certificates() {
        Ok(found) => pending = found,
        Err(why) => fail(Predicate::Certificates, why)?,
    }
    if !pair.is_transferred() {
        fail(Predicate::Transfer, pair.because(Reason::TransferNotOffered))?;
    }
    if !pair.is_taken_from() {
        fail(Predicate::SourceRegion, pair.because(Reason::SourceRegionExcluded))?;
    }
    if !pair.is_delivered_to() {
        fail(Predicate::DeliveryRegion, pair.because(Reason::DeliveryRegionExcluded))?;
    }
    pair.border().or_else(|why| fail(Predicate::Border, why))?;
    let distance_km = pair.distance_km();
    distance(distance_km, pair.farthest()).or_else(|reason| fail(Predicate::Distance, pair.because(reason)))?;
    if !pair.is_visible() {
        fail(Predicate::Visibility, pair.because(Reason::NotVisibleToBuyer))?;
    }
    let (vouched, demanded) = pair.verification();
    let trusted = if vouched < demanded { Err(pair.because(Reason::SupplierUnverified)) } else { pair.checked() };
    trusted.or_else(|why| fail(Predicate::Verification, why))?;
    let (first, first_stock, orderable_from) = (pair.first_day(), pair.first_stock_day(), pair.orderable_from());
    // Inside the lead time an order can draw on stock alone.
    let has_orderable = |by: Day| {
        let from = if by < orderable_from { first_stock } else { first };
        from.is_some_and(|from| from <= by)
    };
    if first.is_none_or(|first| due < first) {
        fail(Predicate::Window, pair.because(Reason::NothingByDueDate))?;
    }
    if !has_orderable(due) {
        fail(Predicate::LeadTime, pair.because(Reason::LeadTimeTooLong))?;
    }
    let transit = &question.parameters.transit;
    let mut transit_days = transit.days(distance_km.unwrap_or(transit.unknown_km));
    let mut cutoff = due.plus(-transit_days);
    if cutoff < question.day || !has_orderable(cutoff) {
        fail(Predicate::TransitTime, pair.because(Reason::TransitTooLong))?;
    }
    if question.leaves_out(Predicate::TransitTime) {
        // Without transit, goods are there the day they are made.
        (transit_days, cutoff) = (0, due);
    }
    if !pair.is_large_enough() {
        fail(Predicate::MinimumOrder, pair.because(Reason::BelowMinimumOrder))?;
    }
    if let (Some(price), Some(cap)) = pair.price() {
        if price.currency != cap.currency {
            fail(Predicate::PriceCap, pair.because(Reason::CurrencyDiffers))?;
        } else if price.micros > cap.micros {
            fail(Predicate::PriceCap, pair.because(Reason::PriceAboveCap))?;
        }
    }
    if pair.is_own() {
        fail(Predicate::SelfSupply, pair.because(Reason::SameOrganisation))?;
    }
    if pair.is_refused() {
        fail(Predicate::Refusal, pair.because(Reason::Refused))?;
    }
    Ok(Findings { stand, distance_km, transit_days, cutoff, stock_only: cutoff < orderable_from, pending })
}

/// The most thousandths of the currency per base unit that count as cost, so that sums stay exact in 64 bits; with
/// the largest weights a part of a very large market may still be refused.
const MOST_PRICE: i64 = 1_000_000_000;

/// What a pair costs that passed every predicate, in points per base unit.
#[inline(always)]
pub fn cost<P: Pair>(pair: &P, found: &Findings<P::Stand>, parameters: &Parameters) -> CostTerms {
    let w = &parameters.weights;
    let when = |yes: bool, weight: u32| if yes { i64::from(weight) } else { 0 };
    let km = found.distance_km.unwrap_or(parameters.transit.unknown_km);
    let (price, cap) = pair.price();
    let comparable = cap.map(|cap| cap.currency);
    let price = price.filter(|p| Some(p.currency) == comparable).map_or(0, |p| p.micros.saturating_add(500) / 1_000);
    CostTerms {
        distance: i64::from(km) * i64::from(w.kilometre),
        border: when(pair.is_abroad(), w.border),
        cluster: when(!pair.share_a_cluster(), w.cluster),
        substitution: when(P::is_substitute(found.stand), w.substitution),
        unverified: when(pair.verification().0 == Verification::None, w.unverified),
        aging: when(pair.is_stale(), w.aging),
        preference: pair.missed() * i64::from(w.preference),
        pending: when(found.pending, w.pending),
        price: price.min(MOST_PRICE) * i64::from(w.price),
    }
}
