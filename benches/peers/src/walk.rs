//! The physical limit: a bare walk over every key and value of every object, checked, lazily, nothing kept.

use sonic_rs::{JsonValueTrait, LazyValue};

/// Walks all lines; the number of values seen keeps the work alive.
pub fn walk(lines: &[String]) -> usize {
    lines.iter().map(|line| object(line)).sum()
}

/// Walks the members of the outermost object only; what is nested is passed over, checked.
pub fn top(lines: &[String]) -> usize {
    lines.iter().map(|line| sonic_rs::to_object_iter(line.as_str()).map_while(Result::ok).map(|(key, _)| 1 + key.len() % 2).sum::<usize>()).sum()
}

fn object(text: &str) -> usize {
    let mut seen = 0;
    for entry in sonic_rs::to_object_iter(text) {
        let Ok((key, value)) = entry else { break };
        seen += 1 + key.len() % 2;
        seen += inner(&value);
    }
    seen
}

fn inner(value: &LazyValue<'_>) -> usize {
    if value.is_object() { object(value.as_raw_str()) } else { 0 }
}
