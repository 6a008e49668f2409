//! What an index says of itself: which files it was made of, who works there, when feeds were silent.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use cordon_privacy::{Feed, Review, Silence, Table};
use cordon_seal::RunningDigest;
use serde::{Deserialize, Serialize};

/// Bytes of the beginning and of the end of a file by which it is known again.
const ENDS_BYTES: u64 = 64 << 10;

/// By what a file is known again without reading all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its first and its last 64 KiB (of all of it where it is no longer than both), as hexadecimal digits.
    pub ends_sha256: String,
}

impl Identity {
    /// Looks at a file. None when there is none, or something that cannot be read again: a pipe, a terminal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        match path.metadata() {
            Ok(known) if !known.is_file() => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            known => known?,
        };
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut digest = RunningDigest::default();
        let head = bytes.min(ENDS_BYTES);
        digest.update(&part(&file, 0, head)?);
        let tail = (bytes - head).min(ENDS_BYTES);
        digest.update(&part(&file, bytes - tail, tail)?);
        Ok(Some(Self { bytes, ends_sha256: digest.finish().to_string() }))
    }
}

fn part(file: &File, at: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// A file and by what it is known again; none where it was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) file: String,
    pub(super) identity: Option<Identity>,
}

/// Role and department of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) user: String,
    pub(super) role: String,
    pub(super) department: String,
}

/// A silence, to the last bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Silent {
    feed: String,
    from: i64,
    until: i64,
    usual_bits: u64,
    came: u32,
}

impl Silent {
    /// The silence; none when its feed has no such word.
    pub(super) fn silence(&self) -> Option<Silence> {
        let feed = Feed::of_word(&self.feed)?;
        Some(Silence {
            feed,
            from: self.from,
            until: self.until,
            usual: f64::from_bits(self.usual_bits),
            came: self.came,
        })
    }
}

/// What an index says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub(super) accesses: Identity,
    /// Files of the context.
    pub(super) context: Vec<Named>,
    /// Files of the review.
    pub(super) review: Vec<Named>,
    /// Rows of accesses and context that the review could not use.
    pub rows_not_used: u64,
    /// Ids of patients that had no room and cannot be found.
    pub ids_left_out: u64,
    pub(super) staff: Vec<Member>,
    pub(super) silences: Vec<Silent>,
}

impl About {
    /// What a review is made of, as its files are now: before they are read.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn files(accesses: &Path, context: &Path) -> io::Result<Option<Self>> {
        let Some(accesses) = Identity::of(accesses)? else { return Ok(None) };
        let context = Table::CONTEXT.into_iter().map(|table| {
            let file = table.file().to_owned();
            Ok(Named { identity: Identity::of(&context.join(&file))?, file })
        });
        Ok(Some(Self {
            accesses,
            context: context.collect::<io::Result<_>>()?,
            review: Vec::new(),
            rows_not_used: 0,
            ids_left_out: 0,
            staff: Vec::new(),
            silences: Vec::new(),
        }))
    }

    /// Whether the files of the context are still as they were, and the accesses too.
    pub(super) fn is_of(&self, accesses: &Path, context: &Path) -> io::Result<Result<(), std::path::PathBuf>> {
        if Identity::of(accesses)?.as_ref() != Some(&self.accesses) {
            return Ok(Err(accesses.to_owned()));
        }
        changed(&self.context, context)
    }

    /// Whether the files of the review are still as it wrote them.
    pub(super) fn is_beside(&self, review: &Path) -> io::Result<Result<(), std::path::PathBuf>> {
        changed(&self.review, review)
    }

    /// Adds what the review found: `written` are its files, and where each is now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn add(
        &mut self,
        review: &Review,
        silences: &[Silence],
        rows_not_used: u64,
        written: &[(&str, &Path)],
    ) -> io::Result<()> {
        for (file, path) in written {
            self.review.push(Named { file: (*file).to_owned(), identity: Identity::of(path)? });
        }
        self.rows_not_used = rows_not_used;
        self.ids_left_out = review.record_ids_left_out();
        let staff = review.staff().map(|member| Member {
            user: member.user.to_owned(),
            role: member.role.to_owned(),
            department: member.department.to_owned(),
        });
        self.staff = staff.collect();
        let silences = silences.iter().map(|silence| Silent {
            feed: silence.feed.word().to_owned(),
            from: silence.from,
            until: silence.until,
            usual_bits: silence.usual.to_bits(),
            came: silence.came,
        });
        self.silences = silences.collect();
        Ok(())
    }
}

fn changed(files: &[Named], dir: &Path) -> io::Result<Result<(), std::path::PathBuf>> {
    for named in files {
        let path = dir.join(&named.file);
        if Identity::of(&path)? != named.identity {
            return Ok(Err(path));
        }
    }
    Ok(Ok(()))
}
