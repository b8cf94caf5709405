//! Why a record waits for a reviewer: since it came twice, and whether it still does once its owner changed it.

use uuid::Uuid;

/// How far apart in time twins are at most: 2 seconds, in microseconds. A form that is sent again by a double click, or by
/// a program that lost the answer, comes within that (field case CON-04).
pub const TWIN_WINDOW_MICROS: i64 = 2_000_000;

/// The reason to wait for a record that is the same as one which its organisation stated just before.
pub fn twin_of(what: &str, id: Uuid) -> String {
    format!(
        "it is the same as the {what} {id}, which came within two seconds before it, and counts once; take it back, or \
         have a reviewer let it through if both are meant"
    )
}

/// The reason to wait after a change. `before` and `after` are what plausibility says of the record as it was and
/// as it is.
///
/// Whoever else kept the record back did so for what plausibility does not see: only a reviewer lifts that. And
/// while plausibility says what it said, what was decided on it stands.
pub fn after_change(stored: Option<String>, before: Option<String>, after: Option<String>) -> Option<String> {
    let by_another = stored.is_some() && stored != before;
    if by_another || before == after { stored } else { after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stored: &str, before: &str, after: &str, expected: &str) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let found = after_change(some(stored), some(before), some(after));
        assert_eq!(found, some(expected), "{stored:?} {before:?} {after:?}");
    }

    #[test]
    fn num_04_a_quarantine_goes_with_the_figure_that_caused_it() {
        check("", "", "", "");
        check("", "", "much", "much");
        check("much", "much", "", "");
        check("much", "much", "more", "more");
        check("much", "much", "much", "much");
        // A reviewer let it through, and the figure is the same.
        check("", "much", "much", "");
        check("", "much", "more", "more");
        // A reviewer, or the twin of another record.
        check("twin", "", "", "twin");
        check("twin", "", "much", "twin");
        check("twin", "much", "", "twin");
    }
}
