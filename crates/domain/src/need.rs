//! Needs: what a site lacks, in instalments.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    catalogue::Verdict,
    certificate::CertificateStatus,
    code::{CertificateKindCode, FeatureCode, GradeCode, ProductCode, RegionCode},
    feature::{Demand, FeatureKind, FeatureValue, Requirement},
    ids::{InstalmentId, NeedId, OrganisationId, SiteId},
    offer::{FeatureInput, PriceInput, Reference, Transfer},
    organisation::Verification,
    price::Price,
    quantity::{Measure, MeasureInput, Zero, measure, measure_of_unknown},
    text,
    time::Day,
    typed::{self, choose, features_stated, whole},
    violation::Violations,
};

/// How urgent a need is; a lower tier comes first, whatever the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Tier 1; counts only once granted, else as tier 2.
    Critical,
    /// Tier 2.
    High,
    /// Tier 3.
    Normal,
    /// Tier 4.
    Low,
}

impl Urgency {
    /// All tiers, most urgent first.
    pub const ALL: [Urgency; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|u| u.as_str() == name)
    }

    /// 1 for critical to 4 for low.
    pub fn tier(self) -> u8 {
        match self {
            Self::Critical => 1,
            Self::High => 2,
            Self::Normal => 3,
            Self::Low => 4,
        }
    }
}

/// A substitution the buyer opted into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Substitution {
    /// The product that may stand in; the need's own for another grade of it.
    pub product: ProductCode,
    /// Its grade; any where `None`.
    pub grade: Option<GradeCode>,
}

/// What is needed; every check of [`NeedInput::check`] passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedTerms {
    /// The product.
    pub product: ProductCode,
    /// Accepted grades, any of which will do; every grade where empty.
    pub grades: Vec<GradeCode>,
    /// Substitutions opted into.
    pub substitutions: Vec<Substitution>,
    /// Features required or preferred.
    pub requirements: Vec<Requirement>,
    /// Certificates demanded, all of them.
    pub certificates: Vec<CertificateKindCode>,
    /// Whether pending certificates will do.
    pub accept_pending: bool,
    /// How far demanded certificates must have been checked.
    pub certificate_status: CertificateStatus,
    /// Who must have vouched for the supplier.
    pub verification: Verification,
    /// How goods may change hands; never empty.
    pub transfers: BTreeSet<Transfer>,
    /// The most it may cost, per base unit.
    pub price_cap: Option<Price>,
    /// Where it may come from; anywhere when empty.
    pub regions: Vec<RegionCode>,
    /// How far it may come, in kilometres.
    pub max_distance_km: Option<u32>,
    /// Of how many suppliers at most an instalment may come, 1 to [`MOST_SUPPLIERS`]; of any number where
    /// `None`. An organisation counts once, whatever it offers, and so does one that holds a match already.
    #[serde(default)]
    pub max_suppliers: Option<u16>,
    /// How urgent the buyer says it is.
    pub urgency: Urgency,
    /// What the buyer adds in words.
    pub note: String,
}

/// A quantity of a need due on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// Its id.
    pub id: InstalmentId,
    /// How much.
    pub measure: Measure,
    /// By when, at the end of that day.
    pub due: Day,
    /// The one size it must be, where the product has sizes.
    pub size: Option<String>,
}

/// Where a need stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedState {
    /// Not yet in the market.
    Draft,
    /// In the market.
    Open,
    /// Agreed matches cover it.
    Covered,
    /// Ended by its owner.
    Closed,
    /// Its last due date is over.
    Expired,
}

impl NeedState {
    /// All of them.
    pub const ALL: [NeedState; 5] = [Self::Draft, Self::Open, Self::Covered, Self::Closed, Self::Expired];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Covered => "covered",
            Self::Closed => "closed",
            Self::Expired => "expired",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether a need may go from this state to another. A covered need reopens when goods fail.
    pub fn may_become(self, next: NeedState) -> bool {
        matches!(
            (self, next),
            (Self::Draft | Self::Covered, Self::Open)
                | (Self::Open, Self::Covered | Self::Expired)
                | (Self::Draft | Self::Open | Self::Covered, Self::Closed)
        )
    }
}

/// A need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Its id.
    pub id: NeedId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Where it must arrive.
    pub site: SiteId,
    /// What is needed.
    pub terms: NeedTerms,
    /// How much, by when; never empty.
    pub instalments: Vec<Instalment>,
    /// Where it stands.
    pub state: NeedState,
    /// Whether an authorised body granted tier 1.
    pub urgency_granted: bool,
    /// Why it waits for a reviewer, if it does.
    pub quarantine: Option<String>,
}

impl Need {
    /// The tier it ranks at: tier 1 only once granted.
    pub fn tier(&self) -> u8 {
        match self.terms.urgency {
            Urgency::Critical if !self.urgency_granted => Urgency::High.tier(),
            other => other.tier(),
        }
    }

    /// Whether a run should try to cover it.
    pub fn is_matchable(&self) -> bool {
        self.state == NeedState::Open && self.quarantine.is_none()
    }

    /// The highest verdict the buyer opted into for a product and grade, besides `satisfies`.
    pub fn opted_in(&self, product: &ProductCode, grade: Option<&GradeCode>) -> bool {
        self.terms
            .substitutions
            .iter()
            .any(|s| s.product == *product && (s.grade.is_none() || s.grade.as_ref() == grade))
    }
}

/// A quantity, a due date and a size as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalmentInput {
    /// How much; a need without a quantity is refused, not guessed.
    pub quantity: Option<MeasureInput>,
    /// By when.
    pub due: String,
    /// One size.
    pub size: Option<String>,
}

/// A requirement as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementInput {
    /// The feature's code.
    pub feature: String,
    /// The value asked for.
    pub value: FeatureInput,
    /// Whether the buyer only prefers it.
    pub preferred: bool,
}

/// A need as typed, from a request, a form or a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NeedInput {
    /// A product code, name or synonym.
    pub product: String,
    /// Accepted grades.
    pub grades: Vec<String>,
    /// Product and grade of each substitution opted into; the need's own product where absent.
    pub substitutions: Vec<(Option<String>, Option<String>)>,
    /// Features.
    pub requirements: Vec<RequirementInput>,
    /// Certificate kinds demanded.
    pub certificates: Vec<String>,
    /// Whether pending certificates will do.
    pub accept_pending: bool,
    /// How far certificates must have been checked: `claimed` where absent.
    pub certificate_status: Option<String>,
    /// Who must have vouched for the supplier: `none` where absent.
    pub verification: Option<String>,
    /// How goods may change hands; a sale or donation where empty.
    pub transfers: Vec<String>,
    /// The most it may cost.
    pub price_cap: Option<PriceInput>,
    /// Where it may come from.
    pub regions: Vec<String>,
    /// How far it may come.
    pub max_distance_km: Option<i64>,
    /// Of how many suppliers at most an instalment may come.
    pub max_suppliers: Option<i64>,
    /// `critical`, `high`, `normal` (where absent) or `low`.
    pub urgency: Option<String>,
    /// How much, by when.
    pub instalments: Vec<InstalmentInput>,
    /// Words.
    pub note: String,
}

/// The quantities of a checked need, before they have ids.
pub type CheckedInstalments = Vec<(Measure, Day, Option<String>)>;

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
                note: note?,
            })
        })();
        let terms = terms.ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))?;
        let total: i128 = instalments.iter().map(|(m, _, _)| i128::from(m.quantity.units())).sum();
        let quarantine = product
            .filter(|p| total > i128::from(p.order_ceiling))
            .map(|p| format!("{total} {} is above the plausible {} for one need", p.base_unit, p.order_ceiling));
        Ok((terms, instalments, quarantine))
    }

    fn substitutions(
        &self,
        product: &crate::catalogue::Product,
        at: &Reference<'_>,
        faults: &mut Violations,
    ) -> Vec<Substitution> {
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

    fn requirements(
        &self,
        product: &crate::catalogue::Product,
        at: &Reference<'_>,
        faults: &mut Violations,
    ) -> Vec<Requirement> {
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

    fn instalments(
        &self,
        product: Option<&crate::catalogue::Product>,
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
            let due = faults.keep(due(i, &typed.due, at.today));
            let size = typed.size.as_ref().zip(product);
            let size = size.and_then(|(size, p)| faults.keep(one_size(i, size, p, at)).flatten());
            found.extend(quantity.zip(due).map(|(q, d)| (q, d, size)));
        }
        found
    }
}

/// The largest number of suppliers that an instalment can be limited to; more is no limit in practice.
pub const MOST_SUPPLIERS: u16 = 1_000;

/// How far ahead a due date may lie; three years.
pub const MOST_DAYS_AHEAD: i32 = 1_096;

fn due(i: usize, typed: &str, today: Day) -> Result<Day, Violations> {
    let pointer = format!("/instalments/{i}/due");
    match Day::parse(typed) {
        Err(detail) => Err(Violations::one(pointer, "bad_date", detail)),
        Ok(d) if d < today => {
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

fn one_size(
    i: usize,
    typed: &str,
    product: &crate::catalogue::Product,
    at: &Reference<'_>,
) -> Result<Option<String>, Violations> {
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
