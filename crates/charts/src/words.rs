//! Every word that a picture says of itself, in English.

use domain::time::Day;

use crate::{
    numbers::{grouped, percent, short},
    style::Kind,
};

pub(crate) const NEED: &str = "Need";
pub(crate) const WEEK_FROM: &str = "Week from";
pub(crate) const ISO_WEEK: &str = "ISO week";
pub(crate) const COVERED: &str = "Covered";
pub(crate) const NO_NEED: &str = "no need";
pub(crate) const NO_NEEDS: &str = "Nothing is needed";
pub(crate) const PLACE_WITHOUT: &str = "Place without offers";
pub(crate) const COUNTRY_WITHOUT: &str = "Country without offers";
pub(crate) const OTHER_LAND: &str = "Plain, no disc: not asked, or not shown";
pub(crate) const OUTERMOST: &str = "Outermost regions, each at its own scale";
pub(crate) const OUTLINES: &str = "Outlines and borders: Natural Earth";
pub(crate) const NOTHING: &str = "Nothing to show";

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Agreed => "Agreed",
        Kind::Held => "Held",
        Kind::Free => "Free now",
        Kind::Stretch => "Up to full stretch",
        Kind::Convertible => "After conversion",
        Kind::Gap => "Gap",
        Kind::NoOffers => "No offers",
    }
}

/// "6 Apr".
pub(crate) fn day(day: Day) -> String {
    let (_, month, number) = parts(day);
    format!("{number}\u{a0}{}", MONTHS[(month.max(1) - 1).min(11)])
}

/// "2020".
pub(crate) fn year(day: Day) -> i16 {
    parts(day).0
}

/// The number of the ISO week of a day.
pub(crate) fn week_number(day: Day) -> i8 {
    date(day).iso_week_date().week()
}

fn date(day: Day) -> jiff::civil::Date {
    let start = jiff::civil::Date::constant(1970, 1, 1);
    // Every day of the domain is a date, so the fallback is never taken.
    start.checked_add(jiff::Span::new().days(day.number())).unwrap_or(start)
}

fn parts(day: Day) -> (i16, usize, i8) {
    let date = date(day);
    (date.year(), usize::from(date.month().unsigned_abs()), date.day())
}

/// "12 000 pieces".
pub(crate) fn quantity(value: i128, unit: &str) -> String {
    format!("{}\u{a0}{unit}", grouped(value)).trim_end().to_owned()
}

/// "1 week", "2 weeks".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1\u{a0}{one}") } else { format!("{}\u{a0}{many}", grouped(whole(count))) }
}

pub(crate) fn whole(count: usize) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// What an empty picture says.
pub(crate) fn no_offers(subject: &str) -> String {
    if subject.trim().is_empty() { "No offers".to_owned() } else { format!("No offers for {subject}") }
}

pub(crate) fn no_offers_against(subject: &str, need: i128, unit: &str) -> String {
    format!("{}; the need is {}", no_offers(subject), quantity(need, unit))
}

pub(crate) fn as_of(text: &str) -> String {
    format!("As of {text}")
}

pub(crate) fn source(text: &str) -> String {
    format!("Source: {text}")
}

/// "Agreed 1 000, held 500, free now 200 pieces in 3 weeks".
pub(crate) fn totals(agreed: i128, held: i128, free: i128, unit: &str, weeks: usize) -> String {
    let weeks = counted(weeks, "week", "weeks");
    format!("Agreed {}, held {}, free now {} in {weeks}", grouped(agreed), grouped(held), quantity(free, unit))
}

/// How many of the weeks with a need are covered by what is agreed, held and free.
pub(crate) fn weeks_covered(covered: usize, asked: usize) -> String {
    let weeks = if asked == 1 { "week" } else { "weeks" };
    let place = if covered == asked && asked > 1 { format!("all {asked}") } else { format!("{covered} of {asked}") };
    format!("Agreed, held and free capacity reaches the need of the week in {place} {weeks}")
}

pub(crate) fn most_missing(missing: i128, unit: &str, from: Day) -> String {
    format!("most is missing in the week from {}: {}", day(from), quantity(missing, unit))
}

pub(crate) fn week(from: Day) -> String {
    format!("Week {} from {} {}", week_number(from), day(from), year(from))
}

pub(crate) fn weeks_cut(count: usize) -> String {
    format!("{} after these are not drawn", counted(count, "week", "weeks"))
}

pub(crate) fn bars_covered(covered: usize, asked: usize) -> String {
    format!("{covered} of {} covered by what is agreed, held and free now", counted(asked, "need is", "needs are"))
}

pub(crate) fn largest_gap(name: &str, gap: i128, unit: &str, have: i128, need: i128) -> String {
    format!("the largest gap: {name}, {} ({} covered)", quantity(gap, unit), percent(have, need))
}

pub(crate) fn least_covered(name: &str, gap: i128, unit: &str, have: i128, need: i128) -> String {
    format!("least covered: {name} ({}), {} are missing", percent(have, need), quantity(gap, unit))
}

pub(crate) fn sorted_by_quantity(unit: &str) -> String {
    format!("Each bar is the whole need, in {unit}; largest gap first")
}

pub(crate) const SORTED_BY_SHARE: &str =
    "Each bar is the whole need, in the row\u{2019}s unit; largest share uncovered first";

/// "and 3 more, with a gap of 4 000 pieces in all".
pub(crate) fn and_more(count: usize, gap: Option<(i128, &str)>) -> String {
    let gap = gap.map(|(gap, unit)| format!(", with a gap of {} in all", quantity(gap, unit))).unwrap_or_default();
    format!("and {} more{gap}", grouped(whole(count)))
}

/// "1 000 pieces a week in 3 places".
pub(crate) fn in_places(total: i128, unit: &str, places: usize) -> String {
    format!("{} in {}", quantity(total, unit), counted(places, "place", "places"))
}

pub(crate) fn most_in(name: &str, figure: i128) -> String {
    format!("the most in {name} ({})", grouped(figure))
}

pub(crate) fn lacks_most(name: &str, lack: i128) -> String {
    format!("{name} lacks most ({})", grouped(lack))
}

pub(crate) fn needed(need: i128, unit: &str) -> String {
    format!("needed: {}", quantity(need, unit))
}

pub(crate) fn circle_legend(unit: &str) -> String {
    format!("Area of the disc: {unit}")
}

pub(crate) const RING_LEGEND: &str = "Area of the ring: need";

pub(crate) fn place(name: &str, code: &str, figure: i128, need: Option<i128>, unit: &str) -> String {
    let figure = if figure > 0 { quantity(figure, unit) } else { "no offers".to_owned() };
    let need = need.map(|need| format!("; {}", needed(need, unit))).unwrap_or_default();
    if code.is_empty() { format!("{name}: {figure}{need}") } else { format!("{name} ({code}): {figure}{need}") }
}

pub(crate) fn outside(names: &str, places: usize, total: i128, unit: &str) -> String {
    format!("Outside the map: {} ({names})", in_places(total, unit, places))
}

pub(crate) fn outside_without(names: &str) -> String {
    format!("Outside the map, without offers: {names}")
}

pub(crate) fn countries_without(names: &str) -> String {
    format!("No offers in {names}")
}

/// Beside a disc: "360 000", or "360 000, need 1 million".
pub(crate) fn figure_and_need(figure: i128, need: Option<i128>) -> String {
    let figure = if figure > 0 { short(figure) } else { kind(Kind::NoOffers).to_lowercase() };
    need.filter(|need| *need > 0).map_or(figure.clone(), |need| format!("{figure}, need {}", short(need)))
}

/// The name of an outermost region by its code in the outlines.
pub(crate) fn outermost(code: &str) -> &str {
    match code {
        "ES7" => "Canary Islands",
        "PT20" => "Azores",
        "PT30" => "Madeira",
        "FRY1" => "Guadeloupe",
        "FRY2" => "Martinique",
        "FRY3" => "French Guiana",
        "FRY4" => "Réunion",
        "FRY5" => "Mayotte",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_named_as_people_read_them() {
        let new_year = Day::from_ymd(2020, 12, 28).unwrap();
        assert_eq!(week(new_year).replace('\u{a0}', " "), "Week 53 from 28 Dec 2020");
        assert_eq!((week_number(new_year.plus(7)), year(new_year.plus(7))), (1, 2021));
        assert_eq!(day(Day::MIN).replace('\u{a0}', " "), "1 Jan");
    }
}
