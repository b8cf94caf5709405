//! What stands around every picture: its name and result above, its date, source and notes below, and what it says to
//! those who do not see it.

use crate::{
    about::About,
    canvas::{Anchor, Canvas, Look, clean, escaped, px},
    measure,
    style::{FONT, Kind, PALETTE, stylesheet},
    words,
};

/// All pictures are this wide; they scale.
pub(crate) const WIDTH: f64 = 960.0;
pub(crate) const MARGIN: f64 = 20.0;
pub(crate) const INNER: f64 = WIDTH - 2.0 * MARGIN;

/// A picture being drawn.
pub(crate) struct Frame<'a> {
    /// Begins every id in it, so that several pictures can share a page.
    pub(crate) id: String,
    /// The drawing.
    pub(crate) canvas: Canvas,
    /// Where the drawing begins, below the words above it.
    pub(crate) top: f64,
    about: &'a About,
    lead: String,
}

/// Fowler, Noll and Vo's hash (FNV-1a): it tells pictures apart on a page, no more.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl<'a> Frame<'a> {
    /// Begins a picture; `contents` is all that goes into it, and `lead` its result in a sentence.
    pub(crate) fn new(contents: &str, about: &'a About, lead: String) -> Self {
        let id = format!("m{:016x}", fingerprint(contents));
        let mut canvas = Canvas::default();
        let mut y = 12.0;
        let lines = [
            (about.title.as_str(), Look::new(21.0).bold(), 2),
            (about.subtitle.as_str(), Look::new(15.0).quiet(), 2),
            (lead.as_str(), Look::new(15.0), 3),
        ];
        for (text, look, most) in lines {
            let text = clean(text);
            // Bold words are up to a fourteenth wider.
            let wrapped = measure::wrapped(&text, look.size, INNER * 0.93, most);
            let whole = wrapped.join(" ") == text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !whole {
                canvas.open(&text);
            }
            for line in wrapped {
                y += (look.size * 1.32).round();
                canvas.words(MARGIN, y, look, &line);
            }
            if !whole {
                canvas.close();
            }
            y += 3.0;
        }
        Self { id, canvas, top: y + 13.0, about, lead }
    }

    pub(crate) fn about(&self) -> &'a About {
        self.about
    }

    /// A sentence in the middle of an area where nothing is drawn.
    pub(crate) fn say(&mut self, x: f64, y: f64, width: f64, sentence: &str) {
        let look = Look::new(17.0).at(Anchor::Middle);
        let lines = measure::wrapped(&clean(sentence), look.size, width - 48.0, 3);
        let widest = lines.iter().map(|line| look.width(line)).fold(0.0, f64::max);
        let height = lines.iter().map(|_| 24.0).sum::<f64>();
        let paint = format!("{} rx=\"4\"", PALETTE.paper.with_outline(&PALETTE.grid));
        self.canvas.area(
            x + (width - widest) / 2.0 - 16.0,
            y - height / 2.0 - 12.0,
            widest + 32.0,
            height + 24.0,
            &paint,
        );
        let mut foot = y - height / 2.0 + 17.0;
        for line in lines {
            self.canvas.words(x + width / 2.0, foot, look, &line);
            foot += 24.0;
        }
    }

    /// Ends a picture: `bottom` is where its drawing ends, `facts` are told to those who do not see it, `notes` stand
    /// below, and `definitions` are SVG that the drawing refers to.
    pub(crate) fn finish(mut self, bottom: f64, facts: &[String], notes: &[String], definitions: &str) -> String {
        let about = self.about;
        let given = |text: &str, said: fn(&str) -> String| {
            let text = clean(text);
            if text.is_empty() { None } else { Some(said(&text)) }
        };
        let mut below: Vec<String> = notes.to_vec();
        below.extend(about.note.as_deref().and_then(|note| given(note, str::to_owned)));
        below.extend(given(&about.as_of, words::as_of));
        below.extend(given(&about.source, words::source));
        let look = Look::new(12.0).quiet();
        let mut y = bottom + 8.0;
        for line in below.iter().flat_map(|text| measure::wrapped(&clean(text), look.size, INNER, 3)) {
            y += 17.0;
            self.canvas.words(MARGIN, y, look, &line);
        }
        let (id, height) = (&self.id, px((y + 16.0).ceil()));
        let width = px(WIDTH);
        let body = self.canvas.as_str();
        let used = |kind: &Kind| body.contains(&kind.fill(id));
        let patterns: String =
            Kind::ALL.iter().filter(|kind| used(kind)).filter_map(|kind| kind.pattern(id, 1.0)).collect();
        let title = [about.title.as_str(), about.subtitle.as_str()].map(clean);
        let title = title.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(". ");
        let title = if title.is_empty() { words::NOTHING } else { &title };
        let said: Vec<&String> = std::iter::once(&self.lead).chain(facts).chain(&below).collect();
        let said: String = said.iter().map(|text| sentence(text)).collect::<Vec<_>>().join(" ");
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" \
             font-family=\"{FONT}\">\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n\
             <style>{}</style>\n<defs>{patterns}{definitions}</defs>\n\
             <rect width=\"{width}\" height=\"{height}\" {}/>\n{body}</svg>\n",
            escaped(title),
            escaped(&said),
            stylesheet(),
            PALETTE.paper.fill(),
        )
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', '\u{2026}']) { text.to_owned() } else { format!("{text}.") }
}
