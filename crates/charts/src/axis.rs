//! Round figures: the marks of an axis and the circles of a legend.

/// The figures 1, 2 and 5 with any number of noughts, as far as the type goes.
fn round_figures() -> impl Iterator<Item = i128> {
    let powers = std::iter::successors(Some(1_i128), |power| power.checked_mul(10));
    powers.flat_map(|power| [Some(power), power.checked_mul(2), power.checked_mul(5)].into_iter().flatten())
}

/// The marks of an axis from nought to `most`: two to eight, evenly spaced, the last not below `most`.
pub(crate) fn marks(most: i128) -> Vec<i128> {
    let most = most.max(1);
    let step = round_figures().find(|step| step.saturating_mul(7) >= most).unwrap_or(i128::MAX);
    let mut marks = vec![0];
    let mut last: i128 = 0;
    while last < most {
        last = last.saturating_add(step);
        marks.push(last);
    }
    marks
}

/// The largest round figure that is not above `most`; nought where there is none.
pub(crate) fn round_below(most: i128) -> i128 {
    round_figures().take_while(|figure| *figure <= most).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_reach_the_top() {
        assert_eq!(marks(0), [0, 1]);
        assert_eq!(marks(7), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(marks(100), [0, 20, 40, 60, 80, 100]);
        assert_eq!(marks(101), [0, 20, 40, 60, 80, 100, 120]);
        for most in (1..2_000).chain([i128::MAX, i128::MAX - 1, 10_i128.pow(12) * 3]) {
            let marks = marks(most);
            assert!((2..=8).contains(&marks.len()) && marks.last() >= Some(&most), "{most}: {marks:?}");
            assert!(marks.is_sorted_by(|a, b| a < b), "{most}: {marks:?}");
        }
    }

    #[test]
    fn round_figures_stay_below() {
        assert_eq!([0, 1, 4, 99, 234_567].map(round_below), [0, 1, 2, 50, 200_000]);
        assert_eq!(round_below(i128::MAX), 10_i128.pow(38));
    }
}
