//! For each reason the smallest market in which it comes first, and what leaving its predicate out does.

use domain::{
    capacity::Conversion,
    certificate::{Certificate, CertificateStatus},
    code::FeatureCode,
    eligibility::{Predicate, Reason},
    feature::{Comparison, Demand, FeatureValue, Requirement},
    offer::{OfferState, Transfer, Visibility},
    organisation::{OrganisationKind, Verification},
    price::{Currency, Price},
    quantity::Quantity,
    rate::{Period, Rate},
};

use crate::world::{Pair, code, grade, kind, lamp, pieces, region, today};

type Spoil = fn(&mut Pair);

fn paper(status: CertificateStatus) -> Certificate {
    Certificate::new(kind("type-examination"), status)
}

fn price(micros: i64, currency: &str) -> Price {
    Price { micros, currency: Currency::parse(currency).unwrap() }
}

fn nothing_ready(p: &mut Pair) {
    p.terms().profile.from = today().plus(60);
}

/// Reason, predicate, and the least change to a good pair that brings it about.
const CASES: [(&str, Predicate, Spoil); 33] = [
    ("not_published", Predicate::Published, |p| p.offer().state = OfferState::Paused),
    ("offer_expired", Predicate::Fresh, |p| p.offer().state = OfferState::Expired),
    ("offer_suspended", Predicate::Fresh, |p| p.offer().suspended = true),
    ("offer_quarantined", Predicate::Quarantine, |p| p.offer().quarantine = Some("implausible".to_owned())),
    ("other_product", Predicate::Product, |p| {
        p.terms().product = code("gown");
        p.terms().grades.clear();
        p.wants().grades.clear();
    }),
    ("conversion_undecided", Predicate::Producing, |p| {
        let rate = Rate { measure: pieces(1_000), period: Period::Day };
        p.terms().profile.running = None;
        p.terms().profile.convertible = Some(Conversion { rate: Some(rate), days: 3, ramp_days: 0, decided_on: None });
    }),
    ("input_missing", Predicate::Producing, |p| {
        p.terms().profile.stock.quantity = Quantity::ZERO;
        p.terms().missing_inputs = vec![lamp()];
    }),
    ("grade_too_low", Predicate::Grade, |p| p.terms().grades = vec![grade("FFP1")]),
    ("substitution_not_accepted", Predicate::Grade, |p| p.terms().grades = vec![grade("N95")]),
    ("feature_missing", Predicate::Features, |p| {
        p.wants().requirements = vec![Requirement {
            feature: FeatureCode::new("valve"),
            value: FeatureValue::Flag(false),
            comparison: Comparison::Equal,
            demand: Demand::Required,
        }];
    }),
    ("size_missing", Predicate::Features, |p| p.need().instalments[0].size = Some("M".to_owned())),
    ("certificate_missing", Predicate::Certificates, |p| p.wants().certificates = vec![kind("type-examination")]),
    ("certificate_pending", Predicate::Certificates, |p| {
        p.wants().certificates = vec![kind("type-examination")];
        p.terms().certificates = vec![paper(CertificateStatus::Applied)];
    }),
    ("certificate_expired", Predicate::Certificates, |p| {
        p.wants().certificates = vec![kind("type-examination")];
        let valid_until = Some(today().plus(-1));
        p.terms().certificates = vec![Certificate { valid_until, ..paper(CertificateStatus::Checked) }];
    }),
    ("transfer_not_offered", Predicate::Transfer, |p| p.wants().transfers = [Transfer::Loan].into()),
    ("source_region_excluded", Predicate::SourceRegion, |p| p.wants().regions = vec![region("FR")]),
    ("delivery_region_excluded", Predicate::DeliveryRegion, |p| p.terms().regions = vec![region("DE2")]),
    ("border_closed", Predicate::Border, |p| {
        p.market.day = today().plus(-30);
        p.terms().profile.as_of = p.market.day;
        p.buyer_site().region = Some(region("NO"));
    }),
    ("export_authorisation_missing", Predicate::Border, |p| p.buyer_site().region = Some(region("UK"))),
    ("too_far_for_buyer", Predicate::Distance, |p| p.wants().max_distance_km = Some(100)),
    ("too_far_for_supplier", Predicate::Distance, |p| p.terms().max_distance_km = Some(100)),
    ("place_unknown", Predicate::Distance, |p| {
        p.supplier_site().region = None;
        p.terms().max_distance_km = Some(100);
    }),
    ("not_visible_to_buyer", Predicate::Visibility, |p| {
        p.buyer().kind = OrganisationKind::Firm;
        p.terms().visibility = Visibility::Clusters;
    }),
    ("supplier_unverified", Predicate::Verification, |p| {
        p.supplier().verification = Verification::None;
        p.wants().verification = Verification::Cluster;
    }),
    ("certificate_unchecked", Predicate::Verification, |p| {
        p.wants().certificates = vec![kind("type-examination")];
        p.wants().certificate_status = CertificateStatus::Checked;
        p.terms().certificates = vec![paper(CertificateStatus::Documented)];
    }),
    ("nothing_by_due_date", Predicate::Window, nothing_ready),
    ("lead_time_too_long", Predicate::LeadTime, |p| p.terms().lead_days = 30),
    ("transit_too_long", Predicate::TransitTime, |p| p.need().instalments[0].due = today()),
    ("below_minimum_order", Predicate::MinimumOrder, |p| p.terms().min_order = Some(pieces(5_001))),
    ("price_above_cap", Predicate::PriceCap, |p| {
        p.terms().price = Some(price(2_000_001, "EUR"));
        p.wants().price_cap = Some(price(2_000_000, "EUR"));
    }),
    ("currency_differs", Predicate::PriceCap, |p| {
        p.terms().price = Some(price(1, "USD"));
        p.wants().price_cap = Some(price(2_000_000, "EUR"));
    }),
    ("same_organisation", Predicate::SelfSupply, |p| p.need().organisation = p.market.offers[0].organisation),
    ("refused", Predicate::Refusal, |p| {
        let pair = (p.market.offers[0].id, p.market.needs[0].id);
        p.market.refusals.insert(pair);
    }),
];

#[test]
fn the_pair_that_all_cases_start_from_is_eligible() {
    let how = Pair::good().judge().unwrap();
    assert_eq!(how.cutoff, today().plus(14 - how.transit_days));
    assert!(!how.stock_only);
}

#[test]
fn every_reason_comes_first_in_some_market_and_goes_with_its_predicate() {
    let listed: Vec<&str> = CASES.iter().map(|c| c.0).collect();
    assert_eq!(listed, Reason::CODES);
    for (reason, predicate, spoil) in CASES {
        let mut pair = Pair::good();
        spoil(&mut pair);
        assert_eq!(pair.code(), reason);
        pair.parameters.without_predicates = [predicate].into();
        assert_eq!(pair.code(), "eligible", "{reason} without {}", predicate.as_str());
        let others = Predicate::ALL.into_iter().filter(|p| *p != predicate);
        pair.parameters.without_predicates = others.collect();
        assert_eq!(pair.code(), reason, "every other predicate left out");
    }
}

#[test]
fn all_predicates_left_out_lets_everything_pass() {
    for (reason, _, spoil) in CASES {
        let mut pair = Pair::good();
        spoil(&mut pair);
        pair.parameters.without_predicates = Predicate::ALL.into();
        assert_eq!(pair.code(), "eligible", "{reason}");
    }
}

#[test]
fn reasons_speak_in_sentences_and_predicates_by_name() {
    for (reason, predicate, spoil) in CASES {
        let mut pair = Pair::good();
        spoil(&mut pair);
        let found = pair.judge().unwrap_err();
        let said = found.to_string();
        assert!(said.contains(' ') && !said.contains('_'), "{reason}: {said}");
        assert_eq!(Predicate::parse(predicate.as_str()), Some(predicate));
    }
}

#[test]
fn mat_04_goods_must_exist_early_enough_to_travel() {
    // 505 km from Munich to Berlin: a day to load, a day on the road.
    let mut pair = Pair::good();
    pair.terms().profile.stock = pieces(1);
    for (due, expected) in [(1, "transit_too_long"), (2, "eligible")] {
        pair.need().instalments[0].due = today().plus(due);
        assert_eq!(pair.code(), expected, "due in {due} days");
    }
    // Output that needs five days from the order does not bind what lies ready.
    pair.terms().lead_days = 5;
    assert!(pair.judge().unwrap().stock_only);
    pair.terms().profile.stock = pieces(0);
    assert_eq!(pair.code(), "lead_time_too_long");
}

#[test]
fn a_smallest_order_counts_all_that_a_site_asks_for() {
    let mut pair = Pair::good();
    pair.terms().min_order = Some(pieces(8_000));
    assert_eq!(pair.code(), "below_minimum_order");
    let mut second = pair.market.needs[0].clone();
    second.id = domain::ids::NeedId(uuid::Uuid::from_u128(22));
    pair.market.needs.push(second);
    assert_eq!(pair.code(), "eligible");
    pair.market.needs[1].quarantine = Some("twin".to_owned());
    assert_eq!(pair.code(), "below_minimum_order");
}

#[test]
fn a_smallest_order_counts_needs_of_other_products_that_the_offer_may_serve() {
    let mut pair = Pair::good();
    pair.terms().min_order = Some(pieces(8_000));
    let mut masks = pair.market.needs[0].clone();
    masks.id = domain::ids::NeedId(uuid::Uuid::from_u128(22));
    masks.terms.grades.clear();
    for (product, expected) in [("medical-mask", "eligible"), ("gown", "below_minimum_order")] {
        masks.terms.product = code(product);
        pair.market.needs.truncate(1);
        pair.market.needs.push(masks.clone());
        assert_eq!(pair.code(), expected, "{product}");
    }
}

#[test]
fn a_cluster_buys_from_its_own_members() {
    let mut pair = Pair::good();
    pair.terms().visibility = Visibility::Clusters;
    pair.buyer().kind = OrganisationKind::Cluster;
    assert_eq!(pair.code(), "not_visible_to_buyer");
    let cluster = pair.buyer().id;
    pair.supplier().clusters = vec![cluster];
    assert_eq!(pair.judge().unwrap().cost.cluster, 0);
    // Two members of a third are neighbours as well.
    let third = domain::ids::OrganisationId(uuid::Uuid::from_u128(3));
    pair.supplier().clusters = vec![third];
    pair.buyer().clusters = vec![third];
    assert_eq!(pair.judge().unwrap().cost.cluster, 0);
}

#[test]
fn stale_figures_cost_more_and_do_not_exclude() {
    let mut pair = Pair::good();
    let fresh = pair.judge().unwrap().cost.total();
    pair.offer().confirm_by = today().plus(-1);
    let stale = pair.judge().unwrap().cost;
    assert!(stale.aging > 0 && stale.total() == fresh + stale.aging);
}

#[test]
fn preferences_cost_and_requirements_exclude() {
    let mut pair = Pair::good();
    let wish = |demand| Requirement {
        feature: FeatureCode::new("shelf_life"),
        value: FeatureValue::Integer(24),
        comparison: Comparison::AtLeast,
        demand,
    };
    pair.wants().requirements = vec![wish(Demand::Preferred)];
    assert_eq!(pair.judge().unwrap().cost.preference, 100);
    pair.terms().features = vec![(FeatureCode::new("shelf_life"), FeatureValue::Integer(24))];
    assert_eq!(pair.judge().unwrap().cost.preference, 0);
    pair.wants().requirements = vec![wish(Demand::Required)];
    assert_eq!(pair.code(), "eligible");
    pair.terms().features = vec![(FeatureCode::new("shelf_life"), FeatureValue::Integer(23))];
    assert_eq!(pair.code(), "feature_missing");
}

#[test]
fn dear_goods_are_told_apart_and_cheap_ones_are_rounded() {
    for (micros, points) in [(20_000_000_000, 20_000_000), (50_000_000_000, 50_000_000), (499, 0), (500, 1), (1_499, 1)]
    {
        let mut pair = Pair::good();
        pair.terms().price = Some(price(micros, "EUR"));
        pair.wants().price_cap = pair.terms().price;
        assert_eq!(pair.judge().unwrap().cost.price, points, "{micros}");
    }
}

#[test]
fn costs_stay_small_at_the_largest_price_and_distance() {
    let mut pair = Pair::good();
    pair.terms().price = Some(price(1_000_000_000_000_000, "EUR"));
    pair.wants().price_cap = pair.terms().price;
    let weights = &mut pair.parameters.weights;
    (weights.price, weights.kilometre) = (1_000, 1_000);
    assert!(pair.judge().unwrap().cost.total() < 1_100_000_000_000);
    assert!(Quantity::new(Quantity::LIMIT).is_some());
}
