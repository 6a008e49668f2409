//! One walk over an event's attributes: what has a column goes there, what may stand in the tables goes into the JSON of `rest`, and free text goes nowhere.
//!
//! The JSON keeps OCSF's nesting and order. An object of which nothing is left does not appear.

use cordon_model::{Node, Object};

use super::catalogue::{CATALOGUE, Places, Target};
use super::cells::Cells;

/// Longest text in `rest`, in bytes: what is longer is prose or a blob.
const TEXT_BYTES_MAX: usize = 256;
/// Most words of a text in `rest`: what has more is prose, which can name anybody.
const WORDS_MAX: usize = 6;
/// Deepest nesting that is followed; OCSF has no deeper one.
const DEPTH_MAX: usize = 24;

/// Splits an event into cells and the JSON appended to `json`: `{}` when nothing is left.
pub(super) fn split(event: &Object<'_>, places: &Places, cells: &mut Cells, json: &mut Vec<u8>) {
    Walk { places, cells, json }.object(event, Some(0), 0);
}

struct Walk<'w> {
    places: &'w Places,
    cells: &'w mut Cells,
    json: &'w mut Vec<u8>,
}

impl Walk<'_> {
    /// Writes what is left of an object whose attributes have the places of `node`; says whether anything is.
    fn object(&mut self, object: &Object<'_>, node: Option<usize>, depth: usize) -> bool {
        let (start, places) = (self.json.len(), self.places);
        self.json.push(b'{');
        let empty = self.json.len();
        for (name, value) in object.members() {
            let target = node.and_then(|node| places.target(node, name));
            if self.is_done(name, value, target) {
                continue;
            }
            let before = self.json.len();
            if before > empty {
                self.json.push(b',');
            }
            Node::Text(name).write_json(self.json);
            self.json.push(b':');
            if !self.attribute(value, target, depth) {
                self.json.truncate(before);
            }
        }
        let is_left = self.json.len() > empty;
        if is_left || depth == 0 {
            self.json.push(b'}');
        } else {
            self.json.truncate(start);
        }
        is_left
    }

    /// Puts a single value into its column; whether nothing of the attribute is to stand in the JSON.
    fn is_done(&mut self, name: &str, value: &Node<'_>, target: Option<&Target>) -> bool {
        match (target, value) {
            (Some(Target::Told), _) => true,
            (Some(Target::Column(_)), Node::List(_)) | (Some(Target::Hashes(_)), Node::List(_)) => false,
            (Some(Target::Column(column)), _) => self.cells.put(*column, value) || CATALOGUE.is_left_out(name),
            _ => CATALOGUE.is_left_out(name),
        }
    }

    /// Writes what the columns leave of an attribute; says whether anything is.
    fn attribute(&mut self, value: &Node<'_>, target: Option<&Target>, depth: usize) -> bool {
        match (target, value) {
            (Some(Target::Column(column)), Node::List(items)) => {
                let first = items.first().is_some_and(|first| self.cells.put(*column, first));
                (!first || items.len() > 1) && self.value(value, None, depth)
            }
            (Some(Target::Hashes(columns)), Node::List(items)) => {
                let taken = items.iter().filter(|item| self.hash(item, columns)).count();
                taken < items.len() && self.value(value, None, depth)
            }
            (Some(Target::Inside(inside)), _) => self.value(value, Some(*inside), depth),
            _ => self.value(value, None, depth),
        }
    }

    /// Puts a fingerprint into the column of its algorithm.
    fn hash(&mut self, item: &Node<'_>, columns: &[(i64, usize)]) -> bool {
        let Node::Object(hash) = item else { return false };
        let Some((Node::Integer(algorithm), value)) = hash.get("algorithm_id").zip(hash.get("value")) else {
            return false;
        };
        let column = columns.iter().find(|(known, _)| known == algorithm);
        column.is_some_and(|(_, column)| self.cells.put(*column, value))
    }

    fn value(&mut self, value: &Node<'_>, node: Option<usize>, depth: usize) -> bool {
        match value {
            _ if depth >= DEPTH_MAX => false,
            Node::Object(object) => self.object(object, node, depth + 1),
            Node::List(items) => self.list(items, node, depth + 1),
            Node::Text(text) if is_prose(text) => false,
            _ => {
                value.write_json(self.json);
                true
            }
        }
    }

    /// A list; the columns of its elements are filled from the first.
    fn list(&mut self, items: &[Node<'_>], node: Option<usize>, depth: usize) -> bool {
        let start = self.json.len();
        self.json.push(b'[');
        let empty = self.json.len();
        for (place, item) in items.iter().enumerate() {
            let before = self.json.len();
            if before > empty {
                self.json.push(b',');
            }
            if !self.value(item, node.filter(|_| place == 0), depth) {
                self.json.truncate(before);
            }
        }
        let is_left = self.json.len() > empty;
        if is_left {
            self.json.push(b']');
        } else {
            self.json.truncate(start);
        }
        is_left
    }
}

/// Whether a text reads like prose rather than like a value.
fn is_prose(text: &str) -> bool {
    text.len() > TEXT_BYTES_MAX || text.split_ascii_whitespace().take(WORDS_MAX + 1).count() > WORDS_MAX
}
