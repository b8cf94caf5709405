//! The independent checker: it rebuilds the flow network of a result from the market with code of
//! its own and shares with the engine only the domain's predicates and curves, the names of the
//! levels and the three formulas of their points.
//!
//! It judges every offer for every instalment again, adds up every balance, and holds each arc
//! against the potentials of each level: an arc whose reduced cost is above zero carries nothing,
//! one below zero is full, and either is fixed for the levels after. That proves each flow level
//! optimal given the ones before. Fair shares are proved by their cuts. What is not proved by what a
//! result carries is checked for its arithmetic alone: the bound of the order rules, that of a cost
//! level with a price per delivery, and that of a level at which a limit ended the run.

mod audit;
mod cuts;
mod facts;
mod ledger;
mod network;
mod reports;
mod shares;
mod shortest;

use domain::eligibility::Rules;

use crate::{outcome::Outcome, proof, threads};
use audit::Audit;
use facts::Facts;

/// Checks a result against the market it claims to come from; the error says what is wrong first.
pub fn verify(rules: &Rules<'_>, outcome: &Outcome) -> Result<(), String> {
    if outcome.day != rules.market.day {
        return Err(format!("the result is of {}, the market of {}", outcome.day, rules.market.day));
    }
    let (hash, checked) = threads::both(threads::count(0), || proof::hash(rules, outcome), || check(rules, outcome));
    if hash != outcome.proof.hash {
        return Err("the hash does not fit the market, the parameters and the result".to_owned());
    }
    checked
}

/// Everything but the hash.
fn check(rules: &Rules<'_>, outcome: &Outcome) -> Result<(), String> {
    let facts = Facts::gather(rules, outcome)?;
    facts.ledger_holds()?;
    let groups = facts.groups(outcome)?;
    let mut audit = Audit::new(outcome)?;
    facts.each_arc(&groups, &mut audit)?;
    let Audit { cuts, place, places, .. } = &mut audit;
    // A node has a potential for each level that is proved.
    let proved = |node: usize| outcome.proof.potentials[node].values.len();
    cuts.hold(&facts, &groups, places, (|label| place.get(&label).copied(), proved))?;
    audit.shortest.hold(&outcome.proof.potentials, |node| audit.cuts.root(node))?;
    facts.levels_add_up(outcome, &audit)?;
    facts.shortages_add_up(outcome)?;
    facts.figures_add_up(outcome)
}
