//! The capacity map as JSON: flat rows, of which each has its figures.

use std::collections::{BTreeMap, BTreeSet};

use app::capacity::{CapacityAnswer, CapacityTold, Facets, Figures, Grades, Group, LeftOut, Level, Row};
use domain::time::Day;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    export::{Column, Kind, Tabled},
    query::Named,
};

/// What an offer must have some of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelName {
    /// Running capacity or stock.
    Running,
    /// The same at full stretch.
    Maximum,
    /// A conversion that is not decided yet.
    Convertible,
}

impl LevelName {
    /// What it is to the index.
    pub fn level(self) -> Level {
        match self {
            Self::Running => Level::Running,
            Self::Maximum => Level::Maximum,
            Self::Convertible => Level::Convertible,
        }
    }
}

impl Named for LevelName {
    fn all() -> &'static [Self] {
        &[Self::Running, Self::Maximum, Self::Convertible]
    }

    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Maximum => "maximum",
            Self::Convertible => "convertible",
        }
    }
}

/// What rows are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupName {
    /// The product.
    Product,
    /// The set of grades.
    Grade,
    /// The country.
    Country,
    /// The region of level 1.
    Nuts1,
    /// The region of level 2.
    Nuts2,
    /// The region of level 3.
    Nuts3,
    /// The cluster.
    Cluster,
    /// Maker or trader.
    Role,
    /// The week.
    Week,
}

impl GroupName {
    const ALL: [GroupName; 9] = [
        Self::Product,
        Self::Grade,
        Self::Country,
        Self::Nuts1,
        Self::Nuts2,
        Self::Nuts3,
        Self::Cluster,
        Self::Role,
        Self::Week,
    ];

    /// What it is to the index.
    pub fn group(self) -> Group {
        match self {
            Self::Product => Group::Product,
            Self::Grade => Group::Grade,
            Self::Country => Group::Region(0),
            Self::Nuts1 => Group::Region(1),
            Self::Nuts2 => Group::Region(2),
            Self::Nuts3 => Group::Region(3),
            Self::Cluster => Group::Cluster,
            Self::Role => Group::Holder,
            Self::Week => Group::Week,
        }
    }
}

impl Named for GroupName {
    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Grade => "grade",
            Self::Country => "country",
            Self::Nuts1 => "nuts1",
            Self::Nuts2 => "nuts2",
            Self::Nuts3 => "nuts3",
            Self::Cluster => "cluster",
            Self::Role => "role",
            Self::Week => "week",
        }
    }
}

/// Whether a row is of one week or of the whole period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollup {
    /// A row for each week.
    Weeks,
    /// One for the whole period.
    Period,
}

impl Rollup {
    /// By what rows are told apart by.
    pub fn of(groups: &[GroupName]) -> Self {
        if groups.contains(&GroupName::Week) { Self::Weeks } else { Self::Period }
    }
}

/// What there is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapacityMap)]
pub struct CapacityAnswerView {
    /// When the figures were read: at most a second before you asked, and nothing changed since.
    #[schema(format = DateTime)]
    as_of: String,
    /// The number of the last event of the change feed that is in it; null to all but the operator, since it counts what
    /// others did.
    event: Option<i64>,
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    until: String,
    /// The rows, sorted by what tells them apart.
    rows: Vec<CapacityRowView>,
    /// A row for each base unit over all of it, in which nothing counts twice.
    totals: Vec<CapacityRowView>,
    /// Whether an offer may stand in several rows, since its owner is a member of several clusters.
    overlapping: bool,
    /// Whether free figures may be too high, since offers share production lines whose time is checked week by week here
    /// and day by day when something is promised.
    free_is_upper_bound: bool,
    /// Why something may be missing: `small_totals`, `filter`, `grouping`, `partial_week`, `beyond_horizon`, `finer_region`,
    /// `public`. It follows from who asks and what, and never from what is missing.
    left_out: Vec<&'static str>,
    /// How many offers that you see one by one there are for each value of a filter under all others; null where you did
    /// not ask.
    facets: Option<FacetsView>,
}

/// A row of the capacity map. Figures are base units that become available in its days; what lies ready counts in the
/// first week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapacityMapRow)]
pub struct CapacityRowView {
    /// The product; null where rows are not told apart by it.
    product: Option<String>,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// The set of grades that the offers hold; null where rows are not told apart by it, or the row tells totals over several.
    grades: Option<Vec<String>>,
    /// The region; null where rows are not told apart by it, or where it is not known.
    region: Option<String>,
    /// The cluster; null where rows are not told apart by it, or where you may know of none.
    cluster: Option<Uuid>,
    /// `maker` or `trader`; null where rows are not told apart by it, or where you may not know.
    role: Option<&'static str>,
    /// The first of its days.
    #[schema(format = Date)]
    from: String,
    /// The last of its days.
    #[schema(format = Date)]
    until: String,
    /// Output at the running level, and stock.
    #[schema(value_type = i64)]
    running: i128,
    /// The same at full stretch.
    #[schema(value_type = i64)]
    maximum: i128,
    /// What conversions that nobody decided would add if they were decided today.
    #[schema(value_type = i64)]
    convertible: i128,
    /// What proposals hold.
    #[schema(value_type = i64)]
    held: i128,
    /// What is agreed.
    #[schema(value_type = i64)]
    agreed: i128,
    /// What can still be promised of the running level.
    #[schema(value_type = i64)]
    free: i128,
    /// What can still be promised at full stretch.
    #[schema(value_type = i64)]
    free_maximum: i128,
    /// How many offers that you see one by one are in it.
    offers: u32,
    /// Of how many organisations, as far as you may know whose they are.
    organisations: u32,
    /// How many of the offers are nameless to you.
    nameless: u32,
    /// The earliest day that the figures of these offers stand for.
    #[schema(format = Date)]
    oldest_figures: Option<String>,
    /// Whether totals of others, at least three each, are in it.
    with_network: bool,
}

/// How many offers there are for each value of a filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapacityMapFacets)]
struct FacetsView {
    /// By product.
    product: BTreeMap<String, u32>,
    /// By grade.
    grade: BTreeMap<String, u32>,
    /// By country.
    country: BTreeMap<String, u32>,
    /// By region of level 1.
    nuts1: BTreeMap<String, u32>,
    /// By region of level 2.
    nuts2: BTreeMap<String, u32>,
    /// By cluster.
    cluster: BTreeMap<String, u32>,
    /// By kind of certificate, however it stands.
    certificate: BTreeMap<String, u32>,
    /// By who vouches for the owner.
    verification: BTreeMap<&'static str, u32>,
}

/// The rows of an answer.
pub(crate) fn rows(told: CapacityTold, rollup: Rollup) -> Vec<CapacityRowView> {
    let spans = spans(&told.answer, rollup);
    told.answer.rows.into_iter().flat_map(|row| CapacityRowView::each(row, &spans)).collect()
}

/// The rows of an answer: one for each week where its rows are told apart by weeks.
pub fn weekly_or_whole(told: CapacityTold, groups: &BTreeSet<Group>) -> Vec<CapacityRowView> {
    let rollup = if groups.contains(&Group::Week) { Rollup::Weeks } else { Rollup::Period };
    rows(told, rollup)
}

/// First and last day of each figure of a row.
fn spans(answer: &CapacityAnswer, rollup: Rollup) -> Vec<(Day, Day)> {
    match rollup {
        Rollup::Weeks => answer.weeks.iter().map(|week| (week.from, week.until)).collect(),
        Rollup::Period => vec![(
            answer.weeks.first().map_or(answer.on, |week| week.from),
            answer.weeks.last().map_or(answer.on, |week| week.until),
        )],
    }
}

impl CapacityAnswerView {
    /// With rows of weeks or of the period.
    pub fn of(told: CapacityTold, rollup: Rollup) -> Self {
        let CapacityTold { answer, facets, as_of, event } = told;
        let spans = spans(&answer, rollup);
        let CapacityAnswer { on, rows, totals, overlapping, free_is_upper_bound, left_out, .. } = answer;
        let first = spans.first().map_or(on, |(from, _)| *from);
        let last = spans.last().map_or(on, |(_, until)| *until);
        let flat = |rows: Vec<Row>| rows.into_iter().flat_map(|row| CapacityRowView::each(row, &spans)).collect();
        Self {
            as_of: as_of.to_string(),
            event,
            from: first.to_string(),
            until: last.to_string(),
            rows: flat(rows),
            totals: flat(totals),
            overlapping,
            free_is_upper_bound,
            left_out: self::left_out(&left_out),
            facets: facets.map(FacetsView::of),
        }
    }
}

impl CapacityRowView {
    /// Product and region.
    pub(crate) fn place(&self) -> (Option<&str>, Option<&str>) {
        (self.product.as_deref(), self.region.as_deref())
    }

    fn each(row: Row, spans: &[(Day, Day)]) -> Vec<Self> {
        let Row { product, unit, grades, region, cluster, holder, figures, offers, organisations, .. } = row;
        let grades = grades.and_then(|grades| match grades {
            Grades::Set(codes) => Some(codes.iter().map(ToString::to_string).collect::<Vec<_>>()),
            Grades::Merged => None,
        });
        let one = |((from, until), figures): (&(Day, Day), Figures)| {
            let Figures { running, maximum, convertible, held, agreed, free, free_maximum } = figures;
            Self {
                product: product.as_ref().map(ToString::to_string),
                unit: unit.unit_code(),
                grades: grades.clone(),
                region: region.as_ref().map(ToString::to_string),
                cluster: cluster.map(|id| id.0),
                role: holder.map(|role| role.as_str()),
                from: from.to_string(),
                until: until.to_string(),
                running,
                maximum,
                convertible,
                held,
                agreed,
                free,
                free_maximum,
                offers,
                organisations,
                nameless: row.nameless,
                oldest_figures: row.oldest.map(|day| day.to_string()),
                with_network: row.with_network,
            }
        };
        spans.iter().zip(figures).map(one).collect()
    }
}

impl Tabled for CapacityRowView {
    const NAME: &'static str = "capacity";
    const TITLE: &'static str = "Capacity";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "product", kind: Kind::Text },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "grades", kind: Kind::List },
        Column { name: "region", kind: Kind::Text },
        Column { name: "cluster", kind: Kind::Text },
        Column { name: "role", kind: Kind::Text },
        Column { name: "from", kind: Kind::Date },
        Column { name: "until", kind: Kind::Date },
        Column { name: "running", kind: Kind::Integer },
        Column { name: "maximum", kind: Kind::Integer },
        Column { name: "convertible", kind: Kind::Integer },
        Column { name: "held", kind: Kind::Integer },
        Column { name: "agreed", kind: Kind::Integer },
        Column { name: "free", kind: Kind::Integer },
        Column { name: "free_maximum", kind: Kind::Integer },
        Column { name: "offers", kind: Kind::Integer },
        Column { name: "organisations", kind: Kind::Integer },
        Column { name: "nameless", kind: Kind::Integer },
        Column { name: "oldest_figures", kind: Kind::Date },
        Column { name: "with_network", kind: Kind::Flag },
    ];

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl FacetsView {
    fn of(facets: Facets) -> Self {
        fn named<K: ToString>(counts: BTreeMap<K, u32>) -> BTreeMap<String, u32> {
            counts.into_iter().map(|(key, count)| (key.to_string(), count)).collect()
        }
        let [country, nuts1, nuts2] = facets.regions;
        Self {
            product: named(facets.products),
            grade: named(facets.grades),
            country: named(country),
            nuts1: named(nuts1),
            nuts2: named(nuts2),
            cluster: named(facets.clusters),
            certificate: named(facets.certificates),
            verification: facets.verification.into_iter().map(|(of, count)| (of.as_str(), count)).collect(),
        }
    }
}

/// Such a word for people.
pub(crate) fn explained(word: &str) -> &'static str {
    match word {
        "small_totals" => {
            "Totals of fewer than three organisations, or of one that has more than 70 percent, are left out."
        }
        "filter" => "What is only told in totals has none for such a filter, and is left out.",
        "grouping" => "What is only told in totals has none for such rows, and is left out.",
        "partial_week" => "What is only told in totals is told for whole weeks, and is left out of the others.",
        "beyond_horizon" => "What is only told in totals is told for half a year ahead, and is left out beyond it.",
        "finer_region" => "Offers whose place is shown as NUTS 2 are left out, since a finer region was asked for.",
        _ => "Totals of few organisations are left out.",
    }
}

/// The words for why something may be missing.
pub(crate) fn left_out(why: &BTreeSet<LeftOut>) -> Vec<&'static str> {
    let word = |why: &LeftOut| match why {
        LeftOut::SmallTotals => "small_totals",
        LeftOut::Filter => "filter",
        LeftOut::Grouping => "grouping",
        LeftOut::PartialWeek => "partial_week",
        LeftOut::BeyondHorizon => "beyond_horizon",
        LeftOut::FinerRegion => "finer_region",
        LeftOut::PublicReader => "public",
    };
    why.iter().map(word).collect()
}
