//! Candidates as JSON: flat rows, of which each is a line of a file as well.

use std::collections::BTreeMap;

use app::{
    App,
    access::Caller,
    candidates::{Candidate, CandidatesTold, Change, Funnel, InstalmentCandidates, NearMiss, SeenRow},
    shown,
};
use domain::{eligibility::Standing, need::Instalment};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    cost::CostView,
    export::{Column, Kind, Tabled},
    measure::PriceBody,
};

/// Who may serve a need.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Candidates)]
pub(super) struct CandidatesView {
    /// When it was asked; the figures are those of this moment.
    #[schema(format = DateTime)]
    as_of: String,
    /// The number of the last event of the change feed that is in it; null to all but the operator.
    event: Option<i64>,
    /// The need; null where it was only described.
    need: Option<Uuid>,
    /// The product.
    product: String,
    /// The UN/ECE code of the base unit of all quantities.
    unit: &'static str,
    /// By instalment.
    instalments: Vec<InstalmentView>,
}

/// Who may serve an instalment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstalmentCandidates)]
struct InstalmentView {
    /// Its place in the need, from 1.
    number: usize,
    /// Its id; null where the need was only described.
    instalment: Option<Uuid>,
    /// How much it asks for, in base units.
    quantity: i64,
    /// When it is due.
    #[schema(format = Date)]
    due: String,
    /// The best offers first.
    candidates: Vec<CandidateView>,
    /// Offers that would do, and of which nothing is left in time.
    used_up: Vec<CandidateView>,
    /// Offers that fail at one thing that somebody could change; by predicate, the smallest change first.
    near_misses: Vec<NearMissView>,
    /// How many offers fail at what.
    funnel: FunnelView,
    /// Whether free figures may be too high, as in the capacity map.
    free_is_upper_bound: bool,
}

/// An offer that may serve an instalment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Candidate)]
pub struct CandidateView {
    /// The instalment that it may serve, by its place in the need, from 1.
    number: usize,
    /// Its place in the ranking, from 1.
    rank: usize,
    /// Its id where you may know whose it is, and else a name for it that only you can use.
    offer: String,
    /// Whose it is; null where you may not know.
    organisation: Option<Uuid>,
    /// The product.
    product: String,
    /// The region, as finely as you may know it.
    region: Option<String>,
    /// What can still be promised of it in time, in base units.
    free: i64,
    /// Whether that is all that the instalment asks for.
    covers: bool,
    /// What it makes in the week of the cut-off, in base units.
    running: i64,
    /// The last day on which the goods must exist.
    #[schema(format = Date)]
    cutoff: String,
    /// Kilometres, where both places are known.
    distance_km: Option<u32>,
    /// Calendar days on the way.
    transit_days: i32,
    /// Whether only stock counts, since output cannot be ordered in time.
    stock_only: bool,
    /// How the offered grade stands to what is asked: `same`, `satisfies`, or `substitute`.
    grade: &'static str,
    /// What to know before relying on another grade.
    caveat: Option<String>,
    /// What it costs in points per base unit, all parts together.
    cost: i64,
    /// The parts of it, of those that are not 0: by which it is ranked where it is.
    because: Vec<String>,
}

/// An offer that fails at one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NearMiss)]
struct NearMissView {
    /// Its id where you may know whose it is, and else a name for it that only you can use.
    offer: String,
    /// Whose it is; null where you may not know.
    organisation: Option<Uuid>,
    /// The product.
    product: String,
    /// The region, as finely as you may know it.
    region: Option<String>,
    /// The predicate that it fails.
    predicate: &'static str,
    /// How: a reason's code.
    reason: &'static str,
    /// What would make it do, in words.
    change: String,
    /// How many that are: days, kilometres or base units; null for what has no number.
    by: Option<i64>,
    /// What it would cost then, in points per base unit.
    cost: i64,
}

/// How many offers fail at what. Offers that you see no rows of are told in counts of several organisations alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Funnel)]
struct FunnelView {
    /// All offers that it tells of: the sum of those below.
    considered: u32,
    /// Those that pass.
    eligible: u32,
    /// How many of these are promised away.
    used_up: u32,
    /// Those that fail, by the first predicate that they fail at, in the order in which these are asked.
    failed: Vec<FailedView>,
    /// Those that are told apart no further; null where there are none, or too few to be told.
    not_told: Option<u32>,
}

/// Offers that fail at a predicate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailedOffers)]
struct FailedView {
    /// The predicate.
    predicate: &'static str,
    /// How many.
    offers: u32,
    /// Those of which you see rows, by the reason's code.
    reasons: BTreeMap<&'static str, u32>,
}

impl CandidatesView {
    /// As the caller may see it.
    pub(super) fn of(app: &App, caller: &Caller, told: CandidatesTold) -> Self {
        let CandidatesTold { need, exists, answer, as_of, event } = told;
        let unit = app.tables().catalogue.product(need.terms.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        let name = |row: &SeenRow| shown::name(app, caller, row.offer, row.sees);
        let of_instalment = |told: &InstalmentCandidates| {
            let (at, instalment) = need.instalments.iter().enumerate().find(|(_, one)| one.id == told.instalment)?;
            Some(InstalmentView::of(told, (at + 1, instalment, exists), &name))
        };
        Self {
            as_of: as_of.to_string(),
            event,
            need: exists.then_some(need.id.0),
            product: need.terms.product.to_string(),
            unit,
            instalments: answer.instalments.iter().filter_map(of_instalment).collect(),
        }
    }

    /// The candidates of all instalments.
    pub(super) fn into_rows(self) -> Vec<CandidateView> {
        self.instalments.into_iter().flat_map(|instalment| instalment.candidates).collect()
    }
}

impl InstalmentView {
    fn of(
        told: &InstalmentCandidates,
        (number, instalment, exists): (usize, &Instalment, bool),
        name: &impl Fn(&SeenRow) -> String,
    ) -> Self {
        let rows = |rows: &[Candidate]| -> Vec<CandidateView> {
            let ranked = rows.iter().enumerate();
            ranked.map(|(at, row)| CandidateView::of(row, (number, at + 1), name(&row.row))).collect()
        };
        Self {
            number,
            instalment: exists.then_some(instalment.id.0),
            quantity: instalment.measure.quantity.units(),
            due: instalment.due.to_string(),
            candidates: rows(&told.top),
            used_up: rows(&told.used_up),
            near_misses: told.near.iter().map(|near| NearMissView::of(near, name(&near.row))).collect(),
            funnel: FunnelView::of(&told.funnel),
            free_is_upper_bound: told.free_is_upper_bound,
        }
    }
}

impl CandidateView {
    fn of(candidate: &Candidate, (number, rank): (usize, usize), offer: String) -> Self {
        let Candidate { row, eligible, free, covers, running } = candidate;
        let (grade, caveat) = match &eligible.standing {
            Standing::Same => ("same", None),
            Standing::Satisfies { caveat } => ("satisfies", Some(caveat.clone())),
            Standing::Substitute { caveat } => ("substitute", Some(caveat.clone())),
        };
        Self {
            number,
            rank,
            offer,
            organisation: row.organisation.map(|id| id.0),
            product: row.product.to_string(),
            region: row.region.as_ref().map(ToString::to_string),
            free: *free,
            covers: *covers,
            running: *running,
            cutoff: eligible.cutoff.to_string(),
            distance_km: eligible.distance_km,
            transit_days: eligible.transit_days,
            stock_only: eligible.stock_only,
            grade,
            caveat: caveat.filter(|text| !text.is_empty()),
            cost: eligible.cost.total(),
            because: CostView::of(&eligible.cost).parts(),
        }
    }
}

impl NearMissView {
    fn of(near: &NearMiss, offer: String) -> Self {
        let (change, by) = words(&near.change);
        Self {
            offer,
            organisation: near.row.organisation.map(|id| id.0),
            product: near.row.product.to_string(),
            region: near.row.region.as_ref().map(ToString::to_string),
            predicate: near.predicate.as_str(),
            reason: near.reason.code(),
            change,
            by,
            cost: near.eligible.cost.total(),
        }
    }
}

impl FunnelView {
    fn of(funnel: &Funnel) -> Self {
        let failed = funnel.failed.iter().map(|(predicate, failed)| FailedView {
            predicate: predicate.as_str(),
            offers: failed.offers,
            reasons: failed.reasons.clone(),
        });
        Self {
            considered: funnel.considered,
            eligible: funnel.eligible,
            used_up: funnel.used_up,
            failed: failed.collect(),
            not_told: funnel.not_told,
        }
    }
}

/// A change for people, and how many days, kilometres or units that are.
fn words(change: &Change) -> (String, Option<i64>) {
    fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
        items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" or ")
    }
    match change {
        Change::AcceptGrade(product, grades) => match grades.as_slice() {
            [] => (format!("accept {product} of any grade"), None),
            some => (format!("accept {} of {product}", list(some)), None),
        },
        Change::WithoutFeatures(features) => (format!("do without {}", list(features)), None),
        Change::OtherSize => ("take another size".to_owned(), None),
        Change::Certificates(kinds) => {
            (format!("the supplier gets {}, or you accept it pending or do without", list(kinds)), None)
        }
        Change::Unchecked(kinds) => (format!("accept {} checked no further", list(kinds)), None),
        Change::Verification(least) => (format!("accept suppliers vouched for by {}", least.as_str()), None),
        Change::Transfer(ways) => (format!("take it as {}", list(ways.iter().map(|way| way.as_str()))), None),
        Change::TakeFrom(region) => {
            (region.as_ref().map_or("take goods from there".to_owned(), |r| format!("take goods from {r}")), None)
        }
        Change::DeliverTo(region) => {
            let there = region.as_ref().map_or("your region".to_owned(), ToString::to_string);
            (format!("the supplier delivers to {there}"), None)
        }
        Change::FartherForBuyer(km) => (format!("allow {km} km more"), Some((*km).into())),
        Change::FartherForSupplier(km) => (format!("the supplier delivers {km} km farther"), Some((*km).into())),
        Change::Later(days) => (format!("due {days} days later"), Some((*days).into())),
        Change::OrderAtLeast(units) => (format!("order at least {units} base units together"), Some(*units)),
        Change::CapAt(price) => {
            let price = PriceBody::of(price);
            (format!("pay up to {} {} a base unit", price.amount.0, price.currency), None)
        }
    }
}

impl Tabled for CandidateView {
    const NAME: &'static str = "candidates";
    const TITLE: &'static str = "Offers that may serve a need";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "number", kind: Kind::Integer },
        Column { name: "rank", kind: Kind::Integer },
        Column { name: "offer", kind: Kind::Text },
        Column { name: "organisation", kind: Kind::Text },
        Column { name: "product", kind: Kind::Text },
        Column { name: "region", kind: Kind::Text },
        Column { name: "free", kind: Kind::Integer },
        Column { name: "covers", kind: Kind::Flag },
        Column { name: "running", kind: Kind::Integer },
        Column { name: "cutoff", kind: Kind::Date },
        Column { name: "distance_km", kind: Kind::Integer },
        Column { name: "transit_days", kind: Kind::Integer },
        Column { name: "stock_only", kind: Kind::Flag },
        Column { name: "grade", kind: Kind::Text },
        Column { name: "caveat", kind: Kind::Text },
        Column { name: "cost", kind: Kind::Integer },
        Column { name: "because", kind: Kind::List },
    ];

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}
