//! Finding lines.

use std::sync::Arc;

use super::fields::WebLogDecoder;
use crate::frame::Lines;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// Finds the lines of one source.
#[derive(Debug)]
pub(super) struct WebLogFramer {
    lines: Lines,
    decoder: Arc<WebLogDecoder>,
}

impl WebLogFramer {
    pub(super) fn new(options: &Arc<DecodeOptions>) -> Self {
        let decoder = Arc::new(WebLogDecoder { options: Arc::clone(options) });
        Self { lines: Lines::new(options.record_bytes_max), decoder }
    }
}

impl Framer for WebLogFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        self.lines.next(buffer, ended)
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::clone(&self.decoder) as Arc<dyn Decoder>
    }
}
