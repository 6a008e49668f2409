//! Where compiled rule sets are kept between runs: a few files below the user's cache directory, each under a name of its own (`docs/specs/rule-cache.md`).
//!
//! Bytes in, the same bytes out or nothing. A cache only saves time: what cannot be read is not there, what cannot be written is not written, and neither
//! is an error. What the bytes mean, and whether they belong to the rules at hand, is for [`kept`].

pub(crate) mod kept;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cordon_model::Digest;
use cordon_seal::digest;

/// Opens every file; the number is that of the form.
const MAGIC: &[u8] = b"cordon rules 1\n";
/// Largest file that is written or read. SigmaHQ's 3,752 rules take 7 MB.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Most sets that are kept; the oldest go.
const SETS_MAX: usize = 8;
/// How the file of a set ends.
const ENDING: &str = "rules";
/// How the name of a file starts that is being written.
const UNFINISHED: &str = ".new-";
/// When a file that was not finished has nobody left who writes it.
const UNFINISHED_MAX: Duration = Duration::from_secs(3600);

/// A directory of kept rule sets.
#[derive(Debug)]
pub(crate) struct RuleCache {
    directory: PathBuf,
}

impl RuleCache {
    /// The directory given; without one, `rules` below `XDG_CACHE_HOME/cordon` or `~/.cache/cordon`. `None` when the word is `none` or no place is known.
    pub(crate) fn new(given: Option<&Path>) -> Option<Self> {
        if given.is_some_and(|given| given.as_os_str() == OsStr::new("none")) {
            return None;
        }
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let of_user =
            || set("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".cache")));
        let directory = given.map(Path::to_owned).or_else(|| Some(of_user()?.join("cordon/rules")))?;
        Some(Self { directory })
    }

    /// What was written under a name, whole; `None` when it is not there, damaged, too large or somebody else's.
    pub(crate) fn read(&self, name: Digest) -> Option<Payload> {
        let path = self.path(name);
        // looked at before it is opened: opening a pipe would wait for its other end
        fs::metadata(&path).ok().filter(is_trusted)?;
        let file = fs::File::open(&path).ok()?;
        let metadata = file.metadata().ok().filter(is_trusted)?;
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (stated, payload) = rest.split_at_checked(digest(b"").0.len())?;
        let start = bytes.len() - payload.len();
        (digest(payload).0 == stated).then_some(Payload { bytes, start })
    }

    /// Whether something stands under a name.
    pub(crate) fn may_hold(&self, name: Digest) -> bool {
        fs::metadata(self.path(name)).is_ok_and(|file| is_trusted(&file))
    }

    /// Writes under a name, instead of what was there. Readers and other writers see the old file or the new one, never a part.
    pub(crate) fn write(&self, name: Digest, payload: &[u8]) {
        let fits = u64::try_from(payload.len()).is_ok_and(|bytes| bytes < FILE_BYTES_MAX - 1024);
        if fits && self.try_write(name, payload).is_ok() {
            // what is left over is found again after the next write
            let _ = self.remove_oldest();
        }
    }

    fn try_write(&self, name: Digest, payload: &[u8]) -> io::Result<()> {
        let mut directories = fs::DirBuilder::new();
        directories.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut directories, 0o700);
        directories.create(&self.directory)?;
        // readable by its owner only
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.directory)?;
        file.write_all(MAGIC)?;
        file.write_all(&digest(payload).0)?;
        file.write_all(payload)?;
        file.persist(self.path(name))?;
        Ok(())
    }

    /// Removes the sets written longest ago, down to [`SETS_MAX`], and what was never finished.
    fn remove_oldest(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut sets = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let Ok(written) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
            let name = entry.file_name();
            let is_old = now.duration_since(written).is_ok_and(|age| age > UNFINISHED_MAX);
            if is_set(Path::new(&name)) {
                sets.push((written, entry.path()));
            } else if name.to_string_lossy().starts_with(UNFINISHED) && is_old {
                fs::remove_file(entry.path())?;
            }
        }
        sets.sort();
        let surplus = sets.len().saturating_sub(SETS_MAX);
        sets.into_iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
    }

    fn path(&self, name: Digest) -> PathBuf {
        self.directory.join(format!("{name}.{ENDING}"))
    }
}

/// Whether a file is called as sets are: the directory may hold other things, rules of other programs among them.
fn is_set(name: &Path) -> bool {
    let stem = name.file_stem().map(OsStr::as_encoded_bytes).unwrap_or_default();
    let is_digest = stem.len() == 2 * digest(b"").0.len() && stem.iter().all(u8::is_ascii_hexdigit);
    is_digest && name.extension().is_some_and(|ending| ending == ENDING)
}

/// What was written under a name, behind what tells that it is whole.
#[derive(Debug)]
pub(crate) struct Payload {
    bytes: Vec<u8>,
    start: usize,
}

impl Payload {
    /// As it was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// A plain file of a fitting size that nobody but this user can have written.
fn is_trusted(file: &fs::Metadata) -> bool {
    #[cfg(unix)]
    let is_own = {
        use std::os::unix::fs::MetadataExt as _;
        file.uid() == rustix::process::geteuid().as_raw() && file.mode() & 0o022 == 0
    };
    #[cfg(not(unix))]
    let is_own = true;
    file.is_file() && file.len() <= FILE_BYTES_MAX && is_own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, RuleCache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = RuleCache::new(Some(&dir.path().join("a/b"))).unwrap();
        (dir, cache)
    }

    fn read(cache: &RuleCache, name: Digest) -> Option<Vec<u8>> {
        cache.read(name).map(|payload| payload.bytes().to_vec())
    }

    #[test]
    fn what_was_written_is_read_back_and_replaced_as_a_whole() {
        let (_dir, cache) = cache();
        let name = digest(b"name");
        assert_eq!(read(&cache, name), None);
        cache.write(name, b"first");
        assert_eq!(read(&cache, name).as_deref(), Some(&b"first"[..]));
        cache.write(name, b"second");
        assert_eq!(read(&cache, name).as_deref(), Some(&b"second"[..]));
        assert_eq!(read(&cache, digest(b"other")), None);
        assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), 1);
    }

    #[test]
    fn a_file_cut_or_changed_anywhere_is_not_there() {
        let (_dir, cache) = cache();
        let name = digest(b"name");
        cache.write(name, b"some rules");
        let path = cache.path(name);
        let bytes = fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(read(&cache, name), None, "cut at {cut}");
        }
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            fs::write(&path, changed).unwrap();
            assert_eq!(read(&cache, name), None, "changed at {place}");
        }
    }

    #[test]
    fn only_the_newest_sets_stay_nothing_unfinished_and_all_that_is_of_others() {
        let (_dir, cache) = cache();
        let long_ago = SystemTime::now() - Duration::from_secs(7200);
        for number in 0..12_u8 {
            let name = digest(&[number]);
            cache.write(name, &[number]);
            let age = Duration::from_secs(60 * u64::from(number));
            fs::File::options().append(true).open(cache.path(name)).unwrap().set_modified(long_ago + age).unwrap();
        }
        let unfinished = cache.directory.join(".new-abc");
        fs::File::create(&unfinished).unwrap().set_modified(long_ago).unwrap();
        for number in 0..12 {
            fs::write(cache.directory.join(format!("suricata-{number}.rules")), "stays").unwrap();
        }
        cache.write(digest(b"last"), b"last");
        let there = |number: u8| cache.read(digest(&[number])).is_some();
        assert_eq!((0..12).filter(|number| there(*number)).collect::<Vec<u8>>(), [5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), SETS_MAX + 12);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_their_owner_alone_and_others_files_are_not_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, cache) = cache();
        let name = digest(b"name");
        cache.write(name, b"rules");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache.path(name)), mode(&cache.directory)), (0o600, 0o700));
        fs::set_permissions(cache.path(name), fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(read(&cache, name), None);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = RuleCache::new(Some(&file.join("below"))).unwrap();
        cache.write(digest(b"name"), b"rules");
        assert_eq!(read(&cache, digest(b"name")), None);
        assert!(RuleCache::new(Some(Path::new("none"))).is_none());
    }
}
