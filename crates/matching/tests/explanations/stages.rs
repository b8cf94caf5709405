//! The whole market with stages: against enumeration, and plan by plan against the market that it came from.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{InstalmentId, MatchId, OfferId, SiteId},
    market::{Commitment, Market},
    need::Urgency,
    offer::When,
    quantity::Quantity,
};
use matching::{Control, StageLegOf, Staged, WhyNoStage, allocate, stages, verify};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    chains::{lacks, parameters, scene},
    markets::{measure, need, need_mut, offer, offer_mut, rules, today},
};

mod enumeration;

const ONE_THREAD: Control<'static> = Control { threads: 1, cancel: None, progress: None };

fn solved(market: &Market) -> Option<Staged> {
    let parameters = parameters();
    let found = stages(&rules(market, &parameters), &ONE_THREAD).unwrap().plan?;
    holds(market, &found);
    Some(found)
}

/// Day and units of what offers give.
type Draws = BTreeMap<OfferId, Vec<(i32, i64)>>;

/// What a plan claims, held against the market that it is of: nothing is made beyond what is brought for it, in time,
/// nothing drawn beyond what there is, smallest orders are met, and the engine's own checker accepts the rest.
fn holds(market: &Market, found: &Staged) {
    let parameters = parameters();
    for (market, outcome) in &found.parts {
        verify(&rules(market, &parameters), outcome).unwrap();
    }
    let mut orders: BTreeMap<(OfferId, SiteId), i64> = BTreeMap::new();
    for leg in found.chains.iter().flat_map(|chain| &chain.legs) {
        if let StageLegOf::Maker { offer, .. } = leg.of {
            *orders.entry((leg.offer, market.offer(offer).unwrap().site)).or_default() += leg.units;
        }
    }
    for ((id, site), units) in orders {
        let least = market.offer(id).unwrap().terms.min_order.as_ref().map_or(0, |least| least.quantity.units());
        assert!(units >= least, "{id} brings {units} to {site}, and at least {least}");
    }
    let (mut drawn, mut made): (Draws, Draws) = Default::default();
    for leg in found.chains.iter().flat_map(|chain| &chain.legs) {
        let draw = (leg.cutoff.since(today()), leg.units);
        if matches!(leg.of, StageLegOf::Maker { .. }) {
            drawn.entry(leg.offer).or_default().push(draw);
        }
        made.entry(leg.offer).or_default().push(draw);
    }
    for line in found.parts.iter().flat_map(|(_, outcome)| &outcome.lines) {
        drawn.entry(line.offer).or_default().push((line.eligible.cutoff.since(today()), line.quantity.units()));
    }
    // What was promised before: of an offer that lacks something, in chains that bring it, or of what lies ready.
    let mut chained: Draws = BTreeMap::new();
    for commitment in &market.commitments {
        let from = market.offer(commitment.offer).map_or(today(), |offer| offer.terms.profile.as_of);
        let draw = (commitment.cutoff.max(from).since(today()), commitment.quantity.units());
        drawn.entry(commitment.offer).or_default().push(draw);
        if commitment.in_chain {
            chained.entry(commitment.offer).or_default().push(draw);
        }
    }
    for (id, draws) in &drawn {
        let offer = market.offer(*id).unwrap();
        let curve = offer.terms.profile.curve(parameters.capacity);
        let sum = |of: &[(i32, i64)], day: i32| {
            of.iter().filter(|(cutoff, _)| *cutoff <= day).map(|(_, units)| *units).sum::<i64>()
        };
        let made = made.get(id).map_or(&[][..], Vec::as_slice);
        for (day, _) in draws {
            assert!(sum(draws, *day) <= curve.by(today().plus(*day)), "{id} gives more than there is by day {day}");
            if !offer.terms.is_incomplete() {
                continue;
            }
            // All that it gives beyond what lies ready it makes in chains, of what has come for it.
            let chained = chained.get(id).map_or(&[][..], Vec::as_slice);
            let alone = sum(draws, *day) - sum(made, *day) - sum(chained, *day);
            assert!(alone <= curve.stock_by(today().plus(*day)), "{id} gives more than lies ready by day {day}");
            let [input] = &offer.terms.missing_inputs[..] else {
                assert!(made.is_empty(), "{id} lacks several things");
                continue;
            };
            let arrived = day - if input.when == When::Before { i32::from(offer.terms.lead_days) } else { 0 };
            let legs = found.chains.iter().flat_map(|chain| &chain.legs);
            let brought = legs.filter(|leg| {
                matches!(leg.of, StageLegOf::Maker { offer, due } if offer == *id && due.since(today()) <= arrived)
            });
            let brought: i64 = brought.map(|leg| leg.units).sum();
            assert!(input.needed_for(sum(made, *day)) <= brought, "{id} makes more by {day} than of {brought}");
        }
    }
    for tier in &found.tiers {
        assert!(tier.bound >= 0);
    }
    let values = |of: &dyn Fn(&matching::TierStages) -> i64| found.tiers.iter().map(of).collect::<Vec<i64>>();
    assert!(found.tiers.iter().all(|tier| tier.bound <= tier.uncovered), "{:?}", found.tiers);
    assert!(values(&|t| t.uncovered) <= values(&|t| t.alone), "{:?}", found.tiers);
}

fn uncovered(found: &Staged) -> [i64; 4] {
    std::array::from_fn(|at| found.tiers[at].uncovered)
}

/// What goes to makers: offer and units.
fn brought(found: &Staged) -> Vec<(OfferId, i64)> {
    let legs = found.chains.iter().flat_map(|chain| &chain.legs);
    let to_makers = legs.filter(|leg| matches!(leg.of, StageLegOf::Maker { .. }));
    to_makers.map(|leg| (leg.offer, leg.units)).collect()
}

#[test]
fn what_several_bring_is_made_into_what_is_asked_for() {
    let (market, _, [maker, far, near]) = scene();
    let found = solved(&market).unwrap();
    // 40 lie ready, and 36 gowns of two weavers make 180.
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 500 - 40 - 180, 0], true));
    assert_eq!(found.tiers[2].alone, 500 - 40);
    assert_eq!(brought(&found), [(far, 30), (near, 6)]);
    let [chain] = &found.chains[..] else { panic!("{:?}", found.chains) };
    assert_eq!((chain.units, chain.legs[0].offer), (180, maker));
    let due = |leg: &matching::StageLeg| match leg.of {
        StageLegOf::Maker { due, .. } => due,
        StageLegOf::Need { .. } => panic!("{leg:?}"),
    };
    // Fabric is there three days before the masks must be.
    assert!(chain.legs[1..].iter().all(|leg| due(leg) == chain.legs[0].cutoff.plus(-3)));
}

#[test]
fn an_input_goes_where_it_serves_the_more_urgent() {
    let (mut market, asked, [_, far, near]) = scene();
    // A clinic asks for the fabric itself, less urgently, then more so.
    let fabric = need(&mut market, 1, "gown", "AA112", 36, 20);
    need_mut(&mut market, fabric).terms.urgency = Urgency::Low;
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), brought(&found)), ([0, 0, 280, 36], vec![(far, 30), (near, 6)]));
    assert!(found.is_proved());
    need_mut(&mut market, fabric).terms.urgency = Urgency::High;
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.chains.len()), ([0, 0, 460, 0], 0));
    // Enough for both.
    need_mut(&mut market, asked).instalments[0].measure = measure(60);
    need_mut(&mut market, fabric).instalments[0].measure = measure(32);
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 0, 0], true));
    assert_eq!(brought(&found).iter().map(|(_, units)| units).sum::<i64>(), 4);
}

#[test]
fn stages_stand_on_each_other() {
    let (mut market, _, [maker, far, near]) = scene();
    // The near weaver has nothing ready, and weaves three gowns of a lamp (yarn).
    let rate = offer_mut(&mut market, maker).terms.profile.running.clone();
    let terms = &mut offer_mut(&mut market, near).terms;
    (terms.profile.stock, terms.profile.running) = (measure(0), rate);
    terms.missing_inputs = vec![lacks("lamp", 1, 3, When::Before)];
    let spinner = offer(&mut market, 3, "lamp", "AA112", 2, 0);
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 280, 0], true));
    assert_eq!(brought(&found), [(far, 30), (near, 6), (spinner, 2)]);
    // All of them are one chain, since one's goods go into the other's.
    assert_eq!(found.chains.len(), 1);
}

#[test]
fn work_afterwards_takes_its_time() {
    // Masks are made from today, 10 a day, and a laboratory of the same place takes four days to test them.
    let mut market = Market::new(today());
    need(&mut market, 0, "mask", "AA111", 1_000, 9);
    let maker = offer(&mut market, 0, "mask", "AA111", 0, 10);
    offer_mut(&mut market, maker).terms.missing_inputs = vec![lacks("lamp", 1, 1, When::After)];
    let laboratory = offer(&mut market, 1, "lamp", "AA111", 0, 500);
    offer_mut(&mut market, laboratory).terms.lead_days = 4;
    let found = solved(&market).unwrap();
    // What exists by the end of the sixth day is tested by the tenth.
    assert_eq!(uncovered(&found), [0, 0, 1_000 - 60, 0]);
    assert_eq!(brought(&found), [(laboratory, 60)]);
}

/// A promise of an offer to the first need, due to leave in a day.
fn promise(market: &Market, offer: OfferId, units: i64, n: usize) -> Commitment {
    Commitment {
        match_id: MatchId(crate::markets::id(6, n)),
        offer,
        instalment: market.needs[0].instalments[0].id,
        quantity: Quantity::new(units).unwrap(),
        cutoff: today().plus(10),
        covers: Quantity::new(1),
        in_chain: false,
    }
}

#[test]
fn smallest_orders_and_promises_bind_what_is_brought() {
    let (mut market, _, [maker, far, near]) = scene();
    offer_mut(&mut market, near).terms.min_order = Some(measure(7));
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), brought(&found)), ([0, 0, 310, 0], vec![(far, 30)]));
    // The bound knows no smallest orders, and the answer does not say that it is the best.
    assert_eq!((found.tiers[2].bound, found.is_proved()), (280, false));
    // What was promised of the fabric, and of what lies ready, is gone.
    market.commitments = vec![promise(&market, far, 20, 1), promise(&market, maker, 35, 2)];
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), brought(&found)), ([0, 0, 500 - 2 - 5 - 50, 0], vec![(far, 10)]));
}

#[test]
fn what_takes_no_part_is_named() {
    let (mut market, _, [maker, _, near]) = scene();
    let both = vec![lacks("gown", 2, 10, When::Before), lacks("lamp", 1, 1, When::After)];
    offer_mut(&mut market, maker).terms.missing_inputs = both;
    assert!(solved(&market).is_none());
    offer_mut(&mut market, near).terms.missing_inputs = vec![lacks("lamp", 1, 1, When::Before)];
    offer(&mut market, 3, "lamp", "AA112", 5, 1);
    // Two lack lamps for gowns, so the one that lacks gowns for lamps is the slip.
    let second = offer(&mut market, 5, "gown", "AA112", 0, 1);
    offer_mut(&mut market, second).terms.missing_inputs = vec![lacks("lamp", 1, 1, When::Before)];
    let circle = offer(&mut market, 4, "lamp", "AA112", 5, 1);
    offer_mut(&mut market, circle).terms.missing_inputs = vec![lacks("gown", 1, 1, When::Before)];
    need(&mut market, 1, "gown", "AA112", 36, 20);
    assert!(solved(&market).is_some());
    let parameters = parameters();
    let left_out = stages(&rules(&market, &parameters), &ONE_THREAD).unwrap().left_out;
    assert_eq!(left_out, [(maker, WhyNoStage::SeveralInputs), (circle, WhyNoStage::Circle)]);
}

/// Random markets with everything that rules turn on, in which every third offer lacks something.
fn varied(seed: u64) -> Market {
    let mut m = crate::markets::market(seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xabcd);
    for offer in &mut m.offers {
        if rng.random_range(0..3) > 0 {
            continue;
        }
        let product = crate::markets::PRODUCTS[rng.random_range(0..5)];
        if product == offer.terms.product.as_str() {
            continue;
        }
        let when = if rng.random_range(0..3) == 0 { When::After } else { When::Before };
        offer.terms.missing_inputs = vec![lacks(product, rng.random_range(1..=3), rng.random_range(1..=3), when)];
    }
    // What lacks something promised what lies ready, or was brought what it lacks in a chain.
    let instalments: Vec<InstalmentId> = m.needs.iter().flat_map(|n| &n.instalments).map(|i| i.id).collect();
    let lacking: Vec<OfferId> = m.offers.iter().filter(|o| o.terms.is_incomplete()).map(|o| o.id).collect();
    m.commitments.retain(|c| !lacking.contains(&c.offer));
    let covered: BTreeSet<InstalmentId> = m.commitments.iter().map(|c| c.instalment).collect();
    let mut free = instalments.into_iter().filter(|id| !covered.contains(id));
    for (n, id) in lacking.into_iter().enumerate() {
        let terms = &m.offer(id).unwrap().terms;
        let curve = terms.profile.curve(parameters().capacity);
        let in_chain = rng.random_range(0..2) == 0;
        let cutoff = today().plus(rng.random_range(0..12));
        let most = if in_chain { curve.by(cutoff) - curve.stock_by(cutoff) } else { curve.stock_by(cutoff) };
        if most < 1 || terms.line.is_some() || rng.random_range(0..2) == 0 {
            continue;
        }
        let quantity = Quantity::new(rng.random_range(1..=most)).unwrap();
        if let Some(instalment) = free.next() {
            let match_id = MatchId(crate::markets::id(9, n));
            m.commitments.push(Commitment {
                match_id,
                offer: id,
                instalment,
                quantity,
                cutoff,
                covers: Quantity::new(1),
                in_chain,
            });
        }
    }
    m.sort();
    m
}

#[test]
fn plans_of_varied_markets_hold() {
    let (mut found, mut chains, mut gained, mut proved) = (0, 0, 0, 0);
    for seed in 0..2_000 {
        let Some(staged) = solved(&varied(seed)) else { continue };
        found += 1;
        chains += staged.chains.len();
        let sum = |of: &dyn Fn(&matching::TierStages) -> i64| staged.tiers.iter().map(of).sum::<i64>();
        gained += i32::from(sum(&|t| t.uncovered) < sum(&|t| t.alone));
        proved += i32::from(staged.is_proved());
    }
    assert!(found > 250 && chains > 75 && gained > 75 && proved > 175, "{found} {chains} {gained} {proved}");
}

#[test]
fn the_same_market_gives_the_same_plan() {
    for seed in 0..60 {
        let market = varied(seed);
        let parameters = parameters();
        let of = |threads| {
            let control = Control { threads, ..ONE_THREAD };
            let found = stages(&rules(&market, &parameters), &control).unwrap().plan;
            found.map(|found| (found.parts, found.chains, found.tiers))
        };
        assert_eq!(of(1), of(2));
    }
}

#[test]
fn what_is_promised_of_makers_is_theirs_no_more() {
    // 35 of the 40 that lie ready are promised, and 2 of 6 gowns' worth (30) are held in a chain.
    let (mut market, _, [maker, far, near]) = scene();
    market.offers.retain(|offer| offer.id != far);
    offer_mut(&mut market, near).terms.profile.stock = measure(6);
    let ready = promise(&market, maker, 35, 1);
    let held = Commitment { in_chain: true, ..promise(&market, maker, 10, 2) };
    let fabric = Commitment { in_chain: true, ..promise(&market, near, 2, 3) };
    market.commitments = vec![ready.clone(), held, fabric];
    let found = solved(&market).unwrap();
    // Covered are 1 by each promise, 5 of what lies ready, and 20 of the four gowns that are left.
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 500 - 3 - 5 - 20, 0], true));
    // A run alone does not give away what lies ready and is promised either.
    let parameters = parameters();
    let alone = allocate(&rules(&market, &parameters), &ONE_THREAD).unwrap();
    assert_eq!(alone.lines.iter().map(|line| line.quantity.units()).sum::<i64>(), 5);
    // What was shipped whole draws on nothing.
    let shipped = Commitment { quantity: Quantity::ZERO, ..promise(&market, near, 1, 4) };
    market.commitments = vec![shipped];
    assert_eq!(uncovered(&solved(&market).unwrap()), [0, 0, 500 - 1 - 40 - 30, 0]);
    // One maker's promises leave another's chains alone.
    let aprons = offer(&mut market, 7, "apron", "AA111", 40, 100);
    offer_mut(&mut market, aprons).terms.missing_inputs = vec![lacks("lamp", 1, 1, When::Before)];
    offer(&mut market, 8, "lamp", "AA111", 1, 0);
    let urgent = need(&mut market, 5, "apron", "AA111", 100, 20);
    need_mut(&mut market, urgent).terms.urgency = Urgency::High;
    market.commitments = vec![Commitment { offer: aprons, ..ready }];
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.chains.len()), ([0, 94, 500 - 1 - 40 - 30, 0], 2));
}

#[test]
fn inside_the_lead_time_only_stock_is_brought_and_once() {
    let mut market = Market::new(today());
    let gowns = offer(&mut market, 0, "gown", "AA111", 10, 10);
    offer_mut(&mut market, gowns).terms.lead_days = 5;
    let sewer = offer(&mut market, 1, "mask", "AA111", 0, 100);
    offer_mut(&mut market, sewer).terms.missing_inputs = vec![lacks("gown", 1, 1, When::Before)];
    need(&mut market, 0, "gown", "AA111", 10, 2);
    let masks = need(&mut market, 1, "mask", "AA111", 10, 2);
    need_mut(&mut market, masks).terms.urgency = Urgency::High;
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 10, 0], true));
}

#[test]
fn figures_that_nobody_can_mean_leave_out_their_own_offer_alone() {
    let (mut market, _, [_, far, _]) = scene();
    let best = uncovered(&solved(&market).unwrap());
    need(&mut market, 1, "gown", "AA112", 1, 20);
    let absurd = offer(&mut market, 5, "mask", "AA111", 0, 100);
    offer_mut(&mut market, absurd).terms.missing_inputs = vec![lacks("gown", 1, 1_000_000_000_000, When::Before)];
    let odd = offer(&mut market, 4, "gown", "AA111", 0, 100);
    offer_mut(&mut market, odd).terms.missing_inputs = vec![lacks("mask", 1, 1, When::Before)];
    let another = offer(&mut market, 6, "mask", "AA111", 0, 100);
    offer_mut(&mut market, another).terms.missing_inputs = vec![lacks("gown", 2, 10, When::Before)];
    let parameters = parameters();
    let left_out = stages(&rules(&market, &parameters), &ONE_THREAD).unwrap().left_out;
    assert_eq!(left_out, [(odd, WhyNoStage::Circle), (absurd, WhyNoStage::Ratio)]);
    // The one gown that is asked for costs five masks, and a large ratio is reckoned with.
    assert_eq!(uncovered(&solved(&market).unwrap())[2], best[2] + 1);
    offer_mut(&mut market, absurd).terms.missing_inputs = vec![lacks("gown", 1, 100_000, When::Before)];
    offer_mut(&mut market, far).terms.profile.stock = measure(10_000_000);
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 0, 0], true));
}

#[test]
fn many_with_large_smallest_orders_end_soon() {
    let (mut market, _, [_, far, near]) = scene();
    market.offers.retain(|offer| ![far, near].contains(&offer.id));
    for n in 10..400 {
        let id = offer(&mut market, n, "gown", "AA111", 500, 0);
        // More than the maker could ever take, and in every fourth more than this plan has it take.
        let least = if n % 4 == 0 { 95 } else { 500 };
        offer_mut(&mut market, id).terms.min_order = Some(measure(least));
    }
    let found = solved(&market).unwrap();
    assert_eq!(uncovered(&found)[2], 460, "{:?}", found.tiers);
}

#[test]
fn what_a_maker_promised_takes_of_what_it_could_make() {
    // 10 masks a day of more gowns than it can use, 100 of them held in a chain.
    let mut market = Market::new(today());
    need(&mut market, 0, "mask", "AA111", 500, 19);
    let maker = offer(&mut market, 0, "mask", "AA111", 0, 10);
    offer_mut(&mut market, maker).terms.missing_inputs = vec![lacks("gown", 1, 1, When::Before)];
    offer(&mut market, 1, "gown", "AA111", 1_000, 0);
    market.commitments = vec![Commitment { in_chain: true, ..promise(&market, maker, 100, 1) }];
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 500 - 1 - 100, 0], true));
    // 250 of the 260 that it makes until a day after that are promised: ten are left.
    let late = Commitment { cutoff: today().plus(25), ..promise(&market, maker, 250, 1) };
    market.commitments = vec![Commitment { in_chain: true, ..late }];
    let found = solved(&market).unwrap();
    assert_eq!((uncovered(&found), found.is_proved()), ([0, 0, 500 - 1 - 10, 0], true));
}

#[test]
fn the_largest_numbers_are_reckoned_with() {
    const MOST: i64 = 1_000_000_000_000;
    let mut market = Market::new(today());
    offer(&mut market, 0, "gown", "AA111", MOST, 333_333_333_333);
    for n in 1..=3 {
        let sewer = offer(&mut market, n, "mask", "AA111", 0, MOST / 2);
        offer_mut(&mut market, sewer).terms.missing_inputs = vec![lacks("gown", 1, 1, When::Before)];
        need(&mut market, n, "mask", "AA111", MOST, 6);
    }
    let fabric = need(&mut market, 9, "gown", "AA111", MOST, 6);
    need_mut(&mut market, fabric).terms.urgency = Urgency::Low;
    let found = solved(&market).unwrap();
    // All masks are made, and what is left of the fabric goes to who asks for it.
    assert_eq!(uncovered(&found), [0, 0, 0, MOST - 333_333_333_331], "{:?}", found.tiers);
    assert!(brought(&found).iter().all(|(_, units)| *units <= MOST));
}
