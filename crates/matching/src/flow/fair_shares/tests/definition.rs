//! Shares, totals and floors by enumeration of all sets of groups.

use super::{
    super::{super::tests::Stream, FairShares},
    Plan,
    certificate::{check, is_smallest},
    oracle::{Kept, flow_into},
};

/// A fraction not in lowest terms, its denominator above zero.
#[derive(Debug, Clone, Copy)]
struct Fraction(i128, i128);

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.0 * other.1 == other.0 * self.1
    }
}

impl Fraction {
    fn below(self, other: Self) -> bool {
        self.0 * other.1 < other.0 * self.1
    }

    fn plus(self, other: Self) -> Self {
        let (mut a, mut b) = (self.0 * other.1 + other.0 * self.1, self.1 * other.1);
        let (n, d) = (a, b);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = a.abs().max(1);
        Self(n / divisor, d / divisor)
    }

    fn times(self, factor: i64) -> Self {
        Self(self.0 * i128::from(factor), self.1)
    }
}

fn whole(units: i64) -> Fraction {
    Fraction(i128::from(units), 1)
}

/// Raises all groups alike until some set of them has all that flows into it, and goes on with the others.
fn by_definition(demands: &[(i64, i64)], into: &[i64]) -> Vec<Fraction> {
    let sets = 1..into.len();
    let in_set = |set: usize, r: usize| set >> r & 1 == 1;
    let mut units: Vec<Option<Fraction>> = vec![None; demands.len()];
    while units.contains(&None) {
        // A sum of units that are not below zero is the largest sum over subsets of what may be.
        let mut level: Option<Fraction> = None;
        for set in sets.clone() {
            let fixed = (0..demands.len()).filter(|r| in_set(set, *r)).filter_map(|r| units[r]);
            let left = fixed.fold(whole(into[set]), |sum, x| sum.plus(x.times(-1)));
            for raised in sets.clone().filter(|raised| raised & set == *raised) {
                let mut members = (0..demands.len()).filter(|r| in_set(raised, *r));
                if members.clone().any(|r| units[r].is_some()) {
                    continue;
                }
                let (demand, promised) =
                    members.by_ref().fold((0, 0), |(d, p), r| (d + demands[r].0, p + demands[r].1));
                let sum = left.plus(whole(promised));
                let most = Fraction(sum.0, sum.1 * i128::from(demand));
                if level.is_none_or(|least| most.below(least)) {
                    level = Some(most);
                }
            }
        }
        let level = level.unwrap();
        let at_level = |r: usize| {
            units[r].unwrap_or_else(|| {
                let lacks = level.times(demands[r].0).plus(whole(-demands[r].1));
                if lacks.0 < 0 { whole(0) } else { lacks }
            })
        };
        let now: Vec<Fraction> = (0..demands.len()).map(at_level).collect();
        for set in sets.clone() {
            let sum = (0..demands.len()).filter(|r| in_set(set, *r)).fold(whole(0), |sum, r| sum.plus(now[r]));
            if sum == whole(into[set]) {
                (0..demands.len()).filter(|r| in_set(set, *r)).for_each(|r| units[r] = Some(now[r]));
            }
        }
    }
    units.into_iter().flatten().collect()
}

/// Totals, shares, rounds and floors of a result against enumeration.
fn agrees(plan: &Plan, found: &FairShares) {
    let asked = plan.promised.iter().map(|ask| ask.units).sum();
    let all_promised = Kept { promised: asked, tiers: vec![] };
    assert_eq!(found.promised, flow_into(plan, &all_promised, 0), "promised");
    for (k, (tier, groups)) in found.tiers.iter().zip(&plan.tiers).enumerate() {
        let kept = Kept::of(found, k);
        let into: Vec<i64> = (0..1_usize << groups.len()).map(|set| flow_into(plan, &kept, set) - kept.sum()).collect();
        assert_eq!(into[0], 0, "what is kept can be had together");
        assert_eq!(tier.total, into[into.len() - 1], "tier {k}");
        let demands: Vec<(i64, i64)> = groups.iter().map(|g| (g.demand, g.promised)).collect();
        for ((group, got), units) in groups.iter().zip(&tier.groups).zip(by_definition(&demands, &into)) {
            let share = Fraction(got.share.numerator.into(), got.share.denominator.into());
            let covered = units.plus(whole(group.promised));
            assert_eq!(share.times(group.demand), covered, "tier {k}: {got:?}");
            let open: i64 = group.members.iter().map(|ask| ask.units).sum();
            let sure = covered.0 * i128::from(plan.dial) / (covered.1 * 1000) - i128::from(group.promised);
            assert_eq!(i128::from(got.floor), sure.clamp(0, open.into()));
            assert_eq!(tier.rounds[got.round as usize - 1].share, got.share);
        }
        assert!(tier.rounds.windows(2).all(|pair| pair[0].share < pair[1].share));
        let kept = Kept::of(found, k + 1);
        assert_eq!(flow_into(plan, &kept, 0), kept.sum(), "floors and totals can be had together");
    }
}

#[test]
fn random_problems_agree_with_enumeration() {
    let mut random = Stream(1);
    let (mut several, mut limited) = (0, 0);
    for case in 0..3_000 {
        let (suppliers, askers) = (random.within(1, 6), random.within(1, 10));
        let plan = Plan::draw(&mut random, suppliers, askers, 1 + case % 3, 4);
        let found = plan.solve();
        agrees(&plan, &found);
        assert_eq!(check(&plan, &found), Ok(()), "{plan:?}");
        several += found.tiers.iter().filter(|tier| tier.rounds.len() > 1).count();
        limited += found.tiers.iter().filter(|tier| tier.entered.iter().any(|round| *round > 1)).count();
    }
    assert!(several > 1_000 && limited > 200, "{several} tiers of several rounds, {limited} with nested cuts");
}

#[test]
fn cuts_are_the_smallest_that_prove_the_shares() {
    let mut random = Stream(2);
    for _ in 0..300 {
        let (suppliers, askers) = (random.within(1, 4), random.within(1, 5));
        let plan = Plan::draw(&mut random, suppliers, askers, 2, 3);
        is_smallest(&plan, &plan.solve());
    }
}

#[test]
fn many_groups_have_certificates_and_floors_that_fit() {
    let mut random = Stream(3);
    for _ in 0..40 {
        let plan = Plan::draw(&mut random, 40, 60, 2, 20);
        let found = plan.solve();
        assert_eq!(check(&plan, &found), Ok(()));
        let kept = Kept::of(&found, 2);
        assert_eq!(flow_into(&plan, &kept, 0), kept.sum());
    }
}
