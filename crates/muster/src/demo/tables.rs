//! The demo's tables under `seeds/demo`: what people may edit, read and checked.

use std::{collections::BTreeMap, fmt, str::FromStr};

use anyhow::{Context, Result, anyhow, bail};
use domain::time::Day;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// Everything the generator draws from.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) places: Vec<Place>,
    pub(super) closures: Vec<Closure>,
    pub(super) countries: Vec<Country>,
    pub(super) clusters: Vec<Cluster>,
    pub(super) archetypes: Vec<Archetype>,
    pub(super) buyers: Vec<Buyer>,
    pub(super) wants: Vec<Want>,
    pub(super) habits: Habits,
    pub(super) situations: Vec<Situation>,
}

impl Tables {
    /// The tables inside the binary.
    pub(super) fn embedded() -> Result<Self> {
        Ok(Self {
            places: rows("places.csv", include_str!("../../../../seeds/demo/places.csv"))?,
            closures: rows("closures.csv", include_str!("../../../../seeds/demo/closures.csv"))?,
            countries: rows("countries.csv", include_str!("../../../../seeds/demo/countries.csv"))?,
            clusters: rows("clusters.csv", include_str!("../../../../seeds/demo/clusters.csv"))?,
            archetypes: rows("archetypes.csv", include_str!("../../../../seeds/demo/archetypes.csv"))?,
            buyers: rows("buyers.csv", include_str!("../../../../seeds/demo/buyers.csv"))?,
            wants: rows("wants.csv", include_str!("../../../../seeds/demo/wants.csv"))?,
            habits: Habits::new(rows("habits.csv", include_str!("../../../../seeds/demo/habits.csv"))?),
            situations: rows("situations.csv", include_str!("../../../../seeds/demo/situations.csv"))?,
        })
    }
}

fn rows<T: DeserializeOwned>(file: &str, text: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().collect::<Result<Vec<T>, _>>();
    rows.with_context(|| format!("seeds/demo/{file} has a broken row"))
}

/// Choices with weights, written `a:60|b:40`; what is missing to 100 is "nothing of it".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weighted(pub(super) Vec<(String, u32)>);

impl Weighted {
    pub(super) fn each(&self) -> impl Iterator<Item = (&String, u32)> + Clone {
        self.0.iter().map(|(word, weight)| (word, *weight))
    }
}

impl FromStr for Weighted {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let one = |part: &str| {
            let (word, weight) = part.rsplit_once(':').ok_or_else(|| anyhow!("{part:?} lacks its weight: a:60"))?;
            Ok((word.to_owned(), weight.parse().with_context(|| format!("{part:?} has no whole number as weight"))?))
        };
        if text == "-" {
            return Ok(Self(Vec::new()));
        }
        text.split('|').map(one).collect::<Result<_>>().map(Self)
    }
}

/// Several things, each present in so many of a hundred cases, written `a:60;b:10`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chances(pub(super) Vec<(String, u32)>);

impl FromStr for Chances {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        Weighted::from_str(&text.replace(';', "|")).map(|w| Self(w.0))
    }
}

/// Features with their values and weights, written `size=S:50|M:50;sterile=yes:20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Features(pub(super) Vec<(String, Weighted)>);

impl FromStr for Features {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "-" {
            return Ok(Self(Vec::new()));
        }
        let one = |part: &str| {
            let (feature, values) = part.split_once('=').ok_or_else(|| anyhow!("{part:?} is not feature=value:60"))?;
            Ok((feature.to_owned(), values.parse()?))
        };
        text.split(';').map(one).collect::<Result<_>>().map(Self)
    }
}

/// Requirements, each asked for in so many of a hundred needs, written `sterile=yes:70;size=M:5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asks(pub(super) Vec<(String, String, u32)>);

impl FromStr for Asks {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let features: Features = text.parse()?;
        let flat = |(feature, values): (String, Weighted)| {
            values.0.into_iter().map(move |(value, weight)| (feature.clone(), value, weight))
        };
        Ok(Self(features.0.into_iter().flat_map(flat).collect()))
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(d: D) -> Result<T, D::Error> {
    let text = String::deserialize(d)?;
    text.parse().map_err(|fault| serde::de::Error::custom(format!("{text:?}: {fault:#}")))
}

fn day<'de, D: Deserializer<'de>>(d: D) -> Result<Day, D::Error> {
    Day::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
}

fn optional_day<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Day>, D::Error> {
    let text = Option::<String>::deserialize(d)?.filter(|t| !t.is_empty());
    text.map(|t| Day::parse(&t).map_err(serde::de::Error::custom)).transpose()
}

fn words<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    Ok(String::deserialize(d)?.split(';').filter(|w| !w.is_empty()).map(str::to_owned).collect())
}

/// Where offers and needs come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) region: String,
    pub(super) supply: u32,
    pub(super) need: u32,
    #[expect(dead_code, reason = "for whoever reads the table")]
    pub(super) why: String,
}

/// When a country does not work around Easter 2020.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closure {
    pub(super) country: String,
    #[serde(deserialize_with = "day")]
    pub(super) from: Day,
    #[serde(deserialize_with = "day")]
    pub(super) until: Day,
    #[expect(dead_code, reason = "for whoever reads the table")]
    pub(super) name: String,
}

/// Zone and money of a country, with about what a thousand euro were in April 2020.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Country {
    pub(super) country: String,
    pub(super) zone: String,
    pub(super) currency: String,
    pub(super) per_thousand_euro: i64,
}

/// A cluster organisation; one with an end is temporary.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) region: String,
    #[serde(deserialize_with = "optional_day")]
    pub(super) until: Option<Day>,
    #[serde(deserialize_with = "words")]
    pub(super) families: Vec<String>,
    #[expect(dead_code, reason = "for whoever reads the table")]
    pub(super) why: String,
}

/// A kind of offer. Quantities are in the product's trade unit, prices in euro per base unit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Archetype {
    pub(super) product: String,
    pub(super) offers: u32,
    #[serde(deserialize_with = "words")]
    pub(super) activity: Vec<String>,
    #[serde(deserialize_with = "parsed")]
    pub(super) grades: Weighted,
    #[serde(deserialize_with = "parsed")]
    pub(super) features: Features,
    pub(super) weekly_min: i64,
    pub(super) weekly_max: i64,
    pub(super) stock: u32,
    pub(super) running: u32,
    pub(super) convertible: u32,
    pub(super) decided: u32,
    pub(super) days_min: i64,
    pub(super) days_max: i64,
    pub(super) ramp_max: i64,
    pub(super) lead_max: i64,
    #[serde(deserialize_with = "parsed")]
    pub(super) price_min: Micros,
    #[serde(deserialize_with = "parsed")]
    pub(super) price_max: Micros,
    pub(super) currency_share: u32,
    #[serde(deserialize_with = "parsed")]
    pub(super) certificates: Chances,
    #[expect(dead_code, reason = "for whoever reads the table")]
    pub(super) source: String,
}

/// A kind of buyer; the tiers are weights.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Buyer {
    pub(super) buyer: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) organisations: u32,
    pub(super) factor: i64,
    pub(super) critical: u32,
    pub(super) high: u32,
    pub(super) normal: u32,
    pub(super) low: u32,
    #[expect(dead_code, reason = "for whoever reads the table")]
    pub(super) why: String,
}

/// What is needed of a product. Quantities are a week's, in the trade unit; caps in euro per base unit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Want {
    pub(super) product: String,
    pub(super) needs: u32,
    #[serde(deserialize_with = "parsed")]
    pub(super) buyers: Weighted,
    #[serde(deserialize_with = "parsed")]
    pub(super) grades: Weighted,
    #[serde(deserialize_with = "parsed")]
    pub(super) substitutions: Chances,
    #[serde(deserialize_with = "parsed")]
    pub(super) required: Asks,
    #[serde(deserialize_with = "parsed")]
    pub(super) preferred: Asks,
    #[serde(deserialize_with = "parsed")]
    pub(super) certificates: Chances,
    pub(super) weekly_min: i64,
    pub(super) weekly_max: i64,
    #[serde(deserialize_with = "parsed")]
    pub(super) cap_min: Micros,
    #[serde(deserialize_with = "parsed")]
    pub(super) cap_max: Micros,
    #[expect(dead_code, reason = "for whoever reads the table")]
    pub(super) why: String,
}

/// One offer and one need next to each other with one thing between them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Situation {
    pub(super) reason: String,
    pub(super) product: String,
    pub(super) grade: String,
    pub(super) other: String,
    pub(super) offered: i64,
    pub(super) asked: i64,
    #[serde(deserialize_with = "day")]
    pub(super) due: Day,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) buyer: String,
    pub(super) story: String,
}

/// Millionths of a currency, written as a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Micros(pub(super) i64);

impl FromStr for Micros {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let decimal: domain::decimal::Decimal = text.parse()?;
        let micros = decimal.scaled_to_whole(1_000_000, 1).and_then(|m| i64::try_from(m).ok());
        micros.map(Self).ok_or_else(|| anyhow!("{text} has more than six decimals"))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HabitRow {
    name: String,
    percent: u32,
    #[expect(dead_code, reason = "for whoever reads the table")]
    what: String,
}

/// How often things happen, in percent, by name.
#[derive(Debug)]
pub(super) struct Habits(BTreeMap<String, u32>);

impl Habits {
    fn new(rows: Vec<HabitRow>) -> Self {
        Self(rows.into_iter().map(|r| (r.name, r.percent)).collect())
    }

    /// The percentage of a habit; one that is not in the table is a broken table.
    pub(super) fn of(&self, name: &str) -> Result<u32> {
        match self.0.get(name) {
            Some(percent) => Ok(*percent),
            None => bail!("seeds/demo/habits.csv lacks the row {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_tables_are_sound() {
        let tables = Tables::embedded().unwrap();
        assert!(tables.archetypes.iter().map(|a| a.offers).sum::<u32>() >= 1_000);
        assert!(tables.wants.iter().map(|w| w.needs).sum::<u32>() >= 300);
    }

    #[test]
    fn a_broken_row_is_named_with_its_line() {
        let text = "region,supply,need,why\nITC4C,6,9,a\nITC46,many,1,b\n";
        let fault = format!("{:#}", rows::<Place>("places.csv", text).unwrap_err());
        assert!(fault.contains("places.csv") && fault.contains("line: 3"), "{fault}");
    }

    #[test]
    fn lists_with_weights_are_read() {
        assert_eq!("a:60|b:40".parse::<Weighted>().unwrap().0, [("a".to_owned(), 60), ("b".to_owned(), 40)]);
        assert_eq!("ffp/KN95:40;ffp/N95:35".parse::<Chances>().unwrap().0.len(), 2);
        assert_eq!("sterile=yes:70".parse::<Asks>().unwrap().0, [("sterile".to_owned(), "yes".to_owned(), 70)]);
        assert!("a".parse::<Weighted>().is_err());
        assert!("sterile:70".parse::<Features>().is_err());
    }
}
