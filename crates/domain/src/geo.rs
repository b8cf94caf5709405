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

/// Mean Earth radius, IUGG.
const EARTH_KM: f64 = 6371.0088;

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
        let km = 2.0 * EARTH_KM * libm::asin(libm::sqrt(a.clamp(0.0, 1.0)));
        whole_km(libm::ceil(km)).max(1)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 20,016 by the formulas")]
fn whole_km(km: f64) -> u32 {
    km as u32
}

/// A point made ready for many distances: its place on a sphere of radius 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    point: Point,
    at: [f64; 3],
}

/// Around a whole kilometre, and beyond the chord of about 18,200 km, the formula decides alone.
const DOUBT_KM: f64 = 1e-6;
const FAR: f64 = 0.99;

impl Place {
    /// The place of a point.
    pub fn new(point: Point) -> Self {
        let radians = |e6: i32| f64::from(e6) / 1e6 * std::f64::consts::PI / 180.0;
        let (lat, lon) = (radians(point.lat_e6), radians(point.lon_e6));
        let across = libm::cos(lat);
        Self { point, at: [across * libm::cos(lon), across * libm::sin(lon), libm::sin(lat)] }
    }

    /// The point.
    pub fn point(&self) -> Point {
        self.point
    }

    /// The same whole kilometres as [`Point::distance_km`], sooner: from the chord where rounding
    /// cannot matter. Both ways err by less than 10^-9 km up to `FAR`, a thousandth of the doubt.
    pub fn distance_km(&self, other: &Place) -> u32 {
        let [x, y, z] = std::array::from_fn(|i| self.at[i] - other.at[i]);
        let half_chord = (x * x + y * y + z * z).sqrt() / 2.0;
        if half_chord < FAR {
            let km = 2.0 * EARTH_KM * libm::asin(half_chord);
            let full = whole_km(km);
            let rest = km - f64::from(full);
            if rest > DOUBT_KM && rest < 1.0 - DOUBT_KM {
                return full + 1;
            }
        }
        self.point.distance_km(other.point)
    }

    /// Whole kilometres that [`distance_km`](Self::distance_km) is not below, without a sine: the chord is
    /// shorter than the arc.
    pub fn at_least_km(&self, other: &Place) -> u32 {
        let [x, y, z] = std::array::from_fn(|i| self.at[i] - other.at[i]);
        whole_km(EARTH_KM * (x * x + y * y + z * z).sqrt())
    }
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
    fn a_place_is_as_far_as_its_point() {
        // A fixed stream of points: far ones, near ones, ones a kilometre apart and on one meridian.
        let mut state = 1u64;
        let mut draw = |most: i32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i32::try_from((state >> 33) % (2 * u64::try_from(most).unwrap() + 1)).unwrap() - most
        };
        let held = |a: Point, b: Point| {
            let (one, other) = (Place::new(a), Place::new(b));
            assert_eq!(one.distance_km(&other), a.distance_km(b), "{a:?} {b:?}");
            assert!(one.at_least_km(&other) <= a.distance_km(b), "{a:?} {b:?}");
        };
        for round in 0..200_000 {
            let a = Point::new(draw(90_000_000), draw(180_000_000)).unwrap();
            held(a, Point::new(draw(90_000_000), draw(180_000_000)).unwrap());
            held(a, Point::new(-a.lat_e6, if a.lon_e6 > 0 { a.lon_e6 - 180_000_000 } else { a.lon_e6 }).unwrap());
            for spread in [1, 1_000, 100_000, 5_000_000] {
                let near = Point::new(a.lat_e6 + draw(spread), a.lon_e6 + draw(spread));
                near.into_iter().for_each(|b| held(a, b));
            }
            // Along a meridian, 8,993 micro-degrees are a kilometre less a hair.
            let steps = round % 2_000 * 8_993;
            Point::new(a.lat_e6 + steps, a.lon_e6).into_iter().for_each(|b| held(a, b));
        }
        let pole = point("90", "0").unwrap();
        held(pole, point("90", "77").unwrap());
        held(pole, point("-90", "0").unwrap());
        held(pole, pole);
    }

    #[test]
    fn geo_07_the_pole_is_a_place() {
        let near = point("89.99", "0").unwrap();
        let over = point("89.99", "180").unwrap();
        assert!(near.distance_km(over) <= 3);
    }
}
