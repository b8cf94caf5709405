//! Who may serve whom: ordered predicates, of which each failing pair has exactly one first reason.
//!
//! The engine and its independent checker share this module and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    catalogue::Catalogue, market::Market, need::Instalment, offer::Offer, parameters::Parameters, region::RegionTable,
    time::Day,
};

mod checks;
mod pair;
mod papers;
mod reason;
mod standing;
mod viewed;
mod views;

pub use checks::{Stated, border, features, missed, share_a_cluster, visible};
pub use pair::{Findings, Listing, Pair, Question, ask, cost, first_orderable};
pub use papers::{Lack, Paper, certificates, checked, papers_span};
pub use reason::{Predicate, Reason};
pub use views::{NeedView, OfferView, SiteDemands};

use viewed::{Viewed, listing};

/// How an offered grade stands to what is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standing {
    /// The very grade, or none asked.
    Same,
    /// Another grade that counts without asking.
    Satisfies {
        /// What to know about it.
        caveat: String,
    },
    /// A substitution the buyer opted into.
    Substitute {
        /// What to know about it.
        caveat: String,
    },
}

/// A pair that passed every predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligible {
    /// By when the goods must exist: due date less transit.
    pub cutoff: Day,
    /// Days of transit.
    pub transit_days: i32,
    /// Distance in kilometres, where both places are known.
    pub distance_km: Option<u32>,
    /// Whether output cannot be ordered in time, so that only stock counts.
    pub stock_only: bool,
    /// Cost terms in points per base unit.
    pub cost: CostTerms,
    /// How the grade stands.
    pub standing: Standing,
}

/// The parts of a pair's cost, in points per base unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostTerms {
    /// Distance.
    pub distance: i64,
    /// A border is crossed.
    pub border: i64,
    /// No cluster is shared.
    pub cluster: i64,
    /// A substitution is used.
    pub substitution: i64,
    /// Nobody vouched for the supplier.
    pub unverified: i64,
    /// The figures are stale.
    pub aging: i64,
    /// Preferred features are missing.
    pub preference: i64,
    /// A certificate is pending.
    pub pending: i64,
    /// Price.
    pub price: i64,
}

impl CostTerms {
    /// Their sum.
    pub fn total(&self) -> i64 {
        self.distance
            + self.border
            + self.cluster
            + self.substitution
            + self.unverified
            + self.aging
            + self.preference
            + self.pending
            + self.price
    }
}

/// What a network is built from, of a pair that passed every predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    /// By when the goods must exist: due date less transit.
    pub cutoff: Day,
    /// Whether output cannot be ordered in time, so that only stock counts.
    pub stock_only: bool,
    /// The sum of the cost terms, in points per base unit.
    pub cost: i64,
}

/// Market, tables and parameters, as the predicates see them.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The market.
    pub market: &'a Market,
    /// Products, grades, rules.
    pub catalogue: &'a Catalogue,
    /// Regions.
    pub regions: &'a RegionTable,
    /// Parameters of the run.
    pub parameters: &'a Parameters,
}

impl Rules<'_> {
    /// Judges an offer for one instalment of a need: eligible and how, or the first reason why not.
    /// Both views must come from these rules.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn judge(&self, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment) -> Result<Eligible, Reason> {
        let viewed = self.viewed(o, n, instalment);
        let found = ask(&viewed, &self.question(instalment)).map_err(|(_, reason)| reason)?;
        let cost = cost(&viewed, &found, self.parameters);
        let Findings { stand, distance_km, transit_days, cutoff, stock_only, pending: _ } = found;
        Ok(Eligible { cutoff, transit_days, distance_km, stock_only, cost, standing: stand.into() })
    }

    /// Judges as [`Self::judge`] does, without what only an explanation shows: for millions of pairs.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn weigh(&self, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment) -> Result<Weighed, Reason> {
        let viewed = self.viewed(o, n, instalment);
        let found = ask(&viewed, &self.question(instalment)).map_err(|(_, reason)| reason)?;
        let cost = cost(&viewed, &found, self.parameters).total();
        Ok(Weighed { cutoff: found.cutoff, stock_only: found.stock_only, cost })
    }

    /// Asks the predicates before the product, which look at the offer alone.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn judge_offer_alone(&self, offer: &Offer) -> Result<(), Reason> {
        let fault = listing(offer, self.market.day).fault(|predicate| self.is_off(predicate));
        fault.map_or(Ok(()), |(_, reason)| Err(reason))
    }

    #[inline(always)]
    fn viewed<'v, 'n>(
        &'v self,
        o: &'v OfferView<'v>,
        n: &'v NeedView<'n>,
        instalment: &'v Instalment,
    ) -> Viewed<'v, 'n> {
        Viewed { rules: self, o, n, due: instalment.due, size: instalment.size.as_deref() }
    }

    #[inline(always)]
    fn question(&self, instalment: &Instalment) -> Question<'_> {
        Question { parameters: self.parameters, besides: None, day: self.market.day, due: instalment.due }
    }
}
