//! Why an offer serves a need, or why not, in words.

use std::fmt::Write;

use app::explanations::{Asked, Because, Fact, How, Measured, PairAnswer, PairExplanation, Value, Verdict};

use super::{causes::singular, explained::Told};
use crate::output::{grouped, wrapped};

/// The answer as people read it.
pub(crate) fn judged(told: &Told<'_>, of: &PairExplanation) -> String {
    let mut text = wrapped(&told.head(), 0);
    let _ = write!(text, "\n{}\n", wrapped(&format!("offer of {}", told.supplier(of.offer)), 0));
    for answer in &of.instalments {
        let asked = format!("due {}: {} asked", answer.due, told.amounts.show(answer.demand));
        let _ = write!(text, "\n{}\n", wrapped(&format!("{asked} - {}", sentence(told, answer)), 0));
        for line in answer.trace.iter().filter(|a| a.verdict != Verdict::NotAsked) {
            let _ = writeln!(text, "{}", wrapped(&asked_line(told, line), 2));
        }
    }
    if !of.worth.is_empty() {
        text.push_str("\nWhat one more unit or day is worth to this need:\n");
        text.push_str(&told.gains(&of.worth));
    }
    text
}

fn sentence(told: &Told<'_>, answer: &PairAnswer) -> String {
    if let Some(reason) = &answer.reason {
        return format!("the offer {} ({}).", singular(&reason.to_string()), reason.code());
    }
    let place =
        answer.rank.map_or_else(String::new, |rank| format!(", number {rank} by cost of {}", answer.eligible_offers));
    let way = answer.how.as_ref().map_or_else(String::new, way);
    let left = answer.used.as_ref().map_or_else(|| "nothing".to_owned(), |u| told.amounts.show(u.left));
    let why = match answer.because {
        Because::Matched => format!("It gives {}.", told.amounts.show(answer.matched)),
        Because::CoveredByOthers => {
            let servers = answer.served_by.iter().map(|s| {
                let cost = grouped(i128::from(s.cost_total));
                format!(
                    "{} from {} (number {}, {cost} points)",
                    told.amounts.show(s.units),
                    told.supplier(s.offer),
                    s.rank
                )
            });
            format!("The instalment is covered by others: {}.", servers.collect::<Vec<_>>().join(", "))
        }
        Because::UsedUp => match answer.used.as_ref().filter(|u| !u.taken_by.is_empty()) {
            Some(used) => format!("It is used up by other needs ({}).", told.by_tier(&used.taken_by)),
            None => "It is used up by what was promised or by other instalments of this need.".to_owned(),
        },
        Because::SmallestOrder => format!("{left} are left, and its smallest order would not be met."),
        Because::MostSuppliers => format!("{left} are left, and the instalment has all the suppliers it may have."),
        Because::SharedLine => format!("{left} would be left, and the line that it shares has no time."),
        Because::SearchStopped => format!("{left} are left; the search for the best choice stopped at its limit."),
        Because::OtherNeeds => "It would be covered if no other buyer wanted anything.".to_owned(),
        Because::DecidedOtherwise => "This version of the engine would decide otherwise than the run did.".to_owned(),
        // Has a reason, so it was answered above.
        Because::NotEligible => String::new(),
    };
    format!("the offer may serve it{place}: {way}. {why}")
}

fn way(how: &How) -> String {
    let far = how.distance_km.map_or_else(|| "an unknown distance".to_owned(), |km| format!("{km} km"));
    let stock = if how.stock_only { ", from stock alone" } else { "" };
    let cost = grouped(i128::from(how.cost_total));
    format!(
        "goods ready by {}, {} days on the way, {far}, {cost} cost points a unit{stock}",
        how.cutoff, how.transit_days
    )
}

fn asked_line(told: &Told<'_>, asked: &Asked) -> String {
    let verdict = match asked.verdict {
        Verdict::Passed => "passes",
        Verdict::Failed => "FAILS",
        Verdict::LeftOut => "is left out",
        Verdict::NotAsked => "is not asked",
    };
    let facts: Vec<String> = asked.facts.iter().map(|f| fact(told, f)).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
    format!("{} {verdict}{facts}", asked.predicate.as_str().replace('_', " "))
}

fn fact(told: &Told<'_>, fact: &Fact) -> String {
    let value = match (&fact.value, fact.unit) {
        (Value::Number(number), Measured::BaseUnits) => told.amounts.show(*number),
        (Value::Number(number), Measured::Kilometres) => format!("{} km", grouped(i128::from(*number))),
        (Value::Number(1), Measured::Days) => "1 day".to_owned(),
        (Value::Number(number), Measured::Days) => format!("{number} days"),
        (Value::Number(number), Measured::Micros) => format!("{}.{:06}", number / 1_000_000, number % 1_000_000),
        (Value::Number(number), Measured::Nothing) => number.to_string(),
        (Value::Day(day), _) => day.to_string(),
        (Value::Text(text), _) => text.clone(),
        (Value::Flag(true), _) => "yes".to_owned(),
        (Value::Flag(false), _) => "no".to_owned(),
    };
    format!("{} {value}", fact.name.replace('_', " "))
}
