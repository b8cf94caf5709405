//! What firms do, in words, as codes of NACE Rev. 2.

use std::collections::{BTreeSet, HashMap};

use crate::text;

/// A word for what a firm does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The word or the words.
    pub word: String,
    /// Its language, as in `LANGUAGES` or any other ISO 639-1 code.
    pub language: String,
    /// The NACE Rev. 2 codes it means.
    pub nace2: Vec<String>,
    /// The headings of those codes, and where they come from.
    pub source: String,
}

/// Whether a text has the shape of a NACE code of two to four digits: `14`, `14.1`, `14.13`.
pub fn is_nace(code: &str) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    match code.split_once('.') {
        None => code.len() == 2 && digits(code),
        Some((division, rest)) => division.len() == 2 && rest.len() <= 2 && digits(division) && digits(rest),
    }
}

/// Whether a NACE code is `outer` or lies below it: `18.12` in `18.1`, `18.1` in `18`.
pub fn nace_lies_in(inner: &str, outer: &str) -> bool {
    inner.starts_with(outer)
}

/// The words, folded.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    places: HashMap<String, Vec<usize>>,
    /// Words of the longest entry.
    longest: usize,
}

impl Words {
    pub(super) fn new(activities: &[Activity]) -> Self {
        let mut found = Self::default();
        for (place, activity) in activities.iter().enumerate() {
            let folded = text::fold(&activity.word);
            found.longest = found.longest.max(folded.split(' ').count());
            found.places.entry(folded).or_default().push(place);
        }
        found
    }

    /// From the left the longest run of words that is an entry, then on behind it; what is in no entry says nothing.
    pub(super) fn understand(&self, activities: &[Activity], typed: &str) -> Vec<String> {
        if is_nace(typed.trim()) {
            return vec![typed.trim().to_owned()];
        }
        let folded = text::fold(typed);
        let tokens: Vec<&str> = folded.split(' ').collect();
        let (mut codes, mut at) = (BTreeSet::new(), 0);
        while at < tokens.len() {
            let mut runs = (1..=self.longest.min(tokens.len() - at)).rev();
            let run = runs.find_map(|n| Some((n, self.places.get(&tokens[at..at + n].join(" "))?)));
            let Some((words, places)) = run else {
                at += 1;
                continue;
            };
            codes
                .extend(places.iter().filter_map(|place| activities.get(*place)).flat_map(|a| a.nace2.iter().cloned()));
            at += words;
        }
        codes.into_iter().collect()
    }
}
