//! What a detector says: a number, and the named parts that it is the sum of.

/// A score and what it is made of.
///
/// `value` equals the sum of the parts' values to 1e-9, relative to the larger of 1 and the value itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// How unusual; higher is more unusual. Each detector states its scale.
    pub value: f64,
    /// What it is the sum of, in the detector's own order of features.
    pub parts: Vec<Part>,
}

/// One named share of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Index of the feature, level or symbol that it is about, as the detector numbers them.
    pub feature: usize,
    /// What it adds to the score.
    pub value: f64,
    /// What was observed, in the feature's own unit.
    pub observed: f64,
    /// What is usual for the entity itself, in the same unit; none when nothing is known.
    pub usual: Option<f64>,
    /// What its peers reach, in the same unit; none when there are no peers.
    pub peers: Option<f64>,
}

impl Score {
    /// The score that is the sum of `parts`, added in their order.
    pub fn of(parts: Vec<Part>) -> Self {
        let value = parts.iter().map(|part| part.value).sum();
        Self { value, parts }
    }
}
