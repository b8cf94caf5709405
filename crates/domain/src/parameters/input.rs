//! Parameters as people state them: a mode, and what shall differ from its published set.

use super::{Fairness, FairnessGroup, Limits, Mode, Parameters};
use crate::{capacity::CapacityKind, violation::Violations};

/// What shall differ from the published set of a mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParametersInput {
    /// The mode; standard where absent.
    pub mode: Option<String>,
    /// `running` or `maximum`.
    pub capacity: Option<String>,
    /// Weights by name, in points.
    pub weights: Vec<(String, i64)>,
    /// Days to pack, load and unload.
    pub handling_days: Option<i64>,
    /// Kilometres a lorry covers a day.
    pub km_per_day: Option<i64>,
    /// The distance assumed where a place is unknown.
    pub unknown_km: Option<i64>,
    /// `off`, `max_min` or `shares`.
    pub fairness: Option<String>,
    /// `region`, `organisation` or `need`; only with `max_min`.
    pub by: Option<String>,
    /// Thousandths of its fair share that each group is sure of; only with `max_min`.
    pub dial: Option<i64>,
    /// Pivots at most.
    pub pivots: Option<i64>,
    /// Solves at most.
    pub nodes: Option<i64>,
}

impl ParametersInput {
    /// The parameters, or everything that is wrong with them.
    pub fn check(&self) -> Result<Parameters, Violations> {
        let mut faults = Violations::new();
        let mode = self.mode.as_deref().map_or(Some(Mode::Standard), Mode::parse);
        if mode.is_none() {
            faults.push("/mode", "unknown_value", unknown(self.mode.as_deref(), "standard, near, fair, balanced"));
        }
        let mut parameters = Parameters::of(mode.unwrap_or_default());
        match self.capacity.as_deref() {
            None => {}
            Some("running") => parameters.capacity = CapacityKind::Running,
            Some("maximum") => parameters.capacity = CapacityKind::Maximum,
            other => faults.push("/capacity", "unknown_value", unknown(other, "running, maximum")),
        }
        for (name, points) in &self.weights {
            let named: Vec<&str> = parameters.weights.named().map(|(name, _, _)| name).to_vec();
            let Some(weight) = parameters.weights.named_mut(name) else {
                faults.push("/weights", "unknown_value", unknown(Some(name), &named.join(", ")));
                continue;
            };
            number(&mut faults, &format!("/weights/{name}"), Some(*points), weight);
        }
        number(&mut faults, "/transit/handling_days", self.handling_days, &mut parameters.transit.handling_days);
        number(&mut faults, "/transit/km_per_day", self.km_per_day, &mut parameters.transit.km_per_day);
        number(&mut faults, "/transit/unknown_km", self.unknown_km, &mut parameters.transit.unknown_km);
        parameters.fairness = self.fairness(parameters.fairness, &mut faults);
        let Limits { pivots, nodes } = &mut parameters.limits;
        number(&mut faults, "/limits/nodes", self.nodes, nodes);
        if let Some(asked) = self.pivots {
            number(&mut faults, "/limits/pivots", Some(asked), pivots.get_or_insert_default());
        }
        faults.keep(parameters.check());
        faults.into_result().map(|()| parameters)
    }

    fn fairness(&self, usual: Fairness, faults: &mut Violations) -> Fairness {
        let mut chosen = match self.fairness.as_deref() {
            None => usual,
            Some("off") => Fairness::Off,
            Some("max_min") => Fairness::MaxMin { by: FairnessGroup::Region, dial: 1_000 },
            Some("shares") => Fairness::Shares,
            other => {
                faults.push("/fairness/rule", "unknown_value", unknown(other, "off, max_min, shares"));
                usual
            }
        };
        if let Fairness::MaxMin { by, dial } = &mut chosen {
            match self.by.as_deref().map(FairnessGroup::parse) {
                None => {}
                Some(Some(group)) => *by = group,
                Some(None) => {
                    let detail = unknown(self.by.as_deref(), "region, organisation, need");
                    faults.push("/fairness/by", "unknown_value", detail);
                }
            }
            number(faults, "/fairness/dial", self.dial, dial);
        } else {
            for (pointer, given) in [("/fairness/by", self.by.is_some()), ("/fairness/dial", self.dial.is_some())] {
                if given {
                    faults.push(
                        pointer,
                        "does_not_apply",
                        "goes with the rule max_min alone; state it or leave this out",
                    );
                }
            }
        }
        chosen
    }
}

/// Takes over a number that fits its field.
fn number<T: TryFrom<i64>>(faults: &mut Violations, pointer: &str, given: Option<i64>, field: &mut T) {
    match given.map(T::try_from) {
        None => {}
        Some(Ok(value)) => *field = value,
        Some(Err(_)) => {
            let given = given.unwrap_or_default();
            faults.push(pointer, "out_of_range", format!("{given} is out of range; write a whole number from 0 up"));
        }
    }
}

fn unknown(given: Option<&str>, known: &str) -> String {
    format!("{:?} is not one of: {known}", given.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stated_is_the_published_set() {
        for mode in Mode::ALL {
            let input = ParametersInput { mode: Some(mode.as_str().to_owned()), ..ParametersInput::default() };
            assert_eq!(input.check().unwrap(), Parameters::of(mode));
        }
    }

    #[test]
    fn every_weight_can_be_set_by_its_name() {
        for (name, usual, _) in Parameters::default().weights.named() {
            let input = ParametersInput { weights: vec![(name.to_owned(), 7)], ..ParametersInput::default() };
            let weights = input.check().unwrap().weights;
            for (other, value, _) in weights.named() {
                let before = Parameters::default().weights.named().into_iter().find(|w| w.0 == other).unwrap().1;
                assert_eq!(value, if other == name { 7 } else { before }, "{name} over {usual}");
            }
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let input = ParametersInput {
            mode: Some("greedy".to_owned()),
            capacity: Some("all".to_owned()),
            weights: vec![("love".to_owned(), 1), ("border".to_owned(), -1), ("price".to_owned(), 2_000)],
            km_per_day: Some(0),
            fairness: Some("off".to_owned()),
            dial: Some(500),
            nodes: Some(0),
            pivots: Some(-1),
            ..ParametersInput::default()
        };
        let faults = input.check().unwrap_err();
        let pointers: Vec<&str> = faults.as_slice().iter().map(|v| v.pointer.as_str()).collect();
        for expected in [
            "/mode",
            "/capacity",
            "/weights",
            "/weights/border",
            "/weights/price",
            "/transit/km_per_day",
            "/fairness/dial",
            "/limits/nodes",
            "/limits/pivots",
        ] {
            assert!(pointers.contains(&expected), "{expected} in {pointers:?}");
        }
    }
}
