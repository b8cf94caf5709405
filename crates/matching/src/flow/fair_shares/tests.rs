//! Random problems against their definition, their certificates, and what shares must not depend on.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "random draws of a few units"
)]

mod certificate;
mod definition;
mod extremes;
mod oracle;
mod refusals;

use super::{
    super::{UNBOUNDED, tests::Stream},
    Ask, FairShares, Group, ShareProblem, fair_shares,
};

/// A problem that owns its lists, so that it can be drawn, permuted and scaled.
#[derive(Debug, Clone)]
struct Plan {
    supply: Vec<i64>,
    from: Vec<u32>,
    to: Vec<u32>,
    capacity: Vec<i64>,
    promised: Vec<Ask>,
    tiers: Vec<Vec<Group>>,
    dial: u16,
}

impl Plan {
    fn problem(&self) -> ShareProblem<'_> {
        ShareProblem {
            supply: &self.supply,
            from: &self.from,
            to: &self.to,
            capacity: &self.capacity,
            promised: &self.promised,
            tiers: &self.tiers,
            dial: self.dial,
        }
    }

    fn solve(&self) -> FairShares {
        fair_shares(&self.problem(), None).unwrap()
    }

    fn arc(&mut self, from: u32, to: u32, capacity: i64) {
        self.from.push(from);
        self.to.push(to);
        self.capacity.push(capacity);
    }

    /// Suppliers with chains, some limited arcs, asks, and now and then an ask that passes on.
    fn draw(random: &mut Stream, suppliers: i64, askers: i64, tiers: i64, groups: i64) -> Self {
        let dial = if random.within(0, 2) == 0 { random.within(0, 1000) as u16 } else { 1000 };
        let mut plan = Self {
            supply: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
            capacity: Vec::new(),
            promised: Vec::new(),
            tiers: vec![Vec::new(); tiers as usize],
            dial,
        };
        for v in 0..suppliers as u32 {
            plan.supply.push(random.within(0, 9).max(0));
            if v > 0 && random.within(0, 2) == 0 {
                plan.arc(v - 1, v, UNBOUNDED);
            }
        }
        for tier in &mut plan.tiers {
            for _ in 0..random.within(1, groups) {
                tier.push(Group { demand: random.within(1, 12), promised: 0, members: Vec::new() });
            }
        }
        for _ in 0..askers {
            let node = plan.supply.len() as u32;
            plan.supply.push(if random.within(0, 9) == 0 { random.within(0, 3) } else { 0 });
            for v in 0..node {
                if random.within(0, if i64::from(v) < suppliers { 1 } else { 7 }) == 0 {
                    let limit = if random.within(0, 3) == 0 { random.within(0, 6) } else { UNBOUNDED };
                    plan.arc(v, node, limit);
                }
            }
            let ask = Ask { node, units: random.within(0, 8) };
            let tier = random.within(0, tiers * 3) as usize;
            match plan.tiers.get_mut(tier % (tiers as usize + 1)) {
                None => plan.promised.push(ask),
                Some(groups) => {
                    let at = random.within(0, groups.len() as i64 - 1) as usize;
                    groups[at].members.push(ask);
                }
            }
        }
        for group in plan.tiers.iter_mut().flatten() {
            let open: i64 = group.members.iter().map(|ask| ask.units).sum();
            if random.within(0, 3) == 0 {
                group.promised = random.within(0, 6);
            }
            // Usually the demand is what is open and promised, as in a market; not always.
            if random.within(0, 3) != 0 {
                group.demand = (open + group.promised).max(1);
            }
        }
        plan
    }

    /// The same problem with nodes renamed and every list in another order; also the new name of each node.
    fn permuted(&self, random: &mut Stream) -> (Self, Vec<u32>) {
        let name = shuffled(random, (0..self.supply.len() as u32).collect());
        let mut other = Self { from: vec![], to: vec![], capacity: vec![], ..self.clone() };
        for (v, &supply) in self.supply.iter().enumerate() {
            other.supply[name[v] as usize] = supply;
        }
        for at in shuffled(random, (0..self.from.len()).collect()) {
            other.arc(name[self.from[at] as usize], name[self.to[at] as usize], self.capacity[at]);
        }
        let asks = other.tiers.iter_mut().flatten().map(|group| &mut group.members).chain([&mut other.promised]);
        for list in asks {
            list.iter_mut().for_each(|ask| ask.node = name[ask.node as usize]);
            *list = shuffled(random, std::mem::take(list));
        }
        (other, name)
    }
}

fn shuffled<T>(random: &mut Stream, mut list: Vec<T>) -> Vec<T> {
    for at in (1..list.len()).rev() {
        list.swap(at, random.within(0, at as i64) as usize);
    }
    list
}

#[test]
fn order_and_names_change_nothing() {
    let mut random = Stream(11);
    for _ in 0..400 {
        let plan = Plan::draw(&mut random, 6, 9, 2, 4);
        let (other, name) = plan.permuted(&mut random);
        let (mut found, mut again) = (plan.solve(), other.solve());
        for (tier, renamed) in found.tiers.iter_mut().zip(&mut again.tiers) {
            let entered = std::mem::take(&mut renamed.entered);
            renamed.entered = name.iter().map(|v| entered[*v as usize]).collect();
            assert_eq!(tier, renamed);
        }
        assert_eq!(found, again);
    }
}
