//! The results as text: on the terminal, and between the marks of the results file.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use bench::section::placed;

use crate::{
    growth,
    report::{Row, number, spread, time},
};

const BEGIN: &str = "<!-- speed: written by `bench -- engine --write` -->";
const END: &str = "<!-- speed: end -->";
const PLOT: &str = "growth.svg";

/// Times, notes and the ratio to the floor of a row.
pub fn details(row: &Row) -> String {
    let mut said = vec![format!("ours {}", spread(&row.ours))];
    for rival in &row.rivals {
        let note = rival.note.as_ref().map_or_else(String::new, |note| format!(" [{note}]"));
        said.push(format!("{} {}{note}", rival.name, spread(&rival.times)));
    }
    if let (Some(floor), Some(over)) = (row.floor, row.over_floor()) {
        said.push(format!("one pass {}, ours {} passes", time(floor), number(over)));
    }
    format!("  {}\n  {}; {}", said.join(", "), row.size, row.note)
}

/// One verdict a line.
pub fn verdicts(rows: &[Row]) -> String {
    rows.iter().map(Row::line).collect::<Vec<_>>().join("\n")
}

fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        "| case | size | ours | others | best other / ours | ours / one pass |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for row in rows {
        let others: Vec<String> = row
            .rivals
            .iter()
            .map(|rival| match (&rival.note, rival.times.count()) {
                (Some(note), 0) => format!("{}: {note}", rival.name),
                (Some(_) | None, _) => format!("{} {}", rival.name, spread(&rival.times)),
            })
            .collect();
        let best = row.rivals.iter().filter_map(|rival| rival.times.least()).min();
        let ahead = best.zip(row.ours.least()).map(|(theirs, ours)| number(crate::report::ratio(theirs, ours)));
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} |",
            row.case,
            row.size,
            spread(&row.ours),
            if others.is_empty() { "-".to_owned() } else { others.join("<br>") },
            ahead.unwrap_or_else(|| "-".to_owned()),
            row.over_floor().map_or_else(|| "-".to_owned(), number)
        ));
    }
    lines.join("\n")
}

fn section(machine: &[String], missing: &[String], rows: &[Row], grown: &[Row]) -> String {
    let mut text = format!(
        "{BEGIN}\n## Speed against peers\n`bench/peers.sh` installs the peers, `cargo run --release -p bench -- engine \
         --write` measures and writes this section; `--quick` takes under a minute. All contenders solve the same \
         instance in turn within one run; objectives must be equal to the unit. Given are the least time, and in brackets \
         the median and the number of runs; a run that took over 20 s was not repeated. Times are of the solve alone \
         unless the row says otherwise: for ours finding the parts is inside and building their networks is not; for \
         LEMON building its graph is not inside; OR-tools builds its inner graph inside its solve call. *LEMON split* is \
         LEMON given the same parts and as many threads as ours. A peer minimises cost with uncovered units at a price \
         above any way through the network (needs of the largest product times the dearest pair, plus one), so its \
         optimum is ours. *One pass* is the floor: the reduced cost of every arc once, on one thread.\n\n"
    );
    for line in machine {
        text.push_str(&format!("- {line}\n"));
    }
    for reason in missing {
        text.push_str(&format!("- {reason}; its ratios are not measured\n"));
    }
    text.push_str(&format!("\n{}\n\n", table(rows)));
    for row in rows {
        text.push_str(&format!("- {}. {}.\n", row.line().split_whitespace().collect::<Vec<_>>().join(" "), row.note));
    }
    if !grown.is_empty() {
        text.push_str(&format!(
            "\n### How time grows\n![Time of one solve by number of arcs]({PLOT})\n\n{}\n",
            growth::table(grown)
        ));
    }
    text.push_str(END);
    text
}

/// Puts the section between the marks, or at the end of a file without them, and the plot beside it.
pub fn write(file: &Path, machine: &[String], missing: &[String], rows: &[Row], grown: &[Row]) -> Result<()> {
    let before = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let after = placed(&before, (BEGIN, END), &section(machine, missing, rows, grown));
    fs::write(file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    if let Some(drawing) = growth::plot(grown) {
        fs::write(file.with_file_name(PLOT), drawing).context("the plot cannot be written")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_marked_part_changes() {
        let first = placed("# Results\nkept\n", (BEGIN, END), &section(&["a machine".to_owned()], &[], &[], &[]));
        assert!(first.starts_with("# Results\nkept\n\n<!-- speed"));
        let with_more = format!("{first}\n## After\n");
        let second = placed(&with_more, (BEGIN, END), &section(&["another".to_owned()], &[], &[], &[]));
        assert!(second.ends_with("\n## After\n") && second.contains("another") && !second.contains("a machine"));
    }
}
