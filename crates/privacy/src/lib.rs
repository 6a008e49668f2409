//! Room `privacy`: the review of record accesses.
