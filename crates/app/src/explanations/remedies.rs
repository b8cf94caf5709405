//! What would help most with what is short of a product, in a region and a period, as far as the reader may know.

use domain::{
    code::{ProductCode, RegionCode},
    ids::RunId,
    parameters::Parameters,
    time::Day,
    violation::Violations,
};
use matching::{Remedies, Scope};

use super::{Work, audience, done, seen};
use crate::{
    App, Tables,
    access::Caller,
    capacity,
    error::{AppError, AppResult},
};

/// What is asked, as typed.
#[derive(Debug, Clone, Default)]
pub struct RemedyQuestion {
    /// A product by its code or name; a grade's name will do where it means one product.
    pub product: String,
    /// Regions by code or name, with all that lies in them; everywhere where empty.
    pub regions: Vec<String>,
    /// The first day; that of the run where absent.
    pub from: Option<Day>,
    /// The last day; the Sunday of the twelfth week where absent.
    pub until: Option<Day>,
    /// How many changes may be solved.
    pub solves: u32,
}

/// What is told, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemediesTold {
    /// What was asked, understood.
    pub scope: Scope,
    /// What would help.
    pub remedies: Remedies,
}

/// What would help most with what a run leaves uncovered. The operator reads everything; an organisation is told of its own
/// needs and of the offers that it may be matched with, before competition.
///
/// # Errors
/// `Invalid` at `/product`, `/region` and `/until`; `NotFound` when there is no such run; `Conflict` when it is not done, or
/// what it saw is no longer kept; `Overloaded`.
pub async fn remedies(app: &App, caller: &Caller, run: RunId, asked: &RemedyQuestion) -> AppResult<RemediesTold> {
    let audience = audience(caller.actor)?;
    let run_seen = done(app, caller, run).await?;
    let seat = app.explaining.seat()?;
    let (seen, parameters) = seen(app, run_seen).await?;
    let scope = scope(&seen.tables, seen.market.day, asked)?;
    let (work, solves, of) = (Work::of(seen, parameters, seat), asked.solves, scope.clone());
    let told = work
        .run(move |rules, control| matching::remedies(rules, &of, (audience, solves), control, |_, _| {}).map(Some));
    let remedies = told.await?;
    Ok(RemediesTold { scope, remedies })
}

/// What would help most with what a run now would leave uncovered, of the whole market. `solved` hears of each change that
/// is solved, and of how many there will be.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` as for [`remedies`].
pub async fn remedies_now(
    app: &App,
    caller: &Caller,
    parameters: Parameters,
    asked: &RemedyQuestion,
    solved: impl Fn(u32, u32) + Send + 'static,
) -> AppResult<RemediesTold> {
    let scope = scope(&app.tables(), app.today(), asked)?;
    let (work, solves, of) = (Work::now(app, caller, parameters).await?, asked.solves, scope.clone());
    let audience = matching::Audience::Operator;
    let told =
        work.run(move |rules, control| matching::remedies(rules, &of, (audience, solves), control, solved).map(Some));
    let remedies = told.await?;
    Ok(RemediesTold { scope, remedies })
}

fn scope(tables: &Tables, day: Day, asked: &RemedyQuestion) -> AppResult<Scope> {
    let mut faults = Violations::new();
    let product = faults.keep(one_product(tables, &asked.product));
    let regions = asked.regions.iter().filter_map(|typed| faults.keep(capacity::regions_of(&tables.regions, typed)));
    let regions: Vec<RegionCode> = regions.flatten().collect();
    let (from, until) = capacity::span(day, asked.from, asked.until);
    if until < from {
        faults.push("/until", "before_start", format!("the period ends on {until}, before it starts on {from}"));
    }
    faults.into_result()?;
    let product = product.ok_or_else(|| AppError::internal("no faults, no product"))?;
    Ok(Scope { product, regions, from, until })
}

/// The one product that a text names.
fn one_product(tables: &Tables, typed: &str) -> Result<ProductCode, Violations> {
    let (products, _) = capacity::products_of(&tables.catalogue, typed)?;
    let mut found = products.iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.clone()),
        _ => {
            let some: Vec<&str> = products.iter().take(5).map(ProductCode::as_str).collect();
            let detail = format!("{typed:?} names several products; write one of them, such as {}", some.join(", "));
            Err(Violations::one("/product", "ambiguous_product", detail))
        }
    }
}
