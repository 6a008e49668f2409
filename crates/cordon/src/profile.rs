//! The profile of a command: a built-in one by name or a file, and which rule set a document came from.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use cordon_rules::parse::{Library, did_you_mean};
use cordon_rules::{Applied, Profile};

/// Largest profile.
const PROFILE_BYTES_MAX: u64 = 4 << 20;
/// Profiles in the binary, by name.
const BUILT_IN: [(&str, &str); 1] = [(
    "small-hospital",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/profiles/small-hospital.toml")),
)];

/// A profile with its text.
#[derive(Clone)]
pub(crate) struct Chosen {
    pub(crate) profile: Profile,
    /// By which kept rule sets are told apart.
    pub(crate) text: String,
}

impl Chosen {
    /// The profile that an argument means: the name of a built-in one, or the path of a file.
    ///
    /// # Errors
    /// Neither, or a profile that is refused.
    pub(crate) fn of(argument: &str) -> Result<Self> {
        let built_in = BUILT_IN.iter().find(|(name, _)| *name == argument);
        let text = match built_in {
            Some((_, text)) => (*text).to_owned(),
            None => read(argument)?,
        };
        let profile = Profile::parse(&text).with_context(|| format!("--profile {argument}"))?;
        Ok(Self { profile, text })
    }

    /// This profile with rules of these ids switched on.
    pub(crate) fn switched_on(self, on: BTreeSet<String>) -> Self {
        Self { profile: self.profile.switched_on(on), ..self }
    }

    /// Takes out of a library what is off.
    pub(crate) fn apply(&self, library: &mut Library, sets: &SetNames) -> Applied {
        self.profile.apply(library, &|origin| sets.of(&origin.path))
    }
}

fn read(argument: &str) -> Result<String> {
    let path = Path::new(argument);
    if !path.exists() {
        let near = did_you_mean(argument, BUILT_IN.iter().map(|(name, _)| *name));
        let near = near.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default();
        return Err(anyhow!("--profile {argument}: no such file, and no built-in profile{near}"));
    }
    let bytes = fs::metadata(path).with_context(|| format!("--profile {argument}"))?.len();
    ensure!(bytes <= PROFILE_BYTES_MAX, "--profile {argument}: larger than {PROFILE_BYTES_MAX} bytes");
    fs::read_to_string(path).with_context(|| format!("--profile {argument}"))
}

/// Which rule set a file belongs to, by where it lies. The pack's files have paths of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetNames(Vec<(String, String)>);

impl SetNames {
    /// The name of the built-in packs.
    const PACK: &str = "pack";

    /// Adds a set: everything below `directory`.
    pub(crate) fn add(&mut self, directory: &Path, name: String) {
        self.0.push((directory.to_string_lossy().into_owned(), name));
    }

    /// Adds a directory given by hand: it is called as a set installed from it would be.
    pub(crate) fn add_directory(&mut self, directory: &Path) {
        let absolute = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        let name = absolute.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.add(directory, name);
    }

    fn of(&self, path: &str) -> &str {
        let holds = |directory: &str| Path::new(path).starts_with(directory);
        self.0.iter().find(|(directory, _)| holds(directory)).map_or(Self::PACK, |(_, name)| name)
    }
}
