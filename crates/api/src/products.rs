//! Products of the catalogue; open to everybody.

use std::collections::BTreeMap;

use app::App;
use axum::{Json, extract::State};
use domain::{
    catalogue::{Catalogue, Hit, LANGUAGES, Product, ProductKind},
    violation::Violations,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Several, Words},
};

/// The routes of products.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// What people call it: a code, a name or synonym in six languages, a grade, or a CPV, HS or EMDN code. Best hits
    /// come first; all products in catalogue order where absent.
    #[param(value_type = Option<String>, max_length = 200, example = "masque chirurgical")]
    q: Option<Words>,
    /// Only these kinds, with commas between them: `finished`, `intermediate`, `service`, `equipment`.
    #[param(value_type = Option<String>, example = "finished,service")]
    #[serde(default)]
    kind: Several<ProductKind>,
}

/// Products found.
#[derive(Debug, Serialize, ToSchema)]
struct ProductList {
    /// The products, best hit first.
    items: Vec<ProductSummary>,
}

/// A product in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "medical-mask", "kind": "finished", "family": "masks", "name": "Medical mask",
    "base_unit": "piece", "unit": "H87", "trade_unit": "H87", "found": {"word": "masque chirurgical", "score": 100, "grade": null}}))]
struct ProductSummary {
    /// The stable code.
    code: String,
    /// `finished`, `intermediate`, `service` or `equipment`.
    kind: &'static str,
    /// The group it belongs to.
    family: String,
    /// The English name.
    name: String,
    /// What its quantities count.
    base_unit: &'static str,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// The unit it is usually traded in.
    trade_unit: String,
    /// How it was found, where something was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
}

/// How a product was found.
#[derive(Debug, Serialize, ToSchema)]
struct Found {
    /// The word it was found by.
    word: String,
    /// 100 for the very word; less for a part of it.
    score: u8,
    /// The grade that the word implies: `FFP 2` is the product `ffp` of grade `FFP2`.
    grade: Option<String>,
}

/// A product with all the catalogue says of it.
#[derive(Debug, Serialize, ToSchema)]
struct ProductDetail {
    /// The stable code.
    code: String,
    /// `finished`, `intermediate`, `service` or `equipment`.
    kind: &'static str,
    /// The group it belongs to.
    family: String,
    /// Names by language: en, fr, de, es, it, pl.
    names: BTreeMap<&'static str, String>,
    /// Other words people use.
    synonyms: Vec<String>,
    /// What its quantities count.
    base_unit: &'static str,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// The unit it is usually traded in.
    trade_unit: String,
    /// Codes in public classifications: cpv, hs, nace2, nace21, emdn.
    classifications: BTreeMap<&'static str, Vec<String>>,
    /// Legal frames it falls under.
    frames: Vec<String>,
    /// Its class or category under them.
    class: String,
    /// What one site can plausibly offer a week, in base units; more waits for a reviewer.
    weekly_ceiling: i64,
    /// What one need can plausibly ask, in base units; more waits for a reviewer.
    order_ceiling: i64,
    /// Its grades.
    grades: Vec<Grade>,
    /// What may stand for it.
    rules: Vec<Rule>,
    /// Features that an offer of it may state and a need may require.
    features: Vec<Feature>,
    /// Certificates a buyer normally demands.
    certificates: Vec<ProductCertificate>,
}

/// A grade of a scheme.
#[derive(Debug, Serialize, ToSchema)]
struct Grade {
    /// Its code, unique across schemes.
    code: String,
    /// Its scheme.
    scheme: String,
    /// Its name in the standard.
    name: String,
    /// Its place in the scheme's order, where that is total.
    rank: Option<u8>,
    /// What the standard measures and where it draws the line.
    threshold: String,
    /// What people write for it.
    synonyms: Vec<String>,
    /// Where the facts come from.
    source: String,
}

/// A sourced statement about one grade standing for another.
#[derive(Debug, Serialize, ToSchema)]
struct Rule {
    /// The grade asked for; any where null.
    need_grade: Option<String>,
    /// The product offered.
    offer_product: String,
    /// Its grade; any where null.
    offer_grade: Option<String>,
    /// `satisfies`, `opt_in`, `substitute_only` or `does_not_satisfy`.
    verdict: &'static str,
    /// A required feature that turns `satisfies` into `opt_in`.
    unless_feature: Option<String>,
    /// What to know before relying on it.
    caveat: String,
    /// Where the fact comes from.
    source: String,
}

/// A typed feature.
#[derive(Debug, Serialize, ToSchema)]
struct Feature {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// `flag`, `choice`, `integer` or `sizes`.
    #[schema(value_type = String)]
    kind: domain::feature::FeatureKind,
    /// The unit of an integer.
    unit: String,
    /// The legal values of a choice or of sizes, for this product.
    values: Vec<String>,
    /// How an offered value is held against a required one: `equal`, `at_least`, `at_most` or `includes`.
    #[schema(value_type = String)]
    comparison: domain::feature::Comparison,
}

/// A certificate that buyers of a product normally demand.
#[derive(Debug, Serialize, ToSchema)]
struct ProductCertificate {
    /// The legal frame it belongs to.
    frame: String,
    /// Its kind.
    kind: String,
    /// Whether one of several kinds of the frame suffices.
    one_of_several: bool,
}

/// Lists or searches products.
///
/// The search knows names in six languages, synonyms, grades and public codes, in any spelling: `masque chirurgical`
/// and `OP-Maske` both find the medical mask.
#[utoipa::path(get, operation_id = "products_list", path = "/products", tag = "Catalogue", params(ListQuery), responses(
    (status = 200, description = "The products", body = ProductList)))]
async fn list(State(app): State<App>, Parameters(query): Parameters<ListQuery>) -> Json<ProductList> {
    let found = app::products::search(&app, query.q.as_ref().map(|q| q.0.as_str()), &query.kind.0);
    let tables = app.tables();
    let item = |(code, hit): (String, Option<Hit>)| Some(ProductSummary::of(tables.catalogue.product(&code)?, hit));
    Json(ProductList { items: found.into_iter().filter_map(item).collect() })
}

/// Reads a product.
///
/// With its grades, the rules on what may stand for it, and the features that offers state and needs require.
#[utoipa::path(get, operation_id = "products_get", path = "/products/{code}", tag = "Catalogue",
    params(("code" = String, Path, description = "The product's code", example = "medical-mask")),
    responses((status = 200, description = "The product", body = ProductDetail)))]
async fn get(State(app): State<App>, PathId(code): PathId<String>) -> Result<Json<ProductDetail>, Problem> {
    let tables = app.tables();
    let product = tables.catalogue.product(&code).ok_or_else(|| Problem::not_found("product"))?;
    Ok(Json(ProductDetail::of(product, &tables.catalogue)))
}

/// A product's code in a query string, if there is such a product.
pub fn known_product(app: &App, code: Option<String>) -> Result<Option<String>, Problem> {
    match code {
        Some(code) if app.tables().catalogue.product(&code).is_none() => {
            let shown: String = code.chars().take(60).collect();
            let detail = format!("{shown:?} is no product's code; GET /api/v1/products lists them");
            Err(Problem::invalid_query(Violations::one("/product", "unknown_product", detail)))
        }
        code => Ok(code),
    }
}

impl ProductSummary {
    fn of(p: &Product, hit: Option<Hit>) -> Self {
        let found =
            hit.map(|h| Found { word: h.word, score: h.score, grade: h.grade.as_ref().map(ToString::to_string) });
        Self {
            code: p.code.to_string(),
            kind: p.kind.as_str(),
            family: p.family.clone(),
            name: p.name().to_owned(),
            base_unit: p.base_unit.as_str(),
            unit: p.base_unit.unit_code(),
            trade_unit: p.trade_unit.clone(),
            found,
        }
    }
}

impl ProductDetail {
    fn of(p: &Product, catalogue: &Catalogue) -> Self {
        let parts = catalogue.parts();
        let c = &p.classifications;
        let lists = [("cpv", &c.cpv), ("hs", &c.hs), ("nace2", &c.nace2), ("nace21", &c.nace21), ("emdn", &c.emdn)];
        let certificates = parts.product_certificates.iter().filter(|(product, ..)| *product == p.code);
        Self {
            code: p.code.to_string(),
            kind: p.kind.as_str(),
            family: p.family.clone(),
            names: LANGUAGES.into_iter().zip(p.names.iter().cloned()).collect(),
            synonyms: p.synonyms.clone(),
            base_unit: p.base_unit.as_str(),
            unit: p.base_unit.unit_code(),
            trade_unit: p.trade_unit.clone(),
            classifications: lists.into_iter().map(|(name, codes)| (name, codes.clone())).collect(),
            frames: p.frames.iter().map(ToString::to_string).collect(),
            class: p.class.clone(),
            weekly_ceiling: p.weekly_ceiling,
            order_ceiling: p.order_ceiling,
            grades: parts.grades.iter().filter(|g| g.products.contains(&p.code)).map(Grade::of).collect(),
            rules: parts.rules.iter().filter(|r| r.need_product == p.code).map(Rule::of).collect(),
            features: p.features.iter().filter_map(|(code, values)| Feature::of(catalogue, code, values)).collect(),
            certificates: certificates
                .map(|(_, frame, kind, several)| ProductCertificate {
                    frame: frame.to_string(),
                    kind: kind.to_string(),
                    one_of_several: *several,
                })
                .collect(),
        }
    }
}

impl Grade {
    fn of(g: &domain::catalogue::Grade) -> Self {
        Self {
            code: g.code.to_string(),
            scheme: g.scheme.to_string(),
            name: g.name.clone(),
            rank: g.rank,
            threshold: g.threshold.clone(),
            synonyms: g.synonyms.clone(),
            source: g.source.clone(),
        }
    }
}

impl Rule {
    fn of(r: &domain::catalogue::GradeRule) -> Self {
        Self {
            need_grade: r.need_grade.as_ref().map(ToString::to_string),
            offer_product: r.offer_product.to_string(),
            offer_grade: r.offer_grade.as_ref().map(ToString::to_string),
            verdict: r.verdict.as_str(),
            unless_feature: r.unless_feature.as_ref().map(ToString::to_string),
            caveat: r.caveat.clone(),
            source: r.source.clone(),
        }
    }
}

impl Feature {
    fn of(catalogue: &Catalogue, code: &domain::code::FeatureCode, values: &[String]) -> Option<Self> {
        let f = catalogue.feature(code.as_str())?;
        Some(Self {
            code: f.code.to_string(),
            name: f.name.clone(),
            kind: f.kind,
            unit: f.unit.clone(),
            values: if values.is_empty() { f.values.clone() } else { values.to_vec() },
            comparison: f.comparison,
        })
    }
}
