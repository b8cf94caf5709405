//! The named conversions of 2020 are found from what the firms did before, by the shipped catalogue.

use std::{collections::BTreeSet, fs, path::Path};

use domain::{
    ability::{Abilities, AbilitiesInput},
    catalogue::{Basis, Catalogue},
    conversion::{Cited, could_make},
};
use exchange::seeds;

/// Firm, country, former activity, and the products of the catalogue that it made: facts of `eu_conversion_examples_2020.csv`,
/// compiled for this project from public facts (CC0), with its words for products put into codes. Where the source says no
/// more than masks, gloves or gowns, the code is the plainest that there is.
const EXAMPLES: [(&str, &str, &str, &[&str]); 10] = [
    ("Lemahieu", "FR", "textile", &["community-mask"]),
    ("Utenos trikotazas", "LT", "textile", &["community-mask"]),
    ("Inditex (Zara)", "ES", "fashion", &["community-mask", "gown-isolation"]),
    ("Medhouse Swiss", "", "medical", &["medical-mask"]),
    ("Van Heurck", "BE", "protective workwear / car interiors", &["medical-mask", "ffp"]),
    ("ECA", "BE", "protective workwear / car interiors", &["medical-mask", "ffp"]),
    ("Texsilk", "ES", "outdoor textile", &["community-mask", "gown-isolation"]),
    ("H&M", "SE", "fashion supply chain", &["community-mask", "gloves-exam", "gown-isolation"]),
    ("Les tissages de Charlieu", "FR", "weaving", &["community-mask"]),
    ("Centro Eccellenza Qualità (NTT cluster member)", "IT", "lab", &["lab-test-mask", "lab-test-garment"]),
];

fn does(catalogue: &Catalogue, activity: &str) -> Abilities {
    AbilitiesInput { activities: vec![activity.to_owned()], ..AbilitiesInput::default() }.check(catalogue).unwrap()
}

#[test]
fn the_named_conversions_of_2020_are_found_from_the_former_activity() {
    let (catalogue, _) = seeds::tables().unwrap();
    for (firm, _, activity, made) in EXAMPLES {
        let found = could_make(&catalogue, &does(&catalogue, activity));
        for product in made {
            let prospect = found.iter().find(|prospect| prospect.product.code.as_str() == *product);
            let best = prospect.and_then(|prospect| prospect.best());
            let best = best.unwrap_or_else(|| panic!("{firm}: {activity} does not lead to {product}"));
            let Cited::Conversion(row) = &best.cites else { panic!("{firm}: {product} cites no conversion") };
            assert!(!row.source.is_empty() && row.nace2.iter().any(|code| !code.is_empty()), "{firm}: {product}");
        }
    }
}

#[test]
fn the_examples_are_those_of_the_compilation() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/own/eu_conversion_examples_2020.csv");
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!("skipped: {} is not there", file.display());
        return;
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let told: Vec<(&str, &str, &str)> = rows.iter().map(|row| (&row[0], &row[1], &row[2])).collect();
    assert_eq!(told, EXAMPLES.map(|(firm, country, activity, _)| (firm, country, activity)).to_vec());
}

#[test]
fn no_estimate_is_without_a_source_and_unknown_days_stay_unknown() {
    let (catalogue, _) = seeds::tables().unwrap();
    let rows = &catalogue.parts().conversions;
    for row in rows {
        assert!(!row.source.is_empty(), "{}", row.capability);
        // What a firm or a paper reported has days.
        let told = matches!(row.basis, Basis::Reported | Basis::Paper | Basis::Estimate);
        assert!(!told || row.days_min.zip(row.days_max).is_some(), "{}", row.capability);
    }
    // Every activity that a conversion names by code can be said in words as well.
    let words: BTreeSet<&str> =
        catalogue.parts().activities.iter().flat_map(|activity| &activity.nace2).map(String::as_str).collect();
    let of_rows: BTreeSet<&str> = rows.iter().flat_map(|row| &row.nace2).map(String::as_str).collect();
    let unsaid: Vec<&&str> = of_rows.difference(&words).filter(|code| !words.contains(&code[..2])).collect();
    assert!(unsaid.is_empty(), "{unsaid:?}");
}
