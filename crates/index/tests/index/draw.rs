//! Random scenes and questions, the same for the same seed.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    calendar::{Span, WorkingCalendar},
    capacity::{CapacityProfile, Conversion, Week},
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, FeatureCode, GradeCode, ProductCode, RegionCode},
    disclosure::Disclosure,
    feature::{Comparison, Demand, FeatureValue, Requirement},
    geo::Point,
    line::Line,
    mode::MarketMode,
    need::{NeedState, Urgency},
    offer::{MissingInput, OfferState, Role, Transfer, Visibility, When},
    organisation::{OrganisationKind, Verification},
    quantity::Quantity,
    rate::{Period, Rate},
};
use index::{
    Buyer, CapacityQuery, Certified, Freshness, Group, Level, Near, PaperDemand, Party, Reader, Standing, Weeks,
};

use crate::world::{PRODUCTS, Scene, instalment_id, line_id, measure, offer_id, organisation_id, stock, today};

/// A fixed stream of numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1))
    }

    /// 0 to `most`.
    pub fn upto(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % (u64::try_from(most).unwrap() + 1)).unwrap()
    }

    pub fn small(&mut self, most: i32) -> i32 {
        i32::try_from(self.upto(most.into())).unwrap()
    }

    pub fn size(&mut self, most: usize) -> usize {
        usize::try_from(self.upto(i64::try_from(most).unwrap())).unwrap()
    }

    pub fn one_in(&mut self, n: i64) -> bool {
        self.upto(n - 1) == 0
    }

    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.size(list.len() - 1)].clone()
    }

    pub fn some<T: Clone + Ord>(&mut self, list: &[T]) -> BTreeSet<T> {
        list.iter().filter(|_| self.one_in(2)).cloned().collect()
    }
}

pub const PLACES: [&str; 12] =
    ["DE111", "DE112", "DE11", "DE12", "DE121", "DE21", "DE222", "DE1", "DE", "EL30", "EL41", ""];
pub const GRADES: [&str; 3] = ["FFP2", "FFP3", "KN95"];
pub const KINDS: [&str; 2] = ["ce", "test"];

fn a_rate(dice: &mut Dice) -> Rate {
    let units = if dice.one_in(20) { 1_000_000_000_000 } else { dice.upto(500) };
    Rate { measure: measure(units), period: dice.of(&Period::ALL) }
}

pub fn profile(dice: &mut Dice) -> CapacityProfile {
    let mut made = stock(if dice.one_in(3) { dice.upto(300) } else { 0 });
    if dice.one_in(2) {
        let from = today().plus(dice.small(20) - 3);
        let closed = Span { from, until: from.plus(dice.small(9)) };
        let weekdays = u8::try_from(dice.upto(126) + 1).unwrap();
        made.calendar = Arc::new(WorkingCalendar::new(weekdays, vec![closed]).unwrap());
    }
    made.from = today().plus(dice.small(40) - 20);
    made.as_of = today().plus(dice.small(20) - 12);
    made.until = dice.one_in(4).then(|| made.from.plus(dice.small(60)));
    if dice.one_in(6) {
        let figure = |dice: &mut Dice| Some(measure(dice.upto(100)));
        let first = made.from.monday();
        let mut weeks: Vec<Week> = Vec::new();
        for week in 0..dice.small(9) {
            if dice.one_in(4) {
                continue;
            }
            let running = figure(dice);
            let maximum = dice.one_in(2).then(|| measure(dice.upto(100) + 100));
            let convertible = if dice.one_in(2) { figure(dice) } else { None };
            weeks.push(Week { monday: first.plus(7 * week), running, maximum, convertible });
        }
        made.weeks = weeks;
    } else {
        made.running = (!dice.one_in(5)).then(|| a_rate(dice));
        made.maximum = dice.one_in(2).then(|| a_rate(dice));
        made.ramp_days = if dice.one_in(3) { u16::try_from(dice.upto(30)).unwrap() } else { 0 };
    }
    if dice.one_in(4) {
        made.convertible = Some(Conversion {
            rate: (!dice.one_in(5)).then(|| a_rate(dice)),
            days: u16::try_from(dice.upto(20)).unwrap(),
            ramp_days: u16::try_from(dice.upto(5)).unwrap(),
            decided_on: dice.one_in(2).then(|| today().plus(dice.small(10) - 8)),
        });
    }
    made
}

fn certificates(dice: &mut Dice) -> Vec<Certificate> {
    let mut list = Vec::new();
    for _ in 0..dice.upto(2) {
        let status = dice.of(&CertificateStatus::ALL);
        let mut certificate = Certificate::new(CertificateKindCode::new(dice.of(&KINDS)), status);
        certificate.valid_from = dice.one_in(3).then(|| today().plus(dice.small(20) - 10));
        certificate.valid_until = dice.one_in(3).then(|| today().plus(dice.small(60)));
        certificate.doubt = dice.one_in(6).then(|| "odd".to_owned());
        if dice.one_in(3) {
            certificate.grades = vec![GradeCode::new(dice.of(&GRADES))];
        }
        list.push(certificate);
    }
    list
}

/// A scene of at most so many firms, two clusters and two lines.
pub fn scene(dice: &mut Dice, firms: usize) -> Scene {
    let mut scene = Scene::new();
    scene.market.mode = dice.of(&MarketMode::ALL);
    let firms = 1 + dice.size(firms - 1);
    for n in 0..firms {
        let clusters: Vec<usize> = [100, 101].into_iter().filter(|_| dice.one_in(3)).collect();
        let region = dice.of(&PLACES);
        let point =
            dice.one_in(2).then(|| Point::new(48_000_000 + dice.small(900_000), 9_000_000 + dice.small(900_000)));
        scene.firm(n, region, &clusters).point = point.flatten();
        let organisation = scene.market.organisations.get_mut(&organisation_id(n)).unwrap();
        organisation.verification = dice.of(&Verification::ALL);
        if dice.one_in(6) {
            organisation.kind = OrganisationKind::Authority;
        }
    }
    for n in [100, 101] {
        scene.firm(n, "DE", &[]);
    }
    for n in 0..2 {
        let profile = CapacityProfile { stock: measure(0), convertible: None, ..profile(dice) };
        let (id, site) = (line_id(n), *scene.market.sites.keys().next().unwrap());
        scene.market.lines.insert(id, Line { id, site, name: String::new(), profile });
    }
    for _ in 0..dice.size(2 * firms) {
        offer(dice, &mut scene, firms);
    }
    for _ in 0..dice.size(firms) {
        let parts: Vec<_> =
            (0..=dice.upto(2)).map(|_| (1 + dice.upto(200), today().plus(dice.small(80) - 5))).collect();
        let firm = dice.size(firms - 1);
        let need = scene.need(firm, &parts);
        need.terms.product = ProductCode::new(dice.of(&PRODUCTS).0);
        need.terms.urgency = dice.of(&Urgency::ALL);
        need.urgency_granted = dice.one_in(2);
        need.state = if dice.one_in(5) { dice.of(&NeedState::ALL) } else { NeedState::Open };
        need.quarantine = dice.one_in(9).then(|| "odd".to_owned());
    }
    for _ in 0..dice.size(firms) {
        let offer = offer_id(dice.size(scene.market.offers.len()));
        let instalment = instalment_id(10 * dice.size(scene.market.needs.len()) + dice.size(2));
        let standing = dice.of(&[Standing::Held, Standing::Agreed]);
        scene.promise((offer, instalment), dice.upto(150), today().plus(dice.small(60) - 15), standing);
    }
    scene
}

fn offer(dice: &mut Dice, scene: &mut Scene, firms: usize) {
    let (firm, profile) = (dice.size(firms - 1), profile(dice));
    let grades: Vec<_> = dice.some(&GRADES).into_iter().map(GradeCode::new).collect();
    let offer = scene.offer(firm, profile);
    let terms = &mut offer.terms;
    terms.product = ProductCode::new(dice.of(&PRODUCTS).0);
    terms.grades = grades;
    terms.certificates = certificates(dice);
    terms.line = dice.one_in(3).then(|| line_id(dice.size(2)));
    terms.min_order = dice.one_in(3).then(|| measure(1 + dice.upto(50)));
    terms.lead_days = u16::try_from(dice.upto(20)).unwrap();
    terms.transfers = [dice.of(&Transfer::ALL)].into();
    terms.role = dice.of(&Role::ALL);
    terms.visibility = dice.of(&Visibility::ALL);
    if dice.one_in(3) {
        terms.features.push((FeatureCode::new("valve"), FeatureValue::Flag(dice.one_in(2))));
    }
    if dice.one_in(3) {
        terms.disclosure = Disclosure::exact_place();
    }
    if dice.one_in(6) {
        let product = ProductCode::new("lamp");
        terms.missing_inputs =
            vec![MissingInput { product, units: Quantity::ONE, per: Quantity::ONE, when: When::Before }];
    }
    offer.confirm_by = today().plus(dice.small(40) - 8);
    offer.state = if dice.one_in(8) { dice.of(&OfferState::ALL) } else { OfferState::Published };
    offer.suspended = dice.one_in(12);
    offer.quarantine = dice.one_in(12).then(|| "odd".to_owned());
}

/// A question with some filters.
pub fn query(dice: &mut Dice) -> CapacityQuery {
    let from = today().plus(dice.small(30) - 5);
    let weeks = Weeks::new(today(), from, from.max(today()).plus(dice.small(80))).unwrap();
    let mut query = CapacityQuery::new(weeks);
    let products = PRODUCTS.map(|(code, _)| ProductCode::new(code));
    query.products = dice.one_in(2).then(|| dice.some(&products));
    query.grades = dice.one_in(3).then(|| dice.some(&GRADES).into_iter().map(GradeCode::new).collect());
    if dice.one_in(4) {
        let grade = |dice: &mut Dice| (!dice.one_in(3)).then(|| GradeCode::new(dice.of(&GRADES)));
        query.substitutes = dice.some(&products).into_iter().map(|product| (product, grade(dice))).collect();
    }
    let levels = [Level::Running, Level::Maximum, Level::Convertible];
    query.levels = if dice.one_in(5) { dice.some(&levels) } else { BTreeSet::new() };
    if dice.one_in(5) {
        let (feature, value) = (FeatureCode::new("valve"), FeatureValue::Flag(dice.one_in(2)));
        query.features = vec![Requirement { feature, value, comparison: Comparison::Equal, demand: Demand::Required }];
    }
    let regions: Vec<_> = PLACES[..11].iter().map(|code| RegionCode::new(code)).collect();
    query.regions = dice.one_in(3).then(|| dice.some(&regions));
    query.near = dice.one_in(4).then(|| Near {
        point: Point::new(48_000_000 + dice.small(1_000_000), 9_000_000).unwrap(),
        km: u32::try_from(dice.upto(200)).unwrap(),
    });
    query.clusters = dice.one_in(6).then(|| dice.some(&[organisation_id(100), organisation_id(101)]));
    query.certified = if dice.one_in(4) { Certified::Checked } else { Certified::Any };
    query.papers = dice.one_in(5).then(|| PaperDemand {
        kinds: dice.some(&KINDS).into_iter().map(CertificateKindCode::new).collect(),
        least: dice.of(&CertificateStatus::ALL),
    });
    query.verification = if dice.one_in(5) { dice.of(&Verification::ALL) } else { Verification::None };
    query.freshness = if dice.one_in(4) { Freshness::FreshOnly } else { Freshness::Any };
    query.min_order_at_most = dice.one_in(6).then(|| dice.upto(50));
    query.lead_days_at_most = dice.one_in(6).then(|| u16::try_from(dice.upto(20)).unwrap());
    query.transfers = if dice.one_in(5) { dice.some(&Transfer::ALL) } else { BTreeSet::new() };
    let groups = [Group::Product, Group::Grade, Group::Cluster, Group::Holder, Group::Week];
    query.group_by = dice.some(&groups);
    if dice.one_in(2) {
        query.group_by.insert(Group::Region(u8::try_from(dice.upto(3)).unwrap()));
    }
    query
}

/// Somebody who asks.
pub fn reader(dice: &mut Dice) -> Reader {
    if dice.one_in(5) {
        return Reader::Operator;
    }
    let products = PRODUCTS.map(|(code, _)| ProductCode::new(code));
    let buyer = match dice.upto(3) {
        0 => Buyer::Authority,
        1 => Buyer::WithNeeds(dice.some(&products)),
        _ => Buyer::No,
    };
    let clusters = [organisation_id(100), organisation_id(101)].into_iter().filter(|_| dice.one_in(3)).collect();
    Reader::Party(Party { organisation: organisation_id(dice.size(6)), clusters, buyer })
}
