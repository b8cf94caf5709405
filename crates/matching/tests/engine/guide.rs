//! What `docs/MATCHING.md` says of markets too large to write down, executed.

use std::path::Path;

use domain::geo::{Place, Point};
use matching::flow::{
    Control,
    columns::{Demand, Effort, Places, Quantities, check_all, optimum},
};

/// The rows of the table with this header.
fn table(text: &str, header: &str) -> Vec<Vec<String>> {
    let after = text.split_once(&format!("{header}\n")).unwrap_or_else(|| panic!("no table {header}")).1;
    let rows = after.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn the_optimum_over_pairs_that_are_not_built_is_as_told() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/MATCHING.md");
    let text = std::fs::read_to_string(guide).unwrap();
    let (mut names, mut supplies, mut demands) = ([vec![], vec![]], vec![], vec![]);
    let mut places = [vec![], vec![]];
    for row in table(&text, "| place | has | asks | north | east |") {
        // Tenths of a degree.
        let degrees = |text: &str| text.replace('.', "").parse::<i32>().unwrap() * 100_000;
        let place = Place::new(Point::new(degrees(&row[3]), degrees(&row[4])).unwrap());
        let asks = usize::from(row[1].is_empty());
        match asks {
            0 => supplies.push(row[1].parse().unwrap()),
            _ => demands.push(Demand { units: row[2].parse().unwrap(), tier: 0, points: 1 }),
        }
        places[asks].push(place);
        names[asks].push(row[0].clone());
    }
    let [of, to] = places;
    let ties = |supply: u32, demand: u32| i64::from(supply * 7 + demand * 3);
    let space = Places { supplies: of, demands: to, kilometre: 1, ties };
    let quantities = Quantities { supplies: &supplies, demands: &demands, tiers: 1 };
    // Two pairs of each are built first, and one of each demand in a round.
    let effort = Effort { first: 2, more: 1, ..Effort::default() };
    let found = optimum(&quantities, &space, &effort, &mut Control::default()).unwrap();
    check_all(&quantities, &space, &found).unwrap();
    let told = format!("Of its {} pairs {} are ever built", found.work.pairs, found.work.columns);
    let flows: Vec<Vec<String>> = found
        .flows
        .iter()
        .map(|f| {
            let (from, to) = (&names[0][f.supply as usize], &names[1][f.demand as usize]);
            vec![from.clone(), to.clone(), f.units.to_string()]
        })
        .collect();
    assert_eq!(flows, table(&text, "| from | to | masks |"));
    assert!(text.contains(&told), "{told}");
}
