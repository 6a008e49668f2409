//! Settings: one TOML file, above it the environment, above that the flags of the command line.
//!
//! Comes in: the text of the file, the variables and the flags, all handed over by the binary. Goes out: a [`Config`] in which every value was checked, or
//! all [`Faults`] with key, line and what is expected. Every setting stands once, in `catalogue`, with its default and its words; the page
//! `docs/configuration.md`, the example file and the reader are made from there. It opens no file and knows nothing of what the settings do.

mod catalogue;
mod change;
mod check;
mod fault;
mod kind;
mod layers;
mod read;
mod text;
mod typed;
mod value;

#[cfg(test)]
mod tests;

pub use catalogue::{CATALOGUE, Change, Section, Setting};
pub use change::{Changed, Changes, diff, taken_over};
pub(crate) use check::in_clear_to_others;
pub use fault::{Fault, Faults};
pub use kind::Kind;
pub use layers::{Layers, Origin};
pub use text::{example, reference};
pub use typed::{
    Access, Admin, Api, ClassShare, Config, DataClass, Heartbeat, Intake, Keys, Learn, LogForm, LogSettings,
    Maintenance, Oidc, OidcRole, Privacy, Query, Recipients, Retention, Role, Rules, Siem, SiemKind, Smtp,
    SmtpSecurity, SourceShare, StoreSettings, Tell, Tls, Topic, Webhook,
};
pub use value::{Clock, Hours, Span, Value, Weekday, Window};

impl Config {
    /// Reads all layers, later ones over earlier ones: defaults, file, environment, flags.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn load(layers: &Layers<'_>) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let found = layers::join(layers, &mut faults);
        let config = read::config(found, &mut faults);
        if faults.is_empty() {
            check::check(&config, &mut faults);
        }
        if faults.is_empty() { Ok(config) } else { Err(Faults(faults)) }
    }
}
