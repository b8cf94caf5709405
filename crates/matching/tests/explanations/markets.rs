//! Random markets with everything that counterfactuals turn on: grades and substitutions, features,
//! certificates, regions, distances, dates, several products, shared lines, promises and limits.

use std::sync::{Arc, LazyLock};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::{Catalogue, CatalogueParts, Classifications, Grade, GradeRule, Product, ProductKind, Scheme, Verdict},
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, CountryCode, FeatureCode, GradeCode, ProductCode, RegionCode, SchemeCode, UnitCode},
    disclosure::Disclosure,
    eligibility::Rules,
    feature::{Comparison, Demand, Feature, FeatureKind, FeatureValue, Requirement},
    geo::Point,
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    line::Line,
    market::{Commitment, Market},
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    parameters::{Mode, Parameters, Transit},
    price::{Currency, Price},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::{Country, Region, RegionTable},
    time::Day,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::Uuid;

/// Masks and hoods may stand for each other, gowns and aprons share lines, lamps have to do with nothing.
pub const PRODUCTS: [&str; 5] = ["mask", "hood", "gown", "apron", "lamp"];
/// NUTS 3 regions with their points.
pub const REGIONS: [(&str, i32, i32); 6] = [
    ("AA111", 47_000_000, 5_000_000),
    ("AA112", 47_500_000, 5_500_000),
    ("AA121", 49_000_000, 7_000_000),
    ("BB111", 51_000_000, 9_000_000),
    ("BB112", 51_500_000, 9_500_000),
    ("BB121", 53_000_000, 12_000_000),
];

pub struct World {
    pub catalogue: Catalogue,
    pub regions: RegionTable,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| World { catalogue: catalogue(), regions: regions() });

fn catalogue() -> Catalogue {
    let piece = Unit {
        code: UnitCode::new("H87"),
        name: "piece".to_owned(),
        meaning: UnitMeaning::Fixed { base: BaseUnit::Piece, numerator: 1, denominator: 1 },
        synonyms: vec![],
        deprecated_note: None,
    };
    let product = |code: &&str| Product {
        code: ProductCode::new(code),
        kind: ProductKind::Finished,
        family: "ppe".to_owned(),
        base_unit: BaseUnit::Piece,
        trade_unit: "H87".to_owned(),
        names: std::array::from_fn(|_| (*code).to_owned()),
        synonyms: vec![],
        classifications: Classifications::default(),
        frames: vec![],
        class: String::new(),
        schemes: vec![SchemeCode::new("S")],
        weekly_ceiling: 1_000_000,
        order_ceiling: 1_000_000,
        features: vec![],
    };
    let grade = |code: &str, product: &str| Grade {
        code: GradeCode::new(code),
        scheme: SchemeCode::new("S"),
        name: code.to_owned(),
        rank: None,
        products: vec![ProductCode::new(product)],
        threshold: String::new(),
        synonyms: vec![],
        source: String::new(),
    };
    let rule = |need: (&str, &str), offer: (&str, &str), verdict: Verdict| GradeRule {
        need_product: ProductCode::new(need.0),
        need_grade: Some(GradeCode::new(need.1)),
        offer_product: ProductCode::new(offer.0),
        offer_grade: Some(GradeCode::new(offer.1)),
        verdict,
        unless_feature: None,
        caveat: format!("{} is not {}", offer.1, need.1),
        source: String::new(),
    };
    let parts = CatalogueParts {
        products: PRODUCTS.iter().map(product).collect(),
        schemes: vec![Scheme { code: SchemeCode::new("S"), standard: "S".to_owned(), name: "S".to_owned() }],
        grades: vec![grade("M1", "mask"), grade("M2", "mask"), grade("M3", "mask"), grade("H1", "hood")],
        rules: vec![
            rule(("mask", "M2"), ("mask", "M3"), Verdict::Satisfies),
            rule(("mask", "M2"), ("mask", "M1"), Verdict::SubstituteOnly),
            rule(("mask", "M3"), ("mask", "M2"), Verdict::DoesNotSatisfy),
            rule(("mask", "M2"), ("hood", "H1"), Verdict::OptIn),
            rule(("hood", "H1"), ("mask", "M3"), Verdict::OptIn),
        ],
        features: vec![Feature {
            code: FeatureCode::new("sterile"),
            name: "sterile".to_owned(),
            kind: FeatureKind::Flag,
            unit: String::new(),
            values: vec![],
            comparison: Comparison::Equal,
        }],
        units: UnitTable::new(vec![piece]).unwrap(),
        ..CatalogueParts::default()
    };
    Catalogue::new(parts).unwrap()
}

fn regions() -> RegionTable {
    let mut found: Vec<Region> = Vec::new();
    for (code, lat, lon) in REGIONS {
        for level in 0..=3_u8 {
            let cut = &code[..2 + usize::from(level)];
            if found.iter().any(|r| r.code.as_str() == cut) {
                continue;
            }
            found.push(Region {
                code: RegionCode::new(cut),
                level,
                parent: (level > 0).then(|| RegionCode::new(&code[..1 + usize::from(level)])),
                name: cut.to_owned(),
                country: CountryCode::new(&code[..2]),
                point: Point::new(lat, lon),
                aliases: vec![],
            });
        }
    }
    let country = |code: &str| Country {
        code: CountryCode::new(code),
        name: format!("Land {code}"),
        aliases: vec![],
        region: RegionCode::new(code),
        eu_from: None,
        eu_until: None,
        efta: false,
    };
    found.sort_by_key(|r| r.level);
    RegionTable::new(["AA", "BB"].map(country).into(), found, vec![]).unwrap()
}

pub fn today() -> Day {
    Day::parse("2020-04-06").unwrap()
}

pub fn id(kind: u8, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 120) | u128::try_from(n).unwrap())
}

pub fn measure(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

pub fn euros(micros: i64) -> Price {
    Price { micros, currency: Currency::parse("EUR").unwrap() }
}

/// Parameters of one of the modes.
pub fn parameters(n: u64) -> Parameters {
    let mode = Mode::ALL[usize::try_from(n % 4).unwrap()];
    Parameters { transit: Transit { handling_days: 0, km_per_day: 400, unknown_km: 100 }, ..Parameters::of(mode) }
}

pub fn rules<'a>(market: &'a Market, parameters: &'a Parameters) -> Rules<'a> {
    Rules { market, catalogue: &WORLD.catalogue, regions: &WORLD.regions, parameters }
}

/// A place in the middle of its region.
pub fn place(market: &mut Market, n: usize, region: &str, kind: OrganisationKind) -> (OrganisationId, SiteId) {
    let (organisation, site) = (OrganisationId(id(1, n)), SiteId(id(2, n)));
    market.organisations.insert(
        organisation,
        Organisation {
            id: organisation,
            kind,
            name: format!("Organisation {n}"),
            country: CountryCode::new(&region[..2]),
            verification: Verification::Operator,
            clusters: vec![],
        },
    );
    market.sites.insert(
        site,
        Site {
            id: site,
            organisation,
            name: format!("Site {n}"),
            region: Some(RegionCode::new(region)),
            region_from: RegionFrom::Stated,
            point: None,
            zone: "UTC".to_owned(),
        },
    );
    (organisation, site)
}

/// An offer of stock and a daily rate, without any condition.
pub fn offer(market: &mut Market, n: usize, product: &str, region: &str, stock: i64, daily: i64) -> OfferId {
    let (organisation, site) = place(market, n, region, OrganisationKind::Firm);
    let id = OfferId(id(3, n));
    market.offers.push(Offer {
        id,
        organisation,
        site,
        terms: OfferTerms {
            product: ProductCode::new(product),
            grades: vec![],
            features: vec![],
            profile: CapacityProfile {
                calendar: Arc::new(WorkingCalendar::every_day()),
                from: today(),
                until: None,
                as_of: today(),
                stock: measure(stock),
                running: (daily > 0).then(|| Rate { measure: measure(daily), period: Period::Day }),
                maximum: None,
                ramp_days: 0,
                convertible: None,
                weeks: Vec::new(),
            },
            line: None,
            min_order: None,
            lead_days: 0,
            max_distance_km: None,
            regions: vec![],
            authorisations: Default::default(),
            certificates: vec![],
            transfers: [Transfer::Sale].into(),
            price: None,
            role: Role::Maker,
            visibility: Visibility::Market,
            missing_inputs: Vec::new(),
            disclosure: Disclosure::default(),
            note: String::new(),
        },
        state: OfferState::Published,
        confirm_by: today().plus(7),
        suspended: false,
        quarantine: None,
    });
    market.sort();
    id
}

/// A need of one instalment, without any condition.
pub fn need(market: &mut Market, n: usize, product: &str, region: &str, units: i64, in_days: i32) -> NeedId {
    let (organisation, site) = place(market, 100 + n, region, OrganisationKind::Firm);
    let need = NeedId(id(4, n));
    market.needs.push(Need {
        id: need,
        organisation,
        site,
        terms: NeedTerms {
            product: ProductCode::new(product),
            grades: vec![],
            substitutions: vec![],
            requirements: vec![],
            certificates: vec![],
            accept_pending: false,
            certificate_status: CertificateStatus::Claimed,
            verification: Verification::None,
            transfers: [Transfer::Sale].into(),
            price_cap: None,
            regions: vec![],
            max_distance_km: None,
            max_suppliers: None,
            urgency: Urgency::Normal,
            note: String::new(),
            supply: None,
        },
        instalments: vec![Instalment {
            id: InstalmentId(id(5, 10 * n)),
            measure: measure(units),
            due: today().plus(in_days),
            size: None,
        }],
        state: NeedState::Open,
        urgency_granted: false,
        quarantine: None,
        closing: None,
    });
    market.sort();
    need
}

pub fn certificate(status: CertificateStatus) -> Certificate {
    Certificate {
        number: Some("DE-4711".to_owned()),
        notified_body: Some("0123".to_owned()),
        ..Certificate::new(CertificateKindCode::new("ce"), status)
    }
}

/// The parts of a market that tests change by id.
pub fn offer_mut(market: &mut Market, id: OfferId) -> &mut Offer {
    market.offers.iter_mut().find(|o| o.id == id).unwrap()
}

pub fn need_mut(market: &mut Market, id: NeedId) -> &mut Need {
    market.needs.iter_mut().find(|n| n.id == id).unwrap()
}

struct Draw(ChaCha8Rng);

impl Draw {
    fn upto(&mut self, most: i64) -> i64 {
        self.0.random_range(0..=most)
    }

    fn one_in(&mut self, n: i64) -> bool {
        self.upto(n - 1) == 0
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.0.random_range(0..list.len())]
    }

    fn point(&mut self, (_, lat, lon): (&str, i32, i32)) -> Option<Point> {
        let mut near = |at: i32| at + self.0.random_range(-200_000..200_000);
        Point::new(near(lat), near(lon))
    }
}

/// A random market; the same seed gives the same.
pub fn market(seed: u64) -> Market {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    let mut m = Market::new(today());
    let (_, yard) = place(&mut m, 300, "AA111", OrganisationKind::Firm);
    let line = LineId(id(6, 0));
    let profile = CapacityProfile {
        calendar: Arc::new(WorkingCalendar::every_day()),
        from: today(),
        until: None,
        as_of: today(),
        stock: measure(0),
        running: Some(Rate { measure: measure(1 + draw.upto(2)), period: Period::Day }),
        maximum: None,
        ramp_days: 0,
        convertible: None,
        weeks: Vec::new(),
    };
    m.lines.insert(line, Line { id: line, site: yard, name: "Line".to_owned(), profile });
    for n in 0..10 {
        draw_offer(&mut draw, &mut m, n, line);
    }
    for n in 0..7 {
        draw_need(&mut draw, &mut m, n);
    }
    for n in 0..2 {
        // Sound promises: of the stock that the offer has today.
        let offer = draw.of(&[0, 1, 2, 3]);
        let instalment = m.needs[draw.of(&[0, 1, 2, 3])].instalments[0].id;
        if m.offers[offer].terms.profile.stock.quantity.units() > n && m.offers[offer].terms.line.is_none() {
            let (offer, quantity) = (m.offers[offer].id, Quantity::new(1).unwrap());
            let match_id = MatchId(id(7, usize::try_from(n).unwrap()));
            m.commitments.push(Commitment {
                match_id,
                offer,
                instalment,
                quantity,
                cutoff: today(),
                covers: None,
                in_chain: false,
            });
        }
    }
    if draw.one_in(3) {
        let pair = (m.offers[draw.of(&[0, 4, 8])].id, m.needs[draw.of(&[0, 3, 6])].id);
        m.refusals.insert(pair);
    }
    m.sort();
    m
}

fn draw_offer(draw: &mut Draw, m: &mut Market, n: usize, line: LineId) {
    let region = draw.of(&REGIONS);
    let product = draw.of(&["mask", "mask", "mask", "hood", "gown", "apron", "lamp"]);
    let id = offer(m, n, product, region.0, draw.upto(6), draw.upto(2));
    let (point, trusted) = (draw.point(region), draw.of(&Verification::ALL));
    let held = draw.of(&[
        CertificateStatus::Applied,
        CertificateStatus::Claimed,
        CertificateStatus::Documented,
        CertificateStatus::Checked,
    ]);
    let (shares, price) = (draw.one_in(2), euros(1_000_000 + draw.upto(2) * 500_000));
    let o = offer_mut(m, id);
    o.terms.grades = match product {
        "mask" => vec![GradeCode::new(draw.of(&["M1", "M2", "M3"]))],
        "hood" => vec![GradeCode::new("H1")],
        _ => vec![],
    };
    o.terms.price = Some(price);
    o.terms.lead_days = u16::try_from(draw.upto(3)).unwrap();
    if draw.one_in(2) {
        o.terms.features = vec![(FeatureCode::new("sterile"), FeatureValue::Flag(draw.one_in(2)))];
    }
    if !draw.one_in(4) {
        o.terms.certificates = vec![certificate(held)];
        o.terms.certificates[0].expected_on =
            held.is_pending().then(|| today().plus(i32::try_from(draw.upto(9)).unwrap()));
    }
    if draw.one_in(5) {
        o.terms.transfers = [Transfer::Donation].into();
    }
    if draw.one_in(6) {
        o.terms.min_order = Some(measure(1 + draw.upto(5)));
    }
    if draw.one_in(6) {
        o.terms.max_distance_km = Some(400);
    }
    if draw.one_in(8) {
        o.terms.visibility = Visibility::Authorities;
    }
    if draw.one_in(10) {
        o.state = OfferState::Paused;
    }
    if matches!(product, "gown" | "apron") && shares {
        o.terms.line = Some(line);
        o.terms.profile.stock = measure(0);
    }
    let (organisation, site) = (o.organisation, o.site);
    m.organisations.get_mut(&organisation).unwrap().verification = trusted;
    m.sites.get_mut(&site).unwrap().point = point;
}

fn draw_need(draw: &mut Draw, m: &mut Market, n: usize) {
    let region = draw.of(&REGIONS);
    let product = draw.of(&["mask", "mask", "mask", "hood", "gown", "apron", "lamp"]);
    let days = i32::try_from(draw.upto(6)).unwrap();
    let id = need(m, n, product, region.0, 1 + draw.upto(9), days);
    let point = draw.point(region);
    let (tier, granted) = (draw.of(&Urgency::ALL), draw.one_in(2));
    let o = need_mut(m, id);
    (o.terms.urgency, o.urgency_granted) = (tier, granted);
    o.terms.transfers =
        if draw.one_in(2) { [Transfer::Sale].into() } else { [Transfer::Sale, Transfer::Donation].into() };
    if product == "mask" {
        o.terms.grades = vec![GradeCode::new(draw.of(&["M1", "M2", "M3"]))];
    }
    if product == "hood" {
        o.terms.grades = vec![GradeCode::new("H1")];
    }
    if draw.one_in(4) {
        o.terms.certificates = vec![CertificateKindCode::new("ce")];
        o.terms.certificate_status = draw.of(&[CertificateStatus::Claimed, CertificateStatus::Checked]);
    }
    if draw.one_in(4) {
        o.terms.requirements = vec![Requirement {
            feature: FeatureCode::new("sterile"),
            value: FeatureValue::Flag(true),
            comparison: Comparison::Equal,
            demand: Demand::Required,
        }];
    }
    if draw.one_in(4) {
        o.terms.regions = vec![RegionCode::new(&region.0[..2])];
    }
    if draw.one_in(4) {
        o.terms.max_distance_km = Some(draw.of(&[150, 300, 500]));
    }
    if draw.one_in(4) {
        o.terms.verification = draw.of(&Verification::ALL);
    }
    if draw.one_in(4) {
        o.terms.price_cap = Some(euros(1_400_000));
    }
    if draw.one_in(3) {
        o.terms.max_suppliers = Some(1);
    }
    if draw.one_in(3) {
        let more = Instalment {
            id: InstalmentId(id_of_second(n)),
            measure: measure(1 + draw.upto(5)),
            due: today().plus(days + 1 + i32::try_from(draw.upto(4)).unwrap()),
            size: None,
        };
        o.instalments.push(more);
    }
    let site = o.site;
    m.sites.get_mut(&site).unwrap().point = point;
}

fn id_of_second(n: usize) -> Uuid {
    id(5, 10 * n + 1)
}
