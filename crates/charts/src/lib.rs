//! Charts and the map as SVG: figures in, text out.
//!
//! [`weeks_chart`], [`coverage_chart`] and [`map`] each turn a plain structure into one SVG document that stands alone:
//! for reports, for `<img>`, for print, or inlined in a page. The crate knows no clock, no database and no language but
//! English, and equal input gives equal bytes on every platform.
//!
//! A picture says its result first, in a sentence that screen readers get too; it has no script, no outside reference
//! and no `style` attribute. Its light colours are attributes, so they hold where style sheets are not read; the one
//! style sheet ([`stylesheet`]) is the same in all pictures, so that its hash can stand in a `Content-Security-Policy`.

mod about;
mod axis;
mod canvas;
mod coverage;
mod frame;
mod legend;
mod map;
mod measure;
mod numbers;
mod projection;
mod style;
mod weeks;
mod words;

pub use about::About;
pub use coverage::{CoverageChart, CoverageRow, coverage_chart};
pub use map::{CapacityMap, MapCountry, MapPlace, map};
pub use numbers::grouped;
pub use style::{PALETTE, Palette, Tone, stylesheet};
pub use weeks::{WeekColumn, WeeksChart, weeks_chart};

#[cfg(test)]
mod checks;
