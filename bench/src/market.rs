//! Random markets over the real catalogue and regions.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context, Result};
use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::Catalogue,
    certificate::CertificateStatus,
    code::RegionCode,
    disclosure::Disclosure,
    ids::{InstalmentId, NeedId, OfferId, OrganisationId, SiteId},
    market::Market,
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::RegionTable,
    time::Day,
    unit::BaseUnit,
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::Uuid;

/// How large a market is.
pub struct Size {
    pub offers: usize,
    pub needs: usize,
    pub products: usize,
    /// Goods are due on so many days, a week apart.
    pub weeks: i32,
    /// Regions that sites lie in, spread over the table; all when 0.
    pub regions: usize,
    pub seed: u64,
}

struct Draw<'a> {
    rng: ChaCha8Rng,
    market: Market,
    catalogue: &'a Catalogue,
    regions: Vec<(RegionCode, domain::code::CountryCode)>,
    size: &'a Size,
}

/// A market of random offers and needs; the same size and seed give the same market.
pub fn random(size: &Size, catalogue: &Catalogue, regions: &RegionTable) -> Result<Market> {
    let day = Day::parse("2020-04-06").map_err(anyhow::Error::msg)?;
    let all: Vec<_> = regions.all().iter().filter(|r| r.level == 2 && r.point.is_some()).collect();
    let most = if size.regions == 0 { all.len() } else { size.regions.min(all.len()) };
    let places = (0..most).map(|n| all[n * all.len() / most]);
    let mut draw = Draw {
        rng: ChaCha8Rng::seed_from_u64(size.seed),
        market: Market::new(day),
        catalogue,
        regions: places.map(|r| (r.code.clone(), r.country.clone())).collect(),
        size,
    };
    for n in 0..size.offers {
        draw.offer(n).context("an offer")?;
    }
    for n in 0..size.needs {
        draw.need(n).context("a need")?;
    }
    draw.market.sort();
    Ok(draw.market)
}

fn id(kind: u8, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 120) | n as u128)
}

fn measure(units: i64) -> Result<Measure> {
    Ok(Measure::of(Quantity::new(units).context("a quantity out of range")?, BaseUnit::Piece))
}

impl Draw<'_> {
    fn place(&mut self, n: usize) -> (OrganisationId, SiteId) {
        let (organisation, site) = (OrganisationId(id(1, n)), SiteId(id(2, n)));
        let (region, country) = self.regions[self.rng.random_range(0..self.regions.len())].clone();
        let firm = Organisation {
            id: organisation,
            kind: OrganisationKind::Firm,
            name: format!("Organisation {n}"),
            country,
            verification: Verification::Operator,
            clusters: vec![],
        };
        self.market.organisations.insert(organisation, firm);
        let name = format!("Site {n}");
        let (region, region_from, point) = (Some(region), RegionFrom::Stated, None);
        let place = Site { id: site, organisation, name, region, region_from, point, zone: "UTC".to_owned() };
        self.market.sites.insert(site, place);
        (organisation, site)
    }

    fn product(&mut self) -> domain::code::ProductCode {
        let most = self.size.products.clamp(1, self.catalogue.products().len());
        self.catalogue.products()[self.rng.random_range(0..most)].code.clone()
    }

    fn offer(&mut self, n: usize) -> Result<()> {
        let (organisation, site) = self.place(n);
        let day = self.market.day;
        let profile = CapacityProfile {
            calendar: Arc::new(WorkingCalendar::default()),
            from: day,
            until: None,
            as_of: day,
            stock: measure(self.rng.random_range(0..20_000))?,
            running: Some(Rate { measure: measure(self.rng.random_range(0..20_000))?, period: Period::Week }),
            maximum: None,
            ramp_days: 0,
            convertible: None,
            weeks: Vec::new(),
        };
        let terms = OfferTerms {
            product: self.product(),
            grades: vec![],
            features: vec![],
            profile,
            line: None,
            min_order: None,
            lead_days: self.rng.random_range(0..10),
            max_distance_km: None,
            regions: vec![],
            authorisations: BTreeSet::new(),
            certificates: vec![],
            transfers: BTreeSet::from([Transfer::Sale]),
            price: None,
            role: Role::Maker,
            visibility: Visibility::Market,
            missing_inputs: Vec::new(),
            disclosure: Disclosure::default(),
            note: String::new(),
        };
        self.market.offers.push(Offer {
            id: OfferId(id(3, n)),
            organisation,
            site,
            terms,
            state: OfferState::Published,
            confirm_by: day.plus(7),
            suspended: false,
            quarantine: None,
        });
        Ok(())
    }

    fn need(&mut self, n: usize) -> Result<()> {
        let (organisation, site) = self.place(self.size.offers + n);
        let due = self.market.day.plus(7 * self.rng.random_range(1..=self.size.weeks.max(1)));
        let terms = NeedTerms {
            product: self.product(),
            grades: vec![],
            substitutions: vec![],
            requirements: vec![],
            certificates: vec![],
            accept_pending: false,
            certificate_status: CertificateStatus::Claimed,
            verification: Verification::None,
            transfers: BTreeSet::from([Transfer::Sale]),
            price_cap: None,
            regions: vec![],
            max_distance_km: None,
            max_suppliers: None,
            urgency: Urgency::ALL[self.rng.random_range(0..4)],
            supply: None,
            note: String::new(),
        };
        let quantity = measure(self.rng.random_range(1..150_000))?;
        self.market.needs.push(Need {
            id: NeedId(id(4, n)),
            organisation,
            site,
            terms,
            instalments: vec![Instalment { id: InstalmentId(id(5, n)), measure: quantity, due, size: None }],
            state: NeedState::Open,
            urgency_granted: true,
            quarantine: None,
            closing: None,
        });
        Ok(())
    }
}
