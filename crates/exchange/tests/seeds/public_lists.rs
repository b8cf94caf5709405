//! Every public code in the catalogue exists in the list it comes from.

use std::collections::BTreeSet;

use domain::catalogue::Product;

use crate::shared::{shared, tables};

fn missing(list: &str, column: &str, codes: impl Fn(&Product) -> &[String]) -> Vec<String> {
    let Some(rows) = shared(list) else { return Vec::new() };
    let known: BTreeSet<&str> = rows.iter().map(|r| r[column].as_str()).collect();
    assert!(known.len() > 100, "{list} holds {} codes", known.len());
    let products = tables().0.products().iter();
    let used = products.flat_map(|p| codes(p).iter().map(move |c| (p, c)));
    used.filter(|(_, c)| !known.contains(c.as_str())).map(|(p, c)| format!("{c} of {}", p.code)).collect()
}

#[test]
fn every_cpv_code_exists() {
    assert_eq!(missing("reference/cpv2008_crisis_subset.csv", "code", |p| &p.classifications.cpv), [""; 0]);
}

#[test]
fn every_hs_code_exists() {
    assert_eq!(missing("reference/hs2022_en_pddl.csv", "hscode", |p| &p.classifications.hs), [""; 0]);
}

#[test]
fn every_emdn_code_exists() {
    assert_eq!(missing("reference/emdn_v2_en.csv", "code", |p| &p.classifications.emdn), [""; 0]);
}

#[test]
fn every_nace_code_exists() {
    assert_eq!(missing("reference/nace_rev2_1_en.csv", "code", |p| &p.classifications.nace21), [""; 0]);
}
