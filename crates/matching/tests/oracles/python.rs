//! The interpreter with the oracles' packages, or a loud word that there is none.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

const INSTALL: &str = "docs/TESTING.md says how to install it";

/// Where `.ci/run` and `bench/peers.sh` put the packages.
fn interpreter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/venv/bin/python")
}

/// Asks `oracle.py`, which needs these packages. `None` where they are not installed, unless
/// `MUSTER_REQUIRE_ORACLES` is 1: then that is a failure.
pub fn ask(packages: &[&str], question: &Value) -> Option<Value> {
    let python = interpreter();
    let imports = format!("import {}", packages.join(", "));
    let found = Command::new(&python).args(["-c", &imports]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        let what = format!("{} with {}", python.display(), packages.join(" and "));
        let required = std::env::var("MUSTER_REQUIRE_ORACLES").is_ok_and(|v| v == "1");
        assert!(!required, "{what} is not there, and MUSTER_REQUIRE_ORACLES=1 asks for it: {INSTALL}");
        let _ = writeln!(std::io::stderr(), "SKIPPED: {what} is not there; {INSTALL}");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/oracle.py");
    let mut child = Command::new(&python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Written whole before anything is read: the script reads all before it writes.
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "oracle.py failed, see above");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
