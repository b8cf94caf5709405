//! Whose rows they are, and where: organisations and sites that a file names, found or added.

use std::collections::{BTreeSet, HashMap};

use domain::{
    audit::{Act, Change, RecordKind},
    code::{CountryCode, RegionCode},
    geo::Point,
    identifier::{Identifier, IdentifierKind},
    ids::{OrganisationId, SiteId},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    text,
};
use exchange::tables::{Field, OrganisationRecord, ParsedFile, RowFault, SiteRecord};
use storage::{
    Origin, Scope, Tx,
    identifiers::{self, Held},
    organisations, sites,
};

use super::Resource;
use crate::{
    App,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::Actor,
};

/// ISO 3166 keeps `ZZ` for its users; here it stands for a country that the file does not tell.
const UNKNOWN_COUNTRY: &str = "ZZ";

/// How many VAT numbers are asked for at once.
const MOST_VATS: usize = 200;

/// The organisation and site of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) organisation: OrganisationId,
    pub(super) site: SiteId,
}

/// The owners of rows, in their order.
pub(super) struct Owners(pub(super) Vec<Owner>);

/// Turns rows into faults that an actor may not write: an organisation writes for itself alone, and
/// the operator for an organisation that the row names.
pub(super) async fn refuse_foreign<R: Resource>(
    app: &App,
    actor: Actor,
    file: &mut ParsedFile<R::Record>,
) -> AppResult<()> {
    let own_name = match actor {
        Actor::Operator => None,
        Actor::Nobody => return Err(AppError::Forbidden { detail: "name the organisation you act for".to_owned() }),
        Actor::Organisation(id) => Some(organisations::get(&app.store, actor.into(), id).await?.record.name),
    };
    refuse_papers_of_others::<R>(own_name.as_deref(), file);
    let own_name = own_name.map(|name| text::fold(&name));
    let vats: Vec<Identifier> = match actor {
        Actor::Organisation(id) => {
            let held = identifiers::of(&app.store, [id]).await?.remove(&id).unwrap_or_default();
            held.into_iter().map(|held| held.identifier).collect()
        }
        Actor::Operator | Actor::Nobody => Vec::new(),
    };
    for row in &mut file.rows {
        let Ok(record) = &row.record else { continue };
        let named = R::parties(record).0.map(|o| o.name.clone());
        let detail = match (&own_name, named) {
            (None, None) => "is missing; a file of the operator names the organisation of each row".to_owned(),
            (Some(_), Some(_))
                if R::parties(record).0.is_some_and(|o| o.vat.as_ref().is_some_and(|v| !vats.contains(v))) =>
            {
                "has a VAT number that is not your organisation's; correct it, or add it to your organisation"
                    .to_owned()
            }
            (Some(own), Some(name)) if text::fold(&name) != *own => {
                format!("{name:?} is not your organisation; leave the column out, or ask the operator to import")
            }
            (None, Some(_)) | (Some(_), Some(_) | None) => continue,
        };
        let (column, value) = row.source.cell(&Field::Organisation, 0);
        let (reason, remedy) = detail.split_once("; ").unwrap_or((&detail, ""));
        row.record = Err(vec![RowFault {
            line: row.line(),
            column,
            value,
            code: "unknown_organisation",
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        }]);
    }
    Ok(())
}

/// Turns rows into faults that state the paper of somebody else as a maker's own (field case CER-05).
fn refuse_papers_of_others<R: Resource>(own_name: Option<&str>, file: &mut ParsedFile<R::Record>) {
    for row in &mut file.rows {
        let Ok(record) = &row.record else { continue };
        let named = R::parties(record).0.map(|o| o.name.as_str());
        let Some(name) = named.or(own_name) else { continue };
        let Some(detail) = R::misheld(record, name) else { continue };
        let (column, value) = row.source.cell(&Field::Certificates, 0);
        let (reason, remedy) = detail.split_once("; ").unwrap_or((&detail, ""));
        row.record = Err(vec![RowFault {
            line: row.line(),
            column,
            value,
            code: "not_the_holder",
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        }]);
    }
}

type SiteKey = (OrganisationId, String, Option<RegionCode>, Option<Point>);

impl Owners {
    /// Finds what the rows name, and adds what is not there yet.
    pub(super) async fn find_or_add(
        app: &App,
        (actor, pen): (Actor, &Pen),
        tx: &Tx,
        source: &str,
        usual: OrganisationKind,
        parties: Vec<(Option<&OrganisationRecord>, &SiteRecord)>,
    ) -> AppResult<Self> {
        let now = app.clock.now();
        let known = organisations_of(app, (actor, pen), tx, source, usual, &parties).await?;
        let organisation = |named: Option<&OrganisationRecord>| match (actor, named) {
            (Actor::Organisation(own), _) => Some(own),
            (Actor::Operator, Some(o)) => known.find(o),
            (Actor::Operator, None) | (Actor::Nobody, _) => None,
        };
        let owners: Vec<(Option<OrganisationId>, &SiteRecord)> =
            parties.iter().map(|(o, site)| (organisation(*o), *site)).collect();
        let ids: BTreeSet<OrganisationId> = owners.iter().filter_map(|(id, _)| *id).collect();
        let ids: Vec<OrganisationId> = ids.into_iter().collect();
        let places = sites::of_organisations(tx, Scope::Operator, &ids).await?;
        // The first of equals stands: they come oldest first.
        let mut by_key: HashMap<SiteKey, SiteId> = HashMap::new();
        for s in places {
            by_key.entry(key(&s.record)).or_insert(s.record.id);
        }
        let regions = &app.tables().regions;
        let mut added = Vec::new();
        let mut found = Vec::with_capacity(owners.len());
        for (organisation, record) in owners {
            let organisation =
                organisation.ok_or_else(|| crate::AppError::internal("a row without organisation was kept"))?;
            let region_name = record.region.as_ref().and_then(|code| regions.get(code)).map(|r| r.name.clone());
            let name = record.name.clone().or(region_name).unwrap_or_else(|| "Place unknown".to_owned());
            let id = SiteId(app.ids.next(now));
            let (region, point) = (record.region.clone(), record.point);
            let (region_from, zone) = (RegionFrom::Stated, "UTC".to_owned());
            let site = Site { id, organisation, name, region, region_from, point, zone };
            let id = *by_key.entry(key(&site)).or_insert_with(|| {
                added.push(site);
                id
            });
            found.push(Owner { organisation, site: id });
        }
        sites::insert_many(tx, &added, now).await?;
        pen.note(tx, added.iter().map(crate::sites::added).collect::<Vec<_>>()).await?;
        Ok(Self(found))
    }
}

fn key(site: &Site) -> SiteKey {
    (site.organisation, text::fold(&site.name), site.region.clone(), site.point)
}

/// The organisations that rows may mean.
#[derive(Default)]
struct Known {
    /// By folded name, with their countries; see [`storage::organisations::find_by_names`] for their order.
    named: HashMap<String, Vec<(CountryCode, OrganisationId)>>,
    /// By a VAT number that somebody else confirmed: anybody may say that a number is his.
    by_vat: HashMap<Identifier, OrganisationId>,
    /// The VAT numbers of those that have some, confirmed or not.
    vats: HashMap<OrganisationId, Vec<Identifier>>,
    /// Those that files of this source made, by what they are called there.
    own: HashMap<String, OrganisationId>,
}

impl Known {
    /// The organisation that a row means: the one with its VAT number, whatever it is called (field case ORG-08);
    /// else the one that this source made of such a row, whatever it is called by now; else that of the name, of the
    /// country it states or of one not told so far, where it states none the first. `Caritas` of Germany and of Austria
    /// are two, and so are two of one name with different VAT numbers.
    fn find(&self, record: &OrganisationRecord) -> Option<OrganisationId> {
        if let Some(id) = record.vat.as_ref().and_then(|vat| self.by_vat.get(vat)) {
            return Some(*id);
        }
        if let Some(id) = self.own.get(&external_id(record)) {
            return Some(*id);
        }
        let mut named = self.named.get(&text::fold(&record.name))?.iter().filter(|(_, id)| {
            let own = self.vats.get(id).map(Vec::as_slice).unwrap_or_default();
            record.vat.as_ref().is_none_or(|vat| own.is_empty() || own.contains(vat))
        });
        let found = match &record.country {
            Some(country) => {
                let of = |wanted: &str| named.clone().find(|(c, _)| c.as_str() == wanted);
                of(country.as_str()).or_else(|| of(UNKNOWN_COUNTRY))
            }
            None => named.next(),
        };
        found.map(|(_, id)| *id)
    }

    /// Notes that an organisation has a VAT number.
    fn learn(&mut self, vat: &Identifier, id: OrganisationId) {
        self.by_vat.entry(vat.clone()).or_insert(id);
        self.vats.entry(id).or_default().push(vat.clone());
    }
}

/// What the organisation of a row is called in its source where the row tells no number.
fn plain_id(record: &OrganisationRecord) -> String {
    external_id(&OrganisationRecord { vat: None, ..record.clone() })
}

/// What the organisation of a row is called in its source.
fn external_id(record: &OrganisationRecord) -> String {
    let (folded, country) = (text::fold(&record.name), record.country.as_ref().map_or(UNKNOWN_COUNTRY, |c| c.as_str()));
    match &record.vat {
        Some(vat) => format!("{folded}, {country}, {}", vat.value),
        None => format!("{folded}, {country}"),
    }
}

/// What is known of the organisations that rows name, by VAT number or by name.
async fn known_of(tx: &Tx, source: &str, records: &[&OrganisationRecord]) -> AppResult<Known> {
    let names: Vec<String> = records.iter().map(|r| r.name.clone()).collect();
    let mut known =
        Known { named: organisations::find_by_names(tx, Scope::Operator, source, &names).await?, ..Known::default() };
    let wanted: BTreeSet<Identifier> = records.iter().filter_map(|r| r.vat.clone()).collect();
    let wanted: Vec<Identifier> = wanted.into_iter().collect();
    for list in wanted.chunks(MOST_VATS) {
        for (vat, id) in identifiers::confirmed_holders(tx, list).await? {
            known.learn(&vat, id);
        }
    }
    let called: Vec<String> = records.iter().flat_map(|r| [external_id(r), plain_id(r)]).collect();
    known.own = organisations::find_by_external_ids(tx, Scope::Operator, source, &called).await?;
    if !wanted.is_empty() {
        let named = known.named.values().flatten().map(|(_, id)| *id);
        let ids: Vec<OrganisationId> = named.chain(known.own.values().copied()).collect();
        for (id, held) in identifiers::of(tx, ids).await? {
            let vats = held.into_iter().map(|held| held.identifier).filter(|i| i.kind == IdentifierKind::Vat);
            known.vats.insert(id, vats.collect());
        }
    }
    Ok(known)
}

/// Finds the organisations that rows name, and adds what is not there yet.
async fn organisations_of(
    app: &App,
    (actor, pen): (Actor, &Pen),
    tx: &Tx,
    source: &str,
    usual: OrganisationKind,
    parties: &[(Option<&OrganisationRecord>, &SiteRecord)],
) -> AppResult<Known> {
    if actor != Actor::Operator {
        return Ok(Known::default());
    }
    let now = app.clock.now();
    let mut records: Vec<&OrganisationRecord> = parties.iter().filter_map(|(o, _)| *o).collect();
    // Rows that state a country come first, in the order of `find_by_names`: the others then find what
    // they will find when the file comes again.
    records.sort_by_key(|r| (r.country.is_none(), r.country.clone()));
    // Nobody registers one of them, or takes its name or number, until this is done.
    organisations::take_turn(tx).await?;
    let mut known = known_of(tx, source, &records).await?;
    let mut added = Vec::new();
    let mut numbered: Vec<(OrganisationId, Identifier)> = Vec::new();
    let mut told: Vec<Deed> = Vec::new();
    for record in records {
        if let Some(id) = known.find(record) {
            // What the file knows of one that it made finds it the next time.
            let of_source = known.own.values().any(|own| *own == id);
            let bare = known.vats.get(&id).is_none_or(Vec::is_empty);
            if let Some(vat) = record.vat.as_ref().filter(|vat| of_source && bare && !known.by_vat.contains_key(*vat)) {
                known.learn(vat, id);
                numbered.push((id, vat.clone()));
                told.push(numbered_deed(id));
            }
            continue;
        }
        let (id, folded) = (OrganisationId(app.ids.next(now)), text::fold(&record.name));
        let country = record.country.clone().unwrap_or_else(|| CountryCode::new(UNKNOWN_COUNTRY));
        known.named.entry(folded.clone()).or_default().push((country.clone(), id));
        let external_id = external_id(record);
        known.own.insert(external_id.clone(), id);
        if let Some(vat) = &record.vat {
            known.learn(vat, id);
            numbered.push((id, vat.clone()));
        }
        let organisation = Organisation {
            id,
            kind: record.kind.unwrap_or(usual),
            name: record.name.clone(),
            country,
            verification: Verification::None,
            clusters: Vec::new(),
        };
        added.push((organisation, Some(Origin { source: source.to_owned(), external_id })));
    }
    organisations::insert_many(tx, &added, now).await?;
    for (id, identifier) in numbered {
        // A file is the operator's word.
        identifiers::insert(tx, id, &[Held { identifier, confirmed_at: Some(now) }], now).await?;
    }
    told.extend(added.iter().map(|(record, _)| crate::organisations::registered(record)));
    pen.note(tx, told).await?;
    Ok(known)
}

/// That an organisation got a number; which, may lead to a person.
fn numbered_deed(id: OrganisationId) -> Deed {
    let changes = vec![Change { field: "identifiers".to_owned(), from: None, to: None }];
    Deed { act: Act::Update, record: RecordKind::Organisation, id: id.0, owner: Some(id), changes }
}
