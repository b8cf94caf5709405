//! Help, usage, version, and what happens when nobody reads on.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use crate::command::Bench;

#[test]
fn help_documents_exit_codes_and_every_command_has_examples() {
    let bench = Bench::new();
    let help = bench.run(&["--help"]).exits(0);
    assert!(help.stdout.contains("0 done, 1 failed, 2 wrong usage, 3 done or reported with row errors"));
    for command in [
        "demo",
        "import",
        "match",
        "verify",
        "replay",
        "hidden",
        "could-make",
        "serve",
        "migrate",
        "products",
        "regions",
        "notified-bodies",
        "openapi",
        "token",
        "admin",
        "keys",
        "org",
        "market",
        "schedule",
        "audit",
        "doctor",
        "config",
        "version",
    ] {
        let help = bench.run(&[command, "--help"]).exits(0);
        assert!(help.stdout.contains(&format!("muster {command}")), "{command}: {}", help.stdout);
        assert!(help.stdout.contains("Examples:"), "{command}");
    }
    assert!(!bench.data().exists(), "help makes no data folder");
}

#[test]
fn wrong_usage_exits_with_2_and_leaves_nothing() {
    let bench = Bench::new();
    for wrong in [
        &["frobnicate"][..],
        &["demo", "--seed", "many"],
        &["import", "things", "x.csv"],
        &["match", "--day", "2020-02-30"],
        &["match", "--explain", "7"],
        &["verify"],
        &["replay", "yesterday"],
        &["token", "create"],
        &["token", "create", "--operator", "--expires", "soon"],
        &["products", "--output", "yaml"],
    ] {
        let ran = bench.run(wrong).exits(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{wrong:?}");
    }
    assert!(!bench.data().exists());
}

#[test]
fn a_failure_is_one_clear_line_with_the_remedy() {
    let bench = Bench::new();
    let ran = bench.run(&["import", "offers", "not-there.csv"]).exits(1);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("check the path"), "{}", ran.stderr);
    let ran = bench.run(&["serve", "--addr", "nowhere"]).exits(1);
    assert!(ran.stderr.contains("HOST:PORT"), "{}", ran.stderr);
    let ran = bench.run(&["migrate", "--database", "mysql://ann:s3cret@host/x"]).exits(1);
    assert!(ran.stderr.contains("sqlite://") && !ran.stderr.contains("s3cret"), "{}", ran.stderr);
}

#[test]
fn version_names_engine_and_database() {
    let bench = Bench::new();
    let version = bench.run(&["version", "--output", "json"]).exits(0).json();
    assert_eq!(version["engine"], matching::ENGINE);
    assert!(version["sqlite"].as_str().unwrap().starts_with("SQLite 3."), "{version}");
    assert!(version["commit"].is_string());
    assert!(!bench.data().exists());
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let bench = Bench::new();
    let mut child = bench
        .program()
        .args(["regions", "--output", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{:?}", String::from_utf8_lossy(&ended.stderr));
    assert!(ended.stderr.is_empty(), "{:?}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn openapi_is_printed_without_a_data_folder() {
    let bench = Bench::new();
    let document = bench.run(&["openapi"]).exits(0).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert!(document["paths"].as_object().unwrap().keys().any(|p| p.starts_with("/api/v1/offers")));
    assert!(!bench.data().exists());
    // The compiler knows the path of the program; a shell must find it as well.
    assert!(Command::new(env!("CARGO_BIN_EXE_muster")).arg("--version").output().unwrap().status.success());
}
