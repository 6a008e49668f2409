//! The patient that an SQL statement is about, as OpenEMR logs it: the statement, then its bound values in brackets (`... WHERE pid = ? ('12','x')`).
//!
//! It looks for columns `pid` and `patient_id` in conditions, assignments and inserted rows; it is no SQL parser and guesses nothing else.

/// Most tokens of a statement that are looked at.
const TOKENS_MAX: usize = 4_096;

/// A piece of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// Names and numbers, dots within them.
    Word(&'t str),
    /// The inside of a quoted text.
    Text(&'t str),
    /// Anything else, one character.
    Sign(char),
}

/// The id of the patient, or `None` when the statement names none.
pub(super) fn patient(statement: &str) -> Option<&str> {
    let tokens: Vec<Token<'_>> = Tokens { rest: statement }.take(TOKENS_MAX).collect();
    let (statement, bound) = split_bound(&tokens);
    of_condition(statement, bound).or_else(|| of_insert(statement, bound))
}

/// `pid = 12`, `p.pid='12'`, `pid = ?`.
fn of_condition<'t>(statement: &[Token<'t>], bound: &[Token<'t>]) -> Option<&'t str> {
    statement.windows(3).enumerate().find_map(|(at, window)| match window {
        [Token::Word(name), Token::Sign('='), value] if is_patient_column(name) => {
            literal(*value, statement.get(..at)?, bound)
        }
        _ => None,
    })
}

/// `INSERT INTO t (a, pid) VALUES (?, 12)`: the value at the column's place in the first row.
fn of_insert<'t>(statement: &[Token<'t>], bound: &[Token<'t>]) -> Option<&'t str> {
    let open = statement.iter().position(|token| *token == Token::Sign('('))?;
    let columns = statement.get(open + 1..)?;
    let close = columns.iter().position(|token| *token == Token::Sign(')'))?;
    let behind = columns.get(close + 1..)?;
    let [Token::Word(word), Token::Sign('('), ..] = behind else { return None };
    if !word.eq_ignore_ascii_case("values") {
        return None;
    }
    let mut names = columns.get(..close)?.split(|token| *token == Token::Sign(','));
    let place = names.position(|column| matches!(column, [Token::Word(name)] if is_patient_column(name)))?;
    let values = behind.get(2..)?;
    let at = statement.len() - values.len() + start_of_value(values, place)?;
    let alone = matches!(statement.get(at + 1), Some(Token::Sign(',' | ')')));
    if alone { literal(*statement.get(at)?, statement.get(..at)?, bound) } else { None }
}

/// Where the value of a place starts in a list of values; commas within brackets do not count.
fn start_of_value(values: &[Token<'_>], place: usize) -> Option<usize> {
    let (mut depth, mut commas) = (0_usize, 0);
    for (at, token) in values.iter().enumerate() {
        if commas == place && depth == 0 {
            return Some(at);
        }
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.checked_sub(1)?,
            Token::Sign(',') if depth == 0 => commas += 1,
            _ => {}
        }
    }
    None
}

/// A value as text: itself, or what is bound to a question mark.
fn literal<'t>(value: Token<'t>, before: &[Token<'t>], bound: &[Token<'t>]) -> Option<&'t str> {
    match value {
        Token::Text(text) => Some(text),
        Token::Word(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => Some(word),
        Token::Sign('?') => {
            let nth = before.iter().filter(|token| **token == Token::Sign('?')).count();
            let values = bound.iter().filter_map(|token| match token {
                Token::Text(text) => Some(*text),
                _ => None,
            });
            values.clone().nth(nth)
        }
        _ => None,
    }
}

fn is_patient_column(name: &str) -> bool {
    let column = name.rsplit('.').next().unwrap_or(name);
    column.eq_ignore_ascii_case("pid") || column.eq_ignore_ascii_case("patient_id")
}

/// The statement and the bound values behind it: a last bracket of nothing but quoted texts, as many as there are question marks.
fn split_bound<'s, 't>(tokens: &'s [Token<'t>]) -> (&'s [Token<'t>], &'s [Token<'t>]) {
    let whole = (tokens, [].as_slice());
    let Some((Token::Sign(')'), rest)) = tokens.split_last() else { return whole };
    let values = rest.iter().rev().take_while(|token| matches!(token, Token::Text(_) | Token::Sign(','))).count();
    let Some((statement, values)) = rest.split_at_checked(rest.len() - values) else { return whole };
    let Some((Token::Sign('('), statement)) = statement.split_last() else { return whole };
    let texts = values.iter().filter(|token| matches!(token, Token::Text(_))).count();
    let marks = statement.iter().filter(|token| **token == Token::Sign('?')).count();
    if texts == marks && texts > 0 { (statement, values) } else { whole }
}

struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let text = self.rest.trim_start();
        let first = text.chars().next()?;
        let quoted = matches!(first, '\'' | '"' | '`');
        let (token, after) = if quoted {
            let inside = text.get(1..)?;
            let end = closing(inside, first);
            let body = inside.get(..end)?;
            let token = if first == '`' { Token::Word(body) } else { Token::Text(body) };
            (token, inside.get(end + 1..).unwrap_or_default())
        } else {
            let word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
            let end = text.find(|letter| !word(letter)).unwrap_or(text.len());
            match text.split_at_checked(end) {
                Some((name, after)) if !name.is_empty() => (Token::Word(name), after),
                _ => (Token::Sign(first), text.get(first.len_utf8()..)?),
            }
        };
        self.rest = after;
        Some(token)
    }
}

/// Where a quoted text ends: at its quotation mark, unless that is doubled or behind a backslash.
fn closing(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patient_of_a_statement_is_found() {
        for (statement, expect) in [
            ("SELECT * FROM patient_data WHERE pid = 12", Some("12")),
            ("SELECT * FROM forms f WHERE f.pid='12' AND x = 1", Some("12")),
            ("SELECT * FROM t WHERE a = ? AND `pid` = ? ('x','12')", Some("12")),
            ("UPDATE patient_data SET lname=?, fname=? WHERE pid=? ('O\\'Neil','A, (b) pid = 7','12')", Some("12")),
            ("INSERT INTO pnotes (date, body, pid) VALUES (IF(1, 2, 3), 'x', 12)", Some("12")),
            ("INSERT INTO pnotes (pid, body) VALUES (12 + 1, 'x')", None),
            ("INSERT INTO pnotes (date, body, pid) VALUES (?, ?, ?) ('d','b','12')", Some("12")),
            ("INSERT INTO pnotes (pid, body) VALUES (12, 'pid = 9')", Some("12")),
            ("SELECT * FROM t WHERE id = 12", None),
            ("SELECT * FROM t WHERE pid = ?", None),
            ("SELECT * FROM t WHERE pid = NULL", None),
            ("", None),
            ("'", None),
        ] {
            assert_eq!(patient(statement), expect, "{statement}");
        }
    }
}
