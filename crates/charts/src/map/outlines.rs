//! The outlines of countries, as `assets/make.py` prepared them: paths of SVG on kilometres of EPSG:3035 for Europe,
//! and on a projection of its own for each outermost region.

use domain::geo::Point;

use crate::projection::Laea;

static ASSET: &str = include_str!("../../assets/outlines.txt");

/// A country's code of ISO 3166-1 (empty where it has none) and its outline.
pub(super) struct Outline {
    pub(super) code: &'static str,
    pub(super) path: &'static str,
}

/// A box of the asset in which outlines are drawn.
pub(super) struct Sheet {
    /// Empty for Europe, else the region's code.
    pub(super) code: &'static str,
    /// Width and height in units of the outlines.
    pub(super) size: (f64, f64),
    /// Their units in a kilometre.
    units: f64,
    /// How far outside the box lines were cut, in units.
    margin: f64,
    /// Metres east and north of the upper left corner.
    corner: (f64, f64),
    laea: Laea,
    pub(super) outlines: Vec<Outline>,
}

impl Sheet {
    fn europe(fields: &[f64]) -> Option<Self> {
        let [left, top, width, height, margin] = fields.try_into().ok()?;
        let corner = (left * 1e3, top * 1e3);
        let laea = Laea::europe();
        Some(Self { code: "", size: (width, height), units: 1.0, margin, corner, laea, outlines: Vec::new() })
    }

    fn inset(code: &'static str, fields: &[f64]) -> Option<Self> {
        let [lat, lon, half_width, half_height, units] = fields.try_into().ok()?;
        let laea = Laea::new(Point::new(micro(lat)?, micro(lon)?)?, 0.0, 0.0);
        let size = (2.0 * half_width * units, 2.0 * half_height * units);
        let corner = (-half_width * 1e3, half_height * 1e3);
        Some(Self { code, size, units, margin: 0.0, corner, laea, outlines: Vec::new() })
    }

    /// Where a point lies, in units of the outlines from the upper left corner of the box; `None` outside of it.
    pub(super) fn place(&self, point: Point) -> Option<(f64, f64)> {
        let (east, north) = self.laea.project(point);
        let x = (east - self.corner.0) / 1e3 * self.units - self.margin;
        let y = (self.corner.1 - north) / 1e3 * self.units - self.margin;
        let inside = (0.0..=self.size.0).contains(&x) && (0.0..=self.size.1).contains(&y);
        inside.then_some((x, y))
    }

    /// Attributes that put the outlines into a drawing, with the corner of the box at a place.
    pub(super) fn transform(&self, x: f64, y: f64, scale: f64) -> String {
        let (x, y) = (x - self.margin * scale, y - self.margin * scale);
        format!("transform=\"translate({x:.2} {y:.2}) scale({scale:.5})\"")
    }
}

fn micro(degrees: f64) -> Option<i32> {
    format!("{:.0}", degrees * 1e6).parse().ok()
}

/// All sheets, Europe first. A line that cannot be read is left out; a test holds that there is none.
pub(super) fn sheets() -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = Vec::new();
    for line in ASSET.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&'static str> = line.split('\t').collect();
        let numbers = |fields: &[&str]| fields.iter().filter_map(|field| field.parse().ok()).collect::<Vec<f64>>();
        match fields.as_slice() {
            ["map", rest @ ..] => sheets.extend(Sheet::europe(&numbers(rest))),
            ["inset", code, rest @ ..] => sheets.extend(Sheet::inset(code, &numbers(rest))),
            [code, path] => {
                if let Some(sheet) = sheets.last_mut() {
                    sheet.outlines.push(Outline { code, path });
                }
            }
            [] | [_] | [_, _, _, ..] => {}
        }
    }
    sheets
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The corners of a path of the asset: whole numbers, M and l and z.
    fn rings(path: &str) -> Vec<Vec<(f64, f64)>> {
        path.split('M')
            .filter(|ring| !ring.is_empty())
            .map(|ring| {
                let spaced = ring.trim_end_matches('z').replace('l', " ").replace('-', " -");
                let numbers: Vec<f64> = spaced.split_whitespace().map(|number| number.parse().unwrap()).collect();
                let mut at = (0.0, 0.0);
                numbers
                    .chunks(2)
                    .map(|step| {
                        at = (at.0 + step[0], at.1 + step[1]);
                        at
                    })
                    .collect()
            })
            .collect()
    }

    fn inside(rings: &[Vec<(f64, f64)>], (x, y): (f64, f64)) -> bool {
        let crossings = rings
            .iter()
            .flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)))
            .filter(|(a, b)| (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0);
        crossings.count() % 2 == 1
    }

    /// The countries in whose outline a point of a sheet lies.
    fn countries_at(sheet: &Sheet, lat: f64, lon: f64) -> Vec<&'static str> {
        let point = Point::new(micro(lat).unwrap(), micro(lon).unwrap()).unwrap();
        let (x, y) = sheet.place(point).unwrap_or_else(|| panic!("{lat} {lon} is not on {}", sheet.code));
        let at = (x + sheet.margin, y + sheet.margin);
        sheet.outlines.iter().filter(|outline| inside(&rings(outline.path), at)).map(|outline| outline.code).collect()
    }

    #[test]
    fn every_line_is_read_and_stays_in_its_box() {
        let sheets = sheets();
        let lines = ASSET.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(sheets.iter().map(|sheet| 1 + sheet.outlines.len()).sum::<usize>(), lines);
        let codes: Vec<&str> = sheets.iter().map(|sheet| sheet.code).collect();
        assert_eq!(codes, ["", "ES7", "PT20", "PT30", "FRY1", "FRY2", "FRY3", "FRY4", "FRY5"]);
        for sheet in &sheets {
            let (width, height) = (sheet.size.0 + 2.0 * sheet.margin, sheet.size.1 + 2.0 * sheet.margin);
            for outline in &sheet.outlines {
                assert!(outline.path.chars().all(|letter| "Mlz -0123456789".contains(letter)), "{}", outline.code);
                let corners = rings(outline.path).concat();
                assert!(
                    corners.iter().all(|(x, y)| (0.0..=width).contains(x) && (0.0..=height).contains(y)),
                    "{}",
                    outline.code
                );
            }
        }
    }

    #[test]
    fn the_asset_is_small() {
        assert!(ASSET.len() < 60_000, "{} bytes", ASSET.len());
    }

    #[test]
    fn places_lie_in_their_country() {
        let sheets = sheets();
        for (lat, lon, code) in [
            (48.85, 2.35, "FR"),
            (52.52, 13.40, "DE"),
            (40.42, -3.70, "ES"),
            (64.8, -18.5, "IS"),
            (39.93, 9.1, "IT"),
            (35.0, 33.2, "CY"),
            (35.3, 33.5, ""),
            (35.24, 24.8, "GR"),
            (68.5, 23.0, "FI"),
            (35.89, 14.44, "MT"),
            (42.6, 21.0, "XK"),
            (53.35, -7.0, "IE"),
            (49.61, 6.13, "LU"),
            (39.0, 29.0, "TR"),
        ] {
            assert_eq!(countries_at(&sheets[0], lat, lon), [code], "{lat} {lon}");
        }
        for (lat, lon, sheet) in [
            (28.3, -16.55, 1),
            (32.75, -17.0, 3),
            (14.65, -61.0, 5),
            (4.0, -53.0, 6),
            (-21.12, 55.53, 7),
            (-12.8, 45.15, 8),
        ] {
            let country = if sheet == 1 {
                "ES"
            } else if sheet == 3 {
                "PT"
            } else {
                "FR"
            };
            assert_eq!(countries_at(&sheets[sheet], lat, lon), [country], "{lat} {lon}");
        }
    }
}
