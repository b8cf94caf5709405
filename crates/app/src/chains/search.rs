//! Who could together make what a need asks for, as far as the reader may know.

use domain::{catalogue::ConversionPath, ids::NeedId, organisation::Verification, violation::Violations};
use matching::{
    MatchingError,
    chains::{ChainsError, NeedChains, Sought},
};
use storage::{Scope, StoreError};

use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    explanations::{Work, audience},
    policy::Actor,
};

/// The most partners of a chain that is searched for, the maker among them.
pub const MOST_PARTNERS: usize = 5;
/// The most chains of an instalment that are told.
const MOST_TOLD: usize = 20;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainQuestion {
    /// The need.
    pub need: NeedId,
    /// At most so many partners, 1 to [`MOST_PARTNERS`].
    pub partners: usize,
    /// At most so many chains of each instalment, 1 to 20.
    pub top: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainsTold {
    /// The chains.
    pub found: NeedChains,
    /// What the catalogue knows of conversions to products of the stages.
    pub conversions: Vec<ConversionPath>,
}

/// The best chains for a need in the market as it is: the operator is told of all, the need's owner of the offers that it
/// may be matched with, before competition. Anybody can state a need, and a chain tells of more than offers of what is
/// needed, so that somebody has to vouch for the owner.
///
/// # Errors
/// `NotFound` where the need is not the caller's, or takes no part in runs; `Forbidden` where nobody vouches for the caller; `Invalid` at `/partners` and `/top`;
/// `Overloaded`.
pub async fn search(app: &App, caller: &Caller, asked: &ChainQuestion) -> AppResult<ChainsTold> {
    let mut faults = Violations::new();
    for (pointer, value, most) in [("/partners", asked.partners, MOST_PARTNERS), ("/top", asked.top, MOST_TOLD)] {
        if !(1..=most).contains(&value) {
            faults.push(pointer, "out_of_range", format!("{value} is out of range; write 1 to {most}"));
        }
    }
    faults.into_result()?;
    storage::needs::get(&app.store, caller.actor.into(), asked.need).await.map_err(|error| match error {
        StoreError::NotFound => AppError::NotFound { what: "need" },
        other => other.into(),
    })?;
    if let Actor::Organisation(own) = caller.actor {
        let asking = storage::organisations::get(&app.store, Scope::Organisation(own), own).await?.record;
        if asking.verification == Verification::None {
            let detail = "nobody vouches for you yet; a chain tells of offers of many firms, so join a verified cluster, or \
                          ask the operator";
            return Err(AppError::Forbidden { detail: detail.to_owned() });
        }
    }
    let audience = audience(caller.actor)?;
    let sought = Sought { need: asked.need, most_partners: asked.partners, top: asked.top };
    let work = Work::present(app).await?;
    let refused = |error: ChainsError| AppError::internal(format!("chains: {error}"));
    let found = work
        .run(move |rules, _| {
            let found = matching::chains::for_need(rules, audience, &sought);
            Ok::<_, MatchingError>(found.transpose())
        })
        .await?
        .map_err(refused)?;
    let wanted = |path: &&ConversionPath| found.stages.iter().any(|stage| stage.product == path.product);
    let conversions = app.tables().catalogue.parts().conversions.iter().filter(wanted).cloned().collect();
    Ok(ChainsTold { found, conversions })
}
