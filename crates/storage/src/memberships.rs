//! Memberships of organisations in clusters, and what clusters vouch for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::OrganisationId,
    membership::{Membership, MembershipState},
    organisation::Verification,
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    bulk, clusters,
    entity::{
        cluster,
        membership::{self, Column, Entity},
        organisation,
    },
    error::StoreError,
    events::{self, ACTIVE, CHANGED, ENDED},
    json, organisations,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Writes a membership, in place of what there was between the two.
///
/// # Errors
/// [`StoreError::Constraint`] when one of the two does not exist, or both are the same.
pub async fn put(tx: &Tx, membership: &Membership, at: Instant) -> Result<(), StoreError> {
    let key = (membership.cluster.0, membership.member.0);
    let before = Entity::find_by_id(key).one(tx.connection()).await?;
    let was_active = before.is_some_and(|row| row.state == MembershipState::Active.as_str());
    let what = match (was_active, membership.state) {
        (true, MembershipState::Active) => CHANGED,
        (false, MembershipState::Active) => ACTIVE,
        (true, MembershipState::Ended | MembershipState::Requested) => ENDED,
        (false, MembershipState::Requested) => "requested",
        (false, MembershipState::Ended) => "refused",
    };
    bulk::upsert::<Entity, _>(tx.connection(), vec![row(membership)]).await?;
    events::of_membership(tx, key, what, at);
    Ok(())
}

/// One membership that an organisation has or had, or of which it is the cluster.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none inside the scope.
pub async fn get(
    reader: &impl Reads,
    scope: Scope,
    (cluster, member): (OrganisationId, OrganisationId),
) -> Result<Membership, StoreError> {
    let query = Entity::find_by_id((cluster.0, member.0)).filter(scope.over(&[Column::ClusterId, Column::MemberId]));
    stored(&query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// The membership of an organisation in a cluster; whoever else would change it waits until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there never was one.
pub async fn get_to_change(tx: &Tx, cluster: OrganisationId, member: OrganisationId) -> Result<Membership, StoreError> {
    let query = Entity::find_by_id((cluster.0, member.0)).lock_exclusive();
    stored(&query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of the memberships that an organisation has or had in clusters, each with the cluster's name.
pub async fn page_of_member(
    reader: &impl Reads,
    member: OrganisationId,
    request: PageRequest,
) -> Result<Page<(Membership, String)>, StoreError> {
    let query = Entity::find().filter(Column::MemberId.eq(member.0));
    let connection = reader.connection();
    let rows = page::fetch(query, (Column::CreatedAt, Column::ClusterId), request, connection, |row| stored(&row));
    named(connection, rows.await?, |membership| membership.cluster).await
}

/// A page of the memberships that organisations have or had in a cluster, each with the member's name; of all states
/// where none is named.
pub async fn page_of_cluster(
    reader: &impl Reads,
    cluster: OrganisationId,
    states: &[MembershipState],
    request: PageRequest,
) -> Result<Page<(Membership, String)>, StoreError> {
    let mut query = Entity::find().filter(Column::ClusterId.eq(cluster.0));
    if !states.is_empty() {
        query = query.filter(Column::State.is_in(states.iter().map(|state| state.as_str())));
    }
    let connection = reader.connection();
    let rows = page::fetch(query, (Column::CreatedAt, Column::MemberId), request, connection, |row| stored(&row));
    named(connection, rows.await?, |membership| membership.member).await
}

async fn named<C: ConnectionTrait>(
    connection: &C,
    rows: Page<Membership>,
    other: impl Fn(&Membership) -> OrganisationId,
) -> Result<Page<(Membership, String)>, StoreError> {
    let names = organisations::names(connection, rows.items.iter().map(|m| other(m).0)).await?;
    let with = |m: Membership| {
        let name = names.get(&other(&m).0).cloned().unwrap_or_default();
        (m, name)
    };
    Ok(Page { items: rows.items.into_iter().map(with).collect(), next: rows.next, total: rows.total })
}

/// Who vouched for an organisation before and after something.
pub type Counted = (Verification, Verification);

/// Ends whatever memberships a cluster has, asked for or active, and answers them as they were, each with what became
/// of the member's verification where the cluster vouched for it.
pub async fn end_all(
    tx: &Tx,
    cluster: OrganisationId,
    at: Instant,
) -> Result<Vec<(Membership, Option<Counted>)>, StoreError> {
    let open = Entity::find()
        .filter(Column::ClusterId.eq(cluster.0))
        .filter(Column::State.ne(MembershipState::Ended.as_str()))
        .order_by_asc(Column::MemberId)
        .lock_exclusive();
    let rows = open.all(tx.connection()).await?;
    let before: Vec<Membership> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    for membership in &before {
        let what = match membership.state {
            MembershipState::Active => ENDED,
            MembershipState::Requested | MembershipState::Ended => "refused",
        };
        events::of_membership(tx, (membership.cluster.0, membership.member.0), what, at);
    }
    let ended = before.iter().map(|m| row(&m.ended(at))).collect();
    bulk::upsert::<Entity, _>(tx.connection(), ended).await?;
    let mut all = Vec::with_capacity(before.len());
    for membership in before {
        let counted = match membership.vouched_at {
            Some(_) => Some(recount(tx, membership.member, at).await?),
            None => None,
        };
        all.push((membership, counted));
    }
    Ok(all)
}

/// Takes back whatever a cluster vouched for, and answers for whom it did, with what became of their verification.
pub async fn unvouch_all(
    tx: &Tx,
    cluster: OrganisationId,
    at: Instant,
) -> Result<Vec<(OrganisationId, Counted)>, StoreError> {
    let vouched = Entity::find()
        .filter(Column::ClusterId.eq(cluster.0))
        .filter(Column::VouchedAt.is_not_null())
        .order_by_asc(Column::MemberId)
        .lock_exclusive();
    let rows = vouched.all(tx.connection()).await?;
    let members: Vec<OrganisationId> = rows.iter().map(|row| OrganisationId(row.member_id)).collect();
    for row in &rows {
        events::of_membership(tx, (row.cluster_id, row.member_id), CHANGED, at);
    }
    let without = rows.into_iter().map(|row| membership::Model { vouched_at: None, ..row }).collect();
    bulk::upsert::<Entity, _>(tx.connection(), without).await?;
    let mut all = Vec::with_capacity(members.len());
    for member in members {
        all.push((member, recount(tx, member, at).await?));
    }
    Ok(all)
}

/// Lets no cluster vouch for a member any more.
pub async fn disown(tx: &Tx, member: OrganisationId, at: Instant) -> Result<(), StoreError> {
    let vouched = || Condition::all().add(Column::MemberId.eq(member.0)).add(Column::VouchedAt.is_not_null());
    for row in Entity::find().filter(vouched()).all(tx.connection()).await? {
        events::of_membership(tx, (row.cluster_id, row.member_id), CHANGED, at);
    }
    let update = Entity::update_many().col_expr(Column::VouchedAt, Expr::value(None::<i64>));
    update.filter(vouched()).exec(tx.connection()).await?;
    recount(tx, member, at).await?;
    Ok(())
}

/// Brings what is written of who vouches for a member in line with its memberships, and answers what it was and is.
/// What the operator vouches for stays.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such organisation.
pub async fn recount(tx: &Tx, member: OrganisationId, at: Instant) -> Result<Counted, StoreError> {
    let connection = tx.connection();
    // Locked before it is counted: who counts at the same time counts what this transaction wrote.
    let found = organisation::Entity::find_by_id(member.0).lock_exclusive().one(connection).await?;
    let before = found.ok_or(StoreError::NotFound)?.verification;
    let vouched = live_of(connection, [member.0]).await?.remove(&member.0).unwrap_or_default();
    let before = json::word("organisations.verification", &before, Verification::parse)?;
    let after = match before {
        Verification::Operator => Verification::Operator,
        Verification::None | Verification::Cluster if vouched.iter().any(|(_, vouched)| *vouched) => {
            Verification::Cluster
        }
        Verification::None | Verification::Cluster => Verification::None,
    };
    organisations::set_verification(tx, member, after, at).await?;
    Ok((before, after))
}

/// As [`recount`], for every member that a cluster has or had.
pub(crate) async fn recount_members(tx: &Tx, cluster: OrganisationId, at: Instant) -> Result<(), StoreError> {
    let query = Entity::find().filter(Column::ClusterId.eq(cluster.0)).order_by_asc(Column::MemberId);
    for row in query.all(tx.connection()).await? {
        recount(tx, OrganisationId(row.member_id), at).await?;
    }
    Ok(())
}

/// The active members of a cluster, in the order of their ids.
pub async fn members(reader: &impl Reads, cluster: OrganisationId) -> Result<Vec<OrganisationId>, StoreError> {
    let query = Entity::find().filter(Column::ClusterId.eq(cluster.0)).filter(active());
    let rows = query.order_by_asc(Column::MemberId).all(reader.connection()).await?;
    Ok(rows.into_iter().map(|row| OrganisationId(row.member_id)).collect())
}

/// Whether an organisation is an active member of a cluster that is not over.
pub async fn is_member(
    reader: &impl Reads,
    cluster: OrganisationId,
    member: OrganisationId,
    now: Instant,
) -> Result<bool, StoreError> {
    if clusters::get(reader, cluster).await?.is_over(now) {
        return Ok(false);
    }
    let row = Entity::find_by_id((cluster.0, member.0)).one(reader.connection()).await?;
    Ok(row.is_some_and(|row| row.state == MembershipState::Active.as_str()))
}

/// The clusters that members are active in and that are not closed, in the order of their ids, each with whether it
/// vouches for the member.
pub(crate) type Clusters = BTreeMap<Uuid, Vec<(OrganisationId, bool)>>;

/// The clusters of members.
pub(crate) async fn live_of<C: ConnectionTrait>(
    connection: &C,
    members: impl IntoIterator<Item = Uuid>,
) -> Result<Clusters, StoreError> {
    let mut rows = Vec::new();
    for list in bulk::id_lists(members) {
        let active = Entity::find().filter(Column::State.eq(MembershipState::Active.as_str()));
        rows.extend(active.filter(Column::MemberId.is_in(list)).all(connection).await?);
    }
    let mut closed = Vec::new();
    for list in bulk::id_lists(rows.iter().map(|row| row.cluster_id)) {
        let over = cluster::Entity::find().filter(cluster::Column::ClosedAt.is_not_null());
        closed.extend(over.filter(cluster::Column::OrganisationId.is_in(list)).all(connection).await?);
    }
    Ok(live(rows, &closed))
}

/// Of rows of active memberships, those in clusters that are not among the ones that are over.
pub(crate) fn live(rows: Vec<membership::Model>, over: &[cluster::Model]) -> Clusters {
    let over: BTreeSet<Uuid> = over.iter().map(|row| row.organisation_id).collect();
    let mut clusters = Clusters::new();
    for row in rows.into_iter().filter(|row| !over.contains(&row.cluster_id)) {
        let entry = (OrganisationId(row.cluster_id), row.vouched_at.is_some());
        clusters.entry(row.member_id).or_default().push(entry);
    }
    for list in clusters.values_mut() {
        list.sort_unstable();
    }
    clusters
}

/// What narrows rows to memberships that are not ended.
pub(crate) fn active() -> Condition {
    Condition::all().add(Column::State.eq(MembershipState::Active.as_str()))
}

pub(crate) fn row(m: &Membership) -> membership::Model {
    membership::Model {
        cluster_id: m.cluster.0,
        member_id: m.member.0,
        created_at: m.created_at.micros(),
        state: m.state.as_str().to_owned(),
        began_at: m.began_at.map(Instant::micros),
        ended_at: m.ended_at.map(Instant::micros),
        vouched_at: m.vouched_at.map(Instant::micros),
    }
}

fn stored(row: &membership::Model) -> Result<Membership, StoreError> {
    let instant = |column: &str, micros: Option<i64>| micros.map(|m| json::instant(column, m)).transpose();
    Ok(Membership {
        cluster: OrganisationId(row.cluster_id),
        member: OrganisationId(row.member_id),
        state: json::word("memberships.state", &row.state, MembershipState::parse)?,
        created_at: json::instant("memberships.created_at", row.created_at)?,
        began_at: instant("memberships.began_at", row.began_at)?,
        ended_at: instant("memberships.ended_at", row.ended_at)?,
        vouched_at: instant("memberships.vouched_at", row.vouched_at)?,
    })
}
