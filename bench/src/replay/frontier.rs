//! What distance is worth: each strategy as a point, in two panels, as SVG.

use std::fmt::Write as _;

use super::Row;

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 430.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 370.0;
/// Left and right of each panel.
const PANELS: [(f64, f64); 2] = [(64.0, 410.0), (504.0, 850.0)];
/// Okabe and Ito, 2008: ours, the authors', and the line of ours with other prices of a delivery.
const OURS: &str = "#0072b2";
const AUTHORS: &str = "#d55e00";

/// The plot; better is to the left and, in the first panel, up, in the second down.
pub fn svg(rows: &[Row]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\" aria-label=\"Strategies on the exchange of 2020\">\n\
         <title>Strategies on the exchange of 2020</title>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"64\" y=\"26\" font-size=\"15\">The exchange of 2020 replayed: blue ours, orange the authors'</text>\n"
    );
    let up = [("fill rate of those who got anything (up is better)", 0), ("shipments per donor (down is better)", 1)];
    for (panel, (title, which)) in PANELS.iter().zip(up) {
        let of = |row: &Row| if which == 0 { row.fill_without_zeros } else { row.shipments };
        draw(&mut out, *panel, title, rows, of);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, (left, right): (f64, f64), title: &str, rows: &[Row], of: impl Fn(&Row) -> f64) {
    let most = rows.iter().map(&of).fold(0.0, f64::max).max(1e-9);
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0].into_iter().find(|step| most / step <= 7.0).unwrap_or(10.0);
    let top = (most / step).ceil() * step;
    // Miles from 50 to 2,000, on a logarithmic axis.
    let (low, high) = (50.0_f64.log10(), 2_000.0_f64.log10());
    let x_of = |miles: f64| left + (miles.clamp(50.0, 2_000.0).log10() - low) / (high - low) * (right - left);
    let y_of = |value: f64| BOTTOM - value / top * (BOTTOM - TOP);
    let _ = writeln!(out, "<text x=\"{left}\" y=\"50\">{title}</text>");
    for miles in [50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0] {
        let x = x_of(miles);
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {TOP}V{BOTTOM}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{miles}</text>",
            BOTTOM + 18.0
        );
    }
    let mut value = 0.0;
    while value <= top + step / 2.0 {
        let y = y_of(value);
        let _ = writeln!(
            out,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{value:.1}</text>",
            left - 8.0,
            y + 4.0
        );
        value += step;
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">miles per unit</text>",
        f64::midpoint(left, right),
        BOTTOM + 40.0
    );
    let mut swept: Vec<&Row> = rows.iter().filter(|row| row.strategy.starts_with("balanced")).collect();
    swept.sort_by(|a, b| a.miles.total_cmp(&b.miles));
    let line: Vec<String> = swept.iter().map(|row| format!("{:.1},{:.1}", x_of(row.miles), y_of(of(row)))).collect();
    if line.len() > 1 {
        let _ = writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{OURS}\"/>", line.join(" "));
    }
    for row in rows {
        let (x, y) = (x_of(row.miles), y_of(of(row)));
        let colour = if row.is_ours() { OURS } else { AUTHORS };
        let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>");
        if !row.strategy.contains(':') {
            // Theirs to the left and ours to the right, so that neighbours stay apart; none above the panel.
            let (dx, anchor) = if row.is_ours() { (8.0, "start") } else { (-8.0, "end") };
            let dy = if y < TOP + 20.0 { 16.0 } else { -6.0 };
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\" text-anchor=\"{anchor}\">{}</text>",
                x + dx,
                y + dy,
                row.strategy
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_is_a_point_in_both_panels() {
        let row = |strategy: &str, miles: f64| Row {
            strategy: strategy.to_owned(),
            units: 10.0,
            miles,
            holding: 1.0,
            shipments: 2.0,
            fill: 0.1,
            fill_without_zeros: 0.7,
            seconds: vec![],
        };
        let drawn = svg(&[row("near", 98.0), row("proximity", 91.0), row("balanced", 130.0), row("balanced:1", 99.0)]);
        assert_eq!(drawn.matches("<circle").count(), 8);
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert_eq!(drawn.matches(AUTHORS).count(), 4);
        assert!(!drawn.contains("balanced:1") && !drawn.contains("NaN"));
    }
}
