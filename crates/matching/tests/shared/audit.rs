//! The invariants of the ledger, read off a result by adding up, in the fewest words that do it.
//!
//! It knows nothing of networks, potentials or levels, and shares no code with the checker.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    eligibility::{Predicate, Rules},
    ids::{InstalmentId, LineId, OfferId, OrganisationId},
    time::Day,
};
use matching::Outcome;

/// Fails unless the result keeps every promise of the market: eligible pairs only, no offer above its
/// curve at any date, no line above its time on any day, no instalment above its quantity, no order below
/// its smallest, no instalment with more suppliers than the buyer takes.
pub fn keeps_the_ledger(rules: &Rules<'_>, outcome: &Outcome) {
    let pairs = eligible_pairs(rules, outcome);
    offers_stay_within_their_curves(rules, outcome, &pairs);
    lines_stay_within_their_time(rules, outcome);
    instalments_get_no_more_than_they_ask(rules, outcome);
    orders_reach_their_smallest(rules, outcome);
    suppliers_stay_within_their_number(rules, outcome);
}

/// What a match draws on: its cut-off, and whether only stock counts.
type Pairs = BTreeMap<(OfferId, InstalmentId), (Day, bool)>;

fn eligible_pairs(rules: &Rules<'_>, outcome: &Outcome) -> Pairs {
    let demands = rules.site_demands();
    let mut pairs = Pairs::new();
    for line in &outcome.lines {
        let offer = rules.market.offer(line.offer).expect("a match of an offer of the market");
        let need = rules.market.need(line.need).expect("a match for a need of the market");
        let instalment = need.instalments.iter().find(|i| i.id == line.instalment).expect("an instalment of the need");
        assert!(need.is_matchable(), "{} takes no part", need.id);
        assert!(line.quantity.units() > 0, "an empty match");
        let view = rules.need_view(need, &demands).expect("a need with a place");
        let judged = rules.judge(&rules.offer_view(offer).expect("an offer with a place"), &view, instalment);
        let eligible = judged.unwrap_or_else(|why| panic!("{} for {}: {why:?}", offer.id, instalment.id));
        assert_eq!(eligible, line.eligible);
        let before = pairs.insert((offer.id, instalment.id), (eligible.cutoff, eligible.stock_only));
        assert!(before.is_none(), "a pair listed twice");
    }
    pairs
}

/// What each offer must have ready for what is served of its promises and for its matches: from stock
/// alone, and by each day.
#[derive(Default)]
struct Load {
    stock: i128,
    by: BTreeMap<Day, i128>,
}

fn loads(rules: &Rules<'_>, outcome: &Outcome, pairs: &Pairs) -> BTreeMap<OfferId, Load> {
    let mut loads: BTreeMap<OfferId, Load> = BTreeMap::new();
    for line in &outcome.lines {
        let load = loads.entry(line.offer).or_default();
        let units = i128::from(line.quantity.units());
        match pairs[&(line.offer, line.instalment)] {
            (_, true) => load.stock += units,
            (cutoff, false) => *load.by.entry(cutoff).or_default() += units,
        }
    }
    let unserved: BTreeMap<_, _> = outcome.proof.unserved.iter().copied().collect();
    for c in &rules.market.commitments {
        let Some(offer) = rules.market.offer(c.offer) else { continue };
        let served = c.quantity.units() - unserved.get(&c.match_id).copied().unwrap_or(0);
        assert!((0..=c.quantity.units()).contains(&served), "{} is served {served}", c.match_id);
        // A promise past its cut-off draws on what its owner restated since.
        let due = c.cutoff.max(offer.terms.profile.as_of);
        *loads.entry(c.offer).or_default().by.entry(due).or_default() += i128::from(served);
    }
    loads
}

fn offers_stay_within_their_curves(rules: &Rules<'_>, outcome: &Outcome, pairs: &Pairs) {
    let mut made: BTreeMap<OfferId, BTreeMap<Day, i128>> = BTreeMap::new();
    for output in &outcome.proof.line_outputs {
        *made.entry(output.offer).or_default().entry(output.by).or_default() += i128::from(output.quantity);
    }
    for (id, load) in loads(rules, outcome, pairs) {
        let offer = rules.market.offer(id).expect("an offer of the market");
        // An offer without a place takes no part, and none of its promises can be told.
        let Some(view) = rules.offer_view(offer) else { continue };
        let on_line = offer.terms.line.is_some_and(|line| rules.market.lines.contains_key(&line));
        let stock = i128::from(view.curve.stock_by(Day::MAX));
        assert!(load.stock <= stock, "{id} gives {} of a stock of {stock}", load.stock);
        let mut total = load.stock;
        for (day, units) in &load.by {
            total += units;
            if total == load.stock {
                continue;
            }
            let ready = i128::from(view.curve.by(*day));
            assert!(total <= ready, "{id} gives {total} of {ready} by {day}");
            if on_line {
                let shares = made.get(&id).map_or(0, |days| days.range(..=*day).map(|(_, q)| q).sum());
                let ready = i128::from(view.curve.stock_by(*day)) + shares;
                assert!(total <= ready, "{id} gives {total} of {ready} that its line makes by {day}");
            }
        }
    }
}

fn lines_stay_within_their_time(rules: &Rules<'_>, outcome: &Outcome) {
    let mut days: BTreeMap<(LineId, Day), i128> = BTreeMap::new();
    for output in &outcome.proof.line_outputs {
        let offer = rules.market.offer(output.offer).expect("an offer of the market");
        assert_eq!(offer.terms.line, Some(output.line));
        let curve = rules.offer_view(offer).expect("an offer with a place").curve;
        let made = |day: Day| i128::from(curve.by(day) - curve.stock_by(day));
        let quantity = i128::from(output.quantity);
        let before = if output.by <= offer.terms.profile.as_of { 0 } else { made(output.by.plus(-1)) };
        assert!((0..=made(output.by) - before).contains(&quantity), "{} makes {quantity} on {}", offer.id, output.by);
        *days.entry((output.line, output.by)).or_default() += quantity;
    }
    for ((line, day), quantity) in days {
        let curve = rules.market.lines[&line].curve(rules.parameters.capacity);
        let time = i128::from(curve.by(day) - curve.by(day.plus(-1)));
        assert!(quantity <= time, "{line} makes {quantity} in a time for {time} on {day}");
    }
}

fn instalments_get_no_more_than_they_ask(rules: &Rules<'_>, outcome: &Outcome) {
    let mut given: BTreeMap<InstalmentId, i128> = BTreeMap::new();
    for line in &outcome.lines {
        *given.entry(line.instalment).or_default() += i128::from(line.quantity.units());
    }
    let mut uncovered: BTreeMap<InstalmentId, i128> = BTreeMap::new();
    for instalment in rules.market.needs.iter().flat_map(|n| &n.instalments) {
        let promised = rules.market.commitments.iter().filter(|c| c.instalment == instalment.id);
        let promised: i128 = promised.map(|c| i128::from(c.covered().units())).sum();
        let open = (i128::from(instalment.measure.quantity.units()) - promised).max(0);
        let units = given.get(&instalment.id).copied().unwrap_or(0);
        assert!(units <= open, "{} asks for {open} and gets {units}", instalment.id);
        uncovered.insert(instalment.id, open - units);
    }
    for shortage in &outcome.shortages {
        assert_eq!(uncovered.remove(&shortage.instalment), Some(i128::from(shortage.uncovered)));
    }
    let demands = rules.site_demands();
    for need in rules.market.needs.iter().filter(|n| n.is_matchable() && rules.need_view(n, &demands).is_some()) {
        for instalment in &need.instalments {
            let left = uncovered.get(&instalment.id).copied().unwrap_or(0);
            assert_eq!(left, 0, "the shortage of {} is not told", instalment.id);
        }
    }
}

fn orders_reach_their_smallest(rules: &Rules<'_>, outcome: &Outcome) {
    if rules.parameters.without_predicates.contains(&Predicate::MinimumOrder) {
        return;
    }
    let mut orders = BTreeMap::new();
    for line in &outcome.lines {
        let need = rules.market.need(line.need).expect("a need of the market");
        *orders.entry((line.offer, need.organisation, need.site)).or_insert(0_i128) +=
            i128::from(line.quantity.units());
    }
    for ((offer, organisation, _), units) in orders {
        let smallest = rules.market.offer(offer).and_then(|o| o.terms.min_order.as_ref());
        let smallest = smallest.map_or(0, |m| i128::from(m.quantity.units()));
        assert!(units >= smallest, "{offer} sends {organisation} {units}, and nothing below {smallest}");
    }
}

fn suppliers_stay_within_their_number(rules: &Rules<'_>, outcome: &Outcome) {
    let mut suppliers: BTreeMap<InstalmentId, BTreeSet<OrganisationId>> = BTreeMap::new();
    let mut new: BTreeSet<InstalmentId> = BTreeSet::new();
    let owner = |offer: OfferId| rules.market.offer(offer).map(|o| o.organisation);
    for c in rules.market.commitments.iter().filter(|c| !c.covered().is_zero()) {
        suppliers.entry(c.instalment).or_default().extend(owner(c.offer));
    }
    // Promises alone may be of more suppliers than the buyer now takes; matches add none to those.
    let before: BTreeMap<InstalmentId, usize> = suppliers.iter().map(|(id, s)| (*id, s.len())).collect();
    for line in &outcome.lines {
        suppliers.entry(line.instalment).or_default().extend(owner(line.offer));
        new.insert(line.instalment);
    }
    for need in &rules.market.needs {
        let Some(most) = need.terms.max_suppliers else { continue };
        for instalment in need.instalments.iter().filter(|i| new.contains(&i.id)) {
            let most = usize::from(most).max(before.get(&instalment.id).copied().unwrap_or(0));
            let count = suppliers[&instalment.id].len();
            assert!(count <= most, "{} has {count} suppliers of {most} at most", instalment.id);
        }
    }
}
