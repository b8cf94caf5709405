//! Who may know of a call of which something is told, and which calls come into somebody's view or leave it: found as events
//! get their numbers, so that a call, an invitation and a membership that come at once cannot miss each other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    call::CallState,
    cluster::Cluster,
    event::{Named, Subject},
    ids::OrganisationId,
    membership::MembershipState,
    organisation::{OrganisationKind, Verification},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{ACTIVE, CLOSED, ENDED, EXTENDED, Fact, HIDDEN, INVITED, MOVED, SHOWN, VERIFIED, VOUCHED, insert};
use crate::{
    bulk,
    calls::{self, CLUSTERS, CallReader, MARKET},
    clusters,
    entity::{call, call_invitation, event, event_reader, membership, organisation},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Whether all are told of it who may know of the call. Of drafts nobody may; invitations and answers are for some.
fn is_for_all(what: &str) -> bool {
    let reached = [CallState::Open, CallState::Closed, CallState::Cancelled].map(CallState::as_str);
    reached.contains(&what) || [EXTENDED, MOVED].contains(&what)
}

/// Adds who may know of the calls of a batch, and events for what came into somebody's view or left it; says whether there
/// were any.
pub(super) async fn add(tx: &Tx, rows: &[event::Model]) -> Result<bool, StoreError> {
    let Some(at) = rows.iter().map(|row| row.at).max() else { return Ok(false) };
    let at = json::instant("events.at", at)?;
    let told: Vec<&event::Model> = rows.iter().filter(|row| row.subject == Subject::Call.as_str()).collect();
    if !told.is_empty() {
        add_readers(tx, &told, at).await?;
    }
    let mut turns = Turns { at, facts: BTreeMap::new() };
    for row in rows {
        let subject = super::numbering::named(row)?.subject;
        match (subject, row.what.as_str(), row.within_id) {
            (Subject::Membership, ACTIVE | ENDED, Some(cluster)) => turns.of_member(tx, row.record_id, cluster).await?,
            (Subject::Organisation, VERIFIED | VOUCHED | CLOSED, _) => {
                turns.of_kind(tx, row.record_id, &row.what).await?
            }
            _ => {}
        }
    }
    let facts: Vec<Fact> = turns.facts.into_iter().map(|((id, what), readers)| fact(id, what, readers, at)).collect();
    insert(tx.connection(), &facts).await?;
    Ok(!facts.is_empty())
}

fn fact(id: Uuid, what: &str, readers: BTreeSet<Uuid>, at: Instant) -> Fact {
    let readers = readers.into_iter().map(|id| (OrganisationId(id), false)).collect();
    let record = Named { subject: Subject::Call, id, within: None };
    Fact { record, what: what.to_owned(), owner: None, readers, at }
}

async fn add_readers(tx: &Tx, told: &[&event::Model], at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    let mut known: BTreeMap<Uuid, call::Model> = BTreeMap::new();
    for list in bulk::id_lists(told.iter().map(|row| row.record_id)) {
        let query = call::Entity::find().filter(call::Column::Id.is_in(list));
        let query = query.filter(call::Column::State.ne(CallState::Draft.as_str()));
        known.extend(query.all(connection).await?.into_iter().map(|call| (call.id, call)));
    }
    let for_all: Vec<&event::Model> = told.iter().copied().filter(|row| is_for_all(&row.what)).collect();
    let of: BTreeSet<Uuid> = for_all.iter().map(|row| row.record_id).collect();
    let of: Vec<call::Model> = known.values().filter(|call| of.contains(&call.id)).cloned().collect();
    let knowing = calls::known_to(connection, &of, at).await?;
    let mut readers: BTreeSet<(i64, Uuid)> = BTreeSet::new();
    for row in for_all {
        readers.extend(knowing.get(&row.record_id).into_iter().flatten().map(|id| (row.id, *id)));
    }
    // Whoever is invited as a cluster is so with its members.
    let invited = |row: &&event::Model| row.what == INVITED && known.contains_key(&row.record_id);
    let invited: BTreeMap<i64, Uuid> =
        told.iter().copied().filter(invited).map(|row| (row.id, row.record_id)).collect();
    let query = event_reader::Entity::find().filter(event_reader::Column::EventId.is_in(invited.keys().copied()));
    let there = if invited.is_empty() { Vec::new() } else { query.all(connection).await? };
    let members = calls::members_of(connection, there.iter().map(|row| row.organisation_id), at).await?;
    let there: BTreeSet<(i64, Uuid)> = there.into_iter().map(|row| (row.event_id, row.organisation_id)).collect();
    for (event, reader) in &there {
        let issuer = invited.get(event).and_then(|id| known.get(id)).map(|call| call.organisation_id);
        // The members of an issuer are not invited by that.
        if issuer != Some(*reader) {
            let members = members.get(reader).into_iter().flatten().filter(|id| issuer != Some(**id));
            readers.extend(members.map(|id| (*event, *id)).filter(|reader| !there.contains(reader)));
        }
    }
    let row = |(event_id, organisation_id)| event_reader::Model { event_id, organisation_id, onlooker: false };
    bulk::upsert::<event_reader::Entity, _>(connection, readers.into_iter().map(row).collect()).await
}

/// Calls that come into somebody's view or leave it, and who he is.
struct Turns {
    at: Instant,
    facts: BTreeMap<(Uuid, &'static str), BTreeSet<Uuid>>,
}

impl Turns {
    fn tell(&mut self, call: Uuid, what: &'static str, reader: Uuid) {
        self.facts.entry((call, what)).or_default().insert(reader);
    }

    /// Of the calls that a cluster is invited to, when somebody becomes its member or is one no longer.
    async fn of_member(&mut self, tx: &Tx, member: Uuid, cluster: Uuid) -> Result<(), StoreError> {
        let connection = tx.connection();
        let invited = Query::select()
            .column(call_invitation::Column::CallId)
            .from(call_invitation::Entity)
            .and_where(call_invitation::Column::OrganisationId.eq(cluster))
            .take();
        let calls = others(member).filter(call::Column::Id.in_subquery(invited)).all(connection).await?;
        if calls.is_empty() {
            return Ok(());
        }
        let row = membership::Entity::find_by_id((cluster, member)).one(connection).await?;
        let active = row.is_some_and(|row| row.state == MembershipState::Active.as_str());
        let seen = self.seen(tx, member).await?;
        let open = clusters::get(tx, OrganisationId(cluster)).await?;
        for call in calls {
            match seen.contains(&call.id) {
                true if active => self.tell(call.id, SHOWN, member),
                false if was_there(&open, &call)? => self.tell(call.id, HIDDEN, member),
                true | false => {}
            }
        }
        Ok(())
    }

    /// Of the calls that are shown to all of a kind, when somebody is vouched for or no longer, or a cluster is closed.
    async fn of_kind(&mut self, tx: &Tx, id: Uuid, what: &str) -> Result<(), StoreError> {
        let connection = tx.connection();
        let Some(row) = organisation::Entity::find_by_id(id).one(connection).await? else { return Ok(()) };
        let cluster = row.kind == OrganisationKind::Cluster.as_str();
        let by_operator = row.verification == Verification::Operator.as_str();
        let turned = |visibility: &str| match what {
            CLOSED => visibility == CLUSTERS && cluster && by_operator,
            VERIFIED => visibility == MARKET || cluster,
            _ => visibility == MARKET,
        };
        let visible: Vec<&str> = [MARKET, CLUSTERS].into_iter().filter(|visibility| turned(visibility)).collect();
        let calls = others(id).filter(call::Column::Visibility.is_in(visible)).all(connection).await?;
        if calls.is_empty() {
            return Ok(());
        }
        // Whom the operator vouched for before, and another does now, saw what is shown to the market all the time.
        let saw_all = |call: &call::Model| what == VERIFIED && !by_operator && call.visibility == MARKET;
        let (seen, open) = (self.seen(tx, id).await?, clusters::get(tx, OrganisationId(id)).await?);
        for call in calls {
            match seen.contains(&call.id) {
                true if what != CLOSED && !saw_all(&call) => self.tell(call.id, SHOWN, id),
                false if call.visibility == MARKET || was_there(&open, &call)? => self.tell(call.id, HIDDEN, id),
                true | false => {}
            }
        }
        Ok(())
    }

    /// The calls that an organisation may know of by now.
    async fn seen(&self, tx: &Tx, id: Uuid) -> Result<BTreeSet<Uuid>, StoreError> {
        let who = CallReader::of(tx, OrganisationId(id), self.at).await?;
        let query = call::Entity::find().select_only().column(call::Column::Id).filter(who.sees());
        Ok(query.into_tuple::<Uuid>().all(tx.connection()).await?.into_iter().collect())
    }
}

/// The calls of all others that are no drafts.
fn others(id: Uuid) -> sea_orm::Select<call::Entity> {
    let all = Condition::all().add(call::Column::State.ne(CallState::Draft.as_str()));
    call::Entity::find().filter(all.add(Expr::col(call::Column::OrganisationId.as_column_ref()).ne(id)))
}

/// Whether a cluster was not over yet when a call became known: else nobody saw it by that cluster.
fn was_there(cluster: &Cluster, call: &call::Model) -> Result<bool, StoreError> {
    let known = call.opened_at.or(call.ended_at).unwrap_or(call.created_at);
    let known = json::instant("calls.opened_at", known)?;
    let open = cluster.closed_at.is_none_or(|closed| known < closed);
    Ok(open && cluster.ends_on.is_none_or(|last| known.day() <= last))
}
