//! Mappings: what a foreign file's columns and words mean, in TOML.
//!
//! ```toml
//! kind = "offers"                   # or "needs"
//! source = "getusppe"               # with the external id it names a record for good
//! locale = "de"                     # numbers 1.234,5 and dates 31.12.2020; or dot, comma, none
//! date_format = "DD.MM.YYYY"        # YYYY-MM-DD, DD/MM/YYYY, MM/DD/YYYY, or instant (with a time)
//! encoding = "windows-1252"         # or utf-8, utf-16
//! delimiter = ";"
//! external_id = ["order", "item"]   # columns that name a row together
//! repeated = "number"               # an external id again, with other content: refuse, number, instalments
//! unknown_region = "flag"           # keep such a row without a place; refuse where absent
//! ignore = ["Internal remark"]      # columns left out; ignore_unknown = true for all unknown ones
//!
//! [clock]
//! today = "2020-07-20"              # the day a historic file is read as of
//!
//! [columns]                         # column of ours = header of theirs
//! product = "equipmentEnum"
//!
//! [constants]                       # where there is no column, or the cell is blank
//! per = "week"
//! due_days = 30                     # a need is due that many days after today
//! as_of_days = 2                    # figures stand for that many days before today
//!
//! [prefixes]                        # put before every cell
//! organisation = "Donor "
//!
//! [values.product]                  # their word = ours, or several columns at once
//! n95 = { product = "ffp", grade = "N95" }
//! gloves = { product = "gloves-exam", unit = "XBX", pack_size = 100 }
//!
//! [values.region]
//! albama = "US-AL"
//! TD = { unknown = "no state" }     # keep the row without a place, flagged
//! test1 = { refuse = "a test entry" }
//! ```

use std::collections::{BTreeMap, HashMap};

use domain::{text, time::Day, violation::Violations};
use serde::Deserialize;

use super::{DateFormat, Field, Kind};
use crate::{encoding::Encoding, number::Locale};

/// The mappings that come with the program, by file name.
pub const SHIPPED: [(&str, &str); 3] = [
    ("getusppe_offers.toml", include_str!("../../../../seeds/mappings/getusppe_offers.toml")),
    ("getusppe_donors.toml", include_str!("../../../../seeds/mappings/getusppe_donors.toml")),
    ("getusppe_recipients.toml", include_str!("../../../../seeds/mappings/getusppe_recipients.toml")),
];

/// What to do when an external id comes again with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeated {
    /// The later row is a row error; the rule for offers.
    Refuse,
    /// The later row is a record of its own, `id#2`, `id#3` in the order of the file.
    Number,
    /// The rows are instalments of one need; the rule for needs.
    Instalments,
}

/// What to do with a region that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRegion {
    /// The row is rejected.
    #[default]
    Refuse,
    /// The row is kept without a place and flagged.
    Flag,
}

/// What a word of theirs stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// These columns hold these words.
    Words(Vec<(Field, String)>),
    /// Nothing that is known: the row is kept without it, with this remark.
    Unknown(String),
    /// The row is no record, for this reason.
    Refuse(String),
}

/// What a foreign file's columns and words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Offers or needs.
    pub kind: Kind,
    /// The system the file comes from.
    pub source: Option<String>,
    /// How it writes numbers.
    pub locale: Locale,
    /// How it writes dates.
    pub dates: DateFormat,
    /// Its encoding, where it is not to be told from a byte order mark.
    pub encoding: Option<Encoding>,
    /// Its delimiter, where it is not to be detected.
    pub delimiter: Option<char>,
    /// Headers left out.
    pub ignore: Vec<String>,
    /// Whether every unknown column is left out.
    pub ignore_unknown: bool,
    /// Headers that together are the external id.
    pub external_id: Vec<String>,
    /// What a repeated external id means.
    pub repeated: Repeated,
    /// What an unreadable region means.
    pub unknown_region: UnknownRegion,
    /// The day the file is read as of.
    pub today: Option<Day>,
    /// Days from that day to the due date of a need that states none.
    pub due_days: Option<i32>,
    /// Days from the as-of date of an offer that states none to that day.
    pub as_of_days: Option<i32>,
    /// Header of each column that is not headed by a name of ours.
    pub columns: BTreeMap<Field, String>,
    /// Words of columns that the file lacks, or leaves blank.
    pub constants: BTreeMap<Field, String>,
    /// What to put before each cell of a column.
    pub prefixes: BTreeMap<Field, String>,
    /// What words of theirs stand for, by folded word.
    pub values: BTreeMap<Field, HashMap<String, Replacement>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: Kind,
    source: Option<String>,
    locale: Option<String>,
    date_format: Option<String>,
    encoding: Option<Encoding>,
    delimiter: Option<String>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    ignore_unknown: bool,
    #[serde(default)]
    external_id: Vec<String>,
    repeated: Option<Repeated>,
    #[serde(default)]
    unknown_region: UnknownRegion,
    #[serde(default)]
    clock: Clock,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    constants: BTreeMap<String, toml::Value>,
    #[serde(default)]
    prefixes: BTreeMap<String, String>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    today: Option<String>,
}

impl Mapping {
    /// The mapping of files headed by our own names, in UTF-8, with numbers that read one way only.
    pub fn plain(kind: Kind) -> Self {
        Self {
            kind,
            source: None,
            locale: Locale::None,
            dates: DateFormat::Iso,
            encoding: None,
            delimiter: None,
            ignore: Vec::new(),
            ignore_unknown: false,
            external_id: Vec::new(),
            repeated: usual_repeat(kind),
            unknown_region: UnknownRegion::Refuse,
            today: None,
            due_days: None,
            as_of_days: None,
            columns: BTreeMap::new(),
            constants: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    /// The text of a mapping that comes with the program, by its file name with or without `.toml`.
    pub fn shipped(name: &str) -> Option<&'static str> {
        let bare = |n: &str| n.strip_suffix(".toml").unwrap_or(n).to_owned();
        SHIPPED.iter().find(|(n, _)| bare(n) == bare(name)).map(|(_, text)| *text)
    }

    /// Reads a mapping; every fault at once, each with a pointer into the TOML.
    pub fn parse(toml: &str) -> Result<Self, Violations> {
        let written: Written = toml::from_str(toml).map_err(|e| {
            let at = e.span().map_or(1, |s| 1 + toml.get(..s.start).map_or(0, |t| t.matches('\n').count()));
            Violations::one("", "bad_mapping", format!("line {at}: {}; correct the mapping file", e.message()))
        })?;
        let mut faults = Violations::new();
        let kind = written.kind;
        let mut mapping = Self {
            source: written.source.and_then(|s| faults.keep(text::name("/source", &s))),
            encoding: written.encoding,
            ignore: written.ignore,
            ignore_unknown: written.ignore_unknown,
            external_id: written.external_id,
            repeated: written.repeated.unwrap_or(usual_repeat(kind)),
            unknown_region: written.unknown_region,
            ..Self::plain(kind)
        };
        if kind == Kind::Offers && mapping.repeated == Repeated::Instalments {
            let detail = "\"instalments\" is for needs; write \"refuse\" or \"number\"";
            faults.push("/repeated", "unknown_value", detail);
        }
        mapping.read_formats(written.locale, written.date_format, written.delimiter, &mut faults);
        if let Some(day) = written.clock.today {
            match Day::parse(&day) {
                Ok(day) => mapping.today = Some(day),
                Err(detail) => faults.push("/clock/today", "bad_date", detail),
            }
        }
        for (name, header) in written.columns {
            if let Some(field) = faults.keep(field("/columns", &name, kind)) {
                mapping.columns.insert(field, header);
            }
        }
        mapping.read_constants(written.constants, &mut faults);
        for (name, prefix) in written.prefixes {
            if let Some(field) = faults.keep(field("/prefixes", &name, kind)) {
                mapping.prefixes.insert(field, prefix);
            }
        }
        for (name, words) in written.values {
            let pointer = format!("/values/{name}");
            let Some(of) = faults.keep(field("/values", &name, kind)) else { continue };
            let mut table = HashMap::new();
            for (word, value) in words {
                let pointer = format!("{pointer}/{word}");
                let Some(replacement) = faults.keep(replacement(&pointer, &of, &value, kind)) else { continue };
                if table.insert(text::fold(&word), replacement).is_some() {
                    let detail = format!("{word:?} stands there twice, case and accents aside; remove one");
                    faults.push(pointer, "stated_twice", detail);
                }
            }
            mapping.values.insert(of, table);
        }
        faults.into_result()?;
        Ok(mapping)
    }

    fn read_formats(
        &mut self,
        locale: Option<String>,
        date_format: Option<String>,
        delimiter: Option<String>,
        faults: &mut Violations,
    ) {
        if let Some(word) = locale {
            match Locale::parse(&word) {
                Some(locale) => self.locale = locale,
                None => {
                    let detail =
                        format!("{word:?} is no number format; write dot, comma, none, or a language such as de");
                    faults.push("/locale", "unknown_value", detail);
                }
            }
            self.dates = DateFormat::usual_in(&word);
        }
        if let Some(word) = date_format {
            match DateFormat::parse(&word) {
                Some(format) => self.dates = format,
                None => {
                    let names: Vec<&str> = DateFormat::ALL.iter().map(|f| f.as_str()).collect();
                    let detail = format!("{word:?} is no date format; write one of: {}", names.join(", "));
                    faults.push("/date_format", "unknown_value", detail);
                }
            }
        }
        if let Some(word) = delimiter {
            let mut chars = word.chars();
            match (chars.next(), chars.next()) {
                (Some(d), None) if !d.is_alphanumeric() && !matches!(d, '"' | '\n' | '\r') => self.delimiter = Some(d),
                (_, _) => {
                    let detail = format!("{word:?} is no delimiter; write one character such as \";\" or \"\\t\"");
                    faults.push("/delimiter", "unknown_value", detail);
                }
            }
        }
    }

    fn read_constants(&mut self, written: BTreeMap<String, toml::Value>, faults: &mut Violations) {
        for (name, value) in written {
            let pointer = format!("/constants/{name}");
            match name.as_str() {
                "due_days" | "as_of_days" => {
                    let days =
                        value.as_integer().and_then(|d| i32::try_from(d).ok()).filter(|d| (0..=3_650).contains(d));
                    if days.is_none() {
                        let detail = format!("{value} is no number of days; write a whole number from 0 to 3650");
                        faults.push(&pointer, "out_of_range", detail);
                    }
                    match (name.as_str(), self.kind) {
                        ("due_days", Kind::Needs) => self.due_days = days,
                        ("as_of_days", Kind::Offers) => self.as_of_days = days,
                        (_, kind) => {
                            faults.push(pointer, "unknown_value", format!("{name} is not for {kind}; remove it"));
                        }
                    }
                }
                // Also understood here, since it is a constant of every row.
                "source" => match value.as_str().map(|s| text::name(&pointer, s)) {
                    Some(source) => self.source = faults.keep(source),
                    None => faults.push(pointer, "wrong_type", format!("{value} is no text; write it in quotes")),
                },
                _ => {
                    let word = faults.keep(scalar(&pointer, &value));
                    let field = faults.keep(field("/constants", &name, self.kind));
                    self.constants.extend(field.zip(word));
                }
            }
        }
    }
}

fn usual_repeat(kind: Kind) -> Repeated {
    match kind {
        Kind::Offers => Repeated::Refuse,
        Kind::Needs => Repeated::Instalments,
    }
}

fn field(pointer: &str, name: &str, kind: Kind) -> Result<Field, Violations> {
    match Field::parse(name) {
        Some(field) if field.belongs_to(kind) => Ok(field),
        Some(_) => {
            let detail = format!("{name:?} is no column of {kind}; remove it");
            Err(Violations::one(format!("{pointer}/{name}"), "unknown_column", detail))
        }
        None => {
            let near = Field::nearest(name, kind);
            let remedy = if near.is_empty() {
                let all: Vec<String> = Field::ALL.iter().filter(|f| f.belongs_to(kind)).map(Field::code).collect();
                format!("write one of: {}", all.join(", "))
            } else {
                format!("did you mean {}?", near.join(" or "))
            };
            let detail = format!("{name:?} is no column; {remedy}");
            Err(Violations::one(format!("{pointer}/{name}"), "unknown_column", detail))
        }
    }
}

/// A word of a column: text, a whole number, or yes and no.
fn scalar(pointer: &str, value: &toml::Value) -> Result<String, Violations> {
    match value {
        toml::Value::String(s) => Ok(s.clone()),
        toml::Value::Integer(i) => Ok(i.to_string()),
        toml::Value::Boolean(b) => Ok(b.to_string()),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
            let detail = format!("{value} is neither text nor a whole number; write it in quotes");
            Err(Violations::one(pointer, "wrong_type", detail))
        }
    }
}

fn replacement(pointer: &str, of: &Field, value: &toml::Value, kind: Kind) -> Result<Replacement, Violations> {
    let Some(table) = value.as_table() else {
        return scalar(pointer, value).map(|word| Replacement::Words(vec![(of.clone(), word)]));
    };
    let reason = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    if table.len() == 1 {
        if let Some(reason) = reason("refuse") {
            return Ok(Replacement::Refuse(reason));
        }
        if let Some(reason) = reason("unknown") {
            return match of {
                Field::Region => Ok(Replacement::Unknown(reason)),
                _ => {
                    let detail = "only a region may be unknown; write { refuse = \"reason\" }";
                    Err(Violations::one(pointer, "unknown_value", detail))
                }
            };
        }
    }
    let mut faults = Violations::new();
    let mut words = Vec::new();
    for (name, value) in table {
        let word = faults.keep(scalar(&format!("{pointer}/{name}"), value));
        let field = faults.keep(field(pointer, name, kind));
        words.extend(field.zip(word));
    }
    if !table.contains_key(&of.code()) {
        faults.push(pointer, "missing", format!("does not say which {of} is meant; add {of} = \"...\""));
    }
    faults.into_result()?;
    Ok(Replacement::Words(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let toml = "kind = \"offers\"\nlocale = \"klingon\"\ndate_format = \"YY\"\ndelimiter = \"ab\"\n\
            repeated = \"instalments\"\n[clock]\ntoday = \"2020-02-30\"\n[columns]\nproducct = \"x\"\ndue = \"y\"\n\
            [constants]\ndue_days = 3\nunit = 1.5\n[values.product]\nn95 = { grade = \"N95\" }\n\
            [values.unit]\nbx = { unknown = \"?\" }\n";
        let faults = Mapping::parse(toml).unwrap_err();
        let found: Vec<(&str, &str)> = faults.as_slice().iter().map(|v| (v.pointer.as_str(), v.code)).collect();
        assert_eq!(
            found,
            [
                ("/repeated", "unknown_value"),
                ("/locale", "unknown_value"),
                ("/date_format", "unknown_value"),
                ("/delimiter", "unknown_value"),
                ("/clock/today", "bad_date"),
                ("/columns/due", "unknown_column"),
                ("/columns/producct", "unknown_column"),
                ("/constants/due_days", "unknown_value"),
                ("/constants/unit", "wrong_type"),
                ("/values/product/n95", "missing"),
                ("/values/unit/bx", "unknown_value"),
            ]
        );
        assert!(faults.as_slice().iter().any(|v| v.detail.contains("did you mean product?")));
    }

    #[test]
    fn toml_faults_name_the_line() {
        for (toml, said) in [
            ("kind = \"offers\"\ncolour = 3", "line 2: unknown field `colour`"),
            ("kind = \"wishes\"", "line 1: unknown variant `wishes`"),
            ("kind = offers", "line 1"),
            ("", "missing field `kind`"),
        ] {
            let faults = Mapping::parse(toml).unwrap_err();
            assert!(faults.as_slice()[0].detail.contains(said), "{toml:?}: {faults}");
        }
    }
}
