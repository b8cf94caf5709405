//! The shortage board.

use app::{
    App,
    board::{self, BoardQuestion, BoardRule, BoardTold, Colour, ShortageAnswer, ShortageRow, ShortageWeek},
};
use axum::{Json, extract::State};
use domain::violation::Violations;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    capacity::{days, left_out, of_query},
    limits,
    problem::Problem,
    query::{Parameters, WordList},
    signed_in::SignedIn,
};

/// The routes of the shortage board.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoardParameters {
    /// Products, with commas between them: each a code, a family, a public code (CPV, HS, NACE, EMDN) or a name.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ffp")]
    product: WordList,
    /// Regions by code or name, with commas between them, each with all that lies in it.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "IT")]
    region: WordList,
    /// The level of the board's regions: 0 for countries (where absent), 1 or 2 for NUTS.
    #[serde(default)]
    #[param(value_type = Option<u8>, maximum = 2)]
    level: u8,
    /// The first day; today where absent, and never before it.
    #[param(value_type = Option<String>, format = Date, example = "2020-04-06")]
    #[validate(length(max = limits::WORD))]
    from: Option<String>,
    /// The last day; the Sunday of the twelfth week where absent.
    #[param(value_type = Option<String>, format = Date, example = "2020-06-28")]
    #[validate(length(max = limits::WORD))]
    until: Option<String>,
    /// A week is red while less than so many percent of all that is due by its end is covered or free; 50 where absent.
    #[param(maximum = 100)]
    red_below: Option<u32>,
    /// Else it is orange below so many percent; 100 where absent.
    #[param(maximum = 100)]
    orange_below: Option<u32>,
}

/// What is short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShortageBoard)]
struct BoardView {
    /// When it was asked; the figures are those of this moment.
    #[schema(format = DateTime)]
    as_of: String,
    /// The number of the last event of the change feed that is in it; null to all but the operator, since it counts what
    /// others did.
    event: Option<i64>,
    /// Percent of what is due below which a week is red.
    red_below: u32,
    /// Percent below which it is orange.
    orange_below: u32,
    /// A row for each product, region and week in which anything is due or free.
    rows: Vec<BoardRowView>,
    /// Whether free figures may be too high, as in the capacity map.
    free_is_upper_bound: bool,
    /// Why something may be missing, as in the capacity map.
    left_out: Vec<&'static str>,
}

/// A week of a product in a region, in base units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShortageBoardRow)]
pub(crate) struct BoardRowView {
    /// The product.
    product: String,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// The region; null where it is not known.
    region: Option<String>,
    /// The first of its days.
    #[schema(format = Date)]
    from: String,
    /// The last of its days.
    #[schema(format = Date)]
    until: String,
    /// Due in it, of tier 1: granted or proved. The first week holds what was due before.
    #[schema(value_type = i64)]
    need_critical: i128,
    /// Due in it, of tier 2.
    #[schema(value_type = i64)]
    need_high: i128,
    /// Due in it, of tier 3.
    #[schema(value_type = i64)]
    need_normal: i128,
    /// Due in it, of tier 4.
    #[schema(value_type = i64)]
    need_low: i128,
    /// What proposals hold towards it.
    #[schema(value_type = i64)]
    held: i128,
    /// What is agreed towards it.
    #[schema(value_type = i64)]
    agreed: i128,
    /// What is neither held nor agreed.
    #[schema(value_type = i64)]
    open: i128,
    /// What of the running level becomes free in the week.
    #[schema(value_type = i64)]
    free: i128,
    /// What becomes free at full stretch.
    #[schema(value_type = i64)]
    free_maximum: i128,
    /// What conversions could add in the week if they were decided today.
    #[schema(value_type = i64)]
    convertible: i128,
    /// What is open by the end of the week less what is free by then, and not below 0.
    #[schema(value_type = i64)]
    gap: i128,
    /// `red`, `orange`, `green`, or `quiet` where nothing is due by then.
    colour: &'static str,
}

/// Tells what is short.
///
/// By product, region and week: what is due by urgency, what is held and agreed towards it, what is free at the running level
/// and at full stretch, what could be converted in time, and the gap. Those who run the service and authorities that it
/// vouches for see all needs; others see their own exactly, and totals of at least three organisations of the rest, as in
/// the capacity map. A week is red while less than half of all that is due by its end is covered or free, and orange while
/// less than all of it is, unless you say otherwise.
#[utoipa::path(get, operation_id = "shortages_tell", path = "/shortages", tag = "Capacity", params(BoardParameters),
    security(("bearer" = [])), responses((status = 200, description = "What is short", body = BoardView)))]
async fn tell(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<BoardParameters>,
) -> Result<Json<BoardView>, Problem> {
    let question = question(query).map_err(Problem::invalid_query)?;
    let told = board::tell(&app, &caller, &question).await.map_err(of_query)?;
    Ok(Json(BoardView::of(told)))
}

/// The question of a query, without resolving what it names.
pub(crate) fn question(query: BoardParameters) -> Result<BoardQuestion, Violations> {
    let (from, until) = days(&query.from, &query.until)?;
    let usual = BoardRule::default();
    let share = |percent: Option<u32>, usual| percent.map_or(usual, |percent| (percent, 100));
    let rule = BoardRule {
        red_below: share(query.red_below, usual.red_below),
        orange_below: share(query.orange_below, usual.orange_below),
    };
    let (products, regions, level) = (query.product.0, query.region.0, query.level);
    Ok(BoardQuestion { products, regions, level, from, until, rule })
}

impl BoardView {
    fn of(told: BoardTold) -> Self {
        let BoardTold { answer, rule, as_of, event } = told;
        let percent = |(part, whole): (u32, u32)| part * 100 / whole.max(1);
        Self {
            as_of: as_of.to_string(),
            event,
            red_below: percent(rule.red_below),
            orange_below: percent(rule.orange_below),
            rows: self::rows(&answer),
            free_is_upper_bound: answer.free_is_upper_bound,
            left_out: left_out(&answer.left_out),
        }
    }
}

/// The rows of an answer, one for each week.
pub(crate) fn rows(answer: &ShortageAnswer) -> Vec<BoardRowView> {
    let spans: Vec<(String, String)> =
        answer.weeks.iter().map(|week| (week.from.to_string(), week.until.to_string())).collect();
    answer.rows.iter().flat_map(|row| BoardRowView::each(row, &spans)).collect()
}

impl BoardRowView {
    /// Product, region, and first day.
    pub(crate) fn place(&self) -> (&str, Option<&str>, &str) {
        (&self.product, self.region.as_deref(), &self.from)
    }

    fn each(row: &ShortageRow, spans: &[(String, String)]) -> Vec<Self> {
        let ShortageRow { product, unit, region, weeks } = row;
        let one = |((from, until), week): (&(String, String), &ShortageWeek)| {
            let [need_critical, need_high, need_normal, need_low] = week.need;
            let ShortageWeek { held, agreed, open, free, free_maximum, convertible, gap, .. } = *week;
            Self {
                product: product.to_string(),
                unit: unit.unit_code(),
                region: region.as_ref().map(ToString::to_string),
                from: from.clone(),
                until: until.clone(),
                need_critical,
                need_high,
                need_normal,
                need_low,
                held,
                agreed,
                open,
                free,
                free_maximum,
                convertible,
                gap,
                colour: match week.colour {
                    Colour::Quiet => "quiet",
                    Colour::Green => "green",
                    Colour::Orange => "orange",
                    Colour::Red => "red",
                },
            }
        };
        spans.iter().zip(weeks).map(one).collect()
    }
}
