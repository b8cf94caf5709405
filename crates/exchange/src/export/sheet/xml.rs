//! Rows and cells in XML.

use std::fmt::Write;

use super::value::Value;

/// How a cell is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Header,
    Day,
    Time,
    /// A text that stays one for whoever edits the cell.
    Quoted,
}

impl Style {
    /// That of a value below the header.
    pub(super) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Text { risky: true, .. } => Self::Quoted,
            Value::Day(_) => Self::Day,
            Value::Time(_) => Self::Time,
            Value::Text { risky: false, .. } | Value::Blank | Value::Digits(_) | Value::Number(_) | Value::Flag(_) => {
                Self::Plain
            }
        }
    }
}

/// A row of cells, each with the letters of its column. A text is written as a text, never as a formula or a link.
pub(super) fn row<'a>(to: &mut String, line: u32, cells: impl Iterator<Item = (&'a str, Style, Value<'a>)>) {
    // Writing to a string cannot fail.
    let _ = write!(to, "<row r=\"{line}\">");
    for (letters, style, value) in cells {
        let place = format!("<c r=\"{letters}{line}\" s=\"{}\"", style.index());
        match value {
            Value::Blank => {}
            Value::Text { text, .. } => self::text(to, &place, &text),
            Value::Digits(digits) => self::text(to, &place, digits),
            Value::Number(number) | Value::Day(number) | Value::Time(number) => {
                let _ = write!(to, "{place}><v>{number}</v></c>");
            }
            Value::Flag(yes) => {
                let _ = write!(to, "{place} t=\"b\"><v>{}</v></c>", u8::from(yes));
            }
        }
    }
    to.push_str("</row>");
}

fn text(to: &mut String, place: &str, text: &str) {
    to.push_str(place);
    to.push_str(" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    escape(to, text);
    to.push_str("</t></is></c>");
}

/// Characters of a text as XML has them. What XML cannot hold is written `_x0007_`, as spreadsheets do (ECMA-376 part 1,
/// 22.4.2.4), and the underscore before what could be read so is written `_x005F_`.
pub(super) fn escape(to: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            // Without its last underscore too: an escaped character behind it would bring one.
            '_' if is_escape(&text.as_bytes()[at..]) => to.push_str("_x005F_"),
            '\t' | '\n' => to.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(to, "_x{:04X}_", u32::from(c));
            }
            _ => to.push(c),
        }
    }
}

fn is_escape(rest: &[u8]) -> bool {
    rest.get(1) == Some(&b'x') && rest.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// The letters of a column, from 0: A to Z, AA and so on.
pub(super) fn letters(at: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = at + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest % 26]));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        for (text, written) in [
            ("a&b<c>\"d'\t\n", "a&amp;b&lt;c&gt;\"d'\t\n"),
            ("\0\u{1b}\r\n\u{ffff}", "_x0000__x001B__x000D_\n_xFFFF_"),
            ("_x0041_ _x0041 _x004 _X0041_", "_x005F_x0041_ _x005F_x0041 _x004 _X0041_"),
            ("_x0041\u{1}", "_x005F_x0041_x0001_"),
            ("_xé123_ _x", "_xé123_ _x"),
            ("🧵\u{202e}\u{7f}", "🧵\u{202e}\u{7f}"),
        ] {
            let mut found = String::new();
            escape(&mut found, text);
            assert_eq!(found, written);
        }
    }

    #[test]
    fn columns_have_letters() {
        let found = [0, 25, 26, 51, 52, 701, 702, 16_383].map(letters);
        assert_eq!(found, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }
}
