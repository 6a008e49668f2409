//! Did you mean: the nearest known word to an unknown one.

/// Longest word that is compared, in characters: a longer one gets no suggestion.
const WORD_CHARS_MAX: usize = 64;

/// The candidate with the smallest edit distance to `word`, when it is near enough to be a slip: at most a third of its letters, at least one;
/// never for a single letter.
/// Of equally near ones the first.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters: Vec<char> = word.chars().take(WORD_CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
    if letters.is_empty() || letters.len() > WORD_CHARS_MAX {
        return None;
    }
    let limit = if letters.len() == 1 { 0 } else { (letters.len() / 3).max(1) };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.chars().take(WORD_CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
        if candidate == word || other.len() > WORD_CHARS_MAX || other.len().abs_diff(letters.len()) > limit {
            continue;
        }
        let distance = edit_distance(&letters, &other);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, each costing one.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(letter != other);
            let mut least = replaced.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let swapped = row > 0 && column > 0 && a.get(row - 1) == Some(other) && b.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expect: Option<&str>) {
        assert_eq!(did_you_mean(word, ["contains", "endswith", "startswith", "all", "re", "cidr"]), expect, "{word}");
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_word_that_was_meant() {
        check("contain", Some("contains"));
        check("endwith", Some("endswith"));
        check("startwsith", Some("startswith"));
        check("Contains", Some("contains"));
        check("al", Some("all"));
    }

    #[test]
    fn a_strange_word_finds_nothing() {
        check("wildcard", None);
        check("", None);
        check(&"x".repeat(1000), None);
    }
}
