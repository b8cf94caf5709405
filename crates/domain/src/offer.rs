//! Offers: one site's capacity for one product.

use std::{borrow::Cow, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    capacity::CapacityProfile,
    certificate::Certificate,
    code::{FeatureCode, GradeCode, ProductCode, RegionCode},
    disclosure::Disclosure,
    feature::FeatureValue,
    ids::{LineId, OfferId, OrganisationId, SiteId},
    price::Price,
    quantity::Measure,
    time::Day,
};

mod check;
mod input;
mod line;
mod missing;
mod weeks;

pub use check::implausible;

pub use input::{
    CalendarInput, CertificateInput, ConversionInput, DerogationInput, FeatureInput, OfferInput, PriceInput, RateInput,
    Reference, WeekInput,
};
pub use line::{LineInput, OLDEST_DAYS};
pub use missing::{MissingInput, MissingInputInput, When};

/// Whether the offering organisation makes the goods or trades them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It makes them.
    Maker,
    /// It has them from somebody else.
    Trader,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 2] = [Self::Maker, Self::Trader];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Trader => "trader",
        }
    }
}

/// How goods change hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// For money.
    Sale,
    /// For nothing.
    Donation,
    /// For a time.
    Loan,
}

impl Transfer {
    /// All of them.
    pub const ALL: [Transfer; 3] = [Self::Sale, Self::Donation, Self::Loan];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Donation => "donation",
            Self::Loan => "loan",
        }
    }
}

/// Whom an owner lets be matched with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Every buyer.
    Market,
    /// Members of a cluster the owner belongs to, and authorities.
    Clusters,
    /// Authorities only.
    Authorities,
}

impl Visibility {
    /// All of them, widest first.
    pub const ALL: [Visibility; 3] = [Self::Market, Self::Clusters, Self::Authorities];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Clusters => "clusters",
            Self::Authorities => "authorities",
        }
    }
}

/// What is offered; every check of [`OfferInput::check`] passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferTerms {
    /// The product.
    pub product: ProductCode,
    /// The grades the goods hold.
    pub grades: Vec<GradeCode>,
    /// Stated features, by code.
    pub features: Vec<(FeatureCode, FeatureValue)>,
    /// What is made over time, and what lies ready.
    pub profile: CapacityProfile,
    /// The line whose time it shares with other offers.
    pub line: Option<LineId>,
    /// The smallest order it takes, on the sum for one buyer and delivery site.
    pub min_order: Option<Measure>,
    /// Days from an order to goods that were not in stock.
    pub lead_days: u16,
    /// The farthest it delivers, in kilometres.
    pub max_distance_km: Option<u32>,
    /// Where it delivers; everywhere when empty.
    pub regions: Vec<RegionCode>,
    /// Border rules it holds an authorisation under, by code.
    pub authorisations: BTreeSet<String>,
    /// Certificates of the goods.
    pub certificates: Vec<Certificate>,
    /// How it can change hands; never empty.
    pub transfers: BTreeSet<Transfer>,
    /// The price of a sale, per base unit.
    pub price: Option<Price>,
    /// Maker or trader.
    pub role: Role,
    /// Whom it may be matched with.
    pub visibility: Visibility,
    /// What its output lacks: without others who bring it, only what lies ready can be had. Left out of the JSON where
    /// nothing is missing, so that terms and snapshots of before keep their bytes and hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_inputs: Vec<MissingInput>,
    /// What it shows to whom beyond the default. Left out of the JSON where it says nothing, so that terms and
    /// snapshots of before keep their bytes and hashes.
    #[serde(default, skip_serializing_if = "Disclosure::is_default")]
    pub disclosure: Disclosure,
    /// What the owner adds in words.
    pub note: String,
}

impl OfferTerms {
    /// Whether its output lacks something that others would have to bring.
    pub fn is_incomplete(&self) -> bool {
        !self.missing_inputs.is_empty()
    }

    /// The profile of what can be had of this offer alone: of what lacks something, only what lies ready.
    pub fn ready_profile(&self) -> Cow<'_, CapacityProfile> {
        let mut profile = Cow::Borrowed(&self.profile);
        if self.is_incomplete() {
            let ready = profile.to_mut();
            (ready.running, ready.maximum, ready.convertible) = (None, None, None);
            ready.weeks.clear();
        }
        profile
    }

    /// The stated value of a feature.
    pub fn feature(&self, code: &FeatureCode) -> Option<&FeatureValue> {
        self.features.iter().find(|(c, _)| c == code).map(|(_, v)| v)
    }
}

/// Where an offer stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    /// Not yet in the market.
    Draft,
    /// In the market.
    Published,
    /// Taken out for a while by its owner.
    Paused,
    /// Taken out for good by its owner.
    Withdrawn,
    /// Its window is over.
    Expired,
}

impl OfferState {
    /// All of them.
    pub const ALL: [OfferState; 5] = [Self::Draft, Self::Published, Self::Paused, Self::Withdrawn, Self::Expired];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Paused => "paused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether an offer may go from this state to another.
    pub fn may_become(self, next: OfferState) -> bool {
        matches!(
            (self, next),
            (Self::Draft | Self::Paused, Self::Published)
                | (Self::Draft | Self::Published | Self::Paused, Self::Withdrawn)
                | (Self::Published, Self::Paused)
                | (Self::Published | Self::Paused, Self::Expired)
        )
    }
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Where it is made.
    pub site: SiteId,
    /// What is offered.
    pub terms: OfferTerms,
    /// Where it stands.
    pub state: OfferState,
    /// The day its figures stop being fresh; past it the offer is stale by the clock.
    pub confirm_by: Day,
    /// Unconfirmed for so long that it is out of the market.
    pub suspended: bool,
    /// Why it waits for a reviewer, if it does.
    pub quarantine: Option<String>,
}

impl Offer {
    /// Whether another says the same of the same site, so that both are one if they come at once.
    pub fn repeats(&self, other: &Self) -> bool {
        let said = |terms: &OfferTerms| {
            let mut terms = terms.clone();
            terms.certificates.iter_mut().for_each(|certificate| certificate.id = None);
            terms
        };
        self.site == other.site && said(&self.terms) == said(&other.terms)
    }

    /// Whether its figures are no longer fresh on a day.
    pub fn is_stale(&self, on: Day) -> bool {
        self.confirm_by < on
    }

    /// Whether others may know of it on a day: published, fresh enough, reviewed.
    pub fn in_market(&self, on: Day) -> bool {
        let published = match self.state {
            OfferState::Published => true,
            OfferState::Draft | OfferState::Paused | OfferState::Withdrawn | OfferState::Expired => false,
        };
        published && !self.is_over(on) && !self.suspended && self.quarantine.is_none()
    }

    /// Whether its window is over on a day.
    pub fn is_over(&self, on: Day) -> bool {
        self.state == OfferState::Expired || self.terms.profile.until.is_some_and(|u| u < on)
    }
}
