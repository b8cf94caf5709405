//! The boundaries between crates: every edge that is not written here is a mistake.
//!
//! The picture is in docs/ARCHITECTURE.md, the reasons in ADR 0002.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::steps;

#[cfg(test)]
mod tests;

/// What a crate of the workspace may use of the others.
enum Uses {
    /// These, in normal, build and development dependencies alike.
    Only(&'static [&'static str]),
    /// All of them: the binary wires everything.
    Anything,
    /// All of them, in development dependencies only.
    AnythingInTests,
}

/// The layers, from the inside outwards.
const LAYERS: [(&str, Uses); 15] = [
    ("domain", Uses::Only(&[])),
    ("matching", Uses::Only(&["domain"])),
    ("index", Uses::Only(&["domain"])),
    ("charts", Uses::Only(&["domain"])),
    ("exchange", Uses::Only(&["domain"])),
    ("migrations", Uses::Only(&[])),
    ("storage", Uses::Only(&["domain", "migrations"])),
    ("app", Uses::Only(&["domain", "matching", "index", "storage", "exchange"])),
    ("api", Uses::Only(&["domain", "app", "exchange", "charts"])),
    ("console", Uses::Only(&["app", "api", "charts"])),
    ("muster", Uses::Anything),
    ("bench", Uses::Anything),
    ("testkit", Uses::Anything),
    ("blackbox", Uses::AnythingInTests),
    ("xtask", Uses::Only(&[])),
];

/// Crates that exist for tests: nothing that ships may depend on them.
const FOR_TESTS: [&str; 1] = ["testkit"];

/// Programs and suites, on which nothing depends; the suite may name the binary to have it built.
const ENDPOINTS: [&str; 4] = ["muster", "bench", "blackbox", "xtask"];

/// Where a family of outside crates may be used.
enum Place {
    Only(&'static [&'static str]),
    Never(&'static [&'static str]),
}

/// Outside crates, by name or by the prefix before a dash, and their place.
const OUTSIDE: [(&str, Place); 7] = [
    ("sea-orm", Place::Only(&["storage", "migrations"])),
    ("sqlx", Place::Only(&["storage", "migrations", "bench"])),
    ("axum", Place::Only(&["api", "console", "muster", "testkit", "bench"])),
    ("utoipa", Place::Only(&["api", "console", "muster", "testkit"])),
    ("tokio", Place::Never(&["domain", "matching", "index", "exchange", "charts"])),
    ("reqwest", Place::Only(&["muster"])),
    ("anyhow", Place::Only(&["muster", "xtask", "bench"])),
];

/// A dependency as its manifest states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Normal,
    Development,
    Build,
}

/// One dependency of a workspace crate.
#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    pub kind: Kind,
}

/// A crate of the workspace with its direct dependencies.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    pub dependencies: Vec<Dependency>,
}

/// The crates of this workspace, from `cargo metadata`.
pub fn read_packages() -> Result<Vec<Package>> {
    let text = steps::output_of("cargo metadata --no-deps --format-version 1")?;
    parse_packages(&text)
}

fn parse_packages(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    list(&metadata, "packages")?
        .iter()
        .map(|package| {
            let dependencies = list(package, "dependencies")?
                .iter()
                .map(|dependency| Ok(Dependency { name: name(dependency)?, kind: kind(dependency) }))
                .collect::<Result<_>>()?;
            Ok(Package { name: name(package)?, dependencies })
        })
        .collect()
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>> {
    value.get(field).and_then(Value::as_array).with_context(|| format!("no list {field:?}"))
}

fn name(value: &Value) -> Result<String> {
    let name = value.get("name").and_then(Value::as_str).context("no name")?;
    Ok(name.to_owned())
}

fn kind(dependency: &Value) -> Kind {
    match dependency.get("kind").and_then(Value::as_str) {
        Some("dev") => Kind::Development,
        Some("build") => Kind::Build,
        Some(_) | None => Kind::Normal,
    }
}

/// Every edge that the tables above do not allow, in words, in a stable order.
pub fn violations(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = BTreeSet::new();
    for package in packages {
        let Some((from, uses)) = LAYERS.iter().find(|(layer, _)| *layer == package.name) else {
            found.insert(format!("{}: no layer is known for this crate", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let complaint = if ours.contains(to) { inside(from, uses, to, dependency.kind) } else { outside(from, to) };
            found.extend(complaint);
        }
    }
    found.into_iter().collect()
}

fn inside(from: &str, uses: &Uses, to: &str, kind: Kind) -> Option<String> {
    let in_tests = kind == Kind::Development;
    if FOR_TESTS.contains(&to) {
        let allowed = in_tests && from != "xtask";
        return (!allowed).then(|| format!("{from} -> {to}: {to} is for development dependencies only"));
    }
    if ENDPOINTS.contains(&to) {
        let allowed = to == "muster" && (from == "testkit" || (from == "blackbox" && in_tests));
        return (!allowed).then(|| format!("{from} -> {to}: nothing depends on {to}"));
    }
    match uses {
        Uses::Anything => None,
        Uses::AnythingInTests => {
            (!in_tests).then(|| format!("{from} -> {to}: {from} takes development dependencies only"))
        }
        Uses::Only(allowed) => (!allowed.contains(&to)).then(|| {
            let allowed = if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") };
            format!("{from} -> {to}: {from} may use {allowed}")
        }),
    }
}

fn outside(from: &str, to: &str) -> Option<String> {
    let (_, place) = OUTSIDE
        .iter()
        .find(|(family, _)| to.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))?;
    match place {
        Place::Only(crates) => {
            (!crates.contains(&from)).then(|| format!("{from} -> {to}: {to} belongs in {} only", crates.join(", ")))
        }
        Place::Never(crates) => {
            crates.contains(&from).then(|| format!("{from} -> {to}: {to} is never used in {}", crates.join(", ")))
        }
    }
}
