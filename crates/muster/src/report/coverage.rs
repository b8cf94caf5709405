//! Who is covered, and how far.

use std::collections::BTreeMap;

use domain::need::{Instalment, Need, Urgency};
use serde::Serialize;

use super::View;

/// Instalments by how far they are covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Needs.
    pub needs: u32,
    /// Their instalments.
    pub instalments: u32,
    /// Instalments covered wholly.
    pub covered: u32,
    /// Instalments covered in part.
    pub partly: u32,
    /// Instalments not covered at all.
    pub uncovered: u32,
    /// The mean covered share of the instalments, in thousandths.
    pub share_per_mille: i64,
}

/// Coverage of a product, in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductRow {
    /// Its code.
    pub product: String,
    /// Its English name.
    pub name: String,
    /// What the quantities count.
    pub base_unit: String,
    /// The unit it is traded in.
    pub trade_unit: String,
    /// The name of that unit.
    #[serde(skip)]
    pub unit_name: String,
    /// Needed, in the trade unit, for people.
    #[serde(skip)]
    pub shown: [i64; 3],
    /// Needs that ask for it.
    pub needs: u32,
    /// Asked for.
    pub needed: i64,
    /// Held, agreed or matched.
    pub covered: i64,
    /// The rest.
    pub shortage: i64,
    /// Covered by needed, in thousandths.
    pub share_per_mille: i64,
}

/// Coverage of a tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UrgencyRow {
    /// 1 to 4.
    pub tier: u8,
    /// Its name.
    pub urgency: &'static str,
    /// How far.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Coverage of a country of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionRow {
    /// The region's code, of level 0; `unknown` where no place is stated.
    pub region: String,
    /// Its name.
    pub name: String,
    /// How far.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Who is covered, and how far. Products differ in units, so tiers and regions count instalments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// By product, in the order of the catalogue.
    pub by_product: Vec<ProductRow>,
    /// By tier.
    pub by_urgency: Vec<UrgencyRow>,
    /// By country of delivery.
    pub by_region: Vec<RegionRow>,
}

/// A tally while it is counted.
#[derive(Default)]
struct Count {
    tally: Tally,
    shares: i64,
}

impl Count {
    fn add(&mut self, need: &Need, uncovered: &dyn Fn(&Instalment) -> i64) {
        self.tally.needs += 1;
        for instalment in &need.instalments {
            let asked = instalment.measure.quantity.units();
            let open = uncovered(instalment);
            self.tally.instalments += 1;
            match open {
                0 => self.tally.covered += 1,
                open if open < asked => self.tally.partly += 1,
                _ => self.tally.uncovered += 1,
            }
            self.shares += share(asked - open, asked);
        }
    }

    fn done(self) -> Tally {
        let share_per_mille = self.shares / i64::from(self.tally.instalments.max(1));
        Tally { share_per_mille, ..self.tally }
    }
}

/// A part of a whole in thousandths, rounded down, so that 1000 means all of it.
fn share(part: i64, whole: i64) -> i64 {
    let share = i128::from(part) * 1_000 / i128::from(whole.max(1));
    i64::try_from(share).unwrap_or(0)
}

/// Counts the coverage of a run.
pub(super) fn of(view: &View<'_>) -> Coverage {
    let open = view.uncovered();
    let uncovered = |i: &Instalment| open.get(&i.id).copied().unwrap_or(0);
    let mut products: BTreeMap<&str, (u32, i64, i64)> = BTreeMap::new();
    let mut tiers: BTreeMap<u8, Count> = BTreeMap::new();
    let mut regions: BTreeMap<String, (String, Count)> = BTreeMap::new();
    for need in view.market.needs.iter().filter(|n| n.is_matchable()) {
        let row = products.entry(need.terms.product.as_str()).or_default();
        row.0 += 1;
        for instalment in &need.instalments {
            row.1 = row.1.saturating_add(instalment.measure.quantity.units());
            row.2 = row.2.saturating_add(uncovered(instalment));
        }
        tiers.entry(need.tier(view.market.day)).or_default().add(need, &uncovered);
        let place = view.market.sites.get(&need.site).and_then(|s| s.region.as_ref());
        let country = place.and_then(|r| view.tables.regions.at_level(r, 0));
        let (code, name) = match country {
            Some(region) => (region.code.to_string(), country_name(view, region.country.as_str())),
            None => ("unknown".to_owned(), "place not stated".to_owned()),
        };
        regions.entry(code).or_insert_with(|| (name, Count::default())).1.add(need, &uncovered);
    }
    Coverage {
        by_product: by_product(view, &products),
        by_urgency: tiers
            .into_iter()
            .map(|(tier, count)| UrgencyRow { tier, urgency: urgency(tier), tally: count.done() })
            .collect(),
        by_region: regions
            .into_iter()
            .map(|(region, (name, count))| RegionRow { region, name, tally: count.done() })
            .collect(),
    }
}

fn by_product(view: &View<'_>, products: &BTreeMap<&str, (u32, i64, i64)>) -> Vec<ProductRow> {
    let known = view.tables.catalogue.products().iter();
    let row = |p: &domain::catalogue::Product| {
        let (needs, needed, shortage) = *products.get(p.code.as_str())?;
        let unit = view.trade_unit(p);
        let covered = needed - shortage;
        Some(ProductRow {
            product: p.code.to_string(),
            name: p.name().to_owned(),
            base_unit: p.base_unit.to_string(),
            shown: [needed, covered, shortage].map(|q| unit.of(q)),
            trade_unit: unit.code,
            unit_name: unit.name,
            needs,
            needed,
            covered,
            shortage,
            share_per_mille: share(covered, needed),
        })
    };
    known.filter_map(row).collect()
}

fn country_name(view: &View<'_>, code: &str) -> String {
    view.tables.regions.country(code).map_or_else(|| code.to_owned(), |c| c.name.clone())
}

pub(crate) fn urgency(tier: u8) -> &'static str {
    Urgency::ALL.into_iter().find(|u| u.tier() == tier).map_or("low", Urgency::as_str)
}
