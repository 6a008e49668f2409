//! The hands of a review: as many threads as are asked for, which take piece after piece.

use std::sync::{Mutex, PoisonError};
use std::thread;

use cordon_privacy::{Hands, Work};

/// Threads beyond which a review gets no faster: a batch has no more pieces that take long.
pub(super) const THREADS_MAX: usize = 8;

/// So many threads at once, the one that asks among them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads(usize);

impl Threads {
    /// So many; without a number as many as there are cores. At most [`THREADS_MAX`].
    pub(super) fn of(count: Option<usize>) -> Self {
        let count = count.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        Self(count.clamp(1, THREADS_MAX))
    }
}

impl Hands for Threads {
    fn all(&self, works: Vec<Work<'_>>) {
        let works = Mutex::new(works.into_iter());
        let take = || {
            loop {
                let work = works.lock().unwrap_or_else(PoisonError::into_inner).next();
                match work {
                    Some(work) => work(),
                    None => return,
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.0 {
                // without a further thread the others do its work
                let _ = thread::Builder::new().spawn_scoped(scope, take);
            }
            take();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn every_piece_is_done_once_before_the_hands_come_back() {
        for threads in [1, 2, 8] {
            let done: Vec<AtomicU32> = (0..100).map(|_| AtomicU32::new(0)).collect();
            let count = |done: &AtomicU32| {
                done.fetch_add(1, Ordering::Relaxed);
            };
            let works = done.iter().map(|done| Box::new(move || count(done)) as Work<'_>);
            Threads::of(Some(threads)).all(works.collect());
            assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1), "{threads}");
        }
    }
}
