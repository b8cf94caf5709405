//! A tree of balls: points in nested groups, each with a centre and a radius.
//!
//! It asks for distances alone, so it serves the sphere, the plane and a table of roads alike: by the triangle
//! inequality nothing in a ball is nearer to a point than the centre is, less the radius.

use super::MOST_POINTS;

/// Points that a ball is not split below.
const LEAF: usize = 8;

/// A group of points.
#[derive(Debug)]
struct Ball {
    /// One of the points.
    centre: u32,
    /// How far the farthest point is from it.
    radius: i64,
    /// The points, as a stretch of the order.
    start: u32,
    end: u32,
    /// The second of its two halves; the first one follows the ball itself. 0 for a leaf.
    second: u32,
}

/// Points in nested balls.
#[derive(Debug)]
pub(super) struct Balls {
    /// The points, such that each ball is a stretch.
    order: Vec<u32>,
    /// In preorder.
    balls: Vec<Ball>,
}

/// What each point adds to a price, and the least of each ball.
pub(super) struct Worths {
    /// In the order of the tree.
    of_point: Vec<i128>,
    least: Vec<i128>,
}

/// What a search looks for, from one point outside of the tree. A price is some points times `unit`, plus what the two
/// points add.
pub(super) struct Query<A, F> {
    /// How far a point of the tree is away.
    pub apart: A,
    /// The points of a pair at least, when it is at least so far apart.
    pub floor: F,
    /// What a point counts.
    pub unit: i128,
    /// What the point outside adds.
    pub own: i128,
    /// Only what is below this is found.
    pub limit: i128,
    /// How many are found at most, the least ones.
    pub most: usize,
}

impl<A, F> Query<A, F> {
    /// The price at least of a pair of at least so many points; points above what is legal count no more than that.
    pub(super) fn at_least(&self, points: i64, worth: i128) -> i128 {
        i128::from(points.clamp(0, MOST_POINTS)) * self.unit + self.own + worth
    }
}

impl Balls {
    /// A tree over the points `0..count`.
    pub(super) fn new(count: u32, apart: impl Fn(u32, u32) -> i64) -> Self {
        let mut tree = Self { order: (0..count).collect(), balls: Vec::new() };
        if count > 0 {
            let mut order = std::mem::take(&mut tree.order);
            tree.grow(&mut order, 0, &apart);
            tree.order = order;
        }
        tree
    }

    fn grow(&mut self, points: &mut [u32], start: u32, apart: &impl Fn(u32, u32) -> i64) {
        let far = |from: u32| points.iter().copied().max_by_key(|&p| (apart(from, p), p)).unwrap_or(from);
        let one = far(points[0]);
        let other = far(one);
        let middle = |&p: &u32| (apart(one, p).max(apart(other, p)), p);
        let centre = points.iter().copied().min_by_key(|p| middle(p)).unwrap_or(one);
        let radius = points.iter().map(|&p| apart(centre, p)).max().unwrap_or(0);
        let at = self.balls.len();
        let size = u32::try_from(points.len()).unwrap_or(u32::MAX);
        self.balls.push(Ball { centre, radius, start, end: start + size, second: 0 });
        if points.len() <= LEAF {
            return;
        }
        let half = points.len() / 2;
        points.select_nth_unstable_by_key(half, |&p| (apart(one, p) - apart(other, p), p));
        let (near, rest) = points.split_at_mut(half);
        self.grow(near, start, apart);
        self.balls[at].second = u32::try_from(self.balls.len()).unwrap_or(u32::MAX);
        self.grow(rest, start + size / 2, apart);
    }

    /// The smallest balls: the centre of each, and its points.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (u32, &[u32])> {
        let leaves = self.balls.iter().filter(|ball| ball.second == 0);
        leaves.map(|ball| (ball.centre, &self.order[ball.start as usize..ball.end as usize]))
    }

    /// What the points of the tree add to a price, made ready for searches.
    pub(super) fn worths(&self, of: impl Fn(u32) -> i128) -> Worths {
        let of_point: Vec<i128> = self.order.iter().map(|&p| of(p)).collect();
        let mut least = vec![i128::MAX; self.balls.len()];
        for at in (0..self.balls.len()).rev() {
            let ball = &self.balls[at];
            least[at] = if ball.second == 0 {
                let points = &of_point[ball.start as usize..ball.end as usize];
                points.iter().copied().min().unwrap_or(i128::MAX)
            } else {
                least[at + 1].min(least[ball.second as usize])
            };
        }
        Worths { of_point, least }
    }

    /// The points with the least prices, in ascending order, and of equal ones those of least index. `price` gets a
    /// point, what it adds, and the number above which its price need not be known.
    pub(super) fn least<A: Fn(u32) -> i64, F: Fn(i64) -> i64>(
        &self,
        worths: &Worths,
        query: &Query<A, F>,
        mut price: impl FnMut(u32, i128, i128) -> Option<i128>,
    ) -> Vec<(i128, u32)> {
        let mut found: Vec<(i128, u32)> = Vec::new();
        let mut limit = query.limit;
        let bound = |at: usize| {
            let ball = &self.balls[at];
            let apart = ((query.apart)(ball.centre) - ball.radius).max(0);
            query.at_least((query.floor)(apart), worths.least[at])
        };
        let mut stack: Vec<(i128, usize)> = Vec::new();
        if !self.balls.is_empty() && query.most > 0 {
            stack.push((bound(0), 0));
        }
        while let Some((least, at)) = stack.pop() {
            // A full list still takes what ties with its last and comes before it.
            if if found.len() < query.most { least >= limit } else { least > limit } {
                continue;
            }
            let ball = &self.balls[at];
            if ball.second != 0 {
                let halves = [at + 1, ball.second as usize].map(|half| (bound(half), half));
                // The better half is looked at first.
                let [a, b] = halves;
                stack.extend(if a.0 <= b.0 { [b, a] } else { [a, b] });
                continue;
            }
            for place in ball.start as usize..ball.end as usize {
                let point = self.order[place];
                let Some(priced) = price(point, worths.of_point[place], limit) else { continue };
                let full = found.len() == query.most;
                if priced >= query.limit || (full && found.last().is_some_and(|last| (priced, point) >= *last)) {
                    continue;
                }
                if full {
                    found.pop();
                }
                let place = found.partition_point(|known| *known < (priced, point));
                found.insert(place, (priced, point));
                if let (true, Some(last)) = (found.len() == query.most, found.last()) {
                    limit = last.0;
                }
            }
        }
        found
    }
}
