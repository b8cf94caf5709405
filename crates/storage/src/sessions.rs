//! Sessions of people, and the refresh tokens that carry them on.

use domain::{
    ids::{OrganisationId, PersonId, SessionId},
    person::{Role, Session},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Query},
};

use crate::{
    bulk,
    entity::{
        person, refresh_token, role,
        session::{self, Column, Entity},
    },
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    store::{Reads, Tx},
};

/// Adds a session; `origin` is a seal of the address it began at.
pub async fn insert(tx: &Tx, session: &Session, origin: &str) -> Result<(), StoreError> {
    let row = session::Model {
        id: session.id.0,
        person_id: session.person.0,
        organisation_id: session.organisation.map(|id| id.0),
        origin: origin.to_owned(),
        created_at: session.created_at.micros(),
        last_used_at: session.last_used_at.micros(),
        expires_at: session.expires_at.micros(),
        ended_at: session.ended_at.map(Instant::micros),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// How whoever shows an access token stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The session.
    pub session: Session,
    /// Whether the person runs the service.
    pub operator: bool,
    /// The role in the organisation that was asked about.
    pub role: Option<Role>,
}

/// How a session, its person and the person's role in an organisation stand now; `None` where the session is
/// unknown or its person erased. It is asked before anybody is known, about what a signed token names.
pub async fn standing(
    reader: &impl Reads,
    id: SessionId,
    organisation: Option<OrganisationId>,
) -> Result<Option<Standing>, StoreError> {
    let connection = reader.connection();
    let Some(row) = Entity::find_by_id(id.0).one(connection).await? else { return Ok(None) };
    let session = stored(&row)?;
    let person = person::Entity::find_by_id(row.person_id).filter(person::Column::ErasedAt.is_null());
    let Some(person) = person.one(connection).await? else { return Ok(None) };
    let role = match organisation {
        Some(organisation) => {
            let taken = role::Entity::find_by_id((row.person_id, organisation.0));
            let taken = taken.filter(role::Column::AcceptedAt.is_not_null()).one(connection).await?;
            taken.map(|row| json::word("roles.role", &row.role, Role::parse)).transpose()?
        }
        None => None,
    };
    Ok(Some(Standing { session, operator: person.operator, role }))
}

/// One session of a person.
///
/// # Errors
/// [`StoreError::NotFound`] when the person has no such session.
pub async fn get(reader: &impl Reads, person: PersonId, id: SessionId) -> Result<Session, StoreError> {
    let query = Entity::find_by_id(id.0).filter(Column::PersonId.eq(person.0));
    stored(&query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of a person's sessions, those that ended among them.
pub async fn page(reader: &impl Reads, person: PersonId, request: PageRequest) -> Result<Page<Session>, StoreError> {
    let query = Entity::find().filter(Column::PersonId.eq(person.0));
    let key = (Column::CreatedAt, Column::Id);
    page::fetch(query, key, request, reader.connection(), |row| stored(&row)).await
}

/// Whether a person signed in at an address since an instant.
pub async fn signed_in_at(
    reader: &impl Reads,
    person: PersonId,
    origin: &str,
    since: Instant,
) -> Result<bool, StoreError> {
    let query = Entity::find()
        .filter(Column::PersonId.eq(person.0))
        .filter(Column::Origin.eq(origin))
        .filter(Column::CreatedAt.gte(since.micros()));
    Ok(query.count(reader.connection()).await? > 0)
}

/// Carries a session on.
pub async fn carry_on(tx: &Tx, session: &Session) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(session.last_used_at.micros()))
        .col_expr(Column::ExpiresAt, Expr::value(session.expires_at.micros()))
        .col_expr(Column::OrganisationId, Expr::value(session.organisation.map(|id| id.0)))
        .filter(Column::Id.eq(session.id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Ends a session; one that ended stays ended when it did.
pub async fn end(tx: &Tx, id: SessionId, at: Instant) -> Result<(), StoreError> {
    let ended = Entity::update_many().col_expr(Column::EndedAt, Expr::value(at.micros()));
    ended.filter(Column::Id.eq(id.0)).filter(Column::EndedAt.is_null()).exec(tx.connection()).await?;
    Ok(())
}

/// Ends every session of a person but one.
pub async fn end_all(tx: &Tx, person: PersonId, but: Option<SessionId>, at: Instant) -> Result<(), StoreError> {
    let ended = Entity::update_many().col_expr(Column::EndedAt, Expr::value(at.micros()));
    let mut ended = ended.filter(Column::PersonId.eq(person.0)).filter(Column::EndedAt.is_null());
    if let Some(but) = but {
        ended = ended.filter(Column::Id.ne(but.0));
    }
    ended.exec(tx.connection()).await?;
    Ok(())
}

/// Forgets every session of a person, with its refresh tokens.
pub async fn forget_of(tx: &Tx, person: PersonId) -> Result<(), StoreError> {
    forget_where(tx, Column::PersonId.eq(person.0)).await
}

/// Adds a refresh token by its hash.
pub async fn add_refresh(tx: &Tx, hash: &str, session: SessionId, at: Instant) -> Result<(), StoreError> {
    let row =
        refresh_token::Model { hash: hash.to_owned(), session_id: session.0, issued_at: at.micros(), used_at: None };
    bulk::insert::<refresh_token::Entity, _>(tx.connection(), vec![row]).await
}

/// How a refresh token stands that somebody shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// It was not used before, and is now.
    First(Session),
    /// It was used before: somebody has a copy.
    Again(Session),
    /// There is none.
    Unknown,
}

/// Uses a refresh token up.
pub async fn use_refresh(tx: &Tx, hash: &str, at: Instant) -> Result<Refresh, StoreError> {
    use refresh_token::Column as Token;
    let connection = tx.connection();
    let used = refresh_token::Entity::update_many()
        .col_expr(Token::UsedAt, Expr::value(at.micros()))
        .filter(Token::Hash.eq(hash))
        .filter(Token::UsedAt.is_null())
        .exec(connection)
        .await?;
    let Some(token) = refresh_token::Entity::find_by_id(hash.to_owned()).one(connection).await? else {
        return Ok(Refresh::Unknown);
    };
    let session = Entity::find_by_id(token.session_id).lock_exclusive().one(connection).await?;
    let session = stored(&session.ok_or(StoreError::NotFound)?)?;
    Ok(if used.rows_affected == 1 { Refresh::First(session) } else { Refresh::Again(session) })
}

/// Forgets what expired before an instant, with its refresh tokens.
pub async fn forget(tx: &Tx, before: Instant) -> Result<(), StoreError> {
    forget_where(tx, Column::ExpiresAt.lt(before.micros())).await
}

async fn forget_where(tx: &Tx, these: Expr) -> Result<(), StoreError> {
    let connection = tx.connection();
    let ids = Query::select().column(Column::Id).from(Entity).and_where(these.clone()).to_owned();
    let tokens = refresh_token::Entity::delete_many().filter(refresh_token::Column::SessionId.in_subquery(ids));
    tokens.exec(connection).await?;
    Entity::delete_many().filter(these).exec(connection).await?;
    Ok(())
}

fn stored(row: &session::Model) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId(row.id),
        person: PersonId(row.person_id),
        organisation: row.organisation_id.map(OrganisationId),
        created_at: json::instant("sessions.created_at", row.created_at)?,
        last_used_at: json::instant("sessions.last_used_at", row.last_used_at)?,
        expires_at: json::instant("sessions.expires_at", row.expires_at)?,
        ended_at: row.ended_at.map(|at| json::instant("sessions.ended_at", at)).transpose()?,
    })
}
