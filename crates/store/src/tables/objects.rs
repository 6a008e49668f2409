//! Files of the event tables as an `ObjectStore`, for Delta and DataFusion, over a [`Disk`]. What was put is durable: written beside its name, synced, moved to its
//! name, the folder synced. Lists come in order of name, as logs are read.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::stream::Unfinished;
use crate::disk::{self, Disk, DiskEntry, DiskFile};

/// Ending of files that are being written; one found at the start was left by a crash.
pub(super) const UNFINISHED: &str = ".unfinished";
/// Folders deep that are looked into.
const DEPTH_MAX: usize = 8;
const STORE: &str = "tables";

/// A folder whose files are durable once put.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    root: PathBuf,
    disk: Arc<dyn Disk>,
}

/// The store as Delta and DataFusion take it.
pub(super) type Shared = Arc<dyn ObjectStore>;

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

impl Objects {
    /// The folder, made when it is not there.
    pub(super) fn open(disk: Arc<dyn Disk>, root: &FilePath) -> Result<Self> {
        let objects = Self { root: root.to_owned(), disk };
        disk::make_dirs(&*objects.disk, root).map_err(generic)?;
        Ok(objects)
    }

    /// Tells the disk where the work has come to.
    pub(super) fn reached(&self, point: &'static str) {
        self.disk.reached(point);
    }

    /// Where a file lies on the disk.
    pub(super) fn file(&self, location: &Path) -> PathBuf {
        location.parts().fold(self.root.clone(), |folder, part| folder.join(part.as_ref()))
    }

    /// A new file that gets its name when it is whole. Blocks.
    pub(super) fn create_file(&self, location: &Path) -> io::Result<Unfinished> {
        let file = self.file(location);
        let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
        disk::make_dirs(&*self.disk, folder)?;
        let unfinished = unfinished(&file);
        absent_or(self.disk.remove(&unfinished))?;
        Unfinished::new(Arc::clone(&self.disk), unfinished, file)
    }

    /// Opens a file. Blocks.
    pub(super) fn open_file(&self, location: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open(&self.file(location))
    }

    /// Runs what blocks on another thread.
    async fn blocking<T: Send + 'static>(
        &self,
        location: &Path,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let objects = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&objects)).await;
        let done = done.map_err(|_| generic(io::Error::other("work on a file was given up")))?;
        done.map_err(|error| named(error, location))
    }

    /// Writes a file so that it is there whole or not at all, whatever happens.
    fn put_file(&self, file: &FilePath, payload: &PutPayload, only_new: bool) -> io::Result<()> {
        let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
        disk::make_dirs(&*self.disk, folder)?;
        let unfinished = unfinished(file);
        absent_or(self.disk.remove(&unfinished))?;
        let mut out = self.disk.create(&unfinished)?;
        for piece in payload {
            out.append(piece)?;
        }
        out.sync()?;
        drop(out);
        if only_new {
            if let Err(taken) = self.disk.rename_new(&unfinished, file) {
                absent_or(self.disk.remove(&unfinished))?;
                return Err(taken);
            }
        } else {
            self.disk.rename(&unfinished, file)?;
        }
        self.disk.sync_dir(folder)
    }

    fn get_file(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        let path = self.file(location);
        let entry = self.disk.entry(&path).map_err(|error| named(error, location))?;
        if entry.is_dir {
            return Err(named(io::ErrorKind::NotFound.into(), location));
        }
        let meta = meta(location.clone(), &entry);
        options.check_preconditions(&meta)?;
        let wanted = match &options.range {
            Some(range) => range.as_range(entry.bytes).map_err(|error| generic(io::Error::other(error)))?,
            None => 0..entry.bytes,
        };
        let bytes = match options.head {
            true => Bytes::new(),
            false => self.read(&path, &wanted).map_err(|error| named(error, location))?,
        };
        let payload = GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range: wanted, attributes: Attributes::default() })
    }

    fn read(&self, path: &FilePath, range: &Range<u64>) -> io::Result<Bytes> {
        let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        let read = self.disk.open(path)?.read_at(range.start, &mut bytes)?;
        if read < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes.into())
    }

    /// Files below a folder, by name, but for those in the folder itself whose names stand before `from`.
    fn walk(&self, prefix: &Path, from: &str, found: &mut Vec<ObjectMeta>, depth: usize) -> io::Result<()> {
        for (location, entry) in self.entries(prefix, from)? {
            if entry.is_dir && depth < DEPTH_MAX {
                self.walk(&location, "", found, depth + 1)?;
            } else if !entry.is_dir {
                found.push(meta(location, &entry));
            }
        }
        Ok(())
    }

    /// Files below a folder that `is_wanted`, in order of name; none that stands in the folder itself before `from`.
    fn listed(
        &self,
        prefix: Option<&Path>,
        from: String,
        is_wanted: impl Fn(&ObjectMeta) -> bool + Send + 'static,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (objects, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let walked = async move {
            let below = prefix.clone();
            let walk = move |objects: &Self| {
                let mut found = Vec::new();
                objects.walk(&below, &from, &mut found, 0)?;
                found.retain(is_wanted);
                found.sort_by(|one, other| one.location.cmp(&other.location));
                Ok(found)
            };
            let found = objects.blocking(&prefix, walk).await?;
            Ok::<_, Error>(stream::iter(found.into_iter().map(Ok)))
        };
        stream::once(walked).try_flatten().boxed()
    }

    fn entries(&self, prefix: &Path, from: &str) -> io::Result<Vec<(Path, DiskEntry)>> {
        let entries = match self.disk.list_from(&self.file(prefix), from) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Vec::new(),
            listed => listed?,
        };
        Ok(entries.into_iter().map(|entry| (prefix.clone().join(entry.name.as_str()), entry)).collect())
    }
}

#[async_trait]
impl ObjectStore for Objects {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let file = self.file(location);
        let only_new = match options.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => return Err(unsupported("a conditional update")),
        };
        self.blocking(location, move |objects| objects.put_file(&file, &payload, only_new)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(unsupported("an upload in parts"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let wanted = location.clone();
        self.blocking(location, move |objects| Ok(objects.get_file(&wanted, &options))).await?
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (file, ranges) = (self.file(location), ranges.to_vec());
        self.blocking(location, move |objects| ranges.iter().map(|range| objects.read(&file, range)).collect()).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let objects = self.clone();
        let delete = move |location: Result<Path>| {
            let objects = objects.clone();
            async move {
                let location = location?;
                let file = objects.file(&location);
                objects.blocking(&location, move |objects| objects.disk.remove(&file)).await?;
                Ok(location)
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(prefix, String::new(), |_| true)
    }

    /// A log of a table has a file for each commit of a day, and each commit asks for the last few.
    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let below = prefix.cloned().unwrap_or_default();
        let first = offset.prefix_match(&below).and_then(|mut parts| parts.next());
        let from = first.map(|part| part.as_ref().to_owned()).unwrap_or_default();
        let offset = offset.clone();
        self.listed(prefix, from, move |meta| meta.location > offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        let below = prefix.clone();
        let entries = self.blocking(&prefix, move |objects| objects.entries(&below, "")).await?;
        let mut listed = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        for (location, entry) in entries {
            if entry.is_dir {
                listed.common_prefixes.push(location);
            } else {
                listed.objects.push(meta(location, &entry));
            }
        }
        Ok(listed)
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(unsupported("a copy"))
    }
}

fn meta(location: Path, entry: &DiskEntry) -> ObjectMeta {
    ObjectMeta { location, last_modified: entry.modified.into(), size: entry.bytes, e_tag: None, version: None }
}

/// Where a file lies until it is whole.
fn unfinished(file: &FilePath) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    file.with_file_name(name)
}

/// No error when there was nothing to remove.
fn absent_or(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn named(error: io::Error, location: &Path) -> Error {
    let path = location.to_string();
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path, source: Box::new(error) },
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: Box::new(error) },
        _ => generic(error),
    }
}

fn generic(source: io::Error) -> Error {
    Error::Generic { store: STORE, source: Box::new(source) }
}

fn unsupported(what: &str) -> Error {
    Error::NotSupported { source: format!("the event tables know no {what}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FileDisk;

    #[tokio::test]
    async fn a_list_from_an_offset_holds_what_stands_behind_it_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let objects = Objects::open(Arc::new(FileDisk), home.path()).unwrap();
        let names = ["t/log/00.json", "t/log/01.json", "t/log/02.json", "t/log/01/part", "t/log/_sidecars/a", "t/00"];
        for name in names {
            objects.put_opts(&Path::from(name), "x".into(), PutOptions::default()).await.unwrap();
        }
        let (log, all) = (Path::from("t/log"), Path::from("t"));
        for (prefix, offset) in
            [(&log, "t/log/01.json"), (&log, "t/log/00"), (&log, "t"), (&all, "t/log/01"), (&log, "u")]
        {
            let offset = Path::from(offset);
            let listed: Vec<_> = objects.list_with_offset(Some(prefix), &offset).try_collect().await.unwrap();
            let every: Vec<ObjectMeta> = objects.list(Some(prefix)).try_collect().await.unwrap();
            let expect: Vec<_> = every.into_iter().filter(|meta| meta.location > offset).collect();
            assert_eq!(listed, expect, "{prefix} {offset}");
        }
    }
}
