//! Sets of numbers in order.

/// Every set of `size` numbers below `count`, in order.
pub(super) fn subsets(count: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let mut next = (size <= count).then(|| (0..size).collect::<Vec<usize>>());
    std::iter::from_fn(move || {
        let current = next.take()?;
        let movable = (0..size).rev().find(|&place| {
            let value = current.get(place).copied().unwrap_or(usize::MAX);
            value < count - (size - place)
        });
        if let Some(place) = movable {
            let mut following = current.clone();
            let start = current.get(place).copied().unwrap_or_default() + 1;
            for (offset, value) in following.iter_mut().skip(place).enumerate() {
                *value = start + offset;
            }
            next = Some(following);
        }
        Some(current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_comes_once_and_in_order() {
        let two: Vec<Vec<usize>> = subsets(4, 2).collect();
        assert_eq!(
            two,
            [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]].map(Vec::from)
        );
        assert_eq!(subsets(3, 3).count(), 1);
        assert_eq!(subsets(2, 3).count(), 0);
        assert_eq!(subsets(6, 3).count(), 20);
    }
}
