//! Audit logs of the Windows DHCP server (`DhcpSrvLog-*.log`, IPv4 and IPv6): rows in, one Record per row out.

mod anomaly;
mod fields;
mod frame;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};

const NAME: &str = "windhcp";

/// What the explanation in front of the rows says.
const TITLE: &[u8] = b"Microsoft DHCP Service Activity Log";

/// The format.
#[derive(Debug)]
pub(crate) struct WinDhcp;

impl Format for WinDhcp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let titled = memchr::memmem::find(head.get(..256).unwrap_or(head), TITLE).is_some();
        let headed = head.starts_with(frame::HEADER_START);
        if titled || headed { Confidence::Certain } else { Confidence::No }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::WinDhcpFramer::new(Arc::clone(options)))
    }
}
