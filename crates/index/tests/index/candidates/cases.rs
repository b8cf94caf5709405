//! For each predicate the least change to a good pair at which it fails first, and what would mend it.

use std::collections::BTreeSet;

use domain::{
    capacity::Conversion,
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, FeatureCode, GradeCode, ProductCode, RegionCode},
    eligibility::Predicate,
    feature::{Comparison, Demand, FeatureValue, Requirement},
    need::Substitution,
    offer::{OfferState, Transfer, Visibility},
    organisation::Verification,
    parameters::Parameters,
    price::{Currency, Price},
    rate::Period,
};
use index::{Change, Fitting, InstalmentCandidates, Reader, Standing};

use super::draw::Asked;
use crate::world::{Scene, instalment_id, measure, offer_id, organisation_id, rate, stock, today};

struct Pair {
    scene: Scene,
    asked: Asked,
}

impl Pair {
    /// 1,000 masks in stock of one firm, and a need of 50 by another of the same region in ten days.
    fn good() -> Self {
        let mut scene = Scene::new();
        scene.firm(0, "DE11", &[]);
        scene.firm(1, "DE12", &[]);
        scene.offer(0, stock(1_000));
        let need = scene.need(1, &[(50, today().plus(10))]).clone();
        let (refused, fitting) = (BTreeSet::new(), Fitting::AsSeen);
        let parameters = Parameters::default();
        Self { scene, asked: Asked { need, parameters, site_demand: 50, refused, top: 5, near: 3, fitting } }
    }

    fn ask(&self) -> InstalmentCandidates {
        self.asked.of(&self.scene, &self.scene.index(), &Reader::Operator).instalments[0].clone()
    }

    fn terms(&mut self) -> &mut domain::offer::OfferTerms {
        &mut self.scene.market.offers[0].terms
    }

    fn wants(&mut self) -> &mut domain::need::NeedTerms {
        &mut self.asked.need.terms
    }
}

fn grade(code: &str) -> GradeCode {
    GradeCode::new(code)
}

fn euros(micros: i64) -> Option<Price> {
    Some(Price { micros, currency: Currency::parse("EUR").unwrap() })
}

fn ce() -> CertificateKindCode {
    CertificateKindCode::new("ce")
}

type Spoil = fn(&mut Pair);

/// The first predicate that fails, what spoils it, and what would mend it.
fn cases() -> [(Predicate, Spoil, Option<Change>); 24] {
    use Predicate as P;
    let valve = || FeatureCode::new("valve");
    [
        (P::Published, |p| p.scene.market.offers[0].state = OfferState::Paused, None),
        (P::Fresh, |p| p.scene.market.offers[0].suspended = true, None),
        (P::Quarantine, |p| p.scene.market.offers[0].quarantine = Some("odd".to_owned()), None),
        (
            P::Producing,
            |p| {
                p.terms().profile = stock(0);
                let rate = rate(9, Period::Day);
                p.terms().profile.convertible = Some(Conversion { rate, days: 1, ramp_days: 0, decided_on: None });
            },
            None,
        ),
        (
            P::Grade,
            |p| {
                p.wants().grades = vec![grade("FFP2")];
                p.terms().grades = vec![grade("KN95")];
            },
            Some(Change::AcceptGrade(ProductCode::new("mask"), vec![grade("KN95")])),
        ),
        (
            P::Features,
            |p| {
                let (feature, value) = (FeatureCode::new("valve"), FeatureValue::Flag(true));
                let requirement =
                    Requirement { feature, value, comparison: Comparison::Equal, demand: Demand::Required };
                p.wants().requirements = vec![requirement];
            },
            Some(Change::WithoutFeatures(vec![valve()])),
        ),
        (P::Features, |p| p.asked.need.instalments[0].size = Some("M".to_owned()), Some(Change::OtherSize)),
        (P::Certificates, |p| p.wants().certificates = vec![ce()], Some(Change::Certificates(vec![ce()]))),
        (
            P::Transfer,
            |p| p.wants().transfers = [Transfer::Loan].into(),
            Some(Change::Transfer([Transfer::Sale].into())),
        ),
        (
            P::SourceRegion,
            |p| p.wants().regions = vec![RegionCode::new("EL")],
            Some(Change::TakeFrom(Some(RegionCode::new("DE11")))),
        ),
        (
            P::DeliveryRegion,
            |p| p.terms().regions = vec![RegionCode::new("EL")],
            Some(Change::DeliverTo(Some(RegionCode::new("DE12")))),
        ),
        (P::Border, |p| p.scene.firm_moves(1, "FJ"), None),
        (P::Distance, |p| p.wants().max_distance_km = Some(100), Some(Change::FartherForBuyer(34))),
        (P::Distance, |p| p.terms().max_distance_km = Some(133), Some(Change::FartherForSupplier(1))),
        (P::Visibility, |p| p.terms().visibility = Visibility::Authorities, None),
        (
            P::Verification,
            |p| p.wants().verification = Verification::Operator,
            Some(Change::Verification(Verification::Cluster)),
        ),
        (
            P::Verification,
            |p| {
                p.wants().certificates = vec![ce()];
                p.wants().certificate_status = CertificateStatus::Checked;
                p.terms().certificates = vec![Certificate::new(ce(), CertificateStatus::Claimed)];
            },
            Some(Change::Unchecked(vec![ce()])),
        ),
        (
            P::Window,
            |p| {
                p.terms().profile = stock(0);
                p.terms().profile.running = rate(9, Period::Day);
                p.terms().profile.from = today().plus(12);
            },
            // Two days of transit come on top.
            Some(Change::Later(4)),
        ),
        (
            P::LeadTime,
            |p| {
                p.terms().profile = stock(0);
                p.terms().profile.running = rate(9, Period::Day);
                p.terms().lead_days = 11;
            },
            Some(Change::Later(3)),
        ),
        (P::TransitTime, |p| p.asked.need.instalments[0].due = today().plus(1), Some(Change::Later(1))),
        (P::MinimumOrder, |p| p.terms().min_order = Some(measure(60)), Some(Change::OrderAtLeast(60))),
        (
            P::PriceCap,
            |p| {
                p.terms().price = euros(3);
                p.wants().price_cap = euros(2);
            },
            euros(3).map(Change::CapAt),
        ),
        (P::SelfSupply, |p| p.asked.need.organisation = organisation_id(0), None),
        (P::Refusal, |p| p.asked.refused = [offer_id(0)].into(), None),
    ]
}

impl Scene {
    /// Moves a firm's site to another region.
    fn firm_moves(&mut self, n: usize, region: &str) {
        self.firm(n, region, &[]).region = Some(RegionCode::new(region));
    }
}

#[test]
fn a_good_pair_passes() {
    let found = Pair::good().ask();
    let [only] = found.top.as_slice() else { panic!("{found:?}") };
    assert_eq!((only.row.offer, only.free, only.covers), (offer_id(0), 1_000, true));
    assert_eq!((found.funnel.considered, found.funnel.eligible, found.funnel.used_up), (1, 1, 0));
}

#[test]
fn each_predicate_fails_first_where_it_alone_is_spoiled() {
    let mut met = BTreeSet::new();
    for (predicate, spoil, mend) in cases() {
        let mut pair = Pair::good();
        spoil(&mut pair);
        let found = pair.ask();
        assert_eq!(found.funnel.failed.keys().collect::<Vec<_>>(), [&predicate]);
        assert!(found.top.is_empty() && found.funnel.considered == 1, "{predicate:?}");
        let near: Vec<_> = found.near.iter().map(|near| (near.predicate, near.change.clone())).collect();
        assert_eq!(near, mend.map(|change| (predicate, change)).into_iter().collect::<Vec<_>>());
        met.insert(predicate);
    }
    // An offer of another product is not looked at.
    met.insert(Predicate::Product);
    assert_eq!(met, Predicate::ALL.into());
}

#[test]
fn other_products_are_asked_where_a_rule_lets_them_stand_in() {
    let mut pair = Pair::good();
    pair.terms().product = ProductCode::new("gown");
    pair.terms().grades = vec![grade("FFP2")];
    let found = pair.ask();
    assert_eq!(found.funnel.failed.keys().collect::<Vec<_>>(), [&Predicate::Grade]);
    pair.wants().substitutions = vec![Substitution { product: ProductCode::new("gown"), grade: None }];
    assert_eq!(pair.ask().top.len(), 1);
    pair.terms().product = ProductCode::new("gel");
    assert_eq!(pair.ask().funnel.considered, 0);
}

#[test]
fn what_promises_take_is_not_free() {
    let mut pair = Pair::good();
    pair.scene.promise((offer_id(0), instalment_id(77)), 960, today().plus(30), Standing::Held);
    let found = pair.ask();
    assert_eq!(found.top.iter().map(|c| (c.free, c.covers)).collect::<Vec<_>>(), [(40, false)]);
    pair.scene.promise((offer_id(0), instalment_id(78)), 40, today().plus(40), Standing::Agreed);
    let found = pair.ask();
    assert!(found.top.is_empty());
    assert_eq!(found.used_up.iter().map(|c| c.free).collect::<Vec<_>>(), [0]);
    assert_eq!((found.funnel.eligible, found.funnel.used_up), (1, 1));
}
