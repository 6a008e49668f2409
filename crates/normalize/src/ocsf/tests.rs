//! Whole events compared, one for each class that is filled.
