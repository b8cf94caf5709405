//! What stays uncovered, with the funnel of first reasons and the offers that were used up.

use std::collections::{BTreeSet, HashMap};

use domain::{eligibility::Rules, ids::OfferId};

use crate::{
    outcome::{Closed, Shortage, Taken, UsedUp},
    pairs::{Pair, Pairs},
    threads,
};

/// How many used-up offers a shortage lists; the rest is counted.
const LISTED_OFFERS: usize = 5;
/// How many takers a used-up offer lists.
const LISTED_TAKERS: usize = 3;

/// Every instalment with an uncovered part, sorted by need and instalment.
pub(crate) fn find(
    rules: &Rules<'_>,
    pairs: &Pairs<'_>,
    open: &[i64],
    flows: &[(Pair, i64)],
    closed: &BTreeSet<Closed>,
    threads: usize,
) -> Vec<Shortage> {
    let mut given = vec![0_i64; pairs.slots.len()];
    let mut takers: Vec<Vec<Taken>> = vec![Vec::new(); pairs.offers.len()];
    for (pair, flow) in flows {
        let slot = &pairs.slots[pair.slot as usize];
        given[pair.slot as usize] += flow;
        takers[pair.offer as usize].push(Taken {
            instalment: slot.instalment.id,
            tier: slot.need.tier(rules.market.day),
            quantity: *flow,
        });
    }
    for list in &mut takers {
        list.sort_by_key(|t| (std::cmp::Reverse(t.quantity), t.instalment));
        list.truncate(LISTED_TAKERS);
    }
    let mut committed: HashMap<OfferId, i64> = HashMap::new();
    for c in &rules.market.commitments {
        *committed.entry(c.offer).or_default() += c.quantity.units();
    }
    let uncovered: Vec<usize> = (0..pairs.slots.len()).filter(|i| open[*i] > given[*i]).collect();
    let mut found = threads::spread(&uncovered, threads, |_, &i| {
        let slot = &pairs.slots[i];
        let demand = slot.instalment.measure.quantity.units();
        Shortage {
            need: slot.need.id,
            instalment: slot.instalment.id,
            tier: slot.need.tier(rules.market.day),
            demand,
            covered: demand - open[i] + given[i],
            uncovered: open[i] - given[i],
            funnel: pairs.funnels[i].clone(),
            eligible_offers: u32::try_from(pairs.of_slot(i).len()).unwrap_or(u32::MAX),
            used_up: used_up(rules, pairs, pairs.of_slot(i), &takers, &committed, closed),
        }
    });
    found.sort_by_key(|s| (s.need, s.instalment));
    found
}

fn used_up(
    rules: &Rules<'_>,
    pairs: &Pairs<'_>,
    eligible: &[Pair],
    takers: &[Vec<Taken>],
    committed: &HashMap<OfferId, i64>,
    closed: &BTreeSet<Closed>,
) -> Vec<UsedUp> {
    let day = rules.market.day;
    let available = |p: &Pair| {
        let view = &pairs.offers[p.offer as usize];
        if p.stock_only { view.curve.stock_by(p.cutoff.max(day)) } else { view.curve.by(p.cutoff) }
    };
    let mut sized: Vec<(i64, &Pair)> = eligible.iter().map(|p| (available(p), p)).collect();
    sized.sort_by_key(|(units, p)| (std::cmp::Reverse(*units), p.offer));
    sized
        .into_iter()
        .take(LISTED_OFFERS)
        .map(|(units, p)| {
            let offer = pairs.offers[p.offer as usize].offer.id;
            UsedUp {
                offer,
                available: units,
                committed: committed.get(&offer).copied().unwrap_or(0),
                taken_by: takers[p.offer as usize].clone(),
                closed: closed.contains(&Closed { offer, instalment: pairs.slots[p.slot as usize].instalment.id }),
            }
        })
        .collect()
}
