//! What `muster doctor` says of installations that are sound and of those that are not.

use std::path::Path;

use serde_json::Value;
use storage::{DatabaseUrl, Store};

use crate::command::{Bench, ran};

/// The verdict on each check, and its remedy.
fn verdicts(told: &Value) -> Vec<(String, String, String)> {
    let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    let checks = told["checks"].as_array().unwrap();
    checks.iter().map(|c| (text(c, "check"), text(c, "verdict"), text(c, "remedy"))).collect()
}

/// The checks that are not in order, each with its verdict.
fn complaints(told: &Value) -> Vec<(String, String)> {
    let found = verdicts(told).into_iter().filter(|(_, verdict, _)| verdict != "ok");
    found.map(|(check, verdict, _)| (check, verdict)).collect()
}

fn of(check: &str, verdict: &str) -> (String, String) {
    (check.to_owned(), verdict.to_owned())
}

/// Every file of a folder with its size.
fn files(folder: &Path) -> Vec<(String, u64)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
        .collect();
    found.sort();
    found
}

fn tamper(bench: &Bench, statement: &str) {
    let url = DatabaseUrl::file(&bench.data().join("muster.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url).await.unwrap();
        store.tamper(statement).await.unwrap();
        store.close().await.unwrap();
    });
}

#[test]
fn where_nothing_is_it_says_so_and_makes_nothing() {
    let bench = Bench::new();
    let told = bench.run(&["doctor", "--output", "json"]).exits(1).json();
    assert_eq!(complaints(&told), [of("data folder", "FAULT"), of("database", "FAULT")]);
    assert!(verdicts(&told).iter().all(|(_, verdict, remedy)| (verdict == "ok") == remedy.is_empty()), "{told}");
    assert!(!bench.data().exists());
    let shown = bench.run(&["doctor"]).exits(1);
    assert!(shown.stdout.contains("FAULT") && shown.stdout.contains("do: "), "{}", shown.stdout);
    assert!(shown.stdout.contains("muster migrate") && shown.stderr.is_empty(), "{}", shown.stderr);
}

#[test]
fn a_sound_installation_is_left_as_it_is() {
    let bench = Bench::new();
    // The first makes database and keys; the second leaves no journal behind.
    bench.run(&["token", "create", "--operator"]).exits(0);
    bench.run(&["doctor"]).exits(0);
    let before = files(&bench.data());
    let told = bench.run(&["doctor", "--output", "json"]).exits(0).json();
    assert_eq!(complaints(&told), [of("operators", "warning")]);
    assert_eq!((&told["faults"], &told["warnings"]), (&Value::from(0), &Value::from(1)));
    assert_eq!(files(&bench.data()), before);
}

#[test]
fn settings_that_leave_a_door_open_are_warned_of() {
    let bench = Bench::new();
    bench.run(&["token", "create", "--operator"]).exits(0);
    let doctor = |settings: &[(&str, &str)]| {
        let mut program = bench.program();
        program.envs(settings.iter().copied()).args(["doctor", "--output", "json"]);
        let ran = ran(program.output().unwrap());
        (ran.code, complaints(&ran.json()))
    };
    let (code, found) = doctor(&[("MUSTER_ADDR", "0.0.0.0:8080"), ("MUSTER_RATE_LIMIT", "off")]);
    let operators = of("operators", "warning");
    assert_eq!(found, [of("public address", "warning"), of("rate limit", "warning"), operators.clone()]);
    assert_eq!(code, 0);
    let (_, found) = doctor(&[("MUSTER_PUBLIC_URL", "https://muster.example.org")]);
    assert_eq!(found, [of("proxies", "warning"), of("mail", "warning"), operators.clone()]);
    let (_, found) = doctor(&[
        ("MUSTER_PUBLIC_URL", "https://muster.example.org"),
        ("MUSTER_TRUSTED_PROXIES", "127.0.0.1"),
        ("MUSTER_MAIL", "smtps://mail.example.org"),
        ("MUSTER_MAIL_FROM", "Muster <muster@example.org>"),
    ]);
    assert_eq!(found, [operators]);
    let (code, found) = doctor(&[("MUSTER_MAIL", "pigeons")]);
    assert_eq!((code, found), (1, vec![of("settings", "FAULT")]));
}

#[cfg(unix)]
#[test]
fn a_folder_and_keys_that_others_may_read_are_faults() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.run(&["token", "create", "--operator"]).exits(0);
    let chmod = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    chmod(&bench.data().join("signing-key.next.pem"), 0o644);
    chmod(&bench.data(), 0o755);
    let told = bench.run(&["doctor", "--output", "json"]).exits(1).json();
    let found = complaints(&told);
    assert_eq!(found[..2], [of("data folder", "FAULT"), of("signing keys", "FAULT")], "{told}");
    assert!(told.to_string().contains("chmod 700") && told.to_string().contains("chmod 600"), "{told}");
}

#[test]
fn what_is_wrong_in_the_database_is_told() {
    let bench = Bench::new();
    bench.run(&["token", "create", "--operator"]).exits(0);
    tamper(
        &bench,
        "UPDATE people SET operator = operator; PRAGMA foreign_keys = OFF; INSERT INTO memberships (cluster_id, member_id, created_at) VALUES (x'01', x'02', 1)",
    );
    let run = "INSERT INTO runs (id, state, day, parameters, attempts, queued_at, started_at, lease_until) \
               VALUES (x'00000000000000000000000000000001', 'running', 1, '{}', 1, 1, 1, 1)";
    tamper(&bench, run);
    let mail = "INSERT INTO people (id, email, name, operator, created_at) VALUES (x'00000000000000000000000000000002', \
                'a@example.org', 'A', 0, 1); \
                INSERT INTO mails (id, kind, person_id, created_at, due_at, attempts, failure) VALUES \
                (x'00000000000000000000000000000003', 'welcome', x'00000000000000000000000000000002', 1, 1, 10, 'refused')";
    tamper(&bench, mail);
    let entry = "INSERT INTO audit_entries (id, at, credential, act, record, record_id, changes) VALUES \
                 (x'00000000000000000000000000000004', 4102444800000000, 'command_line', 'create', 'site', \
                 x'00000000000000000000000000000005', '[]')";
    tamper(&bench, entry);
    let told = bench.run(&["doctor", "--output", "json"]).exits(1).json();
    let expected = [
        of("integrity", "FAULT"),
        of("operators", "warning"),
        of("mail queue", "warning"),
        of("runs", "warning"),
        of("clock", "FAULT"),
    ];
    assert_eq!(complaints(&told), expected, "{told}");
    assert!(told.to_string().contains("refused"), "{told}");
}

#[test]
fn a_schema_of_another_version_is_a_fault_and_nothing_is_migrated() {
    let bench = Bench::new();
    bench.run(&["token", "create", "--operator"]).exits(0);
    tamper(&bench, "INSERT INTO seaql_migrations VALUES ('m29991231_000001_later', 1)");
    let told = bench.run(&["doctor", "--output", "json"]).exits(1).json();
    assert_eq!(complaints(&told), [of("schema", "FAULT")]);
    assert!(told.to_string().contains("later version"), "{told}");
    tamper(&bench, "DELETE FROM seaql_migrations WHERE version >= 'm20261129_000013'");
    for _ in 0..2 {
        let told = bench.run(&["doctor", "--output", "json"]).exits(1).json();
        assert_eq!(complaints(&told), [of("schema", "FAULT")]);
        assert!(told.to_string().contains("muster migrate"), "{told}");
    }
}

#[test]
fn a_database_on_postgresql_is_looked_at_without_a_change() {
    let Some(cluster) = testkit::postgres::cluster() else { return };
    cluster.create_database("doctor", None).unwrap();
    let url = cluster.url("doctor");
    let bench = Bench::new();
    std::fs::create_dir(bench.data()).unwrap();
    let doctor = |code| bench.run(&["doctor", "--database", &url, "--output", "json"]).exits(code).json();
    // An empty database stays empty.
    for _ in 0..2 {
        let told = doctor(1);
        assert!(complaints(&told).contains(&of("schema", "FAULT")), "{told}");
    }
    bench.run(&["migrate", "--database", &url]).exits(0);
    let told = doctor(1);
    let faults: Vec<_> = complaints(&told).into_iter().filter(|(_, verdict)| verdict == "FAULT").collect();
    // The folder was made here, for all to read.
    assert_eq!(faults, [of("data folder", "FAULT")], "{told}");
    let none = bench.run(&["doctor", "--database", "postgres://127.0.0.1:1/none"]).exits(1);
    assert!(none.stdout.contains("cannot be reached"), "{}", none.stdout);
}
