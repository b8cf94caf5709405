//! Features as GeoJSON (RFC 7946), each with the columns of the view that it is from.

use app::{
    App, AppError,
    access::Caller,
    board::{self, BoardQuestion},
    capacity::{self, CapacityQuestion, Counting, Group, LeftOut},
    shown::{self, Bounds, ShownOffer, ShownQuestion},
};
use domain::{
    code::RegionCode,
    geo::Point,
    time::{Day, Instant},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{collection::Collection, question::Question};
use crate::{board as board_view, capacity as capacity_view, problem::Problem};

mod offer;

/// A part of a collection.
#[derive(Debug)]
pub(super) struct FeaturePage {
    pub(super) features: Vec<Value>,
    /// How many there are in all.
    pub(super) matched: usize,
    /// The id of the last feature, where more follow.
    pub(super) next: Option<String>,
    pub(super) as_of: Instant,
    /// Why something may be missing.
    pub(super) left_out: Vec<&'static str>,
}

/// A part of a collection as the caller may see it.
pub(super) async fn page(
    app: &App,
    caller: &Caller,
    collection: Collection,
    question: &Question,
) -> Result<FeaturePage, Problem> {
    let part = match collection {
        Collection::Offers => offers(app, caller, question).await,
        Collection::Regions | Collection::Shortages => {
            let rows = rows(app, caller, collection, question).await;
            rows.map(|rows| rows.part(question.after.as_deref(), question.most))
        }
    };
    part.map_err(Problem::of_bad_query)
}

/// One feature of a collection.
pub(super) async fn one(app: &App, caller: &Caller, collection: Collection, id: &str) -> Result<Value, Problem> {
    let gone = || Problem::not_found("item");
    match collection {
        Collection::Offers => {
            let id = shown::of_key(app, caller, id).ok_or_else(gone)?;
            let shown = shown::one(app, caller, id).await?;
            of_offer(app, caller, &shown).map_err(Problem::from)
        }
        Collection::Regions | Collection::Shortages => {
            let level = Question::of_row(app, id).ok_or_else(gone)?;
            let rows = rows(app, caller, collection, &level).await?;
            rows.features.into_iter().find(|row| row.id == id).map(Row::feature).ok_or_else(gone)
        }
    }
}

async fn offers(app: &App, caller: &Caller, question: &Question) -> Result<FeaturePage, Problem> {
    let after = match &question.after {
        None => None,
        Some(id) => Some(shown::of_key(app, caller, id).ok_or_else(|| {
            Problem::new("invalid_cursor", "the cursor is none of this collection for you; start again without it")
        })?),
    };
    let asked = ShownQuestion {
        products: question.products.clone(),
        bounds: question.bounds,
        open_on: question.from,
        after,
        most: question.most,
    };
    let page = shown::page(app, caller, &asked).await.map_err(capacity_view::of_query)?;
    let features = page.offers.iter().map(|offer| of_offer(app, caller, offer)).collect::<Result<_, _>>()?;
    let last = page.offers.last().map(|offer| shown::key(app, caller, offer.id));
    Ok(FeaturePage {
        features,
        matched: page.matched,
        next: last.filter(|_| page.more),
        as_of: page.as_of,
        left_out: Vec::new(),
    })
}

fn of_offer(app: &App, caller: &Caller, offer: &ShownOffer) -> Result<Value, AppError> {
    let tables = app.tables();
    let properties = offer::OfferFeature::of(offer, &tables.catalogue);
    Ok(Row { id: shown::key(app, caller, offer.id), point: offer.point, properties: object(&properties)? }.feature())
}

/// A row of a view, on the map.
#[derive(Debug)]
struct Row {
    id: String,
    point: Option<Point>,
    properties: Map<String, Value>,
}

impl Row {
    fn feature(self) -> Value {
        let degrees = |micro: i32| f64::from(micro) / 1e6;
        let geometry = self
            .point
            .map(|point| json!({ "type": "Point", "coordinates": [degrees(point.lon_e6), degrees(point.lat_e6)] }));
        json!({ "type": "Feature", "id": self.id, "geometry": geometry, "properties": self.properties })
    }
}

/// All rows of a view, by their ids.
struct Rows {
    features: Vec<Row>,
    as_of: Instant,
    left_out: Vec<&'static str>,
}

impl Rows {
    fn part(mut self, after: Option<&str>, most: usize) -> FeaturePage {
        self.features.sort_by(|a, b| a.id.cmp(&b.id));
        let matched = self.features.len();
        let start = after.map_or(0, |after| self.features.partition_point(|row| row.id.as_str() <= after));
        let part: Vec<Row> = self.features.drain(start..).take(most).collect();
        let more = start + part.len() < matched;
        let next = part.last().map(|row| row.id.clone()).filter(|_| more);
        let features = part.into_iter().map(Row::feature).collect();
        FeaturePage { features, matched, next, as_of: self.as_of, left_out: self.left_out }
    }
}

async fn rows(app: &App, caller: &Caller, collection: Collection, question: &Question) -> Result<Rows, Problem> {
    let today = app.today();
    // Nobody delivers in the past, so there is nothing in it.
    if question.until.is_some_and(|until| until < today) {
        return Ok(Rows { features: Vec::new(), as_of: app.clock.now(), left_out: Vec::new() });
    }
    let (products, regions) = (question.products.clone(), question.regions.clone());
    let (from, until, level) = (question.from, question.until, question.level);
    let place = |code: &RegionCode| app.tables().regions.get(code).and_then(|region| region.point);
    let inside = |point: Option<Point>| {
        question.bounds.is_none_or(|bounds: Bounds| point.is_none_or(|point| bounds.holds(point)))
    };
    let mut rows = Rows { features: Vec::new(), as_of: app.clock.now(), left_out: Vec::new() };
    let mut add = |parts: [String; 3], region: Option<&str>, properties| {
        let point = region.and_then(|code| place(&RegionCode::new(code)));
        if inside(point) {
            let id = parts.join(SEPARATOR);
            rows.features.push(Row { id, point, properties });
        }
    };
    let missing: Vec<&'static str>;
    match collection {
        Collection::Offers => missing = Vec::new(),
        Collection::Regions => {
            let group_by = [Group::Product, Group::Region(level)].into();
            let grades = question.grades.clone();
            let asked =
                CapacityQuestion { products, grades, regions, from, until, group_by, ..CapacityQuestion::default() };
            let told = capacity::tell(app, caller, &asked, Counting::Left).await.map_err(capacity_view::of_query)?;
            (rows.as_of, missing) = (told.as_of, words(&told.answer.left_out));
            for row in capacity_view::rows(told, capacity_view::Rollup::Period) {
                let (product, region) = row.place();
                let id =
                    [product.unwrap_or_default().to_owned(), region.unwrap_or("unknown").to_owned(), level.to_string()];
                add(id, region, object(&row)?);
            }
        }
        Collection::Shortages => {
            let asked = BoardQuestion { products, regions, level, from, until, ..BoardQuestion::default() };
            let told = board::tell(app, caller, &asked).await.map_err(capacity_view::of_query)?;
            (rows.as_of, missing) = (told.as_of, words(&told.answer.left_out));
            for row in board_view::rows(&told.answer) {
                let (product, region, from) = row.place();
                let id = [product.to_owned(), region.unwrap_or("unknown").to_owned(), format!("{level}.{from}")];
                add(id, region, object(&row)?);
            }
        }
    }
    rows.left_out = missing;
    Ok(rows)
}

/// Between the parts of an id.
const SEPARATOR: &str = ".";

fn words(why: &std::collections::BTreeSet<LeftOut>) -> Vec<&'static str> {
    capacity_view::left_out(why)
}

impl Question {
    /// The question whose answer has the row of an id: as it stands seen from today.
    fn of_row(app: &App, id: &str) -> Option<Self> {
        let mut parts = id.split(SEPARATOR);
        let (product, _region, level) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
        let product = app.tables().catalogue.product(product)?.code.to_string();
        let week = parts.next().map(|day| Day::parse(day).ok());
        (level <= 2).then(|| Self {
            most: 1,
            bounds: None,
            from: None,
            until: week.map(|day| day.map(|day| day.monday().plus(6))).unwrap_or_default(),
            after: None,
            products: vec![product],
            grades: Vec::new(),
            regions: Vec::new(),
            level,
        })
    }
}

/// A row as properties.
fn object(row: &impl Serialize) -> Result<Map<String, Value>, AppError> {
    match serde_json::to_value(row).map_err(AppError::internal)? {
        Value::Object(object) => Ok(object),
        other => Err(AppError::internal(format!("a row is no object: {other}"))),
    }
}
