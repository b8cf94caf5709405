//! Whether a stated point can lie in the stated region (field case GEO-02).

use domain::{code::RegionCode, geo::Point, region::RegionTable, violation::Violations};

/// The farthest a place of a NUTS region lies from the nearest point of the region or its parts; the
/// points of level 3 are those of level 2. Vardø lies 620 km from the point of Nord-Norge.
const NEAR_KM: u32 = 700;
/// The same for a country outside NUTS with known subdivisions: Attu lies 2,030 km from Alaska's point.
const SUBDIVIDED_KM: u32 = 2_500;
/// The same for a country known by one point; Kaliningrad lies 4,900 km from Russia's.
const ONE_POINT_KM: u32 = 6_000;

/// Refuses a point that lies far outside the region it is said to lie in. Regions without any point
/// are not judged.
pub fn check(pointer: &str, regions: &RegionTable, region: &RegionCode, point: Point) -> Result<(), Violations> {
    let Some((km, limit)) = distance(regions, region, point).filter(|(km, limit)| km > limit) else {
        return Ok(());
    };
    let name = regions.get(region).map_or("", |r| r.name.as_str());
    let swapped = Point::new(point.lon_e6, point.lat_e6).and_then(|p| distance(regions, region, p));
    let remedy = match swapped {
        Some((km, limit)) if km <= limit => "latitude and longitude look swapped",
        Some(_) | None => "correct the point or the region",
    };
    let detail = format!(
        "{}, {} lies {km} km from {region} {name} (at most {limit}); {remedy}",
        degrees(point.lat_e6),
        degrees(point.lon_e6)
    );
    Err(Violations::one(pointer, "outside_region", detail))
}

/// Kilometres to the nearest point of the region or of a part of it, and how many there may be.
fn distance(regions: &RegionTable, region: &RegionCode, point: Point) -> Option<(u32, u32)> {
    let parts: Vec<_> = regions.all().iter().filter(|r| regions.lies_in(&r.code, region)).collect();
    let nearest = parts.iter().filter_map(|r| r.point).map(|p| p.distance_km(point)).min()?;
    let limit = match parts.iter().map(|r| r.level).max() {
        Some(2..) => NEAR_KM,
        Some(1) => SUBDIVIDED_KM,
        Some(0) | None => ONE_POINT_KM,
    };
    Some((nearest, limit))
}

fn degrees(e6: i32) -> String {
    let sign = if e6 < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:06}", e6.unsigned_abs() / 1_000_000, e6.unsigned_abs() % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use domain::{
        code::CountryCode,
        region::{Country, Region},
    };

    use super::*;

    fn table() -> RegionTable {
        let country = |code: &str, region: &str| Country {
            code: CountryCode::new(code),
            name: code.to_owned(),
            aliases: vec![],
            region: RegionCode::new(region),
            eu_from: None,
            eu_until: None,
            efta: false,
        };
        let region = |code: &str, level: u8, parent: Option<&str>, point: Option<(i32, i32)>| Region {
            code: RegionCode::new(code),
            level,
            parent: parent.map(RegionCode::new),
            name: format!("Region {code}"),
            country: CountryCode::new(&code[..2]),
            point: point.and_then(|(lat, lon)| Point::new(lat, lon)),
            aliases: vec![],
        };
        let regions = vec![
            region("DE", 0, None, Some((51_000_000, 10_000_000))),
            region("DE2", 1, Some("DE"), Some((48_900_000, 11_500_000))),
            region("DE21", 2, Some("DE2"), Some((48_000_000, 11_700_000))),
            region("US", 0, None, Some((39_800_000, -98_600_000))),
        ];
        RegionTable::new(vec![country("DE", "DE"), country("US", "US")], regions, vec![]).unwrap()
    }

    fn verdict(region: &str, lat: i32, lon: i32) -> Option<String> {
        let point = Point::new(lat, lon).unwrap();
        check("/point", &table(), &RegionCode::new(region), point).err().map(|v| v.to_string())
    }

    #[test]
    fn geo_02_a_point_outside_its_region_is_refused() {
        assert_eq!(verdict("DE21", 48_137_000, 11_575_000), None);
        assert_eq!(verdict("DE", 47_700_000, 13_000_000), None);
        assert_eq!(verdict("US", 21_300_000, -157_800_000), None);
        let swapped = verdict("DE21", 11_575_000, 48_137_000).unwrap();
        assert!(swapped.contains("swapped"), "{swapped}");
        let elsewhere = verdict("DE", 40_400_000, -3_700_000).unwrap();
        assert!(elsewhere.starts_with("/point: 40.4, -3.7 lies ") && elsewhere.contains("correct"), "{elsewhere}");
        assert!(verdict("US", 52_500_000, 13_400_000).is_some());
    }
}
