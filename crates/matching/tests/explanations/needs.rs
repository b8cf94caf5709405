//! What an explanation of a need says, on markets small enough to read.

use domain::{
    certificate::CertificateStatus,
    code::{CertificateKindCode, GradeCode, RegionCode},
    eligibility::Predicate,
    ids::OfferId,
    market::Market,
    need::Urgency,
};
use matching::{Change, Explanation, Value, Verdict, WhyLeftOut};

use crate::{
    counterfactuals::explained,
    markets::{certificate, measure, need, need_mut, offer, offer_mut, parameters, today},
};

fn tell(market: &Market, need: domain::ids::NeedId) -> Explanation {
    explained(market, &parameters(0), need, 32)
}

fn gained(told: &Explanation, change: &Change) -> Option<i64> {
    told.counterfactuals.iter().chain(&told.worth).find(|t| t.change == *change).map(|t| t.gains.need)
}

#[test]
fn a_match_shows_its_numbers() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "lamp", "AA111", 5, 0);
    offer_mut(&mut m, id).terms.max_distance_km = Some(900);
    let asked = need(&mut m, 0, "lamp", "AA121", 4, 3);
    need_mut(&mut m, asked).terms.max_distance_km = Some(500);
    let told = tell(&m, asked);
    assert_eq!((told.demand, told.matched, told.uncovered), (4, 4, 0));
    let line = &told.instalments[0].lines[0];
    assert_eq!((line.offer, line.units, line.rank), (Some(id), 4, Some(1)));
    assert_eq!(line.trace.len(), Predicate::ALL.len());
    assert!(line.trace.iter().all(|a| a.verdict == Verdict::Passed));
    let distance = line.trace.iter().find(|a| a.predicate == Predicate::Distance).unwrap();
    let facts: Vec<_> = distance.facts.iter().map(|f| (f.name, f.value.clone())).collect();
    let km = line.how.as_ref().unwrap().distance_km.map(i64::from).unwrap();
    assert_eq!(
        facts,
        [
            ("distance", Value::Number(km)),
            ("buyer_allows", Value::Number(500)),
            ("supplier_allows", Value::Number(900))
        ]
    );
    // Nothing is short, so nothing is tried.
    assert_eq!((told.solves, told.counterfactuals.len(), told.left_out.len()), (0, 0, 0));
}

#[test]
fn every_reason_in_the_buyers_hands_has_its_change() {
    let mut m = Market::new(today());
    let masks = |m: &mut Market, n: usize, grade: &str| -> OfferId {
        let id = offer(m, n, "mask", "AA111", 10, 0);
        offer_mut(m, id).terms.grades = vec![GradeCode::new(grade)];
        offer_mut(m, id).terms.certificates = vec![certificate(CertificateStatus::Checked)];
        id
    };
    masks(&mut m, 0, "M1");
    let pending = masks(&mut m, 1, "M2");
    offer_mut(&mut m, pending).terms.certificates = vec![certificate(CertificateStatus::Applied)];
    let far = masks(&mut m, 2, "M2");
    let elsewhere = masks(&mut m, 3, "M2");
    let hood = offer(&mut m, 4, "hood", "AA111", 7, 0);
    offer_mut(&mut m, hood).terms.grades = vec![GradeCode::new("H1")];
    offer_mut(&mut m, hood).terms.certificates = vec![certificate(CertificateStatus::Checked)];
    for (id, region) in [(far, "AA121"), (elsewhere, "BB111")] {
        let site = offer_mut(&mut m, id).site;
        m.sites.get_mut(&site).unwrap().region = Some(RegionCode::new(region));
    }
    let asked = need(&mut m, 0, "mask", "AA111", 100, 5);
    let terms = &mut need_mut(&mut m, asked).terms;
    terms.grades = vec![GradeCode::new("M2")];
    terms.certificates = vec![CertificateKindCode::new("ce")];
    terms.regions = vec![RegionCode::new("AA")];
    terms.max_distance_km = Some(100);
    let told = tell(&m, asked);
    let instalment = &told.instalments[0];
    assert_eq!((told.uncovered, instalment.offers, instalment.eligible_offers), (100, 5, 0));
    assert_eq!(instalment.funnel.iter().map(|f| f.offers).sum::<u32>(), 5);
    // M1 stands for M2 only as a substitute, and so does a hood.
    let substitute = told.counterfactuals.iter().find(|t| t.change.kind() == "accept_substitute").unwrap();
    assert!(matches!(&substitute.change, Change::AcceptSubstitute { caveat, .. } if caveat == "M1 is not M2"));
    assert_eq!((substitute.opens, substitute.gains.need), (1, 10));
    assert_eq!(gained(&told, &Change::AcceptPending), Some(10));
    let km = told.counterfactuals.iter().find_map(|t| match t.change {
        Change::MaxDistance { km } => km.map(|km| (km, t.gains.need)),
        _ => None,
    });
    assert!(km.is_some_and(|(km, gained)| (200..400).contains(&km) && gained == 10), "{km:?}");
    // The offer abroad is also too far, so that dropping regions alone opens nothing, and is not tried.
    assert!(told.left_out.iter().any(|l| l.change == Change::AnyRegion && l.why == WhyLeftOut::OpensNothing));
}

#[test]
fn what_used_offers_up_is_told_by_tier_and_days_later_help() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "lamp", "AA111", 6, 1);
    let (urgent, low) = (need(&mut m, 0, "lamp", "AA111", 6, 0), need(&mut m, 1, "lamp", "AA111", 9, 0));
    need_mut(&mut m, urgent).terms.urgency = Urgency::High;
    need_mut(&mut m, low).terms.urgency = Urgency::Low;
    let told = tell(&m, low);
    // One is made today and goes to the low need; the urgent one takes the stock.
    assert_eq!((told.tier, told.matched, told.uncovered), (4, 1, 8));
    let used = &told.instalments[0].used_up[0];
    assert_eq!((used.offer, used.available, used.to_need, used.left), (id, 7, 1, 0));
    assert_eq!(used.taken_by.iter().map(|t| (t.tier, t.units)).collect::<Vec<_>>(), [(2, 6)]);
    assert_eq!(gained(&told, &Change::Later { days: 7 }), Some(7));
    assert_eq!(gained(&told, &Change::Later { days: 8 }), Some(8), "the fewest days that bring all");
    assert_eq!(gained(&told, &Change::Later { days: 1 }), Some(1));
    assert_eq!(gained(&told, &Change::MoreStock { offer: id, units: 1 }), Some(1));
    assert_eq!(gained(&told, &Change::MoreStock { offer: id, units: 7 }), Some(7), "a week's output");
}

#[test]
fn who_gains_at_whose_cost_is_told() {
    let mut m = Market::new(today());
    let id = offer(&mut m, 0, "mask", "AA111", 5, 0);
    offer_mut(&mut m, id).terms.grades = vec![GradeCode::new("M2")];
    let (first, second) = (need(&mut m, 0, "mask", "AA111", 5, 3), need(&mut m, 1, "mask", "AA111", 5, 3));
    for (id, grade, urgency) in [(first, "M1", Urgency::High), (second, "M2", Urgency::Low)] {
        need_mut(&mut m, id).terms.grades = vec![GradeCode::new(grade)];
        need_mut(&mut m, id).terms.urgency = urgency;
    }
    let told = tell(&m, first);
    let gains = &told.counterfactuals.iter().find(|t| t.change.kind() == "accept_grade").unwrap().gains;
    assert_eq!((gains.need, gains.others_gained, gains.others_lost), (5, 0, 5));
    assert_eq!(gains.tiers.iter().map(|t| (t.tier, t.units)).collect::<Vec<_>>(), [(2, 5), (4, -5)]);
    // The more urgent need takes it although the other asked for the very grade.
    assert_eq!(told.instalments[0].promised, 0);
    assert_eq!(measure(5).quantity.units(), gains.need);
}
