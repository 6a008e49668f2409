//! Writes seeds for the fuzz target `evtx`: `evtx_seeds CORPUS [FOLDER...]` puts a chunk of each sample shape into CORPUS, and the start of the first chunk of every
//! EVTX file below the folders.

use std::path::{Path, PathBuf};

use cordon_testkit::evtx;

/// Longest seed that is cut from a file, unless its first record alone is longer.
const SEED_BYTES_MAX: usize = 8_192;

/// Most files that seeds are cut from.
const FILES_MAX: usize = 1_000;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let corpus = arguments.next().ok_or_else(|| std::io::Error::other("usage: evtx_seeds CORPUS [FOLDER...]"))?;
    let mut seeds = evtx::sample::contents();
    let mut files = Vec::new();
    arguments.filter(|folder| folder.is_dir()).try_for_each(|folder| files_below(&folder, &mut files))?;
    for file in files {
        seeds.extend(evtx::contents(&std::fs::read(file)?, SEED_BYTES_MAX).into_iter().next());
    }
    let mut whole = evtx::Records::default();
    evtx::sample::push(&mut whole);
    seeds.push(whole.file());
    for (number, seed) in seeds.iter().enumerate() {
        let mut bytes = vec![0x7F];
        bytes.extend(seed);
        std::fs::write(corpus.join(format!("seed{number:04}")), bytes)?;
    }
    Ok(())
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "evtx") && files.len() < FILES_MAX {
            files.push(path);
        }
    }
    Ok(())
}
