//! The whole market with stages: what makers make of what others bring, beside the bound and beside a run without them.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::section::placed;
use domain::{
    catalogue::Catalogue,
    code::ProductCode,
    eligibility::Rules,
    market::Market,
    offer::{MissingInput, When},
    parameters::Parameters,
    quantity::Quantity,
    region::RegionTable,
};
use matching::{Control, TierStages, allocate, stages, verify};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{machine, market, report::time};

const BEGIN: &str = "<!-- stages: written by `bench -- stages --write` -->";
const END: &str = "<!-- stages: end -->";

/// How makers of a product take what they lack, for each unit of it.
#[derive(Clone, Copy)]
enum Ratio {
    /// All alike: 3 to 12 units, drawn for each product.
    One,
    /// Each his own, a fifth more or less than that.
    Own,
}

/// Lets half of the offers of every other product lack the product after it.
fn with_stages(market: &mut Market, ratio: Ratio) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let products: Vec<ProductCode> =
        market.offers.iter().map(|offer| offer.terms.product.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    for pair in products.chunks_exact(2) {
        let usual = rng.random_range(15..=60);
        for offer in market.offers.iter_mut().filter(|offer| offer.terms.product == pair[0]) {
            if rng.random_range(0..2) == 0 {
                continue;
            }
            let fifths = match ratio {
                Ratio::One => usual,
                Ratio::Own => usual * rng.random_range(80..=120) / 100,
            };
            let units = Quantity::new(fifths).context("a quantity")?;
            let per = Quantity::new(5).context("a quantity")?;
            offer.terms.missing_inputs =
                vec![MissingInput { product: pair[1].clone(), units, per, when: When::Before }];
        }
    }
    Ok(())
}

/// What one market came to.
struct Measured {
    name: String,
    makers: usize,
    chains: usize,
    tiers: Vec<TierStages>,
    proved: bool,
    alone: Duration,
    spent: Duration,
}

fn measured(name: &str, market: &Market, catalogue: &Catalogue, regions: &RegionTable) -> Result<Measured> {
    let parameters = Parameters::default();
    let rules = Rules { market, catalogue, regions, parameters: &parameters };
    let control = Control::default();
    let start = Instant::now();
    allocate(&rules, &control)?;
    let alone = start.elapsed();
    let start = Instant::now();
    let found = stages(&rules, &control)?;
    let spent = start.elapsed();
    let plan = found.plan.context("the market has no stages")?;
    for (market, outcome) in &plan.parts {
        let checked = verify(&Rules { market, ..rules }, outcome);
        ensure!(checked.is_ok(), "the check refuses the plan: {checked:?}");
    }
    let makers = market.offers.iter().filter(|offer| offer.terms.is_incomplete()).count();
    let proved = plan.is_proved();
    let (chains, tiers) = (plan.chains.len(), plan.tiers);
    Ok(Measured { name: name.to_owned(), makers, chains, tiers, proved, alone, spent })
}

impl Measured {
    fn line(&self) -> String {
        let tier = |tier: &TierStages| {
            let TierStages { tier, alone, uncovered, bound } = tier;
            format!("tier {tier} {alone}, {uncovered}, {bound}")
        };
        let tiers: Vec<String> = self.tiers.iter().map(tier).collect();
        format!(
            "{}: {} makers, {} chains; uncovered without, with, at best: {}; {}; {} beside {} of a run without ({:.1} times)",
            self.name,
            self.makers,
            self.chains,
            tiers.join("; "),
            if self.proved { "proved" } else { "not proved" },
            time(self.spent),
            time(self.alone),
            self.spent.as_secs_f64() / self.alone.as_secs_f64()
        )
    }
}

/// Runs all of it, prints it, and writes it where asked.
pub fn run(write: Option<PathBuf>) -> Result<()> {
    let machine = machine::describe(&[]);
    machine.iter().for_each(|line| println!("{line}"));
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let mut lines = Vec::new();
    for (size, offers, needs) in [("1,100 x 500", 1_100, 500), ("10k x 5k", 10_000, 5_000)] {
        for (kind, ratio) in [("one ratio a product", Ratio::One), ("a ratio for each maker", Ratio::Own)] {
            let size_of = market::Size { offers, needs, products: 20, weeks: 8, regions: 27, seed: 1 };
            let mut drawn = market::random(&size_of, &catalogue, &regions)?;
            with_stages(&mut drawn, ratio)?;
            let line = measured(&format!("{size}, 20 products, {kind}"), &drawn, &catalogue, &regions)?.line();
            println!("\n{line}");
            lines.push(format!("- {line}."));
        }
    }
    if let Some(file) = write {
        let before = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let after = placed(&before, (BEGIN, END), &section(&machine, &lines));
        fs::write(&file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn section(machine: &[String], table: &[String]) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## The whole market with stages"),
        "`cargo run --release -p bench -- stages --write` measures and writes this section. In a random market half of the \
         offers of every other product lack the product after it, 3 to 12 units for each of theirs, in one ratio for all or \
         in one of their own, a fifth more or less. The flow with conversion factors is the bound; the plan is in whole \
         units, and the independent check has accepted it. Units are base units of all products together. Two threads, the \
         standard mode, one run each; how often small markets reach the optimum that enumeration finds is a test \
         (`stages_reach_what_enumeration_finds`)."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push(String::new());
    lines.extend_from_slice(table);
    lines.push(END.to_owned());
    lines.join("\n")
}
