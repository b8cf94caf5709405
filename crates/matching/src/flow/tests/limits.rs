//! Pivot limits, cancellation, progress.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{Control, Progress, Stop, solve, verify};
use super::{Plan, Stream};

#[test]
fn every_pivot_limit_gives_a_feasible_flow_and_true_bounds() {
    let mut random = Stream(11);
    for case in 0..60 {
        let nodes = random.within(3, 15);
        let plan = if case % 2 == 0 {
            Plan::draw(&mut random, nodes, 6, 3 * nodes, 1 + case % 4, [1, 20, 1 << 40][case % 3])
        } else {
            Plan::market(&mut random, 8, 5, 4)
        };
        let net = plan.build();
        let whole = solve(&net, &mut Control::default()).unwrap();
        for limit in 0..=whole.pivots() {
            let part = solve(&net, &mut Control { max_pivots: Some(limit), ..Control::default() }).unwrap();
            let proven = part.levels.iter().take_while(|level| level.optimal).count();
            let proof = verify(&net, &part.flows, &part.potentials()).unwrap();
            assert_eq!(proof.proven, proven);
            assert!(part.pivots() <= limit);
            if part.stop.is_none() {
                assert_eq!(part, whole);
                continue;
            }
            assert_eq!(part.stop, Some(Stop::PivotLimit));
            for level in 0..net.level_count() {
                let (now, best) = (&part.levels[level], &whole.levels[level]);
                assert_eq!(now.objective, proof.objectives[level]);
                if level < proven {
                    assert_eq!((now.objective, now.gap()), (best.objective, Some(0)));
                } else if level == proven {
                    let bound = now.bound.unwrap();
                    assert!(bound <= best.objective && best.objective <= now.objective, "case {case}, {limit}");
                    assert_eq!(now.gap(), Some(now.objective - bound));
                } else {
                    assert_eq!((now.bound, now.optimal, now.gap()), (None, false, None));
                }
            }
        }
        let enough = Control { max_pivots: Some(whole.pivots()), ..Control::default() };
        assert_eq!(solve(&net, &mut { enough }).unwrap(), whole, "the last pivot needs no spare one");
    }
}

#[test]
fn cancelled_before_the_first_pivot() {
    let net = Plan::market(&mut Stream(12), 20, 10, 5).build();
    let flag = AtomicBool::new(true);
    let solution = solve(&net, &mut Control { cancel: Some(&flag), ..Control::default() }).unwrap();
    assert_eq!((solution.stop, solution.pivots()), (Some(Stop::Cancelled), 0));
    assert!(!solution.is_optimal() && solution.reachable.iter().all(|&r| r));
    let unmet = -net.supplies()[21..].iter().map(|&b| i128::from(b)).sum::<i128>();
    assert_eq!(solution.levels[0].objective, unmet);
    assert!(solution.levels[0].bound.unwrap() <= unmet);
    assert_eq!(verify(&net, &solution.flows, &solution.potentials()).unwrap().proven, 0);
}

#[test]
fn cancelled_on_the_way_from_the_progress_callback() {
    let net = Plan::market(&mut Stream(13), 600, 300, 60).build();
    let whole = solve(&net, &mut Control::default()).unwrap();
    assert!(whole.pivots() > 1_100, "{}", whole.pivots());
    let flag = AtomicBool::new(false);
    let mut seen: Vec<Progress> = vec![];
    let mut watch = |progress: Progress| {
        seen.push(progress);
        flag.store(progress.pivots >= 1_000, Ordering::Relaxed);
    };
    let mut control = Control { cancel: Some(&flag), progress: Some(&mut watch), ..Control::default() };
    let part = solve(&net, &mut control).unwrap();
    assert_eq!(part.stop, Some(Stop::Cancelled));
    assert!(part.pivots() >= 1_000 && part.pivots() < whole.pivots());
    assert!(seen.windows(2).all(|pair| pair[0].pivots <= pair[1].pivots));
    assert!(seen.iter().all(|progress| progress.free_arcs <= net.arc_count()));
    verify(&net, &part.flows, &part.potentials()).unwrap();
}

#[test]
fn progress_reports_each_level_with_fewer_arcs() {
    let net = Plan::market(&mut Stream(14), 60, 30, 10).build();
    let mut seen: Vec<Progress> = vec![];
    let mut watch = |progress: Progress| seen.push(progress);
    solve(&net, &mut Control { progress: Some(&mut watch), ..Control::default() }).unwrap();
    let last_of = |level| seen.iter().rfind(|progress| progress.level == level).unwrap().free_arcs;
    assert!(last_of(0) >= last_of(1) && last_of(1) > last_of(2));
}
