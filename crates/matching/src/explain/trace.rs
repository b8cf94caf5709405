//! What each predicate said of a pair, with the numbers it looked at.

use std::collections::BTreeSet;

use domain::{
    certificate::Certificate,
    eligibility::{Eligible, NeedView, OfferView, Predicate, Reason, Rules, Standing},
    feature::{Demand, FeatureValue},
    need::Instalment,
    time::Day,
};
use serde::Serialize;

/// What a predicate said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed; of several that fail, the first is the reason.
    Failed,
    /// The trial leaves it out.
    LeftOut,
    /// It hangs on one that failed before, so nobody asked it.
    NotAsked,
}

impl Verdict {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::LeftOut => "left_out",
            Self::NotAsked => "not_asked",
        }
    }
}

/// A value that a predicate looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number, in the unit of its fact.
    Number(i64),
    /// A date.
    Day(Day),
    /// A code, or several with commas between them.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// What a fact's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Base units of the product.
    BaseUnits,
    /// Kilometres.
    Kilometres,
    /// Calendar days.
    Days,
    /// Millionths of the currency per base unit.
    Micros,
    /// Nothing: the value is no number.
    Nothing,
}

impl Measured {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BaseUnits => "base_units",
            Self::Kilometres => "kilometres",
            Self::Days => "days",
            Self::Micros => "micros",
            Self::Nothing => "nothing",
        }
    }
}

/// A named value that a predicate looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its stable name, e.g. `distance` or `buyer_allows`.
    pub name: &'static str,
    /// The value.
    pub value: Value,
    /// What a number counts.
    pub unit: Measured,
}

/// One predicate's part of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The predicate.
    pub predicate: Predicate,
    /// What it said.
    pub verdict: Verdict,
    /// How it failed.
    pub reason: Option<Reason>,
    /// What it looked at.
    pub facts: Vec<Fact>,
}

/// All predicates in order, each with what it said and the numbers it looked at, also behind the first
/// that fails: whoever mends one fault should know of the next.
pub fn trace(rules: &Rules<'_>, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment) -> Vec<Asked> {
    let (failed, blind) = failures(rules, o, n, instalment);
    let facts = Facts { rules, o, n, instalment };
    let ask = |predicate: Predicate| {
        let reason = failed.iter().find(|(p, _)| *p == predicate).map(|(_, r)| r.clone());
        let verdict = if reason.is_some() {
            Verdict::Failed
        } else if rules.parameters.without_predicates.contains(&predicate) {
            Verdict::LeftOut
        } else if blind.is_some_and(|b| predicate > b) {
            Verdict::NotAsked
        } else {
            Verdict::Passed
        };
        let facts = if verdict == Verdict::NotAsked { Vec::new() } else { facts.of(predicate) };
        Asked { predicate, verdict, reason, facts }
    };
    Predicate::ALL.into_iter().map(ask).collect()
}

/// The predicates that fail, in order, found by leaving out one after the other; and the one behind
/// which nothing is known, since leaving it out would change what those after it look at.
fn failures(
    rules: &Rules<'_>,
    o: &OfferView<'_>,
    n: &NeedView<'_>,
    instalment: &Instalment,
) -> (Vec<(Predicate, Reason)>, Option<Predicate>) {
    let mut failed: Vec<(Predicate, Reason)> = Vec::new();
    let mut parameters = rules.parameters.clone();
    loop {
        let trial = Rules { parameters: &parameters, ..*rules };
        let Err(reason) = trial.judge(o, n, instalment) else { return (failed, None) };
        let predicate = asked_by(&reason);
        let known: BTreeSet<Predicate> = failed.iter().map(|(p, _)| *p).collect();
        if known.contains(&predicate) {
            return (failed, Some(predicate));
        }
        failed.push((predicate, reason));
        match predicate {
            Predicate::Product | Predicate::Producing | Predicate::Window | Predicate::LeadTime => {
                return (failed, Some(predicate));
            }
            Predicate::Published
            | Predicate::Fresh
            | Predicate::Quarantine
            | Predicate::Grade
            | Predicate::Features
            | Predicate::Certificates
            | Predicate::Transfer
            | Predicate::SourceRegion
            | Predicate::DeliveryRegion
            | Predicate::Border
            | Predicate::Distance
            | Predicate::Visibility
            | Predicate::Verification
            | Predicate::TransitTime
            | Predicate::MinimumOrder
            | Predicate::PriceCap
            | Predicate::SelfSupply
            | Predicate::Refusal => {}
        }
        parameters.without_predicates.insert(predicate);
    }
}

/// The predicate that gives a reason.
fn asked_by(reason: &Reason) -> Predicate {
    match reason {
        Reason::NotPublished => Predicate::Published,
        Reason::OfferExpired | Reason::OfferSuspended => Predicate::Fresh,
        Reason::OfferQuarantined => Predicate::Quarantine,
        Reason::OtherProduct => Predicate::Product,
        Reason::ConversionUndecided | Reason::InputMissing => Predicate::Producing,
        Reason::GradeTooLow | Reason::SubstitutionNotAccepted => Predicate::Grade,
        Reason::FeatureMissing(_) | Reason::SizeMissing => Predicate::Features,
        Reason::CertificateMissing(_) | Reason::CertificatePending(_) | Reason::CertificateExpired(_) => {
            Predicate::Certificates
        }
        Reason::TransferNotOffered => Predicate::Transfer,
        Reason::SourceRegionExcluded => Predicate::SourceRegion,
        Reason::DeliveryRegionExcluded => Predicate::DeliveryRegion,
        Reason::BorderClosed | Reason::ExportAuthorisationMissing => Predicate::Border,
        Reason::TooFarForBuyer | Reason::TooFarForSupplier | Reason::PlaceUnknown => Predicate::Distance,
        Reason::NotVisibleToBuyer => Predicate::Visibility,
        Reason::SupplierUnverified | Reason::CertificateUnchecked(_) => Predicate::Verification,
        Reason::NothingByDueDate => Predicate::Window,
        Reason::LeadTimeTooLong => Predicate::LeadTime,
        Reason::TransitTooLong => Predicate::TransitTime,
        Reason::BelowMinimumOrder => Predicate::MinimumOrder,
        Reason::PriceAboveCap | Reason::CurrencyDiffers => Predicate::PriceCap,
        Reason::SameOrganisation => Predicate::SelfSupply,
        Reason::Refused => Predicate::Refusal,
    }
}

/// What a pair has by its cut-off: stock alone where output cannot be ordered in time.
pub(crate) fn available(rules: &Rules<'_>, o: &OfferView<'_>, how: &Eligible) -> i64 {
    if how.stock_only { o.curve.stock_by(how.cutoff.max(rules.market.day)) } else { o.curve.by(how.cutoff) }
}

struct Facts<'f, 'n> {
    rules: &'f Rules<'f>,
    o: &'f OfferView<'f>,
    n: &'f NeedView<'n>,
    instalment: &'f Instalment,
}

fn fact(name: &'static str, value: Value) -> Fact {
    Fact { name, value, unit: Measured::Nothing }
}

fn number(name: &'static str, value: i64, unit: Measured) -> Fact {
    Fact { name, value: Value::Number(value), unit }
}

fn text(name: &'static str, value: impl ToString) -> Fact {
    fact(name, Value::Text(value.to_string()))
}

fn list<T: ToString>(name: &'static str, values: impl IntoIterator<Item = T>) -> Option<Fact> {
    let words: Vec<String> = values.into_iter().map(|v| v.to_string()).collect();
    (!words.is_empty()).then(|| text(name, words.join(", ")))
}

impl Facts<'_, '_> {
    fn of(&self, predicate: Predicate) -> Vec<Fact> {
        let (offer, terms, wants) = (self.o.offer, &self.o.offer.terms, &self.n.need.terms);
        let (day, due) = (self.rules.market.day, self.instalment.due);
        let mut facts = Vec::new();
        match predicate {
            Predicate::Published | Predicate::Refusal | Predicate::SelfSupply => {
                if predicate == Predicate::Published {
                    facts.push(text("state", offer.state.as_str()));
                }
            }
            Predicate::Fresh => {
                facts.push(fact("confirm_by", Value::Day(offer.confirm_by)));
                facts.extend(terms.profile.until.map(|until| fact("window_ends", Value::Day(until))));
                facts.push(fact("suspended", Value::Flag(offer.suspended)));
            }
            Predicate::Quarantine => facts.push(fact("in_review", Value::Flag(offer.quarantine.is_some()))),
            Predicate::Product => {
                facts.push(text("offered", &terms.product));
                facts.push(text("asked", &wants.product));
            }
            Predicate::Producing => {
                let convertible = terms.profile.convertible.as_ref();
                let decided = convertible.and_then(|c| c.decided_on);
                facts.push(fact("only_convertible", Value::Flag(terms.profile.is_only_convertible())));
                facts.extend(decided.map(|on| fact("conversion_decided", Value::Day(on))));
                facts.extend(list("missing_inputs", terms.missing_inputs.iter().map(|input| &input.product)));
            }
            Predicate::Grade => {
                facts.extend(list("offered", &terms.grades));
                facts.extend(list("accepted", &wants.grades));
                let substitutes = wants.substitutions.iter().map(|s| match &s.grade {
                    Some(grade) => format!("{} {grade}", s.product),
                    None => format!("{} of any grade", s.product),
                });
                facts.extend(list("accepted_substitutes", substitutes));
            }
            Predicate::Features => self.features(&mut facts),
            Predicate::Certificates => self.certificates(&mut facts),
            Predicate::Transfer => {
                facts.extend(list("offered", terms.transfers.iter().map(|t| t.as_str())));
                facts.extend(list("accepted", wants.transfers.iter().map(|t| t.as_str())));
            }
            Predicate::SourceRegion => {
                facts.extend(self.o.region().map(|r| text("comes_from", r)));
                facts.extend(list("buyer_allows", &wants.regions));
            }
            Predicate::DeliveryRegion => {
                facts.extend(self.n.region().map(|r| text("goes_to", r)));
                facts.extend(list("supplier_allows", &terms.regions));
            }
            Predicate::Border => facts.extend(list("authorisations", &terms.authorisations)),
            Predicate::Distance => self.distance(&mut facts),
            Predicate::Visibility => facts.push(text("shown_to", terms.visibility.as_str())),
            Predicate::Verification => {
                facts.push(text("supplier", self.o.organisation.verification.as_str()));
                facts.push(text("demanded", wants.verification.as_str()));
                if !wants.certificates.is_empty() {
                    facts.push(text("certificates_demanded", wants.certificate_status.as_str()));
                }
            }
            Predicate::Window => {
                facts.push(fact("due", Value::Day(due)));
                facts.push(fact("window_starts", Value::Day(terms.profile.from)));
                facts.push(number("exists_by_due", self.o.curve.by(due), Measured::BaseUnits));
            }
            Predicate::LeadTime => {
                let lead = i64::from(terms.lead_days);
                facts.push(number("lead_time", lead, Measured::Days));
                facts.push(fact("first_order_ready", Value::Day(day.plus(i32::from(terms.lead_days)))));
                let orderable = self.o.curve.orderable_by(due, day, terms.lead_days);
                facts.push(number("orderable_by_due", orderable, Measured::BaseUnits));
            }
            Predicate::TransitTime => self.transit(&mut facts, day, due),
            Predicate::MinimumOrder => {
                let least = terms.min_order.as_ref();
                facts.extend(least.map(|m| number("smallest_order", m.quantity.units(), Measured::BaseUnits)));
                facts.push(number("site_asks", self.n.site_demand, Measured::BaseUnits));
            }
            Predicate::PriceCap => {
                for (name, price) in [("price", &terms.price), ("cap", &wants.price_cap)] {
                    if let Some(price) = price {
                        facts.push(number(name, price.micros, Measured::Micros));
                        let currency = if name == "price" { "price_currency" } else { "cap_currency" };
                        facts.push(text(currency, price.currency.as_str()));
                    }
                }
            }
        }
        facts
    }

    fn features(&self, facts: &mut Vec<Fact>) {
        let required = self.n.need.terms.requirements.iter().filter(|r| r.demand == Demand::Required);
        facts.extend(list("required", required.clone().map(|r| stated(r.feature.as_str(), Some(&r.value)))));
        let offered = required.map(|r| stated(r.feature.as_str(), self.o.offer.terms.feature(&r.feature)));
        facts.extend(list("offered", offered));
        facts.extend(self.instalment.size.as_ref().map(|size| text("size", size)));
    }

    fn certificates(&self, facts: &mut Vec<Fact>) {
        let wants = &self.n.need.terms;
        facts.extend(list("demanded", &wants.certificates));
        let of_kind = self.o.offer.terms.certificates.iter().filter(|c| wants.certificates.contains(&c.kind));
        facts.extend(list("offered", of_kind.map(certificate)));
        if !wants.certificates.is_empty() {
            facts.push(fact("pending_accepted", Value::Flag(wants.accept_pending)));
        }
    }

    fn distance(&self, facts: &mut Vec<Fact>) {
        let km = |name, km: Option<u32>| km.map(|km| number(name, i64::from(km), Measured::Kilometres));
        facts.extend(km("distance", self.o.distance_km(self.n)));
        facts.extend(km("buyer_allows", self.n.need.terms.max_distance_km));
        facts.extend(km("supplier_allows", self.o.offer.terms.max_distance_km));
    }

    fn transit(&self, facts: &mut Vec<Fact>, day: Day, due: Day) {
        let transit = &self.rules.parameters.transit;
        let km = self.o.distance_km(self.n);
        let left_out = self.rules.parameters.without_predicates.contains(&Predicate::TransitTime);
        let days = if left_out { 0 } else { transit.days(km.unwrap_or(transit.unknown_km)) };
        let cutoff = due.plus(-days);
        if km.is_none() {
            facts.push(number("distance_assumed", i64::from(transit.unknown_km), Measured::Kilometres));
        }
        facts.push(number("transit", i64::from(days), Measured::Days));
        facts.push(fact("cutoff", Value::Day(cutoff)));
        let there = if cutoff < day { 0 } else { self.o.curve.orderable_by(cutoff, day, self.o.offer.terms.lead_days) };
        facts.push(number("exists_by_cutoff", there, Measured::BaseUnits));
        facts.push(number("asked", self.instalment.measure.quantity.units(), Measured::BaseUnits));
    }
}

fn stated(feature: &str, value: Option<&FeatureValue>) -> String {
    match value {
        None => format!("{feature} not stated"),
        Some(FeatureValue::Flag(yes)) => format!("{feature} {}", if *yes { "yes" } else { "no" }),
        Some(FeatureValue::Integer(number)) => format!("{feature} {number}"),
        Some(FeatureValue::Choice(word)) => format!("{feature} {word}"),
        Some(FeatureValue::Sizes(sizes)) => {
            format!("{feature} {}", sizes.iter().map(String::as_str).collect::<Vec<_>>().join("/"))
        }
    }
}

fn certificate(c: &Certificate) -> String {
    let mut words = format!("{} {}", c.kind, c.status.as_str());
    if let Some(until) = c.valid_until {
        words.push_str(&format!(" until {until}"));
    }
    if let Some(on) = c.expected_on {
        words.push_str(&format!(" expected {on}"));
    }
    words
}

/// The caveat of a standing, where there is one.
pub(crate) fn caveat(standing: &Standing) -> Option<&str> {
    match standing {
        Standing::Same => None,
        Standing::Satisfies { caveat } | Standing::Substitute { caveat } => Some(caveat.as_str()),
    }
}
