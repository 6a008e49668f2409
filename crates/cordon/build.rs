//! Puts the default pack into the binary: every `rule.yml` below `rules/` of the workspace, in the order of their paths. And a hash over the code that
//! reads and compiles rules, by which compiled rules that another build has kept are told apart.

use std::error::Error;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../rules");
    let mut rules = Vec::new();
    if root.is_dir() {
        find_rules(&root.canonicalize()?, &mut rules)?;
    }
    rules.sort();
    let mut code = String::from("&[\n");
    for path in &rules {
        let name = path.strip_prefix(root.canonicalize()?)?.to_string_lossy().replace('\\', "/");
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.to_string_lossy())?;
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pack.rs"), code)?;
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", root.display())?;
    writeln!(io::stdout(), "cargo::rustc-env=CORDON_RULES_CODE={:016x}", code_hash()?)?;
    Ok(())
}

/// What decides how rules are read, compiled and kept, seen from this crate.
const CODE: [&str; 5] = ["../rules/src", "../rules/data", "../model/src", "src", "../../Cargo.lock"];

fn code_hash() -> Result<u64, Box<dyn Error>> {
    let mut hasher = DefaultHasher::new();
    for place in CODE {
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(place);
        let mut files = Vec::new();
        find_files(&root, &mut files)?;
        files.sort();
        for file in files {
            file.strip_prefix(&root)?.hash(&mut hasher);
            fs::read(&file)?.hash(&mut hasher);
        }
        writeln!(io::stdout(), "cargo::rerun-if-changed={}", root.display())?;
    }
    Ok(hasher.finish())
}

fn find_files(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        find_files(&entry?.path(), files)?;
    }
    Ok(())
}

fn find_rules(directory: &Path, rules: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find_rules(&entry.path(), rules)?;
        } else if entry.file_name() == "rule.yml" {
            rules.push(entry.path());
        }
    }
    Ok(())
}
