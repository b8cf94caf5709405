//! Answers about capacity.

use std::collections::BTreeSet;

use domain::{
    code::{GradeCode, ProductCode, RegionCode},
    ids::OrganisationId,
    offer::Role,
    time::Day,
    unit::BaseUnit,
};

use crate::weeks::Bucket;

/// How many figures there are.
pub(crate) const FIGURES: usize = 7;

/// Figures in the order of [`Figures`].
pub(crate) type Sums = [i128; FIGURES];

/// What becomes available in a week, in base units.
///
/// Let `S(t)` be what exists by the end of day *t* (docs of [`domain::capacity`]) and `C(t)` what is held and agreed with a
/// cut-off on or before *t*, where a cut-off before the as-of date counts at that date. Each figure is the growth of its
/// sum over the week; the first week of a period holds all that lies ready when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// `S` of the running level.
    pub running: i128,
    /// `S` of the maximum level.
    pub maximum: i128,
    /// What conversions that nobody has decided would add, were they decided on the day asked about.
    pub convertible: i128,
    /// What is held.
    pub held: i128,
    /// What is agreed.
    pub agreed: i128,
    /// What can still be promised of the running level: `max(0, min over u >= t of S(u) - C(u))`, so that no later
    /// promise breaks.
    pub free: i128,
    /// The same of the maximum level.
    pub free_maximum: i128,
}

impl Figures {
    pub(crate) fn of(sums: Sums) -> Self {
        let [running, maximum, convertible, held, agreed, free, free_maximum] = sums;
        Self { running, maximum, convertible, held, agreed, free, free_maximum }
    }
}

/// The grades of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grades {
    /// Offers that hold exactly these.
    Set(Vec<GradeCode>),
    /// Totals over offers of different grades, which would tell of too few if they were told apart.
    Merged,
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The product; `None` where rows are not told apart by it.
    pub product: Option<ProductCode>,
    /// The base unit of all its figures.
    pub unit: BaseUnit,
    /// The grades; `None` where rows are not told apart by them.
    pub grades: Option<Grades>,
    /// The region; `None` where rows are not told apart by it, or it is not known.
    pub region: Option<RegionCode>,
    /// The cluster; `None` where rows are not told apart by it, or the reader knows of none.
    pub cluster: Option<OrganisationId>,
    /// Maker or trader; `None` where rows are not told apart by it, or the reader does not know.
    pub holder: Option<Role>,
    /// The figures of each week, or one for the whole period where rows are not told apart by weeks.
    pub figures: Vec<Figures>,
    /// How many offers the reader sees as rows are in it.
    pub offers: u32,
    /// Of how many organisations they are, as far as the reader knows whose they are.
    pub organisations: u32,
    /// How many of the offers are nameless to the reader.
    pub nameless: u32,
    /// The earliest as-of date of these offers' figures.
    pub oldest: Option<Day>,
    /// Whether totals of at least three organisations that the reader sees no rows of are in it.
    pub with_network: bool,
}

/// Why some of what there may be is not in an answer. It follows from who asks and what he asks, and never from what is
/// left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// Totals of fewer than three organisations, or of one that has more than 70 percent, are not told to him.
    SmallTotals,
    /// What is only told in totals has none for such a filter.
    Filter,
    /// What is only told in totals has none for such rows.
    Grouping,
    /// What is only told in totals is told for whole weeks.
    PartialWeek,
    /// What is only told in totals is told for half a year ahead.
    BeyondHorizon,
    /// The region asked for is finer than places are shown to him.
    FinerRegion,
    /// The public sees the lattice.
    PublicReader,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityAnswer {
    /// The number of the event that it reflects.
    pub as_of_event: i64,
    /// The day it is asked about.
    pub on: Day,
    /// The weeks that figures stand for, in order.
    pub weeks: Vec<Bucket>,
    /// The rows, in the order of what they are told apart by.
    pub rows: Vec<Row>,
    /// One row for each base unit, in which nothing counts twice.
    pub totals: Vec<Row>,
    /// Whether they are there. There are none of either where they would be more than an answer holds.
    pub complete: bool,
    /// Whether an offer may stand in several rows, since its owner is a member of several clusters.
    pub overlapping: bool,
    /// Whether free figures are upper bounds: where offers share a line its output bounds them together week by week and
    /// not day by day, each row by itself; and of nameless rows nobody is told that they share one.
    pub free_is_upper_bound: bool,
    /// Why something may be left out.
    pub left_out: BTreeSet<LeftOut>,
}
