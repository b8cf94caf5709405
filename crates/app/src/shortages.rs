//! Shortages of a run: what stays uncovered, and why, as far as the reader may know.

use domain::ids::{NeedId, RunId};
use storage::{Page, PageRequest, shortages as store};

pub use matching::{FunnelStep, Shortage};
pub use storage::shortages::ShortageRow;

use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    policy::Actor,
    runs,
};

/// A shortage with its explanation.
#[derive(Debug, Clone)]
pub struct ShortageView {
    /// The shortage.
    pub row: ShortageRow,
    /// The funnel, used-up offers included for the operator alone.
    pub explanation: Shortage,
}

/// A page of a run's shortages, of the needs that the actor may see.
///
/// # Errors
/// `NotFound` when there is no such run.
pub async fn page(
    app: &App,
    caller: &Caller,
    run: RunId,
    need: Option<NeedId>,
    request: PageRequest,
) -> AppResult<Page<ShortageView>> {
    let actor = caller.actor;
    runs::get(app, caller, run).await?;
    let Page { items, next, total } = store::page(&app.store, actor.into(), run, need, request).await?;
    let items = items.into_iter().map(|row| view(actor, row)).collect::<AppResult<_>>()?;
    Ok(Page { items, next, total })
}

fn view(actor: Actor, row: ShortageRow) -> AppResult<ShortageView> {
    let mut explanation: Shortage = serde_json::from_str(&row.explanation_json).map_err(AppError::internal)?;
    match actor {
        Actor::Operator => {}
        Actor::Organisation(_) | Actor::Nobody => {
            explanation.used_up.clear();
            explanation.funnel.retain(may_be_told);
        }
    }
    Ok(ShortageView { row, explanation })
}

/// Reasons that would tell a buyer of offers which are kept from him: unpublished, over, in review, or
/// withheld from this very buyer; and how many offers of other products the market holds.
fn may_be_told(step: &FunnelStep) -> bool {
    let kept = [
        "not_published",
        "offer_expired",
        "offer_suspended",
        "offer_quarantined",
        "other_product",
        "not_visible_to_buyer",
        "refused",
    ];
    !kept.contains(&step.reason.code())
}
