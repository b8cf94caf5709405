//! Chains of a market: who may take which stage, when, and how much of it.

use std::collections::BTreeMap;

use domain::{
    code::{ProductCode, RegionCode},
    ids::{MatchId, NeedId, OfferId, OrganisationId},
    market::{Commitment, Market},
    offer::{MissingInput, Visibility, When},
    parameters::{Parameters, Transit},
    quantity::Quantity,
    rate::{Period, Rate},
};
use matching::{
    Audience,
    chains::{Chain, NeedChains, Partner, Sought, for_need},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    audiences::disguised,
    markets::{REGIONS, id, measure, need, offer, offer_mut, rules, today},
};

pub fn parameters() -> Parameters {
    Parameters { transit: Transit { handling_days: 0, km_per_day: 400, unknown_km: 100 }, ..Parameters::default() }
}

pub fn lacks(product: &str, units: i64, per: i64, when: When) -> MissingInput {
    let quantity = |units| Quantity::new(units).unwrap();
    MissingInput { product: ProductCode::new(product), units: quantity(units), per: quantity(per), when }
}

fn found(market: &Market, audience: Audience, need: NeedId) -> NeedChains {
    let parameters = parameters();
    let sought = Sought { need, most_partners: 5, top: 20 };
    for_need(&rules(market, &parameters), audience, &sought).unwrap().unwrap()
}

type Leg = (String, OfferId, i64);

/// What a chain is made of: the product of each leg, the offer, and how much of it is taken.
fn legs(told: &NeedChains, chain: &Chain) -> Vec<Leg> {
    let leg = |leg: &matching::chains::Leg| {
        (told.stages[leg.stage].product.to_string(), told.offers[leg.offer as usize].offer, leg.needed)
    };
    chain.legs.iter().map(leg).collect()
}

/// Masks are sewn in AA111 at 100 a day, of two gowns (fabric) for each ten; a weaver has 30 gowns, another 6 near by.
pub fn scene() -> (Market, NeedId, [OfferId; 3]) {
    let mut m = Market::new(today());
    let asked = need(&mut m, 0, "mask", "AA121", 500, 20);
    let maker = offer(&mut m, 0, "mask", "AA111", 40, 100);
    offer_mut(&mut m, maker).terms.missing_inputs = vec![lacks("gown", 2, 10, When::Before)];
    offer_mut(&mut m, maker).terms.lead_days = 3;
    let far = offer(&mut m, 1, "gown", "BB121", 30, 0);
    let near = offer(&mut m, 2, "gown", "AA112", 6, 0);
    (m, asked, [maker, far, near])
}

#[test]
fn a_maker_and_who_brings_what_it_lacks_make_a_chain() {
    let (market, asked, [maker, far, near]) = scene();
    let told = found(&market, Audience::Operator, asked);
    assert_eq!(told.stages.iter().map(|s| s.product.as_str()).collect::<Vec<_>>(), ["mask", "gown"]);
    let answer = &told.instalments[0].answer;
    assert!(answer.incomplete.is_empty());
    let all: Vec<(i64, Vec<Leg>)> = answer.chains.iter().map(|chain| (chain.units, legs(&told, chain))).collect();
    let made = |units: i64| ("mask".to_owned(), maker, units);
    // 30 gowns make 150 masks, 6 make 30 at less cost and sooner.
    let expected =
        [(150, vec![made(150), ("gown".to_owned(), far, 30)]), (30, vec![made(30), ("gown".to_owned(), near, 6)])];
    assert_eq!(all, expected);
    // Fabric in time for three days of sewing and the way of the masks.
    for chain in &answer.chains {
        let [sewn, fabric] = &chain.legs[..] else { panic!("{chain:?}") };
        let way = i32::try_from(sewn.way_days).unwrap();
        assert_eq!(sewn.cut_off, told.instalments[0].due.plus(-way));
        assert_eq!(fabric.cut_off, sewn.cut_off.plus(-3 - i32::try_from(fabric.way_days).unwrap()));
        assert_eq!(chain.lead_days, i32::from(fabric.lead_days) + i32::try_from(fabric.way_days).unwrap() + 3 + way);
    }
}

#[test]
fn a_step_that_nobody_takes_is_named_and_whoever_takes_it_completes_the_chain() {
    let (mut market, asked, [maker, far, near]) = scene();
    market.offers.retain(|o| ![far, near].contains(&o.id));
    let told = found(&market, Audience::Operator, asked);
    let answer = &told.instalments[0].answer;
    assert!(answer.chains.is_empty());
    let missing = &answer.incomplete[0].missing[0];
    assert_eq!((told.stages[missing.stage].product.as_str(), missing.units), ("gown", 100));
    let site = told.sites[missing.place as usize];
    assert_eq!(site, market.offer(maker).unwrap().site);
    // Somebody of that place, with so much by that day.
    let region = market.sites[&site].region.clone().unwrap();
    let new = offer(&mut market, 7, "gown", region.as_str(), 0, 0);
    let terms = &mut offer_mut(&mut market, new).terms;
    (terms.profile.stock, terms.lead_days) = (measure(missing.units), missing.lead_days);
    let told = found(&market, Audience::Operator, asked);
    assert!(told.instalments[0].answer.chains[0].units >= answer.incomplete[0].units);
}

#[test]
fn limits_promises_and_owners_count() {
    let (market, asked, [maker, far, near]) = scene();
    let units = |market: &Market| {
        let told = found(market, Audience::Operator, asked);
        told.instalments[0].answer.chains.iter().map(|chain| chain.units).collect::<Vec<i64>>()
    };
    assert_eq!(units(&market), [150, 30]);
    let with = |change: &dyn Fn(&mut Market)| {
        let mut market = market.clone();
        change(&mut market);
        units(&market)
    };
    // The far weaver delivers in BB alone, or not that far, or keeps its fabric to authorities.
    let terms = |m: &mut Market, id: OfferId, change: &dyn Fn(&mut domain::offer::OfferTerms)| {
        change(&mut offer_mut(m, id).terms);
    };
    assert_eq!(with(&|m| terms(m, far, &|t| t.regions = vec![RegionCode::new("BB")])), [30]);
    assert_eq!(with(&|m| terms(m, far, &|t| t.max_distance_km = Some(50))), [30]);
    assert_eq!(with(&|m| terms(m, far, &|t| t.visibility = Visibility::Authorities)), [30]);
    assert_eq!(with(&|m| offer_mut(m, near).suspended = true), [150]);
    // The maker's masks do not reach the buyer.
    assert_eq!(with(&|m| terms(m, maker, &|t| t.regions = vec![RegionCode::new("BB")])), Vec::<i64>::new());
    // Of the far fabric, 20 of 30 are promised to somebody else for later.
    let promise = |m: &mut Market| {
        let other = need(m, 5, "gown", "BB111", 20, 40);
        let instalment = m.need(other).unwrap().instalments[0].id;
        let (match_id, quantity, cutoff) = (MatchId(id(7, 1)), Quantity::new(20).unwrap(), today().plus(35));
        m.commitments.push(Commitment {
            match_id,
            offer: far,
            instalment,
            quantity,
            cutoff,
            covers: None,
            in_chain: false,
        });
    };
    assert_eq!(with(&promise), [50, 30]);
    // A test of what is made, two days there and back included, needs its time as well.
    let tested = |m: &mut Market| {
        terms(m, maker, &|t| t.missing_inputs.push(lacks("lamp", 1, 1_000_000, When::After)));
        let lab = offer(m, 8, "lamp", "AA111", 5, 0);
        offer_mut(m, lab).terms.lead_days = 0;
    };
    assert_eq!(with(&tested), [150, 30]);
    assert_eq!(
        with(&|m| terms(m, maker, &|t| t.missing_inputs.push(lacks("lamp", 1, 1, When::After)))),
        Vec::<i64>::new()
    );
}

#[test]
fn every_leg_of_every_chain_has_what_it_gives_when_it_gives_it() {
    let (mut chains, mut several) = (0, 0);
    for seed in 0..300_u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut m = Market::new(today());
        let asked = need(
            &mut m,
            0,
            "mask",
            REGIONS[rng.random_range(0..6)].0,
            rng.random_range(1..300),
            rng.random_range(4..40),
        );
        for n in 0..12 {
            let product = ["mask", "gown", "lamp"][n % 3];
            let place = REGIONS[rng.random_range(0..6)].0;
            let (stock, daily) = (rng.random_range(0..60), rng.random_range(0..9));
            let id = offer(&mut m, n, product, place, stock, daily);
            let maximum = Rate { measure: measure(daily + 3), period: Period::Day };
            let terms = &mut offer_mut(&mut m, id).terms;
            terms.lead_days = rng.random_range(0..6);
            terms.profile.maximum = Some(maximum);
            let (units, per) = (rng.random_range(1..4), rng.random_range(1..4));
            match product {
                "mask" if rng.random_range(0..4) > 0 => {
                    terms.missing_inputs = vec![lacks("gown", units, per, When::Before)]
                }
                "gown" if rng.random_range(0..3) == 0 => {
                    terms.missing_inputs = vec![lacks("lamp", units, per, When::Before)]
                }
                _ => {}
            }
        }
        let told = found(&m, Audience::Operator, asked);
        let parameters = parameters();
        for chain in told.instalments.iter().flat_map(|i| &i.answer.chains) {
            chains += 1;
            several += u32::from(chain.legs.len() > 2);
            assert!(chain.missing.is_empty() && chain.legs.len() <= 5);
            let by_stage: BTreeMap<usize, &matching::chains::Leg> =
                chain.legs.iter().map(|leg| (leg.stage, leg)).collect();
            for leg in &chain.legs {
                let listed = m.offer(told.offers[leg.offer as usize].offer).unwrap();
                let curve = listed.terms.profile.curve(parameters.capacity);
                let ready = if listed.terms.is_incomplete() {
                    curve.by(leg.cut_off) - curve.stock_by(leg.cut_off)
                } else {
                    curve.orderable_by(leg.cut_off, today(), listed.terms.lead_days)
                };
                assert!(ready >= leg.needed, "seed {seed}: {leg:?} has {ready}");
                assert_eq!(told.stages[leg.stage].product, listed.terms.product);
                // Each input that is lacked has its leg, with enough for what the leg gives, and in time.
                for input in &listed.terms.missing_inputs {
                    let stage =
                        told.stages.iter().position(|s| s.serves == Some(leg.stage) && s.input.as_ref() == Some(input));
                    let brought = by_stage[&stage.unwrap()];
                    assert!(brought.needed >= input.needed_for(leg.needed), "seed {seed}: {brought:?} for {leg:?}");
                    let ready =
                        brought.cut_off.plus(i32::try_from(brought.way_days).unwrap() + i32::from(leg.lead_days));
                    assert!(ready <= leg.cut_off, "seed {seed}: {brought:?} for {leg:?}");
                }
            }
        }
    }
    assert!(chains > 200 && several > 30, "{chains} chains, {several} of three");
}

#[test]
fn a_buyer_is_told_the_same_of_markets_that_differ_in_what_it_may_not_see() {
    let mut compared = 0;
    for seed in 0..60_u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut market, asked, [maker, ..]) = scene();
        let own = market.need(asked).unwrap().organisation;
        offer_mut(&mut market, maker).terms.profile.stock = measure(rng.random_range(0..50));
        let told = |market: &Market| {
            let told = found(market, Audience::Buyer(own), asked);
            assert!(told.before_competition);
            let hidden = |o: &Partner| market.offer(o.offer).is_none() && o.organisation.is_none();
            assert!(told.offers.iter().all(hidden), "offers go by other names");
            format!("{:?} {:?}", told.stages, told.instalments)
        };
        assert_eq!(told(&market), told(&disguised(&market, own, &mut rng)), "seed {seed}");
        compared += 1;
    }
    assert_eq!(compared, 60);
    // Nobody asks about the needs of others.
    let (market, asked, _) = scene();
    let (parameters, sought) = (parameters(), Sought { need: asked, most_partners: 5, top: 5 });
    let stranger = Audience::Buyer(OrganisationId(id(1, 77)));
    assert!(for_need(&rules(&market, &parameters), stranger, &sought).unwrap().is_none());
}
