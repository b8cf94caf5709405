//! Text: found alike, and refused alike, on both databases.

use storage::{PageRequest, Scope, StoreError, organisations, organisations::OrganisationFilter, sites};
use testkit::{Builder, TestDb, on_both};

use crate::seed::{add, firm, now};

async fn found(db: &TestDb, query: &str) -> usize {
    let filter = OrganisationFilter { query: Some(query.to_owned()), ..OrganisationFilter::default() };
    organisations::page(&db.store, Scope::Operator, &filter, PageRequest::first(10)).await.unwrap().items.len()
}

on_both!(
    async fn db_08_search_folds_case_in_every_script(db: TestDb) {
        let make = Builder::new(1);
        for name in ["ÄRZTEBEDARF ŁÓDŹ", "ΑΘΗΝΑΣ Α.Ε.", "СОФИЯ 100 % ООД", "Straße & Söhne"] {
            add(&db.store, &make.organisation(name)).await.unwrap();
        }
        for query in ["ärztebedarf", "łódź", "LODZ", "αθηνας", "София", "strasse", "SÖHNE", "100"] {
            assert_eq!(found(&db, query).await, 1, "{query}");
        }
        // Wildcards of LIKE are no letters, so they find nothing.
        for query in ["%", "_", "％", "\\", "zzz"] {
            assert_eq!(found(&db, query).await, 0, "{query}");
        }
    }
);

on_both!(
    async fn db_10_nul_is_a_refused_value_and_no_defect(db: TestDb) {
        let make = Builder::new(2);
        let refused = |result: Result<(), StoreError>| {
            assert!(matches!(result, Err(StoreError::Constraint(_))), "{result:?}");
        };
        refused(add(&db.store, &make.organisation("Acme\0GmbH")).await);
        let (owner, site) = firm(&db.store, &make, "Acme").await;
        let mut bad = make.site(&owner);
        bad.name = "Ber\0lin".to_owned();
        refused(db.store.write(async move |tx| sites::insert(&tx, &bad, now()).await).await);
        let mut bad = make.offer(&site, "medical-mask", 1);
        bad.quarantine = Some("\0".to_owned());
        refused(db.store.write(async move |tx| storage::offers::insert(&tx, &bad, now()).await).await);
    }
);

on_both!(
    async fn names_are_found_by_their_folded_form_within_a_source(db: TestDb) {
        let make = Builder::new(3);
        let (here, there) = (make.organisation("Müller GmbH"), make.organisation("Müller GmbH"));
        let origin = storage::Origin { source: "register".to_owned(), external_id: "HRB 7".to_owned() };
        let rows = [(here.clone(), None), (there.clone(), Some(origin.clone()))];
        db.store.write(async move |tx| organisations::insert_many(&tx, &rows, now()).await).await.unwrap();

        let names = ["MULLER  gmbh".to_owned(), "Nobody".to_owned()];
        let find = async |source| {
            let found = organisations::find_by_names(&db.store, Scope::Operator, source, &names).await.unwrap();
            let mut ids: Vec<_> = found.into_values().flatten().map(|(_, id)| id).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(find("another").await, [here.id]);
        let mut both = [here.id, there.id];
        both.sort_unstable();
        assert_eq!(find("register").await, both);
        let ids = ["HRB 7".to_owned(), "HRB 8".to_owned()];
        let known = organisations::find_by_external_ids(&db.store, Scope::Operator, "register", &ids).await.unwrap();
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [("HRB 7".to_owned(), there.id)]);

        let twin = make.organisation("Other name, same origin");
        let result =
            db.store.write(async move |tx| organisations::insert(&tx, &twin, Some(&origin), now()).await).await;
        assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    }
);
