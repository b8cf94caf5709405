//! The outcome of a run from its settled components.

use std::collections::BTreeSet;

use domain::quantity::Quantity;

use crate::{
    ENGINE,
    components::Prepared,
    levels::{FlowLevel, share_points},
    model::asked,
    outcome::{Closed, Figures, LevelReport, MatchLine, Outcome, Proof, Shortage},
    pairs::{Pair, Pairs},
    proof::{self, Seen},
    settle::Settled,
    shortage,
};

/// Puts matches, shortages, levels, figures and proof together.
pub(crate) fn assemble(
    prepared: &Prepared<'_>,
    levels: &[FlowLevel],
    settled: Vec<Settled>,
    (seen, threads): (&Seen, usize),
) -> Outcome {
    let Prepared { rules, pairs, demands, .. } = prepared;
    let components = u32::try_from(settled.len()).unwrap_or(u32::MAX);
    let mut flows: Vec<(Pair, i64)> = settled.iter().flat_map(|s| s.lines.iter().copied()).collect();
    flows.sort_by_key(|(p, _)| (p.slot, p.offer));
    let lines: Vec<MatchLine> = flows.iter().filter_map(|(p, f)| match_line(prepared, p, *f)).collect();
    let closed: BTreeSet<Closed> = settled.iter().flat_map(|s| &s.closed).copied().collect();
    let shortages = shortage::find(rules, pairs, &demands.open, &flows, &closed, threads);
    let reports = level_reports(prepared, levels, &settled, lines.len());
    let mut proof = Proof {
        hash: String::new(),
        levels: levels.iter().map(|l| l.name()).collect(),
        potentials: Vec::new(),
        line_outputs: Vec::new(),
        unserved: Vec::new(),
        closed: closed.into_iter().collect(),
        raised: Vec::new(),
        estimates: Vec::new(),
        plain: Vec::new(),
        cuts: Vec::new(),
    };
    let mut shares = Vec::new();
    for s in settled {
        proof.potentials.extend(s.potentials);
        proof.line_outputs.extend(s.line_outputs);
        proof.unserved.extend(s.unserved);
        proof.raised.extend(s.raised);
        proof.estimates.extend(s.estimates);
        proof.plain.extend(s.plain);
        proof.cuts.extend(s.cuts);
        shares.extend(s.shares);
    }
    proof.potentials.sort_unstable_by_key(|p| p.label);
    proof.line_outputs.sort_unstable();
    proof.unserved.sort_unstable();
    proof.raised.sort_unstable();
    proof.estimates.sort_unstable();
    proof.plain.sort_unstable();
    proof.cuts.sort_unstable();
    shares.sort_unstable_by(|a, b| (a.tier, &a.product, &a.group).cmp(&(b.tier, &b.product, &b.group)));
    let mut outcome = Outcome {
        engine: ENGINE.to_owned(),
        day: rules.market.day,
        figures: figures(prepared, components, &lines, &shortages),
        lines,
        shortages,
        levels: reports,
        shares,
        proof,
    };
    outcome.proof.hash = proof::hash_of(seen, rules, &outcome);
    outcome
}

fn match_line(prepared: &Prepared<'_>, pair: &Pair, flow: i64) -> Option<MatchLine> {
    let Prepared { rules, pairs, .. } = prepared;
    let slot = &pairs.slots[pair.slot as usize];
    let view = &pairs.offers[pair.offer as usize];
    let rivals = pairs.of_slot(pair.slot as usize);
    let cheaper = rivals.iter().filter(|p| (p.cost, p.offer) < (pair.cost, pair.offer)).count();
    Some(MatchLine {
        offer: view.offer.id,
        need: slot.need.id,
        instalment: slot.instalment.id,
        quantity: Quantity::new(flow)?,
        // Judged before and eligible, so this is `Some`.
        eligible: rules.judge(view, &pairs.needs[slot.view], slot.instalment).ok()?,
        rank: u32::try_from(cheaper + 1).unwrap_or(u32::MAX),
        eligible_offers: u32::try_from(rivals.len()).unwrap_or(u32::MAX),
    })
}

/// The levels in their order; the rules on orders stand after the tiers they cost.
fn level_reports(
    prepared: &Prepared<'_>,
    levels: &[FlowLevel],
    settled: &[Settled],
    deliveries: usize,
) -> Vec<LevelReport> {
    let Prepared { rules, pairs, demands, .. } = prepared;
    let day = rules.market.day;
    // Instalments without any eligible offer are in no component: they stay uncovered whatever is done.
    let hopeless = |tier: Option<u8>, points: fn(&Pairs<'_>, usize) -> i64| -> i128 {
        let slots = pairs.slots.iter().enumerate().filter(|(_, s)| tier.is_none_or(|t| s.need.tier(day) == t));
        let alone = slots.filter(|(i, _)| pairs.of_slot(*i).is_empty());
        alone.map(|(i, _)| i128::from(demands.open[i]) * i128::from(points(pairs, i))).sum()
    };
    let mut reports = Vec::new();
    let (mut uncovered, mut after_tiers) = (0, 0);
    for (i, kind) in levels.iter().enumerate() {
        let base = match kind {
            FlowLevel::Raised => continue,
            FlowLevel::Tier(tier) => hopeless(*tier, |_, _| 1),
            FlowLevel::Shares(tier) => hopeless(*tier, |pairs, i| share_points(asked(pairs.slots[i].need))),
            FlowLevel::Stability => prepared.kept_at_most(),
            FlowLevel::Cost => i128::from(rules.parameters.move_points()) * prepared.kept_at_most(),
            FlowLevel::Promised | FlowLevel::Floors | FlowLevel::Deliveries | FlowLevel::Ties => 0,
        };
        let mut value: i128 = base + settled.iter().map(|s| s.values[i].0).sum::<i128>();
        let mut bound = settled.iter().map(|s| s.values[i].1).sum::<Option<i128>>().map(|b| b + base);
        let searched = *kind == FlowLevel::Cost && rules.parameters.weights.delivery > 0;
        if *kind == FlowLevel::Deliveries {
            (value, bound) = (i128::try_from(deliveries).unwrap_or(i128::MAX), None);
        }
        let flow = !searched && *kind != FlowLevel::Deliveries;
        let proven = flow && settled.iter().all(|s| i < s.proven);
        reports.push(report(kind.name(), kind.unit(), (value, bound), (flow, proven)));
        if let FlowLevel::Tier(_) = kind {
            uncovered += value;
            after_tiers = reports.len();
        }
    }
    let bound = settled.iter().map(|s| s.relaxed).sum::<Option<i128>>().map(|b| b + hopeless(None, |_, _| 1));
    let rules = report("order rules".to_owned(), "base units uncovered", (uncovered, bound), (false, false));
    reports.insert(after_tiers, rules);
    reports
}

fn report(
    name: String,
    unit: &str,
    (value, bound): (i128, Option<i128>),
    (flow, optimal_as_decided): (bool, bool),
) -> LevelReport {
    let gap = bound.map(|b| value - b);
    LevelReport { name, unit: unit.to_owned(), value, bound, gap, optimal_as_decided, flow }
}

fn figures(prepared: &Prepared<'_>, components: u32, lines: &[MatchLine], shortages: &[Shortage]) -> Figures {
    let Prepared { rules, pairs, .. } = prepared;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let asked = pairs.slots.iter().map(|s| s.instalment.measure.quantity.units());
    let demand = asked.fold(0, i64::saturating_add);
    let uncovered = shortages.iter().map(|s| s.uncovered).fold(0, i64::saturating_add);
    Figures {
        offers: number(rules.market.offers.len()),
        needs: number(pairs.needs.len()),
        instalments: number(pairs.slots.len()),
        eligible_pairs: u64::try_from(pairs.pairs.len()).unwrap_or(u64::MAX),
        components,
        lines: number(lines.len()),
        demand,
        covered: demand - uncovered,
    }
}
