//! The collections of features.

use app::App;
use serde_json::{Value, json};

use super::{GEO_JSON, link};
use crate::problem::Problem;

/// A collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    /// Offers that the caller sees one by one.
    Offers,
    /// Capacity by product and region.
    Regions,
    /// What is short by product, region and week.
    Shortages,
}

impl Collection {
    pub(super) const ALL: [Collection; 3] = [Self::Offers, Self::Regions, Self::Shortages];

    /// Its name in addresses.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Offers => "offers",
            Self::Regions => "regions",
            Self::Shortages => "shortages",
        }
    }

    /// From its name.
    pub(super) fn parse(name: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|one| one.name() == name).ok_or_else(|| Problem::not_found("collection"))
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Offers => "Offers",
            Self::Regions => "Regions with capacity",
            Self::Shortages => "Shortages",
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Offers => {
                "Your offers, those of the members of your cluster, and to verified authorities those that they may be \
                 matched with, without names; at the exact place where its owner shows it to you, and at the point of \
                 the NUTS 2 region elsewhere. `datetime`: offers whose window is not over when it begins."
            }
            Self::Regions => {
                "What there is by product and region over a period, as GET /api/v1/capacity tells you; at the point of \
                 the region. `datetime`: the period, the coming twelve weeks where absent."
            }
            Self::Shortages => {
                "What is due, covered and short by product, region and week, as GET /api/v1/shortages tells you; at the \
                 point of the region. `datetime`: the period, the coming twelve weeks where absent."
            }
        }
    }

    /// The parameters that it takes beside those of all collections.
    pub(super) fn own_parameters(self) -> &'static [&'static str] {
        match self {
            Self::Offers => &["product"],
            Self::Regions => &["product", "grade", "region", "level"],
            Self::Shortages => &["product", "region", "level"],
        }
    }

    /// What a client is told of it.
    pub(super) fn describe(self, app: &App) -> Value {
        let path = format!("/collections/{}", self.name());
        json!({
            "id": self.name(),
            "title": self.title(),
            "description": self.about(),
            "itemType": "feature",
            "extent": { "spatial": {
                "bbox": [[-180, -90, 180, 90]],
                "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            } },
            "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
            "links": [
                link(app, &path, "self", "application/json", self.title()),
                link(app, &format!("{path}/items"), "items", GEO_JSON, self.title()),
            ],
        })
    }
}
