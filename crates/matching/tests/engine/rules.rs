//! Field cases of matching, on markets small enough to read.

use domain::{
    disclosure::Disclosure,
    ids::OrganisationId,
    market::Market,
    need::Urgency,
    quantity::Quantity,
    rate::{Period, Rate},
    time::Day,
};
use matching::{Control, Outcome, allocate, verify};

use crate::small_markets::{Shape, market, measure, parameters, rules};

/// One offer and some needs of the same product, nothing else in the way.
fn plain(needs: usize) -> Market {
    let mut m = market(7, Shape { offers: 1, needs, most_units: 3, ..Shape::default() });
    m.offers[0].terms.product = m.needs[0].terms.product.clone();
    m.offers[0].terms.lead_days = 0;
    // By its region, as needs are.
    m.offers[0].terms.disclosure = Disclosure::default();
    m.offers[0].terms.profile.from = m.day;
    for need in &mut m.needs {
        need.terms.product = m.offers[0].terms.product.clone();
    }
    m
}

fn run(market: &Market) -> Outcome {
    let parameters = parameters();
    let rules = rules(market, &parameters);
    let outcome = allocate(&rules, &Control::default()).unwrap();
    verify(&rules, &outcome).unwrap();
    outcome
}

fn total(outcome: &Outcome) -> i64 {
    outcome.lines.iter().map(|l| l.quantity.units()).sum()
}

#[test]
fn mat_04_lead_time_and_rate_bound_what_comes_by_a_date() {
    let mut m = plain(1);
    let day = |text: &str| Day::parse(text).unwrap();
    m.day = day("2020-04-26");
    let p = &mut m.offers[0].terms.profile;
    (p.as_of, p.from, p.until) = (m.day, day("2020-05-01"), Some(day("2020-05-10")));
    p.stock = measure(0);
    p.running = Some(Rate { measure: measure(1_000), period: Period::Day });
    m.offers[0].terms.lead_days = 5;
    // Same place, so that transit takes no day.
    let site = m.sites[&m.offers[0].site].clone();
    let buyer = m.sites.get_mut(&m.needs[0].site).unwrap();
    (buyer.point, buyer.region) = (site.point, site.region);
    m.needs[0].instalments[0].measure = measure(4_000);
    for (due, comes) in [("2020-04-30", 0), ("2020-05-01", 1_000), ("2020-05-03", 3_000), ("2020-05-20", 4_000)] {
        m.needs[0].instalments[0].due = day(due);
        assert_eq!(total(&run(&m)), comes, "{due}");
    }
    // An order placed on the 29th reaches goods from the 4th on.
    m.day = day("2020-04-29");
    m.needs[0].instalments[0].due = day("2020-05-03");
    let outcome = run(&m);
    assert_eq!(outcome.shortages[0].funnel[0].reason.code(), "lead_time_too_long");
}

#[test]
fn con_08_windows_that_overlap_share_one_curve() {
    let mut m = plain(3);
    let day = |text: &str| Day::parse(text).unwrap();
    m.day = day("2020-05-01");
    let p = &mut m.offers[0].terms.profile;
    (p.as_of, p.from) = (m.day, m.day);
    p.stock = measure(0);
    p.running = Some(Rate { measure: measure(1_000), period: Period::Day });
    let site = m.sites[&m.offers[0].site].clone();
    for (need, (units, due)) in
        m.needs.iter_mut().zip([(4_000, "2020-05-05"), (2_000, "2020-05-08"), (2_500, "2020-05-08")])
    {
        let buyer = m.sites.get_mut(&need.site).unwrap();
        (buyer.point, buyer.region) = (site.point, site.region.clone());
        need.terms.urgency = Urgency::Normal;
        need.instalments[0].measure = measure(units);
        need.instalments[0].due = day(due);
    }
    let outcome = run(&m);
    assert_eq!(total(&outcome), 8_000);
    assert_eq!(outcome.shortages.iter().map(|s| s.uncovered).sum::<i64>(), 500);
}

#[test]
fn mat_05_nobody_supplies_itself() {
    let mut m = plain(1);
    m.offers[0].terms.profile.stock = measure(100);
    assert!(total(&run(&m)) > 0);
    let own: OrganisationId = m.offers[0].organisation;
    m.needs[0].organisation = own;
    let outcome = run(&m);
    assert_eq!(total(&outcome), 0);
    assert_eq!(outcome.shortages[0].funnel[0].reason.code(), "same_organisation");
}

#[test]
fn an_urgent_need_takes_all_before_a_normal_one_gets_any() {
    let mut m = plain(2);
    m.offers[0].terms.profile.stock = measure(5);
    m.offers[0].terms.profile.running = None;
    for (need, urgency) in m.needs.iter_mut().zip([Urgency::Normal, Urgency::Critical]) {
        need.terms.urgency = urgency;
        need.instalments[0].measure = measure(4);
        need.instalments[0].due = m.day.plus(5);
    }
    // Tier 1 counts only once granted; without, it ranks as tier 2, still before normal.
    for granted in [true, false] {
        m.needs[1].urgency_granted = granted;
        let outcome = run(&m);
        let given = |n: usize| -> i64 {
            let lines = outcome.lines.iter().filter(|l| l.need == m.needs[n].id);
            lines.map(|l| l.quantity.units()).sum()
        };
        assert_eq!((given(0), given(1)), (1, 4));
        assert_eq!(m.needs[1].tier(m.day), if granted { 1 } else { 2 });
    }
}

#[test]
fn a_shortage_names_who_used_the_offer_up() {
    let mut m = plain(2);
    m.offers[0].terms.profile.stock = measure(5);
    m.offers[0].terms.profile.running = None;
    for (need, urgency) in m.needs.iter_mut().zip([Urgency::Low, Urgency::High]) {
        need.terms.urgency = urgency;
        need.instalments[0].measure = measure(5);
        need.instalments[0].due = m.day.plus(5);
    }
    let outcome = run(&m);
    let shortage = &outcome.shortages[0];
    assert_eq!((shortage.need, shortage.uncovered, shortage.eligible_offers), (m.needs[0].id, 5, 1));
    assert_eq!(shortage.used_up[0].taken_by[0].instalment, m.needs[1].instalments[0].id);
}

#[test]
fn a_promise_that_cannot_be_kept_is_reported_not_hidden() {
    let mut m = market(3, Shape { offers: 1, needs: 1, most_units: 3, commitments: true, ..Shape::default() });
    m.offers[0].terms.profile.stock = measure(2);
    m.offers[0].terms.profile.running = None;
    m.commitments[0].quantity = Quantity::new(7).unwrap();
    let outcome = run(&m);
    assert_eq!(outcome.proof.unserved, [(m.commitments[0].match_id, 5)]);
    assert_eq!(outcome.levels[0].value, 5);
    assert_eq!(total(&outcome), 0);
}
