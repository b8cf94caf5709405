//! Why an offer serves a need, or why not.

use domain::{
    eligibility::Predicate,
    ids::{NeedId, OfferId},
    market::Market,
    need::Urgency,
};
use matching::{Audience, Because, Control, Matched, PairExplanation, Question, Verdict, explain_choice, explain_pair};

use crate::markets::{measure, need, need_mut, offer, offer_mut, parameters, rules, today};

fn pair(market: &Market, need: NeedId, offer: OfferId) -> PairExplanation {
    let parameters = parameters(1);
    let rules = rules(market, &parameters);
    let question = Question { need, audience: Audience::Operator, budget: 8, matched: None };
    explain_pair(&rules, &question, offer, &Control::default()).unwrap().unwrap()
}

#[test]
fn a_failing_pair_shows_the_first_fault_and_those_behind_it() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "lamp", "BB121", 5, 0);
    offer_mut(&mut m, id).terms.min_order = Some(measure(50));
    let asked = need(&mut m, 0, "lamp", "AA111", 4, 9);
    need_mut(&mut m, asked).terms.max_distance_km = Some(100);
    let told = pair(&m, asked, id);
    let answer = &told.instalments[0];
    assert_eq!((answer.because, answer.matched, answer.uncovered), (Because::NotEligible, 0, 4));
    assert_eq!(answer.reason.as_ref().unwrap().code(), "too_far_for_buyer");
    let failed = answer.trace.iter().filter(|a| a.verdict == Verdict::Failed);
    assert_eq!(failed.map(|a| a.predicate).collect::<Vec<_>>(), [Predicate::Distance, Predicate::MinimumOrder]);
    // More of it is worth nothing to a need that it may not serve.
    assert!(told.worth.is_empty());
}

#[test]
fn a_dearer_offer_sees_who_serves_instead() {
    let mut m = Market::new(today());
    let (near, far) = (offer(&mut m, 0, "lamp", "AA111", 9, 0), offer(&mut m, 1, "lamp", "AA121", 9, 0));
    let asked = need(&mut m, 0, "lamp", "AA112", 4, 9);
    let told = pair(&m, asked, far);
    let answer = &told.instalments[0];
    assert_eq!((answer.because, answer.rank, answer.eligible_offers), (Because::CoveredByOthers, Some(2), 2));
    assert_eq!(answer.served_by.iter().map(|s| (s.offer, s.units, s.rank)).collect::<Vec<_>>(), [(near, 4, 1)]);
    assert_eq!(answer.used.as_ref().unwrap().left, 9);
    assert!(told.worth.iter().all(|t| t.gains.need == 0));
    assert_eq!(pair(&m, asked, near).instalments[0].because, Because::Matched);
}

#[test]
fn a_used_up_offer_says_by_whom_and_what_more_of_it_is_worth() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "lamp", "AA111", 4, 1);
    offer_mut(&mut m, id).terms.lead_days = 2;
    let (urgent, low) = (need(&mut m, 0, "lamp", "AA111", 4, 1), need(&mut m, 1, "lamp", "AA111", 4, 1));
    need_mut(&mut m, urgent).terms.urgency = Urgency::High;
    let told = pair(&m, low, id);
    let answer = &told.instalments[0];
    assert_eq!((answer.because, answer.uncovered), (Because::UsedUp, 4));
    assert_eq!(answer.used.as_ref().unwrap().taken_by.iter().map(|t| (t.tier, t.units)).collect::<Vec<_>>(), [(2, 4)]);
    let worth: Vec<_> = told.worth.iter().map(|t| (t.change.words(), t.gains.need)).collect();
    assert_eq!(
        worth,
        [
            ("one more base unit in stock at the offer".to_owned(), 1),
            ("7 more base units in stock at the offer".to_owned(), 4),
            // Two are made by tomorrow, and could then be ordered.
            ("one day less lead time at the offer".to_owned(), 2),
            ("let it come 1 day later".to_owned(), 3),
        ]
    );
}

#[test]
fn a_smallest_order_that_is_not_met_is_named() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "lamp", "AA111", 5, 0);
    let asked = need(&mut m, 0, "lamp", "AA111", 9, 1);
    offer_mut(&mut m, id).terms.min_order = Some(measure(7));
    let told = pair(&m, asked, id);
    let answer = &told.instalments[0];
    assert_eq!((answer.because, answer.used.as_ref().unwrap().left), (Because::SmallestOrder, 5));
}

#[test]
fn what_the_run_gave_is_told_whatever_would_be_decided_now() {
    let mut m = Market::new(today());
    let (one, other) = (offer(&mut m, 0, "lamp", "AA111", 5, 0), offer(&mut m, 1, "lamp", "AA121", 5, 0));
    let asked = need(&mut m, 0, "lamp", "AA112", 5, 9);
    let instalment = m.need(asked).unwrap().instalments[0].id;
    let parameters = parameters(0);
    let rules = rules(&m, &parameters);
    let ask = |offer, audience, matched: &[Matched]| {
        let question = Question { need: asked, audience, budget: 0, matched: Some(matched) };
        let told = explain_pair(&rules, &question, offer, &Control::default()).unwrap().unwrap();
        let answer = &told.instalments[0];
        (answer.because, answer.matched, answer.uncovered, answer.served_by.len())
    };
    let run = [Matched { offer: other, instalment, units: 3 }];
    assert_eq!(ask(other, Audience::Operator, &run), (Because::Matched, 3, 2, 1));
    assert_eq!(ask(one, Audience::Operator, &run), (Because::DecidedOtherwise, 0, 2, 1));
    // To the buyer it is others who came first; he knows offers by the names that explanations give.
    let audience = Audience::Buyer(m.need(asked).unwrap().organisation);
    let seen = matching::project(&rules, audience);
    let names = [one, other].map(|id| seen.name(id).unwrap());
    assert_eq!(ask(names[0], audience, &run), (Because::OtherNeeds, 0, 2, 1));
    assert_eq!(ask(names[1], audience, &run), (Because::Matched, 3, 2, 1));
    assert_eq!(ask(names[1], audience, &[]), (Because::OtherNeeds, 0, 5, 0));
}

#[test]
fn what_is_not_there_is_not_answered() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "lamp", "AA111", 5, 0);
    let asked = need(&mut m, 0, "lamp", "AA111", 9, 1);
    let parameters = parameters(0);
    let ask = |m: &Market, need, offer, audience| {
        let question = Question { need, audience, budget: 8, matched: None };
        explain_pair(&rules(m, &parameters), &question, offer, &Control::default()).unwrap()
    };
    let nobody = uuid::Uuid::from_u128(404);
    assert!(ask(&m, NeedId(nobody), id, Audience::Operator).is_none());
    assert!(ask(&m, asked, OfferId(nobody), Audience::Operator).is_none());
    // A buyer may neither ask about others' needs nor name others' offers by their ids.
    let buyer = m.need(asked).unwrap().organisation;
    let other = domain::ids::OrganisationId(nobody);
    assert!(ask(&m, asked, id, Audience::Buyer(other)).is_none());
    assert!(ask(&m, asked, id, Audience::Buyer(buyer)).is_none());
    // An offer of another product is in the market, and told so.
    let mask = offer(&mut m, 1, "mask", "AA111", 5, 0);
    let told = ask(&m, asked, mask, Audience::Operator).unwrap();
    assert_eq!(told.instalments[0].reason.as_ref().unwrap().code(), "other_product");
}

#[test]
fn a_choice_lists_every_eligible_offer_and_what_the_run_gave() {
    let mut m = Market::new(today());
    let near = offer(&mut m, 0, "lamp", "AA111", 3, 0);
    let far = offer(&mut m, 1, "lamp", "AA121", 9, 0);
    let outside = offer(&mut m, 2, "lamp", "BB121", 9, 0);
    let asked = need(&mut m, 0, "lamp", "AA112", 4, 9);
    need_mut(&mut m, asked).terms.max_distance_km = Some(300);
    let instalment = m.need(asked).unwrap().instalments[0].id;
    let matched = [near, far].map(|offer| Matched { offer, instalment, units: if offer == near { 3 } else { 1 } });
    let (parameters, control) = (parameters(1), Control::default());
    let rules = rules(&m, &parameters);
    let question = Question { need: asked, audience: Audience::Operator, budget: 0, matched: Some(&matched) };
    let told = explain_choice(&rules, &question, (instalment, far), &control).unwrap().unwrap();
    let listed: Vec<_> = told.alternatives.iter().map(|a| (a.offer, a.rank, a.units, a.used.left)).collect();
    assert_eq!(listed, [(near, 1, 3, 0), (far, 2, 1, 8)]);
    assert_eq!((told.chosen, told.instalment.offers, told.instalment.eligible_offers), (Some(far), 3, 2));
    assert_eq!((told.instalment.matched, told.instalment.lines.len()), (4, 2));
    assert!(told.alternatives.iter().all(|a| a.offer != outside));
    let nobody = explain_choice(&rules, &question, (domain::ids::InstalmentId(asked.0), far), &control).unwrap();
    assert!(nobody.is_none());
}
