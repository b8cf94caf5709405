//! From weeks as people type them to those of a capacity profile.

use super::{OfferInput, check::Scale};
use crate::{
    calendar::WorkingCalendar,
    capacity::Week,
    quantity::{MeasureInput, Zero},
    time::Day,
    violation::Violations,
};

/// Whether anything can be made in a week.
pub(super) fn yields(week: &Week) -> bool {
    let figures = [&week.running, &week.maximum, &week.convertible];
    figures.into_iter().flatten().any(|measure| !measure.quantity.is_zero())
}

/// The weeks of an offer, the earliest first, and whether the rest of it goes with them.
pub(super) fn check(
    offer: &OfferInput,
    scale: &Scale<'_>,
    calendar: &WorkingCalendar,
) -> Result<Vec<Week>, Violations> {
    let mut faults = Violations::new();
    let mut weeks: Vec<Week> = Vec::with_capacity(offer.weeks.len());
    for (i, typed) in offer.weeks.iter().enumerate() {
        let at = format!("/weeks/{i}");
        let mut figure = |name: &str, typed: &Option<MeasureInput>| {
            let pointer = format!("{at}/{name}");
            typed.as_ref().and_then(|m| scale.measure(&pointer, m, Zero::Legal, &mut faults))
        };
        let (running, maximum) = (figure("running", &typed.running), figure("maximum", &typed.maximum));
        let convertible = figure("convertible", &typed.convertible);
        let monday = match Day::parse_week(&typed.week) {
            Ok(monday) => monday,
            Err(detail) => {
                faults.push(format!("{at}/week"), "bad_week", detail);
                continue;
            }
        };
        if typed.running.is_none() && typed.maximum.is_none() && typed.convertible.is_none() {
            faults.push(&at, "missing", "has no figure; state running, maximum or convertible, or leave the week out");
        }
        if let (Some(low), Some(high)) = (&running, &maximum)
            && low.quantity > high.quantity
        {
            let detail = format!(
                "{} is less than the running {}; both are levels, so write at least as much",
                high.quantity, low.quantity
            );
            faults.push(format!("{at}/maximum"), "below_running", detail);
        }
        let week = Week { monday, running, maximum, convertible };
        if yields(&week) && calendar.working_days(week.monday, week.sunday()) == 0 {
            let detail = format!("the calendar works on no day of the week of {monday}; write 0, or open a day");
            faults.push(&at, "no_working_day", detail);
        }
        if weeks.iter().any(|other| other.monday == monday) {
            faults.push(format!("{at}/week"), "twice", format!("{monday} stands twice; write each week once"));
        }
        weeks.push(week);
    }
    goes_with(offer, &mut faults);
    faults.into_result()?;
    weeks.sort_by_key(|week| week.monday);
    Ok(weeks)
}

/// Rates and figures of weeks say the same thing, so that only one of them is stated.
fn goes_with(offer: &OfferInput, faults: &mut Violations) {
    let weekly = !offer.weeks.is_empty();
    let converted = offer.weeks.iter().any(|week| week.convertible.is_some());
    let given = [
        ("/running", weekly && offer.running.is_some()),
        ("/maximum", weekly && offer.maximum.is_some()),
        ("/ramp_days", weekly && offer.ramp_days != 0),
        ("/convertible/value", converted && offer.convertible.as_ref().is_some_and(|c| c.rate.is_some())),
        ("/convertible/ramp_days", converted && offer.convertible.as_ref().is_some_and(|c| c.ramp_days != 0)),
    ];
    for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
        faults.push(pointer, "does_not_apply", "goes with no figures of weeks, which say it; leave it out");
    }
    match &offer.convertible {
        None if converted => {
            let detail = "is missing; state the days from a decision to the first output, which the weeks' convertible \
                          figures wait for";
            faults.push("/convertible", "missing", detail);
        }
        Some(conversion) if !converted && conversion.rate.is_none() => {
            let detail = "is missing; state the rate once converted, or convertible figures of weeks";
            faults.push("/convertible/value", "missing", detail);
        }
        None | Some(_) => {}
    }
}

/// Refuses weeks of which the window has no day.
pub(super) fn within(weeks: &[Week], from: Day, until: Option<Day>) -> Result<(), Violations> {
    let outside = |week: &&Week| week.sunday() < from || until.is_some_and(|last| week.monday > last);
    let mut faults = Violations::new();
    for week in weeks.iter().filter(outside) {
        let until = until.map_or("open".to_owned(), |last| last.to_string());
        let detail = format!("the week of {} lies outside the window ({from} to {until}); leave it out", week.monday);
        faults.push("/weeks", "outside_window", detail);
    }
    faults.into_result()
}
