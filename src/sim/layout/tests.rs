use proptest::prelude::*;

use super::*;

fn range(start: u64, len: u64) -> AddrRange {
    AddrRange::with_len(start, len).unwrap()
}

fn natural(sizes: &[u64]) -> Vec<Request> {
    sizes
        .iter()
        .map(|&size| Request::natural(size).unwrap())
        .collect()
}

/// Whether any arrangement exists, by trying every aligned address for every request: an
/// oracle that shares no idea with the allocator.
fn exists(windows: &[AddrRange], requests: &[Request], taken: &mut Vec<AddrRange>) -> bool {
    let Some((request, rest)) = requests.split_first() else {
        return true;
    };
    for window in windows {
        for start in window.start()..=window.last() {
            let place = range(start, request.size());
            if start % request.align() != 0
                || !window.contains(place)
                || taken.iter().any(|other| other.overlaps(place))
            {
                continue;
            }
            taken.push(place);
            if exists(windows, rest, taken) {
                return true;
            }
            taken.pop();
        }
    }
    false
}

fn check(windows: &[AddrRange], requests: &[Request], places: &[AddrRange]) {
    assert_eq!(places.len(), requests.len());
    for (index, (place, request)) in places.iter().zip(requests).enumerate() {
        assert_eq!(place.len(), request.size());
        assert_eq!(place.start() % request.align(), 0, "{place} is not aligned");
        assert!(
            Free::of(windows)
                .blocks()
                .iter()
                .any(|window| window.contains(*place)),
            "{place} is outside"
        );
        for other in &places[index + 1..] {
            assert!(!place.overlaps(*other), "{place} overlaps {other}");
        }
    }
}

fn small_windows() -> impl Strategy<Value = Vec<AddrRange>> {
    prop::collection::vec((0_u64..40, 1_u64..17), 1..3).prop_map(|windows| {
        windows
            .into_iter()
            .map(|(start, len)| range(start, len))
            .collect()
    })
}

fn small_requests() -> impl Strategy<Value = Vec<Request>> {
    let request = (1_u64..9, 0_u32..4).prop_map(|(size, align)| Request::new(size, 1 << align));
    prop::collection::vec(request.prop_map(Option::unwrap), 0..5)
}

proptest! {
    #[test]
    fn placements_are_apart_aligned_and_inside_and_refusals_are_true(
        windows in small_windows(),
        requests in small_requests(),
    ) {
        let merged = Free::of(&windows).blocks().to_vec();
        let possible = exists(&merged, &requests, &mut Vec::new());
        match place(&windows, &requests) {
            Outcome::Placed(places) => {
                check(&windows, &requests, &places);
                prop_assert!(possible);
            }
            Outcome::DoesNotFit(shortfall) => {
                prop_assert!(!possible);
                prop_assert!(shortfall.largest < shortfall.needed);
                prop_assert!(shortfall.largest <= shortfall.free);
            }
            Outcome::Undecided(_) => prop_assert!(false, "small cases are decided"),
        }
    }

    #[test]
    fn natural_requests_need_no_search(
        windows in small_windows(),
        orders in prop::collection::vec(1_u32..4, 0..5),
    ) {
        let requests: Vec<_> = orders.iter().map(|o| Request::natural(1 << o).unwrap()).collect();
        let merged = Free::of(&windows).blocks().to_vec();
        prop_assert_eq!(
            place(&windows, &requests).placed().is_some(),
            exists(&merged, &requests, &mut Vec::new())
        );
    }

    #[test]
    fn the_reported_minimum_is_minimal(base in 0_u64..32, requests in small_requests()) {
        let smallest = minimum(base, &requests, 1, 96).unwrap();
        prop_assert!(smallest.proven);
        let holds = |size: u64| {
            AddrRange::with_len(base, size).is_some_and(|window| {
                exists(&[window], &requests, &mut Vec::new())
            })
        };
        prop_assert!(requests.is_empty() || holds(smallest.size));
        prop_assert!(smallest.size == 0 || !holds(smallest.size - 1));
    }

    #[test]
    fn large_cases_hold_the_same_properties(
        base in any::<u64>(),
        len in 1_u64..1 << 50,
        orders in prop::collection::vec(12_u32..45, 0..40),
    ) {
        let Some(window) = AddrRange::with_len(base, len) else { return Ok(()) };
        let requests: Vec<_> = orders.iter().map(|o| Request::natural(1 << o).unwrap()).collect();
        if let Outcome::Placed(places) = place(&[window], &requests) {
            check(&[window], &requests, &places);
        }
    }
}

#[test]
fn nothing_to_place_is_placed_even_without_windows() {
    assert_eq!(place(&[], &[]), Outcome::Placed(Vec::new()));
    assert_eq!(
        minimum(0x1000, &[], 1 << 20, 1 << 40),
        Some(Minimum {
            size: 0,
            proven: true
        })
    );
}

#[test]
fn exhaustion_names_the_exact_shortfall() {
    let outcome = place(&[range(0x1000, 0x3000)], &natural(&[0x2000, 0x2000]));
    assert_eq!(
        outcome,
        Outcome::DoesNotFit(Shortfall {
            request: 1,
            needed: 0x2000,
            align: 0x2000,
            largest: 0,
            free: 0x1000,
        })
    );
}

#[test]
fn a_larger_alignment_than_the_window_does_not_fit() {
    let outcome = place(&[range(0x1000, 0x1000)], &natural(&[0x10_0000]));
    assert_eq!(outcome.shortfall().unwrap().largest, 0);
    let outcome = place(&[], &natural(&[0x1000]));
    assert_eq!(outcome.shortfall().unwrap().free, 0);
}

#[test]
fn the_top_of_the_address_space_can_be_used() {
    let outcome = place(&[range(u64::MAX - 0xfff, 0x1000)], &natural(&[0x1000]));
    assert_eq!(outcome.placed().unwrap()[0].last(), u64::MAX);
    let outcome = place(&[range(u64::MAX - 0x7ff, 0x800)], &natural(&[0x1000]));
    assert!(outcome.shortfall().is_some());
}

#[test]
fn an_order_other_than_the_largest_first_is_found() {
    // 3@2 then 2@4 fills 2..8 only with the smaller alignment first.
    let requests = [Request::new(2, 4).unwrap(), Request::new(3, 2).unwrap()];
    let window = [range(2, 6)];
    let outcome = place(&window, &requests);
    assert_eq!(outcome.placed(), None, "4..6 leaves 2..4 and 6..8");
    let window = [range(2, 7)];
    check(
        &window,
        &requests,
        place(&window, &requests).placed().unwrap(),
    );
}

#[test]
fn requests_without_size_or_with_crooked_alignment_cannot_be_made() {
    assert_eq!(Request::new(0, 1), None);
    assert_eq!(Request::new(1, 3), None);
    assert_eq!(Request::natural(u64::MAX), None);
    assert_eq!(Request::natural(3), Request::new(4, 4));
}

#[test]
fn taking_a_range_splits_what_is_free() {
    let mut free = Free::of(&[range(0, 0x100), range(0x80, 0x100), range(0x200, 0x100)]);
    assert_eq!(free.blocks(), [range(0, 0x180), range(0x200, 0x100)]);
    free.remove(range(0x40, 0x1d0));
    assert_eq!(free.blocks(), [range(0, 0x40), range(0x210, 0xf0)]);
    free.remove(range(0x40, 0x10));
    assert_eq!(free.total(), 0x130);
    assert_eq!(free.largest(0x100), 0x40);
    assert_eq!(free.largest(0x400), 0x40);
}
