//! A minimum-cost flow with a slack node, in the columns that every contender gets.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use matching::flow::{Components, LevelCosts, Network, NetworkBuilder, NetworkError, UNBOUNDED};

/// One problem: node 0 is the slack node, where unused output goes and uncovered demand comes from.
///
/// Peers minimise one sum, we minimise uncovered units first and cost second. The two agree because an
/// arc from the slack node to a need costs more than any way to serve one unit more can: such a way
/// enters each need of its part of the market once at most, so it costs at most their number times the
/// largest cost of a pair, and the penalty is one more than that.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// Supply per node in units; demand is negative; the sum is zero.
    pub supply: Vec<i64>,
    /// The node each arc leaves.
    pub from: Vec<u32>,
    /// The node each arc enters.
    pub to: Vec<u32>,
    /// Cost per unit.
    pub cost: Vec<i64>,
    /// The most an arc can ever carry, for peers that cannot do without a capacity; ours have none.
    pub room: Vec<i64>,
    /// Per node but the first, the arc it hangs on in our first basis.
    pub hold: Vec<u32>,
}

/// A part of a problem that shares nothing with the others but the slack node, or the whole.
#[derive(Debug, Clone, Default)]
pub struct Part {
    supply: Vec<i64>,
    from: Vec<u32>,
    to: Vec<u32>,
    cost: Vec<i64>,
    hold: Vec<u32>,
}

impl Problem {
    /// A problem of the slack node alone.
    pub fn new() -> Self {
        Self { supply: vec![0], hold: vec![u32::MAX], ..Self::default() }
    }

    /// Adds a node and returns its index.
    pub fn node(&mut self, supply: i64) -> u32 {
        self.supply.push(supply);
        self.supply[0] -= supply;
        self.hold.push(u32::MAX);
        index(self.supply.len() - 1)
    }

    /// Adds an arc that can carry at most `room` and returns its index.
    pub fn arc(&mut self, from: u32, to: u32, cost: i64, room: i64) -> u32 {
        self.from.push(from);
        self.to.push(to);
        self.cost.push(cost);
        self.room.push(room);
        index(self.from.len() - 1)
    }

    /// Says on which arc a node hangs in our first basis.
    pub fn hang(&mut self, node: u32, arc: u32) {
        self.hold[node as usize] = arc;
    }

    /// How many arcs there are, those of the slack node included.
    pub fn arcs(&self) -> usize {
        self.from.len()
    }

    /// Writes the problem for the peers: node and arc counts, supplies, tails, heads, costs, capacities;
    /// little-endian, nodes in 32 bits and the rest in 64.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        for count in [self.supply.len(), self.from.len()] {
            file.write_all(&(count as u64).to_le_bytes())?;
        }
        let wide = |file: &mut BufWriter<File>, column: &[i64]| {
            column.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))
        };
        wide(&mut file, &self.supply)?;
        for node in self.from.iter().chain(&self.to) {
            file.write_all(&node.to_le_bytes())?;
        }
        wide(&mut file, &self.cost)?;
        wide(&mut file, &self.room)?;
        file.flush()
    }

    /// Finds the parts that share only the slack node: per node its part, and their number, the slack
    /// node counted as part 0.
    pub fn parts(&self) -> (Vec<u32>, u32) {
        let mut joined = Components::new(index(self.supply.len()));
        for (&from, &to) in self.from.iter().zip(&self.to) {
            if from != 0 && to != 0 {
                joined.join(from, to);
            }
        }
        joined.numbered()
    }

    /// Hands nodes and arcs out to the parts found.
    pub fn split(&self, (of, count): &(Vec<u32>, u32)) -> Vec<Part> {
        let ends = || self.from.iter().copied().zip(self.to.iter().copied());
        // The slack node is the smallest, so the larger end is in the part.
        let part_of = |from: u32, to: u32| of[from.max(to) as usize] as usize - 1;
        let mut parts: Vec<Part> = (1..*count).map(|_| Part::new()).collect();
        let mut place = vec![0; self.supply.len()];
        for (node, &supply) in self.supply.iter().enumerate().skip(1) {
            let part = &mut parts[of[node] as usize - 1];
            place[node] = index(part.supply.len());
            part.supply.push(supply);
            part.hold.push(u32::MAX);
        }
        let mut arcs = vec![0; parts.len()];
        for (from, to) in ends() {
            arcs[part_of(from, to)] += 1;
        }
        for (part, &count) in parts.iter_mut().zip(&arcs) {
            part.reserve(count);
        }
        for (arc, (from, to)) in ends().enumerate() {
            let part = &mut parts[part_of(from, to)];
            for end in [from, to] {
                if end != 0 && self.hold[end as usize] as usize == arc {
                    part.hold[place[end as usize] as usize] = index(part.from.len());
                }
            }
            part.from.push(place[from as usize]);
            part.to.push(place[to as usize]);
            part.cost.push(self.cost[arc]);
        }
        parts
    }
}

impl Part {
    fn new() -> Self {
        Self { supply: vec![0], hold: vec![u32::MAX], ..Self::default() }
    }

    fn reserve(&mut self, arcs: usize) {
        self.from.reserve_exact(arcs);
        self.to.reserve_exact(arcs);
        self.cost.reserve_exact(arcs);
    }

    /// How many arcs there are.
    pub fn arcs(&self) -> usize {
        self.from.len()
    }

    /// Builds the network, checks included.
    pub fn build(self) -> Result<Network, NetworkError> {
        let mut builder = NetworkBuilder::new(1);
        builder.reserve_arcs(self.from.len());
        for &supply in &self.supply[1..] {
            builder.node(supply);
        }
        for (&from, &to) in self.from.iter().zip(&self.to) {
            builder.arc(from, to, UNBOUNDED);
        }
        for (node, &arc) in (1..).zip(&self.hold[1..]) {
            builder.hang(node, arc);
        }
        builder.costs(0, LevelCosts::Dense(self.cost));
        builder.build()
    }
}

/// An index in 32 bits; more than that no instance here has.
pub fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
