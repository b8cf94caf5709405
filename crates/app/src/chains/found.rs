//! A chain that was found, as one that can be made.

use domain::{ids::NeedId, quantity::Quantity};
use matching::chains::{Chain as FoundChain, InstalmentChains, Leg, NeedChains};

use super::{Brought, LegOf, NewChain, NewLeg};
use crate::matches::ByHand;

/// What makes a found chain: its maker leads it, and what its partners lack is entered as their needs. `None` where a step
/// is missing, where a firm would supply itself, which no match does, and for readers who are not told whose the offers are.
pub fn made_of(found: &NeedChains, need: NeedId, of: &InstalmentChains, chain: &FoundChain) -> Option<NewChain> {
    if !chain.missing.is_empty() {
        return None;
    }
    let partner = |leg: &Leg| found.offers.get(usize::try_from(leg.offer).ok()?);
    let name = |stage: usize| {
        let product = found.stages.get(stage).map_or("", |stage| stage.product.as_str());
        let alike = found.stages.iter().take(stage).filter(|other| other.product.as_str() == product).count();
        if alike == 0 { product.to_owned() } else { format!("{product} {}", alike + 1) }
    };
    let leg = |leg: &Leg| {
        let (offer, own) = (partner(leg)?.offer, partner(leg)?.organisation);
        let quantity = Quantity::new(leg.needed)?;
        let of = match found.stages.get(leg.stage)?.serves {
            None => LegOf::ByHand(ByHand { offer, need, instalment: of.instalment, quantity }),
            Some(served) => LegOf::Brought(Brought {
                offer,
                to: chain.legs.iter().position(|other| {
                    let another = partner(other).is_some_and(|other| other.organisation != own);
                    other.stage == served && another
                })?,
                quantity,
                due: leg.cut_off.plus(i32::try_from(leg.way_days).ok()?).to_string(),
            }),
        };
        Some(NewLeg { step: name(leg.stage), of })
    };
    let lead = partner(chain.legs.iter().find(|leg| leg.stage == 0)?)?.organisation?;
    let legs = chain.legs.iter().map(leg).collect::<Option<Vec<NewLeg>>>()?;
    // A maker who lacks nothing is a match and no chain.
    (legs.len() > 1).then(|| NewChain { lead: Some(lead), name: format!("{} together", name(0)), legs })
}
