//! Work that threads share where there is enough of it.
//!
//! Starting the threads takes longer than judging a small machine, which is why none is started
//! for one. The order of results never depends on how the work was shared.

use rayon::prelude::*;

/// Functions that are worth a thread of their own.
pub(crate) const PER_THREAD: usize = 512;

/// What `f` makes of each item and its place, in order.
pub(crate) fn map<T, R>(items: &[T], f: impl Fn(usize, &T) -> R + Send + Sync) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    if is_small(items.len()) {
        return items
            .iter()
            .enumerate()
            .map(|(i, item)| f(i, item))
            .collect();
    }
    let shared = items.par_iter().with_min_len(PER_THREAD).enumerate();
    shared.map(|(i, item)| f(i, item)).collect()
}

/// What `f` makes of those items that it does not pass over, in order.
pub(crate) fn filter_map<T, R>(
    items: &[T],
    f: impl Fn(usize, &T) -> Option<R> + Send + Sync,
) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    if is_small(items.len()) {
        let each = items.iter().enumerate();
        return each.filter_map(|(i, item)| f(i, item)).collect();
    }
    let shared = items.par_iter().with_min_len(PER_THREAD).enumerate();
    shared.filter_map(|(i, item)| f(i, item)).collect()
}

/// What `f` makes of each [`PER_THREAD`] neighbouring items, in order; the last may be fewer.
pub(crate) fn map_chunks<T, R>(items: &[T], f: impl Fn(&[T]) -> R + Send + Sync) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    if is_small(items.len()) {
        return items.chunks(PER_THREAD).map(f).collect();
    }
    items.par_chunks(PER_THREAD).map(f).collect()
}

/// Both results of two pieces of work about so many functions.
pub(crate) fn join<A: Send, B: Send>(
    functions: usize,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if is_small(functions) {
        return (a(), b());
    }
    rayon::join(a, b)
}

const fn is_small(functions: usize) -> bool {
    functions <= PER_THREAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_however_many_there_are() {
        for count in [0, 1, PER_THREAD, PER_THREAD + 1, 5 * PER_THREAD + 3] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |place, &item| (place, item)).len(), count);
            assert!(
                map(&items, |place, &item| place == item)
                    .iter()
                    .all(|&same| same)
            );
            let even = filter_map(&items, |place, &item| (place % 2 == 0).then_some(item));
            assert!(even.iter().copied().eq((0..count).step_by(2)));
            let chunks = map_chunks(&items, <[usize]>::to_vec);
            assert_eq!(chunks.concat(), items);
            assert!(
                chunks
                    .iter()
                    .rev()
                    .skip(1)
                    .all(|chunk| chunk.len() == PER_THREAD)
            );
            assert_eq!(join(count, || 1, || 2), (1, 2));
        }
    }
}
