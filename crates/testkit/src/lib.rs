//! Check helpers and readers of outside test material. For tests only: no room depends on it but in its tests.

#[cfg(feature = "disk")]
pub mod crash;
#[cfg(feature = "disk")]
pub mod disk;
pub mod evtx;
pub mod fsh;
pub mod ocsf;
pub mod schema;
