//! Numbers as people write them in cells and sentences, read by a declared format and never guessed
//! (field cases NUM-01 and NUM-07).

use std::fmt;

use domain::decimal::{Decimal, DecimalError};

#[cfg(test)]
mod tests;

/// How the writer of a file separates decimals and thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// Not declared: what could be read in two ways is an error.
    #[default]
    None,
    /// `1,234.5`.
    Dot,
    /// `1.234,5`.
    Comma,
}

impl Locale {
    /// All of them.
    pub const ALL: [Locale; 3] = [Self::None, Self::Dot, Self::Comma];

    /// The name in mapping files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dot => "dot",
            Self::Comma => "comma",
        }
    }

    /// From its name, or from a language tag (`de`, `fr-CH`, `en_GB`) whose usual format it then is;
    /// `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        let lower = word.trim().to_ascii_lowercase().replace('_', "-");
        if let Some(named) = Self::ALL.into_iter().find(|l| l.as_str() == lower) {
            return Some(named);
        }
        // Unicode CLDR: the Swiss and Liechtensteiners write a decimal point, save in French.
        match lower.as_str() {
            "de-ch" | "it-ch" | "de-li" | "es-mx" | "es-us" => return Some(Self::Dot),
            "en-za" => return Some(Self::Comma),
            _ => {}
        }
        match lower.split('-').next()? {
            "en" | "ga" | "mt" | "cy" | "he" | "ja" | "ko" | "th" | "zh" => Some(Self::Dot),
            "bg" | "bs" | "ca" | "cs" | "da" | "de" | "el" | "es" | "et" | "eu" | "fi" | "fr" | "gl" | "hr" | "hu"
            | "is" | "it" | "lb" | "lt" | "lv" | "mk" | "nb" | "nl" | "nn" | "no" | "pl" | "pt" | "ro" | "ru"
            | "sk" | "sl" | "sq" | "sr" | "sv" | "tr" | "uk" => Some(Self::Comma),
            _ => None,
        }
    }
}

/// Why a text is no single number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written.
    Blank,
    /// Both readings make sense, and no format is declared.
    Ambiguous {
        /// Read with a decimal point.
        dot: String,
        /// Read with a decimal comma.
        comma: String,
    },
    /// Its separators do not fit the declared format, or no format at all.
    Separators(Locale),
    /// `5-10`.
    Range,
    /// `50+`, `>500`.
    OpenEnded,
    /// `~500`, `ca. 500`.
    Approximate,
    /// `n/a`, `k.A.`, `?`.
    NotStated,
    /// `1E+05`: a spreadsheet shortened it, so digits may be lost.
    Exponent,
    /// `½`, `1/2`.
    Fraction,
    /// `50%`.
    Percent,
    /// `5-Oct`, `2020-04-20`: a spreadsheet made a date of it.
    Date,
    /// Words or a unit stand beside the number.
    Words,
    /// More digits than any quantity has.
    TooLong,
}

/// A text that is no single number: the text as it stood, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberError {
    /// The text as typed.
    pub text: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl NumberError {
    /// A stable code of the fault, e.g. `ambiguous_number`.
    pub fn code(&self) -> &'static str {
        match self.fault {
            Fault::Blank => "blank",
            Fault::Ambiguous { .. } => "ambiguous_number",
            Fault::Separators(_) => "bad_separators",
            Fault::Range => "range",
            Fault::OpenEnded => "open_ended",
            Fault::Approximate => "approximate",
            Fault::NotStated => "not_stated",
            Fault::Exponent => "exponent",
            Fault::Fraction => "vulgar_fraction",
            Fault::Percent => "percent",
            Fault::Date => "date_in_number",
            Fault::Words => "not_a_number",
            Fault::TooLong => "too_long",
        }
    }
}

impl fmt::Display for NumberError {
    /// A sentence with the text and the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = shorten(&self.text);
        match &self.fault {
            Fault::Blank => f.write_str("is blank; write a number"),
            Fault::Ambiguous { dot, comma } => {
                write!(f, "{shown:?} is {dot} or {comma}; state the locale: dot (1,234.5) or comma (1.234,5)")
            }
            Fault::Separators(Locale::None) => {
                write!(f, "{shown:?} has separators that no number format knows; write digits only")
            }
            Fault::Separators(locale @ (Locale::Dot | Locale::Comma)) => {
                let example = if *locale == Locale::Dot { "1,234.5" } else { "1.234,5" };
                write!(
                    f,
                    "{shown:?} does not fit the declared number format {} ({example}); write digits only or declare the other format",
                    locale.as_str()
                )
            }
            Fault::Range => write!(f, "{shown:?} is a range; write one number"),
            Fault::OpenEnded => write!(f, "{shown:?} has no upper end; write one number"),
            Fault::Approximate => write!(f, "{shown:?} is an estimate; write the number alone"),
            Fault::NotStated => write!(f, "{shown:?} states no number; write one or leave the cell empty"),
            Fault::Exponent => {
                write!(
                    f,
                    "{shown:?} may have lost digits in a spreadsheet; format the cell as a number and write all digits"
                )
            }
            Fault::Fraction => write!(f, "{shown:?} is a fraction; write a decimal number"),
            Fault::Percent => write!(f, "{shown:?} is a share; write a number"),
            Fault::Date => write!(f, "{shown:?} is a date; format the cell as text and write the number again"),
            Fault::Words => write!(f, "{shown:?} is not a number; write digits only and the unit in its own column"),
            Fault::TooLong => write!(f, "{shown:?} has too many digits; check the number"),
        }
    }
}

impl std::error::Error for NumberError {}

/// Reads one number and nothing else.
///
/// Thousands may be grouped by a blank or an apostrophe in every format, and by the separator that
/// is not the decimal one; groups hold three digits, the first one to three. Without a declared
/// format a number is read only where one reading is possible: `12.5`, `0.500`, `1234.567`,
/// `1.000.000` and `1.355,90` are plain, `3.000` and `1,234` are [`Fault::Ambiguous`]. A minus sign
/// is kept, for whoever checks the value to refuse.
pub fn parse(text: &str, locale: Locale) -> Result<Decimal, NumberError> {
    let refuse = |fault| NumberError { text: text.to_owned(), fault };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(refuse(Fault::Blank));
    }
    let (sign, body) = match trimmed.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", trimmed),
    };
    if !body.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) || !body.chars().all(is_number_char) {
        return Err(refuse(classify(trimmed)));
    }
    if body.matches(is_blank).count() > 0 && body.split(is_blank).any(str::is_empty) {
        return Err(refuse(Fault::Separators(locale)));
    }
    let misfit = || refuse(if is_date(body) { Fault::Date } else { Fault::Separators(locale) });
    let plain = match locale {
        Locale::Dot => ungroup(body, ',', '.').ok_or_else(misfit)?,
        Locale::Comma => ungroup(body, '.', ',').ok_or_else(misfit)?,
        Locale::None => match (ungroup(body, ',', '.'), ungroup(body, '.', ',')) {
            (Some(dot), Some(comma)) if dot != comma => {
                let (dot, comma) = (format!("{sign}{dot}"), format!("{sign}{comma}"));
                return Err(refuse(Fault::Ambiguous { dot: trim_zeros(&dot), comma: trim_zeros(&comma) }));
            }
            (Some(plain), _) | (None, Some(plain)) => plain,
            (None, None) => return Err(misfit()),
        },
    };
    format!("{sign}{plain}").parse().map_err(|e| match e {
        DecimalError::NotANumber => refuse(Fault::Words),
        DecimalError::TooLong => refuse(Fault::TooLong),
    })
}

/// Whether a character may stand inside a number.
fn is_number_char(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',') || is_blank(c) || is_apostrophe(c)
}

/// Blanks that group thousands: plain, no-break, thin, narrow no-break.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{2009}' | '\u{202F}')
}

/// Apostrophes that group thousands: typewriter, typographic, prime as keyboards give it.
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{B4}')
}

/// Digits with at most one `.` when the text fits a format; `None` where it does not.
fn ungroup(body: &str, group: char, decimal: char) -> Option<String> {
    let (whole, fraction) = match body.split_once(decimal) {
        Some((w, f)) => (w, Some(f)),
        None => (body, None),
    };
    if fraction.is_some_and(|f| f.is_empty() || !f.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    let known = |c: char| c == group || is_blank(c) || is_apostrophe(c);
    if separators.iter().any(|c| !known(*c) || *c != separators[0]) {
        return None;
    }
    if let Some(separator) = separators.first() {
        let mut groups = whole.split(*separator);
        let first = groups.next().unwrap_or_default();
        // No number that starts with a 0 is grouped: 0.500 is a half in either format.
        if first.is_empty() || first.len() > 3 || first.starts_with('0') || groups.any(|g| g.len() != 3) {
            return None;
        }
    }
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let digits = if digits.is_empty() { "0" } else { &digits };
    Some(match fraction {
        Some(f) => format!("{digits}.{f}"),
        None => digits.to_owned(),
    })
}

fn trim_zeros(number: &str) -> String {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number.to_owned(),
    }
}

/// Names what people wrote instead of a number, most telling sign first.
fn classify(text: &str) -> Fault {
    let lower = text.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let digits = lower.bytes().any(|b| b.is_ascii_digit());
    if !digits && !lower.contains(is_vulgar) {
        let absent =
            ["", "na", "nan", "ka", "tbd", "tbc", "none", "nil", "null", "nc", "nd", "sd", "unknown", "unbekannt"];
        return if absent.contains(&letters.as_str()) { Fault::NotStated } else { Fault::Words };
    }
    if lower.contains(is_vulgar) || is_slashed(&lower) {
        return Fault::Fraction;
    }
    if is_exponent(&lower) {
        return Fault::Exponent;
    }
    if is_date(&lower) {
        return Fault::Date;
    }
    let about =
        ["~", "\u{2248}", "ca ", "ca.", "c.", "circa", "approx", "about", "around", "etwa", "rund", "env", "±", "+/-"];
    if about.iter().any(|sign| lower.starts_with(sign)) {
        return Fault::Approximate;
    }
    let open = ["+", ">", "\u{2265}", "min", "over ", "more than", "at least", "mehr als", "plus de"];
    if lower.ends_with('+') || open.iter().any(|sign| lower.starts_with(sign)) {
        return Fault::OpenEnded;
    }
    if is_range(&lower) {
        return Fault::Range;
    }
    if lower.ends_with('%') { Fault::Percent } else { Fault::Words }
}

fn is_vulgar(c: char) -> bool {
    matches!(c, '\u{BC}'..='\u{BE}' | '\u{2150}'..='\u{215E}')
}

/// `1/2`, `3 / 4`.
fn is_slashed(lower: &str) -> bool {
    lower.split_once('/').is_some_and(|(a, b)| {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        digits(a.trim()) && digits(b.trim())
    })
}

/// `1e14`, `1.5E+05`.
pub(crate) fn is_exponent(text: &str) -> bool {
    let body = text.trim_start_matches(['-', '+']);
    body.split_once(['e', 'E']).is_some_and(|(m, e)| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        digits(e) && digits(&m.replace(['.', ','], ""))
    })
}

/// `5-Oct`, `1-Mar-20`, `2020-04-20`, `20.04.2020`, `4/20/2020`.
fn is_date(lower: &str) -> bool {
    const MONTHS: [&str; 14] =
        ["jan", "feb", "mar", "mrz", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let parts: Vec<&str> = lower.split(['-', '/', '.', ' ']).filter(|p| !p.is_empty()).collect();
    let digits = |p: &&str| p.bytes().all(|b| b.is_ascii_digit());
    let month = |p: &&str| {
        MONTHS.iter().any(|m| p.starts_with(m)) && p.chars().all(char::is_alphabetic) && p.chars().count() <= 9
    };
    match parts.as_slice() {
        [a, b] => (digits(a) && month(b)) || (month(a) && digits(b)),
        [a, b, c] if lower.matches(['-', '/', '.']).count() >= 2 => {
            let lengths = (a.len(), c.len());
            digits(a) && digits(c) && (digits(b) || month(b)) && matches!(lengths, (4, 1..=2) | (1..=2, 2 | 4))
        }
        [_, _, _] | [..] => false,
    }
}

/// `5-10`, `5 – 10k/day`, `5 to 10`.
fn is_range(lower: &str) -> bool {
    let dashed = lower.replace(['\u{2013}', '\u{2014}', '\u{2212}'], "-").replace("..", "-");
    let dashed = [" to ", " bis ", " à ", " a ", " do "].iter().fold(dashed, |t, word| t.replace(word, "-"));
    dashed.match_indices('-').any(|(at, _)| {
        let before = dashed[..at].trim_end();
        let after = dashed[at + 1..].trim_start();
        before.ends_with(|c: char| c.is_ascii_digit() || c == 'k' || c == 'm')
            && before.contains(|c: char| c.is_ascii_digit())
            && after.starts_with(|c: char| c.is_ascii_digit())
    })
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
