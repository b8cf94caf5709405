//! Explanations: what is claimed of a counterfactual against cold runs of the whole edited market, what
//! a reader may not see against what he is told, and what each part says on markets small enough to
//! read.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod audiences;
mod chains;
mod counterfactuals;
mod markets;
mod needs;
mod pairs;
mod remedies;
mod stages;
