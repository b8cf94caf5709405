//! How much there is of what, of which grade, where and when, as far as the caller may see it.

use std::collections::BTreeSet;

use domain::{
    catalogue::{Catalogue, Verdict},
    certificate::CertificateStatus,
    code::{CertificateKindCode, GradeCode, ProductCode, RegionCode},
    ids::OrganisationId,
    offer::Transfer,
    organisation::{OrganisationKind, Verification},
    region::{RegionTable, Resolved},
    time::{Day, Instant},
    violation::Violations,
};
use index::{Buyer, CapacityQuery, Certified, Freshness, PaperDemand, Party, Weeks};
use storage::Scope;

pub use index::{CapacityAnswer, Facets, Figures, Grades, Group, LeftOut, Level, Near, Reader, Row};

use crate::{
    App, Tables,
    access::Caller,
    error::{AppError, AppResult},
    kept,
    policy::{Action, Actor, Resource, require},
};

mod substitutes;

/// The weeks that are told where nobody says until when.
const USUAL_WEEKS: i32 = 12;

/// What is asked, as typed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CapacityQuestion {
    /// Products, each by its code, its family, a public code or a name; all where empty.
    pub products: Vec<String>,
    /// Grades, at least one of which an offer holds, or one that stands for it by the catalogue.
    pub grades: Vec<String>,
    /// Whether what a buyer may accept in their place counts as well, by the catalogue's rules.
    pub substitutes: bool,
    /// What an offer must have some of by the end of the period, any of which will do; all where empty.
    pub levels: BTreeSet<Level>,
    /// Regions by code or name, with all that lies in them.
    pub regions: Vec<String>,
    /// Within a distance of a point.
    pub near: Option<Near>,
    /// Members of these clusters.
    pub clusters: Vec<OrganisationId>,
    /// The first day; today where absent.
    pub from: Option<Day>,
    /// The last day; the Sunday of the twelfth week where absent.
    pub until: Option<Day>,
    /// Whether a certificate must be checked and valid.
    pub certified: bool,
    /// Kinds of certificates, each of which must hold over the whole period.
    pub certificates: Vec<String>,
    /// How far they must have been checked; stated is enough where absent.
    pub certificate_status: Option<CertificateStatus>,
    /// Who vouches for the owner, at least.
    pub verification: Verification,
    /// Whether figures must be fresh.
    pub fresh: bool,
    /// The largest smallest order, in base units.
    pub min_order_at_most: Option<i64>,
    /// The longest lead time, in days.
    pub lead_days_at_most: Option<u16>,
    /// Ways of changing hands, any of which will do; all where empty.
    pub transfers: Vec<Transfer>,
    /// What rows are told apart by.
    pub group_by: BTreeSet<Group>,
}

/// What there is.
#[derive(Debug, Clone)]
pub struct CapacityTold {
    /// The figures.
    pub answer: CapacityAnswer,
    /// How many offers that the caller sees one by one there are for each value of a filter, where it was asked for.
    pub facets: Option<Facets>,
    /// When it was asked.
    pub as_of: Instant,
    /// The number of the last event in it, for the operator.
    pub event: Option<i64>,
}

/// Whether to count offers by the values of filters as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// No.
    Left,
    /// Yes.
    Done,
}

/// What there is, by what the question says, of all that the caller sees.
///
/// # Errors
/// `Invalid` with every fault, each at the parameter's name.
pub async fn tell(
    app: &App,
    caller: &Caller,
    question: &CapacityQuestion,
    counting: Counting,
) -> AppResult<CapacityTold> {
    tell_to(app, &reader(app, caller).await?, question, counting).await
}

/// The same, to a reader who is known.
///
/// # Errors
/// As [`tell`].
pub async fn tell_to(
    app: &App,
    reader: &Reader,
    question: &CapacityQuestion,
    counting: Counting,
) -> AppResult<CapacityTold> {
    let (tables, as_of) = (app.tables(), app.clock.now());
    let query = resolved(&tables, as_of.day(), question)?;
    let eyes = reader.clone();
    let (answer, facets) = kept::ask(app, move |index| {
        let facets = match counting {
            Counting::Left => None,
            Counting::Done => Some(index.facets(&query, &eyes)),
        };
        (index.capacity(&query, &eyes), facets)
    })
    .await?;
    if !answer.complete {
        let detail =
            "there would be more rows than an answer holds; ask for fewer weeks, products or regions, or group by less";
        return Err(Violations::one("/group_by", "too_many_rows", detail).into());
    }
    let event = event(reader, answer.as_of_event);
    Ok(CapacityTold { answer, facets, as_of, event })
}

/// The number of an event, for whoever runs the service: it counts what others did as well, whoever may see that.
pub(crate) fn event(reader: &Reader, number: i64) -> Option<i64> {
    match reader {
        Reader::Operator => Some(number),
        Reader::Party(_) | Reader::Public => None,
    }
}

fn resolved(tables: &Tables, today: Day, question: &CapacityQuestion) -> AppResult<CapacityQuery> {
    let mut faults = Violations::new();
    let (from, until) = span(today, question.from, question.until);
    let weeks = faults.keep(Weeks::new(today, from, until));
    let mut products = BTreeSet::new();
    let mut asked_grades = BTreeSet::new();
    for typed in &question.products {
        let grade = products_of(&tables.catalogue, typed).ok().and_then(|(_, implied)| implied);
        if let Some(grade) = grade.filter(|_| question.products.len() > 1) {
            let detail =
                format!("{typed:?} means the grade {grade} as well; ask for it alone, or write product and grade");
            faults.push("/product", "ambiguous_product", detail);
            continue;
        }
        if let Some((found, implied)) = faults.keep(products_of(&tables.catalogue, typed)) {
            products.extend(found);
            asked_grades.extend(implied);
        }
    }
    for typed in &question.grades {
        let found = grades_of(&tables.catalogue, &products, typed);
        asked_grades.extend(faults.keep(found).unwrap_or_default());
    }
    let mut regions = BTreeSet::new();
    for typed in &question.regions {
        regions.extend(faults.keep(regions_of(&tables.regions, typed)).unwrap_or_default());
    }
    if question.min_order_at_most.is_some_and(|least| least < 0) {
        faults.push("/min_order_at_most", "out_of_range", "is below 0; write a number of base units");
    }
    let mut kinds = BTreeSet::new();
    for typed in &question.certificates {
        kinds.extend(faults.keep(certificate_of(&tables.catalogue, typed)));
    }
    faults.into_result()?;
    let weeks = weeks.ok_or_else(|| AppError::internal("no faults, no weeks"))?;
    let mut query = CapacityQuery::new(weeks);
    let grades: BTreeSet<GradeCode> =
        asked_grades.iter().flat_map(|grade| at_least(&tables.catalogue, grade)).collect();
    let in_every_grade = grades.is_empty();
    query.grades = Some(grades).filter(|_| !in_every_grade);
    if question.substitutes {
        query.substitutes = substitutes::of(&tables.catalogue, &products, &asked_grades);
        if in_every_grade && !query.substitutes.is_empty() {
            // What is asked for goes on to count in every grade, and what stands for it in some.
            query.substitutes.extend(products.iter().map(|product| (product.clone(), None)));
            query.grades = Some(BTreeSet::new());
        }
        if !products.is_empty() {
            products.extend(query.substitutes.iter().map(|(product, _)| product.clone()));
        }
    }
    query.levels.clone_from(&question.levels);
    query.products = Some(products).filter(|list| !list.is_empty());
    query.regions = Some(regions).filter(|list| !list.is_empty());
    query.near = question.near;
    query.clusters = Some(question.clusters.iter().copied().collect()).filter(|list: &BTreeSet<_>| !list.is_empty());
    query.certified = if question.certified { Certified::Checked } else { Certified::Any };
    let least = question.certificate_status.unwrap_or(CertificateStatus::Claimed);
    query.papers = (!kinds.is_empty()).then_some(PaperDemand { kinds, least });
    query.verification = question.verification;
    query.freshness = if question.fresh { Freshness::FreshOnly } else { Freshness::Any };
    query.min_order_at_most = question.min_order_at_most;
    query.lead_days_at_most = question.lead_days_at_most;
    query.transfers = question.transfers.iter().copied().collect();
    query.group_by.clone_from(&question.group_by);
    Ok(query)
}

/// The days of a question: from today where it does not say, and until the Sunday of the twelfth week.
pub(crate) fn span(today: Day, from: Option<Day>, until: Option<Day>) -> (Day, Day) {
    let from = from.unwrap_or(today);
    (from, until.unwrap_or_else(|| from.max(today).monday().plus(7 * USUAL_WEEKS - 1)))
}

/// The products that some texts name; `None` where there are no texts.
///
/// # Errors
/// `Invalid` with each text that names none.
pub fn products(app: &App, typed: &[String]) -> AppResult<Option<BTreeSet<ProductCode>>> {
    let (tables, mut faults) = (app.tables(), Violations::new());
    let found = typed.iter().filter_map(|typed| faults.keep(products_of(&tables.catalogue, typed)));
    let found: BTreeSet<ProductCode> = found.flat_map(|(products, _)| products).collect();
    faults.into_result()?;
    Ok(Some(found).filter(|_| !typed.is_empty()))
}

/// The products that a text names, and the grade that it implies: a code, a family, a public code with all products under
/// it, or a name.
pub(crate) fn products_of(
    catalogue: &Catalogue,
    typed: &str,
) -> Result<(BTreeSet<ProductCode>, Option<GradeCode>), Violations> {
    let wanted = typed.trim();
    if let Some(product) = catalogue.product(wanted) {
        return Ok((BTreeSet::from([product.code.clone()]), None));
    }
    let public = |codes: &[String]| codes.iter().any(|code| code == wanted);
    let under = catalogue.products().iter().filter(|product| {
        let of = &product.classifications;
        let lists = [&of.cpv, &of.hs, &of.nace2, &of.nace21, &of.emdn];
        product.family.eq_ignore_ascii_case(wanted) || lists.into_iter().any(|list| public(list))
    });
    let found: BTreeSet<ProductCode> = under.map(|product| product.code.clone()).collect();
    if !found.is_empty() {
        return Ok((found, None));
    }
    match catalogue.identify(wanted) {
        Ok(hit) => Ok((BTreeSet::from([hit.product]), hit.grade)),
        Err(near) => {
            let near: BTreeSet<String> = near.into_iter().take(5).map(|hit| hit.product.to_string()).collect();
            let near = near.into_iter().collect::<Vec<_>>().join(", ");
            let remedy = if near.is_empty() { "GET /api/v1/products searches them".to_owned() } else { near };
            let detail = format!("{wanted:?} names no one product, family or public code; write one of: {remedy}");
            Err(Violations::one("/product", "unknown_product", detail))
        }
    }
}

/// What a text names among the grades of the products asked for.
pub(crate) fn grades_of(
    catalogue: &Catalogue,
    products: &BTreeSet<ProductCode>,
    typed: &str,
) -> Result<BTreeSet<GradeCode>, Violations> {
    let all = catalogue.products().iter().map(|product| &product.code);
    let of = all.filter(|code| products.is_empty() || products.contains(*code));
    let found: BTreeSet<&GradeCode> =
        of.filter_map(|product| Some(&catalogue.identify_grade(product, typed)?.code)).collect();
    if found.is_empty() {
        let detail = format!("{typed:?} is no grade of these products; GET /api/v1/products/CODE lists theirs");
        return Err(Violations::one("/grade", "unknown_grade", detail));
    }
    Ok(found.into_iter().cloned().collect())
}

/// A grade and those of its products that stand for it without asking, by the catalogue's rules.
fn at_least(catalogue: &Catalogue, grade: &GradeCode) -> BTreeSet<GradeCode> {
    let mut found = BTreeSet::from([grade.clone()]);
    for product in catalogue.grade(grade).map(|grade| grade.products.as_slice()).unwrap_or_default() {
        let others = catalogue.parts().grades.iter().filter(|other| other.products.contains(product));
        let stands = |other: &GradeCode| {
            let rule = catalogue.rule((product, Some(grade)), (product, Some(other)));
            rule.is_some_and(|rule| rule.verdict == Verdict::Satisfies)
        };
        found.extend(others.map(|other| &other.code).filter(|other| stands(other)).cloned());
    }
    found
}

pub(crate) fn regions_of(table: &RegionTable, typed: &str) -> Result<Vec<RegionCode>, Violations> {
    match table.resolve(typed) {
        Resolved::One(code) => Ok(vec![code]),
        Resolved::Split(parts) => Ok(parts),
        Resolved::Unknown(near) => {
            let remedy = match near.is_empty() {
                true => "write a NUTS 2024 code such as DE21 or a country such as GR".to_owned(),
                false => format!("did you mean: {}", near.join(", ")),
            };
            let detail = format!("{typed:?} is no known region; {remedy}");
            Err(Violations::one("/region", "unknown_region", detail))
        }
    }
}

fn certificate_of(catalogue: &Catalogue, typed: &str) -> Result<CertificateKindCode, Violations> {
    let found = catalogue.certificate_kind(typed).map(|kind| kind.code.clone());
    found.ok_or_else(|| {
        let kinds: Vec<&str> = catalogue.parts().certificate_kinds.iter().map(|kind| kind.code.as_str()).collect();
        let detail = format!("{typed:?} is no kind of certificate; write one of: {}", kinds.join(", "));
        Violations::one("/certificate", "unknown_certificate", detail)
    })
}

/// What a caller is to the index.
pub(crate) async fn reader(app: &App, caller: &Caller) -> AppResult<Reader> {
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Read, Resource::OwnedBy(own))?;
    }
    let own = match caller.actor {
        Actor::Operator => return Ok(Reader::Operator),
        Actor::Nobody => return Ok(Reader::Public),
        Actor::Organisation(own) => own,
    };
    let organisation = storage::organisations::get(&app.store, Scope::Organisation(own), own).await?.record;
    let vouched = organisation.verification == Verification::Operator;
    let clusters = match organisation.kind {
        // What a member agreed to with its cluster is for the cluster's own people.
        OrganisationKind::Cluster if vouched && caller.behalf.is_none() => {
            let cluster = storage::clusters::get(&app.store, own).await?;
            BTreeSet::from_iter((!cluster.is_over(app.clock.now())).then_some(own))
        }
        OrganisationKind::Cluster | OrganisationKind::Firm | OrganisationKind::Authority | OrganisationKind::Portal => {
            BTreeSet::new()
        }
    };
    // Anybody can state a need; whoever vouches for an authority vouches for what it asks as well.
    let buyer = match organisation.kind {
        OrganisationKind::Authority if vouched => Buyer::Authority,
        OrganisationKind::Firm | OrganisationKind::Cluster | OrganisationKind::Authority | OrganisationKind::Portal => {
            Buyer::No
        }
    };
    Ok(Reader::Party(Party { organisation: own, clusters, buyer }))
}
