//! File names in the order in which people count: frame2 before frame10.

use std::cmp::Ordering;

/// Compares runs of digits as numbers, however long, and all else as text. Names that are then equal,
/// such as 7 and 07, are ordered by their text.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    loop {
        let (Some(first), Some(second)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len()).then_with(|| left.cmp(right));
        };
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, rest_a) = split_number(a);
            let (other, rest_b) = split_number(b);
            (a, b) = (rest_a, rest_b);
            // Without leading zeros the longer number is the larger.
            number
                .len()
                .cmp(&other.len())
                .then_with(|| number.cmp(other))
        } else {
            (a, b) = (&a[first.len_utf8()..], &b[second.len_utf8()..]);
            first.cmp(&second)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The digits at the start, without leading zeros, and what follows.
fn split_number(text: &str) -> (&str, &str) {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    (number.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_counted() {
        let mut names = [
            "f10",
            "f9",
            "f1",
            "f010",
            "f99999999999999999999999",
            "e2",
            "f",
            "f9a",
        ];
        names.sort_by(|a, b| compare(a, b));
        let sorted = [
            "e2",
            "f",
            "f1",
            "f9",
            "f9a",
            "f010",
            "f10",
            "f99999999999999999999999",
        ];
        assert_eq!(names, sorted);
    }

    proptest! {
        #[test]
        fn the_order_is_total(names in prop::collection::vec("[a0-1é]{0,5}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]];
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            prop_assert_eq!(compare(a, b) == Ordering::Equal, a == b);
            if compare(a, b).is_le() && compare(b, c).is_le() {
                prop_assert!(compare(a, c).is_le());
            }
        }
    }
}
