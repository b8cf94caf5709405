//! The fairness stage against maximum flows over the same network.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{
    fair::{Shares, market_of_regions},
    instances::short,
};
use matching::flow::fair_shares;

use crate::{
    peers::{Driver, Peer},
    report::{Rival, Row, Times, number, ratio},
};

/// How much can be covered in all.
const ONCE: &str = "OR-tools, one max-flow";
/// The same, as often as there are different shares.
const AS_MANY: &str = "OR-tools, a max-flow for each share";
/// The longest that a run of the peer may take.
const CAP: Duration = Duration::from_secs(60);

/// The fairest shares of 27 regions; the peer finds how much can be covered in all, once, and as often
/// as there are different shares, each of which takes one maximum flow at least.
pub fn row(repeat: usize, drivers: &mut [Driver], folder: &Path) -> Result<Row> {
    let market = market_of_regions();
    let stage = Shares::of(&market);
    let (peers_problem, sink) = stage.maximum_flow();
    let path = folder.join("fairness.bin");
    peers_problem.write(&path).context("the instance cannot be written")?;
    let mut row = Row {
        case: "fairness stage, 10k x 5k, 27 regions".to_owned(),
        size: format!("{} arcs", short(peers_problem.arcs())),
        ..Row::default()
    };
    let first = fair_shares(&stage.problem(), None)?;
    let tier = first.tiers.first().context("no tier")?;
    let rounds = tier.rounds.len();
    let share = |at: Option<&matching::flow::Round>| {
        at.map_or(0, |round| round.share.numerator * 1_000 / round.share.denominator)
    };
    row.note = format!(
        "1 thread; {rounds} different shares from {} to {} in a thousand",
        share(tier.rounds.first()),
        share(tier.rounds.last())
    );
    let rival = |name: &str| Rival { name: name.to_owned(), times: Times::default(), note: None };
    let mut asked = [(rival(ONCE), format!("maxflow 0 {sink}")), (rival(AS_MANY), format!("times {rounds} 0 {sink}"))];
    let mut peer = drivers.iter_mut().find(|driver| driver.peer == Peer::OrTools);
    let loaded = peer.as_mut().map(|driver| driver.load(&path));
    for _ in 0..repeat.max(1) {
        let start = Instant::now();
        let shares = fair_shares(&stage.problem(), None)?;
        row.ours.add(start.elapsed());
        ensure!(shares == first, "two computations of the same shares differ");
        for (rival, request) in &mut asked {
            match (&mut peer, &loaded) {
                (Some(driver), Some(Ok(()))) if rival.note.is_none() => match driver.run(request, CAP) {
                    Ok(answer) => {
                        rival.times.add(answer.spent);
                        if answer.value != i128::from(tier.total) {
                            row.faults.push(format!("{} covers {}, ours {}", rival.name, answer.value, tier.total));
                        }
                    }
                    Err(reason) => rival.note = Some(reason),
                },
                (Some(_), Some(Err(reason))) => rival.note = Some(reason.clone()),
                (Some(_) | None, _) => {}
            }
        }
    }
    if peer.is_some() {
        row.rivals.extend(asked.map(|(rival, _)| rival));
    }
    row.against(AS_MANY, 2.0, Some(4.0));
    if let Some((once, ours)) = row.rival(ONCE).zip(row.ours.least()) {
        row.note = format!("{}; the stage takes {} of one max-flow", row.note, number(ratio(ours, once)));
    }
    Ok(row)
}
