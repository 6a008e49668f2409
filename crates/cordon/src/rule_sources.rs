//! Where the rules of a command come from: directories, or the pack and the installed sets. Files in, one joined library out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use cordon_model::{Digest, RuleCard};
use cordon_rules::Applied;
use cordon_rules::ast::Origin;
use cordon_rules::parse::{Library, Options, Refusal, RefusalKind};
use cordon_seal::PartsDigest;

use crate::installed;
use crate::pack::{self, Read, RuleFile};
use crate::profile::{Chosen, SetNames};

/// What the rules of the pack are under where they state nothing else.
const PACK_LICENSE: &str = "Apache-2.0";

/// Where rules come from.
#[derive(Clone, Copy)]
pub(crate) struct RulesFrom<'a> {
    /// Directories; when there are none, the pack and the installed sets.
    pub(crate) directories: &'a [PathBuf],
    /// Where installed sets are kept, when that was said.
    pub(crate) data_dir: Option<&'a Path>,
    /// What of them runs; without, everything.
    pub(crate) profile: Option<&'a Chosen>,
}

impl<'a> RulesFrom<'a> {
    /// Reads and joins the files.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn library(self) -> Result<Joined> {
        Ok(self.gather(Hashing::default())?.join())
    }

    /// Reads the files; they and what is known of them are hashed behind what `hashing` has already.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn gather(self, hashing: Hashing) -> Result<Gathered<'a>> {
        let has_pack = self.directories.is_empty();
        let mut gathered = Gathered { has_pack, hashing, ..self.nothing() };
        self.visit(&mut gathered)?;
        Ok(gathered)
    }

    /// No file; others can be added.
    pub(crate) fn nothing(self) -> Gathered<'a> {
        Gathered {
            batches: Vec::new(),
            damaged: Vec::new(),
            has_pack: false,
            hashing: Hashing::default(),
            profile: self.profile,
            sets: SetNames::default(),
        }
    }

    /// The hash that [`Self::gather`] comes to, without keeping a file.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn hash(self, mut hashing: Hashing) -> Result<Digest> {
        self.visit(&mut hashing)?;
        Ok(hashing.finish())
    }

    /// Shows everything that the rules are made of, in one order.
    fn visit(self, to: &mut impl Take) -> Result<()> {
        if !self.directories.is_empty() {
            let found = pack::find(self.directories).context("--rules")?;
            to.batch("", "");
            self.directories.iter().for_each(|directory| to.set(directory, None));
            found.read_each(|path, text| to.file(path, text));
            return Ok(());
        }
        to.batch(PACK_LICENSE, "");
        pack::built_in().iter().for_each(|(path, text)| to.file((*path).to_owned(), Ok(text)));
        let home = installed::home(self.data_dir);
        for set in home.map_or_else(|| Ok(Vec::new()), |home| installed::list(&home))? {
            let place = Origin { path: set.directory.to_string_lossy().into_owned(), line: 1 };
            let directory = set.directory.clone();
            match set.files() {
                Ok((manifest, found)) => {
                    to.batch(&manifest.license, &manifest.link);
                    to.set(&directory, Some(manifest.name));
                    found.read_each(|path, text| to.file(path, text));
                }
                Err(error) => to.damaged(refusal(&place, None, format!("the installed set is damaged: {error:#}"))),
            }
        }
        Ok(())
    }
}

/// Takes what rules are made of: kept by [`Gathered`], only hashed by [`Hashing`].
trait Take {
    /// What follows is of one origin, with the licence of rules that state none and the place where the set can be read.
    fn batch(&mut self, license: &str, link: &str);

    /// Everything below a directory is one rule set, of this name or that of the directory.
    fn set(&mut self, _directory: &Path, _name: Option<String>) {}

    /// A file with its text, or why it is refused.
    fn file(&mut self, path: String, text: Result<&str, Box<Refusal>>);

    /// A set that cannot be used.
    fn damaged(&mut self, refusal: Refusal);
}

/// The hash over what rules are made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hashing(PartsDigest);

impl Hashing {
    /// Starts behind some words.
    pub(crate) fn behind(words: &[&[u8]]) -> Self {
        let mut hashing = Self::default();
        words.iter().for_each(|word| hashing.0.part(word));
        hashing
    }

    /// The hash of all that was taken.
    pub(crate) fn finish(self) -> Digest {
        self.0.finish()
    }
}

impl Take for Hashing {
    fn batch(&mut self, license: &str, link: &str) {
        [b"batch", license.as_bytes(), link.as_bytes()].iter().for_each(|word| self.0.part(word));
    }

    fn file(&mut self, path: String, text: Result<&str, Box<Refusal>>) {
        let words = match &text {
            Ok(text) => [&b"file"[..], path.as_bytes(), text.as_bytes()],
            Err(refusal) => [&b"refused"[..], path.as_bytes(), refusal.reason.as_bytes()],
        };
        words.iter().for_each(|word| self.0.part(word));
    }

    fn damaged(&mut self, refusal: Refusal) {
        [&b"damaged"[..], refusal.path.as_bytes(), refusal.reason.as_bytes()].iter().for_each(|word| self.0.part(word));
    }
}

/// The files of all origins.
pub(crate) struct Gathered<'a> {
    batches: Vec<Batch>,
    /// Installed sets that are damaged.
    damaged: Vec<Refusal>,
    /// Whether the first batch is the pack, whose rules give way to installed ones of the same id.
    has_pack: bool,
    /// Over everything here.
    pub(crate) hashing: Hashing,
    profile: Option<&'a Chosen>,
    sets: SetNames,
}

impl Take for Gathered<'_> {
    fn set(&mut self, directory: &Path, name: Option<String>) {
        match name {
            Some(name) => self.sets.add(directory, name),
            None => self.sets.add_directory(directory),
        }
    }

    fn batch(&mut self, license: &str, link: &str) {
        self.hashing.batch(license, link);
        let read = Read::default();
        self.batches.push(Batch { read, license: license.to_owned(), link: link.to_owned() });
    }

    fn file(&mut self, path: String, text: Result<&str, Box<Refusal>>) {
        self.hashing.file(path.clone(), text.as_ref().copied().map_err(Clone::clone));
        let Some(Batch { read, .. }) = self.batches.last_mut() else { return };
        match text {
            Ok(text) => read.files.push(RuleFile { path, text: text.to_owned() }),
            Err(refusal) => read.refused.push(*refusal),
        }
    }

    fn damaged(&mut self, refusal: Refusal) {
        self.hashing.damaged(refusal.clone());
        self.damaged.push(refusal);
    }
}

impl Gathered<'_> {
    /// Adds the rules of further directories.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn add(&mut self, directories: &[PathBuf]) -> Result<()> {
        let found = pack::find(directories)?;
        self.batch("", "");
        found.read_each(|path, text| self.file(path, text));
        Ok(())
    }

    /// Adds one text, as if it were a file of this path.
    pub(crate) fn add_text(&mut self, path: &str, text: &str) {
        self.batch("", "");
        self.file(path.to_owned(), Ok(text));
    }

    /// The texts of all files, by path.
    pub(crate) fn texts(&self) -> BTreeMap<String, Arc<str>> {
        let files = self.batches.iter().flat_map(|batch| &batch.read.files);
        files.map(|file| (file.path.clone(), Arc::from(file.text.as_str()))).collect()
    }

    /// Reads the rules in the files.
    pub(crate) fn join(self) -> Joined {
        let pack = self.batches.first().filter(|_| self.has_pack);
        let pack_files = pack.into_iter().flat_map(|pack| &pack.read.files);
        let pack_paths: BTreeSet<String> = pack_files.map(|file| file.path.clone()).collect();
        let Joined { mut library, .. } = library(self.batches);
        // INVARIANT: paths of installed sets are absolute, so they sort before those of the pack and their rules are read first.
        let is_replaced =
            |refusal: &Refusal| refusal.kind == RefusalKind::IdTaken && pack_paths.contains(&refusal.path);
        let before = library.refusals.len();
        library.refusals.retain(|refusal| !is_replaced(refusal));
        let replaced = before - library.refusals.len();
        library.refusals.extend(self.damaged);
        let applied = self.profile.map(|chosen| chosen.apply(&mut library, &self.sets)).unwrap_or_default();
        Joined { library, replaced, applied }
    }
}

/// Rules of all origins, joined.
pub(crate) struct Joined {
    pub(crate) library: Library,
    /// Rules of the pack whose ids installed rules have.
    pub(crate) replaced: usize,
    /// What the profile left off.
    pub(crate) applied: Applied,
}

/// Rule files of one origin.
pub(crate) struct Batch {
    pub(crate) read: Read,
    /// Of rules that state none.
    pub(crate) license: String,
    /// Where the set can be read; goes before a rule's own references. Empty for none.
    pub(crate) link: String,
}

impl Batch {
    /// Files of which nothing more is known.
    pub(crate) const fn bare(read: Read) -> Self {
        Self { read, license: String::new(), link: String::new() }
    }
}

/// Reads and joins files.
pub(crate) fn library(batches: Vec<Batch>) -> Joined {
    let mut origins: BTreeMap<String, usize> = BTreeMap::new();
    let (mut files, mut refused, mut duties) = (Vec::new(), Vec::new(), Vec::new());
    for (number, batch) in batches.into_iter().enumerate() {
        let Read { files: of_batch, refused: of_files } = batch.read;
        origins.extend(of_batch.iter().map(|file| (file.path.clone(), number)));
        files.extend(of_batch.into_iter().map(|file| (file.path, file.text)));
        refused.extend(of_files);
        duties.push((batch.license, batch.link));
    }
    let mut library = Library::load(files, &Options::default());
    let rules = library.rules.iter_mut().map(|rule| (&rule.origin, &mut rule.card));
    let correlations = library.correlations.iter_mut().map(|found| (&found.origin, &mut found.card));
    for (origin, card) in rules.chain(correlations) {
        let Some((license, link)) = origins.get(&origin.path).and_then(|number| duties.get(*number)) else { continue };
        if card.license.is_empty() {
            card.license.clone_from(license);
        }
        if !link.is_empty() {
            card.link.clone_from(link);
        }
    }
    library.refusals.extend(refused);
    Joined { library, replaced: 0, applied: Applied::default() }
}

/// A refusal at the first line of what cannot be used.
pub(crate) fn refusal(origin: &Origin, card: Option<&RuleCard>, reason: String) -> Refusal {
    Refusal {
        path: origin.path.clone(),
        line: origin.line,
        kind: RefusalKind::Broken,
        reason,
        hint: None,
        rule_id: card.map(|card| card.id.clone()),
        rule_title: card.map(|card| card.title.clone()),
    }
}
