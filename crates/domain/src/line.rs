//! Production lines whose time several offers share.

use serde::{Deserialize, Serialize};

use crate::{
    capacity::{CapacityKind, CapacityProfile, SupplyCurve},
    ids::{LineId, SiteId},
};

/// A line: its output bounds that of its offers together, period by period, and cannot be stored.
/// All its offers count in one base unit, at one yield; other lines are not modelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// Where it stands.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// What it can put out over time, whatever the product; its stock is 0.
    pub profile: CapacityProfile,
}

impl Line {
    /// The code of the base unit that it counts in.
    pub fn unit(&self) -> &str {
        self.profile.stock.unit.as_str()
    }

    /// Its output by each day.
    pub fn curve(&self, kind: CapacityKind) -> SupplyCurve {
        self.profile.curve(kind)
    }
}
