//! Text that people type: normalised to NFC, free of control characters, and folded for search
//! alike on every database (field cases UNI-01 to UNI-05, DB-08, DB-10).

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::violation::Violations;

/// Longest name, in code points.
pub const NAME_LIMIT: usize = 200;
/// Longest free text, in code points.
pub const NOTE_LIMIT: usize = 4_000;

/// Folds for search and comparison: compatibility forms, case, accents and punctuation go; words
/// are separated by one space. `FFP-2`, `ffp2` and `FFP 2` differ only in spaces; use
/// [`squeeze`] to drop those too.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ħ' => out.push('h'),
            'ı' => out.push('i'),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ς' => out.push('σ'),
            c if c.is_alphanumeric() => out.push(c),
            _ => {
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Folds and drops spaces: `OP-Maske`, `op maske` and `OPMaske` are one.
pub fn squeeze(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(|c| c != ' ');
    folded
}

/// A name as stored: NFC, trimmed, inner runs of blanks made one. Blank names, control or
/// format characters (NUL, zero-width, right-to-left marks), names of nothing but marks, and more
/// than [`NAME_LIMIT`] code points are refused.
pub fn name(pointer: &str, typed: &str) -> Result<String, Violations> {
    clean(pointer, typed, NAME_LIMIT, false).and_then(|text| {
        if text.is_empty() {
            Err(Violations::one(pointer, "blank", "is blank; write a name"))
        } else if !text.chars().any(char::is_alphanumeric) {
            Err(Violations::one(pointer, "no_letters", format!("{text:?} has no letter or digit; write a name")))
        } else {
            Ok(text)
        }
    })
}

/// A note as stored: as [`name`], but it may be blank, longer, and hold line breaks and tabs.
pub fn note(pointer: &str, typed: &str) -> Result<String, Violations> {
    clean(pointer, typed, NOTE_LIMIT, true)
}

fn clean(pointer: &str, typed: &str, limit: usize, lines: bool) -> Result<String, Violations> {
    if typed.len() > limit * 8 {
        return Err(too_long(pointer, typed, limit));
    }
    let text: String = typed.nfc().collect();
    let refused =
        text.chars().find(|c| (c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) || is_format(*c));
    if let Some(c) = refused {
        let detail = format!("holds the invisible character U+{:04X}; remove it", u32::from(c));
        return Err(Violations::one(pointer, "control_character", detail));
    }
    let text = if lines { text.trim().to_owned() } else { text.split_whitespace().collect::<Vec<_>>().join(" ") };
    if text.chars().count() > limit {
        return Err(too_long(pointer, &text, limit));
    }
    Ok(text)
}

fn too_long(pointer: &str, text: &str, limit: usize) -> Violations {
    let detail = format!("has {} characters; shorten it to {limit}", text.chars().count());
    Violations::one(pointer, "too_long", detail)
}

/// Format characters that hide or turn text around (Unicode category Cf and kin).
fn is_format(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' | '\u{61C}' | '\u{180E}'
        // Letters that show nothing: fillers of Hangul and Khmer.
        | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{17B4}' | '\u{17B5}')
}

/// Whether a name mixes letters of look-alike scripts (Latin with Cyrillic or Greek), as forged
/// names do; such records are flagged for review, not refused.
pub fn mixes_scripts(text: &str) -> bool {
    let latin =
        text.chars().any(|c| c.is_ascii_alphabetic() || (('\u{C0}'..='\u{24F}').contains(&c) && c.is_alphabetic()));
    let cyrillic = text.chars().any(|c| ('\u{400}'..='\u{52F}').contains(&c));
    let greek = text.chars().any(|c| ('\u{370}'..='\u{3FF}').contains(&c) && c.is_alphabetic());
    usize::from(latin) + usize::from(cyrillic) + usize::from(greek) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn db_08_search_folds_every_script() {
        assert_eq!(fold("ÄRZTEBEDARF ŁÓDŹ"), fold("ärztebedarf łódź"));
        assert_eq!(fold("ΑΘΗΝΑΣ"), fold("αθηνας"));
        assert_eq!(fold("СОФИЯ"), fold("софия"));
        assert_eq!(squeeze("OP-Maske"), squeeze("op maske"));
        assert_eq!(fold("IŞIK ÞÓR ĦAL"), fold("ışık þór ħal"));
    }

    #[test]
    fn uni_01_composed_and_decomposed_names_are_one() {
        assert_eq!(name("/name", "Müller").unwrap(), name("/name", "Mu\u{308}ller").unwrap());
    }

    #[test]
    fn uni_02_full_width_wildcards_fold_to_nothing() {
        assert_eq!(fold("％"), "");
        assert_eq!(fold("＿"), "");
    }

    #[test]
    fn uni_04_invisible_and_turning_marks_are_refused() {
        for bad in
            ["Acme\u{200b}", "x\u{202e}gnp.exe", "   ", "\u{308}", "🙂", "Acme\u{0}GmbH", "\u{3164}", "Acme\u{115f}"]
        {
            assert!(name("/name", bad).is_err(), "{bad:?}");
        }
        assert!(name("/name", &"\u{301}".repeat(10_000)).is_err());
        assert!(mixes_scripts("\u{410}cme"));
        assert!(!mixes_scripts("Łódź Ärzte"));
        assert!(!mixes_scripts("Рога × Копыта"));
    }

    #[test]
    fn uni_05_lengths_count_code_points() {
        assert!(name("/name", &"ß".repeat(NAME_LIMIT)).is_ok());
        assert!(name("/name", &format!("a{}", "🙂".repeat(NAME_LIMIT - 1))).is_ok());
        assert!(name("/name", &"ß".repeat(NAME_LIMIT + 1)).is_err());
    }
}
