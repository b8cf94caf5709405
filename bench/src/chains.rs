//! The search for chains: how long it takes for a need among thousands of offers.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::section::placed;
use domain::time::Day;
use matching::chains::search;

use crate::{machine, report::time};

mod market;

use market::{Chains, Size};

const BEGIN: &str = "<!-- chains: written by `bench -- chains --write` -->";
const END: &str = "<!-- chains: end -->";

/// Offers of each of the five stages, the size that the bar is about last.
const OFFERS: [usize; 3] = [200, 2_000, 20_000];
/// Which of them the bar is about, and the longest that a need may take there.
const BAR: (usize, Duration) = (2_000, Duration::from_millis(50));
/// Needs that are searched for.
const NEEDS: u64 = 100;
/// Repetitions of each search, of which the quickest counts.
const REPEAT: usize = 3;

/// Times every size and shape, prints them, and writes them where asked.
pub fn run(write: Option<PathBuf>) -> Result<()> {
    let machine = machine::describe(&[]);
    machine.iter().for_each(|line| println!("{line}"));
    let mut rows = Vec::new();
    for line in [false, true] {
        for offers in OFFERS {
            let row = measured(offers, line)?;
            println!("{row}");
            rows.push(row);
        }
    }
    if let Some(file) = write {
        let before = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let after = placed(&before, (BEGIN, END), &section(&machine, &rows));
        fs::write(&file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn measured(offers: usize, line: bool) -> Result<String> {
    let today = Day::from_ymd(2020, 4, 20).context("no such day")?;
    let market = Chains::draw(&Size { offers, places: 300, line, seed: 1 }, today)?;
    let (mut times, mut found) = (Vec::new(), 0);
    for need in 0..NEEDS {
        let asked = market.need(need, today);
        let mut least = Duration::MAX;
        let mut first = None;
        for _ in 0..REPEAT {
            let start = Instant::now();
            let answer = search(&market.recipe, &market.offers, &asked, |from, to| market.way(from, to))?;
            least = least.min(start.elapsed());
            ensure!(*first.get_or_insert_with(|| answer.clone()) == answer, "two searches for the same need differ");
        }
        found += usize::from(first.is_some_and(|answer| !answer.chains.is_empty()));
        times.push(least);
    }
    times.sort_unstable();
    let at = |hundredths: usize| times.get(times.len() * hundredths / 100).copied().unwrap_or_default();
    let verdict = match offers == BAR.0 {
        true if at(99) <= BAR.1 => "holds",
        true => "misses",
        false => "-",
    };
    let shape = if line { "one below the other" } else { "branching" };
    Ok(format!(
        "| 5 stages, {shape} | {offers} | {found} of {NEEDS} | {} | {} | {} | {verdict} |",
        time(at(0)),
        time(at(50)),
        time(at(99))
    ))
}

fn section(machine: &[String], rows: &[String]) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## Chains"),
        "`cargo run --release -p bench -- chains --write` measures and writes this section: one thread, 100 random needs, the \
         quickest of three searches for each, everything from offers to answer included; 300 places on a square of 2,500 \
         kilometres. Wanted: at most 50 ms for 2,000 offers a stage. That the answers are those of enumeration is for the \
         tests of the engine, on thousands of smaller markets."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push("\n| recipe | offers a stage | needs with a chain | least | median | 99 of 100 | bar |".to_owned());
    lines.push("|---|---|---|---|---|---|---|".to_owned());
    lines.extend(rows.iter().cloned());
    lines.push(END.to_owned());
    lines.join("\n")
}
