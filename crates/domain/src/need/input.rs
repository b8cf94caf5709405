//! A need as people type it, in a request, a form or a file.

use crate::{
    offer::{FeatureInput, PriceInput},
    quantity::MeasureInput,
};

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
    /// What lies at the site.
    pub stock: Option<MeasureInput>,
    /// The day that the stock stands for; today where absent.
    pub stock_as_of: Option<String>,
    /// What the site uses up in a day.
    pub daily_use: Option<MeasureInput>,
    /// How much, by when.
    pub instalments: Vec<InstalmentInput>,
    /// Words.
    pub note: String,
    /// Whether it is not to be in the market yet: then its days may be over.
    pub draft: bool,
}
