//! A plot with two logarithmic axes, as SVG.

use std::fmt::Write as _;

/// One line of the plot.
pub struct Series {
    /// Its name.
    pub name: String,
    /// Points, both coordinates above zero, by rising first coordinate.
    pub points: Vec<(f64, f64)>,
}

/// What a plot shows.
pub struct Plot {
    /// Above it.
    pub title: String,
    /// Below the first axis.
    pub across: String,
    /// Beside the second axis.
    pub up: String,
    /// The lines.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
/// Left, right, top and bottom of the drawing area.
const AREA: (f64, f64, f64, f64) = (76.0, 600.0, 48.0, 400.0);
/// Told apart also by people who see colours otherwise (Okabe and Ito, 2008).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// Whole decades around some values.
fn decades(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let logs: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
    let low = logs.iter().copied().reduce(f64::min)?.floor();
    let high = logs.iter().copied().reduce(f64::max)?.ceil();
    Some((low, if high > low { high } else { low + 1.0 }))
}

/// 10, 1k, 1M and so on.
fn power(exponent: f64, seconds: bool) -> String {
    let value = 10_f64.powf(exponent);
    match (seconds, value) {
        (true, v) if v < 0.000_999 => format!("{:.0} us", v * 1e6),
        (true, v) if v < 0.999 => format!("{:.0} ms", v * 1e3),
        (true, v) => format!("{v:.0} s"),
        (false, v) if v > 999_999.0 => format!("{:.0}M", v / 1e6),
        (false, v) if v > 999.0 => format!("{:.0}k", v / 1e3),
        (false, v) => format!("{v:.0}"),
    }
}

/// The plot as SVG; nothing to draw gives nothing.
pub fn svg(plot: &Plot) -> Option<String> {
    let points = || plot.series.iter().flat_map(|series| series.points.iter().copied());
    let (x_low, x_high) = decades(points().map(|(x, _)| x))?;
    let (y_low, y_high) = decades(points().map(|(_, y)| y))?;
    let (left, right, top, bottom) = AREA;
    let x_of = |x: f64| left + (x.log10() - x_low) / (x_high - x_low) * (right - left);
    let y_of = |y: f64| bottom - (y.log10() - y_low) / (y_high - y_low) * (bottom - top);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\" aria-label=\"{0}\">\n<title>{0}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{left}\" y=\"26\" font-size=\"15\">{0}</text>\n",
        escape(&plot.title)
    );
    let mut tick = |exponent: f64, across: bool| {
        let value = 10_f64.powf(exponent);
        let (x, y) = (x_of(value), y_of(value));
        let label = power(exponent, !across);
        let _ = if across {
            writeln!(
                out,
                "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                bottom + 18.0
            )
        } else {
            writeln!(
                out,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                left - 8.0,
                y + 4.0
            )
        };
    };
    let whole =
        |low: f64, high: f64| std::iter::successors(Some(low), |v| Some(v + 1.0)).take_while(move |v| *v <= high);
    whole(x_low, x_high).for_each(|exponent| tick(exponent, true));
    whole(y_low, y_high).for_each(|exponent| tick(exponent, false));
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
         <text transform=\"translate(18 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        f64::midpoint(left, right),
        HEIGHT - 20.0,
        escape(&plot.across),
        f64::midpoint(top, bottom),
        escape(&plot.up)
    );
    for (row, (series, colour)) in plot.series.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let at: Vec<String> = series.points.iter().map(|&(x, y)| format!("{:.1},{:.1}", x_of(x), y_of(y))).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            at.join(" ")
        );
        for point in &at {
            let (x, y) = point.split_once(',').unwrap_or_default();
            let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let y = [0.0, 22.0, 44.0, 66.0, 88.0, 110.0].get(row).copied().unwrap_or(132.0) + top + 10.0;
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {y:.1}h22\" stroke=\"{colour}\" stroke-width=\"2\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            right + 14.0,
            right + 42.0,
            y + 4.0,
            escape(&series.name)
        );
    }
    out.push_str("</svg>\n");
    Some(out)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_fall_where_the_axes_say() {
        let points = vec![(10.0, 0.001), (1_000.0, 0.1)];
        let series = vec![Series { name: "a < b".to_owned(), points }];
        let plot = Plot { title: "t".to_owned(), across: "arcs".to_owned(), up: "time".to_owned(), series };
        let drawn = svg(&plot).unwrap();
        assert!(drawn.contains("points=\"76.0,400.0 600.0,48.0\""), "{drawn}");
        assert!(drawn.contains("a &lt; b") && drawn.contains(">1k<") && drawn.contains(">100 ms<"), "{drawn}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let plot = Plot { title: String::new(), across: String::new(), up: String::new(), series: Vec::new() };
        assert!(svg(&plot).is_none());
    }
}
