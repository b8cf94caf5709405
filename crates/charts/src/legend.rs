//! A legend in a row: a sample of each kind and its word.

use crate::{
    canvas::{Canvas, Look, px},
    frame::{INNER, MARGIN},
    style::{Kind, PALETTE},
    words,
};

/// What a legend explains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    Area(Kind),
    /// The line of the need.
    Need,
}

/// Draws samples from `top` on, in as many rows as they take; answers where they end.
pub(crate) fn row(canvas: &mut Canvas, id: &str, samples: &[Sample], top: f64) -> f64 {
    let look = Look::new(13.0);
    let (mut x, mut y) = (MARGIN, top);
    for sample in samples {
        let word = match sample {
            Sample::Area(kind) => words::kind(*kind),
            Sample::Need => words::NEED,
        };
        let needed = 24.0 + look.width(word) + 22.0;
        if x > MARGIN && x + needed > MARGIN + INNER {
            x = MARGIN;
            y += 22.0;
        }
        match sample {
            Sample::Area(kind) => area(canvas, id, *kind, (x, y + 1.0), (18.0, 14.0)),
            Sample::Need => {
                let line = format!("M{} {}h18", px(x), px(y + 8.0));
                canvas.path(&line, &format!("{} stroke-width=\"3\"", PALETTE.need.stroke()));
            }
        }
        canvas.words(x + 24.0, y + 12.5, look, word);
        x += needed;
    }
    y + 20.0
}

/// An area of a kind with its outline, if it has one; the outline stays inside.
pub(crate) fn area(canvas: &mut Canvas, id: &str, kind: Kind, (x, y): (f64, f64), (width, height): (f64, f64)) {
    canvas.area(x, y, width, height, &kind.fill(id));
    if let Some(tone) = kind.outline().filter(|_| width > 1.5 && height > 1.5) {
        canvas.area(x + 0.5, y + 0.5, width - 1.0, height - 1.0, &tone.stroke());
    }
}
