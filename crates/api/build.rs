//! Looks whether the console was built, and says so to the compiler. It builds nothing.

use std::io::{self, Write as _};
use std::path::Path;

/// What npm makes of `web/`, from the folder of this crate.
const BUILT: &str = "../../web/dist";
/// The folder around it. A folder that is not there would count as changed every time, so this one is watched until the other is there.
const AROUND: &str = "../../web";

fn main() -> io::Result<()> {
    let mut cargo = io::stdout();
    let watched = if Path::new(BUILT).is_dir() { BUILT } else { AROUND };
    writeln!(cargo, "cargo::rerun-if-changed={watched}")?;
    writeln!(cargo, "cargo::rustc-check-cfg=cfg(cordon_console)")?;
    if Path::new(BUILT).join("index.html").is_file() {
        writeln!(cargo, "cargo::rustc-cfg=cordon_console")?;
    }
    Ok(())
}
