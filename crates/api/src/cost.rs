//! The parts of a pair's cost on the wire.

use domain::eligibility::CostTerms;
use serde::Serialize;
use utoipa::ToSchema;

/// The parts of a pair's cost, in points per base unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cost)]
pub(crate) struct CostView {
    /// Distance.
    distance: i64,
    /// A border is crossed.
    border: i64,
    /// No cluster is shared.
    cluster: i64,
    /// A substitution is used.
    substitution: i64,
    /// Nobody vouched for the supplier.
    unverified: i64,
    /// The figures are stale.
    aging: i64,
    /// Preferred features are missing.
    preference: i64,
    /// A certificate is pending.
    pending: i64,
    /// Price.
    price: i64,
    /// Their sum.
    total: i64,
}

impl CostView {
    /// The parts that are not 0, each with its name, the largest first.
    pub(crate) fn parts(&self) -> Vec<String> {
        let mut parts = [
            ("distance", self.distance),
            ("border", self.border),
            ("cluster", self.cluster),
            ("substitution", self.substitution),
            ("unverified", self.unverified),
            ("aging", self.aging),
            ("preference", self.preference),
            ("pending", self.pending),
            ("price", self.price),
        ];
        parts.sort_by_key(|(_, points)| std::cmp::Reverse(*points));
        parts.iter().filter(|(_, points)| *points != 0).map(|(name, points)| format!("{name}:{points}")).collect()
    }

    /// The terms as they are written down.
    pub(crate) fn of(c: &CostTerms) -> Self {
        Self {
            distance: c.distance,
            border: c.border,
            cluster: c.cluster,
            substitution: c.substitution,
            unverified: c.unverified,
            aging: c.aging,
            preference: c.preference,
            pending: c.pending,
            price: c.price,
            total: c.total(),
        }
    }
}
