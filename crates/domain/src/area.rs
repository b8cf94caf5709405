//! Areas on the map, and whether they hold a point: whole micro-degrees and whole numbers throughout, so the
//! answer is exact and the same everywhere.

use crate::geo::Point;

/// A polygon with its holes. Its sides are straight in latitude and longitude, and do not cross the date line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area(Vec<Vec<Point>>);

/// The box around an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The southernmost latitude and the westernmost longitude.
    pub south_west: Point,
    /// The northernmost latitude and the easternmost longitude.
    pub north_east: Point,
}

impl Area {
    /// Of rings, the outer one and the holes in any order; a ring closes by itself. `None` where there is no ring,
    /// or where one has fewer than three corners.
    pub fn new(mut rings: Vec<Vec<Point>>) -> Option<Self> {
        for ring in &mut rings {
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
        }
        (!rings.is_empty() && rings.iter().all(|ring| ring.len() >= 3)).then_some(Self(rings))
    }

    /// Its rings, none of which repeats its first point.
    pub fn rings(&self) -> &[Vec<Point>] {
        &self.0
    }

    /// Whether a point lies in it: a ray to the east crosses its sides an odd number of times. A side counts
    /// without its upper end, so a point on the border of two areas lies in at most one of them.
    pub fn holds(&self, point: Point) -> bool {
        let sides = self.0.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
        sides.filter(|(from, to)| crosses(point, **from, **to)).count() % 2 == 1
    }

    /// The box around it.
    pub fn bounds(&self) -> Bounds {
        // `new` saw to it that there is a point; without one the box would be empty, and hold nothing.
        let mut bounds = Bounds {
            south_west: Point { lat_e6: i32::MAX, lon_e6: i32::MAX },
            north_east: Point { lat_e6: i32::MIN, lon_e6: i32::MIN },
        };
        for point in self.0.iter().flatten() {
            let Bounds { south_west, north_east } = &mut bounds;
            south_west.lat_e6 = south_west.lat_e6.min(point.lat_e6);
            south_west.lon_e6 = south_west.lon_e6.min(point.lon_e6);
            north_east.lat_e6 = north_east.lat_e6.max(point.lat_e6);
            north_east.lon_e6 = north_east.lon_e6.max(point.lon_e6);
        }
        bounds
    }
}

/// Whether the ray from a point to the east crosses a side.
fn crosses(point: Point, from: Point, to: Point) -> bool {
    if (from.lat_e6 > point.lat_e6) == (to.lat_e6 > point.lat_e6) {
        return false;
    }
    // Differences are at most 1.8 * 10^8 and 3.6 * 10^8, so that products stay below 10^17.
    let difference = |a: i32, b: i32| i64::from(a) - i64::from(b);
    let left = difference(to.lon_e6, from.lon_e6) * difference(point.lat_e6, from.lat_e6)
        - difference(point.lon_e6, from.lon_e6) * difference(to.lat_e6, from.lat_e6);
    if to.lat_e6 > from.lat_e6 { left > 0 } else { left < 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(i32, i32)]) -> Vec<Point> {
        corners.iter().map(|(lat, lon)| Point::new(lat * 1_000_000, lon * 1_000_000).unwrap()).collect()
    }

    fn at(lat: i32, lon: i32) -> Point {
        Point::new(lat * 100_000, lon * 100_000).unwrap()
    }

    #[test]
    fn a_hole_is_outside() {
        let outer = ring(&[(0, 0), (0, 10), (10, 10), (10, 0), (0, 0)]);
        let hole = ring(&[(4, 4), (6, 4), (6, 6), (4, 6)]);
        let area = Area::new(vec![outer, hole]).unwrap();
        for (lat, lon, inside) in [(10, 10, true), (50, 50, false), (50, 39, true), (-1, 50, false), (50, 101, false)] {
            assert_eq!(area.holds(at(lat, lon)), inside, "{lat} {lon}");
        }
        assert_eq!(area.rings()[0].len(), 4, "the closing point is not kept");
        assert_eq!((area.bounds().south_west, area.bounds().north_east), (at(0, 0), at(100, 100)));
    }

    #[test]
    fn the_way_around_does_not_matter_and_corners_count_once() {
        // A diamond: a ray through its corner meets two sides there.
        let clockwise = ring(&[(5, 0), (10, 5), (5, 10), (0, 5)]);
        let other: Vec<Point> = clockwise.iter().rev().copied().collect();
        for corners in [clockwise, other] {
            let area = Area::new(vec![corners]).unwrap();
            assert!(area.holds(at(50, 50)) && !area.holds(at(50, -10)) && !area.holds(at(50, 110)));
            assert!(!area.holds(at(10, 10)) && area.holds(at(30, 30)));
        }
    }

    #[test]
    fn a_point_on_a_common_border_lies_in_one_area() {
        let (west, east) = (ring(&[(0, 0), (0, 5), (9, 5), (9, 0)]), ring(&[(0, 5), (0, 9), (9, 9), (9, 5)]));
        let areas = [west, east].map(|corners| Area::new(vec![corners]).unwrap());
        for lat in [0, 1, 45, 89] {
            assert_eq!(areas.iter().filter(|area| area.holds(at(lat, 50))).count(), 1, "{lat}");
        }
    }

    #[test]
    fn the_widest_side_does_not_overflow() {
        let world = ring(&[(-90, -180), (-90, 180), (90, 180), (90, -180)]);
        assert!(Area::new(vec![world]).unwrap().holds(at(899, 1799)));
    }

    #[test]
    fn less_than_a_triangle_is_none() {
        assert_eq!(Area::new(vec![]), None);
        assert_eq!(Area::new(vec![ring(&[(0, 0), (1, 1), (0, 0)])]), None);
    }
}
