//! The files of one pattern: which are new, renamed, cut off, copies or gone, and a turn of reading for each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cordon_model::Delivery;

use super::checkpoint::{ENTRIES_MAX, Ends, Entry, Key, decode, encode, is_copy};
use super::file::{Followed, Reader};
use super::glob;

/// First bytes of compressed files, which rotation makes of what was read already: gzip, zstd, xz, bzip2, zip.
const COMPRESSED: [&[u8]; 5] = [b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"\xFD7zXZ\0", b"BZh", b"PK\x03\x04"];

/// The files of one pattern.
pub(super) struct Watch {
    pattern: PathBuf,
    followed: BTreeMap<Key, Followed>,
    /// Files that are not followed now, those seen last at the end.
    remembered: Vec<Entry>,
    is_first_poll: bool,
    was_crowded: bool,
}

/// What one round of reading gave.
pub(super) struct Round {
    /// Units by file.
    pub(super) deliveries: Vec<(Key, Delivery)>,
    /// Whether there is more to read at once.
    pub(super) more: bool,
}

impl Watch {
    /// With the checkpoints of earlier.
    ///
    /// # Errors
    /// When they are not of this version; then nothing is read, so that nothing is read twice.
    pub(super) fn new(pattern: PathBuf, stored: &[u8]) -> io::Result<Self> {
        let remembered = decode(stored)?;
        Ok(Self { pattern, followed: BTreeMap::new(), remembered, is_first_poll: true, was_crowded: false })
    }

    /// Checkpoints as they are to be stored.
    pub(super) fn checkpoints(&self) -> Vec<u8> {
        let followed = self.followed.values().map(|followed| followed.durable.clone());
        let mut entries: Vec<Entry> = self.remembered.iter().cloned().chain(followed).collect();
        let excess = entries.len().saturating_sub(ENTRIES_MAX);
        entries.drain(..excess);
        encode(entries)
    }

    /// Looks which files there are and reads what was added to each.
    ///
    /// # Errors
    /// When the folder cannot be read; files followed so far stay followed.
    pub(super) fn round(&mut self, reader: &Reader<'_>) -> io::Result<Round> {
        let (paths, is_crowded) = glob::files(&self.pattern)?;
        if is_crowded && !self.was_crowded {
            tracing::warn!(pattern = %self.pattern.display(), files_max = glob::FILES_MAX, "more files than are followed");
        }
        self.was_crowded = is_crowded;
        self.restart_replaced();
        let present = self.meet(&paths);
        if std::mem::take(&mut self.is_first_poll) {
            self.find_renamed();
        }
        let mut round = Round { deliveries: Vec::new(), more: false };
        for (key, followed) in &mut self.followed {
            let is_gone = !present.contains(key);
            match followed.turn(reader, is_gone) {
                Ok(turn) => {
                    round.more |= turn.more;
                    round.deliveries.extend(turn.delivery.map(|delivery| (*key, delivery)));
                }
                Err(error) => {
                    tracing::warn!(file = %followed.durable.path.display(), %error, "a followed file cannot be read");
                    followed.rewind();
                }
            }
        }
        self.leave_gone(&present, reader);
        Ok(round)
    }

    /// What was read in a round is durable for `kept`; the rest is read again.
    pub(super) fn settle(&mut self, not_kept: &[Key]) {
        for (key, followed) in &mut self.followed {
            if not_kept.contains(key) {
                followed.rewind();
            } else {
                followed.kept();
            }
        }
    }

    /// Whether something was framed that no checkpoint says.
    pub(super) fn has_news(&self) -> bool {
        self.followed.values().any(Followed::has_news)
    }

    /// A file that no longer holds what was read of it was cut off (copytruncate): it starts anew, and a copy that holds more is read on from there.
    fn restart_replaced(&mut self) {
        for followed in self.followed.values_mut() {
            if followed.is_the_same().unwrap_or(false) {
                continue;
            }
            let anew = Entry::new(followed.durable.key, followed.durable.path.clone());
            let before = std::mem::replace(&mut followed.durable, anew);
            followed.rewind();
            if before.offset > 0 {
                self.remembered.push(before);
            }
        }
    }

    /// Follows the files that are there, and says which they are.
    fn meet(&mut self, paths: &[PathBuf]) -> Vec<Key> {
        let mut present = Vec::new();
        let mut unknown = Vec::new();
        for path in paths {
            let Ok(metadata) = path.metadata() else { continue };
            let key = Key::of(&metadata);
            present.push(key);
            match self.followed.get_mut(&key) {
                Some(followed) => followed.durable.path.clone_from(path),
                None => unknown.push((metadata.modified().ok(), path)),
            }
        }
        // What was written first is read first.
        unknown.sort();
        for (_, path) in unknown {
            if let Err(error) = self.meet_unknown(path) {
                tracing::warn!(file = %path.display(), %error, "a file cannot be opened");
            }
        }
        present
    }

    fn meet_unknown(&mut self, path: &Path) -> io::Result<()> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let (key, bytes) = (Key::of(&metadata), metadata.len());
        // An empty file may be a copy that is about to be written.
        if bytes == 0 || is_compressed(&file)? {
            return Ok(());
        }
        let anew = Entry::new(key, path.to_owned());
        // The original of a copy gives the units. When it is cut off, what the copy has more is read from the copy.
        let is_its_copy =
            |original: &Followed| is_named_after(path, &original.durable.path) && is_copy(&file, bytes, &original.file);
        if self.followed.values().any(is_its_copy) {
            self.remembered.retain(|entry| entry.key != key || !entry.is_copy);
            self.remembered.push(Entry { is_copy: true, ..anew.reached(bytes, &Ends::of(&file, bytes)?) });
            return Ok(());
        }
        let Some(at) = self.place_of(key, &file, bytes) else {
            self.follow(file, anew);
            return Ok(());
        };
        if self.remembered.get(at).is_some_and(|entry| !entry.is_copy) {
            let entry = self.remembered.remove(at);
            self.follow(file, Entry { key, path: path.to_owned(), ..entry });
        }
        Ok(())
    }

    /// The remembered entry that a file continues: its own or that of a file with the same content, the one that got furthest.
    fn place_of(&self, key: Key, file: &File, bytes: u64) -> Option<usize> {
        let continues = |entry: &Entry| match entry.is_copy {
            true => entry.key == key && entry.offset == bytes,
            false => entry.key == key || entry.offset > 0,
        };
        let fitting = self.remembered.iter().enumerate().filter(|(_, entry)| continues(entry) && entry.fits(file));
        fitting.max_by_key(|(_, entry)| (entry.offset, !entry.is_copy)).map(|(at, _)| at)
    }

    fn follow(&mut self, file: File, entry: Entry) {
        self.followed.insert(entry.key, Followed::new(file, entry));
    }

    /// After a restart: files that were renamed to a name outside of the pattern while nobody looked, and may have grown before that.
    fn find_renamed(&mut self) {
        let missing: Vec<Entry> = std::mem::take(&mut self.remembered);
        for entry in missing {
            match sibling(&entry) {
                Some((file, path)) if !entry.is_copy && !self.followed.contains_key(&entry.key) => {
                    self.follow(file, Entry { path, ..entry });
                }
                _ => self.remembered.push(entry),
            }
        }
    }

    /// Files without a name in the pattern that nobody has written to for a while are followed no longer, and stay remembered.
    fn leave_gone(&mut self, present: &[Key], reader: &Reader<'_>) {
        let is_left = |key: &Key, followed: &Followed| {
            !present.contains(key) && followed.is_quiet(reader) && !followed.has_news()
        };
        let left: Vec<Key> =
            self.followed.iter().filter(|(key, followed)| is_left(key, followed)).map(|(key, _)| *key).collect();
        for key in left {
            self.remembered.extend(self.followed.remove(&key).map(|followed| followed.durable));
        }
        let excess = self.remembered.len().saturating_sub(ENTRIES_MAX);
        self.remembered.drain(..excess);
    }
}

/// Whether a file is named as rotation names a copy: its name starts as that of the original does up to its first dot (`app.log.1`, `app-20251122.log`). Files of
/// equal content under other names are files of their own.
fn is_named_after(path: &Path, original: &Path) -> bool {
    let bytes = |path: &Path| path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
    let original = bytes(original);
    let stem = original.split(|byte| *byte == b'.').next().unwrap_or_default();
    !stem.is_empty() && bytes(path).starts_with(stem)
}

/// The file of an entry under another name in its folder.
fn sibling(entry: &Entry) -> Option<(File, PathBuf)> {
    let folder = entry.path.parent()?;
    let entries = std::fs::read_dir(folder).ok()?.take(glob::FILES_MAX);
    let paths = entries.map_while(Result::ok).map(|found| found.path());
    let mut own = paths.filter(|path| path.metadata().is_ok_and(|metadata| Key::of(&metadata) == entry.key));
    let path = own.next()?;
    let file = File::open(&path).ok()?;
    entry.fits(&file).then_some((file, path))
}

fn is_compressed(file: &File) -> io::Result<bool> {
    let mut head = [0; 8];
    let read = file.read_at(&mut head, 0)?;
    let head = head.get(..read).unwrap_or_default();
    Ok(COMPRESSED.iter().any(|magic| head.starts_with(magic)))
}
