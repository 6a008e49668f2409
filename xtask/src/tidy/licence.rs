//! Licences: whether an SPDX expression can be met with the licences that this project accepts (SPDX 2.3, annex D).

/// Licences that may be linked into an Apache-2.0 binary and shipped to hospitals without conditions on their own code.
const ACCEPTED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Deepest nesting of brackets that is read.
const DEPTH_MAX: usize = 8;

/// Whether the expression leaves a choice of accepted licences. The old form `MIT/Apache-2.0` means OR. What cannot be read is not accepted.
pub(super) fn is_accepted(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words, 0) == Some(true) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>, depth: usize) -> Option<bool> {
    let mut accepted = all_of(words, depth)?;
    while words.next_if(|word| word.eq_ignore_ascii_case("or")).is_some() {
        accepted |= all_of(words, depth)?;
    }
    Some(accepted)
}

fn all_of(words: &mut Words<'_>, depth: usize) -> Option<bool> {
    let mut accepted = one(words, depth)?;
    while words.next_if(|word| word.eq_ignore_ascii_case("and")).is_some() {
        accepted &= one(words, depth)?;
    }
    Some(accepted)
}

fn one(words: &mut Words<'_>, depth: usize) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let inside = (depth < DEPTH_MAX).then(|| any_of(words, depth + 1))??;
        return words.next_if_eq(&")").map(|_| inside);
    }
    if words.next_if(|word| word.eq_ignore_ascii_case("with")).is_some() {
        // an exception only adds permissions, so the licence in front of it decides
        words.next()?;
    }
    Some(ACCEPTED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expect: bool) {
        assert_eq!(is_accepted(expression), expect, "{expression}");
    }

    #[test]
    fn a_choice_with_one_accepted_licence_is_accepted() {
        check("MIT", true);
        check("MIT OR Apache-2.0", true);
        check("MIT/Apache-2.0", true);
        check("Unlicense / GPL-3.0-only", true);
        check("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true);
    }

    #[test]
    fn every_licence_of_a_conjunction_must_be_accepted() {
        check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
        check("MIT AND GPL-3.0-or-later", false);
        check("(MIT OR GPL-2.0-only) AND (ISC OR AGPL-3.0-only)", true);
        check("MIT OR Apache-2.0 AND BUSL-1.1", true);
    }

    #[test]
    fn what_is_not_accepted_or_not_readable_is_refused() {
        check("AGPL-3.0-only", false);
        check("BUSL-1.1", false);
        check("LGPL-3.0-only WITH LGPL-3.0-linking-exception", false);
        check("", false);
        check("MIT OR", false);
        check("(MIT", false);
        check("MIT Apache-2.0", false);
        check(&format!("{}MIT{}", "(".repeat(50), ")".repeat(50)), false);
    }
}
