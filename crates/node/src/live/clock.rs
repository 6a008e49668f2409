//! The event clock: what "now" means for events. Normally the system's; for demonstrations and tests it starts where one says and runs at a stated speed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cordon_model::Time;

/// Tells what time it is for events. Sessions, TLS and certificates use the system's clock whatever this one says.
#[derive(Clone, Copy, Debug)]
pub struct EventClock {
    /// The time that it was set to, and when.
    set: Option<(Time, Instant)>,
    speed: f64,
    /// Microseconds by which it is moved, now and then.
    moved: Option<&'static AtomicI64>,
}

impl EventClock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { set: None, speed: 1.0, moved: None }
    }

    /// A clock that says `start` now and goes on at `speed` times the pace of the real one.
    #[must_use]
    pub fn starting_at(start: Time, speed: f64) -> Self {
        Self { set: Some((start, Instant::now())), speed, moved: None }
    }

    /// The system's clock, ahead by so many microseconds as somebody says meanwhile: a clock that is set forward and back.
    #[must_use]
    pub const fn moved_by(micros: &'static AtomicI64) -> Self {
        Self { set: None, speed: 1.0, moved: Some(micros) }
    }

    /// Now, in microseconds since 1970.
    #[must_use]
    pub fn now(&self) -> Time {
        let moved = self.moved.map_or(0, |moved| moved.load(Ordering::Relaxed));
        match self.set {
            None => Time(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros).saturating_add(moved)),
            Some((start, at)) => Time(start.0.saturating_add(micros(at.elapsed().mul_f64(self.speed)))),
        }
    }
}

impl EventClock {
    /// How many times faster than the real one it runs, rounded up, at least 1.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
    pub fn pace(&self) -> i64 {
        self.speed.ceil().clamp(1.0, 1e6) as i64
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
