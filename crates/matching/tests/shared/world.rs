//! The world that markets of bytes live in: one unit, two products, two countries with three regions.

use std::sync::LazyLock;

use domain::{
    catalogue::{Catalogue, CatalogueParts, Classifications, Product, ProductKind},
    code::{CountryCode, ProductCode, RegionCode, UnitCode},
    eligibility::Rules,
    geo::Point,
    market::Market,
    parameters::Parameters,
    region::{Country, Region, RegionTable},
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};

pub const PRODUCTS: [&str; 2] = ["mask", "gown"];
pub const COUNTRIES: [&str; 2] = ["AA", "BB"];
/// NUTS 2 regions; the first two letters are the country.
pub const REGIONS: [&str; 3] = ["AA01", "AA02", "BB01"];

struct World {
    catalogue: Catalogue,
    regions: RegionTable,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let piece = Unit {
        code: UnitCode::new("H87"),
        name: "piece".to_owned(),
        meaning: UnitMeaning::Fixed { base: BaseUnit::Piece, numerator: 1, denominator: 1 },
        synonyms: vec![],
        deprecated_note: None,
    };
    let parts = CatalogueParts {
        products: PRODUCTS.iter().map(|code| product(code)).collect(),
        units: UnitTable::new(vec![piece]).unwrap(),
        ..CatalogueParts::default()
    };
    let countries = COUNTRIES.map(|code| Country {
        code: CountryCode::new(code),
        name: format!("Land {code}"),
        aliases: vec![],
        region: RegionCode::new(code),
        eu_from: None,
        eu_until: None,
        efta: false,
    });
    let mut regions: Vec<Region> = COUNTRIES.iter().map(|code| region(code, 0)).collect();
    for code in REGIONS {
        if regions.iter().all(|r| r.code.as_str() != &code[..3]) {
            regions.push(region(&code[..3], 1));
        }
        regions.push(region(code, 2));
    }
    World {
        catalogue: Catalogue::new(parts).unwrap(),
        regions: RegionTable::new(countries.into(), regions, vec![]).unwrap(),
    }
});

fn product(code: &str) -> Product {
    Product {
        code: ProductCode::new(code),
        kind: ProductKind::Finished,
        family: "ppe".to_owned(),
        base_unit: BaseUnit::Piece,
        trade_unit: "H87".to_owned(),
        names: std::array::from_fn(|_| code.to_owned()),
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

/// Puts regions apart from each other.
fn spread(code: &str) -> i32 {
    code.bytes().fold(0, |sum, byte| (3 * sum + i32::from(byte)) % 7)
}

fn region(code: &str, level: u8) -> Region {
    Region {
        code: RegionCode::new(code),
        level,
        parent: (level > 0).then(|| RegionCode::new(&code[..code.len() - 1])),
        name: format!("Land {code}"),
        country: CountryCode::new(&code[..2]),
        point: Point::new(47_000_000 + 700_000 * i32::from(level), 6_000_000 + 900_000 * spread(code)),
        aliases: vec![],
    }
}

pub fn rules<'a>(market: &'a Market, parameters: &'a Parameters) -> Rules<'a> {
    Rules { market, catalogue: &WORLD.catalogue, regions: &WORLD.regions, parameters }
}
