//! What people typed, read into codes of the catalogue and the region list; shared by offers and needs.

use std::collections::BTreeSet;

use crate::{
    catalogue::{Catalogue, Product},
    code::{FeatureCode, GradeCode, RegionCode},
    feature::{Feature, FeatureKind, FeatureValue},
    offer::{FeatureInput, Transfer},
    quantity::Quantity,
    region::{RegionTable, Resolved},
    text,
    time::Day,
    violation::Violations,
};

/// The most entries of a list in an offer or a need: more than there are countries.
const MOST_ENTRIES: usize = 250;

/// Refuses lists that are too long before any entry is looked up, since looking up what nobody knows
/// searches for what comes near: tens of thousands of them would take minutes.
pub(crate) fn few(lists: &[(&str, usize)]) -> Result<(), Violations> {
    let mut faults = Violations::new();
    for (pointer, count) in lists.iter().filter(|(_, count)| *count > MOST_ENTRIES) {
        faults.push(*pointer, "too_many", format!("has {count} entries; write at most {MOST_ENTRIES}"));
    }
    faults.into_result()
}

/// The product a text names, with the grade it implies.
pub(crate) fn product<'a>(
    typed: &str,
    catalogue: &'a Catalogue,
) -> Result<(&'a Product, Option<GradeCode>), Violations> {
    if let Some(p) = catalogue.product(typed) {
        return Ok((p, None));
    }
    let known = |hit: &crate::catalogue::Hit| catalogue.product(hit.product.as_str()).map(|p| (p, hit.grade.clone()));
    let (code, detail) = match catalogue.identify(typed) {
        Ok(hit) => match known(&hit) {
            Some(found) => return Ok(found),
            None => ("unknown_product", format!("{typed:?} is no known product")),
        },
        Err(hits) if hits.is_empty() => (
            "unknown_product",
            format!("{typed:?} is no known product; search GET /api/v1/products?q= or `muster products search`"),
        ),
        Err(hits) => {
            let names: Vec<&str> = hits.iter().take(5).map(|h| h.product.as_str()).collect();
            let very: usize = hits.iter().filter(|h| h.score == 100).count();
            let code = if very > 1 { "ambiguous_product" } else { "unknown_product" };
            (code, format!("{typed:?} is no one product; write one of: {}", names.join(", ")))
        }
    };
    Err(Violations::one("/product", code, detail))
}

/// Grades of a product by code, name or synonym; the implied one when none is typed.
pub(crate) fn grades(
    pointer: &str,
    product: &Product,
    typed: &[String],
    implied: Option<GradeCode>,
    catalogue: &Catalogue,
) -> Result<Vec<GradeCode>, Violations> {
    let mut faults = Violations::new();
    let mut found: Vec<GradeCode> = Vec::new();
    for (i, word) in typed.iter().enumerate() {
        match faults.keep(grade(&format!("{pointer}/{i}"), product, word, catalogue)) {
            Some(code) if !found.contains(&code) => found.push(code),
            Some(_) | None => {}
        }
    }
    faults.into_result()?;
    if found.is_empty() {
        found.extend(implied);
    }
    Ok(found)
}

/// One grade of a product.
pub(crate) fn grade(
    pointer: &str,
    product: &Product,
    typed: &str,
    catalogue: &Catalogue,
) -> Result<GradeCode, Violations> {
    if let Some(found) = catalogue.identify_grade(&product.code, typed) {
        return Ok(found.code.clone());
    }
    let grades = catalogue.parts().grades.iter().filter(|g| g.products.contains(&product.code));
    let legal: Vec<&str> = grades.map(|g| g.code.as_str()).collect();
    let remedy = match legal.as_slice() {
        [] => "it has none; leave the field out".to_owned(),
        some => format!("write one of: {}", some.join(", ")),
    };
    let detail = format!("{typed:?} is no grade of {}; {remedy}", product.code);
    Err(Violations::one(pointer, "unknown_grade", detail))
}

/// Features of a product, each of its own kind and with a legal value, sorted by code.
pub(crate) fn features_stated(
    product: &Product,
    typed: &[(String, FeatureInput)],
    catalogue: &Catalogue,
) -> Result<Vec<(FeatureCode, FeatureValue)>, Violations> {
    let mut faults = Violations::new();
    let mut found: Vec<(FeatureCode, FeatureValue)> = Vec::new();
    for (name, value) in typed {
        let pointer = format!("/features/{}", name.replace('~', "~0").replace('/', "~1"));
        let legal = product.features.iter().find(|(code, _)| code.as_str() == name);
        let Some((feature, values)) =
            legal.and_then(|(code, values)| Some((catalogue.feature(code.as_str())?, values)))
        else {
            let known: Vec<&str> = product.features.iter().map(|(c, _)| c.as_str()).collect();
            let remedy = match known.as_slice() {
                [] => "it has none; leave the field out".to_owned(),
                some => format!("write one of: {}", some.join(", ")),
            };
            faults.push(&pointer, "unknown_feature", format!("{name:?} is no feature of {}; {remedy}", product.code));
            continue;
        };
        let values = if values.is_empty() { &feature.values } else { values };
        match feature_value(feature, values, value) {
            Ok(value) if found.iter().any(|(c, v)| *c == feature.code && *v != value) => {
                faults.push(
                    &pointer,
                    "stated_twice",
                    format!("{name} is stated twice with different values; keep one"),
                );
            }
            Ok(value) => found.push((feature.code.clone(), value)),
            Err(detail) => faults.push(&pointer, "bad_feature_value", detail),
        }
    }
    faults.into_result()?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn feature_value(feature: &Feature, values: &[String], typed: &FeatureInput) -> Result<FeatureValue, String> {
    let pick = |word: &String| {
        let hit = values.iter().find(|v| text::squeeze(v) == text::squeeze(word)).cloned();
        hit.ok_or_else(|| format!("{word:?} is no value of {}; write one of: {}", feature.code, values.join(", ")))
    };
    match (feature.kind, typed) {
        (FeatureKind::Flag, FeatureInput::Flag(b)) => Ok(FeatureValue::Flag(*b)),
        (FeatureKind::Flag, _) => Err(format!("{} is yes or no; write true or false", feature.code)),
        (FeatureKind::Integer, FeatureInput::Number(n)) => n
            .scaled_to_whole(1, 1)
            .and_then(|n| i64::try_from(n).ok())
            .filter(|n| (0..=Quantity::LIMIT).contains(n))
            .map(FeatureValue::Integer)
            .ok_or_else(|| {
                format!("{n} is no value of {}; write a whole number of {} from 0", feature.code, feature.unit)
            }),
        (FeatureKind::Integer, _) => {
            Err(format!("{} is a number; write a whole number of {}", feature.code, feature.unit))
        }
        (FeatureKind::Choice, FeatureInput::Text(word)) => pick(word).map(FeatureValue::Choice),
        (FeatureKind::Choice, _) => Err(format!("{} is one word; write one of: {}", feature.code, values.join(", "))),
        (FeatureKind::Sizes, FeatureInput::Text(word)) => Ok(FeatureValue::Sizes(BTreeSet::from([pick(word)?]))),
        (FeatureKind::Sizes, FeatureInput::List(words)) if !words.is_empty() => {
            words.iter().map(pick).collect::<Result<_, _>>().map(FeatureValue::Sizes)
        }
        (FeatureKind::Sizes, _) => {
            Err(format!("{} is a list of sizes; write some of: {}", feature.code, values.join(", ")))
        }
    }
}

/// Ways of changing hands by name; a sale when none is typed.
pub(crate) fn transfers(pointer: &str, typed: &[String]) -> Result<BTreeSet<Transfer>, Violations> {
    let mut faults = Violations::new();
    let mut found = BTreeSet::new();
    for (i, word) in typed.iter().enumerate() {
        found.extend(faults.keep(choose(
            &format!("{pointer}/{i}"),
            Some(word),
            Transfer::Sale,
            &Transfer::ALL,
            Transfer::as_str,
        )));
    }
    faults.into_result()?;
    if found.is_empty() {
        found.insert(Transfer::Sale);
    }
    Ok(found)
}

/// Regions by code or name; a retired code that was split stands for all its parts.
pub(crate) fn region_list(
    pointer: &str,
    typed: &[String],
    regions: &RegionTable,
) -> Result<Vec<RegionCode>, Violations> {
    let mut faults = Violations::new();
    let mut found: Vec<RegionCode> = Vec::new();
    for (i, word) in typed.iter().enumerate() {
        found.extend(faults.keep(country_or_region(&format!("{pointer}/{i}"), word, regions)).unwrap_or_default());
    }
    faults.into_result()?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// One typed region: the region, or the parts of a retired one.
pub(crate) fn country_or_region(
    pointer: &str,
    typed: &str,
    regions: &RegionTable,
) -> Result<Vec<RegionCode>, Violations> {
    match regions.resolve(typed) {
        Resolved::One(code) => Ok(vec![code]),
        Resolved::Split(parts) => Ok(parts),
        Resolved::Unknown(near) => {
            let remedy = if near.is_empty() {
                "write a NUTS 2024 code such as DE21 or a country such as GR".to_owned()
            } else {
                format!("did you mean: {}", near.join(", "))
            };
            Err(Violations::one(pointer, "unknown_region", format!("{typed:?} is no known region; {remedy}")))
        }
    }
}

/// One of a list of names, or the default where nothing is typed.
pub(crate) fn choose<T: Copy>(
    pointer: &str,
    typed: Option<&str>,
    default: T,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Violations> {
    let Some(word) = typed else { return Ok(default) };
    let folded = word.trim().to_lowercase();
    all.iter().copied().find(|t| name(*t) == folded).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|t| name(*t)).collect();
        Violations::one(pointer, "unknown_value", format!("{word:?} is not one of: {}", names.join(", ")))
    })
}

/// A whole number inside a range.
pub(crate) fn whole(pointer: &str, value: i64, least: i64, most: i64) -> Result<i64, Violations> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Violations::one(
        pointer,
        "out_of_range",
        format!("{value} is out of range; write a whole number from {least} to {most}"),
    ))
}

/// A day, where one is typed.
pub(crate) fn optional_day(pointer: &str, typed: Option<&str>) -> Result<Option<Day>, Violations> {
    typed.map(Day::parse).transpose().map_err(|detail| Violations::one(pointer, "bad_date", detail))
}
