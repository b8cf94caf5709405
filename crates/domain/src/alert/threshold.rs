//! When an alert tells: a figure below or at a number, or a colour of the board.

use serde::{Deserialize, Serialize};

use super::AlertOf;
use crate::violation::Violations;

/// The largest number of base units of a threshold; sums of many offers come near it.
const MOST_UNITS: i64 = 1_000_000_000_000_000;

/// A figure of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Output at the running level, and stock.
    Running,
    /// The same at full stretch.
    Maximum,
    /// What conversions that nobody decided would add.
    Convertible,
    /// What proposals hold.
    Held,
    /// What is agreed.
    Agreed,
    /// What can still be promised of the running level.
    Free,
    /// What can still be promised at full stretch.
    FreeMaximum,
    /// What is short by the end of the week.
    Gap,
}

impl Figure {
    /// All of them.
    pub const ALL: [Figure; 8] = [
        Self::Running,
        Self::Maximum,
        Self::Convertible,
        Self::Held,
        Self::Agreed,
        Self::Free,
        Self::FreeMaximum,
        Self::Gap,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Maximum => "maximum",
            Self::Convertible => "convertible",
            Self::Held => "held",
            Self::Agreed => "agreed",
            Self::Free => "free",
            Self::FreeMaximum => "free_maximum",
            Self::Gap => "gap",
        }
    }

    /// Which map tells it.
    pub fn of(self) -> AlertOf {
        match self {
            Self::Gap => AlertOf::Shortages,
            Self::Running
            | Self::Maximum
            | Self::Convertible
            | Self::Held
            | Self::Agreed
            | Self::Free
            | Self::FreeMaximum => AlertOf::Capacity,
        }
    }
}

/// On which side of a number a figure must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Below it.
    Below(i64),
    /// At it or above.
    AtLeast(i64),
}

impl Bound {
    /// Whether a figure is on that side.
    pub fn holds(self, figure: i128) -> bool {
        match self {
            Self::Below(units) => figure < i128::from(units),
            Self::AtLeast(units) => figure >= i128::from(units),
        }
    }
}

/// Of which rows a figure is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Of any row.
    #[default]
    Rows,
    /// Of the totals alone.
    Total,
}

impl Over {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Total => "total",
        }
    }
}

/// How bad a row of the board must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hue {
    /// At least orange.
    Orange,
    /// Red.
    Red,
}

impl Hue {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }
}

/// When an alert tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// When a figure is on one side of a number.
    Figure {
        /// Which figure.
        figure: Figure,
        /// Which side of which number of base units.
        bound: Bound,
        /// Of which rows.
        over: Over,
    },
    /// When a row of the board has a colour.
    Colour(Hue),
}

/// A threshold as people state it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThresholdInput {
    /// A figure by its name.
    pub figure: Option<String>,
    /// Below so many base units.
    pub below: Option<i64>,
    /// At so many base units or above.
    pub at_least: Option<i64>,
    /// `rows` or `total`; rows where absent.
    pub over: Option<String>,
    /// `red` or `orange`, in the place of a figure.
    pub colour: Option<String>,
}

impl ThresholdInput {
    /// The threshold of an alert of that kind, or all that is wrong with it.
    ///
    /// # Errors
    /// A fault for each field that is missing, unknown, out of range, or does not go with the others.
    pub fn check(&self, of: AlertOf) -> Result<Threshold, Violations> {
        let mut faults = Violations::new();
        let threshold = match &self.colour {
            Some(colour) => self.of_colour(of, colour, &mut faults).map(Threshold::Colour),
            None => self.of_figure(of, &mut faults),
        };
        faults.into_result()?;
        threshold.ok_or_else(|| Violations::one("/figure", "missing", "is missing; name a figure"))
    }

    fn of_colour(&self, of: AlertOf, colour: &str, faults: &mut Violations) -> Option<Hue> {
        if of == AlertOf::Capacity {
            faults.push("/colour", "does_not_apply", "the capacity map has no colours; name a figure");
        }
        let others = [
            ("/figure", self.figure.is_some()),
            ("/below", self.below.is_some()),
            ("/at_least", self.at_least.is_some()),
            ("/over", self.over.is_some()),
        ];
        for (at, _) in others.iter().filter(|(_, there)| *there) {
            faults.push(*at, "does_not_apply", "does not go with a colour; leave one of the two out");
        }
        let found = [Hue::Orange, Hue::Red].into_iter().find(|hue| hue.as_str() == colour);
        if found.is_none() {
            faults.push("/colour", "unknown_value", format!("{colour:?} is not one of: orange, red"));
        }
        found
    }

    fn of_figure(&self, of: AlertOf, faults: &mut Violations) -> Option<Threshold> {
        let figures = Figure::ALL.into_iter().filter(|figure| figure.of() == of);
        let names = || figures.clone().map(Figure::as_str).collect::<Vec<_>>().join(", ");
        let found = self.figure.as_deref().and_then(|typed| figures.clone().find(|figure| figure.as_str() == typed));
        match (&self.figure, of) {
            (Some(typed), _) if found.is_none() => {
                faults.push("/figure", "unknown_value", format!("{typed:?} is not one of: {}", names()));
            }
            (None, AlertOf::Capacity) => {
                faults.push("/figure", "missing", format!("is missing; write one of: {}", names()));
            }
            (None, AlertOf::Shortages) => {
                faults.push("/figure", "missing", "is missing; write gap with at_least, or a colour in its place");
            }
            (Some(_), _) => {}
        }
        let over = match self.over.as_deref() {
            None => Over::Rows,
            Some("rows") => Over::Rows,
            Some("total") if of == AlertOf::Capacity => Over::Total,
            Some("total") => {
                faults.push("/over", "does_not_apply", "the shortage board has no totals; leave it out");
                Over::Rows
            }
            Some(typed) => {
                faults.push("/over", "unknown_value", format!("{typed:?} is not one of: rows, total"));
                Over::Rows
            }
        };
        let bound = self.bound(of, faults)?;
        Some(Threshold::Figure { figure: found?, bound, over })
    }

    fn bound(&self, of: AlertOf, faults: &mut Violations) -> Option<Bound> {
        for (at, typed) in [("/below", self.below), ("/at_least", self.at_least)] {
            if let Some(units) = typed.filter(|units| !(1..=MOST_UNITS).contains(units)) {
                let detail =
                    format!("{units} is out of range; write a whole number of base units from 1 to {MOST_UNITS}");
                faults.push(at, "out_of_range", detail);
            }
        }
        match (self.below, self.at_least, of) {
            (Some(_), Some(_), _) => {
                faults.push("/at_least", "does_not_apply", "does not go with below; leave one of the two out");
                None
            }
            (Some(_), None, AlertOf::Shortages) => {
                faults.push("/below", "does_not_apply", "a shortage is told from a number on; write at_least");
                None
            }
            (Some(units), None, AlertOf::Capacity) => Some(Bound::Below(units)),
            (None, Some(units), _) => Some(Bound::AtLeast(units)),
            (None, None, _) => {
                faults.push(
                    "/at_least",
                    "missing",
                    "is missing; write at_least, or below, with a number of base units",
                );
                None
            }
        }
    }
}
