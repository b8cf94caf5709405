//! Lengths: every text of a request has a limit, stated beside the field and checked before anything
//! else looks at it, so that no refusal has to repeat a megabyte. How many entries a list may have is
//! a rule of the domain.

use std::collections::BTreeMap;

use domain::violation::Violations;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

/// The longest text that is a code, a name or a word, in code points.
pub const WORD: u64 = 200;
/// The longest note, in code points.
pub const NOTE: u64 = 4_000;
/// The longest cursor, in code points; ours are shorter.
pub const CURSOR: u64 = 512;

/// Every length of a value that is beyond its limit, as faults with pointers.
pub fn check(value: &impl Validate) -> Result<(), Violations> {
    let Err(errors) = value.validate() else { return Ok(()) };
    let mut faults = Vec::new();
    collect("", &errors, &mut faults);
    // The errors come from a hash map.
    faults.sort();
    let mut violations = Violations::new();
    for (pointer, detail) in faults {
        violations.push(pointer, "too_long", detail);
    }
    violations.into_result()
}

fn collect(at: &str, errors: &ValidationErrors, faults: &mut Vec<(String, String)>) {
    for (field, kind) in errors.errors() {
        let pointer = format!("{at}/{field}");
        match kind {
            ValidationErrorsKind::Struct(part) => collect(&pointer, part, faults),
            ValidationErrorsKind::List(parts) => {
                for (i, part) in parts {
                    collect(&format!("{pointer}/{i}"), part, faults);
                }
            }
            ValidationErrorsKind::Field(found) => {
                faults.extend(found.iter().map(|error| (pointer.clone(), said(error))));
            }
        }
    }
}

fn said(error: &ValidationError) -> String {
    let most = error.params.get("max").map(ToString::to_string).unwrap_or_default();
    format!("is longer than {most} characters; shorten it")
}

/// Refuses a list with a text longer than [`WORD`].
pub fn words(list: &[String]) -> Result<(), ValidationError> {
    let Some(long) = list.iter().find(|w| u64::try_from(w.chars().count()).is_ok_and(|n| n > WORD)) else {
        return Ok(());
    };
    let mut error = ValidationError::new("length");
    error.params.insert("max".into(), WORD.into());
    error.params.insert("value".into(), long.chars().take(8).collect::<String>().into());
    Err(error)
}

/// Refuses lists by name where a name or a text is longer than [`WORD`].
pub fn words_of_each(lists: &BTreeMap<String, Vec<String>>) -> Result<(), ValidationError> {
    words(&lists.keys().cloned().collect::<Vec<_>>())?;
    lists.values().try_for_each(|list| words(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Validate)]
    struct Inner {
        #[validate(length(max = WORD))]
        word: String,
    }

    #[derive(Validate)]
    struct Outer {
        #[validate(length(max = WORD))]
        name: Option<String>,
        #[validate(nested)]
        parts: Vec<Inner>,
    }

    #[test]
    fn uni_05_lengths_count_code_points_and_every_fault_is_named() {
        let long = "ß".repeat(201);
        let outer =
            Outer { name: Some(long.clone()), parts: vec![Inner { word: "a".to_owned() }, Inner { word: long }] };
        let faults = check(&outer).unwrap_err();
        let pointers: Vec<&str> = faults.as_slice().iter().map(|v| v.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/parts/1/word"]);
        let fits = Outer { name: Some("ß".repeat(200)), parts: vec![] };
        assert!(check(&fits).is_ok());
    }
}
