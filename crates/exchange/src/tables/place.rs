//! Where a row's site is: country, region, point, and whether the three agree.

use std::collections::HashMap;

use domain::{
    code::{CountryCode, RegionCode},
    geo::Point,
    region::{RegionTable, Resolved},
    text,
};

use super::{Field, UnknownRegion, reader::Reader};

/// Where a site is, as far as its row says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub country: Option<CountryCode>,
    pub region: Option<RegionCode>,
    pub point: Option<Point>,
}

/// How a typed region was understood inside a country.
#[derive(Debug, Clone)]
enum Found {
    One(RegionCode),
    Elsewhere(RegionCode),
    Split(Vec<RegionCode>),
    Unknown(Vec<String>),
}

/// Reads places, remembering what each spelling meant: files repeat them thousands of times.
pub(crate) struct Places<'a> {
    table: &'a RegionTable,
    known: HashMap<(Option<CountryCode>, String), Found>,
    /// The region points of each country met so far, and how far from all of them is too far.
    points: HashMap<CountryCode, (Vec<Point>, u32)>,
}

/// How far a stated point may lie from every known region of its country, in kilometres: where the
/// list has small regions, and where it has one point for a whole country or a large state.
const FAR_KM: (u32, u32) = (300, 2_000);

impl<'a> Places<'a> {
    pub(crate) fn new(table: &'a RegionTable) -> Self {
        Self { table, known: HashMap::new(), points: HashMap::new() }
    }

    /// Country, region and point of a row. A country that is only a constant of the mapping says in
    /// which country regions are looked up, and whose the organisation is, not where the site is.
    pub(crate) fn read(&mut self, row: &mut Reader<'_>, unknown: UnknownRegion) -> Place {
        let country = row.text(&Field::Country).and_then(|typed| {
            let found = self.table.country(&typed).map(|c| (c.code.clone(), c.region.clone()));
            if found.is_none() {
                let reason = format!("{typed:?} is no country");
                row.push(&Field::Country, "unknown_country", &reason, "write its ISO code, such as DE, or its name");
            }
            found
        });
        let stated = row.is_stated(&Field::Country);
        let mut place = Place {
            country: country.as_ref().map(|(code, _)| code.clone()),
            region: country.filter(|_| stated).map(|(_, region)| region),
            point: None,
        };
        if let Some(reason) = row.unknown(&Field::Region).map(str::to_owned) {
            place.region = None;
            row.flag(&Field::Region, "unknown_place", &format!("{reason}; kept without a place"));
        } else if let Some(typed) = row.text(&Field::Region) {
            self.region(row, &typed, stated, unknown, &mut place);
        }
        place.point = self.point(row, &place);
        place
    }

    fn region(
        &mut self,
        row: &mut Reader<'_>,
        typed: &str,
        country_stated: bool,
        unknown: UnknownRegion,
        place: &mut Place,
    ) {
        match self.find(place.country.as_ref(), typed) {
            Found::One(code) => place.region = Some(code),
            Found::Elsewhere(code) if !country_stated => {
                // The country was only assumed.
                place.country = self.table.get(&code).map(|r| r.country.clone());
                place.region = Some(code);
            }
            Found::Elsewhere(code) => {
                let reason = format!("{typed:?} is {code}, which lies in another country than the row states");
                row.push(&Field::Region, "region_elsewhere", &reason, "correct the country or the region");
            }
            Found::Split(parts) => {
                let codes: Vec<&str> = parts.iter().map(RegionCode::as_str).collect();
                let reason = format!("{typed:?} is a retired code that was split");
                row.push(&Field::Region, "split_region", &reason, &format!("write one of: {}", codes.join(", ")));
            }
            Found::Unknown(near) => {
                let remedy = match near.as_slice() {
                    [] => "write a code such as DE21 or US-CA, or the region's exact name".to_owned(),
                    near => format!("did you mean: {}", near.join(", ")),
                };
                match unknown {
                    UnknownRegion::Refuse => {
                        row.push(&Field::Region, "unknown_region", &format!("{typed:?} is no known region"), &remedy);
                    }
                    UnknownRegion::Flag => {
                        place.region = None;
                        let reason = format!("{typed:?} is no known region; kept without a place; {remedy}");
                        row.flag(&Field::Region, "unknown_place", &reason);
                    }
                }
            }
        }
    }

    fn find(&mut self, country: Option<&CountryCode>, typed: &str) -> Found {
        let key = (country.cloned(), typed.to_owned());
        if let Some(found) = self.known.get(&key) {
            return found.clone();
        }
        let found = self.look_up(country, typed);
        self.known.insert(key, found.clone());
        found
    }

    /// Inside the country first, so that `CA` is California in a file from the United States and
    /// Canada elsewhere; a name never across countries (field case IMP-20).
    fn look_up(&self, country: Option<&CountryCode>, typed: &str) -> Found {
        if let Some(country) = country {
            let code = format!("{country}-{}", typed.trim().to_uppercase());
            if let Some(region) = self.table.get(&RegionCode::new(&code)) {
                return Found::One(region.code.clone());
            }
            if let Some(code) = self.by_name(country, typed) {
                return Found::One(code);
            }
        }
        match self.table.resolve(typed) {
            Resolved::One(code) => {
                let of = self.table.get(&code).map(|r| &r.country);
                if country.is_some() && of != country { Found::Elsewhere(code) } else { Found::One(code) }
            }
            Resolved::Split(parts) => Found::Split(parts),
            Resolved::Unknown(near) => Found::Unknown(near),
        }
    }

    /// The finest region of that name in a country, when all of that name lie in one another.
    fn by_name(&self, country: &CountryCode, typed: &str) -> Option<RegionCode> {
        let wanted = text::squeeze(typed);
        let hits: Vec<_> = self
            .table
            .all()
            .iter()
            .filter(|r| r.country == *country)
            .filter(|r| std::iter::once(&r.name).chain(&r.aliases).any(|w| text::squeeze(w) == wanted))
            .collect();
        let finest = hits.iter().max_by_key(|r| r.level)?;
        hits.iter().all(|r| self.table.lies_in(&finest.code, &r.code)).then(|| finest.code.clone())
    }

    /// The stated point. One that fits the country only with latitude and longitude swapped is
    /// refused, one far from every region of the country is flagged (field case GEO-02).
    fn point(&mut self, row: &mut Reader<'_>, place: &Place) -> Option<Point> {
        let pair = (row.text(&Field::Lat).is_some(), row.text(&Field::Lon).is_some());
        match pair {
            (false, false) => return None,
            (true, true) => {}
            (true, false) => row.push(&Field::Lon, "missing", "is blank beside a latitude", "write both or neither"),
            (false, true) => row.push(&Field::Lat, "missing", "is blank beside a longitude", "write both or neither"),
        }
        let (lat, lon) = (row.number(&Field::Lat), row.number(&Field::Lon));
        let (lat, lon) = lat.zip(lon)?;
        let point = match Point::from_degrees("", lat, lon) {
            Ok(point) => point,
            Err(faults) => {
                for v in faults.as_slice() {
                    let field = if v.pointer == "/lon" { Field::Lon } else { Field::Lat };
                    let one = domain::violation::Violations::one("", v.code, v.detail.clone());
                    row.push_violations(&field, &one);
                }
                return None;
            }
        };
        let Some(country) = &place.country else { return Some(point) };
        if self.is_near(country, point) {
            return Some(point);
        }
        if Point::new(point.lon_e6, point.lat_e6).is_some_and(|swapped| self.is_near(country, swapped)) {
            let reason = format!("{lat}, {lon} lies outside {country}, and inside it the other way round");
            row.push(&Field::Lat, "swapped_coordinates", &reason, "swap lat and lon");
            return None;
        }
        let distance = self.points_of(country).0.iter().map(|p| p.distance_km(point)).min().unwrap_or(0);
        let reason = format!("{lat}, {lon} lies {distance} km from every known region of {country}; check both");
        row.flag(&Field::Lat, "far_from_region", &reason);
        Some(point)
    }

    /// Whether a point lies near a known region of a country; yes where none has a point.
    fn is_near(&mut self, country: &CountryCode, point: Point) -> bool {
        let (points, limit) = self.points_of(country);
        points.is_empty() || points.iter().any(|p| p.distance_km(point) <= *limit)
    }

    fn points_of(&mut self, country: &CountryCode) -> &(Vec<Point>, u32) {
        let table = self.table;
        self.points.entry(country.clone()).or_insert_with(|| {
            let regions = || table.all().iter().filter(|r| r.country == *country);
            let fine = regions().any(|r| r.level >= 2);
            let mut points: Vec<Point> = regions().filter_map(|r| r.point).collect();
            points.sort_unstable();
            points.dedup();
            (points, if fine { FAR_KM.0 } else { FAR_KM.1 })
        })
    }
}
