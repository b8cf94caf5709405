//! What a run does for one need, in words.

use std::fmt::Write;

use app::{
    Tables,
    explanations::{Explanation, InstalmentExplanation, LineExplanation, TierUnits, Tried, Used},
};
use domain::{eligibility::Standing, ids::OfferId, market::Market, need::Need};
use matching::{Change, WhyLeftOut};

use super::{amounts::Amounts, causes::singular, coverage::urgency};
use crate::output::{grouped, table, wrapped};

/// Reasons that an instalment names in words.
const MOST_REASONS: usize = 6;
/// Used-up offers that are shown; JSON has more.
const MOST_OFFERS: usize = 5;

/// What an explanation is told from.
pub(crate) struct Told<'a> {
    pub(crate) market: &'a Market,
    pub(crate) tables: &'a Tables,
    pub(crate) need: &'a Need,
    pub(crate) amounts: Amounts,
}

impl<'a> Told<'a> {
    pub(crate) fn of(market: &'a Market, tables: &'a Tables, need: &'a Need) -> Self {
        Self { market, tables, need, amounts: Amounts::of(need, &tables.catalogue) }
    }

    /// The product, the buyer, how urgent, and the day.
    pub(crate) fn head(&self) -> String {
        let product = self.tables.catalogue.product(self.need.terms.product.as_str());
        let name = product.map_or(self.need.terms.product.as_str(), |p| p.name());
        let buyer = self.market.organisations.get(&self.need.organisation).map_or("unknown", |o| o.name.as_str());
        let tier = self.need.tier(self.market.day);
        format!("{name} for {buyer}, {} (tier {tier}), as of {}", urgency(tier), self.market.day)
    }

    pub(crate) fn supplier(&self, offer: OfferId) -> &'a str {
        let owner = self.market.offer(offer).and_then(|o| self.market.organisations.get(&o.organisation));
        owner.map_or("unknown", |o| o.name.as_str())
    }

    pub(crate) fn by_tier(&self, units: &[TierUnits]) -> String {
        let each = units.iter().map(|t| format!("tier {}: {}", t.tier, self.amounts.show(t.units)));
        each.collect::<Vec<_>>().join(", ")
    }

    /// What changes gain, one a line.
    pub(crate) fn gains(&self, tried: &[Tried]) -> String {
        let mut text = String::new();
        for t in tried {
            let others = match (t.gains.others_gained, t.gains.others_lost) {
                (0, 0) => String::new(),
                (gained, 0) => format!("; other needs gain {}", self.amounts.show(gained)),
                (0, lost) => format!("; other needs lose {}", self.amounts.show(lost)),
                (gained, lost) => {
                    format!("; other needs gain {} and lose {}", self.amounts.show(gained), self.amounts.show(lost))
                }
            };
            let opens = match t.opens {
                0 => String::new(),
                1 => " (lets 1 more offer in)".to_owned(),
                n => format!(" (lets {n} more offers in)"),
            };
            let gain = match t.gains.need {
                0 => "gains nothing".to_owned(),
                units if units > 0 => format!("+{}", self.amounts.show(units)),
                units => self.amounts.show(units),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", wrapped(&format!("{}: {gain}{others}{opens}", self.words(&t.change)), 2));
        }
        text
    }

    /// A change in words, with the offer's owner and the unit that was typed.
    pub(crate) fn words(&self, change: &Change) -> String {
        match change {
            Change::MoreStock { offer, units } => {
                format!("{} more in stock at {}", self.amounts.show(*units), self.supplier(*offer))
            }
            Change::ShorterLead { offer, days: 1 } => format!("one day less lead time at {}", self.supplier(*offer)),
            Change::ShorterLead { offer, days } => format!("{days} days less lead time at {}", self.supplier(*offer)),
            Change::AcceptSubstitute { caveat, .. } if !caveat.is_empty() => format!("{} ({caveat})", change.words()),
            Change::AcceptSubstitute { .. }
            | Change::AcceptGrade { .. }
            | Change::PreferFeature { .. }
            | Change::AcceptPending
            | Change::CertificateStatus { .. }
            | Change::Verification { .. }
            | Change::AcceptTransfer { .. }
            | Change::AnyRegion
            | Change::MaxDistance { .. }
            | Change::PriceCap { .. }
            | Change::Later { .. }
            | Change::Suppliers { .. } => change.words(),
        }
    }
}

/// The explanation of a need as people read it.
pub(crate) fn explained(told: &Told<'_>, of: &Explanation) -> String {
    let mut text = wrapped(&told.head(), 0);
    text.push('\n');
    for instalment in &of.instalments {
        text.push('\n');
        text.push_str(&instalment_text(told, instalment));
    }
    if !of.counterfactuals.is_empty() {
        text.push_str("\nWhat would help, each by itself:\n");
        text.push_str(&told.gains(&of.counterfactuals));
    }
    if !of.worth.is_empty() {
        text.push_str("\nWhat one more unit or day is worth:\n");
        text.push_str(&told.gains(&of.worth));
    }
    let left_out = |why: WhyLeftOut| {
        let of_it = of.left_out.iter().filter(|l| l.why == why).map(|l| told.words(&l.change));
        of_it.collect::<Vec<_>>().join("; ")
    };
    let (unpaid, idle) = (left_out(WhyLeftOut::Budget), left_out(WhyLeftOut::OpensNothing));
    if !idle.is_empty() {
        let line = format!("No offer would come in for these alone: {idle}.");
        let _ = write!(text, "\n{}\n", wrapped(&line, 0));
    }
    if !unpaid.is_empty() {
        let line = format!("Not computed (--counterfactuals {} allows more): {unpaid}.", matching::MOST_SOLVES);
        let _ = write!(text, "\n{}\n", wrapped(&line, 0));
    }
    text
}

fn instalment_text(told: &Told<'_>, of: &InstalmentExplanation) -> String {
    let show = |units| told.amounts.show(units);
    let mut head = format!("due {}: {} asked", of.due, show(of.demand));
    if of.promised > 0 {
        head.push_str(&format!(", {} held or agreed before", show(of.promised)));
    }
    head.push_str(&format!(", {} matched", show(of.matched)));
    head.push_str(&match of.uncovered {
        0 => ", all covered".to_owned(),
        units => format!("; {} stay uncovered", show(units)),
    });
    let mut text = wrapped(&head, 0);
    text.push('\n');
    if !of.lines.is_empty() {
        let rows = of.lines.iter().map(|line| row(told, of, line));
        let header = ["quantity", "supplier", "km", "ready by", "days", "cost", "rank by cost", "mind"];
        let _ = writeln!(text, "{}", table(&header, &[0, 2, 4, 5], rows));
    }
    if of.uncovered > 0 {
        let _ = writeln!(text, "{}", wrapped(&why(of), 0));
        if !of.taken_by.is_empty() {
            let line = format!("other needs take from these offers: {}", told.by_tier(&of.taken_by));
            let _ = writeln!(text, "{}", wrapped(&line, 0));
        }
        if !of.used_up.is_empty() {
            let rows = of.used_up.iter().take(MOST_OFFERS).map(|used| used_row(told, used));
            let header = ["supplier", "has in time", "promised", "to this need", "to others", "left"];
            let _ = writeln!(text, "{}", table(&header, &[], rows));
        }
    }
    text
}

fn row(told: &Told<'_>, of: &InstalmentExplanation, line: &LineExplanation) -> Vec<String> {
    let supplier = line.offer.map_or("unknown", |offer| told.supplier(offer)).to_owned();
    let quantity = told.amounts.show(line.units);
    let Some(how) = &line.how else {
        return [quantity, supplier].into_iter().chain((0..6).map(|_| String::new())).collect();
    };
    let mind = match &how.standing {
        Standing::Same => String::new(),
        Standing::Satisfies { caveat } | Standing::Substitute { caveat } => caveat.clone(),
    };
    vec![
        quantity,
        supplier,
        how.distance_km.map_or_else(|| "?".to_owned(), |km| grouped(i128::from(km))),
        how.cutoff.to_string(),
        how.transit_days.to_string(),
        grouped(i128::from(how.cost_total)),
        line.rank.map_or_else(String::new, |rank| format!("{rank} of {}", of.eligible_offers)),
        mind,
    ]
}

fn used_row(told: &Told<'_>, used: &Used) -> Vec<String> {
    let show = |units: i64| if units == 0 { "-".to_owned() } else { told.amounts.show(units) };
    vec![
        told.supplier(used.offer).to_owned(),
        show(used.available),
        show(used.promised),
        show(used.to_need),
        if used.taken_by.is_empty() { "-".to_owned() } else { told.by_tier(&used.taken_by) },
        show(used.left),
    ]
}

/// The funnel in a sentence.
fn why(of: &InstalmentExplanation) -> String {
    let mut causes = vec![match (of.offers, of.eligible_offers) {
        (0, _) => "nobody offers it".to_owned(),
        (1, 0) => "the one offer of it may not serve it".to_owned(),
        (n, 0) => format!("none of {n} offers of it may serve it"),
        (n, 1) => format!("of {n} offers of it one may serve it"),
        (n, m) => format!("of {n} offers of it {m} may serve it"),
    }];
    let mut steps: Vec<_> = of.funnel.iter().collect();
    steps.sort_by_key(|s| std::cmp::Reverse(s.offers));
    causes.extend(steps.iter().take(MOST_REASONS).map(|s| match s.offers {
        1 => format!("1 {}", singular(&s.reason.to_string())),
        n => format!("{n} {}", s.reason),
    }));
    let rest: u32 = steps.iter().skip(MOST_REASONS).map(|s| s.offers).sum();
    if rest > 0 {
        causes.push(format!("{rest} more fail for other reasons"));
    }
    causes.join("; ")
}
