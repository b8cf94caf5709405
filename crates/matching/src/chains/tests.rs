mod draw;
mod oracle;
mod refusals;

use super::*;

use draw::{Case, case, today};
use oracle::{Told, Whole};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom as _};

fn answer(case: &Case) -> Answer {
    search(&case.recipe, &case.offers, &case.asked, |from, to| case.way(from, to)).unwrap()
}

fn told(chain: &Chain) -> Told {
    let there = chain.legs.iter().map(|leg| (leg.stage, Some(leg.offer)));
    let mut legs: Vec<_> = there.chain(chain.missing.iter().map(|missing| (missing.stage, None))).collect();
    legs.sort_unstable();
    Told { units: chain.units, lead: chain.lead_days, cost: chain.cost, legs }
}

/// What a chain says of itself against the chain that was enumerated.
fn agrees(case: &Case, chain: &Chain, whole: &Whole<'_>) {
    assert_eq!(chain.cost, chain.legs.iter().map(|leg| leg.goods_cost + leg.way_cost).sum::<i128>());
    let least = chain.legs.iter().map(|leg| leg.supports).min().unwrap();
    assert_eq!(chain.units, least.min(case.asked.units));
    for leg in &chain.legs {
        assert!(i128::from(leg.needed) == case.recipe.needed(leg.stage, chain.units));
        assert!(case.recipe.supported(leg.stage, leg.needed) >= chain.units);
    }
    let mut day = case.asked.today;
    while day <= case.asked.horizon {
        let rise = chain.over_time.iter().rev().find(|(from, _)| *from <= day);
        let units = rise.map_or(0, |(_, units)| *units);
        assert_eq!(units, oracle::units_by(case, &whole.taken, day), "on {day}: {chain:?}");
        day = day.plus(1);
    }
}

fn same(case: &Case, found: &[Chain], wanted: &[Whole<'_>]) {
    let found_told: Vec<_> = found.iter().map(told).collect();
    let wanted_told: Vec<_> = wanted.iter().map(|whole| whole.told.clone()).collect();
    assert_eq!(found_told, wanted_told, "{case:#?}");
    found.iter().zip(wanted).for_each(|(chain, whole)| agrees(case, chain, whole));
}

#[test]
fn the_front_is_that_of_enumeration() {
    let (mut fronts, mut longest, mut full, mut limited, mut deep) = (0, 0, 0, 0, 0);
    for seed in 0..4_000 {
        let case = case(seed, 4);
        let all = oracle::all(&case, 0);
        let wanted = oracle::front(&all);
        let answer = answer(&case);
        same(&case, &answer.chains, &wanted);
        fronts += usize::from(!wanted.is_empty());
        longest = longest.max(wanted.len());
        full += usize::from(wanted.iter().any(|whole| whole.told.legs.len() == 5));
        limited += usize::from(!wanted.is_empty() && case.recipe.stages().len() > case.asked.most_legs);
        deep += usize::from(wanted.iter().any(|w| w.told.legs.iter().any(|(s, _)| depth(&case.recipe, *s) == 3)));
    }
    // The markets are of the kinds that they are meant to be of.
    assert!(
        fronts > 1_000 && longest > 5 && full > 20 && limited > 100 && deep > 20,
        "{fronts} {longest} {full} {limited} {deep}"
    );
}

fn depth(recipe: &Recipe, stage: usize) -> usize {
    recipe.stages()[stage].parent.map_or(0, |(parent, _)| 1 + depth(recipe, parent))
}

/// More offers, so that more of them stand at one place and rule each other out.
#[test]
fn the_front_of_crowded_markets_is_that_of_enumeration() {
    let mut longest = 0;
    for seed in 10_000..10_150 {
        let case = case(seed, 8);
        let all = oracle::all(&case, 0);
        let wanted = oracle::front(&all);
        same(&case, &answer(&case).chains, &wanted);
        longest = longest.max(wanted.len());
    }
    assert!(longest > 10, "{longest}");
}

#[test]
fn the_answer_is_cut_after_the_best() {
    for seed in 0..500 {
        let mut case = case(seed, 4);
        let whole = answer(&case);
        case.asked.top = 2;
        case.asked.top_missing = 1;
        let cut = answer(&case);
        assert_eq!(cut.chains, whole.chains[..whole.chains.len().min(2)]);
        assert_eq!(cut.incomplete, whole.incomplete[..whole.incomplete.len().min(1)]);
    }
}

#[test]
fn what_is_missing_is_what_enumeration_finds_missing() {
    let (mut one, mut more) = (0, 0);
    for seed in 0..3_000 {
        let case = case(seed, 2);
        let answer = answer(&case);
        if !answer.chains.is_empty() {
            assert!(answer.incomplete.is_empty());
            continue;
        }
        let all = oracle::all(&case, 3);
        let wanted = oracle::incomplete(&all);
        if wanted.is_empty() {
            // The root is of no use, so only it is told, if it can be made in time.
            assert!(answer.incomplete.iter().all(|chain| chain.legs.is_empty() && chain.missing[0].stage == 0));
            continue;
        }
        same(&case, &answer.incomplete, &wanted);
        let missing = answer.incomplete[0].missing.len();
        *(if missing == 1 { &mut one } else { &mut more }) += 1;
    }
    assert!(one > 200 && more > 50, "{one} {more}");
}

/// Offers of what a chain misses, as it says.
fn supply(case: &mut Case, chain: &Chain) {
    for (id, missing) in (1_000..).zip(&chain.missing) {
        case.offers[missing.stage].push(Offer {
            id,
            tie: u128::MAX - u128::from(id),
            organisation: 99,
            place: missing.place,
            lacks: 0,
            lead_days: missing.lead_days,
            cost: 0,
            free: vec![(missing.by, missing.units)],
        });
    }
}

#[test]
fn what_is_missing_completes_the_chain_once_it_is_supplied() {
    let mut supplied = 0;
    for seed in 20_000..23_000 {
        let case = case(seed, 2);
        for chain in answer(&case).incomplete {
            let mut richer = case.clone();
            supply(&mut richer, &chain);
            let found = answer(&richer).chains;
            assert!(found[0].units >= chain.units, "{chain:?} {case:#?}");
            supplied += 1;
        }
    }
    assert!(supplied > 500);
}

#[test]
fn the_order_of_offers_does_not_matter() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for seed in 0..500 {
        let mut case = case(seed, 5);
        let before = answer(&case);
        case.offers.iter_mut().for_each(|offers| offers.shuffle(&mut rng));
        assert_eq!(before, answer(&case));
    }
}

#[test]
fn every_offer_is_counted_once_and_those_of_chains_are_able() {
    let mut reasons = Fell::default();
    for seed in 30_000..31_000 {
        let case = case(seed, 4);
        let fell = answer(&case).fell;
        let all = oracle::all(&case, 0);
        for (stage, fell) in fell.iter().enumerate() {
            let Fell { offers, nothing_free, not_lacked, too_late, no_partner, too_many_partners, able } = *fell;
            assert_eq!(offers, case.offers[stage].len());
            assert_eq!(offers, nothing_free + not_lacked + too_late + no_partner + too_many_partners + able);
            let part = |offer: &&Offer| all.iter().any(|w| w.told.legs.contains(&(stage, Some(offer.id))));
            assert!(case.offers[stage].iter().filter(part).count() <= able);
            reasons.nothing_free += nothing_free;
            reasons.not_lacked += not_lacked;
            reasons.too_late += too_late;
            reasons.no_partner += no_partner;
            reasons.too_many_partners += too_many_partners;
        }
    }
    let Fell { nothing_free, not_lacked, too_late, no_partner, too_many_partners, .. } = reasons;
    assert!([nothing_free, not_lacked, too_late, no_partner, too_many_partners].iter().all(|count| *count > 20));
}

/// Two mask makers: one has its fabric, one lacks it and is cheaper even so; a lab tests samples, one test for 1,000.
#[test]
fn a_chain_by_hand() {
    let stage = |parent, units, per| Stage { parent, units, per, usual_days: 0 };
    let recipe = Recipe::new(vec![
        stage(None, 1, 1),
        stage(Some((0, Role::Before)), 2, 100),
        stage(Some((0, Role::After)), 1, 1_000),
    ]);
    let recipe = recipe.unwrap();
    let offer = |id, place, lacks, lead_days, cost, from, units| Offer {
        id,
        tie: id.into(),
        organisation: id,
        place,
        lacks,
        lead_days,
        cost,
        free: vec![(today().plus(from), units)],
    };
    let masks = vec![offer(1, 1, 0b100, 3, 900, 3, 500), offer(2, 2, 0b110, 4, 600, 4, 900)];
    let fabric = vec![offer(3, 1, 0, 5, 5_000, 5, 30)];
    let lab = vec![offer(4, 3, 0, 2, 70_000, 0, 10)];
    let asked = Asked {
        place: 0,
        units: 1_000,
        least: 1,
        today: today(),
        due: today().plus(21),
        horizon: today().plus(30),
        most_legs: 5,
        top: 10,
        top_missing: 10,
    };
    let way = |from: u32, to: u32| Way { days: if from == to { 0 } else { 1 }, cost: i64::from(from != to) * 10 };
    let found = search(&recipe, &[masks, fabric, lab], &asked, way).unwrap();
    assert_eq!(recipe.parts(), 1_000);
    let [second, first] = &found.chains[..] else { panic!("{found:?}") };
    // Fabric 5, way 1, masks 4, to the lab 1, tests 2, back 1, to the buyer 1; 100 m support 50 each.
    assert_eq!((second.units, second.lead_days), (900, 15));
    assert_eq!(second.cost, 600_000 + 10_000 + 20 * (5_000 + 10) + 70_000 + 20);
    assert_eq!(second.over_time, [(today().plus(15), 900)]);
    assert_eq!((first.units, first.lead_days), (500, 8));
    assert_eq!(first.cost, 900_000 + 10_000 + 70_000 + 20);
    let cut_offs: Vec<_> = second.legs.iter().map(|leg| leg.cut_off.since(today())).collect();
    assert_eq!(cut_offs, [16, 11, 19]);
}
