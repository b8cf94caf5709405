//! Clusters that look at the offers of their members, and at the certificates of these: found as events get their numbers,
//! one batch after the other, so that an offer and a membership that come at once cannot miss each other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    event::{Named, Subject},
    ids::OrganisationId,
    membership::MembershipState,
    organisation::Verification,
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Query};
use uuid::Uuid;

use super::{ACTIVE, ENDED, Fact, HIDDEN, SHOWN, VERIFIED, insert, numbering::named};
use crate::{
    bulk, certificates, clusters,
    entity::{event, event_reader, membership, offer, organisation},
    error::StoreError,
    events, json, offers,
};

/// Adds who looks at the offers of a batch, and events for what came into somebody's view or left it; says whether there
/// were any.
pub(super) async fn add<C: ConnectionTrait>(connection: &C, rows: &[event::Model]) -> Result<bool, StoreError> {
    let Some(at) = rows.iter().map(|row| row.at).max() else { return Ok(false) };
    let at = json::instant("events.at", at)?;
    let hidden = hidden_certificates(connection, rows).await?;
    let (offer, certificate) = (Subject::Offer.as_str(), Subject::Certificate.as_str());
    let seen = |row: &&event::Model| match row.subject.as_str() {
        subject if subject == offer => true,
        // Whoever sees it no longer is told so.
        subject if subject == certificate => {
            row.what == HIDDEN || !row.within_id.is_some_and(|id| hidden.contains(&id))
        }
        _ => false,
    };
    let goods = || rows.iter().filter(seen).filter_map(|row| Some((row.id, row.organisation_id?)));
    let lookers = lookers(connection, goods().map(|(_, owner)| owner), at).await?;
    let readers = goods().flat_map(|(event_id, owner)| {
        let all = lookers.get(&owner).into_iter().flatten();
        all.map(move |id| event_reader::Model { event_id, organisation_id: *id, onlooker: true })
    });
    bulk::upsert::<event_reader::Entity, _>(connection, readers.collect()).await?;
    let mut facts = Vec::new();
    for (member, cluster) in turned(connection, rows).await? {
        let shown =
            self::lookers(connection, [member], at).await?.get(&member).is_some_and(|all| all.contains(&cluster));
        // One that the operator does not vouch for saw nothing, and one that he no longer vouches for was told.
        if shown || rows.iter().any(|row| is_verified(row, cluster)) || is_vouched(connection, cluster).await? {
            facts.extend(of_goods(connection, member, cluster, (shown, at)).await?);
        }
    }
    insert(connection, &facts).await?;
    Ok(!facts.is_empty())
}

/// Those offers that certificates of a batch are stated in, and of which no cluster sees certificates.
async fn hidden_certificates<C: ConnectionTrait>(
    connection: &C,
    rows: &[event::Model],
) -> Result<BTreeSet<Uuid>, StoreError> {
    let certificates = rows.iter().filter(|row| row.subject == Subject::Certificate.as_str());
    let mut hidden = BTreeSet::new();
    for list in bulk::id_lists(certificates.filter_map(|row| row.within_id)) {
        for row in offer::Entity::find().filter(offer::Column::Id.is_in(list)).all(connection).await? {
            let offer = offers::stored(row)?.record;
            hidden.extend((!certificates::is_shown(&offer)).then_some(offer.id.0));
        }
    }
    Ok(hidden)
}

/// Members and clusters between which it changed whether the one shows itself to the other.
async fn turned<C: ConnectionTrait>(
    connection: &C,
    rows: &[event::Model],
) -> Result<BTreeSet<(Uuid, Uuid)>, StoreError> {
    let mut pairs = BTreeSet::new();
    for row in rows {
        match named(row)?.subject {
            Subject::Membership if row.what == ACTIVE || row.what == ENDED => {
                pairs.extend(row.within_id.map(|cluster| (row.record_id, cluster)));
            }
            Subject::Organisation if row.what == VERIFIED => {
                let query = members(row.record_id).order_by_asc(membership::Column::MemberId);
                let found: Vec<Uuid> = query.into_tuple().all(connection).await?;
                pairs.extend(found.into_iter().map(|member| (member, row.record_id)));
            }
            Subject::Organisation
            | Subject::Site
            | Subject::Offer
            | Subject::Certificate
            | Subject::Need
            | Subject::Run
            | Subject::Match
            | Subject::Chain
            | Subject::Call
            | Subject::Membership
            | Subject::Mandate
            | Subject::Alert => {}
        }
    }
    Ok(pairs)
}

fn members(of: Uuid) -> sea_orm::Select<membership::Entity> {
    use membership::Column;
    let query = membership::Entity::find().select_only().column(Column::MemberId).filter(Column::ClusterId.eq(of));
    query.filter(Column::State.eq(MembershipState::Active.as_str()))
}

fn is_verified(row: &event::Model, cluster: Uuid) -> bool {
    row.subject == Subject::Organisation.as_str() && row.record_id == cluster && row.what == VERIFIED
}

async fn is_vouched<C: ConnectionTrait>(connection: &C, cluster: Uuid) -> Result<bool, StoreError> {
    let found = organisation::Entity::find_by_id(cluster).one(connection).await?;
    Ok(found.is_some_and(|row| row.verification == Verification::Operator.as_str()))
}

async fn of_goods<C: ConnectionTrait>(
    connection: &C,
    member: Uuid,
    cluster: Uuid,
    (shown, at): (bool, Instant),
) -> Result<Vec<Fact>, StoreError> {
    let fact = |record| Fact {
        record,
        what: if shown { SHOWN } else { HIDDEN }.to_owned(),
        owner: None,
        readers: BTreeMap::from([(OrganisationId(cluster), true)]),
        at,
    };
    let offers = offers_of(connection, member).await?.into_iter();
    let offers = offers.map(|id| Named { subject: Subject::Offer, id, within: None });
    let certificates = certificates::of_owner(connection, member).await?.into_iter();
    let certificates = certificates.filter(|(_, shown)| *shown).map(|(key, _)| events::certificate(key));
    Ok(offers.chain(certificates).map(fact).collect())
}

/// The offers of an organisation.
pub(crate) async fn offers_of<C: ConnectionTrait>(connection: &C, owner: Uuid) -> Result<Vec<Uuid>, StoreError> {
    use offer::Column;
    let query = offer::Entity::find().select_only().column(Column::Id).filter(Column::OrganisationId.eq(owner));
    Ok(query.order_by_asc(Column::Id).into_tuple().all(connection).await?)
}

/// The clusters that look at the offers of each of some organisations: of which these are active members, which are not
/// over, and for which the operator vouches.
pub(crate) async fn lookers<C: ConnectionTrait>(
    connection: &C,
    owners: impl IntoIterator<Item = Uuid>,
    at: Instant,
) -> Result<BTreeMap<Uuid, BTreeSet<Uuid>>, StoreError> {
    use membership::Column;
    let vouched = Query::select()
        .column(organisation::Column::Id)
        .from(organisation::Entity)
        .and_where(organisation::Column::Verification.eq(Verification::Operator.as_str()))
        .take();
    let over = clusters::over(at);
    let mut found: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for list in bulk::id_lists(owners) {
        let query = membership::Entity::find()
            .select_only()
            .columns([Column::MemberId, Column::ClusterId])
            .filter(Column::MemberId.is_in(list))
            .filter(Column::State.eq(MembershipState::Active.as_str()))
            .filter(Column::ClusterId.in_subquery(vouched.clone()))
            .filter(Column::ClusterId.not_in_subquery(over.clone()));
        for (member, cluster) in query.into_tuple::<(Uuid, Uuid)>().all(connection).await? {
            found.entry(member).or_default().insert(cluster);
        }
    }
    Ok(found)
}
