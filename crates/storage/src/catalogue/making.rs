//! Units, process steps, conversions and words for activities.

use domain::{
    catalogue::{Activity, Basis, Confidence, ConversionPath, ProcessStep},
    code::{ProductCode, UnitCode},
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};

use super::words::{listed, narrow, position};
use crate::{
    entity::{activity, conversion, process_step, unit},
    error::StoreError,
    json,
};

pub(super) fn unit_rows(list: &[Unit]) -> Result<Vec<unit::Model>, StoreError> {
    let row = |(index, u): (usize, &Unit)| {
        let (meaning, fixed) = match u.meaning {
            UnitMeaning::Fixed { base, numerator, denominator } => ("fixed", Some((base, numerator, denominator))),
            UnitMeaning::Package => ("package", None),
            UnitMeaning::Period => ("period", None),
        };
        Ok(unit::Model {
            code: u.code.as_str().to_owned(),
            position: position(index)?,
            name: u.name.clone(),
            meaning: meaning.to_owned(),
            base_unit: fixed.map(|(base, _, _)| base.as_str().to_owned()),
            numerator: fixed.map(|(_, numerator, _)| numerator),
            denominator: fixed.map(|(_, _, denominator)| denominator),
            synonyms: listed(&u.synonyms)?,
            deprecated_note: u.deprecated_note.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn units(rows: Vec<unit::Model>) -> Result<UnitTable, StoreError> {
    let unit = |row: unit::Model| {
        let fixed = match (row.base_unit.as_deref(), row.numerator, row.denominator) {
            (Some(base), Some(numerator), Some(denominator)) => {
                let base = json::word("units.base_unit", base, BaseUnit::parse)?;
                Some(UnitMeaning::Fixed { base, numerator, denominator })
            }
            (_, _, _) => None,
        };
        let meaning = |word: &str| match word {
            "fixed" => fixed,
            "package" => Some(UnitMeaning::Package),
            "period" => Some(UnitMeaning::Period),
            _ => None,
        };
        Ok(Unit {
            code: UnitCode::new(&row.code),
            name: row.name,
            meaning: json::word("units.meaning", &row.meaning, meaning)?,
            synonyms: json::from_text("units.synonyms", &row.synonyms)?,
            deprecated_note: row.deprecated_note,
        })
    };
    let list: Result<Vec<Unit>, StoreError> = rows.into_iter().map(unit).collect();
    UnitTable::new(list?).map_err(StoreError::internal)
}

pub(super) fn step_rows(list: &[ProcessStep]) -> Result<Vec<process_step::Model>, StoreError> {
    let row = |(index, s): (usize, &ProcessStep)| {
        Ok(process_step::Model {
            product: s.product.as_str().to_owned(),
            step: i16::from(s.step),
            position: position(index)?,
            name: s.name.clone(),
            inputs: listed(&s.inputs)?,
            equipment: listed(&s.equipment)?,
            nace2: s.nace2.clone(),
            bottleneck: s.bottleneck.clone(),
            source: s.source.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn steps(rows: Vec<process_step::Model>) -> Result<Vec<ProcessStep>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(ProcessStep {
                product: ProductCode::new(&row.product),
                step: narrow("process_steps.step", row.step)?,
                name: row.name,
                inputs: json::from_text("process_steps.inputs", &row.inputs)?,
                equipment: json::from_text("process_steps.equipment", &row.equipment)?,
                nace2: row.nace2,
                bottleneck: row.bottleneck,
                source: row.source,
            })
        })
        .collect()
}

pub(super) fn conversion_rows(list: &[ConversionPath]) -> Result<Vec<conversion::Model>, StoreError> {
    let row = |(index, c): (usize, &ConversionPath)| {
        Ok(conversion::Model {
            capability: c.capability.clone(),
            product: c.product.as_str().to_owned(),
            position: position(index)?,
            nace2: listed(&c.nace2)?,
            days_min: c.days_min.map(i32::from),
            days_max: c.days_max.map(i32::from),
            basis: c.basis.as_str().to_owned(),
            bottleneck: c.bottleneck.clone(),
            certificate_path: c.certificate_path.clone(),
            example: c.example.clone(),
            source: c.source.clone(),
            confidence: c.confidence.as_str().to_owned(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn conversions(rows: Vec<conversion::Model>) -> Result<Vec<ConversionPath>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(ConversionPath {
                capability: row.capability,
                nace2: json::from_text("conversions.nace2", &row.nace2)?,
                product: ProductCode::new(&row.product),
                days_min: row.days_min.map(|days| narrow("conversions.days_min", days)).transpose()?,
                days_max: row.days_max.map(|days| narrow("conversions.days_max", days)).transpose()?,
                basis: json::word("conversions.basis", &row.basis, Basis::parse)?,
                bottleneck: row.bottleneck,
                certificate_path: row.certificate_path,
                example: row.example,
                source: row.source,
                confidence: json::word("conversions.confidence", &row.confidence, Confidence::parse)?,
            })
        })
        .collect()
}

pub(super) fn activity_rows(list: &[Activity]) -> Result<Vec<activity::Model>, StoreError> {
    let row = |(index, a): (usize, &Activity)| {
        Ok(activity::Model {
            word: a.word.clone(),
            position: position(index)?,
            language: a.language.clone(),
            nace2: listed(&a.nace2)?,
            source: a.source.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn activities(rows: Vec<activity::Model>) -> Result<Vec<Activity>, StoreError> {
    rows.into_iter()
        .map(|row| {
            let nace2 = json::from_text("activities.nace2", &row.nace2)?;
            Ok(Activity { word: row.word, language: row.language, nace2, source: row.source })
        })
        .collect()
}
