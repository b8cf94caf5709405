//! `muster org`: who vouches for an organisation, and two that are one.

use std::collections::BTreeSet;

use app::{
    access::Caller,
    organisations::{self, Merging},
    runs,
};
use domain::parameters::Parameters;
use serde_json::Value;
use storage::{needs, offers, organisations as stored, sites};
use testkit::{Builder, SeededIds, TestApp, TestDb, builders::day, on_both};

use crate::command::Bench;

const FIRST: &str = "organisation,country,id,product,stock\nAcme,DE,1,apron,5000\nAcme,DE,2,ffp,700\n";
const SECOND: &str = "organisation,country,id,product,stock\nAcme GmbH,DE,2,ffp,800\nAcme GmbH,DE,3,goggles,60\n";

/// A market with two organisations that are one, `Acme` and `Acme GmbH`.
fn doubled() -> Bench {
    let bench = Bench::new();
    for (name, text) in [("first.csv", FIRST), ("second.csv", SECOND)] {
        let file = bench.file(name, text);
        bench.run(&["import", "offers", file.to_str().unwrap()]).exits(0);
    }
    bench
}

fn listed(bench: &Bench, flags: &[&str]) -> Vec<Value> {
    let list = [&["org", "list", "--output", "json"], flags].concat();
    bench.run(&list).exits(0).json().as_array().unwrap().clone()
}

#[test]
fn organisations_are_listed_and_vouched_for() {
    let bench = doubled();
    assert_eq!(listed(&bench, &["--unverified"]).len(), 2);
    assert_eq!(listed(&bench, &["--kind", "authority"]).len(), 0);
    let told = bench.run(&["org", "verify", "acme", "--output", "json"]).exits(0).json();
    assert_eq!((&told["name"], &told["verification"]), (&Value::from("Acme"), &Value::from("operator")));
    // What is so already leaves no trace.
    bench.run(&["org", "verify", "acme"]).exits(0);
    assert_eq!(listed(&bench, &["--unverified"]).len(), 1);
    bench.run(&["org", "verify", told["id"].as_str().unwrap(), "--as", "none"]).exits(0);
    assert_eq!(listed(&bench, &["--unverified"]).len(), 2);
    let acts = bench.run(&["audit", "--act", "verify", "--output", "json"]).exits(0).json();
    let changes: Vec<_> = acts.as_array().unwrap().iter().map(|entry| entry["changes"][0]["to"].clone()).collect();
    assert_eq!(changes, ["none", "operator"]);
    bench.run(&["org", "verify", "acme", "--as", "cluster"]).exits(2);
    let table = bench.run(&["org", "list"]).exits(0).stdout;
    assert!(table.contains("Acme GmbH") && table.lines().all(|l| l.chars().count() <= 100), "{table}");
    let csv = bench.run(&["org", "list", "--output", "csv"]).exits(0).stdout;
    assert_eq!(csv.lines().count(), 3, "{csv}");
}

#[test]
fn a_duplicate_is_merged_and_files_that_name_it_find_the_other() {
    let bench = doubled();
    let before = listed(&bench, &[]);
    let rehearsed = bench.run(&["org", "merge", "Acme GmbH", "Acme", "--output", "json"]).exits(0);
    assert!(rehearsed.stderr.contains("--yes"), "{}", rehearsed.stderr);
    let rehearsed = rehearsed.json();
    assert_eq!(listed(&bench, &[]), before);
    assert!(bench.run(&["org", "merge", "Acme GmbH", "Acme"]).exits(0).stdout.contains("would become part of"));
    let done = bench.run(&["org", "merge", "Acme GmbH", "Acme", "--yes", "--output", "json"]).exits(0).json();
    assert_eq!(done["counts"], rehearsed["counts"], "a rehearsal tells what happens");
    let counts = &done["counts"];
    assert_eq!((&counts["offers"], &counts["sites"]), (&Value::from(2), &Value::from(1)));
    // Both files put the record 2: it is in the market once.
    assert_eq!(counts["offers_withdrawn"], 1);
    assert_eq!(listed(&bench, &[]).len(), 1);
    let gone = done["from"].as_str().unwrap();
    assert!(bench.run(&["org", "verify", gone]).exits(1).stderr.contains("no organisation"));
    let told = bench.run(&["audit", "--act", "merge", "--output", "json"]).exits(0).json();
    assert_eq!((&told[0]["record_id"], &told[0]["owner"]), (&done["from"], &done["into"]));
    // What was done to it before can still be read.
    let earlier = bench.run(&["audit", "--org", gone, "--output", "json"]).exits(0).json();
    assert!(!earlier.as_array().unwrap().is_empty());
    // The same files again make nothing anew.
    let again = bench.run(&["import", "offers", "first.csv", "--output", "json"]).exits(0).json();
    assert_eq!((&again["counts"]["created"], &again["counts"]["unchanged"]), (&Value::from(0), &Value::from(2)));
    let again = bench.run(&["import", "offers", "second.csv", "--output", "json"]).exits(0).json();
    assert_eq!(again["counts"]["created"], 0, "{again}");
    assert_eq!(listed(&bench, &[]).len(), 1);
}

#[test]
fn what_is_no_duplicate_is_refused() {
    let bench = doubled();
    let same = bench.run(&["org", "merge", "Acme", "acme", "--yes"]).exits(1).stderr;
    assert!(same.contains("name two"), "{same}");
    let unknown = bench.run(&["org", "merge", "Nobody", "acme"]).exits(1).stderr;
    assert!(unknown.contains("muster org list"), "{unknown}");
}

on_both!(
    async fn runs_of_before_are_still_proved(db: TestDb) {
        let service = TestApp::new(db);
        let (app, operator) = (&service.app, Caller::command_line());
        let make = Builder { ids: SeededIds::new(5), today: day("2020-04-06") };
        let [firm, double, buyer] = ["Works", "Works Ltd", "Hospital"].map(|name| make.organisation(name));
        let [a, b, ward] = [&firm, &double, &buyer].map(|of| make.site(of));
        let supply = vec![make.offer(&a, "medical-mask", 700), make.offer(&b, "medical-mask", 800)];
        let demand = vec![make.need(&ward, "medical-mask", 2_000), make.need(&b, "apron", 50)];
        let (from, into, at) = (double.id, firm.id, app.clock.now());
        let work = move |tx: storage::Tx| async move {
            stored::insert_many(&tx, &[(firm, None), (double, None), (buyer, None)], at).await?;
            sites::insert_many(&tx, &[a, b, ward], at).await?;
            offers::insert_many(&tx, &supply, at).await?;
            needs::insert_many(&tx, &demand, at).await
        };
        app.store.write(work).await.unwrap();
        let run = async || {
            let watch = app::runs::unwatched();
            runs::now(app, &operator, Parameters::default(), false, watch, std::future::pending())
                .await
                .unwrap()
                .0
                .unwrap()
        };
        let first = run().await;
        let before = runs::verify(app, &operator, first).await.unwrap().result.unwrap();
        let tried = organisations::merge(app, &operator, (from, into), Merging::Rehearse).await.unwrap();
        assert_eq!(organisations::merge(app, &operator, (from, into), Merging::Commit).await.unwrap(), tried);
        assert!(tried.matches > 0 && tried.shortages > 0, "{tried:?}");
        assert_eq!(runs::verify(app, &operator, first).await.unwrap().result.unwrap(), before);
        let second = run().await;
        assert!(runs::verify(app, &operator, second).await.unwrap().result.is_ok());
        let owners: BTreeSet<_> =
            storage::market::snapshot(&app.store, make.today, domain::time::Instant::start_of(make.today))
                .await
                .unwrap()
                .organisations
                .into_keys()
                .collect();
        assert!(owners.contains(&into) && !owners.contains(&from));
        let foreign = Caller { actor: app::Actor::Organisation(into), ..operator };
        assert!(organisations::merge(app, &foreign, (from, into), Merging::Rehearse).await.is_err());
        assert!(organisations::verify(app, &foreign, into, Default::default(), |_| Ok(())).await.is_err());
    }
);
