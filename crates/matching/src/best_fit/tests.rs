use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use super::*;

fn way(offer: u32, slot: u32, cost: i64) -> Way {
    Way { offer, slot, cutoff: 0, cost }
}

fn whole(units: i64) -> Wanted {
    Wanted { asked: units, open: units, tier: 1 }
}

/// Offers with one cut-off each, every offer for every slot, cost by a rule.
fn everywhere(rooms: &[i64], slots: &[i64], delivery: i64, cost: impl Fn(u32, u32) -> i64) -> Choice {
    let numbered = |n: usize| 0..u32::try_from(n).unwrap();
    let ways = numbered(slots.len()).flat_map(|s| numbered(rooms.len()).map(move |o| (o, s)));
    Choice {
        ways: ways.map(|(o, s)| way(o, s, cost(o, s))).collect(),
        rooms: rooms.iter().map(|r| vec![*r]).collect(),
        slots: slots.iter().copied().map(whole).collect(),
        delivery,
    }
}

/// Panics unless a plan is within rooms and open quantities.
fn check(choice: &Choice, plan: &[i64]) {
    let mut open: Vec<i64> = choice.slots.iter().map(|s| s.open).collect();
    let mut rooms = choice.rooms.clone();
    for (way, units) in choice.ways.iter().zip(plan) {
        assert!(*units >= 0);
        open[way.slot as usize] -= units;
        rooms[way.offer as usize].iter_mut().skip(way.cutoff as usize).for_each(|room| *room -= units);
    }
    assert!(open.iter().all(|units| *units >= 0), "over an instalment: {choice:?} {plan:?}");
    assert!(rooms.iter().flatten().all(|units| *units >= 0), "over an offer: {choice:?} {plan:?}");
}

fn by_tier(choice: &Choice, plan: &[i64]) -> Vec<i64> {
    let tier = |t: u8| choice.ways.iter().zip(plan).filter(move |(w, _)| choice.slots[w.slot as usize].tier == t);
    (1..=4).map(|t| tier(t).map(|(_, units)| units).sum()).collect()
}

#[test]
fn goods_go_where_they_fit() {
    // 100 units: who asks for just that is served, though two others are nearer.
    let choice = everywhere(&[100], &[90, 500, 100], 10_000, |_, slot| [10, 10, 15][slot as usize]);
    assert_eq!(best_fit(&choice), [0, 0, 100]);
    // With deliveries for nothing the nearest is served, and the first of equals is the larger delivery.
    let choice = Choice { delivery: 0, ..choice };
    assert_eq!(best_fit(&choice), [0, 100, 0]);
}

#[test]
fn what_was_begun_is_finished_first() {
    let mut choice = everywhere(&[40], &[100, 40], 1_000, |_, _| 10);
    assert_eq!(best_fit(&choice), [0, 40]);
    choice.slots[0].open = 40;
    assert_eq!(best_fit(&choice), [40, 0]);
}

#[test]
fn the_sum_counts_cost_deliveries_and_open_shares() {
    let choice = everywhere(&[50], &[100, 30], 1_000, |_, slot| i64::from(slot) + 1);
    assert_eq!(value(&choice, &[0, 0]), 0);
    assert_eq!(value(&choice, &[0, 30]), 2 * 30 + 1_000);
    // Half of the first stays open: half of thirty deliveries.
    assert_eq!(value(&choice, &[50, 0]), 50 + 1_000 + 15_000);
    assert_eq!(open_unit_points(&choice, 0), 300);
}

#[test]
fn early_deliveries_use_up_late_room() {
    let early = Way { offer: 0, slot: 0, cutoff: 0, cost: 1 };
    let late = Way { offer: 0, slot: 1, cutoff: 1, cost: 2 };
    let slots = vec![whole(10), whole(10)];
    let choice = Choice { ways: vec![early, late], rooms: vec![vec![6, 9]], slots, delivery: 0 };
    assert_eq!(best_fit(&choice), [6, 3]);
    // What the late room lacks, early deliveries lack as well.
    let choice = Choice { rooms: vec![vec![6, 4]], ..choice };
    assert_eq!(best_fit(&choice), [4, 0]);
}

#[test]
fn lower_tiers_come_first_whatever_they_cost() {
    let mut choice = everywhere(&[10], &[10, 10], 100, |_, slot| [1, 500][slot as usize]);
    choice.slots[0].tier = 2;
    assert_eq!(best_fit(&choice), [0, 10]);
    let mut plan = vec![10, 0];
    assert!(improve(&choice, &mut plan));
    assert_eq!(plan, [0, 10]);
}

#[test]
fn an_offer_places_its_goods_anew() {
    // Split over two instalments that stay open, where a third asks for just as much.
    let choice = everywhere(&[20], &[50, 50, 20], 1_000, |_, _| 5);
    let mut plan = vec![10, 10, 0];
    assert!(improve(&choice, &mut plan));
    assert_eq!(plan, [0, 0, 20]);
    assert!(!improve(&choice, &mut plan));
}

#[test]
fn extreme_figures_stay_in_range() {
    let limit = domain::quantity::Quantity::LIMIT;
    let choice = everywhere(&[limit, 1], &[limit, limit - 1, 1], 1_000_000_000, |_, _| 2_000_000_000);
    let mut plan = best_fit(&choice);
    check(&choice, &plan);
    improve(&choice, &mut plan);
    assert_eq!(plan.iter().sum::<i64>(), limit + 1);
    let nothing = Choice::default();
    assert!(best_fit(&nothing).is_empty() && value(&nothing, &[]) == 0);
}

/// A random choice with several cut-offs, tiers, begun instalments and missing pairs.
fn random(rng: &mut ChaCha8Rng) -> Choice {
    let (offers, slots) = (rng.random_range(1..6_u32), rng.random_range(1..8_u32));
    let rooms: Vec<Vec<i64>> = (0..offers)
        .map(|_| {
            let mut room = 0;
            let grown = (0..rng.random_range(1..4)).map(|_| rng.random_range(0..20));
            grown
                .map(|more| {
                    room += more;
                    room
                })
                .collect()
        })
        .collect();
    let wanted = |rng: &mut ChaCha8Rng| {
        let asked = rng.random_range(1..30);
        Wanted { asked, open: rng.random_range(0..=asked), tier: rng.random_range(1..4) }
    };
    let slots: Vec<Wanted> = (0..slots).map(|_| wanted(rng)).collect();
    let mut ways = Vec::new();
    for (slot, _) in (0..).zip(&slots) {
        for (offer, room) in (0..).zip(&rooms) {
            if rng.random_range(0..4) > 0 {
                let cutoff = rng.random_range(0..u32::try_from(room.len()).unwrap());
                ways.push(Way { offer, slot, cutoff, cost: rng.random_range(0..50) });
            }
        }
    }
    Choice { ways, rooms, slots, delivery: rng.random_range(0..500) }
}

#[test]
fn random_plans_are_feasible_maximal_and_never_worse_when_improved() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..3_000 {
        let choice = random(&mut rng);
        let mut state = State::new(&choice);
        let mut plan = vec![0; choice.ways.len()];
        state.fill(&mut plan);
        check(&choice, &plan);
        let left = (0..).zip(&choice.ways).find_map(|(place, way)| state.price(way, place));
        assert_eq!(left, None, "something could still be delivered: {choice:?} {plan:?}");
        let (units, points) = (by_tier(&choice, &plan), value(&choice, &plan));
        let changed = improve(&choice, &mut plan);
        check(&choice, &plan);
        let after = by_tier(&choice, &plan);
        assert!(after > units || (after == units && value(&choice, &plan) <= points), "{choice:?}");
        assert_eq!(plan, best_fit(&choice));
        assert_eq!(changed, after != units || value(&choice, &plan) < points);
    }
}

#[test]
fn the_order_of_offers_matters_only_between_equals() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..300 {
        let mut choice = random(&mut rng);
        // Costs that tell any two ways apart.
        let places = 0_i64..;
        choice.ways.iter_mut().zip(places).for_each(|(way, place)| way.cost = way.cost * 1_000 + place);
        choice.delivery = 0;
        let plan = best_fit(&choice);
        let mut turned = choice.clone();
        turned.ways.reverse();
        let mut back = best_fit(&turned);
        back.reverse();
        assert_eq!(plan, back);
    }
}

#[test]
fn near_the_best_of_all_plans_on_markets_too_small_to_fit_well() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (mut found, mut least) = (0, 0);
    for _ in 0..200 {
        let draw = |rng: &mut ChaCha8Rng, n: usize| -> Vec<i64> { (0..n).map(|_| rng.random_range(1..5)).collect() };
        let (rooms, slots) = (draw(&mut rng, 2), draw(&mut rng, 3));
        let costs: Vec<i64> = (0..6).map(|_| rng.random_range(1..20)).collect();
        let choice = everywhere(&rooms, &slots, 30, |o, s| costs[(s * 2 + o) as usize]);
        let plan = best_fit(&choice);
        found += value(&choice, &plan);
        let units: i64 = plan.iter().sum();
        let mut trial = vec![0; choice.ways.len()];
        least += every_plan(&choice, &mut trial, 0, units).unwrap();
    }
    assert!(found >= least && (found - least) * 100 <= least * 20, "{found} against {least}");
}

/// The least value of all plans with so many units, the ways before `from` being set.
fn every_plan(choice: &Choice, trial: &mut Vec<i64>, from: usize, units: i64) -> Option<i128> {
    let Some(way) = choice.ways.get(from) else {
        let mut state = State::new(choice);
        choice.ways.iter().zip(trial.iter()).for_each(|(way, units)| state.take(way, *units));
        let within =
            state.slots.iter().map(|s| &s.wanted.open).chain(state.rooms.iter().flatten()).all(|left| *left >= 0);
        return (within && trial.iter().sum::<i64>() == units).then(|| value(choice, trial));
    };
    let mut best = None;
    for carried in 0..=most(choice, way) {
        trial[from] = carried;
        best = [best, every_plan(choice, trial, from + 1, units)].into_iter().flatten().min();
    }
    trial[from] = 0;
    best
}

/// The most that a way can carry, whatever the others do.
fn most(choice: &Choice, way: &Way) -> i64 {
    let later = choice.rooms[way.offer as usize].iter().skip(way.cutoff as usize);
    later.copied().chain([choice.slots[way.slot as usize].open]).min().unwrap_or(0).max(0)
}
