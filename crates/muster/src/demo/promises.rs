//! What stands between pairs already on the decision day: a few agreements and a few refusals.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::{
    eligibility::{Eligible, Rules},
    ids::{InstalmentId, MatchId, NeedId, OfferId},
    market::Commitment,
    parameters::Parameters,
    quantity::Quantity,
};

use super::draft::Draft;

/// A pair that could be, and what it could be about.
struct Pair {
    offer: OfferId,
    need: NeedId,
    instalment: InstalmentId,
    asked: i64,
    ready: i64,
    eligible: Eligible,
    on_line: bool,
}

impl Draft<'_> {
    /// Lets a few possible pairs have agreed on a part, and a few have said no.
    pub(super) fn promises(&mut self) -> Result<()> {
        self.market.sort();
        let mut taken: BTreeMap<OfferId, i64> = BTreeMap::new();
        for pair in self.nearest_pairs() {
            if self.habit("refusal")? {
                self.market.refusals.insert((pair.offer, pair.need));
                continue;
            }
            // A line's time is shared; its offers stay out of it to keep every promise sound.
            if pair.on_line || !self.habit("promise")? {
                continue;
            }
            let part = (pair.ready / 4).min(pair.asked / 2);
            let Some(quantity) = Quantity::new(part).filter(|q| !q.is_zero()) else { continue };
            if taken.insert(pair.offer, part).is_none() {
                let match_id = MatchId(self.dice.id());
                let (offer, instalment, cutoff) = (pair.offer, pair.instalment, pair.eligible.cutoff);
                self.market.commitments.push(Commitment {
                    match_id,
                    offer,
                    instalment,
                    quantity,
                    cutoff,
                    covers: None,
                    in_chain: false,
                });
            }
        }
        Ok(())
    }

    /// For each need its first instalment with the nearest offer that could serve it.
    fn nearest_pairs(&self) -> Vec<Pair> {
        let parameters = Parameters::default();
        let rules =
            Rules { market: &self.market, catalogue: self.catalogue, regions: self.regions, parameters: &parameters };
        let offers: Vec<_> = self.market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
        let demands = rules.site_demands();
        let mut pairs = Vec::new();
        for need in self.market.needs.iter().filter(|n| n.is_matchable()) {
            let Some(view) = rules.need_view(need, &demands) else { continue };
            let Some(instalment) = need.instalments.first() else { continue };
            let mut possible = Vec::new();
            for offer in &offers {
                if let Ok(eligible) = rules.judge(offer, &view, instalment) {
                    let ready = offer.curve.orderable_by(eligible.cutoff, self.day, offer.offer.terms.lead_days);
                    possible.push((eligible.distance_km.unwrap_or(u32::MAX), offer, eligible, ready));
                }
            }
            possible.sort_by_key(|(km, offer, _, _)| (*km, offer.offer.id));
            // Up to three of each: who is near talks first.
            pairs.extend(possible.into_iter().take(3).map(|(_, offer, eligible, ready)| Pair {
                offer: offer.offer.id,
                need: need.id,
                instalment: instalment.id,
                asked: instalment.measure.quantity.units() / 3,
                ready,
                on_line: offer.offer.terms.line.is_some(),
                eligible,
            }));
        }
        pairs
    }
}
