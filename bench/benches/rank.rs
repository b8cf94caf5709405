//! Micro-benchmarks of judging and ranking: `cargo bench -p bench --bench rank`.

#![expect(clippy::expect_used, reason = "without its market there is nothing to measure")]

#[path = "../src/market.rs"]
mod market;

use std::sync::LazyLock;

use divan::{Bencher, counter::ItemsCount};
use domain::{catalogue::Catalogue, eligibility::Rules, market::Market, parameters::Parameters, region::RegionTable};
use matching::OfferIndex;

struct World {
    catalogue: Catalogue,
    regions: RegionTable,
    parameters: Parameters,
    market: Market,
}

/// 100,000 offers of 30 products, and 500 needs.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (catalogue, regions) = exchange::seeds::tables().expect("the seeds load");
    let size = market::Size { offers: 100_000, needs: 500, products: 30, weeks: 8, regions: 0, seed: 1 };
    let market = market::random(&size, &catalogue, &regions).expect("a market of that size");
    World { catalogue, regions, parameters: Parameters::default(), market }
});

fn rules() -> Rules<'static> {
    let World { catalogue, regions, parameters, market } = &*WORLD;
    Rules { market, catalogue, regions, parameters }
}

fn main() {
    divan::main();
}

/// The best 20 offers for each need, explained; counted in needs.
#[divan::bench]
fn ranking(bencher: Bencher<'_, '_>) {
    let (rules, index) = (rules(), OfferIndex::new(&rules(), 0));
    let needs = &rules.market.needs;
    let rank = || needs.iter().map(|need| index.rank(need, &need.instalments[0], 20).len()).sum::<usize>();
    bencher.counter(ItemsCount::new(needs.len())).bench_local(rank);
}

/// The first 1,000 offers for each need, weighed for the network; counted in pairs.
#[divan::bench]
fn judging(bencher: Bencher<'_, '_>) {
    let rules = rules();
    let demands = rules.site_demands();
    let offers: Vec<_> = rules.market.offers.iter().take(1_000).filter_map(|o| rules.offer_view(o)).collect();
    let needs: Vec<_> = rules.market.needs.iter().filter_map(|n| rules.need_view(n, &demands)).collect();
    let weigh = || {
        let of_need = |n| offers.iter().filter(|o| rules.weigh(o, n, &n.need.instalments[0]).is_ok()).count();
        needs.iter().map(of_need).sum::<usize>()
    };
    bencher.counter(ItemsCount::new(offers.len() * needs.len())).bench_local(weigh);
}
