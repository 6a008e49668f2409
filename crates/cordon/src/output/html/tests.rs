//! The report's own style and script: readable in both schemes, and nothing from outside.

use super::*;

/// Colours of text, each on every ground it stands on.
const TEXTS: [&str; 8] = ["ink", "soft", "link", "critical", "high", "medium", "low", "informational"];
const GROUNDS: [&str; 3] = ["paper", "raised", "faint"];

/// The value of a custom property in a block of the style.
fn colour(block: &str, name: &str) -> [f64; 3] {
    let digits = block.split(&format!("--{name}: #")).nth(1).unwrap().get(..6).unwrap();
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(digits.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0)
}

/// Relative luminance (WCAG 2.2).
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// AA for text of any size: 4.5 to 1.
fn check(block: &str, text: &str, ground: &str) {
    let (one, other) = (luminance(colour(block, text)), luminance(colour(block, ground)));
    let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
    assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
}

#[test]
fn every_text_has_the_contrast_of_wcag_aa_in_light_and_dark() {
    let blocks: Vec<&str> = STYLE.split(":root {").skip(1).take(2).collect();
    for block in blocks {
        TEXTS.iter().for_each(|text| GROUNDS.iter().for_each(|ground| check(block, text, ground)));
        check(block, "mark-ink", "mark");
    }
}

#[test]
fn style_and_script_ask_for_nothing_and_cannot_end_their_elements() {
    for text in [STYLE, SCRIPT, HEAD, FILTER] {
        for word in [
            "url(",
            "@import",
            "@font-face",
            "fetch(",
            "XMLHttpRequest",
            "WebSocket",
            "sendBeacon",
            "import(",
            "eval(",
            "innerHTML",
            "http:",
            "https:",
            "src=",
        ] {
            assert!(!text.contains(word), "{word}");
        }
    }
    assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
}
