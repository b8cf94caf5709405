//! What a mail says of an alert that fires: the result first, then the figures, as of when, how to see it and how to stop
//! it.

use std::fmt::Write as _;

use domain::{
    alert::{Alert, AlertOf, Bound, Figure, Met, Over, Threshold},
    ids::AlertId,
    link::Mail,
    time::{Day, Instant},
    unit::BaseUnit,
};

use super::looking::to_tell;
use crate::{App, Tables, error::AppResult};

/// The most characters of a typed word that a mail repeats.
const MOST_REPEATED: usize = 60;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The result of an alert and, after a line break, all else; `None` where it is gone or quiet, or its reader acts for its
/// owner no longer.
pub(crate) async fn letter(app: &App, mail: &Mail, organisation: &str) -> AppResult<Option<String>> {
    let Some(id) = mail.record else { return Ok(None) };
    let Some(alert) = to_tell(app, AlertId(id), mail.person).await? else { return Ok(None) };
    let tables = app.tables();
    let Some(first) = alert.rows.first() else { return Ok(None) };
    let mut text = format!("{}\n", result(&tables, &alert, first));
    let whose = if organisation.is_empty() { "the operator" } else { organisation };
    let at = alert.as_of.map(clock).unwrap_or_default();
    text += &format!("So it stood at {at}, as {whose} may see it:\n\n");
    for met in &alert.rows {
        // Writing to a text does not fail.
        let _ = writeln!(text, "- {}: {}", place(&tables, &alert, met), amount(met.figure, met.unit));
    }
    if alert.more > 0 {
        let _ = writeln!(text, "- and {} more", alert.more);
    }
    let name = &alert.terms.name;
    let waits = waits(alert.terms.threshold);
    text += &format!(
        "\nYour alert \u{201c}{name}\u{201d} waits for this: {waits}. It tells once, and again only after it was quiet in \
         between.\n\nTo see how it is now, with your key:\nGET {}\n\nTo stop it:\nDELETE {}/api/v1/alerts/{}",
        address(app, &alert),
        app.public_url,
        alert.id
    );
    Ok(Some(text))
}

/// The address of the question, over the days that it is asked for today.
fn address(app: &App, alert: &Alert) -> String {
    let terms = &alert.terms;
    let until = terms.until(app.today()).to_string();
    let pairs = terms.question.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query: Vec<String> =
        pairs.chain([("until", until.as_str())]).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("{}/api/v1/{}?{}", app.public_url, terms.of.as_str(), query.join("&"))
}

/// A value as it stands in an address (RFC 3986), with its commas as they are.
fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte);
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The first row in a sentence: `FFP respirators: 12,000 pieces short in Lombardia (ITC4), week of 6 April`.
fn result(tables: &Tables, alert: &Alert, met: &Met) -> String {
    let amount = amount(met.figure, met.unit);
    let what = match alert.terms.threshold {
        Threshold::Colour(hue) => format!("{}, {amount} short", hue.as_str()),
        Threshold::Figure { figure, .. } => format!("{amount} {}", said(figure)),
    };
    let product = product(tables, alert, met);
    match region(tables, alert, met) {
        Some(region) => format!("{product}: {what} in {region}, {}", period(met)),
        None => format!("{product}: {what}, {}", period(met)),
    }
}

fn place(tables: &Tables, alert: &Alert, met: &Met) -> String {
    let product = product(tables, alert, met);
    let region = region(tables, alert, met).map(|region| format!(", {region}")).unwrap_or_default();
    format!("{product}{region}, {}", period(met))
}

/// The product of a row, or what was asked for.
fn product(tables: &Tables, alert: &Alert, met: &Met) -> String {
    let named = met.product.as_ref().and_then(|code| tables.catalogue.product(code.as_str()));
    match named {
        Some(product) => product.name().to_owned(),
        None => repeated(alert, "product").unwrap_or_else(|| "All products".to_owned()),
    }
}

/// The region of a row, or those asked for.
fn region(tables: &Tables, alert: &Alert, met: &Met) -> Option<String> {
    match &met.region {
        Some(code) => Some(match tables.regions.get(code) {
            Some(region) => format!("{} ({code})", region.name),
            None => code.to_string(),
        }),
        None => repeated(alert, "region"),
    }
}

/// What somebody typed, on one line and not at length.
fn repeated(alert: &Alert, parameter: &str) -> Option<String> {
    let typed = alert.terms.question.get(parameter)?;
    let plain = typed.chars().map(|c| if c.is_control() { ' ' } else { c });
    Some(plain.take(MOST_REPEATED).collect::<String>().trim().to_owned()).filter(|typed| !typed.is_empty())
}

fn period(met: &Met) -> String {
    let monday = met.from.monday();
    match met.until <= monday.plus(6) {
        true => format!("week of {}", date(monday)),
        false => format!("{} to {}", date(met.from), date(met.until)),
    }
}

/// A day as people write it, without its year.
fn date(day: Day) -> String {
    let text = day.to_string();
    let mut parts = text.split('-').skip(1).filter_map(|part| part.parse::<usize>().ok());
    let (month, number) = (parts.next().unwrap_or(1), parts.next().unwrap_or(1));
    format!("{number} {}", MONTHS.get(month.saturating_sub(1)).copied().unwrap_or_default())
}

/// An instant to the minute.
fn clock(at: Instant) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or_default();
    format!("{day} {} UTC", time.get(..5).unwrap_or_default())
}

fn amount(figure: i128, unit: BaseUnit) -> String {
    let unit = if figure == 1 { unit.as_str().replace('_', " ") } else { unit.plural().to_owned() };
    format!("{} {unit}", grouped(figure))
}

/// A number with a comma after each three digits.
fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a figure is, after an amount.
fn said(figure: Figure) -> &'static str {
    match figure {
        Figure::Running => "at the running level",
        Figure::Maximum => "at full stretch",
        Figure::Convertible => "convertible",
        Figure::Held => "held",
        Figure::Agreed => "agreed",
        Figure::Free => "free",
        Figure::FreeMaximum => "free at full stretch",
        Figure::Gap => "short",
    }
}

fn waits(threshold: Threshold) -> String {
    match threshold {
        Threshold::Colour(domain::alert::Hue::Red) => "a row is red".to_owned(),
        Threshold::Colour(domain::alert::Hue::Orange) => "a row is orange or red".to_owned(),
        Threshold::Figure { figure, bound, over } => {
            let over = match (over, figure.of()) {
                (Over::Total, _) => " of the total",
                (Over::Rows, AlertOf::Capacity | AlertOf::Shortages) => " of any row",
            };
            let bound = match bound {
                Bound::Below(units) => format!("is below {}", grouped(units.into())),
                Bound::AtLeast(units) => format!("is {} or more", grouped(units.into())),
            };
            format!("{}{over} {bound}", figure.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_days_are_written_for_people() {
        let words = [0, 7, 999, 1_000, 12_000, 1_234_567, -4_500].map(grouped);
        assert_eq!(words, ["0", "7", "999", "1,000", "12,000", "1,234,567", "-4,500"]);
        assert_eq!(amount(1, BaseUnit::Piece), "1 piece");
        assert_eq!(amount(2_000, BaseUnit::SquareCentimetre), "2,000 square centimetres");
        assert_eq!(date(Day::parse("2020-04-06").unwrap()), "6 April");
        assert_eq!(escaped("ITC4,Île de France"), "ITC4,%C3%8Ele%20de%20France");
        let at = Instant::parse("2020-04-06T08:00:00.000005Z").unwrap();
        assert_eq!(clock(at), "2020-04-06 08:00 UTC");
    }
}
