//! Answers to calls, with their offers.

use std::collections::BTreeMap;

use domain::{
    call::{
        Call, CallTerms,
        answer::{Answer, AnswerKind},
    },
    event::{Named, Subject},
    ids::{CallAnswerId, CallId, OfferId, OrganisationId},
    membership::MembershipState,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Query,
};
use uuid::Uuid;

use super::CallReader;
use crate::{
    bulk,
    entity::{
        call,
        call_answer::{self, Column, Entity},
        call_offer, membership, offer,
    },
    error::StoreError,
    events::{self, ANSWERED, lookers},
    json,
    page::{self, Page, PageRequest},
    store::{Reads, Tx},
};

/// Whose answers to a call a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerReader {
    /// The issuer's, and the operator's: all of them.
    All,
    /// An organisation: its own, those that it gave for others, and where the call is not confidential those that
    /// members of its own gave.
    Organisation {
        /// Which.
        id: OrganisationId,
        /// Whether those of its members are among them.
        members: bool,
    },
    /// Whoever speaks for an organisation: what it said for it, and nothing else.
    Spokesman {
        /// The organisation.
        of: OrganisationId,
        /// Who speaks.
        by: OrganisationId,
    },
}

/// Writes an answer, in place of the one of its id.
pub async fn put(tx: &Tx, answer: &Answer) -> Result<(), StoreError> {
    let connection = tx.connection();
    let row = call_answer::Model {
        id: answer.id.0,
        call_id: answer.call.0,
        organisation_id: answer.organisation.0,
        by_id: answer.by.0,
        kind: answer.kind.as_str().to_owned(),
        content: json::to_text(&answer.content)?,
        created_at: answer.created_at.micros(),
        updated_at: answer.updated_at.micros(),
    };
    bulk::upsert::<Entity, _>(connection, vec![row]).await?;
    let before = call_offer::Entity::delete_many().filter(call_offer::Column::AnswerId.eq(answer.id.0));
    before.exec(connection).await?;
    let offers = answer.offers.iter().map(|(id, _)| call_offer::Model { answer_id: answer.id.0, offer_id: id.0 });
    bulk::insert::<call_offer::Entity, _>(connection, offers.collect()).await?;
    tell(tx, answer).await
}

/// Notes an answer to a call, to its issuer's own people and to whoever else sees it, as [`AnswerReader`] says.
async fn tell(tx: &Tx, answer: &Answer) -> Result<(), StoreError> {
    let (connection, at) = (tx.connection(), answer.updated_at);
    let id = answer.call.0;
    let call = call::Entity::find_by_id(id).one(connection).await?.ok_or(StoreError::NotFound)?;
    let terms: CallTerms = json::from_text("calls.terms", &call.terms)?;
    // What a firm answers past whoever holds its mandate is not for him.
    let mut readers = BTreeMap::from([(answer.organisation, terms.confidential)]);
    let mut others = BTreeMap::new();
    if !terms.confidential {
        let clusters = lookers(connection, [answer.organisation.0], at).await?.remove(&answer.organisation.0);
        others.extend(clusters.into_iter().flatten().map(|cluster| (OrganisationId(cluster), true)));
    }
    others.insert(answer.by, terms.confidential);
    for (other, inside) in others {
        let who = CallReader::of(tx, other, at).await?;
        let knows = call::Entity::find_by_id(id).filter(who.sees()).one(connection).await?.is_some();
        if knows {
            readers.entry(other).or_insert(inside);
        }
    }
    readers.insert(OrganisationId(call.organisation_id), true);
    events::some(tx, Named { subject: Subject::Call, id, within: None }, ANSWERED, readers, at);
    Ok(())
}

/// The answer that somebody gave for an organisation.
pub async fn find(
    reader: &impl Reads,
    call: CallId,
    organisation: OrganisationId,
    by: OrganisationId,
) -> Result<Option<Answer>, StoreError> {
    let query = Entity::find().filter(Column::CallId.eq(call.0)).filter(Column::OrganisationId.eq(organisation.0));
    let row = query.filter(Column::ById.eq(by.0)).one(reader.connection()).await?;
    Ok(with_offers(reader.connection(), row.into_iter().collect()).await?.pop())
}

/// All answers to a call.
pub async fn of(reader: &impl Reads, call: CallId) -> Result<Vec<Answer>, StoreError> {
    let query = Entity::find().filter(Column::CallId.eq(call.0)).order_by_asc(Column::Id);
    with_offers(reader.connection(), query.all(reader.connection()).await?).await
}

/// A page of those answers to a call that a reader sees; of one alone where that is named.
pub async fn page(
    reader: &impl Reads,
    call: &Call,
    who: AnswerReader,
    only: Option<CallAnswerId>,
    request: PageRequest,
) -> Result<Page<Answer>, StoreError> {
    let connection = reader.connection();
    let mut query = Entity::find().filter(Column::CallId.eq(call.id.0));
    if let Some(id) = only {
        query = query.filter(Column::Id.eq(id.0));
    }
    query = match who {
        AnswerReader::All => query,
        AnswerReader::Spokesman { of, by } => {
            query.filter(Column::OrganisationId.eq(of.0)).filter(Column::ById.eq(by.0))
        }
        AnswerReader::Organisation { id, members } => query.filter(seen_by(id, members)),
    };
    let Page { items, next, total } =
        page::fetch(query, (Column::CreatedAt, Column::Id), request, connection, Ok).await?;
    Ok(Page { items: with_offers(connection, items).await?, next, total })
}

fn seen_by(id: OrganisationId, members: bool) -> Condition {
    let own = Condition::any().add(Column::OrganisationId.eq(id.0)).add(Column::ById.eq(id.0));
    if !members {
        return own;
    }
    let of_it = Query::select()
        .column(membership::Column::MemberId)
        .from(membership::Entity)
        .cond_where(membership::Column::ClusterId.eq(id.0))
        .and_where(membership::Column::State.eq(MembershipState::Active.as_str()))
        .take();
    own.add(Column::OrganisationId.in_subquery(of_it))
}

/// The calls of an issuer that offers stand in answers to, whether or not those answers still count.
pub async fn asked_for(reader: &impl Reads, issuer: OrganisationId, offer: OfferId) -> Result<Vec<CallId>, StoreError> {
    let named = Query::select()
        .column(call_offer::Column::AnswerId)
        .from(call_offer::Entity)
        .and_where(call_offer::Column::OfferId.eq(offer.0))
        .take();
    let issued = Query::select()
        .column(call::Column::Id)
        .from(call::Entity)
        .and_where(call::Column::OrganisationId.eq(issuer.0))
        .take();
    let query = Entity::find().select_only().column(Column::CallId).distinct();
    let query = query.filter(Column::Id.in_subquery(named)).filter(Column::CallId.in_subquery(issued));
    let ids: Vec<Uuid> = query.into_tuple().all(reader.connection()).await?;
    Ok(ids.into_iter().map(CallId).collect())
}

pub(super) async fn merge<C: ConnectionTrait>(
    connection: &C,
    from: Uuid,
    into: Uuid,
    own: &[Uuid],
) -> Result<(), StoreError> {
    let of = |id: Uuid| Condition::any().add(Column::OrganisationId.eq(id)).add(Column::ById.eq(id));
    let theirs = Entity::find().filter(of(from)).order_by_asc(Column::Id).all(connection).await?;
    let kept = Entity::find().filter(of(into)).all(connection).await?;
    let key = |row: &call_answer::Model| (row.call_id, row.organisation_id, row.by_id);
    let mut taken: Vec<_> =
        kept.iter().filter(|row| row.organisation_id != from && row.by_id != from).map(key).collect();
    let instead = |id: Uuid| if id == from { into } else { id };
    for row in theirs {
        let (organisation_id, by_id) = (instead(row.organisation_id), instead(row.by_id));
        let row = call_answer::Model { organisation_id, by_id, ..row };
        let of_its_own = row.organisation_id == into && own.contains(&row.call_id);
        if taken.contains(&key(&row)) || of_its_own {
            drop_answer(connection, row.id).await?;
        } else {
            taken.push(key(&row));
            bulk::upsert::<Entity, _>(connection, vec![row]).await?;
        }
    }
    for row in kept.iter().filter(|row| row.organisation_id == into && own.contains(&row.call_id)) {
        drop_answer(connection, row.id).await?;
    }
    Ok(())
}

async fn drop_answer<C: ConnectionTrait>(connection: &C, id: Uuid) -> Result<(), StoreError> {
    call_offer::Entity::delete_many().filter(call_offer::Column::AnswerId.eq(id)).exec(connection).await?;
    Entity::delete_by_id(id).exec(connection).await?;
    Ok(())
}

/// Answers with their offers and whose they are.
async fn with_offers<C: ConnectionTrait>(
    connection: &C,
    rows: Vec<call_answer::Model>,
) -> Result<Vec<Answer>, StoreError> {
    let mut named: Vec<call_offer::Model> = Vec::new();
    for list in bulk::id_lists(rows.iter().map(|row| row.id)) {
        let query = call_offer::Entity::find().filter(call_offer::Column::AnswerId.is_in(list));
        named.extend(query.all(connection).await?);
    }
    let mut owners: BTreeMap<Uuid, Uuid> = BTreeMap::new();
    for list in bulk::id_lists(named.iter().map(|row| row.offer_id)) {
        let query = offer::Entity::find().select_only().columns([offer::Column::Id, offer::Column::OrganisationId]);
        let found: Vec<(Uuid, Uuid)> = query.filter(offer::Column::Id.is_in(list)).into_tuple().all(connection).await?;
        owners.extend(found);
    }
    let mut offers: BTreeMap<Uuid, Vec<(OfferId, OrganisationId)>> = BTreeMap::new();
    for row in named {
        let Some(owner) = owners.get(&row.offer_id) else { continue };
        offers.entry(row.answer_id).or_default().push((OfferId(row.offer_id), OrganisationId(*owner)));
    }
    let stored = |row: call_answer::Model| {
        let mut of_it = offers.remove(&row.id).unwrap_or_default();
        of_it.sort_unstable();
        Ok(Answer {
            id: CallAnswerId(row.id),
            call: CallId(row.call_id),
            organisation: OrganisationId(row.organisation_id),
            by: OrganisationId(row.by_id),
            kind: json::word("call_answers.kind", &row.kind, AnswerKind::parse)?,
            content: json::from_text("call_answers.content", &row.content)?,
            offers: of_it,
            created_at: json::instant("call_answers.created_at", row.created_at)?,
            updated_at: json::instant("call_answers.updated_at", row.updated_at)?,
        })
    };
    rows.into_iter().map(stored).collect()
}
