//! What stands in somebody's view at the moment, by name alone: with it begins whoever follows changes.

use domain::{
    event::{Named, Subject},
    ids::{CertificateId, OrganisationId},
    membership::MembershipState,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    calls::CallReader,
    certificates, chains,
    entity::{alert, call, chain, mandate, match_row, membership, need, offer, organisation, run, site},
    error::StoreError,
    events,
    scope::Scope,
    store::Reads,
};

/// How many offers are read at once for their certificates.
const OFFERS: u64 = 200;

/// A record that stands in somebody's view, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The record.
    pub record: Named,
    /// Whose it is.
    pub owner: OrganisationId,
}

/// Somebody's view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What is his own.
    pub scope: Scope,
    /// Whether he sees the offers of members too.
    pub onlooker: bool,
    /// Which calls he knows of.
    pub calls: CallReader,
}

/// The records of one kind in the order of their ids, those beyond a key; certificates in the order of their offers. An
/// onlooker sees the offers of members too, as far as they are shown to him.
pub async fn standing(
    reader: &impl Reads,
    view: &View,
    subject: Subject,
    after: Option<(Uuid, Uuid)>,
    limit: u32,
) -> Result<Vec<Standing>, StoreError> {
    let connection = reader.connection();
    let (scope, from) = (view.scope, (after, limit));
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
            let seen = offers(view);
            rows::<offer::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), seen, from).await
        }
        Subject::Certificate => certificates(connection, view, from).await,
        Subject::Need => {
            use need::Column as Of;
            let own = scope.over(&[Of::OrganisationId]);
            rows::<need::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), own, from).await
        }
        Subject::Run => {
            use run::Column as Of;
            let none = Of::Id.is_null();
            let all = match scope {
                Scope::Operator | Scope::Organisation(_) => Condition::all(),
                Scope::Nobody => Condition::all().add(none),
            };
            rows::<run::Entity, _>(connection, subject, (Of::Id, Of::Id), all, from).await
        }
        Subject::Match => {
            use match_row::Column as Of;
            let own = scope.over(&[Of::OfferOrganisationId, Of::NeedOrganisationId]);
            rows::<match_row::Entity, _>(connection, subject, (Of::Id, Of::OfferOrganisationId), own, from).await
        }
        Subject::Chain => {
            use chain::Column as Of;
            let seen = chains::seen(scope);
            rows::<chain::Entity, _>(connection, subject, (Of::Id, Of::LeadOrganisationId), seen, from).await
        }
        Subject::Call => {
            use call::Column as Of;
            let seen = view.calls.sees();
            rows::<call::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), seen, from).await
        }
        Subject::Membership => memberships(connection, scope, from).await,
        Subject::Mandate => {
            use mandate::Column as Of;
            let own = scope.over(&[Of::OrganisationId, Of::HolderId]);
            rows::<mandate::Entity, _>(connection, subject, (Of::Id, Of::OrganisationId), own, from).await
        }
        Subject::Alert => {
            use alert::Column as Of;
            // The operator's own are no organisation's.
            let own = scope.over(&[Of::OrganisationId]);
            rows::<alert::Entity, _>(connection, subject, (Of::Id, Of::Id), own, from).await
        }
    }
}

/// The offers of a view.
fn offers(view: &View) -> Condition {
    use offer::Column as Of;
    let seen = view.scope.over(&[Of::OrganisationId]);
    match (view.scope, view.onlooker) {
        (Scope::Organisation(own), true) => {
            let members = Query::select()
                .column(membership::Column::MemberId)
                .from(membership::Entity)
                .and_where(membership::Column::ClusterId.eq(own.0))
                .and_where(membership::Column::State.eq(MembershipState::Active.as_str()))
                .take();
            Condition::any().add(seen).add(Of::OrganisationId.in_subquery(members))
        }
        (Scope::Organisation(_) | Scope::Operator | Scope::Nobody, _) => seen,
    }
}

/// Certificates are part of the terms of their offers, so that these are walked through.
async fn certificates<C: ConnectionTrait>(
    connection: &C,
    view: &View,
    (after, limit): (Option<(Uuid, Uuid)>, u32),
) -> Result<Vec<Standing>, StoreError> {
    let (mut found, mut after) = (Vec::new(), after);
    while u64::try_from(found.len()).unwrap_or(u64::MAX) < u64::from(limit) {
        let mut query = certificates::stating().filter(offers(view)).order_by_asc(offer::Column::Id);
        if let Some((_, offer)) = after {
            query = query.filter(offer::Column::Id.gte(offer));
        }
        let rows = query.limit(OFFERS).all(connection).await?;
        let (more, before) = (u64::try_from(rows.len()).unwrap_or(u64::MAX) == OFFERS, found.len());
        for row in rows {
            let offer = crate::offers::stored(row)?.record;
            let mut ids: Vec<Uuid> = certificates::of_offer(&offer).map(|((id, _), _)| id.0).collect();
            ids.sort_unstable();
            for id in ids.into_iter().filter(|id| after.is_none_or(|after| (offer.id.0, *id) > (after.1, after.0))) {
                let record = events::certificate((CertificateId(id), offer.id));
                found.push(Standing { record, owner: offer.organisation });
            }
        }
        let last = found.last().and_then(|one: &Standing| Some((one.record.id, one.record.within?)));
        after = last.or(after);
        if !more || found.len() == before {
            break;
        }
    }
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
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
