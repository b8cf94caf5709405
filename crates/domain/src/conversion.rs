//! Who could make what after a conversion, how soon, and what would be missing.
//!
//! A [`Prospect`] is a product that a site could convert to. It rests on estimates, each of which cites what it goes by:
//! a row of the catalogue's conversions whose activity the site has, or, where there is none, the process steps that the
//! site has a machine for or does already. Days are told as the row states them; a row without days is told without.

use std::collections::BTreeSet;

use crate::{
    ability::{Abilities, StepCode},
    catalogue::{Basis, Catalogue, ConversionPath, ProcessStep, Product, nace_lies_in},
};

mod totals;

pub use totals::{Holders, told};

/// How what a site does goes with the activity of a row, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fit {
    /// It is that activity, or a part of it.
    Same,
    /// The site states its activity more coarsely than the row: `14` where the row says `14.13`.
    Around,
    /// The row is about nobody's activity: the site has machines for steps, or does some already.
    Steps,
    /// The row is for anybody, as a new plant on a green field is.
    Anybody,
}

impl Fit {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "activity",
            Self::Around => "broader_activity",
            Self::Steps => "steps",
            Self::Anybody => "anybody",
        }
    }
}

/// What an estimate goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cited<'c> {
    /// A row of the conversions.
    Conversion(&'c ConversionPath),
    /// Process steps that the site could take, in their order; never none.
    Steps(Vec<&'c ProcessStep>),
}

/// How long a conversion takes, and on what that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate<'c> {
    /// How the site goes with what is cited.
    pub fit: Fit,
    /// What the days rest on.
    pub basis: Basis,
    /// Fewest and most calendar days; `None` where the row does not say.
    pub days: Option<(u16, u16)>,
    /// What it goes by.
    pub cites: Cited<'c>,
}

impl Estimate<'_> {
    /// The estimate in a sentence, with its basis and what it cites.
    pub fn told(&self) -> String {
        let days = self.days.map_or("days unknown".to_owned(), |(least, most)| format!("{least} to {most} days"));
        let basis = self.basis.as_str();
        format!("Conversion by the catalogue: {days} ({basis}), {}. Source: {}", self.capability(), self.source())
    }

    /// The capability of the row, or the names of the steps.
    pub fn capability(&self) -> String {
        self.cited(|row| &row.capability, |step| &step.name)
    }

    /// Where the row or the steps are from.
    pub fn source(&self) -> String {
        self.cited(|row| &row.source, |step| &step.source)
    }

    /// What usually holds it up; empty where nobody says.
    pub fn bottleneck(&self) -> String {
        self.cited(|row| &row.bottleneck, |step| &step.bottleneck)
    }

    /// A text of the row, or those of the steps, each once in a run.
    fn cited(&self, of_row: fn(&ConversionPath) -> &str, of_step: fn(&ProcessStep) -> &str) -> String {
        match &self.cites {
            Cited::Conversion(row) => of_row(row).to_owned(),
            Cited::Steps(steps) => {
                let mut told: Vec<&str> = steps.iter().map(|step| of_step(step)).filter(|t| !t.is_empty()).collect();
                told.dedup();
                told.join("; ")
            }
        }
    }

    fn rank(&self) -> (Fit, Basis, u16) {
        (self.fit, self.basis, self.days.map_or(u16::MAX, |(_, most)| most))
    }
}

/// How a step stands at a site, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The site says that it does it, or a service that the step is.
    Declared,
    /// It has a machine of those that the step names.
    Machine,
    /// Its activity is that of who does it.
    Activity,
    /// The step names neither a machine nor an activity.
    Unstated,
    /// None of these.
    Missing,
}

impl Standing {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Machine => "machine",
            Self::Activity => "activity",
            Self::Unstated => "unstated",
            Self::Missing => "missing",
        }
    }
}

/// A machine or an input of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'c> {
    /// As the step names it.
    pub name: &'c str,
    /// The product that it is, where the catalogue has one: only then can it be asked for as a need.
    pub product: Option<&'c Product>,
    /// Whether the site has it.
    pub there: bool,
}

/// A step of making a product, and how it stands at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepAt<'c> {
    /// The step.
    pub step: &'c ProcessStep,
    /// How it stands.
    pub standing: Standing,
    /// Its machines. Whether one of them will do, the catalogue does not say.
    pub machines: Vec<Part<'c>>,
    /// Its inputs.
    pub inputs: Vec<Part<'c>>,
}

/// A product that a site could convert to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect<'c> {
    /// The product.
    pub product: &'c Product,
    /// What that rests on, the best first; never empty.
    pub estimates: Vec<Estimate<'c>>,
    /// The product's steps in their order; none where the catalogue has none.
    pub steps: Vec<StepAt<'c>>,
}

impl<'c> Prospect<'c> {
    /// The best estimate.
    pub fn best(&self) -> Option<&Estimate<'c>> {
        self.estimates.first()
    }

    /// Steps that the site could not take as it is.
    pub fn missing_steps(&self) -> impl Iterator<Item = &StepAt<'c>> {
        self.steps.iter().filter(|at| at.standing == Standing::Missing)
    }

    /// Machines of those steps.
    pub fn missing_machines(&self) -> Vec<&Part<'c>> {
        each_once(self.missing_steps().flat_map(|at| &at.machines))
    }

    /// Inputs of all steps that it has not in house.
    pub fn missing_inputs(&self) -> Vec<&Part<'c>> {
        each_once(self.steps.iter().flat_map(|at| &at.inputs))
    }

    /// What prospects are sorted by: what is for anybody last, then the basis, how near the activity is, fewer missing steps
    /// and machines, fewer days with unknown ones last, the code.
    pub fn rank(&self) -> (bool, Basis, Fit, usize, u16, &'c str) {
        let missing = self.missing_steps().count() + self.missing_machines().len();
        let (basis, fit, days) = self.best().map_or((Basis::Estimate, Fit::Anybody, u16::MAX), |best| {
            let (fit, basis, days) = best.rank();
            (basis, fit, days)
        });
        (fit == Fit::Anybody, basis, fit, missing, days, self.product.code.as_str())
    }
}

fn each_once<'a, 'c: 'a>(parts: impl Iterator<Item = &'a Part<'c>>) -> Vec<&'a Part<'c>> {
    let mut found: Vec<&Part<'c>> = Vec::new();
    for part in parts.filter(|part| !part.there) {
        if !found.iter().any(|known| known.name == part.name) {
            found.push(part);
        }
    }
    found
}

/// What the catalogue says of converting to a product; looked up once for many sites.
#[derive(Debug, Clone)]
pub struct Paths<'c> {
    catalogue: &'c Catalogue,
    product: &'c Product,
    conversions: Vec<&'c ConversionPath>,
    steps: Vec<&'c ProcessStep>,
}

impl<'c> Paths<'c> {
    /// To a product.
    pub fn new(catalogue: &'c Catalogue, product: &'c Product) -> Self {
        let parts = catalogue.parts();
        let conversions = parts.conversions.iter().filter(|row| row.product == product.code).collect();
        let mut steps: Vec<&ProcessStep> = parts.steps.iter().filter(|step| step.product == product.code).collect();
        steps.sort_by_key(|step| step.step);
        Self { catalogue, product, conversions, steps }
    }

    /// What a site could do of it; `None` where nothing says that it could.
    pub fn judge(&self, abilities: &Abilities) -> Option<Prospect<'c>> {
        if abilities.is_silent() {
            return None;
        }
        let activities = abilities.nace2(self.catalogue);
        let steps: Vec<StepAt<'c>> = self.steps.iter().map(|step| self.stand(step, abilities, &activities)).collect();
        let mut estimates: Vec<Estimate<'c>> = Vec::new();
        for row in &self.conversions {
            let Some(fit) = fit(&row.nace2, &activities) else { continue };
            let days = row.days_min.zip(row.days_max);
            estimates.push(Estimate { fit, basis: row.basis, days, cites: Cited::Conversion(row) });
        }
        let able = |at: &&StepAt<'c>| matches!(at.standing, Standing::Declared | Standing::Machine);
        let able: Vec<&ProcessStep> = steps.iter().filter(able).map(|at| at.step).collect();
        if !able.is_empty() && !estimates.iter().any(|estimate| estimate.fit < Fit::Steps) {
            let cites = Cited::Steps(able);
            estimates.push(Estimate { fit: Fit::Steps, basis: Basis::Estimate, days: None, cites });
        }
        estimates.sort_by_key(Estimate::rank);
        (!estimates.is_empty()).then_some(Prospect { product: self.product, estimates, steps })
    }

    fn stand(&self, step: &'c ProcessStep, abilities: &Abilities, activities: &BTreeSet<&str>) -> StepAt<'c> {
        let part = |name: &'c String, there: &dyn Fn(&Product) -> bool| {
            let product = self.catalogue.product(name);
            Part { name, product, there: product.is_some_and(there) }
        };
        let owns = |product: &Product| abilities.equipment.contains_key(&product.code);
        let has = |product: &Product| abilities.in_house.contains(&product.code);
        let machines: Vec<Part<'c>> = step.equipment.iter().map(|name| part(name, &owns)).collect();
        let inputs: Vec<Part<'c>> = step.inputs.iter().map(|name| part(name, &has)).collect();
        let code = StepCode { product: step.product.clone(), step: step.step };
        let does = |part: &Part<'_>| part.there && part.product.is_some_and(Product::is_service);
        let standing = if abilities.processes.contains(&code) || inputs.iter().any(does) {
            Standing::Declared
        } else if machines.iter().any(|machine| machine.there) {
            Standing::Machine
        } else if !step.nace2.is_empty() && activities.iter().any(|activity| nace_lies_in(activity, &step.nace2)) {
            Standing::Activity
        } else if machines.is_empty() && step.nace2.is_empty() {
            Standing::Unstated
        } else {
            Standing::Missing
        };
        StepAt { step, standing, machines, inputs }
    }
}

fn fit(row: &[String], activities: &BTreeSet<&str>) -> Option<Fit> {
    if row.is_empty() {
        return Some(Fit::Anybody);
    }
    let pairs = || row.iter().flat_map(|code| activities.iter().map(move |activity| (*activity, code.as_str())));
    if pairs().any(|(activity, code)| nace_lies_in(activity, code)) {
        Some(Fit::Same)
    } else if pairs().any(|(activity, code)| nace_lies_in(code, activity)) {
        Some(Fit::Around)
    } else {
        None
    }
}

/// All that a site could convert to, the likeliest first.
pub fn could_make<'c>(catalogue: &'c Catalogue, abilities: &Abilities) -> Vec<Prospect<'c>> {
    let paths = catalogue.products().iter().map(|product| Paths::new(catalogue, product));
    let mut found: Vec<Prospect<'c>> = paths.filter_map(|paths| paths.judge(abilities)).collect();
    found.sort_by(|a, b| a.rank().cmp(&b.rank()));
    found
}

#[cfg(test)]
mod tests;
