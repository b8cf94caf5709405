//! The largest shortages, and why nobody covers them, in plain words.

use std::collections::BTreeMap;

use domain::{eligibility::Rules, ids::NeedId, offer::Offer, time::Day};
use matching::Shortage;
use serde::Serialize;

use super::{View, coverage::urgency};

/// Reasons that a shortage names in words.
const MOST_REASONS: usize = 4;

/// How many offers a reason kept out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The reason's code.
    pub code: &'static str,
    /// What it is about, e.g. the certificate that is missing; empty for most.
    pub text: String,
    /// Offers.
    pub offers: u32,
}

/// A need that stays short, and why. Quantities are in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShortageReport {
    /// The need.
    pub need: NeedId,
    /// Whose it is.
    pub buyer: String,
    /// Where it must arrive.
    pub region: Option<String>,
    /// The product's code.
    pub product: String,
    /// Its English name.
    pub name: String,
    /// Accepted grades; any where empty.
    pub grades: Vec<String>,
    /// 1 to 4.
    pub tier: u8,
    /// Its name.
    pub urgency: &'static str,
    /// What the quantities count.
    pub base_unit: String,
    /// Asked for by all its instalments.
    pub needed: i64,
    /// What stays uncovered.
    pub shortage: i64,
    /// The same two in the trade unit, for people.
    #[serde(skip)]
    pub shown: (i64, i64, String),
    /// The first day on which something is missing.
    pub first_due: Day,
    /// The instalment that the causes are about falls due on this day: the one most is missing of.
    pub worst_due: Day,
    /// What offers of the product, or of what may stand for it, fail by first; most offers first.
    pub reasons: Vec<ReasonCount>,
    /// Offers that could serve it and are used up.
    pub used_up: u32,
    /// The causes in words.
    pub causes: Vec<String>,
}

/// The needs most is missing of: most urgent first, then by what is missing against the most that
/// one need can plausibly ask of the product, since units of different products do not compare.
pub(super) fn largest(view: &View<'_>, most: usize) -> Vec<ShortageReport> {
    let mut by_need: BTreeMap<NeedId, Vec<&Shortage>> = BTreeMap::new();
    for shortage in &view.outcome.shortages {
        by_need.entry(shortage.need).or_default().push(shortage);
    }
    let size = |id: &NeedId, shortages: &[&Shortage]| {
        let need = view.market.need(*id)?;
        let product = view.tables.catalogue.product(need.terms.product.as_str())?;
        let missing = shortages.iter().map(|s| s.uncovered).fold(0, i64::saturating_add);
        let share = i128::from(missing) * 1_000_000 / i128::from(product.order_ceiling.max(1));
        Some((need.tier(view.market.day), std::cmp::Reverse(share), *id))
    };
    let mut ranked: Vec<_> = by_need.iter().filter_map(|(id, shortages)| size(id, shortages)).collect();
    ranked.sort();
    ranked.into_iter().filter_map(|(_, _, id)| report(view, id, by_need.get(&id)?)).take(most).collect()
}

fn report(view: &View<'_>, id: NeedId, shortages: &[&Shortage]) -> Option<ShortageReport> {
    let need = view.market.need(id)?;
    let product = view.tables.catalogue.product(need.terms.product.as_str())?;
    let due = |s: &Shortage| need.instalments.iter().find(|i| i.id == s.instalment).map(|i| i.due);
    let worst = shortages.iter().max_by_key(|s| (s.uncovered, std::cmp::Reverse(s.instalment)))?;
    let needed = need.instalments.iter().map(|i| i.measure.quantity.units()).fold(0, i64::saturating_add);
    let shortage = shortages.iter().map(|s| s.uncovered).fold(0, i64::saturating_add);
    let unit = view.trade_unit(product);
    let (reasons, causes) = explain(view, worst);
    Some(ShortageReport {
        need: id,
        buyer: view.market.organisations.get(&need.organisation)?.name.clone(),
        region: view.market.sites.get(&need.site)?.region.as_ref().map(ToString::to_string),
        product: product.code.to_string(),
        name: product.name().to_owned(),
        grades: need.terms.grades.iter().map(ToString::to_string).collect(),
        tier: need.tier(view.market.day),
        urgency: urgency(need.tier(view.market.day)),
        base_unit: product.base_unit.to_string(),
        needed,
        shortage,
        shown: (unit.of(needed), unit.of(shortage), unit.name),
        first_due: shortages.iter().filter_map(|s| due(s)).min()?,
        worst_due: due(worst)?,
        used_up: worst.eligible_offers,
        reasons,
        causes,
    })
}

/// The causes of one uncovered instalment: as counts, and as sentences.
fn explain(view: &View<'_>, shortage: &Shortage) -> (Vec<ReasonCount>, Vec<String>) {
    let (offers, counts) = first_reasons(view, shortage).unwrap_or_default();
    let mut causes = Vec::new();
    match (offers, shortage.eligible_offers) {
        (0, _) => causes.push("nobody offers it".to_owned()),
        (1, 0) => causes.push("the one offer of it may not serve it".to_owned()),
        (n, 0) => causes.push(format!("none of {n} offers of it may serve it")),
        (n, 1) => {
            causes.push(format!("of {n} offers of it one could serve it and is used up{}", takers(view, shortage)))
        }
        (n, m) => {
            causes.push(format!("of {n} offers of it {m} could serve it and are used up{}", takers(view, shortage)))
        }
    }
    for count in counts.iter().take(MOST_REASONS) {
        causes.push(match count.offers {
            1 => format!("1 {}", singular(&count.text)),
            n => format!("{n} {}", count.text),
        });
    }
    let rest: u32 = counts.iter().skip(MOST_REASONS).map(|c| c.offers).sum();
    if rest > 0 {
        causes.push(format!("{rest} more fail for other reasons"));
    }
    (counts, causes)
}

/// How many offers there are of the product or of what may stand for it, and what they fail by
/// first. The funnel of the run counts offers of every product, which tells a buyer less.
fn first_reasons(view: &View<'_>, shortage: &Shortage) -> Option<(usize, Vec<ReasonCount>)> {
    let View { market, tables, parameters, .. } = view;
    let rules = Rules { market, catalogue: &tables.catalogue, regions: &tables.regions, parameters };
    let need = market.need(shortage.need)?;
    let instalment = need.instalments.iter().find(|i| i.id == shortage.instalment)?;
    let seen = rules.need_view(need, &rules.site_demands())?;
    let stand_ins = tables.catalogue.stand_ins(&need.terms.product);
    let of_it = |o: &&Offer| o.terms.product == need.terms.product || stand_ins.contains(&o.terms.product);
    let mut reasons: BTreeMap<(&'static str, String), u32> = BTreeMap::new();
    let mut offers = 0;
    for offer in market.offers.iter().filter(of_it) {
        offers += 1;
        if let Err(reason) = rules.judge(&rules.offer_view(offer)?, &seen, instalment) {
            *reasons.entry((reason.code(), reason.to_string())).or_default() += 1;
        }
    }
    let count = |((code, text), offers)| ReasonCount { code, text, offers };
    let mut counts: Vec<ReasonCount> = reasons.into_iter().map(count).collect();
    counts.sort_by(|a, b| (b.offers, a.code, &a.text).cmp(&(a.offers, b.code, &b.text)));
    Some((offers, counts))
}

/// Whom the used up offers supply instead.
fn takers(view: &View<'_>, shortage: &Shortage) -> String {
    let mut tiers: BTreeMap<u8, i64> = BTreeMap::new();
    for taken in shortage.used_up.iter().flat_map(|u| &u.taken_by) {
        *tiers.entry(taken.tier).or_default() += taken.quantity;
    }
    let promised = shortage.used_up.iter().any(|u| u.committed > 0);
    let Some((tier, _)) = tiers.iter().max_by_key(|(tier, quantity)| (**quantity, std::cmp::Reverse(**tier))) else {
        return if promised { " by what was promised before".to_owned() } else { String::new() };
    };
    let own = view.market.need(shortage.need).map_or(4, |need| need.tier(view.market.day));
    match (*tier).cmp(&own) {
        std::cmp::Ordering::Less => format!(", mostly by more urgent needs ({})", urgency(*tier)),
        std::cmp::Ordering::Equal => ", mostly by needs as urgent as this one".to_owned(),
        std::cmp::Ordering::Greater => {
            format!(", mostly by needs ({}) that fall due at other times", urgency(*tier))
        }
    }
}

/// A sentence part about several offers, turned to one.
pub(super) fn singular(text: &str) -> String {
    let turns = [
        ("are ", "is "),
        ("were ", "was "),
        ("have ", "has "),
        ("lack ", "lacks "),
        ("lie ", "lies "),
        ("need ", "needs "),
        ("wait ", "waits "),
        ("come ", "comes "),
        ("cost ", "costs "),
        ("ask ", "asks "),
        ("do ", "does "),
    ];
    let turned = turns.iter().find_map(|(many, one)| text.strip_prefix(many).map(|rest| format!("{one}{rest}")));
    turned.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn one_offer_is_spoken_of_as_one() {
        assert_eq!(singular("are not published"), "is not published");
        assert_eq!(singular("do not reach the grade"), "does not reach the grade");
        assert_eq!(singular("would arrive too late"), "would arrive too late");
        assert_eq!(singular("cannot show that they are near enough"), "cannot show that they are near enough");
    }
}
