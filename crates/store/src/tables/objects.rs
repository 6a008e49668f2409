//! Files of the event tables as an `ObjectStore`, for Delta and DataFusion. What was put is durable: written beside its name, synced, moved to its name, the
//! folder synced. Reading, listing and deleting are those of the local file system.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Ending of files that are being written; one found at the start was left by a crash.
pub(super) const UNFINISHED: &str = ".unfinished";
const STORE: &str = "tables";

/// A folder whose files are durable once put.
#[derive(Debug)]
pub(super) struct Objects {
    root: PathBuf,
    local: LocalFileSystem,
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

impl Objects {
    /// The folder, made when it is not there.
    pub(super) fn open(root: &FilePath) -> Result<Self> {
        fs::create_dir_all(root).map_err(generic)?;
        let root = root.canonicalize().map_err(generic)?;
        let local = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self { root, local })
    }

    /// Where a file lies on the disk.
    fn file(&self, location: &Path) -> PathBuf {
        location.parts().fold(self.root.clone(), |folder, part| folder.join(part.as_ref()))
    }
}

#[async_trait]
impl ObjectStore for Objects {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let file = self.file(location);
        let location = location.clone();
        let only_new = match options.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => return Err(unsupported("a conditional update")),
        };
        let work = tokio::task::spawn_blocking(move || put(&file, &payload, only_new));
        match work.await.map_err(|_| generic(io::Error::other("the write was given up")))? {
            Ok(()) => Ok(PutResult { e_tag: None, version: None }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::AlreadyExists { path: location.to_string(), source: Box::new(error) })
            }
            Err(error) => Err(generic(error)),
        }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(unsupported("an upload in parts"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.local.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.local.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.local.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        in_order(self.local.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        in_order(self.local.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.local.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(unsupported("a copy"))
    }
}

/// By name: the log of a table is read in this order.
fn in_order(list: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
    let sorted = async move {
        let mut all: Vec<ObjectMeta> = list.try_collect().await?;
        all.sort_by(|one, other| one.location.cmp(&other.location));
        Ok::<_, Error>(stream::iter(all.into_iter().map(Ok)))
    };
    stream::once(sorted).try_flatten().boxed()
}

/// Writes a file so that it is there whole or not at all, whatever happens.
fn put(file: &FilePath, payload: &PutPayload, only_new: bool) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folders(folder)?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    let unfinished = folder.join(name);
    let mut out = File::create(&unfinished)?;
    for piece in payload {
        out.write_all(piece)?;
    }
    out.sync_all()?;
    drop(out);
    if only_new {
        let linked = fs::hard_link(&unfinished, file);
        fs::remove_file(&unfinished)?;
        linked?;
    } else {
        fs::rename(&unfinished, file)?;
    }
    File::open(folder)?.sync_all()
}

/// Makes the folder and syncs the folders above that hold a new entry.
fn make_folders(folder: &FilePath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folders(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

fn generic(source: io::Error) -> Error {
    Error::Generic { store: STORE, source: Box::new(source) }
}

fn unsupported(what: &str) -> Error {
    Error::NotSupported { source: format!("the event tables know no {what}").into() }
}

/// The store as Delta and DataFusion take it.
pub(super) type Shared = Arc<dyn ObjectStore>;
