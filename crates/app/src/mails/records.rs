//! What mails say of a record of an organisation, as it stands when they go out.

use domain::{
    certificate::Certificate,
    ids::{MatchId, NeedId, OfferId, ReviewId},
    link::MailKind,
    review::{Review, ReviewState, Reviewed},
};
use storage::{Scope, StoreError, needs, offers, reviews, risks, urgency_grants};
use uuid::Uuid;

use crate::{App, error::AppResult};

/// What there is to tell of a record; `None` where it is gone, or no longer so.
pub(super) async fn told(app: &App, kind: MailKind, id: Uuid) -> AppResult<Option<String>> {
    let told = match kind {
        MailKind::Reviewed => reviewed(app, ReviewId(id)).await,
        MailKind::Certificate => certificates(app, OfferId(id)).await,
        MailKind::Urgency => urgency(app, NeedId(id)).await,
        MailKind::Risk => risk(app, MatchId(id)).await,
        MailKind::Welcome
        | MailKind::Known
        | MailKind::Reset
        | MailKind::Invitation
        | MailKind::Role
        | MailKind::Changed
        | MailKind::Access
        | MailKind::Entry
        | MailKind::Joining
        | MailKind::Granted
        | MailKind::Match
        | MailKind::Recall
        | MailKind::Call
        | MailKind::CallReminder
        | MailKind::Due
        | MailKind::Stale
        | MailKind::Suspended
        | MailKind::Lapsed
        | MailKind::Alert => Ok(None),
    };
    match told {
        Err(StoreError::NotFound) => Ok(None),
        told => Ok(told?),
    }
}

async fn reviewed(app: &App, id: ReviewId) -> Result<Option<String>, StoreError> {
    let review = reviews::get(&app.store, Scope::Operator, id).await?;
    let Review { of, reason, state, decision, .. } = review;
    let Some(decision) = decision else { return Ok(None) };
    let record = match of {
        Reviewed::Offer(offer) => format!("Your offer {offer}"),
        Reviewed::Need(need) => format!("Your need {need}"),
        Reviewed::Certificate(offer, certificate) => format!("The certificate {certificate} of your offer {offer}"),
    };
    let waited = format!("{record} waited for a reviewer: {reason}.");
    let outcome = match state {
        ReviewState::Released => "It was let through",
        ReviewState::Confirmed => "It stays out until you change it",
        ReviewState::Open | ReviewState::Lapsed => return Ok(None),
    };
    Ok(Some(format!("{waited}\n\n{outcome}. The reviewer says: {}", decision.note)))
}

async fn certificates(app: &App, id: OfferId) -> Result<Option<String>, StoreError> {
    let offer = offers::get(&app.store, Scope::Operator, id).await?.record;
    let line = |certificate: &Certificate| {
        let finding = certificate.finding.as_ref()?;
        let (kind, status) = (&certificate.kind, certificate.status.as_str());
        Some(format!("- {kind}: {status} on {}. {}", finding.on, finding.note))
    };
    let lines: Vec<String> = offer.terms.certificates.iter().filter_map(line).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!("this is what was found of the certificates of your offer {id}:\n\n{}", lines.join("\n"))))
}

async fn urgency(app: &App, id: NeedId) -> Result<Option<String>, StoreError> {
    let need = needs::get(&app.store, Scope::Operator, id).await?.record;
    Ok(Some(match (need.urgency_granted, urgency_grants::of(&app.store, id).await?) {
        (true, Some(grant)) => format!("your need {id} counts as critical from now on, because: {}", grant.reason),
        (true, None) => format!("your need {id} counts as critical from now on."),
        (false, _) if need.tier(app.today()) == 1 => {
            format!(
                "what was granted for your need {id} is taken back. It counts as critical by its stock and daily use."
            )
        }
        (false, _) => format!("your need {id} no longer counts as critical, and ranks as high."),
    }))
}

async fn risk(app: &App, id: MatchId) -> Result<Option<String>, StoreError> {
    let since = risks::since(&app.store, Scope::Operator, id).await?;
    Ok(since.map(|since| {
        format!(
            "the match {id} is at risk since {since}: the offer waits for a reviewer, or its certificates do not hold, or not \
             as the need demands, until the goods are due. Look at both and settle it with the other side, or end the match."
        )
    }))
}
