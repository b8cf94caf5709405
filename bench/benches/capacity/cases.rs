//! Questions in process and to the peer, in turn, with their answers compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use domain::{
    code::{CountryCode, RegionCode},
    need::Need,
    organisation::{Organisation, Site},
    parameters::Parameters,
};
use index::{
    BoardRule, Buyer, CandidateQuery, Candidates, CapacityAnswer, CapacityQuery, Figures, Fitting, Group, Index, Party,
    Reader, ShortageAnswer, ShortageQuery, Weeks, Which,
};

use crate::{
    SITE_DEMAND,
    market::Market,
    peer::{self, Peer},
};

/// One question, asked many times.
pub struct Case {
    pub name: &'static str,
    /// Ours by the operator, who sees every row, as the peer does.
    pub ours: Vec<Duration>,
    /// The same by the manager of a cluster, with totals of competitors.
    pub manager: Vec<Duration>,
    pub peer: Vec<Duration>,
    /// The peer's time by ours, each pair asked the same.
    pub ratio: f64,
}

/// The value that a share of a sorted list does not exceed.
pub fn quantile(times: &[Duration], share: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[((sorted.len() * share).div_ceil(100)).clamp(1, sorted.len()) - 1]
}

impl Case {
    pub fn line(&self) -> String {
        let at = |times: &[Duration], share| bench::report::time(quantile(times, share));
        format!(
            "{}: ours median {} p99 {} ({} times), manager median {} p99 {}, PostgreSQL median {} ({} times), {} x",
            self.name,
            at(&self.ours, 50),
            at(&self.ours, 99),
            self.ours.len(),
            at(&self.manager, 50),
            at(&self.manager, 99),
            at(&self.peer, 50),
            self.peer.len(),
            bench::report::number(self.ratio)
        )
    }
}

const TIMES: usize = 200;
const PEER_TIMES: usize = 5;
/// Needs that are asked for in process, of which the peer is asked some.
const NEEDS: usize = 1_000;
const PEER_NEEDS: usize = 40;

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let done = black_box(work());
    (began.elapsed(), done)
}

fn sum(times: &[Duration]) -> f64 {
    times.iter().sum::<Duration>().as_secs_f64()
}

pub async fn run(market: &Market<'_>, index: &Index, peer: &mut Peer<'_>) -> Result<Vec<Case>> {
    let weeks = Weeks::new(market.day, market.day, market.day.plus(83)).expect("twelve weeks");
    let cluster = market.cluster(3);
    let manager = Reader::Party(Party { organisation: cluster, clusters: [cluster].into(), buyer: Buyer::No });
    Ok(vec![
        capacity(market, index, peer, (&weeks, &manager)).await?,
        board(index, peer, (&weeks, &manager)).await?,
        candidates(market, index, peer, &manager).await?,
    ])
}

async fn capacity(
    market: &Market<'_>,
    index: &Index,
    peer: &mut Peer<'_>,
    (weeks, manager): (&Weeks, &Reader),
) -> Result<Case> {
    let product = market.product_code(0);
    let grade = domain::code::GradeCode::new("FFP2");
    let mut query = CapacityQuery::new(weeks.clone());
    query.products = Some([product.clone()].into());
    query.grades = Some([grade.clone()].into());
    query.group_by = [Group::Region(2), Group::Week].into();
    let ours: Vec<Duration> = (0..TIMES).map(|_| timed(|| index.capacity(&query, &Reader::Operator)).0).collect();
    // Cut before, as for whoever is not the first to ask.
    index.capacity(&query, manager);
    let of_manager = (0..TIMES).map(|_| timed(|| index.capacity(&query, manager)).0).collect();
    let mut theirs = Vec::new();
    peer.capacity(product, &grade, weeks).await?;
    for _ in 0..PEER_TIMES {
        let began = Instant::now();
        let rows = peer.capacity(product, &grade, weeks).await?;
        theirs.push(began.elapsed());
        let (figures, counts) = peer.capacity_of(&rows);
        let answer = index.capacity(&query, &Reader::Operator);
        ensure!(ours_of(&answer) == (figures, counts), "PostgreSQL finds other capacities");
    }
    let ratio = quantile(&theirs, 50).as_secs_f64() / quantile(&ours, 50).as_secs_f64();
    Ok(Case { name: "capacity of FFP2 by region and week", ours, manager: of_manager, peer: theirs, ratio })
}

fn ours_of(answer: &CapacityAnswer) -> (peer::Capacity, peer::Counts) {
    let (mut figures, mut counts) = (peer::Capacity::new(), peer::Counts::new());
    for row in &answer.rows {
        let region = row.region.as_ref().map_or_else(String::new, ToString::to_string);
        let mut by = [0; 6];
        for (week, Figures { running, maximum, convertible: _, held, agreed, free, free_maximum }) in
            row.figures.iter().enumerate()
        {
            let grown = [running, maximum, held, agreed, free, free_maximum];
            by.iter_mut().zip(grown).for_each(|(by, grown)| *by += i64::try_from(*grown).expect("a sum"));
            figures.insert((region.clone(), week), by);
        }
        counts.insert(region, (row.offers, row.organisations, row.oldest.map_or(0, |day| day.number())));
    }
    (figures, counts)
}

async fn board(index: &Index, peer: &mut Peer<'_>, (weeks, manager): (&Weeks, &Reader)) -> Result<Case> {
    let country = CountryCode::new("IT");
    let query = ShortageQuery {
        weeks: weeks.clone(),
        products: None,
        regions: Some([RegionCode::new("IT")].into()),
        level: 1,
        rule: BoardRule::default(),
    };
    let ours: Vec<Duration> = (0..TIMES).map(|_| timed(|| index.shortages(&query, &Reader::Operator)).0).collect();
    index.shortages(&query, manager);
    let of_manager = (0..TIMES).map(|_| timed(|| index.shortages(&query, manager)).0).collect();
    let mut theirs = Vec::new();
    peer.board(&country, weeks).await?;
    for _ in 0..PEER_TIMES {
        let began = Instant::now();
        let rows = peer.board(&country, weeks).await?;
        theirs.push(began.elapsed());
        ensure!(
            board_of(&index.shortages(&query, &Reader::Operator)) == peer.board_of(&rows),
            "PostgreSQL finds another board"
        );
    }
    let ratio = quantile(&theirs, 50).as_secs_f64() / quantile(&ours, 50).as_secs_f64();
    Ok(Case { name: "shortage board of Italy", ours, manager: of_manager, peer: theirs, ratio })
}

fn board_of(answer: &ShortageAnswer) -> peer::Board {
    let mut board = peer::Board::new();
    for row in &answer.rows {
        let region = row.region.as_ref().map_or_else(String::new, ToString::to_string);
        let (mut free, mut free_maximum) = (0, 0);
        for (week, figures) in row.weeks.iter().enumerate() {
            (free, free_maximum) = (free + figures.free, free_maximum + figures.free_maximum);
            let [one, two, three, four] = figures.need;
            let all = [free, free_maximum, one, two, three, four, figures.held, figures.agreed, figures.open];
            if all.iter().any(|figure| *figure != 0) {
                let all = all.map(|figure| i64::try_from(figure).expect("a sum"));
                board.insert((row.product.to_string(), region.clone(), week), all);
            }
        }
    }
    board
}

async fn candidates(market: &Market<'_>, index: &Index, peer: &mut Peer<'_>, manager: &Reader) -> Result<Case> {
    let (parameters, refused) = (Parameters::default(), BTreeSet::new());
    let records = |at: usize| {
        let need = market.need(at * 7_919 % market.size.needs);
        let owner = market.owner(need.organisation);
        (need, market.organisation(owner), market.site(owner))
    };
    let ask = |(need, organisation, site): &(Need, Organisation, Site), reader: &Reader| {
        let query = CandidateQuery {
            need,
            organisation,
            site,
            which: Which::One(need.instalments[0].id),
            day: market.day,
            parameters: &parameters,
            catalogue: market.catalogue,
            regions: market.regions,
            site_demand: SITE_DEMAND,
            refused: &refused,
            top: 20,
            near: 5,
            fitting: Fitting::Nameless,
        };
        timed(|| index.candidates(&query, reader))
    };
    let needs = NEEDS.min(market.size.needs);
    let ours: Vec<Duration> = (0..needs).map(|at| ask(&records(at), &Reader::Operator).0).collect();
    let of_manager = (0..needs).map(|at| ask(&records(at), manager).0).collect();
    let (mut theirs, mut same) = (Vec::new(), Vec::new());
    for at in 0..PEER_NEEDS.min(needs) {
        let records = records(at);
        let asked = peer.asked(&records.0, &records.1, &records.2, &parameters);
        let began = Instant::now();
        let rows = peer.candidates(&asked).await?;
        theirs.push(began.elapsed());
        let (spent, answer) = ask(&records, &Reader::Operator);
        same.push(spent);
        let (found, theirs) = (candidates_of(&answer), peer.candidates_of(&rows));
        ensure!(found == theirs, "PostgreSQL finds other candidates: {found:?}, and not {theirs:?}");
    }
    let ratio = sum(&theirs) / sum(&same);
    Ok(Case { name: "candidates for any need, top 20 explained", ours, manager: of_manager, peer: theirs, ratio })
}

fn candidates_of(answer: &Candidates) -> peer::Candidates {
    let found = &answer.instalments[0];
    // The peer does not look at what is promised.
    let all = found.top.iter().chain(&found.used_up);
    let mut best: Vec<_> = all.map(|candidate| (candidate.row.offer, candidate.eligible.cost.total())).collect();
    best.sort_by_key(|(id, cost)| (*cost, *id));
    best.truncate(20);
    let failed = found.funnel.failed.iter();
    let mut counts: BTreeMap<i32, u32> =
        failed.map(|(predicate, failed)| (i32::from(*predicate as u8), failed.offers)).collect();
    if found.funnel.eligible > 0 {
        counts.insert(-1, found.funnel.eligible);
    }
    (best, counts)
}
