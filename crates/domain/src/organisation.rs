//! Organisations and their sites.

use serde::{Deserialize, Serialize};

use crate::{
    code::{CountryCode, RegionCode},
    geo::{Point, Precision},
    ids::{OrganisationId, SiteId},
};

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// A manufacturer, lab, haulier or trader.
    Firm,
    /// A cluster organisation.
    Cluster,
    /// A hospital, agency or government.
    Authority,
    /// Whoever runs another portal, and writes for organisations that mandate it.
    Portal,
}

impl OrganisationKind {
    /// All of them.
    pub const ALL: [OrganisationKind; 4] = [Self::Firm, Self::Cluster, Self::Authority, Self::Portal];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firm => "firm",
            Self::Cluster => "cluster",
            Self::Authority => "authority",
            Self::Portal => "portal",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }
}

/// Who vouched for an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Nobody yet.
    #[default]
    None,
    /// A verified cluster it is a member of.
    Cluster,
    /// The operator.
    Operator,
}

impl Verification {
    /// All of them, weakest first.
    pub const ALL: [Verification; 3] = [Self::None, Self::Cluster, Self::Operator];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cluster => "cluster",
            Self::Operator => "operator",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == name)
    }
}

/// How the region of a site was found, the most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionFrom {
    /// Somebody wrote it, by hand or in a file.
    #[default]
    Stated,
    /// From the postcode, by a table that the operator loaded.
    Postcode,
    /// From the coordinates, by boundaries that the operator loaded.
    Coordinates,
}

impl RegionFrom {
    /// All of them.
    pub const ALL: [RegionFrom; 3] = [Self::Stated, Self::Postcode, Self::Coordinates];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Postcode => "postcode",
            Self::Coordinates => "coordinates",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == name)
    }
}

/// An organisation, as far as matching needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Firm, cluster or authority.
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// Its country.
    pub country: CountryCode,
    /// Who vouched for it.
    pub verification: Verification,
    /// The clusters it is an active member of, sorted.
    pub clusters: Vec<OrganisationId>,
}

/// A site of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// Its region, as finely as known; `None` when not even the country is.
    pub region: Option<RegionCode>,
    /// How its region was found; says nothing where there is none. Not part of a market's snapshot: no rule of
    /// matching asks for it, and snapshots of before keep their hashes.
    #[serde(skip)]
    pub region_from: RegionFrom,
    /// Its stated point; never filled from a region.
    pub point: Option<Point>,
    /// IANA zone name its days are counted in.
    pub zone: String,
}

impl Site {
    /// How exactly its place is known.
    pub fn precision(&self) -> Precision {
        match (&self.point, &self.region) {
            (Some(_), _) => Precision::Exact,
            (None, Some(_)) => Precision::Region,
            (None, None) => Precision::Unknown,
        }
    }
}
