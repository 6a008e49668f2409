//! Room `sim`: a simulated hospital.
