//! The flow network once more, arc by arc, with flows found from balances alone.

use domain::{ids::LineId, need::Need, time::Day};

use super::{
    audit::{Arc, Audit, Costs, MOST_LEVELS, Node},
    facts::{Facts, Priced},
    shares::Group,
};
use crate::{
    levels::{FEWER, delivery_points, open_points, share_points},
    outcome::NodeLabel,
    tie,
};

/// Costs from pairs of place and points.
fn costs<const N: usize>(points: [(Option<usize>, i64); N]) -> Costs {
    let mut costs = [0; MOST_LEVELS];
    for (place, points) in points {
        if let Some(at) = place {
            costs[at] += points;
        }
    }
    costs
}

impl Facts<'_> {
    /// Audits every arc of the network with its flow.
    pub fn each_arc(&self, groups: &[Group], audit: &mut Audit<'_>) -> Result<(), String> {
        let slots: Vec<Node> =
            self.slots.iter().map(|s| audit.known(NodeLabel::Instalment { instalment: s.instalment.id })).collect();
        for at in 0..self.offers.len() {
            self.offer_arcs(at, &slots, audit)?;
        }
        for (line, members) in &self.lines {
            self.line_arcs(*line, members, audit)?;
        }
        self.promise_arcs(audit)?;
        self.feed_arcs(groups, &slots, audit)?;
        audit.all_seen()
    }

    /// Lines: what is left of each day's time.
    fn line_arcs(&self, line: LineId, members: &[usize], audit: &mut Audit<'_>) -> Result<(), String> {
        let Some(curve) = self.rules.market.lines.get(&line).map(|l| l.curve(self.rules.parameters.capacity)) else {
            return Ok(());
        };
        let mut before = 0;
        for day in self.line_days(line) {
            let by = curve.by(day);
            let used: i128 =
                members.iter().filter_map(|at| self.line_outputs.get(&(line, *at, day))).map(|u| i128::from(*u)).sum();
            let node = audit.node(NodeLabel::Line { line, by: day })?;
            audit.cuts.supply(node, i128::from(by - before));
            audit.arc(&Arc::free(node, None, i128::from(by - before) - used))?;
            before = by;
        }
        Ok(())
    }

    /// Stock, output, carry and pair arcs of one offer.
    fn offer_arcs(&self, at: usize, slots: &[Node], audit: &mut Audit<'_>) -> Result<(), String> {
        let view = &self.offers[at];
        let id = view.offer.id;
        let line = view.offer.terms.line.filter(|l| self.lines.contains_key(l));
        let days: Vec<Day> = match line {
            Some(line) => self.line_days(line).into_iter().collect(),
            None => self.days[at].clone(),
        };
        let carrying: Vec<&Priced> = self.pairs[at].iter().filter(|p| p.units > 0).collect();
        let early = orders(&carrying, None);
        let stock_label = NodeLabel::Stock { offer: id };
        let gives = self.pairs[at].iter().any(|p| !p.closed);
        if days.is_empty() && early == 0 && !gives && audit.known(stock_label).is_none() {
            return Ok(());
        }
        let stock = i128::from(view.curve.stock_by(Day::MAX));
        let first = days.iter().position(|d| view.curve.stock_by(*d) > 0);
        let outputs: Vec<Node> =
            days.iter().map(|by| audit.node(NodeLabel::Output { offer: id, by: *by })).collect::<Result<_, _>>()?;
        let mut stock_node = None;
        if stock > 0 {
            stock_node = audit.node(stock_label)?;
            audit.cuts.supply(stock_node, stock);
            audit.arc(&Arc::free(stock_node, first.and_then(|i| outputs[i]), stock - early))?;
        } else if early > 0 {
            return Err(format!("{id} gives stock it does not have"));
        }
        let (mut before, mut carried) = (0, 0);
        for (i, day) in days.iter().enumerate() {
            let by = i128::from(view.curve.by(*day) - view.curve.stock_by(*day));
            let made = by - before;
            before = by;
            let mut supply = made;
            audit.cuts.supply(outputs[i], if line.is_none() { made } else { 0 });
            if let Some(line) = line {
                supply = self.line_outputs.get(&(line, at, *day)).copied().map_or(0, i128::from);
                if made > 0 {
                    audit.arc(&Arc {
                        from: audit.node(NodeLabel::Line { line, by: *day })?,
                        to: outputs[i],
                        flow: supply,
                        capacity: Some(made),
                        costs: costs([(audit.places.ties, tie::points(id.0, line.0) & 0xffff)]),
                    })?;
                } else if supply > 0 {
                    return Err(format!("{id} makes {supply} on line {line} by {day} and cannot"));
                }
            }
            if first == Some(i) {
                supply += stock - early;
            }
            let promised = self.promises.iter().filter(|p| p.offer == at && p.cutoff == *day);
            let served: i128 = promised.map(|p| i128::from(p.units - p.unserved)).sum();
            carried += supply - served - orders(&carrying, Some(*day));
            audit.arc(&Arc::free(outputs[i], outputs.get(i + 1).copied().flatten(), carried))?;
        }
        for pair in self.pairs[at].iter().filter(|p| !p.closed) {
            let ready = view.curve.stock_by(pair.cutoff) > 0;
            let from = match pair.stock_only {
                true => stock_node.filter(|_| ready),
                false => days.binary_search(&pair.cutoff).ok().and_then(|i| outputs[i]),
            };
            let to = slots[pair.slot as usize];
            if from.is_none() || to.is_none() {
                // Only a trial without the predicates of time lets such a pair pass; it has nothing to give.
                if pair.units != 0 || !pair.stock_only {
                    return Err(format!("{id} gives stock that is not there"));
                }
                continue;
            }
            self.pair_arcs(at, pair, (from, to), audit)?;
        }
        Ok(())
    }

    /// The parts of a pair that some level looks at apart, filled in the order of the levels.
    fn pair_arcs(
        &self,
        at: usize,
        pair: &Priced,
        (from, to): (Node, Node),
        audit: &mut Audit<'_>,
    ) -> Result<(), String> {
        let places = &audit.places;
        let price = i64::from(self.rules.parameters.weights.delivery);
        let surcharge = if price > 0 { delivery_points(price, pair.estimate) } else { 0 };
        let fewer = if self.slots[pair.slot as usize].plain { 0 } else { delivery_points(FEWER, pair.estimate) };
        let instalment = self.slots[pair.slot as usize].instalment.id;
        let ties = tie::points(self.offers[at].offer.id.0, instalment.0);
        let base = costs([(places.cost, pair.cost + surcharge), (places.deliveries, fewer), (places.ties, ties)]);
        if pair.raised == 0 && pair.suggested == 0 {
            return audit.arc(&Arc { from, to, flow: i128::from(pair.units), capacity: None, costs: base });
        }
        let (raised_at, kept_at) = (places.raised, places.stability);
        let (raised, kept) = (i128::from(pair.raised), i128::from(pair.suggested));
        let mut left = i128::from(pair.units);
        let both = raised.min(kept);
        for (capacity, is_raised, is_kept) in [
            (Some(both), true, true),
            (Some(raised - both), true, false),
            (Some(kept - both), false, true),
            (None, false, false),
        ] {
            if capacity == Some(0) {
                continue;
            }
            let flow = capacity.map_or(left, |c| c.min(left));
            left -= flow;
            let mut costs = base;
            for (place, counts) in [(raised_at, is_raised), (kept_at, is_kept)] {
                if let Some(level) = place.filter(|_| counts) {
                    costs[level] -= 1;
                }
            }
            if let Some(level) = audit.places.cost.filter(|_| is_kept) {
                costs[level] -= self.rules.parameters.move_points();
            }
            audit.arc(&Arc { from, to, flow, capacity, costs })?;
        }
        Ok(())
    }

    fn promise_arcs(&self, audit: &mut Audit<'_>) -> Result<(), String> {
        for p in &self.promises {
            let node = audit.node(NodeLabel::Commitment { match_id: p.match_id })?;
            let unserved = costs([(audit.places.promised, 1)]);
            let flow = i128::from(p.unserved);
            audit.arc(&Arc { from: None, to: node, flow, capacity: None, costs: unserved })?;
            let offer = self.offers[p.offer].offer.id;
            let served = costs([(audit.places.ties, tie::points(offer.0, p.match_id.0))]);
            let from = audit.node(NodeLabel::Output { offer, by: p.cutoff })?;
            let flow = i128::from(p.units - p.unserved);
            audit.arc(&Arc { from, to: node, flow, capacity: None, costs: served })?;
        }
        Ok(())
    }

    /// What stays uncovered, through the groups that are sure of some units.
    fn feed_arcs(&self, groups: &[Group], slots: &[Node], audit: &mut Audit<'_>) -> Result<(), String> {
        let mut sources: Vec<Node> = vec![None; self.slots.len()];
        for group in groups.iter().filter(|g| g.floor > 0) {
            let instalment = self.slots[group.slots[0]].instalment.id;
            let node = audit.node(NodeLabel::Share { instalment })?;
            let lacks: i128 = group.slots.iter().map(|s| self.lacks(*s)).sum();
            let allowed = i128::from(group.open - group.floor);
            let tier = self.tier_place(audit, self.need(group.slots[0]));
            let plain = costs([(tier, 1)]);
            let below = costs([(tier, 1), (audit.places.fairness, 1)]);
            let flow = lacks.min(allowed);
            audit.arc(&Arc { from: None, to: node, flow, capacity: Some(allowed), costs: plain })?;
            audit.arc(&Arc { from: None, to: node, flow: lacks - flow, capacity: None, costs: below })?;
            for slot in &group.slots {
                sources[*slot] = node;
            }
        }
        for at in (0..self.slots.len()).filter(|at| self.takes_part(*at)) {
            let need = self.need(at);
            let (source, to) = (sources[at], slots[at]);
            if to.is_none() {
                return Err(format!("instalment {} has no potential", self.slots[at].instalment.id));
            }
            let tier = self.tier_place(audit, need).filter(|_| source.is_none());
            let shares =
                if audit.places.shares[0].is_some() { 0 } else { usize::from(need.tier(self.rules.market.day)) };
            let asked = need.instalments.iter().map(|i| i.measure.quantity.units()).fold(0, i64::saturating_add);
            // An instalment that the plan of deliveries covers whole is dear to leave open.
            let slot = &self.slots[at];
            let whole = slot.planned >= slot.open && !slot.plain;
            let points =
                |price: i64| if whole { open_points(price, slot.instalment.measure.quantity.units()) } else { 0 };
            let costs = costs([
                (tier, 1),
                (audit.places.shares[shares], share_points(asked)),
                (audit.places.cost, points(i64::from(self.rules.parameters.weights.delivery))),
                (audit.places.deliveries, points(FEWER)),
            ]);
            audit.arc(&Arc { from: source, to, flow: self.lacks(at), capacity: None, costs })?;
        }
        Ok(())
    }

    fn tier_place(&self, audit: &Audit<'_>, need: &Need) -> Option<usize> {
        audit.places.tiers[0].or(audit.places.tiers[usize::from(need.tier(self.rules.market.day))])
    }

    /// Whether an instalment has something open and somebody eligible for it.
    pub fn takes_part(&self, slot: usize) -> bool {
        self.slots[slot].open > 0 && self.slots[slot].eligible > 0
    }

    fn lacks(&self, slot: usize) -> i128 {
        i128::from(self.slots[slot].open - self.slots[slot].given)
    }
}

/// What an offer gives to orders of one cut-off, or to those inside its lead time.
fn orders(carrying: &[&Priced], cutoff: Option<Day>) -> i128 {
    let of = carrying.iter().filter(|p| match cutoff {
        Some(day) => !p.stock_only && p.cutoff == day,
        None => p.stock_only,
    });
    of.map(|p| i128::from(p.units)).sum()
}
