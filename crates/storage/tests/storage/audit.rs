//! The audit log: read as far as it concerns the reader.

use domain::{
    audit::{Act, Acting, AuditEntry, Change, CredentialKind, RecordKind},
    ids::{AuditId, OrganisationId},
};
use storage::{PageRequest, Scope, Store, audit, audit::AuditFilter};
use testkit::{Builder, TestDb, on_both};
use uuid::Uuid;

use crate::seed::now;

fn entry(make: &Builder, after_micros: i64, acting: Option<u128>, owner: Option<u128>, act: Act) -> AuditEntry {
    let organisation = |n| OrganisationId(Uuid::from_u128(n));
    AuditEntry {
        id: make.ids.next(AuditId),
        at: now().plus_micros(after_micros),
        acting: acting.map_or(Acting::Operator, |id| Acting::Organisation(organisation(id))),
        person: None,
        credential: CredentialKind::ApiKey,
        credential_id: Some(Uuid::from_u128(77)),
        mandate: None,
        act,
        record: RecordKind::Offer,
        record_id: Uuid::from_u128(5),
        owner: owner.map(organisation),
        changes: vec![Change::of("state", "published", "withdrawn")],
    }
}

async fn read(store: &Store, scope: Scope, filter: &AuditFilter) -> Vec<AuditEntry> {
    audit::page(store, scope, filter, PageRequest::first(10)).await.unwrap().items
}

on_both!(
    async fn the_log_is_read_as_far_as_it_concerns_the_reader(db: TestDb) {
        let make = Builder::new(1);
        let own = entry(&make, 1, Some(1), Some(1), Act::Create);
        let for_another = entry(&make, 2, None, Some(1), Act::Withdraw);
        let foreign = entry(&make, 3, Some(2), Some(2), Act::Create);
        let entries = [own.clone(), for_another.clone(), foreign.clone()];
        db.store.write(async move |tx| audit::insert(&tx, &entries).await).await.unwrap();
        let all = AuditFilter::default();
        let first = Scope::Organisation(OrganisationId(Uuid::from_u128(1)));
        assert_eq!(read(&db.store, first, &all).await, [own.clone(), for_another.clone()]);
        assert_eq!(read(&db.store, Scope::Operator, &all).await, [own.clone(), for_another.clone(), foreign.clone()]);
        let narrowed = async |filter: AuditFilter| read(&db.store, Scope::Operator, &filter).await;
        let acts = narrowed(AuditFilter { acts: vec![Act::Withdraw], ..all.clone() }).await;
        assert_eq!(acts, std::slice::from_ref(&for_another));
        let records = narrowed(AuditFilter { records: vec![RecordKind::Need], ..all.clone() }).await;
        assert_eq!(records, []);
        let between = AuditFilter { since: Some(for_another.at), before: Some(foreign.at), ..all.clone() };
        assert_eq!(narrowed(between).await, std::slice::from_ref(&for_another));
        let second = AuditFilter { organisation: foreign.owner, ..all.clone() };
        assert_eq!(narrowed(second.clone()).await, std::slice::from_ref(&foreign));
        // A filter by what does not concern the reader finds nothing.
        assert_eq!(read(&db.store, first, &second).await, []);
        let elsewhere = AuditFilter { record_id: Some(Uuid::from_u128(6)), ..all };
        assert_eq!(narrowed(elsewhere).await, []);
    }
);
