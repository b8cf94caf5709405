//! The shortage board.

use app::{
    App, answers,
    board::{
        self, BoardQuestion, BoardRule, BoardTold, Cause, CauseTold, Causes, Colour, FreeRegion, HeldBack,
        ShortageAnswer, ShortageRow, ShortageWeek,
    },
    capacity::Reader,
};
use axum::{extract::State, response::Response};
use domain::violation::Violations;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    capacity::{days, left_out, of_query},
    export::{self, Column, Kind, Shape, Tabled, Wanted},
    json::{json, written},
    limits, pictures,
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
    /// Whether the causes of what is red are told, and where some is free.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    causes: bool,
}

/// What is short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShortageBoard)]
struct BoardView {
    /// When the figures were read: at most a second before you asked, and nothing changed since.
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
    /// Why what is red is short, of at most twenty products in regions, the largest share missing first; null where you did not
    /// ask.
    causes: Option<Vec<CauseView>>,
    /// Whether free figures may be too high, as in the capacity map.
    free_is_upper_bound: bool,
    /// Why something may be missing, as in the capacity map.
    left_out: Vec<&'static str>,
}

/// A week of a product in a region, in base units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShortageBoardRow)]
pub struct BoardRowView {
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
    /// For how many days from today the stock lasts at the site of the region where it lasts the shortest, of the needs that
    /// you see one by one and that state it; null where none does.
    days_of_supply: Option<i64>,
    /// `red`, `orange`, `green`, or `quiet` where nothing is due by then.
    colour: &'static str,
}

/// Why a product is short in a region.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShortageCauses)]
struct CauseView {
    /// The product.
    product: String,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// The region.
    region: String,
    /// The last day of the last red week; all figures are by its end.
    #[schema(format = Date)]
    until: String,
    /// What is missing by then.
    #[schema(value_type = i64)]
    gap: i128,
    /// Offers of the product in the region that you see one by one and of which nothing is free by then, by what holds them
    /// back: `used_up`, `later_window`, `only_convertible`, `suspended`, `quarantined`, `not_published`; the most first.
    held_back: Vec<HeldBackView>,
    /// Offers there of which something is free, without a certificate that somebody checked.
    uncertified: HeldBackView,
    /// Where else some is free by then, the nearest first, at most five.
    nearest: Vec<NearestView>,
}

/// Offers that something holds back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OffersHeldBack)]
struct HeldBackView {
    /// What does.
    cause: &'static str,
    /// How many they are.
    offers: u32,
    /// Base units that they make in the week; of those that are only convertible, what they would have made by then if that
    /// were decided today; of those without a certificate, what is free.
    #[schema(value_type = i64)]
    units: i128,
}

/// Free capacity in another region.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NearestCapacity)]
struct NearestView {
    /// The region.
    region: String,
    /// Kilometres between the points of both regions.
    km: u32,
    /// What is free there, in base units.
    #[schema(value_type = i64)]
    free: i128,
}

impl CauseView {
    fn of(told: &CauseTold) -> Self {
        let CauseTold { product, region, until, gap, causes } = told;
        let Causes { unit, held_back, uncertified, nearest, .. } = causes;
        let word = |cause: &Cause| match cause {
            Cause::NotPublished => "not_published",
            Cause::Quarantined => "quarantined",
            Cause::Suspended => "suspended",
            Cause::OnlyConvertible => "only_convertible",
            Cause::LaterWindow => "later_window",
            Cause::UsedUp => "used_up",
        };
        let view = |cause, held: &HeldBack| HeldBackView { cause, offers: held.offers, units: held.units };
        let mut held_back: Vec<HeldBackView> = held_back.iter().map(|(cause, held)| view(word(cause), held)).collect();
        held_back.sort_by_key(|held| (std::cmp::Reverse(held.units), std::cmp::Reverse(held.offers)));
        let near =
            |found: &FreeRegion| NearestView { region: found.region.to_string(), km: found.km, free: found.free };
        Self {
            product: product.to_string(),
            unit: unit.unit_code(),
            region: region.to_string(),
            until: until.to_string(),
            gap: *gap,
            held_back,
            uncertified: view("uncertified", uncertified),
            nearest: nearest.iter().map(near).collect(),
        }
    }
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
    wanted: Wanted,
) -> Result<Response, Problem> {
    let with_causes = query.causes;
    let question = question(query).map_err(Problem::invalid_query)?;
    let ask = async || -> Result<BoardTold, Problem> { board::tell(&app, &caller, &question).await.map_err(of_query) };
    match wanted.shape {
        Shape::Usual => {
            let write = async |reader: &Reader| {
                let told = board::tell_to(&app, reader, &question).await.map_err(of_query)?;
                let causes = match with_causes {
                    true => Some(board::causes(&app, reader, &told).await?),
                    false => None,
                };
                written(&BoardView::of(told, causes))
            };
            Ok(json(answers::again(&app, &caller, &wanted.address, write).await?))
        }
        Shape::File(format) => {
            let told = ask().await?;
            let (licence, left_out) = (app.licence.to_string(), left_out(&told.answer.left_out));
            let facts = export::Facts { as_of: told.as_of, licence, left_out };
            Ok(export::file(&app, (format, &wanted.address), facts, rows(&told.answer)))
        }
        Shape::Picture => Ok(pictures::answer(pictures::coverage(&app, &ask().await?, &wanted.address))),
    }
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
    fn of(told: BoardTold, causes: Option<Vec<CauseTold>>) -> Self {
        let BoardTold { answer, rule, as_of, event } = told;
        let percent = |(part, whole): (u32, u32)| part * 100 / whole.max(1);
        Self {
            as_of: as_of.to_string(),
            event,
            red_below: percent(rule.red_below),
            orange_below: percent(rule.orange_below),
            rows: self::rows(&answer),
            causes: causes.map(|causes| causes.iter().map(CauseView::of).collect()),
            free_is_upper_bound: answer.free_is_upper_bound,
            left_out: left_out(&answer.left_out),
        }
    }
}

/// The rows of an answer, one for each week.
pub fn rows(answer: &ShortageAnswer) -> Vec<BoardRowView> {
    let spans: Vec<(String, String)> =
        answer.weeks.iter().map(|week| (week.from.to_string(), week.until.to_string())).collect();
    answer.rows.iter().flat_map(|row| BoardRowView::each(row, &spans)).collect()
}

impl Tabled for BoardRowView {
    const NAME: &'static str = "shortages";
    const TITLE: &'static str = "Shortages";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "product", kind: Kind::Text },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "region", kind: Kind::Text },
        Column { name: "from", kind: Kind::Date },
        Column { name: "until", kind: Kind::Date },
        Column { name: "need_critical", kind: Kind::Integer },
        Column { name: "need_high", kind: Kind::Integer },
        Column { name: "need_normal", kind: Kind::Integer },
        Column { name: "need_low", kind: Kind::Integer },
        Column { name: "held", kind: Kind::Integer },
        Column { name: "agreed", kind: Kind::Integer },
        Column { name: "open", kind: Kind::Integer },
        Column { name: "free", kind: Kind::Integer },
        Column { name: "free_maximum", kind: Kind::Integer },
        Column { name: "convertible", kind: Kind::Integer },
        Column { name: "gap", kind: Kind::Integer },
        Column { name: "days_of_supply", kind: Kind::Integer },
        Column { name: "colour", kind: Kind::Text },
    ];

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl BoardRowView {
    /// Product, region, and first day.
    pub(crate) fn place(&self) -> (&str, Option<&str>, &str) {
        (&self.product, self.region.as_deref(), &self.from)
    }

    fn each(row: &ShortageRow, spans: &[(String, String)]) -> Vec<Self> {
        let ShortageRow { product, unit, region, days_of_supply, weeks } = row;
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
                days_of_supply: *days_of_supply,
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
