//! Imports through the use case: all rows or none, twice changes nothing, nobody writes for others.

use app::imports::{ImportFile, ImportOptions};
use exchange::tables::{ImportReport, Kind, Mapping};
use testkit::{TestApp, TestDb, on_both};

const OFFERS: &str = "id,organisation,country,region,product,grade,quantity,running,per\n\
    a,Atelier,DE,DE21,ffp,FFP2,1000,,\n\
    b,Atelier,DE,DE21,medical-mask,,,5000,week\n\
    c,Tessuti,IT,ITC4,ffp,FFP3,300,,\n";

const NEEDS: &str = "id,organisation,country,product,quantity,due\n\
    n1,Hospital,FR,ffp,100,2020-04-20\n\
    n1,Hospital,FR,ffp,200,2020-04-27\n\
    n2,Clinic,ES,medical-mask,50,2020-05-01\n";

fn file(text: &str) -> ImportFile {
    ImportFile { name: "file.csv".to_owned(), bytes: text.as_bytes().to_vec() }
}

pub async fn offers(app: &TestApp, text: &str, options: ImportOptions) -> ImportReport {
    let mapping = Mapping::plain(Kind::Offers);
    app::imports::offers(&app.app, &app::access::Caller::command_line(), file(text), &mapping, options).await.unwrap()
}

async fn count(app: &TestApp, list: &str) -> usize {
    app.get(&app.operator(), &format!("/api/v1/{list}?limit=200")).await.expect(200).items().len()
}

/// Rows created, updated, unchanged, rejected, quarantined.
fn counts(report: &ImportReport) -> [u32; 5] {
    let c = report.counts;
    assert_eq!(c.created + c.updated + c.unchanged + c.rejected + c.quarantined, c.rows, "the counts add up");
    [c.created, c.updated, c.unchanged, c.rejected, c.quarantined]
}

on_both! {
    async fn a_file_is_imported_once(db: TestDb) {
        let app = TestApp::new(db);
        let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
        assert_eq!(counts(&offers(&app, OFFERS, dry).await), [3, 0, 0, 0, 0]);
        assert_eq!((count(&app, "offers").await, count(&app, "organisations").await), (0, 0), "a dry run stores nothing");
        assert_eq!(counts(&offers(&app, OFFERS, ImportOptions::default()).await), [3, 0, 0, 0, 0]);
        assert_eq!((count(&app, "offers").await, count(&app, "organisations").await, count(&app, "sites").await), (3, 2, 2));
        assert_eq!(counts(&offers(&app, OFFERS, ImportOptions::default()).await), [0, 0, 3, 0, 0]);
        app.clock.advance_micros(86_400_000_000);
        assert_eq!(counts(&offers(&app, OFFERS, ImportOptions::default()).await), [0, 0, 3, 0, 0], "on another day too");
        let changed = OFFERS.replace("1000", "1001").replace("medical-mask,,,5000", "medical-mask,,,900000000");
        assert_eq!(counts(&offers(&app, &changed, ImportOptions::default()).await), [0, 1, 1, 0, 1]);
        assert_eq!((count(&app, "offers").await, count(&app, "organisations").await, count(&app, "sites").await), (3, 2, 2));
        let list = app.get(&app.operator(), "/api/v1/offers").await;
        assert!(list.items().iter().any(|o| o["capacity"]["stock"]["value"] == 1001 && o["source"]["external_id"] == "a"), "{}", list.text);
    }
}

on_both! {
    async fn one_name_in_two_countries_is_two_organisations(db: TestDb) {
        let app = TestApp::new(db);
        let file = "id,organisation,country,product,quantity\n\
            1,Caritas,,ffp,10\n2,Caritas,DE,ffp,20\n3,Caritas,AT,ffp,30\n4,CARITAS,Austria,ffp,40\n5,Elsewhere,,ffp,50\n";
        assert_eq!(counts(&offers(&app, file, ImportOptions::default()).await), [5, 0, 0, 0, 0]);
        let list = app.get(&app.operator(), "/api/v1/organisations").await;
        let mut found: Vec<_> = list.items().iter().map(|o| format!("{} {}", o["name"], o["country"])).collect();
        found.sort_unstable();
        assert_eq!(found, ["\"Caritas\" \"AT\"", "\"Caritas\" \"DE\"", "\"Elsewhere\" \"ZZ\""]);
        // What is added later changes nothing for the rows that were there.
        app.clock.advance_micros(1);
        let more = "id,organisation,country,product,quantity\n6,Caritas,FR,ffp,60\n7,Elsewhere,PL,ffp,70\n";
        assert_eq!(counts(&offers(&app, more, ImportOptions::default()).await), [2, 0, 0, 0, 0]);
        assert_eq!(counts(&offers(&app, file, ImportOptions::default()).await), [0, 0, 5, 0, 0]);
        assert_eq!(count(&app, "organisations").await, 4, "and Elsewhere turns out to be in Poland");
    }
}

on_both! {
    async fn org_08_one_vat_number_is_one_organisation_whatever_it_is_called(db: TestDb) {
        let app = TestApp::new(db);
        let vat = serde_json::json!([{ "kind": "vat", "value": "DE123456788" }]);
        let body = serde_json::json!({ "name": "Atelier Nord GmbH", "kind": "firm", "country": "DE", "identifiers": vat });
        let made = app.post(&app.operator(), "/api/v1/organisations", &body).await.expect(201).id();
        let one = "id,organisation,vat number,country,product,quantity\n1,Atelier Nord,de 123.456.788,DE,ffp,10\n";
        assert_eq!(counts(&offers(&app, one, ImportOptions::default()).await), [1, 0, 0, 0, 0]);
        let other = "id,organisation,USt-IdNr,country,product,quantity\n7,AN Textil,DE123456788,DE,ffp,20\n";
        let mapping = Mapping { source: Some("other-portal".to_owned()), ..Mapping::plain(Kind::Offers) };
        let caller = app::access::Caller::command_line();
        app::imports::offers(&app.app, &caller, file(other), &mapping, ImportOptions::default()).await.unwrap();
        assert_eq!(count(&app, "organisations").await, 1);
        let list = app.get(&app.operator(), "/api/v1/offers").await;
        assert!(list.items().iter().all(|o| o["organisation"] == serde_json::json!(made)), "{}", list.text);
        assert_eq!(counts(&offers(&app, one, ImportOptions::default()).await), [0, 0, 1, 0, 0]);
        // A file that tells the number later finds it by name, and from then on by number.
        let plain = "id,organisation,country,product,quantity\n8,Weber,AT,ffp,30\n";
        let numbered = "id,organisation,vat,country,product,quantity\n9,Weber,ATU12345675,AT,ffp,40\n";
        let renamed = "id,organisation,vat,country,product,quantity\n10,Weberei Neu,U12345675,AT,ffp,50\n";
        for text in [plain, numbered, renamed] {
            assert_eq!(counts(&offers(&app, text, ImportOptions::default()).await), [1, 0, 0, 0, 0], "{text}");
        }
        assert_eq!(count(&app, "organisations").await, 2);
        // Who says without proof that a number is his gets nobody's rows.
        let thief = serde_json::json!([{ "kind": "vat", "value": "ATU33333334" }]);
        let body = serde_json::json!({ "name": "Mallory", "kind": "firm", "country": "AT", "identifiers": thief });
        let mallory = app.firm("Elsewhere").await;
        app.post(&mallory.token, "/api/v1/organisations", &body).await.expect(201);
        let theirs = "id,organisation,vat,country,product,quantity\n20,Huber,ATU33333334,AT,ffp,60\n";
        assert_eq!(counts(&offers(&app, theirs, ImportOptions::default()).await), [1, 0, 0, 0, 0]);
        let all = app.get(&app.operator(), "/api/v1/organisations?q=Huber").await;
        assert_eq!(all.items()[0]["identifiers"], serde_json::json!([{ "kind": "vat", "value": "ATU33333334", "confirmed": true }]));
        // Whatever it is called and numbered by now, a file finds what it made.
        let huber = format!("/api/v1/organisations/{}", all.items()[0]["id"].as_str().unwrap());
        let renamed = serde_json::json!({ "name": "Huber Neu", "identifiers": [{ "kind": "vat", "value": "ATU44444448" }] });
        app.patch(&app.operator(), &huber, "*", &renamed).await.expect(200);
        let before = count(&app, "organisations").await;
        assert_eq!(counts(&offers(&app, theirs, ImportOptions::default()).await), [0, 0, 1, 0, 0]);
        assert_eq!(count(&app, "organisations").await, before);
        // Two of one name with two numbers are two; a number that is none is a fault of its row.
        let twins = "id,organisation,vat,country,product,quantity\n11,Caritas,ATU11111116,AT,ffp,1\n12,Caritas,ATU22222220,AT,ffp,2\n";
        assert_eq!(counts(&offers(&app, twins, ImportOptions::default()).await), [2, 0, 0, 0, 0]);
        assert_eq!(count(&app, "organisations").await, before + 2);
        let report = offers(&app, &plain.replace("organisation,", "organisation,vat,").replace("Weber,", "Weber,12,"), ImportOptions::default()).await;
        assert_eq!((counts(&report)[3], report.rows[0].faults[0].code), (1, "bad_identifier"));
    }
}

on_both! {
    async fn a_bad_row_stops_all_unless_only_valid_rows_are_asked_for(db: TestDb) {
        let app = TestApp::new(db);
        let bad = OFFERS.replace("1000", "-5").replace("FFP3", "FFP9");
        let report = offers(&app, &bad, ImportOptions::default()).await;
        assert_eq!(counts(&report), [1, 0, 0, 2, 0], "what would become of the good row is told");
        let faults: Vec<_> = report.faults().map(|f| (f.line, f.column.as_str(), f.value.as_str(), f.code)).collect();
        assert_eq!(faults, [(2, "quantity", "-5", "negative"), (4, "grade", "FFP9", "unknown_grade")]);
        assert_eq!((count(&app, "offers").await, count(&app, "organisations").await), (0, 0));
        let valid = ImportOptions { valid_rows_only: true, ..ImportOptions::default() };
        assert_eq!(counts(&offers(&app, &bad, valid).await), [1, 0, 0, 2, 0]);
        assert_eq!(count(&app, "offers").await, 1);
    }
}

on_both! {
    async fn needs_are_imported_with_their_instalments_and_matched(db: TestDb) {
        let app = TestApp::new(db);
        offers(&app, OFFERS, ImportOptions::default()).await;
        let mapping = Mapping::plain(Kind::Needs);
        let operator = app::access::Caller::command_line();
        let import = || app::imports::needs(&app.app, &operator, file(NEEDS), &mapping, ImportOptions::default());
        assert_eq!(counts(&import().await.unwrap()), [3, 0, 0, 0, 0]);
        assert_eq!(counts(&import().await.unwrap()), [0, 0, 3, 0, 0]);
        let needs = app.get(&app.operator(), "/api/v1/needs").await;
        let mut instalments: Vec<usize> = needs.items().iter().map(|n| n["instalments"].as_array().unwrap().len()).collect();
        instalments.sort_unstable();
        assert_eq!(instalments, [1, 2]);
        let (run, computed) =
            app::runs::now(&app.app, &app::access::Caller::command_line(), domain::parameters::Parameters::default(), false, app::runs::unwatched(), std::future::pending()).await.unwrap();
        assert_eq!(computed.outcome.figures.covered, 350);
        let stored = app.get(&app.operator(), &format!("/api/v1/matches?run={}", run.unwrap())).await;
        assert_eq!(stored.items().len(), computed.outcome.lines.len());
        let (none, dry) =
            app::runs::now(&app.app, &app::access::Caller::command_line(), domain::parameters::Parameters::default(), true, app::runs::unwatched(), std::future::pending()).await.unwrap();
        // What was suggested is part of the market now, and of what the hash is over.
        assert_eq!((none, &dry.outcome.lines), (None, &computed.outcome.lines));
    }
}

on_both! {
    async fn an_organisation_imports_for_itself_alone(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let caller = firm.caller();
        let mapping = Mapping::plain(Kind::Offers);
        let report = app::imports::offers(&app.app, &caller, file(OFFERS), &mapping, ImportOptions::default()).await.unwrap();
        assert_eq!(counts(&report), [2, 0, 0, 1, 0]);
        let faults: Vec<_> = report.faults().map(|f| (f.line, f.column.as_str(), f.code)).collect();
        assert_eq!(faults, [(4, "organisation", "unknown_organisation")]);
        assert_eq!(count(&app, "offers").await, 0);
        let own = "product,quantity\nffp,10\n";
        let report = app::imports::offers(&app.app, &caller, file(own), &mapping, ImportOptions::default()).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 0]);
        assert_eq!(app.get(&firm.token, "/api/v1/offers").await.items().len(), 1);
        let nobody = offers(&app, own, ImportOptions::default()).await;
        assert_eq!(counts(&nobody), [0, 0, 0, 1, 0], "a file of the operator names organisations");
    }
}

on_both! {
    async fn a_file_that_is_none_is_refused_as_a_whole(db: TestDb) {
        let app = TestApp::new(db);
        let mapping = Mapping::plain(Kind::Offers);
        for text in ["", "a;b;c\n1;2;3\n", "product,product\nffp,ffp\n"] {
            let result = app::imports::offers(&app.app, &app::access::Caller::command_line(), file(text), &mapping, ImportOptions::default()).await;
            assert!(matches!(result, Err(app::AppError::Invalid(_))), "{text:?}");
        }
    }
}
