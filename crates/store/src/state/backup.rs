//! A copy of the state while it is in use, and whether the file itself is whole.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{State, StateError};

impl State {
    /// Writes a consistent copy as of now to a file that must not exist yet, readable by its owner only and on the disk when this returns. Writers go on meanwhile.
    /// The copy is plain: whoever keeps it elsewhere seals it.
    ///
    /// # Errors
    /// The file exists or cannot be written; then nothing is left of it.
    pub async fn backup_to(&self, path: &Path) -> Result<(), StateError> {
        let target = path.to_owned();
        let fault = |path: &Path, source| StateError::File { path: path.to_owned(), source };
        on_disk_thread(move || {
            // SQLite fills an empty file; made here, it belongs to its owner only from the start
            let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target);
            file.map(drop).map_err(|error| fault(&target, error))
        })
        .await?;
        let copied = match path.to_str() {
            Some(name) => sqlx::query("VACUUM INTO ?1").bind(name.to_owned()).execute(&self.readers).await.err(),
            None => return Err(StateError::Refused("the name of a backup is text")),
        };
        let target = path.to_owned();
        on_disk_thread(move || match copied {
            Some(error) => {
                let _what_is_left_is_no_copy = std::fs::remove_file(&target);
                Err(error.into())
            }
            None => sync(&target).map_err(|error| fault(&target, error)),
        })
        .await
    }

    /// Reads the whole file and names what is wrong with it (at most 20 faults); an empty list when it is whole. Takes as long as reading the file does.
    ///
    /// # Errors
    /// The state cannot be read at all.
    pub async fn check_file(&self) -> Result<Vec<String>, StateError> {
        let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&self.readers).await?;
        Ok(told.into_iter().filter(|line| line != "ok").collect())
    }
}

/// The copy and its name are on the disk.
fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => std::fs::File::open(".")?.sync_all(),
    }
}

async fn on_disk_thread(work: impl FnOnce() -> Result<(), StateError> + Send + 'static) -> Result<(), StateError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StateError::Busy))
}
