//! `muster chain`: who could together make what a need asks for, or the whole market.

use std::{fmt::Write, sync::Arc};

use anyhow::{Result, anyhow, bail};
use api::chains::{ChainBody, ChainPlanView, ChainsView};
use app::{
    App,
    access::Caller,
    chains::{
        self, ChainPlan, ChainQuestion, ChainsTold, FoundChain, InstalmentChains, NewChain, StageChain, StageLegOf,
    },
};
use domain::{catalogue::Catalogue as Products, digest::Digest, ids::NeedId, parameters::Parameters};

use crate::{
    Ended,
    cli::{Chain, Format},
    clock::DayClock,
    config::Settings,
    output::{self, grouped},
    service::{Catalogue, Service, app_fault},
};

/// The best chains for a need, or the plan of the whole market.
pub(super) async fn run(settings: &Settings, flags: Chain, format: Format) -> Result<Ended> {
    // Promises are made by the true clock alone: by another, those of others would end.
    if flags.day.is_some() && flags.hold.is_some() && !flags.dry_run {
        bail!("--hold promises as of today; leave --day out, or add --dry-run to see what it would be");
    }
    let mut app = Service::open(settings, Catalogue::Ensure).await?.app;
    if let Some(day) = flags.day {
        app.clock = Arc::new(DayClock { day, inner: Arc::clone(&app.clock) });
    }
    match flags.need {
        Some(need) => for_need(&app, need, &flags, format).await,
        None => for_all(&app, &flags, format).await,
    }
}

async fn for_need(app: &App, need: NeedId, flags: &Chain, format: Format) -> Result<Ended> {
    let asked = ChainQuestion { need, partners: flags.partners.into(), top: flags.top.into() };
    let told = chains::search(app, &Caller::command_line(), &asked).await.map_err(app_fault)?;
    if let Some(code) = &flags.hold {
        let new = found_by(&told, need, code)?;
        return hold(app, new, flags.dry_run, format).await;
    }
    let tables = app.tables();
    if format != Format::Table {
        output::print_json(&ChainsView::of(need.0, &told, &tables))?;
        return Ok(Ended::Done);
    }
    let mut first = 1;
    for of in &told.found.instalments {
        output::print(&instalment(&told, of, first, &tables.catalogue))?;
        first += of.answer.chains.len();
    }
    if told.found.instalments.is_empty() {
        output::print("Nothing of this need is open.")?;
    }
    Ok(Ended::Done)
}

/// What a chain is known by from one search to the next: its instalment, its offers and how much they give.
fn code(told: &ChainsTold, of: &InstalmentChains, chain: &FoundChain) -> String {
    let mut text = of.instalment.to_string();
    for leg in &chain.legs {
        let offer = usize::try_from(leg.offer).ok().and_then(|at| told.found.offers.get(at));
        let _ = write!(text, " {} {}", offer.map_or_else(String::new, |p| p.offer.to_string()), leg.needed);
    }
    Digest::of_bytes(text.as_bytes()).to_string().chars().take(8).collect()
}

/// The chain of a code among those of a need.
fn found_by(told: &ChainsTold, need: NeedId, asked: &str) -> Result<NewChain> {
    let mut all = told.found.instalments.iter().flat_map(|of| of.answer.chains.iter().map(move |chain| (of, chain)));
    let Some((of, chain)) = all.find(|(of, chain)| code(told, of, chain) == asked) else { bail!(gone(asked)) };
    let Some(new) = chains::made_of(&told.found, need, of, chain) else {
        bail!("{asked} cannot be held: it is one offer that lacks nothing, or a firm would supply itself");
    };
    Ok(new)
}

fn gone(asked: &str) -> String {
    format!("no chain of now is {asked}; the market may have changed, so look again without --hold")
}

/// Holds a chain.
async fn hold(app: &App, new: NewChain, dry_run: bool, format: Format) -> Result<Ended> {
    let made = chains::create(app, &Caller::command_line(), new, dry_run).await.map_err(app_fault)?;
    if format != Format::Table {
        output::print_json(&ChainBody::of(made))?;
        return Ok(Ended::Done);
    }
    let legs = made.legs.iter().filter_map(|leg| leg.row.as_ref().map(|row| (leg, row)));
    let lines = legs
        .map(|(leg, row)| vec![leg.step.clone(), grouped(row.quantities.proposed.units().into()), row.id.to_string()]);
    output::print(&output::table(&["step", "base units", "match"], &[1], lines))?;
    match dry_run {
        true => output::print("Nothing was done: this is what holding it would come to.")?,
        false => output::print(&format!("Chain {} is held. Each side accepts its own leg.", made.chain.id))?,
    }
    Ok(Ended::Done)
}

fn units_of(products: &Products, product: &str) -> &'static str {
    products.product(product).map_or("units", |product| product.base_unit.plural())
}

fn instalment(told: &ChainsTold, of: &InstalmentChains, first: usize, products: &Products) -> String {
    let root = told.found.stages.first().map_or("", |stage| stage.product.as_str());
    let units = units_of(products, root);
    let mut text = format!("{} {units} of {root} are open, due on {}.\n", grouped(of.open.into()), of.due);
    if of.answer.chains.is_empty() {
        text.push_str("No chain of offers makes any of it in time.\n");
    }
    for (number, chain) in (first..).zip(&of.answer.chains) {
        let _ = writeln!(
            text,
            "\nChain {number} ({}): {} {units} in time, {} days from order to buyer",
            code(told, of, chain),
            grouped(chain.units.into()),
            chain.lead_days
        );
        text.push_str(&legs(told, chain, products));
    }
    for chain in &of.answer.incomplete {
        let _ =
            writeln!(text, "\nIncomplete: {} {units}, if somebody took what is missing", grouped(chain.units.into()));
        text.push_str(&legs(told, chain, products));
        for missing in &chain.missing {
            let product = told.found.stages.get(missing.stage).map_or("", |stage| stage.product.as_str());
            let _ = writeln!(
                text,
                "missing: {} {} of {product} by {}",
                grouped(missing.units.into()),
                units_of(products, product),
                missing.by
            );
            text.push_str(&conversions(told, missing.stage, product));
        }
    }
    text
}

fn legs(told: &ChainsTold, chain: &FoundChain, products: &Products) -> String {
    let line = |leg: &app::chains::ChainLeg| {
        let product = told.found.stages.get(leg.stage).map_or("", |stage| stage.product.as_str());
        let partner = usize::try_from(leg.offer).ok().and_then(|at| told.found.offers.get(at));
        vec![
            product.to_owned(),
            format!("{} {}", grouped(leg.needed.into()), units_of(products, product)),
            leg.cut_off.to_string(),
            leg.lead_days.to_string(),
            leg.way_days.to_string(),
            partner.and_then(|p| p.region.as_ref()).map_or_else(String::new, ToString::to_string),
            partner.map_or_else(String::new, |p| p.offer.to_string()),
        ]
    };
    let header = ["step", "takes", "ready by", "lead", "way", "region", "offer"];
    let mut text = output::table(&header, &[3, 4], chain.legs.iter().map(line));
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Who could convert to a step that nobody takes: offers that say so, and what is known of others.
fn conversions(told: &ChainsTold, stage: usize, product: &str) -> String {
    let mut text = String::new();
    for one in told.found.convertible.iter().filter(|one| one.stage == stage) {
        let region = one.partner.region.as_ref().map_or("an unknown place", |region| region.as_str());
        let _ = writeln!(text, "  could convert in {} days: offer {} in {region}", one.days, one.partner.offer);
    }
    for path in told.conversions.iter().filter(|path| path.product.as_str() == product) {
        let days = match (path.days_min, path.days_max) {
            (Some(least), Some(most)) => format!("{least} to {most} days"),
            (Some(days), None) | (None, Some(days)) => format!("{days} days"),
            (None, None) => "an unknown number of days".to_owned(),
        };
        let basis = path.basis.as_str();
        let _ = writeln!(text, "  known conversion: {} in {days} ({basis}, {})", path.capability, path.source);
    }
    text
}

/// The plan of the whole market.
async fn for_all(app: &App, flags: &Chain, format: Format) -> Result<Ended> {
    let plan = chains::planned_now(app, &Caller::command_line(), Parameters::default()).await.map_err(app_fault)?;
    let chains = plan.stages.plan.as_ref().map_or(&[][..], |found| &found.chains);
    if let Some(asked) = &flags.hold {
        let Some(chain) = chains.iter().find(|chain| plan_code(chain) == *asked) else { bail!(gone(asked)) };
        let new = chains::made_of_plan(&plan.market, &app.tables().catalogue, chain);
        let new = new.map_err(|why| anyhow!("{asked} cannot be held: {}", why.words()))?;
        return hold(app, new, flags.dry_run, format).await;
    }
    let tables = app.tables();
    if format != Format::Table {
        output::print_json(&ChainPlanView::of(&plan, flags.top.into(), &tables.catalogue))?;
        return Ok(Ended::Done);
    }
    output::print(&planned(&plan, flags.top.into(), &tables.catalogue))?;
    Ok(Ended::Done)
}

/// What a planned chain is known by from one plan to the next: its legs.
fn plan_code(chain: &StageChain) -> String {
    let mut text = String::new();
    for leg in &chain.legs {
        let to = match leg.of {
            StageLegOf::Need { instalment, .. } => instalment.to_string(),
            StageLegOf::Maker { offer, due } => format!("{offer} {due}"),
        };
        let _ = write!(text, " {} {} {to}", leg.offer, leg.units);
    }
    Digest::of_bytes(text.as_bytes()).to_string().chars().take(8).collect()
}

fn planned(plan: &ChainPlan, top: usize, products: &Products) -> String {
    let mut text = String::new();
    let left_out = &plan.stages.left_out;
    if let Some(found) = &plan.stages.plan {
        let line = |tier: &chains::TierStages| {
            let numbers = [tier.alone, tier.uncovered, tier.bound].map(|units| grouped(units.into()));
            std::iter::once(tier.tier.to_string()).chain(numbers).collect()
        };
        let header = ["tier", "uncovered without chains", "with them", "at best"];
        let tiers = found.tiers.iter().filter(|tier| tier.alone.max(tier.uncovered) > 0);
        text.push_str(&output::table(&header, &[1, 2, 3], tiers.map(line)));
        text.push_str(match found.is_proved() {
            true => "\nNo plan covers more: every tier stands at its bound.\n",
            false => {
                "\nA plan that covers more is not ruled out, but none leaves less than stands under `at best`: whole units and \
                 smallest orders\nmay keep all plans from it.\n"
            }
        });
        for (number, chain) in (1..).zip(found.chains.iter().take(top)) {
            let units = grouped(chain.units.into());
            let _ = writeln!(text, "\nChain {number} ({}): {units} base units for needs", plan_code(chain));
            text.push_str(&planned_legs(plan, chain, products));
            if let Err(why) = chains::made_of_plan(&plan.market, products, chain) {
                let _ = writeln!(text, "      cannot be held as it is: {}", why.words());
            }
        }
        let more = found.chains.len().saturating_sub(top);
        if more > 0 {
            let _ = writeln!(text, "\n{more} more; --top tells of more.");
        }
    } else {
        text.push_str(
            "Nothing to plan: no offer states one missing input (missing_inputs) that another could bring it in time.\n",
        );
    }
    if !left_out.is_empty() {
        text.push_str("\nTake no part here; muster chain NEED searches with them for one need at a time:\n");
        let line = |(offer, why): &(domain::ids::OfferId, chains::WhyNoStage)| {
            vec![offer.to_string(), why.as_str().replace('_', " ")]
        };
        text.push_str(&output::table(&["offer", "why"], &[], left_out.iter().map(line)));
    }
    text
}

fn planned_legs(plan: &ChainPlan, chain: &StageChain, products: &Products) -> String {
    let mut text = String::new();
    for (number, leg) in (1..).zip(&chain.legs) {
        let product = plan.market.offer(leg.offer).map_or("", |offer| offer.terms.product.as_str());
        let (units, cutoff) = (grouped(leg.units.into()), leg.cutoff);
        let _ = writeln!(text, "  {number:>2}  {units} {} of {product} by {cutoff}", units_of(products, product));
        let to = match leg.of {
            StageLegOf::Need { need, .. } => format!("need {need}"),
            StageLegOf::Maker { offer, due } => {
                let of_maker = (1..).zip(&chain.legs).filter(|(_, other)| other.offer == offer);
                let numbers: Vec<String> = of_maker.map(|(number, _): (i32, _)| number.to_string()).collect();
                format!("{}, there by {due}", numbers.join(" and "))
            }
        };
        let _ = writeln!(text, "      offer {} to {to}", leg.offer);
    }
    text
}
