//! The report as people read it on a terminal.

use std::fmt::Write;

use matching::LevelReport;

use super::{Report, Tally};
use crate::output::{grouped, percent, table, wrapped};

/// Shortages shown on a terminal; JSON has more.
const SHOWN: usize = 8;
/// Countries shown on a terminal.
const COUNTRIES: usize = 12;

/// The report in tables of at most a hundred columns.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let day = report.day;
    section(&mut text, &format!("Coverage by product, as of {day}"), &products(report));
    section(&mut text, "Coverage by urgency (instalments)", &urgencies(report));
    section(&mut text, "Coverage by country of delivery (instalments)", &regions(report));
    section(&mut text, "Largest shortages and their causes", &shortages(report));
    section(&mut text, &format!("Matches: the largest of {}", grouped_count(report.matches.len())), &matches(report));
    section(&mut text, "Proof", &proof(report));
    text
}

// Writing to a string cannot fail, so the results below carry nothing.
fn section(text: &mut String, title: &str, body: &str) {
    let _ = write!(text, "{title}\n{body}\n\n");
}

fn grouped_count(count: usize) -> String {
    grouped(i128::try_from(count).unwrap_or(i128::MAX))
}

fn matches(report: &Report) -> String {
    if report.matches.is_empty() {
        return "none".to_owned();
    }
    let rows = report.matches.iter().take(SHOWN).map(|m| {
        let (units, unit) = &m.shown;
        let far = m.distance_km.map_or_else(|| "?".to_owned(), |km| grouped(i128::from(km)));
        let quantity = format!("{} {unit}", grouped(i128::from(*units)));
        vec![m.supplier.clone(), m.buyer.clone(), m.product.clone(), quantity, m.due.to_string(), far]
    });
    let mut shown = table(&["supplier", "buyer", "product", "quantity", "due", "km"], &[3, 5], rows);
    if report.matches.len() > SHOWN {
        let _ = write!(shown, "\nand {} more (--output json has all)", grouped_count(report.matches.len() - SHOWN));
    }
    shown
}

fn products(report: &Report) -> String {
    let rows = report.coverage.by_product.iter().map(|r| {
        let [needed, covered, shortage] = r.shown.map(|q| grouped(i128::from(q)));
        vec![r.product.clone(), r.unit_name.clone(), needed, covered, shortage, percent(r.share_per_mille)]
    });
    table(&["product", "unit", "needed", "covered", "shortage", "share"], &[2, 3, 4, 5], rows)
}

fn tally(t: &Tally) -> Vec<String> {
    let counts = [t.needs, t.instalments, t.covered, t.partly, t.uncovered];
    let mut cells: Vec<String> = counts.iter().map(|n| grouped(i128::from(*n))).collect();
    cells.push(percent(t.share_per_mille));
    cells
}

fn urgencies(report: &Report) -> String {
    let rows = report.coverage.by_urgency.iter().map(|r| {
        let mut cells = vec![format!("{} {}", r.tier, r.urgency)];
        cells.extend(tally(&r.tally));
        cells
    });
    table(&["tier", "needs", "instalments", "covered", "in part", "not", "mean share"], &[1, 2, 3, 4, 5, 6], rows)
}

fn regions(report: &Report) -> String {
    let mut sorted: Vec<_> = report.coverage.by_region.iter().collect();
    sorted.sort_by_key(|r| (std::cmp::Reverse(r.tally.instalments), &r.region));
    let rest = sorted.len().saturating_sub(COUNTRIES);
    let rows = sorted.into_iter().take(COUNTRIES).map(|r| {
        let mut cells = vec![format!("{} {}", r.region, r.name)];
        cells.extend(tally(&r.tally));
        cells
    });
    let mut shown = table(
        &["country", "needs", "instalments", "covered", "in part", "not", "mean share"],
        &[1, 2, 3, 4, 5, 6],
        rows,
    );
    if rest > 0 {
        let _ = write!(shown, "\nand {rest} more (--output json has all)");
    }
    shown
}

fn shortages(report: &Report) -> String {
    let mut text = String::new();
    for (i, s) in report.shortages.iter().take(SHOWN).enumerate() {
        let grades = if s.grades.is_empty() { String::new() } else { format!(" {}", s.grades.join("/")) };
        let (needed, short, unit) = &s.shown;
        let (needed, short) = (grouped(i128::from(*needed)), grouped(i128::from(*short)));
        let head = format!(
            "{}. {}{grades}: {} lacks {short} of {needed} {unit}s, {}, from {}",
            i + 1,
            s.name,
            s.buyer,
            s.urgency,
            s.first_due
        );
        let causes = format!("most of it due {}: {}", s.worst_due, s.causes.join("; "));
        let _ = write!(
            text,
            "{}\n{}\n{}\n",
            wrapped(&head, 0),
            wrapped(&causes, 3),
            wrapped(&format!("need {}", s.need), 3)
        );
    }
    if text.is_empty() {
        text.push_str("none: everything asked for is covered");
    }
    text.trim_end().to_owned()
}

/// The gap of a level, or in what sense there is none.
pub(crate) fn gap(level: &LevelReport) -> String {
    match level.gap {
        Some(gap) if gap == 0 || !level.optimal_as_decided => grouped(gap),
        Some(gap) => format!("{}, 0*", grouped(gap)),
        None if level.optimal_as_decided => "0*".to_owned(),
        None => "-".to_owned(),
    }
}

fn proof(report: &Report) -> String {
    let rows = report.levels.iter().map(|l| vec![l.name.clone(), l.unit.clone(), grouped(l.value), gap(l)]);
    let levels = table(&["level", "counts (less is better)", "value", "gap"], &[2, 3], rows);
    let legend = "A gap of 0 is proven: no allocation is better on this level once those above it are at their best. \
                  Smallest orders and numbers of suppliers are searched for and may cost up to the gap. 0* is proven \
                  for the orders as they were decided. Where no gap stands, the level is a heuristic.";
    let f = &report.figures;
    let figures = format!(
        "{} matches from {} eligible pairs of {} offers and {} instalments of {} needs, in {} parts",
        grouped(i128::from(f.lines)),
        grouped(i128::from(f.eligible_pairs)),
        grouped(i128::from(f.offers)),
        grouped(i128::from(f.instalments)),
        grouped(i128::from(f.needs)),
        grouped(i128::from(f.components)),
    );
    format!(
        "{levels}\n{}\n{}\ncertificate {}\nengine {}, checked independently",
        wrapped(legend, 0),
        wrapped(&figures, 0),
        report.certificate,
        report.engine
    )
}
