//! What was measured, as a section of the results file with its plot.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use bench::{
    plot::{Plot, Series, svg},
    report::{number, time},
    section::placed,
};

use crate::{
    Measured,
    cases::{Case, quantile},
    service::Service,
};

const MARKS: (&str, &str) = ("<!-- capacity: written by `cargo bench --bench capacity` -->", "<!-- capacity: end -->");
const PLOT: &str = "capacity.svg";

/// Whether a bar holds.
fn verdict(holds: bool) -> &'static str {
    if holds { "PASS" } else { "FALL SHORT" }
}

fn at(times: &[Duration], share: usize) -> String {
    time(quantile(times, share))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The verdicts on the largest market.
fn bars(largest: &Measured, service: &Service) -> Vec<String> {
    let mut lines = Vec::new();
    let p99 = [Some(Duration::from_millis(20)), None, Some(Duration::from_millis(5))];
    for (case, most) in largest.cases.iter().zip(p99) {
        let slowest = quantile(&case.ours, 99);
        let in_time = most.is_none_or(|most| slowest < most);
        let bound = most.map_or_else(String::new, |most| format!(", p99 {} (< {})", time(slowest), time(most)));
        let word = verdict(case.ratio >= 20.0 && in_time);
        lines.push(format!("{word}: {}: {} x PostgreSQL (>= 20){bound}", case.name, number(case.ratio)));
    }
    for rates in &service.rates {
        let ratio = median(rates.ours.iter().zip(&rates.memory).map(|(ours, memory)| ours / memory).collect());
        lines.push(format!(
            "{}: {} over HTTP, 64 clients, {} KB an answer: {:.0} answers a second, axum from memory {:.0}, ratio {ratio:.2} \
             (>= 0.5)",
            verdict(ratio >= 0.5), rates.what, rates.bytes / 1_000, median(rates.ours.clone()),
            median(rates.memory.clone()),
        ));
    }
    let build = service.build.as_secs_f64() / service.pass.as_secs_f64();
    lines.push(format!(
        "{}: from PostgreSQL into memory {}, one pass of SELECT {}, ratio {build:.2} (<= 1.5)",
        verdict(build <= 1.5),
        time(service.build),
        time(service.pass)
    ));
    let memory = &largest.memory;
    let columns = memory.offers + memory.needs + memory.promises + memory.parties;
    let over = u32::try_from(memory.total() >> 10).map_or(f64::INFINITY, f64::from)
        / u32::try_from(columns >> 10).map_or(1.0, f64::from);
    lines.push(format!(
        "{}: memory {} MiB (< 1024), {over:.2} times the columns of offers, needs, promises and parties (<= 2)",
        verdict(over <= 2.0 && memory.total() < 1 << 30),
        memory.total() >> 20,
    ));
    let (late, none) = (quantile(&service.caught_up, 99), quantile(&service.idle, 50));
    let added = late.saturating_sub(none);
    lines.push(format!(
        "{}: catching up after one write median {} p99 {}, with nothing to catch up median {}: p99 {} added (< 2 ms); one \
         indexed read median {}",
        verdict(added < Duration::from_millis(2)),
        at(&service.caught_up, 50), time(late), time(none), time(added), at(&service.read, 50)
    ));
    lines
}

fn growth(measured: &[Measured]) -> String {
    let mut text =
        "| offers | question | ours, median (p99) | a cluster's manager, median (p99) | PostgreSQL, median | ratio |\n\
                    |---|---|---|---|---|---|\n"
            .to_owned();
    for Measured { offers, cases, .. } in measured {
        for case in cases {
            let _ = writeln!(
                text,
                "| {offers} | {} | {} ({}) | {} ({}) | {} | {} |",
                case.name,
                at(&case.ours, 50),
                at(&case.ours, 99),
                at(&case.manager, 50),
                at(&case.manager, 99),
                at(&case.peer, 50),
                number(case.ratio)
            );
        }
    }
    text
}

/// The section in Markdown.
pub fn section(machine: &[String], measured: &[Measured], service: &Service) -> String {
    let (begin, end) = MARKS;
    let mut text = format!(
        "{begin}\n## The market in memory against SQL\n`cargo bench -p bench --bench capacity -- --write` measures and writes \
         this section; `--quick` stops at 10,000 offers. A random market has a need for every five offers, one to three \
         instalments each, and three promises for every ten offers; a sixth of all is of one product. PostgreSQL 15 has the \
         same market in plain tables in its own memory (2 GiB), with the indexes its planner takes, statistics fresh, 512 MB \
         for each sort, two workers, and statements prepared; what follows from a record alone is stored with it (working \
         days at the ends of windows, kilometres between regions, tiers, first days), which spares it the calendar. Its \
         answers are held against ours, figure by figure: of the map all figures with offers, organisations and age, of the \
         board all but conversions, of candidates the twenty cheapest with their cost and the funnel; it is not asked for \
         near misses, free quantities and reasons, which ours tells as well. Ours is asked by the operator, who sees every \
         row as PostgreSQL does, and by the manager of a cluster, whose totals of competitors were cut before. No two needs \
         that candidates are asked for are the same.\n\n"
    );
    for line in machine {
        let _ = writeln!(text, "- {line}");
    }
    text.push('\n');
    if let Some(largest) = measured.last() {
        let _ = writeln!(
            text,
            "At {} offers in process, {} over HTTP and from the database:\n",
            largest.offers, service.offers
        );
        for line in bars(largest, service) {
            let _ = writeln!(text, "- {line}");
        }
    }
    let _ = write!(
        text,
        "\n### How time grows\n![Time of a question by number of offers]({PLOT})\n\n{}{end}",
        growth(measured)
    );
    text
}

/// Writes the section and the plot beside it.
pub fn write(file: &Path, section: &str, measured: &[Measured]) -> Result<()> {
    let before = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    fs::write(file, placed(&before, MARKS, section))?;
    let names: Vec<&str> = measured.iter().flat_map(|of| &of.cases).take(3).map(|case| case.name).collect();
    let line = |name: &str, of: &str, times: &dyn Fn(&Case) -> Duration| Series {
        name: format!("{}, {of}", name.split([' ', ',']).next().unwrap_or(name)),
        points: measured
            .iter()
            .flat_map(|measured| measured.cases.iter().map(move |case| (measured.offers, case)))
            .filter(|(_, case)| case.name == name)
            .map(|(offers, case)| (u32::try_from(offers).map_or(0.0, f64::from), times(case).as_secs_f64()))
            .collect(),
    };
    let ours = names.iter().map(|name| line(name, "ours", &|case| quantile(&case.ours, 50)));
    let theirs = names.iter().map(|name| line(name, "SQL", &|case| quantile(&case.peer, 50)));
    let drawing = svg(&Plot {
        title: "Time of a question by number of offers, PostgreSQL beside the market in memory".to_owned(),
        across: "offers".to_owned(),
        up: "median time".to_owned(),
        series: ours.chain(theirs).collect(),
    });
    fs::write(file.with_file_name(PLOT), drawing.context("nothing to draw")?).context("the plot cannot be written")
}
