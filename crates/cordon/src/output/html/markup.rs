//! HTML text under construction. What is not written in this program goes through an escaping door: only `'static` pieces get in as they are, so that a log
//! can neither break out of its place nor hide what it says.

use cordon_model::Level;

use crate::terminal::thousands;

/// A piece of a page.
#[derive(Debug, Default)]
pub(super) struct Markup {
    text: String,
}

impl Markup {
    /// Markup of this program.
    pub(super) fn html(&mut self, html: &'static str) -> &mut Self {
        self.text.push_str(html);
        self
    }

    /// Foreign text on one line: markup is defused, and letters that are invisible or that command are shown by a sign or by their number.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' if letters.peek() == Some(&'\n') => {}
                '\n' => self.text.push_str("<b class=\"w\">↵</b>"),
                '\t' => self.text.push_str("<b class=\"w\">⇥</b>"),
                other => self.letter(other),
            }
        }
        self
    }

    /// Foreign text in a `pre`: the same, but lines and tabs stay. A lone carriage return (HL7) ends a line as well.
    pub(super) fn lines(&mut self, text: &str) -> &mut Self {
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\n' | '\t' => self.text.push(letter),
                '\r' if letters.peek() == Some(&'\n') => {}
                '\r' => self.text.push('\n'),
                other => self.letter(other),
            }
        }
        self
    }

    /// ` name="value"` with a foreign value.
    pub(super) fn attr(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        for letter in value.chars() {
            if is_hidden(letter) {
                self.text.push_str(&format!("\u{27E8}{}\u{27E9}", number_of(letter)));
            } else {
                self.visible(letter);
            }
        }
        self.text.push('"');
        self
    }

    /// A number with commas.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.text.push_str(&thousands(number));
        self
    }

    /// `1 finding`, `2 findings`.
    pub(super) fn count(&mut self, number: u64, one: &'static str, many: &'static str) -> &mut Self {
        self.number(number).html(" ").html(if number == 1 { one } else { many })
    }

    /// A level by shape and word.
    pub(super) fn level(&mut self, level: Level) -> &mut Self {
        self.html("<span class=\"lv ").html(level.name()).html("\">").html(level.name()).html("</span>")
    }

    /// How many at each level, the worst first, by shape, number and (for those who hear the page or point at it) word.
    pub(super) fn levels(&mut self, counts: [u64; 5]) -> &mut Self {
        self.html("<span class=\"counts\">");
        for (level, count) in Level::ALL.into_iter().zip(counts).rev().filter(|(_, count)| *count > 0) {
            self.html("<span class=\"lv ").html(level.name()).html("\" title=\"").html(level.name()).html("\">");
            self.number(count).html("<span class=\"heard\"> ").html(level.name()).html("</span></span> ");
        }
        self.html("</span>")
    }

    /// JSON in a `script` of type `application/json`: the letters that could end the element or a line of script are written as JSON escapes, which mean the
    /// same. In JSON they only stand within strings.
    pub(super) fn json(&mut self, json: &str) -> &mut Self {
        for letter in json.chars() {
            if matches!(letter, '<' | '>' | '&' | '\u{7F}' | '\u{2028}' | '\u{2029}') || is_hidden(letter) {
                self.json_escape(letter);
            } else {
                self.text.push(letter);
            }
        }
        self
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What was built, leaving nothing.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn json_escape(&mut self, letter: char) {
        for unit in letter.encode_utf16(&mut [0; 2]) {
            self.text.push_str(&format!("\\u{unit:04x}"));
        }
    }

    fn letter(&mut self, letter: char) {
        if is_hidden(letter) {
            self.text.push_str("<b class=\"u\">");
            self.text.push_str(&number_of(letter));
            self.text.push_str("</b>");
        } else {
            self.visible(letter);
        }
    }

    fn visible(&mut self, letter: char) {
        match letter {
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            '"' => self.text.push_str("&quot;"),
            '\'' => self.text.push_str("&#39;"),
            other => self.text.push(other),
        }
    }
}

fn number_of(letter: char) -> String {
    format!("U+{:04X}", u32::from(letter))
}

/// Control characters, and those of Unicode that reorder text, end lines or show nothing (UAX 9, and the default ignorable ones of practical use).
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut Markup, &str), foreign: &str, expect: &str) {
        let mut markup = Markup::default();
        write(&mut markup, foreign);
        assert_eq!(markup.take(), expect);
    }

    fn text(markup: &mut Markup, foreign: &str) {
        markup.text(foreign);
    }

    fn lines(markup: &mut Markup, foreign: &str) {
        markup.lines(foreign);
    }

    fn attr(markup: &mut Markup, foreign: &str) {
        markup.attr("title", foreign);
    }

    fn json(markup: &mut Markup, foreign: &str) {
        markup.json(&serde_json::to_string(foreign).unwrap());
    }

    #[test]
    fn foreign_text_cannot_become_markup() {
        check(text, "</script><img src=x onerror=alert(1)>", "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;");
        check(text, "&amp; \"it's\"", "&amp;amp; &quot;it&#39;s&quot;");
        check(attr, "\" onload='x'", " title=\"&quot; onload=&#39;x&#39;\"");
        check(attr, "a\n\u{202E}b", " title=\"a⟨U+000A⟩⟨U+202E⟩b\"");
    }

    #[test]
    fn what_is_invisible_is_shown_by_its_number() {
        check(text, "exe\u{202E}gpj", "exe<b class=\"u\">U+202E</b>gpj");
        check(
            text,
            "a\u{0}b\u{1b}c\u{7f}",
            "a<b class=\"u\">U+0000</b>b<b class=\"u\">U+001B</b>c<b class=\"u\">U+007F</b>",
        );
        check(
            text,
            "\u{2028}\u{200B}\u{FEFF}\u{E0041}",
            "<b class=\"u\">U+2028</b><b class=\"u\">U+200B</b><b class=\"u\">U+FEFF</b><b class=\"u\">U+E0041</b>",
        );
        check(text, "Grüße, 東京, سلام 😀", "Grüße, 東京, سلام 😀");
    }

    #[test]
    fn lines_stay_where_they_mean_something() {
        check(lines, "a\n\tb\r\nc\rd<", "a\n\tb\nc\nd&lt;");
        check(text, "a\r\nb\tc\rd", "a<b class=\"w\">↵</b>b<b class=\"w\">⇥</b>c<b class=\"u\">U+000D</b>d");
    }

    #[test]
    fn json_cannot_leave_its_element_and_means_the_same() {
        let hostile = "</script><!--<script>&\u{2028}\u{202E}\u{E0041}\"\\\u{7f}";
        let mut markup = Markup::default();
        json(&mut markup, hostile);
        let written = markup.take();
        assert!(!written.contains(['<', '>', '&', '\u{2028}', '\u{202E}', '\u{7f}']), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), hostile);
    }
}
