//! Trials and troubled markets: whatever predicate or level is left out, and whatever stands in the
//! market, the engine gives a result that its checker accepts.

use std::collections::BTreeSet;

use domain::{
    capacity::Conversion,
    disclosure::Disclosure,
    eligibility::Predicate,
    ids::{InstalmentId, LineId, MatchId, OfferId},
    market::{Commitment, Market},
    need::{Instalment, NeedState},
    offer::{OfferState, Transfer, Visibility},
    organisation::{OrganisationKind, Verification},
    parameters::{Level, Parameters},
    price::{Currency, Price},
    quantity::Quantity,
    rate::{Period, Rate},
};
use matching::{Control, Outcome, allocate, verify};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::Uuid;

use crate::small_markets::{Shape, gaps_are_honest, market, measure, parameters, rules, today};

const SHAPE: Shape = Shape {
    offers: 8,
    needs: 7,
    most_units: 9,
    lines: true,
    commitments: true,
    min_orders: true,
    few_suppliers: true,
    suggestions: true,
};

/// A random market with something wrong in most of its offers and needs.
fn troubled(seed: u64) -> Market {
    let mut m = market(seed, SHAPE);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7472_6f75_626c_6564);
    let euros = |micros| Price { micros, currency: Currency::parse("EUR").unwrap() };
    for n in 0..m.offers.len() {
        let need = m.needs[rng.random_range(0..m.needs.len())].id;
        let own = m.needs[rng.random_range(0..m.needs.len())].organisation;
        let id = m.offers[n].id;
        let offer = &mut m.offers[n];
        let p = &mut offer.terms.profile;
        match rng.random_range(0..24) {
            0 => offer.state = OfferState::Paused,
            1 => offer.state = OfferState::Expired,
            2 => offer.suspended = true,
            3 => offer.quarantine = Some("twin".to_owned()),
            4 => {
                let rate = Rate { measure: measure(2), period: Period::Day };
                (p.stock, p.running) = (measure(0), None);
                p.convertible = Some(Conversion { rate: Some(rate), days: 1, ramp_days: 0, decided_on: None });
            }
            5 => offer.terms.transfers = [Transfer::Loan].into(),
            6 => offer.terms.regions = vec![domain::code::RegionCode::new("AA")],
            7 => offer.terms.max_distance_km = Some(300),
            8 => offer.terms.visibility = Visibility::Authorities,
            9 => p.from = today().plus(9),
            10 => p.until = Some(today().plus(-1)),
            11 => p.as_of = today().plus(3),
            12 => (p.as_of, p.from) = (today().plus(-9), today().plus(-5)),
            13 => offer.terms.lead_days = 9,
            14 => offer.terms.min_order = Some(measure(50)),
            15 => offer.terms.price = Some(euros(5)),
            16 => offer.organisation = own,
            17 => {
                m.refusals.insert((id, need));
            }
            18 => offer.terms.line = Some(LineId(Uuid::from_u128(404))),
            19 => offer.terms.profile.running = None,
            _ => {}
        }
    }
    for n in 0..m.needs.len() {
        let need = &mut m.needs[n];
        let first = need.instalments[0].clone();
        match rng.random_range(0..12) {
            0 => need.instalments[0].due = today().plus(-2),
            1 => need.terms.price_cap = Some(euros(4)),
            2 => need.terms.verification = Verification::Operator,
            3 => need.state = NeedState::Draft,
            4 => need.terms.regions = vec![domain::code::RegionCode::new("BB")],
            5 => {
                for more in 1..4 {
                    let id = InstalmentId(Uuid::from_u128((u128::from(seed) << 20) + 100 * n as u128 + more));
                    let due = first.due.plus(i32::try_from(more).unwrap());
                    need.instalments.push(Instalment { id, due, ..first.clone() });
                }
            }
            6 => need.terms.max_distance_km = Some(250),
            _ => {}
        }
    }
    for organisation in m.organisations.values_mut() {
        match rng.random_range(0..4) {
            0 => organisation.verification = Verification::None,
            1 => organisation.kind = OrganisationKind::Authority,
            _ => {}
        }
    }
    for n in 0..4_u128 {
        // Promises past their cut-off, of offers that are gone, and to needs that are gone.
        let known = rng.random_range(0..4) > 0;
        let offer = m.offers[rng.random_range(0..m.offers.len())].id;
        let instalment = m.needs[rng.random_range(0..m.needs.len())].instalments[0].id;
        m.commitments.push(Commitment {
            match_id: MatchId(Uuid::from_u128(9_000 + n)),
            offer: if known { offer } else { OfferId(Uuid::from_u128(404)) },
            instalment: if n > 0 { instalment } else { InstalmentId(Uuid::from_u128(404)) },
            quantity: Quantity::new(rng.random_range(0..3)).unwrap(),
            cutoff: today().plus(rng.random_range(-4..6)),
            covers: rng.random_bool(0.3).then(|| Quantity::new(rng.random_range(0..3)).unwrap()),
            in_chain: false,
        });
    }
    m.sort();
    m
}

fn run(market: &Market, parameters: &Parameters, about: &str) -> Outcome {
    let rules = rules(market, parameters);
    let outcome = allocate(&rules, &Control::default()).unwrap_or_else(|e| panic!("{about}: {e}"));
    verify(&rules, &outcome).unwrap_or_else(|e| panic!("{about}: {e}"));
    assert!(gaps_are_honest(&outcome), "{about}");
    for s in &outcome.shortages {
        let counted: u32 = s.funnel.iter().map(|f| f.offers).sum();
        assert_eq!(counted + s.eligible_offers, outcome.figures.offers, "{about}: the funnel of {}", s.instalment);
    }
    outcome
}

#[test]
fn troubled_markets_are_matched_and_verified() {
    let mut reasons = BTreeSet::new();
    let mut lines = 0;
    for seed in 0..600 {
        let outcome = run(&troubled(seed), &parameters(), &format!("seed {seed}"));
        lines += outcome.lines.len();
        reasons.extend(outcome.shortages.iter().flat_map(|s| &s.funnel).map(|f| f.reason.code()));
    }
    assert!(lines > 600 && reasons.len() > 18, "{lines} {reasons:?}");
}

#[test]
fn every_predicate_can_be_left_out() {
    for predicate in Predicate::ALL {
        let mut parameters = parameters();
        parameters.without_predicates = [predicate].into();
        for seed in 0..80 {
            run(&troubled(seed), &parameters, &format!("seed {seed} without {}", predicate.as_str()));
        }
    }
}

#[test]
fn every_pair_of_predicates_of_time_and_all_together_can_be_left_out() {
    let time = [Predicate::Window, Predicate::LeadTime, Predicate::TransitTime, Predicate::Producing];
    let mut sets: Vec<BTreeSet<Predicate>> =
        time.iter().flat_map(|a| time.iter().map(move |b| [*a, *b].into())).collect();
    sets.push(time.into());
    sets.push(Predicate::ALL.into());
    for without in sets {
        let mut parameters = parameters();
        parameters.without_predicates = without;
        for seed in 0..60 {
            let about = format!("seed {seed} without {:?}", parameters.without_predicates);
            run(&troubled(seed), &parameters, &about);
        }
    }
}

#[test]
fn every_level_can_be_left_out() {
    let mut sets: Vec<BTreeSet<Level>> = Level::ALL.into_iter().map(|l| [l].into()).collect();
    sets.push(Level::ALL.into());
    for without in sets {
        let mut parameters = parameters();
        parameters.without_levels = without;
        for seed in 0..150 {
            let about = format!("seed {seed} without {:?}", parameters.without_levels);
            run(&troubled(seed), &parameters, &about);
        }
    }
}

#[test]
fn leaving_a_predicate_out_never_loses_a_pair() {
    let all = parameters();
    for seed in 0..30 {
        let market = troubled(seed);
        let before = run(&market, &all, "all").figures.eligible_pairs;
        for predicate in Predicate::ALL {
            let mut parameters = parameters();
            parameters.without_predicates = [predicate].into();
            let after = run(&market, &parameters, predicate.as_str()).figures.eligible_pairs;
            assert!(after >= before, "seed {seed} without {}", predicate.as_str());
        }
    }
}

#[test]
fn empty_markets_have_empty_results() {
    for (offers, needs) in [(0, 0), (0, 3), (3, 0)] {
        let mut m = market(5, Shape { offers: 3, needs: 3, most_units: 3, ..Shape::default() });
        m.offers.truncate(offers);
        m.needs.truncate(needs);
        let outcome = run(&m, &parameters(), "empty");
        assert!(outcome.lines.is_empty());
        assert_eq!(outcome.shortages.len(), needs);
        assert_eq!(outcome.figures.covered, 0);
    }
}

/// Of one place, so that goods need no day to travel.
fn one_place(offers: usize, needs: usize) -> Market {
    let mut m = market(7, Shape { offers, needs, most_units: 3, ..Shape::default() });
    let (point, region) = m.sites.values().next().map(|s| (s.point, s.region.clone())).unwrap();
    for site in m.sites.values_mut() {
        (site.point, site.region) = (point, region.clone());
    }
    let product = m.needs[0].terms.product.clone();
    for offer in &mut m.offers {
        offer.terms.product = product.clone();
        offer.terms.disclosure = Disclosure::default();
        offer.terms.lead_days = 0;
        offer.terms.profile.from = m.day;
    }
    for need in &mut m.needs {
        need.terms.product = product.clone();
        need.instalments[0].due = m.day.plus(20);
    }
    m
}

#[test]
fn a_promise_past_its_cut_off_still_takes_its_part_of_the_restated_stock() {
    let mut m = one_place(1, 1);
    let p = &mut m.offers[0].terms.profile;
    (p.stock, p.running) = (measure(100), None);
    m.needs[0].instalments[0].measure = measure(100);
    // Promised to somebody else, due out three days ago, still lying there as of today.
    m.commitments.push(Commitment {
        match_id: MatchId(Uuid::from_u128(1)),
        offer: m.offers[0].id,
        instalment: InstalmentId(Uuid::from_u128(404)),
        quantity: Quantity::new(70).unwrap(),
        cutoff: m.day.plus(-3),
        covers: None,
        in_chain: false,
    });
    let outcome = run(&m, &parameters(), "overdue");
    assert_eq!(outcome.lines.iter().map(|l| l.quantity.units()).sum::<i64>(), 30);
    assert!(outcome.proof.unserved.is_empty());
}

#[test]
fn an_offer_closed_for_its_smallest_order_is_not_called_used_up() {
    // Ten pieces for two buyers who ask for eight each, and nobody gets fewer than six.
    let mut m = one_place(1, 2);
    let terms = &mut m.offers[0].terms;
    (terms.profile.stock, terms.profile.running) = (measure(10), None);
    terms.min_order = Some(measure(6));
    for need in &mut m.needs {
        need.instalments[0].measure = measure(8);
    }
    let outcome = run(&m, &parameters(), "closed");
    assert_eq!(outcome.lines.len(), 1);
    let shortage = outcome.shortages.iter().find(|s| s.covered == 0).unwrap();
    assert_eq!((shortage.eligible_offers, shortage.used_up[0].closed), (1, true));
    assert_eq!(outcome.proof.closed.len(), 1);
}

#[test]
fn the_largest_quantities_fit_64_bits() {
    let mut m = one_place(6, 4);
    let most = Quantity::LIMIT;
    for (n, offer) in m.offers.iter_mut().enumerate() {
        offer.terms.profile.stock = measure(most);
        offer.terms.profile.running = Some(Rate { measure: measure(most), period: Period::Day });
        if n > 2 {
            offer.terms.min_order = Some(measure(most));
        }
    }
    for need in &mut m.needs {
        need.instalments[0].measure = measure(most);
        need.terms.price_cap = Some(Price { micros: 1, currency: Currency::parse("EUR").unwrap() });
    }
    let first = m.needs[0].instalments[0].clone();
    for n in 0..150 {
        m.needs[0].instalments.push(Instalment { id: InstalmentId(Uuid::from_u128(50_000 + n)), ..first.clone() });
    }
    let outcome = run(&m, &parameters(), "largest");
    assert_eq!(outcome.figures.demand, 154 * most);
    // Stock and 21 days of output of six offers cover 132 of them.
    assert_eq!(outcome.figures.covered, 132 * most);
}

#[test]
fn two_thousand_offers_of_the_largest_stock_fit_64_bits() {
    let mut m = one_place(1, 1);
    let offer = m.offers[0].clone();
    for n in 0..2_000 {
        let mut next = offer.clone();
        next.id = OfferId(Uuid::from_u128(70_000 + n));
        next.terms.profile.stock = measure(Quantity::LIMIT);
        m.offers.push(next);
    }
    m.needs[0].instalments[0].measure = measure(Quantity::LIMIT);
    m.sort();
    let outcome = run(&m, &parameters(), "many");
    assert_eq!(outcome.figures.covered, Quantity::LIMIT);
}

#[test]
fn a_shortage_listed_twice_in_place_of_another_is_caught() {
    let mut m = one_place(1, 3);
    m.offers[0].terms.profile.stock = measure(0);
    m.offers[0].terms.profile.running = None;
    let parameters = parameters();
    let rules = rules(&m, &parameters);
    let mut outcome = allocate(&rules, &Control::default()).unwrap();
    outcome.shortages[1] = outcome.shortages[0].clone();
    outcome.proof.hash = matching::rehash(&rules, &outcome);
    assert!(verify(&rules, &outcome).unwrap_err().contains("is another"));
}
