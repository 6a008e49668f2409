//! Signing in: passwords, second factor, sessions, a provider, and slowing down who guesses.

pub(crate) mod begun;
pub(crate) mod cookie;
pub(crate) mod device;
pub(crate) mod enrolments;
pub(crate) mod passwords;
pub(crate) mod provider;
pub(crate) mod secret;
pub(crate) mod throttle;
