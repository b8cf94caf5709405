//! From what people typed to the terms of an offer, with every fault found at once.

use std::{collections::BTreeSet, sync::Arc};

use super::{CalendarInput, OfferInput, OfferTerms, RateInput, Reference, Role, Visibility, missing, weeks};
use crate::{
    calendar::{Span, WorkingCalendar},
    capacity::{CapacityKind, CapacityProfile, Conversion},
    catalogue::{Catalogue, Product},
    certificate,
    code::FeatureCode,
    disclosure::Disclosure,
    feature::FeatureValue,
    price::Price,
    quantity::{Fabric, Measure, MeasureInput, Quantity, Zero, measure, measure_of_unknown},
    rate::{Period, Rate},
    text,
    time::{Day, weekday_number},
    typed::{choose, features_stated, few, grades, optional_day, product, region_list, transfers, whole},
    unit::{BaseUnit, UnitTable},
    violation::Violations,
};

impl OfferInput {
    /// Checks everything and returns the terms, with the reason to quarantine them if they are
    /// implausible; or every fault at once, each with a pointer below the offer.
    pub fn check(&self, at: &Reference<'_>) -> Result<(OfferTerms, Option<String>), Violations> {
        few(&[
            ("/grades", self.grades.len()),
            ("/features", self.features.len()),
            ("/calendar/working_days", self.calendar.working_days.len()),
            ("/regions", self.regions.len()),
            ("/authorisations", self.authorisations.len()),
            ("/certificates", self.certificates.len()),
            ("/certificates", self.certificates.iter().map(|c| c.grades.len()).sum()),
            ("/certificates", self.certificates.iter().map(|c| c.models.len()).sum()),
            ("/certificates", self.certificates.iter().map(|c| c.territory.len()).sum()),
            ("/certificates", self.certificates.iter().flat_map(|c| &c.derogation).map(|d| d.territory.len()).sum()),
            ("/transfers", self.transfers.len()),
            ("/weeks", self.weeks.len()),
            ("/missing_inputs", self.missing_inputs.len()),
            ("/disclosure", self.disclosure.values().map(|groups| groups.len().max(1)).sum()),
        ])?;
        let mut faults = Violations::new();
        // Without the product, whatever does not hang on it is checked all the same.
        let (product, implied) = faults.keep(product(&self.product, at.catalogue)).unzip();
        let grades =
            product.and_then(|p| faults.keep(grades("/grades", p, &self.grades, implied.flatten(), at.catalogue)));
        let features = product.and_then(|p| faults.keep(features_stated(p, &self.features, at.catalogue)));
        let scale = Scale {
            base: product.map(|p| p.base_unit),
            units: at.catalogue.unit_table(),
            fabric: features.as_deref().and_then(fabric),
        };
        let profile = self.profile(&scale, at, &mut faults);
        let min_order =
            self.min_order.as_ref().and_then(|m| scale.measure("/min_order", m, Zero::Refused, &mut faults));
        if let (Some(p), Some(m)) = (&profile, &min_order) {
            faults.keep(min_order_within_reach(p, m));
        }
        let lead_days = faults.keep(whole("/lead_days", self.lead_days, 0, 730));
        let max_distance_km = self.max_distance_km.map(|km| faults.keep(whole("/max_distance_km", km, 1, 20_100)));
        let regions = faults.keep(region_list("/regions", &self.regions, at.regions));
        let authorisations = faults.keep(authorisations(&self.authorisations, at.catalogue));
        let certificates = faults.keep(certificate::stated(product, &self.certificates, at));
        let transfers = faults.keep(transfers("/transfers", &self.transfers));
        let price = self.price.as_ref().map(|p| faults.keep(Price::parse("/price", p.amount, &p.currency)));
        let role = faults.keep(choose("/role", self.role.as_deref(), Role::Maker, &Role::ALL, Role::as_str));
        let visibility = faults.keep(choose(
            "/visibility",
            self.visibility.as_deref(),
            Visibility::Market,
            &Visibility::ALL,
            Visibility::as_str,
        ));
        let missing_inputs = faults.keep(missing::check(product, &self.missing_inputs, at));
        let disclosure = faults.keep(Disclosure::check(&self.disclosure));
        let note = faults.keep(text::note("/note", &self.note));
        faults.into_result()?;
        let terms = (|| {
            Some(OfferTerms {
                product: product?.code.clone(),
                grades: grades?,
                features: features?,
                profile: profile?,
                line: self.line,
                min_order,
                lead_days: u16::try_from(lead_days?).ok()?,
                max_distance_km: max_distance_km.flatten().and_then(|km| u32::try_from(km).ok()),
                regions: regions?,
                authorisations: authorisations?,
                certificates: certificates?,
                transfers: transfers?,
                price: price.flatten(),
                role: role?,
                visibility: visibility?,
                missing_inputs: missing_inputs?,
                disclosure: disclosure?,
                note: note?,
            })
        })();
        // With no fault every part is there; the error says so rather than panicking.
        let terms = terms.ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))?;
        let quarantine = product.and_then(|p| implausible(p, &terms));
        Ok((terms, quarantine))
    }

    fn window(&self, at: &Reference<'_>) -> Result<(Day, Option<Day>, Day), Violations> {
        let mut faults = Violations::new();
        let as_of = faults.keep(optional_day("/as_of", self.as_of.as_deref()));
        if let Some(Some(d)) = as_of.filter(|d| d.is_some_and(|d| d > at.today)) {
            faults.push(
                "/as_of",
                "in_future",
                format!("{d} is after today ({}); figures stand for a day that has come", at.today),
            );
        }
        let as_of = as_of.flatten().unwrap_or(at.today);
        let from = faults.keep(optional_day("/from", self.from.as_deref()));
        let from = from.flatten().unwrap_or(as_of);
        let until = faults.keep(optional_day("/until", self.until.as_deref())).flatten();
        if let Some(u) = until.filter(|u| *u < from) {
            faults.push(
                "/until",
                "before_start",
                format!("{u} is before the window starts ({from}); swap or correct them"),
            );
        } else if let Some(u) = until.filter(|u| *u < at.today && !self.draft) {
            faults.push("/until", "in_past", format!("{u} is over; write today ({}) or a later day", at.today));
        }
        faults.into_result()?;
        Ok((from, until, as_of))
    }

    pub(super) fn profile(
        &self,
        scale: &Scale<'_>,
        at: &Reference<'_>,
        faults: &mut Violations,
    ) -> Option<CapacityProfile> {
        let window = faults.keep(self.window(at));
        let calendar = faults.keep(calendar(&self.calendar));
        let rate = |pointer: &str, r: &RateInput, faults: &mut Violations| {
            let measure = scale.measure(pointer, &r.measure, Zero::Legal, faults);
            let period = Period::parse(&r.per);
            if period.is_none() {
                faults.push(
                    format!("{pointer}/per"),
                    "unknown_period",
                    format!("{:?} is no period; write day, week, month or year", r.per),
                );
            }
            Some(Rate { measure: measure?, period: period? })
        };
        let stock = match &self.stock {
            Some(m) => scale.measure("/stock", m, Zero::Legal, faults),
            None => Some(Measure::of(Quantity::ZERO, scale.base.unwrap_or(BaseUnit::Piece))),
        };
        let running = self.running.as_ref().map(|r| rate("/running", r, faults));
        let maximum = self.maximum.as_ref().map(|r| rate("/maximum", r, faults));
        let ramp_days = faults.keep(whole("/ramp_days", self.ramp_days, 0, 730));
        let convertible = self.convertible.as_ref().map(|c| {
            let rate = c.rate.as_ref().map(|r| rate("/convertible", r, faults));
            let days = faults.keep(whole("/convertible/days", c.days, 0, 1_095));
            let ramp = faults.keep(whole("/convertible/ramp_days", c.ramp_days, 0, 730));
            let decided = faults.keep(optional_day("/convertible/decided_on", c.decided_on.as_deref()));
            if let Some(d) = decided.flatten().filter(|d| *d > at.today) {
                faults.push(
                    "/convertible/decided_on",
                    "in_future",
                    format!("{d} is after today ({}); leave it out until the decision is taken", at.today),
                );
            }
            Some(Conversion {
                rate: flat(rate)?,
                days: u16::try_from(days?).ok()?,
                ramp_days: u16::try_from(ramp?).ok()?,
                decided_on: decided?,
            })
        });
        let calendar = calendar?;
        let weeks = faults.keep(weeks::check(self, scale, &calendar));
        if let (Some(Some(low)), Some(Some(high))) = (&running, &maximum)
            && !low.at_most(high, &calendar)
        {
            let shown = |r: &Rate| format!("{} a {}", r.measure.quantity, r.period.as_str());
            let detail = format!(
                "{} is less than the running {}; both are levels, so write at least as much",
                shown(high),
                shown(low)
            );
            faults.push("/maximum", "below_running", detail);
        }
        let positive = |r: &Option<Option<Rate>>| {
            r.as_ref().is_some_and(|r| r.as_ref().is_none_or(|r| !r.measure.quantity.is_zero()))
        };
        let any = stock.as_ref().is_none_or(|s| !s.quantity.is_zero())
            || positive(&running)
            || positive(&maximum)
            || convertible.as_ref().is_some_and(|c| {
                let idle = |c: &Conversion| c.rate.as_ref().is_none_or(|rate| rate.measure.quantity.is_zero());
                c.as_ref().is_none_or(|c| !idle(c))
            })
            || weeks.as_ref().is_none_or(|weeks| weeks.iter().any(weeks::yields));
        if !any {
            faults.push(
                "",
                "no_capacity",
                "offers nothing; state a stock, a running, maximum or convertible rate above zero",
            );
        }
        let (from, until, as_of) = window?;
        let weeks = weeks?;
        faults.keep(weeks::within(&weeks, from, until));
        Some(CapacityProfile {
            calendar: Arc::new(calendar),
            from,
            until,
            as_of,
            stock: stock?,
            running: flat(running)?,
            maximum: flat(maximum)?,
            ramp_days: u16::try_from(ramp_days?).ok()?,
            convertible: flat(convertible)?,
            weeks,
        })
    }
}

/// How quantities of the product are read, as far as the product is known.
pub(super) struct Scale<'a> {
    pub base: Option<BaseUnit>,
    pub units: &'a UnitTable,
    pub fabric: Option<Fabric>,
}

impl Scale<'_> {
    pub(super) fn measure(
        &self,
        pointer: &str,
        input: &MeasureInput,
        zero: Zero,
        faults: &mut Violations,
    ) -> Option<Measure> {
        match self.base {
            Some(base) => faults.keep(measure(pointer, input, base, zero, self.units, self.fabric)),
            None => {
                faults.keep(measure_of_unknown(pointer, input, zero, self.units));
                None
            }
        }
    }
}

/// `None` when a stated part was faulty; `Some(None)` when it was not stated.
#[expect(clippy::option_option, reason = "absent and faulty are two things here")]
fn flat<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}

fn fabric(features: &[(FeatureCode, FeatureValue)]) -> Option<Fabric> {
    let number = |name: &str| {
        features.iter().find_map(|(c, v)| match v {
            FeatureValue::Integer(n) if c.as_str() == name => Some(*n),
            _ => None,
        })
    };
    Some(Fabric { width_mm: number("width_mm")?, gsm: number("gsm")? })
}

/// The most closures a calendar may have.
const MOST_CLOSURES: usize = 200;

fn calendar(typed: &CalendarInput) -> Result<WorkingCalendar, Violations> {
    let mut faults = Violations::new();
    let mut mask: u8 = 0;
    for (i, name) in typed.working_days.iter().enumerate() {
        match weekday_number(name) {
            Some(n) => mask |= 1 << n,
            None => faults.push(
                format!("/calendar/working_days/{i}"),
                "unknown_weekday",
                format!("{name:?} is no weekday; write monday to sunday"),
            ),
        }
    }
    let mut closures = Vec::new();
    // Every look at a curve walks the closures.
    if typed.closures.len() > MOST_CLOSURES {
        let detail = format!("has {} closures; write at most {MOST_CLOSURES}", typed.closures.len());
        faults.push("/calendar/closures", "too_many", detail);
    }
    for (i, (from, until)) in typed.closures.iter().enumerate().take(MOST_CLOSURES) {
        let at = format!("/calendar/closures/{i}");
        let from = faults.keep(optional_day(&format!("{at}/from"), Some(from))).flatten();
        let until = faults.keep(optional_day(&format!("{at}/until"), Some(until))).flatten();
        if let (Some(from), Some(until)) = (from, until) {
            if until < from {
                faults.push(
                    format!("{at}/until"),
                    "before_start",
                    format!("{until} is before the closure starts ({from}); swap or correct them"),
                );
            }
            closures.push(Span { from, until });
        }
    }
    faults.into_result()?;
    let mask = if mask == 0 { WorkingCalendar::default().weekdays() } else { mask };
    WorkingCalendar::new(mask, closures)
        .ok_or_else(|| Violations::one("/calendar", "no_working_day", "has no working day"))
}

fn min_order_within_reach(profile: &CapacityProfile, min_order: &Measure) -> Result<(), Violations> {
    // The most the window could yield: full stretch, and any conversion decided at once.
    let mut hopeful = profile.clone();
    if let Some(c) = hopeful.convertible.as_mut() {
        c.decided_on.get_or_insert(hopeful.as_of);
    }
    let last = profile.until.unwrap_or_else(|| profile.from.plus(3_653));
    let most = hopeful.curve(CapacityKind::Maximum).by(last);
    if most < min_order.quantity.units() {
        let detail = format!(
            "{} is more than the window yields until {last} ({most}); lower it or widen the window",
            min_order.quantity
        );
        return Err(Violations::one("/min_order", "unreachable", detail));
    }
    Ok(())
}

fn authorisations(typed: &[String], catalogue: &Catalogue) -> Result<BTreeSet<String>, Violations> {
    let mut faults = Violations::new();
    let known = &catalogue.parts().border_rules;
    for (i, code) in typed.iter().enumerate().filter(|(_, c)| !known.iter().any(|r| r.code == **c)) {
        let codes: Vec<&str> = known.iter().map(|r| r.code.as_str()).collect();
        faults.push(
            format!("/authorisations/{i}"),
            "unknown_border_rule",
            format!("{code:?} is no border rule; write one of: {}", codes.join(", ")),
        );
    }
    faults.into_result()?;
    Ok(typed.iter().cloned().collect())
}

/// Why an offer of these terms must wait for a reviewer, if it must.
pub fn implausible(product: &Product, terms: &OfferTerms) -> Option<String> {
    let p = &terms.profile;
    let ceiling = product.weekly_ceiling;
    let stock = p.stock.quantity.units();
    if stock > ceiling {
        return Some(format!(
            "stock of {stock} {} is above the plausible {ceiling} for one site",
            product.base_unit.plural()
        ));
    }
    let weekly = |rate: &Rate| {
        let (top, bottom) = rate.per_working_day(&p.calendar);
        top * i128::from(p.calendar.days_per_week()) / bottom
    };
    let rates = [p.running.as_ref(), p.maximum.as_ref(), p.convertible.as_ref().and_then(|c| c.rate.as_ref())];
    let figures = p.weeks.iter().flat_map(|week| [&week.running, &week.maximum, &week.convertible]).flatten();
    let figures = figures.map(|measure| i128::from(measure.quantity.units()));
    let most = rates.into_iter().flatten().map(weekly).chain(figures).max().unwrap_or(0);
    (most > i128::from(ceiling))
        .then(|| format!("{most} {} a week is above the plausible {ceiling} for one site", product.base_unit.plural()))
}
