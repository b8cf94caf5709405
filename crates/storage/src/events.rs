//! Events: what the functions of this crate that change a record leave in the transaction of the change.
//!
//! They are noted while a transaction runs and written just before it commits, one for each record that changed, by
//! which time it holds the locks of all of them: events of one record have keys in the order of its changes. Numbers
//! come later ([`number`], ADR 0031).

use std::{collections::BTreeMap, sync::PoisonError};

pub use domain::event::CREATED;
pub(crate) use domain::event::{DESCRIBED, HIDDEN, SHOWN, VERIFIED, VOUCHED};
use domain::{
    event::{Named, Subject},
    ids::{CertificateId, OfferId, OrganisationId},
    time::Instant,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, EntityTrait,
};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{event, event_reader},
    error::StoreError,
    store::Tx,
};

mod asking;
mod linking;
mod looking;
mod numbering;
mod reading;
mod standing;
mod unseen;

pub(crate) use looking::lookers;
pub use numbering::{Waiting, number, waiting};
pub use reading::{EventFilter, EventPage, forget, last, page};
pub use standing::{Standing, View, standing};
pub use unseen::unseen;

/// What happened to a record of which something else changed than its state; it takes no other word's place.
pub const CHANGED: &str = "changed";
/// What happened to a membership that began.
pub(crate) const ACTIVE: &str = "active";
/// What happened to a membership that was active.
pub(crate) const ENDED: &str = "ended";
/// What happened to a cluster that is closed.
pub(crate) const CLOSED: &str = "closed";
/// What happened to a certificate that its offer states no longer.
pub(crate) const REMOVED: &str = "removed";
/// What happened to a chain or call that came to another organisation with all that one had.
pub(crate) const MOVED: &str = "moved";
/// What happened to an open call that takes answers for longer.
pub(crate) const EXTENDED: &str = "extended";
/// What happened to a call to which more were invited; its issuer is told, and they are.
pub(crate) const INVITED: &str = "invited";
/// What happened to a call of which the silent were reminded; its issuer is told.
pub(crate) const REMINDED: &str = "reminded";
/// What happened to a call that somebody answered; its issuer is told, and whoever sees that answer.
pub(crate) const ANSWERED: &str = "answered";

/// Events of one statement.
const ROWS: usize = 4_000;

/// What a transaction has changed so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    facts: Vec<Fact>,
    places: BTreeMap<Named, usize>,
}

#[derive(Debug)]
struct Fact {
    record: Named,
    what: String,
    owner: Option<OrganisationId>,
    /// Who else reads it, and whether his own people do alone: as the cluster of a member, or since no mandate goes so far.
    readers: BTreeMap<OrganisationId, bool>,
    at: Instant,
}

impl Told {
    fn add(&mut self, new: Fact) {
        match self.places.get(&new.record).and_then(|place| self.facts.get_mut(*place)) {
            None => {
                self.places.insert(new.record, self.facts.len());
                self.facts.push(new);
            }
            Some(known) => {
                if says(&new.what) >= says(&known.what) {
                    known.what = new.what;
                }
                known.owner = new.owner.or(known.owner);
                for (reader, onlooker) in new.readers {
                    known.readers.entry(reader).and_modify(|known| *known &= onlooker).or_insert(onlooker);
                }
                known.at = known.at.max(new.at);
            }
        }
    }
}

/// How much a word says: who sees a record says less than what became of it, and what some are told less than what all are.
fn says(what: &str) -> u8 {
    match what {
        HIDDEN | DESCRIBED => 0,
        CHANGED => 1,
        VOUCHED | INVITED | REMINDED | ANSWERED => 2,
        CREATED => 4,
        _ => 3,
    }
}

/// Notes that a record changed: the one call of every function that writes one. `what` is `created`, `changed`, the
/// state that it reached, or another word; `readers` are the organisations in whose view it stood just before or just
/// after as their own, its owner first. Clusters that look at a member's offers are found when the event gets its number.
pub fn record(tx: &Tx, subject: Subject, id: Uuid, what: &str, readers: &[OrganisationId], at: Instant) {
    add(tx, Named { subject, id, within: None }, what, readers, at);
}

/// As [`record`], of a membership and of the member, which shows its clusters.
pub(crate) fn of_membership(tx: &Tx, (cluster, member): (Uuid, Uuid), what: &str, at: Instant) {
    let (member_id, cluster_id) = (OrganisationId(member), OrganisationId(cluster));
    let record_of = Named { subject: Subject::Membership, id: member, within: Some(cluster) };
    add(tx, record_of, what, &[member_id, cluster_id], at);
    if what == ACTIVE || what == ENDED {
        record(tx, Subject::Organisation, member, CHANGED, &[member_id], at);
    }
}

/// As [`record`], of a certificate, which is its offer's owner's.
pub(crate) fn of_certificate(tx: &Tx, key: (CertificateId, OfferId), what: &str, owner: OrganisationId, at: Instant) {
    add(tx, certificate(key), what, &[owner], at);
}

/// What names a certificate.
pub(crate) fn certificate((id, offer): (CertificateId, OfferId)) -> Named {
    Named { subject: Subject::Certificate, id: id.0, within: Some(offer.0) }
}

/// Notes that something happened to a record which is not for all who act for its owner, but for those named: each with
/// whether his own people alone are told, and no holder of a mandate.
pub(crate) fn some(tx: &Tx, record: Named, what: &str, readers: BTreeMap<OrganisationId, bool>, at: Instant) {
    note(tx, Fact { record, what: what.to_owned(), owner: None, readers, at });
}

/// Notes that clusters see an offer or certificate no longer that is not their member's any more.
pub(crate) fn hidden(tx: &Tx, record: Named, from: &[OrganisationId], at: Instant) {
    let readers: BTreeMap<_, _> = from.iter().map(|cluster| (*cluster, true)).collect();
    if !readers.is_empty() {
        note(tx, Fact { record, what: HIDDEN.to_owned(), owner: None, readers, at });
    }
}

fn add(tx: &Tx, record: Named, what: &str, readers: &[OrganisationId], at: Instant) {
    let owner = readers.first().copied();
    let readers = readers.iter().filter(|id| Some(**id) != owner).map(|id| (*id, false)).collect();
    note(tx, Fact { record, what: what.to_owned(), owner, readers, at });
}

fn note(tx: &Tx, fact: Fact) {
    tx.told().lock().unwrap_or_else(PoisonError::into_inner).add(fact);
}

/// Writes what a transaction told, and says whether it was anything.
pub(crate) async fn write<C: ConnectionTrait>(transaction: &C, told: Told) -> Result<bool, StoreError> {
    insert(transaction, &told.facts).await?;
    Ok(!told.facts.is_empty())
}

async fn insert<C: ConnectionTrait>(transaction: &C, facts: &[Fact]) -> Result<(), StoreError> {
    for part in facts.chunks(ROWS) {
        let rows = part.iter().map(|fact| event::ActiveModel {
            id: NotSet,
            number: NotSet,
            at: Set(fact.at.micros()),
            subject: Set(fact.record.subject.as_str().to_owned()),
            record_id: Set(fact.record.id),
            within_id: Set(fact.record.within),
            what: Set(fact.what.clone()),
            organisation_id: Set(fact.owner.map(|id| id.0)),
        });
        let insert = event::Entity::insert_many(rows);
        if part.iter().all(|fact| fact.readers.is_empty()) {
            insert.exec_without_returning(transaction).await?;
            continue;
        }
        let written = insert.exec_with_returning(transaction).await?;
        // The rows come back in no promised order; those of one record and word tell the same.
        let mut keys: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for row in written {
            keys.entry((row.subject, row.record_id, row.within_id, row.what)).or_default().push(row.id);
        }
        let mut readers = Vec::new();
        for fact in part {
            let Named { subject, id, within } = fact.record;
            let named = (subject.as_str().to_owned(), id, within, fact.what.clone());
            let id = keys.get_mut(&named).and_then(Vec::pop);
            let event_id = id.ok_or_else(|| StoreError::internal("an event that was written is not there"))?;
            let others = fact.readers.iter().filter(|(id, _)| fact.owner != Some(**id));
            let row = |(id, onlooker): (&OrganisationId, &bool)| event_reader::Model {
                event_id,
                organisation_id: id.0,
                onlooker: *onlooker,
            };
            readers.extend(others.map(row));
        }
        bulk::insert::<event_reader::Entity, _>(transaction, readers).await?;
    }
    Ok(())
}
