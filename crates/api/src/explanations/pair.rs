//! An offer held against a need, on the wire and in the JSON of the command line.

use app::explanations as told;
use domain::ids::RunId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::offers::SeenOfferView;

use super::parts::{AskedPredicate, Counterfactual, NotTried, PassedHow, UsedOffer, trace};

/// An offer held against a need. Quantities are in base units.
#[derive(Debug, Serialize, ToSchema)]
pub struct PairExplanation {
    /// The run; null where it was computed for this answer alone.
    run: Option<Uuid>,
    /// The need.
    need: Uuid,
    /// The offer.
    offer: Uuid,
    /// To a buyer, somebody else's offer as he sees it now, which is what its owner previews; null once it is out of the
    /// market, and to the operator.
    row: Option<SeenOfferView>,
    /// The day that the run decided on.
    #[schema(format = Date)]
    day: String,
    /// Whether all but what the run gave is reckoned as if no other buyer wanted anything: you may not know what others
    /// want.
    before_competition: bool,
    /// Instalment by instalment, by due date.
    instalments: Vec<PairAnswer>,
    /// What more of this offer, or one more day, would be worth.
    worth: Vec<Counterfactual>,
    /// What was not computed.
    left_out: Vec<NotTried>,
}

/// An offer held against an instalment.
#[derive(Debug, Serialize, ToSchema)]
struct PairAnswer {
    /// The instalment.
    instalment: Uuid,
    /// The day at whose end it must have arrived.
    #[schema(format = Date)]
    due: String,
    /// What it asks for.
    demand: i64,
    /// What stays uncovered of it.
    uncovered: i64,
    /// What it gets of this offer.
    matched: i64,
    /// In a word: `matched`, `not_eligible`, `covered_by_others`, `used_up`, `smallest_order`, `most_suppliers`,
    /// `shared_line`, `search_stopped`; `other_needs`: it would be covered if no other buyer wanted anything;
    /// `decided_otherwise`: this version of the engine would decide otherwise than the run did.
    because: &'static str,
    /// The first reason why the offer may not serve it.
    reason: Option<&'static str>,
    /// The same in words: the offer "... is farther than the buyer allows" of several offers.
    reason_words: Option<String>,
    /// How it passed, where it did.
    how: Option<PassedHow>,
    /// Its place by cost among the eligible offers.
    rank: Option<u32>,
    /// How many offers may serve the instalment.
    eligible_offers: u32,
    /// Where the offer's capacity goes.
    used: Option<UsedOffer>,
    /// Who serves the instalment, cheapest first, at most five.
    served_by: Vec<ServingOffer>,
    /// Each predicate in order.
    trace: Vec<AskedPredicate>,
}

/// An offer that serves an instalment.
#[derive(Debug, Serialize, ToSchema)]
struct ServingOffer {
    /// The offer.
    offer: Uuid,
    /// Base units.
    quantity: i64,
    /// Its place by cost among the eligible offers.
    rank: u32,
    /// Cost points per base unit.
    cost: i64,
}

impl PairExplanation {
    /// An answer as it is written down.
    pub fn of(e: told::PairExplanation, run: Option<RunId>, row: Option<SeenOfferView>) -> Self {
        Self {
            row,
            run: run.map(|r| r.0),
            need: e.need.0,
            offer: e.offer.0,
            day: e.day.to_string(),
            before_competition: e.before_competition,
            instalments: e.instalments.into_iter().map(PairAnswer::of).collect(),
            worth: e.worth.into_iter().map(Counterfactual::of).collect(),
            left_out: e.left_out.into_iter().map(NotTried::of).collect(),
        }
    }
}

impl PairAnswer {
    fn of(a: told::PairAnswer) -> Self {
        let server =
            |s: told::Server| ServingOffer { offer: s.offer.0, quantity: s.units, rank: s.rank, cost: s.cost_total };
        Self {
            instalment: a.instalment.0,
            due: a.due.to_string(),
            demand: a.demand,
            uncovered: a.uncovered,
            matched: a.matched,
            because: a.because.as_str(),
            reason: a.reason.as_ref().map(|r| r.code()),
            reason_words: a.reason.map(|r| r.to_string()),
            how: a.how.map(PassedHow::of),
            rank: a.rank,
            eligible_offers: a.eligible_offers,
            used: a.used.map(UsedOffer::of),
            served_by: a.served_by.into_iter().map(server).collect(),
            trace: trace(a.trace),
        }
    }
}
