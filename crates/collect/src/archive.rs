//! What archives of any kind have in common: members, one after the other, each as a stream of its own.

use std::io;

use cordon_model::{Anomaly, Time};

use crate::anomaly;
use crate::fault::Loss;
use crate::source::Stream;

/// An archive being read.
pub(crate) trait Archive: Send {
    /// What comes next in it. The stream of the member before is not read any more.
    fn next(&mut self) -> Option<Inside>;
}

/// What stands in an archive.
pub(crate) enum Inside {
    /// A member.
    Member(Member),
    /// A fault of the archive as a whole.
    Fault(io::Error),
}

/// A member as it comes out of an archive.
pub(crate) struct Member {
    /// Its name as the archive states it; shown, never used as a path.
    pub(crate) name: String,
    pub(crate) modified: Option<Time>,
    /// Its bytes, or why it is not read.
    pub(crate) stream: Result<Stream, Anomaly>,
}

/// Whether a member that is not read for this reason would have had bytes of its own.
pub(crate) fn loss_of(fault: Anomaly) -> Loss {
    let harmless = [anomaly::ZIP_LINK, anomaly::TAR_LINK, anomaly::NOT_A_FILE].contains(&fault);
    if harmless { Loss::Nothing } else { Loss::Input }
}
