//! Lambert's azimuthal equal-area projection on the ellipsoid, and EPSG:3035, which is it around the middle of Europe.
//!
//! Formula: EPSG method 9820 as in IOGP Guidance Note 373-7-2; Snyder, "Map Projections: A Working Manual" (1987), page
//! 187.

use domain::geo::Point;

/// GRS 1980, the ellipsoid of ETRS89; it differs from that of WGS 84 by a tenth of a millimetre.
const SEMI_MAJOR: f64 = 6_378_137.0;
const INVERSE_FLATTENING: f64 = 298.257_222_101;

/// The projection around a centre: areas are true everywhere, shapes near the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Laea {
    lon0: f64,
    false_easting: f64,
    false_northing: f64,
    eccentricity: f64,
    q_pole: f64,
    radius: f64,
    sin_beta0: f64,
    cos_beta0: f64,
    stretch: f64,
}

fn radians(micro_degrees: i32) -> f64 {
    (f64::from(micro_degrees) / 1e6).to_radians()
}

/// Snyder's q: the area between the equator and a latitude, in a unit that makes the rest short.
fn q(sin_lat: f64, e: f64) -> f64 {
    let (e2, es) = (e * e, e * sin_lat);
    (1.0 - e2) * (sin_lat / (1.0 - es * es) - libm::log((1.0 - es) / (1.0 + es)) / (2.0 * e))
}

impl Laea {
    /// Around a centre, with the coordinates of that centre in metres east and north. At a pole it is not defined.
    pub(crate) fn new(centre: Point, false_easting: f64, false_northing: f64) -> Self {
        let flattening = 1.0 / INVERSE_FLATTENING;
        let eccentricity = (flattening * (2.0 - flattening)).sqrt();
        let (sin0, cos0) = (libm::sin(radians(centre.lat_e6)), libm::cos(radians(centre.lat_e6)));
        let q_pole = q(1.0, eccentricity);
        let sin_beta0 = q(sin0, eccentricity) / q_pole;
        let cos_beta0 = (1.0 - sin_beta0 * sin_beta0).max(0.0).sqrt();
        let radius = SEMI_MAJOR * (q_pole / 2.0).sqrt();
        let bent = eccentricity * sin0;
        let stretch = SEMI_MAJOR * cos0 / ((1.0 - bent * bent).sqrt() * radius * cos_beta0);
        let lon0 = radians(centre.lon_e6);
        Self { lon0, false_easting, false_northing, eccentricity, q_pole, radius, sin_beta0, cos_beta0, stretch }
    }

    /// EPSG:3035, ETRS89-extended / LAEA Europe: 52° N 10° E lies at 4,321,000 m east and 3,210,000 m north.
    pub(crate) fn europe() -> Self {
        Self::new(Point { lat_e6: 52_000_000, lon_e6: 10_000_000 }, 4_321_000.0, 3_210_000.0)
    }

    /// Metres east and north of a point. Near the far side of the Earth they grow beyond any map, but stay finite.
    pub(crate) fn project(&self, point: Point) -> (f64, f64) {
        let lon = radians(point.lon_e6) - self.lon0;
        let sin_beta = (q(libm::sin(radians(point.lat_e6)), self.eccentricity) / self.q_pole).clamp(-1.0, 1.0);
        let cos_beta = (1.0 - sin_beta * sin_beta).sqrt();
        let (sin_lon, cos_lon) = (libm::sin(lon), libm::cos(lon));
        let under = 1.0 + self.sin_beta0 * sin_beta + self.cos_beta0 * cos_beta * cos_lon;
        let reach = self.radius * (2.0 / under.max(1e-9)).sqrt();
        let east = reach * self.stretch * cos_beta * sin_lon;
        let north = reach / self.stretch * (self.cos_beta0 * sin_beta - self.sin_beta0 * cos_beta * cos_lon);
        (self.false_easting + east, self.false_northing + north)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> Point {
        let micro = |degrees: f64| format!("{:.0}", degrees * 1e6).parse().unwrap();
        Point::new(micro(lat), micro(lon)).unwrap()
    }

    #[track_caller]
    fn near(found: (f64, f64), wanted: (f64, f64), metres: f64) {
        let off = (found.0 - wanted.0).hypot(found.1 - wanted.1);
        assert!(off <= metres, "{found:?} is {off} m from {wanted:?}");
    }

    #[test]
    fn the_example_of_the_guidance_note() {
        // IOGP 373-7-2, method 9820: 50° N 5° E in EPSG:3035.
        near(Laea::europe().project(at(50.0, 5.0)), (3_962_799.45, 2_999_718.85), 0.01);
    }

    #[test]
    fn as_proj_has_it() {
        // EPSG:4258 to EPSG:3035 by PROJ 9.5.1, in metres east and north.
        for (lat, lon, east, north) in [
            (64.15, -21.94, 2_821_507.754, 4_912_019.100),
            (35.17, 33.36, 6_434_932.654, 1_669_964.489),
            (71.0, 25.8, 4_897_324.812, 5_384_125.075),
            (38.72, -9.14, 2_665_402.840, 1_946_531.124),
            (52.52, 13.405, 4_552_036.450, 3_273_268.274),
            (41.01, 28.98, 5_905_687.190, 2_190_409.611),
        ] {
            near(Laea::europe().project(at(lat, lon)), (east, north), 0.002);
        }
    }

    #[test]
    fn the_centre_has_the_false_coordinates() {
        near(Laea::europe().project(at(52.0, 10.0)), (4_321_000.0, 3_210_000.0), 1e-6);
    }

    #[test]
    fn areas_are_true() {
        // A quarter of a degree by a quarter; its area on the ellipsoid is the integral of the same q.
        let laea = Laea::europe();
        for (lat, lon) in [(35.0, 33.0), (64.0, -20.0), (52.0, 10.0), (70.0, 28.0)] {
            let step = 0.25;
            let corners =
                [(0.0, 0.0), (0.0, step), (step, step), (step, 0.0)].map(|(a, b)| laea.project(at(lat + a, lon + b)));
            let drawn: f64 =
                (0..4).map(|i| (corners[i], corners[(i + 1) % 4])).map(|(a, b)| (a.0 * b.1 - b.0 * a.1) / 2.0).sum();
            let sines = [lat, lat + step].map(|lat: f64| q(lat.to_radians().sin(), laea.eccentricity));
            let real = SEMI_MAJOR.powi(2) * step.to_radians() * (sines[1] - sines[0]) / 2.0;
            assert!((drawn.abs() / real - 1.0).abs() < 1e-4, "{lat} {lon}: {drawn} {real}");
        }
    }

    #[test]
    fn no_point_of_the_earth_breaks_it() {
        let laea = Laea::europe();
        for lat in [-90, -52, 0, 90] {
            for lon in [-180, -170, 0, 10, 180] {
                let (east, north) = laea.project(at(f64::from(lat), f64::from(lon)));
                assert!(east.is_finite() && north.is_finite(), "{lat} {lon}");
            }
        }
    }
}
