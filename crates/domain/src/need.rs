//! Needs: what a site lacks, in instalments.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    certificate::CertificateStatus,
    code::{CertificateKindCode, GradeCode, ProductCode, RegionCode},
    feature::Requirement,
    ids::{InstalmentId, NeedId, OrganisationId, SiteId},
    matches::ClosingReason,
    offer::Transfer,
    organisation::Verification,
    price::Price,
    quantity::Measure,
    time::Day,
    urgency,
};

mod check;
mod input;

pub use check::implausible;

pub use input::{InstalmentInput, NeedInput, RequirementInput};

/// The largest number of suppliers that an instalment can be limited to; more is no limit in practice.
pub const MOST_SUPPLIERS: u16 = 1_000;

/// How far ahead a due date may lie; three years.
pub const MOST_DAYS_AHEAD: i32 = 1_096;

/// How urgent a need is; a lower tier comes first, whatever the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Tier 1; counts only once granted, else as tier 2.
    Critical,
    /// Tier 2.
    High,
    /// Tier 3.
    Normal,
    /// Tier 4.
    Low,
}

impl Urgency {
    /// All tiers, most urgent first.
    pub const ALL: [Urgency; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|u| u.as_str() == name)
    }

    /// 1 for critical to 4 for low.
    pub fn tier(self) -> u8 {
        match self {
            Self::Critical => 1,
            Self::High => 2,
            Self::Normal => 3,
            Self::Low => 4,
        }
    }
}

/// A substitution the buyer opted into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Substitution {
    /// The product that may stand in; the need's own for another grade of it.
    pub product: ProductCode,
    /// Its grade; any where `None`.
    pub grade: Option<GradeCode>,
}

/// What lies at a buyer's site, and what it uses up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSupply {
    /// What lay there.
    pub stock: Measure,
    /// At the start of which day.
    pub as_of: Day,
    /// What is used up in a day, weekends among them; above zero.
    pub daily_use: Measure,
}

impl SiteSupply {
    /// What is left on a day in base units: the stock less what was used since it was counted, and not below 0.
    pub fn left(&self, on: Day) -> i64 {
        let days = i128::from(on.since(self.as_of).max(0));
        let left = i128::from(self.stock.quantity.units()) - days * i128::from(self.daily_use.quantity.units());
        i64::try_from(left.max(0)).unwrap_or(i64::MAX)
    }

    /// How many whole days what is left on a day lasts: `floor(stock / daily use)` less the days since the stock was
    /// counted, and not below 0.
    pub fn days_left(&self, on: Day) -> i64 {
        let lasts = self.stock.quantity.units().checked_div(self.daily_use.quantity.units()).unwrap_or(0);
        (lasts - i64::from(on.since(self.as_of)).max(0)).max(0)
    }
}

/// What is needed; every check of [`NeedInput::check`] passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedTerms {
    /// The product.
    pub product: ProductCode,
    /// Accepted grades, any of which will do; every grade where empty.
    pub grades: Vec<GradeCode>,
    /// Substitutions opted into.
    pub substitutions: Vec<Substitution>,
    /// Features required or preferred.
    pub requirements: Vec<Requirement>,
    /// Certificates demanded, all of them.
    pub certificates: Vec<CertificateKindCode>,
    /// Whether pending certificates will do.
    pub accept_pending: bool,
    /// How far demanded certificates must have been checked.
    pub certificate_status: CertificateStatus,
    /// Who must have vouched for the supplier.
    pub verification: Verification,
    /// How goods may change hands; never empty.
    pub transfers: BTreeSet<Transfer>,
    /// The most it may cost, per base unit.
    pub price_cap: Option<Price>,
    /// Where it may come from; anywhere when empty.
    pub regions: Vec<RegionCode>,
    /// How far it may come, in kilometres.
    pub max_distance_km: Option<u32>,
    /// Of how many suppliers at most an instalment may come, 1 to [`MOST_SUPPLIERS`]; of any number where
    /// `None`. An organisation counts once, whatever it offers, and so does one that holds a match already.
    #[serde(default)]
    pub max_suppliers: Option<u16>,
    /// How urgent the buyer says it is.
    pub urgency: Urgency,
    /// What lies at the buyer's site and what it uses up, where he states both. Left out of the JSON otherwise, so that
    /// terms and snapshots of before keep their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply: Option<SiteSupply>,
    /// What the buyer adds in words.
    pub note: String,
}

impl NeedTerms {
    /// The terms of a need that asks for a product and for nothing else, as [`NeedInput::check`] reads one.
    pub fn plain(product: ProductCode) -> Self {
        Self {
            product,
            grades: Vec::new(),
            substitutions: Vec::new(),
            requirements: Vec::new(),
            certificates: Vec::new(),
            accept_pending: false,
            certificate_status: CertificateStatus::Claimed,
            verification: Verification::None,
            transfers: BTreeSet::from([Transfer::Sale, Transfer::Donation]),
            price_cap: None,
            regions: Vec::new(),
            max_distance_km: None,
            max_suppliers: None,
            urgency: Urgency::Normal,
            supply: None,
            note: String::new(),
        }
    }
}

/// A quantity of a need due on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// Its id.
    pub id: InstalmentId,
    /// How much.
    pub measure: Measure,
    /// By when, at the end of that day.
    pub due: Day,
    /// The one size it must be, where the product has sizes.
    pub size: Option<String>,
}

/// Where a need stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedState {
    /// Not yet in the market.
    Draft,
    /// In the market.
    Open,
    /// Agreed matches cover it: read from them, and never stored.
    Covered,
    /// Ended by its owner.
    Closed,
    /// Its last due date is over.
    Expired,
}

impl NeedState {
    /// All of them.
    pub const ALL: [NeedState; 5] = [Self::Draft, Self::Open, Self::Covered, Self::Closed, Self::Expired];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Covered => "covered",
            Self::Closed => "closed",
            Self::Expired => "expired",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether a need may go from this state to another. A covered need reopens when goods fail.
    pub fn may_become(self, next: NeedState) -> bool {
        matches!(
            (self, next),
            (Self::Draft | Self::Covered, Self::Open)
                | (Self::Open, Self::Covered | Self::Expired)
                | (Self::Draft | Self::Open | Self::Covered, Self::Closed)
        )
    }
}

/// A need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Its id.
    pub id: NeedId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Where it must arrive.
    pub site: SiteId,
    /// What is needed.
    pub terms: NeedTerms,
    /// How much, by when; never empty.
    pub instalments: Vec<Instalment>,
    /// Where it stands.
    pub state: NeedState,
    /// Whether an authorised body granted tier 1.
    pub urgency_granted: bool,
    /// Why it waits for a reviewer, if it does.
    pub quarantine: Option<String>,
    /// Why its owner closed it, if he did. Left out of the JSON otherwise, so that snapshots of before keep their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<ClosingReason>,
}

impl Need {
    /// Whether another says the same of the same site, so that both are one if they come at once.
    pub fn repeats(&self, other: &Self) -> bool {
        let said = |need: &Self| -> Vec<(Measure, Day, Option<String>)> {
            need.instalments.iter().map(|i| (i.measure.clone(), i.due, i.size.clone())).collect()
        };
        self.site == other.site && self.terms == other.terms && said(self) == said(other)
    }

    /// The tier it ranks at on a day: tier 1 only once granted, or where stock and daily use prove it.
    pub fn tier(&self, on: Day) -> u8 {
        let terms = &self.terms;
        tier((terms.urgency, self.urgency_granted), (terms.supply.as_ref(), self.last_due()), on)
    }

    /// The day on which its last instalment is due.
    pub fn last_due(&self) -> Option<Day> {
        self.instalments.iter().map(|instalment| instalment.due).max()
    }

    /// As it stands on a day: expired once its last due day is over, unless it is covered.
    pub fn standing(mut self, on: Day) -> Self {
        if self.state.may_become(NeedState::Expired) && self.last_due().is_some_and(|last| last < on) {
            self.state = NeedState::Expired;
        }
        self
    }

    /// As it stands where matches that are agreed or delivered cover every instalment.
    pub fn covered(mut self) -> Self {
        if self.state.may_become(NeedState::Covered) {
            self.state = NeedState::Covered;
        }
        self
    }

    /// Whether a run should try to cover it.
    pub fn is_matchable(&self) -> bool {
        self.state == NeedState::Open && self.quarantine.is_none()
    }

    /// The highest verdict the buyer opted into for a product and grade, besides `satisfies`.
    pub fn opted_in(&self, product: &ProductCode, grade: Option<&GradeCode>) -> bool {
        self.terms
            .substitutions
            .iter()
            .any(|s| s.product == *product && (s.grade.is_none() || s.grade.as_ref() == grade))
    }
}

/// The tier that an urgency ranks at on a day: tier 1 only once granted, or where what lies at the site, its daily use and
/// the last due day prove it.
pub fn tier((stated, granted): (Urgency, bool), (supply, last_due): (Option<&SiteSupply>, Option<Day>), on: Day) -> u8 {
    // For all that is asked for.
    let proof = |supply: &SiteSupply| {
        let (left, used) = (supply.left(on), supply.daily_use.quantity.units());
        last_due.is_some_and(|due| urgency::derived(left, used, due, on))
    };
    match stated {
        Urgency::Critical if !granted && !supply.is_some_and(proof) => Urgency::High.tier(),
        Urgency::Critical | Urgency::High | Urgency::Normal | Urgency::Low => stated.tier(),
    }
}

/// The quantities of a checked need, before they have ids.
pub type CheckedInstalments = Vec<(Measure, Day, Option<String>)>;
