//! The region of a site: stated, or found by its postcode, or by its point, in this order of trust; and whether what is
//! typed of a place agrees (field case GEO-04).

use domain::{
    code::RegionCode,
    geo::Point,
    ids::OrganisationId,
    organisation::RegionFrom,
    postcode::Postcode,
    region::{Country, RegionTable},
    violation::Violations,
};
use storage::{Reads, Scope};

use super::place;
use crate::{
    Tables,
    error::AppResult,
    regions::{self, Around, Miss},
};

/// What is typed of a site's place, each part checked by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub region: Option<RegionCode>,
    pub country: Option<Country>,
    pub postcode: Option<String>,
    pub point: Option<Point>,
}

/// What the tables say about a place.
#[derive(Debug, Default)]
struct Found {
    postcode: Option<Result<RegionCode, Miss>>,
    around: Around,
}

/// The region of a place and how it was found. Adds a fault for what contradicts, and for a postcode that says
/// nothing where nothing else says more than the country.
pub(super) async fn find(
    (reader, tables): (&impl Reads, &Tables),
    owner: Option<OrganisationId>,
    place: &Place,
    faults: &mut Violations,
) -> AppResult<(Option<RegionCode>, RegionFrom)> {
    let postcode = match &place.postcode {
        Some(typed) => of_postcode((reader, tables), owner, place, typed, faults).await?,
        None => None,
    };
    let around = match place.point {
        Some(point) => regions::around((reader, tables), point).await?,
        None => Around::default(),
    };
    Ok(decide(&tables.regions, place, &Found { postcode, around }, faults))
}

async fn of_postcode(
    (reader, tables): (&impl Reads, &Tables),
    owner: Option<OrganisationId>,
    place: &Place,
    typed: &str,
    faults: &mut Violations,
) -> AppResult<Option<Result<RegionCode, Miss>>> {
    let stated = place.region.as_ref().and_then(|code| tables.regions.get(code)).map(|region| region.country.clone());
    let country = match (place.country.as_ref().map(|c| c.code.clone()).or(stated), owner) {
        (None, Some(id)) => {
            let owner = storage::organisations::get(reader, Scope::Organisation(id), id).await?;
            Some(owner.record.country)
        }
        (country, _) => country,
    };
    // An imported organisation may have the country `ZZ`, which is none.
    let Some(country) = country.and_then(|code| tables.regions.country(code.as_str())) else {
        if owner.is_some() {
            let detail = format!("a country is required: {typed:?} is a postcode in several; write a code such as FR");
            faults.push("/country", "country_required", detail);
        }
        return Ok(None);
    };
    let Some(postcode) = faults.keep(Postcode::parse("/postcode", &country.code, typed)) else { return Ok(None) };
    Ok(Some(regions::postcode_in((reader, tables), &country.code, &postcode).await?.map(|located| located.region.code)))
}

fn decide(
    regions: &RegionTable,
    place: &Place,
    found: &Found,
    faults: &mut Violations,
) -> (Option<RegionCode>, RegionFrom) {
    let of_postcode = found.postcode.as_ref().and_then(|answer| answer.as_ref().ok());
    let country = place.country.as_ref().map(|c| &c.region);
    let (region, from) = if let Some(stated) = &place.region {
        (Some(stated), RegionFrom::Stated)
    } else if let Some(code) = of_postcode {
        (Some(code), RegionFrom::Postcode)
    } else if let Some(code) = &found.around.at {
        (Some(code), RegionFrom::Coordinates)
    } else {
        if let Some(Err(miss)) = &found.postcode {
            faults.push("/postcode", "unknown_postcode", miss.to_string());
        }
        (country, RegionFrom::Stated)
    };
    let named = |code: &RegionCode| {
        let name = regions.get(code).map_or("", |r| r.name.as_str());
        format!("{code} {name}")
    };
    if let (Some(stated), Some(country)) = (&place.region, country)
        && !regions.nested(stated, country)
    {
        let detail = format!("{} does not lie in {}; correct one of them", named(stated), named(country));
        faults.push("/country", "outside_region", detail);
    }
    if let (Some(stated), Some(code)) = (&place.region, of_postcode)
        && !regions.nested(stated, code)
    {
        let (lies, not) = (named(code), named(stated));
        let detail =
            format!("the postcode lies in {lies}, not in {not}; correct one of them, or leave the postcode out");
        faults.push("/postcode", "outside_region", detail);
    }
    // The area of a postcode reaches beyond the region that most of it lies in.
    let wider = |code| regions.at_level(code, 2).map(|region| &region.code);
    let held = match from {
        RegionFrom::Stated => region,
        RegionFrom::Postcode => region.and_then(wider),
        RegionFrom::Coordinates => country,
    };
    if let (Some(point), Some(held)) = (place.point, held)
        && faults.keep(place::check("/point", regions, held, point)).is_some()
        && let Some(at) = &found.around.at
        && !found.around.near.iter().any(|near| regions.nested(near, held))
    {
        let (lies, not) = (named(at), named(held));
        let detail = format!("the point lies in {lies}, not in {not}; correct one of them");
        faults.push("/point", "outside_region", detail);
    }
    (region.cloned(), from)
}
