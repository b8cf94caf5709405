//! Whose covered shares are held against each other.

use crate::{eligibility::Rules, need::Need, parameters::FairnessGroup};

impl Rules<'_> {
    /// The fairness group of a need among the needs of its tier and product: the NUTS 2 region of
    /// delivery (the coarser one where no finer is known, else the buyer's country), the buyer's id, or
    /// the need's id.
    pub fn fairness_group(&self, need: &Need, by: FairnessGroup) -> String {
        match by {
            FairnessGroup::Region => {
                let site = self.market.sites.get(&need.site);
                let region = site.and_then(|s| self.regions.at_level(s.region.as_ref()?, 2));
                let country =
                    || self.market.organisations.get(&need.organisation).map(|o| o.country.as_str().to_owned());
                region.map(|r| r.code.as_str().to_owned()).or_else(country).unwrap_or_default()
            }
            FairnessGroup::Organisation => need.organisation.to_string(),
            FairnessGroup::Need => need.id.to_string(),
        }
    }
}
