//! A small world: a few products, grades, units, papers, border rules and regions, and a market of
//! one offer and one need that fit each other.

use std::sync::{Arc, LazyLock};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::{
        Area, BorderEffect, BorderRule, Catalogue, CatalogueParts, Classifications, Grade, GradeRule, Product,
        ProductKind, Scheme, Verdict,
    },
    certificate::{CertificateKind, CertificateStatus},
    code::{CertificateKindCode, CountryCode, FeatureCode, GradeCode, ProductCode, RegionCode, SchemeCode, UnitCode},
    disclosure::Disclosure,
    eligibility::{Eligible, Reason, Rules},
    feature::{Comparison, Feature, FeatureKind},
    geo::Point,
    ids::{InstalmentId, NeedId, OfferId, OrganisationId, SiteId},
    market::Market,
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{MissingInput, Offer, OfferState, OfferTerms, Reference, Role, Transfer, Visibility, When},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    parameters::Parameters,
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::{Country, Region, RegionTable, Retired},
    time::Day,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use uuid::Uuid;

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub fn today() -> Day {
    day("2020-04-06")
}

pub fn pieces(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

pub fn code(text: &str) -> ProductCode {
    ProductCode::new(text)
}

pub fn grade(text: &str) -> GradeCode {
    GradeCode::new(text)
}

pub fn kind(text: &str) -> CertificateKindCode {
    CertificateKindCode::new(text)
}

pub fn region(text: &str) -> RegionCode {
    RegionCode::new(text)
}

fn unit(code: &str, meaning: UnitMeaning, synonyms: &[&str]) -> Unit {
    let synonyms = synonyms.iter().map(|s| (*s).to_owned()).collect();
    Unit { code: UnitCode::new(code), name: code.to_owned(), meaning, synonyms, deprecated_note: None }
}

pub fn units() -> UnitTable {
    let fixed = |base, numerator, denominator| UnitMeaning::Fixed { base, numerator, denominator };
    UnitTable::new(vec![
        unit("H87", fixed(BaseUnit::Piece, 1, 1), &["piece", "pcs"]),
        unit("PR", fixed(BaseUnit::Piece, 2, 1), &["pair"]),
        unit("MIL", fixed(BaseUnit::Piece, 1_000, 1), &[]),
        unit("GRM", fixed(BaseUnit::Gram, 1, 1), &[]),
        unit("KGM", fixed(BaseUnit::Gram, 1_000, 1), &["kg"]),
        unit("LTR", fixed(BaseUnit::Millilitre, 1_000, 1), &["litre"]),
        unit("MTR", fixed(BaseUnit::Millimetre, 1_000, 1), &["m"]),
        unit("MTK", fixed(BaseUnit::SquareCentimetre, 10_000, 1), &["m2"]),
        unit("XBX", UnitMeaning::Package, &["box"]),
        unit("XRO", UnitMeaning::Package, &["roll"]),
        unit("WEE", UnitMeaning::Period, &["week"]),
    ])
    .unwrap()
}

fn product(code: &str, base_unit: BaseUnit, features: &[&str]) -> Product {
    Product {
        code: ProductCode::new(code),
        kind: ProductKind::Finished,
        family: "ppe".to_owned(),
        base_unit,
        trade_unit: base_unit.unit_code().to_owned(),
        names: std::array::from_fn(|_| code.to_owned()),
        synonyms: vec![],
        classifications: Classifications::default(),
        frames: vec![],
        class: String::new(),
        schemes: vec![],
        weekly_ceiling: 10_000_000,
        order_ceiling: 100_000_000,
        features: features.iter().map(|f| (FeatureCode::new(f), vec![])).collect(),
    }
}

fn graded(code: &str, scheme: &str, product: &str) -> Grade {
    Grade {
        code: GradeCode::new(code),
        scheme: SchemeCode::new(scheme),
        name: code.to_owned(),
        rank: None,
        products: vec![ProductCode::new(product)],
        threshold: String::new(),
        synonyms: vec![],
        source: "test".to_owned(),
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
        caveat: format!("{} for {}", offer.1, need.1),
        source: "test".to_owned(),
    }
}

fn border(code: &str, effect: BorderEffect, from: &str, until: &str, excepted: &[&str]) -> BorderRule {
    BorderRule {
        code: code.to_owned(),
        products: vec![ProductCode::new("ffp")],
        from_area: Area::Eu,
        to_area: None,
        from: day(from),
        until: Some(day(until)),
        effect,
        excepted: excepted.iter().map(|c| CountryCode::new(c)).collect(),
        source: String::new(),
    }
}

fn feature(code: &str, kind: FeatureKind, comparison: Comparison, values: &[&str]) -> Feature {
    let values = values.iter().map(|v| (*v).to_owned()).collect();
    Feature { code: FeatureCode::new(code), name: code.to_owned(), kind, unit: "months".to_owned(), values, comparison }
}

pub fn parts() -> CatalogueParts {
    let scheme = |code: &str| Scheme { code: SchemeCode::new(code), standard: code.to_owned(), name: code.to_owned() };
    let paper = |code: &str, expires| CertificateKind {
        code: CertificateKindCode::new(code),
        name: code.to_owned(),
        proves: String::new(),
        id_pattern: String::new(),
        example: String::new(),
        register: String::new(),
        red_flags: String::new(),
        source: String::new(),
        expires,
    };
    CatalogueParts {
        products: vec![
            product("ffp", BaseUnit::Piece, &["valve", "shelf_life", "strap", "size"]),
            product("medical-mask", BaseUnit::Piece, &["sterile"]),
            product("gown", BaseUnit::Piece, &[]),
            product("meltblown", BaseUnit::Gram, &["width_mm", "gsm"]),
        ],
        schemes: vec![scheme("EN149"), scheme("NIOSH"), scheme("EN14683")],
        grades: vec![
            graded("FFP1", "EN149", "ffp"),
            graded("FFP2", "EN149", "ffp"),
            graded("FFP3", "EN149", "ffp"),
            graded("N95", "NIOSH", "ffp"),
            graded("P95", "NIOSH", "ffp"),
            graded("TYPE-I", "EN14683", "medical-mask"),
            graded("TYPE-IIR", "EN14683", "medical-mask"),
        ],
        rules: vec![
            rule(("ffp", "FFP1"), ("ffp", "FFP2"), Verdict::Satisfies, None),
            rule(("ffp", "FFP2"), ("ffp", "FFP3"), Verdict::Satisfies, Some("valve")),
            rule(("ffp", "FFP2"), ("ffp", "N95"), Verdict::OptIn, None),
            rule(("ffp", "P95"), ("ffp", "N95"), Verdict::DoesNotSatisfy, None),
            rule(("medical-mask", "TYPE-IIR"), ("ffp", "FFP2"), Verdict::SubstituteOnly, None),
        ],
        features: vec![
            feature("valve", FeatureKind::Flag, Comparison::Equal, &[]),
            feature("sterile", FeatureKind::Flag, Comparison::Equal, &[]),
            feature("shelf_life", FeatureKind::Integer, Comparison::AtLeast, &[]),
            feature("strap", FeatureKind::Choice, Comparison::Equal, &["ear loop", "head band"]),
            feature("size", FeatureKind::Sizes, Comparison::Includes, &["S", "M", "L"]),
            feature("width_mm", FeatureKind::Integer, Comparison::Equal, &[]),
            feature("gsm", FeatureKind::Integer, Comparison::Equal, &[]),
        ],
        units: units(),
        certificate_kinds: vec![
            paper("type-examination", Some(true)),
            paper("declaration", Some(false)),
            paper("test-report", None),
        ],
        border_rules: vec![
            border("BAN", BorderEffect::Forbidden, "2020-03-01", "2020-03-10", &[]),
            border("PERMIT", BorderEffect::AuthorisationRequired, "2020-03-11", "2020-04-25", &["NO"]),
        ],
        ..CatalogueParts::default()
    }
}

fn country(code: &str, name: &str, region: &str, aliases: &[&str], eu: bool) -> Country {
    Country {
        code: CountryCode::new(code),
        name: name.to_owned(),
        aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
        region: RegionCode::new(region),
        eu_from: eu.then(|| day("1990-01-01")),
        eu_until: None,
        efta: false,
    }
}

fn place(code: &str, parent: Option<&str>, name: &str, country: &str, at: Option<(i32, i32)>) -> Region {
    let level = match parent {
        None => 0,
        Some(p) => u8::try_from(code.len() - 2).unwrap().max(u8::from(p.len() == 2)),
    };
    Region {
        code: RegionCode::new(code),
        level,
        parent: parent.map(RegionCode::new),
        name: name.to_owned(),
        country: CountryCode::new(country),
        point: at.and_then(|(lat, lon)| Point::new(lat, lon)),
        aliases: vec![],
    }
}

pub fn countries() -> Vec<Country> {
    vec![
        country("DE", "Germany", "DE", &["Deutschland"], true),
        country("FR", "France", "FR", &[], true),
        country("GR", "Greece", "EL", &["Hellas", "Ελλάδα"], true),
        country("GB", "United Kingdom", "UK", &["Great Britain"], false),
        country("NO", "Norway", "NO", &["Norge"], false),
        country("PT", "Portugal", "PT", &[], true),
        country("FJ", "Fiji", "FJ", &[], false),
    ]
}

pub fn places() -> Vec<Region> {
    vec![
        place("DE", None, "Deutschland", "DE", Some((51_000_000, 10_000_000))),
        place("DE2", Some("DE"), "Bayern", "DE", None),
        place("DE21", Some("DE2"), "Oberbayern", "DE", Some((48_000_000, 11_500_000))),
        place("DE212", Some("DE21"), "München", "DE", Some((48_137_000, 11_575_000))),
        place("DE3", Some("DE"), "Berlin", "DE", None),
        place("DE30", Some("DE3"), "Berlin", "DE", Some((52_520_000, 13_405_000))),
        place("FR", None, "France", "FR", Some((46_600_000, 2_400_000))),
        place("FR1", Some("FR"), "Frankfurt", "FR", None),
        place("DE4", Some("DE"), "Frankfurt", "DE", None),
        place("EL", None, "Elláda", "GR", Some((39_000_000, 22_000_000))),
        place("EL3", Some("EL"), "Attiki", "GR", None),
        place("EL30", Some("EL3"), "Attiki", "GR", Some((37_980_000, 23_730_000))),
        place("UK", None, "United Kingdom", "GB", Some((54_000_000, -2_000_000))),
        place("NO", None, "Norge", "NO", Some((60_000_000, 10_000_000))),
        place("PT", None, "Portugal", "PT", Some((39_500_000, -8_000_000))),
        place("PT1", Some("PT"), "Continente", "PT", None),
        place("PT19", Some("PT1"), "Centro", "PT", None),
        place("PT1D", Some("PT1"), "Oeste e Vale do Tejo", "PT", None),
        place("FJ", None, "Fiji", "FJ", Some((-17_700_000, 178_000_000))),
    ]
}

pub fn retired() -> Vec<Retired> {
    let retired = |code: &str, successors: &[&str]| Retired {
        code: code.to_owned(),
        version: "2021".to_owned(),
        successors: successors.iter().map(|s| RegionCode::new(s)).collect(),
    };
    vec![retired("PT16", &["PT19", "PT1D"]), retired("DE2Z", &["DE21"])]
}

pub struct World {
    pub catalogue: Catalogue,
    pub regions: RegionTable,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| World {
    catalogue: Catalogue::new(parts()).unwrap(),
    regions: RegionTable::new(countries(), places(), retired()).unwrap(),
});

pub fn reference() -> Reference<'static> {
    Reference { catalogue: &WORLD.catalogue, regions: &WORLD.regions, today: today() }
}

/// A market of one offer and one need, and the parameters it is judged by.
#[derive(Clone)]
pub struct Pair {
    pub market: Market,
    pub parameters: Parameters,
}

fn organisation(n: u128, kind: OrganisationKind, country: &str) -> Organisation {
    Organisation {
        id: OrganisationId(Uuid::from_u128(n)),
        kind,
        name: format!("Organisation {n}"),
        country: CountryCode::new(country),
        verification: Verification::Operator,
        clusters: vec![],
    }
}

fn site(n: u128, region: &str) -> Site {
    Site {
        id: SiteId(Uuid::from_u128(n)),
        organisation: OrganisationId(Uuid::from_u128(n)),
        name: format!("Site {n}"),
        region: Some(RegionCode::new(region)),
        region_from: RegionFrom::Stated,
        point: None,
        zone: "UTC".to_owned(),
    }
}

/// A lamp for each piece.
pub fn lamp() -> MissingInput {
    MissingInput { product: code("gown"), units: Quantity::ONE, per: Quantity::ONE, when: When::Before }
}

impl Pair {
    /// 100,000 FFP2 masks in stock and more to come in Munich; 5,000 wanted in Berlin in two weeks.
    pub fn good() -> Self {
        let mut market = Market::new(today());
        for (n, kind, at) in [(1, OrganisationKind::Firm, "DE212"), (2, OrganisationKind::Authority, "DE30")] {
            let (o, s) = (organisation(n, kind, "DE"), site(n, at));
            market.organisations.insert(o.id, o);
            market.sites.insert(s.id, s);
        }
        market.offers.push(Offer {
            id: OfferId(Uuid::from_u128(11)),
            organisation: OrganisationId(Uuid::from_u128(1)),
            site: SiteId(Uuid::from_u128(1)),
            terms: OfferTerms {
                product: code("ffp"),
                grades: vec![grade("FFP2")],
                features: vec![],
                profile: CapacityProfile {
                    calendar: Arc::new(WorkingCalendar::every_day()),
                    from: today(),
                    until: None,
                    as_of: today(),
                    stock: pieces(0),
                    running: Some(Rate { measure: pieces(1_000), period: Period::Day }),
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
        market.needs.push(Need {
            id: NeedId(Uuid::from_u128(21)),
            organisation: OrganisationId(Uuid::from_u128(2)),
            site: SiteId(Uuid::from_u128(2)),
            terms: NeedTerms {
                product: code("ffp"),
                grades: vec![grade("FFP2")],
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
                id: InstalmentId(Uuid::from_u128(31)),
                measure: pieces(5_000),
                due: today().plus(14),
                size: None,
            }],
            state: NeedState::Open,
            urgency_granted: false,
            quarantine: None,
            closing: None,
        });
        Self { market, parameters: Parameters::default() }
    }

    pub fn offer(&mut self) -> &mut Offer {
        &mut self.market.offers[0]
    }

    pub fn terms(&mut self) -> &mut OfferTerms {
        &mut self.market.offers[0].terms
    }

    pub fn need(&mut self) -> &mut Need {
        &mut self.market.needs[0]
    }

    pub fn wants(&mut self) -> &mut NeedTerms {
        &mut self.market.needs[0].terms
    }

    pub fn supplier(&mut self) -> &mut Organisation {
        self.market.organisations.values_mut().next().unwrap()
    }

    pub fn buyer(&mut self) -> &mut Organisation {
        self.market.organisations.values_mut().nth(1).unwrap()
    }

    pub fn supplier_site(&mut self) -> &mut Site {
        self.market.sites.values_mut().next().unwrap()
    }

    pub fn buyer_site(&mut self) -> &mut Site {
        self.market.sites.values_mut().nth(1).unwrap()
    }

    pub fn judge(&self) -> Result<Eligible, Reason> {
        let rules = Rules {
            market: &self.market,
            catalogue: &WORLD.catalogue,
            regions: &WORLD.regions,
            parameters: &self.parameters,
        };
        let need = &self.market.needs[0];
        let view = rules.need_view(need, &rules.site_demands()).unwrap();
        rules.judge(&rules.offer_view(&self.market.offers[0]).unwrap(), &view, &need.instalments[0])
    }

    pub fn code(&self) -> &'static str {
        self.judge().map_or_else(|reason| reason.code(), |_| "eligible")
    }
}
