//! Writes one picture of each sort, and the empty ones, to a folder: `cargo run -p charts --example gallery -- FOLDER`.
//!
//! The map takes its regions from `seeds/regions/regions.csv`; all figures are made up.

use std::{error::Error, fs, path::Path};

use charts::{
    About, CapacityMap, CoverageChart, CoverageRow, MapCountry, MapPlace, WeekColumn, WeeksChart, coverage_chart, map,
    weeks_chart,
};
use domain::{geo::Point, time::Day};

fn about(title: &str, subtitle: &str, unit: &str) -> About {
    About {
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        unit: unit.to_owned(),
        as_of: "6 Apr 2020, 08:00 UTC".to_owned(),
        source: "Muster, made-up figures; CC BY 4.0".to_owned(),
        note: Some("Totals of fewer than three organisations are not shown".to_owned()),
    }
}

fn day(month: i8, day: i8) -> Result<Day, Box<dyn Error>> {
    Day::from_ymd(2020, month, day).ok_or_else(|| "no such day".into())
}

fn weeks(from: Day, count: i32) -> WeeksChart {
    let column = |week: i32| {
        let w = i128::from(week);
        WeekColumn {
            from: from.plus(7 * week),
            agreed: (420_000 - 38_000 * w).max(0),
            held: 90_000 + 15_000 * (w % 3),
            free: 60_000 + 42_000 * w,
            stretch: 80_000 + 9_000 * w,
            convertible: if w < 3 { 0 } else { 45_000 * (w - 2) },
            need: (w < 10).then_some(650_000 + 40_000 * w - 12_000 * w * w),
        }
    };
    WeeksChart {
        about: about(
            "FFP2: the need is not covered before mid-May",
            "FFP2 masks in northern Italy, 6 Apr to 28 Jun 2020",
            "pieces",
        ),
        weeks: (0..count).map(column).collect(),
    }
}

fn row(name: &str, unit: Option<&str>, need: i128, parts: [i128; 3]) -> CoverageRow {
    let [agreed, held, free] = parts;
    CoverageRow { name: name.to_owned(), unit: unit.map(str::to_owned), need, agreed, held, free }
}

fn products() -> CoverageChart {
    CoverageChart {
        about: about(
            "Gloves, ventilators and gowns are short",
            "protective equipment in Spain, 6 to 26 Apr 2020",
            "pieces",
        ),
        rows: vec![
            row("FFP2 masks", None, 4_200_000, [1_900_000, 400_000, 650_000]),
            row("Surgical masks", None, 12_000_000, [7_000_000, 1_500_000, 4_900_000]),
            row("Isolation gowns", None, 800_000, [90_000, 20_000, 60_000]),
            row("Hand sanitiser", Some("litres"), 350_000, [200_000, 50_000, 90_000]),
            row("Ventilators for intensive care, with circuits and filters", None, 1_200, [150, 60, 40]),
            row("Face shields", None, 500_000, [500_000, 0, 200_000]),
            row("Nitrile gloves", Some("pairs"), 9_000_000, [1_000, 0, 0]),
            row("Meltblown", Some("kg"), 0, [0, 0, 40_000]),
        ],
    }
}

fn regions(text: &str) -> Vec<MapPlace> {
    let lines = text.lines().skip(1).enumerate();
    lines
        .filter_map(|(number, line)| {
            let fields: Vec<&str> = line.split(',').collect();
            let [code, "2", _, name, lat, lon] = fields.as_slice() else { return None };
            let micro = |text: &str| format!("{:.0}", text.parse::<f64>().ok()? * 1e6).parse::<i32>().ok();
            let at = Point::new(micro(lat)?, micro(lon)?)?;
            let seed = i128::try_from(number).ok()? * 7_919 % 1_009;
            let figure = if seed % 4 == 0 { 0 } else { seed * seed / 9 * 10 };
            Some(MapPlace { code: (*code).to_owned(), name: (*name).to_owned(), at, figure, need: None })
        })
        .collect()
}

fn country(code: &str, name: &str) -> MapCountry {
    MapCountry { code: code.to_owned(), name: name.to_owned() }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../seeds/regions/regions.csv");
    let places = regions(&fs::read_to_string(table)?);
    let without = vec![country("CH", "Switzerland"), country("UA", "Ukraine"), country("MT", "Malta")];
    let in_countries = |place: &&MapPlace| !["CH", "UA", "MT"].iter().any(|code| place.code.starts_with(code));
    let everywhere = CapacityMap {
        about: about(
            "Free FFP2 capacity is spread over all of Europe",
            "FFP2 masks in Europe, 6 to 26 Apr 2020",
            "pieces a week",
        ),
        places: places.iter().filter(in_countries).cloned().collect(),
        without,
    };
    let few = ["DEA2", "FRY4", "ES7", "PT20", "ITC4", "FR10", "EL30", "PL91", "SE11", "ES51", "NO08", "FRY3"];
    let some: Vec<MapPlace> = (1..)
        .zip(places.iter().filter(|place| few.iter().any(|code| place.code.starts_with(code))))
        .map(|(n, place)| {
            let figure = if n % 5 == 0 { 0 } else { 30_000 * n };
            MapPlace { figure, need: Some(n * n * 9_000), ..place.clone() }
        })
        .collect();
    let compared = CapacityMap {
        about: about(
            "A third of the need can be met, nothing of it in Warsaw",
            "FFP2 masks, 6 to 26 Apr 2020",
            "pieces a week",
        ),
        places: some,
        without: Vec::new(),
    };
    let nothing = about("No FFP2 in Malta", "FFP2 in Malta, 6 to 26 Apr 2020", "pieces");
    let mut regions_short = products();
    regions_short.about = about("Few regions are covered", "FFP2 masks by region, 6 to 26 Apr 2020", "pieces");
    regions_short.rows = (1..)
        .zip(places.iter().filter(|place| place.code.starts_with("IT") || place.code.starts_with("ES")))
        .map(|(n, place)| {
            row(&place.name, None, n * 9_973 % 70_001, [n * 4_001 % 20_000, n * 977 % 9_000, n * 3_001 % 7_000])
        })
        .collect();
    let start = day(4, 6)?;
    let year_end = weeks(day(4, 8)?, 60);
    let pictures = [
        ("weeks.svg", weeks_chart(&weeks(start, 12))),
        ("weeks-many.svg", weeks_chart(&year_end)),
        ("weeks-one.svg", weeks_chart(&weeks(start, 1))),
        ("weeks-none.svg", weeks_chart(&WeeksChart { about: nothing.clone(), weeks: Vec::new() })),
        ("coverage-products.svg", coverage_chart(&products())),
        ("coverage-regions.svg", coverage_chart(&regions_short)),
        ("coverage-none.svg", coverage_chart(&CoverageChart { about: nothing.clone(), rows: Vec::new() })),
        ("map.svg", map(&everywhere)),
        ("map-need.svg", map(&compared)),
        (
            "map-none.svg",
            map(&CapacityMap { about: nothing, places: Vec::new(), without: vec![country("MT", "Malta")] }),
        ),
    ];
    for (name, picture) in pictures {
        fs::write(folder.join(name), picture)?;
    }
    Ok(())
}
