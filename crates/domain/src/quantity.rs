//! Quantities: whole numbers of a base unit, and how people's measures become one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    code::UnitCode,
    decimal::Decimal,
    unit::{BaseUnit, UnitMeaning, UnitTable},
    violation::Violations,
};

/// A whole number of base units, 0 to 10^12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(i64);

impl TryFrom<i64> for Quantity {
    type Error = String;

    fn try_from(units: i64) -> Result<Self, String> {
        Self::new(units).ok_or_else(|| format!("{units} is no quantity; it is below 0 or above 10^12"))
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl Quantity {
    /// The largest quantity any field may hold.
    pub const LIMIT: i64 = 1_000_000_000_000;
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);
    /// One.
    pub const ONE: Quantity = Quantity(1);

    /// A quantity of that many base units; `None` below 0 or above [`Self::LIMIT`].
    pub fn new(units: i64) -> Option<Self> {
        (0..=Self::LIMIT).contains(&units).then_some(Self(units))
    }

    /// Base units.
    pub fn units(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a field may hold 0: stock, running capacity, an empty week may; an instalment, a
/// minimum order, a match may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zero {
    /// 0 is an answer.
    Legal,
    /// 0 is a mistake.
    Refused,
}

/// What people state: a number, a unit, and for packages how much is in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureInput {
    /// The number as typed.
    pub value: Decimal,
    /// Rec 20 or 21 code, or a word for it; the base unit where absent.
    pub unit: Option<String>,
    /// How much one package holds.
    pub pack_size: Option<Decimal>,
    /// The unit of the pack size; the base unit where absent.
    pub pack_unit: Option<String>,
}

/// A measure that was understood: what was typed, and what it is in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// The number as typed.
    pub value: Decimal,
    /// The unit's code.
    pub unit: UnitCode,
    /// Pack size in base units, for packages.
    pub pack: Option<Quantity>,
    /// The same in base units.
    pub quantity: Quantity,
}

impl Measure {
    /// That many base units, stated in the base unit itself.
    pub fn of(quantity: Quantity, base: BaseUnit) -> Self {
        Self { value: Decimal::whole(quantity.units()), unit: UnitCode::new(base.unit_code()), pack: None, quantity }
    }
}

/// Width and weight of a fabric, by which length, area and mass convert into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fabric {
    /// Millimetres across.
    pub width_mm: i64,
    /// Grams per square metre.
    pub gsm: i64,
}

/// Turns a stated measure into base units of a product.
///
/// Errors, each below `pointer`: `not_positive`, `negative`, `too_large`, `fractional`,
/// `unknown_unit`, `wrong_dimension`, `pack_size_missing`, `pack_size_unexpected`.
pub fn measure(
    pointer: &str,
    input: &MeasureInput,
    base: BaseUnit,
    zero: Zero,
    units: &UnitTable,
    fabric: Option<Fabric>,
) -> Result<Measure, Violations> {
    let value_at = format!("{pointer}/value");
    let value = input.value;
    let mut faults = Violations::new();
    if value.is_negative() {
        let code = if zero == Zero::Refused { "not_positive" } else { "negative" };
        faults.push(&value_at, code, format!("{value} is below zero; write a positive number"));
    } else if value.is_zero() && zero == Zero::Refused {
        faults.push(&value_at, "not_positive", format!("{value} is not a quantity here; write at least 1 {base}"));
    }
    let unit = faults.keep(find_unit(&format!("{pointer}/unit"), input.unit.as_deref(), base, units));
    let Some((code, meaning)) = unit else { return Err(faults) };
    let scale = match meaning {
        UnitMeaning::Package => {
            faults.keep(pack(pointer, input, &code, base, units, fabric)).map(|p| (Some(p), i128::from(p.units()), 1))
        }
        UnitMeaning::Fixed { base: of, numerator, denominator } => {
            if input.pack_size.is_some() {
                let detail = format!(
                    "{code} is no package, so it has no pack size; remove it or write a package unit such as XBX"
                );
                faults.push(format!("{pointer}/pack_size"), "pack_size_unexpected", detail);
            }
            match conversion(of, base, fabric) {
                Some((n, d)) => Some((None, n * i128::from(numerator), d * i128::from(denominator))),
                None => {
                    faults.push(format!("{pointer}/unit"), "wrong_dimension", wrong_dimension(&code, of, base));
                    None
                }
            }
        }
        UnitMeaning::Period => {
            faults.push(
                format!("{pointer}/unit"),
                "wrong_dimension",
                format!("{code} is a period of time; write a unit of {}", base.plural()),
            );
            None
        }
    };
    let Some((pack, numerator, denominator)) = scale else { return Err(faults) };
    if !faults.is_empty() {
        return Err(faults);
    }
    // Above the limit first: such a number may be whole and still overflow the exact product.
    let (top, bottom) = value.fraction();
    let limit = i128::from(Quantity::LIMIT);
    if top.checked_mul(numerator).is_none_or(|p| p > limit.saturating_mul(bottom.saturating_mul(denominator))) {
        faults.push(
            &value_at,
            "too_large",
            format!("{value} {code} is more than 10^12 {}; check the number and the unit", base.plural()),
        );
        return Err(faults);
    }
    let whole =
        value.scaled_to_whole(numerator, denominator).and_then(|u| i64::try_from(u).ok()).and_then(Quantity::new);
    match whole {
        Some(quantity) => Ok(Measure { value, unit: code, pack, quantity }),
        None => {
            let detail = format!("{value} {code} is not a whole number of {}; round it", base.plural());
            Err(Violations::one(value_at, "fractional", detail))
        }
    }
}

/// What can be said of a measure while its product is unknown: its sign, its unit, its package.
pub(crate) fn measure_of_unknown(
    pointer: &str,
    input: &MeasureInput,
    zero: Zero,
    units: &UnitTable,
) -> Result<(), Violations> {
    let base = input.unit.as_deref().and_then(|u| units.find(u)).and_then(|u| match u.meaning {
        UnitMeaning::Fixed { base, .. } => Some(base),
        UnitMeaning::Package | UnitMeaning::Period => None,
    });
    // In whatever its unit counts, so that no fault is found that the right product would not have.
    let mut faults = Violations::new();
    if let Err(part) = measure(pointer, input, base.unwrap_or(BaseUnit::Piece), zero, units, None) {
        let sure = ["not_positive", "negative", "unknown_unit", "pack_size_missing", "pack_size_unexpected"];
        for v in part.into_vec().into_iter().filter(|v| sure.contains(&v.code)) {
            faults.push(v.pointer, v.code, v.detail);
        }
    }
    faults.into_result()
}

fn wrong_dimension(code: &UnitCode, of: BaseUnit, base: BaseUnit) -> String {
    let (ofs, bases) = (of.plural(), base.plural());
    let fabric = [BaseUnit::Gram, BaseUnit::Millimetre, BaseUnit::SquareCentimetre];
    if fabric.contains(&of) && fabric.contains(&base) {
        format!("{code} counts {ofs}, this product {bases}; state width_mm and gsm, or write a unit of {bases}")
    } else {
        format!("{code} counts {ofs}, this product {bases}; write a unit of {bases}")
    }
}

fn find_unit(
    pointer: &str,
    word: Option<&str>,
    base: BaseUnit,
    units: &UnitTable,
) -> Result<(UnitCode, UnitMeaning), Violations> {
    let Some(word) = word else {
        let meaning = UnitMeaning::Fixed { base, numerator: 1, denominator: 1 };
        return Ok((UnitCode::new(base.unit_code()), meaning));
    };
    match units.find(word) {
        Some(unit) => Ok((unit.code.clone(), unit.meaning)),
        None => {
            let detail = format!(
                "{word:?} is no known unit; write a UN/ECE code such as {} (GET /api/v1/units lists them)",
                base.unit_code()
            );
            Err(Violations::one(pointer, "unknown_unit", detail))
        }
    }
}

fn pack(
    pointer: &str,
    input: &MeasureInput,
    code: &UnitCode,
    base: BaseUnit,
    units: &UnitTable,
    fabric: Option<Fabric>,
) -> Result<Quantity, Violations> {
    let pack_at = format!("{pointer}/pack_size");
    let Some(size) = input.pack_size else {
        let detail = format!("{code} is a package; state pack_size, how many {} one holds", base.plural());
        return Err(Violations::one(pack_at, "pack_size_missing", detail));
    };
    let inner = MeasureInput { value: size, unit: input.pack_unit.clone(), pack_size: None, pack_unit: None };
    if input.pack_unit.as_deref().and_then(|u| units.find(u)).is_some_and(|u| u.meaning == UnitMeaning::Package) {
        let detail = format!("a package of packages; state how many {} one {code} holds", base.plural());
        return Err(Violations::one(format!("{pointer}/pack_unit"), "wrong_dimension", detail));
    }
    match measure("", &inner, base, Zero::Refused, units, fabric) {
        Ok(size) => Ok(size.quantity),
        Err(part) => {
            // The size and its unit are two fields beside the value, not below one.
            let mut faults = Violations::new();
            for v in part.into_vec() {
                let field = if v.pointer == "/unit" { "pack_unit" } else { "pack_size" };
                faults.push(format!("{pointer}/{field}"), v.code, v.detail);
            }
            Err(faults)
        }
    }
}

/// Base units of `to` per base unit of `from`, as numerator and denominator.
fn conversion(from: BaseUnit, to: BaseUnit, fabric: Option<Fabric>) -> Option<(i128, i128)> {
    use BaseUnit::{Gram, Millimetre, SquareCentimetre};
    if from == to {
        return Some((1, 1));
    }
    // A service unit is one test; a piece never is.
    let Fabric { width_mm, gsm } = fabric.filter(|f| f.width_mm > 0 && f.gsm > 0)?;
    let (width, gsm) = (i128::from(width_mm), i128::from(gsm));
    // 1 mm of length is width/100 cm2; 1 cm2 is gsm/10,000 g.
    match (from, to) {
        (Millimetre, SquareCentimetre) => Some((width, 100)),
        (SquareCentimetre, Millimetre) => Some((100, width)),
        (SquareCentimetre, Gram) => Some((gsm, 10_000)),
        (Gram, SquareCentimetre) => Some((10_000, gsm)),
        (Millimetre, Gram) => Some((width * gsm, 1_000_000)),
        (Gram, Millimetre) => Some((1_000_000, width * gsm)),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests;
