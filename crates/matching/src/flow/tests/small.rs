//! Every flow of thousands of tiny networks.

use super::super::{Components, Control, solve, verify};
use super::oracle::{enumerate, values};
use super::{Plan, Stream};

#[test]
fn tiny_networks_equal_enumeration_at_every_level() {
    let mut random = Stream(1);
    for case in 0..30_000 {
        let levels = 1 + case % 3;
        let nodes = random.within(1, 4);
        let extra = random.within(0, 4);
        let plan = Plan::draw(&mut random, nodes, 2, extra, levels, 3);
        let net = plan.build();
        let solution = solve(&net, &mut Control::default()).unwrap();
        let (best, _) = enumerate(&plan);
        let objectives: Vec<i128> = solution.levels.iter().map(|level| level.objective).collect();
        assert_eq!(objectives, best, "case {case}: {plan:?}");
        assert_eq!(values(&plan, &solution.flows), best, "case {case}");
        assert!(solution.is_optimal() && solution.levels.iter().all(|level| level.gap() == Some(0)));
        let proof = verify(&net, &solution.flows, &solution.potentials()).unwrap();
        assert_eq!((proof.objectives, proof.proven), (best, levels), "case {case}");
    }
}

#[test]
fn a_hash_level_leaves_one_flow() {
    let mut random = Stream(2);
    for case in 0..3_000 {
        let nodes = random.within(2, 4);
        let plan = Plan::draw(&mut random, nodes, 2, 4, case % 3, 2).with_hash(&mut random);
        let solution = solve(&plan.build(), &mut Control::default()).unwrap();
        let (_, flows) = enumerate(&plan);
        assert_eq!(flows, vec![solution.flows], "case {case}: {plan:?}");
    }
}

#[test]
fn components_are_named_by_their_sets_alone() {
    let mut random = Stream(3);
    let pairs: Vec<(u32, u32)> = (0..60).map(|_| (random.within(0, 99) as u32, random.within(0, 99) as u32)).collect();
    let mut forwards = Components::new(100);
    let mut backwards = Components::new(100);
    let joined = pairs.iter().filter(|&&(a, b)| forwards.join(a, b)).count();
    pairs.iter().rev().for_each(|&(a, b)| {
        backwards.join(b, a);
    });
    let (numbers, parts) = forwards.numbered();
    assert_eq!((numbers.clone(), parts), backwards.numbered());
    assert_eq!(parts as usize + joined, 100);
    assert!(pairs.iter().all(|&(a, b)| numbers[a as usize] == numbers[b as usize]));
    assert_eq!(forwards.find(0), 0);
    // Numbers appear in rising order.
    let mut next = 0;
    for number in numbers {
        assert!(number <= next);
        next = next.max(number + 1);
    }
    assert_eq!(Components::new(0).numbered(), (vec![], 0));
}
