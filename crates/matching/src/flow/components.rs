//! Splits a market into parts that share nothing.

/// A union-find over `0..len` whose numbering of parts depends on the sets alone.
#[derive(Debug, Clone)]
pub struct Components {
    parent: Vec<u32>,
}

impl Components {
    /// Every element on its own.
    pub fn new(len: u32) -> Self {
        Self { parent: (0..len).collect() }
    }

    /// The smallest element of the set that holds `element`.
    pub fn find(&mut self, element: u32) -> u32 {
        let mut at = element;
        while self.parent[at as usize] != at {
            // Path halving: each step points one higher.
            let above = self.parent[self.parent[at as usize] as usize];
            self.parent[at as usize] = above;
            at = above;
        }
        at
    }

    /// Joins two sets and says whether they were apart.
    pub fn join(&mut self, a: u32, b: u32) -> bool {
        // Most pairs of a market join what is joined already.
        if self.parent[a as usize] == self.parent[b as usize] {
            return false;
        }
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return false;
        }
        // The smaller element stays on top, so the name of a set does not depend on the order of joins.
        self.parent[a.max(b) as usize] = a.min(b);
        true
    }

    /// The part of each element, and how many parts there are; parts are numbered by their smallest element.
    pub fn numbered(&mut self) -> (Vec<u32>, u32) {
        let mut numbers: Vec<u32> = Vec::with_capacity(self.parent.len());
        let mut parts = 0;
        for element in 0..u32::try_from(self.parent.len()).unwrap_or(u32::MAX) {
            let top = self.find(element);
            if top == element {
                numbers.push(parts);
                parts += 1;
            } else {
                // The smallest element of a set comes first, so its number is known.
                numbers.push(numbers[top as usize]);
            }
        }
        (numbers, parts)
    }
}
