//! Where offers fail, counted, with what a reader may know of those that he sees no rows of.

use domain::{
    eligibility::{Predicate, Reason},
    organisation::Verification,
};

use super::{
    answer::{Failed, Funnel},
    verdict::Why,
};
use crate::atoms::FEWEST;

const PREDICATES: usize = Predicate::ALL.len();

/// How many organisations must share in a count, so that three are left to each of them.
const SHARERS: usize = FEWEST as usize + 1;

/// Offers that nobody is told of one by one, and up to so many of their owners.
#[derive(Debug, Clone, Copy, Default)]
struct Crowd {
    offers: u32,
    owners: [Option<u32>; SHARERS],
}

impl Crowd {
    fn add(&mut self, owner: u32) {
        self.offers += 1;
        self.note(owner);
    }

    fn note(&mut self, owner: u32) {
        if !self.owners.contains(&Some(owner))
            && let Some(place) = self.owners.iter_mut().find(|place| place.is_none())
        {
            *place = Some(owner);
        }
    }

    fn may_be_told(&self) -> bool {
        self.owners.iter().all(Option::is_some)
    }

    fn join(&mut self, other: &Self) {
        self.offers += other.offers;
        other.owners.iter().flatten().for_each(|owner| self.note(*owner));
    }
}

/// Counts while they are made.
pub(crate) struct Counts {
    eligible: u32,
    used_up: u32,
    failed: [u32; PREDICATES],
    reasons: [u32; Reason::CODES.len()],
    /// By predicate, of which the last ones stay empty; and all else.
    hidden: [Crowd; PREDICATES],
    rest: Crowd,
}

/// The place of a predicate in their order.
pub(crate) fn place(predicate: Predicate) -> usize {
    predicate as usize
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self {
            eligible: 0,
            used_up: 0,
            failed: [0; PREDICATES],
            reasons: [0; Reason::CODES.len()],
            hidden: [Crowd::default(); PREDICATES],
            rest: Crowd::default(),
        }
    }

    pub(crate) fn eligible(&mut self) {
        self.eligible += 1;
    }

    pub(crate) fn used_up(&mut self) {
        self.used_up += 1;
    }

    pub(crate) fn failed(&mut self, predicate: Predicate, why: Why) {
        if let Some(count) = self.failed.get_mut(place(predicate)) {
            *count += 1;
        }
        if let Some(count) = self.reasons.get_mut(why.number()) {
            *count += 1;
        }
    }

    /// An offer that the reader sees no row of, with the predicate that fails. Who is nobody's word hides no other, and
    /// is not counted. From the window on predicates look at figures, and totals of these are told in other ways.
    pub(crate) fn hidden(&mut self, owner: u32, vouched: Verification, failed: Option<Predicate>) {
        if vouched == Verification::None {
            return;
        }
        let crowd = failed.filter(|predicate| *predicate < Predicate::Window);
        match crowd.and_then(|predicate| self.hidden.get_mut(place(predicate))) {
            Some(crowd) => crowd.add(owner),
            None => self.rest.add(owner),
        }
    }

    pub(crate) fn tell(mut self) -> Funnel {
        let mut funnel = Funnel { eligible: self.eligible, used_up: self.used_up, ..Funnel::default() };
        for (at, predicate) in Predicate::ALL.into_iter().enumerate() {
            let crowd = self.hidden[at];
            let mut offers = self.failed[at];
            if crowd.may_be_told() {
                offers += crowd.offers;
            } else {
                self.rest.join(&crowd);
            }
            if offers > 0 {
                funnel.failed.insert(predicate, Failed { offers, ..Failed::default() });
            }
        }
        for (code, (count, predicate)) in Reason::CODES.into_iter().zip(self.reasons.into_iter().zip(Reason::ASKED_BY))
        {
            if let Some(failed) = funnel.failed.get_mut(&predicate).filter(|_| count > 0) {
                failed.reasons.insert(code, count);
            }
        }
        funnel.not_told = self.rest.may_be_told().then_some(self.rest.offers);
        let failed = funnel.failed.values().map(|failed| failed.offers).sum::<u32>();
        funnel.considered = funnel.eligible + failed + funnel.not_told.unwrap_or(0);
        funnel
    }
}
