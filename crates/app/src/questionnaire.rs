//! A firm answers a few questions, is told what it could make, and goes away with drafts of offers.

use domain::{
    ability::AbilitiesInput,
    conversion::{Prospect, could_make},
    ids::SiteId,
    offer::{ConversionInput, Offer, OfferInput, RateInput},
    organisation::Site,
    violation::Violations,
};
use storage::Stored;

use crate::{
    App, Tables, abilities,
    access::Caller,
    error::{AppError, AppResult},
    offers::{self, Place},
    policy::{Action, Resource, require},
    reference, sites,
};

/// The most drafts at once.
const MOST_DRAFTS: usize = 20;

/// A draft of an offer that is asked for.
#[derive(Debug, Clone)]
pub struct DraftInput {
    /// The product.
    pub product: String,
    /// What the site could make once converted.
    pub rate: RateInput,
    /// Days of the conversion; the most of the best estimate where absent.
    pub days: Option<i64>,
}

/// Answers to the questions.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Of which site; nobody's where absent.
    pub site: Option<SiteId>,
    /// What it can do.
    pub abilities: AbilitiesInput,
    /// Whether they are kept as what the site can do.
    pub save: bool,
    /// Drafts of offers to make.
    pub drafts: Vec<DraftInput>,
}

/// What the answers come to.
#[derive(Debug, Clone)]
pub struct Answered<'t> {
    /// What could be made, the likeliest first.
    pub prospects: Vec<Prospect<'t>>,
    /// The drafts that were made, in the order in which they were asked for.
    pub drafts: Vec<Stored<Offer>>,
}

/// What could be made by these answers; they are kept, and drafts are made of offers, where that is asked for. All is
/// checked before anything is written.
///
/// # Errors
/// `Forbidden` where something is to be written by who only reads; `Invalid` with every fault, those of drafts below
/// `/drafts`.
pub async fn answer<'t>(app: &App, tables: &'t Tables, caller: &Caller, answers: Answers) -> AppResult<Answered<'t>> {
    let (mut faults, now) = (Violations::new(), app.clock.now());
    let writes = answers.save || !answers.drafts.is_empty();
    if let Some(own) = caller.actor.organisation().filter(|_| writes) {
        require(caller, Action::Write, Resource::OwnedBy(own))?;
    }
    let site = faults.keep(site(app, caller, answers.site, writes).await?).flatten();
    let abilities = faults.keep(answers.abilities.check(&tables.catalogue));
    let prospects = abilities.map(|abilities| could_make(&tables.catalogue, &abilities));
    if answers.drafts.len() > MOST_DRAFTS {
        let detail = format!("has {} entries; write at most {MOST_DRAFTS}", answers.drafts.len());
        faults.push("/drafts", "too_many", detail);
    }
    let today = sites::today(site.as_ref(), now);
    let mut inputs = Vec::new();
    for (i, draft) in answers.drafts.into_iter().enumerate().take(MOST_DRAFTS) {
        let input = match &prospects {
            Some(prospects) => offer(tables, prospects, draft),
            // What could be made is not known; the faults of the answers are told.
            None => continue,
        };
        let checked = input.and_then(|input| input.check(&reference(tables, today)).map(|_| input));
        match checked {
            Ok(input) => inputs.push(input),
            Err(found) => {
                for fault in found.into_vec() {
                    faults.push(format!("/drafts/{i}{}", placed(&fault.pointer)), fault.code, fault.detail);
                }
            }
        }
    }
    faults.into_result()?;
    let mut drafts = Vec::new();
    if let Some(site) = site.filter(|_| writes) {
        if answers.save {
            abilities::set(app, caller, site.id, &answers.abilities, |_| Ok(())).await?;
        }
        let place = Place { organisation: Some(site.organisation), site: site.id };
        for input in &inputs {
            drafts.push(offers::create(app, caller, place, input).await?);
        }
    }
    Ok(Answered { prospects: prospects.unwrap_or_default(), drafts })
}

/// The site that is named, which must be where something is to be written.
async fn site(
    app: &App,
    caller: &Caller,
    id: Option<SiteId>,
    writes: bool,
) -> AppResult<Result<Option<Site>, Violations>> {
    let Some(id) = id else {
        let detail = "is missing; name the site whose abilities are kept or whose offers are drafted";
        return Ok(if writes { Err(Violations::one("/site", "missing", detail)) } else { Ok(None) });
    };
    match sites::get(app, caller.actor, id).await {
        Ok(found) => Ok(Ok(Some(found.record))),
        Err(AppError::NotFound { .. }) => {
            let detail = format!("{id} is no site of the organisation; GET /api/v1/sites lists them, POST adds one");
            Ok(Err(Violations::one("/site", "unknown_site", detail)))
        }
        Err(other) => Err(other),
    }
}

/// Where a draft states what an offer states at a pointer.
fn placed(pointer: &str) -> String {
    match pointer.strip_prefix("/convertible") {
        Some("/days") | None => pointer.replace("/convertible", ""),
        Some(rest) => format!("/rate{rest}"),
    }
}

/// The draft of an offer of a product that an estimate is there for.
fn offer(tables: &Tables, prospects: &[Prospect<'_>], draft: DraftInput) -> Result<OfferInput, Violations> {
    let found = crate::capacity::products_of(&tables.catalogue, &draft.product)?.0;
    if found.len() > 1 {
        let detail = format!("{:?} is more than one product; write the code of one", draft.product);
        return Err(Violations::one("/product", "ambiguous_product", detail));
    }
    let prospect = prospects.iter().find(|prospect| found.contains(&prospect.product.code));
    let Some((prospect, best)) = prospect.and_then(|prospect| Some((prospect, prospect.best()?))) else {
        let detail =
            format!("nothing says that the site could make {:?}; state what it would need, or offer it", draft.product);
        return Err(Violations::one("/product", "no_estimate", detail));
    };
    let days = draft.days.or_else(|| best.days.map(|(_, most)| most.into()));
    let Some(days) = days else {
        let detail = "is missing, and no source says how many days the conversion takes; write your own";
        return Err(Violations::one("/days", "missing", detail));
    };
    let convertible = ConversionInput { rate: Some(draft.rate), days, ramp_days: 0, decided_on: None };
    Ok(OfferInput {
        product: prospect.product.code.to_string(),
        convertible: Some(convertible),
        note: best.told(),
        draft: true,
        ..OfferInput::default()
    })
}
