//! Cases reckoned by hand.

use std::sync::Arc;

use domain::{
    calendar::{Span, WorkingCalendar},
    capacity::{Conversion, Week},
    certificate::{Certificate, CertificateStatus},
    code::CertificateKindCode,
    line::Line,
    mode::MarketMode,
    offer::OfferState,
    rate::Period,
};
use index::{CapacityAnswer, CapacityQuery, Certified, Figures, Freshness, Group, Reader, Standing, Weeks};

use crate::world::{Scene, day, instalment_id, line_id, measure, offer_id, rate, stock, today};

/// By week from today, a Wednesday, until a day; as the operator sees it.
fn weekly(scene: &Scene, until: &str) -> CapacityAnswer {
    let mut query = CapacityQuery::new(Weeks::new(today(), today(), day(until)).unwrap());
    query.group_by = [Group::Week].into();
    scene.index().capacity(&query, &Reader::Operator)
}

fn figures(scene: &Scene, until: &str, of: impl Fn(&Figures) -> i128) -> Vec<i128> {
    weekly(scene, until).totals.first().map_or(Vec::new(), |row| row.figures.iter().map(of).collect())
}

fn one(profile: domain::capacity::CapacityProfile) -> Scene {
    let mut scene = Scene::new();
    scene.firm(0, "DE111", &[]);
    scene.offer(0, profile);
    scene
}

#[test]
fn stock_lies_ready_in_the_first_week() {
    let mut made = stock(40);
    made.running = rate(10, Period::Day);
    let scene = one(made);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.running), [40 + 50, 70, 70]);
    // A period that begins later begins with all that was made before.
    let later = CapacityQuery::new(Weeks::new(today(), day("2020-04-20"), day("2020-04-26")).unwrap());
    assert_eq!(scene.index().capacity(&later, &Reader::Operator).totals[0].figures[0].running, 230);
}

#[test]
fn closed_days_make_nothing() {
    let mut made = stock(0);
    let closed = Span { from: day("2020-04-10"), until: day("2020-04-13") };
    made.calendar = Arc::new(WorkingCalendar::new(0b001_1111, vec![closed]).unwrap());
    made.running = rate(10, Period::Day);
    assert_eq!(figures(&one(made), "2020-04-26", |f| f.running), [20, 40, 50]);
}

#[test]
fn a_ramp_grows_to_the_full_rate() {
    let mut made = stock(0);
    made.running = rate(1_000, Period::Day);
    made.ramp_days = 5;
    // 1 + 2 + 3 + 4 + 5 fifths, then full days.
    assert_eq!(figures(&one(made), "2020-04-19", |f| f.running), [3_000, 7_000]);
}

#[test]
fn figures_of_weeks_stand_in_their_weeks() {
    let mut made = stock(0);
    made.from = today().monday();
    made.as_of = today().monday();
    let week = |monday: &str, running: i64| Week {
        monday: day(monday),
        running: Some(measure(running)),
        maximum: Some(measure(running + 1)),
        convertible: None,
    };
    made.weeks = vec![week("2020-04-06", 70), week("2020-04-20", 30)];
    let scene = one(made);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.running), [70, 0, 30]);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.maximum), [71, 0, 31]);
    assert_eq!(figures(&scene, "2020-04-08", |f| f.running), [30], "three days of seven");
}

#[test]
fn conversions_are_apart_until_they_are_decided() {
    let mut made = stock(5);
    let conversion = |decided_on| Conversion { rate: rate(10, Period::Day), days: 7, ramp_days: 0, decided_on };
    made.convertible = Some(conversion(None));
    let scene = one(made.clone());
    assert_eq!(figures(&scene, "2020-04-26", |f| f.convertible), [0, 50, 70], "from Wednesday the 15th on");
    assert_eq!(figures(&scene, "2020-04-26", |f| f.running), [5, 0, 0]);
    made.convertible = Some(conversion(Some(day("2020-04-01"))));
    let scene = one(made);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.convertible), [0, 0, 0]);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.running), [55, 70, 70]);
}

#[test]
fn what_is_promised_later_is_not_free_now() {
    let mut made = stock(100);
    made.running = rate(70, Period::Week);
    let mut scene = one(made);
    scene.promise((offer_id(0), instalment_id(0)), 180, day("2020-04-15"), Standing::Agreed);
    // By the 15th there are 100 and 8 days of 10: nothing of the stock is free, and of the week after what comes then.
    assert_eq!(figures(&scene, "2020-04-26", |f| f.free), [0, 40, 70]);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.agreed), [0, 180, 0]);
    scene.promise((offer_id(0), instalment_id(1)), 10, day("2020-04-08"), Standing::Held);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.held), [10, 0, 0]);
    assert_eq!(figures(&scene, "2020-04-26", |f| f.free), [0, 30, 70]);
}

#[test]
fn promises_beyond_the_running_level_leave_nothing_of_it() {
    let mut made = stock(0);
    (made.running, made.maximum) = (rate(10, Period::Day), rate(20, Period::Day));
    let mut scene = one(made);
    scene.promise((offer_id(0), instalment_id(0)), 70, day("2020-04-12"), Standing::Agreed);
    assert_eq!(figures(&scene, "2020-04-19", |f| f.free), [0, 50], "50 by Sunday, 70 promised");
    assert_eq!(figures(&scene, "2020-04-19", |f| f.free_maximum), [30, 140]);
}

#[test]
fn a_promise_of_before_the_figures_draws_on_them() {
    let mut scene = one(stock(100));
    scene.promise((offer_id(0), instalment_id(0)), 30, day("2020-03-01"), Standing::Held);
    assert_eq!(figures(&scene, "2020-04-12", |f| f.free), [70]);
    assert_eq!(figures(&scene, "2020-04-12", |f| f.held), [30]);
}

#[test]
fn a_line_bounds_its_offers_together() {
    let mut made = stock(0);
    made.running = rate(10, Period::Day);
    let mut scene = one(made.clone());
    scene.offer(0, made.clone());
    let line = CapacityQuery::new(Weeks::new(today(), today(), day("2020-04-12")).unwrap());
    let mut of_line = made.clone();
    of_line.running = rate(12, Period::Day);
    let site = *scene.market.sites.keys().next().unwrap();
    scene.market.lines.insert(line_id(0), Line { id: line_id(0), site, name: String::new(), profile: of_line });
    scene.market.offers.iter_mut().for_each(|offer| offer.terms.line = Some(line_id(0)));
    let total = |scene: &Scene| {
        let answer = scene.index().capacity(&line, &Reader::Operator);
        (answer.totals[0].figures[0].running, answer.totals[0].figures[0].free, answer.free_is_upper_bound)
    };
    assert_eq!(total(&scene), (100, 60, true));
    // What one promised the other cannot give.
    scene.promise((offer_id(0), instalment_id(0)), 25, day("2020-04-12"), Standing::Agreed);
    assert_eq!(total(&scene), (100, 35, true));
    // What lies in stock takes no time of the line.
    scene.market.offers[0].terms.profile.stock = measure(20);
    assert_eq!(total(&scene), (120, 55, true));
    // An offer that is out of the market keeps its promise, which takes the line's time.
    scene.market.offers[0].state = OfferState::Paused;
    assert_eq!(total(&scene), (50, 50, true));
    scene.market.commitments[0].quantity = domain::quantity::Quantity::new(50).unwrap();
    assert_eq!(total(&scene), (50, 30, true), "60 of the line less 30 beyond the stock");
}

#[test]
fn weeks_are_iso_weeks_across_the_turn_of_the_year() {
    let on = day("2020-12-30");
    let weeks = Weeks::new(on, on, day("2021-01-12")).unwrap();
    let mondays: Vec<String> = weeks.buckets().iter().map(|bucket| bucket.monday.to_string()).collect();
    assert_eq!(mondays, ["2020-12-28", "2021-01-04", "2021-01-11"], "week 53 of 2020, weeks 1 and 2 of 2021");
    assert_eq!((weeks.buckets()[0].from, weeks.buckets()[2].until), (on, day("2021-01-12")));
    assert!(Weeks::new(on, on, day("2020-12-29")).is_err());
    assert!(Weeks::new(on, on, day("2023-12-31")).is_ok() && Weeks::new(on, on, day("2024-01-01")).is_err());
}

#[test]
fn the_clock_takes_offers_out_and_makes_figures_stale() {
    let mut made = stock(10);
    made.until = Some(day("2020-04-20"));
    let mut scene = one(made);
    let offers = |scene: &Scene, on: &str, freshness| {
        let query = CapacityQuery { freshness, ..CapacityQuery::new(Weeks::new(day(on), day(on), day(on)).unwrap()) };
        scene.index().capacity(&query, &Reader::Operator).totals.first().map_or(0, |row| row.offers)
    };
    assert_eq!((offers(&scene, "2020-04-20", Freshness::Any), offers(&scene, "2020-04-21", Freshness::Any)), (1, 0));
    scene.market.offers[0].terms.profile.until = None;
    scene.market.offers[0].confirm_by = day("2020-04-12");
    assert_eq!(offers(&scene, "2020-04-12", Freshness::FreshOnly), 1);
    assert_eq!(
        (offers(&scene, "2020-04-13", Freshness::FreshOnly), offers(&scene, "2020-04-13", Freshness::Any)),
        (0, 1)
    );
    // A month of the calm, a week of an emergency later it is suspended by the clock.
    assert_eq!((offers(&scene, "2020-05-12", Freshness::Any), offers(&scene, "2020-05-13", Freshness::Any)), (1, 0));
    scene.market.mode = MarketMode::Emergency;
    assert_eq!((offers(&scene, "2020-04-19", Freshness::Any), offers(&scene, "2020-04-20", Freshness::Any)), (1, 0));
}

#[test]
fn certified_is_what_somebody_checked_and_holds() {
    let mut scene = one(stock(10));
    let certified = |scene: &Scene| {
        let weeks = Weeks::new(today(), today(), day("2020-04-26")).unwrap();
        let query = CapacityQuery { certified: Certified::Checked, ..CapacityQuery::new(weeks) };
        !scene.index().capacity(&query, &Reader::Operator).totals.is_empty()
    };
    assert!(!certified(&scene));
    let mut paper = Certificate::new(CertificateKindCode::new("ce"), CertificateStatus::Documented);
    for (status, counts) in [(CertificateStatus::Documented, false), (CertificateStatus::Checked, true)] {
        paper.status = status;
        scene.market.offers[0].terms.certificates = vec![paper.clone()];
        assert_eq!(certified(&scene), counts);
    }
    scene.market.offers[0].terms.certificates[0].valid_until = Some(day("2020-04-07"));
    assert!(!certified(&scene));
    paper.doubt = Some("odd".to_owned());
    scene.market.offers[0].terms.certificates = vec![paper];
    assert!(!certified(&scene));
}

#[test]
fn base_units_are_never_added() {
    let mut scene = one(stock(10));
    scene.offer(0, stock(7)).terms.product = domain::code::ProductCode::new("gel");
    let totals: Vec<_> =
        weekly(&scene, "2020-04-12").totals.iter().map(|r| (r.unit.as_str(), r.figures[0].free)).collect();
    assert_eq!(totals, [("piece", 10), ("millilitre", 7)]);
}
