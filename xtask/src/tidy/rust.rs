//! Rust text as far as the checks need it: what is code, what is comment, what is test, where functions start and end.
//!
//! In: the text of one file. Out: the text with everything that is not code blanked, of the same length and with the same lines. Knows no grammar
//! beyond comments, literals, brackets and `#[cfg(test)]`.

use std::ops::Range;

/// The attribute that marks what only tests see.
const CFG_TEST: &str = "#[cfg(test)]";

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// One file, read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The code that is built into the product: comments, literals and tests are blank.
    pub(super) code: String,
    /// The code with its tests: comments and literals are blank.
    pub(super) all_code: String,
    /// The comments, everything else blank.
    pub(super) comments: String,
    /// Names of the modules that are declared for tests only and stand in files of their own.
    pub(super) test_modules: Vec<String>,
}

/// A word or a mark of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// The word, or the one letter of the mark.
    pub(super) text: &'a str,
    /// Line, from 1.
    pub(super) line: usize,
    /// Byte offset.
    start: usize,
}

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Lines from its `fn` to its closing bracket, from 1.
    pub(super) lines: Range<usize>,
}

impl Source {
    /// Reads a file.
    pub(super) fn read(text: &str) -> Self {
        let (mut all_code, mut comments) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
        let mut rest = text;
        while let Some((kind, length)) = piece(rest) {
            let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            put(&mut all_code, piece, kind == Kind::Code);
            put(&mut comments, piece, kind == Kind::Comment);
            rest = after;
        }
        let (code, test_modules) = without_tests(&all_code);
        Self { code, all_code, comments, test_modules }
    }
}

/// Appends a piece, or blanks of its length in its lines.
fn put(out: &mut String, piece: &str, is_shown: bool) {
    if is_shown {
        out.push_str(piece);
    } else {
        out.extend(piece.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    }
}

/// What the text starts with and how many bytes it takes; `None` at the end.
fn piece(text: &str) -> Option<(Kind, usize)> {
    let first = text.chars().next()?;
    if text.starts_with("//") {
        return Some((Kind::Comment, text.find('\n').unwrap_or(text.len())));
    }
    if text.starts_with("/*") {
        return Some((Kind::Comment, block_comment(text)));
    }
    if let Some(length) = string_literal(text).or_else(|| char_literal(text)) {
        return Some((Kind::Literal, length));
    }
    Some((Kind::Code, word_length(text).max(first.len_utf8())))
}

fn word_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len())
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of the string literal that the text starts with, with its prefix `b`, `c`, `r`, `br` or `cr`.
fn string_literal(text: &str) -> Option<usize> {
    let prefix = word_length(text);
    let (letters, rest) = text.split_at_checked(prefix)?;
    if !["", "b", "c", "r", "br", "cr"].contains(&letters) {
        return None;
    }
    if letters.ends_with('r') {
        let hashes = rest.find(|letter| letter != '#').unwrap_or(0);
        let inside = rest.get(hashes..)?.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inside.find(&end).map_or(inside.len(), |place| place + end.len());
        return Some(prefix + hashes + 1 + length);
    }
    let inside = rest.strip_prefix('"')?;
    Some(prefix + 1 + escaped_until(inside, '"'))
}

/// Length of the character literal that the text starts with; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let prefix = usize::from(text.starts_with("b'"));
    let inside = text.get(prefix..)?.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let is_literal = first == '\\' || inside.get(first.len_utf8()..)?.starts_with('\'');
    is_literal.then(|| prefix + 1 + escaped_until(inside, '\''))
}

/// Bytes up to and with the first `end` that no backslash precedes.
fn escaped_until(text: &str, end: char) -> usize {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices() {
        if !is_escaped && letter == end {
            return place + letter.len_utf8();
        }
        is_escaped = !is_escaped && letter == '\\';
    }
    text.len()
}

/// The code with every item behind `#[cfg(test)]` blanked, and the names of the test modules in other files.
fn without_tests(code: &str) -> (String, Vec<String>) {
    let (mut out, mut modules, mut rest) = (String::with_capacity(code.len()), Vec::new(), code);
    while let Some((before, item)) = rest.split_once(CFG_TEST) {
        put(&mut out, before, true);
        let (item, after) = item.split_at_checked(item_length(item)).unwrap_or((item, ""));
        put(&mut out, CFG_TEST, false);
        put(&mut out, item, false);
        modules.extend(module_name(item));
        rest = after;
    }
    out.push_str(rest);
    (out, modules)
}

/// The name in `mod name;`.
fn module_name(item: &str) -> Option<String> {
    let words: Vec<&str> = tokens(item).iter().map(|token| token.text).collect();
    let place = words.iter().position(|word| *word == "mod")?;
    let name = words.get(place + 1)?;
    (words.get(place + 2) == Some(&";")).then(|| (*name).to_owned())
}

/// Bytes of the item that the text starts with: up to its `;` or its closing bracket.
fn item_length(text: &str) -> usize {
    let found = tokens(text);
    end_of_item(&found).and_then(|end| found.get(end)).map_or(text.len(), |token| token.start + token.text.len())
}

/// Place of the token that ends an item: a `;` outside brackets, or the bracket that closes its first `{`.
fn end_of_item(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" if depth <= 1 => return Some(place),
            "}" => depth -= 1,
            ";" if depth == 0 => return Some(place),
            _ => {}
        }
    }
    None
}

/// Words and marks of blanked code.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let (mut found, mut start, mut line) = (Vec::new(), 0, 1);
    while let Some(rest) = code.get(start..)
        && let Some(first) = rest.chars().next()
    {
        let length = word_length(rest).max(first.len_utf8());
        if first == '\n' {
            line += 1;
        } else if !first.is_whitespace() {
            found.push(Token { text: rest.get(..length).unwrap_or(rest), line, start });
        }
        start += length;
    }
    found
}

/// Every function with a body, outer ones before those inside them.
pub(super) fn functions(code: &str) -> Vec<Function<'_>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    for (place, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "fn") {
        let Some(rest) = tokens.get(place + 1..) else { continue };
        let name = rest.first().filter(|name| word_length(name.text) > 0);
        let last = end_of_item(rest).and_then(|end| rest.get(end)).filter(|last| last.text == "}");
        if let (Some(name), Some(last)) = (name, last) {
            found.push(Function { name: name.text, lines: token.line..last.line + 1 });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "let a = \"fn x() {\\\"}\"; // fn y\nlet b = r#\"\"{\"#; /* { /* { */ */ let c = '{'; let d: &'a str = b\"{\"; let e = b'\\'';\n";
        let source = Source::read(text);
        assert_eq!(source.code.len(), text.len());
        let words: Vec<&str> = source.code.split_whitespace().collect();
        assert_eq!(words.join(" "), "let a = ; let b = ; let c = ; let d: &'a str = ; let e = ;");
        assert_eq!(
            source.comments.trim_end(),
            format!("{}// fn y\n{}/* {{ /* {{ */ */", " ".repeat(23), " ".repeat(17))
        );
    }

    #[test]
    fn letters_beyond_ascii_keep_lines_and_lengths() {
        let text = "/* ä */ let ö = 'ü'; // é\nlet x = \"ß\";";
        let source = Source::read(text);
        assert_eq!((source.code.len(), source.code.lines().count()), (text.len(), 2));
    }

    #[test]
    fn tests_are_left_out_and_what_follows_stays() {
        let source = Source::read(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n#[cfg(test)]\npub(crate) mod far;\n",
        );
        let names: Vec<&str> = functions(&source.code).iter().map(|function| function.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(source.test_modules, ["far"]);
        assert!(source.all_code.contains("fn b"));
    }

    #[test]
    fn functions_end_at_their_closing_bracket() {
        let code =
            "trait T { fn none(&self) -> [u8; 3]; }\nfn outer(f: fn(u8)) -> u8 {\n  fn inner() {\n  }\n  {}\n}\n";
        let one = |name, lines| Function { name, lines };
        assert_eq!(functions(code), [one("outer", 2..7), one("inner", 3..5)]);
    }

    #[test]
    fn broken_text_is_read_to_its_end() {
        for text in ["\"open", "/* open", "r##\"open\"#", "'\\", "#[cfg(test)]", "fn a( {", "b'", "r#"] {
            assert_eq!(Source::read(text).code.len(), text.len(), "{text}");
            assert!(functions(text).len() <= 1);
        }
    }
}
