//! Random exchanges against a tree that knows nothing but parents.
#![expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "small draws")]

use super::super::tests::Stream;
use super::super::{NetworkBuilder, ROOT};
use super::{Branch, Exchange, Tree};

/// Parent, arc, up, down and potential by the network's node.
#[derive(Clone, Copy)]
struct Plain {
    parent: usize,
    arc: u32,
    up: i64,
    down: i64,
    potential: i64,
}

fn ancestors(plain: &[Plain], node: usize) -> Vec<usize> {
    let mut list = vec![node];
    while list[list.len() - 1] != 0 {
        list.push(plain[list[list.len() - 1]].parent);
    }
    list
}

fn check(tree: &Tree, plain: &[Plain]) {
    let nodes = plain.len();
    let mut sizes = vec![0; nodes];
    for node in 0..nodes {
        for above in ancestors(plain, node) {
            sizes[above] += 1;
        }
    }
    let mut place = vec![0; nodes];
    let mut order = vec![];
    let mut index = ROOT;
    for at in 0..nodes {
        place[index as usize] = at;
        order.push(index as usize);
        let after = tree.thread[index as usize];
        assert_eq!(tree.back[after as usize], index);
        index = after;
    }
    assert_eq!(index, ROOT, "the ring holds every node once");
    for (index, &name) in tree.name.iter().enumerate() {
        let (at, expected) = (tree.branch[index], plain[name as usize]);
        let size = sizes[name as usize];
        assert_eq!(at.size as usize, size);
        assert_eq!(tree.last[index] as usize, order[place[index] + size - 1]);
        let relative = tree.potential[index] - tree.potential[ROOT as usize];
        assert_eq!(relative, expected.potential - plain[0].potential);
        if index > 0 {
            let parent = tree.name[at.parent as usize] as usize;
            assert_eq!((parent, at.arc, at.up, at.down), (expected.parent, expected.arc, expected.up, expected.down));
            // A subtree is one stretch: with its size right, it is enough that the parent comes before.
            let above = place[at.parent as usize];
            assert!(
                above < place[index] && place[index] + size <= above + tree.branch[at.parent as usize].size as usize
            );
        }
    }
}

#[test]
fn exchanges_shifts_and_numberings_keep_the_tree_whole() {
    let mut random = Stream(20);
    for nodes in [2_usize, 3, 5, 12, 40] {
        let mut builder = NetworkBuilder::new(0);
        for node in 1..nodes {
            let node_index = builder.node(1);
            builder.drain(node_index, if node % 3 == 0 { node_index - 1 } else { ROOT });
        }
        let mut tree = Tree::first(&builder.build().unwrap());
        let mut plain: Vec<Plain> = (0..nodes)
            .map(|node| {
                let Branch { parent, arc, up, down, .. } = tree.branch[node];
                Plain { parent: parent as usize, arc, up, down, potential: 0 }
            })
            .collect();
        check(&tree, &plain);
        for step in 0..600_u32 {
            let inside = random.within(1, nodes as i64 - 1) as usize;
            let outside = random.within(0, nodes as i64 - 1) as usize;
            let (path, other) = (ancestors(&plain, inside), ancestors(&plain, outside));
            let free: Vec<usize> = path.iter().copied().filter(|node| !other.contains(node)).collect();
            if free.is_empty() {
                continue;
            }
            let cut = free[random.within(0, free.len() as i64 - 1) as usize];
            let join = path[free.len()];
            let (arc, up, down) = (1_000 + step, random.within(0, 9), random.within(0, 9));
            let index_of = |name: usize| tree.name.iter().position(|&n| n as usize == name).unwrap() as u32;
            let (inside_at, outside_at) = (index_of(inside), index_of(outside));
            let (cut_at, join_at) = (index_of(cut), index_of(join));
            let exchange =
                Exchange { cut: cut_at, inside: inside_at, outside: outside_at, join: join_at, arc, up, down };
            tree.exchange(exchange);
            let amount = random.within(-50, 50);
            tree.shift(inside_at, amount);

            let moved: Vec<usize> = (0..nodes).filter(|&node| ancestors(&plain, node).contains(&cut)).collect();
            for node in moved {
                plain[node].potential += amount;
            }
            let mut hang = Plain { parent: outside, arc, up, down, potential: 0 };
            for &node in &path {
                let old = plain[node];
                plain[node] = Plain { potential: old.potential, ..hang };
                hang = Plain { parent: node, arc: old.arc, up: old.down, down: old.up, potential: 0 };
                if node == cut {
                    break;
                }
            }
            if step % 7 == 0 {
                let new_of = tree.renumber();
                assert_eq!(new_of[ROOT as usize], ROOT);
                assert!(tree.thread[..nodes - 1].iter().zip(1..).all(|(&after, next)| after == next));
            }
            check(&tree, &plain);
        }
        let named = tree.named_potentials();
        assert!(plain.iter().zip(named).all(|(plain_node, p)| p == plain_node.potential - plain[0].potential));
    }
}
