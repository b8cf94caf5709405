//! Random graphs against the plainest of algorithms, and the cut that is met.

use super::{Carried, Graph, Search};
use crate::flow::{UNBOUNDED, tests::Stream};

type Arcs = Vec<(u32, u32, i64)>;

/// One path at a time, depth first.
fn plain(nodes: usize, arcs: &Arcs, source: usize, sink: usize) -> i64 {
    let mut room = vec![vec![0_i64; nodes]; nodes];
    for &(from, to, capacity) in arcs {
        room[from as usize][to as usize] += capacity.min(1_000_000);
    }
    fn send(room: &mut [Vec<i64>], seen: &mut [bool], v: usize, sink: usize, most: i64) -> i64 {
        if v == sink {
            return most;
        }
        seen[v] = true;
        for u in 0..room.len() {
            if room[v][u] > 0 && !seen[u] {
                let sent = send(room, seen, u, sink, most.min(room[v][u]));
                if sent > 0 {
                    room[v][u] -= sent;
                    room[u][v] += sent;
                    return sent;
                }
            }
        }
        0
    }
    let mut total = 0;
    loop {
        let sent = send(&mut room, &mut vec![false; nodes], source, sink, i64::MAX);
        if sent == 0 {
            return total;
        }
        total += sent;
    }
}

fn draw(random: &mut Stream, nodes: i64) -> Arcs {
    let count = random.within(0, 5 * nodes);
    let node = |random: &mut Stream| u32::try_from(random.within(0, nodes - 1)).unwrap();
    (0..count)
        .map(|_| {
            let capacity = if random.within(0, 3) == 0 { UNBOUNDED } else { random.within(0, 9) };
            (node(random), node(random), capacity)
        })
        .collect()
}

/// A largest flow over some arcs, checked from all sides; whether distances were corrected on the way.
fn check(mut arcs: Arcs, has: &[i64], wants: &[i64]) -> bool {
    let count = has.len();
    let (graph, mut carried) = Graph::new(count, (&[], &[], &[]), &arcs);
    carried.has.copy_from_slice(has);
    carried.wants.copy_from_slice(wants);
    let all: Vec<u32> = (0..).take(count).collect();
    let mut search = Search::new(&graph);
    search.move_all(&graph, &mut carried, &all, (&all, &all), None).unwrap();
    let moved: i64 = has.iter().sum::<i64>() - carried.has.iter().sum::<i64>();
    assert_eq!(moved, wants.iter().sum::<i64>() - carried.wants.iter().sum::<i64>());
    assert!(carried.flow.iter().zip(&carried.limit).all(|(flow, limit)| (0..=*limit).contains(flow)));
    let mut surplus = vec![0; count];
    for &v in &all {
        let mut used = vec![];
        carried.used.each(graph.out(v), |arc| used.push(arc));
        assert_eq!(used, graph.out(v).filter(|arc| carried.flow[*arc] > 0).collect::<Vec<_>>());
        for arc in used {
            surplus[v as usize] += carried.flow[arc];
            surplus[graph.head[arc] as usize] -= carried.flow[arc];
        }
    }
    for (&node, v) in all.iter().zip(0..) {
        assert_eq!(surplus[v], (has[v] - carried.has[v]) - (wants[v] - carried.wants[v]));
        assert!(!search.met(node) || carried.has[v] == 0, "a way that was not taken");
        assert!(search.met(node) || carried.wants[v] == 0, "a sink that was not looked at");
    }
    let source = u32::try_from(count).unwrap();
    for (&node, v) in all.iter().zip(0..) {
        arcs.push((source, node, has[v]));
        arcs.push((node, source + 1, wants[v]));
    }
    assert_eq!(moved, plain(count + 2, &arcs, count, count + 1));
    search.raising
}

#[test]
fn flows_are_largest_and_the_cut_met_is_full() {
    let mut random = Stream(3);
    for _ in 0..2_000 {
        let nodes = random.within(2, 12);
        let arcs = draw(&mut random, nodes);
        let draws = (0..nodes).map(|_| random.within(-9, 9));
        let (has, wants): (Vec<i64>, Vec<i64>) = draws.map(|units| (units.max(0), (-units).max(0))).unzip();
        check(arcs, &has, &wants);
    }
}

#[test]
fn long_ways_are_found_after_many_rounds() {
    let mut random = Stream(7);
    let mut raised = 0;
    for _ in 0..300 {
        let nodes = random.within(30, 60);
        let mut arcs = Arcs::new();
        for v in 0..nodes {
            for _ in 0..3 {
                let u = (v + random.within(-2, 1)).clamp(0, nodes - 1);
                arcs.push((u32::try_from(v).unwrap(), u32::try_from(u).unwrap(), random.within(0, 60)));
            }
        }
        // Sinks at the low end, sources everywhere else.
        let wants: Vec<i64> = (0..nodes).map(|v| if v < 5 { 30 } else { 0 }).collect();
        let has: Vec<i64> = (0..nodes).map(|v| if v < 5 { 0 } else { random.within(0, 4) }).collect();
        raised += usize::from(check(arcs, &has, &wants));
    }
    assert!(raised > 30, "{raised} with distances corrected on the way");
}

#[test]
fn wider_numbers_give_the_same_flow() {
    let mut random = Stream(4);
    for _ in 0..300 {
        let nodes = random.within(2, 9);
        let arcs = draw(&mut random, nodes);
        let count = usize::try_from(nodes).unwrap();
        let (graph, mut narrow) = Graph::new(count, (&[], &[], &[]), &arcs);
        let mut wide: Carried<i128> = Carried::empty(&graph);
        wide.limit = narrow.limit.iter().map(|limit| i128::from(*limit)).collect();
        (narrow.has[0], narrow.wants[1], wide.has[0], wide.wants[1]) = (20, 20, 20, 20);
        let all: Vec<u32> = (0..).take(count).collect();
        let mut search = Search::new(&graph);
        search.move_all(&graph, &mut narrow, &all, (&[0], &[1]), None).unwrap();
        search.move_all(&graph, &mut wide, &all, (&[0], &[1]), None).unwrap();
        assert!(narrow.flow.iter().zip(&wide.flow).all(|(a, b)| i128::from(*a) == *b));
    }
}
