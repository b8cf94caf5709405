//! How wide words are, near enough to place them without knowing the font, and how they are made to fit.

/// Most system fonts stay within this factor of the widths below.
const WIDEST: f64 = 1.1;
const BOLD: f64 = 1.07;

/// Widths of a common sans-serif, in parts of its size.
fn advance(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '|' | '\'' | '.' | ',' | ':' | ';' | '!' | 'í' | 'ì' | 'î' | 'ï' | 'ı' | 'ł' => {
            0.29
        }
        '\u{202f}' => 0.22,
        ' ' | '\u{a0}' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '\\' | '-' | '"' | '·' => 0.36,
        'm' | 'M' | 'W' | '@' | '%' | '\u{2026}' | '\u{2014}' | 'Æ' | 'Œ' | 'Ж' | 'Ш' | 'Щ' | 'Ю' | 'ж' | 'ш' | 'щ'
        | 'ю' => 1.0,
        'w' | 'æ' | 'œ' => 0.8,
        'a'..='z' | '0'..='9' => 0.57,
        '\u{300}'..='\u{36f}' => 0.0,
        _ if letter.is_ascii() => 0.7,
        _ if letter < '\u{250}' && letter.is_lowercase() => 0.6,
        _ if letter < '\u{590}' => 0.76,
        _ => 1.08,
    }
}

/// The width of words in pixels, rather too much than too little.
pub(crate) fn width(words: &str, size: f64) -> f64 {
    words.chars().map(advance).sum::<f64>() * size * WIDEST
}

/// The same of bold words.
pub(crate) fn bold_width(words: &str, size: f64) -> f64 {
    width(words, size) * BOLD
}

/// The words, or as many letters of them as fit with an ellipsis.
pub(crate) fn shortened(words: &str, size: f64, most: f64) -> String {
    if width(words, size) <= most {
        return words.to_owned();
    }
    let room = most - width("\u{2026}", size);
    let mut used = 0.0;
    let kept: String = words
        .chars()
        .take_while(|letter| {
            used += advance(*letter) * size * WIDEST;
            used <= room
        })
        .collect();
    format!("{}\u{2026}", kept.trim_end())
}

/// The words in lines no wider than `most`; at most `lines` of them, the last shortened.
pub(crate) fn wrapped(words: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = words.split(' ').filter(|word| !word.is_empty()).peekable();
    while rest.peek().is_some() {
        let mut line = String::new();
        let last = out.len() + 1 >= lines;
        while let Some(word) = rest.peek() {
            let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && !last && width(&longer, size) > most {
                break;
            }
            line = longer;
            rest.next();
        }
        out.push(shortened(&line, size, most));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shortened_fits_and_shows_it() {
        let long = "Friuli-Venezia Giulia and all of its neighbours";
        assert_eq!(shortened("Malta", 12.0, 100.0), "Malta");
        let short = shortened(long, 12.0, 100.0);
        assert!(short.ends_with('\u{2026}') && width(&short, 12.0) <= 100.0, "{short}");
        assert_eq!(shortened(long, 12.0, 0.0), "\u{2026}");
    }

    #[test]
    fn lines_fit_and_lose_nothing_until_the_last() {
        let words = "one two three four five six seven eight nine ten";
        let lines = wrapped(words, 12.0, 90.0, 99);
        assert!(lines.len() > 3 && lines.iter().all(|line| width(line, 12.0) <= 90.0));
        assert_eq!(lines.join(" "), words);
        let two = wrapped(words, 12.0, 90.0, 2);
        assert!(two.len() == 2 && two[1].ends_with('\u{2026}'), "{two:?}");
        assert!(wrapped("", 12.0, 90.0, 2).is_empty());
    }
}
