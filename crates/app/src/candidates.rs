//! Who may serve a need, existing or only described: the best offers with reasons, those that nearly do, and where the
//! others fail, as far as the caller may see them.

use std::collections::BTreeSet;

use domain::{
    capacity::CapacityKind,
    eligibility::Rules,
    ids::{InstalmentId, NeedId, OfferId},
    market::Market,
    need::{Need, NeedInput, NeedState},
    organisation::{Organisation, Site, Verification},
    parameters::{Mode, Parameters},
    time::Instant,
    violation::Violations,
};
use index::{CandidateQuery, Fitting, Which};
use storage::Scope;

pub use index::{Candidate, Candidates, Change, Failed, Funnel, InstalmentCandidates, NearMiss, SeenRow};

use crate::{
    App, Tables,
    access::Caller,
    capacity::{event, reader},
    error::{AppError, AppResult},
    kept, needs,
    offers::{Place, site_of},
    reference, sites,
};

/// The most offers that are told of an instalment.
pub const MOST: u32 = 100;
/// The most near misses that are told of a predicate.
pub const MOST_NEAR: u32 = 20;

/// A need that is asked about.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// One that exists.
    Need(NeedId),
    /// One that is only described, and is stored nowhere.
    Described(Place, Box<NeedInput>),
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct CandidateQuestion {
    /// Of which need.
    pub wanted: Wanted,
    /// Of which of its instalments; of all where absent.
    pub instalment: Option<InstalmentId>,
    /// How many offers of each at most.
    pub top: u32,
    /// How many near misses of each predicate at most.
    pub near: u32,
    /// Which capacity counts.
    pub capacity: CapacityKind,
    /// By whose weights it is ranked.
    pub mode: Mode,
}

/// Who may serve.
#[derive(Debug, Clone)]
pub struct CandidatesTold {
    /// The need as it was judged; one that was only described has ids that mean nothing.
    pub need: Need,
    /// Whether it exists.
    pub exists: bool,
    /// Who may serve it.
    pub answer: Candidates,
    /// When it was asked.
    pub as_of: Instant,
    /// The number of the last event in it, for the operator.
    pub event: Option<i64>,
}

/// A need with whose it is and where it must arrive.
struct Judged {
    need: Need,
    organisation: Organisation,
    site: Site,
    refused: BTreeSet<OfferId>,
    exists: bool,
}

/// Who may serve a need.
///
/// An organisation that somebody vouches for sees nameless rows of what fits an open need of its own that waits for no
/// reviewer; of one that is only described, and else, it sees the rows that it sees anyway.
///
/// # Errors
/// `NotFound` where the need is not the caller's, or has no such instalment; `Invalid` with every fault of one that is
/// described, and of the numbers.
pub async fn tell(app: &App, caller: &Caller, question: CandidateQuestion) -> AppResult<CandidatesTold> {
    let CandidateQuestion { wanted, instalment, top, near, capacity, mode } = question;
    let mut faults = Violations::new();
    for (at, number, most) in [("/top", top, MOST), ("/near", near, MOST_NEAR)] {
        if number > most {
            faults.push(at, "out_of_range", format!("{number} is more than {most}; write less"));
        }
    }
    let reader = reader(app, caller).await?;
    let found = judged(app, caller, wanted).await;
    let found = match found {
        Err(AppError::Invalid(more)) => {
            faults.extend_below("/described", more);
            None
        }
        other => Some(other?),
    };
    faults.into_result()?;
    let Judged { need, organisation, site, refused, exists } =
        found.ok_or_else(|| AppError::internal("no faults, no need"))?;
    if instalment.is_some_and(|id| need.instalments.iter().all(|one| one.id != id)) {
        return Err(AppError::NotFound { what: "instalment of this need" });
    }
    let (tables, as_of) = (app.tables(), app.clock.now());
    let parameters = Parameters { capacity, ..Parameters::of(mode) };
    let site_demand = site_demand(app, &tables, &need, (&organisation, &site), &parameters).await?;
    let reviewed = exists && need.state == NeedState::Open && need.quarantine.is_none();
    let fitting = match organisation.verification {
        Verification::Cluster | Verification::Operator if reviewed => Fitting::Nameless,
        Verification::None | Verification::Cluster | Verification::Operator => Fitting::AsSeen,
    };
    let told = kept::ask(app, move |index| {
        let query = CandidateQuery {
            need: &need,
            organisation: &organisation,
            site: &site,
            which: instalment.map_or(Which::All, Which::One),
            day: as_of.day(),
            parameters: &parameters,
            catalogue: &tables.catalogue,
            regions: &tables.regions,
            site_demand,
            refused: &refused,
            top: usize::try_from(top).unwrap_or(usize::MAX),
            near: usize::try_from(near).unwrap_or(usize::MAX),
            fitting,
        };
        let answer = index.candidates(&query, &reader);
        (need, answer, reader)
    });
    let (need, answer, reader) = told.await?;
    let event = event(&reader, answer.as_of_event);
    Ok(CandidatesTold { need, exists, answer, as_of, event })
}

async fn judged(app: &App, caller: &Caller, wanted: Wanted) -> AppResult<Judged> {
    let all = Scope::Operator;
    match wanted {
        Wanted::Need(id) => {
            let need = needs::get(app, caller.actor, id).await?.record;
            let organisation = storage::organisations::get(&app.store, all, need.organisation).await?.record;
            let site = storage::sites::get(&app.store, all, need.site).await?.record;
            let refused = storage::matches::refused_for(&app.store, id).await?;
            Ok(Judged { need, organisation, site, refused, exists: true })
        }
        Wanted::Described(place, input) => {
            let (now, mut faults) = (app.clock.now(), Violations::new());
            let site = site_of(app, caller, place).await?;
            let checked = {
                let tables = app.tables();
                let today = sites::today(site.as_ref().ok(), now);
                faults.keep(input.check(&reference(&tables, today)))
            };
            let site = faults.keep(site);
            faults.into_result()?;
            let (Some(site), Some((terms, instalments, _))) = (site, checked) else {
                return Err(AppError::internal("no faults, no value"));
            };
            let organisation = storage::organisations::get(&app.store, all, site.organisation).await?.record;
            let need = needs::opened(app, caller.actor, (organisation.id, site.id), (terms, instalments), now);
            Ok(Judged { need, organisation, site, refused: BTreeSet::new(), exists: false })
        }
    }
}

/// What the site asks for in all needs that one offer might serve together: what smallest orders are held against.
async fn site_demand(
    app: &App,
    tables: &Tables,
    need: &Need,
    (organisation, site): (&Organisation, &Site),
    parameters: &Parameters,
) -> AppResult<i64> {
    let mut market = Market::new(app.today());
    market.needs = storage::needs::open_at(&app.store, site.id).await?;
    market.needs.retain(|other| other.id != need.id);
    market.needs.push(Need { state: NeedState::Open, quarantine: None, ..need.clone() });
    market.organisations.insert(organisation.id, organisation.clone());
    market.sites.insert(site.id, site.clone());
    let (catalogue, regions) = (&tables.catalogue, &tables.regions);
    let rules = Rules { market: &market, catalogue, regions, parameters };
    let demands = rules.site_demands();
    Ok(rules.need_view(need, &demands).map_or(0, |view| view.site_demand))
}
