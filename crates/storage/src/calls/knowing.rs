//! Who may know of which call.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    call::CallState,
    ids::OrganisationId,
    membership::MembershipState,
    organisation::{OrganisationKind, Verification},
    time::Instant,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Query};
use uuid::Uuid;

use crate::{
    bulk, clusters,
    entity::{
        call::{self, Column},
        call_invitation, membership, organisation,
    },
    error::StoreError,
    organisations,
    scope::Scope,
    store::Reads,
};

/// How far a call is shown of which everybody whom somebody vouches for may know.
pub(crate) const MARKET: &str = "market";
/// How far one is shown of which clusters may know that the operator vouches for.
pub(crate) const CLUSTERS: &str = "clusters";

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

    /// Of those that an organisation may know of at an instant.
    pub async fn of(reader: &impl Reads, id: OrganisationId, now: Instant) -> Result<Self, StoreError> {
        let scope = Scope::Organisation(id);
        let own = match organisations::get(reader, scope, id).await {
            Err(StoreError::NotFound) => return Ok(Self::of_issuer(scope)),
            own => own?.record,
        };
        let known = clusters::of(reader, own.clusters.iter().copied().chain([id])).await?;
        let is_over = |id: &OrganisationId| known.get(id).is_some_and(|cluster| cluster.is_over(now));
        let verified = own.verification == Verification::Operator && own.kind == OrganisationKind::Cluster;
        Ok(Self {
            scope,
            invited: own.clusters.into_iter().filter(|cluster| !is_over(cluster)).chain([id]).collect(),
            market: own.verification != Verification::None,
            clusters: verified && !is_over(&id),
        })
    }

    pub(crate) fn sees(&self) -> Condition {
        let invited = self.invited.iter().map(|id| id.0);
        let invited = Query::select()
            .column(call_invitation::Column::CallId)
            .from(call_invitation::Entity)
            .cond_where(call_invitation::Column::OrganisationId.is_in(invited))
            .take();
        let mut shown = Condition::any().add(Column::Id.in_subquery(invited));
        for (visibility, sees) in [(MARKET, self.market), (CLUSTERS, self.clusters)] {
            if sees {
                shown = shown.add(Column::Visibility.eq(visibility));
            }
        }
        let shown = Condition::all().add(Column::State.ne(CallState::Draft.as_str())).add(shown);
        Condition::any().add(self.scope.over(&[Column::OrganisationId])).add(shown)
    }
}

/// Who may know of each of some calls that are no drafts, but for its issuer: what [`CallReader`] says, seen from the
/// other side.
pub(crate) async fn known_to<C: ConnectionTrait>(
    connection: &C,
    calls: &[call::Model],
    now: Instant,
) -> Result<BTreeMap<Uuid, BTreeSet<Uuid>>, StoreError> {
    use organisation::Column as Of;
    let mut known: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    let mut invited = Vec::new();
    for list in bulk::id_lists(calls.iter().map(|call| call.id)) {
        let query = call_invitation::Entity::find().filter(call_invitation::Column::CallId.is_in(list));
        invited.extend(query.all(connection).await?);
    }
    let members = members_of(connection, invited.iter().map(|row| row.organisation_id), now).await?;
    for row in invited {
        let members = members.get(&row.organisation_id).into_iter().flatten();
        known.entry(row.call_id).or_default().extend(members.copied().chain([row.organisation_id]));
    }
    let vouched = Of::Verification.ne(Verification::None.as_str());
    let listed = Condition::all()
        .add(Of::Verification.eq(Verification::Operator.as_str()))
        .add(Of::Kind.eq(OrganisationKind::Cluster.as_str()))
        .add(Of::Id.not_in_subquery(clusters::over(now)));
    for (visibility, sees) in [(MARKET, Condition::all().add(vouched)), (CLUSTERS, listed)] {
        let shown: Vec<Uuid> = calls.iter().filter(|call| call.visibility == visibility).map(|call| call.id).collect();
        if !shown.is_empty() {
            let query = organisation::Entity::find().select_only().column(Of::Id).filter(sees);
            let all: Vec<Uuid> = query.into_tuple().all(connection).await?;
            for call in shown {
                known.entry(call).or_default().extend(all.iter().copied());
            }
        }
    }
    for call in calls {
        known.entry(call.id).or_default().remove(&call.organisation_id);
    }
    Ok(known)
}

/// The active members of those of some organisations that are clusters and not over.
pub(crate) async fn members_of<C: ConnectionTrait>(
    connection: &C,
    clusters: impl IntoIterator<Item = Uuid>,
    now: Instant,
) -> Result<BTreeMap<Uuid, BTreeSet<Uuid>>, StoreError> {
    use membership::Column;
    let mut found: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for list in bulk::id_lists(clusters) {
        let query = membership::Entity::find()
            .select_only()
            .columns([Column::ClusterId, Column::MemberId])
            .filter(Column::ClusterId.is_in(list))
            .filter(Column::State.eq(MembershipState::Active.as_str()))
            .filter(Column::ClusterId.not_in_subquery(clusters::over(now)));
        for (cluster, member) in query.into_tuple::<(Uuid, Uuid)>().all(connection).await? {
            found.entry(cluster).or_default().insert(member);
        }
    }
    Ok(found)
}
