//! Every verdict, order and figure equals the naive one.

use std::collections::BTreeMap;

use index::{Candidate, Index, InstalmentCandidates, Reader};

use super::{
    draw::{self, Asked},
    oracle::{Found, Missed, Naive, naive},
};
use crate::{draw as capacity, draw::Dice, world::Scene};

fn told(of: &InstalmentCandidates) -> Naive {
    let found = |c: &Candidate| -> Found { (c.row.offer, c.eligible.clone(), c.free, c.running) };
    let count = |n: u32| usize::try_from(n).unwrap();
    let failed = of.funnel.failed.iter().map(|(predicate, failed)| {
        let reasons: BTreeMap<_, _> = failed.reasons.iter().map(|(code, n)| (*code, count(*n))).collect();
        (*predicate, (count(failed.offers), reasons))
    });
    let missed = of.near.iter().map(|m| -> Missed { (m.row.offer, m.predicate, m.reason.clone(), m.eligible.clone()) });
    Naive {
        top: of.top.iter().map(found).collect(),
        used_up: of.used_up.iter().map(found).collect(),
        near: missed.collect(),
        eligible: count(of.funnel.eligible),
        used: count(of.funnel.used_up),
        failed: failed.collect(),
        not_told: of.funnel.not_told.map(count),
    }
}

fn agrees(scene: &Scene, index: &Index, asked: &Asked, reader: &Reader) -> (usize, usize) {
    let answer = asked.of(scene, index, reader);
    assert_eq!(answer.instalments.len(), asked.need.instalments.len());
    let (mut found, mut near) = (0, 0);
    for (instalment, of) in asked.need.instalments.iter().zip(&answer.instalments) {
        let expected = naive(scene, asked, instalment, reader);
        assert_eq!(told(of), expected, "{asked:?} {reader:?}");
        let units = instalment.measure.quantity.units();
        assert!(of.top.iter().chain(&of.used_up).all(|c| c.covers == (c.free >= units)));
        let funnel = &of.funnel;
        let failed = funnel.failed.values().map(|failed| failed.offers).sum::<u32>();
        assert_eq!(funnel.considered, funnel.eligible + failed + funnel.not_told.unwrap_or(0));
        found += expected.eligible;
        near += expected.near.len();
    }
    (found, near)
}

#[test]
fn every_verdict_is_that_of_the_domain() {
    let (mut found, mut near) = (0, 0);
    for seed in 0..4_000 {
        let mut dice = Dice::new(seed);
        let scene = draw::scene(&mut dice, 12);
        let index = scene.index();
        for round in 0..4 {
            let reader = if round < 2 { Reader::Operator } else { capacity::reader(&mut dice) };
            let asked = draw::asked(&mut dice, &scene);
            let (more, nearer) = agrees(&scene, &index, &asked, &reader);
            (found, near) = (found + more, near + nearer);
        }
    }
    assert!(found > 1_200 && near > 1_800, "{found} were eligible, {near} nearly");
}
