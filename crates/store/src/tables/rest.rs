//! One walk over an event's attributes: what has a column goes there, what may stand in the tables goes into the JSON of `rest`, and free text goes nowhere.
//!
//! The JSON keeps OCSF's nesting and order. An object of which nothing is left does not appear.

use cordon_model::{Node, Object};
use rustc_hash::FxHashMap;

use super::catalogue::{CATALOGUE, Places, Target};
use super::cells::Cells;

/// Longest text in `rest`, in bytes: what is longer is prose or a blob.
const TEXT_BYTES_MAX: usize = 256;
/// Most words of a text in `rest`: what has more is prose, which can name anybody.
const WORDS_MAX: usize = 6;
/// Deepest nesting that is followed; OCSF has no deeper one.
const DEPTH_MAX: usize = 24;

/// Longest name that is remembered, and most of them.
const NAME_BYTES_MAX: usize = 128;
const NAMES_MAX: usize = 2_048;

/// What is known of the attributes of one table by their names: events of one source have the same ones again and again. It changes nothing but the time it takes.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// For each node of [`Places`], and in front of them for what is below none.
    nodes: Vec<FxHashMap<Box<str>, Attribute>>,
    count: usize,
    /// The names as JSON, each with its colon.
    json: Vec<u8>,
}

/// What is known of an attribute by its name.
#[derive(Clone, Copy, Debug, Default)]
struct Attribute {
    /// Its number among those of the node.
    target: Option<usize>,
    is_left_out: bool,
    /// Start and end in [`Names::json`]; empty where it is not remembered.
    json: (usize, usize),
}

impl Attribute {
    fn of(places: &Places, node: Option<usize>, name: &str) -> Self {
        let target = node.and_then(|node| places.number(node, name));
        Self { target, is_left_out: CATALOGUE.is_left_out(name), json: (0, 0) }
    }
}

impl Names {
    fn attribute(&mut self, places: &Places, node: Option<usize>, name: &str) -> Attribute {
        let place = node.map_or(0, |node| node + 1);
        if let Some(known) = self.nodes.get(place).and_then(|names| names.get(name)) {
            return *known;
        }
        let attribute = Attribute::of(places, node, name);
        if name.len() > NAME_BYTES_MAX {
            return attribute;
        }
        if self.count >= NAMES_MAX {
            *self = Self::default();
        }
        if self.nodes.len() <= place {
            self.nodes.resize_with(place + 1, FxHashMap::default);
        }
        let Some(names) = self.nodes.get_mut(place) else { return attribute };
        let start = self.json.len();
        Node::Text(name).write_json(&mut self.json);
        self.json.push(b':');
        let attribute = Attribute { json: (start, self.json.len()), ..attribute };
        names.insert(name.into(), attribute);
        self.count += 1;
        attribute
    }
}

/// Splits an event into cells and the JSON appended to `json`: `{}` when nothing is left.
pub(super) fn split(event: &Object<'_>, places: &Places, names: &mut Names, cells: &mut Cells, json: &mut Vec<u8>) {
    Walk { places, names, cells, json }.object(event, Some(0), 0);
}

struct Walk<'w> {
    places: &'w Places,
    names: &'w mut Names,
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
            let attribute = self.names.attribute(places, node, name);
            let target = node.zip(attribute.target).and_then(|(node, number)| places.target(node, number));
            if self.is_done(value, target, attribute.is_left_out) {
                continue;
            }
            let before = self.json.len();
            if before > empty {
                self.json.push(b',');
            }
            self.name(name, attribute);
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

    fn name(&mut self, name: &str, attribute: Attribute) {
        let (start, end) = attribute.json;
        match self.names.json.get(start..end) {
            Some(known) if start < end => self.json.extend_from_slice(known),
            _ => {
                Node::Text(name).write_json(self.json);
                self.json.push(b':');
            }
        }
    }

    /// Puts a single value into its column; whether nothing of the attribute is to stand in the JSON.
    fn is_done(&mut self, value: &Node<'_>, target: Option<&Target>, is_left_out: bool) -> bool {
        match (target, value) {
            (Some(Target::Told), _) => true,
            (Some(Target::Column(_)), Node::List(_)) | (Some(Target::Hashes(_)), Node::List(_)) => false,
            (Some(Target::Column(column)), _) => self.cells.put(*column, value) || is_left_out,
            _ => is_left_out,
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

#[cfg(test)]
mod tests {
    use cordon_model::Arena;

    use super::super::catalogue::Family;
    use super::super::tests::event;
    use super::*;

    /// The JSON of an event with an attribute of each name beside one that has a column.
    fn json(names: &mut Names, attributes: &[&str]) -> String {
        let arena = Arena::new();
        let event = event(3002, &arena, |object| {
            object.put_text("user.name", "kim");
            for name in attributes {
                object.put_text(arena.alloc_str(name), "x");
            }
        });
        let table = CATALOGUE.table(Family::of_class(3002)).unwrap();
        let (mut cells, mut json) = (Cells::new(&table.columns), Vec::new());
        split(&event.ocsf, &table.places, names, &mut cells, &mut json);
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn a_name_that_is_remembered_tells_what_it_told_before() {
        let mut names = Names::default();
        let long = "n".repeat(NAME_BYTES_MAX + 1);
        let attributes = ["a\"b", "message", "severity", &long];
        let first = json(&mut names, &attributes);
        assert!(first.contains(r#""a\"b":"x""#) && first.contains(&long) && !first.contains("message"), "{first}");
        assert_eq!(json(&mut names, &attributes), first);
        // as many names as a hostile source likes: none is mixed up with another, and they do not add up
        for number in 0..2 * NAMES_MAX {
            let name = format!("name-{number}");
            let json = json(&mut names, &[&name]);
            assert!(json.contains(&format!(r#""{name}":"x""#)), "{json}");
        }
        assert!(names.count <= NAMES_MAX);
        assert_eq!(json(&mut names, &attributes), first);
    }
}
