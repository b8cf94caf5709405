//! The search for chains: how long it takes for a need among thousands of offers, and beside enumeration among few.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::section::placed;
use domain::time::Day;
use matching::chains::{Answer, Asked, Chain, search};

use crate::{machine, report::time};

mod enumeration;
mod market;

use enumeration::Best;
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
/// Offers of each stage that enumeration takes; with 40 each chain is written down in seconds.
const FEW: [usize; 3] = [10, 20, 40];
/// Needs that are enumerated, once each.
const FEW_NEEDS: u64 = 10;
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

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
    let mut beside = Vec::new();
    for line in [false, true] {
        for offers in FEW {
            let row = enumerated(offers, line)?;
            println!("{row}");
            beside.push(row);
        }
    }
    if let Some(file) = write {
        let before = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let after = placed(&before, (BEGIN, END), &section(&machine, &rows, &beside));
        fs::write(&file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn market(offers: usize, line: bool, today: Day) -> Result<Chains> {
    Ok(Chains::draw(&Size { offers, places: 300, line, seed: 1 }, today)?)
}

fn today() -> Result<Day> {
    Day::from_ymd(2020, 4, 20).context("no such day")
}

fn shape(line: bool) -> &'static str {
    if line { "one below the other" } else { "branching" }
}

/// What a need is answered, and the quickest time of it.
fn searched(market: &Chains, asked: &Asked) -> Result<(Answer, Duration)> {
    let mut least = Duration::MAX;
    let mut first = None;
    for _ in 0..REPEAT {
        let start = Instant::now();
        let answer = search(&market.recipe, &market.offers, asked, |from, to| market.way(from, to))?;
        least = least.min(start.elapsed());
        ensure!(*first.get_or_insert_with(|| answer.clone()) == answer, "two searches for the same need differ");
    }
    Ok((first.unwrap_or_default(), least))
}

/// The time that so many of a hundred take at most.
fn at(times: &[Duration], hundredths: usize) -> Duration {
    times.get(times.len() * hundredths / 100).copied().unwrap_or_default()
}

fn measured(offers: usize, line: bool) -> Result<String> {
    let today = today()?;
    let market = market(offers, line, today)?;
    let (mut times, mut found) = (Vec::new(), 0);
    for need in 0..NEEDS {
        let (answer, least) = searched(&market, &market.need(need, today))?;
        found += usize::from(!answer.chains.is_empty());
        times.push(least);
    }
    times.sort_unstable();
    let verdict = match offers == BAR.0 {
        true if at(&times, 99) <= BAR.1 => "holds",
        true => "misses",
        false => "-",
    };
    Ok(format!(
        "| 5 stages, {} | {offers} | {found} of {NEEDS} | {} | {} | {} | {verdict} |",
        shape(line),
        time(at(&times, 0)),
        time(at(&times, 50)),
        time(at(&times, 99))
    ))
}

/// Holds the best sets of some needs against those of enumeration, and says what both took.
fn enumerated(offers: usize, line: bool) -> Result<String> {
    let today = today()?;
    let market = market(offers, line, today)?;
    let (mut ours, mut theirs, mut found, mut written) = (Vec::new(), Vec::new(), 0, 0);
    for need in 0..FEW_NEEDS {
        let asked = market.need(need, today);
        let start = Instant::now();
        let (best, chains) = enumeration::best(&market, &asked);
        theirs.push(start.elapsed());
        ensure!(u128::from(chains) == enumeration::count(&market), "enumeration left chains out");
        let (answer, least) = searched(&market, &asked)?;
        ours.push(least);
        let told: Vec<Best> = answer.chains.iter().map(told).collect();
        ensure!(told == best, "{offers} offers a stage, need {need}: the best sets differ: {told:?} and {best:?}");
        found += best.len();
        written = chains;
    }
    ours.sort_unstable();
    theirs.sort_unstable();
    let (ours, theirs) = (at(&ours, 50), at(&theirs, 50));
    let times = theirs.as_secs_f64() / ours.as_secs_f64();
    // At the same pace for each chain.
    let large = enumeration::count(&self::market(BAR.0, line, today)?);
    let years = large / u128::from(written) * theirs.as_nanos() / YEAR.as_nanos();
    Ok(format!(
        "| 5 stages, {} | {offers} | {written} | {found} | {} | {} | {times:.0} | {years} years |",
        shape(line),
        time(theirs),
        time(ours)
    ))
}

fn told(chain: &Chain) -> Best {
    let legs = chain.legs.iter().map(|leg| (leg.stage, leg.offer)).collect();
    Best { units: chain.units, lead_days: chain.lead_days, cost: chain.cost, legs }
}

fn section(machine: &[String], rows: &[String], beside: &[String]) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## Chains"),
        "`cargo run --release -p bench -- chains --write` measures and writes this section: one thread, 100 random needs, the \
         quickest of three searches for each, everything from offers to answer included; 300 places on a square of 2,500 \
         kilometres. Wanted: at most 50 ms for 2,000 offers a stage, and the best set of enumeration where that can be had."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push("\n| recipe | offers a stage | needs with a chain | least | median | 99 of 100 | bar |".to_owned());
    lines.push("|---|---|---|---|---|---|---|".to_owned());
    lines.extend(rows.iter().cloned());
    lines.push(format!(
        "\nBeside enumeration: {FEW_NEEDS} needs of smaller markets, drawn alike. Every chain is written down by code of the \
         benchmark's own and the best of them are kept; these must be the answer of the search, chain for chain, or the \
         measurement ends with an error. Medians, of enumeration over one try for each need. The last column is what {} \
         offers a stage would take at the same pace.",
        BAR.0
    ));
    lines.push(format!(
        "\n| recipe | offers a stage | chains | in the best sets | enumeration | search | times | at {} |",
        BAR.0
    ));
    lines.push("|---|---|---|---|---|---|---|---|".to_owned());
    lines.extend(beside.iter().cloned());
    lines.push(END.to_owned());
    lines.join("\n")
}
