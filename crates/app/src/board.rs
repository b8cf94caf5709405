//! The shortage board: what is asked for, what covers it, what could, and what stays uncovered, by product, region and
//! week, as far as the caller may see it.

use std::collections::BTreeSet;

use domain::{
    code::{ProductCode, RegionCode},
    time::{Day, Instant},
    violation::Violations,
};
use index::{CauseQuery, ShortageQuery, Weeks};

pub use index::{BoardRule, Cause, Causes, Colour, FreeRegion, HeldBack, ShortageAnswer, ShortageRow, ShortageWeek};

use crate::{
    App, Tables,
    access::Caller,
    capacity::{Reader, event, products_of, reader, regions_of, span},
    error::{AppError, AppResult},
    kept,
};

/// The most rows of an answer, each as often as it has weeks.
const MOST: usize = 100_000;

/// What is asked, as typed.
#[derive(Debug, Clone, Default)]
pub struct BoardQuestion {
    /// Products, each by its code, its family, a public code or a name; all where empty.
    pub products: Vec<String>,
    /// Regions by code or name, with all that lies in them.
    pub regions: Vec<String>,
    /// The level of the board's regions, 0 to 2.
    pub level: u8,
    /// The first day; today where absent.
    pub from: Option<Day>,
    /// The last day; the Sunday of the twelfth week where absent.
    pub until: Option<Day>,
    /// How it is coloured.
    pub rule: BoardRule,
}

/// What is short.
#[derive(Debug, Clone)]
pub struct BoardTold {
    /// The figures.
    pub answer: ShortageAnswer,
    /// How it was coloured.
    pub rule: BoardRule,
    /// When it was asked.
    pub as_of: Instant,
    /// The number of the last event in it, for the operator.
    pub event: Option<i64>,
}

/// Why a product is short in a region.
#[derive(Debug, Clone)]
pub struct CauseTold {
    /// The product.
    pub product: ProductCode,
    /// The region.
    pub region: RegionCode,
    /// The last day of the period that it is about.
    pub until: Day,
    /// What is missing by then.
    pub gap: i128,
    /// Why, and where some is.
    pub causes: Causes,
}

/// How many products in regions are told the causes of.
const MOST_CAUSES: usize = 20;

/// Why products are short in regions: of each that is red in some week, as it stands by the last such week; the largest gaps
/// first, at most twenty. Figures of different units are not compared: the share that is missing is.
///
/// # Errors
/// Those of the database.
pub async fn causes(app: &App, reader: &Reader, told: &BoardTold) -> AppResult<Vec<CauseTold>> {
    let mut red: Vec<(&ShortageRow, &ShortageWeek, i128, usize)> = Vec::new();
    for row in told.answer.rows.iter().filter(|row| row.region.is_some()) {
        let mut due = 0;
        let weeks = row.weeks.iter().enumerate().map(|(at, week)| {
            due += week.need.iter().sum::<i128>();
            (at, week, due)
        });
        if let Some((at, week, due)) = weeks.filter(|(_, week, _)| week.colour == Colour::Red).last() {
            red.push((row, week, due, at));
        }
    }
    // a / b > c / d, without fractions.
    red.sort_by(|(a, one, due, _), (b, other, than, _)| {
        (other.gap * *due, &a.product, &a.region).cmp(&(one.gap * *than, &b.product, &b.region))
    });
    let on = told.answer.on;
    let asked: Vec<(CauseQuery, i128)> = (red.into_iter().take(MOST_CAUSES))
        .filter_map(|(row, week, _, at)| {
            let until = told.answer.weeks.get(at)?.until;
            let from = told.answer.weeks.first()?.from;
            let weeks = Weeks::new(on, from, until).ok()?;
            Some((CauseQuery { product: row.product.clone(), region: row.region.clone()?, weeks }, week.gap))
        })
        .collect();
    let reader = reader.clone();
    kept::ask(app, move |index| {
        let told = |(query, gap): (CauseQuery, i128)| {
            let causes = index.causes(&query, &reader)?;
            let until = query.weeks.buckets().last()?.until;
            Some(CauseTold { product: query.product, region: query.region, until, gap, causes })
        };
        asked.into_iter().filter_map(told).collect()
    })
    .await
}

/// What is short, of all that the caller sees.
///
/// # Errors
/// `Invalid` with every fault, each at the parameter's name.
pub async fn tell(app: &App, caller: &Caller, question: &BoardQuestion) -> AppResult<BoardTold> {
    tell_to(app, &reader(app, caller).await?, question).await
}

/// The same, to a reader who is known.
///
/// # Errors
/// As [`tell`].
pub async fn tell_to(app: &App, reader: &Reader, question: &BoardQuestion) -> AppResult<BoardTold> {
    let (tables, as_of) = (app.tables(), app.clock.now());
    let query = resolved(&tables, as_of.day(), question)?;
    let eyes = reader.clone();
    let answer = kept::ask(app, move |index| index.shortages(&query, &eyes)).await?;
    if answer.rows.len() * answer.weeks.len() > MOST {
        let detail = "there would be more rows than an answer holds; ask for fewer weeks, products or regions";
        return Err(Violations::one("/product", "too_many_rows", detail).into());
    }
    let event = event(reader, answer.as_of_event);
    Ok(BoardTold { answer, rule: question.rule, as_of, event })
}

fn resolved(tables: &Tables, today: Day, question: &BoardQuestion) -> AppResult<ShortageQuery> {
    let mut faults = Violations::new();
    let (from, until) = span(today, question.from, question.until);
    let weeks = faults.keep(Weeks::new(today, from, until));
    let (mut products, mut regions) = (BTreeSet::new(), BTreeSet::new());
    for typed in &question.products {
        match faults.keep(products_of(&tables.catalogue, typed)) {
            Some((_, Some(grade))) => {
                let detail = format!("{typed:?} means the grade {grade}, and the board has none; write the product");
                faults.push("/product", "does_not_apply", detail);
            }
            found => products.extend(found.into_iter().flat_map(|(products, _)| products)),
        }
    }
    for typed in &question.regions {
        let found = faults.keep(regions_of(&tables.regions, typed)).unwrap_or_default();
        if found.iter().any(|code| tables.regions.get(code).is_some_and(|region| region.level > 2)) {
            let detail = format!("{typed:?} is finer than the board, which tells NUTS 2; write the region around it");
            faults.push("/region", "does_not_apply", detail);
        }
        regions.extend(found);
    }
    if question.level > 2 {
        let detail = format!("{} is no level of the board; write 0 for countries, 1 or 2", question.level);
        faults.push("/level", "out_of_range", detail);
    }
    let BoardRule { red_below, orange_below } = question.rule;
    for (at, (part, whole)) in [("/red_below", red_below), ("/orange_below", orange_below)] {
        if part > whole {
            faults.push(at, "out_of_range", "is above 100 percent; write 0 to 100");
        }
    }
    if i64::from(red_below.0) * i64::from(orange_below.1) > i64::from(orange_below.0) * i64::from(red_below.1) {
        faults.push("/red_below", "out_of_range", "is above orange_below; red is worse than orange");
    }
    faults.into_result()?;
    Ok(ShortageQuery {
        weeks: weeks.ok_or_else(|| AppError::internal("no faults, no weeks"))?,
        products: Some(products).filter(|list| !list.is_empty()),
        regions: Some(regions).filter(|list| !list.is_empty()),
        level: question.level,
        rule: question.rule,
    })
}
