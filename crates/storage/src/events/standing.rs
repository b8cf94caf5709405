//! What stands in somebody's view at the moment, by name alone: with it begins whoever follows changes.

use domain::{
    event::{Named, Subject},
    ids::OrganisationId,
    membership::MembershipState,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    entity::{mandate, match_row, membership, need, offer, organisation, site},
    error::StoreError,
    scope::Scope,
    store::Reads,
};

/// A record that stands in somebody's view, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The record.
    pub record: Named,
    /// Whose it is.
    pub owner: OrganisationId,
}

/// The records of one kind in the order of their ids, those beyond a key. An onlooker sees the offers of members too, as
/// far as they are shown to him.
pub async fn standing(
    reader: &impl Reads,
    scope: Scope,
    (subject, onlooker): (Subject, bool),
    after: Option<(Uuid, Uuid)>,
    limit: u32,
) -> Result<Vec<Standing>, StoreError> {
    let connection = reader.connection();
    let from = (after, limit);
    match subject {
        Subject::Organisation => {
            use organisation::Column as Of;
            rows::<organisation::Entity, _>(connection, subject, (Of::Id, Of::Id), scope.over(&[Of::Id]), from).await
        }
        Subject::Site => {
            use site::Column as Of;
            let own = scope.over(&[Of::OrganisationId]);
            rows::<site::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), own, from).await
        }
        Subject::Offer => {
            use offer::Column as Of;
            let mut seen = scope.over(&[Of::OrganisationId]);
            if let (Scope::Organisation(own), true) = (scope, onlooker) {
                let members = Query::select()
                    .column(membership::Column::MemberId)
                    .from(membership::Entity)
                    .and_where(membership::Column::ClusterId.eq(own.0))
                    .and_where(membership::Column::State.eq(MembershipState::Active.as_str()))
                    .take();
                seen = Condition::any().add(seen).add(Of::OrganisationId.in_subquery(members));
            }
            rows::<offer::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), seen, from).await
        }
        Subject::Need => {
            use need::Column as Of;
            let own = scope.over(&[Of::OrganisationId]);
            rows::<need::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), own, from).await
        }
        Subject::Match => {
            use match_row::Column as Of;
            let own = scope.over(&[Of::OfferOrganisationId, Of::NeedOrganisationId]);
            rows::<match_row::Entity, _>(connection, subject, (Of::Id, Of::OfferOrganisationId), own, from).await
        }
        Subject::Membership => memberships(connection, scope, from).await,
        Subject::Mandate => {
            use mandate::Column as Of;
            let own = scope.over(&[Of::OrganisationId, Of::HolderId]);
            rows::<mandate::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), own, from).await
        }
    }
}

async fn rows<E, C>(
    connection: &C,
    subject: Subject,
    (id, owner): (E::Column, E::Column),
    seen: Condition,
    (after, limit): (Option<(Uuid, Uuid)>, u32),
) -> Result<Vec<Standing>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let mut query = E::find().select_only().column_as(id, "record").column_as(owner, "owner").filter(seen);
    if let Some((after, _)) = after {
        query = query.filter(id.gt(after));
    }
    let query = query.order_by_asc(id).limit(u64::from(limit));
    let found: Vec<(Uuid, Uuid)> = query.into_tuple().all(connection).await?;
    let named = |(id, owner)| Standing { record: Named { subject, id, within: None }, owner: OrganisationId(owner) };
    Ok(found.into_iter().map(named).collect())
}

async fn memberships<C: ConnectionTrait>(
    connection: &C,
    scope: Scope,
    (after, limit): (Option<(Uuid, Uuid)>, u32),
) -> Result<Vec<Standing>, StoreError> {
    use membership::Column;
    let mut query = membership::Entity::find()
        .select_only()
        .columns([Column::MemberId, Column::ClusterId])
        .filter(scope.over(&[Column::MemberId, Column::ClusterId]));
    if let Some((member, cluster)) = after {
        let columns = Expr::tuple([Column::MemberId, Column::ClusterId].map(|c| Expr::col(c.as_column_ref())));
        query = query.filter(columns.gt(Expr::tuple([Expr::value(member), Expr::value(cluster)])));
    }
    let query = query.order_by_asc(Column::MemberId).order_by_asc(Column::ClusterId).limit(u64::from(limit));
    let found: Vec<(Uuid, Uuid)> = query.into_tuple().all(connection).await?;
    let named = |(member, cluster)| Standing {
        record: Named { subject: Subject::Membership, id: member, within: Some(cluster) },
        owner: OrganisationId(member),
    };
    Ok(found.into_iter().map(named).collect())
}
