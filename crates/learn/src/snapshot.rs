//! Models as bytes: written, read again, and byte for byte the same after both.

/// A model that can be kept.
pub trait Snapshot: Sized {
    /// Appends the model to `out`, its version first. Two models that would answer alike for ever write the same bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads a model from the front of `from` and leaves what follows it.
    ///
    /// # Errors
    /// What was expected and is not there: bytes of another version, cut short, or of numbers that no model has.
    fn read(from: &mut &[u8]) -> Result<Self, Damaged>;
}

/// Bytes that are no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kept model is damaged or of another version: {0}; remove it and let it learn again from stored history")]
pub struct Damaged(pub &'static str);
