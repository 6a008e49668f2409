//! Fitting text into a width: values are cut around what matched, and what has no room is counted.

use cordon_model::MatchedField;

use crate::terminal::plain;

/// Longest value kept for showing.
const VALUE_CHARS_MAX: usize = 300;
/// Characters shown before the place that matched, when a value has to be cut.
const LEAD_CHARS: usize = 12;
/// Fewest characters that a field behind others is cut to.
const CUT_CHARS_MIN: usize = 24;
/// Room for `  +99 more`.
const MORE_CHARS: usize = 10;

/// A matched field without the parts of a long value that are never shown.
pub(super) fn shortened(field: &MatchedField) -> MatchedField {
    if field.value.len() <= VALUE_CHARS_MAX {
        return field.clone();
    }
    let from = field.value.floor_char_boundary(field.offset.unwrap_or(0).saturating_sub(LEAD_CHARS));
    let to = field.value.floor_char_boundary((from + VALUE_CHARS_MAX).min(field.value.len()));
    let mark = |cut| if cut { "…" } else { "" };
    let value = field.value.get(from..to).unwrap_or_default();
    let value = format!("{}{value}{}", mark(from > 0), mark(to < field.value.len()));
    MatchedField { offset: field.offset.map(|offset| offset - from + mark(from > 0).len()), value, ..field.clone() }
}

/// `field=value` of what matched, as much as fits, then how much did not: `Image=a.exe  +2 more`. A value too long is cut around the place that matched.
pub(super) fn matched(fields: &[MatchedField], width: usize) -> String {
    let mut line = String::new();
    for (place, field) in fields.iter().enumerate() {
        let value = plain(&field.value);
        let text = if field.field.is_empty() { value.into_owned() } else { format!("{}={value}", field.field) };
        let head = if field.field.is_empty() { 0 } else { field.field.len() + 1 };
        let match_at = head + field.offset.unwrap_or(0);
        let rest = fields.len() - place - 1;
        let room = width.saturating_sub(if rest > 0 { MORE_CHARS } else { 0 });
        if line.is_empty() {
            line = around(&text, head, match_at, room);
            continue;
        }
        let left = room.saturating_sub(chars(&line) + 2);
        if chars(&text) > left && left < CUT_CHARS_MIN {
            return format!("{line}  +{} more", rest + 1);
        }
        line.push_str("  ");
        line.push_str(&around(&text, head, match_at, left));
    }
    line
}

/// Keeps the first `head` bytes and as much around byte `place` as `width` characters allow.
fn around(text: &str, head: usize, place: usize, width: usize) -> String {
    if chars(text) <= width {
        return text.to_owned();
    }
    let (head, value) = text.split_at_checked(head).unwrap_or(("", text));
    let room = width.saturating_sub(chars(head)).max(8);
    let before = value.get(..value.floor_char_boundary(place.saturating_sub(head.len()))).map_or(0, chars);
    let skip = if before + LEAD_CHARS < room { 0 } else { before.saturating_sub(LEAD_CHARS) };
    let skip = skip.min((chars(value) + 1).saturating_sub(room)); // as much as fits, to the end
    let lead = if skip > 0 { "…" } else { "" };
    let shown: String = value.chars().skip(skip).collect();
    format!("{head}{lead}{}", cut(&shown, room.saturating_sub(chars(lead))))
}

/// The text in lines of at most `width` characters, parted at blanks; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while chars(rest) > width {
        // with the character behind them: a blank there is where the line ends
        let fits = rest.char_indices().nth(width).map_or(rest.len(), |(at, letter)| at + letter.len_utf8());
        let fitting = rest.get(..fits).unwrap_or(rest);
        let Some(at) = fitting.rfind(' ').or_else(|| rest.find(' ')) else { break };
        let Some((line, after)) = rest.split_at_checked(at) else { break };
        lines.push(line.trim_end());
        rest = after.trim_start();
    }
    lines.push(rest);
    lines
}

/// At most `width` characters, the last an ellipsis when something was left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    if chars(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

/// At most `width` characters, the first an ellipsis when something was left out.
pub(super) fn cut_front(text: &str, width: usize) -> String {
    let left_out = chars(text).saturating_sub(width);
    if left_out == 0 {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(left_out + 1)).collect()
}

pub(super) fn chars(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(field: &str, value: &str, offset: usize) -> MatchedField {
        MatchedField {
            field: field.into(),
            value: value.into(),
            offset: Some(offset),
            length: 0,
            pattern: String::new(),
        }
    }

    #[test]
    fn a_long_value_is_cut_around_the_place_that_matched() {
        let value = format!("{}sekurlsa::logonpasswords{}", "x".repeat(100), "y".repeat(100));
        let line = matched(&[field("CommandLine", &value, 100)], 60);
        assert_eq!(line, "CommandLine=…xxxxxxxxxxxxsekurlsa::logonpasswordsyyyyyyyyyy…");
        assert_eq!(chars(&line), 60);
    }

    #[test]
    fn a_value_whose_end_fits_is_shown_to_its_end() {
        let line = matched(&[field("File", r"C:\Windows\System32\mimilsa.log", 20)], 30);
        assert_eq!(line, r"File=…ows\System32\mimilsa.log");
        assert_eq!(cut_front("evtx/long_name.evtx:0:3", 12), "…me.evtx:0:3");
        assert_eq!(cut_front("a.evtx:0:3", 12), "a.evtx:0:3");
    }

    #[test]
    fn fields_are_shown_as_long_as_they_fit_and_the_others_are_counted() {
        let fields = [field("Image", "a.exe", 0), field("User", "anna", 0), field("CommandLine", &"z".repeat(90), 0)];
        assert_eq!(matched(&fields, 40), "Image=a.exe  User=anna  +1 more");
        assert_eq!(matched(&fields, 23), "Image=a.exe  +2 more");
        assert_eq!(matched(&fields, 200).len(), "Image=a.exe  User=anna  CommandLine=".len() + 90);
        assert_eq!(matched(&fields[2..], 20), "CommandLine=zzzzzzz…");
        assert_eq!(matched(&[field("", "keyword", 0)], 40), "keyword");
    }

    #[test]
    fn long_lines_are_parted_at_blanks_and_nothing_is_lost() {
        assert_eq!(wrapped("one two three", 20), ["one two three"]);
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("äääää öö ü", 5), ["äääää", "öö ü"]);
        assert_eq!(wrapped("ä üüüü ö", 4), ["ä", "üüüü", "ö"]);
        assert_eq!(wrapped("overlong b", 3), ["overlong", "b"]);
        assert_eq!(wrapped("", 3), [""]);
    }

    #[test]
    fn a_value_kept_for_showing_is_short_and_holds_the_match() {
        let value = format!("{}ä needle{}", "ä".repeat(900), "z".repeat(900));
        let short = shortened(&field("F", &value, 1803));
        assert!(short.value.len() <= VALUE_CHARS_MAX + 6);
        assert!(short.value.get(short.offset.unwrap()..).unwrap().starts_with("needle"), "{short:?}");
    }
}
