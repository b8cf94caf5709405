//! What waits for a reviewer, and what was decided. The rows follow the records: whatever writes an offer or a need
//! settles its reviews in the same transaction, so that nothing waits unseen, and nothing is in the queue that does
//! not wait.

use std::collections::BTreeSet;

use domain::{
    certificate::Reviewer,
    ids::{CertificateId, NeedId, OfferId, OrganisationId, ReviewId},
    need::{Need, NeedState},
    offer::{Offer, OfferState},
    review::{Decision, Review, ReviewKind, ReviewState, Reviewed},
    time::Instant,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        membership,
        review::{self, Column, Entity},
    },
    error::StoreError,
    json, memberships,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Which reviews a page is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Only of these kinds of record; any where empty.
    pub kinds: Vec<ReviewKind>,
    /// Only these states; any where empty.
    pub states: Vec<ReviewState>,
}

/// A page of reviews, those that wait longest first. The operator sees all, a cluster those of its active members'
/// records, and nobody those of his own.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &ReviewFilter,
    request: PageRequest,
) -> Result<Page<Review>, StoreError> {
    let mut query = Entity::find().filter(within(scope));
    if !filter.kinds.is_empty() {
        query = query.filter(Column::Kind.is_in(filter.kinds.iter().map(|kind| kind.as_str())));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// A review.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id.
pub async fn get(reader: &impl Reads, scope: Scope, id: ReviewId) -> Result<Review, StoreError> {
    let query = Entity::find_by_id(id.0).filter(within(scope));
    stored(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// Notes what was decided; the record itself is another's to write.
pub async fn decide(tx: &Tx, review: &Review) -> Result<(), StoreError> {
    if let Some(decision) = &review.decision {
        json::storable("reviews.note", &decision.note)?;
    }
    bulk::upsert::<Entity, _>(tx.connection(), vec![row(review)]).await
}

/// Lets offers through that wait for nothing but what a reviewer let through before.
pub async fn let_offers_through(tx: &Tx, offers: &mut [Offer]) -> Result<(), StoreError> {
    let ids = offers.iter().filter(|offer| waits(offer)).map(|offer| offer.id.0);
    let released = released(tx.connection(), Column::OfferId, ids.collect()).await?;
    let is_released = |of: Reviewed, reason: &Option<String>| {
        reason.as_ref().is_some_and(|reason| released.contains(&of.review_for(reason).0))
    };
    for offer in offers {
        if is_released(Reviewed::Offer(offer.id), &offer.quarantine) {
            offer.quarantine = None;
        }
        for certificate in &mut offer.terms.certificates {
            if certificate.id.is_some_and(|id| is_released(Reviewed::Certificate(offer.id, id), &certificate.doubt)) {
                certificate.doubt = None;
            }
        }
    }
    Ok(())
}

/// As [`let_offers_through`], of needs.
pub async fn let_needs_through(tx: &Tx, needs: &mut [Need]) -> Result<(), StoreError> {
    let ids = needs.iter().filter(|need| need.quarantine.is_some()).map(|need| need.id.0);
    let released = released(tx.connection(), Column::NeedId, ids.collect()).await?;
    for need in needs {
        let of = Reviewed::Need(need.id);
        if need.quarantine.as_ref().is_some_and(|reason| released.contains(&of.review_for(reason).0)) {
            need.quarantine = None;
        }
    }
    Ok(())
}

fn waits(offer: &Offer) -> bool {
    offer.quarantine.is_some() || offer.terms.certificates.iter().any(|certificate| certificate.doubt.is_some())
}

/// By the ids that reviews for the same reasons would have: those of before have others.
async fn released<C: ConnectionTrait>(
    connection: &C,
    column: Column,
    records: Vec<Uuid>,
) -> Result<BTreeSet<Uuid>, StoreError> {
    let mut found = BTreeSet::new();
    for list in bulk::id_lists(records) {
        let query = Entity::find().filter(column.is_in(list)).filter(Column::State.eq(ReviewState::Released.as_str()));
        for row in query.all(connection).await? {
            let review = stored(row)?;
            found.insert(review.of.review_for(&review.reason).0);
        }
    }
    Ok(found)
}

/// Brings the reviews of offers in line with what they are by now.
pub(crate) async fn settle_offers<C: ConnectionTrait>(
    connection: &C,
    offers: &[Offer],
    at: Instant,
) -> Result<(), StoreError> {
    let mut wanted = Vec::new();
    // Nobody decides about what is out of the market for good.
    for offer in offers.iter().filter(|offer| offer.state.may_become(OfferState::Withdrawn)) {
        let reason = offer.quarantine.iter();
        wanted.extend(reason.map(|reason| waiting(Reviewed::Offer(offer.id), offer.organisation, reason, at)));
        for (place, certificate) in offer.terms.certificates.iter().enumerate() {
            let Some(reason) = &certificate.doubt else { continue };
            let id = certificate.id_at(offer.id, place);
            wanted.push(waiting(Reviewed::Certificate(offer.id, id), offer.organisation, reason, at));
        }
    }
    settle(connection, Column::OfferId, offers.iter().map(|offer| offer.id.0).collect(), wanted).await
}

/// Brings the reviews of needs in line with what they are by now.
pub(crate) async fn settle_needs<C: ConnectionTrait>(
    connection: &C,
    needs: &[Need],
    at: Instant,
) -> Result<(), StoreError> {
    let wait = |need: &Need| {
        let reason = need.quarantine.as_ref().filter(|_| need.state.may_become(NeedState::Closed))?;
        Some(waiting(Reviewed::Need(need.id), need.organisation, reason, at))
    };
    let wanted = needs.iter().filter_map(wait).collect();
    settle(connection, Column::NeedId, needs.iter().map(|need| need.id.0).collect(), wanted).await
}

fn waiting(of: Reviewed, organisation: OrganisationId, reason: &str, at: Instant) -> Review {
    let (id, reason, state) = (of.review_for(reason), reason.to_owned(), ReviewState::Open);
    Review { id, of, organisation, reason, state, created_at: at, decision: None }
}

async fn settle<C: ConnectionTrait>(
    connection: &C,
    column: Column,
    records: Vec<Uuid>,
    wanted: Vec<Review>,
) -> Result<(), StoreError> {
    let mut known = Vec::new();
    for list in bulk::id_lists(records) {
        for row in Entity::find().filter(column.is_in(list)).all(connection).await? {
            known.push(stored(row)?);
        }
    }
    let same = |a: &Review, b: &Review| (a.of, &a.reason) == (b.of, &b.reason);
    let mut written = Vec::new();
    for review in &known {
        let stands = matches!(review.state, ReviewState::Open | ReviewState::Confirmed);
        if stands && !wanted.iter().any(|wanted| same(wanted, review)) {
            written.push(Review { state: ReviewState::Lapsed, ..review.clone() });
        }
    }
    for review in wanted {
        match known.iter().find(|known| same(known, &review)) {
            None => written.push(review),
            // A reason that came back. What was released is kept back by whoever wrote it all the same.
            Some(known) if matches!(known.state, ReviewState::Lapsed | ReviewState::Released) => {
                written.push(Review { id: known.id, ..review });
            }
            Some(_) => {}
        }
    }
    for review in &written {
        json::storable("reviews.reason", &review.reason)?;
    }
    bulk::upsert::<Entity, _>(connection, written.iter().map(row).collect()).await
}

fn within(scope: Scope) -> Condition {
    match scope {
        Scope::Operator => Condition::all(),
        Scope::Nobody => scope.over::<Column>(&[]),
        Scope::Organisation(cluster) => {
            let members = membership::Entity::find()
                .select_only()
                .column(membership::Column::MemberId)
                .filter(membership::Column::ClusterId.eq(cluster.0))
                .filter(memberships::active())
                .into_query();
            Condition::all().add(Column::OrganisationId.in_subquery(members))
        }
    }
}

fn row(review: &Review) -> review::Model {
    let (offer, need, certificate) = match review.of {
        Reviewed::Offer(offer) => (Some(offer.0), None, None),
        Reviewed::Need(need) => (None, Some(need.0), None),
        Reviewed::Certificate(offer, certificate) => (Some(offer.0), None, Some(certificate.0)),
    };
    review::Model {
        id: review.id.0,
        kind: review.of.kind().as_str().to_owned(),
        organisation_id: review.organisation.0,
        offer_id: offer,
        need_id: need,
        certificate_id: certificate,
        reason: review.reason.clone(),
        state: review.state.as_str().to_owned(),
        created_at: review.created_at.micros(),
        decided_by: review.decision.as_ref().map(|d| d.by.as_str().to_owned()),
        note: review.decision.as_ref().map(|d| d.note.clone()),
        decided_at: review.decision.as_ref().map(|d| d.at.micros()),
    }
}

fn stored(row: review::Model) -> Result<Review, StoreError> {
    let missing = || StoreError::internal(format!("the review {} names no record", row.id));
    let of = match json::word("reviews.kind", &row.kind, ReviewKind::parse)? {
        ReviewKind::Offer => Reviewed::Offer(OfferId(row.offer_id.ok_or_else(missing)?)),
        ReviewKind::Need => Reviewed::Need(NeedId(row.need_id.ok_or_else(missing)?)),
        ReviewKind::Certificate => {
            let (offer, id) = row.offer_id.zip(row.certificate_id).ok_or_else(missing)?;
            Reviewed::Certificate(OfferId(offer), CertificateId(id))
        }
    };
    let decision = match (row.decided_by, row.note, row.decided_at) {
        (Some(by), Some(note), Some(at)) => {
            let by = json::word("reviews.decided_by", &by, Reviewer::parse)?;
            Some(Decision { by, note, at: json::instant("reviews.decided_at", at)? })
        }
        (_, _, _) => None,
    };
    Ok(Review {
        id: ReviewId(row.id),
        of,
        organisation: OrganisationId(row.organisation_id),
        reason: row.reason,
        state: json::word("reviews.state", &row.state, ReviewState::parse)?,
        created_at: json::instant("reviews.created_at", row.created_at)?,
        decision,
    })
}
