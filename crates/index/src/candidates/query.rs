//! Questions about who may serve a need.

use std::collections::BTreeSet;

use domain::{
    catalogue::Catalogue,
    ids::{InstalmentId, OfferId},
    need::Need,
    organisation::{Organisation, Site},
    parameters::Parameters,
    region::RegionTable,
    time::Day,
};

/// Who may serve a need that exists, or one that is only described under an id made up for it.
#[derive(Debug, Clone, Copy)]
pub struct CandidateQuery<'q> {
    /// The need, whatever its state.
    pub need: &'q Need,
    /// Whose it is.
    pub organisation: &'q Organisation,
    /// Where it must arrive.
    pub site: &'q Site,
    /// Which of its instalments.
    pub which: Which,
    /// The day of the decision.
    pub day: Day,
    /// What counts and what things cost; predicates that they leave out are left out.
    pub parameters: &'q Parameters,
    /// The catalogue that the index was built over.
    pub catalogue: &'q Catalogue,
    /// The regions that it was built over.
    pub regions: &'q RegionTable,
    /// What the buyer's site asks for in all needs that one offer might serve together, this one included, in base units:
    /// what smallest orders are held against.
    pub site_demand: i64,
    /// Offers that this need refused, or whose owners refused it.
    pub refused: &'q BTreeSet<OfferId>,
    /// How many offers are told of each instalment at most.
    pub top: usize,
    /// How many near misses are told of each predicate at most.
    pub near: usize,
    /// What the reader sees of offers that fit.
    pub fitting: Fitting,
}

/// Which instalments of a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Each of them.
    All,
    /// This one.
    One(InstalmentId),
}

/// What a reader sees of offers that fit and of which he sees no rows otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fitting {
    /// No more than he sees without the need.
    #[default]
    AsSeen,
    /// Their nameless rows: it is his own need, open and reviewed.
    Nameless,
}
