//! Who could convert to what: how long it takes to judge the abilities of thousands of sites.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::section::placed;
use domain::{
    ability::{Abilities, Does, StepCode},
    catalogue::{Catalogue, Product, ProductKind},
    conversion::{Fit, Paths},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{machine, report::time};

const BEGIN: &str = "<!-- hidden: written by `bench -- hidden --write` -->";
const END: &str = "<!-- hidden: end -->";

/// Sites with abilities.
const SITES: [usize; 3] = [200, 2_000, 20_000];
/// The product of the question about one.
const ONE: &str = "community-mask";
/// Repetitions, of which the quickest counts.
const REPEAT: usize = 3;

/// Times both questions at every size, prints them, and writes them where asked.
pub fn run(write: Option<PathBuf>) -> Result<()> {
    let machine = machine::describe(&[]);
    machine.iter().for_each(|line| println!("{line}"));
    let (catalogue, _) = exchange::seeds::tables().context("the seeds do not load")?;
    let one = vec![catalogue.product(ONE).context("no such product")?];
    let all: Vec<&Product> = catalogue.products().iter().collect();
    let mut rows = Vec::new();
    for products in [one, all] {
        let mut before = None;
        for sites in SITES {
            let (row, took) = measured(&catalogue, &products, sites, before)?;
            println!("{row}");
            rows.push(row);
            before = Some(took);
        }
    }
    if let Some(file) = write {
        let before = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let after = placed(&before, (BEGIN, END), &section(&machine, &rows));
        fs::write(&file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn measured(
    catalogue: &Catalogue,
    products: &[&Product],
    sites: usize,
    before: Option<Duration>,
) -> Result<(String, Duration)> {
    let able = draw(catalogue, sites);
    let (mut least, mut first) = (Duration::MAX, None);
    for _ in 0..REPEAT {
        let start = Instant::now();
        let mut found = Vec::new();
        for product in products {
            let paths = Paths::new(catalogue, product);
            found.extend(able.iter().filter_map(|abilities| paths.judge(abilities)));
        }
        found.sort_by_cached_key(|prospect| prospect.rank());
        least = least.min(start.elapsed());
        let of_their_own = found.iter().filter(|one| one.best().is_some_and(|best| best.fit != Fit::Anybody)).count();
        let counts = (found.len(), of_their_own);
        ensure!(*first.get_or_insert(counts) == counts, "two answers to the same question differ");
    }
    let (rows, of_their_own) = first.unwrap_or_default();
    ensure!(of_their_own > 0, "nobody could convert: the sites are drawn too poor");
    let grown = before.map_or("-".to_owned(), |before| format!("{:.1}", least.as_secs_f64() / before.as_secs_f64()));
    let what = if products.len() == 1 { ONE.to_owned() } else { format!("all {} products", products.len()) };
    Ok((format!("| {what} | {sites} | {rows} | {of_their_own} | {} | {grown} |", time(least)), least))
}

/// Sites that say what they can do, in the words of the catalogue alone: up to three activities, up to four machines and
/// as much in house, and one in ten a step that it does already.
fn draw(catalogue: &Catalogue, sites: usize) -> Vec<Abilities> {
    let of_kind = |kinds: &[ProductKind]| -> Vec<&Product> {
        catalogue.products().iter().filter(|product| kinds.contains(&product.kind)).collect()
    };
    let machines = of_kind(&[ProductKind::Equipment]);
    let in_house = of_kind(&[ProductKind::Service, ProductKind::Intermediate]);
    let (activities, steps) = (&catalogue.parts().activities, &catalogue.parts().steps);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let site = |_| {
        let mut able = Abilities::default();
        for _ in 0..rng.random_range(1..=3) {
            let activity = &activities[rng.random_range(0..activities.len())];
            able.activities.push(Does { typed: activity.word.clone(), nace2: activity.nace2.clone() });
        }
        for _ in 0..rng.random_range(0..=4) {
            let machine = machines[rng.random_range(0..machines.len())].code.clone();
            able.equipment.insert(machine, rng.random_range(1..50));
            able.in_house.insert(in_house[rng.random_range(0..in_house.len())].code.clone());
        }
        if rng.random_range(0..10) == 0 {
            let step = &steps[rng.random_range(0..steps.len())];
            able.processes.insert(StepCode { product: step.product.clone(), step: step.step });
        }
        able
    };
    (0..sites).map(site).collect()
}

fn section(machine: &[String], rows: &[String]) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## Hidden capacity"),
        "`cargo run --release -p bench -- hidden --write` measures and writes this section: one thread, the quickest of three. A \
         question reads what every site can do and judges each site for each product, with no index: its work is sites times \
         products, and the last column says how much longer ten times the sites take. Measured are judging and \
         sorting by rank of sites that are in memory, random ones in the words of the catalogue; reading them from the \
         database, who may see what, and writing the answer are not in it. There is no bar."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push(
        "\n| asked for | sites | rows | of their own activity or machines | time | against a tenth of the sites |"
            .to_owned(),
    );
    lines.push("|---|---|---|---|---|---|".to_owned());
    lines.extend(rows.iter().cloned());
    lines.push(END.to_owned());
    lines.join("\n")
}
