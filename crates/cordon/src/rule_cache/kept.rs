//! What is kept of a compiled rule set, and of which rules: in, files as read and what they were compiled to; out, the same set without compiling.
//!
//! A set belongs to everything that it was made of: the bytes of the files with their paths, the level, the log sources, and the code that compiled it.
//! All that is hashed on every start and compared with the hash that the set was kept under. A set that does not fit is as good as none.

use std::env;
use std::path::{self, PathBuf};

use cordon_model::{Digest, Level, LogSourceTable};
use cordon_rules::ast::Correlation;
use cordon_rules::correlate::Plan;
use cordon_rules::{Engine, Image, ReadImage};
use cordon_seal::PartsDigest;
use serde::{Deserialize, Serialize};

use super::RuleCache;
use crate::rule_set::{Compiled, Facts, resolver};
use crate::rule_sources::{Hashing, RulesFrom};

/// The version, and a hash over the sources that read and compile rules: another build may read the same rule otherwise.
const CODE: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("CORDON_RULES_CODE"));

/// A set that was kept, ready to run.
pub(crate) struct Kept {
    /// Of what it was made: [`inputs`].
    pub(crate) inputs: Digest,
    pub(crate) compiled: Compiled,
}

/// As it is written.
#[derive(Serialize)]
struct Written<'s> {
    inputs: [u8; 32],
    engine: Image<'s>,
    names: &'s [Option<String>],
    correlations: &'s [Correlation],
    facts: &'s Facts,
}

/// As it is read.
#[derive(Deserialize)]
struct Read<'b> {
    inputs: [u8; 32],
    #[serde(borrow)]
    engine: ReadImage<'b>,
    names: Vec<Option<String>>,
    correlations: Vec<Correlation>,
    facts: Facts,
}

impl Kept {
    /// Reads the set of a place, if one was kept there.
    pub(crate) fn read(cache: &RuleCache, place: Digest, table: &LogSourceTable) -> Option<Self> {
        let payload = cache.read(place)?;
        let Read { inputs, engine, names, correlations, facts } = postcard::from_bytes(payload.bytes()).ok()?;
        let engine = Engine::of_image(engine, table)?;
        let (plan, _) = Plan::new(&correlations, &resolver(&engine, &names));
        Some(Self { inputs: Digest(inputs), compiled: Compiled { engine, plan, names, correlations, facts } })
    }
}

/// Keeps a set at a place, instead of the one that was there.
pub(crate) fn write(cache: &RuleCache, place: Digest, inputs: Digest, compiled: &Compiled) {
    let Compiled { engine, names, correlations, facts, .. } = compiled;
    let written = Written { inputs: inputs.0, engine: engine.image(), names, correlations, facts };
    if let Ok(bytes) = postcard::to_extend(&written, Vec::new()) {
        cache.write(place, &bytes);
    }
}

/// Where the set of some directories, a level and log sources is kept: known before a file is read. When the files change, the new set takes the place of
/// the old.
pub(crate) fn place(from: RulesFrom<'_>, level: Level, table: &LogSourceTable) -> Digest {
    let mut digest = PartsDigest::default();
    digest.part(level.name().as_bytes());
    for (_, sources) in table.sets() {
        digest.part(b"set");
        for source in sources {
            let words = [source.product, source.category, source.service, source.mapping];
            words.iter().for_each(|word| digest.part(word.as_bytes()));
        }
    }
    digest.part(from.directories.len().to_string().as_bytes());
    for path in from.directories.iter().map(PathBuf::as_path).chain(from.data_dir) {
        let absolute = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        digest.part(absolute.as_os_str().as_encoded_bytes());
    }
    digest.part(from.profile.map_or(&[][..], |chosen| chosen.text.as_bytes()));
    for name in ["XDG_DATA_HOME", "HOME"] {
        digest.part(env::var_os(name).unwrap_or_default().as_encoded_bytes());
    }
    digest.finish()
}

/// Starts the hash over everything that the set of a place is made of; the files follow.
pub(crate) fn inputs(place: Digest) -> Hashing {
    Hashing::behind(&[CODE.as_bytes(), &place.0])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cordon_seal::digest;

    use super::*;
    use crate::pack::{self, RuleFile};
    use crate::rule_sources::{Batch, library};

    /// A rule, a correlation over it, and a filter.
    const RULES: &str = r"
title: a
name: base
logsource: {product: windows}
detection:
    sel: {A|contains|all: [x, 'y*z'], B|re: 'a.c', C|cidr: 10.0.0.0/8, D|gt: 5}
    words: [w]
    condition: sel or not words
---
title: b
correlation: {type: value_count, rules: [base], group-by: [User], timespan: 10m, condition: {gte: 3, field: A}}
";

    fn compiled(table: &LogSourceTable) -> Compiled {
        let files = vec![RuleFile { path: "r.yml".to_owned(), text: RULES.to_owned() }];
        let compiled =
            Compiled::of(library(vec![Batch::bare(pack::Read { files, refused: Vec::new() })]), table, Level::Low);
        assert_eq!(compiled.facts.loaded.len(), 2);
        compiled
    }

    #[test]
    fn a_set_of_any_bytes_under_the_right_hash_is_read_or_left_and_never_panics() {
        let table = LogSourceTable::parse(&["k\tany\t-\twindows\tprocess_creation\tsysmon\t-\n"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let cache = RuleCache::new(Some(dir.path())).unwrap();
        let place = digest(b"place");
        write(&cache, place, digest(b"inputs"), &compiled(&table));
        let bytes = cache.read(place).unwrap().bytes().to_vec();
        assert!(Kept::read(&cache, place, &table).is_some_and(|kept| kept.inputs == digest(b"inputs")));
        for number in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[number] = changed[number].wrapping_add(0x7F);
            cache.write(place, &changed);
            let _ = Kept::read(&cache, place, &table);
        }
        cache.write(place, &bytes[..bytes.len() - 1]);
        assert!(Kept::read(&cache, place, &table).is_none());
    }

    #[test]
    fn a_set_has_its_place_by_directories_level_and_log_sources() {
        let of = |directory: &str, level, rows: &'static str| {
            let directories = [PathBuf::from(directory)];
            let from = RulesFrom { directories: &directories, data_dir: Some(Path::new("data")), profile: None };
            place(from, level, &LogSourceTable::parse(&[rows]).unwrap())
        };
        let rows = "k\tany\t-\twindows\tprocess_creation\tsysmon\t-\n";
        let first = of("a", Level::Low, "");
        assert_eq!(of("a", Level::Low, ""), first);
        for other in [of("b", Level::Low, ""), of("a", Level::High, ""), of("a", Level::Low, rows)] {
            assert_ne!(other, first);
        }
    }
}
