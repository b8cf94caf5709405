//! The report that closes a call: who was asked, who answered, and the capacity by product, week and region, to the unit.
//!
//! A week's output is what the offer's curve gains in it, without the stock that its owner stated: `(S(e) - stock(e)) -
//! (S(b - 1) - stock(b - 1))` for the week's first day `b` and last day `e` inside the period. So the weeks of an offer and
//! its stock add up to its curve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Call, LegalBasis, Question,
    answer::{Relation, StatedFacility},
    standing::Asked,
};
use crate::{
    capacity::{CapacityKind, SupplyCurve},
    catalogue::Catalogue,
    certificate::CertificateStatus,
    code::{CertificateKindCode, CountryCode, GradeCode, ProductCode, RegionCode},
    disclosure::{FieldGroup, Sight},
    ids::{CallId, LineId, OfferId, OrganisationId},
    region::RegionTable,
    time::{Day, Instant},
    unit::BaseUnit,
};

/// The report of a call, as it was when the call closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The call.
    pub call: CallId,
    /// What it was about.
    pub title: String,
    /// Who issued it.
    pub organisation: OrganisationId,
    /// The issuer's name.
    pub issuer: String,
    /// By what law it asked.
    pub legal_basis: LegalBasis,
    /// Whether it is to be kept confidential.
    pub confidential: bool,
    /// First day of its period.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// When it was opened.
    pub opened_at: Option<Instant>,
    /// When it closed: the figures are as of then.
    pub closed_at: Instant,
    /// Its questions.
    pub questions: Vec<Question>,
    /// Who was asked or answered.
    pub asked: Vec<Asked>,
    /// The offers of the answers.
    pub offers: Vec<ReportedOffer>,
    /// What lay ready.
    pub stock: Vec<Ready>,
    /// What is made in each week.
    pub capacity: Vec<WeekCapacity>,
    /// Capacity and stock by facility, where the law asks for it.
    pub facilities: Vec<Facility>,
}

/// An offer of an answer, as far as its issuer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedOffer {
    /// Which.
    pub offer: OfferId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Its owner's name.
    pub name: String,
    /// The product.
    pub product: ProductCode,
    /// The grades its goods hold.
    pub grades: Vec<GradeCode>,
    /// Where it is made: level 2 or coarser.
    pub region: Option<RegionCode>,
    /// The date that its figures stand for.
    pub as_of: Day,
    /// Its certificates: kind, how far they were checked, last day.
    pub certificates: Vec<(CertificateKindCode, CertificateStatus, Option<Day>)>,
    /// Whether it shares a production line with others of the report, so that they cannot all be had in full.
    pub shares_line: bool,
    /// Why it is in no figure, if it is in none: it was not in the market when the call closed.
    pub left_out: Option<String>,
}

/// What lay ready of a product, of some grades, in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The product.
    pub product: ProductCode,
    /// What the figure counts.
    pub unit: BaseUnit,
    /// The grades that the goods hold, all of them.
    pub grades: Vec<GradeCode>,
    /// The region of level 2 or coarser.
    pub region: Option<RegionCode>,
    /// Base units.
    pub quantity: i64,
    /// Of how many offers.
    pub offers: u32,
    /// The oldest date that one of the figures stands for.
    pub as_of: Day,
}

/// What is made in a week of a product, of some grades, in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekCapacity {
    /// The product.
    pub product: ProductCode,
    /// What the figures count.
    pub unit: BaseUnit,
    /// The grades that the goods hold, all of them.
    pub grades: Vec<GradeCode>,
    /// The ISO week, by its Monday; of the first and the last only the days inside the period count.
    pub week: Day,
    /// The region of level 2 or coarser.
    pub region: Option<RegionCode>,
    /// Base units with what runs now.
    pub running: i64,
    /// Base units at full stretch.
    pub maximum: i64,
    /// Of how many offers.
    pub offers: u32,
    /// The oldest date that one of the figures stands for.
    pub as_of: Day,
}

/// What one facility makes of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facility {
    /// Whose answer states it.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// The offer that it was read from; `None` where the answer states it.
    pub offer: Option<OfferId>,
    /// What the facility is called.
    pub facility: String,
    /// Where it is, as finely as known.
    pub region: Option<RegionCode>,
    /// Its country.
    pub country: CountryCode,
    /// Whether that is outside of the European Union.
    pub third_country: bool,
    /// How its producer has to do with it.
    pub relation: Relation,
    /// The product.
    pub product: ProductCode,
    /// What the figures count.
    pub unit: BaseUnit,
    /// What lies ready.
    pub stock: i64,
    /// What it makes a week with what runs now: in the seven days after the answer-by day.
    pub running: i64,
    /// Likewise at full stretch.
    pub maximum: i64,
    /// What it is expected to make in each of the three months after the answer-by day, with what runs now.
    pub outlook: Option<[i64; 3]>,
    /// The date that the figures stand for.
    pub as_of: Day,
}

/// An offer that a report reckons with: as its issuer sees it, and with what it counts.
#[derive(Debug, Clone)]
pub struct Given {
    /// The offer as its issuer sees it.
    pub sight: Sight,
    /// Which it is.
    pub offer: OfferId,
    /// The line that it shares.
    pub line: Option<LineId>,
    /// Why it is in no figure, if it is in none.
    pub left_out: Option<String>,
}

/// What is made up to a day, without stock.
fn made(curve: &SupplyCurve, by: Day) -> i64 {
    curve.by(by) - curve.stock_by(by)
}

/// What is made from a day to another, both among them.
fn made_in(curve: &SupplyCurve, first: Day, last: Day) -> i64 {
    made(curve, last) - made(curve, first.plus(-1))
}

/// Goods that are added up.
type Key = (ProductCode, Vec<GradeCode>, Option<RegionCode>);

/// Offers as the report lists them, what lay ready, and what is made in each week.
pub fn figures(
    given: &[Given],
    (from, until): (Day, Day),
    catalogue: &Catalogue,
    regions: &RegionTable,
) -> (Vec<ReportedOffer>, Vec<Ready>, Vec<WeekCapacity>) {
    let mut lines: BTreeMap<LineId, u32> = BTreeMap::new();
    for line in given.iter().filter_map(|g| g.line) {
        *lines.entry(line).or_default() += 1;
    }
    let mut offers = Vec::new();
    let mut stock: BTreeMap<Key, Ready> = BTreeMap::new();
    let mut weeks: BTreeMap<(Key, Day), WeekCapacity> = BTreeMap::new();
    for g in given {
        let (terms, organisation) = (&g.sight.offer.terms, &g.sight.organisation);
        let region = g.sight.site.region.as_ref().and_then(|code| regions.at_level(code, 2)).map(|r| r.code.clone());
        let as_of = terms.profile.as_of;
        let certificate = |c: &crate::certificate::Certificate| (c.kind.clone(), c.status, c.valid_until);
        offers.push(ReportedOffer {
            offer: g.offer,
            organisation: organisation.id,
            name: organisation.name.clone(),
            product: terms.product.clone(),
            grades: terms.grades.clone(),
            region: region.clone(),
            as_of,
            certificates: terms.certificates.iter().map(certificate).collect(),
            shares_line: g.line.is_some_and(|line| lines.get(&line).is_some_and(|n| *n > 1)),
            left_out: g.left_out.clone(),
        });
        let Some(unit) = catalogue.product(terms.product.as_str()).map(|p| p.base_unit) else { continue };
        if g.left_out.is_some() {
            continue;
        }
        let mut grades = terms.grades.clone();
        grades.sort();
        let key = (terms.product.clone(), grades.clone(), region.clone());
        let (product, quantity) = (terms.product.clone(), terms.profile.stock.quantity.units());
        let ready = stock.entry(key.clone()).or_insert_with(|| Ready {
            product: product.clone(),
            unit,
            grades: grades.clone(),
            region: region.clone(),
            quantity: 0,
            offers: 0,
            as_of,
        });
        ready.quantity = ready.quantity.saturating_add(quantity);
        (ready.offers, ready.as_of) = (ready.offers + 1, ready.as_of.min(as_of));
        // What is made of what others would have to bring can be had of nobody alone.
        let profile = terms.ready_profile();
        let (running, maximum) = (profile.curve(CapacityKind::Running), profile.curve(CapacityKind::Maximum));
        for week in mondays(from, until) {
            let (first, last) = (week.max(from), week.plus(6).min(until));
            let row = weeks.entry((key.clone(), week)).or_insert_with(|| WeekCapacity {
                product: product.clone(),
                unit,
                grades: grades.clone(),
                week,
                region: region.clone(),
                running: 0,
                maximum: 0,
                offers: 0,
                as_of,
            });
            row.running = row.running.saturating_add(made_in(&running, first, last));
            row.maximum = row.maximum.saturating_add(made_in(&maximum, first, last));
            (row.offers, row.as_of) = (row.offers + 1, row.as_of.min(as_of));
        }
    }
    (offers, stock.into_values().collect(), weeks.into_values().collect())
}

/// The Mondays of the weeks that a period touches.
fn mondays(from: Day, until: Day) -> impl Iterator<Item = Day> {
    std::iter::successors(Some(from.monday()), |monday| Some(monday.plus(7))).take_while(move |monday| *monday <= until)
}

/// Capacity by facility: of the offers, and as the answers state them. None where the law does not ask.
pub fn facilities(
    call: &Call,
    given: &[Given],
    stated: &[(OrganisationId, String, Instant, &StatedFacility)],
    catalogue: &Catalogue,
    regions: &RegionTable,
) -> Vec<Facility> {
    if !call.terms.legal_basis.asks_per_facility() {
        return Vec::new();
    }
    // The last instant of the answer-by day lies in it; what is stated is about what comes after.
    let zone = call.terms.answer_by.zone();
    let start = Day::of_instant(call.terms.answer_by.at.plus_micros(-1), &zone).plus(1);
    let third = |country: &CountryCode| !regions.in_eu(country, start);
    let mut found = Vec::new();
    for g in given.iter().filter(|g| g.left_out.is_none() && g.sight.groups.contains(&FieldGroup::ExactPlace)) {
        let (terms, site, organisation) = (&g.sight.offer.terms, &g.sight.site, &g.sight.organisation);
        let Some(unit) = catalogue.product(terms.product.as_str()).map(|p| p.base_unit) else { continue };
        let region = site.region.as_ref().and_then(|code| regions.get(code));
        let country = region.map_or_else(|| organisation.country.clone(), |region| region.country.clone());
        // What lacks something does not run; what the facility can do with it is its maximum.
        let running = terms.ready_profile().curve(CapacityKind::Running);
        let maximum = terms.profile.curve(CapacityKind::Maximum);
        let month = |n: u16| made_in(&running, start.plus_months(n), start.plus_months(n + 1).plus(-1));
        found.push(Facility {
            organisation: organisation.id,
            name: organisation.name.clone(),
            offer: Some(g.offer),
            facility: site.name.clone(),
            region: site.region.clone(),
            third_country: third(&country),
            country,
            relation: Relation::Operated,
            product: terms.product.clone(),
            unit,
            stock: terms.profile.stock.quantity.units(),
            running: made_in(&running, start, start.plus(6)),
            maximum: made_in(&maximum, start, start.plus(6)),
            outlook: Some([month(0), month(1), month(2)]),
            as_of: terms.profile.as_of,
        });
    }
    for (organisation, name, at, of) in stated {
        let Some(unit) = catalogue.product(of.product.as_str()).map(|p| p.base_unit) else { continue };
        let Some(country) = regions.get(&of.region).map(|region| region.country.clone()) else { continue };
        found.push(Facility {
            organisation: *organisation,
            name: name.clone(),
            offer: None,
            facility: of.name.clone(),
            region: Some(of.region.clone()),
            third_country: third(&country),
            country,
            relation: of.relation,
            product: of.product.clone(),
            unit,
            stock: of.stock.quantity.units(),
            running: of.running.quantity.units(),
            maximum: of.maximum.quantity.units(),
            outlook: of.outlook.as_ref().map(|months| months.each_ref().map(|month| month.quantity.units())),
            as_of: at.day(),
        });
    }
    found
}
