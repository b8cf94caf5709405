//! What open matches hold a record to while its owner changes it, or takes it out of the market.

use domain::{
    capacity::CapacityKind,
    ids::MatchId,
    need::{Instalment, Need},
    offer::Offer,
};
use storage::{Tx, matches, matches::MatchFilter};

use crate::error::{AppError, AppResult};

/// How many matches an error names.
const MOST_NAMED: usize = 20;

/// Refuses to lower an offer below what its open matches promise by their cut-offs. A confirmation, which restates the
/// stock and begins the curve anew, asks it too, in its own transaction; what was shipped counts no longer.
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

/// Refuses to take an offer out of the market while open matches draw on it, and names them: they are the owner's own.
/// Whoever lets matches go with the offer ends those that its owner names before this is asked.
pub(crate) async fn let_go_by_offer(tx: &Tx, offer: &Offer) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { offer: Some(offer.id), ..MatchFilter::default() }).await?;
    none_open(&open.iter().map(|promise| promise.id).collect::<Vec<_>>(), "the offer")
}

/// As [`let_go_by_offer`], of a need that its owner closes.
pub(crate) async fn let_go_by_need(tx: &Tx, need: &Need) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { need: Some(need.id), ..MatchFilter::default() }).await?;
    none_open(&open.iter().map(|promise| promise.id).collect::<Vec<_>>(), "the need")
}

fn none_open(open: &[MatchId], what: &str) -> AppResult<()> {
    if open.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = open.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = open.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let detail = format!("{what} is held to by open matches: {}{more}; end them first", named.join(", "));
    Err(AppError::Conflict { code: "wrong_state", detail })
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
