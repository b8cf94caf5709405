//! What few offers say, or many say alike: where they deliver, under which authorisations they leave an area,
//! and their grades in the order that they name them.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    code::{GradeCode, RegionCode},
    offer::OfferTerms,
};

use crate::intern::Interner;

/// Terms that many offers share.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wording {
    /// As stated, since of several that will do the order says which caveat is told.
    pub(crate) grades: Box<[GradeCode]>,
    pub(crate) regions: Box<[RegionCode]>,
    pub(crate) authorisations: BTreeSet<String>,
}

/// Each wording once.
pub(crate) type Wordings = Interner<Arc<Wording>>;

impl Wording {
    pub(crate) fn of(terms: &OfferTerms) -> Self {
        Self {
            grades: terms.grades.as_slice().into(),
            regions: terms.regions.as_slice().into(),
            authorisations: terms.authorisations.clone(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let authorisations = self.authorisations.iter().map(|code| code.len() + 48).sum::<usize>();
        size_of::<Self>() + 16 + size_of_val(&*self.grades) + size_of_val(&*self.regions) + authorisations
    }
}
