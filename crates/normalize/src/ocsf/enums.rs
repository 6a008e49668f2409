//! Enumerations: the source's word, OCSF's number, OCSF's caption. Rows of `data/ocsf/enums.tsv`.

use std::sync::OnceLock;

use cordon_model::Node;
use rustc_hash::FxHashMap;

use super::kinds::Write;
use super::place::put as put_at;
use super::rows::rows;

/// By table and the source's word in lower case.
type Table = FxHashMap<&'static str, FxHashMap<&'static str, (i64, &'static str)>>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::default();
        for [name, word, id, caption] in rows::<4>(include_str!("../../data/ocsf/enums.tsv")) {
            table.entry(name).or_default().insert(word, (id.parse().unwrap_or_default(), caption));
        }
        table
    })
}

/// Number and caption of a word; those of the row for any other word where there is one. An empty caption stands for the source's own text.
pub(super) fn find(name: &str, word: &str) -> Option<(i64, &'static str)> {
    let words = table().get(name)?;
    let exact = words.get(word).or_else(|| words.get(word.to_lowercase().as_str()));
    exact.or_else(|| words.get("*")).copied()
}

/// Whether there is such a table.
#[cfg(test)]
pub(super) fn knows(name: &str) -> bool {
    table().contains_key(name)
}

/// Puts the number at the place and the caption, or the source's text where OCSF has no number for it, at its sibling (`status_id`, `status`).
pub(super) fn put<'a>(name: &str, text: &'a str, write: &mut Write<'_, 'a>) -> bool {
    let Some((id, caption)) = find(name, text) else { return false };
    if !write.node(Node::Integer(id)) {
        return false;
    }
    let Some((last, above)) = write.path.split_last() else { return false };
    let Some(sibling) = last.name.strip_suffix("_id") else { return true };
    let caption = if caption.is_empty() { write.shown.text(text, write.arena) } else { caption };
    let sibling = super::place::sibling(last, sibling);
    let path: Vec<_> = above.iter().copied().chain(std::iter::once(sibling)).collect();
    put_at(write.event, &path, Node::Text(caption), write.arena)
}
