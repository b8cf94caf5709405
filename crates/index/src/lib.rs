//! The market in memory, in columns: how much there is of what, where, by week, and what stays uncovered.
//!
//! An [`Index`] is filled through a [`Builder`] and kept by changes; it answers [`Index::capacity`], [`Index::facets`],
//! [`Index::shortages`], [`Index::causes`], [`Index::candidates`] and [`Index::lattice`] for a [`Reader`] on a day. It is
//! pure: it knows no clock, no database and no runtime, and equal contents give equal answers whatever way they came in.
//!
//! Offers that a reader sees one by one are summed exactly. All others enter through atoms, which say how totals of
//! competitors are told so that no combination of questions tells a single one's figures.

mod answer;
mod atoms;
mod bounds;
mod builder;
mod candidates;
mod capacity;
mod causes;
mod curve;
mod cuts;
mod dependence;
mod facets;
mod figures;
mod filter;
mod groups;
mod intern;
mod lattice;
mod memory;
mod needs;
mod network;
mod papers;
mod parties;
mod places;
mod promises;
mod query;
mod reader;
mod shard;
mod shortages;
mod shown;
mod store;
mod weeks;
mod wording;

pub use answer::{CapacityAnswer, Figures, Grades, LeftOut, Row};
pub use builder::Builder;
pub use candidates::{
    Candidate, CandidateQuery, Candidates, Change, Failed, Fitting, Funnel, InstalmentCandidates, NearMiss, SeenRow,
    Which,
};
pub use causes::{Cause, CauseQuery, Causes, FreeRegion, HeldBack};
pub use dependence::Dependence;
pub use facets::Facets;
pub use lattice::{Lattice, LatticeCell};
pub use memory::Memory;
pub use promises::Standing;
pub use query::{CapacityQuery, Certified, Freshness, Group, Level, Near, PaperDemand};
pub use reader::{Buyer, Party, Reader, Sees};
pub use shortages::{BoardRule, Colour, ShortageAnswer, ShortageQuery, ShortageRow, ShortageWeek};
pub use shown::{Bounds, Shown, ShownQuery};
pub use store::Index;
pub use weeks::{Bucket, Weeks};
