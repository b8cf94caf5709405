//! `muster hidden` and `muster could-make`: who could convert to what, and what a site could make.

use anyhow::{Result, anyhow};
use api::{CouldMakeView, hidden_rows};
use app::{
    access::Caller,
    hidden_capacity::{self, HiddenQuestion},
};
use domain::conversion::Prospect;
use exchange::safe_csv::Cell;

use super::capacity::{address, give};
use crate::{
    Ended,
    cli::{CouldMake, Format, Hidden},
    config::Settings,
    output,
    service::{Catalogue, Service, app_fault},
};

/// Who could convert.
pub(super) async fn hidden(settings: &Settings, flags: Hidden, format: Format) -> Result<Ended> {
    let app = Service::open(settings, Catalogue::Ensure).await?.app;
    let Hidden { products, regions, days, limit, file } = flags;
    let address = address("/api/v1/hidden-capacity", &products);
    let asked = HiddenQuestion { products, regions, days, limit, grades: Vec::new() };
    let tables = app.tables();
    let told = hidden_capacity::tell(&app, &tables, &Caller::command_line(), &asked).await.map_err(app_fault)?;
    let rows = hidden_rows(&told);
    if told.all_rows > rows.len() {
        output::complain(&format!("{} of {} rows are told; write --limit for more", rows.len(), told.all_rows));
    }
    let columns = [
        "product",
        "organisation_name",
        "region",
        "days_min",
        "days_max",
        "basis",
        "capability",
        "missing_machines",
        "missing_inputs",
        "cites",
    ];
    give(&app, (file.as_deref(), format), (told.as_of, &address), &rows, &columns)
}

/// What a site could make.
pub(super) async fn could_make(settings: &Settings, flags: &CouldMake, format: Format) -> Result<Ended> {
    let app = Service::open(settings, Catalogue::Ensure).await?.app;
    let tables = app.tables();
    let (actor, asked) = (Caller::command_line().actor, (flags.site, flags.products.as_slice()));
    let found = hidden_capacity::of_site(&app, &tables, actor, asked).await.map_err(app_fault)?;
    if found.able.stated_at.is_none() {
        return Err(anyhow!(
            "nobody has said what the site can do; PUT /api/v1/sites/{}/abilities says it",
            flags.site
        ));
    }
    let header = ["product", "days", "basis", "by", "missing steps", "missing machines", "missing inputs", "source"];
    let lines = || found.prospects.iter().filter_map(line);
    match format {
        Format::Json => output::print_json(&CouldMakeView::of(&found))?,
        Format::Csv => {
            output::print_csv(&header, lines().map(|line| line.into_iter().map(Cell::text).collect()))?;
        }
        Format::Table => output::print(&output::table(&header, &[], lines()))?,
    }
    Ok(Ended::Done)
}

fn line(prospect: &Prospect<'_>) -> Option<Vec<String>> {
    let best = prospect.best()?;
    let days = best.days.map_or_else(|| "unknown".to_owned(), |(least, most)| format!("{least}-{most}"));
    let names =
        |parts: Vec<&domain::conversion::Part<'_>>| parts.iter().map(|part| part.name).collect::<Vec<_>>().join(", ");
    let steps: Vec<String> = prospect.missing_steps().map(|at| at.step.step.to_string()).collect();
    Some(vec![
        prospect.product.code.to_string(),
        days,
        best.basis.as_str().to_owned(),
        best.fit.as_str().to_owned(),
        steps.join(", "),
        names(prospect.missing_machines()),
        names(prospect.missing_inputs()),
        best.source(),
    ])
}
