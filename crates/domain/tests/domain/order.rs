//! The order of the predicates: a pair that fails everything says the first thing first; mended, it
//! says the next, all the way down.

use domain::{
    capacity::Conversion,
    certificate::{Certificate, CertificateStatus},
    code::FeatureCode,
    eligibility::Reason,
    feature::{Comparison, Demand, FeatureValue, Requirement},
    offer::{OfferState, Transfer, Visibility},
    organisation::{OrganisationKind, Verification},
    price::{Currency, Price},
    rate::{Period, Rate},
};

use crate::world::{Pair, code, grade, kind, lamp, pieces, region, today};

type Mend = fn(&mut Pair);

/// Each reason with the change that mends it and nothing else.
const DOWN: [(&str, Mend); 33] = [
    ("not_published", |p| p.offer().state = OfferState::Expired),
    ("offer_expired", |p| p.offer().state = OfferState::Published),
    ("offer_suspended", |p| p.offer().suspended = false),
    ("offer_quarantined", |p| p.offer().quarantine = None),
    ("other_product", |p| p.terms().product = code("ffp")),
    ("conversion_undecided", |p| {
        p.terms().profile.convertible = None;
        p.terms().profile.running = Some(Rate { measure: pieces(1_000), period: Period::Day });
        p.terms().missing_inputs = vec![lamp()];
    }),
    ("input_missing", |p| p.terms().missing_inputs.clear()),
    ("grade_too_low", |p| p.terms().grades = vec![grade("N95")]),
    ("substitution_not_accepted", |p| p.terms().grades = vec![grade("FFP2")]),
    ("feature_missing", |p| p.terms().features = vec![(FeatureCode::new("valve"), FeatureValue::Flag(false))]),
    ("size_missing", |p| {
        let sizes = FeatureValue::Sizes(["M".to_owned()].into());
        p.terms().features.push((FeatureCode::new("size"), sizes));
    }),
    ("certificate_missing", |p| p.terms().certificates = vec![paper(CertificateStatus::InTesting)]),
    ("certificate_pending", |p| {
        let valid_until = Some(today());
        p.terms().certificates = vec![Certificate { valid_until, ..paper(CertificateStatus::Claimed) }];
    }),
    ("certificate_expired", |p| p.terms().certificates = vec![paper(CertificateStatus::Claimed)]),
    ("transfer_not_offered", |p| p.terms().transfers = [Transfer::Donation].into()),
    ("source_region_excluded", |p| p.wants().regions.push(region("DE2"))),
    ("delivery_region_excluded", |p| p.terms().regions.push(region("UK"))),
    // The ban ends and the duty to ask begins.
    ("border_closed", |p| p.market.day = today()),
    ("export_authorisation_missing", |p| p.terms().authorisations = ["PERMIT".to_owned()].into()),
    ("place_unknown", |p| p.supplier_site().region = Some(region("DE21"))),
    ("too_far_for_buyer", |p| p.wants().max_distance_km = Some(20_000)),
    ("too_far_for_supplier", |p| p.terms().max_distance_km = Some(20_000)),
    // The need is the supplier's own until the last but one step.
    ("not_visible_to_buyer", |p| p.supplier().kind = OrganisationKind::Authority),
    ("supplier_unverified", |p| p.supplier().verification = Verification::Operator),
    ("certificate_unchecked", |p| p.terms().certificates = vec![paper(CertificateStatus::Confirmed)]),
    ("nothing_by_due_date", |p| p.terms().profile.from = today()),
    ("lead_time_too_long", |p| p.terms().lead_days = 0),
    ("transit_too_long", |p| p.need().instalments[0].due = today().plus(9)),
    ("below_minimum_order", |p| p.terms().min_order = None),
    ("currency_differs", |p| p.terms().price = Some(price(3, "EUR"))),
    ("price_above_cap", |p| p.terms().price = Some(price(1, "EUR"))),
    ("same_organisation", |p| {
        let buyer = p.buyer().id;
        p.need().organisation = buyer;
    }),
    ("refused", |p| p.market.refusals.clear()),
];

fn paper(status: CertificateStatus) -> Certificate {
    Certificate::new(kind("type-examination"), status)
}

fn price(micros: i64, currency: &str) -> Price {
    Price { micros, currency: Currency::parse(currency).unwrap() }
}

/// A pair with everything against it.
fn hopeless() -> Pair {
    let mut p = Pair::good();
    p.market.day = today().plus(-30);
    p.offer().state = OfferState::Withdrawn;
    p.offer().suspended = true;
    p.offer().quarantine = Some("implausible".to_owned());
    p.terms().product = code("gown");
    p.terms().profile.running = None;
    let rate = Rate { measure: pieces(1_000), period: Period::Day };
    p.terms().profile.convertible = Some(Conversion { rate: Some(rate), days: 3, ramp_days: 0, decided_on: None });
    p.terms().profile.as_of = p.market.day;
    p.terms().profile.from = today().plus(90);
    p.terms().grades = vec![grade("FFP1")];
    p.wants().requirements = vec![Requirement {
        feature: FeatureCode::new("valve"),
        value: FeatureValue::Flag(false),
        comparison: Comparison::Equal,
        demand: Demand::Required,
    }];
    p.need().instalments[0].size = Some("M".to_owned());
    p.wants().certificates = vec![kind("type-examination")];
    p.wants().certificate_status = CertificateStatus::Confirmed;
    p.wants().transfers = [Transfer::Donation].into();
    p.wants().regions = vec![region("FR")];
    p.terms().regions = vec![region("FR")];
    p.buyer_site().region = Some(region("UK"));
    p.wants().max_distance_km = Some(10);
    p.terms().max_distance_km = Some(10);
    p.terms().visibility = Visibility::Authorities;
    p.supplier().verification = Verification::None;
    p.wants().verification = Verification::Operator;
    p.terms().lead_days = 60;
    p.need().instalments[0].due = today().plus(1);
    p.terms().min_order = Some(pieces(1_000_000));
    p.terms().price = Some(price(3, "USD"));
    p.wants().price_cap = Some(price(2, "EUR"));
    p.need().organisation = p.market.offers[0].organisation;
    let pair = (p.market.offers[0].id, p.market.needs[0].id);
    p.market.refusals.insert(pair);
    p
}

#[test]
fn mending_the_first_reason_shows_the_next_all_the_way_down() {
    let mut pair = hopeless();
    let mut seen = Vec::new();
    for (reason, mend) in DOWN {
        // Without the point of a region the place is unknown, whatever point the site states.
        if reason == "place_unknown" {
            pair.supplier_site().region = Some(region("DE2"));
            pair.supplier_site().point = domain::geo::Point::new(48_137_000, 11_575_000);
        }
        assert_eq!(pair.code(), reason, "after {seen:?}");
        seen.push(reason);
        mend(&mut pair);
    }
    assert_eq!(pair.code(), "eligible");
    let mut sorted: Vec<&str> = Reason::CODES.to_vec();
    sorted.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, sorted);
}
