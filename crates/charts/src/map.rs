//! The map of Europe: a disc a region, its area in proportion to the figure, on the outlines of countries.

mod labels;
mod outlines;
mod panel;

use domain::geo::Point;

use crate::{
    about::About,
    canvas::{Anchor, Canvas, Look, clean, px},
    frame::{Frame, MARGIN},
    measure,
    numbers::{grouped, short, sum},
    style::{Kind, PALETTE},
    words,
};
use labels::{Disc, Room};
use outlines::Sheet;

/// A region with its figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapPlace {
    /// Its code, `DEA1`; it may be empty.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub at: Point,
    /// What is to be had there. Nought and below mean that there are no offers: a place whose total is withheld is left
    /// out.
    pub figure: i128,
    /// What is needed there, in the same unit; it is drawn as a ring.
    pub need: Option<i128>,
}

/// A country of which it is known that nobody offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapCountry {
    /// Its code of ISO 3166-1 or its prefix of NUTS: `GR` or `EL`.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A map. The order of places does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapacityMap {
    /// What stands around it.
    pub about: About,
    /// Regions; those outside the map are told below it.
    pub places: Vec<MapPlace>,
    /// Countries that are hatched: nobody offers there. A country whose total is withheld is none of them.
    pub without: Vec<MapCountry>,
}

/// The map itself; it is as high as its sheet asks.
const MAP_WIDTH: f64 = 680.0;
/// The largest circles cover at most this share of the map, all together.
const MOST_INK: f64 = 0.09;
const MOST_RADIUS: f64 = 34.0;
const LEAST_MOST_RADIUS: f64 = 7.0;
/// Insets are not much higher than this twice over.
const MOST_RADIUS_WITH_INSETS: f64 = 30.0;
const MOST_LABELS: usize = 9;
/// How wide a name on the map may be.
const LABEL: f64 = 165.0;
/// How many names are said in a line of words.
const MOST_NAMES: usize = 12;

impl MapPlace {
    /// The larger of its figures, which decides how large it is drawn and how early it is named.
    fn largest(&self) -> i128 {
        self.figure.max(self.need.unwrap_or(0)).max(0)
    }
}

/// The radius of a circle whose area is to that of the largest as the figures are.
#[derive(Clone, Copy)]
struct Scale {
    most: i128,
    radius: f64,
}

impl Scale {
    fn of(places: &[&MapPlace], room: f64, most_radius: f64) -> Self {
        let most = places.iter().map(|place| place.largest()).max().unwrap_or(0);
        let shares: f64 = places.iter().map(|place| place.largest() as f64 / most.max(1) as f64).sum();
        let fitting = (MOST_INK * room / std::f64::consts::PI / shares.max(1e-9)).sqrt();
        Self { most, radius: fitting.clamp(LEAST_MOST_RADIUS, most_radius) }
    }

    fn radius(self, figure: i128) -> f64 {
        if self.most <= 0 { 0.0 } else { self.radius * (figure.max(0) as f64 / self.most as f64).sqrt() }
    }

    fn disc(self, place: &MapPlace, (x, y): (f64, f64)) -> Disc {
        Disc { x, y, radius: self.radius(place.largest()) }
    }
}

/// A place and where it lies.
type Spot<'a> = (&'a MapPlace, (f64, f64));

/// Where the places lie.
struct Located<'a> {
    /// On the map, in pixels from its corner, the largest figure first.
    europe: Vec<Spot<'a>>,
    /// By inset, in units of its sheet.
    insets: Vec<(&'a Sheet, Vec<Spot<'a>>)>,
    outside: Vec<&'a MapPlace>,
}

fn locate<'a>(places: &[&'a MapPlace], sheets: &'a [Sheet], zoom: f64) -> Located<'a> {
    let mut found = Located { europe: Vec::new(), insets: Vec::new(), outside: Vec::new() };
    for place in places {
        let Some((index, (x, y))) =
            sheets.iter().enumerate().find_map(|(index, sheet)| Some((index, sheet.place(place.at)?)))
        else {
            found.outside.push(place);
            continue;
        };
        if index == 0 {
            found.europe.push((place, (MARGIN + x * zoom, y * zoom)));
            continue;
        }
        let sheet = &sheets[index];
        match found.insets.iter_mut().find(|(known, _)| known.code == sheet.code) {
            Some((_, inside)) => inside.push((place, (x, y))),
            None => found.insets.push((sheet, vec![(place, (x, y))])),
        }
    }
    found.insets.sort_by_key(|(sheet, _)| sheets.iter().position(|known| known.code == sheet.code));
    found
}

/// The result in a sentence.
fn lead(about: &About, places: &[&MapPlace]) -> String {
    let offering: Vec<&&MapPlace> = places.iter().filter(|place| place.figure > 0).collect();
    let need = sum(places.iter().filter_map(|place| place.need).map(|need| need.max(0)));
    // Of equal figures the first place is named.
    let Some(first) = offering.iter().rev().max_by_key(|place| place.figure) else {
        return match need {
            0 => words::no_offers(&about.subtitle),
            need => words::no_offers_against(&about.subtitle, need, &about.unit),
        };
    };
    let total = sum(offering.iter().map(|place| place.figure));
    let mut said = words::in_places(total, &about.unit, offering.len());
    if need > 0 {
        said = format!("{said}; {}", words::needed(need, &about.unit));
    }
    let lacking = places.iter().map(|place| (place, place.need.unwrap_or(0).saturating_sub(place.figure.max(0))));
    if let Some((place, lack)) = lacking.rev().max_by_key(|(_, lack)| *lack).filter(|(_, lack)| *lack > 0) {
        said = format!("{said}; {}", words::lacks_most(&place.name, lack));
    } else if offering.len() > 1 {
        said = format!("{said}; {}", words::most_in(&first.name, first.figure));
    }
    said
}

fn names<'a>(all: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = all.len();
    let said = all.take(MOST_NAMES).map(|name| measure::shortened(name, 12.0, 160.0)).collect::<Vec<_>>().join(", ");
    if count > MOST_NAMES { format!("{said}, {}", words::and_more(count - MOST_NAMES, None)) } else { said }
}

/// Draws the map as one SVG document.
pub fn map(map: &CapacityMap) -> String {
    let about = &map.about;
    let mut places: Vec<&MapPlace> = map.places.iter().collect();
    places.sort_by(|a, b| {
        let key = |place: &&MapPlace| (place.code.clone(), place.name.clone(), place.at);
        let sizes = b.largest().cmp(&a.largest()).then(b.figure.cmp(&a.figure)).then(b.need.cmp(&a.need));
        sizes.then_with(|| key(a).cmp(&key(b)))
    });
    let sheets = outlines::sheets();
    let mut frame = Frame::new(&format!("map {about:?} {places:?} {:?}", map.without), about, lead(about, &places));
    let Some((europe, _)) = sheets.split_first() else { return frame.finish(0.0, &[], &[], "") };
    let zoom = MAP_WIDTH / europe.size.0;
    let (top, height) = (frame.top, europe.size.1 * zoom);
    let found = locate(&places, &sheets, zoom);
    let most_radius = if found.insets.is_empty() { MOST_RADIUS } else { MOST_RADIUS_WITH_INSETS };
    let scale = Scale::of(&places, MAP_WIDTH * height, most_radius);

    frame.canvas.area(MARGIN, top, MAP_WIDTH, height, &PALETTE.sea.fill());
    let definitions = land(&mut frame, europe, &map.without, top, zoom);
    frame.canvas.area(MARGIN, top, MAP_WIDTH, height, &PALETTE.grid.stroke());
    let on_map: Vec<Spot<'_>> = found.europe.iter().map(|(place, (x, y))| (*place, (*x, y + top))).collect();
    marks(&mut frame.canvas, &on_map, scale, &about.unit);
    name_largest(
        &mut frame.canvas,
        &on_map,
        scale,
        Room { left: MARGIN + 2.0, top: top + 2.0, right: MARGIN + MAP_WIDTH - 2.0, bottom: top + height - 2.0 },
    );
    if places.is_empty() {
        frame.say(MARGIN, top + 52.0, MAP_WIDTH, &words::no_offers(&about.subtitle));
    }
    let below = panel::draw(&mut frame, map, &found, scale, top);

    let mut notes = Vec::new();
    if !map.without.is_empty() {
        notes.push(words::countries_without(&names(map.without.iter().map(|country| country.name.as_str()))));
    }
    if !found.outside.is_empty() {
        let (offering, others): (Vec<&MapPlace>, Vec<&MapPlace>) =
            found.outside.iter().partition(|place| place.figure > 0);
        let named = |places: &[&MapPlace]| names(places.iter().map(|place| place.name.as_str()));
        if !offering.is_empty() {
            let total = sum(offering.iter().map(|place| place.figure));
            notes.push(words::outside(&named(&offering), offering.len(), total, &about.unit));
        }
        if !others.is_empty() {
            notes.push(words::outside_without(&named(&others)));
        }
    }
    notes.push(words::OUTLINES.to_owned());
    let told = |place: &&&MapPlace| words::place(&place.name, &place.code, place.figure, place.need, &about.unit);
    let facts: Vec<String> = places.iter().filter(|place| place.figure > 0).take(5).map(|place| told(&place)).collect();
    frame.finish((top + height).max(below), &facts, &notes, &definitions)
}

/// Draws the countries; answers the definitions that this refers to.
fn land(frame: &mut Frame<'_>, sheet: &Sheet, without: &[MapCountry], top: f64, zoom: f64) -> String {
    let id = frame.id.clone();
    let (clip, hatch) = (format!("{id}-clip"), format!("{id}-map"));
    let codes: Vec<String> = without.iter().map(|country| iso(&country.code)).collect();
    let line = format!("stroke-width=\"{:.1}\" stroke-linejoin=\"round\"", 0.7 / zoom);
    let paint = PALETTE.land.with_outline(&PALETTE.border);
    let transform = sheet.transform(MARGIN, top, zoom);
    frame.canvas.raw(&format!("<g clip-path=\"url(#{clip})\"><g {transform} {line} {paint}>"));
    let hatched =
        |outline: &&outlines::Outline| !outline.code.is_empty() && codes.iter().any(|code| code == outline.code);
    for outline in &sheet.outlines {
        frame.canvas.raw(&format!("<path d=\"{}\"/>", outline.path));
    }
    for outline in sheet.outlines.iter().filter(hatched) {
        frame.canvas.raw(&format!("<path d=\"{}\" {}/>", outline.path, Kind::NoOffers.fill(&hatch)));
    }
    frame.canvas.raw("</g></g>");
    format!(
        "<clipPath id=\"{clip}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>{}",
        px(MARGIN),
        px(top),
        px(MAP_WIDTH),
        px(sheet.size.1 * zoom),
        Kind::NoOffers.pattern(&hatch, 1.0 / zoom).unwrap_or_default()
    )
}

/// ISO 3166-1 for a prefix of NUTS.
fn iso(code: &str) -> String {
    match code.trim().to_uppercase().as_str() {
        "EL" => "GR".to_owned(),
        "UK" => "GB".to_owned(),
        other => other.to_owned(),
    }
}

/// Draws the places, small ones over large ones; rings over discs, and crosses where there are no offers.
fn marks(canvas: &mut Canvas, places: &[Spot<'_>], scale: Scale, unit: &str) {
    let mut order: Vec<(f64, &Spot<'_>)> =
        places.iter().map(|place| (scale.disc(place.0, place.1).radius, place)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, (place, at)) in order {
        canvas.open(&words::place(&place.name, &place.code, place.figure, place.need, unit));
        mark(canvas, place, *at, scale);
        canvas.close();
    }
}

fn mark(canvas: &mut Canvas, place: &MapPlace, (x, y): (f64, f64), scale: Scale) {
    if place.figure > 0 {
        disc(canvas, x, y, scale.radius(place.figure));
    } else {
        cross(canvas, x, y);
    }
    if let Some(need) = place.need.filter(|need| *need > 0) {
        ring(canvas, x, y, scale.radius(need));
    }
}

fn disc(canvas: &mut Canvas, x: f64, y: f64, radius: f64) {
    let paint = PALETTE.held.with_outline(&PALETTE.agreed);
    canvas.raw(&format!("<circle cx=\"{}\" cy=\"{}\" r=\"{radius:.2}\" fill-opacity=\"0.72\" {paint}/>", px(x), px(y)));
}

fn ring(canvas: &mut Canvas, x: f64, y: f64, radius: f64) {
    let paint = PALETTE.need.stroke();
    canvas.raw(&format!(
        "<circle cx=\"{}\" cy=\"{}\" r=\"{radius:.2}\" stroke-width=\"2\" stroke-dasharray=\"5 2\" {paint}/>",
        px(x),
        px(y)
    ));
}

fn cross(canvas: &mut Canvas, x: f64, y: f64) {
    let arms = format!("M{} {}l5 5m0-5l-5 5", px(x - 2.5), px(y - 2.5));
    canvas.path(&arms, &format!("{} stroke-width=\"1.4\"", PALETTE.quiet.stroke()));
}

fn name_largest(canvas: &mut Canvas, places: &[Spot<'_>], scale: Scale, frame: Room) {
    let name_look = Look::new(12.0).bold().on_drawing();
    let figure_look = Look::new(12.0).on_drawing();
    let named = |place: &MapPlace| measure::shortened(&clean(&place.name), 12.0, LABEL);
    let discs: Vec<Disc> = places.iter().map(|(place, at)| scale.disc(place, *at)).collect();
    let sizes: Vec<(f64, f64)> = places
        .iter()
        .take_while(|(place, _)| place.largest() > 0)
        .map(|(place, _)| {
            let figures = words::figure_and_need(place.figure, place.need);
            (name_look.width(&named(place)).max(figure_look.width(&figures)), 29.0)
        })
        .collect();
    let found = labels::placed(&discs, &sizes, frame, MOST_LABELS);
    for [x1, y1, x2, y2] in found.iter().filter_map(|(index, room)| room.leader(&discs[*index])) {
        let line = format!("M{} {}L{} {}", px(x1), px(y1), px(x2), px(y2));
        canvas.path(&line, &PALETTE.quiet.stroke());
    }
    for (index, room) in found {
        let (place, _) = places[index];
        // Words begin or end at their disc, also where the reader's font is narrower than reckoned.
        let (x, anchor) = match discs[index].x {
            middle if middle < room.left => (room.left, Anchor::Start),
            middle if middle > room.right => (room.right, Anchor::End),
            _ => (f64::midpoint(room.left, room.right), Anchor::Middle),
        };
        let figures = words::figure_and_need(place.figure, place.need);
        canvas.words_within(x, room.top + 12.0, name_look.at(anchor), &place.name, LABEL * 1.07);
        canvas.words(x, room.top + 26.0, figure_look.at(anchor), &figures);
    }
}

/// A figure in full, for captions.
fn figure(value: i128) -> String {
    if value < 1_000_000 { grouped(value) } else { short(value) }
}
