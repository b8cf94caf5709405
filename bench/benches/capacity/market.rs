//! A large random market, record by record: each is drawn from its own number, so that none need be kept.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::Catalogue,
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, CountryCode, GradeCode, ProductCode, RegionCode},
    disclosure::Disclosure,
    ids::{InstalmentId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    market::Commitment,
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::RegionTable,
    time::Day,
    unit::BaseUnit,
};
use index::Standing;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::Uuid;

/// How large a market is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub offers: usize,
    pub needs: usize,
    pub promises: usize,
}

impl Size {
    /// With the proportions of the largest: a need for each five offers, a promise for each three or four.
    pub fn of(offers: usize) -> Self {
        Self { offers, needs: offers / 5, promises: offers * 3 / 10 }
    }
}

/// Offers of one organisation, and needs of one buyer, on average.
const OFFERS_EACH: usize = 4;
/// Clusters of the whole market.
const CLUSTERS: usize = 200;

/// A market that can be drawn.
pub struct Market<'a> {
    pub size: Size,
    pub day: Day,
    pub catalogue: &'a Catalogue,
    pub regions: &'a RegionTable,
    /// NUTS 2 regions with their countries.
    places: Vec<(RegionCode, CountryCode)>,
    /// Products by falling share: the first has more than a sixth of all.
    products: Vec<(ProductCode, BaseUnit, Vec<GradeCode>)>,
    shares: Vec<u64>,
    kinds: Vec<CertificateKindCode>,
    calendars: [Arc<WorkingCalendar>; 3],
    needs_of: Vec<Vec<u32>>,
}

/// What a record is, for its own stream of numbers and its id.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Organisation = 1,
    Site = 2,
    Offer = 3,
    Need = 4,
    Instalment = 5,
    Promise = 7,
}

fn id(kind: Kind, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind as u8) << 120) | n as u128)
}

fn dice(kind: Kind, n: usize) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64((u64::from(kind as u8) << 56) | n as u64)
}

fn of<'l, T>(dice: &mut ChaCha8Rng, list: &'l [T]) -> &'l T {
    &list[dice.random_range(0..list.len())]
}

impl<'a> Market<'a> {
    pub fn new(size: Size, catalogue: &'a Catalogue, regions: &'a RegionTable) -> Self {
        let places = regions.all().iter().filter(|r| r.level == 2 && r.point.is_some());
        let mut grades_first: Vec<_> = catalogue.products().iter().collect();
        let grades = |code: &ProductCode| -> Vec<GradeCode> {
            let held = catalogue.parts().grades.iter().filter(|grade| grade.products.contains(code));
            held.map(|grade| grade.code.clone()).collect()
        };
        grades_first.sort_by_key(|product| (product.code.as_str() != "ffp", grades(&product.code).is_empty()));
        let products: Vec<_> = grades_first.iter().map(|p| (p.code.clone(), p.base_unit, grades(&p.code))).collect();
        // By the rank's inverse, in running sums of millionths.
        let mut sum = 0;
        let shares = (1..=products.len() as u64).map(|rank| {
            sum += 1_000_000 / rank;
            sum
        });
        let shares: Vec<u64> = shares.collect();
        let mask = |days: u8| Arc::new(WorkingCalendar::new(days, vec![]).expect("a mask of weekdays"));
        let mut market = Self {
            size,
            day: Day::parse("2020-04-06").expect("a day"),
            catalogue,
            regions,
            places: places.map(|r| (r.code.clone(), r.country.clone())).collect(),
            products,
            shares,
            kinds: catalogue.parts().certificate_kinds.iter().take(12).map(|kind| kind.code.clone()).collect(),
            calendars: [mask(0b001_1111), mask(0b011_1111), mask(0b111_1111)],
            needs_of: Vec::new(),
        };
        let mut needs_of = vec![Vec::new(); market.products.len()];
        for n in 0..size.needs {
            let product = market.product(&mut dice(Kind::Need, n));
            needs_of[product].push(u32::try_from(n).expect("fewer than 2^32 needs"));
        }
        market.needs_of = needs_of;
        market
    }

    /// Suppliers, buyers, and the clusters at the end.
    pub fn organisations(&self) -> usize {
        self.suppliers() + self.buyers() + CLUSTERS
    }

    fn suppliers(&self) -> usize {
        self.size.offers.div_ceil(OFFERS_EACH).max(1)
    }

    fn buyers(&self) -> usize {
        self.size.needs.div_ceil(OFFERS_EACH).max(1)
    }

    pub fn buyer(&self, n: usize) -> OrganisationId {
        OrganisationId(id(Kind::Organisation, self.suppliers() + n))
    }

    pub fn cluster(&self, n: usize) -> OrganisationId {
        OrganisationId(id(Kind::Organisation, self.suppliers() + self.buyers() + n % CLUSTERS))
    }

    /// The number of an organisation, and of its site.
    pub fn owner(&self, id: OrganisationId) -> usize {
        self.number(id.0)
    }

    /// The number of a record.
    pub fn number(&self, id: Uuid) -> usize {
        usize::try_from(id.as_u128() & u128::from(u64::MAX)).expect("a number")
    }

    pub fn offer_id(&self, n: usize) -> OfferId {
        OfferId(id(Kind::Offer, n))
    }

    pub fn calendars(&self) -> &[Arc<WorkingCalendar>] {
        &self.calendars
    }

    /// The number of a calendar.
    pub fn calendar(&self, calendar: &Arc<WorkingCalendar>) -> usize {
        self.calendars.iter().position(|other| Arc::ptr_eq(other, calendar)).expect("a calendar of the market")
    }

    /// The number of a kind of certificates.
    pub fn kind(&self, kind: &CertificateKindCode) -> i16 {
        let at = self.kinds.iter().position(|other| other == kind).expect("a kind of the market");
        i16::try_from(at).expect("few kinds")
    }

    fn place(&self, n: usize) -> &(RegionCode, CountryCode) {
        of(&mut dice(Kind::Site, n), &self.places)
    }

    pub fn organisation(&self, n: usize) -> Organisation {
        let mut dice = dice(Kind::Organisation, n);
        let kind = match n {
            n if n < self.suppliers() => OrganisationKind::Firm,
            n if n < self.suppliers() + self.buyers() => OrganisationKind::Authority,
            _ => OrganisationKind::Cluster,
        };
        let verification = *of(&mut dice, &[Verification::None, Verification::Cluster, Verification::Operator]);
        let mut clusters = Vec::new();
        if kind == OrganisationKind::Firm {
            for _ in 0..dice.random_range(0..3) {
                clusters.push(self.cluster(dice.random_range(0..CLUSTERS)));
            }
            clusters.sort_unstable();
            clusters.dedup();
        }
        Organisation {
            id: OrganisationId(id(Kind::Organisation, n)),
            kind,
            name: format!("Organisation {n}"),
            country: self.place(n).1.clone(),
            verification: if kind == OrganisationKind::Firm { verification } else { Verification::Operator },
            clusters,
        }
    }

    pub fn site(&self, n: usize) -> Site {
        Site {
            id: SiteId(id(Kind::Site, n)),
            organisation: OrganisationId(id(Kind::Organisation, n)),
            name: format!("Site {n}"),
            region: Some(self.place(n).0.clone()),
            region_from: RegionFrom::Stated,
            point: None,
            zone: "UTC".to_owned(),
        }
    }

    fn product(&self, dice: &mut ChaCha8Rng) -> usize {
        let whole = self.shares.last().copied().unwrap_or(1);
        let at = dice.random_range(0..whole);
        self.shares.partition_point(|sum| *sum <= at)
    }

    /// The products, the largest first.
    pub fn product_code(&self, rank: usize) -> &ProductCode {
        &self.products[rank].0
    }

    fn measure(&self, product: usize, units: i64) -> Measure {
        Measure::of(Quantity::new(units).expect("a quantity"), self.products[product].1)
    }

    fn certificates(&self, dice: &mut ChaCha8Rng) -> Vec<Certificate> {
        let count = *of(dice, &[0, 0, 1, 1, 2]);
        let one = |_| {
            let status = *of(
                dice,
                &[
                    CertificateStatus::Claimed,
                    CertificateStatus::Documented,
                    CertificateStatus::Checked,
                    CertificateStatus::Confirmed,
                ],
            );
            let mut certificate = Certificate::new(of(dice, &self.kinds).clone(), status);
            certificate.valid_until = Some(self.day.plus(dice.random_range(-100..1_000)));
            certificate
        };
        (0..count).map(one).collect()
    }

    pub fn offer(&self, n: usize) -> Offer {
        let mut dice = dice(Kind::Offer, n);
        let owner = dice.random_range(0..self.suppliers());
        let product = self.product(&mut dice);
        let running = dice.random_range(0..20_000);
        let per = *of(&mut dice, &[Period::Day, Period::Week, Period::Week, Period::Week]);
        let rate = |units| Some(Rate { measure: self.measure(product, units), period: per });
        let from = self.day.plus(dice.random_range(-60..30));
        let profile = CapacityProfile {
            calendar: Arc::clone(of(&mut dice, &self.calendars)),
            from,
            until: dice.random_bool(0.3).then(|| from.plus(dice.random_range(20..300))),
            as_of: self.day.plus(-dice.random_range(0..12)),
            stock: self.measure(product, if dice.random_bool(0.6) { dice.random_range(0..20_000) } else { 0 }),
            running: rate(running),
            maximum: dice.random_bool(0.5).then(|| rate(running + dice.random_range(0..10_000))).flatten(),
            ramp_days: if dice.random_bool(0.2) { dice.random_range(1..20) } else { 0 },
            convertible: None,
            weeks: Vec::new(),
        };
        let grades = &self.products[product].2;
        let grades = if grades.is_empty() { vec![] } else { vec![of(&mut dice, grades).clone()] };
        let terms = OfferTerms {
            product: self.products[product].0.clone(),
            grades,
            features: vec![],
            profile,
            line: None,
            min_order: dice.random_bool(0.3).then(|| self.measure(product, dice.random_range(1..5_000))),
            lead_days: dice.random_range(0..15),
            max_distance_km: dice.random_bool(0.1).then(|| dice.random_range(100..2_000)),
            regions: vec![],
            authorisations: BTreeSet::new(),
            certificates: self.certificates(&mut dice),
            transfers: BTreeSet::from([*of(&mut dice, &[Transfer::Sale, Transfer::Sale, Transfer::Donation])]),
            price: None,
            role: if dice.random_bool(0.2) { Role::Trader } else { Role::Maker },
            visibility: Visibility::Market,
            missing_inputs: Vec::new(),
            disclosure: Disclosure::default(),
            note: String::new(),
        };
        Offer {
            id: OfferId(id(Kind::Offer, n)),
            organisation: OrganisationId(id(Kind::Organisation, owner)),
            site: SiteId(id(Kind::Site, owner)),
            terms,
            state: if dice.random_bool(0.05) { OfferState::Paused } else { OfferState::Published },
            confirm_by: self.day.plus(dice.random_range(-20..14)),
            suspended: false,
            quarantine: None,
        }
    }

    pub fn need(&self, n: usize) -> Need {
        let mut dice = dice(Kind::Need, n);
        let product = self.product(&mut dice);
        let buyer = self.suppliers() + dice.random_range(0..self.buyers());
        let grades = &self.products[product].2;
        let grades =
            if grades.is_empty() || dice.random_bool(0.3) { vec![] } else { vec![of(&mut dice, grades).clone()] };
        let certificates = if dice.random_bool(0.5) { vec![of(&mut dice, &self.kinds).clone()] } else { Vec::new() };
        let parts = dice.random_range(1..4_usize);
        let part = |at| Instalment {
            id: InstalmentId(id(Kind::Instalment, 4 * n + at)),
            measure: self.measure(product, dice.random_range(1..150_000)),
            due: self.day.plus(dice.random_range(3..100)),
            size: None,
        };
        let mut instalments: Vec<Instalment> = (0..parts).map(part).collect();
        instalments.sort_by_key(|part| part.due);
        let terms = NeedTerms {
            product: self.products[product].0.clone(),
            grades,
            substitutions: vec![],
            requirements: vec![],
            certificates,
            accept_pending: false,
            certificate_status: *of(&mut dice, &[CertificateStatus::Claimed, CertificateStatus::Checked]),
            verification: *of(&mut dice, &[Verification::None, Verification::Cluster]),
            transfers: BTreeSet::from([Transfer::Sale, Transfer::Donation]),
            price_cap: None,
            regions: vec![],
            max_distance_km: dice.random_bool(0.2).then(|| dice.random_range(300..3_000)),
            max_suppliers: None,
            urgency: *of(&mut dice, &Urgency::ALL),
            supply: None,
            note: String::new(),
        };
        Need {
            id: NeedId(id(Kind::Need, n)),
            organisation: OrganisationId(id(Kind::Organisation, buyer)),
            site: SiteId(id(Kind::Site, buyer)),
            terms,
            instalments,
            state: NeedState::Open,
            urgency_granted: true,
            quarantine: None,
            closing: None,
        }
    }

    /// A promise of an offer to an instalment of a need of its product; nothing where nobody needs the product.
    pub fn promise(&self, n: usize) -> Option<(Commitment, Standing, NeedId)> {
        let mut dice = dice(Kind::Promise, n);
        let offer = dice.random_range(0..self.size.offers);
        let product = {
            let mut dice = self::dice(Kind::Offer, offer);
            let _ = dice.random_range(0..self.suppliers());
            self.product(&mut dice)
        };
        let needs = self.needs_of.get(product).filter(|needs| !needs.is_empty())?;
        let need = *of(&mut dice, needs) as usize;
        let commitment = Commitment {
            match_id: MatchId(id(Kind::Promise, n)),
            offer: OfferId(id(Kind::Offer, offer)),
            instalment: InstalmentId(id(Kind::Instalment, 4 * need)),
            quantity: Quantity::new(dice.random_range(1..15_000)).expect("a quantity"),
            cutoff: self.day.plus(dice.random_range(-5..90)),
            covers: None,
            in_chain: false,
        };
        let standing = *of(&mut dice, &[Standing::Held, Standing::Agreed]);
        Some((commitment, standing, NeedId(id(Kind::Need, need))))
    }
}
