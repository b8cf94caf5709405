//! What rows of the same grades in the same region have in common: most stand together, so that it is asked once for many.

use domain::geo::Precision;

use super::{
    asking::{Asking, Shelf},
    verdict::Verdict,
};
use crate::{intern::NONE, places::COARSE, shard::Traits};

/// Answers that hold for the rows of some grades in a region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locality {
    /// Where it is; none where nobody knows.
    pub(crate) region: u32,
    grades: u32,
    /// How the grades stand.
    pub(crate) stand: Verdict,
    /// Whether the buyer takes goods from there, as strangers know the place, and as it is.
    pub(crate) taken_from: bool,
    pub(crate) taken_from_exactly: bool,
    /// The country that goods leave, and what border rules say of an offer without authorisations.
    pub(crate) country: u32,
    pub(crate) border: Verdict,
    /// Kilometres from the region, as strangers know it, and as it is.
    pub(crate) km: Option<u32>,
    pub(crate) km_exactly: Option<u32>,
}

impl Locality {
    /// Of a row that lies in a region.
    pub(crate) fn new<'q>(asking: &Asking<'q, '_>, shelf: &Shelf<'q>, traits: &Traits, region: u32) -> Self {
        let (coarse, country) = (asking.index.regions.at_level(region, COARSE), asking.country_of(traits, region));
        Self {
            region,
            grades: traits.grades,
            stand: asking.stand(shelf, traits),
            taken_from: asking.is_taken_from(region, Precision::Region),
            taken_from_exactly: asking.is_taken_from(region, Precision::Exact),
            country,
            border: asking.border(shelf, country),
            km: asking.km_of(coarse),
            km_exactly: asking.km_of(region),
        }
    }

    /// Whether it holds for a row that lies in a region. Where none is known the country is that of the owner.
    #[inline]
    pub(crate) fn holds(&self, traits: &Traits, region: u32) -> bool {
        self.region == region && self.grades == traits.grades && region != NONE
    }
}
