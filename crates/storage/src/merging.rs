//! Two organisations that are one: everything of the one becomes the other's, in one transaction (ADR 0025).
//!
//! Every column that refers to an organisation is listed in [`merge`]; a test holds the list against the schema.

use domain::{
    event::Subject,
    ids::{NeedId, OfferId, OrganisationId},
    matches::MatchState,
    organisation::Verification,
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    alerts, bulk, calls,
    dialect::{self, Turn},
    entity::{
        api_key, chain, former_organisation, import, line, link, mail, match_row, organisation, review, run, session,
        shortage, site, urgency_grant,
    },
    error::StoreError,
    events::{self, lookers},
    memberships, organisations,
    store::{Reads, Tx},
};

mod former;
mod moving;
mod parts;
mod twins;

pub use former::became;
pub(crate) use former::{claimed, of_source};
use twins::Yielded;

/// What became of the parts of an organisation that was merged into another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// Sites that moved.
    pub sites: u64,
    /// Production lines that moved with their sites.
    pub lines: u64,
    /// Offers that moved.
    pub offers: u64,
    /// Needs that moved.
    pub needs: u64,
    /// Matches of which a side moved.
    pub matches: u64,
    /// Shortages that moved.
    pub shortages: u64,
    /// Suggestions between the two, which expired.
    pub expired: u64,
    /// Memberships that moved; those that both had are one now.
    pub memberships: u64,
    /// Mandates that moved, given or held.
    pub mandates: u64,
    /// Roles of people that moved, or took the place of a lesser one.
    pub roles: u64,
    /// Keys that moved.
    pub keys: u64,
    /// Identifiers in registers that moved.
    pub identifiers: u64,
    /// Imports that moved.
    pub imports: u64,
    /// Alerts that moved; nobody has looked at them since.
    pub alerts: u64,
    /// Sessions that ended, since they acted for what is no more.
    pub sessions: u64,
    /// Offers that the same source had put twice, of which the one that promised nothing was withdrawn.
    pub withdrawn: Vec<OfferId>,
    /// Needs likewise, of which one was closed.
    pub closed: Vec<NeedId>,
}

/// Why two organisations cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// They trade with each other: so many matches between them are held or agreed.
    #[error("{0} matches between the two are held or agreed")]
    Trading(usize),
    /// Of a record that a source put to both, both have promised something: its identifier there.
    #[error("both have promised what {source_name} calls {external_id}")]
    BothPromised {
        /// The source.
        source_name: String,
        /// The record's identifier there.
        external_id: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves everything of one organisation to another and lets go of the first, whose name and origin are kept.
///
/// # Errors
/// [`MergeError::Trading`] and [`MergeError::BothPromised`]; [`StoreError::NotFound`] when one is not there.
pub async fn merge(tx: &Tx, from: OrganisationId, into: OrganisationId, at: Instant) -> Result<Merged, MergeError> {
    let connection = tx.connection();
    // Nothing is registered, and no run stores what it found for the one, while it becomes the other.
    dialect::take_turn(connection, Turn::Register).await.map_err(StoreError::from)?;
    dialect::take_turn(connection, Turn::Finish).await.map_err(StoreError::from)?;
    let row = lock(connection, from, into).await?;
    let looked_on = lookers(connection, [from.0], at).await?.remove(&from.0).unwrap_or_default();
    let expired = part(tx, from, into, at).await?;
    parts::unconfirmed(tx, &row, at).await?;
    let Yielded { offers: withdrawn, needs: closed } = twins::yielded(tx, from, into, at).await?;
    let (from, into) = (from.0, into.0);
    let lines = lines(connection, from).await?;
    let goods = moving::tell(tx, from, into, at).await?;
    let premises = dialect::move_premises(connection, from, into, at).await?;
    let suppliers = moved::<match_row::Entity, _>(connection, match_row::Column::OfferOrganisationId, from, into);
    let suppliers = suppliers.await?;
    let buyers = moved::<match_row::Entity, _>(connection, match_row::Column::NeedOrganisationId, from, into).await?;
    moved::<chain::Entity, _>(connection, chain::Column::LeadOrganisationId, from, into).await?;
    moved::<run::Entity, _>(connection, run::Column::RequestedBy, from, into).await?;
    moved::<link::Entity, _>(connection, link::Column::OrganisationId, from, into).await?;
    moved::<mail::Entity, _>(connection, mail::Column::OrganisationId, from, into).await?;
    let formers = former_organisation::Column::OrganisationId;
    moved::<former_organisation::Entity, _>(connection, formers, from, into).await?;
    let sessions = ended(connection, from, at).await?;
    moved::<session::Entity, _>(connection, session::Column::OrganisationId, from, into).await?;
    moved::<review::Entity, _>(connection, review::Column::OrganisationId, from, into).await?;
    moved::<urgency_grant::Entity, _>(connection, urgency_grant::Column::OrganisationId, from, into).await?;
    let shortages = moved::<shortage::Entity, _>(connection, shortage::Column::NeedOrganisationId, from, into).await?;
    let merged = Merged {
        sites: premises.sites,
        lines,
        offers: premises.offers,
        needs: premises.needs,
        matches: suppliers + buyers,
        shortages,
        expired,
        memberships: parts::memberships(tx, from, into, at).await?,
        mandates: parts::mandates(tx, from, into, at).await?,
        roles: parts::roles(connection, from, into).await?,
        keys: moved::<api_key::Entity, _>(connection, api_key::Column::OrganisationId, from, into).await?,
        identifiers: parts::identifiers(connection, from, into).await?,
        imports: moved::<import::Entity, _>(connection, import::Column::OrganisationId, from, into).await?,
        alerts: alerts::merge(tx, from, into, at).await?,
        sessions,
        withdrawn,
        closed,
    };
    parts::claims(connection, from, into).await?;
    parts::clusters(tx, from, into, at).await?;
    calls::merge(tx, from, into, at).await?;
    organisation::Entity::delete_by_id(from).exec(connection).await.map_err(StoreError::from)?;
    former::keep(connection, row, into, at).await?;
    organisations::touch(tx, OrganisationId(into), at).await?;
    let (_, vouched) = memberships::recount(tx, OrganisationId(into), at).await?;
    if vouched != Verification::Operator {
        memberships::unvouch_all(tx, OrganisationId(into), at).await?;
    }
    memberships::recount_members(tx, OrganisationId(into), at).await?;
    moving::hide(tx, (into, &goods), &looked_on, at).await?;
    Ok(merged)
}

/// Locks both rows, in one order, and answers the one that goes.
async fn lock<C: ConnectionTrait>(
    connection: &C,
    from: OrganisationId,
    into: OrganisationId,
) -> Result<organisation::Model, StoreError> {
    let both = organisation::Entity::find()
        .filter(organisation::Column::Id.is_in([from.0, into.0]))
        .order_by_asc(organisation::Column::Id)
        .lock_exclusive();
    let mut rows = both.all(connection).await?;
    if rows.len() != 2 {
        return Err(StoreError::NotFound);
    }
    rows.retain(|row| row.id == from.0);
    rows.pop().ok_or(StoreError::NotFound)
}

/// Lets suggestions between the two expire, unless there is more than suggestions.
async fn part(tx: &Tx, from: OrganisationId, into: OrganisationId, at: Instant) -> Result<u64, MergeError> {
    use match_row::Column;
    let connection = tx.connection();
    let side = |supplier: OrganisationId, buyer: OrganisationId| {
        let both = Condition::all().add(Column::OfferOrganisationId.eq(supplier.0));
        both.add(Column::NeedOrganisationId.eq(buyer.0))
    };
    let between = || Condition::any().add(side(from, into)).add(side(into, from));
    let open = MatchState::ALL.into_iter().filter(|s| s.takes_capacity() || *s == MatchState::Suggested);
    let rows = match_row::Entity::find()
        .filter(between())
        .filter(Column::State.is_in(open.map(MatchState::as_str)))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(connection)
        .await
        .map_err(StoreError::from)?;
    let suggested = MatchState::Suggested.as_str();
    match rows.iter().filter(|row| row.state != suggested).count() {
        0 => {}
        trading => return Err(MergeError::Trading(trading)),
    }
    for row in &rows {
        events::record(tx, Subject::Match, row.id, MatchState::Expired.as_str(), &[into], at);
    }
    let expired = match_row::Entity::update_many()
        .col_expr(Column::State, Expr::value(MatchState::Expired.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
        .filter(between())
        .filter(Column::State.eq(suggested))
        .exec(connection)
        .await
        .map_err(StoreError::from)?;
    Ok(expired.rows_affected)
}

/// How many lines the sites of an organisation have; they name their site alone.
async fn lines<C: ConnectionTrait>(connection: &C, from: Uuid) -> Result<u64, StoreError> {
    let sites = site::Entity::find().filter(site::Column::OrganisationId.eq(from));
    let ids: Vec<Uuid> = sites.select_only().column(site::Column::Id).into_tuple().all(connection).await?;
    let mut count = 0;
    for list in bulk::id_lists(ids) {
        count += line::Entity::find().filter(line::Column::SiteId.is_in(list)).count(connection).await?;
    }
    Ok(count)
}

/// Writes another organisation into a column, and says in how many rows.
async fn moved<E, C>(connection: &C, column: E::Column, from: Uuid, into: Uuid) -> Result<u64, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let update = E::update_many().col_expr(column, Expr::value(into)).filter(column.eq(from));
    Ok(update.exec(connection).await?.rows_affected)
}

/// Ends the sessions that act for an organisation.
async fn ended<C: ConnectionTrait>(connection: &C, from: Uuid, at: Instant) -> Result<u64, StoreError> {
    use session::Column;
    let update = session::Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(at.micros()))
        .filter(Column::OrganisationId.eq(from))
        .filter(Column::EndedAt.is_null());
    Ok(update.exec(connection).await?.rows_affected)
}
