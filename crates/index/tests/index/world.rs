//! A small world: three products, two countries of NUTS, two without, and builders of records.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::{Catalogue, CatalogueParts, Classifications, Product, ProductKind},
    certificate::CertificateStatus,
    code::{CountryCode, ProductCode, RegionCode, UnitCode},
    disclosure::Disclosure,
    geo::Point,
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    market::{Commitment, Market},
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    region::{Country, Region, RegionTable},
    time::Day,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use index::{Builder, Buyer, Index, Party, Reader, Standing};
use uuid::Uuid;

pub const PRODUCTS: [(&str, BaseUnit); 3] =
    [("mask", BaseUnit::Piece), ("gown", BaseUnit::Piece), ("gel", BaseUnit::Millilitre)];

/// Code, level, parent, and where its point is in whole degrees.
const REGIONS: [(&str, u8, &str, (i32, i32)); 18] = [
    ("DE", 0, "", (51, 10)),
    ("DE1", 1, "DE", (48, 9)),
    ("DE2", 1, "DE", (49, 12)),
    ("DE11", 2, "DE1", (48, 9)),
    ("DE12", 2, "DE1", (49, 8)),
    ("DE21", 2, "DE2", (48, 11)),
    ("DE22", 2, "DE2", (49, 13)),
    ("DE111", 3, "DE11", (48, 9)),
    ("DE112", 3, "DE11", (48, 10)),
    ("DE121", 3, "DE12", (49, 8)),
    ("EL", 0, "", (39, 22)),
    ("EL3", 1, "EL", (38, 23)),
    ("EL30", 2, "EL3", (38, 23)),
    ("EL4", 1, "EL", (36, 27)),
    ("EL41", 2, "EL4", (37, 26)),
    ("FJ", 0, "", (-17, 179)),
    ("NO", 0, "", (70, 20)),
    ("DE222", 3, "DE22", (49, 13)),
];

pub struct World {
    pub catalogue: Catalogue,
    pub regions: RegionTable,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let parts = CatalogueParts {
        products: PRODUCTS.iter().map(|(code, unit)| product(code, *unit)).collect(),
        units: UnitTable::new([BaseUnit::Piece, BaseUnit::Millilitre].map(unit).into()).unwrap(),
        ..crate::candidates::laws::parts()
    };
    let countries = [("DE", "DE"), ("GR", "EL"), ("FJ", "FJ"), ("NO", "NO")].map(|(code, region)| Country {
        code: CountryCode::new(code),
        name: format!("Land {code}"),
        aliases: vec![],
        region: RegionCode::new(region),
        eu_from: ["DE", "GR"].contains(&code).then_some(Day::MIN),
        eu_until: None,
        efta: false,
    });
    let regions = REGIONS.map(|(code, level, parent, (north, east))| Region {
        code: RegionCode::new(code),
        level,
        parent: (level > 0).then(|| RegionCode::new(parent)),
        name: format!("Region {code}"),
        country: CountryCode::new(if code.starts_with("EL") { "GR" } else { &code[..2] }),
        point: Point::new(north * 1_000_000, east * 1_000_000),
        aliases: vec![],
    });
    World {
        catalogue: Catalogue::new(parts).unwrap(),
        regions: RegionTable::new(countries.into(), regions.into(), vec![]).unwrap(),
    }
});

fn unit(base: BaseUnit) -> Unit {
    Unit {
        code: UnitCode::new(base.unit_code()),
        name: base.as_str().to_owned(),
        meaning: UnitMeaning::Fixed { base, numerator: 1, denominator: 1 },
        synonyms: vec![],
        deprecated_note: None,
    }
}

fn product(code: &str, base_unit: BaseUnit) -> Product {
    Product {
        code: ProductCode::new(code),
        kind: ProductKind::Finished,
        family: String::new(),
        base_unit,
        trade_unit: base_unit.unit_code().to_owned(),
        names: std::array::from_fn(|_| code.to_owned()),
        synonyms: vec![],
        classifications: Classifications::default(),
        frames: vec![],
        class: String::new(),
        schemes: vec![],
        weekly_ceiling: 1,
        order_ceiling: 1,
        features: vec![],
    }
}

/// A Wednesday.
pub fn today() -> Day {
    day("2020-04-08")
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn id(kind: u8, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 120) | u128::try_from(n).unwrap())
}

pub fn organisation_id(n: usize) -> OrganisationId {
    OrganisationId(id(1, n))
}

pub fn offer_id(n: usize) -> OfferId {
    OfferId(id(3, n))
}

pub fn line_id(n: usize) -> LineId {
    LineId(id(6, n))
}

pub fn instalment_id(n: usize) -> InstalmentId {
    InstalmentId(id(5, n))
}

pub fn measure(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

pub fn rate(units: i64, period: Period) -> Option<Rate> {
    Some(Rate { measure: measure(units), period })
}

/// Works every day, from today on, with a stock and nothing else.
pub fn stock(units: i64) -> CapacityProfile {
    CapacityProfile {
        calendar: Arc::new(WorkingCalendar::every_day()),
        from: today(),
        until: None,
        as_of: today(),
        stock: measure(units),
        running: None,
        maximum: None,
        ramp_days: 0,
        convertible: None,
        weeks: Vec::new(),
    }
}

/// A market, and which of its commitments are held and not agreed.
#[derive(Debug, Clone)]
pub struct Scene {
    pub market: Market,
    pub held: BTreeSet<MatchId>,
}

impl Scene {
    pub fn new() -> Self {
        Self { market: Market::new(today()), held: BTreeSet::new() }
    }

    /// An organisation with one site of the same number.
    pub fn firm(&mut self, n: usize, region: &str, clusters: &[usize]) -> &mut Site {
        let organisation = organisation_id(n);
        let mut clusters: Vec<_> = clusters.iter().map(|c| organisation_id(*c)).collect();
        clusters.sort();
        let record = Organisation {
            id: organisation,
            kind: OrganisationKind::Firm,
            name: format!("Organisation {n}"),
            country: CountryCode::new("DE"),
            verification: Verification::Cluster,
            clusters,
        };
        self.market.organisations.insert(organisation, record);
        let site = Site {
            id: SiteId(id(2, n)),
            organisation,
            name: format!("Site {n}"),
            region: (!region.is_empty()).then(|| RegionCode::new(region)),
            region_from: RegionFrom::Stated,
            point: None,
            zone: "UTC".to_owned(),
        };
        self.market.sites.entry(site.id).or_insert(site)
    }

    /// An offer of a mask by a firm at its site.
    pub fn offer(&mut self, firm: usize, profile: CapacityProfile) -> &mut Offer {
        let terms = OfferTerms {
            product: ProductCode::new("mask"),
            grades: vec![],
            features: vec![],
            profile,
            line: None,
            min_order: None,
            lead_days: 0,
            max_distance_km: None,
            regions: vec![],
            authorisations: BTreeSet::new(),
            certificates: vec![],
            transfers: [Transfer::Sale].into(),
            price: None,
            role: Role::Maker,
            visibility: Visibility::Market,
            missing_inputs: Vec::new(),
            disclosure: Disclosure::default(),
            note: String::new(),
        };
        let offer = Offer {
            id: offer_id(self.market.offers.len()),
            organisation: organisation_id(firm),
            site: SiteId(id(2, firm)),
            terms,
            state: OfferState::Published,
            confirm_by: today().plus(30),
            suspended: false,
            quarantine: None,
        };
        self.market.offers.push(offer);
        self.market.offers.last_mut().unwrap()
    }

    /// A need of masks of a firm at its site, in one instalment for each quantity and due day.
    pub fn need(&mut self, firm: usize, parts: &[(i64, Day)]) -> &mut Need {
        let n = self.market.needs.len();
        let part = |(i, (units, due)): (usize, &(i64, Day))| Instalment {
            id: instalment_id(10 * n + i),
            measure: measure(*units),
            due: *due,
            size: None,
        };
        let terms = NeedTerms {
            product: ProductCode::new("mask"),
            grades: vec![],
            substitutions: vec![],
            requirements: vec![],
            certificates: vec![],
            accept_pending: false,
            certificate_status: CertificateStatus::Claimed,
            verification: Verification::Cluster,
            transfers: [Transfer::Sale].into(),
            price_cap: None,
            regions: vec![],
            max_distance_km: None,
            max_suppliers: None,
            urgency: Urgency::Normal,
            note: String::new(),
            supply: None,
        };
        self.market.needs.push(Need {
            id: NeedId(id(4, n)),
            organisation: organisation_id(firm),
            site: SiteId(id(2, firm)),
            terms,
            instalments: parts.iter().enumerate().map(part).collect(),
            state: NeedState::Open,
            urgency_granted: false,
            quarantine: None,
            closing: None,
        });
        self.market.needs.last_mut().unwrap()
    }

    /// A promise of an offer to an instalment.
    pub fn promise(&mut self, (offer, instalment): (OfferId, InstalmentId), units: i64, cutoff: Day, as_: Standing) {
        let match_id = MatchId(id(7, self.market.commitments.len()));
        let quantity = Quantity::new(units).unwrap();
        self.market.commitments.push(Commitment {
            match_id,
            offer,
            instalment,
            quantity,
            cutoff,
            covers: None,
            in_chain: false,
        });
        if as_ == Standing::Held {
            self.held.insert(match_id);
        }
    }

    pub fn standing(&self, commitment: &Commitment) -> Standing {
        if self.held.contains(&commitment.match_id) { Standing::Held } else { Standing::Agreed }
    }

    pub fn index(&self) -> Index {
        let mut builder = Builder::new(&WORLD.catalogue, &WORLD.regions);
        let market = &self.market;
        market.organisations.values().for_each(|o| builder.organisation(o));
        market.sites.values().for_each(|site| builder.site(site));
        market.lines.values().for_each(|line| builder.line(line));
        market.offers.iter().for_each(|offer| builder.offer(offer));
        market.needs.iter().for_each(|need| builder.need(need));
        market.commitments.iter().for_each(|c| builder.commitment(c, self.standing(c)));
        builder.mode(market.mode);
        builder.build(7)
    }
}

/// A firm that neither buys nor manages anything.
pub fn party(n: usize) -> Reader {
    Reader::Party(Party { organisation: organisation_id(n), clusters: BTreeSet::new(), buyer: Buyer::No })
}

/// A manager of clusters.
pub fn manager(n: usize, clusters: &[usize]) -> Reader {
    let clusters = clusters.iter().map(|c| organisation_id(*c)).collect();
    Reader::Party(Party { organisation: organisation_id(n), clusters, buyer: Buyer::No })
}

pub fn buyer(n: usize, buyer: Buyer) -> Reader {
    Reader::Party(Party { organisation: organisation_id(n), clusters: BTreeSet::new(), buyer })
}

pub fn codes<T: Ord>(texts: &[&str], make: impl Fn(&str) -> T) -> Option<BTreeSet<T>> {
    Some(texts.iter().map(|text| make(text)).collect())
}

/// What a disclosure shows, by audience.
pub fn disclosure(shown: &[(&str, &str)]) -> Disclosure {
    let mut typed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (audience, group) in shown {
        typed.entry((*audience).to_owned()).or_default().push((*group).to_owned());
    }
    Disclosure::check(&typed).unwrap()
}
