//! Who could convert to what, as far as the caller may know it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    catalogue::Product,
    code::{ProductCode, RegionCode},
    conversion::{Estimate, Fit, Holders, Paths, Prospect, could_make, told},
    disclosure::{Audience, Disclosure, FieldGroup},
    ids::{OrganisationId, SiteId},
    organisation::{Organisation, Site, Verification},
    time::{Day, Instant},
    violation::Violations,
};
use index::Buyer;
use storage::{
    Scope,
    abilities::{self as store, AbleSite as Able},
};

use crate::{
    App, Tables,
    abilities::{self, AbleSite},
    access::Caller,
    capacity::{LeftOut, Reader, grades_of, products_of, reader, regions_of},
    error::AppResult,
    policy::Actor,
};

/// The most rows of an answer.
pub const MOST_ROWS: u32 = 500;
/// As many where nobody says how many.
pub const USUAL_ROWS: u32 = 100;
/// The level of NUTS that buyers see places at.
const COARSE: u8 = 2;

/// What is asked, as typed.
#[derive(Debug, Clone, Default)]
pub struct HiddenQuestion {
    /// Products, each by its code, its family, a public code or a name; all where empty.
    pub products: Vec<String>,
    /// Grades that the products must have; conversions are not told by grade.
    pub grades: Vec<String>,
    /// Regions by code or name, with all that lies in them.
    pub regions: Vec<String>,
    /// Only estimates of at most so many days; those whose days nobody knows are left out then.
    pub days: Option<u16>,
    /// At most so many rows; [`USUAL_ROWS`] where absent.
    pub limit: Option<u32>,
}

/// A site that could convert to a product, as far as the caller may know it.
#[derive(Debug, Clone)]
pub struct HiddenRow<'t> {
    /// The product, and what it rests on.
    pub prospect: Prospect<'t>,
    /// Whose it is, where the caller may know it.
    pub owner: Option<Organisation>,
    /// The site, where he may know it.
    pub site: Option<Site>,
    /// Its region, of NUTS 2 where he may not know the site.
    pub region: Option<RegionCode>,
    /// Who vouches for the owner.
    pub verification: Verification,
    /// The day that the owner said what the site can do.
    pub stated_on: Day,
}

/// How many organisations of a country could convert to a product, beside those that the caller sees as rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenTotal {
    /// The product.
    pub product: ProductCode,
    /// The country, as a region of level 0.
    pub country: RegionCode,
    /// How many; three at least.
    pub organisations: usize,
}

/// Who could convert.
#[derive(Debug, Clone)]
pub struct HiddenTold<'t> {
    /// The likeliest first.
    pub rows: Vec<HiddenRow<'t>>,
    /// How many rows there are, with those beyond the limit.
    pub all_rows: usize,
    /// Of organisations that the caller sees no rows of.
    pub totals: Vec<HiddenTotal>,
    /// Why something may be missing.
    pub left_out: BTreeSet<LeftOut>,
    /// When it was asked.
    pub as_of: Instant,
}

/// Who could convert to some products.
///
/// # Errors
/// `Invalid` with every fault, each at the parameter's name.
pub async fn tell<'t>(
    app: &App,
    tables: &'t Tables,
    caller: &Caller,
    question: &HiddenQuestion,
) -> AppResult<HiddenTold<'t>> {
    let asked = Asked::new(tables, question)?;
    let (reader, as_of) = (reader(app, caller).await?, app.clock.now());
    let mut found = HiddenTold { rows: Vec::new(), all_rows: 0, totals: Vec::new(), left_out: BTreeSet::new(), as_of };
    if reader == Reader::Public {
        return Ok(found);
    }
    let sites = store::all(&app.store, Scope::Operator).await?;
    let totalled = match &reader {
        Reader::Party(party) => party.buyer != Buyer::Authority,
        Reader::Operator | Reader::Public => false,
    };
    if totalled {
        found.left_out.insert(LeftOut::SmallTotals);
        found.left_out.extend((asked.days.is_some() || !asked.regions.is_empty()).then_some(LeftOut::Filter));
    }
    let seen = sites.iter().map(|able| &able.owner).filter(|owner| audience(&reader, owner).sees_rows());
    let seen: BTreeSet<OrganisationId> = seen.map(|owner| owner.id).collect();
    for product in asked.products.iter().copied() {
        let paths = Paths::new(&tables.catalogue, product);
        let mut countries: BTreeMap<RegionCode, Holders> = BTreeMap::new();
        for able in &sites {
            let Some(prospect) = paths.judge(&able.abilities) else { continue };
            let counted = prospect.best().is_some_and(|best| best.fit != Fit::Anybody);
            // Anybody can register firms: who is nobody's word hides no other.
            if totalled && counted && able.owner.verification != Verification::None {
                let country = able.site.region.as_ref().and_then(|region| tables.regions.at_level(region, 0));
                let holders = country.map(|country| countries.entry(country.code.clone()).or_default());
                let clusters = able.owner.clusters.iter().copied().collect();
                holders.and_then(|holders| holders.insert(able.owner.id, clusters));
            }
            let row = row(tables, able, audience(&reader, &able.owner), (prospect, asked.days));
            found.rows.extend(row.filter(|row| asked.lies_inside(tables, row.region.as_ref())));
        }
        if asked.days.is_none() {
            for (country, holders) in countries.into_iter().filter(|(code, _)| asked.lies_inside(tables, Some(code))) {
                let product = product.code.clone();
                let total = told(&holders, |id| seen.contains(id)).map(|organisations| HiddenTotal {
                    product,
                    country,
                    organisations,
                });
                found.totals.extend(total);
            }
        }
    }
    found.rows.sort_by(|a, b| a.shown().cmp(&b.shown()));
    found.all_rows = found.rows.len();
    found.rows.truncate(asked.limit);
    Ok(found)
}

/// What a site could make.
#[derive(Debug, Clone)]
pub struct CouldMake<'t> {
    /// The site and what it can do.
    pub able: AbleSite,
    /// The likeliest first.
    pub prospects: Vec<Prospect<'t>>,
}

/// What a site of the caller's could make, of some products or of all.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Invalid` with every text that names no product.
pub async fn of_site<'t>(
    app: &App,
    tables: &'t Tables,
    actor: Actor,
    (site, products): (SiteId, &[String]),
) -> AppResult<CouldMake<'t>> {
    let able = abilities::get(app, actor, site).await?;
    let wanted = crate::capacity::products(app, products)?;
    let mut prospects = could_make(&tables.catalogue, &able.abilities);
    prospects.retain(|prospect| wanted.as_ref().is_none_or(|wanted| wanted.contains(&prospect.product.code)));
    Ok(CouldMake { able, prospects })
}

/// A question whose words were understood.
struct Asked<'t> {
    products: Vec<&'t Product>,
    regions: BTreeSet<RegionCode>,
    days: Option<u16>,
    limit: usize,
}

impl<'t> Asked<'t> {
    fn new(tables: &'t Tables, question: &HiddenQuestion) -> AppResult<Self> {
        let (mut faults, mut wanted, mut regions) = (Violations::new(), BTreeSet::new(), BTreeSet::new());
        for typed in &question.products {
            wanted.extend(faults.keep(products_of(&tables.catalogue, typed)).into_iter().flat_map(|(found, _)| found));
        }
        for typed in &question.grades {
            faults.keep(grades_of(&tables.catalogue, &wanted, typed));
        }
        for typed in &question.regions {
            regions.extend(faults.keep(regions_of(&tables.regions, typed)).unwrap_or_default());
        }
        let limit = question.limit.unwrap_or(USUAL_ROWS);
        if !(1..=MOST_ROWS).contains(&limit) {
            faults.push("/limit", "out_of_range", format!("{limit} is out of range; write 1 to {MOST_ROWS}"));
        }
        faults.into_result()?;
        let asked = |product: &&Product| question.products.is_empty() || wanted.contains(&product.code);
        let products = tables.catalogue.products().iter().filter(asked).collect();
        Ok(Self { products, regions, days: question.days, limit: usize::try_from(limit).unwrap_or(0) })
    }

    fn lies_inside(&self, tables: &Tables, region: Option<&RegionCode>) -> bool {
        self.regions.is_empty()
            || region.is_some_and(|region| self.regions.iter().any(|outer| tables.regions.lies_in(region, outer)))
    }
}

/// As what a reader looks at what an organisation can do.
fn audience(reader: &Reader, owner: &Organisation) -> Audience {
    match reader {
        Reader::Operator => Audience::Operator,
        Reader::Public => Audience::Public,
        Reader::Party(party) if party.organisation == owner.id => Audience::Owner,
        Reader::Party(party) if owner.clusters.iter().any(|cluster| party.clusters.contains(cluster)) => {
            Audience::OwnCluster
        }
        Reader::Party(party) if party.buyer == Buyer::Authority => Audience::Buyer,
        Reader::Party(_) => Audience::Network,
    }
}

/// What an audience sees of a site, by what it would see of an offer of the owner's; nothing where that is no row.
fn row<'t>(
    tables: &'t Tables,
    able: &Able,
    audience: Audience,
    (prospect, days): (Prospect<'t>, Option<u16>),
) -> Option<HiddenRow<'t>> {
    let sees = |group| Disclosure::default().sees(audience, group);
    if !audience.sees_rows() || !sees(FieldGroup::Capacity) {
        return None;
    }
    let soon =
        |estimate: &Estimate<'_>| days.is_none_or(|most| estimate.days.is_some_and(|(_, longest)| longest <= most));
    let estimates: Vec<Estimate<'t>> = prospect.estimates.into_iter().filter(soon).collect();
    let exact = sees(FieldGroup::ExactPlace);
    let level = if exact { u8::MAX } else { COARSE };
    let region = able.site.region.as_ref().and_then(|region| tables.regions.at_level(region, level));
    (!estimates.is_empty()).then(|| HiddenRow {
        prospect: Prospect { estimates, ..prospect },
        owner: sees(FieldGroup::Identity).then(|| able.owner.clone()),
        site: exact.then(|| able.site.clone()),
        region: region.map(|region| region.code.clone()),
        verification: able.owner.verification,
        stated_on: able.stated_at.day(),
    })
}

impl HiddenRow<'_> {
    /// What rows are sorted by: nothing that the reader is not shown, and all that he is.
    fn shown(&self) -> impl Ord {
        let (last, basis, fit, gaps, days, product) = self.prospect.rank();
        let steps: Vec<u8> = self.prospect.missing_steps().map(|at| at.step.step).collect();
        let parts = self.prospect.missing_machines().into_iter().chain(self.prospect.missing_inputs());
        let parts: Vec<&str> = parts.map(|part| part.name).collect();
        let estimates: Vec<String> = self.prospect.estimates.iter().map(Estimate::told).collect();
        (
            (last, basis, fit, gaps, days, product),
            self.region.clone(),
            self.owner.as_ref().map(|owner| (owner.name.clone(), owner.id)),
            self.site.as_ref().map(|site| site.id),
            (estimates, steps, parts, self.verification, self.stated_on),
        )
    }
}
