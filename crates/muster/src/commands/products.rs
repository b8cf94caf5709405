//! `muster products`.

use anyhow::{Result, anyhow};
use domain::{
    catalogue::{Hit, LANGUAGES, Product},
    code::ProductCode,
};
use exchange::safe_csv::Cell;
use serde_json::{Value, json};

use crate::{
    Ended,
    cli::{Format, Products, ProductsAction},
    config::Settings,
    output,
};

/// Lists, finds or shows products.
pub(super) async fn run(settings: &Settings, flags: Products, format: Format) -> Result<Ended> {
    let tables = super::tables(settings).await?;
    let catalogue = &tables.catalogue;
    match flags.action.unwrap_or(ProductsAction::List) {
        ProductsAction::List => list(catalogue.products().iter().map(|p| (p, None)).collect(), format),
        ProductsAction::Search { words } => {
            let question = words.join(" ");
            let hits = catalogue.search(&question);
            let found: Vec<_> =
                hits.iter().filter_map(|h| Some((catalogue.product(h.product.as_str())?, Some(h)))).collect();
            if found.is_empty() {
                let remedy = "try another word, or `muster products` for the whole list";
                return Err(anyhow!("nothing in the catalogue is called {question:?}; {remedy}"));
            }
            list(found, format)
        }
        ProductsAction::Show { code } => {
            let found = match catalogue.product(&code) {
                Some(product) => product,
                None => match catalogue.identify(&code) {
                    Ok(hit) => catalogue.product(hit.product.as_str()).ok_or_else(|| anyhow!("{code} is gone"))?,
                    Err(hits) => return Err(not_one(&code, &hits)),
                },
            };
            show(&tables, found, format)
        }
    }
}

fn not_one(code: &str, hits: &[Hit]) -> anyhow::Error {
    let near: Vec<&str> = hits.iter().take(5).map(|h| h.product.as_str()).collect();
    match near.is_empty() {
        true => anyhow!("{code:?} is no product; find it with `muster products search {code}`"),
        false => anyhow!("{code:?} is no one product; write one of: {}", near.join(", ")),
    }
}

fn list(products: Vec<(&Product, Option<&Hit>)>, format: Format) -> Result<Ended> {
    let header = ["code", "name", "kind", "base_unit", "grade", "found_by"];
    let cells = |p: &Product, hit: Option<&Hit>| {
        let grade = hit.and_then(|h| h.grade.as_ref()).map(ToString::to_string).unwrap_or_default();
        let word = hit.map(|h| h.word.clone()).unwrap_or_default();
        [p.code.to_string(), p.name().to_owned(), p.kind.as_str().to_owned(), p.base_unit.to_string(), grade, word]
    };
    match format {
        Format::Json => {
            let rows = products.iter().map(|(p, hit)| {
                json!({
                    "code": p.code, "name": p.name(), "kind": p.kind, "base_unit": p.base_unit,
                    "grade": hit.and_then(|h| h.grade.clone()), "found_by": hit.map(|h| &h.word),
                    "score": hit.map(|h| h.score),
                })
            });
            output::print_json(&rows.collect::<Vec<Value>>())?;
        }
        Format::Csv => {
            let rows = products.iter().map(|(p, hit)| cells(p, *hit).map(Cell::text).to_vec());
            output::print_csv(&header, rows)?;
        }
        Format::Table => {
            let searched = products.iter().any(|(_, hit)| hit.is_some());
            let shown = if searched { header.len() } else { 4 };
            let rows = products.iter().map(|(p, hit)| cells(p, *hit).into_iter().take(shown).collect());
            output::print(&output::table(header.get(..shown).unwrap_or(&header), &[], rows))?;
        }
    }
    Ok(Ended::Done)
}

fn show(tables: &app::Tables, product: &Product, format: Format) -> Result<Ended> {
    let document = document(tables, product);
    match format {
        Format::Json => output::print_json(&document)?,
        Format::Csv => list(vec![(product, None)], format).map(|_| ())?,
        Format::Table => {
            let rows = document.as_object().into_iter().flatten().filter_map(|(name, value)| {
                let text = words(value);
                (!text.is_empty()).then(|| vec![name.replace('_', " "), text])
            });
            output::print(&output::table(&["", product.code.as_str()], &[], rows))?;
        }
    }
    Ok(Ended::Done)
}

fn document(tables: &app::Tables, product: &Product) -> Value {
    let catalogue = &tables.catalogue;
    let parts = catalogue.parts();
    let of = |code: &ProductCode| *code == product.code;
    let grades: Vec<Value> = parts
        .grades
        .iter()
        .filter(|g| g.products.iter().any(of))
        .map(|g| json!({ "grade": g.code, "scheme": g.scheme, "threshold": g.threshold }))
        .collect();
    let rules: Vec<String> = parts
        .rules
        .iter()
        .filter(|r| of(&r.need_product))
        .map(|r| {
            let side = |p: &ProductCode, g: &Option<domain::code::GradeCode>| match g {
                Some(g) => format!("{p} {g}"),
                None => p.to_string(),
            };
            let offered = side(&r.offer_product, &r.offer_grade);
            let needed = side(&r.need_product, &r.need_grade);
            format!("{offered} {} {needed}", r.verdict.as_str().replace('_', " "))
        })
        .collect();
    let features: Vec<String> = product
        .features
        .iter()
        .map(|(code, values)| match values.is_empty() {
            true => code.to_string(),
            false => format!("{code} ({})", values.join(", ")),
        })
        .collect();
    let certificates: Vec<String> = parts
        .product_certificates
        .iter()
        .filter(|(p, ..)| of(p))
        .map(|(_, frame, kind, required)| {
            format!("{kind} under {frame}{}", if *required { "" } else { " (one of several)" })
        })
        .collect();
    let conversions: Vec<String> = parts
        .conversions
        .iter()
        .filter(|c| of(&c.product))
        .map(|c| {
            let days = c.days_min.zip(c.days_max);
            let days = days.map_or("unknown days".to_owned(), |(least, most)| format!("{least} to {most} days"));
            format!("{} in {days} ({})", c.capability, c.basis.as_str())
        })
        .collect();
    let names: serde_json::Map<String, Value> =
        LANGUAGES.iter().zip(&product.names).map(|(l, n)| ((*l).to_owned(), json!(n))).collect();
    json!({
        "code": product.code, "name": product.name(), "names": names, "kind": product.kind,
        "family": product.family, "base_unit": product.base_unit, "trade_unit": product.trade_unit,
        "synonyms": product.synonyms, "class": product.class, "frames": product.frames,
        "cpv": product.classifications.cpv, "hs": product.classifications.hs,
        "nace2": product.classifications.nace2, "emdn": product.classifications.emdn,
        "weekly_ceiling": product.weekly_ceiling, "order_ceiling": product.order_ceiling,
        "features": features, "grades": grades, "rules": rules, "certificates": certificates,
        "conversions": conversions,
    })
}

/// A value as people read it in a table.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join("; "),
        Value::Object(map) => map.iter().map(|(k, v)| format!("{k} {}", words(v))).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
