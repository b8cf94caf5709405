//! A snapshot of the market: everything a run sees, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    line::Line,
    mode::MarketMode,
    need::Need,
    offer::Offer,
    organisation::{Organisation, Site},
    quantity::Quantity,
    time::Day,
};

/// A held or agreed quantity, with the cut-off stored when it was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// The match it belongs to.
    pub match_id: MatchId,
    /// The offer it draws on.
    pub offer: OfferId,
    /// The instalment it covers.
    pub instalment: InstalmentId,
    /// How much of the offer's figures is held, agreed, or gone since they were stated; 0 where the goods left them.
    pub quantity: Quantity,
    /// By when it must exist.
    pub cutoff: Day,
    /// How much of the instalment it covers, where that is not what it draws: goods that were delivered, or that failed
    /// goods-in or were not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Quantity>,
    /// Whether it is a leg of a chain, whose other legs bring what the offer lacks; if not, an offer that lacks something
    /// gives of what lies ready.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_chain: bool,
}

impl Commitment {
    /// How much of the instalment it covers.
    pub fn covered(&self) -> Quantity {
        self.covers.unwrap_or(self.quantity)
    }
}

/// A quantity that the run before suggested and that nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The offer.
    pub offer: OfferId,
    /// The instalment.
    pub instalment: InstalmentId,
    /// How much.
    pub quantity: Quantity,
}

/// What of an offer that lacks something can be matched beyond what lies ready, because its inputs are brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assured {
    /// Base units that lie ready and are promised to nobody.
    pub ready: i64,
    /// Base units that inputs were brought for, or are promised, by a day: days and sums ascend.
    pub made: Vec<(Day, i64)>,
}

impl Assured {
    /// Base units that inputs were brought for, or are promised, by a day.
    pub fn made_by(&self, day: Day) -> i64 {
        let until = self.made.partition_point(|(by, _)| *by <= day);
        self.made[..until].last().map_or(0, |(_, units)| *units)
    }
}

/// How far goods travel between two sites where somebody states it, as by road or from a table of
/// distances; it stands before what the points say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedDistance {
    /// Where an offer is made.
    pub from: SiteId,
    /// Where a need must arrive.
    pub to: SiteId,
    /// Whole kilometres.
    pub km: u32,
}

/// The market on a decision day. Lists are sorted by id, so equal markets are equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The day the run decides on.
    pub day: Day,
    /// The mode that the market runs in. What it makes of the freshness of offers stands in them already.
    #[serde(default, skip_serializing_if = "MarketMode::is_normal")]
    pub mode: MarketMode,
    /// Organisations by id.
    pub organisations: BTreeMap<OrganisationId, Organisation>,
    /// Sites by id.
    pub sites: BTreeMap<SiteId, Site>,
    /// Lines by id.
    pub lines: BTreeMap<LineId, Line>,
    /// Offers, sorted by id, whatever their state: the predicates judge it.
    pub offers: Vec<Offer>,
    /// Needs, sorted by id, of which the matchable ones take part.
    pub needs: Vec<Need>,
    /// What is held or agreed, sorted by match.
    pub commitments: Vec<Commitment>,
    /// What the run before suggested, sorted by offer and instalment.
    #[serde(default)]
    pub suggestions: Vec<Suggestion>,
    /// Standing refusals between an offer and a need.
    pub refusals: BTreeSet<(OfferId, NeedId)>,
    /// Distances that are stated, sorted by their ends; points say the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distances: Vec<StatedDistance>,
    /// What inputs are brought for, by the offer that lacks them; of others that lack something, only what lies ready
    /// counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assured: BTreeMap<OfferId, Assured>,
}

impl Market {
    /// An empty market on a day.
    pub fn new(day: Day) -> Self {
        Self {
            day,
            mode: MarketMode::Normal,
            organisations: BTreeMap::new(),
            sites: BTreeMap::new(),
            lines: BTreeMap::new(),
            offers: Vec::new(),
            needs: Vec::new(),
            commitments: Vec::new(),
            suggestions: Vec::new(),
            refusals: BTreeSet::new(),
            distances: Vec::new(),
            assured: BTreeMap::new(),
        }
    }

    /// Sorts the lists by id; whoever fills a market calls it last.
    pub fn sort(&mut self) {
        self.offers.sort_by_key(|o| o.id);
        self.needs.sort_by_key(|n| n.id);
        self.commitments.sort_by_key(|c| c.match_id);
        self.suggestions.sort_by_key(|s| (s.offer, s.instalment));
        self.distances.sort_by_key(|d| (d.from, d.to));
    }

    /// What an offer that lacks something has without more being brought: of what lies ready all that is promised to
    /// nobody outside of chains, and what is promised.
    pub fn promised_of(&self, offer: &Offer) -> Assured {
        let profile = &offer.terms.profile;
        let (mut of_stock, mut by_day) = (0_i64, BTreeMap::<Day, i64>::new());
        for promise in self.commitments.iter().filter(|c| c.offer == offer.id && !c.quantity.is_zero()) {
            let units = promise.quantity.units();
            of_stock = of_stock.saturating_add(if promise.in_chain { 0 } else { units });
            let by = by_day.entry(promise.cutoff.max(profile.as_of)).or_default();
            *by = by.saturating_add(units);
        }
        let made = by_day.into_iter().scan(0_i64, |sum, (day, units)| {
            *sum = sum.saturating_add(units);
            Some((day, *sum))
        });
        Assured { ready: (profile.stock.quantity.units() - of_stock).max(0), made: made.collect() }
    }

    /// The distances stated from a site, by where they lead.
    pub fn distances_from(&self, site: SiteId) -> &[StatedDistance] {
        let start = self.distances.partition_point(|d| d.from < site);
        let rest = &self.distances[start..];
        &rest[..rest.partition_point(|d| d.from == site)]
    }

    /// An offer by id.
    pub fn offer(&self, id: OfferId) -> Option<&Offer> {
        self.offers.binary_search_by_key(&id, |o| o.id).ok().map(|i| &self.offers[i])
    }

    /// A need by id.
    pub fn need(&self, id: NeedId) -> Option<&Need> {
        self.needs.binary_search_by_key(&id, |n| n.id).ok().map(|i| &self.needs[i])
    }
}
