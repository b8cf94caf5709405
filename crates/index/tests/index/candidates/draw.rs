//! Random offers with all that predicates ask of them, and random needs.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    capacity::CapacityKind,
    certificate::{CertificateStatus, Derogation},
    code::{CertificateKindCode, CountryCode, FeatureCode, GradeCode, ProductCode, RegionCode},
    eligibility::Predicate,
    feature::{Comparison, Demand, FeatureValue, Requirement},
    ids::OfferId,
    need::{Need, Substitution},
    offer::{Offer, Transfer},
    organisation::Verification,
    parameters::Parameters,
    price::{Currency, Price},
};
use index::Fitting;

use crate::{
    draw::{self, Dice, GRADES, KINDS},
    world::{PRODUCTS, Scene, disclosure, today},
};

const COUNTRIES: [&str; 4] = ["DE", "GR", "FJ", "NO"];
/// Some finer than anybody is judged by.
const AREAS: [&str; 9] = ["DE", "DE1", "DE11", "DE111", "DE12", "EL", "EL30", "FJ", "NO"];
const SIZES: [&str; 3] = ["S", "M", "L"];

fn areas(dice: &mut Dice) -> Vec<RegionCode> {
    (0..=dice.upto(2)).map(|_| RegionCode::new(dice.of(&AREAS))).collect()
}

fn price(dice: &mut Dice) -> Price {
    let currency = Currency::parse(dice.of(&["EUR", "EUR", "EUR", "NOK"])).unwrap();
    Price { micros: dice.upto(9) * 400_300, currency }
}

fn shuffled<T: Clone>(dice: &mut Dice, list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    for at in (1..list.len()).rev() {
        list.swap(at, dice.size(at));
    }
    list
}

/// A scene whose offers say all that can be said.
pub fn scene(dice: &mut Dice, firms: usize) -> Scene {
    let mut scene = draw::scene(dice, firms);
    for organisation in scene.market.organisations.values_mut() {
        organisation.country = CountryCode::new(dice.of(&COUNTRIES));
    }
    for site in scene.market.sites.values_mut() {
        if dice.one_in(5) {
            site.region = Some(RegionCode::new(dice.of(&["FJ", "NO", "EL41"])));
        }
    }
    let offers = std::mem::take(&mut scene.market.offers);
    scene.market.offers = offers.into_iter().map(|offer| vary(dice, offer)).collect();
    if dice.one_in(2) {
        scene.market.offers.iter_mut().for_each(|offer| offer.terms.missing_inputs.clear());
    }
    scene
}

fn vary(dice: &mut Dice, mut offer: Offer) -> Offer {
    let terms = &mut offer.terms;
    if dice.one_in(2) {
        terms.product = ProductCode::new("mask");
    }
    terms.grades = shuffled(dice, &terms.grades);
    if dice.one_in(4) {
        let sizes: BTreeSet<String> = dice.some(&SIZES).into_iter().map(str::to_owned).collect();
        terms.features.push((FeatureCode::new("size"), FeatureValue::Sizes(sizes)));
    }
    if dice.one_in(3) {
        terms.features.push((FeatureCode::new("life"), FeatureValue::Integer(dice.upto(3))));
    }
    if dice.one_in(5) {
        terms.regions = areas(dice);
    }
    terms.max_distance_km = dice.one_in(5).then(|| u32::try_from(dice.upto(3_000)).unwrap());
    if dice.one_in(3) {
        terms.authorisations = [dice.of(&["PERMIT", "OVER", "OTHER"]).to_owned()].into();
    }
    terms.price = dice.one_in(2).then(|| price(dice));
    if dice.one_in(2) {
        terms.transfers = dice.some(&Transfer::ALL);
        terms.transfers.insert(Transfer::Sale);
    }
    for certificate in &mut terms.certificates {
        certificate.expected_on = dice.one_in(2).then(|| today().plus(dice.small(40)));
        if dice.one_in(5) {
            certificate.territory = areas(dice);
        }
        if dice.one_in(6) {
            let (authority, number) = (String::new(), String::new());
            let until = today().plus(dice.small(60));
            certificate.derogation = Some(Derogation { authority, number, territory: areas(dice), until });
        }
    }
    let shown = [("buyer", "exact_place"), ("buyer", "price"), ("own_cluster", "price")];
    terms.disclosure = disclosure(&shown.into_iter().filter(|_| dice.one_in(3)).collect::<Vec<_>>());
    offer
}

/// A question with what it borrows.
#[derive(Debug)]
pub struct Asked {
    pub need: Need,
    pub parameters: Parameters,
    pub site_demand: i64,
    pub refused: BTreeSet<OfferId>,
    pub top: usize,
    pub near: usize,
    pub fitting: Fitting,
}

/// A need of some firm of a scene, mostly an easy one.
pub fn asked(dice: &mut Dice, scene: &Scene) -> Asked {
    let firms = scene.market.organisations.len() - 2;
    let mut of = Scene::new();
    let parts: Vec<_> = (0..=dice.upto(1)).map(|_| (1 + dice.upto(200), today().plus(dice.small(60) - 3))).collect();
    let mut need = of.need(dice.size(firms - 1), &parts).clone();
    if dice.one_in(4) {
        need.instalments[0].size = Some(dice.of(&SIZES).to_owned());
    }
    let terms = &mut need.terms;
    terms.product = ProductCode::new(if dice.one_in(2) { "mask" } else { dice.of(&PRODUCTS).0 });
    if dice.one_in(2) {
        let accepted = accepted(dice);
        terms.grades = shuffled(dice, &accepted);
    }
    for _ in 0..dice.upto(2) {
        let product = ProductCode::new(dice.of(&["mask", "gown"]));
        let grade = dice.one_in(2).then(|| GradeCode::new(dice.of(&GRADES)));
        terms.substitutions.push(Substitution { product, grade });
    }
    let flag = |dice: &mut Dice| (FeatureCode::new("valve"), FeatureValue::Flag(dice.one_in(2)), Comparison::Equal);
    let life = |dice: &mut Dice| (FeatureCode::new("life"), FeatureValue::Integer(dice.upto(3)), Comparison::AtLeast);
    for make in [flag as fn(&mut Dice) -> _, life] {
        if dice.one_in(3) {
            let (feature, value, comparison) = make(dice);
            let demand = if dice.one_in(2) { Demand::Required } else { Demand::Preferred };
            terms.requirements.push(Requirement { feature, value, comparison, demand });
        }
    }
    if dice.one_in(2) {
        terms.certificates = dice.some(&KINDS).into_iter().map(CertificateKindCode::new).collect();
        terms.accept_pending = dice.one_in(2);
        terms.certificate_status = dice.of(&CertificateStatus::ALL[2..6]);
    }
    terms.verification = if dice.one_in(3) { dice.of(&Verification::ALL) } else { Verification::None };
    terms.transfers = dice.some(&Transfer::ALL);
    terms.transfers.insert(dice.of(&Transfer::ALL));
    terms.price_cap = dice.one_in(2).then(|| price(dice));
    if dice.one_in(4) {
        terms.regions = areas(dice);
    }
    terms.max_distance_km = dice.one_in(4).then(|| u32::try_from(dice.upto(3_000)).unwrap());
    let mut parameters = parameters(dice);
    // What others would bring is not in the columns, so that no trial can bring it.
    if scene.market.offers.iter().any(|offer| offer.terms.is_incomplete()) {
        parameters.without_predicates.remove(&Predicate::Producing);
    }
    Asked {
        need,
        parameters,
        site_demand: dice.upto(60),
        refused: scene.market.offers.iter().map(|offer| offer.id).filter(|_| dice.one_in(9)).collect(),
        top: dice.size(5),
        near: dice.size(2),
        fitting: dice.of(&[Fitting::AsSeen, Fitting::Nameless]),
    }
}

fn accepted(dice: &mut Dice) -> Vec<GradeCode> {
    let mut found: BTreeMap<&str, GradeCode> = BTreeMap::new();
    for _ in 0..=dice.upto(1) {
        let code = dice.of(&GRADES);
        found.insert(code, GradeCode::new(code));
    }
    found.into_values().collect()
}

fn parameters(dice: &mut Dice) -> Parameters {
    let capacity = dice.of(&[CapacityKind::Running, CapacityKind::Maximum]);
    let mut parameters = Parameters { capacity, ..Parameters::default() };
    parameters.transit.km_per_day = u32::try_from(100 + dice.upto(900)).unwrap();
    parameters.transit.handling_days = u16::try_from(dice.upto(3)).unwrap();
    if dice.one_in(4) {
        for _ in 0..=dice.upto(3) {
            parameters.without_predicates.insert(dice.of(&Predicate::ALL));
        }
    }
    parameters
}
