//! How time grows with the number of arcs.

use std::{path::Path, time::Duration};

use anyhow::Result;
use bench::instances::{Shape, short};

use crate::{
    peers::{Driver, Peer},
    plot::{Plot, Series, svg},
    report::Row,
    results,
    rows::{self, Case, LEMON_SPLIT, Ours},
};

/// Offers and needs of each size.
const SIZES: [(usize, usize); 6] =
    [(300, 60), (1_000, 200), (3_000, 600), (10_000, 2_000), (30_000, 6_000), (100_000, 20_000)];
/// The contenders of the table, in its order.
const PEERS: [&str; 3] = ["LEMON", LEMON_SPLIT, "OR-tools"];

/// One row per size: 20 products, 31 needs for each offer where its product has so many.
pub fn rows(repeat: usize, drivers: &mut [Driver], folder: &Path) -> Result<Vec<Row>> {
    let cap = Duration::from_secs(300);
    let mut grown = Vec::new();
    for (offers, needs) in SIZES {
        let case = Case {
            name: format!("{} x {}", short(offers), short(needs)),
            shape: Shape {
                offers,
                needs,
                products: 20,
                degree: Some(31),
                reach: None,
                west: false,
                periods: 1,
                seed: 2,
            },
            threads: 2,
            ours: Ours::Solve,
            // The largest are steady, and take their time.
            repeat: if offers >= 100_000 { repeat.min(2) } else { repeat },
            peers: vec![(Peer::Lemon, cap), (Peer::OrTools, cap)],
            long: Duration::from_secs(20),
            demands: Vec::new(),
        };
        let row = rows::run(&case, drivers, folder)?;
        println!("{}, {}: {}", row.case, row.size, results::details(&row));
        grown.push(row);
    }
    Ok(grown)
}

/// The table of the growth in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        format!("| market | size | ours, 2 threads | {} | one pass |", PEERS.join(" | ")),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    let said = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), crate::report::time);
    for row in rows {
        let peers: Vec<String> = PEERS.iter().map(|name| said(row.rival(name))).collect();
        let (ours, floor) = (said(row.ours.least()), said(row.floor));
        lines.push(format!("| {} | {} | {ours} | {} | {floor} |", row.case, row.size, peers.join(" | ")));
    }
    lines.join("\n")
}

/// The growth as a plot.
pub fn plot(rows: &[Row]) -> Option<String> {
    let arcs = |row: &Row| row.arcs.map(f64::from);
    let line = |name: &str, time: &dyn Fn(&Row) -> Option<Duration>| Series {
        name: name.to_owned(),
        points: rows.iter().filter_map(|row| Some((arcs(row)?, time(row)?.as_secs_f64()))).collect(),
    };
    let mut series = vec![line("ours, 2 threads", &|row| row.ours.least())];
    series.extend(PEERS.iter().map(|name| line(name, &|row| row.rival(name))));
    series.push(line("one pass", &|row| row.floor));
    series.retain(|series| !series.points.is_empty());
    svg(&Plot {
        title: "Time of one solve by number of arcs, 20 products".to_owned(),
        across: "arcs".to_owned(),
        up: "least time".to_owned(),
        series,
    })
}
