//! Regions: NUTS 2024 levels 0 to 3, ISO 3166-2 subdivisions, and the countries of the world, with
//! the codes and names that people really type.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};

use crate::{
    code::{CountryCode, RegionCode},
    digest::Digest,
    geo::Point,
    text,
    time::Day,
};

/// A country of ISO 3166-1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Country {
    /// Alpha-2 code, `GR` for Greece.
    pub code: CountryCode,
    /// English name.
    pub name: String,
    /// What people type for it: other languages, short forms, the NUTS prefix.
    pub aliases: Vec<String>,
    /// Its region of level 0: the NUTS prefix (`EL` for Greece), or the country code itself.
    pub region: RegionCode,
    /// First day in the European Union.
    pub eu_from: Option<Day>,
    /// Last day in it.
    pub eu_until: Option<Day>,
    /// Whether it is in EFTA.
    pub efta: bool,
}

impl Country {
    /// Whether it belongs to the European Union on a day.
    pub fn in_eu(&self, on: Day) -> bool {
        self.eu_from.is_some_and(|d| d <= on) && self.eu_until.is_none_or(|d| on <= d)
    }
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// 0 for a country, up to 3.
    pub level: u8,
    /// The region it lies in; `None` at level 0.
    pub parent: Option<RegionCode>,
    /// Its name.
    pub name: String,
    /// Its country.
    pub country: CountryCode,
    /// Its point, if known.
    pub point: Option<Point>,
    /// What else people type for it.
    pub aliases: Vec<String>,
}

/// A code that went out of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// The old code.
    pub code: String,
    /// The version it was last part of.
    pub version: String,
    /// What it became: one region, or several.
    pub successors: Vec<RegionCode>,
}

/// How a text was understood as a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// One region.
    One(RegionCode),
    /// A retired code that was split: every part of it.
    Split(Vec<RegionCode>),
    /// Nothing by that code or name; nearest known names.
    Unknown(Vec<String>),
}

/// What a table of regions is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionParts {
    /// Countries.
    pub countries: Vec<Country>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Codes that went out of use.
    pub retired: Vec<Retired>,
}

/// The list of regions and countries, with look-ups. It is written and read as its parts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "RegionParts", into = "RegionParts")]
pub struct RegionTable {
    regions: Vec<Region>,
    by_code: HashMap<String, usize>,
    countries: Vec<Country>,
    country_words: HashMap<String, usize>,
    /// In the order of the codes, so that equal tables are equal bytes.
    retired: BTreeMap<String, Retired>,
    names: HashMap<String, Vec<usize>>,
    /// Regions in which others lie.
    divided: HashSet<String>,
    digest: OnceLock<Digest>,
}

impl TryFrom<RegionParts> for RegionTable {
    type Error = String;

    fn try_from(parts: RegionParts) -> Result<Self, String> {
        Self::new(parts.countries, parts.regions, parts.retired)
    }
}

impl From<RegionTable> for RegionParts {
    fn from(table: RegionTable) -> Self {
        let retired = table.retired.into_values().collect();
        Self { countries: table.countries, regions: table.regions, retired }
    }
}

impl RegionTable {
    /// Builds the table. Errors name a parent, country or successor that does not exist.
    pub fn new(countries: Vec<Country>, regions: Vec<Region>, retired: Vec<Retired>) -> Result<Self, String> {
        let mut table = Self { regions, countries, ..Self::default() };
        for (i, r) in table.regions.iter().enumerate() {
            if table.by_code.insert(r.code.as_str().to_owned(), i).is_some() {
                return Err(format!("region {} is listed twice", r.code));
            }
            for word in std::iter::once(&r.name).chain(&r.aliases) {
                let hits = table.names.entry(text::squeeze(word)).or_default();
                if hits.last() != Some(&i) {
                    hits.push(i);
                }
            }
        }
        for (i, c) in table.countries.iter().enumerate() {
            let words = [c.code.as_str(), c.region.as_str(), c.name.as_str()];
            for word in words.into_iter().chain(c.aliases.iter().map(String::as_str)) {
                if let Some(other) = table.country_words.insert(text::squeeze(word), i).filter(|o| *o != i) {
                    return Err(format!(
                        "countries {} and {} both claim {word:?}",
                        table.countries[other].code, c.code
                    ));
                }
            }
            if !table.by_code.contains_key(c.region.as_str()) {
                return Err(format!("country {} names region {}, which is not listed", c.code, c.region));
            }
        }
        for r in &table.regions {
            if let Some(p) = &r.parent {
                let Some(outer) = table.get(p) else {
                    return Err(format!("region {} lies in {p}, which is not listed", r.code));
                };
                // So that the way up to the country ends.
                if outer.level >= r.level {
                    return Err(format!("region {} of level {} lies in {p} of level {}", r.code, r.level, outer.level));
                }
            }
            if table.country_by_code(&r.country).is_none() {
                return Err(format!("region {} names country {}, which is not listed", r.code, r.country));
            }
        }
        table.divided = table.regions.iter().filter_map(|r| Some(r.parent.as_ref()?.as_str().to_owned())).collect();
        for r in retired {
            if r.successors.is_empty() {
                return Err(format!("retired region {} names no successor", r.code));
            }
            if let Some(s) = r.successors.iter().find(|s| !table.by_code.contains_key(s.as_str())) {
                return Err(format!("retired region {} names successor {s}, which is not listed", r.code));
            }
            if table.by_code.contains_key(&r.code) {
                return Err(format!("region {} is both in use and retired", r.code));
            }
            table.retired.insert(r.code.clone(), r);
        }
        Ok(table)
    }

    /// What all of it hashes to, worked out once.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of_json(self))
    }

    /// All regions, in the order of the seed files.
    pub fn all(&self) -> &[Region] {
        &self.regions
    }

    /// All countries.
    pub fn countries(&self) -> &[Country] {
        &self.countries
    }

    /// The region of a code in use.
    pub fn get(&self, code: &RegionCode) -> Option<&Region> {
        self.by_code.get(code.as_str()).map(|i| &self.regions[*i])
    }

    /// The point that may stand for a place of which no more than the region is known; `None` for a country or a region of
    /// level 1 that is divided further, since nobody is at the middle of it (field case GEO-05).
    pub fn spot(&self, code: &RegionCode) -> Option<Point> {
        let region = self.get(code)?;
        region.point.filter(|_| region.level > 1 || !self.divided.contains(code.as_str()))
    }

    /// What a retired code became.
    pub fn retired(&self, code: &str) -> Option<&Retired> {
        self.retired.get(code)
    }

    /// A country by code, NUTS prefix, or any name people type (`UK`, `EL`, `Hellas`).
    pub fn country(&self, word: &str) -> Option<&Country> {
        self.country_words.get(&text::squeeze(word)).map(|i| &self.countries[*i])
    }

    fn country_by_code(&self, code: &CountryCode) -> Option<&Country> {
        self.country(code.as_str()).filter(|c| c.code == *code)
    }

    /// Whether a country belongs to the European Union on a day.
    pub fn in_eu(&self, code: &CountryCode, on: Day) -> bool {
        self.country_by_code(code).is_some_and(|c| c.in_eu(on))
    }

    /// Understands a code in use, a retired code, a country by any name, an ISO code inside a NUTS
    /// country (`GR30` for `EL30`, `UK` for `GB`), or a region's exact name.
    pub fn resolve(&self, typed: &str) -> Resolved {
        let upper = typed.trim().to_uppercase();
        if let Some(i) = self.by_code.get(&upper) {
            return Resolved::One(self.regions[*i].code.clone());
        }
        if let Some(r) = self.retired.get(&upper) {
            return match r.successors.as_slice() {
                [one] => Resolved::One(one.clone()),
                several => Resolved::Split(several.to_vec()),
            };
        }
        if let Some(rest) = upper.strip_prefix("GR").filter(|r| !r.is_empty() && r.len() <= 3)
            && let Some(i) = self.by_code.get(&format!("EL{rest}"))
        {
            return Resolved::One(self.regions[*i].code.clone());
        }
        if let Some(c) = self.country(typed) {
            return Resolved::One(c.region.clone());
        }
        // A text of nothing but marks folds to nothing, which names no place.
        let named = self.names.get(&text::squeeze(typed)).filter(|_| typed.chars().any(char::is_alphanumeric));
        let hits = named.map(Vec::as_slice).unwrap_or_default();
        match self.one_place(hits) {
            Some(i) => Resolved::One(self.regions[i].code.clone()),
            None => Resolved::Unknown(self.similar(typed, hits)),
        }
    }

    /// The finest region when all hits lie in one another (Berlin is level 1, 2 and 3 at once);
    /// never one of two places that share a name (field case IMP-20).
    fn one_place(&self, hits: &[usize]) -> Option<usize> {
        let finest = *hits.iter().max_by_key(|i| self.regions[**i].level)?;
        let nested = hits.iter().all(|i| self.lies_in(&self.regions[finest].code, &self.regions[*i].code));
        nested.then_some(finest)
    }

    fn similar(&self, typed: &str, hits: &[usize]) -> Vec<String> {
        let shown = |i: &usize| format!("{} {}", self.regions[*i].code, self.regions[*i].name);
        if !hits.is_empty() {
            return hits.iter().take(5).map(shown).collect();
        }
        let wanted = text::squeeze(typed);
        if wanted.len() < 3 {
            return Vec::new();
        }
        (0..self.regions.len())
            .filter(|i| text::squeeze(&self.regions[*i].name).contains(&wanted))
            .take(5)
            .map(|i| shown(&i))
            .collect()
    }

    /// Whether a region is `outer` or lies in it.
    pub fn lies_in(&self, inner: &RegionCode, outer: &RegionCode) -> bool {
        self.ancestors(inner).any(|r| r.code == *outer)
    }

    /// Whether one region lies in the other, or both are one.
    pub fn nested(&self, one: &RegionCode, other: &RegionCode) -> bool {
        self.lies_in(one, other) || self.lies_in(other, one)
    }

    /// A region, its parent, and so on up to its country.
    pub fn ancestors<'a>(&'a self, code: &RegionCode) -> impl Iterator<Item = &'a Region> {
        std::iter::successors(self.get(code), |r| r.parent.as_ref().and_then(|p| self.get(p)))
    }

    /// The ancestor of a level, or the region itself where it is coarser than that.
    pub fn at_level(&self, code: &RegionCode, level: u8) -> Option<&Region> {
        self.ancestors(code).find(|r| r.level <= level)
    }
}
