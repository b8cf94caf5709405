//! What a site can do besides what it offers: what hidden capacity is judged by.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    catalogue::{Catalogue, Product, ProductKind},
    code::{CertificateKindCode, ProductCode},
    text, typed,
    typed::whole,
    violation::Violations,
};

/// The most machines of a kind at one site.
const MOST_MACHINES: i64 = 100_000;
/// The most people at one site.
const MOST_PEOPLE: i64 = 1_000_000;

/// A process step of the catalogue, written `medical-mask/2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepCode {
    /// The product that the step makes.
    pub product: ProductCode,
    /// Its number.
    pub step: u8,
}

impl fmt::Display for StepCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.product, self.step)
    }
}

/// Something that a site does, as its owner says it, and how it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Does {
    /// As typed.
    pub typed: String,
    /// The NACE Rev. 2 codes that it means; never empty.
    pub nace2: Vec<String>,
}

/// What a site can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Abilities {
    /// What it does.
    pub activities: Vec<Does>,
    /// Process steps of the catalogue that it does already.
    pub processes: BTreeSet<StepCode>,
    /// Machines by their product in the catalogue, and how many there are.
    pub equipment: BTreeMap<ProductCode, u32>,
    /// Services that it does itself, and intermediates that it has or makes.
    pub in_house: BTreeSet<ProductCode>,
    /// How many people work there.
    pub people: Option<u32>,
    /// In how many shifts.
    pub shifts: Option<u8>,
    /// Kinds of certificates that it holds.
    pub certificates: BTreeSet<CertificateKindCode>,
    /// What else there is to say.
    pub note: String,
}

impl Abilities {
    /// Whether nothing is said by which a conversion could be judged.
    pub fn is_silent(&self) -> bool {
        self.activities.is_empty() && self.processes.is_empty() && self.equipment.is_empty() && self.in_house.is_empty()
    }

    /// The NACE codes of what it does, with those of the services that it does itself.
    pub fn nace2<'a>(&'a self, catalogue: &'a Catalogue) -> BTreeSet<&'a str> {
        let services = self.in_house.iter().filter_map(|code| catalogue.product(code.as_str()));
        let services = services.filter(|product| product.kind == ProductKind::Service);
        let stated = self.activities.iter().flat_map(|does| &does.nace2);
        stated.chain(services.flat_map(|product| &product.classifications.nace2)).map(String::as_str).collect()
    }
}

/// A kind of machine and how many of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineInput {
    /// A product of the kind `equipment`: code, name or synonym.
    pub machine: String,
    /// How many.
    pub count: i64,
}

/// What a site can do, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AbilitiesInput {
    /// Words for what it does, or NACE Rev. 2 codes.
    pub activities: Vec<String>,
    /// Process steps, as `medical-mask/2`.
    pub processes: Vec<String>,
    /// Machines.
    pub equipment: Vec<MachineInput>,
    /// Services and intermediates: codes, names or synonyms.
    pub in_house: Vec<String>,
    /// People.
    pub people: Option<i64>,
    /// Shifts.
    pub shifts: Option<i64>,
    /// Kinds of certificates.
    pub certificates: Vec<String>,
    /// A note.
    pub note: String,
}

impl AbilitiesInput {
    /// What it means by the catalogue.
    ///
    /// # Errors
    /// Every fault, each with its pointer.
    pub fn check(&self, catalogue: &Catalogue) -> Result<Abilities, Violations> {
        typed::few(&[
            ("/activities", self.activities.len()),
            ("/processes", self.processes.len()),
            ("/equipment", self.equipment.len()),
            ("/in_house", self.in_house.len()),
            ("/certificates", self.certificates.len()),
        ])?;
        let (mut faults, mut found) = (Violations::new(), Abilities::default());
        for (i, typed) in self.activities.iter().enumerate() {
            let does = faults.keep(does(&format!("/activities/{i}"), typed, catalogue));
            found.activities.extend(does.filter(|does| !found.activities.contains(does)));
        }
        for (i, typed) in self.processes.iter().enumerate() {
            found.processes.extend(faults.keep(step(&format!("/processes/{i}"), typed, catalogue)));
        }
        for (i, MachineInput { machine, count }) in self.equipment.iter().enumerate() {
            let at = format!("/equipment/{i}");
            let product = faults.keep(of_kind(&format!("{at}/machine"), machine, &[ProductKind::Equipment], catalogue));
            let count = faults.keep(whole(&format!("{at}/count"), *count, 1, MOST_MACHINES));
            let (Some(code), Some(count)) = (product, count.and_then(|count| u32::try_from(count).ok())) else {
                continue;
            };
            if found.equipment.insert(code, count).is_some() {
                faults.push(
                    format!("{at}/machine"),
                    "stated_twice",
                    format!("{machine:?} stands twice; write one count"),
                );
            }
        }
        for (i, typed) in self.in_house.iter().enumerate() {
            let kinds = [ProductKind::Service, ProductKind::Intermediate];
            found.in_house.extend(faults.keep(of_kind(&format!("/in_house/{i}"), typed, &kinds, catalogue)));
        }
        let people = self.people.and_then(|people| faults.keep(whole("/people", people, 0, MOST_PEOPLE)));
        found.people = people.and_then(|people| u32::try_from(people).ok());
        let shifts = self.shifts.and_then(|shifts| faults.keep(whole("/shifts", shifts, 1, 5)));
        found.shifts = shifts.and_then(|shifts| u8::try_from(shifts).ok());
        for (i, typed) in self.certificates.iter().enumerate() {
            match catalogue.certificate_kind(typed) {
                Some(kind) => drop(found.certificates.insert(kind.code.clone())),
                None => {
                    let kinds = catalogue.parts().certificate_kinds.iter().map(|kind| kind.code.as_str());
                    let kinds = kinds.collect::<Vec<_>>().join(", ");
                    let detail = format!("{typed:?} is no kind of certificate; write one of: {kinds}");
                    faults.push(format!("/certificates/{i}"), "unknown_certificate_kind", detail);
                }
            }
        }
        found.note = faults.keep(text::note("/note", &self.note)).unwrap_or_default();
        faults.into_result()?;
        Ok(found)
    }
}

fn does(at: &str, typed: &str, catalogue: &Catalogue) -> Result<Does, Violations> {
    let typed = text::name(at, typed)?;
    let nace2 = catalogue.activity(&typed);
    if nace2.is_empty() {
        let near: Vec<&str> = near(&typed, catalogue).collect();
        let remedy = match near.is_empty() {
            true => "write a code of NACE Rev. 2 such as 14.12; GET /api/v1/questionnaire lists the words".to_owned(),
            false => format!("did you mean: {}? Or write a code of NACE Rev. 2 such as 14.12", near.join(", ")),
        };
        return Err(Violations::one(at, "unknown_activity", format!("{typed:?} is no activity known here; {remedy}")));
    }
    Ok(Does { typed, nace2 })
}

/// Up to five entries of the list of activities that begin as a word of the text does.
fn near<'a>(typed: &str, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a str> {
    let starts: Vec<String> = text::fold(typed)
        .split(' ')
        .filter(|word| word.chars().count() > 3)
        .map(|w| w.chars().take(4).collect())
        .collect();
    let like = move |word: &str| starts.iter().any(|start| text::fold(word).starts_with(start));
    catalogue.parts().activities.iter().map(|activity| activity.word.as_str()).filter(move |word| like(word)).take(5)
}

fn step(at: &str, typed: &str, catalogue: &Catalogue) -> Result<StepCode, Violations> {
    let code = typed.trim().rsplit_once('/').and_then(|(product, number)| {
        Some(StepCode { product: ProductCode::new(product), step: number.parse().ok()? })
    });
    let steps = &catalogue.parts().steps;
    let known = |code: &StepCode| steps.iter().any(|s| s.product == code.product && s.step == code.step);
    code.filter(known).ok_or_else(|| {
        let detail = format!(
            "{typed:?} is no process step of the catalogue; write a product and the number of its step, such as \
             medical-mask/2; GET /api/v1/questionnaire lists them"
        );
        Violations::one(at, "unknown_process", detail)
    })
}

fn of_kind(at: &str, typed: &str, kinds: &[ProductKind], catalogue: &Catalogue) -> Result<ProductCode, Violations> {
    let found: Result<(&Product, _), Violations> = typed::product(typed, catalogue);
    let (product, _) = found.map_err(|faults| {
        let mut placed = Violations::new();
        faults.into_vec().into_iter().for_each(|fault| placed.push(at, fault.code, fault.detail));
        placed
    })?;
    if kinds.contains(&product.kind) {
        return Ok(product.code.clone());
    }
    let wanted = kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or ");
    let detail = format!("{} is of the kind {}; write one of the kind {wanted}", product.code, product.kind.as_str());
    Err(Violations::one(at, "wrong_kind", detail))
}
