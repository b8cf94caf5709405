//! What is covered of each need: one level bar a product or region, with its figures beside it.

use std::cmp::Ordering;

use crate::{
    about::About,
    canvas::{Anchor, Look, clean},
    frame::{Frame, INNER, MARGIN},
    legend::{self, Sample},
    measure,
    numbers::{fitting, percent, share, short, sum},
    style::{Kind, PALETTE},
    words,
};

/// A product or region; what is below nought counts as nothing, and none of the figures contains another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageRow {
    /// Its name.
    pub name: String,
    /// What its figures count, where that differs from the chart's unit.
    pub unit: Option<String>,
    /// What is needed.
    pub need: i128,
    /// What both sides agreed on.
    pub agreed: i128,
    /// What is held.
    pub held: i128,
    /// What is free now.
    pub free: i128,
}

/// A chart of coverage. Rows of one unit are sorted by their gap; where units differ, by the share that is not covered,
/// since litres and pieces do not compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageChart {
    /// What stands around it.
    pub about: About,
    /// Its rows, in any order.
    pub rows: Vec<CoverageRow>,
}

/// The most rows that are drawn.
const MOST_ROWS: usize = 20;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;
const NAME_WIDTH: f64 = 240.0;
const BAR_LEFT: f64 = MARGIN + NAME_WIDTH + 14.0;
const BAR_WIDTH: f64 = 130.0;
/// How much room a column of figures has.
const COLUMN: f64 = 84.0;
/// Where they end: covered, need, agreed, held, free, gap.
const COLUMNS: [f64; 6] = [476.0, 572.0, 664.0, 756.0, 848.0, 940.0];

impl CoverageRow {
    fn have(&self) -> i128 {
        sum([self.agreed.max(0), self.held.max(0), self.free.max(0)])
    }

    fn gap(&self) -> i128 {
        self.need.max(0).saturating_sub(self.have()).max(0)
    }

    fn unit<'a>(&'a self, about: &'a About) -> &'a str {
        self.unit.as_deref().unwrap_or(&about.unit)
    }

    fn told(&self, unit: &str) -> String {
        let [agreed, held, free] = [(Kind::Agreed, self.agreed), (Kind::Held, self.held), (Kind::Free, self.free)]
            .map(|(kind, figure)| format!("{} {}", words::kind(kind).to_lowercase(), short(figure.max(0))));
        let gap = words::kind(Kind::Gap).to_lowercase();
        let need = words::needed(self.need, unit);
        format!("{}: {need}; {agreed}, {held}, {free}, {gap} {}", self.name, short(self.gap()))
    }
}

/// How the rows compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Units {
    One,
    Several,
}

fn units(chart: &CoverageChart) -> Units {
    let mut all = chart.rows.iter().map(|row| row.unit(&chart.about));
    let first = all.next();
    if all.all(|unit| Some(unit) == first) { Units::One } else { Units::Several }
}

/// Largest gap first; then by need, name and the rest, so that the order of the input does not show.
fn sorted(chart: &CoverageChart, units: Units) -> Vec<&CoverageRow> {
    let uncovered = |row: &CoverageRow| share(row.gap(), row.need);
    let by_share = |a: &CoverageRow, b: &CoverageRow| uncovered(b).total_cmp(&uncovered(a));
    let by_gap = |a: &CoverageRow, b: &CoverageRow| b.gap().cmp(&a.gap());
    let rest = |row: &CoverageRow| (row.unit.clone(), row.agreed, row.held, row.free);
    let mut rows: Vec<&CoverageRow> = chart.rows.iter().collect();
    rows.sort_by(|a, b| {
        // What nobody needs comes last.
        let wanted = (a.need <= 0).cmp(&(b.need <= 0));
        let first = match units {
            Units::One => by_gap(a, b).then_with(|| by_share(a, b)),
            Units::Several => by_share(a, b),
        };
        let need = match units {
            Units::One => b.need.cmp(&a.need),
            Units::Several => Ordering::Equal,
        };
        wanted.then(first).then(need).then_with(|| a.name.cmp(&b.name)).then_with(|| rest(a).cmp(&rest(b)))
    });
    rows
}

fn lead(about: &About, rows: &[&CoverageRow], units: Units) -> String {
    let asked: Vec<&&CoverageRow> = rows.iter().filter(|row| row.need > 0).collect();
    if rows.iter().all(|row| row.have() == 0) {
        return words::no_offers(&about.subtitle);
    }
    if asked.is_empty() {
        return words::NO_NEEDS.to_owned();
    }
    let open: Vec<&&&CoverageRow> = asked.iter().filter(|row| row.gap() > 0).collect();
    let covered = words::bars_covered(asked.len() - open.len(), asked.len());
    open.first().map_or(covered.clone(), |row| {
        let (unit, have) = (row.unit(about), row.have());
        let gap = match units {
            Units::One => words::largest_gap(&row.name, row.gap(), unit, have, row.need),
            Units::Several => words::least_covered(&row.name, row.gap(), unit, have, row.need),
        };
        format!("{covered}; {gap}")
    })
}

/// Draws what is covered of each need as one SVG document.
pub fn coverage_chart(chart: &CoverageChart) -> String {
    let about = &chart.about;
    let units = units(chart);
    let rows = sorted(chart, units);
    let mut frame = Frame::new(&format!("coverage {about:?} {rows:?}"), about, lead(about, &rows, units));
    let samples = [Kind::Agreed, Kind::Held, Kind::Free, Kind::Gap].map(Sample::Area);
    if rows.is_empty() {
        let top = frame.top;
        frame.say(MARGIN, top + 70.0, INNER, &words::no_offers(&about.subtitle));
        return frame.finish(top + 130.0, &[], &[], "");
    }
    let mut y = legend::row(&mut frame.canvas, &frame.id, &samples, frame.top) + 18.0;
    let head = Look::new(12.0).quiet().at(Anchor::End);
    let heads = [
        words::COVERED,
        words::NEED,
        words::kind(Kind::Agreed),
        words::kind(Kind::Held),
        words::kind(Kind::Free),
        words::kind(Kind::Gap),
    ];
    for (x, word) in COLUMNS.iter().zip(heads) {
        frame.canvas.words(*x, y, head, word);
    }
    y += 8.0;
    frame.canvas.level(MARGIN, MARGIN + INNER, y, PALETTE.quiet);
    for row in rows.iter().take(MOST_ROWS) {
        bar(&mut frame, row, units, y);
        y += ROW;
        frame.canvas.level(MARGIN, MARGIN + INNER, y, PALETTE.grid);
    }
    let more = rows.get(MOST_ROWS..).unwrap_or_default();
    if !more.is_empty() {
        let unit = more.first().map_or("", |row| row.unit(about));
        let gap = (units == Units::One).then(|| (sum(more.iter().map(|row| row.gap())), unit));
        y += 20.0;
        frame.canvas.words_within(MARGIN, y, Look::new(13.0), &words::and_more(more.len(), gap), INNER);
    }
    let unit = rows.first().map_or("", |row| row.unit(about));
    let how = match units {
        Units::One => words::sorted_by_quantity(unit),
        Units::Several => words::SORTED_BY_SHARE.to_owned(),
    };
    let facts: Vec<String> = rows.iter().take(5).map(|row| row.told(row.unit(about))).collect();
    frame.finish(y + 2.0, &facts, &[how], "")
}

fn bar(frame: &mut Frame<'_>, row: &CoverageRow, units: Units, y: f64) {
    let about = frame.about();
    let canvas = &mut frame.canvas;
    let unit = row.unit(about);
    canvas.open(&row.told(unit));
    canvas.area(MARGIN, y, INNER, ROW, "fill=\"none\" pointer-events=\"all\"");
    let foot = y + 20.0;
    let look = Look::new(13.0);
    let name = match units {
        Units::One => row.name.clone(),
        Units::Several => {
            let unit = format!(", {}", measure::shortened(&clean(unit), look.size, NAME_WIDTH / 2.0));
            measure::shortened(&clean(&row.name), look.size, NAME_WIDTH - look.width(&unit)) + &unit
        }
    };
    canvas.words_within(MARGIN, foot, look, &name, NAME_WIDTH);
    let top = y + (ROW - BAR) / 2.0;
    if row.need > 0 {
        let mut below: i128 = 0;
        let parts =
            [(Kind::Agreed, row.agreed), (Kind::Held, row.held), (Kind::Free, row.free), (Kind::Gap, row.gap())];
        for (kind, figure) in parts {
            let above = below.saturating_add(figure.max(0)).min(row.need);
            let (from, to) = (BAR_WIDTH * share(below, row.need), BAR_WIDTH * share(above, row.need));
            let hair = if to - from > 3.0 && above < row.need { 1.0 } else { 0.0 };
            if above > below {
                legend::area(canvas, &frame.id, kind, (BAR_LEFT + from, top), (to - from - hair, BAR));
            }
            below = above;
        }
    } else {
        canvas.words(BAR_LEFT, foot, Look::new(12.0).quiet(), words::NO_NEED);
    }
    let look = Look::new(12.0).at(Anchor::End);
    let covered = if row.need > 0 { percent(row.have(), row.need) } else { String::new() };
    let shown = |figure: i128| fitting(figure.max(0), look.size, COLUMN);
    let figures = [row.need, row.agreed, row.held, row.free].map(shown);
    for (x, figure) in COLUMNS.iter().zip(std::iter::once(covered).chain(figures)) {
        canvas.words(*x, foot, look, &figure);
    }
    let gap = if row.gap() > 0 { look.bold().tone(PALETTE.need) } else { look };
    canvas.words(COLUMNS[5], foot, gap, &shown(row.gap()));
    canvas.close();
}
