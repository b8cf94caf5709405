//! What open matches hold a record to while its owner changes it.

use domain::{
    capacity::CapacityKind,
    ids::MatchId,
    need::{Instalment, Need},
    offer::Offer,
};
use storage::{Tx, matches, matches::MatchFilter};

use crate::error::{AppError, AppResult};

/// Refuses to lower an offer below what its open matches promise by their cut-offs.
pub(crate) async fn kept_by_offer(tx: &Tx, before: &Offer, after: &Offer) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { offer: Some(before.id), ..MatchFilter::default() }).await?;
    let curve = after.terms.profile.curve(CapacityKind::Maximum);
    let mut promised = 0_i64;
    for promise in open {
        promised = promised.saturating_add(promise.quantities.taken_from_offer(promise.state));
        let there = curve.by(promise.cutoff);
        if before.terms.product != after.terms.product {
            return Err(broken(promise.id, "it promises the product of before"));
        } else if there < promised {
            let detail = format!("{promised} are promised by {}, and the offer would have {there}", promise.cutoff);
            return Err(broken(promise.id, &detail));
        }
    }
    Ok(())
}

/// Refuses to take from a need what its open matches promise to bring.
pub(crate) async fn kept_by_need(tx: &Tx, before: &Need, after: &Need) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { need: Some(before.id), ..MatchFilter::default() }).await?;
    for promise in &open {
        let of = |need: &Need| need.instalments.iter().find(|i| i.id == promise.instalment).cloned();
        let brought = open.iter().filter(|other| other.instalment == promise.instalment);
        let brought = brought.map(|other| other.quantities.promised().units()).fold(0_i64, i64::saturating_add);
        let fits = |was: Instalment, is: Instalment| {
            is.size == was.size && is.due >= was.due && is.measure.quantity.units() >= brought
        };
        if before.terms.product != after.terms.product {
            return Err(broken(promise.id, "it promises the product of before"));
        } else if !of(before).zip(of(after)).is_some_and(|(was, is)| fits(was, is)) {
            let detail = format!("{brought} of its instalment are promised, of its size and by its day");
            return Err(broken(promise.id, &detail));
        }
    }
    Ok(())
}

fn broken(id: MatchId, why: &str) -> AppError {
    let detail = format!("the match {id} is open: {why}; end the match first, or keep to it");
    AppError::Conflict { code: "wrong_state", detail }
}
