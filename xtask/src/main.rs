//! `cargo xtask`: what CI runs, and what people run before they commit.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool talks to its terminal")]

mod deny;
mod deps;
mod openapi;
mod readme;
mod scan;
mod steps;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::steps::Steps;

/// The README's test command; `.ci/run` calls it as well.
const TEST_COMMAND: &str = "cargo test --workspace";

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What CI runs, and what people run before they commit")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything CI runs, in its order, with a table of times
    Check {
        /// Leave out `cargo test --workspace`, for callers that run it themselves
        #[arg(long)]
        no_tests: bool,
    },
    /// The quick part of check: formatting, clippy, boundaries, OpenAPI
    Precommit,
    /// Write openapi/openapi.json anew from the router
    Openapi,
    /// Check the edges between crates, and the rules that the compiler does not know
    Deps,
    /// Run the commands of README.md and docs/API.md as written, in a fresh clone
    Readme,
}

fn main() -> Result<()> {
    std::env::set_current_dir(workspace_root()?)?;
    match Arguments::parse().task {
        Task::Check { no_tests } => check(no_tests),
        Task::Precommit => precommit(),
        Task::Openapi => openapi::write(),
        Task::Deps => check_rules(),
        Task::Readme => readme::run(),
    }
}

fn workspace_root() -> Result<PathBuf> {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if root.pop() { Ok(root) } else { bail!("xtask has no folder above it") }
}

fn check(no_tests: bool) -> Result<()> {
    let mut steps = Steps::default();
    let outcome = static_steps(&mut steps)
        .and_then(|()| {
            steps.run("documentation", || {
                steps::shell_with("RUSTDOCFLAGS", "-D warnings", "cargo doc --workspace --no-deps")
            })
        })
        .and_then(|()| steps.run("cargo-deny", deny::check))
        .and_then(|()| steps.run("README, API.md", readme::run));
    // The summary stands before the tests, so that their own result lines end the output.
    steps.print();
    outcome?;
    if no_tests { Ok(()) } else { steps::shell(TEST_COMMAND) }
}

fn precommit() -> Result<()> {
    let mut steps = Steps::default();
    let outcome = static_steps(&mut steps).and_then(|()| steps.run("OpenAPI", openapi::check));
    steps.print();
    outcome
}

fn static_steps(steps: &mut Steps) -> Result<()> {
    steps.run("formatting", || steps::shell("cargo fmt --all --check"))?;
    steps.run("boundaries", check_rules)?;
    steps.run("clippy", || steps::shell("cargo clippy --workspace --all-targets -- -D warnings"))
}

/// Prints every violation of the boundaries and of the source rules before it fails.
fn check_rules() -> Result<()> {
    let packages = deps::read_packages().context("reading cargo metadata")?;
    let mut violations = deps::violations(&packages);
    let findings = scan::workspace(&std::env::current_dir()?)?;
    violations.extend(findings.violations);
    for warning in &findings.warnings {
        eprintln!("warning: {warning}");
    }
    for violation in &violations {
        eprintln!("error: {violation}");
    }
    if violations.is_empty() {
        return Ok(());
    }
    bail!("{} violation(s) of docs/ARCHITECTURE.md; a new edge needs an ADR", violations.len())
}
