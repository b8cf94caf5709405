//! Candidates found naively: every offer judged by the domain on a market of the same records.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    capacity::CapacityKind,
    disclosure::{Audience, FieldGroup},
    eligibility::{Eligible, NeedView, Predicate, Reason, Rules, SiteDemands},
    geo::Place,
    ids::{NeedId, OfferId},
    market::Market,
    need::Instalment,
    offer::Offer,
    organisation::{Site, Verification},
    parameters::Parameters,
    time::Day,
};
use index::{CandidateQuery, Candidates, Fitting, Reader, Which};

use super::draw::Asked;
use crate::{
    oracle,
    world::{Scene, WORLD, today},
};

/// Beyond every day on which anything begins, in days.
const FAR: i32 = 400;

impl Asked {
    /// Asks an index that was filled from a scene.
    pub fn of(&self, scene: &Scene, index: &index::Index, reader: &Reader) -> Candidates {
        let query = CandidateQuery {
            need: &self.need,
            organisation: &scene.market.organisations[&self.need.organisation],
            site: &scene.market.sites[&self.need.site],
            which: Which::All,
            day: today(),
            parameters: &self.parameters,
            catalogue: &WORLD.catalogue,
            regions: &WORLD.regions,
            site_demand: self.site_demand,
            refused: &self.refused,
            top: self.top,
            near: self.near,
            fitting: self.fitting,
        };
        index.candidates(&query, reader)
    }
}

/// A candidate: offer, how it passed, what is free, what it makes in the week.
pub type Found = (OfferId, Eligible, i64, i64);

/// A near miss: offer, predicate, reason, how it would pass.
pub type Missed = (OfferId, Predicate, Reason, Eligible);

#[derive(Debug, PartialEq, Eq)]
pub struct Naive {
    pub top: Vec<Found>,
    pub used_up: Vec<Found>,
    pub near: Vec<Missed>,
    pub eligible: usize,
    pub used: usize,
    pub failed: BTreeMap<Predicate, (usize, BTreeMap<&'static str, usize>)>,
    pub not_told: Option<usize>,
}

/// Whether a reader may know the price of an offer.
fn sees_price(scene: &Scene, reader: &Reader, offer: &Offer) -> bool {
    let party = match reader {
        Reader::Operator => return true,
        Reader::Public => return false,
        Reader::Party(party) => party,
    };
    let owner = &scene.market.organisations[&offer.organisation];
    let managed = owner.clusters.iter().any(|c| party.clusters.contains(c));
    let audience = if managed { Audience::OwnCluster } else { Audience::Buyer };
    offer.organisation == party.organisation || offer.terms.disclosure.sees(audience, FieldGroup::Price)
}

/// The market as it stands on the day, and as the reader may know its prices.
fn standing(scene: &Scene, reader: &Reader, asked: &Asked) -> Market {
    let mut market = scene.market.clone();
    for offer in &mut market.offers {
        *offer = offer.clone().standing(scene.market.mode, today());
        if !sees_price(scene, reader, offer) {
            offer.terms.price = None;
        }
    }
    market.needs = vec![asked.need.clone()];
    let refused = |id: &OfferId| -> (OfferId, NeedId) { (*id, asked.need.id) };
    market.refusals = asked.refused.iter().map(refused).collect();
    market.sort();
    market
}

fn asked_by(reason: &Reason) -> Predicate {
    Reason::ASKED_BY[Reason::CODES.iter().position(|code| *code == reason.code()).unwrap()]
}

/// What can still be promised of an offer, day by day.
fn free(scene: &Scene, offer: &Offer, kind: CapacityKind, eligible: &Eligible, named: bool) -> i64 {
    let (curve, as_of) = (offer.terms.ready_profile().curve(kind), offer.terms.profile.as_of);
    let left = |day: Day| i128::from(curve.by(day)) - oracle::drawn(scene, offer.id, as_of, day, None);
    let from = if eligible.stock_only { as_of } else { eligible.cutoff };
    let mut least = (0..FAR).map(|ahead| left(from.plus(ahead))).min().unwrap();
    if eligible.stock_only {
        least = least.min(curve.stock_by(eligible.cutoff).into());
    }
    if let Some(line) = offer.terms.line.filter(|line| named && scene.market.lines.contains_key(line)) {
        let inside = BTreeSet::from([offer.id]);
        least = least.min(oracle::line_bound(scene, line, &inside, kind, eligible.cutoff));
    }
    i64::try_from(least.max(0)).unwrap()
}

fn found(scene: &Scene, offer: &Offer, kind: CapacityKind, eligible: &Eligible, named: bool) -> Found {
    let running = offer.terms.ready_profile().curve(CapacityKind::Running);
    let monday = eligible.cutoff.monday();
    let week = running.by(monday.plus(6)) - running.by(monday.plus(-1));
    (offer.id, eligible.clone(), free(scene, offer, kind, eligible, named), week)
}

/// Offers by count, unless fewer than four organisations share in them.
#[derive(Default)]
struct Crowd(Vec<OfferId>, BTreeSet<domain::ids::OrganisationId>);

/// What should be answered for an instalment.
pub fn naive(scene: &Scene, asked: &Asked, instalment: &Instalment, reader: &Reader) -> Naive {
    let market = standing(scene, reader, asked);
    let parameters = &asked.parameters;
    let rules = Rules { market: &market, catalogue: &WORLD.catalogue, regions: &WORLD.regions, parameters };
    let view = need_view(&rules, asked);
    let mut naive = Naive {
        top: vec![],
        used_up: vec![],
        near: vec![],
        eligible: 0,
        used: 0,
        failed: BTreeMap::new(),
        not_told: None,
    };
    let (mut eligible, mut near) = (Vec::new(), Vec::new());
    let (mut hidden, mut rest) = (BTreeMap::<Predicate, Crowd>::new(), Crowd::default());
    let wanted = &asked.need.terms.product;
    for offer in &market.offers {
        let product = &offer.terms.product;
        let stands_in = WORLD.catalogue.stand_ins(wanted).contains(product);
        let everything = parameters.without_predicates.contains(&Predicate::Product);
        let Some(o) = rules.offer_view(offer).filter(|_| product == wanted || stands_in || everything) else {
            continue;
        };
        let known = oracle::sees(scene, reader, offer);
        let named = known.is_some_and(|known| known.named);
        if !named && !offer.in_market(today()) {
            continue;
        }
        let judged = rules.judge(&o, &view, instalment);
        let shown = known.is_some() || asked.fitting == Fitting::Nameless && judged.is_ok();
        match judged {
            _ if !shown => {
                let mut failed = judged.err().map(|reason| asked_by(&reason));
                if failed == Some(Predicate::Producing) {
                    let mut parameters = parameters.clone();
                    parameters.without_predicates.insert(Predicate::Producing);
                    let rules = Rules { parameters: &parameters, ..rules };
                    failed = self::judged(&rules, asked, instalment, offer).err().map(|reason| asked_by(&reason));
                }
                let predicate = failed.filter(|p| *p < Predicate::Window);
                let crowd = predicate.map_or(&mut rest, |p| hidden.entry(p).or_default());
                if o.organisation.verification != Verification::None {
                    crowd.0.push(offer.id);
                    crowd.1.insert(offer.organisation);
                }
            }
            Ok(how) => {
                naive.eligible += 1;
                eligible.push((how.cost.total(), found(scene, offer, parameters.capacity, &how, named), {
                    // Whether it is used up is a matter of its own capacity.
                    free(scene, offer, parameters.capacity, &how, false) == 0
                }));
            }
            Err(reason) => {
                let predicate = asked_by(&reason);
                let (count, reasons) = naive.failed.entry(predicate).or_default();
                *count += 1;
                *reasons.entry(reason.code()).or_default() += 1;
                let missed = miss(&rules, asked, instalment, offer, (predicate, &reason));
                near.extend(
                    missed.map(|(amount, how)| ((predicate, amount, coarse_km(&view, o.site), offer.id), reason, how)),
                );
            }
        }
    }
    for (predicate, crowd) in hidden {
        if crowd.1.len() > 3 {
            naive.failed.entry(predicate).or_default().0 += crowd.0.len();
        } else {
            rest.0.extend(crowd.0);
            rest.1.extend(crowd.1);
        }
    }
    naive.not_told = (rest.1.len() > 3).then_some(rest.0.len());
    eligible.sort_by_key(|(cost, (offer, ..), _)| (*cost, *offer));
    naive.used = eligible.iter().filter(|(_, _, used)| *used).count();
    let some = |used: bool| {
        eligible.iter().filter(|(_, _, up)| *up == used).map(|(_, found, _)| found.clone()).take(asked.top).collect()
    };
    (naive.top, naive.used_up) = (some(false), some(true));
    near.sort_by_key(|(key, ..)| *key);
    for ((predicate, _, _, offer), reason, how) in near {
        if naive.near.iter().filter(|(_, p, ..)| *p == predicate).count() < asked.near {
            naive.near.push((offer, predicate, reason, how));
        }
    }
    naive
}

/// Kilometres from the NUTS 2 region of a site.
fn coarse_km(need: &NeedView<'_>, site: &Site) -> u32 {
    let of = || WORLD.regions.at_level(site.region.as_ref()?, 2)?.point;
    of().zip(need.place()).map_or(u32::MAX, |(point, here)| Place::new(point).distance_km(&here))
}

fn need_view<'a>(rules: &Rules<'a>, asked: &'a Asked) -> NeedView<'a> {
    let mut view = rules.need_view(&asked.need, &SiteDemands::new()).unwrap();
    view.site_demand = asked.site_demand;
    view
}

/// Under other parameters or for another day, whether an offer passes.
fn judged(rules: &Rules<'_>, asked: &Asked, instalment: &Instalment, offer: &Offer) -> Result<Eligible, Reason> {
    rules.judge(&rules.offer_view(offer).unwrap(), &need_view(rules, asked), instalment)
}

/// How an offer passes after one change, and how much that is.
fn miss(
    rules: &Rules<'_>,
    asked: &Asked,
    instalment: &Instalment,
    offer: &Offer,
    (predicate, reason): (Predicate, &Reason),
) -> Option<(i64, Eligible)> {
    let (terms, wants) = (&offer.terms, &asked.need.terms);
    let timely = [Predicate::Window, Predicate::LeadTime, Predicate::TransitTime];
    if timely.contains(&predicate) {
        let later = |days: i32| Instalment { due: instalment.due.plus(days), ..instalment.clone() };
        let tries = (1..FAR).map(|days| (days, judged(rules, asked, &later(days), offer)));
        let mut in_time =
            tries.filter(|(_, how)| how.as_ref().err().is_none_or(|reason| !timely.contains(&asked_by(reason))));
        let (days, how) = in_time.next()?;
        return Some((days.into(), how.ok()?));
    }
    let mut parameters: Parameters = rules.parameters.clone();
    parameters.without_predicates.insert(predicate);
    let how = judged(&Rules { parameters: &parameters, ..*rules }, asked, instalment, offer).ok()?;
    let amount = match predicate {
        Predicate::Distance => {
            let km = how.distance_km?;
            let beyond = |most: Option<u32>| most.map_or(0, |most| km.saturating_sub(most));
            beyond(wants.max_distance_km).max(beyond(terms.max_distance_km)).into()
        }
        Predicate::MinimumOrder => terms.min_order.as_ref()?.quantity.units() - asked.site_demand,
        Predicate::PriceCap if *reason == Reason::PriceAboveCap => terms.price?.micros - wants.price_cap?.micros,
        Predicate::Grade
        | Predicate::Features
        | Predicate::Certificates
        | Predicate::Transfer
        | Predicate::SourceRegion
        | Predicate::DeliveryRegion
        | Predicate::Verification => 0,
        _ => return None,
    };
    Some((amount, how))
}
