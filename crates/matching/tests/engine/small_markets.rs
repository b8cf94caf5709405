//! Random small markets: a few offers, needs, lines and promises, in a world of two countries.

use std::sync::{Arc, LazyLock};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::{Catalogue, CatalogueParts, Classifications, Product, ProductKind},
    code::{CountryCode, ProductCode, RegionCode},
    disclosure::Disclosure,
    eligibility::Rules,
    geo::Point,
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    line::Line,
    market::{Commitment, Market, Suggestion},
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    parameters::{Parameters, Transit},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::{Country, Region, RegionTable},
    time::Day,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::Uuid;

pub const PRODUCTS: [&str; 2] = ["mask", "gown"];

/// A small world: catalogue and regions.
pub struct World {
    pub catalogue: Catalogue,
    pub regions: RegionTable,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let piece = Unit {
        code: domain::code::UnitCode::new("H87"),
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
        schemes: vec![],
        weekly_ceiling: 1_000_000,
        order_ceiling: 1_000_000,
        features: vec![],
    };
    let parts = CatalogueParts {
        products: PRODUCTS.iter().map(product).collect(),
        units: UnitTable::new(vec![piece]).unwrap(),
        ..CatalogueParts::default()
    };
    let country = |code: &str| Country {
        code: CountryCode::new(code),
        name: format!("Land {code}"),
        aliases: vec![],
        region: RegionCode::new(code),
        eu_from: None,
        eu_until: None,
        efta: false,
    };
    let region = |code: &str| Region {
        code: RegionCode::new(code),
        level: 0,
        parent: None,
        name: format!("Land {code}"),
        country: CountryCode::new(code),
        point: Point::new(if code == "AA" { 49_000_000 } else { 51_000_000 }, 8_000_000),
        aliases: vec![],
    };
    let codes = ["AA", "BB"];
    World {
        catalogue: Catalogue::new(parts).unwrap(),
        regions: RegionTable::new(codes.map(country).into(), codes.map(region).into(), vec![]).unwrap(),
    }
});

/// What kinds of trouble a random market has.
#[derive(Clone, Copy, Default)]
pub struct Shape {
    pub offers: usize,
    pub needs: usize,
    pub most_units: i64,
    pub lines: bool,
    pub commitments: bool,
    pub min_orders: bool,
    /// At most one or two suppliers an instalment, now and then.
    pub few_suppliers: bool,
    /// What a run before suggested, whether it still fits or not.
    pub suggestions: bool,
}
pub fn today() -> Day {
    Day::parse("2020-04-06").unwrap()
}

fn id(kind: u8, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 120) | u128::try_from(n).unwrap())
}

pub fn measure(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

pub fn parameters() -> Parameters {
    Parameters { transit: Transit { handling_days: 0, km_per_day: 400, unknown_km: 100 }, ..Parameters::default() }
}

pub fn rules<'a>(market: &'a Market, parameters: &'a Parameters) -> Rules<'a> {
    Rules { market, catalogue: &WORLD.catalogue, regions: &WORLD.regions, parameters }
}

struct Draw {
    rng: ChaCha8Rng,
    market: Market,
}

impl Draw {
    fn upto(&mut self, most: i64) -> i64 {
        self.rng.random_range(0..=most)
    }

    fn place(&mut self, n: usize) -> (OrganisationId, SiteId) {
        let organisation = OrganisationId(id(1, n));
        let site = SiteId(id(2, n));
        let country = ["AA", "BB"][self.rng.random_range(0..2)];
        let point =
            Point::new(self.rng.random_range(47_000_000..53_000_000), self.rng.random_range(5_000_000..12_000_000));
        self.market.organisations.insert(
            organisation,
            Organisation {
                id: organisation,
                kind: OrganisationKind::Firm,
                name: format!("Organisation {n}"),
                country: CountryCode::new(country),
                verification: Verification::Operator,
                clusters: vec![],
            },
        );
        self.market.sites.insert(
            site,
            Site {
                id: site,
                organisation,
                name: format!("Site {n}"),
                region: Some(RegionCode::new(country)),
                region_from: RegionFrom::Stated,
                point,
                zone: "UTC".to_owned(),
            },
        );
        (organisation, site)
    }

    fn profile(&mut self, most: i64) -> CapacityProfile {
        let from = today().plus(i32::try_from(self.upto(3)).unwrap());
        CapacityProfile {
            calendar: Arc::new(WorkingCalendar::every_day()),
            from,
            until: None,
            as_of: today(),
            stock: measure(self.upto(most)),
            running: Some(Rate { measure: measure(self.upto(2)), period: Period::Day }),
            maximum: None,
            ramp_days: 0,
            convertible: None,
            weeks: Vec::new(),
        }
    }

    fn offer(&mut self, n: usize, shape: Shape, lines: &[LineId]) {
        let (organisation, site) = self.place(n);
        let line = (self.upto(1) == 1).then(|| lines.first().copied()).flatten();
        let mut profile = self.profile(shape.most_units.min(3));
        if line.is_some() {
            profile.stock = measure(self.upto(1));
        }
        let product = if line.is_some() { PRODUCTS[0] } else { PRODUCTS[usize::try_from(self.upto(3) / 3).unwrap()] };
        let min_order = (shape.min_orders && self.upto(1) == 1).then(|| measure(1 + self.upto(3)));
        let lead_days = u16::try_from(self.upto(3)).unwrap();
        self.market.offers.push(Offer {
            id: OfferId(id(3, n)),
            organisation,
            site,
            terms: OfferTerms {
                product: ProductCode::new(product),
                grades: vec![],
                features: vec![],
                profile,
                line,
                min_order,
                lead_days,
                max_distance_km: None,
                regions: vec![],
                authorisations: Default::default(),
                certificates: vec![],
                transfers: [Transfer::Sale].into(),
                price: None,
                role: Role::Maker,
                visibility: Visibility::Market,
                // Three of four are judged by their exact places, the others by their countries.
                missing_inputs: Vec::new(),
                disclosure: if n % 4 == 3 { Disclosure::default() } else { Disclosure::exact_place() },
                note: String::new(),
            },
            state: OfferState::Published,
            confirm_by: today().plus(7),
            suspended: false,
            quarantine: None,
        });
    }

    fn need(&mut self, n: usize, shape: Shape) {
        let (organisation, site) = self.place(100 + n);
        let urgency = Urgency::ALL[usize::try_from(self.upto(3)).unwrap()];
        let product = PRODUCTS[usize::try_from(self.upto(3) / 3).unwrap()];
        let due = today().plus(i32::try_from(self.upto(5)).unwrap());
        let units = 1 + self.upto(shape.most_units - 1);
        let limited = shape.few_suppliers && self.upto(1) == 1;
        let max_suppliers = limited.then(|| u16::try_from(1 + self.upto(1)).unwrap());
        let urgency_granted = self.upto(1) == 1;
        self.market.needs.push(Need {
            id: NeedId(id(4, n)),
            organisation,
            site,
            terms: NeedTerms {
                product: ProductCode::new(product),
                grades: vec![],
                substitutions: vec![],
                requirements: vec![],
                certificates: vec![],
                accept_pending: false,
                certificate_status: domain::certificate::CertificateStatus::Claimed,
                verification: Verification::None,
                transfers: [Transfer::Sale].into(),
                price_cap: None,
                regions: vec![],
                max_distance_km: None,
                max_suppliers,
                urgency,
                note: String::new(),
                supply: None,
            },
            instalments: vec![Instalment { id: InstalmentId(id(5, n)), measure: measure(units), due, size: None }],
            state: NeedState::Open,
            urgency_granted,
            quarantine: None,
            closing: None,
        });
    }
}

/// A random market of a shape; the same seed gives the same market.
pub fn market(seed: u64, shape: Shape) -> Market {
    let mut draw = Draw { rng: ChaCha8Rng::seed_from_u64(seed), market: Market::new(today()) };
    let mut lines = Vec::new();
    if shape.lines {
        let (_, site) = draw.place(200);
        let mut profile = draw.profile(0);
        profile.running = Some(Rate { measure: measure(1 + draw.upto(1)), period: Period::Day });
        let line = LineId(id(6, 0));
        draw.market.lines.insert(line, Line { id: line, site, name: "Line".to_owned(), profile });
        lines.push(line);
    }
    for n in 0..shape.offers {
        draw.offer(n, shape, &lines);
    }
    for n in 0..shape.needs {
        draw.need(n, shape);
    }
    if shape.commitments {
        let offer = draw.market.offers[0].id;
        let cutoff = today().plus(i32::try_from(draw.upto(4)).unwrap());
        let instalment = draw.market.needs[0].instalments[0].id;
        let quantity = Quantity::new(1).unwrap();
        let covers = (draw.upto(3) == 0).then(|| Quantity::new(draw.upto(1)).unwrap());
        let match_id = MatchId(id(7, 0));
        draw.market.commitments.push(Commitment {
            match_id,
            offer,
            instalment,
            quantity,
            cutoff,
            covers,
            in_chain: false,
        });
    }
    for n in 0..if shape.suggestions { shape.needs } else { 0 } {
        let at = draw.upto(i64::try_from(shape.offers).unwrap() - 1);
        let offer = draw.market.offers[usize::try_from(at).unwrap()].id;
        let instalment = draw.market.needs[n].instalments[0].id;
        let quantity = Quantity::new(1 + draw.upto(2)).unwrap();
        draw.market.suggestions.push(Suggestion { offer, instalment, quantity });
    }
    draw.market.sort();
    draw.market
}

/// Whether flow levels are proved where no rule on orders bound, and no gap is below 0.
pub fn gaps_are_honest(outcome: &matching::Outcome) -> bool {
    let free = outcome.proof.closed.is_empty() && outcome.proof.raised.is_empty();
    outcome.levels.iter().all(|l| if l.flow && free { l.gap == Some(0) } else { l.gap.is_none_or(|g| g >= 0) })
}
