//! Single rows out of the middle of a file of accesses.

use std::io::Read;

use super::RecordAccess;
use crate::form::{AccessLayout, AccessNames, AccessReader, SheetFault};
use crate::names::{NONE, Names};

/// Bytes of the texts of rows that are picked at a time, beyond which texts share one name: as many as in the longest rows.
const TEXT_BYTES_MAX: usize = 1 << 30;

/// A row that was picked.
#[derive(Clone, Debug)]
pub struct Picked {
    /// Whose record it is about; empty for none.
    pub patient: String,
    /// What the row says: role, department, reason and words are still empty.
    pub access: RecordAccess,
}

impl AccessLayout {
    /// Reads `from` to its end: rows of a file of accesses that begin behind row `row_before`. Gives those in `wanted`, as far as they are accesses; `see` gets the bytes of the
    /// cells of each row ([`AccessReader::row_bytes`]).
    ///
    /// # Errors
    /// When the bytes do not come, or a row is longer than rows may be.
    pub fn pick<R: Read>(
        &self,
        from: R,
        row_before: u32,
        wanted: &[u32],
        mut see: impl FnMut(&[u8]),
    ) -> Result<Vec<Picked>, SheetFault> {
        // a line end in front keeps the bytes of a byte order mark, which only mean one at the beginning of a file
        let line_end: &[u8] = if self.is_decoded() { b"" } else { b"\n" };
        let mut reader = AccessReader::resumed(self, line_end.chain(from), row_before);
        let [mut users, mut patients, mut texts] = [(); 3].map(|()| Names::with_room(TEXT_BYTES_MAX));
        let mut out = Vec::new();
        while let Some(row) = reader.step()? {
            see(reader.row_bytes());
            if !wanted.contains(&row) {
                continue;
            }
            let mut names = AccessNames { users: &mut users, patients: &mut patients, texts: &mut texts };
            let Ok(access) = reader.access(row, &mut names) else { continue };
            let patient = if access.patient == NONE { "" } else { patients.text(access.patient) };
            let told = RecordAccess::bare(&access, &users, &texts);
            out.push(Picked { patient: patient.to_owned(), access: told });
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Review, Settings};

    const ROWS: [&str; 5] = [
        "\"a\nb\",2026-03-01T09:00:00+01:00,anna,1,read,löwe\n",
        "x,yesterday,anna,1,read,\n",
        "x,2026-03-01T10:00:00+01:00,\"b\"\"ert\",\"2\n,3\",read,\"two, three\"\n",
        "\n\n\u{feff}x,2026-03-01T11:00:00+01:00,bert,2,read,\n",
        "x,2026-03-01T12:00:00+01:00,bert,4,read,last",
    ];

    /// Every row, read from the middle of the file where the reader of all of it had come to.
    fn one_by_one(file: &[u8]) -> Vec<(u32, String, String, String)> {
        let mut review = Review::new(Context::new(Settings::default()));
        let mut reader = AccessReader::open(file).unwrap();
        let mut places = vec![reader.next_at()];
        while review.read(&mut reader).unwrap().is_some() {
            places.push(reader.next_at());
        }
        let mut out = Vec::new();
        for (row, place) in (1..).zip(places.windows(2)) {
            let part = &file[usize::try_from(place[0]).unwrap()..usize::try_from(place[1]).unwrap()];
            let mut rows = 0;
            let picked = reader.layout().pick(part, row - 1, &[row], |_| rows += 1).unwrap();
            assert!(rows <= 1, "row {row}");
            out.extend(
                picked.into_iter().map(|one| (one.access.row, one.patient, one.access.user, one.access.section)),
            );
        }
        out
    }

    fn divided_by_semicolons(text: &str) -> String {
        let mut quoted = false;
        let divided = text.chars().map(|letter| {
            quoted ^= letter == '"';
            if letter == ',' && !quoted { ';' } else { letter }
        });
        divided.collect()
    }

    #[test]
    fn a_row_is_found_again_at_its_place_whatever_the_shape_of_the_file() {
        let text = format!("more,time,user,patient,action,section\n{}", ROWS.concat());
        let utf16 = |order: fn(u16) -> [u8; 2]| format!("\u{feff}{text}").encode_utf16().flat_map(order).collect();
        let shapes: [(&str, Vec<u8>); 6] = [
            ("plain", text.clone().into_bytes()),
            ("byte order mark", format!("\u{feff}{text}").into_bytes()),
            ("carriage returns", text.replace('\n', "\r\n").into_bytes()),
            ("semicolons", divided_by_semicolons(&text).into_bytes()),
            ("utf-16", utf16(u16::to_le_bytes)),
            ("utf-16, the other order", utf16(u16::to_be_bytes)),
        ];
        for (shape, bytes) in shapes {
            let line_end = if shape == "carriage returns" { "\r\n" } else { "\n" };
            let two = format!("2{line_end},3");
            let rows: Vec<(u32, String, String, String)> = [
                (1, "1", "anna", "löwe"),
                (3, two.as_str(), "b\"ert", "two, three"),
                (4, "2", "bert", ""),
                (5, "4", "bert", "last"),
            ]
            .map(|(row, patient, user, section)| (row, patient.into(), user.into(), section.into()))
            .into();
            assert_eq!(one_by_one(&bytes), rows, "{shape}");
        }
    }
}
