//! Answers on who may serve a need.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    code::{CertificateKindCode, FeatureCode, GradeCode, ProductCode, RegionCode},
    eligibility::{Eligible, Predicate, Reason},
    ids::{InstalmentId, OfferId, OrganisationId},
    offer::Transfer,
    organisation::Verification,
    price::Price,
    time::Day,
};

use crate::reader::Sees;

/// Who may serve a need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// The number of the event that it reflects.
    pub as_of_event: i64,
    /// The day of the decision.
    pub on: Day,
    /// By instalment, in the order of the need.
    pub instalments: Vec<InstalmentCandidates>,
}

/// Who may serve an instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalmentCandidates {
    /// Which one.
    pub instalment: InstalmentId,
    /// The cheapest eligible offers of which something is free, by cost and then by id.
    pub top: Vec<Candidate>,
    /// The cheapest eligible offers that promises use up until the cut-off, by cost and then by id.
    pub used_up: Vec<Candidate>,
    /// Offers that one change would make eligible, by predicate and then the smallest change first.
    pub near: Vec<NearMiss>,
    /// How many offers fail at what.
    pub funnel: Funnel,
    /// Whether free figures are upper bounds: lines bound offers week by week and not day by day; and of nameless rows
    /// nobody is told that they share one.
    pub free_is_upper_bound: bool,
}

/// An offer of which a reader sees a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRow {
    /// Which one. It is for whoever keeps the index: a reader to whom the row is nameless is not told of it.
    pub offer: OfferId,
    /// What the reader sees of it.
    pub sees: Sees,
    /// Whose it is, where he may know that.
    pub organisation: Option<OrganisationId>,
    /// The product.
    pub product: ProductCode,
    /// The region as finely as he may know it.
    pub region: Option<RegionCode>,
}

/// An eligible offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The offer.
    pub row: SeenRow,
    /// How it passed, as [`Rules::judge`](domain::eligibility::Rules::judge) says of what the reader may know: where the
    /// price is not shown to him, as if none were stated.
    pub eligible: Eligible,
    /// What can still be promised of it by the cut-off under the parameters' kind of capacity, in base units: the least of
    /// what exists less what is promised, from the cut-off on; where only stock counts, that of all days and at most the
    /// stock. Bound by its line where the reader knows whose it is.
    pub free: i64,
    /// Whether that is all that the instalment asks for.
    pub covers: bool,
    /// What it makes now, in base units: the growth of running capacity in the ISO week of the cut-off.
    pub running: i64,
}

/// An offer that fails, and would not after one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The offer.
    pub row: SeenRow,
    /// The predicate that fails.
    pub predicate: Predicate,
    /// How it fails.
    pub reason: Reason,
    /// What would have to change.
    pub change: Change,
    /// How it would pass then.
    pub eligible: Eligible,
}

/// What would make an offer eligible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The buyer accepts one of these grades of the product; as a substitution, where the reason says that a rule allows it.
    AcceptGrade(ProductCode, Vec<GradeCode>),
    /// The buyer does without these features.
    WithoutFeatures(Vec<FeatureCode>),
    /// The buyer takes another size.
    OtherSize,
    /// The buyer accepts these kinds of certificates pending, or does without, as the reason says; or the supplier gets them.
    Certificates(Vec<CertificateKindCode>),
    /// The buyer accepts that these kinds of certificates are checked no further.
    Unchecked(Vec<CertificateKindCode>),
    /// The buyer accepts a supplier for whom only so much vouches.
    Verification(Verification),
    /// The buyer takes it in one of these ways.
    Transfer(BTreeSet<Transfer>),
    /// The buyer takes goods from there; the region as finely as the reader may know it.
    TakeFrom(Option<RegionCode>),
    /// The supplier delivers to the region of the need.
    DeliverTo(Option<RegionCode>),
    /// So many kilometres more are allowed by the buyer.
    FartherForBuyer(u32),
    /// So many kilometres more are allowed by the supplier.
    FartherForSupplier(u32),
    /// It is due so many days later.
    Later(i32),
    /// The site orders at least so many base units together.
    OrderAtLeast(i64),
    /// The cap is as high as its price.
    CapAt(Price),
}

/// Offers of the product and of those that may stand for it, by the first predicate that fails.
///
/// Offers of which the reader sees no rows are told only in counts of at least three organisations beside any one that
/// shares in them, and only at predicates that rest on no figure of theirs, so neither at [`Predicate::Producing`] nor from
/// [`Predicate::Window`] on; all others are folded into one count, which is told on the same condition. Offers that are not in the market are counted for whoever knows whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Funnel {
    /// All offers that it tells of: the sum of the counts below.
    pub considered: u32,
    /// Those that pass, and that the reader is shown.
    pub eligible: u32,
    /// How many of these are used up by promises.
    pub used_up: u32,
    /// Those that fail, by the first predicate that does.
    pub failed: BTreeMap<Predicate, Failed>,
    /// Those that are told apart no further; `None` where there are none, or too few to be told.
    pub not_told: Option<u32>,
}

/// Offers that fail at a predicate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failed {
    /// How many.
    pub offers: u32,
    /// Those of which the reader sees rows, by the [code](Reason::code) of the reason.
    pub reasons: BTreeMap<&'static str, u32>,
}
