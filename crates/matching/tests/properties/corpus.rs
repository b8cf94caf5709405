//! What fuzzing kept runs with the suite, so that a case once found stays found.

use std::{fs, path::Path};

use crate::{FLOW, LIMITED, markets::draw, networks, runs};

fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 50, "the corpus of {target} is kept with the sources");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn the_kept_networks_pass() {
    let solved = kept("flow").iter().filter(|bytes| networks::check(bytes)).count();
    assert!(solved > 50, "{solved} have an optimum");
}

#[test]
fn the_kept_markets_pass() {
    let mut matches = 0;
    for bytes in kept("market") {
        matches += runs::check(&bytes);
        // The same bytes mean other markets where less is odd; properties found some of them there.
        for kind in [FLOW, LIMITED] {
            let (market, parameters) = draw(&bytes, kind);
            matches += runs::run(&market, &parameters).map_or(0, |outcome| outcome.lines.len());
        }
    }
    assert!(matches > 100, "{matches} matches");
}
