//! Why an instalment got what it got, and of whom else it could have come.

use domain::{
    ids::{InstalmentId, OfferId},
    time::Day,
};
use serde::Serialize;

use super::{
    Control, How, InstalmentExplanation, MatchingError, Part, Question, Rules, Told, Used, allocate, candidates, given,
    used::{Usage, ranked},
};

/// Eligible offers that a choice lists; the rest is counted.
const LISTED_ALTERNATIVES: usize = 50;

/// What a run did for an instalment, and every offer that may serve it. Quantities are in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The day that the run decided on.
    pub day: Day,
    /// The tier that the need ranks at.
    pub tier: u8,
    /// Whether everything but what the run gave the need is reckoned as if no other buyer wanted anything, because the
    /// reader may not know what others want.
    pub before_competition: bool,
    /// The offer that is asked about, under the name by which the reader knows it; `None` if he may not know it.
    pub chosen: Option<OfferId>,
    /// The instalment.
    pub instalment: InstalmentExplanation,
    /// The offers that may serve it, cheapest first, at most 50, and the chosen one whatever its rank.
    pub alternatives: Vec<Alternative>,
}

/// An offer that may serve an instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The offer, under the name by which the reader knows it.
    pub offer: OfferId,
    /// 1 for the cheapest.
    pub rank: u32,
    /// What the run gave the instalment of it.
    pub units: i64,
    /// How it passed every predicate.
    pub how: How,
    /// Where its capacity went.
    pub used: Used,
}

/// Explains why an instalment got what it got of an offer, and what else may serve it; `None` if the need takes no part
/// in runs, is not the audience's to ask about, or has no such instalment.
///
/// # Errors
/// As [`allocate`].
pub fn explain_choice(
    rules: &Rules<'_>,
    question: &Question<'_>,
    (instalment, offer): (InstalmentId, OfferId),
    control: &Control<'_>,
) -> Result<Option<Choice>, MatchingError> {
    let Some(part) = Part::of(rules, question.need, question.audience) else { return Ok(None) };
    let rules = &part.rules(rules);
    let base = allocate(rules, control)?;
    let demands = rules.site_demands();
    let Some(view) = rules.market.need(question.need).and_then(|n| rules.need_view(n, &demands)) else {
        return Ok(None);
    };
    let Some(asked) = view.need.instalments.iter().find(|i| i.id == instalment) else { return Ok(None) };
    let offers = candidates(rules, view.need);
    let told = Told { rules, part: &part, question, base: &base, view: &view, offers: &offers };
    let usage = Usage::of(rules, &base);
    let given = given(question, &part, &base, instalment);
    let chosen = part.projection.name(offer);
    let alternative = |(place, (at, eligible)): (usize, (usize, domain::eligibility::Eligible))| {
        let view = &offers[at];
        let id = view.offer.id;
        let used = usage.of_offer(rules, view, &eligible, question.need);
        let units = given.iter().filter(|(of, _)| *of == Some(id)).map(|(_, units)| units).sum();
        let rank = u32::try_from(place + 1).unwrap_or(u32::MAX);
        Alternative { offer: id, rank, units, how: How::of(rules, view, eligible), used }
    };
    let listed =
        |(place, (at, _)): &(usize, (usize, _))| *place < LISTED_ALTERNATIVES || Some(offers[*at].offer.id) == chosen;
    let ranked = ranked(rules, &view, &offers, asked).into_iter().enumerate();
    let alternatives = ranked.filter(listed).map(alternative).collect();
    Ok(Some(Choice {
        day: rules.market.day,
        tier: view.need.tier(rules.market.day),
        before_competition: told.before_competition(),
        chosen,
        instalment: told.instalment(asked, &usage),
        alternatives,
    }))
}
