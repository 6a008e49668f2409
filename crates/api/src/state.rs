//! What every handler can reach.

use std::sync::Arc;

use crate::control::NodeControl;
use crate::metrics::Counts;

/// What every handler can reach. Clones share it.
#[derive(Clone, Debug)]
pub struct ApiState {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    control: Arc<dyn NodeControl>,
    counts: Counts,
}

impl ApiState {
    /// Over a node.
    #[must_use]
    pub fn new(control: Arc<dyn NodeControl>) -> Self {
        Self { inner: Arc::new(Inner { control, counts: Counts::default() }) }
    }

    pub(crate) fn control(&self) -> &dyn NodeControl {
        &*self.inner.control
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.inner.counts
    }
}
