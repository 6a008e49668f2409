//! Installing a set: gathered, looked at, written aside, and moved into place as a whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cordon_model::RuleCard;
use cordon_rules::parse::{Document, documents};

use super::gather::{self, Files};
use super::manifest::SCHEMA_VERSION;
use super::{FILES, MANIFEST, Manifest};
use crate::inputs;

/// Longest name and version of a set, in characters.
const WORD_CHARS_MAX: usize = 64;
/// Licences that are known by their words.
const LICENSES: [(&str, &str); 4] = [
    ("Detection Rule License (DRL) 1.1", "DRL 1.1"),
    ("Apache License", "Apache-2.0"),
    ("MIT License", "MIT"),
    ("GNU GENERAL PUBLIC LICENSE", "GPL"),
];

/// What the user says about a set.
pub(crate) struct Given<'a> {
    /// Directory or archive.
    pub(crate) path: &'a Path,
    pub(crate) name: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
    pub(crate) license: Option<&'a str>,
    pub(crate) link: Option<&'a str>,
}

/// What an installation did.
pub(crate) struct Outcome {
    pub(crate) manifest: Manifest,
    /// YAML files without a rule that loads and is in use.
    pub(crate) left_out: usize,
    /// The version that was there before.
    pub(crate) replaced: Option<String>,
}

/// Installs a set below `home`. A set of the same name is replaced; when anything fails it stays as it was.
///
/// # Errors
/// Why nothing was installed.
pub(crate) fn install(home: &Path, given: &Given<'_>) -> Result<Outcome> {
    let shown = || given.path.display().to_string();
    let gathered = gather::gather(given.path).with_context(shown)?;
    let Sorted { files, rules, authors, left_out } = sorted(gathered.files);
    let left_out = left_out + gathered.unread;
    ensure!(rules > 0, "{}: holds no rule that loads; nothing was installed", shown());
    let stem = given.path.canonicalize().ok().and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    let stem = stem.unwrap_or_default();
    let name = given.name.map_or_else(|| Ok(name_of(&stem)), |name| checked(name, "--name"))?;
    ensure!(!name.is_empty(), "{}: say with --name what the set is called", shown());
    let sha256 = gather::hash(&files);
    let version = match given.version {
        Some(version) => checked(version, "--version")?,
        None => version_of(&files, &stem).unwrap_or_else(|| sha256.chars().take(12).collect()),
    };
    let manifest = Manifest {
        schema_version: SCHEMA_VERSION.to_owned(),
        name,
        version,
        source: given.path.file_name().unwrap_or(given.path.as_os_str()).to_string_lossy().into_owned(),
        sha256,
        license: given.license.map_or_else(|| license_of(&files), str::to_owned),
        link: given.link.unwrap_or_default().to_owned(),
        authors,
        rules,
        files: files.len(),
        installed: inputs::now().to_string(),
    };
    let replaced = write(home, &files, &manifest).with_context(|| home.display().to_string())?;
    Ok(Outcome { manifest, left_out, replaced })
}

/// What is kept of the files, and what is in them.
struct Sorted {
    files: Files,
    rules: usize,
    authors: Vec<String>,
    left_out: usize,
}

/// Keeps rule files in which something loads that is neither deprecated nor unsupported, and what is no rule file.
fn sorted(gathered: Files) -> Sorted {
    let mut sorted = Sorted { files: Files::new(), rules: 0, authors: Vec::new(), left_out: 0 };
    let mut authors = BTreeSet::new();
    for (path, text) in gathered {
        let is_rule_file = !gather::is_license(&path) && !path.to_lowercase().ends_with("version.txt");
        let mut in_use = 0;
        for document in documents(&path, &text).into_iter().flatten().filter(|_| is_rule_file) {
            let (card, status) = facts(&document);
            if !matches!(status, Some("deprecated" | "unsupported")) {
                in_use += 1;
                authors.insert(card.author.clone());
            }
        }
        if is_rule_file && in_use == 0 {
            sorted.left_out += 1;
            continue;
        }
        sorted.rules += in_use;
        sorted.files.insert(path, text);
    }
    authors.remove("");
    sorted.authors = authors.into_iter().collect();
    sorted
}

fn facts(document: &Document) -> (&RuleCard, Option<&str>) {
    match document {
        Document::Rule(rule) => (&rule.card, rule.status.as_deref()),
        Document::Correlation(correlation) => (&correlation.card, correlation.status.as_deref()),
        Document::Filter(filter) => (&filter.card, None),
    }
}

/// Writes the set aside and moves it into place. Returns the version that was there.
fn write(home: &Path, files: &Files, manifest: &Manifest) -> Result<Option<String>> {
    fs::create_dir_all(home)?;
    let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(home)?;
    let new = aside.path().join(&manifest.name);
    for (path, text) in files {
        let path = new.join(FILES).join(path);
        fs::create_dir_all(path.parent().unwrap_or(&new))?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    fs::write(new.join(MANIFEST), serde_json::to_vec_pretty(manifest)?)?;
    let place = home.join(&manifest.name);
    if !place.exists() {
        fs::rename(&new, &place)?;
        return Ok(None);
    }
    let replaced = Manifest::read(&place.join(MANIFEST)).map_or_else(|_| "damaged".to_owned(), |old| old.version);
    let old = aside.path().join(".old");
    fs::rename(&place, &old)?;
    if let Err(error) = fs::rename(&new, &place) {
        fs::rename(&old, &place)?;
        return Err(error.into());
    }
    Ok(Some(replaced))
}

/// A word that can stand in a path and on a screen.
fn checked(word: &str, option: &str) -> Result<String> {
    let fits = !word.is_empty() && word.chars().count() <= WORD_CHARS_MAX && word == name_of(word);
    ensure!(
        fits,
        "{option} {word}: takes at most {WORD_CHARS_MAX} letters, digits, `.`, `_`, `-` and `+`, no dot in front"
    );
    Ok(word.to_owned())
}

fn name_of(stem: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '+');
    let name: String =
        stem.chars().map(|letter| if plain(letter) { letter } else { '-' }).take(WORD_CHARS_MAX).collect();
    name.trim_start_matches(['.', '-']).to_owned()
}

/// The first line of `version.txt`, or what looks like a version at the end of the archive's name: `sigma-r2026-01-01`, `rules_v1.2`.
fn version_of(files: &Files, stem: &str) -> Option<String> {
    let stated = files.iter().find(|(path, _)| path.to_lowercase().ends_with("version.txt"));
    let line = stated.and_then(|(_, text)| text.lines().map(str::trim).find(|line| !line.is_empty()));
    let is_version = |word: &&str| {
        let digits = word.strip_prefix(['r', 'v']).unwrap_or(word);
        digits.starts_with(|letter: char| letter.is_ascii_digit())
    };
    let starts = stem.match_indices(['-', '_']).filter_map(|(at, _)| stem.get(at + 1..));
    let of_name = || starts.into_iter().find(is_version);
    line.map(name_of).or_else(|| of_name().map(name_of)).filter(|version| !version.is_empty())
}

fn license_of(files: &Files) -> String {
    let stated: Vec<&String> =
        files.iter().filter(|(path, _)| gather::is_license(path)).map(|(_, text)| text).collect();
    let known = LICENSES.iter().find(|(words, _)| stated.iter().any(|text| text.contains(words)));
    match known {
        Some((_, license)) => (*license).to_owned(),
        None if stated.is_empty() => String::new(),
        None => "see the licence file of the set".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_from_its_file_or_from_the_archives_name() {
        let check = |version_txt: Option<&str>, stem: &str, expect: Option<&str>| {
            let files = version_txt.map(|text| ("version.txt".to_owned(), text.to_owned())).into_iter().collect();
            assert_eq!(version_of(&files, stem).as_deref(), expect, "{stem}");
        };
        check(None, "sigma-r2026-01-01", Some("r2026-01-01"));
        check(None, "my_rules_v1.2", Some("v1.2"));
        check(None, "sigma_core", None);
        check(Some("\nr2026-02-02\nmore"), "sigma-r2026-01-01", Some("r2026-02-02"));
    }

    #[test]
    fn a_name_can_stand_in_a_path() {
        assert_eq!(name_of("../sigma core"), "sigma-core");
        assert!(checked("../x", "--name").is_err());
        assert!(checked("", "--name").is_err());
        assert_eq!(checked("sigma_core++", "--name").unwrap(), "sigma_core++");
    }
}
