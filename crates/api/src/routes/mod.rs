//! The routes under `/api/v1`, one file for each resource.

pub(crate) mod audit;
pub(crate) mod entities;
pub(crate) mod events;
pub(crate) mod findings;
pub(crate) mod groups;
pub(crate) mod handles;
pub(crate) mod holds;
pub(crate) mod incidents;
pub(crate) mod jobs;
pub(crate) mod me;
pub(crate) mod models;
pub(crate) mod mutes;
pub(crate) mod node;
pub(crate) mod notifications;
pub(crate) mod privacy;
pub(crate) mod provider;
pub(crate) mod rules;
pub(crate) mod searches;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod source_tokens;
pub(crate) mod sources;
pub(crate) mod stream;
pub(crate) mod tokens;
pub(crate) mod unlocks;
pub(crate) mod users;
