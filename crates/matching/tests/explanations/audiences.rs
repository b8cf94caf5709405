//! Markets that differ only in what a reader may not see explain alike, to the byte.

use std::collections::BTreeMap;

use domain::{
    certificate::CertificateStatus,
    code::RegionCode,
    disclosure::{Disclosure, FieldGroup},
    geo::Point,
    ids::{MatchId, OfferId, OrganisationId},
    market::{Commitment, Market},
    offer::{OfferState, Role, Visibility},
    organisation::OrganisationKind,
    quantity::Quantity,
};
use matching::{Audience, Control, Matched, Question, explain_choice, explain_need, explain_pair, project};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    counterfactuals::run,
    markets::{REGIONS, euros, id, market, measure, need, need_mut, offer, offer_mut, parameters, rules, today},
};

/// Everything that the explanation of a buyer's need tells, and of its pairs.
fn told(market: &Market, n: u64, need: domain::ids::NeedId, own: OrganisationId, matched: &[Matched]) -> String {
    let parameters = parameters(n);
    let rules = rules(market, &parameters);
    let audience = Audience::Buyer(own);
    let question = Question { need, audience, budget: 4, matched: Some(matched) };
    let control = Control { threads: 1, ..Control::default() };
    let whole = explain_need(&rules, &question, &control).unwrap().unwrap();
    let mut text = serde_json::to_string(&whole).unwrap();
    let seen = project(&rules, audience);
    for offer in seen.market.offers.iter().take(2) {
        // None of those that refuse him.
        let pair = explain_pair(&rules, &Question { budget: 1, ..question }, offer.id, &control).unwrap();
        text.push_str(&serde_json::to_string(&pair).unwrap());
    }
    // Of an evaluation record, whichever offer was chosen.
    let instalments = whole.instalments.iter().map(|i| i.instalment);
    for instalment in instalments.take(1) {
        let chosen = matched.iter().find(|m| m.instalment == instalment).map_or(OfferId(id(2, 0)), |m| m.offer);
        let choice = explain_choice(&rules, &question, (instalment, chosen), &control).unwrap().unwrap();
        text.push_str(&serde_json::to_string(&choice).unwrap());
    }
    text
}

/// The same market to `own`, and another to everybody else.
pub fn disguised(market: &Market, own: OrganisationId, rng: &mut ChaCha8Rng) -> Market {
    let mut m = market.clone();
    for organisation in m.organisations.values_mut().filter(|o| o.id != own) {
        organisation.name = format!("Somebody {}", rng.random_range(0..1_000));
        if organisation.kind == OrganisationKind::Firm && rng.random_range(0..3) == 0 {
            organisation.clusters = vec![OrganisationId(id(1, 999))];
        }
    }
    for site in m.sites.values_mut().filter(|s| s.organisation != own) {
        let region = site.region.clone().unwrap();
        // Another place of the same NUTS 2 region, with or without a point.
        let alike: Vec<&str> = REGIONS.iter().map(|r| r.0).filter(|r| r[..4] == region.as_str()[..4]).collect();
        site.region = Some(RegionCode::new(alike[rng.random_range(0..alike.len())]));
        let point = Point::new(rng.random_range(46_000_000..54_000_000), rng.random_range(4_000_000..13_000_000));
        site.point = point.filter(|_| rng.random_range(0..2) == 0);
        site.name = "elsewhere".to_owned();
    }
    for offer in m.offers.iter_mut().filter(|o| o.organisation != own) {
        offer.terms.price = (rng.random_range(0..2) == 0).then(|| euros(rng.random_range(1..9_000_000)));
        offer.terms.note = "secret".to_owned();
        offer.terms.role = Role::Trader;
        if rng.random_range(0..2) == 0 {
            // What a cluster or a counterparty is shown is nothing to buyers, nor is their name here.
            let shown = [
                ("own_cluster", vec!["price"]),
                ("counterparty", vec!["notes"]),
                ("buyer", vec!["identity"]),
                ("buyer", vec!["contact", "identity"]),
            ];
            let (audience, groups) = &shown[rng.random_range(0..shown.len())];
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            let typed = BTreeMap::from([((*audience).to_owned(), groups)]);
            offer.terms.disclosure = Disclosure::check(&typed).unwrap();
        }
        offer.terms.line = None;
        for certificate in &mut offer.terms.certificates {
            certificate.number = Some(format!("{}", rng.random_range(0..1_000)));
            certificate.notified_body = None;
        }
    }
    // Offers that the reader may not know of: paused, in review, or kept from him.
    for n in 0..3 {
        let (n, stock) = (400 + n, rng.random_range(1..50));
        let hidden = offer(&mut m, n, "mask", "AA111", stock, 3);
        let o = offer_mut(&mut m, hidden);
        o.terms.grades = vec![domain::code::GradeCode::new("M2")];
        match n {
            400 => o.state = OfferState::Paused,
            401 => o.quarantine = Some("twin".to_owned()),
            _ => o.terms.visibility = Visibility::Authorities,
        }
    }
    // Whatever others want, and what they were promised.
    m.needs.retain(|n| n.organisation == own || rng.random_range(0..3) > 0);
    for other in m.needs.iter_mut().filter(|n| n.organisation != own) {
        other.instalments[0].measure = measure(rng.random_range(1..90));
        other.instalments[0].due = other.instalments[0].due.plus(rng.random_range(0..4));
    }
    let kept: Vec<_> = m.needs.iter().flat_map(|n| &n.instalments).map(|i| i.id).collect();
    m.commitments.retain(|c| kept.contains(&c.instalment));
    for n in 0..2 {
        let more = need(&mut m, 500 + n, ["mask", "gown"][n], "AA121", rng.random_range(1..90), 4);
        let instalment = need_mut(&mut m, more).instalments[0].id;
        let offer = m.offers[rng.random_range(0..m.offers.len())].id;
        let quantity = Quantity::new(1).unwrap();
        m.commitments.push(Commitment {
            match_id: MatchId(id(7, 50 + n)),
            offer,
            instalment,
            quantity,
            cutoff: today(),
            covers: None,
            in_chain: false,
        });
    }
    m.sort();
    m
}

#[test]
fn markets_alike_to_a_buyer_explain_alike() {
    let mut asked = 0;
    for seed in 0..150 {
        let mut first = market(seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6869_6464_656e);
        let parameters = parameters(seed);
        let outcome = run(&first, &parameters);
        let buyer = first.needs[usize::try_from(seed % 7).unwrap()].clone();
        first.organisations.get_mut(&buyer.organisation).unwrap().kind = OrganisationKind::Firm;
        let matched: Vec<Matched> = outcome
            .lines
            .iter()
            .filter(|l| l.need == buyer.id)
            .map(|l| Matched { offer: l.offer, instalment: l.instalment, units: l.quantity.units() })
            .collect();
        let second = disguised(&first, buyer.organisation, &mut rng);
        assert_ne!(first, second);
        let texts = [&first, &second].map(|m| told(m, seed, buyer.id, buyer.organisation, &matched));
        assert_eq!(texts[0], texts[1], "seed {seed}");
        // No id of anybody else is in the text.
        for other in first.offers.iter().filter(|o| o.organisation != buyer.organisation) {
            let ids = [other.id.to_string(), other.organisation.to_string(), other.site.to_string()];
            assert!(ids.iter().all(|id| !texts[0].contains(id)), "seed {seed}");
        }
        asked += 1;
    }
    assert_eq!(asked, 150);
}

#[test]
fn a_buyer_sees_nameless_offers_and_of_its_own_everything() {
    let mut m = Market::new(today());
    let others = offer(&mut m, 0, "mask", "AA112", 5, 1);
    let o = offer_mut(&mut m, others);
    o.terms.certificates = vec![crate::markets::certificate(CertificateStatus::Checked)];
    (o.terms.price, o.terms.note) = (Some(euros(5)), "ask for Anna".to_owned());
    let need = need(&mut m, 0, "mask", "BB111", 9, 5);
    let buyer = m.need(need).unwrap().organisation;
    let parameters = parameters(0);
    let rules = rules(&m, &parameters);
    let seen = project(&rules, Audience::Buyer(buyer));
    let name = seen.name(others).unwrap();
    assert_ne!(name, others);
    let shown = seen.market.offer(name).unwrap();
    assert_eq!((&shown.terms.price, shown.terms.note.as_str()), (&None, ""));
    assert_eq!(shown.terms.certificates[0].number, None);
    assert_eq!(shown.terms.profile, m.offer(others).unwrap().terms.profile);
    let site = &seen.market.sites[&shown.site];
    assert_eq!((site.region.as_ref().unwrap().as_str(), site.point, site.name.as_str()), ("AA11", None, ""));
    assert_eq!(seen.market.organisations[&shown.organisation].name, "");
    assert_eq!(seen.market.need(need), m.need(need));
    assert_eq!(seen.market.organisations[&buyer], m.organisations[&buyer]);
    // The operator sees the market itself.
    assert_eq!(*project(&rules, Audience::Operator).market, m);
}

#[test]
fn offers_that_look_alike_have_names_of_their_own() {
    let mut m = Market::new(today());
    let alike: Vec<OfferId> = (0..3).map(|n| offer(&mut m, n, "lamp", "AA111", 5, 1)).collect();
    let need = need(&mut m, 0, "lamp", "BB111", 9, 5);
    let buyer = m.need(need).unwrap().organisation;
    let parameters = parameters(0);
    let rules = rules(&m, &parameters);
    let seen = project(&rules, Audience::Buyer(buyer));
    let mut names: Vec<OfferId> = alike.iter().map(|id| seen.name(*id).unwrap()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3);
    assert_eq!(seen.market.offers.len(), 3);
}

#[test]
fn what_a_supplier_shows_buyers_is_in_their_market_and_never_a_name() {
    let mut m = Market::new(today());
    let others = offer(&mut m, 0, "mask", "AA112", 5, 1);
    let point = Point::new(47_600_000, 5_600_000);
    let site = m.offer(others).unwrap().site;
    m.sites.get_mut(&site).unwrap().point = point;
    let all = FieldGroup::ALL.map(FieldGroup::as_str);
    let hidden = all.into_iter().filter(|group| !["region", "capacity", "terms", "certificates"].contains(group));
    let typed = BTreeMap::from([("buyer".to_owned(), hidden.map(str::to_owned).collect())]);
    let o = offer_mut(&mut m, others);
    o.terms.certificates = vec![crate::markets::certificate(CertificateStatus::Checked)];
    o.terms.certificates[0].number = Some("X 1".to_owned());
    (o.terms.price, o.terms.note) = (Some(euros(5)), "ask for Anna".to_owned());
    o.terms.disclosure = Disclosure::check(&typed).unwrap();
    let need = need(&mut m, 0, "mask", "BB111", 9, 5);
    let buyer = m.need(need).unwrap().organisation;
    let parameters = parameters(0);
    let rules = rules(&m, &parameters);
    let seen = project(&rules, Audience::Buyer(buyer));
    let shown = seen.market.offer(seen.name(others).unwrap()).unwrap();
    let o = m.offer(others).unwrap();
    assert_eq!((&shown.terms.price, &shown.terms.note), (&o.terms.price, &o.terms.note));
    assert_eq!(shown.terms.certificates, o.terms.certificates);
    assert_eq!(seen.market.sites[&shown.site].point, point);
    let owner = &seen.market.organisations[&shown.organisation];
    assert_eq!(owner.name, "");
    assert_ne!((shown.id, owner.id, shown.site), (others, o.organisation, site));
    // Judged in his market as in the whole.
    let demands = rules.site_demands();
    let asked = m.need(need).unwrap();
    let whole =
        rules.judge(&rules.offer_view(o).unwrap(), &rules.need_view(asked, &demands).unwrap(), &asked.instalments[0]);
    let his = domain::eligibility::Rules { market: &seen.market, ..rules };
    let in_his = his.judge(
        &his.offer_view(shown).unwrap(),
        &his.need_view(his.market.need(need).unwrap(), &demands).unwrap(),
        &asked.instalments[0],
    );
    assert_eq!(whole.unwrap().distance_km, in_his.unwrap().distance_km);
}
