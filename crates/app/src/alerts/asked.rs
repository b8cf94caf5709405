//! What an alert's question answers, and which rows of the answer meet its threshold.

use domain::{
    alert::{Alert, Bound, Figure, Found, Hue, Met, Over, Threshold},
    catalogue::Catalogue,
    ids::OrganisationId,
    person::Role,
    time::Day,
    unit::BaseUnit,
};
use index::LeftOut;

use super::{Question, Reading};
use crate::{
    App,
    access::{Caller, Credential},
    board::{self, BoardTold, Colour, ShortageRow, ShortageWeek},
    capacity::{self, CapacityTold, Counting, Figures, Row, products_of},
    error::{AppError, AppResult},
    policy::Actor,
};

/// An answer.
#[derive(Debug)]
pub(super) enum Answer {
    Capacity(Box<CapacityTold>, Vec<String>),
    Shortages(Box<BoardTold>),
}

impl Answer {
    /// The last event that is in it.
    fn event(&self) -> i64 {
        match self {
            Self::Capacity(told, _) => told.answer.as_of_event,
            Self::Shortages(told) => told.answer.as_of_event,
        }
    }
}

/// Whoever looks for the owner of an alert: exactly what its members read, and nothing that anybody lets others see for it.
pub(super) fn looker(owner: Option<OrganisationId>) -> Caller {
    let actor = owner.map_or(Actor::Operator, Actor::Organisation);
    Caller { actor, credential: Credential::CommandLine, person: None, scopes: Role::Member.scopes(), behalf: None }
}

/// Asks a question over so many weeks, as its route does.
///
/// # Errors
/// `Invalid` with every fault, each at the parameter's name.
pub(super) async fn ask(app: &App, looker: &Caller, question: Question, weeks: u8) -> AppResult<Answer> {
    let until = Some(app.today().monday().plus(7 * i32::from(weeks) - 1));
    Ok(match question {
        Question::Capacity(question) => {
            let question = capacity::CapacityQuestion { from: None, until, ..question };
            let told = capacity::tell(app, looker, &question, Counting::Left).await?;
            Answer::Capacity(Box::new(told), question.products)
        }
        Question::Shortages(question) => {
            let question = board::BoardQuestion { from: None, until, ..question };
            Answer::Shortages(Box::new(board::tell(app, looker, &question).await?))
        }
    })
}

/// What a look at an alert finds, and the last event that is in it.
///
/// # Errors
/// Those of the database. A question that cannot be answered any more is something found.
pub(super) async fn found(app: &App, alert: &Alert, before: i64, reading: Reading) -> AppResult<(Found, i64)> {
    let asked = match reading(alert.terms.of, &alert.terms.question) {
        Ok(question) => ask(app, &looker(alert.organisation), question, alert.terms.weeks).await,
        Err(faults) => Err(AppError::Invalid(faults)),
    };
    let answer = match asked {
        Ok(answer) => answer,
        Err(AppError::Invalid(faults)) => return Ok((Found::Fault(faults.to_string()), before)),
        Err(error) => return Err(error),
    };
    let event = answer.event();
    let met = match (answer, alert.terms.threshold) {
        (Answer::Capacity(told, products), Threshold::Figure { figure, bound, over }) => {
            let tables = app.tables();
            of_capacity(&told, (figure, bound, over), (&tables.catalogue, &products))
        }
        (Answer::Shortages(told), Threshold::Figure { figure: _, bound, over: _ }) => {
            of_board(&told, |week| bound.holds(week.gap))
        }
        (Answer::Shortages(told), Threshold::Colour(hue)) => of_board(&told, |week| is_so(week.colour, hue)),
        (Answer::Capacity(..), Threshold::Colour(_)) => Vec::new(),
    };
    Ok((if met.is_empty() { Found::Unmet } else { Found::Met(met) }, event))
}

fn is_so(colour: Colour, least: Hue) -> bool {
    match colour {
        Colour::Quiet | Colour::Green => false,
        Colour::Orange => least == Hue::Orange,
        Colour::Red => true,
    }
}

fn of_board(told: &BoardTold, meets: impl Fn(&ShortageWeek) -> bool) -> Vec<Met> {
    let weeks = &told.answer.weeks;
    let of_row = |row: &ShortageRow| {
        let ShortageRow { product, region, unit, weeks: figures, .. } = row;
        let met = weeks.iter().zip(figures).filter(|(_, week)| meets(week)).map(|(span, week)| Met {
            product: Some(product.clone()),
            region: region.clone(),
            from: span.from,
            until: span.until,
            figure: week.gap,
            unit: *unit,
        });
        met.collect::<Vec<_>>()
    };
    told.answer.rows.iter().flat_map(of_row).collect()
}

fn of_capacity(
    told: &CapacityTold,
    (figure, bound, over): (Figure, Bound, Over),
    (catalogue, products): (&Catalogue, &[String]),
) -> Vec<Met> {
    let answer = &told.answer;
    let first = answer.weeks.first().map_or(answer.on, |week| week.from);
    let last = answer.weeks.last().map_or(answer.on, |week| week.until);
    let rows = match over {
        Over::Rows => &answer.rows,
        Over::Total => &answer.totals,
    };
    if rows.is_empty() && nothing_is_hidden(told) && bound.holds(0) {
        return vec![nothing(catalogue, products, (first, last))];
    }
    let of_row = |row: &Row| {
        let weeks = row.figures.len() == answer.weeks.len() && row.figures.len() > 1;
        let spans: Vec<(Day, Day)> = match weeks {
            true => answer.weeks.iter().map(|week| (week.from, week.until)).collect(),
            false => vec![(first, last)],
        };
        let met = spans.into_iter().zip(&row.figures).filter_map(|((from, until), figures)| {
            let figure = of(figures, figure);
            let (product, region) = (row.product.clone(), row.region.clone());
            bound.holds(figure).then_some(Met { product, region, from, until, figure, unit: row.unit })
        });
        met.collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}

/// Whether an answer without rows says that there is nothing: where it cannot hold totals of others, which come and go by
/// what may be told.
fn nothing_is_hidden(told: &CapacityTold) -> bool {
    let without_totals = [LeftOut::Filter, LeftOut::Grouping];
    let left_out = &told.answer.left_out;
    left_out.is_empty() || without_totals.iter().any(|why| left_out.contains(why))
}

/// The row of nothing, in the unit of what was asked for.
fn nothing(catalogue: &Catalogue, products: &[String], (from, until): (Day, Day)) -> Met {
    let named = products.iter().filter_map(|typed| products_of(catalogue, typed).ok());
    let codes: Vec<_> = named.flat_map(|(codes, _)| codes).collect();
    let unit = codes.first().and_then(|code| catalogue.product(code.as_str())).map(|product| product.base_unit);
    let product = if let [one] = codes.as_slice() { Some(one.clone()) } else { None };
    Met { product, region: None, from, until, figure: 0, unit: unit.unwrap_or(BaseUnit::Piece) }
}

fn of(figures: &Figures, figure: Figure) -> i128 {
    match figure {
        Figure::Running => figures.running,
        Figure::Maximum => figures.maximum,
        Figure::Convertible => figures.convertible,
        Figure::Held => figures.held,
        Figure::Agreed => figures.agreed,
        Figure::Free => figures.free,
        Figure::FreeMaximum => figures.free_maximum,
        // Of the board alone; no alert of the capacity map has it.
        Figure::Gap => 0,
    }
}
