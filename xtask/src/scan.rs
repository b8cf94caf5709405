//! Rules of the house that neither the compiler nor clippy checks, read from the sources as text.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

#[cfg(test)]
mod tests;

/// A file longer than this wants a reason.
const LONG: usize = 600;

/// Where Rust sources of ours lie.
const FOLDERS: [&str; 6] = ["crates", "migrations", "tests", "bench", "fuzz", "xtask"];

/// Crates whose every quantity is an integer.
const WITHOUT_FLOATS: [&str; 3] = ["crates/domain/", "crates/matching/", "crates/index/"];

/// Great circles are the one exception (ADR 0008).
const WITH_FLOATS: [&str; 2] = ["crates/domain/src/geo.rs", "crates/domain/src/geo/"];

/// File names that say nothing about their subject.
const NAMELESS: [&str; 3] = ["utils.rs", "helpers.rs", "common.rs"];

/// Text that may not occur, and what to write instead; split so that this file passes its own scan.
const BANNED: [(&str, &str); 5] = [
    (concat!("#[", "allow("), "write #[expect(lint, reason = \"...\")]"),
    (concat!("#![", "allow("), "write #![expect(lint, reason = \"...\")]"),
    (concat!("todo", "!"), "finish it, or leave it out"),
    (concat!("unimplemented", "!"), "finish it, or leave it out"),
    (concat!("#[", "ignore"), "a test that does not run is no test"),
];

/// What the scan found: violations fail the check, warnings are shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub violations: Vec<String>,
    pub warnings: Vec<String>,
}

/// Scans all Rust sources below the workspace's root.
pub fn workspace(root: &Path) -> Result<Findings> {
    let mut findings = Findings::default();
    for folder in FOLDERS {
        walk(root, &root.join(folder), &mut findings)?;
    }
    Ok(findings)
}

fn walk(root: &Path, folder: &Path, findings: &mut Findings) -> Result<()> {
    let reading = || format!("reading {}", folder.display());
    let mut entries: Vec<_> = fs::read_dir(folder)
        .with_context(reading)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()
        .with_context(reading)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                walk(root, &path, findings)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let shown = path.strip_prefix(root).unwrap_or(&path);
            scan(&shown.to_string_lossy(), &text, findings);
        }
    }
    Ok(())
}

/// Scans one file; `path` is relative to the root, with slashes.
fn scan(path: &str, text: &str, findings: &mut Findings) {
    let name = path.rsplit('/').next().unwrap_or(path);
    if NAMELESS.contains(&name) {
        findings.violations.push(format!("{path}: name the file after its subject"));
    }
    let starts = |prefix: &&str| path.starts_with(prefix);
    let integers_only = WITHOUT_FLOATS.iter().any(starts) && !WITH_FLOATS.iter().any(starts);

    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        for (banned, remedy) in BANNED {
            if line.contains(banned) {
                findings.violations.push(format!("{path}:{number}: `{banned}`: {remedy}"));
            }
        }
        if integers_only && let Some(float) = float_type(line) {
            findings.violations.push(format!("{path}:{number}: `{float}`: integers only here"));
        }
    }
    let lines = text.lines().count();
    if lines > LONG {
        findings.warnings.push(format!("{path}: {lines} lines; past {LONG} a file wants a reason"));
    }
}

/// The first float type that the code of a line names, as a type or as a literal's suffix.
fn float_type(line: &str) -> Option<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    let named = |float: &&str| {
        code.match_indices(float).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = code[at + float.len()..].chars().next();
            // A digit or an underscore before is a literal's suffix, as in 1f64 or 1_f64.
            !before.is_some_and(char::is_alphabetic) && !after.is_some_and(|char| char.is_alphanumeric() || char == '_')
        })
    };
    ["f32", "f64"].into_iter().find(named)
}
