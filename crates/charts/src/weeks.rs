//! Capacity by ISO week: columns stacked from certain to possible, the need as steps over them.

use std::collections::BTreeMap;

use domain::time::Day;

use crate::{
    about::About,
    axis,
    canvas::{Anchor, Canvas, Look, px},
    frame::{Frame, INNER, MARGIN, WIDTH},
    legend::{self, Sample},
    numbers::{short, sum},
    style::{Kind, PALETTE},
    words,
};

/// Figures of a week, in one unit; what is below nought counts as nothing. They are stacked, so none contains another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekColumn {
    /// Its first day that counts: the Monday, or a later day where the period begins inside the week.
    pub from: Day,
    /// What both sides agreed on.
    pub agreed: i128,
    /// What is held.
    pub held: i128,
    /// What is free of what runs.
    pub free: i128,
    /// What full stretch would add.
    pub stretch: i128,
    /// What conversions would add.
    pub convertible: i128,
    /// What is needed, where that is known.
    pub need: Option<i128>,
}

/// A chart of weeks. Their order does not matter, two columns of one week are added, and weeks between stay empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeeksChart {
    /// What stands around it.
    pub about: About,
    /// Its columns.
    pub weeks: Vec<WeekColumn>,
}

/// The most weeks that are drawn: three years.
const MOST_WEEKS: usize = 157;
const HEIGHT: f64 = 300.0;
/// Without any column or need.
const LOW: f64 = 120.0;
const WIDEST_DAY: &str = "30\u{a0}Mmm";

impl WeekColumn {
    fn layers(&self) -> [(Kind, i128); 5] {
        let Self { agreed, held, free, stretch, convertible, .. } = *self;
        [
            (Kind::Agreed, agreed.max(0)),
            (Kind::Held, held.max(0)),
            (Kind::Free, free.max(0)),
            (Kind::Stretch, stretch.max(0)),
            (Kind::Convertible, convertible.max(0)),
        ]
    }

    fn plus(self, other: Self) -> Self {
        let need = match (self.need, other.need) {
            (Some(one), Some(two)) => Some(one.saturating_add(two)),
            (one, two) => one.or(two),
        };
        Self {
            from: self.from.min(other.from),
            agreed: sum([self.agreed, other.agreed]),
            held: sum([self.held, other.held]),
            free: sum([self.free, other.free]),
            stretch: sum([self.stretch, other.stretch]),
            convertible: sum([self.convertible, other.convertible]),
            need,
        }
    }

    fn whole(&self) -> i128 {
        sum(self.layers().map(|(_, figure)| figure))
    }

    /// What can be counted on: agreed, held and free.
    fn ready(&self) -> i128 {
        sum([self.agreed.max(0), self.held.max(0), self.free.max(0)])
    }

    /// What is asked for, if anything is.
    fn asked(&self) -> Option<i128> {
        self.need.filter(|need| *need > 0)
    }

    fn told(&self, unit: &str) -> String {
        let figures =
            self.layers().map(|(kind, figure)| format!("{} {}", words::kind(kind).to_lowercase(), short(figure)));
        let need = self.need.map(|need| format!("; {}", words::needed(need, unit))).unwrap_or_default();
        format!("{}: {}{need}", words::week(self.from), figures.join(", "))
    }
}

/// The weeks from the first to the last, as far as they are drawn, and how many come after.
fn calendar(columns: &[WeekColumn]) -> (Vec<WeekColumn>, usize) {
    let mut weeks: BTreeMap<Day, WeekColumn> = BTreeMap::new();
    for column in columns {
        weeks.entry(column.from.monday()).and_modify(|sum| *sum = sum.plus(*column)).or_insert(*column);
    }
    let Some((first, last)) = weeks.keys().next().zip(weeks.keys().next_back()) else { return (Vec::new(), 0) };
    let (first, last) = (*first, *last);
    let empty = |from| WeekColumn { from, agreed: 0, held: 0, free: 0, stretch: 0, convertible: 0, need: None };
    let drawn: Vec<WeekColumn> = (0..)
        .step_by(7)
        .map(|days| first.plus(days))
        .take(MOST_WEEKS)
        .take_while(|monday| *monday <= last)
        .map(|monday| weeks.get(&monday).copied().unwrap_or_else(|| empty(monday)))
        .collect();
    let end = drawn.last().map_or(last, |week| week.from.monday());
    let after = weeks.range(end..).filter(|(monday, _)| **monday > end).count();
    (drawn, after)
}

/// The result in a sentence, and whether there is anything to draw of offers.
fn lead(about: &About, weeks: &[WeekColumn]) -> String {
    let asked: Vec<(&WeekColumn, i128)> = weeks.iter().filter_map(|week| Some((week, week.asked()?))).collect();
    let supply = sum(weeks.iter().map(WeekColumn::whole));
    if supply == 0 {
        let need = sum(asked.iter().map(|(_, need)| *need));
        return match need {
            0 => words::no_offers(&about.subtitle),
            need => words::no_offers_against(&about.subtitle, need, &about.unit),
        };
    }
    let total = |of: fn(&WeekColumn) -> i128| sum(weeks.iter().map(|week| of(week).max(0)));
    if asked.is_empty() {
        let (agreed, held, free) = (total(|week| week.agreed), total(|week| week.held), total(|week| week.free));
        return words::totals(agreed, held, free, &about.unit, weeks.len());
    }
    let missing: Vec<(Day, i128)> = asked
        .iter()
        .map(|(week, need)| (week.from, need.saturating_sub(week.ready())))
        .filter(|(_, gap)| *gap > 0)
        .collect();
    let covered = words::weeks_covered(asked.len() - missing.len(), asked.len());
    // Of equal gaps the first week is named.
    let worst = missing.iter().rev().max_by_key(|(_, gap)| *gap);
    worst.map_or(covered.clone(), |(from, gap)| format!("{covered}; {}", words::most_missing(*gap, &about.unit, *from)))
}

/// Where things lie in the plot.
struct Plot {
    left: f64,
    slot: f64,
    top: f64,
    height: f64,
    /// How far names of weeks reach beyond the plot.
    reach: f64,
    most: i128,
}

impl Plot {
    fn y(&self, figure: i128) -> f64 {
        self.top + self.height - self.height * (figure as f64 / self.most as f64)
    }

    fn x(&self, column: usize) -> f64 {
        self.left + self.slot * column as f64
    }
}

/// Draws capacity by week as one SVG document.
pub fn weeks_chart(chart: &WeeksChart) -> String {
    let about = &chart.about;
    let (weeks, after) = calendar(&chart.weeks);
    let lead = lead(about, &weeks);
    let sentence = words::no_offers(&about.subtitle);
    let mut frame = Frame::new(&format!("weeks {about:?} {weeks:?} {after}"), about, lead);

    let used =
        |kind: Kind| weeks.iter().any(|week| week.layers().iter().any(|(of, figure)| *of == kind && *figure > 0));
    let kinds = Kind::ALL.into_iter().filter(|kind| used(*kind)).map(Sample::Area);
    let need = weeks.iter().any(|week| week.need.is_some()).then_some(Sample::Need);
    let samples: Vec<Sample> = kinds.chain(need).collect();
    let mut top = frame.top;
    if !samples.is_empty() {
        top = legend::row(&mut frame.canvas, &frame.id, &samples, top) + 6.0;
    }
    frame.canvas.words_within(MARGIN, top + 14.0, Look::new(12.0).quiet(), &about.unit, INNER);
    top += 30.0;

    let most = weeks.iter().map(|week| week.whole().max(week.need.unwrap_or(0))).max().unwrap_or(0);
    let marks = axis::marks(most);
    let look = Look::new(12.0).quiet().at(Anchor::End);
    let labels = marks.iter().map(|mark| look.width(&short(*mark)));
    let captions = [words::WEEK_FROM, words::ISO_WEEK].map(|caption| look.width(caption));
    let left = MARGIN + labels.chain(captions).fold(0.0, f64::max).ceil() + 10.0;
    let (slots, day) = (weeks.len().max(1) as f64, Look::new(12.0).width(WIDEST_DAY));
    // The first and last names reach beyond slots that are narrower than they.
    let reach = ((day - (WIDTH - MARGIN - left) / slots) / 2.0).max(0.0) + 1.0;
    let (left, right) = (left + reach, WIDTH - MARGIN - reach);
    let slot = (right - left) / slots;
    let height = if most > 0 { HEIGHT } else { LOW };
    let plot = Plot { left, slot, top, height, reach, most: marks.last().copied().unwrap_or(1) };
    for mark in marks.iter().filter(|mark| most > 0 || **mark == 0) {
        let y = plot.y(*mark);
        let tone = if *mark == 0 { PALETTE.quiet } else { PALETTE.grid };
        frame.canvas.level(left, right, y, tone);
        frame.canvas.words(left - 8.0, y + 4.0, look, &short(*mark));
    }
    for (column, week) in weeks.iter().enumerate() {
        stack(&mut frame.canvas, &frame.id, &plot, column, week, &about.unit);
    }
    need_line(&mut frame.canvas, &plot, &weeks);
    let bottom = name_weeks(&mut frame.canvas, &plot, &weeks);
    if most == 0 {
        frame.say(left, top + height / 2.0, right - left, &sentence);
    }
    let facts: Vec<String> =
        weeks.iter().filter(|week| week.whole() > 0).take(4).map(|week| week.told(&about.unit)).collect();
    let notes: Vec<String> = (after > 0).then(|| words::weeks_cut(after)).into_iter().collect();
    frame.finish(bottom, &facts, &notes, "")
}

fn stack(canvas: &mut Canvas, id: &str, plot: &Plot, column: usize, week: &WeekColumn, unit: &str) {
    let width = (plot.slot * 0.72).min(64.0);
    let x = plot.x(column) + (plot.slot - width) / 2.0;
    canvas.open(&week.told(unit));
    // All of the slot answers to the pointer, not the column alone.
    canvas.area(plot.x(column), plot.top, plot.slot, plot.height, "fill=\"none\" pointer-events=\"all\"");
    let mut below: i128 = 0;
    for (kind, figure) in week.layers().into_iter().filter(|(_, figure)| *figure > 0) {
        let above = below.saturating_add(figure);
        let (top, foot) = (plot.y(above), plot.y(below));
        // A hair of ground between layers, where they are high enough to lose it.
        let hair = if foot - top > 3.0 && below > 0 { 1.0 } else { 0.0 };
        legend::area(canvas, id, kind, (x, top), (width, foot - top - hair));
        below = above;
    }
    canvas.close();
}

/// Steps over the columns, from slot to slot, broken where nothing is known.
fn need_line(canvas: &mut Canvas, plot: &Plot, weeks: &[WeekColumn]) {
    let mut path = String::new();
    let mut joined = false;
    for (column, week) in weeks.iter().enumerate() {
        if let Some(need) = week.need {
            let y = px(plot.y(need.max(0)));
            let begin = if joined { format!("V{y}") } else { format!("M{} {y}", px(plot.x(column))) };
            path.push_str(&format!("{begin}H{}", px(plot.x(column + 1))));
        }
        joined = week.need.is_some();
    }
    if !path.is_empty() {
        canvas.path(&path, &format!("{} stroke-width=\"5\" stroke-opacity=\"0.8\"", PALETTE.paper.stroke()));
        canvas.path(&path, &format!("{} stroke-width=\"3\"", PALETTE.need.stroke()));
    }
}

/// Names as many weeks as have room: the day, the ISO week and, where it changes, the year.
fn name_weeks(canvas: &mut Canvas, plot: &Plot, weeks: &[WeekColumn]) -> f64 {
    let foot = plot.top + plot.height;
    let look = Look::new(12.0).at(Anchor::Middle);
    let caption = Look::new(12.0).quiet().at(Anchor::End);
    let widest = look.width(WIDEST_DAY);
    let every = (1..).find(|every| plot.slot * f64::from(*every) >= widest + 4.0).unwrap_or(1);
    let every = usize::try_from(every).unwrap_or(1);
    let mut year = None;
    for (column, week) in weeks.iter().enumerate().step_by(every) {
        let x = plot.x(column) + plot.slot / 2.0;
        canvas.words(x, foot + 18.0, look, &words::day(week.from));
        canvas.words(x, foot + 35.0, look.quiet(), &words::week_number(week.from).to_string());
        if year != Some(words::year(week.from)) {
            year = Some(words::year(week.from));
            canvas.words(x, foot + 52.0, look.bold(), &words::year(week.from).to_string());
        }
    }
    if !weeks.is_empty() {
        let x = plot.left - plot.reach - 6.0;
        canvas.words(x, foot + 18.0, caption, words::WEEK_FROM);
        canvas.words(x, foot + 35.0, caption, words::ISO_WEEK);
    }
    foot + 56.0
}
