//! The progress bar: on a terminal only, on standard error only.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use cordon_collect::Meter;
use cordon_node::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal;

/// Redraws a second.
const REDRAWS_HZ: u8 = 10;
const TEMPLATE: &str = "{wide_bar} {percent:>3}%  {msg}";

/// Shows how far reading got.
pub(crate) struct Bar {
    bar: ProgressBar,
    meter: Arc<Meter>,
    pub(crate) progress: Arc<Progress>,
}

impl Bar {
    /// A bar over `meter`; hidden when standard error is no terminal or `hidden` is asked for.
    pub(crate) fn new(meter: Arc<Meter>, hidden: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(meter.bytes_total.load(Relaxed)), target(hidden));
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar, meter, progress: Arc::default() }
    }

    /// Shows where things stand, with the number of findings where there are any to count.
    pub(crate) fn update(&self, findings: Option<u64>) {
        if self.bar.is_hidden() {
            return;
        }
        let read = self.meter.bytes.load(Relaxed);
        let events = self.progress.events.load(Relaxed);
        let per_second = u128::from(events) * 1000 / self.bar.elapsed().as_millis().max(1);
        let files = (self.meter.files.load(Relaxed), self.meter.files_total.load(Relaxed));
        let mut message = format!("{}/{} files  {}", files.0, files.1.max(files.0), terminal::bytes(read));
        message.push_str(&format!("  {} events/s", terminal::thousands(u64::try_from(per_second).unwrap_or(u64::MAX))));
        if let Some(findings) = findings {
            message.push_str(&format!("  {} findings", terminal::thousands(findings)));
        }
        self.bar.set_message(message);
        self.bar.set_position(read);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How much of how much is done, for work that counts bytes.
pub(crate) struct Counter(ProgressBar);

impl Counter {
    /// Hidden when standard error is no terminal or `hidden` is asked for.
    pub(crate) fn new(hidden: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target(hidden));
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self(bar)
    }

    /// Shows where things stand, in bytes.
    pub(crate) fn set(&self, done: u64, total: u64) {
        if !self.0.is_hidden() {
            self.0.set_length(total);
            self.0.set_position(done);
            self.0.set_message(terminal::bytes(done));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// What is being done, and how many of its items are, for work in several steps.
pub(crate) struct Steps {
    bar: ProgressBar,
    step: std::cell::Cell<&'static str>,
}

impl Steps {
    /// How often items are shown.
    const EVERY: u64 = 1 << 16;

    /// Hidden when standard error is no terminal or `hidden` is asked for.
    pub(crate) fn new(hidden: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, target(hidden));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, step: std::cell::Cell::new("") }
    }

    /// Begins a step.
    pub(crate) fn begin(&self, step: &'static str) {
        self.step.set(step);
        self.bar.set_message(step);
        self.bar.tick();
    }

    /// So many items of the step are done.
    pub(crate) fn at(&self, count: u64) {
        if count.is_multiple_of(Self::EVERY) && !self.bar.is_hidden() {
            self.bar.set_message(format!("{}: {}", self.step.get(), terminal::thousands(count)));
            self.bar.tick();
        }
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Where progress is drawn: nowhere when standard error is no terminal or `hidden` is asked for.
fn target(hidden: bool) -> ProgressDrawTarget {
    if hidden || !terminal::stderr_is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(REDRAWS_HZ)
    }
}
