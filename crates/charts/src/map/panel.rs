//! Beside the map: what its marks mean, and the outermost regions.

use crate::{
    axis,
    canvas::{Anchor, Look, px},
    frame::{Frame, INNER, MARGIN},
    map::{CapacityMap, Located, MAP_WIDTH, Scale, Spot, cross, disc, figure, marks, outlines::Sheet, ring},
    measure,
    numbers::{short, sum},
    style::{Kind, PALETTE},
    words,
};

const LEFT: f64 = MARGIN + MAP_WIDTH + 18.0;
const WIDTH: f64 = MARGIN + INNER - LEFT;
/// Two insets stand beside each other.
const INSET: f64 = (WIDTH - 10.0) / 2.0;
/// Words begin here, beside their samples.
const WORDS: f64 = LEFT + 78.0;

/// Draws the panel from `top` on; answers where it ends.
pub(super) fn draw(frame: &mut Frame<'_>, map: &CapacityMap, found: &Located<'_>, scale: Scale, top: f64) -> f64 {
    let mut y = legend(frame, map, scale, top);
    if found.insets.is_empty() {
        return y;
    }
    y += 12.0;
    let look = Look::new(12.0).quiet();
    for line in measure::wrapped(words::OUTERMOST, look.size, WIDTH, 2) {
        y += 16.0;
        frame.canvas.words(LEFT, y, look, &line);
    }
    y += 8.0;
    for row in found.insets.chunks(2) {
        let mut ends = y;
        for (column, (sheet, places)) in row.iter().enumerate() {
            let x = LEFT + (INSET + 10.0) * column as f64;
            ends = inset(frame, sheet, places, (x, y), scale).max(ends);
        }
        y = ends + 8.0;
    }
    y
}

fn legend(frame: &mut Frame<'_>, map: &CapacityMap, scale: Scale, top: f64) -> f64 {
    let look = Look::new(13.0);
    let samples = LEFT + 34.0;
    let mut y = top;
    let line = |frame: &mut Frame<'_>, words: &str, y: f64| {
        let lines = measure::wrapped(words, look.size, MARGIN + INNER - WORDS, 3);
        let mut foot = y + 4.5 - 8.0 * (lines.len().max(1) - 1) as f64;
        for line in lines {
            frame.canvas.words(WORDS, foot, look, &line);
            foot += 16.0;
        }
    };
    let offers = map.places.iter().any(|place| place.figure > 0);
    let needs = map.places.iter().any(|place| place.need.is_some_and(|need| need > 0));
    if offers || needs {
        let head = if offers { words::circle_legend(&map.about.unit) } else { words::RING_LEGEND.to_owned() };
        for words in measure::wrapped(&head, look.size, WIDTH, 2) {
            y += 14.0;
            frame.canvas.words(LEFT, y, look, &words);
            y += 3.0;
        }
        if offers && needs {
            y += 14.0;
            frame.canvas.words(LEFT, y, look, words::RING_LEGEND);
            y += 3.0;
        }
        y += 7.0;
        let first = axis::round_below(scale.most);
        let mut figures = vec![first, axis::round_below(first / 4), axis::round_below(first / 20)];
        figures.retain(|figure| *figure > 0);
        figures.dedup();
        for figure in figures {
            let radius = scale.radius(figure);
            let half = radius.max(9.0) + 2.0;
            y += half;
            if offers {
                disc(&mut frame.canvas, samples, y, radius);
            } else {
                ring(&mut frame.canvas, samples, y, radius);
            }
            frame.canvas.words(WORDS, y + 4.5, look, &short(figure));
            y += half;
        }
    }
    if offers && needs {
        y += 13.0;
        ring(&mut frame.canvas, samples, y, 9.0);
        line(frame, words::NEED, y);
        y += 13.0;
    }
    if map.places.iter().any(|place| place.figure <= 0) {
        y += 13.0;
        cross(&mut frame.canvas, samples, y);
        line(frame, words::PLACE_WITHOUT, y);
        y += 13.0;
    }
    let hatch = Kind::NoOffers.fill(&frame.id);
    let swatch = |frame: &mut Frame<'_>, y: f64, paint: &str| {
        frame.canvas.area(samples - 14.0, y - 9.0, 28.0, 18.0, paint);
        frame.canvas.area(samples - 14.0, y - 9.0, 28.0, 18.0, &PALETTE.border.stroke());
    };
    if !map.without.is_empty() {
        y += 18.0;
        swatch(frame, y, &hatch);
        line(frame, words::COUNTRY_WITHOUT, y);
        y += 18.0;
    }
    if map.without.is_empty() {
        return y;
    }
    y += 18.0;
    swatch(frame, y, &PALETTE.land.fill());
    line(frame, words::OTHER_LAND, y);
    y + 18.0
}

/// Draws an outermost region with its caption; answers where it ends.
fn inset(frame: &mut Frame<'_>, sheet: &Sheet, places: &[Spot<'_>], (x, y): (f64, f64), scale: Scale) -> f64 {
    let zoom = INSET / sheet.size.0;
    let height = sheet.size.1 * zoom;
    frame.canvas.area(x, y, INSET, height, &PALETTE.sea.fill());
    let (left, top, right, bottom) = (px(x), px(y), px(x + INSET), px(y + height));
    let clip = format!("{}-{}", frame.id, sheet.code);
    frame.canvas.raw(&format!(
        "<clipPath id=\"{clip}\"><path d=\"M{left} {top}H{right}V{bottom}H{left}z\"/></clipPath>\
         <g clip-path=\"url(#{clip})\"><g {} stroke-width=\"{:.1}\" {}>",
        sheet.transform(x, y, zoom),
        0.7 / zoom,
        PALETTE.land.with_outline(&PALETTE.border)
    ));
    for outline in &sheet.outlines {
        frame.canvas.raw(&format!("<path d=\"{}\"/>", outline.path));
    }
    frame.canvas.raw("</g></g>");
    frame.canvas.area(x, y, INSET, height, &PALETTE.border.stroke());
    let placed: Vec<Spot<'_>> =
        places.iter().map(|(place, (px, py))| (*place, (x + px * zoom, y + py * zoom))).collect();
    let unit = &frame.about().unit;
    marks(&mut frame.canvas, &placed, scale, unit);
    let total = sum(places.iter().map(|(place, _)| place.figure.max(0)));
    let name = Look::new(12.0);
    frame.canvas.words_within(x, y + height + 14.0, name, words::outermost(sheet.code), INSET);
    let said = if total > 0 { figure(total) } else { words::kind(Kind::NoOffers).to_lowercase() };
    frame.canvas.words_within(x, y + height + 29.0, name.at(Anchor::Start).quiet(), &said, INSET);
    y + height + 32.0
}
