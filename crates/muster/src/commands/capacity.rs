//! `muster capacity`, `muster shortages` and `muster map`: what there is and what is short, of all that stands in the
//! database.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use api::{
    capacity_rows,
    export::{self, Format as File, Tabled},
    pictures, shortage_rows,
};
use app::{
    App,
    access::Caller,
    board::{self, BoardQuestion},
    capacity::{self as tell, CapacityQuestion, Counting, Group},
};
use domain::time::{Day, Instant};
use exchange::safe_csv::Cell;
use serde_json::Value;

use crate::{
    Ended,
    cli::{Asked, Capacity, Counted, Format, Map, Shortages},
    config::Settings,
    output::{self, grouped},
    service::{Catalogue, Service, app_fault},
};

/// How much there is.
pub(super) async fn capacity(settings: &Settings, flags: Capacity, format: Format) -> Result<Ended> {
    let app = Service::open(settings, Catalogue::Ensure).await?.app;
    let group_by = flags.by.iter().map(|part| group(part)).collect::<Result<_>>()?;
    let file = flags.asked.file.clone();
    let asked = CapacityQuestion { group_by, ..question(&app, flags.asked, flags.counted)? };
    let (caller, address) = (Caller::command_line(), address("/api/v1/capacity", &asked.products));
    if is_picture(file.as_deref()) {
        let drawn = pictures::weeks(&app, &caller, asked, &address).await.map_err(app_fault)?;
        return write(file.as_deref(), drawn.as_bytes());
    }
    let told = tell::tell(&app, &caller, &asked, Counting::Left).await.map_err(app_fault)?;
    let (as_of, rows) = (told.as_of, capacity_rows(told, &asked.group_by));
    let columns =
        ["product", "grades", "region", "role", "from", "until", "running", "maximum", "agreed", "free", "unit"];
    give(&app, (file.as_deref(), format), (as_of, &address), &rows, &columns)
}

/// What is short.
pub(super) async fn shortages(settings: &Settings, flags: Shortages, format: Format) -> Result<Ended> {
    let app = Service::open(settings, Catalogue::Ensure).await?.app;
    let (from, until) = days(&app, flags.asked.weeks.as_deref())?;
    let Asked { products, regions, file, .. } = flags.asked;
    let asked = BoardQuestion { products, regions, level: flags.level, from, until, ..BoardQuestion::default() };
    let address = address("/api/v1/shortages", &asked.products);
    let told = board::tell(&app, &Caller::command_line(), &asked).await.map_err(app_fault)?;
    if is_picture(file.as_deref()) {
        return write(file.as_deref(), pictures::coverage(&app, &told, &address).as_bytes());
    }
    let rows = shortage_rows(&told.answer);
    let columns = ["product", "region", "from", "need_critical", "open", "free", "gap", "colour"];
    give(&app, (file.as_deref(), format), (told.as_of, &address), &rows, &columns)
}

/// Where it is.
pub(super) async fn map(settings: &Settings, flags: Map) -> Result<Ended> {
    let app = Service::open(settings, Catalogue::Ensure).await?.app;
    let file = flags.asked.file.clone();
    if flags.level > 2 {
        bail!("{} is no level of the map; write --level 0 for countries, 1 or 2", flags.level);
    }
    if file.is_some() && !is_picture(file.as_deref()) {
        bail!("a map is a picture; write a file that ends in .svg");
    }
    let asked = question(&app, flags.asked, flags.counted)?;
    let address = address("/api/v1/map", &asked.products);
    let drawn = pictures::map(&app, &Caller::command_line(), (asked, flags.level), &address).await;
    write(file.as_deref(), drawn.map_err(app_fault)?.as_bytes())
}

/// What is asked for by flags.
fn question(app: &App, asked: Asked, counted: Counted) -> Result<CapacityQuestion> {
    let (from, until) = days(app, asked.weeks.as_deref())?;
    let Asked { products, regions, .. } = asked;
    let Counted { grades, substitutes, certified } = counted;
    let narrowed = CapacityQuestion { grades, substitutes, certified, ..CapacityQuestion::default() };
    Ok(CapacityQuestion { products, regions, from, until, ..narrowed })
}

/// The address that asks for the same, without what narrows it further.
pub(super) fn address(path: &str, products: &[String]) -> String {
    match products {
        [] => path.to_owned(),
        some => format!("{path}?product={}", some.join(",").replace(' ', "%20")),
    }
}

fn group(part: &str) -> Result<Group> {
    Ok(match part.trim() {
        "product" => Group::Product,
        "grade" => Group::Grade,
        "country" => Group::Region(0),
        "nuts1" => Group::Region(1),
        "nuts2" => Group::Region(2),
        "nuts3" => Group::Region(3),
        "cluster" => Group::Cluster,
        "role" => Group::Holder,
        "week" => Group::Week,
        other => bail!(
            "--by {other}: rows are told apart by product, grade, country, nuts1, nuts2, nuts3, cluster, role and week"
        ),
    })
}

/// First and last day of weeks: `16-22` of this year, `17`, or `2020-W50..2021-W02`.
pub(super) fn days(app: &App, typed: Option<&str>) -> Result<(Option<Day>, Option<Day>)> {
    let Some(typed) = typed else { return Ok((None, None)) };
    let remedy = || anyhow!("--weeks {typed}: write ISO weeks of this year such as 16-22, or 2020-W50..2021-W02");
    let this_year = app.today().monday().plus(3).to_string();
    let year = this_year.split('-').next().unwrap_or_default();
    let week = |text: &str| {
        let text = text.trim();
        let short = text.parse::<u8>().ok();
        let named = short.map_or_else(|| text.to_owned(), |number| format!("{year}-W{number:02}"));
        Day::parse_week(&named).map_err(|_| remedy())
    };
    let (first, last) = match typed.split_once("..") {
        Some(ends) => ends,
        None if typed.contains('W') => (typed, typed),
        None => typed.split_once('-').unwrap_or((typed, typed)),
    };
    let (from, until) = (week(first)?, week(last)?.plus(6));
    if until < from { Err(remedy()) } else { Ok((Some(from), Some(until))) }
}

fn is_picture(file: Option<&Path>) -> bool {
    file.and_then(Path::extension).is_some_and(|ending| ending.eq_ignore_ascii_case("svg"))
}

fn write(file: Option<&Path>, bytes: &[u8]) -> Result<Ended> {
    match file {
        Some(file) => {
            fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))?;
            output::complain(&format!("{} is written", file.display()));
        }
        None => output::print(&String::from_utf8_lossy(bytes))?,
    }
    Ok(Ended::Done)
}

/// Writes rows to a file as its end says, or tells them.
pub(super) fn give<R: Tabled>(
    app: &App,
    (file, format): (Option<&Path>, Format),
    (as_of, address): (Instant, &str),
    rows: &[R],
    columns: &[&str],
) -> Result<Ended> {
    if let Some(path) = file {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let form = File::from_extension(ending).ok_or_else(|| {
            anyhow!(
                "{}: the end of a file says its form; write .csv, .xlsx, .json, .ndjson, .geojson or .svg",
                path.display()
            )
        })?;
        let bytes = export::whole(app, (form, address), as_of, rows).map_err(|fault| anyhow!(fault))?;
        return write(file, &bytes);
    }
    let objects = rows.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>()?;
    match format {
        Format::Json => output::print_json(&objects)?,
        Format::Csv => {
            let header: Vec<&str> = R::COLUMNS.iter().map(|column| column.name).collect();
            output::print_csv(
                &header,
                objects.iter().map(|row| header.iter().map(|name| cell(&row[*name])).collect()),
            )?;
        }
        Format::Table => {
            // What says nothing anywhere needs no column.
            let told: Vec<&str> =
                columns.iter().copied().filter(|name| objects.iter().any(|row| !row[*name].is_null())).collect();
            let right: Vec<usize> =
                (0..told.len()).filter(|at| objects.iter().any(|row| row[told[*at]].is_number())).collect();
            let line = |row: &Value| told.iter().map(|name| words(&row[*name])).collect();
            output::print(&output::table(&told, &right, objects.iter().map(line)))?;
            output::complain(&format!("{} rows as of {as_of}", objects.len()));
        }
    }
    Ok(Ended::Done)
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Number(number) => Cell::Number(number.to_string()),
        Value::Null => Cell::Blank,
        other => Cell::text(words(other)),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), |n| grouped(n.into())),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Object(_) => value.to_string(),
    }
}
