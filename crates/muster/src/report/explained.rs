//! What a run does for one need, in words.

use std::fmt::Write;

use domain::eligibility::Standing;
use matching::NeedExplanation;

use super::{View, causes, coverage::urgency};
use crate::output::{grouped, table, wrapped};

/// The matches and shortages of a need as people read them.
pub(crate) fn explained(view: &View<'_>, of: &NeedExplanation) -> String {
    let View { market, outcome, tables, .. } = *view;
    let Some(need) = market.need(of.need) else { return String::new() };
    let product = tables.catalogue.product(need.terms.product.as_str());
    let unit = product.map(|p| view.trade_unit(p));
    let amount = |base: i64| match &unit {
        Some(unit) => grouped(i128::from(unit.of(base))),
        None => grouped(i128::from(base)),
    };
    let unit_name = unit.as_ref().map_or("base unit", |u| u.name.as_str());
    let buyer = market.organisations.get(&need.organisation).map_or("unknown", |o| o.name.as_str());
    let name = product.map_or(need.terms.product.as_str(), |p| p.name());
    let head = format!("{name} for {buyer}, {} (tier {}), as of {}", urgency(need.tier()), need.tier(), outcome.day);
    let mut text = wrapped(&head, 0);
    text.push('\n');
    let due = |id| need.instalments.iter().find(|i| i.id == id).map(|i| i.due.to_string()).unwrap_or_default();
    let mut lines: Vec<_> = of.lines.iter().collect();
    lines.sort_by_key(|l| due(l.instalment));
    let rows = lines.into_iter().map(|line| {
        let offer = market.offer(line.offer);
        let supplier = offer.and_then(|o| market.organisations.get(&o.organisation)).map_or("unknown", |o| &o.name);
        let how = &line.eligible;
        let standing = match &how.standing {
            Standing::Same => String::new(),
            Standing::Satisfies { caveat } | Standing::Substitute { caveat } => caveat.clone(),
        };
        let far = how.distance_km.map_or_else(|| "?".to_owned(), |km| grouped(i128::from(km)));
        let rank = format!("{} of {}", line.rank, line.eligible_offers);
        vec![due(line.instalment), amount(line.quantity.units()), supplier.to_owned(), far, rank, standing]
    });
    let shown = table(&["due", unit_name, "supplier", "km", "rank by cost", "mind"], &[1, 3], rows);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{shown}");
    let mut shortages: Vec<_> = of.shortages.iter().collect();
    shortages.sort_by_key(|s| due(s.instalment));
    for shortage in shortages {
        let (_, reasons) = causes::explain(view, shortage);
        let line = format!(
            "due {}: {} of {} {unit_name}s stay uncovered: {}",
            due(shortage.instalment),
            amount(shortage.uncovered),
            amount(shortage.demand),
            reasons.join("; ")
        );
        let _ = writeln!(text, "{}", wrapped(&line, 0));
    }
    text
}
