//! Whether a record still waits for a reviewer once its owner changed it.

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
