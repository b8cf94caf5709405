//! Points and distances. The only floats of the domain, kept inside this file: sines come from a
//! software library that gives the same bits on every platform, and a distance leaves as whole
//! kilometres, rounded up (ADR 0008).

use serde::{Deserialize, Serialize};

use crate::violation::Violations;

/// A point in micro-degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Point {
    /// Latitude in millionths of a degree, -90,000,000 to 90,000,000.
    pub lat_e6: i32,
    /// Longitude in millionths of a degree, -180,000,000 to 180,000,000.
    pub lon_e6: i32,
}

impl Point {
    /// From micro-degrees; `None` out of range.
    pub fn new(lat_e6: i32, lon_e6: i32) -> Option<Self> {
        let legal = (-90_000_000..=90_000_000).contains(&lat_e6) && (-180_000_000..=180_000_000).contains(&lon_e6);
        legal.then_some(Self { lat_e6, lon_e6 })
    }

    /// From decimal degrees as typed. Out of range and 0,0 (what a form sends when it knows
    /// nothing) are refused.
    pub fn from_degrees(
        pointer: &str,
        lat: crate::decimal::Decimal,
        lon: crate::decimal::Decimal,
    ) -> Result<Self, Violations> {
        let mut faults = Violations::new();
        let micro = |value: crate::decimal::Decimal, limit: i32| {
            let (top, bottom) = value.fraction();
            let micro = top.checked_mul(1_000_000)? / bottom;
            i32::try_from(micro).ok().filter(|m| (-limit..=limit).contains(m))
        };
        let lat_e6 = micro(lat, 90_000_000);
        let lon_e6 = micro(lon, 180_000_000);
        if lat_e6.is_none() {
            let detail = format!("{lat} is no latitude (-90 to 90); check that lat and lon are not swapped");
            faults.push(format!("{pointer}/lat"), "out_of_range", detail);
        }
        if lon_e6.is_none() {
            let detail = format!("{lon} is no longitude (-180 to 180); write decimal degrees such as 13.405");
            faults.push(format!("{pointer}/lon"), "out_of_range", detail);
        }
        if (lat_e6, lon_e6) == (Some(0), Some(0)) {
            let detail = "0,0 lies in the Atlantic; leave the point out if you do not know it";
            faults.push(pointer, "null_island", detail);
        }
        match (lat_e6, lon_e6, faults.is_empty()) {
            (Some(lat_e6), Some(lon_e6), true) => Ok(Self { lat_e6, lon_e6 }),
            (_, _, _) => Err(faults),
        }
    }

    /// Great-circle distance in whole kilometres, rounded up; 0 only for the same point.
    pub fn distance_km(self, other: Point) -> u32 {
        if self == other {
            return 0;
        }
        let radians = |e6: i32| f64::from(e6) / 1e6 * std::f64::consts::PI / 180.0;
        let (lat1, lat2) = (radians(self.lat_e6), radians(other.lat_e6));
        let dlat = lat2 - lat1;
        let dlon = radians(other.lon_e6) - radians(self.lon_e6);
        let a = libm::pow(libm::sin(dlat / 2.0), 2.0)
            + libm::cos(lat1) * libm::cos(lat2) * libm::pow(libm::sin(dlon / 2.0), 2.0);
        // Mean Earth radius, IUGG: 6371.0088 km.
        let km = 2.0 * 6371.0088 * libm::asin(libm::sqrt(a.clamp(0.0, 1.0)));
        whole_km(libm::ceil(km))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and 20,016 by the formula above"
)]
fn whole_km(km: f64) -> u32 {
    km.max(1.0) as u32
}

/// Where a place is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Stated coordinates.
    Exact,
    /// The point of its region.
    Region,
    /// Nowhere: no region and no point.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lat: &str, lon: &str) -> Result<Point, Violations> {
        Point::from_degrees("/point", lat.parse().unwrap(), lon.parse().unwrap())
    }

    #[test]
    fn known_distances() {
        let berlin = point("52.52", "13.405").unwrap();
        let paris = point("48.8566", "2.3522").unwrap();
        assert_eq!(berlin.distance_km(paris), 878);
        assert_eq!(berlin.distance_km(berlin), 0);
        assert_eq!(berlin.distance_km(paris), paris.distance_km(berlin));
    }

    #[test]
    fn geo_01_the_date_line_is_no_barrier() {
        let east = point("-17", "179.9").unwrap();
        let west = point("-17", "-179.9").unwrap();
        assert!(east.distance_km(west) < 25);
    }

    #[test]
    fn geo_02_impossible_points_are_refused() {
        let near_nothing = "0.0000001";
        for (lat, lon) in [("95", "10"), ("10", "181"), ("0", "0"), ("0.0", "-0"), (near_nothing, near_nothing)] {
            assert!(point(lat, lon).is_err(), "{lat} {lon}");
        }
        // The least 32-bit number has no positive counterpart.
        assert!(point("-2147.483648", "-2147.483648").is_err());
        assert_eq!(Point::new(i32::MIN, i32::MIN), None);
    }

    #[test]
    fn geo_07_the_pole_is_a_place() {
        let near = point("89.99", "0").unwrap();
        let over = point("89.99", "180").unwrap();
        assert!(near.distance_km(over) <= 3);
    }
}
