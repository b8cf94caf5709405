//! The three invariants of the ledger, from the curves themselves, and the rules on orders.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    eligibility::Predicate,
    ids::{LineId, OrganisationId, SiteId},
    time::Day,
};

use super::facts::Facts;

impl Facts<'_> {
    /// Never over capacity at any date, never over a line, never over a need; orders as large and suppliers
    /// as few as asked.
    pub fn ledger_holds(&self) -> Result<(), String> {
        for at in 0..self.offers.len() {
            self.capacity_holds(at)?;
        }
        if let Some(slot) = self.slots.iter().find(|s| s.given > s.open) {
            return Err(format!("{} gets more than it asks for", slot.instalment.id));
        }
        self.line_time_fits()?;
        self.smallest_orders_are_met()?;
        self.suppliers_are_few()
    }

    fn capacity_holds(&self, at: usize) -> Result<(), String> {
        let view = &self.offers[at];
        let id = view.offer.id;
        let mut by_day: BTreeMap<Day, i128> = BTreeMap::new();
        let mut early = 0;
        for pair in self.pairs[at].iter().filter(|p| p.units > 0) {
            *by_day.entry(pair.cutoff).or_default() += i128::from(pair.units);
            early += if pair.stock_only { i128::from(pair.units) } else { 0 };
        }
        if early > i128::from(view.curve.stock_by(Day::MAX)) {
            return Err(format!("{id} gives {early} inside its lead time, more than its stock"));
        }
        for p in self.promises.iter().filter(|p| p.offer == at) {
            *by_day.entry(p.cutoff).or_default() += i128::from(p.units - p.unserved);
        }
        let mut total = 0;
        for (day, units) in by_day {
            total += units;
            if total > i128::from(view.curve.by(day)) {
                return Err(format!("{id} gives {total} by {day} and has {}", view.curve.by(day)));
            }
        }
        Ok(())
    }

    fn line_time_fits(&self) -> Result<(), String> {
        let mut used: BTreeMap<(LineId, Day), i128> = BTreeMap::new();
        for ((line, _, day), units) in &self.line_outputs {
            *used.entry((*line, *day)).or_default() += i128::from(*units);
        }
        for line in self.lines.keys() {
            let Some(curve) = self.rules.market.lines.get(line).map(|l| l.curve(self.rules.parameters.capacity)) else {
                continue;
            };
            let mut before = 0;
            for day in self.line_days(*line) {
                let by = curve.by(day);
                if used.remove(&(*line, day)).is_some_and(|units| units > i128::from(by - before)) {
                    return Err(format!("line {line} is used beyond its time in the period that ends on {day}"));
                }
                before = by;
            }
        }
        match used.first_key_value() {
            Some(((line, day), _)) => Err(format!("line {line} has no period that ends on {day}")),
            None => Ok(()),
        }
    }

    fn smallest_orders_are_met(&self) -> Result<(), String> {
        if self.rules.parameters.without_predicates.contains(&Predicate::MinimumOrder) {
            return Ok(());
        }
        for (view, pairs) in self.offers.iter().zip(&self.pairs) {
            let Some(limit) = &view.offer.terms.min_order else { continue };
            let mut orders: BTreeMap<(OrganisationId, SiteId), i128> = BTreeMap::new();
            for pair in pairs.iter().filter(|p| p.units > 0) {
                let need = self.need(pair.slot as usize);
                *orders.entry((need.organisation, need.site)).or_default() += i128::from(pair.units);
            }
            for ((_, site), units) in orders {
                if units < i128::from(limit.quantity.units()) {
                    return Err(format!("{} gives {units} to {site}, below its smallest order", view.offer.id));
                }
            }
        }
        Ok(())
    }

    fn suppliers_are_few(&self) -> Result<(), String> {
        let mut suppliers: Vec<BTreeSet<OrganisationId>> = vec![BTreeSet::new(); self.slots.len()];
        for (view, pairs) in self.offers.iter().zip(&self.pairs) {
            for pair in pairs.iter().filter(|p| p.units > 0) {
                suppliers[pair.slot as usize].insert(view.organisation.id);
            }
        }
        for (at, suppliers) in suppliers.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
            let Some(most) = self.need(at).terms.max_suppliers else { continue };
            let id = self.slots[at].instalment.id;
            let promised =
                self.rules.market.commitments.iter().filter(|c| c.instalment == id && !c.covered().is_zero());
            let offers = promised.filter_map(|c| self.rules.market.offer(c.offer));
            let held: BTreeSet<OrganisationId> = offers.map(|o| o.organisation).collect();
            if suppliers.difference(&held).count() > usize::from(most).saturating_sub(held.len()) {
                return Err(format!("{id} gets goods of more suppliers than it wants"));
            }
        }
        Ok(())
    }

    /// The days at which a line's time is counted: each one from the first figures to the last cut-off.
    pub fn line_days(&self, line: LineId) -> BTreeSet<Day> {
        let members = self.lines.get(&line).map(Vec::as_slice).unwrap_or_default();
        let own = self.rules.market.lines.get(&line).map(|l| l.profile.as_of);
        let stated = members.iter().map(|at| self.offers[*at].offer.terms.profile.as_of);
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
    pub fn days_of(&self, members: &[usize]) -> BTreeSet<Day> {
        members.iter().flat_map(|at| &self.days[*at]).copied().collect()
    }
}
