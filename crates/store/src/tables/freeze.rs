//! The event tables as of now, in another folder of the same file system: links to the logs and to the files that they name.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path as FilePath, PathBuf};

use futures_util::TryStreamExt as _;
use object_store::path::Path;

use super::Tables;
use super::catalogue::Family;
use super::error::TablesError;
use super::objects::UNFINISHED;
use super::open::APPLIED;

impl Tables {
    /// Links logs and files into `to`, which is not there yet. Commits wait meanwhile, some microseconds a file. Gives [`Tables::applied`] of that moment.
    ///
    /// # Errors
    /// When the disk fails, or a file that a log names is not there.
    pub async fn freeze(&self, to: &FilePath) -> Result<u64, TablesError> {
        let _commits = self.inner.commits.lock().await;
        let mut names = vec![Path::from(APPLIED)];
        for (family, table) in Family::all().zip(self.snapshot()) {
            names.extend(table.files().map(|file| file.path()));
            let log = Path::from(format!("{}/_delta_log", family.name()));
            let found: Vec<_> = self.inner.objects.list(Some(&log)).try_collect().await?;
            names.extend(found.into_iter().map(|object| object.location));
        }
        let link = |name: &Path| {
            let to = name.parts().fold(to.to_owned(), |folder, part| folder.join(part.as_ref()));
            (self.inner.files.file(name), to)
        };
        let links: Vec<(PathBuf, PathBuf)> =
            names.iter().filter(|name| !name.as_ref().ends_with(UNFINISHED)).map(link).collect();
        let (applied, to) = (self.inner.read().applied, to.to_owned());
        let linked = tokio::task::spawn_blocking(move || link_all(&to, &links)).await;
        linked.map_err(|_| TablesError::GivenUp)?.map_err(|source| {
            TablesError::Files(object_store::Error::Generic { store: "tables", source: Box::new(source) })
        })?;
        Ok(applied)
    }
}

fn link_all(to: &FilePath, links: &[(PathBuf, PathBuf)]) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true).mode(0o700);
    folders.create(to)?;
    for (from, to) in links {
        to.parent().map_or(Ok(()), |folder| folders.create(folder))?;
        match fs::hard_link(from, to) {
            // tables that were never flushed state no common offset
            Err(error) if error.kind() == io::ErrorKind::NotFound && from.ends_with(APPLIED) => {}
            linked => linked.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", from.display())))?,
        }
    }
    Ok(())
}
