//! The whole market with stages: offers that lack one input make more where others bring it, and every unit of input,
//! capacity and output counts once.
//!
//! # The plan
//! A stage turns so much of one product into so much of another, so the market becomes a flow of several stages with
//! conversion factors. Counted in units of its own for each product ([`scale`]), the conversions carry one for one, and it
//! is a flow network like any other: [`network`] solves it, tier by tier, then for least cost. What a stage makes by a day
//! is rounded down to whole units, and what goes to it is solved anew in whole units with that made
//! ([`whole`]). Inputs become needs of their makers with the deliveries promised, what they are enough for becomes output
//! that counts ([`resolve`]), and [`allocate`](crate::allocate) decides all the rest of that market by all its rules.
//!
//! # What is proved
//! The flow with conversion factors is a bound: no plan in whole units, with smallest orders or without, leaves less
//! uncovered in the first tier, nor in the next without leaving more before ([`bound`]), in each part of the market by itself. Makers of one product that take an input in
//! different ratios are counted with the most favourable one, which keeps it a bound. Where the plan reaches the bound it is an
//! optimum. It need not: rounding, smallest orders and ratios that differ are hard (a single supplier of an input is a
//! knapsack), and then the answer says by how much at most.
//!
//! # What takes part
//! Makers are offers that lack one thing, have a line of their own and do not, through others, go into what they are made of.
//! In each period between its cut-offs a stage makes no more than its own output of the period, of what has come by its
//! lead time before the period ends; work that others do after it takes their lead time and the way there and back.

mod answer;
mod bound;
mod judged;
mod network;
mod plan;
mod resolve;
mod scale;
mod whole;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use domain::{code::ProductCode, eligibility::Rules, ids::OfferId, market::Market};

use crate::{
    allocate::{Control, MatchingError, allocate},
    outcome::Outcome,
    related::{products, related_to},
    threads,
};

pub use answer::{StageChain, StageLeg, StageLegOf, TierStages};
pub use judged::WhyNoStage;

/// What stages the market has, and what comes of them.
#[derive(Debug, Clone)]
pub struct Stages {
    /// Offers that lack something and take no part, and why.
    pub left_out: Vec<(OfferId, WhyNoStage)>,
    /// The market with stages; `None` where nothing is lacking that somebody could bring.
    pub plan: Option<Staged>,
}

/// The market with stages, solved.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The parts of the market that stages bear on, with what is brought to makers entered and promised, and the allocation
    /// of each.
    pub parts: Vec<(Market, Outcome)>,
    /// What stays uncovered of these parts, by tier.
    pub tiers: Vec<TierStages>,
    /// Makers with whom they supply and who supplies them, the largest first.
    pub chains: Vec<StageChain>,
    /// Whether all makers of a product take what they lack in one ratio, so that the bound has no slack of its own.
    pub one_ratio: bool,
}

impl Staged {
    /// Both.
    fn with(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self.chains.extend(other.chains);
        for (tier, more) in self.tiers.iter_mut().zip(other.tiers) {
            tier.alone += more.alone;
            tier.uncovered += more.uncovered;
            tier.bound += more.bound;
        }
        self.one_ratio &= other.one_ratio;
        self
    }

    /// Whether no plan leaves less uncovered: every tier stands at its bound.
    pub fn is_proved(&self) -> bool {
        self.tiers.iter().all(|tier| tier.uncovered == tier.bound)
    }
}

/// How many plans are tried where the first does not reach the bound: so many for small markets, and fewer of more pairs.
const MOST_TRIES: usize = 200;
/// Pairs that are solved in all those trials together, about.
const MOST_PAIRS: usize = 4_000_000;
/// How often what is brought and not used is taken back, at most.
const MOST_TRIMS: usize = 6;

/// Decides who supplies whom with stages in the market.
///
/// # Errors
/// As [`allocate`].
pub fn stages(rules: &Rules<'_>, control: &Control<'_>) -> Result<Stages, MatchingError> {
    let (makers, mut left_out) = judged::candidates(rules);
    let groups = groups(rules, makers);
    let alone = Control { threads: 1, cancel: control.cancel, progress: None };
    let solved = threads::spread(&groups, threads::count(control.threads), |_, (makers, of)| {
        solved(rules, (makers, of), &alone)
    });
    let mut plan: Option<Staged> = None;
    for one in solved {
        let (found, dropped) = one?;
        left_out.extend(dropped.into_iter().map(|offer| (offer, WhyNoStage::TooMany)));
        plan = match (plan, found) {
            (Some(plan), Some(found)) => Some(plan.with(found)),
            (plan, found) => plan.or(found),
        };
    }
    if let Some(plan) = &mut plan {
        plan.chains.sort_by_key(|chain| (Reverse(chain.units), chain.legs.first().map(|leg| leg.offer)));
    }
    left_out.sort_unstable();
    Ok(Stages { left_out, plan })
}

/// Makers by parts of the market that have nothing to do with each other, with the products of each.
fn groups(rules: &Rules<'_>, makers: BTreeSet<OfferId>) -> Vec<(BTreeSet<OfferId>, BTreeSet<ProductCode>)> {
    let mut known: BTreeMap<[&ProductCode; 2], BTreeSet<ProductCode>> = BTreeMap::new();
    let mut groups: Vec<(BTreeSet<OfferId>, BTreeSet<ProductCode>)> = Vec::new();
    for offer in makers.iter().filter_map(|id| rules.market.offer(*id)) {
        let Some(input) = offer.terms.missing_inputs.first() else { continue };
        let both = [&offer.terms.product, &input.product];
        let of = known.entry(both).or_insert_with(|| products(rules, &both.map(Clone::clone)));
        let mut joined = (BTreeSet::from([offer.id]), of.clone());
        groups.retain_mut(|(makers, products)| {
            let apart = products.is_disjoint(&joined.1);
            if !apart {
                joined.0.append(makers);
                joined.1.append(products);
            }
            apart
        });
        groups.push(joined);
    }
    groups
}

type Solved = (Option<Staged>, Vec<OfferId>);

/// Solves one part, and says which makers were too many for it.
fn solved(
    rules: &Rules<'_>,
    (makers, of): (&BTreeSet<OfferId>, &BTreeSet<ProductCode>),
    control: &Control<'_>,
) -> Result<Solved, MatchingError> {
    let products: Vec<ProductCode> = of.iter().cloned().collect();
    let part = related_to(rules, &products);
    let rules = &Rules { market: &part, ..*rules };
    let (judged, dropped) = judged::judged_market(rules, makers.clone(), control)?;
    let judged_rules = Rules { market: &judged.market, ..*rules };
    let Some(plan) = plan::Plan::of(&judged_rules, &judged, control)? else { return Ok((None, dropped)) };
    let alone = allocate(rules, control)?;
    let (scale, one_ratio, relaxed) = relaxed(&plan, control)?;
    let solves = MOST_PAIRS / plan.pairs.pairs.len().max(1);
    let mut whole = plan.improved(&relaxed, solves.min(MOST_TRIES), control.cancel)?;
    let mut trims = 0;
    let (market, outcome) = loop {
        let market = resolve::market(rules, &plan, &whole);
        let outcome = allocate(&Rules { market: &market, ..*rules }, control)?;
        let used = resolve::used(&plan, &whole, &outcome);
        if used == whole.made || trims == MOST_TRIMS {
            break (market, outcome);
        }
        trims += 1;
        whole = plan.whole(used, control.cancel)?;
    };
    // By rules that the plan does not know, smallest orders above all, it can come to less than nothing made.
    let is_worse = answer::uncovered(&outcome) > answer::uncovered(&alone);
    let (market, outcome, chains) = match is_worse {
        true => (part.clone(), alone.clone(), Vec::new()),
        false => {
            let chains = answer::chains(&plan, &whole, &outcome);
            (market, outcome, chains)
        }
    };
    let left = answer::uncovered(&outcome);
    let bounds = bound::bounds(&plan, &scale, (&relaxed, left), solves, control.cancel)?;
    let tiers = answer::tiers(answer::uncovered(&alone), left, bounds);
    Ok((Some(Staged { parts: vec![(market, outcome)], tiers, chains, one_ratio }), dropped))
}

/// The flow with conversion factors, in units as fine as its numbers allow: coarser ones are a bound as well.
fn relaxed(
    plan: &plan::Plan<'_>,
    control: &Control<'_>,
) -> Result<(scale::Scale, bool, network::Flows), MatchingError> {
    let mut parts = scale::MOST_PARTS;
    loop {
        let (scale, one_ratio) = scale::Scale::of(plan, parts);
        if !scale.tells_units() && parts > 1 {
            parts /= 100;
            continue;
        }
        match network::solved(plan, network::Mode::Joint(&scale, &network::TIERS), control.cancel) {
            Err(MatchingError::Network(_)) if parts > 1 => parts /= 100,
            found => return Ok((scale, one_ratio, found?)),
        }
    }
}
