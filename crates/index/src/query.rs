//! Questions about capacity.

use std::collections::BTreeSet;

use domain::{
    certificate::CertificateStatus,
    code::{CertificateKindCode, GradeCode, ProductCode, RegionCode},
    feature::Requirement,
    geo::Point,
    ids::OrganisationId,
    offer::Transfer,
    organisation::Verification,
};

use crate::weeks::Weeks;

/// How much there is. Filters are joined by "and"; one that is absent or empty lets everything pass.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityQuery {
    /// The weeks, and the day it is asked about.
    pub weeks: Weeks,
    /// These products; a family is resolved to its products before.
    pub products: Option<BTreeSet<ProductCode>>,
    /// Offers that hold any of these grades; "at least" is resolved by the catalogue's relations before.
    pub grades: Option<BTreeSet<GradeCode>>,
    /// Beside them offers of a product that hold a grade, or any or none where none is named.
    pub substitutes: BTreeSet<(ProductCode, Option<GradeCode>)>,
    /// Offers that have any of these by the end of the period; all where empty.
    pub levels: BTreeSet<Level>,
    /// Offers that meet all of these, preferred or required.
    pub features: Vec<Requirement>,
    /// Sites in any of these regions. One that is finer than NUTS 2 finds no offer whose place is shown as NUTS 2.
    pub regions: Option<BTreeSet<RegionCode>>,
    /// Sites within a distance of a point.
    pub near: Option<Near>,
    /// Offers of members of any of these clusters, where the reader knows whose they are.
    pub clusters: Option<BTreeSet<OrganisationId>>,
    /// Whether only certified offers count.
    pub certified: Certified,
    /// Certificates demanded by kind.
    pub papers: Option<PaperDemand>,
    /// Who vouches for the owner, at least.
    pub verification: Verification,
    /// Whether stale figures count.
    pub freshness: Freshness,
    /// Offers whose smallest order is at most so many base units.
    pub min_order_at_most: Option<i64>,
    /// Offers whose lead time is at most so many days.
    pub lead_days_at_most: Option<u16>,
    /// Offers that change hands in any of these ways.
    pub transfers: BTreeSet<Transfer>,
    /// What the rows of the answer are; one row for each base unit where it is empty.
    pub group_by: BTreeSet<Group>,
}

/// What an offer may have capacity of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What runs, or lies in stock.
    Running,
    /// The same at full stretch.
    Maximum,
    /// What a conversion could add, decided on the day it is asked about.
    Convertible,
}

/// A circle on the globe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    /// Its middle.
    pub point: Point,
    /// Whole kilometres from there, by [`Point::distance_km`]. Measured from the exact place where the reader may see it,
    /// and from the point of the NUTS 2 region elsewhere.
    pub km: u32,
}

/// Whether only certified offers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certified {
    /// All of them.
    #[default]
    Any,
    /// Those with at least one certificate that is checked or confirmed and holds on the day it is asked about.
    Checked,
}

/// Whether stale figures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Freshness {
    /// They do.
    #[default]
    Any,
    /// They do not: the day of confirmation by the clock and the market's mode is not over.
    FreshOnly,
}

/// Kinds of certificates, each of which an offer must hold over the whole period, and for a grade asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperDemand {
    /// The kinds.
    pub kinds: BTreeSet<CertificateKindCode>,
    /// How far they must have been checked.
    pub least: CertificateStatus,
}

/// What rows of an answer can be told apart by. Base units are always told apart, and never added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The product.
    Product,
    /// The set of grades that an offer holds; so an offer of several grades counts once.
    Grade,
    /// The region of a level, 0 to 3, or the coarser one where the reader knows no finer; of several the finest.
    Region(u8),
    /// The cluster of the owner, where the reader knows whose it is. A member of several stands in several rows.
    Cluster,
    /// Whether the owner makes or trades the goods, where the reader knows whose they are.
    Holder,
    /// The week; without it a row has one figure for the whole period.
    Week,
}

impl CapacityQuery {
    /// Everything there is in some weeks.
    pub fn new(weeks: Weeks) -> Self {
        Self {
            weeks,
            products: None,
            grades: None,
            substitutes: BTreeSet::new(),
            levels: BTreeSet::new(),
            features: Vec::new(),
            regions: None,
            near: None,
            clusters: None,
            certified: Certified::Any,
            papers: None,
            verification: Verification::None,
            freshness: Freshness::Any,
            min_order_at_most: None,
            lead_days_at_most: None,
            transfers: BTreeSet::new(),
            group_by: BTreeSet::new(),
        }
    }

    /// The finest level of regions that rows are told apart by.
    pub(crate) fn level(&self) -> Option<usize> {
        let levels = self.group_by.iter().filter_map(|group| match group {
            Group::Region(level) => Some(usize::from(*level).min(3)),
            Group::Product | Group::Grade | Group::Cluster | Group::Holder | Group::Week => None,
        });
        levels.max()
    }
}
