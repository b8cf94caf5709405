//! cargo-deny: licences, sources and banned crates, by `deny.toml`.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::steps;

/// Advisories are left out: they need a database from the network (see docs/TESTING.md).
const CHECK: &str = "cargo deny --locked check --hide-inclusion-graph bans licenses sources";

/// Runs cargo-deny where it is installed; CI (`CI=true`) insists on it.
pub fn check() -> Result<()> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if installed {
        return steps::shell(CHECK);
    }
    let remedy = "cargo install cargo-deny --locked";
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        bail!("cargo-deny is not installed, and CI requires it: {remedy}");
    }
    eprintln!("*** SKIPPED: cargo-deny is not installed. CI will run it. To run it here:");
    eprintln!("***     {remedy}");
    Ok(())
}
