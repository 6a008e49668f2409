//! Reads the tables under `data/ocsf/`: lines of columns between tabs, `#` starts a comment, `-` stands for nothing.

/// The rows of a table with `N` columns. A line of another shape is left out; a test holds that there is none.
pub(super) fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    lines(text).filter_map(|line| {
        let mut row = [""; N];
        let mut columns = line.split('\t');
        for cell in &mut row {
            *cell = columns.next().map(|column| if column == "-" { "" } else { column })?;
        }
        columns.next().is_none().then_some(row)
    })
}

/// The lines that hold a row.
pub(super) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const N: usize>(text: &'static str) {
        for line in lines(text) {
            assert_eq!(line.split('\t').count(), N, "{line}");
        }
        assert_eq!(rows::<N>(text).count(), lines(text).count());
    }

    #[test]
    fn every_line_of_every_table_is_a_row() {
        check::<7>(include_str!("../../data/ocsf/routes.tsv"));
        check::<4>(include_str!("../../data/ocsf/maps.tsv"));
        check::<4>(include_str!("../../data/ocsf/enums.tsv"));
        check::<4>(include_str!("../../data/ocsf/fills.tsv"));
        check::<4>(include_str!("../../data/ocsf/products.tsv"));
        check::<2>(include_str!("../../data/ocsf/unmapped.tsv"));
    }
}
