//! `countries.csv`, `regions.csv`, `subdivisions.csv` and `successors.csv`.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    code::{CountryCode, RegionCode},
    geo::Point,
    region::{Country, Region, Retired},
    text,
};

use super::{
    RegionParts,
    cells::Cells,
    fault::SeedErrors,
    files::SeedFiles,
    sheet::{Keys, Sheet},
};

pub(super) const COUNTRY_COLUMNS: &[&str] = &[
    "iso2", "iso3", "nuts", "name_en", "name_fr", "name_de", "name_es", "name_it", "name_pl", "aliases", "eu_from",
    "eu_until", "efta", "lat", "lon",
];

const REGION_COLUMNS: &[&str] = &["code", "level", "parent", "name", "lat", "lon"];
const SUBDIVISION_COLUMNS: &[&str] = &["code", "country", "name", "lat", "lon", "aliases"];
const SUCCESSOR_COLUMNS: &[&str] = &["code", "level", "version", "successors", "note"];

/// Reads the four files.
pub(super) fn read(files: &SeedFiles, faults: &mut SeedErrors) -> RegionParts {
    let country_sheet = Sheet::read(files, "regions/countries.csv", COUNTRY_COLUMNS, faults);
    let region_sheet = Sheet::read(files, "regions/regions.csv", REGION_COLUMNS, faults);
    let subdivision_sheet = Sheet::read(files, "regions/subdivisions.csv", SUBDIVISION_COLUMNS, faults);
    let successor_sheet = Sheet::read(files, "regions/successors.csv", SUCCESSOR_COLUMNS, faults);
    let country_keys = country_sheet.keys("iso2", "country", faults);
    let region_keys = region_sheet.keys("code", "region", faults);
    let subdivision_keys = subdivision_sheet.keys("code", "subdivision", faults);
    let retired_keys = successor_sheet.keys("code", "retired region", faults);

    let places = countries(&country_sheet, &region_keys, faults);
    let mut regions = nuts(&region_sheet, &region_keys, &places, faults);
    regions.extend(whole_countries(&places));
    regions.extend(subdivisions(&subdivision_sheet, &country_keys, &places, faults));
    for (code, line) in retired_keys.lines.iter().filter(|(code, _)| region_keys.lines.contains_key(*code)) {
        faults.push(&successor_sheet.file, *line, "code", format!("{code:?} is in use in regions.csv; remove it here"));
    }
    let outside = places.iter().filter(|p| !p.in_nuts).map(|p| p.country.code.as_str());
    let targets = region_keys
        .with("region, subdivision or country", subdivision_keys.lines.keys().map(String::as_str).chain(outside));
    let retired = successors(&successor_sheet, &targets, faults);
    RegionParts { countries: places.into_iter().map(|p| p.country).collect(), regions, retired }
}

/// A country with its typed point.
struct Place {
    country: Country,
    point: Option<Point>,
    /// Whether NUTS covers it, by a prefix of its own or as a region of another country (Åland).
    in_nuts: bool,
}

fn countries(sheet: &Sheet, regions: &Keys, faults: &mut SeedErrors) -> Vec<Place> {
    let mut claimed: HashMap<String, String> = HashMap::new();
    let mut places = Vec::new();
    for row in sheet.rows() {
        let code = row.text("iso2");
        letters(row, "iso2", 2, faults);
        letters(row, "iso3", 3, faults);
        let nuts = row.text("nuts");
        if !nuts.is_empty() && !regions.has(nuts) {
            let reason = format!("{nuts:?} is no region of regions.csv; correct it or leave it blank");
            row.fault(faults, "nuts", reason);
        }
        let name = row.required("name_en", faults);
        let mut aliases: Vec<String> = Vec::new();
        let mut own = HashSet::from([text::squeeze(code), text::squeeze(name)]);
        let mut claim = |column: &str, word: &str, faults: &mut SeedErrors| {
            match claimed.insert(text::squeeze(word), code.to_owned()) {
                Some(other) if other != code => {
                    row.fault(faults, column, format!("{word:?} means {other} already; remove it from one of them"));
                }
                Some(_) | None => {}
            }
            if own.insert(text::squeeze(word)) {
                aliases.push(word.to_owned());
            }
        };
        claim("iso2", code, faults);
        claim("name_en", name, faults);
        for column in ["iso3", "nuts", "name_fr", "name_de", "name_es", "name_it", "name_pl"] {
            let word = if column == "nuts" { nuts } else { row.required(column, faults) };
            if !word.is_empty() {
                claim(column, word, faults);
            }
        }
        for word in row.list("aliases", faults) {
            claim("aliases", word, faults);
        }
        let (eu_from, eu_until) = row.span("eu_from", "eu_until", faults);
        if eu_from.is_none() && eu_until.is_some() {
            row.fault(faults, "eu_from", "is blank, and eu_until is not; write the first day in the Union");
        }
        let point = row.point(faults);
        if point.is_none() && row.text("lat").is_empty() {
            row.fault(faults, "lat", "is blank; write the country's point");
        }
        let country = Country {
            code: CountryCode::new(code),
            name: name.to_owned(),
            aliases,
            region: RegionCode::new(if nuts.is_empty() { code } else { nuts }),
            eu_from,
            eu_until,
            efta: row.one_of("efta", &[("no", false), ("yes", true)], faults).unwrap_or(false),
        };
        places.push(Place { country, point, in_nuts: !nuts.is_empty() });
    }
    places
}

fn letters(row: Cells<'_>, column: &str, length: usize, faults: &mut SeedErrors) {
    let code = row.text(column);
    if code.len() != length || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        row.fault(faults, column, format!("{code:?} is not {length} capital letters"));
    }
}

/// The level a NUTS code has by its length, 0 to 3.
fn nuts_level(code: &str) -> Option<u8> {
    let legal = code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    u8::try_from(code.len().checked_sub(2)?).ok().filter(|level| *level <= 3 && legal)
}

fn check_level(row: Cells<'_>, faults: &mut SeedErrors) -> u8 {
    let (code, level) = (row.text("code"), row.whole("level", 0, 3, faults));
    let level = u8::try_from(level).unwrap_or(0);
    if nuts_level(code) != Some(level) && row.text("level").len() == 1 {
        row.fault(
            faults,
            "level",
            format!("{code:?} is no NUTS code of level {level}; it has two signs and one more a level"),
        );
    }
    level
}

/// NUTS regions. Level 2 has typed points, which go up as the mean of the children and down as they
/// are; level 0 takes the point of its country, since a mean would set Portugal into the Atlantic
/// for the sake of its islands.
fn nuts(sheet: &Sheet, keys: &Keys, places: &[Place], faults: &mut SeedErrors) -> Vec<Region> {
    let by_prefix: HashMap<&str, &Place> =
        places.iter().filter(|p| p.in_nuts).map(|p| (p.country.region.as_str(), p)).collect();
    let mut regions = Vec::new();
    for row in sheet.rows() {
        let (code, level, parent) = (row.text("code"), check_level(row, faults), row.text("parent"));
        let above = code.char_indices().next_back().map_or("", |(at, _)| &code[..at]);
        if level == 0 && !parent.is_empty() {
            row.fault(faults, "parent", format!("{parent:?}, but a region of level 0 lies in none; leave it blank"));
        } else if level > 0 && parent != above {
            row.fault(faults, "parent", format!("{parent:?} is not {above:?}, which the code {code} lies in"));
        } else if level > 0 && !keys.has(parent) {
            row.fault(faults, "parent", format!("{parent:?} is no region of regions.csv; add it or correct the code"));
        }
        let point = row.point(faults);
        let blank = row.text("lat").is_empty() && row.text("lon").is_empty();
        if (level == 2) == blank {
            let reason = if blank {
                "is blank; level 2 states its point"
            } else {
                "only level 2 states a point; leave it blank"
            };
            row.fault(faults, "lat", reason);
        }
        let place = code.get(..2).and_then(|prefix| by_prefix.get(prefix));
        if place.is_none() && !places.is_empty() {
            row.fault(faults, "code", format!("no country of countries.csv has the NUTS prefix of {code:?}"));
        }
        regions.push(Region {
            code: RegionCode::new(code),
            level,
            parent: (level > 0).then(|| RegionCode::new(parent)),
            name: row.required("name", faults).to_owned(),
            country: place.map_or_else(|| CountryCode::new(""), |p| p.country.code.clone()),
            point: if level == 0 { place.and_then(|p| p.point) } else { point },
            aliases: Vec::new(),
        });
    }
    spread_points(&mut regions);
    regions
}

fn spread_points(regions: &mut [Region]) {
    let mut children: BTreeMap<RegionCode, Vec<Point>> = BTreeMap::new();
    let mut typed: HashMap<RegionCode, Point> = HashMap::new();
    let mut siblings: HashMap<RegionCode, usize> = HashMap::new();
    for region in regions.iter() {
        if let (2, Some(parent), Some(point)) = (region.level, &region.parent, region.point) {
            children.entry(parent.clone()).or_default().push(point);
        }
        if let (0 | 2, Some(point)) = (region.level, region.point) {
            typed.insert(region.code.clone(), point);
        }
        if let (1, Some(country)) = (region.level, &region.parent) {
            *siblings.entry(country.clone()).or_default() += 1;
        }
    }
    for region in regions.iter_mut() {
        let above = region.parent.as_ref();
        let of_parent = above.and_then(|p| typed.get(p)).copied();
        match region.level {
            // One that is the whole country, as in Norway with Svalbard.
            1 if above.and_then(|p| siblings.get(p)) == Some(&1) => region.point = of_parent,
            1 => region.point = children.get(&region.code).and_then(|points| mean(points)),
            3 => region.point = of_parent,
            _ => {}
        }
    }
}

/// Farthest a child may lie from the mean of all, in kilometres, for the mean to say anything.
const SPREAD_KM: u32 = 1_000;

/// The mean in whole micro-degrees, rounded down; none where the children lie too far apart, as the
/// French regions overseas do on three oceans.
fn mean(points: &[Point]) -> Option<Point> {
    let count = i64::try_from(points.len()).ok()?;
    let of = |part: fn(&Point) -> i32| {
        let sum: i64 = points.iter().map(|p| i64::from(part(p))).sum();
        i32::try_from(sum.checked_div_euclid(count)?).ok()
    };
    let mean = Point::new(of(|p| p.lat_e6)?, of(|p| p.lon_e6)?)?;
    points.iter().all(|p| p.distance_km(mean) <= SPREAD_KM).then_some(mean)
}

/// The countries outside NUTS as regions of level 0.
fn whole_countries(places: &[Place]) -> impl Iterator<Item = Region> {
    places.iter().filter(|p| !p.in_nuts).map(|p| Region {
        code: p.country.region.clone(),
        level: 0,
        parent: None,
        name: p.country.name.clone(),
        country: p.country.code.clone(),
        point: p.point,
        aliases: Vec::new(),
    })
}

fn subdivisions(sheet: &Sheet, countries: &Keys, places: &[Place], faults: &mut SeedErrors) -> Vec<Region> {
    let by_code: HashMap<&str, &Place> = places.iter().map(|p| (p.country.code.as_str(), p)).collect();
    let mut regions = Vec::new();
    for row in sheet.rows() {
        let (code, country) = (row.text("code"), row.required_reference("country", countries, faults));
        if code.split_once('-').is_none_or(|(prefix, rest)| prefix != country || rest.is_empty()) {
            let reason =
                format!("{code:?} is no ISO 3166-2 code of {country}; it starts with the country code and a hyphen");
            row.fault(faults, "code", reason);
        }
        let place = by_code.get(country);
        if place.is_some_and(|p| p.in_nuts) {
            row.fault(faults, "country", format!("{country} has its regions in regions.csv; remove the line"));
        }
        let point = row.point(faults);
        if point.is_none() && row.text("lat").is_empty() {
            row.fault(faults, "lat", "is blank; write the subdivision's point");
        }
        regions.push(Region {
            code: RegionCode::new(code),
            level: 1,
            parent: Some(place.map_or_else(|| RegionCode::new(country), |p| p.country.region.clone())),
            name: row.required("name", faults).to_owned(),
            country: CountryCode::new(country),
            point,
            aliases: row.words("aliases", faults),
        });
    }
    regions
}

fn successors(sheet: &Sheet, regions: &Keys, faults: &mut SeedErrors) -> Vec<Retired> {
    let mut retired = Vec::new();
    for row in sheet.rows() {
        check_level(row, faults);
        let version = row.whole("version", 1980, 2199, faults);
        let successors = row.references("successors", regions, faults);
        if successors.is_empty() {
            row.fault(faults, "successors", "is blank; list the regions it became");
        }
        retired.push(Retired {
            code: row.text("code").to_owned(),
            version: version.to_string(),
            successors: successors.into_iter().map(RegionCode::new).collect(),
        });
    }
    retired
}
