//! Who does the work of a review.
//!
//! A review is cut into pieces that do not touch each other's state. This room starts no thread: whoever asks for the review brings the hands, one or several, and what is
//! found is the same byte for byte, because no piece sees what another does.

/// A piece of work.
pub type Work<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Does pieces of work.
pub trait Hands {
    /// Does all of them, in any order and on any thread, and returns when the last is done.
    fn all(&self, works: Vec<Work<'_>>);
}

/// One hand: piece after piece, on the thread that asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneHand;

impl Hands for OneHand {
    fn all(&self, works: Vec<Work<'_>>) {
        for work in works {
            work();
        }
    }
}
