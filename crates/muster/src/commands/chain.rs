//! `muster chain`: who could together make what a need asks for.

use std::{fmt::Write, sync::Arc};

use anyhow::{Result, bail};
use api::chains::{ChainBody, ChainsView};
use app::{
    App,
    access::Caller,
    chains::{self, ChainQuestion, ChainsTold, FoundChain, InstalmentChains},
};
use domain::{catalogue::Catalogue as Products, digest::Digest};

use crate::{
    Ended,
    cli::{Chain, Format},
    clock::DayClock,
    config::Settings,
    output::{self, grouped},
    service::{Catalogue, Service, app_fault},
};

/// The best chains for a need.
pub(super) async fn run(settings: &Settings, flags: Chain, format: Format) -> Result<Ended> {
    // Promises are made by the true clock alone: by another, those of others would end.
    if flags.day.is_some() && flags.hold.is_some() && !flags.dry_run {
        bail!("--hold promises as of today; leave --day out, or add --dry-run to see what it would be");
    }
    let mut app = Service::open(settings, Catalogue::Ensure).await?.app;
    if let Some(day) = flags.day {
        app.clock = Arc::new(DayClock { day, inner: Arc::clone(&app.clock) });
    }
    let asked = ChainQuestion { need: flags.need, partners: flags.partners.into(), top: flags.top.into() };
    let told = chains::search(&app, &Caller::command_line(), &asked).await.map_err(app_fault)?;
    if let Some(code) = &flags.hold {
        return hold(&app, &told, &flags, code, format).await;
    }
    let tables = app.tables();
    if format != Format::Table {
        output::print_json(&ChainsView::of(flags.need.0, &told, &tables))?;
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

/// Holds the chain of a code.
async fn hold(app: &App, told: &ChainsTold, flags: &Chain, asked: &str, format: Format) -> Result<Ended> {
    let mut all = told.found.instalments.iter().flat_map(|of| of.answer.chains.iter().map(move |chain| (of, chain)));
    let Some((of, chain)) = all.find(|(of, chain)| code(told, of, chain) == asked) else {
        bail!("no chain of now is {asked}; the market may have changed, so look again without --hold");
    };
    let Some(new) = chains::made_of(&told.found, flags.need, of, chain) else {
        bail!("{asked} cannot be held: it is one offer that lacks nothing, or a firm would supply itself");
    };
    let made = chains::create(app, &Caller::command_line(), new, flags.dry_run).await.map_err(app_fault)?;
    if format != Format::Table {
        output::print_json(&ChainBody::of(made))?;
        return Ok(Ended::Done);
    }
    let legs = made.legs.iter().filter_map(|leg| leg.row.as_ref().map(|row| (leg, row)));
    let lines = legs
        .map(|(leg, row)| vec![leg.step.clone(), grouped(row.quantities.proposed.units().into()), row.id.to_string()]);
    output::print(&output::table(&["step", "base units", "match"], &[1], lines))?;
    match flags.dry_run {
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
