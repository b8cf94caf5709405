//! The tie level: a stable number per pair that says nothing but tells equal solutions apart.

use uuid::Uuid;

/// A number from 0 to 2^32 - 1 from two identifiers; SplitMix64's finaliser over their halves, so
/// that it depends on no hasher of the standard library.
pub(crate) fn points(a: Uuid, b: Uuid) -> i64 {
    let mut state: u64 = 0x4d75_7374_6572;
    let ((a, b), (c, d)) = (a.as_u64_pair(), b.as_u64_pair());
    for half in [a, b, c, d] {
        state = mix(state ^ half);
    }
    i64::from(u32::try_from(state >> 32).unwrap_or(u32::MAX))
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
