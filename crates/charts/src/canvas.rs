//! Writing SVG: shapes, and words that no input can turn into anything else.

use std::fmt::Write as _;

use crate::{
    measure,
    style::{PALETTE, Tone},
};

/// The drawing so far.
#[derive(Default)]
pub(crate) struct Canvas {
    out: String,
}

/// Which point of the words stands at the place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Normal,
    Bold,
}

/// What the words stand on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    Plain,
    /// A drawing, from which a margin around the letters sets them off.
    Drawing,
}

/// How words look.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) size: f64,
    anchor: Anchor,
    weight: Weight,
    ground: Ground,
    tone: Tone,
}

impl Look {
    /// Of a size in pixels, in the colour of words.
    pub(crate) fn new(size: f64) -> Self {
        Self { size, anchor: Anchor::Start, weight: Weight::Normal, ground: Ground::Plain, tone: PALETTE.ink }
    }

    pub(crate) fn quiet(self) -> Self {
        Self { tone: PALETTE.quiet, ..self }
    }

    pub(crate) fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub(crate) fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) fn on_drawing(self) -> Self {
        Self { ground: Ground::Drawing, ..self }
    }

    pub(crate) fn width(self, words: &str) -> f64 {
        match self.weight {
            Weight::Normal => measure::width(words, self.size),
            Weight::Bold => measure::bold_width(words, self.size),
        }
    }
}

/// A number with at most one decimal.
pub(crate) fn px(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text of others as text of XML: what XML forbids and what turns the direction of reading is dropped, breaks and tabs
/// are blanks.
pub(crate) fn clean(words: &str) -> String {
    let turns =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let forbidden =
        |letter: char| letter.is_control() || turns(letter) || matches!(letter, '\u{fffe}' | '\u{ffff}' | '\u{feff}');
    let blank = |letter: char| if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter };
    words.chars().map(blank).filter(|letter| !forbidden(*letter)).collect::<String>().trim().to_owned()
}

pub(crate) fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in clean(words).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

impl Canvas {
    pub(crate) fn as_str(&self) -> &str {
        &self.out
    }

    /// Text of SVG made here, never of others.
    pub(crate) fn raw(&mut self, svg: &str) {
        self.out.push_str(svg);
        self.out.push('\n');
    }

    /// Words with their foot at `y`.
    pub(crate) fn words(&mut self, x: f64, y: f64, look: Look, words: &str) {
        self.text(x, y, look, "", &escaped(words));
    }

    /// Words no wider than `most`; shortened ones tell the whole to who points at them.
    pub(crate) fn words_within(&mut self, x: f64, y: f64, look: Look, words: &str, most: f64) {
        let words = clean(words);
        let most = match look.weight {
            Weight::Normal => most,
            Weight::Bold => most / measure::bold_width("x", 1.0) * measure::width("x", 1.0),
        };
        let short = measure::shortened(&words, look.size, most);
        let whole = if short == words { String::new() } else { title(&words) };
        self.text(x, y, look, &whole, &escaped(&short));
    }

    fn text(&mut self, x: f64, y: f64, look: Look, before: &str, inside: &str) {
        let anchor = match look.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = match look.weight {
            Weight::Normal => "",
            Weight::Bold => " font-weight=\"600\"",
        };
        let paint = match look.ground {
            Ground::Plain => look.tone.fill(),
            Ground::Drawing => format!(
                "{} stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
                look.tone.with_outline(&PALETTE.paper)
            ),
        };
        let _ = writeln!(
            self.out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor}{weight} {paint}>{before}{inside}</text>",
            px(x),
            px(y),
            px(look.size)
        );
    }

    /// An area; `paint` is the attributes that fill it.
    pub(crate) fn area(&mut self, x: f64, y: f64, width: f64, height: f64, paint: &str) {
        let (x, y, width, height) = (px(x), px(y), px(width.max(0.0)), px(height.max(0.0)));
        let _ = writeln!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {paint}/>");
    }

    /// A path; `paint` is the attributes that draw it.
    pub(crate) fn path(&mut self, d: &str, paint: &str) {
        let _ = writeln!(self.out, "<path d=\"{d}\" {paint}/>");
    }

    /// A level line.
    pub(crate) fn level(&mut self, from: f64, to: f64, y: f64, tone: Tone) {
        self.path(&format!("M{} {}H{}", px(from), px(y), px(to)), &tone.stroke());
    }

    /// What follows tells this to who points at it, until [`Self::close`].
    pub(crate) fn open(&mut self, told: &str) {
        let _ = writeln!(self.out, "<g>{}", title(told));
    }

    pub(crate) fn close(&mut self) {
        self.out.push_str("</g>\n");
    }
}

fn title(words: &str) -> String {
    format!("<title>{}</title>", escaped(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, 1.25, -0.01, 0.05, f64::NAN].map(px), ["1", "1.2", "0", "0.1", "0"]);
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(escaped("<a b='c'>&\"\u{0}\u{202e}\n\u{ffff}x\u{1b}"), "&lt;a b=&#39;c&#39;&gt;&amp;&quot; x");
    }
}
