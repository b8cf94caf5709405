//! What stands for what: the 40 published cases, mended, through the predicates of the market.

use domain::{
    catalogue::{Catalogue, Verdict},
    code::{GradeCode, ProductCode},
    eligibility::{Eligible, Reason, Rules, Standing},
    feature::{Demand, FeatureValue, Requirement},
    market::Market,
    need::{Instalment, InstalmentInput, Need, NeedInput, NeedState, Substitution},
    offer::{Offer, OfferInput, OfferState, Reference},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    parameters::Parameters,
    quantity::MeasureInput,
    region::RegionTable,
    time::Day,
};

use crate::shared::{Line, lines, shared, tables};

const CASES: &str = include_str!("../data/substitution_cases.csv");

/// One buyer, one supplier, one offer, one need.
pub struct Pair {
    market: Market,
}

impl Pair {
    /// A stock of 1,000 offered from one region and 100 needed in another, both as people type them.
    pub fn new(
        (catalogue, regions): &(Catalogue, RegionTable),
        need: NeedInput,
        offer: OfferInput,
        (supplier_region, buyer_region): (&str, &str),
    ) -> Self {
        let day = Day::parse("2020-04-20").unwrap();
        let at = Reference { catalogue, regions, today: day };
        let mut market = Market::new(day);
        for (n, kind, region) in
            [(1, OrganisationKind::Firm, supplier_region), (2, OrganisationKind::Authority, buyer_region)]
        {
            let domain::region::Resolved::One(region) = regions.resolve(region) else { panic!("{region}") };
            let country = regions.get(&region).unwrap().country.clone();
            let organisation = Organisation {
                id: id(n),
                kind,
                name: format!("Organisation {n}"),
                country,
                verification: Verification::Operator,
                clusters: Vec::new(),
            };
            let site = Site {
                id: id(n),
                organisation: organisation.id,
                name: "Site".to_owned(),
                region: Some(region),
                region_from: RegionFrom::Stated,
                point: None,
                zone: "Europe/Berlin".to_owned(),
            };
            market.organisations.insert(organisation.id, organisation);
            market.sites.insert(site.id, site);
        }
        let measure = |value: i64| MeasureInput {
            value: domain::decimal::Decimal::whole(value),
            unit: None,
            pack_size: None,
            pack_unit: None,
        };
        let offer = OfferInput { stock: Some(measure(1_000)), ..offer };
        let instalment = InstalmentInput { quantity: Some(measure(100)), due: "2020-06-30".to_owned(), size: None };
        let need = NeedInput { instalments: vec![instalment], ..need };
        let (terms, quarantine) = offer.check(&at).unwrap_or_else(|v| panic!("{v}"));
        market.offers.push(Offer {
            id: id(3),
            organisation: id(1),
            site: id(1),
            terms,
            state: OfferState::Published,
            confirm_by: day.plus(28),
            suspended: false,
            quarantine,
        });
        let (terms, instalments, quarantine) = need.check(&at).unwrap_or_else(|v| panic!("{v}"));
        market.needs.push(Need {
            id: id(4),
            organisation: id(2),
            site: id(2),
            terms,
            instalments: instalments
                .into_iter()
                .map(|(measure, due, size)| Instalment { id: id(5), measure, due, size })
                .collect(),
            state: NeedState::Open,
            urgency_granted: false,
            quarantine,
            closing: None,
        });
        Self { market }
    }

    /// What the predicates say.
    pub fn judge(&self, (catalogue, regions): &(Catalogue, RegionTable)) -> Result<Eligible, Reason> {
        let parameters = Parameters::default();
        let rules = Rules { market: &self.market, catalogue, regions, parameters: &parameters };
        let (offer, need) = (&self.market.offers[0], &self.market.needs[0]);
        let demands = rules.site_demands();
        let (offer, view) = (rules.offer_view(offer).unwrap(), rules.need_view(need, &demands).unwrap());
        rules.judge(&offer, &view, &need.instalments[0])
    }
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(n: u8) -> T {
    format!("00000000-0000-0000-0000-{n:012}").parse().unwrap()
}

fn pair(case: &Line) -> Pair {
    let grades = |column: &str| Some(case[column].clone()).filter(|g| !g.is_empty()).into_iter().collect();
    let need =
        NeedInput { product: case["need_product"].clone(), grades: grades("need_grade"), ..NeedInput::default() };
    let offer =
        OfferInput { product: case["offer_product"].clone(), grades: grades("offer_grade"), ..OfferInput::default() };
    Pair::new(tables(), need, offer, ("DE11", "DE21"))
}

fn opt_in(pair: &mut Pair, case: &Line) {
    pair.market.needs[0].terms.substitutions.push(Substitution {
        product: ProductCode::new(&case["offer_product"]),
        grade: Some(case["offer_grade"].as_str()).filter(|g| !g.is_empty()).map(GradeCode::new),
    });
}

#[test]
fn mat_01_the_forty_published_rules_hold_in_the_market() {
    let (catalogue, _) = tables();
    let cases = lines(CASES);
    assert_eq!(cases.iter().map(|c| &c["case"]).collect::<std::collections::BTreeSet<_>>().len(), 40);
    for case in &cases {
        let verdict = Verdict::parse(&case["verdict"]).unwrap();
        let codes = |product: &str, grade: &str| {
            let grade = Some(case[grade].as_str()).filter(|g| !g.is_empty()).map(GradeCode::new);
            (ProductCode::new(&case[product]), grade)
        };
        let (need, offer) = (codes("need_product", "need_grade"), codes("offer_product", "offer_grade"));
        let rule = catalogue.rule((&need.0, need.1.as_ref()), (&offer.0, offer.1.as_ref()));
        assert_eq!(rule.map(|r| r.verdict), Some(verdict), "{case:?}");

        let mut pair = pair(case);
        let plain = pair.judge(tables()).map(|e| e.standing);
        opt_in(&mut pair, case);
        let opted = pair.judge(tables()).map(|e| e.standing);
        let caveat = rule.unwrap().caveat.clone();
        match verdict {
            Verdict::Satisfies => {
                assert_eq!(plain, Ok(Standing::Satisfies { caveat }), "{case:?}");
                assert_eq!(opted, plain, "{case:?}");
            }
            Verdict::OptIn | Verdict::SubstituteOnly => {
                assert_eq!(plain, Err(Reason::SubstitutionNotAccepted), "{case:?}");
                assert_eq!(opted, Ok(Standing::Substitute { caveat }), "{case:?}");
            }
            Verdict::DoesNotSatisfy => {
                let never = [Err(Reason::GradeTooLow), Err(Reason::OtherProduct)];
                assert!(never.contains(&plain), "{case:?} {plain:?}");
                assert_eq!(opted, plain, "{case:?}");
            }
        }
    }
}

#[test]
fn mat_01_a_required_breathable_mask_takes_no_splash_resistant_one_unasked() {
    for case in lines(CASES).iter().filter(|c| c["case"] == "17" || c["case"] == "18") {
        let mut pair = pair(case);
        let breathable = domain::code::FeatureCode::new("breathable");
        pair.market.needs[0].terms.requirements.push(Requirement {
            feature: breathable.clone(),
            value: FeatureValue::Flag(true),
            comparison: domain::feature::Comparison::Equal,
            demand: Demand::Required,
        });
        pair.market.offers[0].terms.features.push((breathable, FeatureValue::Flag(true)));
        assert_eq!(pair.judge(tables()).map(|_| ()), Err(Reason::SubstitutionNotAccepted), "{case:?}");
        opt_in(&mut pair, case);
        assert!(matches!(pair.judge(tables()).map(|e| e.standing), Ok(Standing::Substitute { .. })));
    }
}

#[test]
fn the_cases_are_the_published_ones() {
    let Some(published) = shared("own/spec_equivalence.csv") else { return };
    let cases = lines(CASES);
    assert_eq!(published.len(), 40);
    for (i, row) in published.iter().enumerate() {
        let number = (i + 1).to_string();
        let own: Vec<&Line> = cases.iter().filter(|c| c["case"] == number).collect();
        assert!(!own.is_empty());
        for case in own {
            assert_eq!(
                (&case["need"], &case["offer"], &case["stated"]),
                (&row["need"], &row["offer"], &row["verdict"])
            );
        }
    }
}
