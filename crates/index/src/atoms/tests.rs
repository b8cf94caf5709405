use super::*;

/// A fixed stream of numbers.
struct Dice(u64);

impl Dice {
    /// 0 to `most`.
    fn upto(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % (most + 1)
    }
}

/// One thing each, with figures in the first weeks.
struct Things(Vec<[[i128; 2]; 3]>);

impl Holdings<2> for Things {
    fn organisation(&self, item: u32) -> u32 {
        item
    }

    fn weekly(&mut self, items: &[u32], out: &mut [[i128; 2]]) {
        for item in items {
            for (week, figures) in out.iter_mut().zip(self.0[*item as usize]) {
                week[0] += figures[0];
                week[1] += figures[1];
            }
        }
    }
}

#[test]
fn a_cluster_is_told_what_it_would_be_if_its_part_were_taken_off() {
    let (mut told, mut withheld, mut looked_again) = (0, 0, 0);
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let count = 2 + dice.upto(14);
        // Most of a cluster is large, so that the largest figures are often all known to it.
        let figure = |dice: &mut Dice, large: bool| match dice.upto(3) {
            0 => 0,
            1 => -i128::from(dice.upto(9)),
            _ => i128::from(dice.upto(if large { 90 } else { 20 })),
        };
        let (mut things, mut members) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let clusters: Vec<u32> = (100..102).filter(|_| dice.upto(2) == 0).collect();
            let large = !clusters.is_empty();
            things.push(std::array::from_fn(|_| [figure(&mut dice, large), figure(&mut dice, large)]));
            members.push(clusters);
        }
        let mut things = Things(things);
        let items: Vec<u32> = (0..u32::try_from(count).unwrap()).collect();
        let knows = |cluster: u32, owner: u32| members[owner as usize].contains(&cluster);
        let whole = Shares::of(&items, &mut things);
        let remains = Remains::of(whole, &items, &mut things, |owner| members[owner as usize].iter().copied());
        for week in 0..3 {
            let rest = |cluster: u32, things: &mut Things| {
                let unknown: Vec<u32> = items.iter().copied().filter(|item| !knows(cluster, *item)).collect();
                Shares::of(&unknown, things)
            };
            let clusters: Vec<u32> = (100..102).filter(|c| members.iter().any(|m| m.contains(c))).collect();
            let naive = clusters.iter().all(|c| rest(*c, &mut things).weeks[week].iter().all(Share::may_be_told));
            let found = remains.may_be_told(week, knows, |cluster, week| {
                looked_again += 1;
                std::array::from_fn(|k| rest(cluster, &mut things).weeks[week][k].largest)
            });
            assert_eq!(found, naive, "seed {seed}, week {week}");
            *(if found { &mut told } else { &mut withheld }) += 1;
        }
    }
    assert!(
        told > 500 && withheld > 500 && looked_again > 100,
        "{told} told, {withheld} not, {looked_again} looked again"
    );
}
