//! The oracle: every allocation of a small market, judged by the invariants of the ledger alone.

use std::collections::BTreeMap;

use domain::{
    capacity::CapacityKind,
    eligibility::{Eligible, Rules},
    ids::LineId,
    market::Market,
    parameters::{Fairness, FairnessGroup, Level, Parameters, Weights},
    time::Day,
};
use matching::{Control, Outcome, Share, allocate, verify};

use uuid::Uuid;

use crate::small_markets::{Shape, market, parameters, rules};

struct Oracle<'a> {
    market: &'a Market,
    /// Per instalment, the offers that may serve it.
    eligible: Vec<Vec<(usize, Eligible)>>,
    open: Vec<i64>,
    tiers: Vec<u8>,
    /// Units of the first commitment that can be served whatever else.
    served: i64,
    /// Fairness groups that are sure of some units: their instalments and the units.
    floors: Vec<(Vec<usize>, i64)>,
    /// Share points of a unit of each instalment, where shares are summed up.
    points: Vec<i64>,
    /// Points of a delivery inside the cost.
    delivery: i64,
    /// Points of a suggested unit that is moved; none where they are a level of their own.
    moved: i64,
    /// Whether ties follow cost at once, with no plan of deliveries between.
    ties: bool,
    best: Option<Vec<i64>>,
    chosen: Vec<(usize, usize, i64)>,
}

impl<'a> Oracle<'a> {
    fn new(rules: &Rules<'a>, shares: &[Share]) -> Self {
        let market = rules.market;
        let demands = rules.site_demands();
        let mut oracle = Self {
            market,
            eligible: vec![],
            open: vec![],
            tiers: vec![],
            served: 0,
            floors: vec![],
            points: vec![],
            delivery: i64::from(rules.parameters.weights.delivery),
            moved: if rules.parameters.weights.delivery > 0 { 0 } else { i64::from(rules.parameters.weights.moved) },
            ties: rules.parameters.without_levels.contains(&Level::Deliveries),
            best: None,
            chosen: vec![],
        };
        for share in shares {
            let members = market.needs.iter().enumerate().filter(|(_, need)| {
                let region = &market.sites[&need.site].region;
                Some(need.tier(market.day)) == share.tier
                    && need.terms.product == share.product
                    && region.as_ref().is_some_and(|r| r.as_str() == share.group)
            });
            oracle.floors.push((members.map(|(n, _)| n).collect(), share.floor));
        }
        let sums = rules.parameters.fairness == Fairness::Shares;
        for need in &market.needs {
            let view = rules.need_view(need, &demands).unwrap();
            let instalment = &need.instalments[0];
            let offers = market.offers.iter().enumerate();
            let may =
                offers.filter_map(|(i, o)| Some((i, rules.judge(&rules.offer_view(o)?, &view, instalment).ok()?)));
            oracle.eligible.push(may.collect());
            let taken: i64 =
                market.commitments.iter().filter(|c| c.instalment == instalment.id).map(|c| c.covered().units()).sum();
            oracle.open.push((instalment.measure.quantity.units() - taken).max(0));
            oracle.tiers.push(need.tier(market.day));
            oracle.points.push(if sums { (1 << 40) / instalment.measure.quantity.units() } else { 0 });
        }
        oracle.served = market.commitments.iter().map(|c| c.quantity.units()).sum();
        while oracle.served > 0 && !oracle.fits() {
            oracle.served -= 1;
        }
        oracle
    }

    /// Whether what is chosen and promised can be made in time: each offer within its curve, stock
    /// alone inside the lead time, each line within its time.
    fn fits(&self) -> bool {
        let mut demands: BTreeMap<usize, BTreeMap<Day, i64>> = BTreeMap::new();
        for (i, offer) in self.market.offers.iter().enumerate() {
            let curve = offer.terms.profile.curve(CapacityKind::Running);
            let mut by_day: BTreeMap<Day, i64> = BTreeMap::new();
            let mut early = 0;
            for (o, n, units) in self.chosen.iter().filter(|c| c.0 == i) {
                let how = self.eligible[*n].iter().find(|(e, _)| e == o).map(|(_, e)| e).unwrap();
                if how.stock_only {
                    early += units;
                } else {
                    *by_day.entry(how.cutoff).or_default() += units;
                }
            }
            for c in self.market.commitments.iter().filter(|c| c.offer == offer.id && self.served > 0) {
                *by_day.entry(c.cutoff).or_default() += self.served;
            }
            let stock = offer.terms.profile.stock.quantity.units();
            if early > stock {
                return false;
            }
            let mut total = early;
            for (day, units) in &by_day {
                total += units;
                if total > curve.by(*day) {
                    return false;
                }
            }
            // What stock cannot give must be made by then.
            let mut made = BTreeMap::new();
            let mut total = early;
            for (day, units) in by_day {
                total += units;
                made.insert(day, (total - stock).max(0));
            }
            demands.insert(i, made);
        }
        self.market.lines.keys().all(|line| self.line_fits(*line, &demands))
    }

    /// Whether some split of the line's time, day by day, makes what is wanted in time.
    fn line_fits(&self, line: LineId, demands: &BTreeMap<usize, BTreeMap<Day, i64>>) -> bool {
        let members: Vec<usize> =
            (0..self.market.offers.len()).filter(|i| self.market.offers[*i].terms.line == Some(line)).collect();
        let curve = self.market.lines[&line].curve(CapacityKind::Running);
        let Some(last) = members.iter().filter_map(|i| demands[i].keys().next_back().copied()).max() else {
            return true;
        };
        let days: Vec<Day> = (0..=last.since(self.market.day)).map(|i| self.market.day.plus(i)).collect();
        self.split(&members, &days, 0, &vec![0; members.len()], demands, &|d| curve.by(d))
    }

    /// Tries every split of a day's line time.
    fn split(
        &self,
        members: &[usize],
        days: &[Day],
        at: usize,
        made: &[i64],
        demands: &BTreeMap<usize, BTreeMap<Day, i64>>,
        line: &dyn Fn(Day) -> i64,
    ) -> bool {
        let Some(day) = days.get(at) else { return true };
        let before = at.checked_sub(1).map(|i| days[i]);
        let time = line(*day) - before.map_or(0, line);
        let own: Vec<i64> = members
            .iter()
            .map(|i| {
                let curve = self.market.offers[*i].terms.profile.curve(CapacityKind::Running);
                let output = |d: Day| curve.by(d) - curve.stock_by(d);
                output(*day) - before.map_or(0, output)
            })
            .collect();
        let mut splits = vec![vec![]];
        for cap in &own {
            splits = splits
                .into_iter()
                .flat_map(|s: Vec<i64>| (0..=*cap).map(move |q| [s.clone(), vec![q]].concat()))
                .collect();
        }
        splits.into_iter().filter(|s| s.iter().sum::<i64>() <= time).any(|s| {
            let made: Vec<i64> = made.iter().zip(&s).map(|(a, b)| a + b).collect();
            let enough = members
                .iter()
                .zip(&made)
                .all(|(i, m)| demands[i].range(..=*day).next_back().is_none_or(|(_, wanted)| m >= wanted));
            enough && self.split(members, days, at + 1, &made, demands, line)
        })
    }

    /// Uncovered units by tier, units below floors, share points uncovered by tier, suggested units given
    /// up, cost, ties.
    fn value(&self) -> Vec<i64> {
        let mut value = vec![0; 12];
        let given: Vec<i64> =
            (0..self.open.len()).map(|n| self.chosen.iter().filter(|c| c.1 == n).map(|c| c.2).sum()).collect();
        for (n, open) in self.open.iter().enumerate() {
            let tier = usize::from(self.tiers[n]);
            value[tier - 1] += open - given[n];
            value[4 + tier] += (open - given[n]) * self.points[n];
        }
        for (members, floor) in &self.floors {
            value[4] += (floor - members.iter().map(|n| given[*n]).sum::<i64>()).max(0);
        }
        for s in &self.market.suggestions {
            let n = self.market.needs.iter().position(|need| need.instalments[0].id == s.instalment).unwrap();
            let o = self.market.offers.iter().position(|offer| offer.id == s.offer).unwrap();
            if self.open[n] > 0 && self.eligible[n].iter().any(|(e, _)| *e == o) {
                let kept: i64 = self.chosen.iter().filter(|c| (c.0, c.1) == (o, n)).map(|c| c.2).sum();
                let given_up = s.quantity.units() - kept.min(s.quantity.units());
                value[if self.moved == 0 { 9 } else { 10 }] += given_up * self.moved.max(1);
            }
        }
        for (o, n, units) in &self.chosen {
            let how = self.eligible[*n].iter().find(|(e, _)| e == o).map(|(_, e)| e).unwrap();
            value[10] += how.cost.total() * units + self.delivery;
            if self.ties {
                let (offer, need) = (&self.market.offers[*o], &self.market.needs[*n]);
                value[11] += coin(offer.id.0, need.instalments[0].id.0) * units;
            }
        }
        value
    }

    fn try_all(&mut self, n: usize, k: usize, left: i64) {
        if n == self.open.len() {
            let value = self.value();
            if self.best.as_ref().is_none_or(|b| value < *b) && self.fits() {
                self.best = Some(value);
            }
            return;
        }
        if k == self.eligible[n].len() {
            let next = self.open.get(n + 1).copied().unwrap_or(0);
            return self.try_all(n + 1, 0, next);
        }
        for units in 0..=left {
            if units > 0 {
                self.chosen.push((self.eligible[n][k].0, n, units));
            }
            self.try_all(n, k + 1, left - units);
            if units > 0 {
                self.chosen.pop();
            }
        }
    }

    /// Promised units not served, and then as [`Oracle::value`].
    fn optimum(mut self) -> Vec<i64> {
        let first = self.open.first().copied().unwrap_or(0);
        self.try_all(0, 0, first);
        let promised: i64 = self.market.commitments.iter().map(|c| c.quantity.units()).sum();
        let mut value = vec![promised - self.served];
        value.extend(self.best.unwrap());
        value
    }
}

/// The coin of a pair: 32 bits of SplitMix64's finaliser over both ids, half by half.
fn coin(offer: Uuid, instalment: Uuid) -> i64 {
    let halves = [offer, instalment].map(|id| [id.as_u128() >> 64, id.as_u128() & u128::from(u64::MAX)]);
    let hash = halves.as_flattened().iter().fold(0x4d75_7374_6572_u64, |state, half| {
        let mut z = (state ^ u64::try_from(*half).unwrap()).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    i64::try_from(hash >> 32).unwrap()
}

/// What a run reached, as [`Oracle::optimum`]; ties only where they follow cost at once.
fn reached(outcome: &Outcome) -> Vec<i64> {
    let level = |name: &str| outcome.levels.iter().find(|l| l.name == name);
    let value = |name: &str| level(name).map_or(0, |l| l.value.try_into().unwrap());
    let names = ["promised", "tier 1", "tier 2", "tier 3", "tier 4", "fairness", "shares 1", "shares 2", "shares 3"];
    let mut values: Vec<i64> = names.into_iter().chain(["shares 4", "stability", "cost"]).map(value).collect();
    values.push(if level("deliveries").is_none() { value("ties") } else { 0 });
    values
}

fn check(seeds: std::ops::Range<u64>, shape: Shape, fairness: Fairness) {
    check_with(seeds, shape, &Parameters { fairness, ..parameters() });
}

fn check_with(seeds: std::ops::Range<u64>, shape: Shape, parameters: &Parameters) {
    let (mut matched, mut fewer) = (0, 0);
    for seed in seeds {
        let market = market(seed, shape);
        let rules = rules(&market, parameters);
        let outcome = allocate(&rules, &Control::default()).unwrap();
        verify(&rules, &outcome).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert_eq!(reached(&outcome), Oracle::new(&rules, &outcome.shares).optimum(), "seed {seed}");
        assert!(outcome.levels.iter().all(|l| l.gap == Some(0) || l.name == "deliveries"));
        matched += outcome.lines.len();
        fewer += usize::from(!outcome.proof.estimates.is_empty());
    }
    let planned = !parameters.without_levels.contains(&Level::Deliveries);
    assert!(matched > 100 && (fewer > 0) == planned, "the markets must not be empty");
}

const REGIONS: Fairness = Fairness::MaxMin { by: FairnessGroup::Region, dial: 1_000 };
const SMALL: Shape = Shape {
    offers: 3,
    needs: 3,
    most_units: 3,
    lines: false,
    commitments: false,
    min_orders: false,
    few_suppliers: false,
    suggestions: false,
};

#[test]
fn ten_thousand_small_markets_are_optimal_at_every_level() {
    check(0..10_000, SMALL, Fairness::Off);
}

#[test]
fn fair_floors_come_before_cost() {
    check(40_000..50_000, Shape { needs: 4, ..SMALL }, REGIONS);
    check(50_000..51_000, Shape { commitments: true, ..SMALL }, REGIONS);
    check(51_000..52_000, SMALL, Fairness::MaxMin { by: FairnessGroup::Region, dial: 500 });
}

#[test]
fn the_sum_of_shares_comes_before_cost() {
    check(60_000..70_000, SMALL, Fairness::Shares);
}

#[test]
fn stb_01_suggestions_are_kept_unless_units_or_fairness_gain() {
    let weights = Weights { moved: 0, ..parameters().weights };
    let parameters = Parameters { fairness: REGIONS, weights, ..parameters() };
    check_with(70_000..80_000, Shape { suggestions: true, ..SMALL }, &parameters);
}

#[test]
fn suggestions_are_kept_unless_a_unit_saves_what_its_move_costs() {
    check(100_000..110_000, Shape { suggestions: true, ..SMALL }, REGIONS);
}

#[test]
fn promises_come_first_and_count_in_the_same_sums() {
    check(20_000..30_000, Shape { commitments: true, ..SMALL }, Fairness::Off);
}

#[test]
fn equal_plans_are_told_apart_by_the_coin() {
    let without_levels = [Level::Deliveries].into();
    check_with(80_000..90_000, SMALL, &Parameters { without_levels, ..parameters() });
}

#[test]
fn the_cheapest_with_a_price_per_delivery_lies_between_bound_and_value() {
    let (mut met, mut tight) = (0, 0);
    for seed in 90_000..93_000 {
        let market = market(seed, SMALL);
        let weights = Weights { delivery: 300, ..parameters().weights };
        let parameters = Parameters { fairness: Fairness::Off, weights, ..parameters() };
        let rules = rules(&market, &parameters);
        let outcome = allocate(&rules, &Control::default()).unwrap();
        verify(&rules, &outcome).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let (reached, best) = (reached(&outcome), Oracle::new(&rules, &outcome.shares).optimum());
        assert_eq!(reached[..11], best[..11], "seed {seed}");
        let cost = outcome.levels.iter().find(|l| l.name == "cost").unwrap();
        let (least, value) = (cost.bound.unwrap(), cost.value);
        assert!(least <= best[11].into() && best[11] <= reached[11], "seed {seed}: {least}, {}, {value}", best[11]);
        met += usize::from(best[11] == reached[11]);
        tight += usize::from(least == value);
    }
    // The search is a heuristic, and meets the optimum of nine small markets in ten.
    assert!(met > 2_700 && tight > 2_400 && tight < met, "{met} met, {tight} proved");
}

#[test]
fn shared_lines_are_split_and_cannot_store_time() {
    check(30_000..31_500, Shape { lines: true, commitments: true, ..SMALL }, REGIONS);
}
