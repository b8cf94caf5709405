//! The real exchange of 2020 through the program as a user runs it: three imports and a run.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What to run, and on which files.
pub struct Setup {
    /// The `muster` program.
    pub muster: PathBuf,
    /// The folder of the GetUsPPE files.
    pub files: PathBuf,
    /// An empty or missing folder for the databases.
    pub data: PathBuf,
}

/// Prints the counts of each import and the coverage of the run as Markdown.
pub fn run(setup: &Setup) -> Result<()> {
    if setup.data.exists() {
        bail!("{} exists; name a folder that does not", setup.data.display());
    }
    println!("| file | rows | created | unchanged | rejected | quarantined | repeated: unchanged | seconds |");
    println!("|---|---|---|---|---|---|---|---|");
    let files = [
        ("offers", "getusppe_retro_all_offers.csv", "getusppe_offers", "retro"),
        ("offers", "getusppe_anon_donors.csv", "getusppe_donors", "market"),
        ("needs", "getusppe_anon_recipients.csv", "getusppe_recipients", "market"),
    ];
    for (kind, file, mapping, folder) in files {
        import(setup, kind, file, mapping, &setup.data.join(folder))?;
    }
    matched(setup)
}

fn import(setup: &Setup, kind: &str, file: &str, mapping: &str, data: &Path) -> Result<()> {
    let path = setup.files.join(file);
    let path = path.to_str().context("a path that is no text")?;
    let arguments = ["import", kind, path, "--map", mapping, "--valid-rows-only"];
    let (first, seconds) = muster(setup, data, &arguments)?;
    let (again, _) = muster(setup, data, &arguments)?;
    let count = |report: &Value, name: &str| report["counts"][name].as_u64().unwrap_or(0);
    let names = ["created", "updated", "unchanged", "rejected", "quarantined"];
    let total: u64 = names.iter().map(|n| count(&first, n)).sum();
    if total != count(&first, "rows") {
        bail!("the counts of {file} add up to {total}, not to its {} rows", count(&first, "rows"));
    }
    println!(
        "| {file} | {} | {} | {} | {} | {} | {} | {seconds:.1} |",
        count(&first, "rows"),
        count(&first, "created"),
        count(&first, "unchanged"),
        count(&first, "rejected"),
        count(&first, "quarantined"),
        count(&again, "unchanged"),
    );
    Ok(())
}

fn matched(setup: &Setup) -> Result<()> {
    let (run, seconds) = muster(setup, &setup.data.join("market"), &["match", "--day", "2020-06-01"])?;
    let figures = &run["figures"];
    println!(
        "\n{} matches from {} eligible pairs of {} offers and {} needs, judged, solved, checked and stored in {seconds:.1} s.\n",
        figures["lines"], figures["eligible_pairs"], figures["offers"], figures["needs"]
    );
    println!("| product | needed | covered | share | base unit |\n|---|---|---|---|---|");
    for row in run["coverage"]["by_product"].as_array().context("no coverage in the result")? {
        let share = row["share_per_mille"].as_i64().unwrap_or(0);
        println!(
            "| {} | {} | {} | {}.{} % | {} |",
            row["product"].as_str().unwrap_or_default(),
            row["needed"],
            row["covered"],
            share / 10,
            share % 10,
            row["base_unit"].as_str().unwrap_or_default()
        );
    }
    println!("\n| level | value | gap |\n|---|---|---|");
    for level in run["levels"].as_array().context("no levels in the result")? {
        println!("| {} | {} | {} |", level["name"].as_str().unwrap_or_default(), level["value"], level["gap"]);
    }
    Ok(())
}

/// Runs the program for its JSON; row errors (exit code 3) are part of the answer.
fn muster(setup: &Setup, data: &Path, arguments: &[&str]) -> Result<(Value, f64)> {
    let start = Instant::now();
    let output = Command::new(&setup.muster)
        .args(arguments)
        .args(["--output", "json"])
        .arg("--data")
        .arg(data)
        .output()
        .with_context(|| format!("{} cannot be started; build it first", setup.muster.display()))?;
    let seconds = start.elapsed().as_secs_f64();
    if !matches!(output.status.code(), Some(0 | 3)) {
        bail!("muster {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok((serde_json::from_slice(&output.stdout).context("the answer is no JSON")?, seconds))
}
