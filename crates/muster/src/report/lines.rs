//! Who should supply whom, by name.

use domain::{
    ids::{InstalmentId, NeedId, OfferId},
    time::Day,
};
use serde::Serialize;

use super::View;

/// A quantity of an offer for an instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineRow {
    /// The offer.
    pub offer: OfferId,
    /// Whose it is.
    pub supplier: String,
    /// The need.
    pub need: NeedId,
    /// The instalment of it.
    pub instalment: InstalmentId,
    /// Whose need it is.
    pub buyer: String,
    /// The product that is asked for.
    pub product: String,
    /// The tier it ranks at.
    pub tier: u8,
    /// Base units.
    pub quantity: i64,
    /// In the unit the product is traded in, for people.
    #[serde(skip)]
    pub shown: (i64, String),
    /// By when the goods must exist.
    pub cutoff: Day,
    /// When they are due.
    pub due: Day,
    /// Kilometres, where both places are known.
    pub distance_km: Option<u32>,
    /// Cost points per base unit.
    pub points: i64,
    /// 1 for the cheapest eligible offer of the instalment, of `eligible_offers`.
    pub rank: u32,
    /// How many offers are eligible for the instalment.
    pub eligible_offers: u32,
}

/// All matches, the largest of the most urgent first.
pub(super) fn of(view: &View<'_>) -> Vec<LineRow> {
    let market = view.market;
    let name = |organisation| market.organisations.get(&organisation).map_or(String::new(), |o| o.name.clone());
    let mut rows: Vec<LineRow> = view
        .outcome
        .lines
        .iter()
        .filter_map(|line| {
            let (offer, need) = (market.offer(line.offer)?, market.need(line.need)?);
            let instalment = need.instalments.iter().find(|i| i.id == line.instalment)?;
            let product = view.tables.catalogue.product(need.terms.product.as_str())?;
            let unit = view.trade_unit(product);
            Some(LineRow {
                offer: offer.id,
                supplier: name(offer.organisation),
                need: need.id,
                instalment: instalment.id,
                buyer: name(need.organisation),
                product: product.code.to_string(),
                tier: need.tier(view.market.day),
                quantity: line.quantity.units(),
                shown: (unit.of(line.quantity.units()), unit.name.clone()),
                cutoff: line.eligible.cutoff,
                due: instalment.due,
                distance_km: line.eligible.distance_km,
                points: line.eligible.cost.total(),
                rank: line.rank,
                eligible_offers: line.eligible_offers,
            })
        })
        .collect();
    rows.sort_by_key(|r| (r.tier, std::cmp::Reverse(r.quantity), r.instalment, r.offer));
    rows
}
