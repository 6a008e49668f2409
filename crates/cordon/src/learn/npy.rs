//! Arrays of NumPy: as much of the format as tables of numbers need.
//!
//! Source: the NEP 1 text of the `.npy` format, versions 1 to 3: a magic, a header that is a Python literal, then the numbers in the order that the header says.

use anyhow::{Context as _, Result, bail, ensure};

/// Numbers in rows.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Row after row.
    pub(super) values: Vec<f64>,
}

impl Array {
    /// Reads an array of one or two dimensions of numbers of 1 to 8 bytes, little-endian.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let rest = bytes.strip_prefix(b"\x93NUMPY").context("no array of NumPy")?;
        let (version, rest) = rest.split_at_checked(2).context("an array without a header")?;
        let wide = version.first().is_some_and(|major| *major >= 2);
        let (length, rest) = rest.split_at_checked(if wide { 4 } else { 2 }).context("an array without a header")?;
        let length = length.iter().rev().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let (header, data) = rest.split_at_checked(length).context("an array whose header is cut off")?;
        let header = String::from_utf8_lossy(header);
        let kind = value_of(&header, "descr").context("an array that does not say what it holds")?;
        let by_columns = value_of(&header, "fortran_order").is_some_and(|order| order.starts_with("True"));
        let (rows, columns) = shape_of(&header)?;
        let cells = rows.checked_mul(columns).context("an array that is too large")?;
        let stored = numbers(kind.trim_matches(['\'', '"']), data)?;
        ensure!(stored.len() >= cells, "an array of {} numbers where its header says {cells}", stored.len());
        let at = |row: usize, column: usize| if by_columns { column * rows + row } else { row * columns + column };
        let order = (0..rows).flat_map(|row| (0..columns).map(move |column| at(row, column)));
        let values = order.filter_map(|place| stored.get(place).copied()).collect();
        Ok(Self { rows, columns, values })
    }
}

/// The text after a key of the header, up to the next comma outside of brackets.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = header.split_once(&format!("'{key}':"))?;
    let after = after.trim_start();
    let end = if after.starts_with('(') { after.find(')')? + 1 } else { after.find([',', '}'])? };
    after.get(..end).map(str::trim)
}

fn shape_of(header: &str) -> Result<(usize, usize)> {
    let shape = value_of(header, "shape").context("an array without a shape")?;
    let sizes = shape.trim_matches(['(', ')']).split(',').map(str::trim).filter(|size| !size.is_empty());
    let sizes: Vec<usize> =
        sizes.map(str::parse).collect::<Result<_, _>>().with_context(|| format!("shape {shape}"))?;
    match sizes.as_slice() {
        [rows] => Ok((*rows, 1)),
        [rows, columns] => Ok((*rows, *columns)),
        _ => bail!("an array of shape {shape}: tables have one or two dimensions"),
    }
}

fn numbers(kind: &str, data: &[u8]) -> Result<Vec<f64>> {
    Ok(match kind {
        "<f8" => data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        "<f4" => data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
        "<i8" => data.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f64).collect(),
        "<i4" => data.as_chunks().0.iter().map(|bytes| f64::from(i32::from_le_bytes(*bytes))).collect(),
        "<u4" => data.as_chunks().0.iter().map(|bytes| f64::from(u32::from_le_bytes(*bytes))).collect(),
        "<i2" => data.as_chunks().0.iter().map(|bytes| f64::from(i16::from_le_bytes(*bytes))).collect(),
        "<u2" => data.as_chunks().0.iter().map(|bytes| f64::from(u16::from_le_bytes(*bytes))).collect(),
        "<u8" => data.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes) as f64).collect(),
        "|u1" | "|b1" => data.iter().map(|byte| f64::from(*byte)).collect(),
        "|i1" => data.iter().map(|byte| f64::from(i8::from_le_bytes([*byte]))).collect(),
        _ => {
            bail!("an array of {kind}: numbers are expected as <f8, <f4, <i8, <i4, <i2, |i1, <u8, <u4, <u2, |u1 or |b1")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn both_orders_give_the_same_rows() {
        let bytes = |values: [f64; 4]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let rows = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }", &bytes([1.0, 2.0, 3.0, 4.0]));
        let columns = npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }", &bytes([1.0, 3.0, 2.0, 4.0]));
        assert_eq!(Array::read(&rows).unwrap().values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(Array::read(&rows).unwrap(), Array::read(&columns).unwrap());
    }

    #[test]
    fn numbers_of_every_size_are_read() {
        for (kind, data) in [
            ("|i1", &[0xfe, 3][..]),
            ("<i2", &[0xfe, 0xff, 3, 0]),
            ("<i4", &[0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0]),
            ("<i8", &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            let array = npy(&format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (2,), }}"), data);
            assert_eq!(Array::read(&array).unwrap().values, [-2.0, 3.0], "{kind}");
        }
        for (kind, data) in [("<u2", &[1, 2][..]), ("<u4", &[1, 2, 0, 0])] {
            let array = npy(&format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (1,), }}"), data);
            assert_eq!(Array::read(&array).unwrap().values, [513.0], "{kind}");
        }
    }

    #[test]
    fn what_is_no_array_says_why() {
        let why = |bytes: &[u8]| Array::read(bytes).unwrap_err().to_string();
        assert_eq!(why(b"x"), "no array of NumPy");
        let text = npy("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", b"abc");
        assert!(why(&text).starts_with("an array of <U3"), "{}", why(&text));
        let short = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", b"abc");
        assert_eq!(why(&short), "an array of 3 numbers where its header says 5");
        for cut in 0..short.len() {
            assert!(Array::read(&short[..cut]).is_err());
        }
    }
}
