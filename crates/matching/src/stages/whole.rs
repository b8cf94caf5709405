//! Plans in whole units: what is brought for what is made, and more of it where that covers more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::AtomicBool,
};

use domain::{
    ids::{OrganisationId, SiteId},
    offer::When,
};

use super::{
    network::{self, Flows, Mode},
    plan::{Maker, Plan},
};
use crate::allocate::MatchingError;

/// How often a plan may come to less before makers are left out of it.
const MOST_ROUNDS: u32 = 20;

/// A plan in whole units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    /// Per maker, base units made by each of its cut-offs.
    pub made: Vec<Vec<i64>>,
    /// What is brought: pairs by their place, and base units.
    pub brought: Vec<(usize, i64)>,
    /// What the tiers leave uncovered before smallest orders.
    pub tiers: [i64; 4],
}

impl Plan<'_> {
    /// The plan in which nothing is made.
    pub fn nothing(&self) -> Vec<Vec<i64>> {
        self.makers.iter().map(|maker| vec![0; maker.days.len()]).collect()
    }

    /// A plan with at most so much made: less where its input cannot be had.
    pub fn whole(&self, mut made: Vec<Vec<i64>>, cancel: Option<&AtomicBool>) -> Result<Whole, MatchingError> {
        let mut closed = self.too_small.clone();
        let mut rounds = 0;
        loop {
            let flows = network::solved(self, Mode::Given(&made, &closed), cancel)?;
            // Each round takes something away that no later one gives back.
            let mut less = self.no_more_than_brought(&made, &flows);
            let small = self.below_smallest(&flows);
            if less == made && small.is_empty() {
                let stages = self.pairs.pairs.iter().zip(&flows.pairs).enumerate();
                let brought = stages.filter(|(_, (p, units))| **units > 0 && self.stage_of[p.slot as usize].is_some());
                let brought = brought.map(|(i, (_, units))| (i, *units)).collect();
                return Ok(Whole { made, brought, tiers: flows.tiers });
            }
            rounds += 1;
            if rounds > MOST_ROUNDS {
                // What is taken back again and again is not made at all, so that it ends.
                let small = small.iter().filter_map(|pair| self.stage_of[self.pairs.pairs[*pair].slot as usize]);
                let given_up: BTreeSet<usize> = small.map(|(maker, _)| maker).collect();
                for (at, (is, was)) in less.iter_mut().zip(&made).enumerate() {
                    if is != was || given_up.contains(&at) {
                        is.fill(0);
                    }
                }
            }
            closed.extend(small);
            made = less;
        }
    }

    /// What is made, as far as its input comes and, where others work on it afterwards, as it is ready for them.
    fn no_more_than_brought(&self, made: &[Vec<i64>], flows: &Flows) -> Vec<Vec<i64>> {
        let mut work = vec![0_i32; self.makers.len()];
        for (pair, _) in self.pairs.pairs.iter().zip(&flows.pairs).filter(|(_, units)| **units > 0) {
            if let Some((maker, k)) = self.stage_of[pair.slot as usize]
                && self.makers[maker].input.when == When::After
            {
                let way = self.makers[maker].days[k].since(pair.cutoff);
                let lead = i32::from(self.pairs.offers[pair.offer as usize].offer.terms.lead_days);
                work[maker] = work[maker].max(2 * way + lead);
            }
        }
        let of_maker = |(at, maker): (usize, &Maker<'_>)| {
            let ready = maker.room_before(&self.pairs, &self.promised, work[at]);
            let by = |k: usize| {
                let units = made[at][k];
                let short = flows.short[at][k];
                let enough = if short == 0 { units } else { maker.enough(maker.input.needed_for(units) - short) };
                units.min(enough).min(if work[at] > 0 { ready[k] } else { i64::MAX })
            };
            let by: Vec<i64> = (0..made[at].len()).map(by).collect();
            // What is lacking later was not made before; what is lacking before may be made later.
            (0..by.len()).map(|k| by[k..].iter().copied().min().unwrap_or(0).max(0)).collect()
        };
        self.makers.iter().enumerate().map(of_maker).collect()
    }

    /// Pairs of orders that bring less than their offer's smallest.
    fn below_smallest(&self, flows: &Flows) -> Vec<usize> {
        let mut orders: BTreeMap<(u32, OrganisationId, SiteId), (i64, Vec<usize>)> = BTreeMap::new();
        for (i, (pair, units)) in self.pairs.pairs.iter().zip(&flows.pairs).enumerate() {
            if *units > 0 && self.stage_of[pair.slot as usize].is_some() {
                let need = self.pairs.slots[pair.slot as usize].need;
                let order = orders.entry((pair.offer, need.organisation, need.site)).or_default();
                order.0 += units;
                order.1.push(i);
            }
        }
        let least = |offer: u32| {
            let terms = &self.pairs.offers[offer as usize].offer.terms;
            terms.min_order.as_ref().map_or(0, |least| least.quantity.units())
        };
        let small = orders.into_iter().filter(|((offer, ..), (units, _))| *units < least(*offer));
        small.flat_map(|(_, (_, pairs))| pairs).collect()
    }

    /// The plan that follows from the flow with conversion factors; from there whatever more of one maker, or of others in
    /// its place, covers more.
    pub fn improved(&self, relaxed: &Flows, tries: usize, cancel: Option<&AtomicBool>) -> Result<Whole, MatchingError> {
        let mut search = Search { plan: self, least: relaxed.tiers, tries, cancel };
        let nothing = self.whole(self.nothing(), cancel)?;
        let first = self.whole(relaxed.made.clone(), cancel)?;
        let mut best = search.more(if nothing.tiers < first.tiers { nothing } else { first }, None)?;
        let mut at = 0;
        while at < self.makers.len() && search.goes_on(&best) {
            let mut without = best.made.clone();
            without[at].fill(0);
            at += 1;
            if without != best.made {
                let next = search.more(self.whole(without, cancel)?, Some(at - 1))?;
                if next.tiers < best.tiers {
                    (best, at) = (next, 0);
                }
            }
        }
        Ok(best)
    }
}

/// A search for plans that cover more.
struct Search<'s, 'p> {
    plan: &'s Plan<'p>,
    /// What the flow with conversion factors leaves uncovered.
    least: [i64; 4],
    /// How many plans may still be tried.
    tries: usize,
    cancel: Option<&'s AtomicBool>,
}

impl Search<'_, '_> {
    fn goes_on(&self, best: &Whole) -> bool {
        self.tries > 0 && best.tiers > self.least
    }

    /// Lets each maker make more, one of them last, as long as that covers more.
    fn more(&mut self, mut best: Whole, last: Option<usize>) -> Result<Whole, MatchingError> {
        let makers = &self.plan.makers;
        let order = (0..makers.len()).filter(|at| Some(*at) != last).chain(last);
        let order: Vec<usize> = order.collect();
        let in_all = |of: &[i64]| of.last().copied().unwrap_or(0);
        let mut rises = true;
        while rises {
            rises = false;
            for at in &order {
                let room = &makers[*at].room;
                let mut step = in_all(room) - in_all(&best.made[*at]);
                while step > 0 && self.goes_on(&best) {
                    self.tries -= 1;
                    let mut more = best.made.clone();
                    more[*at] = more[*at].iter().zip(room).map(|(units, room)| (units + step).min(*room)).collect();
                    let next = self.plan.whole(more, self.cancel)?;
                    if next.tiers < best.tiers {
                        (best, rises) = (next, true);
                        step = step.min(in_all(room) - in_all(&best.made[*at]));
                    } else {
                        step /= 2;
                    }
                }
            }
        }
        Ok(best)
    }
}
