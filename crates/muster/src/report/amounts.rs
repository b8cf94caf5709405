//! Quantities in the unit they were typed in, and never rounded.

use domain::{catalogue::Catalogue, need::Need, quantity::Measure, unit::UnitMeaning};

use crate::output::grouped;

/// How base units of a need's product are shown: in the unit that the buyer typed where the number is
/// whole in it, else in base units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amounts {
    /// Base units of one typed unit, as a fraction, and its name.
    typed: Option<(i128, i128, String)>,
    base: (String, String),
}

impl Amounts {
    /// As the buyer typed it; in base units where the instalments differ in their units.
    pub(crate) fn of(need: &Need, catalogue: &Catalogue) -> Self {
        let base = catalogue.product(need.terms.product.as_str()).map(|p| p.base_unit);
        let base = base.map_or(("base unit".to_owned(), "base units".to_owned()), |b| {
            (b.as_str().replace('_', " "), b.plural().to_owned())
        });
        let mut measures = need.instalments.iter().map(|i| &i.measure);
        let first = measures.next();
        let alike = |m: &Measure| first.is_some_and(|f| (&f.unit, f.pack) == (&m.unit, m.pack));
        let typed = first.filter(|_| measures.all(alike)).and_then(|m| unit_of(m, catalogue));
        Self { typed, base }
    }

    /// An amount with its unit.
    pub(crate) fn show(&self, base: i64) -> String {
        let base = i128::from(base);
        if let Some((numerator, denominator, name)) = &self.typed
            && (base * denominator) % numerator == 0
        {
            let value = base * denominator / numerator;
            let name = if value == 1 { name.clone() } else { several(name) };
            return format!("{} {name}", grouped(value));
        }
        let name = if base == 1 { &self.base.0 } else { &self.base.1 };
        format!("{} {name}", grouped(base))
    }
}

fn unit_of(measure: &Measure, catalogue: &Catalogue) -> Option<(i128, i128, String)> {
    let unit = catalogue.unit_table().find(measure.unit.as_str())?;
    match unit.meaning {
        UnitMeaning::Fixed { numerator, denominator, .. } => {
            (numerator > 0).then(|| (i128::from(numerator), i128::from(denominator), unit.name.clone()))
        }
        UnitMeaning::Package => {
            let pack = measure.pack.filter(|p| !p.is_zero())?;
            Some((i128::from(pack.units()), 1, format!("{} of {pack}", unit.name)))
        }
        UnitMeaning::Period => None,
    }
}

/// The plural of a unit's name; of a package's, the word before "of".
fn several(name: &str) -> String {
    let (word, rest) = name.split_once(" of ").map_or((name, String::new()), |(w, rest)| (w, format!(" of {rest}")));
    let ending = if word.ends_with(['x', 's']) || word.ends_with("ch") { "es" } else { "s" };
    format!("{word}{ending}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(numerator: i128, denominator: i128, name: &str) -> Amounts {
        let base = ("millilitre".to_owned(), "millilitres".to_owned());
        Amounts { typed: Some((numerator, denominator, name.to_owned())), base }
    }

    #[test]
    fn num_02_a_litre_is_not_shown_as_a_thousand_and_nothing_is_rounded() {
        let litres = amounts(1_000, 1, "litre");
        assert_eq!(litres.show(942_840_000), "942,840 litres");
        assert_eq!(litres.show(1_000), "1 litre");
        assert_eq!(litres.show(1), "1 millilitre");
        assert_eq!(litres.show(1_500), "1,500 millilitres");
        assert_eq!(litres.show(-2_000), "-2 litres");
        assert_eq!(amounts(100, 1, "box of 100").show(1_000), "10 boxes of 100");
    }
}
