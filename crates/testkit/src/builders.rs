//! Records to fill a market with: the plainest that pass every check, to be changed where a test cares.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    code::{CountryCode, ProductCode, RegionCode},
    disclosure::Disclosure,
    ids::{InstalmentId, LineId, NeedId, OfferId, OrganisationId, SiteId},
    line::Line,
    need::{Instalment, Need, NeedState, NeedTerms},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    time::Day,
    unit::BaseUnit,
};

use crate::ids::SeededIds;

/// Makes records with ids of one seed, around one day.
#[derive(Debug)]
pub struct Builder {
    /// Where the ids come from.
    pub ids: SeededIds,
    /// The day the records are made on.
    pub today: Day,
}

/// A day of the calendar, for tests.
///
/// # Panics
/// When the text is no day.
pub fn day(text: &str) -> Day {
    match Day::parse(text) {
        Ok(day) => day,
        Err(message) => panic!("{message}"),
    }
}

/// A quantity, for tests.
///
/// # Panics
/// When it is below 0 or above the limit.
pub fn quantity(units: i64) -> Quantity {
    match Quantity::new(units) {
        Some(quantity) => quantity,
        None => panic!("{units} is no quantity"),
    }
}

/// That many pieces.
pub fn pieces(units: i64) -> Measure {
    Measure::of(quantity(units), BaseUnit::Piece)
}

impl Builder {
    /// On 2020-04-20, a Monday.
    pub fn new(seed: u64) -> Self {
        Self { ids: SeededIds::new(seed), today: day("2020-04-20") }
    }

    /// A firm in Germany that nobody has verified.
    pub fn organisation(&self, name: &str) -> Organisation {
        Organisation {
            id: self.ids.next(OrganisationId),
            kind: OrganisationKind::Firm,
            name: name.to_owned(),
            country: CountryCode::new("DE"),
            verification: Verification::None,
            clusters: Vec::new(),
        }
    }

    /// A site in Berlin, without a point.
    pub fn site(&self, organisation: &Organisation) -> Site {
        Site {
            id: self.ids.next(SiteId),
            organisation: organisation.id,
            name: format!("{}, Berlin", organisation.name),
            region: Some(RegionCode::new("DE300")),
            region_from: RegionFrom::Stated,
            point: None,
            zone: "Europe/Berlin".to_owned(),
        }
    }

    /// A capacity of so many pieces a week from today on, with nothing in stock.
    pub fn weekly(&self, units: i64) -> CapacityProfile {
        CapacityProfile {
            calendar: Arc::new(WorkingCalendar::default()),
            from: self.today,
            until: None,
            as_of: self.today,
            stock: pieces(0),
            running: Some(Rate { measure: pieces(units), period: Period::Week }),
            maximum: None,
            ramp_days: 0,
            convertible: None,
            weeks: Vec::new(),
        }
    }

    /// A line of so many pieces a week.
    pub fn line(&self, site: &Site, units: i64) -> Line {
        Line { id: self.ids.next(LineId), site: site.id, name: "Line 1".to_owned(), profile: self.weekly(units) }
    }

    /// A published offer of so many pieces a week, for sale, fresh for 30 days.
    pub fn offer(&self, site: &Site, product: &str, units: i64) -> Offer {
        Offer {
            id: self.ids.next(OfferId),
            organisation: site.organisation,
            site: site.id,
            terms: OfferTerms {
                product: ProductCode::new(product),
                grades: Vec::new(),
                features: Vec::new(),
                profile: self.weekly(units),
                line: None,
                min_order: None,
                lead_days: 0,
                max_distance_km: None,
                regions: Vec::new(),
                authorisations: BTreeSet::new(),
                certificates: Vec::new(),
                transfers: BTreeSet::from([Transfer::Sale]),
                price: None,
                role: Role::Maker,
                visibility: Visibility::Market,
                missing_inputs: Vec::new(),
                disclosure: Disclosure::default(),
                note: String::new(),
            },
            state: OfferState::Published,
            confirm_by: self.today.plus(30),
            suspended: false,
            quarantine: None,
        }
    }

    /// An open need of so many pieces, due in four weeks, in one instalment.
    pub fn need(&self, site: &Site, product: &str, units: i64) -> Need {
        Need {
            id: self.ids.next(NeedId),
            organisation: site.organisation,
            site: site.id,
            terms: NeedTerms {
                transfers: BTreeSet::from([Transfer::Sale]),
                ..NeedTerms::plain(ProductCode::new(product))
            },
            instalments: vec![self.instalment(units, self.today.plus(28))],
            state: NeedState::Open,
            urgency_granted: false,
            quarantine: None,
            closing: None,
        }
    }

    /// So many pieces by a day.
    pub fn instalment(&self, units: i64, due: Day) -> Instalment {
        Instalment { id: self.ids.next(InstalmentId), measure: pieces(units), due, size: None }
    }
}
