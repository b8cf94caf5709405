use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    ability::{AbilitiesInput, MachineInput},
    catalogue::{Activity, CatalogueParts, Classifications, Confidence, ProductKind},
    code::ProductCode,
    ids::OrganisationId,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};

fn product(code: &str, kind: ProductKind, nace2: &str) -> Product {
    Product {
        code: ProductCode::new(code),
        kind,
        family: "ppe".to_owned(),
        base_unit: BaseUnit::Piece,
        trade_unit: "H87".to_owned(),
        names: [""; 6].map(|_| code.to_owned()),
        synonyms: Vec::new(),
        classifications: Classifications { nace2: vec![nace2.to_owned()], ..Classifications::default() },
        frames: Vec::new(),
        class: String::new(),
        schemes: Vec::new(),
        weekly_ceiling: 1_000_000,
        order_ceiling: 1_000_000,
        features: Vec::new(),
    }
}

fn row(capability: &str, nace2: &[&str], days: Option<(u16, u16)>, basis: Basis) -> ConversionPath {
    ConversionPath {
        capability: capability.to_owned(),
        nace2: nace2.iter().map(|code| (*code).to_owned()).collect(),
        product: ProductCode::new("mask"),
        days_min: days.map(|days| days.0),
        days_max: days.map(|days| days.1),
        basis,
        bottleneck: String::new(),
        certificate_path: String::new(),
        example: String::new(),
        source: "a test".to_owned(),
        confidence: Confidence::High,
    }
}

fn step(number: u8, nace2: &str, equipment: &[&str], inputs: &[&str]) -> ProcessStep {
    let list = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    ProcessStep {
        product: ProductCode::new("mask"),
        step: number,
        name: format!("step {number}"),
        inputs: list(inputs),
        equipment: list(equipment),
        nace2: nace2.to_owned(),
        bottleneck: String::new(),
        source: "a test".to_owned(),
    }
}

fn catalogue() -> Catalogue {
    use ProductKind::{Equipment, Finished, Intermediate, Service};
    let words =
        [("weaving", "13.20"), ("protective workwear", "14.12"), ("workwear", "14.1"), ("car interiors", "29.32")];
    let unit = Unit {
        code: crate::code::UnitCode::new("H87"),
        name: "piece".to_owned(),
        meaning: UnitMeaning::Fixed { base: BaseUnit::Piece, numerator: 1, denominator: 1 },
        synonyms: Vec::new(),
        deprecated_note: None,
    };
    Catalogue::new(CatalogueParts {
        units: UnitTable::new(vec![unit]).unwrap(),
        products: vec![
            product("mask", Finished, "32.50"),
            product("filter", Intermediate, "13.95"),
            product("loop", Intermediate, "13.96"),
            product("test", Service, "71.20"),
            product("welder", Equipment, "28.99"),
            product("line", Equipment, "28.94"),
        ],
        steps: vec![
            step(1, "13.95", &["line"], &[]),
            step(2, "32.50", &["welder"], &["filter", "loop", "thread"]),
            step(3, "71.20", &["laboratory"], &["samples", "test"]),
            step(4, "", &[], &["boxes"]),
        ],
        conversions: vec![
            row("greenfield", &[], Some((100, 180)), Basis::Reported),
            row("guessed sewing", &["14.12"], Some((1, 2)), Basis::Estimate),
            row("sewing", &["14.12", "14.13"], Some((2, 14)), Basis::Press),
            row("weaving", &["13.20"], None, Basis::Press),
            row("printing", &["18.1"], Some((3, 9)), Basis::Reported),
        ],
        activities: words
            .map(|(word, code)| Activity {
                word: word.to_owned(),
                language: "en".to_owned(),
                nace2: vec![code.to_owned()],
                source: "a test".to_owned(),
            })
            .to_vec(),
        ..CatalogueParts::default()
    })
    .unwrap()
}

fn able(input: &AbilitiesInput) -> Abilities {
    input.check(&catalogue()).unwrap()
}

fn does(activities: &[&str]) -> AbilitiesInput {
    AbilitiesInput { activities: activities.iter().map(|a| (*a).to_owned()).collect(), ..AbilitiesInput::default() }
}

/// What each estimate for the mask goes by, the best first.
fn told(input: &AbilitiesInput) -> Vec<String> {
    let catalogue = catalogue();
    let mask = catalogue.product("mask").unwrap();
    let found = Paths::new(&catalogue, mask).judge(&able(input));
    let estimates = found.map(|prospect| prospect.estimates).unwrap_or_default();
    let word = |estimate: &Estimate<'_>| match &estimate.cites {
        Cited::Conversion(row) => format!("{} {}", estimate.fit.as_str(), row.capability),
        Cited::Steps(steps) => format!("steps {:?}", steps.iter().map(|step| step.step).collect::<Vec<_>>()),
    };
    estimates.iter().map(word).collect()
}

#[test]
fn the_nearest_activity_comes_first_and_what_is_for_anybody_last() {
    assert_eq!(told(&does(&["14.12"])), ["activity sewing", "activity guessed sewing", "anybody greenfield"]);
    // A part of an activity is that activity; a coarser one may be.
    assert_eq!(told(&does(&["18.12"])), ["activity printing", "anybody greenfield"]);
    assert_eq!(told(&does(&["14"]))[0], "broader_activity sewing");
    assert_eq!(told(&does(&["18.2"])), ["anybody greenfield"]);
    // Nobody who says nothing could do anything.
    assert!(told(&AbilitiesInput::default()).is_empty());
}

#[test]
fn days_that_no_source_tells_are_unknown() {
    let catalogue = catalogue();
    let mask = catalogue.product("mask").unwrap();
    let prospect = Paths::new(&catalogue, mask).judge(&able(&does(&["weaving"]))).unwrap();
    assert_eq!(prospect.best().unwrap().days, None);
    let told = prospect.best().unwrap().told();
    assert_eq!(told, "Conversion by the catalogue: days unknown (press), weaving. Source: a test");
}

#[test]
fn words_are_understood_the_longest_first() {
    let catalogue = catalogue();
    assert_eq!(catalogue.activity("Protective Workwear / car interiors"), ["14.12", "29.32"]);
    assert_eq!(catalogue.activity("our workwear"), ["14.1"]);
    assert_eq!(catalogue.activity(" 14.13 "), ["14.13"]);
    assert!(catalogue.activity("poetry").is_empty());
}

#[test]
fn a_machine_or_a_step_says_what_an_activity_does_not() {
    let machines = vec![MachineInput { machine: "welder".to_owned(), count: 2 }];
    let input =
        AbilitiesInput { equipment: machines, processes: vec!["mask/4".to_owned()], ..AbilitiesInput::default() };
    assert_eq!(told(&input), ["steps [2, 4]", "anybody greenfield"]);
    let catalogue = catalogue();
    let mask = catalogue.product("mask").unwrap();
    let prospect = Paths::new(&catalogue, mask).judge(&able(&input)).unwrap();
    let best = prospect.best().unwrap();
    assert_eq!((best.basis, best.days), (Basis::Estimate, None));
    let standing: Vec<Standing> = prospect.steps.iter().map(|at| at.standing).collect();
    assert_eq!(standing, [Standing::Missing, Standing::Machine, Standing::Missing, Standing::Declared]);
    let names = |parts: Vec<&Part<'_>>| parts.iter().map(|part| part.name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(prospect.missing_machines()), ["line", "laboratory"]);
    assert_eq!(names(prospect.missing_inputs()), ["filter", "loop", "thread", "samples", "test", "boxes"]);
    // Only what the catalogue has can be asked for.
    let askable: Vec<bool> = prospect.missing_inputs().iter().map(|part| part.product.is_some()).collect();
    assert_eq!(askable, [true, true, false, false, true, false]);
}

#[test]
fn a_service_in_house_is_a_step_and_an_activity() {
    let input = AbilitiesInput { in_house: vec!["test".to_owned(), "filter".to_owned()], ..AbilitiesInput::default() };
    let catalogue = catalogue();
    let mask = catalogue.product("mask").unwrap();
    let prospect = Paths::new(&catalogue, mask).judge(&able(&input)).unwrap();
    assert_eq!(prospect.steps[2].standing, Standing::Declared);
    assert!(able(&input).nace2(&catalogue).contains("71.20"));
    assert!(prospect.missing_inputs().iter().all(|part| part.name != "filter"));
}

#[test]
fn every_fault_is_told_at_once() {
    let machine = |machine: &str, count| MachineInput { machine: machine.to_owned(), count };
    let faults = AbilitiesInput {
        activities: vec!["poetry".to_owned(), " ".to_owned()],
        processes: vec!["mask/9".to_owned(), "mask".to_owned()],
        equipment: vec![machine("welder", 0), machine("filter", 1), machine("line", 1), machine("line", 2)],
        in_house: vec!["welder".to_owned(), "nothing".to_owned()],
        people: Some(-1),
        shifts: Some(9),
        certificates: vec!["diploma".to_owned()],
        note: "a\u{0}b".to_owned(),
    };
    let faults = faults.check(&catalogue()).unwrap_err();
    let faults: Vec<String> = faults.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
    assert_eq!(
        faults,
        [
            "/activities/0 unknown_activity",
            "/activities/1 blank",
            "/processes/0 unknown_process",
            "/processes/1 unknown_process",
            "/equipment/0/count out_of_range",
            "/equipment/1/machine wrong_kind",
            "/equipment/3/machine stated_twice",
            "/in_house/0 wrong_kind",
            "/in_house/1 unknown_product",
            "/people out_of_range",
            "/shifts out_of_range",
            "/certificates/0 unknown_certificate_kind",
            "/note control_character",
        ]
    );
}

fn id(number: u8) -> OrganisationId {
    OrganisationId(uuid::Uuid::from_u128(number.into()))
}

proptest! {
    /// Nobody is told of fewer than three others, whatever he and his cluster know, and nobody's own changes what he is told.
    #[test]
    fn a_total_is_of_three_others_at_least(
        members in proptest::collection::btree_map(0_u8..12, proptest::option::of(100_u8..103), 0..12),
        asks in 0_u8..14,
    ) {
        let holders = |without: Option<u8>| -> Holders {
            let kept = members.iter().filter(|(member, _)| Some(**member) != without);
            kept.map(|(member, cluster)| (id(*member), cluster.iter().map(|cluster| id(*cluster)).collect())).collect()
        };
        let all = holders(None);
        let own = |other: &OrganisationId| *other == id(asks);
        if let Some(count) = super::told(&all, own) {
            prop_assert!(count >= 3);
            prop_assert_eq!(count, all.keys().filter(|other| !own(other)).count());
            // Of what a cluster does not know there is nothing, or three.
            let clusters: BTreeSet<u8> = members.values().flatten().copied().collect();
            for cluster in clusters {
                let rest = members.values().filter(|of| **of != Some(cluster)).count();
                prop_assert!(rest == 0 || rest >= 3);
            }
        }
        // Whether a cell is open does not hang on who asks.
        let strangers = super::told(&all, |_| false).is_some();
        prop_assert!(strangers || super::told(&all, own).is_none());
    }
}
