//! Shortages of a run: what stays uncovered, and why, as far as the reader may know.

use domain::{
    disclosure::{Audience, Disclosure, FieldGroup},
    eligibility::Reason,
    ids::{NeedId, RunId},
};
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

/// Reasons that tell a buyer neither of offers which are kept from him (unpublished, over, in review, or withheld from
/// this very buyer; and how many offers of other products the market holds), nor of fields that he may not see.
fn may_be_told(step: &FunnelStep) -> bool {
    let seen = |group| Disclosure::default().sees(Audience::Buyer, group);
    match step.reason {
        Reason::NotPublished
        | Reason::OfferExpired
        | Reason::OfferSuspended
        | Reason::OfferQuarantined
        | Reason::OtherProduct
        | Reason::NotVisibleToBuyer
        | Reason::Refused => false,
        Reason::PriceAboveCap | Reason::CurrencyDiffers => seen(FieldGroup::Price),
        Reason::CertificateMissing(_)
        | Reason::CertificatePending(_)
        | Reason::CertificateExpired(_)
        | Reason::CertificateUnchecked(_)
        | Reason::SupplierUnverified => seen(FieldGroup::Certificates),
        Reason::SourceRegionExcluded
        | Reason::DeliveryRegionExcluded
        | Reason::BorderClosed
        | Reason::TooFarForBuyer
        | Reason::TooFarForSupplier
        | Reason::PlaceUnknown => seen(FieldGroup::Region),
        Reason::ConversionUndecided
        | Reason::InputMissing
        | Reason::NothingByDueDate
        | Reason::LeadTimeTooLong
        | Reason::TransitTooLong => seen(FieldGroup::Capacity),
        Reason::GradeTooLow
        | Reason::SubstitutionNotAccepted
        | Reason::FeatureMissing(_)
        | Reason::SizeMissing
        | Reason::TransferNotOffered
        | Reason::ExportAuthorisationMissing
        | Reason::BelowMinimumOrder
        | Reason::SameOrganisation => seen(FieldGroup::Terms),
    }
}
