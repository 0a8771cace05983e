//! Tries every order in which requests can be placed.

use super::{Free, Request};

/// Steps before giving up: well under a tenth of a second.
const BUDGET: u32 = 20_000;
/// Requests with which a search is not begun: it nests as deep as there are requests.
const MOST: usize = 200;

/// What the search found.
pub(super) enum Answer {
    /// Placing in this order, each at the lowest free address, places all.
    Order(Vec<usize>),
    /// No order does, and hence no arrangement at all.
    None,
    /// Too many orders.
    GaveUp,
}

/// Searches an order that places all requests.
///
/// Trying orders is enough: take any arrangement and place its requests by ascending address,
/// each at the lowest free address; none ends up higher than it was, so none is in the way.
pub(super) fn search(free: &Free, requests: &[Request]) -> Answer {
    if requests.len() > MOST {
        return Answer::GaveUp;
    }
    let mut kinds: Vec<(Request, Vec<usize>)> = Vec::new();
    for (index, &request) in requests.iter().enumerate() {
        match kinds.iter_mut().find(|(kind, _)| *kind == request) {
            Some((_, members)) => members.push(index),
            None => kinds.push((request, vec![index])),
        }
    }
    kinds.sort_by_key(|(kind, _)| std::cmp::Reverse(*kind));
    let mut search = Search {
        kinds,
        order: Vec::with_capacity(requests.len()),
        budget: BUDGET,
    };
    match search.extend(free, requests.len()) {
        Some(true) => Answer::Order(search.order),
        Some(false) => Answer::None,
        None => Answer::GaveUp,
    }
}

struct Search {
    /// Equal requests together: their order does not matter.
    kinds: Vec<(Request, Vec<usize>)>,
    order: Vec<usize>,
    budget: u32,
}

impl Search {
    /// Whether the rest can be placed; `None` where the budget ran out.
    fn extend(&mut self, free: &Free, left: usize) -> Option<bool> {
        if left == 0 {
            return Some(true);
        }
        self.budget = self.budget.checked_sub(1)?;
        let mut bytes = 0_u64;
        for (kind, members) in self.kinds.iter().filter(|(_, members)| !members.is_empty()) {
            // Free space only shrinks: what has no place now never gets one.
            if free.clone().take(*kind).is_none() {
                return Some(false);
            }
            let count = members.len() as u64;
            bytes = bytes.saturating_add(kind.size().saturating_mul(count));
        }
        if bytes > free.total() {
            return Some(false);
        }
        for at in 0..self.kinds.len() {
            let Some((kind, members)) = self.kinds.get_mut(at) else {
                break;
            };
            let Some(index) = members.pop() else {
                continue;
            };
            let kind = *kind;
            let mut rest = free.clone();
            if rest.take(kind).is_some() {
                self.order.push(index);
                if self.extend(&rest, left - 1)? {
                    return Some(true);
                }
                self.order.pop();
            }
            if let Some((_, members)) = self.kinds.get_mut(at) {
                members.push(index);
            }
        }
        Some(false)
    }
}
