//! A market that changes by one in a hundred: what stays of the suggestions before, what that costs, and how long a run
//! takes that takes over what did not change.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{instances::short, section::placed};
use domain::{
    catalogue::Catalogue,
    eligibility::Rules,
    ids::{InstalmentId, NeedId, OfferId},
    market::{Market, Suggestion},
    parameters::Parameters,
    quantity::Quantity,
    region::RegionTable,
};
use matching::{Control, Earlier, Outcome, allocate, allocate_again, verify};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::index::sample};

use crate::{
    equity, machine, market,
    report::{Bar, Row, Sense, time},
    results,
};

const BEGIN: &str = "<!-- churn: written by `bench -- churn --write` -->";
const END: &str = "<!-- churn: end -->";

/// One record in so many changes.
const ONE_IN: usize = 100;
/// Hundredths of untouched units that may move, and of cost that keeping the others may take.
const MOVED: f64 = 2.0;
const REGRET: f64 = 0.1;
/// Changes of one record, each followed by a run.
const SINGLE: usize = 12;

/// The tables of the seeds.
struct Tables {
    catalogue: Catalogue,
    regions: RegionTable,
}

impl Tables {
    fn rules<'a>(&'a self, market: &'a Market, parameters: &'a Parameters) -> Rules<'a> {
        Rules { market, catalogue: &self.catalogue, regions: &self.regions, parameters }
    }
}

/// What a run suggested, as the next one sees it.
fn suggested(outcome: &Outcome) -> Vec<Suggestion> {
    let of = |line: &matching::MatchLine| Suggestion {
        offer: line.offer,
        instalment: line.instalment,
        quantity: line.quantity,
    };
    outcome.lines.iter().map(of).collect()
}

/// Records that changed.
#[derive(Default)]
struct Touched {
    offers: HashSet<OfferId>,
    needs: HashSet<NeedId>,
}

/// Changes one offer: it goes, has half or twice as much, or one of another market comes in its place.
fn change_offer(market: &mut Market, at: usize, others: &Market, kind: usize, touched: &mut Touched) -> Result<()> {
    touched.offers.insert(market.offers[at].id);
    match kind % 3 {
        0 => drop(market.offers.remove(at)),
        1 => {
            let stock = &mut market.offers[at].terms.profile.stock;
            let units = stock.quantity.units();
            stock.quantity = Quantity::new(if units % 2 == 0 { units / 2 } else { units * 2 }).context("a quantity")?;
        }
        _ => {
            let mut comes = others.offers[at].clone();
            comes.id = OfferId(renamed(comes.id.0));
            (comes.organisation, comes.site) = (market.offers[at].organisation, market.offers[at].site);
            touched.offers.insert(comes.id);
            market.offers.push(comes);
        }
    }
    Ok(())
}

/// Changes one need, likewise.
fn change_need(market: &mut Market, at: usize, others: &Market, kind: usize, touched: &mut Touched) -> Result<()> {
    touched.needs.insert(market.needs[at].id);
    match kind % 3 {
        0 => drop(market.needs.remove(at)),
        1 => {
            let quantity = &mut market.needs[at].instalments[0].measure.quantity;
            let units = quantity.units();
            *quantity = Quantity::new(if units % 2 == 0 { units / 2 } else { units * 2 }).context("a quantity")?;
        }
        _ => {
            let mut comes = others.needs[at].clone();
            comes.id = NeedId(renamed(comes.id.0));
            for instalment in &mut comes.instalments {
                instalment.id = InstalmentId(renamed(instalment.id.0));
            }
            (comes.organisation, comes.site) = (market.needs[at].organisation, market.needs[at].site);
            touched.needs.insert(comes.id);
            market.needs.push(comes);
        }
    }
    Ok(())
}

/// An identifier that no market of the bench has.
fn renamed(id: uuid::Uuid) -> uuid::Uuid {
    uuid::Uuid::from_u128(id.as_u128() | 1 << 100)
}

/// Changes one record in a hundred, offers and needs.
fn churn(market: &mut Market, others: &Market) -> Result<Touched> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut touched = Touched::default();
    let drawn = |rng: &mut ChaCha8Rng, of: usize| {
        let mut places = sample(rng, of, of / ONE_IN).into_vec();
        // From the last on, so that what goes moves none that is still to come.
        places.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
        places
    };
    for (kind, at) in drawn(&mut rng, market.offers.len()).into_iter().enumerate() {
        change_offer(market, at, others, kind, &mut touched)?;
    }
    for (kind, at) in drawn(&mut rng, market.needs.len()).into_iter().enumerate() {
        change_need(market, at, others, kind, &mut touched)?;
    }
    market.sort();
    Ok(touched)
}

fn percent(part: i128, whole: i128) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share that is shown to two digits")]
    let share = part as f64 / (whole as f64).max(1.0);
    100.0 * share
}

/// Points of the goods alone.
fn cost(outcome: &Outcome) -> i128 {
    let of = |line: &matching::MatchLine| i128::from(line.eligible.cost.total()) * i128::from(line.quantity.units());
    outcome.lines.iter().map(of).sum()
}

/// Units of pairs, both ends of which nothing touched, in all and moved away.
fn moved(before: &Outcome, after: &Outcome, touched: &Touched) -> (i128, i128) {
    let kept: HashMap<(OfferId, InstalmentId), i64> =
        after.lines.iter().map(|l| ((l.offer, l.instalment), l.quantity.units())).collect();
    let untouched =
        before.lines.iter().filter(|l| !touched.offers.contains(&l.offer) && !touched.needs.contains(&l.need));
    untouched.fold((0, 0), |(all, moved), line| {
        let units = line.quantity.units();
        let stays = kept.get(&(line.offer, line.instalment)).copied().unwrap_or(0).min(units);
        (all + i128::from(units), moved + i128::from(units - stays))
    })
}

/// A market that changes by one in a hundred.
fn changed(tables: &Tables, name: &str, first: &Market, others: &Market) -> Result<Row> {
    let parameters = Parameters::default();
    let run = |market: &Market| -> Result<(Outcome, Duration)> {
        let rules = tables.rules(market, &parameters);
        let start = Instant::now();
        let outcome = allocate(&rules, &Control::default())?;
        let spent = start.elapsed();
        verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
        Ok((outcome, spent))
    };
    let (before, _) = run(first)?;
    let mut market = first.clone();
    let touched = churn(&mut market, others)?;
    let (free, _) = run(&market)?;
    market.suggestions = suggested(&before);
    market.sort();
    let (stable, spent) = run(&market)?;
    let mut row = Row {
        case: format!("1 % changes, {name}"),
        size: format!("{} pairs", short(usize::try_from(stable.figures.eligible_pairs)?)),
        ..Row::default()
    };
    row.ours.add(spent);
    ensure!(stable.figures.covered == free.figures.covered, "keeping suggestions covers less");
    let (all, away) = moved(&before, &stable, &touched);
    let (_, away_free) = moved(&before, &free, &touched);
    let (kept, best) = (cost(&stable), cost(&free));
    row.note = format!(
        "{} offers and {} needs changed; of {all} untouched units {away} moved, {away_free} ({:.1} %) in a run that knows \
         no suggestions; cost {kept} points, {best} in that run",
        touched.offers.len(),
        touched.needs.len(),
        percent(away_free, all)
    );
    let bar = |unit: &str, wanted, got| Bar { unit: unit.to_owned(), wanted, stretch: None, sense: Sense::AtMost, got };
    row.bars.push(bar("% of untouched units moved", MOVED, Some(percent(away, all))));
    row.bars.push(bar("% dearer than without suggestions", REGRET, Some(percent(kept - best, best))));
    Ok(row)
}

/// One record changes, and a run follows that takes over from the one before; its bytes are those of a run by itself.
fn single(tables: &Tables, name: &str, first: &Market, others: &Market) -> Result<Row> {
    let parameters = Parameters::default();
    let mut market = Arc::new(first.clone());
    let mut earlier: Option<Earlier> = None;
    let mut row = Row { case: format!("one record changes, {name}"), ..Row::default() };
    let (mut alone, mut ratios, mut parts) = (Vec::new(), Vec::new(), 0);
    // The first two runs find no suggestions and then many new ones: they change every part.
    for step in 0..SINGLE + 2 {
        let rules = tables.rules(&market, &parameters);
        let start = Instant::now();
        let again = allocate_again(&rules, &market, earlier.as_ref(), &Control::default())?;
        let spent = start.elapsed();
        if step > 1 {
            let start = Instant::now();
            let cold = allocate(&rules, &Control::default())?;
            let took = start.elapsed();
            ensure!(cold == again.outcome, "a run that took over differs from one by itself");
            row.ours.add(spent);
            ratios.push(took.as_secs_f64() / spent.as_secs_f64());
            alone.push(took);
            parts += again.taken_over.parts;
        }
        row.size = format!("{} pairs", short(usize::try_from(again.outcome.figures.eligible_pairs)?));
        let mut next = Market::clone(&market);
        next.suggestions = suggested(&again.outcome);
        if step > 0 {
            let at = 31 * step;
            if step % 2 == 0 {
                change_offer(&mut next, at, others, step / 2, &mut Touched::default())?;
            } else {
                change_need(&mut next, at, others, step / 2, &mut Touched::default())?;
            }
        }
        next.sort();
        market = Arc::new(next);
        earlier = Some(again.earlier);
    }
    alone.sort_unstable();
    ratios.sort_unstable_by(f64::total_cmp);
    let check = {
        let rules = tables.rules(first, &parameters);
        let outcome = allocate(&rules, &Control::default())?;
        let start = Instant::now();
        verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
        start.elapsed()
    };
    row.note = format!(
        "a run by itself takes {} (median of {SINGLE}), {:.1} times that in the median; {} of its parts are taken over in \
         the mean; the check that publishing waits for takes {} either way",
        alone.get(SINGLE / 2).copied().map_or_else(String::new, time),
        ratios[SINGLE / 2],
        parts / SINGLE,
        time(check)
    );
    Ok(row)
}

/// Runs all of it, prints it, and writes it where asked.
pub fn run(write: Option<PathBuf>) -> Result<()> {
    let machine = machine::describe(&[]);
    machine.iter().for_each(|line| println!("{line}"));
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let tables = Tables { catalogue, regions };
    let mut table = Vec::new();
    let size = |offers, needs, seed| market::Size { offers, needs, products: 20, weeks: 8, regions: 27, seed };
    for (name, offers, needs, scarce) in [
        ("10k x 5k, 20 products, enough for nearly all", 10_000, 5_000, false),
        ("10k x 5k, 20 products, 80 % offered", 10_000, 5_000, true),
        ("1,100 x 500, 20 products", 1_100, 500, false),
    ] {
        let drawn = |seed| -> Result<Market> {
            let mut market = market::random(&size(offers, needs, seed), &tables.catalogue, &tables.regions)?;
            if scarce {
                equity::scatter(&mut market)?;
            }
            Ok(market)
        };
        let (first, others) = (drawn(1)?, drawn(2)?);
        for row in [changed(&tables, name, &first, &others)?, single(&tables, name, &first, &others)?] {
            println!("\n{}\n{}", row.line(), results::details(&row));
            table.push(row);
        }
    }
    if let Some(file) = write {
        let before = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let after = placed(&before, (BEGIN, END), &section(&machine, &table));
        fs::write(&file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn section(machine: &[String], table: &[Row]) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## A market that changes"),
        "`cargo run --release -p bench -- churn --write` measures and writes this section. Of a random market one offer and \
         one need in a hundred go, come, or have half or twice as much; the run after it knows what the one before \
         suggested, and is held against a run that does not. Untouched are units of pairs of which neither end changed. \
         Below each, one record changes and a run follows, a dozen times, which takes over from the run before it what did \
         not change; each is compared with a run by itself, byte for byte. Two threads, the standard mode."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push(String::new());
    for row in table {
        let said = row.line().split_whitespace().collect::<Vec<_>>().join(" ");
        lines.push(format!("- {said}. {}; {}; {}.", row.size, crate::report::spread(&row.ours), row.note));
    }
    lines.push(END.to_owned());
    lines.join("\n")
}
