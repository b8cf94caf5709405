//! The catalogue and the regions in memory: loaded from the database at start, one value for all.

use domain::{
    catalogue::{Catalogue, CatalogueParts},
    region::{Country, Region, RegionTable, Retired},
};
use serde::{Deserialize, Serialize};

use crate::error::{AppError, AppResult};

/// What requests and runs are checked against. Runs store it with what they saw.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tables {
    /// Products, grades, units, rules.
    pub catalogue: Catalogue,
    /// Regions and countries.
    pub regions: RegionTable,
}

impl Tables {
    /// Indexes the lists. The error names the row whose reference does not hold.
    pub fn new(
        catalogue: CatalogueParts,
        countries: Vec<Country>,
        regions: Vec<Region>,
        retired: Vec<Retired>,
    ) -> AppResult<Self> {
        Ok(Self {
            catalogue: Catalogue::new(catalogue).map_err(AppError::internal)?,
            regions: RegionTable::new(countries, regions, retired).map_err(AppError::internal)?,
        })
    }
}
