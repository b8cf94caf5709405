//! A run after another one has the bytes of a run by itself, whatever changed in between.

use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use domain::{
    ids::{InstalmentId, NeedId},
    market::{Market, Suggestion},
    parameters::{Mode, Parameters},
};
use matching::{Control, Earlier, Outcome, allocate, allocate_again};
use proptest::{prelude::*, test_runner::TestRunner};
use uuid::Uuid;

use crate::{
    LIMITED, cases,
    choices::Choices,
    markets::{Kind, draw},
    world::rules,
};

/// Puts what another market has in the place of one entry, or takes it out where that has none; entries of both
/// have the same ids.
fn replace<T: Clone, K: Ord>(list: &mut Vec<T>, other: &[T], key: impl Fn(&T) -> K, choices: &mut Choices<'_>) {
    let mut ids: BTreeMap<K, Option<&T>> = list.iter().map(|entry| (key(entry), None)).collect();
    ids.extend(other.iter().map(|entry| (key(entry), Some(entry))));
    if ids.is_empty() {
        return;
    }
    let at = usize::from(choices.byte()) % ids.len();
    let Some((id, with)) = ids.into_iter().nth(at) else { return };
    let with = with.cloned();
    list.retain(|entry| key(entry) != id);
    list.extend(with);
}

fn change(market: &mut Market, other: &Market, choices: &mut Choices<'_>) {
    match choices.upto(12) {
        0..=2 => replace(&mut market.needs, &other.needs, |n| n.id, choices),
        3..=5 => replace(&mut market.offers, &other.offers, |o| o.id, choices),
        6 => replace(&mut market.commitments, &other.commitments, |c| c.match_id, choices),
        7 => {
            // A line, a site or an organisation is what it is there.
            for (id, line) in &mut market.lines {
                if let Some(with) = other.lines.get(id).filter(|_| choices.one_in(2)) {
                    *line = with.clone();
                }
            }
            for (id, site) in &mut market.sites {
                if let Some(with) = other.sites.get(id).filter(|_| choices.one_in(4)) {
                    *site = with.clone();
                }
            }
        }
        8 => {
            let of = |market: &Market, at: u8| {
                let offer = market.offers.get(usize::from(at) % market.offers.len().max(1)).map(|o| o.id);
                offer.zip(market.needs.get(usize::from(at / 16) % market.needs.len().max(1)).map(|n| n.id))
            };
            if let Some(refusal) = of(market, choices.byte())
                && !market.refusals.insert(refusal)
            {
                market.refusals.remove(&refusal);
            }
        }
        // Another need of the same site: some of them nobody can serve, and some are too late to matter at all.
        9..=11 => {
            let at = usize::from(choices.byte()) % market.needs.len().max(1);
            let Some(mut twin) = market.needs.get(at).cloned() else { return };
            let serial = market.needs.len() as u128;
            twin.id = NeedId(Uuid::from_u128((77 << 100) | serial));
            let late = choices.one_in(2);
            for (n, instalment) in (0..).zip(&mut twin.instalments) {
                instalment.id = InstalmentId(Uuid::from_u128((78 << 100) | (serial << 8) | n));
                instalment.due = if late { market.day } else { instalment.due };
            }
            if !market.needs.iter().any(|n| n.id == twin.id) {
                market.needs.push(twin);
            }
        }
        _ => market.day = market.day.plus(i32::from(choices.one_in(2))),
    }
    let (organisations, sites, lines) = (&other.organisations, &other.sites, &other.lines);
    market.sites.extend(
        sites.iter().filter(|(id, _)| !market.sites.contains_key(id)).map(|(k, v)| (*k, v.clone())).collect::<Vec<_>>(),
    );
    for (id, organisation) in organisations {
        market.organisations.entry(*id).or_insert_with(|| organisation.clone());
    }
    for (id, line) in lines {
        market.lines.entry(*id).or_insert_with(|| line.clone());
    }
    market.sort();
}

fn suggest(market: &mut Market, outcome: &Outcome) {
    let suggestion = |line: &matching::MatchLine| Suggestion {
        offer: line.offer,
        instalment: line.instalment,
        quantity: line.quantity,
    };
    market.suggestions = outcome.lines.iter().map(suggestion).collect();
    market.sort();
}

/// Runs a market, changes it a few times and runs it again with what the run before left.
fn holds(
    bytes: &[u8],
    other: &[u8],
    order: &[u8],
    kind: Kind,
    taken: &Cell<(usize, usize)>,
) -> Result<(), TestCaseError> {
    let (mut market, parameters) = draw(bytes, kind);
    let (other, of_other) = draw(other, kind);
    let mut choices = Choices::new(order);
    let mut earlier: Option<Earlier> = None;
    for step in 0..6 {
        let parameters = if choices.one_in(12) { &of_other } else { &parameters };
        let now = Arc::new(market.clone());
        let rules = rules(&now, parameters);
        let control = Control { threads: 1 + usize::from(choices.upto(1)), ..Control::default() };
        let alone = allocate(&rules, &control).unwrap();
        let again = allocate_again(&rules, &now, earlier.as_ref(), &control).unwrap();
        prop_assert_eq!(&again.outcome.proof.hash, &alone.proof.hash, "step {}", step);
        prop_assert_eq!(&again.outcome, &alone, "step {}", step);
        let (needs, parts) = taken.get();
        taken.set((needs + again.taken_over.needs, parts + again.taken_over.parts));
        earlier = Some(again.earlier);
        if choices.one_in(2) {
            suggest(&mut market, &alone);
        }
        for _ in 0..choices.upto(2) {
            change(&mut market, &other, &mut choices);
        }
    }
    Ok(())
}

fn over(count: u32, kind: Kind) -> (usize, usize) {
    let taken = Cell::new((0, 0));
    let drawn = proptest::collection::vec(any::<u8>(), 0..700);
    let mut runner = TestRunner::new(cases(count));
    let order = proptest::collection::vec(any::<u8>(), 60..120);
    runner
        .run(&(drawn.clone(), drawn, order), |(bytes, other, order)| holds(&bytes, &other, &order, kind, &taken))
        .unwrap_or_else(|error| panic!("{error}"));
    taken.get()
}

#[test]
fn a_run_after_another_has_the_bytes_of_a_run_by_itself() {
    let (needs, parts) = over(250, LIMITED);
    assert!(needs > 1_000 && parts > 250, "{needs} needs and {parts} parts were taken over");
}

#[test]
fn so_it_has_where_numbers_are_odd_and_levels_left_out() {
    let (needs, parts) = over(200, Kind { odd: true, ..LIMITED });
    assert!(needs > 300 && parts > 300, "{needs} needs and {parts} parts were taken over");
}

#[test]
fn a_market_that_did_not_change_is_taken_over_whole() {
    let (market, _) = draw(&(0..700).map(|n: u32| u8::try_from(n * 7 % 251).unwrap()).collect::<Vec<_>>(), LIMITED);
    let (market, parameters) = (Arc::new(market), Parameters::of(Mode::Standard));
    let rules = rules(&market, &parameters);
    let first = allocate_again(&rules, &market, None, &Control::default()).unwrap();
    assert_eq!(first.taken_over, matching::TakenOver::default());
    let second = allocate_again(&rules, &market, Some(&first.earlier), &Control::default()).unwrap();
    assert_eq!(second.outcome, first.outcome);
    assert!(second.taken_over.parts > 0);
    let needs = market.needs.iter().filter(|n| n.is_matchable()).count();
    assert_eq!(
        (second.taken_over.parts, second.taken_over.needs),
        (usize::try_from(first.outcome.figures.components).unwrap(), needs,)
    );
}
