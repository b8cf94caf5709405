//! The market while it is drawn: who is in it already, and how new ones come in.

use anyhow::{Context, Result, anyhow, bail};
use domain::{
    catalogue::{Catalogue, Product},
    certificate,
    code::{CountryCode, RegionCode},
    decimal::Decimal,
    geo::Point,
    ids::{InstalmentId, LineId, NeedId, OfferId, OrganisationId, SiteId},
    market::Market,
    mode::MarketMode,
    need::{Instalment, Need, NeedInput, NeedState},
    offer::{CalendarInput, Offer, OfferInput, OfferState, Reference},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    quantity::MeasureInput,
    region::{Region, RegionTable, Resolved},
    time::Day,
    violation::Violations,
};

use super::{
    MARK,
    dice::Dice,
    tables::{Country, Place, Tables},
};

/// A cluster whose members firms can be.
#[derive(Debug)]
struct Seat {
    id: OrganisationId,
    region: RegionCode,
    families: Vec<String>,
}

/// A firm that offers, and what later offers of it need to know.
#[derive(Debug, Clone)]
pub(super) struct Firm {
    pub(super) organisation: OrganisationId,
    pub(super) site: SiteId,
    pub(super) activity: String,
    pub(super) country: CountryCode,
    pub(super) calendar: CalendarInput,
    pub(super) offers: Vec<OfferId>,
    pub(super) line: Option<LineId>,
}

/// A buyer with its sites, of a row of `buyers.csv`.
#[derive(Debug, Clone)]
pub(super) struct BuyerSeat {
    pub(super) row: usize,
    pub(super) organisation: OrganisationId,
    pub(super) sites: Vec<SiteId>,
}

/// The market while it is drawn.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) dice: Dice,
    pub(super) tables: &'a Tables,
    pub(super) catalogue: &'a Catalogue,
    pub(super) regions: &'a RegionTable,
    pub(super) day: Day,
    pub(super) market: Market,
    pub(super) firms: Vec<Firm>,
    pub(super) buyers: Vec<BuyerSeat>,
    clusters: Vec<Seat>,
    number: u32,
}

impl<'a> Draft<'a> {
    pub(super) fn new(seed: u64, tables: &'a Tables, catalogue: &'a Catalogue, regions: &'a RegionTable) -> Self {
        let day = super::decision_day();
        Self {
            dice: Dice::new(seed),
            tables,
            catalogue,
            regions,
            day,
            // Authorities let goods in under derogations then.
            market: Market { mode: MarketMode::Emergency, ..Market::new(day) },
            firms: Vec::new(),
            buyers: Vec::new(),
            clusters: Vec::new(),
            number: 0,
        }
    }

    /// Brings the dates of offers to what its day and its mode make of them, as whoever reads them from a database does.
    pub(super) fn age(&mut self) {
        let (mode, day) = (self.market.mode, self.market.day);
        for offer in &mut self.market.offers {
            *offer = offer.clone().aged(mode, day);
        }
    }

    /// The market, its certificates with the ids that they have once they are stored.
    pub(super) fn finish(mut self) -> Market {
        for offer in &mut self.market.offers {
            certificate::number(offer.id, &mut offer.terms.certificates);
        }
        self.market
    }

    /// Whether a habit of the table applies this time.
    pub(super) fn habit(&mut self, name: &str) -> Result<bool> {
        let percent = self.tables.habits.of(name)?;
        Ok(self.dice.percent(percent))
    }

    pub(super) fn product(&self, code: &str) -> Result<&'a Product> {
        self.catalogue.product(code).ok_or_else(|| anyhow!("seeds/demo names the product {code}, which is not listed"))
    }

    pub(super) fn region(&self, code: &str) -> Result<&'a Region> {
        match self.regions.resolve(code) {
            Resolved::One(found) => self.regions.get(&found),
            Resolved::Split(_) | Resolved::Unknown(_) => None,
        }
        .ok_or_else(|| anyhow!("seeds/demo names the region {code}, which is not listed"))
    }

    /// Zone and currency of a country.
    pub(super) fn country(&self, code: &CountryCode) -> Result<&'a Country> {
        let row = self.tables.countries.iter().find(|c| c.country == code.as_str());
        row.ok_or_else(|| anyhow!("seeds/demo/countries.csv lacks the row {code}"))
    }

    /// What a record registered on a day is checked against.
    pub(super) fn reference(&self, today: Day) -> Reference<'a> {
        Reference { catalogue: self.catalogue, regions: self.regions, today }
    }

    /// Enters the cluster organisations of `clusters.csv`.
    pub(super) fn clusters(&mut self) -> Result<()> {
        for row in &self.tables.clusters {
            if row.until.is_some_and(|end| end < self.day) {
                continue;
            }
            let region = self.region(&row.region)?;
            let id = OrganisationId(self.dice.id());
            self.market.organisations.insert(
                id,
                Organisation {
                    id,
                    kind: OrganisationKind::Cluster,
                    name: row.name.clone(),
                    country: region.country.clone(),
                    verification: Verification::Operator,
                    clusters: Vec::new(),
                },
            );
            self.clusters.push(Seat { id, region: region.code.clone(), families: row.families.clone() });
        }
        Ok(())
    }

    /// Enters the buyers of `buyers.csv`, most with one site and some with two.
    pub(super) fn buyers(&mut self) -> Result<()> {
        for (row, buyer) in self.tables.buyers.iter().enumerate() {
            let kind = OrganisationKind::parse(&buyer.kind)
                .with_context(|| format!("seeds/demo/buyers.csv: {:?} is no kind of organisation", buyer.kind))?;
            for _ in 0..buyer.organisations {
                let place = self.place(|p| p.need)?;
                let region = self.region(&place.region)?;
                let organisation = self.organisation(kind, &buyer.name, region, "ppe")?;
                let mut sites = vec![self.site(organisation, Some(region))?];
                if self.dice.percent(25) {
                    sites.push(self.site(organisation, Some(region))?);
                }
                self.buyers.push(BuyerSeat { row, organisation, sites });
            }
        }
        Ok(())
    }

    /// A place of `places.csv` by one of its weights.
    pub(super) fn place(&mut self, weight: fn(&Place) -> u32) -> Result<&'a Place> {
        let tables = self.tables;
        let found = self.dice.pick(tables.places.iter().map(|p| (p, weight(p))));
        found.context("seeds/demo/places.csv has no row with a weight")
    }

    /// Enters an organisation: its invented name, who vouched for it, the clusters around it.
    pub(super) fn organisation(
        &mut self,
        kind: OrganisationKind,
        what: &str,
        region: &Region,
        family: &str,
    ) -> Result<OrganisationId> {
        self.number += 1;
        let id = OrganisationId(self.dice.id());
        let mut clusters = Vec::new();
        if kind == OrganisationKind::Firm {
            for at in 0..self.clusters.len() {
                let seat = &self.clusters[at];
                let near = self.regions.lies_in(&region.code, &seat.region);
                if near && seat.families.iter().any(|f| f == family) && self.habit("firm_in_cluster")? {
                    clusters.push(self.clusters[at].id);
                }
            }
        }
        clusters.sort();
        let verification = if kind != OrganisationKind::Firm || self.habit("firm_verified_by_operator")? {
            Verification::Operator
        } else if !clusters.is_empty() && self.habit("firm_verified_by_cluster")? {
            Verification::Cluster
        } else {
            Verification::None
        };
        let name = format!("Sample {what} {}, {} {MARK}", self.number, short(&region.name));
        self.market
            .organisations
            .insert(id, Organisation { id, kind, name, country: region.country.clone(), verification, clusters });
        Ok(id)
    }

    /// Enters a site in a region, or in one that nobody stated.
    pub(super) fn site(&mut self, organisation: OrganisationId, region: Option<&Region>) -> Result<SiteId> {
        let id = SiteId(self.dice.id());
        let exact = self.habit("site_exact")?;
        // Up to about 25 km around the region's point: invented like the organisation itself.
        let (north, east) = (self.dice.between(-220_000, 220_000), self.dice.between(-300_000, 300_000));
        let around = |p: Point| {
            let moved = |e6: i32, by: i64| i32::try_from(i64::from(e6) + by).ok();
            Point::new(moved(p.lat_e6, north)?, moved(p.lon_e6, east)?)
        };
        let zone = match region {
            Some(r) => self.country(&r.country)?.zone.clone(),
            None => "Europe/Brussels".to_owned(),
        };
        let name = match region {
            Some(r) => format!("Site {} {MARK}", short(&r.name)),
            None => format!("Site at a place not stated {MARK}"),
        };
        let point = region.and_then(|r| r.point).filter(|_| exact).and_then(around);
        let region = region.map(|r| r.code.clone());
        self.market
            .sites
            .insert(id, Site { id, organisation, name, region, region_from: RegionFrom::Stated, point, zone });
        Ok(id)
    }

    /// Enters an offer registered on a day, refusing what a form would refuse.
    pub(super) fn offer(&mut self, firm: &Firm, input: &OfferInput, registered: Day) -> Result<&mut Offer> {
        let (terms, quarantine) = self.checked(input, registered)?;
        let id = OfferId(self.dice.id());
        self.market.offers.push(Offer {
            id,
            organisation: firm.organisation,
            site: firm.site,
            terms,
            state: OfferState::Published,
            confirm_by: registered.plus(14).max(self.day),
            suspended: false,
            quarantine,
        });
        self.market.offers.last_mut().context("an offer was just entered")
    }

    fn checked(&self, input: &OfferInput, registered: Day) -> Result<(domain::offer::OfferTerms, Option<String>)> {
        let refused = |faults: &Violations| anyhow!("the demo's offer of {} is refused: {faults}", input.product);
        match input.check(&self.reference(registered)) {
            Ok(checked) => Ok(checked),
            // Its owner reads that the window cannot yield the smallest order, and drops it.
            Err(faults) if faults.as_slice().iter().all(|f| f.code == "unreachable") => {
                let input = OfferInput { min_order: None, ..input.clone() };
                input.check(&self.reference(registered)).map_err(|f| refused(&f))
            }
            Err(faults) => Err(refused(&faults)),
        }
    }

    /// Enters a need of a buyer's site.
    pub(super) fn need(&mut self, organisation: OrganisationId, site: SiteId, input: &NeedInput) -> Result<&mut Need> {
        let (terms, instalments, quarantine) = input
            .check(&self.reference(self.day))
            .map_err(|faults| anyhow!("the demo's need of {} is refused: {faults}", input.product))?;
        let id = NeedId(self.dice.id());
        let instalments = instalments
            .into_iter()
            .map(|(measure, due, size)| Instalment { id: InstalmentId(self.dice.id()), measure, due, size })
            .collect();
        self.market.needs.push(Need {
            id,
            organisation,
            site,
            terms,
            instalments,
            state: NeedState::Open,
            urgency_granted: false,
            quarantine,
            closing: None,
        });
        self.market.needs.last_mut().context("a need was just entered")
    }
}

/// The first form of a region's name, without scripts and legal forms beside it.
fn short(name: &str) -> &str {
    let cut = name.split(['/', ',', '(']).next().unwrap_or(name).trim();
    cut.trim_start_matches("Arr. ")
}

/// A number of a unit.
pub(super) fn measure_of(value: i64, unit: &str) -> MeasureInput {
    MeasureInput { value: Decimal::whole(value), unit: Some(unit.to_owned()), pack_size: None, pack_unit: None }
}

/// A price in millionths as the decimal number people write.
pub(super) fn decimal_of(micros: i64) -> Result<Decimal> {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    match text.parse() {
        Ok(decimal) => Ok(decimal),
        Err(fault) => bail!("{text} {fault}"),
    }
}
