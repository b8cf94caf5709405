//! Figures as people read them.

use crate::measure::width;

/// Between groups of three digits; it does not break.
const GROUP: char = '\u{202f}';

/// All digits in groups of three: "1 234 567".
pub fn grouped(value: i128) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "\u{2212}" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(digit);
    }
    out
}

const NAMED: [(i128, &str); 4] = [
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
];

/// In full below a million, then with three digits and a word, beyond that as a power of ten.
pub(crate) fn short(value: i128) -> String {
    let size = value.saturating_abs();
    let sign = if value < 0 { "\u{2212}" } else { "" };
    if size < 1_000_000 {
        return grouped(value);
    }
    if size >= 1_000_000_000_000_000_000 {
        return power(value);
    }
    let (one, word) = NAMED.into_iter().find(|(one, _)| size >= *one).unwrap_or((1, ""));
    let (whole, rest) = (size / one, size % one);
    // Cut, not rounded: a figure never looks larger than it is.
    let decimals = match whole {
        0..=9 => format!("{:02}", rest / (one / 100)),
        10..=99 => format!("{}", rest / (one / 10)),
        100.. | ..0 => String::new(),
    };
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{decimals}\u{a0}{word}")
}

/// The same where it is no wider than `most` at a size, else as a power of ten.
pub(crate) fn fitting(value: i128, size: f64, most: f64) -> String {
    let words = short(value);
    if width(&words, size) <= most || value.saturating_abs() < 1_000_000 { words } else { power(value) }
}

/// "1.7 × 10³⁸", from ten on.
fn power(value: i128) -> String {
    let size = value.saturating_abs().max(10);
    let sign = if value < 0 { "\u{2212}" } else { "" };
    let exponent = size.ilog10();
    let lead = size / 10_i128.pow(exponent - 1);
    format!("{sign}{}.{}\u{a0}×\u{a0}10{}", lead / 10, lead % 10, raised(exponent))
}

fn raised(exponent: u32) -> String {
    let raise = |digit: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(usize::try_from(digit.to_digit(10)?).ok()?);
    exponent.to_string().chars().filter_map(raise).collect()
}

/// How much `part` is of `whole`, in percent; all of it only where nothing is missing, none only where nothing is
/// there.
pub(crate) fn percent(part: i128, whole: i128) -> String {
    if whole <= 0 || part >= whole {
        return "100%".to_owned();
    }
    if part <= 0 {
        return "0%".to_owned();
    }
    match (share(part, whole) * 100.0).floor() {
        hundredths if hundredths < 1.0 => "under 1%".to_owned(),
        hundredths => format!("{:.0}%", hundredths.min(99.0)),
    }
}

/// How much `part` is of `whole`, from 0 to 1.
pub(crate) fn share(part: i128, whole: i128) -> f64 {
    if whole <= 0 { 0.0 } else { (part.max(0) as f64 / whole as f64).min(1.0) }
}

/// A sum that stops at the largest number.
pub(crate) fn sum(values: impl IntoIterator<Item = i128>) -> i128 {
    values.into_iter().fold(0, i128::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups() {
        let check = |value, shown: &str| assert_eq!(grouped(value).replace(GROUP, " "), shown);
        check(0, "0");
        check(999, "999");
        check(1_000, "1 000");
        check(-1_234_567, "\u{2212}1 234 567");
        check(i128::MIN, "\u{2212}170 141 183 460 469 231 731 687 303 715 884 105 728");
    }

    #[test]
    fn large_figures_are_said_shortly() {
        let check = |value, shown: &str| assert_eq!(short(value).replace([GROUP, '\u{a0}'], " "), shown);
        check(999_999, "999 999");
        check(1_000_000, "1 million");
        check(1_999_999, "1.99 million");
        check(12_050_000, "12 million");
        check(123_456_789, "123 million");
        check(5_000_000_000, "5 billion");
        check(-2_500_000_000_000, "\u{2212}2.5 trillion");
        check(170_000_000_000_000_000_000, "1.7 × 10²⁰");
        check(i128::MAX, "1.7 × 10³⁸");
        check(i128::MIN, "\u{2212}1.7 × 10³⁸");
    }

    #[test]
    fn a_share_is_whole_only_where_nothing_is_missing() {
        let shown: Vec<String> =
            [(0, 10), (1, 10_000), (1, 3), (9_999, 10_000), (10, 10), (20, 10), (5, 0), (i128::MAX - 1, i128::MAX)]
                .map(|(part, whole)| percent(part, whole))
                .to_vec();
        assert_eq!(shown, ["0%", "under 1%", "33%", "99%", "100%", "100%", "100%", "99%"]);
    }
}
