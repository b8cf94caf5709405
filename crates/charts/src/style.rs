//! How all pictures look: one palette, light and dark, and the patterns that say the same without colour.
//!
//! What there is runs in one hue from certain (strong) to possible (faint), so that the order survives greyscale; what
//! is lacking is orange, which people who confuse red and green tell from blue. Every kind has a pattern of its own.

use std::fmt::Write as _;

/// A colour by its meaning, on a light and on a dark ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    /// Its name in the style sheet.
    pub name: &'static str,
    /// `#rrggbb` on a light ground and in print.
    pub light: &'static str,
    /// `#rrggbb` on a dark ground.
    pub dark: &'static str,
}

/// The colours of all pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// The ground.
    pub paper: Tone,
    /// Words and figures.
    pub ink: Tone,
    /// Lesser words.
    pub quiet: Tone,
    /// Grid lines and frames.
    pub grid: Tone,
    /// The ground of the map.
    pub sea: Tone,
    /// Countries.
    pub land: Tone,
    /// Their borders.
    pub border: Tone,
    /// What both sides agreed on.
    pub agreed: Tone,
    /// What is held until a deadline.
    pub held: Tone,
    /// What runs and is free.
    pub free: Tone,
    /// What full stretch would add.
    pub stretch: Tone,
    /// The marks on what is possible only.
    pub mark: Tone,
    /// What is needed and lacking.
    pub need: Tone,
}

const fn tone(name: &'static str, light: &'static str, dark: &'static str) -> Tone {
    Tone { name, light, dark }
}

/// The palette of all pictures.
pub const PALETTE: Palette = Palette {
    paper: tone("paper", "#ffffff", "#14181d"),
    ink: tone("ink", "#16202b", "#eef2f6"),
    quiet: tone("quiet", "#4c5864", "#b0bac5"),
    grid: tone("grid", "#cdd4db", "#3a434d"),
    sea: tone("sea", "#eef3f7", "#1a2129"),
    land: tone("land", "#fbfaf7", "#2c343d"),
    border: tone("border", "#9aa4ae", "#65717e"),
    agreed: tone("agreed", "#0b3763", "#d6e8fb"),
    held: tone("held", "#2f6ca8", "#8fbdec"),
    free: tone("free", "#6fa8d6", "#4b8ccb"),
    stretch: tone("stretch", "#d3e4f3", "#264a6e"),
    mark: tone("mark", "#3b74a8", "#7fb2e3"),
    need: tone("need", "#b8410b", "#ff9a57"),
};

impl Palette {
    /// All its tones.
    pub fn tones(&self) -> [Tone; 13] {
        let Self { paper, ink, quiet, grid, sea, land, border, agreed, held, free, stretch, mark, need } = *self;
        [paper, ink, quiet, grid, sea, land, border, agreed, held, free, stretch, mark, need]
    }
}

/// The font of all words: what the reader's system has.
pub(crate) const FONT: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif";

/// The style sheet that every picture carries, byte for byte the same: the dark colours, on screens only.
pub fn stylesheet() -> String {
    let mut rules = String::from("@media screen and (prefers-color-scheme: dark) {");
    for Tone { name, dark, .. } in PALETTE.tones() {
        let _ = write!(rules, ".mf-{name}{{fill:{dark}}}.ms-{name}{{stroke:{dark}}}");
    }
    rules.push('}');
    rules
}

impl Tone {
    /// Attributes that fill with it.
    pub(crate) fn fill(&self) -> String {
        format!("class=\"mf-{}\" fill=\"{}\"", self.name, self.light)
    }

    /// Attributes that draw lines in it, and fill nothing.
    pub(crate) fn stroke(&self) -> String {
        format!("class=\"ms-{}\" fill=\"none\" stroke=\"{}\"", self.name, self.light)
    }

    /// Attributes that fill with it and draw lines in another.
    pub(crate) fn with_outline(&self, line: &Tone) -> String {
        format!("class=\"mf-{} ms-{}\" fill=\"{}\" stroke=\"{}\"", self.name, line.name, self.light, line.light)
    }
}

/// A kind of figure that fills an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Agreed,
    Held,
    Free,
    Stretch,
    Convertible,
    Gap,
    NoOffers,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 7] =
        [Self::Agreed, Self::Held, Self::Free, Self::Stretch, Self::Convertible, Self::Gap, Self::NoOffers];

    fn name(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Held => "held",
            Self::Free => "free",
            Self::Stretch => "stretch",
            Self::Convertible => "convertible",
            Self::Gap => "gap",
            Self::NoOffers => "none",
        }
    }

    /// Attributes that fill an area of the picture `id` with it; the colour after the pattern is for programs without
    /// patterns.
    pub(crate) fn fill(self, id: &str) -> String {
        let palette = PALETTE;
        match self {
            Self::Agreed => palette.agreed.fill(),
            Self::Free => palette.free.fill(),
            Self::Held => format!("fill=\"url(#{id}-{}) {}\"", self.name(), palette.held.light),
            Self::Stretch => format!("fill=\"url(#{id}-{}) {}\"", self.name(), palette.stretch.light),
            Self::Convertible | Self::Gap | Self::NoOffers => {
                format!("fill=\"url(#{id}-{}) {}\"", self.name(), palette.paper.light)
            }
        }
    }

    /// The colour of its outline, if it has one.
    pub(crate) fn outline(self) -> Option<Tone> {
        match self {
            Self::Agreed | Self::Held | Self::Free => None,
            Self::Stretch | Self::Convertible => Some(PALETTE.mark),
            Self::Gap => Some(PALETTE.need),
            Self::NoOffers => Some(PALETTE.border),
        }
    }

    /// The definition of its pattern in the picture `id`; `zoom` is how many units of the drawing a pixel is.
    pub(crate) fn pattern(self, id: &str, zoom: f64) -> Option<String> {
        let Palette { paper, held, stretch, mark, need, land, quiet, .. } = PALETTE;
        let (ground, marks, size, turn) = match self {
            Self::Agreed | Self::Free => return None,
            Self::Held => (held, bar(paper, 6.0, 1.6), 6.0, 45),
            Self::Stretch => (stretch, format!("<circle cx=\"3\" cy=\"3\" r=\"1\" {}/>", mark.fill()), 6.0, 0),
            Self::Convertible => (paper, bar(mark, 5.0, 1.0), 5.0, 90),
            Self::Gap => (paper, bar(need, 7.0, 2.6), 7.0, -45),
            Self::NoOffers => (land, bar(quiet, 6.0, 1.0), 6.0, 45),
        };
        let transform = match turn {
            0 => format!("scale({zoom})"),
            _ => format!("rotate({turn}) scale({zoom})"),
        };
        Some(format!(
            "<pattern id=\"{id}-{}\" width=\"{size}\" height=\"{size}\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"{transform}\"><rect width=\"{size}\" height=\"{size}\" {}/>{marks}</pattern>",
            self.name(),
            ground.fill()
        ))
    }
}

/// An upright bar through the middle of a tile.
fn bar(tone: Tone, tile: f64, width: f64) -> String {
    format!("<rect x=\"{}\" width=\"{width}\" height=\"{tile}\" {}/>", (tile - width) / 2.0, tone.fill())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (a, b) = (luminance(one) + 0.05, luminance(other) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn words_and_marks_are_read_on_both_grounds() {
        let p = PALETTE;
        let pairs = [
            (p.ink, p.paper, 7.0),
            (p.ink, p.sea, 7.0),
            (p.quiet, p.paper, 4.5),
            (p.quiet, p.land, 4.5),
            (p.need, p.paper, 4.5),
            (p.need, p.sea, 3.0),
            (p.agreed, p.paper, 3.0),
            (p.held, p.paper, 3.0),
            (p.held, p.land, 3.0),
            (p.mark, p.paper, 3.0),
        ];
        for (above, below, least) in pairs {
            let found = [contrast(above.light, below.light), contrast(above.dark, below.dark)];
            assert!(found.iter().all(|found| *found >= least), "{} on {}: {found:?}", above.name, below.name);
        }
    }

    #[test]
    fn the_order_from_certain_to_possible_survives_greyscale() {
        let order = [PALETTE.agreed, PALETTE.held, PALETTE.free, PALETTE.stretch, PALETTE.paper];
        for (more, less) in order.iter().zip(order.iter().skip(1)) {
            assert!(luminance(more.light) < luminance(less.light), "{} {}", more.name, less.name);
            assert!(luminance(more.dark) > luminance(less.dark), "{} {}", more.name, less.name);
        }
    }

    #[test]
    fn the_style_sheet_needs_no_escaping() {
        assert!(!stylesheet().contains(['<', '&', '>']));
    }
}
