//! The files of the console as they were when the binary was built; the build script looks whether they were there (`crates/api/build.rs`).

use super::Find;

/// The files, when this build has them.
#[cfg(cordon_console)]
pub(crate) fn built() -> Option<Find> {
    /// Everything below `web/dist`, in debug builds too.
    #[derive(rust_embed::RustEmbed)]
    #[folder = "../../web/dist"]
    struct Built;

    Some(|path| <Built as rust_embed::RustEmbed>::get(path).map(|file| file.data))
}

/// The files: this build has none.
#[cfg(not(cordon_console))]
pub(crate) const fn built() -> Option<Find> {
    None
}
