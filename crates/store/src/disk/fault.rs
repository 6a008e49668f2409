//! The faults of a disk by names that tell a person what to do.

use std::io;

/// What is wrong with the disk. Cheap to copy to everybody who waits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskFault {
    /// No space or quota left (`ENOSPC`, `EDQUOT`).
    #[error("the disk is full: free space, writing goes on by itself")]
    Full,
    /// Mounted read-only or turned so by the kernel after an error (`EROFS`).
    #[error("the disk is read-only: see the kernel's log for why, writing goes on by itself once it is not")]
    ReadOnly,
    /// No file handle left (`EMFILE`, `ENFILE`).
    #[error("no file handle is left: raise the limit of open files")]
    TooManyFiles,
    /// Not allowed for this user (`EACCES`, `EPERM`).
    #[error("this user may not write there: check owner and mode of the data folder")]
    NotAllowed,
    /// Anything else the system says, `EIO` above all.
    #[error("the disk failed: {0}")]
    Failed(String),
}

impl From<&io::Error> for DiskFault {
    fn from(error: &io::Error) -> Self {
        const ENFILE: i32 = 23;
        const EMFILE: i32 = 24;
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => Self::Full,
            (io::ErrorKind::ReadOnlyFilesystem, _) => Self::ReadOnly,
            (io::ErrorKind::PermissionDenied, _) => Self::NotAllowed,
            (_, Some(ENFILE | EMFILE)) => Self::TooManyFiles,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<io::Error> for DiskFault {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}
