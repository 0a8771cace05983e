//! A tidy tree that grows to the right: every node beside its children, no two boxes overlap,
//! and a small subtree may tuck in under a large neighbour (Reingold and Tilford, "Tidier
//! Drawings of Trees", 1981; heights vary as in van der Ploeg, "Drawing Non-layered Tidy Trees
//! in Linear Time", 2014).

/// Space between two boxes of one column.
const GAP: i32 = 12;
/// A parent sits in the middle of its children, but at most this far below the first one: the
/// head of a long list stays in sight.
const LOWEST_PARENT: i32 = 150;

/// A node to place.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Height of its box.
    pub(super) height: i32,
    /// What hangs on it, in order.
    pub(super) children: Vec<usize>,
    /// Upper edge of its box; set by [`place`].
    pub(super) top: i32,
}

/// The space that a subtree takes, column by column from its root on.
#[derive(Default)]
struct Outline {
    columns: Vec<(i32, i32)>,
}

/// Places every tree of the forest below the one before. `spots` holds children after their
/// parents. Returns the height of the whole picture.
pub(super) fn place(spots: &mut [Spot], roots: &[usize]) -> i32 {
    let mut outlines: Vec<Outline> = spots.iter().map(|_| Outline::default()).collect();
    // Tops are relative to the parent until all are known.
    for index in (0..spots.len()).rev() {
        let children = spots[index].children.clone();
        outlines[index] = row(spots, &mut outlines, &children);
        let head = head(spots, &children);
        for &child in &children {
            spots[child].top -= head;
        }
        let below = std::mem::take(&mut outlines[index].columns);
        outlines[index].columns = std::iter::once((0, spots[index].height))
            .chain(below.into_iter().map(|(top, end)| (top - head, end - head)))
            .collect();
    }
    let forest = row(spots, &mut outlines, roots);
    let highest = forest.columns.iter().map(|column| column.0).min();
    let lowest = forest.columns.iter().map(|column| column.1).max();
    let (highest, lowest) = (highest.unwrap_or(0), lowest.unwrap_or(0));
    for &root in roots {
        spots[root].top -= highest;
    }
    for index in 0..spots.len() {
        let top = spots[index].top;
        for child in spots[index].children.clone() {
            spots[child].top += top;
        }
    }
    lowest - highest
}

/// Puts subtrees below each other, as close as their outlines allow; the first one stays at 0.
fn row(spots: &mut [Spot], outlines: &mut [Outline], nodes: &[usize]) -> Outline {
    let mut taken = Outline::default();
    for &node in nodes {
        let outline = std::mem::take(&mut outlines[node]);
        let shift = taken
            .columns
            .iter()
            .zip(&outline.columns)
            .map(|(above, below)| above.1 + GAP - below.0)
            .max()
            .unwrap_or(0);
        spots[node].top = shift;
        for (column, &(top, end)) in outline.columns.iter().enumerate() {
            let (top, end) = (top + shift, end + shift);
            match taken.columns.get_mut(column) {
                Some(known) => *known = (known.0.min(top), known.1.max(end)),
                None => taken.columns.push((top, end)),
            }
        }
    }
    taken
}

/// Where a parent's upper edge lies, seen from its first child's. Lines leave and arrive at the
/// first line of a box, so that edges are what is brought in line, not middles.
fn head(spots: &[Spot], children: &[usize]) -> i32 {
    let (Some(&first), Some(&last)) = (children.first(), children.last()) else {
        return 0;
    };
    let middle = i32::midpoint(spots[first].top, spots[last].top);
    middle.clamp(0, LOWEST_PARENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A forest from the parent of each node.
    fn forest(parents: &[Option<usize>], heights: &[i32]) -> (Vec<Spot>, Vec<usize>) {
        let mut spots: Vec<Spot> = heights
            .iter()
            .map(|&height| Spot {
                height,
                children: Vec::new(),
                top: 0,
            })
            .collect();
        let mut roots = Vec::new();
        for (index, parent) in parents.iter().enumerate() {
            match *parent {
                Some(parent) => {
                    spots[parent].children.push(index);
                }
                None => roots.push(index),
            }
        }
        (spots, roots)
    }

    fn assert_tidy(spots: &[Spot], height: i32) {
        let mut depths = vec![0; spots.len()];
        for (index, spot) in spots.iter().enumerate() {
            for &child in &spot.children {
                depths[child] = depths[index] + 1;
            }
        }
        for (index, spot) in spots.iter().enumerate() {
            assert!(
                spot.top >= 0 && spot.top + spot.height <= height,
                "{index} leaves the picture"
            );
            for (other, neighbour) in spots.iter().enumerate().skip(index + 1) {
                let apart = depths[index] != depths[other]
                    || spot.top + spot.height + GAP <= neighbour.top
                    || neighbour.top + neighbour.height + GAP <= spot.top;
                assert!(apart, "{index} and {other} overlap: {spot:?} {neighbour:?}");
            }
        }
    }

    #[test]
    fn a_parent_sits_in_the_middle_of_its_children() {
        let (mut spots, roots) = forest(&[None, Some(0), Some(0)], &[40, 40, 40]);
        let height = place(&mut spots, &roots);
        assert_eq!(
            spots.iter().map(|spot| spot.top).collect::<Vec<_>>(),
            [26, 0, 52]
        );
        assert_eq!(height, 92);
    }

    #[test]
    fn the_head_of_a_long_list_stays_in_sight() {
        let parents: Vec<_> = (0..101).map(|index| (index > 0).then_some(0)).collect();
        let (mut spots, roots) = forest(&parents, &[40; 101]);
        place(&mut spots, &roots);
        assert_eq!(spots[0].top, LOWEST_PARENT);
    }

    #[test]
    fn a_leaf_tucks_in_beside_a_deep_neighbour() {
        // 1 has three children; 2 has none and need not wait for them to end.
        let parents = [None, Some(0), Some(0), Some(1), Some(1), Some(1)];
        let (mut spots, roots) = forest(&parents, &[40; 6]);
        let height = place(&mut spots, &roots);
        assert_tidy(&spots, height);
        assert!(spots[2].top < spots[5].top + spots[5].height);
    }

    #[test]
    fn nothing_overlaps_in_any_forest() {
        use proptest::prelude::*;
        let shape = proptest::collection::vec((any::<u16>(), 20..90_i32), 1..60);
        proptest!(|(nodes in shape)| {
            let parents: Vec<Option<usize>> = nodes
                .iter()
                .enumerate()
                .map(|(index, &(pick, _))| {
                    let parent = usize::from(pick) % (index + 1);
                    (parent < index).then_some(parent)
                })
                .collect();
            let heights: Vec<i32> = nodes.iter().map(|node| node.1).collect();
            let (mut spots, roots) = forest(&parents, &heights);
            let height = place(&mut spots, &roots);
            assert_tidy(&spots, height);
        });
    }
}
