//! The real exchange of 2020 replayed week by week in the framework of `ppe-match` 0.1.4 (M. Samorani, R. Bala,
//! R. Jacob, S. He, doi 10.1287/ijoc.2022.1203), our modes beside its authors' strategies.
//!
//! Batches, filters, simulation and metrics are theirs, run by `bench/replay/replay.py`; our part of it is
//! [`batch`], which makes a market of each week and has the product decide it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

pub mod batch;
mod frontier;

const BEGIN: &str = "<!-- replay: written by `bench -- replay --write` -->";
const END: &str = "<!-- replay: end -->";
const PLOT: &str = "frontier.svg";

/// Prices of a delivery that the mode balanced is also tried with, for the plot.
const TRIED: [u32; 4] = [0, 3_000, 60_000, 300_000];

/// What to replay.
pub struct Setup {
    /// Where `bench/replay/install.sh` put the package.
    pub peers: PathBuf,
    /// Whether the authors' strategies run as well; the slower takes minutes.
    pub authors: bool,
    /// Whether the mode balanced runs with other prices of a delivery as well.
    pub sweep: bool,
    /// The results file to write to, and the plot beside it.
    pub write: Option<PathBuf>,
}

/// A strategy and what it came to, by the authors' metrics.
pub struct Row {
    strategy: String,
    units: f64,
    /// Miles that a unit travelled.
    miles: f64,
    /// Days that a unit lay idle.
    holding: f64,
    /// Per donor.
    shipments: f64,
    /// Mean share covered.
    fill: f64,
    /// The same of those who got anything.
    fill_without_zeros: f64,
    /// Steps of deciding, with their seconds over all weeks.
    seconds: Vec<(String, f64)>,
}

/// What a mode must reach; most of one, least of the other.
struct Bar {
    mode: &'static str,
    miles: f64,
    shipments: f64,
    fill: f64,
    fill_without_zeros: f64,
}

const UNITS: f64 = 208_223.0;
const HOLDING: f64 = 6.9;
const SECONDS: f64 = 0.5;
const BARS: [Bar; 3] = [
    Bar { mode: "near", miles: 98.0, shipments: 2.7, fill: 0.060, fill_without_zeros: 0.71 },
    Bar { mode: "fair", miles: 570.0, shipments: 10.1, fill: 0.25, fill_without_zeros: 0.99 },
    Bar { mode: "balanced", miles: 230.0, shipments: 1.88, fill: 0.067, fill_without_zeros: 0.97 },
];

/// Replays, prints a line as each strategy ends, then the verdicts.
pub fn run(setup: &Setup) -> Result<()> {
    let python = setup.peers.join("ppe-match/bin/python");
    if !python.exists() {
        bail!("ppe-match is not installed; run bench/replay/install.sh, which needs python3 of 3.8 to 3.11");
    }
    let mut names: Vec<String> = BARS.iter().map(|bar| bar.mode.to_owned()).collect();
    if setup.sweep {
        names.extend(TRIED.iter().map(|price| format!("balanced:{price}")));
    }
    if setup.authors {
        names.extend(["first-come", "proximity"].map(str::to_owned));
    }
    let program = std::env::current_exe().context("the program does not know its own path")?;
    let mut child = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/replay/replay.py"))
        .arg(program)
        .args(&names)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", python.display()))?;
    let output = child.stdout.take().context("no pipe to the framework")?;
    let mut rows = Vec::new();
    for line in BufReader::new(output).lines() {
        let row = Row::parse(&line?)?;
        println!("{}", row.line());
        rows.push(row);
    }
    if !child.wait()?.success() {
        bail!("the replay ended early, see above");
    }
    for verdict in verdicts(&rows) {
        println!("{verdict}");
    }
    match &setup.write {
        Some(file) => write(file, &rows),
        None => Ok(()),
    }
}

impl Row {
    fn parse(line: &str) -> Result<Self> {
        let said: BTreeMap<String, serde_json::Value> = serde_json::from_str(line)?;
        let figure = |name: &str| {
            said.get(name).and_then(serde_json::Value::as_f64).with_context(|| format!("no {name} in {line}"))
        };
        let seconds = said.get("seconds").and_then(serde_json::Value::as_object).context("no seconds")?;
        Ok(Self {
            strategy: said.get("strategy").and_then(|s| s.as_str()).context("no strategy")?.to_owned(),
            units: figure("units")?,
            miles: figure("avg unit-miles")?,
            holding: figure("avg holding time")?,
            shipments: figure("avg number of shipments")?,
            fill: figure("fill rate")?,
            fill_without_zeros: figure("fill rate exc zeros")?,
            seconds: seconds.iter().map(|(step, s)| (step.clone(), s.as_f64().unwrap_or(f64::NAN))).collect(),
        })
    }

    fn is_ours(&self) -> bool {
        self.strategy != "proximity" && self.strategy != "first-come"
    }

    fn spent(&self) -> String {
        self.seconds.iter().map(|(step, s)| format!("{step} {s:.2} s")).collect::<Vec<_>>().join(", ")
    }

    fn line(&self) -> String {
        format!(
            "{:14} units {:.0}, miles {:.1}, holding {:.2} days, shipments {:.3}, fill {:.4}, without zeros {:.4}; {}",
            self.strategy,
            self.units,
            self.miles,
            self.holding,
            self.shipments,
            self.fill,
            self.fill_without_zeros,
            self.spent()
        )
    }

    /// What a mode falls short of, in words.
    fn short_of(&self, bar: &Bar) -> Vec<String> {
        let solved = self.seconds.iter().filter(|(step, _)| step == "solved").map(|(_, s)| s).sum();
        let at_most = [
            ("miles", self.miles, bar.miles),
            ("holding days", self.holding, HOLDING),
            ("shipments", self.shipments, bar.shipments),
            ("seconds to solve", solved, SECONDS),
        ];
        let at_least = [
            ("units", self.units, UNITS),
            ("fill", self.fill, bar.fill),
            ("fill without zeros", self.fill_without_zeros, bar.fill_without_zeros),
        ];
        let above = at_most.iter().filter(|(_, is, most)| is > most);
        let below = at_least.iter().filter(|(_, is, least)| is < least);
        above.chain(below).map(|(name, is, bar)| format!("{name} {is:.4} against {bar}")).collect()
    }
}

/// One verdict a mode.
fn verdicts(rows: &[Row]) -> Vec<String> {
    let of = |bar: &Bar| {
        let row = rows.iter().find(|row| row.strategy == bar.mode)?;
        let short = row.short_of(bar);
        Some(match short.is_empty() {
            true => format!("PASS        replay, mode {}", bar.mode),
            false => format!("FALL SHORT  replay, mode {}: {}", bar.mode, short.join("; ")),
        })
    };
    BARS.iter().filter_map(of).collect()
}

fn section(rows: &[Row]) -> String {
    let mut text = format!(
        "{BEGIN}\n## The real exchange replayed week by week\n`bench/replay/install.sh` installs `ppe-match` 0.1.4, `cargo run \
         --release -p bench -- replay --authors --sweep --write` replays and writes this section. Batches, filters, \
         simulation and metrics are the package's, with its defaults; *proximity* and *first-come* are its authors' \
         strategies. Ours are the product's modes as they are published: each week becomes a market whose distances are \
         the stated ones, and every result passed the independent check. *Judged*, *solved* and *explained* are the seconds \
         over all weeks that a run spent on judging pairs, on building and solving the networks of all parts, and on \
         explaining shortages, reporting and hashing; *decided* is the authors' function.\n\n\
         | strategy | units | unit-miles | holding days | shipments/donor | fill | fill excl. zeros | seconds |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        text.push_str(&format!(
            "| {} | {:.0} | {:.1} | {:.1} | {:.2} | {:.4} | {:.3} | {} |\n",
            row.strategy,
            row.units,
            row.miles,
            row.holding,
            row.shipments,
            row.fill,
            row.fill_without_zeros,
            row.spent()
        ));
    }
    text.push('\n');
    for verdict in verdicts(rows) {
        text.push_str(&format!("- {verdict}\n"));
    }
    text.push_str(&format!(
        "\n![Strategies by miles, fill and shipments]({PLOT})\n\nThe line joins the mode balanced with other prices of a \
         delivery.\n{END}"
    ));
    text
}

/// Puts the section in place of the one before, or at the end; the plot goes beside the file.
fn write(file: &Path, rows: &[Row]) -> Result<()> {
    let before = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let text = match (before.find(BEGIN), before.find(END)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{}{}", &before[..from], section(rows), &before[to + END.len()..])
        }
        (_, _) => format!("{}\n\n{}\n", before.trim_end(), section(rows)),
    };
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    let plot = file.with_file_name(PLOT);
    fs::write(&plot, frontier::svg(rows)).with_context(|| format!("{} cannot be written", plot.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near() -> Row {
        Row::parse(
            "{\"strategy\":\"near\",\"units\":208223.0,\"avg unit-miles\":97.9,\"avg holding time\":6.8,\
             \"avg number of shipments\":2.3,\"fill rate\":0.0632,\"fill rate exc zeros\":0.756,\
             \"seconds\":{\"judged\":0.3,\"solved\":0.4}}",
        )
        .unwrap()
    }

    #[test]
    fn a_row_is_held_against_its_bar() {
        assert_eq!(verdicts(&[near()]), ["PASS        replay, mode near"]);
        let late = Row { holding: 7.0, fill: 0.05, ..near() };
        let said = verdicts(&[late]).concat();
        assert!(said.starts_with("FALL SHORT") && said.contains("holding days 7.0000 against 6.9"), "{said}");
        assert!(said.contains("fill 0.0500") && !said.contains("miles"), "{said}");
    }

    #[test]
    fn a_section_is_written_once() {
        let folder = std::env::temp_dir().join(format!("muster-replay-section-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("RESULTS.md");
        fs::write(&file, "# Results\n").unwrap();
        write(&file, &[near()]).unwrap();
        write(&file, &[near()]).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!((text.matches(BEGIN).count(), text.matches("| near |").count()), (1, 1));
        assert!(fs::read_to_string(folder.join(PLOT)).unwrap().contains("</svg>"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
