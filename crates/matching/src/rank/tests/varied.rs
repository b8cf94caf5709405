//! Random markets in which every predicate fails some pairs and every cost term counts for some: grades,
//! features, papers, borders, clusters, prices, refusals, places that are exact, coarse or unknown.

use std::sync::{Arc, LazyLock};

use domain::{
    calendar::WorkingCalendar,
    capacity::{CapacityProfile, Conversion},
    catalogue::{
        Area, BorderEffect, BorderRule, Catalogue, CatalogueParts, Classifications, Grade, GradeRule, Product,
        ProductKind, Scheme, Verdict,
    },
    certificate::{Certificate, CertificateKind, CertificateStatus},
    code::{CertificateKindCode, CountryCode, FeatureCode, GradeCode, ProductCode, RegionCode, SchemeCode, UnitCode},
    disclosure::Disclosure,
    feature::{Comparison, Demand, Feature, FeatureKind, FeatureValue, Requirement},
    geo::Point,
    ids::{InstalmentId, NeedId, OfferId, OrganisationId, SiteId},
    market::Market,
    need::{Instalment, Need, NeedState, NeedTerms, Substitution, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    price::{Currency, Price},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::{Country, Region, RegionTable},
    time::Day,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::Uuid;

const PRODUCTS: [&str; 3] = ["mask", "respirator", "gown"];
const GRADES: [(&str, &str); 5] =
    [("mask", "I"), ("mask", "II"), ("respirator", "R1"), ("respirator", "R2"), ("respirator", "K2")];
const KINDS: [&str; 2] = ["type", "batch"];
const REGIONS: [(&str, u8, &str); 8] = [
    ("AA", 0, ""),
    ("AA1", 1, "AA"),
    ("AA11", 2, "AA1"),
    ("AA12", 2, "AA1"),
    ("BB", 0, ""),
    ("BB1", 1, "BB"),
    ("CC", 0, ""),
    ("CC1", 1, "CC"),
];

/// Catalogue and regions.
pub struct World {
    pub catalogue: Catalogue,
    pub regions: RegionTable,
}

pub fn today() -> Day {
    Day::parse("2020-04-06").unwrap()
}

fn product(code: &&str) -> Product {
    Product {
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
        schemes: vec![],
        weekly_ceiling: 1_000_000,
        order_ceiling: 1_000_000,
        features: vec![],
    }
}

fn rule(need: (&str, &str), offer: (&str, &str), verdict: Verdict, unless: Option<&str>) -> GradeRule {
    let grade = |g: &str| (!g.is_empty()).then(|| GradeCode::new(g));
    GradeRule {
        need_product: ProductCode::new(need.0),
        need_grade: grade(need.1),
        offer_product: ProductCode::new(offer.0),
        offer_grade: grade(offer.1),
        verdict,
        unless_feature: unless.map(FeatureCode::new),
        caveat: format!("{} {} in place of {} {}", offer.0, offer.1, need.0, need.1),
        source: "test".to_owned(),
    }
}

fn border(code: &str, from_area: Area, to_area: Option<Area>, effect: BorderEffect) -> BorderRule {
    BorderRule {
        code: code.to_owned(),
        products: vec![ProductCode::new("mask"), ProductCode::new("gown")],
        from_area,
        to_area,
        from: today().plus(-5),
        until: Some(today().plus(5)),
        effect,
        excepted: vec![],
        source: "test".to_owned(),
    }
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let graded = |(of, code): &(&str, &str)| Grade {
        code: GradeCode::new(code),
        scheme: SchemeCode::new("S"),
        name: (*code).to_owned(),
        rank: None,
        products: vec![ProductCode::new(of)],
        threshold: String::new(),
        synonyms: vec![],
        source: "test".to_owned(),
    };
    let feature = |code: &str, kind, comparison| Feature {
        code: FeatureCode::new(code),
        name: code.to_owned(),
        kind,
        unit: String::new(),
        values: vec![],
        comparison,
    };
    let kind = |code: &&str| CertificateKind {
        code: CertificateKindCode::new(code),
        name: (*code).to_owned(),
        proves: String::new(),
        id_pattern: String::new(),
        example: String::new(),
        register: String::new(),
        red_flags: String::new(),
        source: "test".to_owned(),
        expires: None,
    };
    let piece = Unit {
        code: UnitCode::new("H87"),
        name: "piece".to_owned(),
        meaning: UnitMeaning::Fixed { base: BaseUnit::Piece, numerator: 1, denominator: 1 },
        synonyms: vec![],
        deprecated_note: None,
    };
    let parts = CatalogueParts {
        products: PRODUCTS.iter().map(product).collect(),
        schemes: vec![Scheme { code: SchemeCode::new("S"), standard: String::new(), name: String::new() }],
        grades: GRADES.iter().map(graded).collect(),
        rules: vec![
            rule(("respirator", "R1"), ("respirator", "R2"), Verdict::Satisfies, None),
            rule(("respirator", "R2"), ("respirator", "R1"), Verdict::DoesNotSatisfy, None),
            rule(("respirator", "R2"), ("respirator", "K2"), Verdict::OptIn, Some("sterile")),
            rule(("respirator", "R1"), ("respirator", "K2"), Verdict::Satisfies, Some("sterile")),
            rule(("mask", "I"), ("mask", "II"), Verdict::Satisfies, None),
            rule(("mask", ""), ("respirator", ""), Verdict::SubstituteOnly, None),
            rule(("mask", "II"), ("respirator", "R1"), Verdict::DoesNotSatisfy, None),
            rule(("mask", ""), ("respirator", "R2"), Verdict::Satisfies, Some("sterile")),
        ],
        features: vec![
            feature("sterile", FeatureKind::Flag, Comparison::Equal),
            feature("layers", FeatureKind::Integer, Comparison::AtLeast),
            feature("sizes", FeatureKind::Sizes, Comparison::Includes),
        ],
        certificate_kinds: KINDS.iter().map(kind).collect(),
        border_rules: vec![
            border("UNION", Area::Eu, None, BorderEffect::AuthorisationRequired),
            border("BAN", Area::Country(CountryCode::new("CC")), Some(Area::Eu), BorderEffect::Forbidden),
        ],
        units: UnitTable::new(vec![piece]).unwrap(),
        ..CatalogueParts::default()
    };
    let country = |code: &str| Country {
        code: CountryCode::new(code),
        name: format!("Land {code}"),
        aliases: vec![],
        region: RegionCode::new(code),
        eu_from: (code != "CC").then_some(Day::MIN),
        eu_until: None,
        efta: false,
    };
    let region = |(n, (code, level, parent)): (usize, &(&str, u8, &str))| Region {
        code: RegionCode::new(code),
        level: *level,
        parent: (!parent.is_empty()).then(|| RegionCode::new(parent)),
        name: format!("Region {code}"),
        country: CountryCode::new(&code[..2]),
        // One without a point, so that some places stay unknown.
        point: (*code != "CC1").then(|| {
            let n = i32::try_from(n).unwrap();
            Point::new(47_000_000 + 900_000 * n, 5_000_000 + 1_700_000 * (n * 5 % 7)).unwrap()
        }),
        aliases: vec![],
    };
    let countries = ["AA", "BB", "CC"].map(country).into();
    World {
        catalogue: Catalogue::new(parts).unwrap(),
        regions: RegionTable::new(countries, REGIONS.iter().enumerate().map(region).collect(), vec![]).unwrap(),
    }
});

fn id(kind: u8, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 120) | u128::try_from(n).unwrap())
}

pub struct Draw {
    rng: ChaCha8Rng,
    market: Market,
}

impl Draw {
    fn upto(&mut self, most: i64) -> i64 {
        self.rng.random_range(0..=most)
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_range(0..n) == 0
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.rng.random_range(0..choices.len())].clone()
    }

    /// Some of a list, in its order; none of it half the time.
    fn some<T: Clone>(&mut self, choices: &[T]) -> Vec<T> {
        if self.one_in(2) {
            return vec![];
        }
        choices.iter().filter(|_| self.rng.random_range(0..2) == 0).cloned().collect()
    }

    fn pieces(&mut self, most: i64) -> Measure {
        Measure::of(Quantity::new(self.upto(most)).unwrap(), BaseUnit::Piece)
    }

    fn place(&mut self, n: usize) -> (OrganisationId, SiteId) {
        let (organisation, site) = (OrganisationId(id(1, n)), SiteId(id(2, n)));
        let region = self.of(&REGIONS).0;
        let clusters = self.some(&[8, 9].map(|n| OrganisationId(id(8, n))));
        let firm = Organisation {
            id: organisation,
            kind: self.of(&[OrganisationKind::Firm, OrganisationKind::Authority]),
            name: format!("Organisation {n}"),
            country: CountryCode::new(self.of(&["AA", "BB", "CC"])),
            verification: self.of(&Verification::ALL),
            clusters,
        };
        self.market.organisations.insert(organisation, firm);
        let exact = self.one_in(3);
        let (lat, lon) = (self.upto(6_000_000), self.upto(6_000_000));
        let point = Point::new(47_000_000 + i32::try_from(lat).unwrap(), 5_000_000 + i32::try_from(lon).unwrap());
        let place = Site {
            id: site,
            organisation,
            name: format!("Site {n}"),
            region: (!self.one_in(8)).then(|| RegionCode::new(region)),
            region_from: RegionFrom::Stated,
            point: point.filter(|_| exact),
            zone: "UTC".to_owned(),
        };
        self.market.sites.insert(site, place);
        (organisation, site)
    }

    fn grades(&mut self, product: &str) -> Vec<GradeCode> {
        let of: Vec<GradeCode> = GRADES.iter().filter(|g| g.0 == product).map(|g| GradeCode::new(g.1)).collect();
        self.some(&of)
    }

    fn features(&mut self) -> Vec<(FeatureCode, FeatureValue)> {
        let all = [
            (FeatureCode::new("sterile"), FeatureValue::Flag(self.one_in(2))),
            (FeatureCode::new("layers"), FeatureValue::Integer(self.upto(3))),
            (FeatureCode::new("sizes"), FeatureValue::Sizes(["L".to_owned(), "M".to_owned()].into())),
        ];
        self.some(&all)
    }

    fn price(&mut self) -> Option<Price> {
        let currency = Currency::parse(self.of(&["EUR", "EUR", "USD"]))?;
        let micros = self.upto(2_000) * 100;
        self.one_in(2).then_some(Price { micros, currency })
    }

    fn certificate(&mut self, kind: &str) -> Certificate {
        Certificate {
            grades: self.grades("respirator"),
            valid_from: self.one_in(3).then(|| today().plus(-3)),
            valid_until: self.one_in(3).then(|| today().plus(4)),
            expected_on: self.one_in(3).then(|| today().plus(2)),
            ..Certificate::new(CertificateKindCode::new(kind), self.of(&CertificateStatus::ALL))
        }
    }

    fn profile(&mut self) -> CapacityProfile {
        let rate = |measure| Rate { measure, period: Period::Week };
        let from = today().plus(i32::try_from(self.upto(9)).unwrap() - 3);
        CapacityProfile {
            calendar: Arc::new(self.of(&[WorkingCalendar::default(), WorkingCalendar::every_day()])),
            from,
            until: self.one_in(5).then(|| from.plus(4)),
            as_of: from.plus(i32::try_from(self.upto(2)).unwrap()),
            stock: if self.one_in(2) { self.pieces(0) } else { self.pieces(40) },
            running: self.one_in(2).then(|| rate(self.pieces(20))),
            maximum: None,
            ramp_days: u16::try_from(self.upto(3)).unwrap(),
            convertible: self.one_in(4).then(|| Conversion {
                rate: Some(rate(self.pieces(50))),
                days: 2,
                ramp_days: 0,
                decided_on: self.one_in(2).then(today),
            }),
            weeks: Vec::new(),
        }
    }

    fn offer(&mut self, n: usize, organisations: usize) {
        let at = self.rng.random_range(0..organisations);
        let product = self.of(&PRODUCTS);
        let terms = OfferTerms {
            product: ProductCode::new(product),
            grades: self.grades(product),
            features: self.features(),
            profile: self.profile(),
            line: None,
            min_order: self.one_in(4).then(|| self.pieces(30)),
            lead_days: u16::try_from(self.upto(4)).unwrap(),
            max_distance_km: self.one_in(5).then_some(300),
            regions: if self.one_in(4) { self.some(&["AA1", "BB"].map(RegionCode::new)) } else { vec![] },
            authorisations: self.some(&["UNION".to_owned()]).into_iter().collect(),
            certificates: KINDS.map(|kind| self.certificate(kind)).into_iter().collect(),
            transfers: [self.of(&[Transfer::Sale, Transfer::Sale, Transfer::Donation])].into(),
            price: self.price(),
            role: Role::Maker,
            visibility: self.of(&[
                Visibility::Market,
                Visibility::Market,
                Visibility::Clusters,
                Visibility::Authorities,
            ]),
            missing_inputs: Vec::new(),
            disclosure: if self.one_in(2) { Disclosure::exact_place() } else { Disclosure::default() },
            note: String::new(),
        };
        let offer = Offer {
            id: OfferId(id(3, n)),
            organisation: OrganisationId(id(1, at)),
            site: SiteId(id(2, at)),
            terms,
            state: self.of(&[OfferState::Published, OfferState::Published, OfferState::Published, OfferState::Paused]),
            confirm_by: today().plus(i32::try_from(self.upto(3)).unwrap() - 1),
            suspended: self.one_in(12),
            quarantine: self.one_in(12).then(|| "test".to_owned()),
        };
        self.market.offers.push(offer);
    }

    fn need(&mut self, n: usize, organisations: usize) {
        let at = self.rng.random_range(0..organisations);
        let product = self.of(&PRODUCTS);
        let requirements = self.features().into_iter().map(|(feature, value)| Requirement {
            comparison: WORLD.catalogue.feature(feature.as_str()).unwrap().comparison,
            demand: if self.one_in(3) { Demand::Required } else { Demand::Preferred },
            feature,
            value,
        });
        let requirements: Vec<Requirement> = requirements.collect();
        // Through its stored form, so that what a need may leave out is left out.
        let terms = serde_json::json!({
            "product": product,
            "grades": self.grades(product),
            "substitutions": self.some(&[
                Substitution { product: ProductCode::new("respirator"), grade: None },
                Substitution { product: ProductCode::new("respirator"), grade: Some(GradeCode::new("K2")) },
            ]),
            "requirements": requirements,
            "certificates": if self.one_in(3) { self.some(&KINDS) } else { vec![] },
            "accept_pending": self.one_in(2),
            "certificate_status": self.of(&[CertificateStatus::Claimed, CertificateStatus::Claimed, CertificateStatus::Checked]),
            "verification": self.of(&[Verification::None, Verification::None, Verification::Cluster]),
            "transfers": [Transfer::Sale],
            "price_cap": self.price(),
            "regions": if self.one_in(4) { self.some(&["AA", "BB1"]) } else { vec![] },
            "max_distance_km": self.one_in(5).then_some(400),
            "urgency": Urgency::Normal,
            "note": "",
        });
        let terms: NeedTerms = serde_json::from_value(terms).unwrap();
        let instalments = (0..2).map(|i| Instalment {
            id: InstalmentId(id(5, 2 * n + i)),
            measure: Measure::of(Quantity::new(1 + self.upto(30)).unwrap(), BaseUnit::Piece),
            due: today().plus(i32::try_from(self.upto(12)).unwrap()),
            size: self.one_in(6).then(|| self.of(&["M".to_owned(), "XL".to_owned()])),
        });
        let instalments = instalments.collect();
        self.market.needs.push(Need {
            id: NeedId(id(4, n)),
            organisation: OrganisationId(id(1, at)),
            site: SiteId(id(2, at)),
            terms,
            instalments,
            state: NeedState::Open,
            urgency_granted: false,
            quarantine: None,
            closing: None,
        });
    }
}

/// A random market; the same seed gives the same market.
pub fn market(seed: u64, offers: usize, needs: usize) -> Market {
    let mut draw = Draw { rng: ChaCha8Rng::seed_from_u64(seed), market: Market::new(today()) };
    let organisations = 3 + offers / 4;
    for n in 0..organisations {
        draw.place(n);
    }
    for n in 0..offers {
        draw.offer(n, organisations);
    }
    for n in 0..needs {
        draw.need(n, organisations);
    }
    for _ in 0..offers / 8 {
        let pair = (OfferId(id(3, draw.rng.random_range(0..offers))), NeedId(id(4, draw.rng.random_range(0..needs))));
        draw.market.refusals.insert(pair);
    }
    draw.market.sort();
    draw.market
}
