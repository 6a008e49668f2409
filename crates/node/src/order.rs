//! Results in the order of their numbers, from workers that finish in any order. Bounded: a worker too far ahead waits.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Hands numbered results from many workers to one consumer, in order.
#[derive(Debug)]
pub(crate) struct Order<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    ahead_max: u64,
}

#[derive(Debug)]
struct State<T> {
    waiting: BTreeMap<u64, T>,
    next: u64,
    workers: usize,
    closed: bool,
}

impl<T> Order<T> {
    /// For `workers` workers; a result more than `ahead_max` numbers ahead of the consumer waits for it.
    pub(crate) fn new(workers: usize, ahead_max: u64) -> Self {
        let state = State { waiting: BTreeMap::new(), next: 0, workers, closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), ahead_max }
    }

    /// Hands a result in. `false` when the consumer has gone and the worker should stop.
    pub(crate) fn hand_in(&self, number: u64, result: T) -> bool {
        let mut state = self.lock();
        // INVARIANT: the worker with the next number never waits here, so the others do not wait for ever.
        while number >= state.next.saturating_add(self.ahead_max) && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.insert(number, result);
        self.changed.notify_all();
        !state.closed
    }

    /// The next result; `None` when all workers have left.
    pub(crate) fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            let number = state.next;
            if let Some(result) = state.waiting.remove(&number) {
                state.next += 1;
                self.changed.notify_all();
                return Some(result);
            }
            if state.workers == 0 || state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The consumer wants no more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// A worker's place; leaving it tells the consumer, also when the worker fell.
    pub(crate) const fn enter(&self) -> Place<'_, T> {
        Place(self)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Order::enter`].
pub(crate) struct Place<'a, T>(&'a Order<T>);

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.workers = state.workers.saturating_sub(1);
        state.closed |= std::thread::panicking();
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand_in_every_third(order: &Order<u64>, first: u64) {
        let _place = order.enter();
        assert!((first..300).step_by(3).all(|number| order.hand_in(number, number)));
    }

    #[test]
    fn results_come_out_in_order_and_a_worker_too_far_ahead_waits() {
        let order = Order::new(3, 2);
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for worker in 0..3 {
                let order = &order;
                scope.spawn(move || hand_in_every_third(order, worker));
            }
            while let Some(number) = order.next() {
                seen.push(number);
            }
        });
        assert_eq!(seen, (0..300).collect::<Vec<u64>>());
    }

    #[test]
    fn a_consumer_that_leaves_lets_the_workers_go() {
        let order = Order::new(1, 1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _place = order.enter();
                (0..).find(|number| !order.hand_in(*number, ()))
            });
            assert_eq!(order.next(), Some(()));
            order.close();
        });
    }
}
