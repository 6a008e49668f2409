//! The rules in force. They can be replaced while the node runs; every batch is judged by one generation, and generations rise along the street.

use std::sync::{Arc, PoisonError, RwLock};

use cordon_detect::Detector;

/// Rules compiled together, with the number of their generation.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Rises by one with every reload.
    pub number: u64,
    /// What judges records.
    pub detector: Arc<Detector>,
    /// What the rules are made of, as a digest: findings carry it.
    pub version: Arc<str>,
}

/// The generation in force, shared by workers.
#[derive(Debug)]
pub struct Rules {
    current: RwLock<Generation>,
}

impl Rules {
    /// With a first generation.
    #[must_use]
    pub fn new(detector: Detector, version: Arc<str>) -> Self {
        Self { current: RwLock::new(Generation { number: 0, detector: Arc::new(detector), version }) }
    }

    /// The generation in force.
    #[must_use]
    pub fn current(&self) -> Generation {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a new generation into force and gives its number. Batches already on their way are finished by the old one.
    pub fn replace(&self, detector: Detector, version: Arc<str>) -> u64 {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Generation { number: current.number + 1, detector: Arc::new(detector), version };
        current.number
    }
}
