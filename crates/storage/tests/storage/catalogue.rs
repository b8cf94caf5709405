//! The catalogue's tables follow the lists, and keep what the operator added.

use domain::{
    catalogue::{
        Activity, Area, Basis, BorderEffect, BorderRule, CatalogueParts, Classifications, Confidence, ConversionPath,
        Frame, Grade, GradeRule, ProcessStep, Product, ProductKind, Scheme, Verdict,
    },
    certificate::CertificateKind,
    code::{
        CertificateKindCode, CountryCode, FeatureCode, FrameCode, GradeCode, ProductCode, RegionCode, SchemeCode,
        UnitCode,
    },
    feature::{Comparison, Feature, FeatureKind},
    geo::Point,
    region::{Country, Region, Retired},
    time::Day,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use storage::{
    StoreError,
    catalogue::{self, RegionLists, SyncCounts},
};
use testkit::{TestDb, builders::day, on_both};

fn product(code: &str) -> Product {
    Product {
        code: ProductCode::new(code),
        kind: ProductKind::Finished,
        family: "ppe".to_owned(),
        base_unit: BaseUnit::Piece,
        trade_unit: "H87".to_owned(),
        names: ["Mask", "Masque", "Maske", "Mascarilla", "Mascherina", "Maska"].map(str::to_owned),
        synonyms: vec!["OP-Maske".to_owned()],
        classifications: Classifications { cpv: vec!["33157110".to_owned()], ..Classifications::default() },
        frames: vec![FrameCode::new("MDR")],
        class: "I".to_owned(),
        schemes: vec![SchemeCode::new("EN14683")],
        weekly_ceiling: 1_000_000,
        order_ceiling: 10_000_000,
        features: vec![(FeatureCode::new("sterile"), Vec::new()), (FeatureCode::new("size"), vec!["M".to_owned()])],
    }
}

fn feature(code: &str, kind: FeatureKind, comparison: Comparison) -> Feature {
    let code = FeatureCode::new(code);
    Feature { name: code.to_string(), unit: String::new(), values: vec!["M".to_owned()], code, kind, comparison }
}

fn parts() -> CatalogueParts {
    let (mask, other) = (ProductCode::new("medical-mask"), ProductCode::new("a-mask-before-it"));
    let unit = |code: &str, meaning| Unit {
        code: UnitCode::new(code),
        name: code.to_owned(),
        meaning,
        synonyms: vec![format!("{code} s")],
        deprecated_note: None,
    };
    let day: fn(&str) -> Option<Day> = |text| Some(testkit::builders::day(text));
    CatalogueParts {
        products: vec![product("medical-mask"), product("a-mask-before-it")],
        schemes: vec![Scheme {
            code: SchemeCode::new("EN14683"),
            standard: "EN 14683".to_owned(),
            name: "Masks".to_owned(),
        }],
        grades: vec![Grade {
            code: GradeCode::new("TYPE-IIR"),
            scheme: SchemeCode::new("EN14683"),
            name: "Type IIR".to_owned(),
            rank: Some(3),
            products: vec![mask.clone()],
            threshold: ">= 98 %".to_owned(),
            synonyms: vec!["IIR".to_owned()],
            source: "EN 14683".to_owned(),
        }],
        rules: vec![GradeRule {
            need_product: mask.clone(),
            need_grade: Some(GradeCode::new("TYPE-IIR")),
            offer_product: other,
            offer_grade: None,
            verdict: Verdict::OptIn,
            unless_feature: Some(FeatureCode::new("sterile")),
            caveat: "Not splash resistant".to_owned(),
            source: "a test".to_owned(),
        }],
        features: vec![
            feature("sterile", FeatureKind::Flag, Comparison::Equal),
            feature("size", FeatureKind::Sizes, Comparison::Includes),
            feature("layers", FeatureKind::Integer, Comparison::AtLeast),
            feature("days", FeatureKind::Integer, Comparison::AtMost),
            feature("strap", FeatureKind::Choice, Comparison::Equal),
        ],
        units: UnitTable::new(vec![
            unit("H87", UnitMeaning::Fixed { base: BaseUnit::Piece, numerator: 1, denominator: 1 }),
            unit("XBX", UnitMeaning::Package),
            unit("WEE", UnitMeaning::Period),
        ])
        .unwrap(),
        certificate_kinds: vec![CertificateKind {
            code: CertificateKindCode::new("iso-13485"),
            name: "ISO 13485".to_owned(),
            proves: "A quality system".to_owned(),
            id_pattern: String::new(),
            example: "1234".to_owned(),
            register: "IAF CertSearch".to_owned(),
            red_flags: "no accreditation mark".to_owned(),
            source: "test".to_owned(),
            expires: Some(true),
        }],
        product_certificates: vec![(mask.clone(), FrameCode::new("MDR"), CertificateKindCode::new("iso-13485"), true)],
        frames: vec![Frame {
            code: FrameCode::new("MDR"),
            name: "Devices".to_owned(),
            act: "Regulation 2017/745".to_owned(),
            from: day("2021-05-26"),
            until: None,
            note: String::new(),
        }],
        border_rules: vec![BorderRule {
            code: "EU-402".to_owned(),
            products: vec![mask.clone()],
            from_area: Area::Eu,
            to_area: Some(Area::Country(CountryCode::new("GB"))),
            from: testkit::builders::day("2020-03-15"),
            until: day("2020-04-25"),
            effect: BorderEffect::AuthorisationRequired,
            excepted: vec![CountryCode::new("NO")],
            source: "test".to_owned(),
        }],
        steps: vec![ProcessStep {
            product: mask.clone(),
            step: 1,
            name: "Weld".to_owned(),
            inputs: vec!["meltblown".to_owned()],
            equipment: vec!["a line".to_owned()],
            nace2: "14.12".to_owned(),
            bottleneck: String::new(),
            source: "a test".to_owned(),
        }],
        conversions: vec![ConversionPath {
            capability: "apparel sewing".to_owned(),
            nace2: vec!["14.13".to_owned()],
            product: mask,
            days_min: Some(2),
            days_max: Some(14),
            basis: Basis::Press,
            bottleneck: "elastic".to_owned(),
            certificate_path: String::new(),
            example: String::new(),
            source: "a test".to_owned(),
            confidence: Confidence::High,
        }],
        activities: vec![Activity {
            word: "weaving".to_owned(),
            language: "en".to_owned(),
            nace2: vec!["13.20".to_owned()],
            source: "a test".to_owned(),
        }],
    }
}

fn regions() -> RegionLists {
    let region = |code: &str, level, parent: Option<&str>| Region {
        code: RegionCode::new(code),
        level,
        parent: parent.map(RegionCode::new),
        name: code.to_owned(),
        country: CountryCode::new("GR"),
        point: Point::new(38_000_000, 23_000_000),
        aliases: vec!["Hellas".to_owned()],
    };
    RegionLists {
        countries: vec![Country {
            code: CountryCode::new("GR"),
            name: "Greece".to_owned(),
            aliases: vec!["EL".to_owned()],
            region: RegionCode::new("EL"),
            eu_from: Some(day("1981-01-01")),
            eu_until: None,
            efta: false,
        }],
        regions: vec![region("EL", 0, None), region("EL3", 1, Some("EL"))],
        retired: vec![Retired {
            code: "GR3".to_owned(),
            version: "2010".to_owned(),
            successors: vec![RegionCode::new("EL3")],
        }],
    }
}

/// Parts have no equality of their own; what they show does.
fn shown(parts: &CatalogueParts) -> String {
    format!("{:?}", CatalogueParts { units: UnitTable::default(), ..parts.clone() })
        + &format!("{:?}", parts.units.all())
}

on_both!(
    async fn what_is_synced_is_loaded_and_synced_again_without_a_change(db: TestDb) {
        let first = catalogue::sync(&db.store, &parts(), &regions()).await.unwrap();
        let rows = first.created;
        assert_eq!(first, SyncCounts { created: rows, changed: 0, unchanged: 0 });
        let (stored, places) = catalogue::load(&db.store).await.unwrap();
        assert_eq!(shown(&stored), shown(&parts()));
        assert_eq!(places, regions());
        let again = catalogue::sync(&db.store, &parts(), &regions()).await.unwrap();
        assert_eq!(again, SyncCounts { created: 0, changed: 0, unchanged: rows });
    }
);

on_both!(
    async fn a_changed_row_follows_and_an_added_one_stays(db: TestDb) {
        catalogue::sync(&db.store, &parts(), &regions()).await.unwrap();
        let mut more = parts();
        more.products.push(product("of-the-operator"));
        catalogue::sync(&db.store, &more, &regions()).await.unwrap();

        let mut changed = parts();
        changed.products[0].weekly_ceiling = 7;
        let counts = catalogue::sync(&db.store, &changed, &regions()).await.unwrap();
        assert_eq!((counts.created, counts.changed), (0, 1));
        let (stored, _) = catalogue::load(&db.store).await.unwrap();
        let codes: Vec<&str> = stored.products.iter().map(|product| product.code.as_str()).collect();
        assert_eq!(codes, ["medical-mask", "a-mask-before-it", "of-the-operator"]);
        assert_eq!(stored.products[0].weekly_ceiling, 7);
    }
);

on_both!(
    async fn a_row_that_names_nothing_is_refused_as_a_whole(db: TestDb) {
        let mut broken = parts();
        broken.steps[0].product = ProductCode::new("nothing");
        let result = catalogue::sync(&db.store, &broken, &regions()).await;
        assert!(matches!(result, Err(StoreError::Constraint(_))), "{result:?}");
        assert!(catalogue::load(&db.store).await.unwrap().0.products.is_empty());
    }
);
