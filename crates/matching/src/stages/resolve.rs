//! A plan as a market: what is brought entered and promised, what it is enough for counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    eligibility::Rules,
    ids::{MatchId, OfferId},
    market::{Assured, Commitment, Market},
    quantity::Quantity,
    time::Day,
};

use super::{
    judged::{input_need, named},
    plan::{Maker, Plan},
    whole::Whole,
};
use crate::outcome::Outcome;

/// The market in which a plan stands.
pub(super) fn market(rules: &Rules<'_>, plan: &Plan<'_>, whole: &Whole) -> Market {
    let mut market = rules.market.clone();
    let mut brought: BTreeMap<usize, BTreeMap<Day, i64>> = BTreeMap::new();
    for (pair, units) in &whole.brought {
        let pair = &plan.pairs.pairs[*pair];
        let Some((maker, k)) = plan.stage_of[pair.slot as usize] else { continue };
        if pair.stock_only {
            // A promise would be served by output too, which is not there inside the lead time.
            let at = market.offers.binary_search_by_key(&plan.pairs.offers[pair.offer as usize].offer.id, |o| o.id);
            if let Some(offer) = at.ok().and_then(|at| market.offers.get_mut(at)) {
                let stock = &mut offer.terms.profile.stock.quantity;
                *stock = Quantity::new((stock.units() - units).max(0)).unwrap_or(Quantity::ZERO);
            }
            continue;
        }
        *brought.entry(maker).or_default().entry(plan.makers[maker].days[k]).or_default() += units;
        let (offer, instalment) =
            (plan.pairs.offers[pair.offer as usize].offer.id, plan.pairs.slots[pair.slot as usize].instalment.id);
        market.commitments.push(Commitment {
            match_id: MatchId(named(&["brought", &offer.to_string(), &instalment.to_string()])),
            offer,
            instalment,
            // A pair carries no more than a quantity holds.
            quantity: Quantity::new(*units).unwrap_or(Quantity::ZERO),
            cutoff: pair.cutoff,
            covers: None,
            in_chain: true,
        });
    }
    for (at, maker) in plan.makers.iter().enumerate() {
        let made = &whole.made[at];
        if let Some(days) = brought.remove(&at) {
            market.needs.push(input_need(rules, maker.offer, maker.input, days.into_iter()));
        }
        if made.last().is_some_and(|units| *units > 0) {
            let of_it = || plan.promised.iter().filter(|(offer, ..)| *offer == maker.at);
            let promised = |by: Day| of_it().filter(|(_, day, _)| *day <= by).map(|(_, _, units)| *units).sum::<i64>();
            let days: BTreeSet<Day> = maker.days.iter().copied().chain(of_it().map(|(_, day, _)| *day)).collect();
            let made = days.into_iter().map(|day| (day, maker.by(made, day).saturating_add(promised(day))));
            market.assured.insert(maker.offer.id, Assured { ready: maker.ready, made: made.collect() });
        }
    }
    market.sort();
    market
}

/// What makers make of what others bring in an outcome, by their cut-offs: no more than the plan has them make. What lies
/// ready goes to needs, the earliest first.
pub(super) fn used(plan: &Plan<'_>, whole: &Whole, outcome: &Outcome) -> Vec<Vec<i64>> {
    let mut to_needs: HashMap<OfferId, Vec<(Day, i64)>> = HashMap::new();
    for line in &outcome.lines {
        to_needs.entry(line.offer).or_default().push((line.eligible.cutoff, line.quantity.units()));
    }
    let mut to_makers: HashMap<OfferId, Vec<(Day, i64)>> = HashMap::new();
    for (pair, units) in &whole.brought {
        let pair = &plan.pairs.pairs[*pair];
        let offer = plan.pairs.offers[pair.offer as usize].offer.id;
        to_makers.entry(offer).or_default().push((pair.cutoff, *units));
    }
    let of_maker = |(maker, made): (&Maker<'_>, &Vec<i64>)| {
        let by = |drawn: &HashMap<OfferId, Vec<(Day, i64)>>, day: Day| -> i64 {
            let drawn = drawn.get(&maker.offer.id).map_or(&[][..], Vec::as_slice);
            drawn.iter().filter(|(cutoff, _)| *cutoff <= day).map(|(_, units)| units).sum()
        };
        let used =
            |(day, made): (&Day, &i64)| (by(&to_makers, *day) + (by(&to_needs, *day) - maker.ready).max(0)).min(*made);
        maker.days.iter().zip(made).map(used).collect()
    };
    plan.makers.iter().zip(&whole.made).map(of_maker).collect()
}
