//! What a run says to people: coverage by product, urgency and region, the largest shortages with
//! their causes, the proof. Built from the market and the outcome alone, so the same run gives the
//! same report.

use std::collections::BTreeMap;

use app::Tables;
use domain::{
    catalogue::Product, ids::InstalmentId, market::Market, parameters::Parameters, time::Day, unit::UnitMeaning,
};
use matching::{Figures, LevelReport, Outcome, Share};
use serde::Serialize;

mod amounts;
mod causes;
mod coverage;
mod explained;
mod judged;
mod lines;
mod text;

pub use causes::{ReasonCount, ShortageReport};
pub use coverage::{Coverage, ProductRow, RegionRow, Tally, UrgencyRow};
pub(crate) use explained::{Told, explained};
pub(crate) use judged::judged;
pub use lines::LineRow;
pub(crate) use text::gap;
pub use text::render;

/// Shortages a report names.
pub const MOST_SHORTAGES: usize = 20;

/// A run for people and programs.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The day it decided on.
    pub day: Day,
    /// The engine.
    pub engine: String,
    /// Key figures.
    pub figures: Figures,
    /// Who is covered, and how far.
    pub coverage: Coverage,
    /// The levels of the objective, in order.
    pub levels: Vec<LevelReport>,
    /// SHA-256 of market, parameters, result and proof.
    pub certificate: String,
    /// How often each reason kept an offer from an uncovered instalment, by code.
    pub reasons: BTreeMap<&'static str, u64>,
    /// The largest shortages of needs, most urgent first.
    pub shortages: Vec<ShortageReport>,
    /// Who should supply whom, the largest of the most urgent first.
    pub matches: Vec<LineRow>,
    /// What fairness groups are sure of and got.
    pub shares: Vec<Share>,
}

impl Report {
    /// Builds the report of a run.
    pub fn new(market: &Market, outcome: &Outcome, tables: &Tables, parameters: &Parameters) -> Self {
        let view = View { market, outcome, tables, parameters };
        let mut reasons = BTreeMap::new();
        for step in outcome.shortages.iter().flat_map(|s| &s.funnel) {
            *reasons.entry(step.reason.code()).or_insert(0) += u64::from(step.offers);
        }
        Self {
            day: outcome.day,
            engine: outcome.engine.clone(),
            figures: outcome.figures,
            coverage: coverage::of(&view),
            levels: outcome.levels.clone(),
            certificate: outcome.proof.hash.clone(),
            reasons,
            shortages: causes::largest(&view, MOST_SHORTAGES),
            matches: lines::of(&view),
            shares: outcome.shares.clone(),
        }
    }
}

/// What a report is built from.
pub(crate) struct View<'a> {
    pub(crate) market: &'a Market,
    pub(crate) outcome: &'a Outcome,
    pub(crate) tables: &'a Tables,
    pub(crate) parameters: &'a Parameters,
}

impl View<'_> {
    /// Base units that stay uncovered, by instalment.
    pub(crate) fn uncovered(&self) -> BTreeMap<InstalmentId, i64> {
        self.outcome.shortages.iter().map(|s| (s.instalment, s.uncovered)).collect()
    }

    /// The unit a product is traded in: code, name, and base units as a fraction.
    pub(crate) fn trade_unit(&self, product: &Product) -> TradeUnit {
        let unit = self.tables.catalogue.unit_table().find(&product.trade_unit);
        match unit.map(|u| (u, u.meaning)) {
            Some((unit, UnitMeaning::Fixed { numerator, denominator, .. })) => {
                TradeUnit { code: unit.code.to_string(), name: unit.name.clone(), numerator, denominator }
            }
            Some((_, UnitMeaning::Package | UnitMeaning::Period)) | None => TradeUnit {
                code: product.base_unit.unit_code().to_owned(),
                name: product.base_unit.to_string(),
                numerator: 1,
                denominator: 1,
            },
        }
    }
}

/// The unit a product is traded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TradeUnit {
    pub(crate) code: String,
    pub(crate) name: String,
    numerator: i64,
    denominator: i64,
}

impl TradeUnit {
    /// Base units in this unit, rounded to the nearest whole number, and up where it would be 0.
    pub(crate) fn of(&self, base: i64) -> i64 {
        let top = i128::from(base) * i128::from(self.denominator);
        let bottom = i128::from(self.numerator.max(1));
        let rounded = (2 * top + bottom) / (2 * bottom);
        let shown = if rounded == 0 && base > 0 { 1 } else { rounded };
        i64::try_from(shown).unwrap_or(i64::MAX)
    }
}
