//! Views as pictures: capacity by week, coverage by product, and the map.

use std::collections::BTreeMap;

use app::{
    App, AppError, AppResult,
    access::Caller,
    board::{self, BoardQuestion, BoardTold, ShortageAnswer},
    capacity::{self, CapacityQuestion, CapacityTold, Counting, Figures, Group, Row},
    public_figures::{PublicCell, PublicFigures},
};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use charts::{About, CapacityMap, CoverageChart, CoverageRow, MapCountry, MapPlace, WeekColumn, WeeksChart};
use domain::{
    code::{ProductCode, RegionCode},
    digest::Digest,
    time::{Day, Instant},
    unit::BaseUnit,
    violation::Violations,
};

use crate::{capacity::explained, capacity::left_out, export::SVG};

/// A picture on its way out. Its one style sheet may be applied, and nothing may be loaded or run.
pub(crate) fn answer(picture: String) -> Response {
    let hex = Digest::of_bytes(charts::stylesheet().as_bytes()).to_string();
    let digits = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    let hash: Vec<u8> = digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    let policy = format!("default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'", BASE64.encode(hash));
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(SVG))], picture).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Capacity by week, stacked, with what is needed where the question asks for nothing that needs do not have.
///
/// # Errors
/// Those of the question, and `several_units` where its products are counted in different ones.
pub async fn weeks(app: &App, caller: &Caller, mut question: CapacityQuestion, address: &str) -> AppResult<String> {
    question.group_by = [Group::Week].into();
    let told = capacity::tell(app, caller, &question, Counting::Left).await?;
    let (unit, total) = one_unit(&told)?;
    let needs = needs_of(app, caller, &question, 0).await?;
    let due = |at: usize| needs.as_ref().map(|board| due_in(board, at));
    let figures = total.map_or(&[][..], |row| &row.figures);
    let columns = told.answer.weeks.iter().zip(figures).enumerate();
    let weeks = columns.map(|(at, (week, figures))| column(week.from, *figures, due(at))).collect();
    let span = span(told.answer.weeks.first().map(|week| week.from), told.answer.weeks.last().map(|week| week.until));
    let free: i128 = figures.iter().map(|week| week.free).sum();
    let what = subject(app, &question);
    let about = About {
        title: format!("{what}: {} {} free", charts::grouped(free), unit.plural()),
        subtitle: format!("{what}{span}"),
        ..about(app, unit, told.as_of, &app.licence, (address, &left_out(&told.answer.left_out)))
    };
    Ok(charts::weeks_chart(&WeeksChart { about, weeks }))
}

/// How much of what is needed is covered, by product.
pub fn coverage(app: &App, told: &BoardTold, address: &str) -> String {
    let tables = app.tables();
    let mut sums: BTreeMap<&ProductCode, (BaseUnit, [i128; 4])> = BTreeMap::new();
    for row in &told.answer.rows {
        let (_, sums) = sums.entry(&row.product).or_insert((row.unit, [0; 4]));
        for week in &row.weeks {
            let of_week = [week.need.iter().sum::<i128>(), week.agreed, week.held, week.free];
            sums.iter_mut().zip(of_week).for_each(|(sum, figure)| *sum += figure);
        }
    }
    let name =
        |code: &ProductCode| tables.catalogue.product(code.as_str()).map_or(code.to_string(), |p| p.names[0].clone());
    let asked = sums.iter().filter(|(_, (_, [need, ..]))| *need > 0);
    let rows: Vec<CoverageRow> = asked
        .map(|(code, (unit, [need, agreed, held, free]))| CoverageRow {
            name: name(code),
            unit: Some(unit.plural().to_owned()),
            need: *need,
            agreed: *agreed,
            held: *held,
            free: *free,
        })
        .collect();
    let weeks = &told.answer.weeks;
    let span = span(weeks.first().map(|week| week.from), weeks.last().map(|week| week.until));
    let short = rows.iter().filter(|row| row.need > row.agreed + row.held + row.free).count();
    let about = About {
        title: match (rows.len(), short) {
            (0, _) => "Nothing is needed".to_owned(),
            (all, 0) => format!("All {all} products that are needed are covered or free"),
            (all, short) => format!("{short} of {all} products that are needed are short"),
        },
        subtitle: format!("needs{span}"),
        ..about(app, BaseUnit::Piece, told.as_of, &app.licence, (address, &left_out(&told.answer.left_out)))
    };
    charts::coverage_chart(&CoverageChart { about, rows })
}

/// What is free by region, on the map, with what is needed as for [`weeks`].
///
/// # Errors
/// As [`weeks`].
pub async fn map(
    app: &App,
    caller: &Caller,
    (mut question, level): (CapacityQuestion, u8),
    address: &str,
) -> AppResult<String> {
    question.group_by = [Group::Region(level)].into();
    let told = capacity::tell(app, caller, &question, Counting::Left).await?;
    let (unit, _) = one_unit(&told)?;
    let mut due: BTreeMap<RegionCode, i128> = BTreeMap::new();
    for row in needs_of(app, caller, &question, level).await?.into_iter().flat_map(|board| board.rows) {
        let needed: i128 = row.weeks.iter().flat_map(|week| week.need).sum();
        if let Some(region) = row.region.filter(|_| needed > 0) {
            *due.entry(region).or_default() += needed;
        }
    }
    let free = told.answer.rows.iter().filter_map(|row| Some((row.region.clone()?, row.figures.first()?.free)));
    let free: BTreeMap<RegionCode, i128> = free.collect();
    // What may have been left out is nowhere said not to be there.
    let complete = told.answer.left_out.is_empty();
    let without = if complete { countries_without(app, &question, &free) } else { Vec::new() };
    let mut places: Vec<MapPlace> =
        free.iter().filter_map(|(code, figure)| place(app, code, *figure, due.get(code))).collect();
    if complete {
        let lacking = due.iter().filter(|(code, _)| !free.contains_key(*code));
        places.extend(lacking.filter_map(|(code, need)| place(app, code, 0, Some(need))));
    }
    let weeks = &told.answer.weeks;
    let span = span(weeks.first().map(|week| week.from), weeks.last().map(|week| week.until));
    let what = subject(app, &question);
    let about = About {
        title: format!("{what}: where it is free"),
        subtitle: format!("{what}{span}"),
        ..about(app, unit, told.as_of, &app.licence, (address, &left_out(&told.answer.left_out)))
    };
    Ok(charts::map(&CapacityMap { about, places, without }))
}

/// What everybody is told of some products, by week.
///
/// # Errors
/// `several_units` where they are counted in different ones.
pub fn public_weeks(app: &App, figures: &PublicFigures, cells: &[&PublicCell], address: &str) -> AppResult<String> {
    let unit = public_unit(app, cells)?;
    let mut weeks: BTreeMap<Day, [i128; 7]> = BTreeMap::new();
    for cell in cells {
        let sums = weeks.entry(cell.week).or_default();
        sums.iter_mut().zip(cell.figures).for_each(|(sum, figure)| *sum += figure);
    }
    let columns = weeks.iter().map(|(monday, sums)| column(*monday, public(sums), None)).collect();
    let about = public_about(app, (figures, cells), unit, address);
    Ok(charts::weeks_chart(&WeeksChart { about, weeks: columns }))
}

/// What everybody is told of some products, on the map.
///
/// # Errors
/// As [`public_weeks`].
pub fn public_map(app: &App, figures: &PublicFigures, cells: &[&PublicCell], address: &str) -> AppResult<String> {
    let unit = public_unit(app, cells)?;
    let mut regions: BTreeMap<&RegionCode, i128> = BTreeMap::new();
    for cell in cells {
        if let Some(region) = &cell.region {
            *regions.entry(region).or_default() += public(&cell.figures).free;
        }
    }
    let places = regions.iter().filter_map(|(code, free)| place(app, code, *free, None)).collect();
    let about = public_about(app, (figures, cells), unit, address);
    Ok(charts::map(&CapacityMap { about, places, without: Vec::new() }))
}

fn public(figures: &[i128; 7]) -> Figures {
    let [running, maximum, convertible, held, agreed, free, free_maximum] = *figures;
    Figures { running, maximum, convertible, held, agreed, free, free_maximum }
}

fn public_unit(app: &App, cells: &[&PublicCell]) -> AppResult<BaseUnit> {
    let tables = app.tables();
    let mut units = cells.iter().map(|cell| app::public_figures::unit(&tables.catalogue, cell));
    let first = units.next().unwrap_or(BaseUnit::Piece);
    if units.all(|unit| unit == first) { Ok(first) } else { Err(several_units()) }
}

fn public_about(app: &App, (figures, cells): (&PublicFigures, &[&PublicCell]), unit: BaseUnit, address: &str) -> About {
    let tables = app.tables();
    let products: std::collections::BTreeSet<&ProductCode> = cells.iter().map(|cell| &cell.product).collect();
    let names = products.iter().filter_map(|code| Some(tables.catalogue.product(code.as_str())?.names[0].clone()));
    let what = match products.len() {
        0 => "these products".to_owned(),
        1..=3 => names.collect::<Vec<_>>().join(", "),
        many => format!("{many} products"),
    };
    let (first, last) = (cells.iter().map(|c| c.week).min(), cells.iter().map(|c| c.week.plus(6)).max());
    let free: i128 = cells.iter().map(|cell| public(&cell.figures).free).sum();
    About {
        title: format!("{what}: {} {} free", charts::grouped(free), unit.plural()),
        subtitle: format!("{what}{}", span(first, last)),
        ..about(app, unit, figures.reckoned_at, &app.public_licence, (address, &["small_totals"]))
    }
}

/// The total of an answer, where it is in one unit.
fn one_unit(told: &CapacityTold) -> AppResult<(BaseUnit, Option<&Row>)> {
    match told.answer.totals.as_slice() {
        [] => Ok((BaseUnit::Piece, None)),
        [one] => Ok((one.unit, Some(one))),
        [..] => Err(several_units()),
    }
}

fn several_units() -> AppError {
    let detail = "these products are counted in different units, which no picture adds; name one product or family";
    Violations::one("/product", "several_units", detail).into()
}

/// What is needed by a question that asks for nothing but what needs have as well; `None` by any other.
async fn needs_of(
    app: &App,
    caller: &Caller,
    question: &CapacityQuestion,
    level: u8,
) -> AppResult<Option<ShortageAnswer>> {
    let CapacityQuestion { products, regions, from, until, group_by, .. } = question.clone();
    let (asked_as, others) = (products.clone(), regions.clone());
    let plain = CapacityQuestion { products, regions, from, until, group_by, ..CapacityQuestion::default() };
    if *question != plain {
        return Ok(None);
    }
    let asked = BoardQuestion { products: asked_as, regions: others, level, from, until, ..BoardQuestion::default() };
    match board::tell(app, caller, &asked).await {
        Ok(told) => Ok(Some(told.answer)),
        // Words that mean a grade, and regions that are too fine, have no needs.
        Err(AppError::Invalid(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// What is due in a week.
fn due_in(board: &ShortageAnswer, at: usize) -> i128 {
    board.rows.iter().filter_map(|row| row.weeks.get(at)).flat_map(|week| week.need).sum()
}

fn column(from: Day, figures: Figures, need: Option<i128>) -> WeekColumn {
    let Figures { convertible, held, agreed, free, free_maximum, .. } = figures;
    WeekColumn { from, agreed, held, free, stretch: (free_maximum - free).max(0), convertible, need }
}

fn place(app: &App, code: &RegionCode, figure: i128, need: Option<&i128>) -> Option<MapPlace> {
    let tables = app.tables();
    let region = tables.regions.get(code)?;
    let (code, name) = (code.to_string(), region.name.clone());
    Some(MapPlace { code, name, at: region.point?, figure, need: need.copied() })
}

/// Members of the Union from which nothing is offered; none where the question is about some regions.
fn countries_without(app: &App, question: &CapacityQuestion, free: &BTreeMap<RegionCode, i128>) -> Vec<MapCountry> {
    if !question.regions.is_empty() {
        return Vec::new();
    }
    let (tables, today) = (app.tables(), app.today());
    let has = |code: &RegionCode| {
        free.keys().any(|region| tables.regions.at_level(region, 0).is_some_and(|country| country.code == *code))
    };
    let members = tables.regions.countries().iter().filter(|country| country.in_eu(today) && !has(&country.region));
    members.map(|country| MapCountry { code: country.code.to_string(), name: country.name.clone() }).collect()
}

/// What a question is about, for people.
fn subject(app: &App, question: &CapacityQuestion) -> String {
    let tables = app.tables();
    let product = |typed: &String| {
        let found = tables.catalogue.product(typed.trim());
        found.map_or_else(|| typed.trim().to_owned(), |product| product.names[0].clone())
    };
    let products = match question.products.as_slice() {
        [] => "all products".to_owned(),
        some => some.iter().map(product).collect::<Vec<_>>().join(", "),
    };
    let grades = if question.grades.is_empty() { String::new() } else { format!(" {}", question.grades.join(", ")) };
    let regions = match question.regions.as_slice() {
        [] => String::new(),
        some => format!(" in {}", some.join(", ")),
    };
    let certified = if question.certified { ", certified" } else { "" };
    format!("{products}{grades}{certified}{regions}")
}

/// Days as people write them, as they follow what a picture is about.
fn span(from: Option<Day>, until: Option<Day>) -> String {
    from.zip(until).map_or_else(String::new, |(from, until)| format!(", {} to {}", written(from), written(until)))
}

/// `6 Apr 2020`.
fn written(day: Day) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = day.to_string();
    let mut parts = text.splitn(3, '-');
    let (year, month, date) = (parts.next(), parts.next(), parts.next());
    let month = month.and_then(|month| month.parse::<usize>().ok()).and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (year, month, date.and_then(|date| date.parse::<u8>().ok())) {
        (Some(year), Some(month), Some(date)) => format!("{date} {month} {year}"),
        (_, _, _) => text.clone(),
    }
}

fn about(
    app: &App,
    unit: BaseUnit,
    as_of: Instant,
    licence: &str,
    (address, left_out): (&str, &[&'static str]),
) -> About {
    let time: String = as_of.to_string().split('T').nth(1).unwrap_or_default().chars().take(5).collect();
    About {
        title: String::new(),
        subtitle: String::new(),
        unit: unit.plural().to_owned(),
        as_of: format!("{}, {time} UTC", written(as_of.day())),
        source: format!("Muster, {}{}; {licence}", app.public_url, address.split('?').next().unwrap_or_default()),
        note: left_out.first().map(|why| explained(why).to_owned()),
    }
}
