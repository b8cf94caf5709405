//! From what people typed to the terms and instalments of a need, with every fault found at once.

use std::collections::BTreeSet;

use super::{
    CheckedInstalments, MOST_DAYS_AHEAD, MOST_SUPPLIERS, NeedInput, NeedTerms, SiteSupply, Substitution, Urgency,
};
use crate::{
    catalogue::{Product, Verdict},
    certificate::CertificateStatus,
    code::{CertificateKindCode, FeatureCode},
    feature::{Demand, FeatureKind, FeatureValue, Requirement},
    offer::{FeatureInput, Reference, Transfer},
    organisation::Verification,
    price::Price,
    quantity::{Measure, MeasureInput, Zero, measure, measure_of_unknown},
    text,
    time::Day,
    typed::{self, choose, features_stated, whole},
    violation::Violations,
};

impl NeedInput {
    /// Checks everything and returns terms, instalments, and the reason to quarantine them if
    /// they are implausible; or every fault at once.
    pub fn check(&self, at: &Reference<'_>) -> Result<(NeedTerms, CheckedInstalments, Option<String>), Violations> {
        typed::few(&[
            ("/grades", self.grades.len()),
            ("/substitutions", self.substitutions.len()),
            ("/features", self.requirements.len()),
            ("/certificates", self.certificates.len()),
            ("/transfers", self.transfers.len()),
            ("/regions", self.regions.len()),
        ])?;
        let mut faults = Violations::new();
        // Without the product, whatever does not hang on it is checked all the same.
        let (product, implied) = faults.keep(typed::product(&self.product, at.catalogue)).unzip();
        let grades = product
            .and_then(|p| faults.keep(typed::grades("/grades", p, &self.grades, implied.flatten(), at.catalogue)));
        let substitutions = product.map(|p| self.substitutions(p, at, &mut faults)).unwrap_or_default();
        let requirements = product.map(|p| self.requirements(p, at, &mut faults)).unwrap_or_default();
        let certificates = self.certificate_kinds(at, &mut faults);
        let held = [
            CertificateStatus::Claimed,
            CertificateStatus::Documented,
            CertificateStatus::Checked,
            CertificateStatus::Confirmed,
        ];
        let certificate_status = faults.keep(choose(
            "/certificate_status",
            self.certificate_status.as_deref(),
            CertificateStatus::Claimed,
            &held,
            CertificateStatus::as_str,
        ));
        let verification = faults.keep(choose(
            "/verification",
            self.verification.as_deref(),
            Verification::None,
            &Verification::ALL,
            Verification::as_str,
        ));
        let transfers = if self.transfers.is_empty() {
            Some(BTreeSet::from([Transfer::Sale, Transfer::Donation]))
        } else {
            faults.keep(typed::transfers("/transfers", &self.transfers))
        };
        let price_cap = self.price_cap.as_ref().map(|p| faults.keep(Price::parse("/price_cap", p.amount, &p.currency)));
        let regions = faults.keep(typed::region_list("/regions", &self.regions, at.regions));
        let max_distance_km = self.max_distance_km.map(|km| faults.keep(whole("/max_distance_km", km, 1, 20_100)));
        let max_suppliers =
            self.max_suppliers.map(|n| faults.keep(whole("/max_suppliers", n, 1, i64::from(MOST_SUPPLIERS))));
        let urgency =
            faults.keep(choose("/urgency", self.urgency.as_deref(), Urgency::Normal, &Urgency::ALL, Urgency::as_str));
        let supply = self.supply(product, at, &mut faults);
        let instalments = self.instalments(product, at, &mut faults);
        let note = faults.keep(text::note("/note", &self.note));
        faults.into_result()?;
        let terms = (|| {
            Some(NeedTerms {
                product: product?.code.clone(),
                grades: grades?,
                substitutions,
                requirements,
                certificates,
                accept_pending: self.accept_pending,
                certificate_status: certificate_status?,
                verification: verification?,
                transfers: transfers?,
                price_cap: price_cap.flatten(),
                regions: regions?,
                max_distance_km: max_distance_km.flatten().and_then(|km| u32::try_from(km).ok()),
                max_suppliers: max_suppliers.flatten().and_then(|n| u16::try_from(n).ok()),
                urgency: urgency?,
                supply,
                note: note?,
            })
        })();
        let terms = terms.ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))?;
        let quarantine = product.and_then(|p| implausible(p, instalments.iter().map(|(m, _, _)| m)));
        Ok((terms, instalments, quarantine))
    }

    fn substitutions(&self, product: &Product, at: &Reference<'_>, faults: &mut Violations) -> Vec<Substitution> {
        let mut found = Vec::new();
        for (i, (other, grade)) in self.substitutions.iter().enumerate() {
            let pointer = format!("/substitutions/{i}");
            let other = match other {
                Some(typed) => match typed::product(typed, at.catalogue) {
                    Ok(found) => found,
                    Err(part) => {
                        faults.extend_below(&pointer, part);
                        continue;
                    }
                },
                None => (product, None),
            };
            // `KN95` typed as the product opts into that grade, not into every respirator.
            let (other, implied) = other;
            let at_grade = format!("{pointer}/grade");
            let grade = match grade {
                Some(typed) => match faults.keep(typed::grade(&at_grade, other, typed, at.catalogue)) {
                    Some(code) => Some(code),
                    None => continue,
                },
                None => implied,
            };
            let offered = (&other.code, grade.as_ref());
            let possible = at.catalogue.parts().rules.iter().any(|r| {
                r.need_product == product.code
                    && r.offer_product == *offered.0
                    && (offered.1.is_none() || r.offer_grade.is_none() || r.offer_grade.as_ref() == offered.1)
                    && r.verdict != Verdict::DoesNotSatisfy
            });
            if possible {
                found.push(Substitution { product: other.code.clone(), grade });
            } else {
                let detail = format!(
                    "no rule lets {} stand for {}; remove it (GET /api/v1/products/{} lists the rules)",
                    other.code, product.code, product.code
                );
                faults.push(pointer, "no_such_substitution", detail);
            }
        }
        found.sort();
        found.dedup();
        found
    }

    fn requirements(&self, product: &Product, at: &Reference<'_>, faults: &mut Violations) -> Vec<Requirement> {
        let mut found = Vec::new();
        for r in &self.requirements {
            let typed = [(r.feature.clone(), r.value.clone())];
            let stated = faults.keep(features_stated(product, &typed, at.catalogue)).unwrap_or_default();
            for (feature, value) in stated {
                let Some(comparison) = at.catalogue.feature(feature.as_str()).map(|f| f.comparison) else { continue };
                let demand = if r.preferred { Demand::Preferred } else { Demand::Required };
                found.push(Requirement { feature, value, comparison, demand });
            }
        }
        found
    }

    fn certificate_kinds(&self, at: &Reference<'_>, faults: &mut Violations) -> Vec<CertificateKindCode> {
        let mut found = Vec::new();
        for (i, typed) in self.certificates.iter().enumerate() {
            match at.catalogue.certificate_kind(typed) {
                Some(kind) => found.push(kind.code.clone()),
                None => {
                    let kinds: Vec<&str> =
                        at.catalogue.parts().certificate_kinds.iter().map(|k| k.code.as_str()).collect();
                    faults.push(
                        format!("/certificates/{i}"),
                        "unknown_certificate_kind",
                        format!("{typed:?} is no kind of certificate; write one of: {}", kinds.join(", ")),
                    );
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// What lies at the site and what it uses up: both, or neither.
    fn supply(&self, product: Option<&Product>, at: &Reference<'_>, faults: &mut Violations) -> Option<SiteSupply> {
        let units = at.catalogue.unit_table();
        let read = |pointer: &str, typed: &MeasureInput, zero: Zero, faults: &mut Violations| match product {
            Some(p) => faults.keep(measure(pointer, typed, p.base_unit, zero, units, None)),
            None => {
                faults.keep(measure_of_unknown(pointer, typed, zero, units));
                None
            }
        };
        let stock = self.stock.as_ref().and_then(|typed| read("/stock", typed, Zero::Legal, faults));
        let daily_use = self.daily_use.as_ref().and_then(|typed| read("/daily_use", typed, Zero::Refused, faults));
        let as_of = faults.keep(typed::optional_day("/stock_as_of", self.stock_as_of.as_deref())).flatten();
        if let Some(d) = as_of.filter(|d| *d > at.today) {
            let detail = format!("{d} is after today ({}); a stock stands for a day that has come", at.today);
            faults.push("/stock_as_of", "in_future", detail);
        }
        match (&self.stock, &self.daily_use) {
            (Some(_), None) => faults.push("/daily_use", "missing", "is missing; a stock says little without its use"),
            (None, Some(_)) => faults.push("/stock", "missing", "is missing; write what lies there, if it is 0"),
            (None, None) if self.stock_as_of.is_some() => {
                faults.push("/stock_as_of", "does_not_apply", "is for a stock; leave it out, or state one");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        Some(SiteSupply { stock: stock?, as_of: as_of.unwrap_or(at.today), daily_use: daily_use? })
    }

    fn instalments(
        &self,
        product: Option<&Product>,
        at: &Reference<'_>,
        faults: &mut Violations,
    ) -> CheckedInstalments {
        let units = at.catalogue.unit_table();
        if self.instalments.is_empty() {
            faults.push("/instalments", "missing", "has no instalment; state how much by when");
        }
        if self.instalments.len() > 200 {
            faults.push(
                "/instalments",
                "too_many",
                format!("has {} instalments; write at most 200", self.instalments.len()),
            );
            return Vec::new();
        }
        let mut found = Vec::new();
        for (i, typed) in self.instalments.iter().enumerate() {
            let pointer = format!("/instalments/{i}/quantity");
            let quantity = match &typed.quantity {
                Some(m) => match product {
                    Some(p) => faults.keep(measure(&pointer, m, p.base_unit, Zero::Refused, units, None)),
                    None => {
                        faults.keep(measure_of_unknown(&pointer, m, Zero::Refused, units));
                        None
                    }
                },
                None => {
                    faults.push(pointer, "missing", "is missing; write how many, even if it is an estimate");
                    None
                }
            };
            let due = faults.keep(due(i, &typed.due, at.today, self.draft));
            let size = typed.size.as_ref().zip(product);
            let size = size.and_then(|(size, p)| faults.keep(one_size(i, size, p, at)).flatten());
            found.extend(quantity.zip(due).map(|(q, d)| (q, d, size)));
        }
        found
    }
}

/// Why a need of these instalments must wait for a reviewer, if it must.
pub fn implausible<'a>(product: &Product, instalments: impl Iterator<Item = &'a Measure>) -> Option<String> {
    let total: i128 = instalments.map(|m| i128::from(m.quantity.units())).sum();
    let (unit, ceiling) = (product.base_unit, product.order_ceiling);
    (total > i128::from(ceiling)).then(|| format!("{total} {unit} is above the plausible {ceiling} for one need"))
}

fn due(i: usize, typed: &str, today: Day, draft: bool) -> Result<Day, Violations> {
    let pointer = format!("/instalments/{i}/due");
    match Day::parse(typed) {
        Err(detail) => Err(Violations::one(pointer, "bad_date", detail)),
        Ok(d) if d < today && !draft => {
            Err(Violations::one(pointer, "in_past", format!("{d} is over; write today ({today}) or a later day")))
        }
        Ok(d) if d.since(today) > MOST_DAYS_AHEAD => Err(Violations::one(
            pointer,
            "too_far_ahead",
            format!("{d} is more than {MOST_DAYS_AHEAD} days ahead; write an earlier day"),
        )),
        Ok(d) => Ok(d),
    }
}

fn one_size(i: usize, typed: &str, product: &Product, at: &Reference<'_>) -> Result<Option<String>, Violations> {
    let pointer = format!("/instalments/{i}/size");
    let is_size =
        |code: &&FeatureCode| at.catalogue.feature(code.as_str()).is_some_and(|f| f.kind == FeatureKind::Sizes);
    let Some(feature) = product.features.iter().map(|(code, _)| code).find(is_size) else {
        let detail = format!("{} comes in no sizes; leave the field out", product.code);
        return Err(Violations::one(pointer, "unknown_size", detail));
    };
    let stated = [(feature.as_str().to_owned(), FeatureInput::Text(typed.to_owned()))];
    match features_stated(product, &stated, at.catalogue) {
        Ok(found) => Ok(found.into_iter().find_map(|(_, value)| match value {
            FeatureValue::Sizes(sizes) => sizes.into_iter().next(),
            FeatureValue::Flag(_) | FeatureValue::Integer(_) | FeatureValue::Choice(_) => None,
        })),
        Err(part) => {
            let detail = part.as_slice().first().map(|v| v.detail.clone()).unwrap_or_default();
            Err(Violations::one(pointer, "unknown_size", detail))
        }
    }
}
