//! The commands, one file each.

use std::path::Path;

use anyhow::{Result, anyhow};
use app::Tables;

use crate::{
    Ended,
    cli::{AdminAction, Cli, Command, ConfigAction, KeysAction, LedgerAction, OrgAction, TokenAction},
    config::Settings,
    service::{self, Catalogue},
    telemetry,
};

mod admin;
mod audit;
mod capacity;
mod chain;
mod config;
mod demo;
mod doctor;
mod hidden;
mod import;
mod keys;
mod ledger;
mod market;
mod matching;
mod migrate;
mod notified_bodies;
mod openapi;
mod org;
mod organisation;
mod products;
mod regions;
mod remedies;
mod replay;
mod schedule;
mod serve;
mod token;
mod verify;
mod version;

/// Runs the command of a command line.
pub(crate) fn run(cli: Cli) -> Result<Ended> {
    let Cli { global, command } = cli;
    let addr = match &command {
        Command::Demo(demo) => demo.addr.as_deref(),
        Command::Serve(serve) => serve.addr.as_deref(),
        Command::Import(_)
        | Command::Match(_)
        | Command::Remedies(_)
        | Command::Chain(_)
        | Command::Verify(_)
        | Command::Ledger(_)
        | Command::Capacity(_)
        | Command::Hidden(_)
        | Command::CouldMake(_)
        | Command::Shortages(_)
        | Command::Map(_)
        | Command::Replay(_)
        | Command::Migrate
        | Command::Products(_)
        | Command::Regions(_)
        | Command::NotifiedBodies(_)
        | Command::Openapi
        | Command::Token(_)
        | Command::Admin(_)
        | Command::Keys(_)
        | Command::Org(_)
        | Command::Market(_)
        | Command::Schedule(_)
        | Command::Audit(_)
        | Command::Doctor
        | Command::Config(_)
        | Command::Version => None,
    };
    let settings = match (Settings::resolve(&global, addr), &command) {
        (Ok(settings), _) => settings,
        (Err(fault), Command::Doctor) => return doctor::unresolved(&fault, global.output),
        (Err(fault), _) => return Err(fault),
    };
    let output = global.output;
    let default = if matches!(command, Command::Serve(_)) { "info" } else { "warn" };
    telemetry::start(settings.log.as_deref(), default)?;
    let block = |work: std::pin::Pin<Box<dyn Future<Output = Result<Ended>>>>| service::runtime()?.block_on(work);
    match command {
        Command::Demo(flags) => block(Box::pin(async move { demo::run(&settings, &flags, output).await })),
        Command::Import(flags) => block(Box::pin(async move { import::run(&settings, &flags, output).await })),
        Command::Match(flags) => block(Box::pin(async move { matching::run(&settings, &flags, output).await })),
        Command::Chain(flags) => block(Box::pin(async move { chain::run(&settings, flags, output).await })),
        Command::Remedies(flags) => block(Box::pin(async move { remedies::run(&settings, flags, output).await })),
        Command::Verify(flags) => block(Box::pin(async move { verify::run(&settings, &flags, output).await })),
        Command::Ledger(flags) => match flags.action {
            LedgerAction::Verify => block(Box::pin(async move { ledger::verify(&settings, output).await })),
        },
        Command::Capacity(flags) => block(Box::pin(async move { capacity::capacity(&settings, flags, output).await })),
        Command::Hidden(flags) => block(Box::pin(async move { hidden::hidden(&settings, flags, output).await })),
        Command::CouldMake(flags) => {
            block(Box::pin(async move { hidden::could_make(&settings, &flags, output).await }))
        }
        Command::Shortages(flags) => {
            block(Box::pin(async move { capacity::shortages(&settings, flags, output).await }))
        }
        Command::Map(flags) => block(Box::pin(async move { capacity::map(&settings, flags).await })),
        Command::Replay(flags) => block(Box::pin(async move { replay::run(&settings, &flags, output).await })),
        Command::Serve(_) => block(Box::pin(async move { serve::run(&settings).await })),
        Command::Migrate => block(Box::pin(async move { migrate::run(&settings, output).await })),
        Command::Products(flags) => block(Box::pin(async move { products::run(&settings, flags, output).await })),
        Command::Regions(flags) => block(Box::pin(async move { regions::run(&settings, flags, output).await })),
        Command::NotifiedBodies(flags) => {
            block(Box::pin(async move { notified_bodies::run(&settings, &flags, output).await }))
        }
        Command::Openapi => openapi::run(),
        Command::Token(flags) => match flags.action {
            TokenAction::Create { org, operator: _, expires, scope, name } => block(Box::pin(async move {
                let asked = token::Asked { org: org.as_deref(), seconds: expires, scopes: &scope, name: &name };
                token::create(&settings, &asked, output).await
            })),
            TokenAction::List { org } => {
                block(Box::pin(async move { token::list(&settings, org.as_deref(), output).await }))
            }
            TokenAction::Revoke { key } => block(Box::pin(async move { token::revoke(&settings, &key, output).await })),
        },
        Command::Admin(flags) => match flags.action {
            AdminAction::Create { email, name } => {
                block(Box::pin(async move { admin::create(&settings, &email, &name, output).await }))
            }
        },
        Command::Keys(flags) => match flags.action {
            KeysAction::Rotate => keys::rotate(&settings, output),
        },
        Command::Org(flags) => match flags.action {
            OrgAction::List(flags) => block(Box::pin(async move { org::list(&settings, &flags, output).await })),
            OrgAction::Verify { org, voucher } => {
                block(Box::pin(async move { org::verify(&settings, &org, voucher, output).await }))
            }
            OrgAction::Merge { from, into, yes } => {
                block(Box::pin(async move { org::merge(&settings, (&from, &into), yes, output).await }))
            }
        },
        Command::Market(flags) => block(Box::pin(async move { market::run(&settings, &flags, output).await })),
        Command::Schedule(flags) => block(Box::pin(async move { schedule::run(&settings, &flags, output).await })),
        Command::Audit(flags) => block(Box::pin(async move { audit::run(&settings, &flags, output).await })),
        Command::Doctor => block(Box::pin(async move { doctor::run(&settings, output).await })),
        Command::Config(flags) => match flags.action {
            ConfigAction::Show => config::show(&settings, output),
        },
        Command::Version => block(Box::pin(async move { version::run(output).await })),
    }
}

/// Catalogue and regions: of the database where there is one, with what the operator added, else of
/// the seed files. Looking something up makes no data folder.
async fn tables(settings: &Settings) -> Result<Tables> {
    let there = settings.database.path().is_none_or(Path::is_file);
    if there {
        let store = service::open_store(settings).await?;
        service::sync(&store, settings, Catalogue::Ensure).await?;
        return app::catalogue::load(&store).await.map_err(service::catalogue_fault);
    }
    let (catalogue, regions) = exchange::seeds::load(&service::seed_files(settings)?)
        .map_err(|faults| anyhow!("the seed files are broken: {faults}"))?;
    Ok(Tables { catalogue, regions })
}
