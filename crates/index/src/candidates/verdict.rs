//! What was found of things that many offers share, in a byte each.

use std::cell::Cell;

use domain::eligibility::{Lack, Reason};

/// What a predicate says of something that many offers share, in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Verdict(u8);

impl Verdict {
    /// It passes.
    pub(crate) const PASSED: Self = Self(1);
    /// It passes as a substitution, or on a pending paper.
    pub(crate) const BARELY: Self = Self(2);

    /// Failed, by the number of the reason.
    pub(crate) fn failed(reason: &Reason) -> Self {
        Self(u8::try_from(reason.number() + 3).unwrap_or(u8::MAX))
    }

    pub(crate) fn of(found: Result<bool, Reason>) -> Self {
        match found {
            Ok(false) => Self::PASSED,
            Ok(true) => Self::BARELY,
            Err(reason) => Self::failed(&reason),
        }
    }

    /// The number of the reason why it fails.
    #[inline]
    pub(crate) fn passed(self) -> Result<Self, Why> {
        if self.0 < 3 { Ok(self) } else { Err(Why(self.0 - 3)) }
    }
}

/// What certificates are worth: whether those demanded hold, and whether they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Trust {
    pub(crate) held: Verdict,
    pub(crate) checked: Verdict,
}

/// The number of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Why(u8);

impl Why {
    pub(crate) fn of(reason: &Reason) -> Self {
        Self(u8::try_from(reason.number()).unwrap_or(u8::MAX))
    }

    pub(crate) fn number(self) -> usize {
        self.0.into()
    }
}

/// A verdict on certificates.
pub(crate) fn lacks(found: Result<bool, Lack<'_>>) -> Verdict {
    Verdict::of(found.map_err(Reason::from))
}

/// Verdicts by number, found when they are first asked for.
pub(crate) struct Found<T>(Vec<Cell<T>>);

impl<T: Copy + Default + PartialEq> Found<T> {
    pub(crate) fn new(numbers: usize) -> Self {
        Self(vec![Cell::new(T::default()); numbers])
    }

    #[inline]
    pub(crate) fn get(&self, number: u32, find: impl FnOnce() -> T) -> T {
        let Some(cell) = self.0.get(number as usize) else { return find() };
        let known = cell.get();
        if known != T::default() {
            return known;
        }
        let found = find();
        cell.set(found);
        found
    }
}
