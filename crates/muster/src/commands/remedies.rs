//! `muster remedies`: which single changes would cover most of what is short.

use std::sync::Arc;

use anyhow::Result;
use api::explanations::RemediesView;
use app::{
    access::Caller,
    explanations::{self, RemediesTold, RemedyQuestion},
};
use exchange::safe_csv::Cell;

use super::{capacity::days, matching::wrong_parameters};
use crate::{
    Ended,
    cli::{Format, Remedies},
    clock::DayClock,
    config::Settings,
    output::{self, grouped},
    service::{Catalogue, Service, app_fault},
};

/// What would help most.
pub(super) async fn run(settings: &Settings, flags: Remedies, format: Format) -> Result<Ended> {
    let parameters = flags.parameters.input().check().map_err(wrong_parameters)?;
    let mut app = Service::open(settings, Catalogue::Ensure).await?.app;
    if let Some(day) = flags.day {
        app.clock = Arc::new(DayClock { day, inner: Arc::clone(&app.clock) });
    }
    let (from, until) = days(&app, flags.weeks.as_deref())?;
    let Remedies { product, regions, solves, .. } = flags;
    let asked = RemedyQuestion { product, regions, from, until, solves };
    let bar = output::progress("solving");
    let shown = bar.clone();
    let solved = move |done: u32, of: u32| {
        shown.set_length(of.into());
        shown.set_position(done.into());
    };
    let told = explanations::remedies_now(&app, &Caller::command_line(), parameters, &asked, solved).await;
    bar.finish_and_clear();
    let told = told.map_err(app_fault)?;
    match format {
        Format::Json => output::print_json(&RemediesView::of(&told, &app.tables().catalogue))?,
        Format::Csv => csv(&told)?,
        Format::Table => {
            let tables = app.tables();
            let product = tables.catalogue.product(told.scope.product.as_str());
            table(&told, product.map_or("units", |product| product.base_unit.plural()))?;
        }
    }
    Ok(Ended::Done)
}

fn csv(told: &RemediesTold) -> Result<()> {
    let header = ["units", "others_gained", "others_lost", "opens", "kind", "what", "who", "offer", "region"];
    let rows = told.remedies.tried.iter().map(|tried| {
        let covered = &tried.covered;
        let numbers = [covered.units, covered.others_gained, covered.others_lost, i64::from(tried.opens)];
        let mut cells: Vec<Cell> = numbers.map(Cell::number).into();
        let words = [tried.remedy.kind().to_owned(), tried.remedy.words(), tried.remedy.actor().to_owned()];
        cells.extend(words.iter().map(Cell::text));
        let offer = tried.remedy.offer().map(|offer| offer.to_string());
        let region = tried.region.as_ref().map(ToString::to_string);
        cells.extend([offer, region].map(|text| text.map_or(Cell::Blank, Cell::text)));
        cells
    });
    output::print_csv(&header, rows)
}

fn table(told: &RemediesTold, units: &str) -> Result<()> {
    let (found, scope) = (&told.remedies, &told.scope);
    let line = |tried: &explanations::TriedRemedy| {
        let offer = tried.remedy.offer().map_or_else(String::new, |offer| offer.to_string());
        let region = tried.region.as_ref().map_or_else(String::new, ToString::to_string);
        let covered = &tried.covered;
        let others = covered.others_gained - covered.others_lost;
        vec![
            grouped(covered.units.into()),
            grouped(others.into()),
            tried.remedy.words(),
            tried.remedy.actor().to_owned(),
            region,
            offer,
        ]
    };
    let asked = format!(
        "{} {units} of {} are asked for from {} to {} by {} {}, and {} stay uncovered.",
        grouped(found.asked.into()),
        scope.product,
        scope.from,
        scope.until,
        found.needs,
        if found.needs == 1 { "need" } else { "needs" },
        grouped(found.uncovered.into())
    );
    output::print(&asked)?;
    if !found.tried.is_empty() {
        let header = ["more", "others", "if somebody would", "who", "region", "offer"];
        output::print(&format!("\n{}", output::table(&header, &[0, 1], found.tried.iter().map(line))))?;
    } else if found.uncovered > 0 {
        output::print("Nothing was found that would let any offer in.")?;
    }
    let budget = found.left_out.iter().filter(|left| left.at_best > 0).count();
    if budget > 0 {
        output::complain(&format!("{budget} more could help and were not solved; ask for more with --solves"));
    }
    Ok(())
}
