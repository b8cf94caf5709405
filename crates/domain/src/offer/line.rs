//! From a shared line as people type it to its name and output.

use super::{CalendarInput, OfferInput, RateInput, Reference, WeekInput, check::Scale};
use crate::{capacity::CapacityProfile, text, unit::BaseUnit, violation::Violations};

/// A line as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineInput {
    /// Its name.
    pub name: String,
    /// The base unit that all its offers count in, by name or code; pieces where absent.
    pub unit: Option<String>,
    /// What it puts out now.
    pub running: Option<RateInput>,
    /// What it puts out at full stretch.
    pub maximum: Option<RateInput>,
    /// Working days from the window's start to the full rate.
    pub ramp_days: i64,
    /// Figures week by week, in the place of `running` and `maximum`.
    pub weeks: Vec<WeekInput>,
    /// The days it works.
    pub calendar: CalendarInput,
    /// First day of the window; the as-of date where absent.
    pub from: Option<String>,
    /// Last day of the window.
    pub until: Option<String>,
    /// The date the figures stand for; today where absent.
    pub as_of: Option<String>,
}

/// How many days back figures of a line may stand for, and those of its offers before its own: the time of a line is
/// reckoned day by day from the earliest of them.
pub const OLDEST_DAYS: i32 = 731;

impl LineInput {
    /// Checks everything, and returns the name and what the line can put out over time.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn check(&self, at: &Reference<'_>) -> Result<(String, CapacityProfile), Violations> {
        let mut faults = Violations::new();
        let name = faults.keep(text::name("/name", &self.name));
        let base = faults.keep(unit(self.unit.as_deref()));
        if self.running.is_none() && self.maximum.is_none() && self.weeks.is_empty() {
            let detail = "is missing; say what the line puts out: running, maximum or weeks";
            faults.push("/running", "missing", detail);
        }
        let made = OfferInput {
            running: self.running.clone(),
            maximum: self.maximum.clone(),
            ramp_days: self.ramp_days,
            weeks: self.weeks.clone(),
            calendar: self.calendar.clone(),
            from: self.from.clone(),
            until: self.until.clone(),
            as_of: self.as_of.clone(),
            ..OfferInput::default()
        };
        let scale = Scale { base, units: at.catalogue.unit_table(), fabric: None };
        let mut of_profile = Violations::new();
        let profile = made.profile(&scale, at, &mut of_profile);
        // What is missing altogether was said above.
        let said = faults.as_slice().iter().any(|fault| fault.pointer == "/running");
        for fault in of_profile.into_vec().into_iter().filter(|fault| fault.code != "no_capacity" || !said) {
            faults.push(fault.pointer, fault.code, fault.detail);
        }
        if let Some(as_of) = profile.as_ref().map(|p| p.as_of).filter(|as_of| *as_of < at.today.plus(-OLDEST_DAYS)) {
            let detail = format!("{as_of} is more than two years ago; state what the line puts out by now");
            faults.push("/as_of", "too_old", detail);
        }
        faults.into_result()?;
        name.zip(profile).ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))
    }
}

/// A base unit by its name or code.
fn unit(typed: Option<&str>) -> Result<BaseUnit, Violations> {
    let Some(typed) = typed.map(str::trim) else { return Ok(BaseUnit::Piece) };
    let is = |unit: &BaseUnit| unit.as_str() == typed.to_lowercase() || unit.unit_code() == typed.to_uppercase();
    BaseUnit::ALL.into_iter().find(is).ok_or_else(|| {
        let codes = BaseUnit::ALL.map(|unit| format!("{} ({})", unit.unit_code(), unit.plural()));
        let detail = format!("{typed:?} is no base unit; write one of: {}", codes.join(", "));
        Violations::one("/unit", "unknown_unit", detail)
    })
}
