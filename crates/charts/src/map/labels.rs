//! Names beside circles: the largest first, each where it covers no other name and, if it can, no circle.

/// A rectangle on the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// A circle on the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Disc {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) radius: f64,
}

impl Room {
    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn inside(&self, other: &Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }

    fn covers(&self, disc: &Disc) -> bool {
        let near = (disc.x.clamp(self.left, self.right), disc.y.clamp(self.top, self.bottom));
        (near.0 - disc.x).hypot(near.1 - disc.y) < disc.radius.max(MARK)
    }

    /// The line that leads from the edge of a disc to the room; `None` where the room lies beside the disc.
    pub(super) fn leader(&self, disc: &Disc) -> Option<[f64; 4]> {
        let (x, y) = (disc.x.clamp(self.left, self.right), disc.y.clamp(self.top, self.bottom));
        let away = (x - disc.x).hypot(y - disc.y);
        let edge = disc.radius / away;
        (away > disc.radius + NEAREST + 6.0).then_some([
            disc.x + (x - disc.x) * edge,
            disc.y + (y - disc.y) * edge,
            x,
            y,
        ])
    }
}

/// How far a name stands off a disc: beside it, or at the end of a line.
const NEAREST: f64 = 3.0;
const FARTHER: [f64; 4] = [16.0, 30.0, 46.0, 60.0];
/// What is only a mark takes as much room as a disc of this radius.
const MARK: f64 = 3.0;

/// Rooms of a size around a disc, the best first: right, left, above, below, then the corners.
fn around(disc: &Disc, (width, height): (f64, f64), air: f64) -> [Room; 8] {
    let (beside, corner) = (disc.radius + air, disc.radius * 0.75 + air);
    let (half_width, half_height) = (width / 2.0, height / 2.0);
    let middles = [
        (beside + half_width, 0.0),
        (-beside - half_width, 0.0),
        (0.0, -beside - half_height),
        (0.0, beside + half_height),
        (corner + half_width, -corner - half_height),
        (corner + half_width, corner + half_height),
        (-corner - half_width, -corner - half_height),
        (-corner - half_width, corner + half_height),
    ];
    middles.map(|(dx, dy)| {
        let (x, y) = (disc.x + dx, disc.y + dy);
        Room { left: x - half_width, right: x + half_width, top: y - half_height, bottom: y + half_height }
    })
}

/// A room for each of the first `most` labels that finds one, with its index; `discs` are in the order of importance,
/// and `sizes` are the labels' for as many of them as want one.
pub(super) fn placed(discs: &[Disc], sizes: &[(f64, f64)], frame: Room, most: usize) -> Vec<(usize, Room)> {
    let mut taken: Vec<(usize, Room)> = Vec::new();
    for (index, (disc, size)) in discs.iter().zip(sizes).enumerate() {
        if taken.len() >= most {
            break;
        }
        let free = |room: &Room| room.inside(&frame) && taken.iter().all(|(_, other)| !room.meets(other));
        let clear = |room: &Room, least: f64| {
            discs.iter().filter(|other| other.radius >= least).all(|other| !room.covers(other))
        };
        let choose =
            |air: f64, least: f64| around(disc, *size, air).into_iter().find(|room| free(room) && clear(room, least));
        // Where all is full, a name may lie over small circles, not over those that are about as large as its own.
        let clear_of_all = std::iter::once(NEAREST).chain(FARTHER).find_map(|air| choose(air, 0.0));
        taken.extend(clear_of_all.or_else(|| choose(NEAREST, disc.radius * 0.5)).map(|room| (index, room)));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_off_each_other_and_off_large_circles() {
        let discs: Vec<Disc> = (0..40)
            .map(|i| Disc { x: f64::from(i * 37 % 200), y: f64::from(i * 53 % 150), radius: 20.0 - f64::from(i) / 4.0 })
            .collect();
        let frame = Room { left: -80.0, top: -40.0, right: 280.0, bottom: 190.0 };
        let placed = placed(&discs, &vec![(60.0, 24.0); discs.len()], frame, 10);
        assert!(placed.len() >= 3, "{placed:?}");
        for (at, (index, room)) in placed.iter().enumerate() {
            assert!(room.inside(&frame));
            assert!(placed[at + 1..].iter().all(|(_, other)| !room.meets(other)));
            assert!(
                discs.iter().filter(|disc| disc.radius >= discs[*index].radius * 0.5).all(|disc| !room.covers(disc))
            );
        }
    }
}
