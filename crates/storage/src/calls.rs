//! Calls, and who may know of them.

use domain::{
    call::{Call, CallState},
    ids::{CallId, OrganisationId},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Query,
};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        call::{self, Column, Entity},
        call_invitation,
    },
    error::StoreError,
    json,
    origin::Stored,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

pub mod answers;
pub mod invitations;
pub mod reports;

/// Which calls a reader knows of: those that he issued, those that he is invited to, himself or through a cluster, and
/// those that are shown to his kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReader {
    /// Whose calls he sees whatever their state.
    pub scope: Scope,
    /// The organisations whose invitations are his: his own and the clusters that it belongs to.
    pub invited: Vec<OrganisationId>,
    /// Whether he sees calls that are shown to the market.
    pub market: bool,
    /// Whether he sees those that are shown to clusters.
    pub clusters: bool,
}

impl CallReader {
    /// Of calls that he issued alone; of all of them where that is the operator.
    pub fn of_issuer(scope: Scope) -> Self {
        Self { scope, invited: Vec::new(), market: false, clusters: false }
    }

    fn sees(&self) -> Condition {
        let invited = self.invited.iter().map(|id| id.0);
        let invited = Query::select()
            .column(call_invitation::Column::CallId)
            .from(call_invitation::Entity)
            .cond_where(call_invitation::Column::OrganisationId.is_in(invited))
            .take();
        let mut shown = Condition::any().add(Column::Id.in_subquery(invited));
        for (visibility, sees) in [("market", self.market), ("clusters", self.clusters)] {
            if sees {
                shown = shown.add(Column::Visibility.eq(visibility));
            }
        }
        let shown = Condition::all().add(Column::State.ne(CallState::Draft.as_str())).add(shown);
        Condition::any().add(self.scope.over(&[Column::OrganisationId])).add(shown)
    }
}

/// What narrows a list of calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter {
    /// Only those of this issuer.
    pub organisation: Option<OrganisationId>,
    /// Only these states; all where empty.
    pub states: Vec<CallState>,
}

/// Adds a call.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such organisation.
pub async fn insert(tx: &Tx, call: &Call, at: Instant) -> Result<(), StoreError> {
    bulk::insert::<Entity, _>(tx.connection(), vec![row(call, at, at)?]).await
}

/// Writes what a call has become.
pub async fn update(tx: &Tx, stored: &Stored<Call>, at: Instant) -> Result<(), StoreError> {
    bulk::upsert::<Entity, _>(tx.connection(), vec![row(&stored.record, stored.created_at, at)?]).await
}

/// One call.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id that the reader may know of.
pub async fn get(reader: &impl Reads, who: &CallReader, id: CallId) -> Result<Stored<Call>, StoreError> {
    one(find(who, id), reader.connection()).await
}

/// One call that is about to change: others who would change or answer it wait until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, who: &CallReader, id: CallId) -> Result<Stored<Call>, StoreError> {
    one(find(who, id).lock_exclusive(), tx.connection()).await
}

/// One call that is about to be answered: it does not change until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_answer(tx: &Tx, who: &CallReader, id: CallId) -> Result<Stored<Call>, StoreError> {
    one(find(who, id).lock_shared(), tx.connection()).await
}

/// A page of the calls that a reader may know of.
pub async fn page(
    reader: &impl Reads,
    who: &CallReader,
    filter: &CallFilter,
    request: PageRequest,
) -> Result<Page<Stored<Call>>, StoreError> {
    let mut query = Entity::find().filter(who.sees());
    if let Some(id) = filter.organisation {
        query = query.filter(Column::OrganisationId.eq(id.0));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// The open calls whose answer-by instant is at most so late, the next first.
pub async fn due(reader: &impl Reads, by: Instant) -> Result<Vec<Call>, StoreError> {
    let query = Entity::find()
        .filter(Column::State.eq(CallState::Open.as_str()))
        .filter(Column::AnswerBy.lte(by.micros()))
        .order_by_asc(Column::AnswerBy)
        .order_by_asc(Column::Id);
    let rows = query.all(reader.connection()).await?;
    rows.into_iter().map(|row| stored(row).map(|stored| stored.record)).collect()
}

fn find(who: &CallReader, id: CallId) -> Select<Entity> {
    Entity::find_by_id(id.0).filter(who.sees())
}

async fn one<C: ConnectionTrait>(query: Select<Entity>, connection: &C) -> Result<Stored<Call>, StoreError> {
    stored(query.one(connection).await?.ok_or(StoreError::NotFound)?)
}

fn row(call: &Call, created: Instant, at: Instant) -> Result<call::Model, StoreError> {
    Ok(call::Model {
        id: call.id.0,
        organisation_id: call.organisation.0,
        state: call.state.as_str().to_owned(),
        visibility: call.terms.visibility.as_str().to_owned(),
        answer_by: call.terms.answer_by.at.micros(),
        terms: json::to_text(&call.terms)?,
        opened_at: call.opened_at.map(Instant::micros),
        ended_at: call.ended_at.map(Instant::micros),
        reminders: i16::from(call.reminders),
        reminded_at: call.reminded_at.map(Instant::micros),
        created_at: created.micros(),
        updated_at: at.micros(),
    })
}

fn stored(row: call::Model) -> Result<Stored<Call>, StoreError> {
    let instant = |column: &str, micros: Option<i64>| micros.map(|m| json::instant(column, m)).transpose();
    let record = Call {
        id: CallId(row.id),
        organisation: OrganisationId(row.organisation_id),
        terms: json::from_text("calls.terms", &row.terms)?,
        state: json::word("calls.state", &row.state, CallState::parse)?,
        opened_at: instant("calls.opened_at", row.opened_at)?,
        ended_at: instant("calls.ended_at", row.ended_at)?,
        reminders: u8::try_from(row.reminders).map_err(|e| StoreError::Internal(Box::new(e)))?,
        reminded_at: instant("calls.reminded_at", row.reminded_at)?,
    };
    Ok(Stored {
        record,
        origin: None,
        created_at: json::instant("calls.created_at", row.created_at)?,
        updated_at: json::instant("calls.updated_at", row.updated_at)?,
    })
}

/// Moves calls, invitations and answers of one organisation to another. Nobody is invited to his own call, and of two
/// invitations or answers that are the same the one of the organisation that stays is kept.
pub(crate) async fn merge<C: ConnectionTrait>(connection: &C, from: Uuid, into: Uuid) -> Result<(), StoreError> {
    use sea_orm::sea_query::Expr;
    let issued = Entity::update_many().col_expr(Column::OrganisationId, Expr::value(into));
    issued.filter(Column::OrganisationId.eq(from)).exec(connection).await?;
    let query = Entity::find().select_only().column(Column::Id).filter(Column::OrganisationId.eq(into));
    let own: Vec<Uuid> = query.into_tuple().all(connection).await?;
    invitations::merge(connection, from, into, &own).await?;
    answers::merge(connection, from, into, &own).await
}
