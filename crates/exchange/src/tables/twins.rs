//! Twins: one form sent several times, which made several donors and several offers of one thing
//! (field case CON-04).
//!
//! The rule: two rows are twins when they name the same product and grades, the same quantity and the
//! same region (two unknown places count as one), when different organisations entered them, and when
//! they were entered within two seconds of each other. A row is held against the one before it in
//! time, so a burst of five is one group however long it took. The first of a group stands.
//!
//! Where both times are to the second, the twin is sure: it is quarantined until somebody says that it
//! is real. A time on a whole minute was typed or rounded (in one real file a backlog of 708 rows
//! stands at one minute, and 1,488 more at midnight), so rows that share such a time are only possible
//! twins: they are flagged and stay. Rows without a time are left alone, and so are rows of one
//! organisation, which may offer the same twice.

use std::collections::BTreeMap;

use domain::{quarantine::TWIN_WINDOW_MICROS, time::Instant};

use super::date::is_to_the_second;

/// What twins are told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Physical line of the row.
    pub line: u32,
    /// Who entered it.
    pub organisation: String,
    /// Product and grades.
    pub product: String,
    /// In base units.
    pub quantity: i64,
    /// The region's code, if known.
    pub region: Option<String>,
    /// When it was entered.
    pub at: Instant,
}

/// A row and the earlier one it is a twin of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Twin {
    /// Line of the later row.
    pub line: u32,
    /// Line of the first row of the group.
    pub first: u32,
    /// Whether both times are to the second; if not, they may be rounded.
    pub sure: bool,
}

/// The twins among rows, by line.
pub fn twins(candidates: &[Candidate]) -> Vec<Twin> {
    let mut alike: BTreeMap<(bool, &str, i64, Option<&str>), Vec<&Candidate>> = BTreeMap::new();
    for c in candidates {
        let key = (is_to_the_second(c.at), c.product.as_str(), c.quantity, c.region.as_deref());
        alike.entry(key).or_default().push(c);
    }
    let mut found = Vec::new();
    for ((sure, _, _, _), mut group) in alike {
        group.sort_by_key(|c| (c.at, c.line));
        let mut first: Option<&Candidate> = None;
        let mut former: Option<&Candidate> = None;
        for c in group {
            let close = former.is_some_and(|f| c.at.micros() - f.at.micros() <= TWIN_WINDOW_MICROS);
            match first.filter(|_| close) {
                Some(f) if f.organisation != c.organisation => found.push(Twin { line: c.line, first: f.line, sure }),
                Some(_) => {}
                None => first = Some(c),
            }
            former = Some(c);
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u32, organisation: &str, quantity: i64, at: &str) -> Candidate {
        Candidate {
            line,
            organisation: organisation.to_owned(),
            product: "face-shield".to_owned(),
            quantity,
            region: Some("US-CA".to_owned()),
            at: Instant::parse(at).unwrap(),
        }
    }

    #[test]
    fn con_04_a_form_sent_twice_is_two_twins() {
        let rows = [
            row(2, "a", 500, "2020-04-28T06:40:00.9Z"),
            row(3, "b", 500, "2020-04-28T06:40:00.3Z"),
            row(4, "c", 500, "2020-04-28T06:40:02.8Z"),
            row(5, "d", 500, "2020-04-28T06:40:04.9Z"),
            row(6, "e", 501, "2020-04-28T06:40:00.3Z"),
            row(7, "b", 500, "2020-04-28T06:40:00.4Z"),
        ];
        let found: Vec<_> = twins(&rows).iter().map(|t| (t.first, t.line, t.sure)).collect();
        assert_eq!(found, [(3, 2, true), (3, 4, true)], "2.1 s later, another quantity, the same donor: no twins");
    }

    #[test]
    fn con_04_rounded_times_prove_little() {
        let rows = [row(2, "a", 50, "2020-04-19T04:00:00Z"), row(3, "b", 50, "2020-04-19T04:00:00Z")];
        assert_eq!(twins(&rows), [Twin { line: 3, first: 2, sure: false }]);
    }
}
