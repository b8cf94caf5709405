//! The independent checker: it rebuilds the flow network of a result from the market with code of
//! its own and shares with the engine only the domain's predicates and curves.
//!
//! It judges every offer for every instalment again, adds up every balance, and holds each arc
//! against the potentials of each level: an arc whose reduced cost is above zero carries nothing,
//! one below zero is full, and either is fixed for the levels after. That proves each flow level
//! optimal given the ones before. The bound of the smallest orders comes from a second solve that
//! left no potentials, so of it only the arithmetic is checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    eligibility::{NeedView, OfferView, Predicate, Rules},
    ids::{InstalmentId, LineId, MatchId, OfferId},
    need::{Instalment, Need},
    time::Day,
};

use crate::{
    outcome::{Closed, NodeLabel, Outcome},
    proof, tie,
};

/// Checks a result against the market it claims to come from; the error says what is wrong first.
pub fn verify(rules: &Rules<'_>, outcome: &Outcome) -> Result<(), String> {
    if outcome.day != rules.market.day {
        return Err(format!("the result is of {}, the market of {}", outcome.day, rules.market.day));
    }
    if proof::hash(rules, outcome) != outcome.proof.hash {
        return Err("the hash does not fit the market, the parameters and the result".to_owned());
    }
    let facts = Facts::gather(rules, outcome)?;
    facts.lines_are_eligible(outcome)?;
    facts.ledger_holds(rules, outcome)?;
    let mut audit = Audit::new(outcome)?;
    facts.each_arc(&mut audit)?;
    values_add_up(rules, outcome, &facts, &audit.values)?;
    shortages_add_up(rules, outcome, &facts)
}

/// What a pair means for the network.
#[derive(Clone, Copy)]
struct Priced {
    cutoff: Day,
    stock_only: bool,
    cost: i64,
}

/// What the checker found by itself.
struct Facts<'a> {
    offers: BTreeMap<OfferId, OfferView<'a>>,
    needs: Vec<NeedView<'a>>,
    /// The need's view and the instalment itself.
    instalments: BTreeMap<InstalmentId, (usize, &'a Instalment)>,
    /// All eligible pairs of instalments with an open quantity, closed ones left out.
    pairs: BTreeMap<OfferId, BTreeMap<InstalmentId, Priced>>,
    /// Eligible offers per instalment, closed ones included.
    eligible: BTreeMap<InstalmentId, usize>,
    /// Open quantities: what is asked less what is held or agreed.
    open: BTreeMap<InstalmentId, i128>,
    flow: BTreeMap<OfferId, BTreeMap<InstalmentId, i128>>,
    /// What each instalment gets from the matches.
    given: BTreeMap<InstalmentId, i128>,
    commitments: Vec<(MatchId, OfferId, Day, i128)>,
    unserved: BTreeMap<MatchId, i128>,
    lines: BTreeMap<LineId, Vec<OfferId>>,
    line_outputs: BTreeMap<(LineId, OfferId, Day), i128>,
    kind: domain::capacity::CapacityKind,
    rules: Rules<'a>,
}

impl<'a> Facts<'a> {
    fn gather(rules: &Rules<'a>, outcome: &Outcome) -> Result<Self, String> {
        let demands = rules.site_demands();
        let views = rules.market.offers.iter().filter_map(|o| Some((o.id, rules.offer_view(o)?)));
        let offers: BTreeMap<OfferId, OfferView<'a>> = views.collect();
        let closed: BTreeSet<Closed> = outcome.proof.closed.iter().copied().collect();
        let mut taken: BTreeMap<InstalmentId, i128> = BTreeMap::new();
        for c in &rules.market.commitments {
            *taken.entry(c.instalment).or_default() += i128::from(c.quantity.units());
        }
        let mut facts = Self {
            needs: Vec::new(),
            instalments: BTreeMap::new(),
            pairs: BTreeMap::new(),
            eligible: BTreeMap::new(),
            open: BTreeMap::new(),
            flow: BTreeMap::new(),
            given: BTreeMap::new(),
            commitments: Vec::new(),
            unserved: outcome.proof.unserved.iter().map(|(id, q)| (*id, i128::from(*q))).collect(),
            lines: BTreeMap::new(),
            line_outputs: BTreeMap::new(),
            kind: rules.parameters.capacity,
            rules: *rules,
            offers,
        };
        for need in rules.market.needs.iter().filter(|n| n.is_matchable()) {
            let Some(view) = rules.need_view(need, &demands) else { continue };
            for instalment in &need.instalments {
                let asked = i128::from(instalment.measure.quantity.units());
                let open = (asked - taken.get(&instalment.id).copied().unwrap_or(0)).max(0);
                facts.instalments.insert(instalment.id, (facts.needs.len(), instalment));
                facts.open.insert(instalment.id, open);
                facts.judge_all(rules, &view, instalment, open, &closed);
            }
            facts.needs.push(view);
        }
        for line in &outcome.lines {
            let units = i128::from(line.quantity.units());
            let before = facts.flow.entry(line.offer).or_default().insert(line.instalment, units);
            if units == 0 || before.is_some() {
                return Err(format!("the match of {} and {} is empty or listed twice", line.offer, line.instalment));
            }
            *facts.given.entry(line.instalment).or_default() += units;
        }
        for c in rules.market.commitments.iter().filter(|c| !c.quantity.is_zero()) {
            let Some(view) = facts.offers.get(&c.offer) else { continue };
            // A promise past its cut-off draws on what was restated since.
            let cutoff = c.cutoff.max(view.offer.terms.profile.as_of);
            facts.commitments.push((c.match_id, c.offer, cutoff, i128::from(c.quantity.units())));
        }
        for (id, view) in &facts.offers {
            if let Some(line) = view.offer.terms.line.filter(|l| rules.market.lines.contains_key(l)) {
                facts.lines.entry(line).or_default().push(*id);
            }
        }
        for o in &outcome.proof.line_outputs {
            facts.line_outputs.insert((o.line, o.offer, o.by), i128::from(o.quantity));
        }
        Ok(facts)
    }

    fn judge_all(
        &mut self,
        rules: &Rules<'a>,
        view: &NeedView<'_>,
        instalment: &Instalment,
        open: i128,
        closed: &BTreeSet<Closed>,
    ) {
        let mut eligible = 0;
        for (id, offer) in &self.offers {
            let Ok(how) = rules.judge(offer, view, instalment) else { continue };
            eligible += 1;
            let order = Closed { offer: *id, organisation: view.need.organisation, site: view.need.site };
            if open > 0 && !closed.contains(&order) {
                let priced = Priced { cutoff: how.cutoff, stock_only: how.stock_only, cost: how.cost.total() };
                self.pairs.entry(*id).or_default().insert(instalment.id, priced);
            }
        }
        self.eligible.insert(instalment.id, eligible);
    }

    fn need(&self, instalment: InstalmentId) -> Option<&Need> {
        self.instalments.get(&instalment).map(|(view, _)| self.needs[*view].need)
    }

    fn pair(&self, offer: OfferId, instalment: InstalmentId) -> Option<&Priced> {
        self.pairs.get(&offer)?.get(&instalment)
    }

    fn lines_are_eligible(&self, outcome: &Outcome) -> Result<(), String> {
        for line in &outcome.lines {
            let (offer, instalment) = (line.offer, line.instalment);
            let judged = self.instalments.get(&instalment).zip(self.offers.get(&offer)).and_then(|((view, i), o)| {
                self.pair(offer, instalment)?;
                self.rules.judge(o, &self.needs[*view], i).ok()
            });
            match judged {
                None => return Err(format!("{offer} is not eligible for {instalment}")),
                Some(how) if how != line.eligible => {
                    return Err(format!("the reasons for {offer} to serve {instalment} are others"));
                }
                Some(_) => {}
            }
            if self.need(instalment).is_none_or(|need| need.id != line.need) {
                return Err(format!("{instalment} is no instalment of {}", line.need));
            }
        }
        Ok(())
    }

    /// The three invariants of the ledger, from the curves themselves, and smallest orders.
    fn ledger_holds(&self, rules: &Rules<'_>, outcome: &Outcome) -> Result<(), String> {
        for (id, view) in &self.offers {
            let given = self.flow.get(id).into_iter().flatten();
            let orders = given.filter_map(|(instalment, units)| Some((self.pair(*id, *instalment)?, units)));
            let mut by_day: BTreeMap<Day, i128> = BTreeMap::new();
            let mut early = 0;
            for (how, units) in orders {
                *by_day.entry(how.cutoff).or_default() += units;
                early += if how.stock_only { *units } else { 0 };
            }
            if early > i128::from(view.curve.stock_by(by_day.keys().next_back().copied().unwrap_or(rules.market.day))) {
                return Err(format!("{id} gives {early} inside its lead time, more than its stock"));
            }
            for (match_id, _, cutoff, units) in self.commitments.iter().filter(|c| c.1 == *id) {
                *by_day.entry(*cutoff).or_default() += units - self.unserved.get(match_id).copied().unwrap_or(0);
            }
            let mut total = 0;
            for (day, units) in by_day {
                total += units;
                if total > i128::from(view.curve.by(day)) {
                    return Err(format!("{id} gives {total} by {day} and has {}", view.curve.by(day)));
                }
            }
        }
        if let Some((id, _)) = self.given.iter().find(|(id, units)| self.open.get(id).is_none_or(|open| *units > open))
        {
            return Err(format!("{id} gets more than it asks for"));
        }
        self.line_time_fits(rules)?;
        self.smallest_orders_are_met(rules, outcome)
    }

    fn line_time_fits(&self, rules: &Rules<'_>) -> Result<(), String> {
        let mut used: BTreeMap<(LineId, Day), i128> = BTreeMap::new();
        for ((line, offer, day), units) in &self.line_outputs {
            if !self.lines.get(line).is_some_and(|members| members.contains(offer)) || *units <= 0 {
                return Err(format!("{offer} has no share in line {line}"));
            }
            *used.entry((*line, *day)).or_default() += units;
        }
        for line in self.lines.keys() {
            let Some(curve) = rules.market.lines.get(line).map(|l| l.curve(self.kind)) else { continue };
            let mut before = 0;
            for day in self.line_days(*line) {
                let by = curve.by(day);
                if used.get(&(*line, day)).is_some_and(|units| *units > i128::from(by - before)) {
                    return Err(format!("line {line} is used beyond its time in the period that ends on {day}"));
                }
                before = by;
            }
        }
        Ok(())
    }

    fn smallest_orders_are_met(&self, rules: &Rules<'_>, outcome: &Outcome) -> Result<(), String> {
        if rules.parameters.without_predicates.contains(&Predicate::MinimumOrder) {
            return Ok(());
        }
        let mut orders: BTreeMap<Closed, i128> = BTreeMap::new();
        for line in &outcome.lines {
            let Some(need) = self.need(line.instalment) else { continue };
            let order = Closed { offer: line.offer, organisation: need.organisation, site: need.site };
            *orders.entry(order).or_default() += i128::from(line.quantity.units());
        }
        for (order, units) in orders {
            let limit = self.offers.get(&order.offer).and_then(|v| v.offer.terms.min_order.as_ref());
            if limit.is_some_and(|l| units < i128::from(l.quantity.units())) {
                return Err(format!("{} gives {units} to {}, below its smallest order", order.offer, order.site));
            }
        }
        Ok(())
    }

    /// The days at which a line's time is counted: each one from the first figures to the last cut-off.
    fn line_days(&self, line: LineId) -> BTreeSet<Day> {
        let members = self.lines.get(&line).map(Vec::as_slice).unwrap_or_default();
        let own = self.rules.market.lines.get(&line).map(|l| l.profile.as_of);
        let stated = members.iter().filter_map(|o| self.offers.get(o)).map(|v| v.offer.terms.profile.as_of);
        let mut days = self.days_of(members);
        if let (Some(first), Some(last)) = (stated.chain(own).min(), days.last().copied()) {
            let mut day = first;
            while day < last {
                days.insert(day);
                day = day.plus(1);
            }
        }
        days
    }

    /// The days at which some offers' output is counted.
    fn days_of(&self, members: &[OfferId]) -> BTreeSet<Day> {
        let pairs = members.iter().filter_map(|o| self.pairs.get(o)).flatten();
        let orders = pairs.filter(|(_, p)| !p.stock_only).map(|(_, p)| p.cutoff);
        orders.chain(self.commitments.iter().filter(|c| members.contains(&c.1)).map(|c| c.2)).collect()
    }

    /// Audits every arc of the network with its flow, found from balances alone.
    fn each_arc(&self, audit: &mut Audit<'_>) -> Result<(), String> {
        for id in self.offers.keys() {
            self.offer_arcs(*id, audit)?;
        }
        for (line, members) in &self.lines {
            let Some(curve) = self.rules.market.lines.get(line).map(|l| l.curve(self.kind)) else { continue };
            let mut before = 0;
            for day in self.line_days(*line) {
                let by = curve.by(day);
                let used: i128 = members.iter().filter_map(|o| self.line_outputs.get(&(*line, *o, day))).sum();
                let node = NodeLabel::Line { line: *line, by: day };
                audit.arc(&Arc::free(Some(node), None, i128::from(by - before) - used))?;
                before = by;
            }
        }
        let mut matched = BTreeSet::new();
        for (offer, instalment, how) in self.pairs.iter().flat_map(|(o, of)| of.iter().map(move |(i, p)| (*o, *i, p))) {
            matched.insert(instalment);
            let flow = self.flow.get(&offer).and_then(|f| f.get(&instalment)).copied().unwrap_or(0);
            if how.stock_only && self.offers[&offer].curve.stock_by(how.cutoff) == 0 {
                // Only a trial without the predicates of time lets such a pair pass; it has nothing to give.
                if flow != 0 {
                    return Err(format!("{offer} gives {instalment} stock that is not there"));
                }
                continue;
            }
            let from = match how.stock_only {
                true => NodeLabel::Stock { offer },
                false => NodeLabel::Output { offer, by: how.cutoff },
            };
            let ties = tie::points(offer.0, instalment.0);
            audit.arc(&Arc {
                from: Some(from),
                to: Some(NodeLabel::Instalment { instalment }),
                flow,
                capacity: None,
                costs: audit.costs(|name| match name {
                    "cost" => how.cost,
                    "ties" => ties,
                    _ => 0,
                }),
            })?;
        }
        for instalment in matched {
            let tier = format!("tier {}", self.need(instalment).map_or(0, Need::tier));
            audit.arc(&Arc {
                from: None,
                to: Some(NodeLabel::Instalment { instalment }),
                flow: self.open[&instalment] - self.given.get(&instalment).copied().unwrap_or(0),
                capacity: None,
                costs: audit.costs(|name| i64::from(name == tier || name == "demand")),
            })?;
        }
        for (match_id, offer, cutoff, units) in &self.commitments {
            let unserved = self.unserved.get(match_id).copied().unwrap_or(0);
            let node = Some(NodeLabel::Commitment { match_id: *match_id });
            let costs = audit.costs(|name| i64::from(name == "promised"));
            audit.arc(&Arc { from: None, to: node, flow: unserved, capacity: None, costs })?;
            let ties = tie::points(offer.0, match_id.0);
            let costs = audit.costs(|name| if name == "ties" { ties } else { 0 });
            let from = Some(NodeLabel::Output { offer: *offer, by: *cutoff });
            audit.arc(&Arc { from, to: node, flow: units - unserved, capacity: None, costs })?;
        }
        Ok(())
    }

    /// Stock, output and carry arcs of one offer.
    fn offer_arcs(&self, id: OfferId, audit: &mut Audit<'_>) -> Result<(), String> {
        let view = &self.offers[&id];
        let line = view.offer.terms.line.filter(|l| self.lines.contains_key(l));
        let days: Vec<Day> = match line {
            Some(line) => self.line_days(line),
            None => self.days_of(&[id]),
        }
        .into_iter()
        .collect();
        let early: i128 = self.orders(id, None);
        if days.is_empty() && early == 0 && !self.pairs.contains_key(&id) {
            return Ok(());
        }
        let today = self.rules.market.day;
        let stock = i128::from(view.curve.stock_by(days.last().copied().unwrap_or(today).max(today)));
        let first = days.iter().position(|d| view.curve.stock_by(*d) > 0);
        let output = |i: usize| NodeLabel::Output { offer: id, by: days[i] };
        if stock > 0 {
            audit.arc(&Arc::free(Some(NodeLabel::Stock { offer: id }), first.map(output), stock - early))?;
        } else if early > 0 {
            return Err(format!("{id} gives stock it does not have"));
        }
        let (mut before, mut carried) = (0, 0);
        for (i, day) in days.iter().enumerate() {
            let by = i128::from(view.curve.by(*day) - view.curve.stock_by(*day));
            let made = by - before;
            before = by;
            let mut supply = made;
            if let Some(line) = line {
                supply = self.line_outputs.get(&(line, id, *day)).copied().unwrap_or(0);
                if made > 0 {
                    let ties = tie::points(id.0, line.0) & 0xffff;
                    audit.arc(&Arc {
                        from: Some(NodeLabel::Line { line, by: *day }),
                        to: Some(output(i)),
                        flow: supply,
                        capacity: Some(made),
                        costs: audit.costs(|name| if name == "ties" { ties } else { 0 }),
                    })?;
                } else if supply > 0 {
                    return Err(format!("{id} makes {supply} on line {line} by {day} and cannot"));
                }
            }
            if first == Some(i) {
                supply += stock - early;
            }
            let served: i128 = self
                .commitments
                .iter()
                .filter(|c| c.1 == id && c.2 == *day)
                .map(|c| c.3 - self.unserved.get(&c.0).copied().unwrap_or(0))
                .sum();
            carried += supply - served - self.orders(id, Some(*day));
            audit.arc(&Arc::free(Some(output(i)), (i + 1 < days.len()).then(|| output(i + 1)), carried))?;
        }
        Ok(())
    }

    /// What an offer gives to orders of one cut-off, or to those inside its lead time.
    fn orders(&self, id: OfferId, cutoff: Option<Day>) -> i128 {
        let given = self.flow.get(&id).into_iter().flatten();
        let of = given.filter(|(instalment, _)| {
            self.pair(id, **instalment).is_some_and(|p| match cutoff {
                Some(day) => !p.stock_only && p.cutoff == day,
                None => p.stock_only,
            })
        });
        of.map(|(_, units)| units).sum()
    }
}

/// An arc by the names of its ends; the root is `None`.
struct Arc {
    from: Option<NodeLabel>,
    to: Option<NodeLabel>,
    flow: i128,
    /// Unlimited where `None`.
    capacity: Option<i128>,
    /// Per level, 0 beyond the last.
    costs: [i64; MOST_LEVELS],
}

impl Arc {
    fn free(from: Option<NodeLabel>, to: Option<NodeLabel>, flow: i128) -> Self {
        Self { from, to, flow, capacity: None, costs: [0; MOST_LEVELS] }
    }
}

/// Levels there can be: promised, four tiers, cost, ties.
const MOST_LEVELS: usize = 8;

/// Holds arcs against the published potentials, and adds up what they cost.
struct Audit<'a> {
    levels: &'a [String],
    potentials: HashMap<NodeLabel, &'a [i64]>,
    root: [i64; MOST_LEVELS],
    values: [i128; MOST_LEVELS],
}

impl<'a> Audit<'a> {
    fn new(outcome: &'a Outcome) -> Result<Self, String> {
        let (levels, proof) = (&outcome.proof.levels, &outcome.proof);
        let potentials: HashMap<NodeLabel, &[i64]> =
            proof.potentials.iter().map(|p| (p.label, p.values.as_slice())).collect();
        if levels.len() > MOST_LEVELS {
            return Err(format!("{} levels are more than there can be", levels.len()));
        }
        if potentials.len() != proof.potentials.len() || potentials.values().any(|v| v.len() != levels.len()) {
            return Err("a node has two potentials, or too few".to_owned());
        }
        Ok(Self { levels, potentials, root: [0; MOST_LEVELS], values: [0; MOST_LEVELS] })
    }

    /// Costs by the name of each level.
    fn costs(&self, of: impl Fn(&str) -> i64) -> [i64; MOST_LEVELS] {
        std::array::from_fn(|i| self.levels.get(i).map_or(0, |name| of(name)))
    }

    fn potential(&self, node: Option<NodeLabel>) -> Result<&[i64], String> {
        match node {
            None => Ok(&self.root),
            Some(label) => self.potentials.get(&label).copied().ok_or_else(|| format!("{label:?} has no potential")),
        }
    }

    fn arc(&mut self, arc: &Arc) -> Result<(), String> {
        if arc.flow < 0 {
            return Err(format!("the flow from {:?} to {:?} is below zero", arc.from, arc.to));
        }
        for (value, cost) in self.values.iter_mut().zip(arc.costs) {
            *value += arc.flow * i128::from(cost);
        }
        let (from, to) = (self.potential(arc.from)?, self.potential(arc.to)?);
        for (level, name) in self.levels.iter().enumerate() {
            let reduced = i128::from(arc.costs[level]) + i128::from(from[level]) - i128::from(to[level]);
            let sound = match reduced.signum() {
                1 => arc.flow == 0,
                -1 => arc.capacity == Some(arc.flow),
                _ => continue,
            };
            if !sound {
                return Err(format!("level {name} is not optimal: see the flow from {:?} to {:?}", arc.from, arc.to));
            }
            break;
        }
        Ok(())
    }
}

fn values_add_up(rules: &Rules<'_>, outcome: &Outcome, facts: &Facts<'_>, values: &[i128]) -> Result<(), String> {
    let expected: Vec<String> = crate::model::FlowLevel::of(rules).iter().map(|l| l.name()).collect();
    let flow_levels: Vec<&crate::outcome::LevelReport> = outcome.levels.iter().filter(|l| l.flow).collect();
    if expected != outcome.proof.levels || flow_levels.iter().map(|l| &l.name).ne(expected.iter()) {
        return Err("the levels are not those of the parameters".to_owned());
    }
    let mut uncovered = 0;
    for (i, report) in flow_levels.iter().enumerate() {
        let mut value = values[i];
        let tier = report.name.strip_prefix("tier ").and_then(|t| t.parse::<u8>().ok());
        if tier.is_some() || report.name == "demand" {
            let served: BTreeSet<&InstalmentId> = facts.pairs.values().flat_map(BTreeMap::keys).collect();
            let hopeless = facts.open.iter().filter(|(id, _)| {
                !served.contains(*id) && tier.is_none_or(|t| facts.need(**id).is_some_and(|n| n.tier() == t))
            });
            value += hopeless.map(|(_, open)| open).sum::<i128>();
            uncovered += value;
        }
        if report.value != value || report.bound != value || report.gap != 0 {
            return Err(format!("level {} is worth {value}, not {}", report.name, report.value));
        }
    }
    match outcome.levels.iter().find(|l| !l.flow) {
        Some(orders)
            if orders.value == uncovered
                && orders.bound <= orders.value
                && orders.gap == orders.value - orders.bound =>
        {
            Ok(())
        }
        _ => Err("the report on smallest orders does not add up".to_owned()),
    }
}

fn shortages_add_up(rules: &Rules<'_>, outcome: &Outcome, facts: &Facts<'_>) -> Result<(), String> {
    let mut missing: BTreeMap<InstalmentId, i128> =
        facts.open.iter().map(|(id, open)| (*id, open - facts.given.get(id).copied().unwrap_or(0))).collect();
    missing.retain(|_, units| *units > 0);
    if outcome.shortages.len() != missing.len() {
        return Err(format!("{} instalments stay uncovered, {} are reported", missing.len(), outcome.shortages.len()));
    }
    // Each taken out once, so that none is listed twice in place of another.
    for s in &outcome.shortages {
        let adds_up = i128::from(s.demand) - i128::from(s.covered) == i128::from(s.uncovered);
        let owner = facts.need(s.instalment).map(|n| (n.id, n.tier()));
        if missing.remove(&s.instalment) != Some(i128::from(s.uncovered)) || !adds_up || owner != Some((s.need, s.tier))
        {
            return Err(format!("the shortage of {} is another", s.instalment));
        }
        let counted: usize = s.funnel.iter().map(|f| f.offers as usize).sum();
        let eligible = s.eligible_offers as usize;
        if facts.eligible.get(&s.instalment) != Some(&eligible)
            || counted + eligible != rules.market.offers.len().min(facts.offers.len())
        {
            return Err(format!("the funnel of {} does not add up", s.instalment));
        }
    }
    Ok(())
}
