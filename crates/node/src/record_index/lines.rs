//! Writes what a review says of each access: `explanations.csv` and `withheld.csv`, and tells the index where each line begins.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use cordon_privacy::Explained;

use super::write::IndexWriter;

const EXPLANATIONS_HEAD: &[u8] = b"row,explanation,proof\n";
const WITHHELD_HEAD: &[u8] = b"row,feed\n";

/// How long the two files are, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Of `explanations.csv`.
    pub explanations: u64,
    /// Of `withheld.csv`.
    pub withheld: u64,
}

/// The two files, while they are written.
#[derive(Debug)]
pub struct Lines {
    explanations: BufWriter<File>,
    withheld: BufWriter<File>,
    at: Ends,
    line: Vec<u8>,
}

impl Lines {
    /// Writes the first lines.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn begin(mut explanations: BufWriter<File>, mut withheld: BufWriter<File>) -> io::Result<Self> {
        explanations.write_all(EXPLANATIONS_HEAD)?;
        withheld.write_all(WITHHELD_HEAD)?;
        let at = Ends { explanations: EXPLANATIONS_HEAD.len() as u64, withheld: WITHHELD_HEAD.len() as u64 };
        Ok(Self { explanations, withheld, at, line: Vec::new() })
    }

    /// Writes what was found of the next access; accesses come in the order of their rows.
    ///
    /// # Errors
    /// When a file cannot be written, or temporary files of the index cannot be read.
    pub fn write(&mut self, explained: &Explained, index: Option<&mut IndexWriter>) -> io::Result<()> {
        if let Some(index) = index {
            index.line(explained.row, self.at.explanations, self.at.withheld)?;
        }
        self.line.clear();
        write!(self.line, "{},{},", explained.row, explained.marks)?;
        for (place, proof) in explained.proofs().enumerate() {
            let between = if place == 0 { "" } else { ";" };
            write!(self.line, "{between}{proof}")?;
        }
        self.line.push(b'\n');
        self.explanations.write_all(&self.line)?;
        self.at.explanations += self.line.len() as u64;
        let Some(feed) = explained.late else { return Ok(()) };
        self.line.clear();
        writeln!(self.line, "{},{}", explained.row, feed.word())?;
        self.withheld.write_all(&self.line)?;
        self.at.withheld += self.line.len() as u64;
        Ok(())
    }

    /// The two files, and how long they are.
    pub fn finish(self) -> (BufWriter<File>, BufWriter<File>, Ends) {
        (self.explanations, self.withheld, self.at)
    }
}
