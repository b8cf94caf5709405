//! What holds for all pictures, whatever goes in.

use std::{collections::BTreeSet, io::Write as _};

use domain::{geo::Point, time::Day};
use roxmltree::{Document, Node};

use crate::{
    About, CapacityMap, CoverageChart, CoverageRow, MapCountry, MapPlace, WeekColumn, WeeksChart, coverage_chart, map,
    measure, weeks_chart,
};

const HOSTILE: &str =
    "]]><script>alert('1')</script> & \"q\" \u{0}\u{1b}\u{202e}\u{ffff}\n<!-- \u{1F637} &amp; <g onload=x>";

fn about(text: &str) -> About {
    About {
        title: format!("Title {text}"),
        subtitle: format!("FFP2 in Malta {text}"),
        unit: format!("pieces {text}").trim().to_owned(),
        as_of: format!("6 Apr 2020 {text}"),
        source: format!("Muster {text}"),
        note: Some(format!("Totals of fewer than three {text}")),
    }
}

fn monday(week: i32) -> Day {
    Day::from_ymd(2020, 4, 6).unwrap().plus(7 * week)
}

fn column(week: i32, figures: [i128; 5], need: Option<i128>) -> WeekColumn {
    let [agreed, held, free, stretch, convertible] = figures;
    WeekColumn { from: monday(week), agreed, held, free, stretch, convertible, need }
}

fn row(name: &str, need: i128, have: i128) -> CoverageRow {
    CoverageRow { name: name.to_owned(), unit: None, need, agreed: have / 2, held: have / 4, free: have / 8 }
}

fn place(name: &str, lat: f64, lon: f64, figure: i128, need: Option<i128>) -> MapPlace {
    let micro = |degrees: f64| format!("{:.0}", degrees * 1e6).parse().unwrap();
    let at = Point::new(micro(lat), micro(lon)).unwrap();
    MapPlace { code: "XX1".to_owned(), name: name.to_owned(), at, figure, need }
}

/// The regions of level 2 that the seeds know, all with figures.
fn all_regions() -> Vec<MapPlace> {
    let text = include_str!("../../../seeds/regions/regions.csv");
    let rows = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let [code, "2", _, name, lat, lon] = fields.as_slice() else { return None };
        let (lat, lon) = (lat.parse().ok()?, lon.parse().ok()?);
        Some(MapPlace { code: (*code).to_owned(), ..place(name, lat, lon, 0, None) })
    });
    (1_i128..).zip(rows).map(|(n, row)| MapPlace { figure: n * 7_919 % 1_009 * 1_013, ..row }).collect()
}

/// Pictures of all sorts with a text of others in every place for one, and figures of one size.
fn pictures(text: &str, size: i128) -> Vec<(&'static str, String)> {
    let about = about(text);
    let weeks = |count: i32, need: Option<i128>| {
        let column = |week| column(week, [size, size / 2, size / 3, size / 5, size / 7], need);
        weeks_chart(&WeeksChart { about: about.clone(), weeks: (0..count).map(column).collect() })
    };
    let rows = |count: usize, unit: Option<&str>| {
        let row = |n: usize| row(&format!("Region {n} {text}"), size, size / (i128::try_from(n).unwrap() + 1));
        let mut rows: Vec<CoverageRow> = (0..count).map(row).collect();
        rows.iter_mut().take(1).for_each(|row| row.unit = unit.map(str::to_owned));
        coverage_chart(&CoverageChart { about: about.clone(), rows })
    };
    let places = vec![
        place(&format!("Lombardia {text}"), 45.6, 9.7, size, Some(size)),
        place(&format!("Veneto {text}"), 45.5, 11.9, size / 3, Some(size / 2)),
        place(&format!("Sicilia {text}"), 37.5, 14.2, 0, Some(size)),
        place(&format!("Réunion {text}"), -21.1, 55.5, size / 2, None),
        place(&format!("Açores {text}"), 37.8, -25.5, 0, None),
        place(&format!("Texas {text}"), 31.0, -99.0, size, None),
        place(&format!("Ohio {text}"), 40.0, -82.0, -5, None),
    ];
    let country = MapCountry { code: text.to_owned(), name: format!("Malta {text}") };
    let full = CapacityMap { about: about.clone(), places, without: vec![country; 30] };
    let need_only = CapacityMap { places: vec![place(text, 50.0, 10.0, 0, Some(size))], ..full.clone() };
    let empty = CapacityMap { about: about.clone(), ..CapacityMap::default() };
    vec![
        ("weeks", weeks(12, Some(size))),
        ("weeks without need", weeks(3, None)),
        ("three years", weeks(157, Some(size / 2))),
        ("beyond", weeks(400, Some(1))),
        ("one week", weeks(1, Some(0))),
        ("no weeks", weeks(0, None)),
        ("coverage", rows(5, None)),
        ("coverage in two units", rows(30, Some(text))),
        ("one row", rows(1, None)),
        ("no rows", rows(0, None)),
        ("map", map(&full)),
        ("map of needs", map(&need_only)),
        ("empty map", map(&empty)),
    ]
}

fn everything() -> Vec<(&'static str, String)> {
    let long = "and the metropolitan area around it with all its communes ".repeat(9);
    let mut all = Vec::new();
    for text in ["", HOSTILE, &long, &"W".repeat(400), "中文字符\u{301}"] {
        for size in [0, 1, 123_456_789_012, i128::MAX] {
            all.extend(pictures(text, size));
        }
    }
    all.push(("all regions", map(&CapacityMap { about: about(""), places: all_regions(), without: Vec::new() })));
    all
}

struct Text {
    words: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn texts(document: &Document<'_>) -> Vec<Text> {
    let found = document.descendants().filter(|node| node.has_tag_name("text"));
    found
        .map(|node| {
            let words: String = node.children().filter(Node::is_text).filter_map(|node| node.text()).collect();
            let size = number(node, "font-size");
            let width = match node.attribute("font-weight") {
                Some(_) => measure::bold_width(&words, size),
                None => measure::width(&words, size),
            };
            let left = number(node, "x")
                - match node.attribute("text-anchor") {
                    Some("middle") => width / 2.0,
                    Some("end") => width,
                    Some(_) | None => 0.0,
                };
            let y = number(node, "y");
            Text { words, left, right: left + width, top: y - size * 0.75, bottom: y + size * 0.2 }
        })
        .collect()
}

#[test]
fn every_picture_is_well_formed_and_holds_nothing_but_a_drawing() {
    let elements =
        ["svg", "title", "desc", "style", "defs", "pattern", "clipPath", "g", "rect", "path", "circle", "text"];
    for (name, picture) in everything() {
        let document = Document::parse(&picture).unwrap_or_else(|error| panic!("{name}: {error}\n{picture}"));
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"), "{name}");
        let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: {ids:?}");
        for reference in root.attribute("aria-labelledby").unwrap().split(' ') {
            assert!(ids.contains(&reference), "{name}: {reference}");
        }
        for node in document.descendants().filter(Node::is_element) {
            assert!(elements.contains(&node.tag_name().name()), "{name}: {:?}", node.tag_name());
            for attribute in node.attributes() {
                let (key, value) = (attribute.name(), attribute.value());
                assert!(!key.starts_with("on") && !key.contains("href") && key != "style", "{name}: {key}");
                for reference in value.split("url(").skip(1) {
                    let id = reference.split(')').next().unwrap().strip_prefix('#').unwrap();
                    assert!(ids.contains(&id), "{name}: {id}");
                }
                if node.tag_name().name() != "svg" {
                    assert!(!value.contains("NaN") && !value.contains("inf"), "{name}: {key}={value}");
                }
            }
        }
        let style = document.descendants().find(|node| node.has_tag_name("style")).unwrap();
        assert_eq!(style.text(), Some(crate::stylesheet().as_str()));
    }
}

#[test]
fn all_words_lie_inside_and_apart() {
    for (name, picture) in everything() {
        let document = Document::parse(&picture).unwrap();
        let root = document.root_element();
        let (width, height) = (number(root, "width"), number(root, "height"));
        assert_eq!(root.attribute("viewBox"), Some(format!("0 0 {width} {height}").as_str()));
        let texts = texts(&document);
        for (at, text) in texts.iter().enumerate() {
            let inside = text.left >= 0.0 && text.right <= width && text.top >= 0.0 && text.bottom <= height;
            assert!(inside, "{name}: {:?} from {} to {}", text.words, text.left, text.right);
            for other in &texts[at + 1..] {
                let across = text.left < other.right && other.left < text.right;
                let along = text.top < other.bottom && other.top < text.bottom;
                assert!(!(across && along), "{name}: {:?} over {:?}", text.words, other.words);
            }
        }
    }
}

#[test]
fn equal_input_is_equal_bytes_and_order_does_not_show() {
    let places = all_regions();
    let draw = |places: Vec<MapPlace>| map(&CapacityMap { about: about(""), places, without: Vec::new() });
    let first = draw(places.clone());
    assert_eq!(first, draw(places.clone()));
    assert_eq!(first, draw(places.into_iter().rev().collect()));
    let columns: Vec<WeekColumn> = (0..9).map(|week| column(week, [5, 4, 3, 2, 1], Some(7))).collect();
    let draw = |weeks: Vec<WeekColumn>| weeks_chart(&WeeksChart { about: about(""), weeks });
    assert_eq!(draw(columns.clone()), draw(columns.into_iter().rev().collect()));
    let rows: Vec<CoverageRow> = (0..9).map(|n| row(&format!("Region {}", n % 5), 100 + n % 3, n)).collect();
    let draw = |rows: Vec<CoverageRow>| coverage_chart(&CoverageChart { about: about(""), rows });
    assert_eq!(draw(rows.clone()), draw(rows.into_iter().rev().collect()));
}

/// The rectangles of a kind's fill in the columns or bars, as (x, y, width, height).
fn areas(document: &Document<'_>) -> Vec<[f64; 4]> {
    let told = document.descendants().filter(|node| node.has_tag_name("g"));
    let drawn = told.flat_map(|group| group.children().filter(|node| node.has_tag_name("rect")).collect::<Vec<_>>());
    let filled = drawn.filter(|node| node.attribute("fill") != Some("none"));
    filled.map(|node| ["x", "y", "width", "height"].map(|name| number(node, name))).collect()
}

#[test]
fn layers_of_a_column_add_up() {
    let weeks = vec![column(0, [400, 300, 200, 100, 50], None), column(1, [0, 0, 1_400, -7, 0], Some(900))];
    let picture = weeks_chart(&WeeksChart { about: about(""), weeks });
    let document = Document::parse(&picture).unwrap();
    let areas = areas(&document);
    assert_eq!(areas.len(), 6);
    // The axis ends at 1,400, which is 300 pixels high; a pixel of ground lies between layers.
    let foot = areas[0][1] + areas[0][3];
    let sums = [400.0, 700.0, 900.0, 1_000.0, 1_050.0];
    for (at, sum) in sums.iter().enumerate() {
        let top = areas[at][1];
        assert!((foot - top - sum * 300.0 / 1_400.0).abs() < 0.11, "{at}: {top}");
        if at > 0 {
            assert!((areas[at - 1][1] - (areas[at][1] + areas[at][3]) - 1.0).abs() < 0.11, "{at}");
        }
    }
    assert!((areas[5][3] - 300.0).abs() < 0.11 && areas[5][0] > areas[0][0] + areas[0][2]);
}

#[test]
fn a_bar_is_the_whole_need() {
    let rows = vec![CoverageRow { agreed: 40, held: 25, free: 10, need: 100, ..row("Sicilia", 0, 0) }];
    let picture = coverage_chart(&CoverageChart { about: about(""), rows });
    let areas = areas(&Document::parse(&picture).unwrap());
    assert_eq!(areas.len(), 4);
    let whole = areas[3][0] + areas[3][2] - areas[0][0];
    for (area, begin) in areas.iter().zip([0.0, 0.40, 0.65, 0.75]) {
        assert!((area[0] - areas[0][0] - begin * whole).abs() < 0.11, "{area:?}");
    }
    let idle = vec![row("Meltblown", 0, 800)];
    assert!(coverage_chart(&CoverageChart { about: about(""), rows: idle }).contains("Nothing is needed."));
    assert!(picture.contains("0 of 1\u{a0}need is covered"), "{picture}");
    assert!(picture.contains("Sicilia, 25\u{a0}pieces (75% covered)"), "{picture}");
}

#[test]
fn areas_of_circles_are_as_the_figures() {
    let places = vec![
        place("One", 50.0, 10.0, 40_000, Some(90_000)),
        place("Two", 41.0, 15.0, 10_000, None),
        place("Three", 60.0, 15.0, 2_500, None),
        place("Four", -21.1, 55.5, 5_000, None),
    ];
    let picture = map(&CapacityMap { about: about(""), places, without: Vec::new() });
    let document = Document::parse(&picture).unwrap();
    let radius = |told: &str, index: usize| {
        let title = document.descendants().filter(|node| node.has_tag_name("title"));
        let title = title.filter(|node| node.text().unwrap_or_default().starts_with(told));
        let group = title.filter_map(|node| node.parent()).next().unwrap();
        number(group.children().filter(|node| node.has_tag_name("circle")).nth(index).unwrap(), "r")
    };
    let area = |radius: f64| radius * radius;
    let unit = area(radius("One", 0)) / 40_000.0;
    for (told, index, figure) in
        [("One", 1, 90_000.0), ("Two", 0, 10_000.0), ("Three", 0, 2_500.0), ("Four", 0, 5_000.0)]
    {
        let found = area(radius(told, index)) / unit;
        assert!((found / figure - 1.0).abs() < 0.01, "{told}: {found}");
    }
}

#[test]
fn empty_pictures_say_so() {
    let malta = About { subtitle: "FFP2 in Malta, 6 to 26 Apr".to_owned(), ..about("") };
    let all = [
        weeks_chart(&WeeksChart { about: malta.clone(), weeks: Vec::new() }),
        coverage_chart(&CoverageChart { about: malta.clone(), rows: Vec::new() }),
        map(&CapacityMap { about: malta.clone(), ..CapacityMap::default() }),
        weeks_chart(&WeeksChart { about: malta.clone(), weeks: vec![column(0, [0; 5], Some(12_000))] }),
    ];
    for picture in &all {
        let document = Document::parse(picture).unwrap();
        let told = document.descendants().find(|node| node.has_tag_name("desc")).unwrap().text().unwrap();
        assert!(told.starts_with("No offers for FFP2 in Malta, 6 to 26 Apr"), "{told}");
        assert!(texts(&document).iter().any(|text| text.words.starts_with("No offers for FFP2 in Malta, 6 to 26 Apr")));
    }
    assert!(all[3].contains("the need is 12\u{202f}000\u{a0}pieces"), "{}", all[3]);
    assert!(Document::parse(&map(&CapacityMap::default())).is_ok());
}

#[test]
fn what_the_eye_sees_is_told_as_well() {
    let weeks =
        vec![column(0, [1, 2, 3, 0, 0], Some(10)), column(1, [5, 0, 5, 9, 0], Some(10)), column(3, [0; 5], None)];
    let picture = weeks_chart(&WeeksChart { about: about(""), weeks });
    let told =
        "reaches the need of the week in 1 of 2 weeks; most is missing in the week from 6\u{a0}Apr: 4\u{a0}pieces";
    assert!(picture.contains(told), "{picture}");
    let places = vec![place("Attiki", 38.0, 23.7, 0, None), place("Texas", 31.0, -99.0, 1_500, None)];
    let without = vec![MapCountry { code: "EL".to_owned(), name: "Greece".to_owned() }];
    let picture = map(&CapacityMap { about: about(""), places, without });
    assert!(picture.contains("No offers in Greece"), "{picture}");
    assert!(picture.contains("Outside the map: 1\u{202f}500\u{a0}pieces in 1\u{a0}place (Texas)"), "{picture}");
    // Greece is hatched, once.
    assert_eq!(picture.matches("-map-none) #ffffff").count(), 1);
}

#[test]
fn a_page_with_a_map_stays_small() {
    let picture = map(&CapacityMap { about: about(""), places: all_regions(), without: Vec::new() });
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(picture.as_bytes()).unwrap();
    let size = packed.finish().unwrap().len();
    assert!(size < 45_000, "{size} bytes compressed, {} plain", picture.len());
}
