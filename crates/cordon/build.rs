//! Puts the default pack into the binary: every `rule.yml` below `rules/` of the workspace, in the order of their paths.

use std::error::Error;
use std::fmt::Write as _;
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
