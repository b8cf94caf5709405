//! The published levels, shortages and figures, added up once more.

use std::collections::{BTreeMap, HashMap};

use domain::{
    ids::{InstalmentId, OfferId},
    parameters::Level,
};

use super::{audit::Audit, facts::Facts};
use crate::{
    levels::{FlowLevel, share_points},
    outcome::{LevelReport, Outcome, Shortage, UsedUp},
};

impl Facts<'_> {
    /// Every level is there, in its order, with the value that the flow has.
    pub fn levels_add_up(&self, outcome: &Outcome, audit: &Audit<'_>) -> Result<(), String> {
        let expected = FlowLevel::of(&self.rules);
        if expected.iter().map(|l| l.name()).ne(outcome.proof.levels.iter().cloned()) {
            return Err("the levels are not those of the parameters".to_owned());
        }
        let mut reports = outcome.levels.iter();
        let (mut uncovered, mut tiers, mut after_search) = (0, 0, false);
        for (i, kind) in expected.iter().enumerate() {
            let proven = i < audit.proven();
            let mut value = audit.values[i];
            let mut flow = true;
            match kind {
                // Not reported: what the search forces is a condition of the levels after, not a goal.
                FlowLevel::Raised => continue,
                FlowLevel::Tier(tier) => {
                    value += self.alone(*tier, |_| 1);
                    (uncovered, tiers) = (uncovered + value, tiers + 1);
                }
                FlowLevel::Shares(tier) => value += self.alone(*tier, |asked| i128::from(share_points(asked))),
                FlowLevel::Stability => value += self.suggested(),
                FlowLevel::Cost if self.rules.parameters.weights.delivery > 0 => {
                    let price = i128::from(self.rules.parameters.weights.delivery);
                    let carried = self.pairs.iter().flatten().filter(|p| p.units > 0);
                    value = carried.map(|p| i128::from(p.cost) * i128::from(p.units) + price).sum();
                    flow = false;
                }
                FlowLevel::Deliveries => {
                    value = i128::try_from(outcome.lines.len()).unwrap_or(i128::MAX);
                    flow = false;
                }
                FlowLevel::Cost => value += i128::from(self.rules.parameters.move_points()) * self.suggested(),
                FlowLevel::Promised | FlowLevel::Floors | FlowLevel::Ties => {}
            }
            // With decisions on orders the potentials prove the flow under them, and bounds are those without.
            let decided = !outcome.proof.closed.is_empty() || !outcome.proof.raised.is_empty();
            let claim = match (flow && !decided && !after_search, proven) {
                (false, _) => Claim::Arithmetic,
                (true, true) => Claim::Proved,
                (true, false) => Claim::Open,
            };
            let report = reports.next();
            level_adds_up(report, &kind.name(), value, flow, claim)?;
            if report.is_some_and(|r| r.optimal_as_decided != (flow && proven)) {
                return Err(format!("level {} says something else of its proof than its potentials", kind.name()));
            }
            after_search |= *kind == FlowLevel::Cost && !flow;
            if let FlowLevel::Tier(_) = kind
                && tiers == if self.rules.parameters.without_levels.contains(&Level::Urgency) { 1 } else { 4 }
            {
                level_adds_up(reports.next(), "order rules", uncovered, false, Claim::Arithmetic)?;
            }
        }
        match reports.next() {
            Some(level) => Err(format!("level {} is one too many", level.name)),
            None => Ok(()),
        }
    }

    /// Units of earlier suggestions for pairs that are still eligible.
    fn suggested(&self) -> i128 {
        self.pairs.iter().flatten().map(|p| i128::from(p.suggested)).sum()
    }

    /// What instalments without any eligible offer lack, in points by what their need asks for.
    fn alone(&self, tier: Option<u8>, points: impl Fn(i64) -> i128) -> i128 {
        let of = (0..self.slots.len())
            .filter(|at| self.slots[*at].eligible == 0 && tier.is_none_or(|t| self.tier(*at) == t));
        of.map(|at| {
            let asked =
                self.need(at).instalments.iter().map(|i| i.measure.quantity.units()).fold(0, i64::saturating_add);
            i128::from(self.slots[at].open) * points(asked)
        })
        .sum()
    }

    /// Every instalment that stays uncovered is there once, with what takes out which offers.
    pub fn shortages_add_up(&self, outcome: &Outcome) -> Result<(), String> {
        let lacking = self.slots.iter().filter(|s| s.open > s.given);
        let mut missing: HashMap<InstalmentId, i64> = lacking.map(|s| (s.instalment.id, s.open - s.given)).collect();
        if outcome.shortages.len() != missing.len() {
            let (found, reported) = (missing.len(), outcome.shortages.len());
            return Err(format!("{found} instalments stay uncovered, {reported} are reported"));
        }
        let mut held: HashMap<OfferId, i64> = HashMap::new();
        for c in &self.rules.market.commitments {
            *held.entry(c.offer).or_default() += c.quantity.units();
        }
        // Each taken out once, so that none is listed twice in place of another.
        for s in &outcome.shortages {
            let adds_up = i128::from(s.demand) - i128::from(s.covered) == i128::from(s.uncovered);
            let slot = self.slot(s.instalment);
            let owner = slot.map(|at| (self.need(at).id, self.tier(at)));
            if missing.remove(&s.instalment) != Some(s.uncovered) || !adds_up || owner != Some((s.need, s.tier)) {
                return Err(format!("the shortage of {} is another", s.instalment));
            }
            let Some(slot) = slot else { continue };
            let reasons = &self.slots[slot].reasons;
            let funnel = s.funnel.iter().map(|f| (&f.reason, &f.offers));
            if s.eligible_offers as usize != self.slots[slot].eligible || !funnel.eq(reasons.iter()) {
                return Err(format!("the funnel of {} does not add up", s.instalment));
            }
            for used in &s.used_up {
                self.used_up(s, slot, used, &held)?;
            }
        }
        Ok(())
    }

    fn used_up(
        &self,
        shortage: &Shortage,
        slot: usize,
        used: &UsedUp,
        held: &HashMap<OfferId, i64>,
    ) -> Result<(), String> {
        let wrong = || format!("what {} says of {} is wrong", shortage.instalment, used.offer);
        let at = self.offer(used.offer).ok_or_else(wrong)?;
        let pair = self.pair(at, slot).ok_or_else(wrong)?;
        let curve = &self.offers[at].curve;
        let available = match pair.stock_only {
            true => curve.stock_by(pair.cutoff.max(self.rules.market.day)),
            false => curve.by(pair.cutoff),
        };
        let given: BTreeMap<InstalmentId, (u8, i64)> = self.pairs[at]
            .iter()
            .filter(|p| p.units > 0)
            .map(|p| {
                let slot = p.slot as usize;
                (self.slots[slot].instalment.id, (self.tier(slot), p.units))
            })
            .collect();
        let taken = used.taken_by.iter().all(|t| given.get(&t.instalment) == Some(&(t.tier, t.quantity)));
        let same = used.available == available
            && used.committed == held.get(&used.offer).copied().unwrap_or(0)
            && used.closed == pair.closed
            && used.taken_by.len() == given.len().min(3);
        if same && taken { Ok(()) } else { Err(wrong()) }
    }

    /// The key figures.
    pub fn figures_add_up(&self, outcome: &Outcome) -> Result<(), String> {
        let f = outcome.figures;
        let asked = self.slots.iter().map(|s| s.instalment.measure.quantity.units());
        let demand = asked.fold(0, i64::saturating_add);
        let lacking = self.slots.iter().map(|s| s.open - s.given).fold(0, i64::saturating_add);
        let pairs: usize = self.slots.iter().map(|s| s.eligible).sum();
        let counted = [
            (f.offers as usize, self.rules.market.offers.len()),
            (f.needs as usize, self.needs.len()),
            (f.instalments as usize, self.slots.len()),
            (f.lines as usize, outcome.lines.len()),
        ];
        let right = counted.iter().all(|(stated, found)| stated == found)
            && u64::try_from(pairs) == Ok(f.eligible_pairs)
            && (f.demand, f.covered) == (demand, demand - lacking);
        if right { Ok(()) } else { Err("the key figures do not add up".to_owned()) }
    }
}

/// What a level's gap may say.
enum Claim {
    /// Potentials prove it: 0.
    Proved,
    /// A limit ended the run before: not 0.
    Open,
    /// Not below 0.
    Arithmetic,
}

fn level_adds_up(
    report: Option<&LevelReport>,
    name: &str,
    value: i128,
    flow: bool,
    claim: Claim,
) -> Result<(), String> {
    let Some(report) = report.filter(|r| r.name == name && r.flow == flow) else {
        return Err(format!("level {name} is missing or out of order"));
    };
    let gap = report.bound.map(|bound| value.saturating_sub(bound));
    if report.value != value || report.gap != gap || gap.is_some_and(|gap| gap < 0) {
        return Err(format!("level {name} is worth {value}, not {}", report.value));
    }
    match claim {
        Claim::Proved if gap != Some(0) => Err(format!("level {name} is proved and has a gap")),
        Claim::Open if gap == Some(0) => Err(format!("level {name} claims a proof that is not there")),
        Claim::Proved | Claim::Open | Claim::Arithmetic => Ok(()),
    }
}
