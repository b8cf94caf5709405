//! `muster audit`: what was done, narrowed and in every form.

use crate::command::Bench;

const OFFERS: &str = "\
external_id,organisation,country,product,region,stock,unit
M1,Mask Works Milano,IT,medical-mask,ITC4,1000,H87
M2,Mask Works Lyon,FR,medical-mask,FRK2,500,H87
";

#[test]
fn what_was_done_is_told_the_last_first() {
    let bench = Bench::new();
    bench.file("offers.csv", OFFERS);
    bench.run(&["import", "offers", "offers.csv", "--today", "2020-04-20"]).exits(0);
    bench.run(&["token", "create", "--org", "Mask Works Lyon", "--name", "Portal"]).exits(0);

    let all = bench.run(&["audit", "--output", "json"]).exits(0).json();
    let all = all.as_array().unwrap();
    // When it was done, not the day that the import was told.
    assert!(all.iter().all(|entry| !entry["at"].as_str().unwrap().starts_with("2020")));
    assert_eq!((&all[0]["act"], &all[0]["record"]), (&"create".into(), &"api_key".into()));
    let count = |record: &str| all.iter().filter(|entry| entry["record"] == record).count();
    assert_eq!(["organisation", "site", "offer", "import", "api_key"].map(count), [2, 2, 2, 1, 1]);
    assert!(all.iter().all(|entry| entry["credential"] == "command_line" && entry["acting_as"] == "operator"));

    let of_lyon = bench.run(&["audit", "--org", "Mask Works Lyon", "--output", "json"]).exits(0).json();
    assert_eq!(of_lyon.as_array().unwrap().len(), 4);
    let offers = bench.run(&["audit", "--kind", "offer", "--act", "create", "--output", "csv"]).exits(0).stdout;
    assert_eq!(offers.lines().count(), 3, "{offers}");
    assert!(offers.starts_with("at,acting,person,by,act,record,id,owner,changes"), "{offers}");
    let of_one = all.iter().find(|entry| entry["record"] == "offer").unwrap()["record_id"].as_str().unwrap();
    let table = bench.run(&["audit", "--record", of_one]).exits(0).stdout;
    assert!(table.contains("import: ") && table.contains(of_one), "{table}");

    let some = bench.run(&["audit", "--limit", "2"]).exits(0);
    assert!(some.stderr.contains("more than 2"), "{}", some.stderr);
    let none = bench.run(&["audit", "--until", "2020-01-01"]).exits(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("nothing was noted"), "{}", none.stderr);
    bench.run(&["audit", "--act", "destroy"]).exits(2);
}
