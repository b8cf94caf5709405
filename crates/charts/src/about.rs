//! What every picture tells of itself.

/// What stands around a picture. Any text may be given: it is shortened where it does not fit and escaped always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The result in a few words: "FFP2: need not covered in 3 of 8 weeks".
    pub title: String,
    /// What the figures are of, as it follows "No offers for": "FFP2 in Malta, 6 to 26 Apr 2020".
    pub subtitle: String,
    /// What the figures count, in the plural: "pieces", "pieces a week".
    pub unit: String,
    /// As of when they are, as it follows "As of": "6 Apr 2020, 08:00 UTC".
    pub as_of: String,
    /// Whose they are and under which licence: "Muster, CC BY 4.0".
    pub source: String,
    /// What was left out: "Totals of fewer than three organisations are not shown".
    pub note: Option<String>,
}
