//! What a change gains, against cold allocations of the whole market with and without it.

use std::collections::BTreeMap;

use domain::{
    ids::{NeedId, OfferId},
    market::Market,
    parameters::Parameters,
};
use matching::{Audience, Change, Control, Explanation, Outcome, Question, Tried, WhyLeftOut, allocate, explain_need};

use crate::markets::{market, parameters, rules};

const ONE_THREAD: Control<'static> = Control { threads: 1, cancel: None, progress: None };

pub fn explained(market: &Market, parameters: &Parameters, need: NeedId, budget: u32) -> Explanation {
    let question = Question { need, audience: Audience::Operator, budget, matched: None };
    explain_need(&rules(market, parameters), &question, &ONE_THREAD).unwrap().unwrap()
}

pub fn run(market: &Market, parameters: &Parameters) -> Outcome {
    allocate(&rules(market, parameters), &ONE_THREAD).unwrap()
}

/// Units matched by need, reckoned from the lines alone.
fn matched(outcome: &Outcome) -> BTreeMap<NeedId, i64> {
    let mut sums = BTreeMap::new();
    for line in &outcome.lines {
        *sums.entry(line.need).or_insert(0) += line.quantity.units();
    }
    sums
}

/// Holds a claim against the two cold allocations.
fn check(seed: u64, market: &Market, parameters: &Parameters, before: &Outcome, need: NeedId, claim: &Tried) {
    let mut edited = market.clone();
    claim.change.apply(&mut edited, need);
    let after = run(&edited, parameters);
    let (was, is) = (matched(before), matched(&after));
    let (mut own, mut gained, mut lost) = (0, 0, 0);
    let mut tiers: BTreeMap<u8, i64> = BTreeMap::new();
    for of in &market.needs {
        let more = is.get(&of.id).unwrap_or(&0) - was.get(&of.id).unwrap_or(&0);
        *tiers.entry(of.tier(market.day)).or_default() += more;
        if of.id == need {
            own = more;
        } else {
            gained += more.max(0);
            lost += (-more).max(0);
        }
    }
    tiers.retain(|_, units| *units != 0);
    let cost = |o: &Outcome| o.levels.iter().find(|l| l.name == "cost").unwrap().value;
    let about = format!("seed {seed}, {need}, {:?}", claim.change);
    assert_eq!(claim.gains.need, own, "{about}");
    assert_eq!((claim.gains.others_gained, claim.gains.others_lost), (gained, lost), "{about}");
    let claimed: BTreeMap<u8, i64> = claim.gains.tiers.iter().map(|t| (t.tier, t.units)).collect();
    assert_eq!(claimed, tiers, "{about}");
    assert_eq!(claim.gains.cost, Some(cost(&after) - cost(before)), "{about}");
}

#[test]
fn gains_equal_cold_runs_of_the_whole_edited_market_in_a_thousand_cases() {
    let (mut cases, mut claims, mut gaining) = (0, 0, 0);
    let mut kinds: BTreeMap<&'static str, (u32, u32)> = BTreeMap::new();
    let mut seed = 0;
    while cases < 1_000 {
        seed += 1;
        let (market, parameters) = (market(seed), parameters(seed));
        let before = run(&market, &parameters);
        let Some(need) = before.shortages.iter().map(|s| s.need).nth(usize::try_from(seed % 2).unwrap()) else {
            continue;
        };
        let told = explained(&market, &parameters, need, 32);
        // What is said of the need is what the whole run says of it.
        let of_run = |i| {
            let lines = before.lines.iter().filter(move |l| l.instalment == i);
            lines.map(|l| (l.offer, l.quantity.units())).collect::<BTreeMap<OfferId, i64>>()
        };
        for instalment in &told.instalments {
            let lines = instalment.lines.iter().map(|l| (l.offer.unwrap(), l.units)).collect();
            assert_eq!(of_run(instalment.instalment), lines, "seed {seed}");
            let short = before.shortages.iter().find(|s| s.instalment == instalment.instalment);
            assert_eq!(short.map_or(0, |s| s.uncovered), instalment.uncovered, "seed {seed}");
        }
        assert_eq!(told.left_out.iter().filter(|l| l.why == WhyLeftOut::Budget).count(), 0, "seed {seed}");
        // An idle change gains nothing for sure.
        let idle = told.left_out.iter().filter(|l| l.why == WhyLeftOut::OpensNothing);
        for change in idle.map(|l| &l.change).take(1) {
            let mut edited = market.clone();
            change.apply(&mut edited, need);
            let after = run(&edited, &parameters);
            let all = |outcome| matched(outcome).values().sum::<i64>();
            assert_eq!(all(&after), all(&before), "seed {seed}, {change:?}");
        }
        let tried: Vec<&Tried> = told.counterfactuals.iter().chain(&told.worth).collect();
        assert_eq!(tried.len(), usize::try_from(told.solves).unwrap());
        if tried.is_empty() {
            continue;
        }
        cases += 1;
        for claim in tried {
            check(seed, &market, &parameters, &before, need, claim);
            claims += 1;
            gaining += u32::from(claim.gains.need > 0);
            let count = kinds.entry(claim.change.kind()).or_default();
            *count = (count.0 + 1, count.1 + u32::from(claim.gains.need > 0));
        }
    }
    assert!(claims > 2 * cases && gaining > cases, "{claims} claims of which {gaining} gain in {cases} cases");
    // Every kind of change is tried, and each helps somewhere.
    assert_eq!(kinds.len(), 14, "{kinds:?}");
    assert!(kinds.values().all(|(tried, gained)| *tried >= 10 && *gained > 0), "{kinds:?}");
}

#[test]
fn a_budget_bounds_the_solves_and_what_is_left_out_is_listed() {
    let parameters = parameters(0);
    let whole_of = |told: &Explanation| told.counterfactuals.len() + told.worth.len();
    let (market, need, whole) = (0..200)
        .find_map(|seed| {
            let market = market(seed);
            let need = run(&market, &parameters).shortages.first()?.need;
            let whole = whole_of(&explained(&market, &parameters, need, 32));
            (whole > 5).then_some((market, need, whole))
        })
        .unwrap();
    for budget in 0..3 {
        let told = explained(&market, &parameters, need, budget);
        assert_eq!(told.solves, budget);
        assert_eq!(whole_of(&told), usize::try_from(budget).unwrap());
        let unpaid = told.left_out.iter().filter(|l| l.why == WhyLeftOut::Budget).count();
        assert_eq!(unpaid, whole - usize::try_from(budget).unwrap());
    }
}

#[test]
fn explaining_twice_or_on_more_threads_gives_the_same_bytes() {
    for seed in 0..40 {
        let (market, parameters) = (market(seed), parameters(seed));
        let Some(need) = run(&market, &parameters).shortages.first().map(|s| s.need) else { continue };
        let once = explained(&market, &parameters, need, 8);
        let question = Question { need, audience: Audience::Operator, budget: 8, matched: None };
        let threads = Control { threads: 3, ..ONE_THREAD };
        let again = explain_need(&rules(&market, &parameters), &question, &threads).unwrap().unwrap();
        assert_eq!(serde_json::to_string(&once).unwrap(), serde_json::to_string(&again).unwrap());
    }
}

#[test]
fn changes_are_said_in_words() {
    use domain::{
        code::{GradeCode, ProductCode},
        organisation::Verification,
    };
    let words = [
        (Change::AcceptGrade { grade: Some(GradeCode::new("FFP2")) }, "accept FFP2"),
        (
            Change::AcceptSubstitute { product: ProductCode::new("hood"), grade: None, caveat: String::new() },
            "accept hood as a substitute",
        ),
        (Change::Later { days: 1 }, "let it come 1 day later"),
        (Change::MaxDistance { km: Some(812) }, "let it come from up to 812 km"),
        (Change::Verification { to: Verification::Cluster }, "accept suppliers verified by their cluster"),
        (Change::PriceCap { to: crate::markets::euros(1_500_000) }, "pay up to 1.50 EUR a unit"),
    ];
    for (change, said) in words {
        assert_eq!(change.words(), said);
    }
}
